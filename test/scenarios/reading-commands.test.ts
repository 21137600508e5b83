/** Commands that only read leave the database as they find it, whichever release it belongs to. */
import { cp, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, expect, test } from "vitest";
import { migrateDatabase } from "../../src/store/database/migrate.ts";
import { MIGRATIONS_DIR, readMigrations } from "../../src/store/database/migrations-folder.ts";
import { createTestDatabase } from "../support/database.ts";
import { type CliResult, type Harness, startHarness } from "../support/harness.ts";

let harness: Harness | null = null;

afterEach(async () => {
  await harness?.close();
  harness = null;
});

/** Every column and every row of every table of the database, in an order of its own. */
async function dump(connectionString: string): Promise<Record<string, string>> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const tables = await client.query<{ name: string; columns: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name, string_agg(column_name || ' ' || data_type, ', ' ORDER BY column_name) AS columns
       FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema') GROUP BY 1 ORDER BY 1`,
    );
    const state: Record<string, string> = {};
    for (const { name, columns } of tables.rows) {
      const rows = await client.query<{ hash: string }>(
        `SELECT count(*) || ' ' || md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) AS hash FROM ${name} t`,
      );
      state[name] = `${columns}: ${rows.rows[0]?.hash}`;
    }
    return state;
  } finally {
    await client.end();
  }
}

/** Three at a time: each is a process of its own. */
async function runAll(own: Harness, commands: readonly (readonly string[])[]): Promise<Map<string, CliResult>> {
  const results = new Map<string, CliResult>();
  for (let start = 0; start < commands.length; start += 3) {
    const batch = commands.slice(start, start + 3);
    const ended = await Promise.all(batch.map((command) => own.runCli(command)));
    for (const [index, result] of ended.entries()) results.set((batch[index] ?? []).join(" "), result);
  }
  return results;
}

function ends(results: ReadonlyMap<string, CliResult>): Record<string, number> {
  return Object.fromEntries([...results].map(([command, result]) => [command, result.code]));
}

test("on the schema of a newer release they tell what there is and write nothing, and the older release goes on", {
  timeout: 240_000,
}, async () => {
  harness = await startHarness();
  const { huawei, jira, database, folder, runCli } = harness;
  const { caseId } = huawei.createCase({ description: "First", createdAt: Date.now() - 600_000 });
  huawei.addMessage({
    caseId,
    author: "engineer",
    content: "An answer",
    files: [{ name: "a.txt", text: "a" }],
    createdAt: Date.now() - 600_000,
  });
  expect((await runCli(["resync", "--all", "--wait"])).code).toBe(0);
  const key = jira.getState().issues[0]?.key ?? "";
  huawei.createCase({ description: "Not mirrored yet" });
  const client = new pg.Client({ connectionString: database.connectionString });
  await client.connect();
  await client.query(`ALTER TABLE links ADD COLUMN future TEXT; CREATE TABLE future (id int);
    INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
    VALUES ('future', 'x', '29990101000000_future', now(), now(), 1)`);
  await client.end();
  const countWrites = () => ({ huawei: huawei.getRequests().writes, jira: jira.getRequests().writes });
  const [before, written] = [await dump(database.connectionString), countWrites()];

  const results = await runAll(harness, [
    ["status"],
    ["links", "list"],
    ["links", "show", caseId],
    ["verify", "--all"],
    ["verify", "--case", caseId, "--deep"],
    ["failures", "list"],
    ["failures", "show", "1"],
    ["audit"],
    ["lookups"],
    ["doctor"],
    ["resync", "--all", "--dry-run", "--texts"],
    ["resync", "--since", "7d", "--dry-run"],
    ["resync", "--issue", key, "--include-history", "--rerender", "--dry-run"],
    ["rebuild", "--dry-run"],
    ["export", "--output", join(folder, "export.jsonl")],
    ["import", join(folder, "export.jsonl"), "--dry-run"],
  ]);

  expect(await dump(database.connectionString)).toEqual(before);
  expect(countWrites()).toEqual(written);
  // A case that waits, settings of tests that doctor warns of, a failure that is not there, and a database that is not empty.
  const { doctor, "verify --all": verify, ...codes } = ends(results);
  expect([0, 3]).toContain(doctor);
  expect([0, 3]).toContain(verify);
  expect(Object.entries(codes).filter(([, code]) => code !== 0)).toEqual([
    ["failures show 1", 2],
    [`import ${join(folder, "export.jsonl")} --dry-run`, 2],
  ]);
  expect((await runCli(["resync", "--all", "--wait"])).code).toBe(0);
  expect(jira.getState().issues).toHaveLength(2);
});

test("on the schema of the release before they work, or say what to do, and migrate nothing", {
  timeout: 240_000,
}, async () => {
  const { migrations } = await readMigrations(MIGRATIONS_DIR);
  const newest = migrations.at(-1)?.name ?? "";
  const migrationsDir = await mkdtemp(join(tmpdir(), "casebridge-migrations-"));
  await cp(MIGRATIONS_DIR, migrationsDir, { recursive: true });
  await rm(join(migrationsDir, newest), { recursive: true });
  const database = await createTestDatabase({ migrated: false });
  await migrateDatabase({ connectionString: database.connectionString, migrationsDir });
  await rm(migrationsDir, { recursive: true });
  harness = await startHarness({ database });
  harness.huawei.createCase({ description: "Not mirrored yet" });
  const before = await dump(database.connectionString);

  const results = await runAll(harness, [
    ["status"],
    ["links", "list"],
    ["verify", "--all"],
    ["failures", "list"],
    ["lookups"],
    ["doctor"],
    ["resync", "--all", "--dry-run"],
    ["rebuild", "--dry-run"],
    ["export", "--output", join(harness.folder, "export.jsonl")],
  ]);

  expect(await dump(database.connectionString)).toEqual(before);
  for (const [command, result] of results) {
    const told = result.code === 2 && result.stderr.includes("casebridge migrate");
    expect({ command, ends: told || [0, 3].includes(result.code), said: result.stderr }).toMatchObject({ ends: true });
  }
});

test("an empty database, and a data folder without one, are told as such; lookups need neither", {
  timeout: 120_000,
}, async () => {
  const database = await createTestDatabase({ migrated: false });
  harness = await startHarness({ database });

  const nowhere = join(harness.folder, "no", "data");
  const [empty, none, doctor, unmakable, lookups] = await Promise.all([
    harness.runCli(["status"]),
    harness.runCli(["status"], { DATABASE_URL: "", DATA_DIR: nowhere }),
    harness.runCli(["doctor"], { DATABASE_URL: "", DATA_DIR: nowhere, REDIS_URL: "" }),
    harness.runCli(["worker"], { DATA_DIR: "/proc/nothing/here", DATABASE_URL: "" }),
    harness.runCli(["lookups", "regions", "--json"], { DATABASE_URL: "" }),
  ]);

  await expect(stat(join(harness.folder, "no"))).rejects.toMatchObject({ code: "ENOENT" });
  expect(doctor.stdout.replace(/\s+/g, " ")).toContain("yet, made at the first start");
  expect([0, 3]).toContain(doctor.code);
  for (const result of [empty, none]) {
    expect(result.code).toBe(2);
    expect(result.stderr).toContain("Run `casebridge migrate`, or start the worker");
  }
  expect({ code: unmakable.code, said: unmakable.stderr }).toEqual({
    code: 2,
    said: expect.stringContaining("Set DATA_DIR to a folder that this user may write to"),
  });
  expect({ code: lookups.code, said: lookups.stderr }).toEqual({ code: 0, said: "" });
  expect(await dump(database.connectionString)).toEqual({});
});
