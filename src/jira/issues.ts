/** Issues: search, reading, writing, transitions, changelog. Each call stands in a file by what it is about; here they become the port. */
import type { IssueId } from "../domain/ids.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError } from "../domain/service-error.ts";
import type { JiraPort } from "../sync/ports.ts";
import { completeIssue, listUnlabelled } from "./issue-complete.ts";
import { createIssue, listLeftFields } from "./issue-create.ts";
import type { IssueDeps } from "./issue-deps.ts";
import { findLastMoves, listChanges, listTransitions, transitionIssue } from "./issue-moves.ts";
import { type FindShowing, findIssue, findShowing, getFieldTexts, listIssues } from "./issue-reading.ts";
import {
  findIssueByJql,
  findIssuesByLabels,
  listIssuesByJql,
  listStampedIssues,
  listUpdatedIssues,
} from "./issue-search.ts";
import { setIssueStamp, setIssueStamps } from "./issue-stamps.ts";
import { type CallContext, checkedSegment } from "./transport.ts";

/** The part of the port that is about issues themselves. */
export type IssueCalls = Pick<
  JiraPort,
  | "listUpdatedIssues"
  | "findIssuesByLabels"
  | "listStampedIssues"
  | "listIssuesByJql"
  | "findIssueByJql"
  | "getFieldTexts"
  | "findIssue"
  | "listIssues"
  | "createIssue"
  | "listLeftFields"
  | "completeIssue"
  | "listUnlabelled"
  | "changeLabels"
  | "setIssueStamp"
  | "setIssueStamps"
  | "listTransitions"
  | "transitionIssue"
  | "listChanges"
  | "findLastMoves"
  | "linkIssues"
  | "deleteIssue"
>;

/** Makes the calls about issues, and the reading that shows comments. */
export function makeIssueCalls(deps: IssueDeps): { readonly calls: IssueCalls; readonly findShowing: FindShowing } {
  const calls: IssueCalls = {
    listUpdatedIssues: (minutes, lane) => listUpdatedIssues(deps, minutes, lane),
    findIssuesByLabels: (labels, lane) => findIssuesByLabels(deps, labels, lane),
    listStampedIssues: (scope, lane) => listStampedIssues(deps, scope, lane),
    listIssuesByJql: (query, lane) => listIssuesByJql(deps, query, lane),
    findIssueByJql: (issueId, query, lane) => findIssueByJql(deps, issueId, query, lane),
    getFieldTexts: (issueId, fieldIds, lane) => getFieldTexts(deps, issueId, fieldIds, lane),
    findIssue: (issueIdOrKey, lane) => findIssue(deps, issueIdOrKey, lane),
    listIssues: (issueIds, lane) => listIssues(deps, issueIds, lane),
    createIssue: (input, lane) => createIssue(deps, input, lane),
    listLeftFields: (input, lane) => listLeftFields(deps, input, lane),
    completeIssue: (issueId, input, left, lane) => completeIssue(deps, issueId, input, left, lane),
    listUnlabelled: (made, lane) => listUnlabelled(deps, made, lane),
    changeLabels: (issueId, change, lane) => changeLabels(deps, issueId, change, lane),
    setIssueStamp: (issueId, stamp, lane) => setIssueStamp(deps, issueId, stamp, lane),
    setIssueStamps: (stamps, lane) => setIssueStamps(deps, stamps, lane),
    listTransitions: (issueId, lane) => listTransitions(deps, issueId, lane),
    transitionIssue: (issueId, transitionId, fields, lane) =>
      transitionIssue(deps, issueId, transitionId, fields, lane),
    listChanges: (issueId, lane) => listChanges(deps, issueId, lane),
    findLastMoves: (issueIds, lane) => findLastMoves(deps, issueIds, lane),
    linkIssues: (issueId, otherId, lane) => linkIssues(deps, issueId, otherId, lane),
    deleteIssue: (issueId, lane) => deleteIssue(deps, issueId, lane),
  };
  return { calls, findShowing: (issueId, lane) => findShowing(deps, issueId, lane) };
}

async function changeLabels(
  deps: IssueDeps,
  issueId: IssueId,
  change: { readonly add: readonly string[]; readonly remove: readonly string[] },
  lane: Lane,
) {
  const call: CallContext = { operation: "changeLabels", effect: "write", lane, issueId };
  const labels = [...change.add.map((add) => ({ add })), ...change.remove.map((remove) => ({ remove }))];
  if (labels.length === 0) return;
  const url = `/rest/api/3/issue/${checkedSegment(call, issueId)}`;
  await deps.transport.client(call).sendRequest({ url, method: "PUT", body: { update: { labels } } });
}

async function linkIssues(deps: IssueDeps, issueId: IssueId, otherId: IssueId, lane: Lane) {
  const call: CallContext = { operation: "linkIssues", effect: "write", lane, issueId };
  const type = await deps.directory.relatesType(call);
  if (type === null) return "no_link_type" as const;
  // One direction whoever asks, so that the second request is the same link again, which Jira answers as if it had been made
  // (description of linkIssues).
  const [inward, outward] = [issueId, otherId].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const body = { type: { id: type.id }, inwardIssue: { id: inward }, outwardIssue: { id: outward } };
  await deps.transport.client(call).sendRequest({ url: "/rest/api/3/issueLink", method: "POST", body });
  return "linked" as const;
}

async function deleteIssue(deps: IssueDeps, issueId: IssueId, lane: Lane) {
  const call: CallContext = { operation: "deleteIssue", effect: "write", lane, issueId };
  const url = `/rest/api/3/issue/${checkedSegment(call, issueId)}`;
  try {
    await deps.transport.client(call).sendRequest({ url, method: "DELETE", searchParams: { deleteSubtasks: "false" } });
  } catch (error) {
    if (!isServiceError(error, "not_found")) throw error;
  }
  deps.transport.forgetIssue(issueId);
}
