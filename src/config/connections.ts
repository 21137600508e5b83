/**
 * Puts each connection together: the file's value, else the environment's, else the default. Knows what a connection
 * must have, what may not stand together, and which status maps could oscillate.
 */

import type { HuaweiCredentials } from "../domain/access.ts";
import { isOpenStatus } from "../domain/case.ts";
import type { StatusCategory } from "../domain/issue.ts";
import { requestLabel } from "../domain/labels.ts";
import type { Side } from "../domain/service-error.ts";
import type { CreateInputs, StatusSettings, StatusTarget } from "../domain/settings.ts";
import type { CaseFactName, ValueRule } from "../domain/value-rule.ts";
import { Secret } from "../lib/secret.ts";
import type { HttpProxy } from "../lib/tunnel.ts";
import type { ConfigPurpose, ConnectionConfig, HuaweiConfig, IssueConfig, JiraConfig } from "./config.ts";
import { type ConfigError, makeConfigError } from "./config-error.ts";
import { type ConnectionInput, type FilePath, formatPath, type ParsedConfigFile } from "./config-file.ts";
import { environmentVariables, type Variable, type VariableName, type VariableValue } from "./environment.ts";
import { compileLinear } from "./linear-regex.ts";
import { toDate, toHosts } from "./values.ts";
import type { Variables } from "./variables.ts";

/** Case status → category, where the file does not say otherwise (rule 11). */
const defaultStatusMap: Readonly<Record<number, { readonly category: StatusCategory }>> = Object.freeze({
  0: { category: "new" },
  1: { category: "indeterminate" },
  2: { category: "indeterminate" },
  5: { category: "indeterminate" },
  17: { category: "indeterminate" },
  3: { category: "done" },
  4: { category: "done" },
  12: { category: "done" },
  13: { category: "done" },
});

const defaultJql = `labels = "${requestLabel}"`;
const defaultMessageCharsMax = 1200;

type BuildInput = {
  readonly variables: Variables;
  readonly file: ParsedConfigFile | null;
  readonly purpose: ConfigPurpose;
  readonly report: (error: ConfigError) => void;
};

/**
 * All connections in file order; one named `default` when there is no file or it names none. What misses or cannot
 * stand together goes to `report`; the result is then incomplete and must not be used.
 */
export function buildConnections(input: BuildInput): readonly ConnectionConfig[] {
  const given = input.file?.data.connections ?? [{}];
  const seen = new Map<string, number>();
  const connections: ConnectionConfig[] = [];
  for (const [index, connection] of given.entries()) {
    const scope = makeScope(input, index);
    const name = findName({ scope, connection, index, count: given.length, seen });
    const built = buildConnection({ scope, connection, name });
    if (built !== null) connections.push(built);
  }
  return connections;
}

type SettingError = Pick<ConfigError, "kind" | "message" | "remedy"> & { readonly variable?: string | null };

/** Look-ups for one connection. */
type Scope = {
  readonly purpose: ConfigPurpose;
  /** The file's value, else the environment's or the table's default, else `null`. */
  pick<N extends VariableName>(name: N, fromFile: VariableValue<N> | undefined): VariableValue<N> | null;
  /** As `pick`; a missing one is an error. `null` = already reported. */
  need<N extends VariableName>(name: N, fromFile: VariableValue<N> | undefined, why?: string): VariableValue<N> | null;
  /** A secret by the variable that the file names, else by its own; `isNeeded` makes a missing one an error. */
  secret(name: VariableName, fromFile: SecretName | undefined, isNeeded: boolean, at?: FilePath): Secret | null;
  /** Whether the file names an address that is not the environment's, its default included: credentials of the environment stay away. */
  isElsewhere(name: VariableName, fromFile: string | undefined): boolean;
  /** Whether the environment or the file gives this setting, rightly or wrongly. */
  isGiven(name: VariableName, fromFile: unknown): boolean;
  isBroken(path: FilePath): boolean;
  /** Where the file gives a setting, for people: `casebridge.yaml:12:9`; `null` without a file. */
  placeOf(path: FilePath): string | null;
  fail(path: FilePath, error: SettingError): null;
};

type SecretName = { readonly env: string };

/**
 * The proxy of one service. One that the file names serves every host; `NO_PROXY` belongs to the environment's. What cannot be used is
 * reported.
 */
