import { describe, expect, it } from "vitest";
import { unguarded } from "../../../test/support/unguarded.ts";
import { ServiceError } from "../../domain/service-error.ts";
import type { CaseLookupPort, LookupCache } from "../ports.ts";
import { makeLookups } from "./lookups.ts";

function makeBench() {
  const rows = new Map<string, { value: unknown; readAt: Date }>();
  const bench = { now: new Date("2026-05-04T12:00:00Z"), calls: 0, away: false, gone: false };
  const cache: LookupCache = {
    find: async (connection, key) => rows.get(`${connection}|${key}`) ?? null,
    save: async (connection, key, value, readAt) => {
      rows.set(`${connection}|${key}`, { value, readAt });
    },
    listKeys: async (connection) =>
      [...rows.keys()].filter((key) => key.startsWith(`${connection}|`)).map((key) => key.slice(connection.length + 1)),
  };
  const failing = (kind: "unavailable" | "rejected"): ServiceError =>
    new ServiceError({
      side: "huawei",
      kind,
      operation: "look up",
      status: null,
      code: null,
      requestId: null,
      retryAfterMs: null,
      outcomeUnknown: false,
      detail: "away",
    });
  const port = {
    async listExtraParameters() {
      if (bench.gone) throw failing("rejected");
      return [];
    },
    async listRegions() {
      bench.calls += 1;
      if (bench.away) {
        throw failing("unavailable");
      }
      return [{ id: "r1", name: `answer ${bench.calls}` }];
    },
  } as unknown as CaseLookupPort;
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const lookups = makeLookups({ port, cache, clock: { now: () => bench.now }, log: silent, connectionName: "main" });
  const pass = (ms: number): void => {
    bench.now = new Date(bench.now.getTime() + ms);
  };
  return { bench, lookups, pass };
}

describe("look-ups", () => {
  it("asks once, and again when the answer is older than wanted", async () => {
    const { bench, lookups, pass } = makeBench();

    await lookups.regions(60_000, "live");
    pass(59_000);
    const cached = await lookups.regions(60_000, "live");
    pass(2_000);
    const fresh = await lookups.regions(60_000, "live");

    expect([cached[0]?.name, fresh[0]?.name, bench.calls]).toEqual(["answer 1", "answer 2", 2]);
  });

  it("serves a stale answer while the service is away, and nothing where there is none", async () => {
    const { bench, lookups, pass } = makeBench();
    await lookups.regions(60_000, "live");
    pass(10 * 24 * 3_600_000);
    bench.away = true;

    const stale = await lookups.regions(60_000, "live");
    const never = makeBench();
    never.bench.away = true;

    expect(stale[0]?.name).toBe("answer 1");
    await expect(never.lookups.regions(60_000, "live")).rejects.toThrow("away");
  });

  it("reads everything again that was asked for", async () => {
    const { bench, lookups } = makeBench();
    await lookups.regions(60_000, "live");

    expect(await lookups.refresh("check")).toBe(1);
    expect(bench.calls).toBe(2);
  });

  it("reads the others again where one is refused for good", async () => {
    const { bench, lookups } = makeBench();
    await lookups.extraParameters(
      { problemTypeId: unguarded("gone"), productId: null, subTypeId: null },
      60_000,
      "live",
    );
    await lookups.regions(60_000, "live");
    bench.gone = true;

    expect(await lookups.refresh("check")).toBe(1);
    expect(bench.calls).toBe(2);
  });
});
