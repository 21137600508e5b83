/**
 * Brings both sides of one link into agreement: claim, observe, plan, deps.
 *
 * The run is level-based: it trusts no event, only what it reads now, so lost, doubled or late wake-ups cannot harm. It may be
 * stopped anywhere: every remote write has an intent, and the next holder of the lease starts from there.
 */

import { isOpenStatus } from "../../domain/case.ts";
import type { FailureReason } from "../../domain/failure.ts";
import { accessRequestPrefix, stillNamed } from "../../domain/identity.ts";
import type { CommentId, LinkId } from "../../domain/ids.ts";
import type { Issue, IssueComment } from "../../domain/issue.ts";
import { caseLabel, commonLabel, ignoredReason, toJiraLabel } from "../../domain/labels.ts";
import type { Link, Mirror } from "../../domain/link.ts";
import { isServiceError, type ServiceError } from "../../domain/service-error.ts";
import { withHeartbeat } from "../../lib/heartbeat.ts";
import { type Growth, growingMs, pauseMs } from "../../lib/retry.ts";
import { toServiceTime } from "../../lib/service-clock.ts";
import { SpoolFull } from "../../lib/spool.ts";
import { whileStanding } from "../../lib/standing.ts";
import { settleAction } from "../apply/actions.ts";
import { applyAction } from "../apply/apply.ts";
import { makeGate, Unjudged, Withheld } from "../apply/gate.ts";
import { dueLook, noteEmptyLook } from "../apply/looks.ts";
import { type ApplyDeps, callTimeMaxMs, Unsettled } from "../apply/write-once.ts";
import { backoffMs, blocked, decide, deferred, done, ignored, type Outcome, projectUnreadable } from "../outcome.ts";
import { isInProject, isIssueOf } from "../ownership.ts";
import type { Action, Direction, Observed, Plan } from "../plan/action.ts";
import { wantsChangelog } from "../plan/changes.ts";
import { untoldAccess } from "../plan/facts.ts";
import { moments } from "../plan/moments.ts";
import { planReconcile } from "../plan/plan.ts";
import type { MarkedIssue } from "../ports.ts";
import { type RequestDeps, reconcileRequest } from "../request/request.ts";
import {
  CaseTaken,
  type ConnectionState,
  IssueTaken,
  type LeasedLink,
  LeaseLost,
  type LinkSnapshot,
  type OpenFailure,
  type StatePort,
} from "../state.ts";
import { heldDirections, holdLink, isProjectReadable, noteMissing, noteMoved } from "./holds.ts";
import { IssueMissing, observe, type Sides, withRelations } from "./observe.ts";
import { burstMax, changesIssue, isFresh, later, leaseMs, Run, renewEveryMs } from "./run.ts";
import { settleJiraIntents } from "./settle.ts";
import { dropUnreadable } from "./unreadable.ts";

/** What the flow needs; `owner` names this run's process, `random` in [0, 1) jitters pauses. */
export type ReconcileDeps = Omit<RequestDeps, "lane" | "installation" | "closes" | "gate"> & {
  readonly state: StatePort;
  readonly owner: string;
  readonly random: () => number;
  /** What a new issue of this connection looks like, once one was seen untouched. */
  readonly newIssues: { pattern: Issue | null; reading?: Promise<unknown> };
  /** Links whose marks this process has read, or whose issue it made. */
  readonly marksRead: Set<string>;
};

/** After so many failed attempts for a reason that nobody foresaw the link waits for a person. */
const unexpectedMax = 10;
/** How far an issue's `updated` may lie from the time of the comment or file that caused it. */
const causeToleranceMs = 100;
/** After so long an addition that failed is tried again. */
const additionPauseMs = 5 * 60_000;
/** For so long a reading of the issue serves further passes of its run. */
const issueStandsMs = 2_000;
/** Reason of the failure of a case whose issue Jira does not take as it is made up. */
const issueRefused = "issue_refused" satisfies FailureReason;
/** Pauses before such a case is tried again unasked. */
const formPauses: Growth = { firstMs: 60_000, factor: 2, maxMs: 3_600_000, jitter: [0.75, 1] };
/** Passes of one run: create, mirror, confirm, and one to spare. */
const passesMax = 5;

