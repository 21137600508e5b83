/** The mapping after the database was lost, and a database that is older than what it wrote. */
import pg from "pg";
import { afterEach, expect } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { makeSomeTests } from "../support/extent.ts";
import { type CliResult, type Env, type Harness, startHarness, type WorkerProcess } from "../support/harness.ts";

const { test, register } = makeSomeTests("stories of a rebuild", 2);
let harness: Harness;
const databases: TestDatabase[] = [];

afterEach(async () => {
  await harness.close();
  for (const database of databases.splice(0)) await database.drop();
});

const old = (minutes: number): number => Date.now() - minutes * 60_000;

/** An empty database in the place of the lost one. */
async function loseDatabase(): Promise<Env> {
  const database = await createTestDatabase();
  databases.push(database);
  return { DATABASE_URL: database.connectionString };
}

/** The database as it is now, as a dump would keep it. No worker may run. */
async function copyDatabase(): Promise<Env> {
  const copy = await createTestDatabase({ migrated: false });
  databases.push(copy);
  const [from, to] = [harness.database, copy].map((one) => new URL(one.connectionString).pathname.slice(1));
  const server = new URL(copy.connectionString);
  server.pathname = "/postgres";
  const client = new pg.Client({ connectionString: server.href });
  await client.connect();
  try {
    await client.query(`DROP DATABASE ${to}`);
    await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [from]);
    await client.query(`CREATE DATABASE ${to} TEMPLATE ${from}`);
  } finally {
    await client.end();
  }
  return { DATABASE_URL: copy.connectionString };
}

async function query<Row extends pg.QueryResultRow>(env: Env, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: env.DATABASE_URL ?? harness.database.connectionString });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

function issueOf(caseId: string) {
  const issue = harness.jira.getState().issues.find((entry) => entry.labels.includes(`hwcase-${caseId}`));
  if (issue === undefined) throw new Error(`case ${caseId} has no issue`);
  return issue;
}

function caseOf(caseId: string) {
  const entry = harness.huawei.getState().cases.find((candidate) => candidate.caseId === caseId);
  if (entry === undefined) throw new Error(`there is no case ${caseId}`);
  return entry;
}

function sent(caseId: string): readonly string[] {
  return caseOf(caseId)
    .messages.filter((message) => message.via === "api" && !message.withdrawn)
    .map((message) => message.content);
}

const writes = (): number => harness.huawei.getRequests().writes + harness.jira.getRequests().writes;

function resetRequests(): void {
  harness.huawei.resetRequests();
  harness.jira.resetRequests();
}

async function stopped(worker: WorkerProcess): Promise<void> {
  expect(await worker.kill("SIGTERM")).toBe(0);
}

/** Ends with the wanted code, or says what the command said. */
async function run(args: readonly string[], env: Env = {}, code = 0): Promise<CliResult> {
  const result = await harness.runCli(args, env);
  expect({ args, code: result.code, said: result.code === code ? "" : result.stdout + result.stderr }).toEqual({
    args,
    code,
    said: "",
  });
  return result;
}

async function expectNoWrites(env: Env): Promise<void> {
  resetRequests();
  await run(["resync", "--all", "--wait"], env);
  const made = {
    huawei: harness.huawei.getRequests().byOperation,
    jira: harness.jira.getRequests().byOperation,
  };
  expect({ writes: writes(), made: writes() === 0 ? null : made }).toEqual({ writes: 0, made: null });
  const { json } = await run(["verify", "--all", "--json"], env);
  expect(json).toMatchObject({ drift: 0, pending: 0 });
}

