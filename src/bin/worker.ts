/**
 * The service: schedule, queue, HTTP, and an orderly end. Stops in order: no new ticks, no new jobs, running ones finish or are handed
 * back (their leases end by themselves), HTTP, queue, database.
 */

import { roundKinds, type Schedule, startSchedule } from "../../jobs/schedule.ts";
import { makeTurns, type Turns } from "../../jobs/turns.ts";
import type { RunningWorker as CommandsWorker, WorkerHooks } from "../commands/cli/app.ts";
import type { Config } from "../config/config.ts";
import { guardHeld } from "../domain/guard-word.ts";
import { countWarnings } from "../lib/counted-warnings.ts";
import { makeProgress, type Progress } from "../observability/health.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { QueueBackend } from "../queue/contract.ts";
import { makeQueueBackend } from "../queue/queue-backend.ts";
import { listenForDue } from "../store/due-signal.ts";
import { commentBars } from "../sync/plan/restriction.ts";
import type { Log } from "../sync/ports.ts";
import type { HttpServer } from "../web/web-app.ts";
import { type Composition, compose } from "./compose.ts";
import type { ComposeOptions } from "./connection.ts";
import { type Load, makeHandlers } from "./handlers.ts";
import { makeRequestCounter, startHistory } from "./history.ts";
import { startNotifications } from "./notifications.ts";
import { startServers } from "./page.ts";
import { refuseMisfit, refuseOscillation, tellMisfits } from "./start-checks.ts";
import { makeWebhookReceiver } from "./webhook.ts";

/** A running service. */
export type RunningWorker = CommandsWorker & { readonly composition: Composition; readonly queue: QueueBackend };

/** What works beside the flows. */
type Stoppable = { stop(): Promise<void> };

const jobsFinishMs = 15_000;
/** What is under way is given so long to come to its end; then nothing is sent any more, and what it was about is still due. */
const sendingEndsMs = 3_000;

/** Starts the service. Throws when database, configuration or port do not allow it; services that are away do not stop it. */
export async function startWorker(config: Config, log: Log, hooks: WorkerHooks = {}): Promise<RunningWorker> {
  let schedule: Schedule | null = null;
  const turns = makeTurns({
    connections: config.connections.map((connection) => connection.name),
    capacity: config.workerConcurrency,
    log,
    onFree: () => schedule?.poke(),
  });
  const load: Load = { running: 0 };
  const isBusy = (): boolean => load.running >= config.workerConcurrency;
  const progress = makeProgress({ elapsedMs: () => performance.now(), isBusy });
  const requests = makeRequestCounter();
  const ending = new AbortController();
  const { composition, queue } = await open(config, log, {
    ...hooks,
    onRequest: requests.count,
    onAnswer: turns.noteAnswer,
    onLease: () => progress.linkLeased(),
    ending: ending.signal,
  });
  const { state, connections, metrics } = composition;
  queue.startWorkers(makeHandlers({ composition, turns, load }), {
    // Each round of each connection has a slot of its own, and so has the house.
    concurrency: { links: config.workerConcurrency, rounds: connections.length * roundKinds + 1 },
  });
  const servers: HttpServer[] = [];
  let url: string | null = null;
  const beside: Stoppable[] = [];
  let watch: NodeJS.Timeout | undefined;
  const stopAll = (): Promise<void> => end({ schedule, beside, watch, turns, servers, queue, composition, ending });
  try {
    schedule = startSchedule({
      queue,
      state,
      turns,
      clock: composition.clock,
      log,
      connections: connections.map((connection) => connection.name),
      crons: config.crons,
      checkMaxAgeMs: config.checkMaxAgeHours * 3_600_000,
      dueMax: config.workerConcurrency * 8,
      onBeat: (dueCount) => progress.beat(dueCount),
    });
    const { prisma } = composition.database;
    beside.push(listenForDue({ connectionString: composition.database.connectionString, onDue: schedule.poke }));
    watch = watchProgress(progress, { log, metrics });
    beginMetrics(composition);
    beside.push(startHistory({ ...composition, prisma }, requests));
    beside.push(...[startNotifications(composition)].filter((notifier) => notifier !== null));
    const webhook = makeWebhookReceiver({ connections, state, prisma, log, metrics, onWake: schedule.poke });
    url = await startServers({ config, composition, queue, log, progress, webhook }, servers);
  } catch (error) {
    await stopAll();
    throw error;
  }
  log.info({ queue: queue.kind, connections: connections.map((connection) => connection.name) }, "Worker started");
  let stopping: Promise<void> | null = null;
  return {
    composition,
    queue,
    url,
    stop: () => {
      stopping ??= stopAll();
      return stopping;
    },
  };
}

