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
 *   is its death, on every exit path, and the shell then leaves in its place (`embedded-reaper.ts`). Should the shell die too,
 *   the server stays, and the next start simply uses it.
 * - *A stale postmaster.pid.* PostgreSQL discards one whose process is gone but refuses to start when the number was given to
 *   somebody else, as happens after a reboot and always in containers. The file is removed when that process is not this cluster's.
 * - *Root.* PostgreSQL refuses to run as root, so it runs as user `postgres` (made if missing). When that user cannot enter the
 *   folders, since a checkout under /root is closed to it, the cluster and hard links to the programs are placed under
 *   /var/lib/casebridge, and `<dataDir>/postgres/location` names the place.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { chmod, chown, lstat, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { socketOf } from "../lib/postgres/pool.ts";
import { EmbeddedPostgresError } from "./error.ts";
import { type Place, type PostgresUser, preparePlace, runProgram } from "./place.ts";

/** The major version that the installed binaries have; a cluster of another one is refused. */
const MAJOR_VERSION = "18";
const SUPERUSER = "casebridge";
const DATABASE = "casebridge";
/** Advisory lock that says "in use" (shared) and "being stopped" (exclusive). */
const IN_USE_LOCK = 7_221_409_319;
/** Recovery after a crash of a large cluster takes its time. */
const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 20_000;
const LOG_SIZE_MAX_BYTES = 1_000_000;

/** What the embedded server tells: constant messages with facts. A pino logger fits. */
export type EmbeddedLogger = {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
};

/** `fast` gives up durability for speed (tests): a killed server loses its last writes, a crash of the machine the cluster. */
export type EmbeddedOptions = {
  readonly dataDir: string;
  readonly fast?: boolean;
  readonly logger?: EmbeddedLogger;
};

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
    for (let attempt = 0; stopping === null; attempt++) {
      try {
        seat = await takeSeat(context, port);
        supervise();
        return;
      } catch (error) {
        options.logger?.warn({ port, err: error }, "Embedded PostgreSQL did not start again");
        await sleep(Math.min(500 * 2 ** attempt, 15_000), undefined, { ref: false });
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
  return (await prepare({ dataDir }, { create: false })) !== null;
}

/**
 * Stops the server of a folder if it runs and nobody uses it; true when it is not running afterwards. For the watchdog and for tests
 * that clean up. May be repeated.
 */
export async function stopEmbeddedPostgresIfUnused(dataDir: string): Promise<boolean> {
  const context = await prepare({ dataDir }, { create: false });
  if (context === null) return true;
  const running = await readPostmaster(context);
  if (running === null) return true;
  const client = await connect(context, running.port).catch(() => null);
  if (client === null) return !isOurServer(context, running.pid);
  return stopIfLast(context, client);
}

type Context = {
  readonly place: Place;
  readonly clusterDir: string;
  readonly dataDir: string;
  readonly requestedDir: string;
  readonly fast: boolean;
  password: string;
};

/** A connection that holds the shared lock, and where it leads. */
type Seat = { readonly lease: pg.Client; readonly port: number; readonly startedHere: boolean };

async function prepare(options: EmbeddedOptions): Promise<Context>;
async function prepare(options: EmbeddedOptions, how: { create: false }): Promise<Context | null>;
async function prepare(options: EmbeddedOptions, how?: { create: false }): Promise<Context | null> {
  const requestedDir = resolve(options.dataDir);
  const place = await preparePlace({ dataDir: requestedDir, create: how === undefined, logger: options.logger });
  if (place === null) return null;
  const clusterDir = join(place.dir, "cluster");
  const context: Context = {
    place,
    requestedDir,
    clusterDir,
    dataDir: join(clusterDir, "data"),
    fast: options.fast ?? false,
    password: "",
  };
  if (how !== undefined) {
    const password = await readIfThere(join(clusterDir, "password"));
    if (password === null) return null;
    context.password = password.trim();
  }
  return context;
}

// --- Taking a seat -----------------------------------------------------------------------------------------------

async function takeSeat(context: Context, preferredPort: number | null): Promise<Seat> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const seat = await withStartLock(context, deadline, async () => {
      await ensureCluster(context);
      return (await joinRunning(context, deadline)) ?? (await startServer(context, preferredPort, deadline));
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

async function startServer(context: Context, preferredPort: number | null, deadline: number): Promise<Seat | null> {
  await removeStalePidFile(context);
  let port = preferredPort ?? (await readLastPort(context)) ?? (await findFreePort());
  for (;;) {
    const result = await tryStart(context, port, deadline);
    if (result === "ready") {
      await writeFile(join(context.clusterDir, "port"), String(port));
      const lease = await takeLease(context, port);
      return lease === null ? null : { lease, port, startedHere: true };
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

// --- Leaving -----------------------------------------------------------------------------------------------------

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

async function stopServer(context: Context, pid: number): Promise<void> {
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

/** Stays behind when this process ends in whatever way, and then leaves the server in its place. */
function startWatchdog(context: Context): ChildProcess {
  const reaper = fileURLToPath(new URL("./reaper.ts", import.meta.url));
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

// --- The cluster -------------------------------------------------------------------------------------------------

async function ensureCluster(context: Context): Promise<void> {
  const { place, clusterDir, dataDir } = context;
  for (const name of await readdir(place.dir)) {
    // Whoever made it is dead, since the lock is ours; an initdb that outlived it may still write, so failing here is no error.
    if (name.startsWith("cluster.new-")) {
      await rm(join(place.dir, name), { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }).catch(() => {});
    }
  }
  if ((await stat(clusterDir).catch(() => null)) === null) await makeCluster(context);

  const version = (await readIfThere(join(dataDir, "PG_VERSION")))?.trim() ?? "unknown";
  if (version !== MAJOR_VERSION) {
    throw new EmbeddedPostgresError(
      "version",
      `The embedded database in ${clusterDir} was made by PostgreSQL ${version}; this casebridge ships ${MAJOR_VERSION}. With the ` +
        "casebridge that made it run `casebridge export > mapping.jsonl`, move the folder away, then `casebridge import mapping.jsonl` here.",
    );
  }
  const password = await readIfThere(join(clusterDir, "password"));
  if (password === null) {
    throw new EmbeddedPostgresError(
      "start_failed",
      `${join(clusterDir, "password")} is missing; restore it or move ${clusterDir} away`,
    );
  }
  context.password = password.trim();
}

async function makeCluster(context: Context): Promise<void> {
  const { place } = context;
  const draft = join(place.dir, `cluster.new-${randomBytes(6).toString("hex")}`);
  const passwordFile = join(draft, "password");
  await mkdir(draft, { mode: 0o700 });
  await writeFile(passwordFile, `${randomBytes(24).toString("hex")}\n`, { mode: 0o600, flush: true });
  if (place.user !== null) {
    await chown(draft, place.user.uid, place.user.gid);
    await chown(passwordFile, place.user.uid, place.user.gid);
  }
  const result = await runProgram(
    place.programs.initdb,
    [
      `--pgdata=${join(draft, "data")}`,
      `--username=${SUPERUSER}`,
      "--auth=scram-sha-256",
      `--pwfile=${passwordFile}`,
      "--encoding=UTF8",
      // PostgreSQL's own C.UTF-8: the same order on every platform and C library.
      "--locale=C",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      ...(context.fast ? ["--no-sync"] : []),
    ],
    { cwd: draft, user: place.user },
  );
  if (result.status !== 0) {
    await rm(draft, { recursive: true, force: true }).catch(() => {});
    throw new EmbeddedPostgresError("start_failed", `initdb failed in ${place.dir}:\n${result.output.slice(-2_000)}`);
  }
  await rename(draft, context.clusterDir);
  if (!context.fast) await syncFolder(place.dir);
}

async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  await handle.sync().catch(() => {});
  await handle.close();
}

/** Runs `work` under the kernel's lock on `<place>/lock`. */
async function withStartLock<T>(context: Context, deadline: number, work: () => Promise<T>): Promise<T> {
  const file = join(context.place.dir, "lock");
  await keepToOneself(file);
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    for (;;) {
      try {
        lock.exec("BEGIN EXCLUSIVE");
        break;
      } catch (error) {
        const locked = error instanceof Error && "errcode" in error && error.errcode === 5;
        if (!locked) {
          throw new EmbeddedPostgresError("start_failed", `Cannot lock ${file}`, { cause: error });
        }
        if (Date.now() > deadline) {
          throw new EmbeddedPostgresError(
            "start_failed",
            `Another process has been starting the database of ${file} for too long`,
          );
        }
        await sleep(20);
      }
    }
    return await work();
  } finally {
    lock.close();
  }
}

/**
 * Whoever may read the lock's file may hold the lock for ever. So it is ours alone, and somebody else's is refused. It is never opened
 * here: closing it again would drop the lock that this process may hold (https://sqlite.org/howtocorrupt.html, 2.2).
 */
async function keepToOneself(file: string): Promise<void> {
  await writeFile(file, "", { mode: 0o600, flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  const { uid, mode } = await lstat(file);
  if (process.getuid !== undefined && uid !== process.getuid()) {
    throw new EmbeddedPostgresError(
      "owner",
      `The lock of the embedded database, ${file}, belongs to user number ${uid}. Look who put it there, remove it, and start again.`,
    );
  }
  if ((mode & 0o077) !== 0) await chmod(file, 0o600);
}

type Postmaster = { readonly pid: number; readonly port: number; readonly ready: boolean };

/** postmaster.pid: process, data folder, start time, port, socket folder, address, shared memory, status. */
async function readPostmaster(context: Context): Promise<Postmaster | null> {
  const text = await readIfThere(join(context.dataDir, "postmaster.pid"));
  if (text === null) return null;
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!Number.isInteger(pid) || pid <= 1) return null;
  return { pid, port, ready: lines[7]?.trim() === "ready" };
}

async function removeStalePidFile(context: Context): Promise<void> {
  const running = await readPostmaster(context);
  if (running !== null && isOurServer(context, running.pid)) return;
  await rm(join(context.dataDir, "postmaster.pid"), { force: true });
}

/** Whether that process is the server of this cluster: process numbers are used again. */
function isOurServer(context: Context, pid: number): boolean {
  return context.place.commandOf(pid)?.includes(context.dataDir) === true;
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

async function connect(context: Context, port: number): Promise<pg.Client> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port,
    user: SUPERUSER,
    password: context.password,
    database: "postgres",
    connectionTimeoutMillis: 5_000,
    query_timeout: 20_000,
    application_name: "casebridge embedded",
  });
  client.on("error", () => {});
  try {
    await client.connect();
    // A stale port may lead to somebody else's server.
    const result = await client.query<{ dir: string }>("SELECT current_setting('data_directory') AS dir");
    if (result.rows[0]?.dir !== context.dataDir) throw new Error("another server answers on this port");
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

function connectionStringOf(context: Context, port: number): string {
  return `postgresql://${SUPERUSER}:${context.password}@127.0.0.1:${port}/${DATABASE}`;
}

function ids(user: PostgresUser | null): { uid?: number; gid?: number } {
  return user === null ? {} : { uid: user.uid, gid: user.gid };
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null;
    throw error;
  }
}
