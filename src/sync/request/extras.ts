/**
 * Extra parameters of a new case. Their values are words of a person, and leave as such: past the guard, each below its own name.
 */
import { extraLabel } from "../../domain/labels.ts";
import { addMasked, type GuardOptions, guardText, guardUnder, type MaskedKind } from "../../domain/text/guard.ts";
import { fromHuawei, type GuardedText, writtenByOperator } from "../../domain/text/guarded.ts";
import type { ExtraValue } from "../ports.ts";
import type { Lookups } from "./lookups.ts";
import { type Asking, again, match, type Problem, problem, type WrittenInput, withoutSecrets } from "./values.ts";

/** The values that go, or what is wrong for people. Throws `ServiceError` where nothing was ever read and the service is away. */
export async function resolveExtras(
  { lookups, guard, lane }: Asking,
  written: Readonly<Record<string, WrittenInput>>,
  filter: Parameters<Lookups["extraParameters"]>[0],
): Promise<
  { readonly kind: "values"; readonly extras: readonly ExtraValue[]; readonly masked: readonly MaskedKind[] } | Problem
> {
  const asked = await again(
    (age) => lookups.extraParameters(filter, age, lane),
    () => true,
  );
  if (asked === null) {
    const untold = Object.entries(written).map(([key, one]) => ({
      id: one.person ? guardText(key, guard).text : writtenByOperator(key),
      ...guardExtra(one, [key], guard),
    }));
    return { kind: "values", extras: untold, masked: addMasked(...untold.map(({ masked }) => masked)) };
  }
  const extras: (ExtraValue & { readonly masked: readonly MaskedKind[] })[] = [];
  const shown = asked.map((parameter) => `${parameter.id} (${parameter.name})`).join(", ");
  for (const [key, one] of Object.entries(written)) {
    const parameter = match(asked, key);
    if (parameter === null) {
      if (one.person) return problem((t) => t.values.extraNotAsked(withoutSecrets(key), shown === "" ? null : shown));
      continue;
    }
    const extra = guardExtra(one, [parameter.id, parameter.name], guard);
    if (parameter.lengthMax !== null && extra.value.length > parameter.lengthMax) {
      const { name, lengthMax } = parameter;
      return problem((t) => t.values.extraTooLong(name, lengthMax, extra.value.length));
    }
    extras.push({ id: fromHuawei(parameter.id), ...extra });
  }
  for (const parameter of asked) {
    if (!parameter.required || extras.some(({ id }) => id === parameter.id)) continue;
    if (parameter.defaultValue !== null && parameter.defaultValue !== "")
      extras.push({ id: fromHuawei(parameter.id), value: fromHuawei(parameter.defaultValue), masked: [] });
    else return problem((t) => t.values.extraMissing(parameter.name, `${extraLabel}${parameter.id}`));
  }
  return { kind: "values", extras, masked: addMasked(...extras.map(({ masked }) => masked)) };
}

/** The value of an extra parameter, guarded below each of its names where a person wrote it. */
function guardExtra(
  { text, person }: WrittenInput,
  names: readonly string[],
  guard: GuardOptions,
): { readonly value: GuardedText; readonly masked: readonly MaskedKind[] } {
  if (!person) return { value: writtenByOperator(text), masked: [] };
  let { text: value, masked } = guardText(text, guard);
  for (const name of names) {
    const under = guardUnder(name, value, guard);
    value = under.text;
    masked = addMasked(masked, under.masked);
  }
  return { value, masked };
}
