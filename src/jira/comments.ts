/**
 * Comments with our property.
 *
 * Whether a list of comments returns properties is not documented (jira.md 5), so they are asked for, and where an answer
 * lacks them they are read in bulk. Only for comments of our own account: nobody else's comment can be our copy.
 */

import { type CommentId, type IssueId, toId } from "../domain/ids.ts";
import type { CommentStamp, IssueComment } from "../domain/issue.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError } from "../domain/service-error.ts";
import type { ServiceProjectVisibility } from "../domain/settings.ts";
import type { ObservedServiceClock } from "../lib/service-clock.ts";
import type { JiraPort } from "../sync/ports.ts";
import { toAdfDocument } from "./adf-document.ts";
import { makeCommentStamps } from "./comment-stamps.ts";
import type { Directory } from "./directory.ts";
import { refusedLocally } from "./errors.ts";
import type { FindShowing } from "./issue-reading.ts";
import { propertyKey, type WireComment } from "./mapping.ts";
import type { MediaNames } from "./media-names.ts";
import { readPages } from "./paging.ts";
import { type CallContext, checkedSegment, type Transport } from "./transport.ts";
import { commentPageSchema, commentSchema, createdSchema } from "./wire.ts";

/** The part of the port that is about comments. */
export type CommentCalls = Pick<
  JiraPort,
  | "findIssueWithComments"
  | "listComments"
  | "listCommentsByIds"
  | "findComment"
  | "createComment"
  | "updateComment"
  | "deleteComment"
>;

type CommentInput = { readonly bodyAdf: unknown; readonly stamp: CommentStamp };

const pageSize = 100;
/** Says whether the customers of a service project see a comment (jira.md 3.4). */
const publicKey = "sd.public.comment";
/** Comments that are read with their bodies at once. */
const byIdsMax = 100;

