/**
 * BullMQ on Redis or on PostgreSQL. A job carries a key, never the news, so everything in here may be lost at any time: what is due
 * stands in the database, and the next tick enqueues it again.
 *
 * Enqueues of one key collapse while a job of that key waits; one that comes while the job runs causes exactly one more run
 * (`deduplication` with `keepLastIfActive`). Fixed job ids are not used: a kept id never runs again.
 */
import { createPostgresBackend, type Job, Queue, type QueueOptions, Worker } from "bullmq";
import { Redis } from "ioredis";

/** Who a job is for; smaller numbers run first. */
const priorities = { live: 1, poll: 2, check: 3, import: 4 } as const;

/** The queues: rounds must not wait behind links, nor links behind rounds. */
const queueNames = { links: "casebridge-links", rounds: "casebridge-rounds" } as const;
export type QueueName = keyof typeof queueNames;

export type QueueLane = keyof typeof priorities;

/** One wake-up. `key` names the work; two of one key collapse. */
export type Enqueue = {
  readonly queue: QueueName;
  readonly name: string;
  readonly key: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly lane: QueueLane;
};

/** Runs one job; what it throws fails the job, which the database will enqueue again. */
export type JobHandler = (payload: unknown) => Promise<unknown>;

/** Narrow logger of this adapter. */
export type QueueLog = {
  warn(facts: Record<string, unknown>, message: string): void;
  error(facts: Record<string, unknown>, message: string): void;
};

/** Thrown when two handlers claim one job name, or a name has none. */
export class HandlerConflict extends Error {
  constructor(message: string) {
    super(message);
    this.name = "HandlerConflict";
  }
}

export type QueueBackend = {
  readonly kind: "redis" | "postgres";
  /** Rejects within 5 s when the backend cannot be reached; the caller may go on, nothing is lost. */
  enqueue(job: Enqueue): Promise<void>;
  /** Starts one worker per queue. Throws `HandlerConflict` when a name is claimed twice. */
  startWorkers(
    handlers: readonly { readonly queue: QueueName; readonly name: string; readonly handle: JobHandler }[],
    options: { readonly concurrency: number },
  ): void;
  /** Jobs by queue and state. */
  counts(): Promise<Readonly<Record<QueueName, Readonly<Record<string, number>>>>>;
  /** Throws when the backend does not answer within 5 s. */
  check(): Promise<void>;
  /** `null` when fine, else what to mend: Redis must not evict. */
  checkPolicy(): Promise<string | null>;
  /** The queues, for bull-board. */
  readonly queues: readonly Queue[];
  /** No new jobs, running ones get until `timeoutMs`, then connections close. May be repeated. */
  close(options: { readonly timeoutMs: number }): Promise<void>;
};

const answerTimeoutMs = 5_000;

