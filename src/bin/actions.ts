/** What stands behind each command: read the configuration, wire, work, close, answer. */
import type { CliActions, CommandResult } from "../commands/actions.ts";
import { runDemo } from "../commands/demo/demo.ts";
import { diagnose } from "../commands/doctor/diagnose.ts";
import { doctorResult } from "../commands/doctor/doctor.ts";
import { verifyResult } from "../commands/drift.ts";
import { CommandFailure, ExitCode } from "../commands/exit-code.ts";
import { linkPair, movePair, unlinkPair } from "../commands/links/pairing.ts";
import { readLookups } from "../commands/lookups.ts";
import type { Cell } from "../commands/output.ts";
import { runRebuild } from "../commands/rebuild.ts";
import { runResync } from "../commands/resync.ts";
import { runSimulator } from "../commands/simulate.ts";
import { chosen, existingLinks, findLink, holders, isNamed, noConnection } from "../commands/targets.ts";
import { exportTo, importFrom } from "../commands/transfer.ts";
import { untilTold } from "../commands/until-told.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load-config.ts";
import { remedyFor } from "../domain/failure.ts";
import type { LinkId } from "../domain/ids.ts";
import { makeHuaweiClient } from "../huawei/huawei-client.ts";
import { makeLocalBudget } from "../lib/budget.ts";
import { longestGapMs } from "../lib/ticks.ts";
import { trustAlso } from "../lib/trust.ts";
import { startWatchdog } from "../lib/watchdog.ts";
import { makeLogger, silentLogger } from "../observability/logger.ts";
import { makeQueueBackend } from "../queue/queue-backend.ts";
import { type AdminStore, makeAdminStore } from "../store/admin.ts";
import { releaseCloses } from "../store/closes-lane.ts";
import { type Inspection, inspectLink } from "../sync/repair/inspect.ts";
import { inspectFiles } from "../sync/repair/inspect-files.ts";
import { handOver } from "../sync/repair/resync.ts";
import { inspectUnpaired } from "../sync/repair/unpaired.ts";
import { commandActor } from "./actor.ts";
import { adminOf, commandLog, noted, readConfig, withDatabase, withParts } from "./command.ts";
import { openDatabase, type Parts, type WiredConnection } from "./compose.ts";
import { makeStatusReport } from "./status.ts";
import { startWorker } from "./worker.ts";

/** Half a minute after SIGTERM the worker is gone, also where its event loop stands still and cannot hear it. */
const stillMaxSeconds = 25;
const stopMaxSeconds = 29;
const lastWordsMs = 500;

