import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { silentLogger } from "../observability/logger.ts";
import { readHistory } from "../store/history.ts";
import { addConnections, makeTestDatabase, type TestDatabase } from "../store/testing.ts";
import { makeRequestCounter, startHistory } from "./history.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await makeTestDatabase();
  await addConnections(database, "main");
});
afterAll(() => database.drop());
afterEach(() => void vi.useRealTimers());

test("each full minute is kept with its requests; those of a minute that could not be stored go with the next", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: new Date("2026-11-30T10:00:30Z") });
  const requests = makeRequestCounter();
  let broken = true;
  const prisma = new Proxy(database.prisma, {
    get: (target, name) => {
      if (broken && name === "$executeRaw") return () => Promise.reject(new Error("read-only"));
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const history = startHistory(
    { prisma, clock: { now: () => new Date() }, log: silentLogger, connections: [{ name: "main" }] },
    requests,
  );

  requests.count({ connection: "main", side: "huawei" });
  await vi.advanceTimersByTimeAsync(32_000);
  await history.idle();
  broken = false;
  requests.count({ connection: "main", side: "huawei" });
  requests.count({ connection: "main", side: "jira" });
  await vi.advanceTimersByTimeAsync(60_000);
  await history.stop();

  const past = await readHistory(database, { connectionName: "main", span: "hour", now: new Date() });
  expect(past).toEqual([
    expect.objectContaining({ at: new Date("2026-11-30T10:01:00Z"), requestsHuawei: 2, requestsJira: 1 }),
  ]);
});
