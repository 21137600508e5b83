// What the site holds. The problem: search answers from an index that lags behind (jira.md 3.2), and lists may lag too
// (jira.md 5), while reads by id are fresh. The answer: issue records are immutable, each change appends a new version
// with its time, and whoever looks with a lag gets the newest version that is old enough. Versions nobody can see any
// more are dropped.

import { stableUuid } from "../base/random.ts";
import type { Account, ProjectDef } from "./catalog.ts";
import { STATUSES } from "./catalog.ts";
import type { JiraSettings } from "./settings.ts";
import type {
  Adf,
  AttachmentRecord,
  ChangeGroup,
  ChangeItem,
  CommentRecord,
  IssueLinkRecord,
  IssueRecord,
  Visibility,
} from "./types.ts";

/** News for the webhook sender; `issue` is the state after the change (before it, for deletions). */
export interface SiteEvent {
  readonly type:
    | "jira:issue_created"
    | "jira:issue_updated"
    | "jira:issue_deleted"
    | "comment_created"
    | "comment_updated"
    | "comment_deleted"
    | "attachment_created"
    | "attachment_deleted";
  readonly actorId: string;
  readonly atMs: number;
  readonly issue: IssueRecord;
  readonly change?: ChangeGroup;
  readonly comment?: CommentRecord;
  readonly attachment?: AttachmentRecord;
}

interface Version {
  readonly at: number;
  readonly record: IssueRecord | null;
}

interface Slot {
  readonly insertedAt: number;
  versions: Version[];
}

/** What an issue starts with. */
export interface IssueDraft {
  readonly projectId: string;
  readonly issueTypeId: string;
  readonly summary: string;
  readonly description: Adf | null;
  readonly labels: readonly string[];
  readonly priorityId: string | null;
  readonly reporterId: string;
  readonly assigneeId: string | null;
  readonly securityLevelId: string | null;
  readonly dueDate: string | null;
  readonly customFields: Readonly<Record<string, unknown>>;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly createdMs?: number;
}

/** Members of an issue that an edit may replace. */
export type IssuePatch = Partial<
  Pick<
    IssueRecord,
    | "summary"
    | "description"
    | "labels"
    | "priorityId"
    | "reporterId"
    | "assigneeId"
    | "securityLevelId"
    | "restrictedRoles"
    | "dueDate"
    | "customFields"
    | "statusId"
    | "resolutionId"
    | "issueTypeId"
  >
>;

/** The site's data and the only ways to change it. */
export type JiraState = ReturnType<typeof makeState>;

const VERSIONS_KEPT = 4;

/** Category key of a status. */
export function categoryOf(statusId: string): "new" | "indeterminate" | "done" {
  return STATUSES.find((status) => status.id === statusId)?.category ?? "new";
}

