/**
 * Wiring: from a configuration to running parts. The only place that knows all adapters; commands take what they need from here.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleepFor } from "node:timers/promises";
import type * as Commands from "../commands/cli/app.ts";
import { CommandFailure, ExitCode } from "../commands/cli/exit-code.ts";
import type { Config, ConnectionConfig } from "../config/config.ts";
import type { Budget } from "../domain/budget.ts";
import type { Side } from "../domain/service-error.ts";
import {
  type EmbeddedPostgres,
  hasEmbeddedPostgres,
  startEmbeddedPostgres,
} from "../embedded-postgres/embedded-postgres.ts";
import type { HuaweiAdminPort } from "../huawei/admin-port.ts";
import { makeHuaweiClient } from "../huawei/huawei-client.ts";
import type { ZoneMemory } from "../huawei/service-zone.ts";
import { type JiraAdminPort, makeJiraClient } from "../jira/jira-client.ts";
import { makeTextPort } from "../jira/text-port.ts";
import { makeFolder } from "../lib/make-folder.ts";
import { makeQuietWarn } from "../lib/quiet-warn.ts";
import { makeSeal, type Seal } from "../lib/seal.ts";
import { Secret } from "../lib/secret.ts";
import { makeSpool, makeTemporarySpool, type SpoolFolder } from "../lib/spool.ts";
import { makeReadingTokenStore } from "../lib/token-store.ts";
import { type Metrics, makeMetrics } from "../observability/metrics.ts";
import { errorMessage } from "../observability/scrub.ts";
import { makeAdminStore } from "../store/admin.ts";
import { makeBudget, setBudgetRefused } from "../store/budget.ts";
import { releaseCloses } from "../store/closes-lane.ts";
import {
  checkSites,
  findCursor,
  isPolicyWider,
  recordPolicy,
  saveCursor,
  syncConnections,
} from "../store/connections.ts";
import { type Database, makePrisma } from "../store/database/client.ts";
import { DatabaseNotReady, isSchemaError } from "../store/database/errors.ts";
import { migrateDatabase, readSchemaState, refuseIncompatible } from "../store/database/migrate.ts";
import { makeDatabaseClock, readDatabaseTime } from "../store/database-clock.ts";
import { makeLocalBudget } from "../store/local-budget.ts";
import { makeTokenStore } from "../store/login-tokens.ts";
import { makeLookupCache } from "../store/lookups.ts";
import { makeSilenceReader } from "../store/news.ts";
import { makeReadingState } from "../store/reading-state.ts";
import { makeRebuildState } from "../store/rebuild.ts";
import { makeState } from "../store/state.ts";
import { toldFields } from "../sync/plan/changes.ts";
import { policyOf } from "../sync/plan/disclosure.ts";
import type { Clock, HuaweiPort, JiraPort, Log } from "../sync/ports.ts";
import { makeLookups } from "../sync/request/lookups.ts";
import type { StatePort } from "../sync/state.ts";
import { budgetKeys, huaweiAccount } from "./budget-keys.ts";
import { observeBudget, observePort } from "./observed-port.ts";
import { makeStatusReport, type StatusDeps } from "./status.ts";

/** A database that is reachable, with its client. */
export type OpenDatabase = Database &
  Commands.OpenDatabase & { readonly embedded: EmbeddedPostgres | null; close(): Promise<void> };

/** One connection with both adapters. */
export type WiredConnection = Commands.WiredConnection & {
  readonly huawei: HuaweiAdminPort;
  readonly jira: JiraAdminPort;
};

/** Everything that commands and the worker work with. `close` ends it in order: spool, database, embedded server. */
export type Parts = Commands.Parts & {
  readonly owner: string;
  readonly database: OpenDatabase;
  /** What reports and notifications are read from. */
  readonly status: StatusDeps;
  readonly spool: SpoolFolder;
  readonly metrics: Metrics;
  readonly connections: readonly WiredConnection[];
};

/** How long running queries are waited for at the end. */
const closeMaxMs = 3_000;

/**
 * Opens the configured database, the embedded one without `DATABASE_URL`. `inAnyState` is for the doctor: it also opens
 * one that is not ready. `onHang` hears of connections that did not answer. Throws the store's typed
 * errors: `DatabaseNotReady` where there is nothing to read, `DatabaseNewerThanCode`; `CommandFailure` where the data folder cannot be made.
 */
