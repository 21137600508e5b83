import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeAdfValidator } from "../../../test/support/adf-schema.ts";
import { testSeed } from "../../../test/support/seed.ts";
import { toPlainText } from "../../domain/text/sanitize.ts";
import type { AdfBlock, AdfDoc } from "./build.ts";
import { caseDescriptionAdf, factsTable, firstLine, looksLikeHtml, messageToAdf } from "./build.ts";
import { doc } from "./nodes.ts";
import { adfToText } from "./to-text.ts";

function blocksOf(text: string, format?: "plain" | "html"): readonly AdfBlock[] {
  const { docs } = messageToAdf({ header: "", text, ...(format === undefined ? {} : { format }) });
  expect(docs).toHaveLength(1);
  return docs[0]?.content ?? [];
}

const withoutBlanks = (text: string): string => text.replace(/\s+/g, "");
const p = (...content: object[]) => ({ type: "paragraph", content });
const t = (text: string, ...marks: (string | { href: string })[]) =>
  marks.length === 0
    ? { type: "text", text }
    : {
        type: "text",
        text,
        marks: marks.map((mark) => (typeof mark === "string" ? { type: mark } : { type: "link", attrs: mark })),
      };
const br = { type: "hardBreak" };
const li = (...content: object[]) => ({ type: "listItem", content });

function allText(docs: readonly AdfDoc[]): string {
  const texts: string[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    if ("text" in node && typeof node.text === "string") texts.push(node.text);
    if ("content" in node && Array.isArray(node.content)) node.content.forEach(visit);
  };
  docs.forEach(visit);
  return texts.join("");
}

function linksIn(docs: readonly AdfDoc[]): string[] {
  return Array.from(JSON.stringify(docs).matchAll(/"href":"([^"]*)"/g), (match) => match[1] ?? "");
}

describe("plain text to ADF", () => {
  it.each<[string, string, object[]]>([
    ["lines and paragraphs", "a\nb\n\n\nc", [p(t("a"), br, t("b")), p(t("c"))]],
    [
      "a bare address",
      "see https://a.example/x?y=1, please",
      [p(t("see "), t("https://a.example/x?y=1", { href: "https://a.example/x?y=1" }), t(", please"))],
    ],
    [
      "an address in brackets",
      "(https://a.example/w_(x))",
      [p(t("("), t("https://a.example/w_(x)", { href: "https://a.example/w_(x)" }), t(")"))],
    ],
    [
      "an address in Chinese prose",
      "请看https://a.example。谢谢",
      [p(t("请看"), t("https://a.example", { href: "https://a.example" }), t("。谢谢"))],
    ],
    ["a script address", "javascript:alert(1) http:// data:x", [p(t("javascript:alert(1) http:// data:x"))]],
    [
      "a fence",
      "x\n```json\n{\n}\n```\ny",
      [p(t("x")), { type: "codeBlock", attrs: { language: "json" }, content: [t("{\n}")] }, p(t("y"))],
    ],
    ["an open fence", "```\nx", [p(t("```"), br, t("x"))]],
    ["an empty fence", "```\n```", [{ type: "codeBlock", content: [] }]],
    ["a longer fence around a shorter", "````\n```\n````", [{ type: "codeBlock", content: [t("```")] }]],
    [
      "a stack trace",
      "It fails:\n    at a (x.js:1)\n    at b (x.js:2)\nbye",
      [p(t("It fails:")), { type: "codeBlock", content: [t("    at a (x.js:1)\n    at b (x.js:2)")] }, p(t("bye"))],
    ],
    [
      "a log that ends in a stack trace",
      "2026-11-24 10:00:00 ERROR x\njava.lang.IllegalStateException: closed\n\tat a.B.c(B.java:1)\n\t... 3 more",
      [
        {
          type: "codeBlock",
          content: [
            t(
              "2026-11-24 10:00:00 ERROR x\njava.lang.IllegalStateException: closed\n\tat a.B.c(B.java:1)\n\t... 3 more",
            ),
          ],
        },
      ],
    ],
    [
      "log lines",
      "2026-11-24 10:00:00 INFO a\n2026-11-24 10:00:01 WARN b",
      [{ type: "codeBlock", content: [t("2026-11-24 10:00:00 INFO a\n2026-11-24 10:00:01 WARN b")] }],
    ],
    ["markup", "<b>x</b> *y* [z](http)", [p(t("<b>x</b> *y* [z](http)"))]],
    ["nothing", "\n \0\u202e\n", []],
  ])("%s", (_name, text, expected) => {
    expect(blocksOf(text, "plain")).toEqual(expected);
  });
});

