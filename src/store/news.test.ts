import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { makeSilenceReader } from "./news.ts";
import { makeState } from "./state.ts";
import {
  addConnections,
  addLink,
  emptyDatabase,
  makeTestClock,
  makeTestDatabase,
  type TestDatabase,
} from "./testing.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await makeTestDatabase();
});
afterAll(async () => {
  await database.drop();
});
beforeEach(async () => {
  await emptyDatabase(database);
});

const hourMs = 3_600_000;

/** Writes of one direction, one an hour, from so many hours ago to so many. */
async function writes(
  connectionName: string,
  side: string,
  action: string,
  hours: readonly [from: number, to: number],
  now: Date,
) {
  await database.pool.query(
    `INSERT INTO audit (at, "connectionName", side, action, item, result)
     SELECT $5::timestamptz - n * interval '1 hour', $1, $2, $3, 'x', 'x' FROM generate_series($4::int, $6::int) AS n`,
    [connectionName, side, action, hours[1], now, hours[0]],
  );
}

async function makeWorld(...names: string[]) {
  const clock = makeTestClock();
  const state = makeState({ ...database, clock });
  await addConnections(database, ...names);
  return { clock, state, read: makeSilenceReader({ ...database, clock }) };
}

test("a direction that used to have news every hour is silent after some hours, the other one is not", async () => {
  const { clock, state, read } = await makeWorld("main");
  await addLink(state, "main", "TT1");
  await writes("main", "jira", "comment", [700, 9], clock.now());
  await writes("main", "huawei", "message", [700, 1], clock.now());

  expect(await read()).toEqual([
    { connectionName: "main", direction: "to-jira", since: new Date(clock.now().getTime() - 9 * hourMs) },
  ]);
});

test("a silence ends with the next news, within a minute", async () => {
  const { clock, state, read } = await makeWorld("main");
  await addLink(state, "main", "TT1");
  await writes("main", "jira", "comment", [700, 9], clock.now());
  expect(await read()).toHaveLength(1);
  clock.advance(61_000);
  await writes("main", "jira", "comment", [0, 0], clock.now());

  expect(await read()).toEqual([]);
});

test("without an open case nobody misses news", async () => {
  const { clock, state, read } = await makeWorld("main");
  const linkId = await addLink(state, "main", "TT1");
  await writes("main", "jira", "comment", [700, 9], clock.now());
  await database.pool.query(`UPDATE links SET "closedSeenAt" = now() WHERE id = $1`, [linkId]);

  expect(await read()).toEqual([]);
});

test("notices, stamps and what operators do are no news", async () => {
  const { clock, state, read } = await makeWorld("main");
  await addLink(state, "main", "TT1");
  await writes("main", "jira", "comment", [700, 9], clock.now());
  for (const action of ["notice", "link_issues", "adopt"]) await writes("main", "jira", action, [3, 0], clock.now());
  await database.pool.query(
    `UPDATE audit SET actor = 'ann' WHERE action = 'comment' AND at > now() - interval '1 hour'`,
  );

  expect(await read()).toHaveLength(1);
});

test("what nobody ever heard of is not missed, and connections are judged one by one", async () => {
  const { clock, state, read } = await makeWorld("busy", "new", "rare");
  for (const name of ["busy", "new", "rare"]) await addLink(state, name, `TT-${name}`);
  await writes("busy", "jira", "comment", [700, 9], clock.now());
  await writes("rare", "jira", "comment", [9, 9], clock.now());
  await writes("rare", "jira", "comment", [700, 700], clock.now());

  expect((await read()).map(({ connectionName }) => connectionName)).toEqual(["busy"]);
});
