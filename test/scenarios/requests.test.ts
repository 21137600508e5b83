/** Requests for a case that Huawei refuses, and a case that another link took first. */
import { afterEach, expect, test } from "vitest";
import type { HuaweiSettings } from "../../simulators/huawei/settings.ts";
import { type CaseId, toId } from "../../src/domain/ids.ts";
import { makeAdminStore } from "../../src/store/admin.ts";
import { syncConnections } from "../../src/store/connections.ts";
import { makeLookupCache } from "../../src/store/lookups.ts";
import { apiVersion, inDialect } from "../support/dialect.ts";
import { noInputs, type Stage, startStage } from "../support/stage.ts";

let stage: Stage;

afterEach(() => stage.close());

async function start(
  settings: Partial<HuaweiSettings> = {},
  policy: NonNullable<Parameters<typeof startStage>[0]>["policy"] = {},
): Promise<void> {
  const defaults = { ...noInputs, productId: "pc2001", problemTypeId: "bt3002", regionId: "cn-north-4" };
  stage = await startStage({ create: { defaults }, huawei: { settings }, policy });
  // The look-ups of a first request are remembered for a day.
  request("First");
  await rounds();
  expect(creations()).toBe(1);
}

function request(summary: string, labels: readonly string[] = []): { issueKey: string; issueId: string } {
  return stage.jira.createIssue({
    projectKey: "OPS",
    summary,
    description: `${summary}: it is down`,
    labels: ["huawei-case", ...labels],
  });
}

/** Rounds until nothing is left to do. */
async function rounds(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    stage.advance(11_000);
    await stage.round();
  }
}

const creations = (): number => stage.huawei.getRequests().byOperation[inDialect("CreateCases")] ?? 0;
const comments = (issueKey: string): string[] =>
  stage.jira.getIssue({ issue: issueKey }).comments.map((comment) => comment.bodyText);
const casesOf = ({ issueId }: { issueId: string }) =>
  stage.huawei.getState().cases.filter((entry) => entry.description.includes(`@${issueId}]`));

test.each([{ errorStyle: "http200" }, { errorStyle: "http4xx" }] as const)(
  "a refusal by Huawei ($errorStyle) names the wrong value and the allowed ones, and is repeated only for other inputs",
  async ({ errorStyle }) => {
    await start({ errorStyle });
    // A region that was there when the look-ups were read.
    const cache = makeLookupCache(stage.database.prisma);
    const old = [{ id: "cn-east-9", name: "CN East-Old" }];
    await cache.save("default", JSON.stringify(["regions", null]), old, stage.clock.now());
    const id = request("Refused", ["hw-region:CN-East-Old"]);
    await rounds();

    expect(creations()).toBe(2);
    expect(casesOf(id)).toEqual([]);
    const [told, ...others] = comments(id.issueKey);
    expect(others).toEqual([]);
    expect(told).toContain("No service ticket was opened: Huawei Cloud refused it: ");
    expect(told).toContain(
      'The region "CN-East-Old" is not known to Huawei Cloud here. Allowed: CN North-Beijing4 (cn-north-4);',
    );

    // Our own comment is no change, nor is time.
    await rounds();
    stage.advance(7_200_000);
    await rounds();
    expect(creations()).toBe(2);
    expect(comments(id.issueKey)).toHaveLength(1);

    stage.jira.editIssue({ issue: id.issueKey, fields: { labels: ["huawei-case", "hw-region:AP-Singapore"] } });
    await rounds();
    expect(creations()).toBe(3);
    expect(casesOf(id).map((entry) => entry.regionId)).toEqual(["ap-southeast-3"]);
    expect(comments(id.issueKey).at(-1)).toContain("was opened in Huawei Cloud");
  },
);

test("a refusal whose cause no look-up knows says what was asked for", async () => {
  await start({ errorStyle: "http4xx" });
  // An edition of the service that takes shorter descriptions than the documented one.
  stage.huawei.setSettings({ descriptionMax: 40 });
  const id = request("Refused");
  await rounds();

  expect(comments(id.issueKey)[0]).toContain("hw-product:pc2001, hw-problem:bt3002, hw-region:cn-north-4");
});

