/**
 * Wiring: from a configuration to running parts. The only place that knows all adapters; commands take what they need from here.
 */
import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { setTimeout as sleepFor } from "node:timers/promises";
import type { ConnectionRuntime } from "../../jobs/runtime.ts";
import type { Config, ConnectionConfig } from "../config/config.ts";
import type { HuaweiAdminPort } from "../huawei/admin-port.ts";
import { makeHuaweiClient } from "../huawei/huawei-client.ts";
import { type JiraAdminPort, makeJiraClient } from "../jira/jira-client.ts";
import { makeTextPort } from "../jira/text-port.ts";
import { makeSpool, type SpoolFolder } from "../lib/spool.ts";
import { type Metrics, makeMetrics } from "../observability/metrics.ts";
import { makeBudget, setBudgetRefused } from "../store/budget.ts";
import { recordPolicy, syncConnections } from "../store/connections.ts";
import { type Database, makePrisma } from "../store/database/client.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../store/database/embedded.ts";
import { migrateDatabase } from "../store/database/migrate.ts";
import { makeDatabaseClock, readDatabaseTime } from "../store/database-clock.ts";
import { makeTokenStore } from "../store/login-tokens.ts";
import { makeLookupCache } from "../store/lookups.ts";
import { makeState } from "../store/state.ts";
import { toldFields } from "../sync/plan/changes.ts";
import { policyOf } from "../sync/plan/disclosure.ts";
import type { Clock, HuaweiPort, JiraPort, Log } from "../sync/ports.ts";
import { makeLookups } from "../sync/request/lookups.ts";
import type { StatePort } from "../sync/state.ts";
import { observeBudget, observePort } from "./observed-port.ts";

/** A database that is reachable and, unless asked otherwise, up to date. */
export type OpenDatabase = Database & {
  readonly connectionString: string;
  readonly embedded: EmbeddedPostgres | null;
  readonly applied: readonly string[];
};

/** One connection with both adapters, for commands that look at the services themselves. */
export type WiredConnection = ConnectionRuntime & {
  readonly config: ConnectionConfig;
  readonly huawei: HuaweiPort & HuaweiAdminPort;
  readonly jira: JiraPort & JiraAdminPort;
};

/** Everything a command works with. `close` ends it in order: spool, database, embedded server. */
export type Parts = {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly owner: string;
  readonly database: OpenDatabase;
  readonly state: StatePort;
  readonly spool: SpoolFolder;
  readonly metrics: Metrics;
  readonly connections: readonly WiredConnection[];
  close(): Promise<void>;
};

/** Opens the configured database, the embedded one without `DATABASE_URL`, and migrates it. Throws the store's typed errors. */
export async function openDatabase(
  config: Config,
  log: Log,
  options: { readonly migrate?: boolean; readonly poolMax?: number } = {},
): Promise<OpenDatabase> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o755 });
  const embedded =
    config.databaseUrl === null ? await startEmbeddedPostgres({ dataDir: config.dataDir, logger: log2(log) }) : null;
  try {
    const connectionString = embedded?.connectionString ?? config.databaseUrl?.reveal() ?? "";
    const { applied } = options.migrate === false ? { applied: [] } : await migrateDatabase({ connectionString });
    const database = makePrisma({
      connectionString,
      poolMax: options.poolMax ?? Math.max(6, config.workerConcurrency + 4),
      onError: (error) => log.warn({ error: error.message }, "A database connection broke"),
    });
    return {
      ...database,
      connectionString,
      embedded,
      applied,
      close: async () => {
        await database.close();
        await embedded?.stop();
      },
    };
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
}

function log2(log: Log): { info(facts: object, message: string): void; warn(facts: object, message: string): void } {
  return {
    info: (facts, message) => log.debug({ ...facts }, message),
    warn: (facts, message) => log.warn({ ...facts }, message),
  };
}

