/** `DATA_KEY`: texts of unconfirmed writes are sealed, and a key that is lost loses nothing without a word (docs/configuration.md). */
import { randomBytes } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { newIntent } from "../../src/domain/rows/intent.ts";
import { intentKey } from "../../src/domain/rows/intent-key.ts";
import { makeAdminStore } from "../../src/store/admin.ts";
import { inDialect } from "../support/dialect.ts";
import { noInputs, type Stage, startStage } from "../support/stage.ts";

let stage: Stage;

afterEach(async () => {
  await stage.close();
});

async function rounds(count: number): Promise<void> {
  for (let round = 0; round < count; round += 1) {
    stage.advance(61_000);
    await stage.round();
    await stage.settle(1);
  }
}

const sent = (): string[] =>
  stage.huawei
    .getState()
    .cases.flatMap((entry) => entry.messages.filter(({ via }) => via === "api").map(({ content }) => content));
const told = (): string[] =>
  stage.jira.getState().issues.flatMap((issue) => issue.comments.map(({ bodyText }) => bodyText));
const stored = async (): Promise<string> =>
  JSON.stringify((await stage.database.pool.query("SELECT payload FROM intents")).rows);

test("wherever the process dies, no text is at rest; with another key everything arrives all the same, once", async () => {
  stage = await startStage({ dataKey: randomBytes(32) });
  const { caseId } = stage.huawei.createCase({ description: "Secretcase" });
  await rounds(2);
  const key = stage.jira.getState().issues[0]?.key ?? "";
  let seen = "";
  for (let calls = 4; calls < 34; calls += 9) {
    stage.huawei.addMessage({ caseId, author: "engineer", content: `Secretmessage${calls}.` });
    stage.jira.addComment({ issue: key, text: `Secretcomment${calls}.` });
    stage.advance(61_000);
    stage.crashAfter(calls);
    await stage.round();
    seen += await stored();
    await stage.changeDataKey(randomBytes(32));
    await stage.revive();
    await rounds(2);

    expect({ calls, sent: sent().filter((text) => text.includes(`Secretcomment${calls}.`)).length }).toEqual({
      calls,
      sent: 1,
    });
    expect({ calls, told: told().filter((text) => text.includes(`Secretmessage${calls}.`)).length }).toEqual({
      calls,
      told: 1,
    });
  }
  expect(seen).not.toContain("Secret");
});

test("a text that cannot be opened any more, and that nothing else remembers, is told", async () => {
  stage = await startStage({ dataKey: randomBytes(32) });
  stage.huawei.createCase({ description: "down", status: 1 });
  await rounds(2);
  const [linkId] = await stage.linkIds();
  if (linkId === undefined) throw new Error("there is no link");
  const leased = await stage.state.claimLink(linkId, "test", 30_000);
  const mark = { v: 1, inst: "", caseId: "", srcHash: "", files: [] };
  await leased?.apply({
    intents: [newIntent({ kind: "notice", cause: "test" }, { payload: { bodyAdf: "a text", mark } })],
  });
  await leased?.finish({ doneRev: null, recheckAt: null, attempts: 0 });
  expect(await stored()).toContain('"sealed"');
  expect(await stored()).not.toContain("a text");

  await stage.changeDataKey(randomBytes(32));
  await rounds(1);

  const failures = await makeAdminStore({ prisma: stage.database.prisma, clock: stage.clock }).listFailures({
    limit: 9,
  });
  expect(failures.items).toMatchObject([{ reason: "text_unreadable", item: "notice:test" }]);
  expect(await stored()).toBe("[]");
});

/** What is told as lost, by item. */
const lost = async (): Promise<readonly string[]> =>
  (await makeAdminStore({ prisma: stage.database.prisma, clock: stage.clock }).listFailures({ limit: 50 })).items
    .filter(({ reason }) => reason === "text_unreadable")
    .map(({ item }) => item)
    .sort();

test("a case whose answer was lost together with the key is found; the rest of its text is told, not forgotten", async () => {
  stage = await startStage({
    dataKey: randomBytes(32),
    create: { defaults: { ...noInputs, productId: "pc2001", problemTypeId: "bt3001", regionId: "cn-north-4" } },
  });
  const description = `Secretcase. ${"A long description. ".repeat(150)}End.`;
  stage.jira.createIssue({ projectKey: "OPS", summary: "Long", description, labels: ["huawei-case"] });
  stage.huawei.addFault({ operation: inDialect("CreateCases"), kind: "500_after" });
  await stage.round();
  expect(await stored()).not.toContain("Secretcase");

  await stage.changeDataKey(randomBytes(32));
  await rounds(3);

  const { cases } = stage.huawei.getState();
  expect(cases).toHaveLength(1);
  const parts = Number(/ 1\/(\d+)\]/.exec(cases[0]?.description ?? "")?.[1] ?? 3);
  const rest = Array.from({ length: parts - 1 }, (_, at) => `message:case:${at + 2}/${parts}`);
  expect(rest.length).toBeGreaterThan(0);
  expect(await lost()).toEqual(rest);
  expect(sent().filter((text) => text.includes("undefined"))).toEqual([]);
});

