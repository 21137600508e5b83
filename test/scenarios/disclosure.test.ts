import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DisclosureEvent } from "../../src/sync/apply/write-once.ts";
import { runLink } from "../../src/sync/link/run-link.ts";
import { inDialect, standing } from "../support/dialect.ts";
import { makeSeeded } from "../support/harness.ts";
import { type Stage, type StagePolicy, startStage } from "../support/stage.ts";
import { testWith } from "../support/test-with.ts";

const seed = Number(process.env.CASEBRIDGE_TEST_SEED ?? Date.now() % 1_000_000);
const budgetMs = Number(process.env.CASEBRIDGE_DISCLOSURE_MS ?? 45_000);

let stage: Stage;

/** Everything that reached Huawei: what it holds, what it was asked, and every byte on the wire, those of files too. */
function reached(): string {
  const { log } = stage.huawei.getRequests();
  return [JSON.stringify(stage.huawei.getState()), JSON.stringify(log), stage.readSent()].join("\n");
}

/** Called before each write to Huawei takes effect. */
let onUpload: (() => void) | null = null;

async function start(policy: StagePolicy = {}, projectKey = "OPS"): Promise<{ caseId: string; key: string }> {
  onUpload = null;
  stage = await startStage({
    policy,
    projectKey,
    huawei: {
      onEffect: ({ operation }) => {
        if (operation === inDialect("UploadAccessory")) onUpload?.();
      },
    },
  });
  return openCase();
}

/** A new case with its issue, in agreement. */
async function openCase(more: { readonly groupId?: string } = {}): Promise<{ caseId: string; key: string }> {
  const { caseId } = stage.huawei.createCase({ description: "The server is down", ...more });
  await stage.round();
  stage.advance(1_000);
  const issue = stage.jira.getState().issues.find((entry) => entry.labels.includes(`hwcase-${caseId}`));
  if (issue === undefined) throw new Error("there is no issue");
  return { caseId, key: issue.key };
}

const messages = () => stage.huawei.getState().cases.flatMap((entry) => entry.messages.filter((m) => m.via === "api"));
const shown = () => standing(messages());

const settle = (times = 3): Promise<void> => stage.settle(times);

afterEach(async () => {
  await stage.close();
});

