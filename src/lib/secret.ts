import { inspect } from "node:util";

const shown = "[secret]";

/**
 * Holds a text that must never be printed. Every accidental way of turning it into text (template literals, `String`,
 * `JSON.stringify`, `console.log`, pino, an error's `cause`) gives `[secret]`; only `reveal` gives the value.
 *
 * The value lives in a private field, so that neither `Object.keys` nor a structured copy carries it along.
 */
export class Secret {
  readonly #value: string;

  /** Wraps `value` as it is; nothing is trimmed or checked. */
  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Call it at the last moment, where the request or the connection is made. */
  reveal(): string {
    return this.#value;
  }

  /** Always `[secret]`. */
  toString(): string {
    return shown;
  }

  /** Always `[secret]`. */
  toJSON(): string {
    return shown;
  }

  /** Always `[secret]`, whatever the hint; keeps `secret + ""` from reaching the value. */
  [Symbol.toPrimitive](): string {
    return shown;
  }

  /** Always `[secret]`: what `console.log` and `util.inspect` print. */
  [inspect.custom](): string {
    return shown;
  }
}
