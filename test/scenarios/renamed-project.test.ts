/** A project gets another key (rule 7): nothing hangs on it. Its issues' keys change with it, the old ones still lead there. */
import { afterEach, expect, test } from "vitest";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

async function start(): Promise<string> {
  stage = await startStage();
  const { caseId } = stage.huawei.createCase({ description: "The server is down" });
  await stage.round();
  const [issue] = stage.jira.getState().issues;
  stage.advance(60_000);
  await stage.round();
  stage.jira.renameProject({ projectKey: "OPS", key: "CLOUD" });
  expect([issue?.key, stage.jira.getState().issues[0]?.key]).toEqual(["OPS-1", "CLOUD-1"]);
  return caseId;
}

const sentTo = (caseId: string): readonly string[] =>
  (stage.huawei.getState().cases.find((entry) => entry.caseId === caseId)?.messages ?? [])
    .filter((message) => message.via === "api")
    .map(({ content }) => content);
const commentsOf = (key: string): string =>
  JSON.stringify(stage.jira.getState().issues.find((issue) => issue.key === key)?.comments ?? []);

test("a pair goes on in both directions under the new key, new cases get their issues, and verify finds nothing", async () => {
  const caseId = await start();

  stage.huawei.addMessage({ caseId, author: "engineer", content: "We look into it." });
  stage.jira.addComment({ issue: "CLOUD-1", text: "Thank you." });
  const second = stage.huawei.createCase({ description: "Another one" });
  for (let turn = 0; turn < 6; turn += 1) {
    stage.advance(60_000);
    await stage.round();
    await stage.check();
  }

  expect((await stage.snapshot()).link).toMatchObject({ state: "active", issueKey: "CLOUD-1" });
  expect(commentsOf("CLOUD-1")).toContain("We look into it.");
  expect(sentTo(caseId)).toEqual([expect.stringContaining("Thank you.")]);
  const later = stage.jira.getState().issues.find(({ labels }) => labels.includes(`hwcase-${second.caseId}`));
  expect(later?.key).toBe("CLOUD-2");
  expect(stage.jira.getState().issues).toHaveLength(2);
  const verified = await stage.runCli(["verify", "--all"]);
  expect({ code: verified.code, told: verified.code === 0 ? null : verified.json }).toEqual({ code: 0, told: null });
  const failures = await stage.runCli(["failures", "list"]);
  expect({ code: failures.code, json: failures.json }).toMatchObject({ code: 0 });
});

test("an issue that a person moves out of the renamed project still rests", async () => {
  const caseId = await start();

  const { issueKey } = stage.jira.moveIssue({ issue: "CLOUD-1", projectKey: "STEP" });
  stage.jira.addComment({ issue: issueKey, text: "Not for them." });
  stage.advance(60_000);
  await stage.round();
  await stage.check();
  stage.advance(60_000);
  await stage.round();

  expect(await stage.linkIds()).toEqual([]);
  expect(sentTo(caseId)).toEqual([]);
  expect(commentsOf(issueKey)).toContain("moved out of project");
});
