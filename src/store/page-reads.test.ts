/** What the page asks the database. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { readHeldItems, readImports, readVersion } from "./page-reads.ts";
import { makeState } from "./state.ts";
import { addConnections, addLinks, makeTestDatabase, type TestDatabase } from "./testing.ts";
import { readLinkView } from "./timeline.ts";
import { listWaitingLinks, type WaitingFilter } from "./waiting-links.ts";

let database: TestDatabase;
let ids: readonly string[];
const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);
beforeAll(async () => {
  database = await makeTestDatabase();
  const state = makeState({ ...database, clock: { now: () => new Date() } });
  await addConnections(database, "main", "other");
  ids = [
    ...(await addLinks(state, "main", "A1", "A2", "A3", "B4", "B5", "B6")),
    ...(await addLinks(state, "other", "C7")),
  ];
  await database.pool.query(`UPDATE links SET "doneRev" = "wantedRev", "wantedAt" = NULL, "issueKey" = 'OPS-' || id`);
  const set = (index: number, change: string, at: Date | null = null) =>
    database.pool.query(`UPDATE links SET ${change} WHERE id = $1 AND ($2::timestamptz IS NOT NULL OR true)`, [
      ids[index],
      at,
    ]);
  await set(0, `"wantedRev" = "doneRev" + 1, "wantedAt" = $2`, minutesAgo(5));
  await set(1, `"heldSince" = $2`, minutesAgo(50));
  await set(2, `state = 'blocked', reason = 'contract', "reasonAt" = $2`, minutesAgo(20));
  await set(3, `state = 'unlinked', reason = 'contract', "heldSince" = $2`, minutesAgo(90));
  await set(6, `"wantedRev" = "doneRev" + 1, lane = 'import', "wantedAt" = $2`, minutesAgo(1));
});
afterAll(() => database.drop());

const names = async (filter: Partial<WaitingFilter> = {}): Promise<readonly (string | null)[]> =>
  (await listWaitingLinks(database.prisma, { limit: 50, ...filter })).items.map(({ caseId }) => caseId);

test("what waits longest stands first, whatever it waits for; the rest follows, the newest first", async () => {
  expect(await names()).toEqual(["A2", "A3", "A1", "C7", "B6", "B5", "B4"]);
  expect(await names({ waiting: true })).toEqual(["A2", "A3", "A1", "C7"]);
  expect(await names({ waiting: false })).toEqual(["B6", "B5", "B4"]);
  expect(await names({ connection: "other" })).toEqual(["C7"]);
  expect(await names({ state: "blocked" })).toEqual(["A3"]);
  expect(await names({ reason: "contract" })).toEqual(["A3", "B4"]);
});

test("a part of a case or a key is found in any case, in the same order", async () => {
  expect(await names({ search: "a" })).toEqual(["A2", "A3", "A1"]);
  expect(await names({ search: " ops-" })).toEqual(await names());
  expect(await names({ search: "b", waiting: false })).toEqual(["B6", "B5", "B4"]);
  expect(await names({ search: "%" })).toEqual([]);
});

test.each<[string, Partial<WaitingFilter>]>([
  ["all links", {}],
  ["those that are searched for", { search: "OPS" }],
  ["those that wait", { waiting: true }],
  ["those that do not", { waiting: false }],
])("pages of one follow one another without a gap or a repeat: %s", async (_what, filter) => {
  const found: (string | null)[] = [];
  let cursor: string | undefined;
  do {
    const page = await listWaitingLinks(database.prisma, { ...filter, limit: 1, cursor });
    found.push(...page.items.map(({ caseId }) => caseId));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);

  expect(found).toEqual(await names(filter));
});

test("the order of waiting links comes from its own index", async () => {
  const client = await database.pool.connect();
  try {
    await client.query("SET enable_seqscan = off");
    const { rows } = await client.query<{ expression: string; condition: string }>(
      `SELECT pg_get_indexdef(indexrelid, 1, true) AS expression, pg_get_expr(indpred, indrelid) AS condition
       FROM pg_index WHERE indexrelid = 'links_waiting_idx'::regclass`,
    );
    const plan = await client.query<{ "QUERY PLAN": string }>(
      `EXPLAIN SELECT id FROM links WHERE ${rows[0]?.condition} ORDER BY ${rows[0]?.expression}, id LIMIT 50`,
    );
    expect(plan.rows.map((row) => row["QUERY PLAN"]).join("\n")).toContain("links_waiting_idx");
  } finally {
    client.release();
  }
});

test("a long timeline comes in pages that together hold every item once, in order of time", async () => {
  const link = ids[4] ?? "";
  const at = new Date();
  await database.pool.query(
    `INSERT INTO mirrors ("linkId", kind, origin, "sourceId", "copyId", state, "sourceAt", "createdAt", "updatedAt")
     SELECT $1, 'message', 'huawei', 'm' || i, i::text, 'live', $2::timestamptz - i * interval '1 minute', now(), now() FROM generate_series(1, 3000) AS i`,
    [link, at],
  );
  await database.pool.query(
    `INSERT INTO audit (at, "connectionName", "linkId", side, action, item, result)
     SELECT $2::timestamptz - i * interval '1 minute' + interval '4 seconds', 'main', $1, 'jira', 'comment', 'message:m' || i, i::text FROM generate_series(1, 3000) AS i`,
    [link, at],
  );

  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const view = await readLinkView(database.prisma, { id: link, cursor, now: new Date() });
    const lines = (view?.entries ?? []).map((entry) => (entry.what === "item" ? entry.sourceId : entry.action));
    expect(lines.length).toBeLessThanOrEqual(100);
    for (const entry of view?.entries ?? [])
      expect(entry.what === "item" ? (entry.mirroredAt?.getTime() ?? 0) - (entry.aroseAt?.getTime() ?? 0) : 0).toBe(
        4_000,
      );
    found.unshift(...lines);
    cursor = view?.earlier ?? undefined;
  } while (cursor !== undefined);

  expect(found).toEqual(Array.from({ length: 3000 }, (_, index) => `m${3000 - index}`));
});

test("items that stay on their side are counted by link, and imports by what is left", async () => {
  await database.pool.query(
    `INSERT INTO mirrors ("linkId", kind, origin, "sourceId", state, reason, "updatedAt") VALUES
     ($1, 'comment', 'jira', 'c1', 'held', 'restricted', now()), ($1, 'file', 'jira', 'f1', 'held', 'restricted', now()),
     ($1, 'notice', 'jira', 'move-1', 'held', NULL, now()), ($2, 'comment', 'jira', 'c2', 'held', 'internal', now())`,
    [ids[0], ids[1]],
  );

  expect(await readHeldItems(database.prisma)).toEqual({
    count: 3,
    links: [
      { id: ids[1], name: "A2", reason: "internal", count: 1 },
      { id: ids[0], name: "A1", reason: "restricted", count: 2 },
    ],
  });
  expect(await readImports(database.prisma)).toEqual([{ connectionName: "other", left: 1, total: 1 }]);
});

test("the version is another one once something was written or decided", async () => {
  const before = await readVersion(database.prisma);
  expect(await readVersion(database.prisma)).toBe(before);

  await database.pool.query(
    `INSERT INTO audit ("connectionName", side, action, item, result) VALUES ('main', 'jira', 'a', 'i', 'r')`,
  );

  expect(await readVersion(database.prisma)).not.toBe(before);
});
