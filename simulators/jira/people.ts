// What people do with issues in the browser, and administrators with the site.

import { isAdf, textToAdf } from "./adf.ts";
import {
  type Account,
  type CategoryKey,
  ISSUE_TYPES,
  type LocalName,
  PRIORITIES,
  type ProjectDef,
  SECURITY_LEVELS,
  STATUSES,
} from "./catalog.ts";
import { diffPatch } from "./field-changes.ts";
import type { Site } from "./site.ts";
import { categoryOf } from "./state.ts";
import type { IssuePatch } from "./state-core.ts";
import { type Adf, changeOf, type IssueRecord } from "./types.ts";
import { planStatusMove } from "./workflow.ts";

/** Names an issue by id or key, and who acts: account id, display name, `"bot"`, `"app"` or `"customer"`; a person without it. */
export interface OnIssue {
  readonly issue: string;
  readonly author?: string;
}

/** Fields a person can edit. */
export interface EditedFields {
  readonly summary?: string;
  readonly description?: string | Adf | null;
  readonly labels?: readonly string[];
  /** Id or English name. */
  readonly priority?: string | null;
  readonly issueType?: string;
  readonly assignee?: string | null;
  readonly reporter?: string;
  readonly [customField: `customfield_${string}`]: unknown;
}

/** Arguments of `createIssue`. `createdAt` is an ISO time or milliseconds. */
export interface CreateIssueArgs
  extends Pick<EditedFields, "description" | "labels" | "issueType">,
    Partial<Pick<OnIssue, "author">> {
  readonly projectKey: string;
  readonly summary: string;
  readonly priority?: string;
  readonly createdAt?: string | number;
  readonly customFields?: Readonly<Record<string, unknown>>;
}

/** How an issue is named in an answer. */
interface IssueName {
  readonly issueId: string;
  readonly issueKey: string;
}

/** @throws for an account that is not there. */
export function findActor(site: Site, author: string | undefined): Account {
  const people = site.state.accounts.filter((one) => one.accountType === "atlassian" && one !== site.bot);
  const isNamed = (one: Account): boolean =>
    [one.accountId, one.displayName, one.accountType].some((name) => name === author);
  const found =
    author === undefined ? people[0] : author === "bot" ? site.bot : site.state.accounts.find((one) => isNamed(one));
  if (found === undefined) throw new Error(`no account "${author}"`);
  return found;
}

/** A document, or one made of plain text. @throws for a document that is none. */
export function toAdf(value: string | Adf): Adf {
  if (typeof value === "string") return textToAdf(value);
  if (!isAdf(value)) throw new Error("the document is no valid ADF");
  return value;
}

function findId(items: readonly { readonly id: string; readonly name: LocalName }[], value: string): string {
  const found = items.find(({ id, name }) => id === value || name.en === value || name.zh === value);
  if (found === undefined) throw new Error(`no such value "${value}"`);
  return found.id;
}

function nameOf({ id, key }: IssueRecord): IssueName {
  return { issueId: id, issueKey: key };
}

