/**
 * Storms over real workers in traffic: the queue is wiped, PostgreSQL restarts, a worker stands still past its leases, a service is
 * away or throttles. Afterwards each item has its one copy, `verify` agrees, and more rounds write nothing.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { type TestContext, test } from "vitest";
import { startEmbeddedPostgres } from "../../src/embedded-postgres/embedded-postgres.ts";
import type { TestDatabase } from "../support/database.ts";
import { chooseSome } from "../support/extent.ts";
import { type Env, type Harness, makeSeeded, startHarness } from "../support/harness.ts";
import { hasRedisServer } from "../support/redis.ts";
import { makeTraffic } from "../support/traffic.ts";

const seed = Number(process.env.CASEBRIDGE_TEST_SEED ?? 20_261_125);
const timeout = 280_000;
const queues = ["postgres", "redis"] as const;
type Queue = (typeof queues)[number];

type Context = Pick<TestContext, "onTestFinished" | "expect">;
/** Played with others of its file at once, each on simulators of its own: most of the time is spent waiting. */
type Tale = { readonly title: string; readonly needsRedis?: boolean; play(context: Context): Promise<void> };

/** Traffic with something that happens in its middle. */
type Storm = {
  readonly harness: Harness;
  /** Sets the services' clocks ahead of the worker's. Only ever forward: what a service has written stands in no future. */
  setOffset(ms: number): void;
  /** Runs `strike` inside the n-th write from now, between its arrival and its effect; answers when it is over. */
  atWrite(n: number, strike: () => void | Promise<void>): Promise<void>;
  /** People go on, whatever the mirror does meanwhile. */
  act(count: number): void;
  /** Waits until all traffic is done and the two sides are at rest, and asserts what must be true then. */
  blowOver(): Promise<void>;
};

const actsMax = 60;

/** Starts a worker in traffic: every second effect of a write makes people act once more, up to `actsMax`. */
async function brew(
  context: Context,
  options: { readonly queue: Queue; readonly database?: TestDatabase; readonly env?: Env; readonly offsetMs?: number },
): Promise<Storm> {
  let writes = 0;
  let offsetMs = options.offsetMs ?? 0;
  const now = (): number => Date.now() + offsetMs;
  let running = true;
  const strikes = new Map<number, () => Promise<void>>();
  const onEffect = async (event: { readonly write: boolean; readonly phase: "before" | "after" }): Promise<void> => {
    if (!event.write) return;
    if (event.phase === "after") {
      if (running && writes % 2 === 0 && traffic.acts() < actsMax) traffic.act();
      return;
    }
    writes += 1;
    const strike = strikes.get(writes);
    strikes.delete(writes);
    await strike?.();
  };
  const harness = await startHarness({
    huawei: { onEffect, now },
    jira: { onEffect, now },
    queue: options.queue,
    env: { LOG_LEVEL: "info", ...options.env },
    ...(options.database === undefined ? {} : { database: options.database }),
  });
  context.onTestFinished(async () => {
    running = false;
    await harness.close();
  });
  const traffic = makeTraffic(harness, makeSeeded(seed), { casesMax: 8 });
  const act = (count: number): void => {
    for (let index = 0; index < count; index += 1) traffic.act();
  };
  act(10);

  async function blowOver(): Promise<void> {
    act(Math.max(0, actsMax - traffic.acts()));
    await harness.converge(120_000);
    harness.huawei.resetRequests();
    harness.jira.resetRequests();
    // A full check of everything, then rounds.
    const resync = await harness.runCli(["resync", "--all", "--wait", "--json"]);
    await harness.waitForRounds(2);

    context.expect({ code: resync.code, stderr: resync.stderr }).toEqual({ code: 0, stderr: "" });
    context
      .expect({ huawei: harness.huawei.getRequests().writes, jira: harness.jira.getRequests().writes })
      .toEqual({ huawei: 0, jira: 0 });
    context.expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
    context.expect(await harness.settled()).toBe(true);
    const failures = await harness.runCli(["failures", "list", "--json"]);
    context.expect(failures.json).toEqual([]);
  }

  return {
    harness,
    setOffset: (ms) => {
      offsetMs = ms;
    },
    atWrite: (n, strike) =>
      new Promise((done, fail) => {
        strikes.set(writes + n, async () => {
          try {
            await strike();
            done();
          } catch (error) {
            fail(error);
          }
        });
      }),
    act,
    blowOver,
  };
}