/** Everything wired, and judged by what can only be judged then. Throws what does not allow a start; nothing stays open. */
async function open(
  config: Config,
  log: Log,
  options: ComposeOptions,
): Promise<{ readonly composition: Composition; readonly queue: QueueBackend }> {
  const composition = await compose(config, log, options);
  await composition.recordPolicies(composition.connections);
  let queue: QueueBackend | null = null;
  try {
    await refuseOscillation(composition);
    void tellMisfits(composition);
    queue = openQueue(composition);
    await refuseMisfit(queue, log);
    return { composition, queue };
  } catch (error) {
    await queue?.close({ timeoutMs: 0 });
    await composition.close();
    throw error;
  }
}

function openQueue({ config, database, connections, state, metrics, log }: Composition): QueueBackend {
  return makeQueueBackend({
    redisUrl: config.redisUrl?.reveal() ?? null,
    databaseUrl: database.connectionString,
    log: countWarnings(log),
    onHang: () => metrics.connectionHung("queue"),
    onExhausted: async (report) => {
      // A dead job loses nothing: what it was about is still due in the database. Somebody should know all the same.
      const { connection } = report.payload as { readonly connection?: string };
      for (const { name } of connections.filter((entry) => connection === undefined || entry.name === connection))
        await state.recordConnectionFailure(name, "job_failed", `${report.name}: ${report.error}`);
    },
  });
}

/** Shows from the start what the alerts watch. */
function beginMetrics({ metrics, connections, clock }: Composition): void {
  const names = connections.map(({ name }) => name);
  metrics.begin({ connections: names, holds: [...commentBars, guardHeld], at: clock.now() });
}

const progressCheckMs = 5_000;

/** Says once that the process stands still, and once that it goes on. */
function watchProgress(
  progress: Progress,
  { log, metrics }: { readonly log: Log; readonly metrics: Pick<Metrics, "setStalled"> },
): NodeJS.Timeout {
  let last: string | null = null;
  const check = (): void => {
    const reason = progress.stalledBy();
    metrics.setStalled(reason !== null);
    if (reason !== null && last === null) log.error({ reason }, "No progress");
    if (reason === null && last !== null) log.info({}, "Work goes on");
    last = reason;
  };
  check();
  return setInterval(check, progressCheckMs).unref();
}

async function end(running: {
  schedule: Schedule | null;
  beside: readonly Stoppable[];
  turns: Turns;
  servers: readonly HttpServer[];
  queue: QueueBackend;
  composition: Composition;
  ending: AbortController;
  watch: NodeJS.Timeout | undefined;
}): Promise<void> {
  clearInterval(running.watch);
  const last = setTimeout(() => running.ending.abort(), sendingEndsMs);
  await Promise.all([running.schedule?.stop(), ...running.beside.map((one) => one.stop())]);
  await Promise.all([running.queue.close({ timeoutMs: jobsFinishMs }), running.turns.close(jobsFinishMs)]);
  clearTimeout(last);
  await Promise.all(running.servers.map((server) => server.close()));
  await running.composition.close();
}
