import { describe, expect, it } from "vitest";
import { makeIssuePacer } from "./issue-pacer.ts";

function makeBench() {
  let nowMs = 1_000_000;
  const pacer = makeIssuePacer({
    nowMs: () => nowMs,
    sleep: async (pauseMs) => {
      nowMs += pauseMs;
    },
  });
  function pass(tookMs: number): void {
    nowMs += tookMs;
  }
  return { pacer, now: () => nowMs, pass };
}

describe("writes on one issue", () => {
  it.each([0, 15, 120, 700])("never exceed 20 in 2 s nor 100 in 30 s when each takes %i ms", async (tookMs) => {
    const { pacer, now, pass } = makeBench();
    const done: number[] = [];
    const startedAt = now();

    for (let n = 0; n < 300; n += 1) {
      await pacer.run("1", async (count) => {
        pass(tookMs);
        done.push(now());
        count();
      });
    }

    for (const [countMax, spanMs] of [
      [20, 2_000],
      [100, 30_000],
    ] as const) {
      const crowded = done.filter((at, index) => index >= countMax && at - (done[index - countMax] ?? 0) < spanMs);
      expect(crowded).toEqual([]);
    }
    expect(now() - startedAt).toBeLessThan(Math.max(4 * 30_000, 300 * tookMs + 1));
  });

  it("are done one after the other in order, also after a failure", async () => {
    const { pacer } = makeBench();
    const seen: string[] = [];
    const action = (name: string, fails: boolean) => async () => {
      seen.push(`${name} starts`);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(`${name} ends`);
      if (fails) throw new Error(name);
    };

    const results = await Promise.allSettled([
      pacer.run("1", action("a", true)),
      pacer.run("1", action("b", false)),
      pacer.run("1", action("c", false)),
    ]);

    expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
    expect(seen).toEqual(["a starts", "a ends", "b starts", "b ends", "c starts", "c ends"]);
  });

  it("do not wait for those on another issue", async () => {
    const { pacer } = makeBench();
    const first = Promise.withResolvers<void>();

    const held = pacer.run("1", () => first.promise);
    await pacer.run("2", async () => {});
    first.resolve();
    await held;
  });
});
