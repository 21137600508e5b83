/**
 * Temporary keys by IAM agency (huawei.md 3.4). An agency without an external id is asked for at IAM, which knows it by the names of
 * account and agency; one with an external id at STS, whose call alone takes one, and which wants the account's id.
 */
import type { HuaweiCredentials } from "../domain/access.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError } from "../domain/service-error.ts";
import { makeServiceClock, toServiceTime } from "../lib/service-clock.ts";
import { askIam, type TokenDeps, unauthorized } from "./iam.ts";
import { makeSharedPass } from "./shared-pass.ts";
import { type SignInput, signHeaders } from "./signer.ts";
import { type KeySource, keysAsText, makeKeySource, memberOf, toKeys, toPass } from "./temporary-keys.ts";
import { makeTokenSeal } from "./token-seal.ts";

type AgencyCredentials = HuaweiCredentials & { kind: "agency" };

/** Every agency allows an hour; what is shorter is asked for more often (huawei.md 3.4). */
const durationSeconds = 3600;
const sessionName = "casebridge";
/** A signature by a clock that is off by more is made anew (huawei.md 3.2). */
const clockNewsMs = 60_000;

/** The keys of an agency, shared by all processes; sealed with the secret key that they were got with. */
export function makeAgencyKeys(deps: TokenDeps, credentials: AgencyCredentials): KeySource {
  const { ak, sk, agency } = credentials;
  const owner = [deps.iamEndpoint, ak.reveal(), agency.domainName, agency.name, agency.externalId ?? ""].join(" ");
  const request = agency.externalId === null ? iamRequest(credentials) : stsRequest(deps, credentials);
  const iamClock = makeServiceClock(deps.clock);

  async function ask(aheadMs: number): Promise<unknown> {
    const { origin, path, json } = request;
    const headers = { "content-type": "application/json" };
    const date = toServiceTime(deps.clock.now(), aheadMs);
    const input: SignInput = {
      method: "POST",
      origin: origin ?? deps.iamEndpoint,
      path,
      query: {},
      headers,
      json,
      date,
    };
    const signed = signHeaders(input, { ak: ak.reveal(), sk: sk.reveal() });
    const { body } = await askIam(deps, {
      method: "POST",
      path,
      headers: signed,
      json,
      ...(origin === null ? {} : { origin }),
      refusal: {
        what: `the agency ${agency.name} of ${agency.domainName} is refused, not the access key`,
        remedy:
          "Check HUAWEI_AGENCY_NAME, HUAWEI_AGENCY_DOMAIN_NAME and HUAWEI_AGENCY_EXTERNAL_ID (huawei.agency), that the agency trusts the account of the access key, and that the key's user may assume agencies (Agent Operator, or sts:agencies:assume).",
        zh: {
          what: `被拒绝的是 ${agency.domainName} 的委托 ${agency.name}，而不是访问密钥`,
          remedy:
            "检查 HUAWEI_AGENCY_NAME、HUAWEI_AGENCY_DOMAIN_NAME 和 HUAWEI_AGENCY_EXTERNAL_ID（huawei.agency）、该委托是否信任访问密钥所属的账号，以及密钥的用户是否可以切换委托（Agent Operator 或 sts:agencies:assume）。",
        },
      },
      onAnswer: iamClock.noteDate,
    });
    return body;
  }

  async function askByItsClock(lane: Lane): Promise<unknown> {
    const aheadMs = iamClock.aheadMs() || deps.serviceClock.aheadMs();
    try {
      return await ask(aheadMs);
    } catch (error) {
      if (!isServiceError(error, "unauthorized")) throw error;
      if (Math.abs(iamClock.aheadMs() - aheadMs) <= clockNewsMs) throw error;
      await deps.budget.take(lane);
      return ask(iamClock.aheadMs());
    }
  }

  const shared = makeSharedPass(deps, {
    ...keysAsText,
    seal: makeTokenSeal(sk, owner),
    requestsMax: 2,
    async issue(lane) {
      const answer = request.read(await askByItsClock(lane));
      const at = { nowMs: deps.clock.now().getTime(), aheadMs: iamClock.aheadMs() };
      const pass = answer.keys === null ? null : toPass(answer.keys, answer.expiresAt, at);
      if (pass === null) throw unauthorized(null, "the answer about the agency holds no keys that live");
      return pass;
    },
  });
  return makeKeySource(shared);
}

type AgencyAnswer = { readonly keys: ReturnType<typeof toKeys>; readonly expiresAt: unknown };
type AgencyRequest = {
  /** `null` = IAM itself. */
  readonly origin: string | null;
  readonly path: string;
  readonly json: object;
  readonly read: (body: unknown) => AgencyAnswer;
};

/** IAM `CreateTemporaryAccessKeyByAgency`. */
function iamRequest({ agency }: AgencyCredentials): AgencyRequest {
  const role = { domain_name: agency.domainName, agency_name: agency.name, duration_seconds: durationSeconds };
  return {
    origin: null,
    path: "/v3.0/OS-CREDENTIAL/securitytokens",
    json: { auth: { identity: { methods: ["assume_role"], assume_role: role } } },
    read(body) {
      const found = memberOf(body, "credential");
      const names = { ak: "access", sk: "secret", securityToken: "securitytoken" };
      return { keys: toKeys(found, names), expiresAt: memberOf(found, "expires_at") };
    },
  };
}

/** STS `AssumeAgency`. */
function stsRequest(deps: TokenDeps, { agency, domainId }: AgencyCredentials): AgencyRequest {
  return {
    origin: stsOrigin(deps.iamEndpoint),
    path: "/v5/agencies/assume",
    json: {
      agency_urn: `iam::${domainId ?? ""}:agency:${agency.name}`,
      agency_session_name: sessionName,
      duration_seconds: durationSeconds,
      external_id: agency.externalId,
    },
    read(body) {
      const found = memberOf(body, "credentials");
      const names = { ak: "access_key_id", sk: "secret_access_key", securityToken: "security_token" };
      return { keys: toKeys(found, names), expiresAt: memberOf(found, "expiration") };
    },
  };
}

/** STS stands beside IAM in each region (huawei.md 3.4); at a host of another name both are expected at one address. */
function stsOrigin(iamEndpoint: string): string {
  return iamEndpoint.replace(/^(https?:\/\/)iam(?=[.-])/, "$1sts");
}
