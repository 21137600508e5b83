import { describe, expect, it } from "vitest";
import { type LinkId, toId } from "../src/domain/ids.ts";
import type { Enqueue } from "../src/queue/queue-backend.ts";
import { enqueueDue, tickLengthMs } from "./schedule.ts";

describe("the length of a tick", () => {
  it.each([
    { expression: "* * * * *", expected: 60_000 },
    { expression: "*/1 * * * *", expected: 60_000 },
    { expression: "*/5 * * * *", expected: 300_000 },
    { expression: "  */15   * * * * ", expected: 900_000 },
    { expression: "*/10 * * * * *", expected: 10_000 },
    { expression: "* * * * * *", expected: 1_000 },
    { expression: "0 */2 * * * *", expected: 120_000 },
    { expression: "17 3 * * *", expected: 300_000 },
    { expression: "0,30 * * * *", expected: 300_000 },
  ])("is read off its expression: $expression", ({ expression, expected }) => {
    const length = tickLengthMs(expression);

    expect(length).toBe(expected);
  });
});

describe("enqueuing due links", () => {
  const now = new Date("2026-05-04T12:00:00Z");

  function makeDeps(
    due: readonly { id: LinkId; lane: "live" | "poll" | "check" | "import"; connectionName: string }[],
  ) {
    const enqueued: Enqueue[] = [];
    const asked: unknown[] = [];
    return {
      enqueued,
      asked,
      deps: {
        queue: {
          enqueue: async (job: Enqueue) => {
            enqueued.push(job);
          },
        },
        state: {
          listDueLinks: async (...question: unknown[]) => {
            asked.push(question);
            return due;
          },
        },
        clock: { now: () => now },
        connections: ["main", "spare"],
        dueMax: 7,
      },
    };
  }

  it("makes one job per link, keyed by the link and in its lane", async () => {
    const { deps, enqueued, asked } = makeDeps([
      { id: toId("l1"), lane: "live", connectionName: "main" },
      { id: toId("l2"), lane: "import", connectionName: "spare" },
    ]);

    await enqueueDue(deps);

    expect(asked).toEqual([[["main", "spare"], now, 7]]);
    expect(enqueued.map(({ queue, key, lane, payload }) => ({ queue, key, lane, payload }))).toEqual([
      { queue: "links", key: "l1", lane: "live", payload: { linkId: "l1", connection: "main" } },
      { queue: "links", key: "l2", lane: "import", payload: { linkId: "l2", connection: "spare" } },
    ]);
    expect(new Set(enqueued.map((job) => job.name)).size).toBe(1);
  });

  it("enqueues nothing when nothing is due", async () => {
    const { deps, enqueued } = makeDeps([]);

    await enqueueDue(deps);

    expect(enqueued).toEqual([]);
  });

  it("passes on that the queue is away, so that the beat can say so", async () => {
    const { deps } = makeDeps([{ id: toId("l1"), lane: "live", connectionName: "main" }]);
    const queue = { enqueue: () => Promise.reject(new Error("away")) };

    await expect(enqueueDue({ ...deps, queue })).rejects.toThrow("away");
  });
});
