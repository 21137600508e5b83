/**
 * What may leave Jira (rule 5). Every rule fails closed.
 */

import { isCaseText, parseCommand } from "../../domain/command-text.ts";
import type { DisclosurePolicy } from "../../domain/disclosure-policy.ts";
import { guardHeld } from "../../domain/guard-word.ts";
import { type CommentHashes, saysSame } from "../../domain/identity.ts";
import type { AttachmentId } from "../../domain/ids.ts";
import type { Issue, IssueComment, IssueFile } from "../../domain/issue.ts";
import { findMirror, type Mirror, type MirrorPatch, mirrorId } from "../../domain/rows/mirror.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import { comparableName, mayName } from "../../domain/text/file-names.ts";
import { isRestricted, issueBar } from "./restriction.ts";

/** Whether the policy wants a comment at all. */
export function isWanted(settings: ConnectionSettings, text: string): boolean {
  // Comment commands are not text; they are carried out instead.
  if (parseCommand(text) !== null) return false;
  if (settings.comments.toHuawei === "all") return true;
  return settings.comments.toHuawei === "command" && isCaseText(text);
}

/** Reason of a comment from before `outgoingSince` that an operator let go after having seen it (`--include-history`). */
export const releasedReason = "history_released";

/**
 * Whether a comment belongs to what is mirrored: wanted by the policy, and not history. What was sent once goes on, whenever it was
 * written; an older one leaves only when an operator let it go, and only in the words that the operator saw.
 */
export function isInScope(input: {
  readonly comment: IssueComment;
  readonly mirror: Mirror | undefined;
  readonly outgoingSince: Date;
  readonly wanted: boolean;
  readonly hashes: CommentHashes;
}): boolean {
  const { comment, mirror } = input;
  if (!input.wanted) return false;
  if (comment.createdAt >= input.outgoingSince) return true;
  if (mirror === undefined) return false;
  // What the guard keeps was in scope when it was judged; a policy that was widened meanwhile made it no history.
  if (mirror.state !== "held" || mirror.reason === guardHeld) return true;
  return mirror.reason === releasedReason && saysSame(mirror, comment, input.hashes);
}

/** How texts and media of a document are read. */
type Reading = {
  readonly adfToText: (doc: unknown) => string;
  readonly mediaReferences: (doc: unknown) => readonly string[];
};

/**
 * Texts and references of comments that must not leave: a file that they name never leaves either (rule 5). A file that such a comment
 * shows by its id is named by that id; its name counts only where it stands besides, since another file may bear the same.
 */
export function namesInRestricted(
  reading: Reading,
  issue: Pick<Issue, "projectTypeKey" | "files">,
  comments: readonly IssueComment[],
): string[] {
  return comments
    .filter((comment) => isRestricted(issue, comment, comments))
    .flatMap((comment) => namesIn(reading, issue, comment));
}

function namesIn(reading: Reading, issue: Pick<Issue, "files">, comment: IssueComment): string[] {
  const references = reading.mediaReferences(comment.body);
  const shown = issue.files.filter((file) => references.includes(file.attachmentId));
  const names = new Set(shown.map((file) => file.name));
  let text = reading.adfToText(comment.body);
  for (const { name } of shown) text = text.replace(`[file: ${name}`, "[file: ");
  return [text, ...references.filter((reference) => !names.has(reference))];
}

/**
 * A file that a restricted comment has named stays when that comment is deleted, or names it no longer: only the same comment, made
 * public, releases it. What is remembered are ids, in the file's own row: state `held`, and the comments as its reason.
 */
export type RestrictedFile = { readonly attachmentId: AttachmentId; readonly commentIds: readonly string[] };

/** Comments remembered for one file; more would only say the same. */
const namersMax = 50;

/** How the memory of a file is stored. Pure. */
export function restrictedFilePatch(file: RestrictedFile): MirrorPatch {
  return {
    ...mirrorId.issueFile(file.attachmentId),
    state: "held",
    reason: { restrictedCommentIds: file.commentIds },
  };
}

function remembered(mirrors: readonly Mirror[], attachmentId: string): readonly string[] {
  const mirror = findMirror(mirrors, mirrorId.issueFile(attachmentId));
  const reason = mirror?.state === "held" ? mirror.reason : null;
  return typeof reason === "object" && reason !== null && "restrictedCommentIds" in reason
    ? reason.restrictedCommentIds
    : [];
}

/** What has to be remembered of this reading: files that did not leave and that restricted comments name. Pure. */
export function restrictedFiles(
  reading: Reading,
  issue: Pick<Issue, "projectTypeKey" | "files">,
  comments: readonly IssueComment[],
  known: { readonly mirrors: readonly Mirror[]; readonly ownAccountId: string },
): RestrictedFile[] {
  const namers = comments
    .filter((comment) => isRestricted(issue, comment, comments))
    .map((comment) => ({ id: comment.commentId, names: namesIn(reading, issue, comment) }));
  if (namers.length === 0) return [];
  const gone = new Set(
    known.mirrors
      .filter((mirror) => mirror.kind === "file" && mirror.origin === "jira" && mirror.state === "live")
      .map((mirror) => mirror.sourceId),
  );
  return issue.files.flatMap((file) => {
    if (file.authorId === known.ownAccountId || gone.has(file.attachmentId)) return [];
    const before = remembered(known.mirrors, file.attachmentId);
    const now = namers.filter(({ id, names }) => !before.includes(id) && isNamedIn(names, file)).map(({ id }) => id);
    if (now.length === 0 || before.length >= namersMax) return [];
    return [{ attachmentId: file.attachmentId, commentIds: [...before, ...now].slice(0, namersMax) }];
  });
}

