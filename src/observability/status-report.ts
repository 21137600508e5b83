/** What `status` and the page show: one picture of everything, read from the database, put together by the integrator. */
import type { Direction } from "../domain/direction.ts";
import type { RoundFailure } from "../domain/round-failure.ts";

/** One kind of round of one connection, as it last went. */
export type RoundReport = {
  /** `cases`, `issues` or `check`. */
  readonly name: string;
  /** How the last one ended; `null` = none has ended yet. */
  readonly outcome: string | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** When one last ended well; `null` = not known. */
  readonly doneAt: Date | null;
  /** The interval that schedule and budget lead one to expect; `null` for kinds that have none. */
  readonly plannedSeconds: number | null;
  /** Requests that it made. */
  readonly requests: number | null;
  /** Why it failed; `null` unless it did. */
  readonly failure: RoundFailure | null;
};

/** One connection. */
export type ConnectionReport = {
  readonly name: string;
  readonly state: "active" | "stopped";
  /** Why it is stopped. */
  readonly stateReason: string | null;
  readonly pausedToJira: boolean;
  readonly pausedToHuawei: boolean;
  /** Number of links by state. */
  readonly links: Readonly<Record<string, number>>;
  readonly openFailures: number;
  /** Age of the oldest change that is not mirrored yet, be it due or held back; `null` = nothing waits. */
  readonly oldestUnmirroredSeconds: number | null;
  /** Age of the oldest change that is due and that nothing holds back; `null` = there is none. */
  readonly oldestDueSeconds: number | null;
  /** How long something has been held back by a pause, a hold or a breaker; `null` = nothing is. */
  readonly oldestHeldSeconds: number | null;
  /** The poll interval of cases that was really reached; the planned one before the second round. */
  readonly effectivePollSeconds: number | null;
  /** The interval that the schedule and the budget lead one to expect. */
  readonly plannedPollSeconds: number;
  readonly rounds: readonly RoundReport[];
  /** Directions in which nothing has come for an unusual time although cases are open, and since when. */
  readonly silences: readonly { readonly direction: Direction; readonly since: Date }[];
  /** Budgets in requests per second. */
  readonly budgets: { readonly huawei: number; readonly jira: number };
  /** How the two budgets stand. */
  readonly budgetStates: { readonly huawei: BudgetReport; readonly jira: BudgetReport };
};

/** What keeps a connection from being well. */
export type Trouble =
  | "stopped"
  | "refused"
  | "unanswered"
  | "held"
  | "failures"
  | "late"
  | "silent"
  | "quiet"
  | "unsteady";

/** A change that waits for longer is late: as the alert CasebridgeLagging has it (docs/alerts.yml). */
export const lateSeconds = 900;

/** Rounds that come so much more rarely than planned are missed. */
const missedTimes = 3;
/** After a good round so many planned intervals may bring a failed one before that is more than a hiccup: the next one has failed, too. */
const hiccupTimes = 2.5;
/** What does not mend by itself is told at the first time. */
const lastingBreaks: ReadonlySet<string> = new Set(["forbidden", "not_found", "rejected"]);
/** A service that tells us to wait for longer keeps rounds away; shorter waits are everyday. */
const longPauseMs = 60_000;

/** What is wrong with a connection at a moment, the worst first; empty = all is well. Pure. */
export function troublesOf(connection: ConnectionReport, at: Date): readonly Trouble[] {
  const { state, budgetStates, oldestHeldSeconds, oldestUnmirroredSeconds, openFailures } = connection;
  const isRefused = budgetStates.huawei.refusedSince !== null || budgetStates.jira.refusedSince !== null;
  const isMissed = (connection.effectivePollSeconds ?? 0) > missedTimes * connection.plannedPollSeconds;
  const isPaused = [budgetStates.huawei, budgetStates.jira].some(
    ({ pausedUntil }) => pausedUntil !== null && pausedUntil.getTime() - at.getTime() > longPauseMs,
  );
  const failed = failedRounds(connection, at);
  const found: readonly (readonly [Trouble, boolean])[] = [
    ["stopped", state === "stopped"],
    ["refused", isRefused],
    ["unanswered", state !== "stopped" && failed.some(({ mayPass }) => !mayPass)],
    ["held", oldestHeldSeconds !== null],
    ["failures", openFailures > 0],
    // What no round looks for cannot be known to be late.
    ["silent", state !== "stopped" && (isMissed || isPaused || deafSince(connection, at) !== null)],
    ["late", oldestUnmirroredSeconds !== null && oldestUnmirroredSeconds > lateSeconds],
    ["quiet", state !== "stopped" && connection.silences.length > 0],
    ["unsteady", state !== "stopped" && failed.length > 0 && failed.every(({ mayPass }) => mayPass)],
  ];
  return found.flatMap(([trouble, isThere]) => (isThere ? [trouble] : []));
}

