/** Words keep their meaning, both ways: what a mark, attribute, style or span says is carried, shown in words, or named as not carried. */
import { describe, expect, it } from "vitest";
import { findAdfProblem } from "../../../simulators/jira/adf.ts";
import { looksLikeHtml, messageToAdf } from "./build.ts";
import { adfToText } from "./to-text.ts";

const t = (text: string, ...marks: object[]) => ({ type: "text", text, ...(marks.length === 0 ? {} : { marks }) });
const p = (...content: object[]) => ({ type: "paragraph", content });
const doc = (...content: object[]) => ({ version: 1, type: "doc", content });
const sup = { type: "subsup", attrs: { type: "sup" } };
const sub = { type: "subsup", attrs: { type: "sub" } };
const strike = { type: "strike" };
const link = { type: "link", attrs: { href: "https://a.example/full" } };
const media = (more: object = {}) => ({
  type: "media",
  attrs: { type: "file", id: "u", collection: "", alt: "graph.png" },
  ...more,
});
const cell = (content: object[] | string, attrs: object = {}, type = "tableCell") => ({
  type,
  attrs,
  content: typeof content === "string" ? [p(t(content))] : content,
});
const row = (...content: object[]) => ({ type: "tableRow", content });
const table = (attrs: object, ...content: object[]) => doc({ type: "table", attrs, content });

describe("a document of Jira in plain text", () => {
  it.each<[string, unknown, string]>([
    ["a superscript", doc(p(t("timeout is 10"), t("6", sup), t(" us"))), "timeout is 10^6 us"],
    ["a subscript", doc(p(t("H"), t("2", sub), t("O"))), "H_2O"],
    ["a superscript of several words", doc(p(t("x"), t("n + 1", sup))), "x^(n + 1)"],
    ["a struck superscript", doc(p(t("10"), t("6", sup, strike))), "10~~^6~~"],
    [
      "a linked picture",
      doc({ type: "mediaSingle", attrs: {}, content: [media({ marks: [link] })] }),
      "[file: graph.png] (https://a.example/full)",
    ],
    [
      "a picture in a linked frame",
      doc({ type: "mediaSingle", attrs: {}, marks: [link], content: [media()] }),
      "[file: graph.png] (https://a.example/full)",
    ],
    [
      "a linked picture in a line",
      doc(p({ type: "mediaInline", attrs: { id: "u", alt: "graph.png" }, marks: [link] })),
      "[file: graph.png] (https://a.example/full)",
    ],
    [
      "a list of issues",
      doc(p(t("Affected tickets:")), {
        type: "blockCard",
        attrs: { datasource: { id: "d", parameters: { jql: "project = OPS" }, views: [] } },
      }),
      "Affected tickets:\n\n[list of issues: project = OPS]",
    ],
    [
      "a list of another source",
      doc({ type: "blockCard", attrs: { datasource: { id: "d" } } }),
      "[list: see the issue]",
    ],
    [
      "a card with a name",
      doc({ type: "inlineCard", attrs: { data: { name: "Plan", url: "https://a.example/1" } } }),
      "Plan (https://a.example/1)",
    ],
    ["a card with nothing", doc(p(t("see "), { type: "inlineCard", attrs: {} })), "see [card: see the issue]"],
    [
      "a link whose address is shown decoded",
      doc(p(t("https://a.example/用户", { type: "link", attrs: { href: "https://a.example/%E7%94%A8%E6%88%B7" } }))),
      "https://a.example/用户",
    ],
    [
      "a cell that spans rows",
      table(
        {},
        row(cell("zone"), cell("node"), cell("state")),
        row(cell("az1", { rowspan: 2 }), cell("n1"), cell("up")),
        row(cell("n2"), cell("down")),
      ),
      "zone | node | state\naz1 | n1 | up\n | n2 | down",
    ],
    [
      "a cell that spans columns",
      table({}, row(cell("a", { colspan: 2 }), cell("b")), row(cell("c"), cell("d"), cell("e"))),
      "a |  | b\nc | d | e",
    ],
    [
      "cells that span both ways",
      table(
        {},
        row(cell("a", { colspan: 2, rowspan: 2 }), cell("b")),
        row(cell("c")),
        row(cell("d"), cell("e"), cell("f")),
      ),
      "a |  | b\n |  | c\nd | e | f",
    ],
    ["a bar in a cell", table({}, row(cell("ps | grep x"), cell("0"))), "ps \\| grep x | 0"],
    [
      "numbered rows",
      table(
        { isNumberColumnEnabled: true },
        row(cell("step", {}, "tableHeader")),
        row(cell("stop")),
        row(cell("start")),
      ),
      "# | step\n1 | stop\n2 | start",
    ],
    ["code in a cell", table({}, row(cell([{ type: "codeBlock", content: [t("ls\n-l")] }]), cell("x"))), "ls -l | x"],
    [
      "a list in a cell",
      table(
        {},
        row(
          cell([
            {
              type: "bulletList",
              content: [
                { type: "listItem", content: [p(t("a"))] },
                { type: "listItem", content: [p(t("b", strike))] },
              ],
            },
          ]),
          cell("x"),
        ),
      ),
      "- a - ~~b~~ | x",
    ],
  ])("%s", (_name, body, expected) => {
    expect(adfToText(body)).toBe(expected);
  });
});

