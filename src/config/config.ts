/**
 * The configuration as the rest of casebridge sees it: parsed, complete, deeply frozen.
 *
 * Glossary: a *connection* pairs one Huawei account (or user group) with one Jira project. Units stand in the names;
 * `null` means "not set". Secrets are wrapped in `Secret`, so printing a `Config` is harmless.
 */
import type { AlarmCause } from "../domain/alarm.ts";
import type { NotifyFormatName } from "../domain/notify-format.ts";
import type { GuardSettings } from "../domain/text/guard.ts";
import type { StatusFields } from "../domain/transition-fields.ts";
import type { ValueRule } from "../domain/value-rule.ts";
import type { Secret } from "../lib/secret.ts";
import type { HttpProxy } from "../lib/tunnel.ts";

/** What a start needs the configuration for; decides what must be present. See `loadConfig`. */
export type ConfigPurpose = "worker" | "command" | "database" | "demo";

/** A pino level. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/** The three status categories of Jira. */
export type StatusCategory = "new" | "indeterminate" | "done";

/** Where a case status leads in Jira: any status of a category, or one status by its id. */
export type StatusTarget = { readonly category: StatusCategory } | { readonly statusId: string };

/** What a person's move of the issue to category done does to the case (rule 6). */
export type CloseOnDone = "confirm" | "always" | "never";

/** Which comments of people become messages of the case. */
export type CommentsToHuawei = "all" | "command" | "none";

/** Which files of people are sent to the case. */
export type AttachmentsToHuawei = "referenced" | "all" | "none";

/** Whole configuration of one process. */
export type Config = {
  /** PostgreSQL; `null` = the embedded one under `dataDir`. */
  readonly databaseUrl: Secret | null;
  /** Redis; `null` = the queue lives in the same PostgreSQL. */
  readonly redisUrl: Secret | null;
  /** Absolute path: embedded database and attachment spool. */
  readonly dataDir: string;
  readonly http: HttpConfig;
  /** Whom to tell of troubles; `null` = nobody. */
  readonly notify: NotifyConfig | null;
  /** Links reconciled at once in this process. */
  readonly workerConcurrency: number;
  readonly logLevel: LogLevel;
  readonly crons: CronConfig;
  /** Every watched link is fully compared once in this time; fractions are allowed. */
  readonly checkMaxAgeHours: number;
  /** In file order, which decides who owns a case that two of them see. Empty for purposes `database` and `demo`. */
  /** Reads everything once more, as for a command; `null` where that fails now. For secrets that were renewed in their files. */
  readonly reread: () => Config | null;
  /** Key that seals texts of unconfirmed writes, 32 bytes in base64; `null` = they are not sealed. */
  readonly dataKey: Secret | null;
  /** Files that hold secrets: `.env` where there is one, and those that `NAME_FILE` names. */
  readonly secretFiles: readonly string[];
  /** Certificates (PEM) of further authorities to trust. */
  readonly authorities: readonly string[];
  readonly connections: readonly ConnectionConfig[];
};

/** Page, API, health, metrics and webhook. */
export type HttpConfig = {
  readonly host: string;
  /** 0 = no page, API, health and metrics. */
  readonly port: number;
  /** The listener that serves the webhook alone; `null` = there is none. */
  readonly webhook: { readonly host: string; readonly port: number } | null;
  /** Address under which people reach the page, without a trailing slash; never `null` with single sign-on. */
  readonly publicUrl: string | null;
  /** `null` = page and API answer this machine only; never `null` in a worker whose `host` is not loopback. */
  readonly signIn: SignInConfig | null;
};

/** How people and programs prove who they are; at least one way is set. */
export type SignInConfig = {
  /** Whoever shows it may act. */
  readonly operatorToken: Secret | null;
  /** Whoever shows it may read. */
  readonly viewerToken: Secret | null;
  /** Single sign-on; `null` = there is none. */
  readonly oidc: OidcConfig | null;
};

