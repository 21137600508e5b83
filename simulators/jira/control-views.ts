// The site as a test or an operator looks at it: everything as it truly is, whatever lags.

import { adfToText } from "./adf.ts";
import { PRIORITIES, STATUSES } from "./catalog.ts";
import { toJiraTime } from "./http.ts";
import type { Site } from "./site.ts";
import { categoryOf } from "./state.ts";
import type { AttachmentRecord, CommentRecord, IssueRecord } from "./types.ts";
import { isJsdPublic } from "./views.ts";

/** The whole site. */
export function showSite(site: Site) {
  const { state } = site;
  return {
    botAccountId: site.bot.accountId,
    accounts: state.accounts.map((account) => ({ ...account })),
    projects: state.listProjects().map(({ id, key, name, projectTypeKey }) => ({ id, key, name, projectTypeKey })),
    issues: [...state.issuesAt(0)].map((issue) => showIssue(site, issue)),
    deletedIssues: state.listDeleted().map((issue) => showIssue(site, issue)),
  };
}

/** One issue. */
export function showIssue(site: Site, issue: IssueRecord) {
  const { id, key, issueTypeId, summary, resolutionId, securityLevelId, customFields, properties } = issue;
  const { state } = site;
  const status = STATUSES.find((candidate) => candidate.id === issue.statusId);
  const priority = PRIORITIES.find((candidate) => candidate.id === issue.priorityId);
  return {
    id,
    key,
    projectKey: state.projectOf(issue).key,
    issueTypeId,
    summary,
    descriptionAdf: issue.description,
    descriptionText: adfToText(issue.description),
    status: { id: issue.statusId, name: status?.name.en ?? "", category: categoryOf(issue.statusId) },
    resolutionId,
    labels: [...issue.labels],
    priority: priority === undefined ? null : { id: priority.id, name: priority.name.en },
    reporterAccountId: issue.reporterId,
    creatorAccountId: issue.creatorId,
    assigneeAccountId: issue.assigneeId,
    securityLevelId,
    customFields,
    properties,
    comments: issue.comments.map((comment) => showComment(site, comment)),
    attachments: issue.attachments.map((attachment) => showAttachment(site, attachment)),
    issueLinks: state.linksOf(id).map((link) => ({
      id: link.id,
      type: link.type.name,
      otherKey: state.findIssue(link.inwardId === id ? link.outwardId : link.inwardId)?.key ?? "",
      authorAccountId: link.authorId,
    })),
    changelog: issue.changelog.map((change) => ({
      id: change.id,
      ...showAuthor(site, change.authorId),
      createdAt: toJiraTime(change.createdMs),
      items: change.items,
    })),
    createdAt: toJiraTime(issue.createdMs),
    updatedAt: toJiraTime(issue.updatedMs),
  };
}

function showAuthor({ state }: Site, accountId: string) {
  const account = state.accounts.find((candidate) => candidate.accountId === accountId);
  return { authorAccountId: accountId, authorName: account?.displayName ?? accountId };
}

function showComment(site: Site, comment: CommentRecord) {
  const { id, body, properties, visibility } = comment;
  return {
    id,
    ...showAuthor(site, comment.authorId),
    bodyAdf: body,
    bodyText: adfToText(body),
    createdAt: toJiraTime(comment.createdMs),
    updatedAt: toJiraTime(comment.updatedMs),
    properties,
    visibility,
    jsdPublic: isJsdPublic(comment),
  };
}

function showAttachment(site: Site, { id, mediaId, name, mimeType, bytes, authorId, createdMs }: AttachmentRecord) {
  const { sizeBytes, sha256 } = bytes;
  const createdAt = toJiraTime(createdMs);
  return { id, mediaId, name, mimeType, sizeBytes, sha256, ...showAuthor(site, authorId), createdAt };
}
