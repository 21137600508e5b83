/**
 * Brings a database up to date as `prisma migrate deploy` does, without Prisma's binary.
 *
 * Many replicas start at once, and most starts find nothing to do. So one query against `_prisma_migrations` decides first; only
 * when something is missing does one replica, the holder of an advisory lock, load the schema engine, in a worker thread that
 * gives its memory back. The others wait for the lock and then find everything done.
 */

import { Worker } from "node:worker_threads";
import pg from "pg";
import { DatabaseNewerThanCode, DatabaseUnavailable, isConnectionError, MigrationFailed } from "./errors.ts";
import { MIGRATIONS_DIR, type MigrationFolder, readMigrations } from "./migrations-folder.ts";

/** Any constant will do as long as nobody else uses it; Prisma's own is 72707369. */
const MIGRATION_LOCK = 7_221_409_318;
/** How long a replica waits for another that migrates. */
const LOCK_TIMEOUT_MS = 300_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** Where the database is; `migrationsDir` is another folder of migrations than this release's, for tests. */
export type MigrateOptions = { readonly connectionString: string; readonly migrationsDir?: string };

/**
 * What a database holds, seen from this release. `missing`: migrations that it lacks, in order; a failed one counts as lacking.
 * `incompatible`: migrations of a newer release that take away what this one needs. `empty`: no migration was ever applied.
 */
export type SchemaState = {
  readonly missing: readonly string[];
  readonly incompatible: readonly string[];
  readonly empty: boolean;
};

/**
 * Applies the migrations that the database lacks and returns their names in order (empty: it was up to date). May be called by many
 * processes at once and repeated at will. Migrations of a newer release are left alone: they only add (see `isContract`), and one of
 * them that failed was rolled back whole, so that a release can be taken back after a failed upgrade.
 *
 * Throws `DatabaseUnavailable` (unreachable, log-in refused), `DatabaseNewerThanCode`, or `MigrationFailed` (a script failed now
 * or in an earlier run; its transaction was rolled back, the table of migrations remembers it).
 */
export async function migrateDatabase(options: MigrateOptions): Promise<{ applied: string[] }> {
  const folder = await readMigrations(options.migrationsDir ?? MIGRATIONS_DIR);
  return withClient(options.connectionString, async (client) => {
    const before = compare(folder, await readHistory(client));
    // Without the lock a failed row may be another replica's migration under way, so only the harmless verdict counts.
    if (before.missing.length === 0 && before.failed === null && before.incompatible.length === 0)
      return { applied: [] };

    await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await client.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
    // Ending the session releases the lock, whatever happens here.
    const state = compare(folder, await readHistory(client));
    if (state.failed !== null) throw new MigrationFailed(failedEarlier(state.failed), { migration: state.failed });
    refuseIncompatible(state.incompatible);
    if (state.missing.length === 0) return { applied: [] };
    await applyInThread(options.connectionString, folder, state.missing);
    return { applied: state.missing };
  });
}

/**
 * Names of the migrations that the database lacks, in order; a failed one counts as lacking. Reads only, one short connection, one
 * query: fit for /readyz. Throws `DatabaseUnavailable`.
 */
export async function pendingMigrations(options: {
  readonly connectionString: string;
  readonly migrationsDir?: string;
}): Promise<string[]> {
  const folder = await readMigrations(options.migrationsDir ?? MIGRATIONS_DIR);
  return withClient(options.connectionString, async (client) => pendingOf(compare(folder, await readHistory(client))));
}

/** Compares the database with this release. Reads only, one short connection. Throws `DatabaseUnavailable`. */
export async function readSchemaState(options: MigrateOptions): Promise<SchemaState> {
  const folder = await readMigrations(options.migrationsDir ?? MIGRATIONS_DIR);
  return withClient(options.connectionString, async (client) => {
    const history = await readHistory(client);
    const state = compare(folder, history);
    return {
      missing: pendingOf(state),
      incompatible: state.incompatible,
      empty: !history.some((row) => row.finished && !row.rolledBack),
    };
  });
}

/** Throws `DatabaseNewerThanCode` when there are such migrations. */
export function refuseIncompatible(incompatible: readonly string[]): void {
  if (incompatible.length > 0) throw new DatabaseNewerThanCode(newer(incompatible), incompatible);
}

