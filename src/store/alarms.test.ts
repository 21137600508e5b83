/** Who is told what, over a real database: many replicas, storms, flickers, endpoints that are away, and their ends. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Alarm, AlarmCause } from "../domain/alarm.ts";
import type { NotifyMessage } from "../observability/notify/message.ts";
import type { Delivery } from "../observability/notify/messenger.ts";
import { type NotifierDeps, notifyOnce, startNotifier } from "../observability/notify/notifier.ts";
import { makeAdminStore } from "./admin.ts";
import { listFailureGroups, makeAlarmBook } from "./alarms.ts";
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

function stopped(connectionName: string, change: Partial<Alarm> = {}): Alarm {
  const none = { since: null, count: 1, items: [], newestAt: null, isExplained: false };
  return { connectionName, code: "stopped", about: "memory_lost", ...none, ...change };
}

/** Replicas on one database and one clock, whose conditions and endpoint a test sets. */
function makeWorld(causes: readonly AlarmCause[] = ["failure", "stopped", "silence"]) {
  const clock = makeTestClock();
  const sent: NotifyMessage[] = [];
  const world = {
    alarms: [] as readonly Alarm[],
    answer: { isAccepted: true } as Delivery | Promise<Delivery>,
    warnings: [] as unknown[],
  };
  const replica = (owner: string): NotifierDeps => ({
    book: makeAlarmBook({ ...database, owner }),
    readAlarms: async () => world.alarms,
    deliver: async (message) => {
      const answer = await world.answer;
      if (answer.isAccepted) sent.push(message);
      return answer;
    },
    causes,
    settings: { languages: ["en"], publicUrl: null, issueUrl: () => null },
    clock,
    random: () => 0,
    log: { info() {}, warn: (facts) => void world.warnings.push(facts) },
    onDelivery: () => {},
  });
  const one = replica("one");
  return {
    world,
    clock,
    sent,
    replica,
    look: () => notifyOnce(one),
    /** So much time, with a look every 15 s. */
    async pass(ms: number): Promise<void> {
      for (let left = ms; left > 0; left -= 15_000) {
        clock.advance(15_000);
        await notifyOnce(one);
      }
    },
    state: () => makeAdminStore({ ...database, clock }).readNotifier(),
    titles: () => sent.map(({ title }) => title),
  };
}

test("four replicas tell once", async () => {
  const { world, clock, sent, replica } = makeWorld();
  const replicas = ["a", "b", "c", "d"].map(replica);
  world.alarms = [stopped("main")];
  for (let turn = 0; turn < 20; turn += 1) {
    await Promise.all(replicas.map(notifyOnce));
    clock.advance(15_000);
  }

  expect(sent).toHaveLength(1);
});

test("a trouble is told at once, lasts without a word, and its end is told once it lasts", async () => {
  const { world, look, pass, sent, titles } = makeWorld();
  world.alarms = [stopped("main")];
  expect(await look()).toBe("told");
  await pass(2 * 60 * minuteMs);
  expect(sent).toHaveLength(1);

  world.alarms = [];
  await pass(5 * minuteMs);
  expect(titles()).toEqual(["casebridge needs a look (1 open)", "casebridge: all clear"]);
  await pass(60 * minuteMs);
  expect(sent).toHaveLength(2);
});

test("what comes within a minute is told in one message, and no minute has two", async () => {
  const { world, clock, look, sent } = makeWorld();
  world.alarms = [stopped("a")];
  await look();
  const times: number[] = [];
  for (let second = 0; second < 300; second += 1) {
    if (second % 7 === 0) world.alarms = [...world.alarms, stopped(`b${second}`)];
    clock.advance(1_000);
    if ((await look()) === "told") times.push(second);
  }

  expect(sent.flatMap(({ began }) => began).length).toBeGreaterThan(30);
  expect(times.length).toBeGreaterThanOrEqual(4);
  for (const [index, time] of times.entries()) expect(time - (times[index - 1] ?? -60)).toBeGreaterThanOrEqual(59);
});

