import { afterEach, describe, expect, test } from "vitest";
import { type Harness, startHarness } from "../support/harness.ts";
import { createTestRedis, hasRedisServer, type TestRedis } from "../support/redis.ts";

const cases = 30;
let harness: Harness | null = null;
let redis: TestRedis | null = null;

afterEach(async () => {
  await harness?.close();
  await redis?.stop();
  harness = null;
  redis = null;
});

describe.each(["postgres", "redis"] as const)("two workers with the queue in %s", (queue) => {
  const run = queue === "redis" && !hasRedisServer() ? test.skip : test;

  run("share the work of thirty cases without a duplicate", { timeout: 120_000 }, async () => {
    redis = queue === "redis" ? await createTestRedis() : null;
    harness = await startHarness({ env: { LOG_LEVEL: "info", WORKER_CONCURRENCY: "4" } });
    const { huawei, jira, waitUntil } = harness;
    huawei.setSettings({ latencyMs: 20 });
    jira.setSettings({ latencyMs: 20 });
    const extra = redis === null ? {} : { REDIS_URL: redis.url };
    const workers = [harness.spawnWorker(extra), harness.spawnWorker(extra)];
    await waitUntil(() => workers.every((worker) => worker.output().includes("Worker started")), "both workers run");
    for (let index = 0; index < cases; index += 1) {
      const { caseId } = huawei.createCase({
        description: `Case ${index}`,
        files: [{ name: `log ${index}.txt`, text: `log of ${index}` }],
      });
      huawei.addMessage({ caseId, author: "engineer", content: `Answer ${index}` });
    }
    await waitUntil(() => jira.getState().issues.length >= cases, "all issues");
    for (const issue of jira.getState().issues) jira.addComment({ issue: issue.key, text: `Thanks for ${issue.key}` });
    await harness.converge();

    expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
    expect(jira.getState().issues).toHaveLength(cases);
    const shares = workers.map((worker) => worker.output().split("Link reconciled").length - 1);
    console.info(`runs that wrote, by worker: ${shares.join(" and ")}`);
    for (const share of shares) expect(share).toBeGreaterThan(0);
  });
});