describe("HTML to ADF", () => {
  it.each<[string, string, object[]]>([
    [
      "paragraphs and breaks",
      "<p>a<br>b</p><p> </p><div>c &amp; d&lt;e&gt;&nbsp;f</div>",
      [p(t("a"), br, t("b")), p(t("c & d<e>\u00a0f"))],
    ],
    [
      "marks",
      "<p><b>a</b><i>b</i><u>c</u><s>d</s><strong><em>e</em></strong></p>",
      [p(t("a", "strong"), t("b", "em"), t("c", "underline"), t("d", "strike"), t("e", "strong", "em"))],
    ],
    [
      "code beside a link only",
      "<p><b><a href='https://a.example/'><code>x</code></a></b></p>",
      [p(t("x", { href: "https://a.example/" }, "code"))],
    ],
    [
      "links",
      "<a href='https://a.example'>x</a> <a href='JaVaScRiPt:alert(1)'>y</a> <a href='java\nscript:z'>z</a> <a href='/rel'>w</a>",
      [p(t("x", { href: "https://a.example/" }), t(" y z w"))],
    ],
    [
      "headings",
      "<h1>a</h1><h6>b</h6>",
      [
        { type: "heading", attrs: { level: 1 }, content: [t("a")] },
        { type: "heading", attrs: { level: 6 }, content: [t("b")] },
      ],
    ],
    [
      "nested lists",
      "<ul><li>a<ol start=3><li>b</li></ol></li><li><p>c</p><p>d</p></li></ul>",
      [
        {
          type: "bulletList",
          content: [
            li(p(t("a")), { type: "orderedList", attrs: { order: 3 }, content: [li(p(t("b")))] }),
            li(p(t("c")), p(t("d"))),
          ],
        },
      ],
    ],
    [
      "a list directly in a list",
      "<ul><li>a</li><ul><li>b</li></ul></ul>",
      [{ type: "bulletList", content: [li(p(t("a")), { type: "bulletList", content: [li(p(t("b")))] })] }],
    ],
    [
      "what a list item cannot hold",
      "<ul><li><h2>a</h2><blockquote>b</blockquote><hr></li><li></li></ul>",
      [{ type: "bulletList", content: [li(p(t("a")), p(t("b"))), li(p())] }],
    ],
    ["an empty list, an item without a list", "<ul></ul><li>x</li>", [p(t("• x"))]],
    [
      "a table",
      "<table><tbody><tr><th>a</th><th>b</th></tr><tr><td>c</td></tr></tbody></table>",
      [
        {
          type: "table",
          content: [
            {
              type: "tableRow",
              content: [
                { type: "tableHeader", content: [p(t("a"))] },
                { type: "tableHeader", content: [p(t("b"))] },
              ],
            },
            {
              type: "tableRow",
              content: [
                { type: "tableCell", content: [p(t("c"))] },
                { type: "tableCell", content: [p()] },
              ],
            },
          ],
        },
      ],
    ],
    [
      "a table in a table",
      "<table><tr><td>a<table><tr><td>b</td><td>c</td></tr></table></td></tr></table>",
      [
        {
          type: "table",
          content: [{ type: "tableRow", content: [{ type: "tableCell", content: [p(t("a")), p(t("b | c"))] }] }],
        },
      ],
    ],
    [
      "a table in a quote",
      "<blockquote><table><tr><td>a</td></tr></table></blockquote>",
      [{ type: "blockquote", content: [p(t("a"))] }],
    ],
    [
      "preformatted text",
      "<pre>\n a\n  <b>b</b> &lt;c&gt;<br>d\n</pre>",
      [{ type: "codeBlock", content: [t(" a\n  b <c>\nd")] }],
    ],
    [
      "images",
      "<img src='https://a.example/p/shot.png?sig=1'><img alt='架构图' src='data:xx'>",
      [p(t("[image: shot.png][image: 架构图]"))],
    ],
    [
      "scripts and styles",
      "<style>p{}</style><p>a<script>alert('<p>')</script>b</p>",
      [p(t("a")), p(t("alert('<p>')")), p(t("b"))],
    ],
    ["what never ends", "<p>a</p><!-- b <b>c", [p(t("a")), p(t("<!-- b <b>c"))]],
    ["a tag that never ends", "<p>a</p>b <c d='", [p(t("a")), p(t("b <c d='"))]],
    ["a style that never ends", "<p>a</p><style>b", [p(t("a")), p(t("b"))]],
    ["comments, CDATA and instructions", "<!doctype html><p>a<!-- x -->b<![CDATA[c]]><?d?></p>", [p(t("abc<?d?>"))]],
    [
      "unknown elements",
      "<p><foo>a</foo> <o:p>b</o:p> replace <your-id> here</p>",
      [p(t("a b replace "), t("<your-id>"), t(" here"))],
    ],
    ["entities for controls", "<p>a&#0;b&#x202e;c&#xD800;</p>", [p(t("a\ufffdbc\ufffd"))]],
    ["newlines where nothing else breaks lines", "a\n<b>b</b>\nc", [p(t("a"), br, t("b", "strong"), br, t("c"))]],
    ["blanks between elements", "<p> a <b> b </b> c </p>", [p(t("a "), t("b ", "strong"), t("c"))]],
    [
      "a bare address",
      "<p>https://a.example/?a=1&amp;b=2</p>",
      [p(t("https://a.example/?a=1&b=2", { href: "https://a.example/?a=1&b=2" }))],
    ],
    ["text in a table without cells", "<table>x<tr>y<td>z</table>", []],
  ])("%s", (name, html, expected) => {
    const blocks = blocksOf(html, "html");
    if (name.startsWith("text in")) expect(withoutBlanks(allText([doc(blocks)]))).toBe("xyz");
    else expect(blocks).toEqual(expected);
  });
});

