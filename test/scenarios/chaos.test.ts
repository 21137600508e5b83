import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { brokenRules, playRule } from "../chaos/broken.ts";
import { settle } from "../chaos/drive.ts";
import { playSeed } from "../chaos/explore.ts";
import { makePeople } from "../chaos/people.ts";
import { inWorlds } from "../chaos/pool.ts";
import { playStall } from "../chaos/stall.ts";
import { startWorld, type World } from "../chaos/world.ts";
import { can } from "../support/dialect.ts";
import { isFull } from "../support/extent.ts";

const firstSeed = Number(process.env.CASEBRIDGE_TEST_SEED ?? 1);
/** As many seeds as fit; hundreds of them: `npm run chaos -- --seeds 500`. */
const budgetMs = isFull ? 30_000 : 10_000;

test("seeds of random traffic, faults, deaths and stand-stills end with each item once", {
  timeout: 240_000,
}, async () => {
  let deadline: number | null = null;
  const wrong: string[] = [];
  let played = 0;

  await inWorlds(
    Array.from({ length: 8 }, (_, index) => firstSeed + index),
    2,
    async (world, seed) => {
      // Counted from the first world on; each of them plays at least one seed.
      deadline ??= Date.now() + budgetMs;
      if (played > 0 && Date.now() > deadline) return;
      const result = await playSeed(world, seed, { steps: 200, without: ["jumps"] });
      played += 1;
      wrong.push(...result.problems.map((problem) => `seed ${seed}: ${problem}`));
    },
  );

  console.info(`${played} seeds from ${firstSeed}`);
  expect(played).toBeGreaterThan(0);
  expect(wrong).toEqual([]);
});

describe("in one world", () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.close());

  test.for(["lease.apply", "jira.createComment"] as const)(
    "a worker that stands still before %s writes nothing once its lease is over",
    async (before, { expect: check }) => {
      const problems = await playStall(world, { before, pastLease: true });

      check(problems).toEqual([]);
    },
  );

  test("what people do in Huawei while the issue is away is no disclosure of ours", async ({ expect: check }) => {
    await world.reset();
    const people = makePeople(world);
    const driver = { world, choose: () => 0, onError: (_task: string, error: unknown) => check(error).toBeNull() };
    const caseId = people.createCase();
    await settle(driver);
    const issueId = people.issueOf(caseId)?.id ?? "";
    world.huawei.setStatus({ caseId, status: 17 });
    people.restrictions.toggleProject(issueId);
    world.advance(10_000);
    people.write(caseId, { author: "customer" });
    world.advance(10_000);
    people.restrictions.toggleProject(issueId);

    check(world.huawei.getState().cases[0]?.operateLogs.map(({ type }) => type)).toEqual([0, 85]);
    check(people.restrictions.disclosed(0, 0)).toEqual([]);
  });

  test.for(brokenRules.filter(({ needs }) => needs === undefined || can(needs)))(
    "the judge notices when $name",
    async (rule, { expect: check }) => {
      const broken = await playRule(world, rule, true);
      const kept = await playRule(world, rule, false);

      check(broken.filter((problem) => problem.startsWith(`${rule.shows}: `))).not.toEqual([]);
      check(kept).toEqual([]);
    },
  );
});
