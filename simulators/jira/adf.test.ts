import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { adfToText, findAdfProblem, textToAdf } from "./adf.ts";
import type { doc } from "./test-support.ts";

const text = (value: string, ...marks: unknown[]) => ({
  type: "text",
  text: value,
  ...(marks.length > 0 ? { marks } : {}),
});
const p = (...content: unknown[]) => ({ type: "paragraph", content });
const wrap = (...content: unknown[]) => ({ type: "doc", version: 1, content });
const li = (...content: unknown[]) => ({ type: "listItem", content });
const strong = { type: "strong" };
const code = { type: "code" };
const link = { type: "link", attrs: { href: "https://example.com" } };

const VALID: Record<string, unknown> = {
  "an empty document": wrap(),
  "a paragraph without content": wrap({ type: "paragraph" }),
  "a line feed inside text": wrap(p(text("a\nb"))),
  "a hard break": wrap(p(text("a"), { type: "hardBreak" }, text("b"))),
  "a strong link": wrap(p(text("a", strong, link))),
  "code with a link": wrap(p(text("a", code, link))),
  "a heading": wrap({ type: "heading", attrs: { level: 6 }, content: [text("a")] }),
  "a nested list": wrap({
    type: "bulletList",
    content: [li(p(text("a")), { type: "bulletList", content: [li(p())] })],
  }),
  "an ordered list": wrap({ type: "orderedList", attrs: { order: 3 }, content: [li(p(text("a")))] }),
  "a code block": wrap({ type: "codeBlock", attrs: { language: "sh" }, content: [text("ls")] }),
  "an empty code block": wrap({ type: "codeBlock" }),
  "a table": wrap({
    type: "table",
    attrs: { layout: "default" },
    content: [
      {
        type: "tableRow",
        content: [
          { type: "tableHeader", attrs: {}, content: [p(text("a", strong))] },
          { type: "tableCell", content: [p()] },
        ],
      },
    ],
  }),
  "a panel with a list": wrap({
    type: "panel",
    attrs: { panelType: "info" },
    content: [{ type: "bulletList", content: [li(p(text("a")))] }],
  }),
  "a quote": wrap({ type: "blockquote", content: [p(text("a"))] }),
  "a rule": wrap({ type: "rule" }),
  "an expand": wrap({ type: "expand", attrs: { title: "t" }, content: [p(text("a"))] }),
  "a task list": wrap({
    type: "taskList",
    attrs: { localId: "1" },
    content: [{ type: "taskItem", attrs: { localId: "2", state: "TODO" }, content: [text("a")] }],
  }),
  "mention, emoji, date, status, card": wrap(
    p(
      { type: "mention", attrs: { id: "1", text: "@a" } },
      { type: "emoji", attrs: { shortName: ":x:" } },
      { type: "date", attrs: { timestamp: "1767225600000" } },
      { type: "status", attrs: { text: "ok", color: "green" } },
      { type: "inlineCard", attrs: { url: "https://example.com" } },
    ),
  ),
  "a media single": wrap({
    type: "mediaSingle",
    attrs: { layout: "center" },
    content: [{ type: "media", attrs: { type: "file", id: "u", collection: "" } }],
  }),
  "an aligned paragraph": wrap({
    type: "paragraph",
    marks: [{ type: "alignment", attrs: { align: "center" } }],
    content: [text("a")],
  }),
  "a layout": wrap({
    type: "layoutSection",
    content: [1, 2].map(() => ({ type: "layoutColumn", attrs: { width: 50 }, content: [p(text("a"))] })),
  }),
  "a javascript link (the schema does not look at addresses)": wrap(
    p(text("a", { type: "link", attrs: { href: "javascript:alert(1)" } })),
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
  "heading level 7": wrap({ type: "heading", attrs: { level: 7 }, content: [] }),
  "heading without level": wrap({ type: "heading", content: [] }),
  "an empty list": wrap({ type: "bulletList", content: [] }),
  "a list directly in a list": wrap({ type: "bulletList", content: [{ type: "bulletList", content: [li(p())] }] }),
  "a heading in a list item": wrap({
    type: "bulletList",
    content: [li({ type: "heading", attrs: { level: 1 }, content: [] })],
  }),
  "a quote in a list item": wrap({ type: "bulletList", content: [li({ type: "blockquote", content: [p()] })] }),
  "a heading in a quote": wrap({ type: "blockquote", content: [{ type: "heading", attrs: { level: 1 } }] }),
  "marks in a code block": wrap({ type: "codeBlock", content: [text("a", strong)] }),
  "a hard break in a code block": wrap({ type: "codeBlock", content: [{ type: "hardBreak" }] }),
  "code together with strong": wrap(p(text("a", code, strong))),
  "a table in a panel": wrap({
    type: "panel",
    attrs: { panelType: "info" },
    content: [{ type: "table", content: [{ type: "tableRow", content: [{ type: "tableCell", content: [p()] }] }] }],
  }),
  "a panel without type": wrap({ type: "panel", content: [p()] }),
  "an unknown node": wrap({ type: "blink", content: [] }),
  "an unknown mark": wrap(p(text("a", { type: "blink" }))),
  "a link without address": wrap(p(text("a", { type: "link", attrs: {} }))),
  "an unknown attribute": wrap({ type: "paragraph", attrs: { color: "red" }, content: [] }),
  "an empty table cell": wrap({
    type: "table",
    content: [{ type: "tableRow", content: [{ type: "tableCell", content: [] }] }],
  }),
  "a media without collection": wrap({
    type: "mediaGroup",
    content: [{ type: "media", attrs: { type: "file", id: "1" } }],
  }),
  "null as a child": wrap(null),
  "a status without colour": wrap(p({ type: "status", attrs: { text: "a" } })),
  "one layout column": wrap({
    type: "layoutSection",
    content: [{ type: "layoutColumn", attrs: { width: 50 }, content: [p()] }],
  }),
  "a colour name as text colour": wrap(p(text("a", { type: "textColor", attrs: { color: "red" } }))),
};

const SCHEMA = new URL("../../test/fixtures/adf-schema-v1.json", import.meta.url);

/** The schema's own verdict. */
function loadSchemaJudge(): (value: unknown) => boolean {
  const { default: Ajv } = createRequire(import.meta.url)("ajv-draft-04");
  const validate = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(SCHEMA, "utf8")));
  return (value) => validate(value) === true;
}

