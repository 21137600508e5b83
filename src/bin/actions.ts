/** What stands behind each command: read the configuration, wire, work, close, answer. */
import type { CliActions, CommandContext, CommandResult, LinkTarget, ResyncOptions } from "../admin/actions.ts";
import { doctorResult } from "../admin/doctor.ts";
import { CommandFailure, ExitCode } from "../admin/exit-code.ts";
import type { Cell } from "../admin/output.ts";
import type { Config, ConfigPurpose } from "../config/config.ts";
import { loadConfig } from "../config/load-config.ts";
import { remedyFor } from "../domain/failure.ts";
import { type CaseId, type LinkId, toId } from "../domain/ids.ts";
import { cutChars, displayName, toPlainText } from "../domain/text/sanitize.ts";
import { makeHuaweiClient } from "../huawei/huawei-client.ts";
import { makeLocalBudget } from "../lib/budget.ts";
import { longestGapMs } from "../lib/ticks.ts";
import { trustAlso } from "../lib/trust.ts";
import { startWatchdog } from "../lib/watchdog.ts";
import { makeLogger, silentLogger } from "../observability/logger.ts";
import { makeQueueBackend } from "../queue/queue-backend.ts";
import { type AdminStore, makeAdminStore } from "../store/admin.ts";
import { releaseCloses } from "../store/closes-lane.ts";
import { type HistoryComment, listHistory, releaseHistory } from "../sync/history.ts";
import { type Inspection, inspectLink, inspectNewCase } from "../sync/inspect.ts";
import { inspectFiles } from "../sync/inspect-files.ts";
import { intakeIssues, listNewCases } from "../sync/intake.ts";
import type { Log } from "../sync/ports.ts";
import { rerenderLink } from "../sync/rerender.ts";
import { handOver, listRepairable, resyncLinks, type Selection, selectLinks } from "../sync/resync.ts";
import { inspectUnpaired } from "../sync/unpaired.ts";
import { commandActor } from "./actor.ts";
import {
  compose,
  type DatabaseAccess,
  onFoundSchema,
  openDatabase,
  type Parts,
  recordPolicies,
  sleep,
  type WiredConnection,
} from "./compose.ts";
import { runDemo } from "./demo.ts";
import { diagnose } from "./doctor.ts";
import { differenceRows, verifyResult } from "./drift.ts";
import { linkPair, movePair, unlinkPair } from "./links.ts";
import { readLookups } from "./lookups.ts";
import { runRebuild } from "./rebuild.ts";
import { runSimulator } from "./simulate.ts";
import { makeStatusReport } from "./status.ts";
import { exportTo, importFrom } from "./transfer.ts";
import { untilTold } from "./until-told.ts";
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

  resync: (options, context) =>
    withParts(options.dryRun ? "read" : "write", (parts) =>
      noted(parts, options.dryRun ? null : { action: "resync", target: targetWords(options) }, async () => {
        if (
          !options.dryRun &&
          (options.wait || options.includeHistory) &&
          parts.config.connections.some((connection) => !connection.comments.toHuaweiChosen)
        ) {
          throw new CommandFailure({
            code: ExitCode.usage,
            message: "COMMENTS_TO_HUAWEI is not set, so it is not known which comments may leave Jira.",
            remedy: "Set it to all, command or none.",
          });
        }
        const target = options.recreate ? await recreateIssue(parts, options) : options.target;
        const connections = await holders(parts, options.connection, target);
        const results: {
          connection: string;
          links: number;
          writes: number;
          unfinished: readonly { linkId: string; reason: string }[];
        }[] = [];
        const inspections: Inspection[] = [];
        if (!options.dryRun && options.wait) await recordPolicies(parts, connections);
        const history: HistoryComment[] = [];
        const rerendered = { changed: 0, uneven: 0, busy: 0 };
        for (const connection of connections) {
          if (options.includeHistory)
            history.push(...(await includeHistory(parts, connection, { ...options, target }, context)));
          if (options.rerender) await rerender(parts, connection, { ...options, target }, rerendered);
          if (options.dryRun) {
            const linkIds = options.recreate ? [] : await linksForDryRun(parts, connection, target);
            for (const linkId of linkIds) {
              const inspection = await inspect(parts, connection, linkId);
              if (inspection !== null) inspections.push(inspection);
            }
            inspections.push(...(await newCases(parts, connection, target, { recreate: options.recreate })));
            continue;
          }
          const selection = await toSelection(parts, connection, target);
          const linkIds = await selectLinks(connection.intake, selection);
          if (!options.wait) {
            await handOver(connection.intake, linkIds);
            results.push({ connection: connection.name, links: linkIds.length, writes: 0, unfinished: [] });
            continue;
          }
          if (target.kind === "all" || target.kind === "since") await intakeIssues(connection.intake);
          context.progress.start(`Re-sync ${connection.name}`, linkIds.length);
          const result = await resyncLinks(
            {
              intake: connection.intake,
              reconcile: connection.reconcile,
              sleep,
              concurrency: parts.config.workerConcurrency,
              onProgress: (done, total) => context.progress.update(done, total),
            },
            linkIds,
          );
          context.progress.stop();
          results.push({ connection: connection.name, ...result });
        }
        const result = options.dryRun ? dryRunResult(inspections, options) : resyncResult(results, options.wait);
        return withExtras(result, {
          ...(options.includeHistory ? { history } : {}),
          ...(options.rerender ? { rerendered } : {}),
        });
      }),
    ),

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

