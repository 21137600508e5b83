import { expect, test } from "vitest";
import { inLanes } from "./in-lanes.ts";

test.each([
  { lanes: 0, most: 1 },
  { lanes: 3, most: 3 },
  { lanes: 99, most: 5 },
])(
  "with $lanes lanes at most $most items are under way, each once, and results keep their order",
  async ({ lanes, most }) => {
    let underWay = 0;
    let seen = 0;
    const done: number[] = [];
    const work = async (item: number): Promise<number> => {
      underWay += 1;
      seen = Math.max(seen, underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      return item * 10;
    };

    const results = await inLanes([1, 2, 3, 4, 5], lanes, work, (count) => done.push(count));

    expect(results).toEqual([10, 20, 30, 40, 50]);
    expect(seen).toBe(most);
    expect(done).toEqual([1, 2, 3, 4, 5]);
  },
);

test("a failure is the caller's", async () => {
  const failing = async (item: number): Promise<void> => {
    if (item === 2) throw new Error("two");
  };

  await expect(inLanes([1, 2, 3], 2, failing)).rejects.toThrow("two");
});
