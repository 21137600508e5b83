/**
 * Jira → Huawei: comments with their versions and deletions, and files of their own.
 */
import type { Issue, IssueComment, IssueFile } from "../../domain/issue.ts";
import { hashParts } from "../../lib/hash.ts";
import { type Action, ownerOf, type PlanInput, type Recheck } from "./action.ts";
import { findCommand } from "./commands.ts";
import { hasHeldLevel, heldReason, isNamedIn, isWanted, namesInRestricted, showsName } from "./disclosure.ts";

/** Hash of what a comment says today: text and the files that it shows. */
export function commentHash(
  comment: Pick<IssueComment, "body">,
  adfToText: (doc: unknown) => string,
  mediaReferences: (doc: unknown) => readonly string[],
): string {
  return hashParts([adfToText(comment.body), ...mediaReferences(comment.body)]).slice(0, 32);
}

/** Jira → Huawei: comments in their order, then files of their own. */
export function planComments(
  input: PlanInput,
  issue: Issue,
  comments: readonly IssueComment[],
  known: { readonly confirmed: ReadonlySet<string>; readonly adopted: ReadonlySet<string> },
  recheck: Recheck,
): Action[] {
  const { confirmed } = known;
  const { link, settings } = input;
  if (link.caseId === null) return [];
  const actions: Action[] = [];
  const mirrors = new Map(
    input.mirrors
      .filter((mirror) => mirror.kind === "comment" && mirror.origin === "jira")
      .map((mirror) => [mirror.sourceId, mirror]),
  );
  const candidates = comments
    .filter((comment) => comment.authorId !== input.ownAccountId && comment.mark == null)
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || compareIds(a.commentId, b.commentId));

  /** Files that go along with the comments of this plan; each goes once. */
  const leaving = new Set<string>();
  for (const comment of candidates) {
    if (known.adopted.has(comment.commentId)) continue;
    const mirror = mirrors.get(comment.commentId);
    if (mirror === undefined && comment.createdAt < link.outgoingSince) continue;
    const text = input.adfToText(comment.body);
    if (mirror === undefined && !isWanted(settings, text)) continue;
    // What ran as a command stays one, whatever it was edited into.
    if (findCommand(input.mirrors, comment.commentId) !== undefined) continue;
    const reason = heldReason({ comment, issue, settings });
    if (reason !== null) {
      if (mirror === undefined || mirror.state === "held") {
        if (mirror?.reason !== reason) actions.push({ kind: "hold_comment", direction: "state", comment, reason });
      } else if (mirror.state === "live") {
        actions.push({ kind: "withdraw_comment", direction: "to-huawei", mirror });
      } else if (mirror.state === "sending") {
        actions.push(...planStop(input, comment.commentId, "held", reason, confirmed));
      }
      continue;
    }
    const sourceHash = commentHash(comment, input.adfToText, input.mediaReferences);
    if (mirror?.state === "sending") {
      const open = input.intents.filter(
        (intent) => ownerOf(intent) === comment.commentId && !confirmed.has(intent.key),
      );
      // Rows and intents of a sending comment were made together, so without intents every part is confirmed.
      if (open.length === 0)
        actions.push({ kind: "complete_comment", direction: "state", commentId: comment.commentId });
      // Parts that were sent wait for the reading that shows them; only planned ones, or lost ones, need the sender.
      if (open.every((intent) => intent.state === "sent")) continue;
    }
    const settled =
      mirror !== undefined && mirror.sourceHash === sourceHash && mirror.state !== "held" && mirror.state !== "sending";
    if (settled || mirror?.state === "withdrawn" || mirror?.state === "refused") continue;
    if (mirror?.state !== "sending") {
      const leavesAt = new Date(comment.updatedAt.getTime() + settings.comments.holdSeconds * 1000);
      if (leavesAt > input.now) {
        // Order is kept: whatever was written later waits as well.
        recheck.note(leavesAt);
        return actions;
      }
    }
    const files =
      settings.attachments.toHuawei === "none"
        ? []
        : filesNamedBy(input, issue, comment, text).filter((file) => !leaving.has(file.attachmentId));
    for (const file of files) leaving.add(file.attachmentId);
    actions.push({
      kind: "send_comment",
      direction: "to-huawei",
      comment,
      version:
        mirror === undefined || mirror.state === "held"
          ? 1
          : mirror.state === "sending"
            ? mirror.version
            : mirror.version + 1,
      text,
      sourceHash,
      files,
    });
  }
  actions.push(...planDeletedParts(input, comments, confirmed));
  if (input.observed.full) actions.push(...planDeletedComments(input, comments));
  if (settings.attachments.toHuawei === "all" && issue.projectTypeKey !== "service_desk") {
    actions.push(...planOwnFiles({ input, issue, comments, leaving, recheck, mayLeave: () => true }));
  }
  if (settings.attachments.toHuawei === "referenced") {
    const isNamed = namedBySent(input, issue, comments);
    actions.push(...planOwnFiles({ input, issue, comments, leaving, recheck, mayLeave: isNamed }));
  }
  return actions;
}

