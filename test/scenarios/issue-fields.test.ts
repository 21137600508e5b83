/** Projects whose create screen demands fields: mirrored by the configuration alone, and told field by field where it does not fit. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { can } from "../support/dialect.ts";
import { type Harness, startHarness } from "../support/harness.ts";

let harness: Harness;

beforeEach(async () => {
  harness = await startHarness();
  harness.jira.setSettings({
    screenFields: [
      {
        id: "customfield_10060",
        name: "Customer impact",
        kind: "option",
        options: [
          { id: "10300", value: "Low" },
          { id: "10301", value: "High" },
        ],
      },
      { id: "customfield_10061", name: "Affected users", kind: "number", options: [] },
      {
        id: "components",
        name: "Components",
        kind: "named",
        options: [
          { id: "10400", value: "ECS" },
          { id: "10401", value: "Other" },
        ],
      },
    ],
    requiredFields: ["customfield_10060", "customfield_10061", "components"],
  });
});

afterEach(() => harness.close());

/** Writes the section `issue` of the only connection, and what follows it. */
function configure(issue: string): Promise<void> {
  return writeFile(join(harness.folder, "casebridge.yaml"), `connections:\n  - name: default\n    issue:\n${issue}\n`);
}

const fitting = `      type: { from: label, map: { outage: Bug }, else: Task }
      assignee: { from: submitter, map: { nobody: x }, else: ada@example.com }
      fields:
        "customer impact": { from: label, map: { outage: { value: High } }, else: { id: "10300" } }
        customfield_10061: { value: 25 }
        components: { from: product, map: { "Elastic Cloud Server": [{ name: ECS }] }, else: [{ name: Other }] }
        Region: { from: region, map: { "*": "in {value}" }, else: unknown }
        labels: { value: [operations] }`;

const issueOf = (caseId: string) =>
  harness.jira.getState().issues.find((issue) => issue.labels.includes(`hwcase-${caseId}`));

test("a type that demands a select, a number and components is mirrored by configuration alone", {
  timeout: 240_000,
}, async () => {
  await configure(fitting);
  const usual = harness.huawei.createCase({ description: "It is slow" });
  const outage = harness.huawei.createCase({ description: "It is down", labels: ["outage"] });
  harness.spawnWorker();

  await harness.waitUntil(
    () => issueOf(usual.caseId) !== undefined && issueOf(outage.caseId) !== undefined,
    "two issues",
  );
  await harness.converge();

  const first = issueOf(usual.caseId);
  expect(first?.labels).toEqual(expect.arrayContaining(["huawei-cloud", "operations"]));
  expect(first?.customFields).toMatchObject({
    customfield_10060: { id: "10300" },
    customfield_10061: 25,
    components: [{ id: expect.stringMatching(/^1040[01]$/) }],
    customfield_10050: expect.stringMatching(/^in \S|^unknown$/),
  });
  const ada = harness.jira.getState().accounts.find(({ displayName }) => displayName === "Ada Byron");
  expect(first).toMatchObject({ issueTypeId: "10002", assigneeAccountId: ada?.accountId });
  // Labels of cases are a matter of v2.
  const second = issueOf(outage.caseId);
  expect(second?.customFields.customfield_10060).toMatchObject({ id: can("labels") ? "10301" : "10300" });
  expect(second?.issueTypeId).toBe(can("labels") ? "10004" : "10002");
  expect(harness.jira.getRefusals()).toEqual([]);
});

test("what Jira refuses is named with what it takes; a start with the mended file makes the issue", {
  timeout: 240_000,
}, async () => {
  await configure(`      fields:
        customfield_10060: { value: { id: "10399" } }
        components: { value: [{ name: ECS }] }`);
  const { caseId } = harness.huawei.createCase({ description: "It is slow" });
  let worker = harness.spawnWorker();
  const failures = async () => (await harness.runCli(["failures", "list", "--json"])).json as { detail: string }[];
  await harness.waitUntil(async () => (await failures()).length > 0, "a failure");

  expect(await failures()).toEqual([
    expect.objectContaining({
      item: "issue",
      reason: "issue_refused",
      detail: expect.stringContaining("Affected users (customfield_10061): Affected users is required."),
    }),
  ]);
  await worker.kill("SIGTERM");
  await configure(`      fields:
        customfield_10060: { value: { id: "10399" } }
        customfield_10061: { value: 3 }
        components: { value: [{ name: ECS }] }`);
  worker = harness.spawnWorker();
  await harness.waitUntil(async () => (await failures())[0]?.detail.includes("10399") === true, "the next failure");
  // The start said so before the first case came, with the place in the file.
  expect(worker.output()).toMatch(
    /Customer impact \(customfield_10060\) does not take .*10399.* \(casebridge\.yaml:5:\d+\)/,
  );
  expect((await failures())[0]?.detail).toMatch(
    /Customer impact \(customfield_10060\): Option id '…' is not valid; given: \{"id":"10399"\}; takes: 10300 Low, 10301 High/,
  );
  await worker.kill("SIGTERM");
  await configure(fitting);
  harness.spawnWorker();
  await harness.waitUntil(() => issueOf(caseId) !== undefined, "the issue");
  await harness.converge();

  expect(await failures()).toEqual([]);
  expect(harness.jira.getState().issues).toHaveLength(1);
});

test("a transition whose screen demands a resolution is used once the configuration fills it", {
  timeout: 240_000,
}, async () => {
  harness.jira.setSettings({ doneRequiresResolution: true });
  await configure(fitting);
  const { caseId } = harness.huawei.createCase({ description: "It is slow" });
  const worker = harness.spawnWorker();
  await harness.waitUntil(() => issueOf(caseId) !== undefined, "the issue");
  harness.huawei.setStatus({ caseId, status: 3 });
  const failures = async () => (await harness.runCli(["failures", "list", "--json"])).json as { detail: string }[];
  await harness.waitUntil(async () => (await failures()).length > 0, "a failure");
  expect(await failures()).toEqual([
    expect.objectContaining({
      reason: "no_transition",
      detail: "the transition to done demands Resolution; configure status.fields",
    }),
  ]);
  await worker.kill("SIGTERM");

  await configure(`${fitting}
    status: { fields: { done: { resolution: { value: { name: Done } } } } }`);
  const report = (await harness.runCli(["doctor", "--json"])).json as { checks: { name: string; ok: boolean }[] };
  expect(report.checks.find(({ name }) => name === "Jira workflow")?.ok).toBe(true);
  harness.spawnWorker();
  const retried = await harness.runCli(["failures", "retry", "--reason", "no_transition"]);
  expect(retried).toMatchObject({ code: 0, stderr: "" });
  await harness.waitUntil(() => issueOf(caseId)?.status.category === "done", "the issue is done");
  await harness.converge();

  expect(issueOf(caseId)?.resolutionId).toBe("10000");
  expect(await failures()).toEqual([]);
});
