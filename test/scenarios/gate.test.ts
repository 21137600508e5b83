/**
 * What is restricted while it waits for its turn (rule 5): each request to Huawei takes half a second of the stage's clock, as the
 * default budget gives it, and people act when a certain write has just been made.
 */
import { afterEach, describe, expect, test } from "vitest";
import { inDialect } from "../support/dialect.ts";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage;
let key = "";
/** Called after each write that reached Huawei, with how many of its operation there were. */
let onWrite: (operation: string, count: number) => void = () => {};

async function start(options: Parameters<typeof startStage>[0] = {}): Promise<void> {
  const counts = new Map<string, number>();
  onWrite = () => {};
  stage = await startStage({
    huaweiPaceMs: 500,
    ...options,
    huawei: {
      onEffect: ({ operation }) => {
        const count = (counts.get(operation) ?? 0) + 1;
        counts.set(operation, count);
        onWrite(operation, count);
      },
    },
  });
  stage.huawei.createCase({ description: "The server is down" });
  await stage.round();
  counts.clear();
  stage.advance(1_000);
  key = stage.jira.getState().issues[0]?.key ?? "";
}

afterEach(async () => {
  await stage.close();
});

const messages = () => stage.huawei.getState().cases.flatMap((entry) => entry.messages.filter((m) => m.via === "api"));

/** Does `act` when the `nth` message has reached Huawei; answers the moment, by the stage's clock. */
function afterMessage(nth: number, act: () => void): { at: number } {
  const done = { at: Number.POSITIVE_INFINITY };
  onWrite = (operation, count) => {
    if (operation !== inDialect("CreateMessages") || count !== nth) return;
    act();
    done.at = stage.clock.now().getTime();
  };
  return done;
}

function expectNothingLate(restricted: { readonly at: number }, sentAtLeast: number): void {
  expect(restricted.at).toBeLessThan(Number.POSITIVE_INFINITY);
  expect(messages().length).toBeGreaterThanOrEqual(sentAtLeast);
  const late = stage.huawei
    .getRequests()
    .log.filter((entry) => entry.operation === inDialect("CreateMessages") && entry.atMs > restricted.at + 2_000);
  expect(late).toEqual([]);
}

describe("twenty comments wait", () => {
  test.each([
    { name: "the issue gets a security level", act: () => stage.jira.setSecurityLevel({ issue: key }) },
    {
      name: "the issue moves to another project",
      act: () => void stage.jira.moveIssue({ issue: key, projectKey: "STEP" }),
    },
  ])("when $name after three, none leaves more than two seconds later", async ({ act }) => {
    await start();
    for (let n = 1; n <= 20; n += 1) stage.jira.addComment({ issue: key, text: `comment number ${n}` });
    stage.advance(11_000);
    stage.huawei.resetRequests();
    const restricted = afterMessage(3, act);

    await stage.settle(3);

    expectNothingLate(restricted, 3);
    expect((await stage.snapshot().catch(() => ({ intents: [] }))).intents).toEqual([]);
  });

  test("they cost one reading of the issue in two seconds, and one of the comments", async () => {
    await start();
    for (let n = 1; n <= 20; n += 1) stage.jira.addComment({ issue: key, text: `comment number ${n}` });
    stage.advance(11_000);
    stage.jira.resetRequests();
    const before = stage.clock.now().getTime();

    await stage.wakeJira();
    await stage.runDue();

    expect(messages()).toHaveLength(20);
    const seconds = (stage.clock.now().getTime() - before) / 1_000;
    const { byOperation } = stage.jira.getRequests();
    expect(byOperation.getIssue).toBeLessThanOrEqual(Math.ceil(seconds / 2) + 1);
    expect(byOperation.getCommentsByIds).toBeLessThanOrEqual(Math.ceil(seconds / 2) + 1);
    expect(byOperation.getComment ?? 0).toBeLessThanOrEqual(1);
  });
});

