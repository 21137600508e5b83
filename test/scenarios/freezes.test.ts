/**
 * The network between the worker and one of the four that it talks to breaks in traffic: it swallows, stalls, halves an answer, resets,
 * refuses, or forgets the connections that are open. When it is whole again both sides agree within a minute, and nothing is there twice.
 */
import { expect, type TestContext, test } from "vitest";
import { type FaultProxy, type NetworkMode, startFaultProxy } from "../support/fault-proxy.ts";
import { type Env, type Harness, makeSeeded, startHarness } from "../support/harness.ts";
import { findFreePort } from "../support/port.ts";
import { hasRedisServer } from "../support/redis.ts";
import { makeTraffic } from "../support/traffic.ts";

const seed = Number(process.env.CASEBRIDGE_TEST_SEED ?? 20_261_130);
const timeout = 280_000;
const peers = ["postgres", "redis", "huawei", "jira"] as const;
type Peer = (typeof peers)[number];
const modes = ["swallow", "stall", "halve", "reset", "refuse", "forget"] as const;
type Mode = (typeof modes)[number];
/** After the freeze is over. */
const recoveryMs = 60_000;

type Freeze = { readonly peer: Peer; readonly mode: Mode; readonly holdMs: number };

/** Commands go the same way to the two services, since a connection knows them by their addresses. */
async function start(context: Pick<TestContext, "onTestFinished">, peer: Peer) {
  const network = await startFaultProxy({ port: 1 });
  const site = `http://127.0.0.1:${network.port}`;
  const sites: Partial<Record<Peer, Env>> = {
    huawei: { HUAWEI_OSM_ENDPOINT: site, HUAWEI_IAM_ENDPOINT: site },
    jira: { JIRA_HOST: site },
  };
  const harness = await startHarness({ queue: peer === "redis" ? "redis" : "postgres", env: sites[peer] ?? {} });
  context.onTestFinished(async () => {
    await harness.close();
    await network.close();
  });
  const real: Record<Peer, string | undefined> = {
    postgres: harness.baseEnv.DATABASE_URL,
    redis: harness.baseEnv.REDIS_URL,
    huawei: harness.huaweiUrl,
    jira: harness.jiraUrl,
  };
  const url = new URL(real[peer] ?? "");
  network.lead({ host: url.hostname, port: Number(url.port || 5432) });
  url.hostname = "127.0.0.1";
  url.port = String(network.port);
  const env: Env = {
    ...(peer === "postgres" ? { DATABASE_URL: url.href } : {}),
    ...(peer === "redis" ? { REDIS_URL: url.href } : {}),
  };
  return { harness, network, env };
}

async function hold(harness: Harness, network: FaultProxy, { mode, holdMs }: Omit<Freeze, "peer">): Promise<void> {
  const until = Date.now() + holdMs;
  if (mode === "forget") network.silence();
  else await network.set(mode satisfies NetworkMode);
  await harness.waitUntil(() => Date.now() > until, "the network stays broken for a while", holdMs + 5_000);
  await network.set("pass");
}

/** What a test run does by itself, and what `npm run test:all` adds: 30 in all. */
function plan(): Freeze[] {
  const random = makeSeeded(seed);
  const all = peers.flatMap((peer) => modes.map((mode) => ({ peer, mode })));
  const extra = Array.from(
    { length: 6 },
    () => all[Math.floor(random() * all.length)] ?? ({ peer: "jira", mode: "halve" } as const),
  );
  const list = [...all, ...extra].map((freeze) => ({ ...freeze, holdMs: 5_000 + Math.floor(random() * 40_000) }));
  if (process.env.CASEBRIDGE_TEST_ALL === "1") return list;
  return [
    { peer: "postgres", mode: "swallow", holdMs: 12_000 },
    { peer: "jira", mode: "halve", holdMs: 5_000 },
  ];
}

test.for(plan())(
  `$peer: the network does $mode for $holdMs ms (seed ${seed})`,
  { timeout },
  async (freeze, context) => {
    if (freeze.peer === "redis" && !hasRedisServer()) context.skip("no redis-server is installed");
    const { harness, network, env } = await start(context, freeze.peer);
    const traffic = makeTraffic(harness, makeSeeded(seed), { casesMax: 4 });
    const act = (count: number): void => {
      for (let index = 0; index < count; index += 1) traffic.act();
    };
    const worker = harness.spawnWorker(env);
    act(8);
    await harness.waitUntil(() => harness.jira.getState().issues.length > 0, "work has begun");
    act(4);

    await hold(harness, network, freeze);
    act(4);

    await harness.converge(recoveryMs);
    expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
    expect(worker.child.exitCode).toBeNull();
  },
);

test.for(["postgres", "jira"] as const)(
  "SIGTERM ends a worker within 30 s while %s swallows all that it sends",
  { timeout },
  async (peer, context) => {
    const { harness, network, env } = await start(context, peer);
    const traffic = makeTraffic(harness, makeSeeded(seed), { casesMax: 4 });
    const worker = harness.spawnWorker(env);
    for (let index = 0; index < 8; index += 1) traffic.act();
    await harness.waitUntil(() => harness.jira.getState().issues.length > 0, "work has begun");
    await network.set("swallow");
    const from = Date.now();
    // A run that waits for an answer is under way, and the beat has been sent.
    await harness.waitUntil(() => Date.now() > from + 2_000, "the worker waits");

    const askedAt = Date.now();
    const code = await worker.kill("SIGTERM");

    expect({ code, said: worker.output() }).toMatchObject({ code: 0 });
    expect(Date.now() - askedAt).toBeLessThan(30_000);
  },
);

test.skipIf(process.env.CASEBRIDGE_TEST_ALL !== "1")(
  "a worker whose database swallows tells so on /healthz within 90 s, and is well again afterwards",
  { timeout },
  async ({ onTestFinished }) => {
    const { harness, network, env } = await start({ onTestFinished }, "postgres");
    const port = await findFreePort();
    harness.spawnWorker({ ...env, HTTP_PORT: String(port) });
    const health = async (): Promise<number> =>
      fetch(`http://127.0.0.1:${port}/healthz`).then(
        (answer) => answer.status,
        () => 0,
      );
    await harness.waitUntil(async () => (await health()) === 200, "the worker is well");

    await network.set("swallow");
    await harness.waitUntil(async () => (await health()) === 503, "it says that it stands still", 90_000);
    await network.set("pass");

    await harness.waitUntil(async () => (await health()) === 200, "it is well again", recoveryMs);
  },
);
