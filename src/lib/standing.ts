/**
 * Whether the work that is under way may still write to a service.
 *
 * The problem: a run checks its lease, and then its request waits: for its turn in a budget, for a pause that the service asked for, or
 * because the whole machine stood still. Meanwhile the lease may have ended and another run may have looked for the write, found nothing
 * and repeated it. So the question is asked once more by whoever sends, right before each attempt; it travels with the asynchronous
 * context, since the ports between them know nothing of leases.
 */
import { AsyncLocalStorage } from "node:async_hooks";

/** What the work under way may still do. */
type Standing = {
  /** Whether a write may start now. */
  readonly mayStart: () => boolean;
  /** Whether more of a write that has started may leave. */
  readonly mayGoOn: () => boolean;
};

const storage = new AsyncLocalStorage<Standing>();

/** Runs `work`; `mayStillWrite` and `mayStillSend` inside of it ask `standing`. */
export function whileStanding<Result>(standing: Standing, work: () => Promise<Result>): Promise<Result> {
  return storage.run(standing, work);
}

/**
 * Whether a write may start now; true outside of `whileStanding`. Where it may not, a transport sends nothing and throws a
 * `ServiceError` of kind `rate_limited` with code `NOT_STARTED`: waiting costs no attempt.
 */
export function mayStillWrite(): boolean {
  return storage.getStore()?.mayStart() ?? true;
}

/** Whether the next piece of a long upload may leave; true outside of `whileStanding`. What stays incomplete is no write. */
export function mayStillSend(): boolean {
  return storage.getStore()?.mayGoOn() ?? true;
}
