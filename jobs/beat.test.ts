import { describe, expect, it } from "vitest";
import { type LinkId, toId } from "../src/domain/ids.ts";
import type { Lane } from "../src/domain/lane.ts";
import type { Enqueue } from "../src/queue/contract.ts";
import type { DueShare } from "../src/sync/state.ts";
import { enqueueDue, makeQueued, startBeat } from "./beat.ts";

const now = new Date("2026-05-04T12:00:00Z");
const shares: readonly DueShare[] = [
  { connectionName: "main", slowest: "import", places: 64 },
  { connectionName: "spare", slowest: "live", places: 1 },
];
type Due = { id: LinkId; lane: Lane; connectionName: string; turn: number; dueAt: Date };

function makeDue(id: string, changes: Partial<Due> = {}): Due {
  return { id: toId(id), lane: "live", connectionName: "main", turn: 0, dueAt: now, ...changes };
}

function makeDeps(due: readonly Due[]) {
  const enqueued: Enqueue[] = [];
  const asked: unknown[] = [];
  let heard = (): void => {};
  return {
    enqueued,
    asked,
    /** Resolves with the next question. */
    nextQuestion: () => new Promise<void>((resolve) => (heard = resolve)),
    deps: {
      queue: {
        enqueue: async (job: Enqueue) => {
          enqueued.push(job);
        },
      },
      state: {
        listDueLinks: async (...question: unknown[]) => {
          asked.push(question);
          heard();
          return due;
        },
      },
      turns: { shares: () => shares },
      clock: { now: () => now },
      dueMax: 7,
    },
  };
}

describe("enqueuing due links", () => {
  it("makes one job per link, keyed by the link, in its lane and turn", async () => {
    const { deps, enqueued, asked } = makeDeps([
      makeDue("l1"),
      makeDue("l2", { lane: "import", connectionName: "spare", turn: 2 }),
    ]);

    const nextMs = await enqueueDue(deps);

    expect(asked).toEqual([[shares, new Date(now.getTime() + 500), 7]]);
    expect(enqueued.map(({ queue, key, lane, turn, payload }) => ({ queue, key, lane, turn, payload }))).toEqual([
      { queue: "links", key: "l1", lane: "live", turn: 0, payload: { linkId: "l1", connection: "main", lane: "live" } },
      {
        queue: "links",
        key: "l2",
        lane: "import",
        turn: 1,
        payload: { linkId: "l2", connection: "spare", lane: "import" },
      },
    ]);
    expect(new Set(enqueued.map((job) => job.name)).size).toBe(1);
    expect(nextMs).toBe(500);
  });

  it("leaves a link until its moment, at which the next beat comes", async () => {
    const { deps, enqueued } = makeDeps([makeDue("l1", { dueAt: new Date(now.getTime() + 120) })]);

    const nextMs = await enqueueDue(deps);

    expect(enqueued).toEqual([]);
    expect(nextMs).toBe(120);
  });

  it("passes on that the queue is away, so that the beat can say so", async () => {
    const { deps } = makeDeps([makeDue("l1")]);
    const queue = { enqueue: () => Promise.reject(new Error("away")) };

    await expect(enqueueDue({ ...deps, queue })).rejects.toThrow("away");
  });
});

describe("what was enqueued a moment ago", () => {
  /** What the second of two beats enqueues, `laterMs` after the first. */
  async function enqueuedAgain(first: Due, second: Due, laterMs = 500): Promise<readonly string[]> {
    let nowMs = 0;
    const queued = makeQueued(() => nowMs);
    await enqueueDue(makeDeps([first]).deps, queued);
    nowMs += laterMs;
    const later = makeDeps([second]);
    await enqueueDue(later.deps, queued);
    return later.enqueued.map(({ key }) => key);
  }

  it("is left alone, also where others went before it", async () => {
    expect(await enqueuedAgain(makeDue("l1", { turn: 60 }), makeDue("l1", { turn: 9 }))).toEqual([]);
  });

  it.each([
    ["a better place", makeDue("l1", { turn: 7 }), 500],
    ["another lane", makeDue("l1", { turn: 8, lane: "poll" }), 500],
    ["news of a later moment", makeDue("l1", { turn: 8, dueAt: new Date(now.getTime() - 1) }), 500],
    ["two seconds, in which a queue may have lost it", makeDue("l1", { turn: 8 }), 2_000],
  ] as const)("is enqueued again after %s", async (_, second, laterMs) => {
    expect(await enqueuedAgain(makeDue("l1", { turn: 8 }), second, laterMs)).toEqual(["l1"]);
  });

  it("is not remembered where the queue did not take it", async () => {
    const queued = makeQueued(() => 0);
    const refusing = { enqueue: () => Promise.reject(new Error("away")) };
    await expect(enqueueDue({ ...makeDeps([makeDue("l1")]).deps, queue: refusing }, queued)).rejects.toThrow("away");
    const { deps, enqueued } = makeDeps([makeDue("l1")]);

    await enqueueDue(deps, queued);

    expect(enqueued.map(({ key }) => key)).toEqual(["l1"]);
  });
});

describe("the beat", () => {
  it("goes on after a failure, looks at once when it is poked, and ends", async () => {
    const { deps, asked, nextQuestion } = makeDeps([]);
    const warnings: string[] = [];
    const log = {
      debug() {},
      info() {},
      error() {},
      warn: (_: object, message: string) => void warnings.push(message),
    };
    let failing = true;
    const turns = {
      shares: () => {
        if (failing) throw new Error("away");
        return shares;
      },
    };
    const beat = startBeat({ ...deps, turns, log });
    failing = false;

    const asks = nextQuestion();
    const startedAt = performance.now();
    beat.poke();
    await asks;
    const tookMs = performance.now() - startedAt;
    await beat.stop();

    expect(warnings).toEqual(["Schedule could not enqueue"]);
    expect(asked).toHaveLength(1);
    expect(tookMs).toBeLessThan(400);
  });
});
