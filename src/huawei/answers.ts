/**
 * From an answer, or the lack of one, to data or a `ServiceError`.
 *
 * The trap: business errors come inside HTTP 200 (huawei.md 10), and what `error_code` holds after a success is not documented
 * (huawei.md 13). So 2xx proves nothing; the code decides, and for a write anything that cannot be understood has an unknown outcome.
 */
import type { IncomingHttpHeaders } from "node:http";
import { type ErrorKind, ServiceError, type ServiceErrorFacts, unsupportedCode } from "../domain/service-error.ts";
import type { HttpFailure } from "../lib/http.ts";
import { readWaitHint } from "../lib/retry.ts";
import { findErrorCode } from "./error-codes.ts";

/** What the error of a call is named after. */
export type CallFacts = {
  readonly operation: string;
  /** Whether the call changes something, so that its repetition could double it. */
  readonly write: boolean;
};

/** An answer read to its end. */
export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string };

/**
 * JSON of a successful answer; `undefined` for an empty body, which a write without result may give (huawei.md 12).
 * Throws `ServiceError` for every refusal, business errors inside HTTP 200 included.
 */
export function readAnswer(call: CallFacts, answer: Answer): unknown {
  const parsed = parseJson(answer.text);
  const facts = factsOf(answer, parsed.json);
  const failure = answerFailure(answer.status, facts.code);
  if (failure !== null) {
    const htmlNotFound = failure.kind === "not_found" && facts.code === null && parsed.kind === "broken";
    // A 404 page of a proxy says nothing about the case; only the service's own words do.
    const kind = htmlNotFound ? "contract" : failure.kind;
    const detail = htmlNotFound ? "404 that is not the service's own" : failure.detail;
    throw makeError(call, {
      ...facts,
      kind,
      detail,
      ...(failure.remedy === null ? {} : { remedy: failure.remedy }),
      ...(failure.zh === null ? {} : { zh: failure.zh }),
      outcomeUnknown: kind === "unavailable" || (answer.status < 300 && kind === "contract"),
    });
  }
  if (parsed.kind === "broken") {
    throw makeError(call, { ...facts, kind: "contract", detail: "the answer is not JSON", outcomeUnknown: true });
  }
  return parsed.json;
}

/** Translates a request without a complete answer. */
export function toServiceError(call: CallFacts, failure: HttpFailure): ServiceError {
  return makeError(
    call,
    {
      kind: failure.reason === "too_large" ? "contract" : "unavailable",
      status: null,
      code: null,
      requestId: null,
      retryAfterMs: null,
      outcomeUnknown: failure.mayHaveArrived,
      detail: failure.message,
      ...(failure.remedy === null ? {} : { remedy: failure.remedy }),
      ...(failure.zh === null ? {} : { zh: failure.zh }),
    },
    failure,
  );
}

/** A reply that does not match its schema; `path` names the field, never its value. For a write the outcome is unknown. */
export function contractError(call: CallFacts, path: string): ServiceError {
  const facts = { kind: "contract" as const, status: null, code: null, requestId: null, retryAfterMs: null };
  return makeError(call, { ...facts, outcomeUnknown: true, detail: `unreadable answer at ${path}` });
}

/** A call that is refused here, before anything is sent. */
export function refusedLocally(call: CallFacts, detail: string): ServiceError {
  const facts = { kind: "rejected" as const, status: null, code: null, requestId: null, retryAfterMs: null };
  return makeError(call, { ...facts, outcomeUnknown: false, detail });
}

/** The refusal of a call that the API version in use lacks: kind `rejected`, nothing was sent. */
export function unsupported(call: CallFacts, detail: string): ServiceError {
  const facts = { kind: "rejected" as const, status: null, requestId: null, retryAfterMs: null };
  return makeError(call, { ...facts, code: unsupportedCode, outcomeUnknown: false, detail });
}

/** A write whose caller lost the right to start it while it waited for its turn: nothing was sent, waiting costs nothing. */
export function notStarted(call: CallFacts): ServiceError {
  const facts = {
    kind: "rate_limited" as const,
    status: null,
    code: "NOT_STARTED",
    requestId: null,
    retryAfterMs: null,
  };
  return makeError(call, { ...facts, outcomeUnknown: false, detail: "not started: the turn came too late" });
}

/**
 * Whether an `error_code` says that the call failed: `OSM.` with digits that are not all zero, or any of the gateway (huawei.md 10).
 */
export function isFailureCode(code: string): boolean {
  return /^OSM\.(?!0+$)./.test(code) || code.startsWith("APIGW.");
}

