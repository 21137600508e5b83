/** A worker with the budgets of a fresh installation (two requests in a second) while somebody restricts what waits (rule 5). */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { inDialect } from "../support/dialect.ts";
import { type Harness, startHarness } from "../support/harness.ts";

let harness: Harness | null = null;

afterEach(async () => {
  await harness?.close();
  harness = null;
});

const config = `connections:
  - attachments: { toHuawei: all }
    create: { defaults: { productId: pc2001, problemTypeId: bt3001, regionId: cn-north-4 } }
`;

test("twenty comments wait; the level is set after three have left: nothing leaves later than two seconds after the level", {
  timeout: 180_000,
}, async () => {
  let restrict: () => void = () => {};
  let written = 0;
  harness = await startHarness({
    env: {
      CONFIG_FILE: "casebridge.yaml",
      HUAWEI_REQUESTS_PER_SECOND: "",
      JIRA_REQUESTS_PER_SECOND: "",
      CASES_CRON: "*/5 * * * * *",
      ISSUES_CRON: "*/2 * * * * *",
      CHECK_CRON: "0 0 * * *",
    },
    huawei: {
      onEffect: ({ operation, phase }) => {
        if (phase !== "after" || operation !== inDialect("CreateMessages")) return;
        written += 1;
        if (written === 3) restrict();
      },
    },
  });
  const { huawei, jira, waitUntil } = harness;
  await writeFile(join(harness.folder, "casebridge.yaml"), config);
  huawei.createCase({ description: "The server is down" });
  harness.spawnWorker();
  await waitUntil(() => jira.getState().issues.length === 1, "the case has its issue");
  const [{ key = "" } = {}] = jira.getState().issues;
  let restrictedAt = Number.POSITIVE_INFINITY;
  restrict = () => {
    const request = jira.createIssue({
      projectKey: "OPS",
      summary: "Please help",
      description: "It is down as well",
      labels: ["huawei-case"],
    });
    jira.addAttachment({ issue: key, name: "own.txt", text: "a file of its own" });
    for (const issue of [key, request.issueKey]) jira.setSecurityLevel({ issue });
    restrictedAt = Date.now();
  };

  for (let n = 1; n <= 20; n += 1) jira.addComment({ issue: key, text: `comment number ${n}` });
  const isTold = (): boolean =>
    jira
      .getState()
      .issues.some((issue) => issue.comments.some((comment) => comment.bodyText.includes("security level")));
  const messages = () =>
    huawei.getState().cases.flatMap((entry) => entry.messages.filter((message) => message.via === "api"));
  const saying = () =>
    messages().filter(({ content, withdrawn }) => !withdrawn && !/^\[[^\]]+ withdrawn\]/.test(content));
  const untold = () =>
    saying().filter(
      ({ content }) => !messages().some((other) => other.content.startsWith(`${content.split("]")[0]} withdrawn]`)),
    );
  await waitUntil(isTold, "the request is told why it stays");
  await waitUntil(() => untold().length === 0, "what had left is withdrawn");

  const { log } = huawei.getRequests();
  const late = log.filter(({ atMs }) => atMs > restrictedAt + 2_000);
  const carries = [inDialect("CreateMessages"), inDialect("UploadAccessory"), inDialect("CreateCases")];
  const marks = messages().filter(({ content }) => /^\[[^\]]+ withdrawn\]/.test(content)).length;
  expect(restrictedAt).toBeLessThan(Number.POSITIVE_INFINITY);
  expect(written).toBeLessThan(20);
  // That a message is withdrawn may be said of what had left; it tells nothing that the case does not know.
  expect(late.filter(({ operation }) => carries.includes(operation)).length).toBeLessThanOrEqual(marks);
  expect(huawei.getState().cases).toHaveLength(1);
});