/** Brings one link into agreement. Safe to repeat, safe to stop anywhere. Never throws for a failing service. */
export async function reconcileLink(deps: ReconcileDeps, linkId: LinkId): Promise<Outcome> {
  const leased = await deps.state.claimLink(linkId, deps.owner, leaseMs);
  if (leased === null) return ignored("busy_or_missing");
  const { link } = leased.snapshot;
  const startedAt = deps.clock.now();
  const run = new Run(link, startedAt);
  let outcome: Outcome;
  try {
    if (link.state !== "active") {
      await leased.finish({ doneRev: link.wantedRev, recheckAt: null, attempts: 0 });
      return blocked(link.reason ?? link.state);
    }
    outcome = await withHeartbeat(
      // A request that waited past the lease (for its turn, or because the machine stood still) must not write any more.
      () =>
        whileStanding(
          () => leased.remainingMs() >= callTimeMaxMs,
          () => reconcileLeased(deps, leased, run),
        ),
      () => leased.renew(),
      renewEveryMs,
    );
    await leased.finish({
      doneRev: run.failed ? null : link.wantedRev,
      recheckAt: run.recheckAt,
      attempts: run.failed ? link.attempts + run.attempt : 0,
    });
  } catch (error) {
    if (error instanceof LeaseLost) return deferred("lease_lost", run.writes);
    if (error instanceof MarksUnread) {
      // A 429 costs no attempt (rule 9).
      const attempts = link.attempts + (isServiceError(error.cause, "rate_limited") ? 0 : 1);
      await leased.finish({ doneRev: null, recheckAt: run.recheckAt, attempts });
      return deferred("marks_unread", run.writes);
    }
    if (error instanceof CaseTaken) return await leaveCase(deps, leased, run, error);
    if (error instanceof IssueTaken) return await leaveIssue(deps, leased, run, error);
    if (link.attempts >= unexpectedMax) {
      const detail = error instanceof Error ? error.name : "unknown";
      await holdLink(await toRunDeps(deps, link), leased, run, { direction: "both", reason: "internal_error", detail });
    }
    await leased.finish({
      doneRev: null,
      recheckAt: later(deps, backoffMs(link.attempts, deps.random())),
      attempts: link.attempts + 1,
    });
    throw error;
  }
  if (run.writes > 0 || outcome.kind === "blocked") {
    await deps.state.recordRun({
      connectionName: link.connectionName,
      linkId,
      job: "reconcile-link",
      startedAt,
      outcome: outcome.kind,
      reason: "reason" in outcome ? outcome.reason : null,
      reads: 0,
      writes: run.writes,
    });
    deps.log.info(
      {
        linkId,
        caseId: link.caseId,
        issueKey: leased.snapshot.link.issueKey,
        writes: run.writes,
        outcome: outcome.kind,
      },
      "Link reconciled",
    );
  }
  return outcome;
}

/** The case of this link's issue has another issue: nothing more is done here until a person decides. */
async function leaveCase(deps: ReconcileDeps, leased: LeasedLink, run: Run, taken: CaseTaken): Promise<Outcome> {
  const { caseId, connectionName, issueKey } = taken;
  const detail = `case ${caseId} is mirrored to ${issueKey ?? "an issue that is still to be made"} by the connection ${connectionName}`;
  await holdLink(await toRunDeps(deps, run.link), leased, run, { direction: "both", reason: "owned_by", detail });
  await leased.finish({ doneRev: run.link.wantedRev, recheckAt: null, attempts: 0 });
  return blocked("owned_by");
}

/** The issue that this link was to get has another case: nothing more is done here until a person decides. */
async function leaveIssue(deps: ReconcileDeps, leased: LeasedLink, run: Run, taken: IssueTaken): Promise<Outcome> {
  const detail = `issue ${taken.issueId} is paired with ${taken.caseId === null ? "no case yet" : `case ${taken.caseId}`} by another link`;
  await holdLink(await toRunDeps(deps, run.link), leased, run, { direction: "both", reason: "issue_taken", detail });
  await leased.finish({ doneRev: run.link.wantedRev, recheckAt: null, attempts: 0 });
  return blocked("issue_taken");
}

/** What a run and its writes need. */
type RunDeps = ReconcileDeps & ApplyDeps;

async function toRunDeps(deps: ReconcileDeps, link: Link): Promise<RunDeps> {
  const installation = await deps.state.getInstallation();
  return { ...deps, closes: deps.state, lane: link.lane, installation, gate: makeGate(deps) };
}

