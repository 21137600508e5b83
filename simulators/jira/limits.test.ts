import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Bench, doc, startBench } from "./test-support.ts";

let bench: Bench;
let path: string;

beforeEach(async () => {
  bench = await startBench();
  path = `/rest/api/3/issue/${bench.sim.control.createIssue({ projectKey: "OPS", summary: "x" }).issueId}/comment`;
});

afterEach(async () => {
  await bench.sim.close();
});

const post = () => bench.call("POST", path, { body: doc("hello") });

describe("limits", () => {
  it("let 20 writes in 2 s and 100 in 30 s on one issue pass", async () => {
    const burst: number[] = [];
    for (let index = 0; index < 21; index += 1) burst.push((await post()).status);
    const refused = await post();
    let passed = 20;
    while (passed < 130) {
      bench.clock.ms += 2_000;
      const statuses: number[] = [];
      for (let index = 0; index < 20; index += 1) statuses.push((await post()).status);
      const good = statuses.filter((status) => status === 201).length;
      passed += good;
      if (good < 20) break;
    }

    expect(burst.filter((status) => status === 201)).toHaveLength(20);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("ratelimit-reason")).toBe("jira-per-issue-on-write");
    expect(refused.headers.get("retry-after")).toBe("2");
    expect(passed).toBe(100);
  });

  it("limit bursts per operation when asked, with or without Retry-After", async () => {
    bench.sim.control.setSettings({ burstPerSecond: 2, retryAfterOn429: false });

    const statuses = [];
    for (let index = 0; index < 3; index += 1) statuses.push(await bench.call("GET", "/rest/api/3/myself"));
    bench.clock.ms += 1_000;

    expect(statuses.map((answer) => answer.status)).toEqual([200, 200, 429]);
    expect(statuses[2]?.headers.get("retry-after")).toBeNull();
    expect((await bench.call("GET", "/rest/api/3/myself")).status).toBe(200);
  });
});
