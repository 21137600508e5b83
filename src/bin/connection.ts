/** Wires one connection: budgets, both adapters, and what its flows need. */
import type * as Commands from "../commands/cli/app.ts";
import type { ConnectionConfig } from "../config/config.ts";
import type { Budget } from "../domain/budget.ts";
import { budgetKeys, huaweiAccount } from "../domain/budget-keys.ts";
import type { Side } from "../domain/service-error.ts";
import type { HuaweiAdminPort } from "../huawei/admin-port.ts";
import { makeHuaweiClient } from "../huawei/huawei-client.ts";
import type { ZoneMemory } from "../huawei/service-zone.ts";
import { type JiraAdminPort, makeJiraClient } from "../jira/jira-client.ts";
import { makeTextPort } from "../jira/text-port.ts";
import { countWarnings } from "../lib/counted-warnings.ts";
import { hashTexts } from "../lib/hash.ts";
import { Secret } from "../lib/secret.ts";
import type { SpoolFolder } from "../lib/spool.ts";
import { makeReadingTokenStore } from "../lib/token-store.ts";
import type { Metrics } from "../observability/metrics.ts";
import { makeBudget, setBudgetRefused } from "../store/budget.ts";
import { findCursor, saveCursor } from "../store/connections.ts";
import type { DatabaseClock } from "../store/database-clock.ts";
import { makeLocalBudget } from "../store/local-budget.ts";
import { makeTokenStore } from "../store/login-tokens.ts";
import { makeLookupCache } from "../store/lookups.ts";
import { noticedFields } from "../sync/plan/changes.ts";
import type { Clock, HuaweiPort, JiraPort, Log } from "../sync/ports.ts";
import { makeLookups } from "../sync/request/lookups.ts";
import type { StatePort } from "../sync/state.ts";
import type { OpenDatabase } from "./database.ts";
import { observeBudget, observePort } from "./observed-port.ts";

/** One connection with both adapters. */
export type WiredConnection = Commands.WiredConnection & {
  readonly huawei: HuaweiAdminPort;
  readonly jira: JiraAdminPort;
};

/**
 * What parts take from the machine: time, waits, chance, how long a request may take. Tests hand in a machine whose time they move; a
 * worker has none and lives by the database's clock.
 */
export type Machine = {
  readonly clock: DatabaseClock;
  readonly sleep: (pauseMs: number) => Promise<void>;
  readonly random: () => number;
  /** The budget of a side, in the place of the one in the database that replicas share. */
  readonly budgetOf: (side: Side) => Budget;
  readonly callTimeoutMs?: number;
};

/** What is heard while the parts work, and what they may do. */
export type ComposeOptions = {
  /** Told each write. */
  readonly onWrite?: Commands.WorkerHooks["onWrite"];
  /** Told each lease that was taken. */
  readonly onLease?: () => void;
  /** Told of each request whether any answer came. */
  readonly onAnswer?: (call: { readonly connection: string; readonly side: Side; readonly answered: boolean }) => void;
  /** Told of each request that its budget let go. */
  readonly onRequest?: (request: { readonly connection: string; readonly side: Side }) => void;
  /** What may be done to the database: everything, unless it says `read`. */
  readonly access?: "write" | "read";
  /** Whose acts are audited. */
  readonly actor?: string;
  readonly machine?: Machine;
  /** Aborts when nothing is to be sent any more. */
  readonly ending?: AbortSignal;
};

/** What a connection is wired with. */
export type ConnectionWiring = {
  readonly connection: ConnectionConfig;
  /** Those that own the cases which both see. */
  readonly earlier: readonly ConnectionConfig[];
  readonly database: OpenDatabase;
  readonly state: StatePort;
  readonly spool: SpoolFolder;
  readonly clock: Clock;
  readonly log: Log;
  readonly owner: string;
  readonly metrics: Metrics;
  readonly options: ComposeOptions;
  /** The connection as its files say now; `null` where it cannot be read. */
  readonly reread: () => ConnectionConfig | null;
};

