import { describe, expect, test } from "vitest";
import { type ErrorKind, ServiceError, type Side } from "../../domain/service-error.ts";
import { Secret } from "../../lib/secret.ts";
import type { HuaweiCapability } from "../../sync/ports.ts";
import { renderBlocks } from "../cli/output.ts";
import {
  configurationReport,
  type DoctorConnection,
  type DoctorInput,
  type DoctorSettings,
  doctorResult,
  runDoctor,
} from "./doctor.ts";
import type { DoctorHuaweiPort } from "./huawei.ts";
import type { DoctorJiraPort } from "./jira.ts";
import { wrong } from "./sheet.ts";
import { doctorTexts, verbatim } from "./texts/texts.ts";

const now = new Date("2026-03-10T12:00:00Z");

const settings: DoctorSettings = {
  name: "ops",
  languages: ["en"],
  huawei: {
    endpoint: "https://osm.test",
    apiVersion: "v2",
    consoleCaseUrl: null,
    timeZone: "GMT+8",
    messageCharsMax: 1200,
    groupIds: [],
    projectId: null,
    requestsPerSecond: 2,
    credentials: { kind: "aksk", ak: new Secret("ak"), sk: new Secret("sk"), securityToken: null, domainId: null },
  },
  jira: {
    host: "https://example.atlassian.net",
    projectKey: "OPS",
    issueType: "Task",
    email: "bot@example.com",
    requestsPerSecond: 20,
    webhookSecret: null,
  },
  issue: { type: { value: "Task" }, requestType: null, assignee: null, fields: {} },
  cases: { createdAfter: null, statuses: null, labels: [], excludeLabels: [], submitters: [] },
  status: {
    toJira: {
      0: { category: "new" },
      1: { category: "indeterminate" },
      2: { statusId: "3" },
      3: { category: "done" },
    },
    via: { done: ["3"] },
    closeOnDone: "confirm",
  },
  priority: { "1": "High" },
  attachments: { toHuawei: "referenced" },
  comments: {
    toHuawei: "all",
    toHuaweiChosen: true,
    holdSeconds: 10,
    authorName: "name",
    allowSecurityLevels: [],
    allowAppAccounts: [],
  },
  create: {
    jql: "labels = huawei-case",
    defaults: { subTypeId: "s1", productId: "p1", problemTypeId: "t1", regionId: "r1", severityId: "v1", extends: {} },
    fields: { subTypeId: null, productId: null, problemTypeId: null, regionId: null, severityId: null, extends: {} },
    template: null,
    templateField: null,
  },
  commands: { role: null },
  guard: { mode: "mask", patterns: [], kinds: [] },
  settle: { caseSeconds: 600, messageSeconds: 120, searchSeconds: 300, listSeconds: 30 },
};

const allCapabilities = Object.keys(doctorTexts.en.huawei.lacks) as HuaweiCapability[];
const huawei: DoctorHuaweiPort = {
  capabilities: new Set(allCapabilities),
  checkCredentials: async () => {},
  serverTime: async () => now,
  credentialsEnd: async () => null,
  listRegions: async () => [{ id: "r1", name: "CN North" }],
  listCategories: async () => [{ id: "s1", name: "ECS", products: [{ id: "p1", name: "ECS" }] }],
  listProblemTypes: async () => [{ id: "t1", name: "Fault", caseType: "5" }],
  listTemplates: async () => [{ id: "tp1", name: "Fault" }],
  getProjectIds: async () => [{ id: "pr1", name: "cn-north-4" }],
  listCases: async () => [],
  listSeverities: async () => ({ shown: true, severities: [{ id: "v1", name: "High" }] }),
  listExtraParameters: async () => [],
  listLabels: async () => [{ id: "l1", name: "prod" }],
  listQuotas: async () => ({ total: 10, unused: 4 }),
  getAgreementSigned: async () => true,
  listPrivileges: async () => ({ createCase: true }),
  getFileLimits: async () => ({ countMax: 5, sizeMaxBytes: 10 * 1024 * 1024, extensions: ["png"] }),
};

