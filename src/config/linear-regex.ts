import { RE2JS } from "re2js";
import type { Matcher } from "../domain/text/guard-rules.ts";

/** A pattern as the guard uses it. Its place is a private field, so that a frozen configuration can hold it. */
class LinearRegex implements Matcher {
  readonly #compiled: RE2JS;
  #place = 0;

  constructor(source: string) {
    this.#compiled = RE2JS.compile(source);
  }

  get lastIndex(): number {
    return this.#place;
  }

  set lastIndex(place: number) {
    this.#place = place;
  }

  test(text: string): boolean {
    return this.exec(text) !== null;
  }

  exec(text: string): { readonly 0: string; readonly index: number } | null {
    const matcher = this.#compiled.matcher(text);
    if (this.#place > text.length || !matcher.find(this.#place)) {
      this.#place = 0;
      return null;
    }
    this.#place = matcher.end();
    return { 0: matcher.group() ?? "", index: matcher.start() };
  }
}

/**
 * Compiles an operator's pattern for an engine whose time is linear in the text (RE2), so that no comment can stall the
 * worker. Look-arounds and back-references do not exist there. Throws an Error that names the place in the pattern.
 */
export function compileLinear(source: string): Matcher {
  return new LinearRegex(source);
}
