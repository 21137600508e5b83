/** One machine stands still in the middle of a run while another goes on; then it wakes up. */
import type { LinkId } from "../../src/domain/ids.ts";
import { runLink } from "../../src/sync/link/run-link.ts";
import { judge, type Problem } from "./checker.ts";
import { type Driver, drain, settle, start } from "./drive.ts";
import { makePeople } from "./people.ts";
import type { Tweaks, Worker, World } from "./world.ts";

/** Where it stands still, whether that outlasts its lease, and how its workers are made. */
export type Stall = {
  /** `lease.apply`: right before the intent is stored; `jira.createComment`: between intent and write. */
  readonly before: "lease.apply" | "jira.createComment";
  readonly pastLease: boolean;
  readonly tweaks?: Tweaks;
};

/** A message is on its way to the issue when the machine stands still. Answers what is wrong at the end. Throws what a flow throws. */
export async function playStall(world: World, stall: Stall): Promise<readonly Problem[]> {
  await world.reset();
  const driver: Driver = {
    world,
    choose: () => 0,
    ...(stall.tweaks === undefined ? {} : { tweaks: stall.tweaks }),
    onError: (_task, error) => {
      throw error;
    },
  };
  const people = makePeople(world);
  await settle({ ...driver, quietRounds: 1 });
  const caseId = people.createCase();
  await settle({ ...driver, quietRounds: 1 });
  people.write(caseId);
  const [sleeper] = world.workers;
  if (sleeper === undefined) throw new Error("there is a worker");
  const [link] = await world.parts.state.listIntakeLinks(sleeper.reconcile.settings.name);
  if (link === undefined) throw new Error("there is a link");
  await world.parts.state.wake([{ linkId: link.id, huawei: true, lane: "live" }]);
  void start(driver, sleeper, "reconcile sleeping", () => runLink(sleeper.reconcile, link.id));
  await world.turns.stand();
  for (let call = nextCall(world); call !== stall.before; call = nextCall(world)) {
    if (call === undefined) throw new Error(`the run never comes to ${stall.before}`);
    await world.turns.give(0);
  }

  if (stall.pastLease) {
    world.advance(46_000);
    await world.endLeases(sleeper);
  }
  const other = world.startWorker(stall.tweaks);
  for (let round = 0; round < 12; round += 1) {
    await runBeside(driver, other, link.id);
    world.advance(16_000);
  }
  await drain(driver);
  await settle(driver);
  return judge(world, { edits: true, restrictions: people.restrictions });
}

function nextCall(world: World): string | undefined {
  return world.turns.waiting()[0]?.call;
}

/** A run of `worker` to its end, while the calls of others stand. */
async function runBeside(driver: Driver, worker: Worker, linkId: LinkId): Promise<void> {
  const { turns } = driver.world;
  void start(driver, worker, "reconcile awake", () => runLink(worker.reconcile, linkId));
  for (;;) {
    await turns.stand();
    const index = turns.waiting().findIndex((turn) => turn.worker === worker);
    if (index < 0) return;
    await turns.give(index);
  }
}
