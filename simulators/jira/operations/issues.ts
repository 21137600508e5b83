import { PRIORITIES, type ProjectDef } from "../catalog.ts";
import { diffPatch } from "../field-changes.ts";
import {
  listFieldDetails,
  listScreenFields,
  listTransitions,
  neededFields,
  needsResolution,
  viewTransition,
} from "../field-views.ts";
import {
  applyUpdate,
  findIssueType,
  findProject,
  findResolution,
  NOT_ON_SCREEN,
  parseCustom,
  parseFields,
} from "../fields.ts";
import {
  failure,
  fieldErrors,
  ok,
  type PreparedWrite,
  pageBean,
  parsePage,
  type Reply,
  type RequestContext,
  refused,
} from "../http.ts";
import { canSeeIssue, hasPermission, requirePermission, type Site, settingsOf, visibleProject } from "../site.ts";
import type { IssueDraft, IssuePatch } from "../state-core.ts";
import type { IssueRecord } from "../types.ts";
import { viewChange, viewIssue, viewIssueType } from "../views.ts";
import { planStatusMove } from "../workflow.ts";
import {
  bodyOf,
  type Commit,
  type EntityProperty,
  type Handlers,
  param,
  parseExpand,
  readIssue,
  requireExpands,
  toPropertyMap,
  writeIssue,
} from "./handler.ts";

interface IssueUpdate {
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly update?: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  readonly properties?: readonly EntityProperty[];
  readonly transition?: { readonly id?: string };
}

/** What a reading of an issue can hold besides; casebridge asks for no other part, and another one is refused. */
const ISSUE_EXPANDS = ["changelog", "editmeta"] as const;

function refuseTwice(body: IssueUpdate): void {
  for (const name of Object.keys(body.update ?? {})) {
    if (Object.hasOwn(body.fields ?? {}, name)) {
      throw fieldErrors({ [name]: `Field '${name}' cannot appear in both 'fields' and 'update'` });
    }
  }
}

