/** What `doctor` asks of the Jira side, beyond what the flows need. All of it reads only. */
import type { ScreenField } from "../domain/create-screen.ts";
import type { StatusCategory, Transition } from "../domain/issue.ts";
import type { Lane } from "../domain/lane.ts";
import { findByNameOrId } from "../domain/named-id.ts";
import { isServiceError } from "../domain/service-error.ts";
import type { JiraPort, NamedId } from "../sync/ports.ts";
import type { Directory, IssueType, Myself, Project } from "./directory.ts";
import { readEditFields } from "./edit-screen.ts";
import { contractError, refusedLocally } from "./errors.ts";
import { toCategory, toTransitions } from "./mapping.ts";
import type { JiraOptions } from "./options.ts";
import { listProjects } from "./projects.ts";
import type { RequestType } from "./request-types.ts";
import { type CallContext, checkedSegment, readWhole, type Transport } from "./transport.ts";
import {
  countSchema,
  fieldsSchema,
  idPageSchema,
  namedUserSchema,
  permissionsSchema,
  projectStatusesSchema,
  shownFieldsPageSchema,
  transitionsSchema,
} from "./wire.ts";

/** What an issue that stands in a status can do, seen on one issue. */
export type StatusMoves = {
  readonly statusId: string;
  readonly issueKey: string;
  readonly transitions: readonly Transition[];
};
/** A status that an issue of the configured type can have. */
export type ProjectStatus = NamedId & { readonly category: StatusCategory };

/** One instance per connection. Every call throws only `ServiceError` and may be repeated. */
export interface JiraAdminPort {
  /** Our own account, read afresh: also the check of the credentials. */
  getMyself(): Promise<Myself>;
  /** Whether we hold each of the permissions (`BROWSE_PROJECTS`, …) in the project; unknown keys are `false`. */
  getPermissions(keys: readonly string[]): Promise<Readonly<Record<string, boolean>>>;
  getProject(): Promise<Project>;
  /** Up to 50 projects in which our account may create issues, by key. */
  listProjects(): Promise<readonly { readonly key: string; readonly name: string }[]>;
  /** Issue types that can be created in the project. */
  listIssueTypes(): Promise<readonly IssueType[]>;
  /** An issue type that can be created in the project; `null` when there is none of this name or id. */
  findIssueType(nameOrId: string): Promise<IssueType | null>;
  /** All fields on the create screen of an issue type. */
  listCreateFields(issueTypeId: string): Promise<readonly ScreenField[]>;
  /** All fields on the edit screen of the newest issue of a type; `null` where the project has none. */
  listEditFields(issueTypeId: string): Promise<readonly ScreenField[] | null>;
  /** Statuses of the configured issue type in the project, or of all its types when that one is unknown. */
  listStatuses(): Promise<readonly ProjectStatus[]>;
  /** Priorities that an issue of the configured type can be made with; none where the field is on no screen. */
  listPriorities(): Promise<readonly NamedId[]>;
  /**
   * The transitions that our account is offered on the newest issue of the configured type in each status; statuses in which no issue
   * stands are left out. Seen on real issues, since the workflow itself is shown to administrators only.
   */
  listMoves(statusIds: readonly string[]): Promise<readonly StatusMoves[]>;
  /** Account id of the one person who can be assigned in the project and has this id or e-mail address; `null` = there is none. */
  findAssignable(idOrEmail: string): Promise<string | null>;
  /** Request types of a service project; `null` where it has none, or our account may not ask. */
  listRequestTypes(): Promise<readonly RequestType[] | null>;
  /** All fields of the site. */
  listFields(): Promise<readonly NamedId[]>;
  /** An account by its id; `null` when there is none. */
  /** What tells in this project whether everybody may see an issue. `shown`: by its newest issue; `null` = it has none to look at. */
  findVisibility(): Promise<Visibility>;
  findUser(
    accountId: string,
  ): Promise<{ readonly accountType: string | null; readonly displayName: string | null } | null>;
  /** The site's clock in whole seconds, from the Date header of an answer of any status. */
  serverTime(): Promise<Date>;
  /** Approximate number of issues (jira.md 3.2); a bad JQL is `rejected`. */
  countIssues(jql: string): Promise<number>;
}