/** Every row that people would miss, in a form that does not depend on ids of the database. Moves are settled by agreed statuses. */
async function mapping(env: Env): Promise<unknown> {
  // When the related cases were read last is no part of it: they are read once more.
  return query(
    env,
    `SELECT l."caseId", l."issueId", l.state, l."agreedCaseStatus", l."agreedCategory", m.kind, m.origin, m."sourceId", m."copyId",
       CASE WHEN m.state <> 'withdrawn' THEN m."sourceHash" END AS "sourceHash", m.state AS item, m.version, ARRAY(SELECT f FROM unnest(m."copyFingerprints") f ORDER BY 1) AS copies
     FROM links l LEFT JOIN mirrors m ON m."linkId" = l.id AND NOT (m.kind = 'comment' AND m.state = 'held')
       AND m."sourceId" NOT LIKE 'move-%' AND m.kind <> 'facts'
     ORDER BY l."caseId", m.kind, m.origin, m."sourceId"`,
  );
}

/** Both directions, files, versions, parts, notices, withdrawals, statuses. Everything is mirrored when it ends. */
async function makeTraffic(): Promise<{ main: string; closed: string; deleted: string; edited: string }> {
  const { huawei, jira, waitUntil } = harness;
  // Too late to be withdrawn: a message of our own says so instead.
  huawei.setSettings({ messageOnClosed: "accepted", withdrawWindowMs: 1 });
  const main = huawei.createCase({
    description: "ECS is down\nsince this morning",
    labels: ["vip customer"],
    files: [
      { name: "log.txt", text: "first" },
      { name: "log.txt", text: "second" },
    ],
    createdAt: old(120),
  }).caseId;
  const closed = huawei.createCase({ description: "Bill of October", createdAt: old(110) }).caseId;
  const waiting = huawei.createCase({ description: "Please confirm", createdAt: old(100) }).caseId;
  huawei.addMessage({
    caseId: main,
    author: "engineer",
    content: "<p>Please run <b>step 1</b>.</p>",
    files: [{ name: "steps.txt", text: "steps" }],
  });
  huawei.addMessage({ caseId: main, author: "customer", content: `A long log: ${"x y z ".repeat(9_000)}` });
  huawei.addMessage({ caseId: main, author: "engineer", content: "Same words" });
  huawei.addMessage({ caseId: main, author: "engineer", content: "Same words" });
  await run(["resync", "--all", "--wait"]);
  const issue = issueOf(main).key;
  jira.addAttachment({ issue, name: "shot.txt", text: "what we saw" });
  jira.addComment({ issue, text: "We tried it, see shot.txt" });
  jira.addComment({ issue, text: `${"A long report. ".repeat(200)}End.` });
  const edited = jira.addComment({ issue, text: "First wording" }).commentId;
  const deleted = jira.addComment({ issue, text: `${"To be deleted. ".repeat(200)}End.` }).commentId;
  const masked = jira.addComment({ issue, text: "My password: Hunter2!secret" }).commentId;
  jira.addComment({ issue, text: "For the team only", visibility: { type: "role", value: "Administrators" } });
  huawei.setStatus({ caseId: closed, status: 3 });
  huawei.setStatus({ caseId: waiting, status: 2 });
  await run(["resync", "--all", "--wait"]);
  expect(sent(main).some((content) => content.includes(`#${masked}]`))).toBe(true);
  jira.editComment({ commentId: edited, text: "Second wording" });
  jira.deleteComment({ commentId: deleted });
  // The issue of a closed case is taken up again: a message of our own asks for it.
  jira.transition({ issue: issueOf(closed).key, toCategory: "indeterminate" });
  await run(["resync", "--all", "--wait"]);
  await waitUntil(() => sent(closed).some((content) => content.includes("!reopen-1]")), "the request to reopen");
  expect(sent(main).some((content) => content.includes(`#${edited} v2]`))).toBe(true);
  expect(sent(main).some((content) => content.includes(`#${deleted} withdrawn]`))).toBe(true);
  expect(sent(main).some((content) => / 1\/\d\]/.test(content))).toBe(true);
  expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
  return { main, closed, deleted, edited };
}