const allMoves = [
  {
    transitionId: "11",
    name: "To Do",
    toStatusId: "1",
    toStatusName: "To Do",
    toCategory: "new" as const,
    requiredFields: [],
  },
  {
    transitionId: "21",
    name: "Start",
    toStatusId: "3",
    toStatusName: "In Progress",
    toCategory: "indeterminate" as const,
    requiredFields: [],
  },
  {
    transitionId: "31",
    name: "Done",
    toStatusId: "5",
    toStatusName: "Done",
    toCategory: "done" as const,
    requiredFields: [],
  },
];

const plain = { allowed: [], type: "string", items: null };

const serviceProject = { key: "OPS", projectTypeKey: "service_desk", isTeamManaged: false, roles: [] };
const requestTypeOf = (value: string): Partial<DoctorSettings> => ({
  issue: { type: { value: "Task" }, requestType: { value }, assignee: null, fields: {} },
});

const jira: DoctorJiraPort = {
  getMyself: async () => ({ accountId: "a1", accountType: "atlassian", emailAddress: "bot@example.com" }),
  getPermissions: async (keys) => Object.fromEntries(keys.map((key) => [key, true])),
  getProject: async () => ({
    key: "OPS",
    projectTypeKey: "software",
    isTeamManaged: false,
    roles: [{ id: "1", name: "Developers" }],
  }),
  findVisibility: async () => ({ levels: "none", shown: { security: true, issuerestriction: false } }),
  listProjects: async () => [{ key: "OPS", name: "Operations" }],
  listIssueTypes: async () => [{ id: "10001", name: "Task", isSubtask: false }],
  findIssueType: async () => ({ id: "10001", name: "Task", isSubtask: false }),
  listCreateFields: async () => [
    { fieldId: "summary", name: "Summary", required: true, hasDefault: false, ...plain },
    { fieldId: "description", name: "Description", required: false, hasDefault: false, ...plain },
    { fieldId: "labels", name: "Labels", required: false, hasDefault: false, ...plain },
    { fieldId: "priority", name: "Priority", required: false, hasDefault: true, ...plain },
    { fieldId: "reporter", name: "Reporter", required: true, hasDefault: true, ...plain },
    { fieldId: "customfield_9", name: "Free", required: false, hasDefault: false, ...plain },
  ],
  listEditFields: async () => null,
  findAssignable: async (idOrEmail) => idOrEmail,
  listRequestTypes: async () => [{ id: "25", name: "Ask a question", issueTypeId: "10001" }],
  listFields: async () => [{ id: "customfield_9", name: "Free" }],
  findUser: async () => ({ accountType: "app" }),
  listMoves: async (ids) => ids.map((statusId) => ({ statusId, issueKey: "OPS-1", transitions: allMoves })),
  listStatuses: async () => [
    { id: "1", name: "To Do", category: "new" },
    { id: "3", name: "In Progress", category: "indeterminate" },
    { id: "5", name: "Done", category: "done" },
  ],
  listPriorities: async () => [{ id: "2", name: "High" }],
  serverTime: async () => now,
  countIssues: async () => 0,
  getFileSizeMax: async () => 20 * 1024 * 1024,
  findRoleMembers: async () => ["me"],
};

type Change = {
  settings?: Partial<DoctorSettings>;
  huawei?: Partial<DoctorHuaweiPort>;
  jira?: Partial<DoctorJiraPort>;
  input?: Partial<DoctorInput>;
};

function connectionOf(change: Change): DoctorConnection {
  return {
    settings: { ...settings, ...change.settings },
    huawei: { ...huawei, ...change.huawei },
    jira: { ...jira, ...change.jira },
  };
}

async function examine(change: Change = {}) {
  const report = await runDoctor({
    connections: [connectionOf(change)],
    http: { host: "127.0.0.1", port: 8080, hasSignIn: false, webhookPort: null },
    probes: [],
    now: () => now,
    ...change.input,
  });
  const find = (name: string) => report.checks.find((check) => check.name === name);
  return { ...report, find, notOk: report.checks.filter((check) => check.ok !== true).map((check) => check.name) };
}

function fail(side: Side, kind: ErrorKind): () => Promise<never> {
  return () =>
    Promise.reject(
      new ServiceError({
        side,
        kind,
        operation: "op",
        status: null,
        code: null,
        requestId: null,
        retryAfterMs: null,
        outcomeUnknown: false,
        detail: "why",
      }),
    );
}

test("where everything is right, all checks are ok and the code is 0", async () => {
  const { checks, exitCode, notOk } = await examine();

  expect(notOk).toEqual([]);
  expect(exitCode).toBe(0);
  expect(checks.length).toBeGreaterThan(30);
});

