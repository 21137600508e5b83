/** The overview: whether all is well, in one sentence; what is wrong, with its remedy and the way to it; how each connection stands. */
import type { Side } from "../../domain/service-error.ts";
import {
  type ConnectionReport,
  failedRounds,
  type StatusReport,
  type Trouble,
  troublesOf,
} from "../../observability/status-report.ts";
import type { Texts } from "../texts/texts.ts";
import { entryOf } from "../texts/texts.ts";
import type { FailureReasonGroup } from "./failures-page.ts";
import { type Html, html, type Part } from "./html.ts";
import {
  badge,
  breakOf,
  code,
  facts,
  holdWords,
  moment,
  momentWithDistance,
  prose,
  reasonName,
  remedyOf,
  span,
  type Tone,
  table,
} from "./parts.ts";
import { budgetsOf, type PlotsInput, renderPlots } from "./plots.ts";
import type { PageContent, View } from "./view.ts";

/** What the plots show, besides what the report says. */
export type OverviewHistory = Pick<PlotsInput, "span" | "connection" | "points">;

/** What the overview shows besides the report. */
export type OverviewExtras = {
  /** Open failures by reason, of each connection. */
  readonly failures: readonly (Omit<FailureReasonGroup, "newest"> & {
    readonly connectionName: string;
    /** What all of them say; `null` = not all say the same. */
    readonly detail: string | null;
  })[];
  /** Items that stay on their side, by link, the newest links first. */
  readonly held: {
    readonly count: number;
    readonly links: readonly {
      readonly id: string;
      readonly name: string;
      readonly reason: string | null;
      readonly count: number;
    }[];
  };
  /** Imports that are under way. */
  readonly imports: readonly { readonly connectionName: string; readonly left: number; readonly total: number }[];
};

/** Nothing besides the report. */
export const noExtras: OverviewExtras = { failures: [], held: { count: 0, links: [] }, imports: [] };

/** Something that is wrong, with what to do and where. */
type Problem = {
  readonly tone: Tone;
  readonly where: string;
  readonly name: string;
  readonly remedy: Part;
  readonly address: string;
};

/** What needs no haste. */
const mildTroubles: ReadonlySet<Trouble> = new Set(["held", "quiet", "unsteady"]);

/** The overview. `status` null = it could not be read, which the page says. Pure. */
export function renderOverview(
  view: View,
  status: StatusReport | null,
  { history, ...extras }: OverviewExtras & { readonly history: OverviewHistory },
): PageContent {
  const { t } = view;
  if (status === null) {
    const body = html`<h1 class="verdict bad">${t.mistakes.unreadable}</h1>`;
    return { name: "overview", title: t.mistakes.unreadable, body, isLive: true, status: 503 };
  }
  const verdict = verdictOf(status, t);
  const problems = listProblems(view, status, extras);
  const tone = verdict === null ? "good" : problems.some((problem) => problem.tone === "bad") ? "bad" : "warn";
  const sentence = verdict ?? t.overview.allWell;
  const connections = status.connections.map(({ name }) => name);
  const budgets = budgetsOf(status.connections, history.connection);
  const body = html`<h1 class="verdict ${tone}">${sentence}</h1>
<p class="muted">${t.frame.at} ${moment(status.at)}</p>
${problems.length === 0 ? null : html`<section aria-label="${t.overview.wrong}"><h2>${t.overview.wrong}</h2><ul class="problems">${problems.map((problem) => renderProblem(t, problem))}</ul></section>`}
${extras.imports.map((entry) => renderImport(view, entry))}
${extras.held.count === 0 ? null : renderHeld(view, extras)}
${connections.length === 0 ? null : renderPlots(view, { ...history, connections, budgets })}
<section><h2>${t.overview.connections}</h2>
${status.connections.length === 0 ? html`<p class="empty">${t.overview.none}</p>` : html`<div class="cards">${status.connections.map((connection) => renderConnection(view, connection, extras))}</div>`}</section>
${status.queues.length === 0 ? null : html`<section><details><summary>${t.overview.queues}</summary>${table({ caption: t.overview.queues, head: [t.overview.queue, t.frame.state, t.overview.jobs], empty: t.frame.nothing, rows: status.queues.map(({ queue, state, count }) => [queue, state, count]) })}<p><a href="/queues">${t.views.queues}</a></p></details></section>`}`;
  return { name: "overview", title: sentence, body, isLive: true };
}

