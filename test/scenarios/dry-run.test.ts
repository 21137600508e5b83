/** `resync --dry-run` names exactly the writes that the same re-sync then makes, also for a case that has no issue yet. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterEach, expect, test } from "vitest";
import { can } from "../support/dialect.ts";
import { type Harness, makeSeeded, startHarness } from "../support/harness.ts";

let harness: Harness | null = null;

afterEach(async () => {
  await harness?.close();
  harness = null;
});

type Listed = { readonly writes: readonly { readonly caseId: string; readonly what: string }[] };

/** How many writes of each kind Jira saw since the log was emptied. */
function countJiraWrites(jira: Harness["jira"]): Record<string, number> {
  const counts = { issue: 0, comment: 0, file: 0, transition: 0, property: 0, labels: 0 };
  for (const { method, path } of jira.getRequests().log) {
    if (method === "POST" && path === "/rest/api/3/issue") counts.issue += 1;
    else if (method === "POST" && path.endsWith("/attachments")) counts.file += 1;
    else if (method === "POST" && path.endsWith("/comment")) counts.comment += 1;
    else if (method === "POST" && path.endsWith("/transitions")) counts.transition += 1;
    else if (["PUT", "POST"].includes(method) && path.includes("/properties")) counts.property += 1;
    else if (method === "PUT" && /\/issue\/\d+$/.test(path)) counts.labels += 1;
  }
  return counts;
}

function countListed(listed: Listed): Record<string, number> {
  const count = (pattern: RegExp): number => listed.writes.filter((write) => pattern.test(write.what)).length;
  return {
    issue: count(/^create an issue/),
    comment: count(/comment|^write a notice/),
    file: count(/^attach the file/),
    transition: count(/^move the issue/),
    property: count(/issue property/),
    labels: count(/^labels:/),
  };
}

test("a case without issue is listed with its issue, each comment, each file, labels and moves", {
  timeout: 120_000,
}, async () => {
  harness = await startHarness();
  const { huawei, jira, runCli } = harness;
  const small = huawei.createCase({
    description: "One thing",
    status: 1,
    labels: ["prod", "two words"],
    files: [{ name: "first.txt", text: "of the description" }],
  });
  huawei.addMessage({
    caseId: small.caseId,
    author: "engineer",
    content: "Look at these",
    files: [
      { name: "a.txt", text: "a" },
      { name: "b.txt", text: "b" },
    ],
  });
  huawei.addMessage({ caseId: small.caseId, author: "customer", content: "Thank you" });
  const large = huawei.createCase({ description: "Long ".repeat(200), status: 2 });
  huawei.addMessage({ caseId: large.caseId, author: "engineer", content: `${"word ".repeat(9)}\n`.repeat(200) });
  const before = JSON.stringify([huawei.getState(), jira.getState()]);

  const dry = await runCli(["resync", "--all", "--dry-run", "--json"]);
  const alone = await runCli(["resync", "--case", small.caseId, "--dry-run", "--json"]);

  expect(dry.code, dry.stderr).toBe(0);
  expect(JSON.stringify([huawei.getState(), jira.getState()])).toBe(before);
  const listed = dry.json as Listed;
  const ofSmall = listed.writes.filter((write) => write.caseId === small.caseId).map((write) => write.what);
  expect(ofSmall[0]).toBe(
    `create an issue in OPS with labels hwcase-${small.caseId}, huawei-cloud${can("labels") ? ", hw:prod, hw:two-words" : ""}`,
  );
  expect(ofSmall.filter((what) => what === "attach the file")).toHaveLength(3);
  expect(ofSmall.filter((what) => what === "write a comment")).toHaveLength(2);
  expect(ofSmall.some((what) => what === "move the issue to In Progress")).toBe(true);
  expect((alone.json as Listed).writes.length).toBeGreaterThanOrEqual(ofSmall.length - 1);

  jira.resetRequests();
  const real = await runCli(["resync", "--all", "--wait", "--json"]);

  expect(real.code, real.stderr).toBe(0);
  expect(countListed(listed)).toEqual(countJiraWrites(jira));
  const again = await runCli(["resync", "--all", "--dry-run", "--json"]);
  expect((again.json as Listed).writes).toEqual([]);
});

type Told = { readonly writes: readonly { readonly what: string; readonly text: string | null }[] };

/** People act at random on both sides of every pair: secrets, long texts, files that Huawei takes and refuses, answers with files. */
function actAtRandom({ huawei, jira }: Harness, random: () => number, round: number): void {
  for (const entry of huawei.getState().cases) {
    const issue = jira.getState().issues.find(({ labels }) => labels.includes(`hwcase-${entry.caseId}`));
    if (issue === undefined) continue;
    const name = random() < 0.5 ? `log-${round}.txt` : `tool-${round}.exe`;
    if (random() < 0.6) jira.addAttachment({ issue: issue.key, name, text: `bytes ${random()}` });
    const secret = random() < 0.5 ? " password=Sup3rSecret1" : "";
    const length = random() < 0.3 ? 300 : 1;
    jira.addComment({ issue: issue.key, text: `${"A report. ".repeat(length)}See ${name}${secret}` });
    const files = random() < 0.5 ? [{ name: `steps-${round}.txt`, text: `step ${random()}` }] : [];
    huawei.addMessage({ caseId: entry.caseId, author: "engineer", content: `Answer ${random()}`, files });
  }
}

