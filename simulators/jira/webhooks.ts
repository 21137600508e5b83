// Admin webhooks, jira.md 3.7: signed with a secret, never expiring, registered by hand. Deliveries may get lost, come
// twice or in another order; the receiver must read the truth through REST.

import { createHmac } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { type Random, stableUuid } from "../base/random.ts";
import { adfToText } from "./adf.ts";
import type { Site } from "./site.ts";
import type { SiteEvent } from "./state-core.ts";
import { viewAttachment, viewChange, viewComment, viewFields, viewUser } from "./views.ts";

/** Where deliveries go. Without a secret they are not signed. */
export interface WebhookTarget {
  readonly url: string;
  readonly secret?: string;
}

/** A delivery that was made (or lost on purpose, status 0). */
export interface WebhookDelivery {
  readonly event: string;
  readonly identifier: string;
  readonly status: number;
}

/** The header value for a body: `sha256=` and the HMAC in hex (jira.md 2.7). */
export function signWebhook(secret: string, body: string | Uint8Array): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

/** The sender. */
export type Webhooks = ReturnType<typeof makeWebhooks>;

/** What an issue's own event is called when a comment is the cause. */
const ISSUE_EVENTS: Readonly<Record<string, string>> = {
  comment_created: "issue_commented",
  comment_updated: "issue_comment_edited",
  comment_deleted: "issue_comment_deleted",
};

const DELIVERIES_KEPT = 5_000;

/** Makes the sender; it stays silent until a target is set. */
export function makeWebhooks(deps: { readonly site: () => Site; readonly random: Random; readonly seed: number }) {
  const pending = new Set<Promise<void>>();
  const deliveries: WebhookDelivery[] = [];
  const stop = new AbortController();
  let target: WebhookTarget | null = null;
  let counter = 0;

  async function deliver(
    to: WebhookTarget,
    event: string,
    identifier: string,
    body: string,
    delayMs: number,
  ): Promise<void> {
    let status = 0;
    try {
      if (delayMs > 0) await wait(delayMs, undefined, { signal: stop.signal });
      const response = await fetch(to.url, {
        method: "POST",
        body,
        redirect: "manual",
        signal: AbortSignal.any([stop.signal, AbortSignal.timeout(10_000)]),
        headers: {
          "content-type": "application/json; charset=utf-8",
          "user-agent": "Atlassian Webhook HTTP Client",
          "x-atlassian-webhook-identifier": identifier,
          "x-atlassian-webhook-flow": "Primary",
          ...(to.secret === undefined ? {} : { "x-hub-signature": signWebhook(to.secret, body) }),
        },
      });
      status = response.status;
      await response.arrayBuffer();
    } catch {
      // A receiver that is down loses the delivery: real Jira tries again minutes later, which no test waits for.
    }
    record({ event, identifier, status });
  }

  function record(delivery: WebhookDelivery): void {
    deliveries.push(delivery);
    if (deliveries.length > DELIVERIES_KEPT) deliveries.shift();
  }

  function send(event: string, payload: Record<string, unknown>): void {
    if (target === null) return;
    const { settings } = deps.site();
    counter += 1;
    const identifier = stableUuid(`${deps.seed}/webhook/${counter}`);
    if (deps.random.next() < settings.webhookLossRate) {
      record({ event, identifier, status: 0 });
      return;
    }
    const body = JSON.stringify(payload);
    const copies = deps.random.next() < settings.webhookDuplicateRate ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const delay = settings.webhookDelayMs + (settings.webhookShuffle ? Math.floor(deps.random.next() * 30) : 0);
      const delivery = deliver(target, event, identifier, body, delay);
      pending.add(delivery);
      void delivery.finally(() => pending.delete(delivery));
    }
  }

  /** Turns a change into deliveries. The payload is made now, as the change's own moment shows it. */
  function onEvent(event: SiteEvent): void {
    if (target === null) return;
    const site = deps.site();
    const issue = { issue: viewWebhookIssue(site, event) };
    const base = { timestamp: event.atMs, webhookEvent: event.type, user: viewUser(site, event.actorId) };
    const isIssueEvent = event.type.startsWith("jira:");
    const carried = isIssueEvent || site.settings.webhookCarriesIssue ? issue : {};
    send(event.type, { ...base, ...carried, ...viewDetails(site, event) });
    const name = ISSUE_EVENTS[event.type];
    if (isIssueEvent || (name !== undefined && !site.settings.commentFiresIssueUpdated)) return;
    const type = name === undefined ? {} : { issue_event_type_name: name };
    send("jira:issue_updated", { ...base, ...issue, webhookEvent: "jira:issue_updated", ...type });
  }

  /** Waits until nothing is under way, including what deliveries cause meanwhile. */
  async function flush(): Promise<void> {
    while (pending.size > 0) await Promise.all(pending);
  }

  return {
    onEvent,
    flush,
    setTarget: (next: WebhookTarget | null): void => {
      target = next;
    },
    listDeliveries: (): readonly WebhookDelivery[] => [...deliveries],
    close: (): void => stop.abort(),
  };
}

/** The issue as version 2 shows it: links to v2, texts as plain text, not ADF (jira.md 3.7). */
function viewWebhookIssue(site: Site, event: SiteEvent): Record<string, unknown> {
  const { issue } = event;
  const fields = viewFields(site, issue, { fields: ["*navigable", "attachment"], inSearch: true });
  return {
    id: issue.id,
    self: `${site.baseUrl()}/rest/api/2/issue/${issue.id}`,
    key: issue.key,
    fields: { ...fields, description: issue.description === null ? null : adfToText(issue.description) },
  };
}

function viewDetails(site: Site, event: SiteEvent): Record<string, unknown> {
  const { change, comment, attachment } = event;
  if (comment !== undefined) {
    const view = viewComment(site, event.issue, comment);
    return { comment: { ...view, body: adfToText(comment.body) } };
  }
  if (attachment !== undefined) return { attachment: viewAttachment(site, attachment) };
  if (event.type === "jira:issue_created") return { issue_event_type_name: "issue_created" };
  if (change === undefined) return {};
  return {
    issue_event_type_name: "issue_generic",
    changelog: { id: change.id, items: viewChange(site, change).items },
  };
}
