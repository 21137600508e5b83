// What the site holds, and the only ways to change it. People's acts (control.ts) and the REST interface both come through here, so that both
// have the same effects: changelog, `updated`, webhooks.

import type { ProjectDef } from "./catalog.ts";
import { STATUSES } from "./catalog.ts";
import { FIRST_IDS, type IssueDraft, makeCore, type StateCore, type StateDeps } from "./state-core.ts";
import { makeItems } from "./state-items.ts";
import { changeOf, type IssueRecord } from "./types.ts";

/** The site's data and the only ways to change it. */
export type JiraState = ReturnType<typeof makeState>;

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
