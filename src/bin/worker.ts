/**
 * The service: schedule, queue, HTTP, and an orderly end. Stops in order: no new ticks, no new jobs, running ones finish or are handed
 * back (their leases end by themselves), HTTP, queue, database.
 */
import { setTimeout as sleepFor } from "node:timers/promises";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { handleIntakeCases, intakeCasesJob } from "../../jobs/intake-cases.ts";
import { handleIntakeIssues, intakeIssuesJob } from "../../jobs/intake-issues.ts";
import { handleKeepHouse, keepHouseJob } from "../../jobs/keep-house.ts";
import { handleReconcileLink, reconcileLinkJob } from "../../jobs/reconcile-link.ts";
import { handleRefreshLookups, refreshLookupsJob } from "../../jobs/refresh-lookups.ts";
import { roundKinds, type Schedule, startSchedule } from "../../jobs/schedule.ts";
import { handleSweepLinks, sweepLinksJob } from "../../jobs/sweep-links.ts";
import { makeTurns, type Turns } from "../../jobs/turns.ts";
import type { RunningWorker as CommandsWorker, WorkerHooks } from "../commands/cli/app.ts";
import { CommandFailure, ExitCode } from "../commands/cli/exit-code.ts";
import { findOscillations } from "../commands/doctor/status.ts";
import type { Config, HttpConfig } from "../config/config.ts";
import { guardHeld } from "../domain/guard-word.ts";
import { isServiceError } from "../domain/service-error.ts";
import { makeProgress, type Progress } from "../observability/health.ts";
import { breakers, type Metrics } from "../observability/metrics.ts";
import type { Notifier } from "../observability/notify/notifier.ts";
import { errorMessage } from "../observability/scrub.ts";
import type { QueueBackend } from "../queue/contract.ts";
import { NotNow } from "../queue/job-decision.ts";
import { makeQueueBackend } from "../queue/queue-backend.ts";
import { pendingMigrations } from "../store/database/migrate.ts";
import { type DueSignals, listenForDue } from "../store/due-signal.ts";
import { purgeOld } from "../store/keeping.ts";
import { makeSessionStore, makeSignInBrake } from "../store/sessions.ts";
import type { Outcome } from "../sync/outcome.ts";
import { commentHolds } from "../sync/plan/restriction.ts";
import type { Log } from "../sync/ports.ts";
import { type HttpServerInput, makeHttpServer } from "../web/http-server.ts";
import { makeOidc, type Oidc } from "../web/oidc.ts";
import type { HttpServer } from "../web/web-app.ts";
import { makeWebhookServer, type WebhookReceiver } from "../web/webhook-route.ts";

import { compose, type Parts } from "./compose.ts";
import { startNotifications } from "./notifications.ts";
import { makeWebhookReceiver } from "./webhook.ts";

/** A running service. */
export type RunningWorker = CommandsWorker & { readonly parts: Parts; readonly queue: QueueBackend };

const jobsFinishMs = 15_000;
const statusAnswerMs = 5_000;

