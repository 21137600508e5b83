/**
 * BullMQ on Redis or on PostgreSQL. A job carries a key, never the news, so everything in here may be lost at any time: what is due
 * stands in the database, and the next beat enqueues it again.
 *
 * - *Collapsing.* Enqueues of one key collapse while a job of that key waits; one that comes while the job runs causes exactly one more
 *   run (`deduplication` with `keepLastIfActive`), so a key never runs twice at once either. A job's id is random and means nothing:
 *   a fixed id that is kept never runs again, one that is removed loses a wake-up sent mid-run.
 * - *Failing.* `job-decision.ts` turns what a handler throws into a wait, a retry, or the end. A newer wake-up of a key that waits for
 *   its retry joins that job and is served by it, hence the short pauses. A failed job holds nothing back: the next wake-up of its
 *   key makes a new job.
 * - *Lanes.* A wake-up that collapses into a job of a slower lane would wait behind a whole import, so a live one lifts the job.
 * - *Outages.* Enqueuing rejects soon instead of piling up commands; workers wait for the backend to come back; nothing crashes.
 * - *Killed workers.* Locks are short, since leases in the database guard the work: another worker goes on within 40 s.
 */

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job, Queue, Worker } from "bullmq";
import type { Lane } from "../domain/lane.ts";
import { makeQuietWarn, type Warn } from "../lib/quiet-warn.ts";
import { errorMessage } from "../observability/scrub.ts";
import {
  type Enqueue,
  HandlerConflict,
  type JobHandler,
  type QueueBackend,
  type QueueBackendOptions,
  type QueueName,
  queueNames,
} from "./contract.ts";
import { retryPauseMs } from "./job-decision.ts";
import { openOnPostgres } from "./on-postgres.ts";
import { openOnRedis } from "./on-redis.ts";
import type { OpenedBackend } from "./opened.ts";
import { type JobRunner, makeJobRunner, type RunningJob } from "./run-job.ts";
import { bounded, isSchemaMissing, toUnavailable, within } from "./waits.ts";

/** Who a job is for; smaller numbers run first. Within a lane the first job of each connection runs before the second of any. */
const priorities: Readonly<Record<Lane, number>> = { live: 1_000, poll: 2_000, check: 3_000, import: 4_000 };
const turnsMax = 999;

/** How soon a worker asks again for jobs after its backend failed. */
const workerRetryMs = 2_000;

/** What an open queue works with. */
type Open = {
  readonly options: QueueBackendOptions;
  readonly opened: OpenedBackend;
  readonly queues: ReadonlyMap<QueueName, Queue>;
  readonly workers: Worker[];
  readonly runner: JobRunner;
  readonly placed: Placed;
  readonly warn: Warn;
};

/** Opens the queue. Connects in the background: nothing is thrown here for a backend that is away. */
export function makeQueueBackend(options: QueueBackendOptions): QueueBackend {
  const open = openQueues(options);
  const { opened, queues, runner } = open;
  let closing: Promise<void> | null = null;
  return {
    kind: options.redisUrl === null ? "postgres" : "redis",
    enqueue: (job) => enqueue(open, job),
    startWorkers: (handlers, how) => startWorkers(open, handlers, how),
    counts: () => countJobs(open),
    check: () => ask(open, "write", () => opened.checkWrite()),
    checkWake: () => ask(open, "wake", () => opened.checkWake()),
    findMisfit: () => ask(open, "settings", () => opened.findMisfit()),
    queues: [...queues.values()],
    close: ({ timeoutMs }) => {
      runner.refuse();
      closing ??= Promise.resolve().then(() => shut(open, timeoutMs));
      return closing;
    },
  };
}

function openQueues(options: QueueBackendOptions): Open {
  const { redisUrl, readOnly = false } = options;
  const warn = makeQuietWarn(options.log);
  const prefix = options.prefix === undefined ? {} : { prefix: options.prefix };
  const events = {
    warn,
    hang: (facts: { readonly afterMs: number }): void => {
      warn({ ...facts }, "The queue did not answer; its silent connection was closed");
      options.onHang?.();
    },
  };
  const opened =
    redisUrl === null
      ? openOnPostgres({ databaseUrl: options.databaseUrl, readOnly, events })
      : openOnRedis({ redisUrl, prefix, readOnly, events });
  const jobOptions = {
    attempts: options.attemptsMax ?? 6,
    backoff: { type: "custom" },
    removeOnComplete: true,
    removeOnFail: { count: 1_000, age: 7 * 86_400 },
    stackTraceLimit: 1,
  };
  const queues = new Map<QueueName, Queue>();
  for (const name of names()) {
    const queue = opened.makeQueue(queueNames[name], jobOptions);
    queue.on("error", (error: Error) => warn({ queue: name, error: errorMessage(error) }, "Queue failed"));
    queues.set(name, queue);
  }
  return { options, opened, queues, workers: [], runner: makeJobRunner(options), placed: makePlaced(), warn };
}

function queueOf({ queues }: Open, name: QueueName): Queue {
  const queue = queues.get(name);
  if (queue === undefined) throw new HandlerConflict(`there is no queue ${name}`);
  return queue;
}

