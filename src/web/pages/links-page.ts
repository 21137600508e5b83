/** The links: search, filters, what waits longest first. */
import { linkStates } from "../../domain/link.ts";
import type { WaitingLink } from "../../domain/timeline.ts";
import { entryOf } from "../texts/texts.ts";
import { type Html, html, type Part } from "./html.ts";
import { badge, choice, code, moment, momentWithDistance, pager, reasonName, type Tone, table } from "./parts.ts";
import type { PageContent, View } from "./view.ts";

/** What the list was asked for; left out or empty: not narrowed. */
export type LinksFilter = {
  readonly search?: string | undefined;
  readonly connection?: string | undefined;
  readonly state?: string | undefined;
  readonly reason?: string | undefined;
  readonly waiting?: string | undefined;
};

/** What the list is drawn from. */
export type LinksInput = {
  readonly filter: LinksFilter;
  readonly connections: readonly string[];
  readonly links: readonly WaitingLink[];
  readonly nextCursor: string | null;
};

/** The list of links. Pure. */
export function renderLinks(view: View, { filter, connections, links, nextCursor }: LinksInput): PageContent {
  const { t } = view;
  const head = [
    t.links.case,
    t.links.issue,
    t.frame.state,
    t.links.since,
    t.links.failures,
    t.links.nextLook,
    t.links.checked,
    ...(connections.length > 1 ? [t.frame.connection] : []),
  ];
  const rows = links.map((link): readonly Part[] => [
    linkName(link),
    link.issueKey === null ? null : code(link.issueKey),
    linkState(view, link),
    momentWithDistance(view, link.waitingSince, html`<span class="muted">${t.links.still}</span>`),
    link.openFailures === 0 ? null : html`<strong class="bad">${link.openFailures}</strong>`,
    moment(link.recheckAt),
    moment(link.checkedAt),
    ...(connections.length > 1 ? [link.connectionName] : []),
  ]);
  return {
    name: "links",
    title: t.views.links,
    isLive: true,
    body: html`<h1>${t.views.links}</h1>${renderFilter(view, filter, connections)}
${table({ caption: t.links.caption, head, rows, empty: t.links.none })}
${pager(view, nextCursor)}`,
  };
}

/** The case of a link, else its issue, leading to its page. */
export function linkName(link: {
  readonly id: string;
  readonly caseId: string | null;
  readonly issueKey: string | null;
}): Html {
  return html`<a href="/links/${link.id}">${code(link.caseId ?? link.issueKey ?? link.id)}</a>`;
}

const tones: Readonly<Record<string, Tone>> = {
  active: "good",
  blocked: "bad",
  paused: "warn",
  moved: "bad",
  gone: "bad",
  unlinked: "quiet",
};

/** The state of a link with its reason. */
export function linkState(
  { t }: Pick<View, "t">,
  { state, reason }: { readonly state: string; readonly reason: string | null },
): Html {
  const word = entryOf<string>(t.linkStates, state) ?? state;
  return html`${badge(tones[state] ?? "quiet", word)}${reason === null || reason === state ? null : html` <span class="muted">${reasonName(t, reason)}</span>`}`;
}

function renderFilter({ t }: View, filter: LinksFilter, connections: readonly string[]): Html {
  const any = t.frame.any;
  return html`<form class="filter" method="get" action="/links" role="search">
<label>${t.links.search} <input name="search" value="${filter.search ?? ""}" placeholder="${t.links.searchHint}" maxlength="200"></label>
${connections.length > 1 ? choice({ name: "connection", label: t.frame.connection, any, chosen: filter.connection, options: connections.map((name) => [name, name]) }) : null}
${choice({ name: "state", label: t.frame.state, any, chosen: filter.state, options: linkStates.map((state) => [state, t.linkStates[state]]) })}
${choice({ name: "reason", label: t.frame.reason, any, chosen: filter.reason, options: Object.entries(t.reasons).map(([reason, { name }]) => [reason, name]) })}
${choice({
  name: "waiting",
  label: t.links.waiting,
  any,
  chosen: filter.waiting,
  options: [
    ["yes", t.links.waits],
    ["no", t.links.still],
  ],
})}
<button class="primary">${t.frame.apply}</button><a class="button" href="/links">${t.frame.reset}</a></form>`;
}
