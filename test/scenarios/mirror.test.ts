import { afterEach, describe, expect, test } from "vitest";
import { can } from "../support/dialect.ts";
import { type Harness, startHarness } from "../support/harness.ts";
import { createTestRedis, hasRedisServer, type TestRedis } from "../support/redis.ts";

let harness: Harness | null = null;
let redis: TestRedis | null = null;

afterEach(async () => {
  await harness?.close();
  await redis?.stop();
  harness = null;
  redis = null;
});

describe.each(["postgres", "redis"] as const)("mirroring with the queue in %s", (queue) => {
  const run = queue === "redis" && !hasRedisServer() ? test.skip : test;

  run(
    "carries cases, conversation, files and statuses both ways, once each, and then falls silent",
    { timeout: 120_000 },
    async () => {
      redis = queue === "redis" ? await createTestRedis() : null;
      harness = await startHarness();
      const { huawei, jira, waitUntil } = harness;
      harness.spawnWorker(redis === null ? {} : { REDIS_URL: redis.url });
      const first = huawei.createCase({
        description: "ECS is down\nsince this morning",
        labels: ["vip customer"],
        severity: "cs1001",
        files: [{ name: "诊断.log", text: "line 1\nline 2\n" }],
      });
      huawei.addMessage({
        caseId: first.caseId,
        author: "engineer",
        name: "Wang Wei",
        content: '<p>Please run <b>step 1</b>, see <a href="https://support.huaweicloud.com">help</a>.</p>',
        files: [{ name: "steps.bin", sizeBytes: 20_000 }],
      });
      const second = huawei.createCase({ description: "RDS replication lag grows" });
      huawei.addMessage({ caseId: second.caseId, author: "partner", content: "We look into it." });
      const third = huawei.createCase({ description: "Bill of October" });
      huawei.addMessage({ caseId: third.caseId, author: "customer", content: "Any news?" });
      const issueOf = (caseId: string) =>
        jira.getState().issues.find((issue) => issue.labels.includes(`hwcase-${caseId}`));
      await waitUntil(() => jira.getState().issues.length === 3, "three issues");

      const issue = issueOf(first.caseId);
      if (issue === undefined) throw new Error("no issue");
      expect(issue.summary).toContain(first.caseId);
      expect(issue.summary).toContain("ECS is down");
      expect(issue.descriptionText).toContain("since this morning");
      expect(issue.labels).toContain("huawei-cloud");
      expect(issue.labels.includes("hw:vip-customer")).toBe(can("labels"));
      jira.addAttachment({ issue: issue.key, name: "screenshot 1.txt", text: "what we saw" });
      jira.addComment({ issue: issue.key, text: "We tried it, see screenshot 1.txt" });
      jira.addComment({ issue: issue.key, text: `${"A long report. ".repeat(200)}End.` });
      jira.addComment({
        issue: issue.key,
        text: "For the team only",
        visibility: { type: "role", value: "Administrators" },
      });
      huawei.setStatus({ caseId: second.caseId, status: 1 });
      huawei.setStatus({ caseId: third.caseId, status: 3 });
      await waitUntil(
        () =>
          issueOf(second.caseId)?.status.category === "indeterminate" &&
          issueOf(third.caseId)?.status.category === "done",
        "statuses follow",
      );
      await harness.converge();

      const [entry] = huawei.getState().cases.filter((candidate) => candidate.caseId === first.caseId);
      const sent = entry?.messages.filter((message) => message.via === "api") ?? [];
      expect(sent.length).toBeGreaterThanOrEqual(3);
      expect(sent.some((message) => message.content.includes("For the team only"))).toBe(false);
      expect(sent.some((message) => / 2\/\d\]/.test(message.content))).toBe(true);
      const comments = issueOf(first.caseId)?.comments ?? [];
      expect(
        comments.some((comment) => comment.bodyText.includes("Wang Wei") && comment.bodyText.includes("step 1")),
      ).toBe(true);

      huawei.resetRequests();
      jira.resetRequests();
      await harness.waitForRounds(2);
      expect(huawei.getRequests().writes).toBe(0);
      expect(jira.getRequests().writes).toBe(0);
      expect(huawei.getRefusals()).toEqual([]);
      expect(jira.getRefusals()).toEqual([]);
      expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
    },
  );
});
