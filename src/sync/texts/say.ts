/**
 * What casebridge itself says on issues, in the languages that `TEXT_LANGUAGE` names. A text is made whole in one language and then in the
 * other, so that no sentence mixes them. Nothing is known again by its words: marks and causes are, so a change of the language doubles and
 * rewrites nothing.
 */
import type { TextLanguage } from "../../domain/settings.ts";
import { en } from "./en.ts";
import type { IssueTexts } from "./issue-texts.ts";
import { zh } from "./zh.ts";

const catalogues: Readonly<Record<TextLanguage, IssueTexts>> = { en, zh };

/** Words in whichever language they are asked for. */
export type Words = (t: IssueTexts) => string;

/** Whose language is meant. */
export type Speaking = { readonly languages: readonly TextLanguage[] };

/** All ways in which languages may be chosen: what was written before may be in another one. */
export const allLanguages: readonly (readonly TextLanguage[])[] = [["en"], ["zh"], ["en", "zh"]];

/** Paragraphs, one language below the other. Pure. */
export function say({ languages }: Speaking, words: Words): string {
  return inEach(languages, words).join("\n");
}

/** A piece of a line: `customer / 客户`. Pure. */
export function sayShort({ languages }: Speaking, words: Words): string {
  return inEach(languages, words).join(" / ");
}

/** In English, as failures and the log have it. Pure. */
export function inEnglish(words: Words): string {
  return words(en);
}

function inEach(languages: readonly TextLanguage[], words: Words): readonly string[] {
  return [...new Set(languages.map((language) => words(catalogues[language])))];
}