function buildProxy(scope: Scope, side: Side, given: "none" | string | SecretName | undefined): HttpProxy | null {
  if (given === "none") return null;
  if (typeof given === "string") return { url: new Secret(given), except: [] };
  if (given !== undefined) {
    const url = scope.secret("HTTPS_PROXY", given, true, [side, "proxy"]);
    return url === null ? null : { url, except: [] };
  }
  const url = scope.secret("HTTPS_PROXY", undefined, false);
  return url === null ? null : { url, except: toHosts(scope.pick("NO_PROXY", undefined) ?? "") };
}

function makeScope({ variables, file, purpose, report }: BuildInput, index: number): Scope {
  const fullPath = (path: FilePath): FilePath => ["connections", index, ...path];
  const pathOf = (name: VariableName): FilePath => (environmentVariables[name].path ?? "").split(".");
  const isBroken = (path: FilePath) => file?.isBroken(fullPath(path)) === true;

  function fail(path: FilePath, error: SettingError): null {
    const place = file === null ? {} : { file: file.fileName, ...file.locate(fullPath(path)) };
    report(makeConfigError({ path: formatPath(fullPath(path)), ...place, ...error }));
    return null;
  }

  function pick<N extends VariableName>(name: N, fromFile: VariableValue<N> | undefined): VariableValue<N> | null {
    if (fromFile !== undefined) return fromFile;
    const found = variables.find(name);
    return found.kind === "value" ? found.value : null;
  }

  function failMissing(name: VariableName, why: string): null {
    const path = pathOf(name);
    if (isBroken(path)) return null;
    const row = environmentVariables[name];
    const misspelt = variables.findMisspelt(name);
    const hint = misspelt === null ? "" : ` (${misspelt} is set: is that a slip of the pen?)`;
    const inFile = row.secret ? `{ env: NAME }` : row.example;
    return fail(path, {
      kind: "missing",
      variable: name,
      message: `is not set${hint}`,
      remedy: `${why}Set ${name}${row.secret ? ` or ${name}_FILE` : ""}, or ${row.path} below the connection in the configuration file. Example: ${name}=${row.example}, or ${row.path}: ${inFile}.`,
    });
  }

  /** A secret under a name of the file's own must be what the variable that it stands for must be. */
  function checkSecret(
    name: VariableName,
    fromFile: SecretName | undefined,
    text: string,
    at: FilePath,
  ): Secret | null {
    const schema: Variable["schema"] = environmentVariables[name].schema;
    const problem = schema.safeParse(text).error?.issues[0]?.message;
    if (problem === undefined) return new Secret(text);
    return fail([...at, "env"], {
      kind: "invalid",
      variable: fromFile?.env ?? name,
      message: "has a value that cannot be used",
      remedy: `It must be ${problem}.`,
    });
  }

  return {
    purpose,
    pick,
    need(name, fromFile, why = "") {
      const value = pick(name, fromFile);
      if (value !== null || variables.find(name).kind === "broken") return value;
      return failMissing(name, why);
    },
    secret(name, fromFile, isNeeded, at = pathOf(name)) {
      const found = variables.findSecret(fromFile?.env ?? name);
      if (found.kind === "broken") return null;
      if (found.kind === "value") return checkSecret(name, fromFile, found.value, at);
      // Naming the variable that would be looked at anyway is no promise that it is set; naming another one is.
      if (fromFile !== undefined && (isNeeded || fromFile.env !== name)) {
        const path = [...at, "env"];
        // A key pasted in place of the name has no underscore, and must not be shown.
        const shown = fromFile.env.includes("_") ? fromFile.env : null;
        return fail(path, {
          kind: "missing",
          variable: shown,
          message: shown === null ? "names a variable that is not set" : "is not set",
          remedy: `Set ${shown === null ? "it" : `${shown} or ${shown}_FILE`}, or name another variable here.`,
        });
      }
      return isNeeded ? failMissing(name, "") : null;
    },
    isElsewhere(name, fromFile) {
      if (fromFile === undefined) return false;
      const found = variables.find(name);
      return found.kind !== "value" || new URL(fromFile).href !== new URL(String(found.value)).href;
    },
    isGiven(name, fromFile) {
      if (fromFile !== undefined || isBroken(pathOf(name))) return true;
      return variables.find(name).kind !== "absent";
    },
    isBroken,
    placeOf(path) {
      if (file === null) return null;
      const { line, column } = file.locate(fullPath(path));
      return `${file.fileName}:${line}:${column}`;
    },
    fail,
  };
}