/** Starts the service. Throws when database, configuration or port do not allow it; services that are away do not stop it. */
export async function startWorker(config: Config, log: Log, hooks: WorkerHooks = {}): Promise<RunningWorker> {
  let schedule: Schedule | null = null;
  const turns = makeTurns({
    connections: config.connections.map((connection) => connection.name),
    capacity: config.workerConcurrency,
    log,
    onFree: () => schedule?.poke(),
  });
  let working = 0;
  const progress = makeProgress({
    elapsedMs: () => performance.now(),
    isBusy: () => working >= config.workerConcurrency,
  });
  const parts = await compose(config, log, {
    ...hooks,
    onAnswer: turns.noteAnswer,
    onLease: () => progress.linkTaken(),
  });
  const { state, connections, metrics } = parts;
  await parts.recordPolicies(connections);
  try {
    await refuseOscillation(parts);
  } catch (error) {
    await parts.close();
    throw error;
  }
  const queue = makeQueueBackend({
    redisUrl: config.redisUrl?.reveal() ?? null,
    databaseUrl: parts.database.connectionString,
    log,
    onHang: () => metrics.connectionHung("queue"),
    onExhausted: async (report) => {
      // A dead job loses nothing: what it was about is still due in the database. Somebody should know all the same.
      const { connection } = report.payload as { readonly connection?: string };
      for (const { name } of connections.filter((entry) => connection === undefined || entry.name === connection))
        await state.recordConnectionFailure(name, "job_failed", `${report.name}: ${report.error}`);
    },
  });
  try {
    await refuseMisfit(queue, log);
  } catch (error) {
    await queue.close({ timeoutMs: 0 });
    await parts.close();
    throw error;
  }
  const counted = (handle: (payload: unknown) => Promise<Outcome>) => countRuns(metrics, handle);
  queue.startWorkers(
    [
      {
        queue: "links",
        name: reconcileLinkJob,
        handle: counted(async (payload) => {
          working += 1;
          try {
            return await handleReconcileLink(connections, turns, payload);
          } finally {
            working -= 1;
          }
        }),
      },
      {
        queue: "rounds",
        name: intakeCasesJob,
        handle: counted((payload) => handleIntakeCases(connections, turns, payload)),
      },
      {
        queue: "rounds",
        name: intakeIssuesJob,
        handle: counted((payload) => handleIntakeIssues(connections, turns, payload)),
      },
      {
        queue: "rounds",
        name: sweepLinksJob,
        handle: counted((payload) => handleSweepLinks(connections, payload)),
      },
      {
        queue: "rounds",
        name: refreshLookupsJob,
        handle: counted((payload) => handleRefreshLookups(connections, turns, payload)),
      },
      {
        queue: "rounds",
        name: keepHouseJob,
        handle: counted(() =>
          handleKeepHouse(async () => {
            const purged = await purgeOld({ prisma: parts.database.prisma, clock: parts.clock });
            return purged.runs + purged.audit + purged.webhooks + purged.sessions;
          }),
        ),
      },
    ],
    // Each round of each connection has a slot of its own, and so has the house.
    { concurrency: { links: config.workerConcurrency, rounds: connections.length * roundKinds + 1 } },
  );
  const servers: HttpServer[] = [];
  let url: string | null = null;
  let signals: DueSignals | null = null;
  let notifier: Notifier | null = null;
  let watch: NodeJS.Timeout | undefined;
  const stopAll = (): Promise<void> => {
    clearInterval(watch);
    return end({ schedule, signals, notifier, turns, servers, queue, parts });
  };
  try {
    schedule = startSchedule({
      queue,
      state,
      turns,
      clock: parts.clock,
      log,
      connections: connections.map((connection) => connection.name),
      crons: config.crons,
      checkMaxAgeMs: config.checkMaxAgeHours * 3_600_000,
      dueMax: config.workerConcurrency * 8,
      onBeat: (dueCount) => progress.beat(dueCount),
    });
    signals = listenForDue({ connectionString: parts.database.connectionString, onDue: schedule.poke });
    watch = watchProgress(progress, { log, metrics });
    metrics.begin({
      connections: connections.map(({ name }) => name),
      holds: [...commentHolds, guardHeld],
      at: parts.clock.now(),
    });
    notifier = startNotifications(parts);
    const webhook = makeWebhookReceiver({
      connections,
      state,
      prisma: parts.database.prisma,
      log,
      metrics,
      onWake: schedule.poke,
    });
    if (config.http.port !== 0) {
      const http = makeHttp({ config, parts, queue, log, progress, webhook });
      servers.push(http);
      ({ url } = await http.listen());
      log.info({ url }, "Page, health and metrics are served");
    }
    if (config.http.webhook !== null) {
      const server = makeWebhookServer({ ...config.http.webhook, webhook, log });
      servers.push(server);
      log.info({ url: (await server.listen()).url }, "Webhooks are taken");
    }
  } catch (error) {
    await stopAll();
    throw error;
  }
  log.info({ queue: queue.kind, connections: connections.map((connection) => connection.name) }, "Worker started");
  let stopping: Promise<void> | null = null;
  return {
    parts,
    queue,
    url,
    stop: () => {
      stopping ??= stopAll();
      return stopping;
    },
  };
}

const progressLookMs = 5_000;

