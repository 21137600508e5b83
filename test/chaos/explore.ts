/**
 * Seeded exploration: two workers, random people on both sides, faults of every kind, deaths at any effect, machines that stand still
 * past their leases and wake up again, clocks that are wrong by an hour; then peace, and the judge.
 */
import { isServiceError } from "../../src/domain/service-error.ts";
import { makeAdminStore } from "../../src/store/admin.ts";
import { intakeCases, intakeIssues, sweep } from "../../src/sync/intake/intake.ts";
import { runLink } from "../../src/sync/link/run-link.ts";
import { inDialect } from "../support/dialect.ts";
import { act, restrict } from "./acts.ts";
import { judge, type ProblemKind } from "./checker.ts";
import { bury, checkAll, type Driver, drain, settle, start, verifyAll } from "./drive.ts";
import { makePeople, type People } from "./people.ts";
import { makeRandom, type Random } from "./random.ts";
import { withDefaults } from "./scenarios.ts";
import { applyRow, makeSwitchRows } from "./switches.ts";
import type { Tweaks, Worker, World } from "./world.ts";

/** What one seed came to. */
export type SeedResult = {
  readonly seed: number;
  /** `duplicate: …`, `loss: …` and so on; empty when all is well. */
  readonly problems: readonly string[];
  /** How many problems of each kind. */
  readonly counts: Readonly<Partial<Record<ProblemKind | "drift" | "other", number>>>;
  /** Deaths by place, such as `jira after addComment`. */
  readonly crashes: Readonly<Record<string, number>>;
  /** Workers that stood still past their leases. */
  readonly stalls: number;
  readonly clockJumps: number;
  readonly acts: number;
  /** Levels, moves to another project and restricted comments among the acts. */
  readonly restrictions: number;
  readonly effects: number;
};

/** How a seed is played; everything may be left out. */
export type SeedOptions = {
  readonly tweaks?: Tweaks;
  /** Turns and decisions before peace comes; 700. */
  readonly steps?: number;
  /** Names of switches that may leave their first position; all. */
  readonly only?: readonly string[];
  /** Kinds of trouble to leave out, to find the one that matters. */
  readonly without?: readonly ("faults" | "crashes" | "stalls" | "jumps")[];
};

const huaweiFaults = [
  ["429", 6],
  ["401", 2],
  ["500_before", 2],
  ["502_before", 2],
  ["503_before", 3],
  ["500_after", 4],
  ["504_after", 4],
  ["reset_before", 4],
  ["reset_after", 6],
  ["hang_before", 0.3],
  ["hang_after", 0.6],
  ["garbage", 1],
  ["garbage_json", 1],
  ["truncate", 2],
  ["latency", 1],
] as const;
const jiraFaults = [
  ["429", 6],
  ["401", 2],
  ["500_before", 2],
  ["502_before", 2],
  ["503_before", 3],
  ["500_after", 4],
  ["504_after", 4],
  ["reset_before", 4],
  ["reset_after", 6],
  ["hang_before", 0.3],
  ["hang_after", 0.6],
  ["garbage", 1],
  ["login_page", 1],
  ["truncate", 2],
  ["latency", 1],
] as const;

function pickWeighted(random: Random, kinds: readonly (readonly [string, number])[]): string {
  let rest = random.next() * kinds.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [kind, weight] of kinds) {
    rest -= weight;
    if (rest < 0) return kind;
  }
  return "429";
}

const rows = makeSwitchRows();

/** How many rows of switch positions there are. */
export const rowCount = rows.length;

