/**
 * The plots of the overview: what was mirrored, how old the oldest waiting change was, requests against the budgets, failures. The server
 * draws them, so that they stand without JavaScript, and the same figures follow as a table. With JavaScript the point under the pointer is read.
 *
 * A drawing is stretched to the width that there is, so it holds no words: those are HTML around it.
 */
import { type HistoryPoint, type HistorySpan, historySpanNames, historySpans } from "../../domain/history.ts";
import type { ConnectionReport } from "../../observability/status-report.ts";
import { type Html, html, type Part } from "./html.ts";
import { choice, minute, span as spanOf, table } from "./parts.ts";
import type { View } from "./view.ts";

/** What the plots are drawn from; `points` null: the history cannot be read. */
export type PlotsInput = {
  readonly span: HistorySpan;
  /** Left out: all connections together. */
  readonly connection: string | undefined;
  readonly connections: readonly string[];
  readonly points: readonly HistoryPoint[] | null;
  /** Requests per second that the budgets let go. */
  readonly budgets: Budgets;
};

type Budgets = { readonly huawei: number; readonly jira: number };

/** The budgets of one connection, or of all together: one that several share counts once. Pure. */
export function budgetsOf(
  connections: readonly Pick<ConnectionReport, "name" | "budgets" | "budgetStates">[],
  connection: string | undefined,
): Budgets {
  const shown = connections.filter(({ name }) => connection === undefined || name === connection);
  const sum = (side: "huawei" | "jira"): number => {
    const budgets = new Map(
      shown.map(({ name, budgets, budgetStates }) => [budgetStates[side].sharedBy[0] ?? name, budgets[side]]),
    );
    return [...budgets.values()].reduce((all, budget) => all + budget, 0);
  };
  return { huawei: sum("huawei"), jira: sum("jira") };
}

/** One series: the value of each slot; `null` = nothing was recorded then. */
type Series = readonly (number | null)[];

/** A plot without its frame. */
type Plot = {
  readonly title: string;
  /** Series with their words, the first one in the accent. */
  readonly keys: readonly (readonly [mark: "a" | "b" | "dash" | "bad", words: string])[];
  readonly top: string;
  /** What the plot says to who cannot see it. */
  readonly summary: string;
  readonly drawing: Part;
  /** Columns of the table that belong to it. */
  readonly columns: string;
};

/** The section of the overview. Pure. */
export function renderPlots(view: View, input: PlotsInput): Html {
  const { t } = view;
  const { span, connection, connections, points } = input;
  const { stepMs, lengthMs } = historySpans[span];
  const from = Math.floor((view.now.getTime() - lengthMs) / stepMs) * stepMs;
  const count = lengthMs / stepMs;
  const byTime = new Map((points ?? []).map((point) => [point.at.getTime(), point]));
  const slots = Array.from({ length: count }, (_slot, at) => byTime.get(from + at * stepMs) ?? null);
  const frame = { from: new Date(from), to: new Date(from + lengthMs), gaps: gapsOf(slots), count };
  const body =
    points === null
      ? html`<p class="empty">${t.mistakes.unreadable}</p>`
      : slots.every((slot) => slot === null)
        ? html`<p class="empty">${t.plots.empty}</p>`
        : html`<div class="plots">${plotsOf(view, slots, input).map((plot) => renderPlot(plot, frame))}</div>
${frame.gaps === null ? null : html`<p class="muted"><span class="key gap"></span>${t.plots.gap}</p>`}
<details><summary>${t.plots.table}</summary>${renderTable(view, slots)}</details>`;
  return html`<section id="plots" aria-label="${t.plots.title}"><div class="title"><h2>${t.plots.title}</h2>
<nav class="spans" aria-label="${t.plots.span}">${historySpanNames.map((name) => html`<a href="${addressOf(name, connection)}"${name === span ? html` aria-current="true"` : null}>${t.plots.spans[name]}</a>`)}</nav>
${connections.length < 2 ? null : renderChoice(view, input)}</div>
${body}</section>`;
}

