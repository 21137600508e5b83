/** The ways to prove who calls (huawei.md 3): signing, here, with keys that stay or are renewed, and an IAM token got with a password. */
import type { HuaweiCredentials } from "../domain/access.ts";
import type { Lane } from "../domain/lane.ts";
import { unlessRefused } from "../domain/steps.ts";
import { makeServiceClock, toServiceTime } from "../lib/service-clock.ts";
import { makeAgencyKeys } from "./agency.ts";
import { makeEcsKeys } from "./ecs-keys.ts";
import { askIam, type Login, namesOf, type TokenDeps } from "./iam.ts";
import { type SignInput, signHeaders } from "./signer.ts";
import type { KeySource } from "./temporary-keys.ts";
import { makeTokenLogin } from "./token-login.ts";

/** Makes the login that the credentials ask for. `metadataOrigin` stands in for the server's own metadata, for tests. */
export function makeLogin(deps: TokenDeps, credentials: HuaweiCredentials, metadataOrigin?: string): Login {
  switch (credentials.kind) {
    case "aksk":
      return makeSignedLogin(deps, makeFixedKeys(credentials), credentials.domainId);
    case "agency":
      return makeSignedLogin(deps, makeAgencyKeys(deps, credentials), credentials.domainId);
    case "ecs":
      return makeSignedLogin(deps, makeEcsKeys(deps, metadataOrigin), credentials.domainId);
    case "password":
      return makeTokenLogin(deps, credentials);
  }
}

function makeFixedKeys({ ak, sk, securityToken }: HuaweiCredentials & { kind: "aksk" }): KeySource {
  return {
    ready: async () => null,
    keysOf: () => ({ ak: ak.reveal(), sk: sk.reveal(), securityToken: securityToken?.reveal() ?? null }),
    forget: () => false,
    endsAt: () => null,
  };
}

/** Services are said to take signatures whose time is off by less (huawei.md 3.2); half of it is kept for the way. */
const signedClockMs = 7 * 60_000;
/** After so long the account id is asked for again, where IAM did not tell it. */
const learnAgainMs = 10 * 60_000;

/** Every request of a global service carries the account's id (huawei.md 14); it is learned where it is not given. */
function makeSignedLogin(deps: TokenDeps, source: KeySource, knownDomainId: string | null): Login {
  let domainId = knownDomainId;
  let learning: Promise<void> | null = null;
  let notBeforeMs = 0;
  const iamClock = makeServiceClock(deps.clock);

  function authorize(request: SignInput, pass: string | null): Record<string, string> {
    const headers: Record<string, string> = { ...request.headers };
    const { ak, sk, securityToken } = source.keysOf(pass);
    if (domainId !== null) headers["x-domain-id"] = domainId;
    if (securityToken !== null) headers["x-security-token"] = securityToken;
    return signHeaders({ ...request, headers }, { ak, sk });
  }

  async function learn(lane: Lane, pass: string | null): Promise<void> {
    notBeforeMs = deps.clock.now().getTime() + learnAgainMs;
    const aheadMs = iamClock.aheadMs() || deps.serviceClock.aheadMs();
    let reply = await askDomains(lane, pass, aheadMs);
    // A refusal tells IAM's clock: a signature by our own, which is wrong, was refused for that alone.
    if (reply === null && Math.abs(iamClock.aheadMs() - aheadMs) > signedClockMs)
      reply = await askDomains(lane, pass, iamClock.aheadMs());
    const ids = namesOf(reply?.body, "domains").map(({ id }) => id);
    if (ids.length === 1) domainId = ids[0] ?? null;
    else if (reply !== null)
      deps.log.warn({ accounts: ids.length }, "IAM names no single account; set HUAWEICLOUD_SDK_DOMAIN_ID");
  }

  /** `null` where IAM does not tell: the service itself may know the account by its key. */
  async function askDomains(
    lane: Lane,
    pass: string | null,
    aheadMs: number,
  ): Promise<{ readonly body: unknown } | null> {
    await deps.budget.take(lane);
    const path = "/v3/auth/domains";
    const date = toServiceTime(deps.clock.now(), aheadMs);
    const request = { method: "GET", origin: deps.iamEndpoint, path, query: {}, json: null, date } as const;
    const headers = authorize({ ...request, headers: { "content-type": "application/json" } }, pass);
    return unlessRefused(deps.log, "account id", () =>
      askIam(deps, { method: "GET", path, headers, json: null, onAnswer: iamClock.noteDate }),
    );
  }

  return {
    async ready(lane) {
      const pass = await source.ready(lane);
      if (domainId === null && (learning !== null || deps.clock.now().getTime() >= notBeforeMs)) {
        learning ??= learn(lane, pass).finally(() => {
          learning = null;
        });
        await learning;
      }
      return pass;
    },
    authorize,
    forget: source.forget,
    tryOtherScope: async () => false,
    undoScope: async () => {},
    endsAt: source.endsAt,
  };
}
