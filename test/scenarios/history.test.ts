/** Links of cases that were closed long ago: rounds do not read them, and find one when its case comes back (guarantee 10). */
import { afterEach, expect, test } from "vitest";
import { intakeCases, intakeIssues } from "../../src/sync/intake/intake.ts";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage | null = null;

afterEach(async () => {
  await stage?.close();
  stage = null;
});

test("a case that comes back after years is mirrored by rounds that never read all links", async () => {
  stage = await startStage();
  const { huawei, jira, database, state } = stage;
  const { caseId } = huawei.createCase({ description: "An old case" });
  await stage.round();
  huawei.setStatus({ caseId, status: 3 });
  await stage.round();
  await stage.round();
  const category = () => jira.getState().issues.map((issue) => issue.status.category);
  expect(category()).toEqual(["done"]);
  await database.pool.query(`UPDATE links SET "closedSeenAt" = now() - interval '2 years'`);
  expect(await state.listWatchedLinks("default")).toEqual([]);
  const lists: string[] = [];
  const deps = {
    ...stage.intakeDeps(),
    state: {
      ...stage.intakeDeps().state,
      listIntakeLinks: async (name: string) => {
        lists.push(name);
        return state.listIntakeLinks(name);
      },
    },
  };

  huawei.setStatus({ caseId, status: 1 });
  await intakeCases(deps);
  await intakeIssues(deps);
  await stage.runDue();

  expect(category()).toEqual(["indeterminate"]);
  expect(lists).toEqual([]);
  expect((await state.listWatchedLinks("default")).map((link) => link.caseId)).toEqual([caseId]);
});
