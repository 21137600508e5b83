/** Outcomes as leaves, so that two journeys can be compared place by place. */

/** A value by its place, such as `createMessage.closed`. Lists are leaves. */
export type Leaves = Readonly<Record<string, unknown>>;

/** The leaves of nested outcomes. Pure. */
export function leavesOf(value: unknown, place = ""): Leaves {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { [place]: value };
  const parts = Object.entries(value).map(([name, part]) => leavesOf(part, place === "" ? name : `${place}.${name}`));
  return Object.assign({}, ...parts) as Leaves;
}

/** What differs from `expected`, by place; a leaf that is not there any more is `undefined`. Pure. */
export function differencesFrom(expected: Leaves, seen: Leaves): Leaves {
  const places = [...new Set([...Object.keys(expected), ...Object.keys(seen)])];
  return Object.fromEntries(
    places
      .filter((place) => JSON.stringify(expected[place]) !== JSON.stringify(seen[place]))
      .map((place) => [place, seen[place]]),
  );
}