describe("what must not leave", () => {
  let key = "";
  beforeEach(async () => {
    ({ key } = await start());
  });

  test("a comment restricted between plan and message stays, and so do its files", async () => {
    stage.jira.addAttachment({ issue: key, name: "dump.txt", text: "UNSAID-FILE" });
    const { commentId } = stage.jira.addComment({ issue: key, text: "UNSAID-TEXT, see dump.txt" });
    stage.advance(11_000);
    stage.jira.restrictComment({ commentId });
    await settle();

    expect(reached()).not.toContain("UNSAID");
    expect(messages()).toEqual([]);
  });

  test("a comment restricted while its file is on its way stays", async () => {
    stage.jira.addAttachment({ issue: key, name: "dump.txt", text: "some bytes" });
    const { commentId } = stage.jira.addComment({ issue: key, text: "UNSAID-TEXT, see dump.txt" });
    onUpload = () => {
      stage.jira.restrictComment({ commentId });
      // A reading that is at most two seconds old judges the file and its message.
      stage.advance(2_000);
    };
    await settle();

    expect(reached()).not.toContain("UNSAID");
    expect(messages()).toEqual([]);
  });

  test("frozen parts do not go on after a crash when the comment was restricted meanwhile", async () => {
    for (let calls = 1; calls < 60; calls += 1) {
      const token = `FROZEN-${calls}-`;
      const { commentId } = stage.jira.addComment({
        issue: key,
        text: `${token} ${"long text ".repeat(300)} ${token}END`,
      });
      stage.advance(11_000);
      await stage.wakeJira();
      stage.crashAfter(calls);
      await stage.runDue();
      const before = reached().split(token).length;
      stage.jira.restrictComment({ commentId });
      stage.advance(50_000);
      await stage.revive();
      await settle(2);
      expect({ calls, more: reached().split(`${token}END`).length > 1 && before === 1 }).toEqual({
        calls,
        more: false,
      });
      expect(shown().filter((message) => message.content.includes(token))).toEqual([]);
    }
  });

  test("a comment on hold does not delay the withdrawal of later ones", async () => {
    const first = stage.jira.addComment({ issue: key, text: "first" });
    const second = stage.jira.addComment({ issue: key, text: "second" });
    const third = stage.jira.addComment({ issue: key, text: "third" });
    await settle();
    expect(shown()).toHaveLength(3);
    stage.jira.editComment({ commentId: first.commentId, text: "first, edited again and again" });
    stage.jira.addComment({ issue: key, text: "a new one on hold" });
    stage.jira.restrictComment({ commentId: second.commentId });
    stage.jira.deleteComment({ commentId: third.commentId });
    stage.advance(1_000);
    await stage.wakeJira();
    await stage.runDue();

    expect(shown().map((message) => message.content.split("\n").at(-1))).toEqual(["first"]);
  });

  test("what Huawei does not take back is told, once per withdrawal", async () => {
    stage.huawei.setSettings({ withdrawWindowMs: 1 });
    const { commentId } = stage.jira.addComment({ issue: key, text: "said too much" });
    await settle();
    for (let round = 0; round < 2; round += 1) {
      stage.jira.restrictComment({ commentId });
      await settle();
      stage.jira.restrictComment({ commentId, visibility: null });
      await settle();
    }

    const marks = messages().map((message) => /^\[[^\]]+\]/.exec(message.content)?.[0]);
    const own = `[${key}#${commentId}`;
    expect(marks).toEqual([`${own}]`, `${own} withdrawn]`, `${own} v2]`, `${own} withdrawn]`, `${own} v3]`]);
    const { failures, intents } = await stage.snapshot();
    expect(failures.map((failure) => failure.reason)).toEqual(["already_disclosed"]);
    expect(intents).toEqual([]);
  });

  test("a file that a restricted comment names never leaves, a security level holds all", async () => {
    stage.jira.addAttachment({ issue: key, name: "both.txt", text: "UNSAID-BOTH" });
    stage.jira.addComment({ issue: key, text: "internal: both.txt", visibility: { value: "Administrators" } });
    stage.jira.addComment({ issue: key, text: "see both.txt" });
    await settle();
    expect(messages()).toHaveLength(1);
    stage.jira.setSecurityLevel({ issue: key });
    stage.jira.addComment({ issue: key, text: "UNSAID-LEVEL" });
    await settle();

    expect(reached()).not.toContain("UNSAID");
  });

  test("a file that a restricted comment named stays when that comment is deleted or reworded, until it is made public", async () => {
    for (const name of ["deleted", "reworded", "public"])
      stage.jira.addAttachment({
        issue: key,
        name: `${name}.txt`,
        text: name === "public" ? "for all" : "UNSAID-FILE",
      });
    const [first, second, third] = ["deleted", "reworded", "public"].map((name) =>
      stage.jira.addComment({ issue: key, text: `internal: ${name}.txt`, visibility: { value: "Administrators" } }),
    );
    await settle();
    stage.jira.deleteComment({ commentId: first?.commentId ?? "" });
    stage.jira.editComment({ commentId: second?.commentId ?? "", text: "internal: nothing" });
    stage.jira.restrictComment({ commentId: third?.commentId ?? "", visibility: null });
    stage.jira.addComment({ issue: key, text: "see deleted.txt, reworded.txt and public.txt" });
    await settle();
    await stage.check();

    expect(reached()).not.toContain("UNSAID");
    expect(shown().flatMap((message) => message.accessories.map((file) => file.name))).toEqual(["public.txt"]);
    const rows = await stage.database.pool.query(`SELECT * FROM mirrors WHERE kind = 'file' AND state = 'held'`);
    expect(rows.rows).toHaveLength(2);
    expect(JSON.stringify(rows.rows)).not.toMatch(/deleted\.txt|reworded\.txt/);
    stage.huawei.resetRequests();
    await stage.check();
    expect(stage.huawei.getRequests().writes).toBe(0);
  });

  test("a wider policy lets out nothing that was written before it", async () => {
    await stage.setPolicy({ comments: { toHuawei: "none" } });
    stage.jira.addComment({ issue: key, text: "UNSAID-OLD" });
    await settle();
    stage.advance(60_000);
    await stage.setPolicy({ comments: { toHuawei: "all" } });
    stage.advance(1_000);
    stage.jira.addComment({ issue: key, text: "new" });
    await settle();
    await stage.setPolicy({ comments: { toHuawei: "command" } });
    await stage.setPolicy({ comments: { toHuawei: "command" } });
    stage.jira.addComment({ issue: key, text: "/case by command" });
    await settle();

    expect(reached()).not.toContain("UNSAID");
    expect(messages().map((message) => message.content.split("\n").at(-1))).toEqual(["new", "by command"]);
  });
});

