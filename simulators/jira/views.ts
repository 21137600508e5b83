// How records look on the wire. Shapes: components.schemas of openapi-v3-subset.json.

import {
  type Account,
  ISSUE_TYPES,
  type LocalName,
  PRIORITIES,
  type ProjectDef,
  REQUEST_TYPE_FIELD,
  RESOLUTIONS,
  SECURITY_LEVELS,
  STATUS_CATEGORIES,
  STATUSES,
  SYSTEM_FIELDS,
} from "./catalog.ts";
import { toJiraTime } from "./http.ts";
import { canSeeComment, canSeeIssue, hasServiceDesk, listSiteDefs, localName, type Site } from "./site.ts";
import { categoryOf } from "./state.ts";
import type {
  AttachmentRecord,
  ChangeGroup,
  CommentRecord,
  IssueLinkRecord,
  IssueRecord,
  LinkTypeRecord,
} from "./types.ts";

type Json = Record<string, unknown>;

/** A user object. `emailAddress` follows the site's privacy switch; the bot sees its own. */
export function viewUser(site: Site, accountId: string): Json {
  const account = site.state.accounts.find((candidate) => candidate.accountId === accountId);
  const base = site.baseUrl();
  if (account === undefined) {
    return {
      self: `${base}/rest/api/3/user?accountId=${accountId}`,
      accountId,
      displayName: "Former user",
      active: false,
    };
  }
  return {
    self: `${base}/rest/api/3/user?accountId=${encodeURIComponent(accountId)}`,
    accountId,
    accountType: account.accountId === site.bot.accountId ? site.settings.botAccountType : account.accountType,
    ...viewEmail(site, account),
    avatarUrls: viewAvatars(base),
    displayName: account.displayName,
    active: account.active,
    timeZone: account.accountId === site.bot.accountId ? site.settings.botTimeZone : account.timeZone,
  };
}

function viewEmail(site: Site, account: Account): Json {
  if (account.accountId === site.bot.accountId || site.settings.emailAddress === "shown") {
    return { emailAddress: account.email };
  }
  return site.settings.emailAddress === "null" ? { emailAddress: null } : {};
}

function viewAvatars(base: string): Json {
  return Object.fromEntries(["48x48", "24x24", "16x16", "32x32"].map((size) => [size, `${base}/avatar/${size}.png`]));
}

/** A status category. */
export function viewCategory(site: Site, key: string): Json {
  const category = STATUS_CATEGORIES.find((candidate) => candidate.key === key) ?? STATUS_CATEGORIES[0];
  return {
    self: `${site.baseUrl()}/rest/api/3/statuscategory/${category.id}`,
    id: category.id,
    key: category.key,
    colorName: category.colorName,
    name: localName(site, category.name),
  };
}

/** An entry of one of the site's lists, with its name in the account's language; an id that nobody knows shows as itself. */
function viewNamed(
  site: Site,
  kind: string,
  items: readonly { readonly id: string; readonly name: LocalName }[],
  id: string,
): Json {
  const found = items.find((item) => item.id === id);
  const name = found === undefined ? id : localName(site, found.name);
  return { self: `${site.baseUrl()}/rest/api/3/${kind}/${id}`, id, name };
}

/** A status. */
export function viewStatus(site: Site, id: string): Json {
  const iconUrl = `${site.baseUrl()}/images/icons/status.png`;
  const statusCategory = viewCategory(site, categoryOf(id));
  return { ...viewNamed(site, "status", STATUSES, id), description: "", iconUrl, statusCategory };
}

/** A priority. */
export function viewPriority(site: Site, id: string): Json {
  const iconUrl = `${site.baseUrl()}/images/icons/priorities/${id}.svg`;
  return { ...viewNamed(site, "priority", PRIORITIES, id), iconUrl };
}

/** A resolution. */
export function viewResolution(site: Site, id: string): Json {
  return { ...viewNamed(site, "resolution", RESOLUTIONS, id), description: "" };
}

/** An issue type. */
export function viewIssueType(site: Site, id: string): Json {
  const iconUrl = `${site.baseUrl()}/images/icons/issuetype.svg`;
  const shape = { subtask: false, avatarId: 10_318, hierarchyLevel: 0 };
  return { ...viewNamed(site, "issuetype", ISSUE_TYPES, id), description: "", iconUrl, ...shape };
}

/** A project, short. */
export function viewProject(site: Site, project: ProjectDef): Json {
  return {
    self: `${site.baseUrl()}/rest/api/3/project/${project.id}`,
    id: project.id,
    key: project.key,
    name: project.name,
    projectTypeKey: project.projectTypeKey,
    simplified: project.teamManaged,
    avatarUrls: viewAvatars(site.baseUrl()),
  };
}

