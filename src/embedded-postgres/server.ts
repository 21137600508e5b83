/** The server's process: started, and stopped. Who uses it is the affair of `embedded-postgres.ts`. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Context, isOurServer, readIfThere, readPostmaster } from "./context.ts";
import { EmbeddedPostgresError } from "./error.ts";
import type { PostgresUser } from "./place.ts";

/** Recovery after a crash of a large cluster takes its time. */
export const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 20_000;
const LOG_SIZE_MAX_BYTES = 1_000_000;

/**
 * Starts the server on the port that its clients know, else on the last one or a free one; answers the port once the server is ready.
 * Under the start lock. Throws `EmbeddedPostgresError`.
 */
export async function startServer(context: Context, preferredPort: number | null, deadline: number): Promise<number> {
  await removeStalePidFile(context);
  let port = preferredPort ?? (await readLastPort(context)) ?? (await findFreePort());
  for (;;) {
    const result = await tryStart(context, port, deadline);
    if (result === "ready") {
      await writeFile(join(context.clusterDir, "port"), String(port));
      return port;
    }
    const retry =
      result.log.includes("could not bind") || result.log.includes("could not create any TCP/IP sockets")
        ? "port"
        : // The children of a killed postmaster need a moment to notice.
          result.log.includes("pre-existing shared memory block")
          ? "wait"
          : "no";
    if (retry === "no" || Date.now() > deadline) {
      throw new EmbeddedPostgresError(
        "start_failed",
        `Embedded PostgreSQL in ${context.dataDir} did not start:\n${result.log.slice(-2_000)}`,
      );
    }
    // Clients of a server that is being restarted know its old port only.
    if (retry === "port" && preferredPort === null) port = await findFreePort();
    await sleep(100);
  }
}

async function tryStart(context: Context, port: number, deadline: number): Promise<"ready" | { readonly log: string }> {
  const logFile = join(context.clusterDir, "log");
  await cutLog(logFile);
  const logStart = (await stat(logFile).catch(() => null))?.size ?? 0;
  const log = openSync(logFile, "a", 0o600);
  const child = spawn(context.place.programs.postgres, ["-D", context.dataDir, ...settings(context, port)], {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: context.dataDir,
    env: { LC_ALL: "C", PATH: process.env.PATH ?? "/usr/bin:/bin" },
    ...ids(context.place.user),
  });
  closeSync(log);
  child.unref();
  let exited = false;
  let spawnError: Error | null = null;
  child.once("exit", () => {
    exited = true;
  });
  child.once("error", (error) => {
    spawnError = error;
    exited = true;
  });
  for (;;) {
    if (exited) {
      if (spawnError !== null) {
        throw new EmbeddedPostgresError("binaries", `Cannot run ${context.place.programs.postgres}`, {
          cause: spawnError,
        });
      }
      return { log: (await readFile(logFile)).subarray(logStart).toString("utf8") };
    }
    const running = await readPostmaster(context);
    if (running !== null && running.pid === child.pid && running.ready) return "ready";
    if (Date.now() > deadline) {
      child.kill("SIGINT");
      return { log: `no sign of being ready within ${START_TIMEOUT_MS / 1000} s` };
    }
    await sleep(10);
  }
}

/** Settings go on the command line, so that a later release can change them on an old cluster. */
function settings(context: Context, port: number): string[] {
  const values: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    max_connections: "200",
    shared_buffers: "32MB",
    max_wal_size: "256MB",
    wal_level: "minimal",
    max_wal_senders: "0",
    io_method: "sync",
    jit: "off",
    timezone: "UTC",
    log_timezone: "UTC",
    log_checkpoints: "off",
    // A statement's text may hold what a person wrote; the log names the error only.
    log_min_error_statement: "panic",
    log_error_verbosity: "terse",
    ...(context.fast ? { fsync: "off", synchronous_commit: "off", full_page_writes: "off" } : {}),
  };
  return Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** Stops the process, more and more firmly. Answers when it is gone. */
export async function stopServer(context: Context, pid: number): Promise<void> {
  for (const [signal, waitMs] of [
    ["SIGINT", STOP_TIMEOUT_MS],
    ["SIGQUIT", 5_000],
    ["SIGKILL", 5_000],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    const deadline = Date.now() + waitMs;
    while (Date.now() < deadline) {
      if (!isOurServer(context, pid)) return;
      await sleep(10);
    }
  }
}

async function removeStalePidFile(context: Context): Promise<void> {
  const running = await readPostmaster(context);
  if (running !== null && isOurServer(context, running.pid)) return;
  await rm(join(context.dataDir, "postmaster.pid"), { force: true });
}

async function readLastPort(context: Context): Promise<number | null> {
  const port = Number(await readIfThere(join(context.clusterDir, "port")));
  return Number.isInteger(port) && port > 1023 && port < 65_536 && (await isFree(port)) ? port : null;
}

async function findFreePort(): Promise<number> {
  return listenOnce(0);
}

async function isFree(port: number): Promise<boolean> {
  return listenOnce(port).then(
    () => true,
    () => false,
  );
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      const found = typeof address === "object" && address !== null ? address.port : port;
      server.close(() => resolvePort(found));
    });
  });
}

async function cutLog(file: string): Promise<void> {
  const info = await stat(file).catch(() => null);
  if (info !== null && info.size > LOG_SIZE_MAX_BYTES) await rename(file, `${file}.old`);
}

function ids(user: PostgresUser | null): { uid?: number; gid?: number } {
  return user === null ? {} : { uid: user.uid, gid: user.gid };
}
