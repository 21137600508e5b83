/** Which conditions become alarms: the troubles of the page's report, told apart by what they are about. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startChatServices } from "../../test/support/chat-services.ts";
import { loadConfig } from "../config/load-config.ts";
import { makeTestMessage } from "../observability/notify/message.ts";
import { failedRounds, troublesOf } from "../observability/status-report.ts";
import type { FailureGroup } from "../store/alarms.ts";
import { alarmsOf, makePost } from "./notifications.ts";
import type { ConnectionConditions } from "./status.ts";

const at = new Date("2026-11-30T12:00:00Z");
const minutesAgo = (minutes: number): Date => new Date(at.getTime() - minutes * 60_000);
const round = (name: string, doneAt: Date | null, plannedSeconds: number | null = 15) => ({
  ...{ name, outcome: "done", startedAt: at, endedAt: at, requests: 6, failure: null },
  ...{ doneAt, plannedSeconds },
});
const free = { pausedUntil: null, refusedSince: null, sharedBy: ["main"] };
const well: ConnectionConditions = {
  name: "main",
  state: "active",
  stateReason: null,
  pausedToJira: false,
  pausedToHuawei: false,
  openFailures: 0,
  oldestUnmirroredSeconds: null,
  oldestDueSeconds: null,
  oldestHeldSeconds: null,
  effectivePollSeconds: 15,
  plannedPollSeconds: 15,
  rounds: [round("cases", at), round("issues", at)],
  silences: [],
  budgets: { huawei: 2, jira: 20 },
  budgetStates: { huawei: free, jira: free },
};
const told = (change: Partial<ConnectionConditions>, groups: readonly FailureGroup[] = [], isCatchingUp = false) =>
  alarmsOf({ ...well, ...change }, groups, { at, isCatchingUp })
    .filter(({ isExplained }) => !isExplained)
    .map(({ code, about }) => `${code} ${about}`.trim());

test("a connection that is well has nothing to tell", () => {
  expect(told({})).toEqual([]);
});

test.each<readonly [string, Partial<ConnectionConditions>, readonly string[]]>([
  ["a stop", { state: "stopped", stateReason: "memory_lost" }, ["stopped memory_lost"]],
  [
    "refused credentials of both sides",
    { budgetStates: { huawei: { ...free, refusedSince: minutesAgo(1) }, jira: { ...free, refusedSince: at } } },
    ["refused huawei", "refused jira"],
  ],
  ["a change that is late", { oldestDueSeconds: 901, oldestUnmirroredSeconds: 901 }, ["late"]],
  ["what a pause holds back", { oldestHeldSeconds: 86_400, oldestUnmirroredSeconds: 86_400 }, []],
  ["rounds that fail", { rounds: [round("cases", minutesAgo(16)), round("issues", at)] }, ["missed_rounds"]],
  ["rounds that fail for a while", { rounds: [round("cases", minutesAgo(14)), round("issues", at)] }, []],
  ["rounds that are planned to be rare", { rounds: [round("issues", minutesAgo(100), 3_600)] }, []],
  ["rounds of which nothing is known", { rounds: [round("cases", null), round("rebuild", minutesAgo(99), null)] }, []],
  ["a silence", { silences: [{ direction: "to-jira", since: minutesAgo(600) }] }, ["no_news to-jira"]],
  [
    "a silence of a direction that is paused",
    { pausedToJira: true, silences: [{ direction: "to-jira", since: minutesAgo(600) }] },
    [],
  ],
  [
    "what follows from a stop",
    {
      ...{ state: "stopped", stateReason: "access_changed", oldestDueSeconds: 5_000 },
      ...{ rounds: [round("cases", minutesAgo(60))], silences: [{ direction: "to-jira", since: minutesAgo(600) }] },
    },
    ["stopped access_changed"],
  ],
])("%s", (_what, change, expected) => {
  expect(told(change)).toEqual(expected);
});

test("a worker that has just started calls nothing late", () => {
  const change = { rounds: [round("cases", minutesAgo(600))], oldestDueSeconds: 36_000 };

  expect(told(change, [], true)).toEqual([]);
  expect(told(change)).toEqual(["late", "missed_rounds"]);
});

test("failures are told by reason, each of its own connection", () => {
  const group = { reason: "forbidden", count: 3, since: minutesAgo(9), newestAt: at, items: [], detail: null };
  const groups = [
    { ...group, connectionName: "main" },
    { ...group, connectionName: "other" },
  ];

  expect(alarmsOf(well, groups, { at, isCatchingUp: false })).toEqual([
    expect.objectContaining({
      connectionName: "main",
      code: "failure",
      about: "forbidden",
      count: 3,
      since: minutesAgo(9),
    }),
  ]);
});

test("the page and the notifications agree on what is wrong", () => {
  const report = (change: Partial<ConnectionConditions>) => troublesOf({ ...well, ...change, links: {} }, at);

  expect(report({ rounds: [round("cases", minutesAgo(16))] })).toEqual(["silent"]);
  expect(report({ rounds: [{ ...round("cases", at), failure: { side: "huawei", as: "unauthorized" } }] })).toEqual([]);
  expect(report({ silences: [{ direction: "to-huawei", since: minutesAgo(600) }] })).toEqual(["quiet"]);
});

test.each([
  ["a round that failed once after a good one", "proxy", 2, "unsteady"],
  ["the second in a row", "proxy", 3, "unanswered"],
  ["what does not mend by itself", "forbidden", 0, "unanswered"],
  ["a first round, before any good one", "timeout", null, "unanswered"],
] as const)("%s is told as what it is", (_, as, minutesSinceDone, trouble) => {
  const doneAt = minutesSinceDone === null ? null : minutesAgo(minutesSinceDone);
  const failed = { ...round("cases", at), plannedSeconds: 60, doneAt, failure: { side: "huawei", as } } as const;
  const steady = round("issues", at);

  expect(troublesOf({ ...well, rounds: [steady, failed], links: {} }, at)).toEqual([trouble]);
});

test("a hiccup beside a lasting break changes nothing about it", () => {
  const hiccup = { ...round("issues", at), plannedSeconds: 60, failure: { side: "jira", as: "timeout" } } as const;
  const lasting = { ...round("cases", at), plannedSeconds: 60, failure: { side: "huawei", as: "not_found" } } as const;

  expect(troublesOf({ ...well, rounds: [hiccup, lasting], links: {} }, at)).toEqual(["unanswered"]);
  expect(failedRounds({ rounds: [hiccup, lasting] }, at).map(({ as, mayPass }) => [as, mayPass])).toEqual([
    ["not_found", false],
    ["timeout", true],
  ]);
});

test("an address and a secret in files are read again after an attempt that failed", async ({ onTestFinished }) => {
  const services = await startChatServices({ secret: "SEC-new" });
  const folder = await mkdtemp(join(tmpdir(), "casebridge-notify-"));
  onTestFinished(async () => {
    await services.close();
    await rm(folder, { recursive: true });
  });
  const [urlFile, secretFile] = [join(folder, "url"), join(folder, "secret")];
  await writeFile(urlFile, `${services.url("dingtalk")}-of-yesterday\n`);
  await writeFile(secretFile, "SEC-old\n");
  const env = { NOTIFY_URL_FILE: urlFile, NOTIFY_SECRET_FILE: secretFile, NOTIFY_FORMAT: "dingtalk" };
  const loaded = loadConfig({ env, cwd: folder, purpose: "database" });
  if (!loaded.ok || loaded.config.notify === null) throw new Error("the configuration is wrong");
  const post = makePost(loaded.config, loaded.config.notify);
  const message = makeTestMessage({ languages: ["en"], publicUrl: null, issueUrl: () => null }, at);

  expect(await post(message, 0)).toMatchObject({ isAccepted: false, problem: "http_404" });
  await writeFile(urlFile, services.url("dingtalk"));
  expect(await post(message, 1)).toMatchObject({ isAccepted: false, problem: "code_310000" });
  await writeFile(secretFile, "SEC-new");
  expect(await post(message, 2)).toEqual({ isAccepted: true });
  await rm(urlFile);
  expect(await post(message, 0)).toEqual({ isAccepted: true });
  expect(await post(message, 1)).toEqual({ isAccepted: true });
});
