/**
 * Noticing issues that ask for a case, and keeping cases that were made for an issue from being taken for new ones.
 */
import { type CaseDetail, type CaseSummary, isOpenStatus } from "../../domain/case.ts";
import type { CaseId, IssueId } from "../../domain/ids.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { type Steps, unlessRefused } from "../../domain/steps.ts";
import { ownWords } from "../../domain/text/guarded.ts";
import { hashTexts } from "../../lib/hash.ts";
import { sealOwn } from "../apply/gate.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import type { JiraPort, UpdatedIssue } from "../ports.ts";
import type { IntakeLink } from "../state.ts";
import { cloneText, isClone } from "./clones.ts";
import { requestOf } from "./request.ts";

const settingsCursor = "create_settings";
const duplicatesCursor = "duplicate_cases";
/** A repeated create shows within so long after the first one. */
const repeatedWithinMs = 3_600_000;

/**
 * One question a round, and none where no issue was updated: issues of the query that have no link get one. When the settings of
 * creation changed, everything is asked for and refused requests are looked at again. Answers how many links are new. May be repeated.
 */
export async function takeRequests(deps: IntakeDeps, updatedCount: number): Promise<number> {
  const { name, create } = deps.settings;
  const hash = hashTexts([JSON.stringify(create)]).slice(0, 32);
  const changed = (await deps.state.findCursor(name, settingsCursor)) !== hash;
  if (!changed && updatedCount === 0) return 0;
  let hits: Awaited<ReturnType<JiraPort["listIssuesByJql"]>>;
  try {
    hits = await deps.jira.listIssuesByJql(create.jql, "poll");
  } catch (error) {
    // Asked again by the next round, whether an issue was updated by then or not.
    await deps.state.saveCursor(name, settingsCursor, "");
    throw error;
  }
  const links = await deps.state.findLinksByIssue(
    name,
    hits.map((issue) => issue.issueId),
  );
  const known = new Set(links.map((link) => link.issueId));
  const fresh = hits.filter((issue) => !known.has(issue.issueId));
  const ids = await deps.state.insertIssueLinks(name, fresh, { now: deps.clock.now(), lane: "live" });
  const waiting = links.filter((link) => link.caseId === null && link.state === "active");
  if (changed && waiting.length > 0) {
    await deps.state.wake(waiting.map((link) => ({ linkId: link.id, jira: true, lane: "poll" }) as const));
  }
  if (changed) await deps.state.saveCursor(name, settingsCursor, hash);
  return ids.length;
}

/**
 * Updated issues that look like copies of mirrored ones get a link of their own, whose run says on the issue how to make a request of
 * it (rule 7). Jira is asked only about an issue that may have been paired by hand; one that it does not tell about is left out. Answers
 * how many links are new. May be repeated.
 */
export async function takeClones(deps: IntakeDeps, updated: readonly UpdatedIssue[]): Promise<number> {
  const { name } = deps.settings;
  const suspects = updated.filter((issue) => cloneText(issue) !== null);
  if (suspects.length === 0) return 0;
  const links = await deps.state.findLinksByIssue(
    name,
    suspects.map((issue) => issue.issueId),
  );
  const known = new Set(links.map((link) => link.issueId));
  const fresh: UpdatedIssue[] = [];
  for (const issue of suspects) {
    if (known.has(issue.issueId)) continue;
    if (await unlessRefused(deps.log, "copies of issues", () => isClone(deps, issue, "poll"))) fresh.push(issue);
  }
  const ids = await deps.state.insertIssueLinks(name, fresh, { now: deps.clock.now(), lane: "poll" });
  return ids.length;
}

/** The cases, less those that were made for an issue that has a link, going by their marks. Reads only. */
export async function notRequested(deps: IntakeDeps, entries: readonly CaseSummary[]): Promise<readonly CaseSummary[]> {
  const links = await findRequestLinks(deps, entries);
  return entries.filter((entry) => !links.has(requestOf(entry.description)));
}

/** The links of the issues that the marks of these cases name. */
async function findRequestLinks(
  deps: IntakeDeps,
  entries: readonly CaseSummary[],
): Promise<ReadonlyMap<IssueId | null, IntakeLink>> {
  const issueIds = entries.flatMap((entry) => requestOf(entry.description) ?? []);
  const links = await deps.state.findLinksByIssue(deps.settings.name, issueIds);
  return new Map(links.map((link) => [link.issueId, link]));
}

