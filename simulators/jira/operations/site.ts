// Projects, users, permissions and the lists of statuses, priorities, fields.

import { PERMISSIONS, PRIORITIES, type ProjectDef, SECURITY_LEVELS } from "../catalog.ts";
import { listFieldDetails } from "../field-views.ts";
import {
  failure,
  ok,
  pageBean,
  parsePage,
  type Reply,
  type RequestContext,
  scopeMismatch,
  toJiraTime,
} from "../http.ts";
import { canSeeIssue, hasPermission, type Site, settingsOf, visibleProject } from "../site.ts";
import { viewIssueType, viewPriority, viewProject, viewStatus, viewUser } from "../views.ts";
import { type Handlers, param, parseExpand } from "./handler.ts";

/** Only the switch is of interest: casebridge takes priorities from the create screen. Paging is declared as texts. */
function searchPriorities(site: Site, context: RequestContext): Reply {
  if (site.settings.prioritySearch === "410") throw failure(410, ["The requested API has been removed."]);
  if (site.settings.prioritySearch === "401") throw scopeMismatch();
  const [startAt, maxResults] = [context.query.int("startAt", 0), context.query.int("maxResults", 50)];
  const found = PRIORITIES.map(({ id, color: statusColor, isDefault }) => {
    return { ...viewPriority(site, id), description: "", statusColor, isDefault };
  });
  return ok(pageBean(found, { startAt, maxResults }, `${site.baseUrl()}/rest/api/3/priority/search`));
}

function viewWholeProject(site: Site, project: ProjectDef): Record<string, unknown> {
  return {
    ...viewProject(site, project),
    expand: "description,lead,issueTypes,url,projectKeys,permissions,insight",
    description: "",
    lead: viewUser(site, site.state.accounts[1]?.accountId ?? site.bot.accountId),
    components: [],
    issueTypes: project.issueTypeIds.map((type) => viewIssueType(site, type)),
    archived: settingsOf(site, project).archived,
    assigneeType: "UNASSIGNED",
    versions: [],
    roles: {
      Administrators: `${site.baseUrl()}/rest/api/3/project/${project.id}/role/10002`,
    },
    style: "classic",
    isPrivate: false,
    properties: {},
  };
}

function getProject(site: Site, context: RequestContext): Reply {
  parseExpand(context, []);
  return ok(viewWholeProject(site, visibleProject(site, param(context, "projectIdOrKey"))));
}

/** Projects that the account may see, by key; archived ones only where they are asked for. */
function searchProjects(site: Site, context: RequestContext): Reply {
  const page = parsePage(context.query, 50, 100);
  const action = context.query.text("action") ?? "view";
  if (!["view", "browse", "edit", "create"].includes(action)) throw failure(400, [`Unknown action '${action}'.`]);
  const needed = action === "create" ? "CREATE_ISSUES" : "BROWSE_PROJECTS";
  const mayAct = hasPermission(site, "BROWSE_PROJECTS") && hasPermission(site, needed);
  const wanted = context.query.list("status");
  const isWanted = (archived: boolean): boolean =>
    wanted.length === 0 ? !archived : wanted.includes(archived ? "archived" : "live");
  const found = site.state
    .listProjects()
    .filter((project) => mayAct && isWanted(settingsOf(site, project).archived))
    .toSorted((left, right) => (left.key < right.key ? -1 : 1))
    .map((project) => viewProject(site, project));
  return ok(pageBean(found, page, `${site.baseUrl()}/rest/api/3/project/search`));
}

function viewLevels(): Record<string, unknown>[] {
  return SECURITY_LEVELS.map(({ id, name, description }) => ({ id, name, description }));
}

/** Only for administrators of Jira or of the project. */
function getProjectIssueSecurityScheme(site: Site, context: RequestContext): Reply {
  const project = visibleProject(site, param(context, "projectKeyOrId"));
  if (!hasPermission(site, "ADMINISTER_PROJECTS") && !hasPermission(site, "ADMINISTER")) {
    throw failure(403, ["You do not have the permission to see the issue security scheme."]);
  }
  if (project.teamManaged || site.settings.securityLevels === "none") {
    throw failure(404, ["No issue security scheme is associated with this project."]);
  }
  return ok({ id: 10_000, name: "Default Issue Security Scheme", levels: viewLevels() });
}

/** Levels are returned only to whoever may set them; everybody else gets an empty list. */
function getSecurityLevelsForProject(site: Site, context: RequestContext): Reply {
  const project = visibleProject(site, param(context, "projectKeyOrId"));
  const shown = site.settings.securityLevels === "listed" && !project.teamManaged;
  return ok({ levels: shown ? viewLevels() : [] });
}

function getAllStatuses(site: Site, context: RequestContext): Reply {
  const project = visibleProject(site, param(context, "projectIdOrKey"));
  const statuses = project.workflow.statusIds.map((id) => viewStatus(site, id));
  const body = project.issueTypeIds.map((type) => {
    const { self, id, name, subtask } = viewIssueType(site, type);
    return { self, id, name, subtask, statuses };
  });
  return { status: 200, body };
}

function getFields(site: Site): Reply {
  const fields = listFieldDetails(site).map((field) => {
    const isCustom = field.id.startsWith("customfield_");
    const clauseNames = isCustom ? [`cf[${field.id.slice("customfield_".length)}]`, field.name] : [field.id];
    return { ...field, key: field.id, custom: isCustom, orderable: true, searchable: true, clauseNames };
  });
  return ok(fields);
}

