/**
 * A stateful, strict stand-in for the Huawei Cloud service ticket service (OSM) and its IAM host, over real HTTP.
 * It shares no code with the product, so that a misreading of the documents on one side shows as a failure.
 */
import { type FaultText, makeFaultBook } from "../base/faults.ts";
import { makeFileStore } from "../base/files.ts";
import { makeRandom } from "../base/random.ts";
import { makeRequestLog } from "../base/request-log.ts";
import { mergeSettings } from "../base/settings.ts";
import type { HuaweiAccount, HuaweiAgency } from "./auth.ts";
import { type HuaweiControl, makeControl } from "./control.ts";
import { type EffectEvent, startServer } from "./server.ts";
import { DEFAULT_SETTINGS, type HuaweiSettings } from "./settings.ts";
import { type Core, makeState } from "./state.ts";

export type { HuaweiControl } from "./control.ts";
export type { CaseView } from "./control-views.ts";
export type { EffectEvent } from "./server.ts";
export { DEFAULT_SETTINGS, type HuaweiSettings } from "./settings.ts";

/** One more account. Accounts with the same `domainId` are users of one tenant. */
export type HuaweiAccountOptions = Pick<HuaweiAccount, "accessKey" | "secretKey" | "domainId"> & Partial<HuaweiAccount>;

/** Options of `startHuaweiSimulator`; every one may be left out. */
export interface HuaweiSimulatorOptions {
  /** 0 or nothing: any free port. */
  readonly port?: number;
  readonly host?: string;
  /** Default `SIMAK` and `SIMSK`. */
  readonly accessKey?: string;
  readonly secretKey?: string;
  readonly securityToken?: string;
  readonly domainId?: string;
  /** Groups of the first account; default `["simgroup"]`. */
  readonly groups?: readonly string[];
  /** Password login of the first account; default `simuser`, `simpass`, `simdomain`, `simproject`. */
  readonly iam?: {
    readonly username: string;
    readonly password: string;
    readonly domainName: string;
    readonly projectId: string;
  };
  readonly accounts?: readonly HuaweiAccountOptions[];
  /**
   * Agencies of the first account, to be assumed by users of the account `trustedDomainId`. With an external id they are assumed at STS
   * only.
   */
  readonly agencies?: readonly (Pick<HuaweiAgency, "name" | "trustedDomainId"> & { readonly externalId?: string })[];
  /** Whether the server's metadata gives keys, which act for the first account; default yes. */
  readonly serverHasAgency?: boolean;
  /** Seed of ids, random orders and fault chances; default 1. */
  readonly seed?: number;
  readonly settings?: Partial<HuaweiSettings>;
  /** Clock in epoch milliseconds; default the system's. */
  readonly now?: () => number;
  /** Answers that Huawei's document does not describe become errors; for tests of the simulator itself, with its plain settings. */
  readonly checkAnswers?: boolean;
  /** Awaited before each operation's effect, and after it before the answer. A throw ends the connection. */
  readonly onEffect?: (event: EffectEvent) => void | Promise<void>;
}

/** A running simulator. `url` serves both hosts; `close` ends open connections at once and removes the temporary files. */
export interface HuaweiSimulator {
  readonly url: string;
  readonly control: HuaweiControl;
  close(): Promise<void>;
}

/**
 * Starts a simulator.
 * @throws when the port is taken or a setting is unknown.
 */
export async function startHuaweiSimulator(options: HuaweiSimulatorOptions = {}): Promise<HuaweiSimulator> {
  const seed = options.seed ?? 1;
  const clock = options.now ?? Date.now;
  const initialSettings = options.settings ?? {};
  let offsetMs = 0;
  const settings = mergeSettings(DEFAULT_SETTINGS, DEFAULT_SETTINGS, initialSettings);
  const accounts = makeAccounts(options);
  const core: Core = {
    settings,
    accounts,
    agencies: makeAgencies(options, accounts),
    serverAccount: (options.serverHasAgency ?? true) ? (accounts[0] ?? null) : null,
    files: makeFileStore(),
    random: makeRandom(seed),
    now: () => clock() + offsetMs,
    state: makeState(),
  };
  // A generator of its own: drawing fault chances must not change the ids that follow.
  let chances = makeRandom(seed + 1);
  const faults = makeFaultBook({
    random: () => chances,
    timesDefault: Number.POSITIVE_INFINITY,
    texts: FAULT_TEXTS,
  });
  const requests = makeRequestLog(() => core.now());
  const control = makeControl({
    core,
    faults,
    requests,
    initialSettings,
    seed,
    moveClock(ms) {
      if (ms === "back") {
        offsetMs = 0;
        chances = makeRandom(seed + 1);
      } else offsetMs += ms;
    },
  });
  const server = await startServer(
    {
      core,
      faults,
      requests,
      control,
      checkAnswers: options.checkAnswers ?? false,
      onEffect: options.onEffect,
    },
    { host: options.host ?? "127.0.0.1", port: options.port ?? 0 },
  );
  return {
    url: server.url,
    control,
    async close() {
      await server.close();
      core.files.close();
    },
  };
}

/** Answers of a server that had its effect and then broke. */
const FAULT_TEXTS: Readonly<Record<string, FaultText>> = {
  garbage: { phase: "after", contentType: "text/html", text: "<html><body><h1>It works!</h1></body></html>" },
  garbage_json: { phase: "after", contentType: "application/json", text: '{"incident_info_list":[{"incident_id":"TT' },
};

function makeAgencies(options: HuaweiSimulatorOptions, accounts: readonly HuaweiAccount[]): HuaweiAgency[] {
  return (options.agencies ?? []).flatMap(({ name, trustedDomainId, externalId }) =>
    accounts.slice(0, 1).map((account) => ({ name, account, trustedDomainId, externalId: externalId ?? null })),
  );
}

function makeAccounts(options: HuaweiSimulatorOptions): HuaweiAccount[] {
  const iam = options.iam ?? {
    username: "simuser",
    password: "simpass",
    domainName: "simdomain",
    projectId: "simproject",
  };
  const first: HuaweiAccount = {
    accessKey: options.accessKey ?? "SIMAK",
    secretKey: options.secretKey ?? "SIMSK",
    ...(options.securityToken === undefined ? {} : { securityToken: options.securityToken }),
    domainId: options.domainId ?? "simdomain0000000000000000000001",
    domainName: iam.domainName,
    userId: "simuser000000000000000000000001",
    userName: iam.username,
    iamUserType: 1,
    groups: options.groups ?? ["simgroup"],
    password: iam.password,
    projectId: iam.projectId,
  };
  const others = (options.accounts ?? []).map((account) => ({
    domainName: account.domainId,
    userId: `user-${account.accessKey}`,
    userName: account.accessKey,
    iamUserType: 1,
    groups: [],
    projectId: `project-${account.domainId}`,
    ...account,
  }));
  return [first, ...others];
}
