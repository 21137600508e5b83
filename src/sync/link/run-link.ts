/**
 * Runs one link: takes its lease and keeps it, lets the flow work, and records what came of it. The flow (`reconcile-link.ts`, or for an
 * issue that asks for a case `request-case.ts`) knows nothing of leases, attempts and records.
 */

import type { LinkId } from "../../domain/ids.ts";
import { linkLeaseMs, renewEveryMs } from "../../domain/lease.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { withHeartbeat } from "../../lib/heartbeat.ts";
import { whileStanding } from "../../lib/standing.ts";
import { endLeftAttempts } from "../apply/looks.ts";
import { callTimeMaxMs, sendTimeMs } from "../apply/write-once.ts";
import { backoffMs, blocked, deferred, ignored, type Outcome } from "../outcome.ts";
import { CaseAlreadyLinked, IssueAlreadyLinked, type LeasedLink, LeaseLost } from "../state.ts";
import { MarksUnread } from "./first-write.ts";
import { reconcileLink } from "./reconcile-link.ts";
import { requestCase } from "./request-case.ts";
import { type LinkDeps, later, Run, toRunDeps } from "./run.ts";
import { holdLink } from "./suspensions.ts";
import { dropUnreadable } from "./unreadable.ts";

export type { LinkDeps } from "./run.ts";

/** After so many failed attempts for a reason that nobody foresaw the link waits for a person. */
const unexpectedMax = 10;

/** Brings one link into agreement. Safe to repeat, safe to stop anywhere. Never throws for a failing service. */
export async function runLink(deps: LinkDeps, linkId: LinkId): Promise<Outcome> {
  const leased = await deps.state.claimLink(linkId, deps.owner, linkLeaseMs);
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
          {
            mayStart: () => leased.remainingMs() >= callTimeMaxMs,
            mayGoOn: () => leased.remainingMs() >= sendTimeMs,
          },
          () => runFlow(deps, leased, run),
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
    if (error instanceof CaseAlreadyLinked) return await leaveCase(deps, leased, run, error);
    if (error instanceof IssueAlreadyLinked) return await leaveIssue(deps, leased, run, error);
    if (link.attempts >= unexpectedMax) {
      const detail = error instanceof Error ? error.name : "unknown";
      await holdLink(await toRunDeps(deps, leased, link), leased, run, {
        direction: "both",
        reason: "internal_error",
        detail,
      });
    }
    await leased.finish({
      doneRev: null,
      recheckAt: later(deps, backoffMs(link.attempts, deps.random())),
      attempts: link.attempts + 1,
    });
    throw error;
  }
  if (run.writes > 0 || outcome.kind === "blocked") await tellRun(deps, leased, { run, outcome, startedAt });
  return outcome;
}

/** Says what a run did, in the table of runs and in the log. */
async function tellRun(
  deps: LinkDeps,
  leased: LeasedLink,
  { run, outcome, startedAt }: { readonly run: Run; readonly outcome: Outcome; readonly startedAt: Date },
): Promise<void> {
  const { id: linkId, connectionName, caseId } = run.link;
  const { writes } = run;
  const reason = "reason" in outcome ? outcome.reason : null;
  await deps.state.recordRun({
    connectionName,
    linkId,
    job: "reconcile-link",
    startedAt,
    outcome: outcome.kind,
    reason,
    reads: 0,
    writes,
  });
  const { issueKey } = leased.snapshot.link;
  deps.log.info({ linkId, caseId, issueKey, writes, outcome: outcome.kind }, "Link reconciled");
}

/** The case of this link's issue has another issue: nothing more is done here until a person decides. */
async function leaveCase(deps: LinkDeps, leased: LeasedLink, run: Run, conflict: CaseAlreadyLinked): Promise<Outcome> {
  const { caseId, connectionName, issueKey } = conflict;
  const detail = `case ${caseId} is mirrored to ${issueKey ?? "an issue that is still to be made"} by the connection ${connectionName}`;
  await holdLink(await toRunDeps(deps, leased, run.link), leased, run, {
    direction: "both",
    reason: "owned_by",
    detail,
  });
  await leased.finish({ doneRev: run.link.wantedRev, recheckAt: null, attempts: 0 });
  return blocked("owned_by");
}

/** The issue that this link was to get has another case: nothing more is done here until a person decides. */
async function leaveIssue(
  deps: LinkDeps,
  leased: LeasedLink,
  run: Run,
  conflict: IssueAlreadyLinked,
): Promise<Outcome> {
  const detail = `issue ${conflict.issueId} is paired with ${conflict.caseId === null ? "no case yet" : `case ${conflict.caseId}`} by another link`;
  await holdLink(await toRunDeps(deps, leased, run.link), leased, run, {
    direction: "both",
    reason: "issue_taken",
    detail,
  });
  await leased.finish({ doneRev: run.link.wantedRev, recheckAt: null, attempts: 0 });
  return blocked("issue_taken");
}

/** The flow that the link is due for. */
async function runFlow(base: LinkDeps, leased: LeasedLink, run: Run): Promise<Outcome> {
  const { link } = leased.snapshot;
  const connection = await base.state.getConnection(link.connectionName);
  if (connection.state === "stopped") {
    run.failed = true;
    run.attempt = 0;
    run.recheckAt = later(base, 60_000);
    return deferred(connection.stateReason ?? "stopped", 0);
  }
  const deps = await toRunDeps(base, leased, link);
  warnOfUnknownRows(deps, leased);
  await dropUnreadable(leased);
  await endLeftAttempts(deps, leased);
  const asksForCase = link.caseId === null && link.issueId !== null;
  return asksForCase ? requestCase(deps, leased, run, connection) : reconcileLink(deps, leased, run, connection);
}

/** Tells of rows that only a newer release understands: they stay as they are, and nothing is done about them here. */
function warnOfUnknownRows({ log }: LinkDeps, { snapshot }: LeasedLink): void {
  const mirrors = snapshot.mirrors.flatMap(({ kind, sourceId }) => (kind === "unknown" ? [sourceId] : []));
  const intents = snapshot.intents.flatMap(({ kind, key }) => (kind === "unknown" ? [key] : []));
  if (mirrors.length + intents.length > 0)
    log.warn({ linkId: snapshot.link.id, mirrors, intents }, "Rows of a newer release are left alone");
}