/** An OpenID Connect provider, and whom it gives which role; at least one pair is there. */
export type OidcConfig = {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly operators: readonly { readonly claim: string; readonly value: string }[];
  readonly viewers: readonly { readonly claim: string; readonly value: string }[];
};

/** Where people are told of troubles, of which, and how. */
export type NotifyConfig = {
  /** Itself a secret: whoever has it can write there. */
  readonly url: Secret;
  readonly format: NotifyFormatName;
  readonly on: readonly AlarmCause[];
  /** `null` = requests are not signed. */
  readonly secret: Secret | null;
  /** At least one; the first is the main one. */
  readonly languages: readonly ["en" | "zh", ...("en" | "zh")[]];
  /** `null` = reached directly. */
  readonly proxy: HttpProxy | null;
};

/** Cron expressions of 5 or 6 fields, in UTC. */
export type CronConfig = { readonly cases: string; readonly issues: string; readonly check: string };

/** One Huawei account (or user group) paired with one Jira project. */
export type ConnectionConfig = {
  /** Unique, `[A-Za-z0-9_-]+`; part of the webhook's address. */
  readonly name: string;
  readonly huawei: HuaweiConfig;
  readonly jira: JiraConfig;
  readonly issue: IssueConfig;
  readonly cases: CaseFilterConfig;
  readonly status: StatusConfig;
  /** Severity id or name → name of a Jira priority. */
  readonly priority: Readonly<Record<string, string>>;
  readonly comments: CommentsConfig;
  readonly attachments: { readonly toHuawei: AttachmentsToHuawei };
  readonly create: CreateConfig;
  readonly guard: GuardConfig;
  /** `role`: the Jira project role that may use `/case`, `/close` …; `null` = whoever's comments would be sent. */
  readonly commands: { readonly role: string | null };
  readonly settle: SettleConfig;
};

/** The Huawei side of a connection. URLs have no trailing slash. */
export type HuaweiConfig = {
  readonly endpoint: string;
  readonly iamEndpoint: string;
  readonly apiVersion: "v2" | "v1.0";
  /** `X-Language`, in lower case. */
  readonly language: string;
  /** Zone in which times are told to people: `UTC`, `GMT`, `GMT+8`, `GMT-3:30`. */
  readonly timeZone: string;
  /** `X-Site`; `null` = not sent. */
  readonly site: "china" | "international" | null;
  /** The user group whose cases are mirrored; `null` = the account's own. */
  readonly groupId: string | null;
  /** URL template holding `{caseId}`. */
  readonly consoleCaseUrl: string | null;
  readonly requestsPerSecond: number;
  /** UTF-16 units that one message or description may hold, mark and author line included. */
  readonly messageCharsMax: number;
  /** Sent as `project_id` of new cases, and the scope of a token login. */
  readonly projectId: string | null;
  readonly credentials: HuaweiCredentials;
  /** `null` = reached directly. */
  readonly proxy: HttpProxy | null;
};

/** Signing with a key pair (preferred), or a token login. */
export type HuaweiCredentials =
  | {
      readonly kind: "aksk";
      readonly ak: Secret;
      readonly sk: Secret;
      /** Present with temporary keys. */
      readonly securityToken: Secret | null;
      /** Account id, sent as `X-Domain-Id`. */
      readonly domainId: string | null;
    }
  | {
      readonly kind: "password";
      readonly username: string;
      readonly password: Secret;
      readonly domainName: string;
      /** Scope of the token; `null` = looked up with the first login. */
      readonly projectId: string | null;
    };

/** The Jira side of a connection. */
export type JiraConfig = {
  /** Base URL with scheme and without trailing slash, such as `https://example.atlassian.net`. */
  readonly host: string;
  readonly email: string;
  readonly apiToken: Secret;
  /** `null` = the webhook's route answers 404. */
  readonly webhookSecret: Secret | null;
  readonly projectKey: string;
  /** Name or id of the issue type that cases become where `issue.type` does not choose another by a fact of the case. */
  readonly issueType: string;
  readonly requestsPerSecond: number;
  /** `null` = reached directly. */
  readonly proxy: HttpProxy | null;
};