/** Wires one connection. Makes no remote call. With access `read` nothing of it writes to the database. */
export function wireConnection(wiring: ConnectionWiring): WiredConnection {
  const { connection, database, state, spool, clock, owner, options, metrics } = wiring;
  // A service that is away fails every run of every link.
  const log = countWarnings(wiring.log, { common: { connection: connection.name } });
  const huawei = wireHuawei({ ...wiring, log });
  const jira = wireJira({ ...wiring, log });
  const cache = makeLookupCache(database.prisma);
  const settings = connection;
  return {
    name: connection.name,
    config: connection,
    huawei,
    jira,
    intake: { huawei, jira, state, clock, log, settings, owner, earlier: wiring.earlier },
    reconcile: {
      huawei,
      jira,
      state,
      clock,
      log,
      settings,
      text: makeTextPort(),
      account: huawei,
      lookups: makeLookups({
        port: huawei,
        cache: isReading(wiring) ? { ...cache, save: async () => {} } : cache,
        clock,
        log,
        connectionName: connection.name,
      }),
      spool,
      owner,
      random: options.machine?.random ?? Math.random,
      marksRead: new Set(),
      newIssues: { pattern: null },
      onWrite: (write) => {
        metrics.itemMirrored({
          connection: connection.name,
          direction: write.side === "jira" ? "to-jira" : "to-huawei",
          kind: write.action,
        });
        options.onWrite?.(connection.name, write);
      },
      onDisclosure: (event) => {
        if (event.kind === "masked") metrics.itemMasked({ connection: connection.name, kind: event.item });
        else metrics.commentHeld({ connection: connection.name, reason: event.reason });
      },
    },
  };
}

function isReading({ options }: ConnectionWiring): boolean {
  return options.access === "read";
}

function wireHuawei(wiring: ConnectionWiring): HuaweiPort & HuaweiAdminPort {
  const { connection, database, clock, log } = wiring;
  const { prisma } = database;
  const key = budgetKeys(connection).huawei;
  const budget = wireBudget(wiring, "huawei", key);
  const tokens = makeTokenStore({ prisma, key: tokenKey(connection) });
  const zoneCursor = { connectionName: connection.name, name: `service_zone ${connection.huawei.endpoint}` };
  const zones: ZoneMemory = {
    find: async () => Number((await findCursor(prisma, zoneCursor.connectionName, zoneCursor.name)) ?? 0),
    save: async (minutes) =>
      isReading(wiring) ? undefined : saveCursor(prisma, { ...zoneCursor, value: String(minutes) }),
  };
  const { machine } = wiring.options;
  const make = (options: ConnectionConfig["huawei"]) =>
    makeHuaweiClient({
      options: machine?.callTimeoutMs === undefined ? options : { ...options, timeoutMs: machine.callTimeoutMs },
      budget,
      tokens: isReading(wiring) ? makeReadingTokenStore(tokens) : tokens,
      zones,
      onAnswer: tellAnswers(wiring, "huawei"),
      clock,
      log,
      ...waitsOf(wiring.options),
    });
  return observePort(make(connection.huawei), {
    side: "huawei",
    connection: connection.name,
    metrics: wiring.metrics,
    onRefused: noteRefusals(wiring, key),
    renew: makeRenewal(
      () => wiring.reread()?.huawei.credentials ?? null,
      connection.huawei.credentials,
      (credentials) => make({ ...connection.huawei, credentials }),
    ),
  });
}