function viewSecurity(site: Site, levelId: string): Json {
  const level = SECURITY_LEVELS.find((candidate) => candidate.id === levelId);
  return {
    self: `${site.baseUrl()}/rest/api/3/securitylevel/${levelId}`,
    id: levelId,
    name: level?.name ?? levelId,
    description: level?.description ?? "",
  };
}

/** An attachment as in `fields.attachment` and in the answer of an upload: its id is a string (jira.md 3.5). */
export function viewAttachment(site: Site, attachment: AttachmentRecord): Json {
  const base = site.baseUrl();
  return {
    self: `${base}/rest/api/3/attachment/${attachment.id}`,
    id: attachment.id,
    filename: attachment.name,
    author: viewUser(site, attachment.authorId),
    created: toJiraTime(attachment.createdMs),
    size: attachment.bytes.sizeBytes,
    mimeType: attachment.mimeType,
    content: `${base}/rest/api/3/attachment/content/${attachment.id}`,
    ...(attachment.mimeType.startsWith("image/")
      ? { thumbnail: `${base}/rest/api/3/attachment/thumbnail/${attachment.id}` }
      : {}),
  };
}

/**
 * Whether a comment is public for a portal. Written through the property `sd.public.comment` (jira.md 3.4); comments of
 * other projects are always public.
 */
export function isJsdPublic(comment: CommentRecord): boolean {
  const property = comment.properties["sd.public.comment"];
  return !(typeof property === "object" && property !== null && "internal" in property && property.internal === true);
}

/** A comment. */
export function viewComment(site: Site, issue: IssueRecord, comment: CommentRecord, withProperties = false): Json {
  const isDesk = site.state.projectOf(issue).projectTypeKey === "service_desk";
  const parent = issue.comments.find((candidate) => candidate.id === comment.parentId);
  const repeated = site.settings.repliesRepeatVisibility ? parent : undefined;
  const visibility = comment.visibility ?? repeated?.visibility ?? null;
  const isPublic = isJsdPublic(comment) && (repeated === undefined || isJsdPublic(repeated));
  const showsPublic = site.settings.jsdPublic === "all" || (site.settings.jsdPublic === "service_desk" && isDesk);
  return {
    self: `${site.baseUrl()}/rest/api/3/issue/${issue.id}/comment/${comment.id}`,
    id: comment.id,
    author: viewUser(site, comment.authorId),
    body: comment.body,
    updateAuthor: viewUser(site, comment.updateAuthorId),
    created: toJiraTime(comment.createdMs),
    updated: toJiraTime(comment.updatedMs),
    ...(visibility === null ? {} : { visibility }),
    ...(showsPublic ? { jsdPublic: isPublic } : {}),
    ...(comment.parentId === undefined ? {} : { parentId: Number(comment.parentId) }),
    ...(withProperties
      ? { properties: Object.entries(comment.properties).map(([key, value]) => ({ key, value })) }
      : {}),
  };
}

/** A changelog entry. */
export function viewChange(site: Site, change: ChangeGroup): Json {
  return {
    id: change.id,
    author: viewUser(site, change.authorId),
    created: toJiraTime(change.createdMs),
    items: change.items.map((item) => ({ ...item })),
  };
}

/** Where a view of an issue is shown: search shows only the newest comments (jira.md 4). */
export interface IssueView {
  /** Field names, `*all`, `*navigable`, `-name`; empty means the caller's default. */
  readonly fields: readonly string[];
  readonly inSearch: boolean;
}

/** The names of the fields that a selection means. */
export function selectFields(site: Site, fields: readonly string[]): ReadonlySet<string> {
  const chosen = new Set<string>();
  const all = [
    ...SYSTEM_FIELDS.map((field) => ({ id: field.id as string, navigable: field.navigable as boolean })),
    ...listSiteDefs(site).map((field) => ({ id: field.id, navigable: true })),
  ];
  const onlyRemovals = fields.length > 0 && fields.every((field) => field.startsWith("-"));
  for (const name of onlyRemovals ? ["*all", ...fields] : fields) {
    if (name === "*all") for (const field of all) chosen.add(field.id);
    else if (name === "*navigable")
      for (const field of all.filter((candidate) => candidate.navigable)) chosen.add(field.id);
    else if (name.startsWith("-")) chosen.delete(name.slice(1));
    else chosen.add(name);
  }
  return chosen;
}

function viewComments(site: Site, issue: IssueRecord, inSearch: boolean): Json {
  const lagged = site.state.findIssueAt(issue.id, site.settings.listLagMs) ?? { ...issue, comments: [] };
  const visible = (inSearch ? issue : lagged).comments.filter((comment) => canSeeComment(site, comment));
  const { searchCommentCount, issueCommentCount } = site.settings;
  const shown = visible.slice(-(inSearch ? searchCommentCount : issueCommentCount));
  return {
    comments: shown.map((comment) => viewComment(site, issue, comment)),
    self: `${site.baseUrl()}/rest/api/3/issue/${issue.id}/comment`,
    maxResults: shown.length,
    total: visible.length,
    startAt: visible.length - shown.length,
  };
}

