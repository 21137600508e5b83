import { expect, test } from "vitest";
import { countWarnings } from "./counted-warnings.ts";

test("a warning is said at once, then counted for five minutes; another cause, and every other level, is said", () => {
  let nowMs = 0;
  const lines: [string, Record<string, unknown>, string][] = [];
  const say = (level: string) => (facts: Record<string, unknown>, message: string) =>
    void lines.push([level, facts, message]);
  const log = countWarnings(
    { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") },
    { common: { connection: "ops" }, now: () => nowMs },
  );
  const fail = (linkId: number, kind = "unavailable") => log.warn({ linkId, kind }, "Reading failed");

  for (let link = 1; link <= 121; link += 1) fail(link);
  fail(1, "forbidden");
  log.error({ linkId: 1 }, "Job failed");
  log.error({ linkId: 1 }, "Job failed");
  nowMs += 5 * 60_000;
  fail(9);
  fail(10);

  expect(lines.filter(([level]) => level !== "debug")).toEqual([
    ["warn", { connection: "ops", linkId: 1, kind: "unavailable" }, "Reading failed"],
    ["warn", { connection: "ops", linkId: 1, kind: "forbidden" }, "Reading failed"],
    ["error", { linkId: 1 }, "Job failed"],
    ["error", { linkId: 1 }, "Job failed"],
    ["warn", { connection: "ops", linkId: 9, kind: "unavailable", repeated: 120 }, "Reading failed"],
  ]);
  expect(lines.filter(([level]) => level === "debug")).toHaveLength(121);
});
