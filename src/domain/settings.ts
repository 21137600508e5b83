/**
 * What an operator decides about one connection. The configuration reads these words and shapes; the flows see `ConnectionSettings`, and
 * nothing of how a service is reached.
 */
import type { HuaweiAccess, JiraAccess } from "./access.ts";
import type { StatusCategory } from "./issue.ts";
import type { GuardSettings } from "./text/guard.ts";
import type { StatusFields } from "./transition-fields.ts";
import type { ValueRule } from "./value-rule.ts";

/** What a person's move of the issue to category done does to the case (rule 6). */
export const closeOnDoneChoices = ["confirm", "always", "never"] as const;
export type CloseOnDone = (typeof closeOnDoneChoices)[number];

/** Which comments of people become messages of the case. */
export const commentsToHuaweiChoices = ["all", "command", "none"] as const;
export type CommentsToHuawei = (typeof commentsToHuaweiChoices)[number];

/** Which files of people are sent to the case. */
export const attachmentsToHuaweiChoices = ["referenced", "all", "none"] as const;
export type AttachmentsToHuawei = (typeof attachmentsToHuaweiChoices)[number];

/** What names the author of a message: the person's display name, their project role, or nothing. */
export const authorNameChoices = ["name", "role", "none"] as const;
export type AuthorName = (typeof authorNameChoices)[number];

/** Who sees what casebridge writes into a service project (rule 5). */
export const serviceProjectChoices = ["internal", "public"] as const;
export type ServiceProjectVisibility = (typeof serviceProjectChoices)[number];

/** Languages of what casebridge itself writes. */
export type TextLanguage = "en" | "zh";

/** Where a case status leads in Jira: any status of a category, or one status by its id. */
export type StatusTarget = { readonly category: StatusCategory } | { readonly statusId: string };

/** What a new issue is made of besides the case's texts. */
export type IssueSettings = {
  /** Name or id of the type. */
  readonly type: ValueRule<string>;
  /** Id or name of the request type of a new issue in a service project; `null` = none is set. */
  readonly requestType: ValueRule<string> | null;
  /** Account id or e-mail address of whom a new issue is assigned to; `null` = Jira decides. */
  readonly assignee: ValueRule<string> | null;
  /** By id or name of a field of the create screen; values as Jira's API takes them. */
  readonly fields: Readonly<Record<string, ValueRule>>;
};

/** Which cases get an issue; never decides about those that have one. */
export type CaseFilter = {
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
export type StatusSettings = {
  /** By number of the case status; complete for the nine known ones, may hold further numbers. */
  readonly toJira: Readonly<Record<number, StatusTarget>>;
  /** Target (status id or category) → status ids to pass through on the way, in order. */
  readonly via: Readonly<Record<string, readonly string[]>>;
  readonly closeOnDone: CloseOnDone;
  /** What the screens of transitions are filled with, by the status that they lead to; left out = nothing. */
  readonly fields?: StatusFields;
};

/** What of people's comments is sent to Huawei, and how. */
export type CommentsSettings = {
  readonly toHuawei: CommentsToHuawei;
  /** A comment leaves after so long without an edit. */
  readonly holdSeconds: number;
  /** What stands after the mark. */
  readonly authorName: AuthorName;
  /** Ids of issue security levels whose comments may leave Jira all the same (rule 5). */
  readonly allowSecurityLevels: readonly string[];
  /** Account ids of type `app` whose comments count as a person's (rule 1). */
  readonly allowAppAccounts: readonly string[];
};

/** One text per input of a new case: a Huawei id where it is a default, the id of a Jira field where it names one. */
export type CreateInputs = {
  readonly subTypeId: string | null;
  readonly productId: string | null;
  readonly problemTypeId: string | null;
  readonly regionId: string | null;
  readonly severityId: string | null;
  /** By the key of the extra parameter. */
  readonly extends: Readonly<Record<string, string>>;
};

/** How an issue becomes a case (rule 11). */
export type CreateSettings = {
  /** Which issues of the project ask for a case. */
  readonly jql: string;
  /** Used where the issue names none. */
  readonly defaults: CreateInputs;
  /** Jira field ids that hold the respective Huawei id; they win over the defaults. */
  readonly fields: CreateInputs;
  /** Id of the look-up template whose text stands at the end of the description; `null` = none. Used where the issue names none. */
  readonly template: string | null;
  /** Jira field that names the template by id or name; `null` = none. */
  readonly templateField: string | null;
};

/** After this long a completed write is taken to be visible to reads (rule 2). */
export type SettleSettings = {
  readonly caseSeconds: number;
  readonly messageSeconds: number;
  readonly searchSeconds: number;
  readonly listSeconds: number;
};

/** What the flows need to know about one connection. */
export type ConnectionSettings = {
  readonly name: string;
  /** Of what casebridge itself writes on issues; at least one. */
  readonly languages: readonly TextLanguage[];
  readonly huawei: Pick<HuaweiAccess, "endpoint" | "groupIds"> & {
    /** URL template holding `{caseId}`. */
    readonly consoleCaseUrl: string | null;
    /** Zone in which times are told to people: `UTC`, `GMT`, `GMT+8`, `GMT-3:30`. */
    readonly timeZone: string;
    /** UTF-16 units that one message or description may hold, mark and author line included. */
    readonly messageCharsMax: number;
  };
  readonly jira: Pick<JiraAccess, "host" | "projectKey">;
  readonly issue: IssueSettings;
  readonly cases: CaseFilter;
  readonly status: StatusSettings;
  /** Severity id or name → name of a Jira priority. */
  readonly priority: Readonly<Record<string, string>>;
  readonly comments: CommentsSettings;
  readonly attachments: { readonly toHuawei: AttachmentsToHuawei };
  readonly create: CreateSettings;
  /** Masking of what leaves Jira. */
  readonly guard: GuardSettings;
  /** `role`: name or id of the Jira project role that may use `/case`, `/close` …; `null` = whoever's comments would be sent (rule 6). */
  readonly commands: { readonly role: string | null };
  readonly settle: SettleSettings;
};
