/**
 * Requests to one Jira site: budget, lanes, pacing, attempts, bounds.
 *
 * Calls go through jira.js's own `Client` interface, so that any of its functions could run over it, but its transport is
 * not used: it has no time-out and hands no response headers on, so neither the reason of a 429 nor its reset time can be
 * read (jira.md 2.3), and `fetch` does not tell whether a failed write can have arrived.
 *
 * What is repeated, and only here: a throttled request of any method, since Jira did not execute it; and after a broken
 * connection or a gateway error reads, PUTs and DELETEs, which twice have the effect of once. A POST that writes is sent
 * once: the flows look for what it made (rule 2).
 */
import type { Client, SendRequestOptions } from "jira.js/core";
import type { Budget } from "../domain/budget.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError, type ServiceError } from "../domain/service-error.ts";
import { HttpFailure, type HttpResponse, type HttpSender, readBody, type StreamedBody } from "../lib/http.ts";
import {
  callerWaitMaxMs,
  type EndpointPauses,
  growingMs,
  makeEndpointPauses,
  pauseMs,
  repeatGrowth,
  restUntilEnd,
  type Sleep,
  throttleGrowth,
} from "../lib/retry.ts";
import { type ObservedServiceClock, toOurTime } from "../lib/service-clock.ts";
import { mayStillWrite } from "../lib/standing.ts";
import type { Clock, Log } from "../sync/ports.ts";
import {
  answerError,
  type CallFacts,
  contractError,
  failureError,
  makeError,
  notStarted,
  perIssueLimitCode,
  readAnswer,
  refusedLocally,
  withUnknownOutcome,
} from "./errors.ts";
import { makeIssuePacer } from "./issue-pacer.ts";
import type { JiraOptions, JiraTimeouts } from "./options.ts";

/** Who asks, what for, and on which issue. */
export type CallContext = CallFacts & {
  readonly lane: Lane;
  /** The issue that the call is about; writes count against its limit. `null` where it is not known. */
  readonly issueId?: string | null;
};

/** One HTTP request; `url` is absolute. */
export type RawRequest = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Opened afresh for each attempt. */
  readonly openBody?: () => StreamedBody;
  readonly json?: unknown;
  /** Bytes that the transfer may carry, for its time-out; 0 = a plain call. */
  readonly transferBytes?: number;
  /** False where the request leaves the site: credentials stay at home. */
  readonly authorized?: boolean;
};

/** The way to one site. Rejects only with `ServiceError`, and with what a consumer of a stream throws itself. */
export type Transport = {
  /** A jira.js client for one call. Answers that do not match the call's schema are `contract` errors. */
  client(call: CallContext): Client;
  /**
   * Sends with the attempts of this file; `consume` gets every answer whatever its status, and what it throws as a
   * `ServiceError` counts as the result of that attempt.
   */
  attempt<Result>(
    call: CallContext,
    method: RawRequest["method"],
    once: (send: (request: RawRequest) => Promise<HttpResponse>) => Promise<Result>,
  ): Promise<Result>;
  /** Told of an issue's creation: for a while its absence is no proof that it is gone. */
  noteIssue(issueId: string, createdAt: Date): void;
  /** Told of an issue's deletion. */
  forgetIssue(issueId: string): void;
  /** Address of an API path on this site. */
  toUrl(path: string, query?: Readonly<Record<string, unknown>>): string;
};

/** What a transport needs. `sleep` and `random` are for tests. */
export type TransportDeps = {
  readonly options: JiraOptions;
  readonly send: HttpSender;
  readonly budget: Budget;
  readonly log: Log;
  readonly clock: Clock;
  readonly serviceClock: ObservedServiceClock;
  readonly timeouts: JiraTimeouts;
  readonly sleep: Sleep;
  readonly random: () => number;
  /** Once it aborts nothing is sent any more, and no pause goes on: the process ends. */
  readonly ending?: AbortSignal;
};

