import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { zonedToEpoch } from "./jql.ts";
import { type Bench, startBench } from "./test-support.ts";

let bench: Bench;

beforeEach(async () => {
  bench = await startBench();
});

afterEach(async () => {
  await bench.sim.close();
});

async function keys(jql: string): Promise<string[]> {
  const answer = await bench.call("POST", "/rest/api/3/search/jql", { jql, fields: ["key"] });
  expect(answer.body.errorMessages).toBeUndefined();
  return answer.body.issues.map((issue: { key: string }) => issue.key);
}

async function errorOf(jql: string): Promise<string> {
  const answer = await bench.call("POST", "/rest/api/3/search/jql", { jql });
  expect(answer.status).toBe(400);
  return answer.body.errorMessages.join(" ");
}

function seedIssues(): void {
  const { control } = bench.sim;
  control.createIssue({ projectKey: "OPS", summary: "Disk is full", labels: ["a", "b"], priority: "High" });
  control.createIssue({ projectKey: "OPS", summary: "Router lost", description: "packets 丢包 everywhere" });
  control.createIssue({ projectKey: "STEP", summary: "disk quota", labels: ["b"], issueType: "Bug" });
  control.transition({ issue: "OPS-2", toCategory: "done" });
}

describe("JQL", () => {
  it.each([
    ["project = OPS ORDER BY key", ["OPS-1", "OPS-2"]],
    ["project = Operations order by key desc", ["OPS-2", "OPS-1"]],
    ["project in (10000, STEP) order by id", ["OPS-1", "OPS-2", "STEP-1"]],
    ["labels = b order by key", ["OPS-1", "STEP-1"]],
    ["labels in (a) and not project = STEP", ["OPS-1"]],
    ["project = OPS and labels != a", []],
    ["project = OPS and labels is empty", ["OPS-2"]],
    ["labels is not EMPTY and (project = OPS or issuetype = Bug) order by key", ["OPS-1", "STEP-1"]],
    ["statusCategory = done", ["OPS-2"]],
    ['statusCategory in ("To Do") order by key', ["OPS-1", "STEP-1"]],
    ["status = 10001", ["OPS-2"]],
    ["project = OPS and statusCategory != done", ["OPS-1"]],
    ["priority = High", ["OPS-1"]],
    ["summary ~ disk order by key", ["OPS-1", "STEP-1"]],
    ['summary ~ "rou*"', ["OPS-2"]],
    ["text ~ 丢包", ["OPS-2"]],
    ["issuekey in (OPS-2, step-1) order by key", ["OPS-2", "STEP-1"]],
    ["reporter = currentUser()", []],
    ["assignee is empty and project = STEP", ["STEP-1"]],
    ["labels NOT IN (b, 'x y') or key = OPS-2", ["OPS-2"]],
  ])("answers %s", async (jql, expected) => {
    seedIssues();

    expect(await keys(jql)).toEqual(expected);
  });

  it.each([
    ["", "Unbounded"],
    ["order by created", "Unbounded"],
    ["project = ", "Expecting"],
    ["project = OPS and", "Expecting"],
    ["project OPS", "Expecting operator"],
    ['summary ~ "open', "has not been completed"],
    ["project = NOPE", "does not exist for the field 'project'"],
    ["colour = red", "Field 'colour' does not exist"],
    ["key = OPS-999", "An issue with key 'OPS-999' does not exist"],
    ["updated >= yesterday", "Date value 'yesterday'"],
    ["updated >= 1767225600000", "Date value"],
    ["labels > b", "not supported"],
    ["project = OPS order by a,b,c,d,e,f,g,h", "ORDER BY"],
    ["assignee = nobody()", "Unable to find JQL function"],
  ])("refuses %s", async (jql, expected) => {
    expect(await errorOf(jql)).toContain(expected);
  });

  it("reads date literals in the account's time zone with minute precision", async () => {
    bench.sim.control.createIssue({ projectKey: "OPS", summary: "x", createdAt: "2026-11-24T12:00:30Z" });

    expect(await keys('created >= "2026/11/24 20:00"')).toEqual(["OPS-1"]);
    expect(await keys('created >= "2026-11-24 20:01"')).toEqual([]);
    expect(await keys('created < "2026-11-24 12:00"')).toEqual([]);
  });

  it("reads relative dates by the server's clock", async () => {
    bench.sim.control.createIssue({ projectKey: "OPS", summary: "x" });
    bench.clock.ms += 9 * 60_000;

    expect(await keys("updated >= -10m")).toEqual(["OPS-1"]);
    expect(await keys("updated >= -8m")).toEqual([]);
    expect(await keys('updated >= "-1h 30m"')).toEqual(["OPS-1"]);
  });

  it("reads epoch milliseconds when the site does", async () => {
    bench.sim.control.setSettings({ jqlEpochMillis: true });
    bench.sim.control.createIssue({ projectKey: "OPS", summary: "x" });

    expect(await keys(`updated >= ${bench.clock.ms}`)).toEqual(["OPS-1"]);
    expect(await keys(`updated >= ${bench.clock.ms + 1}`)).toEqual([]);
  });

  it("knows that clocks change", () => {
    expect(zonedToEpoch([2026, 7, 1, 12, 0], "Europe/London")).toBe(Date.UTC(2026, 6, 1, 11, 0));
    expect(zonedToEpoch([2026, 1, 1, 12, 0], "Europe/London")).toBe(Date.UTC(2026, 0, 1, 12, 0));
  });
});

