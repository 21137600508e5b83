/** Pieces of a page. What is put into a template is escaped, unless it is a piece itself. */
import { html as escapingHtml } from "hono/html";

/** Text that is HTML already, so that a template takes it as it is. Only `html` makes one. */
export type Html = Exclude<ReturnType<typeof escapingHtml>, Promise<unknown>>;

/** What a template takes; `null` and `false` leave nothing. */
export type Part = Html | string | number | null | false | readonly Part[];

/** A piece of a page. Attribute values stand in double quotes, as the escaping expects. Pure. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  const made = escapingHtml(strings, ...values);
  // Only a value that is a promise makes one of it, and `Part` knows none.
  if (made instanceof Promise) throw new TypeError("a page holds values, no promises");
  return made;
}
