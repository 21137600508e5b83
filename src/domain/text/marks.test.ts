import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Mark, MarkPart } from "./marks.ts";
import { formatMark, markIdentity, parseMarkAtStart, sameMark } from "./marks.ts";

const comment = {
  kind: "comment",
  issueKey: "OPS-7",
  commentId: "10042",
  version: 1,
  part: null,
  withdrawn: false,
} as const;

const table: [string, Mark][] = [
  ["[OPS-7#10042]", comment],
  ["[OPS-7#10042 v2]", { ...comment, version: 2 }],
  ["[OPS-7#10042 1/3]", { ...comment, part: { index: 1, count: 3 } }],
  ["[OPS-7#10042 v2 1/3]", { ...comment, version: 2, part: { index: 1, count: 3 } }],
  ["[OPS-7#10042 withdrawn]", { ...comment, withdrawn: true }],
  ["[OPS-7^10500]", { kind: "attachment", issueKey: "OPS-7", attachmentId: "10500" }],
  ["[OPS-7 !refused-3]", { kind: "notice", issueKey: "OPS-7", noticeKind: "refused", n: 3 }],
  ["[OPS-7 !take-up-again-12]", { kind: "notice", issueKey: "OPS-7", noticeKind: "take-up-again", n: 12 }],
  ["[OPS-7 @10001]", { kind: "case", issueKey: "OPS-7", issueId: "10001", part: null }],
  ["[OPS-7 @10001 2/3]", { kind: "case", issueKey: "OPS-7", issueId: "10001", part: { index: 2, count: 3 } }],
  ["[A_B2-123#1]", { ...comment, issueKey: "A_B2-123", commentId: "1" }],
];

describe("marks", () => {
  it.each(table)("%s is written and read back", (text, mark) => {
    expect(formatMark(mark)).toBe(text);
    expect(parseMarkAtStart(`${text} Li Lei:\nhello`)).toEqual({ mark, rest: " Li Lei:\nhello" });
    expect(parseMarkAtStart(`\ufeff \r\n\t${text}`)).toEqual({ mark, rest: "" });
  });

  it.each([
    "",
    "[",
    "hello [OPS-7#10042]",
    "> [OPS-7#10042]",
    "[OPS-7#10042 v1]",
    "[OPS-7#10042 v0]",
    "[OPS-7#10042 v02]",
    "[OPS-7#10042 1/1]",
    "[OPS-7#10042 4/3]",
    "[OPS-7#10042 0/3]",
    "[OPS-7#10042  1/3]",
    "[OPS-7#10042 1/3 v2]",
    "[OPS-7#10042 withdrawn 1/2]",
    "[OPS-7#10042 WITHDRAWN]",
    "[OPS-7#010042]",
    "[OPS-7#1004x]",
    "[ops-7#10042]",
    "[OPS#10042]",
    "[OPS-7 #10042]",
    "[OPS-7#10042",
    "[OPS-7^]",
    "[OPS-7^1 2/3]",
    "[OPS-7 !-3]",
    "[OPS-7 !refused]",
    "[OPS-7 !Refused-3]",
    "[OPS-7@10001]",
    "[OPS-7 @10001 3/2]",
    "［OPS-7#10042］",
  ])("%j is no mark", (text) => {
    expect(parseMarkAtStart(text)).toBeNull();
  });

  it.each<Mark>([
    { ...comment, commentId: "abc" },
    { ...comment, commentId: "" },
    { ...comment, commentId: "1] [OPS-1#2" },
    { ...comment, issueKey: "ops-1" },
    { ...comment, version: 0 },
    { ...comment, version: 1.5 },
    { ...comment, version: Number.NaN },
    { ...comment, part: { index: 1, count: 1 } },
    { ...comment, withdrawn: true, part: { index: 1, count: 2 } },
    { kind: "notice", issueKey: "OPS-7", noticeKind: "two words", n: 1 },
    { kind: "case", issueKey: "OPS-7", issueId: "-1", part: null },
  ])("refuses to write %j", (mark) => {
    expect(() => formatMark(mark)).toThrow(RangeError);
  });

  it("does not write the version of a withdrawn mark, and two such marks are the same", () => {
    const withdrawn = { ...comment, version: 3, withdrawn: true };
    expect(formatMark(withdrawn)).toBe("[OPS-7#10042 withdrawn]");
    expect(sameMark(withdrawn, { ...comment, withdrawn: true })).toBe(true);
  });

  it("identifies by numbers, not by key", () => {
    expect(sameMark(comment, { ...comment, issueKey: "NEW-1" })).toBe(true);
    expect(sameMark(comment, { ...comment, version: 2 })).toBe(false);
    expect(sameMark(comment, { ...comment, part: { index: 1, count: 2 } })).toBe(false);
    expect(markIdentity({ ...comment, version: 2, part: { index: 1, count: 3 } })).toBe("comment:10042:v2:1/3");
  });
});