describe("search pages", () => {
  it("leads through all issues once by token, while others are added", async () => {
    for (let index = 0; index < 5; index += 1) {
      bench.sim.control.createIssue({ projectKey: "OPS", summary: `n${index}` });
      bench.clock.ms += 1;
    }
    const seen: string[] = [];
    let token: string | undefined;

    do {
      const page = await bench.call("POST", "/rest/api/3/search/jql", {
        jql: "project = OPS order by created asc",
        maxResults: 2,
        ...(token === undefined ? {} : { nextPageToken: token }),
      });
      seen.push(...page.body.issues.map((issue: { id: string }) => issue.id));
      token = page.body.nextPageToken;
      expect(page.body.isLast).toBe(token === undefined);
      if (seen.length === 2) bench.sim.control.createIssue({ projectKey: "OPS", summary: "late" });
    } while (token !== undefined);

    expect(seen).toEqual(["10101", "10102", "10103", "10104", "10105", "10106"]);
  });

  it("refuses a foreign token, too many properties and wrong sizes", async () => {
    const post = (more: object) => bench.call("POST", "/rest/api/3/search/jql", { jql: "project = OPS", ...more });

    expect((await post({ nextPageToken: "abc" })).status).toBe(400);
    expect((await post({ maxResults: 5001 })).status).toBe(400);
    expect((await post({ properties: ["a", "b", "c", "d", "e", "f"] })).status).toBe(400);
    expect((await post({ expand: ["names"] })).status).toBe(400);
    expect((await post({ startAt: 0 })).status).toBe(400);
  });

  it("answers only ids by default, fields and properties when asked", async () => {
    const { issueId } = bench.sim.control.createIssue({ projectKey: "OPS", summary: "x" });
    bench.sim.control.setIssueProperty({ issue: issueId, key: "casebridge", value: { v: 1 } });

    const search = (more: object) => bench.call("POST", "/rest/api/3/search/jql", { jql: "project = OPS", ...more });
    const bare = await search({});
    const full = await search({ fields: ["summary", "status"], properties: ["casebridge"] });
    const counted = await bench.call("POST", "/rest/api/3/search/approximate-count", { jql: "project = OPS" });

    expect(counted.body).toEqual({ count: 1 });
    expect(bare.body.issues).toEqual([{ id: issueId }]);
    expect(full.body.issues[0]).toMatchObject({ key: "OPS-1", properties: { casebridge: { v: 1 } } });
    expect(Object.keys(full.body.issues[0].fields)).toEqual(["summary", "status"]);
  });

  it("shows only the newest comments in a search result", async () => {
    const { issueId } = bench.sim.control.createIssue({ projectKey: "OPS", summary: "x" });
    for (let index = 0; index < 25; index += 1) bench.sim.control.addComment({ issue: issueId, text: `c${index}` });

    const found = await bench.call("POST", "/rest/api/3/search/jql", { jql: "project = OPS", fields: ["comment"] });

    expect(found.body.issues[0].fields.comment).toMatchObject({ total: 25, maxResults: 20, startAt: 5 });
  });
});

describe("search lag", () => {
  it("shows issues and updates only after the lag, while reads by id are fresh", async () => {
    bench.sim.control.setSettings({ searchLagMs: 5_000 });
    const { issueId } = bench.sim.control.createIssue({ projectKey: "OPS", summary: "x", labels: ["old"] });

    expect(await keys("project = OPS")).toEqual([]);
    expect((await bench.call("GET", `/rest/api/3/issue/${issueId}`)).status).toBe(200);

    bench.clock.ms += 5_000;
    expect(await keys("labels = old")).toEqual(["OPS-1"]);

    bench.sim.control.editIssue({ issue: issueId, fields: { labels: ["new"] } });
    expect(await keys("labels = old")).toEqual(["OPS-1"]);
    expect(await keys("labels = new")).toEqual([]);
    const fetched = await bench.call("POST", "/rest/api/3/issue/bulkfetch", {
      issueIdsOrKeys: [issueId],
      fields: ["labels"],
    });
    expect(fetched.body.issues[0].fields.labels).toEqual(["new"]);

    bench.clock.ms += 5_000;
    expect(await keys("labels = new")).toEqual(["OPS-1"]);
  });

  it("looks past the lag for issues to reconcile", async () => {
    bench.sim.control.setSettings({ searchLagMs: 60_000 });
    const { issueId } = bench.sim.control.createIssue({ projectKey: "OPS", summary: "x" });

    const found = await bench.call("POST", "/rest/api/3/search/jql", {
      jql: "project = OPS",
      reconcileIssues: [Number(issueId)],
    });

    expect(found.body.issues).toEqual([{ id: issueId }]);
  });

  it("lets comment lists lag by a setting of their own", async () => {
    bench.sim.control.setSettings({ listLagMs: 3_000 });
    const { issueId } = bench.sim.control.createIssue({ projectKey: "OPS", summary: "x" });
    bench.clock.ms += 10_000;
    const { commentId } = bench.sim.control.addComment({ issue: issueId, text: "hello" });

    const early = await bench.call("GET", `/rest/api/3/issue/${issueId}/comment`);
    const byId = await bench.call("POST", "/rest/api/3/comment/list", { ids: [Number(commentId)] });
    bench.clock.ms += 3_000;
    const late = await bench.call("GET", `/rest/api/3/issue/${issueId}/comment`);

    expect(early.body.total).toBe(0);
    expect(byId.body.total).toBe(1);
    expect(late.body.total).toBe(1);
  });
});