const statusOf = (toJira: DoctorSettings["status"]["toJira"], via: DoctorSettings["status"]["via"] = {}): Change => ({
  settings: { status: { toJira, via, closeOnDone: "confirm" } },
});

test.each<[string, Change, string, RegExp]>([
  ["a project that is not there", { jira: { getProject: fail("jira", "not_found") } }, "Jira project", /not_found/],
  [
    "an issue type that is not there",
    { jira: { findIssueType: async () => null } },
    "Jira issue type",
    /no issue type Task/,
  ],
  [
    "a required field that nobody fills",
    {
      jira: {
        listCreateFields: async () => [
          { fieldId: "customfield_1", name: "Team", required: true, hasDefault: false, ...plain },
        ],
      },
    },
    "Jira required fields",
    /Team \(customfield_1\)/,
  ],
  [
    "a field of casebridge's own by its name in the account's language",
    {
      settings: {
        issue: {
          type: { value: "Task" },
          requestType: null,
          assignee: null,
          fields: { Zusammenfassung: { value: "x" } },
        },
      },
      jira: {
        listCreateFields: async () => [
          { fieldId: "summary", name: "Zusammenfassung", required: true, hasDefault: false, ...plain },
        ],
      },
    },
    "Jira required fields",
    /names Zusammenfassung \(summary\), which casebridge fills itself/,
  ],
  [
    "a missing permission",
    {
      jira: {
        getPermissions: async (keys) => Object.fromEntries(keys.map((key) => [key, key !== "TRANSITION_ISSUES"])),
      },
    },
    "Jira permissions",
    /missing: TRANSITION_ISSUES/,
  ],
  [
    "a target status that the workflow lacks",
    statusOf({ 0: { statusId: "99" } }),
    "status map",
    /case status 0 .*no status 99/,
  ],
  [
    "a category that the workflow lacks",
    { jira: { listStatuses: async () => [{ id: "5", name: "Done", category: "done" }] } },
    "status map",
    /no status of category new/,
  ],
  [
    "a via for a status that the workflow lacks",
    statusOf({ 0: { category: "new" } }, { "77": ["1"] }),
    "status map",
    /via 77/,
  ],
  [
    "a via step that the workflow lacks",
    statusOf({ 0: { category: "new" } }, { done: ["88"] }),
    "status map",
    /no status 88/,
  ],
  [
    "a closed case led to an open status by id",
    statusOf({ 3: { statusId: "3" } }),
    "status oscillation",
    /closed \(status 3\) leads to In Progress \(3\), which is indeterminate/,
  ],
  [
    "an open case led to done by id",
    statusOf({ 1: { statusId: "5" } }),
    "status oscillation",
    /open \(status 1\) leads to Done/,
  ],
  ["an open case led to done by category", statusOf({ 17: { category: "done" } }), "status oscillation", /status 17/],
  ["an unknown number led to done", statusOf({ 42: { category: "done" } }), "status oscillation", /status 42/],
  ["a priority that is not there", { settings: { priority: { a: "Urgent" } } }, "Jira priorities", /Urgent/],
  ["attachments turned off in Jira", { jira: { getFileSizeMax: async () => 0 } }, "Jira file limit", /turned off/],
  ["a broken JQL", { jira: { countIssues: fail("jira", "rejected") } }, "requests from Jira", /rejected/],
  [
    "no choice about comments",
    { settings: { comments: { ...settings.comments, toHuaweiChosen: false } } },
    "comments to Huawei",
    /not set/,
  ],
  [
    "all files of a service project",
    {
      settings: { attachments: { toHuawei: "all" } },
      jira: {
        getProject: async () => ({ key: "OPS", projectTypeKey: "service_desk", isTeamManaged: false, roles: [] }),
      },
    },
    "Jira project",
    /service project/,
  ],
  [
    "a request type that the service project lacks",
    { settings: requestTypeOf("Report a fault"), jira: { getProject: async () => serviceProject } },
    "Jira request type",
    /no request type Report a fault/,
  ],
  [
    "a request type for issues of another type",
    {
      settings: requestTypeOf("25"),
      jira: {
        getProject: async () => serviceProject,
        listRequestTypes: async () => [{ id: "25", name: "Ask a question", issueTypeId: "10099" }],
      },
    },
    "Jira request type",
    /25 Ask a question is for issues of another type/,
  ],
  [
    "a request type without a service project",
    { settings: requestTypeOf("25") },
    "Jira request type",
    /no service project/,
  ],
  [
    "a portal customer as our account",
    { jira: { getMyself: async () => ({ accountId: "a", accountType: "customer", emailAddress: null }) } },
    "Jira credentials",
    /customer/,
  ],
  [
    "our own account as an allowed app",
    { settings: { comments: { ...settings.comments, allowAppAccounts: ["a1"] } } },
    "Jira credentials",
    /allowAppAccounts/,
  ],
  ["an unsigned agreement", { huawei: { getAgreementSigned: async () => false } }, "Huawei agreement", /not signed/],
  [
    "no privilege to submit",
    { huawei: { listPrivileges: async () => ({ createCase: false }) } },
    "Huawei privilege",
    /may not submit/,
  ],
  [
    "look-ups that cannot be read",
    { huawei: { listRegions: fail("huawei", "forbidden") } },
    "Huawei look-ups",
    /forbidden/,
  ],
  [
    "a default that the account does not know",
    { settings: { create: { ...settings.create, defaults: { ...settings.create.defaults, regionId: "moon" } } } },
    "Huawei look-ups",
    /regionId moon/,
  ],
  [
    "a case label that does not exist",
    { settings: { cases: { ...settings.cases, labels: ["prod", "test"] } } },
    "Huawei labels",
    /named test$/,
  ],
  [
    "a time zone without fixed offset",
    { settings: { huawei: { ...settings.huawei, timeZone: "Europe/Paris" } } },
    "Huawei time zone",
    /fixed offset/,
  ],
  [
    "a clock twenty minutes off",
    { huawei: { serverTime: async () => new Date(now.getTime() - 1_200_000) } },
    "Huawei clock",
    /1200 s ahead/,
  ],
  [
    "a page open to others without token",
    { input: { http: { host: "0.0.0.0", port: 8080, hasSignIn: false, webhookPort: null } } },
    "page",
    /without a sign-in/,
  ],
  [
    "a budget with which a look takes longer than ten minutes",
    { settings: { huawei: { ...settings.huawei, requestsPerSecond: 0.01 } } },
    "request budget",
    /takes 1200 s/,
  ],
  [
    "a subtask as issue type",
    { jira: { findIssueType: async () => ({ id: "7", name: "Sub-task", isSubtask: true }) } },
    "Jira issue type",
    /needs a parent/,
  ],
  [
    "a template without a problem type",
    {
      settings: {
        create: {
          ...settings.create,
          template: "tp1",
          defaults: { ...settings.create.defaults, problemTypeId: null },
        },
      },
    },
    "Huawei template",
    /without create.defaults.problemTypeId/,
  ],
  [
    "a probe that says no",
    {
      input: {
        probes: [
          {
            name: "Redis policy",
            remedy: verbatim("Set noeviction."),
            run: async () => ({ ok: false, detail: verbatim("allkeys-lru") }),
          },
        ],
      },
    },
    "Redis policy",
    /allkeys-lru/,
  ],
  [
    "a probe that throws",
    {
      input: {
        probes: [
          {
            name: "database",
            remedy: verbatim("Start PostgreSQL."),
            run: () => Promise.reject(new Error("connect ECONNREFUSED")),
          },
        ],
      },
    },
    "database",
    /ECONNREFUSED/,
  ],
])("%s fails its own check alone, with a remedy, and the code is 3", async (_what, change, name, detail) => {
  const { exitCode, find, checks } = await examine(change);

  expect(find(name)).toMatchObject({
    ok: false,
    detail: expect.stringMatching(detail),
    remedy: expect.stringMatching(/\S/),
  });
  expect(checks.filter((check) => check.ok === false).map((check) => check.name)).toEqual([name]);
  expect(exitCode).toBe(3);
});

