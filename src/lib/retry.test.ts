import { describe, expect, it } from "vitest";
import { growingMs, makeEndpointPauses, pauseMs, readWaitHint, repeatGrowth, throttleGrowth } from "./retry.ts";

const now = new Date("2026-11-24T20:30:00Z");

describe("the hint of an answer", () => {
  it.each([
    [{ "retry-after": "3" }, 3_000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": "Tue, 24 Nov 2026 20:30:05 GMT" }, 5_000],
    [{ "x-ratelimit-reset": "2026-11-24T20:30:30Z" }, 30_000],
    [{ "x-ratelimit-reset": "2026-11-24T20:30:30Z", date: "Tue, 24 Nov 2026 20:30:20 GMT" }, 10_000],
    [{ "retry-after": "0", "x-ratelimit-reset": "2026-11-24T20:30:07Z" }, 7_000],
    [{ "retry-after": "3600" }, 3_600_000],
    [{ "retry-after": "0" }, null],
    [{ "retry-after": "-5" }, null],
    [{ "retry-after": "Tue, 24 Nov 2026 20:29:00 GMT" }, null],
    [{ "x-ratelimit-reset": "2026-11-24T20:29:00Z" }, null],
    [{ "retry-after": "99999999" }, null],
    [{ "retry-after": "999999999999999999999" }, null],
    [{ "retry-after": "Wed, 24 Nov 2027 20:30:00 GMT" }, null],
    [{ "retry-after": "soon" }, null],
    [{}, null],
  ])("%o means %s ms", (headers, waitMs) => {
    expect(readWaitHint(headers, now)).toBe(waitMs);
  });
});

describe("a pause", () => {
  it("grows to its bound, whatever the number of failures, and is drawn around its middle", () => {
    expect([1, 2, 3, 6, 7, 500].map((failures) => growingMs(throttleGrowth, failures, 0.5))).toEqual([
      1_000, 2_000, 4_000, 32_000, 60_000, 60_000,
    ]);
    expect([growingMs(repeatGrowth, 2, 0), growingMs(repeatGrowth, 2, 1)]).toEqual([500, 1_500]);
  });

  it("is made longer by a hint, never shorter", () => {
    expect([pauseMs(4_000, null), pauseMs(4_000, 500), pauseMs(4_000, 9_000)]).toEqual([4_000, 4_000, 9_000]);
  });

  it("of one endpoint is waited for by its callers alone", async () => {
    const slept: number[] = [];
    let nowMs = 0;
    const sleep = async (ms: number) => {
      slept.push(ms);
      nowMs += ms;
    };
    const endpoints = makeEndpointPauses({ nowMs: () => nowMs, sleep });

    endpoints.pause("search", 2_000);
    endpoints.pause("search", 1_000);
    await endpoints.wait("comment");
    await endpoints.wait("search");
    await endpoints.wait("search");

    expect(slept).toEqual([2_000]);
  });
});
