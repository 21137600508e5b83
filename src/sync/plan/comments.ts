/**
 * Jira → Huawei: comments with their versions and deletions. Files that no comment carries stand in own-files.ts.
 */

import { isCaseText, withoutCase } from "../../domain/command-text.ts";
import { type CommentHashes, commentHashes, saysElse } from "../../domain/identity.ts";
import { compareIds } from "../../domain/ids.ts";
import type { Issue, IssueComment, IssueFile } from "../../domain/issue.ts";
import { type Intent, isMessageIntent, type MessageIntentKind } from "../../domain/rows/intent.ts";
import { itemKey } from "../../domain/rows/item-key.ts";
import {
  findMirror,
  isSameMirror,
  type Mirror,
  type MirrorId,
  mirrorId,
  type OwnerKind,
} from "../../domain/rows/mirror.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import { formatMoment, stayingLine } from "../render.ts";
import { type Action, isOwed, isReleased, type PlanInput } from "./action.ts";
import { findCommand } from "./commands.ts";
import { filesOf, filesStaying, isInScope, isWanted, restrictedFilePatch, restrictedFiles } from "./disclosure.ts";
import { isUnguarded, planGuard, type Said } from "./guard-hold.ts";
import { keepFiles, planOwnFiles, type Until } from "./own-files.ts";
import { canceled, remember } from "./remember.ts";
import { commentBar, takesBack } from "./restriction.ts";

/** Reason of a comment whose message a person took back in Huawei's console: it stays away until the comment changes. */
export const withdrawnThereReason = "withdrawn_there";

/** The comments of one reading, and what the issue's reading says besides. */
type Read = {
  readonly mirrors: ReadonlyMap<string, Mirror<"comment">>;
  readonly issue: Issue;
  readonly comments: readonly IssueComment[];
  /** Intents that this plan confirms. */
  readonly confirmed: ReadonlySet<string>;
};

/** What of a plan is gathered on the way. */
type Pass = {
  /** Nothing that waits, and nothing that fails, may delay these. */
  readonly urgent: Action[];
  readonly sends: Action[];
  /** Files that go along with the comments of this plan; each goes once. */
  readonly leaving: Set<string>;
  /** Files of comments that the guard keeps: each goes along with the first comment that leaves and names it. */
  readonly keptFiles: Set<string>;
  /** A comment rests for its hold time: what was written later waits with it. */
  waiting: boolean;
};

/** Jira → Huawei: first what must not be outside any more, then comments in their order, then files of their own. */
export function planComments(
  input: PlanInput,
  issue: Issue,
  comments: readonly IssueComment[],
  confirmed: ReadonlySet<string>,
  until: Until,
): Action[] {
  if (input.link.caseId === null) return [];
  const mirrors = new Map(commentMirrors(input).map((mirror) => [mirror.sourceId, mirror]));
  const read: Read = { mirrors, issue, comments, confirmed };
  const pass: Pass = { urgent: [], sends: [], leaving: new Set(), keptFiles: new Set(), waiting: false };
  const named = restrictedFiles(input, issue, comments, input);
  if (named.length > 0) pass.urgent.push(remember("hold_files", { mirrors: named.map(restrictedFilePatch) }));
  const candidates = comments
    .filter((comment) => comment.authorId !== input.ownAccountId && comment.stamp == null)
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || compareIds(a.commentId, b.commentId));
  for (const comment of candidates) {
    // What ran as a command stays one, whatever it was edited into.
    if (findCommand(input.mirrors, comment.commentId) === undefined) planComment(input, read, comment, pass, until);
  }
  pass.urgent.push(...planDeleted(input, comments, confirmed));
  // A file may be named by a comment that waits; it goes along with that one.
  if (pass.waiting) keepFiles(input, until.kept);
  else pass.sends.push(...planOwnFiles(input, read, { leaving: pass.leaving, kept: pass.keptFiles }, until));
  return [...pass.urgent, ...pass.sends];
}

