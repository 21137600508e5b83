/** The two ways to prove who calls (huawei.md 3): signing with a key pair, and an IAM token got with a password. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleepFor } from "node:timers/promises";
import type { HuaweiCredentials } from "../domain/access.ts";
import type { Budget } from "../domain/budget.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError, ServiceError } from "../domain/service-error.ts";
import { unlessRefused } from "../domain/steps.ts";
import { HttpFailure, type HttpResponse, type HttpSender, readBody } from "../lib/http.ts";
import { makeServiceClock, type ServiceClock, toServiceTime } from "../lib/service-clock.ts";
import type { TokenStore } from "../lib/token-store.ts";
import type { Clock, Log } from "../sync/ports.ts";
import { readAnswer, toServiceError } from "./answers.ts";
import { type SignInput, signHeaders } from "./signer.ts";
import { makeTokenSeal } from "./token-seal.ts";

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
};

type TokenDeps = {
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

/** Makes the login that the credentials ask for. */
export function makeLogin(deps: TokenDeps, credentials: HuaweiCredentials): Login {
  return credentials.kind === "aksk" ? makeSignedLogin(deps, credentials) : makeTokenLogin(deps, credentials);
}

/** Services are said to take signatures whose time is off by less (huawei.md 3.2); half of it is kept for the way. */
const signedClockMs = 7 * 60_000;
/** After so long the account id is asked for again, where IAM did not tell it. */
const learnAgainMs = 10 * 60_000;

/** Every request of a global service carries the account's id (huawei.md 14); it is learned where it is not given. */
function makeSignedLogin(deps: TokenDeps, credentials: HuaweiCredentials & { kind: "aksk" }): Login {
  let { domainId } = credentials;
  let learning: Promise<void> | null = null;
  let notBeforeMs = 0;
  const iamClock = makeServiceClock(deps.clock);

  function authorize(request: SignInput): Record<string, string> {
    const headers: Record<string, string> = { ...request.headers };
    if (domainId !== null) headers["x-domain-id"] = domainId;
    if (credentials.securityToken !== null) headers["x-security-token"] = credentials.securityToken.reveal();
    return signHeaders({ ...request, headers }, { ak: credentials.ak.reveal(), sk: credentials.sk.reveal() });
  }

  async function learn(lane: Lane): Promise<void> {
    notBeforeMs = deps.clock.now().getTime() + learnAgainMs;
    const aheadMs = iamClock.aheadMs() || deps.serviceClock.aheadMs();
    let told = await askDomains(lane, aheadMs);
    // A refusal tells IAM's clock: a signature by our own, which is wrong, was refused for that alone.
    if (told === null && Math.abs(iamClock.aheadMs() - aheadMs) > signedClockMs)
      told = await askDomains(lane, iamClock.aheadMs());
    const ids = namesOf(told?.body, "domains").map(({ id }) => id);
    if (ids.length === 1) domainId = ids[0] ?? null;
    else if (told !== null)
      deps.log.warn({ accounts: ids.length }, "IAM names no single account; set HUAWEICLOUD_SDK_DOMAIN_ID");
  }

  /** `null` where IAM does not tell: the service itself may know the account by its key. */
  async function askDomains(lane: Lane, aheadMs: number): Promise<{ readonly body: unknown } | null> {
    await deps.budget.take(lane);
    const path = "/v3/auth/domains";
    const date = toServiceTime(deps.clock.now(), aheadMs);
    const request = { method: "GET", origin: deps.iamEndpoint, path, query: {}, json: null, date } as const;
    const headers = authorize({ ...request, headers: { "content-type": "application/json" } });
    return unlessRefused(deps.log, "account id", () =>
      askIam(deps, { method: "GET", path, headers, json: null, onAnswer: iamClock.noteDate }),
    );
  }

  return {
    async ready(lane) {
      if (domainId === null && (learning !== null || deps.clock.now().getTime() >= notBeforeMs)) {
        learning ??= learn(lane).finally(() => {
          learning = null;
        });
        await learning;
      }
      return null;
    },
    authorize: (request) => authorize(request),
    forget: () => false,
    tryOtherScope: async () => false,
    undoScope: async () => {},
  };
}

/** A token lives 24 h (huawei.md 3.1) and is renewed at 23 h; of a token with another life the same share is used. */
const usedShare = 23 / 24;
const tokenLifeMs = 24 * 3_600_000;
const loginCall = { operation: "login", write: false };
/** While somebody else renews it, the store is asked so often. */
const lookAgainMs = 250;
/** A token that is due, but lives, is used on for so long while another process renews it, or IAM is away. */
const useOnMs = 5_000;
/** IAM locks a user after some wrong passwords, so a refused login is not tried again at once. */
const refusedMs = 30_000;

