/** Two statuses of one category: the case's status says which of them is meant, whatever the order in which Jira lists them. */
import { afterEach, expect, test } from "vitest";
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