test.each<[string, Change, string]>([
  ["a clock 61 s off", { jira: { serverTime: async () => new Date(now.getTime() + 61_000) } }, "Jira clock"],
  [
    "a permission for rare work",
    {
      jira: { getPermissions: async (keys) => Object.fromEntries(keys.map((key) => [key, !key.startsWith("DELETE")])) },
    },
    "Jira permissions",
  ],
  [
    "an app account",
    { jira: { getMyself: async () => ({ accountId: "a", accountType: "app", emailAddress: null }) } },
    "Jira credentials",
  ],
  ["a used-up quota", { huawei: { listQuotas: async () => ({ total: 5, unused: 0 }) } }, "Huawei quota"],
  [
    "a renamed project",
    { jira: { getProject: async () => ({ key: "NEW", projectTypeKey: "software", isTeamManaged: false, roles: [] }) } },
    "Jira project",
  ],
  [
    "a project that shows no levels and does not tell whether there are any",
    {
      jira: {
        findVisibility: async () => ({ levels: "unknown", shown: { security: false, issuerestriction: false } }),
      },
    },
    "Jira restrictions",
  ],
  [
    "a team-managed project that shows no restrictions",
    {
      jira: {
        getProject: async () => ({ key: "OPS", projectTypeKey: "software", isTeamManaged: true, roles: [] }),
        findVisibility: async () => ({ levels: "none", shown: { security: false, issuerestriction: false } }),
      },
    },
    "Jira restrictions",
  ],
  [
    "a way to an open status through done",
    statusOf({ 0: { category: "new" } }, { indeterminate: ["5"] }),
    "status oscillation",
  ],
])("%s is a warning, and the code stays 0", async (_what, change, name) => {
  const { exitCode, notOk, find } = await examine(change);

  expect(notOk).toEqual([name]);
  expect(find(name)?.ok).toBeNull();
  expect(exitCode).toBe(0);
});

