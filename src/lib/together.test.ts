import { expect, test } from "vitest";
import { makeTogether } from "./together.ts";

function makeWorld(sizeMax = 100) {
  const groups: number[][] = [];
  const ends: { resolve(answer: string): void; reject(error: Error): void }[] = [];
  const ask = makeTogether<number, string>((items) => {
    groups.push([...items]);
    return new Promise((resolve, reject) => ends.push({ resolve, reject }));
  }, sizeMax);
  return { groups, ends, ask };
}

test("what is asked for while a group is under way is the next group, and the first waits for nobody", async () => {
  const { groups, ends, ask } = makeWorld();

  const answers = [1, 2, 3].map(ask);
  expect(groups).toEqual([[1]]);
  ends[0]?.resolve("a");
  expect(await answers[0]).toBe("a");
  expect(groups).toEqual([[1], [2, 3]]);
  ends[1]?.resolve("b");

  expect(await Promise.all(answers)).toEqual(["a", "b", "b"]);
});

test("a group that fails fails for its own, and the next one is tried", async () => {
  const { ends, ask } = makeWorld();

  const [first, second] = [ask(1).catch((error: Error) => error.message), ask(2)];
  ends[0]?.reject(new Error("no database"));
  expect(await first).toBe("no database");
  ends[1]?.resolve("b");

  expect(await second).toBe("b");
});

test("no group is larger than was allowed", async () => {
  const { groups, ends, ask } = makeWorld(2);

  const answers = [1, 2, 3, 4].map(ask);
  for (const [index] of [0, 1, 2].entries()) {
    while (ends[index] === undefined) await Promise.resolve();
    ends[index]?.resolve("a");
  }
  await Promise.all(answers);

  expect(groups).toEqual([[1], [2, 3], [4]]);
});
