import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startEmbeddedPostgres, stopEmbeddedPostgresIfUnused } from "./embedded-postgres.ts";

const moduleUrl = new URL("./embedded-postgres.ts", import.meta.url).href;
let dataDir = "";
let children: ChildProcess[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "casebridge-embedded-"));
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await until("the server's end", () => stopEmbeddedPostgresIfUnused(dataDir));
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
});

describe("a start", () => {
  test("makes a durable UTF-8 cluster in UTC whose password only its owner reads", async () => {
    const server = await startEmbeddedPostgres({ dataDir });
    const settings = await query(
      server.connectionString,
      `SELECT current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync,
         current_setting('TimeZone') AS zone, current_setting('listen_addresses') AS address,
         (SELECT datlocale FROM pg_database WHERE datname = current_database()) AS locale`,
    );
    const mode = (await stat(join(dataDir, "postgres", "cluster", "password"))).mode & 0o777;
    const lockMode = (await stat(join(dataDir, "postgres", "lock"))).mode & 0o777;
    await server.stop();

    expect(settings).toEqual([{ encoding: "UTF8", fsync: "on", zone: "UTC", address: "127.0.0.1", locale: "C.UTF-8" }]);
    expect([mode, lockMode]).toEqual([0o600, 0o600]);
    await expect(query(server.connectionString, "SELECT 1")).rejects.toThrow("ECONNREFUSED");
  });

  test("closes a lock that others could read, and so hold", async () => {
    await mkdir(join(dataDir, "postgres"));
    const lock = join(dataDir, "postgres", "lock");
    await writeFile(lock, "");
    await chmod(lock, 0o666);

    const server = await startEmbeddedPostgres({ dataDir, fast: true });
    await server.stop();

    expect((await stat(lock)).mode & 0o777).toBe(0o600);
  });

  test.skipIf(process.getuid?.() !== 0)("refuses a lock that is somebody else's file, and says whose", async () => {
    await mkdir(join(dataDir, "postgres"));
    const lock = join(dataDir, "postgres", "lock");
    await writeFile(lock, "");
    await chown(lock, 65534, 65534);

    await expect(startEmbeddedPostgres({ dataDir, fast: true })).rejects.toThrow(/belongs to user number 65534/);
  });

  test("keeps data and port over a stop", async () => {
    const first = await startEmbeddedPostgres({ dataDir, fast: true });
    await query(first.connectionString, "CREATE TABLE kept AS SELECT 42 AS answer");
    await first.stop();
    const second = await startEmbeddedPostgres({ dataDir, fast: true });

    expect(await query(second.connectionString, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
    expect(second.port).toBe(first.port);
    await second.stop();
  });

  test("takes another port when its last one is taken", async () => {
    const first = await startEmbeddedPostgres({ dataDir, fast: true });
    await first.stop();
    const otherDir = join(dataDir, "other");
    await mkdir(otherDir);
    const other = await startEmbeddedPostgres({ dataDir: otherDir, fast: true });
    await writeFile(join(dataDir, "postgres", "cluster", "port"), String(other.port));

    const second = await startEmbeddedPostgres({ dataDir, fast: true });

    expect(second.port).not.toBe(other.port);
    await second.stop();
    await other.stop();
  });

  test("of four processes at once in an empty folder gives all of them one server", async () => {
    const ports = await Promise.all([1, 2, 3, 4].map(() => startChild().ready));
    const rows = await query(
      await anyConnectionString(),
      "SELECT count(*)::int AS n FROM pg_database WHERE datname = 'casebridge'",
    );

    expect(new Set(ports).size).toBe(1);
    expect(rows).toEqual([{ n: 1 }]);
  });

  test("refuses a cluster of another major version and says what to do", async () => {
    const server = await startEmbeddedPostgres({ dataDir, fast: true });
    await server.stop();
    await writeFile(join(dataDir, "postgres", "cluster", "data", "PG_VERSION"), "17\n");

    await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
      name: "EmbeddedPostgresError",
      problem: "version",
      message: expect.stringContaining("made by PostgreSQL 17"),
    });
  });

  test("ignores a stale postmaster.pid whose process number belongs to somebody else by now", async () => {
    const server = await startEmbeddedPostgres({ dataDir, fast: true });
    await server.stop();
    const file = join(dataDir, "postgres", "cluster", "data", "postmaster.pid");
    await writeFile(file, `${process.pid}\n${join(dataDir, "x")}\n1\n5432\n\n127.0.0.1\n0 0\nready   \n`);

    const again = await startEmbeddedPostgres({ dataDir, fast: true });

    expect(await query(again.connectionString, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    await again.stop();
  });
});

describe("a shared server", () => {
  test("is used by a second process and stopped by the last one that leaves", async () => {
    const child = startChild();
    await child.ready;
    const server = await startEmbeddedPostgres({ dataDir, fast: true });

    child.process.stdin?.end("stop\n");
    await exit(child.process);
    const afterFirst = await query(server.connectionString, "SELECT 1 AS one");
    await server.stop();

    expect(server.startedHere).toBe(false);
    expect(afterFirst).toEqual([{ one: 1 }]);
    await expect(query(server.connectionString, "SELECT 1")).rejects.toThrow("ECONNREFUSED");
  });

  test("outlives the process that started it, killed with -9, while another uses it", async () => {
    const child = startChild();
    await child.ready;
    const server = await startEmbeddedPostgres({ dataDir, fast: true });

    child.process.kill("SIGKILL");
    await exit(child.process);
    const stopped = await stopEmbeddedPostgresIfUnused(dataDir);

    expect(stopped).toBe(false);
    expect(await query(server.connectionString, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    await server.stop();
  });

  test.each(["SIGKILL", "SIGTERM", "SIGINT", "throw", "exit"])(
    "is stopped when its only user ends by %s",
    async (how) => {
      const child = startChild();
      await child.ready;
      const pid = postmasterPid();

      if (how.startsWith("SIG")) child.process.kill(how as NodeJS.Signals);
      else child.process.stdin?.end(`${how}\n`);
      await exit(child.process);

      await until("the server's end", async () => !existsSync(`/proc/${pid}`) && !isAlive(pid));
    },
  );

  test("comes back on the same port after its postmaster was killed", async () => {
    const server = await startEmbeddedPostgres({ dataDir });
    await query(server.connectionString, "CREATE TABLE kept AS SELECT 7 AS n");

    process.kill(postmasterPid(), "SIGKILL");

    await until("the server's return", () =>
      query(server.connectionString, "SELECT n FROM kept").then(
        (rows) => rows.length === 1,
        () => false,
      ),
    );
    await server.stop();
    await expect(query(server.connectionString, "SELECT 1")).rejects.toThrow("ECONNREFUSED");
  });
});

describe("after kill -9 during the first start", () => {
  const inDraft = (file: string) => (): boolean => {
    const draft = readdirSync(join(dataDir, "postgres")).find((name) => name.startsWith("cluster.new-"));
    return draft !== undefined && existsSync(join(dataDir, "postgres", draft, file));
  };
  const inCluster = (file: string) => (): boolean => existsSync(join(dataDir, "postgres", "cluster", file));
  const moments: [string, () => boolean][] = [
    ["the lock file exists", () => existsSync(join(dataDir, "postgres", "lock"))],
    ["the draft folder exists", inDraft("")],
    ["the password is written", inDraft("password")],
    ["initdb has begun", inDraft("data/PG_VERSION")],
    ["initdb has written its control file", inDraft("data/global/pg_control")],
    ["initdb makes the last database", inDraft("data/base/5/PG_VERSION")],
    ["the cluster is renamed", inCluster("")],
    ["the server is starting", inCluster("data/postmaster.pid")],
    ["the server is ready", () => inCluster("data/postmaster.pid")() && pidFile().includes("ready")],
    ["the database is made", inCluster("port")],
  ];

  test.each(moments)("when %s the next start works", async (_moment, reached) => {
    const child = startChild();

    await untilFast(() => attempt(reached));
    child.process.kill("SIGKILL");
    await exit(child.process);
    const server = await startEmbeddedPostgres({ dataDir });

    expect(await query(server.connectionString, "SELECT current_database() AS name")).toEqual([{ name: "casebridge" }]);
    await server.stop();
  });

  test.each(moments.slice(7))("together with the server when %s the next start works", async (_moment, reached) => {
    const child = startChild();

    await untilFast(() => attempt(reached));
    child.process.kill("SIGKILL");
    process.kill(postmasterPid(), "SIGKILL");
    await exit(child.process);
    const server = await startEmbeddedPostgres({ dataDir });

    expect(await query(server.connectionString, "SELECT current_database() AS name")).toEqual([{ name: "casebridge" }]);
    await server.stop();
  });
});

/** A process that uses the server until it reads "stop", "throw" or "exit"; `ready` gives the port. */
function startChild(): { process: ChildProcess; ready: Promise<number> } {
  const code = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(moduleUrl)});
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)} });
    console.log("port=" + server.port);
    process.stdin.on("data", async (word) => {
      if (String(word) === "throw\\n") throw new Error("on purpose");
      if (String(word) === "exit\\n") process.exit(3);
      await server.stop();
      process.exit(0);
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["pipe", "pipe", "ignore"] });
  children.push(child);
  const ready = new Promise<number>((done, reject) => {
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
      const port = /port=(\d+)/.exec(output)?.[1];
      if (port !== undefined) done(Number(port));
    });
    child.once("exit", () => reject(new Error("the child ended before it was ready")));
  });
  ready.catch(() => {});
  return { process: child, ready };
}

async function exit(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await new Promise((done) => child.once("exit", done));
}

function pidFile(): string {
  return readFileSync(join(dataDir, "postgres", "cluster", "data", "postmaster.pid"), "utf8");
}

function postmasterPid(): number {
  return Number(pidFile().split("\n")[0]);
}

function isAlive(pid: number): boolean {
  return attempt(() => process.kill(pid, 0));
}

function attempt(test: () => boolean): boolean {
  try {
    return test();
  } catch {
    return false;
  }
}

async function anyConnectionString(): Promise<string> {
  const password = (await readFile(join(dataDir, "postgres", "cluster", "password"), "utf8")).trim();
  return `postgresql://casebridge:${password}@127.0.0.1:${pidFile().split("\n")[3]}/casebridge`;
}

async function query(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Watches without a pause, so that short-lived states are seen. */
async function untilFast(reached: () => boolean): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!reached()) {
    if (Date.now() > deadline) throw new Error("the moment never came");
    await nextTurn();
  }
}

async function until(what: string, reached: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await reached())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await sleep(20);
  }
}
