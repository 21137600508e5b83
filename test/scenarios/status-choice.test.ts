/** Where an issue is moved after its case: which of two statuses of one category is meant, and what counts when no transition leads there. */
import { afterEach, expect, test } from "vitest";
import { type CaseId, toId } from "../../src/domain/ids.ts";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage;

afterEach(() => stage.close());

test("a solved case ends in Done though Cancelled is listed before it, a withdrawn one in Cancelled", async () => {
  stage = await startStage({ projectKey: "OUT", jira: { projects: [{ key: "OUT", workflow: "outcomes" }] } });
  const ids = ["solved", "withdrawn"].map((description) => stage.huawei.createCase({ description }).caseId);
  await stage.round();
  stage.advance(11_000);
  await stage.round();

  for (const [at, status] of [3, 4].entries()) {
    stage.huawei.setStatus({ caseId: ids[at] ?? "", status: 1 });
    stage.huawei.setStatus({ caseId: ids[at] ?? "", status });
  }
  stage.advance(61_000);
  await stage.round();
  await stage.settle(1);

  const named = (caseId: string | undefined): string | undefined =>
    stage.jira.getState().issues.find((issue) => issue.labels.includes(`hwcase-${caseId}`))?.status.name;
  expect(ids.map(named)).toEqual(["Done", "Cancelled"]);
});

test("where a person has moved the issue there meanwhile nothing is wrong, and their next move counts", async () => {
  stage = await startStage();
  stage.huawei.setSettings({ messageOnClosed: "accepted" });
  const { caseId } = stage.huawei.createCase({ description: "The server is down" });
  await stage.round();
  const [issue] = stage.jira.getState().issues;
  const move = (toCategory: "new" | "done") => stage.jira.transition({ issue: issue?.key ?? "", toCategory });
  stage.huawei.setStatus({ caseId, status: 3 });
  stage.advance(1_000);
  await stage.state.wake((await stage.linkIds()).map((linkId) => ({ linkId, huawei: true, jira: true, lane: "live" })));

  await stage.runDueWithJira({
    listTransitions: async (issueId, lane) => {
      move("done");
      return stage.reconcileDeps().jira.listTransitions(issueId, lane);
    },
  });
  expect((await stage.snapshot()).failures).toEqual([]);
  stage.advance(1_000);
  move("new");
  await stage.settle(3);

  expect(stage.huawei.getState().cases[0]?.messages.at(-1)?.content).toContain(
    "please take up this service ticket again",
  );
});

test("that no transition leads on is told once, wherever the worker dies", async () => {
  stage = await startStage({ projectKey: "STEP" });
  for (let calls = 1; calls <= 12; calls += 1) {
    const { caseId } = stage.huawei.createCase({ description: `The server is down ${calls}` });
    await stage.round();
    await stage.settle(1);
    stage.huawei.setStatus({ caseId, status: 3 });
    stage.advance(1_000);
    const [link] = await stage.state.findLinksByCase("default", [toId<CaseId>(caseId)]);
    if (link === undefined) throw new Error("the case has no link");
    await stage.state.wake([{ linkId: link.id, huawei: true, jira: true, lane: "live" }]);
    stage.crashAfter(calls);
    await stage.runDue();
    stage.advance(60_000);
    await stage.revive();
    await stage.settle(2);
  }

  const told = stage.jira
    .getState()
    .issues.map(
      (issue) => issue.comments.filter((comment) => comment.bodyText.includes('offers no way to "done"')).length,
    );
  expect(told).toEqual(Array.from({ length: 12 }, () => 1));
});
