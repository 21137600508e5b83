/**
 * Huawei → Jira: the conversation of a case, and notices that are still owed.
 */
import type { Intent } from "../../domain/link.ts";
import { findMark, type IdentifiedMessage, type SortedMessages } from "../identity.ts";
import { type Action, isReleased, type PlanInput, reopenKeyPrefix } from "./action.ts";
import { changeKeyPrefix } from "./changes.ts";
import { isRetriedFile } from "./comments.ts";
import { issueHold } from "./restriction.ts";

/** Huawei → Jira: messages, our copies among them, and the files of the description. */
export function planMessages(input: PlanInput, sorted: SortedMessages): Action[] {
  const actions: Action[] = [];
  const mirrors = new Map(
    input.mirrors.filter((mirror) => mirror.kind === "message").map((mirror) => [mirror.sourceId, mirror]),
  );
  const files = new Set(input.mirrors.filter((mirror) => mirror.kind === "file").map((mirror) => mirror.sourceId));
  const commentIds =
    input.observed.full && input.observed.comments !== null
      ? new Set<string>(input.observed.comments.map((comment) => comment.commentId))
      : null;

  for (const { intent, message, fingerprint } of sorted.confirmed) {
    actions.push({ kind: "confirm_message", direction: "state", intent, message, fingerprint });
  }
  // What a case was made of came from its issue.
  if (sorted.first !== null && !isOwnRequest(input, sorted.first)) {
    const missing = sorted.first.message.files.filter((file) => !files.has(file.fileId));
    if (missing.length > 0) {
      actions.push({
        kind: "carry_issue_files",
        direction: "to-jira",
        parentId: sorted.first.sourceId,
        files: missing,
      });
    }
  }
  // Marks that name something here were adopted before; while the comments are not read, none is judged.
  for (const identified of sorted.unknownMarks) {
    if (isReleased(input, `message:${identified.sourceId}`)) {
      actions.push({ kind: "post_message", direction: "to-jira", message: identified, again: false });
    } else if (input.observed.comments !== null) {
      actions.push({ kind: "report_unknown_mark", direction: "state", message: identified });
    }
  }
  actions.push(...planLateFiles(input, sorted));
  for (const identified of sorted.people) {
    if (identified.renameFrom !== null) {
      actions.push({
        kind: "rename_message",
        direction: "state",
        from: identified.renameFrom,
        to: identified.sourceId,
      });
    }
    const mirror = mirrors.get(identified.renameFrom ?? identified.sourceId);
    if (mirror === undefined || mirror.state === "sending") {
      actions.push({ kind: "post_message", direction: "to-jira", message: identified, again: false });
    } else if (mirror.state === "placeholder" && isReleased(input, `message:${mirror.sourceId}`)) {
      actions.push({ kind: "post_message", direction: "to-jira", message: identified, again: false });
    } else if (
      mirror.state === "live" &&
      mirror.copyId !== null &&
      commentIds !== null &&
      !commentIds.has(mirror.copyId)
    ) {
      // Somebody removed the copy. Lists lag, so a copy that was younger than the settle time at the reading is not missed yet.
      const readAt = input.observed.issueReadAt ?? mirror.updatedAt;
      if (readAt.getTime() - mirror.updatedAt.getTime() > input.settings.settle.listSeconds * 1000) {
        actions.push({ kind: "post_message", direction: "to-jira", message: identified, again: true });
      }
    }
  }
  return actions;
}

/** Whether a case was made for this issue, going by the mark at its start. */
function isOwnRequest(input: PlanInput, first: IdentifiedMessage): boolean {
  const mark = findMark(first.message.content);
  return mark?.kind === "case" && mark.issueId === input.link.issueId;
}

/** Files that Jira did not take before, once what stood in their way may have passed. */
function planLateFiles(input: PlanInput, sorted: SortedMessages): Action[] {
  const retried = input.mirrors.filter((mirror) => mirror.origin === "huawei" && isRetriedFile(input, mirror));
  if (retried.length === 0) return [];
  const shown = [...(sorted.first === null ? [] : [sorted.first]), ...sorted.people];
  return retried.flatMap((mirror): Action[] => {
    const holder = shown.find(({ message }) => message.files.some((file) => file.fileId === mirror.sourceId));
    const file = holder?.message.files.find((entry) => entry.fileId === mirror.sourceId);
    if (holder === undefined || file === undefined) return [];
    return [{ kind: "carry_late_file", direction: "to-jira", file, parentId: mirror.parentId ?? holder.sourceId }];
  });
}

/** Notices and messages of our own that were decided and not written: nothing but their intents remembers them. */
export function planOwed(input: PlanInput): Action[] {
  return input.intents.flatMap((intent): Action[] => {
    if (intent.state !== "planned") return [];
    if (intent.side === "jira") {
      return intent.key.startsWith("notice:") ? [{ kind: "resume_notice", direction: "to-jira", intent }] : [];
    }
    // What the issue says of itself leaves only after a look at the issue, and so does the wish to take the case up again.
    if (intent.key.startsWith(changeKeyPrefix) || intent.key.startsWith(reopenKeyPrefix)) return [];
    const owner = intent.payload.owner as { readonly kind?: string } | undefined;
    // A withdrawal is told whatever the issue may say; the rest of a case's text waits while nothing of the issue leaves.
    const { issue } = input.observed;
    const mayLeave = issue === null || issueHold(issue, input.settings) === null;
    const ours = (owner?.kind === "notice" && mayLeave) || intent.key.endsWith(":withdrawn");
    return ours && !followsUnknown(input, intent) ? [{ kind: "resume_message", direction: "to-huawei", intent }] : [];
  });
}

/** Whether an earlier part of the same text may have arrived or not: parts leave in their order (RULES 8). */
function followsUnknown({ intents }: PlanInput, intent: Intent): boolean {
  return intents.some(
    (other) =>
      other.state === "unknown" &&
      ownerOf(other) === ownerOf(intent) &&
      Number(other.payload.index) < Number(intent.payload.index),
  );
}

function ownerOf({ key, payload }: Intent): string {
  const { kind, sourceId } = (payload.owner ?? {}) as { readonly kind?: string; readonly sourceId?: string };
  return kind === undefined ? key : `${kind} ${sourceId}`;
}
