import { expect, test } from "vitest";
import { makeDatabaseClock } from "./database-clock.ts";

test("shows the database's time whatever the machine's clock is set to", () => {
  const machine = { wallMs: 1_000_000, elapsedMs: 50 };
  const clock = makeDatabaseClock({ now: () => new Date(machine.wallMs), elapsedMs: () => machine.elapsedMs });
  expect(clock.now().getTime()).toBe(1_000_000);
  clock.note(new Date(5_000_000));
  expect(clock.now().getTime()).toBe(5_000_000);
  machine.elapsedMs += 2_000;
  machine.wallMs -= 3_600_000;
  expect(clock.now().getTime()).toBe(5_002_000);
  // The way of an answer is no jump.
  clock.note(new Date(5_001_900));
  expect(clock.now().getTime()).toBe(5_002_000);
  clock.note(new Date(5_010_000));
  expect(clock.now().getTime()).toBe(5_010_000);
});
