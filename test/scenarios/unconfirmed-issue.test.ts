/** The issue of a case was made, or perhaps not: the answer was lost (rule 2). */
import { afterEach, expect, test } from "vitest";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage;

afterEach(() => stage.close());

async function startWithLostAnswer(
  kind: "500_before" | "500_after",
  options: Parameters<typeof startStage>[0] = {},
): Promise<void> {
  stage = await startStage(options);
  stage.huawei.createCase({ description: "The server is down" });
  stage.jira.addFault({ operation: "createIssue", kind });
  await stage.round();
}

test("one that a person moved to another project before it was found is found there, and none is made besides", async () => {
  await startWithLostAnswer("500_after");
  const [made] = stage.jira.getState().issues;
  stage.jira.moveIssue({ issue: made?.key ?? "", projectKey: "STEP" });

  for (let turn = 0; turn < 4; turn += 1) {
    stage.advance(11_000);
    await stage.round();
  }

  expect(stage.jira.getState().issues.map(({ id }) => id)).toEqual([made?.id]);
  const links = await stage.database.pool.query(`SELECT "issueId", state FROM links`);
  expect(links.rows).toEqual([{ issueId: made?.id, state: "moved" }]);
});

test("between two looks for it the link is left alone", async () => {
  await startWithLostAnswer("500_before");
  stage.advance(2_500);

  await stage.runDue();

  const [link] = (await stage.database.pool.query(`SELECT "recheckAt" FROM links`)).rows;
  expect(link.recheckAt.getTime()).toBeGreaterThan(stage.clock.now().getTime());
});

test("nor is it read for a message that a poll named and that never shows", async () => {
  await startWithLostAnswer("500_before", {
    settings: (settings) => ({ ...settings, settle: { ...settings.settle, messageSeconds: 120, searchSeconds: 300 } }),
  });
  const [linkId] = await stage.linkIds();
  if (linkId === undefined) throw new Error("there is no link");
  await stage.state.wake([{ linkId, huawei: true, lane: "poll", namedMessages: ["0".repeat(32)] }]);
  stage.advance(16_000);
  await stage.runDue();
  stage.huawei.resetRequests();

  for (let turn = 0; turn < 10; turn += 1) {
    stage.advance(2_500);
    await stage.runDue();
  }

  expect(stage.huawei.getRequests().log).toEqual([]);
});
