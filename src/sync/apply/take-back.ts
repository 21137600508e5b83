/**
 * Copies of ours that must not stand any more: messages of a comment that was deleted or restricted, and second copies in Jira.
 */
import type { CaseMessage } from "../../domain/case.ts";
import { type CommentId, type MessageId, toId } from "../../domain/ids.ts";
import { knownFingerprints } from "../../domain/message-views.ts";
import { itemKey } from "../../domain/rows/item-key.ts";
import { type Mirror, mirrorId } from "../../domain/rows/mirror.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { ownWords } from "../../domain/text/guarded.ts";
import type { Mark } from "../../domain/text/marks.ts";
import type { Action } from "../plan/action.ts";
import type { LeasedLink } from "../state.ts";
import { owedMessage, sendOwed } from "./parts.ts";
import { type ApplyDeps, markKey, needCase, needIssue, permanentReason } from "./write-once.ts";

/**
 * A sent comment was deleted or restricted: each of its messages is withdrawn where OSM allows it; of what stays, a message marked
 * `withdrawn` tells, and a failure says that it had been disclosed. Throws `ServiceError`. May be repeated.
 */
export async function withdrawComment(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "withdraw_comment" }>,
): Promise<number> {
  const { mirror, reason } = action;
  const issueId = needIssue(leased);
  const commentId = toId<CommentId>(mirror.sourceId);
  if (reason === "deleted" && (await deps.jira.findComment(issueId, commentId, deps.lane)) !== null) {
    // Lists lag and shift between pages; the comment itself says that it is there.
    return 0;
  }
  const withdrawn = await takeBack(deps, leased, mirror);
  const base = { ...mirrorId.comment(commentId), state: "withdrawn" } as const;
  const audit = [{ side: "huawei", action: "withdraw", item: itemKey("comment", commentId), result: reason }] as const;
  if (withdrawn.complete) {
    await leased.apply({ mirrors: [{ ...base, reason }], audit });
    return withdrawn.writes;
  }
  const mark: Mark = {
    kind: "comment",
    issueKey: markKey(leased),
    commentId,
    version: 1,
    part: null,
    withdrawn: true,
  };
  const id = { kind: "withdrawal", commentId, version: mirror.version } as const;
  // One step: the comment counts as withdrawn from here on, and the message that says so is owed.
  await leased.apply({
    intents: [
      owedMessage(id, {
        mark,
        text: ownWords`The author has withdrawn this message. 作者已撤回此消息。`,
        owner: mirrorId.comment(commentId),
      }),
    ],
    mirrors: [{ ...base, reason: "already_disclosed" }],
    failures: [
      {
        direction: "to-huawei",
        // An item of its own: that the comment is sent again one day mends nothing.
        item: itemKey("withdrawal", commentId),
        reason: "already_disclosed",
        detail: `the comment had been sent before (${reason}); Huawei Cloud does not take it back`,
      },
    ],
    audit,
  });
  return withdrawn.writes + (await sendOwed(deps, leased, id));
}

/** Withdraws every message of a comment that shows. `complete`: none is left standing. */
async function takeBack(
  deps: ApplyDeps,
  leased: LeasedLink,
  mirror: Mirror<"comment">,
): Promise<{ readonly complete: boolean; readonly writes: number }> {
  const caseId = needCase(leased);
  const fingerprints = new Set(mirror.copyFingerprints);
  const isCopy = (message: CaseMessage): boolean =>
    (message.messageId !== null && message.messageId === mirror.copyId) ||
    knownFingerprints(message).some((fingerprint) => fingerprints.has(fingerprint));
  const shows = async (): Promise<boolean> =>
    (await deps.huawei.listMessages(caseId, deps.lane)).some((message) => message.content !== "" && isCopy(message));
  if (!deps.huawei.capabilities.has("withdraw")) return { complete: !(await shows()), writes: 0 };
  const detail = (await deps.huawei.getCase(caseId, deps.lane)).messages.filter(isCopy);
  const ids = new Set(detail.flatMap((message) => (message.messageId === null ? [] : [message.messageId])));
  if (detail.length === 0 && mirror.copyId !== null) ids.add(toId<MessageId>(mirror.copyId));
  let writes = 0;
  let refused = 0;
  for (const messageId of ids) {
    try {
      await deps.huawei.withdrawMessage(caseId, messageId, deps.lane);
      writes += 1;
    } catch (error) {
      if (permanentReason(error) === null) throw error;
      refused += 1;
    }
  }
  if (refused === 0 && writes > 0 && writes >= fingerprints.size) return { complete: true, writes };
  // Refused, or not in the detail: taken back before, or by somebody else, unless the whole list still shows it.
  return { complete: !(await shows()), writes };
}

/** Removes a second copy of ours from Jira. Answers how many writes that took. May be repeated: a copy that is gone is fine. Throws `ServiceError`. */
export async function removeDuplicate(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "remove_duplicate" }>,
): Promise<number> {
  const { issueId } = leased.snapshot.link;
  if (issueId === null) return 0;
  try {
    if (action.copy.kind === "file") await deps.jira.deleteFile(action.copy.attachmentId, deps.lane);
    else await deps.jira.deleteComment(issueId, action.copy.commentId, deps.lane);
  } catch (error) {
    // An earlier pass over the same reading removed it, or a person did.
    if (!isServiceError(error, "not_found")) throw error;
    return 0;
  }
  await leased.apply({
    audit: [{ side: "jira", action: "duplicate", item: action.item, result: "removed" }],
  });
  deps.log.warn({ item: action.item, issueKey: leased.snapshot.link.issueKey }, "A second copy of ours was removed");
  return 1;
}