test("rebuild restores every link and item from the marks; a pass then writes nothing, and traffic goes on", {
  timeout: 600_000,
}, async () => {
  harness = await startHarness();
  const { huawei, jira } = harness;
  const { main } = await makeTraffic();
  const before = await mapping({});
  const history = jira.getState().issues.length;
  const env = await loseDatabase();

  // The worker of the empty database notices, says so, and creates nothing.
  huawei.createCase({ description: "Opened after the loss" });
  const worker = harness.spawnWorker({ ...env, HTTP_PORT: "0" });
  await harness.waitUntil(async () => {
    const [row] = await query<{ reason: string | null }>(env, `SELECT "stateReason" AS reason FROM connections`);
    return row?.reason === "memory_lost";
  }, "the connection is stopped");
  await stopped(worker);
  const failures = await run(["failures", "list", "--json"], env, 3);
  expect(failures.json).toMatchObject([{ item: "connection", reason: "memory_lost" }]);
  const status = await run(["status", "--json"], env);
  expect(status.json).toMatchObject({ connections: [{ state: "stopped", stateReason: "memory_lost" }] });
  expect(jira.getState().issues).toHaveLength(history);

  // Nobody can be asked here, and a dry run writes nothing.
  resetRequests();
  const refused = await run(["rebuild"], env, 2);
  expect(refused.stderr).toContain("--take-over");
  const dry = await run(["rebuild", "--dry-run", "--json"], env);
  expect(dry.json).toMatchObject({ dryRun: true, takenOver: [{ issues: 3 }], connections: [{ links: { new: 3 } }] });
  expect(await query(env, "SELECT id FROM links")).toEqual([]);
  expect(writes()).toBe(0);

  const rebuilt = await run(["rebuild", "--take-over", "--json", "--yes"], env);
  expect(rebuilt.json).toMatchObject({ connections: [{ links: { new: 3 }, duplicates: [], unknownMarks: 0 }] });
  // Only the stamps were written: one for each issue.
  expect(jira.getRequests().byOperation.setIssueProperty).toBe(3);
  expect(writes()).toBe(3);
  expect(await mapping(env)).toEqual(before);

  // The case that was opened meanwhile is taken now; after that both sides are silent.
  await run(["resync", "--all", "--wait"], env);
  expect(jira.getState().issues).toHaveLength(history + 1);
  await expectNoWrites(env);
  expect(harness.copies()).toEqual({ duplicates: [], losses: [] });

  // A second rebuild finds nothing to do.
  resetRequests();
  await run(["rebuild"], env);
  expect(writes()).toBe(0);
  await expectNoWrites(env);

  huawei.addMessage({ caseId: main, author: "engineer", content: "After the rebuild" });
  jira.addComment({ issue: issueOf(main).key, text: "An answer after the rebuild" });
  huawei.createCase({ description: "New after the rebuild" });
  await run(["resync", "--all", "--wait"], env);
  expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
});

