import { expect, test } from "vitest";
import { makeProgress } from "./health.ts";

function start() {
  let now = 0;
  let busy = false;
  const progress = makeProgress({ elapsedMs: () => now, isBusy: () => busy });
  return {
    progress,
    pass: (seconds: number) => {
      now += seconds * 1000;
    },
    setBusy: (isBusy: boolean) => {
      busy = isBusy;
    },
  };
}

test("a beat that does not reach the database for a minute is no progress, and the next one is", () => {
  const { progress, pass } = start();

  pass(60);
  expect(progress.stalledBy()).toBeNull();
  pass(1);
  expect(progress.stalledBy()).toBe("the database has not been reached for 61 s");
  progress.beat(0);
  expect(progress.stalledBy()).toBeNull();
});

test("due links of which none can be taken for a minute are no progress", () => {
  const { progress, pass } = start();
  for (let seconds = 0; seconds < 62; seconds += 1) {
    progress.beat(3);
    pass(1);
  }

  expect(progress.stalledBy()).toBe("links are due and none could be taken for 62 s");
  progress.linkLeased();
  expect(progress.stalledBy()).toBeNull();
});

test.each([
  ["nothing is due", 0, false],
  ["all hands are busy with links that take long", 3, true],
])("standing still is right while %s", (_why, due, busy) => {
  const { progress, pass, setBusy } = start();
  setBusy(busy);
  for (let seconds = 0; seconds < 300; seconds += 1) {
    progress.beat(due);
    pass(1);
  }

  expect(progress.stalledBy()).toBeNull();
});

test("a short wait for a link does not add up with the next one", () => {
  const { progress, pass } = start();
  for (let round = 0; round < 5; round += 1) {
    for (let seconds = 0; seconds < 40; seconds += 1) {
      progress.beat(1);
      pass(1);
    }
    progress.beat(0);
  }

  expect(progress.stalledBy()).toBeNull();
});
