/** What differs between the two places where a queue can live. */
import type { Job, Queue, Worker } from "bullmq";

/** Runs one job for BullMQ. */
export type Processor = (job: Job, token?: string) => Promise<unknown>;

/** How a worker takes jobs. */
export type WorkerSettings = {
  readonly concurrency: number;
  readonly lockDuration: number;
  readonly stalledInterval: number;
  readonly maxStalledCount: number;
  readonly runRetryDelay: number;
  readonly settings: { readonly backoffStrategy: (attempt?: number) => number };
};

/** Why a backend that answers cannot serve as queue. `fatal`: not even for a while. */
export type QueueMisfit = {
  readonly detail: string;
  readonly remedy: string;
  readonly fatal: boolean;
  /** By which Redis evicts keys; `null` = it is a cluster. */
  readonly policy: string | null;
};

/** What the queue tells of its connections. `hang`: one did not answer and was given up. */
export type QueueEvents = {
  warn(facts: Record<string, unknown>, message: string): void;
  hang(facts: { readonly afterMs: number }): void;
};

/** A backend whose connections come about by themselves. */
export type OpenedBackend = {
  makeQueue(name: string, defaultJobOptions: object): Queue;
  makeWorker(name: string, run: Processor, settings: WorkerSettings): Worker;
  /** Makes the schema anew where there is one. */
  migrate(): Promise<void>;
  /** Throws unless something can be written now. */
  checkWrite(): Promise<void>;
  /** Throws unless a waiter is woken by a writer; writes nothing that stays. */
  checkWake(): Promise<void>;
  /** What keeps this backend from being a queue, or `null`. */
  findMisfit(): Promise<QueueMisfit | null>;
  /** Drops all connections, within a second. */
  close(): Promise<void>;
};
