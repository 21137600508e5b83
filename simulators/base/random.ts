/** Seeded randomness: the same seed and the same calls give the same run. */

import { createHash } from "node:crypto";

/** A generator of numbers in [0, 1) and of opaque hexadecimal IDs. */
export interface Random {
  /** Next number, 0 inclusive to 1 exclusive. */
  next(): number;
  /** `length` hexadecimal digits; not ordered, since IDs must not grow (huawei.md 9). */
  hex(length: number): string;
  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[];
}

/** Makes a generator (mulberry32) from an integer seed. */
export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }
  return {
    next,
    hex(length) {
      let digits = "";
      while (digits.length < length) digits += Math.floor(next() * 16).toString(16);
      return digits;
    },
    shuffle<T>(items: readonly T[]): T[] {
      const keyed = items.map((item) => ({ item, rank: next() }));
      return keyed.sort((left, right) => left.rank - right.rank).map((entry) => entry.item);
    },
  };
}

/** A UUID that is the same for the same text: ids look opaque, yet runs are deterministic. */
export function stableUuid(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