test.each<[ErrorKind, RegExp]>([
  ["unavailable", /cannot be reached/],
  ["unauthorized", /refuses the credentials/],
])("a side that is %s is told once, is not asked again, and the code is 4", async (kind, detail) => {
  let asked = 0;
  const count = async () => {
    asked++;
    return { key: "OPS", projectTypeKey: null, isTeamManaged: null, roles: [] };
  };

  const { exitCode, find, checks } = await examine({ jira: { getMyself: fail("jira", kind), getProject: count } });

  expect(find("Jira credentials")).toMatchObject({ ok: false, detail: expect.stringMatching(detail) });
  expect(find("Jira project")).toMatchObject({ ok: null, detail: expect.stringContaining("not checked") });
  expect(checks.filter((check) => check.ok === false)).toHaveLength(1);
  expect(find("Huawei credentials")?.ok).toBe(true);
  expect(asked).toBe(0);
  expect(exitCode).toBe(4);
});

test.each<[string, Change, readonly HuaweiCapability[], string | null]>([
  [
    "the historical API",
    { settings: { huawei: { ...settings.huawei, apiVersion: "v1.0" } } },
    allCapabilities.filter((capability) => capability !== "severity_and_extends"),
    "Set HUAWEI_API_VERSION=v2, unless the account has only the historical API.",
  ],
  [
    "cases of a user group",
    { settings: { huawei: { ...settings.huawei, groupIds: ["g1"] } } },
    ["withdraw", "related_cases"],
    null,
  ],
])("with %s doctor says what the mirror lacks", async (_what, change, lacking, remedy) => {
  const capabilities = new Set(allCapabilities.filter((capability) => !lacking.includes(capability)));

  const { exitCode, notOk, find } = await examine({ ...change, huawei: { capabilities } });

  expect(notOk).toEqual(["Huawei API"]);
  const finding = find("Huawei API");
  expect(finding).toMatchObject({ ok: null, remedy });
  for (const capability of allCapabilities)
    expect({ capability, told: finding?.detail.includes(doctorTexts.en.huawei.lacks[capability]) }).toEqual({
      capability,
      told: lacking.includes(capability),
    });
  expect(exitCode).toBe(0);
});

test("local settings are checked even where a side does not answer", async () => {
  const { find } = await examine({
    jira: { serverTime: fail("jira", "unavailable") },
    huawei: { serverTime: fail("huawei", "unavailable") },
    settings: {
      comments: { ...settings.comments, toHuaweiChosen: false },
      huawei: { ...settings.huawei, timeZone: "Mars" },
    },
  });

  expect(find("comments to Huawei")?.ok).toBe(false);
  expect(find("Huawei time zone")?.ok).toBe(false);
});

