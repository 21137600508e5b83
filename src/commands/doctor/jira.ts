/** The checks of the Jira side, and of the mapping that leads there. */
import type { ScreenField } from "../../domain/create-screen.ts";
import type { Lane } from "../../domain/lane.ts";
import { findByNameOrId } from "../../domain/named-id.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { possibleValues } from "../../domain/value-rule.ts";
import { checkAddress, toAddressTrouble } from "./address.ts";
import { checkCreateScreens, lacksFields, type TypeScreen } from "./fields.ts";
import { checkProject, checkVisibility, type DoctorProject, type DoctorProjectPort, findProject } from "./project.ts";
import { checkRequestType, type DoctorRequestPort } from "./request-type.ts";
import { checkClock, type DoctorSettings, type Finding, formatBytes, right, type Sheet, warn, wrong } from "./sheet.ts";
import { checkStatuses, type DoctorStatusPort } from "./status.ts";
import { verbatim, type Words } from "./texts/texts.ts";

type NamedId = { readonly id: string; readonly name: string };

/** What is asked of the Jira side; its client satisfies it. All calls read only. */
export interface DoctorJiraPort extends DoctorStatusPort, DoctorProjectPort, DoctorRequestPort {
  getMyself(): Promise<{
    readonly accountId: string;
    readonly accountType?: string | null;
    readonly emailAddress: string | null;
  }>;
  getPermissions(keys: readonly string[]): Promise<Readonly<Record<string, boolean>>>;
  listIssueTypes(): Promise<readonly (NamedId & { readonly isSubtask: boolean })[]>;
  findIssueType(nameOrId: string): Promise<(NamedId & { readonly isSubtask: boolean }) | null>;
  listCreateFields(issueTypeId: string): Promise<readonly ScreenField[]>;
  listEditFields(issueTypeId: string): Promise<readonly ScreenField[] | null>;
  findAssignable(idOrEmail: string): Promise<string | null>;
  listFields(): Promise<readonly NamedId[]>;
  findUser(accountId: string): Promise<{ readonly accountType: string | null } | null>;
  listPriorities(): Promise<readonly NamedId[]>;
  serverTime(): Promise<Date>;
  countIssues(jql: string): Promise<number>;
  getFileSizeMax(lane: Lane): Promise<number>;
  findRoleMembers(nameOrId: string, lane: Lane): Promise<readonly string[] | "role_missing" | "role_unreadable">;
}

/** Whether new issues can be made as they are configured: their types exist, and their create screens take the fields. Throws `ServiceError`. */
export async function checkForm(
  settings: DoctorSettings,
  port: Pick<
    DoctorJiraPort,
    "getMyself" | "findIssueType" | "listIssueTypes" | "listCreateFields" | "listEditFields" | "listFields"
  >,
): Promise<Finding> {
  const types: NamedId[] = [];
  const typed = await checkTypes(settings, port, types);
  if (typed.ok === false) return typed;
  const { accountId } = await port.getMyself();
  const screens: TypeScreen[] = [];
  for (const type of types) screens.push({ ...(await readScreens(settings, port, type)), ownAccountId: accountId });
  return checkCreateScreens(settings, screens);
}

/** Without these something of the mirroring fails. */
const neededPermissions = [
  "BROWSE_PROJECTS",
  "CREATE_ISSUES",
  "EDIT_ISSUES",
  "TRANSITION_ISSUES",
  "ADD_COMMENTS",
  "EDIT_OWN_COMMENTS",
  "CREATE_ATTACHMENTS",
] as const;
/** Without the first two a copy made twice has to be removed by hand; without the last one issues cannot be linked to each other. */
const usefulPermissions = ["DELETE_OWN_COMMENTS", "DELETE_OWN_ATTACHMENTS", "LINK_ISSUES"] as const;

type JiraInput = {
  readonly settings: DoctorSettings;
  readonly port: DoctorJiraPort;
  readonly now: () => Date;
  /** Largest file that the Huawei side gives, in bytes; `null` = not known. */
  readonly huaweiFileMax: () => Promise<number | null>;
};