/** What Jira tells of who may see the issues of a project. */
export type Visibility = {
  readonly levels: "none" | "some" | "unknown";
  readonly shown: { readonly security: boolean; readonly issuerestriction: boolean } | null;
};

/** A workflow with more statuses than this is looked at in part. */
const statusesMax = 40;

/** Makes the calls of `JiraAdminPort`, and what the flows' port asks about our account and project. */
export function makeAdminCalls(deps: {
  readonly options: JiraOptions;
  readonly transport: Transport;
  readonly directory: Directory;
  readonly makeFreshDirectory: () => Directory;
}): JiraAdminPort & Pick<JiraPort, "getOwnAccountId" | "isProjectReadable"> {
  const { transport, directory } = deps;
  const toCall = (operation: string): CallContext => ({ operation, effect: "read", lane: "live" });

  async function isProjectReadable(lane: Lane) {
    try {
      await deps.makeFreshDirectory().project({ operation: "isProjectReadable", effect: "read", lane });
      return true;
    } catch (error) {
      if (isServiceError(error, "not_found", "forbidden")) return false;
      throw error;
    }
  }

  async function getPermissions(keys: readonly string[]) {
    const call = toCall("getPermissions");
    for (const key of keys) {
      if (!/^[A-Z0-9_]+$/i.test(key))
        throw refusedLocally(call, "a permission key with other characters than A-Z and _");
    }
    const { permissions } = await transport.client(call).sendRequest({
      url: "/rest/api/3/mypermissions",
      searchParams: { projectKey: deps.options.projectKey, permissions: keys.join(",") },
      schema: permissionsSchema,
    });
    return Object.fromEntries(keys.map((key) => [key, permissions[key]?.havePermission === true]));
  }

  async function listPriorities() {
    const call = toCall("listPriorities");
    const fresh = deps.makeFreshDirectory();
    const type = findByNameOrId(await fresh.issueTypes(call), deps.options.issueType);
    if (type === null) return [];
    const fields = await fresh.createFields(call, type.id);
    return fields.find(({ fieldId }) => fieldId === "priority")?.allowed ?? [];
  }

  async function listMoves(statusIds: readonly string[]) {
    const call = toCall("listMoves");
    const type = findByNameOrId(await directory.issueTypes(call), deps.options.issueType);
    const ofType = type === null ? "" : ` AND issuetype = ${type.id}`;
    const moves: StatusMoves[] = [];
    for (const statusId of statusIds.slice(0, statusesMax)) {
      const jql = `project = "${deps.options.projectKey}"${ofType} AND status = ${checkedSegment(call, statusId)} ORDER BY updated DESC`;
      const body = { jql, fields: ["status"], maxResults: 1 };
      const page = await transport
        .client(call)
        .sendRequest({ url: "/rest/api/3/search/jql", method: "POST", body, schema: idPageSchema });
      const [issue] = page.issues;
      if (issue === undefined) continue;
      const wire = await transport.client(call).sendRequest({
        url: `/rest/api/3/issue/${checkedSegment(call, issue.id)}/transitions`,
        searchParams: { expand: "transitions.fields" },
        schema: transitionsSchema,
      });
      moves.push({ statusId, issueKey: issue.key, transitions: toTransitions(wire) });
    }
    return moves;
  }

  async function findVisibility(): Promise<Visibility> {
    const call = toCall("findVisibility");
    const levels = await deps.makeFreshDirectory().levels(call);
    const fields = ["security", "issuerestriction"] as const;
    const body = { jql: `project = "${deps.options.projectKey}" ORDER BY created DESC`, fields, maxResults: 1 };
    const { issues } = await transport
      .client(call)
      .sendRequest({ url: "/rest/api/3/search/jql", method: "POST", body, schema: shownFieldsPageSchema });
    const [newest] = issues;
    if (newest === undefined) return { levels, shown: null };
    const shows = (field: (typeof fields)[number]): boolean => newest.fields[field] !== undefined;
    return { levels, shown: { security: shows("security"), issuerestriction: shows("issuerestriction") } };
  }

  async function findUser(accountId: string) {
    const call = toCall("findUser");
    try {
      const wire = await transport
        .client(call)
        .sendRequest({ url: "/rest/api/3/user", searchParams: { accountId }, schema: namedUserSchema });
      return { accountType: wire.accountType ?? null, displayName: wire.displayName ?? null };
    } catch (error) {
      if (isServiceError(error, "not_found")) return null;
      throw error;
    }
  }

  async function listStatuses() {
    const call = toCall("listStatuses");
    const url = `/rest/api/3/project/${checkedSegment(call, deps.options.projectKey)}/statuses`;
    const types = await transport.client(call).sendRequest({ url, schema: projectStatusesSchema });
    const wanted = findByNameOrId(await directory.issueTypes(call), deps.options.issueType);
    const chosen = types.filter((type) => type.id === wanted?.id);
    const statuses = (chosen.length === 0 ? types : chosen).flatMap((type) => type.statuses);
    return [...new Map(statuses.map((status) => [status.id, status])).values()].map((status) => ({
      id: status.id,
      name: status.name,
      category: toCategory(status.statusCategory.key),
    }));
  }

  async function serverTime() {
    const call = toCall("serverTime");
    const request = { method: "GET", url: transport.toUrl("/rest/api/3/serverInfo") } as const;
    const answer = await transport.attempt(call, "GET", async (send) => readWhole(call, await send(request)));
    const at = new Date(answer.headers.date ?? "");
    if (Number.isNaN(at.getTime())) throw contractError(call, "no Date header");
    return at;
  }

  async function countIssues(jql: string) {
    const call = toCall("countIssues");
    const url = "/rest/api/3/search/approximate-count";
    const { count } = await transport
      .client(call)
      .sendRequest({ url, method: "POST", body: { jql }, schema: countSchema });
    return count;
  }

  return {
    getOwnAccountId: async () => (await directory.myself(toCall("getOwnAccountId"))).accountId,
    // A look-up that was remembered would prove nothing about today's credentials and names.
    getMyself: () => deps.makeFreshDirectory().myself(toCall("getMyself")),
    isProjectReadable,
    getProject: () => deps.makeFreshDirectory().project(toCall("getProject")),
    listProjects: () => listProjects(transport, toCall("listProjects")),
    listIssueTypes: () => deps.makeFreshDirectory().issueTypes(toCall("listIssueTypes")),
    findIssueType: async (nameOrId) => {
      return findByNameOrId(await deps.makeFreshDirectory().issueTypes(toCall("findIssueType")), nameOrId);
    },
    listPriorities,
    getPermissions,
    listCreateFields: (issueTypeId) => deps.makeFreshDirectory().createFields(toCall("listCreateFields"), issueTypeId),
    listRequestTypes: () => deps.makeFreshDirectory().requestTypes.list(toCall("listRequestTypes")),
    findAssignable: (idOrEmail) => deps.makeFreshDirectory().assignable(toCall("findAssignable"), idOrEmail),
    listEditFields: (issueTypeId) =>
      readEditFields(transport, toCall("listEditFields"), { projectKey: deps.options.projectKey, issueTypeId }),
    listStatuses,
    listMoves,
    listFields: () =>
      transport.client(toCall("listFields")).sendRequest({ url: "/rest/api/3/field", schema: fieldsSchema }),
    findUser,
    findVisibility,
    serverTime,
    countIssues,
  };
}