/** Wires database, budgets, adapters and flows of every configured connection. Makes no remote call. */
export async function compose(
  config: Config,
  log: Log,
  hooks: { readonly onWrite?: (connection: string, write: { side: "huawei" | "jira"; action: string }) => void } = {},
): Promise<Parts> {
  const database = await openDatabase(config, log);
  try {
    return await wire(config, log, database, hooks);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function wire(
  config: Config,
  log: Log,
  database: OpenDatabase,
  hooks: { readonly onWrite?: (connection: string, write: { side: "huawei" | "jira"; action: string }) => void },
): Promise<Parts> {
  const clock = makeDatabaseClock({ now: () => new Date(), elapsedMs: () => performance.now() });
  clock.note(await readDatabaseTime(database.prisma));
  const owner = `${process.pid}-${randomUUID().slice(0, 8)}`;
  await syncConnections(database.prisma, config.connections.map(toConnectionRow));
  const state = makeState({ prisma: database.prisma, clock });
  const spool = await makeSpool(config.dataDir);
  const metrics = makeMetrics();
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
      hooks,
    }),
  );
  return {
    config,
    log,
    clock,
    owner,
    database,
    state,
    spool,
    metrics,
    connections,
    close: async () => {
      await spool.close();
      await database.close();
    },
  };
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

/** Names the account of a budget without revealing its secret: the key id or user name. */
function huaweiAccount(connection: ConnectionConfig): string {
  const { credentials } = connection.huawei;
  return credentials.kind === "aksk" ? credentials.ak : `${credentials.domainName}/${credentials.username}`;
}

/** Names of the budgets that a connection draws on: one per endpoint and account (RULES 9). */
export function budgetKeys(connection: ConnectionConfig): { readonly huawei: string; readonly jira: string } {
  return {
    huawei: `huawei ${connection.huawei.endpoint} ${huaweiAccount(connection)}`,
    jira: `jira ${connection.jira.host} ${connection.jira.email}`,
  };
}

/** Whether two connections can see the same cases: users of one account on one endpoint. */
function isSameAccount(one: ConnectionConfig, other: ConnectionConfig): boolean {
  if (one.huawei.endpoint !== other.huawei.endpoint) return false;
  const [a, b] = [one.huawei.credentials, other.huawei.credentials];
  if (a.kind === "password" || b.kind === "password")
    return a.kind === "password" && b.kind === "password" && a.domainName === b.domainName;
  return a.ak === b.ak || (a.domainId !== null && a.domainId === b.domainId);
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
  hooks: { readonly onWrite?: (connection: string, write: { side: "huawei" | "jira"; action: string }) => void };
}): WiredConnection {
  const { connection, database, state, spool, clock, log, owner, hooks, metrics } = input;
  const { prisma } = database;
  const { huawei: huaweiKey, jira: jiraKey } = budgetKeys(connection);
  const onRefused = (key: string) => (refused: boolean) => {
    if (refused) log.error({ connection: connection.name, budget: key }, "The service refuses the credentials");
    setBudgetRefused({ prisma }, key, refused).catch((error: unknown) =>
      log.warn({ error }, "A refused credential could not be recorded"),
    );
  };
  const huawei = observePort(
    makeHuaweiClient({
      options: connection.huawei,
      budget: observeBudget(
        makeBudget({ prisma, key: huaweiKey, ratePerSecond: connection.huawei.requestsPerSecond }),
        { side: "huawei", metrics },
      ),
      tokens: makeTokenStore({ prisma, key: tokenKey(connection) }),
      clock,
      log,
    }),
    { side: "huawei", connection: connection.name, metrics, onRefused: onRefused(huaweiKey) },
  );
  const jira = observePort(
    makeJiraClient({
      options: connection.jira,
      budget: observeBudget(makeBudget({ prisma, key: jiraKey, ratePerSecond: connection.jira.requestsPerSecond }), {
        side: "jira",
        metrics,
      }),
      clock,
      log,
      extraFields: toldFields(connection.create.fields),
    }),
    { side: "jira", connection: connection.name, metrics, onRefused: onRefused(jiraKey) },
  );
  const settings = connection;
  return {
    name: connection.name,
    config: connection,
    huawei,
    jira,
    intake: { huawei, jira, state, clock, log, settings, owner, earlier: input.earlier.map(({ name }) => name) },
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
        cache: makeLookupCache(prisma),
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
        hooks.onWrite?.(connection.name, write);
      },
    },
  };
}

/**
 * Remembers what may leave Jira, before anything does. Only for commands that send: a command that merely looks may run with other
 * settings, and must not make a later start seem wider. May be repeated.
 */
export async function recordPolicies(parts: Parts, connections: readonly WiredConnection[]): Promise<void> {
  const { prisma } = parts.database;
  for (const { name, config } of connections) {
    if (await recordPolicy(prisma, { name, policy: policyOf(config), at: parts.clock.now() }))
      parts.log.warn({ connection: name }, "More may leave Jira than before: earlier comments and files stay");
  }
}

/** Real pauses, for commands that wait. */
export const sleep = (ms: number): Promise<void> => sleepFor(ms);
