/**
 * What comes of a delivery of Jira: a wake-up that is committed before the answer, nothing else. The truth is read through REST, so
 * deliveries may come late, twice, in disorder, or never.
 */
import type { IncomingHttpHeaders } from "node:http";
import { isSignatureForm, isSignatureValid, readWebhook } from "../jira/webhook.ts";
import type { Secret } from "../lib/secret.ts";
import { makeTogether } from "../lib/together.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { Database } from "../store/database/client.ts";
import { freshWebhooks, listLinksOfIssues, recordWebhooks, type WebhookFacts } from "../store/keeping.ts";
import type { Log } from "../sync/ports.ts";
import type { StatePort } from "../sync/state.ts";
import type { WebhookReceiver } from "../web/webhook-route.ts";

/** What taking a webhook works with. */
export type WebhookDeps = {
  readonly connections: readonly {
    readonly name: string;
    readonly config: { readonly jira: { readonly webhookSecret: Secret | null } };
  }[];
  readonly state: Pick<StatePort, "wake">;
  readonly prisma: Database["prisma"];
  readonly log: Log;
  readonly metrics: Pick<Metrics, "webhookRefused">;
  /** Told after each committed wake-up, so that nobody has to wait for the next beat. */
  readonly onWake: () => void;
};

/** Longest delivery id that is remembered; Jira's are 36 characters. */
const idCharsMax = 200;
const logPauseMs = 60_000;
const groupMax = 200;

/**
 * Makes the receiver. A delivery with the right signature is taken once the link of its issue is woken; one that names no issue, or one
 * without a link, is fine and changes nothing. `take` may be called any number of times at once and repeated.
 */
export function makeWebhookReceiver(deps: WebhookDeps): WebhookReceiver {
  const secrets = new Map<string, Secret>();
  for (const { name, config } of deps.connections) {
    if (config.jira.webhookSecret !== null) secrets.set(name, config.jira.webhookSecret);
  }
  const warnRarely = makeRareWarning(deps.log);
  const take = makeTogether((deliveries: readonly WebhookFacts[]) => wakeAll(deps, deliveries), groupMax);
  return {
    isOpen: secrets.size > 0,
    admits(connection, headers) {
      const admitted = secrets.has(connection) && isSignatureForm(headerOf(headers, "x-hub-signature"));
      if (!admitted) deps.metrics.webhookRefused("stranger");
      return admitted;
    },
    async take(delivery) {
      const { connection, headers, rawBody, query } = delivery;
      const secret = secrets.get(connection);
      if (secret === undefined) return "refused";
      if (!isSignatureValid(secret.reveal(), rawBody, headerOf(headers, "x-hub-signature"))) {
        deps.metrics.webhookRefused("signature");
        warnRarely(connection, "Webhook with a wrong signature");
        return "refused";
      }
      const id = headerOf(headers, "x-atlassian-webhook-identifier")?.slice(0, idCharsMax) ?? null;
      const facts = { connectionName: connection, id, issue: readWebhook(rawBody, query)?.issue ?? null };
      const { idle } = await take(facts);
      if (idle.has(facts) && rawBody.length === 0)
        warnRarely(connection, "Webhook without a body, and its address names no mirrored issue");
      return "taken";
    },
  };
}

/** Wakes the links of deliveries that have not come before; `idle`: those for which there was none. */
async function wakeAll(
  deps: WebhookDeps,
  deliveries: readonly WebhookFacts[],
): Promise<{ readonly idle: ReadonlySet<WebhookFacts> }> {
  const fresh = await freshWebhooks(deps, deliveries);
  const links = await listLinksOfIssues(deps, fresh);
  const linkIds = [...links.values()].flat();
  if (linkIds.length > 0) {
    await deps.state.wake(linkIds.map((linkId) => ({ linkId, jira: true, lane: "live" }) as const));
    deps.onWake();
  }
  // Remembered after the wake-up: a crash in between costs one wake-up too many instead of one too few.
  await recordWebhooks(deps, fresh);
  return { idle: new Set(fresh.filter((delivery) => !links.has(delivery))) };
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const header = headers[name];
  return Array.isArray(header) ? header[0] : header;
}

/** Strangers decide how often such a line comes up, so it is written at most once a minute, with how often it was meant. */
function makeRareWarning(log: Log): (connection: string, message: string) => void {
  const counts = new Map<string, { since: number; count: number }>();
  return (connection, message) => {
    const key = `${connection} ${message}`;
    const last = counts.get(key);
    if (last !== undefined && performance.now() - last.since < logPauseMs) {
      last.count += 1;
      return;
    }
    log.warn({ connection, repeated: last?.count ?? 0 }, message);
    counts.set(key, { since: performance.now(), count: 0 });
  };
}