/** Runs a command within the time limit; a schema that was dropped under us is made again first. */
async function ask<T>({ options, opened }: Open, what: string, command: () => Promise<T>): Promise<T> {
  try {
    return await within(command(), what);
  } catch (error) {
    if (options.readOnly === true || !isSchemaMissing(error)) throw toUnavailable(error, what);
  }
  try {
    await within(opened.migrate(), what);
    return await within(command(), what);
  } catch (error) {
    throw toUnavailable(error, what);
  }
}

async function enqueue(open: Open, job: Enqueue): Promise<void> {
  const { placed } = open;
  const queue = queueOf(open, job.queue);
  const jobId = `job-${randomUUID()}`;
  const priority = priorities[job.lane] + Math.min(job.turn ?? 0, turnsMax);
  const deduplicationId = `${job.name}-${job.key}`.replaceAll(":", "%3A");
  await ask(open, "enqueue", async () => {
    const added = await queue.add(job.name, job.payload, {
      jobId,
      priority,
      ...(job.delayMs === undefined ? {} : { delay: job.delayMs }),
      deduplication: { id: deduplicationId, keepLastIfActive: true },
    });
    if (added.id === undefined || added.id === jobId) return placed.note(deduplicationId, priority);
    // Else it would stay behind all that comes to the front later, and wait for as long as others have work.
    if (placed.isAt(deduplicationId, priority)) return;
    const waiting = await queue.getJob(added.id);
    // A job that has just started or ended cannot be lifted and need not be.
    if (waiting !== undefined && waiting.priority > priority)
      await waiting.changePriority({ priority }).catch(() => {});
    placed.note(deduplicationId, priority);
  });
}

function startWorkers(
  { options, opened, workers, runner, warn }: Open,
  handlers: Parameters<QueueBackend["startWorkers"]>[0],
  { concurrency, expected = [] }: Parameters<QueueBackend["startWorkers"]>[1],
): void {
  const { retryFirstMs = 1_000, random = Math.random } = options;
  const byName = new Map<string, JobHandler>();
  for (const entry of handlers) {
    if (byName.has(entry.name)) throw new HandlerConflict(`two handlers claim the job ${entry.name}`);
    byName.set(entry.name, entry.handle);
  }
  const missing = expected.filter((name) => !byName.has(name));
  if (missing.length > 0) throw new HandlerConflict(`no handler for the job ${missing.join(", ")}`);
  for (const name of names()) {
    const run = (job: Job, token?: string) => runner.run({ queue: name, handlers: byName, job, token: token ?? "" });
    const worker = opened.makeWorker(queueNames[name], run, {
      concurrency: concurrency[name],
      lockDuration: 30_000,
      stalledInterval: 10_000,
      maxStalledCount: 10,
      runRetryDelay: workerRetryMs,
      settings: { backoffStrategy: (attempt?: number) => retryPauseMs(attempt ?? 1, retryFirstMs, random()) },
    });
    worker.on("error", (error: Error) => warn({ queue: name, error: errorMessage(error) }, "Worker connection failed"));
    workers.push(worker);
  }
}

async function countJobs(open: Open): Promise<Record<QueueName, Record<string, number>>> {
  const readOnly = open.options.readOnly === true;
  const result: Record<QueueName, Record<string, number>> = { links: {}, rounds: {} };
  for (const [name, queue] of open.queues) {
    result[name] = await ask(open, "counts", () =>
      queue
        .getJobCounts("waiting", "prioritized", "active", "delayed", "failed")
        .catch((error: unknown) => (readOnly && isSchemaMissing(error) ? {} : Promise.reject(error))),
    );
  }
  return result;
}

async function shut(open: Open, timeoutMs: number): Promise<void> {
  const { opened, queues, workers, runner } = open;
  const deadline = Date.now() + timeoutMs;
  await bounded(Promise.allSettled(workers.map((worker) => worker.pause(true))), Math.min(1_000, timeoutMs));
  while (runner.count() > 0 && Date.now() < deadline) await sleep(20);
  const left = runner.giveUp();
  await bounded(Promise.allSettled(workers.map((worker) => worker.close(true))), 2_000);
  // Only now, and through the producers' connections: a worker whose last fetch still waits would take its own jobs back.
  await bounded(Promise.allSettled(left.map((job) => handBack(open, job))), 1_000);
  await bounded(Promise.allSettled([...queues.values()].map((queue) => queue.close())), 1_000);
  await bounded(opened.close(), 1_000);
}

async function handBack(open: Open, { queue, id, token }: RunningJob): Promise<void> {
  const job: Job | undefined = await queueOf(open, queue).getJob(id);
  await job?.moveToWait(token);
}

function names(): QueueName[] {
  return ["links", "rounds"];
}

/** Jobs whose place in a queue is remembered; what waits in one worker's queues at a time is far less. */
const placedMax = 5_000;

type Placed = { isAt(key: string, priority: number): boolean; note(key: string, priority: number): void };

/** At which priority this process has last put what waits, so that most repeats of an enqueue need no look at the job. */
function makePlaced(): Placed {
  const priorityOf = new Map<string, number>();
  return {
    isAt: (key: string, priority: number): boolean => (priorityOf.get(key) ?? Number.POSITIVE_INFINITY) <= priority,
    note(key: string, priority: number): void {
      priorityOf.delete(key);
      priorityOf.set(key, priority);
      if (priorityOf.size <= placedMax) return;
      const [oldest] = priorityOf.keys();
      if (oldest !== undefined) priorityOf.delete(oldest);
    },
  };
}
