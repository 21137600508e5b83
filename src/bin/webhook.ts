/**
 * What comes of a delivery of Jira: a wake-up that is committed before the answer, nothing else. The truth is read through REST, so
 * deliveries may come late, twice, in disorder, or never.
 */
import type { WebhookHandler } from "../admin/http-server.ts";
import { findWebhookIssue, isSignatureValid } from "../jira/webhook.ts";
import type { Database } from "../store/database/client.ts";
import { hasWebhook, recordWebhook } from "../store/keeping.ts";
import type { Log } from "../sync/ports.ts";
import type { StatePort } from "../sync/state.ts";
import type { WiredConnection } from "./compose.ts";

export type WebhookDeps = {
  readonly connections: readonly Pick<WiredConnection, "name" | "config">[];
  readonly state: Pick<StatePort, "findLinksByIssue" | "wake">;
  readonly prisma: Database["prisma"];
  readonly log: Log;
  /** Told after each committed wake-up, so that nobody has to wait for the next beat. */
  readonly onWake: () => void;
};

/** Longest delivery id that is remembered; Jira's are 36 characters. */
const idCharsMax = 200;

/**
 * Makes the handler: 404 for a connection that is unknown or has no secret, 401 without the right signature, else 200 once the link of
 * the issue is woken. A delivery that names no issue, or one without a link, is fine and changes nothing.
 */
export function makeWebhookHandler(deps: WebhookDeps): WebhookHandler {
  return async (name, headers, rawBody) => {
    const connection = deps.connections.find((entry) => entry.name === name);
    const secret = connection?.config.jira.webhookSecret ?? null;
    if (secret === null) return 404;
    const signature = headers["x-hub-signature"];
    if (!isSignatureValid(secret.reveal(), rawBody, Array.isArray(signature) ? signature[0] : signature)) {
      deps.log.warn({ connection: name }, "Webhook with a wrong signature");
      return 401;
    }
    const given = headers["x-atlassian-webhook-identifier"];
    const id = (Array.isArray(given) ? given[0] : given)?.slice(0, idCharsMax) ?? null;
    if (id !== null && (await hasWebhook(deps, id, name))) return 200;
    const issueId = findWebhookIssue(rawBody);
    if (issueId !== null) {
      const links = await deps.state.findLinksByIssue(name, [issueId]);
      await deps.state.wake(links.map((link) => ({ linkId: link.id, jira: true, lane: "live" }) as const));
      if (links.length > 0) deps.onWake();
    }
    // Remembered after the wake-up: a crash in between costs one wake-up too many instead of one too few.
    if (id !== null) await recordWebhook(deps, id, name);
    return 200;
  };
}
