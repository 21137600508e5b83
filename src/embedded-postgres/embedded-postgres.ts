/**
 * PostgreSQL in a folder, for the demo, the tests and an installation on one host.
 *
 *     <dataDir>/postgres/lock             a file whose lock the kernel drops when its holder dies
 *     <dataDir>/postgres/cluster/data     the cluster
 *     <dataDir>/postgres/cluster/password of its superuser, 0600
 *     <dataDir>/postgres/cluster/log      what the server writes, cut at each start
 *
 * The traps, and the answer to each:
 *
 * - *Killed while the cluster is made.* initdb refuses a folder that is not empty, for ever. The cluster is made in
 *   `cluster.new-…` and renamed when complete; leftovers are removed at the next start.
 * - *Two processes start at once.* Making and starting happen under the lock of `lock` (an SQLite file: the one lock that Node
 *   offers which the kernel releases on `kill -9`, on Linux and macOS). It is held for that second only, not for the life.
 * - *Several processes share a folder* (`casebridge status` while `worker` runs). Whoever finds a server that answers uses it: its
 *   port stands in postmaster.pid, written by PostgreSQL itself, so no second file can disagree. The server is in a session
 *   of its own (Ctrl-C must not reach it before the worker has finished) and belongs to all its users alike.
 * - *Who stops it?* The last user. Each holds one connection with a shared advisory lock. Who leaves gives that up and tries the
 *   exclusive one: if it is granted nobody else is there, and the server is stopped while the lock keeps newcomers waiting;
 *   their connection breaks and they start it anew.
 * - *A user dies without leaving* (`kill -9`, a crash, `process.exit`). A shell of 1 MB reads a pipe from it; the end of the pipe
 *   is its death, on every exit path, and the shell then leaves in its place (`reaper.ts`). Should the shell die too,
 *   the server stays, and the next start simply uses it.
 * - *A stale postmaster.pid.* PostgreSQL discards one whose process is gone but refuses to start when the number was given to
 *   somebody else, as happens after a reboot and always in containers. The file is removed when that process is not this cluster's.
 * - *Root.* PostgreSQL refuses to run as root, so it runs as user `postgres` (made if missing). When that user cannot enter the
 *   folders, since a checkout under /root is closed to it, the cluster and hard links to the programs are placed under
 *   /var/lib/casebridge, and `<dataDir>/postgres/location` names the place.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type pg from "pg";
import { socketOf } from "../lib/postgres/pool.ts";
import { type Growth, growingMs } from "../lib/retry.ts";
import { siblingModule } from "../lib/sibling-module.ts";
import { ensureCluster } from "./cluster.ts";
import {
  type Context,
  connect,
  connectionStringOf,
  DATABASE,
  type EmbeddedOptions,
  findCluster,
  isOurServer,
  prepare,
  readPostmaster,
} from "./context.ts";
import { EmbeddedPostgresError } from "./error.ts";
import { START_TIMEOUT_MS, startServer, stopServer } from "./server.ts";
import { withStartLock } from "./start-lock.ts";

/** Pauses between two starts of a server that does not come up. */
const startGrowth: Growth = { firstMs: 500, factor: 2, maxMs: 15_000, jitter: [1, 1] };

/** Advisory lock that says "in use" (shared) and "being stopped" (exclusive). */
const IN_USE_LOCK = 7_221_409_319;

/** A server in use by this process. */
export type EmbeddedPostgres = {
  /** `postgresql://casebridge:…@127.0.0.1:<port>/casebridge`; holds the password, never log it. */
  readonly connectionString: string;
  readonly port: number;
  /** False when it was already running for another process. */
  readonly startedHere: boolean;
  /** Leaves the server; the last to leave stops it (a fast, clean shutdown). May be repeated. Close your own connections first. */
  stop(): Promise<void>;
};

/**
 * Uses the PostgreSQL of a folder: makes the cluster at the first start (about 1 s), starts the server unless another process runs
 * it already, and restarts it on the same port should it die while in use. Any number of processes may share a folder; a
 * process killed at any moment leaves nothing that a later start does not mend by itself.
 *
 * Throws `EmbeddedPostgresError`, whose message says what to do.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const context = await prepare(options);
  const watchdog = startWatchdog(context);
  let seat: Seat;
  try {
    seat = await takeSeat(context, null);
  } catch (error) {
    dismiss(watchdog);
    throw error;
  }
  const { port, startedHere } = seat;
  options.logger?.info({ port, startedHere, dataDir: context.place.dir }, "Embedded PostgreSQL in use");

  let stopping: Promise<void> | null = null;
  let recovering: Promise<void> | null = null;
  const recover = async (): Promise<void> => {
    for (let attempt = 1; stopping === null; attempt++) {
      try {
        seat = await takeSeat(context, port);
        supervise();
        return;
      } catch (error) {
        options.logger?.warn({ port, err: error }, "Embedded PostgreSQL did not start again");
        await sleep(growingMs(startGrowth, attempt, 0), undefined, { ref: false });
      }
    }
  };
  const supervise = (): void => {
    seat.lease.once("end", () => {
      if (stopping !== null) return;
      options.logger?.warn({ port }, "Embedded PostgreSQL closed the connection; starting it again");
      recovering = recover();
    });
  };
  // A seat that is being taken again has to be left as well, so stopping waits for it.
  const stop = async (): Promise<void> => {
    await recovering;
    await leave(context, seat.lease);
  };
  supervise();

  return {
    connectionString: connectionStringOf(context, port),
    port,
    startedHere,
    stop: () => {
      stopping ??= stop().finally(() => dismiss(watchdog));
      return stopping;
    },
  };
}

/** Whether a data folder holds a cluster already. Makes and starts nothing. Throws `EmbeddedPostgresError`. */
export async function hasEmbeddedPostgres(dataDir: string): Promise<boolean> {
  return (await findCluster(dataDir)) !== null;
}

