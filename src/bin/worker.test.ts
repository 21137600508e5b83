import { expect, test } from "vitest";
import { type ErrorKind, ServiceError } from "../domain/service-error.ts";
import { blocked, deferred, done, type Outcome } from "../sync/outcome.ts";
import { countRuns } from "./handlers.ts";
import { plannedPollSeconds, reachedPollSeconds } from "./status.ts";

function fail(kind: ErrorKind): Error {
  return new ServiceError({
    side: "jira",
    kind,
    operation: "op",
    status: null,
    code: null,
    requestId: null,
    retryAfterMs: null,
    outcomeUnknown: false,
    detail: "why",
  });
}

test.each<[string, () => Promise<Outcome>, string]>([
  ["done", async () => done(3), "done"],
  ["blocked", async () => blocked("forbidden"), "blocked"],
  ["waiting for a comment's hold", async () => deferred("look_again", 0), "deferred"],
  ["told to wait", async () => deferred("rate_limited", 0), "deferred"],
  ["one whose reads failed", async () => deferred("unavailable", 0), "failed"],
  ["one that throws", () => Promise.reject(new Error("boom")), "failed"],
  ["one that a service threw out", () => Promise.reject(fail("contract")), "failed"],
  ["one that has to wait for a credential", () => Promise.reject(fail("unauthorized")), "deferred"],
])("a run that is %s is counted under its connection", async (_what, handle, outcome) => {
  const counted: unknown[] = [];
  const run = countRuns({ runEnded: (labels) => void counted.push(labels) }, handle);

  await run({ connection: "ops", linkId: "1" }).catch(() => "thrown");

  expect(counted).toEqual([{ connection: "ops", outcome }]);
});

test("a run that belongs to no connection is counted as such", async () => {
  const counted: unknown[] = [];

  await countRuns({ runEnded: (labels) => void counted.push(labels) }, async () => done(0))({});

  expect(counted).toEqual([{ connection: "none", outcome: "done" }]);
});

test.each([
  { cron: 60, v2: [0], historical: [], rate: 2, expected: 60 },
  { cron: 1, v2: [0], historical: [], rate: 2, expected: 6 },
  { cron: 60, v2: [10_000], historical: [], rate: 2, expected: 206 },
  { cron: 60, v2: [10_000, 10_000], historical: [], rate: 2, expected: 412 },
  { cron: 60, v2: [], historical: [400], rate: 2, expected: 410 },
  { cron: 60, v2: [10_000], historical: [400], rate: 2, expected: 616 },
])(
  "the poll interval of $v2 links, and $historical over v1.0, at $rate/s is $expected s",
  ({ cron, v2, historical, rate, expected }) => {
    const watched = [
      ...v2.map((links) => ({ apiVersion: "v2" as const, links })),
      ...historical.map((links) => ({ apiVersion: "v1.0" as const, links })),
    ];

    expect(plannedPollSeconds(cron, watched, rate)).toBe(expected);
  },
);

test.each([
  { intervalMs: 15_200, ageSeconds: 4, expected: 15.2 },
  { intervalMs: 15_200, ageSeconds: 90, expected: 90 },
  { intervalMs: null, ageSeconds: 4, expected: 60 },
  { intervalMs: null, ageSeconds: null, expected: 60 },
])("a round $ageSeconds s after the last one, which took $intervalMs ms to come, reaches $expected s", (given) => {
  const at = new Date("2026-05-04T12:00:00Z");
  const startedAt = given.ageSeconds === null ? null : new Date(at.getTime() - given.ageSeconds * 1000);

  expect(reachedPollSeconds({ startedAt, intervalMs: given.intervalMs }, 60, at)).toBe(given.expected);
});
