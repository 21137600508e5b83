/**
 * Second copies that showed up after every look for the first one had come back empty (rule 2): ours in Jira are removed, those in
 * Huawei, which cannot be removed, are reported.
 */

import type { SortedMessages } from "../../domain/identity.ts";
import type { IssueComment } from "../../domain/issue.ts";
import { intentKey } from "../../domain/rows/intent-key.ts";
import { itemKey } from "../../domain/rows/item-key.ts";
import { findMirror, type KnownMirrorKind, type Mirror } from "../../domain/rows/mirror.ts";
import { causeOf, markMirror } from "../../domain/rows/mirror-name.ts";
import { noticeName, parseCopyName } from "../../domain/rows/notice-cause.ts";
import { toOurTime } from "../../lib/service-clock.ts";
import { applyStep } from "../apply-step.ts";
import type { LinkSnapshot, StateStep } from "../state.ts";
import type { Action, PlanInput } from "./action.ts";
import { remember } from "./remember.ts";

/** What is to be done about second copies. Those in Jira are looked for only in a full reading. */
export function planDuplicates(input: PlanInput, sorted: SortedMessages | null): Action[] {
  const reports = planReports(input, sorted?.duplicates ?? []);
  if (!input.observed.full) return reports;
  return [...reports, ...planComments(input), ...planFiles(input)];
}

/** Second copies in Huawei are reported once: from then on they count as copies. */
function planReports(input: PlanInput, duplicates: SortedMessages["duplicates"]): Action[] {
  let memory: LinkSnapshot = input;
  return duplicates.map(({ mark, sourceId, fingerprint }) => {
    const owner = markMirror(mark);
    const mirror = findMirror<KnownMirrorKind>(memory.mirrors, owner);
    const step: StateStep = {
      failures: [
        {
          direction: "to-huawei",
          item: itemKey("message", sourceId),
          reason: "duplicate",
          detail: "a message of ours stands there twice; Huawei Cloud showed the first one only after it was given up",
        },
      ],
      mirrors: [{ ...owner, copyFingerprints: [...(mirror?.copyFingerprints ?? []), fingerprint] }],
      audit: [{ side: "huawei", action: "duplicate", item: itemKey("message", sourceId), result: "reported" }],
    };
    memory = applyStep(memory, step, input.now);
    return remember("report_duplicate", step);
  });
}

/** Lists lag, so nothing that was younger than their settle time when it was read is judged. */
function isSettled(input: PlanInput, createdAt: Date): boolean {
  const readAt = input.observed.issueReadAt ?? input.now;
  return (
    readAt.getTime() - toOurTime(createdAt, input.aheadMs.jira).getTime() > input.settings.settle.listSeconds * 1000
  );
}

function planComments(input: PlanInput): Action[] {
  const comments = input.observed.comments ?? [];
  const present = new Set<string>(comments.map((comment) => comment.commentId));
  const byName = new Map(input.mirrors.flatMap((mirror) => named(mirror)));
  const copies = new Set([...byName.values()].map((mirror) => mirror.copyId));
  const open = new Set(input.intents.map((intent) => intent.key));
  return comments.flatMap((comment): Action[] => {
    const name = nameOf(input, comment);
    if (name === null || copies.has(comment.commentId) || !isSettled(input, comment.createdAt)) return [];
    const mirror = byName.get(name);
    // Only where the copy that we know stands there; else this one may be it.
    if (mirror?.copyId == null || !present.has(mirror.copyId) || open.has(keyOf(name))) return [];
    const read = parseCopyName(name);
    return [
      {
        kind: "remove_duplicate",
        direction: "to-jira",
        item: read.kind === "notice" ? name : itemKey("message", read.name),
        copy: { kind: "comment", commentId: comment.commentId },
      },
    ];
  });
}

/** A row with a copy on the issue, by what the property of its comment names. */
function named(mirror: Mirror): readonly (readonly [string, Mirror])[] {
  if (mirror.kind === "message") return [[mirror.sourceId, mirror]];
  const isOnIssue = mirror.kind === "waits" || (mirror.kind === "notice" && mirror.origin === "huawei");
  return isOnIssue ? [[noticeName(causeOf(mirror)), mirror]] : [];
}

/** The key of the write that makes a comment whose property names this. */
function keyOf(name: string): string {
  const read = parseCopyName(name);
  return intentKey(
    read.kind === "notice" ? { kind: "notice", cause: read.cause } : { kind: "comment", sourceId: read.name },
  );
}

/** The identity that our own mark on a comment names; `null` where it is not ours. */
function nameOf(input: PlanInput, comment: IssueComment): string | null {
  if (comment.stamp == null || comment.stamp.inst !== input.installation || comment.authorId !== input.ownAccountId)
    return null;
  return comment.stamp.messageId ?? comment.stamp.fingerprint ?? null;
}

function planFiles(input: PlanInput): Action[] {
  const { issue, comments } = input.observed;
  if (issue === null || input.intents.some((intent) => intent.side === "jira" && intent.kind === "file")) return [];
  const mirrors = input.mirrors.filter((mirror) => mirror.kind === "file" && mirror.origin === "huawei");
  const claimed = new Set<string | null>([
    ...mirrors.map((mirror) => mirror.copyId),
    ...(comments ?? []).flatMap((comment) => (comment.stamp?.files ?? []).map(([, attachmentId]) => attachmentId)),
  ]);
  const known = issue.files.filter((file) => claimed.has(file.attachmentId));
  return issue.files.flatMap((file): Action[] => {
    if (file.authorId !== input.ownAccountId || claimed.has(file.attachmentId) || !isSettled(input, file.createdAt))
      return [];
    if (!known.some((other) => other.name === file.name && other.sizeBytes === file.sizeBytes)) return [];
    return [
      {
        kind: "remove_duplicate",
        direction: "to-jira",
        item: itemKey("attachment", file.attachmentId),
        copy: { kind: "file", attachmentId: file.attachmentId },
      },
    ];
  });
}
