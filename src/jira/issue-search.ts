/** Issues by searching, which lags behind writes (jira.md 3.2). */
import { type IssueId, type IssueKey, toId } from "../domain/ids.ts";
import { caseLabelPrefix } from "../domain/labels.ts";
import type { Lane } from "../domain/lane.ts";
import type { StampedIssue } from "../sync/ports.ts";
import { refusedLocally } from "./errors.ts";
import { type IssueDeps, pageSize, wholeFields } from "./issue-deps.ts";
import { readIssues } from "./issue-reading.ts";
import { labelsJql, stampedJql, updatedWithinJql, withinProjectJql } from "./jql.ts";
import { propertyKey, toCategory, toIssueStamp } from "./mapping.ts";
import { readTokenPages } from "./paging.ts";
import { toProjectKey } from "./project-key.ts";
import type { CallContext } from "./transport.ts";
import { issuePageSchema, placedPageSchema, updatedPageSchema } from "./wire.ts";

const labelsMax = 50;
const searchUrl = "/rest/api/3/search/jql";

/** `JiraPort.listUpdatedIssues`. */
export async function listUpdatedIssues(deps: IssueDeps, minutes: number, lane: Lane) {
  const call: CallContext = { operation: "listUpdatedIssues", effect: "read", lane };
  const jql = updatedWithinJql(deps.options.projectKey, minutes);
  const found = await readTokenPages(call, async (token) => {
    const body = toSearch(
      { jql, fields: ["updated", "status", "labels", "creator"], properties: [propertyKey] },
      token,
    );
    const request = { url: searchUrl, method: "POST", body, schema: updatedPageSchema } as const;
    const page = await deps.transport.client(call).sendRequest(request);
    return { items: page.issues, nextPageToken: page.nextPageToken };
  });
  // An issue that changes while the pages are read stands on two of them; the later one is the newer.
  return lastById(found).map((issue) => ({
    issueId: toId<IssueId>(issue.id),
    issueKey: toId<IssueKey>(issue.key),
    updatedRaw: issue.fields.updated,
    category: toCategory(issue.fields.status.statusCategory.key),
    labels: issue.fields.labels ?? [],
    creatorId: issue.fields.creator?.accountId ?? null,
    projectKey: deps.options.projectKey,
    stamp: toIssueStamp(issue.properties?.[propertyKey]),
  }));
}

/** `JiraPort.findIssuesByLabels`. */
export async function findIssuesByLabels(deps: IssueDeps, labels: readonly string[], lane: Lane) {
  const call: CallContext = { operation: "findIssuesByLabels", effect: "read", lane };
  if (labels.length === 0) return [];
  if (labels.length > labelsMax) throw refusedLocally(call, `more than ${labelsMax} labels`);
  return searchStamps(deps, call, labelsJql(labels), () => true);
}

/** `JiraPort.listStampedIssues`. */
export async function listStampedIssues(deps: IssueDeps, scope: "project" | "labelled" | "elsewhere", lane: Lane) {
  const call: CallContext = { operation: "listStampedIssues", effect: "read", lane };
  return searchStamps(
    deps,
    call,
    stampedJql(deps.options.projectKey, scope),
    ({ labels, stamp }) => stamp !== null || labels.some((label) => label.startsWith(caseLabelPrefix)),
  );
}

/** Labels and property of what a search finds; what is not wanted is forgotten page by page. */
export async function searchStamps(
  deps: IssueDeps,
  call: CallContext,
  jql: string,
  wants: (issue: StampedIssue) => boolean,
) {
  const found = await readTokenPages(call, async (token) => {
    const body = toSearch({ jql, fields: ["labels", "creator", "project"], properties: [propertyKey] }, token);
    const request = { url: searchUrl, method: "POST", body, schema: placedPageSchema } as const;
    const page = await deps.transport.client(call).sendRequest(request);
    const items: (StampedIssue & { readonly id: string })[] = [];
    for (const issue of page.issues) {
      const item = {
        id: issue.id,
        issueId: toId<IssueId>(issue.id),
        issueKey: toId<IssueKey>(issue.key),
        labels: issue.fields.labels ?? [],
        creatorId: issue.fields.creator?.accountId ?? null,
        projectKey: await toProjectKey(deps, call, issue.fields.project),
        stamp: toIssueStamp(issue.properties?.[propertyKey]),
      };
      if (wants(item)) items.push(item);
    }
    return { items, nextPageToken: page.nextPageToken };
  });
  return lastById(found).map(({ id: _id, ...issue }) => issue);
}

/** `JiraPort.listIssuesByJql`. */
export async function listIssuesByJql(deps: IssueDeps, query: string, lane: Lane) {
  const call: CallContext = { operation: "listIssuesByJql", effect: "read", lane };
  const jql = withinProjectJql(call, deps.options.projectKey, query);
  const found = await readTokenPages(call, async (token) => {
    const body = toSearch({ jql, fields: wholeFields(deps), properties: [propertyKey] }, token);
    const request = { url: searchUrl, method: "POST", body, schema: issuePageSchema } as const;
    const page = await deps.transport.client(call).sendRequest(request);
    return { items: page.issues, nextPageToken: page.nextPageToken };
  });
  return readIssues(deps, call, lastById(found));
}

/** `JiraPort.findIssueByJql`. */
export async function findIssueByJql(deps: IssueDeps, issueId: IssueId, query: string, lane: Lane) {
  const call: CallContext = { operation: "findIssueByJql", effect: "read", lane };
  const id = Number(issueId);
  const jql = `id = ${id} AND ${withinProjectJql(call, deps.options.projectKey, query)}`;
  const page = await deps.transport.client(call).sendRequest({
    url: searchUrl,
    method: "POST",
    // The search lags; the issues that it is told to reconcile are shown as they are (jira.md 3.2).
    body: toSearch({ jql, fields: wholeFields(deps), properties: [propertyKey], reconcileIssues: [id] }, null),
    schema: issuePageSchema,
  });
  const found = await readIssues(deps, call, page.issues);
  return found.find((issue) => issue.issueId === issueId) ?? null;
}

function toSearch(query: object, token: string | null): object {
  return { ...query, maxResults: pageSize, ...(token === null ? {} : { nextPageToken: token }) };
}

function lastById<Item extends { readonly id: string }>(items: readonly Item[]): Item[] {
  return [...new Map(items.map((item) => [item.id, item])).values()];
}
