/**
 * What mirroring one change costs: the writes it needs and at most three reads, plus one per file and per own write, rounds aside.
 * Requests are counted by operation until nothing moves any more: the hold, and every look at own writes, are over by then.
 */
import { afterEach, beforeEach, expect, test } from "vitest";
import { intakeCases } from "../../src/sync/intake/intake.ts";
import { runLink } from "../../src/sync/link/run-link.ts";
import { can } from "../support/dialect.ts";
import { type Stage, startStage } from "../support/stage.ts";

/** What the rounds ask whether there is news or not. */
const ofRounds = [
  "ListCases",
  "ListNewInstantMessages",
  "ListAuthorizations",
  "searchAndReconsileIssuesUsingJql",
  "searchAndReconsileIssuesUsingJqlPost",
];
const ofFiles = ["DownloadAccessories", "getAttachmentContent"];

type Counts = Readonly<Record<string, number>>;
type Cost = { readonly reads: Counts; readonly writes: Counts };

let stage: Stage;
let caseId = "";
let issue = "";

beforeEach(async () => {
  stage = await startStage();
  ({ caseId } = stage.huawei.createCase({ description: "The server is down" }));
  await roundsFor(60);
  issue = stage.jira.getState().issues[0]?.key ?? "";
  // Something of each side stands there: an issue without comments is no measure.
  stage.huawei.addMessage({ caseId, author: "engineer", content: "We look at it" });
  stage.jira.addComment({ issue, text: "Thank you" });
  await roundsFor(60);
});

afterEach(async () => {
  await stage.close();
});

/** Rounds every five seconds for so long. */
async function roundsFor(seconds: number): Promise<void> {
  for (let past = 0; past < seconds; past += 5) {
    await stage.round();
    stage.advance(5_000);
  }
}

function countRequests(): Cost {
  const log = [...stage.huawei.getRequests().log, ...stage.jira.getRequests().log].filter(
    (entry) => !ofRounds.includes(entry.operation),
  );
  const count = (isWrite: boolean): Counts => {
    const counts: Record<string, number> = {};
    for (const { operation, write } of log) if (write === isWrite) counts[operation] = (counts[operation] ?? 0) + 1;
    return counts;
  };
  return { reads: count(false), writes: count(true) };
}

async function costOf(change: () => void): Promise<Cost> {
  stage.huawei.resetRequests();
  stage.jira.resetRequests();
  change();
  await roundsFor(60);
  return countRequests();
}

const total = (counts: Counts): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

/** `more`: readings beyond the promise. */
function expectCost({ reads, writes }: Cost, expected: Counts, more = 0): void {
  expect(writes).toEqual(expected);
  const files = ofFiles.reduce((sum, operation) => sum + (reads[operation] ?? 0), 0);
  expect(total(reads), JSON.stringify(reads)).toBeLessThanOrEqual(3 + more + files + total(writes));
}

// v1.0 has no call for the messages of many cases: its rounds read each watched one.
const inV2 = test.skipIf(!can("instant_messages"));

inV2("a message of Huawei, without and with a file", async () => {
  const add = (files: readonly { readonly name: string; readonly text: string }[]) => () =>
    void stage.huawei.addMessage({ caseId, author: "engineer", content: "News", files: [...files] });

  expectCost(await costOf(add([])), { addComment: 1 });
  expectCost(await costOf(add([{ name: "a.txt", text: "file" }])), { addAttachment: 1, addComment: 1 });
});

inV2("a comment, its edit, its deletion, and two comments at once", async () => {
  let commentId = "";
  const add = (text: string) => () => {
    ({ commentId } = stage.jira.addComment({ issue, text }));
  };

  expectCost(await costOf(add("one")), { CreateMessages: 1 });
  expectCost(await costOf(() => stage.jira.editComment({ commentId, text: "two" })), { CreateMessages: 1 });
  expectCost(await costOf(() => stage.jira.deleteComment({ commentId })), { RevokeMessage: 2 });
  const both = await costOf(() => {
    add("three")();
    add("four")();
  });
  expectCost(both, { CreateMessages: 2 });
});

inV2("a file of Jira, with its comment and after it", async () => {
  const attach = (name: string) => () => void stage.jira.addAttachment({ issue, name, text: "abc" });
  const withComment = await costOf(() => {
    attach("b.txt")();
    stage.jira.addComment({ issue, text: "see b.txt" });
  });
  const ahead = await costOf(() => void stage.jira.addComment({ issue, text: "c.txt follows" }));
  const after = await costOf(attach("c.txt"));

  expectCost(withComment, { UploadAccessory: 1, CreateMessages: 1 });
  expectCost(ahead, { CreateMessages: 1 });
  expectCost(after, { UploadAccessory: 1, CreateMessages: 1 });
});

