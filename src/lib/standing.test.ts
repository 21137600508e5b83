import { expect, test } from "vitest";
import { mayStillSend, mayStillWrite, whileStanding } from "./standing.ts";

test("the questions are asked anew each time, and only by work that was started under them", async () => {
  let heldMs = 40;
  const answers: [boolean, boolean][] = [];
  const ask = () => void answers.push([mayStillWrite(), mayStillSend()]);

  await whileStanding({ mayStart: () => heldMs >= 30, mayGoOn: () => heldMs >= 10 }, async () => {
    ask();
    heldMs = 20;
    await Promise.resolve();
    ask();
    heldMs = 5;
    ask();
  });
  ask();

  expect(answers).toEqual([
    [true, true],
    [false, true],
    [false, false],
    [true, true],
  ]);
});