/** Makes all checks of the Jira side. Never rejects. */
export async function checkJira(sheet: Sheet, { settings, port, now, huaweiFileMax }: JiraInput): Promise<void> {
  await sheet.check("Jira address", async () => checkAddress("jira", settings.jira.host));
  await sheet.check("Jira clock", () => checkClock(() => port.serverTime(), now));
  let ownAccountId = "";
  await sheet.check("Jira credentials", async () => {
    const myself = await port.getMyself().catch((error: unknown) => {
      throw toAddressTrouble(error, settings.jira.host);
    });
    ownAccountId = myself.accountId;
    return checkAccount(settings, myself);
  });
  let project: DoctorProject | null = null;
  await sheet.check("Jira project", async () => {
    const found = await findProject(settings, port);
    if ("ok" in found) return found;
    project = found;
    return checkProject(settings, found, port);
  });
  await sheet.check("Jira restrictions", () => checkVisibility(settings, port, project));
  await sheet.check("Jira permissions", () => checkPermissions(port));
  const types: NamedId[] = [];
  await sheet.check("Jira issue type", () => checkTypes(settings, port, types));
  await sheet.check("Jira required fields", async () => {
    const screens: TypeScreen[] = [];
    for (const type of types) screens.push({ ...(await readScreens(settings, port, type)), ownAccountId });
    return checkCreateScreens(settings, screens);
  });
  await sheet.check("Jira request type", () =>
    checkRequestType(settings, port, { project, issueTypeIds: types.map(({ id }) => id) }),
  );
  await sheet.check("Jira assignee", () => checkAssignee(settings, port));
  await checkStatuses(sheet, settings.status, { port, ownAccountId: () => ownAccountId });
  await sheet.check("Jira priorities", () => checkPriorities(settings, port));
  await sheet.check("Jira file limit", async () => {
    const sizeMaxBytes = await port.getFileSizeMax("live");
    if (sizeMaxBytes <= 0)
      return wrong(
        (t) => t.jira.attachmentsOff,
        (t) => t.jira.turnOnAttachments,
      );
    const theirs = await huaweiFileMax();
    if (theirs !== null && sizeMaxBytes < theirs)
      return warn(
        (t) => t.jira.smallFiles(formatBytes(sizeMaxBytes), formatBytes(theirs)),
        (t) => t.jira.raiseFileLimit,
      );
    return right((t) => t.jira.files(formatBytes(sizeMaxBytes)));
  });
  await sheet.check("command role", () => checkRole(settings, port));
  await sheet.check("create fields", () => checkCreateFields(settings, port));
  await sheet.check("security levels", () => checkSecurityLevels(settings, port));
  await sheet.check("app accounts", () => checkAppAccounts(settings, port));
  await sheet.check("requests from Jira", () => checkRequests(settings, port));
}

/** Where tokens with scopes are used (jira.md 2.1). */
const scopedTokenHost = "https://api.atlassian.com/ex/jira/";

function checkAccount(
  { comments, jira }: DoctorSettings,
  { accountId, accountType = null, emailAddress }: Awaited<ReturnType<DoctorJiraPort["getMyself"]>>,
): Finding {
  const who = `${emailAddress ?? accountId}${accountType === null ? "" : ` (${accountType})`}`;
  if (accountType === "customer") {
    return wrong(
      (t) => t.jira.customer(who, jira.host),
      (t) => t.jira.useLicensed,
    );
  }
  if (comments.allowAppAccounts.includes(accountId)) {
    return wrong(
      (t) => t.jira.listedAsApp(who),
      (t) => t.jira.unlist,
    );
  }
  if (accountType === "app")
    return warn(
      (t) => t.jira.isApp(who),
      (t) => t.jira.useOrdinary,
    );
  // Nothing that reads tells whether a token may write, and a doctor writes nothing.
  const isScoped = jira.host.startsWith(scopedTokenHost);
  return right(({ jira: t }) => (isScoped ? t.acceptedScoped(who) : t.acceptedAs(who)));
}

