/** `TEXT_LANGUAGE`: what casebridge writes on issues follows it, and a change of it rewrites and doubles nothing. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { TextLanguage } from "../../src/domain/settings.ts";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage;
let languages: readonly TextLanguage[];

beforeEach(async () => {
  languages = ["en"];
  stage = await startStage({ settings: (settings) => ({ ...settings, languages }) });
});

afterEach(async () => {
  await stage.close();
});

/** The operator changes the language and starts the worker anew. */
async function speak(...chosen: readonly TextLanguage[]): Promise<void> {
  languages = chosen;
  await stage.setPolicy({});
  await stage.revive();
}

function comments(): readonly string[] {
  const [issue] = stage.jira.getState().issues;
  if (issue === undefined) throw new Error("there is no issue");
  return stage.jira.getIssue({ issue: issue.key }).comments.map(({ bodyText }) => bodyText);
}

const issueKey = (): string => stage.jira.getState().issues[0]?.key ?? "";
const both = () => JSON.stringify([stage.jira.getState().issues, stage.huawei.getState().cases]);

/** Everything that casebridge writes by itself, once: header, refused file, reply, masked comment, facts. */
async function write(caseId: string, n: number): Promise<readonly string[]> {
  const before = comments().length;
  stage.huawei.addMessage({
    caseId,
    author: "engineer",
    name: "Wang Wei",
    content: `Step ${n}`,
    files: [{ name: `${n}.log`, text: "x" }],
  });
  stage.jira.addComment({ issue: issueKey(), text: "/status" });
  stage.jira.addComment({ issue: issueKey(), text: `password: hunter2-${n}-secret` });
  await stage.round();
  await stage.settle(6);
  return comments().slice(before);
}

test("a change of the language holds for what is written from then on, and for nothing that stands there", async () => {
  const { caseId } = stage.huawei.createCase({ description: "It broke" });
  await stage.round();
  await stage.settle(2);

  const english = await write(caseId, 1);
  expect(english.join("\n")).toMatch(/Wang Wei \(Huawei engineer\) · [\s\S]*Attachment: 1\.log/);
  expect(english.join("\n")).toMatch(/Service ticket \S+ \(.*\) and this issue: active\./);
  expect(english.join("\n")).toContain(
    "Before a comment was sent to Huawei Cloud, something in it was masked: password",
  );
  expect(english.join("\n")).not.toMatch(/[\u4e00-\u9fff]/);

  for (const [chosen, header, reply, masked] of [
    [["zh"], "Wang Wei (华为工程师) · ", "与此事务：正常同步。", "其中的部分内容已被遮盖：密码（1）。"],
    [
      ["en", "zh"],
      "Wang Wei (Huawei engineer / 华为工程师) · ",
      "this issue: active.",
      "was masked: password (1).\n在将评论发送到华为云之前",
    ],
  ] as const) {
    const stood = both();
    await speak(...chosen);
    await stage.check();
    await stage.round();
    await stage.settle(3);
    expect(both()).toBe(stood);

    const said = (await write(caseId, chosen.length + 1)).join("\n");
    expect(said).toContain(header);
    expect(said).toContain(reply);
    expect(said).toContain(masked);
  }

  // Seen by the whole of it: each of ours stands there once, whatever it was written in.
  const verified = await stage.runCli(["verify", "--all", "--json"]);
  expect(JSON.parse(verified.stdout)).toMatchObject({ drift: 0 });
  expect(new Set(comments()).size).toBe(comments().length - 2);
});

test("an issue is made in the language that holds at the time, and its description names its facts in it", async () => {
  await speak("zh");
  stage.huawei.createCase({ description: "数据库无法连接" });
  await stage.round();
  await stage.settle(2);

  const description = JSON.stringify(
    stage.jira.getState().issues[0]?.descriptionAdf ?? stage.jira.getState().issues[0],
  );
  expect(description).toContain("服务工单");
  expect(description).toContain("同步时的状态");
  expect(description).not.toContain("Status when mirrored");
});
