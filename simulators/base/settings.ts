/** Settings of a simulator: a table of its switches with their defaults, of which the types are taken. */

/** A switch of several positions; the first is the default. */
export function oneOf<const Position extends string>(position: Position, ..._others: readonly Position[]): Position {
  return position;
}

/**
 * Lays `changes` over `current` and returns the result; `current` stays as it is.
 * @throws Error naming the first key that is no setting or whose value has another type than its default.
 */
export function mergeSettings<Settings extends object>(
  defaults: Settings,
  current: Settings,
  changes: Partial<Settings>,
): Settings {
  for (const [name, value] of Object.entries(changes)) {
    const known: unknown = Object.getOwnPropertyDescriptor(defaults, name)?.value;
    if (known === undefined) throw new Error(`unknown setting "${name}"`);
    const isSameType = typeof known === typeof value && Array.isArray(known) === Array.isArray(value);
    if (known !== null && !isSameType) throw new Error(`wrong type for setting "${name}"`);
  }
  return { ...current, ...changes };
}
