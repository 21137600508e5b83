/** What four workers do against one. */
import type { WorkerProcess } from "../test/support/harness.ts";
import { startProcessorMeter } from "./processor.ts";
import { type Bench, noCrons, startWorld } from "./world.ts";

/** Services at 250 ms, 8 in flight each, 400 independent links with one new message each. */
export const replicas: Bench = {
  name: "replicas",
  what: "work of four workers against one",
  async run(quick) {
    const links = quick ? 100 : 400;
    const [one, four] = [await measure(links, 1), await measure(links, 4)];
    const ratio = one.seconds / four.seconds;
    return [
      {
        promise: `Work of 4 replicas against 1, ${links} links, services at 250 ms, 8 in flight each`,
        bound: "3.5 ×",
        measured: `${ratio.toFixed(2)} × (${one.seconds.toFixed(1)} s and ${four.seconds.toFixed(1)} s)`,
        ok: ratio >= 3.5,
        note: `One message each, from waking all links to the last comment; no duplicate. Workers, simulators and PostgreSQL share this machine's cores. One: ${one.processor} Four: ${four.processor}`,
      },
    ];
  },
};

async function measure(
  links: number,
  count: number,
): Promise<{ readonly seconds: number; readonly processor: string }> {
  const env = { ...noCrons, WORKER_CONCURRENCY: "8", LOG_LEVEL: "warn" };
  const world = await startWorld({ links, env, latencyMs: 250 });
  try {
    // Their first rounds learn the cursors; then there is news in every case.
    const workers: WorkerProcess[] = [];
    for (let index = 0; index < count; index += 1) workers.push(await world.startWorker());
    await world.waitForQuiet();
    for (const pair of world.pairs)
      world.huawei.addMessage({ caseId: pair.caseId, author: "engineer", content: "News" });
    const readProcessor = startProcessorMeter(workers);
    const startedAt = Date.now();
    await world.sql.query(
      `UPDATE links SET "wantedRev" = "wantedRev" + 1, "huaweiRev" = "wantedRev" + 1, "wantedAt" = now(), lane = 'poll'`,
    );
    await world.waitUntil(
      () => (world.jira.getRequests().byOperation.addComment ?? 0) >= links,
      "all comments",
      240_000,
    );
    const processor = readProcessor();
    const endedAt = Math.max(
      ...world.jira
        .getRequests()
        .log.filter((entry) => entry.operation === "addComment")
        .map((entry) => entry.atMs),
    );
    await world.waitForQuiet();
    const { duplicates, losses } = world.copies();
    if (duplicates.length + losses.length > 0) throw new Error([...duplicates, ...losses].slice(0, 5).join("; "));
    return { seconds: (endedAt - startedAt) / 1000, processor };
  } finally {
    await world.close();
  }
}
