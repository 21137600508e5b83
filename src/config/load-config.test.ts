import { describe, expect, test } from "vitest";
import type { ConnectionSettings } from "../domain/settings.ts";
import { guardText } from "../domain/text/guard.ts";
import type { ConfigPurpose, ConnectionConfig } from "./config.ts";
import { formatConfigErrors, loadConfig } from "./load-config.ts";

const cwd = "/srv/casebridge";
const secrets = {
  HUAWEICLOUD_SDK_AK: "AKIDEXAMPLE",
  HUAWEICLOUD_SDK_SK: "sk-5d2f!value",
  JIRA_API_TOKEN: "token-9c1e!value",
};
const longText = "correct-horse-battery-staple";
const agencyEnv = { HUAWEI_AGENCY_DOMAIN_NAME: "customer", HUAWEI_AGENCY_NAME: "tickets" };
const complete = {
  ...secrets,
  JIRA_HOST: "https://example.atlassian.net/",
  JIRA_EMAIL: "bot@example.com",
  JIRA_PROJECT_KEY: "ops",
  COMMENTS_TO_HUAWEI: "command",
};

type Given = {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly purpose?: ConfigPurpose;
  readonly isolated?: boolean;
};

function load({ env = complete, files = {}, purpose = "worker", isolated = false }: Given) {
  function readFile(path: string): string {
    const text = files[path.replace(`${cwd}/`, "")];
    if (text === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    if (text === "EACCES") throw Object.assign(new Error("denied"), { code: "EACCES" });
    return text;
  }
  return loadConfig({ env, cwd, purpose, readFile, isolated });
}

function getConfig(given: Given) {
  const result = load(given);
  if (!result.ok) throw new Error(formatConfigErrors(result.errors));
  return result.config;
}

function getConnection(given: Given, index = 0): ConnectionConfig {
  const connection = getConfig(given).connections[index];
  if (connection === undefined) throw new Error("no such connection");
  return connection;
}

/** Of a key pair, else `null`. */
function accessKeyOf(credentials: ConnectionConfig["huawei"]["credentials"]): string | null {
  return credentials.kind === "aksk" ? credentials.ak.reveal() : null;
}

function getErrors(given: Given) {
  const result = load(given);
  return result.ok ? [] : result.errors;
}

function yaml(text: string) {
  return { "casebridge.yaml": text };
}

test("defaults stand in for everything that is not set", () => {
  const config = getConfig({});

  expect(JSON.parse(JSON.stringify(config))).toEqual({
    databaseUrl: null,
    notify: null,
    redisUrl: null,
    dataKey: null,
    authorities: [],
    secretFiles: [],
    dataDir: "/srv/casebridge/.data",
    http: { host: "127.0.0.1", port: 8080, webhook: null, publicUrl: null, signIn: null },
    workerConcurrency: 8,
    logLevel: "info",
    crons: { cases: "*/15 * * * * *", issues: "*/15 * * * * *", check: "*/5 * * * *" },
    checkMaxAgeHours: 24,
    connections: [
      {
        name: "default",
        languages: ["en"],
        huawei: {
          endpoint: "https://osm.cn-south-1.myhuaweicloud.com",
          iamEndpoint: "https://iam.cn-north-4.myhuaweicloud.com",
          apiVersion: "v2",
          language: "en-us",
          timeZone: "GMT+8",
          site: null,
          groupIds: [],
          consoleCaseUrl: null,
          requestsPerSecond: 2,
          messageCharsMax: 1200,
          projectId: null,
          proxy: null,
          credentials: { kind: "aksk", ak: "[secret]", sk: "[secret]", securityToken: null, domainId: null },
        },
        jira: {
          host: "https://example.atlassian.net",
          email: "bot@example.com",
          apiToken: "[secret]",
          webhookSecret: null,
          projectKey: "OPS",
          issueType: "Task",
          requestsPerSecond: 20,
          proxy: null,
        },
        issue: { type: { value: "Task" }, requestType: null, assignee: null, fields: {}, places: {} },
        cases: { createdAfter: null, statuses: null, labels: [], excludeLabels: [], submitters: [] },
        status: {
          toJira: {
            0: { category: "new" },
            1: { category: "indeterminate" },
            2: { category: "indeterminate" },
            3: { category: "done" },
            4: { category: "done" },
            5: { category: "indeterminate" },
            12: { category: "done" },
            13: { category: "done" },
            17: { category: "indeterminate" },
          },
          via: {},
          closeOnDone: "confirm",
          fields: {},
        },
        priority: {},
        comments: {
          toHuawei: "command",
          toHuaweiChosen: true,
          holdSeconds: 10,
          authorName: "name",
          allowSecurityLevels: [],
          allowAppAccounts: [],
          inServiceProject: "internal",
        },
        attachments: { toHuawei: "referenced" },
        create: {
          jql: 'labels = "huawei-case"',
          defaults: {
            subTypeId: null,
            productId: null,
            problemTypeId: null,
            regionId: null,
            severityId: null,
            extends: {},
          },
          fields: {
            subTypeId: null,
            productId: null,
            problemTypeId: null,
            regionId: null,
            severityId: null,
            extends: {},
          },
          template: null,
          templateField: null,
        },
        guard: { mode: "mask", patterns: [], kinds: [] },
        commands: { role: null },
        settle: { caseSeconds: 600, messageSeconds: 120, searchSeconds: 300, listSeconds: 30 },
      },
    ],
  });
});

test("issue.type goes before jira.issueType, which stands where its rule gives none", () => {
  const typed = (type: string) => {
    const { jira, issue } = getConnection({
      files: yaml(`connections: [{ jira: { issueType: Story }, issue: { type: ${type} } }]`),
    });
    return { usual: jira.issueType, rule: issue.type };
  };
  const rule = { from: "label", map: { a: "Bug" } };

  expect(typed("Bug")).toEqual({ usual: "Bug", rule: { value: "Bug" } });
  expect(typed("{ value: Bug }")).toEqual({ usual: "Bug", rule: { value: "Bug" } });
  expect(typed("{ from: label, map: { a: Bug }, else: Task }")).toEqual({
    usual: "Task",
    rule: { ...rule, otherwise: "Task" },
  });
  expect(typed("{ from: label, map: { a: Bug } }")).toEqual({ usual: "Story", rule: { ...rule, otherwise: "Story" } });
});

test.each([
  ["Impact: { vaule: 1 }", { kind: "unknown_key", line: 5, column: 19, remedy: /Did you mean value/ }],
  ["Impact: { from: prodct, map: { a: 1 } }", { kind: "invalid", line: 5, column: 25, remedy: /product, problemType/ }],
  ["Impact: { from: product }", { kind: "invalid", line: 5, column: 9, remedy: /\{ value: … \}, or/ }],
  ["Impact: { value: 1, from: product, map: { a: 1 } }", { kind: "invalid", line: 5, column: 9, remedy: /, or/ }],
  ["Impact: 7", { kind: "invalid", line: 5, column: 17, remedy: /\{ value: … \}/ }],
  ["Impact: { value: .nan }", { kind: "invalid", line: 5, column: 26, remedy: /a number/ }],
  ["Summary: { value: mine }", { kind: "conflict", line: 5, column: 9, remedy: /Leave it out/ }],
  ["issuetype: { value: { name: Bug } }", { kind: "conflict", line: 5, column: 9, remedy: /issue\.type/ }],
])("the wrong field %s is an error with its place", (text, { remedy, ...error }) => {
  const files = yaml(`connections:\n  - name: a\n    issue:\n      fields:\n        ${text}\n`);
  expect(getErrors({ files })).toEqual([
    expect.objectContaining({ file: "casebridge.yaml", ...error, remedy: expect.stringMatching(remedy) }),
  ]);
});

test("the whole example of the specification is read", () => {
  const text = `connections:
  - name: default
    huawei: { endpoint: https://osm.example.com, iamEndpoint: https://iam.example.com, apiVersion: v2, language: en-us, timeZone: GMT+8, groupId: "", consoleCaseUrl: "", requestsPerSecond: 2,
              ak: { env: HUAWEICLOUD_SDK_AK }, sk: { env: HUAWEICLOUD_SDK_SK }, domainId: "" }
    jira: { host: https://example.atlassian.net, email: bot@example.com, apiToken: { env: JIRA_API_TOKEN }, webhookSecret: { env: JIRA_WEBHOOK_SECRET }, projectKey: OPS, issueType: Task, requestsPerSecond: 20 }
    issue:
      type: { from: problemType, map: { "Fault": Bug }, else: Task }
      assignee: { from: submitter, map: { "zhang.san": "712020:1" } }
      fields:
        customfield_10010: { value: { id: "10020" } }
        components: { from: product, map: { "Elastic Cloud Server": [{ name: ECS }] }, else: [] }
        "Customer impact": { from: severity, map: { "*": "{value}" } }
    cases: { createdAfter: 2026-01-01, statuses: [0, 1, 2, 5, 17], labels: [] }
    status: { toJira: { 0: { category: new }, 2: { statusId: "10012" } }, via: { done: ["3"], "10012": ["3"] }, closeOnDone: confirm,
              fields: { "Done": { resolution: { value: { name: Done } } } } }
    priority: { "<severity id or name>": High }
    comments: { toHuawei: all, holdSeconds: 10, authorName: name }
    attachments: { toHuawei: referenced }
    create: { jql: 'labels = "huawei-case"', defaults: { subTypeId: a, productId: b, problemTypeId: c, regionId: d, severityId: e, extends: {} }, fields: { regionId: customfield_10050 }, template: tp-c }
    guard: { mode: mask, patterns: [{ name: badge number, regex: "B-\\\\d{6}" }] }
    commands: { role: Administrators }
    settle: { caseSeconds: 600, messageSeconds: 120, searchSeconds: 300, listSeconds: 30 }
`;

  const connection = getConnection({ files: yaml(text) });

  expect(connection.cases.createdAfter?.toISOString()).toBe("2026-01-01T00:00:00.000Z");
  expect(connection.status.toJira).toMatchObject({ 2: { statusId: "10012" }, 17: { category: "indeterminate" } });
  expect(connection.status.via).toEqual({ done: ["3"], "10012": ["3"] });
  expect(connection.status.fields).toEqual({ Done: { resolution: { name: "Done" } } });
  expect(connection.create.fields.regionId).toBe("customfield_10050");
  expect(guardText("call B-123456 or B-654321", connection.guard).text).toBe(
    "call [masked: badge number] or [masked: badge number]",
  );
  expect(connection.commands.role).toBe("Administrators");
  // What the flows see of it: every section of the file reaches them.
  const settings: ConnectionSettings = connection;
  expect(settings).toMatchObject({
    issue: {
      type: { from: "problemType", map: { Fault: "Bug" }, otherwise: "Task" },
      assignee: { from: "submitter", map: { "zhang.san": "712020:1" } },
      fields: {
        customfield_10010: { value: { id: "10020" } },
        components: { from: "product", map: { "Elastic Cloud Server": [{ name: "ECS" }] }, otherwise: [] },
        "Customer impact": { from: "severity", map: { "*": "{value}" } },
      },
      places: {
        customfield_10010: "casebridge.yaml:10:9",
        components: "casebridge.yaml:11:9",
        "Customer impact": "casebridge.yaml:12:9",
      },
    },
    priority: { "<severity id or name>": "High" },
    create: {
      jql: 'labels = "huawei-case"',
      defaults: { subTypeId: "a", productId: "b", problemTypeId: "c", regionId: "d", severityId: "e", extends: {} },
      template: "tp-c",
    },
    commands: { role: "Administrators" },
    settle: { caseSeconds: 600, messageSeconds: 120, searchSeconds: 300, listSeconds: 30 },
  });
});

test("the file wins over the process environment, which wins over .env, which wins over the default", () => {
  const env = { ...complete, JIRA_ISSUE_TYPE: "from env", JIRA_REQUESTS_PER_SECOND: "3" };
  const files = {
    "casebridge.yaml": "connections: [{ jira: { issueType: from file } }]",
    ".env": "JIRA_ISSUE_TYPE=x\nJIRA_REQUESTS_PER_SECOND=4\nCOMMENT_HOLD_SECONDS=5 # five\n",
  };

  const connection = getConnection({ env, files });

  expect(connection.jira).toMatchObject({ issueType: "from file", requestsPerSecond: 3 });
  expect(connection.comments.holdSeconds).toBe(5);
});

test("an empty variable counts as unset, and an empty one of the process hides the one in .env", () => {
  const connection = getConnection({
    env: { ...complete, HUAWEI_GROUP_ID: "", JIRA_ISSUE_TYPE: " " },
    files: { ".env": "HUAWEI_GROUP_ID=group-1" },
  });

  expect(connection.huawei.groupIds).toEqual([]);
  expect(connection.jira.issueType).toBe("Task");
});

test("in the file an empty text means none, and a key without a value means left out", () => {
  const env = { ...complete, HUAWEI_GROUP_ID: "group-1", HUAWEICLOUD_SDK_DOMAIN_ID: "domain-1" };

  const connection = getConnection({
    env,
    files: yaml('connections:\n  - huawei:\n      groupId: ""\n      domainId:\n    jira:\n'),
  });

  expect(connection.huawei.groupIds).toEqual([]);
  expect(connection.huawei.credentials).toMatchObject({ domainId: "domain-1" });
});

test("an empty file is a file that leaves everything out", () => {
  expect(getConnection({ files: yaml("# nothing yet\n") }).name).toBe("default");
});

test.each([
  ["HUAWEI_GROUP_ID", { env: { ...complete, HUAWEI_GROUP_ID: "g1, g2" } }],
  ["a text of the file", { env: complete, files: yaml("connections:\n  - huawei: { groupId: 'g1,g2' }\n") }],
  ["a list of the file", { env: complete, files: yaml("connections:\n  - huawei: { groupId: [g1, g2] }\n") }],
])("several user groups come from %s", (_where, given) => {
  expect(getConnection(given).huawei.groupIds).toEqual(["g1", "g2"]);
});

test.each(["g1,,g2", "g1,g1", `${"g".repeat(65)}`, ","])("user groups %j are refused by name", (text) => {
  const errors = getErrors({ env: { ...complete, HUAWEI_GROUP_ID: text } });

  expect(errors.map(({ variable }) => variable)).toEqual(["HUAWEI_GROUP_ID"]);
});

test("several connections keep their order, their own secrets, and share anchors", () => {
  const text = `connections:
  - &base
    name: one
    huawei: &account { ak: { env: AK_ONE }, sk: { env: SK_ONE } }
    jira: { projectKey: ONE }
  - <<: *base
    name: two
    huawei: { <<: *account, groupId: g }
    jira: { projectKey: TWO, apiToken: { env: TOKEN_TWO } }
`;
  const env = {
    ...complete,
    AK_ONE: "ak1",
    SK_ONE: "sk1",
    TOKEN_TWO_FILE: "token",
    HUAWEICLOUD_SDK_SECURITY_TOKEN: "other",
  };

  const { connections } = getConfig({ env, files: { ...yaml(text), token: "t2\r\n" } });

  expect(connections.map(({ name, jira }) => [name, jira.projectKey, jira.apiToken.reveal()])).toEqual([
    ["one", "ONE", secrets.JIRA_API_TOKEN],
    ["two", "TWO", "t2"],
  ]);
  for (const { huawei } of connections) {
    expect(huawei.credentials).toMatchObject({ kind: "aksk", securityToken: null });
    expect(accessKeyOf(huawei.credentials)).toBe("ak1");
  }
});

test("an agency goes with the keys that it is given beside, and the server's keys with nothing", () => {
  const text = (huawei: string) => ({
    env: { ...complete, ...agencyEnv, AK_ONE: "ak1", SK_ONE: "sk1", HUAWEICLOUD_SDK_DOMAIN_ID: "of-env" },
    files: yaml(`connections:\n  - huawei: { ${huawei} }\n`),
  });
  const ofFile = "ak: { env: AK_ONE }, sk: { env: SK_ONE }";
  const credentialsOf = (huawei: string) => getConnection(text(huawei)).huawei.credentials;

  expect(credentialsOf("groupId: g")).toMatchObject({
    kind: "agency",
    domainId: "of-env",
    agency: { domainName: "customer", name: "tickets", externalId: null },
  });
  expect(credentialsOf(ofFile).kind).toBe("aksk");
  expect(credentialsOf(`${ofFile}, agency: { domainName: d, name: n, externalId: ee }, domainId: i`)).toMatchObject({
    kind: "agency",
    domainId: "i",
    agency: { domainName: "d", name: "n", externalId: "ee" },
  });
  expect(credentialsOf("credentials: ecs")).toEqual({ kind: "ecs", domainId: null });
  expect(credentialsOf('credentials: ecs, endpoint: "https://osm.example.com", domainId: i')).toEqual({
    kind: "ecs",
    domainId: "i",
  });
});

test("a login is used when no key is given", () => {
  const { HUAWEICLOUD_SDK_AK: _ak, HUAWEICLOUD_SDK_SK: _sk, ...rest } = complete;
  const login = {
    HUAWEI_IAM_USERNAME: "u",
    HUAWEI_IAM_PASSWORD: "p",
    HUAWEI_IAM_DOMAIN_NAME: "d",
    HUAWEICLOUD_SDK_PROJECT_ID: "pr",
  };

  expect(getConnection({ env: { ...rest, ...login } }).huawei.credentials).toMatchObject({
    kind: "password",
    projectId: "pr",
  });
  expect(getConnection({ env: { ...complete, ...login } }).huawei.credentials.kind).toBe("aksk");
});

test("a secret is read from the file that NAME_FILE names, without the newline at its end", () => {
  const { JIRA_API_TOKEN: _token, ...rest } = complete;

  const connection = getConnection({
    env: { ...rest, JIRA_API_TOKEN_FILE: "run/token" },
    files: { "run/token": " a b \n" },
  });

  expect(connection.jira.apiToken.reveal()).toBe(" a b ");
});

test("NAME_FILE of the process environment replaces NAME of .env", () => {
  const { JIRA_API_TOKEN: _token, ...rest } = complete;
  const files = { ".env": "JIRA_API_TOKEN=old", token: "new" };

  expect(getConnection({ env: { ...rest, JIRA_API_TOKEN_FILE: "token" }, files }).jira.apiToken.reveal()).toBe("new");
});

test("a configuration is frozen down to its leaves, and its patterns still work", () => {
  const text = 'connections: [{ guard: { patterns: [{ name: n, regex: "x+" }] } }]';
  const config = getConfig({ files: yaml(text) });
  const connection = config.connections[0];

  expect(Object.isFrozen(config.connections)).toBe(true);
  expect(Object.isFrozen(connection?.status.toJira[0])).toBe(true);
  expect(guardText("axxb", connection?.guard ?? { mode: "off" }).text).toBe("a[masked: n]b");
});

test.each<[string, Given, Record<string, unknown>]>([
  [
    "no project key",
    { env: { ...complete, JIRA_PROJECT_KEY: "" } },
    { kind: "missing", variable: "JIRA_PROJECT_KEY", path: "connections[0].jira.projectKey" },
  ],
  [
    "no choice for comments",
    { env: { ...complete, COMMENTS_TO_HUAWEI: "" } },
    { kind: "missing", variable: "COMMENTS_TO_HUAWEI", path: "connections[0].comments.toHuawei" },
  ],
  [
    "a key pair without its half",
    { env: { ...complete, HUAWEICLOUD_SDK_SK: "" } },
    { kind: "missing", variable: "HUAWEICLOUD_SDK_SK", path: "connections[0].huawei.sk" },
  ],
  [
    "an agency without its account",
    { env: { ...complete, HUAWEI_AGENCY_NAME: "tickets" } },
    { kind: "missing", variable: "HUAWEI_AGENCY_DOMAIN_NAME", path: "connections[0].huawei.agency.domainName" },
  ],
  [
    "an external id without the id of the agency's account",
    { env: { ...complete, ...agencyEnv, HUAWEI_AGENCY_EXTERNAL_ID: "ticket-4711" } },
    { kind: "missing", variable: "HUAWEICLOUD_SDK_DOMAIN_ID", remedy: expect.stringContaining("My Credentials") },
  ],
  [
    "an agency beside temporary keys",
    { env: { ...complete, ...agencyEnv, HUAWEICLOUD_SDK_SECURITY_TOKEN: "t" } },
    { kind: "conflict", variable: "HUAWEICLOUD_SDK_SECURITY_TOKEN" },
  ],
  [
    "an agency without an access key",
    {
      env: {
        ...complete,
        ...agencyEnv,
        HUAWEICLOUD_SDK_AK: "",
        HUAWEICLOUD_SDK_SK: "",
        HUAWEI_IAM_USERNAME: "u",
        HUAWEI_IAM_PASSWORD: "p",
        HUAWEI_IAM_DOMAIN_NAME: "d",
      },
    },
    { kind: "conflict", variable: "HUAWEI_AGENCY_NAME" },
  ],
  ...(
    [
      ["ecs beside keys", "credentials: ecs, ak: { env: AK_ONE }, sk: { env: SK_ONE }", { kind: "conflict", line: 2 }],
      ["ecs beside a login", "credentials: ecs, username: u, password: { env: SK_ONE }", { kind: "conflict", line: 2 }],
      ["ecs beside an agency", "credentials: ecs, agency: { domainName: d, name: n }", { kind: "conflict", line: 2 }],
      [
        "an agency beside a login",
        "agency: { domainName: d, name: n }, username: u, password: { env: SK_ONE }, domainName: d",
        { kind: "conflict", line: 2, path: "connections[0].huawei.agency" },
      ],
      [
        "an agency beside a security token",
        "ak: { env: AK_ONE }, sk: { env: SK_ONE }, agency: { domainName: d, name: n }, securityToken: { env: SK_ONE }",
        { kind: "conflict", line: 2, path: "connections[0].huawei.agency" },
      ],
      ["half an agency in the file", "agency: { name: n }", { kind: "missing", line: 2, message: "lacks domainName" }],
      [
        "an external id in the file without the account's id",
        "agency: { domainName: d, name: n, externalId: ee }",
        { kind: "missing", line: 2, remedy: expect.stringContaining("huawei.domainId") },
      ],
      ["another word for credentials", "credentials: ec2", { kind: "invalid", line: 2, remedy: /ecs/ }],
      [
        "the environment's agency at an address of the file's",
        'endpoint: "https://osm.example.com", ak: { env: HUAWEICLOUD_SDK_AK }, sk: { env: HUAWEICLOUD_SDK_SK }',
        { kind: "unsafe", line: 2, remedy: expect.stringContaining("agency: {") },
      ],
    ] as const
  ).map(([what, huawei, wanted]): [string, Given, Record<string, unknown>] => [
    what,
    {
      env: { ...complete, AK_ONE: "ak1", SK_ONE: "sk1", ...(what.includes("environment") ? agencyEnv : {}) },
      files: yaml(`connections:\n  - huawei: { ${huawei} }\n`),
    },
    {
      ...wanted,
      ...("remedy" in wanted && wanted.remedy instanceof RegExp
        ? { remedy: expect.stringMatching(wanted.remedy) }
        : {}),
    },
  ]),
  [
    "both spellings of a secret",
    { env: { ...complete, JIRA_API_TOKEN_FILE: "/t" } },
    { kind: "conflict", variable: "JIRA_API_TOKEN" },
  ],
  [
    "an unreadable secret file",
    { env: { ...complete, ADMIN_TOKEN_FILE: "t" }, files: { t: "EACCES" } },
    { kind: "unreadable", variable: "ADMIN_TOKEN_FILE", message: expect.stringContaining("/srv/casebridge/t") },
  ],
  [
    "a secret file that is not there",
    { env: { ...complete, ADMIN_TOKEN_FILE: "/no/t" } },
    { kind: "unreadable", message: expect.stringContaining("/no/t") },
  ],
  [
    "an empty secret file",
    { env: { ...complete, ADMIN_TOKEN_FILE: "t" }, files: { t: "\n" } },
    { kind: "invalid", variable: "ADMIN_TOKEN_FILE" },
  ],
  [
    "a secret of two lines",
    { env: { ...complete, ADMIN_TOKEN: "a\nb" } },
    { kind: "invalid", variable: "ADMIN_TOKEN" },
  ],
  [
    "a wrong word",
    { env: { ...complete, LOG_LEVEL: "loud" } },
    { kind: "invalid", variable: "LOG_LEVEL", message: 'cannot be "loud"' },
  ],
  ["a number out of bounds", { env: { ...complete, HTTP_PORT: "70000" } }, { kind: "invalid", variable: "HTTP_PORT" }],
  [
    "a wrong cron expression",
    { env: { ...complete, CHECK_CRON: "* * *" } },
    { kind: "invalid", variable: "CHECK_CRON" },
  ],
  [
    "plain http to another machine",
    { env: { ...complete, JIRA_HOST: "http://jira.example.com" } },
    { kind: "invalid", variable: "JIRA_HOST" },
  ],
  [
    "an open page without sign-in",
    { env: { ...complete, HTTP_HOST: "0.0.0.0" } },
    { kind: "unsafe", variable: "ADMIN_TOKEN" },
  ],
  [
    "a webhook that leads strangers to the page",
    { env: { ...complete, JIRA_WEBHOOK_SECRET: longText } },
    { kind: "unsafe", variable: "WEBHOOK_PORT" },
  ],
  [
    "a listener of the webhook without a port",
    { env: { ...complete, WEBHOOK_HOST: "0.0.0.0" } },
    { kind: "missing", variable: "WEBHOOK_PORT" },
  ],
  [
    "two listeners on one port",
    { env: { ...complete, WEBHOOK_PORT: "8080" } },
    { kind: "conflict", variable: "WEBHOOK_PORT" },
  ],
  [
    "an admin token that can be guessed",
    { env: { ...complete, ADMIN_TOKEN: "x".repeat(23) } },
    { kind: "invalid", variable: "ADMIN_TOKEN" },
  ],
  [
    "a viewer token that can be guessed",
    { env: { ...complete, VIEWER_TOKEN: "x".repeat(23) } },
    { kind: "invalid", variable: "VIEWER_TOKEN" },
  ],
  [
    "one token for both roles",
    { env: { ...complete, ADMIN_TOKEN: longText, VIEWER_TOKEN: longText } },
    { kind: "conflict", variable: "VIEWER_TOKEN" },
  ],
  [
    "a role for no claim",
    {
      env: {
        ...complete,
        OIDC_ISSUER: "https://login.example.com",
        OIDC_CLIENT_ID: "casebridge",
        OIDC_CLIENT_SECRET: "x",
        PUBLIC_URL: "https://bridge.example.com",
        OIDC_OPERATORS: "operators",
      },
    },
    { kind: "invalid", variable: "OIDC_OPERATORS" },
  ],
  [
    "a webhook secret that can be guessed",
    { env: { ...complete, JIRA_WEBHOOK_SECRET: "x".repeat(15), WEBHOOK_PORT: "8090" } },
    { kind: "invalid", variable: "JIRA_WEBHOOK_SECRET" },
  ],
  [
    "a webhook secret that can be guessed, under a name of the file's own",
    {
      env: { ...complete, OPS_HOOK: "x".repeat(15), WEBHOOK_PORT: "8090" },
      files: yaml("connections: [{ jira: { webhookSecret: { env: OPS_HOOK } } }]"),
    },
    { kind: "invalid", variable: "OPS_HOOK", file: "casebridge.yaml" },
  ],
  [
    "a named file that is not there",
    { env: { ...complete, CONFIG_FILE: "x.yaml" } },
    { kind: "unreadable", variable: "CONFIG_FILE" },
  ],
  ["a file that cannot be read", { files: yaml("EACCES") }, { kind: "unreadable", file: "casebridge.yaml" }],
  ["wrong indentation", { files: yaml("connections:\n  - name: a\n   jira: {}\n") }, { kind: "syntax", line: 3 }],
  [
    "a key twice",
    { files: yaml("connections:\n  - name: a\n    name: b\n") },
    { kind: "duplicate", line: 3, column: 5 },
  ],
  ["a list at the top", { files: yaml("- name: a\n") }, { kind: "invalid", line: 1, column: 1 }],
  ["no connection", { files: yaml("connections: []\n") }, { kind: "invalid", path: "connections", line: 1 }],
  [
    "an unknown key",
    { files: yaml("connections:\n  - name: a\n    jira:\n      projektKey: X\n") },
    {
      kind: "unknown_key",
      line: 4,
      column: 7,
      path: "connections[0].jira.projektKey",
      remedy: expect.stringContaining("Did you mean projectKey?"),
    },
  ],
  [
    "an unknown key without a value",
    { files: yaml("connections:\n  - name: a\n    jria:\n") },
    { kind: "unknown_key", line: 3, column: 5 },
  ],
  [
    "a wrong value",
    { files: yaml("connections:\n  - name: a\n    comments:\n      holdSeconds: soon\n") },
    { kind: "invalid", line: 4, column: 20, path: "connections[0].comments.holdSeconds" },
  ],
  [
    "a wrong element",
    { files: yaml("connections:\n  - cases:\n      statuses: [0,\n        one]\n") },
    { kind: "invalid", line: 4, column: 9, path: "connections[0].cases.statuses[1]" },
  ],
  [
    "a wrong key of a map",
    { files: yaml("connections:\n  - status: { toJira: { open: { category: new } } }\n") },
    { kind: "invalid", line: 2, column: 25 },
  ],
  [
    "an open case led to done",
    { files: yaml("connections:\n  - status:\n      toJira:\n        2: { category: done }\n") },
    { kind: "unsafe", line: 4, column: 24 },
  ],
  [
    "an unknown status led to done",
    { files: yaml("connections:\n  - status: { toJira: { 9: { category: done } } }\n") },
    { kind: "unsafe" },
  ],
  [
    "a closed case led to new",
    { files: yaml("connections:\n  - status: { toJira: { 3: { category: new } } }\n") },
    { kind: "unsafe" },
  ],
  [
    "a broken pattern",
    { files: yaml("connections:\n  - guard: { patterns: [{ name: a, regex: '(' }] }\n") },
    { kind: "invalid", line: 2, path: "connections[0].guard.patterns[0].regex" },
  ],
  [
    "a pattern that matches nothing",
    { files: yaml("connections:\n  - guard: { patterns: [{ name: a, regex: 'a*' }] }\n") },
    { kind: "invalid" },
  ],
  [
    "a name twice",
    { files: yaml("connections:\n  - name: a\n  - name: a\n") },
    { kind: "duplicate", line: 3, column: 11, path: "connections[1].name" },
  ],
  ["a name with a slash", { files: yaml("connections:\n  - name: a/b\n") }, { kind: "invalid", line: 2, column: 11 }],
  [
    "a secret that is written out",
    { files: yaml("connections:\n  - jira: { apiToken: hunter2 }\n") },
    { kind: "invalid", path: "connections[0].jira.apiToken" },
  ],
  [
    "a named variable that is not set",
    { files: yaml("connections:\n  - jira: { apiToken: { env: TOKEN_B } }\n") },
    { kind: "missing", variable: "TOKEN_B", line: 2, column: 30 },
  ],
  [
    "key and login in one connection",
    { files: yaml("connections:\n  - huawei: { ak: { env: A_K }, username: u }\n") },
    { kind: "conflict", path: "connections[0].huawei", line: 2 },
  ],
  [
    "a billion laughs",
    {
      files: yaml(
        `a: &a [x]\n${"bcdefgh".replace(/./g, (key) => `${key}: &${key} [${`*${String.fromCharCode(key.charCodeAt(0) - 1)},`.repeat(9)}]\n`)}`,
      ),
    },
    { kind: "syntax" },
  ],
])("%s is one error with its place and a remedy", (_case, given, expected) => {
  const errors = getErrors(given);

  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatchObject(expected);
  expect(errors[0]?.remedy).toMatch(/\.$|Example: /);
});

test("the second connection needs a name", () => {
  expect(getErrors({ files: yaml("connections:\n  - name: a\n  - jira: {}\n") })).toMatchObject([
    { kind: "missing", path: "connections[1].name", line: 3 },
  ]);
});

test("all errors of environment and file are shown together", () => {
  const env = { ...complete, JIRA_EMAIL: "", LOG_LEVEL: "loud" };

  const text = formatConfigErrors(
    getErrors({ env, files: yaml("connections:\n  - jria: {}\n    huawei: { timeZone: CET }\n") }),
  );

  expect(text.split("\n").filter((line) => /^\d/.test(line))).toEqual([
    '1. LOG_LEVEL cannot be "loud"',
    "2. casebridge.yaml:3:25 connections[0].huawei.timeZone has a value that cannot be used",
    "3. casebridge.yaml:2:5 connections[0].jria is not a key that casebridge knows",
  ]);
});

test("a missing variable is explained by one that reads almost like it", () => {
  const { JIRA_PROJECT_KEY: _key, ...rest } = complete;

  expect(getErrors({ env: { ...rest, JIRA_PROJEKT_KEY: "OPS" } })[0]?.message).toContain("JIRA_PROJEKT_KEY");
});

test("nothing set at all names every credential, once", () => {
  expect(getErrors({ env: {} }).map((error) => error.variable)).toEqual([
    "HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK",
    "JIRA_HOST",
    "JIRA_EMAIL",
    "JIRA_API_TOKEN",
    "JIRA_PROJECT_KEY",
    "COMMENTS_TO_HUAWEI",
  ]);
});

const leak = "Hunter2SecretValue0123456789ABCDEF";

test.each<[string, Given]>([
  ["in a secret with a newline", { env: { ...complete, ADMIN_TOKEN: `${leak}\nx` } }],
  ["given twice", { env: { ...complete, ADMIN_TOKEN: leak, ADMIN_TOKEN_FILE: "t" }, files: { t: leak } }],
  ["in a database address", { env: { ...complete, DATABASE_URL: `mysql://u:${leak}@h/d` } }],
  ["in the user part of an endpoint", { env: { ...complete, HUAWEI_OSM_ENDPOINT: `https://u:${leak}@h` } }],
  ["in the line of a number", { env: { ...complete, HTTP_PORT: leak } }],
  ["in the line of a word", { env: { ...complete, LOG_LEVEL: leak } }],
  ["written into the file", { files: yaml(`connections: [{ jira: { apiToken: "${leak}" } }]`) }],
  ["in place of a variable's name", { files: yaml(`connections: [{ jira: { apiToken: { env: ${leak} } } }]`) }],
  [
    "in place of a variable's name, all capitals",
    { files: yaml(`connections: [{ huawei: { ak: { env: ${leak.toUpperCase()} } } }]`) },
  ],
  ["as a key", { files: yaml(`connections: [{ jira: { ${leak}: } }]`) }],
  ["as an alias", { files: yaml(`connections: [{ jira: { apiToken: *${leak} } }]`) }],
  ["as a tag", { files: yaml(`connections: [{ jira: { apiToken: !${leak} x } }]`) }],
  ["next to broken syntax", { files: yaml(`connections:\n  - jira: { apiToken: "${leak} }\n`) }],
  ["after the end of a quoted text", { files: yaml(`connections:\n  - name: "a" ${leak}\n`) }],
])("a secret %s is not shown in the errors", (_place, given) => {
  const errors = getErrors(given);

  expect(errors).not.toHaveLength(0);
  expect(`${JSON.stringify(errors)}${formatConfigErrors(errors)}`.toLowerCase()).not.toContain(leak.toLowerCase());
});

test("half of a single sign-on names what is missing", () => {
  const errors = getErrors({ env: { ...complete, OIDC_ISSUER: "https://login.example.com" } });

  expect(errors.map(({ variable }) => variable)).toEqual([
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "PUBLIC_URL",
    "OIDC_OPERATORS",
  ]);
});

describe("notifications", () => {
  const url = "https://hooks.example.com/services/T0/B0?sig=s%2F1";

  test("nobody is told unless there is an address", () => {
    expect(getConfig({ env: complete }).notify).toBeNull();
    expect(getConfig({ env: { ...complete, NOTIFY_FORMAT: "slack", NOTIFY_ON: "failure" } }).notify).toBeNull();
  });

  test("with an address everything is told, in English, as JSON, and through the proxy of the environment", () => {
    const env = { ...complete, NOTIFY_URL: url, HTTPS_PROXY: "http://proxy.example:3128", NO_PROXY: "a.example,.b" };

    const { notify } = getConfig({ env });

    expect(notify).toMatchObject({
      ...{ format: "json", on: ["failure", "stopped", "silence"], secret: null, languages: ["en"] },
      proxy: { except: ["a.example", ".b"] },
    });
    expect(notify?.url.reveal()).toBe(url);
  });

  test("the choices of an operator are kept, for every purpose", () => {
    const env = {
      ...{ ...complete, NOTIFY_URL: url, NOTIFY_FORMAT: "dingtalk", NOTIFY_SECRET: "SEC1", TEXT_LANGUAGE: "both" },
      NOTIFY_ON: "silence, stopped",
    };

    for (const purpose of ["worker", "command", "database"] as const) {
      expect(getConfig({ env, purpose }).notify).toMatchObject({
        ...{ format: "dingtalk", on: ["silence", "stopped"], languages: ["en", "zh"] },
      });
    }
    expect(getConfig({ env, purpose: "demo" }).notify).toBeNull();
  });

  test.each([
    ["NOTIFY_URL", { NOTIFY_URL: "http://hooks.example.com/secret-path" }],
    ["NOTIFY_URL", { NOTIFY_URL: "https://user:secret-path@hooks.example.com/" }],
    ["NOTIFY_URL", { NOTIFY_URL: "https://hooks.example.com/#secret-path" }],
    ["NOTIFY_URL", { NOTIFY_SECRET: "secret-path" }],
    ["NOTIFY_SECRET", { NOTIFY_URL: url, NOTIFY_SECRET: "secret-path", NOTIFY_FORMAT: "wecom" }],
    ["NOTIFY_ON", { NOTIFY_URL: url, NOTIFY_ON: "failure,failure" }],
    ["NOTIFY_ON", { NOTIFY_URL: url, NOTIFY_ON: "everything" }],
    ["NOTIFY_FORMAT", { NOTIFY_URL: url, NOTIFY_FORMAT: "mail" }],
    ["TEXT_LANGUAGE", { NOTIFY_URL: url, TEXT_LANGUAGE: "de" }],
  ])("%s is refused without being shown: %o", (variable, change) => {
    const errors = getErrors({ env: { ...complete, ...change } });

    expect(errors.map((error) => error.variable)).toEqual([variable]);
    expect(formatConfigErrors(errors)).not.toContain("secret-path");
  });
});

test("printing a configuration shows no secret", () => {
  const text = JSON.stringify(
    getConfig({
      env: { ...complete, ADMIN_TOKEN: "admin-7777-and-much-more-text", DATABASE_URL: "postgres://u:pw-8888@h/d" },
    }),
  );

  for (const secret of [secrets.HUAWEICLOUD_SDK_SK, secrets.JIRA_API_TOKEN, "admin-7777", "pw-8888"]) {
    expect(text).not.toContain(secret);
  }
});

test("a command needs no choice for comments and then sends none", () => {
  const { COMMENTS_TO_HUAWEI: _choice, ...rest } = complete;

  expect(getConnection({ env: rest, purpose: "command" }).comments).toMatchObject({
    toHuawei: "none",
    toHuaweiChosen: false,
  });
  expect(getErrors({ env: {}, purpose: "command" })).toHaveLength(5);
});

test("a database command looks at nothing that belongs to a connection", () => {
  const env = { DATABASE_URL: "postgres://h/d", JIRA_HOST: "nonsense", CONFIG_FILE: "no.yaml" };

  const config = getConfig({ env, purpose: "database" });

  expect(config.databaseUrl?.reveal()).toBe("postgres://h/d");
  expect(config.connections).toEqual([]);
});

test("the demo demands nothing and touches nothing real", () => {
  const files = { ".env": "HTTP_PORT=1\nDATABASE_URL=postgres://real/d", "casebridge.yaml": "connections: wrong" };

  const config = getConfig({ env: { ...complete, REDIS_URL: "redis://real" }, files, purpose: "demo" });

  expect(config).toMatchObject({
    databaseUrl: null,
    redisUrl: null,
    dataDir: "/srv/casebridge/.data",
    connections: [],
  });
  expect(config.http.port).toBe(8080);
});

test("an isolated worker reads neither .env nor the file", () => {
  const files = { ".env": "JIRA_ISSUE_TYPE=Real", "casebridge.yaml": "connections: wrong" };

  expect(getConnection({ files, isolated: true }).jira.issueType).toBe("Task");
});

test.each([
  ["a loopback name", { HTTP_HOST: "localhost" }],
  ["a loopback address", { HTTP_HOST: "::1" }],
  ["no HTTP at all", { HTTP_HOST: "0.0.0.0", HTTP_PORT: "0" }],
  ["a sign-in", { HTTP_HOST: "0.0.0.0", ADMIN_TOKEN: longText }],
  ["a sign-in that may only read", { HTTP_HOST: "0.0.0.0", VIEWER_TOKEN: longText }],
  ["a webhook beside a sign-in", { JIRA_WEBHOOK_SECRET: longText, ADMIN_TOKEN: longText }],
  ["a webhook with a listener of its own", { JIRA_WEBHOOK_SECRET: longText, WEBHOOK_PORT: "8090" }],
])("with %s the page may start", (_case, env) => {
  expect(getErrors({ env: { ...complete, ...env } })).toEqual([]);
});

const ownKeys = "ak: { env: AK_TWO }, sk: { env: SK_TWO }";
const ownToken = "apiToken: { env: TOKEN_TWO }";
const otherSecrets = { AK_TWO: "AK2", SK_TWO: "sk-two", TOKEN_TWO: "token-two" };

test.for([
  ['huawei: { endpoint: "https://osm.example.com" }', "connections[0].huawei.endpoint"],
  ['huawei: { iamEndpoint: "https://iam.example.com" }', "connections[0].huawei.iamEndpoint"],
  ['huawei: { endpoint: "https://osm.example.com", sk: { env: SK_TWO } }', "connections[0].huawei"],
  ['huawei: { endpoint: "https://osm.example.com", password: { env: SK_TWO } }', "connections[0].huawei"],
  ['jira: { host: "https://other.atlassian.net" }', "connections[0].jira.host"],
])("credentials of the environment are not sent to an address of the file: %s", ([connection, path]) => {
  const errors = getErrors({
    env: { ...complete, ...otherSecrets },
    files: yaml(`connections:\n  - { name: a, ${connection} }\n`),
  });

  expect(errors).toMatchObject([{ kind: "unsafe", path, file: "casebridge.yaml", line: 2 }]);
  expect(formatConfigErrors(errors)).not.toContain("value");
});

test("an address of the file is fine with credentials that the file names, or where it is the environment's", () => {
  const env = {
    ...complete,
    ...otherSecrets,
    JIRA_WEBHOOK_SECRET: "a secret of the environment",
    WEBHOOK_PORT: "8081",
  };
  const host = "https://other.atlassian.net";
  const named = getConnection({
    env,
    files: yaml(
      `connections:\n  - { name: a, huawei: { endpoint: "https://osm.example.com", ${ownKeys} }, jira: { host: "${host}", ${ownToken} } }\n`,
    ),
  });
  const same = getConnection({
    env,
    files: yaml(`connections:\n  - { name: a, jira: { host: "https://EXAMPLE.atlassian.net" } }\n`),
  });

  expect(accessKeyOf(named.huawei.credentials)).toBe("AK2");
  expect(named.jira.apiToken.reveal()).toBe("token-two");
  expect(named.jira.webhookSecret).toBeNull();
  expect(same.jira.apiToken.reveal()).toBe(secrets.JIRA_API_TOKEN);
  expect(same.jira.webhookSecret?.reveal()).toBe("a secret of the environment");
});

test("a name in .env that is nearly one of ours is an error with a suggestion; names of one's own are not", () => {
  const files = {
    ".env":
      "TEXT_GARD=off\nJIRA_API_TOKN_FILE=x\njira_host=x\nJIRA_API_TOKEN_TWO=1\nJIRA_API_TOKEN2=1\nPOSTGRES_PASSWORD=1\nHTTP_PROXY=x\nTOKEN_TWO=1\nTEXT_GUART=1\n",
    ...yaml(`connections:\n  - { name: a, jira: { apiToken: { env: TEXT_GUART } } }\n`),
  };

  const errors = getErrors({ files });

  expect(
    errors.map(({ variable, message }) => `${variable} ${/did you mean (.*)\?/.exec(message)?.[1]}`).sort(),
  ).toEqual(["JIRA_API_TOKN_FILE JIRA_API_TOKEN_FILE", "TEXT_GARD TEXT_GUARD", "jira_host JIRA_HOST"]);
  expect(getErrors({ files: { ".env": "AK_TWO=1\n" } })).toEqual([]);
});

test("a secret in a file is read again by request, and what cannot be read then leaves the configuration as it is", () => {
  const files: Record<string, string> = { token: "first\n" };
  const { JIRA_API_TOKEN: _token, ...env } = complete;
  const config = getConfig({ env: { ...env, JIRA_API_TOKEN_FILE: "token" }, files });
  expect(config.connections[0]?.jira.apiToken.reveal()).toBe("first");
  expect(config.secretFiles).toEqual([`${cwd}/token`]);

  files.token = "second";
  expect(config.reread()?.connections[0]?.jira.apiToken.reveal()).toBe("second");
  files.token = "EACCES";
  expect(config.reread()).toBeNull();
});

test("a proxy comes from the environment in either spelling, from .env, or from the file, which may say none", () => {
  const proxiesOf = (input: Parameters<typeof getConfig>[0]) => {
    const [connection] = getConfig(input).connections;
    return [connection?.huawei.proxy, connection?.jira.proxy].map((proxy) =>
      proxy == null ? null : [proxy.url.reveal(), ...proxy.except],
    );
  };
  const address = "http://ann:pass@proxy.example:3128";

  expect(proxiesOf({ env: { ...complete, HTTPS_PROXY: address, NO_PROXY: "a.example, .b" } })).toEqual([
    [address, "a.example", ".b"],
    [address, "a.example", ".b"],
  ]);
  expect(proxiesOf({ env: { ...complete, https_proxy: "proxy.example:3128", no_proxy: "*" } })[0]).toEqual([
    "proxy.example:3128",
    "*",
  ]);
  expect(proxiesOf({ files: { ".env": `https_proxy=${address}\n` } })[0]).toEqual([address]);
  expect(
    proxiesOf({
      env: { ...complete, HTTPS_PROXY: address, NO_PROXY: "a.example", OWN_PROXY: "http://bob:pass@own.example" },
      files: yaml("connections:\n  - huawei: { proxy: none }\n    jira: { proxy: { env: OWN_PROXY } }\n"),
    }),
  ).toEqual([null, ["http://bob:pass@own.example"]]);
});

test.each([
  [{ env: { HTTPS_PROXY: "socks5://proxy.example:1080" } }, "HTTPS_PROXY", "HTTP proxy"],
  [{ env: { HTTPS_PROXY: "http://proxy.example/path" } }, "HTTPS_PROXY", "HTTP proxy"],
  [{ env: { CA_FILE: "/nowhere/ca.pem" } }, "CA_FILE", "cannot be read"],
  [{ env: { CA_FILE: "ca.pem" }, files: { "ca.pem": "no certificate" } }, "CA_FILE", "no certificate in PEM form"],
  [
    { env: { CA_FILE: "ca.pem" }, files: { "ca.pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" } },
    "CA_FILE",
    "certificate 1 cannot be read",
  ],
])("a proxy or an authority that cannot be used: %j", (input, variable, words) => {
  const [error] = getErrors({ ...input, env: { ...complete, ...input.env } });
  expect(error?.variable).toBe(variable);
  expect(`${error?.message} ${error?.remedy}`).toContain(words);
});

test("a password of a proxy does not stand in the file", () => {
  const [error] = getErrors({ files: yaml("connections:\n  - jira: { proxy: 'http://ann:secret@p.example' }\n") });
  expect(error?.path).toBe("connections[0].jira.proxy");
  expect(JSON.stringify(error)).not.toContain("secret");
});
