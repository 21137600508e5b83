/**
 * The gate in front of every remote request: one budget per (endpoint, account), shared by all replicas (rule 9).
 * The durable half lives in the store; adapters see only this interface.
 */
import { setTimeout as sleepFor } from "node:timers/promises";

/** Who goes first where a budget is short, from `live` to `import`. */
export type BudgetLane = "live" | "poll" | "check" | "import";

/** One budget. Implementations pace `take` over all replicas. */
export interface Budget {
  /** Resolves when one request of this lane may start. Live overtakes the others. Rejects when `signal` aborts. */
  take(lane: BudgetLane, signal?: AbortSignal): Promise<void>;
  /** Told to wait by the service: nobody takes before this much time has passed. */
  pause(pauseMs: number): Promise<void>;
}

/** A budget without limits, for tests and one-off tools. */
export const unlimitedBudget: Budget = { take: async () => {}, pause: async () => {} };

/** Every how many requests of the rate a lane has one: polls get half of it and checks a quarter, as in the shared budget (rule 9). */
const everyNth: Readonly<Record<BudgetLane, number>> = { live: 1, poll: 2, check: 4, import: 1 };

/**
 * A budget of this process alone, for commands that must not write to the shared one: requests of a lane are spaced evenly. A worker
 * beside it does not know of them, which is why checks are no faster here than they would be there.
 */
export function makeLocalBudget(ratePerSecond: number): Budget {
  const nextAt: Record<BudgetLane, number> = { live: 0, poll: 0, check: 0, import: 0 };
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