/** All commands of this build. */
export const actions: CliActions = {
  worker: async () => {
    const config = readConfig("worker");
    const log = makeLogger({ level: config.logLevel, pretty: process.stdout.isTTY === true });
    const watchdog = startWatchdog({ stillSeconds: stillMaxSeconds });
    const worker = await startWorker(config, log);
    await untilTold(log);
    watchdog.endWithin(stopMaxSeconds);
    await worker.stop();
    log.info({}, "Worker stopped");
    // A run whose lease ends by itself may still wait for a service.
    setTimeout(() => process.exit(), lastWordsMs).unref();
    return { exitCode: ExitCode.done, human: [], json: { stopped: true } };
  },

  migrate: async () => {
    const config = readConfig("database");
    const database = await openDatabase(config, commandLog(config), { access: "write" });
    if (database.applied.length > 0) {
      const admin = makeAdminStore({ prisma: database.prisma, actor: commandActor() });
      await admin.recordAct({ action: "migrate", target: "the database", outcome: database.applied.join(", ") });
    }
    await database.close();
    return {
      exitCode: ExitCode.done,
      human: [
        {
          kind: "text",
          text:
            database.applied.length === 0 ? "The database is up to date." : `Applied: ${database.applied.join(", ")}`,
        },
      ],
      json: { applied: database.applied },
    };
  },

  doctor: async (options) => {
    const loaded = loadConfig({ purpose: "command" });
    if (loaded.ok && options.connection !== null && !loaded.config.connections.some(isNamed(options.connection)))
      throw noConnection(options.connection);
    if (loaded.ok) trustAlso(loaded.config.authorities);
    const log = loaded.ok ? commandLog(loaded.config) : silentLogger;
    return doctorResult(await diagnose({ loaded, connection: options.connection, log }));
  },

  resync: (options, context) => runResync(options, context),

  verify: (options, context) =>
    withParts("read", async (parts) => {
      const inspections: Inspection[] = [];
      for (const connection of await holders(parts, options.connection, options.target)) {
        const linkIds = await existingLinks(parts, connection, options.target);
        context.progress.start(`Verify ${connection.name}`, linkIds.length);
        const queue = [...linkIds];
        const lane = async (): Promise<void> => {
          for (let linkId = queue.shift(); linkId !== undefined; linkId = queue.shift()) {
            const inspection = await inspect(parts, connection, linkId);
            if (inspection !== null) {
              const files = options.deep ? await inspectFiles({ ...connection.reconcile, lane: "check" }, linkId) : [];
              inspections.push({ ...inspection, differences: [...inspection.differences, ...files] });
            }
            context.progress.update(linkIds.length - queue.length, linkIds.length);
          }
        };
        await Promise.all(Array.from({ length: parts.config.workerConcurrency }, lane));
        if (options.target.kind === "all")
          inspections.push(...(await inspectUnpaired(connection.intake, { pendingMs: roundsMs(parts.config, 2) })));
        context.progress.stop();
      }
      return verifyResult(inspections);
    }),

  rebuild: (options, context) =>
    withParts(options.dryRun ? "read" : "write", (parts) =>
      noted(
        parts,
        options.dryRun ? null : { action: "rebuild", target: options.connection ?? "every connection" },
        () => runRebuild(parts, chosen(parts, options.connection), options, context),
      ),
    ),

  status: (options) =>
    withParts("read", async (parts) => {
      chosen(parts, options.connection);
      const queue = openQueue(parts);
      const report = await makeStatusReport({
        config: parts.config,
        admin: adminOf(parts),
        queue,
        state: parts.state,
        clock: parts.clock,
      });
      await queue.close({ timeoutMs: 1_000 });
      const connections = report.connections.filter(
        (entry) => options.connection === null || entry.name === options.connection,
      );
      return {
        exitCode: ExitCode.done,
        json: { ...report, connections },
        human: [
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
          {
            kind: "table",
            title: "Rounds",
            head: ["Connection", "Round", "Outcome", "Ended", "Requests"],
            rows: connections.flatMap((entry) =>
              entry.rounds.map((round): Cell[] => [
                entry.name,
                round.name,
                round.outcome,
                round.endedAt,
                round.requests,
              ]),
            ),
            empty: "No round has run yet.",
          },
          {
            kind: "table",
            title: "Queue",
            head: ["Queue", "State", "Jobs"],
            rows: report.queues.map((row): Cell[] => [row.queue, row.state, row.count]),
            empty: "The queue does not answer.",
          },
        ],
      };
    }),

  linksList: (options) =>
    withParts("read", async (parts) => {
      chosen(parts, options.connection);
      const page = await adminOf(parts).listLinks({
        ...(options.connection === null ? {} : { connection: options.connection }),
        ...(options.state === null ? {} : { state: options.state as "active" }),
        ...(options.search === null ? {} : { query: options.search }),
        limit: options.limit,
      });
      return {
        exitCode: ExitCode.done,
        json: page.items,
        human: [
          {
            kind: "table",
            head: ["Case", "Issue", "State", "Reason", "Case status", "Failures", "Since"],
            rows: page.items.map((link): Cell[] => [
              link.caseId,
              link.issueKey,
              link.state,
              link.reason,
              link.caseStatus,
              link.openFailures,
              link.createdAt,
            ]),
            empty: "No links.",
          },
        ],
      };
    }),

  linksShow: (options) =>
    withParts("read", async (parts) => {
      const link = await findLink(parts, options.caseId, options.connection);
      return {
        exitCode: ExitCode.done,
        json: link,
        human: [
          {
            kind: "facts",
            rows: [
              ["Case", link.summary.caseId],
              ["Issue", link.summary.issueKey],
              ["State", link.summary.state],
              ["Reason", link.summary.reason],
              ["Connection", link.summary.connectionName],
            ],
          },
          {
            kind: "table",
            title: "Mirrored items",
            head: ["Kind", "Origin", "Item", "Copy", "State"],
            rows: link.snapshot.mirrors.map((mirror): Cell[] => [
              mirror.kind,
              mirror.origin,
              mirror.sourceId,
              mirror.copyId,
              mirror.state,
            ]),
            empty: "Nothing is mirrored yet.",
          },
          {
            kind: "table",
            title: "Failures",
            head: ["Id", "Item", "Reason", "Detail", "State", "Remedy"],
            rows: link.failures.map((failure): Cell[] => [
              failure.id,
              failure.item,
              failure.reason,
              failure.detail,
              failure.state,
              remedyFor(failure.reason),
            ]),
            empty: "None.",
          },
        ],
      };
    }),

  linksLink: (options) => withParts("write", (parts) => linkPair(parts, adminOf(parts), options)),
  linksUnlink: (options) =>
    withParts("write", async (parts) => {
      const admin = adminOf(parts);
      return unlinkPair(admin, await findLink(parts, options.caseId, options.connection));
    }),
  linksMove: (options) =>
    withParts("write", async (parts) => {
      const admin = adminOf(parts);
      // `--connection` names where the pairing is to go on, not where it is.
      chosen(parts, options.connection);
      return movePair(parts, admin, await findLink(parts, options.caseId, null), options);
    }),

  failuresList: (options) =>
    withParts("read", async (parts) => {
      const failures = (await openFailures(parts, options.connection))
        .filter((failure) => options.reason === null || failure.reason === options.reason)
        .slice(0, options.limit);
      return {
        exitCode: failures.length === 0 ? ExitCode.done : ExitCode.outOfSync,
        json: failures.map((failure) => ({ ...failure, remedy: remedyFor(failure.reason) })),
        human: [
          {
            kind: "table",
            head: ["Id", "Case", "Issue", "Direction", "Item", "Reason", "Detail", "Since", "Remedy"],
            rows: failures.map((failure): Cell[] => [
              failure.id,
              failure.caseId,
              failure.issueKey,
              failure.direction,
              failure.item,
              failure.reason,
              failure.detail,
              failure.firstAt,
              remedyFor(failure.reason),
            ]),
            empty: "Nothing failed.",
          },
          ...(failures.length === 0
            ? []
            : [
                {
                  kind: "text",
                  text: "docs/operations.md has a section for each reason; `casebridge failures retry ID` tries again.",
                } as const,
              ]),
        ],
      };
    }),

  failuresShow: (options) =>
    withParts("read", async (parts) => {
      const failure = await adminOf(parts).findFailure(options.id);
      if (failure === null)
        throw new CommandFailure({
          code: ExitCode.usage,
          message: `There is no failure ${options.id}.`,
          remedy: "See `casebridge failures list`.",
        });
      return {
        exitCode: ExitCode.done,
        json: { ...failure, remedy: remedyFor(failure.reason) },
        human: [
          {
            kind: "facts",
            rows: Object.entries({ ...failure, remedy: remedyFor(failure.reason) }).map(
              ([name, value]) => [name, value as Cell] as const,
            ),
          },
        ],
      };
    }),

  audit: (options) =>
    withParts("read", async (parts) => {
      const link = options.link === null ? null : await findLink(parts, options.link, null);
      const { since, limit } = options;
      const acts = await adminOf(parts).listActs({ since, limit, linkId: link?.summary.id ?? null });
      return {
        exitCode: ExitCode.done,
        json: acts,
        human: [
          {
            kind: "table",
            head: ["When", "Who", "Act", "Target", "Outcome", "Connection"],
            rows: acts.map((act): Cell[] => [
              act.at,
              act.actor,
              act.action,
              act.target,
              act.outcome,
              act.connectionName ?? "every one",
            ]),
            empty: "Nobody did anything.",
          },
        ],
      };
    }),

  failuresRetry: (options) => withParts("write", (parts) => onFailures(parts, options, "retry")),
  failuresDiscard: (options) => withParts("write", (parts) => onFailures(parts, options, "discard")),

  pause: (options) => withParts("write", (parts) => setPaused(parts, options, true)),
  resume: (options) =>
    withParts("write", async (parts) => {
      const result = await setPaused(parts, options, false);
      // Whatever was skipped meanwhile is looked at again.
      for (const connection of chosen(parts, options.connection)) {
        const links = await parts.state.listIntakeLinks(connection.name);
        await handOver(
          connection.intake,
          links.filter((link) => link.state === "active").map((link) => link.id),
        );
      }
      return result;
    }),

  export: (options) => withDatabase("read", (admin) => exportTo(admin, options.output)),
  import: (options) => withDatabase(options.dryRun ? "rehearse" : "write", (admin) => importFrom(admin, options)),

  lookups: async (options) => {
    // Needed to fill in the configuration, so it must work before there is a database.
    const config = readConfig("command");
    const log = commandLog(config);
    const results: [string, CommandResult][] = [];
    for (const { name, huawei } of chosen(config, options.connection)) {
      const budget = makeLocalBudget(huawei.requestsPerSecond);
      results.push([name, await readLookups(makeHuaweiClient({ options: huawei, budget, log }), options)]);
    }
    const [first] = results;
    if (results.length === 1 && first !== undefined) return first[1];
    return {
      exitCode: ExitCode.done,
      json: Object.fromEntries(results.map(([name, { json }]) => [name, json])),
      human: results.flatMap(([name, { human }]) => [{ kind: "text", text: `Connection ${name}` } as const, ...human]),
    };
  },

  demo: (options, context) => runDemo(options, context),
  simulate: (options) => runSimulator(options),
};