/** The one sentence of what is wrong, with names; `null` = all is well. */
function verdictOf(status: StatusReport, t: Texts): string | null {
  const wrong = status.databaseReadOnly ? [t.troubles.readOnly.name] : [];
  const ofConnections = status.connections.flatMap((connection) => {
    const troubles = [
      ...troublesOf(connection, status.at).map((trouble: Trouble) => t.troubles[trouble].name),
      ...(connection.pausedToJira ? [t.pausedToJira] : []),
      ...(connection.pausedToHuawei ? [t.pausedToHuawei] : []),
    ];
    return troubles.length === 0 ? [] : [t.overview.sentence(connection.name, troubles)];
  });
  wrong.push(...ofConnections);
  if (status.notifications?.failingSince != null) wrong.push(t.troubles.mute.name);
  return wrong.length === 0 ? null : t.overview.sentences(wrong);
}

function listProblems(view: View, status: StatusReport, { failures }: OverviewExtras): readonly Problem[] {
  const { t } = view;
  const problems = status.connections.flatMap((connection): Problem[] => {
    const where = connection.name;
    const place = `/connections#${encodeURIComponent(where)}`;
    const waiting = `/links?${new URLSearchParams({ connection: where, waiting: "yes" }).toString()}`;
    const own = failures.filter(({ connectionName }) => connectionName === where);
    const found = troublesOf(connection, status.at).flatMap((trouble): Problem[] => {
      const { name, remedy } = t.troubles[trouble];
      if (trouble === "refused") return refusals(connection, t, place);
      if (trouble === "unanswered" || trouble === "unsteady")
        return failedRounds(connection, status.at).map((failure) => ({
          ...{ tone: failure.mayPass ? "warn" : "bad", where, address: place },
          ...breakOf(view, failure),
        }));
      if (trouble === "stopped") {
        const reason = connection.stateReason;
        const why = reason === null ? name : `${name}: ${reasonName(t, reason)}`;
        const address = reason === null ? place : `/failures?reason=${encodeURIComponent(reason)}`;
        return [{ tone: "bad", where, name: why, remedy: reason === null ? remedy : remedyOf(t, reason), address }];
      }
      if (trouble === "failures" && own.length > 0)
        return own.map(({ reason, count, detail }) => ({
          tone: "bad",
          where,
          name: `${t.failures.count(count)}: ${reasonName(t, reason)}`,
          remedy: html`${remedyOf(t, reason)}${detail === null ? null : html` <span class="muted">${t.failures.detail}: ${detail}</span>`}`,
          address: `/failures?${new URLSearchParams({ reason }).toString()}`,
        }));
      const addresses: Readonly<Record<string, string>> = { held: waiting, late: waiting, failures: "/failures" };
      return [
        {
          tone: mildTroubles.has(trouble) ? "warn" : "bad",
          where,
          name,
          remedy,
          address: addresses[trouble] ?? place,
        },
      ];
    });
    const paused = [
      ...(connection.pausedToJira ? [t.pausedToJira] : []),
      ...(connection.pausedToHuawei ? [t.pausedToHuawei] : []),
    ].map((name): Problem => ({ tone: "warn", where, name, remedy: t.troubles.paused.remedy, address: place }));
    return [...found, ...paused];
  });
  if (status.databaseReadOnly) {
    const { name, remedy } = t.troubles.readOnly;
    problems.unshift({
      tone: "bad",
      where: t.overview.database,
      name,
      remedy: prose(remedy),
      address: "/connections#doctor",
    });
  }
  if (status.notifications?.failingSince != null)
    problems.push({
      tone: "bad",
      where: "NOTIFY_URL",
      name: t.troubles.mute.name,
      remedy: t.troubles.mute.remedy,
      address: "/connections",
    });
  return problems;
}

/** Which of the two services refuses its credentials, and since when. */
function refusals({ name, budgetStates }: ConnectionReport, t: Texts, address: string): Problem[] {
  return (["huawei", "jira"] as const).flatMap((side: Side): Problem[] => {
    const since = budgetStates[side].refusedSince;
    if (since === null) return [];
    const told = t.refusedBy(t.sides[side], `${since.toISOString().slice(0, 16).replace("T", " ")} UTC`);
    return [{ tone: "bad", where: name, name: told, remedy: t.troubles.refused.remedy, address }];
  });
}

function renderProblem(t: Texts, { tone, where, name, remedy, address }: Problem): Html {
  return html`<li class="${tone}"><div><strong>${where}</strong> ${badge(tone, name)}</div><p>${remedy}</p><a class="button" href="${address}" aria-label="${t.overview.goThere}: ${where}, ${name}">${t.overview.goThere}</a></li>`;
}

