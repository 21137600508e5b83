import { afterEach, beforeEach, expect, test } from "vitest";
import { type Harness, startHarness } from "../support/harness.ts";
import { findFreePort } from "../support/port.ts";

let harness: Harness;

beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

function fill(count: number): void {
  for (let index = 0; index < count; index += 1) {
    const { caseId } = harness.huawei.createCase({ description: `Case ${index}` });
    harness.huawei.addMessage({ caseId, author: "engineer", content: `Answer ${index}` });
  }
}

test("SIGTERM in the middle of traffic ends with 0 within 30 s, and nothing is lost", {
  timeout: 120_000,
}, async () => {
  const { huawei, jira, waitUntil } = harness;
  huawei.setSettings({ latencyMs: 50 });
  jira.setSettings({ latencyMs: 50 });
  fill(20);
  const worker = harness.spawnWorker();
  await waitUntil(() => jira.getState().issues.length >= 3, "traffic is under way");
  const askedAt = Date.now();
  const code = await worker.kill("SIGTERM");
  const tookMs = Date.now() - askedAt;
  console.info(`stopped in ${tookMs} ms with ${jira.getState().issues.length} of 20 issues made`);
  expect({ code, output: worker.output() }).toMatchObject({ code: 0 });
  expect(tookMs).toBeLessThan(30_000);
  harness.spawnWorker();
  await harness.converge();
});

test("SIGTERM ends with 0 within 10 s while both services refuse everything", { timeout: 120_000 }, async () => {
  const { huawei, jira, waitUntil } = harness;
  fill(3);
  const worker = harness.spawnWorker();
  await waitUntil(() => jira.getState().issues.length > 0, "work has begun");
  const forever = { times: Number.MAX_SAFE_INTEGER };
  huawei.addFault({ kind: "503_before", ...forever });
  jira.addFault({ kind: "429", retryAfterSeconds: 60, ...forever });
  fill(3);
  const refused = (): number => (jira.getStruckFaults()["429"] ?? 0) + (huawei.getStruckFaults()["503_before"] ?? 0);
  await waitUntil(() => refused() >= 3, "they have refused");

  const askedAt = Date.now();
  const code = await worker.kill("SIGTERM");

  expect({ code, output: worker.output() }).toMatchObject({ code: 0 });
  expect(Date.now() - askedAt).toBeLessThan(10_000);
});

test("a wrong configuration tells all its errors at once, without a secret, and ends with 2", async () => {
  const wrong = { HUAWEICLOUD_SDK_SK: "s3cr3t-key-value", JIRA_API_TOKEN: "t0ken-value" };
  const result = await harness.runCli(["worker"], {
    ...wrong,
    JIRA_HOST: "not a host",
    CASES_CRON: "every minute",
    HTTP_PORT: "99999999",
    JIRA_PROJECT_KEY: "",
  });
  expect(result.code).toBe(2);
  const said = result.stdout + result.stderr;
  for (const name of ["JIRA_HOST", "CASES_CRON", "HTTP_PORT", "JIRA_PROJECT_KEY"]) expect(said).toContain(name);
  for (const secret of Object.values(wrong)) expect(said).not.toContain(secret);
});

test("without COMMENTS_TO_HUAWEI the worker explains the choice and ends with 2", async () => {
  const result = await harness.runCli(["worker"], { COMMENTS_TO_HUAWEI: "" });
  expect(result.code).toBe(2);
  expect(result.stderr).toMatch(/COMMENTS_TO_HUAWEI[\s\S]*(all|command|none)/);
});

test("services that are away or refuse the credentials end doctor and resync with 4", {
  timeout: 120_000,
}, async () => {
  const { huawei } = harness;
  const wrongToken = { JIRA_API_TOKEN: "wrong-token-value" };
  const refused = await Promise.all([
    harness.runCli(["doctor"], wrongToken),
    harness.runCli(["resync", "--all", "--wait"], wrongToken),
  ]);
  huawei.createCase({ description: "A case" });
  const refusedWithCase = await harness.runCli(["resync", "--all", "--wait"], wrongToken);
  huawei.setOutage(true);
  const away = await Promise.all([harness.runCli(["doctor"]), harness.runCli(["resync", "--all", "--wait"])]);
  for (const result of [...refused, refusedWithCase, ...away])
    expect({ code: result.code, said: result.stdout + result.stderr }).toMatchObject({ code: 4 });
  expect(refused.map((result) => result.stdout + result.stderr).join()).not.toContain("wrong-token-value");
});

test("a refused token turns the gauge red; when it works again the worker mirrors by itself", {
  timeout: 120_000,
}, async () => {
  const { huawei, jira, waitUntil } = harness;
  const port = await findFreePort();
  fill(1);
  const worker = harness.spawnWorker({ HTTP_PORT: String(port) });
  await waitUntil(() => jira.getState().issues[0]?.comments.length === 1, "the first case is mirrored");
  jira.setApiToken({ apiToken: "OTHER" });
  const entry = huawei.getState().cases[0];
  if (entry === undefined) throw new Error("no case");
  huawei.addMessage({ caseId: entry.caseId, author: "engineer", content: "While the token is refused" });
  const red = async (): Promise<boolean> => {
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return page.split("\n").some((line) => /^casebridge_credential_refused\{.*side="jira".*\} 1$/.test(line));
  };
  await waitUntil(red, "the gauge is red");
  expect(worker.child.exitCode).toBeNull();
  jira.setApiToken({ apiToken: "SIMTOKEN" });
  await harness.converge(90_000);
  expect(jira.getState().issues[0]?.comments).toHaveLength(2);
  await waitUntil(async () => !(await red()), "the gauge is green again");
});
