/**
 * The gate in front of every remote request: one budget per (endpoint, account), shared by all replicas (rule 9).
 * The durable half lives in the store; adapters see only this interface.
 */
import type { Lane } from "./lane.ts";

/** One budget. Implementations pace `take` over all replicas. */
export interface Budget {
  /** Resolves when one request of this lane may start. Live overtakes the others. Rejects when `signal` aborts. */
  take(lane: Lane, signal?: AbortSignal): Promise<void>;
  /** Told to wait by the service: nobody takes before this much time has passed. */
  pause(pauseMs: number): Promise<void>;
}

/** A budget without limits, for tests and one-off tools. */
export const unlimitedBudget: Budget = { take: async () => {}, pause: async () => {} };
