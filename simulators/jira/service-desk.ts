// Jira Service Management's own interface, as far as request types go. Its document is not among the fixtures: path, paging (`start`,
// `limit`, `isLastPage`) and members are those of its reference page, "Get request types" (api-group-servicedesk).

import type { ProjectDef } from "./catalog.ts";
import { failure, ok, type Reply } from "./http.ts";
import { hasPermission, hasServiceDesk, type Site, settingsOf } from "./site.ts";

const PATH = /^\/rest\/servicedeskapi\/servicedesk\/([^/]+)\/requesttype$/;
const LIMIT_MAX = 100;

/** The service desk that a request for its request types names; null for any other path, and where the site has no service desks. */
export function matchRequestTypes(site: Site, method: string, path: string): string | null {
  const id = method === "GET" ? PATH.exec(path)?.[1] : undefined;
  return id === undefined || !hasServiceDesk(site) ? null : decodeURIComponent(id);
}

/** One page of the request types of a service project. Assumed: a service desk is found by the id of its project. */
export function viewRequestTypes(site: Site, deskId: string, query: URLSearchParams): Reply {
  const project = site.state.findProject(deskId);
  if (!hasPermission(site, "BROWSE_PROJECTS") || !isDesk(project))
    throw failure(404, ["The service desk does not exist or you do not have permission to view it."]);
  const start = Number(query.get("start") ?? "0");
  const limit = Math.min(Number(query.get("limit") ?? "50"), LIMIT_MAX);
  const all = settingsOf(site, project).requestTypes;
  const page = all.slice(start, start + limit);
  const values = page.map(({ id, name, issueTypeId }) => ({
    id,
    name,
    issueTypeId,
    description: "",
    helpText: "",
    serviceDeskId: project.id,
    groupIds: [],
  }));
  return ok({ size: page.length, start, limit, isLastPage: start + limit >= all.length, values });
}

function isDesk(project: ProjectDef | null): project is ProjectDef {
  return project !== null && project.projectTypeKey === "service_desk";
}
