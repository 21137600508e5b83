/** What a worker says of its progress while services are silent: their outage is nothing that a restart could mend. */
import { expect, test } from "vitest";
import { enqueueDue } from "../../jobs/beat.ts";
import { makeTurns } from "../../jobs/turns.ts";
import { type LinkId, toId } from "../domain/ids.ts";
import { makeProgress } from "../observability/health.ts";
import { ignored, type Outcome } from "../sync/outcome.ts";
import type { DueShare } from "../sync/state.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const names = ["a", "b", "c"];
/** A call to a service that swallows what it is sent. */
const callMs = 30_000;

/** Beats of a worker with three links due in each connection, whose services never answer; time passes by steps. */
function makeWorld() {
  const world = { nowMs: 0, isDatabaseAway: false, isQueueAway: false };
  const running = new Set<{ readonly endsAt: number; end(): void }>();
  const progress = makeProgress({ elapsedMs: () => world.nowMs, isBusy: () => false });
  const turns = makeTurns({
    connections: names,
    capacity: 4,
    log: quiet,
    onFree: () => {},
    elapsedMs: () => world.nowMs,
    slowMs: 0,
  });
  const call = (connection: string): Promise<Outcome> => {
    progress.linkLeased();
    return new Promise((resolve) => {
      const end = (): void => {
        turns.noteAnswer({ connection, side: "huawei", answered: false });
        resolve(ignored("not_its_turn"));
      };
      running.add({ endsAt: world.nowMs + callMs, end });
    });
  };
  const deps = {
    turns,
    dueMax: 32,
    clock: { now: () => new Date(world.nowMs) },
    onBeat: progress.beat,
    state: {
      listDueLinks: async (shares: readonly DueShare[]) => {
        if (world.isDatabaseAway) throw new Error("the database is away");
        return shares.flatMap(({ connectionName, places }) =>
          [0, 1, 2].slice(0, places).map((turn) => ({
            id: toId<LinkId>(`${connectionName}${turn}`),
            lane: "live" as const,
            connectionName,
            turn,
            dueAt: new Date(0),
          })),
        );
      },
    },
    queue: {
      enqueue: async ({ payload }: { readonly payload: Readonly<Record<string, unknown>> }) => {
        if (world.isQueueAway) return;
        const connection = String(payload.connection);
        await turns.runLink({ connection, lane: "live" }, () => call(connection));
      },
    },
  };
  /** Everything that the worker said of itself in these seconds. */
  async function pass(seconds: number): Promise<Set<string | null>> {
    const said = new Set<string | null>();
    for (const until = world.nowMs + seconds * 1000; world.nowMs < until; world.nowMs += 500) {
      for (const run of [...running].filter(({ endsAt }) => endsAt <= world.nowMs)) {
        running.delete(run);
        run.end();
      }
      await enqueueDue(deps).catch(() => {});
      said.add(progress.stalledBy()?.replace(/\d+/, "N") ?? null);
    }
    return said;
  }
  return { world, pass };
}

test("a worker whose connections are all silent makes progress, however long", async () => {
  const { pass } = makeWorld();

  expect(await pass(3_600)).toEqual(new Set([null]));
});

test("it tells all the same that the database is out of reach", async () => {
  const { world, pass } = makeWorld();
  await pass(600);
  world.isDatabaseAway = true;
  await pass(61);

  expect(await pass(120)).toEqual(new Set(["the database has not been reached for N s"]));
  world.isDatabaseAway = false;
  expect(await pass(120)).toEqual(new Set([null]));
});

test("a queue that loses jobs is told as soon as the connections may be asked again", async () => {
  const { world, pass } = makeWorld();
  await pass(600);
  world.isQueueAway = true;
  await pass(callMs / 1000 + 45 + 61);

  expect(await pass(120)).toEqual(new Set(["links are due and none could be taken for N s"]));
});
