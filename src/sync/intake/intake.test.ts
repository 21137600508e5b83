import { describe, expect, it } from "vitest";
import type { CaseSummary } from "../../domain/case.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import { isWantedCase, listNewCases } from "./intake.ts";

const firstRound = new Date("2026-05-04T12:00:00Z");
const minutesBefore = (minutes: number): Date => new Date(firstRound.getTime() - minutes * 60_000);

const noInputs = {
  subTypeId: null,
  productId: null,
  problemTypeId: null,
  regionId: null,
  severityId: null,
  extends: {},
};

function makeSettings(cases: Partial<ConnectionSettings["cases"]>): ConnectionSettings {
  return {
    name: "main",
    languages: ["en"],
    huawei: { endpoint: "https://osm", consoleCaseUrl: null, timeZone: "UTC", messageCharsMax: 1200, groupIds: [] },
    jira: { host: "jira", projectKey: "OPS" },
    issue: { type: { value: "Task" }, requestType: null, assignee: null, fields: {} },
    cases: { createdAfter: null, statuses: null, labels: [], excludeLabels: [], submitters: [], ...cases },
    status: { toJira: {}, via: {}, closeOnDone: "confirm" },
    priority: {},
    comments: { toHuawei: "all", holdSeconds: 0, authorName: "name", allowSecurityLevels: [], allowAppAccounts: [] },
    attachments: { toHuawei: "referenced" },
    create: { jql: "labels = x", defaults: noInputs, fields: noInputs, template: null, templateField: null },
    commands: { role: null },
    guard: { mode: "mask", patterns: [], kinds: [] },
    settle: { caseSeconds: 1, messageSeconds: 1, searchSeconds: 1, listSeconds: 1 },
  };
}

describe("which cases get an issue", () => {
  const bound = minutesBefore(60);

  it.each<{
    name: string;
    cases?: Partial<ConnectionSettings["cases"]>;
    first?: boolean;
    age?: number;
    status?: number;
    labels?: string[];
    submitter?: string;
    wanted: boolean;
  }>([
    { name: "first round, open", first: true, age: 9_999, wanted: true },
    { name: "first round, unknown status", first: true, status: 99, wanted: true },
    { name: "first round, closed", first: true, status: 3, wanted: false },
    { name: "later, new", age: 0, wanted: true },
    { name: "later, opened and closed between two rounds", age: 0, status: 4, wanted: true },
    { name: "later, within the overlap", age: 10, wanted: true },
    { name: "later, older than the overlap", age: 10.1, wanted: false },
    { name: "a bound, at it", cases: { createdAfter: bound }, age: 60, wanted: true },
    { name: "a bound, before it", cases: { createdAfter: bound }, age: 61, wanted: false },
    {
      name: "a bound, closed in the first round",
      cases: { createdAfter: bound },
      first: true,
      status: 3,
      wanted: true,
    },
    { name: "a listed status", cases: { statuses: [1, 2] }, status: 2, wanted: true },
    { name: "another status", cases: { statuses: [1, 2] }, status: 0, wanted: false },
    { name: "no status listed at all", cases: { statuses: [] }, wanted: false },
    { name: "one of the labels", cases: { labels: ["a", "b"] }, labels: ["x", "b"], wanted: true },
    { name: "none of the labels", cases: { labels: ["a", "b"] }, labels: ["x"], wanted: false },
    { name: "no label", cases: { labels: ["a"] }, wanted: false },
    { name: "a label that excludes", cases: { excludeLabels: ["no-jira"] }, labels: ["a", "no-jira"], wanted: false },
    { name: "wanted and excluded", cases: { labels: ["a"], excludeLabels: ["b"] }, labels: ["a", "b"], wanted: false },
    { name: "no label that excludes", cases: { excludeLabels: ["no-jira"] }, labels: ["a"], wanted: true },
    { name: "one of the submitters", cases: { submitters: ["ann", "bob"] }, submitter: "bob", wanted: true },
    { name: "another submitter", cases: { submitters: ["ann"] }, submitter: "bob", wanted: false },
    { name: "no submitter told", cases: { submitters: ["ann"] }, wanted: false },
    { name: "right label, wrong age", cases: { labels: ["a"] }, labels: ["a"], age: 30, wanted: false },
  ])(
    "is decided by age, status, labels and submitter: $name",
    ({ cases, first, age, status, labels, submitter, wanted }) => {
      const entry = {
        createdAt: minutesBefore(age ?? 0),
        status: status ?? 1,
        labels: labels ?? [],
        submitterName: submitter ?? null,
      };

      const result = isWantedCase(entry, makeSettings(cases ?? {}), first === true ? null : firstRound);

      expect(result).toBe(wanted);
    },
  );
});

describe("an import beside an earlier connection through another user group", () => {
  it.each<{ name: string; state?: string; breaker?: string; ran?: boolean; taken: number }>([
    { name: "that looks for cases", taken: 1 },
    { name: "that is stopped", state: "stopped", taken: 0 },
    { name: "that holds too many new cases", breaker: "many_new_cases", taken: 0 },
    { name: "that has not looked yet", ran: false, taken: 0 },
  ])("$name: takes $taken", async ({ state, breaker, ran, taken }) => {
    const entry = { caseId: "c1", createdAt: firstRound, status: 1, labels: [], description: "" };
    const earlier = makeSettings({});
    // Only what the question asks of each port.
    const deps = {
      huawei: {
        serviceClock: { aheadMs: () => 0 },
        walkCases: async (...[, , take]: Parameters<IntakeDeps["huawei"]["walkCases"]>) =>
          take([entry as unknown as CaseSummary]),
      },
      state: {
        getConnection: async (name: string) => ({
          state: name === "first" ? (state ?? "active") : "active",
          firstRoundAt: firstRound,
        }),
        findCursor: async () => null,
        findLinksByCase: async () => [],
        findLinksByIssue: async () => [],
        listCaseOwners: async () => new Map(),
        listBreakers: async () => (breaker === undefined ? [] : [{ reason: breaker, state: "open" }]),
        findRoundStart: async () => (ran === false ? null : minutesBefore(5)),
      },
      clock: { now: () => firstRound },
      settings: makeSettings({}),
      earlier: [{ ...earlier, name: "first", huawei: { ...earlier.huawei, groupIds: ["other"] } }],
    } as unknown as IntakeDeps;

    expect(await listNewCases(deps)).toHaveLength(taken);
  });
});
