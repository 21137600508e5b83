import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { testSeed } from "../../../test/support/seed.ts";
import { unguarded } from "../../../test/support/unguarded.ts";
import type { Mark } from "./marks.ts";
import { parseMarkAtStart } from "./marks.ts";
import { toPlainText } from "./sanitize.ts";
import type { RenderPartsInput } from "./split.ts";
import { renderParts } from "./split.ts";

const comment: Mark = {
  kind: "comment",
  issueKey: "OPS-7",
  commentId: "10042",
  version: 2,
  part: null,
  withdrawn: false,
};
const caseMark: Mark = { kind: "case", issueKey: "OPS-7", issueId: "10001", part: null };

function render(text: string, more: Partial<RenderPartsInput> = {}) {
  return renderParts({
    mark: comment,
    authorLine: unguarded("Li Lei:"),
    text: unguarded(text),
    charsMax: 300,
    ...more,
  });
}

function partsOf(text: string, more: Partial<RenderPartsInput> = {}): readonly string[] {
  const rendered = render(text, more);
  if (rendered.kind !== "parts") throw new Error("expected parts");
  return rendered.parts;
}

const withoutBlanks = (text: string): string => text.replace(/\s+/g, "");
const bodyOf = (part: string): string => part.split("\n").slice(1).join("\n");