test("an issue whose answer was lost together with the key is found; what did not fit into its description is told", async () => {
  stage = await startStage({ dataKey: randomBytes(32) });
  stage.huawei.createCase({ description: `down ${"word ".repeat(9_000)}` });
  stage.huawei.createCase({ description: "short" });
  stage.jira.addFault({ operation: "createIssue", kind: "500_after", times: 2 });
  await stage.round();

  await stage.changeDataKey(randomBytes(32));
  await rounds(3);

  expect(stage.jira.getState().issues).toHaveLength(2);
  expect(await lost()).toEqual([intentKey({ kind: "description_rest" })]);
  expect(told().filter((text) => text.includes("undefined"))).toEqual([]);
});

test("a file whose answer was lost together with the key is found, and not carried again", async () => {
  stage = await startStage({ dataKey: randomBytes(32) });
  const { caseId } = stage.huawei.createCase({ description: "down" });
  await rounds(1);
  stage.huawei.addMessage({
    caseId,
    author: "engineer",
    content: "see",
    files: [{ name: "Secretname.txt", text: "bytes" }],
  });
  stage.jira.addFault({ operation: "addAttachment", kind: "500_after" });
  stage.advance(61_000);
  await stage.round();
  expect(await stored()).toContain('"sealed"');
  expect(await stored()).not.toContain("Secretname");

  await stage.changeDataKey(randomBytes(32));
  await rounds(3);

  expect(stage.jira.getState().issues[0]?.attachments.map(({ name }) => name)).toEqual(["Secretname.txt"]);
  expect(await lost()).toEqual([]);
});

test("a command whose answer was lost together with the key is not given again, and is answered", async () => {
  stage = await startStage({ dataKey: randomBytes(32) });
  stage.huawei.createCase({ description: "down", status: 1 });
  await rounds(2);
  const key = stage.jira.getState().issues[0]?.key ?? "";
  stage.jira.addComment({ issue: key, text: "/urge" });
  stage.huawei.addFault({ operation: inDialect("UpdateCases"), kind: "500_after" });
  await stage.settle(1);
  expect(await stored()).toContain('"sealed"');

  await stage.changeDataKey(randomBytes(32));
  await rounds(3);

  expect(stage.huawei.getState().cases[0]?.operateLogs.filter(({ type }) => type !== 0)).toHaveLength(1);
  expect(told().filter((text) => text.includes("/urge"))).not.toEqual([]);
  expect(await lost()).toEqual([]);
});

test("wherever the process dies, and whichever answer is lost, what another key cannot open is told part by part", async () => {
  stage = await startStage({
    dataKey: randomBytes(32),
    create: { defaults: { ...noInputs, productId: "pc2001", problemTypeId: "bt3001", regionId: "cn-north-4" } },
  });
  const filler = "A long description. ".repeat(70);
  for (let calls = 25; calls < 160; calls += 45) {
    const before = await lost();
    const description = `Start${calls}. ${filler} Middle${calls}. ${filler} End${calls}.`;
    stage.jira.createIssue({ projectKey: "OPS", summary: `Request ${calls}`, description, labels: ["huawei-case"] });
    stage.huawei.createCase({ description: `Head${calls}. ${"word ".repeat(8_000)} Tail${calls}.` });
    stage.huawei.addFault({ operation: inDialect("CreateCases"), kind: "500_after" });
    stage.jira.addFault({ operation: "createIssue", kind: "500_after" });
    stage.advance(61_000);
    stage.crashAfter(calls);
    await stage.round();
    await stage.changeDataKey(randomBytes(32));
    await stage.revive();
    await rounds(3);

    const { cases } = stage.huawei.getState();
    const { issues } = stage.jira.getState();
    const out = [...cases.map((entry) => entry.description), ...sent()].join("\n");
    const inside = JSON.stringify(issues);
    const fresh = (await lost()).length - before.length;
    const unsaid =
      [`Middle${calls}.`, `End${calls}.`].filter((text) => !out.includes(text)).length +
      (inside.includes(`Tail${calls}.`) ? 0 : 1);
    expect({ calls, told: fresh }).toEqual({ calls, told: unsaid });
    expect(cases.filter((entry) => entry.description.includes(`Start${calls}.`))).toHaveLength(1);
    expect(issues.filter(({ summary }) => summary.includes(`Head${calls}.`))).toHaveLength(1);
    expect([out, inside].filter((text) => text.includes("undefined"))).toEqual([]);
  }
});
