import { afterEach, describe, expect, it } from "vitest";
import { type CommentId, type IssueId, toId } from "../domain/ids.ts";
import type { CommentStamp } from "../domain/issue.ts";
import { whileStanding } from "../lib/standing.ts";
import { type Bench, failureOf, type Reaction, startBench } from "./test-support.ts";

const issueId = toId<IssueId>("10001");
const commentId = toId<CommentId>("20001");
const mark: CommentStamp = { v: 1, inst: "i", caseId: "TT1", srcHash: "h", files: [] };
const bodyAdf = { type: "doc", version: 1, content: [] };
const throttled = (headers: Record<string, string> = {}): Reaction => ({ status: 429, headers });
const created: Reaction = { status: 201, body: { id: "20001" } };

describe("requests to Jira", () => {
  let bench: Bench | null = null;
  async function start(...given: Parameters<typeof startBench>): Promise<Bench> {
    bench = await startBench(...given);
    return bench;
  }
  afterEach(async () => {
    await bench?.close();
    bench = null;
  });
  /** Many requests at once are slow on a busy machine, which is not what these tests ask about. */
  const patient = { callMs: 20_000 };
  const create = (at: Bench) => at.client.createComment(issueId, { bodyAdf, stamp: mark }, "live");

  it("sends credentials, JSON and the lane of the caller", async () => {
    const at = await start(() => created);

    await create(at);

    expect(at.lanes).toEqual(["live"]);
    expect(at.requests[0]).toMatchObject({ method: "POST", url: "/rest/api/3/issue/10001/comment" });
    expect(at.requests[0]?.headers.authorization).toBe(`Basic ${btoa("bot@example.com:TOKEN-1")}`);
    expect(JSON.parse(at.requests[0]?.body ?? "")).toEqual({
      body: bodyAdf,
      properties: [{ key: "casebridge", value: mark }],
    });
  });

  it("never writes the token or a text to the log", async () => {
    const at = await start((_seen, nth) => (nth < 3 ? throttled() : created));

    await create(at);

    expect(JSON.stringify(at.logged)).not.toMatch(/TOKEN-1|Basic|paragraph/);
  });

  it.each([
    ["Retry-After in seconds", { "retry-after": "7" }, 7_000],
    ["X-RateLimit-Reset by the site's own clock", { "x-ratelimit-reset": "2026-01-01T00:00:09Z" }, 9_000],
    ["nothing, so that it waits by itself", {}, 1_000],
  ])("waits out a 429 with %s, whatever the method", async (_name, headers, waitMs) => {
    const date = "Thu, 01 Jan 2026 00:00:00 GMT";
    const at = await start((_seen, nth) => (nth === 1 ? throttled({ ...headers, date }) : created));

    await create(at);

    expect(at.slept).toEqual([waitMs]);
    expect(at.pauses).toEqual([waitMs]);
    expect(at.lanes).toHaveLength(2);
  });

  it.each([
    ["0", { "retry-after": "0" }],
    ["a moment that has passed", { "retry-after": "Thu, 01 Jan 2025 00:00:00 GMT" }],
    ["a reset that has passed", { "x-ratelimit-reset": "2025-01-01T00:00:00Z" }],
    ["a day", { "retry-after": "86400" }],
    ["less than its own pause", { "retry-after": "0.2" }],
  ])("waits as long as without a hint where the hint is %s", async (_name, headers) => {
    const at = await start(() => throttled(headers));

    await failureOf(create(at));

    expect(at.requests).toHaveLength(5);
    expect(at.slept).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(at.pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
  });

  it("lets only the callers of one endpoint wait for its burst limit", async () => {
    const burst = throttled({ "ratelimit-reason": "jira-burst-based", "retry-after": "3" });
    const at = await start(({ method }) => (method === "POST" ? burst : { status: 404 }));

    await failureOf(create(at));
    const sleptBefore = at.slept.length;
    await at.client.findIssue(issueId, "poll");
    await failureOf(create(at));

    expect(at.pauses).toEqual([]);
    // The fifth refusal of the first call is waited out by the second one, before it sends anything.
    expect(at.slept.slice(sleptBefore, sleptBefore + 1)).toEqual([16_000]);
  });

  it("waits longer each time, and gives up after five 429s", async () => {
    const at = await start(() => throttled({ "ratelimit-reason": "jira-burst-based" }));

    const error = await failureOf(create(at));

    expect(error.facts).toMatchObject({ kind: "rate_limited", code: "jira-burst-based", outcomeUnknown: false });
    expect(at.slept).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(at.requests).toHaveLength(5);
  });

  it("does not keep the caller waiting for long, but pauses everybody", async () => {
    const at = await start(() => throttled({ "retry-after": "600" }));

    const error = await failureOf(create(at));

    expect(error.facts).toMatchObject({ kind: "rate_limited", retryAfterMs: 600_000 });
    expect(at.requests).toHaveLength(1);
    expect(at.pauses).toEqual([600_000]);
    expect(at.slept).toEqual([]);
  });

  it("lets only that issue wait when its own limit of writes is met", async () => {
    const limited = throttled({ "ratelimit-reason": "jira-per-issue-on-write", "retry-after": "2" });
    const at = await start((_seen, nth) => (nth === 1 ? limited : created));

    await create(at);

    expect(at.pauses).toEqual([]);
    expect(at.slept).toEqual([2_000]);
  });

  it.each<[string, Reaction]>([
    ["503", { status: 503 }],
    ["500", { status: 500 }],
    ["reset", "reset"],
    ["silence", "hang"],
  ])("sends a POST that writes once and does not know its outcome after %s", async (_name, reaction) => {
    const at = await start(() => reaction);

    const error = await failureOf(create(at));

    expect(error.facts).toMatchObject({ kind: "unavailable", operation: "createComment", outcomeUnknown: true });
    expect(at.requests).toHaveLength(1);
  });

  it("knows that nothing was executed when no connection came about", async () => {
    const at = await start(() => created);
    await at.close();

    const error = await failureOf(create(at));

    expect(error.facts).toMatchObject({ kind: "unavailable", status: null, outcomeUnknown: false });
  });

  it.each<[string, Reaction]>([
    ["502", { status: 502 }],
    ["503", { status: 503 }],
    ["504", { status: 504 }],
    ["reset", "reset"],
    ["silence", "hang"],
  ])("tries reads, PUTs and DELETEs three times in all after %s", async (_name, reaction) => {
    const at = await start(() => reaction);

    const read = await failureOf(at.client.findIssue(issueId, "poll"));
    const search = await failureOf(at.client.listUpdatedIssues(5, "poll"));
    const put = await failureOf(at.client.changeLabels(issueId, { add: ["a"], remove: [] }, "live"));
    const remove = await failureOf(at.client.deleteComment(issueId, commentId, "live"));

    expect(at.requests.map(({ method }) => method).join()).toBe(
      "GET,GET,GET,POST,POST,POST,PUT,PUT,PUT,DELETE,DELETE,DELETE",
    );
    expect([read, search, put, remove].map(({ facts }) => facts.outcomeUnknown)).toEqual([false, false, true, true]);
  });

  it("does not repeat a 500, which is no gateway's", async () => {
    const at = await start(() => ({ status: 500 }));

    await failureOf(at.client.findIssue(issueId, "poll"));

    expect(at.requests).toHaveLength(1);
  });

  it("takes a 404 on a repeated DELETE for done, and on a first one for an error", async () => {
    const at = await start((_seen, nth) => (nth === 1 ? "reset" : { status: 404 }));

    await at.client.deleteComment(issueId, commentId, "live");
    const error = await failureOf(at.client.deleteComment(issueId, commentId, "live"));

    expect(error.kind).toBe("not_found");
  });

  it("remembers over its attempts that an earlier one may have landed", async () => {
    const at = await start((_seen, nth) => (nth === 1 ? "hang" : { status: 400 }));

    const error = await failureOf(at.client.changeLabels(issueId, { add: ["a"], remove: [] }, "live"));

    expect(error.facts).toMatchObject({ kind: "rejected", outcomeUnknown: true });
  });

  it("bounds the silence within an answer too", async () => {
    const at = await start(() => ({ status: 200, headers: { "content-length": "1000" }, body: "{" }));

    const error = await failureOf(at.client.findIssue(issueId, "poll"));

    expect(error.kind).toBe("unavailable");
  });

  it("has at most 16 requests under way", async () => {
    let underWay = 0;
    let most = 0;
    const at = await start(async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      return { status: 404 };
    }, patient);

    await Promise.all(Array.from({ length: 60 }, () => at.client.findIssue(issueId, "poll")));

    expect(at.requests).toHaveLength(60);
    expect(most).toBeLessThanOrEqual(16);
  });

  it("sends no write whose turn came too late, and asks nobody to wait", async () => {
    const at = await start(() => ({ status: 204 }));

    const error = await failureOf(
      whileStanding({ mayStart: () => false, mayGoOn: () => false }, () =>
        at.client.deleteComment(issueId, commentId, "live"),
      ),
    );

    expect(error.facts).toMatchObject({ kind: "rate_limited", code: "NOT_STARTED", outcomeUnknown: false });
    expect(at.requests).toEqual([]);
  });

  it("is a client that jira.js's own functions can run over", async () => {
    const { getServerInfo } = await import("jira.js/cloud");
    const at = await start((_seen, nth) => (nth === 1 ? { status: 503 } : { status: 200, body: { version: "1001" } }));

    const info = await getServerInfo(
      at.transport.client({ operation: "getServerInfo", effect: "read", lane: "check" }),
    );

    expect(info.version).toBe("1001");
    expect(at.requests.map(({ url }) => url)).toEqual(["/rest/api/3/serverInfo", "/rest/api/3/serverInfo"]);
  });

  it("looks the account up once, and again after a failure", async () => {
    const at = await start((_seen, nth) =>
      nth === 1 ? { status: 401 } : { status: 200, body: { accountId: "me", emailAddress: null } },
    );

    const first = await failureOf(at.client.getOwnAccountId());
    const ids = [await at.client.getOwnAccountId(), await at.client.getOwnAccountId()];

    expect(first.kind).toBe("unauthorized");
    expect(ids).toEqual(["me", "me"]);
    expect(at.requests).toHaveLength(2);
  });
});
