/**
 * Both sides of a link beside each other on one line of time: Huawei Cloud left, Jira right, and between them how long a copy took. An item
 * that stays on its side is shown as what it is, never with its text.
 */
import type { Side } from "../../domain/service-error.ts";
import type { LinkView, TimelineAct, TimelineEntry, TimelineItem } from "../../domain/timeline.ts";
import { entryOf } from "../texts/texts.ts";
import { type Html, html, type Part } from "./html.ts";
import { badge, button, code, holdWords, moment, size, span, type Tone } from "./parts.ts";
import { type View, withParameter } from "./view.ts";

/** Texts by side and id, read live; `null` = restricted, so it is not shown. */
export type ReadTexts =
  | {
      readonly kind: "read";
      readonly at: Date;
      readonly texts: ReadonlyMap<string, { readonly author: string; readonly text: string } | null>;
    }
  | { readonly kind: "failed"; readonly detail: string };

/** Under which a text of an item is found. Pure. */
export function textKey(origin: Side, sourceId: string): string {
  return `${origin} ${sourceId}`;
}

/** The timeline with its pages. Pure. */
export function renderTimeline(
  view: View,
  { found, texts, address }: { readonly found: LinkView; readonly texts: ReadTexts | null; readonly address: string },
): Html {
  const { t } = view;
  const { entries, earlier } = found;
  const isLatest = withParameter(view.path, "cursor", "") === view.path;
  const pages = html`<nav class="pager">${earlier === null ? null : html`<a rel="prev" href="${address}?cursor=${earlier}">↑ ${t.link.earlier}</a>`}${isLatest ? null : html`<a href="${address}">↓ ${t.link.latest}</a>`}</nav>`;
  if (entries.length === 0) return html`<p class="empty">${t.link.noItems}</p>`;
  return html`${renderTextNote(view, { texts, address })}${pages}
<div class="sides" aria-hidden="true"><span>${t.sides.huawei}</span><span></span><span>${t.sides.jira}</span></div>
<ol class="timeline">${entries.map((entry) => renderEntry(view, entry, texts))}</ol>`;
}

function renderTextNote(
  view: View,
  { texts, address }: { readonly texts: ReadTexts | null; readonly address: string },
): Html {
  const { t } = view;
  if (texts === null)
    return html`<div class="row note"><span class="muted">${t.link.noText}</span>${button(view, { action: `${address}/texts`, label: t.link.readTexts })}</div>`;
  if (texts.kind === "failed") return html`<p>${badge("bad", t.link.textsFailed)} ${texts.detail}</p>`;
  return html`<p class="muted">${t.link.texts}: ${moment(texts.at)} <a href="${address}">${t.frame.back}</a></p>`;
}

/** Kinds that have a copy; the others only remember something of the pair. */
const carried: ReadonlySet<TimelineItem["kind"]> = new Set(["message", "comment", "file"]);

const tones: Readonly<Record<TimelineItem["state"], Tone>> = {
  sending: "warn",
  live: "good",
  placeholder: "warn",
  withdrawn: "quiet",
  held: "warn",
  refused: "bad",
};

function renderEntry(view: View, entry: TimelineEntry, texts: ReadTexts | null): Html {
  return entry.what === "item" ? renderItem(view, entry, texts) : renderAct(view, entry);
}

/** An item stands on the side of who wrote it; notices are casebridge's own, written to the other side. */
function renderItem(view: View, item: TimelineItem, texts: ReadTexts | null): Html {
  const { t } = view;
  const isOwnNotice = (item.kind === "notice" || item.kind === "waits") && item.origin === "huawei";
  const side = isOwnNotice ? "jira" : item.origin;
  const other = side === "huawei" ? "jira" : "huawei";
  const arrow = side === "huawei" ? "→" : "←";
  const { aroseAt, noticedAt, mirroredAt } = item;
  const delay =
    aroseAt === null || mirroredAt === null ? null : Math.max(0, (mirroredAt.getTime() - aroseAt.getTime()) / 1000);
  const isApart = mirroredAt === null || mirroredAt.getTime() - noticedAt.getTime() > 50;
  const stays = item.state === "held" || item.state === "refused";
  const isNote = !carried.has(item.kind) && item.copyId === null && item.state === "live";
  const word = isNote ? t.itemStates.noted : t.itemStates[item.state];
  const source = html`<article class="bubble ${side}" id="item-${item.id}">
<header><strong>${t.kinds[item.kind]}</strong> <span class="muted side">${t.sides[side]}</span> ${code(item.sourceId)}${item.version > 1 ? html` <span class="tag">${t.link.version(item.version)}</span>` : null}</header>
<p class="when">${t.link.arose} ${moment(aroseAt ?? noticedAt)}${aroseAt !== null && isApart ? html` · ${t.link.noticed} ${moment(noticedAt)}` : null}${item.sizeBytes === null ? null : ` · ${size(item.sizeBytes)}`}${item.parentId === null || item.parentId === item.sourceId ? null : html` · ${t.link.parent(item.parentId)}`}</p>
${renderText(view, item, texts)}</article>`;
  const copy =
    isOwnNotice || isNote
      ? null
      : html`<div class="copy ${other} ${stays ? "stays" : ""}">${badge(isNote ? "quiet" : tones[item.state], word)}${stays || item.state === "placeholder" ? html`<span class="why">${holdWords(view, item.reason)}</span>` : null}${item.copyId === null ? null : html`<span class="muted">${t.link.copy} <code>${item.copyId}</code></span>`}${mirroredAt === null || stays ? null : html`<span class="muted">${t.link.mirrored} ${moment(mirroredAt)}</span>`}${item.writes > 1 ? html`<span class="muted">${t.link.write} × ${item.writes}</span>` : null}</div>`;
  const middle =
    copy === null
      ? html`<span class="arrow" aria-hidden="true">·</span>`
      : html`<span class="arrow ${tones[item.state]}"><span aria-hidden="true">${stays ? "⊘" : arrow}</span>${delay === null || stays ? null : html`<span class="delay" title="${t.link.after(span(delay))}">${span(delay)}</span>`}</span>`;
  return html`<li class="${side}">${source}${middle}${copy}</li>`;
}

function renderText({ t }: View, item: TimelineItem, texts: ReadTexts | null): Part {
  if (texts === null || texts.kind === "failed" || (item.kind !== "message" && item.kind !== "comment")) return null;
  const found = texts.texts.get(textKey(item.origin, item.sourceId));
  if (found === undefined) return null;
  if (found === null) return html`<p class="text restricted">${t.link.textHidden}</p>`;
  return html`<p class="author">${found.author}</p><p class="text">${found.text}</p>`;
}

const actKinds: Readonly<Record<string, "issue" | "case" | "status">> = {
  create_issue: "issue",
  create_case: "case",
  transition: "status",
};

/** What casebridge did on a side by itself: a move, a close, the issue that it made. */
function renderAct({ t }: View, act: TimelineAct): Html {
  const kind = entryOf(actKinds, act.action);
  return html`<li class="${act.side} does"><article class="bubble act ${act.side}"><header><strong>${kind === null ? t.kinds.action : t.kinds[kind]}</strong> <span class="muted side">${t.sides[act.side]}</span> ${kind === null ? html`${code(act.action)} ` : null}${code(act.item)}${act.result === "" ? null : html` → ${code(act.result)}`}</header>
<p class="when">${moment(act.at)}</p></article><span class="arrow" aria-hidden="true">·</span></li>`;
}
