import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { listenForDue } from "./due-signal.ts";
import { makeState } from "./state.ts";
import { addConnections, addLink, makeTestClock, makeTestDatabase, type TestDatabase } from "./testing.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await makeTestDatabase();
  await addConnections(database, "main");
});
afterAll(() => database.drop());

/** Listens from now on; `heard` resolves with the next signal, and says how many there were. */
async function listen() {
  let count = 0;
  let hear = (): void => {};
  const next = (): Promise<void> => new Promise((resolve) => (hear = resolve));
  const ready = next();
  const signals = listenForDue({
    connectionString: database.connectionString,
    onDue: () => {
      count += 1;
      hear();
    },
  });
  onTestFinished(() => signals.stop());
  await ready;
  return { next, count: () => count };
}

const waiting = async (): Promise<number> =>
  Number(
    (
      await database.pool.query(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'casebridge wake-ups' AND datname = current_database()",
      )
    ).rows[0].count,
  );

test("a wake-up of another process is heard at once, one of an import is not", async () => {
  const state = makeState({ prisma: database.prisma, clock: makeTestClock() });
  const linkId = await addLink(state, "main", "C1");
  const { next, count } = await listen();

  const heard = next();
  await state.wake([{ linkId, lane: "import" }]);
  await state.wake([{ linkId, lane: "live" }]);
  await heard;

  expect(count()).toBe(2);
});

test("a connection that was cut is made anew, and stopping leaves none", async () => {
  const { next } = await listen();
  const listening = next();
  await database.pool.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'casebridge wake-ups' AND datname = current_database()",
  );
  await listening;

  expect(await waiting()).toBe(1);
});