test("a trouble that flickers is told once", async () => {
  const { world, pass, sent, look } = makeWorld();
  world.alarms = [stopped("main")];
  await look();
  for (let turn = 0; turn < 20; turn += 1) {
    world.alarms = turn % 2 === 0 ? [] : [stopped("main")];
    await pass(minuteMs);
  }

  expect(sent).toHaveLength(1);
});

test("one trouble of two that ends is no all-clear", async () => {
  const { world, pass, look, titles } = makeWorld();
  world.alarms = [stopped("a"), stopped("b")];
  await look();
  world.alarms = [stopped("b")];
  await pass(5 * minuteMs);

  expect(titles().at(-1)).toBe("casebridge: something is well again (1 still open)");
});

test("further failures of a reason are told, those that were told are not", async () => {
  const { world, clock, pass, look, sent } = makeWorld();
  const failures = (count: number): Alarm =>
    stopped("main", { code: "failure", about: "forbidden", count, newestAt: clock.now() });
  world.alarms = [failures(1)];
  await look();
  await pass(10 * minuteMs);
  world.alarms = [failures(3)];
  await pass(10 * minuteMs);

  expect(sent.map(({ lines }) => lines[0]?.text)).toEqual([
    "main: 1 item cannot be mirrored (forbidden)",
    "main: more items cannot be mirrored (forbidden), 3 in all",
  ]);
});

test("what something else explains is not told, and ends nothing", async () => {
  const { world, pass, look, sent } = makeWorld();
  const late = stopped("main", { code: "late", about: "" });
  world.alarms = [{ ...late, isExplained: true }];
  expect(await look()).toBe("nothing");
  world.alarms = [late];
  await pass(minuteMs);
  world.alarms = [{ ...late, isExplained: true }];
  await pass(60 * minuteMs);

  expect(sent).toHaveLength(1);
});

test("causes that nobody asked for are not told, and end without a word", async () => {
  const { world, look, sent } = makeWorld();
  world.alarms = [stopped("main")];
  await look();
  const fewer = makeWorld(["failure"]);
  fewer.world.alarms = [stopped("other")];
  fewer.clock.advance(minuteMs);
  await fewer.pass(10 * minuteMs);

  expect(sent).toHaveLength(1);
  expect(fewer.sent).toEqual([]);
  expect(await database.prisma.alarm.count()).toBe(0);
});

test("an endpoint that refuses is asked at growing pauses, and told everything that still holds once it takes it", async () => {
  const { world, clock, look, sent, state } = makeWorld();
  world.alarms = [stopped("a"), stopped("b")];
  world.answer = { isAccepted: false, problem: "http_404", waitMs: null };
  const tries: number[] = [];
  for (let second = 0; second < 3 * 3_600; second += 30) {
    if ((await look()) === "failed") tries.push(second);
    clock.advance(30_000);
  }

  const gaps = tries.map((time, index) => time - (tries[index - 1] ?? 0)).slice(1);
  expect(gaps.slice(0, 4)).toEqual([60, 120, 240, 480]);
  expect(Math.max(...gaps)).toBe(1_800);
  expect(await state()).toMatchObject({ problem: "http_404", attempts: tries.length, sentAt: null });
  world.answer = { isAccepted: true };
  world.alarms = [stopped("b"), stopped("c")];
  clock.advance(1_800_000);
  expect(await look()).toBe("told");
  expect(sent.map(({ began }) => began.map(({ connection }) => connection))).toEqual([["b", "c"]]);
  expect(await state()).toMatchObject({ problem: null, attempts: 0, failingSince: null, sentAt: clock.now() });
});

test("a test that was taken ends the failure, and what waits is told at once", async () => {
  const { world, clock, look, sent, state } = makeWorld();
  world.alarms = [stopped("a")];
  world.answer = { isAccepted: false, problem: "http_404", waitMs: null };
  await look();
  world.answer = { isAccepted: true };
  expect(await look()).toBe("idle");

  await makeAdminStore({ ...database, clock, actor: "ann@ops-1" }).noteTestAccepted();

  expect(await state()).toMatchObject({ problem: null, attempts: 0, failingSince: null });
  expect(await look()).toBe("told");
  expect(sent).toHaveLength(1);
  const { items } = await makeAdminStore(database).listActPage({ limit: 5 });
  expect(items).toMatchObject([{ actor: "ann@ops-1", action: "notify", target: "test", outcome: "taken" }]);
});

