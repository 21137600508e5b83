/**
 * What is looked at before anything is written: whose the issue is, whether it was made before, and which of our marks stand on both
 * sides. A database may be older than what it wrote, or another installation may have taken the pair over (rules 2 and 7).
 */
import type { Issue } from "../../domain/issue.ts";
import { caseLabel } from "../../domain/labels.ts";
import { itemKey } from "../../domain/rows/item-key.ts";
import { isServiceError, type ServiceError } from "../../domain/service-error.ts";
import { pauseMs } from "../../lib/retry.ts";
import { describe } from "../apply/action-table.ts";
import { backoffMs, blocked, type Outcome } from "../outcome.ts";
import { isInProject, isIssueOf } from "../ownership.ts";
import type { Observed, Plan } from "../plan/action.ts";
import type { StampedIssue } from "../ports.ts";
import type { LeasedLink } from "../state.ts";
import { observe } from "./observe.ts";
import { later, type Run, type RunDeps } from "./run.ts";
import { noteMoved } from "./suspensions.ts";

/** How the run ends where the issue left the project, or is another installation's by now; `null` where it is ours. */
export async function leaveElsewhere(
  deps: RunDeps,
  leased: LeasedLink,
  run: Run,
  issue: Issue | null,
): Promise<Outcome | null> {
  if (issue === null) return null;
  if (issue.projectKey !== deps.settings.jira.projectKey) return noteMoved(deps, leased, run, issue);
  const { stamp } = issue;
  const { caseId, markStampedAt } = leased.snapshot.link;
  // Another one than ours on an issue that we had stamped: somebody rebuilt its mapping there, and both would mirror the pair.
  if (stamp === null || markStampedAt === null || stamp.inst === deps.installation) return null;
  // A rebuild names this pair in full; anything else is no installation's doing, and is written over.
  if (stamp.issueId !== issue.issueId || stamp.caseId !== caseId) return null;
  return blockForeign(leased, `the issue carries the mark of installation ${stamp.inst} now`);
}

/** Blocks the link until a person says whose the issue is (rule 7). */
async function blockForeign(leased: LeasedLink, detail: string): Promise<Outcome> {
  const reason = "foreign_installation";
  await leased.apply({
    link: { state: "blocked", reason },
    failures: [{ direction: "both", item: "link", reason, detail }],
  });
  return blocked(reason);
}

/** How long it holds that a case had no issue. */
const createCheckMaxMs = 600_000;

/**
 * Before an issue is made its label is looked for once: the database may be older than what it wrote (rule 2). Intake does this for
 * up to 50 cases with one query; here are those that it did not cover.
 */
export async function findIssueMadeBefore(deps: RunDeps, leased: LeasedLink): Promise<"none" | "adopted" | Outcome> {
  const { link, intents } = leased.snapshot;
  if (link.issueId !== null || link.caseId === null) return "none";
  // What was looked for long ago may have been made since, by a database that this one is an older copy of.
  const checkedAt = link.createCheckedAt?.getTime() ?? 0;
  if (deps.clock.now().getTime() - checkedAt < createCheckMaxMs) return "none";
  const intent = intents.find((entry) => entry.kind === "issue");
  // One that was sent is looked for by its settle looks.
  if (intent !== undefined && intent.state !== "planned") return "none";
  const labelled = await deps.jira.findIssuesByLabels([caseLabel(link.caseId)], deps.lane);
  const paired = await deps.state.listPairedIssues(
    link.connectionName,
    labelled.map((hit) => hit.issueId),
  );
  const hits: StampedIssue[] = [];
  for (const hit of labelled) {
    if (!paired.has(hit.issueId) && (await isIssueOf(deps, hit, link.caseId, deps.lane))) hits.push(hit);
  }
  const own = hits.find((hit) => hit.stamp?.inst === deps.installation);
  if (own !== undefined) {
    await leased.apply({
      link: { issueId: own.issueId, issueKey: own.issueKey },
      ...(intent === undefined ? {} : { confirmedIntents: [intent.key] }),
      adoptions: 1,
      audit: [{ side: "jira", action: "adopt", item: itemKey("issue", own.issueId), result: "adopted" }],
    });
    return "adopted";
  }
  if (hits.some((hit) => isInProject(deps.settings, hit))) {
    return blockForeign(leased, "the case has an issue made by another installation");
  }
  await leased.apply({ link: { createCheckedAt: deps.clock.now() } });
  return "none";
}

/**
 * Before the first write of a link in this process its marks are read on both sides: a database restored from yesterday does not
 * know what it wrote since (rule 2). Links whose issue this process made have nothing to read.
 */
export async function readMarksOnce(
  deps: RunDeps,
  leased: LeasedLink,
  run: Run,
  plan: Plan,
  observed: Observed,
): Promise<Observed> {
  const { link } = leased.snapshot;
  if (link.issueId === null) {
    deps.marksRead.add(link.id);
    return observed;
  }
  if (deps.marksRead.has(link.id)) return observed;
  let result = observed;
  try {
    if (plan.actions.some((action) => describe(action).mayExist)) {
      if (observed.comments === null) {
        result = {
          ...result,
          issueReadAt: deps.clock.now(),
          comments: await deps.jira.listComments(link.issueId, deps.lane),
          issue: result.issue ?? (await deps.jira.findIssue(link.issueId, deps.lane)),
        };
      }
      if (observed.messages === null) {
        const seen = await observe(deps, link, { huawei: true, jira: false, full: false });
        result = { ...result, case: seen.case, caseReadAt: seen.caseReadAt, messages: seen.messages };
      }
    }
  } catch (error) {
    if (!isServiceError(error)) throw error;
    run.failed = true;
    run.reason = error.kind;
    run.recheck(later(deps, pauseMs(backoffMs(link.attempts, deps.random()), error.facts.retryAfterMs)));
    throw new MarksUnread(error);
  }
  if (result !== observed || (observed.comments !== null && observed.messages !== null)) deps.marksRead.add(link.id);
  return result;
}

/** The marks could not be read, so nothing may be written in this run. */
export class MarksUnread extends Error {
  constructor(cause: ServiceError) {
    super("marks could not be read", { cause });
    this.name = "MarksUnread";
  }
}
