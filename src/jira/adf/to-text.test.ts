import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adfMediaReferences } from "./references.ts";
import { adfToText } from "./to-text.ts";

const doc = (...content: unknown[]) => ({ version: 1, type: "doc", content });
const p = (...content: unknown[]) => ({ type: "paragraph", content });
const t = (text: string, href?: string) =>
  href === undefined ? { type: "text", text } : { type: "text", text, marks: [{ type: "link", attrs: { href } }] };
const node = (type: string, attrs: object, ...content: unknown[]) => ({
  type,
  attrs,
  ...(content.length === 0 ? {} : { content }),
});
const li = (...content: unknown[]) => ({ type: "listItem", content });

describe("adfToText", () => {
  it.each<[string, unknown, string]>([
    ["paragraphs", doc(p(t("a"), { type: "hardBreak" }, t("b")), p(), p(t("c"))), "a\nb\n\nc"],
    ["heading", doc(node("heading", { level: 3 }, t("a"))), "### a"],
    [
      "lists",
      doc({
        type: "bulletList",
        content: [li(p(t("a")), node("orderedList", { order: 3 }, li(p(t("b"))), li(p(t("c"))))), li(p(t("d")))],
      }),
      "- a\n  3. b\n  4. c\n- d",
    ],
    [
      "tasks",
      doc(
        node(
          "taskList",
          {},
          node("taskItem", { state: "DONE" }, t("a")),
          node("taskItem", { state: "TODO" }, t("b")),
          node("taskList", {}, node("taskItem", { state: "TODO" }, t("c"))),
        ),
      ),
      "[x] a\n[ ] b\n  [ ] c",
    ],
    ["decisions", doc(node("decisionList", {}, node("decisionItem", { state: "DECIDED" }, t("a")))), "- a"],
    ["code", doc(node("codeBlock", { language: "sh" }, t("ls\n  -l"))), "```sh\nls\n  -l\n```"],
    ["code with a fence", doc(node("codeBlock", {}, t("```\nx\n```"))), "````\n```\nx\n```\n````"],
    ["quote", doc(node("blockquote", {}, p(t("a")), p(t("b")))), "> a\n> \n> b"],
    [
      "table",
      doc(
        node(
          "table",
          {},
          node("tableRow", {}, node("tableHeader", {}, p(t("a"))), node("tableHeader", {}, p(t("b")))),
          node("tableRow", {}, node("tableCell", {}, p(t("c")), p(t("d"))), node("tableCell", {}, p())),
        ),
      ),
      "a | b\nc d |",
    ],
    ["panel", doc(node("panel", { panelType: "info" }, p(t("a")))), "[info] a"],
    ["custom panel", doc(node("panel", { panelType: "custom" }, p(t("a")))), "a"],
    ["expand", doc(node("expand", { title: "Log" }, p(t("a")))), "Log\na"],
    ["rule", doc(p(t("a")), { type: "rule" }, p(t("b"))), "a\n\n---\n\nb"],
    [
      "mentions",
      doc(
        p(
          node("mention", { id: "1", text: "@李雷" }),
          t(" "),
          node("mention", { id: "1", text: "Han" }),
          t(" "),
          node("mention", { id: "1" }),
        ),
      ),
      "@李雷 @Han @user",
    ],
    [
      "emoji",
      doc(p(node("emoji", { shortName: ":smile:", text: "😄" }), node("emoji", { shortName: ":custom:" }))),
      "😄:custom:",
    ],
    [
      "date",
      doc(
        p(
          node("date", { timestamp: "1767225600000" }),
          t(" "),
          node("date", { timestamp: "soon" }),
          node("date", { timestamp: 1e300 }),
        ),
      ),
      "2026-01-01 soon1e+300",
    ],
    ["status", doc(p(node("status", { text: "DONE", color: "green" }))), "DONE"],
    [
      "cards",
      doc(
        p(node("inlineCard", { url: "https://a.example/1" })),
        node("blockCard", { data: { url: "https://a.example/2" } }),
      ),
      "https://a.example/1\n\nhttps://a.example/2",
    ],
    [
      "media",
      doc(
        node(
          "mediaSingle",
          { layout: "center" },
          node("media", { type: "file", id: "u-1", collection: "", alt: "图.png" }),
          { type: "caption", content: [t("cap")] },
        ),
        node("mediaGroup", {}, node("media", { type: "file", id: "u-2", collection: "" }), node("media", {})),
        p(node("mediaInline", { id: "u-3", collection: "" })),
      ),
      "[file: 图.png]\ncap\n\n[file: u-2]\n[file: unknown]\n\n[file: u-3]",
    ],
    [
      "links",
      doc(
        p(
          t("here", "https://a.example/"),
          t(" "),
          t("https://a.example", "https://a.example/"),
          t(" "),
          t("a@b.example", "mailto:a@b.example"),
        ),
      ),
      "here (https://a.example/) https://a.example a@b.example",
    ],
    [
      "a link of two nodes",
      doc(
        p(t("he", "https://a.example/"), {
          type: "text",
          text: "re",
          marks: [{ type: "strong" }, { type: "link", attrs: { href: "https://a.example/" } }],
        }),
      ),
      "here (https://a.example/)",
    ],
    [
      "layouts and extensions",
      doc(
        node("layoutSection", {}, node("layoutColumn", {}, p(t("a"))), node("layoutColumn", {}, p(t("b")))),
        node("bodiedExtension", {}, p(t("c"))),
        node("extension", { text: "d" }),
      ),
      "a\n\nb\n\nc\n\nd",
    ],
    [
      "unknown nodes",
      doc(
        node("future", {}, p(t("a"))),
        p(node("sparkle", { text: "b" }), node("wrap", {}, t("c"))),
        node("future", { text: "d" }),
      ),
      "a\n\nbc\n\nd",
    ],
    ["hostile text", doc(p(t("a\0b\u202e\ud800"))), "ab\ufffd"],
    ["a pair split over nodes", doc(p(t("\ud83d"), t("\ude00"))), "😀"],
    ["a string", " wiki *text*\r\n", "wiki *text*"],
    ["nothing", null, ""],
    ["a number", 5, ""],
    ["a list of nodes", [p(t("a")), null, "x", p(t("b"))], "a\n\nb"],
    ["wrong types", { type: 5, content: { 0: 1 }, attrs: [], marks: 3 }, ""],
    [
      "a text without text",
      doc(
        p({ type: "text", text: 5 }, { type: "text" }, { type: "text", text: "x", marks: [null, 1, { type: "link" }] }),
      ),
      "x",
    ],
  ])("%s", (_name, document, expected) => {
    expect(adfToText(document)).toBe(expected);
  });

  it.each(["paragraph", "bulletList", "blockquote", "table", "panel", "listItem", "future", "text"])(
    "survives 100,000 nested %s nodes and keeps their text",
    (type) => {
      let document: unknown = { type: "text", text: "deep" };
      for (let depth = 0; depth < 100_000; depth += 1) document = { type, content: [document] };
      const text = adfToText(document);
      if (type !== "text") expect(text).toContain("deep");
      expect(adfMediaReferences(document)).toEqual([]);
    },
  );

  it("reads wide documents whole", () => {
    const wide = adfToText(doc(...Array.from({ length: 50_000 }, () => p(t("x "), t("y", "https://a.example/")))));
    expect(wide.match(/x y \(https:\/\/a\.example\/\)/g)).toHaveLength(50_000);
    expect(adfToText(doc(p(...Array.from({ length: 100_000 }, () => t("x")))))).toBe("x".repeat(100_000));
  });

  it("keeps what a strike or an app's node means", () => {
    const struck = { type: "text", text: "not", marks: [{ type: "strike" }] };
    expect(adfToText(doc(p(t("do "), struck, t(" restart"))))).toBe("do ~~not~~ restart");
    expect(adfToText(doc(node("extension", { extensionKey: "toc" })))).toBe("[extension: toc]");
    expect(adfToText(doc(node("syncBlock", { resourceId: "r" })))).toBe("[synced block: see the issue]");
  });

  it("never throws on any JSON, or on any tree of known types with arbitrary insides", () => {
    const types = [
      "doc",
      "paragraph",
      "text",
      "heading",
      "bulletList",
      "orderedList",
      "listItem",
      "taskList",
      "taskItem",
      "codeBlock",
      "blockquote",
      "table",
      "tableRow",
      "tableCell",
      "panel",
      "expand",
      "rule",
      "mention",
      "emoji",
      "date",
      "status",
      "inlineCard",
      "media",
      "mediaSingle",
      "mediaInline",
      "hardBreak",
      "x",
      "constructor",
      "__proto__",
    ];
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        fc.jsonValue({ maxDepth: 2 }),
        fc.record(
          {
            type: fc.oneof(fc.constantFrom(...types), fc.jsonValue({ maxDepth: 0 })),
            attrs: fc.oneof(
              fc.dictionary(
                fc.constantFrom(
                  "level",
                  "order",
                  "text",
                  "url",
                  "id",
                  "alt",
                  "timestamp",
                  "state",
                  "data",
                  "title",
                  "language",
                ),
                fc.jsonValue({ maxDepth: 1 }),
              ),
              fc.jsonValue({ maxDepth: 1 }),
            ),
            text: fc.jsonValue({ maxDepth: 0 }),
            marks: fc.jsonValue({ maxDepth: 2 }),
            content: fc.oneof(fc.array(tie("tree"), { maxLength: 5 }), fc.jsonValue({ maxDepth: 1 })),
          },
          { requiredKeys: ["type"] },
        ),
      ),
    }));
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), tree), (document) => {
        const text = adfToText(document);
        expect(text.isWellFormed()).toBe(true);
        expect(text).not.toMatch(/\0/);
        expect(Array.isArray(adfMediaReferences(document))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("adfMediaReferences", () => {
  it("finds files wherever they stand", () => {
    const document = doc(
      node("mediaSingle", {}, node("media", { type: "file", id: "u-1", alt: "a.png" })),
      node("future", {}, node("panel", {}, p(node("mediaInline", { id: "u-2" })))),
      node(
        "mediaGroup",
        {},
        node("media", { type: "external", url: "https://a.example/b.png", attachmentId: null }),
        node("media", {}),
      ),
    );
    expect(adfMediaReferences(document)).toEqual([
      { id: "u-1", name: "a.png", url: null, attachmentId: null },
      { id: "u-2", name: null, url: null, attachmentId: null },
      { id: null, name: null, url: "https://a.example/b.png", attachmentId: null },
    ]);
    expect(adfMediaReferences(null)).toEqual([]);
  });
});