test("what stays, and what is masked, is told to the metrics once", async () => {
  const { key } = await start();
  const events: string[] = [];
  const deps = {
    ...stage.reconcileDeps(),
    onDisclosure: (event: DisclosureEvent) => void events.push(event.kind === "held" ? event.reason : event.item),
  };
  stage.jira.addComment({ issue: key, text: "for us alone", visibility: { type: "role", value: "Administrators" } });
  stage.jira.addComment({ issue: key, text: "password: hunter2hunter2" });
  stage.jira.addComment({ issue: key, text: "nothing in it" });

  for (let turn = 0; turn < 3; turn += 1) {
    stage.advance(11_000);
    await stage.wakeJira();
    for (const id of await stage.linkIds()) await runLink(deps, id);
  }

  expect(shown().filter(({ content }) => content.includes("hunter2"))).toEqual([]);
  expect(events.sort()).toEqual(["comment", "restricted"]);
});

test("in a service project only public comments leave, and `all` files do not", async () => {
  const { key } = await start({ attachments: { toHuawei: "all" } }, "DESK");
  stage.jira.addAttachment({ issue: key, name: "desk.txt", text: "UNSAID-DESK" });
  stage.jira.addComment({ issue: key, text: "UNSAID-INTERNAL", internal: true });
  stage.jira.addComment({ issue: key, text: "for everybody", internal: false });
  await settle();

  expect(reached()).not.toContain("UNSAID");
  expect(messages()).toHaveLength(1);
});

testWith("group")(
  "for cases of a user group a message marked as withdrawn is sent, and nothing is tried in vain",
  async () => {
    onUpload = null;
    stage = await startStage({ groupIds: ["simgroup"] });
    const { key } = await openCase({ groupId: "simgroup" });
    const said = stage.jira.addComment({ issue: key, text: "said too much" });
    const kept = stage.jira.addComment({ issue: key, text: "stays" });
    await settle();
    expect(shown()).toHaveLength(2);
    stage.huawei.resetRequests();
    stage.jira.restrictComment({ commentId: said.commentId });
    await settle();

    expect(shown().map((message) => message.content.split("\n"))).toEqual([
      [`[${key}#${said.commentId}] Ada Byron:`, "said too much"],
      [`[${key}#${kept.commentId}] Ada Byron:`, "stays"],
      [`[${key}#${said.commentId} withdrawn] The author has withdrawn this message. 作者已撤回此消息。`],
    ]);
    expect(stage.huawei.getRequests().byOperation).toMatchObject({ CreateMessages: 1 });
    expect(stage.huawei.getRequests().byOperation.RevokeMessage).toBeUndefined();
    const { failures, intents } = await stage.snapshot();
    expect(failures.map((failure) => failure.reason)).toEqual(["already_disclosed"]);
    expect(intents).toEqual([]);
    stage.huawei.resetRequests();
    await stage.check();
    expect(stage.huawei.getRequests().writes).toBe(0);
  },
);

