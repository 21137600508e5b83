import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutChars, displayName, normalizeForFingerprint, safeFileName, toPlainText } from "./sanitize.ts";

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 }).map((units) => String.fromCharCode(...units)),
  fc
    .array(fc.constantFrom("[", "]", ".", "/", "\\", " ", "\n", "\r", "\0", "\u202e", "\ud83d", "\ude00", "单", "a"), {
      maxLength: 400,
    })
    .map((parts) => parts.join("")),
);
const FORBIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe("toPlainText", () => {
  it.each([
    ["a\0b", "ab"],
    ["a\r\nb\rc\nd\te", "a\nb\nc\nd\te"],
    ["\u001b[31mred\u001b[0m", "[31mred[0m"],
    ["a\u0085b\u009fc\u007fd", "abcd"],
    ["x\ud800y", "x\ufffdy"],
    ["\ud83d\0\ude00", "\ufffd\ufffd"],
    ["photo\u202Egpj.exe", "photogpj.exe"],
    ["\u2066a\u2069", "a"],
    ["👩‍💻 值班 é", "👩‍💻 值班 é"],
    ["", ""],
  ])("turns %j into %j", (input, expected) => {
    expect(toPlainText(input)).toBe(expected);
  });

  it("leaves nothing harmful in any text, and nothing to do for a second pass", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const plain = toPlainText(text);
        expect(FORBIDDEN.test(plain)).toBe(false);
        expect(plain.isWellFormed()).toBe(true);
        expect(toPlainText(plain)).toBe(plain);
      }),
      { numRuns: 500 },
    );
  });
});

describe("cutChars", () => {
  it.each([
    ["abc", 2, "ab"],
    ["a😀", 2, "a"],
    ["a😀", 3, "a😀"],
    ["abc", 0, ""],
    ["abc", -1, ""],
  ])("cuts %j at %i to %j", (text, max, expected) => {
    expect(cutChars(text, max)).toBe(expected);
  });
});

describe("displayName", () => {
  it.each([
    ["Li Lei", "Li Lei"],
    ["李雷 (运维)", "李雷 (运维)"],
    ["[OPS-1#5] Eve", "OPS-1#5 Eve"],
    ["a\nb\r\nc\u2028d", "a b c d"],
    ["\u202Eevil\u200F", "evil"],
    ["", "unknown"],
    [" \u200b\u2060 ", "unknown"],
    ["[]", "unknown"],
    [`${"x".repeat(63)}😀`, "x".repeat(63)],
  ])("turns %j into %j", (input, expected) => {
    expect(displayName(input)).toBe(expected);
  });

  it("is one short line without brackets for any name", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const name = displayName(text);
        expect(name).toMatch(/^[^[\]\n\r\u2028\u2029\u200e\u200f\u061c]{1,64}$/);
        expect(FORBIDDEN.test(name)).toBe(false);
        expect(displayName(name)).toBe(name);
      }),
      { numRuns: 500 },
    );
  });
});

describe("safeFileName", () => {
  it.each([
    ["report.pdf", "report.pdf"],
    ["日志 2026-11-24.tar.gz", "日志 2026-11-24.tar.gz"],
    ["../../etc/passwd", "passwd"],
    ["C:\\Users\\li\\a.txt", "a.txt"],
    ["C:a.txt", "a.txt"],
    ["..\\..\\a.txt", "a.txt"],
    ["folder/", "folder"],
    ["a/..", "a"],
    ["..", "file"],
    ["...", "file"],
    ["/", "file"],
    ["", "file"],
    [".bashrc", ".bashrc"],
    [" .env", ".env"],
    ["../.gitlab-ci.yml", ".gitlab-ci.yml"],
    ["..hidden.txt", "..hidden.txt"],
    ["C:\\.npmrc", ".npmrc"],
    [". .", "file"],
    ["a.txt. . ", "a.txt"],
    ["a\0.png", "a.png"],
    ["x\u202Egpj.exe", "xgpj.exe"],
    ["a\nb.txt", "a b.txt"],
    [`${"长".repeat(200)}.log`, `${"长".repeat(83)}.log`],
  ])("turns %j into %j", (input, expected) => {
    expect(safeFileName(input)).toBe(expected);
  });

  it("is a plain short name for any input", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const name = safeFileName(text);
        expect(name).not.toMatch(/[/\\\n\t]|^\.+$|^$/);
        expect(FORBIDDEN.test(name)).toBe(false);
        expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(255);
        expect(safeFileName(name)).toBe(name);
      }),
      { numRuns: 500 },
    );
  });
});

describe("normalizeForFingerprint", () => {
  it("ignores line ends, runs of blanks, invisible characters and composition", () => {
    expect(normalizeForFingerprint(" a\r\n\r\n b\u200b\tcafe\u0301 ")).toBe(normalizeForFingerprint("a b caf\u00e9"));
  });

  it("keeps 200 units and never half a pair", () => {
    expect(normalizeForFingerprint("x".repeat(1000))).toHaveLength(200);
    expect(normalizeForFingerprint(`${"x".repeat(199)}😀`)).toBe("x".repeat(199));
  });

  it("is stable for any text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const normal = normalizeForFingerprint(text);
        expect(normalizeForFingerprint(normal)).toBe(normal);
      }),
    );
  });
});
