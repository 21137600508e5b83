/** `casebridge status`: one picture of everything, from the database and the queue. */
import type { ConnectionReport, StatusReport } from "../observability/status-report.ts";
import { makeQueueBackend } from "../queue/queue-backend.ts";
import type { Composition } from "./cli/app.ts";
import { type CommandResult, defineCommand } from "./cli/command.ts";
import { ExitCode } from "./cli/exit-code.ts";
import { type ConnectionOption, connectionOption, readConnection } from "./cli/options.ts";
import type { Cell, Renderable } from "./cli/output.ts";
import { notificationLine } from "./notify.ts";
import { chosen } from "./targets.ts";

/** `casebridge status`. */
export const command = defineCommand({
  options: () => [connectionOption()],
  read: readConnection,
  run: (options, { app }) => app.withComposition("read", (composition) => showStatus(composition, options)),
});

async function showStatus(composition: Composition, { connection }: ConnectionOption): Promise<CommandResult> {
  chosen(composition, connection);
  const queue = makeQueueBackend({
    redisUrl: composition.config.redisUrl?.reveal() ?? null,
    databaseUrl: composition.database.connectionString,
    readOnly: true,
    log: composition.log,
  });
  const report = await composition.makeReport(queue);
  await queue.close({ timeoutMs: 1_000 });
  const connections = report.connections.filter((entry) => connection === null || entry.name === connection);
  return {
    exitCode: ExitCode.done,
    json: { ...report, connections },
    human: [
      ...connectionsTable(connections),
      ...budgetsTable(connections),
      ...roundsTable(connections),
      ...queueTable(report),
      notificationLine(report.notifications),
    ],
  };
}

function connectionsTable(connections: readonly ConnectionReport[]): Renderable {
  return [
    {
      kind: "table",
      title: "Connections",
      head: ["Name", "State", "Paused", "Links", "Open failures", "Oldest waiting", "Poll interval"],
      rows: connections.map((entry): Cell[] => [
        entry.name,
        entry.stateReason === null ? entry.state : `${entry.state} (${entry.stateReason})`,
        [entry.pausedToJira ? "to-jira" : "", entry.pausedToHuawei ? "to-huawei" : ""]
          .filter((part) => part !== "")
          .join(", ") || "no",
        Object.entries(entry.links)
          .map(([state, count]) => `${count} ${state}`)
          .join(", ") || "none",
        entry.openFailures,
        entry.oldestUnmirroredSeconds === null ? "nothing" : `${Math.round(entry.oldestUnmirroredSeconds)} s`,
        entry.effectivePollSeconds === null ? null : `${Math.round(entry.effectivePollSeconds)} s`,
      ]),
    },
  ];
}

function budgetsTable(connections: readonly ConnectionReport[]): Renderable {
  return [
    {
      kind: "table",
      title: "Budgets",
      head: ["Connection", "Side", "Requests per second", "State", "Shared by"],
      rows: connections.flatMap((entry) =>
        (["huawei", "jira"] as const).map((side): Cell[] => {
          const { pausedUntil, refusedSince, sharedBy } = entry.budgetStates[side];
          const state =
            refusedSince !== null
              ? `credential refused since ${refusedSince.toISOString()}`
              : pausedUntil !== null
                ? `told to wait until ${pausedUntil.toISOString()}`
                : "free";
          return [entry.name, side, entry.budgets[side], state, sharedBy.length > 1 ? sharedBy.join(", ") : null];
        }),
      ),
    },
  ];
}

function roundsTable(connections: readonly ConnectionReport[]): Renderable {
  return [
    {
      kind: "table",
      title: "Rounds",
      head: ["Connection", "Round", "Outcome", "Ended", "Requests"],
      rows: connections.flatMap((entry) =>
        entry.rounds.map((round): Cell[] => [
          entry.name,
          round.name,
          round.failure === null
            ? round.outcome
            : `${round.outcome} (${[round.failure.side, round.failure.as].filter((part) => part !== null).join(": ")})`,
          round.endedAt,
          round.requests,
        ]),
      ),
      empty: "No round has run yet.",
    },
  ];
}

function queueTable({ queues }: Pick<StatusReport, "queues">): Renderable {
  return [
    {
      kind: "table",
      title: "Queue",
      head: ["Queue", "State", "Jobs"],
      rows: queues.map((row): Cell[] => [row.queue, row.state, row.count]),
      empty: "The queue does not answer.",
    },
  ];
}
