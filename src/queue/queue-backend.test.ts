import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { createTestRedis, hasRedisServer, type TestRedis } from "../../test/support/redis.ts";
import { ServiceError } from "../domain/service-error.ts";
import { type DeadJob, type Enqueue, type QueueBackend, type QueueBackendOptions, queueNames } from "./contract.ts";
import { makeQueueBackend } from "./queue-backend.ts";

let database: TestDatabase | null = null;
let redis: TestRedis | null = null;
let open: QueueBackend[] = [];
const logged: string[] = [];

const kinds = ["postgres", "redis"] as const;

describe.each(kinds)("on %s", (kind) => {
  const absent = kind === "redis" && !hasRedisServer();
  const title = absent ? "skipped, since no redis-server is installed: " : "";
  const it = absent ? test.skip : test;

  beforeAll(async () => {
    if (absent) return;
    if (kind === "redis") redis = await createTestRedis();
    else database = await createTestDatabase({ migrated: false });
  });

  beforeEach(() => {
    logged.length = 0;
  });

  afterEach(async () => {
    await Promise.all(open.map((backend) => backend.close({ timeoutMs: 1_000 })));
    open = [];
    if (kind === "redis") await redis?.flush();
    else if (database !== null) await dropQueueSchema();
  });

  afterAll(async () => {
    await database?.drop();
    await redis?.stop();
    database = null;
    redis = null;
  });

  /** Jobs that ended for good, as BullMQ keeps them. */
  async function deadJobs(backend: QueueBackend): Promise<DeadJob[]> {
    const lists = await Promise.all(
      (["links", "rounds"] as const).map(async (name) => {
        const queue = backend.queues.find((one) => one.name === queueNames[name]);
        const jobs: Job[] = (await queue?.getFailed()) ?? [];
        return jobs.map((job) => ({ queue: name, name: job.name, payload: job.data, error: job.failedReason }));
      }),
    );
    return lists.flat();
  }

  /** Everything that lies in the queue's store. */
  async function stored(): Promise<string> {
    if (kind === "redis") {
      const client = new Redis(redis?.url ?? "");
      const hashes = await Promise.all(
        (await client.keys("*")).map(async (key) =>
          (await client.type(key)) === "hash" ? await client.hgetall(key) : null,
        ),
      );
      client.disconnect();
      return JSON.stringify(hashes);
    }
    const client = new pg.Client(database?.connectionString);
    await client.connect();
    const { rows: tables } = await client.query(
      "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
    );
    const found: string[] = [];
    for (const { name } of tables) found.push(JSON.stringify((await client.query(`SELECT * FROM ${name}`)).rows));
    await client.end();
    return found.join();
  }

  function make(options: Partial<QueueBackendOptions> = {}): QueueBackend {
    const backend = makeQueueBackend({
      redisUrl: kind === "redis" ? (redis?.url ?? "") : null,
      databaseUrl: database?.connectionString ?? "",
      log: {
        warn: (facts, message) => logged.push(`${message} ${JSON.stringify(facts)}`),
        error: (facts, message) => logged.push(`${message} ${JSON.stringify(facts)}`),
      },
      retryFirstMs: 50,
      random: () => 0,
      ...options,
    });
    open.push(backend);
    return backend;
  }

  function work(backend: QueueBackend, handle: (payload: unknown) => Promise<unknown>, concurrency = 4): void {
    backend.startWorkers([{ queue: "links", name: "reconcile-link", handle }], {
      concurrency: { links: concurrency, rounds: 4 },
    });
  }

  it(`${title}enqueues of one key collapse while it waits, whatever signs and digits the key has`, async () => {
    const backend = make();
    for (const key of ["7", "7", "a:b", "a:b", "a-b"]) await backend.enqueue(wake(key));
    const seen: unknown[] = [];

    work(backend, async (payload) => seen.push(payload));
    await idle(backend);

    expect(seen.map(keyOf).sort()).toEqual(["7", "a-b", "a:b"]);
  });

  it(`${title}wake-ups while the job runs cause exactly one more run, which sees the newest payload`, async () => {
    const backend = make();
    const gate = makeGate();
    const seen: unknown[] = [];
    work(backend, async (payload) => {
      seen.push(payload);
      if (seen.length === 1) await gate.opened;
    });

    await backend.enqueue(wake("1"));
    await until(() => seen.length === 1);
    for (const news of ["b", "c", "d"]) await backend.enqueue(wake("1", { payload: { key: "1", news } }));
    gate.open();
    await idle(backend);

    expect(seen).toEqual([{ key: "1" }, { key: "1", news: "d" }]);
  });

  it(`${title}a wake-up during a run that fails is served by the retry and one more run at most`, async () => {
    const backend = make();
    const gate = makeGate();
    let runs = 0;
    work(backend, async () => {
      runs++;
      if (runs === 1) {
        await gate.opened;
        throw new Error("first try");
      }
    });

    await backend.enqueue(wake("1"));
    await until(() => runs === 1);
    await backend.enqueue(wake("1"));
    gate.open();
    await until(() => runs >= 2);
    await idle(backend);

    expect(runs).toBeLessThanOrEqual(3);
    expect((await backend.counts()).links).toMatchObject({ delayed: 0, failed: 0 });
  });

  it(`${title}a wake-up of a key that waits for its retry is not lost`, async () => {
    const backend = make({ retryFirstMs: 500 });
    let runs = 0;
    let runsAtWake = -1;
    work(backend, async () => {
      runs++;
      if (runs === 1) throw new Error("first try");
    });

    await backend.enqueue(wake("1"));
    await untilAsync(async () => (await backend.counts()).links.delayed === 1);
    runsAtWake = runs;
    await backend.enqueue(wake("1"));
    await idle(backend);

    expect(runs).toBeGreaterThan(runsAtWake);
  });

  it(`${title}being told to wait costs no attempt`, async () => {
    const backend = make({ attemptsMax: 2 });
    let runs = 0;
    work(backend, async () => {
      runs++;
      if (runs <= 4) throw serviceError("rate_limited", 30);
      if (runs === 5) throw new Error("the one failure that is allowed");
    });

    await backend.enqueue(wake("1"));
    await until(() => runs === 6);
    await idle(backend);

    expect(await deadJobs(backend)).toEqual([]);
  });

  it(`${title}a job that used up its attempts is reported once and does not hold back newer wake-ups`, async () => {
    const reports: unknown[] = [];
    const backend = make({ attemptsMax: 3, onExhausted: async (report) => void reports.push(report) });
    let runs = 0;
    work(backend, async () => {
      runs++;
      if (runs <= 3) throw new Error("still broken");
    });

    await backend.enqueue(wake("1"));
    await untilAsync(async () => (await deadJobs(backend)).length === 1);
    const failed = await deadJobs(backend);
    await backend.enqueue(wake("1"));
    await until(() => runs === 4);
    await idle(backend);

    const report = { queue: "links", name: "reconcile-link", payload: { key: "1" }, error: "Error" };
    expect(reports).toEqual([report]);
    expect(failed).toMatchObject([report]);
  });

  it(`${title}what a driver quotes in its error stands in no report, no log and not in the queue`, async () => {
    const reports: unknown[] = [];
    const backend = make({ attemptsMax: 2, onExhausted: async (report) => void reports.push(report) });
    work(backend, async () => {
      throw Object.assign(new Error('invalid input syntax for type json: "hunter2"'), { code: "22P02" });
    });

    await backend.enqueue(wake("1"));
    await untilAsync(async () => (await deadJobs(backend)).length === 1);

    expect(reports).toMatchObject([{ error: "Error 22P02" }]);
    expect(await deadJobs(backend)).toMatchObject([{ error: "Error 22P02" }]);
    expect(logged.join()).toContain("Job will be tried again");
    const kept = await stored();
    expect(kept).toContain("22P02");
    expect([logged.join(), kept].filter((text) => text.includes("hunter2"))).toEqual([]);
  });

  it(`${title}what can never succeed is tried once`, async () => {
    const backend = make();
    const seen: string[] = [];
    work(backend, async (payload) => {
      seen.push(keyOf(payload));
      throw serviceError("rejected", null);
    });

    await backend.enqueue(wake("1"));
    await backend.enqueue(wake("2"));
    await untilAsync(async () => (await deadJobs(backend)).length === 2);
    await idle(backend);

    expect(seen.sort()).toEqual(["1", "2"]);
  });

  it(`${title}a dead job whose report fails is kept until the report succeeds`, async () => {
    const backend = make({
      onExhausted: () => Promise.reject(new Error("the database is away")),
    });
    work(backend, async () => {
      throw serviceError("rejected", null);
    });

    await backend.enqueue(wake("1"));
    await untilAsync(async () => (await backend.counts()).links.delayed === 1);

    expect(await deadJobs(backend)).toEqual([]);
    expect(logged.join()).toContain("A dead job could not be reported");
  });

  it(`${title}live wake-ups overtake an import, even of keys that the import already queued`, async () => {
    const backend = make();
    for (const key of ["i1", "i2", "i3"]) await backend.enqueue(wake(key, { lane: "import" }));
    await backend.enqueue(wake("c", { lane: "check" }));
    await backend.enqueue(wake("p", { lane: "poll" }));
    await backend.enqueue(wake("l", { lane: "live" }));
    await backend.enqueue(wake("i3", { lane: "live" }));
    const seen: string[] = [];

    work(backend, async (payload) => seen.push(keyOf(payload)), 1);
    await until(() => seen.length === 6);

    expect(seen.slice(0, 2).sort()).toEqual(["i3", "l"]);
    expect(seen.slice(2)).toEqual(["p", "c", "i1", "i2"]);
  });

  it(`${title}a key whose turn has come leaves its old place, so that those which come to the front later do not pass it`, async () => {
    const backend = make();
    await backend.enqueue(wake("patient", { lane: "import", turn: 9 }));
    await backend.enqueue(wake("busy-1", { lane: "import", turn: 1 }));
    await backend.enqueue(wake("busy-2", { lane: "import", turn: 2 }));
    await backend.enqueue(wake("patient", { lane: "import", turn: 0 }));
    await backend.enqueue(wake("busy-2", { lane: "import", turn: 5 }));
    const seen: string[] = [];

    work(backend, async (payload) => seen.push(keyOf(payload)), 1);
    await until(() => seen.length === 3);

    expect(seen).toEqual(["patient", "busy-1", "busy-2"]);
  });

  it(`${title}two replicas share the work and never run one key at once`, async () => {
    const [first, second] = [make(), make()];
    const runs = { first: 0, second: 0 };
    const active = new Set<string>();
    const clashes: string[] = [];
    const seen = new Set<string>();
    const handler = (who: "first" | "second") => async (payload: unknown) => {
      const key = keyOf(payload);
      if (active.has(key)) clashes.push(key);
      active.add(key);
      runs[who]++;
      await sleep(20);
      active.delete(key);
      seen.add(key);
    };
    work(first, handler("first"));
    work(second, handler("second"));

    for (let round = 0; round < 4; round++) {
      for (let n = 0; n < 20; n++) await first.enqueue(wake(`k${n}`));
    }
    await idle(first);

    expect(seen.size).toBe(20);
    expect(clashes).toEqual([]);
    expect(Math.min(runs.first, runs.second)).toBeGreaterThan(0);
  });

  it(`${title}a queue whose store was wiped behind its back works on`, async () => {
    const backend = make();
    const seen: string[] = [];
    work(backend, async (payload) => seen.push(keyOf(payload)));
    await backend.enqueue(wake("1"));
    await until(() => seen.length === 1);

    if (kind === "redis") await redis?.flush();
    else await dropQueueSchema();
    await backend.enqueue(wake("2"));
    await until(() => seen.length === 2);

    expect(seen).toEqual(["1", "2"]);
  });

  it(`${title}closing lets running jobs finish and starts no other`, async () => {
    const backend = make();
    const gate = makeGate();
    const [started, finished]: [string[], string[]] = [[], []];
    work(
      backend,
      async (payload) => {
        started.push(keyOf(payload));
        await gate.opened;
        finished.push(keyOf(payload));
      },
      1,
    );
    await backend.enqueue(wake("1"));
    await backend.enqueue(wake("2"));
    await until(() => started.length === 1);

    const closed = backend.close({ timeoutMs: 10_000 });
    await sleep(50);
    gate.open();
    await closed;

    expect([started, finished]).toEqual([["1"], ["1"]]);
    const other = make();
    const seen: string[] = [];
    work(other, async (payload) => seen.push(keyOf(payload)));
    await until(() => seen.length === 1);
    expect(seen).toEqual(["2"]);
  });

  it(`${title}closing hands back what does not finish in time, and another worker starts it at once`, async () => {
    const [stuck, other] = [make(), make()];
    let isStarted = false;
    work(stuck, () => {
      isStarted = true;
      return new Promise(() => {});
    });
    await stuck.enqueue(wake("1"));
    await until(() => isStarted);
    const seen: string[] = [];

    const startedAt = Date.now();
    await stuck.close({ timeoutMs: 300 });
    const tookMs = Date.now() - startedAt;
    work(other, async (payload) => seen.push(keyOf(payload)));
    await until(() => seen.length === 1, 5_000);

    expect(tookMs).toBeLessThan(4_300);
    await stuck.close({ timeoutMs: 1 });
  });

  it(`${title}refuses two handlers of one name and a name without any`, () => {
    const backend = make();
    const handle = async (): Promise<void> => {};
    const one = { queue: "links", name: "a", handle } as const;

    expect(() =>
      backend.startWorkers([one, { ...one, queue: "rounds" }], { concurrency: { links: 1, rounds: 1 } }),
    ).toThrow("two handlers");
    expect(() => backend.startWorkers([one], { concurrency: { links: 1, rounds: 1 }, expected: ["a", "b"] })).toThrow(
      "no handler for the job b",
    );
  });

  it(`${title}a backend that cannot be reached is an error within 5 s, never a crash`, async () => {
    const backend = make(
      kind === "redis" ? { redisUrl: "redis://127.0.0.1:1" } : { databaseUrl: "postgresql://a:b@127.0.0.1:1/c" },
    );
    work(backend, async () => {});

    const startedAt = Date.now();
    const errors = await Promise.all(
      [backend.enqueue(wake("1")), backend.check()].map((call) => call.catch((error: unknown) => error)),
    );

    expect(errors).toMatchObject([{ name: "QueueUnavailable" }, { name: "QueueUnavailable" }]);
    expect(Date.now() - startedAt).toBeLessThan(5_500);
  });
});

