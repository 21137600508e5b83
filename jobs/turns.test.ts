import { describe, expect, it } from "vitest";
import type { Lane } from "../src/domain/lane.ts";
import { NotNow } from "../src/queue/job-decision.ts";
import { done, type Outcome } from "../src/sync/outcome.ts";
import { makeTurns } from "./turns.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

function makeWorld(options: { readonly connections?: readonly string[]; readonly capacity?: number } = {}) {
  const world = { nowMs: 0, freed: 0 };
  const turns = makeTurns({
    connections: options.connections ?? ["a", "b"],
    capacity: options.capacity ?? 2,
    log: quiet,
    onFree: () => {
      world.freed += 1;
    },
    elapsedMs: () => world.nowMs,
    slowMs: 0,
  });
  /** A run that ends when it is told to; it has given its slot back when this resolves. */
  async function hang(connection: string, lane: Lane = "live") {
    let finish = (_: Outcome): void => {};
    let started = false;
    const work = (): Promise<Outcome> => {
      started = true;
      return new Promise((resolve) => (finish = resolve));
    };
    const outcome = await turns.runLink({ connection, lane }, work);
    return { outcome, started, finish: () => finish(done(1)) };
  }
  return { world, turns, hang };
}

describe("a run that does not get on", () => {
  it("gives its slot back and goes on beside, and is told when it is over", async () => {
    const { turns, hang, world } = makeWorld();

    const run = await hang("a");
    expect(run.outcome).toEqual({ kind: "ignored", reason: "goes_on" });
    expect(world.freed).toBe(0);
    run.finish();
    await turns.close(1_000);

    expect(world.freed).toBe(1);
  });

  it("costs its own connection places, and no other one", async () => {
    const { turns, hang } = makeWorld({ capacity: 2 });

    await hang("a");
    await hang("a");
    const third = await hang("a");

    expect(third).toMatchObject({ started: false, outcome: { kind: "ignored", reason: "not_its_turn" } });
    expect(turns.shares().map((share) => share.connectionName)).toEqual(["b"]);
    expect(await turns.runLink({ connection: "b", lane: "import" }, async () => done(1))).toEqual(done(1));
  });

  it("leaves every connection two places, however many go on", async () => {
    const connections = ["a", "b", "c", "d"];
    const { turns, hang } = makeWorld({ connections, capacity: 4 });
    for (const connection of ["a", "b"]) for (let run = 0; run < 4; run += 1) await hang(connection);

    const runs = [await hang("c"), await hang("c"), await hang("c")];

    expect(runs.map((run) => run.started)).toEqual([true, true, false]);
    expect(turns.shares()).toEqual([{ connectionName: "d", slowest: "import", places: 2 }]);
  });

  it("lets more urgent work of its connection pass", async () => {
    const { turns, hang } = makeWorld({ capacity: 2 });
    for (let run = 0; run < 2; run += 1) await hang("a", "import");

    expect(turns.shares()[0]).toEqual({ connectionName: "a", slowest: "check", places: 16 });
    expect((await hang("a", "import")).started).toBe(false);
    expect((await hang("a", "live")).started).toBe(true);
  });

  it("may fail without harm", async () => {
    const { turns } = makeWorld();
    let fail = (_: Error): void => {};
    const run = await turns.runLink(
      { connection: "a", lane: "live" },
      () => new Promise((_, reject) => (fail = reject)),
    );

    fail(new Error("broken"));
    await turns.close(1_000);

    expect(run).toEqual({ kind: "ignored", reason: "goes_on" });
  });
});

describe("a quick run", () => {
  it("passes on what it came to", async () => {
    const { turns } = makeWorld();

    expect(await turns.runLink({ connection: "a", lane: "live" }, async () => done(3))).toEqual(done(3));
    await expect(
      turns.runLink({ connection: "a", lane: "live" }, () => Promise.reject(new Error("broken"))),
    ).rejects.toThrow("broken");
    expect(turns.shares()).toHaveLength(2);
  });
});

describe("an endpoint that does not answer", () => {
  const silent = { connection: "a", side: "huawei", answered: false } as const;

  it("is left alone for spans that grow to 45 s", () => {
    const { turns, world } = makeWorld();
    const spans: number[] = [];
    for (let time = 0; time < 7; time += 1) {
      const from = world.nowMs;
      // Calls that were sent together fail together.
      for (let call = 0; call < 8; call += 1) turns.noteAnswer(silent);
      while (turns.shares().length < 2) world.nowMs += 500;
      spans.push(world.nowMs - from);
    }

    expect(spans).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 45_000, 45_000]);
  });

  it("is then asked by one run at a time, until an answer ends the silence", async () => {
    const { turns, hang, world } = makeWorld({ capacity: 4 });
    turns.noteAnswer(silent);
    world.nowMs = 2_000;

    expect(turns.shares()[0]).toEqual({ connectionName: "a", slowest: "import", places: 1 });
    expect((await hang("a")).started).toBe(true);
    expect((await hang("a")).started).toBe(false);
    turns.noteAnswer({ ...silent, answered: true });

    expect(world.freed).toBe(1);
    expect((await hang("a")).started).toBe(true);
  });

  it("postpones rounds that ask it, and no others", async () => {
    const { turns, world } = makeWorld();
    turns.noteAnswer(silent);
    const round = (connection: string, side: "huawei" | "jira") =>
      turns.runRound({ connection, side }, async () => "ran").catch((error: unknown) => error);

    expect(await round("a", "huawei")).toEqual(new NotNow(2_000));
    expect(await round("a", "jira")).toBe("ran");
    expect(await round("b", "huawei")).toBe("ran");
    world.nowMs = 2_000;
    expect(await round("a", "huawei")).toBe("ran");
  });
});

it("starts nothing while it closes, and does not wait for ever", async () => {
  const { turns, hang } = makeWorld();
  await hang("a");

  await turns.close(10);

  expect(turns.shares()).toEqual([]);
  expect((await hang("b")).started).toBe(false);
});
