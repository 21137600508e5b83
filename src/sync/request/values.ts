/**
 * Values of a request: what was given, what the look-ups allow, and what may be told of it.
 */

import type { Lane } from "../../domain/lane.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { type GuardOptions, guardText } from "../../domain/text/guard.ts";
import { fromHuawei, type GuardedText, writtenByOperator } from "../../domain/text/guarded.ts";
import type { NamedId } from "../ports.ts";
import type { Words } from "../texts/say.ts";
import type { Lookups } from "./lookups.ts";

/** An answer younger than a day serves. */
const dayMs = 24 * 3_600_000;
/** An answer younger than this is not asked for again because a value was not found in it. */
const rereadMs = 60_000;

/** An input as somebody wrote it. `person`: it stands on the issue, not in the configuration. */
export type WrittenInput = { readonly text: string; readonly person: boolean };

/** With what the look-ups are asked, and what their answers are compared with. */
export type Asking = { readonly lookups: Lookups; readonly guard: GuardOptions; readonly lane: Lane };

/** What is wrong with a request, for people. */
export type Problem = { readonly kind: "problem"; readonly text: Words };

/** What is wrong, as an answer. Pure. */
export function problem(text: Words): Problem {
  return { kind: "problem", text };
}

/** A value of a look-up, or what was given in its place. */
export type Chosen = { readonly id: GuardedText; readonly name: string };

/**
 * What was given among the allowed ones; as it stands where these could not be read. `null`: nothing was given, it is not among them, or
 * the guard finds something in what would go as it stands.
 */
export function choose(
  allowed: readonly NamedId[] | null,
  input: WrittenInput | null,
  guard: GuardOptions,
): Chosen | null {
  if (input === null) return null;
  if (allowed !== null) {
    const found = match(allowed, input.text);
    return found === null ? null : { id: fromHuawei(found.id), name: found.name };
  }
  const text = input.text.trim();
  if (!input.person) return { id: writtenByOperator(text), name: input.text };
  const guarded = guardText(text, guard);
  return guarded.masked.length > 0 ? null : { id: guarded.text, name: input.text };
}

/**
 * By id, else by name: the same letters and digits, whatever stands between them. Of a cascading field (`Compute / ECS`) the last level
 * may be what is meant. Pure.
 */
export function match<Item extends NamedId>(items: readonly Item[], text: string): Item | null {
  const plain = (value: string): string => value.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
  const found =
    items.find((item) => item.id === text.trim()) ??
    items.find((item) => plain(item.id) === plain(text)) ??
    items.find((item) => plain(item.name) === plain(text)) ??
    null;
  const last = text.split(" / ").at(-1) ?? text;
  return found === null && last !== text ? match(items, last) : found;
}

/** What a refusal repeats of what a person wrote. Pure. */
export function withoutSecrets(text: string): string {
  return guardText(text, { mode: "mask" }).text;
}

/** Asks with the age of a day, and once more for a fresh answer when something in it is not found. `null` = Huawei refuses to tell. */
export async function again<Value>(
  read: (maxAgeMs: number) => Promise<Value>,
  isComplete: (found: Value) => boolean,
): Promise<Value | null> {
  try {
    const known = await read(dayMs);
    return isComplete(known) ? known : await read(rereadMs);
  } catch (error) {
    // While the service is only away, the request waits for it.
    if (isServiceError(error, "forbidden", "not_found", "rejected", "contract")) return null;
    throw error;
  }
}
