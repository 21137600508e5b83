/**
 * Causes of the notices that casebridge writes on an issue: one notice per cause (rule 8). A cause stands in the notice's row, in the key of
 * its write and in the property of its comment, so its spelling never changes; it is written and read here alone.
 */
import type { StatusCategory } from "../issue.ts";

/** The causes. Moments are milliseconds since the epoch. */
export const noticeCause = {
  /** The case was deleted in Huawei Cloud. */
  deleted: "deleted",
  /** Jira has no place for our labels. */
  labelsUnset: "labels-unset",
  /** Jira did not let us set fields of the new issue. */
  fieldsUnset: "fields-unset",
  /** A case was made for the issue. */
  caseCreated: "case-created",
  /** The issue is a copy of another one. */
  clone: "clone",
  /** Both sides changed at once. */
  bothChanged: (caseStatus: number, category: StatusCategory): string => `both-${caseStatus}-${category}`,
  /** The `n`-th time that Huawei waits for us. */
  waits: (n: number): string => `waits-${n}`,
  /** A person moved the issue to done, and the case is not ended by it. */
  closeAsked: (movedMs: number): string => `close-${movedMs}`,
  /** Huawei was not asked to take the case up again. */
  unasked: (movedMs: number): string => `unasked-${movedMs}`,
  /** Huawei refused what a person's move asked for. */
  moveRefused: (movedMs: number): string => `action-move-${movedMs}`,
  /** A person's move waits until an administrator releases many of them. */
  moveWaits: (movedMs: number): string => `waits-for-release-move-${movedMs}`,
  /** A command waits until an administrator releases many of them. */
  commandWaits: (commentId: string): string => `waits-for-release-${commentId}`,
  /** The answer to a command. */
  reply: (commentId: string): string => `reply-${commentId}`,
  /** The guard keeps an item; `hash` is the start of the hash of its text. */
  guarded: (item: string, hash: string): string => `guard-${item.replace(":", "-")}-${hash}`,
  /** The `n`-th part of a description, from 2. */
  description: (n: number): string => `description-${n}`,
  /** Jira refused a message for good. */
  messageRefused: (sourceId: string): string => `message-${sourceId}`,
  /** Somebody took back the message of a comment in Huawei's console. */
  takenBack: (commentId: string, version: number): string => `taken-back-${commentId}-v${version}`,
  /** Huawei refused a comment for good; `hash` is the start of the hash of its text. */
  commentRefused: (commentId: string, hash: string): string => `refused-${commentId}-${hash}`,
  /** The guard masked something in a comment. */
  commentMasked: (commentId: string, version: number): string => `masked-${commentId}-v${version}`,
  /** The guard masked something in the name of a file. */
  fileMasked: (attachmentId: string): string => `masked-file-${attachmentId}`,
  /** The guard masked something in the `n`-th change of the issue that was told. */
  changeMasked: (n: number): string => `masked-changed-${n}`,
  /** Huawei refused the `n`-th change of the issue for good. */
  changeRefused: (n: number): string => `refused-changed-${n}`,
  /** The guard masked or cut the text of a rating. */
  ratingChanged: (commentId: string): string => `rating-${commentId}`,
  /** Huawei does not take a file. */
  fileRefused: (attachmentId: string): string => `file-${attachmentId}`,
  /** A file of the case came later than its message. */
  lateFile: (fileId: string): string => `late-file-${fileId}`,
  /** A file of the case came later than its message, and Jira does not take it. */
  lateFileRefused: (fileId: string): string => `late-file-refused-${fileId}`,
  /** No way of the workflow leads to a status or category. */
  noTransition: (caseStatus: number, target: string): string => `no-transition-${caseStatus}-${target}`,
  /** Facts of the case changed to those with this hash. */
  facts: (hash: string): string => `facts-${hash}`,
  /** An engineer asks for access. */
  access: (authorizationId: string): string => `access-${authorizationId}`,
  /** The issue was moved out of the project and has this key now. */
  movedAway: (issueKey: string): string => `moved-${issueKey}`,
  /** The case cannot be read any more; `reason` says why. */
  unreadable: (reason: string, sinceMs: number): string => `${reason}-${sinceMs}`,
  /** A direction waits for a person. */
  suspended: (direction: string, reason: string, sinceMs: number): string => `held-${direction}-${reason}-${sinceMs}`,
  /** A request was refused; `hash` is that of what it asked for. */
  requestRefused: (hash: string): string => `request-${hash}`,
  /** The account may not open a case yet. */
  accountLacks: (code: string): string => `request-account-${code}`,
  /** The person who asked may not. */
  askerRefused: (accountId: string | null): string => `request-role-${accountId ?? "unknown"}`,
  /** The role that decides who may ask cannot be read. */
  roleUnread: "request-role-missing",
} as const;

/** Whether a notice of this cause says why a request made no case. Pure. */
export function isRefusalCause(cause: string): boolean {
  return cause.startsWith("request-");
}

/** What a cause of the past tells a rebuild. */
export type ParsedCause =
  | { readonly kind: "waits"; readonly n: number }
  | { readonly kind: "reply"; readonly commentId: string }
  | { readonly kind: "message_refused"; readonly sourceId: string }
  | { readonly kind: "description"; readonly n: number }
  | { readonly kind: "close_asked" }
  | { readonly kind: "no_transition"; readonly caseStatus: number }
  | { readonly kind: "other" };

/** Tells which notice a cause stands for, among those that other code asks about; every other cause is `other`. Pure. */
export function parseCause(cause: string): ParsedCause {
  const [, word, rest = ""] = /^(waits|reply|message|description|close|no-transition)-(.+)$/s.exec(cause) ?? [];
  const isNumber = /^\d+$/.test(rest);
  switch (word) {
    case "waits":
      return isNumber ? { kind: "waits", n: Number(rest) } : { kind: "other" };
    case "reply":
      return isNumber ? { kind: "reply", commentId: rest } : { kind: "other" };
    case "message":
      return { kind: "message_refused", sourceId: rest };
    case "description":
      return isNumber ? { kind: "description", n: Number(rest) } : { kind: "other" };
    case "close":
      return { kind: "close_asked" };
    case "no-transition": {
      const status = /^(\d+)-/.exec(rest)?.[1];
      return status === undefined ? { kind: "other" } : { kind: "no_transition", caseStatus: Number(status) };
    }
    default:
      return { kind: "other" };
  }
}

/** How a notice is named in the key of its write and in the property of its comment. Pure. */
export function noticeName(cause: string): string {
  return `notice:${cause}`;
}

/** What the property of a comment of ours names: the cause of a notice, or the name of a message's comment. Pure. */
export function parseCopyName(
  name: string,
): { readonly kind: "notice"; readonly cause: string } | { readonly kind: "message"; readonly name: string } {
  return name.startsWith("notice:")
    ? { kind: "notice", cause: name.slice("notice:".length) }
    : { kind: "message", name };
}
