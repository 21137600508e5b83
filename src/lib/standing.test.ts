import { expect, test } from "vitest";
import { mayStillWrite, whileStanding } from "./standing.ts";

test("the question is asked anew each time, and only by work that was started under it", async () => {
  let held = true;
  const answers: boolean[] = [];

  await whileStanding(
    () => held,
    async () => {
      answers.push(mayStillWrite());
      held = false;
      await Promise.resolve();
      answers.push(mayStillWrite());
    },
  );

  expect(answers).toEqual([true, false]);
  expect(mayStillWrite()).toBe(true);
});
