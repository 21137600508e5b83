/** What becomes of a job whose handler threw: the one table, without any queue in it. */
import { ServiceError } from "../domain/service-error.ts";
import { growingMs } from "../lib/retry.ts";
import { decide } from "../sync/outcome.ts";

/** `wait` costs no attempt; `retry` costs one and waits for the pause of that attempt; `fail` is final. */
export type JobDecision =
  | { readonly kind: "wait"; readonly delayMs: number }
  | { readonly kind: "retry" }
  | { readonly kind: "fail" };

/** Longest wait that a service may impose at a time; what it still wants then it says again. */
const waitMaxMs = 5 * 60_000;
/** Where we are told to wait but not how long. */
const waitDefaultMs = 30_000;
/** A wait that is asked for in a shorter time is meant for the request, which has waited already. */
const waitMinMs = 1_000;
const retryMaxMs = 30_000;

/** Thrown by work that may not start yet: it is tried again after `delayMs`, which costs no attempt. */
export class NotNow extends Error {
  override readonly name = "NotNow";
  readonly delayMs: number;
  constructor(delayMs: number) {
    super(`not before ${Math.ceil(delayMs)} ms from now`);
    this.delayMs = delayMs;
  }
}

/**
 * Decides the error of a service by its kind, through the table of `sync/outcome.ts`. Any other error is retried to the job's bound,
 * save payloads that do not parse and jobs without a handler, which can never succeed. Pure.
 */
export function decideJob(error: unknown): JobDecision {
  if (error instanceof Error && (error.name === "ZodError" || error.name === "HandlerConflict"))
    return { kind: "fail" };
  if (error instanceof NotNow) return { kind: "wait", delayMs: Math.max(1, Math.ceil(error.delayMs)) };
  if (!(error instanceof ServiceError)) return { kind: "retry" };
  const { kind, retryAfterMs } = error.facts;
  switch (decide(kind).kind) {
    case "wait": {
      const delayMs = retryAfterMs === null ? waitDefaultMs : Math.max(waitMinMs, Math.min(retryAfterMs, waitMaxMs));
      return { kind: "wait", delayMs };
    }
    case "retry":
      return { kind: "retry" };
    case "give_up_item":
    case "block_link":
      return { kind: "fail" };
  }
}

/**
 * Pause after the n-th failed attempt (from 1): doubles from `firstMs` to 30 s, less up to a quarter by `random` in [0, 1). Short, since
 * newer wake-ups of the key wait with the job. Pure.
 */
export function retryPauseMs(attempt: number, firstMs: number, random: number): number {
  return growingMs({ firstMs, factor: 2, maxMs: retryMaxMs, jitter: [1, 0.75] }, attempt, random);
}
