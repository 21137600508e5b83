/** The token of a login with a password, shared by all processes. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleepFor } from "node:timers/promises";
import type { HuaweiCredentials } from "../domain/access.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError, type ServiceError } from "../domain/service-error.ts";
import { unlessRefused } from "../domain/steps.ts";
import { askIam, type Login, namesOf, type TokenDeps, unauthorized } from "./iam.ts";
import { makeTokenSeal } from "./token-seal.ts";

/** A token lives 24 h (huawei.md 3.1) and is renewed at 23 h; of a token with another life the same share is used. */
const usedShare = 23 / 24;
const tokenLifeMs = 24 * 3_600_000;
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
export function makeTokenLogin(deps: TokenDeps, credentials: PasswordCredentials): Login {
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

/** From the token's own words, by their difference, so that the clocks need not agree. */
function lifeMs(body: unknown): number {
  const token = typeof body === "object" && body !== null && "token" in body ? body.token : null;
  if (typeof token !== "object" || token === null) return tokenLifeMs;
  const issuedAt = "issued_at" in token ? Date.parse(String(token.issued_at)) : Number.NaN;
  const expiresAt = "expires_at" in token ? Date.parse(String(token.expires_at)) : Number.NaN;
  const life = expiresAt - issuedAt;
  return life > 0 ? Math.min(life, tokenLifeMs) : tokenLifeMs;
}

function iamHeaders(deps: TokenDeps): Record<string, string> {
  return { host: new URL(deps.iamEndpoint).host, "content-type": "application/json" };
}
