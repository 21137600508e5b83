// Issue properties and the bulk form with its task, jira.md 3.3.

import { failure, ok, type PreparedWrite, type Reply, type RequestContext, refused } from "../http.ts";
import { canSeeIssue, requirePermission, type Site } from "../site.ts";
import type { IssueRecord } from "../types.ts";
import { bodyOf, type Commit, type Handlers, param, requireProperty, writeIssue } from "./handler.ts";

function setIssueProperty(site: Site, issue: IssueRecord, context: RequestContext): Commit {
  const key = param(context, "propertyKey");
  requireProperty(key, context.body);
  requirePermission(site, "EDIT_ISSUES", "You do not have permission to edit issues in this project.");
  return (now) => {
    const existed = Object.hasOwn(now.properties, key);
    site.state.setIssueProperty(issue.id, key, context.body);
    return { status: existed ? 200 : 201 };
  };
}

interface ManyProperties {
  readonly issues: readonly { readonly issueID: number; readonly properties: Readonly<Record<string, unknown>> }[];
}

/** Up to 100 issues with up to 10 properties each; answers 303 to a task. Assumed: it is done when the 303 arrives. */
function bulkSetIssuePropertiesByIssue(site: Site, context: RequestContext): PreparedWrite {
  const { issues } = bodyOf<ManyProperties>(context);
  const { bulkProperties } = site.settings;
  if (/^\d+$/.test(bulkProperties)) throw failure(Number(bulkProperties), ["The bulk operation is not available."]);
  for (const { issueID, properties } of issues) {
    if (Object.keys(properties).length > 10) throw refused(`more than 10 properties for issue ${issueID}`);
    for (const [key, value] of Object.entries(properties)) requireProperty(key, value);
  }
  return {
    issueId: null,
    commit: () => {
      const at = site.now();
      const missing: number[] = [];
      for (const [index, { issueID, properties }] of issues.entries()) {
        if (bulkProperties === "failing" || bulkProperties === "stuck") break;
        if (bulkProperties === "partial" && index % 2 === 1) continue;
        const issue = site.state.findIssue(String(issueID));
        if (issue === null || !canSeeIssue(site, issue)) missing.push(issueID);
        else for (const [key, value] of Object.entries(properties)) site.state.setIssueProperty(issue.id, key, value);
      }
      const done = missing.length === 0 && bulkProperties !== "failing";
      const id = String(10_500 + site.tasks.size);
      const self = `${site.baseUrl()}/rest/api/3/task/${id}`;
      site.tasks.set(id, {
        self,
        id,
        description: "Bulk set issue properties",
        status: bulkProperties === "stuck" ? "RUNNING" : done ? "COMPLETE" : "FAILED",
        ...(done ? { result: "OK" } : { message: `Issues not found: ${missing.join(", ")}` }),
        submittedBy: 10_000,
        progress: 100,
        elapsedRuntime: 1,
        submitted: at,
        started: at,
        finished: at,
        lastUpdate: at,
      });
      return { status: 303, headers: { location: self } };
    },
  };
}

function getTask(site: Site, context: RequestContext): Reply {
  const task = site.tasks.get(param(context, "taskId"));
  if (task === undefined) throw failure(404, ["Task not found."]);
  return ok(task);
}

/** Issue properties and tasks. */
export const propertyHandlers: Handlers = {
  setIssueProperty: writeIssue(setIssueProperty),
  bulkSetIssuePropertiesByIssue,
  getTask,
};
