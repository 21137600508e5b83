/** The re-sync: the dry run first, word for word, then "do this", how far it is, and what came of it. */
import { type Html, html, type Part } from "./html.ts";
import { badge, button, choice, code, moment, prose, reasonName, table } from "./parts.ts";
import { type PageContent, tokenField, type View } from "./view.ts";
import type { ResyncAsk, UnfinishedLine, Work, WorkOutcome, WriteLine } from "./work.ts";

/** What the form is drawn from. `recent`: pieces of work that this process remembers. */
export type ResyncInput = {
  readonly connections: readonly string[];
  readonly recent: readonly Work[];
  readonly mistake: "nameMissing" | "sinceMissing" | "busy" | null;
};

/** The form that asks for a dry run. Pure. */
export function renderResync(view: View, { connections, recent, mistake }: ResyncInput): PageContent {
  const { t } = view;
  const told =
    mistake === null
      ? null
      : html`<p role="alert">${badge("bad", mistake === "busy" ? t.mistakes.busy : t.resync[mistake])}</p>`;
  const body = html`<h1>${t.views.resync}</h1><p>${t.resync.means}</p>${told}
${
  view.role === "operator"
    ? html`<form method="post" action="/resync/rehearse" class="card stack">${tokenField(view)}
<fieldset><legend>${t.resync.scope}</legend>
<div class="row"><label class="inline"><input type="radio" name="scope" value="one" checked> ${t.resync.one}</label><input name="name" aria-label="${t.resync.name}" placeholder="${t.resync.name}" maxlength="200"></div>
<div class="row"><label class="inline"><input type="radio" name="scope" value="since"> ${t.resync.since}</label><input type="date" name="since" aria-label="${t.resync.sinceHint}"><span class="muted">${t.resync.sinceHint}</span></div>
<div class="row"><label class="inline"><input type="radio" name="scope" value="all"> ${t.resync.all}</label></div></fieldset>
${connections.length > 1 ? choice({ name: "connection", label: t.frame.connection, any: t.frame.any, chosen: undefined, options: connections.map((name) => [name, name]) }) : null}
<button class="primary">${t.resync.rehearse}</button></form>`
    : null
}
${recent.length === 0 ? null : html`<section><h2>${t.resync.recent}</h2>${renderRecent(view, recent)}</section>`}`;
  return { name: "resync", title: t.views.resync, body };
}

function renderRecent({ t }: View, recent: readonly Work[]): Html {
  return table({
    caption: t.resync.recent,
    head: [t.activity.at, t.resync.scope, t.frame.state, t.activity.actor],
    empty: t.frame.nothing,
    rows: recent.map((work) => [
      moment(work.startedAt),
      html`<a href="/resync/${work.id}">${work.kind === "rehearsal" ? t.resync.dry : t.resync.real}: ${askWords(t, work.ask)}</a>`,
      work.outcome === null
        ? badge("warn", t.overview.running)
        : work.outcome.kind === "failed"
          ? badge("bad", t.resync.failed)
          : badge("good", t.resync.ended),
      work.actor,
    ]),
  });
}

function askWords(t: View["t"], ask: ResyncAsk | null): string {
  if (ask === null) return "";
  const what = {
    one: () => (ask.scope === "one" ? ask.name : ""),
    since: () => (ask.scope === "since" ? `${t.resync.since} ${ask.since.toISOString().slice(0, 10)}` : ""),
    all: () => t.resync.all,
  }[ask.scope]();
  return ask.connection === null ? what : `${what} · ${ask.connection}`;
}

/** One piece of work: how far it is, or what came of it. Pure. */
export function renderWork(view: View, work: Work): PageContent {
  const { t } = view;
  const isDry = work.kind === "rehearsal";
  const title = `${isDry ? t.resync.dry : t.resync.real}: ${askWords(t, work.ask)}`;
  const body = html`<h1>${title}</h1><p class="muted">${moment(work.startedAt)} · ${work.actor}</p>
${work.outcome === null ? renderProgress(view, work) : renderOutcome(view, work, work.outcome)}
<p><a class="button" href="/resync">${t.resync.again}</a></p>`;
  return { name: "resync", title, body, ...(work.outcome === null ? { refreshSeconds: 2 } : {}) };
}