type NameInput = {
  readonly scope: Scope;
  readonly connection: ConnectionInput;
  readonly index: number;
  readonly count: number;
  readonly seen: Map<string, number>;
};

function findName({ scope, connection, index, count, seen }: NameInput): string {
  const name = connection.name ?? "default";
  if (connection.name === undefined && count > 1 && !scope.isBroken(["name"])) {
    scope.fail(["name"], {
      kind: "missing",
      message: "is not set",
      remedy: "Give each of several connections a name.",
    });
    return name;
  }
  const earlier = seen.get(name);
  if (earlier !== undefined) {
    const message = `is ${name}, as the name of connections[${earlier}]`;
    scope.fail(["name"], { kind: "duplicate", message, remedy: "Give each connection a name of its own." });
  } else seen.set(name, index);
  return name;
}

type ConnectionParts = { readonly scope: Scope; readonly connection: ConnectionInput; readonly name: string };

function buildConnection({ scope, connection, name }: ConnectionParts): ConnectionConfig | null {
  const { cases = {}, comments = {}, guard = {}, settle = {}, create = {} } = connection;
  const huawei = buildHuawei(scope, connection.huawei ?? {});
  const type = toTextRule(connection.issue?.type);
  const jira = buildJira(scope, connection.jira ?? {}, type === null ? undefined : usualValue(type));
  const status = buildStatus(scope, connection.status ?? {});
  const toHuawei = findCommentsToHuawei(scope, comments.toHuawei);
  const createdAfter = scope.pick("CASES_CREATED_AFTER", cases.createdAfter);
  const settings = {
    holdSeconds: scope.pick("COMMENT_HOLD_SECONDS", comments.holdSeconds),
    attachments: scope.pick("ATTACHMENTS_TO_HUAWEI", connection.attachments?.toHuawei),
    guardMode: scope.pick("TEXT_GUARD", guard.mode),
    caseSeconds: scope.pick("SETTLE_CASE_SECONDS", settle.caseSeconds),
    messageSeconds: scope.pick("SETTLE_MESSAGE_SECONDS", settle.messageSeconds),
    searchSeconds: scope.pick("SETTLE_SEARCH_SECONDS", settle.searchSeconds),
    listSeconds: scope.pick("SETTLE_LIST_SECONDS", settle.listSeconds),
  };
  if (huawei === null || jira === null || status === null || !isComplete(settings)) return null;

  return {
    name,
    huawei,
    jira,
    issue: {
      type: withOtherwise(type ?? { value: jira.issueType }, jira.issueType),
      assignee: toTextRule(connection.issue?.assignee),
      fields: buildFields(scope, connection.issue?.fields ?? {}),
      places: Object.fromEntries(
        Object.keys(connection.issue?.fields ?? {}).flatMap((name) => {
          const place = scope.placeOf(["issue", "fields", name]);
          return place === null ? [] : [[name, place]];
        }),
      ),
    },
    status,
    cases: {
      createdAfter: createdAfter === null ? null : toDate(createdAfter),
      statuses: cases.statuses === undefined || cases.statuses.length === 0 ? null : cases.statuses,
      labels: cases.labels ?? [],
      excludeLabels: cases.excludeLabels ?? [],
      submitters: cases.submitters ?? [],
    },
    priority: connection.priority ?? {},
    comments: {
      toHuawei: toHuawei ?? "none",
      toHuaweiChosen: toHuawei !== null,
      holdSeconds: settings.holdSeconds,
      authorName: comments.authorName ?? "name",
      allowSecurityLevels: (comments.allowSecurityLevels ?? []).map(String),
      allowAppAccounts: comments.allowAppAccounts ?? [],
      inServiceProject: comments.inServiceProject ?? "internal",
    },
    attachments: { toHuawei: settings.attachments },
    create: {
      jql: create.jql ?? defaultJql,
      defaults: toCreateInputs(create.defaults ?? {}),
      fields: toCreateInputs(create.fields ?? {}),
      template: textOrNull(create.template),
      templateField: create.fields?.template ?? null,
    },
    guard: {
      mode: settings.guardMode,
      patterns: (guard.patterns ?? []).map((pattern) => ({
        name: pattern.name,
        regex: compileLinear(pattern.regex),
      })),
      kinds: guard.kinds ?? [],
    },
    commands: { role: textOrNull(connection.commands?.role) },
    settle: {
      caseSeconds: settings.caseSeconds,
      messageSeconds: settings.messageSeconds,
      searchSeconds: settings.searchSeconds,
      listSeconds: settings.listSeconds,
    },
  };
}

