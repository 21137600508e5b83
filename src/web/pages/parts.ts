/** What several views are made of: moments, spans, states, tables, buttons. Pure. */
import type { FailedRound } from "../../observability/status-report.ts";
import type { Texts } from "../texts/texts.ts";
import { entryOf } from "../texts/texts.ts";
import { type Html, html, type Part } from "./html.ts";
import { tokenField, type View, withParameter } from "./view.ts";

/** How something stands; each tone has a sign and a colour of its own besides its word. */
export type Tone = "good" | "warn" | "bad" | "quiet";

const signs: Readonly<Record<Tone, string>> = { good: "✓", warn: "‖", bad: "✕", quiet: "·" };

/** A state: sign, word and colour. */
export function badge(tone: Tone, word: string): Html {
  return html`<span class="badge ${tone}"><span aria-hidden="true">${signs[tone]}</span> ${word}</span>`;
}

/** A moment, in UTC until the browser tells it in local time. */
export function moment(at: Date | null, otherwise: Part = null): Part {
  if (at === null) return otherwise;
  const iso = at.toISOString();
  return html`<time datetime="${iso}" title="${iso}">${iso.slice(0, 19).replace("T", " ")} UTC</time>`;
}

/** The same without its seconds: where a plot begins, and the like. */
export function minute(at: Date): Html {
  const iso = at.toISOString();
  return html`<time datetime="${iso}" title="${iso}" data-to="minute">${iso.slice(0, 16).replace("T", " ")} UTC</time>`;
}

/** `90` → `1 min 30 s`; whole units, at most two of them. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3_600)} h`;
}

/** How long ago, or in how long: `3 min 2 s ago`. */
export function distance({ t, now }: Pick<View, "t" | "now">, at: Date): string {
  const seconds = (now.getTime() - at.getTime()) / 1000;
  return seconds >= 0 ? t.frame.ago(span(seconds)) : t.frame.in(span(-seconds));
}

/** A moment with its distance. */
export function momentWithDistance(view: Pick<View, "t" | "now">, at: Date | null, otherwise: Part = null): Part {
  return at === null ? otherwise : html`${moment(at)} <span class="muted">(${distance(view, at)})</span>`;
}

/** `1536` → `1.5 KiB`. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit] ?? ""}`;
}

/** A code, id or key. */
export function code(text: string): Html {
  return html`<code>${text}</code>`;
}

/** Text with `code` in it, as the remedies have it. */
export function prose(text: string): Html {
  return html`${text.split("`").map((piece, index) => (index % 2 === 1 ? code(piece) : piece))}`;
}

/** The name of a reason; one of another release shows its code. */
export function reasonName(t: Texts, reason: string): string {
  return entryOf<{ readonly name: string }>(t.reasons, reason)?.name ?? reason;
}

/** What a person does about a reason. */
export function remedyOf(t: Texts, reason: string): Html {
  return prose(entryOf<{ readonly remedy: string }>(t.reasons, reason)?.remedy ?? t.unknownReason);
}

/** What kept a round from its end, with what a person does about it. */
export function breakOf(
  { t, now }: Pick<View, "t" | "now">,
  { side, as, mayPass, failedAt, againAt }: FailedRound,
): { readonly name: string; readonly remedy: Html } {
  const known = entryOf<Texts["breaks"]["proxy"]>(t.breaks, as);
  const what = known?.name ?? reasonName(t, as);
  const remedy = known === null ? remedyOf(t, as) : prose(known.remedy);
  const again = againAt === null || againAt <= now ? null : html` · ${t.overview.roundAgain} ${moment(againAt)}`;
  const isTimed = mayPass && failedAt !== null;
  return {
    name: side === null ? what : t.brokenAt(t.sides[side], what),
    remedy: isTimed
      ? html`${remedy} <span class="muted">${t.overview.roundFailed} ${moment(failedAt)}${again}</span>`
      : remedy,
  };
}

/** Why an item stays on its side. */
export function holdWords({ t }: Pick<View, "t">, reason: string | null): string {
  if (reason === null) return t.itemStates.held;
  return entryOf<string>(t.holds, reason) ?? entryOf<{ readonly name: string }>(t.reasons, reason)?.name ?? reason;
}

/** Facts by name; those without a value are left out. */
export function facts(rows: readonly (readonly [string, Part])[]): Html {
  const shown = rows.filter(([, value]) => value !== null && value !== false);
  return html`<dl class="facts">${shown.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** A table whose cells know the heads of their columns, so that a narrow screen can stack them. */
export function table(input: {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly Part[])[];
  readonly empty: string;
}): Html {
  const { caption, head, rows, empty } = input;
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table><caption class="hidden">${caption}</caption>
<thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, at) => (isNothing(cell) ? html`<td class="none"></td>` : html`<td data-head="${head[at] ?? ""}"><div>${cell}</div></td>`))}</tr>`)}</tbody></table></div>`;
}

function isNothing(cell: Part | undefined): boolean {
  return cell === null || cell === false || cell === undefined || cell === "";
}

/** A form of one button; only operators see it. Fields are sent with it. */
export function button(
  view: View,
  input: {
    readonly action: string;
    readonly label: string;
    readonly fields?: Readonly<Record<string, string>>;
    readonly tone?: "danger" | "primary" | "plain";
    /** What it is about, for who only hears it. */
    readonly about?: string;
  },
): Html | null {
  if (view.role !== "operator") return null;
  const { action, label, fields = {}, tone = "plain", about } = input;
  const hidden = Object.entries({ back: view.path, ...fields }).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  return html`<form method="post" action="${action}" class="act">${tokenField(view)}${hidden}<button class="${tone}"${about === undefined ? null : html` aria-label="${label} ${about}"`}>${label}</button></form>`;
}

/** A choice of a filter. */
export function choice(input: {
  readonly name: string;
  readonly label: string;
  readonly any: string;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly chosen: string | undefined;
}): Html {
  const { name, label, any, options, chosen } = input;
  const known = options.some(([value]) => value === chosen);
  const all = chosen === undefined || chosen === "" || known ? options : [...options, [chosen, chosen] as const];
  return html`<label>${label} <select name="${name}"><option value="">${any}</option>${all.map(
    ([value, text]) => html`<option value="${value}"${value === chosen ? html` selected` : null}>${text}</option>`,
  )}</select></label>`;
}

/** Leads to the next page of a list, and back to the first. */
export function pager(view: View, next: string | null): Html | null {
  const isFirst = withParameter(view.path, "cursor", "") === view.path;
  if (next === null && isFirst) return null;
  return html`<nav class="pager">${isFirst ? null : html`<a href="${withParameter(view.path, "cursor", "")}">${view.t.frame.newest}</a>`}${next === null ? null : html`<a rel="next" href="${withParameter(view.path, "cursor", next)}">${view.t.frame.older}</a>`}</nav>`;
}

/** A question before something that cannot be undone, with a way back. */
export function question(
  view: View,
  input: {
    readonly question: string;
    readonly means: string;
    readonly yes: string;
    readonly action: string;
    readonly fields: Readonly<Record<string, string>>;
    readonly back: string;
  },
): Html {
  const { question: asked, means, yes, action, fields, back } = input;
  return html`<section class="card question"><h1>${asked}</h1><p>${means}</p><div class="row">${button(view, { action, label: yes, fields: { ...fields, back }, tone: "danger" })}<a class="button" href="${back}">${view.t.frame.cancel}</a></div></section>`;
}
