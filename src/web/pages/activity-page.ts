/** The audit: who did what, when. */
import { type Html, html } from "./html.ts";
import { choice, code, moment, pager, table } from "./parts.ts";
import type { PageContent, View } from "./view.ts";

/** One act. `connectionName` null: it concerned every connection. */
export type ActLine = {
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  readonly connectionName: string | null;
  readonly linkId: string | null;
};

/** What the list is drawn from. */
export type ActivityInput = {
  readonly filter: {
    readonly since?: string | undefined;
    readonly connection?: string | undefined;
    readonly actor?: string | undefined;
    readonly action?: string | undefined;
  };
  readonly connections: readonly string[];
  readonly acts: readonly ActLine[];
  readonly nextCursor: string | null;
};

/** Verbs of acts, for the filter. */
const actions = [
  "pause",
  "resume",
  "retry",
  "discard",
  "resync",
  "unlink",
  "link",
  "move",
  "recreate",
  "rebuild",
  "import",
  "notify",
  "read texts",
  "doctor",
] as const;

/** The list of acts with its filter. Pure. */
export function renderActivity(view: View, { filter, connections, acts, nextCursor }: ActivityInput): PageContent {
  const { t } = view;
  return {
    name: "activity",
    title: t.views.activity,
    isLive: true,
    body: html`<h1>${t.views.activity}</h1>
<form class="filter" method="get" action="/activity" role="search">
<label>${t.activity.since} <input type="date" name="since" value="${filter.since ?? ""}"></label>
<label>${t.activity.actor} <input name="actor" value="${filter.actor ?? ""}" maxlength="200"></label>
${choice({ name: "action", label: t.activity.action, any: t.frame.any, chosen: filter.action, options: actions.map((action) => [action, action]) })}
${connections.length > 1 ? choice({ name: "connection", label: t.frame.connection, any: t.frame.any, chosen: filter.connection, options: connections.map((name) => [name, name]) }) : null}
<button class="primary">${t.frame.apply}</button><a class="button" href="/activity">${t.frame.reset}</a></form>
${renderActs(view, acts)}
${pager(view, nextCursor)}`,
  };
}

/** Acts, the newest first. Pure. */
export function renderActs({ t }: Pick<View, "t">, acts: readonly ActLine[]): Html {
  return table({
    caption: t.activity.caption,
    head: [
      t.activity.at,
      t.activity.actor,
      t.activity.action,
      t.activity.target,
      t.activity.outcome,
      t.frame.connection,
    ],
    empty: t.activity.none,
    rows: acts.map((act) => [
      moment(act.at),
      act.actor,
      code(act.action),
      act.linkId === null ? act.target : html`<a href="/links/${act.linkId}">${act.target}</a>`,
      act.outcome,
      act.connectionName ?? t.activity.everywhere,
    ]),
  });
}
