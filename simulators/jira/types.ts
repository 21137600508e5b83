// Glossary: an issue record is one immutable state of an issue; each change makes a new record and keeps the old one
// for as long as search or lists may still show it (see state.ts).

import type { StoredBytes } from "../base/files.ts";

/** An ADF document as sent and returned: `{ type: "doc", version: 1, content: [...] }`. */
export type Adf = { readonly type: "doc"; readonly version: 1; readonly content: readonly AdfNode[] };

/** Any node inside a document. */
export interface AdfNode {
  readonly type: string;
  readonly text?: string;
  readonly attrs?: Readonly<Record<string, unknown>>;
  readonly marks?: readonly { readonly type: string; readonly attrs?: Readonly<Record<string, unknown>> }[];
  readonly content?: readonly AdfNode[];
}

/** Who may see a comment; absent means everybody who sees the issue. */
export interface Visibility {
  readonly type: "group" | "role";
  readonly value: string;
  readonly identifier: string;
}

/** A comment. */
export interface CommentRecord {
  readonly id: string;
  readonly authorId: string;
  readonly updateAuthorId: string;
  readonly body: Adf;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly visibility: Visibility | null;
  /** The comment that this one replies to. */
  readonly parentId?: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A file; its bytes lie in the file store. */
export interface AttachmentRecord {
  readonly id: string;
  readonly mediaId: string;
  readonly name: string;
  readonly mimeType: string;
  readonly bytes: StoredBytes;
  readonly authorId: string;
  readonly createdMs: number;
}

/** A kind of link between issues. */
export interface LinkTypeRecord {
  readonly id: string;
  readonly name: string;
  readonly inward: string;
  readonly outward: string;
}

/** A link between two issues: the inward one shows the outward one under `type.outward`, and the other way round. */
export interface IssueLinkRecord {
  readonly id: string;
  readonly type: LinkTypeRecord;
  readonly inwardId: string;
  readonly outwardId: string;
  readonly authorId: string;
}

/** One changed field of a changelog entry, in Jira's own words. */
export interface ChangeItem {
  readonly field: string;
  readonly fieldId: string;
  readonly fieldtype: "jira" | "custom";
  readonly from: string | null;
  readonly fromString: string | null;
  readonly to: string | null;
  readonly toString: string | null;
}

/** One side of a changed field: its id, where the field has ids, and the words for it. */
export type ChangeSide = readonly [id: string | null, words: string | null];

/** The side on which there is nothing. */
export const NOTHING: ChangeSide = [null, null];

/** A changed field as the changelog tells it. */
export function changeOf(field: string, from: ChangeSide, to: ChangeSide, fieldId = field): ChangeItem {
  const fieldtype = field.startsWith("customfield_") ? "custom" : "jira";
  return { field, fieldId, fieldtype, from: from[0], fromString: from[1], to: to[0], toString: to[1] };
}

/** What one action changed. */
export interface ChangeGroup {
  readonly id: string;
  readonly authorId: string;
  readonly createdMs: number;
  readonly items: readonly ChangeItem[];
}

/** One immutable state of an issue. */
export interface IssueRecord {
  readonly id: string;
  readonly key: string;
  readonly projectId: string;
  readonly issueTypeId: string;
  readonly summary: string;
  readonly description: Adf | null;
  readonly statusId: string;
  readonly statusChangedMs: number;
  readonly resolutionId: string | null;
  readonly resolutionMs: number | null;
  readonly priorityId: string | null;
  readonly labels: readonly string[];
  readonly reporterId: string;
  readonly creatorId: string;
  readonly assigneeId: string | null;
  readonly securityLevelId: string | null;
  /** Roles that alone may see the issue: the restriction of a team-managed project. */
  readonly restrictedRoles?: readonly string[];
  readonly dueDate: string | null;
  readonly customFields: Readonly<Record<string, unknown>>;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly comments: readonly CommentRecord[];
  readonly attachments: readonly AttachmentRecord[];
  readonly changelog: readonly ChangeGroup[];
  readonly createdMs: number;
  readonly updatedMs: number;
}