function readConfig(purpose: ConfigPurpose): Config {
  const loaded = loadConfig({ purpose });
  if (!loaded.ok) throw loaded.errors;
  trustAlso(loaded.config.authorities);
  return loaded.config;
}

/** Commands answer on stdout, so what they log goes to stderr, and only when it matters. */
function commandLog(config: Config): Log {
  const level = config.logLevel === "info" ? "warn" : config.logLevel;
  return makeLogger({ level, pretty: process.stderr.isTTY === true, output: "stderr" });
}

/** For commands that need the database alone: no service, no connection. */
async function withDatabase(
  access: DatabaseAccess,
  work: (admin: AdminStore) => Promise<CommandResult>,
): Promise<CommandResult> {
  const config = readConfig("database");
  const database = await openDatabase(config, commandLog(config), { access });
  try {
    const admin = makeAdminStore({ prisma: database.prisma, actor: commandActor() });
    return await onFoundSchema(database, () => work(admin));
  } finally {
    await database.close();
  }
}

/** Works with everything wired. A command that only looks says `read`, and nothing that it does can change the database. */
async function withParts(
  access: "write" | "read",
  work: (parts: Parts) => Promise<CommandResult>,
): Promise<CommandResult> {
  const config = readConfig("command");
  const parts = await compose(config, commandLog(config), { access });
  try {
    return await onFoundSchema(parts.database, () => work(parts));
  } finally {
    await parts.close();
  }
}

function adminOf(parts: Parts): AdminStore {
  return makeAdminStore({ prisma: parts.database.prisma, clock: parts.clock, actor: commandActor() });
}

/** Notes an act of many transactions at its start and at its end, however it ends; `null` = it only looks. */
async function noted(
  parts: Parts,
  act: { readonly action: string; readonly target: string } | null,
  work: () => Promise<CommandResult>,
): Promise<CommandResult> {
  if (act === null) return work();
  const admin = adminOf(parts);
  await admin.recordAct({ ...act, outcome: "started" });
  try {
    const result = await work();
    await admin.recordAct({ ...act, outcome: result.exitCode === ExitCode.done ? "done" : "done in part" });
    return result;
  } catch (error) {
    // What failed matters more than that it could not be noted.
    await admin.recordAct({ ...act, outcome: "failed" }).catch(() => {});
    throw error;
  }
}

function targetWords({ target, connection, ...options }: ResyncOptions): string {
  const words = {
    case: () => `case ${target.kind === "case" ? target.caseId : ""}`,
    issue: () => `issue ${target.kind === "issue" ? target.issueKey : ""}`,
    since: () => `since ${target.kind === "since" ? target.since.toISOString() : ""}`,
    all: () => "all links",
  }[target.kind]();
  const flags = [
    ...(connection === null ? [] : [`of connection ${connection}`]),
    ...(options.includeHistory ? ["with history"] : []),
    ...(options.recreate ? ["recreating"] : []),
    ...(options.rerender ? ["rendering anew"] : []),
  ];
  return [words, ...flags].join(", ");
}

