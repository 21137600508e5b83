import { guardText } from "../../src/domain/text/guard.ts";
import type { GuardedText } from "../../src/domain/text/guarded.ts";

/** A text as it is, in the type that the Huawei port takes: what an operator who switched the guard off would send. */
export function unguarded(text: string): GuardedText {
  return guardText(text, { mode: "off" }).text;
}
