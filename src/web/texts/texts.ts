/** The words of the page, one catalogue per language. */
import { en } from "./en.ts";
import type { Language, Texts } from "./language.ts";
import { zh } from "./zh.ts";

export type { Language, Texts } from "./language.ts";

/** All catalogues. */
export const catalogues: Readonly<Record<Language, Texts>> = { en, zh };

/** The entry of a code that was stored, perhaps by another release; `null` = the catalogue does not know it. Pure. */
export function entryOf<Entry>(entries: Readonly<Record<string, Entry>>, code: string): Entry | null {
  return Object.hasOwn(entries, code) ? (entries[code] ?? null) : null;
}