/** A comment that must not go on leaving: what was not sent is dropped; what was sent is confirmed, and withdrawn after that. */
function planStop(
  input: PlanInput,
  commentId: string,
  state: "held" | "withdrawn",
  reason: string,
  confirmed: ReadonlySet<string>,
): Action[] {
  const open = input.intents.filter((intent) => ownerOf(intent) === commentId && !confirmed.has(intent.key));
  const planned = open.filter((intent) => intent.state === "planned");
  const mirror = input.mirrors.find((entry) => entry.kind === "comment" && entry.sourceId === commentId);
  const nothingLeft =
    open.length === planned.length && confirmed.size === 0 && (mirror?.copyFingerprints.length ?? 0) === 0;
  if (planned.length > 0) {
    const keys = planned.map((intent) => intent.key);
    return [{ kind: "cancel_parts", direction: "state", commentId, keys, state: nothingLeft ? state : null, reason }];
  }
  return open.length === 0 ? [{ kind: "complete_comment", direction: "state", commentId }] : [];
}

/** Comments that were deleted while parts of them waited to be sent. */
function planDeletedParts(
  input: PlanInput,
  comments: readonly IssueComment[],
  confirmed: ReadonlySet<string>,
): Action[] {
  const present = new Set<string>(comments.map((comment) => comment.commentId));
  return input.mirrors
    .filter(
      (mirror) =>
        mirror.kind === "comment" &&
        mirror.origin === "jira" &&
        mirror.state === "sending" &&
        !present.has(mirror.sourceId),
    )
    .flatMap((mirror) => planStop(input, mirror.sourceId, "withdrawn", "deleted", confirmed));
}

function planDeletedComments(input: PlanInput, comments: readonly IssueComment[]): Action[] {
  const present = new Set<string>(comments.map((comment) => comment.commentId));
  return input.mirrors
    .filter(
      (mirror) =>
        mirror.kind === "comment" &&
        mirror.origin === "jira" &&
        mirror.state === "live" &&
        !present.has(mirror.sourceId),
    )
    .map((mirror) => ({ kind: "withdraw_comment", direction: "to-huawei", mirror }) as const);
}

/**
 * Policy `referenced`: whether a comment that was itself sent, and may still be seen there, names the file. A file can
 * come after the comment that names it, or between the readings of the issue and of its comments.
 */
function namedBySent(input: PlanInput, issue: Issue, comments: readonly IssueComment[]): (file: IssueFile) => boolean {
  const live = new Set(
    input.mirrors
      .filter((mirror) => mirror.kind === "comment" && mirror.origin === "jira" && mirror.state === "live")
      .map((mirror) => mirror.sourceId),
  );
  const sent = comments
    .filter(
      (comment) => live.has(comment.commentId) && heldReason({ comment, issue, settings: input.settings }) === null,
    )
    .map((comment) => ({
      text: input.adfToText(comment.body),
      references: new Set(input.mediaReferences(comment.body)),
    }));
  return (file) => sent.some(({ text, references }) => isNamedBy(file, text, references));
}

function isNamedBy(file: IssueFile, text: string, references: ReadonlySet<string>): boolean {
  return references.has(file.attachmentId) || references.has(file.name) || showsName(text, file);
}

/** Files of people that the policy wants and that no comment carried, nor carries in this plan (`leaving`). */
function planOwnFiles(given: {
  readonly input: PlanInput;
  readonly issue: Issue;
  readonly comments: readonly IssueComment[];
  readonly leaving: ReadonlySet<string>;
  readonly recheck: Recheck;
  readonly mayLeave: (file: IssueFile) => boolean;
}): Action[] {
  const { input, issue, comments, leaving, recheck, mayLeave } = given;
  if (hasHeldLevel(issue, input.settings)) return [];
  const known = new Set(
    input.mirrors.flatMap((mirror) =>
      mirror.kind !== "file"
        ? []
        : mirror.origin === "jira"
          ? [mirror.sourceId]
          : mirror.copyId === null
            ? []
            : [mirror.copyId],
    ),
  );
  const heldNames = namesInRestricted(input, comments);
  const actions: Action[] = [];
  for (const file of issue.files) {
    if (
      known.has(file.attachmentId) ||
      leaving.has(file.attachmentId) ||
      file.authorId === input.ownAccountId ||
      file.createdAt < input.link.outgoingSince
    )
      continue;
    if (isNamedIn(heldNames, file) || !mayLeave(file)) continue;
    const leavesAt = new Date(file.createdAt.getTime() + input.settings.comments.holdSeconds * 1000);
    if (leavesAt > input.now) {
      recheck.note(leavesAt);
      break;
    }
    actions.push({ kind: "send_file", direction: "to-huawei", file });
  }
  return actions;
}

/** Files of people that a comment names, by media node or by file name; never one that a restricted comment names too. */
function filesNamedBy(input: PlanInput, issue: Issue, comment: IssueComment, text: string): IssueFile[] {
  const references = new Set(input.mediaReferences(comment.body));
  // The files of an earlier version stand in its message; only what is new goes along with the next one.
  const isNewVersion = input.mirrors.some(
    (mirror) => mirror.kind === "comment" && mirror.sourceId === comment.commentId && mirror.state === "live",
  );
  const restricted = namesInRestricted(input, input.observed.comments ?? []);
  const carried = new Set(
    input.mirrors
      .filter(
        (mirror) =>
          mirror.kind === "file" && mirror.origin === "jira" && (isNewVersion || mirror.parentId !== comment.commentId),
      )
      .map((mirror) => mirror.sourceId),
  );
  return issue.files.filter((file) => {
    if (file.authorId === input.ownAccountId || carried.has(file.attachmentId)) return false;
    return isNamedBy(file, text, references) && !isNamedIn(restricted, file);
  });
}

function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
