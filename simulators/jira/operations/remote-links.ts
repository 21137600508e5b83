// Remote links, jira.md 3.3: the same globalId updates, and nulls every member left out.

import { z } from "zod";
import { failure, fieldErrors, type PreparedWrite, type Reply, type RequestContext } from "../http.ts";
import { requirePermission, type Site, visibleIssue } from "../site.ts";
import type { IssueRecord, RemoteLinkRecord } from "../types.ts";
import { type Handlers, param, parseBody } from "./handler.ts";

const linkSchema = z.strictObject({
  globalId: z.string().max(255).optional(),
  application: z.strictObject({ name: z.string().optional(), type: z.string().optional() }).optional(),
  relationship: z.string().max(255).optional(),
  object: z.strictObject({
    url: z.string(),
    title: z.string(),
    summary: z.string().optional(),
    icon: z.record(z.string(), z.unknown()).optional(),
    status: z.record(z.string(), z.unknown()).optional(),
  }),
});

function viewLink(site: Site, issue: IssueRecord, link: RemoteLinkRecord): Record<string, unknown> {
  return {
    id: link.id,
    self: `${site.baseUrl()}/rest/api/3/issue/${issue.id}/remotelink/${link.id}`,
    ...(link.globalId === null ? {} : { globalId: link.globalId }),
    application: link.application,
    ...(link.relationship === null ? {} : { relationship: link.relationship }),
    object: link.object,
  };
}

function toRecord(id: number, body: z.infer<typeof linkSchema>): RemoteLinkRecord {
  return {
    id,
    globalId: body.globalId ?? null,
    application: body.application ?? {},
    relationship: body.relationship ?? null,
    object: body.object,
  };
}

function requireLink(issue: IssueRecord, id: string): RemoteLinkRecord {
  const link = issue.remoteLinks.find((candidate) => String(candidate.id) === id);
  if (link === undefined) throw failure(404, [`The remote link with id '${id}' does not exist.`]);
  return link;
}

function getRemoteIssueLinks(site: Site, context: RequestContext): Reply {
  const issue = visibleIssue(site, param(context, "issueIdOrKey"));
  const globalId = context.query.text("globalId");
  if (globalId === null) return { status: 200, body: issue.remoteLinks.map((link) => viewLink(site, issue, link)) };
  const link = issue.remoteLinks.find((candidate) => candidate.globalId === globalId);
  if (link === undefined) throw failure(404, [`The remote link with global id '${globalId}' does not exist.`]);
  return { status: 200, body: viewLink(site, issue, link) };
}

function createOrUpdateRemoteIssueLink(site: Site, context: RequestContext): PreparedWrite {
  const issue = visibleIssue(site, param(context, "issueIdOrKey"));
  const body = parseBody(linkSchema, context.body);
  requirePermission(site, "LINK_ISSUES", "You do not have permission to link issues.");
  if (!URL.canParse(body.object.url)) throw fieldErrors({ "object.url": "The URL is not valid." });
  return {
    issueId: issue.id,
    commit: () => {
      const links = visibleIssue(site, issue.id).remoteLinks;
      const old = links.find((link) => body.globalId !== undefined && link.globalId === body.globalId);
      const link = toRecord(old?.id ?? site.state.nextLinkId(), body);
      site.state.saveRemoteLinks(issue.id, [...links.filter((candidate) => candidate !== old), link]);
      const self = `${site.baseUrl()}/rest/api/3/issue/${issue.id}/remotelink/${link.id}`;
      return { status: old === undefined ? 201 : 200, body: { id: link.id, self } };
    },
  };
}

function deleteRemoteIssueLinkByGlobalId(site: Site, context: RequestContext): PreparedWrite {
  const issue = visibleIssue(site, param(context, "issueIdOrKey"));
  const globalId = context.query.text("globalId");
  const link = issue.remoteLinks.find((candidate) => candidate.globalId === globalId);
  if (link === undefined) throw failure(404, [`The remote link with global id '${globalId}' does not exist.`]);
  return prepareDelete(site, issue, link);
}

function getRemoteIssueLinkById(site: Site, context: RequestContext): Reply {
  const issue = visibleIssue(site, param(context, "issueIdOrKey"));
  return { status: 200, body: viewLink(site, issue, requireLink(issue, param(context, "linkId"))) };
}

function updateRemoteIssueLink(site: Site, context: RequestContext): PreparedWrite {
  const issue = visibleIssue(site, param(context, "issueIdOrKey"));
  const body = parseBody(linkSchema, context.body);
  const link = requireLink(issue, param(context, "linkId"));
  return {
    issueId: issue.id,
    commit: () => {
      const links = visibleIssue(site, issue.id).remoteLinks;
      const after = links.map((candidate) => (candidate.id === link.id ? toRecord(link.id, body) : candidate));
      site.state.saveRemoteLinks(issue.id, after);
      return { status: 204 };
    },
  };
}

function deleteRemoteIssueLinkById(site: Site, context: RequestContext): PreparedWrite {
  const issue = visibleIssue(site, param(context, "issueIdOrKey"));
  return prepareDelete(site, issue, requireLink(issue, param(context, "linkId")));
}

function prepareDelete(site: Site, issue: IssueRecord, link: RemoteLinkRecord): PreparedWrite {
  requirePermission(site, "LINK_ISSUES", "You do not have permission to link issues.");
  return {
    issueId: issue.id,
    commit: () => {
      const links = visibleIssue(site, issue.id).remoteLinks;
      site.state.saveRemoteLinks(
        issue.id,
        links.filter((candidate) => candidate.id !== link.id),
      );
      return { status: 204 };
    },
  };
}

/** Remote links. */
export const remoteLinkHandlers: Handlers = {
  getRemoteIssueLinks,
  createOrUpdateRemoteIssueLink,
  deleteRemoteIssueLinkByGlobalId,
  getRemoteIssueLinkById,
  updateRemoteIssueLink,
  deleteRemoteIssueLinkById,
};
