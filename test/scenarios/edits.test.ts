import { afterEach, beforeEach, expect, test } from "vitest";
import { listHistory, releaseHistory } from "../../src/sync/repair/history.ts";
import { rerenderLink } from "../../src/sync/repair/rerender.ts";
import { can } from "../support/dialect.ts";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage;
let key = "";
let caseId = "";

beforeEach(async () => {
  stage = await startStage();
  ({ caseId } = stage.huawei.createCase({ description: "The server is down" }));
  await stage.round();
  stage.advance(1_000);
  key = stage.jira.getState().issues[0]?.key ?? "";
});

afterEach(async () => {
  await stage.close();
});

const settle = (times = 2): Promise<void> => stage.settle(times);

const sent = () =>
  (stage.huawei.getState().cases[0]?.messages ?? []).filter((message) => message.via === "api" && !message.withdrawn);
/** Mark and last line of each message that stands there. */
const heads = (): string[] =>
  sent().map((message) => {
    const mark = /^\[[^#^ ]+(.*?)\]/.exec(message.content)?.[1] ?? "";
    return `${mark} ${message.content.split("\n").at(-1)}`;
  });
const mirrored = () =>
  (stage.jira.getState().issues[0]?.comments ?? []).filter((comment) => comment.properties.casebridge !== undefined);

test("an edit within the hold leaves once, later ones as numbered versions, an edit back as one more", async () => {
  const { commentId } = stage.jira.addComment({ issue: key, text: "one" });
  stage.advance(5_000);
  stage.jira.editComment({ commentId, text: "two" });
  stage.advance(6_000);
  await stage.wakeJira();
  await stage.runDue();
  expect(sent()).toEqual([]);
  await settle();
  for (const text of ["three", "two"]) {
    stage.jira.editComment({ commentId, text });
    await settle();
  }
  stage.jira.editComment({ commentId, text: "four" });
  stage.jira.editComment({ commentId, text: "two" });
  await settle();

  expect(heads()).toEqual([`#${commentId} two`, `#${commentId} v2 three`, `#${commentId} v3 two`]);
});

test("an edit while parts are on their way stops the old words, wherever the process dies", async () => {
  for (let calls = 4; calls < 40; calls += 3) {
    const { commentId } = stage.jira.addComment({ issue: key, text: `old ${"word ".repeat(600)} old-end-${calls}` });
    stage.advance(11_000);
    await stage.wakeJira();
    stage.crashAfter(calls);
    await stage.runDue();
    stage.jira.editComment({ commentId, text: `new words ${calls}` });
    stage.advance(50_000);
    await stage.revive();
    await settle(3);

    const own = sent().filter((message) => message.content.includes(`#${commentId}`));
    expect({ calls, last: own.at(-1)?.content.split("\n").at(-1) }).toEqual({ calls, last: `new words ${calls}` });
    const marks = own.map((message) => /^\[[^\]]+\]/.exec(message.content)?.[0]);
    expect({ calls, doubled: marks.length - new Set(marks).size }).toEqual({ calls, doubled: 0 });
    const { mirrors, intents } = await stage.snapshot();
    expect(mirrors.find((mirror) => mirror.sourceId === commentId)?.state).toBe("live");
    expect(intents).toEqual([]);
  }
});

test("a comment deleted on hold never leaves; one deleted later is taken back, all parts and versions of it", async () => {
  const early = stage.jira.addComment({ issue: key, text: "gone at once" });
  stage.advance(3_000);
  stage.jira.deleteComment({ commentId: early.commentId });
  const late = stage.jira.addComment({ issue: key, text: `${"long ".repeat(600)}end` });
  await settle();
  expect(sent().length).toBeGreaterThan(2);
  stage.jira.editComment({ commentId: late.commentId, text: "short" });
  await settle();
  stage.jira.deleteComment({ commentId: late.commentId });
  await settle();

  const { mirrors, failures } = await stage.snapshot();
  const mirror = mirrors.find((one) => one.sourceId === late.commentId);
  if (can("withdraw")) {
    expect(sent()).toEqual([]);
    expect(mirror).toMatchObject({ state: "withdrawn", reason: "deleted" });
    expect(failures).toEqual([]);
  } else {
    expect(sent().map((message) => message.content.includes(`#${early.commentId}`))).not.toContain(true);
    expect(sent().at(-1)?.content).toContain(`#${late.commentId} withdrawn] The author has withdrawn this message.`);
    expect(mirror).toMatchObject({ state: "withdrawn", reason: "already_disclosed" });
    expect(failures.map((failure) => failure.reason)).toEqual(["already_disclosed"]);
  }
});

test("a list that lacks a comment for a moment withdraws nothing", async () => {
  const { commentId } = stage.jira.addComment({ issue: key, text: "still here" });
  await settle();
  await stage.wakeJira();
  const { jira } = stage.reconcileDeps();
  await stage.runDueWithJira({
    findIssueWithComments: async (...given) => {
      const found = await jira.findIssueWithComments(...given);
      return found === null ? null : { ...found, comments: [] };
    },
  });

  expect(heads()).toEqual([`#${commentId} still here`]);
});

test("a message withdrawn in Huawei marks its comment after a second look, and never before", async () => {
  const words = ["first", "second", "third"];
  const ids = words.map((content) => {
    stage.advance(2_000);
    return stage.huawei.addMessage({ caseId, author: "engineer", content }).messageId;
  });
  await stage.round();
  expect(mirrored().map((comment) => words.find((word) => comment.bodyText.includes(word)))).toEqual(words);
  stage.huawei.withdrawMessage({ caseId, messageId: ids[1] ?? "" });
  await stage.check();
  stage.advance(30_000);
  await stage.check();
  expect(mirrored().some((comment) => comment.bodyText.includes("Withdrawn"))).toBe(false);
  stage.advance(31_000);
  await stage.runDue();
  await stage.check();

  const marked = mirrored().filter((comment) => comment.bodyText.includes("Withdrawn in Huawei Cloud"));
  expect(marked.map((comment) => comment.bodyText.includes("second"))).toEqual([true]);
  expect(marked[0]?.bodyText.split("Withdrawn in Huawei Cloud")).toHaveLength(2);
});

test.each([{ files: [] }, { files: [{ name: "log.txt", text: "bytes" }] }])(
  "of two equal messages of one second the withdrawn one is marked, with $files.length files",
  async ({ files }) => {
    const message = { caseId, author: "engineer", content: "said twice" } as const;
    const { messageId } = stage.huawei.addMessage({ ...message, files });
    stage.huawei.addMessage(message);
    await stage.round();
    stage.huawei.withdrawMessage({ caseId, messageId });
    for (let turn = 0; turn < 3; turn += 1) {
      await stage.check();
      stage.advance(70_000);
    }

    const marked = mirrored().map((comment) => comment.bodyText.includes("Withdrawn in Huawei Cloud"));
    expect(marked).toEqual([true, false]);
  },
);

test("many messages that vanish at once are not believed", async () => {
  const ids = Array.from({ length: 12 }, (_, index) => {
    stage.advance(2_000);
    return stage.huawei.addMessage({ caseId, author: "engineer", content: `answer ${index}` }).messageId;
  });
  await stage.round();
  for (const messageId of ids.slice(2, 7)) stage.huawei.withdrawMessage({ caseId, messageId });
  for (let turn = 0; turn < 3; turn += 1) {
    await stage.check();
    stage.advance(70_000);
  }

  expect(mirrored().some((comment) => comment.bodyText.includes("Withdrawn"))).toBe(false);
  const { failures } = await stage.snapshot();
  expect(failures.map((failure) => failure.reason)).toEqual(["suspicious_shrink"]);
});

test("a message of ours that a person withdrew there stays away until the comment changes, and the issue says so", async () => {
  const { commentId } = stage.jira.addComment({ issue: key, text: "not like that" });
  await settle();
  stage.huawei.withdrawMessage({ caseId, messageId: sent()[0]?.messageId ?? "" });
  for (let turn = 0; turn < 3; turn += 1) {
    await stage.check();
    stage.advance(61_000);
  }
  expect(sent()).toEqual([]);
  expect(mirrored().some((comment) => comment.bodyText.includes("was withdrawn in Huawei Cloud"))).toBe(true);
  stage.jira.editComment({ commentId, text: "but like this" });
  await settle();

  expect(heads()).toEqual([`#${commentId} v2 but like this`]);
});

test("older comments leave only as they were shown, and say that they come late", async () => {
  await stage.setPolicy({ comments: { toHuawei: "none" } });
  const first = stage.jira.addComment({ issue: key, text: "history one" });
  const second = stage.jira.addComment({ issue: key, text: "history two" });
  stage.jira.addComment({ issue: key, text: "hidden history", visibility: { value: "Administrators" } });
  await settle();
  await stage.setPolicy({});
  await settle();
  expect(sent()).toEqual([]);
  const [linkId] = await stage.linkIds();
  if (linkId === undefined) throw new Error("there is no link");
  const shown = await listHistory(stage.reconcileDeps(), linkId);
  expect(shown.map((comment) => comment.text)).toEqual(["history one", "history two"]);
  stage.jira.editComment({ commentId: second.commentId, text: "history two, another story" });
  expect(await releaseHistory(stage.reconcileDeps(), linkId, shown, "tester")).toBe(true);
  await settle();

  expect(heads()).toEqual([`#${first.commentId} history one`]);
  expect(sent()[0]?.content).toContain("sent late, written ");
});

test("rendering anew rewrites what differs and nothing else", async () => {
  stage.huawei.addMessage({ caseId, author: "engineer", content: "please look" });
  await stage.round();
  const [linkId] = await stage.linkIds();
  const [copy] = mirrored();
  if (linkId === undefined || copy === undefined) throw new Error("there is no copy");
  expect(await rerenderLink(stage.reconcileDeps(), linkId)).toMatchObject({ changed: 0 });
  stage.jira.editComment({ commentId: copy.id, text: "somebody was here" });
  expect(await rerenderLink(stage.reconcileDeps(), linkId)).toMatchObject({ changed: 1 });

  expect(mirrored().map((comment) => comment.bodyText)).toEqual([copy.bodyText]);
  stage.jira.resetRequests();
  stage.huawei.resetRequests();
  await stage.check();
  expect([stage.jira.getRequests().writes, stage.huawei.getRequests().writes]).toEqual([0, 0]);
});
