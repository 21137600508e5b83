/** A budget beside the shared one. */
import { setTimeout as sleepFor } from "node:timers/promises";
import type { Budget } from "../domain/budget.ts";
import type { Lane } from "../domain/lane.ts";

/** Every how many requests of the rate a lane has one: polls get half of it and checks a quarter, as in the shared budget (rule 9). */
const everyNth: Readonly<Record<Lane, number>> = { live: 1, poll: 2, check: 4, import: 1 };

/**
 * A budget of this process alone, for commands that must not write to the shared one: requests of a lane are spaced evenly. A worker
 * beside it does not know of them, which is why checks are no faster here than they would be there.
 */
export function makeLocalBudget(ratePerSecond: number): Budget {
  const nextAt: Record<Lane, number> = { live: 0, poll: 0, check: 0, import: 0 };
  let pausedUntil = 0;
  return {
    async take(lane, signal) {
      for (;;) {
        const now = performance.now();
        const waitMs = Math.max(nextAt[lane], pausedUntil) - now;
        if (waitMs <= 0) {
          nextAt[lane] = Math.max(now, nextAt[lane]) + (1000 * everyNth[lane]) / ratePerSecond;
          return;
        }
        await sleepFor(waitMs, undefined, signal === undefined ? {} : { signal });
      }
    },
    async pause(pauseMs) {
      pausedUntil = Math.max(pausedUntil, performance.now() + pauseMs);
    },
  };
}