/**
 * Cases without a link, less those that were made for an issue: their own link takes them. Where the database does not know the issue
 * any more it is linked again, and its run finds the case by the mark. A second case for one issue is a duplicate (rule 2). Each case is
 * one of `steps`: one that a service fails waits for the next round, and the others do not.
 */
export async function withoutRequested(
  deps: IntakeDeps,
  entries: readonly CaseSummary[],
  steps: Steps,
): Promise<readonly CaseSummary[]> {
  const links = await findRequestLinks(deps, entries);
  const ordinary: CaseSummary[] = [];
  for (const entry of entries) {
    const issueId = requestOf(entry.description);
    const isOrdinary = issueId === null || (await steps.run(() => isUnrequested(deps, entry, issueId, links)));
    if (isOrdinary === true) ordinary.push(entry);
  }
  return ordinary;
}

/** Whether the issue that a case's mark names is no reason to treat it otherwise than any new case. */
async function isUnrequested(
  deps: IntakeDeps,
  entry: CaseSummary,
  issueId: IssueId,
  links: ReadonlyMap<IssueId | null, IntakeLink>,
): Promise<boolean> {
  const link = links.get(issueId);
  if (link?.caseId === null) {
    await deps.state.wake([{ linkId: link.id, huawei: true, jira: true, lane: "poll" }]);
    return false;
  }
  if (link !== undefined) {
    const { caseId } = link;
    // Its own case: the link got it after the round had read which cases have one.
    if (caseId === entry.caseId) return false;
    const first = await unlessUnreadable(() => deps.huawei.getCase(caseId, "poll"));
    // A repeated create says the same; ids of different sites may be equal, and then the texts differ.
    const isCopy =
      first !== null &&
      (first.description.startsWith(entry.description) || entry.description.startsWith(first.description));
    if (isCopy) await reportDuplicate(deps, { entry, first });
    return !isCopy;
  }
  const [issue] = (await unlessUnreadable(() => deps.jira.listIssues([issueId], "poll"))) ?? [];
  // Ids of different sites may be equal: the texts must be, too.
  const isOurs =
    issue?.projectKey === deps.settings.jira.projectKey && entry.description.includes(issue.summary.slice(0, 40));
  if (issue === undefined || !isOurs) return true;
  // A label of the query may be gone by now; the pair is remembered by the mark alone.
  await deps.state.insertIssueLinks(deps.settings.name, [issue], {
    now: entry.createdAt,
    lane: "poll",
    caseId: entry.caseId,
  });
  return false;
}

/** `null` where the service does not show it, today or ever: what cannot be compared holds back no case. */
async function unlessUnreadable<Result>(read: () => Promise<Result>): Promise<Result | null> {
  try {
    return await read();
  } catch (error) {
    if (!isServiceError(error, "rejected", "forbidden", "not_found", "contract")) throw error;
    return null;
  }
}

/** A late second copy: reported once; cancelled only if we may have made it, and nobody has touched it (status 0 without messages). */
async function reportDuplicate(
  deps: IntakeDeps,
  pair: { readonly entry: CaseSummary; readonly first: CaseDetail },
): Promise<void> {
  const { name } = deps.settings;
  const { entry, first } = pair;
  const caseIds = JSON.parse((await deps.state.findCursor(name, duplicatesCursor)) ?? "[]") as string[];
  if (caseIds.includes(entry.caseId) || !isOpenStatus(entry.status)) return;
  const apart = entry.createdAt.getTime() - first.createdAt.getTime();
  // What we repeated comes soon after the first; a copy of later may be a person's, who took the old text over with its mark.
  const canceled = Math.abs(apart) <= repeatedWithinMs && (await cancelUntouched(deps, entry.caseId));
  await deps.state.recordConnectionFailure(
    name,
    "duplicate",
    `case ${entry.caseId} is a second copy of ${first.caseId}${canceled ? " and was canceled" : "; look at both and close one"}`,
  );
  await deps.state.saveCursor(name, duplicatesCursor, JSON.stringify([...caseIds, entry.caseId].slice(-1_000)));
}

async function cancelUntouched(deps: IntakeDeps, caseId: CaseId): Promise<boolean> {
  const detail = await unlessUnreadable(() => deps.huawei.getCase(caseId, "poll"));
  // What cannot be seen may have been touched.
  if (detail?.status !== 0 || detail.messages.some((message) => !message.isFirst)) return false;
  try {
    await deps.huawei.performAction(caseId, "cancel", sealOwn(ownWords`casebridge: duplicate`), "poll");
    return true;
  } catch (error) {
    if (!isServiceError(error, "rejected", "forbidden", "not_found")) throw error;
    return false;
  }
}