/** Checks a create completely, so that its commit cannot fail. */
function planCreate(site: Site, body: IssueUpdate): IssueDraft {
  refuseTwice(body);
  if (body.transition !== undefined) throw refused("a transition of an issue that is made");
  const { project: projectRef, issuetype, ...fields } = body.fields ?? {};
  const project = findProject(site, projectRef);
  if (project === null || !hasPermission(site, "BROWSE_PROJECTS")) {
    throw fieldErrors({ project: "Specify a valid project ID or key" });
  }
  if (!hasPermission(site, "CREATE_ISSUES")) {
    throw fieldErrors({ project: "You do not have permission to create issues in this project." });
  }
  const issueTypeId = findIssueType(site, project, issuetype);
  if (issueTypeId === null) throw fieldErrors({ issuetype: "Specify a valid issue type" });
  if (fields.summary === undefined) throw fieldErrors({ summary: "You must specify a summary of the issue." });
  const { requiredFields, archived } = settingsOf(site, project);
  if (archived) throw fieldErrors({ project: "The project is archived." });
  const missing = requiredFields.filter((id) => isEmpty(fields[id]));
  if (missing.length > 0) {
    const names = new Map(listFieldDetails(site).map((field) => [field.id, field.name]));
    throw fieldErrors(Object.fromEntries(missing.map((id) => [id, `${names.get(id) ?? id} is required.`])));
  }
  const place = { project, screen: "create" } as const;
  const patch: IssuePatch = {
    ...parseFields(site, place, fields, {}),
    ...applyUpdate(site, place, { labels: [], customFields: {} }, body.update ?? {}),
  };
  return { ...toDraft(site, project, issueTypeId, patch), properties: toPropertyMap(body.properties ?? []) };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

function toDraft(site: Site, project: ProjectDef, issueTypeId: string, patch: IssuePatch): IssueDraft {
  return {
    projectId: project.id,
    issueTypeId,
    summary: patch.summary ?? "",
    description: patch.description ?? null,
    labels: patch.labels ?? [],
    // Assumed: the default priority is set even when the field is not on the screen.
    priorityId: patch.priorityId ?? PRIORITIES.find((priority) => priority.isDefault)?.id ?? null,
    reporterId: patch.reporterId ?? site.bot.accountId,
    assigneeId: patch.assigneeId ?? null,
    securityLevelId: patch.securityLevelId ?? settingsOf(site, project).defaultSecurityLevelId,
    dueDate: patch.dueDate ?? null,
    customFields: patch.customFields ?? {},
    properties: {},
  };
}

function createIssue(site: Site, context: RequestContext): PreparedWrite {
  const draft = planCreate(site, bodyOf<IssueUpdate>(context));
  const commit = (): Reply => {
    const { id, key } = site.state.createIssue(draft, site.bot.accountId);
    return ok({ id, key, self: `${site.baseUrl()}/rest/api/3/issue/${id}` }, 201);
  };
  return { issueId: null, commit };
}

function withExpansions(site: Site, issue: IssueRecord, bean: Record<string, unknown>, expand: ReadonlySet<string>) {
  const fields = listScreenFields(site, site.state.projectOf(issue), "edit").map((field) => [field.key, field]);
  // jira.md 4: at most 40 entries under `changelog`, newest first; the own endpoint is oldest first.
  const histories = [...issue.changelog].reverse().slice(0, 40);
  const changelog = {
    startAt: 0,
    maxResults: histories.length,
    total: issue.changelog.length,
    histories: histories.map((change) => viewChange(site, change)),
  };
  return {
    ...bean,
    ...(expand.has("editmeta") ? { editmeta: { fields: Object.fromEntries(fields) } } : {}),
    ...(expand.has("changelog") ? { changelog } : {}),
  };
}

function getIssue(site: Site, issue: IssueRecord, context: RequestContext): Reply {
  const expand = parseExpand(context, ISSUE_EXPANDS);
  const fields = context.query.list("fields");
  const properties = context.query.list("properties");
  const bean = viewIssue(site, issue, { fields: fields.length === 0 ? ["*all"] : fields, inSearch: false, properties });
  return ok(withExpansions(site, issue, bean, expand));
}

interface BulkFetch {
  readonly issueIdsOrKeys: readonly string[];
  readonly fields?: readonly string[];
  readonly properties?: readonly string[];
  readonly expand?: readonly string[];
}

function bulkFetchIssues(site: Site, context: RequestContext): Reply {
  const body = bodyOf<BulkFetch>(context);
  requireExpands(body.expand ?? [], ISSUE_EXPANDS);
  // jira.md 3.2: at most 100 issues and 5 properties, ascending id, missing ones simply absent.
  if (body.issueIdsOrKeys.length > 100) throw refused("more than 100 issues in one bulk fetch");
  if ((body.properties ?? []).length > 5) throw refused("more than 5 properties in one bulk fetch");
  const found = new Map<string, IssueRecord>();
  for (const idOrKey of body.issueIdsOrKeys) {
    const issue = site.state.findIssue(idOrKey);
    if (issue !== null && canSeeIssue(site, issue)) found.set(issue.id, issue);
  }
  const fields = body.fields === undefined || body.fields.length === 0 ? ["*navigable"] : body.fields;
  const issues = [...found.values()]
    .sort((left, right) => Number(left.id) - Number(right.id))
    .map((issue) => {
      const bean = viewIssue(site, issue, { fields, inSearch: false, properties: body.properties ?? [] });
      return withExpansions(site, issue, bean, new Set(body.expand ?? []));
    });
  return ok({ issues, issueErrors: [] });
}

function editIssue(site: Site, issue: IssueRecord, context: RequestContext): Commit {
  const body = bodyOf<IssueUpdate>(context);
  const needsAdmin =
    !context.query.flag("notifyUsers", true) ||
    context.query.flag("overrideScreenSecurity", false) ||
    context.query.flag("overrideEditableFlag", false);
  // jira.md 3.1: `notifyUsers=false` needs project or Jira administration.
  if (needsAdmin) requirePermission(site, "ADMINISTER_PROJECTS", "You must be an administrator to do that.");
  requirePermission(site, "EDIT_ISSUES", "You do not have permission to edit issues in this project.");
  if (body.fields === undefined && body.update === undefined && body.properties === undefined) {
    throw failure(400, ["one of 'fields' or 'update' required"]);
  }
  refuseTwice(body);
  const place = { project: site.state.projectOf(issue), screen: "edit" } as const;
  const check = (record: IssueRecord): IssuePatch => ({
    ...parseFields(site, place, body.fields ?? {}, record.customFields),
    ...applyUpdate(site, place, record, body.update ?? {}),
  });
  check(issue);
  const properties = toPropertyMap(body.properties ?? []);
  if (context.query.flag("returnIssue", false)) throw refused("returnIssue of an edit");
  return (now) => {
    const patch = check(now);
    site.state.editIssue(issue.id, patch, diffPatch(site, now, patch), site.bot.accountId);
    for (const [key, value] of Object.entries(properties)) site.state.setIssueProperty(issue.id, key, value);
    return { status: 204 };
  };
}

function deleteIssue(site: Site): Commit {
  requirePermission(site, "DELETE_ISSUES", "You do not have permission to delete issues in this project.");
  return (now) => {
    site.state.deleteIssue(now.id, site.bot.accountId);
    return { status: 204 };
  };
}

function getChangeLogs(site: Site, issue: IssueRecord, context: RequestContext): Reply {
  const page = parsePage(context.query, 100, 100);
  const self = `${site.baseUrl()}/rest/api/3/issue/${issue.id}/changelog`;
  return ok(
    pageBean(
      issue.changelog.map((change) => viewChange(site, change)),
      page,
      self,
    ),
  );
}

interface BulkChangelog {
  readonly issueIdsOrKeys: readonly string[];
  readonly fieldIds?: readonly string[];
  readonly maxResults?: number;
  readonly nextPageToken?: string;
}

/** All changes of several issues, oldest first within an issue, cursor paging (jira.md 3.2). */
function getBulkChangelogs(site: Site, context: RequestContext): Reply {
  const body = bodyOf<BulkChangelog>(context);
  if (body.issueIdsOrKeys.length > 1_000) throw refused("more than 1000 issues in one changelog fetch");
  if ((body.fieldIds ?? []).length > 10) throw refused("more than 10 field ids in one changelog fetch");
  const issues = [...new Set(body.issueIdsOrKeys)]
    .map((idOrKey) => site.state.findIssue(idOrKey))
    .filter((issue) => issue !== null)
    .filter((issue) => canSeeIssue(site, issue))
    .sort((left, right) => Number(left.id) - Number(right.id));
  const rows = issues.flatMap((issue) =>
    issue.changelog
      .filter(
        (change) => body.fieldIds === undefined || change.items.some((item) => body.fieldIds?.includes(item.fieldId)),
      )
      .map((change) => ({ issueId: issue.id, change })),
  );
  const start = body.nextPageToken === undefined ? 0 : Number(Buffer.from(body.nextPageToken, "base64url").toString());
  if (!Number.isInteger(start)) throw failure(400, ["The nextPageToken is invalid."]);
  const page = rows.slice(start, start + (body.maxResults ?? 1_000));
  const end = start + page.length;
  const grouped = Map.groupBy(page, (row) => row.issueId);
  const nextPageToken = Buffer.from(String(end)).toString("base64url");
  const issueChangeLogs = [...grouped].map(([issueId, group]) => ({
    issueId,
    changeHistories: group.map(({ change }) => ({
      ...viewChange(site, change),
      ...(site.settings.bulkChangelogEpoch ? { created: change.createdMs } : {}),
    })),
  }));
  return ok({ issueChangeLogs, ...(end < rows.length ? { nextPageToken } : {}) });
}

function getTransitions(site: Site, issue: IssueRecord, context: RequestContext): Reply {
  const expand = parseExpand(context, ["transitions.fields"]);
  const wanted = context.query.text("transitionId");
  const transitions = listTransitions(site, issue)
    .filter((transition) => wanted === null || transition.id === wanted)
    .map((transition) =>
      viewTransition(site, site.state.projectOf(issue), transition, expand.has("transitions.fields")),
    );
  return ok({ expand: "transitions", transitions });
}

function doTransition(site: Site, issue: IssueRecord, context: RequestContext): Commit {
  const body = bodyOf<IssueUpdate>(context);
  const id = body.transition?.id;
  if (id === undefined) throw failure(400, ["Missing 'transition' identifier"]);
  const { resolution, ...others } = body.fields ?? {};
  const plan = (now: IssueRecord) => {
    const project = site.state.projectOf(now);
    const transition = listTransitions(site, now).find((candidate) => candidate.id === id);
    if (transition === undefined)
      throw failure(400, [
        `It is not possible to transition the issue: transition id ${id} is not valid for this issue.`,
      ]);
    const resolutionId = resolution === undefined ? null : findResolution(site, resolution);
    if (resolution !== undefined && resolutionId === null)
      throw fieldErrors({ resolution: "The resolution selected is invalid." });
    if (needsResolution(site, project, transition) && resolutionId === null)
      throw fieldErrors({ resolution: "Resolution is required." });
    const needed = neededFields(site, project, transition);
    const stranger = Object.keys(others).find((name) => needed.every((field) => field.id !== name));
    if (stranger !== undefined) throw fieldErrors({ [stranger]: `Field '${stranger}' ${NOT_ON_SCREEN}` });
    const missing = needed.find((field) => isEmpty(others[field.id]));
    if (missing !== undefined) throw fieldErrors({ [missing.id]: `${missing.name} is required.` });
    const set = needed.map((field) => [field.id, parseCustom(site, field, others[field.id])] as const);
    const { patch, items } = planStatusMove(site, now, transition.to, resolutionId);
    const customFields = { ...now.customFields, ...Object.fromEntries(set) };
    return { items, patch: set.length === 0 ? patch : { ...patch, customFields } };
  };
  plan(issue);
  return (now) => {
    const { patch, items } = plan(now);
    site.state.editIssue(now.id, patch, items, site.bot.accountId);
    return { status: 204 };
  };
}

function getCreateIssueMetaIssueTypes(site: Site, context: RequestContext): Reply {
  const project = visibleProject(site, param(context, "projectIdOrKey"));
  const page = parseCreateMetaPage(context);
  const mayCreate = hasPermission(site, "CREATE_ISSUES") && !settingsOf(site, project).archived;
  const all = mayCreate ? project.issueTypeIds.map((type) => viewIssueType(site, type)) : [];
  const issueTypes = all.slice(page.startAt, page.startAt + page.maxResults);
  return ok({ ...page, total: all.length, issueTypes });
}

function getCreateIssueMetaIssueTypeId(site: Site, context: RequestContext): Reply {
  const project = visibleProject(site, param(context, "projectIdOrKey"));
  const page = parseCreateMetaPage(context);
  if (!project.issueTypeIds.includes(param(context, "issueTypeId"))) throw failure(404, ["Issue type not found."]);
  const all = listScreenFields(site, project, "create");
  return ok({ ...page, total: all.length, fields: all.slice(page.startAt, page.startAt + page.maxResults) });
}

function parseCreateMetaPage(context: RequestContext) {
  if (context.query.int("maxResults", 50) > 200) {
    throw failure(400, ["Parameter 'maxResults' must not exceed the limit '200'"]);
  }
  return parsePage(context.query, 50, 200);
}

/** Issues: create, read, edit, delete, transitions, changelog, create and edit screens. */
export const issueHandlers: Handlers = {
  createIssue,
  getIssue: readIssue(getIssue),
  bulkFetchIssues,
  editIssue: writeIssue(editIssue),
  deleteIssue: writeIssue(deleteIssue),
  getChangeLogs: readIssue(getChangeLogs),
  getBulkChangelogs,
  getTransitions: readIssue(getTransitions),
  doTransition: writeIssue(doTransition),
  getCreateIssueMetaIssueTypes,
  getCreateIssueMetaIssueTypeId,
};
