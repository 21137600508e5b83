/** The stamps of issues only add: whatever Jira makes of them, everything else goes on (rule 7 and rule 9). */
import { afterEach, expect, test } from "vitest";
import type { JiraSettings } from "../../simulators/jira/settings.ts";
import { intakeIssues } from "../../src/sync/intake/intake.ts";
import { noInputs, type Stage, startStage } from "../support/stage.ts";

let stage: Stage;

afterEach(() => stage.close());

async function start(settings: Partial<JiraSettings>): Promise<void> {
  const defaults = { ...noInputs, productId: "pc2001", problemTypeId: "bt3002", regionId: "cn-north-4" };
  stage = await startStage({ create: { defaults }, jira: { settings } });
  for (const description of ["one", "two", "three"]) stage.huawei.createCase({ description });
}

async function rounds(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    stage.advance(11_000);
    await stage.round();
  }
}

const issues = () => stage.jira.getState().issues;
const stampedIssues = (): number =>
  issues().filter((issue) => (issue.properties.casebridge as { issueId?: string } | undefined)?.issueId === issue.id)
    .length;
const failures = async () =>
  (await stage.database.pool.query("SELECT reason, state, attempts FROM failures WHERE state <> 'resolved'")).rows;
const writes = (operation: string): number => stage.jira.getRequests().byOperation[operation] ?? 0;

test.each(["400", "403", "404", "partial", "failing", "stuck"] as const)(
  "issues are stamped one by one where stamping many at once is %s",
  async (bulkProperties) => {
    await start({ bulkProperties });

    await rounds(3);

    expect(issues()).toHaveLength(3);
    expect(stampedIssues()).toBe(3);
    expect(await failures()).toEqual([]);
  },
);

test("a refused stamp is told once and stops nothing; the first one that works ends it", async () => {
  await start({ bulkProperties: "403" });
  const fault = stage.jira.addFault({ operation: "setIssueProperty", kind: "403", times: 1_000 });
  await rounds(2);
  stage.jira.createIssue({ projectKey: "OPS", summary: "Please", description: "It is down", labels: ["huawei-case"] });
  const [first] = issues();
  stage.jira.addComment({ issue: first?.key ?? "", text: "any news?" });
  await rounds(3);
  const asked = writes("bulkSetIssuePropertiesByIssue") + writes("setIssueProperty");
  await rounds(3);

  // The request became a case, the comment a message, and nothing is asked over and over.
  const { cases } = stage.huawei.getState();
  expect(cases.filter((entry) => entry.via === "api")).toHaveLength(1);
  expect(
    cases.flatMap((entry) => entry.messages).filter((message) => message.content.includes("any news?")),
  ).toHaveLength(1);
  expect(await failures()).toEqual([expect.objectContaining({ reason: "stamps_refused", state: "open" })]);
  expect(writes("bulkSetIssuePropertiesByIssue") + writes("setIssueProperty")).toBe(asked);

  stage.jira.clearFaults({ id: fault });
  stage.advance(3_600_000);
  await intakeIssues(stage.intakeDeps());

  expect(stampedIssues()).toBe(4);
  expect(await failures()).toEqual([]);
});