/** Says once that the process stands still, and once that it goes on. */
function watchProgress(
  progress: Progress,
  { log, metrics }: { readonly log: Log; readonly metrics: Pick<Metrics, "setStalled"> },
): NodeJS.Timeout {
  let last: string | null = null;
  const look = (): void => {
    const reason = progress.stalledBy();
    metrics.setStalled(reason !== null);
    if (reason !== null && last === null) log.error({ reason }, "No progress");
    if (reason === null && last !== null) log.info({}, "Work goes on");
    last = reason;
  };
  look();
  return setInterval(look, progressLookMs).unref();
}

/** A queue that can never work stops the start; one that is away for the moment does not. */
async function refuseMisfit(queue: QueueBackend, log: Log): Promise<void> {
  let misfit: Awaited<ReturnType<QueueBackend["findMisfit"]>>;
  try {
    misfit = await queue.findMisfit();
  } catch (error) {
    log.warn({ error: errorMessage(error) }, "The queue does not answer yet");
    return;
  }
  if (misfit === null) return;
  if (misfit.fatal) throw new CommandFailure({ code: ExitCode.usage, message: misfit.detail, remedy: misfit.remedy });
  log.warn({ detail: misfit.detail, remedy: misfit.remedy }, "The queue may lose jobs");
}

/** What a waiting run says of why; anything else a read or write came to is a failure of that run. */
const waitingReasons: ReadonlySet<string> = new Set(["rate_limited", "unauthorized"]);
const failingReasons: ReadonlySet<string> = new Set(["unavailable", "contract", "rejected", "not_found", "forbidden"]);

/** Counts each run under its connection. One that throws counts as `failed`, save where a service only told it to wait. */
export function countRuns(
  metrics: Pick<Metrics, "runEnded">,
  handle: (payload: unknown) => Promise<Outcome>,
): (payload: unknown) => Promise<string> {
  return async (payload) => {
    const named =
      typeof payload === "object" && payload !== null && "connection" in payload ? payload.connection : null;
    const connection = typeof named === "string" ? named : "none";
    try {
      const outcome = await handle(payload);
      const failed = outcome.kind === "deferred" && failingReasons.has(outcome.reason);
      metrics.runEnded({ connection, outcome: failed ? "failed" : outcome.kind });
      return outcome.kind;
    } catch (error) {
      const waits = error instanceof NotNow || (isServiceError(error) && waitingReasons.has(error.kind));
      metrics.runEnded({ connection, outcome: waits ? "deferred" : "failed" });
      throw error;
    }
  };
}

/**
 * A status map that names statuses by id can only be judged with Jira's help (rule 6). A Jira that does not answer in time does not hold
 * back the start: doctor finds the same.
 */
async function refuseOscillation(parts: Parts): Promise<void> {
  for (const { name, config, jira } of parts.connections) {
    if (!Object.values(config.status.toJira).some((target) => "statusId" in target)) continue;
    let lines: readonly string[];
    try {
      const late = sleepFor(statusAnswerMs, null, { ref: false }).then(() =>
        Promise.reject(new Error("no answer in time")),
      );
      lines = findOscillations(config.status, await Promise.race([jira.listStatuses(), late]));
    } catch (error) {
      parts.log.warn(
        { connection: name, error: errorMessage(error) },
        "The status map could not be compared with the workflow; casebridge doctor does it too",
      );
      continue;
    }
    if (lines.length > 0) {
      throw new CommandFailure({
        code: ExitCode.usage,
        message: `The status map of connection ${name} would make the two sides push each other: ${lines.join("; ")}.`,
        remedy:
          "Lead case statuses 3, 4, 12 and 13 to statuses of category done, and all others to new or indeterminate (status.toJira).",
      });
    }
  }
}

async function end(running: {
  schedule: Schedule | null;
  signals: DueSignals | null;
  notifier: Notifier | null;
  turns: Turns;
  servers: readonly HttpServer[];
  queue: QueueBackend;
  parts: Parts;
}): Promise<void> {
  await Promise.all([running.schedule?.stop(), running.signals?.stop(), running.notifier?.stop()]);
  await Promise.all([running.queue.close({ timeoutMs: jobsFinishMs }), running.turns.close(jobsFinishMs)]);
  await Promise.all(running.servers.map((server) => server.close()));
  await running.parts.close();
}

