import { createHmac } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { standing } from "../support/dialect.ts";
import { type Harness, startHarness } from "../support/harness.ts";
import { findFreePort } from "../support/port.ts";

const secret = "It's a Secret to Everybody";
let harness: Harness | null = null;

afterEach(async () => {
  await harness?.close();
  harness = null;
});

/** A worker whose rounds come too seldom to matter: whatever is mirrored quickly came by a webhook. */
async function start(env: Readonly<Record<string, string>> = {}) {
  const port = await findFreePort();
  const started = await startHarness({
    env: {
      WEBHOOK_PORT: String(port),
      JIRA_WEBHOOK_SECRET: secret,
      COMMENT_HOLD_SECONDS: "1",
      ISSUES_CRON: "0 0 1 1 *",
      CHECK_CRON: "0 0 1 1 *",
      ...env,
    },
  });
  harness = started;
  const { caseId } = started.huawei.createCase({ description: "The server is down" });
  started.spawnWorker();
  await started.waitUntil(() => started.jira.getState().issues.length === 1, "the issue is there", 100_000);
  await started.converge(100_000);
  const address = `http://127.0.0.1:${port}/webhooks/jira/default`;
  started.jira.setWebhook({ url: address, secret });
  const key = started.jira.getState().issues[0]?.key ?? "";
  const sent = () =>
    standing(
      (started.huawei.getState().cases.find((entry) => entry.caseId === caseId)?.messages ?? []).filter(
        (message) => message.via === "api",
      ),
    );
  return { ...started, address, key, sent };
}

const sign = (body: string): string => `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

test("deliveries that are lost, doubled, late and in disorder bring each comment over once", {
  timeout: 400_000,
}, async () => {
  const { jira, key, sent, waitUntil, address, ...rest } = await start({
    CHECK_CRON: "*/10 * * * * *",
    CHECK_MAX_AGE_HOURS: "0.003",
  });

  const writtenAt = Date.now();
  const { commentId } = jira.addComment({ issue: key, text: "by webhook" });
  await waitUntil(() => sent().length === 1, "the comment is a message");
  const tookMs = Date.now() - writtenAt;
  console.info(`a webhook comment was a message after ${tookMs} ms, 1,000 of them on hold`);
  jira.editComment({ commentId, text: "by webhook, edited" });
  await waitUntil(() => sent().length === 2, "its edit is a second version");

  jira.setSettings({ webhookDuplicateRate: 0.5, webhookShuffle: true, webhookDelayMs: 20 });
  for (let index = 0; index < 10; index += 1) jira.addComment({ issue: key, text: `shuffled ${index}` });
  jira.deleteComment({ commentId });
  await waitUntil(() => sent().length === 10, "ten comments are there, the deleted one is taken back");
  await jira.flushWebhooks();
  expect(jira.getWebhookDeliveries().filter((delivery) => delivery.status !== 200)).toEqual([]);

  jira.setSettings({ webhookLossRate: 1 });
  jira.addComment({ issue: key, text: "nobody tells of this one" });
  await waitUntil(() => sent().length === 11, "the full check finds it", 120_000);
  await rest.converge(120_000);
  expect(sent().map((message) => message.content.split("\n").at(-1))).toEqual([
    ...Array.from({ length: 10 }, (_, index) => `shuffled ${index}`),
    "nobody tells of this one",
  ]);
  expect(rest.copies()).toEqual({ duplicates: [], losses: [] });
});

test("only signed deliveries of a known connection are taken, and each is taken once", {
  timeout: 300_000,
}, async () => {
  const { address, jira, key, sent, database, waitUntil } = await start();
  jira.setWebhook(null);
  jira.addComment({ issue: key, text: "waits for its webhook" });
  const issueId = jira.getState().issues[0]?.id;
  const body = JSON.stringify({ webhookEvent: "comment_created", issue: { id: issueId } });
  const post = async (url: string, headers: Record<string, string>, content = body): Promise<number> =>
    (await fetch(url, { method: "POST", body: content, headers: { "content-type": "application/json", ...headers } }))
      .status;
  const { default: pg } = await import("pg");
  const client = new pg.Client(database.connectionString);
  await client.connect();
  const facts = async () => {
    const links = await client.query('SELECT "wantedRev", lane FROM links');
    const webhooks = await client.query("SELECT count(*)::int AS count FROM webhooks");
    return { rev: Number(links.rows[0]?.wantedRev), webhooks: Number(webhooks.rows[0]?.count) };
  };
  try {
    const before = await facts();
    expect(await post(address, {})).toBe(401);
    expect(await post(address, { "x-hub-signature": sign(`${body} `) })).toBe(401);
    expect(await post(address, { "x-hub-signature": "sha256=00" })).toBe(401);
    expect(await post(address.replace("default", "other"), { "x-hub-signature": sign(body) })).toBe(401);
    const large = " ".repeat(2 * 1024 * 1024);
    expect(await post(address, { "x-hub-signature": sign(large) }, large).catch(() => 413)).toBe(413);
    expect(await facts()).toEqual(before);
    expect(sent()).toEqual([]);

    const headers = { "x-hub-signature": sign(body), "x-atlassian-webhook-identifier": "delivery-1" };
    expect(await post(address, headers)).toBe(200);
    const after = await facts();
    expect(after).toEqual({ rev: before.rev + 1, webhooks: before.webhooks + 1 });
    expect(await post(address, headers)).toBe(200);
    expect(await post(address, { ...headers, "x-hub-signature": sign("{}") }, "{}")).toBe(200);
    expect(await facts()).toEqual(after);
    await waitUntil(() => sent().length === 1, "the comment is a message");

    expect(await post(`${address}/${issueId}`, { "x-hub-signature": sign("") }, "")).toBe(200);
    expect(await post(`${address}?issueKey=${key}`, { "x-hub-signature": sign("") }, "")).toBe(200);
    expect((await facts()).rev).toBe(after.rev + 2);

    const startedAt = performance.now();
    let begun = 0;
    const statuses: number[] = [];
    const sender = async () => {
      while (begun++ < 150) {
        const identifier = { "x-atlassian-webhook-identifier": `burst-${begun}` };
        statuses.push(await post(address, { "x-hub-signature": sign(body), ...identifier }));
      }
    };
    await Promise.all(Array.from({ length: 30 }, sender));
    console.info(`150 deliveries, 30 at a time, were taken in ${Math.round(performance.now() - startedAt)} ms`);
    expect(statuses).toEqual(Array.from({ length: 150 }, () => 200));
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect((await facts()).webhooks).toBe(after.webhooks + 150);
  } finally {
    await client.end();
  }
});
