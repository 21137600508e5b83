/** The end of a run: which writes are still looked for, what was handled, and when the link is looked at again. */
import { isOpenStatus } from "../../domain/case.ts";
import type { Issue, IssueComment } from "../../domain/issue.ts";
import { singleItems } from "../../domain/rows/item-key.ts";
import { accessName, isAccessName, stillNamed } from "../../domain/rows/named-news.ts";
import { toServiceTime } from "../../lib/service-clock.ts";
import { settleAction } from "../apply/actions.ts";
import { dueLook, noteEmptyLook } from "../apply/looks.ts";
import type { Observed } from "../plan/action.ts";
import { untoldAccess } from "../plan/facts.ts";
import type { LeasedLink } from "../state.ts";
import { type LinkDeps, later, type Run, type RunDeps } from "./run.ts";

/** How far an issue's `updated` may lie from the time of the comment or file that caused it. */
const causeToleranceMs = 100;

/** What a run has seen, and what keeps it from going on. */
type Seen = {
  readonly observed: Observed;
  readonly pausedToHuawei: boolean;
  readonly pausedToJira: boolean;
  /** Whether something that is due is kept back; left out where this run cannot tell. */
  readonly keepsBack?: boolean;
};

/** Looks at writes to Huawei that stayed invisible, and stores what was handled. */
export async function conclude(deps: RunDeps, leased: LeasedLink, run: Run, seen: Seen): Promise<void> {
  await lookForWrites(deps, leased, run, seen);
  await dropUnwanted(leased, run, seen);
  await resolveEnded(leased, run, seen.observed);
  await storeHandled(deps, leased, run, seen);
}

/** Writes to Huawei whose copy no reading has shown: looked for now, or at their next look. */
async function lookForWrites(deps: RunDeps, leased: LeasedLink, run: Run, seen: Seen): Promise<void> {
  const { messages, caseReadAt } = seen.observed;
  const now = deps.clock.now();
  for (const intent of leased.snapshot.intents) {
    if (intent.side !== "huawei" || intent.kind === "unknown") continue;
    if (intent.state === "planned") {
      // A paused direction is woken when it is resumed. What waits for long is looked at less and less often.
      const ageMs = Math.abs(now.getTime() - intent.createdAt.getTime());
      if (!run.failed && !seen.pausedToHuawei)
        run.recheck(later(deps, Math.min(3_600_000, Math.max(15_000, ageMs / 2))));
      continue;
    }
    const due = dueLook(intent, deps);
    if (messages === null || caseReadAt === null || due.at > caseReadAt)
      run.recheck(due.at > now ? due.at : later(deps, 1_000));
    else if (intent.kind === "move" || intent.kind === "command")
      run.recheck(await settleAction(deps, leased, intent, seen.observed));
    else run.recheck(await noteEmptyLook(deps, leased, intent, caseReadAt));
  }
}

/**
 * What is still only planned after a run without failure is not wanted any more: its message was withdrawn, or came otherwise. Notices are
 * owed whatever a reading says.
 */
async function dropUnwanted(leased: LeasedLink, run: Run, { observed, pausedToJira }: Seen): Promise<void> {
  if (observed.messages === null || run.failed || pausedToJira) return;
  const unwanted = leased.snapshot.intents.filter(
    ({ kind, side, state }) => side === "jira" && state === "planned" && kind !== "notice" && kind !== "unknown",
  );
  if (unwanted.length > 0) await leased.apply({ confirmedIntents: unwanted.map((intent) => intent.key) });
}

/**
 * What was read can be read again: an old failure must not count towards the next one. A run without failure ends a retried hold; while
 * another hold is open, nothing was tried of what the retried one kept back.
 */
async function resolveEnded(leased: LeasedLink, run: Run, observed: Observed): Promise<void> {
  const { failures } = leased.snapshot;
  const readable: string[] = [
    ...(observed.case === null ? [] : [singleItems.case]),
    ...(observed.issue === null ? [] : [singleItems.issue]),
  ];
  const isStopped = failures.some(({ item, state }) => item === singleItems.link && state === "open");
  const ended = failures.filter(
    ({ item, state }) =>
      readable.includes(item) || (item === singleItems.link && state === "retrying" && !run.failed && !isStopped),
  );
  if (ended.length > 0)
    await leased.apply({ resolvedFailures: [...new Set(ended.map(({ item }) => item))].map((item) => ({ item })) });
}

