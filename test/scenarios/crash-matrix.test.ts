import { expect, test } from "vitest";
import { compare, play } from "../chaos/matrix.ts";
import { inWorlds } from "../chaos/pool.ts";
import { makeRandom } from "../chaos/random.ts";
import { scenarios } from "../chaos/scenarios.ts";
import { can } from "../support/dialect.ts";
import { isFull } from "../support/extent.ts";

const seed = Number(process.env.CASEBRIDGE_TEST_SEED ?? Date.now() % 100_000);
/** Enough for the rare places over a few days of CI; all of them: `npm run chaos -- --matrix`. */
const budgetMs = isFull ? 45_000 : 15_000;

test(`a worker that dies at any effect leaves the same end (seed ${seed})`, { timeout: 180_000 }, async () => {
  const random = makeRandom(seed);
  let deadline: number | null = null;
  const wrong: string[] = [];
  let replays = 0;
  // A story at a time, in an order of chance; each is played undisturbed once and then stopped at a few places.
  const hasLog = can("operation_log");
  const order = scenarios.filter((scenario) => hasLog || scenario.needsLog !== true).sort(() => random.next() - 0.5);

  await inWorlds(order, 3, async (world, scenario) => {
    // Counted from the first world on.
    deadline ??= Date.now() + budgetMs;
    if (replays > 0 && Date.now() > deadline) return;
    const calm = await play(world, scenario, null);
    wrong.push(...calm.problems.map((problem) => `${scenario.name}, undisturbed: ${problem}`));
    for (
      let replay = 0;
      replay < 3 && calm.effects.length > 0 && (replays === 0 || Date.now() < deadline);
      replay += 1
    ) {
      const crashAt = random.pick(calm.effects);
      const crashed = await play(world, scenario, crashAt);
      replays += 1;
      wrong.push(
        ...compare(calm, crashed).map(
          (problem) => `${scenario.name}, stopped at effect ${crashAt} (${crashed.crash}): ${problem}`,
        ),
      );
    }
  });

  console.info(`seed ${seed}: ${replays} replays`);
  expect(replays).toBeGreaterThan(0);
  expect(wrong).toEqual([]);
});
