import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { readHistory, recordMinute, rollUpHistory } from "./history.ts";
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

const minuteMs = 60_000;
const at = (time: string): Date => new Date(`2026-11-30T${time}Z`);
const requests = (huawei: number, jira: number) => new Map([["main", { huawei, jira }]]);
const still = {
  toJira: 0,
  toHuawei: 0,
  requestsHuawei: 0,
  requestsJira: 0,
  failures: 0,
  oldestP50: 0,
  oldestP95: 0,
  oldestMax: 0,
};

async function written(
  connectionName: string,
  side: string,
  action: string,
  times: readonly string[],
  actor: string | null = null,
) {
  for (const time of times)
    await database.pool.query(
      `INSERT INTO audit (at, "connectionName", side, action, item, result, actor) VALUES ($1, $2, $3, $4, 'x', 'x', $5)`,
      [at(time), connectionName, side, action, actor],
    );
}

const record = (now: Date, counted = requests(0, 0), connections: readonly string[] = ["main"]) =>
  recordMinute(database, { connections, requests: counted, now });

test("a minute holds its news, its failures and the age of what waits; two replicas add up their requests alone", async () => {
  const clock = makeTestClock();
  await addConnections(database, "main", "other");
  const linkId = await addLink(makeState({ ...database, clock }), "main", "TT1");
  await database.pool.query(`UPDATE links SET "wantedRev" = 5, "doneRev" = 4, "wantedAt" = $1 WHERE id = $2`, [
    at("09:58:30"),
    linkId,
  ]);
  await database.pool.query(
    `INSERT INTO failures ("connectionName", direction, item, reason, detail, state) VALUES ('main', 'to-jira', 'link', 'contract', '', 'open'), ('main', 'to-jira', 'x', 'contract', '', 'resolved')`,
  );
  await written("main", "jira", "comment", ["10:00:00", "10:00:59.999", "09:59:59.999", "10:01:00"]);
  await written("main", "huawei", "message", ["10:00:30"]);
  // Neither a notice nor an act of a person is news.
  await written("main", "jira", "notice", ["10:00:30"]);
  await written("main", "jira", "comment", ["10:00:30"], "ann");

  await record(at("10:01:02"), requests(7, 2), ["main", "other"]);
  await record(at("10:01:03"), requests(1, 0), ["main", "other"]);

  const past = await readHistory(database, { connectionName: "main", span: "hour", now: at("10:01:30") });
  expect(past).toEqual([
    {
      at: at("10:00:00"),
      toJira: 2,
      toHuawei: 1,
      requestsHuawei: 8,
      requestsJira: 2,
      failures: 1,
      oldestP50: 153,
      oldestP95: 153,
      oldestMax: 153,
    },
  ]);
  expect(await readHistory(database, { connectionName: "other", span: "hour", now: at("10:01:30") })).toEqual([
    { at: at("10:00:00"), ...still },
  ]);
});

test("connections together: counts are added up, ages are the worst", async () => {
  const now = at("10:01:00");
  await addConnections(database, "main", "other");
  await database.pool.query(
    `INSERT INTO history ("connectionName", span, at, "toJira", failures, "oldestP50", "oldestP95", "oldestMax")
     VALUES ('main', 'minute', $1, 3, 1, 10, 20, 30), ('other', 'minute', $1, 4, 2, 15, 15, 15)`,
    [at("10:00:00")],
  );

  expect(await readHistory(database, { connectionName: null, span: "hour", now })).toEqual([
    { ...still, at: at("10:00:00"), toJira: 7, failures: 3, oldestP50: 15, oldestP95: 20, oldestMax: 30 },
  ]);
});

test("a day is shown in steps of ten minutes, a week in hours, which stay 35 days when their minutes are gone", async () => {
  await addConnections(database, "main");
  const end = at("12:00:00");
  await database.pool.query(
    `INSERT INTO history ("connectionName", span, at, "toJira", "requestsJira", failures, "oldestP50", "oldestP95", "oldestMax")
     SELECT 'main', 'minute', $1::timestamptz - n * interval '1 minute', 1, 2, n % 4, n % 60, n % 60, n % 60 FROM generate_series(1, 120) AS n`,
    [end],
  );

  await rollUpHistory(database, end);
  await rollUpHistory(database, end);

  const day = await readHistory(database, { connectionName: "main", span: "day", now: end });
  expect(day).toHaveLength(12);
  expect(day.at(-1)).toMatchObject({ at: at("11:50:00"), toJira: 10, requestsJira: 20, failures: 3, oldestMax: 10 });
  const hours = [
    {
      ...still,
      at: at("10:00:00"),
      toJira: 60,
      requestsJira: 120,
      failures: 3,
      oldestP50: 30,
      oldestP95: 56,
      oldestMax: 59,
    },
    {
      ...still,
      at: at("11:00:00"),
      toJira: 60,
      requestsJira: 120,
      failures: 3,
      oldestP50: 30,
      oldestP95: 56,
      oldestMax: 59,
    },
  ];
  const week = { connectionName: "main", span: "week" } as const;
  expect(await readHistory(database, { ...week, now: end })).toEqual(hours);

  await rollUpHistory(database, new Date(end.getTime() + 27 * 60 * minuteMs));
  const { rows } = await database.pool.query(`SELECT span, count(*)::int AS count FROM history GROUP BY span`);
  expect(rows).toEqual([{ span: "hour", count: 2 }]);
  expect(await readHistory(database, { ...week, now: new Date(end.getTime() + 27 * 60 * minuteMs) })).toEqual(hours);

  await rollUpHistory(database, new Date(end.getTime() + 36 * 24 * 60 * minuteMs));
  expect((await database.pool.query("SELECT 1 FROM history")).rows).toEqual([]);
});

test("an hour whose oldest minutes are gone keeps what it had", async () => {
  await addConnections(database, "main");
  await database.pool.query(
    `INSERT INTO history ("connectionName", span, at, "toJira") SELECT 'main', 'minute', $1::timestamptz + n * interval '1 minute', 1 FROM generate_series(0, 59) AS n`,
    [at("10:00:00")],
  );
  // Each hour of the next two days, as a worker that goes on would.
  for (let hour = 1; hour <= 48; hour += 1)
    await rollUpHistory(database, new Date(at("10:00:02").getTime() + hour * 60 * minuteMs));

  const now = new Date(at("10:30:00").getTime() + 48 * 60 * minuteMs);
  expect(await readHistory(database, { connectionName: "main", span: "week", now })).toEqual([
    { ...still, at: at("10:00:00"), toJira: 60 },
  ]);
});