/**
 * Whether a migration takes away what the previous release needs. Its name says so (`<time>_contract_<name>`), since an older release
 * knows nothing of it but the name. All others only add, and every release runs on what they lead to.
 */
export function isContract(name: string): boolean {
  return /^\d+_contract_/.test(name);
}

/** What the migrating thread is given. */
export type MigrateThreadInput = { readonly connectionString: string; readonly folder: MigrationFolder };

/** What it answers, once; `error` is the engine's message. */
export type MigrateThreadAnswer = { readonly error: string | null };

type HistoryRow = { readonly name: string; readonly finished: boolean; readonly rolledBack: boolean };
type Comparison = { readonly missing: string[]; readonly incompatible: string[]; readonly failed: string | null };

function pendingOf({ missing, failed }: Comparison): string[] {
  return failed === null ? missing : [failed, ...missing.filter((name) => name !== failed)];
}

async function readHistory(client: pg.Client): Promise<HistoryRow[]> {
  try {
    const result = await client.query<HistoryRow>(
      `SELECT migration_name AS name, finished_at IS NOT NULL AS finished, rolled_back_at IS NOT NULL AS "rolledBack"
       FROM _prisma_migrations ORDER BY started_at`,
    );
    return result.rows;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === "42P01") return [];
    throw error;
  }
}

function compare(folder: MigrationFolder, history: readonly HistoryRow[]): Comparison {
  const live = history.filter((row) => !row.rolledBack);
  const done = new Set(live.filter((row) => row.finished).map((row) => row.name));
  const known = new Set(folder.migrations.map((migration) => migration.name));
  return {
    missing: folder.migrations.filter(({ name }) => !done.has(name)).map(({ name }) => name),
    incompatible: [...done].filter((name) => !known.has(name) && isContract(name)),
    failed: live.find((row) => !row.finished && known.has(row.name) && !done.has(row.name))?.name ?? null,
  };
}

async function withClient<T>(connectionString: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  let client: pg.Client;
  try {
    client = new pg.Client({
      connectionString,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: "casebridge migrate",
    });
  } catch (cause) {
    throw new DatabaseUnavailable("DATABASE_URL is not a valid connection string", { cause });
  }
  client.on("error", () => {});
  try {
    await client.connect();
    return await use(client);
  } catch (cause) {
    if (cause instanceof MigrationFailed || cause instanceof DatabaseNewerThanCode) throw cause;
    if (isConnectionError(cause) || isRefusedLogin(cause)) {
      throw new DatabaseUnavailable(
        `The database at ${client.host}:${client.port} cannot be used: ${messageOf(cause)}`,
        { cause },
      );
    }
    throw cause;
  } finally {
    await client.end().catch(() => {});
  }
}

function isRefusedLogin(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code?.startsWith("28") === true || error.code === "3D000");
}

async function applyInThread(connectionString: string, folder: MigrationFolder, missing: string[]): Promise<void> {
  const input: MigrateThreadInput = { connectionString, folder };
  const thread = new Worker(new URL("./migrate-thread.ts", import.meta.url), { workerData: input, execArgv: [] });
  const failure = await new Promise<string | null>((resolve, reject) => {
    thread.once("message", (answer: MigrateThreadAnswer) => resolve(answer.error));
    thread.once("error", reject);
    thread.once("exit", () => resolve("The migrating thread ended without an answer"));
  });
  await thread.terminate();
  if (failure === null) return;
  const named = missing.find((name) => failure.includes(name)) ?? null;
  // What follows the first numbered line is the engine's own call stack.
  const reason = failure.split(/\n\s*0: /)[0] ?? failure;
  throw new MigrationFailed(`Migration ${named ?? ""} failed and was rolled back: ${reason}`, { migration: named });
}

function failedEarlier(name: string): string {
  return (
    `Migration ${name} failed in an earlier run and nothing more is applied until that is settled. Its script ran in one ` +
    "transaction, so its changes were rolled back unless it says otherwise. After mending the cause run: " +
    `UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '${name}' AND finished_at IS NULL; and start again.`
  );
}

function newer(incompatible: readonly string[]): string {
  return (
    `A newer casebridge took away from the database what this release needs (${incompatible.join(", ")}). ` +
    "Run that release or a newer one, or bring back a backup from before it."
  );
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