function openQueue(parts: Parts): ReturnType<typeof makeQueueBackend> {
  return makeQueueBackend({
    redisUrl: parts.config.redisUrl?.reveal() ?? null,
    databaseUrl: parts.database.connectionString,
    readOnly: true,
    log: parts.log,
  });
}

function isNamed(name: string): (connection: { readonly name: string }) => boolean {
  return (connection) => connection.name === name;
}

function noConnection(name: string | null): CommandFailure {
  return new CommandFailure({
    code: ExitCode.usage,
    message: `There is no connection ${name ?? ""}.`,
    remedy: "See the names in casebridge.yaml; without it there is one named default.",
  });
}

/** The connection of that name, or all. Throws `CommandFailure` for an unknown name. */
function chosen<Connection extends { readonly name: string }>(
  place: { readonly connections: readonly Connection[] },
  name: string | null,
): readonly Connection[] {
  const connections = place.connections.filter((connection) => name === null || connection.name === name);
  if (connections.length === 0) throw noConnection(name);
  return connections;
}

type Target = LinkTarget | { readonly kind: "since"; readonly since: Date } | { readonly kind: "all" };

/** The connections that a target concerns: the one that owns a linked case, else the first. */
async function holders(parts: Parts, name: string | null, target: Target): Promise<readonly WiredConnection[]> {
  const connections = chosen(parts, name);
  if (target.kind === "all" || target.kind === "since") return connections;
  const link = await adminOf(parts).findLink(target.kind === "case" ? target.caseId : target.issueKey, name);
  const owner = connections.find((connection) => connection.name === link?.summary.connectionName);
  return owner === undefined ? connections.slice(0, 1) : [owner];
}

async function existingLinks(parts: Parts, connection: WiredConnection, target: Target): Promise<readonly LinkId[]> {
  if (target.kind === "case" || target.kind === "issue") {
    return [
      (await findLink(parts, target.kind === "case" ? target.caseId : target.issueKey, connection.name)).summary.id,
    ];
  }
  const links = await parts.state.listIntakeLinks(connection.name);
  const recent = target.kind === "since" ? links.filter((link) => link.createdAt >= target.since) : links;
  return recent.filter((link) => link.state !== "unlinked").map((link) => link.id);
}

async function toSelection(parts: Parts, connection: WiredConnection, target: Target): Promise<Selection> {
  switch (target.kind) {
    case "case":
      return { kind: "case", caseId: toId<CaseId>(target.caseId) };
    case "issue":
      return { kind: "links", linkIds: await existingLinks(parts, connection, target) };
    case "since":
      return { kind: "since", since: target.since };
    case "all":
      return { kind: "all" };
  }
}

/** The link of that name, in that connection if one is given. Throws `CommandFailure`. */
async function findLink(
  parts: Parts,
  name: string,
  connection: string | null,
): Promise<NonNullable<Awaited<ReturnType<AdminStore["findLink"]>>>> {
  chosen(parts, connection);
  const link = await adminOf(parts).findLink(name, connection);
  if (link === null)
    throw new CommandFailure({
      code: ExitCode.usage,
      message: `Nothing is linked under ${name}.`,
      remedy: "See `casebridge links list`; `casebridge resync --case ID --wait` takes a case that is not linked yet.",
    });
  return link;
}

function inspect(parts: Parts, connection: WiredConnection, linkId: LinkId): Promise<Inspection | null> {
  return inspectLink({ ...connection.reconcile, lane: "check", pendingMs: roundsMs(parts.config, 2) }, linkId);
}

/** Length of `count` rounds: what is younger may simply not have been seen yet (rule 8). */
function roundsMs(config: Config, count: number): number {
  const now = new Date();
  return count * Math.max(longestGapMs(config.crons.cases, now), longestGapMs(config.crons.issues, now));
}

