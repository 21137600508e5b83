/** What may be put into the queue, and what is promised of it: the words of `queue-backend.ts`. */
import type { Queue } from "bullmq";
import type { Lane } from "../domain/lane.ts";
import type { QueueMisfit } from "./opened.ts";

/** The queues: rounds must not wait behind links, nor links behind rounds. */
export const queueNames = { links: "casebridge-links", rounds: "casebridge-rounds" } as const;

/** `links`: one job per link. `rounds`: polling, checks and housekeeping. Each runs as many jobs at once as `startWorkers` is told. */
export type QueueName = keyof typeof queueNames;

/**
 * One wake-up. `key` names the work; two of one name and key collapse. `delayMs` holds a job back that does not exist yet. `turn` counts
 * the jobs of one connection in a lane from 0, so that connections take turns there.
 */
export type Enqueue = {
  readonly queue: QueueName;
  readonly name: string;
  readonly key: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly lane: Lane;
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
export type DeadJob = {
  readonly queue: QueueName;
  readonly name: string;
  readonly payload: unknown;
  readonly error: string;
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
/** The queues of one process. */
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
  readonly onExhausted?: (report: DeadJob) => Promise<void>;
  /** Pause after the first failed attempt; tests shorten it. */
  readonly retryFirstMs?: number;
  /** How often a job is tried, the first time included. */
  readonly attemptsMax?: number;
  readonly random?: () => number;
};
