/**
 * Text that may leave for Huawei Cloud, told by its type.
 *
 * The problem: the text guard has to see every string that goes out, and a string that somebody forgot looks like any other. So the
 * Huawei port takes `GuardedText` alone, and only this folder makes one: the guard itself, marks, and the functions below, each of which
 * says why its text needs no guarding. A plain string at the port does not compile.
 */
import { cutChars } from "./sanitize.ts";

declare const guarded: unique symbol;

/** A text that the guard has seen, or that holds nothing of a person. Made in `src/domain/text` only; `test/repository.test.ts` holds that. */
export type GuardedText = string & { readonly [guarded]: true };

/**
 * Words of casebridge's own, as a tagged template: ``ownWords`${mark} The case is closed.` ``. What stands between them is guarded
 * itself, or a number. Pure.
 */
export function ownWords(words: TemplateStringsArray, ...between: readonly (GuardedText | number)[]): GuardedText {
  return words.map((word, index) => word + String(between[index] ?? "")).join("") as GuardedText;
}

/** A text that Huawei Cloud told us, such as an id of a look-up: it says nothing there that is not known there. Pure. */
export function fromHuawei(text: string): GuardedText {
  return text as GuardedText;
}

/** A text that the operator wrote in the configuration, for Huawei Cloud to read. Pure. */
export function writtenByOperator(text: string): GuardedText {
  return text as GuardedText;
}

/** A text out of a frozen write: it was guarded before it was frozen, since the payloads of writes are typed. Pure. */
export function thawed(frozen: unknown): GuardedText {
  return String(frozen) as GuardedText;
}

/** The longest prefix of at most `charsMax` UTF-16 units that ends inside no pair. Pure. */
export function cutGuarded(text: GuardedText, charsMax: number): GuardedText {
  return cutChars(text, charsMax) as GuardedText;
}
