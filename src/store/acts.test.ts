import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { CaseId, IssueId, IssueKey } from "../domain/ids.ts";
import { makeAdminStore } from "./admin.ts";
import { purgeOld } from "./keeping.ts";
import { makeState } from "./state.ts";
import {
  addConnections,
  addLink,
  emptyDatabase,
  makeTestClock,
  makeTestDatabase,
  type TestDatabase,
} from "./testing.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await makeTestDatabase();
});
afterAll(async () => {
  await database.drop();
});
beforeEach(async () => {
  await emptyDatabase(database);
});

const actor = "alice@ops-1";
const all = { since: null, linkId: null, limit: 100 };

function makeStore() {
  const clock = makeTestClock();
  return { clock, state: makeState({ ...database, clock }), admin: makeAdminStore({ ...database, clock, actor }) };
}

test("each act of an operator stands in the audit with who, what, on what and what came of it", async () => {
  const { admin, state } = makeStore();
  await addConnections(database, "main");
  const linkId = await addLink(state, "main", "TT1");
  await state.recordConnectionFailure("main", "job_failed", "links: boom");
  const [failure] = (await admin.listFailures({ limit: 1 })).items;
  const pair = {
    connectionName: "main",
    caseId: "TT2" as CaseId,
    issueId: "10" as IssueId,
    issueKey: "OPS-1" as IssueKey,
  };

  await admin.setPaused({ connection: "main", direction: "to-huawei", paused: true });
  await admin.setPaused({ paused: false });
  await admin.retryFailure(failure?.id ?? "");
  await admin.discardFailure(failure?.id ?? "");
  const { linkId: made } = await admin.linkByHand(pair);
  await admin.linkByHand({ ...pair, caseId: "TT3" as CaseId });
  await admin.moveLink({ linkId, connectionName: "main", issueKey: "OPS-9" as IssueKey });
  await admin.unlink(linkId);
  await admin.recordAct({ action: "resync", target: "all links", outcome: "started" });

  const acts = (await admin.listActs(all)).map(({ at: _at, ...act }) => act).reverse();
  const name = `failure ${failure?.id}: job_failed of`;
  expect(acts).toEqual([
    { actor, action: "pause", target: "to-huawei", outcome: "done", connectionName: "main", linkId: null },
    { actor, action: "resume", target: "both directions", outcome: "done", connectionName: null, linkId: null },
    {
      actor,
      action: "retry",
      target: expect.stringContaining(name),
      outcome: "retried",
      connectionName: "main",
      linkId: null,
    },
    {
      actor,
      action: "discard",
      target: expect.stringContaining(name),
      outcome: "discarded",
      connectionName: "main",
      linkId: null,
    },
    { actor, action: "link", target: "TT2 OPS-1", outcome: "linked", connectionName: "main", linkId: made },
    {
      actor,
      action: "link",
      target: "TT3 OPS-1",
      outcome: "refused: the issue has another link",
      connectionName: "main",
      linkId: null,
    },
    { actor, action: "move", target: "TT1 OPS-9", outcome: "moved", connectionName: "main", linkId },
    { actor, action: "unlink", target: "TT1 OPS-9", outcome: "unlinked", connectionName: "main", linkId },
    { actor, action: "resync", target: "all links", outcome: "started", connectionName: null, linkId: null },
  ]);
  expect((await admin.listActs({ ...all, linkId })).map(({ action }) => action)).toEqual(["unlink", "move"]);
});

test("what did nothing is no act, and an act that is undone leaves no line", async () => {
  const { admin } = makeStore();
  await addConnections(database, "main");
  await database.pool.query("ALTER TABLE audit ADD CONSTRAINT no_more CHECK (action <> 'pause') NOT VALID");

  expect(await admin.retryFailure("77")).toBe(false);
  await expect(admin.setPaused({ paused: true })).rejects.toThrow();
  await database.pool.query("ALTER TABLE audit DROP CONSTRAINT no_more");

  expect(await admin.listActs(all)).toEqual([]);
  expect((await admin.listConnections()).map(({ pausedToJira }) => pausedToJira)).toEqual([false]);
});

test("acts go along with an export, stay beside those of the database that is filled, and are not doubled", async () => {
  const { admin, state, clock } = makeStore();
  await addConnections(database, "main");
  const linkId = await addLink(state, "main", "TT1");
  await admin.moveLink({ linkId, connectionName: "main", issueKey: "OPS-9" as IssueKey });
  const lines: string[] = [];
  await admin.exportMapping((line) => void lines.push(line));
  await emptyDatabase(database);
  const bob = makeAdminStore({ ...database, clock, actor: "bob@ops-2" });
  clock.advance(1_000);
  await bob.recordAct({ action: "pause", target: "both directions", outcome: "done", linkId });
  clock.advance(1_000);

  await bob.importMapping(lines, { dryRun: true });
  await bob.importMapping(lines);
  await bob.importMapping(lines, { replace: true });

  const acts = await bob.listActs(all);
  expect(acts.map((act) => [act.actor, act.action]).reverse()).toEqual([
    [actor, "move"],
    ["bob@ops-2", "pause"],
    ["bob@ops-2", "import"],
    ["bob@ops-2", "import"],
  ]);
  expect((await bob.listActs({ ...all, linkId })).map(({ action }) => action)).toEqual(["move"]);
});

test("acts are listed since a moment, newest first, and kept for 90 days", async () => {
  const { admin, clock } = makeStore();
  await admin.recordAct({ action: "pause", target: "t", outcome: "done" });
  clock.advance(8 * 86_400_000);
  const since = clock.now();
  await admin.recordAct({ action: "resume", target: "t", outcome: "done" });

  expect((await admin.listActs(all)).map(({ action }) => action)).toEqual(["resume", "pause"]);
  expect((await admin.listActs({ ...all, limit: 1 })).map(({ action }) => action)).toEqual(["resume"]);
  expect((await admin.listActs({ ...all, since })).map(({ action }) => action)).toEqual(["resume"]);
  clock.advance(83 * 86_400_000);
  await purgeOld({ ...database, clock });
  expect((await admin.listActs(all)).map(({ action }) => action)).toEqual(["resume"]);
});
