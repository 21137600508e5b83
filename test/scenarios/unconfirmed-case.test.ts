/** The case of an issue was made, or perhaps not: the answer was lost (rule 2). */
import { afterEach, expect, test } from "vitest";
import { inDialect } from "../support/dialect.ts";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage;

afterEach(() => stage.close());

test.each(["hidden", "listed"] as const)(
  "one that a person deleted before it was found is found, and none is made besides (deleted cases are %s)",
  async (deletedCases) => {
    stage = await startStage();
    stage.huawei.setSettings({ deletedCases });
    const { issueKey } = stage.jira.createIssue({
      projectKey: "OPS",
      summary: "It is down",
      description: "Please help",
      labels: ["huawei-case", "hw-problem:bt3001"],
    });
    stage.huawei.addFault({ operation: inDialect("CreateCases"), kind: "500_after" });
    await stage.round();
    const [made] = stage.huawei.getState().cases;
    stage.huawei.deleteCase({ caseId: made?.caseId ?? "" });

    for (let turn = 0; turn < 12; turn += 1) {
      stage.advance(61_000);
      await stage.round();
    }

    expect(stage.huawei.getState().cases.map(({ caseId }) => caseId)).toEqual([made?.caseId]);
    expect(stage.jira.getIssue({ issue: issueKey }).labels).toContain(`hwcase-${made?.caseId}`);
  },
);
