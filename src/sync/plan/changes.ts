/**
 * Changes that a person makes to the issue itself: title, description, severity and product (rule 11). OSM cannot edit a case, so a
 * message tells what they are now.
 *
 * Of each link the state that was told last is remembered, as hashes, on the row of the message that told it; the row with number 0 is the
 * state at the beginning. A state that differs is told once it rested for the hold time, at most once in five
 * minutes, and only if the changelog shows that a person made the change: what casebridge, an app, or a new release that reads a
 * text differently changed is remembered without a word.
 *
 * The description of an issue that was made from a case is a copy of Huawei's text, and people's edits of copies are notes (rule 8):
 * there only severity and product are told.
 */
import { isOpenStatus } from "../../domain/case.ts";
import type { Issue, IssueChange } from "../../domain/issue.ts";
import { inputLabels } from "../../domain/labels.ts";
import type { Link } from "../../domain/link.ts";
import { type Intent, intentsOf } from "../../domain/rows/intent.ts";
import { singleItems } from "../../domain/rows/item-key.ts";
import { type Mirror, mirrorId, numberOf } from "../../domain/rows/mirror.ts";
import type { ConnectionSettings, CreateInputs } from "../../domain/settings.ts";
import { hashTexts } from "../../lib/hash.ts";
import type { StateStep } from "../state.ts";
import type { Words } from "../texts/say.ts";
import { type Action, isReleased, type PlanInput, type Recheck } from "./action.ts";
import { isUnguarded, type Kept, planGuard } from "./guard-hold.ts";
import { droppedParts, remember } from "./remember.ts";
import { issueBar } from "./restriction.ts";
import { isByPerson } from "./status.ts";

/** At most one message in this time (rule 11). */
const pauseMs = 5 * 60_000;

const topics = ["title", "description", "severity", "product"] as const;
type Topic = (typeof topics)[number];

const headings: { readonly [Name in Topic]: string } = {
  title: "Title / 标题",
  description: "Description / 描述",
  severity: "Severity / 严重程度",
  product: "Product / 产品",
};

/** Ids of the Jira fields that these topics are read from besides those that every issue has. Pure. */
export function noticedFields(fields: Pick<CreateInputs, "severityId" | "productId">): readonly string[] {
  return [...new Set([fields.severityId, fields.productId].filter((field): field is string => field !== null))];
}

/** Hash of a part that is not told at all. */
const untold = "-";

/** What the issue says today of each topic. `null`: nothing is told of it on this link. */
type TopicTexts = { readonly [Name in Topic]: { readonly key: string; readonly text: string } | null };
type Reading = { readonly settings: Pick<ConnectionSettings, "create">; readonly adfToText: (doc: unknown) => string };

function readTopics(issue: Issue, origin: Link["origin"], reading: Reading): TopicTexts {
  const { fields } = reading.settings.create;
  const named = (field: string | null, label: string): string | null => {
    const text = field === null ? null : (issue.fieldTexts?.[field] ?? null);
    if (text !== null && text.trim() !== "") return text.trim();
    const found = issue.labels.find((entry) => entry.toLowerCase().startsWith(label) && entry.length > label.length);
    return found === undefined ? null : found.slice(label.length);
  };
  const toTopic = (text: string | null) => ({ key: text ?? "", text: text ?? "" });
  const severity = named(fields.severityId, inputLabels.severityId);
  const description = reading.adfToText(issue.description).trim();
  const isOwnText = origin === "jira";
  return {
    title: isOwnText ? toTopic(issue.summary.trim()) : null,
    description: isOwnText ? toTopic(description) : null,
    // A priority is known by its id: names differ between languages.
    severity:
      severity === null
        ? { key: `priority ${issue.priorityId ?? ""}`, text: issue.priorityName ?? issue.priorityId ?? "" }
        : toTopic(severity),
    product: toTopic(named(fields.productId, inputLabels.productId)),
  };
}

/** Hashes of what the issue says today of each topic, in one text. Pure; the same issue gives the same text. */
export function issueState(issue: Issue, origin: Link["origin"], reading: Reading): string {
  const texts = readTopics(issue, origin, reading);
  return topics.map((topic) => (texts[topic] === null ? untold : hashTexts([texts[topic].key]).slice(0, 16))).join(".");
}

