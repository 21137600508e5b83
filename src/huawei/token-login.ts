/** The token of a login with a password, shared by all processes. */
import type { HuaweiCredentials } from "../domain/access.ts";
import type { Lane } from "../domain/lane.ts";
import { unlessRefused } from "../domain/steps.ts";
import { askIam, type Login, namesOf, type TokenDeps, unauthorized } from "./iam.ts";
import { makeSharedPass, type Pass } from "./shared-pass.ts";
import { makeTokenSeal } from "./token-seal.ts";

/** A token lives 24 h (huawei.md 3.1) and is renewed at 23 h; of a token with another life the same share is used. */
const usedShare = 23 / 24;
const tokenLifeMs = 24 * 3_600_000;

/** What a token is for. OSM is a global service, for which IAM's guide wants the account; the ticket guide's sample names a project. */
type Scope = "domain" | "project";
type Token = { readonly token: string; readonly projectId: string | null; readonly scope: Scope };
type PasswordCredentials = HuaweiCredentials & { kind: "password" };

/** The token of a login, in the scope that works. */
export function makeTokenLogin(deps: TokenDeps, credentials: PasswordCredentials): Login {
  const owner = `${deps.iamEndpoint} ${credentials.domainName}/${credentials.username} ${credentials.projectId ?? ""}`;
  let projectId = credentials.projectId;
  let scope: Scope = "domain";
  /** The token of the first scope, once the other one was tried. */
  let before: Pass<Token> | null = null;
  const shared = makeSharedPass<Token>(deps, {
    seal: makeTokenSeal(credentials.password, owner),
    requestsMax: 3,
    read: parseContent,
    write: (content) => JSON.stringify(content),
    onFound(content) {
      projectId ??= content.projectId;
      scope = content.scope;
    },
    async issue(lane) {
      if (scope === "project") projectId ??= await findProjectId(deps, credentials, lane);
      const wanted =
        scope === "project" ? { project: { id: projectId } } : { domain: { name: credentials.domainName } };
      const { token, renewAtMs, expiresAtMs } = await requestToken(deps, credentials, wanted);
      return { content: { token, projectId, scope }, renewAtMs, expiresAtMs };
    },
  });
  const isHeld = (pass: string | null) => shared.held()?.content.token === pass;

  return {
    async tryOtherScope(pass, lane) {
      // Another call has changed it meanwhile.
      if (!isHeld(pass)) return true;
      if (before !== null) return false;
      before = shared.held();
      const first = scope;
      scope = first === "domain" ? "project" : "domain";
      const next = await unlessRefused(deps.log, `token of ${scope} scope`, () => shared.renew(lane));
      if (next === null) scope = first;
      else shared.hold(next);
      return next !== null;
    },
    async undoScope(pass) {
      if (before === null || !isHeld(pass) || shared.held()?.passId === before.passId) return;
      shared.hold(before);
      scope = before.content.scope;
      await shared.save(before);
    },
    ready: async (lane) => (await shared.ready(lane)).content.token,
    authorize: (request, pass) => ({
      ...request.headers,
      host: new URL(request.origin).host,
      "x-auth-token": pass ?? "",
    }),
    forget(pass) {
      // Another call may have renewed it already.
      if (isHeld(pass)) shared.discard();
      return true;
    },
    endsAt: () => {
      const held = shared.held();
      return held === null ? null : new Date(held.expiresAtMs);
    },
  };
}

function parseContent(text: string): Token | null {
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