export async function openDatabase(
  config: Config,
  log: Log,
  options: {
    readonly access: Commands.DatabaseAccess;
    readonly inAnyState?: boolean;
    readonly poolMax?: number;
    readonly onHang?: () => void;
  },
): Promise<OpenDatabase> {
  const { access } = options;
  if (access === "write") await makeDataFolder(config.dataDir);
  if (config.databaseUrl === null && access !== "write" && !(await hasEmbeddedPostgres(config.dataDir)))
    throw new DatabaseNotReady(`There is no database in ${config.dataDir} yet.`, makeItReady);
  const embedded =
    config.databaseUrl === null ? await startEmbeddedPostgres({ dataDir: config.dataDir, logger: log2(log) }) : null;
  try {
    const connectionString = embedded?.connectionString ?? config.databaseUrl?.reveal() ?? "";
    const { applied } = access === "write" ? await migrateDatabase({ connectionString }) : { applied: [] };
    const found = access === "write" ? null : await readSchemaState({ connectionString });
    if (found !== null && options.inAnyState !== true) {
      if (found.empty) throw new DatabaseNotReady("The database holds no tables of casebridge yet.", makeItReady);
      refuseIncompatible(found.incompatible);
    }
    const warn = makeQuietWarn(log);
    const database = makePrisma({
      connectionString,
      readOnly: access === "read",
      poolMax: options.poolMax ?? Math.max(6, config.workerConcurrency + 4),
      onError: (error) => warn({ error: errorMessage(error) }, "A database connection broke"),
      onHang: (hang) => {
        // Each query that waited says so; the first of them closes the rest.
        warn({ ...hang }, "PostgreSQL did not answer; its silent connections were closed");
        options.onHang?.();
      },
    });
    return {
      ...database,
      connectionString,
      embedded,
      applied,
      missing: found?.missing ?? [],
      close: async () => {
        await Promise.race([database.close(), sleepFor(closeMaxMs, undefined, { ref: false })]);
        await embedded?.stop();
      },
    };
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
}

const makeItReady = "Run `casebridge migrate`, or start the worker; both make it ready.";

async function makeDataFolder(dataDir: string): Promise<void> {
  await makeFolder(dataDir, 0o755).catch((error: NodeJS.ErrnoException) => {
    throw new CommandFailure({
      code: ExitCode.usage,
      message: `The data folder ${dataDir} cannot be made: ${error.message}.`,
      remedy: "Set DATA_DIR to a folder that this user may write to.",
    });
  });
}

/**
 * Works on a database that was opened as it is, whose schema may be older or newer than this release's. Throws `DatabaseNotReady` where
 * it lacks what the work needs, and what the work throws.
 */
export async function onFoundSchema<T>({ missing }: Pick<OpenDatabase, "missing">, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (missing.length === 0 || !isSchemaError(cause)) throw cause;
    throw new DatabaseNotReady(
      `The database is of an older release: it lacks ${missing.join(", ")}. This command changes nothing, so it cannot go on.`,
      "Run it from the release that the worker runs; or upgrade the database with `casebridge migrate`, on which that release runs, too.",
      { cause },
    );
  }
}

function log2(log: Log): { info(facts: object, message: string): void; warn(facts: object, message: string): void } {
  return {
    info: (facts, message) => log.debug({ ...facts }, message),
    warn: (facts, message) => log.warn({ ...facts }, message),
  };
}

/** What is heard while the parts work, and what they may do. */
export type ComposeOptions = {
  /** Told each write. */
  readonly onWrite?: Commands.WorkerHooks["onWrite"];
  /** Told each lease that was taken. */
  readonly onLease?: () => void;
  /** Told of each request whether any answer came. */
  readonly onAnswer?: (call: { readonly connection: string; readonly side: Side; readonly answered: boolean }) => void;
  /** What may be done to the database: everything, unless it says `read`. */
  readonly access?: "write" | "read";
  /** Whose acts are audited. */
  readonly actor?: string;
};

/**
 * Wires database, budgets, adapters and flows of every configured connection. Makes no remote call. With access `read` nothing of it
 * writes to the database: budgets and tokens are this process's own.
 */
