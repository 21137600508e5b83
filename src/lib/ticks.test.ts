import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { eightDaysMs, listTicks, longestGapMs, startTicks } from "./ticks.ts";

test.each([
  ["*/5 * * * * *", 5_000],
  ["* * * * *", 60_000],
  ["*/5 * * * *", 300_000],
  ["0,30 * * * *", 1_800_000],
  ["17 3 * * *", 86_400_000],
  ["0 9-17 * * *", 16 * 3_600_000],
  ["0 6 * * mon", 7 * 86_400_000],
])("the longest gap of %s", (expression, gapMs) => {
  expect(longestGapMs(expression, new Date("2026-11-30T12:00:01Z"))).toBe(gapMs);
});

test("an expression may skip days: the longest gap is what counts", () => {
  expect(longestGapMs("0 0 * * 1-5", new Date("2026-11-30T12:00:00Z"))).toBe(3 * 86_400_000);
  expect(longestGapMs("0 0 29 2 *", new Date("2026-11-30T12:00:00Z"))).toBeGreaterThan(365 * 86_400_000);
});

test.each([
  ["*/5 8-18 * * 1-5", 61 * 3_600_000 + 300_000],
  ["* * * * *", 60_000],
  ["0 * * * *", 3_600_000],
  ["*/10 * * * 1-5", 48 * 3_600_000 + 600_000],
])("the longest gap of %s within eight days, whenever the worker starts", (expression, gapMs) => {
  for (const start of ["2026-11-30T12:00:01Z", "2026-12-04T20:00:00Z"])
    expect(longestGapMs(expression, new Date(start), eightDaysMs)).toBe(gapMs);
});

test("day of month and day of week must both fit", () => {
  const [first] = listTicks("0 0 13 * fri", new Date("2026-11-30T12:00:00Z"), 1);

  expect(first?.toISOString()).toBe("2027-08-13T00:00:00.000Z");
});

test.each([
  ["Europe/Berlin", "2026-10-25T00:30:00Z"],
  ["America/New_York", "2026-11-01T05:30:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T14:30:00Z"],
  ["Europe/Berlin", "2026-03-29T00:30:00Z"],
  ["Etc/UTC", "2026-10-25T00:30:00Z"],
])("ticks go on in %s whatever its clocks do at %s", (zone, from) => {
  const script = `
    import { listTicks } from ${JSON.stringify(resolve("src/lib/ticks.ts"))};
    const ticks = listTicks("*/5 * * * *", new Date(${JSON.stringify(from)}), 36);
    console.log(JSON.stringify(ticks.map((tick) => tick.toISOString())));`;

  const said = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    env: { ...process.env, TZ: zone },
  });

  const start = new Date(from).getTime();
  const expected = Array.from({ length: 36 }, (_, index) => new Date(start + (index + 1) * 300_000).toISOString());
  expect(JSON.parse(said)).toEqual(expected);
});

/** A clock that stands where it is put. */
function makeClock(at: string) {
  let now = new Date(at);
  return {
    now: () => now,
    set: (next: string) => {
      now = new Date(next);
    },
  };
}

test("fires when its moment has come, once for a moment, and not while it runs", async () => {
  const clock = makeClock("2026-10-25T00:59:59.990Z");
  let fired = 0;
  let end = (): void => {};
  const ticks = startTicks({
    expression: "* * * * * *",
    clock,
    fire: () => {
      fired += 1;
      return new Promise((done) => {
        end = done;
      });
    },
  });
  onTestFinished(() => ticks.stop());

  await sleep(30);
  expect(fired).toBe(0);
  clock.set("2026-10-25T01:00:00.000Z");
  await until(() => fired === 1);
  clock.set("2026-10-25T01:00:05.000Z");
  await sleep(30);
  expect(fired).toBe(1);
  end();
  await sleep(0);
  clock.set("2026-10-25T01:00:07.000Z");
  await until(() => fired === 2);
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5);
}
