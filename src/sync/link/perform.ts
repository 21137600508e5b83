/** Performs the actions of a plan, each as its table entry says; what fails is taken as the failure policy says. */
import { commentsSentBy, describe } from "../apply/action-table.ts";
import { moments } from "../moments.ts";
import type { Action, ActionDirection } from "../plan/action.ts";
import { relationsRead } from "../plan/relations.ts";
import { type LeasedLink, LeaseLost, type OpenFailure } from "../state.ts";
import { takeActionFailure } from "./failures.ts";
import { burstMax, isFresh, type LinkDeps, later, type Run, type RunDeps } from "./run.ts";
import { holdLink } from "./suspensions.ts";

/** Performs the actions; a failing one holds back only its own direction. Answers whether a message went to Huawei. */
export async function perform(
  deps: RunDeps,
  leased: LeasedLink,
  run: Run,
  actions: readonly Action[],
  suspended: Set<ActionDirection>,
): Promise<boolean> {
  let sent = false;
  let unlinked = false;
  for (const [at, action] of actions.entries()) {
    if (suspended.has(action.direction)) continue;
    // The relations are read once more while a link is missing.
    if (action.kind === "remember" && action.what === relationsRead && unlinked) continue;
    const described = describe(action);
    const isNews = isFresh({ ...described, direction: action.direction }, run.link, moments(deps));
    deps.gate.expect(actions.slice(at).flatMap(commentsSentBy));
    try {
      if (run.burst.writes >= burstMax && isNews) {
        await holdLink(deps, leased, run, {
          direction: "both",
          reason: "loop_suspected",
          detail: `more than ${burstMax} writes within 10 minutes`,
        });
        // Whoever releases it gives it a new span.
        run.burst = { since: deps.clock.now(), writes: 0 };
        run.failed = true;
        run.reason = "loop_suspected";
        suspended.add("to-jira").add("to-huawei");
        continue;
      }
      if (action.kind === "remember" && action.wakes === true)
        await deps.state.wake([{ linkId: run.link.id, huawei: true, jira: true, lane: "live" }]);
      const failuresBefore = leased.snapshot.failures;
      const writes = await described.perform(deps, leased);
      run.writes += writes;
      if (writes > 0 && described.changesIssue) run.changedIssueAt = deps.clock.now();
      const isAdoption = action.kind === "remember" && (action.step.adoptions ?? 0) > 0;
      if (isAdoption && (await isStopped(deps, run))) {
        for (const direction of ["to-jira", "to-huawei", "state"] as const) suspended.add(direction);
        continue;
      }
      if (writes > 0 && isNews) run.burst.writes += 1;
      await resolveFailures(leased, action, described.item, failuresBefore);
      if (action.direction === "to-huawei" && writes > 0) sent = true;
    } catch (error) {
      if (error instanceof LeaseLost) throw error;
      const verdict = await takeActionFailure(deps, leased, run, { action, described, error });
      if (verdict === "waits") suspended.add(action.direction);
      else if (action.kind === "link_issues") unlinked = true;
    }
  }
  return sent;
}

/** What failed `before` and works now is no failure any more; what the action itself reported is one. */
async function resolveFailures(
  leased: LeasedLink,
  action: Action,
  item: string,
  before: readonly OpenFailure[],
): Promise<void> {
  // A move tells by itself whether it was possible.
  if (action.kind === "remember" || action.kind === "move_issue") return;
  // A refusal for good has left its placeholder; only passing trouble ends by itself.
  const passing = leased.snapshot.failures.some(
    (failure) => failure.item === item && failure.state !== "discarded" && !failure.reason.endsWith("_refused"),
  );
  const reported = leased.snapshot.failures.some((failure) => failure.item === item && !before.includes(failure));
  if (passing && !reported) await leased.apply({ resolvedFailures: [{ item }] });
}

/** Whether the connection was stopped under the run, as the third adoption within an hour does; then nothing more is written. */
export async function isStopped(deps: LinkDeps, run: Run): Promise<boolean> {
  const connection = await deps.state.getConnection(run.link.connectionName);
  if (connection.state !== "stopped") return false;
  run.failed = true;
  run.attempt = 0;
  run.reason = connection.stateReason ?? "stopped";
  run.recheck(later(deps, 60_000));
  deps.log.warn({ connection: run.link.connectionName, reason: run.reason }, "The connection was stopped");
  return true;
}
