/** Transitions, and what the changelog tells. */
import { type IssueId, toId } from "../domain/ids.ts";
import type { IssueChange } from "../domain/issue.ts";
import type { Lane } from "../domain/lane.ts";
import { type IssueDeps, pageSize } from "./issue-deps.ts";
import { inOrder, toIssueChanges, toTransitions } from "./mapping.ts";
import { readPages, readTokenPages } from "./paging.ts";
import { type CallContext, checkedSegment } from "./transport.ts";
import { changelogPageSchema, changelogsPageSchema, transitionsSchema } from "./wire.ts";

/** Issues of one bulk reading of changelogs (jira.md 3.3). */
const changelogsMax = 1_000;

/** `JiraPort.listTransitions`. */
export async function listTransitions(deps: IssueDeps, issueId: IssueId, lane: Lane) {
  const call: CallContext = { operation: "listTransitions", effect: "read", lane, issueId };
  const wire = await deps.transport.client(call).sendRequest({
    url: `/rest/api/3/issue/${checkedSegment(call, issueId)}/transitions`,
    searchParams: { expand: "transitions.fields" },
    schema: transitionsSchema,
  });
  return toTransitions(wire);
}

/** `JiraPort.transitionIssue`. */
export async function transitionIssue(
  deps: IssueDeps,
  issueId: IssueId,
  transitionId: string,
  fields: Readonly<Record<string, unknown>>,
  lane: Lane,
) {
  const call: CallContext = { operation: "transitionIssue", effect: "write", lane, issueId };
  const url = `/rest/api/3/issue/${checkedSegment(call, issueId)}/transitions`;
  const body = { transition: { id: transitionId }, ...(Object.keys(fields).length === 0 ? {} : { fields }) };
  await deps.transport.client(call).sendRequest({ url, method: "POST", body });
}

/** `JiraPort.listChanges`. */
export async function listChanges(deps: IssueDeps, issueId: IssueId, lane: Lane) {
  const call: CallContext = { operation: "listChanges", effect: "read", lane, issueId };
  const url = `/rest/api/3/issue/${checkedSegment(call, issueId)}/changelog`;
  const entries = await readPages(call, async (startAt) => {
    const searchParams = { startAt, maxResults: pageSize };
    const page = await deps.transport.client(call).sendRequest({ url, searchParams, schema: changelogPageSchema });
    return { items: page.values, total: page.total };
  });
  return inOrder(entries);
}

/** `JiraPort.findLastMoves`. */
export async function findLastMoves(deps: IssueDeps, issueIds: readonly IssueId[], lane: Lane) {
  const call: CallContext = { operation: "findLastMoves", effect: "read", lane };
  const last = new Map<IssueId, IssueChange>();
  for (let start = 0; start < issueIds.length; start += changelogsMax) {
    const ids = issueIds.slice(start, start + changelogsMax);
    const logs = await readTokenPages(call, async (token) => {
      const body = {
        issueIdsOrKeys: ids,
        fieldIds: ["status"],
        maxResults: changelogsMax,
        ...(token === null ? {} : { nextPageToken: token }),
      };
      const request = {
        url: "/rest/api/3/changelog/bulkfetch",
        method: "POST",
        body,
        schema: changelogsPageSchema,
      } as const;
      const page = await deps.transport.client(call).sendRequest(request);
      return { items: page.issueChangeLogs, nextPageToken: page.nextPageToken };
    });
    for (const { issueId, changeHistories } of logs) {
      for (const change of toIssueChanges(changeHistories)) {
        const before = last.get(toId<IssueId>(issueId));
        if (change.field === "status" && (before === undefined || change.at >= before.at))
          last.set(toId<IssueId>(issueId), change);
      }
    }
  }
  return last;
}
