import { expect, test } from "vitest";
import { takeTurn, whileStanding, withTurn } from "./standing.ts";

test("the question is asked anew each time, and only by work that was started under it", async () => {
  let held = true;
  const answers: boolean[] = [];

  await whileStanding(
    () => held,
    async () => {
      answers.push(await takeTurn());
      held = false;
      answers.push(await takeTurn());
    },
  );

  expect(answers).toEqual([true, false]);
  expect(await takeTurn()).toBe(true);
});

test("what is to happen when a turn has come happens before the question, and at each turn", async () => {
  let turns = 0;
  const ask = () =>
    withTurn(
      async () => {
        turns += 1;
      },
      async () => [await takeTurn(), await takeTurn()],
    );

  expect(await whileStanding(() => turns < 2, ask)).toEqual([true, false]);
  expect(turns).toBe(2);
  expect(await ask()).toEqual([true, true]);
  await expect(
    withTurn(async () => {
      throw new Error("the lease was lost");
    }, takeTurn),
  ).rejects.toThrow("the lease was lost");
});