/** Each type that a new issue may have; those that can be made are put into `found`. */
async function checkTypes(
  { jira, issue }: DoctorSettings,
  port: Pick<DoctorJiraPort, "findIssueType" | "listIssueTypes">,
  found: NamedId[],
): Promise<Finding> {
  const names = [...new Set([jira.issueType, ...possibleValues(issue.type)])];
  const missing: string[] = [];
  for (const name of names) {
    const type = await port.findIssueType(name);
    if (type?.isSubtask === true)
      return wrong(
        (t) => t.jira.subtask(`${type.name} (${type.id})`),
        (t) => t.jira.setType,
      );
    if (type === null) missing.push(name);
    else if (found.every(({ id }) => id !== type.id)) found.push(type);
  }
  if (missing.length === 0) return right((t) => found.map(({ id, name }) => `${name} (${id})`).join(t.report.comma));
  const types = await typesOf(port);
  return wrong(
    (t) => t.jira.noType(jira.projectKey, missing.join(t.report.comma)),
    (t) => t.jira.correctType(types(t)),
  );
}

/** The screens of a type; that of edits only where the one of new issues lacks something. */
async function readScreens(
  settings: DoctorSettings,
  port: Pick<DoctorJiraPort, "listCreateFields" | "listEditFields" | "listFields">,
  { id, name }: NamedId,
): Promise<Omit<TypeScreen, "ownAccountId">> {
  const fields = await port.listCreateFields(id);
  if (!lacksFields(settings, fields)) return { typeName: name, fields, edit: null, site: [] };
  return { typeName: name, fields, edit: await port.listEditFields(id), site: await port.listFields() };
}

async function typesOf(port: Pick<DoctorJiraPort, "listIssueTypes">): Promise<Words> {
  const usable = (await port.listIssueTypes()).filter(({ isSubtask }) => !isSubtask);
  return ({ report: t }) => usable.map(({ id, name }) => `${name} (${id})`).join(t.comma) || t.none;
}

async function checkAssignee({ issue, jira }: DoctorSettings, port: DoctorJiraPort): Promise<Finding> {
  if (issue.assignee === null) return right((t) => t.jira.noAssignee);
  // What stands for a fact is not known yet.
  const wanted = [...new Set(possibleValues(issue.assignee))].filter((text) => !text.includes("{value}"));
  const unknown: string[] = [];
  for (const idOrEmail of wanted) if ((await port.findAssignable(idOrEmail)) === null) unknown.push(idOrEmail);
  if (unknown.length === 0) return right((t) => t.jira.assignable(wanted.length));
  return wrong(
    (t) => t.jira.notAssignable(jira.projectKey, unknown.join(t.report.comma)),
    (t) => t.jira.correctAssignee,
  );
}

async function checkPermissions(port: DoctorJiraPort): Promise<Finding> {
  const held = await port.getPermissions([...neededPermissions, ...usefulPermissions]);
  const missing = neededPermissions.filter((key) => held[key] !== true);
  const unhelpful = usefulPermissions.filter((key) => held[key] !== true);
  const remedy: Words = (t) => t.jira.givePermissions;
  if (missing.length > 0) return wrong((t) => t.jira.missing(missing.join(t.report.comma)), remedy);
  if (unhelpful.length > 0) return warn((t) => t.jira.missingUseful(unhelpful.join(t.report.comma)), remedy);
  return right((t) => t.jira.allHeld(neededPermissions.length + usefulPermissions.length));
}

async function checkRole({ commands, jira }: DoctorSettings, port: DoctorJiraPort): Promise<Finding> {
  const { role } = commands;
  if (role === null) return right((t) => t.jira.noRole);
  const { roles } = await port.getProject();
  const found = findByNameOrId(roles, role);
  if (found !== null) {
    if ((await port.findRoleMembers(found.id, "live")) !== "role_unreadable") return right(verbatim(found.name));
    return wrong(
      (t) => t.jira.roleUnreadable(found.name),
      (t) => t.jira.openRole,
    );
  }
  return wrong(
    (t) => t.jira.roleMissing(jira.projectKey, role),
    ({ jira: t, report }) => t.correctRole(roles.map(({ name }) => name).join(report.comma) || report.none),
  );
}

