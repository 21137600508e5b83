import { describe, expect, it } from "vitest";
import { readPages, readTokenPages } from "./paging.ts";
import { failureOf } from "./test-support.ts";

const call = { operation: "listComments", effect: "read" } as const;

describe("lists over pages", () => {
  it("are read to their end, whether the total is told or not", async () => {
    const all = Array.from({ length: 7 }, (_, n) => n);

    for (const total of [7, null]) {
      const read = async (startAt: number) => ({ items: all.slice(startAt, startAt + 3), total });
      expect(await readPages(call, read)).toEqual(all);
    }
  });

  it("are read again when something vanished in between, since an item may have slipped past", async () => {
    let items = ["a", "b", "c", "d"];
    const starts: number[] = [];

    const read = await readPages(call, async (startAt) => {
      starts.push(startAt);
      const page = { items: items.slice(startAt, startAt + 2), total: items.length };
      items = items.filter((item) => item !== "a");
      return page;
    });

    expect(read).toEqual(["b", "c", "d"]);
    expect(starts).toEqual([0, 2, 0, 2]);
  });

  it("that never stop moving are an error, not a list", async () => {
    let total = 100;
    const error = await failureOf(readPages(call, async () => ({ items: ["x"], total: total++ })));

    expect(error.facts).toMatchObject({ kind: "unavailable", outcomeUnknown: false });
  });

  it("that never end are an error", async () => {
    const error = await failureOf(readPages(call, async () => ({ items: ["x"], total: null })));

    expect(error.kind).toBe("contract");
  });

  it("of a search follow the token, and do not run in circles", async () => {
    const good = await readTokenPages(call, async (token) =>
      token === null ? { items: [1], nextPageToken: "b" } : { items: [2] },
    );
    const circle = await failureOf(readTokenPages(call, async () => ({ items: [1], nextPageToken: "a" })));

    expect(good).toEqual([1, 2]);
    expect(circle.kind).toBe("contract");
  });
});
