/**
 * Jira → Huawei: comments with their versions and deletions, and files of their own.
 */

import { isCaseText, withoutCase } from "../../domain/command-text.ts";
import { type CommentHashes, commentHashes, saysElse } from "../../domain/identity.ts";
import { compareIds } from "../../domain/ids.ts";
import type { Issue, IssueComment, IssueFile } from "../../domain/issue.ts";
import { type Intent, isMessageIntent, type MessageIntentKind } from "../../domain/rows/intent.ts";
import { isItemOf, itemKey } from "../../domain/rows/item-key.ts";
import {
  findMirror,
  isSameMirror,
  type Mirror,
  type MirrorId,
  type MirrorPatch,
  mirrorId,
  type OwnerKind,
} from "../../domain/rows/mirror.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import { guardFileName } from "../../domain/text/guarded-names.ts";
import { mayHavePassed } from "../file-refusal.ts";
import { formatMoment, stayingLine } from "../render.ts";
import { type Action, isOwed, isReleased, type PlanInput, type Recheck } from "./action.ts";
import { findCommand } from "./commands.ts";
import {
  filesOf,
  filesStaying,
  isInScope,
  isNamedBy,
  isNamedIn,
  isWanted,
  namesInRestricted,
  restrictedFilePatch,
  restrictedFiles,
  wasNamedInRestricted,
} from "./disclosure.ts";
import { guardRows, isUnguarded, type Kept, planGuard, type Said } from "./guard-hold.ts";
import { droppedParts, remember } from "./remember.ts";
import { heldReason, issueHold, takesBack } from "./restriction.ts";

/** Reason of a comment whose message a person took back in Huawei's console: it stays away until the comment changes. */
export const withdrawnThereReason = "withdrawn_there";

