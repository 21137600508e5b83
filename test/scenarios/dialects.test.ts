/** One short mirror flow in every combination of API version and login: what people see must not depend on either. */
import { afterEach, describe, expect, test } from "vitest";
import { loginEnvs } from "../support/dialect.ts";
import { type Env, type Harness, startHarness } from "../support/harness.ts";

let harness: Harness | null = null;

afterEach(async () => {
  await harness?.close();
  harness = null;
});

const combinations = (["v2", "v1.0"] as const).flatMap((apiVersion) =>
  Object.entries(loginEnvs).map(([login, env]) => ({ apiVersion, login, env })),
);

describe.each(combinations)("mirroring over $apiVersion with $login", ({ apiVersion, env }) => {
  test("a case, messages both ways, files and a status arrive once each", { timeout: 240_000 }, async () => {
    const changes: Env = { ...env, HUAWEI_API_VERSION: apiVersion };
    harness = await startHarness({ env: changes });
    const { huawei, jira, waitUntil } = harness;
    harness.spawnWorker();
    const { caseId } = huawei.createCase({
      description: "ECS is down\nsince this morning",
      files: [{ name: "诊断.log", text: "line 1\n" }],
    });
    const issueOf = () => jira.getState().issues.find((issue) => issue.labels.includes(`hwcase-${caseId}`));
    const caseOf = () => huawei.getState().cases.find((entry) => entry.caseId === caseId);
    await waitUntil(() => issueOf() !== undefined, "an issue", 120_000);
    const key = issueOf()?.key ?? "";

    huawei.addMessage({
      caseId,
      author: "engineer",
      name: "Wang Wei",
      content: "Please run step 1",
      files: [{ name: "steps.txt", text: "one" }],
    });
    jira.addAttachment({ issue: key, name: "screen 1.txt", text: "what we saw" });
    jira.addComment({ issue: key, text: "We tried it, see screen 1.txt" });
    await waitUntil(
      () => {
        const sent = caseOf()?.messages.some((message) => message.content.includes("We tried it"));
        const told = issueOf()?.comments.some((comment) => comment.bodyText.includes("Please run step 1"));
        return sent === true && told === true;
      },
      "both messages",
      120_000,
    );
    huawei.setStatus({ caseId, status: 1 });
    await waitUntil(() => issueOf()?.status.category === "indeterminate", "the status follows", 120_000);
    huawei.setStatus({ caseId, status: 3 });
    await waitUntil(() => issueOf()?.status.category === "done", "the issue is done", 120_000);
    await harness.converge(120_000);

    const issue = issueOf();
    expect(issue?.summary).toContain("ECS is down");
    expect(issue?.descriptionText).toContain("since this morning");
    expect(issue?.attachments.map((file) => file.name).sort()).toEqual(
      ["screen 1.txt", "steps.txt", "诊断.log"].sort(),
    );
    expect(issue?.comments.some((comment) => comment.bodyText.includes("Wang Wei"))).toBe(true);
    // The description is no comment, and nothing of it is said twice.
    expect(issue?.comments.filter((comment) => comment.bodyText.includes("since this morning"))).toEqual([]);
    const sent = caseOf()?.messages.filter((message) => message.via === "api") ?? [];
    expect(sent).toHaveLength(1);
    expect(sent[0]?.accessories.map((file) => file.name)).toEqual(["screen 1.txt"]);
    expect(harness.copies()).toEqual({ duplicates: [], losses: [] });
    expect(huawei.getRefusals()).toEqual([]);
    expect(jira.getRefusals()).toEqual([]);
    const requests = huawei.getRequests().log;
    expect(requests.some((entry) => entry.operation.startsWith("V1"))).toBe(apiVersion === "v1.0");
    expect(requests.filter((entry) => entry.operation === "IamCreateToken").length).toBeLessThanOrEqual(2);
  });
});
