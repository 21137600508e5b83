import { describe, expect, it } from "vitest";
import { tickLengthMs } from "./schedule.ts";

describe("the length of a tick", () => {
  it.each([
    { expression: "* * * * *", expected: 60_000 },
    { expression: "*/1 * * * *", expected: 60_000 },
    { expression: "*/5 * * * *", expected: 300_000 },
    { expression: "  */15   * * * * ", expected: 900_000 },
    { expression: "*/10 * * * * *", expected: 10_000 },
    { expression: "* * * * * *", expected: 1_000 },
    { expression: "0 */2 * * * *", expected: 120_000 },
    { expression: "17 3 * * *", expected: 300_000 },
    { expression: "0,30 * * * *", expected: 300_000 },
  ])("is read off its expression: $expression", ({ expression, expected }) => {
    const length = tickLengthMs(expression);

    expect(length).toBe(expected);
  });
});
