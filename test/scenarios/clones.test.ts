/** Copies of mirrored issues create nothing, and say once how to make a request of them (rule 7). */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage;
let caseId = "";

beforeEach(async () => {
  stage = await startStage();
  ({ caseId } = stage.huawei.createCase({ description: "The server is down" }));
  await stage.round();
  await stage.settle(2);
  await stage.round();
});

afterEach(async () => {
  await stage.close();
});

const original = () => {
  const [issue] = stage.jira.getState().issues;
  if (issue === undefined) throw new Error("there is no issue");
  return issue;
};
const told = (key: string): string[] =>
  stage.jira
    .getIssue({ issue: key })
    .comments.map((comment) => comment.bodyText)
    .filter((text) => text.includes("Nothing of this issue is mirrored"));
const clone = (withProperties: boolean): string =>
  stage.jira.cloneIssue({ issue: original().key, withProperties }).issueKey;
const messages = () =>
  stage.huawei.getState().cases.flatMap((entry) => entry.messages.filter((message) => message.via === "api"));

async function rounds(count: number): Promise<void> {
  for (let round = 0; round < count; round += 1) {
    stage.advance(61_000);
    await stage.round();
  }
}

test("with its label, its property or both it is told once; the original goes on, and nothing of the copy leaves", async () => {
  const labelled = clone(false);
  const both = clone(true);
  const hidden = clone(true);
  stage.jira.editIssue({ issue: hidden, fields: { labels: ["mine"] } });
  const plain = stage.jira.createIssue({ projectKey: "OPS", summary: "No copy", labels: ["mine"] }).issueKey;
  await rounds(2);
  const copies = [labelled, both, hidden];
  expect(copies.map((key) => told(key).length)).toEqual([1, 1, 1]);
  expect(told(labelled)[0]).toContain("remove the labels that start with hwcase- and hw:, and huawei-cloud");
  expect(told(hidden)[0]).toContain("carries its hidden mark");
  expect(told(plain)).toEqual([]);

  for (const key of copies) {
    stage.jira.addComment({ issue: key, text: `written on the copy ${key}` });
    stage.jira.transition({ issue: key, toCategory: "done" });
  }
  stage.jira.addComment({ issue: original().key, text: "written on the original" });
  stage.huawei.addMessage({ caseId, author: "engineer", content: "we look into it" });
  await rounds(3);

  expect(copies.map((key) => told(key).length)).toEqual([1, 1, 1]);
  expect(messages().map((message) => message.content.split("\n").at(-1))).toEqual(["written on the original"]);
  const shown = stage.jira
    .getState()
    .issues.filter((issue) => issue.comments.some((comment) => comment.bodyText.includes("we look into it")));
  expect(shown.map((issue) => issue.key)).toEqual([original().key]);
  expect(stage.huawei.getState().cases.map((entry) => entry.status)).toEqual([0]);
  expect(stage.jira.getState().issues).toHaveLength(5);
});

test("a copy costs nothing once it was told", async () => {
  clone(false);
  await rounds(14);
  stage.jira.resetRequests();
  stage.huawei.resetRequests();
  await rounds(1);

  expect(stage.jira.getRequests().writes).toBe(0);
  expect(stage.jira.getRequests().byOperation.getIssue ?? 0).toBe(0);
});

test("wherever the process dies, and however an answer is lost, it is told once", async () => {
  for (let calls = 2; calls < 40; calls += 3) {
    const key = clone(calls % 2 === 0);
    if (calls % 3 === 0) stage.jira.addFault({ operation: "addComment", kind: "504_after", times: 1 });
    stage.crashAfter(calls);
    await rounds(1);
    await stage.revive();
    await rounds(3);
    stage.jira.clearFaults();

    expect({ calls, told: told(key).length }).toEqual({ calls, told: 1 });
  }
});

test("a copy that is mended as it was told becomes a request of its own", async () => {
  const key = clone(false);
  await rounds(2);
  stage.jira.editIssue({
    issue: key,
    fields: { labels: ["huawei-case", "hw-product:pc2001", "hw-problem:bt3001", "hw-region:cn-north-4"] },
  });
  await rounds(3);

  const cases = stage.huawei.getState().cases;
  expect(cases.map((entry) => entry.caseId)).toEqual([caseId, expect.any(String)]);
  expect(stage.jira.getIssue({ issue: key }).labels).toContain(`hwcase-${cases[1]?.caseId}`);
  expect(told(key)).toHaveLength(1);
});

test("a copy that asks for a case at once is told by its refusal alone", async () => {
  const key = clone(false);
  stage.jira.addLabel({ issue: key, label: "huawei-case" });
  await rounds(3);

  const comments = stage.jira.getIssue({ issue: key }).comments.map((comment) => comment.bodyText);
  expect(comments).toEqual([expect.stringContaining("No service ticket was opened")]);
  expect(stage.huawei.getState().cases).toHaveLength(1);
});
