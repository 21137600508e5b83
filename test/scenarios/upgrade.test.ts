/**
 * From the previous release to this one and back, while people write: the new worker migrates beside the old one, the old one starts again on
 * the new schema, takes over alone, and gives way again. Nothing is lost, nothing is there twice.
 */
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { MIGRATIONS_DIR, readMigrations } from "../../src/store/database/migrations-folder.ts";
import { createTestDatabase } from "../support/database.ts";
import { makeSeeded, startHarness } from "../support/harness.ts";
import { unpackPreviousRelease } from "../support/previous-release.ts";
import { testSeed } from "../support/seed.ts";
import { makeTraffic } from "../support/traffic.ts";

async function countApplied(connectionString: string): Promise<number> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query(
      `SELECT count(*)::int AS count FROM _prisma_migrations WHERE finished_at IS NOT NULL`,
    );
    return rows[0].count;
  } finally {
    await client.end();
  }
}

test("old and new workers side by side, the old one restarted on the new schema, and back", {
  timeout: 240_000,
}, async () => {
  const previous = await unpackPreviousRelease();
  if (previous === null) return console.info("the history does not reach back to the previous release");
  onTestFinished(() => previous.remove());
  const harness = await startHarness({ database: await createTestDatabase({ migrated: false }) });
  onTestFinished(() => harness.close());
  const traffic = makeTraffic(harness, makeSeeded(testSeed("upgrade")), { casesMax: 6 });
  const { program } = previous;
  const refusals = () => [...harness.huawei.getRefusals(), ...harness.jira.getRefusals()];
  /** People go on, and each of their cases has its issue before the next thing happens to the workers. */
  const goOn = async (acts: number, what: string): Promise<void> => {
    for (let act = 0; act < acts; act += 1) traffic.act();
    await harness.waitUntil(
      () => harness.copies().losses.length === 0,
      () => `${what}: ${harness.copies().losses.join("; ")}`,
    );
  };

  const old = harness.spawnWorker({}, ["worker"], program);
  await goOn(6, "the old release works");
  const fresh = harness.spawnWorker();
  const { migrations } = await readMigrations(MIGRATIONS_DIR);
  await harness.waitUntil(async () => {
    if (traffic.acts() < 40) traffic.act();
    return (await countApplied(harness.database.connectionString)) === migrations.length;
  }, "the new worker has migrated the database under the old one");
  await goOn(6, "both work, on the new schema");
  expect(await old.kill("SIGTERM")).toBe(0);
  const again = harness.spawnWorker({}, ["worker"], program);
  await goOn(6, "the old one was restarted on the new schema");
  expect(again.child.exitCode, again.output()).toBeNull();
  expect(await fresh.kill("SIGTERM")).toBe(0);
  await goOn(6, "back: the old one alone");
  expect(await again.kill("SIGTERM")).toBe(0);
  harness.spawnWorker();
  await goOn(6, "the new one again");
  await harness.converge();

  expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
  expect(refusals()).toEqual([]);
  const failures = await harness.runCli(["failures", "list", "--json"]);
  expect(failures.json).toEqual([]);
});
