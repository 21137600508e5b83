// Comments, jira.md 3.4.

import { adfToText } from "../adf.ts";
import { requireAdf } from "../fields.ts";
import { failure, fieldErrors, ok, pageBean, parsePage, type Reply, type RequestContext, refused } from "../http.ts";
import { canSeeComment, canSeeIssue, hasPermission, requirePermission, type Site } from "../site.ts";
import type { Adf, CommentRecord, IssueRecord, Visibility } from "../types.ts";
import { viewComment } from "../views.ts";
import {
  bodyOf,
  type Commit,
  type EntityProperty,
  type Handlers,
  param,
  parseExpand,
  readIssue,
  toPropertyMap,
  writeIssue,
} from "./handler.ts";

interface CommentBody {
  readonly body?: unknown;
  readonly visibility?: {
    readonly type: "group" | "role";
    readonly value?: string;
    readonly identifier?: string | null;
  };
  readonly properties?: readonly EntityProperty[];
}

function requireCommentBody(site: Site, value: unknown): Adf {
  const body = requireAdf(site, "comment", value);
  // Seen in public reports: an empty document is refused.
  if (adfToText(body).trim().length === 0) throw fieldErrors({ comment: "Comment body can not be empty!" });
  return body;
}

function toVisibility(value: CommentBody["visibility"]): Visibility | null {
  if (value === undefined || value === null) return null;
  const name = value.value ?? value.identifier;
  if (name === undefined || name === null) throw fieldErrors({ visibility: "A value or identifier is needed." });
  return { type: value.type, value: name, identifier: value.identifier ?? name };
}

function visibleComment(site: Site, issue: IssueRecord, id: string): CommentRecord {
  const comment = issue.comments.find((candidate) => candidate.id === id);
  if (comment === undefined || !canSeeComment(site, comment)) {
    throw failure(404, [`Can not find a comment for the id: ${id}.`]);
  }
  return comment;
}

function getComments(site: Site, issue: IssueRecord, context: RequestContext): Reply {
  const expand = parseExpand(context, ["properties"]);
  const orderBy = context.query.text("orderBy") ?? "created";
  if (!["created", "-created", "+created"].includes(orderBy)) {
    throw failure(400, [`Invalid orderBy: ${orderBy}. Only created is supported.`]);
  }
  // Assumed: one page has at most 5,000 comments, the most an issue can hold.
  const page = parsePage(context.query, 100, 5_000);
  const shown = site.state.findIssueAt(issue.id, site.settings.listLagMs);
  const visible = (shown?.comments ?? []).filter((comment) => canSeeComment(site, comment));
  if (orderBy === "-created") visible.reverse();
  const withProperties = expand.has("properties") && site.settings.commentListReturnsProperties;
  const comments = visible
    .slice(page.startAt, page.startAt + page.maxResults)
    .map((comment) => viewComment(site, issue, comment, withProperties));
  return ok({ ...page, total: visible.length, comments });
}

function getCommentsByIds(site: Site, context: RequestContext): Reply {
  const expand = parseExpand(context, ["properties"]);
  const { ids } = bodyOf<{ readonly ids: readonly number[] }>(context);
  if (ids.length > 1_000) throw refused("more than 1000 comment ids");
  const values = [...new Set(ids)].flatMap((id) => {
    const found = site.state.findComment(String(id));
    if (found === null || !canSeeIssue(site, found.issue) || !canSeeComment(site, found.item)) return [];
    return [viewComment(site, found.issue, found.item, expand.has("properties"))];
  });
  const page = { startAt: 0, maxResults: 1_048_576 };
  return ok(pageBean(values, page, `${site.baseUrl()}/rest/api/3/comment/list`));
}

function addComment(site: Site, issue: IssueRecord, context: RequestContext): Commit {
  const request = bodyOf<CommentBody>(context);
  requirePermission(site, "ADD_COMMENTS", "You do not have the permission to comment on this issue.");
  const draft = {
    body: requireCommentBody(site, request.body),
    visibility: toVisibility(request.visibility),
    properties: toPropertyMap(request.properties ?? []),
  };
  if (issue.comments.length >= site.settings.maxComments) {
    throw failure(413, ["The per-issue limit of comments has been reached."]);
  }
  return (now) => {
    const comment = site.state.addComment(now.id, draft, site.bot.accountId);
    return ok(viewComment(site, site.state.getIssue(issue.id), comment), 201);
  };
}

function getComment(site: Site, issue: IssueRecord, context: RequestContext): Reply {
  const expand = parseExpand(context, ["properties"]);
  const comment = visibleComment(site, issue, param(context, "id"));
  const withProperties = expand.has("properties") && site.settings.commentListReturnsProperties;
  return ok(viewComment(site, issue, comment, withProperties));
}

function requireCommentPermission(site: Site, comment: CommentRecord, verb: "EDIT" | "DELETE"): void {
  const own = comment.authorId === site.bot.accountId;
  if ((own && hasPermission(site, `${verb}_OWN_COMMENTS`)) || hasPermission(site, `${verb}_ALL_COMMENTS`)) return;
  throw failure(400, [`You do not have permission to ${verb.toLowerCase()} comment with id: ${comment.id}.`]);
}

function updateComment(site: Site, issue: IssueRecord, context: RequestContext): Commit {
  const request = bodyOf<CommentBody>(context);
  const id = param(context, "id");
  requireCommentPermission(site, visibleComment(site, issue, id), "EDIT");
  const body = requireCommentBody(site, request.body);
  const properties = toPropertyMap(request.properties ?? []);
  // Assumed: leaving `visibility` out makes a restricted comment public, as an edit replaces the whole comment.
  const visibility = toVisibility(request.visibility);
  return (now) => {
    const before = visibleComment(site, now, id);
    const patch = { body, visibility, properties: { ...before.properties, ...properties } };
    const comment = site.state.editComment(id, patch, site.bot.accountId);
    return ok(viewComment(site, site.state.getIssue(issue.id), comment));
  };
}

function deleteComment(site: Site, issue: IssueRecord, context: RequestContext): Commit {
  const id = param(context, "id");
  requireCommentPermission(site, visibleComment(site, issue, id), "DELETE");
  return (now) => {
    visibleComment(site, now, id);
    site.state.deleteComment(id, site.bot.accountId);
    return { status: 204 };
  };
}

/** Comments and their properties. */
export const commentHandlers: Handlers = {
  getComments: readIssue(getComments),
  getCommentsByIds,
  addComment: writeIssue(addComment),
  getComment: readIssue(getComment),
  updateComment: writeIssue(updateComment),
  deleteComment: writeIssue(deleteComment),
};