test("a restored database that lacks much stops as memory_lost before it writes, and a rebuild lets it go on", {
  timeout: 600_000,
}, async () => {
  harness = await startHarness();
  const { huawei, jira } = harness;
  const first = huawei.createCase({ description: "Before the dump", createdAt: old(90) }).caseId;
  huawei.addMessage({ caseId: first, author: "engineer", content: "An early answer" });
  await run(["resync", "--all", "--wait"]);
  const issue = issueOf(first).key;
  const { commentId } = jira.addComment({ issue, text: "An early comment" });
  await run(["resync", "--all", "--wait"]);
  const env = await copyDatabase();

  // Both sides, and casebridge with them, move on after the dump.
  huawei.addMessage({ caseId: first, author: "engineer", content: "A later answer" });
  jira.editComment({ commentId, text: "An early comment, corrected" });
  jira.addComment({ issue, text: `${"A later report. ".repeat(200)}End.` });
  const second = huawei.createCase({ description: "After the dump" }).caseId;
  huawei.addMessage({ caseId: second, author: "engineer", content: "Its first answer" });
  huawei.setStatus({ caseId: first, status: 1 });
  await run(["resync", "--all", "--wait"]);
  expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
  // News that nobody has mirrored yet when the dump is restored.
  huawei.addMessage({ caseId: first, author: "engineer", content: "Not mirrored yet" });
  jira.addComment({ issue, text: "Not sent yet" });

  resetRequests();
  const worker = harness.spawnWorker(env);
  await harness.waitUntil(async () => {
    const [row] = await query<{ reason: string | null }>(env, `SELECT "stateReason" AS reason FROM connections`);
    return row?.reason === "memory_lost";
  }, "the connection is stopped");
  await stopped(worker);
  expect(harness.copies().duplicates).toEqual([]);
  expect(jira.getRequests().byOperation.createIssue ?? 0).toBe(0);
  expect((await run(["failures", "list", "--reason", "memory_lost", "--json"], env, 3)).json).toHaveLength(1);

  await run(["rebuild"], env);
  await run(["resync", "--all", "--wait"], env);
  expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
  expect(sent(first).filter((content) => content.includes(`#${commentId} v2]`))).toHaveLength(1);
  expect(sent(first).filter((content) => content.includes("Not sent yet"))).toHaveLength(1);
  await expectNoWrites(env);
});

test("a restored database that lacks little adopts it and goes on by itself", { timeout: 600_000 }, async () => {
  harness = await startHarness();
  const { huawei, jira } = harness;
  const { caseId } = huawei.createCase({ description: "Before the dump", createdAt: old(90) });
  await run(["resync", "--all", "--wait"]);
  const issue = issueOf(caseId).key;
  const { commentId } = jira.addComment({ issue, text: "First wording" });
  await run(["resync", "--all", "--wait"]);
  const env = await copyDatabase();
  huawei.addMessage({ caseId, author: "engineer", content: "A later answer", files: [{ name: "a.txt", text: "a" }] });
  jira.editComment({ commentId, text: "Second wording" });
  await run(["resync", "--all", "--wait"]);

  await expectNoWrites(env);
  expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
  jira.editComment({ commentId, text: "Third wording" });
  await run(["resync", "--all", "--wait"], env);
  expect(sent(caseId).filter((content) => content.includes(`#${commentId} v3]`))).toHaveLength(1);
  expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
});

test("a restored database whose cases waited for their issues takes the issues made since", {
  timeout: 600_000,
}, async () => {
  harness = await startHarness();
  const { caseId } = harness.huawei.createCase({ description: "Waits when it is dumped", createdAt: old(90) });
  await run(["pause", "--direction", "to-jira"]);
  await run(["resync", "--all", "--wait"]);
  expect(harness.jira.getState().issues).toEqual([]);
  const env = await copyDatabase();
  for (const place of [{}, env]) await run(["resume"], place);
  await run(["resync", "--all", "--wait"]);
  const { key } = issueOf(caseId);
  harness.jira.addComment({ issue: key, text: "People work here" });

  await query(env, `UPDATE links SET "createCheckedAt" = "createCheckedAt" - interval '1 day'`);
  await run(["resync", "--all", "--wait"], env);

  expect(harness.jira.getState().issues.map((issue) => issue.key)).toEqual([key]);
  expect(sent(caseId)).toEqual([expect.stringContaining("People work here")]);
  expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
});

test("an issue that another installation took over while this one lived is left to it", {
  timeout: 600_000,
}, async () => {
  harness = await startHarness();
  const { huawei, jira } = harness;
  const { caseId } = huawei.createCase({ description: "Shared", createdAt: old(90) });
  await run(["resync", "--all", "--wait"]);
  const { key } = issueOf(caseId);
  const other = await loseDatabase();
  await run(["rebuild", "--take-over", "--yes"], other);
  huawei.addMessage({ caseId, author: "engineer", content: "For one of them" });
  jira.addComment({ issue: key, text: "From one of us" });

  await run(["resync", "--all", "--wait"], {}, 3);
  await run(["resync", "--all", "--wait"], other);

  expect((await query<{ reason: string }>({}, "SELECT reason FROM links")).map((row) => row.reason)).toEqual([
    "foreign_installation",
  ]);
  expect(sent(caseId)).toHaveLength(1);
  expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
});

