/** Screens that lack fields: what a create cannot set, an edit sets, once, wherever the worker dies; what no screen takes is told once. */
import { afterEach, expect, test } from "vitest";
import type { JiraSettings } from "../../simulators/jira/index.ts";
import { can } from "../support/dialect.ts";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

const impact = {
  id: "customfield_10060",
  name: "Auswirkung",
  kind: "option",
  options: [
    { id: "10300", value: "Klein" },
    { id: "10301", value: "Groß" },
  ],
} as const;

/** A project whose create screen lacks the fields `offCreate`, and whose screens all lack those in `offAll`. */
async function start(
  offCreate: readonly string[],
  { offAll = [], ...settings }: Partial<JiraSettings> & { readonly offAll?: readonly string[] } = {},
): Promise<void> {
  const screens = { screenFields: [impact], fieldsOffScreen: offAll, fieldsOffCreateScreen: offCreate };
  stage = await startStage({
    jira: { settings: { ...settings, projectSettings: { OPS: screens } } },
    settings: (configured) => ({
      ...configured,
      priority: { "System impaired": "High" },
      issue: {
        ...configured.issue,
        fields: { Auswirkung: { value: "groß" }, labels: { value: ["operations"] } },
      },
    }),
  });
}

const issueOf = (caseId: string) =>
  stage.jira.getState().issues.filter(({ properties }) => JSON.stringify(properties).includes(`"${caseId}"`));
const writes = () => stage.jira.getRequests().log.filter(({ operation, write }) => write && /Issue$/.test(operation));
const rest = async (times: number): Promise<void> => {
  for (let turn = 0; turn < times; turn += 1) {
    stage.advance(11_000);
    await stage.round();
    await stage.check();
  }
};
const openIntents = async () =>
  (await stage.database.pool.query(`SELECT key FROM intents ORDER BY key`)).rows.map(({ key }) => key);

function expectWhole(caseId: string): void {
  const found = issueOf(caseId);
  expect(found).toHaveLength(1);
  expect(found[0]?.labels).toEqual(expect.arrayContaining([`hwcase-${caseId}`, "huawei-cloud", "operations"]));
  expect(found[0]?.descriptionText).toContain("The disk is full");
  expect(found[0]?.customFields.customfield_10060).toMatchObject({ id: "10301" });
}

test("what the create screen lacks is set by one edit, and nothing is written after that", async () => {
  await start(["labels", "description", "priority", "customfield_10060"]);
  const { caseId } = stage.huawei.createCase({ description: "The disk is full", severity: "sv4002" });

  await stage.round();
  await rest(3);

  expectWhole(caseId);
  const [issue] = issueOf(caseId);
  // Severities of cases are a matter of v2.
  expect(issue?.priority?.id).toBe(can("severity_and_extends") ? "2" : "3");
  expect(writes().map(({ operation }) => operation)).toEqual(["createIssue", "editIssue"]);
  expect(await openIntents()).toEqual([]);
  expect(stage.jira.getRefusals()).toEqual([]);
});

test("wherever the worker dies, there is one issue, and it is whole", { timeout: 120_000 }, async () => {
  await start(["labels", "description", "customfield_10060"], { searchLagMs: 5_000 });
  const caseIds: string[] = [];
  for (let calls = 2; calls < 26; calls += 1) {
    const { caseId } = stage.huawei.createCase({ description: "The disk is full" });
    caseIds.push(caseId);
    stage.crashAfter(calls);
    await stage.round();
    await stage.revive();
  }
  await rest(5);

  for (const caseId of caseIds) expectWhole(caseId);
  expect(await openIntents()).toEqual([]);
  const before = writes().length;
  await rest(2);
  expect(writes().length).toBe(before);
});

test("a person's words from before the edit stay", async () => {
  await start(["labels", "description"]);
  stage.jira.addFault({ operation: "editIssue", kind: "503_before" });
  const { caseId } = stage.huawei.createCase({ description: "The disk is full" });
  await stage.round();
  const key = issueOf(caseId)[0]?.key ?? "";
  stage.jira.editIssue({ issue: key, fields: { description: "Known since Monday" } });

  await rest(3);

  expect(issueOf(caseId)[0]?.descriptionText).toBe("Known since Monday");
  expect(issueOf(caseId)[0]?.labels).toContain(`hwcase-${caseId}`);
});

test("what no screen takes is told once, and the description stands in a comment", async () => {
  await start([], { offAll: ["labels", "description", "customfield_10060"] });
  const { caseId } = stage.huawei.createCase({ description: "The disk is full" });

  await stage.round();
  await rest(3);

  const [issue, ...others] = issueOf(caseId);
  expect(others).toEqual([]);
  const comments = issue?.comments.map(({ bodyText }) => bodyText) ?? [];
  expect(comments.filter((text) => text.includes("The disk is full"))).toHaveLength(1);
  expect(comments.filter((text) => text.includes("let casebridge set the labels"))).toHaveLength(1);
  expect(comments.filter((text) => /let casebridge set: Description.*Auswirkung/s.test(text))).toHaveLength(1);
  expect(writes().filter(({ operation }) => operation === "editIssue")).toEqual([]);
  expect(await openIntents()).toEqual([]);
});

test("a screen that changes under the worker costs one refused create", async () => {
  await start([]);
  stage.huawei.createCase({ description: "Before" });
  await stage.round();
  const screens = { screenFields: [impact], fieldsOffCreateScreen: ["labels", "description"] };
  stage.jira.setSettings({ projectSettings: { OPS: screens } });
  const { caseId } = stage.huawei.createCase({ description: "The disk is full" });

  stage.advance(60_000);
  await stage.round();

  expectWhole(caseId);
});
