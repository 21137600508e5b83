import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { type Database, makePrisma } from "./client.ts";
import { DatabaseUnavailable, isConnectionError, isUniqueViolation } from "./errors.ts";

let test1: TestDatabase;
let database: Database;

beforeAll(async () => {
  test1 = await createTestDatabase();
  database = makePrisma({ connectionString: test1.connectionString, poolMax: 2 });
});

afterAll(async () => {
  await database.close();
  await test1.drop();
});

test("tells a unique violation from Prisma, from raw SQL and from pg", async () => {
  await database.pool.query("CREATE TABLE once (id int PRIMARY KEY); INSERT INTO once VALUES (1)");
  await database.prisma.installation.create({ data: { id: 1, inst: "a" } });

  const errors = await Promise.all([
    failure(() => database.prisma.installation.create({ data: { id: 1, inst: "b" } })),
    failure(() => database.prisma.$executeRaw`INSERT INTO once VALUES (1)`),
    failure(() => database.pool.query("INSERT INTO once VALUES (1)")),
  ]);

  expect(errors.map(isUniqueViolation)).toEqual([true, true, true]);
  expect(errors.map(isConnectionError)).toEqual([false, false, false]);
});

test("tells other faults of a statement from both", async () => {
  const errors = await Promise.all([
    failure(() => database.prisma.$queryRaw`SELECT 1/0`),
    failure(() => database.pool.query("SELECT nonsense")),
    failure(() => database.prisma.installation.findUniqueOrThrow({ where: { id: 99 } })),
  ]);

  expect(errors.map((error) => isUniqueViolation(error) || isConnectionError(error))).toEqual([false, false, false]);
});

test("a process that stands still inside a transaction does not keep its locks for ever", async () => {
  const { rows } = await database.pool.query("SHOW idle_in_transaction_session_timeout");

  expect(rows).toEqual([{ idle_in_transaction_session_timeout: "15s" }]);
});

test("tells a connection that fails or is cut", async () => {
  const nowhere = makePrisma({ connectionString: "postgresql://a:b@127.0.0.1:1/c" });
  const refused = makePrisma({ connectionString: test1.connectionString.replace(/:[^:@]*@/, ":wrong@") });

  const errors = [
    await failure(() => nowhere.prisma.installation.findMany()),
    await failure(() => nowhere.prisma.$queryRaw`SELECT 1`),
    await failure(() => nowhere.pool.query("SELECT 1")),
    await failure(() => refused.prisma.installation.findMany()),
    await failure(() => database.prisma.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid())`),
    await failure(() => database.pool.query("SELECT pg_terminate_backend(pg_backend_pid())")),
    new DatabaseUnavailable("x"),
  ];
  await nowhere.close();
  await refused.close();

  const trust = process.env.TEST_DATABASE_URL !== undefined;
  expect(errors.map(isConnectionError)).toEqual([true, true, true, !trust, true, true, true]);
  expect(await database.prisma.installation.count()).toBe(1);
});

test("closes once however often it is asked", async () => {
  const other = makePrisma({ connectionString: test1.connectionString });
  await other.prisma.installation.count();

  await Promise.all([other.close(), other.close()]);

  expect(isConnectionError(await failure(() => other.pool.query("SELECT 1")))).toBe(true);
});

async function failure(work: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error("should have failed");
}