function findCommentsToHuawei(scope: Scope, fromFile: VariableValue<"COMMENTS_TO_HUAWEI"> | undefined) {
  if (scope.purpose !== "worker") return scope.pick("COMMENTS_TO_HUAWEI", fromFile);
  const why =
    "Comments of people would leave Jira for Huawei, so this has no default: choose all (every comment that no rule holds back), command (only comments that start with /case) or none. ";
  return scope.need("COMMENTS_TO_HUAWEI", fromFile, why);
}

function buildHuawei(scope: Scope, given: NonNullable<ConnectionInput["huawei"]>): HuaweiConfig | null {
  const projectId = textOrNull(scope.pick("HUAWEICLOUD_SDK_PROJECT_ID", given.projectId));
  const credentials = buildCredentials(scope, given, projectId);
  const settings = {
    endpoint: scope.pick("HUAWEI_OSM_ENDPOINT", given.endpoint),
    iamEndpoint: scope.pick("HUAWEI_IAM_ENDPOINT", given.iamEndpoint),
    apiVersion: scope.pick("HUAWEI_API_VERSION", given.apiVersion),
    language: scope.pick("HUAWEI_LANGUAGE", given.language),
    timeZone: scope.pick("HUAWEI_TIME_ZONE", given.timeZone),
    requestsPerSecond: scope.pick("HUAWEI_REQUESTS_PER_SECOND", given.requestsPerSecond),
  };
  const site = scope.pick("HUAWEI_SITE", given.site) ?? null;
  const groupId = textOrNull(scope.pick("HUAWEI_GROUP_ID", given.groupId));
  const consoleCaseUrl = textOrNull(scope.pick("HUAWEI_CONSOLE_CASE_URL", given.consoleCaseUrl));
  if (groupId !== null && settings.apiVersion === "v1.0") {
    return scope.fail(["huawei", "groupId"], {
      kind: "conflict",
      message: "is set, but the historical API v1.0 knows no user groups",
      remedy: "Use HUAWEI_API_VERSION=v2, or leave the group out.",
    });
  }
  if (credentials === null || !isComplete(settings)) return null;
  return {
    ...settings,
    endpoint: withoutTrailingSlash(settings.endpoint),
    iamEndpoint: withoutTrailingSlash(settings.iamEndpoint),
    language: settings.language.toLowerCase(),
    site,
    groupId,
    proxy: buildProxy(scope, "huawei", given.proxy),
    consoleCaseUrl,
    messageCharsMax: given.messageCharsMax ?? defaultMessageCharsMax,
    projectId,
    credentials,
  };
}

