/** Messages of which the list shows less than the detail: files, text, ids (huawei.md 8, 9 and 14). */
import { afterEach, beforeEach, expect, test } from "vitest";
import { inspectLink } from "../../src/sync/repair/inspect.ts";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage;
let caseId = "";

beforeEach(async () => {
  stage = await startStage();
  ({ caseId } = stage.huawei.createCase({ description: "The server is down" }));
  await stage.round();
  stage.advance(1_000);
});

afterEach(async () => {
  await stage.close();
});

const issue = () => stage.jira.getState().issues[0];
const comments = (): string[] =>
  (issue()?.comments ?? []).map((comment) => comment.bodyText).filter((text) => !text.startsWith("casebridge"));
const manyFiles = (count: number) =>
  Array.from({ length: count }, (_unused, at) => ({ name: `log-${at}.txt`, text: `bytes ${at}` }));
const drift = async (): Promise<string[]> => {
  const deps = { ...stage.reconcileDeps(), lane: "check" as const, pendingMs: 0 };
  const found = await Promise.all((await stage.linkIds()).map((id) => inspectLink(deps, id)));
  return found.flatMap((inspection) => inspection?.differences ?? []).map(({ item, what }) => `${item}: ${what}`);
};

test.each([5, 6, 16])("a message with %i files is one comment with as many attachments", async (count) => {
  stage.huawei.addMessage({ caseId, author: "engineer", content: "the logs", files: manyFiles(count) });
  await stage.round();
  stage.advance(1_000);
  await stage.round();
  await stage.check();

  expect(comments()).toHaveLength(1);
  expect(issue()?.attachments).toHaveLength(count);
  expect(await drift()).toEqual([]);
});

test("a message that only a list shows is posted whole or not at all, and its further files follow", async () => {
  stage.huawei.setSettings({ detailMessagesMax: 1, detailMessageIds: false });
  stage.huawei.addMessage({ caseId, author: "engineer", content: "six files", files: manyFiles(6) });
  stage.huawei.addMessage({ caseId, author: "engineer", content: `begin ${"word ".repeat(200)}end` });
  stage.huawei.addMessage({ caseId, author: "engineer", content: "last" });
  await stage.round();
  const early = comments();
  stage.advance(21_000);
  await stage.round();
  const late = comments();
  stage.huawei.setSettings({ detailMessagesMax: 0, detailMessageIds: true });
  await stage.check();
  await stage.check();

  expect(early.map((text) => text.split("\n")[1])).toEqual(["six files"]);
  expect(late.map((text) => text.split("\n")[1])).toEqual([
    "six files",
    "Huawei Cloud shows only the beginning of this message to casebridge. The whole text can be read in the Huawei Cloud console.",
    "last",
  ]);
  expect(comments()).toHaveLength(3);
  expect(issue()?.attachments).toHaveLength(6);
  expect(await drift()).toEqual([]);
});

test("verify sees a message that stands twice, whatever the rows say", async () => {
  stage.huawei.addMessage({ caseId, author: "engineer", content: "once", files: manyFiles(1) });
  await stage.round();
  const copy = issue()?.comments[0];
  stage.jira.addComment({
    issue: issue()?.key ?? "",
    ...(copy === undefined ? {} : { adf: copy.bodyAdf }),
    author: "bot",
  });
  const found = await drift();

  expect(found).toEqual([
    expect.stringMatching(/^comment \d+, \d+: people see it 2 times; the service ticket has it once$/),
  ]);
});
