/** The text guard on the whole way: what it finds reaches Huawei from nowhere. */
import { afterEach, describe, expect, test } from "vitest";
import { type LinkId, toId } from "../../src/domain/ids.ts";
import { inspectLink } from "../../src/sync/repair/inspect.ts";
import { can, inDialect } from "../support/dialect.ts";
import { type Stage, type StagePolicy, startStage } from "../support/stage.ts";

let stage: Stage;

afterEach(async () => {
  await stage.close();
});

/** Everything that reached Huawei: what it holds, what it was asked, and every byte on the wire, names of files too. */
function reached(): string {
  const { log } = stage.huawei.getRequests();
  const seen = [JSON.stringify(stage.huawei.getState()), JSON.stringify(log), stage.readSent()].join("\n");
  return `${seen}\n${decodeURIComponent(seen.replace(/%(?![0-9a-fA-F]{2})/g, "%25"))}`;
}

const noteOf = (key: string) => told(key).filter((text) => text.includes("waits in Jira"));
const messages = () => stage.huawei.getState().cases.flatMap((entry) => entry.messages.filter((m) => m.via === "api"));
const contents = () => messages().map(({ content }) => content);
const failures = async () =>
  (await stage.snapshot()).failures
    .filter(({ state }) => state !== "discarded")
    .map(({ item, reason }) => `${item} ${reason}`);
/** Runs a command of the program; it must end well. */
async function cli(...args: string[]): Promise<unknown> {
  const result = await stage.runCli([...args, "--json"]);
  expect({ args, code: result.code, stderr: result.stderr }).toMatchObject({ code: 0 });
  return JSON.parse(result.stdout);
}
/** What `failures list` shows; it ends with 3 where there is something. */
async function listFailures(): Promise<unknown> {
  const { stdout } = await stage.runCli(["failures", "list", "--json"]);
  return JSON.parse(stdout);
}

/** Both sides agree, and a further check writes nothing. */
async function expectAgreement(): Promise<void> {
  // Rounds stamp what is young.
  await stage.round();
  const [linkId] = await stage.linkIds();
  const inspection = await inspectLink(
    { ...stage.reconcileDeps(), lane: "check", pendingMs: 0 },
    linkId ?? toId<LinkId>("0"),
  );
  expect(inspection?.differences.filter(({ pending }) => !pending)).toEqual([]);
  const before = [stage.huawei.getState(), stage.jira.getState()].map((side) => JSON.stringify(side));
  stage.advance(60_000);
  await stage.check();
  expect([stage.huawei.getState(), stage.jira.getState()].map((side) => JSON.stringify(side))).toEqual(before);
}

const create = {
  defaults: {
    subTypeId: null,
    productId: "pc2003",
    problemTypeId: "bt3005",
    regionId: "cn-north-4",
    severityId: null,
    extends: {},
  },
};

async function start(policy: StagePolicy = {}): Promise<string> {
  stage = await startStage({ create, policy });
  stage.huawei.createCase({ description: "The server is down" });
  await stage.round();
  stage.advance(1_000);
  return stage.jira.getState().issues[0]?.key ?? "";
}

/** Bodies of casebridge's own comments on an issue. */
const told = (key: string) =>
  stage.jira
    .getIssue({ issue: key })
    .comments.filter(({ authorAccountId }) => authorAccountId === stage.jira.getState().botAccountId)
    .map(({ bodyText }) => bodyText);