/**
 * Stops the server of a folder if it runs and nobody uses it; true when it is not running afterwards. For the watchdog and for tests
 * that clean up. May be repeated.
 */
export async function stopEmbeddedPostgresIfUnused(dataDir: string): Promise<boolean> {
  const context = await findCluster(dataDir);
  if (context === null) return true;
  const running = await readPostmaster(context);
  if (running === null) return true;
  const client = await connect(context, running.port).catch(() => null);
  if (client === null) return !isOurServer(context, running.pid);
  return stopIfLast(context, client);
}

/** A connection that holds the shared lock, and where it leads. */
type Seat = { readonly lease: pg.Client; readonly port: number; readonly startedHere: boolean };

async function takeSeat(context: Context, preferredPort: number | null): Promise<Seat> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const seat = await withStartLock(context, deadline, async () => {
      await ensureCluster(context);
      const running = await joinRunning(context, deadline);
      if (running !== null) return running;
      const port = await startServer(context, preferredPort, deadline);
      const lease = await takeLease(context, port);
      return lease === null ? null : { lease, port, startedHere: true };
    });
    if (seat !== null) return seat;
    if (Date.now() > deadline) {
      throw new EmbeddedPostgresError("start_failed", `Embedded PostgreSQL in ${context.place.dir} kept stopping`);
    }
    await sleep(50);
  }
}

/** A seat at a server that runs already; null when none does (or the one that did has just been stopped). */
async function joinRunning(context: Context, deadline: number): Promise<Seat | null> {
  for (;;) {
    const running = await readPostmaster(context);
    if (running === null || !isOurServer(context, running.pid)) return null;
    // Not answering: starting, recovering, stopping, or orphaned by a killed postmaster. Each of them ends.
    const lease = await takeLease(context, running.port).catch(() => null);
    if (lease !== null) return { lease, port: running.port, startedHere: false };
    if (Date.now() > deadline) {
      throw new EmbeddedPostgresError(
        "start_failed",
        `A PostgreSQL server (process ${running.pid}) holds ${context.dataDir} but does not answer. Stop it and start again.`,
      );
    }
    await sleep(30);
  }
}

/**
 * Null when the server is being stopped. The connection leads to database `postgres`, since advisory locks count per database and ours may
 * not exist yet: whoever started the server may have died before making it.
 */
async function takeLease(context: Context, port: number): Promise<pg.Client | null> {
  const lease = await connect(context, port);
  try {
    // Waits while somebody stops the server, then fails with it.
    await lease.query("SELECT pg_advisory_lock_shared($1)", [IN_USE_LOCK]);
    const found = await lease.query("SELECT 1 FROM pg_database WHERE datname = $1", [DATABASE]);
    if (found.rowCount === 0) await lease.query(`CREATE DATABASE ${DATABASE}`);
    // A forgotten stop() must not keep the process alive; the watchdog sees to the server.
    socketOf(lease)?.unref();
    return lease;
  } catch {
    await lease.end().catch(() => {});
    return null;
  }
}

async function leave(context: Context, lease: pg.Client): Promise<void> {
  try {
    socketOf(lease)?.ref();
    await lease.query("SELECT pg_advisory_unlock_shared($1)", [IN_USE_LOCK]);
  } catch {
    return; // The server is gone already.
  }
  await stopIfLast(context, lease);
}

async function stopIfLast(context: Context, client: pg.Client): Promise<boolean> {
  try {
    const result = await client.query<{ alone: boolean }>("SELECT pg_try_advisory_lock($1) AS alone", [IN_USE_LOCK]);
    if (result.rows[0]?.alone !== true) return false;
    const running = await readPostmaster(context);
    if (running === null || !isOurServer(context, running.pid)) return true;
    await stopServer(context, running.pid);
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Stays behind when this process ends in whatever way, and then leaves the server in its place. */
function startWatchdog(context: Context): ChildProcess {
  const reaper = fileURLToPath(siblingModule("reaper", import.meta.url));
  const script = 'read -r word && exit 0; exec "$0" "$@"';
  const child = spawn("/bin/sh", ["-c", script, process.execPath, reaper, context.requestedDir], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
  });
  child.on("error", () => {});
  child.stdin?.on("error", () => {});
  child.unref();
  if (child.stdin !== null && "unref" in child.stdin && typeof child.stdin.unref === "function") child.stdin.unref();
  return child;
}

function dismiss(watchdog: ChildProcess): void {
  watchdog.stdin?.end("done\n");
}
