/**
 * Copies of mirrored issues. Cloning an issue takes its labels along, and with some add-ons its hidden property; people write both by
 * hand, too. Such an issue must neither be taken for the original nor make a case of its own (rule 7). What proves an original stands
 * in `ownership.ts`.
 */

import type { Issue } from "../../domain/issue.ts";
import { caseLabelPrefix } from "../../domain/labels.ts";
import type { Lane } from "../../domain/lane.ts";
import { findIntent } from "../../domain/rows/intent.ts";
import { findMirror } from "../../domain/rows/mirror.ts";
import { noticeId } from "../../domain/rows/mirror-name.ts";
import { noticeCause, noticeName } from "../../domain/rows/notice-cause.ts";
import { toOurTime } from "../../lib/service-clock.ts";
import { postNotice } from "../apply/notices.ts";
import { type ApplyDeps, needIssue } from "../apply/write-once.ts";
import { isIssueOf, namesItself } from "../ownership.ts";
import type { JiraPort, StampedIssue } from "../ports.ts";
import type { LeasedLink } from "../state.ts";
import { say, type Words } from "../texts/say.ts";

/**
 * Whether an issue without a link carries what belongs to another one, or what casebridge never gave it. One that our own account made
 * is no copy when its property is gone: it is told as unmarked. Asks Jira only about an issue of a person whose property names the issue
 * itself. Throws `ServiceError`.
 */
export async function isClone(
  deps: { readonly jira: Pick<JiraPort, "getOwnAccountId" | "listChanges"> },
  issue: StampedIssue,
  lane: Lane,
): Promise<boolean> {
  if (issue.stamp === null) {
    const isLabelled = issue.labels.some((label) => label.startsWith(caseLabelPrefix));
    return isLabelled && issue.creatorId !== (await deps.jira.getOwnAccountId());
  }
  return !namesItself(issue) || !(await isIssueOf(deps, issue, issue.stamp.caseId, lane));
}

/** What keeps a copy from being a request, for people; `null` where the issue carries nothing of casebridge's. Pure. */
export function cloneText({ issueId, labels, stamp }: Pick<Issue, "issueId" | "labels" | "stamp">): Words | null {
  const foreign = labels.filter((label) => label.startsWith(caseLabelPrefix));
  if (foreign.length > 0) {
    return (t) => t.request.copyByLabel(foreign.join(", "));
  }
  if (stamp === null) return null;
  const isCopy = stamp.issueId !== undefined && stamp.issueId !== issueId;
  return ({ request }) => (isCopy ? request.copyByMark : request.foreignMark);
}

/**
 * Says on a copy, once, that nothing of it is mirrored, and how to make a request of it. An issue that is no copy (any more) is left
 * alone. `askedAt`: when the issue was found to ask for nothing, by our clock. Answers the number of writes. May be repeated, also after
 * the database was lost. Throws as `writeOnce`.
 */
export async function noticeClone(deps: ApplyDeps, leased: LeasedLink, askedAt: Date): Promise<number> {
  const issueId = needIssue(leased);
  const issue = await deps.jira.findIssue(issueId, deps.lane);
  if (issue === null) return 0;
  const text = (await isClone(deps, issue, deps.lane)) ? cloneText(issue) : null;
  const { mirrors, intents } = leased.snapshot;
  const cause = noticeCause.clone;
  const row = noticeId(cause);
  const hasNotice = findMirror(mirrors, row) !== undefined;
  let writes = 0;
  if (text !== null && !hasNotice) {
    const owed = findIntent(intents, { kind: "notice", cause }) !== undefined;
    const comments = owed ? [] : await deps.jira.listComments(issueId, deps.lane);
    const before = comments.find((comment) => comment.stamp?.fingerprint === noticeName(cause));
    if (before === undefined) {
      writes = await postNotice(
        deps,
        leased,
        cause,
        say(deps.settings, (t) => t.request.copyUnmirrored(text(t))),
      );
    } else {
      await leased.apply({
        mirrors: [{ ...row, copyId: before.commentId, state: "live" }],
      });
    }
  }
  // What was looked at is no news in the next round, unless it changed since.
  const isSeen = toOurTime(new Date(issue.updatedRaw), deps.jira.serviceClock.aheadMs()) < askedAt;
  await leased.apply({
    link: { issueKey: issue.issueKey, ...(isSeen ? { jiraUpdatedRaw: issue.updatedRaw } : {}) },
  });
  return writes;
}
