/** Commands that people write as comments: once each, by those who may, answered by a reply. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { apiVersion, can, inDialect } from "../support/dialect.ts";
import { type Harness, startHarness } from "../support/harness.ts";

let harness: Harness | null = null;

afterEach(async () => {
  await harness?.close();
  harness = null;
});

function makeView(world: Harness) {
  const issueOf = (caseId: string) =>
    world.jira.getState().issues.find((issue) => issue.labels.includes(`hwcase-${caseId}`));
  const caseOf = (caseId: string) => world.huawei.getState().cases.find((entry) => entry.caseId === caseId);
  const say = (caseId: string, text: string, more: { author?: string; restricted?: boolean } = {}) =>
    world.jira.addComment({
      issue: issueOf(caseId)?.key ?? "",
      text,
      ...(more.author === undefined ? {} : { author: more.author }),
      ...(more.restricted === true ? { visibility: { type: "role" as const, value: "Administrators" } } : {}),
    }).commentId;
  const replies = (caseId: string, text: string) =>
    (issueOf(caseId)?.comments ?? []).filter((comment) => comment.bodyText.includes(text)).length;
  const logs = (caseId: string, type: number) =>
    caseOf(caseId)?.operateLogs.filter((entry) => entry.type === type) ?? [];
  return { issueOf, caseOf, say, replies, logs };
}

const [urged, closed, canceled, rated] = [2, 3, 4, 5];

async function startCases(world: Harness, names: Readonly<Record<string, number>>): Promise<(name: string) => string> {
  const ids = Object.fromEntries(
    Object.entries(names).map(([name, status]) => [
      name,
      world.huawei.createCase({ description: name, status }).caseId,
    ]),
  );
  const { issueOf } = makeView(world);
  await world.waitUntil(() => Object.values(ids).every((caseId) => issueOf(caseId) !== undefined), "the issues");
  await world.converge();
  return (name) => ids[name] ?? "";
}

test("each command runs once, is answered, and is refused with Huawei's meaning and remedy", {
  timeout: 240_000,
}, async () => {
  harness = await startHarness({ huawei: { settings: { pressIdleMs: 0, pressIntervalMs: 3_600_000 } } });
  const { huawei, jira, waitUntil } = harness;
  const view = makeView(harness);
  const hasLog = can("operation_log");
  harness.spawnWorker();
  const id = await startCases(harness, {
    urge: 1,
    close: 1,
    cancel: 0,
    rate: 3,
    wrong: 1,
    text: 1,
    secret: 1,
    lost: 1,
  });

  const urge = view.say(id("urge"), "/urge");
  view.say(id("close"), "/close");
  view.say(id("cancel"), "/cancel");
  view.say(id("rate"), "/rate 4 quick help, password: hunter2hunter2");
  view.say(id("wrong"), "/cancel");
  view.say(id("wrong"), "/rate many");
  view.say(id("wrong"), "/close it please");
  const text = view.say(id("text"), "/Case the text");
  view.say(id("secret"), "/close", { restricted: true });
  view.say(id("secret"), "/close", { author: "app" });
  huawei.addFault({ operation: inDialect("UpdateCases"), kind: "504_after", times: 1 });
  await waitUntil(
    () =>
      view.replies(id("urge"), "Done: Huawei Cloud was urged") +
        (hasLog ? 0 : view.replies(id("urge"), "Perhaps done: the answer to /urge was lost")) ===
        1 &&
      view.replies(id("close"), "Done: the service ticket was closed") === 1 &&
      view.replies(id("cancel"), "Done: the service ticket was withdrawn") === 1 &&
      view.replies(id("rate"), "Done: the rating") === 1 &&
      view.replies(id("rate"), "Before the text of a rating was sent to Huawei Cloud, something in it was masked") ===
        1 &&
      view.replies(id("text"), "Done: the text was sent to Huawei Cloud") === 1 &&
      view.replies(id("wrong"), "Not done: Huawei Cloud refused /cancel") === 1 &&
      view.replies(id("wrong"), "Not understood") === 2 &&
      view.replies(id("secret"), "restricted or internal") === 1,
    "every command is answered",
    90_000,
  );
  // Edits never run again; a second /urge comes too soon.
  jira.editComment({ commentId: urge, text: "/close" });
  jira.editComment({ commentId: text, text: "what I did not mean to send" });
  view.say(id("urge"), "/urge");
  await waitUntil(() => view.replies(id("urge"), "Wait before urging again") === 1, "the second /urge is refused");
  // Repeated after an answer was lost before it happened.
  huawei.addFault({ operation: inDialect("UpdateCases"), kind: "reset_before", times: 1 });
  view.say(id("lost"), "/close");
  await waitUntil(
    () => view.replies(id("lost"), "Done: the service ticket was closed") === 1,
    "the lost one is repeated",
  );
  await harness.converge();

  expect(view.logs(id("urge"), urged)).toHaveLength(1);
  expect(view.caseOf(id("urge"))?.status).toBe(1);
  expect([view.logs(id("close"), closed).length, view.caseOf(id("close"))?.status]).toEqual([1, 3]);
  expect([view.logs(id("cancel"), canceled).length, view.caseOf(id("cancel"))?.status]).toEqual([1, 4]);
  expect(view.logs(id("lost"), closed)).toHaveLength(1);
  expect(view.logs(id("close"), closed)[0]?.description).toMatch(/^\[OPS-\d+#\d+\]$/);
  expect(view.logs(id("rate"), rated)).toHaveLength(1);
  expect(view.caseOf(id("rate"))?.judgement).toContain("quick help");
  expect(view.caseOf(id("rate"))?.judgement).not.toContain("hunter2");
  const [rating] = view.caseOf(id("rate"))?.satisfaction ?? [];
  expect(rating?.[apiVersion === "v2" ? "satisfaction_value" : "satisfactionValue"]).toBe(4);
  expect(view.caseOf(id("wrong"))?.status).toBe(1);
  expect(view.caseOf(id("secret"))?.status).toBe(1);
  expect(view.issueOf(id("close"))?.status.category).toBe("done");
  const sent = huawei
    .getState()
    .cases.flatMap((entry) => entry.messages.filter((message) => message.via === "api" && !message.isFirst));
  expect(sent.map((message) => message.content.replace(/^\[\S+\] [^:]*:\s*/, ""))).toEqual(["the text"]);
  huawei.resetRequests();
  jira.resetRequests();
  await harness.waitForRounds(2);
  expect([huawei.getRequests().writes, jira.getRequests().writes]).toEqual([0, 0]);
  expect(huawei.getRefusals()).toEqual([]);
  expect(jira.getRefusals()).toEqual([]);
});

