/**
 * What the flows need from outside. The adapters implement these; the flows never see HTTP, Prisma or BullMQ.
 *
 * Conventions: `find…` answers null, `get…` throws, `list…` returns everything (pages are the adapter's business and bounded there).
 * Every remote call throws only `ServiceError`; where `facts.outcomeUnknown` is true a write may have landed.
 * `lane` tells the request budget who is asking; live overtakes poll, poll overtakes check, check overtakes import.
 */

import type { AccessRequest, CaseDetail, CaseMessage, CaseOperation, CaseSummary } from "../domain/case.ts";
import type { AttachmentId, CaseFileId, CaseId, CommentId, IssueId, IssueKey, MessageId } from "../domain/ids.ts";
import type {
  CommentStamp,
  Issue,
  IssueChange,
  IssueComment,
  IssueFile,
  IssueStamp,
  Transition,
} from "../domain/issue.ts";
import type { Lane } from "../domain/lane.ts";
import type { GuardedText } from "../domain/text/guarded.ts";
import type { Sealed } from "../lib/sealed.ts";
import type { ServiceClock } from "../lib/service-clock.ts";

/** A file on its way: bytes wait on disk, so that size costs no memory. */
export type SpooledFile = { readonly path: string; readonly sizeBytes: number; readonly sha256: string };

/** Where downloaded files wait. */
export interface Spool {
  /** Streams `source` to a new file of mode 0600. Throws when the source breaks, exceeds `sizeMaxBytes` (`FileTooLarge`), or finds no room now (`SpoolFull`). */
  store(source: AsyncIterable<Uint8Array>, sizeMaxBytes: number): Promise<SpooledFile>;
  /** Writes a text as UTF-8. */
  storeText(text: string): Promise<SpooledFile>;
  /** Removes the file; a missing one is fine. */
  remove(file: SpooledFile): Promise<void>;
}

/** What the Huawei account allows for files, read at run time. */
export type CaseFileLimits = {
  readonly countMax: number;
  readonly sizeMaxBytes: number;
  /** Lower-case extensions without dot; empty = any. */
  readonly extensions: readonly string[];
  /** Files that a new case may carry; absent = `countMax`. */
  readonly newCaseCountMax?: number;
};

/**
 * Limits where the service does not tell them: what it takes besides it says when it refuses a file. Five files is the documented count
 * (huawei.md 8), 12 MB the gateway's bound of a request.
 */
export const untoldFileLimits: CaseFileLimits = { countMax: 5, sizeMaxBytes: 11 * 1024 * 1024, extensions: [] };

/** Bounds of one case listing. Times are instants; the adapter converts them to the account's time zone. */
export type CaseListQuery = {
  readonly status?: number;
  readonly createdFrom?: Date;
  readonly createdTo?: Date;
};

/** An id with its name as the configured language has it. */
export type NamedId = { readonly id: string; readonly name: string };
/** A case sub-type with its products. */
export type CaseCategory = NamedId & { readonly products: readonly NamedId[] };
/** A problem type; `caseType` "0" consultation, "5" fault report, which needs a region (huawei.md 6); `null` = not told. */
export type ProblemType = NamedId & { readonly caseType: string | null; readonly canUseSupportPlan: boolean };
/** A template: text to be filled in and sent as the description. */
export type CaseTemplate = NamedId & { readonly content: string };
/** Severities; they matter only when `shown` is true, which needs a support plan (huawei.md 6). */
export type Severities = { readonly shown: boolean; readonly severities: readonly NamedId[] };
/** Quota of a problem type; `null` = the service did not say, -1 believed to mean unlimited. */
export type CaseQuota = { readonly total: number | null; readonly unused: number | null };
/** An extra parameter that a problem type asks for; answered in `NewCase.extends` under its id. */
export type ExtraParameter = NamedId & {
  readonly required: boolean;
  /** Longest value in characters; `null` = not told. */
  readonly lengthMax: number | null;
  /** Choices as the service words them (their form is not documented); `null` = free text. */
  readonly choices: string | null;
  readonly defaultValue: string | null;
  readonly sensitive: boolean;
};

