/** One picture of everything, from the database and the queue; no remote call. */
import type { Config } from "../config/config.ts";
import type { ApiVersion } from "../domain/access.ts";
import { budgetKeys } from "../domain/budget-keys.ts";
import { roundRequests, roundSeconds } from "../domain/round-cost.ts";
import type { Side } from "../domain/service-error.ts";
import { eightDaysMs, longestGapMs } from "../lib/ticks.ts";
import type { BudgetReport, ConnectionReport, StatusReport } from "../observability/status-report.ts";
import type { QueueBackend } from "../queue/contract.ts";
import type { AdminStore } from "../store/admin.ts";
import type { Silence } from "../store/news.ts";

/**
 * The poll interval that can be reached, in seconds (rule 14): the cron's own, or what half the budget needs for a round over the watched links of all
 * connections that share it (one entry each), whichever is longer. Pure.
 */
export function plannedPollSeconds(
  cronSeconds: number,
  watched: readonly { readonly apiVersion: ApiVersion; readonly links: number }[],
  requestsPerSecond: number,
): number {
  const requests = watched.reduce((sum, { apiVersion, links }) => sum + roundRequests(apiVersion, links), 0);
  return Math.max(cronSeconds, roundSeconds(requests, requestsPerSecond));
}

/**
 * The poll interval that was really reached, in seconds: from the last round's start to the one before, or the time since then where that
 * is longer, since a round that hangs or waits is late. `plannedSeconds` stands in for an interval that is not known yet. Pure.
 */
export function reachedPollSeconds(
  round: { readonly startedAt: Date | null; readonly intervalMs: number | null } | undefined,
  plannedSeconds: number,
  at: Date,
): number {
  const ageMs = round?.startedAt == null ? 0 : at.getTime() - round.startedAt.getTime();
  return Math.max(round?.intervalMs ?? plannedSeconds * 1000, ageMs) / 1000;
}

/** What a report is made of. `silences`: see `makeSilenceReader`. */
export type StatusDeps = {
  readonly config: Config;
  readonly admin: AdminStore;
  readonly clock: { now(): Date };
  readonly silences: () => Promise<readonly Silence[]>;
  /** Whether the database takes no writes. */
  readonly isReadOnly: () => Promise<boolean>;
};

/** How one connection stands, without what costs more the more links there are. */
export type ConnectionConditions = Omit<ConnectionReport, "links">;

/** Puts the report together. Throws when the database cannot be read; a queue that is away shows no counts. */
export async function makeStatusReport(
  deps: StatusDeps & { readonly queue: QueueBackend | null },
): Promise<StatusReport> {
  const { admin, config } = deps;
  const [{ at, connections }, counts, queues, notifier, databaseReadOnly] = await Promise.all([
    readConditions(deps),
    admin.countLinks(),
    queueCounts(deps.queue),
    admin.readNotifier(),
    deps.isReadOnly(),
  ]);
  const linksOf = (name: string): Record<string, number> =>
    Object.fromEntries(counts.filter((row) => row.connectionName === name).map((row) => [row.state, row.count]));
  const { sentAt, failingSince, problem } = notifier;
  return {
    at,
    databaseReadOnly,
    connections: connections.map((connection) => ({ ...connection, links: linksOf(connection.name) })),
    queues,
    notifications:
      config.notify === null
        ? null
        : { format: config.notify.format, on: config.notify.on, sentAt, failingSince, problem },
  };
}

