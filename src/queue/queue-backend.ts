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
import { DelayedError, type Job, type Queue, UnrecoverableError, WaitingError, type Worker } from "bullmq";
import { isServiceError } from "../domain/service-error.ts";
import { makeQuietWarn } from "../lib/quiet-warn.ts";
import { describeError, errorMessage } from "../observability/scrub.ts";
import { decideJob, retryPauseMs } from "./job-decision.ts";
import { openOnPostgres } from "./on-postgres.ts";
import { openOnRedis } from "./on-redis.ts";
import type { QueueMisfit } from "./opened.ts";

/** Who a job is for; smaller numbers run first. Within a lane the first job of each connection runs before the second of any. */
const priorities = { live: 1_000, poll: 2_000, check: 3_000, import: 4_000 } as const;
const turnsMax = 999;

/** The queues: rounds must not wait behind links, nor links behind rounds. */
const queueNames = { links: "casebridge-links", rounds: "casebridge-rounds" } as const;

/** `links`: one job per link. `rounds`: polling, checks and housekeeping. Each runs as many jobs at once as `startWorkers` is told. */
export type QueueName = keyof typeof queueNames;

/** Live overtakes poll, poll overtakes check, check overtakes import. */
export type QueueLane = keyof typeof priorities;

/**
 * One wake-up. `key` names the work; two of one name and key collapse. `delayMs` holds a job back that does not exist yet. `turn` counts
 * the jobs of one connection in a lane from 0, so that connections take turns there.
 */
export type Enqueue = {
  readonly queue: QueueName;
  readonly name: string;
  readonly key: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly lane: QueueLane;
  readonly turn?: number;
  readonly delayMs?: number;
};

/** Runs one job; what it throws is judged by `decideJob`. */
export type JobHandler = (payload: unknown) => Promise<unknown>;

/** Narrow logger of this adapter. */
export type QueueLog = {
  warn(facts: Record<string, unknown>, message: string): void;
  error(facts: Record<string, unknown>, message: string): void;
};

/** A job that used up its attempts or can never succeed. `error` names the last failure, see `reasonOf`. */
export type FailedJob = {
  readonly id: string;
  readonly queue: QueueName;
  readonly name: string;
  readonly payload: unknown;
  readonly error: string;
  readonly failedAt: Date;
};

/** Thrown when two handlers claim one job name, or a name has none. */
export class HandlerConflict extends Error {
  constructor(message: string) {
    super(message);
    this.name = "HandlerConflict";
  }
}

/** The backend did not take or answer a command in time. Whoever enqueued may go on: nothing is lost. */
export class QueueUnavailable extends Error {
  readonly kind = "unavailable";
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "QueueUnavailable";
  }
}

/** Queues and workers on one backend. */
export type QueueBackend = {
  readonly kind: "redis" | "postgres";
  /** Throws `QueueUnavailable` within 5 s when the backend cannot be reached; the caller may go on, nothing is lost. */
  enqueue(job: Enqueue): Promise<void>;
  /** Starts one worker per queue. Throws `HandlerConflict` when a name is claimed twice, or one of `expected` by nobody. */
  startWorkers(
    handlers: readonly { readonly queue: QueueName; readonly name: string; readonly handle: JobHandler }[],
    options: { readonly concurrency: Readonly<Record<QueueName, number>>; readonly expected?: readonly string[] },
  ): void;
  /** Jobs by queue and state. Throws `QueueUnavailable`. */
  counts(): Promise<Readonly<Record<QueueName, Readonly<Record<string, number>>>>>;
  /** The newest dead jobs, at most `limit` (100) of each queue. Throws `QueueUnavailable`. */
  failedJobs(limit?: number): Promise<readonly FailedJob[]>;
  /** Enqueues a dead job's work anew and forgets the dead job. False when it is gone. */
  retryFailed(queue: QueueName, id: string): Promise<boolean>;
  /** Forgets a dead job. False when it is gone. */
  removeFailed(queue: QueueName, id: string): Promise<boolean>;
  /** No replica starts jobs of this queue until `resume`; running ones finish, wake-ups collect. Both may be repeated. */
  pause(queue: QueueName): Promise<void>;
  resume(queue: QueueName): Promise<void>;
  /** Throws away all jobs. What is due comes back with the next beat. */
  wipe(): Promise<void>;
  /** Throws `QueueUnavailable` when nothing can be written within 5 s. */
  check(): Promise<void>;
  /** Throws `QueueUnavailable` when a write does not wake who waits for it within 5 s. */
  checkWake(): Promise<void>;
  /** `null` when fine, else what keeps the backend from being a queue: Redis in cluster mode, or one that evicts. Throws `QueueUnavailable`. */
  findMisfit(): Promise<QueueMisfit | null>;
  /** The queues, for bull-board. */
  readonly queues: readonly Queue[];
  /**
   * No new jobs; running ones get until `timeoutMs` and are then handed back, so that another worker starts them at once (the handler
   * here may still be running: leases guard against that). Ends within `timeoutMs` + 4 s. May be repeated.
   */
  close(options: { readonly timeoutMs: number }): Promise<void>;
};

