/**
 * A soak: five changes a second in both directions, and a trouble every minute: workers killed, frozen and restarted, services that throttle,
 * fail, hang or lose answers, a database that cuts its connections. One worker is left alone and watched; a second one beside it is what
 * gets killed and frozen. In the end each item has its one copy and `verify` agrees, or the measurement fails.
 */
import { readdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { makeSeeded, type WorkerProcess } from "../test/support/harness.ts";
import { drawCurves } from "./curves.ts";
import { type Bench, percentile, readRssMb, startWorld, type World } from "./world.ts";

const links = 600;
const actsPerSecond = 5;
const sampleMs = 5_000;
const picture = "docs/images/soak.svg";
const riseMaxMb = 16;
/** What may come and go without being a leak: a pool's idle connections end after half a minute. */
const handlesMax = 10;

/** Over time, under traffic in both directions and a trouble every minute. */
export const soak: Bench = {
  name: "soak",
  what: "memory, connections and copies over 20 minutes (--minutes N) of traffic and trouble",
  async run(quick, { minutes = quick ? 2 : 20 } = {}) {
    const seed = 7;
    const crons = { CASES_CRON: "*/5 * * * * *", ISSUES_CRON: "*/5 * * * * *" };
    const world = await startWorld({ links, env: { ...crons, LOG_LEVEL: "warn" } });
    try {
      const steady = await world.startWorker();
      const seen = await soakFor(world, steady, { minutes, seed });
      await world.converge(300_000);
      if (!quick) writeFileSync(picture, toPicture(seen, minutes));
      return toLines(seen, { minutes, seed });
    } finally {
      await world.close();
    }
  },
};

type Sample = {
  readonly atSeconds: number;
  readonly memoryMb: number;
  readonly handles: number;
  readonly connections: number;
};
type Seen = {
  readonly samples: readonly Sample[];
  readonly troubles: readonly { readonly atSeconds: number; readonly name: string }[];
  readonly acts: number;
};

async function soakFor(
  world: World,
  steady: WorkerProcess,
  { minutes, seed }: { readonly minutes: number; readonly seed: number },
): Promise<Seen> {
  const random = makeSeeded(seed);
  const samples: Sample[] = [];
  const made: { atSeconds: number; name: string }[] = [];
  const next = inTurn(random);
  const second = { worker: world.spawnWorker() };
  const startedAt = performance.now();
  const past = (): number => (performance.now() - startedAt) / 1000;
  let acts = 0;
  let making: Promise<void> = Promise.resolve();
  for (let nextSampleAt = 0, nextTroubleAt = 60; past() < minutes * 60; ) {
    for (; acts < past() * actsPerSecond; acts += 1) act(world, acts, random);
    if (past() >= nextSampleAt) {
      nextSampleAt += sampleMs / 1000;
      samples.push({ atSeconds: past(), ...(await look(world, steady)) });
    }
    // The last minute is quiet, so that what is left behind shows.
    if (past() >= nextTroubleAt && past() < (minutes - 1) * 60) {
      nextTroubleAt += 60;
      // The simulators keep each request for whoever asks; an hour of them is of no use here.
      world.resetRequests();
      const [name, make] = next.next().value;
      made.push({ atSeconds: past(), name });
      making = making.then(() => make(world, second));
    }
    await sleep(50);
  }
  await making;
  return { samples, troubles: made, acts };
}

function act(world: World, number: number, random: () => number): void {
  const pair = world.pairs[number % world.pairs.length];
  if (pair === undefined) throw new Error("a pair is missing");
  const withFile = random() < 0.1;
  if (number % 2 === 0) {
    const files = withFile ? [{ name: `log-${number}.txt`, text: `log of act ${number}` }] : [];
    world.huawei.addMessage({ caseId: pair.caseId, author: "engineer", content: `News of act ${number}`, files });
    return;
  }
  const name = `shot-${number}.txt`;
  if (withFile) world.jira.addAttachment({ issue: pair.issueKey, name, text: `shot of act ${number}` });
  world.jira.addComment({ issue: pair.issueKey, text: `Words of act ${number}${withFile ? `, see ${name}` : ""}` });
}

async function look(world: World, { child }: WorkerProcess): Promise<Omit<Sample, "atSeconds">> {
  const { rows } = await world.sql
    .query("SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database()")
    // The database cuts connections now and then, the bench's too.
    .catch(() => ({ rows: [] }));
  return {
    memoryMb: readRssMb(child.pid),
    handles: readdirSync(`/proc/${child.pid}/fd`).length,
    connections: Number(rows[0]?.count ?? Number.NaN),
  };
}

type Second = { worker: WorkerProcess };
type Trouble = readonly [name: string, make: (world: World, second: Second) => Promise<void>];

const troubles: readonly Trouble[] = [
  ["a worker is killed", (world, second) => replace(world, second, "SIGKILL")],
  ["a worker is restarted", (world, second) => replace(world, second, "SIGTERM")],
  [
    "a worker is frozen",
    async (_, { worker }) => {
      worker.child.kill("SIGSTOP");
      await sleep(20_000);
      worker.child.kill("SIGCONT");
    },
  ],
  [
    "connections to the database are cut",
    async ({ sql }) => {
      await sql.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
      );
    },
  ],
  ["Huawei throttles", ({ huawei }) => strike(huawei, { kind: "429", probability: 0.5 })],
  ["Jira throttles", ({ jira }) => strike(jira, { kind: "429", probability: 0.5, retryAfterSeconds: 1 })],
  ["Huawei fails", ({ huawei }) => strike(huawei, { kind: "503_before", probability: 0.8 })],
  ["Jira fails", ({ jira }) => strike(jira, { kind: "503_before", probability: 0.8 })],
  ["Huawei loses answers", ({ huawei }) => strike(huawei, { kind: "reset_after", probability: 0.2 })],
  ["Jira loses answers", ({ jira }) => strike(jira, { kind: "reset_after", probability: 0.2 })],
  ["Huawei hangs", ({ huawei }) => strike(huawei, { kind: "hang_before", probability: 0.2 })],
  ["Jira hangs", ({ jira }) => strike(jira, { kind: "hang_before", probability: 0.2 })],
];

