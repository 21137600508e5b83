/**
 * Several connections in one worker: each with its own credentials and budgets, none in another's way, and one owner for a case that two
 * of them see (rule 7 and rule 9).
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type HuaweiSimulator, startHuaweiSimulator } from "../../simulators/huawei/index.ts";
import { type JiraSimulator, startJiraSimulator } from "../../simulators/jira/index.ts";
import { type Harness, startHarness } from "../support/harness.ts";
import { findFreePort } from "../support/port.ts";

let harness: Harness | null = null;
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  await harness?.close();
  harness = null;
  for (const close of closers.splice(0)) await close();
});

type World = {
  readonly harness: Harness;
  /** The second connection's services. */
  readonly huawei2: HuaweiSimulator;
  readonly jira2: JiraSimulator;
};

/** Two accounts on two sites: `one` (project OPS) and `two` (project DEV). */
async function startWorld(env: Record<string, string> = {}): Promise<World> {
  harness = await startHarness({
    env: { LOG_LEVEL: "info", TOKEN_TWO: "TOKEN2", AK_TWO: "AK2", SK_TWO: "SK2", ...env },
  });
  const huawei2 = await startHuaweiSimulator({ accessKey: "AK2", secretKey: "SK2", domainId: "domain2", seed: 7 });
  closers.push(huawei2.close);
  const jira2 = await startJiraSimulator({
    apiToken: "TOKEN2",
    email: "two@example.com",
    projects: [{ key: "DEV" }],
    seed: 7,
  });
  closers.push(jira2.close);
  await writeFile(
    join(harness.folder, "casebridge.yaml"),
    `connections:
  - name: one
  - name: two
    huawei: { endpoint: "${huawei2.url}", iamEndpoint: "${huawei2.url}", ak: { env: AK_TWO }, sk: { env: SK_TWO }, domainId: domain2 }
    jira: { host: "${jira2.url}", email: two@example.com, apiToken: { env: TOKEN_TWO }, projectKey: DEV }
`,
  );
  return { harness, huawei2, jira2 };
}

function commentsOf(jira: JiraSimulator["control"] | Harness["jira"]): string[] {
  return jira.getState().issues.flatMap((issue) => issue.comments.map((comment) => comment.bodyText));
}

type Status = {
  readonly connections: readonly {
    readonly name: string;
    readonly effectivePollSeconds: number;
    readonly budgetStates: Record<
      "huawei" | "jira",
      { readonly refusedSince: string | null; readonly sharedBy: string[] }
    >;
  }[];
};

