/** The two ways to prove who calls (huawei.md 3): signing with a key pair, here, and an IAM token got with a password. */
import type { HuaweiCredentials } from "../domain/access.ts";
import type { Lane } from "../domain/lane.ts";
import { unlessRefused } from "../domain/steps.ts";
import { makeServiceClock, toServiceTime } from "../lib/service-clock.ts";
import { askIam, type Login, namesOf, type TokenDeps } from "./iam.ts";
import { type SignInput, signHeaders } from "./signer.ts";
import { makeTokenLogin } from "./token-login.ts";

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
