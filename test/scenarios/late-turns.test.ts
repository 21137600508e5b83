/**
 * A write waits long for its turn, lands, and its process dies before it can say so. Its settle time counts from when it can have left last,
 * not from the moment it queued: else the last look would come while the reading still lags, and the write would be made twice (rule 2).
 */
import { afterEach, expect, test } from "vitest";
import { type Stage, startStage } from "../support/stage.ts";

/** The settle times of the stage are 20 s. */
const turnMs = 10_000;
const lagMs = 15_000;

let stage: Stage;
let dieAt: "huawei" | "jira" | null = null;

afterEach(() => stage.close());

/** A stage whose process dies right after the next write of the side named by `dieAt` has landed. */
async function start(): Promise<string> {
  dieAt = null;
  const strike = (side: "huawei" | "jira") => (event: { readonly write: boolean; readonly phase: string }) => {
    if (dieAt !== side || !event.write || event.phase !== "after") return;
    dieAt = null;
    stage.crashAfter(0);
    stage.setPace(side, 0);
  };
  stage = await startStage({ huawei: { onEffect: strike("huawei") }, jira: { onEffect: strike("jira") } });
  stage.huawei.setSettings({ readLagMs: lagMs });
  stage.jira.setSettings({ listLagMs: lagMs, searchLagMs: lagMs });
  const { caseId } = stage.huawei.createCase({ description: "It is down" });
  return caseId;
}

async function converge(): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) {
    stage.advance(1_000 * (1 + (turn % 3)));
    await stage.round();
  }
  stage.advance(120_000);
  await stage.round();
  await stage.check();
}

/** The side is slow until the write has landed and the process is dead. */
async function dieLate(side: "huawei" | "jira", work: () => Promise<void>): Promise<void> {
  stage.setPace(side, turnMs);
  dieAt = side;
  for (let turn = 0; turn < 3 && dieAt !== null; turn += 1) await work();
  expect(dieAt).toBe(null);
}

const issues = () => stage.jira.getState().issues;

test("an issue is made once", async () => {
  await start();
  stage.advance(lagMs);
  await dieLate("jira", stage.round);
  await converge();

  expect(issues()).toHaveLength(1);
});

test("a comment becomes one message", async () => {
  const caseId = await start();
  stage.advance(lagMs);
  await stage.round();
  await converge();
  stage.jira.addComment({ issue: issues()[0]?.key ?? "", text: "Please look again" });
  stage.advance(60_000);
  await stage.wakeJira();
  await dieLate("huawei", stage.runDue);
  await converge();

  const sent = stage.huawei.getState().cases.find((entry) => entry.caseId === caseId)?.messages ?? [];
  expect(sent.filter(({ content }) => content.includes("Please look again"))).toHaveLength(1);
});

test("a message becomes one comment", async () => {
  const caseId = await start();
  stage.advance(lagMs);
  await stage.round();
  await converge();
  stage.huawei.addMessage({ caseId, author: "engineer", content: "We are looking" });
  stage.advance(60_000);
  await dieLate("jira", stage.round);
  await converge();

  const told = issues()[0]?.comments.map(({ bodyText }) => bodyText) ?? [];
  expect(told.filter((text) => text.includes("We are looking"))).toHaveLength(1);
});

test("an issue that asks for a case gets one", async () => {
  await start();
  stage.advance(lagMs);
  await stage.round();
  await converge();
  stage.jira.createIssue({
    projectKey: "OPS",
    summary: "It is slow",
    description: "Please help",
    labels: ["huawei-case", "hw-problem:bt3001"],
  });
  stage.advance(60_000);
  await dieLate("huawei", stage.round);
  await converge();

  expect(stage.huawei.getState().cases).toHaveLength(2);
});
