/** How soon: from a person's word on one side to its copy on the other. */
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort } from "../test/support/port.ts";
import { type Bench, percentile, startWorld } from "./world.ts";

/** A new Huawei message is a Jira comment within E + 2 s (p95). */
export const messageLatency: Bench = {
  name: "message",
  what: "from a Huawei message to its Jira comment",
  async run(quick) {
    const links = quick ? 100 : 1_000;
    const count = quick ? 10 : 60;
    const [budget, cronSeconds] = [20, 5];
    const effectiveSeconds = Math.max(cronSeconds, (2 * Math.ceil(links / 100) + 6) / (budget / 2));
    const env = {
      CASES_CRON: `*/${cronSeconds} * * * * *`,
      ISSUES_CRON: `*/${cronSeconds} * * * * *`,
      CHECK_CRON: "0 0 1 1 *",
      HUAWEI_REQUESTS_PER_SECOND: String(budget),
      JIRA_REQUESTS_PER_SECOND: "100",
    };
    const world = await startWorld({ links, env });
    try {
      await world.startWorker();
      const sent: { issueKey: string; atMs: number }[] = [];
      for (let index = 0; index < count; index += 1) {
        const pair = world.pairs[Math.floor((index * links) / count)];
        if (pair === undefined) throw new Error("a pair is missing");
        sent.push({ issueKey: pair.issueKey, atMs: Date.now() });
        world.huawei.addMessage({ caseId: pair.caseId, author: "engineer", content: `News ${index}` });
        await sleep(500);
      }
      const commentsOf = (issue: string) => world.jira.getIssue({ issue }).comments;
      await world.waitUntil(() => sent.every(({ issueKey }) => commentsOf(issueKey).length > 0), "all comments");
      const seconds = sent.map(({ issueKey, atMs }) => {
        const created = commentsOf(issueKey)[0]?.createdAt ?? "";
        return (new Date(created).getTime() - atMs) / 1000;
      });
      const p95 = percentile(seconds, 95);
      return [
        {
          promise: `Huawei message to Jira comment, p95 of ${count} over ${links.toLocaleString("en")} links`,
          bound: `${(effectiveSeconds + 2).toFixed(1)} s (E = ${effectiveSeconds.toFixed(1)} s)`,
          measured: `${p95.toFixed(2)} s (median ${percentile(seconds, 50).toFixed(2)} s)`,
          ok: p95 <= effectiveSeconds + 2,
          note: `Two messages a second; budgets Huawei ${budget}/s and Jira 100/s; crons every ${cronSeconds} s.`,
        },
      ];
    } finally {
      await world.close();
    }
  },
};

/** A webhook comment is a Huawei message within 0.3 s after its hold (p95). */
export const webhookLatency: Bench = {
  name: "webhook",
  what: "from a webhook to the Huawei message, after the hold",
  async run(quick) {
    const links = quick ? 500 : 10_000;
    const count = quick ? 10 : 120;
    const holdSeconds = 2;
    const webhookSecret = "secret-of-the-bench-alone";
    const port = await findFreePort();
    const env = {
      CASES_CRON: "* * * * *",
      ISSUES_CRON: "* * * * *",
      CHECK_CRON: "0 0 1 1 *",
      HUAWEI_REQUESTS_PER_SECOND: "20",
      JIRA_REQUESTS_PER_SECOND: "100",
      COMMENT_HOLD_SECONDS: String(holdSeconds),
      JIRA_WEBHOOK_SECRET: webhookSecret,
      WEBHOOK_PORT: String(port),
    };
    const world = await startWorld({ links, env });
    try {
      await world.startWorker();
      world.jira.setWebhook({ url: `http://127.0.0.1:${port}/webhooks/jira/default`, secret: webhookSecret });
      const sent = new Map<string, number>();
      for (let index = 0; index < count; index += 1) {
        const pair = world.pairs[Math.floor((index * links) / count)];
        if (pair === undefined) throw new Error("a pair is missing");
        sent.set(pair.caseId, Date.now());
        world.jira.addComment({ issue: pair.issueKey, text: `Word ${index}` });
        await sleep(500);
      }
      await world.waitUntil(
        () => (world.huawei.getRequests().byOperation.CreateMessages ?? 0) >= count,
        "all messages",
        120_000,
      );
      await sleep(500);
      const seconds = world.huawei.getState().cases.flatMap((entry) => {
        const atMs = sent.get(entry.caseId);
        const copy = entry.messages.find((message) => message.via === "api" && !message.isFirst);
        return atMs === undefined || copy === undefined ? [] : [(copy.createdAt - atMs) / 1000 - holdSeconds];
      });
      if (seconds.length !== count) throw new Error(`${count - seconds.length} messages are missing`);
      const p95 = percentile(seconds, 95);
      return [
        {
          promise: `Webhook comment to Huawei message after its hold, p95 of ${count}, ${links.toLocaleString("en")} links`,
          bound: "0.30 s",
          measured: `${p95.toFixed(2)} s (median ${percentile(seconds, 50).toFixed(2)} s, worst ${Math.max(...seconds).toFixed(2)} s)`,
          ok: p95 <= 0.3,
          note: `Two comments a second; budgets Huawei 20/s and Jira 100/s; hold ${holdSeconds} s; rounds every minute beside it.`,
        },
      ];
    } finally {
      await world.close();
    }
  },
};