/** How all connections stand at one moment. Throws when the database cannot be read. */
export async function readConditions(
  deps: StatusDeps,
): Promise<{ readonly at: Date; readonly connections: readonly ConnectionConditions[] }> {
  const { admin, config, clock } = deps;
  const at = clock.now();
  const [rounds, failures, budgets, silences, backlogs, remembered] = await Promise.all([
    admin.listRounds(),
    admin.listFailureGroups(1),
    admin.listBudgets(),
    deps.silences(),
    admin.listBacklogs(),
    admin.listConnections(),
  ]);
  const backlogOf = (name: string) => backlogs.find(({ connectionName }) => connectionName === name);
  const watchedBy = new Map<string, { readonly apiVersion: ApiVersion; readonly links: number }>();
  for (const { name, huawei } of config.connections)
    watchedBy.set(name, { apiVersion: huawei.apiVersion, links: backlogOf(name)?.watched ?? 0 });
  const keys = new Map(config.connections.map((connection) => [connection.name, budgetKeys(connection)]));
  const sharing = (side: Side, name: string): readonly string[] =>
    config.connections.map((other) => other.name).filter((other) => keys.get(other)?.[side] === keys.get(name)?.[side]);
  const budgetState = (side: Side, name: string): BudgetReport => {
    const entry = budgets.find((one) => one.key === keys.get(name)?.[side]);
    const pausedUntil = entry?.pausedUntil ?? null;
    return {
      pausedUntil: pausedUntil !== null && pausedUntil > at ? pausedUntil : null,
      refusedSince: entry?.refusedAt ?? null,
      sharedBy: sharing(side, name),
    };
  };
  const gapSeconds = (cron: string): number => longestGapMs(cron, at, eightDaysMs) / 1000;
  const [casesGapSeconds, issuesGapSeconds] = [gapSeconds(config.crons.cases), gapSeconds(config.crons.issues)];
  const connections = config.connections.map(({ name, huawei, jira }): ConnectionConditions => {
    const kept = remembered.find((entry) => entry.name === name);
    const { dueSince = null, heldSince = null } = backlogOf(name) ?? {};
    const ageOf = (since: Date): number => Math.max(0, (at.getTime() - since.getTime()) / 1000);
    const ages = [dueSince, heldSince].flatMap((since) => (since === null ? [] : [ageOf(since)]));
    const shared = sharing("huawei", name).flatMap((other) => watchedBy.get(other) ?? []);
    const plannedSeconds = plannedPollSeconds(casesGapSeconds, shared, huawei.requestsPerSecond);
    const own = rounds.filter((round) => round.connectionName === name);
    const casesRound = own.find((round) => round.name === "cases");
    const planned: Readonly<Record<string, number>> = { cases: plannedSeconds, issues: issuesGapSeconds };
    return {
      name,
      state: kept?.state ?? "active",
      stateReason: kept?.stateReason ?? null,
      pausedToJira: kept?.pausedToJira ?? false,
      pausedToHuawei: kept?.pausedToHuawei ?? false,
      openFailures: failures
        .filter(({ connectionName }) => connectionName === name)
        .reduce((sum, { count }) => sum + count, 0),
      oldestUnmirroredSeconds: ages.length === 0 ? null : Math.max(...ages),
      oldestDueSeconds: dueSince === null ? null : ageOf(dueSince),
      oldestHeldSeconds: heldSince === null ? null : ageOf(heldSince),
      effectivePollSeconds: reachedPollSeconds(casesRound, plannedSeconds, at),
      plannedPollSeconds: plannedSeconds,
      rounds: own.map((round) => ({
        name: round.name,
        outcome: round.outcome,
        startedAt: round.startedAt,
        endedAt: round.finishedAt,
        doneAt: round.doneAt,
        plannedSeconds: planned[round.name] ?? null,
        requests: round.requests,
        // A worker of the previous release beside this one leaves the cause of an older failure behind.
        failure:
          round.outcome !== "failed" || round.failedAs === null ? null : { side: round.failedSide, as: round.failedAs },
      })),
      silences: silences
        .filter((silence) => silence.connectionName === name)
        .map(({ direction, since }) => ({ direction, since })),
      budgets: { huawei: huawei.requestsPerSecond, jira: jira.requestsPerSecond },
      budgetStates: { huawei: budgetState("huawei", name), jira: budgetState("jira", name) },
    };
  });
  return { at, connections };
}

async function queueCounts(queue: QueueBackend | null): Promise<StatusReport["queues"]> {
  if (queue === null) return [];
  try {
    const counts = await queue.counts();
    return Object.entries(counts).flatMap(([name, states]) =>
      Object.entries(states).map(([state, count]) => ({ queue: name, state, count })),
    );
  } catch {
    return [];
  }
}