/** Plays one seed in a world and judges the end. Never throws for what the product does. */
export async function playSeed(world: World, seed: number, options: SeedOptions = {}): Promise<SeedResult> {
  const random = makeRandom(seed);
  const without = new Set(options.without ?? []);
  const skewed = !without.has("jumps") && random.chance(0.25);
  const hour = (): number => (skewed ? random.pick([-3_600_000, 0, 3_600_000]) : 0);
  const aheadMs = { huawei: hour(), jira: hour() };
  const row = applyRow(rows[seed % rows.length] ?? [], options.only ?? null);
  await world.reset({ seed, aheadMs, ...row, settings: (given) => withDefaults(row.settings(given)) });
  const problems: { kind: keyof SeedResult["counts"]; what: string }[] = [];
  const crashes: Record<string, number> = {};
  const story = { stalls: 0, clockJumps: Object.values(aheadMs).filter((ms) => ms !== 0).length, acts: 0 };
  const driver: Driver = {
    world,
    choose: (waiting) => random.below(waiting.length),
    ...(options.tweaks === undefined ? {} : { tweaks: options.tweaks }),
    onError: (task, error) => {
      // A round that a failing service ends is begun again by the next tick; a run of a link never throws for that.
      if (isServiceError(error) && !task.startsWith("reconcile")) return;
      problems.push({
        kind: "other",
        what: `${task} threw ${error instanceof Error ? error.stack?.slice(0, 600) : String(error)}`,
      });
    },
  };
  await settle({ ...driver, quietRounds: 1 });
  const people = makePeople(world);

  await play({ world, driver, random, people, without, steps: options.steps ?? 700, crashes, story });

  // Peace: no faults, right clocks, nobody dies.
  world.huawei.clearFaults();
  world.jira.clearFaults();
  world.onEffect = () => false;
  for (const worker of world.workers) worker.skewMs = 0;
  people.restrictions.moveAllBack();
  await drain(driver);
  if (!(await settle(driver))) problems.push({ kind: "other", what: "it does not come to rest" });
  if (await retryBlocked(world)) await settle(driver);
  const settings = world.workers[0]?.reconcile.settings;
  const ownFiles = settings?.attachments.toHuawei === "all";
  const doneStays = settings?.status.closeOnDone === "never";
  const { restrictions } = people;
  const early = judge(world, { edits: false, restrictions });
  for (const problem of early) problems.push({ kind: problem.kind, what: `before the check: ${problem.what}` });
  if (!(await checkAll(driver))) problems.push({ kind: "other", what: "it does not come to rest after a check" });
  for (const problem of judge(world, { edits: true, ownFiles, doneStays, restrictions })) problems.push(problem);
  for (const line of await verifyAll(driver)) problems.push({ kind: "drift", what: line });
  world.resetWrites();
  await checkAll(driver);
  if (world.writes() > 0) problems.push({ kind: "other", what: `a further pass made ${world.writes()} writes` });
  for (const refusal of [...world.huawei.getRefusals(), ...world.jira.getRefusals()])
    problems.push({ kind: "other", what: `refused as malformed: ${refusal.operation}: ${refusal.reason}` });

  const counts: Partial<Record<ProblemKind | "drift" | "other", number>> = {};
  for (const { kind } of problems) counts[kind] = (counts[kind] ?? 0) + 1;
  return {
    seed,
    problems: problems.map(({ kind, what }) => `${kind}: ${what}`),
    counts,
    crashes,
    ...story,
    restrictions: restrictions.count(),
    effects: world.effects(),
  };
}

type Game = {
  readonly world: World;
  readonly driver: Driver;
  readonly random: Random;
  readonly people: People;
  readonly without: ReadonlySet<string>;
  readonly steps: number;
  readonly crashes: Record<string, number>;
  readonly story: { stalls: number; clockJumps: number; acts: number };
};

async function play(game: Game): Promise<void> {
  const { world, driver, random, without, story } = game;
  const stalled = new Map<Worker, number>();
  /** Leases of the dead that have not ended yet, and the step at which they do. */
  const graves: { worker: Worker; at: number }[] = [];
  const jumping = !without.has("jumps") && random.chance(0.3);
  let dieAt = nextDeath();
  function nextDeath(): number {
    return without.has("crashes") ? Number.POSITIVE_INFINITY : world.effects() + 10 + random.below(120);
  }
  world.onEffect = (effect) => {
    if (effect.n < dieAt) return false;
    dieAt = effect.n + 10 + random.below(120);
    const place = `${effect.place} ${effect.phase} ${effect.operation}`;
    game.crashes[place] = (game.crashes[place] ?? 0) + 1;
    return true;
  };
  act(game, true);
  for (let step = 0; step < game.steps; step += 1) {
    await world.turns.stand();
    for (const worker of [...world.workers].filter((candidate) => candidate.dead)) {
      // Its leases end now, or only after others have found the links busy for a while.
      const later = random.chance(0.5);
      await world.kill(worker, !later);
      if (later) graves.push({ worker, at: step + 20 + random.below(40) });
      stalled.delete(worker);
    }
    for (const grave of graves.splice(0)) {
      if (grave.at > step) graves.push(grave);
      else await endLeasesByTime(world, grave.worker);
    }
    for (const [worker, until] of stalled) if (until <= step) stalled.delete(worker);
    while (world.workers.length < 2) world.startWorker(driver.tweaks);

    if (await restrictWhatLeaves(game)) continue;
    const draw = random.next();
    if (draw < 0.04) act(game);
    else if (draw < 0.1 && !without.has("faults")) addFault(world, random);
    else if (draw < 0.105 && !without.has("stalls") && stalled.size === 0) {
      const worker = random.pick(world.workers);
      if (world.turns.count(worker) > 0) {
        stalled.set(worker, step + 40 + random.below(80));
        await endLeasesByTime(world, worker);
        story.stalls += 1;
      }
    } else if (draw < 0.11 && jumping) {
      random.pick(world.workers).skewMs = random.pick([-3_600_000, 0, 3_600_000]);
      story.clockJumps += 1;
    } else if (draw < 0.12) world.advance(random.pick([1_000, 5_000, 20_000, 60_000, 130_000]));
    else if (draw < 0.3) await startSomething(game, stalled);
    else {
      const waiting = world.turns.waiting();
      const able = waiting.flatMap((turn, index) => (stalled.has(turn.worker) ? [] : [index]));
      if (able.length > 0) await world.turns.give(random.pick(able));
      else await startSomething(game, stalled);
    }
  }
  await bury(driver);
  for (const grave of graves) await endLeasesByTime(world, grave.worker);
}