describe("renderParts", () => {
  it("sends a short text as one message with a plain mark", () => {
    expect(partsOf("hello\nworld")).toEqual(["[OPS-7#10042 v2] Li Lei:\nhello\nworld"]);
    expect(partsOf("  \n ")).toEqual(["[OPS-7#10042 v2] Li Lei:"]);
    expect(partsOf("hello", { authorLine: unguarded("") })).toEqual(["[OPS-7#10042 v2]\nhello"]);
  });

  it("keeps the indentation of the first line and drops blank lines around the text", () => {
    expect(partsOf("\n \n    at main()\n\n")).toEqual(["[OPS-7#10042 v2] Li Lei:\n    at main()"]);
  });

  it("fits a message exactly into the limit", () => {
    const header = "[OPS-7#10042 v2] Li Lei:\n".length;
    expect(partsOf("x".repeat(300 - header))).toHaveLength(1);
    expect(partsOf("x".repeat(300 - header + 1))).toHaveLength(2);
  });

  it("cuts between paragraphs first, then lines, then words", () => {
    const first = "a ".repeat(100).trim();
    expect(partsOf(`${first}\n\n${"b ".repeat(100)}`).map(bodyOf)[0]).toBe(first);
    expect(partsOf(`${first}\n  ${"b ".repeat(100)}`).map(bodyOf)[0]).toBe(first);
    expect(partsOf(`${first}\n  ${"b ".repeat(100)}`).map(bodyOf)[1]).toBe(`  ${"b ".repeat(100).trim()}`);
    for (const body of partsOf("word ".repeat(200)).map(bodyOf)) expect(body).toMatch(/^word.*word$/);
  });

  it("cuts Chinese after a full stop", () => {
    const sentence = `${"云".repeat(40)}。`;
    for (const body of partsOf(sentence.repeat(12)).map(bodyOf)) expect(body.endsWith("。")).toBe(true);
  });

  it("does not cut through a surrogate pair or a joined emoji", () => {
    for (const body of partsOf("👩‍💻".repeat(200)).map(bodyOf)) {
      expect(body.isWellFormed()).toBe(true);
      expect(body.length % "👩‍💻".length).toBe(0);
    }
  });

  it("cuts one grapheme that is longer than a message", () => {
    const text = `a${"\u0301".repeat(1000)}`;
    expect(partsOf(text).map(bodyOf).join("")).toBe(text);
  });

  it("numbers the parts of a comment, and the continuations of a case", () => {
    const text = "word ".repeat(150);
    expect(partsOf(text).map((part) => part.split(" Li")[0])).toEqual([
      "[OPS-7#10042 v2 1/3]",
      "[OPS-7#10042 v2 2/3]",
      "[OPS-7#10042 v2 3/3]",
    ]);
    expect(partsOf(text, { mark: caseMark }).map((part) => part.split(" Li")[0])).toEqual([
      "[OPS-7 @10001]",
      "[OPS-7 @10001 2/3]",
      "[OPS-7 @10001 3/3]",
    ]);
  });

  it("gives the first message its own limit", () => {
    const parts = partsOf("word ".repeat(150), { mark: caseMark, firstCharsMax: 100, charsMax: 1000 });
    expect(parts).toHaveLength(2);
    expect(parts[0]?.length).toBeLessThanOrEqual(100);
  });

  it("turns what needs too many parts into a head and a file that holds all of it", () => {
    const text = "word ".repeat(2000).trim();

    const rendered = render(text);

    expect(rendered).toMatchObject({ kind: "head_and_file", fileName: "comment-10042-v2.txt", fileText: text });
    if (rendered.kind !== "head_and_file") return;
    expect(rendered.head.length).toBeLessThanOrEqual(300);
    expect(rendered.head).toMatch(/^\[OPS-7#10042 v2\] Li Lei:\nword/);
    expect(rendered.head).toMatch(
      /\n\n\[…\] The full text is attached as comment-10042-v2\.txt \/ 全文见附件 comment-10042-v2\.txt$/,
    );
  });

  it("never numbers a mark that knows no parts", () => {
    const rendered = render("word ".repeat(100), {
      mark: { kind: "notice", issueKey: "OPS-7", noticeKind: "changed", n: 1 },
      fileName: unguarded("full.txt"),
    });
    expect(rendered).toMatchObject({ kind: "head_and_file", fileName: "full.txt" });
  });

  it("puts a hostile author line on one line", () => {
    expect(partsOf("x", { authorLine: unguarded("a\nb\0\u202e:") })).toEqual(["[OPS-7#10042 v2] a b:\nx"]);
  });

  it("refuses a limit without room for text", () => {
    expect(() => render("word ".repeat(100), { charsMax: 30 })).toThrow(RangeError);
  });

  it("ends on lines of 100,000 characters and on a megabyte of blanks, within the limit", () => {
    for (const text of [
      "x".repeat(100_000),
      "云".repeat(100_000),
      `a${" ".repeat(1_000_000)}b`,
      `a${"\n ".repeat(500_000)}b`,
      "\u0301".repeat(100_000),
    ]) {
      for (const limits of [{ charsMax: 1200 }, { charsMax: 10_000, partsMax: 20 }]) {
        const rendered = render(text, limits);
        for (const part of rendered.kind === "parts" ? rendered.parts : [rendered.head])
          expect(part.length).toBeLessThanOrEqual(limits.charsMax);
      }
    }
  });

  it("loses nothing but whitespace at cuts, whatever the text", () => {
    const seed = testSeed("parts of texts");
    const word = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 12 }),
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.constantFrom("\n", "\n\n", "  ", "\t", "单。", "😀", "[OPS-7#1] x:", "\0"),
    );
    const longText = fc.array(word, { maxLength: 400 }).map((words) => words.join(""));
    fc.assert(
      fc.property(
        longText,
        fc.integer({ min: 160, max: 700 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(comment, caseMark),
        (text, charsMax, partsMax, mark) => {
          const plain = toPlainText(text);
          const rendered = renderParts({
            mark,
            authorLine: unguarded("李雷:"),
            text: unguarded(text),
            charsMax,
            partsMax,
          });
          if (rendered.kind === "head_and_file") {
            expect(rendered.head.length).toBeLessThanOrEqual(charsMax);
            expect(rendered.fileText.trim()).toBe(plain.trim());
            expect(rendered.head.isWellFormed()).toBe(true);
            return;
          }
          expect(rendered.parts.length).toBeLessThanOrEqual(partsMax);
          expect(withoutBlanks(rendered.parts.map(bodyOf).join(""))).toBe(withoutBlanks(plain));
          for (const part of rendered.parts) {
            expect(part.length).toBeLessThanOrEqual(charsMax);
            expect(part.isWellFormed()).toBe(true);
            expect(parseMarkAtStart(part)?.mark.kind).toBe(mark.kind);
          }
        },
      ),
      { numRuns: 500, seed },
    );
  });
});
