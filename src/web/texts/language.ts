/** Languages of the page, and what a catalogue of its words is. English names the keys; a key that another language lacks does not compile. */
import type { Widened } from "../../lib/widened.ts";
import type { en } from "./en.ts";

/** Languages of the page. */
export type Language = "en" | "zh";

/** A catalogue. */
export type Texts = Widened<typeof en>;
