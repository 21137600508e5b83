/** The Jira side as casebridge sees it. Rich text stays an opaque ADF value; only the Jira adapter reads inside. */
import type { ScreenField } from "./create-screen.ts";
import type { AttachmentId, CommentId, IssueId, IssueKey } from "./ids.ts";

/** The three categories that every Jira status belongs to. */
export const statusCategories = ["new", "indeterminate", "done"] as const;
export type StatusCategory = (typeof statusCategories)[number];

/** Value of the issue property `casebridge` (rule 1). `issueId` is absent until the issue knows its own id. */
export type IssueStamp = {
  readonly v: number;
  readonly inst: string;
  readonly caseId: string;
  readonly issueId?: string;
};

/** Value of the comment property `casebridge` (rule 1). */
export type CommentStamp = {
  readonly v: number;
  readonly inst: string;
  readonly caseId: string;
  /** Present when the message had an id at the time of writing. */
  readonly messageId?: string;
  /** Identity of a message without id, of a notice (`notice:…`) or of a continuation (`…#2`). */
  readonly fingerprint?: string;
  readonly srcHash: string;
  /** Pairs of Huawei file id and Jira attachment id that the comment names. */
  readonly files: readonly (readonly [string, string])[];
};

/** One file of an issue. */
export type IssueFile = {
  readonly attachmentId: AttachmentId;
  readonly name: string;
  readonly sizeBytes: number;
  readonly authorId: string | null;
  readonly createdAt: Date;
};

/** One issue as read through REST. */
export type Issue = {
  readonly issueId: IssueId;
  readonly issueKey: IssueKey;
  /** The connection's own project goes by its configured key, whatever it is called today. */
  readonly projectKey: string;
  readonly projectTypeKey: string | null;
  readonly summary: string;
  /** ADF document or `null`. */
  readonly description: unknown;
  readonly statusId: string;
  readonly statusName: string;
  readonly category: StatusCategory;
  readonly labels: readonly string[];
  readonly priorityId: string | null;
  /** Name of the priority, where the reading has it. */
  readonly priorityName?: string | null;
  /** Values of further fields that the adapter was told to read, as text by field id. */
  readonly fieldTexts?: Readonly<Record<string, string | null>>;
  readonly createdAt: Date;
  /** Jira's own text for the moment of the last change; compared for equality only. */
  readonly updatedRaw: string;
  /** Id of the issue security level, or `null`. */
  readonly securityLevelId: string | null;
  /**
   * Whether roles of a team-managed project restrict the issue. `unknown` where the reading does not tell that, nor whether there is a
   * security level: nothing leaves then.
   */
  readonly restriction: "none" | "set" | "unknown";
  readonly reporterId: string | null;
  /** Account that created the issue, which nobody can edit; `null` when it is not told. */
  readonly creatorId: string | null;
  /** Display name of the reporter, where the reading has it. */
  readonly reporterName?: string;
  readonly files: readonly IssueFile[];
  /** Issues that are linked with this one, by whatever type of link, where the reading has them. */
  readonly linkedIssueIds?: readonly IssueId[];
  readonly stamp: IssueStamp | null;
};

/** One comment as read through REST. */
export type IssueComment = {
  readonly commentId: CommentId;
  readonly authorId: string | null;
  readonly authorName: string;
  /** `atlassian` and `customer` are people; any other account is none unless allowed. `null` when the service did not say. */
  readonly authorType: string | null;
  /** Who wrote its present text: in Jira people may be allowed to edit comments of others. Absent where it is not told. */
  readonly editorId?: string;
  /** The comment that this one replies to; `null` = none. What is set on a parent counts for its replies (jira.md 6). */
  readonly parentId: CommentId | null;
  /** ADF document. */
  readonly body: unknown;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** True when a role or group restriction is set. */
  readonly restricted: boolean;
  /** Service projects only; `null` when absent. */
  readonly jsdPublic: boolean | null;
  /** Our own stamp; `null` when there is none, `undefined` when the reading did not include properties. */
  readonly stamp: CommentStamp | null | undefined;
};

/** A field of a transition's screen; what it takes is left out where nobody asks. */
export type TransitionField = { readonly fieldId: string; readonly name: string } & Partial<
  Pick<ScreenField, "type" | "items" | "allowed">
>;

/** One way out of the present status. */
export type Transition = {
  readonly transitionId: string;
  readonly name: string;
  readonly toStatusId: string;
  readonly toStatusName: string;
  readonly toCategory: StatusCategory;
  /** Names of fields that the workflow demands and gives no default. */
  readonly requiredFields: readonly string[];
  /** The fields that its screen shows; left out = it has none. */
  readonly screen?: readonly TransitionField[];
};

/** One changed field out of the changelog. Texts as Jira shows them: labels with blanks between them, a priority by its name. */
export type IssueChange = {
  readonly at: Date;
  readonly authorId: string | null;
  readonly authorType: string | null;
  /** Id of the field: `status`, `priority`, `customfield_10050`. */
  readonly field: string;
  readonly fromText: string | null;
  readonly toText: string | null;
  /** Id of the new value, for fields whose values have ids. */
  readonly toId: string | null;
};

/** One status change out of the changelog. */
export type StatusChange = {
  readonly at: Date;
  readonly authorId: string | null;
  readonly authorType: string | null;
  readonly toStatusId: string;
};
