/** One picture of everything, from the database and the queue; no remote call. */

import type { Config } from "../config/config.ts";
import { roundRequests } from "../domain/round-cost.ts";
import { eightDaysMs, longestGapMs } from "../lib/ticks.ts";
import type { BudgetReport, StatusReport } from "../observability/status-report.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import type { AdminStore } from "../store/admin.ts";
import type { StatePort } from "../sync/state.ts";
import { budgetKeys } from "./budget-keys.ts";

/**
 * The poll interval that can be reached, in seconds (rule 14): the cron's own, or what half the budget needs for a round over the watched links of all
 * connections that share it (one entry each), whichever is longer. Pure.
 */
export function plannedPollSeconds(
  cronSeconds: number,
  watched: readonly { readonly apiVersion: "v2" | "v1.0"; readonly links: number }[],
  requestsPerSecond: number,
): number {
  const requests = watched.reduce((sum, { apiVersion, links }) => sum + roundRequests(apiVersion, links), 0);
  return Math.max(cronSeconds, requests / (requestsPerSecond / 2));
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

/** Puts the report together. Throws when the database cannot be read; a queue that is away shows no counts. */
export async function makeStatusReport(deps: {
  readonly config: Config;
  readonly admin: AdminStore;
  readonly queue: QueueBackend | null;
  readonly state: StatePort;
  readonly clock: { now(): Date };
}): Promise<StatusReport> {
  const { admin, config, state, clock } = deps;
  const at = clock.now();
  const [counts, rounds, failures, budgets] = await Promise.all([
    admin.countLinks(),
    admin.listRounds(),
    admin.listFailures({ limit: 1000 }),
    admin.listBudgets(),
  ]);
  const watchedBy = new Map<string, { readonly apiVersion: "v2" | "v1.0"; readonly links: number }>();
  for (const { name, huawei } of config.connections)
    watchedBy.set(name, { apiVersion: huawei.apiVersion, links: await state.countWatchedLinks(name) });
  const keys = new Map(config.connections.map((connection) => [connection.name, budgetKeys(connection)]));
  const sharing = (side: "huawei" | "jira", name: string): readonly string[] =>
    config.connections.map((other) => other.name).filter((other) => keys.get(other)?.[side] === keys.get(name)?.[side]);
  const budgetState = (side: "huawei" | "jira", name: string): BudgetReport => {
    const entry = budgets.find((one) => one.key === keys.get(name)?.[side]);
    const pausedUntil = entry?.pausedUntil ?? null;
    return {
      pausedUntil: pausedUntil !== null && pausedUntil > at ? pausedUntil : null,
      refusedSince: entry?.refusedAt ?? null,
      sharedBy: sharing(side, name),
    };
  };
  const cronGapSeconds = longestGapMs(config.crons.cases, at, eightDaysMs) / 1000;
  const queues = await queueCounts(deps.queue);
  const connections = await Promise.all(
    config.connections.map(async (connection) => {
      const remembered = await state.getConnection(connection.name);
      const { oldest } = await admin.findOldestPending(connection.name);
      const heldSince = await admin.findHeldSince(connection.name);
      const ageOf = (since: Date): number => Math.max(0, (at.getTime() - since.getTime()) / 1000);
      const ages = [oldest?.pendingSince, heldSince].flatMap((since) => (since == null ? [] : [ageOf(since)]));
      const plannedSeconds = plannedPollSeconds(
        cronGapSeconds,
        sharing("huawei", connection.name).flatMap((name) => watchedBy.get(name) ?? []),
        connection.huawei.requestsPerSecond,
      );
      const links: Record<string, number> = {};
      for (const row of counts) if (row.connectionName === connection.name) links[row.state] = row.count;
      return {
        name: connection.name,
        state: remembered.state,
        stateReason: remembered.stateReason,
        pausedToJira: remembered.pausedToJira,
        pausedToHuawei: remembered.pausedToHuawei,
        links,
        openFailures: failures.items.filter((failure) => failure.connectionName === connection.name).length,
        oldestUnmirroredSeconds: ages.length === 0 ? null : Math.max(...ages),
        oldestHeldSeconds: heldSince === null ? null : ageOf(heldSince),
        effectivePollSeconds: reachedPollSeconds(
          rounds.find((round) => round.connectionName === connection.name && round.name === "cases"),
          plannedSeconds,
          at,
        ),
        plannedPollSeconds: plannedSeconds,
        rounds: rounds
          .filter((round) => round.connectionName === connection.name)
          .map((round) => ({
            name: round.name,
            outcome: round.outcome,
            startedAt: round.startedAt,
            endedAt: round.finishedAt,
            requests: round.requests,
          })),
        budgets: { huawei: connection.huawei.requestsPerSecond, jira: connection.jira.requestsPerSecond },
        budgetStates: {
          huawei: budgetState("huawei", connection.name),
          jira: budgetState("jira", connection.name),
        },
      };
    }),
  );
  return { at, connections, queues };
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