async function checkCreateFields(
  { create: { fields, templateField } }: DoctorSettings,
  port: DoctorJiraPort,
): Promise<Finding> {
  const { extends: parameters, ...single } = fields;
  const wanted = [
    ...Object.entries(single).map(([name, id]) => [`create.fields.${name}`, id] as const),
    ["create.fields.template", templateField] as const,
    ...Object.entries(parameters).map(([name, id]) => [`create.fields.extends.${name}`, id] as const),
  ].flatMap(([name, id]) => (id === null ? [] : [{ name, id }]));
  if (wanted.length === 0) return right((t) => t.jira.noneConfigured);
  const known = new Set((await port.listFields()).map(({ id }) => id));
  const missing = wanted.filter(({ id }) => !known.has(id));
  if (missing.length === 0) return right((t) => t.jira.fieldsExist(wanted.length));
  return wrong(
    (t) => t.jira.noField(missing.map(({ name, id }) => `${id} (${name})`).join(t.report.comma)),
    (t) => t.jira.correctCreateFields,
  );
}

async function checkSecurityLevels({ comments, jira }: DoctorSettings, port: DoctorJiraPort): Promise<Finding> {
  const unknown: string[] = [];
  for (const id of comments.allowSecurityLevels) {
    try {
      await port.countIssues(`project = "${jira.projectKey}" AND level = ${id}`);
    } catch (error) {
      if (!isServiceError(error, "rejected")) throw error;
      unknown.push(id);
    }
  }
  if (unknown.length === 0)
    return right(({ jira: t }) =>
      comments.allowSecurityLevels.length === 0 ? t.noLevels : t.levelsExist(comments.allowSecurityLevels.length),
    );
  return wrong(
    (t) => t.jira.unknownLevels(unknown.join(t.report.comma)),
    (t) => t.jira.correctLevels,
  );
}

async function checkAppAccounts({ comments }: DoctorSettings, port: DoctorJiraPort): Promise<Finding> {
  const unknown: string[] = [];
  const people: string[] = [];
  for (const accountId of comments.allowAppAccounts) {
    const user = await port.findUser(accountId);
    if (user === null) unknown.push(accountId);
    else if (user.accountType !== "app") people.push(accountId);
  }
  if (unknown.length > 0)
    return wrong(
      (t) => t.jira.unknownAccounts(unknown.join(t.report.comma)),
      (t) => t.jira.correctApps,
    );
  if (people.length > 0)
    return warn(
      (t) => t.jira.people(people.join(t.report.comma)),
      (t) => t.jira.removePeople,
    );
  return right(({ jira: t }) =>
    comments.allowAppAccounts.length === 0 ? t.noAppAccounts : t.appAccountsExist(comments.allowAppAccounts.length),
  );
}

async function checkPriorities({ priority }: DoctorSettings, port: DoctorJiraPort): Promise<Finding> {
  const known = await port.listPriorities();
  const names = new Set(known.flatMap(({ id, name }) => [id, name.toLowerCase()]));
  const missing = [...new Set(Object.values(priority))].filter((name) => !names.has(name.toLowerCase()));
  if (known.length === 0 && missing.length > 0) return warn((t) => t.jira.prioritiesHidden, null);
  if (missing.length === 0)
    return right(({ jira: t }) => (Object.keys(priority).length === 0 ? t.noPriorityMap : t.prioritiesExist));
  return wrong(
    (t) => t.jira.noPriority(missing.join(t.report.comma)),
    (t) => t.jira.correctPriorities(known.map(({ name }) => name).join(t.report.comma)),
  );
}

async function checkRequests({ create: { jql }, jira }: DoctorSettings, port: DoctorJiraPort): Promise<Finding> {
  let count: number;
  try {
    count = await port.countIssues(`project = "${jira.projectKey}" AND (${jql})`);
  } catch (error) {
    if (!isServiceError(error, "rejected")) throw error;
    return wrong(
      (t) => t.sheet.error(error),
      (t) => t.jira.correctJql,
    );
  }
  return right(({ jira: t }) => (count === 0 ? t.noRequests : t.requests(count)));
}
