/**
 * Whether the work that is under way may still write to a service.
 *
 * The problem: a run checks its lease, and then its request waits: for its turn in a budget, for a pause that the service asked for, or
 * because the whole machine stood still. Meanwhile the lease may have ended and another run may have looked for the write, found nothing
 * and repeated it. So the question is asked once more by whoever sends, right before each attempt; it travels with the asynchronous
 * context, since the ports between them know nothing of leases.
 */
import { AsyncLocalStorage } from "node:async_hooks";

const storage = new AsyncLocalStorage<() => boolean>();

/** Runs `work`; every `mayStillWrite` inside of it asks `mayWrite`. */
export function whileStanding<Result>(mayWrite: () => boolean, work: () => Promise<Result>): Promise<Result> {
  return storage.run(mayWrite, work);
}

/**
 * Whether a write may start now; true outside of `whileStanding`. Where it may not, a transport sends nothing and throws a
 * `ServiceError` of kind `rate_limited` with code `NOT_STARTED`: waiting costs no attempt.
 */
export function mayStillWrite(): boolean {
  return storage.getStore()?.() ?? true;
}
