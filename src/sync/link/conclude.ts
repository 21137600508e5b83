/** The end of a run: which writes are still looked for, what was handled, and when the link is looked at again. */
import { isOpenStatus } from "../../domain/case.ts";
import type { Issue, IssueComment } from "../../domain/issue.ts";
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

/** Looks at writes to Huawei that stayed invisible, and stores what was handled. */
export async function conclude(
  deps: RunDeps,
  leased: LeasedLink,
  run: Run,
  seen: {
    readonly observed: Observed;
    readonly pausedToHuawei: boolean;
    readonly pausedToJira: boolean;
    /** Whether something that is due is kept back; left out where this run cannot tell. */
    readonly keepsBack?: boolean;
  },
): Promise<void> {
  const { observed, pausedToHuawei, pausedToJira, keepsBack } = seen;
  const now = deps.clock.now();
  for (const intent of leased.snapshot.intents) {
    if (intent.side !== "huawei" || intent.kind === "unknown") continue;
    if (intent.state === "planned") {
      // A paused direction is woken when it is resumed. What waits for long is looked at less and less often.
      const ageMs = Math.abs(now.getTime() - intent.createdAt.getTime());
      if (!run.failed && !pausedToHuawei) run.lookAgain(later(deps, Math.min(3_600_000, Math.max(15_000, ageMs / 2))));
      continue;
    }
    const due = dueLook(intent, deps);
    if (observed.messages === null || observed.caseReadAt === null || due.at > observed.caseReadAt)
      run.lookAgain(due.at > now ? due.at : later(deps, 1_000));
    else if (intent.kind === "move" || intent.kind === "command")
      run.lookAgain(await settleAction(deps, leased, intent, observed));
    else run.lookAgain(await noteEmptyLook(deps, leased, intent, observed.caseReadAt));
  }
  if (observed.messages !== null && !run.failed && !pausedToJira) {
    // What is still only planned after a run without failure is not wanted any more: its message was withdrawn, or came otherwise.
    // Notices are owed whatever a reading says.
    const unwanted = leased.snapshot.intents.filter(
      ({ kind, side, state }) => side === "jira" && state === "planned" && kind !== "notice" && kind !== "unknown",
    );
    if (unwanted.length > 0) await leased.apply({ confirmedIntents: unwanted.map((intent) => intent.key) });
  }
  const readable = [...(observed.case === null ? [] : ["case"]), ...(observed.issue === null ? [] : ["issue"])];
  // What was read can be read again: an old failure must not count towards the next one. A run without failure ends a retried hold.
  // While another one still holds the link nothing was tried of what the retried one held.
  const isHeld = leased.snapshot.failures.some((failure) => failure.item === "link" && failure.state === "open");
  const ended = leased.snapshot.failures.filter(
    (failure) =>
      readable.includes(failure.item) ||
      (failure.item === "link" && failure.state === "retrying" && !run.failed && !isHeld),
  );
  if (ended.length > 0) {
    await leased.apply({
      resolvedFailures: [...new Set(ended.map((failure) => failure.item))].map((item) => ({ item })),
    });
  }
  const named =
    observed.messages === null
      ? null
      : stillNamed(leased.snapshot.link.namedMessages, observed.messages, deps.settings.settle.messageSeconds);
  // A request for access that the issue was not told of, since nothing may go to Jira now, is asked for again once something may.
  const untold =
    observed.accessRequests === null
      ? leased.snapshot.link.namedMessages.filter(isAccessName)
      : untoldAccess(observed, leased.snapshot.mirrors).map((request) => accessName(request.authorizationId));
  // A run that fails counts no look, so it takes the longest pause; what else it has to do tells its own moment.
  if (named?.againSeconds != null)
    run.lookAgain(later(deps, (run.failed ? deps.settings.settle.messageSeconds : named.againSeconds) * 1000));
  if (observed.issue !== null && observed.comments !== null)
    run.lookAgain(lookAgainAt(deps, observed.issue, observed.comments));
  const { link } = leased.snapshot;
  // All that came before our own change of an issue that was handled shows once its lists have settled: one look then is enough.
  const isHandled = observed.comments !== null || observed.issue?.updatedRaw === link.jiraUpdatedRaw;
  const jiraWrittenAt = run.failed || !isHandled ? null : run.changedIssueAt;
  if (jiraWrittenAt !== null)
    run.lookAgain(new Date(jiraWrittenAt.getTime() + deps.settings.settle.listSeconds * 1000));
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
      ...(named === null || run.failed ? {} : { namedMessages: [...named.names, ...untold] }),
      ...(run.burst.writes === link.burstWrites ? {} : { burstSince: run.burst.since, burstWrites: run.burst.writes }),
      ...(observed.full && !run.failed ? { checkedAt: now } : {}),
      ...(keepsBack === undefined ? {} : { held: keepsBack }),
    },
  });
}

/**
 * When the lists of an issue are to be read again: they lag behind an update (rule 2), so a fresh one is looked at once more after the
 * settle time, unless its cause was seen in the same reading, a comment or file of that very moment. `null`: this reading was enough.
 */
function lookAgainAt(deps: LinkDeps, issue: Issue, comments: readonly IssueComment[]): Date | null {
  const updatedAt = new Date(issue.updatedRaw).getTime();
  const settledAt = new Date(updatedAt - deps.jira.serviceClock.aheadMs() + deps.settings.settle.listSeconds * 1000);
  if (Number.isNaN(updatedAt) || settledAt <= deps.clock.now()) return null;
  const causes = [
    ...comments.flatMap((comment) => [comment.createdAt, comment.updatedAt]),
    ...issue.files.map((file) => file.createdAt),
  ];
  const seen = causes.some((at) => Math.abs(at.getTime() - updatedAt) <= causeToleranceMs);
  return seen ? null : settledAt;
}
