/**
 * From an answer of Jira, or the lack of one, to data or a `ServiceError`.
 *
 * A message never holds a body: Jira echoes what was sent into its errors (jira.md 2.3), so quoted parts are masked and of
 * the field errors only the names stay. They are what an operator needs to mend a screen or a workflow.
 */
import type { IncomingHttpHeaders } from "node:http";
import { type ErrorKind, isServiceError, ServiceError, type ServiceErrorFacts } from "../domain/service-error.ts";
import { toPlainText } from "../domain/text/sanitize.ts";
import type { HttpFailure } from "../lib/http.ts";
import { readWaitHint } from "../lib/retry.ts";

/** What the error of a call is named after. */
export type CallFacts = {
  /** Name of the call in the port, such as `createComment`. */
  readonly operation: string;
  /** A `read` may be repeated, whatever its method: searches are POSTs in Jira. */
  readonly effect: "read" | "write";
};

/** An answer read to its end. */
export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string };

/** Cause of a refusal: the names of the fields that Jira refused, and what it says of each, without what it quotes. Holds no values. */
export class JiraRefusal extends Error {
  readonly fields: readonly string[];
  readonly texts: Readonly<Record<string, string>>;

  constructor(fields: readonly string[], texts: Readonly<Record<string, string>>) {
    super("refused by Jira");
    this.name = "JiraRefusal";
    this.fields = fields;
    this.texts = texts;
  }
}

/** Names of the fields that a refused request was refused for; empty for any other error. */
export function refusedFields(error: unknown): readonly string[] {
  return isServiceError(error, "rejected") && error.cause instanceof JiraRefusal ? error.cause.fields : [];
}

/** What Jira says of a field that a request was refused for, without what it quotes; `null` where it says nothing. */
export function refusedText(error: unknown, field: string): string | null {
  if (!isServiceError(error, "rejected") || !(error.cause instanceof JiraRefusal)) return null;
  const { texts } = error.cause;
  return Object.hasOwn(texts, field) ? (texts[field] ?? null) : null;
}

/** The reason that a 429 carries for the limit of writes on one issue (jira.md 3.6). */
export const perIssueLimitCode = "jira-per-issue-on-write";

const detailCharsMax = 200;

/**
 * JSON of a successful answer; `undefined` when the body is empty. Throws `ServiceError` for every other status, for a
 * login page (200 with HTML, jira.md 2.3) and for JSON that is broken.
 */
export function readAnswer(call: CallFacts, answer: Answer, now: Date): unknown {
  const { status, text } = answer;
  const success = status >= 200 && status < 300;
  if (hasBadCredentials(answer) && !(success && call.effect === "write")) {
    throw makeError(call, { ...factsOf(answer), kind: "unauthorized", detail: "Jira took the caller for nobody" });
  }
  if (!success) throw answerError(call, answer, now);
  if (text.trim() === "") return undefined;
  const unreadable = (detail: string): ServiceError =>
    makeError(call, { ...factsOf(answer), kind: "contract", detail, outcomeUnknown: true });
  if (!/\bjson\b/i.test(answer.headers["content-type"] ?? ""))
    throw unreadable("the answer is not JSON (a login page?)");
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable("the answer is broken JSON");
  }
}

/** Translates an answer that is no success. */
export function answerError(call: CallFacts, answer: Answer, now: Date): ServiceError {
  const { messages, fields, texts, scopeMismatch } = readErrorBody(answer.text);
  if (answer.status === 401 && scopeMismatch) return missingScope(call, answer);
  const kind = kindOfStatus(answer.status);
  const reasons = [
    ...(fields.length === 0 ? [] : [`refused fields: ${fields.join(", ")}`]),
    ...(messages === "" ? [] : [messages]),
  ];
  return makeError(
    call,
    {
      ...factsOf(answer),
      kind,
      detail: reasons.length === 0 ? plainDetail(answer.status) : reasons.join("; "),
      retryAfterMs: kind === "rate_limited" || kind === "unavailable" ? readWaitHint(answer.headers, now) : null,
      outcomeUnknown: kind === "unavailable" || kind === "contract",
    },
    kind === "rejected" ? new JiraRefusal(fields, texts) : undefined,
  );
}

/**
 * A scoped API token that lacks the scope of a call is answered 401 as a dead one is, and only the text tells (jira.md 6): nothing is wrong
 * with the credentials, so only what needs this call is left out.
 */
function missingScope(call: CallFacts, answer: Answer): ServiceError {
  const scope = scopeOf(call);
  return makeError(call, {
    ...factsOf(answer),
    kind: "forbidden",
    code: scopeCode,
    detail: `the API token lacks the scope ${scope}`,
    remedy: `Make an API token with the scope ${scope} besides its present ones.`,
    zh: {
      detail: `API 令牌缺少范围 ${scope}`,
      remedy: `创建新的 API 令牌，除现有范围外再加上 ${scope}。`,
    },
  });
}

/** Code of a refusal for want of a scope. */
export const scopeCode = "SCOPE";

/** The classic scope that a call needs (jira.md 6). */
function scopeOf({ operation, effect }: CallFacts): string {
  if (operation === "findRoleMembers") return "manage:jira-configuration";
  if (["getOwnAccountId", "getMyself", "findUser", "findAssignable"].includes(operation)) return "read:jira-user";
  return effect === "write" ? "write:jira-work" : "read:jira-work";
}

/** Translates a request without a complete answer. */
export function failureError(call: CallFacts, failure: HttpFailure): ServiceError {
  return makeError(
    call,
    {
      kind: failure.reason === "too_large" ? "contract" : "unavailable",
      detail: failure.message,
      outcomeUnknown: failure.mayHaveArrived,
      ...(failure.remedy === null ? {} : { remedy: failure.remedy }),
      ...(failure.zh === null ? {} : { zh: failure.zh }),
    },
    failure,
  );
}

