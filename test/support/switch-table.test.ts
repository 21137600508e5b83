/** The exploration plays every switch of the table that does not say why not, and its rows hold every pair. */
import { expect, test } from "vitest";
import { makeSwitchRows, switches } from "../chaos/switches.ts";
import { simulatorSwitches } from "./switch-table.ts";

const keyOf = ({ of, name }: { readonly of: string; readonly name: string }): string => `${of} ${name}`;
const played = switches.filter(({ of }) => of !== "casebridge");

test("what is played in pairs is what the table says, in positions that stand there", () => {
  const paired = simulatorSwitches.filter(({ pairs }) => pairs === true);

  expect(played.map(keyOf).sort()).toEqual(paired.map(keyOf).sort());
  for (const one of played) {
    const known = simulatorSwitches.find((entry) => keyOf(entry) === keyOf(one))?.positions ?? [];
    expect({ name: one.name, positions: known }).toMatchObject({
      name: one.name,
      positions: expect.arrayContaining([...one.positions]),
    });
  }
});

test("each switch has a position besides its default, and a reason where it is not played in pairs", () => {
  for (const { name, positions, pairs } of simulatorSwitches) {
    expect(positions.length, name).toBeGreaterThan(1);
    if (pairs !== true) expect(pairs.alone.length, name).toBeGreaterThan(10);
  }
});

test("the rows hold every pair of positions of two switches", () => {
  const seen = new Set(
    makeSwitchRows().flatMap((row) =>
      row.flatMap((i, a) => row.slice(a + 1).map((j, b) => `${a}.${i}/${a + 1 + b}.${j}`)),
    ),
  );
  const missing = switches.flatMap((first, a) =>
    switches
      .slice(a + 1)
      .flatMap((second, b) =>
        [...first.positions.keys()].flatMap((i) =>
          [...second.positions.keys()].map((j) => `${a}.${i}/${a + 1 + b}.${j}`).filter((pair) => !seen.has(pair)),
        ),
      ),
  );

  expect(missing).toEqual([]);
});
