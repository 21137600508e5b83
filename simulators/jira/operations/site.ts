// Projects, users, permissions and the lists of statuses, priorities, fields.

import {
  PERMISSIONS,
  PRIORITIES,
  type ProjectDef,
  RESOLUTIONS,
  SECURITY_LEVELS,
  STATUS_CATEGORIES,
  STATUSES,
} from "../catalog.ts";
import {
  failure,
  pageBean,
  parsePage,
  type Reply,
  type RequestContext,
  refused,
  scopeMismatch,
  toJiraTime,
} from "../http.ts";
import { canSeeIssue, hasPermission, localName, type Site } from "../site.ts";
import {
  listFieldDetails,
  viewCategory,
  viewIssueType,
  viewPriority,
  viewProject,
  viewResolution,
  viewStatus,
  viewUser,
} from "../views.ts";
import { type Handlers, param, parseExpand } from "./handler.ts";

/** `/priority/search` and `/resolution/search` declare their paging as strings. */
function parseTextPage(context: RequestContext) {
  const startAt = Number(context.query.text("startAt") ?? "0");
  const maxResults = Number(context.query.text("maxResults") ?? "50");
  if (!Number.isInteger(startAt) || !Number.isInteger(maxResults))
    throw refused("startAt and maxResults must be numbers");
  return { startAt, maxResults: Math.min(maxResults, 50) };
}

function getAllLabels(site: Site, context: RequestContext): Reply {
  const labels = new Set<string>();
  for (const issue of site.state.issuesAt(0, new Set())) for (const label of issue.labels) labels.add(label);
  const page = parsePage(context.query, 1_000, 1_000);
  return { status: 200, body: pageBean([...labels].sort(), page, `${site.baseUrl()}/rest/api/3/label`) };
}

function searchPriorities(site: Site, context: RequestContext): Reply {
  if (site.settings.prioritySearch === "410") throw failure(410, ["The requested API has been removed."]);
  if (site.settings.prioritySearch === "401") throw scopeMismatch();
  const ids = context.query.list("id");
  const name = context.query.text("priorityName") ?? "";
  const onlyDefault = context.query.flag("onlyDefault", false);
  const found = PRIORITIES.filter((priority) => ids.length === 0 || ids.includes(priority.id))
    .filter((priority) => !onlyDefault || priority.isDefault)
    .filter((priority) => localName(site, priority.name).includes(name))
    .map((priority) => ({
      ...viewPriority(site, priority.id),
      description: "",
      statusColor: priority.color,
      isDefault: priority.isDefault,
    }));
  return { status: 200, body: pageBean(found, parseTextPage(context), `${site.baseUrl()}/rest/api/3/priority/search`) };
}

function getPriority(site: Site, context: RequestContext): Reply {
  const id = param(context, "id");
  const priority = PRIORITIES.find((candidate) => candidate.id === id);
  if (priority === undefined) throw failure(404, ["The priority was not found."]);
  return { status: 200, body: { ...viewPriority(site, id), description: "", statusColor: priority.color } };
}

function listStatuses(site: Site): (typeof STATUSES)[number][] {
  const used = new Set<string>(site.state.projects.flatMap((project) => project.workflow.statusIds));
  return STATUSES.filter((status) => used.has(status.id));
}

function getStatuses(site: Site): Reply {
  return { status: 200, body: listStatuses(site).map((status) => viewStatus(site, status.id)) };
}

function searchStatuses(site: Site, context: RequestContext): Reply {
  const projectId = context.query.text("projectId");
  const project = site.state.projects.find((candidate) => candidate.id === projectId);
  const category = context.query.text("statusCategory");
  const text = (context.query.text("searchString") ?? "").toLowerCase();
  const found = listStatuses(site)
    .filter((status) => project === undefined || project.workflow.statusIds.some((id) => id === status.id))
    .map((status) => ({
      id: status.id,
      name: localName(site, status.name),
      statusCategory: STATUS_CATEGORIES.find((candidate) => candidate.key === status.category)?.api ?? "TODO",
      description: "",
      scope: { type: "GLOBAL" },
    }))
    .filter((status) => category === null || status.statusCategory === category)
    .filter((status) => status.name.toLowerCase().includes(text));
  return {
    status: 200,
    body: pageBean(found, parsePage(context.query, 200, 200), `${site.baseUrl()}/rest/api/3/statuses/search`),
  };
}

