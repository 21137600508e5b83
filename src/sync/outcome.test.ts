import { describe, expect, it } from "vitest";
import type { ErrorKind } from "../domain/service-error.ts";
import { backoffMs, blocked, type Decision, decide, deferred, done, ignored } from "./outcome.ts";

describe("what an error means for what comes next", () => {
  it.each<{ kind: ErrorKind; decision: Decision }>([
    { kind: "rate_limited", decision: { kind: "wait" } },
    { kind: "unauthorized", decision: { kind: "wait" } },
    { kind: "unavailable", decision: { kind: "retry", attemptsMax: null } },
    { kind: "contract", decision: { kind: "retry", attemptsMax: 6 } },
    { kind: "rejected", decision: { kind: "give_up_item" } },
    { kind: "not_found", decision: { kind: "block_link" } },
    { kind: "forbidden", decision: { kind: "block_link" } },
  ])("is decided by its kind alone: $kind", ({ kind, decision }) => {
    const result = decide(kind);

    expect(result).toEqual(decision);
  });

  it.each([
    { attempts: 0, least: 1_500, most: 2_000 },
    { attempts: 1, least: 3_000, most: 4_000 },
    { attempts: 2, least: 6_000, most: 8_000 },
    { attempts: 4, least: 24_000, most: 32_000 },
    { attempts: 5, least: 45_000, most: 60_000 },
    { attempts: 1_000_000, least: 45_000, most: 60_000 },
  ])("makes the pause after $attempts attempts grow up to a minute", ({ attempts, least, most }) => {
    const pauses = [backoffMs(attempts, 0), backoffMs(attempts, 1)];

    expect(pauses).toEqual([least, most]);
  });
});

describe("results of a run", () => {
  it("say what was done and why not more", () => {
    const results = [done(2), ignored("paused"), blocked("case_gone"), deferred("hold", 1)];

    expect(results).toEqual([
      { kind: "done", actions: 2 },
      { kind: "ignored", reason: "paused" },
      { kind: "blocked", reason: "case_gone" },
      { kind: "deferred", reason: "hold", actions: 1 },
    ]);
  });
});
