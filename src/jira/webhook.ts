/**
 * Jira's webhooks are wake-ups only: the signature is checked over the raw body, the issue's id is taken, and the truth is read through
 * REST. Header and method as in Atlassian's guide (jira.md 2.7 and 3.7).
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { type IssueId, type IssueKey, toId } from "../domain/ids.ts";

/** Whether a header has the form of a signature that `isSignatureValid` can judge. Never throws. */
export function isSignatureForm(header: string | undefined): header is string {
  return signatureForm.test(header?.trim() ?? "");
}

const signatureForm = /^sha256=([0-9a-f]{64})$/i;

/**
 * Whether `X-Hub-Signature` (`sha256=<hex>`) is the HMAC of the raw body under `secret`. Constant time in the signature. Other methods,
 * a missing or malformed header answer false. Never throws.
 */
export function isSignatureValid(secret: string, rawBody: Uint8Array, header: string | undefined): boolean {
  const match = signatureForm.exec(header?.trim() ?? "");
  if (match?.[1] === undefined || secret === "") return false;
  const expected = createHmac("sha256", secret).update(rawBody).digest();
  return timingSafeEqual(expected, Buffer.from(match[1], "hex"));
}

/** Where a body may name its issue, the surest first; each place is read by itself. */
const places: readonly (readonly string[])[] = [
  ["issue", "id"],
  ["issue", "self"],
  ["issue"],
  ["attachment", "issueId"],
  ["comment", "self"],
  ["comment", "issueId"],
  ["worklog", "issueId"],
  ["worklog", "self"],
  ["issueLink", "sourceIssueId"],
  ["issueId"],
];

/**
 * The issue that a delivery is about, or `null` when it names none. Which members there are, and of which types, depends on the event
 * and on who sends it: `issue` is not documented on comment and attachment events, where addresses hold its id, and a post function of a
 * workflow sends `comment` as a text. So each member is looked at alone, and an odd one is passed over. Never throws.
 */
export function findWebhookIssue(rawBody: Uint8Array): IssueId | null {
  let body: unknown;
  try {
    body = JSON.parse(Buffer.from(rawBody).toString("utf8"));
  } catch {
    return null;
  }
  for (const place of places) {
    const id = toIssueId(place.reduce(memberOf, body));
    if (id !== null) return id;
  }
  return null;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

/** An id as it is, or the tail of an address, whose front may change (jira.md 6); `null` for anything else. */
function toIssueId(value: unknown): IssueId | null {
  if (typeof value === "number") return Number.isSafeInteger(value) && value > 0 ? toId<IssueId>(String(value)) : null;
  if (typeof value !== "string") return null;
  const id = /^\s*(\d{1,18})\s*$/.exec(value)?.[1] ?? /\/issue\/(\d{1,18})(?:[/?#]|$)/.exec(value)?.[1];
  return id === undefined ? null : toId<IssueId>(id);
}

/**
 * The issue that a delivery is about: as its body says, else as its address does (`issue`, `issueId` or `issueKey`, which Jira fills in
 * for `{issue.id}` and `{issue.key}`, also where bodies are left out). `null` where neither names one. Never throws.
 */
export function readWebhook(
  rawBody: Uint8Array,
  query: Readonly<Record<string, unknown>>,
): { readonly issue: IssueId | IssueKey } | null {
  const inBody = findWebhookIssue(rawBody);
  if (inBody !== null) return { issue: inBody };
  for (const name of ["issue", "issueId", "issueKey"]) {
    const value = query[name];
    if (typeof value !== "string") continue;
    if (/^\d{1,18}$/.test(value)) return { issue: toId<IssueId>(value) };
    if (/^[A-Za-z][A-Za-z0-9_]{0,254}-\d{1,18}$/.test(value)) return { issue: toId<IssueKey>(value.toUpperCase()) };
  }
  return null;
}
