import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EffectEvent } from "./index.ts";
import { AUTHORIZATION, type Bench, doc, startBench } from "./test-support.ts";

let bench: Bench;
let path: string;
const events: EffectEvent[] = [];
let countAtEffect: number[] = [];

beforeEach(async () => {
  events.length = 0;
  countAtEffect = [];
  bench = await startBench({
    onEffect: async (event) => {
      if (!event.write) return;
      events.push(event);
      countAtEffect.push(bench.sim.control.getState().issues[0]?.comments.length ?? -1);
    },
  });
  path = `/rest/api/3/issue/${bench.sim.control.createIssue({ projectKey: "OPS", summary: "x" }).issueId}/comment`;
});

afterEach(async () => {
  await bench.sim.close();
});

const count = () => bench.sim.control.getState().issues[0]?.comments.length;
const post = () => bench.call("POST", path, { body: doc("hello") });

describe("faults", () => {
  it.each([
    ["500_before", 500, 0],
    ["503_before", 503, 0],
    ["500_after", 500, 1],
    ["504_after", 504, 1],
    ["429", 429, 0],
    ["401", 401, 0],
    ["403", 403, 0],
    ["login_page", 200, 0],
    ["garbage", 200, 1],
  ])("%s answers %i and leaves %i comments", async (kind, status, comments) => {
    bench.sim.control.addFault({ operation: "addComment", kind });

    const struck = await post();
    const before = count();
    const next = await post();

    expect([struck.status, before]).toEqual([status, comments]);
    expect(next.status).toBe(201);
  });

  it.each([
    ["reset_before", 0],
    ["reset_after", 1],
    ["truncate", 1],
  ])("%s cuts the connection and leaves %i comments", async (kind, comments) => {
    bench.sim.control.addFault({ method: "POST", pathIncludes: "/comment", kind });

    await expect(post()).rejects.toThrow();

    expect(count()).toBe(comments);
  });

  it("hang_after commits and never answers, until the stand-in closes", async () => {
    bench.sim.control.addFault({ operation: "addComment", kind: "hang_after" });
    const done = new Promise<string>((resolve) => {
      const call = request(bench.sim.url + path, {
        method: "POST",
        agent: false,
        headers: { authorization: AUTHORIZATION, "content-type": "application/json", "user-agent": "test" },
      });
      call.on("error", () => resolve("cut"));
      call.on("response", () => resolve("answered"));
      call.end(JSON.stringify({ body: doc("hello") }));
    });
    await expect.poll(count).toBe(1);

    await bench.sim.close();

    expect(await done).toBe("cut");
  });

  it("strike after `skip` and as often as `times` says", async () => {
    bench.sim.control.addFault({ operation: "addComment", kind: "503_before", skip: 1, times: 2 });

    const statuses = [await post(), await post(), await post(), await post()].map((answer) => answer.status);

    expect(statuses).toEqual([201, 503, 503, 201]);
  });

  it("strike by chance the same way for the same seed", async () => {
    const run = async () => {
      const other = await startBench({ seed: 7 });
      other.sim.control.addFault({ operation: "getCurrentUser", kind: "500_before", probability: 0.5 });
      const statuses: number[] = [];
      for (let index = 0; index < 12; index += 1) statuses.push((await other.call("GET", "/rest/api/3/myself")).status);
      await other.sim.close();
      return statuses;
    };

    const first = await run();

    expect(await run()).toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 500]));
  });

  it("carry Retry-After only when told", async () => {
    bench.sim.control.addFault({ operation: "addComment", kind: "429", retryAfterSeconds: 3 });
    bench.sim.control.addFault({ operation: "addComment", kind: "429" });

    const first = await post();
    const second = await post();

    expect([first.headers.get("retry-after"), second.headers.get("retry-after")]).toEqual(["3", null]);
    expect(first.headers.get("ratelimit-reason")).toBe("jira-burst-based");
  });

  it("an unknown kind is an error, not a silent pass", () => {
    expect(() => bench.sim.control.addFault({ kind: "500_later" })).toThrow("unknown fault kind");
  });

  it("an outage refuses everything until it ends", async () => {
    bench.sim.control.setOutage(true);
    const during = await bench.call("GET", "/rest/api/3/myself");
    bench.sim.control.setOutage(false);

    expect([during.status, (await bench.call("GET", "/rest/api/3/myself")).status]).toEqual([503, 200]);
  });
});

describe("effects", () => {
  it("are told right before the commit and right after it", async () => {
    await post();
    await post();

    expect(events.map((event) => [event.phase, event.n])).toEqual([
      ["before", 1],
      ["after", 1],
      ["before", 2],
      ["after", 2],
    ]);
    expect(countAtEffect).toEqual([0, 1, 1, 2]);
  });
});

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

describe("control over HTTP", () => {
  it("does the same as in process and is not counted", async () => {
    bench.sim.control.resetRequests();

    const created = await bench.call("POST", "/_control/createIssue", { projectKey: "STEP", summary: "by HTTP" });
    const state = await bench.call("POST", "/_control/getState");
    const wrong = await bench.call("POST", "/_control/nothing");

    expect(created.body.issueKey).toBe("STEP-1");
    expect(state.body.issues.at(-1).summary).toBe("by HTTP");
    expect(wrong.status).toBe(404);
    expect(bench.sim.control.getRequests().total).toBe(0);
  });

  it("counts requests by operation, searches as reads", async () => {
    bench.sim.control.resetRequests();
    await post();
    await bench.call("POST", "/rest/api/3/search/jql", { jql: "project = OPS" });
    await bench.call("POST", "/rest/api/3/comment/list", { ids: [1] });

    expect(bench.sim.control.getRequests()).toMatchObject({
      total: 3,
      reads: 2,
      writes: 1,
      byOperation: { addComment: 1, getCommentsByIds: 1, searchAndReconsileIssuesUsingJqlPost: 1 },
    });
  });
});