/** A busy site answers 404 for a fresh issue for up to half a minute (jira.md 6, a field report). */
const youngMs = 120_000;
/** An answer with this status, or none, may be different in a moment. */
const passingStatuses: readonly (number | null)[] = [null, 408, 502, 503, 504];
const throttledAttemptsMax = 5;
const repeatsMax = 2;
/** The reason of a 429 that speaks of one endpoint alone (jira.md 3.6). */
const endpointLimitCode = "jira-burst-based";
/** Requests of one client under way at once. */
const parallelMax = 16;
/** 100 issues with long descriptions stay below. */
const bodyBytesMax = 64 * 1024 * 1024;
/** Slowest transfer that is waited for: 256 KiB in a second. */
const transferBytesPerMs = 262.144;

/** Makes the transport of one client. */
export function makeTransport(deps: TransportDeps): Transport {
  const authorization = `Basic ${Buffer.from(`${deps.options.email}:${deps.options.apiToken.reveal()}`).toString("base64")}`;
  const slots = makeSlots(parallelMax);
  const waits = {
    nowMs: () => deps.clock.now().getTime(),
    sleep: (pauseMs: number) => restUntilEnd(deps.sleep, pauseMs, deps.ending),
  };
  const endpoints = makeEndpointPauses(waits);
  const pacer = makeIssuePacer(waits);

  const young = makeYoungIssues(deps);

  async function sendOnce(call: CallContext, request: RawRequest): Promise<HttpResponse> {
    const json = request.json === undefined ? null : Buffer.from(JSON.stringify(request.json));
    const headers: Record<string, string> = { accept: "application/json", ...request.headers };
    if (json !== null) headers["content-type"] = "application/json";
    if (request.authorized !== false) headers.authorization = authorization;
    const transferBytes = request.transferBytes ?? 0;
    const baseMs = transferBytes === 0 ? deps.timeouts.callMs : deps.timeouts.fileMs;
    const startedAt = performance.now();
    let status: number | null = null;
    try {
      const answer = await deps.send({
        method: request.method,
        url: request.url,
        headers,
        body: request.openBody === undefined ? json : request.openBody(),
        connectTimeoutMs: deps.timeouts.connectMs,
        idleTimeoutMs: baseMs,
        timeoutMs: baseMs + Math.ceil(transferBytes / transferBytesPerMs),
      });
      status = answer.status;
      // Files may lie elsewhere, where the site's clock does not show.
      if (request.authorized !== false) deps.serviceClock.noteDate(answer.headers);
      return answer;
    } catch (error) {
      throw error instanceof HttpFailure ? failureError(call, error) : error;
    } finally {
      const tookMs = Math.round(performance.now() - startedAt);
      deps.log.debug({ operation: call.operation, method: request.method, status, tookMs }, "Jira request");
    }
  }

  async function attempt<Result>(
    call: CallContext,
    method: RawRequest["method"],
    once: (send: (request: RawRequest) => Promise<HttpResponse>) => Promise<Result>,
  ): Promise<Result> {
    const issueId = call.issueId ?? null;
    const sendAndRead = async () => {
      let path = "";
      try {
        return await once((request) => {
          path = new URL(request.url).pathname;
          return sendOnce(call, request);
        });
      } catch (error) {
        const isAway = isServiceError(error, "not_found") && method !== "DELETE" && young.has(issueId);
        throw isAway && isAboutIssue(path, issueId) ? notYetThere(call, error) : error;
      }
    };
    const work = (count: () => void) =>
      repeat({ ...deps, slots, endpoints }, { call, method, count, once: sendAndRead });
    return call.effect === "write" && issueId !== null ? pacer.run(issueId, work) : work(() => {});
  }

  async function sendRequest<T>(call: CallContext, options: SendRequestOptions<T>): Promise<T> {
    const method = options.method ?? "GET";
    if (method !== "GET" && method !== "POST" && method !== "PUT" && method !== "DELETE") {
      throw refusedLocally(call, "a method that is not used here");
    }
    const url = toUrl(deps.options.host, options.url, options.searchParams ?? {});
    const json: unknown = await attempt(call, method, async (send) => {
      const request = { method, url, ...(options.body === undefined ? {} : { json: options.body }) };
      const answer = await readWhole(call, await send(request));
      return readAnswer(call, answer, deps.clock.now());
    });
    if (options.schema === undefined) return json as T;
    const parsed = options.schema.safeParse(json);
    if (parsed.success) return parsed.data;
    const paths = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join(".") || "root"} (${issue.code})`);
    throw contractError(call, paths.join(", "));
  }

  return {
    client: (call) => ({ sendRequest: (options) => sendRequest(call, options) }),
    attempt,
    noteIssue: young.note,
    forgetIssue: young.forget,
    toUrl: (path, query = {}) => toUrl(deps.options.host, path, query),
  };
}

/** The issues that were made a short while ago, as far as this process knows of them. */
function makeYoungIssues(deps: Pick<TransportDeps, "clock" | "serviceClock">) {
  const madeMs = new Map<string, number>();
  const isOld = (atMs: number): boolean => deps.clock.now().getTime() - atMs >= youngMs;
  return {
    note(issueId: string, createdAt: Date): void {
      for (const [id, atMs] of madeMs) if (isOld(atMs)) madeMs.delete(id);
      const atMs = toOurTime(createdAt, deps.serviceClock.aheadMs()).getTime();
      if (!isOld(atMs)) madeMs.set(issueId, Math.min(atMs, deps.clock.now().getTime()));
    },
    forget(issueId: string): void {
      madeMs.delete(issueId);
    },
    has(issueId: string | null): boolean {
      const atMs = issueId === null ? undefined : madeMs.get(issueId);
      return atMs !== undefined && !isOld(atMs);
    },
  };
}

/** Whether an address speaks of the issue itself, and not of one thing in it that may be gone. */
function isAboutIssue(path: string, issueId: string | null): boolean {
  const rest = path.split(`/issue/${issueId}`)[1];
  return rest !== undefined && /^(?:\/(?:comment|attachments|transitions|changelog|properties\/[^/]+))?$/.test(rest);
}

/** A fresh issue that Jira does not show yet: nothing was done, and it passes. */
function notYetThere(call: CallContext, error: ServiceError): ServiceError {
  return makeError(call, {
    kind: "unavailable",
    status: error.facts.status,
    requestId: error.facts.requestId,
    detail: "a fresh issue does not show yet",
  });
}

/** Reads an answer to its end, within a bound. */
export async function readWhole(
  call: CallFacts,
  response: HttpResponse,
): Promise<{ status: number; headers: HttpResponse["headers"]; text: string }> {
  try {
    const body = await readBody(response, bodyBytesMax);
    return { status: response.status, headers: response.headers, text: body.toString("utf8") };
  } catch (error) {
    throw error instanceof HttpFailure ? failureError(call, error) : error;
  } finally {
    response.discard();
  }
}

/** Throws what an answer that is no success means; else leaves its body to the caller. */
export async function requireSuccess(call: CallFacts, response: HttpResponse, now: Date): Promise<void> {
  if (response.status >= 200 && response.status < 300) return;
  throw answerError(call, await readWhole(call, response), now);
}

/** Path segments are not encoded (jira.md 2.3), so only harmless ones are let through. Throws `ServiceError` (`rejected`). */
export function checkedSegment(call: CallFacts, segment: string): string {
  if (/^[A-Za-z0-9._-]{1,255}$/.test(segment) && !/^\.+$/.test(segment)) return segment;
  throw refusedLocally(call, "an id or key that cannot stand in an address");
}

type RepeatDeps = TransportDeps & { readonly slots: Slots; readonly endpoints: EndpointPauses };

async function repeat<Result>(
  deps: RepeatDeps,
  input: {
    readonly call: CallContext;
    readonly method: RawRequest["method"];
    readonly count: () => void;
    readonly once: () => Promise<Result>;
  },
): Promise<Result> {
  const { call, method, count, once } = input;
  const spent = { throttled: 0, repeats: 0 };
  let mayHaveLanded = false;
  for (;;) {
    const release = await begin(deps, call);
    if (release === null) {
      const error = notStarted(call);
      throw mayHaveLanded ? withUnknownOutcome(error) : error;
    }
    try {
      return await once().finally(() => {
        release();
        count();
      });
    } catch (error) {
      if (!isServiceError(error)) throw error;
      // Gone after an attempt whose answer was lost: it was that attempt (jira.md 2.5).
      if (method === "DELETE" && mayHaveLanded && error.kind === "not_found") return undefined as Result;
      mayHaveLanded ||= error.facts.outcomeUnknown;
      if (!(await mayRepeat(deps, { call, method, error, spent }))) {
        throw mayHaveLanded ? withUnknownOutcome(error) : error;
      }
    }
  }
}

/** Waits for the call's turn and for a slot; answers what frees the slot, `null` where the call may not start any more. */
async function begin(deps: RepeatDeps, call: CallContext): Promise<(() => void) | null> {
  const isEnding = (): boolean => deps.ending?.aborted === true;
  await deps.endpoints.wait(call.operation);
  await deps.budget.take(call.lane, deps.ending).catch((error: unknown) => {
    if (!isEnding()) throw error;
  });
  if (isEnding()) return null;
  const release = await deps.slots.take();
  if (call.effect === "read" || mayStillWrite()) return release;
  release();
  return null;
}

async function mayRepeat(
  deps: RepeatDeps,
  facts: {
    readonly call: CallContext;
    readonly method: RawRequest["method"];
    readonly error: ServiceError;
    readonly spent: { throttled: number; repeats: number };
  },
): Promise<boolean> {
  const { call, method, error, spent } = facts;
  const askedMs = error.facts.retryAfterMs;
  if (error.kind === "rate_limited") {
    spent.throttled += 1;
    const waitMs = pauseMs(growingMs(throttleGrowth, spent.throttled, deps.random()), askedMs);
    const reason = error.facts.code;
    const again = spent.throttled < throttledAttemptsMax && waitMs <= callerWaitMaxMs;
    deps.log.warn({ operation: call.operation, reason, pauseMs: waitMs, again }, "Jira asked to wait");
    // The limit of one issue or endpoint is nobody else's business; that issue's turn is held meanwhile.
    if (reason === endpointLimitCode) deps.endpoints.pause(call.operation, waitMs);
    else {
      if (reason !== perIssueLimitCode) await deps.budget.pause(waitMs);
      if (again) await restUntilEnd(deps.sleep, waitMs, deps.ending);
    }
    return again;
  }
  const repeatable = call.effect === "read" || method === "PUT" || method === "DELETE";
  const passing = error.kind === "unavailable" && passingStatuses.includes(error.facts.status);
  if (!repeatable || !passing || spent.repeats >= repeatsMax || (askedMs ?? 0) > callerWaitMaxMs) return false;
  spent.repeats += 1;
  const againMs = pauseMs(growingMs(repeatGrowth, spent.repeats, deps.random()), askedMs);
  await restUntilEnd(deps.sleep, againMs, deps.ending);
  return true;
}

type Slots = { take(): Promise<() => void> };

/** Bounds what is under way at once; first come, first served, since the budget has ordered the callers before. */
function makeSlots(countMax: number): Slots {
  const waiting: (() => void)[] = [];
  let free = countMax;
  function once(): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    };
  }
  return {
    take: async () => {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return once();
    },
  };
}

/** Lists are joined by commas, as Jira documents for `fields`, `expand` and `permissions`; what is null is not sent. */
function toUrl(host: string, path: string, query: Readonly<Record<string, unknown>>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    params.set(name, Array.isArray(value) ? value.join(",") : String(value));
  }
  const text = params.toString();
  return `${host.replace(/\/+$/, "")}${path}${text === "" ? "" : `?${text}`}`;
}