/** Why a round failed the last time, when, when its schedule lets one expect the next, and whether that may end it as a hiccup. */
export type FailedRound = RoundFailure & {
  readonly mayPass: boolean;
  readonly failedAt: Date | null;
  readonly againAt: Date | null;
};

/** Why rounds failed the last time, each cause once, the lasting ones first. Refused credentials are told as such. Pure. */
export function failedRounds({ rounds }: Pick<ConnectionReport, "rounds">, at: Date): readonly FailedRound[] {
  const found = rounds.flatMap(({ failure, startedAt, endedAt, doneAt, plannedSeconds }): FailedRound[] => {
    if (failure === null || failure.as === "unauthorized") return [];
    const isRecent =
      doneAt !== null &&
      plannedSeconds !== null &&
      at.getTime() - doneAt.getTime() <= hiccupTimes * plannedSeconds * 1000;
    const againAt =
      startedAt === null || plannedSeconds === null ? null : new Date(startedAt.getTime() + plannedSeconds * 1000);
    return [{ ...failure, mayPass: isRecent && !lastingBreaks.has(failure.as), failedAt: endedAt, againAt }];
  });
  found.sort((one, other) => Number(one.mayPass) - Number(other.mayPass));
  const byCause = new Map<string, FailedRound>();
  for (const failure of found) {
    const cause = `${failure.side} ${failure.as}`;
    if (!byCause.has(cause)) byCause.set(cause, failure);
  }
  return [...byCause.values()];
}

/** Since when no round of some kind has ended well, where that is longer than the schedule explains; `null` = all is well. Pure. */
export function deafSince({ rounds }: Pick<ConnectionReport, "rounds">, at: Date): Date | null {
  const late = rounds.flatMap(({ doneAt, plannedSeconds }) => {
    if (doneAt === null || plannedSeconds === null) return [];
    const limitSeconds = Math.max(lateSeconds, missedTimes * plannedSeconds);
    return at.getTime() - doneAt.getTime() > limitSeconds * 1000 ? [doneAt.getTime()] : [];
  });
  return late.length === 0 ? null : new Date(Math.min(...late));
}

/** How notifications go. */
export type NotificationReport = {
  readonly format: string;
  readonly on: readonly string[];
  /** When a message was last taken; `null` = none was yet. */
  readonly sentAt: Date | null;
  /** Since when every attempt has failed, and what the last one came to; `null` while they work. */
  readonly failingSince: Date | null;
  readonly problem: string | null;
};

/** One budget as all replicas see it; connections on one account share it. */
export type BudgetReport = {
  /** The service told us to wait until then; `null` = it did not, or the time is over. */
  readonly pausedUntil: Date | null;
  /** Since when the credential is refused; `null` = it is accepted, as far as is known. */
  readonly refusedSince: Date | null;
  /** Names of the connections that draw on it, in file order. */
  readonly sharedBy: readonly string[];
};

/** The picture at one moment. */
export type StatusReport = {
  readonly at: Date;
  /** Whether the database takes no writes, so that nothing can be mirrored. */
  readonly databaseReadOnly: boolean;
  readonly connections: readonly ConnectionReport[];
  readonly queues: readonly { readonly queue: string; readonly state: string; readonly count: number }[];
  /** `null` = nobody is notified. */
  readonly notifications: NotificationReport | null;
};