const leaving = new Set(["createMessage", "uploadFile", "createCase", "rateCase"].map((name) => `huawei.${name}`));

/**
 * Where something is about to leave, people restrict it now and then, and time passes: the moment that matters is too short for them to
 * come upon it by chance. Answers whether they did.
 */
async function restrictWhatLeaves({ world, random, people, story }: Game): Promise<boolean> {
  const turn = world.turns.waiting().find(({ call }) => leaving.has(call));
  if (turn === undefined || !random.chance(0.2)) return false;
  const linkId = BigInt(turn.task.replace("reconcile ", ""));
  const link = await world.parts.database.prisma.link.findUnique({ where: { id: linkId } });
  const issue = world.jira.getState().issues.find(({ id }) => id === link?.issueId);
  if (issue === undefined) return false;
  story.acts += 1;
  restrict({ world, random, people }, issue);
  world.advance(3_000);
  return true;
}

/** Leases last 45 s: whoever stood still for so long knows it by its own clock. */
async function endLeasesByTime(world: World, worker: Worker): Promise<void> {
  world.advance(46_000);
  await world.endLeases(worker);
}

async function startSomething(game: Game, stalled: ReadonlyMap<Worker, number>): Promise<void> {
  const { world, driver, random } = game;
  const able = world.workers.filter((worker) => !stalled.has(worker) && world.turns.count(worker) < 3);
  if (able.length === 0) return;
  const worker = random.pick(able);
  const draw = random.next();
  if (draw < 0.2) void start(driver, worker, "cases", () => intakeCases(worker.intake));
  else if (draw < 0.35) void start(driver, worker, "issues", () => intakeIssues(worker.intake));
  else if (draw < 0.38) void start(driver, worker, "sweep", () => sweep(worker.intake, { maxAgeMs: 1, tickMs: 1 }));
  else {
    const { name } = worker.reconcile.settings;
    const due = await world.parts.state.listDueLinks([name], new Date(world.now() + worker.skewMs), 20);
    if (due.length === 0) {
      world.advance(1_000 + random.below(5_000));
      return;
    }
    const { id } = random.pick(due);
    void start(driver, worker, `reconcile ${id}`, () => runLink(worker.reconcile, id));
  }
}

const actionsOfHuawei = [
  ...(["CreateMessages", "UploadAccessory", "UpdateCases", "CreateCases"] as const).map(inDialect),
  "RevokeMessage",
];

function addFault(world: World, random: Random): void {
  const skip = random.below(6);
  const retry = random.chance(0.5) ? {} : { retryAfterSeconds: random.pick([1, 5, 30]) };
  const latency = { latencyMs: 5 };
  // Writes are where an unknown outcome matters, so half of the faults wait for one.
  const onWrite = random.chance(0.5);
  if (random.chance(0.5)) {
    const kind = pickWeighted(random, huaweiFaults) as (typeof huaweiFaults)[number][0];
    const target = onWrite ? { operation: random.pick(actionsOfHuawei) } : {};
    world.huawei.addFault({
      kind,
      times: 1,
      skip: onWrite ? 0 : skip,
      ...target,
      ...(kind === "latency" ? latency : retry),
    });
  } else {
    const kind = pickWeighted(random, jiraFaults);
    const operations = ["createIssue", "addComment", "addAttachment", "setIssueProperty", "doTransition", "editIssue"];
    const target = onWrite ? { operation: random.pick(operations) } : {};
    world.jira.addFault({
      kind,
      times: 1,
      skip: onWrite ? 0 : skip,
      ...target,
      ...(kind === "latency" ? latency : retry),
    });
  }
}

/** What an operator does about links that wait for a person: answers that were no answers had stopped them. */
async function retryBlocked(world: World): Promise<boolean> {
  const admin = makeAdminStore({ prisma: world.parts.database.prisma, clock: { now: () => new Date(world.now()) } });
  let any = false;
  for (const failure of (await admin.listFailures({ limit: 500 })).items) {
    const rows = await world.parts.database.prisma.$queryRaw<{ state: string }[]>`
      SELECT links.state FROM failures JOIN links ON links.id = failures."linkId" WHERE failures.id = ${BigInt(failure.id)}`;
    if (rows[0]?.state !== "blocked" && rows[0]?.state !== "moved") continue;
    any = true;
    await admin.retryFailure(failure.id);
  }
  return any;
}
