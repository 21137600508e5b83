import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Budget } from "../domain/budget.ts";
import type { Lane } from "../domain/lane.ts";
import { makeBudget, setBudgetRefused } from "./budget.ts";
import { emptyDatabase, makeTestDatabase, type TestDatabase } from "./testing.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await makeTestDatabase();
});
afterAll(async () => {
  await database.drop();
});
beforeEach(async () => {
  await emptyDatabase(database);
});

/** Time that passes only when every budget of the test waits for it; so the database's real speed plays no part. */
function makeVirtualTime() {
  let present = Date.parse("2026-11-24T00:00:00Z");
  const start = present;
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  return {
    clock: { now: () => new Date(present) },
    elapsedMs: () => present - start,
    sleep: (ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        const sleeper = {
          at: present + ms,
          wake: () => {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal.addEventListener("abort", sleeper.wake);
      }),
    /** Lets `count` budgets, each of which always has a take waiting, come to rest. */
    async settle(count: number) {
      while (sleepers.size < count) await new Promise(setImmediate);
    },
    async run(untilMs: number, count: number) {
      for (;;) {
        await this.settle(count);
        const next = Math.min(...[...sleepers].map((sleeper) => sleeper.at));
        if (next - start > untilMs) return;
        present = next;
        for (const sleeper of [...sleepers]) if (sleeper.at <= present) sleeper.wake();
      }
    },
  };
}

type Grant = { readonly atMs: number; readonly lane: Lane };

/** Asks without end, from `workers` places in each lane. */
function demand(
  time: ReturnType<typeof makeVirtualTime>,
  budget: Budget,
  lanes: readonly Lane[],
  workers = 3,
): Grant[] {
  const grants: Grant[] = [];
  for (const lane of lanes) {
    for (let n = 0; n < workers; n++) {
      void (async () => {
        for (;;) {
          await budget.take(lane);
          grants.push({ atMs: time.elapsedMs(), lane });
        }
      })().catch(() => {});
    }
  }
  return grants;
}

function mostInOneSecond(grants: readonly Grant[]): number {
  const times = grants.map((grant) => grant.atMs).sort((a, b) => a - b);
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length));
}

describe("rate", () => {
  it.each([
    [2, 3],
    [20, 3],
    [120, 2],
  ])("of %i per second is used up and never exceeded by %i replicas together", async (rate, replicas) => {
    const time = makeVirtualTime();
    const budgets = Array.from({ length: replicas }, () =>
      makeBudget({ prisma: database.prisma, key: "k", ratePerSecond: rate, ...time }),
    );
    const seconds = rate > 100 ? 4 : 20;

    const grants = budgets.map((budget) => demand(time, budget, ["import"]));
    await time.run(seconds * 1000, replicas);

    const all = grants.flat();
    expect(all.length).toBeLessThanOrEqual(rate * seconds + rate * 0.1 + 1);
    expect(all.length).toBeGreaterThanOrEqual(rate * seconds * 0.97);
    expect(mostInOneSecond(all)).toBeLessThanOrEqual(rate * 1.1 + 1);
  });

  it("lets live work run ahead by one second's worth, then holds it to the rate", async () => {
    const time = makeVirtualTime();
    const budget = makeBudget({ prisma: database.prisma, key: "k", ratePerSecond: 20, ...time });

    const grants = demand(time, budget, ["live"], 50);
    await time.settle(1);
    const atOnce = grants.length;
    await time.run(10_000, 1);

    expect(atOnce).toBe(20);
    expect(grants.length).toBeLessThanOrEqual(220);
    expect(grants.length).toBeGreaterThanOrEqual(215);
  });

  it("recovers when the clock was set back or the rate was raised", async () => {
    const time = makeVirtualTime();
    const budget = makeBudget({ prisma: database.prisma, key: "k", ratePerSecond: 20, ...time });
    const far = BigInt(time.clock.now().getTime() + 3_600_000) * 1000n;
    await database.pool.query(`INSERT INTO budgets (key, "allAt", "pollAt", "updatedAt") VALUES ('k', $1, $1, now())`, [
      far,
    ]);

    const grants = demand(time, budget, ["poll"]);
    await time.run(4000, 1);

    expect(grants.length).toBeGreaterThan(20);
  });

  it("refuses a rate that is not positive", () => {
    for (const rate of [0, -1, Number.NaN]) {
      expect(() => makeBudget({ prisma: database.prisma, key: "k", ratePerSecond: rate })).toThrow(RangeError);
    }
  });
});