function wireJira(wiring: ConnectionWiring): JiraPort & JiraAdminPort {
  const { connection, clock, log } = wiring;
  const key = budgetKeys(connection).jira;
  const budget = wireBudget(wiring, "jira", key);
  const { machine } = wiring.options;
  const ms = machine?.callTimeoutMs;
  const make = (options: ConnectionConfig["jira"]) =>
    makeJiraClient({
      options,
      budget,
      clock,
      log,
      ...waitsOf(wiring.options),
      ...(ms === undefined ? {} : { timeouts: { connectMs: ms, callMs: ms, fileMs: ms } }),
      extraFields: noticedFields(connection.create.fields),
      onAnswer: tellAnswers(wiring, "jira"),
      inServiceProject: connection.comments.inServiceProject,
    });
  return observePort(make(connection.jira), {
    side: "jira",
    connection: connection.name,
    metrics: wiring.metrics,
    onRefused: noteRefusals(wiring, key),
    renew: makeRenewal(
      () => wiring.reread()?.jira.apiToken ?? null,
      connection.jira.apiToken,
      (apiToken) => make({ ...connection.jira, apiToken }),
    ),
  });
}

function wireBudget(wiring: ConnectionWiring, side: Side, key: string): Budget {
  const { connection, database, metrics, options } = wiring;
  const ratePerSecond = connection[side].requestsPerSecond;
  const own = isReading(wiring) ? makeLocalBudget(ratePerSecond) : null;
  const budget = options.machine?.budgetOf(side) ?? own ?? makeBudget({ prisma: database.prisma, key, ratePerSecond });
  const onRequest = () => options.onRequest?.({ connection: connection.name, side });
  return observeBudget(budget, { side, metrics, onRequest });
}

/** How a client waits, where the machine has a way of its own, and until when. */
function waitsOf({
  machine,
  ending,
}: ComposeOptions): Partial<Pick<Machine, "sleep" | "random">> & Pick<ComposeOptions, "ending"> {
  return {
    ...(machine === undefined ? {} : { sleep: machine.sleep, random: machine.random }),
    ...(ending === undefined ? {} : { ending }),
  };
}

function tellAnswers({ connection, options }: ConnectionWiring, side: Side): (answered: boolean) => void {
  return (answered) => options.onAnswer?.({ connection: connection.name, side, answered });
}

/** Remembers which credential is refused, so that the page and every replica know. */
function noteRefusals(wiring: ConnectionWiring, key: string): (refused: boolean) => void {
  const { connection, database, log } = wiring;
  return (refused) => {
    if (refused) log.error({ connection: connection.name, budget: key }, "The service refuses the credentials");
    if (isReading(wiring)) return;
    setBudgetRefused({ prisma: database.prisma }, key, refused).catch((error: unknown) =>
      log.warn({ error }, "A refused credential could not be recorded"),
    );
  };
}

/**
 * Makes a port with the credential that a file holds now, once it is another one than before; else `null`. So a secret that was renewed
 * in its file is taken up without a restart, when the service refuses the old one.
 */
function makeRenewal<Credential, Port>(
  read: () => Credential | null,
  first: Credential,
  make: (credential: Credential) => Port,
): () => Port | null {
  let known = reveal(first);
  return () => {
    const credential = read();
    if (credential === null || reveal(credential) === known) return null;
    known = reveal(credential);
    return make(credential);
  };
}

/** A credential as text, with what it hides: for comparison only. */
function reveal(credential: unknown): string {
  if (credential instanceof Secret) return credential.reveal();
  if (typeof credential !== "object" || credential === null) return String(credential);
  return JSON.stringify(Object.entries(credential).map(([name, value]) => [name, reveal(value)]));
}

/** Connections that log in alike share one token. */
function tokenKey(connection: ConnectionConfig): string {
  const { iamEndpoint, credentials } = connection.huawei;
  return `huawei ${iamEndpoint} ${huaweiAccount(connection.huawei)} ${loginDetail(credentials)}`.trim();
}

/** What tells apart two logins of one account: each must be able to open what it finds. */
function loginDetail(credentials: ConnectionConfig["huawei"]["credentials"]): string {
  if (credentials.kind === "password") return credentials.projectId ?? "";
  if (credentials.kind !== "agency") return "";
  const { ak, domainId, agency } = credentials;
  return hashTexts([ak.reveal(), domainId ?? "", agency.externalId ?? ""]).slice(0, 16);
}
