/** Carries out what the failure policy decided: moments, attempts, failures for people, holds. */
import type { FailureReason } from "../../domain/failure.ts";
import { isServiceError, type ServiceError } from "../../domain/service-error.ts";
import { type Growth, growingMs, pauseMs } from "../../lib/retry.ts";
import type { Described } from "../apply/action-table.ts";
import { Unjudged, Withheld } from "../apply/gate.ts";
import { dueLook } from "../apply/looks.ts";
import { Unsettled } from "../apply/write-once.ts";
import { backoffMs, blocked, deferred, type Outcome, projectUnreadable } from "../outcome.ts";
import type { Action } from "../plan/action.ts";
import type { LeasedLink } from "../state.ts";
import { judgeFailure, type Phase, type Verdict } from "./failure-policy.ts";
import { later, type Run, type RunDeps } from "./run.ts";
import { holdLink, isProjectReadable, noteMissing } from "./suspensions.ts";

/** After so long an addition that failed is tried again. */
const additionPauseMs = 5 * 60_000;
/** A pause where the cause is likely to be over at once. */
const soonMs = 2_000;
/** So long a case or an issue that does not answer is left alone before its second look. */
const missingPauseMs = { case: 60_000, issue: 5 * 60_000 } as const;
/** Pauses before a case whose issue Jira refused is tried again unasked. */
const formPauses: Growth = { firstMs: 60_000, factor: 2, maxMs: 3_600_000, jitter: [0.75, 1] };
/** Reason of the failure of a case whose issue Jira does not take as it is made up. */
const issueRefused = "issue_refused" satisfies FailureReason;

/** Ends a run whose reading, or whose request for a case, failed. Throws what nobody foresaw. */
export async function endByFailure(
  deps: RunDeps,
  leased: LeasedLink,
  run: Run,
  failure: { readonly error: unknown; readonly phase: Exclude<Phase, { readonly kind: "acting" }> },
): Promise<Outcome> {
  const { error, phase } = failure;
  const verdict = judgeFailure(error, phase, run.link.attempts);
  // The gate's own reading failed like any other.
  const cause = serviceErrorOf(error);
  if (cause !== null) logFailure(deps, run, cause, "Reading failed");
  switch (verdict.kind) {
    case "missing":
      return await endMissing(deps, leased, run, verdict, cause?.message ?? String(error));
    case "later":
      // A moment of before would only meet the same failure.
      if (cause !== null) run.recheckAt = null;
      wait(deps, leased, run, verdict, error);
      return deferred(verdict.reason, run.writes);
    case "held":
      run.failed = true;
      run.recheckAt = later(deps, ownPauseMs(deps, run, cause));
      await holdLink(deps, leased, run, {
        direction: "both",
        reason: verdict.reason,
        detail: cause?.message ?? "",
      });
      return blocked(verdict.reason);
    default:
      throw error;
  }
}

/** How an action's failure is taken. Answers whether the rest of its direction waits. Throws what nobody foresaw. */
export async function takeActionFailure(
  deps: RunDeps,
  leased: LeasedLink,
  run: Run,
  failed: { readonly action: Action; readonly described: Described; readonly error: unknown },
): Promise<"goes_on" | "waits"> {
  const { action, described, error } = failed;
  const { item, stops } = described;
  const verdict = judgeFailure(error, { kind: "acting", stops }, run.link.attempts);
  const cause = serviceErrorOf(error);
  const direction = action.direction === "to-huawei" ? "to-huawei" : "to-jira";
  const tell = async (reason: FailureReason, detail: string): Promise<void> =>
    leased.apply({ failures: [{ direction, item, reason, detail }] });
  if (cause !== null) logFailure(deps, run, cause, "Action failed", action.kind);
  switch (verdict.kind) {
    case "given_up":
      // Nothing will change by trying again at once: the next news of the link tries once more.
      if (cause !== null) await tell(cause.kind, cause.message);
      return "goes_on";
    case "left_out":
      if (verdict.isRecorded && cause !== null) await tell(cause.kind, cause.message);
      else run.recheck(later(deps, pauseMs(additionPauseMs, cause?.facts.retryAfterMs ?? null)));
      return "goes_on";
    case "form_refused":
      await waitForForm(deps, leased, run, cause?.facts.detail ?? "");
      return "waits";
    case "later":
      wait(deps, leased, run, verdict, error);
      if (verdict.isRecorded && cause !== null) await tell(cause.kind, cause.message);
      return "waits";
    case "held":
      run.failed = true;
      run.reason = verdict.reason;
      run.recheck(later(deps, ownPauseMs(deps, run, cause)));
      await holdLink(deps, leased, run, { direction, reason: verdict.reason, detail: cause?.message ?? "" });
      return "waits";
    default:
      throw error;
  }
}