/** Makes the calls about comments. */
export function makeCommentCalls(deps: {
  readonly transport: Transport;
  readonly directory: Directory;
  readonly mediaNames: MediaNames;
  readonly serviceClock: ObservedServiceClock;
  readonly findShowing: FindShowing;
  /** Whether the customers of a service project see our comments. */
  readonly inServiceProject: ServiceProjectVisibility;
}): CommentCalls {
  const { transport, directory, mediaNames, serviceClock } = deps;
  const { withStamps, listByIds } = makeCommentStamps(deps);

  /**
   * Comments of the platform API are public in service projects and mailed to the requester, unless this property says otherwise
   * (jira.md 6). Where the kind of the project cannot be told, they are internal.
   */
  async function visibilityOfOwn(call: CallContext): Promise<readonly object[]> {
    if (deps.inServiceProject === "public") return [];
    try {
      if ((await directory.project(call)).projectTypeKey !== "service_desk") return [];
    } catch (error) {
      if (!isServiceError(error)) throw error;
    }
    return [{ key: publicKey, value: { internal: true } }];
  }

  async function findIssueWithComments(issueId: IssueId, known: ReadonlySet<string>, lane: Lane) {
    const call: CallContext = { operation: "findIssue", effect: "read", lane, issueId };
    const found = await deps.findShowing(issueId, lane);
    if (found === null) return null;
    const { issue, shown, changes } = found;
    const comments =
      shown === null || shown.comments.length < shown.total
        ? await listComments(issueId, lane)
        : await withFileNames(call, issueId, await withStamps(call, shown.comments, known));
    return { issue, comments, changes };
  }

  async function listComments(issueId: IssueId, lane: Lane) {
    const call: CallContext = { operation: "listComments", effect: "read", lane, issueId };
    const url = `/rest/api/3/issue/${checkedSegment(call, issueId)}/comment`;
    const pages = await readPages(call, async (startAt) => {
      const searchParams = { startAt, maxResults: pageSize, orderBy: "created", expand: "properties" };
      const page = await transport.client(call).sendRequest({ url, searchParams, schema: commentPageSchema });
      return { items: page.comments, total: page.total };
    });
    const wires = [...new Map(pages.map((comment) => [comment.id, comment])).values()];
    return withFileNames(call, issueId, await withStamps(call, wires));
  }

  async function findComment(issueId: IssueId, commentId: CommentId, lane: Lane) {
    const call: CallContext = { operation: "findComment", effect: "read", lane, issueId };
    const wire = await findWire(call, issueId, commentId);
    if (wire === null) return null;
    return (await withFileNames(call, issueId, await withStamps(call, [wire])))[0] ?? null;
  }

  async function listCommentsByIds(issueId: IssueId, commentIds: readonly CommentId[], lane: Lane) {
    const call: CallContext = { operation: "listCommentsByIds", effect: "read", lane };
    if (commentIds.length === 0) return [];
    if (commentIds.length > byIdsMax) throw refusedLocally(call, `more than ${byIdsMax} comments`);
    return withFileNames(call, issueId, await withStamps(call, await listByIds(call, commentIds)));
  }

  async function findWire(call: CallContext, issueId: IssueId, commentId: CommentId): Promise<WireComment | null> {
    const read: CallContext = { operation: call.operation, effect: "read", lane: call.lane };
    try {
      return await transport.client(read).sendRequest({
        url: commentUrl(call, issueId, commentId),
        searchParams: { expand: "properties" },
        schema: commentSchema,
      });
    } catch (error) {
      if (isServiceError(error, "not_found")) return null;
      throw error;
    }
  }

  async function withFileNames(
    call: CallContext,
    issueId: IssueId,
    comments: readonly IssueComment[],
  ): Promise<readonly IssueComment[]> {
    await mediaNames.name(
      call,
      issueId,
      comments.map((comment) => comment.body),
    );
    for (const { updatedAt } of comments) serviceClock.noteMoment(updatedAt);
    return comments;
  }

  async function createComment(issueId: IssueId, input: CommentInput, lane: Lane) {
    const call: CallContext = { operation: "createComment", effect: "write", lane, issueId };
    const url = `/rest/api/3/issue/${checkedSegment(call, issueId)}/comment`;
    const own = toBody(call, input);
    const body = { ...own, properties: [...own.properties, ...(await visibilityOfOwn(call))] };
    const created = await transport.client(call).sendRequest({ url, method: "POST", body, schema: createdSchema });
    return toId<CommentId>(created.id);
  }

  async function updateComment(issueId: IssueId, commentId: CommentId, input: CommentInput, lane: Lane) {
    const call: CallContext = { operation: "updateComment", effect: "write", lane, issueId };
    const body = toBody(call, input);
    const url = commentUrl(call, issueId, commentId);
    // Assumed: an update replaces the comment, so that leaving `visibility` out would open one that a person has
    // restricted since. Updating a restricted comment on a real site would prove it.
    const before = await findWire(call, issueId, commentId);
    const visibility = before?.visibility ?? null;
    await transport.client(call).sendRequest({
      url,
      method: "PUT",
      body: { ...body, ...(visibility === null ? {} : { visibility }) },
    });
  }

  async function deleteComment(issueId: IssueId, commentId: CommentId, lane: Lane) {
    const call: CallContext = { operation: "deleteComment", effect: "write", lane, issueId };
    await transport.client(call).sendRequest({ url: commentUrl(call, issueId, commentId), method: "DELETE" });
  }

  return {
    findIssueWithComments,
    listComments,
    listCommentsByIds,
    findComment,
    createComment,
    updateComment,
    deleteComment,
  };
}

function commentUrl(call: CallContext, issueId: IssueId, commentId: CommentId): string {
  return `/rest/api/3/issue/${checkedSegment(call, issueId)}/comment/${checkedSegment(call, commentId)}`;
}

/** Properties may ride on create and on update (description of `Comment.properties`: "Optional on create and update"). */
function toBody(call: CallContext, input: CommentInput): { body: object; properties: readonly object[] } {
  return {
    body: toAdfDocument(call, input.bodyAdf),
    properties: [{ key: propertyKey, value: input.stamp }],
  };
}