/**
 * What the account knows: the ids that a new case is made of, and whether the account may make one. Reads only; every call throws
 * only `ServiceError` and may be repeated. Ids to ask about may stand on an issue, so they are guarded as well. What the API version lacks throws the refusal of `isUnsupported`, see `capabilities`.
 */
export interface CaseLookupPort {
  listRegions(lane: Lane): Promise<readonly NamedId[]>;
  listCategories(lane: Lane): Promise<readonly CaseCategory[]>;
  /** Without a product or sub-type: all of the account. */
  listProblemTypes(
    filter: { readonly productId: GuardedText | null; readonly subTypeId: GuardedText | null },
    lane: Lane,
  ): Promise<readonly ProblemType[]>;
  listSeverities(
    filter: { readonly productId: GuardedText; readonly problemTypeId: GuardedText },
    lane: Lane,
  ): Promise<Severities>;
  listTemplates(problemTypeId: GuardedText, lane: Lane): Promise<readonly CaseTemplate[]>;
  /** Extra parameters that a case of this problem type must or may carry; hidden ones are left out. */
  listExtraParameters(
    filter: {
      readonly problemTypeId: GuardedText;
      readonly productId: GuardedText | null;
      readonly subTypeId: GuardedText | null;
    },
    lane: Lane,
  ): Promise<readonly ExtraParameter[]>;
  /** Labels of the account, all pages. */
  listLabels(lane: Lane): Promise<readonly NamedId[]>;
  listQuotas(
    filter: { readonly problemTypeId: GuardedText; readonly productId: GuardedText | null },
    lane: Lane,
  ): Promise<CaseQuota>;
  /** Whether the newest ticket agreement is signed (huawei.md 6: whether an unsigned one blocks creation is open). */
  getAgreementSigned(lane: Lane): Promise<boolean>;
  /** Which of the two documented privileges the caller holds. */
  listPrivileges(lane: Lane): Promise<{ readonly createCase: boolean; readonly export: boolean }>;
  /** Projects of the account from IAM. */
  getProjectIds(lane: Lane): Promise<readonly NamedId[]>;
}

/** The value of an extra parameter. */
export type ExtraValue = { readonly id: GuardedText; readonly value: GuardedText };

/** A case to be made. `null` leaves a field out; ids come from `CaseLookupPort`. No contact data is sent: Huawei uses the account's own. */
export type NewCase = {
  readonly subTypeId: GuardedText | null;
  readonly productId: GuardedText | null;
  readonly problemTypeId: GuardedText;
  /** Needed for a problem type of case type "5". */
  readonly regionId: GuardedText | null;
  readonly severityId: GuardedText | null;
  /** Values of the extra parameters, each with its id. */
  readonly extras: readonly ExtraValue[];
  /** Starts with the mark; a filled-in template is part of it. At most `newCaseCharsMax` UTF-16 units. */
  readonly description: GuardedText;
  /** Files uploaded with purpose `incident`. */
  readonly fileIds: readonly CaseFileId[];
};

/** A message to be added to a case. */
export type NewMessage = { readonly content: GuardedText; readonly fileIds: readonly CaseFileId[] };
/** What is done to a case; `press` urges. */
export type CaseAction = "press" | "cancel" | "close" | "delete";
/** A rating with its text. */
export type Rating = { readonly stars: 1 | 2 | 3 | 4 | 5; readonly text: GuardedText };
/** A file on its way to a new case, or to a message. */
export type CaseUpload = {
  readonly file: SpooledFile;
  readonly name: GuardedText;
  readonly purpose: "incident" | "message";
};

/** UTF-16 units of a new case's description (huawei.md 6, both API versions). */
export const newCaseCharsMax = 1200;