async function reconcileLeased(base: ReconcileDeps, leased: LeasedLink, run: Run): Promise<Outcome> {
  const { link } = leased.snapshot;
  const connection = await base.state.getConnection(link.connectionName);
  if (connection.state === "stopped") {
    run.failed = true;
    run.attempt = 0;
    run.recheckAt = later(base, 60_000);
    return deferred(connection.stateReason ?? "stopped", 0);
  }
  const deps = await toRunDeps(base, link);
  await dropUnreadable(leased);
  if (link.caseId === null && link.issueId !== null) return reconcileIssue(deps, leased, run, connection);
  const startedAt = deps.clock.now();
  const sides = sidesOf(leased.snapshot, startedAt);
  // A moment of the past is what this run is for: kept, it would make the link due again at once, without an end.
  if (!sides.jira && link.recheckAt !== null && link.recheckAt > startedAt) run.lookAgain(link.recheckAt);

  let observed: Observed;
  try {
    // Asked for by the planner; here its failure is one of reading.
    await deps.jira.getOwnAccountId();
    const settled = await settleJiraIntents(deps, leased);
    run.lookAgain(settled.nextLookAt);
    // What a find owes may be unreadable as well.
    if (settled.found > 0) await dropUnreadable(leased);
    const found = await findIssueMadeBefore(deps, leased);
    if (typeof found !== "string") return found;
    if (found === "adopted" && (await isStopped(deps, run))) return deferred(run.reason ?? "stopped", 0);
    observed = await observe(
      deps,
      leased.snapshot.link,
      found === "adopted" ? { huawei: true, jira: true, full: true } : sides,
      {
        wantsChangelog: (issue) =>
          wantsChangelog(
            { ...leased.snapshot, settings: deps.settings, adfToText: deps.text.adfToText, ...moments(deps) },
            issue,
          ),
        knownCopies: copiesInJira(leased.snapshot.mirrors),
      },
    );
    // Live news does not wait for what only a check needs. Other lanes tell how a run was woken first, not what it is for.
    if (link.lane !== "live") observed = await withRelations(deps, leased.snapshot, observed);
  } catch (error) {
    return await handleReadFailure(deps, leased, run, error);
  }
  const elsewhere = await leaveElsewhere(deps, leased, run, observed.issue);
  if (elsewhere !== null) return elsewhere;
  if (observed.issue !== null && observed.issueReadAt !== null)
    deps.gate.note(observed.issue, observed.comments, observed.issueReadAt);
  const held = new Set<Direction>(heldDirections(leased.snapshot));
  if (connection.pausedToJira) held.add("to-jira");
  if (connection.pausedToHuawei) held.add("to-huawei");
  const heldBefore: ReadonlySet<Direction> = new Set(held);
  let keepsBack = false;

  for (let pass = 0; pass < passesMax; pass += 1) {
    let plan = await planPass(deps, leased.snapshot, observed, connection);
    if (pass === 0) {
      const marks = await readMarksOnce(deps, leased, run, plan, observed);
      if (marks !== observed) {
        observed = marks;
        // A reading of both sides may be the first to show whose the issue is.
        const gone = await leaveElsewhere(deps, leased, run, observed.issue);
        if (gone !== null) return gone;
        plan = await planPass(deps, leased.snapshot, observed, connection);
      }
    }
    run.lookAgain(plan.recheckAt);
    if (pass === 0)
      keepsBack = plan.actions.some((action) => action.direction !== "state" && heldBefore.has(action.direction));
    const actions = plan.actions.filter((action) => !held.has(action.direction));
    if (actions.length === 0) break;
    const hadIssue = leased.snapshot.link.issueId !== null;
    const sent = await applyAll(deps, leased, run, actions, held);
    if (!hadIssue && leased.snapshot.link.issueId !== null) {
      observed = { ...observed, issue: await issueJustMade(deps, leased, run) };
    } else if (sent) {
      observed = { ...observed, ...(await readCaseSoftly(deps, leased, run, observed)) };
    } else if (!actions.some((action) => action.direction === "state")) {
      break;
    }
  }
  await afterPasses(deps, leased, run, {
    observed,
    // A reading of one side alone does not show that nothing of the other is held.
    ...(keepsBack || observed.full || heldBefore.size === 0 ? { keepsBack } : {}),
    pausedToHuawei: connection.pausedToHuawei || heldDirections(leased.snapshot).has("to-huawei"),
    pausedToJira: connection.pausedToJira || heldDirections(leased.snapshot).has("to-jira"),
  });
  if (run.failed || run.recheckAt !== null) return deferred(run.reason ?? "look_again", run.writes);
  return done(run.writes);
}