test("a file that the new case cannot take is told with what can be done, and goes late once the limits allow it", async () => {
  await start();
  const id = stage.jira.createIssue({
    projectKey: "OPS",
    summary: "With files",
    description: "see tool.exe and note.txt",
    labels: ["huawei-case"],
  });
  stage.jira.addAttachment({ issue: id.issueKey, name: "tool.exe", text: "MZ" });
  stage.jira.addAttachment({ issue: id.issueKey, name: "note.txt", text: "a note" });
  await rounds();
  const files = () => casesOf(id).flatMap((entry) => entry.messages.flatMap((message) => message.accessories));
  const told =
    'The file tool.exe (2 bytes) was not sent to Huawei Cloud: files of type ".exe" are not taken by Huawei Cloud. Pack it';
  expect(files().map((file) => file.name)).toEqual(["note.txt"]);
  expect(comments(id.issueKey).filter((text) => text.includes(told))).toHaveLength(1);
  const reasons = async () =>
    (await makeAdminStore({ prisma: stage.database.prisma }).listFailures({ limit: 10 })).items.map(
      (one) => one.reason,
    );
  expect(await reasons()).toEqual(["file_refused"]);

  // The limits of v1.0 stand on its pages and never become others (huawei.md 8).
  if (apiVersion === "v1.0") return;
  stage.huawei.setSettings({ accessoryFileTypes: "txt,exe" });
  await stage.check();
  await stage.check();

  expect(files().map((file) => file.name)).toEqual(["note.txt", "tool.exe"]);
  const late = casesOf(id).flatMap((entry) =>
    entry.messages.filter((message) => message.content.includes("sent late")),
  );
  expect(late).toHaveLength(1);
  expect(await reasons()).toEqual([]);
});

test("a new case says which files of its description stay in Jira", async () => {
  await start({}, { attachments: { toHuawei: "none" } });
  const id = stage.jira.createIssue({
    projectKey: "OPS",
    summary: "With files",
    description: "see note.txt",
    labels: ["huawei-case"],
  });
  stage.jira.addAttachment({ issue: id.issueKey, name: "note.txt", text: "a note" });
  stage.jira.addAttachment({ issue: id.issueKey, name: "other.txt", text: "unnamed" });
  await rounds();

  const [entry] = casesOf(id);
  expect(entry?.description.split("\n").slice(-2)).toEqual([
    "see note.txt",
    "Attachment not sent: note.txt (6 bytes): it stays in Jira, since no files are sent to Huawei Cloud / 附件留在 Jira，未发送.",
  ]);
});

test("a case that another connection took is told with a remedy, and comes back when that pairing is ended", async () => {
  await start();
  const other = { name: "other", jiraSite: "https://other.atlassian.net", projectKey: "DEV" };
  await syncConnections(stage.database.prisma, [stage.connectionRow, { ...stage.connectionRow, ...other }]);
  const id = request("Taken");
  stage.huawei.addFault({ operation: inDialect("CreateCases"), kind: "reset_after", times: 1 });
  stage.advance(11_000);
  await stage.round();
  const [entry] = casesOf(id);
  if (entry === undefined) throw new Error("there is no case");
  const seen = { caseId: toId<CaseId>(entry.caseId), status: 0, createdAt: new Date(), labels: [], productName: null };
  const facts = { now: stage.clock.now(), lane: "poll", labelChecked: new Set<string>() } as const;
  expect(await stage.state.insertCaseLinks("other", [seen], facts)).toHaveLength(1);
  await rounds();
  await rounds();

  const admin = makeAdminStore({ prisma: stage.database.prisma, clock: stage.clock });
  const { items } = await admin.listFailures({ limit: 10 });
  expect(items.map((failure) => failure.reason)).toEqual(["owned_by"]);
  expect(items[0]?.detail).toBe(
    `case ${entry.caseId} is mirrored to an issue that is still to be made by the connection other`,
  );
  expect(comments(id.issueKey).filter((text) => text.includes("(owned_by)"))).toHaveLength(1);
  expect(casesOf(id)).toHaveLength(1);

  await stage.database.pool.query(`UPDATE links SET state = 'unlinked' WHERE "connectionName" = 'other'`);
  expect(await admin.retryFailure(items[0]?.id ?? "")).toBe(true);
  await rounds();

  expect((await admin.listFailures({ limit: 10 })).items).toEqual([]);
  expect(stage.jira.getIssue({ issue: id.issueKey }).labels).toContain(`hwcase-${entry.caseId}`);
  expect(casesOf(id)).toHaveLength(1);
  expect(creations()).toBe(2);
});

