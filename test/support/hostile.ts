/**
 * Hostile texts, documents and file names, made from a seed.
 *
 * Between hostile pieces stand words that occur once (`qz17k`). Whatever a text is made of, a copy must show each of its
 * words once and in order, so "nothing is lost" can be checked for texts whose exact rendering is the product's business.
 */
import type { Adf, AdfNode } from "../../simulators/jira/types.ts";

/** Random numbers 0 ≤ x < 1. */
export type Random = () => number;
/** A text with the words that a copy must show. `exact`: it has no markup, so a copy must show every character. */
export type HostileText = { readonly text: string; readonly words: readonly string[]; readonly exact: boolean };
/** A document with the words that a copy must show. */
export type HostileDocument = { readonly adf: Adf; readonly words: readonly string[] };

/** The words of a text in their order; cuts between words and parts do not matter. */
export function wordsIn(text: string): string[] {
  return text.replace(/\s+/g, "").match(/qz\d+k/g) ?? [];
}

/** What two renderings of one text have in common: no controls, no bidi overrides, no whitespace, surrogates in pairs. */
export function normalText(text: string): string {
  return text.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\s]/g, "");
}

const NASTY = [
  "\0",
  "\u0001\u0008\u001b[31m",
  "\u0085\u009f",
  "\ud83d",
  "\ude00",
  "\ud83d\0\ude00",
  "\u202egpj.exe\u202c",
  "\u2066x\u2069",
  "\u200b\u200d\ufeff",
  "\r\n",
  "\r",
  "\n\n\n",
  "\t",
  "\u2028",
  "\u0301\u0301\u0301",
  "😀👩‍👩‍👧‍👦",
  "工单无法打开。",
  "عربى",
  "javascript:alert(1)",
  "data:text/html,x",
  "https://a.example/?q=1&b=2",
  "http://[",
  "https://%",
  "[OPS-1#1]",
  "[OPS-1#20001 2/3]",
  "[OPS-1 withdrawn]",
  "{{7*7}}",
  "$" + "{jndi:ldap://x}",
  "'; DROP TABLE links; --",
  "*bold* _it_ {code} h1. !img.png! |a|b|",
  "||h||",
  "%s%n%00",
  "\\u0000 \\x00 &#0; &amp;lt;",
  "a < b > c",
  "../../etc/passwd",
  "C:\\Windows\\system32",
  "-".repeat(300),
  " ".repeat(200),
  "\n".repeat(50),
];
const MARKUP = [
  "<b>",
  "</b>",
  "<script>",
  "</script>",
  "<p>",
  "</p>",
  "<br>",
  "<br/>",
  "<table><tr><td>",
  "</td></tr></table>",
  "<ul><li>",
  "</li></ul>",
  "<ol start=99999999999><li>",
  "<h1>",
  "</h1>",
  "<blockquote>",
  "<pre>",
  "</pre>",
  "<a href='javascript:alert(1)'>",
  '<a href="https://a.example/x">',
  "</a>",
  '<img src="https://a.example/p/shot.png" alt="a\u202eb">',
  "<your-id>",
  "<svg onload=alert(1)>",
  "</svg>",
  "<![CDATA[x]]>",
  "<?xml version='1.0'?>",
  "&lt;p&gt;",
  "&#xD800;",
  "&nbsp;",
  "<td>",
  "<li>",
];
const ENDINGS = ["<!-- never closed", "<style>", "<a href='", "<", "</", "&", "&#", "<x", "<!", "<?"];

