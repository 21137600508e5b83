import { describe, test } from "vitest";
import { inDialect } from "../support/dialect.ts";
import { chooseSome } from "../support/extent.ts";
import { startHarness } from "../support/harness.ts";

const kinds = ["429", "503_before", "500_after", "504_after", "reset_before", "reset_after", "hang_after"] as const;
const huaweiOperations = [inDialect("CreateMessages"), inDialect("UploadAccessory")];
const jiraOperations = ["createIssue", "setIssueProperty", "addAttachment", "addComment", "doTransition"];

describe("each fault strikes each write once, and exactly one copy is there afterwards", () => {
  // Side by side, each on simulators of its own: most of the time is spent waiting for the next attempt.
  test.concurrent.for(chooseSome("kinds of faults", kinds, 2))(
    "%s",
    { timeout: 240_000 },
    async (kind, { expect, onTestFinished }) => {
      const harness = await startHarness();
      onTestFinished(() => harness.close());
      harness.spawnWorker();
      const { huawei, jira, waitUntil } = harness;
      // One link for each write, so that a hanging one holds nobody else.
      const caseIds = ["a", "b", "c", "d", "e"].map(
        (name) => huawei.createCase({ description: `${kind} ${name}` }).caseId,
      );
      const keyOf = (caseId: string) =>
        jira.getState().issues.find((issue) => issue.labels.includes(`hwcase-${caseId}`))?.key;
      await waitUntil(() => caseIds.every((caseId) => keyOf(caseId) !== undefined), "the issues are there");
      const [a, b, c, d, e] = caseIds as [string, string, string, string, string];
      await harness.converge();

      huawei.resetRequests();
      jira.resetRequests();
      const shape = { kind, times: 1, ...(kind === "429" ? { retryAfterSeconds: 1 } : {}) };
      for (const operation of huaweiOperations) huawei.addFault({ ...shape, operation });
      for (const operation of jiraOperations) jira.addFault({ ...shape, operation });
      jira.addComment({ issue: keyOf(a) ?? "", text: `Comment under ${kind}` });
      huawei.addMessage({ caseId: b, author: "engineer", content: `Answer under ${kind}` });
      huawei.addMessage({
        caseId: c,
        author: "engineer",
        content: "With a file",
        files: [{ name: "f.txt", text: kind }],
      });
      jira.addAttachment({ issue: keyOf(d) ?? "", name: `shot ${kind}.txt`, text: `shot ${kind}` });
      jira.addComment({ issue: keyOf(d) ?? "", text: `See shot ${kind}.txt` });
      huawei.setStatus({ caseId: e, status: 3 });
      huawei.createCase({ description: `${kind} new`, files: [{ name: "new.txt", text: `new ${kind}` }] });
      await harness.converge(120_000);

      const issue = jira.getState().issues.find((candidate) => candidate.key === keyOf(e));
      expect(issue?.status.category).toBe("done");
      expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
      expect(jira.getState().issues).toHaveLength(6);
      const struck = (log: readonly { operation: string; status: number }[], operations: readonly string[]) =>
        operations.filter((operation) =>
          log.some((entry) => entry.operation === operation && (entry.status === 0 || entry.status >= 400)),
        );
      expect(struck(huawei.getRequests().log, huaweiOperations)).toEqual(huaweiOperations);
      expect(struck(jira.getRequests().log, jiraOperations)).toEqual(jiraOperations);
    },
  );
});
