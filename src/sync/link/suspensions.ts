/**
 * What stops a link, or one direction of it, until something changes: suspensions, vanished cases and issues, issues that moved away. All of
 * it is told on the issue where that can be written to (guarantee 6).
 */
import type { FailureDirection } from "../../domain/direction.ts";
import type { FailureReason } from "../../domain/failure.ts";
import type { Issue } from "../../domain/issue.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { postNotice } from "../apply/notices.ts";
import { type ApplyDeps, Unsettled } from "../apply/write-once.ts";
import { blocked, deferred, type Outcome } from "../outcome.ts";
import type { ActionDirection } from "../plan/action.ts";
import type { LeasedLink, LinkSnapshot, StatePort } from "../state.ts";
import { say, type Words } from "../texts/say.ts";
import { later, type Run } from "./run.ts";

type SuspendDeps = ApplyDeps & { readonly state: StatePort };

/** The issue left the connection's project: nothing goes on until `links move` says that this is wanted (rule 7). */
export async function noteMoved(deps: SuspendDeps, leased: LeasedLink, run: Run, issue: Issue): Promise<Outcome> {
  await leased.apply({
    link: { issueKey: issue.issueKey, state: "moved", reason: "moved" },
    failures: [
      {
        direction: "both",
        item: "issue",
        reason: "moved",
        detail: `the issue is ${issue.issueKey} now, outside project ${deps.settings.jira.projectKey}`,
      },
    ],
  });
  deps.log.warn({ linkId: run.link.id, issueKey: issue.issueKey }, "Issue moved out of the project");
  await tellSoftly(
    deps,
    leased,
    run,
    noticeCause.movedAway(issue.issueKey),
    say(deps.settings, (t) => t.holds.moved(deps.settings.jira.projectKey)),
  );
  return blocked("moved");
}

/** Whether the connection's project can be seen; a service that fails tells nothing, so then it cannot. */
export async function isProjectReadable(deps: ApplyDeps): Promise<boolean> {
  try {
    return await deps.jira.isProjectReadable(deps.lane);
  } catch (error) {
    if (!isServiceError(error)) throw error;
    return false;
  }
}

/** From so many links on, and a tenth of all, it is not the cases that are gone but our access to them (rule 3). */
const missingMax = 20;

/**
 * A case or issue that does not answer. The first look is remembered; a second one, `againMs` later, ends the link, unless so many
 * are missing at once that the connection stops instead.
 */
export async function noteMissing(
  deps: SuspendDeps,
  leased: LeasedLink,
  run: Run,
  missing: {
    readonly item: "case" | "issue";
    readonly reason: FailureReason;
    readonly againMs: number;
    readonly detail: string;
  },
): Promise<Outcome> {
  const { item, reason, detail } = missing;
  const { connectionName } = run.link;
  const first = leased.snapshot.failures.find(
    (failure) => failure.item === item && failure.reason === reason && failure.state === "open",
  );
  await leased.apply({ failures: [{ direction: "both", item, reason, detail }] });
  const waitMs =
    first === undefined ? missing.againMs : first.firstAt.getTime() + missing.againMs - deps.clock.now().getTime();
  run.recheckAt = later(deps, Math.max(1_000, waitMs));
  if (first === undefined || waitMs > 0) return deferred(reason, run.writes);

  const count = await deps.state.countMissing(connectionName);
  if (count.missing > missingMax && count.missing * 10 > count.watched) {
    await deps.state.recordConnectionFailure(
      connectionName,
      "access_changed",
      `${count.missing} of ${count.watched} cases or issues cannot be read any more`,
    );
    await deps.state.patchConnection(connectionName, { state: "stopped", stateReason: "access_changed" });
    return deferred("access_changed", run.writes);
  }
  if (item === "case") {
    const hasNotice = await tellSoftly(
      deps,
      leased,
      run,
      noticeCause.unreadable(reason, first.firstAt.getTime()),
      say(deps.settings, (t) => (reason === "case_gone" ? t.holds.caseGone : t.holds.caseForbidden)),
    );
    if (!hasNotice) return deferred(reason, run.writes);
  }
  await leased.apply({ link: { state: "gone", reason } });
  return blocked(reason);
}

/** Writes a notice; a failing service does not end the run. Answers whether the notice stands there. */
async function tellSoftly(
  deps: ApplyDeps,
  leased: LeasedLink,
  run: Run,
  cause: string,
  text: string,
): Promise<boolean> {
  try {
    run.writes += await postNotice(deps, leased, cause, text);
    return true;
  } catch (error) {
    if (!isServiceError(error) && !(error instanceof Unsettled)) throw error;
    return false;
  }
}

/**
 * Holds one direction of a link, or all of it, until somebody acts (`failures retry`). The other direction goes on, and the issue
 * says that its mirror is behind.
 */
export async function holdLink(
  deps: SuspendDeps,
  leased: LeasedLink,
  run: Run,
  hold: {
    readonly direction: FailureDirection;
    readonly reason: FailureReason;
    readonly detail: string;
  },
): Promise<void> {
  const { direction, reason } = hold;
  await leased.apply({ failures: [{ ...hold, item: "link" }], link: { reason } });
  const failure = leased.snapshot.failures.find((entry) => entry.item === "link" && entry.reason === reason);
  const what: Words = ({ holds }) =>
    direction === "to-huawei" ? holds.toHuawei : direction === "to-jira" ? holds.toJira : holds.both;
  await tellSoftly(
    deps,
    leased,
    run,
    noticeCause.suspended(direction, reason, failure?.firstAt.getTime() ?? 0),
    say(deps.settings, (t) => t.holds.suspended(what(t), reason)),
  );
  if (direction === "both") await leased.apply({ link: { state: "blocked", reason } });
  deps.log.error({ linkId: run.link.id, direction, reason }, "Link held");
}

/** Directions of a link that wait for a person, those among them whose failure was put aside for good. */
export function suspendedDirections(snapshot: LinkSnapshot): ReadonlySet<ActionDirection> {
  const suspended = new Set<ActionDirection>();
  for (const failure of snapshot.failures) {
    // Nobody wants the issue that Jira refused.
    if (failure.reason === ("issue_refused" satisfies FailureReason) && failure.state === "discarded")
      suspended.add("to-jira");
    if (failure.item !== "link" || !["open", "discarded"].includes(failure.state)) continue;
    if (failure.direction !== "to-huawei") suspended.add("to-jira");
    if (failure.direction !== "to-jira") suspended.add("to-huawei");
  }
  return suspended;
}