/** Each trouble once, then all of them again in another order. */
function* inTurn(random: () => number): Generator<Trouble, never> {
  for (;;) {
    const placed = troubles.map((trouble) => ({ trouble, place: random() }));
    for (const { trouble } of placed.sort((one, other) => one.place - other.place)) yield trouble;
  }
}

async function replace(world: World, second: Second, signal: NodeJS.Signals): Promise<void> {
  await second.worker.kill(signal);
  await sleep(5_000);
  second.worker = world.spawnWorker();
}

type FaultRule = { readonly kind: string; readonly probability: number; readonly retryAfterSeconds?: number };

async function strike(
  side: { addFault(rule: FaultRule): string; clearFaults(input: { id: string }): void },
  rule: FaultRule,
): Promise<void> {
  const id = side.addFault(rule);
  await sleep(20_000);
  side.clearFaults({ id });
}

/** Medians of a minute: after a fifth of the time, when pools and caches are warm, and of the last. */
function medians(seen: Seen, minutes: number, of: (sample: Sample) => number): readonly [number, number] {
  const inMinute = (from: number): number =>
    percentile(
      seen.samples
        .filter((sample) => sample.atSeconds >= from && sample.atSeconds < from + 60)
        .map(of)
        .filter((value) => !Number.isNaN(value)),
      50,
    );
  return [inMinute(Math.max(30, minutes * 12)), inMinute((minutes - 1) * 60)];
}

function toLines(seen: Seen, { minutes, seed }: { readonly minutes: number; readonly seed: number }) {
  const over = `over a soak of ${minutes} min`;
  const [mbFirst, mbLast] = medians(seen, minutes, ({ memoryMb }) => memoryMb);
  const [handlesFirst, handlesLast] = medians(seen, minutes, ({ handles }) => handles);
  const [connectionsFirst, connectionsLast] = medians(seen, minutes, ({ connections }) => connections);
  const kept = handlesLast - handlesFirst <= handlesMax && connectionsLast - connectionsFirst <= handlesMax;
  return [
    {
      promise: `Rise of resident memory ${over}`,
      bound: `${riseMaxMb} MB`,
      measured: `${(mbLast - mbFirst).toFixed(0)} MB (${mbFirst.toFixed(0)} to ${mbLast.toFixed(0)})`,
      ok: mbLast - mbFirst <= riseMaxMb,
      note: `${seen.acts} messages and comments over ${links} links, ${actsPerSecond} a second; ${seen.troubles.length} troubles of ${troubles.length} kinds, seed ${seed}: ${[...new Set(seen.troubles.map(({ name }) => name))].join(", ")}. 0 duplicates, 0 losses, verify without drift, else this fails. Medians of a minute after a fifth of the time and at the end. [The curve](images/soak.svg).`,
    },
    {
      promise: `File handles and connections to PostgreSQL ${over}`,
      bound: `${handlesMax} more`,
      measured: `${handlesFirst} to ${handlesLast} handles of a worker, ${connectionsFirst} to ${connectionsLast} connections of both`,
      ok: kept,
    },
  ];
}

function toPicture(seen: Seen, minutes: number): string {
  const curve = (of: (sample: Sample) => number): readonly (readonly [number, number])[] =>
    seen.samples.flatMap((sample) => (Number.isNaN(of(sample)) ? [] : [[sample.atSeconds / 60, of(sample)] as const]));
  return drawCurves({
    title: `A worker over ${minutes} minutes, five changes a second, a trouble a minute`,
    untilMinute: minutes,
    curves: [
      { name: "resident memory, MB", points: curve(({ memoryMb }) => memoryMb) },
      { name: "file handles", points: curve(({ handles }) => handles) },
      { name: "connections to PostgreSQL, of both workers", points: curve(({ connections }) => connections) },
    ],
    marks: seen.troubles.map(({ atSeconds, name }) => ({ atMinute: atSeconds / 60, name })),
  });
}
