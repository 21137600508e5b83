/** What cannot be mirrored, by reason, with the remedy; tried again or given up, one or all of a reason. */
import type { ApiValue } from "../api/schemas.ts";
import { type Html, html, type Part } from "./html.ts";
import {
  badge,
  button,
  choice,
  code,
  momentWithDistance,
  pager,
  question,
  reasonName,
  remedyOf,
  table,
} from "./parts.ts";
import type { PageContent, View } from "./view.ts";

/** One failure, as the API tells it; its remedy comes from the catalogue of the language. */
export type FailureLine = Omit<ApiValue<"Failure">, "remedy">;

/** All open failures of one reason. `newest`: some of them. */
export type FailureReasonGroup = {
  readonly reason: string;
  readonly count: number;
  readonly oldestAt: Date;
  readonly newest: readonly FailureLine[];
};

/** What the page is drawn from: the groups, or the failures of one reason in pages. */
export type FailuresInput = {
  readonly filter: { readonly reason?: string | undefined; readonly connection?: string | undefined };
  readonly connections: readonly string[];
  readonly groups: readonly FailureReasonGroup[];
  readonly nextCursor: string | null;
};

/** The failures page. Pure. */
export function renderFailures(view: View, { filter, connections, groups, nextCursor }: FailuresInput): PageContent {
  const { t } = view;
  const filters =
    connections.length > 1 || filter.reason !== undefined
      ? html`<form class="filter" method="get" action="/failures" role="search">
${connections.length > 1 ? choice({ name: "connection", label: t.frame.connection, any: t.frame.any, chosen: filter.connection, options: connections.map((name) => [name, name]) }) : null}
${choice({ name: "reason", label: t.frame.reason, any: t.frame.any, chosen: filter.reason, options: Object.entries(t.reasons).map(([reason, { name }]) => [reason, name]) })}
<button class="primary">${t.frame.apply}</button><a class="button" href="/failures">${t.frame.reset}</a></form>`
      : null;
  return {
    name: "failures",
    title: t.views.failures,
    isLive: true,
    body: html`<h1>${t.views.failures}</h1>${filters}
${groups.length === 0 ? html`<p>${badge("good", t.failures.none)}</p>` : groups.map((group) => renderGroup(view, group, filter))}
${pager(view, nextCursor)}`,
  };
}

function renderGroup(
  view: View,
  group: FailureReasonGroup,
  { connection, reason: only }: FailuresInput["filter"],
): Html {
  const { t } = view;
  const { reason, count, newest } = group;
  const scope = { reason, ...(connection === undefined ? {} : { connection }) };
  const query = new URLSearchParams(scope).toString();
  return html`<section class="card" id="${reason}"><div class="title"><h2>${reasonName(t, reason)}</h2>${code(reason)}<span class="badge bad">${t.failures.count(count)}</span></div>
<p class="remedy"><strong>${t.failures.remedy}:</strong> ${remedyOf(t, reason)}</p>
${renderGroupButtons(view, group, scope)}
${table({
  caption: reasonName(t, reason),
  head: [t.failures.where, t.failures.item, t.failures.detail, t.failures.since, t.failures.attempts, ""],
  empty: t.frame.nothing,
  rows: newest.map((failure) => renderLine(view, failure)),
})}
${only === undefined && count > newest.length ? html`<p><a href="/failures?${query}">${t.failures.all}</a></p>` : null}</section>`;
}

/** A single failure has its buttons beside it. */
function renderGroupButtons(
  view: View,
  { reason, count }: FailureReasonGroup,
  scope: Readonly<Record<string, string>>,
): Part {
  const { t } = view;
  if (count < 2 || view.role !== "operator") return null;
  const about = reasonName(t, reason);
  return html`<div class="row">${button(view, { action: "/failures/retry", label: t.failures.retryAll(count), fields: scope, tone: "primary", about })}<a class="button" href="/failures/discard?${new URLSearchParams(scope).toString()}">${t.failures.discardAll(count)}</a></div>`;
}

function renderLine(view: View, failure: FailureLine): readonly Part[] {
  const { t } = view;
  const name = [failure.caseId, failure.issueKey].filter((part) => part !== null).join(" ↔ ");
  const direction =
    t.directions[failure.direction === "to-jira" || failure.direction === "to-huawei" ? failure.direction : "both"];
  return [
    html`${failure.linkId === null ? t.failures.whole : html`<a href="/links/${failure.linkId}">${code(name === "" ? failure.linkId : name)}</a>`}<br><span class="muted">${failure.connectionName} · ${direction}</span>`,
    code(failure.item),
    html`${failure.detail}${failure.state === "retrying" ? html` ${badge("warn", t.failures.retrying)}` : null}`,
    momentWithDistance(view, failure.firstAt),
    failure.attempts,
    html`<div class="row">${renderLineButtons(view, failure)}</div>`,
  ];
}

function renderLineButtons(view: View, { id, item, reason }: FailureLine): Part {
  const { t } = view;
  if (view.role !== "operator") return null;
  const words =
    reason === "guard_held"
      ? [
          button(view, {
            action: "/failures/retry",
            label: t.failures.masked,
            fields: { id, word: "masked" },
            about: item,
          }),
          html`<a class="button" href="/failures/as-is?id=${id}">${t.failures.asIs} …</a>`,
        ]
      : button(view, { action: "/failures/retry", label: t.failures.retry, fields: { id }, about: item });
  return [
    words,
    html`<a class="button" href="/failures/discard?id=${id}" aria-label="${t.failures.discard} ${item}">${t.failures.discard}</a>`,
  ];
}

/** Asks before failures are given up for good. Pure. */
export function renderDiscard(
  view: View,
  given: {
    readonly count: number;
    readonly reason: string;
    readonly fields: Readonly<Record<string, string>>;
    readonly back: string;
  },
): PageContent {
  const { t } = view;
  const asked = t.failures.discardQuestion(given.count, reasonName(t, given.reason));
  const body = question(view, {
    question: asked,
    means: t.failures.discardMeans,
    yes: t.failures.discardYes,
    action: "/failures/discard",
    fields: given.fields,
    back: given.back,
  });
  return { name: "failures", title: asked, body };
}

/** Asks before a text leaves as it stands. Pure. */
export function renderAsIs(view: View, given: { readonly id: string; readonly item: string }): PageContent {
  const { t } = view;
  const body = question(view, {
    question: t.failures.asIsQuestion,
    means: `${t.failures.asIsMeans} (${given.item})`,
    yes: t.failures.asIsYes,
    action: "/failures/retry",
    fields: { id: given.id, word: "as_is" },
    back: "/failures?reason=guard_held",
  });
  return { name: "failures", title: t.failures.asIsQuestion, body };
}
