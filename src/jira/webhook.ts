/**
 * Jira's webhooks are wake-ups only: the signature is checked over the raw body, the issue's id is taken, and the truth is read through
 * REST. Header and method as in Atlassian's guide (jira/NOTES 2.7 and 3.7).
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { type IssueId, toId } from "../domain/ids.ts";

/**
 * Whether `X-Hub-Signature` (`sha256=<hex>`) is the HMAC of the raw body under `secret`. Constant time in the signature. Other methods,
 * a missing or malformed header answer false. Never throws.
 */
export function isSignatureValid(secret: string, rawBody: Uint8Array, header: string | undefined): boolean {
  const match = /^sha256=([0-9a-f]{64})$/i.exec(header?.trim() ?? "");
  if (match?.[1] === undefined || secret === "") return false;
  const expected = createHmac("sha256", secret).update(rawBody).digest();
  return timingSafeEqual(expected, Buffer.from(match[1], "hex"));
}

const wireWebhook = z.object({
  issue: z.object({ id: z.union([z.string(), z.number()]) }).optional(),
  comment: z.object({ self: z.string().optional() }).optional(),
  attachment: z.object({ issueId: z.union([z.string(), z.number()]).optional() }).optional(),
});

/**
 * The issue that a delivery is about, or `null` when it names none (Jira does not document `issue` on comment and attachment events;
 * a comment's own address holds the issue's id). Never throws.
 */
export function findWebhookIssue(rawBody: Uint8Array): IssueId | null {
  let body: unknown;
  try {
    body = JSON.parse(Buffer.from(rawBody).toString("utf8"));
  } catch {
    return null;
  }
  const parsed = wireWebhook.safeParse(body);
  if (!parsed.success) return null;
  const { issue, comment, attachment } = parsed.data;
  const id = issue?.id ?? attachment?.issueId ?? /\/issue\/(\d+)\/comment\//.exec(comment?.self ?? "")?.[1];
  return id === undefined || String(id) === "" ? null : toId<IssueId>(String(id));
}
