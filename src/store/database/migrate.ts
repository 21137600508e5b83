/**
 * Brings a database up to date as `prisma migrate deploy` does, without Prisma's binary.
 *
 * Many replicas start at once, and most starts find nothing to do. So one query against `_prisma_migrations` decides first; only
 * when something is missing does one replica, the holder of an advisory lock, load the schema engine, in a worker thread that
 * gives its memory back. The others wait for the lock and then find everything done.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import pg from "pg";
import { PostgresAddressError, parsePostgresAddress } from "../../lib/postgres/address.ts";
import { isPooled, makePostgresPool } from "../../lib/postgres/pool.ts";
import { siblingModule } from "../../lib/sibling-module.ts";
import { addedAuthorities } from "../../lib/trust.ts";
import { schemaOf } from "./client.ts";
import { DatabaseNewerThanCode, DatabaseUnavailable, isConnectionError, MigrationFailed } from "./errors.ts";
import { MIGRATIONS_DIR, type MigrationFolder, readMigrations } from "./migrations-folder.ts";

/** Any constant will do as long as nobody else uses it; Prisma's own is 72707369. */
const MIGRATION_LOCK = 7_221_409_318;
/** How long a replica waits for another that migrates. */
const LOCK_TIMEOUT_MS = 300_000;
/** How often it looks whether the other one is done. */
const LOCK_POLL_MS = 250;

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
  return withClient(options.connectionString, async (client, schema) => {
    const before = compare(folder, await readHistory(client, schema));
    // Without the lock a failed row may be another replica's migration under way, so only the harmless verdict counts.
    if (before.missing.length === 0 && before.failed === null && before.incompatible.length === 0)
      return { applied: [] };

    // The lock is the transaction's: behind PgBouncer one of the session would outlive this process.
    await client.query("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0");
    await takeLock(client);
    const state = compare(folder, await readHistory(client, schema));
    if (state.failed !== null) throw new MigrationFailed(failedEarlier(state.failed), { migration: state.failed });
    refuseIncompatible(state.incompatible);
    if (state.missing.length > 0) await applyInThread(options.connectionString, folder, state.missing);
    await client.query("COMMIT");
    return { applied: state.missing };
  });
}

/** Short looks instead of one long wait: a connection that falls silent meanwhile is noticed. */
async function takeLock(client: pg.ClientBase): Promise<void> {
  const deadline = performance.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>("SELECT pg_try_advisory_xact_lock($1) AS taken", [
      MIGRATION_LOCK,
    ]);
    if (rows[0]?.taken === true) return;
    if (performance.now() > deadline)
      throw new DatabaseUnavailable("Another casebridge has been migrating this database for more than 5 minutes");
    await sleep(LOCK_POLL_MS);
  }
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
  return withClient(options.connectionString, async (client, schema) =>
    pendingOf(compare(folder, await readHistory(client, schema))),
  );
}