/** What a token is for. OSM is a global service, for which IAM's guide wants the account; the ticket guide's sample names a project. */
type Scope = "domain" | "project";
type Held = {
  readonly tokenId: string;
  readonly token: string;
  readonly projectId: string | null;
  readonly scope: Scope;
  readonly renewAtMs: number;
  readonly expiresAtMs: number;
};
type PasswordCredentials = HuaweiCredentials & { kind: "password" };

/**
 * The token of a login, shared by all processes through the store. One of them renews it at a time; the others use the old one on
 * while it lives, and wait when there is none. A refused token is discarded everywhere, once.
 */
function makeTokenLogin(deps: TokenDeps, credentials: PasswordCredentials): Login {
  const { tokens, clock } = deps;
  const owner = `${deps.iamEndpoint} ${credentials.domainName}/${credentials.username} ${credentials.projectId ?? ""}`;
  const seal = makeTokenSeal(credentials.password, owner);
  let held: Held | null = null;
  let projectId = credentials.projectId;
  let scope: Scope = "domain";
  /** The token of the first scope, once the other one was tried. */
  let before: Held | null = null;
  let refused: { readonly error: ServiceError; readonly untilMs: number } | null = null;
  // Callers that find no token wait for one together.
  let pending: Promise<Held> | null = null;
  const discarded = new Map<string, Promise<void>>();
  const nowMs = () => clock.now().getTime();

  async function load(): Promise<Held | null> {
    const stored = await tokens.find();
    if (stored === null) return null;
    const text = await seal.open(stored.salt, stored.sealed);
    const content = text === null ? null : parseContent(text);
    if (content === null || stored.expiresAt.getTime() <= nowMs()) return null;
    projectId ??= content.projectId;
    scope = content.scope;
    const { tokenId } = stored;
    return { tokenId, ...content, renewAtMs: stored.renewAt.getTime(), expiresAtMs: stored.expiresAt.getTime() };
  }

  async function acquire(lane: Lane): Promise<Held> {
    await Promise.all(discarded.values());
    for (;;) {
      const stored = await load();
      if (stored !== null && nowMs() < stored.renewAtMs) return stored;
      // Two log-ins and a look-up of the project, each within its time-out.
      if (await tokens.claimRenewal(4 * deps.timeoutMs)) return renewClaimed(lane);
      if (stored !== null) return useOn(stored);
      await (deps.sleep ?? sleepFor)(lookAgainMs);
    }
  }

  async function renewClaimed(lane: Lane): Promise<Held> {
    try {
      const stored = await load();
      if (stored !== null && nowMs() < stored.renewAtMs) {
        await tokens.releaseRenewal();
        return stored;
      }
      try {
        return await renew(lane);
      } catch (error) {
        await tokens.releaseRenewal();
        if (stored !== null && isServiceError(error, "unavailable", "rate_limited")) return useOn(stored);
        throw error;
      }
    } catch (error) {
      if (!isServiceError(error)) await tokens.releaseRenewal();
      throw error;
    }
  }

  function useOn(stored: Held): Held {
    return { ...stored, renewAtMs: Math.min(stored.expiresAtMs, nowMs() + useOnMs) };
  }

  async function renew(lane: Lane): Promise<Held> {
    if (refused !== null && nowMs() < refused.untilMs) throw refused.error;
    try {
      await deps.budget.take(lane);
      if (scope === "project") projectId ??= await findProjectId(deps, credentials, lane);
      const wanted =
        scope === "project" ? { project: { id: projectId } } : { domain: { name: credentials.domainName } };
      const issued = await requestToken(deps, credentials, wanted);
      const next = { tokenId: randomUUID(), projectId, scope, ...issued };
      await save(next);
      refused = null;
      return next;
    } catch (error) {
      if (isServiceError(error, "unauthorized")) refused = { error, untilMs: nowMs() + refusedMs };
      throw error;
    }
  }

  async function save({ tokenId, token, renewAtMs, expiresAtMs, ...rest }: Held): Promise<void> {
    const content = { token, projectId: rest.projectId, scope: rest.scope };
    const { salt, sealed } = await seal.seal(JSON.stringify(content));
    await tokens.save({ tokenId, salt, sealed, renewAt: new Date(renewAtMs), expiresAt: new Date(expiresAtMs) });
  }

  return {
    async tryOtherScope(pass, lane) {
      // Another call has changed it meanwhile.
      if (held?.token !== pass) return true;
      if (before !== null || held === null) return false;
      before = held;
      scope = before.scope === "domain" ? "project" : "domain";
      const next = await unlessRefused(deps.log, `token of ${scope} scope`, () => renew(lane));
      if (next === null) scope = before.scope;
      else held = next;
      return next !== null;
    },
    async undoScope(pass) {
      if (before === null || held?.token !== pass || held.tokenId === before.tokenId) return;
      held = before;
      scope = before.scope;
      await save(before);
    },
    async ready(lane) {
      if (held !== null && nowMs() < held.renewAtMs) return held.token;
      pending ??= acquire(lane)
        .then((next) => {
          held = next;
          return next;
        })
        .finally(() => {
          pending = null;
        });
      return (await pending).token;
    },
    authorize: (request, pass) => ({
      ...request.headers,
      host: new URL(request.origin).host,
      "x-auth-token": pass ?? "",
    }),
    forget(pass) {
      // Another call may have renewed it already.
      if (held?.token !== pass) return true;
      const { tokenId } = held;
      held = null;
      const gone = tokens.discard(tokenId).finally(() => discarded.delete(tokenId));
      // Whoever asks for the next token waits for it and hears of its failure.
      gone.catch(() => {});
      discarded.set(tokenId, gone);
      return true;
    },
  };
}

