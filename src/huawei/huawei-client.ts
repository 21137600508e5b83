/** The Huawei adapter's front door. */

import type { Budget } from "../domain/budget.ts";
import { makeHttpSender } from "../lib/http.ts";
import type { Sleep } from "../lib/retry.ts";
import { makeServiceClock, toServiceTime } from "../lib/service-clock.ts";
import { makeMemoryTokenStore, type TokenStore } from "../lib/token-store.ts";
import type { Clock, HuaweiPort, Log } from "../sync/ports.ts";
import type { HuaweiAdminPort } from "./admin-port.ts";
import { joinGroups } from "./groups.ts";
import { makeLogin } from "./login.ts";
import type { HuaweiClientOptions } from "./options.ts";
import { askedZone, makeServiceZone, type ZoneMemory } from "./service-zone.ts";
import { makeTransport, type Transport } from "./transport.ts";
import { makeV1 } from "./v1.ts";
import { makeV2Actions } from "./v2-actions.ts";
import { makeV2Admin } from "./v2-admin.ts";
import { makeV2Cases } from "./v2-cases.ts";

/** What a client is made of. The `budget` is that of the (endpoint, account); `sleep` and `random` are for tests. */
export type HuaweiClientDeps = {
  readonly options: HuaweiClientOptions;
  readonly budget: Budget;
  readonly log: Log;
  /** Where a login token is shared; without it each client has its own. */
  readonly tokens?: TokenStore;
  /** Where the keys of the server are asked for instead of its own metadata service, for tests. */
  readonly metadataOrigin?: string;
  /** Where the zone is remembered that the service writes times in; without it each client learns it anew. */
  readonly zones?: ZoneMemory;
  /** Hears after each request whether any answer came. */
  readonly onAnswer?: (answered: boolean) => void;
  readonly clock?: Clock;
  readonly sleep?: Sleep;
  readonly random?: () => number;
  /** Aborts when the process ends: nothing is sent any more, and no pause goes on. */
  readonly ending?: AbortSignal;
};

const timeoutDefaultMs = 30_000;

/** What goes with every call: language, zone, and the site where one is configured (huawei.md 4 and 14). */
function makeHeaders({ language, site }: HuaweiClientOptions): Readonly<Record<string, string>> {
  const siteHeader: Readonly<Record<string, string>> = site == null ? {} : { "x-site": site === "china" ? "0" : "1" };
  return { "x-language": language, "x-time-zone": askedZone, ...siteHeader };
}

/**
 * Makes the client of one connection. It sends nothing by itself; idle connections are held in this process only, its token in `tokens`.
 * Throws RangeError for a user group with API version v1.0.
 */
export function makeHuaweiClient(deps: HuaweiClientDeps): HuaweiPort & HuaweiAdminPort {
  const { options, budget, log } = deps;
  const clock = deps.clock ?? { now: () => new Date() };
  const timeoutMs = options.timeoutMs ?? timeoutDefaultMs;
  const send = makeHttpSender(deps.onAnswer, options.proxy ?? null);
  const { endpoint, iamEndpoint } = options;
  const tokens = deps.tokens ?? makeMemoryTokenStore();
  const tests = {
    ...(deps.sleep === undefined ? {} : { sleep: deps.sleep }),
    ...(deps.random === undefined ? {} : { random: deps.random }),
  };
  const serviceClock = makeServiceClock(clock);
  const login = makeLogin(
    { send, budget, clock, serviceClock, log, endpoint, iamEndpoint, timeoutMs, tokens, ...tests },
    options.credentials,
    deps.metadataOrigin,
  );
  const expiry = { credentialsEnd: async () => login.endsAt() };
  const zone = makeServiceZone(() => toServiceTime(clock.now(), serviceClock.aheadMs()), deps.zones);
  const ending = deps.ending === undefined ? {} : { ending: deps.ending };
  const plain = makeTransport({ send, login, budget, log, clock, serviceClock, timeoutMs, ...tests, ...ending });
  const transport: Transport = {
    ...plain,
    json: async (call, lane) => {
      // Answers to writes carry no times, and nothing may fail after one.
      if (call.write) return plain.json(call, lane);
      await zone.recall();
      const answer = await plain.json(call, lane);
      zone.learn(answer);
      await zone.remember();
      return answer;
    },
  };
  const dialect = {
    transport,
    log,
    clock,
    serviceClock,
    endpoint,
    iamEndpoint,
    headers: makeHeaders(options),
    zone,
    projectId: options.projectId ?? null,
  };
  switch (options.apiVersion) {
    case "v2": {
      const makePort = (groupId: string | null) => {
        const deps = { ...dialect, groupId };
        return { ...makeV2Cases(deps), ...makeV2Actions(deps), ...makeV2Admin(deps) };
      };
      const { groupIds } = options;
      if (groupIds.length === 0) return { ...makePort(null), ...expiry };
      return { ...joinGroups(new Map(groupIds.map((groupId) => [groupId, makePort(groupId)]))), ...expiry };
    }
    case "v1.0":
      // The historical calls know no group: they would quietly speak of the caller's own cases only.
      if (options.groupIds.length > 0) throw new RangeError("a user group needs API version v2");
      return { ...makeV1({ ...dialect, groupId: null }), ...expiry };
  }
}
