/**
 * The configuration as the rest of casebridge sees it: parsed, complete, deeply frozen.
 *
 * Glossary: a *connection* pairs one Huawei account (or user group) with one Jira project. Units stand in the names;
 * `null` means "not set". Secrets are wrapped in `Secret`, so printing a `Config` is harmless.
 */

import type { HuaweiAccess, JiraAccess } from "../domain/access.ts";
import type { AlarmCause } from "../domain/alarm.ts";
import type { NotifyFormatName } from "../domain/notify-format.ts";
import type {
  CommentsSettings,
  ConnectionSettings,
  IssueSettings,
  ServiceProjectVisibility,
  StatusSettings,
} from "../domain/settings.ts";
import type { Secret } from "../lib/secret.ts";
import type { HttpProxy } from "../lib/tunnel.ts";
import type { EffectiveSetting } from "./effective-settings.ts";

/** What a start needs the configuration for; decides what must be present. See `loadConfig`. */
export type ConfigPurpose = "worker" | "command" | "database" | "demo";

/** A pino level. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

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
  /** Every setting with where it comes from; secrets without their values. Pure. */
  readonly settings: () => readonly EffectiveSetting[];
  /** Reads everything once more, as for a command; `null` where that fails now. For secrets that were renewed in their files. */
  readonly reread: () => Config | null;
  /** Key that seals texts of unconfirmed writes, 32 bytes in base64; `null` = they are not sealed. */
  readonly dataKey: Secret | null;
  /** Files that hold secrets: `.env` where there is one, and those that `NAME_FILE` names. */
  readonly secretFiles: readonly string[];
  /** Certificates (PEM) of further authorities to trust. */
  readonly authorities: readonly string[];
  /** In file order, which decides who owns a case that two of them see. Empty for purposes `database` and `demo`. */
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
  /** `null` = reached directly. */
  readonly proxy: HttpProxy | null;
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

/** One Huawei account (or user group) paired with one Jira project: what the flows see of it, and how the services are reached. */
export type ConnectionConfig = ConnectionSettings & {
  /** Unique, `[A-Za-z0-9_-]+`; part of the webhook's address. */
  readonly name: string;
  readonly huawei: HuaweiConfig;
  readonly jira: JiraConfig;
  readonly issue: IssueConfig;
  readonly status: Required<StatusSettings>;
  readonly comments: CommentsConfig;
};

/** The Huawei side of a connection. */
export type HuaweiConfig = HuaweiAccess & ConnectionSettings["huawei"] & { readonly requestsPerSecond: number };

/** The Jira side of a connection. */
export type JiraConfig = JiraAccess & {
  /** `null` = the webhook's route answers 404. */
  readonly webhookSecret: Secret | null;
  readonly requestsPerSecond: number;
};

/** What a new issue is made of, `jira.issueType` where the file does not choose another type. */
export type IssueConfig = IssueSettings & {
  /** Where the file gives each of the fields: `casebridge.yaml:12:9`. */
  readonly places: Readonly<Record<string, string>>;
};

/** `toHuawei` is `none` where purpose `command` met no choice: then nothing is sent, and `toHuaweiChosen` is false. */
export type CommentsConfig = CommentsSettings & {
  /** Whether the operator made that choice; a worker never starts without. */
  readonly toHuaweiChosen: boolean;
  /** Whether the customers of a service project see what casebridge writes there (rule 5). */
  readonly inServiceProject: ServiceProjectVisibility;
};