describe("Redis alone", () => {
  const name = hasRedisServer() ? "" : "skipped, since no redis-server is installed: ";

  test.skipIf(!hasRedisServer())(`${name}an outage crashes nothing, and work goes on after it`, async () => {
    const server = await createTestRedis();
    const backend = makeQueueBackend({ redisUrl: server?.url ?? "", databaseUrl: "", log: { warn() {}, error() {} } });
    const seen: string[] = [];
    backend.startWorkers(
      [{ queue: "links", name: "reconcile-link", handle: async (payload) => seen.push(keyOf(payload)) }],
      { concurrency: { links: 1, rounds: 1 } },
    );
    await backend.enqueue(wake("1"));
    await until(() => seen.length === 1);

    await server?.kill();
    const error = await backend.enqueue(wake("2")).catch((e: unknown) => e);
    await server?.restart();
    await untilAsync(() =>
      backend.enqueue(wake("3")).then(
        () => true,
        () => false,
      ),
    );
    await until(() => seen.includes("3"), 20_000);

    expect(error).toMatchObject({ name: "QueueUnavailable" });
    await backend.close({ timeoutMs: 1_000 });
    await server?.stop();
  });

  test.skipIf(!hasRedisServer())(`${name}an evicting Redis is reported`, async () => {
    const server = await createTestRedis();
    const client = new Redis(server?.url ?? "");
    const backend = makeQueueBackend({ redisUrl: server?.url ?? "", databaseUrl: "", log: { warn() {}, error() {} } });

    const before = await backend.findMisfit();
    await client.config("SET", "maxmemory-policy", "allkeys-lru");
    const after = await backend.findMisfit();

    expect([before, after]).toEqual([
      null,
      expect.objectContaining({ fatal: false, detail: expect.stringContaining("noeviction") }),
    ]);
    client.disconnect();
    await backend.close({ timeoutMs: 1_000 });
    await server?.stop();
  });
});

