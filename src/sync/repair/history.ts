/**
 * Comments from before `outgoingSince`: never sent by themselves; an operator may look at them and let exactly those go (rule 5).
 */

import { type CommentHashes, commentHashes } from "../../domain/identity.ts";
import type { CommentId, LinkId } from "../../domain/ids.ts";
import { linkLeaseMs } from "../../domain/lease.ts";
import { itemKey } from "../../domain/rows/item-key.ts";
import { findMirror, mirrorId } from "../../domain/rows/mirror.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import { isInScope, isWanted, releasedReason } from "../plan/disclosure.ts";
import { commentBar } from "../plan/restriction.ts";
import type { Clock, JiraPort, TextPort } from "../ports.ts";
import type { StatePort } from "../state.ts";

/** What listing and releasing old comments works with. */
export type HistoryDeps = {
  readonly jira: JiraPort;
  readonly text: TextPort;
  readonly state: StatePort;
  readonly clock: Clock;
  readonly settings: ConnectionSettings;
  readonly owner: string;
};

/** One older comment as an operator sees it. Its hashes stand for exactly these words. */
export type HistoryComment = CommentHashes & {
  readonly commentId: CommentId;
  readonly authorName: string;
  readonly createdAt: Date;
  readonly text: string;
};

/**
 * Comments of people from before `outgoingSince` that the policy wants and no rule holds, oldest first; those that were sent, or let go
 * already, are left out. Reads only. Throws `ServiceError`; answers nothing where the issue cannot be seen.
 */
export async function listHistory(deps: HistoryDeps, linkId: LinkId): Promise<readonly HistoryComment[]> {
  const { jira, text, settings } = deps;
  const snapshot = await deps.state.findSnapshot(linkId);
  if (snapshot === null || snapshot.link.issueId === null) return [];
  const { link } = snapshot;
  const issue = await jira.findIssue(snapshot.link.issueId, "live");
  if (issue === null) return [];
  const comments = await jira.listComments(issue.issueId, "live");
  const ownAccountId = await jira.getOwnAccountId();
  return comments
    .filter((comment) => comment.authorId !== ownAccountId && comment.stamp == null)
    .flatMap((comment) => {
      const words = text.adfToText(comment.body);
      const hashes = commentHashes(comment, text.adfToText);
      const mirror = findMirror(snapshot.mirrors, mirrorId.comment(comment.commentId));
      const known = { comment, mirror, outgoingSince: link.outgoingSince, wanted: true, hashes };
      const bar = commentBar({ comment, comments, issue, settings, ownAccountId });
      if (isInScope(known) || !isWanted(settings, words) || bar !== null) return [];
      const { commentId, authorName, createdAt } = comment;
      return [{ commentId, authorName, createdAt, text: words, ...hashes }];
    })
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

/**
 * Lets these comments go, in the words that were shown: one that is edited, restricted or deleted before it leaves stays. Wakes the
 * link. `actor` is who said so, for the audit. Answers false while another run works on the link. May be repeated.
 */
export async function releaseHistory(
  deps: HistoryDeps,
  linkId: LinkId,
  comments: readonly HistoryComment[],
  actor: string,
): Promise<boolean> {
  const leased = await deps.state.claimLink(linkId, deps.owner, linkLeaseMs);
  if (leased === null) return false;
  const { link } = leased.snapshot;
  await leased.apply({
    mirrors: comments.map(({ commentId, createdAt, sourceHash, sourceDigest }) => ({
      ...mirrorId.comment(commentId),
      state: "held",
      reason: releasedReason,
      sourceHash,
      sourceDigest,
      sourceAt: createdAt,
    })),
    audit: comments.map(({ commentId }) => ({
      side: "huawei",
      action: "release_history",
      item: itemKey("comment", commentId),
      result: "released",
      actor,
    })),
  });
  await leased.finish({ doneRev: null, recheckAt: link.recheckAt, attempts: link.attempts });
  await deps.state.wake([{ linkId, huawei: true, jira: true, lane: "live" }]);
  return true;
}