describe("ADF validation", () => {
  it.each(Object.entries(VALID))("accepts %s", (_name, sample) => {
    expect(findAdfProblem(sample)).toBeNull();
  });

  it.each(Object.entries(INVALID))("refuses %s", (_name, sample) => {
    expect(findAdfProblem(sample)).toBeTypeOf("string");
  });

  const judge = loadSchemaJudge();
  it("agrees with Atlassian's own schema on every sample", () => {
    const verdicts = Object.entries({ ...VALID, ...INVALID }).map(([name, sample]) => [name, judge(sample)]);

    const own = Object.entries({ ...VALID, ...INVALID }).map(([name, sample]) => [
      name,
      findAdfProblem(sample) === null,
    ]);

    expect(own).toEqual(verdicts);
  });
});

describe("plain text", () => {
  it("keeps one line per block and per hard break", () => {
    const value = wrap(p(text("a"), { type: "hardBreak" }, text("b")), {
      type: "bulletList",
      content: [li(p(text("c"))), li(p(text("d")))],
    });

    expect(findAdfProblem(value)).toBeNull();
    expect(adfToText(value as ReturnType<typeof doc>)).toBe("a\nb\nc\nd");
  });

  it("comes back from a document made of it", () => {
    expect(adfToText(textToAdf("first\n\nthird"))).toBe("first\n\nthird");
    expect(findAdfProblem(textToAdf("first\n\nthird"))).toBeNull();
  });
});
