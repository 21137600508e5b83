/**
 * PostgreSQL fails over in traffic: the primary is killed, frozen, or fenced so that it only reads, its standby is promoted behind the
 * same address. Work goes on within a minute of it being possible, nothing is there twice, nothing is lost.
 */
import { expect, test } from "vitest";
import { chooseSome } from "../support/extent.ts";
import { makeSeeded, startHarness } from "../support/harness.ts";
import { lossKinds, startPostgresPair } from "../support/postgres-pair.ts";
import { testSeed } from "../support/seed.ts";
import { makeTraffic } from "../support/traffic.ts";

const recoveryMs = 60_000;
const withoutMs = 8_000;

test.for(chooseSome("failover", lossKinds, 1))(
  "the primary is %s and the standby promoted",
  { timeout: 280_000 },
  async (kind, { onTestFinished }) => {
    const seed = testSeed("failover traffic");
    const pair = await startPostgresPair();
    const harness = await startHarness({ database: pair, queue: "postgres" });
    onTestFinished(() => harness.close());
    const traffic = makeTraffic(harness, makeSeeded(seed), { casesMax: 4 });
    const act = (count: number): void => {
      for (let index = 0; index < count; index += 1) traffic.act();
    };
    const worker = harness.spawnWorker();
    act(8);
    await harness.waitUntil(() => harness.jira.getState().issues.length > 0, "work has begun");
    act(4);

    await pair.lose(kind);
    const lostAt = Date.now();
    act(4);
    await harness.waitUntil(() => Date.now() > lostAt + withoutMs, "there is no database to write to for a while");
    await pair.promote();
    act(4);

    await harness.converge(recoveryMs);
    expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
    expect(worker.child.exitCode).toBeNull();
  },
);