export async function compose(config: Config, log: Log, options: ComposeOptions = {}): Promise<Parts> {
  const metrics = makeMetrics();
  const database = await openDatabase(config, log, {
    access: options.access ?? "write",
    onHang: () => metrics.connectionHung("postgresql"),
  });
  try {
    return await onFoundSchema(database, () => wire(config, log, { database, metrics, options }));
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function wire(
  config: Config,
  log: Log,
  given: { readonly database: OpenDatabase; readonly metrics: Metrics; readonly options: ComposeOptions },
): Promise<Parts> {
  const { database, metrics, options } = given;
  const { prisma } = database;
  const reads = options.access === "read";
  const clock = makeDatabaseClock({ now: () => new Date(), elapsedMs: () => performance.now() });
  clock.note(await readDatabaseTime(prisma));
  const owner = `${process.pid}-${randomUUID().slice(0, 8)}`;
  const rows = config.connections.map(toConnectionRow);
  await (reads ? checkSites(prisma, rows) : syncConnections(prisma, rows));
  const kept = { prisma, clock, seal: makeSealOf(config) };
  const state = reads ? makeReadingState(kept) : observeLeases(makeState(kept), options.onLease);
  const spool = reads ? makeTemporarySpool() : await makeSpool(config.dataDir);
  const connections = config.connections.map((connection, index) =>
    wireConnection({
      earlier: config.connections.slice(0, index).filter((other) => isSameAccount(other, connection)),
      connection,
      database,
      state,
      spool,
      clock,
      log,
      owner,
      metrics,
      options,
      reread: () => config.reread()?.connections.find(({ name }) => name === connection.name) ?? null,
    }),
  );
  const admin = makeAdminStore({
    prisma,
    clock,
    ...(options.actor === undefined ? {} : { actor: options.actor }),
  });
  const status = { config, admin, state, clock, silences: makeSilenceReader({ prisma, clock }) };
  return {
    config,
    log,
    clock,
    owner,
    database,
    state,
    admin,
    status,
    rebuilding: makeRebuildState({ prisma, clock }),
    spool,
    metrics,
    connections,
    makeReport: (queue) => makeStatusReport({ ...status, queue }),
    releaseCloses: (connection) => releaseCloses(prisma, connection, clock.now()),
    isPolicyWider: (connection) =>
      isPolicyWider(prisma, { name: connection.name, policy: policyOf(connection.config) }),
    recordPolicies: (chosen) => recordPolicies({ prisma, clock, log }, chosen),
    rewire: async (draft) => {
      const wired = await onFoundSchema(database, () =>
        wire(draft, log, { database, metrics: makeMetrics(), options: { access: "read" } }),
      );
      return { ...wired, close: () => wired.spool.close() };
    },
    close: async () => {
      await spool.close();
      await database.close();
    },
  };
}

function observeLeases(state: StatePort, onLease: (() => void) | undefined): StatePort {
  return {
    ...state,
    claimLink: async (...claim) => {
      const leased = await state.claimLink(...claim);
      if (leased !== null) onLease?.();
      return leased;
    },
  };
}

/** The seal of `DATA_KEY`; `null` where it is not set, so that texts of unconfirmed writes are stored as they are. */
function makeSealOf({ dataKey }: Config): Seal | null {
  return dataKey === null ? null : makeSeal(Buffer.from(dataKey.reveal(), "base64"));
}

function toConnectionRow(connection: ConnectionConfig): {
  name: string;
  huaweiSite: string;
  jiraSite: string;
  projectKey: string;
} {
  return {
    name: connection.name,
    huaweiSite: connection.huawei.endpoint,
    jiraSite: connection.jira.host,
    projectKey: connection.jira.projectKey,
  };
}

/** Whether two connections can see the same cases: users of one account on one endpoint. */
function isSameAccount(one: ConnectionConfig, other: ConnectionConfig): boolean {
  if (one.huawei.endpoint !== other.huawei.endpoint) return false;
  const [a, b] = [one.huawei.credentials, other.huawei.credentials];
  if (a.kind === "password" || b.kind === "password")
    return a.kind === "password" && b.kind === "password" && a.domainName === b.domainName;
  return a.ak.reveal() === b.ak.reveal() || (a.domainId !== null && a.domainId === b.domainId);
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
  const project = credentials.kind === "password" ? (credentials.projectId ?? "") : "";
  return `huawei ${iamEndpoint} ${huaweiAccount(connection)} ${project}`.trim();
}

function wireConnection(input: {
  connection: ConnectionConfig;
  earlier: readonly ConnectionConfig[];
  database: OpenDatabase;
  state: StatePort;
  spool: SpoolFolder;
  clock: Clock;
  log: Log;
  owner: string;
  metrics: Metrics;
  options: ComposeOptions;
  /** The connection as its files say now; `null` where it cannot be read. */
  reread: () => ConnectionConfig | null;
}): WiredConnection {
  const { connection, database, state, spool, clock, log, owner, options, metrics } = input;
  const { prisma } = database;
  const reads = options.access === "read";
  const budgetOf = (key: string, ratePerSecond: number): Budget =>
    reads ? makeLocalBudget(ratePerSecond) : makeBudget({ prisma, key, ratePerSecond });
  const tokens = makeTokenStore({ prisma, key: tokenKey(connection) });
  const zoneCursor = { connectionName: connection.name, name: `service_zone ${connection.huawei.endpoint}` };
  const zones: ZoneMemory = {
    find: async () => Number((await findCursor(prisma, zoneCursor.connectionName, zoneCursor.name)) ?? 0),
    save: async (minutes) => (reads ? undefined : saveCursor(prisma, { ...zoneCursor, value: String(minutes) })),
  };
  const cache = makeLookupCache(prisma);
  const { huawei: huaweiKey, jira: jiraKey } = budgetKeys(connection);
  const onAnswer = (side: Side) => (answered: boolean) =>
    options.onAnswer?.({ connection: connection.name, side, answered });
  const onRefused = (key: string) => (refused: boolean) => {
    if (refused) log.error({ connection: connection.name, budget: key }, "The service refuses the credentials");
    if (reads) return;
    setBudgetRefused({ prisma }, key, refused).catch((error: unknown) =>
      log.warn({ error }, "A refused credential could not be recorded"),
    );
  };
  const huaweiBudget = observeBudget(budgetOf(huaweiKey, connection.huawei.requestsPerSecond), {
    side: "huawei",
    metrics,
  });
  const makeHuawei = (huaweiOptions: ConnectionConfig["huawei"]): HuaweiAdminPort & HuaweiPort =>
    makeHuaweiClient({
      options: huaweiOptions,
      budget: huaweiBudget,
      tokens: reads ? makeReadingTokenStore(tokens) : tokens,
      zones,
      onAnswer: onAnswer("huawei"),
      clock,
      log,
    });
  const jiraBudget = observeBudget(budgetOf(jiraKey, connection.jira.requestsPerSecond), { side: "jira", metrics });
  const makeJira = (jiraOptions: ConnectionConfig["jira"]): JiraAdminPort & JiraPort =>
    makeJiraClient({
      options: jiraOptions,
      budget: jiraBudget,
      clock,
      log,
      extraFields: toldFields(connection.create.fields),
      onAnswer: onAnswer("jira"),
      inServiceProject: connection.comments.inServiceProject,
    });
  const huawei = observePort(makeHuawei(connection.huawei), {
    side: "huawei",
    connection: connection.name,
    metrics,
    onRefused: onRefused(huaweiKey),
    renew: makeRenewal(
      () => input.reread()?.huawei.credentials ?? null,
      connection.huawei.credentials,
      (credentials) => makeHuawei({ ...connection.huawei, credentials }),
    ),
  });
  const jira = observePort(makeJira(connection.jira), {
    side: "jira",
    connection: connection.name,
    metrics,
    onRefused: onRefused(jiraKey),
    renew: makeRenewal(
      () => input.reread()?.jira.apiToken ?? null,
      connection.jira.apiToken,
      (apiToken) => makeJira({ ...connection.jira, apiToken }),
    ),
  });
  const settings = connection;
  return {
    name: connection.name,
    config: connection,
    huawei,
    jira,
    intake: { huawei, jira, state, clock, log, settings, owner, earlier: input.earlier },
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
        cache: reads ? { ...cache, save: async () => {} } : cache,
        clock,
        log,
        connectionName: connection.name,
      }),
      spool,
      owner,
      random: Math.random,
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

/** See `Parts.recordPolicies`. */
async function recordPolicies(
  { prisma, clock, log }: { readonly prisma: Database["prisma"]; readonly clock: Clock; readonly log: Log },
  connections: readonly Commands.WiredConnection[],
): Promise<void> {
  for (const { name, config } of connections) {
    if (await recordPolicy(prisma, { name, policy: policyOf(config), at: clock.now() }))
      log.warn({ connection: name }, "More may leave Jira than before: earlier comments and files stay");
  }
}