/** An issue that asks for a case: once the case is there, the next run mirrors both. */
async function reconcileIssue(
  deps: RunDeps,
  leased: LeasedLink,
  run: Run,
  connection: Pick<ConnectionState, "pausedToHuawei" | "pausedToJira">,
): Promise<Outcome> {
  if (connection.pausedToHuawei) {
    // One that was refused or told to be a copy asks for nothing.
    if (leased.snapshot.mirrors.length === 0) await leased.apply({ link: { held: true } });
    return done(0);
  }
  try {
    const settled = await settleJiraIntents(deps, leased);
    run.lookAgain(settled.nextLookAt);
    const result = await reconcileRequest(deps, leased, connection);
    run.writes += result.writes;
    if (result.kind === "nothing") return done(run.writes);
    // What woke this run stays news until the pair was looked at.
    run.failed = true;
    run.attempt = 0;
    run.lookAgain(result.kind === "wait" ? result.until : deps.clock.now());
    return deferred(result.kind === "wait" ? result.reason : "created", run.writes);
  } catch (error) {
    if (error instanceof Unsettled) {
      run.failed = true;
      run.attempt = 0;
      run.lookAgain(later(deps, 2_000));
      return deferred("case_unknown", run.writes);
    }
    if (error instanceof Withheld) {
      withhold(deps, run, error);
      return deferred("withheld", run.writes);
    }
    if (error instanceof SpoolFull) {
      run.failed = true;
      run.lookAgain(later(deps, backoffMs(leased.snapshot.link.attempts, deps.random())));
      return deferred("spool_full", run.writes);
    }
    if (error instanceof Unjudged && error.cause === null) {
      run.failed = true;
      run.lookAgain(later(deps, backoffMs(leased.snapshot.link.attempts, deps.random())));
      return deferred("gate_unread", run.writes);
    }
    return await handleReadFailure(deps, leased, run, error instanceof Unjudged ? error.cause : error);
  }
}