describe("looksLikeHtml", () => {
  it.each([
    ["<p>a</p>", true],
    [" <div class='x'>a<br/>b</div>", true],
    ["a<br>b", true],
    ["first</p><p>second</p>", true],
    ["a < b and c > d", false],
    ["List<String> x = new ArrayList<>();", false],
    ["use `<br>` here", false],
    ["```\n<p>x</p>\n```", false],
    ["<your-id> is missing", false],
    ["<p is the prompt", false],
    ["", false],
  ])("%j: %s", (text, expected) => {
    expect(looksLikeHtml(text)).toBe(expected);
  });
});

describe("messageToAdf", () => {
  it("puts the header first and the footer last", () => {
    const { docs } = messageToAdf({
      header: "李雷 (customer), 2026-11-24 10:00 GMT+8",
      text: "hello",
      footer: ["File: a.log", " "],
    });
    expect(docs).toEqual([
      doc([
        {
          type: "paragraph",
          content: [{ type: "text", text: "李雷 (customer), 2026-11-24 10:00 GMT+8", marks: [{ type: "strong" }] }],
        },
        ...blocksOf("hello"),
        ...blocksOf("File: a.log"),
      ]),
    ]);
  });

  it.each([
    ["one long line", "word ".repeat(40_000)],
    ["one long word", "x".repeat(100_000)],
    ["quotes that double in JSON", '"\\'.repeat(50_000)],
    ["emoji", "😀".repeat(50_000)],
    ["a long log", "2026-11-24 10:00:00 INFO line\n".repeat(5000)],
    ["a long list", `<ol>${"<li>item <b>x</b></li>".repeat(5000)}</ol>`],
    ["a long item", `<ul><li>${"word ".repeat(40_000)}</li></ul>`],
    ["a long table", `<table>${"<tr><td>a</td><td>b</td></tr>".repeat(2000)}</table>`],
    ["a long cell", `<table><tr><td>${"word ".repeat(40_000)}</td><td>b</td></tr></table>`],
    ["a long quote", `<blockquote>${"<p>word</p>".repeat(5000)}</blockquote>`],
    ["a long heading", `<h2>${"word ".repeat(40_000)}</h2>`],
  ])("splits %s into bounded documents without loss", (_name, text) => {
    const { docs } = messageToAdf({ header: "H", text });

    expect(docs.length).toBeGreaterThan(1);
    for (const [index, document] of docs.entries()) {
      expect(JSON.stringify(document).length).toBeLessThanOrEqual(30_000);
      expect(JSON.stringify(document)).toContain(`H (${index + 1}/${docs.length})`);
    }
    const bare = docs.map((document) => doc(document.content.slice(1)));
    const expected = text.startsWith("<") ? text.replace(/<[^>]*>/g, "") : text;
    expect(withoutBlanks(allText(bare))).toBe(withoutBlanks(expected));
    for (const document of docs) expect(validate(document)).toBeNull();
  });

  it("goes on counting in the next document", () => {
    const { docs } = messageToAdf({ header: "", text: `<ol>${"<li>item number so and so</li>".repeat(1000)}</ol>` });
    const second = docs[1]?.content[1];
    const counted = docs[0]?.content.find((block) => block.type === "orderedList")?.content.length ?? 0;
    expect(second).toMatchObject({ type: "orderedList", attrs: { order: counted + 1 } });
  });

  it("refuses a bound that is too small", () => {
    expect(() => messageToAdf({ header: "", text: "", maxJsonChars: 7999 })).toThrow(RangeError);
  });
});

