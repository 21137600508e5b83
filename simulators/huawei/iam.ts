/** The IAM host: tokens and project look-ups (huawei.md 3.1). Shares the port with the OSM host. */
import { z } from "zod";
import type { HuaweiAccount } from "./auth.ts";
import type { Core } from "./state.ts";

/** An IAM answer: status, JSON body, headers. */
export interface IamAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Record<string, string>;
}

function refusal(status: number, title: string, message: string): IamAnswer {
  // Assumed: the Keystone error form; our sources describe only successes.
  return { status, body: { error: { code: status, message, title } }, headers: {} };
}

/** What a log-in says; IAM takes members that it does not look at. */
const named = z.object({ id: z.string().optional(), name: z.string().optional() });
const loginBody = z.object({
  auth: z.object({
    identity: z.object({
      methods: z.tuple([z.literal("password")]),
      password: z.object({ user: z.object({ name: z.unknown(), password: z.unknown(), domain: named.optional() }) }),
    }),
    scope: z.union([z.strictObject({ project: named }), z.strictObject({ domain: named })]),
  }),
});

/** Issues a token for `auth.identity.password` with project or domain scope; 401 for wrong data, 400 for a wrong form. */
export function createToken(core: Core, body: unknown): IamAnswer {
  const asked = loginBody.safeParse(body);
  if (!asked.success) return refusal(400, "Bad Request", "Request body is invalid.");
  const { identity, scope } = asked.data.auth;
  const { user } = identity.password;
  const projectScope = "project" in scope ? scope.project : null;
  const domainScope = "domain" in scope ? scope.domain : null;
  const account = core.accounts.find(
    (candidate) =>
      candidate.password !== undefined &&
      candidate.userName === user.name &&
      candidate.password === user.password &&
      candidate.domainName === user.domain?.name,
  );
  if (account === undefined) return refusal(401, "Unauthorized", "The username or password is wrong.");
  const inScope =
    projectScope !== null
      ? projectScope.id === account.projectId || projectScope.name === "cn-north-4"
      : domainScope?.id === account.domainId || domainScope?.name === account.domainName;
  if (!inScope) return refusal(401, "Unauthorized", "The requested scope is not available to the user.");
  const token = `SIMTOKEN${core.random.hex(64)}`;
  const now = core.now();
  const expiresAt = now + core.settings.tokenLifetimeMs;
  core.state.tokens.set(token, {
    account,
    expiresAt,
    killed: false,
    scope: projectScope === null ? "domain" : "project",
  });
  return {
    status: 201,
    body: { token: describeToken(account, now, expiresAt, projectScope !== null) },
    headers: { "X-Subject-Token": token },
  };
}

function describeToken(
  account: HuaweiAccount,
  issuedAt: number,
  expiresAt: number,
  forProject: boolean,
): Record<string, unknown> {
  const domain = { id: account.domainId, name: account.domainName };
  return {
    methods: ["password"],
    issued_at: new Date(issuedAt).toISOString(),
    expires_at: new Date(expiresAt).toISOString(),
    user: { id: account.userId, name: account.userName, domain },
    ...(forProject ? { project: describeProject(account) } : { domain }),
    roles: [],
    catalog: [],
  };
}

function describeProject(account: HuaweiAccount): Record<string, unknown> {
  return {
    id: account.projectId,
    name: "cn-north-4",
    domain_id: account.domainId,
    parent_id: account.domainId,
    enabled: true,
    is_domain: false,
    description: "",
  };
}

/** Lists the project of an account; `name` filters. */
export function listProjects(account: HuaweiAccount, name: string | null): IamAnswer {
  const projects = name === null || name === "cn-north-4" ? [describeProject(account)] : [];
  return { status: 200, body: { projects, links: {} }, headers: {} };
}

/** Lists the domain of an account. */
export function listDomains({ domainId: id, domainName: name }: HuaweiAccount): IamAnswer {
  return { status: 200, body: { domains: [{ id, name, enabled: true, description: "" }], links: {} }, headers: {} };
}
