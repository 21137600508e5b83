/**
 * Two PostgreSQL servers, a primary and its synchronous standby, from the embedded binaries, with one address in front of them, as a
 * managed database has it. The primary can be killed, frozen, or fenced so that it only reads; the standby is promoted.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, chown, cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { ensureCluster } from "../../src/embedded-postgres/cluster.ts";
import { prepare, SUPERUSER } from "../../src/embedded-postgres/context.ts";
import { migrateDatabase } from "../../src/store/database/migrate.ts";
import type { TestDatabase } from "./database.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { findFreePort } from "./port.ts";

/** How the primary is lost. `frozen`: the process stands still, its connections stay open. `fenced`: it answers, and takes no write. */
export const lossKinds = ["killed", "frozen", "fenced"] as const;
export type LossKind = (typeof lossKinds)[number];

type Server = { readonly port: number; readonly child: ChildProcess };
export type PostgresPair = TestDatabase & {
  /** Loses the primary. */
  lose(kind: LossKind): Promise<void>;
  /** Makes the standby the primary, and leads new connections there. Those that are open stay where they are. */
  promote(): Promise<void>;
};

/** Starts the pair with an empty, migrated database. */
export async function startPostgresPair(): Promise<PostgresPair> {
  const base = await mkdtemp(join(tmpdir(), "casebridge-pair-"));
  const context = await prepare({ dataDir: join(base, "cluster"), fast: true });
  await ensureCluster(context);
  const { user, programs } = context.place;
  const dirs = [context.dataDir, `${context.dataDir}-standby`] as const;
  const ports = [await findFreePort(), await findFreePort()] as const;
  await cp(dirs[0], dirs[1], { recursive: true, preserveTimestamps: true });
  const connectionInfo = `host=127.0.0.1 port=${ports[0]} user=${SUPERUSER} password=${context.password} application_name=standby`;
  await appendFile(join(dirs[1], "postgresql.auto.conf"), `primary_conninfo = '${connectionInfo}'\n`);
  await writeFile(join(dirs[1], "standby.signal"), "");
  if (user !== null) await own(dirs[1], user);

  function start(at: 0 | 1, more: readonly string[]): Server {
    const values = {
      port: String(ports[at]),
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      max_connections: "200",
      shared_buffers: "32MB",
      wal_level: "replica",
      io_method: "sync",
      fsync: "off",
    };
    const given = Object.entries(values).map(([name, value]) => `${name}=${value}`);
    const child = spawn(programs.postgres, ["-D", dirs[at], ...[...given, ...more].flatMap((one) => ["-c", one])], {
      detached: true,
      stdio: "ignore",
      env: { LC_ALL: "C", PATH: process.env.PATH ?? "/usr/bin:/bin" },
      ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
    });
    return { port: ports[at], child };
  }

  async function on<Result>(port: number, database: string, use: (client: pg.Client) => Promise<Result>) {
    const client = new pg.Client({ host: "127.0.0.1", port, user: SUPERUSER, password: context.password, database });
    client.on("error", () => {});
    await client.connect();
    return use(client).finally(() => client.end());
  }

  /** Servers take a moment to come up; whatever they refuse until then is passed over. */
  async function waitFor(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!(await isSo().catch(() => false))) {
      if (Date.now() > deadline) throw new Error(`PostgreSQL: not within a minute: ${what}`);
      await sleep(50);
    }
  }

  const signal = ({ child }: Server, name: NodeJS.Signals): void => {
    // The children of a postmaster are in its group.
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, name);
  };
  const end = async (server: Server): Promise<void> => {
    const { child } = server;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    signal(server, "SIGKILL");
    await gone;
  };
  const primary = start(0, ["synchronous_standby_names=standby"]);
  const standby = start(1, []);
  await waitFor("the standby follows", () =>
    on(primary.port, "postgres", async (client) => {
      const { rows } = await client.query("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'");
      return rows.length === 1;
    }),
  );
  await on(primary.port, "postgres", (client) => client.query("CREATE DATABASE mapping"));
  const proxy: FaultProxy = await startFaultProxy({ port: primary.port });
  const connectionString = `postgresql://${SUPERUSER}:${context.password}@127.0.0.1:${proxy.port}/mapping`;
  await migrateDatabase({ connectionString });

  return {
    connectionString,
    async lose(kind) {
      if (kind === "killed") signal(primary, "SIGKILL");
      else if (kind === "frozen") signal(primary, "SIGSTOP");
      else
        await on(primary.port, "postgres", async (client) => {
          await client.query("ALTER SYSTEM SET default_transaction_read_only = on");
          await client.query("SELECT pg_reload_conf()");
        });
    },
    async promote() {
      await on(standby.port, "postgres", (client) => client.query("SELECT pg_promote(true)"));
      proxy.lead({ port: standby.port });
    },
    async drop() {
      await proxy.close();
      await Promise.all([primary, standby].map(end));
      // A superuser's cluster lies in a folder of its own, outside of ours.
      for (const dir of [dirname(dirname(context.dataDir)), base])
        await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Gives a folder and all that is in it to the account that runs the servers. */
async function own(dir: string, user: { readonly uid: number; readonly gid: number }): Promise<void> {
  await chown(dir, user.uid, user.gid);
  for (const entry of await readdir(dir, { recursive: true })) await chown(join(dir, entry), user.uid, user.gid);
}