/** What an API version, or the group mode, may lack. A flow asks before it counts on one. */
export type HuaweiCapability =
  /** Messages can be withdrawn; else a message marked `withdrawn` says so. */
  | "withdraw"
  /** Cases carry labels. */
  | "labels"
  | "access_requests"
  | "related_cases"
  /** What was done to a case is kept in a log; else a lost answer to an urge or a rating stays lost. */
  | "operation_log"
  /** News of up to 100 cases in one call; else each watched case costs one read. */
  | "instant_messages"
  /** New cases take severity and extra parameters. */
  | "severity_and_extends"
  /** Quotas, agreement and privileges can be asked for. */
  | "account_checks"
  /** Cases of others of the same user group. */
  | "group";

/** One group of an instant-messages answer. */
export type InstantGroup = { readonly caseId: CaseId; readonly messages: readonly CaseMessage[] };

/**
 * The Huawei side. One instance per connection; calls carry their lane. What may carry anything from Jira comes sealed: it is judged when
 * its turn has come, just before it leaves (rule 5), and whatever the judge throws is thrown on. Every text in it is guarded, by its type.
 */
export interface HuaweiPort {
  readonly serviceClock: ServiceClock;
  readonly capabilities: ReadonlySet<HuaweiCapability>;
  /** Distinct cases over all pages, read again when the total moved. Throws `ServiceError`. */
  listCases(query: CaseListQuery, lane: Lane): Promise<readonly CaseSummary[]>;
  /**
   * The same cases page by page, at most 100 at a time, so that a long list is never held as a whole. A case may come more than once; what
   * comes later is the newer. Throws `ServiceError`, and whatever `take` throws.
   */
  walkCases(query: CaseListQuery, lane: Lane, take: (page: readonly CaseSummary[]) => Promise<void>): Promise<void>;
  getCase(caseId: CaseId, lane: Lane): Promise<CaseDetail>;
  /** All pages of `/messages`; entries carry no message id. */
  listMessages(caseId: CaseId, lane: Lane): Promise<readonly CaseMessage[]>;
  /** News of up to 100 cases since an opaque cursor (`null` = first call). */
  listInstantMessages(
    caseIds: readonly CaseId[],
    cursor: string | null,
    lane: Lane,
  ): Promise<{ readonly groups: readonly InstantGroup[]; readonly cursor: string | null }>;
  /**
   * Makes a case and answers its id. Never repeated by the adapter. With `outcomeUnknown` it may have been made: look for the mark
   * among `listCases({ createdFrom })`, whose entries carry the description, and among the deleted ones, before it is made again.
   */
  createCase(input: Sealed<NewCase>, lane: Lane): Promise<CaseId>;
  /** Adds a message; the service answers no id. */
  createMessage(caseId: CaseId, message: Sealed<NewMessage>, lane: Lane): Promise<void>;
  /** Needs the capability `withdraw`. */
  withdrawMessage(caseId: CaseId, messageId: MessageId, lane: Lane): Promise<void>;
  /** `description` is cut at 400 UTF-16 units. */
  performAction(caseId: CaseId, action: CaseAction, description: Sealed<GuardedText>, lane: Lane): Promise<void>;
  /** Rates a completed case in every dimension the service knows. `text` is cut at 400 UTF-16 units. */
  rateCase(caseId: CaseId, rating: Sealed<Rating>, lane: Lane): Promise<void>;
  /** The newest 100 entries of the case's operation log; what support did may be absent. */
  listOperations(caseId: CaseId, lane: Lane): Promise<readonly CaseOperation[]>;
  /** What the account allows for files, as it was told at most `ageMaxMs` ago and before the last refusal of a file; 0 where it is left out. */
  getFileLimits(lane: Lane, ageMaxMs?: number): Promise<CaseFileLimits>;
  /** Uploads from disk in constant memory. `purpose`: for a new case, or for a message. */
  uploadFile(upload: Sealed<CaseUpload>, lane: Lane): Promise<CaseFileId>;
  /** Removes an uploaded file that no case or message uses yet. */
  deleteUpload(fileId: CaseFileId, lane: Lane): Promise<void>;
  /** Streams one file into the spool. */
  downloadFile(fileId: CaseFileId, spool: Spool, sizeMaxBytes: number, lane: Lane): Promise<SpooledFile>;
  /** Names of the case's labels; empty without the capability `labels`. */
  listCaseLabels(caseId: CaseId, lane: Lane): Promise<readonly string[]>;
  /** Cases that the console shows as related; needs the capability `related_cases`. */
  listRelatedCases(
    caseId: CaseId,
    lane: Lane,
  ): Promise<readonly { readonly caseId: CaseId; readonly description: string }[]>;
  /** Access requests of engineers; empty where the account may not see them, and without the capability `access_requests`. */
  listAccessRequests(lane: Lane): Promise<readonly AccessRequest[]>;
}

