/** For the tests of this folder: a database of its own per file, and the few rows that every test starts from. */
import { randomUUID } from "node:crypto";
import pg from "pg";
import type { CaseId, LinkId } from "../domain/ids.ts";
import type { Clock } from "../sync/ports.ts";
import type { SeenCase, StatePort } from "../sync/state.ts";
import { syncConnections } from "./connections.ts";
import { type Database, makePrisma } from "./database/client.ts";
import { MIGRATIONS_DIR, readMigrations } from "./database/migrations-folder.ts";

/** A migrated database, its client, and the way to be rid of both. */
export type TestDatabase = Database & { readonly connectionString: string; drop(): Promise<void> };

/** Makes an empty migrated database on `TEST_DATABASE_URL` (default: the local server). */
export async function makeTestDatabase(): Promise<TestDatabase> {
  const server = process.env.TEST_DATABASE_URL ?? "postgresql://postgres@127.0.0.1:5432/postgres";
  const name = `store_test_${randomUUID().replaceAll("-", "")}`;
  await onServer(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const { migrations } = await readMigrations(MIGRATIONS_DIR);
  for (const migration of migrations) await onServer(url.href, migration.sql);
  const database = makePrisma({ connectionString: url.href });
  // Dropping the database may end a connection that is just being closed; nobody listens for that any more.
  database.pool.on("error", () => {});
  return {
    ...database,
    connectionString: url.href,
    async drop() {
      await database.close();
      await onServer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

async function onServer(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Empties all tables. */
export async function emptyDatabase(database: Database): Promise<void> {
  const { rows } = await database.pool.query<{ names: string }>(
    `SELECT string_agg(format('%I', tablename), ', ') AS names FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'`,
  );
  await database.pool.query(`TRUNCATE ${rows[0]?.names ?? ""} RESTART IDENTITY CASCADE`);
}

/** A clock that moves only when told; `now` starts at the real present, since leases live by the database's clock. */
export function makeTestClock(): Clock & { advance(ms: number): void } {
  let present = Date.now();
  return {
    now: () => new Date(present),
    advance: (ms) => {
      present += ms;
    },
  };
}

/** Stores connections of these names on one pair of sites. */
export async function addConnections(database: Database, ...names: string[]): Promise<void> {
  await syncConnections(
    database.prisma,
    names.map((name) => ({ name, huaweiSite: "intl", jiraSite: "acme.atlassian.net", projectKey: "OPS" })),
  );
}

/** A case as lists tell it. */
export function seenCase(caseId: string, facts: Partial<SeenCase> = {}): SeenCase {
  return {
    caseId: caseId as CaseId,
    status: 1,
    createdAt: new Date("2026-11-01T00:00:00Z"),
    labels: [],
    productName: null,
    ...facts,
  };
}

/** Inserts one link per case and answers their ids in the order given. */
export async function addLinks(state: StatePort, connectionName: string, ...caseIds: string[]): Promise<LinkId[]> {
  const facts = { now: new Date(), lane: "poll", labelChecked: new Set<string>() } as const;
  const ids: LinkId[] = [];
  for (const caseId of caseIds) ids.push(...(await state.insertCaseLinks(connectionName, [seenCase(caseId)], facts)));
  return ids;
}

/** The same for one link. */
export async function addLink(state: StatePort, connectionName: string, caseId: string): Promise<LinkId> {
  const [id] = await addLinks(state, connectionName, caseId);
  if (id === undefined) throw new Error(`case ${caseId} has a link already`);
  return id;
}
