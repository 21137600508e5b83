/**
 * What the vendors' documents contradict or leave open (huawei.md 14, jira.md 6): both adapters work in each position of each switch,
 * over real HTTP.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type HuaweiSimulator,
  type HuaweiSimulatorOptions,
  startHuaweiSimulator,
} from "../../simulators/huawei/index.ts";
import { type JiraSimulator, startJiraSimulator } from "../../simulators/jira/index.ts";
import type { JiraSettings } from "../../simulators/jira/settings.ts";
import { unlimitedBudget } from "../../src/domain/budget.ts";
import { type CaseFileId, type CaseId, type CommentId, type IssueId, toId } from "../../src/domain/ids.ts";
import { isServiceError, type ServiceError } from "../../src/domain/service-error.ts";
import { type HuaweiClientDeps, makeHuaweiClient } from "../../src/huawei/huawei-client.ts";
import type { HuaweiClientOptions } from "../../src/huawei/options.ts";
import { makeJiraClient } from "../../src/jira/jira-client.ts";
import { Secret } from "../../src/lib/secret.ts";
import { makeSpool } from "../../src/lib/spool.ts";
import { makeMemoryTokenStore } from "../../src/lib/token-store.ts";
import { sealOwn } from "../../src/sync/apply/gate.ts";
import { unguarded } from "../support/unguarded.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };

async function failureOf(work: Promise<unknown>): Promise<ServiceError> {
  const error: unknown = await work.then(
    () => new Error("nothing was thrown"),
    (thrown: unknown) => thrown,
  );
  if (!isServiceError(error)) throw error;
  return error;
}

describe("Huawei", () => {
  let simulator: HuaweiSimulator;
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "casebridge-facts-"));
  });
  afterEach(async () => {
    await simulator.close();
    await rm(folder, { recursive: true });
  });

  const keys = {
    kind: "aksk",
    ak: new Secret("SIMAK"),
    sk: new Secret("SIMSK"),
    securityToken: null,
    domainId: null,
  } as const;
  const login = {
    kind: "password",
    username: "simuser",
    password: new Secret("simpass"),
    domainName: "simdomain",
    projectId: null,
  } as const;

  async function start(settings: HuaweiSimulatorOptions["settings"] = {}): Promise<void> {
    simulator = await startHuaweiSimulator({ settings });
  }
  function connect(changes: Partial<HuaweiClientOptions> = {}, deps: Partial<HuaweiClientDeps> = {}) {
    const options: HuaweiClientOptions = {
      endpoint: simulator.url,
      iamEndpoint: simulator.url,
      apiVersion: "v2",
      language: "en-us",
      groupIds: [],
      credentials: keys,
      timeoutMs: 5_000,
      ...changes,
    };
    return makeHuaweiClient({ options, budget: unlimitedBudget, log, sleep: async () => {}, ...deps });
  }
  const newCase = (description: string): CaseId => toId<CaseId>(simulator.control.createCase({ description }).caseId);
  const asked = (operation: string): number => simulator.control.getRequests().byOperation[operation] ?? 0;

  test.each([true, false])(
    "the account's id is learned once and sent always (required: %s)",
    async (requireDomainId) => {
      await start({ requireDomainId });
      const client = connect();
      const caseId = newCase("a");

      await Promise.all([client.getCase(caseId, "live"), client.listCases({}, "poll")]);

      expect((await client.getCase(caseId, "live")).caseId).toBe(caseId);
      expect(asked("IamListAuthDomains")).toBe(1);
    },
  );

  test("an IAM that does not tell the account's id stops nothing where it is not asked for", async () => {
    await start({ requireDomainId: false });
    simulator.control.addFault({ operation: "IamListAuthDomains", kind: "403" });
    const client = connect();
    const caseId = newCase("a");

    expect((await client.getCase(caseId, "live")).caseId).toBe(caseId);
    await client.getCase(caseId, "live");
    expect(asked("IamListAuthDomains")).toBe(1);
  });

  describe.each(["http200", "http4xx"] as const)("in the error style %s", (errorStyle) => {
    test.each([
      ["domain", 1],
      ["both", 1],
      // The account's token, one to look the project up, and the project's.
      ["project", 3],
    ] as const)("a token's rights may hang on its scope (%s)", async (tokenRights, logins) => {
      await start({ tokenRights, errorStyle });
      const tokens = makeMemoryTokenStore();
      const client = connect({ credentials: login }, { tokens });
      const caseId = newCase("a");

      await client.createMessage(caseId, sealOwn({ content: unguarded("once"), fileIds: [] }), "live");
      await Promise.all([client.getCase(caseId, "live"), client.listCases({}, "poll")]);
      // Another process goes on with what was found.
      await connect({ credentials: login }, { tokens }).getCase(caseId, "live");

      expect(asked("IamCreateToken")).toBe(logins);
      const { messages } = simulator.control.getState().cases[0] ?? { messages: [] };
      expect(messages.filter((message) => message.content === "once")).toHaveLength(1);
    });
  });

  test("what is forbidden in both scopes is forbidden, and the first scope is used on", async () => {
    await start();
    simulator.control.addFault({ operation: "ShowCaseDetail", kind: "403" });
    const client = connect({ credentials: login });
    const caseId = newCase("a");

    const refusals = [await failureOf(client.getCase(caseId, "live")), await failureOf(client.getCase(caseId, "live"))];

    expect(refusals.map((error) => error.kind)).toEqual(["forbidden", "forbidden"]);
    expect(await client.listCases({}, "poll")).toHaveLength(1);
    expect(asked("IamCreateToken")).toBe(3);
    expect(asked("ShowCaseDetail")).toBe(3);
  });

  test.each([
    ["china", "china", true],
    ["international", "international", true],
    ["china", null, true],
    ["international", null, false],
    ["china", "international", false],
    ["any", "international", true],
  ] as const)("an account of site %s, called with %s", async (site, configured, works) => {
    await start({ site });
    const client = connect({ site: configured });
    newCase("a");

    if (works) expect(await client.listCases({}, "poll")).toHaveLength(1);
    else expect((await failureOf(client.listCases({}, "poll"))).kind).toBe("forbidden");
  });

  test.each(["absent", "", "0", "OSM.00000000", "number 0"] as const)(
    "a success with the code %j is one, and carries a User-Agent",
    async (successErrorCode) => {
      await start({ successErrorCode, requireUserAgent: true });
      const caseId = newCase("a");

      await connect().createMessage(caseId, sealOwn({ content: unguarded("hello"), fileIds: [] }), "live");

      expect(simulator.control.getState().cases[0]?.messages).toHaveLength(2);
    },
  );

  describe.each(["heeded", "ignored_gmt8", "ignored_utc"] as const)("with the zone header %s", (timeZoneHeader) => {
    test.each(["local", "offset", "iso", "epoch_ms"] as const)(
      "times written as %s are the true ones",
      async (timeFormat) => {
        await start({ timeZoneHeader, timeFormat });
        const client = connect();
        const caseId = newCase("fresh");
        simulator.control.addMessage({ caseId, author: "engineer", content: "hello" });

        const listed = await client.listCases({}, "poll");
        const detail = await client.getCase(caseId, "live");

        const times = [listed[0]?.createdAt, detail.createdAt, detail.messages.at(-1)?.createdAt];
        for (const at of times) expect(Math.abs(Date.now() - (at?.getTime() ?? 0))).toBeLessThan(60_000);
      },
    );

    test("bounds of creation time lose nothing", async () => {
      await start({ timeZoneHeader, timeFormat: "local" });
      const client = connect();
      const at = Date.now() - 3 * 86_400_000;
      const inside = simulator.control.createCase({ description: "inside", createdAt: at }).caseId;
      simulator.control.createCase({ description: "old", createdAt: at - 86_400_000 });

      const from = await client.listCases({ createdFrom: new Date(at - 60_000) }, "poll");
      const to = await client.listCases(
        { createdFrom: new Date(at - 60_000), createdTo: new Date(at + 60_000) },
        "poll",
      );

      expect(from.map((entry) => entry.caseId)).toEqual([inside]);
      expect(to.map((entry) => entry.caseId)).toEqual([inside]);
    });
  });

  test.each(["query", "path"] as const)("v1.0 downloads by %s, found once and remembered", async (v1Download) => {
    await start({ v1Download });
    const client = connect({ apiVersion: "v1.0" });
    const files = [{ name: "a.txt", text: "abc" }];
    const caseId = toId<CaseId>(simulator.control.createCase({ description: "a", files }).caseId);
    const fileId = (await client.getCase(caseId, "live")).messages[0]?.files[0]?.fileId ?? toId<CaseFileId>("none");
    const spool = await makeSpool(folder);

    const first = await client.downloadFile(fileId, spool, 100, "live");
    const second = await client.downloadFile(fileId, spool, 100, "live");

    expect(await readFile(first.path, "utf8")).toBe("abc");
    expect(second.sizeBytes).toBe(3);
    expect(asked("V1DownloadAccessory")).toBe(v1Download === "path" ? 1 : 2);
    await spool.close();
  });
});

describe("Jira", () => {
  let simulator: JiraSimulator;
  let nowMs: number;

  afterEach(() => simulator.close());

  async function start(settings: Partial<JiraSettings> = {}) {
    nowMs = Date.UTC(2026, 10, 24, 20, 30);
    simulator = await startJiraSimulator({ settings, now: () => nowMs });
    return makeJiraClient({
      options: {
        host: simulator.url,
        email: "bot@example.com",
        apiToken: new Secret("SIMTOKEN"),
        projectKey: "OPS",
        issueType: "Task",
      },
      budget: unlimitedBudget,
      log,
      clock: { now: () => new Date(nowMs) },
      sleep: async (ms) => {
        nowMs += ms;
      },
      random: () => 0.5,
    });
  }
  const newIssue = { summary: "a", descriptionAdf: { type: "doc", version: 1, content: [] }, labels: ["x"] };
  const stamp = { v: 1, inst: "inst-1", caseId: "TT1" } as const;
  const lost = ["read:jira-work", "write:jira-work", "read:jira-user", "manage:jira-configuration"] as const;

  test.each(["410", "401", "works"] as const)(
    "priorities are known though /priority/search is %s",
    async (prioritySearch) => {
      const client = await start({ prioritySearch });

      const { issueKey } = await client.createIssue({ ...newIssue, priority: "high", stamp }, "live");

      expect(simulator.control.getIssue({ issue: issueKey }).priority?.name).toBe("High");
      expect((await client.listPriorities()).map(({ name }) => name)).toContain("High");
      expect(simulator.control.getRequests().byOperation.searchPriorities).toBeUndefined();
    },
  );

  test("look-ups that are refused do not keep an issue from being made", async () => {
    const client = await start();
    for (const operation of ["getProject", "getCreateIssueMetaIssueTypes", "getCreateIssueMetaIssueTypeId"])
      simulator.control.addFault({ operation, kind: "403", times: 100 });

    const { issueKey } = await client.createIssue({ ...newIssue, priority: "High", stamp }, "live");

    expect(simulator.control.getIssue({ issue: issueKey }).priority?.name).toBe("High");
  });

  test.each([true, false])(
    "last moves are read with epoch times or ISO texts (epoch: %s)",
    async (bulkChangelogEpoch) => {
      const client = await start({ bulkChangelogEpoch });
      const { issueId, issueKey } = await client.createIssue({ ...newIssue, priority: null, stamp }, "live");
      nowMs += 60_000;
      simulator.control.transition({ issue: issueKey, toCategory: "done" });

      expect((await client.findLastMoves([issueId], "poll")).get(issueId)?.at).toEqual(new Date(nowMs));
    },
  );

  test.each(lost)("a token without the scope %s is told by its name, and is no dead one", async (scope) => {
    const client = await start({ tokenScopes: lost.filter((held) => held !== scope), botReadsRoleMembers: true });
    const { issueKey } = simulator.control.createIssue({ projectKey: "OPS", summary: "a" });
    const issueId = toId<IssueId>(simulator.control.getIssue({ issue: issueKey }).id);
    const calls = {
      "read:jira-work": () => client.listUpdatedIssues(10, "poll"),
      "write:jira-work": () => client.changeLabels(issueId, { add: ["a"], remove: [] }, "live"),
      "read:jira-user": () => client.getOwnAccountId(),
      "manage:jira-configuration": () => client.findRoleMembers("Administrators", "live"),
    };

    for (const [name, call] of Object.entries(calls)) {
      if (name !== scope) await call();
      else if (name === "manage:jira-configuration") expect(await call()).toBe("role_unreadable");
      else {
        const { facts } = await failureOf(call());
        expect(facts).toMatchObject({ kind: "forbidden", status: 401, outcomeUnknown: false });
        expect(facts.detail).toContain(scope);
        expect(facts.remedy).toContain(scope);
      }
    }
  });

  test("members of a role that Jira does not tell are unreadable, a role that is not there is missing", async () => {
    const client = await start();

    expect(await client.findRoleMembers("Administrators", "live")).toBe("role_unreadable");
    expect(await client.findRoleMembers("Wizards", "live")).toBe("role_missing");

    simulator.control.setSettings({ botReadsRoleMembers: true });
    expect(await client.findRoleMembers("Administrators", "live")).toHaveLength(2);
  });

  test("a 404 on an issue that was made a moment ago passes; later it means that the issue is gone", async () => {
    const client = await start({ freshIssueHiddenMs: 30_000 });
    const { issueId, issueKey } = await client.createIssue({ ...newIssue, priority: null, stamp }, "live");
    const text = { type: "text", text: "hello" };
    const saying = { type: "doc", version: 1, content: [{ type: "paragraph", content: [text] }] };
    const commentMark = { ...stamp, messageId: "m", srcHash: "h", files: [] };
    const comment = () => client.createComment(issueId, { bodyAdf: saying, stamp: commentMark }, "live");

    const write = await failureOf(comment());
    const read = await failureOf(client.findIssue(issueId, "live"));
    nowMs += 31_000;
    const commentId: CommentId = await comment();
    simulator.control.deleteIssue({ issue: issueKey });
    nowMs += 120_000;

    expect(write.facts).toMatchObject({ kind: "unavailable", status: 404, outcomeUnknown: false });
    expect(read.facts).toMatchObject({ kind: "unavailable" });
    expect(commentId).not.toBe("");
    expect(await client.findIssue(issueId, "live")).toBeNull();
    expect((await failureOf(comment())).kind).toBe("not_found");
  });

  test.each(["gateway", "site"] as const)("addresses in bodies may begin at the %s", async (urlsAt) => {
    const client = await start({ urlsAt, botReadsRoleMembers: true });
    const made = [];
    for (const summary of ["a", "b"])
      made.push(await client.createIssue({ ...newIssue, summary, priority: null, stamp }, "live"));
    const marks = made.map(({ issueId }) => ({ issueId, stamp: { ...stamp, issueId } }));

    expect(await client.setIssueStamps(marks, "poll")).toHaveLength(2);
    expect(await client.findRoleMembers("Administrators", "live")).toHaveLength(2);
  });
});