test("rebuild is killed half way and begun again; what is there twice, moved, cloned or gone is told, not doubled", {
  timeout: 600_000,
}, async () => {
  let rebuild: WorkerProcess | null = null;
  let killAt = Number.POSITIVE_INFINITY;
  let stamps = 0;
  harness = await startHarness({
    jira: {
      onEffect: async (event) => {
        if (!event.write) return;
        stamps += 1;
        if (stamps === killAt) await rebuild?.kill("SIGKILL");
      },
    },
  });
  const { huawei, jira } = harness;
  const bot = jira.getState().botAccountId;
  const names = ["plain", "twice", "moved", "cloned", "bare", "ended"];
  const ids = new Map(names.map((name) => [name, huawei.createCase({ description: name, createdAt: old(60) }).caseId]));
  const id = (name: string): string => ids.get(name) ?? "";
  huawei.addMessage({ caseId: id("twice"), author: "engineer", content: "An answer" });
  await run(["resync", "--all", "--wait"]);
  const keys = new Map(names.map((name) => [name, issueOf(id(name)).key]));
  const key = (name: string): string => keys.get(name) ?? "";

  // A second issue and a second comment, both stamped as ours.
  const [mark] = [jira.getIssue({ issue: key("twice") }).properties.casebridge as { inst: string }];
  const other = jira.createIssue({
    projectKey: "OPS",
    summary: "second",
    labels: ["huawei-cloud", `hwcase-${id("twice")}`],
    author: bot,
  });
  jira.setIssueProperty({ issue: other.issueKey, key: "casebridge", value: { ...mark, issueId: other.issueId } });
  const [copy] = jira.getIssue({ issue: key("twice") }).comments;
  jira.addComment({ issue: key("twice"), text: "An answer", author: bot, properties: copy?.properties ?? {} });
  jira.moveIssue({ issue: key("moved"), projectKey: "STEP" });
  jira.cloneIssue({ issue: key("cloned"), withProperties: true });
  const gone = jira.createIssue({ projectKey: "OPS", summary: "gone", labels: ["huawei-cloud"], author: bot });
  const goneMark = { ...mark, caseId: "TT20200101000001", issueId: gone.issueId };
  jira.setIssueProperty({ issue: gone.issueKey, key: "casebridge", value: goneMark });
  jira.setIssueProperty({ issue: key("bare"), key: "casebridge", value: "somebody wrote here" });
  jira.editIssue({ issue: key("ended"), fields: { labels: [] } });
  const issues = jira.getState().issues.length;
  const env = await loseDatabase();

  stamps = 0;
  killAt = 3;
  rebuild = harness.spawnWorker(env, ["rebuild", "--take-over", "--yes"]);
  await rebuild.exited;
  expect(stamps).toBeGreaterThanOrEqual(3);
  killAt = Number.POSITIVE_INFINITY;
  const [half] = await query<{ reason: string }>(env, `SELECT "stateReason" AS reason FROM connections`);
  expect(half?.reason).toBe("rebuilding");

  const { json } = await run(["rebuild", "--take-over", "--json", "--yes"], env, 3);
  expect(json).toMatchObject({
    connections: [
      {
        duplicates: expect.arrayContaining([
          { caseId: id("twice"), item: `issue:${other.issueKey}` },
          { caseId: id("twice"), item: expect.stringMatching(/^message:/) },
        ]),
        unmarked: [{ caseId: id("bare"), issueKey: key("bare") }],
        clones: [expect.stringMatching(/^OPS-/)],
      },
    ],
  });
  const states = await query<{ caseId: string; state: string; reason: string | null }>(
    env,
    `SELECT "caseId", state, reason FROM links`,
  );
  const stateOf = (name: string) => states.find((row) => row.caseId === id(name));
  expect(states).toHaveLength(names.length + 1);
  expect(stateOf("plain")).toMatchObject({ state: "active" });
  expect(stateOf("twice")).toMatchObject({ state: "active" });
  expect(stateOf("cloned")).toMatchObject({ state: "active" });
  expect(stateOf("ended")).toMatchObject({ state: "active" });
  expect(stateOf("moved")).toMatchObject({ state: "moved" });
  expect(states.find((row) => row.caseId === goneMark.caseId)).toMatchObject({ state: "gone", reason: "case_gone" });
  expect(stateOf("bare")).toMatchObject({ state: "blocked", reason: "unmarked_issue" });

  await run(["resync", "--all", "--wait"], env, 3);
  expect(jira.getState().issues).toHaveLength(issues);

  // The bare issue is paired by hand; afterwards its case is mirrored as ever.
  await run(["links", "link", id("bare"), key("bare")], env);
  huawei.addMessage({ caseId: id("bare"), author: "engineer", content: "After the hand link" });
  await run(["resync", "--case", id("bare"), "--wait"], env);
  expect(jira.getIssue({ issue: key("bare") }).comments).toHaveLength(1);
});