test("only people in the configured role, also where comments stay in Jira", { timeout: 120_000 }, async () => {
  harness = await startHarness({ env: { COMMENTS_TO_HUAWEI: "none", CONFIG_FILE: "casebridge.yaml" } });
  await writeFile(join(harness.folder, "casebridge.yaml"), "connections:\n  - commands: { role: Administrators }\n");
  const { waitUntil } = harness;
  const view = makeView(harness);
  harness.jira.setSettings({ botReadsRoleMembers: true });
  harness.spawnWorker();
  const id = await startCases(harness, { byName: 1, byGroup: 1, outside: 1, rate: 3 });

  view.say(id("byName"), "/close", { author: "Ada Byron" });
  view.say(id("byGroup"), "/close", { author: "Grace Park" });
  view.say(id("outside"), "/close", { author: "李明" });
  view.say(id("rate"), "/rate 5 this stays here", { author: "Ada Byron" });
  view.say(id("rate"), "so does this", { author: "Ada Byron" });
  view.say(id("outside"), "/case and this", { author: "Ada Byron" });
  await waitUntil(
    () =>
      view.replies(id("byName"), "Done") === 1 &&
      view.replies(id("byGroup"), "Done") === 1 &&
      view.replies(id("outside"), "Not permitted: /close") === 1 &&
      view.replies(id("outside"), "Not done: /case. Comments do not leave Jira here") === 1 &&
      view.replies(id("rate"), "Done: the rating") === 1,
    "each is answered",
  );
  await waitUntil(() => harness?.settled() ?? false, "both sides agree");

  expect(["byName", "byGroup", "outside"].map((name) => view.caseOf(id(name))?.status)).toEqual([3, 3, 1]);
  expect(view.caseOf(id("rate"))?.judgement).toMatch(/^\[OPS-\d+#\d+\]$/);
  expect(view.caseOf(id("rate"))?.messages.filter((message) => message.via === "api" && !message.isFirst)).toEqual([]);
});

test("/case is a command as well: only the role sends with it, and the author may be told by role", {
  timeout: 120_000,
}, async () => {
  harness = await startHarness({ env: { COMMENTS_TO_HUAWEI: "command", CONFIG_FILE: "casebridge.yaml" } });
  await writeFile(
    join(harness.folder, "casebridge.yaml"),
    "connections:\n  - { commands: { role: Administrators }, comments: { authorName: role } }\n",
  );
  const view = makeView(harness);
  harness.jira.setSettings({ botReadsRoleMembers: true });
  harness.spawnWorker();
  const id = await startCases(harness, { one: 1 });

  view.say(id("one"), "/case from outside", { author: "李明" });
  view.say(id("one"), "/case from within", { author: "Ada Byron" });
  await harness.waitUntil(
    () => view.replies(id("one"), "Not permitted: /case") === 1 && view.replies(id("one"), "Done: the text") === 1,
    "both are answered",
  );
  await harness.converge();

  const sent = view.caseOf(id("one"))?.messages.filter((message) => message.via === "api" && !message.isFirst) ?? [];
  expect(sent.map((message) => message.content)).toEqual([
    expect.stringMatching(/^\[OPS-\d+#\d+\] Customer \/ 客户:\s+from within$/),
  ]);
});

test("an urge whose answer is lost is not repeated, and is called done only where a log tells", {
  timeout: 120_000,
}, async () => {
  harness = await startHarness({ env: { HUAWEI_API_VERSION: "v1.0" } });
  const { huawei, waitUntil } = harness;
  const view = makeView(harness);
  harness.spawnWorker();
  const id = await startCases(harness, { lost: 1 });

  huawei.addFault({ operation: "V1Action", kind: "504_after", times: 1 });
  view.say(id("lost"), "/urge");
  await waitUntil(() => view.replies(id("lost"), "Perhaps done: the answer to /urge was lost") === 1, "it is answered");
  await harness.converge();

  expect(view.logs(id("lost"), urged)).toHaveLength(1);
  expect(view.replies(id("lost"), "Done: Huawei Cloud was urged")).toBe(0);
});

test("/status tells how the pair stands, /resync compares it afresh; neither needs a role nor reaches Huawei", {
  timeout: 120_000,
}, async () => {
  harness = await startHarness({ env: { COMMENTS_TO_HUAWEI: "none", CHECK_CRON: "0 0 1 1 *" } });
  const { huawei, jira, waitUntil } = harness;
  const view = makeView(harness);
  harness.spawnWorker();
  const id = await startCases(harness, { one: 1 });
  const { messageId } = huawei.addMessage({ caseId: id("one"), author: "engineer", content: "Look here" });
  await waitUntil(() => view.replies(id("one"), "Look here") === 1, "the message is mirrored");
  await harness.converge();
  const [copy] = view.issueOf(id("one"))?.comments.filter(({ bodyText }) => bodyText.includes("Look here")) ?? [];
  const before = view.caseOf(id("one"))?.messages.length;

  const asked = view.say(id("one"), "/status", { author: "李明", restricted: true });
  await waitUntil(() => view.replies(id("one"), `Service ticket ${id("one")} (processing)`) === 1, "it is answered");
  expect(view.replies(id("one"), "Nothing waits.")).toBe(1);
  // Somebody removes our copy: nothing tells casebridge but a look at both sides.
  jira.deleteComment({ commentId: copy?.id ?? "" });
  await harness.waitForRounds(2);
  expect(view.replies(id("one"), "Look here")).toBe(0);
  view.say(id("one"), "/resync", { author: "李明" });
  await waitUntil(() => view.replies(id("one"), "compared afresh") === 1, "it is answered");
  await waitUntil(() => view.replies(id("one"), "Look here") === 1, `${messageId} is there again`);
  // Edits ask nothing anew.
  jira.editComment({ commentId: asked, text: "/status now" });
  await harness.converge();

  expect(view.replies(id("one"), "(processing)")).toBe(1);
  expect(view.caseOf(id("one"))?.messages).toHaveLength(before ?? -1);
});

test("while casebridge-ignore stands on the issue nothing is mirrored in either direction, and nothing is lost", {
  timeout: 120_000,
}, async () => {
  harness = await startHarness({ env: { CHECK_CRON: "*/2 * * * * *" } });
  const { huawei, jira, waitUntil } = harness;
  const view = makeView(harness);
  harness.spawnWorker();
  const id = await startCases(harness, { one: 1 });
  const issue = view.issueOf(id("one"))?.key ?? "";
  jira.addLabel({ issue, label: "casebridge-ignore" });
  await harness.waitForRounds(3);

  huawei.addMessage({ caseId: id("one"), author: "engineer", content: "From the vendor" });
  huawei.setStatus({ caseId: id("one"), status: 2 });
  jira.addAttachment({ issue, name: "own.log", text: "line" });
  view.say(id("one"), "From a person: own.log");
  view.say(id("one"), "/close");
  await harness.waitForRounds(4);
  expect(view.replies(id("one"), "From the vendor")).toBe(0);
  expect(view.replies(id("one"), "waits for us")).toBe(0);
  const reached = () => JSON.stringify(huawei.getState());
  expect([reached().includes("From a person"), reached().includes("own.log")]).toEqual([false, false]);
  expect(view.logs(id("one"), closed)).toHaveLength(0);
  expect((await harness.runCli(["verify", "--all"])).code).toBe(0);

  jira.removeLabel({ issue, label: "casebridge-ignore" });
  await waitUntil(() => view.replies(id("one"), "From the vendor") === 1, "the message comes");
  await waitUntil(() => reached().includes("From a person") && reached().includes("own.log"), "the comment goes");
  await waitUntil(() => view.logs(id("one"), closed).length === 1, "the command is carried out");
  await harness.converge();
  expect(view.replies(id("one"), "waits for us")).toBe(1);
});