function getCurrentUser(site: Site, context: RequestContext): Reply {
  const expand = parseExpand(context, ["groups", "applicationRoles"]);
  const empty = { size: 1, items: [] };
  return ok({
    ...viewUser(site, site.bot.accountId),
    locale: site.settings.language === "zh" ? "zh_CN" : "en_US",
    groups: { size: 1, items: expand.has("groups") ? [{ name: "jira-users", groupId: "a1" }] : [] },
    applicationRoles: empty,
    expand: "groups,applicationRoles",
  });
}

function getMyPermissions(site: Site, context: RequestContext): Reply {
  const wanted = context.query.list("permissions");
  if (wanted.length === 0) {
    throw failure(400, ["The 'permissions' query parameter is required."]);
  }
  const unknown = wanted.filter((key) => !PERMISSIONS.some((permission) => permission.key === key));
  if (unknown.length > 0) throw failure(400, [`Unrecognized permission(s): ${unknown.join(", ")}`]);
  const projectKey = context.query.text("projectKey") ?? context.query.text("projectId");
  if (projectKey !== null) visibleProject(site, projectKey);
  const issueKey = context.query.text("issueKey") ?? context.query.text("issueId");
  const issue = issueKey === null ? null : site.state.findIssue(issueKey);
  if (issueKey !== null && (issue === null || !canSeeIssue(site, issue))) throw failure(404, ["Issue does not exist."]);
  const permissions = PERMISSIONS.filter(({ key }) => wanted.includes(key)).map(({ id, key, name }) => {
    const type = ["ADMINISTER", "USER_PICKER"].includes(key) ? "GLOBAL" : "PROJECT";
    return [key, { id, key, name, type, description: name, havePermission: hasPermission(site, key) }];
  });
  return ok({ permissions: Object.fromEntries(permissions) });
}

function getServerInfo(site: Site): Reply {
  return ok({
    baseUrl: site.baseUrl(),
    displayUrl: site.baseUrl(),
    version: "1001.0.0-SNAPSHOT",
    versionNumbers: [1001, 0, 0],
    deploymentType: "Cloud",
    buildNumber: 100_300,
    buildDate: toJiraTime(Date.UTC(2026, 10, 1)),
    serverTime: toJiraTime(site.now()),
    scmInfo: "simulator",
    serverTitle: "Jira",
    defaultLocale: { locale: "en_US" },
    serverTimeZone: "Etc/UTC",
  });
}

function getUser(site: Site, context: RequestContext): Reply {
  const accountId = context.query.text("accountId");
  if (accountId === null) throw failure(400, ["The query parameter 'accountId' is missing."]);
  if (!site.state.accounts.some((account) => account.accountId === accountId)) {
    throw failure(404, ["Specified user does not exist or you do not have required permissions"]);
  }
  return ok(viewUser(site, accountId));
}

function findAssignableUsers(site: Site, context: RequestContext): Reply {
  const projectKey = context.query.text("project");
  const issueKey = context.query.text("issueKey") ?? context.query.text("issueId");
  if (projectKey === null && issueKey === null) throw failure(400, ["A project or issue is required."]);
  if (projectKey !== null) visibleProject(site, projectKey);
  const text = (context.query.text("query") ?? "").toLowerCase();
  const accountId = context.query.text("accountId");
  const page = parsePage(context.query, 50, 1_000);
  const found = site.state.accounts
    .filter((account) => account.accountType === "atlassian")
    .filter((account) => accountId === null || account.accountId === accountId)
    .filter((account) => `${account.displayName} ${account.email}`.toLowerCase().includes(text))
    .slice(page.startAt, page.startAt + page.maxResults)
    .map((account) => viewUser(site, account.accountId));
  return ok(found);
}

const ADMIN_ROLE_ID = "10002";
const ADMIN_GROUP = { groupId: "276f955c-63d7-42c8-9520-92d01dca0625", name: "jira-admins" };

/** The one role of every project: the first person by name, the third through a group. */
function getProjectRole(site: Site, context: RequestContext): Reply {
  const project = site.state.findProject(param(context, "projectIdOrKey"));
  const hidden = !site.settings.botReadsRoleMembers;
  if (project === null || hidden || param(context, "id") !== ADMIN_ROLE_ID) throw failure(404, ["No such role."]);
  const person = site.state.accounts[1];
  const actorUser = { accountId: person?.accountId ?? "" };
  const actorGroup = { ...ADMIN_GROUP, displayName: ADMIN_GROUP.name };
  return ok({
    self: `${site.baseUrl()}/rest/api/3/project/${project.id}/role/${ADMIN_ROLE_ID}`,
    id: Number(ADMIN_ROLE_ID),
    name: "Administrators",
    description: "",
    actors: [
      { id: 1, type: "atlassian-user-role-actor", displayName: person?.displayName ?? "", actorUser },
      { id: 2, type: "atlassian-group-role-actor", displayName: ADMIN_GROUP.name, actorGroup },
    ],
  });
}

function getUsersFromGroup(site: Site, context: RequestContext): Reply {
  if (!site.settings.botReadsRoleMembers) throw failure(403, ["You do not have permission to view group members."]);
  if (context.query.text("groupId") !== ADMIN_GROUP.groupId) throw failure(404, ["The group does not exist."]);
  const members = site.state.accounts.slice(3, 4).map((account) => viewUser(site, account.accountId));
  return ok(pageBean(members, parsePage(context.query, 50, 50), `${site.baseUrl()}/rest/api/3/group/member`));
}

/** Everything about the site that is not an issue. */
export const siteHandlers: Handlers = {
  searchPriorities,
  getProject,
  searchProjects,
  getProjectRole,
  getUsersFromGroup,
  getProjectIssueSecurityScheme,
  getSecurityLevelsForProject,
  getAllStatuses,
  getFields,
  getCurrentUser,
  getMyPermissions,
  getServerInfo,
  getUser,
  findAssignableUsers,
};
