import { expect, test } from "vitest";
import { guardText } from "../domain/text/guard.ts";
import { compileLinear } from "./linear-regex.ts";

test.each([
  ["nested repetition", "(a+)+$", `${"a".repeat(100_000)}!`],
  ["alternatives that overlap", "(a|aa)+$", `${"a".repeat(100_000)}!`],
  ["a match at each character", "a", "a".repeat(100_000)],
])("no text stalls an operator's pattern: %s", (_what, source, text) => {
  const startedAt = performance.now();

  guardText(text, { mode: "mask", patterns: [{ name: "own", regex: compileLinear(source) }], kinds: [] });

  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

test.each([["(?=a)b"], ["(a)\\1"], ["(?<!x)a"]])("what needs more than linear time is refused: %s", (source) => {
  expect(() => compileLinear(source)).toThrow();
});