function serviceErrorOf(error: unknown): ServiceError | null {
  if (error instanceof Unjudged) return error.cause;
  return isServiceError(error) ? error : null;
}

/** The run is not through: its news stay news, and it has a moment at which it goes on. */
function wait(
  deps: RunDeps,
  leased: LeasedLink,
  run: Run,
  verdict: Extract<Verdict, { readonly kind: "later" }>,
  error: unknown,
): void {
  if (verdict.attempt === "none" || (verdict.attempt === "none_alone" && !run.failed)) run.attempt = 0;
  run.failed = true;
  run.reason = verdict.reason;
  run.recheck(momentOf(deps, leased, run, verdict.when, error));
  if (error instanceof Withheld) deps.log.debug({ linkId: run.link.id, reason: error.reason }, "Kept in Jira");
}

function momentOf(
  deps: RunDeps,
  leased: LeasedLink,
  run: Run,
  when: Extract<Verdict, { readonly kind: "later" }>["when"],
  error: unknown,
): Date {
  if (when === "after_back_off") return later(deps, ownPauseMs(deps, run, serviceErrorOf(error)));
  if (when === "at_its_look" && error instanceof Unsettled) {
    // A write that waits for its look has that moment stored; a comment that changed under our hands has none.
    const waiting = leased.snapshot.intents.find((intent) => intent.key === error.key);
    if (waiting !== undefined) return dueLook(waiting, deps).at;
  }
  return later(deps, soonMs);
}

function ownPauseMs(deps: RunDeps, run: Run, cause: ServiceError | null): number {
  return pauseMs(backoffMs(run.link.attempts, deps.random()), cause?.facts.retryAfterMs ?? null);
}

/** Ends a run whose case or issue does not answer; while the whole project is out of sight nothing about one issue can be told. */
async function endMissing(
  deps: RunDeps,
  leased: LeasedLink,
  run: Run,
  { item, reason }: Extract<Verdict, { readonly kind: "missing" }>,
  detail: string,
): Promise<Outcome> {
  run.failed = true;
  run.attempt = 0;
  run.reason = reason;
  if (item === "issue" && !(await isProjectReadable(deps))) {
    await deps.state.recordConnectionFailure(run.link.connectionName, projectUnreadable, detail);
    run.recheckAt = later(deps, 60_000);
    return deferred(projectUnreadable, run.writes);
  }
  return noteMissing(deps, leased, run, { item, reason, againMs: missingPauseMs[item], detail });
}

/**
 * Jira does not take the new issue as it is made up: the case waits until the configuration or the project is mended. It is tried again
 * when the configuration changes (`intake/`), and after a pause that grows.
 */
async function waitForForm(deps: RunDeps, leased: LeasedLink, run: Run, detail: string): Promise<void> {
  const earlier = leased.snapshot.failures.find(({ item, reason }) => item === "issue" && reason === issueRefused);
  await leased.apply({ failures: [{ direction: "to-jira", item: "issue", reason: issueRefused, detail }] });
  run.reason = issueRefused;
  run.recheck(later(deps, growingMs(formPauses, (earlier?.attempts ?? 0) + 1, deps.random())));
}

function logFailure(deps: RunDeps, run: Run, error: ServiceError, message: string, action?: string): void {
  const { kind, facts } = error;
  deps.log.warn(
    {
      linkId: run.link.id,
      ...(action === undefined ? {} : { action }),
      kind,
      operation: facts.operation,
      status: facts.status,
      code: facts.code,
    },
    message,
  );
}