/** The row that remembers a state. `n` = 0: the state at the beginning, which no message told. */
export function rememberedState(n: number, issue: Issue, state: string) {
  return {
    ...mirrorId.change(n),
    sourceHash: state,
    // By Jira's clock: only what the changelog shows after it is news.
    sourceAt: new Date(issue.updatedRaw),
    ...(n === 0 ? { state: "live" as const } : {}),
  } as const;
}

/**
 * What of today's issue is remembered after the memory was lost: no mark tells what a message said of it, so what was changed meanwhile
 * is not told. `null`: a state is known. Pure.
 */
export function restoredState(mirrors: readonly Mirror[], issue: Issue, origin: Link["origin"], reading: Reading) {
  const newest = rowsOf(mirrors).at(-1);
  if (newest !== undefined && newest.mirror.sourceHash !== null) return null;
  return rememberedState(newest?.n ?? 0, issue, issueState(issue, origin, reading));
}

type Row = { readonly n: number; readonly mirror: Mirror };

function rowsOf(mirrors: readonly Mirror[]): Row[] {
  return mirrors
    .flatMap((mirror) => (mirror.kind === "change" ? [{ n: numberOf(mirror), mirror }] : []))
    .sort((a, b) => a.n - b.n);
}

/** The state that counts as told: the newest one that was not dropped before it left, nor refused and released by a person. */
function findLastNotice(input: Pick<PlanInput, "mirrors" | "failures">): Row | undefined {
  const again = isReleased(input, singleItems.changes);
  return rowsOf(input.mirrors).findLast(
    ({ mirror }) => mirror.state !== "held" && !(mirror.state === "refused" && again),
  );
}

/** What decides whether a change may be told; no changelog is needed for it. */
type Waiting = Pick<
  PlanInput,
  "link" | "mirrors" | "intents" | "failures" | "settings" | "adfToText" | "now" | "aheadMs" | "huaweiUserIds"
>;

type Verdict =
  | { readonly kind: "nothing" }
  /** The state is remembered and not told: nothing is known yet, or nothing of this kind leaves. */
  | { readonly kind: "remember"; readonly n: number }
  | { readonly kind: "later"; readonly at: Date }
  | { readonly kind: "tell"; readonly last: Row; readonly changed: readonly Topic[] };

function judge(input: Omit<Waiting, "huaweiUserIds">, issue: Issue): Verdict {
  const { link, settings, now } = input;
  // An issue of our own making that was not read yet shows no state of its own.
  const updatedAt = new Date(issue.updatedRaw).getTime();
  if (link.caseId === null || Number.isNaN(updatedAt)) return { kind: "nothing" };
  const lastNotice = findLastNotice(input);
  if (lastNotice === undefined) return { kind: "remember", n: 0 };
  if (lastNotice.mirror.sourceHash === null) return { kind: "remember", n: lastNotice.n };
  const state = issueState(issue, link.origin, input).split(".");
  const before = lastNotice.mirror.sourceHash.split(".");
  const changed = topics.filter((_topic, at) => state[at] !== untold && state[at] !== before[at]);
  if (changed.length === 0) return { kind: "nothing" };
  if (settings.comments.toHuawei !== "all") return { kind: "remember", n: lastNotice.n };
  // Told once the level is gone, or the case was taken up again.
  if (issueBar(issue, settings) !== null || !isOpenStatus(link.caseStatus ?? 0)) return { kind: "nothing" };
  const restsAt = updatedAt - input.aheadMs.jira + settings.comments.holdSeconds * 1000;
  const noticesAt = rowsOf(input.mirrors)
    .filter(({ n, mirror }) => n > 0 && mirror.state !== "held")
    .map(({ mirror }) => mirror.updatedAt.getTime() + pauseMs);
  const at = new Date(Math.max(restsAt, ...noticesAt));
  return at > now ? { kind: "later", at } : { kind: "tell", last: lastNotice, changed };
}

/** Whether the changelog is needed to plan this issue: a change is due. Pure. */
export function wantsChangelog(input: Omit<Waiting, "huaweiUserIds">, issue: Issue): boolean {
  return intentsOf(input.intents, "change").length === 0 && judge(input, issue).kind === "tell";
}