describe("lanes", () => {
  async function shares(lanesByReplica: readonly (readonly Lane[])[], seconds = 20) {
    const time = makeVirtualTime();
    const grants = lanesByReplica.map((lanes) =>
      demand(time, makeBudget({ prisma: database.prisma, key: "k", ratePerSecond: 20, ...time }), lanes),
    );
    await time.run(seconds * 1000, lanesByReplica.length);
    const share = (lane: Lane) => grants.flat().filter((grant) => grant.lane === lane).length / (20 * seconds);
    return { live: share("live"), poll: share("poll"), check: share("check"), import: share("import") };
  }

  it.each([
    ["poll", 0.5],
    ["check", 0.25],
    ["import", 1],
  ] as const)("%s alone gets %d of the rate", async (lane, expected) => {
    const share = (await shares([[lane], [lane]]))[lane];

    expect(share).toBeGreaterThan(expected - 0.03);
    expect(share).toBeLessThan(expected + 0.02);
  });

  it("together get their shares, in one process and over several", async () => {
    for (const replicas of [[["poll", "check", "import"]], [["poll"], ["check"], ["import"]]] as const) {
      await emptyDatabase(database);
      const share = await shares(replicas);

      expect(share.poll).toBeGreaterThan(0.46);
      expect(share.check).toBeGreaterThan(0.22);
      expect(share.import).toBeGreaterThan(0.2);
      expect(share.poll + share.check + share.import).toBeLessThan(1.03);
    }
  });

  it("wait while live work asks for all there is", async () => {
    const share = await shares([["live"], ["poll", "import"]]);

    expect(share.live).toBeGreaterThan(0.95);
    expect(share.poll + share.import).toBeLessThan(0.03);
  });

  it("are served by urgency when several wait in one process", async () => {
    const time = makeVirtualTime();
    const budget = makeBudget({ prisma: database.prisma, key: "k", ratePerSecond: 1, ...time });
    await budget.take("live");
    const order: string[] = [];

    for (const lane of ["import", "check", "poll", "live"] as const)
      void budget.take(lane).then(() => order.push(lane));
    void budget.take("import").then(() => order.push("last"));
    await time.run(4000, 1);

    expect(order).toEqual(["live", "poll", "check", "import"]);
  });
});

describe("pause and abort", () => {
  it("a pause holds every replica, and a shorter one does not end it", async () => {
    const time = makeVirtualTime();
    const [mine, other] = [1, 2].map(() =>
      makeBudget({ prisma: database.prisma, key: "k", ratePerSecond: 20, ...time }),
    );
    if (mine === undefined || other === undefined) throw new Error("no budgets");
    await mine.pause(5000);
    await mine.pause(1000);

    const grants = demand(time, other, ["live"]);
    await time.run(6000, 1);

    expect(grants[0]?.atMs).toBe(5000);
    expect(grants.length).toBeGreaterThan(20);
  });

  it("an aborted take rejects and leaves its place to others", async () => {
    const time = makeVirtualTime();
    const budget = makeBudget({ prisma: database.prisma, key: "k", ratePerSecond: 1, ...time });
    await budget.take("live");
    const controller = new AbortController();
    const given = budget.take("live", controller.signal);
    const grants = demand(time, budget, ["live"], 1);
    await time.settle(1);

    controller.abort(new Error("stop"));

    await expect(given).rejects.toThrow("stop");
    await expect(budget.take("live", AbortSignal.abort(new Error("late")))).rejects.toThrow("late");
    await time.run(1000, 1);
    expect(grants).toHaveLength(1);
  });

  it("takes fail when the database does, and later ones work again", async () => {
    const time = makeVirtualTime();
    const budget = makeBudget({ prisma: database.prisma, key: "k", ratePerSecond: 1, ...time });
    await database.pool.query("ALTER TABLE budgets RENAME TO hidden");

    await expect(budget.take("live")).rejects.toThrow();

    await database.pool.query("ALTER TABLE hidden RENAME TO budgets");
    await budget.take("live");
  });

  it("by the database's clock and real timers a waiting take is served", async () => {
    const budget = makeBudget({ prisma: database.prisma, key: "k", ratePerSecond: 100 });

    await Promise.all(Array.from({ length: 120 }, () => budget.take("live")));
    await budget.pause(1);
    await budget.take("import");
  });

  it("a refused credential is remembered since the first time, until it works", async () => {
    const refusedAt = async () => (await database.prisma.budget.findUnique({ where: { key: "k" } }))?.refusedAt ?? null;
    await setBudgetRefused(database, "k", true);
    const first = await refusedAt();
    await setBudgetRefused(database, "k", true);

    expect(first).not.toBeNull();
    expect(await refusedAt()).toEqual(first);
    await setBudgetRefused(database, "k", false);
    expect(await refusedAt()).toBeNull();
  });
});
