/** `DATA_KEY`: texts of unconfirmed writes are sealed, and a key that is lost loses nothing without a word (docs/configuration.md). */
import { randomBytes } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { makeAdminStore } from "../../src/store/admin.ts";
import { type Stage, startStage } from "../support/stage.ts";

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
    stage.changeDataKey(randomBytes(32));
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
  const payload = { bodyAdf: "a text", mark: { v: 1 } };
  await leased?.apply({
    intents: [{ kind: "comment", key: "notice:test", side: "jira", state: "planned", payload, mark: null }],
  });
  await leased?.finish({ doneRev: null, recheckAt: null, attempts: 0 });
  expect(await stored()).toContain('"sealed"');
  expect(await stored()).not.toContain("a text");

  stage.changeDataKey(randomBytes(32));
  await rounds(1);

  const failures = await makeAdminStore({ prisma: stage.database.prisma, clock: stage.clock }).listFailures({
    limit: 9,
  });
  expect(failures.items).toMatchObject([{ reason: "text_unreadable", item: "notice:test" }]);
  expect(await stored()).toBe("[]");
});
