/** Meters around a port and its budget: each call and each wait is counted, and what errors say about the service becomes metrics. */

import type { Budget } from "../domain/budget.ts";
import { isServiceError, ServiceError, type Side } from "../domain/service-error.ts";
import { isOverTime } from "../lib/time-limit.ts";
import type { Metrics } from "../observability/metrics.ts";

/**
 * Wraps every function of `port`. Answers and errors pass through unchanged. `onRefused` hears of changes only. When the service refuses
 * the credential, `renew` may give a port with another one, which takes the place of the first; the call is then made once more, since
 * a call without a valid credential did nothing.
 * Within `withTimeLimit` no call starts once the time is used up: it throws `unavailable`.
 */
export function observePort<Port extends object>(
  port: Port,
  facts: {
    readonly side: Side;
    readonly connection: string;
    readonly metrics: Metrics;
    readonly onRefused: (refused: boolean) => void;
    readonly renew?: () => Port | null;
  },
): Port {
  const { side, connection, metrics, onRefused } = facts;
  let current = port;
  let refused: boolean | null = null;
  function setRefused(value: boolean): void {
    if (refused === value) return;
    refused = value;
    metrics.setCredentialRefused({ connection, side, refused: value });
    onRefused(value);
  }
  async function call(name: string, args: unknown[]): Promise<unknown> {
    const asked = current;
    const apply = async (target: Port): Promise<unknown> =>
      Reflect.apply(Reflect.get(target, name) as (...all: unknown[]) => unknown, target, args);
    try {
      return await apply(asked);
    } catch (error) {
      if (!isServiceError(error, "unauthorized")) throw error;
      // Another call may have renewed it meanwhile.
      if (current === asked) current = facts.renew?.() ?? current;
      if (current === asked) throw error;
      return apply(current);
    }
  }
  return new Proxy(port, {
    get(_target, name) {
      const value: unknown = Reflect.get(current, name);
      if (typeof value !== "function" || typeof name !== "string") return value;
      return async (...args: unknown[]): Promise<unknown> => {
        if (isOverTime()) throw outOfTime(side, name);
        const startedAt = performance.now();
        try {
          const result: unknown = await call(name, args);
          metrics.requestEnded({ side, operation: name, status: 200, durationMs: performance.now() - startedAt });
          metrics.setServiceReachable({ connection, side, reachable: true });
          setRefused(false);
          return result;
        } catch (error) {
          if (isServiceError(error)) {
            metrics.requestEnded({
              side,
              operation: name,
              status: error.facts.status,
              durationMs: performance.now() - startedAt,
            });
            if (error.kind === "unavailable") metrics.setServiceReachable({ connection, side, reachable: false });
            // Without a status the turn came too late here; the service asked for nothing.
            if (error.kind === "rate_limited" && error.facts.status !== null) metrics.rateLimited(side);
            if (error.kind === "unauthorized") setRefused(true);
          }
          throw error;
        }
      };
    },
  });
}

function outOfTime(side: Side, operation: string): ServiceError {
  return new ServiceError({
    side,
    kind: "unavailable",
    operation,
    status: null,
    code: "OUT_OF_TIME",
    requestId: null,
    retryAfterMs: null,
    outcomeUnknown: false,
    detail: "the round has used up its time; nothing was sent",
  });
}

/** The budget itself, with the time that each request waits for it measured by lane. `onRequest` hears of each request that may go. */
export function observeBudget(
  budget: Budget,
  {
    side,
    metrics,
    onRequest,
  }: { readonly side: Side; readonly metrics: Metrics; readonly onRequest?: (() => void) | undefined },
): Budget {
  return {
    take: async (lane, signal) => {
      const askedAt = performance.now();
      await budget.take(lane, signal);
      metrics.requestWaited({ side, lane, waitMs: performance.now() - askedAt });
      onRequest?.();
    },
    pause: (pauseMs) => budget.pause(pauseMs),
  };
}