/** What to do about one comment of a person. */
function planComment(input: PlanInput, read: Read, comment: IssueComment, pass: Pass, until: Until): void {
  const mirror = read.mirrors.get(comment.commentId);
  const stop = planHold(input, { ...read, comment, mirror });
  if (stop !== null) {
    pass.urgent.push(...stop);
    return;
  }
  const next = planNext(input, comment, mirror, read.confirmed);
  if (next === null) return;
  pass.urgent.push(...next.state);
  if (!next.send || rests(input, comment, mirror, pass, until)) return;
  const { issue, comments } = read;
  const said = { ...input, issue, comments, reading: input, comment };
  const files = filesOf(said).filter((file) => !pass.leaving.has(file.attachmentId));
  const staying = filesStaying(said);
  const text = input.adfToText(comment.body);
  const guarded =
    mirror?.state === "sending"
      ? { asIs: false }
      : planGuard(input, saidInComment(input, { comment, text, files, staying }), until.kept, { comment, mirror });
  if ("actions" in guarded) {
    pass.urgent.push(...guarded.actions);
    for (const file of files) pass.keptFiles.add(file.attachmentId);
    return;
  }
  for (const file of files) pass.leaving.add(file.attachmentId);
  const what = { comment, version: nextVersion(mirror), text, ...next.hashes, files, staying, asIs: guarded.asIs };
  pass.sends.push({ kind: "send_comment", direction: "to-huawei", ...what });
}

/** Whether a comment, or one before it, rests for its hold time. What was rendered already does not. */
function rests(
  input: PlanInput,
  comment: IssueComment,
  mirror: Mirror<"comment"> | undefined,
  pass: Pass,
  { recheck, kept }: Until,
): boolean {
  if (mirror?.state === "sending") return false;
  const item = itemKey("comment", comment.commentId);
  // Order is kept: whatever was written later waits as well. A newer version of what stands there already holds back nobody.
  if (pass.waiting) {
    kept.keep(item);
    return true;
  }
  const leavesAt = new Date(
    comment.updatedAt.getTime() - input.aheadMs.jira + input.settings.comments.holdSeconds * 1000,
  );
  if (leavesAt <= input.now) return false;
  recheck.note(leavesAt);
  kept.keep(item);
  pass.waiting = mirror === undefined || mirror.state === "held";
  return true;
}

/** A comment as it would be sent, for the guard. */
function saidInComment(
  input: PlanInput,
  about: {
    readonly comment: IssueComment;
    readonly text: string;
    readonly files: readonly IssueFile[];
    readonly staying: readonly IssueFile[];
  },
): Said {
  const { comment, text, files, staying } = about;
  const written = formatMoment(comment.createdAt, input.settings.huawei.timeZone);
  return {
    item: itemKey("comment", comment.commentId),
    texts: [[withoutCase(text), ...staying.map(stayingLine)].join("\n")],
    author: comment.authorName,
    files: files.map(({ name }) => name),
    at: comment.updatedAt,
    what: (t) => t.guard.comment(written, comment.commentId),
  };
}

function commentMirrors(input: PlanInput): Mirror<"comment">[] {
  return input.mirrors.filter((mirror) => mirror.kind === "comment");
}

function nextVersion(mirror: Mirror | undefined): number {
  if (mirror === undefined || mirror.state === "held") return 1;
  return mirror.state === "sending" ? mirror.version : mirror.version + 1;
}

/** What to do about a comment that must not leave, or not go on leaving; `null` when nothing keeps it. */
function planHold(
  input: PlanInput,
  about: Read & {
    readonly comment: IssueComment;
    readonly mirror: Mirror<"comment"> | undefined;
  },
): Action[] | null {
  const { comment, comments, issue, mirror } = about;
  const { ownAccountId, settings } = input;
  const text = input.adfToText(comment.body);
  const wanted = isWanted(settings, text);
  const reason = commentBar({ comment, comments, issue, settings, ownAccountId });
  if (mirror?.state === "sending") {
    const stopped = reason ?? (wanted ? unguardedReason(input, comment, mirror) : "policy");
    return stopped === null ? null : planStop(input, comment.commentId, "held", stopped, about.confirmed);
  }
  if (mirror !== undefined && mirror.state !== "held") {
    if (reason === null) return null;
    if (mirror.state !== "live" || !takesBack(reason)) return [];
    return [{ kind: "withdraw_comment", direction: "to-huawei", mirror, reason }];
  }
  const hashes = commentHashes(comment, input.adfToText);
  if (!isInScope({ comment, mirror, outgoingSince: input.link.outgoingSince, wanted, hashes })) return [];
  if (reason === null) return null;
  return mirror?.reason === reason
    ? []
    : [
        remember("hold_comment", {
          mirrors: [{ ...mirrorId.comment(comment.commentId), state: "held", reason, sourceAt: comment.createdAt }],
        }),
      ];
}