test("a case that was rendered and has not left is forgotten once its issue asks for it wrongly", async () => {
  await start();
  const id = request("Asked wrongly", ["hw-region:Atlantis"]);
  await rounds();
  const { prisma } = stage.database;
  const link = await prisma.link.findFirstOrThrow({ where: { issueId: id.issueId } });
  // What a worker left that was stopped by the gate, before a person changed the inputs.
  await prisma.intent.create({
    data: {
      linkId: link.id,
      key: "case",
      kind: "case",
      side: "huawei",
      epoch: 1,
      state: "planned",
      payload: { asked: "other inputs", input: { problemTypeId: "bt3001", description: "down" } },
    },
  });

  await stage.wakeJira();
  await rounds();

  expect(await prisma.intent.count({ where: { key: "case" } })).toBe(0);
  expect(casesOf(id)).toEqual([]);
  stage.jira.editIssue({ issue: id.issueKey, fields: { labels: ["huawei-case"] } });
  await rounds();
  expect(casesOf(id)).toHaveLength(1);
});

test("an issue that asks again gets its case, although the search lags and whenever it is changed", async () => {
  await start();
  const ask = (id: { issueKey: string }): void => {
    stage.jira.transition({ issue: id.issueKey, toCategory: "new" });
    stage.jira.addLabel({ issue: id.issueKey, label: "huawei-case" });
  };
  const ids = [request("While the search lags"), request("Just after the question")] as const;
  for (const { issueKey } of ids) stage.jira.transition({ issue: issueKey, toCategory: "done" });
  await rounds();
  for (const { issueKey } of ids) stage.jira.removeLabel({ issue: issueKey, label: "huawei-case" });
  await rounds();
  stage.advance(60_000);
  stage.jira.setSettings({ searchLagMs: 60_000 });
  const [lagging, late] = ids;
  ask(lagging);
  stage.advance(1_000);
  await stage.wakeJira();
  await stage.runDueWithJira({
    findIssueByJql: async (issueId, jql, lane) => {
      const answer = await stage.reconcileDeps().jira.findIssueByJql(issueId, jql, lane);
      if (issueId === late.issueId && answer === null) ask(late);
      stage.advance(1);
      return answer;
    },
  });
  stage.advance(60_000);
  await rounds();

  expect(ids.map((id) => casesOf(id).length)).toEqual([1, 1]);
});

test("where commands need a role, only people in it ask for a case; one of them may ask for another's issue", async () => {
  const defaults = { ...noInputs, productId: "pc2001", problemTypeId: "bt3002", regionId: "cn-north-4" };
  stage = await startStage({
    create: { defaults },
    jira: { settings: { botReadsRoleMembers: true } },
    settings: (settings) => ({ ...settings, commands: { role: "Administrators" } }),
  });
  const ask = (author: string) =>
    stage.jira.createIssue({
      projectKey: "OPS",
      summary: `By ${author}`,
      description: "It is down",
      labels: ["huawei-case"],
      author,
    });
  const inside = ask("Ada Byron");
  const outside = ask("李明");
  await rounds();

  expect(casesOf(inside)).toHaveLength(1);
  expect(casesOf(outside)).toEqual([]);
  const told = comments(outside.issueKey);
  expect(told).toHaveLength(1);
  expect(told[0]).toContain('Only people in the project role "Administrators" may ask for a service ticket');

  for (const change of ["removeLabel", "addLabel"] as const)
    stage.jira[change]({ issue: outside.issueKey, label: "huawei-case", author: "Ada Byron" });
  await rounds();

  expect(casesOf(outside)).toHaveLength(1);
});

test("a refusal that may not have been written is forgotten once something else refuses the request", async () => {
  await start();
  const id = request("Twice refused", ["hw-region:nowhere"]);
  stage.jira.addFault({ operation: "addComment", kind: "reset_before", times: 1 });
  stage.advance(11_000);
  await stage.round();
  const openWrites = async () =>
    (await stage.database.prisma.intent.findMany({ where: { kind: "comment" } })).map(({ state }) => state);
  expect(await openWrites()).toEqual(["unknown"]);
  stage.jira.editIssue({ issue: id.issueKey, fields: { labels: ["huawei-case", "hw-region:elsewhere"] } });
  for (let turn = 0; turn < 8; turn += 1) await rounds();

  expect(await openWrites()).toEqual([]);
  expect(comments(id.issueKey).filter((text) => text.includes("No service ticket was opened"))).toEqual([
    expect.stringContaining("elsewhere"),
  ]);
  expect(casesOf(id)).toEqual([]);
});