test("a secret planted in any string that goes out does not arrive, and the issue is told of each", async () => {
  const key = await start({ attachments: { toHuawei: "all" } });
  const { jira, huawei } = stage;
  let last = 13_800_138_000;
  const planted = new Map<string, string>();
  /** A number of its own for each place, so that one that arrives tells where it came from. */
  const plant = (place: string): string => {
    last += 1;
    planted.set(String(last), place);
    return String(last);
  };
  const addFile = (issue: string, place: string): string => {
    const name = `log ${plant(place)}.txt`;
    jira.addAttachment({ issue, name, text: "lines" });
    return name;
  };

  // A request: title, description that goes on in messages and a file, reporter, files, an extra parameter.
  jira.renameAccount({ author: "Ada Byron", displayName: `Ada ${plant("author")}` });
  const request = (more: Partial<Parameters<typeof jira.createIssue>[0]>) =>
    jira.createIssue({
      projectKey: "OPS",
      summary: `Call ${plant("title of a request")}`,
      description: `Call ${plant("description of a request")}`,
      ...more,
      labels: ["huawei-case", ...(more.labels ?? [])],
    });
  const extra = can("severity_and_extends") ? [`hw-extra-cluster_id:${plant("extra parameter")}`] : [];
  const asked = request({ labels: extra });
  addFile(asked.issueKey, "file of a request");
  request({ description: `${"many words ".repeat(300)} ${plant("second part of a request")}` });
  request({ description: `${"many words ".repeat(1_500)} ${plant("full text of a request")}` });
  // Comments: text, parts, full text, files that they name, a file alone, a command's text.
  jira.addComment({ issue: key, text: `Call ${plant("comment")}, see ${addFile(key, "file of a comment")}` });
  jira.addComment({ issue: key, text: `${"many words ".repeat(300)} ${plant("second part of a comment")}` });
  jira.addComment({ issue: key, text: `${"many words ".repeat(1_500)} ${plant("full text of a comment")}` });
  jira.addComment({ issue: key, text: `/case call ${plant("text of /case")}` });
  addFile(key, "file alone");
  await stage.round();
  await stage.settle(4);
  // What is told later: an edit, a change of the issue, a rating.
  const [edited] = jira.getIssue({ issue: key }).comments.filter(({ bodyText }) => bodyText.startsWith("Call"));
  jira.editComment({ commentId: edited?.id ?? "", text: `Call ${plant("edited comment")}` });
  jira.editIssue({ issue: asked.issueKey, fields: { summary: `Call ${plant("changed title")}` } });
  const rated = huawei.getState().cases[0]?.caseId ?? "";
  huawei.setStatus({ caseId: rated, status: 3 });
  await stage.settle(3);
  jira.addComment({ issue: key, text: `/rate 5 call ${plant("text of a rating")}` });
  await stage.round();
  await stage.settle(4);

  const seen = reached();
  expect([...planted].filter(([number]) => seen.includes(number)).map(([, place]) => place)).toEqual([]);
  // All of it arrived otherwise.
  const { cases } = huawei.getState();
  expect(cases).toHaveLength(4);
  expect(JSON.stringify(cases).split("masked").length - 1).toBeGreaterThanOrEqual(planted.size - 3);
  expect(seen).toContain("log (masked phone number).txt");
  expect(JSON.stringify(cases)).toMatch(/Ada masked: phone number:/);
  expect(told(key).filter((text) => text.includes("in its name was masked"))).toHaveLength(2);
  expect(told(asked.issueKey).filter((text) => text.includes("was masked"))).not.toEqual([]);
  expect([...told(key), ...told(asked.issueKey)].join()).not.toMatch(/138001380/);
});

test("a value that no look-up can be compared with does not leave as it stands when the guard finds something in it", async () => {
  stage = await startStage({ create });
  for (const operation of ["ListCaseCategories", "ListProblemTypes", "ListRegions"] as const)
    stage.huawei.addFault({ operation: inDialect(operation), kind: "403", probability: 1 });
  const { issueKey } = stage.jira.createIssue({
    projectKey: "OPS",
    summary: "It is down",
    labels: ["huawei-case", "hw-problem:13800138001"],
  });
  await stage.round();
  await stage.settle(2);

  expect(reached()).not.toContain("13800138001");
  expect(stage.huawei.getState().cases).toEqual([]);
  expect(told(issueKey)).toEqual([expect.stringContaining('"[masked: phone number]" is not known')]);
});

test("what was rendered while the guard was off, and never left, is rendered anew once it is on", async () => {
  const key = await start({ guard: { mode: "off" } });
  const { jira, huawei } = stage;
  const asked = jira.createIssue({ projectKey: "OPS", summary: "Own", labels: ["huawei-case"] }).issueKey;
  await stage.round();
  await stage.settle(2);
  stage.advance(600_000);
  for (const operation of ["CreateMessages", "CreateCases"] as const)
    huawei.addFault({ operation: inDialect(operation), kind: "429", probability: 1 });
  jira.addComment({ issue: key, text: "call 13800138001" });
  jira.createIssue({ projectKey: "OPS", summary: "Call 13800138002", labels: ["huawei-case"] });
  jira.editIssue({ issue: asked, fields: { summary: "Call 13800138003" } });
  await stage.round();
  await stage.settle(2);
  const frozen = await stage.database.pool.query(
    "SELECT count(*)::int AS n FROM intents WHERE payload::text LIKE '%1380013800%'",
  );
  expect(frozen.rows).toEqual([{ n: 3 }]);

  await stage.setPolicy({ guard: { mode: "mask" } });
  huawei.clearFaults();
  stage.advance(600_000);
  await stage.round();
  await stage.settle(4);
  expect(JSON.stringify(huawei.getState())).not.toContain("1380013800");
  expect(JSON.stringify(huawei.getState()).split("masked: phone number").length - 1).toBeGreaterThanOrEqual(3);
});

