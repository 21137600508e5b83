/** Cases of several user groups: each is listed, and each call about a case carries that case's group (huawei.md 3.3). */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type HuaweiSimulator, startHuaweiSimulator } from "../../simulators/huawei/index.ts";
import { unlimitedBudget } from "../../src/domain/budget.ts";
import { type CaseFileId, type CaseId, toId } from "../../src/domain/ids.ts";
import { makeHuaweiClient } from "../../src/huawei/huawei-client.ts";
import { Secret } from "../../src/lib/secret.ts";
import { makeSpool } from "../../src/lib/spool.ts";
import { sealOwn } from "../../src/sync/apply/gate.ts";
import { apiVersion } from "../support/dialect.ts";
import { type Stage, startStage } from "../support/stage.ts";
import { unguarded } from "../support/unguarded.ts";

const groupIds = ["first-group", "second-group"];
const silent = { debug() {}, info() {}, warn() {}, error() {} };
let simulator: HuaweiSimulator;
let folder: string;

beforeEach(async () => {
  simulator = await startHuaweiSimulator({ groups: groupIds });
  folder = await mkdtemp(join(tmpdir(), "casebridge-groups-"));
});
afterEach(async () => {
  const refusals = simulator.control.getRefusals();
  await simulator.close();
  await rm(folder, { recursive: true });
  expect(refusals).toEqual([]);
});

const connect = () =>
  makeHuaweiClient({
    options: {
      endpoint: simulator.url,
      iamEndpoint: simulator.url,
      apiVersion: "v2",
      language: "en-us",
      groupIds,
      credentials: {
        kind: "aksk",
        ak: new Secret("SIMAK"),
        sk: new Secret("SIMSK"),
        securityToken: null,
        domainId: null,
      },
      timeoutMs: 5_000,
    },
    budget: unlimitedBudget,
    log: silent,
    sleep: async () => {},
  });
const ofGroup = (groupId: string): CaseId =>
  toId<CaseId>(
    simulator.control.createCase({ description: groupId, groupId, files: [{ name: "a.txt", text: groupId }] }).caseId,
  );

test("each call about a case of any group reaches it, also in a process that saw no list", async () => {
  const [first, second] = [ofGroup("first-group"), ofGroup("second-group")];

  expect((await connect().listCases({}, "poll")).map(({ caseId }) => caseId).sort()).toEqual([first, second].sort());
  for (const caseId of [first, second]) {
    await connect().createMessage(caseId, sealOwn({ content: unguarded("hello"), fileIds: [] }), "live");
    await connect().performAction(caseId, "press", sealOwn(unguarded("")), "live");
    expect(await connect().listMessages(caseId, "live")).toHaveLength(2);
    expect((await connect().listOperations(caseId, "live")).length).toBeGreaterThan(0);
    const client = connect();
    const detail = await client.getCase(caseId, "live");
    const fileId = detail.messages[0]?.files[0]?.fileId ?? toId<CaseFileId>("none");
    const spool = await makeSpool(folder);
    for (const reader of [client, connect()]) {
      const file = await reader.downloadFile(fileId, spool, 100, "live");
      expect(await readFile(file.path, "utf8")).toBe(detail.description);
    }
    await spool.close();
  }
  const messages = simulator.control.getState().cases.map((entry) => entry.messages.map(({ content }) => content));
  expect(messages).toEqual([
    ["first-group", "hello"],
    ["second-group", "hello"],
  ]);
});

test("one poll asks each group for news of its own cases, with a cursor of its own", async () => {
  const [first, second] = [ofGroup("first-group"), ofGroup("second-group")];
  const client = connect();
  simulator.control.setSettings({ cursorInclusive: false });
  const before = await client.listInstantMessages([first, second], null, "poll");
  for (const caseId of [first, second]) simulator.control.addMessage({ caseId, author: "engineer", content: "news" });

  const after = await client.listInstantMessages([first, second], before.cursor, "poll");
  const again = await client.listInstantMessages([first, second], after.cursor, "poll");

  expect(after.groups.map(({ caseId, messages }) => [caseId, messages.map(({ content }) => content)])).toEqual([
    [first, ["news"]],
    [second, ["news"]],
  ]);
  expect(again.groups.flatMap(({ messages }) => messages)).toEqual([]);
});

test("a cursor of a time with one group begins anew", async () => {
  const caseId = ofGroup("second-group");
  simulator.control.addMessage({ caseId, author: "engineer", content: "news" });

  const { groups } = await connect().listInstantMessages([caseId], "1767322800000", "poll");

  expect(groups.flatMap(({ messages }) => messages.map(({ content }) => content))).toContain("news");
});

test("a case that changes its group is found again; one that no group shows is not found", async () => {
  const client = connect();
  const caseId = ofGroup("first-group");
  await client.getCase(caseId, "live");

  await expect(client.getCase(toId<CaseId>("TT404"), "live")).rejects.toMatchObject({ kind: "not_found" });
  expect((await client.getCase(caseId, "live")).description).toBe("first-group");
});

test.skipIf(apiVersion !== "v2")("cases of both groups are mirrored, both ways", async () => {
  const stage: Stage = await startStage({ groupIds, huawei: { groups: groupIds } });
  try {
    const cases = groupIds.map((groupId) => stage.huawei.createCase({ description: `of ${groupId}`, groupId }).caseId);
    await stage.round();
    const issueOf = (caseId: string) =>
      stage.jira.getState().issues.find(({ labels }) => labels.includes(`hwcase-${caseId}`));
    for (const caseId of cases) {
      stage.huawei.addMessage({ caseId, author: "engineer", content: "from Huawei" });
      stage.jira.addComment({ issue: issueOf(caseId)?.key ?? "", text: "from Jira" });
    }
    stage.advance(61_000);
    await stage.round();
    await stage.settle(3);

    for (const caseId of cases) {
      expect(issueOf(caseId)?.comments.some(({ bodyText }) => bodyText.includes("from Huawei"))).toBe(true);
      const { messages } = stage.huawei.getState().cases.find((entry) => entry.caseId === caseId) ?? { messages: [] };
      expect(messages.filter(({ content }) => content.includes("from Jira"))).toHaveLength(1);
    }
  } finally {
    await stage.close();
  }
});