/** A kind of link. */
export function viewLinkType(site: Site, type: LinkTypeRecord): Json {
  return { ...type, self: `${site.baseUrl()}/rest/api/3/issueLinkType/${type.id}` };
}

/** A link as one of its issues shows it: only the other end, and nothing where the other issue is gone or hidden. */
function viewIssueLink(site: Site, issue: IssueRecord, link: IssueLinkRecord): Json[] {
  const isInward = link.inwardId === issue.id;
  const other = site.state.findIssue(isInward ? link.outwardId : link.inwardId);
  if (other === null || !canSeeIssue(site, other)) return [];
  const shown = {
    id: other.id,
    key: other.key,
    self: `${site.baseUrl()}/rest/api/3/issue/${other.id}`,
    fields: { summary: other.summary, status: viewStatus(site, other.statusId) },
  };
  return [
    {
      id: link.id,
      self: `${site.baseUrl()}/rest/api/3/issueLink/${link.id}`,
      type: viewLinkType(site, link.type),
      ...(isInward ? { outwardIssue: shown } : { inwardIssue: shown }),
    },
  ];
}

/** `fields` of an issue. */
export function viewFields(site: Site, issue: IssueRecord, view: IssueView): Json {
  const chosen = selectFields(site, view.fields);
  const lagged = view.inSearch ? issue : site.state.findIssueAt(issue.id, site.settings.listLagMs);
  const user = (id: string | null): Json | null => (id === null ? null : viewUser(site, id));
  const makers: Readonly<Record<string, () => unknown>> = {
    summary: () => issue.summary,
    description: () => issue.description,
    project: () => viewProject(site, site.state.projectOf(issue)),
    issuetype: () => viewIssueType(site, issue.issueTypeId),
    status: () => viewStatus(site, issue.statusId),
    statusCategory: () => viewCategory(site, categoryOf(issue.statusId)),
    statuscategorychangedate: () => toJiraTime(issue.statusChangedMs),
    resolution: () => (issue.resolutionId === null ? null : viewResolution(site, issue.resolutionId)),
    resolutiondate: () => (issue.resolutionMs === null ? null : toJiraTime(issue.resolutionMs)),
    priority: () => (issue.priorityId === null ? null : viewPriority(site, issue.priorityId)),
    labels: () => issue.labels,
    assignee: () => user(issue.assigneeId),
    reporter: () => user(issue.reporterId),
    creator: () => user(issue.creatorId),
    created: () => toJiraTime(issue.createdMs),
    updated: () => toJiraTime(issue.updatedMs),
    duedate: () => issue.dueDate,
    issuerestriction: () => ({
      issuerestrictions:
        issue.restrictedRoles === undefined || issue.restrictedRoles.length === 0
          ? {}
          : { projectrole: issue.restrictedRoles.map((id) => ({ id })) },
      shouldDisplay: true,
    }),
    security: () => (issue.securityLevelId === null ? null : viewSecurity(site, issue.securityLevelId)),
    comment: () => viewComments(site, issue, view.inSearch),
    attachment: () => (lagged?.attachments ?? []).map((attachment) => viewAttachment(site, attachment)),
    issuelinks: () => site.state.linksOf(issue.id).flatMap((link) => viewIssueLink(site, issue, link)),
    subtasks: () => [],
  };
  const fields: Json = {};
  const { teamManaged } = site.state.projectOf(issue);
  const absent = teamManaged || site.settings.securityField === "absent" ? "security" : null;
  for (const name of chosen) {
    if (name === absent || (name === "issuerestriction" && !teamManaged)) continue;
    const make = Object.hasOwn(makers, name) ? makers[name] : undefined;
    if (make !== undefined) fields[name] = make();
    else if (name === REQUEST_TYPE_FIELD && hasServiceDesk(site)) fields[name] = issue.customFields[name] ?? null;
    else if (listSiteDefs(site).some((field) => field.id === name)) fields[name] = issue.customFields[name] ?? null;
  }
  return fields;
}

/** An issue. */
export function viewIssue(site: Site, issue: IssueRecord, view: IssueView & { properties: readonly string[] }): Json {
  const wanted = view.properties.includes("*all") ? Object.keys(issue.properties) : view.properties;
  const properties = Object.fromEntries(
    wanted.filter((key) => Object.hasOwn(issue.properties, key)).map((key) => [key, issue.properties[key]]),
  );
  return {
    expand: "operations,versionedRepresentations,editmeta,changelog,renderedFields,transitions",
    id: issue.id,
    self: `${site.baseUrl()}/rest/api/3/issue/${issue.id}`,
    key: issue.key,
    ...(view.properties.length === 0 ? {} : { properties }),
    fields: viewFields(site, issue, view),
  };
}