/** An answer that cannot be understood; `detail` names field paths, never values. A write's outcome is then unknown. */
export function contractError(call: CallFacts, detail: string): ServiceError {
  return makeError(call, { kind: "contract", detail: `unexpected answer: ${detail}`, outcomeUnknown: true });
}

/** A call that is refused here, before anything is sent. */
export function refusedLocally(call: CallFacts, detail: string): ServiceError {
  return makeError(call, { kind: "rejected", detail });
}

/** A write whose caller lost the right to start it while it waited for its turn: nothing was sent, waiting costs nothing. */
export function notStarted(call: CallFacts): ServiceError {
  return makeError(call, { kind: "rate_limited", code: "NOT_STARTED", detail: "not started: the turn came too late" });
}

/** The same error, for a call of which an earlier attempt may have landed. */
export function withUnknownOutcome(error: ServiceError): ServiceError {
  if (error.facts.outcomeUnknown) return error;
  return new ServiceError({ ...error.facts, outcomeUnknown: true }, { cause: error.cause });
}

/** Builds an error of this side; what is left out is unknown or false. */
export function makeError(
  call: CallFacts,
  facts: {
    readonly kind: ErrorKind;
    readonly detail: string;
    readonly status?: number | null;
    readonly code?: string | null;
    readonly requestId?: string | null;
    readonly retryAfterMs?: number | null;
    readonly outcomeUnknown?: boolean;
    readonly remedy?: string;
    readonly zh?: NonNullable<ServiceErrorFacts["zh"]>;
  },
  cause?: unknown,
): ServiceError {
  return new ServiceError(
    {
      side: "jira",
      operation: call.operation,
      kind: facts.kind,
      status: facts.status ?? null,
      code: facts.code ?? null,
      requestId: facts.requestId ?? null,
      retryAfterMs: facts.retryAfterMs ?? null,
      outcomeUnknown: call.effect === "write" && facts.outcomeUnknown === true,
      detail: facts.detail,
      ...(facts.remedy === undefined ? {} : { remedy: facts.remedy }),
      ...(facts.zh === undefined ? {} : { zh: facts.zh }),
    },
    cause === undefined ? {} : { cause },
  );
}

/** 400, 409, 411, 413 and 422 say that this request never succeeds as it is (jira.md 3.3); 409 may after a re-read. */
function kindOfStatus(status: number): ErrorKind {
  if (status === 401) return "unauthorized";
  if (status === 403) return "forbidden";
  if (status === 404) return "not_found";
  if (status === 429) return "rate_limited";
  if (status === 408 || status === 425 || status >= 500) return "unavailable";
  return status >= 400 ? "rejected" : "contract";
}

function plainDetail(status: number): string {
  if (status >= 300 && status < 400) return "sent elsewhere (a login page?)";
  return `HTTP status ${status}`;
}

/**
 * Assumed: as its server editions do, Jira may serve a caller with bad credentials as an anonymous one, so that a search
 * is empty and an issue "does not exist", and says so only in this header. A call with a revoked token would prove it.
 */
function hasBadCredentials(answer: Answer): boolean {
  return /AUTHENTICATED_FAILED|AUTHENTICATION_DENIED/.test(headerText(answer.headers["x-seraph-loginreason"]));
}

function factsOf(answer: Answer): { status: number; code: string | null; requestId: string | null } {
  const requestId = headerText(answer.headers["atl-traceid"] ?? answer.headers["x-arequestid"]);
  const code = headerText(answer.headers["ratelimit-reason"]);
  return {
    status: answer.status,
    code: answer.status === 429 && /^[\w-]{1,64}$/.test(code) ? code : null,
    requestId: /^[\w:.-]{1,128}$/.test(requestId) ? requestId : null,
  };
}

function headerText(value: string | readonly string[] | undefined): string {
  return typeof value === "string" ? value : (value?.[0] ?? "");
}

function readErrorBody(text: string): {
  messages: string;
  fields: readonly string[];
  texts: Readonly<Record<string, string>>;
  scopeMismatch: boolean;
} {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { messages: "", fields: [], texts: {}, scopeMismatch: false };
  }
  const errors = member(body, "errors");
  const byField = typeof errors === "object" && errors !== null && !Array.isArray(errors) ? Object.entries(errors) : [];
  const named = byField.filter(([name]) => /^[\w.-]{1,64}$/.test(name)).slice(0, 20);
  // The gateway in front of Jira writes `message` (jira.md 6).
  const messages = member(body, "errorMessages") ?? [member(body, "message")];
  const lines = Array.isArray(messages) ? messages.filter((message) => typeof message === "string") : [];
  return {
    fields: named.map(([name]) => name),
    texts: Object.fromEntries(
      named.flatMap(([name, said]) => (typeof said === "string" ? [[name, cleanMessages([said])]] : [])),
    ),
    messages: cleanMessages(lines),
    scopeMismatch: lines.some((text) => /scope does not match/i.test(text)),
  };
}

/** Quoted parts are what Jira echoes of the request. */
function cleanMessages(texts: readonly string[]): string {
  const line = toPlainText(texts.slice(0, 3).join(" ").slice(0, 2_000)).replace(/\s+/g, " ").trim();
  const masked = line.replace(/(["'“‘`「])[^"'”’`」]*(["'”’`」]|$)/g, "$1…$2");
  return masked.length <= detailCharsMax ? masked : `${masked.slice(0, detailCharsMax - 1).toWellFormed()}…`;
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
