/** PgBouncer in transaction mode before a database of a test, from the system's `pgbouncer`. */
import { spawn, spawnSync } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort } from "./port.ts";

/** Debian keeps it where only root looks. */
const program = ["/usr/sbin/pgbouncer", "pgbouncer"].find(
  (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
);

/** Whether this machine has `pgbouncer`; for `test.skipIf`. */
export function hasPgBouncer(): boolean {
  return program !== undefined;
}

/** A pooler with Debian's settings save `pool_mode`. It dies with this process. */
export async function startPgBouncer(
  connectionString: string,
): Promise<{ readonly connectionString: string; stop(): Promise<void> }> {
  const server = new URL(connectionString);
  const user = decodeURIComponent(server.username);
  const dir = await mkdtemp(join(tmpdir(), "casebridge-pgbouncer-"));
  await chmod(dir, 0o755);
  const port = await findFreePort();
  await writeFile(join(dir, "users.txt"), `"${user}" "${decodeURIComponent(server.password)}"\n`);
  await writeFile(
    join(dir, "pgbouncer.ini"),
    `[databases]
* = host=${server.hostname} port=${server.port || "5432"}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = ${server.password === "" ? "trust" : "plain"}
auth_file = ${join(dir, "users.txt")}
pool_mode = transaction
max_client_conn = 200
default_pool_size = 20
`,
  );
  // It refuses to run as root.
  const args = [...(userInfo().uid === 0 ? ["-u", "nobody"] : []), join(dir, "pgbouncer.ini")];
  const script = '"$@" </dev/null >/dev/null 2>&1 & pid=$!; read -r _; kill -9 $pid; wait $pid 2>/dev/null; exit 0';
  const shell = spawn("/bin/sh", ["-c", script, "sh", program ?? "pgbouncer", ...args], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const gone = new Promise<void>((done) => shell.once("exit", () => done()));
  await untilListening(port);
  const url = new URL(connectionString);
  url.hostname = "127.0.0.1";
  url.port = String(port);
  return {
    connectionString: url.href,
    stop: async () => {
      shell.stdin?.end();
      await gone;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function untilListening(port: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const open = await new Promise<boolean>((done) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => done(true)).once("error", () => done(false));
      socket.once("connect", () => socket.destroy());
    });
    if (open) return;
    if (Date.now() > deadline) throw new Error(`pgbouncer does not listen on port ${port}`);
    await sleep(20);
  }
}