/** `redisUrl: null` means the schema `bullmq` of the database. */
export type QueueBackendOptions = {
  readonly redisUrl: string | null;
  readonly databaseUrl: string;
  /** Namespace of the keys in Redis; ignored on PostgreSQL. */
  readonly prefix?: string;
  /** Only looks: makes no schema and stores nothing. Where there is no schema yet there are no jobs. */
  readonly readOnly?: boolean;
  readonly log: QueueLog;
  /** Hears of each connection that did not answer and was given up. */
  readonly onHang?: () => void;
  /** Hears of each job that ends for good, before it is dead. When this throws the job is kept and the report tried again in 30 s. */
  readonly onExhausted?: (report: Omit<FailedJob, "id" | "failedAt">) => Promise<void>;
  /** Pause after the first failed attempt; tests shorten it. */
  readonly retryFirstMs?: number;
  /** How often a job is tried, the first time included. */
  readonly attemptsMax?: number;
  readonly random?: () => number;
};

const answerTimeoutMs = 5_000;
const reportAgainMs = 30_000;
/** How soon a worker asks again for jobs after its backend failed. */
const workerRetryMs = 2_000;

/** Opens the queue. Connects in the background: nothing is thrown here for a backend that is away. */
export function makeQueueBackend(options: QueueBackendOptions): QueueBackend {
  const { redisUrl, log, readOnly = false } = options;
  const random = options.random ?? Math.random;
  const retryFirstMs = options.retryFirstMs ?? 1_000;
  const prefix = options.prefix === undefined ? {} : { prefix: options.prefix };
  const running = new Map<string, Running>();
  const workers: Worker[] = [];
  const warn = makeQuietWarn(log);
  let closing: Promise<void> | null = null;

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

  function queueOf(name: QueueName): Queue {
    const queue = queues.get(name);
    if (queue === undefined) throw new HandlerConflict(`there is no queue ${name}`);
    return queue;
  }

  /** Runs a command within the time limit; a schema that was dropped under us is made again first. */
  async function ask<T>(what: string, command: () => Promise<T>): Promise<T> {
    try {
      return await within(command(), what);
    } catch (error) {
      if (readOnly || !isSchemaMissing(error)) throw toUnavailable(error, what);
    }
    try {
      await within(opened.migrate(), what);
      return await within(command(), what);
    } catch (error) {
      throw toUnavailable(error, what);
    }
  }

  const placed = makePlaced();

  async function enqueue(job: Enqueue): Promise<void> {
    const queue = queueOf(job.queue);
    const jobId = `job-${randomUUID()}`;
    const priority = priorities[job.lane] + Math.min(job.turn ?? 0, turnsMax);
    const deduplicationId = `${job.name}-${job.key}`.replaceAll(":", "%3A");
    await ask("enqueue", async () => {
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

  async function run(
    name: QueueName,
    handlers: ReadonlyMap<string, JobHandler>,
    job: Job,
    token: string,
  ): Promise<unknown> {
    if (closing !== null) {
      await job.moveToWait(token);
      throw new WaitingError();
    }
    running.set(`${name} ${job.id}`, { queue: name, id: job.id ?? "", token });
    try {
      const handle = handlers.get(job.name);
      if (handle === undefined) throw new HandlerConflict(`no handler for the job ${job.name}`);
      return await handle(job.data);
    } catch (error) {
      // Handed back by close(): whatever the handler ended with, the job is another worker's now.
      if (!running.has(`${name} ${job.id}`)) throw new WaitingError();
      return await settle(name, job, token, error);
    } finally {
      running.delete(`${name} ${job.id}`);
    }
  }

  async function settle(name: QueueName, job: Job, token: string, error: unknown): Promise<never> {
    const decision = decideJob(error);
    if (decision.kind === "wait") {
      await job.moveToDelayed(Date.now() + decision.delayMs, token);
      throw new DelayedError();
    }
    const isLast = job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
    if (decision.kind === "retry" && !isLast) {
      log.warn(
        { queue: name, job: job.name, attempt: job.attemptsMade + 1, error: errorMessage(error) },
        "Job will be tried again",
      );
      // BullMQ stores the message of what is thrown, and its stack.
      throw new Error(reasonOf(error), { cause: error });
    }
    try {
      await options.onExhausted?.({ queue: name, name: job.name, payload: job.data, error: reasonOf(error) });
    } catch (reportError) {
      log.error({ queue: name, job: job.name, error: errorMessage(reportError) }, "A dead job could not be reported");
      await job.moveToDelayed(Date.now() + reportAgainMs, token);
      throw new DelayedError();
    }
    log.error({ queue: name, job: job.name, error: errorMessage(error) }, "Job failed");
    throw Object.assign(new UnrecoverableError(reasonOf(error)), { cause: error });
  }

  function startWorkers(
    handlers: Parameters<QueueBackend["startWorkers"]>[0],
    { concurrency, expected = [] }: Parameters<QueueBackend["startWorkers"]>[1],
  ): void {
    const byName = new Map<string, JobHandler>();
    for (const entry of handlers) {
      if (byName.has(entry.name)) throw new HandlerConflict(`two handlers claim the job ${entry.name}`);
      byName.set(entry.name, entry.handle);
    }
    const missing = expected.filter((name) => !byName.has(name));
    if (missing.length > 0) throw new HandlerConflict(`no handler for the job ${missing.join(", ")}`);
    for (const name of names()) {
      const worker = opened.makeWorker(queueNames[name], (job, token) => run(name, byName, job, token ?? ""), {
        concurrency: concurrency[name],
        lockDuration: 30_000,
        stalledInterval: 10_000,
        maxStalledCount: 10,
        runRetryDelay: workerRetryMs,
        settings: { backoffStrategy: (attempt?: number) => retryPauseMs(attempt ?? 1, retryFirstMs, random()) },
      });
      worker.on("error", (error: Error) =>
        warn({ queue: name, error: errorMessage(error) }, "Worker connection failed"),
      );
      workers.push(worker);
    }
  }

  async function counts(): Promise<Record<QueueName, Record<string, number>>> {
    const result: Record<QueueName, Record<string, number>> = { links: {}, rounds: {} };
    for (const [name, queue] of queues) {
      result[name] = await ask("counts", () =>
        queue
          .getJobCounts("waiting", "prioritized", "active", "delayed", "failed")
          .catch((error: unknown) => (readOnly && isSchemaMissing(error) ? {} : Promise.reject(error))),
      );
    }
    return result;
  }

  async function failedJobs(limit = 100): Promise<FailedJob[]> {
    const result: FailedJob[] = [];
    for (const [name, queue] of queues) {
      const jobs: (Job | undefined)[] = await ask("failed jobs", () => queue.getFailed(0, limit - 1));
      for (const job of jobs) if (job !== undefined) result.push(toFailedJob(name, job));
    }
    return result.sort((a, b) => b.failedAt.getTime() - a.failedAt.getTime());
  }

  async function findFailed(name: QueueName, id: string): Promise<Job | null> {
    const job: Job | undefined = await ask("failed job", () => queueOf(name).getJob(id));
    return job !== undefined && (await ask("failed job", () => job.isFailed())) ? job : null;
  }

  async function retryFailed(name: QueueName, id: string): Promise<boolean> {
    const job = await findFailed(name, id);
    if (job === null) return false;
    // BullMQ's own retry would run it beside a newer job of its key, since a dead job has given up its claim on the key.
    const { deduplication } = job.opts;
    await ask("retry", () =>
      queueOf(name).add(job.name, job.data, {
        jobId: `job-${randomUUID()}`,
        priority: priorities.live,
        ...(deduplication === undefined ? {} : { deduplication }),
      }),
    );
    await ask("retry", () => job.remove());
    return true;
  }

  async function handBack({ queue, id, token }: Running): Promise<void> {
    const job: Job | undefined = await queueOf(queue).getJob(id);
    await job?.moveToWait(token);
  }

  async function shut(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    await bounded(Promise.allSettled(workers.map((worker) => worker.pause(true))), Math.min(1_000, timeoutMs));
    while (running.size > 0 && Date.now() < deadline) await sleep(20);
    const left = [...running.values()];
    running.clear();
    await bounded(Promise.allSettled(workers.map((worker) => worker.close(true))), 2_000);
    // Only now, and through the producers' connections: a worker whose last fetch still waits would take its own jobs back.
    await bounded(Promise.allSettled(left.map(handBack)), 1_000);
    await bounded(Promise.allSettled([...queues.values()].map((queue) => queue.close())), 1_000);
    await bounded(opened.close(), 1_000);
  }

  return {
    kind: redisUrl === null ? "postgres" : "redis",
    enqueue,
    startWorkers,
    counts,
    failedJobs,
    retryFailed,
    removeFailed: async (name, id) => {
      const job = await findFailed(name, id);
      if (job !== null) await ask("remove", () => job.remove());
      return job !== null;
    },
    pause: (name) => ask("pause", () => queueOf(name).pause()),
    resume: (name) => ask("resume", () => queueOf(name).resume()),
    wipe: async () => {
      for (const [name, queue] of queues) {
        await ask("wipe", () => queue.obliterate({ force: true }));
        // Obliterating pauses first and forgets to resume where workers hold the queue open.
        await ask("wipe", () => queueOf(name).resume());
      }
    },
    check: () => ask("write", () => opened.checkWrite()),
    checkWake: () => ask("wake", () => opened.checkWake()),
    findMisfit: () => ask("settings", () => opened.findMisfit()),
    queues: [...queues.values()],
    close: ({ timeoutMs }) => {
      closing ??= Promise.resolve().then(() => shut(timeoutMs));
      return closing;
    },
  };
}

/** A job that a handler of this process works on; whoever shows its token may move it. */
type Running = { readonly queue: QueueName; readonly id: string; readonly token: string };
function names(): QueueName[] {
  return ["links", "rounds"];
}

function toFailedJob(queue: QueueName, job: Job): FailedJob {
  return {
    id: job.id ?? "",
    queue,
    name: job.name,
    payload: job.data,
    error: job.failedReason ?? "",
    failedAt: new Date(job.finishedOn ?? job.timestamp),
  };
}

/** PostgreSQL's codes for a schema, table, function or type that is not there. */
function isSchemaMissing(error: unknown): boolean {
  const { code }: { code?: unknown } = typeof error === "object" && error !== null ? error : {};
  return typeof code === "string" && ["3F000", "42P01", "42883", "42704"].includes(code);
}

function toUnavailable(error: unknown, what: string): Error {
  if (error instanceof QueueUnavailable || error instanceof HandlerConflict) return error;
  return new QueueUnavailable(`the queue failed (${what}): ${errorMessage(error)}`, { cause: error });
}

/**
 * What is kept of a failure: our own words for one of a service, and of any other its class and code alone, since libraries quote what
 * they were given.
 */
function reasonOf(error: unknown): string {
  if (isServiceError(error)) return error.message;
  const { class: name, code } = describeError(error);
  return code === undefined ? name : `${name} ${code}`;
}

async function bounded(work: Promise<unknown>, ms: number): Promise<void> {
  const timer = new AbortController();
  await Promise.race([work, sleep(ms, undefined, { signal: timer.signal }).catch(() => {})]);
  timer.abort();
}

async function within<T>(work: Promise<T>, what: string): Promise<T> {
  const timer = new AbortController();
  const late = sleep(answerTimeoutMs, undefined, { signal: timer.signal, ref: false }).then(
    () => Promise.reject(new QueueUnavailable(`the queue did not answer (${what}) within ${answerTimeoutMs} ms`)),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
    work.catch(() => {});
  }
}

/** Jobs whose place in a queue is remembered; what waits in one worker's queues at a time is far less. */
const placedMax = 5_000;

/** At which priority this process has last put what waits, so that most repeats of an enqueue need no look at the job. */
function makePlaced() {
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