/** Answer to the creation of an issue. `left`: ids of wanted fields that the create screen lacks, for `completeIssue`; left out = none. */
export type CreatedIssue = {
  readonly issueId: IssueId;
  readonly issueKey: IssueKey;
  readonly left?: readonly string[];
};

/** A field that Jira did not let us set. `label`: its name, for people; `reason`: what Jira says, `null` = it is not on the edit screen. */
export type UnsetField = { readonly fieldId: string; readonly label: string; readonly reason: string | null };

/** What goes into a new issue. `descriptionAdf` is a schema-valid ADF document. */
export type NewIssue = {
  readonly summary: string;
  readonly descriptionAdf: unknown;
  readonly labels: readonly string[];
  /** Name or id of a priority; `null` = leave it to Jira. A refused priority is left out and the create repeated by the adapter. */
  readonly priority: string | null;
  /** Name or id of a type; `null` or left out = the adapter's own. */
  readonly issueType?: string | null;
  /** Name or id of a request type of the service project; `null` or left out = none is set. */
  readonly requestType?: string | null;
  /** Account id or e-mail address of one who can be assigned; `null` or left out = Jira decides. */
  readonly assignee?: string | null;
  /** Further fields of the create screen, by id or by a name that no other field there has; values as Jira's API takes them. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly stamp: IssueStamp;
};

/** What a search shows of an issue that may be ours: see `ownership.ts` for what it proves. */
export type StampedIssue = Pick<Issue, "issueId" | "issueKey" | "projectKey" | "labels" | "stamp" | "creatorId">;

/** An issue that was updated lately, as a search shows it. */
export type UpdatedIssue = StampedIssue & Pick<Issue, "updatedRaw" | "category">;

/** The Jira side. One instance per connection; the project, issue type and account are the adapter's settings. */
export interface JiraPort {
  readonly serviceClock: ServiceClock;
  /** Account id of casebridge's own account; cached after the first call. */
  getOwnAccountId(): Promise<string>;
  /** Whether the connection's project can be seen; false when Jira says that there is none, or that we may not. */
  isProjectReadable(lane: Lane): Promise<boolean>;
  /** Issues whose `updated` lies within the last `minutes` (server's clock), in the connection's project, newest state not guaranteed. */
  listUpdatedIssues(minutes: number, lane: Lane): Promise<readonly UpdatedIssue[]>;
  /**
   * Issues carrying any of up to 50 labels, with labels and our issue property, in whatever project: a person may have moved one before
   * we knew of it. Search lags behind writes.
   */
  findIssuesByLabels(labels: readonly string[], lane: Lane): Promise<readonly StampedIssue[]>;
  /**
   * For `rebuild`: issues that carry our property or a label of ours. `project`: all of the connection's project, whatever their labels;
   * `labelled`: only those with the common label, in a project too large for that; `elsewhere`: with the common label in any other
   * project. Throws `contract` when there are more pages than a search may have.
   */
  listStampedIssues(scope: "project" | "labelled" | "elsewhere", lane: Lane): Promise<readonly StampedIssue[]>;
  /**
   * Values of the named fields as text, by field id: text as it is, an option by its value or name, rich text as plain text; `null` for
   * an empty field, or one that the issue does not have.
   */
  getFieldTexts(
    issueId: IssueId,
    fieldIds: readonly string[],
    lane: Lane,
  ): Promise<Readonly<Record<string, string | null>>>;
  /** Issues matching a JQL within the project (intake of Jira-born requests). */
  listIssuesByJql(jql: string, lane: Lane): Promise<readonly Issue[]>;
  /** The issue, when it matches a JQL within the project as it stands now: this search does not lag. `null` when it does not. */
  findIssueByJql(issueId: IssueId, jql: string, lane: Lane): Promise<Issue | null>;
  /** `null` when the issue does not exist or cannot be seen. */
  findIssue(issueIdOrKey: IssueId | IssueKey, lane: Lane): Promise<Issue | null>;
  /** Up to 100 issues by id; missing ones are absent. */
  listIssues(issueIds: readonly IssueId[], lane: Lane): Promise<readonly Issue[]>;
  createIssue(input: NewIssue, lane: Lane): Promise<CreatedIssue>;
  /** Ids of wanted fields that a create would leave, as the create screen stands now. Throws as `createIssue`. */
  listLeftFields(input: NewIssue, lane: Lane): Promise<readonly string[]>;
  /**
   * Sets by an edit what the new issue should have and does not: the fields in `left`, `null` = whichever. What anybody has changed since
   * its creation stays. May be repeated. Answers whether it wrote, and what could not be set.
   */
  completeIssue(
    issueId: IssueId,
    input: NewIssue,
    left: readonly string[] | null,
    lane: Lane,
  ): Promise<{ readonly edited: boolean; readonly unset: readonly UnsetField[] }>;
  /**
   * Issues with our stamp that our account made within the last minutes, for a type whose create screen has no labels; none where it has:
   * then a search by label is enough. Search lags behind writes.
   */
  listUnlabelled(
    made: { readonly minutes: number; readonly issueType: string | null },
    lane: Lane,
  ): Promise<readonly StampedIssue[]>;
  /** Adds and removes labels without touching others. */
  changeLabels(
    issueId: IssueId,
    change: { readonly add: readonly string[]; readonly remove: readonly string[] },
    lane: Lane,
  ): Promise<void>;
  setIssueStamp(issueId: IssueId, stamp: IssueStamp, lane: Lane): Promise<void>;
  /**
   * The same for up to 100 issues in one request. Answers those that carry their stamp afterwards, read back, whatever Jira says of the
   * task: it may be done in part, fail, or never end, and is waited for within a bound. Throws where Jira refuses the request. May be
   * repeated.
   */
  setIssueStamps(
    stamps: readonly { readonly issueId: IssueId; readonly stamp: IssueStamp }[],
    lane: Lane,
  ): Promise<readonly IssueId[]>;
  listTransitions(issueId: IssueId, lane: Lane): Promise<readonly Transition[]>;
  /** `fields`: values for the transition's screen by id; only what that screen shows. */
  transitionIssue(
    issueId: IssueId,
    transitionId: string,
    fields: Readonly<Record<string, unknown>>,
    lane: Lane,
  ): Promise<void>;
  /** The changelog of one issue, oldest first: who changed which field, and when. */
  listChanges(issueId: IssueId, lane: Lane): Promise<readonly IssueChange[]>;
  /** The last status change of each of these issues, many in one request; an issue that was never moved is absent. */
  findLastMoves(issueIds: readonly IssueId[], lane: Lane): Promise<ReadonlyMap<IssueId, IssueChange>>;
  /**
   * Links two issues as related, whichever is named first; a link that is there already stays the only one. May be repeated.
   * `no_link_type`: the site has no such type of link.
   */
  linkIssues(issueId: IssueId, otherId: IssueId, lane: Lane): Promise<"linked" | "no_link_type">;
  /**
   * Deletes an issue that has no sub-tasks, for ever; one that is gone is fine. Throws `forbidden` without the permission, `rejected` where
   * there are sub-tasks.
   */
  deleteIssue(issueId: IssueId, lane: Lane): Promise<void>;
  /**
   * The issue with all its comments as one reading shows them, oldest first; `null` when it is gone. One request while the issue has no more
   * comments than it shows by itself. The stamp of a comment in `known` need not be read: it may be left `undefined`. `changes`: its
   * changelog, oldest first, where the same reading shows all of it.
   */
  findIssueWithComments(
    issueId: IssueId,
    known: ReadonlySet<string>,
    lane: Lane,
  ): Promise<{
    readonly issue: Issue;
    readonly comments: readonly IssueComment[];
    readonly changes: readonly IssueChange[] | null;
  } | null>;
  /** All comments, oldest first, with our property where there is one. */
  listComments(issueId: IssueId, lane: Lane): Promise<readonly IssueComment[]>;
  /** These comments read afresh by their ids, in any order; those that are gone, or cannot be seen, are absent. At most 100. */
  listCommentsByIds(issueId: IssueId, commentIds: readonly CommentId[], lane: Lane): Promise<readonly IssueComment[]>;
  /** One comment read afresh; `null` when it is gone. */
  findComment(issueId: IssueId, commentId: CommentId, lane: Lane): Promise<IssueComment | null>;
  createComment(
    issueId: IssueId,
    input: { readonly bodyAdf: unknown; readonly stamp: CommentStamp },
    lane: Lane,
  ): Promise<CommentId>;
  updateComment(
    issueId: IssueId,
    commentId: CommentId,
    input: { readonly bodyAdf: unknown; readonly stamp: CommentStamp },
    lane: Lane,
  ): Promise<void>;
  deleteComment(issueId: IssueId, commentId: CommentId, lane: Lane): Promise<void>;
  /** Largest file in bytes that Jira takes; 0 when attachments are off. Cached for an hour. */
  getFileSizeMax(lane: Lane): Promise<number>;
  uploadFile(
    issueId: IssueId,
    input: { readonly file: SpooledFile; readonly name: string },
    lane: Lane,
  ): Promise<IssueFile>;
  downloadFile(attachmentId: AttachmentId, spool: Spool, sizeMaxBytes: number, lane: Lane): Promise<SpooledFile>;
  deleteFile(attachmentId: AttachmentId, lane: Lane): Promise<void>;
  /**
   * Account ids of the people in a role of the connection's project, members of its groups among them. `role_missing`: there is no role
   * of this name or id; `role_unreadable`: Jira does not tell us its members.
   */
  findRoleMembers(nameOrId: string, lane: Lane): Promise<readonly string[] | "role_missing" | "role_unreadable">;
}

/** Turning texts of one side into texts of the other; implemented beside the Jira adapter, since ADF is Jira's business. */
export interface TextPort {
  /** ADF documents for one message; more than one when the text is too long for one comment. */
  messageToAdf(input: {
    readonly header: string;
    readonly text: string;
    readonly footer: readonly string[];
    /** How to read the text; guessed when left out. Texts of our own are plain. */
    readonly format?: "plain";
  }): readonly unknown[];
  /** Description document, and what did not fit (to go on in comments). */
  caseDescription(input: {
    readonly text: string;
    readonly facts: readonly (readonly [string, string])[];
    readonly consoleUrl: string | null;
    /** Our own words in it; left out: English. */
    readonly words?: { readonly console: string; readonly goesOn: string };
  }): { readonly doc: unknown; readonly rest: string | null };
  /** The first line of a text of Huawei Cloud that says something, read as the description is; `""` when there is none. */
  firstLine(text: string): string;
  /** The document with one line in front, in bold. Never throws. */
  withNote(doc: unknown, note: string): unknown;
  /** Plain text of any ADF value; never throws. */
  adfToText(doc: unknown): string;
  /** Names and ids of files that media nodes carry, and those in addresses. */
  mediaReferences(doc: unknown): readonly string[];
}

/** Time, ids and hashing come in through here, so that tests can hold them. */
export interface Clock {
  now(): Date;
  /** Milliseconds of a clock that nobody sets, for spans; without it spans are taken from `now`. */
  elapsedMs?(): number;
}

/** Narrow logger: constant message, facts in fields, never contents. */
export interface Log {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

/** Where look-ups rest. `value` is JSON. */
export interface LookupCache {
  find(connectionName: string, key: string): Promise<{ readonly value: unknown; readonly readAt: Date } | null>;
  save(connectionName: string, key: string, value: unknown, readAt: Date): Promise<void>;
  /** Keys that were asked for before, for the refresh. */
  listKeys(connectionName: string): Promise<readonly string[]>;
}
