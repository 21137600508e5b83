// The Jira adapter over real HTTP against the stand-in of a Jira site. The stand-in refuses what Atlassian's description
// does not know, so that `getRefusals()` at the end says whether every request had a documented form.
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type JiraSimulator, startJiraSimulator } from "../../simulators/jira/index.ts";
import { unlimitedBudget } from "../../src/domain/budget.ts";
import { type AttachmentId, type CommentId, type IssueId, type IssueKey, toId } from "../../src/domain/ids.ts";
import type { CommentStamp, IssueStamp } from "../../src/domain/issue.ts";
import { isServiceError, type ServiceError } from "../../src/domain/service-error.ts";
import { makeJiraClient } from "../../src/jira/jira-client.ts";
import { makeTextPort } from "../../src/jira/text-port.ts";
import { Secret } from "../../src/lib/secret.ts";
import { whileStanding } from "../../src/lib/standing.ts";
import type { Log, Spool, SpooledFile } from "../../src/sync/ports.ts";

const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const stamp: IssueStamp = { v: 1, inst: "inst-1", caseId: "TT1" };
const commentMark: CommentStamp = {
  v: 1,
  inst: "inst-1",
  caseId: "TT1",
  messageId: "m-1",
  srcHash: "abc",
  files: [["f-1", "10001"]],
};
const text = makeTextPort();

function doc(content: string): unknown {
  return text.messageToAdf({ header: "", text: content, footer: [] })[0];
}

