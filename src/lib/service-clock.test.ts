import { expect, test } from "vitest";
import { makeServiceClock } from "./service-clock.ts";

const hour = 3_600_000;

function stage() {
  let nowMs = Date.UTC(2026, 10, 24, 8);
  let elapsedMs = 0;
  const own = { now: () => new Date(nowMs), elapsedMs: () => elapsedMs };
  return {
    clock: makeServiceClock(own),
    at: (offsetMs: number) => new Date(nowMs + offsetMs),
    pass: (ms: number) => {
      nowMs += ms;
      elapsedMs += ms;
    },
    set: (ms: number) => {
      nowMs += ms;
    },
  };
}

test("knows nothing before the first answer, and takes small differences for none", () => {
  const { clock, at } = stage();
  expect(clock.aheadMs()).toBe(0);
  clock.noteDate({ date: at(4_000).toUTCString() });
  expect(clock.aheadMs()).toBe(0);
  clock.noteDate({ date: "no date" });
  clock.noteDate({});
  clock.noteDate({ date: at(-hour).toUTCString(), age: "3600" });
  expect(clock.aheadMs()).toBe(0);
});

test("tells the difference of a service that is ahead or behind, and keeps it while time passes", () => {
  const { clock, at, pass } = stage();
  clock.noteDate({ date: at(hour).toUTCString() });
  expect(clock.aheadMs()).toBe(hour);
  pass(60_000);
  expect(clock.aheadMs()).toBe(hour);
  clock.noteDate({ date: at(-hour).toUTCString() });
  expect(clock.aheadMs()).toBe(-hour);
});

test("our clock is set: the service has not moved", () => {
  const { clock, at, set } = stage();
  clock.noteDate({ date: at(0).toUTCString() });
  set(-hour);
  expect(clock.aheadMs()).toBe(hour);
});

test("a moment that the service wrote is no later than its clock", () => {
  const { clock, at, pass } = stage();
  clock.noteDate({ date: at(0).toUTCString() });
  clock.noteMoment(at(-hour));
  expect(clock.aheadMs()).toBe(0);
  clock.noteMoment(at(hour));
  expect(clock.aheadMs()).toBe(hour);
  pass(10_000);
  expect(clock.aheadMs()).toBe(hour);
});

test("an old moment alone says nothing", () => {
  const { clock, at } = stage();
  clock.noteMoment(at(-hour));
  expect(clock.aheadMs()).toBe(0);
});
