import { expect, test } from "vitest";
import type { WorkOutcome } from "../web/pages/work.ts";
import { makeWorkBook } from "./page-work.ts";

const minuteMs = 60_000;
const examined: WorkOutcome = { kind: "examined", checks: [] };
const ask = { kind: "doctor", actor: "ann", ask: null } as const;

function makeBook() {
  let nowMs = Date.UTC(2026, 11, 1);
  const book = makeWorkBook(() => new Date(nowMs));
  const ends: ((outcome: WorkOutcome) => void)[] = [];
  return {
    begin: () => book.begin(ask, () => new Promise((end) => void ends.push(end))) ?? "refused",
    /** Ends the piece that began at this place, after so many minutes more. */
    async end(place: number, minutes: number) {
      nowMs += minutes * minuteMs;
      ends[place]?.(examined);
      await new Promise((done) => setImmediate(done));
    },
    pass: (minutes: number) => {
      nowMs += minutes * minuteMs;
    },
    find: (id: string) => book.find(id),
  };
}

test("what took an hour is shown for half an hour after its end", async () => {
  const book = makeBook();
  const id = book.begin();
  await book.end(0, 60);

  expect(book.find(id)?.outcome).toEqual(examined);
  book.pass(29);
  expect(book.find(id)?.outcome).toEqual(examined);
  book.pass(2);
  expect(book.find(id)).toBeNull();
});

test("two pieces run at once, a third one is refused until one has ended", async () => {
  const book = makeBook();
  const [first, second, third] = [book.begin(), book.begin(), book.begin()];
  expect([first, second].includes("refused")).toBe(false);
  expect(third).toBe("refused");

  await book.end(0, 1);
  expect(book.begin()).not.toBe("refused");
});
