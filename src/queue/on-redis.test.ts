import { Redis } from "ioredis";
import { describe, expect, onTestFinished, test } from "vitest";
import { startFaultProxy } from "../../test/support/fault-proxy.ts";
import { createTestRedis, hasRedisServer, type TestRedis } from "../../test/support/redis.ts";
import type { QueueBackend } from "./contract.ts";
import { makeQueueBackend } from "./queue-backend.ts";

const missing = hasRedisServer() ? "" : "skipped, since no redis-server is installed: ";

async function startRedis(...args: string[]): Promise<TestRedis & { readonly port: number; readonly admin: Redis }> {
  const server = await createTestRedis(...args);
  if (server === null) throw new Error("there is no redis-server");
  const admin = new Redis(server.url, { retryStrategy: () => 50 });
  admin.on("error", () => {});
  onTestFinished(async () => {
    admin.disconnect();
    await server.stop();
  });
  return { ...server, port: Number(new URL(server.url).port), admin };
}

function open(redisUrl: string): QueueBackend {
  const backend = makeQueueBackend({ redisUrl, databaseUrl: "", log: { warn() {}, error() {} } });
  onTestFinished(() => backend.close({ timeoutMs: 1_000 }));
  return backend;
}

/** Starts workers; the answer waits until a job of the key has run, enqueuing it until then. */
function startRunning(backend: QueueBackend): (key: string) => Promise<void> {
  const ran = new Set<unknown>();
  backend.startWorkers(
    [
      {
        queue: "links",
        name: "try",
        handle: async (payload) => ran.add(JSON.stringify(payload)),
      },
    ],
    { concurrency: { links: 2, rounds: 1 } },
  );
  return async (key) => {
    const payload = { key };
    while (!ran.has(JSON.stringify(payload)))
      await backend.enqueue({ queue: "links", name: "try", key, payload, lane: "live" }).catch(() => {});
  };
}

describe(`${missing}a queue on Redis`, () => {
  const it = test.skipIf(missing !== "");

  it("goes on when its primary has become a replica and keeps the connections open", { timeout: 60_000 }, async () => {
    const [one, two] = [await startRedis(), await startRedis()];
    const network = await startFaultProxy({ port: one.port });
    onTestFinished(() => network.close());
    const backend = open(`redis://127.0.0.1:${network.port}`);
    const run = startRunning(backend);
    await run("before");

    network.lead({ port: two.port });
    await one.admin.replicaof("127.0.0.1", two.port);

    await run("after");
    await backend.check();
    await backend.checkWake();
  });

  it("cannot be written to on a replica, and says so", { timeout: 60_000 }, async () => {
    const [one, two] = [await startRedis(), await startRedis()];
    await one.admin.replicaof("127.0.0.1", two.port);
    const backend = open(one.url);

    await expect(backend.check()).rejects.toMatchObject({ name: "QueueUnavailable" });
  });

  it("works where CONFIG and INFO are forbidden", { timeout: 60_000 }, async () => {
    const { admin, port } = await startRedis();
    await admin.call("ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all", "-config", "-info");
    const backend = open(`redis://app:secret@127.0.0.1:${port}`);

    await startRunning(backend)("one");

    expect(await backend.findMisfit()).toBeNull();
    await backend.checkWake();
  });

  it("is refused in cluster mode, with the reason", { timeout: 60_000 }, async () => {
    const { admin, url } = await startRedis("--cluster-enabled", "yes");
    await admin.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");

    expect(await open(url).findMisfit()).toMatchObject({
      fatal: true,
      detail: expect.stringContaining("cluster mode"),
    });
  });

  it("follows its Sentinels to the new primary", { timeout: 90_000 }, async () => {
    const [one, two] = [await startRedis(), await startRedis()];
    await two.admin.replicaof("127.0.0.1", one.port);
    const sentinel = await startRedis("--sentinel", "ours", String(one.port));
    const replicas = async (): Promise<unknown> => sentinel.admin.call("SENTINEL", "REPLICAS", "ours");
    while (!JSON.stringify(await replicas()).includes(String(two.port)));
    const backend = open(`redis+sentinel://127.0.0.1:${sentinel.port}/ours`);
    const run = startRunning(backend);
    await run("before");

    await one.kill();

    await run("after");
    expect(await two.admin.role()).toEqual(expect.arrayContaining(["master"]));
  });

  it("ends each wait when the network swallows, and goes on afterwards", { timeout: 90_000 }, async () => {
    const { port } = await startRedis();
    const network = await startFaultProxy({ port });
    onTestFinished(() => network.close());
    const backend = open(`redis://127.0.0.1:${network.port}`);
    const run = startRunning(backend);
    await run("before");

    await network.set("swallow");
    await expect(backend.check()).rejects.toMatchObject({ name: "QueueUnavailable" });
    await network.set("pass");

    await run("after");
  });
});