/** An import is no trouble either: it ends by itself. */
function renderImport({ t }: View, { connectionName, left, total }: OverviewExtras["imports"][number]): Html {
  const waiting = `/links?${new URLSearchParams({ connection: connectionName, waiting: "yes" }).toString()}`;
  return html`<p class="note"><strong>${connectionName}</strong> · ${t.overview.importing}: <a href="${waiting}">${t.overview.importOf(total - left, total)}</a>. <span class="muted">${t.overview.importEnds}</span></p>`;
}

/** What a rule keeps on its side is no trouble; it is only not to be looked for elsewhere. */
function renderHeld(view: View, { held }: OverviewExtras): Html {
  const { t } = view;
  return html`<details class="note"><summary>${t.overview.restricted(held.count)}</summary><ul class="lines">${held.links.map(
    ({ id, name, reason, count }) =>
      html`<li><a href="/links/${id}">${code(name)}</a> · ${count} · ${holdWords(view, reason)}</li>`,
  )}</ul></details>`;
}

/** How a connection stands in one word: what is worst of it. */
function standing(connection: ConnectionReport, t: Texts, at: Date): Html {
  if (connection.state === "stopped") return badge("bad", t.overview.stopped);
  const troubles = troublesOf(connection, at);
  if (troubles.includes("refused")) return badge("bad", t.overview.refused);
  const [worst] = troubles.filter((trouble) => trouble !== "failures");
  if (worst !== undefined) return badge(mildTroubles.has(worst) ? "warn" : "bad", t.troubles[worst].name);
  if (connection.pausedToJira || connection.pausedToHuawei) return badge("warn", t.overview.paused);
  return badge("good", t.overview.running);
}

function renderConnection(view: View, connection: ConnectionReport, { imports }: OverviewExtras): Html {
  const { t } = view;
  const { name } = connection;
  const links = Object.entries(connection.links);
  const importing = imports.find(({ connectionName }) => connectionName === name);
  const interval = connection.effectivePollSeconds === null ? t.frame.unknown : span(connection.effectivePollSeconds);
  return html`<article class="card"><div class="title"><h3><a href="/connections#${encodeURIComponent(name)}">${name}</a></h3>${standing(connection, t, view.now)}</div>
${importing === undefined ? null : html`<p>${t.overview.importing}: ${t.overview.importOf(importing.total - importing.left, importing.total)} <progress max="${importing.total}" value="${importing.total - importing.left}" aria-label="${t.overview.importing}"></progress></p>`}
${facts([
  [
    t.overview.links,
    links.length === 0
      ? t.overview.noLinks
      : links.map(([state, count], at) => [
          at === 0 ? null : " · ",
          html`<a href="/links?${new URLSearchParams({ connection: name, state }).toString()}">${entryOf<string>(t.linkStates, state) ?? state}: ${count}</a>`,
        ]),
  ],
  [
    t.overview.openFailures,
    connection.openFailures === 0
      ? "0"
      : html`<a class="bad" href="/failures?connection=${encodeURIComponent(name)}"><strong>${connection.openFailures}</strong></a>`,
  ],
  [
    t.overview.lag,
    connection.oldestUnmirroredSeconds === null
      ? t.overview.nothingWaits
      : html`<a href="/links?${new URLSearchParams({ connection: name, waiting: "yes" }).toString()}">${span(connection.oldestUnmirroredSeconds)}</a>`,
  ],
  [
    t.overview.held,
    connection.oldestHeldSeconds === null
      ? null
      : html`<strong class="warn">${span(connection.oldestHeldSeconds)}</strong>`,
  ],
  [
    t.overview.interval,
    html`${interval} <span class="muted">(${t.overview.planned(span(connection.plannedPollSeconds))})</span>`,
  ],
  [t.overview.budgets, `Huawei ${connection.budgets.huawei} · Jira ${connection.budgets.jira}`],
])}
<details><summary>${t.overview.rounds}</summary>${table({
    caption: t.overview.rounds,
    head: [t.overview.round, t.overview.outcome, t.overview.ended, t.overview.requests],
    empty: t.overview.never,
    rows: connection.rounds.map((round) => [
      round.name,
      round.outcome ?? t.overview.never,
      momentWithDistance(view, round.endedAt),
      round.requests,
    ]),
  })}</details></article>`;
}