/** Jira → Huawei: first what must not be outside any more, then comments in their order, then files of their own. */
export function planComments(
  input: PlanInput,
  issue: Issue,
  comments: readonly IssueComment[],
  confirmed: ReadonlySet<string>,
  until: { readonly recheck: Recheck; readonly kept: Kept },
): Action[] {
  if (input.link.caseId === null) return [];
  const { recheck } = until;
  /** Nothing that waits, and nothing that fails, may delay these. */
  const urgent: Action[] = [];
  const sends: Action[] = [];
  const mirrors = new Map(commentMirrors(input).map((mirror) => [mirror.sourceId, mirror]));
  const named = restrictedFiles(input, issue, comments, input);
  if (named.length > 0) urgent.push(remember("hold_files", { mirrors: named.map(restrictedFilePatch) }));
  const candidates = comments
    .filter((comment) => comment.authorId !== input.ownAccountId && comment.mark == null)
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || compareIds(a.commentId, b.commentId));

  /** Files that go along with the comments of this plan; each goes once. */
  const leaving = new Set<string>();
  /** Files of comments that the guard keeps: each goes along with the first comment that leaves and names it. */
  const keptFiles = new Set<string>();
  let waiting = false;
  for (const comment of candidates) {
    // What ran as a command stays one, whatever it was edited into.
    if (findCommand(input.mirrors, comment.commentId) !== undefined) continue;
    const mirror = mirrors.get(comment.commentId);
    const stop = planHold(input, { issue, comment, comments, mirror, confirmed });
    if (stop !== null) {
      urgent.push(...stop);
      continue;
    }
    const next = planNext(input, comment, mirror, confirmed);
    if (next === null) continue;
    urgent.push(...next.state);
    if (!next.send) continue;
    if (mirror?.state !== "sending") {
      const item = itemKey("comment", comment.commentId);
      // Order is kept: whatever was written later waits as well. A newer version of what stands there already holds back nobody.
      if (waiting) {
        until.kept.keep(item);
        continue;
      }
      const leavesAt = new Date(
        comment.updatedAt.getTime() - input.aheadMs.jira + input.settings.comments.holdSeconds * 1000,
      );
      if (leavesAt > input.now) {
        recheck.note(leavesAt);
        until.kept.keep(item);
        waiting = mirror === undefined || mirror.state === "held";
        continue;
      }
    }
    const said = { ...input, reading: input, issue, comments, comment };
    const files = filesOf(said).filter((file) => !leaving.has(file.attachmentId));
    const text = input.adfToText(comment.body);
    const staying = filesStaying(said);
    const guarded =
      mirror?.state === "sending"
        ? { asIs: false }
        : planGuard(input, saidInComment(input, { comment, text, files, staying }), until.kept, { comment, mirror });
    if ("actions" in guarded) {
      urgent.push(...guarded.actions);
      for (const file of files) keptFiles.add(file.attachmentId);
      continue;
    }
    for (const file of files) leaving.add(file.attachmentId);
    sends.push({
      kind: "send_comment",
      direction: "to-huawei",
      comment,
      version: nextVersion(mirror),
      text,
      ...next.hashes,
      files,
      staying,
      asIs: guarded.asIs,
    });
  }
  urgent.push(...planDeleted(input, comments, confirmed));
  // A file may be named by a comment that waits; it goes along with that one.
  if (waiting) keepFiles(input, until.kept);
  else sends.push(...planOwnFiles(input, issue, comments, { leaving, kept: keptFiles }, until));
  return [...urgent, ...sends];
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
    what: `The comment of ${written} (number ${comment.commentId})`,
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
  about: {
    readonly issue: Issue;
    readonly comment: IssueComment;
    readonly comments: readonly IssueComment[];
    readonly mirror: Mirror<"comment"> | undefined;
    readonly confirmed: ReadonlySet<string>;
  },
): Action[] | null {
  const { comment, comments, issue, mirror } = about;
  const { ownAccountId, settings } = input;
  const text = input.adfToText(comment.body);
  const wanted = isWanted(settings, text);
  const reason = heldReason({ comment, comments, issue, settings, ownAccountId });
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

/** Parts that were not sent yet must not be sent any more; `row`: what becomes of a comment of which nothing has left. */
function canceled(input: PlanInput, keys: readonly string[], row: MirrorPatch | null): Action {
  const dropped = droppedParts(input, keys);
  return remember("cancel_parts", {
    ...dropped,
    mirrors: [...(dropped.mirrors ?? []), ...(row === null ? [] : [row])],
  });
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

/**
 * Files that no comment carried, nor carries in this plan (`leaving`): under policy `all` those of people, save those of comments that
 * the guard keeps (`kept`), which go along with these; else those that a comment names that was sent itself, since a file can come after
 * it, and those that the description names where it was sent, which is so for a case made from an issue. Also files that were refused
 * before.
 */
function planOwnFiles(
  input: PlanInput,
  issue: Issue,
  comments: readonly IssueComment[],
  going: { readonly leaving: ReadonlySet<string>; readonly kept: ReadonlySet<string> },
  { recheck, kept }: { readonly recheck: Recheck; readonly kept: Kept },
): Action[] {
  const { settings } = input;
  if (settings.attachments.toHuawei === "none" || issueHold(issue, settings) !== null) {
    return input.intents
      .filter((intent) => intent.state === "planned" && isFileMessage(intent))
      .map((intent) => canceled(input, [intent.key], null));
  }
  // `all` is refused for service projects: their files may belong to internal comments.
  const all = settings.attachments.toHuawei === "all" && issue.projectTypeKey !== "service_desk";
  const known = new Map(
    input.mirrors
      .filter((mirror) => mirror.kind === "file")
      .filter((mirror) => mirror.state !== "held")
      .map((mirror) => [mirror.origin === "jira" ? mirror.sourceId : (mirror.copyId ?? ""), mirror] as const),
  );
  const heldNames = namesInRestricted(input, issue, comments);
  const present = new Set<string>(issue.files.map((file) => file.attachmentId));
  const actions: Action[] = input.intents
    .filter((intent) => intent.state === "planned" && isFileMessage(intent) && !present.has(intent.attachmentId))
    .map((intent) => canceled(input, [intent.key], null));
  for (const file of issue.files) {
    if (going.leaving.has(file.attachmentId) || file.authorId === input.ownAccountId) continue;
    const open = openFileMessage(input, file.attachmentId);
    if (isNamedIn(heldNames, file) || wasNamedInRestricted(input.mirrors, issue, comments, file)) {
      if (open?.state === "planned") actions.push(canceled(input, [open.key], null));
      continue;
    }
    if (open !== undefined) {
      if (open.state !== "sent") actions.push({ kind: "send_file", direction: "to-huawei", file, asIs: false });
      continue;
    }
    const mirror = known.get(file.attachmentId);
    if (mirror !== undefined) {
      if (isRetriedFile(input, mirror)) actions.push(...planFile(input, file, kept, { late: true }));
      continue;
    }
    const isAlone = all && file.createdAt >= input.link.outgoingSince && !going.kept.has(file.attachmentId);
    if (!isAlone && !isNamedBySent(input, issue, comments, file)) continue;
    // Lists lag: a restricted comment that names the file may not show yet, so it is the reading that must be so much later.
    const restSeconds = Math.max(settings.comments.holdSeconds, settings.settle.listSeconds);
    const leavesAt = new Date(file.createdAt.getTime() - input.aheadMs.jira + restSeconds * 1000);
    if (leavesAt > (input.observed.issueReadAt ?? input.now)) {
      recheck.note(leavesAt);
      keepFiles(input, kept);
      break;
    }
    actions.push(...planFile(input, file, kept));
  }
  return actions;
}

/** This plan does not look at every file: what is known of their names stays. */
function keepFiles({ mirrors }: Pick<PlanInput, "mirrors">, kept: Kept): void {
  for (const { item } of guardRows(mirrors)) if (isItemOf("file", item)) kept.keep(item);
}

/** A file that goes in a message of its own, unless its name waits for a person's word. */
function planFile(
  input: PlanInput,
  file: IssueFile,
  kept: Kept,
  late: { readonly late?: true } = {},
): readonly Action[] {
  const shown = guardFileName(file.name, { ...input.settings.guard, mode: "mask" }).text;
  const said: Said = {
    item: itemKey("file", file.attachmentId),
    texts: [],
    files: [file.name],
    at: file.createdAt,
    what: `The file ${shown} (number ${file.attachmentId})`,
  };
  const guarded = planGuard(input, said, kept);
  if ("actions" in guarded) return guarded.actions;
  return [{ kind: "send_file", direction: "to-huawei", file, ...late, asIs: guarded.asIs }];
}

/** The message of a file that travels alone, while it is not confirmed. */
function openFileMessage(input: PlanInput, attachmentId: string): Intent | undefined {
  return input.intents.find((intent) => isFileMessage(intent) && intent.attachmentId === attachmentId);
}

/** A message with a file alone that goes along with no comment. */
function isFileMessage(intent: Intent): intent is Intent<"own_file"> {
  return intent.kind === "own_file" && intent.payload.owner?.kind === "file";
}

/** Whether a text that was sent itself, and may still be seen there, names the file. */
function isNamedBySent(input: PlanInput, issue: Issue, comments: readonly IssueComment[], file: IssueFile): boolean {
  if (
    input.link.origin === "jira" &&
    issue.description !== null &&
    isNamedBy(input, issue.description, file, issue.files)
  )
    return true;
  if (file.createdAt < input.link.outgoingSince) return false;
  const live = new Set(
    commentMirrors(input)
      .filter((mirror) => mirror.state === "live")
      .map((mirror) => mirror.sourceId),
  );
  return comments.some(
    (comment) =>
      live.has(comment.commentId) &&
      heldReason({ ...input, comment, comments, issue }) === null &&
      isNamedBy(input, comment.body, file, issue.files),
  );
}

/** A refused file is tried again when somebody asks, or at a full check when what stood in its way may have passed. */
export function isRetriedFile(input: PlanInput, mirror: Mirror): boolean {
  if (mirror.kind !== "file" || mirror.state !== "placeholder") return false;
  if (isReleased(input, itemKey("file", mirror.sourceId))) return true;
  return input.observed.full && mayHavePassed(mirror, input.now, input.settings.huawei.timeZone);
}
