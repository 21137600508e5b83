/** Waits with a limit, and what a failed command of the queue is called. */
import { setTimeout as sleep } from "node:timers/promises";
import { errorMessage } from "../observability/scrub.ts";
import { HandlerConflict, QueueUnavailable } from "./contract.ts";

const answerTimeoutMs = 5_000;

/** PostgreSQL's codes for a schema, table, function or type that is not there. */
export function isSchemaMissing(error: unknown): boolean {
  const { code }: { code?: unknown } = typeof error === "object" && error !== null ? error : {};
  return typeof code === "string" && ["3F000", "42P01", "42883", "42704"].includes(code);
}

/** The error of a command as whoever asked gets it: `QueueUnavailable`, unless it is our own already. */
export function toUnavailable(error: unknown, what: string): Error {
  if (error instanceof QueueUnavailable || error instanceof HandlerConflict) return error;
  return new QueueUnavailable(`the queue failed (${what}): ${errorMessage(error)}`, { cause: error });
}

/** Waits for the work, but no longer than `ms`; what comes of the work is not told. */
export async function bounded(work: Promise<unknown>, ms: number): Promise<void> {
  const timer = new AbortController();
  await Promise.race([work, sleep(ms, undefined, { signal: timer.signal }).catch(() => {})]);
  timer.abort();
}

/** What the work answers. Throws `QueueUnavailable` after 5 s. */
export async function within<T>(work: Promise<T>, what: string): Promise<T> {
  const timer = new AbortController();
  const late = sleep(answerTimeoutMs, undefined, { signal: timer.signal, ref: false }).then(
    () => Promise.reject(new QueueUnavailable(`the queue did not answer (${what}) within ${answerTimeoutMs} ms`)),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
    work.catch(() => {});
  }
}
