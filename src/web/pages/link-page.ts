/** One link: how it stands, what it waits for, and what may be done about it. Its timeline stands in `timeline.ts`. */
import type { LinkFailure, LinkView, OpenWrite } from "../../domain/timeline.ts";
import { type ActLine, renderActs } from "./activity-page.ts";
import { type Html, html, type Part } from "./html.ts";
import { linkState } from "./links-page.ts";
import {
  badge,
  button,
  code,
  facts,
  holdWords,
  moment,
  momentWithDistance,
  question,
  reasonName,
  remedyOf,
  table,
} from "./parts.ts";
import { type ReadTexts, renderTimeline } from "./timeline.ts";
import { type PageContent, type View, withParameter } from "./view.ts";

/** What the page is drawn from. `texts`: read just now for an operator; `null` = not asked for. */
export type LinkInput = {
  readonly found: LinkView;
  readonly acts: readonly ActLine[];
  readonly texts: ReadTexts | null;
};

/** The page of a link. Pure. */
export function renderLink(view: View, { found, acts, texts }: LinkInput): PageContent {
  const { t } = view;
  const { link, openWrites, failures } = found;
  const name = nameOf(found);
  const agreed = link.agreedCaseStatus === null ? null : `${link.agreedCaseStatus} / ${link.agreedCategory ?? "–"}`;
  const body = html`<div class="title"><h1>${t.link.title(name)}</h1>${linkState(view, link)}</div>
<section class="card"><h2>${t.link.waitsFor}</h2>${renderWaiting(view, found)}
<div class="row">${renderButtons(view, found)}</div></section>
${failures.length === 0 ? null : html`<section class="card"><h2>${t.link.failures}</h2>${renderFailures(view, failures)}</section>`}
${openWrites.length === 0 ? null : html`<section class="card"><h2>${t.link.open}</h2>${renderOpenWrites(view, openWrites)}</section>`}
<section class="card"><h2>${t.link.timeline}</h2>${renderTimeline(view, { found, texts, address: `/links/${link.id}` })}</section>
<section class="card"><h2>${t.link.audit}</h2>${renderActs(view, acts)}
${facts([
  [t.frame.connection, link.connectionName],
  [t.links.case, link.caseId === null ? null : code(link.caseId)],
  [
    t.links.issue,
    link.issueKey === null ? null : html`${code(link.issueKey)} <span class="muted">${link.issueId}</span>`,
  ],
  [t.links.origin, t.sides[link.origin]],
  [t.link.caseStatus, link.caseStatus],
  [t.link.agreed, agreed],
  [t.link.linked, moment(link.createdAt)],
  [t.links.checked, moment(link.checkedAt)],
])}</section>`;
  return { name: "links", title: t.link.title(name), body, isLive: texts === null };
}

/** Asks before a pairing ends. Pure. */
export function renderUnlink(view: View, { link }: Pick<LinkView, "link">): PageContent {
  const { t } = view;
  const asked = t.link.unlinkQuestion(nameOf({ link }));
  const body = question(view, {
    question: asked,
    means: t.link.unlinkMeans,
    yes: t.link.unlinkYes,
    action: `/links/${link.id}/unlink`,
    fields: {},
    back: `/links/${link.id}`,
  });
  return { name: "links", title: asked, body };
}

function nameOf({ link }: Pick<LinkView, "link">): string {
  return [link.caseId, link.issueKey].filter((part) => part !== null).join(" ↔ ") || link.id;
}