/** Absent, empty, or only zeros after an optional prefix: what a success may carry (huawei.md 10). Assumed; a live call would prove it. */
function isZeroLike(code: string | null): boolean {
  return code === null || /^(?:[A-Za-z]+\.)?0*$/.test(code);
}

/** `error_code` of a parsed body as text (IAM: `error.code`); `null` when there is none. */
export function codeOf(json: unknown): string | null {
  const code = field(json, "error_code") ?? field(field(json, "error"), "code");
  return typeof code === "string" || typeof code === "number" ? String(code).trim() : null;
}

type ParsedBody = { readonly kind: "empty" | "json" | "broken"; readonly json: unknown };

function parseJson(text: string): ParsedBody {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  if (trimmed === "") return { kind: "empty", json: undefined };
  try {
    return { kind: "json", json: /\d{16}/.test(trimmed) ? parseKeepingLongNumbers(trimmed) : JSON.parse(trimmed) };
  } catch {
    return { kind: "broken", json: undefined };
  }
}

/** Ids may arrive as numbers (huawei.md 12); beyond 2^53 a JavaScript number would be another id, so the digits are kept as text. */
function parseKeepingLongNumbers(text: string): unknown {
  return JSON.parse(
    text,
    function keepDigits(this: unknown, ...[, value, context]: [string, unknown, { source?: string }?]) {
      if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
      return /^-?\d+$/.test(context?.source ?? "") ? context?.source : value;
    },
  );
}

type AnswerFacts = { status: number; code: string | null; requestId: string | null; retryAfterMs: number | null };

function factsOf(answer: Answer, json: unknown): AnswerFacts {
  const named = field(json, "request_id");
  const header = answer.headers["x-request-id"];
  const requestId = typeof named === "string" && named !== "" ? named : typeof header === "string" ? header : null;
  const code = codeOf(json);
  return {
    status: answer.status,
    code: code === null || isZeroLike(code) ? null : code.slice(0, 64),
    requestId: requestId?.slice(0, 128) ?? null,
    retryAfterMs: answer.status === 429 || answer.status === 503 ? readWaitHint(answer.headers, new Date()) : null,
  };
}

type Failure = {
  readonly kind: ErrorKind;
  readonly detail: string;
  readonly remedy: string | null;
  readonly zh: NonNullable<ServiceErrorFacts["zh"]> | null;
};

function answerFailure(status: number, code: string | null): Failure | null {
  const success = status >= 200 && status < 300;
  if (success && code === null) return null;
  // 429 and 5xx outrank the code: they say what to do next, the code only why.
  const byStatus = success ? null : kindOfStatus(status);
  const row = code === null ? null : findErrorCode(code, status);
  const remedy = row?.remedy.en ?? null;
  const unexplained = row === null || row.code !== code;
  const known = unexplained ? null : row.meaning.en;
  const detail = known ?? (code === null ? `HTTP status ${status}` : "a code that Huawei does not explain");
  const words = {
    detail,
    remedy,
    zh: row === null ? null : { detail: unexplained ? "华为云未说明的错误码" : row.meaning.zh, remedy: row.remedy.zh },
  };
  if (byStatus === "rate_limited" || byStatus === "unavailable") return { kind: byStatus, ...words };
  if (row !== null) return { kind: row.kind, ...words };
  if (byStatus !== null) return { kind: byStatus, ...words };
  // A code of no known family inside 2xx: neither a success nor a known refusal (huawei.md 10).
  return { kind: code !== null && isFailureCode(code) ? "rejected" : "contract", ...words };
}

function kindOfStatus(status: number): ErrorKind {
  if (status === 401) return "unauthorized";
  if (status === 403) return "forbidden";
  if (status === 404) return "not_found";
  if (status === 408 || status >= 500) return "unavailable";
  if (status === 429) return "rate_limited";
  return status >= 400 ? "rejected" : "contract";
}

type ErrorFacts = {
  readonly kind: ErrorKind;
  readonly status: number | null;
  readonly code: string | null;
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;
  readonly outcomeUnknown: boolean;
  readonly detail: string;
  readonly remedy?: string;
  readonly zh?: NonNullable<ServiceErrorFacts["zh"]>;
};

function makeError(call: CallFacts, facts: ErrorFacts, cause?: unknown): ServiceError {
  const options = cause === undefined ? {} : { cause };
  const outcomeUnknown = call.write && facts.outcomeUnknown;
  return new ServiceError({ side: "huawei", operation: call.operation, ...facts, outcomeUnknown }, options);
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
