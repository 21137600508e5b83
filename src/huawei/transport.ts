/**
 * Requests to the service: budget, authentication, attempts, bounds.
 *
 * What is repeated here, and only here: a throttled request (it was not executed), a request whose token had died (likewise,
 * once), and reads after a broken connection or a gateway error. A write is never repeated after anything else, because the
 * service has no idempotency key (huawei.md 6): the flows look for it first.
 */
import type { Budget } from "../domain/budget.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError, type ServiceError } from "../domain/service-error.ts";
import { HttpFailure, type HttpResponse, type HttpSender, readBody, type StreamedBody } from "../lib/http.ts";
import {
  callerWaitMaxMs,
  growingMs,
  pauseMs,
  repeatGrowth,
  restUntilEnd,
  type Sleep,
  sleepOf,
  throttleGrowth,
} from "../lib/retry.ts";
import type { Sealed } from "../lib/sealed.ts";
import { type ObservedServiceClock, toServiceTime } from "../lib/service-clock.ts";
import { mayStillWrite } from "../lib/standing.ts";
import type { Clock, Log } from "../sync/ports.ts";
import { type CallFacts, notStarted, readAnswer, refusedLocally, toServiceError } from "./answers.ts";
import type { Login } from "./iam.ts";

/** One call. Only documented parameters may stand here: the query and the body are sent as they are. */
export type ApiCall = CallFacts & {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly origin: string;
  /** Decoded segments, joined by `/`. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string | number | boolean | null>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Made for each attempt once its turn has come, since what it holds may have to stay by then. What it throws ends the call as it is. */
  readonly prepare?: () => Promise<Prepared>;
  /** Bytes that the answer may carry, for its time-out. */
  readonly transferBytes?: number;
};

/** The body of one attempt. */
export type Prepared = {
  readonly body:
    | { readonly kind: "json"; readonly json: object }
    | { readonly kind: "stream"; readonly contentType: string; readonly open: () => StreamedBody };
  /** Bytes that the transfer carries, for its time-out. */
  readonly transferBytes?: number;
  /** Whether the body may still leave when the connection stands. */
  readonly mayLeave?: () => boolean;
};

/** A JSON body that carries nothing from Jira. */
export function plainJson(json: object): Pick<ApiCall, "prepare"> {
  return { prepare: async () => ({ body: { kind: "json", json } }) };
}

/** A body made of sealed content, which is judged for each attempt when its turn has come. */
export function sealedBody<Content>(
  sealed: Sealed<Content>,
  toBody: (content: Content) => Prepared | Promise<Prepared>,
): Pick<ApiCall, "prepare"> {
  return { prepare: async () => ({ ...(await toBody(await sealed.open())), mayLeave: () => sealed.holds() }) };
}

/** The client's way to the service. Rejects only with `ServiceError`, and with what a consumer of a stream throws itself. */
export type Transport = {
  /** JSON of a successful answer; `undefined` for an empty body. */
  json(call: ApiCall, lane: Lane): Promise<unknown>;
  /** Hands the successful answer to `consume`; a failing body is an error of the call, whatever `consume` makes of it. */
  stream<Result>(call: ApiCall, lane: Lane, consume: (answer: HttpResponse) => Promise<Result>): Promise<Result>;
  /** Value of the answer's Date header, whatever its status: works even where the clock's error makes every signature wrong. */
  date(call: ApiCall, lane: Lane): Promise<Date | null>;
};

/** What a transport needs. `sleep` and `random` are for tests. */
export type TransportDeps = {
  readonly send: HttpSender;
  readonly login: Login;
  readonly budget: Budget;
  readonly log: Log;
  readonly clock: Clock;
  readonly serviceClock: ObservedServiceClock;
  readonly timeoutMs: number;
  readonly sleep?: Sleep;
  readonly random?: () => number;
  /** Once it aborts nothing is sent any more, and no pause goes on: the process ends. */
  readonly ending?: AbortSignal;
};

const throttledAttemptsMax = 5;
const readRepeatsMax = 2;
const lateRepeatsMax = 3;
/** A signature that was refused by a clock so far from what was thought is made anew by that clock. */
const clockNewsMs = 60_000;
const connectTimeoutMs = 10_000;
/** Slowest transfer that is waited for: 64 KiB in a second. */
const transferBytesPerMs = 65.536;
const transferMaxMs = 3_600_000;
/** A case of thousands of long messages stays below; anything larger is not an answer of this service. */
const bodyBytesMax = 32 * 1024 * 1024;