/** A comment of which nothing has left, rendered before the guard was switched on, is rendered anew. */
function unguardedReason(input: PlanInput, { commentId }: IssueComment, mirror: Mirror): string | null {
  const parts = messagesOf(input, mirrorId.comment(commentId));
  const isWhole = parts.every(({ state }) => state === "planned") && mirror.copyFingerprints.length === 0;
  return isWhole && parts.some((part) => isUnguarded(part, input.settings)) ? "changed_before_sending" : null;
}

/** Whether a comment that nothing keeps has something to send, and what else is to be remembered. */
function planNext(
  input: PlanInput,
  comment: IssueComment,
  mirror: Mirror | undefined,
  confirmed: ReadonlySet<string>,
): { readonly send: boolean; readonly state: readonly Action[]; readonly hashes: CommentHashes } | null {
  const hashes = commentHashes(comment, input.adfToText);
  const send = { send: true, state: [], hashes } as const;
  if (mirror === undefined || mirror.state === "held") return send;
  const open = messagesOf(input, mirrorId.comment(comment.commentId)).filter(({ key }) => !confirmed.has(key));
  const changed = saysElse(mirror, comment, { hashes, jiraAheadMs: input.aheadMs.jira });
  switch (mirror.state) {
    case "sending": {
      // Rows and intents of a sending comment were made together, so without intents every part is confirmed.
      const complete: Action[] = open.length === 0 ? [completed(comment.commentId)] : [];
      // Parts that were sent wait for the reading that shows them; only planned ones, or lost ones, need the sender.
      return { send: !open.every((intent) => intent.state === "sent"), state: complete, hashes };
    }
    case "live": {
      const text = input.adfToText(comment.body);
      // A command runs once: what `/case` sent stays as it was, whatever its comment is edited into (rule 6).
      const once = isCaseText(text) || isOwed(input, noticeCause.reply(comment.commentId));
      return changed && !once && isWanted(input.settings, text) ? send : null;
    }
    case "withdrawn":
      // It may be read outside again. The message that told of the withdrawal comes first, so that no mark stands there twice at once.
      if (open.length > 0 || !isWanted(input.settings, input.adfToText(comment.body))) return null;
      return mirror.reason === withdrawnThereReason && !changed ? null : send;
    case "refused":
    case "placeholder":
      return changed || isReleased(input, itemKey("comment", comment.commentId)) ? send : null;
  }
}

/** A comment that must not go on leaving: what was not sent is dropped; what was sent is confirmed, and withdrawn after that. */
function planStop(
  input: PlanInput,
  commentId: string,
  state: "held" | "withdrawn",
  reason: string,
  confirmed: ReadonlySet<string>,
): Action[] {
  const row = mirrorId.comment(commentId);
  const messages = messagesOf(input, row);
  const open = messages.filter((intent) => !confirmed.has(intent.key));
  const planned = open.filter((intent) => intent.state === "planned");
  const mirror = findMirror(input.mirrors, row);
  const isConfirming = open.length < messages.length;
  const nothingLeft = open.length === planned.length && !isConfirming && (mirror?.copyFingerprints.length ?? 0) === 0;
  if (planned.length > 0) {
    const keys = planned.map((intent) => intent.key);
    return [canceled(input, keys, nothingLeft ? { ...row, state, reason } : null)];
  }
  return open.length === 0 ? [completed(commentId)] : [];
}

/** The messages to the case whose copy a mirror is to learn. */
function messagesOf({ intents }: Pick<PlanInput, "intents">, id: MirrorId<OwnerKind>): Intent<MessageIntentKind>[] {
  return intents.filter(isMessageIntent).filter(({ payload: { owner } }) => owner !== null && isSameMirror(owner, id));
}

/** Every part of the comment is confirmed. */
function completed(commentId: string): Action {
  return remember("complete_comment", { mirrors: [{ ...mirrorId.comment(commentId), state: "live" }] });
}

/** Comments that were deleted: parts that wait to be sent are dropped, what stands there is taken back. */
function planDeleted(input: PlanInput, comments: readonly IssueComment[], confirmed: ReadonlySet<string>): Action[] {
  const present = new Set<string>(comments.map((comment) => comment.commentId));
  return commentMirrors(input)
    .filter((mirror) => !present.has(mirror.sourceId))
    .flatMap((mirror): Action[] => {
      if (mirror.state === "sending") return planStop(input, mirror.sourceId, "withdrawn", "deleted", confirmed);
      if (mirror.state !== "live") return [];
      return [{ kind: "withdraw_comment", direction: "to-huawei", mirror, reason: "deleted" }];
    });
}