/** Makes the acts on issues and projects. */
export function makePeople(site: Site) {
  const { state } = site;
  const actorOf = ({ author }: { readonly author?: string | undefined }): string => findActor(site, author).accountId;

  function getProject(key: string): ProjectDef {
    const project = state.findProject(key);
    if (project === null) throw new Error(`no project "${key}"`);
    return project;
  }

  function edit(args: OnIssue, patch: IssuePatch): void {
    const issue = state.getIssue(args.issue);
    state.editIssue(issue.id, patch, diffPatch(site, issue, patch), actorOf(args));
  }

  function toPatch(issue: IssueRecord, fields: EditedFields): IssuePatch {
    const { summary, description, labels, priority, issueType, assignee, reporter, ...custom } = fields;
    return {
      ...(summary === undefined ? {} : { summary }),
      ...(description === undefined ? {} : { description: description === null ? null : toAdf(description) }),
      ...(labels === undefined ? {} : { labels }),
      ...(priority === undefined ? {} : { priorityId: priority === null ? null : findId(PRIORITIES, priority) }),
      ...(issueType === undefined ? {} : { issueTypeId: findId(ISSUE_TYPES, issueType) }),
      ...(assignee === undefined ? {} : { assigneeId: assignee === null ? null : actorOf({ author: assignee }) }),
      ...(reporter === undefined ? {} : { reporterId: actorOf({ author: reporter }) }),
      ...(Object.keys(custom).length === 0 ? {} : { customFields: { ...issue.customFields, ...custom } }),
    };
  }

  function setLabels(args: OnIssue, change: (labels: readonly string[]) => readonly string[]): void {
    edit(args, { labels: change(state.getIssue(args.issue).labels) });
  }

  return {
    ...makeMoves(site, actorOf),
    createIssue(args: CreateIssueArgs): IssueName {
      const project = getProject(args.projectKey);
      const { issueType, description, createdAt } = args;
      const draft = {
        projectId: project.id,
        issueTypeId: issueType === undefined ? (project.issueTypeIds[0] ?? "") : findId(ISSUE_TYPES, issueType),
        summary: args.summary,
        description: description === undefined || description === null ? null : toAdf(description),
        labels: args.labels ?? [],
        priorityId: findId(PRIORITIES, args.priority ?? "Medium"),
        reporterId: actorOf(args),
        assigneeId: null,
        securityLevelId: null,
        dueDate: null,
        customFields: args.customFields ?? {},
        properties: {},
        ...(createdAt === undefined ? {} : { createdMs: new Date(createdAt).getTime() }),
      };
      return nameOf(state.createIssue(draft, actorOf(args)));
    },
    editIssue: (args: OnIssue & { fields: EditedFields }): void =>
      edit(args, toPatch(state.getIssue(args.issue), args.fields)),
    addLabel: (args: OnIssue & { label: string }): void =>
      setLabels(args, (labels) => [...new Set([...labels, args.label])]),
    removeLabel: (args: OnIssue & { label: string }): void =>
      setLabels(args, (labels) => labels.filter((label) => label !== args.label)),
    setSecurityLevel(args: OnIssue & { level?: string | null }): void {
      const wanted = args.level === undefined ? SECURITY_LEVELS[0].id : args.level;
      const level = SECURITY_LEVELS.find(({ id, name }) => id === wanted || name === wanted);
      if (wanted !== null && level === undefined) throw new Error(`no security level "${wanted}"`);
      edit(args, { securityLevelId: level?.id ?? null });
    },
    setIssueProperty: (args: { issue: string; key: string; value?: unknown }): void =>
      state.setIssueProperty(state.getIssue(args.issue).id, args.key, args.value),
    moveIssue: (args: OnIssue & { projectKey: string }): IssueName =>
      nameOf(state.moveIssue(state.getIssue(args.issue).id, getProject(args.projectKey), actorOf(args))),
    /** An administrator gives the project another key. */
    renameProject: (args: { projectKey: string; key: string }): void =>
      state.renameProject(getProject(args.projectKey), args.key),
    /** Somebody changes the name that others see. `author`: as everywhere, an id, a name or a type of account. */
    renameAccount(args: { readonly author?: string; readonly displayName: string }): void {
      findActor(site, args.author).displayName = args.displayName;
    },
    deleteIssue: (args: OnIssue): void => state.deleteIssue(state.getIssue(args.issue).id, actorOf(args)),
  };
}

function makeMoves(site: Site, actorOf: (args: { readonly author?: string }) => string) {
  const { state } = site;
  return {
    /** Moves an issue to a status (id or name) or to the first status of a category, whatever the workflow says. */
    transition(args: OnIssue & { toStatus?: string; toCategory?: CategoryKey }): { statusId: string } {
      const issue = state.getIssue(args.issue);
      const { statusIds } = state.projectOf(issue).workflow;
      const own = STATUSES.filter(({ id }) => statusIds.includes(id));
      const statusId =
        args.toStatus === undefined
          ? statusIds.find((id) => categoryOf(id) === args.toCategory)
          : findId(own, args.toStatus);
      if (statusId === undefined) throw new Error(`no status of category "${args.toCategory}"`);
      if (statusId === issue.statusId) return { statusId };
      const { patch, items } = planStatusMove(site, issue, statusId, null);
      state.editIssue(issue.id, patch, items, actorOf(args));
      return { statusId };
    },
    /** Clones fields and labels; by request also properties (an add-on may do so), never comments or files. */
    cloneIssue(args: OnIssue & { withProperties?: boolean }): IssueName {
      const { createdMs, statusId, ...issue } = state.getIssue(args.issue);
      const summary = `CLONE - ${issue.summary}`.slice(0, 255);
      const properties = args.withProperties === true ? issue.properties : {};
      return nameOf(state.createIssue({ ...issue, summary, properties, reporterId: actorOf(args) }, actorOf(args)));
    },
    /** Links two issues as a person would; `type` is the name of a link type. */
    linkIssues(args: OnIssue & { other: string; type?: string }): void {
      const type = site.settings.linkTypes.find(({ name }) => name === (args.type ?? "Relates"));
      if (type === undefined) throw new Error(`no link type "${args.type}"`);
      const [inward, outward] = [state.getIssue(args.issue), state.getIssue(args.other)];
      state.linkIssues({ type, inwardId: inward.id, outwardId: outward.id }, actorOf(args));
    },
    unlinkIssues: (args: { linkId: string; author?: string }): void => state.unlinkIssues(args.linkId, actorOf(args)),
    /** Restricts an issue of a team-managed project to roles; without any it is open again. */
    restrictIssue(args: OnIssue & { roles: readonly string[] }): void {
      const issue = state.getIssue(args.issue);
      const [before, after] = [issue.restrictedRoles ?? [], args.roles];
      const item = changeOf("Restrict to", [null, before.join(", ")], [null, after.join(", ")], "issuerestriction");
      state.editIssue(issue.id, { restrictedRoles: after }, [item], actorOf(args));
    },
  };
}