/** The links that the same re-sync would take. A case that has no link yet is not an error: it is among `newCases`. */
async function linksForDryRun(parts: Parts, connection: WiredConnection, target: Target): Promise<readonly LinkId[]> {
  if (target.kind === "all" || target.kind === "since")
    return listRepairable(connection.intake, target.kind === "since" ? target.since : null);
  if (target.kind === "case" && (await adminOf(parts).findLink(target.caseId, connection.name)) === null) return [];
  return existingLinks(parts, connection, target);
}

/** Cases that a re-sync would take, each with the writes that this comes to; `recreate`: the case gets an issue once more. */
async function newCases(
  parts: Parts,
  connection: WiredConnection,
  target: Target,
  options: { readonly recreate: boolean },
): Promise<readonly Inspection[]> {
  const deps = { ...connection.reconcile, lane: "check", pendingMs: 0 } as const;
  if (target.kind === "case") {
    if (!options.recreate && (await adminOf(parts).findLink(target.caseId, connection.name)) !== null) return [];
    return [await inspectNewCase(deps, { caseId: toId<CaseId>(target.caseId), labels: [], productName: null })];
  }
  if (target.kind !== "all" && target.kind !== "since") return [];
  const createdFrom = target.kind === "since" ? { createdFrom: target.since } : {};
  const inspections: Inspection[] = [];
  for (const entry of await listNewCases(connection.intake, createdFrom)) {
    inspections.push(await inspectNewCase(deps, entry));
  }
  return inspections;
}

function dryRunResult(inspections: readonly Inspection[], options: { readonly texts: boolean }): CommandResult {
  const writes = inspections.flatMap(({ caseId, issueKey, writes }) =>
    writes.map(({ text, ...write }) => ({ caseId, issueKey, ...write, ...(options.texts ? { text } : {}) })),
  );
  const unreadable = inspections.filter((inspection) => inspection.unreadable !== null);
  return {
    exitCode: ExitCode.done,
    json: {
      dryRun: true,
      links: inspections.length,
      writes,
      unreadable: unreadable.map(({ caseId, issueKey, unreadable: reason }) => ({ caseId, issueKey, reason })),
    },
    human: [
      {
        kind: "table",
        title: "Writes that would be made",
        head: ["Case", "Issue", "Item", "Write", "Direction"],
        rows: [
          ...differenceRows(unreadable),
          ...writes.map((write): Cell[] => [write.caseId, write.issueKey, write.item, write.what, write.direction]),
        ],
        empty: "None: both sides agree.",
      },
      ...writes.flatMap(({ caseId, issueKey, item, what, text }) =>
        text == null
          ? []
          : [{ kind: "text" as const, text: `${caseId ?? "-"} / ${issueKey ?? "-"}, ${item}, ${what}:\n${text}` }],
      ),
    ],
  };
}

/** Shows the older comments of an issue, asks, and lets exactly those go. With `--dry-run` it only shows them. */
async function includeHistory(
  parts: Parts,
  connection: WiredConnection,
  options: ResyncOptions,
  context: CommandContext,
): Promise<readonly HistoryComment[]> {
  const deps = connection.reconcile;
  const shown: HistoryComment[] = [];
  for (const linkId of await existingLinks(parts, connection, options.target)) {
    const comments = await listHistory(deps, linkId);
    if (comments.length === 0) continue;
    shown.push(...comments);
    if (options.dryRun) continue;
    const lines = comments.map(
      ({ commentId, authorName, createdAt, text }) =>
        `  ${commentId}  ${createdAt.toISOString().slice(0, 16).replace("T", " ")}  ${displayName(authorName)}: ${firstWords(text)}`,
    );
    const question = `Send exactly these ${comments.length} comment(s) to Huawei Cloud?`;
    if (!(await context.confirm(`${lines.join("\n")}\n${question}`))) return [];
    if (!(await releaseHistory(deps, linkId, comments, commandActor()))) {
      throw new CommandFailure({
        code: ExitCode.failed,
        message: "The issue is being worked on at the moment.",
        remedy: "Run the command again.",
      });
    }
  }
  return shown;
}

