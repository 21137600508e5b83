import { describe, expect, it } from "vitest";
import { makeTextPort } from "./text-port.ts";

describe("the text port", () => {
  const port = makeTextPort();

  it("makes documents of a message and reads them back", () => {
    const docs = port.messageToAdf({ header: "Li Wei (engineer)", text: "line 1\nline 2", footer: ["Files: a.log"] });

    expect(docs).toHaveLength(1);
    expect(port.adfToText(docs[0])).toBe("Li Wei (engineer)\n\nline 1\nline 2\n\nFiles: a.log");
  });

  it("splits what does not fit into one comment", () => {
    const docs = port.messageToAdf({ header: "h", text: "word ".repeat(20_000), footer: [] });

    expect(docs.length).toBeGreaterThan(3);
    for (const doc of docs) expect(JSON.stringify(doc).length).toBeLessThanOrEqual(30_000);
  });

  it("gives a description and what did not fit", () => {
    const facts = [["Severity", "high"]] as const;

    const short = port.caseDescription({ text: "gone", facts, consoleUrl: "https://example.com/TT1" });
    const long = port.caseDescription({ text: "word ".repeat(20_000), facts, consoleUrl: null });

    expect(port.adfToText(short.doc)).toContain("https://example.com/TT1");
    expect(short.rest).toBeNull();
    expect(long.rest?.length).toBeGreaterThan(10_000);
  });

  it("names what media nodes refer to, once each, by name and by id", () => {
    const media = (attrs: object) => ({ type: "mediaSingle", content: [{ type: "media", attrs }] });
    const content = [
      media({ type: "file", id: "u-1", collection: "" }),
      media({ type: "file", id: "u-1", collection: "", alt: "a.png" }),
    ];

    expect(port.mediaReferences({ type: "doc", version: 1, content })).toEqual(["u-1", "a.png"]);
    expect(port.mediaReferences(null)).toEqual([]);
  });
});