/** Makes the transport of one client. */
export function makeTransport(deps: TransportDeps): Transport {
  return {
    json: (call, lane) => repeat(deps, call, lane, async (answer) => readAnswer(call, await toAnswer(answer))),
    stream: (call, lane, consume) =>
      repeat(deps, call, lane, async (answer) => {
        if (answer.status < 200 || answer.status > 299) readAnswer(call, await toAnswer(answer));
        return consume(answer);
      }),
    date: (call, lane) =>
      repeat({ ...deps, login: nobody }, call, lane, async (answer) => {
        const date = Date.parse(answer.headers.date ?? "");
        answer.discard();
        return Number.isNaN(date) ? null : new Date(date);
      }),
  };
}

/** Asks as nobody: a refusal tells the time as well, and a login that is refused must not hide the clock, which may be why. */
const nobody: Login = {
  ready: async () => null,
  authorize: ({ headers, origin }) => ({ ...headers, host: new URL(origin).host }),
  forget: () => false,
  tryOtherScope: async () => false,
  undoScope: async () => {},
  endsAt: () => null,
};

async function toAnswer(
  answer: HttpResponse,
): Promise<{ status: number; headers: HttpResponse["headers"]; text: string }> {
  const body = await readBody(answer, bodyBytesMax);
  return { status: answer.status, headers: answer.headers, text: body.toString("utf8") };
}

/** Waits for the call's turn in the budget. False once the process ends. */
async function mayTake({ budget, ending }: TransportDeps, lane: Lane): Promise<boolean> {
  await budget.take(lane, ending).catch((error: unknown) => {
    if (ending?.aborted !== true) throw error;
  });
  return ending?.aborted !== true;
}

async function repeat<Result>(
  deps: TransportDeps,
  call: ApiCall,
  lane: Lane,
  consume: (answer: HttpResponse) => Promise<Result>,
): Promise<Result> {
  const spent = { throttled: 0, reads: 0, logins: 0, late: 0, scopes: 0 };
  for (;;) {
    const pass = await deps.login.ready(lane);
    const aheadMs = deps.serviceClock.aheadMs();
    if (!(await mayTake(deps, lane))) throw notStarted(call);
    const prepared = (await call.prepare?.()) ?? null;
    if (call.write && !mayStillWrite()) throw notStarted(call);
    try {
      return await attempt(deps, { call, prepared, pass }, consume);
    } catch (error) {
      if (!isServiceError(error)) throw error;
      if (isLate(error) && spent.late < lateRepeatsMax) {
        spent.late += 1;
        continue;
      }
      if (!(await mayRepeat(deps, { call, lane, error, pass, spent, aheadMs }))) throw error;
    }
  }
}

/** Nothing was sent, since the connection came about too late for what was judged before. */
function isLate(error: ServiceError): boolean {
  return error.cause instanceof HttpFailure && error.cause.reason === "late";
}