function getStatusCategories(site: Site): Reply {
  return { status: 200, body: STATUS_CATEGORIES.map((category) => viewCategory(site, category.key)) };
}

function searchResolutions(site: Site, context: RequestContext): Reply {
  const ids = context.query.list("id");
  const found = RESOLUTIONS.filter((resolution) => ids.length === 0 || ids.includes(resolution.id)).map(
    (resolution) => ({
      ...viewResolution(site, resolution.id),
      default: resolution.isDefault,
    }),
  );
  return {
    status: 200,
    body: pageBean(found, parseTextPage(context), `${site.baseUrl()}/rest/api/3/resolution/search`),
  };
}

function viewWholeProject(site: Site, project: ProjectDef): Record<string, unknown> {
  return {
    ...viewProject(site, project),
    expand: "description,lead,issueTypes,url,projectKeys,permissions,insight",
    description: "",
    lead: viewUser(site, site.state.accounts[1]?.accountId ?? site.bot.accountId),
    components: [],
    issueTypes: project.issueTypeIds.map((type) => viewIssueType(site, type)),
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

const PROJECT_EXPANDS = [
  "description",
  "projectKeys",
  "lead",
  "issueTypes",
  "url",
  "insight",
  "issueTypeHierarchy",
  "permissions",
];

function searchProjects(site: Site, context: RequestContext): Reply {
  parseExpand(context, PROJECT_EXPANDS);
  const ids = context.query.list("id");
  const keys = context.query.list("keys");
  const type = context.query.list("typeKey");
  const text = (context.query.text("query") ?? "").toLowerCase();
  const visible = hasPermission(site, "BROWSE_PROJECTS") ? site.state.projects : [];
  const found = visible
    .filter((project) => ids.length === 0 || ids.includes(project.id))
    .filter((project) => keys.length === 0 || keys.includes(project.key))
    .filter((project) => type.length === 0 || type.includes(project.projectTypeKey))
    .filter((project) => `${project.key} ${project.name}`.toLowerCase().includes(text))
    .map((project) => viewProject(site, project));
  return {
    status: 200,
    body: pageBean(found, parsePage(context.query, 50, 100), `${site.baseUrl()}/rest/api/3/project/search`),
  };
}

function requireProject(site: Site, idOrKey: string): ProjectDef {
  const project = site.state.projects.find((candidate) => candidate.id === idOrKey || candidate.key === idOrKey);
  if (project === undefined || !hasPermission(site, "BROWSE_PROJECTS")) {
    throw failure(404, [`No project could be found with key '${idOrKey}'.`]);
  }
  return project;
}

function getProject(site: Site, context: RequestContext): Reply {
  parseExpand(context, PROJECT_EXPANDS);
  return { status: 200, body: viewWholeProject(site, requireProject(site, param(context, "projectIdOrKey"))) };
}

function viewLevels(): Record<string, unknown>[] {
  return SECURITY_LEVELS.map(({ id, name, description }) => ({ id, name, description }));
}

/** Only for administrators of Jira or of the project. */
function getProjectIssueSecurityScheme(site: Site, context: RequestContext): Reply {
  const project = requireProject(site, param(context, "projectKeyOrId"));
  if (!hasPermission(site, "ADMINISTER_PROJECTS") && !hasPermission(site, "ADMINISTER")) {
    throw failure(403, ["You do not have the permission to see the issue security scheme."]);
  }
  if (project.teamManaged || site.settings.securityLevels === "none") {
    throw failure(404, ["No issue security scheme is associated with this project."]);
  }
  return { status: 200, body: { id: 10_000, name: "Default Issue Security Scheme", levels: viewLevels() } };
}

/** Levels are returned only to whoever may set them; everybody else gets an empty list. */
function getSecurityLevelsForProject(site: Site, context: RequestContext): Reply {
  const project = requireProject(site, param(context, "projectKeyOrId"));
  const shown = site.settings.securityLevels === "listed" && !project.teamManaged;
  return { status: 200, body: { levels: shown ? viewLevels() : [] } };
}

function getAllStatuses(site: Site, context: RequestContext): Reply {
  const project = requireProject(site, param(context, "projectIdOrKey"));
  const statuses = project.workflow.statusIds.map((id) => viewStatus(site, id));
  const body = project.issueTypeIds.map((type) => {
    const { self, id, name, subtask } = viewIssueType(site, type);
    return { self, id, name, subtask, statuses };
  });
  return { status: 200, body };
}

function getIssueTypesForProject(site: Site, context: RequestContext): Reply {
  const project = requireProject(site, String(context.query.int("projectId", 0)));
  return { status: 200, body: project.issueTypeIds.map((type) => viewIssueType(site, type)) };
}

function viewField(field: ReturnType<typeof listFieldDetails>[number]): Record<string, unknown> {
  return {
    id: field.id,
    key: field.id,
    name: field.name,
    custom: field.custom,
    orderable: true,
    navigable: field.navigable,
    searchable: true,
    clauseNames: field.custom ? [`cf[${field.id.slice("customfield_".length)}]`, field.name] : [field.id],
    schema: field.schema,
  };
}

function getFields(site: Site): Reply {
  return { status: 200, body: listFieldDetails(site).map(viewField) };
}

function getFieldsPaginated(site: Site, context: RequestContext): Reply {
  const types = context.query.list("type");
  const ids = context.query.list("id");
  const text = (context.query.text("query") ?? "").toLowerCase();
  const found = listFieldDetails(site)
    .filter((field) => types.length === 0 || types.includes(field.custom ? "custom" : "system"))
    .filter((field) => ids.length === 0 || ids.includes(field.id))
    .filter((field) => field.name.toLowerCase().includes(text))
    .map((field) => ({ id: field.id, name: field.name, schema: field.schema, key: field.id, isLocked: false }));
  return {
    status: 200,
    body: pageBean(found, parsePage(context.query, 50, 50), `${site.baseUrl()}/rest/api/3/field/search`),
  };
}

function getCurrentUser(site: Site, context: RequestContext): Reply {
  const expand = parseExpand(context, ["groups", "applicationRoles"]);
  const empty = { size: 1, items: [] };
  return {
    status: 200,
    body: {
      ...viewUser(site, site.bot.accountId),
      locale: site.settings.language === "zh" ? "zh_CN" : "en_US",
      groups: { size: 1, items: expand.has("groups") ? [{ name: "jira-users", groupId: "a1" }] : [] },
      applicationRoles: empty,
      expand: "groups,applicationRoles",
    },
  };
}

function getMyPermissions(site: Site, context: RequestContext): Reply {
  const wanted = context.query.list("permissions");
  if (wanted.length === 0) {
    throw failure(400, ["The 'permissions' query parameter is required."]);
  }
  const unknown = wanted.filter((key) => !PERMISSIONS.some((permission) => permission.key === key));
  if (unknown.length > 0) throw failure(400, [`Unrecognized permission(s): ${unknown.join(", ")}`]);
  const projectKey = context.query.text("projectKey") ?? context.query.text("projectId");
  if (projectKey !== null) requireProject(site, projectKey);
  const issueKey = context.query.text("issueKey") ?? context.query.text("issueId");
  const issue = issueKey === null ? null : site.state.findIssue(issueKey);
  if (issueKey !== null && (issue === null || !canSeeIssue(site, issue))) throw failure(404, ["Issue does not exist."]);
  const permissions = PERMISSIONS.filter((permission) => wanted.includes(permission.key)).map((permission) => [
    permission.key,
    {
      id: permission.id,
      key: permission.key,
      name: permission.name,
      type: ["ADMINISTER", "USER_PICKER"].includes(permission.key) ? "GLOBAL" : "PROJECT",
      description: permission.name,
      havePermission: hasPermission(site, permission.key),
    },
  ]);
  return { status: 200, body: { permissions: Object.fromEntries(permissions) } };
}

function getServerInfo(site: Site): Reply {
  return {
    status: 200,
    body: {
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
    },
  };
}

function getUser(site: Site, context: RequestContext): Reply {
  const accountId = context.query.text("accountId");
  if (accountId === null) throw failure(400, ["The query parameter 'accountId' is missing."]);
  if (!site.state.accounts.some((account) => account.accountId === accountId)) {
    throw failure(404, ["Specified user does not exist or you do not have required permissions"]);
  }
  return { status: 200, body: viewUser(site, accountId) };
}

function findAssignableUsers(site: Site, context: RequestContext): Reply {
  const projectKey = context.query.text("project");
  const issueKey = context.query.text("issueKey") ?? context.query.text("issueId");
  if (projectKey === null && issueKey === null) throw failure(400, ["A project or issue is required."]);
  if (projectKey !== null) requireProject(site, projectKey);
  const text = (context.query.text("query") ?? "").toLowerCase();
  const accountId = context.query.text("accountId");
  const page = parsePage(context.query, 50, 1_000);
  const found = site.state.accounts
    .filter((account) => account.accountType === "atlassian")
    .filter((account) => accountId === null || account.accountId === accountId)
    .filter((account) => `${account.displayName} ${account.email}`.toLowerCase().includes(text))
    .slice(page.startAt, page.startAt + page.maxResults)
    .map((account) => viewUser(site, account.accountId));
  return { status: 200, body: found };
}

const ADMIN_ROLE_ID = "10002";
const ADMIN_GROUP = { groupId: "276f955c-63d7-42c8-9520-92d01dca0625", name: "jira-admins" };

/** The one role of every project: the first person by name, the third through a group. */
function getProjectRole(site: Site, context: RequestContext): Reply {
  const project = site.state.projects.find((candidate) =>
    [candidate.id, candidate.key].includes(param(context, "projectIdOrKey")),
  );
  const hidden = !site.settings.botReadsRoleMembers;
  if (project === undefined || hidden || param(context, "id") !== ADMIN_ROLE_ID) throw failure(404, ["No such role."]);
  const person = site.state.accounts[1];
  return {
    status: 200,
    body: {
      self: `${site.baseUrl()}/rest/api/3/project/${project.id}/role/${ADMIN_ROLE_ID}`,
      id: Number(ADMIN_ROLE_ID),
      name: "Administrators",
      description: "",
      actors: [
        {
          id: 1,
          type: "atlassian-user-role-actor",
          displayName: person?.displayName ?? "",
          actorUser: { accountId: person?.accountId ?? "" },
        },
        {
          id: 2,
          type: "atlassian-group-role-actor",
          displayName: ADMIN_GROUP.name,
          actorGroup: { ...ADMIN_GROUP, displayName: ADMIN_GROUP.name },
        },
      ],
    },
  };
}

function getUsersFromGroup(site: Site, context: RequestContext): Reply {
  if (!site.settings.botReadsRoleMembers) throw failure(403, ["You do not have permission to view group members."]);
  if (context.query.text("groupId") !== ADMIN_GROUP.groupId) throw failure(404, ["The group does not exist."]);
  const members = site.state.accounts.slice(3, 4).map((account) => viewUser(site, account.accountId));
  return {
    status: 200,
    body: pageBean(members, parsePage(context.query, 50, 50), `${site.baseUrl()}/rest/api/3/group/member`),
  };
}

/** jira.md 3.7: dynamic webhooks are for OAuth and Connect apps; an API token gets 403. */
function refuseDynamicWebhooks(): Reply {
  throw failure(403, ["The caller isn't an app."]);
}

/** Everything about the site that is not an issue. */
export const siteHandlers: Handlers = {
  getAllLabels,
  searchPriorities,
  getPriority,
  getStatuses,
  search: searchStatuses,
  getStatusCategories,
  searchResolutions,
  searchProjects,
  getProject,
  getProjectRole,
  getUsersFromGroup,
  getProjectIssueSecurityScheme,
  getSecurityLevelsForProject,
  getAllStatuses,
  getIssueTypesForProject,
  getFields,
  getFieldsPaginated,
  getCurrentUser,
  getMyPermissions,
  getServerInfo,
  getUser,
  findAssignableUsers,
  getDynamicWebhooksForApp: refuseDynamicWebhooks,
  registerDynamicWebhooks: refuseDynamicWebhooks,
  deleteWebhookById: refuseDynamicWebhooks,
  refreshWebhooks: refuseDynamicWebhooks,
  getFailedWebhooks: refuseDynamicWebhooks,
};
