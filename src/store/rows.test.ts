/** Rows as older and newer releases write them: what they mean to this one, and that none stands in the way of another. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type LinkId, toId } from "../domain/ids.ts";
import type { Intent } from "../domain/rows/intent.ts";
import type { Mirror } from "../domain/rows/mirror.ts";
import type { StatePort } from "../sync/state.ts";
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
let state: StatePort;
let linkId: LinkId;

beforeAll(async () => {
  database = await makeTestDatabase();
  state = makeState({ prisma: database.prisma, clock: makeTestClock() });
});
beforeEach(async () => {
  await emptyDatabase(database);
  await addConnections(database, "main");
  linkId = await addLink(state, "main", "C1");
});
afterAll(async () => {
  await database.drop();
});

type OldMirror = readonly [kind: string, origin: string, sourceId: string, state?: string, reason?: string | null];

async function insertMirrors(...rows: readonly OldMirror[]): Promise<readonly Mirror[]> {
  for (const [kind, origin, sourceId, rowState = "live", reason = null] of rows)
    await database.pool.query(
      `INSERT INTO mirrors ("linkId", kind, origin, "sourceId", state, reason, "updatedAt") VALUES ($1, $2, $3, $4, $5, $6, now())`,
      [linkId, kind, origin, sourceId, rowState, reason],
    );
  return (await state.findSnapshot(linkId))?.mirrors ?? [];
}

type OldIntent = readonly [kind: string, key: string, side: string, payload: unknown, mark?: string];

async function insertIntents(...rows: readonly OldIntent[]): Promise<readonly Intent[]> {
  for (const [kind, key, side, payload, mark = null] of rows)
    await database.pool.query(
      `INSERT INTO intents ("linkId", kind, key, side, epoch, state, payload, mark, "updatedAt") VALUES ($1, $2, $3, $4, 1, 'planned', $5, $6, now())`,
      [linkId, kind, key, side, JSON.stringify(payload), mark],
    );
  return (await state.findSnapshot(linkId))?.intents ?? [];
}

it.each<{ row: OldMirror; is: Partial<Mirror> }>([
  { row: ["message", "huawei", "fp:a:1"], is: { kind: "message", sourceId: "fp:a:1" } },
  { row: ["comment", "jira", "501"], is: { kind: "comment", sourceId: "501", reason: null } },
  { row: ["notice", "huawei", "waits-2"], is: { kind: "waits", sourceId: "2" } },
  { row: ["notice", "huawei", "waits-for-release-5"], is: { kind: "notice", sourceId: "waits-for-release-5" } },
  { row: ["notice", "jira", "move-1777895980000"], is: { kind: "move", sourceId: "1777895980000" } },
  { row: ["notice", "jira", "back-1777895980000"], is: { kind: "moved_back", sourceId: "1777895980000" } },
  { row: ["notice", "jira", "reopen-3"], is: { kind: "reopen", sourceId: "3" } },
  { row: ["notice", "jira", "changed-0"], is: { kind: "change", sourceId: "0" } },
  { row: ["notice", "jira", "case"], is: { kind: "request" } },
  { row: ["notice", "jira", "case-text"], is: { kind: "case_text" } },
  { row: ["notice", "jira", "urge-1"], is: { kind: "notice", origin: "jira", sourceId: "urge-1" } },
  { row: ["facts", "huawei", "related-C2"], is: { kind: "relation", sourceId: "C2" } },
  { row: ["facts", "huawei", "relations"], is: { kind: "relations" } },
  {
    row: ["notice", "jira", "command-501", "refused", "rate:not now: full"],
    is: { kind: "command", sourceId: "501", reason: { name: "rate", result: "not now: full" } },
  },
  {
    row: ["notice", "jira", "guard-comment:501", "live", "as_is"],
    is: { kind: "guard", sourceId: "comment:501", reason: "as_is" },
  },
  {
    row: ["file", "huawei", "f1", "placeholder", "too_large: larger than Jira takes: 9"],
    is: { kind: "file", reason: { code: "too_large", words: "larger than Jira takes: 9" } },
  },
  { row: ["file", "huawei", "f1", "placeholder", "an old reason"], is: { kind: "file", reason: "an old reason" } },
  {
    row: ["file", "jira", "900", "held", "named_in_restricted 501 502"],
    is: { kind: "file", reason: { restrictedCommentIds: ["501", "502"] } },
  },
  {
    row: ["comment", "jira", "501", "live", "given_up comment:501:v1 comment:501:v2"],
    is: { kind: "comment", reason: { givenUpMarks: ["comment:501:v1", "comment:501:v2"] } },
  },
])("the stored mirror $row is $is, and is written back as it was", async ({ row, is }) => {
  const [mirror] = await insertMirrors(row);
  const leased = await state.claimLink(linkId, "run", 60_000);
  if (leased === null || mirror === undefined || mirror.kind === "unknown") throw new Error("no such row");

  await leased.apply({ mirrors: [mirror] });

  const [kind, origin, sourceId, rowState = "live", reason = null] = row;
  const { rows } = await database.pool.query(`SELECT kind, origin, "sourceId", state, reason FROM mirrors`);
  expect(mirror).toMatchObject(is);
  expect(rows).toEqual([{ kind, origin, sourceId, state: rowState, reason }]);
});

it.each<{ row: OldIntent; is: object }>([
  {
    row: ["comment", "comment:fp:a:1#2", "jira", { bodyAdf: "b", mark: { v: 1 }, sourceFingerprint: "a" }],
    is: { kind: "comment", sourceId: "fp:a:1#2", payload: { sourceFingerprint: "a" } },
  },
  {
    row: ["comment", "notice:waits-1", "jira", { bodyAdf: "b", mark: { v: 1 } }],
    is: { kind: "notice", cause: "waits-1" },
  },
  {
    row: ["comment", "comment:description-rest", "jira", { rest: "more" }],
    is: { kind: "description_rest", payload: { rest: "more" } },
  },
  {
    row: [
      "message",
      "message:501:v2:1/3",
      "huawei",
      { content: "c", owner: { kind: "comment", sourceId: "501" }, index: 1, version: 2, repeated: true },
    ],
    is: {
      kind: "comment_part",
      commentId: "501",
      version: 2,
      index: 1,
      count: 3,
      repeated: true,
      payload: { owner: { kind: "comment", origin: "jira", sourceId: "501" } },
    },
  },
  {
    row: ["message", "message:501:v2:withdrawn", "huawei", { content: "c", index: 1 }],
    is: { kind: "withdrawal", commentId: "501", payload: { owner: null } },
  },
  {
    row: [
      "message",
      "message:reopen-2",
      "huawei",
      { content: "c", owner: { kind: "notice", sourceId: "reopen-2" }, index: 1 },
    ],
    is: { kind: "reopen", n: 2, payload: { owner: { kind: "reopen", sourceId: "2" } } },
  },
  {
    row: ["message", "message:changed-4", "huawei", { content: "c", index: 1 }],
    is: { kind: "change", n: 4 },
  },
  { row: ["message", "message:file:900", "huawei", { content: "c" }], is: { kind: "own_file", attachmentId: "900" } },
  { row: ["message", "message:case:2/3", "huawei", { content: "c" }], is: { kind: "case_part", index: 2, count: 3 } },
  {
    row: ["action", "action:move-17", "huawei", { action: "close", description: "[A-1 !close-1]" }],
    is: { kind: "move", movedMs: 17, payload: { trace: "[A-1 !close-1]" } },
  },
  {
    row: ["action", "command:501", "huawei", { action: "rate", description: "d", trace: "t", stars: 4 }],
    is: { kind: "command", commentId: "501", payload: { stars: 4, trace: "t" } },
  },
])("the stored intent $row is $is", async ({ row, is }) => {
  const [intent] = await insertIntents(row);

  expect(intent).toMatchObject({ key: row[1], unreadable: false, ...is });
});

it("what a frozen case owes is read with it, and stored when the case is known", async () => {
  const owed = {
    kind: "message",
    key: "message:case:2/2",
    side: "huawei",
    state: "planned",
    mark: "case:1:2/2",
    payload: { content: "rest", owner: { kind: "notice", sourceId: "case-text" }, index: 2 },
  };
  const change = { kind: "notice", origin: "jira", sourceId: "changed-0", sourceAt: "2026-05-04T10:00:00.000Z" };
  const input = { problemTypeId: "bt", description: "down", extends: { a: "b" }, fileIds: ["f1"] };
  const payload = { asked: "hash", input, since: "2026-05-04T10:00:00.000Z", intents: [owed], mirrors: [change] };

  const [intent] = await insertIntents(["case", "case", "huawei", payload]);

  if (intent?.kind !== "case") throw new Error("it is no case");
  expect(intent.payload.intents).toMatchObject([
    { kind: "case_part", index: 2, count: 2, payload: { owner: { kind: "case_text" } } },
  ]);
  expect(intent.payload.mirrors).toEqual([
    { kind: "change", origin: "jira", sourceId: "0", sourceAt: new Date("2026-05-04T10:00:00Z") },
  ]);
  const leased = await state.claimLink(linkId, "run", 60_000);
  const { intents, mirrors } = intent.payload;
  await leased?.apply({ intents, mirrors, confirmedIntents: ["case"] });
  const { rows } = await database.pool.query("SELECT kind, key, payload FROM intents");
  expect(rows).toEqual([{ kind: owed.kind, key: owed.key, payload: owed.payload }]);
});

it("rows of a release that knows more are kept as they are, and stand in nobody's way", async () => {
  const mirrors = await insertMirrors(
    ["gizmo", "huawei", "1"],
    ["gizmo", "jira", "1"],
    ["comment", "jira", "501", "archived"],
    ["comment", "jira", "502"],
  );
  const intents = await insertIntents(
    ["gizmo", "gizmo:1", "huawei", { a: 1 }],
    ["comment", "comment:m1", "jira", { other: "form" }],
  );
  const leased = await state.claimLink(linkId, "run", 60_000);
  if (leased === null) throw new Error("the lease was not free");

  await leased.apply({
    mirrors: [{ kind: "comment", origin: "jira", sourceId: "502", state: "withdrawn" }],
    link: { caseId: toId("C1"), caseStatus: 2 },
  });

  expect(mirrors.map(({ kind }) => kind)).toEqual(["unknown", "unknown", "unknown", "comment"]);
  expect(intents).toMatchObject([
    { kind: "unknown", key: "gizmo:1", side: "huawei" },
    { kind: "comment", key: "comment:m1", unreadable: true },
  ]);
  expect(leased.snapshot.mirrors).toHaveLength(4);
  const { rows } = await database.pool.query(`SELECT kind, "sourceId", state FROM mirrors ORDER BY id`);
  expect(rows).toMatchObject([
    { kind: "gizmo", sourceId: "1", state: "live" },
    { kind: "gizmo", sourceId: "1", state: "live" },
    { kind: "comment", sourceId: "501", state: "archived" },
    { kind: "comment", sourceId: "502", state: "withdrawn" },
  ]);
});
