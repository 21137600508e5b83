/** Rich texts on their way to Jira. */
import { refusedLocally } from "./errors.ts";
import type { CallContext } from "./transport.ts";

/**
 * Rich text as Jira's API takes it. A string is refused here: it would be a plain value to the API and, through jira.js,
 * even be sent to the old API, where the stamps are lost (jira.md 2.3). Throws `ServiceError` (`rejected`).
 */
export function toAdfDocument(call: CallContext, value: unknown): object {
  if (typeof value === "object" && value !== null && "type" in value && value.type === "doc") return value;
  throw refusedLocally(call, "a rich text that is no ADF document");
}
