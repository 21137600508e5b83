/**
 * The queue's connections to Redis. Each wait on them ends: connecting, a command, silence of the socket.
 *
 * A primary that becomes a replica may keep its connections open (managed Redis does) and refuse every write on them with READONLY for
 * ever; the name in the address, or the Sentinels, lead to the new primary meanwhile. So such an answer costs the connection, and the
 * command is sent again on the next one; likewise LOADING, MASTERDOWN and UNBLOCKED, by which a server says that it is not one to write to.
 */
import { randomUUID } from "node:crypto";
import { Queue } from "bullmq";
import { Redis, type RedisOptions } from "ioredis";
import { parseRedisAddress } from "../lib/redis-address.ts";
import { type Growth, growingMs } from "../lib/retry.ts";
import { errorMessage } from "../observability/scrub.ts";
import type { OpenedBackend, QueueEvents, QueueMisfit } from "./opened.ts";
import { PatientWorker } from "./patient-worker.ts";

const connectMs = 3_000;
/** A producer's command is answered at once or not at all. */
const producerSilenceMs = 5_000;
/** BullMQ's workers wait 10 s at a time for a job. */
const workerSilenceMs = 15_000;
const wakeMs = 3_000;
const notPrimary = /\b(?:READONLY|LOADING|MASTERDOWN|UNBLOCKED)\b/;
const refusedCommand = /\bNOPERM\b|unknown command/i;

/** Opens it in the background: nothing is thrown here for a Redis that is away. Throws `RedisAddressError`. */
export function openOnRedis(input: {
  readonly redisUrl: string;
  readonly prefix: { readonly prefix?: string };
  readonly readOnly: boolean;
  readonly events: QueueEvents;
}): OpenedBackend {
  const { prefix, events } = input;
  const address = parseRedisAddress(input.redisUrl);
  const clients: Redis[] = [];
  const connect = (maxRetriesPerRequest: number | null, socketTimeout: number): Redis =>
    listenTo(new Redis({ ...address, ...bounds, maxRetriesPerRequest, socketTimeout }));
  function listenTo(client: Redis): Redis {
    clients.push(client);
    client.on("error", (error: Error) => {
      events.warn({ error: errorMessage(error) }, "Redis connection failed");
      if (error.message.startsWith("Socket timeout")) events.hang({ afterMs: client.options.socketTimeout ?? 0 });
    });
    const { info, duplicate } = client;
    return Object.assign(client, {
      // BullMQ asks for the version once and would not start without an answer; hosts forbid the command.
      info: (...args: unknown[]): Promise<unknown> =>
        Promise.resolve<unknown>(Reflect.apply(info, client, args)).catch((error: unknown) => {
          if (error instanceof Error && refusedCommand.test(error.message)) return "redis_version:6.2.0";
          throw error;
        }),
      duplicate: (override?: Partial<RedisOptions>): Redis => listenTo(duplicate.call(client, override)),
    });
  }
  // A producer's commands give up after one reconnect, so that they fail soon and never pile up; BullMQ wants its workers' to wait.
  const producer = connect(1, producerSilenceMs);

  return {
    makeQueue: (name, defaultJobOptions) =>
      new Queue(name, {
        ...prefix,
        connection: producer,
        defaultJobOptions,
        skipWaitingForReady: true,
        skipMetasUpdate: input.readOnly,
      }),
    makeWorker: (name, run, settings) => {
      const connection = connect(null, workerSilenceMs);
      return new PatientWorker(name, run, { ...prefix, connection, ...settings });
    },
    migrate: async () => {},
    checkWrite: async () => {
      await producer.set(`${prefix.prefix ?? "bull"}:casebridge-check`, "1", "PX", 60_000);
    },
    checkWake: () => checkWake(producer, `${prefix.prefix ?? "bull"}:casebridge-wake-${randomUUID()}`),
    findMisfit: () => findMisfit(producer, prefix.prefix ?? "bull"),
    close: async () => {
      for (const client of clients) client.disconnect();
    },
  };
}

/** Pauses between two connections that fail. */
const reconnectGrowth: Growth = { firstMs: 100, factor: 2, maxMs: 2_000, jitter: [1, 1] };

const bounds = {
  connectTimeout: connectMs,
  sentinelCommandTimeout: connectMs,
  keepAlive: 10_000,
  // The check asks INFO, which hosts forbid; what it looks for is told by LOADING.
  enableReadyCheck: false,
  retryStrategy: (times: number): number => growingMs(reconnectGrowth, times, 0),
  sentinelRetryStrategy: (times: number): number => Math.min(100 * times, 2_000),
  reconnectOnError: (error: Error): false | 2 => (notPrimary.test(error.message) ? 2 : false),
} satisfies RedisOptions;

/** A connection that waits must be woken by another one that writes. */
async function checkWake(producer: Redis, key: string): Promise<void> {
  const waiter = producer.duplicate();
  try {
    const woken = waiter.blpop(key, wakeMs / 1000);
    await producer.rpush(key, "1");
    if ((await woken) === null) throw new Error("a write does not wake who waits for it");
  } finally {
    waiter.disconnect();
    await producer.del(key).catch(() => {});
  }
}

async function findMisfit(client: Redis, prefix: string): Promise<QueueMisfit | null> {
  if (await isCluster(client, prefix))
    return {
      detail: "Redis is in cluster mode, in which BullMQ's keys of one queue lie on several nodes",
      remedy:
        "Use a Redis that is no cluster (for failover: Sentinel, with redis+sentinel://), or leave REDIS_URL out: the queue then lives in PostgreSQL.",
      fatal: true,
      policy: null,
    };
  const policy = await readPolicy(client);
  if (policy === null || policy === "noeviction") return null;
  return {
    detail: `Redis evicts keys (${policy}); set maxmemory-policy noeviction`,
    remedy:
      "Set maxmemory-policy noeviction in redis.conf (or CONFIG SET maxmemory-policy noeviction), and give the queue a Redis of its own.",
    fatal: false,
    policy,
  };
}

/** Two keys of different slots in one command: refused by a cluster and by nothing else. Needs no right to ask for settings. */
async function isCluster(client: Redis, prefix: string): Promise<boolean> {
  try {
    await client.mget(`${prefix}:casebridge-slot-a`, `${prefix}:casebridge-slot-b`);
    return false;
  } catch (error) {
    if (error instanceof Error && /\b(?:CROSSSLOT|MOVED|CLUSTERDOWN)\b/.test(error.message)) return true;
    if (error instanceof Error && refusedCommand.test(error.message)) return false;
    throw error;
  }
}

/** `null` where the host lets nobody ask. */
async function readPolicy(client: Redis): Promise<string | null> {
  try {
    const answer: unknown = await client.config("GET", "maxmemory-policy");
    const policy: unknown = Array.isArray(answer) ? answer[1] : undefined;
    return typeof policy === "string" ? policy : null;
  } catch (error) {
    if (!(error instanceof Error && refusedCommand.test(error.message))) throw error;
    const info = await client.info("memory");
    return /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? null;
  }
}
