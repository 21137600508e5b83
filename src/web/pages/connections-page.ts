/** The connections: pause and resume per direction, the doctor's sheet, and every setting with where it comes from. */
import type { Direction } from "../../domain/direction.ts";
import { directions } from "../../domain/direction.ts";
import { type ConnectionReport, failedRounds, type StatusReport } from "../../observability/status-report.ts";
import { entryOf } from "../texts/texts.ts";
import { type Html, html, type Part } from "./html.ts";
import { badge, breakOf, button, code, moment, prose, reasonName, remedyOf, table } from "./parts.ts";
import type { PageContent, View } from "./view.ts";
import type { DoctorLine, Work } from "./work.ts";

/** One setting. `value` null: a secret, or it is not set. */
export type SettingLine = {
  readonly connection: string | null;
  readonly name: string;
  readonly value: string | null;
  readonly isSet: boolean;
  readonly isSecret: boolean;
  readonly origin: { readonly kind: "default" | "environment" } | { readonly kind: "file"; readonly place: string };
};

/** What the page is drawn from. `doctor`: its last run in this process. */
export type ConnectionsInput = {
  readonly status: StatusReport | null;
  readonly settings: readonly SettingLine[];
  readonly doctor: Work | null;
};

/** The connections page. Pure. */
export function renderConnections(view: View, { status, settings, doctor }: ConnectionsInput): PageContent {
  const { t } = view;
  const connections = status?.connections ?? [];
  const body = html`<h1>${t.views.connections}</h1>
${status === null ? html`<p role="alert">${badge("bad", t.mistakes.unreadable)}</p>` : null}
${connections.map((connection) =>
  renderOne(
    view,
    connection,
    settings.filter((entry) => entry.connection === connection.name),
  ),
)}
<section class="card" id="doctor"><div class="title"><h2>${t.connections.doctor}</h2>${button(view, { action: "/connections/doctor", label: t.connections.runDoctor, tone: "primary" })}</div>
<p class="muted">${t.connections.doctorMeans}</p>${doctor === null ? null : renderDoctor(view, doctor)}</section>
<section class="card"><details><summary>${t.connections.settings}: ${t.connections.installation}</summary>${renderSettings(
    view,
    settings.filter((entry) => entry.connection === null),
  )}</details></section>`;
  return { name: "connections", title: t.views.connections, body, isLive: true };
}

function renderOne(view: View, connection: ConnectionReport, settings: readonly SettingLine[]): Html {
  const { t } = view;
  const { name, budgetStates } = connection;
  const refused = (["huawei", "jira"] as const).filter((side) => budgetStates[side].refusedSince !== null);
  const stop = connection.state === "stopped" ? (connection.stateReason ?? "") : null;
  const lines: Part[] = [
    stop !== null &&
      html`${badge("bad", t.overview.stopped)} ${reasonName(t, stop)}. ${remedyOf(t, stop)} <a href="/failures?reason=${stop}">${t.overview.goThere}</a>`,
    ...failedRounds(connection, view.now).map((failure) => {
      const { name, remedy } = breakOf(view, failure);
      return html`${badge(failure.mayPass ? "warn" : "bad", name)} ${remedy} <a href="#doctor">${t.connections.doctor}</a>`;
    }),
    ...refused.map(
      (side) =>
        html`${badge("bad", t.overview.refused)} ${t.sides[side]} · ${moment(budgetStates[side].refusedSince)} · ${prose(t.troubles.refused.remedy)} <a href="#doctor">${t.connections.doctor}</a>`,
    ),
    ...(["huawei", "jira"] as const).map(
      (side) =>
        budgetStates[side].pausedUntil !== null &&
        html`${badge("warn", t.reasons.rate_limited.name)} ${t.sides[side]} · ${moment(budgetStates[side].pausedUntil)}`,
    ),
    ...connection.silences.map(
      ({ direction, since }) =>
        html`${badge("warn", t.troubles.quiet.name)} ${t.directions[direction]} · ${moment(since)}`,
    ),
  ].filter((line) => line !== false);
  return html`<section class="card" id="${name}"><div class="title"><h2>${name}</h2></div>
${lines.length === 0 ? null : html`<ul class="lines">${lines.map((line) => html`<li>${line}</li>`)}</ul>`}
${table({
  caption: t.connections.direction,
  head: [t.connections.direction, t.frame.state, ""],
  empty: t.frame.nothing,
  rows: directions.map((direction) => renderDirection(view, connection, direction)),
})}
<details><summary>${t.connections.settings}</summary>${renderSettings(view, settings)}</details></section>`;
}

function renderDirection(view: View, connection: ConnectionReport, direction: Direction): readonly Part[] {
  const { t } = view;
  const isPaused = direction === "to-jira" ? connection.pausedToJira : connection.pausedToHuawei;
  return [
    t.directions[direction],
    isPaused
      ? badge("warn", t.connections.paused)
      : badge(
          connection.state === "stopped" ? "quiet" : "good",
          connection.state === "stopped" ? t.overview.stopped : t.connections.runs,
        ),
    button(view, {
      action: isPaused ? "/connections/resume" : "/connections/pause",
      label: isPaused ? t.connections.resume : t.connections.pause,
      fields: { connection: connection.name, direction, back: `/connections#${connection.name}` },
      about: `${connection.name}, ${t.directions[direction]}`,
      ...(isPaused ? { tone: "primary" as const } : {}),
    }),
  ];
}

function renderSettings({ t }: View, settings: readonly SettingLine[]): Html {
  return table({
    caption: t.connections.settings,
    head: [t.connections.setting, t.connections.value, t.connections.origin],
    empty: t.frame.nothing,
    rows: settings.map(({ name, value, isSet, origin }) => [
      code(name),
      value === null
        ? html`<span class="muted">${isSet ? t.connections.set : t.connections.notSet}</span>`
        : code(value),
      origin.kind === "file"
        ? code(origin.place)
        : origin.kind === "default"
          ? html`<span class="muted">${t.connections.originDefault}</span>`
          : t.connections.originEnvironment,
    ]),
  });
}

/** The sheet, what is to be mended first. */
function renderDoctor(view: View, { startedAt, outcome }: Work): Html {
  const { t } = view;
  if (outcome === null)
    return html`<p role="status">${t.resync.running} <progress aria-label="${t.connections.doctor}"></progress></p>`;
  if (outcome.kind === "failed")
    return html`<p role="alert">${badge("bad", t.resync.failed)} ${outcome.detail} ${outcome.remedy}</p>`;
  if (outcome.kind !== "examined") return html``;
  const rank = (line: DoctorLine): number => (line.ok === false ? 0 : line.ok === null ? 1 : 2);
  const sorted = [...outcome.checks].sort((a, b) => rank(a) - rank(b));
  return html`<p class="muted">${t.frame.at} ${moment(startedAt)}</p>${table({
    caption: t.connections.doctor,
    head: [t.frame.connection, t.connections.check, t.frame.state, t.connections.finding, t.connections.remedy],
    empty: t.frame.nothing,
    rows: sorted
      .map(({ zh, ...english }) => ({ ...english, ...(view.language === "zh" ? zh : {}) }))
      .map((line) => [
        line.connection ?? t.connections.installation,
        entryOf<string>(t.connections.checks, line.name) ?? line.name,
        line.ok === true
          ? badge("good", t.connections.good)
          : line.ok === false
            ? badge("bad", t.connections.bad)
            : badge("warn", t.connections.note),
        line.detail,
        line.remedy === null ? null : prose(line.remedy),
      ]),
  })}`;
}
