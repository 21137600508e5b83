import { guardHeld } from "../../domain/guard-word.ts";
import type { IssueId } from "../../domain/ids.ts";
import type { StatusCategory } from "../../domain/issue.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { makeSteps, unlessRefused } from "../../domain/steps.ts";
import { hashTexts } from "../../lib/hash.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import { projectUnreadable } from "../outcome.ts";
import { endingAction, isByPerson } from "../plan/status.ts";
import type { UpdatedIssue } from "../ports.ts";
import { takeClones, takeRequests } from "../request/intake-requests.ts";
import type { IntakeLink, WakeUp } from "../state.ts";
import { inRound, type RoundResult } from "./round.ts";
import { removeSecondIssues } from "./second-issues.ts";
import { stampIssues } from "./stamps.ts";

/** How the text guard was set in the last round. */
const guardSettingsCursor = "guard_settings";
/** More issues than this moved to done in one round hold the lane of closes (rule 2). */
const endingMax = 10;

/** One round over the issues: wakes links whose issue was updated since it was last handled. May be repeated at any time. */
export async function intakeIssues(deps: IntakeDeps): Promise<RoundResult> {
  const { name } = deps.settings;
  return inRound(deps, "issues", async (end) => {
    const startedAt = deps.clock.now();
    const stored = await deps.state.findCursor(name, "issues_updated");
    const sinceMs = stored === null ? 0 : Math.max(0, startedAt.getTime() - new Date(stored).getTime());
    const minutes = Math.ceil(sinceMs / 60_000) + 10;
    const steps = makeSteps();
    const updated = await steps.run(() => deps.jira.listUpdatedIssues(minutes, "poll"));
    const breakers = await deps.state.listBreakers(name);
    await steps.run(async () => {
      const unreadable = breakers.some((breaker) => breaker.reason === projectUnreadable);
      if (unreadable && (await deps.jira.isProjectReadable("poll")))
        await deps.state.resolveConnectionFailure(name, projectUnreadable);
    });
    if (breakers.some((entry) => entry.reason === "many_closes" && entry.state === "retrying"))
      await deps.state.releaseCloses(name);
    const woken = updated === null ? 0 : await wakeUpdated(deps, updated);
    await steps.run(() => wakeGuarded(deps));
    await stampIssues(deps);
    let newLinks = 0;
    if (updated !== null) {
      const byIssue = await linksOf(deps, updated);
      await unlessRefused(deps.log, "second issues", () => removeSecondIssues(deps, updated, byIssue));
      newLinks += (await steps.run(() => takeRequests(deps, updated.length))) ?? 0;
      newLinks += await takeClones(deps, updated);
      await deps.state.saveCursor(name, "issues_updated", startedAt.toISOString());
      // A wish whose hold is not over is looked at when it is.
      const until = new Date(startedAt.getTime() - deps.settings.comments.holdSeconds * 1000);
      await deps.state.wakeCountedWishes(name, { since: stored === null ? null : new Date(stored), until });
    }
    steps.end();
    end("done");
    if (woken > 0 || newLinks > 0)
      deps.log.info({ connection: name, newLinks, woken }, "Round over the issues finished");
    return { skipped: false, newLinks, woken };
  });
}

/** When the guard was set otherwise, what it keeps is judged anew. May be repeated. */
async function wakeGuarded({ state, settings: { name, guard } }: IntakeDeps): Promise<void> {
  const patterns = guard.patterns.map((pattern) => pattern.name);
  const hash = hashTexts([JSON.stringify([guard.mode, guard.kinds, patterns])]).slice(0, 32);
  const before = await state.findCursor(name, guardSettingsCursor);
  if (before === hash) return;
  const links = before === null ? [] : await state.listFailedLinks(name, guardHeld);
  if (links.length > 0) await state.wake(links.map((linkId) => ({ linkId, jira: true, lane: "poll" }) as const));
  await state.saveCursor(name, guardSettingsCursor, hash);
}

async function linksOf(
  deps: IntakeDeps,
  updated: readonly { readonly issueId: IssueId }[],
): Promise<ReadonlyMap<IssueId | null, IntakeLink>> {
  const links = await deps.state.findLinksByIssue(
    deps.settings.name,
    updated.map((issue) => issue.issueId),
  );
  return new Map(links.map((link) => [link.issueId, link]));
}

/** How far an issue's `updated` may lie before and after the moment at which we knew that our own change of it was made. */
const ownUpdateSpanMs = { before: 2_000, after: 1_000 } as const;

/**
 * Whether an update is our own change of the issue, whose look is set for when the lists have settled. What a person did within those
 * seconds is seen by that look.
 */
function isOwnUpdate({ jiraWrittenAt, recheckAt }: IntakeLink, updatedRaw: string): boolean {
  if (jiraWrittenAt === null || recheckAt === null) return false;
  const sinceMs = new Date(updatedRaw).getTime() - jiraWrittenAt.getTime();
  return sinceMs >= -ownUpdateSpanMs.before && sinceMs <= ownUpdateSpanMs.after;
}

/** Wakes the links whose issue was updated since it was last handled; answers how many. */
async function wakeUpdated(deps: IntakeDeps, updated: readonly UpdatedIssue[]): Promise<number> {
  const byIssue = await linksOf(deps, updated);
  const wakeUps: WakeUp[] = [];
  for (const issue of updated) {
    const link = byIssue.get(issue.issueId);
    if (link !== undefined && link.jiraUpdatedRaw !== issue.updatedRaw && !isOwnUpdate(link, issue.updatedRaw))
      wakeUps.push({ linkId: link.id, jira: true, lane: "poll" });
  }
  // Seen together, they are held together: counting them one by one would let the first ones through.
  const ending = await countEnding(deps, updated, byIssue);
  if (ending > endingMax) await deps.state.holdCloses(deps.settings.name, ending);
  if (wakeUps.length > 0) await deps.state.wake(wakeUps);
  return wakeUps.length;
}

/**
 * How many issues people moved to done whose cases would be closed or cancelled for it. Who moved them is asked only where there are
 * too many, in one request; while Jira does not tell, every move counts as a person's.
 */
async function countEnding(
  deps: IntakeDeps,
  updated: readonly { readonly issueId: IssueId; readonly category: StatusCategory }[],
  links: ReadonlyMap<IssueId | null, IntakeLink>,
): Promise<number> {
  const { settings } = deps;
  const ending = updated.flatMap(({ issueId, category }) => {
    const link = links.get(issueId);
    if (link === undefined || category !== "done" || link.caseStatus === null) return [];
    const moved = link.agreedCategory !== null && link.agreedCategory !== "done";
    return moved && ["close", "cancel"].includes(endingAction(settings.status.closeOnDone, link.caseStatus))
      ? [issueId]
      : [];
  });
  if (ending.length <= endingMax) return ending.length;
  try {
    const who = { ownAccountId: await deps.jira.getOwnAccountId(), settings };
    const moves = await deps.jira.findLastMoves(ending, "poll");
    return ending.filter((issueId) => {
      const move = moves.get(issueId);
      return move === undefined || isByPerson(move, who);
    }).length;
  } catch (error) {
    if (!isServiceError(error)) throw error;
    return ending.length;
  }
}
