/** Languages of the page, and what a catalogue of its words is. English names the keys; a key that another language lacks does not compile. */
import type { en } from "./en.ts";

/** Languages of the page. */
export type Language = "en" | "zh";

type Widened<T> = T extends string
  ? string
  : T extends (...args: infer Args) => string
    ? (...args: Args) => string
    : { readonly [Key in keyof T]: Widened<T[Key]> };

/** A catalogue. */
export type Texts = Widened<typeof en>;
