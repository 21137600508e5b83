/**
 * Values of a new issue that the configuration gives: one for every case, or one that a fact of the case chooses.
 */

/** Facts of a case that may choose a value. */
export const caseFactNames = [
  "product",
  "problemType",
  "subType",
  "region",
  "severity",
  "label",
  "submitter",
  "connection",
] as const;

/** One of the facts that may choose a value. */
export type CaseFactName = (typeof caseFactNames)[number];

/** What a case says of each fact, by name; none where it says nothing, several only for labels. */
export type FactValues = Readonly<Record<CaseFactName, readonly string[]>>;

/**
 * How a value is found. `map`: value of the fact → the value; `*` stands for every other value, and `{value}` within its texts for the
 * fact. `otherwise`: where nothing of the map fits; left out = then there is no value.
 */
export type ValueRule<Value = unknown> =
  | { readonly value: Value }
  | { readonly from: CaseFactName; readonly map: Readonly<Record<string, Value>>; readonly otherwise?: Value };

const anyOther = "*";

/** The value of a rule for a case, capitals of the fact aside; `undefined` where it gives none. Pure. */
export function resolveRule<Value>(rule: ValueRule<Value>, facts: FactValues): Value | undefined {
  if ("value" in rule) return rule.value;
  const said = facts[rule.from].map((text) => text.trim()).filter((text) => text !== "");
  const fold = (text: string): string => text.trim().toLowerCase();
  const wanted = new Set(said.map(fold));
  const entry = Object.entries(rule.map).find(([key]) => key !== anyOther && wanted.has(fold(key)));
  if (entry !== undefined) return entry[1];
  const [first] = said;
  if (first !== undefined && Object.hasOwn(rule.map, anyOther)) return withFact(rule.map[anyOther], first) as Value;
  return rule.otherwise;
}

/** Every value that a rule may give; `{value}` in one of them stands for a fact that is not known here. Pure. */
export function possibleValues<Value>(rule: ValueRule<Value>): readonly Value[] {
  if ("value" in rule) return [rule.value];
  return [...Object.values(rule.map), ...(rule.otherwise === undefined ? [] : [rule.otherwise])];
}

function withFact(value: unknown, fact: string): unknown {
  if (typeof value === "string") return value.replaceAll("{value}", () => fact);
  if (Array.isArray(value)) return value.map((item) => withFact(item, fact));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withFact(item, fact)]));
}
