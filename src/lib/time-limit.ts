/** A limit on the time of work that consists of many calls; it travels with the asynchronous context, since ports know nothing of it. */
import { AsyncLocalStorage } from "node:async_hooks";

const storage = new AsyncLocalStorage<number>();

/** Runs `work`; after `limitMs` every `isOverTime` inside of it answers true, and whoever sends starts no further call. */
export function withTimeLimit<Result>(limitMs: number, work: () => Promise<Result>): Promise<Result> {
  return storage.run(performance.now() + limitMs, work);
}

/** Whether the time of the work that is under way is used up; false outside of `withTimeLimit`. */
export function isOverTime(): boolean {
  const endsAt = storage.getStore();
  return endsAt !== undefined && performance.now() >= endsAt;
}