describe("factsTable and caseDescriptionAdf", () => {
  it("shows rows with a value", () => {
    expect(
      factsTable([
        ["Region", "cn-south-1"],
        ["Severity", " "],
      ])?.content,
    ).toHaveLength(1);
    expect(factsTable([])).toBeNull();
    expect(JSON.stringify(factsTable([["a", "x".repeat(1000)]]))).toContain("x…");
  });

  it("holds text, facts and a link, and nothing is left over", () => {
    const { doc: description, rest } = caseDescriptionAdf({
      text: "It is broken",
      facts: [["Region", "广州"]],
      consoleUrl: "https://console.example/TT1",
    });
    expect(rest).toBeNull();
    expect(adfToText(description)).toBe(
      "It is broken\n\nRegion | 广州\n\nOpen the case in the Huawei Cloud console (https://console.example/TT1)",
    );
    expect(linksIn([caseDescriptionAdf({ text: "", facts: [], consoleUrl: "javascript:x" }).doc])).toEqual([]);
  });

  it("hands back what does not fit, in order and complete", () => {
    const text = Array.from({ length: 4000 }, (_, index) => `line ${index} of the text\n`).join("\n");

    const { doc: description, rest } = caseDescriptionAdf({ text, facts: [["a", "b"]], maxJsonChars: 20_000 });

    expect(JSON.stringify(description).length).toBeLessThanOrEqual(20_000);
    const shown = allText([doc(description.content.slice(0, -2))]);
    expect(withoutBlanks(shown + (rest ?? ""))).toBe(withoutBlanks(text));
    expect(allText([description])).toContain("goes on in the comments");
  });

  it("keeps a flood of facts out of the description, not out of the issue", () => {
    const facts = Array.from({ length: 500 }, (_, index) => [`label ${index}`, `value ${index}`] as const);
    const { doc: description, rest } = caseDescriptionAdf({ text: "x", facts });
    expect(JSON.stringify(description).length).toBeLessThanOrEqual(30_000);
    expect(`${adfToText(description)}\n${rest}`).toContain("label 499");
  });
});

