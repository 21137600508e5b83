/**
 * Whether the work that is under way may still write to a service.
 *
 * The problem: a run checks its lease, and then its request waits: for its turn in a budget, for a pause that the service asked for, or
 * because the whole machine stood still. Meanwhile the lease may have ended and another run may have looked for the write, found nothing
 * and repeated it. So the question is asked once more by whoever sends, right before each attempt; it travels with the asynchronous
 * context, since the ports between them know nothing of leases.
 */
import { AsyncLocalStorage } from "node:async_hooks";

type Standing = { readonly mayWrite: () => boolean; readonly atTurn?: () => Promise<void> };

const storage = new AsyncLocalStorage<Standing>();

/** Runs `work`; every `takeTurn` inside of it asks `mayWrite`. */
export function whileStanding<Result>(mayWrite: () => boolean, work: () => Promise<Result>): Promise<Result> {
  return storage.run({ mayWrite }, work);
}

/**
 * Runs `work`, under the standing that it has already. `atTurn` is called when the turn of a write inside has come, before each attempt:
 * what counts from the moment of a write counts from then. What it throws, `takeTurn` throws.
 */
export function withTurn<Result>(atTurn: () => Promise<void>, work: () => Promise<Result>): Promise<Result> {
  return storage.run({ mayWrite: () => true, ...storage.getStore(), atTurn }, work);
}

/**
 * Called by a transport whose waits are over, right before it sends a write. Whether it may start now; true outside of `whileStanding`.
 * Where it may not, the transport sends nothing and throws a `ServiceError` of kind `rate_limited` with code `NOT_STARTED`: waiting costs
 * no attempt.
 */
export async function takeTurn(): Promise<boolean> {
  const standing = storage.getStore();
  if (standing === undefined) return true;
  await standing.atTurn?.();
  return standing.mayWrite();
}
