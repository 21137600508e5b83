/** What the doctor says, in each language. English names the keys; a key that Chinese lacks, or other parameters, do not compile. */
import type { Widened } from "../../../lib/widened.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

/** Languages of the doctor. */
export type DoctorLanguage = "en" | "zh";

/** The catalogue of a language. */
export type DoctorTexts = Widened<typeof en>;

/** Something to say, once the language is known. */
export type Words = (texts: DoctorTexts) => string;

/** The catalogues. */
export const doctorTexts: Readonly<Record<DoctorLanguage, DoctorTexts>> = { en, zh };

/** Words that are the same in each language: a name, a value, what a service or the system answered. */
export function verbatim(text: string): Words {
  return () => text;
}

/** Several things to say after one another. */
export function joined(parts: readonly Words[]): Words {
  return (t) => parts.map((words) => words(t)).join(t.report.semicolon);
}
