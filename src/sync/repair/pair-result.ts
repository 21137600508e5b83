/** What a rebuild reads of a pair, and what it says became of it. */
import type { CaseDetail, CaseMessage } from "../../domain/case.ts";
import type { CaseId, IssueKey } from "../../domain/ids.ts";
import type { Issue, IssueComment } from "../../domain/issue.ts";
import { isFurtherPart } from "../../domain/rows/item-key.ts";
import type { MirrorId, MirrorKind } from "../../domain/rows/mirror.ts";
import { storedKind, toStoredName } from "../../domain/rows/mirror-name.ts";
import { patchMirrors } from "../apply-step.ts";
import { isWanted } from "../plan/disclosure.ts";
import { commentBar } from "../plan/restriction.ts";
import type { Recognised } from "../recognise/recognise.ts";
import type { LinkSnapshot } from "../state.ts";
import type { FoundIssue, RebuildDeps } from "./survey.ts";

/** What became of one pair. */
export type PairResult = {
  readonly caseId: CaseId;
  readonly issueKey: IssueKey | null;
  readonly outcome: "new" | "completed" | "gone" | "moved" | "blocked" | "taken" | "unlinked" | "vanished";
  readonly items: Items;
  /** Comments of people without a copy, which count as history from now on. */
  readonly history: number;
  readonly duplicates: readonly string[];
  readonly unknownMarks: number;
};

/** How many rows were made again, by kind. */
export type Items = {
  readonly messages: number;
  readonly comments: number;
  readonly files: number;
  readonly notices: number;
};

const noItems: Items = { messages: 0, comments: 0, files: 0, notices: 0 };

/** What both sides show of one pair. */
export type Reading = {
  readonly detail: CaseDetail | null;
  readonly messages: readonly CaseMessage[];
  readonly issue: Issue;
  readonly comments: readonly IssueComment[];
  readonly ownAccountId: string;
  /** Why the case cannot be read for good. */
  readonly gone: "case_gone" | "forbidden" | null;
};

/** What is remembered of a pair before its rebuild. */
export type Memory = Pick<LinkSnapshot, "mirrors" | "intents">;

/** What became of a pair, by what it shows. Pure. */
export function outcomeOf(pair: FoundIssue, reading: Reading, fresh: boolean): PairResult["outcome"] {
  if (!fresh) return "completed";
  if (pair.moved) return "moved";
  return reading.gone === null ? "new" : "gone";
}

/** A result without rows. Pure. */
export function resultOf(
  pair: { readonly caseId: CaseId; readonly issueKey: IssueKey | null },
  outcome: PairResult["outcome"],
): PairResult {
  const { caseId, issueKey } = pair;
  return { caseId, issueKey, outcome, items: noItems, history: 0, duplicates: [], unknownMarks: 0 };
}

/** How a row is named for people. Pure. */
export function rowName(mirror: MirrorId<MirrorKind>): string {
  if (mirror.kind === "unknown") return mirror.sourceId;
  const { kind, origin, sourceId } = toStoredName(mirror);
  return `${kind} ${origin} ${sourceId}`;
}

/** What the rebuild of a pair makes, counted by kind. Pure. */
export function summarise(
  deps: RebuildDeps,
  pair: FoundIssue,
  reading: Reading,
  memory: Memory,
  found: Recognised,
): PairResult {
  const known = new Set(memory.mirrors.map(rowName));
  const fresh = found.mirrors.filter((mirror) => !known.has(rowName(mirror)) && !isFurtherPart(mirror.sourceId));
  const count = (kind: string): number => fresh.filter((mirror) => storedKind(mirror.kind) === kind).length;
  const sent = new Set(
    patchMirrors(memory.mirrors, found.mirrors, deps.clock.now())
      .filter((mirror) => mirror.kind === "comment")
      .map((mirror) => mirror.sourceId),
  );
  const history = reading.comments.filter(
    (comment) =>
      comment.stamp === null &&
      !sent.has(comment.commentId) &&
      isWanted(deps.settings, deps.text.adfToText(comment.body)) &&
      commentBar({ ...reading, comment, settings: deps.settings }) === null,
  ).length;
  return {
    ...resultOf(pair, "new"),
    items: { messages: count("message"), comments: count("comment"), files: count("file"), notices: count("notice") },
    history,
    duplicates: found.duplicates.map((entry) => entry.item),
    unknownMarks: found.unknownMarks.length,
  };
}
