/**
 * Wiring: from a configuration to running parts. The only place that knows all adapters; commands take what they need from here.
 */
import { randomUUID } from "node:crypto";
import type * as Commands from "../commands/cli/app.ts";
import type { Config, ConnectionConfig } from "../config/config.ts";
import { makeSeal, type Seal } from "../lib/seal.ts";
import { makeSpool, makeTemporarySpool, type SpoolFolder } from "../lib/spool.ts";
import { type Metrics, makeMetrics } from "../observability/metrics.ts";
import { makeAdminStore } from "../store/admin.ts";
import { releaseCloses } from "../store/closes-breaker.ts";
import { checkSites, isPolicyWider, recordPolicy, syncConnections } from "../store/connections.ts";
import type { Database } from "../store/database/client.ts";
import { type DatabaseClock, makeDatabaseClock, readDatabaseTime } from "../store/database-clock.ts";
import { makeSilenceReader } from "../store/news.ts";
import { isReadOnly } from "../store/page-reads.ts";
import { makeReadingState } from "../store/reading-state.ts";
import { makeRebuildState } from "../store/rebuild.ts";
import { makeState } from "../store/state.ts";
import { policyOf } from "../sync/plan/disclosure.ts";
import type { Clock, Log } from "../sync/ports.ts";
import type { StatePort } from "../sync/state.ts";
import { type ComposeOptions, type WiredConnection, wireConnection } from "./connection.ts";
import { type OpenDatabase, onFoundSchema, openDatabase } from "./database.ts";
import { makeStatusReport, type StatusDeps } from "./status.ts";

/** Everything that commands and the worker work with. `close` ends it in order: spool, database, embedded server. */
export type Composition = Commands.Composition & {
  readonly owner: string;
  readonly database: OpenDatabase;
  /** What reports and notifications are read from. */
  readonly status: StatusDeps;
  readonly spool: SpoolFolder;
  readonly metrics: Metrics;
  readonly connections: readonly WiredConnection[];
};

/**
 * Wires database, budgets, adapters and flows of every configured connection. Makes no remote call. With access `read` nothing of it
 * writes to the database: budgets and tokens are this process's own.
 */
export async function compose(config: Config, log: Log, options: ComposeOptions = {}): Promise<Composition> {
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
  opened: { readonly database: OpenDatabase; readonly metrics: Metrics; readonly options: ComposeOptions },
): Promise<Composition> {
  const { database, metrics, options } = opened;
  const { prisma } = database;
  const reads = options.access === "read";
  const clock = options.machine?.clock ?? (await makeSharedClock(prisma));
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
  const status = {
    config,
    admin,
    clock,
    silences: makeSilenceReader({ prisma, clock }),
    isReadOnly: () => isReadOnly(prisma, reads),
  };
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

/** The database's clock, as this machine carries it on. */
async function makeSharedClock(prisma: Database["prisma"]): Promise<DatabaseClock> {
  const clock = makeDatabaseClock({ now: () => new Date(), elapsedMs: () => performance.now() });
  clock.note(await readDatabaseTime(prisma));
  return clock;
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
  const [a, b] = [one, other].map(({ huawei: { credentials } }) => accountNames(credentials));
  return a?.some((name) => b?.includes(name)) === true;
}

/** What is known of the account that the cases are of; two connections of one account need not have the same of it. */
function accountNames(credentials: ConnectionConfig["huawei"]["credentials"]): readonly string[] {
  if (credentials.kind === "password") return [`name ${credentials.domainName}`];
  const id = credentials.domainId === null ? [] : [`id ${credentials.domainId}`];
  switch (credentials.kind) {
    case "aksk":
      return [`key ${credentials.ak.reveal()}`, ...id];
    case "agency":
      return [`name ${credentials.agency.domainName}`, ...id];
    case "ecs":
      return ["server", ...id];
  }
}

/** See `Composition.recordPolicies`. */
async function recordPolicies(
  { prisma, clock, log }: { readonly prisma: Database["prisma"]; readonly clock: Clock; readonly log: Log },
  connections: readonly Commands.WiredConnection[],
): Promise<void> {
  for (const { name, config } of connections) {
    if (await recordPolicy(prisma, { name, policy: policyOf(config), at: clock.now() }))
      log.warn({ connection: name }, "More may leave Jira than before: earlier comments and files stay");
  }
}
