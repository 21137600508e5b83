/** What a person changes on the issue itself is told to the case: once, by its newest state, and only where it may leave Jira. */
import { afterEach, expect, test } from "vitest";
import { inDialect } from "../support/dialect.ts";
import { type Stage, type StagePolicy, startStage } from "../support/stage.ts";

let stage: Stage | null = null;

afterEach(async () => {
  await stage?.close();
  stage = null;
});

/** An issue whose case was opened from it, both sides in agreement. */
async function startRequest(policy: StagePolicy = {}): Promise<{ world: Stage; key: string }> {
  const world = await startStage({ policy });
  stage = world;
  const { issueKey } = world.jira.createIssue({
    projectKey: "OPS",
    summary: "The server is down",
    description: "It does not answer",
    labels: ["huawei-case", "hw-product:pc2001", "hw-problem:bt3001", "hw-region:cn-north-4"],
  });
  await world.round();
  await world.settle(3);
  await world.round();
  return { world, key: issueKey };
}

/** An issue that was made from a case. */
async function startCase(): Promise<{ world: Stage; key: string }> {
  const world = await startStage();
  stage = world;
  world.huawei.createCase({ description: "The server is down" });
  await world.round();
  await world.settle(2);
  await world.round();
  return { world, key: world.jira.getState().issues[0]?.key ?? "" };
}