const validate = makeAdfValidator();

const TAGS = [
  "p",
  "br",
  "div",
  "h1",
  "h3",
  "ul",
  "ol",
  "li",
  "table",
  "tr",
  "td",
  "th",
  "tbody",
  "b",
  "i",
  "code",
  "a",
  "pre",
  "blockquote",
  "img",
  "hr",
  "span",
  "script",
  "style",
  "foo",
  "svg",
  "dl",
  "dd",
  "textarea",
  "select",
  "option",
  "plaintext",
  "xmp",
  "noscript",
];
const tag = fc.oneof(
  fc.constantFrom(...TAGS).map((name) => `<${name}>`),
  fc.constantFrom(...TAGS).map((name) => `</${name}>`),
  fc.constantFrom(
    "<a href='javascript:alert(1)'>",
    "<a href='https://a.example/x'>",
    "<img src=x alt='\u202e'>",
    "<!--",
    "-->",
    "<![CDATA[",
    "<?x",
    "<",
    ">",
    "</",
    "&#0;",
    "&#xD800;",
    "&lt;",
    "<ol start='-1'>",
    "<ol start=99999999999>",
  ),
);
const piece = fc.oneof(
  { weight: 3, arbitrary: tag },
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 10 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    "\0",
    "\ud83d",
    "\ude00",
    "\u202e",
    "\n",
    "\n\n",
    "```",
    "\n```\n",
    "    at x(",
    "    code\n    code\n",
    "javascript:alert(1)",
    "https://a.example/",
    "单据",
    " ",
    "|",
    "mailto:a@b.example",
    "http://[",
    "https://%",
  ),
);
const hostile = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(""));

function checkHostile(text: string, format: "plain" | "html" | undefined): void {
  const { docs } = messageToAdf({
    header: text.slice(0, 100),
    text,
    footer: [text.slice(0, 50)],
    maxJsonChars: 8000,
    ...(format === undefined ? {} : { format }),
  });
  const { doc: description, rest } = caseDescriptionAdf({
    text,
    facts: [[text.slice(0, 30), text.slice(0, 600)]],
    consoleUrl: text,
    maxJsonChars: 8000,
    ...(format === undefined ? {} : { format }),
  });
  for (const document of [...docs, description]) {
    expect(validate(document)).toBeNull();
    const json = JSON.stringify(document);
    expect(json.length).toBeLessThanOrEqual(8000);
    expect(json.isWellFormed() && !/\\ud[89a-f]/i.test(json)).toBe(true);
    expect(json).not.toMatch(/\\u00[01]|[\u007f-\u009f\u202a-\u202e\u2066-\u2069]|"text":""/);
  }
  for (const href of linksIn(docs)) expect(href).toMatch(/^(?:https?|mailto):/i);
  expect(rest === null || rest.isWellFormed()).toBe(true);
}

