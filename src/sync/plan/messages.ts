/**
 * Huawei → Jira: the conversation of a case, and notices that are still owed.
 */

import {
  findMark,
  type IdentifiedMessage,
  messageHash,
  type SortedMessages,
  sentAgain,
} from "../../domain/identity.ts";
import type { IssueComment } from "../../domain/issue.ts";
import { findIntent, type Intent, isMessageIntent, type MessageIntentKind, ownerOf } from "../../domain/rows/intent.ts";
import { itemKey } from "../../domain/rows/item-key.ts";
import { findMirror, isSameMirror, type Mirror, type MirrorId, type OwnerKind } from "../../domain/rows/mirror.ts";
import { storedKind } from "../../domain/rows/mirror-name.ts";
import { toOurTime } from "../../lib/service-clock.ts";
import { applyStep } from "../apply-step.ts";
import type { LinkSnapshot, StateStep } from "../state.ts";
import { type Action, isReleased, type PlanInput, type Recheck } from "./action.ts";
import { isRetriedFile } from "./own-files.ts";
import { remember } from "./remember.ts";
import { issueBar } from "./restriction.ts";

/** Huawei → Jira: messages, our copies among them, and the files of the description. */
export function planMessages(input: PlanInput, sorted: SortedMessages, recheck: Recheck): Action[] {
  const actions: Action[] = [
    ...planConfirmed(input, sorted.confirmed),
    ...planDescriptionFiles(input, sorted.first),
    ...sorted.unknownMarks.flatMap((identified) => planUnknownMark(input, identified)),
    ...planLateFiles(input, sorted),
  ];
  const rows = new Map(
    input.mirrors.flatMap((mirror) => (mirror.kind === "message" ? [[mirror.sourceId, mirror] as const] : [])),
  );
  const { observed } = input;
  const shown = observed.full && observed.comments !== null ? new Set(observed.comments.map(idOfComment)) : null;
  for (const identified of sorted.people) {
    const mirror = rows.get(identified.renameFrom ?? identified.sourceId);
    const waitsUntil = mirror === undefined ? wholeTextDue(input, identified) : null;
    if (waitsUntil !== null) {
      // What follows waits with it, so that the order is kept.
      recheck.note(waitsUntil);
      break;
    }
    if (identified.renameFrom !== null) {
      const [from, to] = [identified.renameFrom, identified.sourceId];
      actions.push(remember("rename_message", { renames: [{ kind: "message", origin: "huawei", from, to }] }));
    }
    const isGone = shown !== null && isCopyGone(input, mirror, shown);
    if (isGone || isOwedCopy(input, mirror))
      actions.push({ kind: "post_message", direction: "to-jira", message: identified, again: isGone });
  }
  return actions;
}

/** Files of the description that were not carried. What a case was made of came from its issue. */
function planDescriptionFiles(input: PlanInput, first: IdentifiedMessage | null): Action[] {
  if (first === null || isOwnRequest(input, first)) return [];
  const known = new Set(input.mirrors.flatMap(({ kind, sourceId }) => (kind === "file" ? [sourceId] : [])));
  const files = first.message.files.filter((file) => !known.has(file.fileId));
  return files.length === 0
    ? []
    : [{ kind: "carry_issue_files", direction: "to-jira", parentId: first.sourceId, files }];
}

/** Marks that name something here were adopted before; while the comments are not read, none is judged. */
function planUnknownMark(input: PlanInput, identified: IdentifiedMessage): Action[] {
  const item = itemKey("message", identified.sourceId);
  if (isReleased(input, item))
    return [{ kind: "post_message", direction: "to-jira", message: identified, again: false }];
  if (input.observed.comments === null) return [];
  const detail = "a message starts with a mark that nobody here remembers";
  return [
    remember("report_unknown_mark", {
      failures: [{ direction: "to-jira", item, reason: "unknown_mark", detail }],
    }),
  ];
}

/** Whether a message still lacks its copy, or parts of it. */
function isOwedCopy(input: PlanInput, mirror: Mirror<"message"> | undefined): boolean {
  if (mirror === undefined || mirror.state === "sending") return true;
  return mirror.state === "placeholder" && isReleased(input, itemKey("message", mirror.sourceId));
}

function idOfComment({ commentId }: IssueComment): string {
  return commentId;
}

/**
 * Whether somebody removed the copy, which a full reading shows. Lists lag, so a copy that was younger than the settle time at the reading
 * is not missed yet.
 */
function isCopyGone(
  { observed, settings }: PlanInput,
  mirror: Mirror<"message"> | undefined,
  shown: ReadonlySet<string>,
): boolean {
  if (mirror?.state !== "live" || mirror.copyId === null || shown.has(mirror.copyId)) return false;
  const readAt = observed.issueReadAt ?? mirror.updatedAt;
  return readAt.getTime() - mirror.updatedAt.getTime() > settings.settle.listSeconds * 1000;
}

/** Our own messages that show in a reading: each intent is done, and its mirror learns the copy. */
function planConfirmed(input: PlanInput, confirmed: SortedMessages["confirmed"]): Action[] {
  // Several parts of one comment may show in one reading: each step counts on the one before it.
  let memory: LinkSnapshot = input;
  return confirmed.map((entry) => {
    const step = confirmedStep(memory, entry);
    memory = applyStep(memory, step, input.now);
    return remember("confirm_message", step);
  });
}

