import { expect, test } from "vitest";
import { type ErrorKind, ServiceError } from "../domain/service-error.ts";
import { HandlerConflict } from "./contract.ts";
import { decideJob, NotNow, retryPauseMs } from "./job-decision.ts";

const table: [ErrorKind, number | null, ReturnType<typeof decideJob>][] = [
  ["rate_limited", 1_500, { kind: "wait", delayMs: 1_500 }],
  ["rate_limited", null, { kind: "wait", delayMs: 30_000 }],
  ["rate_limited", 86_400_000, { kind: "wait", delayMs: 300_000 }],
  ["unauthorized", null, { kind: "wait", delayMs: 30_000 }],
  ["unavailable", null, { kind: "retry" }],
  ["contract", null, { kind: "retry" }],
  ["rejected", null, { kind: "fail" }],
  ["not_found", null, { kind: "fail" }],
  ["forbidden", null, { kind: "fail" }],
];

test.each(table)("a service's %s with retryAfterMs %s is settled by the table", (kind, retryAfterMs, decision) => {
  const facts = { side: "jira", operation: "x", status: null, code: null, requestId: null } as const;

  const error = new ServiceError({ ...facts, kind, retryAfterMs, outcomeUnknown: false, detail: "" });

  expect(decideJob(error)).toEqual(decision);
});

test("what may not start yet waits without an attempt", () => {
  expect(decideJob(new NotNow(4_200.5))).toEqual({ kind: "wait", delayMs: 4_201 });
});

test("errors of our own are retried, unless they can never succeed", () => {
  expect(decideJob(new Error("bug"))).toEqual({ kind: "retry" });
  expect(decideJob("thrown text")).toEqual({ kind: "retry" });
  expect(decideJob(new HandlerConflict("no handler"))).toEqual({ kind: "fail" });
  expect(decideJob(Object.assign(new Error("bad payload"), { name: "ZodError" }))).toEqual({ kind: "fail" });
});

test("pauses double up to 30 s and random takes up to a quarter off", () => {
  expect([1, 2, 3, 5, 6, 50].map((attempt) => retryPauseMs(attempt, 1_000, 0))).toEqual([
    1_000, 2_000, 4_000, 16_000, 30_000, 30_000,
  ]);
  expect(retryPauseMs(1, 1_000, 1)).toBe(750);
});