/** Each reason why something is not on the other side yet, with what ends it and when. */
function renderWaiting(view: View, { link, connection, entries, openWrites }: LinkView): Html {
  const { t } = view;
  const stop = connection.stateReason;
  const lines: Part[] = [
    connection.state === "stopped" &&
      html`${badge("bad", t.overview.stopped)} ${t.link.connectionStopped}${stop === null ? null : html`: ${reasonName(t, stop)}. ${remedyOf(t, stop)}`} <a href="/connections">${t.overview.goThere}</a>`,
    connection.pausedToJira &&
      html`${badge("warn", t.overview.paused)} ${t.directions["to-jira"]}: ${t.troubles.paused.remedy} <a href="/connections">${t.overview.goThere}</a>`,
    connection.pausedToHuawei &&
      html`${badge("warn", t.overview.paused)} ${t.directions["to-huawei"]}: ${t.troubles.paused.remedy} <a href="/connections">${t.overview.goThere}</a>`,
    link.state !== "active" &&
      link.state !== "unlinked" &&
      html`${badge("bad", t.linkStates[link.state])} ${t.link.blocked}${link.reason === null ? null : html`: ${reasonName(t, link.reason)}. ${remedyOf(t, link.reason)}`} ${momentWithDistance(view, link.reasonAt)}`,
    link.workingUntil !== null && html`${badge("good", t.link.working)}`,
    link.pendingSince !== null &&
      html`${t.link.due} ${momentWithDistance(view, link.pendingSince)} · ${t.lanes[link.lane]}`,
    link.heldSince !== null &&
      html`${badge("warn", t.itemStates.held)} ${t.link.heldSince} ${momentWithDistance(view, link.heldSince)}`,
    link.recheckAt !== null &&
      html`${t.link.again} ${momentWithDistance(view, link.recheckAt)}${link.attempts === 0 ? null : ` · ${t.link.attempts}: ${link.attempts}`}`,
    ...openWrites
      .filter(({ nextLookAt }) => nextLookAt !== null)
      .slice(0, 3)
      .map(({ key, nextLookAt }) => html`${code(key)}: ${t.link.nextLook} ${momentWithDistance(view, nextLookAt)}`),
    ...entries
      .flatMap((entry) => (entry.what === "item" && entry.state === "held" ? [entry] : []))
      .slice(-3)
      .map(
        (item) =>
          html`${badge("warn", t.itemStates.held)} <a href="#item-${item.id}">${t.kinds[item.kind]} ${item.sourceId}</a>: ${holdWords(view, item.reason)}`,
      ),
  ].filter((line) => line !== false && line !== null);
  return lines.length === 0
    ? html`<p>${badge("good", t.link.nothing)}</p>`
    : html`<ul class="lines">${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}

function renderButtons(view: View, { link, connection }: LinkView): Part {
  const { t } = view;
  const name = link.caseId ?? link.issueKey;
  if (link.state === "unlinked") return null;
  return [
    name === null
      ? null
      : button(view, {
          action: "/resync/rehearse",
          label: t.link.rehearse,
          tone: "primary",
          fields: { scope: "one", name, connection: link.connectionName },
        }),
    connection.state === "active" && (link.state === "blocked" || link.state === "gone" || link.state === "moved")
      ? html`<a class="button" href="/failures?reason=${link.reason ?? ""}">${t.views.failures}</a>`
      : null,
    view.role === "operator" ? html`<a class="button" href="/links/${link.id}/unlink">${t.link.unlink}</a>` : null,
    view.role === "operator"
      ? html`<a class="button" href="/connections#${link.connectionName}">${t.link.pause} …</a>`
      : null,
  ];
}

function renderFailures(view: View, failures: readonly LinkFailure[]): Html {
  const { t } = view;
  return table({
    caption: t.link.failures,
    head: [t.failures.item, t.frame.reason, t.failures.remedy, t.failures.since, ""],
    empty: t.frame.nothing,
    rows: failures.map((failure) => [
      html`${code(failure.item)} <span class="muted">${t.directions[failure.direction]}</span>`,
      html`<a href="/failures?reason=${failure.reason}">${reasonName(t, failure.reason)}</a><br><span class="muted">${failure.detail}</span>`,
      remedyOf(t, failure.reason),
      momentWithDistance(view, failure.firstAt),
      html`<div class="row">${button(view, { action: "/failures/retry", label: t.failures.retry, fields: { id: failure.id }, about: failure.item })}${view.role === "operator" ? html`<a class="button" href="/failures/discard?id=${failure.id}&amp;back=${withParameter(view.path, "said", "")}">${t.failures.discard}</a>` : null}</div>`,
    ]),
  });
}

function renderOpenWrites(view: View, writes: readonly OpenWrite[]): Html {
  const { t } = view;
  return table({
    caption: t.link.open,
    head: [t.link.write, t.frame.state, t.link.begun, t.link.attempted, t.link.looks, t.link.nextLook],
    empty: t.frame.nothing,
    rows: writes.map((write) => [
      html`${code(write.key)} <span class="muted">→ ${t.sides[write.side]}</span>`,
      badge(write.state === "unknown" ? "warn" : "quiet", t.intentStates[write.state]),
      moment(write.begunAt),
      html`${moment(write.attemptedAt, t.link.looksNever)}${write.attempts > 1 ? ` · ${t.link.attempts}: ${write.attempts}` : null}`,
      write.looks === 0 ? t.link.looksNever : t.link.looksTimes(write.looks),
      momentWithDistance(view, write.nextLookAt),
    ]),
  });
}
