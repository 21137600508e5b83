/** A worker whose backend fails rests, at its start and later, whatever the failure is; and works when the backend is back. */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { createTestDatabase } from "../../test/support/database.ts";
import { type FaultProxy, startFaultProxy } from "../../test/support/fault-proxy.ts";
import { createTestRedis, hasRedisServer } from "../../test/support/redis.ts";
import type { QueueBackend } from "./contract.ts";
import { makeQueueBackend } from "./queue-backend.ts";

const timeout = 60_000;

/** Starts workers; `run` waits until a job of the key has run, enqueuing it until then. */
function open(place: { readonly databaseUrl: string; readonly redisUrl: string | null }) {
  const backend: QueueBackend = makeQueueBackend({ ...place, log: { warn() {}, error() {} } });
  onTestFinished(() => backend.close({ timeoutMs: 1_000 }));
  const ran = new Set<string>();
  backend.startWorkers([{ queue: "links", name: "try", handle: async (payload) => ran.add(JSON.stringify(payload)) }], {
    concurrency: { links: 2, rounds: 1 },
  });
  return {
    async run(key: string): Promise<void> {
      const payload = { key };
      while (!ran.has(JSON.stringify(payload)))
        await backend.enqueue({ queue: "links", name: "try", key, payload, lane: "live" }).catch(() => sleep(100));
    },
  };
}

async function throughProxy(): Promise<{ readonly network: FaultProxy; readonly databaseUrl: string }> {
  const database = await createTestDatabase({ migrated: false });
  const url = new URL(database.connectionString);
  const network = await startFaultProxy({ host: url.hostname, port: Number(url.port || 5432) });
  onTestFinished(async () => {
    await network.close();
    await database.drop();
  });
  url.hostname = "127.0.0.1";
  url.port = String(network.port);
  url.searchParams.set("connect_timeout", "2");
  return { network, databaseUrl: url.href };
}

test.each(["reset", "swallow", "refuse"] as const)(
  "PostgreSQL: connections that the network does %s with are asked for rarely, at the start and later",
  { timeout },
  async (mode) => {
    const { network, databaseUrl } = await throughProxy();
    await network.set(mode);
    const worker = open({ databaseUrl, redisUrl: null });
    const askedWithin = async (ms: number): Promise<number> => {
      const before = network.asked();
      await sleep(ms);
      return network.asked() - before;
    };

    const atStart = await askedWithin(3_000);
    await network.set("pass");
    await worker.run("first");
    await network.set(mode);
    const later = await askedWithin(3_000);
    await network.set("pass");
    await worker.run("second");

    expect(atStart).toBeLessThan(100);
    expect(later).toBeLessThan(100);
  },
);

test.skipIf(!hasRedisServer())(
  "Redis: a server that answers each command with an error is asked rarely",
  { timeout },
  async () => {
    const server = await createTestRedis();
    if (server === null) throw new Error("there is no redis-server");
    const admin = new Redis(server.url);
    onTestFinished(async () => {
      admin.disconnect();
      await server.stop();
    });
    await admin.call("ACL", "SETUSER", "default", "-evalsha", "-eval");

    const worker = open({ databaseUrl: "", redisUrl: server.url });
    await sleep(3_000);
    const answers = Number(/^total_error_replies:(\d+)/m.exec(await admin.info("stats"))?.[1]);
    await admin.call("ACL", "SETUSER", "default", "+@all");
    await worker.run("first");

    expect(answers).toBeGreaterThan(0);
    expect(answers).toBeLessThan(60);
  },
);

test("a failure that comes without any I/O leaves timers and signals their turn", { timeout }, async () => {
  // In a process of its own, which can be ended: BullMQ's own connection remembers its first failure for ever.
  const script = `import { createPostgresBackend } from "bullmq";
import pg from "pg";
import { PatientWorker } from "./src/queue/patient-worker.ts";
const connection = new pg.Pool({ host: "127.0.0.1", port: 1, database: "nobody/here" });
connection.connect = async () => { throw new Error("Connection terminated due to connection timeout"); };
const worker = new PatientWorker("jobs", async () => {}, { connection, runRetryDelay: 1_000 }, createPostgresBackend);
worker.on("error", () => {});
setTimeout(() => { console.log("turned"); process.exit(0); }, 1_500);`;

  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    timeout: 20_000,
    killSignal: "SIGKILL",
  });

  expect(stdout).toBe("turned\n");
});