describe("hostile texts, against Atlassian's schema", () => {
  it.each(["plain", "html", undefined] as const)("800 random ones as %s give bounded, valid documents", (format) => {
    fc.assert(
      fc.property(hostile, (text) => checkHostile(text, format)),
      { numRuns: 800, seed: testSeed(`hostile texts as ${format}`) },
    );
  });

  it.each([
    ["a long line", "x".repeat(100_000)],
    ["long markup", "<b>x</b> ".repeat(20_000)],
    ["100,000 nested elements", "<div>".repeat(100_000)],
    ["100,000 nested marks", "<b>x".repeat(100_000)],
    ["nested lists", "<ul><li>a".repeat(30_000)],
    ["nested quotes", "<blockquote>a".repeat(300)],
    ["nested tables", "<table><tr><td>a".repeat(300)],
    ["wrong end tags", "<div>".repeat(900) + "</b>".repeat(100_000)],
    ["angle brackets", "<".repeat(100_000)],
    ["open fences", "```a\n".repeat(30_000)],
    ["a fence of fences", "```\n".repeat(30_000)],
    ["addresses", "https://a.example/ ".repeat(5000)],
    ["a megabyte of addresses", `${"<b></b>http://a.b ".repeat(60_000)}<br>`],
    ["one endless address", `https://a.example/${"a".repeat(100_000)}`],
    ["brackets after an address", `https://a.example/${")".repeat(100_000)}`],
    ["unclosed comment", `<p>a<!--${"b".repeat(100_000)}`],
    ["breaks", "<br>".repeat(50_000)],
    ["newlines", "\n".repeat(100_000)],
    ["blanks", `<p>${" ".repeat(100_000)}</p>`],
    ["ragged rows", `<table><tr>${"<td>x".repeat(5000)}<tr><td>y</table>`],
    ["unknown elements", "<x-y>".repeat(20_000)],
    ["NUL", "\0".repeat(100_000)],
    ["lone surrogates", "\ud800".repeat(50_000)],
    ["empty", ""],
  ])("%s: valid in every format", (_name, text) => {
    for (const format of ["plain", "html", undefined] as const) checkHostile(text, format);
  });
});

describe("the checks themselves", () => {
  it("refuse what Jira would refuse", () => {
    for (const bad of [t(""), { type: "bulletList", content: [] }, { type: "x" }])
      expect(validate(doc([bad as AdfBlock]))).not.toBeNull();
    expect(validate(doc([]))).toBeNull();
  });

  it("keeps the text below the deepest element that is still read", () => {
    const { docs } = messageToAdf({ header: "", text: "<b>x".repeat(5000), format: "html" });
    expect(allText(docs).match(/x/g)).toHaveLength(5000);
  });
});

describe("plain text as a property", () => {
  it("loses no visible character", () => {
    const words = fc.array(
      fc.oneof(
        fc.string({ unit: "grapheme", maxLength: 30 }),
        fc.constantFrom("\n", "\n\n", "    x\n    y\n", "<p>", "https://a.example/"),
      ),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(words, (parts) => {
        const text = parts.join("").replace(/[`~]/g, "");
        const { docs } = messageToAdf({ header: "", text, format: "plain", maxJsonChars: 8000 });
        const bare = docs.length === 1 ? docs : docs.map((document) => doc(document.content.slice(1)));
        expect(withoutBlanks(allText(bare))).toBe(withoutBlanks(toPlainText(text)));
      }),
      { numRuns: 300, seed: testSeed("plain texts") },
    );
  });
});

describe("firstLine", () => {
  it.each([
    ["The server is down\nsince noon", "The server is down"],
    ["\n \r\n  The server", "  The server"],
    ["<p>The <b>server</b> is down</p><p>since noon</p>", "The server is down"],
    ["<h2>The server</h2>", "The server"],
    ["<p>Disk usage &gt; 90% &amp; rising on &quot;db-1&quot;</p>", 'Disk usage > 90% & rising on "db-1"'],
    ["mem <80% and cpu >90%", "mem <80% and cpu >90%"],
    ["Map<String, List> fails", "Map<String, List> fails"],
    ["Cannot reach <vpc-id> from <subnet-id>", "Cannot reach <vpc-id> from <subnet-id>"],
    ["Li Lei <li.lei@example.com> asks", "Li Lei <li.lei@example.com> asks"],
    ["a < b && c > d", "a < b && c > d"],
    ["---\n服务器宕机", "服务器宕机"],
    ["<p> </p>", ""],
    ["", ""],
  ])("of %j is %j", (text, expected) => {
    expect(firstLine(text)).toBe(expected);
  });
});