describe("restrictions that Jira shows in other ways", () => {
  /** Comments of all kinds; answers the texts that reached Huawei. */
  async function said(): Promise<string[]> {
    await stage.settle(3);
    return messages().map((message) => message.content.split("\n").at(-1) ?? "");
  }

  test("replies to restricted and internal comments stay, whether or not Jira repeats it on them", async () => {
    await start({ huaweiPaceMs: 0 });
    for (const repeats of [false, true]) {
      stage.jira.setSettings({ repliesRepeatVisibility: repeats });
      const open = stage.jira.addComment({ issue: key, text: `open ${repeats}` });
      const closed = stage.jira.addComment({ issue: key, text: "closed", visibility: { value: "Administrators" } });
      const below = stage.jira.addComment({ issue: key, text: "below", replyTo: closed.commentId });
      stage.jira.addComment({ issue: key, text: "far below", replyTo: below.commentId });
      stage.jira.addComment({ issue: key, text: `answer ${repeats}`, replyTo: open.commentId });
    }

    expect(await said()).toEqual(["open false", "answer false", "open true", "answer true"]);
  });

  test("what an account of an unknown kind writes stays", async () => {
    await start({ huaweiPaceMs: 0 });
    stage.jira.addComment({ issue: key, text: "by whom?", author: "unknown" });
    stage.jira.addComment({ issue: key, text: "by a person" });

    expect(await said()).toEqual(["by a person"]);
  });

  test("an issue of a team-managed project is restricted and freed", async () => {
    await start({ huaweiPaceMs: 0, projectKey: "TEAM" });
    stage.jira.addComment({ issue: key, text: "before" });
    expect(await said()).toEqual(["before"]);

    stage.jira.restrictIssue({ issue: key, roles: ["10002"] });
    stage.jira.addComment({ issue: key, text: "meanwhile" });
    const restricted = await said();
    stage.jira.restrictIssue({ issue: key, roles: [] });
    const freed = await said();

    expect(restricted).not.toContain("meanwhile");
    expect(freed).toContain("meanwhile");
  });

  test("without the field of the level nothing leaves, unless the project has no levels; what was said stays", async () => {
    await start({ huaweiPaceMs: 0, jira: { settings: { botIsAdmin: true } } });
    stage.jira.addComment({ issue: key, text: "before" });
    expect(await said()).toEqual(["before"]);

    stage.jira.setSettings({ securityField: "absent", securityLevels: "listed" });
    stage.jira.addComment({ issue: key, text: "meanwhile" });
    const absent = await said();
    stage.jira.setSettings({ securityLevels: "none" });
    // The project is asked again after ten minutes.
    stage.advance(601_000);
    const none = await said();

    expect(absent).toEqual(["before"]);
    expect(none).toEqual(["before", "meanwhile"]);
  });
});

test("the wish to take a case up again waits while the issue has a level, is told once, and asked once it is free", async () => {
  await start();
  stage.huawei.setSettings({ messageOnClosed: "accepted" });
  const [entry] = stage.huawei.getState().cases;
  stage.huawei.setStatus({ caseId: entry?.caseId ?? "", status: 3 });
  await stage.check();
  stage.jira.transition({ issue: key, toCategory: "new" });
  stage.advance(21_000);
  await stage.wakeJira();
  await stage.runDueWithJira({
    findIssueWithComments: async (issueId, known, lane) => {
      const found = await stage.reconcileDeps().jira.findIssueWithComments(issueId, known, lane);
      // Between the plan and the write.
      stage.jira.setSecurityLevel({ issue: key });
      stage.advance(3_000);
      return found;
    },
  });
  expect((await stage.snapshot()).intents.map((intent) => intent.key)).toEqual(["message:reopen-1"]);
  await stage.settle(3);
  const told = stage.jira.getIssue({ issue: key }).comments.map((comment) => comment.bodyText);
  expect(told.filter((text) => text.includes("was not asked to take the service ticket up again"))).toHaveLength(1);
  expect(messages()).toEqual([]);
  expect((await stage.snapshot()).intents).toEqual([]);

  stage.jira.setSecurityLevel({ issue: key, level: null });
  await stage.settle(3);

  expect(messages().map((message) => message.content.includes("please take up this service ticket again"))).toEqual([
    true,
  ]);
});

test("in a service project casebridge writes internal comments", async () => {
  await start({ huaweiPaceMs: 0, projectKey: "DESK" });
  stage.huawei.addMessage({
    caseId: stage.huawei.getState().cases[0]?.caseId ?? "",
    author: "engineer",
    content: "hello",
  });
  await stage.round();

  const own = stage.jira.getIssue({ issue: key }).comments;
  expect(own.map((comment) => comment.jsdPublic)).toEqual([false]);
});