test("pairings by hand: foreign marks need a word, unlinked cases stay so, moved issues go on", {
  timeout: 600_000,
}, async () => {
  harness = await startHarness();
  const { huawei, jira } = harness;
  const { caseId } = huawei.createCase({ description: "One", createdAt: old(60) });
  huawei.addMessage({ caseId, author: "engineer", content: "An answer" });
  huawei.addMessage({ caseId, author: "engineer", content: "Another answer" });
  huawei.addMessage({ caseId, author: "engineer", content: "A third answer" });
  await run(["resync", "--all", "--wait"]);
  const key = issueOf(caseId).key;
  jira.addComment({ issue: key, text: "Sent before" });
  await run(["resync", "--all", "--wait"]);

  // Another installation pairs the same issue, with a word, and writes nothing again.
  const env = await loseDatabase();
  const refused = await run(["links", "link", caseId, key], env, 2);
  expect(refused.stderr).toContain("--take-over");
  await run(["links", "link", caseId, key, "--take-over", "--yes"], env);
  resetRequests();
  await run(["resync", "--case", caseId, "--wait"], env);
  expect(writes()).toBe(0);
  expect((await run(["links", "show", caseId, "--json"], env)).json).toMatchObject({ summary: { state: "active" } });
  await run(["links", "link", "TT99999999999999", key], env, 2);

  // Unlinked: news of either side is left alone, and no round pairs it again.
  await run(["links", "unlink", caseId, "--yes"], env);
  huawei.addMessage({ caseId, author: "engineer", content: "Not for Jira" });
  await run(["resync", "--all", "--wait"], env);
  expect(jira.getIssue({ issue: key }).comments.some((entry) => entry.bodyText.includes("Not for Jira"))).toBe(false);
  expect(jira.getState().issues).toHaveLength(1);

  // Linked again, it catches up without a second copy.
  await run(["links", "link", caseId, key], env);
  await run(["resync", "--case", caseId, "--wait"], env);
  expect(harness.copies()).toEqual({ duplicates: [], losses: [] });

  // Moved away and back: the pairing goes on where the issue lives.
  jira.moveIssue({ issue: key, projectKey: "STEP" });
  await run(["links", "move", caseId], env, 2);
  const back = jira.moveIssue({ issue: issueOf(caseId).key, projectKey: "OPS" });
  expect((await run(["links", "move", caseId, "--json"], env)).json).toMatchObject({ issueKey: back.issueKey });
  huawei.addMessage({ caseId, author: "engineer", content: "After the move" });
  await run(["resync", "--case", caseId, "--wait"], env);
  expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
});

register();
