/**
 * How long to wait before a call is made again: one policy for both services and for the jobs.
 *
 * Own pauses grow, whatever a service asks: an answer that says "now", or names a moment that has passed, would otherwise make us ask
 * as fast as the line carries. A hint can only make a pause longer, and one that is absurdly far counts for nothing, since a single
 * wrong header must not stop a connection for a day.
 */
import type { IncomingHttpHeaders } from "node:http";
import { setTimeout as sleepFor } from "node:timers/promises";

/** Pauses that grow by `factor` from `firstMs` to `maxMs`; each is drawn between the two shares of `jitter`. */
export type Growth = {
  readonly firstMs: number;
  readonly factor: number;
  readonly maxMs: number;
  readonly jitter: readonly [least: number, most: number];
};

/** After an answer that tells us to wait. */
export const throttleGrowth: Growth = { firstMs: 1_000, factor: 2, maxMs: 60_000, jitter: [0.5, 1.5] };
/** After a broken connection or a gateway's error. */
export const repeatGrowth: Growth = { firstMs: 250, factor: 4, maxMs: 60_000, jitter: [0.5, 1.5] };

/** A service that asks for a longer pause gets it, but the caller is not kept waiting for it. */
export const callerWaitMaxMs = 60_000;
/** Jira's hourly quotas are the longest wait that either service documents. */
const hintMaxMs = 3_600_000;

/** Pause after the n-th failure (from 1), in whole milliseconds; `random` in [0, 1). Pure. */
export function growingMs(growth: Growth, failures: number, random: number): number {
  const { firstMs, factor, maxMs, jitter } = growth;
  const fullMs = Math.min(maxMs, firstMs * factor ** Math.min(failures - 1, 30));
  return Math.round(fullMs * (jitter[0] + (jitter[1] - jitter[0]) * random));
}

/** The own pause, or the one asked for where that is longer. Pure. */
export function pauseMs(ownMs: number, askedMs: number | null): number {
  return Math.max(ownMs, askedMs ?? 0);
}

/**
 * How long an answer asks to wait: `Retry-After` in seconds or as a date, else `X-RateLimit-Reset`, by the service's own clock where the
 * answer carries it. `null` where it does not say, or says nothing that could be meant: no time at all, a moment that has passed, more
 * than an hour. Pure.
 */
export function readWaitHint(headers: IncomingHttpHeaders, now: Date): number | null {
  const retryAfter = textOf(headers["retry-after"]);
  const served = Date.parse(textOf(headers.date));
  const startMs = Number.isNaN(served) ? now.getTime() : served;
  const waits = [
    /^\d{1,12}(?:\.\d+)?$/.test(retryAfter) ? Math.ceil(Number(retryAfter) * 1_000) : Date.parse(retryAfter) - startMs,
    Date.parse(textOf(headers["x-ratelimit-reset"])) - startMs,
  ];
  return waits.find((waitMs) => waitMs > 0 && waitMs <= hintMaxMs) ?? null;
}

function textOf(value: string | readonly string[] | undefined): string {
  return (typeof value === "string" ? value : (value?.[0] ?? "")).trim();
}

/** Endpoints that asked for a pause of their own. */
export type EndpointPauses = {
  /** Waits until the endpoint's pause is over. */
  wait(endpoint: string): Promise<void>;
  /** Nobody calls the endpoint before this much time has passed. */
  pause(endpoint: string, forMs: number): void;
};

/** Makes the pauses of one client: a burst limit of one endpoint is nobody else's business. */
export function makeEndpointPauses(deps: {
  readonly nowMs: () => number;
  readonly sleep: (pauseMs: number) => Promise<unknown>;
}): EndpointPauses {
  const until = new Map<string, number>();
  return {
    async wait(endpoint) {
      const leftMs = (until.get(endpoint) ?? 0) - deps.nowMs();
      if (leftMs > 0) await deps.sleep(leftMs);
      else until.delete(endpoint);
    },
    pause(endpoint, forMs) {
      until.set(endpoint, Math.max(until.get(endpoint) ?? 0, deps.nowMs() + forMs));
    },
  };
}

/** Waits, at most until `signal` aborts. */
export type Sleep = (pauseMs: number, signal?: AbortSignal) => Promise<unknown>;

/** The machine's own. Rejects when `signal` aborts. */
export const sleepOf: Sleep = (pauseMs, signal) => sleepFor(pauseMs, undefined, signal === undefined ? {} : { signal });

/** Sleeps, and is over at once when the process ends. */
export async function restUntilEnd(sleep: Sleep, pauseMs: number, ending: AbortSignal | undefined): Promise<void> {
  await sleep(pauseMs, ending).catch((error: unknown) => {
    if (ending?.aborted !== true) throw error;
  });
}