/** How the run ends where the issue left the project, or is another installation's by now; `null` where it is ours. */
async function leaveElsewhere(
  deps: RunDeps,
  leased: LeasedLink,
  run: Run,
  issue: Issue | null,
): Promise<Outcome | null> {
  if (issue === null) return null;
  if (issue.projectKey !== deps.settings.jira.projectKey) return noteMoved(deps, leased, run, issue);
  const { mark } = issue;
  const { caseId, markStampedAt } = leased.snapshot.link;
  // Another one than ours on an issue that we had stamped: somebody rebuilt its mapping there, and both would mirror the pair.
  if (mark === null || markStampedAt === null || mark.inst === deps.installation) return null;
  // A rebuild names this pair in full; anything else is no installation's doing, and is written over.
  if (mark.issueId !== issue.issueId || mark.caseId !== caseId) return null;
  return blockForeign(leased, `the issue carries the mark of installation ${mark.inst} now`);
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
const createLookMaxMs = 600_000;

/**
 * Before an issue is made its label is looked for once: the database may be older than what it wrote (rule 2). Intake does this for
 * up to 50 cases with one query; here are those that it did not cover.
 */
async function findIssueMadeBefore(deps: RunDeps, leased: LeasedLink): Promise<"none" | "adopted" | Outcome> {
  const { link, intents } = leased.snapshot;
  if (link.issueId !== null || link.caseId === null) return "none";
  // What was looked for long ago may have been made since, by a database that this one is an older copy of.
  const lookedAt = link.createCheckedAt?.getTime() ?? 0;
  if (deps.clock.now().getTime() - lookedAt < createLookMaxMs) return "none";
  const intent = intents.find((entry) => entry.kind === "issue");
  // One that was sent is looked for by its settle looks.
  if (intent !== undefined && intent.state !== "planned") return "none";
  const labelled = await deps.jira.findIssuesByLabels([caseLabel(link.caseId)], deps.lane);
  const paired = await deps.state.listPairedIssues(
    link.connectionName,
    labelled.map((hit) => hit.issueId),
  );
  const hits: MarkedIssue[] = [];
  for (const hit of labelled) {
    if (!paired.has(hit.issueId) && (await isIssueOf(deps, hit, link.caseId, deps.lane))) hits.push(hit);
  }
  const own = hits.find((hit) => hit.mark?.inst === deps.installation);
  if (own !== undefined) {
    await leased.apply({
      link: { issueId: own.issueId, issueKey: own.issueKey },
      ...(intent === undefined ? {} : { confirmedIntents: [intent.key] }),
      adoptions: 1,
      audit: [{ side: "jira", action: "adopt", item: `issue:${own.issueId}`, result: "adopted" }],
    });
    return "adopted";
  }
  if (hits.some((hit) => isInProject(deps.settings, hit))) {
    return blockForeign(leased, "the case has an issue made by another installation");
  }
  await leased.apply({ link: { createCheckedAt: deps.clock.now() } });
  return "none";
}

/** The comments of ours that are known by their mirrors. */
function copiesInJira(mirrors: readonly Mirror[]): ReadonlySet<string> {
  return new Set(
    mirrors.flatMap(({ origin, kind, copyId }) =>
      origin === "huawei" && kind !== "file" && copyId !== null ? [copyId] : [],
    ),
  );
}

/** Which sides have news; a moment to look again reads Jira, and Huawei too where writes to it are open. */
function sidesOf(snapshot: LinkSnapshot, now: Date): Sides {
  const { link, intents } = snapshot;
  const recheck = link.recheckAt !== null && link.recheckAt <= now;
  // What went by while the issue was ignored shows on both sides only.
  if (link.reason === ignoredReason) return { huawei: true, jira: true, full: true };
  const huaweiNews = link.huaweiRev > link.doneRev;
  const jiraNews = link.jiraRev > link.doneRev;
  return {
    // Open writes of either side go back to something the case says, or show in it.
    huawei:
      huaweiNews ||
      link.issueId === null ||
      intents.length > 0 ||
      link.namedMessages.length > 0 ||
      // A message that a reading lacked is looked for once more.
      snapshot.mirrors.some((mirror) => mirror.missingSince !== null),
    jira: link.issueId !== null && (jiraNews || recheck),
    full: huaweiNews && jiraNews && link.issueId !== null,
  };
}

async function planPass(
  deps: RunDeps,
  snapshot: LinkSnapshot,
  observed: Observed,
  connection: Pick<ConnectionState, "huaweiUserIds" | "pausedToJira" | "pausedToHuawei">,
): Promise<Plan> {
  return planReconcile({
    link: snapshot.link,
    mirrors: snapshot.mirrors,
    intents: snapshot.intents,
    failures: snapshot.failures,
    observed,
    settings: deps.settings,
    huaweiUserIds: connection.huaweiUserIds,
    paused: { toJira: connection.pausedToJira, toHuawei: connection.pausedToHuawei },
    ownAccountId: await deps.jira.getOwnAccountId(),
    installation: deps.installation,
    adfToText: deps.text.adfToText,
    mediaReferences: deps.text.mediaReferences,
    ...moments(deps),
  });
}

/**
 * Before the first write of a link in this process its marks are read on both sides: a database restored from yesterday does not
 * know what it wrote since (rule 2). Links whose issue this process made have nothing to read.
 */
async function readMarksOnce(
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
    if (plan.actions.some(isCreate)) {
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
    run.lookAgain(later(deps, pauseMs(backoffMs(link.attempts, deps.random()), error.facts.retryAfterMs)));
    throw new MarksUnread(error);
  }
  if (result !== observed || (observed.comments !== null && observed.messages !== null)) deps.marksRead.add(link.id);
  return result;
}

/** Whether an action makes something that could be there already without our knowing. */
function isCreate(action: Action): boolean {
  return (
    action.direction === "to-huawei" ||
    ["post_message", "notice", "post_rest", "resume_notice", "carry_issue_files"].includes(action.kind)
  );
}

/** The marks could not be read, so nothing may be written in this run. */
class MarksUnread extends Error {
  constructor(cause: ServiceError) {
    super("marks could not be read", { cause });
    this.name = "MarksUnread";
  }
}

/** Performs the actions; a failing one holds back only its own direction. Answers whether a message went to Huawei. */
async function applyAll(
  deps: RunDeps,
  leased: LeasedLink,
  run: Run,
  actions: readonly Action[],
  held: Set<Direction>,
): Promise<boolean> {
  let sent = false;
  let unlinked = false;
  for (const [at, action] of actions.entries()) {
    if (held.has(action.direction)) continue;
    // The relations are read once more while a link is missing.
    if (action.kind === "remember_relations" && unlinked) continue;
    deps.gate.expect(actions.slice(at).flatMap(commentsSentBy));
    try {
      if (run.burst.writes >= burstMax && isFresh(action, run.link, moments(deps))) {
        await holdLink(deps, leased, run, {
          direction: "both",
          reason: "loop_suspected",
          detail: `more than ${burstMax} writes within 10 minutes`,
        });
        // Whoever releases it gives it a new span.
        run.burst = { since: deps.clock.now(), writes: 0 };
        run.failed = true;
        run.reason = "loop_suspected";
        held.add("to-jira").add("to-huawei");
        continue;
      }
      if (action.kind === "resync")
        await deps.state.wake([{ linkId: run.link.id, huawei: true, jira: true, lane: "live" }]);
      const failuresBefore = leased.snapshot.failures;
      const writes = await applyAction(deps, leased, action);
      run.writes += writes;
      if (writes > 0 && changesIssue(action)) run.changedIssueAt = deps.clock.now();
      if (action.kind === "adopt" && (await isStopped(deps, run))) {
        for (const direction of ["to-jira", "to-huawei", "state"] as const) held.add(direction);
        continue;
      }
      if (writes > 0 && isFresh(action, run.link, moments(deps))) run.burst.writes += 1;
      await resolveFailures(leased, action, failuresBefore);
      if (action.direction === "to-huawei" && writes > 0) sent = true;
    } catch (error) {
      if (error instanceof LeaseLost) throw error;
      if (isServiceError(error) && isGivenUp(error, action)) {
        await handleActionFailure(deps, leased, run, action, error);
        continue;
      }
      if (isServiceError(error, "rejected") && action.kind === "create_issue") {
        await waitForForm(deps, leased, run, error);
        held.add(action.direction);
        continue;
      }
      if (isServiceError(error) && isAddition(action)) {
        await leaveOut(deps, leased, run, action, error);
        if (action.kind === "link_issues") unlinked = true;
        continue;
      }
      held.add(action.direction);
      if (error instanceof Withheld) {
        // The next run reads it all again, and plans what this one could not know.
        withhold(deps, run, error);
        continue;
      }
      if (error instanceof Unjudged) {
        run.failed = true;
        run.reason = "gate_unread";
        run.lookAgain(later(deps, error.cause?.facts.retryAfterMs ?? backoffMs(run.link.attempts, deps.random())));
        deps.log.warn({ linkId: run.link.id, action: action.kind, kind: error.cause?.kind ?? null }, "Jira unreadable");
        continue;
      }
      if (error instanceof SpoolFull) {
        // Other files are on their way; this one waits, and what comes after it.
        run.failed = true;
        run.reason = "spool_full";
        run.lookAgain(later(deps, backoffMs(run.link.attempts, deps.random())));
        continue;
      }
      if (error instanceof Unsettled) {
        // Its own look is already scheduled; without one the next tick looks again. What waits behind it stays news until then.
        if (!run.failed) run.attempt = 0;
        run.failed = true;
        // A write that waits for its look has that moment stored; a comment that changed under our hands has none.
        const waiting = leased.snapshot.intents.find((intent) => intent.key === error.key);
        run.lookAgain(waiting === undefined ? later(deps, 2_000) : dueLook(waiting, deps).at);
        continue;
      }
      if (!isServiceError(error)) throw error;
      await handleActionFailure(deps, leased, run, action, error);
    }
  }
  return sent;
}

/** The comments that an action sends, with those that they reply to. */
function commentsSentBy(action: Action): CommentId[] {
  if (action.kind !== "send_comment") return [];
  const { commentId, parentId } = action.comment;
  return parentId === null ? [commentId] : [commentId, parentId];
}

/** The gate kept something: nothing of it has left, and it costs no attempt. */
function withhold(deps: RunDeps, run: Run, { reason }: Withheld): void {
  if (!run.failed) run.attempt = 0;
  run.failed = true;
  run.reason = "withheld";
  run.lookAgain(later(deps, 2_000));
  deps.log.debug({ linkId: run.link.id, reason }, "Kept in Jira");
}

/** What failed `before` and works now is no failure any more; what the action itself reported is one. */
async function resolveFailures(leased: LeasedLink, action: Action, before: readonly OpenFailure[]): Promise<void> {
  // A move tells by itself whether it was possible.
  if (action.direction === "state" || action.kind === "move_issue") return;
  const item = itemOf(action);
  // A refusal for good has left its placeholder; only passing trouble ends by itself.
  const passing = leased.snapshot.failures.some(
    (failure) => failure.item === item && failure.state !== "discarded" && !failure.reason.endsWith("_refused"),
  );
  const reported = leased.snapshot.failures.some((failure) => failure.item === item && !before.includes(failure));
  if (passing && !reported) await leased.apply({ resolvedFailures: [{ item }] });
}

/** Whether the connection was stopped under the run, as the third adoption within an hour does; then nothing more is written. */
async function isStopped(deps: ReconcileDeps, run: Run): Promise<boolean> {
  const connection = await deps.state.getConnection(run.link.connectionName);
  if (connection.state !== "stopped") return false;
  run.failed = true;
  run.attempt = 0;
  run.reason = connection.stateReason ?? "stopped";
  run.lookAgain(later(deps, 60_000));
  deps.log.warn({ connection: run.link.connectionName, reason: run.reason }, "The connection was stopped");
  return true;
}

/** A permanent refusal of one item lets the rest of its direction go on; without an issue there is no rest. */
function isGivenUp(error: ServiceError, action: Action): boolean {
  return decide(error.kind).kind === "give_up_item" && action.kind !== "create_issue";
}

/** What only adds to the mirror: nothing else of its link waits for it (rule 9). */
function isAddition({ kind }: Action): boolean {
  return kind === "stamp_issue" || kind === "change_labels" || kind === "drop_request_labels" || kind === "link_issues";
}

/** An addition that failed: a refusal is a failure of the item, told once; passing trouble is tried again in a while. */
async function leaveOut(
  deps: RunDeps,
  leased: LeasedLink,
  run: Run,
  action: Action,
  error: ServiceError,
): Promise<void> {
  const { kind, facts, message } = error;
  deps.log.warn({ linkId: run.link.id, action: action.kind, kind, operation: facts.operation }, "Addition left out");
  if (kind === "forbidden" || kind === "not_found")
    await leased.apply({
      failures: [{ direction: "to-jira", item: itemOf(action), reason: kind, detail: message }],
    });
  else run.lookAgain(later(deps, pauseMs(additionPauseMs, facts.retryAfterMs)));
}

/**
 * Jira does not take the new issue as it is made up: the case waits until the configuration or the project is mended. It is tried again
 * when the configuration changes (`intake.ts`), and after a pause that grows.
 */
async function waitForForm(deps: RunDeps, leased: LeasedLink, run: Run, error: ServiceError): Promise<void> {
  const { facts } = error;
  const earlier = leased.snapshot.failures.find(({ item, reason }) => item === "issue" && reason === issueRefused);
  await leased.apply({
    failures: [{ direction: "to-jira", item: "issue", reason: issueRefused, detail: facts.detail }],
  });
  run.reason = issueRefused;
  run.lookAgain(later(deps, growingMs(formPauses, (earlier?.attempts ?? 0) + 1, deps.random())));
  deps.log.warn({ linkId: run.link.id, caseId: run.link.caseId, status: facts.status }, "Jira refused the new issue");
}

async function handleActionFailure(
  deps: RunDeps,
  leased: LeasedLink,
  run: Run,
  action: Action,
  error: ServiceError,
): Promise<void> {
  const decision = decide(error.kind);
  const waitMs = pauseMs(backoffMs(run.link.attempts, deps.random()), error.facts.retryAfterMs);
  const direction = action.direction === "to-huawei" ? "to-huawei" : "to-jira";
  const failure = { direction, item: itemOf(action), reason: error.kind, detail: error.message } as const;
  const goesOn = isGivenUp(error, action);
  if (!goesOn) {
    run.failed = true;
    run.reason = error.kind;
    run.lookAgain(later(deps, waitMs));
  }
  if (goesOn) {
    // Nothing will change by trying again at once: the next news of the link tries once more.
    await leased.apply({ failures: [failure] });
  } else if (decision.kind === "wait") {
    run.attempt = 0;
  } else if (error.kind === "not_found") {
    // Whatever is gone, the next reading says what it means.
    await leased.apply({ failures: [failure] });
  } else if (
    decision.kind !== "retry" ||
    (decision.attemptsMax !== null && run.link.attempts >= decision.attemptsMax)
  ) {
    await holdLink(deps, leased, run, { direction, reason: error.kind, detail: error.message });
  }
  deps.log.warn(
    {
      linkId: run.link.id,
      action: action.kind,
      kind: error.kind,
      operation: error.facts.operation,
      status: error.facts.status,
      code: error.facts.code,
    },
    "Action failed",
  );
}

async function handleReadFailure(deps: RunDeps, leased: LeasedLink, run: Run, error: unknown): Promise<Outcome> {
  if (error instanceof IssueMissing) {
    run.failed = true;
    run.attempt = 0;
    if (!(await isProjectReadable(deps))) {
      // Nothing about this issue can be told while the whole project is out of sight.
      await deps.state.recordConnectionFailure(run.link.connectionName, projectUnreadable, error.message);
      run.recheckAt = later(deps, 60_000);
      return deferred(projectUnreadable, run.writes);
    }
    return noteMissing(deps, leased, run, {
      item: "issue",
      reason: "issue_gone",
      againMs: 5 * 60_000,
      detail: error.message,
    });
  }
  if (!isServiceError(error)) throw error;
  run.failed = true;
  run.reason = error.kind;
  const decision = decide(error.kind);
  run.attempt = decision.kind === "wait" ? 0 : 1;
  run.recheckAt = later(deps, pauseMs(backoffMs(run.link.attempts, deps.random()), error.facts.retryAfterMs));
  deps.log.warn(
    {
      linkId: run.link.id,
      kind: error.kind,
      operation: error.facts.operation,
      status: error.facts.status,
      code: error.facts.code,
    },
    "Reading failed",
  );
  if (error.facts.side === "huawei" && (error.kind === "not_found" || error.kind === "forbidden")) {
    run.attempt = 0;
    return noteMissing(deps, leased, run, {
      item: "case",
      reason: error.kind === "forbidden" ? "forbidden" : "case_gone",
      againMs: 60_000,
      detail: error.message,
    });
  }
  if (
    decision.kind === "block_link" ||
    decision.kind === "give_up_item" ||
    (decision.kind === "retry" && decision.attemptsMax !== null && run.link.attempts >= decision.attemptsMax)
  ) {
    await holdLink(deps, leased, run, { direction: "both", reason: error.kind, detail: error.message });
    return blocked(error.kind);
  }
  return deferred(error.kind, run.writes);
}

/**
 * The issue that this run has just made. The first one of a process is read, to learn in which status new issues start; the others
 * look like it, which saves a request per case of an import.
 */
async function issueJustMade(deps: RunDeps, leased: LeasedLink, run: Run): Promise<Observed["issue"]> {
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
    mark: null,
    // Not a reading: the next round reads the issue whatever this says.
    updatedRaw: "",
  };
}

