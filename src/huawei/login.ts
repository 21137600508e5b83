/** The two ways to prove who calls (NOTES 3): signing with a key pair, and an IAM token got with a password. */
import { isServiceError, ServiceError } from "../domain/service-error.ts";
import type { Budget } from "../lib/budget.ts";
import { HttpFailure, type HttpSender, readBody } from "../lib/http.ts";
import type { Clock, Lane } from "../sync/ports.ts";
import { readAnswer, toServiceError } from "./answers.ts";
import type { HuaweiClientCredentials } from "./options.ts";
import { type SignInput, signHeaders } from "./signer.ts";

/** How a request is authenticated. A *pass* is the token in use; `null` where every request is signed by itself. */
export type Login = {
  /** Waits until a pass is at hand. Throws `ServiceError`, never with an unknown outcome: nothing was sent yet. */
  ready(lane: Lane): Promise<string | null>;
  /** The request's headers with authentication. */
  authorize(request: SignInput, pass: string | null): Record<string, string>;
  /** Told that `pass` was refused. True when a new one can be had, so that one repetition makes sense. */
  forget(pass: string | null): boolean;
};

type TokenDeps = {
  readonly send: HttpSender;
  readonly budget: Budget;
  readonly clock: Clock;
  readonly iamEndpoint: string;
  readonly timeoutMs: number;
};

/** Makes the login that the credentials ask for. */
export function makeLogin(deps: TokenDeps, credentials: HuaweiClientCredentials): Login {
  return credentials.kind === "aksk" ? makeSignedLogin(credentials) : makeTokenLogin(deps, credentials);
}

function makeSignedLogin(credentials: HuaweiClientCredentials & { kind: "aksk" }): Login {
  return {
    ready: async () => null,
    forget: () => false,
    authorize(request) {
      const headers: Record<string, string> = { ...request.headers };
      if (credentials.domainId !== null) headers["x-domain-id"] = credentials.domainId;
      if (credentials.securityToken !== null) headers["x-security-token"] = credentials.securityToken.reveal();
      return signHeaders({ ...request, headers }, { ak: credentials.ak, sk: credentials.sk.reveal() });
    },
  };
}

/** A token lives 24 h (NOTES 3.1) and is renewed at 23 h; of a token with another life the same share is used. */
const usedShare = 23 / 24;
const tokenLifeMs = 24 * 3_600_000;
const loginCall = { operation: "login", write: false };

function makeTokenLogin(deps: TokenDeps, credentials: HuaweiClientCredentials & { kind: "password" }): Login {
  let held: { readonly token: string; readonly renewAtMs: number } | null = null;
  // Callers that find no token wait for one login together.
  let pending: Promise<string> | null = null;

  async function renew(lane: Lane): Promise<string> {
    await deps.budget.take(lane);
    held = await requestToken(deps, credentials);
    return held.token;
  }
  return {
    async ready(lane) {
      if (held !== null && deps.clock.now().getTime() < held.renewAtMs) return held.token;
      pending ??= renew(lane).finally(() => {
        pending = null;
      });
      return pending;
    },
    authorize: (request, pass) => ({
      ...request.headers,
      host: new URL(request.origin).host,
      "x-auth-token": pass ?? "",
    }),
    forget(pass) {
      // Another call may have renewed it already.
      if (held?.token === pass) held = null;
      return true;
    },
  };
}

/** Assumed: a token of project scope is accepted, as the ticket guide shows (NOTES 3.1, 13); a live login would prove it. */
async function requestToken(
  deps: TokenDeps,
  credentials: HuaweiClientCredentials & { kind: "password" },
): Promise<{ token: string; renewAtMs: number }> {
  const { username, password, domainName, projectId } = credentials;
  const user = { name: username, password: password.reveal(), domain: { name: domainName } };
  const auth = { identity: { methods: ["password"], password: { user } }, scope: { project: { id: projectId } } };
  const now = deps.clock.now().getTime();
  try {
    const answer = await deps.send({
      method: "POST",
      url: `${deps.iamEndpoint}/v3/auth/tokens`,
      headers: { host: new URL(deps.iamEndpoint).host, "content-type": "application/json" },
      body: Buffer.from(JSON.stringify({ auth })),
      connectTimeoutMs: Math.min(10_000, deps.timeoutMs),
      idleTimeoutMs: deps.timeoutMs,
      timeoutMs: deps.timeoutMs,
    });
    const text = (await readBody(answer, 4 * 1024 * 1024)).toString("utf8");
    const body = readAnswer(loginCall, { status: answer.status, headers: answer.headers, text });
    const token = answer.headers["x-subject-token"];
    if (typeof token !== "string" || token === "") throw unauthorized(answer.status, "IAM answered without a token");
    return { token, renewAtMs: now + lifeMs(body) * usedShare };
  } catch (error) {
    if (error instanceof HttpFailure) throw toServiceError(loginCall, error);
    // Whatever IAM refuses here, name, password, domain or project, the credentials do not work.
    if (isServiceError(error, "rejected", "forbidden", "not_found")) {
      throw unauthorized(error.facts.status, `IAM refuses the login (${error.facts.detail})`);
    }
    throw error;
  }
}

/** From the token's own words, by their difference, so that the clocks need not agree. */
function lifeMs(body: unknown): number {
  const token = typeof body === "object" && body !== null && "token" in body ? body.token : null;
  if (typeof token !== "object" || token === null) return tokenLifeMs;
  const issuedAt = "issued_at" in token ? Date.parse(String(token.issued_at)) : Number.NaN;
  const expiresAt = "expires_at" in token ? Date.parse(String(token.expires_at)) : Number.NaN;
  const life = expiresAt - issuedAt;
  return life > 0 ? Math.min(life, tokenLifeMs) : tokenLifeMs;
}

function unauthorized(status: number | null, detail: string): ServiceError {
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
  });
}