/** As text again: what a reader of the issue sees. */
function shown(text: string): string {
  const { docs } = messageToAdf({ header: "", text });
  for (const made of docs) expect(findAdfProblem(made)).toBeNull();
  return docs.map((made) => adfToText(made)).join("\n");
}

describe("a rich text of Huawei Cloud in Jira", () => {
  it.each<[string, string, string]>([
    [
      "struck by style",
      '<p>Do <span style="text-decoration: line-through">restart the database</span> wait</p>',
      "Do ~~restart the database~~ wait",
    ],
    [
      "struck by the longhand",
      '<p>a <span style="TEXT-DECORATION-LINE:underline line-through">b</span></p>',
      "a ~~b~~",
    ],
    [
      "a struck cell",
      '<table><tr><td style="text-decoration:line-through red">a</td><td>b</td></tr></table>',
      "~~a~~ | b",
    ],
    ["a struck paragraph", '<p style="text-decoration:line-through">a <b>b</b></p><p>c</p>', "~~a b~~\n\nc"],
    ["struck code", "<p><s><code>rm -r</code></s> now</p>", "~~rm -r~~ now"],
    ["raised and lowered", "<p>10<sup>6</sup> H<sub>2</sub>O</p>", "10^6 H_2O"],
    ["raised by style", '<p>10<span style="vertical-align:super">6</span></p>', "10^6"],
    ["a film alone", '<video src="https://a.example/v.mp4"></video>', "[video: https://a.example/v.mp4]"],
    [
      "a film with sources",
      '<video controls><source src="https://a.example/v.mp4">not shown here</video>',
      "[media: https://a.example/v.mp4] not shown here",
    ],
    ["an embedded page", '<iframe src="https://a.example/p"></iframe>', "[iframe: https://a.example/p]"],
    [
      "an embedded object",
      '<object data="https://a.example/o.pdf">a PDF</object>',
      "[object: https://a.example/o.pdf] a PDF",
    ],
    ["an embedded page without address", "<p>see</p><iframe srcdoc='x'></iframe>", "see\n\n[iframe: not shown]"],
    ["a picture of bytes", '<p><img src="data:image/png;base64,AAAA"></p>', "[image: embedded picture, not carried]"],
    [
      "a linked picture",
      '<p><a href="https://a.example/full"><img src="cid:1" alt="graph.png"></a></p>',
      "[image: graph.png] (https://a.example/full)",
    ],
    ["lines kept by style", '<div style="white-space:pre-wrap">a\nb\nc</div>', "a\nb\nc"],
    ["lines kept in a field", "<p>x</p><textarea>a\nb</textarea>", "x\n\na\nb"],
    ["boxes", '<p><input type="checkbox" checked> done <input type="checkbox"> open</p>', "[x] done [ ] open"],
    [
      "a choice",
      "<p>Region</p><select><option>a</option><option selected>b</option></select>",
      "Region\n\n( ) a\n\n(x) b",
    ],
    ["list numbers", '<ol start="3"><li>t</li><li value="7">s</li><li>u</li></ol>', "3. t\n\n7. s\n8. u"],
    ["letters", '<ol type="a"><li>x</li><li>y</li></ol>', "- a. x\n- b. y"],
    [
      "Roman numerals by style",
      '<ol style="list-style-type: upper-roman" start="4"><li>x</li><li>y</li></ol>',
      "- IV. x\n- V. y",
    ],
    ["a list that counts down", "<ol reversed start=2><li>x</li><li>y</li></ol>", "2. x\n\n1. y"],
    ["a definition list alone", "<dl><dt>a</dt><dd>b</dd></dl>", "a\n\nb"],
    ["a quotation in a line", "<p>he said <q>stop</q></p>", 'he said "stop"'],
    ["a reading of characters", "<p><ruby>漢<rt>kan</rt></ruby></p>", "漢 (kan)"],
    [
      "spans of rows and columns",
      '<table><tr><td rowspan="2" colspan="2">a</td><td>b</td></tr><tr><td>c</td></tr><tr><td>d</td><td>e</td><td>f</td></tr></table>',
      "a |  | b\n |  | c\nd | e | f",
    ],
    [
      "a table in a list",
      "<ul><li>see<table><tr><td>a</td><td>b|c</td></tr><tr><td>d</td><td><s>e</s></td></tr></table></li></ul>",
      "- see\n  a | b\\|c\n  d | ~~e~~",
    ],
    [
      "a table in a quote",
      "<blockquote><table><tr><th>a</th><th>b</th></tr><tr><td>c</td><td>d</td></tr></table></blockquote>",
      "> a | b\n> \n> c | d",
    ],
    [
      "Office's conditions",
      "<p class=MsoListParagraph><![if !supportLists]><span>1.</span><![endif]>Hello</p>",
      "1.Hello",
    ],
    ["Office's conditional comments", "<p><!--[if gte mso 9]><xml>x</xml><![endif]-->Hello</p>", "Hello"],
    ["Office's name spaces", '<p><?xml:namespace prefix = o ns = "urn:x" /><o:p>Hello</o:p></p>', "Hello"],
    ["entities", "<p>Disk usage &gt; 90% &amp; Map&lt;String&gt;</p>", "Disk usage > 90% & Map<String>"],
    [
      "an address with Chinese",
      '<p><a href="https://a.example/用户/x">https://a.example/用户/x</a></p>',
      "https://a.example/用户/x",
    ],
  ])("%s", (_name, html, expected) => {
    expect(shown(html)).toBe(expected);
  });
});