async function readIssueSoftly(deps: ApplyDeps, leased: LeasedLink, run: Run): Promise<Observed["issue"]> {
  const { issueId } = leased.snapshot.link;
  try {
    return issueId === null ? null : await deps.jira.findIssue(issueId, deps.lane);
  } catch (error) {
    if (!isServiceError(error)) throw error;
    run.lookAgain(later(deps, 2_000));
    run.failed = true;
    return null;
  }
}

/** The confirming read after own messages; when it fails, the next look does it. */
async function readCaseSoftly(
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
    run.lookAgain(later(deps, 2_000));
    return {};
  }
}

/** Looks at writes to Huawei that stayed invisible, and stores what was handled. */
async function afterPasses(
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
    if (intent.side !== "huawei") continue;
    if (intent.state === "planned") {
      // A paused direction is woken when it is resumed. What waits for long is looked at less and less often.
      const ageMs = Math.abs(now.getTime() - intent.createdAt.getTime());
      if (!run.failed && !pausedToHuawei) run.lookAgain(later(deps, Math.min(3_600_000, Math.max(15_000, ageMs / 2))));
      continue;
    }
    const due = dueLook(intent, deps);
    if (observed.messages === null || observed.caseReadAt === null || due.at > observed.caseReadAt)
      run.lookAgain(due.at > now ? due.at : later(deps, 1_000));
    else if (intent.kind === "action") run.lookAgain(await settleAction(deps, leased, intent, observed));
    else run.lookAgain(await noteEmptyLook(deps, leased, intent, observed.caseReadAt));
  }
  if (observed.messages !== null && !run.failed && !pausedToJira) {
    // What is still only planned after a run without failure is not wanted any more: its message was withdrawn, or came otherwise.
    // Notices are owed whatever a reading says.
    const unwanted = leased.snapshot.intents.filter(
      (intent) => intent.side === "jira" && intent.state === "planned" && !intent.key.startsWith("notice:"),
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
      ? leased.snapshot.link.namedMessages.filter((name) => name.startsWith(accessRequestPrefix))
      : untoldAccess(observed, leased.snapshot.mirrors).map(
          (request) => `${accessRequestPrefix}${request.authorizationId}`,
        );
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
function lookAgainAt(deps: ReconcileDeps, issue: Issue, comments: readonly IssueComment[]): Date | null {
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

/** The item that a failure of the action is filed under. */
function itemOf(action: Action): string {
  switch (action.kind) {
    case "post_message":
      return `message:${action.message.sourceId}`;
    case "send_comment":
      return `comment:${action.comment.commentId}`;
    case "withdraw_comment":
      return `comment:${action.mirror.sourceId}`;
    case "send_file":
      return `file:${action.file.attachmentId}`;
    case "run_command":
      return `comment:${action.comment.commentId}`;
    case "move_issue":
      return "status";
    case "notice":
      return `notice:${action.cause}`;
    default:
      return action.kind;
  }
}