/** What a new issue is made of besides the case's texts. */
export type IssueConfig = {
  /** Name or id of the type; `jira.issueType` where the file does not choose another. */
  readonly type: ValueRule<string>;
  /** Account id or e-mail address of whom a new issue is assigned to; `null` = Jira decides. */
  readonly assignee: ValueRule<string> | null;
  /** By id or name of a field of the create screen; values as Jira's API takes them. */
  readonly fields: Readonly<Record<string, ValueRule>>;
  /** Where the file gives each of the fields: `casebridge.yaml:12:9`. */
  readonly places: Readonly<Record<string, string>>;
};

/** Which cases get an issue; never decides about those that have one. */
export type CaseFilterConfig = {
  /** `null` = cases open at the first start, or created later. */
  readonly createdAfter: Date | null;
  /** Status numbers; `null` = any. */
  readonly statuses: readonly number[] | null;
  /** Names of case labels, one of which the case must have; empty = any. */
  readonly labels: readonly string[];
  /** Names of case labels, none of which the case may have. */
  readonly excludeLabels: readonly string[];
  /** Names of submitters, one of whom the case must have; empty = any. */
  readonly submitters: readonly string[];
};

/** How the statuses of the two sides map. */
export type StatusConfig = {
  /** By number of the case status; complete for the nine known ones, may hold further numbers. */
  readonly toJira: Readonly<Record<number, StatusTarget>>;
  /** Target (status id or category) → status ids to pass through on the way, in order. */
  readonly via: Readonly<Record<string, readonly string[]>>;
  readonly closeOnDone: CloseOnDone;
  /** What the screens of transitions are filled with, by the status that they lead to. */
  readonly fields: StatusFields;
};

/** What of people's comments is sent to Huawei, and how. */
export type CommentsConfig = {
  /** `none` where purpose `command` met no choice: then nothing is sent, and `toHuaweiChosen` is false. */
  readonly toHuawei: CommentsToHuawei;
  /** Whether the operator made that choice; a worker never starts without. */
  readonly toHuaweiChosen: boolean;
  /** A comment leaves after so long without an edit. */
  readonly holdSeconds: number;
  /** What stands after the mark: the person's display name, their project role, or nothing. */
  readonly authorName: "name" | "role" | "none";
  /** Ids of issue security levels whose comments may leave Jira all the same (rule 5). */
  readonly allowSecurityLevels: readonly string[];
  /** Account ids of type `app` whose comments count as a person's (rule 1). */
  readonly allowAppAccounts: readonly string[];
  /** Whether the customers of a service project see what casebridge writes there (rule 5). */
  readonly inServiceProject: "internal" | "public";
};

/** How an issue becomes a case. */
export type CreateConfig = {
  readonly jql: string;
  /** Huawei ids used where the issue names none. */
  readonly defaults: CreateInputs;
  /** Jira field ids that hold the respective Huawei id. */
  readonly fields: CreateInputs;
  /** Id of a template of the default problem type, put into the description of a new case; `null` = none. */
  readonly template: string | null;
  /** Jira field that names the template (id or name). */
  readonly templateField: string | null;
};

/** One text per input of a new case; `extends` by the parameter's key. */
export type CreateInputs = {
  readonly subTypeId: string | null;
  readonly productId: string | null;
  readonly problemTypeId: string | null;
  readonly regionId: string | null;
  readonly severityId: string | null;
  readonly extends: Readonly<Record<string, string>>;
};

/** Masking of what leaves Jira. */
export type GuardConfig = GuardSettings;

/** After this long a completed write is taken to be visible to reads (rule 2). */
export type SettleConfig = {
  readonly caseSeconds: number;
  readonly messageSeconds: number;
  readonly searchSeconds: number;
  readonly listSeconds: number;
};
