import { describe, expect, it } from "vitest";
import { documentDigest } from "./document-digest.ts";

const t = (text: string, ...marks: unknown[]) => ({ type: "text", text, ...(marks.length === 0 ? {} : { marks }) });
const p = (...content: unknown[]) => ({ type: "paragraph", content });
const doc = (...content: unknown[]) => ({ type: "doc", version: 1, content });
const bold = { type: "strong" };
const struck = { type: "strike" };
const base = doc(p(t("restart the database")));

describe("whether a document was edited", () => {
  it.each<{ name: string; other: unknown; same: boolean }>([
    { name: "a part of it is bold", other: doc(p(t("restart "), t("the", bold), t(" database"))), same: true },
    { name: "the editor adds an empty paragraph", other: doc(p(t("restart the database")), p()), same: true },
    {
      name: "the editor renews its ids",
      other: doc({ ...p(t("restart the database")), attrs: { localId: "x" } }),
      same: true,
    },
    { name: "it is struck", other: doc(p(t("restart the database", struck))), same: false },
    { name: "a part of it is struck", other: doc(p(t("restart "), t("the", struck), t(" database"))), same: false },
    { name: "a word differs", other: doc(p(t("restart the server"))), same: false },
    {
      name: "it is a heading",
      other: doc({ type: "heading", attrs: { level: 2 }, content: [t("restart the database")] }),
      same: false,
    },
    {
      name: "it leads elsewhere",
      other: doc(p(t("restart the database", { type: "link", attrs: { href: "https://a.example" } }))),
      same: false,
    },
    { name: "a word moved to another paragraph", other: doc(p(t("restart the")), p(t(" database"))), same: false },
  ])("is told by what it says: $name", ({ other, same }) => {
    expect(documentDigest(other) === documentDigest(base)).toBe(same);
  });

  it("does not depend on the names of files that our own reading writes into it", () => {
    const shown = (attrs: object) =>
      doc({ type: "mediaSingle", content: [{ type: "media", attrs: { id: "m-1", ...attrs } }] });

    const [raw, named, described] = [{}, { __fileName: "a.png", __attachmentId: "900" }, { alt: "the rack" }].map(
      (attrs) => documentDigest(shown(attrs)),
    );

    expect(named).toBe(raw);
    expect(described).not.toBe(raw);
  });

  it("takes any JSON, however deep", () => {
    let deep: unknown = t("x");
    for (let depth = 0; depth < 100_000; depth += 1) deep = { type: "panel", content: [deep] };

    expect(documentDigest(deep)).toContain("x");
    for (const odd of [null, 1, "a", [], [1, "b", null], { content: 3 }, { type: "text" }])
      expect(() => documentDigest(odd)).not.toThrow();
  });
});
