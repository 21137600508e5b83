import { expect, test } from "vitest";
import { isOverTime, withTimeLimit } from "./time-limit.ts";

test("the limit counts inside of the work alone", async () => {
  expect(isOverTime()).toBe(false);
  expect(await withTimeLimit(60_000, async () => isOverTime())).toBe(false);
  expect(await withTimeLimit(0, async () => isOverTime())).toBe(true);
  expect(isOverTime()).toBe(false);
});
