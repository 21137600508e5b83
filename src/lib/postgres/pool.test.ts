import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { startFaultProxy } from "../../../test/support/fault-proxy.ts";
import { isConnectionError } from "../../store/database/errors.ts";
import { parsePostgresAddress } from "./address.ts";
import { makePostgresPool, type PostgresHang } from "./pool.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
});

afterAll(() => database.drop());

/** A pool that gives up after half a second, behind a network that can break. */
async function open(limitMs = 500) {
  const url = new URL(database.connectionString);
  const proxy = await startFaultProxy({ host: url.hostname, port: Number(url.port || 5432) });
  url.hostname = "127.0.0.1";
  url.port = String(proxy.port);
  const hangs: PostgresHang[] = [];
  const pool = makePostgresPool({
    address: { ...parsePostgresAddress(url.href), answerTimeoutMs: limitMs, connectTimeoutMs: 500 },
    connectionsMax: 4,
    applicationName: "test",
    searchPath: "public",
    onError: () => {},
    onHang: (hang) => hangs.push(hang),
  });
  onTestFinished(async () => {
    await pool.end();
    await proxy.close();
  });
  /** So many connections at once, idle afterwards. */
  const warm = async (count: number): Promise<void> => {
    const clients = await Promise.all(Array.from({ length: count }, () => pool.connect()));
    for (const client of clients) client.release();
  };
  return { pool, proxy, hangs, warm };
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

test("connections that fell silent cost one wait together, and then work goes on", async () => {
  const { pool, proxy, hangs, warm } = await open();
  await warm(4);
  proxy.silence();

  const error = await failure(pool.query("SELECT 1"));
  const { rows } = await pool.query("SELECT 1 AS one");

  expect(isConnectionError(error)).toBe(true);
  expect(rows).toEqual([{ one: 1 }]);
  expect(hangs).toEqual([{ afterMs: 500, closed: 4 }]);
});

test.each(["swallow", "stall", "halve"] as const)("a query through a network that does %s ends", async (mode) => {
  const { pool, proxy, warm } = await open();
  await warm(2);
  await proxy.set(mode);

  const errors = [await failure(pool.query("SELECT 1")), await failure(pool.query("SELECT 2"))];
  await proxy.set("pass");

  expect(errors.map(isConnectionError)).toEqual([true, true]);
  expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
});

test("a transaction whose connection fell silent gives no silent connection back", async () => {
  const { pool, proxy } = await open();
  const client = await pool.connect();
  await client.query("BEGIN");
  proxy.silence();

  const errors = [await failure(client.query("SELECT 1")), await failure(client.query("ROLLBACK"))];
  client.release();

  expect(errors.map(isConnectionError)).toEqual([true, true]);
  expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
});

test("a connection that breaks in use fails the next query, not the process", async () => {
  const { pool } = await open();
  const client = await pool.connect();
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const ended = new Promise((resolve) => client.once("end", resolve));

  await pool.query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
  await ended;
  const error = await failure(client.query("SELECT 1"));
  client.release();

  expect(error).toBeInstanceOf(Error);
  expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
});

test("a statement that is slow is ended by the server, and others on their way live on", async () => {
  const { pool, hangs } = await open();

  const [error, other] = await Promise.all([
    failure(pool.query("SELECT pg_sleep(30)")),
    pool.query("SELECT pg_sleep(0.2)::text AS slept"),
  ]);

  expect(String(error)).toContain("statement timeout");
  expect(other.rows).toEqual([{ slept: "" }]);
  expect(hangs).toEqual([]);
});

test("a server that has become read-only is left: its name may lead to another one now", async () => {
  const { pool, warm } = await open(5_000);
  await pool.query("CREATE TABLE IF NOT EXISTS written (id int)");
  await warm(3);
  const before = await pool.query("SELECT pg_backend_pid() AS pid");
  const client = await pool.connect();
  client.on("error", () => {});
  await client.query("BEGIN READ ONLY");

  const error = await failure(client.query("INSERT INTO written VALUES (1)"));
  await failure(client.query("ROLLBACK"));
  client.release();

  expect(String(error)).toContain("read-only");
  const pids = (await pool.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'test'")).rows;
  expect(pids).not.toContainEqual(before.rows[0]);
});