test.each<[string, Change, string]>([
  ["what kind of project it is", {}, "OPS (software project, company-managed)"],
  [
    "a team-managed service project",
    {
      jira: {
        getProject: async () => ({ key: "OPS", projectTypeKey: "service_desk", isTeamManaged: true, roles: [] }),
      },
    },
    "OPS (service project, team-managed)",
  ],
])("the Jira project says %s", async (_what, change, detail) => {
  const { find } = await examine(change);

  expect(find("Jira project")?.detail).toBe(detail);
  expect(find("Jira restrictions")?.detail).toMatch(/^no security levels; issuerestriction not shown/);
});

test("what an unexpected error quotes stays out of the report", async () => {
  const { find } = await examine({
    huawei: { listRegions: () => Promise.reject(new Error("boom redis://u:hunter2@h/")) },
  });

  expect(find("Huawei look-ups")?.detail).not.toContain("hunter2");
});

test("the report of several connections is one table, with what to mend below", async () => {
  const told: string[] = [];
  const report = await runDoctor({
    connections: [
      connectionOf({}),
      connectionOf({
        settings: {
          name: "dev",
          priority: { a: "Urgent" },
          jira: { ...settings.jira, projectKey: "DEV" },
          huawei: { ...settings.huawei, groupIds: ["g2"] },
        },
        jira: { getProject: async () => ({ key: "DEV", projectTypeKey: "software", isTeamManaged: false, roles: [] }) },
      }),
    ],
    http: { host: "127.0.0.1", port: 0, hasSignIn: false, webhookPort: null },
    probes: [],
    now: () => now,
    onCheck: (check) => void told.push(check.name),
  });

  const { exitCode, human, json } = doctorResult(report);
  const text = renderBlocks(human, { tables: false, colours: false, columns: null });

  expect(exitCode).toBe(3);
  expect(told).toHaveLength(report.checks.length);
  expect(text).toMatch(/^dev +FAILED +Jira priorities +no priority named Urgent$/m);
  expect(text).toContain("To mend:\n- dev: Jira priorities: Correct priority");
  expect(text).toMatch(/checks: 1 failed, 0 warnings\.\n$/);
  expect(json).toMatchObject({ ok: false });
});

test("the report in Chinese keeps the names of checks, the words for their states and what the machine reads", async () => {
  const broken = { host: "0.0.0.0", port: 8080, hasSignIn: false, webhookPort: null };
  const report = await examine({ input: { http: broken } });
  const [english, chinese] = (["en", "zh"] as const).map((language) => doctorResult(report, language));
  const text = renderBlocks(chinese?.human ?? [], { tables: false, colours: false, columns: null });

  expect(text).toMatch(/FAILED +page +外部无需登录即可访问 0\.0\.0\.0:8080$/m);
  expect(text).toContain("待处理：\n- page：设置 ADMIN_TOKEN，或将 HTTP_HOST 设为 127.0.0.1。");
  expect(text).toMatch(/ok +Huawei credentials +以访问密钥通过认证$/m);
  expect(chinese?.json).toEqual(english?.json);
});

test("what a service refuses is told in Chinese where its adapter knows the words", async () => {
  const refusal = new ServiceError({
    ...{ side: "huawei", kind: "forbidden", operation: "listPrivileges", status: 403, code: "OSM.0002" },
    ...{ requestId: null, retryAfterMs: null, outcomeUnknown: false },
    ...{
      detail: "No rights",
      remedy: "Give the user the role.",
      zh: { detail: "没有权限", remedy: "为用户授予角色。" },
    },
  });

  const { find } = await examine({ huawei: { listPrivileges: () => Promise.reject(refusal) } });

  expect(find("Huawei privilege")).toMatchObject({
    detail: "huawei listPrivileges: forbidden (403) OSM.0002: No rights",
    remedy: "Give the user the role.",
    zh: { detail: "huawei listPrivileges: forbidden (403) OSM.0002: 没有权限", remedy: "为用户授予角色。" },
  });
});

