/** A private Redis for tests, from the system's `redis-server`. */

import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { findFreePort } from "./port.ts";

/** `kill` is an outage: the server is gone at once and `restart` brings an empty one back on the same port. */
export type TestRedis = {
  readonly url: string;
  flush(): Promise<void>;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
};

/** Whether this machine has `redis-server`; for `describe.skipIf`, which must know before anything starts. */
export function hasRedisServer(): boolean {
  return spawnSync("redis-server", ["--version"], { stdio: "ignore" }).status === 0;
}

/**
 * Starts a Redis on a free loopback port, without persistence; null where there is no `redis-server`. It dies with this process.
 * `args` go to the server (`--cluster-enabled yes`).
 */
export async function createTestRedis(...args: string[]): Promise<TestRedis | null> {
  if (!hasRedisServer()) return null;
  const dir = await mkdtemp(join(tmpdir(), "casebridge-redis-"));
  const port = await findFreePort();
  const url = `redis://127.0.0.1:${port}`;
  let end = await start(port, dir, args);
  const once = async (use: (client: Redis) => Promise<unknown>): Promise<void> => {
    const client = new Redis(url);
    await use(client);
    client.disconnect();
  };
  return {
    url,
    flush: () => once((client) => client.flushall()),
    kill: () => end(),
    restart: async () => {
      end = await start(port, dir, args);
    },
    stop: async () => {
      await end();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A Sentinel keeps what it learns in its file: `--sentinel <name> <port of the primary>`. */
async function writeSentinel(port: number, dir: string, [, name, primary]: readonly string[]): Promise<string> {
  const file = join(dir, "sentinel.conf");
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir ${dir}`,
    `sentinel monitor ${name} 127.0.0.1 ${primary} 1`,
    `sentinel down-after-milliseconds ${name} 1000`,
    `sentinel failover-timeout ${name} 5000`,
  ];
  await writeFile(file, `${lines.join("\n")}\n`);
  return file;
}

/** The shell holds a pipe from this process, so that the server ends with it, however it ends. */
async function start(port: number, dir: string, more: readonly string[]): Promise<() => Promise<void>> {
  const place = ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir];
  const args = more[0] === "--sentinel" ? [await writeSentinel(port, dir, more)] : place;
  args.push(...(more[0] === "--sentinel" ? ["--sentinel"] : ["--save", "", "--appendonly", "no", ...more]));
  const script = '"$@" </dev/null >/dev/null 2>&1 & pid=$!; read -r _; kill -9 $pid; wait $pid 2>/dev/null; exit 0';
  const shell = spawn("/bin/sh", ["-c", script, "sh", "redis-server", ...args], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const gone = new Promise<void>((done) => shell.once("exit", () => done()));
  const client = new Redis({ host: "127.0.0.1", port, retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on("error", () => {});
  const answer = await Promise.race([client.ping(), sleep(10_000, "late", { ref: false })]);
  client.disconnect();
  if (answer !== "PONG") throw new Error(`redis-server did not answer on port ${port}`);
  return async () => {
    shell.stdin?.end();
    await gone;
  };
}