/** Opens the queue on Redis when `redisUrl` is given, else in the schema `bullmq` of the database. */
export function makeQueueBackend(options: {
  readonly redisUrl: string | null;
  readonly databaseUrl: string;
  readonly prefix?: string;
  readonly log: QueueLog;
}): QueueBackend {
  const { redisUrl, databaseUrl, log } = options;
  const redisClients: Redis[] = [];
  function connect(forWorker: boolean): Redis {
    const client = new Redis(redisUrl ?? "", {
      maxRetriesPerRequest: null,
      // A command to a dead server must fail soon, except in a worker, which waits for it to come back.
      enableOfflineQueue: forWorker,
      lazyConnect: false,
    });
    client.on("error", (error: Error) => log.warn({ error: error.message }, "Redis connection failed"));
    redisClients.push(client);
    return client;
  }
  const prefix = options.prefix === undefined ? {} : { prefix: options.prefix };
  function optionsFor(forWorker: boolean): QueueOptions {
    const connection =
      redisUrl === null ? { connectionString: databaseUrl, schema: "bullmq", migrate: true } : connect(forWorker);
    return { ...prefix, connection } as unknown as QueueOptions;
  }
  const defaultJobOptions = { removeOnComplete: true, removeOnFail: { count: 1000 }, attempts: 1 };
  const shared = optionsFor(true);
  const queues = new Map<QueueName, Queue>();
  for (const [name, queueName] of Object.entries(queueNames) as [QueueName, string][]) {
    const queueOptions = { ...shared, defaultJobOptions };
    const queue =
      redisUrl === null
        ? (new Queue(queueName, queueOptions as never, createPostgresBackend) as unknown as Queue)
        : new Queue(queueName, queueOptions);
    queue.on("error", (error: Error) => log.warn({ queue: queueName, error: error.message }, "Queue failed"));
    queues.set(name, queue);
  }
  const workers: Worker[] = [];
  let closing: Promise<void> | null = null;

  function queueOf(name: QueueName): Queue {
    const queue = queues.get(name);
    if (queue === undefined) throw new HandlerConflict(`there is no queue ${name}`);
    return queue;
  }

  async function enqueue(job: Enqueue): Promise<void> {
    const id = `${job.name}-${job.key}`.replaceAll(":", "-");
    await within(
      queueOf(job.queue).add(job.name, job.payload, {
        priority: priorities[job.lane],
        deduplication: { id, keepLastIfActive: true },
      }),
      "enqueue",
    );
  }

  function startWorkers(
    handlers: readonly { readonly queue: QueueName; readonly name: string; readonly handle: JobHandler }[],
    { concurrency }: { readonly concurrency: number },
  ): void {
    const byName = new Map<string, JobHandler>();
    for (const entry of handlers) {
      if (byName.has(entry.name)) throw new HandlerConflict(`two handlers claim the job ${entry.name}`);
      byName.set(entry.name, entry.handle);
    }
    for (const [name, queueName] of Object.entries(queueNames) as [QueueName, string][]) {
      const run = async (job: Job): Promise<unknown> => {
        const handle = byName.get(job.name);
        if (handle === undefined) throw new HandlerConflict(`no handler for the job ${job.name}`);
        return handle(job.data);
      };
      const workerOptions = {
        ...optionsFor(true),
        concurrency: name === "links" ? concurrency : 4,
        // Short, since leases in the database guard the work: a killed worker's jobs, and what collapses into them, go on soon.
        lockDuration: 30_000,
        stalledInterval: 10_000,
        maxStalledCount: 10,
      };
      const worker =
        redisUrl === null
          ? (new Worker(queueName, run, workerOptions as never, createPostgresBackend) as unknown as Worker)
          : new Worker(queueName, run, workerOptions);
      worker.on("error", (error: Error) =>
        log.warn({ queue: queueName, error: error.message }, "Worker connection failed"),
      );
      worker.on("failed", (job, error) =>
        log.error({ queue: queueName, job: job?.name, error: error.message }, "Job failed"),
      );
      workers.push(worker);
    }
  }

  async function counts(): Promise<Record<QueueName, Record<string, number>>> {
    const result = { links: {}, rounds: {} } as Record<QueueName, Record<string, number>>;
    for (const [name, queue] of queues) {
      result[name] = await within(
        queue.getJobCounts("waiting", "prioritized", "active", "delayed", "failed"),
        "counts",
      );
    }
    return result;
  }

  async function checkPolicy(): Promise<string | null> {
    const [client] = redisClients;
    if (redisUrl === null || client === undefined) return null;
    const [, policy] = (await within(client.config("GET", "maxmemory-policy"), "config")) as string[];
    return policy === undefined || policy === "noeviction"
      ? null
      : `Redis evicts keys (${policy}); set maxmemory-policy noeviction`;
  }

  async function shut(timeoutMs: number): Promise<void> {
    const all = Promise.allSettled(workers.map((worker) => worker.close()));
    const finished = await Promise.race([all.then(() => true), after(timeoutMs).then(() => false)]);
    if (!finished) await Promise.race([Promise.allSettled(workers.map((worker) => worker.close(true))), after(2_000)]);
    await Promise.race([Promise.allSettled([...queues.values()].map((queue) => queue.close())), after(2_000)]);
    for (const client of redisClients) client.disconnect();
  }

  return {
    kind: redisUrl === null ? "postgres" : "redis",
    enqueue,
    startWorkers,
    counts,
    check: async () => {
      await counts();
    },
    checkPolicy,
    queues: [...queues.values()],
    close: ({ timeoutMs }) => {
      closing ??= shut(timeoutMs);
      return closing;
    },
  };
}

function after(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms).unref());
}

async function within<T>(work: Promise<T>, what: string): Promise<T> {
  return Promise.race([
    work,
    after(answerTimeoutMs).then(() => {
      throw new Error(`the queue did not answer (${what}) within ${answerTimeoutMs} ms`);
    }),
  ]);
}