test("what a re-sync since then would write is what it writes, masks, refusals and files included", {
  timeout: 240_000,
}, async () => {
  harness = await startHarness();
  const { huawei, jira, runCli } = harness;
  const random = makeSeeded(Number(process.env.SEED ?? 7));
  for (let index = 0; index < 3; index += 1) huawei.createCase({ description: `Case ${index}`, status: 1 });
  expect((await runCli(["resync", "--all", "--wait"])).code).toBe(0);

  for (let round = 0; round < 2; round += 1) {
    actAtRandom(harness, random, round);
    const dry = await runCli(["resync", "--since", "1h", "--dry-run", "--texts", "--json"]);
    huawei.resetRequests();
    jira.resetRequests();
    const real = await runCli(["resync", "--since", "1h", "--wait", "--json"]);

    expect({ dry: dry.code, real: real.code, said: real.stderr }).toMatchObject({ dry: 0, real: 0 });
    const { writes } = dry.json as Told;
    const count = (pattern: RegExp): number => writes.filter(({ what }) => pattern.test(what)).length;
    const made = countJiraWrites(jira);
    expect(writes.map(({ text }) => text).join()).not.toContain("Sup3rSecret1");
    expect({ comment: count(/^write/), file: count(/^attach the file/), all: writes.length }).toEqual({
      comment: made.comment,
      file: made.file,
      all: huawei.getRequests().writes + jira.getRequests().writes,
    });
  }
});

async function onDatabase({ database }: Harness, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: database.connectionString });
  await client.connect();
  await client.query(sql);
  await client.end();
}

test("what is paused or stopped is not listed; a re-sync of a stopped connection ends at once and says so", {
  timeout: 120_000,
}, async () => {
  harness = await startHarness();
  const { huawei, jira, runCli } = harness;
  const { caseId } = huawei.createCase({ description: "A case", status: 1, createdAt: Date.now() - 600_000 });
  huawei.addMessage({ caseId, author: "engineer", content: "An answer", createdAt: Date.now() - 600_000 });
  expect((await runCli(["resync", "--all", "--wait"])).code).toBe(0);
  const [issue] = jira.getState().issues;
  const copy = issue?.comments[0];
  if (issue === undefined || copy === undefined) throw new Error("there is no copy");
  jira.editComment({ commentId: copy.id, text: "somebody was here" });
  jira.addComment({ issue: issue.key, text: "A comment" });
  huawei.addMessage({ caseId, author: "engineer", content: "Another answer" });
  const list = async (): Promise<readonly string[]> => {
    const dry = await runCli(["resync", "--all", "--rerender", "--dry-run", "--json"]);
    expect(dry.code, dry.stderr).toBe(0);
    return (dry.json as Listed).writes.map(({ what }) => what).sort();
  };

  const all = await list();
  await runCli(["pause", "--direction", "to-huawei"]);
  const toJira = await list();
  await runCli(["pause", "--direction", "to-jira"]);
  const nothing = await list();
  await runCli(["resume"]);
  await onDatabase(harness, `UPDATE connections SET state = 'stopped', "stateReason" = 'memory_lost'`);
  const ofStopped = await list();
  huawei.resetRequests();
  jira.resetRequests();
  const real = await runCli(["resync", "--all", "--rerender", "--wait"]);

  expect(all).toEqual(["send a message", "write a comment", "write a comment of ours anew"]);
  expect(toJira).toEqual(["write a comment", "write a comment of ours anew"]);
  expect([nothing, ofStopped]).toEqual([[], []]);
  expect(real.code).toBe(3);
  expect(real.stdout).toContain("The connection default is stopped (memory_lost): nothing was done.");
  expect(huawei.getRequests().writes + jira.getRequests().writes).toBe(0);
});

test("--config plans with a draft, and lists what it changes against the configuration of today", {
  timeout: 120_000,
}, async () => {
  harness = await startHarness();
  const { huawei, jira, folder, runCli } = harness;
  const open = huawei.createCase({ description: "One", status: 1 });
  const fresh = huawei.createCase({ description: "Two", status: 0 });
  await writeFile(join(folder, "draft.yaml"), "connections:\n  - { name: default, cases: { statuses: [1] } }\n");

  const draft = ["resync", "--all", "--dry-run", "--config", "draft.yaml"];
  const [told, compared, wrong] = await Promise.all([
    runCli(draft),
    runCli([...draft, "--json"]),
    runCli(["resync", "--all", "--dry-run", "--config", "missing.yaml"]),
  ]);

  expect(compared.code, compared.stderr).toBe(0);
  const { writes, difference } = compared.json as Listed & {
    readonly difference: { readonly added: unknown[]; readonly removed: Listed["writes"] };
  };
  expect(new Set(writes.map(({ caseId }) => caseId))).toEqual(new Set([open.caseId]));
  expect(difference.added).toMatchObject([{ operation: "setIssueStamp" }]);
  expect(difference.removed).toMatchObject([
    { caseId: fresh.caseId, operation: "createIssue" },
    { operation: "setIssueStamps" },
  ]);
  expect(told.stdout).toContain("Only with draft.yaml");
  expect({ code: wrong.code, said: wrong.stderr }).toEqual({ code: 2, said: expect.stringContaining("missing.yaml") });
  expect(jira.getState().issues).toEqual([]);
});
