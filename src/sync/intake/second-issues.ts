/**
 * Second issues of ours. A create whose answer was lost is repeated once every look for it came back empty (rule 2); where the search
 * lags longer than the settle time, the first issue shows up beside the one that was paired. It is removed only when it is proved to
 * be that one and nobody has touched it: deleting an issue cannot be undone. Everything else is reported as `duplicate`.
 *
 * What proves it: our property names the case and no issue but itself, our account created it, and it is older than the paired issue.
 * A clone, which may carry all our stamps, is always younger than its original.
 */
import { type CaseId, type LinkId, toId } from "../../domain/ids.ts";
import type { Issue } from "../../domain/issue.ts";
import { linkLeaseMs } from "../../domain/lease.ts";
import { itemKey } from "../../domain/rows/item-key.ts";
import { isServiceError } from "../../domain/service-error.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import { namesItself } from "../ownership.ts";
import type { UpdatedIssue } from "../ports.ts";
import { type IntakeLink, LeaseLost } from "../state.ts";

/**
 * Looks among updated issues for second ones of cases that are paired already. Asks nothing of Jira when there is none. Answers how many
 * were removed. May be repeated. Throws `ServiceError`.
 */
export async function removeSecondIssues(
  deps: IntakeDeps,
  updated: readonly UpdatedIssue[],
  linked: ReadonlyMap<string | null, IntakeLink>,
): Promise<number> {
  const stamped = updated.filter((issue) => !linked.has(issue.issueId) && namesItself(issue));
  if (stamped.length === 0) return 0;
  const installation = await deps.state.getInstallation();
  const own = await deps.jira.getOwnAccountId();
  const suspects = stamped.filter(({ stamp, creatorId }) => stamp?.inst === installation && creatorId === own);
  if (suspects.length === 0) return 0;
  const links = await deps.state.findLinksByCase(
    deps.settings.name,
    suspects.flatMap(({ stamp }) => (stamp === null ? [] : toId<CaseId>(stamp.caseId))),
  );
  const byCase = new Map<string | null, IntakeLink>(links.map((link) => [link.caseId, link]));
  let removed = 0;
  for (const suspect of suspects) {
    const link = byCase.get(suspect.stamp?.caseId ?? null);
    if (link?.state === "active" && link.issueId !== null && link.issueId !== suspect.issueId)
      removed += await removeOrReport(deps, link.id, suspect);
  }
  return removed;
}

/** Under the link's lease, so that no run takes the issue for its own meanwhile. A link that is busy is left to the next round. */
async function removeOrReport(deps: IntakeDeps, linkId: LinkId, suspect: UpdatedIssue): Promise<number> {
  const leased = await deps.state.claimLink(linkId, deps.owner, linkLeaseMs);
  if (leased === null) return 0;
  const { link, intents, failures } = leased.snapshot;
  const item = itemKey("issue", suspect.issueKey);
  try {
    const isMaking = intents.some((intent) => intent.kind === "issue");
    const isKnown = failures.some((failure) => failure.item === item && failure.reason === "duplicate");
    if (link.issueId === null || link.issueId === suspect.issueId || isMaking || isKnown) return 0;
    const paired = await deps.jira.findIssue(link.issueId, "poll");
    const second = await deps.jira.findIssue(suspect.issueId, "poll");
    if (paired === null || second === null) return 0;
    const isOurs = await isOursAlone(deps, paired, second);
    // Nothing is deleted by a round that stood still while somebody else took the link.
    if (isOurs) await leased.renew();
    if (isOurs && (await isDeleted(deps, second))) {
      await leased.apply({ audit: [{ side: "jira", action: "duplicate", item, result: "removed" }] });
      deps.log.warn({ issueKey: second.issueKey, caseId: link.caseId }, "A second issue of ours was removed");
      return 1;
    }
    await leased.apply({
      failures: [
        {
          direction: "to-jira",
          item,
          reason: "duplicate",
          detail: `${second.issueKey} is a second issue of the case beside ${paired.issueKey}`,
        },
      ],
    });
    return 0;
  } catch (error) {
    // The next round looks again.
    if (!(error instanceof LeaseLost)) throw error;
    return 0;
  } finally {
    // What was due before is due now.
    const recheckAt = link.wantedRev > link.doneRev ? deps.clock.now() : link.recheckAt;
    await leased.finish({ doneRev: null, recheckAt, attempts: link.attempts });
  }
}

/** Whether the issue is the one whose create was repeated, and nobody else ever did anything with it. */
async function isOursAlone(deps: IntakeDeps, paired: Issue, second: Issue): Promise<boolean> {
  const own = await deps.jira.getOwnAccountId();
  if (second.creatorId !== own || second.createdAt >= paired.createdAt) return false;
  if (second.files.some((file) => file.authorId !== own)) return false;
  const comments = await deps.jira.listComments(second.issueId, "poll");
  if (comments.some((comment) => comment.authorId !== own)) return false;
  const changes = await deps.jira.listChanges(second.issueId, "poll");
  return changes.every((change) => change.authorId === own);
}

/** Deletes it; false where we may not, or where it has sub-tasks. */
async function isDeleted(deps: IntakeDeps, issue: Issue): Promise<boolean> {
  try {
    await deps.jira.deleteIssue(issue.issueId, "poll");
    return true;
  } catch (error) {
    if (!isServiceError(error, "forbidden", "rejected")) throw error;
    return false;
  }
}
