// What every change of the site goes through: ids, changelog, `updated`, news for the webhooks.

import type { Account, ProjectDef } from "./catalog.ts";
import type { JiraSettings } from "./settings.ts";
import type { AttachmentRecord, ChangeGroup, ChangeItem, CommentRecord, IssueRecord } from "./types.ts";
import { makeVersions, type Versions } from "./versions.ts";

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

/** What an issue starts with; `createdMs` is now without it. */
export type IssueDraft = Pick<
  IssueRecord,
  | "projectId"
  | "issueTypeId"
  | "summary"
  | "description"
  | "labels"
  | "priorityId"
  | "reporterId"
  | "assigneeId"
  | "securityLevelId"
  | "dueDate"
  | "customFields"
  | "properties"
> & { readonly createdMs?: number };

/** Members of an issue that an edit may replace. */
export type IssuePatch = Partial<
  Omit<IssueDraft, "projectId" | "properties" | "createdMs"> &
    Pick<IssueRecord, "restrictedRoles" | "statusId" | "resolutionId">
>;

/** What the state stands on. */
export interface StateDeps {
  readonly now: () => number;
  readonly settings: JiraSettings;
  readonly accounts: readonly Account[];
  readonly projects: readonly ProjectDef[];
  readonly seed: number;
  readonly emit: (event: SiteEvent) => void;
}

/** What all kinds of change have in common. */
export interface StateCore extends StateDeps {
  readonly versions: Versions;
  nextId(kind: keyof typeof FIRST_IDS): string;
  emitNow(event: Omit<SiteEvent, "atMs">): void;
  /** The record with one more entry in its changelog. */
  logChange(record: IssueRecord, actorId: string, items: readonly ChangeItem[]): IssueRecord;
  /** Changes fields and logs what changed. Without a change nothing happens, not even to `updated`. */
  editIssue(
    id: string,
    patch: IssuePatch & Partial<Pick<IssueRecord, "key" | "projectId">>,
    items: readonly ChangeItem[],
    actorId: string,
  ): IssueRecord;
}

/** Ids before the first ones of an empty site. */
export const FIRST_IDS = { issue: 10_100, comment: 20_000, attachment: 30_000, change: 40_000, link: 50_000 };

/** Makes the core; `lastIds` grow with every id that is given. */
export function makeCore(deps: StateDeps, lastIds: typeof FIRST_IDS): StateCore {
  const { now, settings } = deps;
  const versions = makeVersions(now, settings);
  const nextId = (kind: keyof typeof FIRST_IDS): string => {
    lastIds[kind] += 1;
    return String(lastIds[kind]);
  };
  const emitNow = (event: Omit<SiteEvent, "atMs">): void => deps.emit({ ...event, atMs: now() });
  const logChange = (record: IssueRecord, actorId: string, items: readonly ChangeItem[]): IssueRecord => {
    const change = { id: nextId("change"), authorId: actorId, createdMs: now(), items };
    return { ...record, changelog: [...record.changelog, change] };
  };
  const editIssue: StateCore["editIssue"] = (id, patch, items, actorId) => {
    if (items.length === 0) return versions.getIssue(id);
    const issue = versions.update(id, true, (record) => {
      const logged = logChange({ ...record, ...patch }, actorId, items);
      return {
        ...logged,
        statusChangedMs: logged.statusId === record.statusId ? record.statusChangedMs : now(),
        resolutionMs: logged.resolutionId === null ? null : (record.resolutionMs ?? now()),
      };
    });
    const change = issue.changelog.at(-1);
    emitNow({ type: "jira:issue_updated", actorId, issue, ...(change === undefined ? {} : { change }) });
    return issue;
  };
  return { ...deps, versions, nextId, emitNow, logChange, editIssue };
}