inV2("a status of the case, in each category", async () => {
  for (const status of [1, 0, 3, 1])
    expectCost(await costOf(() => stage.huawei.setStatus({ caseId, status })), { doTransition: 1 });
  // The issue is where it belongs already; a comment says that Huawei waits.
  expectCost(await costOf(() => stage.huawei.setStatus({ caseId, status: 17 })), { addComment: 1 });
});

inV2("a person's move of the issue to done, and back", async () => {
  const moved = (toCategory: "done" | "indeterminate") => () => void stage.jira.transition({ issue, toCategory });
  await costOf(() => stage.huawei.setStatus({ caseId, status: 1 }));
  // Huawei does not wait for confirmation: a comment asks.
  expectCost(await costOf(moved("done")), { addComment: 1 });
  expectCost(await costOf(moved("indeterminate")), {});
  await costOf(() => stage.huawei.setStatus({ caseId, status: 2 }));
  // It is acted on before the lists of the issue have settled, so these are read once more when they have.
  expectCost(await costOf(moved("done")), { UpdateCases: 1 }, 1);
  expect(stage.huawei.getState().cases[0]?.status).toBe(3);
  const back = await costOf(moved("indeterminate"));

  // A closed case takes no message: the issue says so and goes back.
  expectCost(back, { CreateMessages: 1, addComment: 1, doTransition: 1 }, 1);
});

inV2("what a person wrote just before moving the issue to done reaches the case before it is closed", async () => {
  await costOf(() => stage.huawei.setStatus({ caseId, status: 2 }));
  // Jira shows a comment later than the move that came after it.
  stage.jira.setSettings({ listLagMs: 5_000 });
  stage.jira.addComment({ issue, text: "It works now" });
  stage.advance(500);
  stage.huawei.resetRequests();
  stage.jira.transition({ issue, toCategory: "done" });
  await roundsFor(90);

  const writes = stage.huawei.getRequests().log.filter((entry) => entry.write);
  expect(writes.map((entry) => entry.operation)).toEqual(["CreateMessages", "UpdateCases"]);
});

inV2("a move that a person takes back within the hold", async () => {
  await costOf(() => stage.huawei.setStatus({ caseId, status: 2 }));
  await costOf(() => void stage.jira.addComment({ issue, text: "It works" }));
  stage.huawei.resetRequests();
  stage.jira.resetRequests();
  stage.jira.transition({ issue, toCategory: "done" });
  await roundsFor(10);
  stage.jira.transition({ issue, toCategory: "indeterminate" });
  await roundsFor(60);

  // Two changes, and nothing of the first is looked at again.
  const { reads, writes } = countRequests();
  expect(writes).toEqual({});
  expect(total(reads), JSON.stringify(reads)).toBeLessThanOrEqual(6);
  expect(stage.huawei.getState().cases[0]?.status).toBe(2);
});

inV2("a comment among more of them than an issue shows", async () => {
  stage.jira.setSettings({ issueCommentCount: 2 });
  const cost = await costOf(() => void stage.jira.addComment({ issue, text: "one more" }));

  expectCost({ ...cost, reads: { ...cost.reads, getComments: 0 } }, { CreateMessages: 1 });
  // One further page for each of the two looks, before the hold and after it.
  expect(cost.reads.getComments).toBe(2);
});

inV2("what people write just before and after our own change of the issue comes through", async () => {
  stage.jira.setSettings({ listLagMs: 10_000 });
  stage.huawei.setStatus({ caseId, status: 1 });
  stage.jira.addComment({ issue, text: "just before" });
  await stage.round();
  stage.advance(900);
  stage.jira.addComment({ issue, text: "just after" });
  await roundsFor(60);

  const texts = stage.huawei.getState().cases[0]?.messages.map((message) => message.content) ?? [];
  for (const words of ["just before", "just after"])
    expect(texts.filter((text) => text.includes(words))).toHaveLength(1);
});

test("a round wakes a link once for a status that two of its lists tell", async () => {
  const before = (await stage.snapshot()).link.wantedRev;
  stage.huawei.setStatus({ caseId, status: 1 });

  await intakeCases(stage.intakeDeps());

  expect((await stage.snapshot()).link.wantedRev).toBe(before + 1);
});

inV2("a round that sees our own message while its run goes on wakes nobody", async () => {
  stage.jira.addComment({ issue, text: "one" });
  await stage.round();
  stage.advance(10_000);
  stage.huawei.resetRequests();
  const deps = stage.reconcileDeps();
  const huawei: typeof deps.huawei = {
    ...deps.huawei,
    async createMessage(...given) {
      await deps.huawei.createMessage(...given);
      await intakeCases(stage.intakeDeps());
    },
  };
  for (const { id } of await stage.state.listDueLinks(["default"], stage.clock.now(), 50))
    await runLink({ ...deps, huawei }, id);
  await roundsFor(60);

  expect(stage.huawei.getRequests().byOperation).toMatchObject({ CreateMessages: 1, ShowCaseDetail: 1 });
});
