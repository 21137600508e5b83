/**
 * How much of a long scenario is played. `npm test` plays a few of its stories, chosen by a seed, so that every few runs all have been
 * played; `CASEBRIDGE_TEST_ALL=1` (`npm run test:all`) plays everything. The seed is printed, and chooses the same again.
 */
import { type TestContext, type TestOptions, test } from "vitest";
import { makeSeeded } from "./harness.ts";
import { testSeed } from "./seed.ts";

/** Whether everything is played. */
export const isFull = process.env.CASEBRIDGE_TEST_ALL === "1";

/** Those that this run plays: all in full extent, else `count` of them, in their order. */
export function chooseSome<Item>(name: string, all: readonly Item[], count: number): readonly Item[] {
  if (isFull || count >= all.length) return all;
  const random = makeSeeded(testSeed(name));
  const order = new Map(all.map((item) => [item, random()] as const));
  const chosen = new Set(all.toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0)).slice(0, count));
  return all.filter((item) => chosen.has(item));
}

type Body = (context: TestContext) => Promise<void>;

/** A `test` that only collects; `register`, called last in the file, gives those to vitest that this run plays. */
export function makeSomeTests(name: string, count: number) {
  const collected: { readonly title: string; readonly options: TestOptions; readonly body: Body }[] = [];
  return {
    test: (title: string, options: TestOptions, body: Body): void => void collected.push({ title, options, body }),
    register(): void {
      for (const { title, options, body } of chooseSome(name, collected, count)) test(title, options, body);
    },
  };
}
