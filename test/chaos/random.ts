/** Seeded chance: the same seed draws the same numbers, whatever else happens in the process. */
import { makeSeeded } from "../support/harness.ts";

/** One stream of numbers. */
export type Random = {
  /** 0 ≤ x < 1. */
  next(): number;
  /** A whole number below `count`. */
  below(count: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** One item. Throws on an empty list. */
  pick<Item>(items: readonly Item[]): Item;
};

/** Makes the stream of a seed. */
export function makeRandom(seed: number): Random {
  const next = makeSeeded(seed);
  const below = (count: number): number => Math.floor(next() * count);
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new RangeError("nothing to pick from");
      return item;
    },
  };
}