const told = (world: Stage): string[] =>
  (world.huawei.getState().cases[0]?.messages ?? [])
    .filter((message) => message.via === "api" && /^\[[A-Z]+-\d+ !changed-/.test(message.content))
    .map((message) => message.content);
const change = (n: number, lines: string): string =>
  `[OPS-1 !changed-${n}]\nThe issue was changed. 问题单已修改。\n${lines}`;
const minutes = (world: Stage, count: number): void => world.advance(count * 60_000);

async function expectSilence(world: Stage): Promise<void> {
  await world.check();
  world.huawei.resetRequests();
  world.jira.resetRequests();
  for (let turn = 0; turn < 3; turn += 1) {
    minutes(world, 6);
    await world.round();
    await world.check();
  }
  expect([world.huawei.getRequests().writes, world.jira.getRequests().writes]).toEqual([0, 0]);
  const { intents, failures } = await world.snapshot();
  expect({ intents, failures }).toEqual({ intents: [], failures: [] });
  // Nothing that was told came back as news.
  const comments = world.jira.getState().issues[0]?.comments ?? [];
  expect(comments.filter((comment) => comment.bodyText.includes("The issue was changed"))).toEqual([]);
}

test("several changes within five minutes are one message with the newest state", async () => {
  const { world, key } = await startRequest();
  expect(told(world)).toEqual([]);
  world.jira.editIssue({ issue: key, fields: { description: "It answers slowly, password: hunter2hunter2" } });
  world.advance(4_000);
  await world.wakeJira();
  await world.runDue();
  expect(told(world)).toEqual([]);
  await world.settle(2);
  expect(told(world)).toEqual([change(1, "Description / 描述:\nIt answers slowly, password: [masked: password]")]);

  for (const priority of ["High", "Low", "Highest"]) {
    world.jira.editIssue({ issue: key, fields: { priority } });
    await world.settle(2);
  }
  world.jira.editIssue({ issue: key, fields: { summary: "Slow server" } });
  world.jira.removeLabel({ issue: key, label: "hw-product:pc2001" });
  world.jira.addLabel({ issue: key, label: "hw-product:pc2002" });
  await world.settle(2);
  expect(told(world)).toHaveLength(1);
  minutes(world, 5);
  await world.runDue();
  await world.settle(2);

  expect(told(world).slice(1)).toEqual([
    change(2, "Title / 标题: Slow server\nSeverity / 严重程度: Highest\nProduct / 产品: pc2002"),
  ]);
  const comments = world.jira.getState().issues[0]?.comments ?? [];
  expect(comments.filter((comment) => comment.bodyText.includes("was masked"))).toHaveLength(1);
  await expectSilence(world);
});

test("a message about a change costs one reading of the issue, which shows the newest changes as well", async () => {
  const { world, key } = await startRequest({ comments: { holdSeconds: 0 } });
  minutes(world, 20);
  await world.check();
  world.jira.editIssue({ issue: key, fields: { description: "It answers slowly" } });
  world.jira.resetRequests();
  world.huawei.resetRequests();
  await world.wakeJira();
  await world.runDue();

  expect(told(world)).toHaveLength(1);
  expect(world.jira.getRequests().byOperation).toEqual({ getIssue: 1 });
  expect(world.huawei.getRequests().writes).toBe(1);
});

test("a long description travels as a file, and the next change follows it", async () => {
  const { world, key } = await startRequest();
  world.jira.editIssue({ issue: key, fields: { description: `${"long words ".repeat(400)}the end` } });
  await world.settle(2);

  const [message] =
    world.huawei.getState().cases[0]?.messages.filter((entry) => entry.content.includes("!changed-")) ?? [];
  expect(message?.content).toContain("The full text is attached as notice-changed-1.txt");
  expect(message?.accessories.map((file) => file.name)).toEqual(["notice-changed-1.txt"]);
  await expectSilence(world);
});

test("wherever the process dies, each state is told at most once and the newest one always", async () => {
  const { world, key } = await startRequest();
  for (let calls = 1; calls < 30; calls += 2) {
    minutes(world, 6);
    world.jira.editIssue({ issue: key, fields: { description: `state ${calls}` } });
    world.advance(11_000);
    await world.wakeJira();
    world.crashAfter(calls);
    await world.runDue();
    const edited = calls % 4 === 1;
    if (edited) world.jira.editIssue({ issue: key, fields: { description: `state ${calls}, again` } });
    await world.revive();
    minutes(world, 2);
    await world.settle(4);
    minutes(world, 6);
    await world.settle(4);

    const lines = told(world).map((text) => text.split("\n").at(-1) ?? "");
    expect({ calls, last: lines.at(-1) }).toEqual({ calls, last: `state ${calls}${edited ? ", again" : ""}` });
    expect({ calls, doubled: lines.length - new Set(lines).size }).toEqual({ calls, doubled: 0 });
    const marks = told(world).map((text) => text.split("]")[0]);
    expect({ calls, marks: marks.length - new Set(marks).size }).toEqual({ calls, marks: 0 });
  }
  await expectSilence(world);
});

test("an answer that was lost is looked for before anything is told again", async () => {
  const { world, key } = await startRequest();
  world.huawei.addFault({ operation: inDialect("CreateMessages"), kind: "504_after", times: 1 });
  world.jira.editIssue({ issue: key, fields: { description: "It answers slowly" } });
  await world.settle(6);
  expect(world.huawei.getStruckFaults()["504_after"]).toBe(1);

  expect(told(world)).toEqual([change(1, "Description / 描述:\nIt answers slowly")]);
  await expectSilence(world);
});

test("nothing of an issue with a security level leaves; it is told once the level is gone", async () => {
  const { world, key } = await startRequest();
  world.jira.setSecurityLevel({ issue: key });
  world.forgetSent();
  world.jira.editIssue({ issue: key, fields: { description: "canary-of-a-secret" } });
  await world.settle(4);
  minutes(world, 6);
  await world.check();
  expect(world.readSent()).not.toContain("canary-of-a-secret");
  world.jira.setSecurityLevel({ issue: key, level: null });
  await world.settle(3);

  expect(told(world)).toEqual([change(1, "Description / 描述:\ncanary-of-a-secret")]);
});

test("a level that is set while the message waits keeps it here", async () => {
  const { world, key } = await startRequest();
  world.jira.editIssue({ issue: key, fields: { description: "canary-on-its-way" } });
  world.advance(11_000);
  world.huawei.addFault({ operation: inDialect("CreateMessages"), kind: "429", retryAfterSeconds: 3 });
  await world.wakeJira();
  await world.runDue();
  expect((await world.snapshot()).intents.map((intent) => intent.state)).toEqual(["planned"]);
  world.jira.setSecurityLevel({ issue: key });
  world.huawei.clearFaults();
  world.forgetSent();
  await world.settle(6);
  minutes(world, 6);
  await world.settle(2);

  expect(world.readSent()).not.toContain("canary-on-its-way");
  expect(told(world)).toEqual([]);
  expect((await world.snapshot()).intents).toEqual([]);
});

test("what casebridge or an app changed, and what happened under a narrower policy, is never told", async () => {
  const { world, key } = await startRequest();
  world.jira.editIssue({ issue: key, fields: { description: "by an app" }, author: "app" });
  await world.settle(2);
  world.jira.editIssue({ issue: key, fields: { summary: "by casebridge" }, author: "bot" });
  await world.settle(2);
  for (const toHuawei of ["none", "command"] as const) {
    await world.setPolicy({ comments: { toHuawei } });
    minutes(world, 6);
    world.jira.editIssue({ issue: key, fields: { description: `while ${toHuawei}` } });
    await world.settle(2);
  }
  await world.setPolicy({});
  await world.settle(2);
  expect(told(world)).toEqual([]);
  world.jira.editIssue({ issue: key, fields: { description: "by a person" } });
  await world.settle(2);

  expect(told(world)).toEqual([change(1, "Description / 描述:\nby a person")]);
  await expectSilence(world);
});

test("of an issue that was made from a case the text is a copy, and only severity and product are told", async () => {
  const { world, key } = await startCase();
  world.jira.editIssue({ issue: key, fields: { description: "my own words", summary: "my own title" } });
  await world.settle(2);
  expect(told(world)).toEqual([]);
  world.jira.editIssue({ issue: key, fields: { priority: "Highest" } });
  await world.settle(2);

  expect(told(world)).toEqual([change(1, "Severity / 严重程度: Highest")]);
  await expectSilence(world);
});

test("what Huawei refuses is told on the issue once", async () => {
  const { world, key } = await startRequest();
  const [entry] = world.huawei.getState().cases;
  world.huawei.setSettings({ messageOnClosed: "refused" });
  world.huawei.setStatus({ caseId: entry?.caseId ?? "", status: 3 });
  world.jira.editIssue({ issue: key, fields: { description: "too late" } });
  // The link does not know yet that the case is closed.
  await world.settle(2);
  const notices = (): number =>
    (world.jira.getState().issues[0]?.comments ?? []).filter((comment) =>
      comment.bodyText.includes("could not be told to Huawei Cloud"),
    ).length;
  expect(notices()).toBe(1);
  expect((await world.snapshot()).failures.map(({ item, reason }) => ({ item, reason }))).toEqual([
    { item: "changes", reason: "message_refused" },
  ]);
  minutes(world, 6);
  await world.round();
  await world.check();
  expect([notices(), told(world)]).toEqual([1, []]);
});
