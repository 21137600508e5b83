import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase } from "../support/database.ts";
import { inDialect } from "../support/dialect.ts";
import { type Harness, startHarness } from "../support/harness.ts";

let harness: Harness;

beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const tenMinutesAgo = (): number => Date.now() - 600_000;

async function mirrorTwo(): Promise<{ caseId: string; key: string }> {
  const { huawei, jira } = harness;
  const { caseId } = huawei.createCase({ description: "First", createdAt: tenMinutesAgo() });
  huawei.addMessage({ caseId, author: "engineer", content: "An old answer", createdAt: tenMinutesAgo() });
  huawei.createCase({ description: "Second", createdAt: tenMinutesAgo() });
  const result = await harness.runCli(["resync", "--all", "--wait"]);
  expect({ code: result.code, said: result.stderr }).toMatchObject({ code: 0 });
  const issue = jira.getState().issues.find((candidate) => candidate.labels.includes(`hwcase-${caseId}`));
  return { caseId, key: issue?.key ?? "" };
}

test("resync --dry-run lists the exact writes and makes none; resync --wait makes them", {
  timeout: 120_000,
}, async () => {
  const { huawei, jira } = harness;
  const { caseId, key } = await mirrorTwo();
  huawei.addMessage({ caseId, author: "engineer", content: "A new answer" });
  huawei.setStatus({ caseId, status: 1 });
  jira.addComment({ issue: key, text: "A new comment" });
  huawei.resetRequests();
  jira.resetRequests();
  const dry = await harness.runCli(["resync", "--all", "--dry-run", "--json"]);
  expect(dry.code).toBe(0);
  expect(huawei.getRequests().writes + jira.getRequests().writes).toBe(0);
  const { writes } = dry.json as { writes: { caseId: string; item: string; what: string; direction: string }[] };
  expect(writes.map((write) => `${write.direction}: ${write.what}`).sort()).toEqual([
    "to-huawei: send a message",
    "to-jira: move the issue to In Progress",
    "to-jira: write a comment",
  ]);
  const made = await harness.runCli(["resync", "--all", "--wait", "--json"]);
  expect({ code: made.code, said: made.stderr }).toMatchObject({ code: 0 });
  expect(huawei.getRequests().byOperation[inDialect("CreateMessages")]).toBe(1);
  expect(jira.getRequests().byOperation).toMatchObject({ addComment: 1, doTransition: 1 });
  expect(huawei.getRequests().writes + jira.getRequests().writes).toBe(writes.length);
  const again = await harness.runCli(["resync", "--all", "--dry-run", "--json"]);
  expect(again.json).toMatchObject({ writes: [] });
  expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
});

test("resync --issue --wait closes the case of an issue that a person moved to done, without a worker", {
  timeout: 120_000,
}, async () => {
  const { huawei, jira } = harness;
  const { caseId, key } = await mirrorTwo();
  huawei.setStatus({ caseId, status: 2 });
  await harness.runCli(["resync", "--issue", key, "--wait"]);
  jira.transition({ issue: key, toCategory: "done" });
  const made = await harness.runCli(["resync", "--issue", key, "--wait"]);
  expect({ code: made.code, said: made.stderr }).toMatchObject({ code: 0 });
  expect(huawei.getState().cases.find((entry) => entry.caseId === caseId)?.status).toBe(3);
  expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
});

test("resync --all --dry-run names the issues it would create", { timeout: 60_000 }, async () => {
  const { caseId } = harness.huawei.createCase({ description: "Not linked yet" });
  const dry = await harness.runCli(["resync", "--all", "--dry-run", "--json"]);
  const { writes } = dry.json as { writes: { caseId: string; what: string }[] };
  expect(writes).toMatchObject([
    { caseId, what: `create an issue in OPS with labels hwcase-${caseId}, huawei-cloud` },
    { caseId, what: "complete the issue property" },
  ]);
  expect(harness.jira.getState().issues).toEqual([]);
});

test("verify --deep reads the bytes of files back on both sides", { timeout: 120_000 }, async () => {
  const { huawei, jira } = harness;
  const { caseId, key } = await mirrorTwo();
  huawei.addMessage({
    caseId,
    author: "engineer",
    content: "A log",
    files: [{ name: "log.txt", text: "what it said" }],
  });
  jira.addAttachment({ issue: key, name: "screen.txt", text: "what we saw" });
  jira.addComment({ issue: key, text: "see screen.txt" });
  await harness.waitUntil(async () => {
    await harness.runCli(["resync", "--all", "--wait"]);
    return (await harness.runCli(["verify", "--all", "--json"])).code === 0;
  }, "both files arrive");
  huawei.resetRequests();
  jira.resetRequests();
  const deep = await harness.runCli(["verify", "--all", "--deep", "--json"]);
  expect({ code: deep.code, json: deep.json }).toMatchObject({ code: 0, json: { drift: 0 } });
  expect(huawei.getRequests().writes + jira.getRequests().writes).toBe(0);
  const reads = Object.entries({ ...huawei.getRequests().byOperation, ...jira.getRequests().byOperation });
  expect(reads.filter(([operation]) => /Download|AttachmentContent/.test(operation)).map(([, count]) => count)).toEqual(
    [1, 1],
  );
});