/** Changes of the issue that the case is to hear of. Pure. */
export function planChanges(
  input: PlanInput,
  issue: Issue,
  { recheck, kept }: { readonly recheck: Recheck; readonly kept: Kept },
): readonly Action[] {
  const { link, observed } = input;
  const state = issueState(issue, link.origin, input);
  const [open] = intentsOf(input.intents, "change");
  if (open !== undefined) return planOpen(input, issue, { open, state });
  const verdict = judge(input, issue);
  const keep = (n: number): Action => remember("remember_change", { mirrors: [rememberedState(n, issue, state)] });
  switch (verdict.kind) {
    case "nothing":
      return [];
    case "remember":
      return [keep(verdict.n)];
    case "later":
      recheck.note(verdict.at);
      kept.keep(singleItems.changes);
      return [];
    case "tell":
      break;
  }
  if (observed.changes === null) {
    // It became due after the reading.
    recheck.note(input.now);
    kept.keep(singleItems.changes);
    return [];
  }
  const news = observed.changes.filter(
    (change) => change.at > (verdict.last.mirror.sourceAt ?? link.createdAt) && change.at >= link.outgoingSince,
  );
  const byPeople = verdict.changed.filter((topic) => {
    const last = news.findLast((change) => isAbout(topic, change, input.settings));
    return last !== undefined && isByPerson(last, input);
  });
  if (byPeople.length === 0) return [keep(verdict.last.n)];
  const n = Math.max(...rowsOf(input.mirrors).map((row) => row.n)) + 1;
  const text = tellingText(readTopics(issue, link.origin, input), byPeople);
  const at = new Date(issue.updatedRaw);
  const what: Words = (t) => t.guard.changes;
  const guarded = planGuard(input, { item: singleItems.changes, texts: [text], at, what }, kept);
  if ("actions" in guarded) return guarded.actions;
  return [{ kind: "tell_change", direction: "to-huawei", issue, n, state, text, asIs: guarded.asIs }];
}

/** A message that was decided and has not left: it goes only while it is still true and may be read outside. */
function planOpen(
  input: PlanInput,
  issue: Issue,
  { open, state }: { readonly open: Intent<"change">; readonly state: string },
): Action[] {
  if (open.state !== "planned") return [];
  const { n } = open;
  const row = rowsOf(input.mirrors).find((entry) => entry.n === n);
  const stays =
    row?.mirror.sourceHash === state &&
    issueBar(issue, input.settings) === null &&
    input.settings.comments.toHuawei === "all" &&
    !isUnguarded(open, input.settings);
  if (!stays) return [remember("drop_change", droppedChange(input, open.key, n))];
  return [{ kind: "tell_change", direction: "to-huawei", issue, n, state, text: "", asIs: false }];
}

/** A message that was decided does not leave any more: what was told before it counts again. */
function droppedChange(input: PlanInput, key: string, n: number): StateStep {
  const dropped = droppedParts(input, [key]);
  const row = { ...mirrorId.change(n), state: "held", reason: "changed_before_sending" } as const;
  return { ...dropped, mirrors: [...(dropped.mirrors ?? []), row] };
}

/** Whether a changed field is one that a topic is read from. */
function isAbout(topic: Topic, change: IssueChange, settings: Pick<ConnectionSettings, "create">): boolean {
  const { fields } = settings.create;
  switch (topic) {
    case "title":
      return change.field === "summary";
    case "description":
      return change.field === "description";
    case "severity":
      return (
        change.field === "priority" ||
        change.field === fields.severityId ||
        changesLabel(change, inputLabels.severityId)
      );
    case "product":
      return change.field === fields.productId || changesLabel(change, inputLabels.productId);
  }
}

function changesLabel(change: IssueChange, prefix: string): boolean {
  if (change.field !== "labels") return false;
  const pick = (text: string | null): string =>
    (text ?? "")
      .split(" ")
      .filter((label) => label.toLowerCase().startsWith(prefix))
      .sort()
      .join(" ");
  return pick(change.fromText) !== pick(change.toText);
}

function tellingText(texts: TopicTexts, changed: readonly Topic[]): string {
  const shown = changed.map((topic) => {
    const text = texts[topic]?.text ?? "";
    const value = text === "" ? "none / 无" : text;
    return topic === "description" ? `${headings[topic]}:\n${value}` : `${headings[topic]}: ${value}`;
  });
  // The long one last.
  const ordered = [...shown].sort((a, b) => Number(a.includes("\n")) - Number(b.includes("\n")));
  return ["The issue was changed. 问题单已修改。", ...ordered].join("\n");
}