function addressOf(span: HistorySpan, connection: string | undefined): string {
  return `/?${new URLSearchParams({ span, ...(connection === undefined ? {} : { connection }) }).toString()}#plots`;
}

function renderChoice({ t }: View, { span, connection, connections }: PlotsInput): Html {
  return html`<form class="filter" method="get" action="/#plots"><input type="hidden" name="span" value="${span}">
${choice({ name: "connection", label: t.frame.connection, any: t.plots.together, chosen: connection, options: connections.map((name) => [name, name]) })}<button>${t.frame.apply}</button></form>`;
}

function plotsOf(
  { t }: View,
  slots: readonly (HistoryPoint | null)[],
  { span, budgets }: PlotsInput,
): readonly [Plot, Plot, Plot, Plot] {
  const words = t.plots;
  const of = (value: (point: HistoryPoint) => number): Series =>
    slots.map((slot) => (slot === null ? null : value(slot)));
  const [toJira, toHuawei] = [of((point) => point.toJira), of((point) => point.toHuawei)];
  const [half, most] = [of((point) => point.oldestP50), of((point) => point.oldestP95)];
  const failures = of((point) => point.failures);
  const share = (requests: number, budget: number): number =>
    budget === 0 ? 0 : (100 * requests) / ((budget * historySpans[span].stepMs) / 1000);
  const huawei = of((point) => share(point.requestsHuawei, budgets.huawei));
  const jira = of((point) => share(point.requestsJira, budgets.jira));
  const newsTop = niceTop(highest(toJira, toHuawei), 4);
  const ageTop = niceSeconds(highest(half, most));
  const shareTop = niceTop(highest(huawei, jira), 10);
  const failuresTop = niceTop(highest(failures), 4);
  const news = [words.toJira(sum(toJira)), words.toHuawei(sum(toHuawei))] as const;
  const ages = [words.half(spanOf(highest(half))), words.most(spanOf(highest(most)))] as const;
  const shares = [percentOf(highest(huawei)), percentOf(highest(jira))] as const;
  const requests = [words.requestsHuawei(shares[0]), words.requestsJira(shares[1])] as const;
  const waiting = words.waiting(failures.findLast((value) => value !== null) ?? 0, highest(failures));
  return [
    {
      title: words.news,
      keys: [
        ["a", news[0]],
        ["b", news[1]],
      ],
      top: String(newsTop),
      summary: news.join("; "),
      drawing: html`<path class="bars a" d="${bars(toJira, (value) => [50, 50 - (48 * value) / newsTop])}"/><path class="bars b" d="${bars(toHuawei, (value) => [50, 50 + (48 * value) / newsTop])}"/>${level(50, slots.length)}`,
      columns: "1 2",
    },
    {
      title: words.age,
      keys: [
        ["a", ages[0]],
        ["dash", ages[1]],
      ],
      top: spanOf(ageTop),
      summary: ages.join("; "),
      drawing: html`<path class="area a" d="${area(half, ageTop)}"/><path class="line b" d="${line(most, ageTop)}"/>${level(98, slots.length)}`,
      columns: "3 4",
    },
    {
      title: words.requests,
      keys: [
        ["a", requests[0]],
        ["dash", requests[1]],
      ],
      top: percentOf(shareTop),
      summary: requests.join("; "),
      drawing: html`<path class="line a" d="${line(huawei, shareTop)}"/><path class="line b" d="${line(jira, shareTop)}"/>${level(98, slots.length)}`,
      columns: "5 6",
    },
    {
      title: words.failures,
      keys: [["bad", waiting]],
      top: String(failuresTop),
      summary: waiting,
      drawing: html`<path class="area bad" d="${area(failures, failuresTop)}"/>${level(98, slots.length)}`,
      columns: "7",
    },
  ];
}

/** What all plots have in common: their time, and where nothing was recorded. */
type Frame = { readonly from: Date; readonly to: Date; readonly gaps: string | null; readonly count: number };

