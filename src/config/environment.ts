/**
 * The one table of environment variables. Reading, checking, `.env.example` and the tables of the documents all come
 * from it (a test compares them), so that what is written about a variable cannot differ from what it does.
 */

import type { z } from "zod";
import { apiVersions, huaweiSites } from "../domain/access.ts";
import { alarmCauses } from "../domain/alarm.ts";
import { attachmentsToHuaweiChoices, closeOnDoneChoices, commentsToHuaweiChoices } from "../domain/settings.ts";
import * as values from "./values.ts";

/** One environment variable. */
export type Variable = {
  /** Checks the text; its error text follows "must be". Gives a text or a number. */
  readonly schema: z.ZodType<string | number, string>;
  /** Text that stands in when the variable is unset or empty; `null` = none. */
  readonly default: string | null;
  /** What being unset means, where there is no default. */
  readonly unset: string | null;
  readonly unit: string | null;
  /** One or two plain sentences; Markdown code quotes are allowed. */
  readonly meaning: string;
  /** May be given as `NAME_FILE`; its value is never shown. */
  readonly secret: boolean;
  readonly example: string;
  readonly group: VariableGroup;
  /** Where the same setting stands in the configuration file, below a connection; `null` = only here. */
  readonly path: string | null;
};

/** Headings of `.env.example`, in order. */
type VariableGroup =
  | "State"
  | "Huawei Cloud"
  | "Jira"
  | "What is mirrored"
  | "Rhythm"
  | "Page and process"
  | "Notifications";

type VariableInput = Pick<Variable, "schema" | "meaning" | "example" | "group"> & Partial<Variable>;

/** Keeps the schema's own type, so that a look-up knows whether it gives a text, a number or one of a few words. */
function variable<S extends Variable["schema"]>(
  input: VariableInput & { readonly schema: S },
): Variable & { readonly schema: S } {
  return { default: null, unset: null, unit: null, secret: false, path: null, ...input };
}

const seconds = values.decimal(0, 86_400);