function buildCredentials(
  scope: Scope,
  given: NonNullable<ConnectionInput["huawei"]>,
  projectId: string | null,
): HuaweiCredentials | null {
  const fileHasKeys = given.ak !== undefined || given.sk !== undefined;
  const fileHasLogin = given.username !== undefined || given.password !== undefined;
  if (fileHasKeys && fileHasLogin) {
    return scope.fail(["huawei"], {
      kind: "conflict",
      message: "has both an access key (ak, sk) and a login (username, password)",
      remedy: "Keep ak and sk, which is the preferred way, or username, password, domainName and projectId.",
    });
  }
  const elsewhere =
    scope.isElsewhere("HUAWEI_OSM_ENDPOINT", given.endpoint) ||
    scope.isElsewhere("HUAWEI_IAM_ENDPOINT", given.iamEndpoint);
  if (elsewhere && !fileHasKeys && !fileHasLogin) {
    return scope.fail(["huawei", given.endpoint === undefined ? "iamEndpoint" : "endpoint"], {
      kind: "unsafe",
      message:
        "is an address of its own, but the connection names no credentials: those of the environment are not sent there",
      remedy:
        "Name the credentials beside it: ak: { env: NAME } and sk: { env: NAME }, or username and password: { env: NAME }.",
    });
  }
  const envHasKeys = scope.isGiven("HUAWEICLOUD_SDK_AK", given.ak) || scope.isGiven("HUAWEICLOUD_SDK_SK", given.sk);
  const envHasLogin =
    scope.isGiven("HUAWEI_IAM_USERNAME", given.username) || scope.isGiven("HUAWEI_IAM_PASSWORD", given.password);

  if (fileHasKeys || (envHasKeys && !fileHasLogin)) {
    if (elsewhere && (given.ak === undefined || given.sk === undefined)) return failHalfNamed(scope, "ak", "sk");
    const ak = scope.secret("HUAWEICLOUD_SDK_AK", given.ak, true);
    const sk = scope.secret("HUAWEICLOUD_SDK_SK", given.sk, true);
    // A security token belongs to one key pair. The environment's must not be sent along with a key that the file names.
    const isOwnKey = given.ak !== undefined && given.ak.env !== "HUAWEICLOUD_SDK_AK";
    const tokenIsOther = isOwnKey && given.securityToken === undefined;
    const securityToken = tokenIsOther
      ? null
      : scope.secret("HUAWEICLOUD_SDK_SECURITY_TOKEN", given.securityToken, false);
    const domainId = textOrNull(scope.pick("HUAWEICLOUD_SDK_DOMAIN_ID", given.domainId));
    return ak === null || sk === null ? null : { kind: "aksk", ak, sk, securityToken, domainId };
  }
  if (fileHasLogin || envHasLogin) {
    if (elsewhere && (given.username === undefined || given.password === undefined))
      return failHalfNamed(scope, "username", "password");
    const username = scope.need("HUAWEI_IAM_USERNAME", given.username);
    const password = scope.secret("HUAWEI_IAM_PASSWORD", given.password, true);
    const domainName = scope.need("HUAWEI_IAM_DOMAIN_NAME", given.domainName);
    if (username === null || password === null || domainName === null) return null;
    return { kind: "password", username, password, domainName, projectId };
  }
  if (scope.isBroken(["huawei"])) return null;
  return scope.fail(["huawei", "ak"], {
    kind: "missing",
    variable: "HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK",
    message: "are not set: there are no Huawei Cloud credentials",
    remedy:
      "Set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK (or the same with _FILE), or huawei.ak and huawei.sk in the configuration file. Without an access key set HUAWEI_IAM_USERNAME, HUAWEI_IAM_PASSWORD, HUAWEI_IAM_DOMAIN_NAME and HUAWEICLOUD_SDK_PROJECT_ID.",
  });
}

/** Half of a credential would come from the environment, which belongs to another address. */
function failHalfNamed(scope: Scope, one: string, other: string): null {
  return scope.fail(["huawei"], {
    kind: "unsafe",
    message: `names an address of its own, but only one of ${one} and ${other}: the environment's is not sent there`,
    remedy: `Name both ${one} and ${other} below huawei.`,
  });
}

/** Fields of a new issue that are always casebridge's own. */
const ownFields: readonly string[] = ["project", "issuetype", "summary", "description"];

function buildFields(
  scope: Scope,
  given: NonNullable<NonNullable<ConnectionInput["issue"]>["fields"]>,
): IssueConfig["fields"] {
  for (const name of Object.keys(given).filter((key) => ownFields.includes(key.toLowerCase()))) {
    scope.fail(["issue", "fields", name], {
      kind: "conflict",
      message: "is filled by casebridge itself",
      remedy:
        name.toLowerCase() === "issuetype"
          ? "Leave it out here, and set issue.type."
          : "Leave it out: project, summary and description come from the connection and from the case.",
    });
  }
  return Object.fromEntries(Object.entries(given).map(([name, rule]) => [name, toRule(rule)]));
}

function toTextRule(given: NonNullable<ConnectionInput["issue"]>["type"]): ValueRule<string> | null {
  if (given === undefined) return null;
  return typeof given === "string" ? { value: given } : toRule(given);
}

/** What a rule gives where no fact chooses; `undefined` = nothing. */
function usualValue<Value>(rule: ValueRule<Value>): Value | undefined {
  return "value" in rule ? rule.value : rule.otherwise;
}

function withOtherwise<Value>(rule: ValueRule<Value>, otherwise: Value): ValueRule<Value> {
  return "value" in rule ? rule : { otherwise, ...rule };
}

type GivenRule<Value> = {
  readonly value?: Value | undefined;
  readonly from?: CaseFactName | undefined;
  readonly map?: Readonly<Record<string, Value>> | undefined;
  readonly else?: Value | undefined;
};

function toRule<Value>({ value, from, map, else: otherwise }: GivenRule<Value>): ValueRule<Value> {
  if (from === undefined) return { value: value as Value };
  return { from, map: map ?? {}, ...(otherwise === undefined ? {} : { otherwise }) };
}