/** A run that nobody here knows. Pure. */
export function renderLostWork(view: View): PageContent {
  const { t } = view;
  const body = html`<h1>${t.views.resync}</h1><p>${t.resync.lost}</p><p><a class="button" href="/activity?action=resync">${t.views.activity}</a></p>`;
  return { name: "resync", title: t.views.resync, body, status: 404 };
}

function renderProgress({ t }: View, { kind, progress }: Work): Html {
  const words = kind === "rehearsal" ? t.resync.runningDry : t.resync.running;
  const far =
    progress === null || progress.total === 0
      ? html`<progress aria-label="${words}"></progress>`
      : html`<progress max="${progress.total}" value="${progress.done}" aria-label="${words}"></progress> ${t.resync.progress(progress.done, progress.total)}`;
  return html`<p role="status">${words} ${far}</p>`;
}

function renderOutcome(view: View, work: Work, outcome: WorkOutcome): Part {
  const { t } = view;
  if (outcome.kind === "examined") return null;
  if (outcome.kind === "failed")
    return html`<p role="alert">${badge("bad", t.resync.failed)} <span lang="en">${outcome.detail}</span></p>${outcome.remedy === null ? null : html`<p lang="en">${prose(outcome.remedy)}</p>`}`;
  const stopped = outcome.stopped.map(
    (entry) => html`<p role="alert">${badge("bad", t.overview.stopped)} ${t.resync.stopped(entry)}</p>`,
  );
  const unfinished = renderUnfinished(view, outcome.unfinished);
  if (outcome.kind === "resynced")
    return html`<section class="card"><h2>${t.resync.outcome}</h2><p>${badge(outcome.unfinished.length === 0 ? "good" : "warn", t.resync.done(outcome.links, outcome.writes))}</p>${stopped}${unfinished}</section>`;
  const { count, writes } = outcome;
  const again = work.ask === null ? {} : askFields(work.ask);
  return html`<section class="card"><h2>${t.resync.writes(count)}</h2>${stopped}
${writes.length === 0 ? null : html`<ol class="writes">${writes.map((write) => renderWrite(view, write))}</ol>`}
${count > writes.length ? html`<p class="muted">${t.resync.more(count - writes.length)}</p>` : null}${unfinished}
<div class="row">${button(view, { action: "/resync/do", label: t.resync.doIt, fields: again, tone: count === 0 ? "plain" : "primary" })}</div></section>`;
}

/** The fields of a form that ask for the same. Pure. */
export function askFields(ask: ResyncAsk): Readonly<Record<string, string>> {
  return {
    scope: ask.scope,
    ...(ask.scope === "one" ? { name: ask.name } : {}),
    ...(ask.scope === "since" ? { since: ask.since.toISOString().slice(0, 10) } : {}),
    ...(ask.connection === null ? {} : { connection: ask.connection }),
  };
}

/** What a write says is text of people: only operators see it. */
function renderWrite({ t, role }: View, { direction, caseId, issueKey, item, what, text }: WriteLine): Html {
  const way = direction === "to-jira" || direction === "to-huawei" ? t.directions[direction] : direction;
  const pair = [caseId, issueKey].filter((name) => name !== null).join(" ↔ ");
  return html`<li><p><strong lang="en">${what}</strong> <span class="muted">${way}</span> ${code(item)} ${pair === "" ? null : code(pair)}</p>${text === null ? null : role === "operator" ? html`<pre tabindex="0" aria-label="${t.resync.text}">${text}</pre>` : html`<p class="muted">${t.resync.textHidden}</p>`}</li>`;
}

function renderUnfinished({ t }: View, lines: readonly UnfinishedLine[]): Part {
  if (lines.length === 0) return null;
  return html`<h3>${t.resync.unfinished}</h3>${table({ caption: t.resync.unfinished, head: [t.views.link, t.frame.reason], empty: t.frame.nothing, rows: lines.slice(0, 200).map(({ name, reason }) => [/^\d+$/.test(name) ? html`<a href="/links/${name}">${code(name)}</a>` : code(name), reasonName(t, reason)]) })}`;
}