describe("two connections in one worker", () => {
  test("mirror their cases into their own projects, and people's answers back", { timeout: 300_000 }, async () => {
    const { harness: world, huawei2, jira2 } = await startWorld();
    const one = world.huawei.createCase({ description: "for one" });
    const two = huawei2.control.createCase({ description: "for two" });
    world.huawei.addMessage({ caseId: one.caseId, author: "engineer", content: "answer of one" });
    huawei2.control.addMessage({ caseId: two.caseId, author: "engineer", content: "answer of two" });

    world.spawnWorker();
    await world.waitUntil(
      () => commentsOf(world.jira).length === 1 && commentsOf(jira2.control).length === 1,
      "both mirrored",
    );
    for (const jira of [world.jira, jira2.control]) {
      const [issue] = jira.getState().issues;
      jira.addComment({ issue: issue?.key ?? "", text: `thanks from ${issue?.key}` });
    }
    const sent = (huawei: HuaweiSimulator["control"]): string[] =>
      huawei
        .getState()
        .cases.flatMap((entry) =>
          entry.messages.filter((message) => message.via === "api").map((message) => message.content),
        );
    await world.waitUntil(() => sent(world.huawei).length === 1 && sent(huawei2.control).length === 1, "both answered");
    await world.converge();

    expect(world.jira.getState().issues.map((issue) => issue.projectKey)).toEqual(["OPS"]);
    expect(jira2.control.getState().issues.map((issue) => issue.projectKey)).toEqual(["DEV"]);
    expect(commentsOf(world.jira)[0]).toContain("answer of one");
    expect(commentsOf(jira2.control)[0]).toContain("answer of two");
    expect(sent(world.huawei)[0]).toContain("thanks from OPS-1");
    expect(sent(huawei2.control)[0]).toContain("thanks from DEV-1");
    expect(jira2.control.getRefusals()).toEqual([]);
    expect(huawei2.control.getRefusals()).toEqual([]);
  });

  test("a command with --connection acts on that connection's link, though both have the case's number", {
    timeout: 300_000,
  }, async () => {
    const { harness: world, huawei2, jira2 } = await startWorld();
    const { caseId } = world.huawei.createCase({ description: "for one" });
    expect(huawei2.control.createCase({ description: "for two" }).caseId).toBe(caseId);
    expect(await world.runCli(["resync", "--all", "--wait"])).toMatchObject({ code: 0 });
    expect([world.jira, jira2.control].map((jira) => jira.getState().issues.length)).toEqual([1, 1]);
    const states = async () => {
      const { json } = await world.runCli(["links", "list", "--json"]);
      const rows = json as { readonly connectionName: string; readonly state: string }[];
      return Object.fromEntries(rows.map((row) => [row.connectionName, row.state]));
    };

    const shown = await world.runCli(["links", "show", caseId, "--connection", "one", "--json"]);
    expect(shown.json).toMatchObject({ summary: { connectionName: "one", issueKey: "OPS-1" } });
    expect(await world.runCli(["verify", "--case", caseId, "--connection", "one"])).toMatchObject({ code: 0 });
    expect(await world.runCli(["links", "unlink", caseId, "--connection", "one", "--yes"])).toMatchObject({ code: 0 });
    expect(await states()).toEqual({ one: "unlinked", two: "active" });
    for (const command of [["status"], ["failures", "list"], ["links", "list"], ["links", "show", caseId]]) {
      const refused = await world.runCli([...command, "--connection", "typo"]);
      expect({ code: refused.code, said: refused.stderr }).toEqual({ code: 2, said: expect.stringContaining("typo") });
    }
    const lookups = await world.runCli(["lookups", "regions", "--json"]);
    expect(lookups.json).toMatchObject({ one: { regions: expect.any(Array) }, two: { regions: expect.any(Array) } });
  });

  test("a refused credential stops its own connection, shows in metrics and status, and work goes on by itself", {
    timeout: 300_000,
  }, async () => {
    const port = await findFreePort();
    const { harness: world, huawei2, jira2 } = await startWorld({ HTTP_PORT: String(port) });
    jira2.control.setApiToken({ apiToken: "ANOTHER" });
    const page = async (): Promise<string> => {
      try {
        return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      } catch {
        return "";
      }
    };
    world.huawei.createCase({ description: "for one" });
    huawei2.control.createCase({ description: "for two" });

    world.spawnWorker();
    await world.waitUntil(() => world.jira.getState().issues.length === 1, "one is mirrored");
    await world.waitUntil(
      async () => /credential_refused\{connection="two",side="jira"\} 1/.test(await page()),
      "the refused credential shows",
    );
    const refused = await page();
    const status = (await world.runCli(["status", "--json"])).json as Status;

    expect(refused).not.toMatch(/credential_refused\{connection="one",side="\w+"\} 1/);
    expect(refused).toMatch(/casebridge_runs_total\{connection="one",outcome="done"\} \d+/);
    expect(refused).toMatch(/casebridge_effective_poll_interval_seconds\{connection="two"\} \d/);
    expect(refused).toMatch(/casebridge_remote_request_wait_seconds_count\{side="huawei",lane="\w+"\} [1-9]/);
    expect(refused).toMatch(/casebridge_breakers_open\{connection="one",breaker="loop_suspected"\} 0/);
    expect(status.connections.map(({ name, budgetStates }) => [name, budgetStates.jira.refusedSince !== null])).toEqual(
      [
        ["one", false],
        ["two", true],
      ],
    );
    expect(jira2.control.getState().issues).toEqual([]);

    world.huawei.createCase({ description: "one goes on" });
    await world.waitUntil(() => world.jira.getState().issues.length === 2, "one goes on meanwhile");
    jira2.control.setApiToken({ apiToken: "TOKEN2" });
    await world.waitUntil(() => jira2.control.getState().issues.length === 1, "two goes on by itself", 120_000);
    await world.waitUntil(
      async () => /credential_refused\{connection="two",side="jira"\} 0/.test(await page()),
      "the credential is accepted again",
    );
    await world.converge();

    expect(jira2.control.getState().issues).toHaveLength(1);
  });

  test("an import of one leaves the other its turns", { timeout: 300_000 }, async () => {
    const many = 60;
    const { harness: world, huawei2, jira2 } = await startWorld({ WORKER_CONCURRENCY: "2" });
    for (const control of [world.jira, jira2.control]) control.setSettings({ latencyMs: 20 });
    for (let index = 0; index < many; index += 1) world.huawei.createCase({ description: `import ${index}` });
    for (let index = 0; index < 5; index += 1) huawei2.control.createCase({ description: `few ${index}` });

    world.spawnWorker();
    await world.waitUntil(() => jira2.control.getState().issues.length === 5, "the few are there");
    const imported = world.jira.getState().issues.length;
    await world.waitUntil(() => world.jira.getState().issues.length === many, "the import is done");

    expect(imported).toBeLessThan(many);
  });
});

test("a case that two connections see belongs to the first of the file, and the other says so", {
  timeout: 300_000,
}, async () => {
  harness = await startHarness({ env: { LOG_LEVEL: "info" }, jira: { projects: [{ key: "OPS" }, { key: "DEV" }] } });
  const { huawei, jira, folder, spawnWorker, waitUntil, waitForRounds, converge, runCli } = harness;
  await writeFile(
    join(folder, "casebridge.yaml"),
    "connections:\n  - { name: first }\n  - { name: second, jira: { projectKey: DEV }, create: { jql: 'labels = dev' } }\n",
  );
  const early = huawei.createCase({ description: "there before the start" });

  const worker = spawnWorker();
  await waitUntil(() => jira.getState().issues.length >= 1, "the first case is mirrored");
  const late = huawei.createCase({ description: "made meanwhile" });
  await waitUntil(() => jira.getState().issues.length >= 2, "the second case is mirrored");
  await waitUntil(() => /owned_by":\{"first":\d+\}/.test(worker.output()), "the second connection says who owns them");
  await waitForRounds(3);
  await converge();
  const dry = (await runCli(["resync", "--all", "--dry-run", "--json"])).json as { writes: unknown[] };

  const issues = jira.getState().issues;
  expect(issues.map((issue) => issue.projectKey)).toEqual(["OPS", "OPS"]);
  expect(issues.map((issue) => issue.labels.find((label) => label.startsWith("hwcase-"))).sort()).toEqual(
    [`hwcase-${early.caseId}`, `hwcase-${late.caseId}`].sort(),
  );
  expect(dry.writes).toEqual([]);
});