describe("several connections", () => {
  const other = (change: Partial<DoctorSettings>): DoctorConnection =>
    connectionOf({ settings: { name: "dev", ...change } });

  test.each<[string, Partial<DoctorSettings>, boolean | null, RegExp]>([
    [
      "one account with two budgets",
      {
        huawei: { ...settings.huawei, groupIds: ["g"], requestsPerSecond: 5 },
        jira: { ...settings.jira, projectKey: "DEV" },
      },
      false,
      /ops and dev share one Huawei account with different requestsPerSecond/,
    ],
    [
      "one project whose issues both would take",
      { huawei: { ...settings.huawei, endpoint: "https://other.test" } },
      false,
      /would both make cases from the same issues of OPS/,
    ],
    [
      "the same cases twice",
      { jira: { ...settings.jira, projectKey: "DEV" } },
      null,
      /see the same cases: ops, the first in the file, owns them/,
    ],
  ])("%s is found", async (_what, change, ok, detail) => {
    const { find } = await examine({ input: { connections: [connectionOf({}), other(change)] } });

    expect(find("connections")).toMatchObject({
      ok,
      detail: expect.stringMatching(detail),
      remedy: expect.any(String),
    });
  });
});

test("a client that cannot be made of its settings is a finding, and the other side is still looked at", async () => {
  const told = { detail: "API version v9 has no dialect", remedy: "Set HUAWEI_API_VERSION=v2." };
  const broken = wrong(verbatim(told.detail), verbatim(told.remedy));

  const { find, exitCode } = await examine({
    input: { connections: [{ ...connectionOf({}), huawei: broken }] },
  });

  expect(find("Huawei client")).toMatchObject({ ok: false, ...told });
  expect(find("Jira credentials")?.ok).toBe(true);
  expect(exitCode).toBe(3);
});

test("a configuration that cannot be used is reported line by line, with code 2", () => {
  const report = configurationReport([
    {
      file: "casebridge.yaml",
      line: 3,
      column: 7,
      variable: null,
      path: "connections[0].jira.projectKye",
      message: "is not a key that casebridge knows",
      remedy: "Did you mean projectKey?",
    },
  ]);

  expect(report.exitCode).toBe(2);
  expect(report.checks).toMatchObject([
    {
      connection: null,
      name: "configuration",
      ok: false,
      detail: "casebridge.yaml:3:7 connections[0].jira.projectKye is not a key that casebridge knows",
      remedy: "Did you mean projectKey?",
    },
  ]);
});

describe("screens that lack fields", () => {
  const onCreate = [
    { fieldId: "summary", name: "Summary", required: true, hasDefault: false, ...plain },
    { fieldId: "priority", name: "Priority", required: false, hasDefault: true, ...plain },
  ];
  const others = ["description", "labels", "customfield_9"].map((fieldId) => ({
    fieldId,
    name: fieldId === "customfield_9" ? "Free" : fieldId,
    required: false,
    hasDefault: false,
    ...plain,
  }));
  const withFree: Partial<DoctorSettings> = {
    issue: { type: { value: "Task" }, requestType: null, assignee: null, fields: { free: { value: "x" } } },
  };

  test.each<[string, DoctorJiraPort["listEditFields"], boolean | null, RegExp]>([
    [
      "are right where the edit screen has them",
      async () => [...onCreate, ...others],
      true,
      /set by an edit afterwards: description, labels, Free \(customfield_9\)$/,
    ],
    [
      "are a warning while no issue shows the edit screen",
      async () => null,
      null,
      /Free .* is not on the create screen/,
    ],
    [
      "are wrong where no screen has labels",
      async () => [...onCreate, ...others.filter(({ fieldId }) => fieldId !== "labels")],
      false,
      /neither on the create screen nor on the edit screen: labels/,
    ],
    [
      "are wrong where no screen has a field that the configuration names",
      async () => [...onCreate, ...others.filter(({ fieldId }) => fieldId !== "customfield_9")],
      false,
      /no field free, nor has the edit screen/,
    ],
    [
      "are a warning where only the description has no place",
      async () => [...onCreate, ...others.filter(({ fieldId }) => fieldId !== "description")],
      null,
      /edit screen: description$/,
    ],
  ])("%s", async (_what, listEditFields, ok, detail) => {
    const { find } = await examine({
      settings: withFree,
      jira: { listCreateFields: async () => onCreate, listEditFields },
    });

    const found = find("Jira required fields");
    expect(found?.ok).toBe(ok);
    expect(found?.detail).toMatch(detail);
    expect(found?.remedy === null).toBe(ok === true);
  });

  test("nobody looks at the edit screen where the create screen has all", async () => {
    const { find } = await examine({ jira: { listEditFields: () => Promise.reject(new Error("asked")) } });

    expect(find("Jira required fields")?.ok).toBe(true);
  });
});