/** What this run has handled, as later runs compare with it; and when the link is looked at again. */
async function storeHandled(deps: RunDeps, leased: LeasedLink, run: Run, seen: Seen): Promise<void> {
  const { observed, keepsBack } = seen;
  const now = deps.clock.now();
  const namedMessages = namesLeft(deps, leased, run, observed);
  if (observed.issue !== null && observed.comments !== null)
    run.recheck(findRecheckAt(deps, observed.issue, observed.comments, observed.issueReadAt ?? now));
  const { link } = leased.snapshot;
  // All that came before our own change of an issue that was handled shows once its lists have settled: one look then is enough.
  const isHandled = observed.comments !== null || observed.issue?.updatedRaw === link.jiraUpdatedRaw;
  const jiraWrittenAt = run.failed || !isHandled ? null : run.changedIssueAt;
  if (jiraWrittenAt !== null) run.recheck(new Date(jiraWrittenAt.getTime() + deps.settings.settle.listSeconds * 1000));
  const status = observed.case?.status ?? null;
  await leased.apply({
    link: {
      ...(observed.issue === null || run.failed
        ? {}
        : {
            issueKey: observed.issue.issueKey,
            // Only a reading with comments counts as handling an update.
            ...(observed.comments === null ? {} : { jiraUpdatedRaw: observed.issue.updatedRaw }),
          }),
      ...(jiraWrittenAt === null
        ? {}
        : { jiraWrittenAt: toServiceTime(jiraWrittenAt, deps.jira.serviceClock.aheadMs()) }),
      ...(status === null
        ? {}
        : { caseStatus: status, closedSeenAt: isOpenStatus(status) ? null : (link.closedSeenAt ?? now) }),
      ...(namedMessages === null ? {} : { namedMessages }),
      ...(run.burst.writes === link.burstWrites ? {} : { burstSince: run.burst.since, burstWrites: run.burst.writes }),
      ...(observed.full && !run.failed ? { checkedAt: now } : {}),
      ...(keepsBack === undefined ? {} : { held: keepsBack }),
    },
  });
}

/** The names of news that no reading has shown yet; `null` where they stay as they are. */
function namesLeft(deps: RunDeps, leased: LeasedLink, run: Run, observed: Observed): readonly string[] | null {
  if (observed.messages === null) return null;
  const { link, mirrors } = leased.snapshot;
  const { messageSeconds } = deps.settings.settle;
  const named = stillNamed(link.namedMessages, observed.messages, messageSeconds);
  // A run that fails counts no look, so it takes the longest pause; what else it has to do tells its own moment.
  if (named.againSeconds !== null) run.recheck(later(deps, (run.failed ? messageSeconds : named.againSeconds) * 1000));
  if (run.failed) return null;
  // A request for access that the issue was not told of, since nothing may go to Jira now, is asked for again once something may.
  const untold =
    observed.accessRequests === null
      ? link.namedMessages.filter(isAccessName)
      : untoldAccess(observed, mirrors).map((request) => accessName(request.authorizationId));
  return [...named.names, ...untold];
}

/**
 * When the lists of an issue are to be read again: they lag behind an update (rule 2), so a fresh one is looked at once more after the
 * settle time, unless its cause was seen in the same reading, a comment or file of that very moment. `null`: this reading was enough.
 * The moment of the reading counts: the run may have stood still since.
 */
function findRecheckAt(deps: LinkDeps, issue: Issue, comments: readonly IssueComment[], readAt: Date): Date | null {
  const updatedAt = new Date(issue.updatedRaw).getTime();
  const settledAt = new Date(updatedAt - deps.jira.serviceClock.aheadMs() + deps.settings.settle.listSeconds * 1000);
  if (Number.isNaN(updatedAt) || settledAt <= readAt) return null;
  const causes = [
    ...comments.flatMap((comment) => [comment.createdAt, comment.updatedAt]),
    ...issue.files.map((file) => file.createdAt),
  ];
  const seen = causes.some((at) => Math.abs(at.getTime() - updatedAt) <= causeToleranceMs);
  return seen ? null : settledAt;
}