function buildJira(
  scope: Scope,
  given: NonNullable<ConnectionInput["jira"]>,
  issueType: string | undefined,
): JiraConfig | null {
  const elsewhere = scope.isElsewhere("JIRA_HOST", given.host);
  if (elsewhere && given.apiToken === undefined) {
    return scope.fail(["jira", "host"], {
      kind: "unsafe",
      message: "is an address of its own, but the connection names no API token: the environment's is not sent there",
      remedy: "Name the token beside it: apiToken: { env: NAME }.",
    });
  }
  const settings = {
    host: scope.need("JIRA_HOST", given.host),
    email: scope.need("JIRA_EMAIL", given.email),
    apiToken: scope.secret("JIRA_API_TOKEN", given.apiToken, true),
    projectKey: scope.need("JIRA_PROJECT_KEY", given.projectKey),
    issueType: issueType ?? scope.pick("JIRA_ISSUE_TYPE", given.issueType),
    requestsPerSecond: scope.pick("JIRA_REQUESTS_PER_SECOND", given.requestsPerSecond),
  };
  // Whoever runs that other site must not be able to sign for the site of the environment.
  const webhookSecret =
    elsewhere && given.webhookSecret === undefined
      ? null
      : scope.secret("JIRA_WEBHOOK_SECRET", given.webhookSecret, false);
  if (!isComplete(settings)) return null;
  return {
    ...settings,
    host: withoutTrailingSlash(settings.host),
    projectKey: settings.projectKey.toUpperCase(),
    webhookSecret,
    proxy: buildProxy(scope, "jira", given.proxy),
  };
}

function buildStatus(scope: Scope, given: NonNullable<ConnectionInput["status"]>): Required<StatusSettings> | null {
  const closeOnDone = scope.pick("CLOSE_ON_DONE", given.closeOnDone);
  const toJira: Record<number, StatusTarget> = { ...defaultStatusMap };
  for (const [key, target] of Object.entries(given.toJira ?? {})) {
    const number = Number(key);
    if ("category" in target) failOscillation(scope, number, target.category);
    toJira[number] = "category" in target ? target : { statusId: String(target.statusId) };
  }
  const via = Object.entries(given.via ?? {}).map(([target, steps]) => [target, steps.map(String)] as const);
  const fields = Object.entries(given.fields ?? {}).map(
    ([target, values]) =>
      [target, Object.fromEntries(Object.entries(values).map(([name, { value }]) => [name, value]))] as const,
  );
  if (closeOnDone === null) return null;
  return { toJira, via: Object.fromEntries(via), closeOnDone, fields: Object.fromEntries(fields) };
}

/**
 * An open case must not lead to done, nor a closed one away from it: casebridge would move the issue, take its own move
 * for the wish to close (or to take up) the case, act on it, and so on (rule 6). An unknown number counts as open.
 * Where a map names a status by id its category is not known here; `doctor` and the worker's start look it up.
 */
function failOscillation(scope: Scope, status: number, category: StatusCategory): void {
  const isClosed = !isOpenStatus(status);
  if (isClosed === (category === "done")) return;
  const state = isClosed ? "closed" : "open";
  scope.fail(["status", "toJira", String(status), "category"], {
    kind: "unsafe",
    message: `leads a case that is ${state} (status ${status}) to category ${category}: the two sides would push each other back and forth`,
    remedy: isClosed
      ? "Lead statuses 3, 4, 12 and 13 to done."
      : "Lead open statuses (all but 3, 4, 12 and 13) to new or indeterminate.",
  });
}

type GivenInputs = { readonly [K in keyof CreateInputs]?: CreateInputs[K] | undefined };

function toCreateInputs(given: GivenInputs): CreateInputs {
  return {
    subTypeId: given.subTypeId ?? null,
    productId: given.productId ?? null,
    problemTypeId: given.problemTypeId ?? null,
    regionId: given.regionId ?? null,
    severityId: given.severityId ?? null,
    extends: given.extends ?? {},
  };
}

/** The file says "none" by the empty text. */
function textOrNull(text: string | null | undefined): string | null {
  return text === "" ? null : (text ?? null);
}

function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

type Complete<T> = { readonly [K in keyof T]: NonNullable<T[K]> };

function isComplete<T extends Record<string, unknown>>(settings: T): settings is T & Complete<T> {
  return Object.values(settings).every((value) => value !== null);
}
