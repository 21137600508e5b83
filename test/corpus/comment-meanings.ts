/** Documents of Jira and what Huawei Cloud is told of them: words keep their meaning (docs/text.md). */

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

/** A title, the document, and its text. */
export const COMMENT_MEANINGS: readonly (readonly [title: string, body: unknown, shown: string])[] = [
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
  ["a list of another source", doc({ type: "blockCard", attrs: { datasource: { id: "d" } } }), "[list: see the issue]"],
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
    table({ isNumberColumnEnabled: true }, row(cell("step", {}, "tableHeader")), row(cell("stop")), row(cell("start"))),
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
  ["a superscript of neighbours", doc(p(t("10"), t("-", sup), t("6", sup, { type: "strong" }))), "10^-6"],
  ["a superscript that the text runs on behind", doc(p(t("10"), t("6", sup), t("7 rows"))), "10^(6)7 rows"],
  ["a footnote in Chinese", doc(p(t("见"), t("注1", sup), t("。"))), "见^注1。"],
  [
    "a struck sentence with bold in it",
    doc(p(t("do "), t("not ", strike), t("ever", strike, { type: "strong" }), t(" stop"))),
    "do ~~not ever~~ stop",
  ],
  ["a struck word with its blanks", doc(p(t("do"), t(" not ", strike), t("stop"))), "do ~~not~~ stop"],
  ["struck lines", doc(p(t("a", strike), { type: "hardBreak" }, t("b\nc", strike))), "~~a~~\n~~b~~\n~~c~~"],
  ["a struck link", doc(p(t("here", strike, link))), "~~here~~ (https://a.example/full)"],
  [
    "a struck sentence with an address",
    doc(p(t("not ", strike), t("https://a.example/full", strike, link), t(" now", strike))),
    "~~not https://a.example/full now~~",
  ],
  ["a struck address", doc(p(t("https://a.example/full", strike, link))), "~~https://a.example/full~~"],
  ["a half struck link", doc(p(t("not ", link), t("here", strike, link))), "not ~~here~~ (https://a.example/full)"],
  [
    "a struck mention, status and date",
    doc(
      p(
        { type: "mention", attrs: { id: "5b", text: "@Li" }, marks: [strike] },
        t(" "),
        { type: "status", attrs: { text: "OPEN", color: "blue" }, marks: [strike] },
        t(" "),
        { type: "date", attrs: { timestamp: "1764460800000" }, marks: [strike] },
      ),
    ),
    "~~@Li~~ ~~OPEN~~ ~~2025-11-30~~",
  ],
  ["struck code", doc(p(t("rm -r", { type: "code" }, strike))), "~~rm -r~~"],
  [
    "struck text far below",
    Array.from({ length: 70 }).reduce<object>(
      (inner) => ({ type: "panel", attrs: {}, content: [inner] }),
      p(t("no", strike)),
    ),
    "~~no~~",
  ],
  [
    "a mention without a name",
    doc(p(t("ask "), { type: "mention", attrs: { id: "5b10ac8d" } }, t(" first"))),
    "ask @user first",
  ],
  ["a mention with an empty name", doc(p({ type: "mention", attrs: { id: "5b10ac8d", text: "" } })), "@user"],
  ["a mention of a bare sign", doc(p({ type: "mention", attrs: { id: "5b10ac8d", text: "@" } })), "@user"],
  ["a mention of all", doc(p({ type: "mention", attrs: { id: "all", text: "", userType: "SPECIAL" } })), "@all"],
  [
    "a table with an empty corner",
    table({}, row(cell(""), cell("n1"), cell("n2")), row(cell("cpu"), cell("1"), cell("2"))),
    "|  | n1 | n2 |\n| cpu | 1 | 2 |",
  ],
  [
    "a table in a cell",
    table({}, row(cell([{ type: "table", content: [row(cell("x"), cell("y"))] }]), cell("c"))),
    "x \\| y | c",
  ],
  [
    "a table in an item",
    doc({
      type: "bulletList",
      content: [{ type: "listItem", content: [p(t("see")), { type: "table", content: [row(cell("a"), cell("b"))] }] }],
    }),
    "- see\n  a | b",
  ],
  [
    "a table in an expand",
    doc({ type: "expand", attrs: { title: "T" }, content: [{ type: "table", content: [row(cell("a"), cell("b"))] }] }),
    "T\na | b",
  ],
  [
    "bars in code of a cell",
    table({}, row(cell([{ type: "codeBlock", content: [t("ps | wc")] }]), cell("2"))),
    "ps \\| wc | 2",
  ],
  ["paragraphs of a cell", table({}, row(cell([p(t("a")), p(t("b"))]), cell("c"))), "a b | c"],
  [
    "a picture of another site with a link",
    doc({
      type: "mediaSingle",
      attrs: {},
      content: [{ type: "media", attrs: { type: "external", url: "https://a.example/i.png" }, marks: [link] }],
    }),
    "[file: https://a.example/i.png] (https://a.example/full)",
  ],
  [
    "a list of issues in a line",
    doc(
      p(t("see "), { type: "inlineCard", attrs: { datasource: { id: "d", parameters: { jql: "a = b" }, views: [] } } }),
    ),
    "see [list of issues: a = b]",
  ],
  [
    "an embedded page",
    doc({ type: "embedCard", attrs: { url: "https://a.example/v", layout: "center" } }),
    "https://a.example/v",
  ],
  ["blanks within a line", doc(p(t("a   b"))), "a   b"],
];