function renderPlot({ title, keys, top, summary, drawing, columns }: Plot, { from, to, gaps, count }: Frame): Html {
  return html`<figure class="plot" data-columns="${columns}"><figcaption><h3>${title}</h3><p>${keys.map(([mark, words]) => html`<span><span class="key ${mark}"></span>${words}</span> `)}</p></figcaption>
<div class="drawing"><span class="reading" aria-hidden="true"></span><span class="scale" aria-hidden="true">${top}</span><svg viewBox="0 0 ${count} 100" preserveAspectRatio="none" role="img" aria-label="${title}: ${summary}">${gaps === null ? null : html`<path class="gap" d="${gaps}"/>`}${drawing}</svg></div>
<p class="ends">${minute(from)}${minute(to)}</p></figure>`;
}

/** The newest first; a time without a record has no row. */
function renderTable({ t }: View, slots: readonly (HistoryPoint | null)[]): Html {
  const { columns } = t.plots;
  return table({
    caption: t.plots.table,
    head: [
      columns.from,
      columns.toJira,
      columns.toHuawei,
      columns.half,
      columns.most,
      columns.requestsHuawei,
      columns.requestsJira,
      columns.failures,
    ],
    empty: t.plots.empty,
    rows: slots
      .toReversed()
      .flatMap((slot) =>
        slot === null
          ? []
          : [
              [
                minute(slot.at),
                slot.toJira,
                slot.toHuawei,
                spanOf(slot.oldestP50),
                spanOf(slot.oldestP95),
                slot.requestsHuawei,
                slot.requestsJira,
                slot.failures,
              ],
            ],
      ),
  });
}

function highest(...series: readonly Series[]): number {
  return Math.max(0, ...series.flatMap((values) => values.map((value) => value ?? 0)));
}

function sum(values: Series): number {
  return values.reduce<number>((all, value) => all + (value ?? 0), 0);
}

/** The next of 1, 2, 5, 10, 20, 50, … that holds the value, `least` at the least. Pure. */
export function niceTop(value: number, least: number): number {
  if (value <= least) return least;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= value) ?? 10 * power;
}

const niceSpans = [10, 30, 60, 300, 900, 1_800, 3_600, 6 * 3_600, 12 * 3_600, 86_400];

/** The next span that people count in, and whole days above a day. Pure. */
export function niceSeconds(seconds: number): number {
  return niceSpans.find((top) => top >= seconds) ?? 86_400 * niceTop(seconds / 86_400, 1);
}

function percentOf(share: number): string {
  return share > 0 && share < 1 ? "< 1 %" : `${Math.round(share)} %`;
}

/** Heights stand between 2 (the top) and 98 (the ground). */
function heightOf(value: number, top: number): number {
  return 98 - (96 * value) / top;
}

/** One bar per slot from one height to another. */
function bars(values: Series, ends: (value: number) => readonly [from: number, to: number]): string {
  return values
    .map((value, at) => {
      if (value === null || value === 0) return "";
      const [from, to] = ends(value);
      return `M${at + 0.1} ${from}V${round(to)}H${at + 0.9}V${from}Z`;
    })
    .join("");
}

/** A line of steps; it is broken where nothing was recorded. */
function line(values: Series, top: number): string {
  return values
    .map((value, at) => {
      if (value === null) return "";
      const height = round(heightOf(value, top));
      const isNew = (values[at - 1] ?? null) === null;
      return `${isNew ? `M${at} ${height}` : `V${height}`}H${at + 1}`;
    })
    .join("");
}

/** The same, filled to the ground. */
function area(values: Series, top: number): string {
  return values
    .map((value, at) => (value === null ? "" : `M${at} 98V${round(heightOf(value, top))}H${at + 1}V98Z`))
    .join("");
}

function level(height: number, count: number): Html {
  return html`<path class="level" d="M0 ${height}H${count}"/>`;
}

/** Where nothing was recorded, as one shape; `null` = there is no such time. The last span may be on its way to the database. */
function gapsOf(slots: readonly unknown[]): string | null {
  const shape = slots
    .map((slot, at) => (slot === null && at < slots.length - 1 ? `M${at} 0H${at + 1}V100H${at}Z` : ""))
    .join("");
  return shape === "" ? null : shape;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