/** Makes texts, documents and names; the same seed gives the same ones in the same order. */
export function makeHostile(random: Random) {
  let words = 0;
  const below = (count: number): number => Math.floor(random() * count);
  const pick = <T>(items: readonly [T, ...T[]] | readonly T[]): T => items[below(items.length)] as T;
  const word = (): string => {
    words += 1;
    return `qz${words}k`;
  };

  function mixed(pieces: readonly string[], count: number): string[] {
    return Array.from({ length: count }, () => (random() < 0.5 ? ` ${word()} ` : pick(pieces)));
  }

  /** The `index`-th text; its first word stands first. Every kind of hostility comes by within 20 texts. */
  function text(index: number): HostileText {
    const first = word();
    const made = (body: string, exact: boolean): HostileText => {
      const whole = `${first} ${body}`;
      return { text: whole, words: wordsIn(whole), exact };
    };
    switch (index % 20) {
      case 0:
        return made(`<p>${mixed(MARKUP, 30).join("")}</p>`, false);
      case 1:
        return made(`<div>${"<div>".repeat(2_000)}${word()}</div>`, false);
      case 2:
        return made(`<br>${"<ul><li>".repeat(40)}${word()}${"</li></ul>".repeat(40)}${word()}`, false);
      case 3: {
        const cells = (): string => Array.from({ length: 12 }, () => `<td>${word()}</td>`).join("");
        return made(`<table>${Array.from({ length: 15 }, () => `<tr>${cells()}</tr>`).join("")}</table>`, false);
      }
      case 4:
        return made(`<p>${word()}</p> ${word()} ${pick(ENDINGS)} ${word()}`, false);
      case 5:
        return made(`<p>x</p><script>alert("${word()}")</script>${"<b>".repeat(100)}${word()}`, false);
      case 6:
        return made([...mixed([...NASTY, ...MARKUP], 25), "</p>"].join(""), false);
      case 7:
        return made(`${NASTY.join("")} ${word()}`, true);
      case 8:
        return made(`x${"ab".repeat(400)} ${word()} ${"云".repeat(500)} ${word()}`, true);
      default:
        return made(mixed(NASTY, 6 + below(25)).join(""), true);
    }
  }

  /** One line of 100,000 units without a blank, with pairs at every cut that could be wrong. */
  function longLine(): HostileText {
    const first = word();
    const last = word();
    return { text: `${first}${"a😀".repeat(33_330)}${last}`, words: [first, last], exact: true };
  }

  const t = (value: string, ...marks: object[]): AdfNode =>
    ({ type: "text", text: value, ...(marks.length === 0 ? {} : { marks }) }) as AdfNode;
  const node = (type: string, content: readonly AdfNode[], attrs?: object): AdfNode =>
    ({ type, ...(attrs === undefined ? {} : { attrs }), content }) as AdfNode;
  const leaf = (type: string, attrs: object): AdfNode => ({ type, attrs }) as AdfNode;
  const p = (...content: AdfNode[]): AdfNode => node("paragraph", content);
  const said = (): AdfNode => p(t(`${word()} ${pick(NASTY)}.`));
  const id = { localId: "l-1" };

  function nested(depth: number): AdfNode {
    let inner = node("bulletList", [node("listItem", [p(t(word()))])]);
    for (let level = 1; level < depth; level += 1)
      inner = node("bulletList", [node("listItem", [p(t("."), t("x")), inner])]);
    return inner;
  }

  const kinds: readonly (() => AdfNode)[] = [
    () =>
      p(
        t(word(), { type: "strike" }),
        leaf("mention", { id: "u", text: `@${word()}` }),
        leaf("date", { timestamp: "1767225600000" }),
        leaf("emoji", { shortName: ":x:", text: word() }),
        leaf("status", { text: word(), color: "red" }),
        { type: "hardBreak" } as AdfNode,
        t(word(), { type: "link", attrs: { href: "javascript:alert(1)" } }),
      ),
    () => p(leaf("inlineCard", { url: `https://a.example/${word()}` }), leaf("placeholder", { text: word() })),
    () => node("heading", [t(word())], { level: 6 }),
    () => node("codeBlock", [t(`${word()}\n\`\`\`\n${word()}\n\t${word()}`)], { language: "bash" }),
    () =>
      node("panel", [said(), node("taskList", [node("taskItem", [t(word())], { ...id, state: "DONE" })], id)], {
        panelType: "warning",
      }),
    () => node("decisionList", [node("decisionItem", [t(word())], { ...id, state: "DECIDED" })], id),
    () => {
      const title = word();
      return node("expand", [said(), node("nestedExpand", [said()], { title: "inside" })], { title });
    },
    () =>
      node("layoutSection", [
        node("layoutColumn", [said()], { width: 50 }),
        node("layoutColumn", [said()], { width: 50 }),
      ]),
    () =>
      node(
        "table",
        Array.from({ length: 12 }, () =>
          node(
            "tableRow",
            Array.from({ length: 8 }, () =>
              node("tableCell", [p(t(word())), node("bulletList", [node("listItem", [p(t(word()))])])]),
            ),
          ),
        ),
      ),
    () => node("blockquote", [said(), node("orderedList", [node("listItem", [said(), said()])], { order: 7 })]),
    () => nested(45),
    () => leaf("blockCard", { url: `https://a.example/${word()}` }),
    () => leaf("embedCard", { url: `https://a.example/${word()}`, layout: "center" }),
    () => node("bodiedExtension", [said()], { extensionKey: "k", extensionType: "t" }),
    () => leaf("extension", { extensionKey: "k", extensionType: "t", text: word() }),
    () =>
      node("mediaSingle", [leaf("media", { type: "external", url: `https://a.example/${word()}.png` })], {
        layout: "center",
      }),
  ];

  /** The `index`-th document; every kind of node comes by within 16. */
  function document(index: number): HostileDocument {
    const before = words;
    const content = [p(t(word())), (kinds[index % kinds.length] as () => AdfNode)(), said()];
    const all = Array.from({ length: words - before }, (_, offset) => `qz${before + offset + 1}k`);
    return { adf: { type: "doc", version: 1, content } as Adf, words: all };
  }

  /** A file name whose last three letters are of a kind that both services take. */
  function fileName(index: number): string {
    const stem = `n${index}`;
    const extension = pick(["txt", "jpg", "png", "zip"]);
    const names = [
      `../../${stem}.${extension}`,
      `..\\..\\${stem}.${extension}`,
      `/etc/${stem}.${extension}`,
      `C:\\Users\\x\\${stem}.${extension}`,
      `${stem}\u202etxt.exe.${extension}`,
      `${stem}\0\u0001.${extension}`,
      `${stem}\ud83d.${extension}`,
      `${"长".repeat(200)}${stem}.${extension}`,
      `${"x".repeat(480)}${stem}.${extension}`,
      `.${stem}.${extension}`,
      `  ${stem} .${extension} `,
      `${stem}"; filename="evil.${extension}`,
      `${stem}\r\nX-Evil: 1.${extension}`,
      `${stem}%00%2e%2e%2f.${extension}`,
      `${stem}<script>alert(1)<!-- >.${extension}`,
      `CON ${stem}.${extension}`,
      `${stem}:stream?*|.${extension}`,
      `图 ${stem} 😀👩‍👩‍👧.${extension}`,
      `${stem}.tar.gz.exe.${extension}`,
      `same.${extension}`,
    ];
    return names[index % names.length] as string;
  }

  return { text, longLine, document, fileName, word };
}