test("a service that asks for a longer pause gets it", async () => {
  const { world, clock, look } = makeWorld();
  world.alarms = [stopped("a")];
  world.answer = { isAccepted: false, problem: "http_429", waitMs: 600_000 };
  await look();
  clock.advance(599_000);
  expect(await look()).toBe("idle");
  clock.advance(1_000);

  expect(await look()).toBe("failed");
});

test("a replica that dies while it sends is followed by another one, and its late word counts for nothing", async () => {
  const { world, clock, sent, replica } = makeWorld();
  world.alarms = [stopped("a")];
  let arrive: (delivery: Delivery) => void = () => {};
  const hangs = new Promise<Delivery>((resolve) => {
    arrive = resolve;
  });
  const sending = Promise.withResolvers<void>();
  const quick = replica("quick");
  const hanging = notifyOnce({
    ...replica("slow"),
    deliver: () => {
      sending.resolve();
      return hangs;
    },
  });
  await sending.promise;
  expect(await notifyOnce(quick)).toBe("idle");
  clock.advance(2 * minuteMs);

  expect(await notifyOnce(quick)).toBe("told");
  arrive({ isAccepted: false, problem: "timeout", waitMs: null });
  await hanging;
  expect(sent).toHaveLength(1);
  expect(await makeAdminStore(database).readNotifier()).toMatchObject({ problem: null, attempts: 0 });
});

test("a start after failed attempts tries at once", async () => {
  const { world, clock, look, replica, sent } = makeWorld();
  world.alarms = [stopped("a")];
  world.answer = { isAccepted: false, problem: "connect ECONNREFUSED", waitMs: null };
  await look();
  world.answer = { isAccepted: true };
  clock.advance(1_000);
  const taken = Promise.withResolvers<void>();
  const notifier = startNotifier({ ...replica("new"), onDelivery: () => taken.resolve() });
  await taken.promise;
  await notifier.stop();

  expect(sent).toHaveLength(1);
});

test("a database that is away is logged and stops nothing", async () => {
  const { world, replica } = makeWorld();
  const broken = { ...replica("x"), readAlarms: () => Promise.reject(new Error("the database is away")) };
  const warned = Promise.withResolvers<void>();
  const notifier = startNotifier({ ...broken, log: { info() {}, warn: () => warned.resolve() } });
  await warned.promise;
  await notifier.stop();

  expect(world.warnings).toEqual([]);
});

test("failures are read in groups, with the newest of each, however many there are", async () => {
  const clock = makeTestClock();
  const state = makeState({ ...database, clock });
  await addConnections(database, "main", "other");
  const linkId = await addLink(state, "main", "TT1");
  await database.pool.query(
    `INSERT INTO failures ("connectionName", "linkId", direction, item, reason, detail, state, "firstAt")
     SELECT 'main', $1, 'to-jira', 'message:' || n, 'comment_refused', '', CASE n % 10 WHEN 0 THEN 'resolved' WHEN 1 THEN 'retrying' ELSE 'open' END, now() - n * interval '1 minute'
     FROM generate_series(1, 3000) AS n`,
    [linkId],
  );
  await state.recordConnectionFailure("other", "job_failed", "links: boom");

  const groups = await listFailureGroups(database.prisma, 5);

  expect(groups).toEqual([
    expect.objectContaining({ connectionName: "main", reason: "comment_refused", count: 2700 }),
    expect.objectContaining({ connectionName: "other", reason: "job_failed", count: 1 }),
  ]);
  expect(groups[0]?.items).toEqual(
    [1, 2, 3, 4, 5].map((id) => ({ failureId: String(id), caseId: "TT1", issueKey: null })),
  );
  expect(groups[0]?.newestAt.getTime()).toBeGreaterThan(groups[0]?.since.getTime() ?? 0);
  expect(groups[1]?.items).toEqual([{ failureId: expect.any(String), caseId: null, issueKey: null }]);
});