function firstWords(text: string): string {
  const line = toPlainText(text).replace(/\s+/g, " ").trim();
  return line.length <= 100 ? line : `${cutChars(line, 100)}…`;
}

async function rerender(
  parts: Parts,
  connection: WiredConnection,
  options: ResyncOptions,
  total: { changed: number; uneven: number; busy: number },
): Promise<void> {
  for (const linkId of await existingLinks(parts, connection, options.target)) {
    const result = await rerenderLink(connection.reconcile, linkId, { dryRun: options.dryRun });
    total.changed += result.changed;
    total.uneven += result.uneven;
    total.busy += result.busy ? 1 : 0;
  }
}

/** Adds what the rarer options did to the result of a re-sync; a link that was busy counts as not finished. */
function withExtras(
  result: CommandResult,
  extras: {
    readonly history?: readonly HistoryComment[];
    readonly rerendered?: { readonly changed: number; readonly uneven: number; readonly busy: number };
  },
): CommandResult {
  const { history, rerendered } = extras;
  const busy = rerendered !== undefined && rerendered.busy > 0;
  const lines = [
    ...(history === undefined ? [] : [`Older comments: ${history.length}`]),
    ...(rerendered === undefined
      ? []
      : [
          `Comments with another rendering: ${rerendered.changed}; left alone, since they take more or fewer comments now: ${rerendered.uneven}; busy links: ${rerendered.busy}`,
        ]),
  ];
  return {
    exitCode: busy && result.exitCode === ExitCode.done ? ExitCode.outOfSync : result.exitCode,
    json: {
      ...(result.json as Record<string, unknown>),
      ...(history === undefined ? {} : { history: history.map((comment) => comment.commentId) }),
      ...(rerendered === undefined ? {} : { rerendered }),
    },
    human: [...result.human, ...lines.map((text) => ({ kind: "text" as const, text }))],
  };
}

function resyncResult(
  results: readonly {
    connection: string;
    links: number;
    writes: number;
    unfinished: readonly { linkId: string; reason: string }[];
  }[],
  waited: boolean,
): CommandResult {
  const unfinished = results.flatMap((result) => result.unfinished);
  return {
    exitCode: unfinished.length === 0 ? ExitCode.done : ExitCode.outOfSync,
    json: { waited, results },
    human: [
      {
        kind: "table",
        head: ["Connection", "Links", waited ? "Writes" : "Handed to the worker"],
        rows: results.map((result): Cell[] => [result.connection, result.links, waited ? result.writes : result.links]),
      },
      ...(unfinished.length === 0
        ? []
        : [
            {
              kind: "table" as const,
              title: "Not finished",
              head: ["Link", "Reason"],
              rows: unfinished.map((entry): Cell[] => [entry.linkId, entry.reason]),
            },
          ]),
    ],
  };
}

async function openFailures(
  parts: Parts,
  connection: string | null,
): Promise<Awaited<ReturnType<AdminStore["listFailures"]>>["items"]> {
  chosen(parts, connection);
  return (await adminOf(parts).listFailures({ ...(connection === null ? {} : { connection }), limit: 1000 })).items;
}

/**
 * Frees a link whose issue was deleted, so that the re-sync makes a new one; a dry run frees nothing. Answers the case, since its link
 * is not found under the old issue any more. Throws `CommandFailure`.
 */
async function recreateIssue(parts: Parts, options: Pick<ResyncOptions, "target" | "dryRun">): Promise<Target> {
  const { target } = options;
  const name = target.kind === "case" ? target.caseId : target.kind === "issue" ? target.issueKey : "";
  const link = await adminOf(parts).findLink(name);
  const { id, caseId, state, reason } = link?.summary ?? { id: null, caseId: null, state: null, reason: null };
  const isGone = state === "gone" && reason === "issue_gone";
  if (id !== null && caseId !== null && isGone && (options.dryRun || (await adminOf(parts).recreate(id))))
    return { kind: "case", caseId };
  throw new CommandFailure({
    code: ExitCode.usage,
    message: link === null ? `There is no link of ${name}.` : `The issue of ${name} is not known to be deleted.`,
    remedy: "--recreate is for a link in state gone with reason issue_gone; see `casebridge links show`.",
  });
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
