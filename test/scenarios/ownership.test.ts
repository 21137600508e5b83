/** Labels and properties that people write steer nothing: an issue is ours by proof (rule 1). */
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeAdminStore } from "../../src/store/admin.ts";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage;

beforeEach(async () => {
  stage = await startStage();
  stage.huawei.createCase({ description: "The first" });
  await rounds(2);
});

afterEach(async () => {
  await stage.close();
});

async function rounds(count: number): Promise<void> {
  for (let round = 0; round < count; round += 1) {
    stage.advance(61_000);
    await stage.round();
  }
}

const issues = () => stage.jira.getState().issues;
const bot = () => stage.jira.getState().botAccountId;
const firstIssue = () => {
  const issue = issues().find((entry) => entry.creatorAccountId === bot());
  if (issue === undefined) throw new Error("casebridge made no issue");
  return issue;
};
const installation = (): string => (firstIssue().properties.casebridge as { inst: string }).inst;
const issuesMadeFor = (caseId: string) =>
  issues().filter((issue) => issue.creatorAccountId === bot() && issue.summary.startsWith(`[${caseId}]`));
const told = (key: string): string[] =>
  stage.jira
    .getIssue({ issue: key })
    .comments.filter((comment) => comment.authorAccountId === bot())
    .map((comment) => comment.bodyText);
const failures = async () =>
  (await makeAdminStore({ prisma: stage.database.prisma, clock: stage.clock }).listFailures({ limit: 100 })).items;

/** An issue of a person, dressed as that of a case which is opened next. */
function forge(mark: (facts: { caseId: string; issueId: string }) => object | null): { caseId: string; key: string } {
  const { issueId, issueKey } = stage.jira.createIssue({ projectKey: "OPS", summary: "A person's" });
  const { caseId } = stage.huawei.createCase({ description: `Beside ${issueKey}` });
  stage.jira.editIssue({ issue: issueKey, fields: { labels: [`hwcase-${caseId}`, "huawei-cloud"] } });
  const value = mark({ caseId, issueId });
  if (value !== null) stage.jira.setIssueProperty({ issue: issueKey, key: "casebridge", value });
  return { caseId, key: issueKey };
}

test("a forged label or property neither keeps a new case out nor draws it in, stops nothing, and is told once", async () => {
  const inst = installation();
  const forged = [
    forge(() => null),
    forge(({ caseId, issueId }) => ({ v: 1, inst, caseId, issueId })),
    forge(({ caseId }) => ({ v: 1, inst, caseId })),
    forge(({ caseId, issueId }) => ({ v: 1, inst: "another-installation", caseId, issueId })),
    forge(({ caseId }) => ({ v: 1, inst, caseId, issueId: firstIssue().id })),
  ];
  await rounds(3);
  for (const { key } of forged) stage.jira.addComment({ issue: key, text: "written on the forged one" });
  await rounds(3);

  expect(forged.map(({ caseId }) => issuesMadeFor(caseId).length)).toEqual([1, 1, 1, 1, 1]);
  expect(forged.map(({ key }) => told(key).length)).toEqual([1, 1, 1, 1, 1]);
  expect(forged.map(({ key }) => told(key)[0])).toEqual(
    Array.from({ length: 5 }, () => expect.stringContaining("Nothing of this issue is mirrored")),
  );
  expect(stage.huawei.getState().cases.flatMap((entry) => entry.messages.filter(({ via }) => via === "api"))).toEqual(
    [],
  );
  expect((await stage.state.getConnection("default")).state).toBe("active");
  expect(await failures()).toEqual([]);
});

test("a lost create is not found in a forged issue", async () => {
  const inst = installation();
  stage.jira.addFault({ operation: "createIssue", kind: "504_before", times: 1 });
  const { caseId } = forge(({ caseId, issueId }) => ({ v: 1, inst, caseId, issueId }));
  await rounds(4);

  expect(issuesMadeFor(caseId)).toHaveLength(1);
  expect(await failures()).toEqual([]);
});

test("our own issue, written over to name another case, keeps its pair and is stamped anew", async () => {
  const before = firstIssue();
  const inst = installation();
  const { caseId } = stage.huawei.createCase({ description: "The second" });
  stage.jira.addLabel({ issue: before.key, label: `hwcase-${caseId}` });
  stage.jira.setIssueProperty({
    issue: before.key,
    key: "casebridge",
    value: { v: 1, inst, caseId, issueId: before.id },
  });
  await rounds(3);

  expect(issuesMadeFor(caseId)).toHaveLength(1);
  expect(stage.jira.getIssue({ issue: before.key }).properties.casebridge).toEqual(before.properties.casebridge);
  expect(await failures()).toEqual([]);
});

test("an issue that was paired by hand is known again by what our account did to it", async () => {
  const { issueKey } = stage.jira.createIssue({ projectKey: "OPS", summary: "A person's, paired by hand" });
  const { caseId } = stage.huawei.createCase({ description: "To be paired" });
  await stage.runCli(["links", "link", caseId, issueKey, "--yes"]);
  await rounds(2);
  expect(stage.jira.getIssue({ issue: issueKey }).labels).toContain(`hwcase-${caseId}`);

  await stage.database.pool.query('DELETE FROM links WHERE "caseId" = $1', [caseId]);
  await rounds(3);

  expect(issues()).toHaveLength(2);
  expect(told(issueKey)).toEqual([]);
});

test("a comment of a person with a property of ours is sent like any other, and no copy of ours is found in it", async () => {
  const { key } = firstIssue();
  const caseId = stage.huawei.getState().cases[0]?.caseId;
  const value = { v: 1, inst: installation(), caseId, fingerprint: "notice:clone", srcHash: "x", files: [] };
  stage.jira.addComment({ issue: key, text: "with a property", properties: { casebridge: value } });
  await stage.settle(2);

  const sent = stage.huawei.getState().cases.flatMap((entry) => entry.messages.filter(({ via }) => via === "api"));
  expect(sent.map(({ content }) => content.split("\n").at(-1))).toEqual(["with a property"]);
});
