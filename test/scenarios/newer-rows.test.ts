/** A newer release worked on the database for a while: rows that only it understands stay, and stop nothing. */
import { afterEach, expect, test } from "vitest";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage;

afterEach(async () => {
  await stage.close();
});

async function rounds(count: number): Promise<void> {
  for (let round = 0; round < count; round += 1) {
    stage.advance(61_000);
    await stage.round();
    await stage.settle(1);
  }
}

test("a link with rows of a newer release is mirrored on, and the rows stay as they were", async () => {
  stage = await startStage();
  const { caseId } = stage.huawei.createCase({ description: "down", status: 1 });
  await rounds(2);
  const [linkId] = await stage.linkIds();
  const { pool } = stage.database;
  await pool.query(
    `INSERT INTO mirrors ("linkId", kind, origin, "sourceId", state, "updatedAt") VALUES
      ($1, 'gizmo', 'huawei', '1', 'live', now()), ($1, 'notice', 'jira', 'sketch-1', 'drawn', now())`,
    [linkId],
  );
  await pool.query(
    `INSERT INTO intents ("linkId", kind, key, side, epoch, state, payload, "updatedAt") VALUES
      ($1, 'gizmo', 'gizmo:1', 'huawei', 1, 'planned', '{}', now()), ($1, 'gizmo', 'gizmo:2', 'jira', 1, 'unknown', '{}', now())`,
    [linkId],
  );
  stage.huawei.addMessage({ caseId, author: "engineer", content: "Try this." });
  stage.jira.addComment({ issue: stage.jira.getState().issues[0]?.key ?? "", text: "It works." });
  await rounds(4);

  const told = stage.jira.getState().issues[0]?.comments.map(({ bodyText }) => bodyText) ?? [];
  const sent = stage.huawei.getState().cases[0]?.messages.map(({ content }) => content) ?? [];
  expect(told.filter((text) => text.includes("Try this."))).toHaveLength(1);
  expect(sent.filter((text) => text.includes("It works."))).toHaveLength(1);
  const { rows: mirrors } = await pool.query(
    `SELECT kind, state FROM mirrors WHERE kind = 'gizmo' OR state = 'drawn' ORDER BY id`,
  );
  expect(mirrors).toEqual([
    { kind: "gizmo", state: "live" },
    { kind: "notice", state: "drawn" },
  ]);
  const { rows: intents } = await pool.query("SELECT key, state FROM intents ORDER BY id");
  expect(intents).toEqual([
    { key: "gizmo:1", state: "planned" },
    { key: "gizmo:2", state: "unknown" },
  ]);
});