/** What people, operators, networks and death do, and how often. */
const weights = {
  comment: 6,
  secret: 4,
  file_comment: 3,
  secret_file: 3,
  restrict: 5,
  strike: 2,
  edit: 3,
  edit_secret: 2,
  drop_secret: 2,
  delete: 2,
  answer: 1,
  webhook: 8,
  run: 8,
  check: 2,
  round: 1,
  pass: 6,
  policy: 1,
  level: 1,
  fault: 2,
  crash: 4,
} as const;
type Step = { readonly kind: keyof typeof weights; readonly at: number };

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    ...(Object.keys(weights) as Step["kind"][]).map((kind) => ({
      weight: weights[kind],
      arbitrary: fc.constant(kind),
    })),
  ),
  at: fc.nat(1_000),
});

/** A comment of the game: the words by which its text, and its file, are found again. */
type Open = { readonly commentId: string; words: string[] };

test(`no byte of what is restricted reaches Huawei (seed ${seed})`, { timeout: budgetMs + 120_000 }, async () => {
  let { key, caseId } = await start();
  const random = makeSeeded(seed);
  const total = { histories: 0, steps: 0, crashes: 0, secrets: 0 };
  let count = 0;
  const next = (): number => {
    count += 1;
    return count;
  };
  const makeWord = (): string => `WORD${next()}x${Math.floor(random() * 1e9).toString(36)}Z`;
  const hiddenTo = { value: "Administrators" };

  async function play(list: readonly Step[]): Promise<void> {
    if (total.histories > 0 && total.histories % 8 === 0) {
      await stage.database.pool.query(`UPDATE links SET state = 'unlinked'`);
      ({ key, caseId } = await openCase());
    }
    total.histories += 1;
    const open: Open[] = [];
    const hidden: string[] = [];
    const names = new Map<string, string>();
    /** Must not be seen there, now or later. */
    const secrets = new Set<string>();
    /** Hides a comment; what of it has not left by now must not leave any more. */
    const hide = (comment: Open | undefined, remove: boolean): void => {
      if (comment === undefined) return;
      if (remove) stage.jira.deleteComment({ commentId: comment.commentId });
      else {
        stage.jira.restrictComment({ commentId: comment.commentId, visibility: hiddenTo });
        hidden.push(comment.commentId);
      }
      open.splice(open.indexOf(comment), 1);
      const seen = stage.readSent();
      for (const word of comment.words) if (!seen.includes(word)) secrets.add(word);
    };
    const acts: Record<Step["kind"], (at: number) => void | Promise<void>> = {
      comment: (at) => {
        const [first, last] = [makeWord(), makeWord()];
        const text = `${first} ${"and more ".repeat(at % 500)} ${last}`;
        open.push({ commentId: stage.jira.addComment({ issue: key, text }).commentId, words: [first, last] });
      },
      secret: () => {
        const word = makeWord();
        secrets.add(word);
        hidden.push(stage.jira.addComment({ issue: key, text: `${word} hidden`, visibility: hiddenTo }).commentId);
      },
      file_comment: () => {
        const [word, inside] = [makeWord(), makeWord()];
        const name = `log-${next()}.txt`;
        stage.jira.addAttachment({ issue: key, name, text: inside });
        const { commentId } = stage.jira.addComment({ issue: key, text: `${word}, look at ${name}` });
        open.push({ commentId, words: [word, inside] });
      },
      secret_file: (at) => {
        const inside = makeWord();
        secrets.add(inside);
        const name = `报告-${next()}.txt`;
        stage.jira.addAttachment({ issue: key, name, text: inside });
        const { commentId } = stage.jira.addComment({ issue: key, text: `only us: ${name}`, visibility: hiddenTo });
        hidden.push(commentId);
        names.set(commentId, name);
        if (at % 2 === 0)
          open.push({ commentId: stage.jira.addComment({ issue: key, text: `here: ${name}` }).commentId, words: [] });
      },
      restrict: (at) => hide(open[at % Math.max(1, open.length)], false),
      strike: (at) => {
        onUpload = () => {
          onUpload = null;
          hide(open[at % Math.max(1, open.length)], false);
          // A reading that is at most two seconds old judges the file and its message.
          stage.advance(2_000);
        };
      },
      edit: (at) => {
        const comment = open[at % Math.max(1, open.length)];
        if (comment === undefined) return;
        comment.words = [makeWord(), makeWord()];
        const text = `${comment.words[0]} ${"words ".repeat(at % 600)} ${comment.words[1]}`;
        stage.jira.editComment({ commentId: comment.commentId, text });
      },
      edit_secret: (at) => {
        const commentId = hidden[at % Math.max(1, hidden.length)];
        if (commentId === undefined) return;
        const word = makeWord();
        secrets.add(word);
        // It goes on naming its file: a name that was gone before anybody read it could not be known.
        stage.jira.editComment({ commentId, text: `${word} edited while hidden ${names.get(commentId) ?? ""}` });
      },
      drop_secret: async (at) => {
        // Once it was read, its files are known to be named by it.
        await stage.check();
        const [commentId] = hidden.splice(at % Math.max(1, hidden.length), 1);
        if (commentId !== undefined) stage.jira.deleteComment({ commentId });
      },
      delete: (at) => hide(open[at % Math.max(1, open.length)], true),
      answer: (at) => void stage.huawei.addMessage({ caseId, author: "engineer", content: `answer ${at}` }),
      webhook: async () => {
        await stage.wakeJira();
        await stage.runDue();
      },
      run: () => stage.runDue(),
      check: () => stage.check(),
      round: () => stage.round(),
      pass: (at) => stage.advance([1_000, 5_000, 11_000, 60_000][at % 4] ?? 1_000),
      policy: (at) =>
        stage.setPolicy({
          comments: { toHuawei: (["all", "command", "none"] as const)[at % 3] ?? "all" },
          attachments: { toHuawei: (["referenced", "none"] as const)[at % 2] ?? "none" },
        }),
      level: (at) => stage.jira.setSecurityLevel({ issue: key, level: at % 3 === 0 ? "10100" : null }),
      fault: (at) =>
        void stage.huawei.addFault({
          operation: inDialect(at % 2 === 0 ? "CreateMessages" : "UploadAccessory"),
          kind: at % 3 === 0 ? "500_after" : "503_before",
          times: 1,
        }),
      crash: async (at) => {
        total.crashes += 1;
        stage.crashAfter(at % 40);
        await stage.wakeJira();
        await stage.runDue();
        stage.advance(50_000);
        await stage.revive();
      },
    };
    for (const { kind, at } of list) {
      total.steps += 1;
      await acts[kind](at);
    }
    onUpload = null;
    stage.jira.setSecurityLevel({ issue: key, level: null });
    await stage.setPolicy({});
    for (let turn = 0; turn < 3; turn += 1) {
      stage.advance(31_000);
      await stage.check();
    }
    total.secrets += secrets.size;
    const all = reached();
    expect([...secrets].filter((secret) => all.includes(secret))).toEqual([]);
    // Nothing that is restricted now stands there either.
    const stands = shown().filter((message) => hidden.some((id) => message.content.startsWith(`[${key}#${id}]`)));
    expect(stands.map((message) => message.content.slice(0, 40))).toEqual([]);
    for (const { commentId } of open) stage.jira.deleteComment({ commentId });
    await stage.check();
    stage.forgetSent();
    stage.huawei.resetRequests();
  }

  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 30 }), play), {
    seed,
    numRuns: 10_000,
    interruptAfterTimeLimit: budgetMs,
    markInterruptAsFailure: false,
    endOnFailure: true,
  });
  const { histories, steps, crashes, secrets } = total;
  console.info(
    `seed ${seed}: ${histories} histories, ${steps} steps, ${crashes} crashes, ${secrets} secrets, none left`,
  );
});
