import { afterEach, expect, test } from "vitest";
import { isFull } from "../support/extent.ts";
import { type Harness, makeSeeded, startHarness, type WorkerProcess } from "../support/harness.ts";
import { makeTraffic } from "../support/traffic.ts";

const seed = Number(process.env.CASEBRIDGE_TEST_SEED ?? 20_261_124);
const kills = isFull ? 20 : 5;
/** Acts of people before the first death. */
const actsAtFirst = isFull ? 40 : 15;
let harness: Harness | null = null;

afterEach(async () => {
  await harness?.close();
  harness = null;
});

test(`${kills} kills during traffic leave no duplicate and no loss (seed ${seed})`, { timeout: 240_000 }, async () => {
  const random = makeSeeded(seed);
  let writes = 0;
  let killAt = Number.POSITIVE_INFINITY;
  let worker: WorkerProcess | null = null;
  let insideWrites = 0;
  /** The worker dies right before or right after the effect of a write, before it hears of it. */
  const strike = async (event: { readonly write: boolean }): Promise<void> => {
    if (!event.write) return;
    writes += 1;
    if (writes < killAt || worker === null) return;
    killAt = Number.POSITIVE_INFINITY;
    insideWrites += 1;
    await worker.kill("SIGKILL");
  };
  harness = await startHarness({
    huawei: { onEffect: strike },
    jira: { onEffect: strike },
    env: { LOG_LEVEL: "info", WORKER_CONCURRENCY: "2", CASES_CRON: "*/2 * * * * *", ISSUES_CRON: "*/2 * * * * *" },
  });
  const traffic = makeTraffic(harness, random, { casesMax: 40 });
  for (let index = 0; index < actsAtFirst; index += 1) traffic.act();
  for (let round = 0; round < kills; round += 1) {
    for (let index = 0; index < 4; index += 1) traffic.act();
    killAt = writes + 1 + Math.floor(random() * 8);
    const current = harness.spawnWorker();
    worker = current;
    // Where leases of the dead leave nothing to write, it dies at any other moment.
    await harness.waitUntil(
      () => current.output().includes("Worker started") || current.child.signalCode !== null,
      "the worker starts",
    );
    const patience = setTimeout(() => void current.kill("SIGKILL"), 2_500);
    await current.exited;
    clearTimeout(patience);
  }
  console.info(
    `seed ${seed}: ${kills} kills, ${insideWrites} of them inside a write, ${traffic.acts()} acts, ${writes} write effects`,
  );
  expect(insideWrites).toBeGreaterThanOrEqual(kills / 4);
  killAt = Number.POSITIVE_INFINITY;
  harness.spawnWorker();
  await harness.converge(120_000);
  expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
});