async function attempt<Result>(
  deps: TransportDeps,
  {
    call,
    prepared,
    pass,
  }: { readonly call: ApiCall; readonly prepared: Prepared | null; readonly pass: string | null },
  consume: (answer: HttpResponse) => Promise<Result>,
): Promise<Result> {
  const path = call.path.map((segment) => checkedSegment(call, segment));
  const query = toQuery(call.query ?? {});
  const queryText = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(value)}`);
  const url = `${call.origin}/${path.map(encode).join("/")}${queryText.length === 0 ? "" : `?${queryText.join("&")}`}`;
  const body = prepared?.body ?? null;
  const json = body?.kind === "json" ? body.json : null;
  const contentType = body?.kind === "stream" ? body.contentType : "application/json";
  const transferBytes = Math.max(call.transferBytes ?? 0, prepared?.transferBytes ?? 0);
  const headers = deps.login.authorize(
    {
      method: call.method,
      origin: call.origin,
      path: `/${path.join("/")}`,
      query,
      headers: { "content-type": contentType, ...call.headers },
      json,
      // Signatures are judged by the service's clock.
      date: toServiceTime(deps.clock.now(), deps.serviceClock.aheadMs()),
    },
    pass,
  );
  const startedAt = performance.now();
  let status: number | null = null;
  try {
    const answer = await deps.send({
      method: call.method,
      url,
      headers,
      body: body?.kind === "stream" ? body.open() : json === null ? null : Buffer.from(JSON.stringify(json)),
      ...(prepared?.mayLeave === undefined ? {} : { mayLeave: prepared.mayLeave }),
      connectTimeoutMs: Math.min(connectTimeoutMs, deps.timeoutMs),
      idleTimeoutMs: deps.timeoutMs,
      timeoutMs: deps.timeoutMs + Math.min(Math.ceil(transferBytes / transferBytesPerMs), transferMaxMs),
    });
    status = answer.status;
    deps.serviceClock.noteDate(answer.headers);
    try {
      return await consume(answer);
    } finally {
      answer.discard();
    }
  } catch (error) {
    throw error instanceof HttpFailure ? toServiceError(call, error) : error;
  } finally {
    const tookMs = Math.round(performance.now() - startedAt);
    deps.log.debug({ operation: call.operation, method: call.method, status, tookMs }, "Huawei request");
  }
}

type Spent = { throttled: number; reads: number; logins: number; late: number; scopes: number };

async function mayRepeat(
  deps: TransportDeps,
  facts: {
    readonly call: ApiCall;
    readonly lane: Lane;
    readonly error: ServiceError;
    readonly pass: string | null;
    readonly spent: Spent;
    /** What was known of the service's clock when the request was signed. */
    readonly aheadMs: number;
  },
): Promise<boolean> {
  const { call, error, pass, spent } = facts;
  const random = deps.random ?? Math.random;
  if (error.kind === "rate_limited") {
    spent.throttled += 1;
    const waitMs = pauseMs(growingMs(throttleGrowth, spent.throttled, random()), error.facts.retryAfterMs);
    // Assumed: the limit is the account's. The gateway speaks of limits per API, which no answer names; a live 429 would tell.
    await deps.budget.pause(waitMs);
    return spent.throttled < throttledAttemptsMax && waitMs <= callerWaitMaxMs;
  }
  const isClockNews = Math.abs(deps.serviceClock.aheadMs() - facts.aheadMs) > clockNewsMs;
  if (error.kind === "unauthorized" && spent.logins === 0 && (deps.login.forget(pass) || isClockNews)) {
    spent.logins += 1;
    return true;
  }
  if (error.kind === "forbidden") {
    if (spent.scopes > 0) {
      await deps.login.undoScope(pass);
      return false;
    }
    spent.scopes += 1;
    return deps.login.tryOtherScope(pass, facts.lane);
  }
  const retryAfterMs = error.facts.retryAfterMs;
  if (retryAfterMs !== null) await deps.budget.pause(retryAfterMs);
  const passing = error.facts.status === null || [502, 503, 504].includes(error.facts.status);
  if (call.method !== "GET" || error.kind !== "unavailable" || !passing || spent.reads >= readRepeatsMax) return false;
  spent.reads += 1;
  if ((retryAfterMs ?? 0) > callerWaitMaxMs) return false;
  const againMs = pauseMs(growingMs(repeatGrowth, spent.reads, random()), retryAfterMs);
  await restUntilEnd(deps.sleep ?? sleepOf, againMs, deps.ending);
  return true;
}

/** RFC 3986: only unreserved characters stay (huawei.md 3.2); the signer encodes alike, so that sent and signed bytes agree. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Sorted by name, as it is signed. Arrays come joined by commas already; `null` = not sent. */
function toQuery(query: Readonly<Record<string, string | number | boolean | null>>): Record<string, string> {
  const entries = Object.entries(query).filter(([, value]) => value !== null);
  entries.sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value).toWellFormed()]));
}

/** The vendor's signer reads the path as a URL, so that an id with these characters would be signed as another one. */
function checkedSegment(call: ApiCall, segment: string): string {
  const unfit = /[\u0000-\u0020\u007f/?#%\\{}|^"<>`';]/.test(segment) || segment === "" || /^\.\.?$/.test(segment);
  if (unfit || !segment.isWellFormed()) throw refusedLocally(call, "an id that cannot stand in an address");
  return segment;
}