function wake(key: string, more: Partial<Enqueue> = {}): Enqueue {
  return { queue: "links", name: "reconcile-link", key, payload: { key }, lane: "poll", ...more };
}

function keyOf(payload: unknown): string {
  return typeof payload === "object" && payload !== null && "key" in payload ? String(payload.key) : "";
}

function serviceError(kind: "rate_limited" | "rejected", retryAfterMs: number | null): ServiceError {
  const facts = { side: "huawei", operation: "x", status: null, code: null, requestId: null } as const;
  return new ServiceError({ ...facts, kind, retryAfterMs, outcomeUnknown: false, detail: "" });
}

function makeGate(): { opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((done) => {
    open = done;
  });
  return { opened, open: () => open() };
}

/** Nothing waits, runs or is delayed. */
async function idle(backend: QueueBackend): Promise<void> {
  await untilAsync(async () => {
    const { waiting = 0, prioritized = 0, active = 0, delayed = 0 } = (await backend.counts()).links;
    return waiting + prioritized + active + delayed === 0;
  });
}

async function until(reached: () => boolean, ms = 15_000): Promise<void> {
  await untilAsync(async () => reached(), ms);
}

async function untilAsync(reached: () => Promise<boolean>, ms = 15_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await reached())) {
    if (Date.now() > deadline) throw new Error(`waited in vain; logged: ${logged.join("\n")}`);
    await sleep(10);
  }
}

/** Drops the queue's schema under running workers. PostgreSQL ends one side of a deadlock with 40P01, to be repeated by it. */
async function dropQueueSchema(): Promise<void> {
  const client = new pg.Client({ connectionString: database?.connectionString });
  await client.connect();
  try {
    for (;;) {
      const error = await client.query("DROP SCHEMA IF EXISTS bullmq CASCADE").then(
        () => null,
        (reason: { readonly code?: string }) => reason,
      );
      if (error === null) return;
      if (error.code !== "40P01") throw error;
    }
  } finally {
    await client.end();
  }
}
