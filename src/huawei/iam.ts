/** Requests to IAM, and what logins are made with. */
import type { Budget } from "../domain/budget.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError, ServiceError, type ServiceErrorFacts } from "../domain/service-error.ts";
import { HttpFailure, type HttpResponse, type HttpSender, readBody } from "../lib/http.ts";
import type { ServiceClock } from "../lib/service-clock.ts";
import type { TokenStore } from "../lib/token-store.ts";
import type { Clock, Log } from "../sync/ports.ts";
import { readAnswer, toServiceError } from "./answers.ts";
import type { SignInput } from "./signer.ts";

/** How a request is authenticated. A *pass* is the token in use; `null` where every request is signed by itself. */
export type Login = {
  /** Waits until a pass is at hand. Throws `ServiceError`, never with an unknown outcome: nothing was sent yet. */
  ready(lane: Lane): Promise<string | null>;
  /** The request's headers with authentication. */
  authorize(request: SignInput, pass: string | null): Record<string, string>;
  /** Told that `pass` was refused. True when a new one can be had, so that one repetition makes sense. */
  forget(pass: string | null): boolean;
  /**
   * Told that a call was forbidden with `pass`: rights may hang on the scope of a token (huawei.md 14). True when another one was got, so that
   * one repetition makes sense. It is tried once; the scope that then works is remembered.
   */
  tryOtherScope(pass: string | null, lane: Lane): Promise<boolean>;
  /** Told that the call was forbidden in the other scope too: the first one is used on. */
  undoScope(pass: string | null): Promise<void>;
  /** Until when what is in use holds, by our clock; `null` = without an end, or nothing was got yet. */
  endsAt(): Date | null;
};

/** What a login is made with. */
export type TokenDeps = {
  readonly send: HttpSender;
  readonly budget: Budget;
  readonly clock: Clock;
  readonly serviceClock: ServiceClock;
  readonly log: Log;
  readonly endpoint: string;
  readonly iamEndpoint: string;
  readonly timeoutMs: number;
  readonly tokens: TokenStore;
  readonly sleep?: (pauseMs: number) => Promise<unknown>;
};

const loginCall = { operation: "login", write: false };

/** Entries of a list of IAM that have an id. */
export function namesOf(body: unknown, member: string): readonly { readonly id: string; readonly name: string }[] {
  const list = typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>)[member] : null;
  return (Array.isArray(list) ? list : []).flatMap((entry: { id?: unknown; name?: unknown } | null) =>
    typeof entry?.id === "string" ? [{ id: entry.id, name: String(entry.name ?? "") }] : [],
  );
}

/** One request to IAM within the time-out. Throws `ServiceError`. */
export async function askIam(
  deps: TokenDeps,
  request: {
    readonly method: "GET" | "POST";
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly json: object | null;
    /** Called with the headers of each answer, refusals too. */
    readonly onAnswer?: (headers: HttpResponse["headers"]) => void;
    /** Scheme and authority, where it is not IAM's own. */
    readonly origin?: string;
    /** What is refused, for people, and what to do then, where the refusal is not about who calls (401). */
    readonly refusal?: {
      readonly what: string;
      readonly remedy: string;
      readonly zh: { readonly what: string; readonly remedy: string };
    };
  },
): Promise<{ readonly body: unknown; readonly answer: HttpResponse }> {
  const { method, path, headers, json } = request;
  try {
    const answer = await deps.send({
      method,
      url: `${request.origin ?? deps.iamEndpoint}${path}`,
      headers,
      body: json === null ? null : Buffer.from(JSON.stringify(json)),
      connectTimeoutMs: Math.min(10_000, deps.timeoutMs),
      idleTimeoutMs: deps.timeoutMs,
      timeoutMs: deps.timeoutMs,
    });
    request.onAnswer?.(answer.headers);
    const text = (await readBody(answer, 4 * 1024 * 1024)).toString("utf8");
    return { body: readAnswer(loginCall, { status: answer.status, headers: answer.headers, text }), answer };
  } catch (error) {
    if (error instanceof HttpFailure) throw toServiceError(loginCall, error);
    // Whatever IAM refuses here, name, password, domain or project, the credentials do not work.
    if (isServiceError(error, "rejected", "forbidden", "not_found")) {
      const { refusal } = request;
      const { status, detail, zh } = error.facts;
      const words = refusal && {
        remedy: refusal.remedy,
        zh: { detail: `${refusal.zh.what}（${zh?.detail ?? detail}）`, remedy: refusal.zh.remedy },
      };
      throw unauthorized(status, `${refusal?.what ?? "IAM refuses the login"} (${detail})`, words);
    }
    throw error;
  }
}

/** The error of credentials that do not work; `words` where what to do is not the usual. */
export function unauthorized(
  status: number | null,
  detail: string,
  words?: Pick<ServiceErrorFacts, "remedy" | "zh">,
): ServiceError {
  return new ServiceError({
    side: "huawei",
    kind: "unauthorized",
    operation: loginCall.operation,
    status,
    code: null,
    requestId: null,
    retryAfterMs: null,
    outcomeUnknown: false,
    detail,
    ...words,
  });
}