async function onDatabase(connectionString: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

/** A cluster of the test's own, as durable as a real one. `strike` ends its server by a signal; it comes back by itself. */
async function startCluster(context: Pick<Context, "onTestFinished">) {
  const dataDir = await mkdtemp(join(tmpdir(), "casebridge-storm-"));
  const server = await startEmbeddedPostgres({ dataDir });
  // Finished hooks run last registered first: the harness's workers are gone by then.
  context.onTestFinished(async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  const { connectionString } = server;
  const startedAt = async (): Promise<string> =>
    String((await onDatabase(connectionString, "SELECT pg_postmaster_start_time()::text AS at"))[0]?.at);
  return {
    database: { connectionString, drop: async () => {} } satisfies TestDatabase,
    async strike(signal: NodeJS.Signals): Promise<void> {
      const [place] = await onDatabase(connectionString, "SHOW data_directory");
      const pidFile = await readFile(join(String(place?.data_directory), "postmaster.pid"), "utf8");
      process.kill(Number(pidFile.split("\n")[0]), signal);
    },
    startedAt,
  };
}

/** On the queue in Redis, or in PostgreSQL. */
function talesOf(queue: Queue): Tale[] {
  const place = { needsRedis: queue === "redis" };
  const on = `on the queue in ${queue}`;
  return [
    {
      ...place,
      title: `the queue is wiped, again and again, ${on}`,
      async play(context) {
        const storm = await brew(context, { queue });
        const { database, redis, spawnWorker } = storm.harness;
        const wipe = async (): Promise<void> => {
          if (redis !== null) await redis.flush();
          // Whoever waits for the wiped tables meanwhile notices a deadlock, not the wipe.
          else
            await onDatabase(
              database.connectionString,
              "SET deadlock_timeout = '1min'; DROP SCHEMA IF EXISTS bullmq CASCADE",
            );
        };
        spawnWorker();
        spawnWorker();

        await storm.atWrite(12, wipe);
        await storm.atWrite(9, wipe);
        await storm.atWrite(14, wipe);

        await storm.blowOver();
      },
    },

    {
      ...place,
      title: `PostgreSQL restarts, first in order, then after a crash, ${on}`,
      async play(context) {
        const cluster = await startCluster(context);
        const storm = await brew(context, { queue, database: cluster.database });
        const worker = storm.harness.spawnWorker();
        const first = await cluster.startedAt();

        await storm.atWrite(12, () => cluster.strike("SIGINT"));
        storm.act(3);
        await storm.atWrite(12, () => cluster.strike("SIGKILL"));
        storm.act(3);

        await storm.blowOver();
        context.expect(await cluster.startedAt()).not.toBe(first);
        context.expect(worker.child.exitCode).toBeNull();
      },
    },

    {
      ...place,
      title: `a worker stands still past lease and lock while another takes over, ${on}`,
      async play(context) {
        // An upload that stood still in its middle arrives only after it was repeated: the full check, which comes soon here, removes it.
        const storm = await brew(context, { queue, env: { CHECK_MAX_AGE_HOURS: "0.01" } });
        const { spawnWorker, waitUntil, copies } = storm.harness;
        const frozen = spawnWorker();

        await storm.atWrite(15, () => void frozen.child.kill("SIGSTOP"));
        const other = spawnWorker();
        // Its leases and locks end; the other one does what was left.
        await waitUntil(
          () => copies().losses.length === 0,
          () => `the other does all; ${copies().losses.join("; ")}`,
          120_000,
        );
        storm.act(3);
        frozen.child.kill("SIGCONT");
        await storm.atWrite(2, () => void other.child.kill("SIGSTOP"));
        storm.act(3);
        await waitUntil(
          () => copies().losses.length === 0,
          () => `the first does all; ${copies().losses.join("; ")}`,
          120_000,
        );
        other.child.kill("SIGCONT");

        await storm.blowOver();
      },
    },

    {
      ...place,
      title: `each service is away for a while, ${on}`,
      async play(context) {
        const storm = await brew(context, { queue });
        const { huawei, jira, spawnWorker, waitUntil } = storm.harness;
        spawnWorker();
        for (const side of [huawei, jira]) {
          let before = 0;
          const failed = (): number =>
            side.getRequests().log.filter((entry) => entry.status === 0 || entry.status >= 500).length;
          await storm.atWrite(10, () => {
            before = failed();
            side.setOutage(true);
          });
          storm.act(6);
          await waitUntil(() => failed() >= before + 6, "the outage is noticed");
          side.setOutage(false);
        }

        await storm.blowOver();
      },
    },
  ];
}

async function playClocks(context: Context): Promise<void> {
  const hourMs = 3_600_000;
  const storm = await brew(context, { queue: "postgres", offsetMs: -hourMs });
  storm.harness.spawnWorker();

  await storm.atWrite(12, () => storm.setOffset(0));
  storm.act(6);
  await storm.atWrite(12, () => storm.setOffset(hourMs));
  storm.act(6);

  await storm.blowOver();
}

/** One way in which a service asks to wait; `end` takes it back. */
type Throttling = {
  readonly name: string;
  readonly begin: (harness: Harness) => unknown;
  readonly end: (harness: Harness) => unknown;
};

const huaweiKinds: readonly Throttling[] = [
  {
    name: "by account, without Retry-After",
    begin: ({ huawei }) => huawei.setSettings({ requestsPerSecond: 6, rateLimitScope: "account" }),
    end: ({ huawei }) => huawei.setSettings({ requestsPerSecond: 0 }),
  },
  {
    name: "by API, with Retry-After",
    begin: ({ huawei }) => huawei.setSettings({ requestsPerSecond: 1, rateLimitScope: "api", retryAfterSeconds: 1 }),
    end: ({ huawei }) => huawei.setSettings({ requestsPerSecond: 0, retryAfterSeconds: 0 }),
  },
  {
    name: "at random, without Retry-After",
    begin: ({ huawei }) => huawei.addFault({ kind: "429", probability: 0.4 }),
    end: ({ huawei }) => huawei.clearFaults(),
  },
  {
    name: "at random, with Retry-After",
    begin: ({ huawei }) => huawei.addFault({ kind: "429", probability: 0.4, retryAfterSeconds: 1 }),
    end: ({ huawei }) => huawei.clearFaults(),
  },
];
const jiraKinds: readonly Throttling[] = [
  {
    name: "in bursts, with Retry-After",
    begin: ({ jira }) => jira.setSettings({ burstPerSecond: 1, retryAfterOn429: true }),
    end: ({ jira }) => jira.setSettings({ burstPerSecond: 0 }),
  },
  {
    name: "in bursts, without Retry-After",
    begin: ({ jira }) => jira.setSettings({ burstPerSecond: 1, retryAfterOn429: false }),
    end: ({ jira }) => jira.setSettings({ burstPerSecond: 0 }),
  },
  {
    name: "at random, without Retry-After",
    begin: ({ jira }) => jira.addFault({ kind: "429", probability: 0.4 }),
    end: ({ jira }) => jira.clearFaults(),
  },
  {
    name: "at random, with Retry-After",
    begin: ({ jira }) => jira.addFault({ kind: "429", probability: 0.4, retryAfterSeconds: 1 }),
    end: ({ jira }) => jira.clearFaults(),
  },
];

const isThrottled = (entry: { readonly status: number }): boolean => entry.status === 429;

/** Answers of 429, one kind after the other. */
async function playThrottling(kinds: readonly Throttling[], context: Context): Promise<void> {
  const storm = await brew(context, { queue: "postgres" });
  const { harness } = storm;
  const throttled = (): number =>
    [...harness.huawei.getRequests().log, ...harness.jira.getRequests().log].filter(isThrottled).length;
  harness.spawnWorker();
  await storm.atWrite(6, () => {});

  for (const { name, begin, end } of kinds) {
    const before = throttled();
    begin(harness);
    storm.act(8);
    await harness.waitUntil(
      () => throttled() >= before + 8,
      () => `${throttled() - before} of 8: ${name}`,
    );
    end(harness);
  }

  await storm.blowOver();
}

/** Answers of 429 for the limit of writes on one issue, used up by somebody else. */
async function playUsedUp(context: Context): Promise<void> {
  const storm = await brew(context, { queue: "postgres" });
  const { harness } = storm;
  const { jira, baseEnv } = harness;
  harness.spawnWorker();
  await storm.atWrite(10, () => {});
  const authorization = `Basic ${Buffer.from(`${baseEnv.JIRA_EMAIL}:${baseEnv.JIRA_API_TOKEN}`).toString("base64")}`;
  /** Another program of the same account writes on every issue until Jira takes no more. */
  const useUp = async (): Promise<void> => {
    for (const { key } of jira.getState().issues) {
      const statuses = await Promise.all(
        Array.from({ length: 21 }, async (_, index) => {
          const answer = await fetch(`${baseEnv.JIRA_HOST}/rest/api/3/issue/${key}/properties/noise-${index}`, {
            method: "PUT",
            headers: { authorization, "content-type": "application/json" },
            body: "1",
          });
          return answer.status;
        }),
      );
      context.expect(statuses).toContain(429);
    }
  };
  const refused = (): number =>
    jira.getRequests().log.filter((entry) => isThrottled(entry) && !entry.path.includes("noise")).length;

  for (let times = 0; times < 3; times += 1) {
    const before = refused();
    for (const { key } of jira.getState().issues) jira.addComment({ issue: key, text: `Comment in storm ${times}` });
    for (const { caseId } of harness.huawei.getState().cases)
      harness.huawei.addMessage({ caseId, author: "engineer", content: `Answer in storm ${times}` });
    // It goes on until a write of ours met it.
    await harness.waitUntil(async () => {
      await useUp();
      return refused() > before;
    }, "a write is refused");
  }

  await storm.blowOver();
}

const tales: readonly Tale[] = [
  ...queues.flatMap(talesOf),
  { title: "the services' clocks are an hour behind, right, and an hour ahead", play: playClocks },
  { title: "a storm of 429 of Huawei", play: (context) => playThrottling(huaweiKinds, context) },
  { title: "a storm of 429 of Jira", play: (context) => playThrottling(jiraKinds, context) },
  { title: "a storm of 429 of Jira, by the limit of writes on one issue", play: playUsedUp },
];

for (const { title, needsRedis = false, play } of chooseSome("storms", tales, 2)) {
  const isOff = needsRedis && !hasRedisServer();
  const name = `${isOff ? "skipped, since no redis-server is installed: " : ""}${title} (seed ${seed})`;
  (isOff ? test.skip : test.concurrent)(name, { timeout }, play);
}
