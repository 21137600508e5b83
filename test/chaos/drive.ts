/** Driving a world: flows to their end, links until nothing is due, time until nothing changes. */
import { toId } from "../../src/domain/ids.ts";
import { intakeCases, intakeIssues, sweep } from "../../src/sync/intake/intake.ts";
import { runLink } from "../../src/sync/link/run-link.ts";
import { inspectLink } from "../../src/sync/repair/inspect.ts";
import type { Turn } from "./turns.ts";
import type { Tweaks, Worker, World } from "./world.ts";

/** Says which of the waiting calls goes next. */
export type Choose = (waiting: readonly Turn<Worker>[]) => number;

/** What driving needs: whose turn it is, and how workers are made. */
export type Driver = {
  readonly world: World;
  readonly choose: Choose;
  readonly tweaks?: Tweaks;
  /** Told of flows that threw: the product's flows throw only for what they did not foresee. */
  readonly onError: (task: string, error: unknown) => void;
  /** Quiet rounds in a row that count as the end; 3 cover the longest lag of a reading. */
  readonly quietRounds?: number;
  /** Told when a worker died, before the fresh one starts. */
  readonly onDeath?: (worker: Worker) => void;
};

/** A worker that lives, made when there is none. */
export function livingWorker(driver: Driver): Worker {
  return driver.world.workers.find((worker) => !worker.dead) ?? driver.world.startWorker(driver.tweaks);
}

/** Gives turns until no task of anybody is left. Dead workers are buried on the way. */
export async function drain(driver: Driver): Promise<void> {
  const { world } = driver;
  for (;;) {
    await world.turns.stand();
    await bury(driver);
    const waiting = world.turns.waiting();
    if (waiting.length === 0) return;
    await world.turns.give(driver.choose(waiting));
  }
}

/** Ends what is left of workers that died. */
export async function bury(driver: Driver): Promise<void> {
  for (const worker of [...driver.world.workers]) {
    if (!worker.dead) continue;
    driver.onDeath?.(worker);
    await driver.world.kill(worker);
  }
}

/** Starts a flow as a task. Its result is `null` when it threw; it never resolves when the worker dies. */
export function start<Result>(
  driver: Driver,
  worker: Worker,
  name: string,
  flow: () => Promise<Result>,
): Promise<Result | null> {
  return driver.world.turns.run(worker, name, flow).catch((error: unknown) => {
    driver.onError(name, error);
    return null;
  });
}

/** Runs one flow alone to its end. `null` when it threw or its worker died. */
export async function runAlone<Result>(
  driver: Driver,
  worker: Worker,
  name: string,
  flow: () => Promise<Result>,
): Promise<Result | null> {
  let result: Result | null = null;
  void start(driver, worker, name, flow).then((value) => {
    result = value;
  });
  await drain(driver);
  // The result is set in a microtask of its own.
  await new Promise((resolve) => setImmediate(resolve));
  return result;
}

/** Reconciles what is due until nothing is. Answers how many runs that took. */
async function reconcileDue(driver: Driver): Promise<number> {
  const { world } = driver;
  for (let runs = 0; runs < 400; ) {
    const worker = livingWorker(driver);
    const due = await world.parts.state.listDueLinks([worker.reconcile.settings.name], new Date(world.now()), 50);
    if (due.length === 0) return runs;
    for (const { id } of due) {
      runs += 1;
      const hand = livingWorker(driver);
      await runAlone(driver, hand, `reconcile ${id}`, () => runLink(hand.reconcile, id));
    }
  }
  return 400;
}

/** The next moment at which an active link wants to be looked at, epoch milliseconds. */
async function nextMoment(world: World): Promise<number | null> {
  const rows = await world.parts.database.prisma.$queryRaw<{ at: Date | null }[]>`
    SELECT min("recheckAt") AS at FROM links WHERE state = 'active'`;
  return rows[0]?.at?.getTime() ?? null;
}

/** Three of them are longer than the longest lag of a reading, so three quiet rounds prove that no news is under way. */
const quietStepMs = 31_000;
const roundsMax = 120;

/** Rounds and runs until some rounds in a row found nothing, time jumping to whatever is due next. False when that never comes. */
export async function settle(driver: Driver): Promise<boolean> {
  const { world, quietRounds = 3 } = driver;
  let quiet = 0;
  for (let round = 0; round < roundsMax; round += 1) {
    const first = livingWorker(driver);
    const cases = await runAlone(driver, first, `cases ${round} at ${world.now()}`, () => intakeCases(first.intake));
    const second = livingWorker(driver);
    const issues = await runAlone(driver, second, `issues ${round} at ${world.now()}`, () =>
      intakeIssues(second.intake),
    );
    const runs = await reconcileDue(driver);
    const rested = runs === 0 && cases !== null && issues !== null && cases.newLinks + cases.woken + issues.woken === 0;
    quiet = rested ? quiet + 1 : 0;
    const next = await nextMoment(world);
    if (quiet >= quietRounds && next === null) return true;
    if (next === null) world.advance(quietStepMs);
    else world.advance(Math.max(1, Math.min(next - world.now() + 1, 3_600_000)));
  }
  return false;
}

/** Compares every link in full, as the check does once in its time, and settles again. */
export async function checkAll(driver: Driver): Promise<boolean> {
  const worker = livingWorker(driver);
  // A tick as long as the age: everything is owed at once.
  await runAlone(driver, worker, "sweep", () => sweep(worker.intake, { maxAgeMs: 1, tickMs: 1 }));
  return settle(driver);
}

/** What `verify` finds: differences of any age, unreadable and inactive links; empty when both sides agree. */
export async function verifyAll(driver: Driver): Promise<readonly string[]> {
  const { world } = driver;
  const worker = livingWorker(driver);
  const { state } = world.parts;
  const drift: string[] = [];
  for (const link of await state.listIntakeLinks(worker.reconcile.settings.name)) {
    const found = await inspectLink({ ...worker.reconcile, state, lane: "check", pendingMs: 0 }, toId(link.id));
    if (found === null) continue;
    const where = `link ${link.id} (${found.caseId})`;
    if (found.unreadable !== null) drift.push(`${where} is unreadable: ${found.unreadable}`);
    if (found.state !== "active") drift.push(`${where} is ${found.state}`);
    for (const difference of found.differences) drift.push(`${where}: ${difference.item}: ${difference.what}`);
  }
  return drift;
}