describe("a plain text of Huawei Cloud in Jira", () => {
  it.each([
    "nginx says:\n<html>\n<head><title>502 Bad Gateway</title></head>\n<body>\n<center>502</center>\n</body>\n</html>\n1. We restarted nginx.\n2. It did not help.",
    "<html><body><h1>502</h1></body></html>\n\n1. We restarted nginx.\n2. It did not help.",
    "It logs\nGot <br> from upstream\nand </div> after it",
    "ERROR template has <br> in it",
    "<config><name>x</name></config>",
    "Map<String, List> fails",
    "a < b && c > d",
    "Cannot reach <vpc-id> from <subnet-id>",
    "Li Lei <li.lei@example.com> asks\nfor <b>this</b> to stay",
    "&lt;kept&gt; as typed",
    "cp *.log ~/x && ls _a_ [x](y)",
  ])("stays as it was typed: %j", (text) => {
    expect(looksLikeHtml(text)).toBe(false);
    expect(shown(text).replace(/\n+/g, "\n")).toBe(text.replace(/\n+/g, "\n"));
  });

  it.each([
    "Hello,<br>please restart",
    "Hello<br>\nWorld<br>\nbye",
    "Dear all,<p>one</p><p>two</p>",
    "<p>line\nwrapped</p>\n<p>x</p>",
    "<!DOCTYPE html>\n<html><body>x</body></html>",
  ])("is markup where elements make its lines: %j", (text) => {
    expect(looksLikeHtml(text)).toBe(true);
  });

  it.each([
    ["see ![graph](https://a.example/x.png)", "see [image: graph] (https://a.example/x.png)"],
    ['see [the guide](https://a.example/d "Guide") first', "see the guide (https://a.example/d) first"],
    ["do ~~not~~ restart", "do ~~not~~ restart"],
    ["[run](javascript:alert(1))", "[run](javascript:alert(1))"],
    ["https://a.example/用户指南/x.html。谢谢", "https://a.example/用户指南/x.html。谢谢"],
  ])("holds the Markdown of newer tickets: %s", (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it("shows struck Markdown struck, and links as links", () => {
    const { docs } = messageToAdf({ header: "", text: "do ~~not~~ [so](https://a.example/)" });

    expect(JSON.stringify(docs)).toContain('{"type":"text","text":"not","marks":[{"type":"strike"}]}');
    expect(JSON.stringify(docs)).toContain(
      '"text":"so","marks":[{"type":"link","attrs":{"href":"https://a.example/"}}]',
    );
  });
});
