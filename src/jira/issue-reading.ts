/** Issues by their ids. */
import type { IssueId, IssueKey } from "../domain/ids.ts";
import type { Issue, IssueChange } from "../domain/issue.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError } from "../domain/service-error.ts";
import { refusedLocally } from "./errors.ts";
import { bulkMax, type IssueDeps, wholeFields } from "./issue-deps.ts";
import { inOrder, lacksLevel, propertyKey, toFieldText, toIssue, type WireComment } from "./mapping.ts";
import { toProjectKey } from "./project-key.ts";
import { type CallContext, checkedSegment } from "./transport.ts";
import { anyFieldsSchema, issueShowingSchema, issuesSchema } from "./wire.ts";

/**
 * An issue with as many of its comments as its own reading shows, and with its changes, oldest first, where the reading shows all of
 * them; `null` where it is gone.
 */
export type FindShowing = (
  issueId: IssueId,
  lane: Lane,
) => Promise<{
  readonly issue: Issue;
  readonly shown: { readonly total: number; readonly comments: readonly WireComment[] } | null;
  readonly changes: readonly IssueChange[] | null;
} | null>;

/** Issues as the domain has them. What they tell of clocks and of how young they are is remembered. */
export async function readIssues(deps: IssueDeps, call: CallContext, wires: readonly Parameters<typeof toIssue>[0][]) {
  const hasNoLevels = wires.some(lacksLevel) && (await deps.directory.levels(call)) === "none";
  const issues: Issue[] = [];
  for (const wire of wires) {
    const projectKey = await toProjectKey(deps, call, wire.fields.project);
    const own = projectKey === deps.options.projectKey;
    const issue = { ...toIssue(wire, deps.extraFields, own && hasNoLevels), projectKey };
    deps.serviceClock.noteMoment(new Date(issue.updatedRaw));
    deps.transport.noteIssue(issue.issueId, issue.createdAt);
    issues.push(issue);
  }
  return issues;
}

/** `JiraPort.getFieldTexts`. */
export async function getFieldTexts(deps: IssueDeps, issueId: IssueId, fieldIds: readonly string[], lane: Lane) {
  const call: CallContext = { operation: "getFieldTexts", effect: "read", lane, issueId };
  const wire = await deps.transport.client(call).sendRequest({
    url: `/rest/api/3/issue/${checkedSegment(call, issueId)}`,
    searchParams: { fields: fieldIds.join(",") },
    schema: anyFieldsSchema,
  });
  return Object.fromEntries(fieldIds.map((fieldId) => [fieldId, toFieldText(wire.fields[fieldId])]));
}

/** `JiraPort.findIssue`. */
export async function findIssue(deps: IssueDeps, issueIdOrKey: IssueId | IssueKey, lane: Lane) {
  return (await findWhole(deps, issueIdOrKey, wholeFields(deps), lane))?.issue ?? null;
}

/** As `findIssue`, with as many of its comments and changes as this one reading shows. */
export async function findShowing(deps: IssueDeps, issueId: IssueId, lane: Lane) {
  return findWhole(deps, issueId, [...wholeFields(deps), "comment"], lane, { expand: "changelog" });
}

async function findWhole(
  deps: IssueDeps,
  issueIdOrKey: IssueId | IssueKey,
  fields: readonly string[],
  lane: Lane,
  further: { readonly expand?: "changelog" } = {},
) {
  const call: CallContext = { operation: "findIssue", effect: "read", lane, issueId: issueIdOrKey };
  try {
    const wire = await deps.transport.client(call).sendRequest({
      url: `/rest/api/3/issue/${checkedSegment(call, issueIdOrKey)}`,
      searchParams: { fields: fields.join(","), properties: propertyKey, ...further },
      schema: issueShowingSchema,
    });
    const [issue] = await readIssues(deps, call, [wire]);
    if (issue === undefined) return null;
    deps.mediaNames.remember(issue);
    await deps.mediaNames.name(call, issue.issueId, [issue.description]);
    const { changelog } = wire;
    const isWhole = changelog != null && changelog.histories.length >= changelog.total;
    return { issue, shown: wire.fields.comment ?? null, changes: isWhole ? inOrder(changelog.histories) : null };
  } catch (error) {
    if (isServiceError(error, "not_found")) return null;
    throw error;
  }
}

/** `JiraPort.listIssues`. */
export async function listIssues(deps: IssueDeps, issueIds: readonly IssueId[], lane: Lane) {
  const call: CallContext = { operation: "listIssues", effect: "read", lane };
  if (issueIds.length === 0) return [];
  if (issueIds.length > bulkMax) throw refusedLocally(call, `more than ${bulkMax} issues`);
  const { issues } = await deps.transport.client(call).sendRequest({
    url: "/rest/api/3/issue/bulkfetch",
    method: "POST",
    body: { issueIdsOrKeys: [...new Set(issueIds)], fields: wholeFields(deps), properties: [propertyKey] },
    schema: issuesSchema,
  });
  const found = await readIssues(deps, call, issues);
  for (const issue of found) deps.mediaNames.remember(issue);
  return found;
}
