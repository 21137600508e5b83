/** Readings after the run's own writes: what they show saves the next look, and a failure of theirs costs nothing else. */
import { caseLabel, commonLabel, toJiraLabel } from "../../domain/labels.ts";
import { isServiceError } from "../../domain/service-error.ts";
import type { ApplyDeps } from "../apply/write-once.ts";
import type { Observed } from "../plan/action.ts";
import type { LeasedLink } from "../state.ts";
import { IssueMissing, observe } from "./observe.ts";
import { later, type Run, type RunDeps } from "./run.ts";

/** For so long a reading of the issue serves further passes of its run. */
const issueStandsMs = 2_000;

/**
 * The issue that this run has just made. The first one of a process is read, to learn in which status new issues start; the others
 * look like it, which saves a request per case of an import.
 */
export async function issueJustMade(deps: RunDeps, leased: LeasedLink, run: Run): Promise<Observed["issue"]> {
  const { link } = leased.snapshot;
  // The runs that start together wait for the first reading.
  if (deps.newIssues.pattern === null) await deps.newIssues.reading;
  const pattern = deps.newIssues.pattern;
  if (pattern === null || link.issueId === null || link.issueKey === null || link.caseId === null) {
    const reading = readIssueSoftly(deps, leased, run);
    deps.newIssues.reading = reading.catch(() => {});
    const issue = await reading;
    if (issue !== null) deps.newIssues.pattern = issue;
    return issue;
  }
  return {
    ...pattern,
    issueId: link.issueId,
    issueKey: link.issueKey,
    labels: [caseLabel(link.caseId), commonLabel, ...new Set(link.caseLabels.map(toJiraLabel))],
    files: [],
    stamp: null,
    // Not a reading: the next round reads the issue whatever this says.
    updatedRaw: "",
  };
}

/** The issue after an edit of ours, read anew; as it was seen before where that is not possible. */
export async function issueAfterEdit(
  deps: ApplyDeps,
  leased: LeasedLink,
  run: Run,
  { issue }: Pick<Observed, "issue">,
): Promise<Observed["issue"]> {
  return issue === null ? null : ((await readIssueSoftly(deps, leased, run)) ?? issue);
}

async function readIssueSoftly(deps: ApplyDeps, leased: LeasedLink, run: Run): Promise<Observed["issue"]> {
  const { issueId } = leased.snapshot.link;
  try {
    return issueId === null ? null : await deps.jira.findIssue(issueId, deps.lane);
  } catch (error) {
    if (!isServiceError(error)) throw error;
    run.recheck(later(deps, 2_000));
    run.failed = true;
    return null;
  }
}

/** The confirming read after own messages; when it fails, the next look does it. */
export async function readCaseSoftly(
  deps: ApplyDeps,
  leased: LeasedLink,
  run: Run,
  { issueReadAt }: Pick<Observed, "issueReadAt">,
): Promise<Partial<Observed>> {
  const { link } = leased.snapshot;
  const hasIssue = issueReadAt !== null && deps.clock.now().getTime() - issueReadAt.getTime() <= issueStandsMs;
  try {
    const seen = await observe(deps, link, { huawei: true, jira: false, full: false }, { hasIssue });
    const { case: detail, caseReadAt, messages } = seen;
    return { case: detail, caseReadAt, messages, ...(seen.issue === null ? {} : { issue: seen.issue }) };
  } catch (error) {
    if (!isServiceError(error) && !(error instanceof IssueMissing)) throw error;
    run.recheck(later(deps, 2_000));
    return {};
  }
}