/** Compares the database with this release. Reads only, one short connection. Throws `DatabaseUnavailable`. */
export async function readSchemaState(options: MigrateOptions): Promise<SchemaState> {
  const folder = await readMigrations(options.migrationsDir ?? MIGRATIONS_DIR);
  return withClient(options.connectionString, async (client, schema) => {
    const history = await readHistory(client, schema);
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
export type MigrateThreadInput = {
  readonly connectionString: string;
  readonly folder: MigrationFolder;
  /** What this thread trusts besides; each thread has its own. */
  readonly authorities: readonly string[];
};

/** What it answers, once; `error` is the engine's message. */
export type MigrateThreadAnswer = { readonly error: string | null };

type HistoryRow = { readonly name: string; readonly finished: boolean; readonly rolledBack: boolean };
type Comparison = { readonly missing: string[]; readonly incompatible: string[]; readonly failed: string | null };

function pendingOf({ missing, failed }: Comparison): string[] {
  return failed === null ? missing : [failed, ...missing.filter((name) => name !== failed)];
}

async function readHistory(client: pg.ClientBase, schema: string): Promise<HistoryRow[]> {
  const table = `${client.escapeIdentifier(schema)}._prisma_migrations`;
  // Asked first, since a table that is not there would end the transaction that holds the lock; and asked as a row, since to_regclass
  // remembers within a transaction that there was none.
  const { rows } = await client.query<{ found: boolean }>(
    "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = $1 AND tablename = '_prisma_migrations') AS found",
    [schema],
  );
  if (rows[0]?.found !== true) return [];
  const result = await client.query<HistoryRow>(
    `SELECT migration_name AS name, finished_at IS NOT NULL AS finished, rolled_back_at IS NOT NULL AS "rolledBack"
     FROM ${table} ORDER BY started_at`,
  );
  return result.rows;
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

async function withClient<T>(
  connectionString: string,
  use: (client: pg.ClientBase, schema: string) => Promise<T>,
): Promise<T> {
  const address = parsePostgresAddress(connectionString);
  const schema = schemaOf(address);
  const pool = makePostgresPool({
    address,
    connectionsMax: 2,
    applicationName: "casebridge migrate",
    searchPath: schema,
    onError: () => {},
    onHang: () => {},
  });
  try {
    const client = await pool.connect();
    try {
      if (isPooled(client)) await refuseOtherSchema(client, schema);
      return await use(client, schema);
    } finally {
      // Ends the session, and with it a transaction that did not come to its end.
      client.release(true);
    }
  } catch (cause) {
    throw toReadable(cause, address.client);
  } finally {
    await pool.end();
  }
}

/** Behind a pooler the schema of unqualified names cannot be set for a session, so it has to be the role's. */
async function refuseOtherSchema(client: pg.ClientBase, schema: string): Promise<void> {
  const { rows } = await client.query<{ schema: string | null }>("SELECT current_schema() AS schema");
  if (rows[0]?.schema === schema) return;
  throw new PostgresAddressError(
    `leads through a pooler to the schema ${rows[0]?.schema ?? "(none)"} and not to ${schema}; make the schema and run ` +
      `ALTER ROLE <user> IN DATABASE <database> SET search_path = ${schema}, or connect without the pooler`,
  );
}

const addressProblems: Readonly<Record<string, string>> = {
  "28": "refuses the log-in: check the user and password of DATABASE_URL",
  "3D": "does not have the database that DATABASE_URL names: create it, or correct the name",
};

/** What went wrong and what to do, in words, wherever the fault lies in the address or on the way. */
function toReadable(cause: unknown, place: pg.ClientConfig): unknown {
  if (cause instanceof MigrationFailed || cause instanceof DatabaseNewerThanCode) return cause;
  const where = `The database at ${place.host ?? "localhost"}:${place.port ?? 5432}`;
  const reason = messageOf(cause);
  const sqlClass = cause instanceof pg.DatabaseError ? (cause.code?.slice(0, 2) ?? "") : "";
  const problem = addressProblems[sqlClass];
  if (problem !== undefined) return new DatabaseUnavailable(`${where} ${problem} (${reason})`, { cause });
  if (/does not support SSL/.test(reason))
    return new DatabaseUnavailable(`${where} offers no TLS: take sslmode out of DATABASE_URL, or set sslmode=disable`, {
      cause,
    });
  if (/certificate|altnames|SSL routines/i.test(reason))
    return new DatabaseUnavailable(
      `${where} shows a certificate that is not trusted (${reason}): name its authority in DATABASE_URL with ` +
        "sslrootcert=<file>, or set sslmode=require, which encrypts and trusts any certificate",
      { cause },
    );
  if (isConnectionError(cause)) return new DatabaseUnavailable(`${where} cannot be used: ${reason}`, { cause });
  return cause;
}

async function applyInThread(connectionString: string, folder: MigrationFolder, missing: string[]): Promise<void> {
  const input: MigrateThreadInput = { connectionString, folder, authorities: addedAuthorities() };
  const thread = new Worker(siblingModule("migrate-thread", import.meta.url), { workerData: input, execArgv: [] });
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