/** Whether a restricted comment named the file once and was not made public since. Pure. */
export function wasNamedInRestricted(
  mirrors: readonly Mirror[],
  issue: Pick<Issue, "projectTypeKey">,
  comments: readonly IssueComment[],
  file: Pick<IssueFile, "attachmentId">,
): boolean {
  return remembered(mirrors, file.attachmentId).some((commentId) => {
    const comment = comments.find((entry) => entry.commentId === commentId);
    return comment === undefined || isRestricted(issue, comment, comments);
  });
}

/**
 * Whether one of these texts and references names the file. Wide on purpose: what looks like a name in any spelling is one. Of two files
 * with one name, `namesInRestricted` tells the one that a comment shows.
 */
export function isNamedIn(names: readonly string[], file: Pick<IssueFile, "attachmentId" | "name">): boolean {
  return names.some((name) => name === file.attachmentId || mayName(name, file.name));
}

/**
 * Whether a document names a file, so that it goes along. Narrow on purpose: `app.log` is not named by `my-app.log`, nor by
 * `app.log.1`. Chinese has no blanks between words, so only Latin letters and digits go on with a name. Of several files with one name
 * (`image001.png`) a document that shows some by their ids names those alone.
 */
export function isNamedBy(
  reading: Reading,
  body: unknown,
  file: Pick<IssueFile, "attachmentId" | "name">,
  files: readonly Pick<IssueFile, "attachmentId" | "name">[],
): boolean {
  return isNamedByText({ text: reading.adfToText(body), references: reading.mediaReferences(body), files }, file);
}

/** As `isNamedBy`, of a text and the references that stand in it. Pure. */
export function isNamedByText(
  said: {
    readonly text: string;
    readonly references: readonly string[];
    /** All files of the issue. */
    readonly files: readonly Pick<IssueFile, "attachmentId" | "name">[];
  },
  file: Pick<IssueFile, "attachmentId" | "name">,
): boolean {
  const { text, references, files } = said;
  if (references.includes(file.attachmentId)) return true;
  // Names may hold what texts lose or spell otherwise on their way here.
  const name = comparableName(file.name);
  if (name === "") return false;
  const isTwinShown = files.some(
    (other) => references.includes(other.attachmentId) && comparableName(other.name) === name,
  );
  if (isTwinShown) return false;
  if (references.some((reference) => comparableName(reference) === name)) return true;
  return standsIn(comparableName(text), name);
}

function standsIn(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const before = text.slice(Math.max(0, at - 2), at);
    const after = text.slice(at + name.length, at + name.length + 2);
    const goesOnBefore = /[\w-]$|\w\.$/.test(before) && /^[\w.-]/.test(name);
    const goesOnAfter = /^(?:[\w-]|\.\w)/.test(after) && /[\w.-]$/.test(name);
    if (!goesOnBefore && !goesOnAfter) return true;
  }
  return false;
}

/**
 * Files of people that go along with a comment: named by it, not carried before, and named by no restricted comment. A file whose
 * message was dropped before it left (`held`) was not carried.
 */
export function filesOf(input: FilesInput): IssueFile[] {
  const { issue, settings } = input;
  if (settings.attachments.toHuawei === "none" || issueBar(issue, settings) !== null) return [];
  return namedFiles(input);
}

/**
 * Files that a comment names and that stay in Jira because the policy sends none, so that its message can say so. One that a restricted
 * comment names is none of them: nothing is said about it. Pure.
 */
export function filesStaying(input: FilesInput): IssueFile[] {
  return input.settings.attachments.toHuawei === "none" ? namedFiles(input) : [];
}

type FilesInput = {
  readonly reading: Reading;
  readonly issue: Issue;
  readonly comments: readonly IssueComment[];
  readonly comment: Pick<IssueComment, "body">;
  readonly mirrors: readonly Mirror[];
  readonly ownAccountId: string;
  readonly settings: ConnectionSettings;
};

function namedFiles(input: FilesInput): IssueFile[] {
  const { reading, issue } = input;
  const restricted = namesInRestricted(reading, issue, input.comments);
  const carried = new Set(
    input.mirrors
      .filter((mirror) => mirror.kind === "file" && mirror.origin === "jira" && mirror.state !== "held")
      .map((mirror) => mirror.sourceId),
  );
  return issue.files.filter(
    (file) =>
      file.authorId !== input.ownAccountId &&
      !carried.has(file.attachmentId) &&
      isNamedBy(reading, input.comment.body, file, issue.files) &&
      !isNamedIn(restricted, file) &&
      !wasNamedInRestricted(input.mirrors, issue, input.comments, file),
  );
}

/** The policy of a connection. Pure. */
export function policyOf(settings: Pick<ConnectionSettings, "comments" | "attachments">): DisclosurePolicy {
  return {
    comments: settings.comments.toHuawei,
    attachments: settings.attachments.toHuawei,
    appAccounts: [...settings.comments.allowAppAccounts].sort(),
    securityLevels: [...settings.comments.allowSecurityLevels].sort(),
  };
}
