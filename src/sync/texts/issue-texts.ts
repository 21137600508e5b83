/** What a catalogue of texts on issues is. English names the keys; a key that another language lacks does not compile. */
import type { en } from "./en.ts";

type Widened<T> = T extends string
  ? string
  : T extends (...args: infer Args) => string
    ? (...args: Args) => string
    : { readonly [Key in keyof T]: Widened<T[Key]> };

/** A catalogue. */
export type IssueTexts = Widened<typeof en>;