const key = fc
  .tuple(fc.stringMatching(/^[A-Z][A-Z0-9_]{0,20}$/), fc.integer({ min: 1, max: 9_999_999 }))
  .map(([k, n]) => `${k}-${n}`);
const id = fc.bigInt({ min: 0n, max: 10n ** 19n }).map(String);
const part: fc.Arbitrary<MarkPart | null> = fc.option(
  fc
    .integer({ min: 2, max: 999 })
    .chain((count) => fc.integer({ min: 1, max: count }).map((index) => ({ index, count }))),
);
const anyMark: fc.Arbitrary<Mark> = fc.oneof(
  fc.record({
    kind: fc.constant("comment" as const),
    issueKey: key,
    commentId: id,
    version: fc.integer({ min: 1, max: 9999 }),
    part,
    withdrawn: fc.constant(false),
  }),
  fc.record({
    kind: fc.constant("comment" as const),
    issueKey: key,
    commentId: id,
    version: fc.constant(1),
    part: fc.constant(null),
    withdrawn: fc.constant(true),
  }),
  fc.record({ kind: fc.constant("attachment" as const), issueKey: key, attachmentId: id }),
  fc.record({
    kind: fc.constant("notice" as const),
    issueKey: key,
    noticeKind: fc.stringMatching(/^[a-z][a-z0-9_]{0,9}(-[a-z0-9_]{1,9}){0,3}$/),
    n: fc.integer({ min: 1, max: 99999 }),
  }),
  fc.record({ kind: fc.constant("case" as const), issueKey: key, issueId: id, part }),
);

describe("marks as properties", () => {
  it("reads back every mark that it writes, with any text after it", () => {
    fc.assert(
      fc.property(anyMark, fc.string({ unit: "binary" }), (mark, rest) => {
        expect(parseMarkAtStart(formatMark(mark) + rest)).toEqual({ mark, rest });
      }),
      { numRuns: 1000 },
    );
  });

  it("gives two marks one identity exactly when their texts differ in the key alone", () => {
    fc.assert(
      fc.property(anyMark, anyMark, (a, b) => {
        const same = formatMark({ ...a, issueKey: "X-1" }) === formatMark({ ...b, issueKey: "X-1" });
        expect(sameMark(a, b)).toBe(same);
      }),
      { numRuns: 500 },
    );
  });

  it("writes again what it read from near misses", () => {
    const near = fc
      .tuple(anyMark, fc.nat(40), fc.constantFrom("", " ", "0", "]", "/", "v", "\u200b"))
      .map(([mark, at, insert]) => {
        const text = formatMark(mark);
        return text.slice(0, at) + insert + text.slice(at + 1);
      });
    fc.assert(
      fc.property(near, (text) => {
        const read = parseMarkAtStart(text);
        if (read !== null) expect(formatMark(read.mark) + read.rest).toBe(text.trimStart());
      }),
      { numRuns: 1000 },
    );
  });
});