describe("hold", () => {
  const hold: StagePolicy = { guard: { mode: "hold" } };

  test("a comment with a find waits, holds back nobody, is told once by kind, and leaves masked by a person's word", async () => {
    const key = await start(hold);
    stage.jira.addAttachment({ issue: key, name: "trace.txt", text: "lines" });
    const { commentId } = stage.jira.addComment({ issue: key, text: "password: hunter2hunter2, see trace.txt" });
    stage.advance(1_000);
    stage.jira.addComment({ issue: key, text: "And a word besides" });
    await stage.settle(3);

    expect(contents()).toEqual([expect.stringContaining("And a word besides")]);
    expect(noteOf(key)).toEqual([expect.stringContaining(`(number ${commentId})`)]);
    expect(noteOf(key)[0]).toContain("password (1)");
    expect(await failures()).toEqual([`comment:${commentId} guard_held`]);
    await stage.revive();
    await expectAgreement();

    stage.jira.addComment({ issue: key, text: "/release masked" });
    await stage.settle(4);

    expect(contents()[1]).toMatch(/\(sent late, written .*\n.*password: \[masked: password\]/);
    expect(messages()[1]?.accessories.map(({ name }) => name)).toEqual(["trace.txt"]);
    expect(contents()).toHaveLength(2);
    expect(told(key).filter((text) => text.includes("Done: what waited is sent"))).toHaveLength(1);
    expect(noteOf(key)).toHaveLength(1);
    expect(await failures()).toEqual([]);
    expect(reached()).not.toContain("hunter2hunter2");
    await expectAgreement();
  });

  test("as it stands by an administrator's word, who is named; the word is about one text alone", async () => {
    const key = await start(hold);
    const { commentId } = stage.jira.addComment({ issue: key, text: "call 13800138001" });
    await stage.settle(2);
    const [failure] = (await listFailures()) as { id: string; detail: string; remedy: string }[];
    const status = JSON.parse((await stage.runCli(["status", "--json"])).stdout);
    expect(status.connections).toMatchObject([{ oldestHeldSeconds: expect.any(Number), openFailures: 1 }]);
    expect(failure?.detail).toMatch(/^phone number \(1\); text [0-9a-f]{8}$/);

    await cli("failures", "retry", failure?.id ?? "", "--as-is");
    await stage.settle(3);
    expect(contents()).toEqual([expect.stringContaining("call 13800138001")]);
    expect(await cli("audit")).toMatchObject([{ action: "retry", outcome: "released as it stands" }]);
    expect(await failures()).toEqual([]);

    // What it says next is judged anew.
    stage.jira.editComment({ commentId, text: "call 13800138002" });
    await stage.settle(3);
    expect(contents()).toHaveLength(1);
    expect(await failures()).toEqual([`comment:${commentId} guard_held`]);
    expect(noteOf(key)).toHaveLength(2);
    stage.jira.editComment({ commentId, text: "call the desk" });
    await stage.settle(3);
    expect(contents()[1]).toMatch(/ v2\].*\ncall the desk$/);
    expect(await failures()).toEqual([]);
    expect(reached()).not.toContain("13800138002");
    await expectAgreement();
  });

  test("what is edited clean leaves by itself; what is deleted or restricted waits no more", async () => {
    const key = await start(hold);
    const ids = ["edited", "deleted", "restricted"].map(
      (name, index) => stage.jira.addComment({ issue: key, text: `${name} 1380013800${index}` }).commentId,
    );
    await stage.settle(2);
    expect(await failures()).toHaveLength(3);
    stage.jira.editComment({ commentId: ids[0] ?? "", text: "edited" });
    stage.jira.deleteComment({ commentId: ids[1] ?? "" });
    stage.jira.restrictComment({ commentId: ids[2] ?? "" });
    await stage.settle(3);

    expect(contents()).toEqual([expect.stringMatching(/\nedited$/)]);
    expect(await failures()).toEqual([]);
    expect(reached()).not.toContain("1380013800");
    await expectAgreement();
  });

  test("a word counts for what stood there when it was written, from those who may give it, and names what it is about", async () => {
    const key = await start(hold);
    const say = (text: string, more: Partial<Parameters<typeof stage.jira.addComment>[0]> = {}) =>
      stage.jira.addComment({ issue: key, text, ...more }).commentId;
    say("/release masked");
    await stage.settle(2);
    say("/release masked");
    stage.advance(1_000);
    const first = say("one 13800138001");
    const second = say("two 13800138002");
    await stage.settle(2);
    say("/release as-is");
    say("/release as-is", { visibility: { type: "role", value: "Administrators" } });
    say("/release 10042 please");
    await stage.settle(2);

    expect(contents()).toEqual([]);
    for (const reply of [
      "nothing waits here for /release",
      "written or changed after /release was",
      "several texts wait here",
      "restricted or internal",
      "Not understood: /release",
    ])
      expect(told(key).filter((text) => text.includes(reply))).toHaveLength(1);
    say(`/release as-is ${first}`);
    stage.advance(5_000);
    stage.jira.editComment({ commentId: first, text: "one 13800138003" });
    await stage.settle(3);
    expect(contents()).toEqual([]);
    expect(told(key).filter((text) => text.includes("written or changed after /release was"))).toHaveLength(2);
    say(`／Release as is ${second}`);
    say("/release masked");
    await stage.settle(4);
    expect(contents().sort()).toEqual([
      expect.stringContaining("one [masked: phone number]"),
      expect.stringContaining("two 13800138002"),
    ]);
    await expectAgreement();
  });

  test("names of authors and files, ratings and changes of the issue wait as well", async () => {
    const key = await start({ ...hold, attachments: { toHuawei: "all" } });
    const { jira, huawei } = stage;
    const fileId = jira.addAttachment({ issue: key, name: "call 13800138001.txt", text: "lines" }).attachmentId;
    jira.renameAccount({ author: "李明", displayName: "李明 13800138002" });
    const { commentId } = jira.addComment({ issue: key, text: "harmless", author: "李明 13800138002" });
    await stage.round();
    stage.advance(60_000);
    await stage.settle(3);
    expect((await failures()).sort()).toEqual([`comment:${commentId} guard_held`, `file:${fileId} guard_held`]);
    expect(noteOf(key).join()).not.toContain("1380013800");
    jira.addComment({ issue: key, text: `/release as-is ${fileId}` });
    jira.addComment({ issue: key, text: `/release masked ${commentId}` });
    await stage.settle(4);
    expect(messages().flatMap(({ accessories }) => accessories.map(({ name }) => name))).toEqual([
      "call 13800138001.txt",
    ]);
    expect(contents().join()).toContain("李明 masked: phone number:\n");

    huawei.setStatus({ caseId: huawei.getState().cases[0]?.caseId ?? "", status: 3 });
    const rating = jira.addComment({ issue: key, text: "/rate 5 call 13800138003" }).commentId;
    await stage.round();
    await stage.settle(3);
    expect(await failures()).toEqual([`comment:${rating} guard_held`]);
    jira.addComment({ issue: key, text: "/release masked" });
    await stage.settle(4);
    expect(huawei.getState().cases[0]?.judgement).toContain("call [masked: phone number]");
    expect(await failures()).toEqual([]);
    expect(reached()).not.toContain("13800138002");
    expect(reached()).not.toContain("13800138003");
  });

  test("a file goes with the first comment that leaves and names it, also where another that names it waits", async () => {
    const key = await start(hold);
    stage.jira.addAttachment({ issue: key, name: "trace.txt", text: "lines" });
    stage.jira.addComment({ issue: key, text: "password: hunter2hunter2, see trace.txt" });
    stage.advance(1_000);
    stage.jira.addComment({ issue: key, text: "The lines are in trace.txt" });
    await stage.settle(3);

    expect(
      messages().map(({ content, accessories }) => [content.split("\n").at(-1), accessories.map((a) => a.name)]),
    ).toEqual([["The lines are in trace.txt", ["trace.txt"]]]);
    stage.jira.addComment({ issue: key, text: "/release masked" });
    await stage.settle(4);
    expect(messages().map(({ accessories }) => accessories.map((a) => a.name))).toEqual([["trace.txt"], []]);
    await expectAgreement();
  });

  test("only who may use commands lets something go, on an issue with a case and on one that asks for it", async () => {
    stage = await startStage({
      create,
      policy: hold,
      jira: { settings: { botReadsRoleMembers: true } },
      settings: (settings) => ({ ...settings, commands: { role: "Administrators" } }),
    });
    const { jira, huawei } = stage;
    huawei.createCase({ description: "The server is down" });
    await stage.round();
    stage.advance(1_000);
    const key = jira.getState().issues[0]?.key ?? "";
    jira.addComment({ issue: key, text: "call 13800138001", author: "李明" });
    const asking = jira.createIssue({
      projectKey: "OPS",
      summary: "Call 13800138002",
      labels: ["huawei-case"],
    }).issueKey;
    await stage.round();
    await stage.settle(3);
    for (const issue of [key, asking]) jira.addComment({ issue, text: "/release as-is", author: "李明" });
    await stage.round();
    await stage.settle(4);
    expect(reached()).not.toContain("1380013800");
    for (const issue of [key, asking])
      expect(told(issue).filter((text) => text.includes("Not permitted: /release"))).toHaveLength(1);

    // Nor by an edit of what somebody wrote who may: where nothing was sent yet, any text can become a command.
    for (const issue of [key, asking]) {
      const { commentId } = jira.addComment({ issue, text: "see above", author: "Ada Byron" });
      jira.editComment({ commentId, text: "/release as-is", author: "李明" });
    }
    await stage.round();
    await stage.settle(4);
    expect(reached()).not.toContain("1380013800");
    for (const issue of [key, asking])
      expect(told(issue).filter((text) => text.includes("Not permitted: /release"))).toHaveLength(2);

    for (const issue of [key, asking]) jira.addComment({ issue, text: "/release as-is", author: "Ada Byron" });
    await stage.round();
    await stage.settle(4);
    expect(contents()).toEqual([
      expect.stringContaining("call 13800138001"),
      expect.stringContaining("Call 13800138002"),
    ]);
  });

  test("where no comment leaves and no role is named, nobody lets something go by a comment", async () => {
    stage = await startStage({ create, policy: { ...hold, comments: { toHuawei: "none" } } });
    const { jira, huawei } = stage;
    const asking = jira.createIssue({
      projectKey: "OPS",
      summary: "Call 13800138002",
      labels: ["huawei-case"],
    }).issueKey;
    await stage.round();
    await stage.settle(3);
    jira.addComment({ issue: asking, text: "/release as-is" });
    await stage.round();
    await stage.settle(4);
    expect(huawei.getState().cases).toEqual([]);
    expect(told(asking).filter((text) => text.includes("Not permitted: /release"))).toHaveLength(1);
  });

  test("a new case waits with all that it says, and is opened masked, as it stands, or once it is edited", async () => {
    stage = await startStage({ create, policy: hold });
    const { jira, huawei } = stage;
    const request = (summary: string, labels: readonly string[] = []) =>
      jira.createIssue({ projectKey: "OPS", summary, labels: ["huawei-case", ...labels] });
    const extra = can("severity_and_extends") ? ["hw-extra-cluster_id:13800138009"] : [];
    const masked = request("Masked 13800138001", extra);
    const asIs = request("As it is 13800138002", extra);
    const edited = request("Edited 13800138003");
    const plain = request("Plain");
    await stage.round();
    await stage.settle(2);

    expect(huawei.getState().cases.map(({ description }) => description)).toEqual([expect.stringContaining("Plain")]);
    for (const { issueKey } of [masked, asIs, edited]) expect(noteOf(issueKey)).toHaveLength(1);
    expect(noteOf(plain.issueKey)).toEqual([]);
    stage.advance(60_000);
    expect((await stage.runCli(["verify", "--all"])).stdout).toMatch(/: 0 drift, \d+ pending/);
    await stage.revive();
    jira.addComment({ issue: masked.issueKey, text: "/release masked" });
    jira.addComment({ issue: asIs.issueKey, text: "/release as-is" });
    jira.editIssue({ issue: edited.issueKey, fields: { summary: "Edited" } });
    await stage.round();
    await stage.settle(4);

    const descriptions = huawei.getState().cases.map(({ description }) => description.split("\n")[1]);
    expect(descriptions.sort()).toEqual(["As it is 13800138002", "Edited", "Masked [masked: phone number]", "Plain"]);
    if (extra.length > 0)
      expect(
        huawei
          .getState()
          .cases.flatMap(({ extras }) => Object.values(extras))
          .sort(),
      ).toEqual(["13800138009", "[masked: phone number]"]);
    for (const { issueKey } of [masked, asIs])
      expect(told(issueKey).filter((text) => text.includes("Done: what waited is sent"))).toHaveLength(1);
    const open = await stage.database.pool.query("SELECT item FROM failures WHERE state <> 'resolved'");
    expect(open.rows).toEqual([]);
    expect(reached()).not.toContain("13800138003");
    expect(reached()).not.toContain("13800138001");
  });

  test("a change of the issue waits, is told once it is taken out, and else by a word", async () => {
    stage = await startStage({ create, policy: hold });
    const { jira } = stage;
    const { issueKey } = jira.createIssue({ projectKey: "OPS", summary: "It is down", labels: ["huawei-case"] });
    await stage.round();
    await stage.settle(2);
    const change = async (summary: string): Promise<void> => {
      stage.advance(6 * 60_000);
      jira.editIssue({ issue: issueKey, fields: { summary } });
      await stage.settle(3);
    };
    const changes = () => contents().filter((content) => content.includes("!changed-"));

    await change("Call 13800138001");
    expect(changes()).toEqual([]);
    expect(await failures()).toEqual(["changes guard_held"]);
    expect(noteOf(issueKey)).toEqual([expect.stringContaining("/release as-is changes")]);
    await expectAgreement();
    await change("Call the desk");
    expect(changes()).toEqual([expect.stringContaining("Call the desk")]);
    expect(await failures()).toEqual([]);
    await change("Call 13800138002");
    jira.addComment({ issue: issueKey, text: "/release masked changes" });
    await stage.settle(4);
    expect(changes()[1]).toContain("Call [masked: phone number]");
    expect(await failures()).toEqual([]);
    expect(reached()).not.toContain("1380013800");
    await expectAgreement();
  });

  test("with another mode what waited leaves by that mode, at the next round; what was given up does not", async () => {
    const key = await start(hold);
    const given = stage.jira.addComment({ issue: key, text: "given up 13800138001" }).commentId;
    stage.jira.addComment({ issue: key, text: "call 13800138002" });
    await stage.round();
    await stage.settle(2);
    const listed = (await listFailures()) as { id: string; item: string }[];
    await cli("failures", "discard", listed.find(({ item }) => item.endsWith(given))?.id ?? "", "--yes");
    // Wider in another way: what waited is no history by that.
    await stage.setPolicy({ guard: { mode: "mask" }, attachments: { toHuawei: "all" } });
    stage.advance(3_600_000);
    await stage.round();

    expect(contents()).toEqual([expect.stringContaining("call [masked: phone number]")]);
    expect(await failures()).toEqual([]);
    stage.advance(60_000);
    await stage.check();
    expect(contents()).toHaveLength(1);
    expect(noteOf(key)).toHaveLength(2);
  });

  test("wherever the process dies, the note stands once, nothing leaves without a word, and one message with it", async () => {
    const key = await start(hold);
    for (let calls = 1; calls < 40; calls += 3) {
      const number = String(13_800_138_000 + calls);
      const { commentId } = stage.jira.addComment({ issue: key, text: `call ${number}` });
      stage.advance(11_000);
      await stage.wakeJira();
      stage.crashAfter(calls);
      await stage.runDue();
      await stage.revive();
      stage.advance(50_000);
      await stage.settle(2);
      expect(reached()).not.toContain(number);
      expect(noteOf(key).filter((text) => text.includes(`(number ${commentId})`))).toHaveLength(1);
      stage.jira.addComment({ issue: key, text: `/release as-is ${commentId}` });
      stage.advance(11_000);
      await stage.wakeJira();
      stage.crashAfter(calls);
      await stage.runDue();
      await stage.revive();
      stage.advance(50_000);
      await stage.settle(3);
      expect({ calls, sent: contents().filter((content) => content.includes(`call ${number}`)).length }).toEqual({
        calls,
        sent: 1,
      });
      expect(await failures()).toEqual([]);
    }
    await expectAgreement();
  });
});
