/** `TEXT_GUARD=hold` on a real worker: what waits outlives workers, and leaves by a word or by another mode. */
import { afterEach, expect, test } from "vitest";
import { type Harness, startHarness } from "../support/harness.ts";

let harness: Harness | null = null;

afterEach(async () => {
  await harness?.close();
  harness = null;
});

test("a comment that waits is kept over restarts; a word lets it go, another mode lets go the rest", {
  timeout: 240_000,
}, async () => {
  const world = await startHarness({ env: { TEXT_GUARD: "hold" } });
  harness = world;
  const { huawei, jira, waitUntil } = world;
  huawei.createCase({ description: "The server is down" });
  const first = world.spawnWorker();
  await waitUntil(() => jira.getState().issues.length === 1, "the issue");
  await world.converge();
  const issue = jira.getState().issues[0]?.key ?? "";
  const told = (words: string) =>
    jira.getIssue({ issue }).comments.filter(({ bodyText }) => bodyText.includes(words)).length;
  const sent = () =>
    huawei
      .getState()
      .cases.flatMap(({ messages }) => messages.filter(({ via }) => via === "api").map((m) => m.content));

  const { commentId } = jira.addComment({ issue, text: "call 13800138001" });
  jira.addComment({ issue, text: "password: hunter2hunter2" });
  jira.addComment({ issue, text: "nothing to hide" });
  await waitUntil(() => told("waits in Jira") === 2 && sent().length === 1, "two wait, the third goes");
  await first.kill("SIGKILL");
  const second = world.spawnWorker();
  jira.addComment({ issue, text: `/release as-is ${commentId}` });
  await waitUntil(() => told("Done: what waited is sent as it stands") === 1 && sent().length === 2, "one goes");
  await second.kill("SIGTERM");
  world.spawnWorker({ TEXT_GUARD: "mask" });
  await waitUntil(() => sent().length === 3, "the last goes masked");
  await world.converge();

  expect(sent().map((content) => content.split("\n").at(-1))).toEqual([
    "nothing to hide",
    "call 13800138001",
    "password: [masked: password]",
  ]);
  expect(told("waits in Jira")).toBe(2);
  expect(huawei.getRefusals()).toEqual([]);
  expect(jira.getRefusals()).toEqual([]);
  const { stdout } = await world.runCli(["failures", "list", "--json"]);
  expect(JSON.parse(stdout)).toEqual([]);
});