function makeHttp(input: {
  readonly config: Config;
  readonly parts: Parts;
  readonly queue: QueueBackend;
  readonly log: Log;
  readonly progress: Progress;
  readonly webhook: WebhookReceiver;
}): HttpServer {
  const { config, parts, queue, log, progress, webhook } = input;
  const { admin, metrics } = parts;
  const report = () => parts.makeReport(queue);
  /** When each round that was counted ended: a page that is read twice must not count it twice. */
  const counted = new Map<string, number>();
  metrics.onCollect(async () => {
    const picture = await report();
    const failures = await admin.listFailureGroups(1);
    metrics.setLinks(
      picture.connections.flatMap(({ name, links }) =>
        Object.entries(links).map(([state, count]) => ({ connection: name, state, count })),
      ),
    );
    metrics.setOpenFailures(
      failures.map(({ connectionName, reason, count }) => ({ connection: connectionName, reason, count })),
    );
    metrics.setBreakers(
      picture.connections.flatMap(({ name, state, stateReason }) =>
        breakers.map((breaker) => {
          const stopped = state === "stopped" && stateReason === breaker ? 1 : 0;
          const found = failures.find(({ connectionName, reason }) => connectionName === name && reason === breaker);
          return { connection: name, breaker, open: Math.max(stopped, found?.count ?? 0) };
        }),
      ),
    );
    for (const { name, oldestUnmirroredSeconds, effectivePollSeconds } of picture.connections) {
      metrics.setOldestUnmirrored({ connection: name, ageSeconds: oldestUnmirroredSeconds ?? 0 });
      if (effectivePollSeconds !== null) metrics.setPollInterval({ connection: name, seconds: effectivePollSeconds });
    }
    for (const round of await admin.listRounds()) {
      const endedAt = round.finishedAt?.getTime() ?? null;
      const key = `${round.connectionName} ${round.name}`;
      if (endedAt === null || counted.get(key) === endedAt) continue;
      counted.set(key, endedAt);
      metrics.roundEnded({
        connection: round.connectionName,
        round: round.name,
        success: round.outcome === "done",
        durationMs: round.durationMs ?? 0,
        endedAt: new Date(endedAt),
      });
    }
    metrics.setQueueDepth(picture.queues);
    metrics.setNotifyFailing(picture.notifications?.failingSince != null);
  });
  return makeHttpServer({
    // Beside the page only where a sign-in guards it: whoever is led to one port is led to all of its routes.
    ...(config.http.signIn === null ? {} : { webhook }),
    host: config.http.host,
    port: config.http.port,
    signIn: findTokens(config.http),
    publicUrl: config.http.publicUrl,
    oidc: findOidc(config.http),
    sessions: makeSessionStore({ prisma: parts.database.prisma }),
    brake: makeSignInBrake({ prisma: parts.database.prisma }),
    checks: {
      database: async () => {
        const [row] = await parts.database.prisma.$queryRaw<
          { refused: string }[]
        >`SELECT current_setting('transaction_read_only') AS refused`;
        return row?.refused === "off";
      },
      queue: async () => {
        await queue.check();
        return true;
      },
      migrations: async () =>
        (await pendingMigrations({ connectionString: parts.database.connectionString })).length === 0,
    },
    stalledBy: () => progress.stalledBy(),
    metrics,
    bullBoard: queue.queues.map((entry) => new BullMQAdapter(entry, { readOnlyMode: true })),
    api: {
      status: report,
      links: ({ search, ...filter }) => admin.listLinks({ ...filter, query: search }),
      failures: (filter) => admin.listFailures(filter),
      acts: (filter) => admin.listActPage(filter),
    },
    log,
  });
}

function findTokens({ signIn }: HttpConfig): HttpServerInput["signIn"] {
  if (signIn === null || (signIn.operatorToken === null && signIn.viewerToken === null)) return null;
  return signIn;
}

function findOidc({ signIn, publicUrl }: HttpConfig): Oidc | null {
  if (signIn?.oidc == null || publicUrl === null) return null;
  return makeOidc({ ...signIn.oidc, redirectUri: `${publicUrl}/api/v1/session/oidc/callback` });
}
