import type { FileStore } from "../base/files.ts";
import { type Account, CUSTOM_FIELDS, type LocalName, type ProjectDef, type ScreenFieldDef } from "./catalog.ts";
import { failure, issueNotFound } from "./http.ts";
import type { JiraSettings, ProjectSettings } from "./settings.ts";
import type { JiraState } from "./state.ts";
import type { CommentRecord, IssueRecord } from "./types.ts";

/** Everything an operation works with. */
export interface Site {
  readonly now: () => number;
  readonly settings: JiraSettings;
  readonly state: JiraState;
  readonly files: FileStore;
  readonly bot: Account;
  /** Address of the REST interface, without a trailing slash. */
  readonly baseUrl: () => string;
  /** Address a download ticket leads to. */
  readonly makeDownloadUrl: (attachmentId: string) => string;
  /** Tasks started by bulk operations, by id. */
  readonly tasks: Map<string, Record<string, unknown>>;
}

/** The switches as they stand for one project. */
export function settingsOf({ settings }: Pick<Site, "settings">, project: ProjectDef) {
  const key = [project.key, ...project.formerKeys].find((one) => Object.hasOwn(settings.projectSettings, one));
  const own: ProjectSettings = key === undefined ? {} : (settings.projectSettings[key] ?? {});
  return {
    fieldsOffScreen: own.fieldsOffScreen ?? settings.fieldsOffScreen,
    fieldsOffCreateScreen: own.fieldsOffCreateScreen ?? [],
    screenFields: own.screenFields ?? settings.screenFields,
    requiredFields: own.requiredFields ?? settings.requiredFields,
    doneRequiresResolution: own.doneRequiresResolution ?? settings.doneRequiresResolution,
    doneRequiresFields: own.doneRequiresFields ?? [],
    requestTypes: own.requestTypes ?? [],
    defaultSecurityLevelId: own.defaultSecurityLevelId ?? null,
    archived: own.archived === true,
  };
}

/** Fields on every screen of a project besides those that each issue has. */
export function listScreenDefs(site: Site, project: ProjectDef): readonly ScreenFieldDef[] {
  return [...CUSTOM_FIELDS, ...settingsOf(site, project).screenFields];
}

/** The same fields of all projects. */
export function listSiteDefs({ settings }: Site): readonly ScreenFieldDef[] {
  const own = Object.values(settings.projectSettings).flatMap(({ screenFields = [] }) => screenFields);
  const all = [...CUSTOM_FIELDS, ...settings.screenFields, ...own];
  return [...new Map(all.map((field) => [field.id, field])).values()];
}

/** Whether the site has Jira Service Management, and with it the field for request types. */
export function hasServiceDesk({ settings }: Site): boolean {
  return Object.values(settings.projectSettings).some(({ requestTypes = [] }) => requestTypes.length > 0);
}

/** A name in the language of the calling account (jira.md 1). */
export function localName(site: Site, name: LocalName): string {
  return name[site.settings.language];
}

/** Whether the bot holds a permission. Administration follows `botIsAdmin`; setting reporter and security is not given. */
export function hasPermission(site: Site, key: string): boolean {
  if (site.settings.revokedPermissions.includes(key)) return false;
  const onlyAdmins = [
    "ADMINISTER",
    "ADMINISTER_PROJECTS",
    "MODIFY_REPORTER",
    "EDIT_ALL_COMMENTS",
    "SET_ISSUE_SECURITY",
    "DELETE_ALL_COMMENTS",
    "DELETE_ALL_ATTACHMENTS",
  ];
  return onlyAdmins.includes(key) ? site.settings.botIsAdmin : true;
}

/** Throws 403 without the permission. */
export function requirePermission(site: Site, key: string, message: string): void {
  if (!hasPermission(site, key)) throw failure(403, [message]);
}

/** Whether the bot sees an issue at all. */
export function canSeeIssue(site: Site, record: IssueRecord): boolean {
  if (!hasPermission(site, "BROWSE_PROJECTS")) return false;
  return record.securityLevelId === null || site.settings.botSeesSecurityLevels;
}

/** Whether the bot sees a comment. */
export function canSeeComment(site: Site, comment: CommentRecord): boolean {
  return comment.visibility === null || site.settings.botSeesRestrictedComments;
}

/** The issue of a path parameter. Throws 404 when it is gone or hidden (jira.md 3.3). */
export function visibleIssue(site: Site, idOrKey: string): IssueRecord {
  const record = site.state.findIssue(idOrKey);
  if (record === null || !canSeeIssue(site, record)) throw issueNotFound();
  if (site.now() - record.createdMs < site.settings.freshIssueHiddenMs) throw issueNotFound();
  return record;
}

/** The project of a path or query parameter. @throws HttpFailure 404 when it is not there or hidden. */
export function visibleProject(site: Site, idOrKey: string): ProjectDef {
  const project = site.state.findProject(idOrKey);
  if (project === null || !hasPermission(site, "BROWSE_PROJECTS"))
    throw failure(404, [`No project could be found with key '${idOrKey}'.`]);
  return project;
}
