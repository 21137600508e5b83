/** Connections in trouble beside healthy ones in a worker with few slots (guarantee 9). */
import { afterEach, describe, expect, test } from "vitest";
import { type Neighbour, type Neighbours, startNeighbours } from "../support/neighbours.ts";

let world: Neighbours | null = null;

afterEach(async () => {
  await world?.close();
  world = null;
});

describe("three connections whose endpoint accepts and never answers", () => {
  test("hold no slot that the others need, and are mirrored once it answers", { timeout: 300_000 }, async () => {
    world = await startNeighbours(5, { WORKER_CONCURRENCY: "2" });
    const { harness, all, commentsOf } = world;
    const [hung, healthy] = [all.slice(0, 3), all.slice(3)];
    for (const { huawei } of all)
      for (let index = 0; index < 2; index += 1) huawei.createCase({ description: `Case ${index}` });
    harness.spawnWorker();
    await harness.waitUntil(() => harness.jira.getState().issues.length === 10, "all issues", 120_000);

    for (const { gate } of hung) gate.silence();
    // Every link of the hung ones has work to do, before the healthy ones have any.
    for (const neighbour of hung) speakInJira(neighbour);
    const searches = (): number =>
      harness.jira.getRequests().log.filter((entry) => entry.path.includes("search")).length;
    const before = searches();
    await harness.waitUntil(() => searches() >= before + 2 * all.length, "two more rounds over the issues of each");
    for (const neighbour of healthy) {
      speakInJira(neighbour);
      for (const { caseId } of neighbour.huawei.getState().cases)
        neighbour.huawei.addMessage({ caseId, author: "engineer", content: "Here is the answer." });
    }
    await harness.waitUntil(
      () => healthy.every((neighbour) => commentsOf(neighbour).length === 4 && sentTo(neighbour) === 2),
      "the healthy ones are mirrored while the others hang",
    );

    expect(hung.map(sentTo)).toEqual([0, 0, 0]);
    for (const { gate } of hung) gate.release();
    await harness.waitUntil(
      () => hung.every((neighbour) => sentTo(neighbour) === 2),
      "the hung ones are mirrored, too",
      90_000,
    );
    expect(harness.jira.getState().issues).toHaveLength(10);
  });
});

function speakInJira({ projectKey }: Neighbour): void {
  const jira = world?.harness.jira;
  for (const issue of jira?.getState().issues ?? [])
    if (issue.projectKey === projectKey) jira?.addComment({ issue: issue.key, text: "Any news?" });
}

function sentTo({ huawei }: Neighbour): number {
  return huawei.getState().cases.flatMap((entry) => entry.messages.filter((message) => message.via === "api")).length;
}