describe("the Jira adapter", () => {
  let sim: JiraSimulator;
  let folder: string;
  /** The site's clock moves by itself far enough between two writes that no per-issue limit is met. */
  let nowMs: number;
  let slept: number[];

  const spool: Spool = {
    store: async (source, sizeMaxBytes) => {
      const chunks: Uint8Array[] = [];
      let sizeBytes = 0;
      for await (const chunk of source) {
        sizeBytes += chunk.byteLength;
        if (sizeBytes > sizeMaxBytes) throw Object.assign(new Error("too large"), { name: "FileTooLarge" });
        chunks.push(chunk);
      }
      return spooled(Buffer.concat(chunks));
    },
    storeText: async (content) => spooled(Buffer.from(content)),
    remove: async (file) => rm(file.path, { force: true }),
  };

  async function spooled(bytes: Buffer): Promise<SpooledFile> {
    const path = join(folder, randomBytes(8).toString("hex"));
    await writeFile(path, bytes);
    return { path, sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  }

  function makeClient(
    more: { issueType?: string; projectKey?: string; apiToken?: string; extraFields?: readonly string[] } = {},
  ) {
    const { apiToken = "SIMTOKEN", extraFields = [], ...options } = more;
    return makeJiraClient({
      options: {
        host: sim.url,
        email: "bot@example.com",
        projectKey: "OPS",
        issueType: "Task",
        ...options,
        apiToken: new Secret(apiToken),
      },
      budget: unlimitedBudget,
      log: quiet,
      extraFields,
      timeouts: { connectMs: 2_000, callMs: 400, fileMs: 5_000 },
      clock: { now: () => new Date(nowMs) },
      sleep: async (pauseMs) => {
        slept.push(pauseMs);
        nowMs += pauseMs;
      },
      random: () => 0.5,
    });
  }

  async function createIssue(client = makeClient(), more: { labels?: string[]; priority?: string | null } = {}) {
    return client.createIssue(
      {
        summary: "[TT1] disk is gone",
        descriptionAdf: doc("disk is gone"),
        labels: more.labels ?? ["hwcase-TT1", "huawei-cloud"],
        priority: more.priority ?? null,
        stamp,
      },
      "live",
    );
  }

  async function failure(work: Promise<unknown>): Promise<ServiceError> {
    const error: unknown = await work.then(
      () => new Error("nothing was thrown"),
      (reason: unknown) => reason,
    );
    if (!isServiceError(error)) throw error;
    return error;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "jira-contract-"));
    sim = await startJiraSimulator({ now: () => nowMs });
  });
  afterAll(async () => {
    await sim.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    nowMs = Date.UTC(2026, 10, 24, 20, 30, 0, 123);
    slept = [];
    sim.control.reset();
    sim.control.resetRequests();
  });
  afterEach(() => {
    expect(sim.control.getRefusals()).toEqual([]);
  });

  it("creates an issue by ids with description, labels, priority and property, and reads it back", async () => {
    const client = makeClient();

    const created = await createIssue(client, { priority: "high" });
    const issue = await client.findIssue(created.issueId, "live");

    expect(issue).toMatchObject({
      issueId: created.issueId,
      issueKey: created.issueKey,
      projectKey: "OPS",
      projectTypeKey: "software",
      summary: "[TT1] disk is gone",
      category: "new",
      labels: expect.arrayContaining(["hwcase-TT1", "huawei-cloud"]),
      priorityId: "2",
      securityLevelId: null,
      restriction: "none",
      reporterId: await client.getOwnAccountId(),
      files: [],
      stamp,
    });
    expect(text.adfToText(issue?.description)).toBe("disk is gone");
    expect(issue?.createdAt.getTime()).toBe(nowMs);
    expect(issue?.updatedRaw).toBe(sim.control.getIssue({ issue: created.issueKey }).updatedAt);
    expect(await client.findIssue(created.issueKey, "live")).toEqual(issue);
  });

  it("creates without the priority where Jira refuses that field", async () => {
    sim.control.setSettings({ priorityOnScreen: { default: false } });

    const created = await createIssue(makeClient(), { priority: "High" });

    expect(sim.control.getState().issues).toHaveLength(1);
    expect(sim.control.getIssue({ issue: created.issueKey }).priority?.id).toBe("3");
  });

  it("creates without a priority that the site does not know, and takes an issue type by id", async () => {
    const created = await createIssue(makeClient({ issueType: "10004" }), { priority: "P1" });

    expect(sim.control.getIssue({ issue: created.issueKey }).issueTypeId).toBe("10004");
  });

  describe("fields of the configuration", () => {
    const newIssue = { summary: "x", descriptionAdf: doc("x"), labels: ["ours"], priority: "High", stamp };
    const make = (fields: Record<string, unknown>, issueType: string | null = null) =>
      makeClient().createIssue({ ...newIssue, fields, issueType }, "live");

    it("are sent by the ids that their names mean; labels join ours, a priority goes before the mapped one", async () => {
      const { issueKey } = await make(
        { region: "north", customfield_10051: { id: "10201" }, labels: ["theirs", "ours"], priority: { id: "5" } },
        "bug",
      );

      const issue = sim.control.getIssue({ issue: issueKey });
      expect(issue.customFields).toMatchObject({ customfield_10050: "north", customfield_10051: { id: "10201" } });
      expect(issue).toMatchObject({ labels: ["ours", "theirs"], priority: { id: "5" }, issueTypeId: "10004" });
    });

    it("that the screen does not have, or has twice, are named before anything is sent", async () => {
      sim.control.setSettings({
        screenFields: [{ id: "customfield_10060", name: "Region", kind: "string", options: [] }],
      });

      const error = await failure(make({ Region: "north", Umfang: 1 }));

      expect(error.kind).toBe("rejected");
      expect(error.facts.detail).toBe(
        "Region is the name of several fields: customfield_10050, customfield_10060; the create screen has no field Umfang",
      );
      expect(sim.control.getRequests().byOperation.createIssue).toBeUndefined();
    });

    it("that Jira refuses are told with what was given and what they take; our own texts are not", async () => {
      sim.control.setSettings({ requiredFields: ["customfield_10050"], textLimit: 10 });

      const missing = await failure(make({}));
      expect(missing.facts.detail).toBe("refused fields: Region (customfield_10050): Region is required.");
      sim.control.setSettings({ requiredFields: [] });
      const wrong = await failure(
        makeClient().createIssue(
          { ...newIssue, descriptionAdf: doc("far too long for this site"), fields: { Product: { value: "OBS" } } },
          "live",
        ),
      );
      expect(wrong.facts.detail).toContain(
        `Product (customfield_10051): Option id '…' is not valid; given: {"value":"OBS"}; takes: 10200 Elastic Cloud Server,`,
      );
      expect(wrong.facts.detail).toContain("Description (description): The entered text is too long.");
      expect(wrong.facts.detail).not.toContain("this site");
    });

    it.each(["absent", "shown"] as const)(
      "assign to whom an address or an account id means (addresses are %s)",
      async (emailAddress) => {
        sim.control.setSettings({ emailAddress });
        const ada = sim.control.getState().accounts.find(({ displayName }) => displayName === "Ada Byron");
        const assigned = async (assignee: string) => {
          const { issueKey } = await makeClient().createIssue({ ...newIssue, assignee }, "live");
          return sim.control.getIssue({ issue: issueKey }).assigneeAccountId;
        };

        expect(await assigned("Ada@example.com")).toBe(ada?.accountId);
        expect(await assigned(ada?.accountId ?? "")).toBe(ada?.accountId);
        expect((await failure(assigned("nobody@example.com"))).facts.detail).toContain("nobody@example.com");
        // Several people are found by it, and none of them is sure.
        expect((await failure(assigned("@example.com"))).kind).toBe("rejected");
        const unknown = await failure(assigned("712020:nobody"));
        expect(unknown.facts.detail).toContain(
          'Assignee (assignee): Specify a valid value for assignee; given: {"id":"712020:nobody"}',
        );
      },
    );

    it("assign to nobody where the token may not look for people", async () => {
      sim.control.setSettings({ tokenScopes: ["read:jira-work", "write:jira-work"] });

      const { issueKey } = await makeClient().createIssue({ ...newIssue, assignee: "ada@example.com" }, "live");

      expect(sim.control.getIssue({ issue: issueKey }).assigneeAccountId).toBeNull();
    });

    it("cost no further look-ups where many issues are refused at once", async () => {
      const client = makeClient();
      const refuse = () => failure(client.createIssue({ ...newIssue, fields: { Product: { value: "OBS" } } }, "live"));
      await refuse();
      sim.control.resetRequests();

      for (let index = 0; index < 5; index += 1) await refuse();
      expect(
        sim.control.getRequests().log.filter(({ operation }) => operation !== "createIssue").length,
      ).toBeLessThanOrEqual(2);
      sim.control.resetRequests();
      nowMs += 45_000;
      await refuse();
      expect(sim.control.getRequests().byOperation.getCreateIssueMetaIssueTypeId).toBe(1);
    });

    it("are read anew once Jira refused one", async () => {
      const client = makeClient();
      const fields = { "Customer impact": "high" };
      await failure(client.createIssue({ ...newIssue, fields }, "live"));
      sim.control.setSettings({
        screenFields: [{ id: "customfield_10060", name: "Customer impact", kind: "string", options: [] }],
      });

      const { issueKey } = await client.createIssue({ ...newIssue, fields }, "live");

      expect(sim.control.getIssue({ issue: issueKey }).customFields.customfield_10060).toBe("high");
    });
  });

  it("makes one line of at most 255 characters of a summary", async () => {
    const client = makeClient();
    const created = await client.createIssue(
      { summary: `a\nb${"😀".repeat(300)}`, descriptionAdf: doc("x"), labels: [], priority: null, stamp },
      "live",
    );

    const { summary } = sim.control.getIssue({ issue: created.issueKey });

    expect(summary.length).toBeLessThanOrEqual(255);
    expect(summary.isWellFormed()).toBe(true);
    expect(summary).toMatch(/^a b.*…$/u);
  });

  it("answers null for an issue that does not exist, and leaves missing ones out of a list", async () => {
    const client = makeClient();
    const { issueId } = await createIssue(client);

    expect(await client.findIssue(toId<IssueKey>("OPS-999"), "live")).toBeNull();
    expect(await client.listIssues([issueId, toId<IssueId>("999999")], "poll")).toMatchObject([{ issueId, stamp }]);
    expect(await client.listIssues([], "poll")).toEqual([]);
  });

  it("lists what was updated lately over all pages, and nothing older or of another project", async () => {
    const client = makeClient();
    sim.control.createIssue({ projectKey: "OPS", summary: "old" });
    nowMs += 3_600_000;
    const keys = Array.from(
      { length: 130 },
      () => sim.control.createIssue({ projectKey: "OPS", summary: "new" }).issueKey,
    );
    sim.control.createIssue({ projectKey: "STEP", summary: "elsewhere" });

    const updated = await client.listUpdatedIssues(11, "poll");

    expect(updated.map(({ issueKey }) => issueKey).sort()).toEqual([...keys].sort());
    expect(updated[0]?.updatedRaw).toBe(sim.control.getIssue({ issue: "OPS-2" }).updatedAt);
    expect(sim.control.getRequests().total).toBe(2);
  });

  it("finds issues by label with their property, whatever characters the label holds", async () => {
    const client = makeClient();
    const { issueId } = await createIssue(client);
    nowMs += 1_000;
    await createIssue(client, { labels: ["hwcase-TT2"] });
    sim.control.createIssue({ projectKey: "OPS", summary: "theirs", labels: ['we"ird\\'] });

    const found = await client.findIssuesByLabels(["hwcase-TT1", 'we"ird\\', "none"], "check");

    expect(found).toHaveLength(2);
    expect(found[0]).toMatchObject({ issueId, stamp });
    expect(found[1]).toMatchObject({ labels: ['we"ird\\'], stamp: null });
  });

  it("keeps a query of the operator inside the project", async () => {
    const client = makeClient();
    const { issueKey } = sim.control.createIssue({ projectKey: "OPS", summary: "a", labels: ["huawei-case"] });
    sim.control.createIssue({ projectKey: "STEP", summary: "b", labels: ["huawei-case"] });

    const found = await client.listIssuesByJql('labels = "huawei-case" ORDER BY created', "poll");
    const refused = await failure(client.listIssuesByJql("labels = a) OR (project = STEP", "poll"));

    expect(found.map((issue) => issue.issueKey)).toEqual([issueKey]);
    expect(refused.facts).toMatchObject({ kind: "rejected", outcomeUnknown: false });
  });

  it("asks a query about one issue without the lag of the search", async () => {
    const client = makeClient();
    const { issueId, issueKey } = sim.control.createIssue({ projectKey: "OPS", summary: "a" });
    const elsewhere = sim.control.createIssue({ projectKey: "STEP", summary: "b", labels: ["huawei-case"] });
    const query = 'labels = "huawei-case" ORDER BY created';
    sim.control.setSettings({ searchLagMs: 3_600_000 });

    const before = await client.findIssueByJql(toId(issueId), query, "poll");
    sim.control.editIssue({ issue: issueId, fields: { labels: ["huawei-case"] } });
    const after = await client.findIssueByJql(toId(issueId), query, "poll");
    const outside = await client.findIssueByJql(toId(elsewhere.issueId), query, "poll");

    expect(before).toBeNull();
    expect(after?.issueKey).toBe(issueKey);
    expect(outside).toBeNull();
  });

  it("changes labels without touching others, and sets the property", async () => {
    const client = makeClient();
    const { issueId, issueKey } = await createIssue(client, { labels: ["a", "people"] });

    await client.changeLabels(issueId, { add: ["b"], remove: ["a"] }, "live");
    await client.changeLabels(issueId, { add: [], remove: [] }, "live");
    await client.setIssueStamp(issueId, { ...stamp, issueId }, "live");

    const issue = sim.control.getIssue({ issue: issueKey });
    expect([...issue.labels].sort()).toEqual(["b", "people"]);
    expect(issue.properties).toEqual({ casebridge: { ...stamp, issueId } });
  });

  it("sets the properties of many issues in one request, and says which of them carry theirs afterwards", async () => {
    const client = makeClient();
    const [first, second] = [await createIssue(client), await createIssue(client)];
    const marksOf = (ids: readonly IssueId[]) => ids.map((issueId) => ({ issueId, stamp: { ...stamp, issueId } }));
    sim.control.resetRequests();

    const done = await client.setIssueStamps(marksOf([first.issueId, second.issueId]), "poll");
    const sent = sim.control.getRequests().byOperation;
    const incomplete = await client.setIssueStamps(marksOf([first.issueId, toId<IssueId>("999999")]), "poll");

    expect(done).toEqual([first.issueId, second.issueId]);
    expect(sent).toEqual({ bulkSetIssuePropertiesByIssue: 1, getTask: 1, bulkFetchIssues: 1 });
    for (const { issueId, issueKey } of [first, second])
      expect(sim.control.getIssue({ issue: issueKey }).properties).toEqual({ casebridge: { ...stamp, issueId } });
    expect(incomplete).toEqual([first.issueId]);
  });

  it("believes no task: what was left out, failed or never ends is told as not set", async () => {
    const client = makeClient();
    const made = [await createIssue(client), await createIssue(client), await createIssue(client)];
    const marks = made.map(({ issueId }) => ({ issueId, stamp: { ...stamp, issueId } }));

    for (const bulkProperties of ["stuck", "failing", "partial"] as const) {
      sim.control.setSettings({ bulkProperties });
      const carrying = await client.setIssueStamps(marks, "poll");

      expect(carrying).toEqual(bulkProperties === "partial" ? [made[0]?.issueId, made[2]?.issueId] : []);
    }
    for (const bulkProperties of ["400", "403", "404"] as const) {
      sim.control.setSettings({ bulkProperties });
      const refused = await failure(client.setIssueStamps(marks, "poll"));

      expect(refused.facts).toMatchObject({ status: Number(bulkProperties), outcomeUnknown: false });
    }
  });

  it("reads who moved many issues last, in one request", async () => {
    const client = makeClient();
    const issues = [await createIssue(client), await createIssue(client), await createIssue(client)];
    const [first, second, third] = issues;
    for (const toCategory of ["indeterminate", "done"] as const)
      sim.control.transition({ issue: first?.issueKey ?? "", toCategory });
    sim.control.transition({ issue: second?.issueKey ?? "", toCategory: "done" });
    nowMs += 1_000;
    sim.control.transition({ issue: second?.issueKey ?? "", toCategory: "indeterminate", author: "app" });
    sim.control.editIssue({ issue: second?.issueKey ?? "", fields: { summary: "renamed" } });
    sim.control.resetRequests();

    const moves = await client.findLastMoves(
      issues.map((issue) => issue.issueId),
      "poll",
    );

    expect(sim.control.getRequests().byOperation).toEqual({ getBulkChangelogs: 1 });
    expect(moves.get(first?.issueId as IssueId)).toMatchObject({ toId: "10001", authorType: "atlassian" });
    expect(moves.get(second?.issueId as IssueId)).toMatchObject({ toId: "3", authorType: "app" });
    expect(moves.has(third?.issueId as IssueId)).toBe(false);
  });

  it("deletes an issue, and says when it may not", async () => {
    const client = makeClient();
    const [kept, gone] = [await createIssue(client), await createIssue(client)];

    sim.control.setSettings({ revokedPermissions: ["DELETE_ISSUES"] });
    const refused = await failure(client.deleteIssue(kept.issueId, "poll"));
    sim.control.setSettings({ revokedPermissions: [] });
    await client.deleteIssue(gone.issueId, "poll");
    await client.deleteIssue(gone.issueId, "poll");

    expect(refused).toMatchObject({ kind: "forbidden" });
    expect(sim.control.getState().issues.map((issue) => issue.key)).toContain(kept.issueKey);
    expect(sim.control.getState().issues.map((issue) => issue.key)).not.toContain(gone.issueKey);
  });

  it("links two issues once, whichever is named first, and says when the site has no such type", async () => {
    const client = makeClient();
    const [first, second] = [await createIssue(client), await createIssue(client)];

    const results = [
      await client.linkIssues(first.issueId, second.issueId, "live"),
      await client.linkIssues(second.issueId, first.issueId, "live"),
    ];
    const issue = await client.findIssue(first.issueId, "live");
    sim.control.setSettings({ revokedPermissions: ["LINK_ISSUES"] });
    const refused = await failure(client.linkIssues(first.issueId, second.issueId, "live"));
    sim.control.setSettings({ revokedPermissions: [], linkTypes: [] });
    const without = await makeClient().linkIssues(first.issueId, second.issueId, "live");
    sim.control.setSettings({ issueLinking: false });
    const off = await makeClient().linkIssues(first.issueId, second.issueId, "live");

    expect([...results, without, off]).toEqual(["linked", "linked", "no_link_type", "no_link_type"]);
    expect(issue?.linkedIssueIds).toEqual([second.issueId]);
    expect(sim.control.getIssue({ issue: second.issueKey }).issueLinks).toMatchObject([
      { type: "Relates", otherKey: first.issueKey },
    ]);
    expect(refused.facts).toMatchObject({ kind: "not_found", outcomeUnknown: false });
  });

  it("answers further fields as texts where it was told to read them", async () => {
    const { issueKey } = sim.control.createIssue({
      projectKey: "OPS",
      summary: "with fields",
      priority: "High",
      customFields: { customfield_10050: { value: "cn-north-4" } },
    });
    const client = makeClient({ extraFields: ["customfield_10050", "customfield_10051"] });

    const issue = await client.findIssue(toId<IssueKey>(issueKey), "live");

    expect(issue?.fieldTexts).toEqual({ customfield_10050: "cn-north-4", customfield_10051: null });
    expect(issue?.priorityName).toBe("High");
  });

  it("lists transitions with the fields they demand, moves the issue and reads its status changes", async () => {
    const client = makeClient();
    const { issueId, issueKey } = await createIssue(client);
    sim.control.setSettings({ doneRequiresResolution: true });

    const transitions = await client.listTransitions(issueId, "live");
    await client.transitionIssue(
      issueId,
      transitions.find((each) => each.toStatusId === "3")?.transitionId ?? "",
      {},
      "live",
    );
    nowMs += 60_000;
    sim.control.editIssue({ issue: issueKey, fields: { summary: "renamed" } });
    sim.control.transition({ issue: issueKey, toCategory: "done" });
    const changes = await client.listChanges(issueId, "live");

    expect(transitions.find((each) => each.toCategory === "done")?.requiredFields).toEqual(["Resolution"]);
    expect(transitions.find((each) => each.toStatusId === "3")?.requiredFields).toEqual([]);
    expect(changes.filter(({ field }) => field !== "resolution")).toMatchObject([
      { field: "status", toId: "3", authorId: await client.getOwnAccountId() },
      { field: "summary", toText: "renamed", toId: null },
      { field: "status", toId: "10001", authorType: "atlassian" },
    ]);
    expect(changes.at(-1)?.at.getTime()).toBe(nowMs);
  });

  for (const listed of [true, false]) {
    it(`reads own comments with their property when the list ${listed ? "has" : "lacks"} properties`, async () => {
      sim.control.setSettings({ commentListReturnsProperties: listed });
      const client = makeClient();
      const { issueId, issueKey } = await createIssue(client);
      const commentId = await client.createComment(issueId, { bodyAdf: doc("ours"), stamp: commentMark }, "live");
      const forged = { casebridge: commentMark };
      sim.control.addComment({
        issue: issueKey,
        text: "theirs",
        properties: forged,
        visibility: { value: "Administrators" },
      });
      sim.control.addComment({ issue: issueKey, text: "internal", internal: true, author: "app" });

      const comments = await client.listComments(issueId, "live");

      expect(comments).toMatchObject([
        { commentId, stamp: commentMark, restricted: false, jsdPublic: true, authorType: "atlassian" },
        { stamp: null, restricted: true },
        { stamp: null, restricted: false, jsdPublic: false, authorType: "app" },
      ]);
      expect(text.adfToText(comments[1]?.body)).toBe("theirs");
      expect(await client.findComment(issueId, commentId, "live")).toEqual(comments[0]);
    });
  }

  it("reads an issue with its comments in one request, and asks for the marks of unknown copies alone", async () => {
    const client = makeClient();
    const { issueId, issueKey } = await createIssue(client);
    const bodyAdf = doc("ours");
    const known = await client.createComment(issueId, { bodyAdf, stamp: commentMark }, "live");
    const parent = sim.control.addComment({ issue: issueKey, text: "theirs", visibility: { value: "Administrators" } });
    sim.control.addComment({ issue: issueKey, text: "a reply", replyTo: parent.commentId });
    const listed = await client.listComments(issueId, "live");
    sim.control.resetRequests();

    const first = await client.findIssueWithComments(issueId, new Set(), "live");
    const again = await client.findIssueWithComments(issueId, new Set([known]), "live");

    expect(first).toEqual({ issue: await client.findIssue(issueId, "live"), comments: listed, changes: [] });
    expect(again?.comments).toEqual([{ ...listed[0], stamp: undefined }, ...listed.slice(1)]);
    expect(sim.control.getRequests().byOperation).toMatchObject({ getIssue: 3, getCommentsByIds: 1 });
    expect(await client.findIssueWithComments(toId<IssueId>("999999"), new Set(), "live")).toBeNull();
  });

  it("shows the changes of an issue with it, as their own list does, as long as it shows them all", async () => {
    const client = makeClient();
    const { issueId, issueKey } = await createIssue(client);
    const move = (toCategory: "done" | "indeterminate") => sim.control.transition({ issue: issueKey, toCategory });
    move("indeterminate");
    move("done");

    const few = await client.findIssueWithComments(issueId, new Set(), "live");
    const listed = await client.listChanges(issueId, "live");
    for (let n = 0; n < 20; n += 1) {
      move("indeterminate");
      move("done");
    }
    const many = await client.findIssueWithComments(issueId, new Set(), "live");

    expect(few?.changes).toEqual(listed);
    expect(listed.filter(({ field }) => field === "status").map(({ toId }) => toId)).toEqual(["3", "10001"]);
    expect(many?.changes).toBeNull();
  });

  it("reads the list of comments where the issue shows the newest of them alone", async () => {
    const client = makeClient();
    const { issueId, issueKey } = await createIssue(client);
    for (let n = 0; n < 120; n += 1) sim.control.addComment({ issue: issueKey, text: `comment ${n}` });

    const found = await client.findIssueWithComments(issueId, new Set(), "live");

    expect(found?.comments.map(({ body }) => text.adfToText(body))).toEqual(
      Array.from({ length: 120 }, (_, n) => `comment ${n}`),
    );
  });

  it("says that jsdPublic is unknown where Jira does not tell", async () => {
    sim.control.setSettings({ jsdPublic: "never" });
    const client = makeClient();
    const { issueId, issueKey } = await createIssue(client);
    sim.control.addComment({ issue: issueKey, text: "theirs" });

    expect(await client.listComments(issueId, "live")).toMatchObject([{ jsdPublic: null }]);
  });

  it("reads the comments of all pages in order", async () => {
    const client = makeClient();
    const { issueId, issueKey } = await createIssue(client);
    for (let n = 0; n < 230; n += 1) sim.control.addComment({ issue: issueKey, text: `comment ${n}` });

    const comments = await client.listComments(issueId, "live");

    expect(comments.map(({ body }) => text.adfToText(body))).toEqual(
      Array.from({ length: 230 }, (_, n) => `comment ${n}`),
    );
  });

  it("updates body and property, keeps a restriction that a person has set, and deletes", async () => {
    const client = makeClient();
    const { issueId, issueKey } = await createIssue(client);
    const commentId = await client.createComment(issueId, { bodyAdf: doc("one"), stamp: commentMark }, "live");
    sim.control.restrictComment({ commentId, visibility: { value: "Administrators" } });

    const changed = { ...commentMark, srcHash: "def" };
    await client.updateComment(issueId, commentId, { bodyAdf: doc("two"), stamp: changed }, "live");
    const [comment] = sim.control.getIssue({ issue: issueKey }).comments;
    await client.deleteComment(issueId, commentId, "live");

    expect(comment).toMatchObject({ bodyText: "two", properties: { casebridge: changed } });
    expect(comment?.visibility).toMatchObject({ value: "Administrators" });
    expect(await client.findComment(issueId, commentId, "live")).toBeNull();
    expect((await failure(client.deleteComment(issueId, commentId, "live"))).kind).toBe("not_found");
  });

  it("never sends a string where Jira wants a document", async () => {
    const client = makeClient();
    const { issueId } = await createIssue(client);

    const error = await failure(client.createComment(issueId, { bodyAdf: "plain", stamp: commentMark }, "live"));

    expect(error.facts).toMatchObject({ kind: "rejected", status: null, outcomeUnknown: false });
  });

  it("uploads and downloads files with their names and bytes, empty ones too", async () => {
    const client = makeClient();
    const { issueId, issueKey } = await createIssue(client);
    const names = ['日志 "a".txt', "empty.bin"];
    const files = [await spooled(randomBytes(300_000)), await spooled(Buffer.alloc(0))];

    for (const [index, file] of files.entries()) {
      const uploaded = await client.uploadFile(issueId, { file, name: names[index] ?? "" }, "live");
      const back = await client.downloadFile(uploaded.attachmentId, spool, 1_000_000, "live");
      expect(uploaded.sizeBytes).toBe(file.sizeBytes);
      expect(back.sha256).toBe(file.sha256);
      expect((await readFile(back.path)).length).toBe(file.sizeBytes);
    }

    const stored = sim.control.getIssue({ issue: issueKey }).attachments;
    expect(stored.map(({ sha256 }) => sha256)).toEqual(files.map(({ sha256 }) => sha256));
    const issue = await client.findIssue(issueId, "live");
    expect(issue?.files.map(({ name }) => name)).toEqual(stored.map(({ name }) => name));
    expect(stored[0]?.name).toContain("日志");
    await client.deleteFile(toId<AttachmentId>(stored[0]?.id ?? ""), "live");
    expect(sim.control.getIssue({ issue: issueKey }).attachments).toHaveLength(1);
  });

  it("follows the content to another origin, without credentials, and repeats a download that broke", async () => {
    sim.control.setSettings({ contentOrigin: "other" });
    const client = makeClient();
    const { issueId, issueKey } = await createIssue(client);
    const { attachmentId, sha256 } = sim.control.addAttachment({ issue: issueKey, name: "a.bin", sizeBytes: 500_000 });
    sim.control.addFault({ operation: "getAttachmentContent", kind: "truncate" });

    const file = await client.downloadFile(toId<AttachmentId>(attachmentId), spool, 1_000_000, "live");

    expect(file.sha256).toBe(sha256);
    expect((await client.findIssue(issueId, "live"))?.files[0]?.sizeBytes).toBe(500_000);
  });

  it("passes on that the spool finds a file too large", async () => {
    const client = makeClient();
    const { issueKey } = await createIssue(client);
    const { attachmentId } = sim.control.addAttachment({ issue: issueKey, name: "a.bin", sizeBytes: 500_000 });

    const download = client.downloadFile(toId<AttachmentId>(attachmentId), spool, 1_000, "live");

    await expect(download).rejects.toMatchObject({ name: "FileTooLarge" });
  });

  it("leaves an upload incomplete, which Jira does not store, once another run may hold the link", async () => {
    const client = makeClient();
    const { issueId, issueKey } = await createIssue(client);
    const file = await spooled(randomBytes(1_000_000));
    let pieces = 0;
    const mayGoOn = (): boolean => {
      pieces += 1;
      return pieces < 3;
    };

    const error = await failure(
      whileStanding({ mayStart: () => true, mayGoOn }, () =>
        client.uploadFile(issueId, { file, name: "a.bin" }, "live"),
      ),
    );

    expect(pieces).toBe(3);
    expect(error.facts).toMatchObject({ kind: "unavailable", outcomeUnknown: true });
    expect(sim.control.getIssue({ issue: issueKey }).attachments).toEqual([]);
  });

  it("reads the size limit, keeps it for an hour, and reports a file beyond it as refused", async () => {
    const client = makeClient();
    const { issueId } = await createIssue(client);
    sim.control.setSettings({ uploadLimitBytes: 1_000 });

    expect(await client.getFileSizeMax("live")).toBe(1_000);
    const refused = await failure(
      client.uploadFile(issueId, { file: await spooled(randomBytes(2_000)), name: "a" }, "live"),
    );
    sim.control.setSettings({ attachmentsEnabled: false });
    const kept = await client.getFileSizeMax("live");
    nowMs += 3_600_001;

    expect(refused.facts).toMatchObject({ kind: "rejected", status: 413, outcomeUnknown: false });
    expect(kept).toBe(1_000);
    expect(await client.getFileSizeMax("live")).toBe(0);
  });

  it("keeps within the writes that Jira takes on one issue, without ever being told to wait", async () => {
    const client = makeClient();
    const { issueId, issueKey } = await createIssue(client);

    await Promise.all(
      Array.from({ length: 120 }, (_, n) =>
        client.createComment(issueId, { bodyAdf: doc(`c ${n}`), stamp: commentMark }, "live"),
      ),
    );

    expect(sim.control.getIssue({ issue: issueKey }).comments.map(({ bodyText }) => bodyText)).toEqual(
      Array.from({ length: 120 }, (_, n) => `c ${n}`),
    );
    expect(sim.control.getRequests().log.filter(({ status }) => status === 429)).toEqual([]);
    expect(slept.length).toBeGreaterThan(0);
  });

  it("waits out a 429 as long as Jira asks, then succeeds", async () => {
    const client = makeClient();
    sim.control.addFault({ operation: "createIssue", kind: "429", times: 2, retryAfterSeconds: 7 });

    await createIssue(client);

    expect(slept).toEqual([7_000, 7_000]);
    expect(sim.control.getState().issues).toHaveLength(1);
  });

  for (const kind of ["503_after", "reset_after", "hang_after", "garbage", "503_before", "reset_before"]) {
    it(`sends a creation once and says that its outcome is unknown after ${kind}`, async () => {
      const client = makeClient();
      sim.control.addFault({ operation: "createIssue", kind });

      const error = await failure(createIssue(client));

      expect(error.facts.outcomeUnknown).toBe(true);
      expect(error.kind).toBe(kind === "garbage" ? "contract" : "unavailable");
      expect(sim.control.getState().issues).toHaveLength(kind.endsWith("before") ? 0 : 1);
      expect(sim.control.getRequests().log.filter(({ operation }) => operation === "createIssue")).toHaveLength(1);
    });
  }

  for (const kind of ["503_before", "502_after", "reset_before", "reset_after", "hang_before"]) {
    it(`repeats reads, searches, edits and deletions after ${kind}`, async () => {
      const client = makeClient();
      const { issueId, issueKey } = await createIssue(client);
      const commentId = await client.createComment(issueId, { bodyAdf: doc("x"), stamp: commentMark }, "live");
      for (const operation of ["getIssue", "searchAndReconsileIssuesUsingJqlPost", "editIssue", "deleteComment"]) {
        sim.control.addFault({ operation, kind });
      }

      await client.findIssue(issueId, "live");
      await client.listUpdatedIssues(10, "poll");
      await client.changeLabels(issueId, { add: ["more"], remove: [] }, "live");
      await client.deleteComment(issueId, commentId, "live");

      expect(sim.control.getIssue({ issue: issueKey })).toMatchObject({ comments: [] });
      expect(sim.control.getIssue({ issue: issueKey }).labels).toContain("more");
    });
  }

  it("tells credentials, permissions, refusals and pages that are no API apart", async () => {
    const client = makeClient();
    const { issueId } = await createIssue(client);
    sim.control.addFault({ operation: "getIssue", kind: "403" });
    const forbidden = await failure(client.findIssue(issueId, "live"));
    sim.control.addFault({ operation: "getIssue", kind: "login_page" });
    const page = await failure(client.findIssue(issueId, "live"));
    const refused = await failure(
      client.createIssue(
        { summary: "s", descriptionAdf: doc("x"), labels: ["has space"], priority: null, stamp },
        "live",
      ),
    );
    const unauthorized = await failure(makeClient({ apiToken: "OLD" }).findIssue(issueId, "live"));

    expect(forbidden.kind).toBe("forbidden");
    expect(page.kind).toBe("contract");
    expect(refused.facts).toMatchObject({ kind: "rejected", status: 400, outcomeUnknown: false });
    expect(refused.facts.detail).toContain("labels");
    expect(refused.message).not.toContain("has space");
    expect(unauthorized.facts).toMatchObject({ kind: "unauthorized", status: 401 });
    expect(unauthorized.facts.requestId).not.toBeNull();
  });

  it("tells doctor what it needs", async () => {
    const client = makeClient();
    await createIssue(client);
    sim.control.setSettings({ revokedPermissions: ["TRANSITION_ISSUES"] });

    expect(await client.getMyself()).toMatchObject({
      timeZone: "Asia/Shanghai",
      accountId: await client.getOwnAccountId(),
    });
    expect(await client.getPermissions(["BROWSE_PROJECTS", "TRANSITION_ISSUES"])).toEqual({
      BROWSE_PROJECTS: true,
      TRANSITION_ISSUES: false,
    });
    expect(await client.getProject()).toMatchObject({ key: "OPS", projectTypeKey: "software" });
    expect(await client.findIssueType("task")).toMatchObject({ id: "10002", name: "Task" });
    expect(await client.findIssueType("10004")).toMatchObject({ id: "10004", name: "Bug" });
    expect(await client.findIssueType("Epic")).toBeNull();
    expect((await client.listCreateFields("10002")).map(({ fieldId }) => fieldId)).toContain("summary");
    expect(await client.listStatuses()).toContainEqual({ id: "10001", name: "Done", category: "done" });
    expect((await client.listPriorities()).map(({ name }) => name)).toContain("High");
    expect((await client.serverTime()).getTime()).toBeGreaterThan(0);
    expect(await client.countIssues('project = "OPS"')).toBe(1);
    const missing = await failure(makeClient({ projectKey: "NOPE" }).getProject());
    expect(missing.kind).toBe("not_found");
  });

  it.each([
    { projectKey: "OPS", isTeamManaged: false, levels: "some", shown: { security: true, issuerestriction: false } },
    { projectKey: "TEAM", isTeamManaged: true, levels: "none", shown: { security: false, issuerestriction: true } },
  ])("tells who may see the issues of $projectKey", async ({ projectKey, isTeamManaged, levels, shown }) => {
    const client = makeClient({ projectKey });
    sim.control.setSettings({ securityLevels: "listed", botIsAdmin: true });
    const empty = await client.findVisibility();
    sim.control.createIssue({ projectKey, summary: "one" });

    expect(await client.getProject()).toMatchObject({ isTeamManaged });
    expect(empty).toEqual({ levels, shown: null });
    expect(await client.findVisibility()).toEqual({ levels, shown });
  });

  it("refuses ids that would change the address", async () => {
    const client = makeClient();

    const error = await failure(client.findComment(toId<IssueId>("1/../2"), toId<CommentId>(".."), "live"));

    expect(error.facts).toMatchObject({ kind: "rejected", status: null });
    expect(sim.control.getRequests().total).toBe(0);
  });

  it("carries a large file both ways, byte for byte", async () => {
    const client = makeClient();
    const { issueId } = await createIssue(client);
    const path = join(folder, "large");
    const block = randomBytes(1 << 20);
    const hash = createHash("sha256");
    await writeFile(
      path,
      (function* () {
        for (let n = 0; n < 64; n += 1) {
          hash.update(block);
          yield block;
        }
      })(),
    );
    const file = { path, sizeBytes: (await stat(path)).size, sha256: hash.digest("hex") };

    const uploaded = await client.uploadFile(issueId, { file, name: "large.bin" }, "live");
    const seen = createHash("sha256");
    const download = await client.downloadFile(
      uploaded.attachmentId,
      {
        ...spool,
        store: async (source) => {
          let sizeBytes = 0;
          for await (const chunk of source) {
            seen.update(chunk);
            sizeBytes += chunk.byteLength;
          }
          return { path, sizeBytes, sha256: seen.digest("hex") };
        },
      },
      1 << 30,
      "live",
    );

    expect(uploaded.sizeBytes).toBe(64 << 20);
    expect(download.sha256).toBe(file.sha256);
  });

  it("names the file of a media node that carries only a media id, and asks for each file once", async () => {
    const client = makeClient();
    const { issueId, issueKey } = await createIssue(client);
    const attach = (name: string) => {
      const { attachmentId } = sim.control.addAttachment({ issue: issueKey, name, text: name });
      const file = sim.control.getIssue({ issue: issueKey }).attachments.find(({ id }) => id === attachmentId);
      return {
        attachmentId,
        media: { type: "media", attrs: { type: "file", id: file?.mediaId ?? "", collection: "" } },
      };
    };
    const picture = attach("架构图.png");
    const log = attach("trace.log");
    const gone = attach("gone.txt");
    sim.control.deleteAttachment({ attachmentId: gone.attachmentId });
    const described = { ...picture.media, attrs: { ...picture.media.attrs, alt: "how it is built" } };
    const adf = {
      type: "doc" as const,
      version: 1 as const,
      content: [
        { type: "mediaSingle", attrs: { layout: "center" }, content: [described] },
        { type: "mediaGroup", content: [log.media, gone.media] },
      ],
    };
    const { commentId } = sim.control.addComment({ issue: issueKey, adf });

    const [comment] = await client.listComments(issueId, "live");
    const asked = () =>
      sim.control.getRequests().log.filter(({ path }) => path.includes("/attachment/content/")).length;
    const askedFirst = asked();
    const again = await client.findComment(issueId, toId<CommentId>(commentId), "live");

    expect(text.adfToText(comment?.body)).toContain(
      "[file: 架构图.png (how it is built)]\n\n[file: trace.log]\n[file: ",
    );
    expect(text.mediaReferences(comment?.body)).toEqual(expect.arrayContaining(["架构图.png", "trace.log"]));
    expect(text.mediaReferences(comment?.body)).not.toContain("gone.txt");
    expect(again).toEqual(comment);
    expect(askedFirst).toBe(2);
    expect(asked()).toBe(2);
    expect(sim.control.getRequests().media).toBe(0);
  });

  it("asks for no file when the media nodes name files of the issue", async () => {
    const client = makeClient();
    const { issueId, issueKey } = await createIssue(client);
    sim.control.addAttachment({ issue: issueKey, name: "a.png", text: "x" });
    await client.findIssue(issueId, "live");
    const mediaId = sim.control.getIssue({ issue: issueKey }).attachments[0]?.mediaId ?? "";
    const media = { type: "media", attrs: { type: "file", id: mediaId, collection: "", alt: "a.png" } };
    const adf = { type: "doc" as const, version: 1 as const, content: [{ type: "mediaGroup", content: [media] }] };
    sim.control.addComment({ issue: issueKey, adf });
    sim.control.resetRequests();

    const [comment] = await client.listComments(issueId, "live");

    expect(text.adfToText(comment?.body)).toBe("[file: a.png]");
    expect(sim.control.getRequests().log.map(({ operation }) => operation)).not.toContain("getIssue");
    expect(sim.control.getRequests().log.filter(({ path }) => path.includes("/attachment/"))).toEqual([]);
  });

  it("is refused a media node that names no file of the site", async () => {
    const client = makeClient();
    const { issueId } = await createIssue(client);
    const media = { type: "media", attrs: { type: "file", id: "10001", collection: "" } };
    const bodyAdf = { type: "doc", version: 1, content: [{ type: "mediaGroup", content: [media] }] };

    await expect(client.createComment(issueId, { bodyAdf, stamp: commentMark }, "live")).rejects.toMatchObject({
      kind: "rejected",
    });
  });
});
