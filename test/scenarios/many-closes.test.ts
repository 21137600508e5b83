/** Many issues moved to done at once end no case before a person has released them (rule 2 and rule 6). */
import { afterEach, expect, test } from "vitest";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage | null = null;

afterEach(async () => {
  await stage?.close();
  stage = null;
});

/** Cases of status 0 whose issues agree, `CLOSE_ON_DONE=always`. */
async function startCases(count: number, holdSeconds = 10): Promise<Stage> {
  const world = await startStage({ policy: { status: { closeOnDone: "always" }, comments: { holdSeconds } } });
  stage = world;
  for (let n = 0; n < count; n += 1) world.huawei.createCase({ description: `bulk ${n}` });
  await world.round();
  world.advance(61_000);
  await world.round();
  world.advance(61_000);
  await world.round();
  return world;
}

const keys = (world: Stage): string[] => world.jira.getState().issues.map((issue) => issue.key);
const statuses = (world: Stage): string =>
  Object.entries(Object.groupBy(world.huawei.getState().cases, (entry) => entry.status))
    .map(([status, cases]) => `${cases?.length} × ${status}`)
    .join(", ");
const waiting = (world: Stage): number =>
  world.jira
    .getState()
    .issues.filter((issue) =>
      issue.comments.some((comment) => comment.bodyText.includes("waits. An administrator releases")),
    ).length;

async function pass(world: Stage, count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    world.advance(15_000);
    await world.round();
  }
}

test("200 issues closed at once cancel no case without release, and every one after it", {
  timeout: 170_000,
}, async () => {
  const world = await startCases(200);
  expect([keys(world).length, statuses(world)]).toEqual([200, "200 × 0"]);
  for (const key of keys(world)) world.jira.transition({ issue: key, toCategory: "done" });
  await pass(world, 3);

  expect(statuses(world)).toBe("200 × 0");
  expect(waiting(world)).toBe(200);
  const breakers = await world.state.listBreakers("default");
  expect(breakers).toEqual([{ reason: "many_closes", state: "open" }]);
  // It does not end by itself.
  world.advance(30 * 60_000);
  await pass(world, 2);
  expect(statuses(world)).toBe("200 × 0");

  await world.state.releaseCloses("default");
  await pass(world, 3);
  expect(statuses(world)).toBe("200 × 4");
  expect(await world.state.listBreakers("default")).toEqual([]);
  await pass(world, 2);
  world.huawei.resetRequests();
  world.jira.resetRequests();
  await pass(world, 2);
  expect([world.huawei.getRequests().writes, world.jira.getRequests().writes]).toEqual([0, 0]);
});

test("a webhook or a check that is faster than the round lets none of them through", async () => {
  const world = await startCases(15, 0);
  for (const key of keys(world)) world.jira.transition({ issue: key, toCategory: "done" });
  // Some are looked at before anybody has seen how many there are.
  await world.wakeJira();
  await world.runDue();
  await world.check();
  expect(statuses(world)).toBe("15 × 0");
  await pass(world, 3);
  expect([statuses(world), waiting(world)]).toEqual(["15 × 0", 15]);

  await world.state.releaseCloses("default");
  await pass(world, 2);
  expect(statuses(world)).toBe("15 × 4");
});

test("a few moves that a webhook told of end their cases with the next round, wherever that one died", async () => {
  const world = await startCases(4, 0);
  for (const key of keys(world)) world.jira.transition({ issue: key, toCategory: "done" });
  await world.wakeJira();
  await world.runDue();
  expect(statuses(world)).toBe("4 × 0");
  for (let calls = 3; calls < 16; calls += 1) {
    world.crashAfter(calls);
    await world.round();
    await world.revive();
    world.advance(61_000);
  }
  await world.round();

  expect(statuses(world)).toBe("4 × 4");
  expect(await world.state.listBreakers("default")).toEqual([]);
});

test("moves by apps are no wishes: they hold nobody else's, and one request tells who moved", async () => {
  const world = await startCases(24);
  const [first, second, ...others] = keys(world);
  if (first === undefined || second === undefined) throw new Error("there are no issues");
  for (const key of others) world.jira.transition({ issue: key, toCategory: "done", author: "app" });
  world.jira.transition({ issue: first, toCategory: "done" });
  world.jira.resetRequests();
  await pass(world, 1);
  expect(world.jira.getRequests().byOperation.getBulkChangelogs).toBe(1);
  await pass(world, 2);

  expect(statuses(world)).toBe("23 × 0, 1 × 4");
  expect(await world.state.listBreakers("default")).toEqual([]);
  expect(waiting(world)).toBe(0);
});

test("while Jira does not tell who moved, every move counts as a person's", async () => {
  const world = await startCases(14);
  const [first, ...others] = keys(world);
  for (const key of others) world.jira.transition({ issue: key, toCategory: "done", author: "app" });
  world.jira.transition({ issue: first ?? "", toCategory: "done" });
  world.jira.addFault({ operation: "getBulkChangelogs", kind: "503_before", times: 20 });
  await pass(world, 2);

  expect(statuses(world)).toBe("14 × 0");
  expect((await world.state.listBreakers("default")).map((breaker) => breaker.reason)).toEqual(["many_closes"]);
});