test("verify finds a deleted copy with exit 3, and resync repairs it", { timeout: 120_000 }, async () => {
  const { jira } = harness;
  const { key } = await mirrorTwo();
  expect(await harness.settled()).toBe(true);
  const comment = jira.getIssue({ issue: key }).comments[0];
  if (comment === undefined) throw new Error("no copy");
  jira.deleteComment({ commentId: comment.id });
  // A copy that is younger than the settle time of lists is not missed yet.
  let drifted = await harness.runCli(["verify", "--all", "--json"]);
  await harness.waitUntil(async () => {
    drifted = await harness.runCli(["verify", "--all", "--json"]);
    return drifted.code !== 0;
  }, "verify misses the copy");
  expect({ code: drifted.code, json: drifted.json }).toMatchObject({ code: 3, json: { drift: 1 } });
  const repaired = await harness.runCli(["resync", "--all", "--wait"]);
  expect({ code: repaired.code, said: repaired.stdout + repaired.stderr }).toMatchObject({ code: 0 });
  expect(jira.getIssue({ issue: key }).comments).toHaveLength(1);
  expect(await harness.settled()).toBe(true);
});

test("status, links and failures tell what there is", { timeout: 60_000 }, async () => {
  const { caseId, key } = await mirrorTwo();
  const [status, links, failures] = await Promise.all([
    harness.runCli(["status", "--json"]),
    harness.runCli(["links", "list", "--json"]),
    harness.runCli(["failures", "list", "--json"]),
  ]);
  expect({ ...status }).toMatchObject({ code: 0, json: { connections: [{ name: "default", links: { active: 2 } }] } });
  expect(links.code).toBe(0);
  expect(links.json).toEqual(
    expect.arrayContaining([expect.objectContaining({ caseId, issueKey: key, state: "active" })]),
  );
  expect({ ...failures }).toMatchObject({ code: 0, json: [] });
});

test("a paused direction waits, the other goes on, and resume catches up", { timeout: 120_000 }, async () => {
  const { huawei, jira, waitUntil } = harness;
  const { caseId, key } = await mirrorTwo();
  harness.spawnWorker();
  expect((await harness.runCli(["pause", "--direction", "to-jira"])).code).toBe(0);
  huawei.addMessage({ caseId, author: "engineer", content: "While paused" });
  huawei.createAuthorization({ caseId, describe: "log in while paused" });
  jira.addComment({ issue: key, text: "The other way" });
  await waitUntil(
    () =>
      huawei
        .getState()
        .cases.some((entry) => entry.messages.some((message) => message.content.includes("The other way"))),
    "the comment is in Huawei",
  );
  await harness.waitForRounds(2);
  expect(jira.getIssue({ issue: key }).comments.some((comment) => comment.bodyText.includes("While paused"))).toBe(
    false,
  );
  expect((await harness.runCli(["resume"])).code).toBe(0);
  await waitUntil(
    () => jira.getIssue({ issue: key }).comments.some((comment) => comment.bodyText.includes("asks for access")),
    "the access request is told",
  );
  await harness.converge();
});

test("a mapping that is exported and imported elsewhere is the same", { timeout: 60_000 }, async () => {
  await mirrorTwo();
  const [first, second] = [join(harness.folder, "first.jsonl"), join(harness.folder, "second.jsonl")];
  expect((await harness.runCli(["export", "--output", first])).code).toBe(0);
  const other = await createTestDatabase();
  try {
    const env = { DATABASE_URL: other.connectionString };
    const imported = await harness.runCli(["import", first, "--yes"], env);
    expect({ code: imported.code, said: imported.stderr }).toMatchObject({ code: 0 });
    expect((await harness.runCli(["export", "--output", second], env)).code).toBe(0);
    // The import is an act of its own, so the audit has grown by it, and its rows are numbered anew.
    const lines = async (path: string) =>
      (await readFile(path, "utf8"))
        .split("\n")
        .slice(1)
        .filter((line) => !line.includes('"table" : "audit"') && !line.startsWith('{"end"'))
        .sort();
    expect(await lines(second)).toEqual(await lines(first));
    // The imported mapping is used: nothing is created again.
    harness.jira.resetRequests();
    expect((await harness.runCli(["resync", "--all", "--wait"], env)).code).toBe(0);
    expect(harness.jira.getRequests().writes).toBe(0);
  } finally {
    await other.drop();
  }
});

test("unknown options end with 2, and every command explains itself", { timeout: 60_000 }, async () => {
  const commands = [
    "worker",
    "migrate",
    "doctor",
    "resync",
    "verify",
    "status",
    "links list",
    "links show",
    "links link",
    "links unlink",
    "failures list",
    "failures show",
    "failures retry",
    "failures discard",
    "pause",
    "resume",
    "export",
    "import",
    "lookups",
    "demo",
    "simulate",
    "completion",
  ];
  const unknown = await harness.runCli(["status", "--no-such-option"]);
  expect(unknown.code).toBe(2);
  for (let start = 0; start < commands.length; start += 4) {
    const batch = commands.slice(start, start + 4);
    const helps = await Promise.all(batch.map((command) => harness.runCli([...command.split(" "), "--help"])));
    for (const [index, help] of helps.entries())
      expect({ command: batch[index], code: help.code, usage: help.stdout.includes("Usage:") }).toEqual({
        command: batch[index],
        code: 0,
        usage: true,
      });
  }
});
