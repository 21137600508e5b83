// What the site holds, and the only ways to change it. People's acts (control.ts) and the REST interface both come through here, so that both
// have the same effects: changelog, `updated`, webhooks.

import type { Account, ProjectDef } from "./catalog.ts";
import { STATUSES } from "./catalog.ts";
import type { JiraSettings } from "./settings.ts";
import { makeItems } from "./state-items.ts";
import {
  type AttachmentRecord,
  type ChangeGroup,
  type ChangeItem,
  type CommentRecord,
  changeOf,
  type IssueRecord,
} from "./types.ts";
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

/** The site's data and the only ways to change it. */
export type JiraState = ReturnType<typeof makeState>;

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

const FIRST_IDS = { issue: 10_100, comment: 20_000, attachment: 30_000, change: 40_000, link: 50_000 };

/** Category key of a status. */
export function categoryOf(statusId: string): "new" | "indeterminate" | "done" {
  return STATUSES.find((status) => status.id === statusId)?.category ?? "new";
}

/** Makes an empty site. */
export function makeState(deps: StateDeps) {
  const lastIds = { ...FIRST_IDS };
  const core = makeCore(deps, lastIds);
  const issues = makeIssues(core);
  const items = makeItems(core);
  return {
    findIssue: core.versions.findIssue,
    getIssue: core.versions.getIssue,
    findIssueAt: core.versions.findIssueAt,
    issuesAt: core.versions.issuesAt,
    ...issues,
    ...items,
    accounts: deps.accounts,
    editIssue: core.editIssue,
    /** Empties the site. */
    clear(): void {
      Object.assign(lastIds, FIRST_IDS);
      for (const part of [core.versions, issues, items]) part.clear();
    },
  };
}

function makeCore(deps: StateDeps, lastIds: typeof FIRST_IDS): StateCore {
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

/** Projects and their issues. */
function makeIssues({ now, versions, nextId, emitNow, editIssue, projects: first }: StateCore) {
  const deleted = new Map<string, IssueRecord>();
  const numbers = new Map<string, number>();
  let projects = first;

  function projectOf({ projectId }: Pick<IssueRecord, "projectId">): ProjectDef {
    const project = projects.find(({ id }) => id === projectId);
    if (project === undefined) throw new Error(`project ${projectId} does not exist`);
    return project;
  }

  function nextKey({ id, key }: ProjectDef): string {
    const number = (numbers.get(id) ?? 0) + 1;
    numbers.set(id, number);
    return `${key}-${number}`;
  }

  return {
    projectOf,
    listProjects: (): readonly ProjectDef[] => projects,
    listDeleted: (): readonly IssueRecord[] => [...deleted.values()],
    /** By id, by key, or by a key that it had before. */
    findProject(idOrKey: string): ProjectDef | null {
      const wanted = idOrKey.toUpperCase();
      const isWanted = ({ id, key, formerKeys }: ProjectDef): boolean =>
        id === idOrKey || [key, ...formerKeys].some((one) => one.toUpperCase() === wanted);
      return projects.find(isWanted) ?? null;
    },
    /** Gives a project another key. Its issues' keys change with it, `updated` does not; the old keys still lead there. */
    renameProject(project: ProjectDef, key: string): void {
      const renamed = { ...project, key, formerKeys: [...project.formerKeys, project.key] };
      projects = projects.map((one) => (one.id === project.id ? renamed : one));
      for (const issue of versions.issuesAt(0))
        if (issue.projectId === project.id)
          versions.update(issue.id, false, (record) => ({ ...record, key: record.key.replace(/^.*-/, `${key}-`) }));
    },
    createIssue(draft: IssueDraft, actorId: string): IssueRecord {
      const project = projectOf(draft);
      const { createdMs = now(), ...fields } = draft;
      const issue: IssueRecord = {
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
      versions.push(issue.id, issue);
      emitNow({ type: "jira:issue_created", actorId, issue });
      return issue;
    },
    deleteIssue(id: string, actorId: string): void {
      const issue = versions.getIssue(id);
      deleted.set(id, issue);
      versions.push(id, null);
      emitNow({ type: "jira:issue_deleted", actorId, issue });
    },
    /** Moves to another project: the id stays, the key changes, the old key still leads here. A status that is not there becomes a like one. */
    moveIssue(id: string, project: ProjectDef, actorId: string): IssueRecord {
      const issue = versions.getIssue(id);
      const from = projectOf(issue);
      const key = nextKey(project);
      const { statusIds, initial } = project.workflow;
      const alike = statusIds.find((status) => categoryOf(status) === categoryOf(issue.statusId)) ?? initial;
      const statusId = statusIds.includes(issue.statusId) ? issue.statusId : alike;
      const items = [
        changeOf("project", [from.id, from.name], [project.id, project.name]),
        changeOf("Key", [null, issue.key], [null, key], ""),
      ];
      return editIssue(id, { key, projectId: project.id, statusId }, items, actorId);
    },
    clear(): void {
      deleted.clear();
      numbers.clear();
      projects = first;
    },
  };
}
