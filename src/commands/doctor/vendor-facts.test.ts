/** The report names the position of each switch that an answer can show, as the simulators really stand. */
import { expect, test } from "vitest";
import { type HuaweiSettings, startHuaweiSimulator } from "../../../simulators/huawei/index.ts";
import { type JiraSettings, startJiraSimulator } from "../../../simulators/jira/index.ts";
import { unlimitedBudget } from "../../domain/budget.ts";
import { makeHuaweiClient } from "../../huawei/huawei-client.ts";
import { makeJiraClient } from "../../jira/jira-client.ts";
import { listeningToAnswers } from "../../lib/answer-recorder.ts";
import { Secret } from "../../lib/secret.ts";
import { makeAnswerBook, readForReport } from "./report.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

async function factsOf(huaweiSettings: Partial<HuaweiSettings>, jiraSettings: Partial<JiraSettings> = {}) {
  let nowMs = Date.now();
  const huaweiSimulator = await startHuaweiSimulator({ settings: huaweiSettings, now: () => nowMs });
  const jiraSimulator = await startJiraSimulator({ settings: jiraSettings, now: () => nowMs });
  try {
    const files = ["a", "b", "c", "d", "e", "f"].map((name) => ({ name: `${name}.txt`, text: name }));
    huaweiSimulator.control.createCase({ description: "old", createdAt: nowMs - 86_400_000 });
    const { caseId } = huaweiSimulator.control.createCase({ description: "It is down", status: 1 });
    const { issueKey } = jiraSimulator.control.createIssue({ projectKey: "OPS", summary: "secret name" });
    nowMs += 1_000;
    huaweiSimulator.control.addMessage({ caseId, author: "engineer", content: `<p>${"x".repeat(500)}</p>`, files });
    for (const text of ["one", "two"]) jiraSimulator.control.addComment({ issue: issueKey, text });
    jiraSimulator.control.transition({ issue: issueKey, toCategory: "indeterminate" });
    const clock = { now: () => new Date(nowMs) };
    const common = { budget: unlimitedBudget, log: silent, clock, sleep: async () => {} };
    const { url } = huaweiSimulator;
    const credentials = {
      kind: "aksk",
      ak: new Secret("SIMAK"),
      sk: new Secret("SIMSK"),
      securityToken: null,
      domainId: null,
    } as const;
    const huawei = makeHuaweiClient({
      ...common,
      options: { endpoint: url, iamEndpoint: url, apiVersion: "v2", language: "en-us", groupIds: [], credentials },
    });
    const apiToken = new Secret("SIMTOKEN");
    const jira = makeJiraClient({
      ...common,
      options: { host: jiraSimulator.url, email: "bot@example.com", apiToken, projectKey: "OPS", issueType: "10002" },
    });
    const book = makeAnswerBook();
    await listeningToAnswers(book.note, async () => {
      // What the checks of `doctor` ask besides.
      await huawei.getFileLimits("live");
      await jira.findRoleMembers("Administrators", "live");
      await readForReport({ huawei, jira });
    });
    return book.facts();
  } finally {
    await huaweiSimulator.close();
    await jiraSimulator.close();
  }
}

test.each([
  ["listTotalName", ["total_count", "count", "both"]],
  ["timeFormat", ["iso", "iso_ms", "offset", "local", "epoch_ms", "epoch_ms_text"]],
  ["listOrder", ["newest", "oldest"]],
  ["messageOrder", ["newest", "oldest"]],
  ["detailMessageOrder", ["newest", "oldest"]],
  ["numbersForText", [true, false]],
  ["numbersAsText", [true, false]],
  ["statusAsText", ["always", "never"]],
  ["detailMessageIds", [true, false]],
  ["replierTypeShown", [true, false]],
  ["firstMessageListed", [true, false]],
  ["cursorFirstCall", ["history", "nothing"]],
  ["messageFilesShownMax", [5, 2]],
  ["messageListTextMax", [400, 120]],
  ["accessoryLimitCount", [5, 3]],
  ["accessoryLimitSizeMb", [4, 7]],
] as const)("%s of the Huawei side", async (name, positions) => {
  for (const position of positions) expect((await factsOf({ [name]: position }))[name]).toEqual([String(position)]);
});

test.each([
  ["bulkChangelogEpoch", [true, false]],
  ["commentListReturnsProperties", [true, false]],
  ["jsdPublic", ["all", "never"]],
  ["emailAddress", ["shown", "absent", "null"]],
  ["urlsAt", ["gateway", "site"]],
  ["securityField", ["shown", "absent"]],
  ["botReadsRoleMembers", [true, false]],
] as const)("%s of the Jira side", async (name, positions) => {
  for (const position of positions) expect((await factsOf({}, { [name]: position }))[name]).toEqual([String(position)]);
});

test.each([
  [{ timeZoneHeader: "heeded" }, "timeZoneHeader", "no case ahead of Date"],
  [{ timeZoneHeader: "ignored_gmt8", timeFormat: "local" }, "timeZoneHeader", "newest case 8 h ahead of Date"],
  [{ richText: "off" }, "richText", "markup"],
] as const)("%j shows as %s: %s", async (settings, name, told) => {
  expect((await factsOf(settings))[name]).toContain(told);
});

test("no text, name or id of anybody stands among the facts", async () => {
  const told = JSON.stringify(await factsOf({}, { emailAddress: "shown", issueCommentCount: 1 }));

  expect(told).not.toMatch(/secret|x{5}|TT\d|OPS|example\.com|10002/);
});