function openQueue(parts: Parts): ReturnType<typeof makeQueueBackend> {
  return makeQueueBackend({
    redisUrl: parts.config.redisUrl?.reveal() ?? null,
    databaseUrl: parts.database.connectionString,
    readOnly: true,
    log: parts.log,
  });
}

function inspect(parts: Parts, connection: WiredConnection, linkId: LinkId): Promise<Inspection | null> {
  return inspectLink({ ...connection.reconcile, lane: "check", pendingMs: roundsMs(parts.config, 2) }, linkId);
}

/** Length of `count` rounds: what is younger may simply not have been seen yet (rule 8). */
function roundsMs(config: Config, count: number): number {
  const now = new Date();
  return count * Math.max(longestGapMs(config.crons.cases, now), longestGapMs(config.crons.issues, now));
}

async function openFailures(
  parts: Parts,
  connection: string | null,
): Promise<Awaited<ReturnType<AdminStore["listFailures"]>>["items"]> {
  chosen(parts, connection);
  return (await adminOf(parts).listFailures({ ...(connection === null ? {} : { connection }), limit: 1000 })).items;
}

async function onFailures(
  parts: Parts,
  options: {
    readonly connection: string | null;
    readonly selection:
      | { readonly kind: "ids"; readonly ids: readonly string[] }
      | { readonly kind: "reason"; readonly reason: string }
      | { readonly kind: "all" };
  },
  what: "retry" | "discard",
): Promise<CommandResult> {
  const { selection } = options;
  const admin = adminOf(parts);
  const ids =
    selection.kind === "ids"
      ? selection.ids
      : (await openFailures(parts, options.connection))
          .filter((failure) => selection.kind === "all" || failure.reason === selection.reason)
          .map((failure) => failure.id);
  let count = 0;
  for (const id of ids) {
    const done = what === "retry" ? await admin.retryFailure(id) : await admin.discardFailure(id);
    if (done) count += 1;
  }
  const missing = ids.length - count;
  return {
    exitCode: missing === 0 ? ExitCode.done : ExitCode.outOfSync,
    json: { [what]: count, missing },
    human: [
      {
        kind: "text",
        text: `${what === "retry" ? "Retried" : "Discarded"}: ${count}.${missing === 0 ? "" : ` Not found: ${missing}.`}`,
      },
    ],
  };
}

async function setPaused(
  parts: Parts,
  options: { readonly connection: string | null; readonly direction: "to-jira" | "to-huawei" | null },
  paused: boolean,
): Promise<CommandResult> {
  chosen(parts, options.connection);
  const count = await adminOf(parts).setPaused({
    ...(options.connection === null ? {} : { connection: options.connection }),
    ...(options.direction === null ? {} : { direction: options.direction }),
    paused,
  });
  const released =
    paused || options.direction === "to-jira"
      ? 0
      : await releaseCloses(parts.database.prisma, options.connection, parts.clock.now());
  return {
    exitCode: ExitCode.done,
    json: { paused, connections: count, released },
    human: [
      {
        kind: "text",
        text: `${paused ? "Paused" : "Resumed"}: ${count} connection(s). ${paused ? "Nothing is lost meanwhile." : ""}${released > 0 ? "Closes and cancels that waited are released." : ""}`.trim(),
      },
    ],
  };
}
