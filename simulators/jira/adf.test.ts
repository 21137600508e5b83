import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { adfToText, findAdfProblem, textToAdf } from "./adf.ts";
import type { doc } from "./test-support.ts";

type Attrs = Record<string, unknown> | null;

const node = (type: string, attrs: Attrs, ...content: unknown[]) => ({ type, ...(attrs && { attrs }), content });
const leaf = (type: string, attrs?: Attrs) => ({ type, ...(attrs && { attrs }) });
const text = (value: string, ...marks: unknown[]) => ({
  type: "text",
  text: value,
  ...(marks.length > 0 && { marks }),
});
const p = (...content: unknown[]) => node("paragraph", null, ...content);
const wrap = (...content: unknown[]) => ({ type: "doc", version: 1, content });
const list = (...items: unknown[]) => node("bulletList", null, ...items);
const li = (...content: unknown[]) => node("listItem", null, ...content);
const table = (...cells: unknown[]) => node("table", { layout: "default" }, node("tableRow", null, ...cells));
const strong = leaf("strong");
const code = leaf("code");
const link = leaf("link", { href: "https://example.com" });

const VALID: Record<string, unknown> = {
  "an empty document": wrap(),
  "a paragraph without content": wrap(leaf("paragraph")),
  "a line feed inside text": wrap(p(text("a\nb"))),
  "a hard break": wrap(p(text("a"), leaf("hardBreak"), text("b"))),
  "a strong link": wrap(p(text("a", strong, link))),
  "code with a link": wrap(p(text("a", code, link))),
  "a heading": wrap(node("heading", { level: 6 }, text("a"))),
  "a nested list": wrap(list(li(p(text("a")), list(li(p()))))),
  "an ordered list": wrap(node("orderedList", { order: 3 }, li(p(text("a"))))),
  "a code block": wrap(node("codeBlock", { language: "sh" }, text("ls"))),
  "an empty code block": wrap(leaf("codeBlock")),
  "a table": wrap(table(node("tableHeader", {}, p(text("a", strong))), node("tableCell", null, p()))),
  "a panel with a list": wrap(node("panel", { panelType: "info" }, list(li(p(text("a")))))),
  "a quote": wrap(node("blockquote", null, p(text("a")))),
  "a rule": wrap(leaf("rule")),
  "an expand": wrap(node("expand", { title: "t" }, p(text("a")))),
  "a task list": wrap(node("taskList", { localId: "1" }, node("taskItem", { localId: "2", state: "TODO" }, text("a")))),
  "mention, emoji, date, status, card": wrap(
    p(
      leaf("mention", { id: "1", text: "@a" }),
      leaf("emoji", { shortName: ":x:" }),
      leaf("date", { timestamp: "1767225600000" }),
      leaf("status", { text: "ok", color: "green" }),
      leaf("inlineCard", { url: "https://example.com" }),
    ),
  ),
  "a media single": wrap(
    node("mediaSingle", { layout: "center" }, leaf("media", { type: "file", id: "u", collection: "" })),
  ),
  "an aligned paragraph": wrap({ ...p(text("a")), marks: [leaf("alignment", { align: "center" })] }),
  "a layout": wrap(node("layoutSection", null, ...[1, 2].map(() => node("layoutColumn", { width: 50 }, p(text("a")))))),
  "a javascript link (the schema does not look at addresses)": wrap(
    p(text("a", leaf("link", { href: "javascript:alert(1)" }))),
  ),
};

const INVALID: Record<string, unknown> = {
  "a string": "hello",
  null: null,
  "no version": { type: "doc", content: [] },
  "version 2": { type: "doc", version: 2, content: [] },
  "no content": { type: "doc", version: 1 },
  "an unknown member of the root": { ...wrap(), extra: 1 },
  "empty text": wrap(p(text(""))),
  "text directly in the document": wrap(text("a")),
  "heading level 7": wrap(node("heading", { level: 7 })),
  "heading without level": wrap(node("heading", null)),
  "an empty list": wrap(list()),
  "a list directly in a list": wrap(list(list(li(p())))),
  "a heading in a list item": wrap(list(li(node("heading", { level: 1 })))),
  "a quote in a list item": wrap(list(li(node("blockquote", null, p())))),
  "a heading in a quote": wrap(node("blockquote", null, leaf("heading", { level: 1 }))),
  "marks in a code block": wrap(node("codeBlock", null, text("a", strong))),
  "a hard break in a code block": wrap(node("codeBlock", null, leaf("hardBreak"))),
  "code together with strong": wrap(p(text("a", code, strong))),
  "a table in a panel": wrap(node("panel", { panelType: "info" }, table(node("tableCell", null, p())))),
  "a panel without type": wrap(node("panel", null, p())),
  "an unknown node": wrap(node("blink", null)),
  "an unknown mark": wrap(p(text("a", leaf("blink")))),
  "a link without address": wrap(p(text("a", leaf("link", {})))),
  "an unknown attribute": wrap(node("paragraph", { color: "red" })),
  "an empty table cell": wrap(table(node("tableCell", null))),
  "a media without collection": wrap(node("mediaGroup", null, leaf("media", { type: "file", id: "1" }))),
  "null as a child": wrap(null),
  "a status without colour": wrap(p(leaf("status", { text: "a" }))),
  "one layout column": wrap(node("layoutSection", null, node("layoutColumn", { width: 50 }, p()))),
  "a colour name as text colour": wrap(p(text("a", leaf("textColor", { color: "red" })))),
};

const SCHEMA = new URL("../../test/fixtures/adf-schema-v1.json", import.meta.url);

/** The schema's own verdict. */
function loadSchemaJudge(): (value: unknown) => boolean {
  const { default: Ajv } = createRequire(import.meta.url)("ajv-draft-04");
  const validate = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(SCHEMA, "utf8")));
  return (value) => validate(value) === true;
}

describe("ADF validation", () => {
  const judge = loadSchemaJudge();

  it.each(Object.entries(VALID))("accepts %s, as Atlassian's own schema does", (_name, sample) => {
    expect([findAdfProblem(sample), judge(sample)]).toEqual([null, true]);
  });

  it.each(Object.entries(INVALID))("refuses %s, as Atlassian's own schema does", (_name, sample) => {
    expect([typeof findAdfProblem(sample), judge(sample)]).toEqual(["string", false]);
  });
});

describe("plain text", () => {
  it("keeps one line per block and per hard break", () => {
    const value = wrap(p(text("a"), leaf("hardBreak"), text("b")), list(li(p(text("c"))), li(p(text("d")))));

    expect(findAdfProblem(value)).toBeNull();
    expect(adfToText(value as ReturnType<typeof doc>)).toBe("a\nb\nc\nd");
  });

  it("comes back from a document made of it", () => {
    expect(adfToText(textToAdf("first\n\nthird"))).toBe("first\n\nthird");
    expect(findAdfProblem(textToAdf("first\n\nthird"))).toBeNull();
  });
});