function parseContent(text: string): { token: string; projectId: string | null; scope: Scope } | null {
  try {
    const content = JSON.parse(text) as { token?: unknown; projectId?: unknown; scope?: unknown };
    const { token, projectId } = content;
    if (typeof token !== "string" || token === "") return null;
    // An earlier release stored no scope: its tokens were of projects.
    const scope = content.scope === "domain" ? "domain" : "project";
    return { token, projectId: typeof projectId === "string" ? projectId : null, scope };
  } catch {
    return null;
  }
}

/**
 * The project that a token is for: the one of the service's own region, else the only one there is. Throws `unauthorized` when
 * several fit alike, since a wrong choice would look like missing rights.
 */
async function findProjectId(deps: TokenDeps, credentials: PasswordCredentials, lane: Lane): Promise<string> {
  const scope = { domain: { name: credentials.domainName } };
  const { token } = await requestToken(deps, credentials, scope);
  await deps.budget.take(lane);
  const headers = { ...iamHeaders(deps), "x-auth-token": token };
  const { body } = await askIam(deps, { method: "GET", path: "/v3/auth/projects", headers, json: null });
  const projects = namesOf(body, "projects");
  // `osm.cn-south-1.myhuaweicloud.com`: the second part names the region, and so its project.
  const regions = [deps.endpoint, deps.iamEndpoint].map((origin) => new URL(origin).hostname.split(".")[1]);
  const named = regions.flatMap((region) => projects.filter((project) => project.name === region))[0];
  const chosen = named ?? (projects.length === 1 ? projects[0] : undefined);
  if (chosen !== undefined) return chosen.id;
  throw unauthorized(
    null,
    `the account has ${projects.length} projects, none named after the region; set HUAWEICLOUD_SDK_PROJECT_ID`,
  );
}

/** Entries of a list of IAM that have an id. */
function namesOf(body: unknown, member: string): readonly { readonly id: string; readonly name: string }[] {
  const list = typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>)[member] : null;
  return (Array.isArray(list) ? list : []).flatMap((entry: { id?: unknown; name?: unknown } | null) =>
    typeof entry?.id === "string" ? [{ id: entry.id, name: String(entry.name ?? "") }] : [],
  );
}

function iamHeaders(deps: TokenDeps): Record<string, string> {
  return { host: new URL(deps.iamEndpoint).host, "content-type": "application/json" };
}

async function requestToken(
  deps: TokenDeps,
  credentials: PasswordCredentials,
  scope: object,
): Promise<{ token: string; renewAtMs: number; expiresAtMs: number }> {
  const { username, password, domainName } = credentials;
  const user = { name: username, password: password.reveal(), domain: { name: domainName } };
  const auth = { identity: { methods: ["password"], password: { user } }, scope };
  const now = deps.clock.now().getTime();
  const { body, answer } = await askIam(deps, {
    method: "POST",
    path: "/v3/auth/tokens",
    headers: iamHeaders(deps),
    json: { auth },
  });
  const token = answer.headers["x-subject-token"];
  if (typeof token !== "string" || token === "") throw unauthorized(answer.status, "IAM answered without a token");
  const life = lifeMs(body);
  return { token, renewAtMs: now + life * usedShare, expiresAtMs: now + life };
}

async function askIam(
  deps: TokenDeps,
  request: {
    readonly method: "GET" | "POST";
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly json: object | null;
    /** Called with the headers of each answer, refusals too. */
    readonly onAnswer?: (headers: HttpResponse["headers"]) => void;
  },
): Promise<{ readonly body: unknown; readonly answer: HttpResponse }> {
  const { method, path, headers, json } = request;
  try {
    const answer = await deps.send({
      method,
      url: `${deps.iamEndpoint}${path}`,
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
