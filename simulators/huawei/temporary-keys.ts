/**
 * Temporary keys: by an agency of another account (IAM v3.0 and STS v5, huawei.md 3.4), and from the metadata service of a server.
 * Shares the port with the other hosts.
 */
import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import type { HuaweiAccount, HuaweiAgency } from "./auth.ts";
import type { IamAnswer } from "./iam.ts";
import type { Core } from "./state.ts";

const SECONDS_MIN = 900;

function refusal(status: number, code: string, message: string): IamAnswer {
  return { status, body: { error_code: code, error_msg: message }, headers: {} };
}

/** Makes keys that act for an account; they end after `lifetimeMs`, or earlier by the settings. */
function issue(core: Core, account: HuaweiAccount, lifetimeMs: number): { account: HuaweiAccount; expiresAt: number } {
  const keys = {
    ...account,
    accessKey: `TEMPAK${core.random.hex(14)}`,
    secretKey: `TEMPSK${core.random.hex(34)}`,
    securityToken: `TEMPTOKEN${core.random.hex(64)}`,
  };
  const expiresAt = core.now() + Math.min(lifetimeMs, core.settings.temporaryKeyLifetimeMaxMs);
  core.state.temporaryKeys.set(keys.accessKey, { account: keys, expiresAt, killed: false });
  return { account: keys, expiresAt };
}

/** Body of IAM `CreateTemporaryAccessKeyByAgency`. */
const iamBody = z.strictObject({
  auth: z.strictObject({
    identity: z.strictObject({
      methods: z.tuple([z.literal("assume_role")]),
      assume_role: z.strictObject({
        agency_name: z.string(),
        domain_name: z.string().optional(),
        domain_id: z.string().optional(),
        duration_seconds: z.number().min(SECONDS_MIN).max(86_400).default(SECONDS_MIN),
        session_user: z.unknown().optional(),
      }),
      policy: z.unknown().optional(),
    }),
  }),
});

/** Body of STS `AssumeAgency`. */
const stsBody = z.strictObject({
  agency_urn: z.string(),
  agency_session_name: z.string().regex(/^[\w.@=,+-]{2,64}$/),
  duration_seconds: z.number().min(SECONDS_MIN).max(43_200).default(3600),
  external_id: z.string().min(2).max(1224).nullable().default(null),
});

/** Keys as IAM and the metadata service write them. */
function viewCredential({ account, expiresAt }: { readonly account: HuaweiAccount; readonly expiresAt: number }) {
  return {
    access: account.accessKey,
    secret: account.secretKey,
    securitytoken: account.securityToken,
    expires_at: new Date(expiresAt).toISOString().replace("Z", "000Z"),
  };
}

function mayAssume(caller: HuaweiAccount, agency: HuaweiAgency | undefined): agency is HuaweiAgency {
  return agency !== undefined && agency.trustedDomainId === caller.domainId;
}

/** IAM `CreateTemporaryAccessKeyByAgency`: 201, or 400 for a wrong form and 403 for an agency that is not the caller's to assume. */
export function assumeByIam(core: Core, caller: HuaweiAccount, body: unknown): IamAnswer {
  const asked = iamBody.safeParse(body);
  if (!asked.success) return refusal(400, "IAM.0007", "Request parameter is invalid.");
  const { assume_role: role } = asked.data.auth.identity;
  const agency = core.agencies.find(
    ({ name, account }) =>
      name === role.agency_name && (account.domainName === role.domain_name || account.domainId === role.domain_id),
  );
  if (!mayAssume(caller, agency) || agency.externalId !== null)
    return refusal(403, "IAM.0002", "You are not authorized to perform the requested action.");
  const keys = issue(core, agency.account, role.duration_seconds * 1000);
  return { status: 201, body: { credential: viewCredential(keys) }, headers: {} };
}

/** STS `AssumeAgency`: 201, or 400 for a wrong form and 403 for another agency or external id. */
export function assumeBySts(core: Core, caller: HuaweiAccount, body: unknown): IamAnswer {
  const asked = stsBody.safeParse(body);
  if (!asked.success) return refusal(400, "STS5.0001", "Invalid parameter.");
  const { agency_urn: urn, agency_session_name: session, duration_seconds: seconds, external_id: id } = asked.data;
  const agency = core.agencies.find(({ name, account }) => urn === `iam::${account.domainId}:agency:${name}`);
  if (!mayAssume(caller, agency) || agency.externalId !== id) return refusal(403, "PAP5.0046", "Access denied.");
  const { account, expiresAt } = issue(core, agency.account, seconds * 1000);
  return {
    status: 201,
    body: {
      assumed_agency: { urn: `sts::${account.domainId}:assumed-agency:${agency.name}/${session}`, id: "simagency" },
      credentials: {
        access_key_id: account.accessKey,
        secret_access_key: account.secretKey,
        security_token: account.securityToken,
        expiration: new Date(expiresAt).toISOString(),
      },
    },
    headers: {},
  };
}

const SERVER_KEYS_MS = 3_600_000;
/** New keys come so long before the old ones end, which both hold until then (docs of the metadata service). */
const SERVER_KEYS_EARLY_MS = 600_000;

/** The metadata service's keys: the same until ten minutes before they end. 404 without an agency, 401 without the token it wants. */
export function serverKeys(core: Core, headers: IncomingHttpHeaders): IamAnswer {
  if (core.settings.metadataTokenNeeded && !core.state.metadataTokens.has(String(headers["x-metadata-token"] ?? "")))
    return { status: 401, body: { error: "Unauthorized" }, headers: {} };
  if (core.serverAccount === null) return { status: 404, body: { error: "Not Found" }, headers: {} };
  const held = core.state.serverKeys;
  const early = Math.min(SERVER_KEYS_EARLY_MS, core.settings.temporaryKeyLifetimeMaxMs / 3);
  const isGood = held !== null && held.expiresAt - early > core.now();
  const { account, expiresAt } = isGood ? held : issue(core, core.serverAccount, SERVER_KEYS_MS);
  core.state.serverKeys = { account, expiresAt };
  return { status: 200, body: { credential: viewCredential({ account, expiresAt }) }, headers: {} };
}

/** A token of the metadata service, as text; `null` for a wrong form. */
export function metadataToken(core: Core, headers: IncomingHttpHeaders): string | null {
  const seconds = Number(headers["x-metadata-token-ttl-seconds"]);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 21_600) return null;
  const token = `META${core.random.hex(32)}`;
  core.state.metadataTokens.add(token);
  return token;
}