/** Makes an empty site. */
export function makeState(deps: {
  readonly now: () => number;
  readonly settings: JiraSettings;
  readonly accounts: readonly Account[];
  readonly projects: readonly ProjectDef[];
  readonly seed: number;
  readonly emit: (event: SiteEvent) => void;
}) {
  const { now, settings } = deps;
  const slots = new Map<string, Slot>();
  const deleted = new Map<string, IssueRecord>();
  const keys = new Map<string, string>();
  const commentOwner = new Map<string, string>();
  const attachmentOwner = new Map<string, string>();
  const keyCounters = new Map<string, number>();
  const issueLinks: IssueLinkRecord[] = [];
  const nextIds = { issue: 10_100, comment: 20_000, attachment: 30_000, change: 40_000, link: 50_000 };

  const nextId = (kind: keyof typeof nextIds): string => {
    nextIds[kind] += 1;
    return String(nextIds[kind]);
  };

  let projects = deps.projects;

  /** By id, by key, or by a key that it had before. */
  function findProject(idOrKey: string): ProjectDef | null {
    const wanted = idOrKey.toUpperCase();
    const found = projects.find(
      ({ id, key, formerKeys }) => id === idOrKey || [key, ...formerKeys].some((one) => one.toUpperCase() === wanted),
    );
    return found ?? null;
  }

  /** Gives a project another key. Its issues' keys change with it, `updated` does not; the old keys still lead there. */
  function renameProject(project: ProjectDef, key: string): void {
    const renamed = { ...project, key, formerKeys: [...project.formerKeys, project.key] };
    projects = projects.map((one) => (one.id === project.id ? renamed : one));
    for (const id of new Set(keys.values())) {
      const issue = findIssue(id);
      if (issue === null || issue.projectId !== project.id) continue;
      const issueKey = issue.key.replace(/^.*-/, `${key}-`);
      keys.set(issueKey, id);
      update(id, (record) => ({ ...record, key: issueKey }), false);
    }
  }

  const projectOf = (record: IssueRecord): ProjectDef => {
    const project = projects.find((candidate) => candidate.id === record.projectId);
    if (project === undefined) throw new Error(`project ${record.projectId} is gone`);
    return project;
  };

  function findIssue(idOrKey: string): IssueRecord | null {
    const id = /^\d+$/.test(idOrKey) ? idOrKey : keys.get(idOrKey.toUpperCase());
    return id === undefined ? null : (slots.get(id)?.versions.at(-1)?.record ?? null);
  }

  function getIssue(idOrKey: string): IssueRecord {
    const record = findIssue(idOrKey);
    if (record === null) throw new Error(`issue ${idOrKey} does not exist`);
    return record;
  }

  /** The issue as it was `lagMs` ago; null when it was not there yet. */
  function findIssueAt(id: string, lagMs: number): IssueRecord | null {
    const slot = slots.get(id);
    if (slot === undefined) return null;
    if (lagMs <= 0) return slot.versions.at(-1)?.record ?? null;
    const cutoff = now() - lagMs;
    if (slot.insertedAt > cutoff) return null;
    for (let index = slot.versions.length - 1; index >= 0; index -= 1) {
      const version = slot.versions[index];
      if (version !== undefined && version.at <= cutoff) return version.record;
    }
    return slot.versions[0]?.record ?? null;
  }

  function pushVersion(id: string, record: IssueRecord | null): void {
    const at = now();
    const slot = slots.get(id) ?? { insertedAt: at, versions: [] };
    slot.versions.push({ at, record });
    const horizon = at - Math.max(settings.searchLagMs, settings.listLagMs);
    while (slot.versions.length > VERSIONS_KEPT && (slot.versions[1]?.at ?? horizon) < horizon) slot.versions.shift();
    slots.set(id, slot);
  }

  function update(id: string, change: (record: IssueRecord) => IssueRecord, movesUpdated: boolean): IssueRecord {
    const before = getIssue(id);
    const changed = change(before);
    const after = movesUpdated ? { ...changed, updatedMs: Math.max(now(), before.updatedMs) } : changed;
    pushVersion(id, after);
    return after;
  }

  function logChange(record: IssueRecord, actorId: string, items: readonly ChangeItem[]): [IssueRecord, ChangeGroup] {
    const group: ChangeGroup = { id: nextId("change"), authorId: actorId, createdMs: now(), items };
    return [{ ...record, changelog: [...record.changelog, group] }, group];
  }

  function nextKey(project: ProjectDef): string {
    const number = (keyCounters.get(project.id) ?? 0) + 1;
    keyCounters.set(project.id, number);
    return `${project.key}-${number}`;
  }

  function createIssue(draft: IssueDraft, actorId: string): IssueRecord {
    const project = projects.find((candidate) => candidate.id === draft.projectId);
    if (project === undefined) throw new Error(`project ${draft.projectId} does not exist`);
    const { createdMs = now(), ...fields } = draft;
    const record: IssueRecord = {
      ...fields,
      id: nextId("issue"),
      key: nextKey(project),
      creatorId: actorId,
      statusId: project.workflow.initial,
      statusChangedMs: createdMs,
      resolutionId: null,
      resolutionMs: null,
      comments: [],
      attachments: [],
      changelog: [],
      createdMs,
      updatedMs: createdMs,
    };
    keys.set(record.key, record.id);
    pushVersion(record.id, record);
    deps.emit({ type: "jira:issue_created", actorId, atMs: now(), issue: record });
    return record;
  }

  /** Changes fields and logs what changed. Without a change nothing happens, not even to `updated`. */
  function editIssue(id: string, patch: IssuePatch, items: readonly ChangeItem[], actorId: string): IssueRecord {
    if (items.length === 0) return getIssue(id);
    let group: ChangeGroup | undefined;
    const after = update(
      id,
      (record) => {
        const moved = patch.statusId !== undefined && patch.statusId !== record.statusId;
        const [logged, entry] = logChange({ ...record, ...patch }, actorId, items);
        group = entry;
        return {
          ...logged,
          statusChangedMs: moved ? now() : record.statusChangedMs,
          resolutionMs: logged.resolutionId === null ? null : (record.resolutionMs ?? now()),
        };
      },
      true,
    );
    deps.emit({ type: "jira:issue_updated", actorId, atMs: now(), issue: after, ...(group ? { change: group } : {}) });
    return after;
  }

  function deleteIssue(id: string, actorId: string): void {
    const record = getIssue(id);
    deleted.set(id, record);
    pushVersion(id, null);
    for (const comment of record.comments) commentOwner.delete(comment.id);
    for (const attachment of record.attachments) attachmentOwner.delete(attachment.id);
    for (const [key, owner] of keys) if (owner === id) keys.delete(key);
    deps.emit({ type: "jira:issue_deleted", actorId, atMs: now(), issue: record });
  }

  /** Moves to another project: the id stays, the key changes, the old key still leads here. */
  function moveIssue(id: string, project: ProjectDef, actorId: string): IssueRecord {
    const key = nextKey(project);
    keys.set(key, id);
    let group: ChangeGroup | undefined;
    const after = update(
      id,
      (record) => {
        const from = projectOf(record);
        const statusKept = project.workflow.statusIds.some((status) => status === record.statusId);
        const statusId = statusKept
          ? record.statusId
          : (project.workflow.statusIds.find((status) => categoryOf(status) === categoryOf(record.statusId)) ??
            project.workflow.initial);
        const items: ChangeItem[] = [
          {
            field: "project",
            fieldId: "project",
            fieldtype: "jira",
            from: from.id,
            fromString: from.name,
            to: project.id,
            toString: project.name,
          },
          {
            field: "Key",
            fieldId: "",
            fieldtype: "jira",
            from: null,
            fromString: record.key,
            to: null,
            toString: key,
          },
        ];
        const [logged, entry] = logChange({ ...record, key, projectId: project.id, statusId }, actorId, items);
        group = entry;
        return logged;
      },
      true,
    );
    deps.emit({ type: "jira:issue_updated", actorId, atMs: now(), issue: after, ...(group ? { change: group } : {}) });
    return after;
  }

  function addComment(
    id: string,
    draft: {
      body: Adf;
      visibility: Visibility | null;
      properties: Readonly<Record<string, unknown>>;
      parentId?: string;
    },
    actorId: string,
  ): CommentRecord {
    const at = now();
    const comment: CommentRecord = {
      ...draft,
      id: nextId("comment"),
      authorId: actorId,
      updateAuthorId: actorId,
      createdMs: at,
      updatedMs: at,
    };
    commentOwner.set(comment.id, id);
    const issue = update(
      id,
      (record) => ({ ...record, comments: [...record.comments, comment] }),
      settings.commentAddMovesUpdated,
    );
    deps.emit({ type: "comment_created", actorId, atMs: at, issue, comment });
    return comment;
  }

  function replaceComment(
    id: string,
    commentId: string,
    change: (comment: CommentRecord) => CommentRecord,
    movesUpdated: boolean,
  ): [IssueRecord, CommentRecord] {
    const issue = update(
      id,
      (record) => ({
        ...record,
        comments: record.comments.map((comment) => (comment.id === commentId ? change(comment) : comment)),
      }),
      movesUpdated,
    );
    const comment = issue.comments.find((candidate) => candidate.id === commentId);
    if (comment === undefined) throw new Error(`comment ${commentId} does not exist`);
    return [issue, comment];
  }

  function editComment(
    id: string,
    commentId: string,
    patch: Partial<Pick<CommentRecord, "body" | "visibility" | "properties">>,
    actorId: string,
  ): CommentRecord {
    const at = now();
    const [issue, comment] = replaceComment(
      id,
      commentId,
      (before) => ({ ...before, ...patch, updateAuthorId: actorId, updatedMs: Math.max(at, before.updatedMs) }),
      settings.commentEditMovesUpdated,
    );
    deps.emit({ type: "comment_updated", actorId, atMs: at, issue, comment });
    return comment;
  }

  /** Sets or (with undefined) removes a comment property. The comment's own `updated` stays. Assumed. */
  function setCommentProperty(id: string, commentId: string, key: string, value: unknown): void {
    replaceComment(
      id,
      commentId,
      (before) => ({ ...before, properties: withProperty(before.properties, key, value) }),
      settings.propertyMovesUpdated,
    );
  }

  function deleteComment(id: string, commentId: string, actorId: string): void {
    const comment = getIssue(id).comments.find((candidate) => candidate.id === commentId);
    if (comment === undefined) throw new Error(`comment ${commentId} does not exist`);
    commentOwner.delete(commentId);
    const issue = update(
      id,
      (record) => ({ ...record, comments: record.comments.filter((candidate) => candidate.id !== commentId) }),
      settings.commentDeleteMovesUpdated,
    );
    deps.emit({ type: "comment_deleted", actorId, atMs: now(), issue, comment });
  }

  function setIssueProperty(id: string, key: string, value: unknown): void {
    update(
      id,
      (record) => ({ ...record, properties: withProperty(record.properties, key, value) }),
      settings.propertyMovesUpdated,
    );
  }

  function addAttachment(
    id: string,
    file: Pick<AttachmentRecord, "name" | "mimeType" | "bytes">,
    actorId: string,
  ): AttachmentRecord {
    const attachmentId = nextId("attachment");
    const attachment: AttachmentRecord = {
      ...file,
      id: attachmentId,
      mediaId: stableUuid(`${deps.seed}/media/${attachmentId}`),
      authorId: actorId,
      createdMs: now(),
    };
    attachmentOwner.set(attachmentId, id);
    const items: ChangeItem[] = [
      {
        field: "Attachment",
        fieldId: "attachment",
        fieldtype: "jira",
        from: null,
        fromString: null,
        to: attachmentId,
        toString: file.name,
      },
    ];
    const issue = update(
      id,
      (record) => logChange({ ...record, attachments: [...record.attachments, attachment] }, actorId, items)[0],
      settings.attachmentMovesUpdated,
    );
    deps.emit({ type: "attachment_created", actorId, atMs: now(), issue, attachment });
    return attachment;
  }

  function deleteAttachment(id: string, attachmentId: string, actorId: string): AttachmentRecord {
    const attachment = getIssue(id).attachments.find((candidate) => candidate.id === attachmentId);
    if (attachment === undefined) throw new Error(`attachment ${attachmentId} does not exist`);
    attachmentOwner.delete(attachmentId);
    const items: ChangeItem[] = [
      {
        field: "Attachment",
        fieldId: "attachment",
        fieldtype: "jira",
        from: attachmentId,
        fromString: attachment.name,
        to: null,
        toString: null,
      },
    ];
    const issue = update(
      id,
      (record) =>
        logChange(
          { ...record, attachments: record.attachments.filter((candidate) => candidate.id !== attachmentId) },
          actorId,
          items,
        )[0],
      settings.attachmentMovesUpdated,
    );
    deps.emit({ type: "attachment_deleted", actorId, atMs: now(), issue, attachment });
    return attachment;
  }

  /** Links two issues, once per type and direction; both issues count as updated. */
  function linkIssues(draft: Pick<IssueLinkRecord, "type" | "inwardId" | "outwardId">, actorId: string): void {
    const isSame = (link: IssueLinkRecord): boolean =>
      link.type.id === draft.type.id && link.inwardId === draft.inwardId && link.outwardId === draft.outwardId;
    if (issueLinks.some(isSame)) return;
    issueLinks.push({ ...draft, id: nextId("link"), authorId: actorId });
    logLink(draft, actorId, true);
  }

  function unlinkIssues(linkId: string, actorId: string): void {
    const at = issueLinks.findIndex((link) => link.id === linkId);
    const [link] = at < 0 ? [] : issueLinks.splice(at, 1);
    if (link === undefined) throw new Error(`issue link ${linkId} does not exist`);
    logLink(link, actorId, false);
  }

  function logLink(
    link: Pick<IssueLinkRecord, "type" | "inwardId" | "outwardId">,
    actorId: string,
    made: boolean,
  ): void {
    const ends = [
      [link.inwardId, link.outwardId, link.type.outward],
      [link.outwardId, link.inwardId, link.type.inward],
    ] as const;
    for (const [id, otherId, words] of ends) {
      const other = findIssue(otherId)?.key ?? otherId;
      const text = `This issue ${words} ${other}`;
      const item: ChangeItem = {
        field: "Link",
        fieldId: "",
        fieldtype: "jira",
        from: made ? null : other,
        fromString: made ? null : text,
        to: made ? other : null,
        toString: made ? text : null,
      };
      if (findIssue(id) !== null) editIssue(id, {}, [item], actorId);
    }
  }

  function linksOf(id: string): IssueLinkRecord[] {
    return issueLinks.filter((link) => link.inwardId === id || link.outwardId === id);
  }

  function* issuesAt(lagMs: number, fresh: ReadonlySet<string>): Generator<IssueRecord> {
    for (const id of slots.keys()) {
      const record = findIssueAt(id, fresh.has(id) ? 0 : lagMs);
      if (record !== null) yield record;
    }
  }

  function reset(): void {
    for (const map of [slots, deleted, keys, commentOwner, attachmentOwner, keyCounters]) map.clear();
    issueLinks.length = 0;
    projects = deps.projects;
    Object.assign(nextIds, { issue: 10_100, comment: 20_000, attachment: 30_000, change: 40_000, link: 50_000 });
  }

  return {
    findIssue,
    getIssue,
    findIssueAt,
    projectOf,
    createIssue,
    editIssue,
    deleteIssue,
    moveIssue,
    findProject,
    renameProject,
    addComment,
    editComment,
    setCommentProperty,
    deleteComment,
    setIssueProperty,
    addAttachment,
    deleteAttachment,
    linkIssues,
    unlinkIssues,
    linksOf,
    issuesAt,
    reset,
    findCommentOwner: (commentId: string) => commentOwner.get(commentId) ?? null,
    /** Whether some attachment of the site has this media id. */
    hasMedia: (mediaId: string): boolean =>
      [...attachmentOwner.keys()].some((id) => stableUuid(`${deps.seed}/media/${id}`) === mediaId),
    findAttachmentOwner: (attachmentId: string) => attachmentOwner.get(attachmentId) ?? null,
    listDeleted: () => [...deleted.values()],
    accounts: deps.accounts,
    get projects(): readonly ProjectDef[] {
      return projects;
    },
  };
}

function withProperty(
  properties: Readonly<Record<string, unknown>>,
  key: string,
  value: unknown,
): Readonly<Record<string, unknown>> {
  const { [key]: _old, ...rest } = properties;
  return value === undefined ? rest : { ...rest, [key]: value };
}