/** Every variable that casebridge reads, by name, in the order of the documents. */
export const environmentVariables = {
  DATABASE_URL: variable({
    group: "State",
    schema: values.postgresUrl(),
    unset: "embedded PostgreSQL under `DATA_DIR`",
    meaning: "PostgreSQL that holds the mapping. The embedded one is for demo, tests and one host.",
    secret: true,
    example: "postgresql://casebridge:password@db.example.com:5432/casebridge",
  }),
  REDIS_URL: variable({
    group: "State",
    schema: values.redisUrl(),
    unset: "the queue lives in the same PostgreSQL",
    meaning: "Redis for the queue.",
    secret: true,
    example: "rediss://:password@redis.example.com:6379",
  }),
  DATA_DIR: variable({
    group: "State",
    schema: values.line("a folder"),
    default: ".data",
    meaning: "Folder of the embedded database and of attachments on their way.",
    example: "/var/lib/casebridge",
  }),
  DATA_KEY: variable({
    group: "State",
    schema: values.key(32),
    unset: "not sealed",
    meaning:
      "Seals the texts of writes that are not confirmed yet, so that write-ahead logs, backups and exports hold none. Make it with `openssl rand -base64 32`, and keep it: what was sealed with another key is rendered anew or told.",
    secret: true,
    example: "bXktb3duLWtleS1vZi0zMi1ieXRlcy1pbi1iYXNlNjQ=",
  }),
  CONFIG_FILE: variable({
    group: "State",
    schema: values.line("a file"),
    unset: "`casebridge.yaml` if it exists",
    meaning: "File with connections and mapping.",
    example: "/etc/casebridge/casebridge.yaml",
  }),

  HUAWEI_OSM_ENDPOINT: variable({
    group: "Huawei Cloud",
    schema: values.serviceUrl("https://osm.cn-south-1.myhuaweicloud.com"),
    default: "https://osm.cn-south-1.myhuaweicloud.com",
    meaning: "Address of the service ticket (OSM) API.",
    example: "https://osm.ap-southeast-3.myhuaweicloud.com",
    path: "huawei.endpoint",
  }),
  HUAWEI_API_VERSION: variable({
    group: "Huawei Cloud",
    schema: values.oneOf(...apiVersions),
    default: "v2",
    meaning: "`v2`, or `v1.0` for the historical API.",
    example: "v2",
    path: "huawei.apiVersion",
  }),
  HUAWEI_IAM_ENDPOINT: variable({
    group: "Huawei Cloud",
    schema: values.serviceUrl("https://iam.cn-north-4.myhuaweicloud.com"),
    default: "https://iam.cn-north-4.myhuaweicloud.com",
    meaning: "Address of IAM, for token login and project look-up.",
    example: "https://iam.ap-southeast-3.myhuaweicloud.com",
    path: "huawei.iamEndpoint",
  }),
  HUAWEICLOUD_SDK_AK: variable({
    group: "Huawei Cloud",
    schema: values.line("an access key", 200),
    unset: "token login",
    meaning: "Access key; with the secret key the preferred way to sign in.",
    secret: true,
    example: "your-access-key",
    path: "huawei.ak",
  }),
  HUAWEICLOUD_SDK_SK: variable({
    group: "Huawei Cloud",
    schema: values.line("a secret key", 200),
    unset: "token login",
    meaning: "Secret key of the access key.",
    secret: true,
    example: "your-secret-key",
    path: "huawei.sk",
  }),
  HUAWEICLOUD_SDK_DOMAIN_ID: variable({
    group: "Huawei Cloud",
    schema: values.line("an account id", 64),
    unset: "learned from IAM",
    meaning: "Account id, sent as `X-Domain-Id` with AK/SK; with an agency the id of the agency's account.",
    example: "0123456789abcdef0123456789abcdef",
    path: "huawei.domainId",
  }),
  HUAWEICLOUD_SDK_SECURITY_TOKEN: variable({
    group: "Huawei Cloud",
    schema: values.line("a security token", 10_000),
    unset: "permanent keys",
    meaning: "Security token of temporary keys.",
    secret: true,
    example: "your-security-token",
    path: "huawei.securityToken",
  }),
  HUAWEI_AGENCY_DOMAIN_NAME: variable({
    group: "Huawei Cloud",
    schema: values.line("an account name", 200),
    unset: "no agency",
    meaning: "Account that made the agency below.",
    example: "customer-account",
    path: "huawei.agency.domainName",
  }),
  HUAWEI_AGENCY_NAME: variable({
    group: "Huawei Cloud",
    schema: values.shaped(/^[\w.@=+,-]{1,64}$/, "the name of an agency: letters, digits, and . @ = + , _ -"),
    unset: "no agency",
    meaning:
      "IAM agency of that account: AK/SK only ask for temporary keys by it, which casebridge renews before they end and all replicas share.",
    example: "casebridge-tickets",
    path: "huawei.agency.name",
  }),
  HUAWEI_AGENCY_EXTERNAL_ID: variable({
    group: "Huawei Cloud",
    schema: values.line("an external id", 1224, 2),
    unset: "none",
    meaning: "External id that the agency asks for; needs `HUAWEICLOUD_SDK_DOMAIN_ID`, the id of the agency's account.",
    example: "ticket-4711",
    path: "huawei.agency.externalId",
  }),
  HUAWEI_IAM_USERNAME: variable({
    group: "Huawei Cloud",
    schema: values.line("an IAM user name", 200),
    unset: "AK/SK",
    meaning: "IAM user for token login, when no AK/SK is given.",
    example: "casebridge",
    path: "huawei.username",
  }),
  HUAWEI_IAM_PASSWORD: variable({
    group: "Huawei Cloud",
    schema: values.line("a password", 500),
    unset: "AK/SK",
    meaning: "Password of that user.",
    secret: true,
    example: "your-password",
    path: "huawei.password",
  }),
  HUAWEI_IAM_DOMAIN_NAME: variable({
    group: "Huawei Cloud",
    schema: values.line("an account name", 200),
    unset: "AK/SK",
    meaning: "Account name that the user belongs to.",
    example: "my-account",
    path: "huawei.domainName",
  }),
  HUAWEICLOUD_SDK_PROJECT_ID: variable({
    group: "Huawei Cloud",
    schema: values.line("a project id", 64),
    unset: "looked up where a token needs it",
    meaning: "Project id of new cases, and of a token where the account's own scope is not enough.",
    example: "fedcba9876543210fedcba9876543210",
    path: "huawei.projectId",
  }),
  HUAWEI_GROUP_ID: variable({
    group: "Huawei Cloud",
    schema: values.idList("a user group id", 64, false),
    unset: "the account's own cases",
    meaning: "User group, or groups with commas between, whose cases are mirrored (same-group cases).",
    example: "00aa11bb22cc33dd44ee55ff66aa77bb",
    path: "huawei.groupId",
  }),
  HUAWEI_LANGUAGE: variable({
    group: "Huawei Cloud",
    schema: values.language(),
    default: "en-us",
    meaning: "Language of names, sent as `X-Language`.",
    example: "zh-cn",
    path: "huawei.language",
  }),
  HUAWEI_TIME_ZONE: variable({
    group: "Huawei Cloud",
    schema: values.timeZone(),
    default: "GMT+8",
    meaning: "Time zone in which times are told to people: `UTC`, `GMT+8`, `GMT-3:30`. The API itself is asked in GMT.",
    example: "GMT+8",
    path: "huawei.timeZone",
  }),
  HUAWEI_SITE: variable({
    group: "Huawei Cloud",
    schema: values.oneOf(...huaweiSites),
    unset: "not sent",
    meaning: "Site of the account, sent as `X-Site`: `china` or `international`.",
    example: "international",
    path: "huawei.site",
  }),
  HUAWEI_CONSOLE_CASE_URL: variable({
    group: "Huawei Cloud",
    schema: values.caseUrlTemplate(false),
    unset: "no link",
    meaning: "Template with `{caseId}` for a link to the case in the console.",
    example: "https://console.example.com/ticket/detail/{caseId}",
    path: "huawei.consoleCaseUrl",
  }),
  HUAWEI_REQUESTS_PER_SECOND: variable({
    group: "Huawei Cloud",
    schema: values.fromText(values.decimal(0.01, 1000)),
    default: "2",
    unit: "requests per second",
    meaning: "Budget of one account, shared by all replicas.",
    example: "2",
    path: "huawei.requestsPerSecond",
  }),

  JIRA_HOST: variable({
    group: "Jira",
    schema: values.serviceUrl("https://example.atlassian.net"),
    unset: "must be set",
    meaning: "Address of the Jira Cloud site.",
    example: "https://example.atlassian.net",
    path: "jira.host",
  }),
  JIRA_EMAIL: variable({
    group: "Jira",
    schema: values.email(),
    unset: "must be set",
    meaning: "Account of casebridge in Jira, used by nobody else.",
    example: "casebridge@example.com",
    path: "jira.email",
  }),
  JIRA_API_TOKEN: variable({
    group: "Jira",
    schema: values.line("an API token", 2000),
    unset: "must be set",
    meaning: "API token of that account.",
    secret: true,
    example: "your-api-token",
    path: "jira.apiToken",
  }),
  JIRA_PROJECT_KEY: variable({
    group: "Jira",
    schema: values.projectKey(),
    unset: "must be set",
    meaning: "Project where cases become issues.",
    example: "OPS",
    path: "jira.projectKey",
  }),
  JIRA_ISSUE_TYPE: variable({
    group: "Jira",
    schema: values.line("an issue type", 255),
    default: "Task",
    meaning: "Issue type that cases become.",
    example: "Task",
    path: "jira.issueType",
  }),
  JIRA_REQUESTS_PER_SECOND: variable({
    group: "Jira",
    schema: values.fromText(values.decimal(0.01, 1000)),
    default: "20",
    unit: "requests per second",
    meaning: "Budget of one site, shared by all replicas.",
    example: "20",
    path: "jira.requestsPerSecond",
  }),
  JIRA_WEBHOOK_SECRET: variable({
    group: "Jira",
    schema: values.line("a long random text", 500, 16),
    unset: "the route answers 404",
    meaning: "HMAC secret of the webhook; needs `WEBHOOK_PORT` or a sign-in.",
    secret: true,
    example: "a-long-random-text-of-16",
    path: "jira.webhookSecret",
  }),

  COMMENTS_TO_HUAWEI: variable({
    group: "What is mirrored",
    schema: values.oneOf(...commentsToHuaweiChoices),
    unset: "must be set for `worker`",
    meaning:
      "Which comments leave Jira: `all` (every comment that no rule holds back), `command` (only those that start with `/case `), `none`. The demo sets `all`.",
    example: "command",
    path: "comments.toHuawei",
  }),
  COMMENT_HOLD_SECONDS: variable({
    group: "What is mirrored",
    schema: values.fromText(seconds),
    default: "10",
    unit: "seconds",
    meaning: "A comment leaves after so long without an edit.",
    example: "10",
    path: "comments.holdSeconds",
  }),
  ATTACHMENTS_TO_HUAWEI: variable({
    group: "What is mirrored",
    schema: values.oneOf(...attachmentsToHuaweiChoices),
    default: "referenced",
    meaning:
      "Which files leave Jira: `referenced` (those named by a comment or description that was itself sent), `all`, `none` (a text that names one says that it stays).",
    example: "referenced",
    path: "attachments.toHuawei",
  }),
  CLOSE_ON_DONE: variable({
    group: "What is mirrored",
    schema: values.oneOf(...closeOnDoneChoices),
    default: "confirm",
    meaning:
      "What a person's move to done does: `confirm` closes the case only where Huawei waits for confirmation (status 2), else asks; `always` closes it, or cancels it in status 0; `never`.",
    example: "confirm",
    path: "status.closeOnDone",
  }),
  TEXT_GUARD: variable({
    group: "What is mirrored",
    schema: values.oneOf("mask", "hold", "off"),
    default: "mask",
    meaning:
      "`mask` hides keys, passwords, phone and identity numbers in what leaves Jira; `hold` keeps what holds some in Jira until a person says whether it leaves masked or as it stands; `off` does neither.",
    example: "mask",
    path: "guard.mode",
  }),
  CASES_CREATED_AFTER: variable({
    group: "What is mirrored",
    schema: values.date(),
    unset: "cases open at the first start, or created later",
    meaning: "ISO date: only cases created after it get an issue.",
    example: "2026-01-01",
    path: "cases.createdAfter",
  }),

  CASES_CRON: variable({
    group: "Rhythm",
    schema: values.cron(),
    default: "*/15 * * * * *",
    unit: "cron, 5 or 6 fields, UTC",
    meaning: "When to look for news in Huawei.",
    example: "*/2 * * * *",
  }),
  ISSUES_CRON: variable({
    group: "Rhythm",
    schema: values.cron(),
    default: "*/15 * * * * *",
    unit: "cron, 5 or 6 fields, UTC",
    meaning: "When to look for news in Jira.",
    example: "*/2 * * * *",
  }),
  CHECK_CRON: variable({
    group: "Rhythm",
    schema: values.cron(),
    default: "*/5 * * * *",
    unit: "cron, 5 or 6 fields, UTC",
    meaning: "When to hand out the next share of full checks.",
    example: "*/5 * * * *",
  }),
  CHECK_MAX_AGE_HOURS: variable({
    group: "Rhythm",
    schema: values.fromText(values.decimal(0.0001, 8760)),
    default: "24",
    unit: "hours, fractions allowed",
    meaning: "Every watched link is fully compared once in this time, spread evenly.",
    example: "24",
  }),
  SETTLE_CASE_SECONDS: variable({
    group: "Rhythm",
    schema: values.fromText(seconds),
    default: "600",
    unit: "seconds",
    meaning: "A created case is visible to reads after this time at the latest.",
    example: "600",
    path: "settle.caseSeconds",
  }),
  SETTLE_MESSAGE_SECONDS: variable({
    group: "Rhythm",
    schema: values.fromText(seconds),
    default: "120",
    unit: "seconds",
    meaning: "The same for a message of a case.",
    example: "120",
    path: "settle.messageSeconds",
  }),
  SETTLE_SEARCH_SECONDS: variable({
    group: "Rhythm",
    schema: values.fromText(seconds),
    default: "300",
    unit: "seconds",
    meaning: "The same for an issue in Jira's search.",
    example: "300",
    path: "settle.searchSeconds",
  }),
  SETTLE_LIST_SECONDS: variable({
    group: "Rhythm",
    schema: values.fromText(seconds),
    default: "30",
    unit: "seconds",
    meaning: "The same for Jira's lists of comments and files.",
    example: "30",
    path: "settle.listSeconds",
  }),

  HTTP_HOST: variable({
    group: "Page and process",
    schema: values.listenHost(),
    default: "127.0.0.1",
    meaning: "Address to listen on: page, API, health, metrics; the webhook too, where a sign-in guards the rest.",
    example: "0.0.0.0",
  }),
  HTTP_PORT: variable({
    group: "Page and process",
    schema: values.fromText(values.whole(0, 65_535)),
    default: "8080",
    meaning: "Port to listen on; `0` = off.",
    example: "8080",
  }),
  WEBHOOK_HOST: variable({
    group: "Page and process",
    schema: values.listenHost(),
    unset: "`127.0.0.1`",
    meaning: "Address of the listener that serves the webhook and nothing else.",
    example: "0.0.0.0",
  }),
  WEBHOOK_PORT: variable({
    group: "Page and process",
    schema: values.fromText(values.whole(0, 65_535)),
    unset: "no such listener",
    meaning: "Port of that listener: the one to lead Jira's calls to.",
    example: "8090",
  }),
  ADMIN_TOKEN: variable({
    group: "Page and process",
    schema: values.line("a long random text", 500, 24),
    unset: "page and API only from this machine",
    meaning:
      "Sign-in for page and API as `operator`, who may act. One sign-in is required when `HTTP_HOST` is not loopback.",
    secret: true,
    example: "a-long-random-text-of-24-or-more",
  }),
  VIEWER_TOKEN: variable({
    group: "Page and process",
    schema: values.line("a long random text", 500, 24),
    unset: "no such sign-in",
    meaning: "Sign-in for page and API as `viewer`, who reads.",
    secret: true,
    example: "another-long-random-text-of-24",
  }),
  OIDC_ISSUER: variable({
    group: "Page and process",
    schema: values.serviceUrl("https://login.example.com"),
    unset: "no single sign-on",
    meaning:
      "Single sign-on by OpenID Connect: address of the provider. Needs the other `OIDC_…` variables and `PUBLIC_URL`.",
    example: "https://login.example.com",
  }),
  OIDC_CLIENT_ID: variable({
    group: "Page and process",
    schema: values.line("a client id", 500),
    unset: "no single sign-on",
    meaning:
      "Client id of casebridge at the provider; its redirect address there is `PUBLIC_URL` and `/api/v1/session/oidc/callback`.",
    example: "casebridge",
  }),
  OIDC_CLIENT_SECRET: variable({
    group: "Page and process",
    schema: values.line("a client secret", 2000),
    unset: "no single sign-on",
    meaning: "Secret of that client.",
    secret: true,
    example: "your-client-secret",
  }),
  OIDC_OPERATORS: variable({
    group: "Page and process",
    schema: values.claimValues(),
    unset: "nobody acts by single sign-on",
    meaning:
      "Who may act: `claim=value` pairs with commas between, one of which must hold (`\\,` is a comma in a value). `email` counts only where the provider verified it. Who has no role is refused.",
    example: "groups=casebridge-operators,email=ops@example.com",
  }),
  OIDC_VIEWERS: variable({
    group: "Page and process",
    schema: values.claimValues(),
    unset: "nobody only reads by single sign-on",
    meaning: "Who may read, likewise.",
    example: "groups=casebridge-viewers",
  }),
  PUBLIC_URL: variable({
    group: "Page and process",
    schema: values.serviceUrl("https://bridge.example.com"),
    unset: "the host that a request names",
    meaning:
      "Address under which people reach the page: changes are taken from there alone, cookies demand TLS as it does, single sign-on comes back to it, notifications lead to it. It may have a path (`https://tools.example.com/casebridge`), which the proxy may pass on or take away.",
    example: "https://bridge.example.com",
  }),
  HTTPS_PROXY: variable({
    group: "Page and process",
    schema: values.proxyUrl(),
    unset: "no proxy",
    meaning:
      "HTTP proxy through which both services, `NOTIFY_URL` and `OIDC_ISSUER` are reached, by CONNECT. Also in small letters. In the file `huawei.proxy` and `jira.proxy` set one per service; `none` = direct.",
    secret: true,
    example: "http://user:password@proxy.example.com:3128",
    path: "huawei.proxy",
  }),
  NO_PROXY: variable({
    group: "Page and process",
    schema: values.hostList(),
    unset: "everything goes through the proxy",
    meaning:
      "Hosts that are reached without `HTTPS_PROXY`: names, `.suffixes`, addresses, ranges. Also in small letters.",
    example: "localhost,.example.com,10.0.0.0/8",
  }),
  CA_FILE: variable({
    group: "Page and process",
    schema: values.line("a file"),
    unset: "the authorities that Node.js trusts",
    meaning: "PEM file of further authorities to trust: for both services, PostgreSQL and Redis.",
    example: "/etc/ssl/certs/company-root.pem",
  }),
  WORKER_CONCURRENCY: variable({
    group: "Page and process",
    schema: values.fromText(values.whole(1, 256)),
    default: "8",
    unit: "links",
    meaning: "Links reconciled at once per replica. One that has to wait for a service gives its place to others.",
    example: "8",
  }),
  LOG_LEVEL: variable({
    group: "Page and process",
    schema: values.oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent"),
    default: "info",
    meaning: "pino level; JSON lines on stdout, pretty on a terminal.",
    example: "debug",
  }),

  NOTIFY_URL: variable({
    group: "Notifications",
    schema: values.hookUrl(),
    unset: "nobody is notified",
    meaning:
      "Where people are told of troubles and of their end: the address of a webhook or robot. Ids, reasons and links only; at most one message a minute.",
    secret: true,
    example: "https://hooks.example.com/services/your-webhook",
  }),
  NOTIFY_FORMAT: variable({
    group: "Notifications",
    schema: values.oneOf("json", "slack", "teams", "feishu", "wecom", "dingtalk"),
    default: "json",
    meaning:
      "What that address takes: `slack`, `teams`, `feishu` (Lark too), `wecom`, `dingtalk`, or `json` for a program.",
    example: "slack",
  }),
  NOTIFY_ON: variable({
    group: "Notifications",
    schema: values.someOf(...alarmCauses),
    default: alarmCauses.join(","),
    meaning:
      "What is told, with commas between: `failure` (something waits for a person), `stopped` (a connection stopped itself, credentials are refused, a change is late), `silence` (rounds fail, or cases are open and there is no news for an unusual time).",
    example: "failure,stopped",
  }),
  NOTIFY_SECRET: variable({
    group: "Notifications",
    schema: values.line("a secret", 500),
    unset: "requests are not signed",
    meaning:
      "Signs the requests: the secret of a `feishu` or `dingtalk` robot with signature check; with `json` an HMAC in `X-Casebridge-Signature`.",
    secret: true,
    example: "SEC-your-robot-secret",
  }),
  TEXT_LANGUAGE: variable({
    group: "Notifications",
    schema: values.oneOf("en", "zh", "both"),
    default: "en",
    meaning:
      "Language of what casebridge itself writes into issues and notifications: `en`, `zh` or `both`. What stands there already stays as it is. `casebridge doctor` speaks it too (with `both`: English).",
    example: "zh",
  }),
} satisfies Record<string, Variable>;

/** Name of an environment variable of casebridge. */
export type VariableName = keyof typeof environmentVariables;

/** What the variable's schema gives. */
export type VariableValue<N extends VariableName> = z.output<(typeof environmentVariables)[N]["schema"]>;

/** The table's rows with their names, in its order. */
export function listVariables(): readonly (Variable & { readonly name: VariableName })[] {
  return variableNames().map((name) => {
    const row: Variable = environmentVariables[name];
    return { name, ...row };
  });
}

/** Names of all variables, in the order of the table. */
export function variableNames(): readonly VariableName[] {
  return Object.keys(environmentVariables) as VariableName[];
}