function confirmedStep(
  { mirrors, intents }: LinkSnapshot,
  { intent, message, fingerprint }: SortedMessages["confirmed"][number],
): StateStep {
  const owner = ownerOf(intent);
  const mirror = owner === null ? undefined : findMirror<OwnerKind>(mirrors, owner);
  const others = intents.filter((other) => {
    const its = ownerOf(other);
    return other.key !== intent.key && owner !== null && its !== null && isSameMirror(its, owner);
  });
  const fresh = mirror?.state === "sending" && intent.kind === "comment_part";
  return {
    confirmedIntents: [intent.key],
    ...(owner === null
      ? {}
      : {
          mirrors: [
            {
              ...owner,
              ...(message.messageId !== null && (fresh || mirror?.copyId == null) ? { copyId: message.messageId } : {}),
              copyFingerprints: [...(mirror?.copyFingerprints ?? []), fingerprint],
              ...(intent.repeated ? { reason: sentAgain } : {}),
              state: confirmedState(mirror?.state, others.length === 0),
            },
          ],
        }),
    ...(message.authorId === null ? {} : { huaweiUserId: message.authorId }),
    audit: [{ side: "huawei", action: "confirm", item: intent.key, result: message.messageId ?? "seen" }],
  };
}

/** A comment that was withdrawn or refused meanwhile stays so, whatever of it shows now. */
function confirmedState(before: Mirror["state"] | undefined, complete: boolean): Mirror["state"] {
  if (before === "withdrawn" || before === "refused" || before === "held") return before;
  return complete ? "live" : (before ?? "sending");
}

/**
 * Until when the whole text of a message is waited for that only a list shows yet (rule 2, settle time); `null` when it is there, or was
 * waited for. Then a comment without the text keeps its place.
 */
function wholeTextDue(input: PlanInput, { message }: IdentifiedMessage): Date | null {
  if (message.textCut !== true) return null;
  const writtenAt = toOurTime(message.createdAt, input.aheadMs.huawei);
  const due = new Date(writtenAt.getTime() + input.settings.settle.messageSeconds * 1000);
  return due > (input.observed.caseReadAt ?? input.now) ? due : null;
}

/** Whether a case was made for this issue, going by the mark at its start. */
function isOwnRequest(input: PlanInput, first: IdentifiedMessage): boolean {
  const mark = findMark(first.message.content);
  return mark?.kind === "case" && mark.issueId === input.link.issueId;
}

/** Files that come after their messages: refused before, or not shown by the view that the message was mirrored from. */
function planLateFiles(input: PlanInput, sorted: SortedMessages): Action[] {
  const own = input.mirrors.filter((mirror) => mirror.origin === "huawei");
  const rows = new Map(own.flatMap((mirror) => (mirror.kind === "file" ? [[mirror.sourceId, mirror] as const] : [])));
  const messages = new Map(
    own.flatMap((mirror) => (mirror.kind === "message" ? [[mirror.sourceId, mirror] as const] : [])),
  );
  return [...(sorted.first === null ? [] : [sorted.first]), ...sorted.people].flatMap((holder): Action[] => {
    const mirror = messages.get(holder.renameFrom ?? holder.sourceId);
    const hasChanged = (): boolean =>
      mirror?.state === "live" && mirror.sourceHash !== null && mirror.sourceHash !== messageHash(holder.message);
    return holder.message.files.flatMap((file): Action[] => {
      const row = rows.get(file.fileId);
      const late = { kind: "carry_late_file", direction: "to-jira", file } as const;
      if (row !== undefined)
        return isRetriedFile(input, row)
          ? [{ ...late, parentId: row.parentId ?? holder.sourceId, cause: "refused" }]
          : [];
      // A planned upload of an earlier run comes to nothing by itself: its message may be known under the name of a twin by now.
      const upload = findIntent(input.intents, { kind: "file", fileId: file.fileId });
      const isUnderWay = upload !== undefined && upload.state !== "planned";
      return !isUnderWay && hasChanged() ? [{ ...late, parentId: holder.sourceId, cause: "unseen" }] : [];
    });
  });
}

/** Notices and messages of our own that were decided and not written: nothing but their intents remembers them. */
export function planOwed(input: PlanInput): Action[] {
  return input.intents.flatMap((intent): Action[] => {
    if (intent.state !== "planned") return [];
    if (intent.kind === "notice") return [{ kind: "resume_notice", direction: "to-jira", intent }];
    // What the issue says of itself leaves only after a look at the issue, and so does the wish to take the case up again.
    if (!isMessageIntent(intent) || intent.kind === "change" || intent.kind === "reopen") return [];
    const { owner } = intent.payload;
    // A withdrawal is told whatever the issue may say; the rest of a case's text waits while nothing of the issue leaves.
    const { issue } = input.observed;
    const mayLeave = issue === null || issueBar(issue, input.settings) === null;
    const ours = (isOfNotice(owner) && mayLeave) || intent.kind === "withdrawal";
    return ours && !followsUnknown(input, intent) ? [{ kind: "resume_message", direction: "to-huawei", intent }] : [];
  });
}

/** Whether an earlier part of the same text may have arrived or not: parts leave in their order (rule 8). */
function followsUnknown({ intents }: PlanInput, intent: Intent<MessageIntentKind>): boolean {
  const { owner, index } = intent.payload;
  return intents.some(
    (other) =>
      isMessageIntent(other) &&
      other.state === "unknown" &&
      other.payload.index < index &&
      owner !== null &&
      other.payload.owner !== null &&
      isSameMirror(other.payload.owner, owner),
  );
}

/** Whether a message is of casebridge's own, and carries neither a comment nor a file alone. */
function isOfNotice(owner: MirrorId<OwnerKind> | null): boolean {
  return owner !== null && storedKind(owner.kind) === "notice";
}
