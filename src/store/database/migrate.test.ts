import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { hasPgBouncer, startPgBouncer } from "../../../test/support/pgbouncer.ts";
import { makePrisma } from "./client.ts";
import { migrateDatabase, pendingMigrations, readSchemaState } from "./migrate.ts";

let database: TestDatabase;
let migrationsDir = "";

beforeEach(async () => {
  database = await createTestDatabase({ migrated: false });
  migrationsDir = await mkdtemp(join(tmpdir(), "casebridge-migrations-"));
  await writeFile(join(migrationsDir, "migration_lock.toml"), 'provider = "postgresql"\n');
  await addMigration("20260101000000_init", "CREATE TABLE items (id int PRIMARY KEY);");
  await addMigration(
    "20260102000000_function",
    `CREATE FUNCTION twice(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN n := n * 2; RETURN n; END; $$;
     INSERT INTO items VALUES (twice(21)); COMMENT ON TABLE items IS 'a;b';`,
  );
});

afterEach(async () => {
  await rm(migrationsDir, { recursive: true });
  await database.drop();
});

test("applies what is missing in order, scripts whole, and fills Prisma's own table", async () => {
  const pendingBefore = await pendingMigrations(options());
  const first = await migrateDatabase(options());
  const second = await migrateDatabase(options());

  expect(pendingBefore).toEqual(["20260101000000_init", "20260102000000_function"]);
  expect(first.applied).toEqual(pendingBefore);
  expect(second.applied).toEqual([]);
  expect(await pendingMigrations(options())).toEqual([]);
  expect(await query("SELECT id, obj_description('items'::regclass) AS comment FROM items")).toEqual([
    { id: 42, comment: "a;b" },
  ]);
  expect(
    await query(
      "SELECT count(*)::int AS n FROM _prisma_migrations WHERE finished_at IS NOT NULL AND length(checksum) = 64",
    ),
  ).toEqual([{ n: 2 }]);
});

test("keeps everything in the schema that the address names", async () => {
  const connectionString = `${database.connectionString}?schema=case_bridge`;

  const { applied } = await migrateDatabase({ connectionString });
  const ours = makePrisma({ connectionString });
  onTestFinished(() => ours.close());
  await ours.prisma.installation.create({ data: { id: 1, inst: "a" } });

  expect(await migrateDatabase({ connectionString })).toEqual({ applied: [] });
  expect(applied.length).toBeGreaterThan(0);
  expect(await ours.prisma.$queryRaw`SELECT inst FROM installation`).toEqual([{ inst: "a" }]);
  expect(
    await query("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename IN ('links', '_prisma_migrations')"),
  ).toEqual([{ schemaname: "case_bridge" }]);
});

test.skipIf(!hasPgBouncer())(
  `${hasPgBouncer() ? "" : "skipped, since no pgbouncer is installed: "}works through PgBouncer, leaves no lock behind, and names what it cannot do there`,
  async () => {
    const pooler = await startPgBouncer(database.connectionString);
    onTestFinished(() => pooler.stop());
    const connectionString = pooler.connectionString;

    const { applied } = await migrateDatabase({ ...options(), connectionString });
    await addMigration("20260103000000_next", "CREATE TABLE further (id int);");
    const next = await migrateDatabase({ ...options(), connectionString });

    expect([applied.length, next.applied]).toEqual([2, ["20260103000000_next"]]);
    expect(
      await query(
        "SELECT objid FROM pg_locks JOIN pg_database ON oid = database WHERE locktype = 'advisory' AND datname = current_database()",
      ),
    ).toEqual([]);
    await expect(migrateDatabase({ connectionString: `${connectionString}?schema=other` })).rejects.toThrow(
      /leads through a pooler to the schema public.*ALTER ROLE/,
    );
  },
);

test("lets one of four replicas that start at once do the work", async () => {
  const results = await Promise.all([1, 2, 3, 4].map(() => migrateDatabase(options())));

  expect(results.map((result) => result.applied.length).sort()).toEqual([0, 0, 0, 2]);
  expect(await query("SELECT count(*)::int AS n FROM items")).toEqual([{ n: 1 }]);
});

test("leaves nothing of a migration that fails, and refuses until it is settled", async () => {
  await addMigration("20260103000000_broken", "CREATE TABLE half (id int); INSERT INTO items VALUES (42);");

  const first = await migrateDatabase(options()).catch((error: unknown) => error);
  const second = await migrateDatabase(options()).catch((error: unknown) => error);
  const pending = await pendingMigrations(options());
  await query("UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL");
  await addMigration("20260103000000_broken", "CREATE TABLE half (id int);");
  const third = await migrateDatabase(options());

  expect(first).toMatchObject({ name: "MigrationFailed", migration: "20260103000000_broken" });
  expect(String(first)).toContain("Unique constraint failed");
  expect(second).toMatchObject({ name: "MigrationFailed", migration: "20260103000000_broken" });
  expect(String(second)).toContain("rolled_back_at");
  expect(pending).toContain("20260103000000_broken");
  expect(third.applied).toEqual(["20260103000000_broken"]);
});

test("runs on the database of a newer release that only added, also where its last migration failed", async () => {
  await migrateDatabase(options());
  await query(`INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, applied_steps_count)
    VALUES ('1', 'x', '20270101000000_half_done', now(), 0)`);
  await rm(join(migrationsDir, "20260102000000_function"), { recursive: true });

  const { applied } = await migrateDatabase(options());

  expect(applied).toEqual([]);
  expect(await pendingMigrations(options())).toEqual([]);
});

test("refuses a database from which a newer release took something away", async () => {
  await addMigration("20260103000000_contract_items", "ALTER TABLE items RENAME id TO number;");
  await migrateDatabase(options());
  await rm(join(migrationsDir, "20260103000000_contract_items"), { recursive: true });

  const refusal = await migrateDatabase(options()).catch((error: unknown) => error);
  const state = await readSchemaState(options());

  expect(refusal).toMatchObject({
    name: "DatabaseNewerThanCode",
    unknownMigrations: ["20260103000000_contract_items"],
  });
  expect(state).toEqual({ missing: [], incompatible: ["20260103000000_contract_items"], empty: false });
});

test("tells an empty database from one that lacks the newest migration", async () => {
  const before = await readSchemaState(options());
  await migrateDatabase(options());
  await addMigration("20260103000000_more", "CREATE TABLE more (id int);");
  const after = await readSchemaState(options());

  expect(before).toEqual({
    missing: ["20260101000000_init", "20260102000000_function"],
    incompatible: [],
    empty: true,
  });
  expect(after).toEqual({ missing: ["20260103000000_more"], incompatible: [], empty: false });
});

test.each([
  ["an unreachable server", (): string => "postgresql://user:secretpassword@127.0.0.1:1/db"],
  ["a database that does not exist", (): string => `${database.connectionString}_gone`],
])("says DatabaseUnavailable for %s and never the password", async (_what, url) => {
  const error = await migrateDatabase({ connectionString: url(), migrationsDir }).catch((e: unknown) => e);

  expect(error).toMatchObject({ name: "DatabaseUnavailable", kind: "unavailable" });
  expect(String(error)).not.toContain("secretpassword");
});

function options(): { connectionString: string; migrationsDir: string } {
  return { connectionString: database.connectionString, migrationsDir };
}

async function addMigration(name: string, sql: string): Promise<void> {
  await mkdir(join(migrationsDir, name), { recursive: true });
  await writeFile(join(migrationsDir, name, "migration.sql"), sql);
}

async function query(sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: database.connectionString });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
