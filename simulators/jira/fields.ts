// Setting fields: which field takes which shape, with Jira's words for what is wrong. Sources: jira.md 3.3 and 4;
// texts of the messages as seen in public bug reports, so Assumed: their exact wording.

import { adfStrings, adfToText, findAdfProblem, isAdf } from "./adf.ts";
import {
  type FieldOption,
  ISSUE_TYPES,
  PRIORITIES,
  type ProjectDef,
  REQUEST_TYPE_FIELD,
  RESOLUTIONS,
  type ScreenFieldDef,
  SECURITY_LEVELS,
} from "./catalog.ts";
import { fieldErrors } from "./http.ts";
import { hasPermission, hasServiceDesk, listScreenDefs, localName, type Site, settingsOf } from "./site.ts";
import type { IssuePatch } from "./state-core.ts";
import type { Adf, IssueRecord } from "./types.ts";

/** What Jira says of a field that a screen lacks, after its name. */
export const NOT_ON_SCREEN = "cannot be set. It is not on the appropriate screen, or unknown.";

/** Why Jira refuses a text because of its characters, or null. */
function findCharacterProblem(site: Site, text: string): string | null {
  const mode = site.settings.refuseControlCharacters;
  const bad = mode === "nul" ? /\u0000/ : mode === "control" ? /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/ : null;
  return bad?.test(text) === true ? "The text contains characters that are not allowed." : null;
}

/** Whether a media node names a file that is no attachment of the site: Jira knows files by media id (jira.md 4). */
function namesUnknownFile(site: Site, node: unknown): boolean {
  if (Array.isArray(node)) return node.some((child) => namesUnknownFile(site, child));
  if (typeof node !== "object" || node === null) return false;
  const { type, attrs, content } = node as {
    type?: unknown;
    attrs?: { type?: unknown; id?: unknown };
    content?: unknown;
  };
  if ((type === "media" || type === "mediaInline") && attrs?.type !== "external") {
    return typeof attrs?.id !== "string" || !site.state.hasMedia(attrs.id);
  }
  return namesUnknownFile(site, content);
}

/** Checks rich text of a field or comment (`name`). Throws 400 in Jira's words. */
export function requireAdf(site: Site, name: string, value: unknown): Adf {
  const refuse = (text: string) => fieldErrors({ [name]: text });
  if (typeof value === "string" && name === "comment") throw refuse("Comment body is not valid!");
  if (typeof value === "string")
    throw refuse("Operation value must be an Atlassian Document (see the Atlassian Document Format)");
  const problem = findAdfProblem(value);
  if (problem !== null || !isAdf(value)) throw refuse(`INVALID_INPUT: ${problem}`);
  const { textLimit, textLimitCounts } = site.settings;
  const limit = textLimit.toLocaleString("en-US");
  if ((textLimitCounts === "text" ? adfToText(value) : JSON.stringify(value)).length > textLimit)
    throw refuse(`The entered text is too long. It exceeds the allowed limit of ${limit} characters.`);
  if (namesUnknownFile(site, value)) throw refuse("ATTACHMENT_VALIDATION_ERROR");
  for (const text of adfStrings(value)) {
    const bad = findCharacterProblem(site, text);
    if (bad !== null) throw refuse(bad);
  }
  return value;
}

/** Checks one label of a field (`name`). */
export function requireLabel(value: unknown, name = "labels"): string {
  if (typeof value !== "string" || value.length === 0) throw fieldErrors({ [name]: "The label must be a string." });
  if (/\s/.test(value)) throw fieldErrors({ [name]: `The label '${value}' contains spaces which is invalid.` });
  if (value.length > 255)
    throw fieldErrors({ [name]: `The label '${value}' exceeds the maximum length of 255 characters.` });
  return value;
}

function requireSummary(site: Site, value: unknown): string {
  const refuse = (summary: string) => fieldErrors({ summary });
  if (typeof value !== "string") throw refuse("Operation value must be a string");
  if (value.trim().length === 0) throw refuse("You must specify a summary of the issue.");
  if (/[\r\n]/.test(value)) throw refuse("The summary is invalid because it contains newline characters.");
  if (value.length > 255) throw refuse("Summary must be less than 255 characters.");
  const bad = findCharacterProblem(site, value);
  if (bad !== null) throw refuse(bad);
  return value;
}

function readRef(value: unknown): { id?: string; name?: string } | null {
  if (typeof value !== "object" || value === null) return null;
  const { id, name } = value as { id?: unknown; name?: unknown };
  return { ...(typeof id === "string" ? { id } : {}), ...(typeof name === "string" ? { name } : {}) };
}

type NamedItem = { readonly id: string; readonly name: { readonly en: string; readonly zh: string } };

function findRef<T extends NamedItem>(site: Site, items: readonly T[], value: unknown): T | null {
  const ref = readRef(value);
  const isMeant = (item: T): boolean =>
    ref?.id === undefined ? localName(site, item.name) === ref?.name : item.id === ref.id;
  return items.find(isMeant) ?? null;
}

/** Finds an issue type of a project from `{ id }` or `{ name }` (in the account's language). */
export function findIssueType(site: Site, project: ProjectDef, value: unknown): string | null {
  const own = ISSUE_TYPES.filter(({ id }) => project.issueTypeIds.includes(id));
  return findRef(site, own, value)?.id ?? null;
}

/** Finds the project of `{ id }` or `{ key }`. */
export function findProject(site: Site, value: unknown): ProjectDef | null {
  if (typeof value !== "object" || value === null) return null;
  const { id, key } = value as { id?: unknown; key?: unknown };
  return site.state.findProject(String(id ?? key));
}

/** Finds a resolution from `{ id }` or `{ name }`. */
export function findResolution(site: Site, value: unknown): string | null {
  return findRef(site, RESOLUTIONS, value)?.id ?? null;
}

function requireUser(site: Site, name: string, value: unknown): string | null {
  if (value === null) return null;
  if (typeof value === "object") {
    const { accountId, id } = value as { accountId?: unknown; id?: unknown };
    const wanted = accountId ?? id;
    if (wanted === null) return null;
    const account = site.state.accounts.find((candidate) => candidate.accountId === wanted);
    if (account !== undefined) return account.accountId;
  }
  throw fieldErrors({ [name]: `Specify a valid value for ${name}` });
}

/** The value of one of the screens' own fields. Throws 400 in Jira's words. */
export function parseCustom(site: Site, field: ScreenFieldDef, value: unknown): unknown {
  const refuse = (text: string): never => {
    throw fieldErrors({ [field.id]: text });
  };
  const list = (parse: (item: unknown) => unknown): unknown[] =>
    Array.isArray(value) ? value.map(parse) : refuse("data was not an array");
  const text = (): string => (typeof value === "string" ? value : refuse("Operation value must be a string"));
  if (value === null) return null;
  switch (field.kind) {
    case "adf":
      return requireAdf(site, field.id, value);
    case "string":
      return text().length > 255 ? refuse("The entered text is too long.") : value;
    case "number":
      return typeof value === "number" ? value : refuse("Operation value must be a number");
    case "date":
      return /^\d{4}-\d{2}-\d{2}$/.test(text()) ? value : refuse("Error parsing date string");
    case "datetime":
      return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}([+-]\d{4}|Z)$/.test(text())
        ? value
        : refuse("Error parsing time");
    case "option":
      return viewOption(site, findOption(field, field.options, value));
    case "options":
      return list((item) => viewOption(site, findOption(field, field.options, item)));
    case "cascade": {
      const parent = findOption(field, field.options, value);
      const { child } = value as { child?: unknown };
      if (child === undefined || child === null) return viewOption(site, parent);
      return { ...viewOption(site, parent), child: viewOption(site, findOption(field, parent.children ?? [], child)) };
    }
    case "user":
      return { accountId: requireUser(site, field.id, value) };
    case "users":
      return list((item) => ({ accountId: requireUser(site, field.id, item) }));
    case "labels":
      return list((item) => requireLabel(item, field.id));
    case "named":
      return list((item) => {
        const ref = readRef(item) ?? refuse("expected 'id' or 'name' property as a string");
        const found = field.options.find(({ id, value: name }) =>
          ref.id === undefined ? name === ref.name : id === ref.id,
        );
        if (found === undefined) return refuse(`${field.name} name '${ref.name ?? ref.id ?? ""}' is not valid`);
        return { id: found.id, name: found.value };
      });
  }
}

/** An option by `{ id }` or `{ value }`; nothing else is taken for one. */
function findOption(field: ScreenFieldDef, options: readonly FieldOption[], value: unknown): FieldOption {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw fieldErrors({ [field.id]: `Specify a valid 'id' or 'name' for ${field.name}` });
  }
  const { id, value: name } = value as { id?: unknown; value?: unknown };
  const option = options.find((candidate) => (id === undefined ? candidate.value === name : candidate.id === id));
  if (option === undefined) throw fieldErrors({ [field.id]: `Option id '${String(id ?? name)}' is not valid` });
  return option;
}

function viewOption(site: Site, { id, value }: FieldOption): Record<string, unknown> {
  return { self: `${site.baseUrl()}/rest/api/3/customFieldOption/${id}`, value, id };
}

/** Assumed: the id of a request type of the project, as text (jira.md 6 gives no example). */
function parseRequestType(site: Site, project: ProjectDef, value: unknown): unknown {
  if (value === null) return null;
  const type = settingsOf(site, project).requestTypes.find(({ id }) => id === value);
  if (project.projectTypeKey !== "service_desk" || type === undefined)
    throw fieldErrors({ [REQUEST_TYPE_FIELD]: "The specified request type is invalid for this project." });
  return { requestType: { id: type.id, name: type.name, issueTypeId: type.issueTypeId } };
}

/** Whether priority may be set in a project. */
export function isPriorityOnScreen(site: Site, project: ProjectDef): boolean {
  return site.settings.priorityOnScreen[project.key] ?? site.settings.priorityOnScreen.default ?? true;
}

type Setter = (site: Site, project: ProjectDef, value: unknown) => IssuePatch;

/** Fields that only some accounts may set, and others that a site can keep off its screens. */
const GUARDS: Readonly<Record<string, (site: Site, project: ProjectDef) => boolean>> = {
  priority: isPriorityOnScreen,
  assignee: (site) => hasPermission(site, "ASSIGN_ISSUES"),
  reporter: (site) => hasPermission(site, "MODIFY_REPORTER"),
  security: (site) => hasPermission(site, "SET_ISSUE_SECURITY"),
};

const SETTERS: Readonly<Record<string, Setter>> = {
  summary: (site, _project, value) => ({ summary: requireSummary(site, value) }),
  description: (site, _project, value) => ({
    description: value === null ? null : requireAdf(site, "description", value),
  }),
  labels: (_site, _project, value) => {
    if (!Array.isArray(value)) throw fieldErrors({ labels: "data was not an array" });
    return { labels: [...new Set(value.map((label) => requireLabel(label)))] };
  },
  priority: (site, _project, value) => {
    const priority = findRef(site, PRIORITIES, value);
    if (priority === null) throw fieldErrors({ priority: "The priority selected is invalid." });
    return { priorityId: priority.id };
  },
  assignee: (site, _project, value) => ({ assigneeId: requireUser(site, "assignee", value) }),
  reporter: (site, _project, value) => {
    const reporterId = requireUser(site, "reporter", value);
    if (reporterId === null) throw fieldErrors({ reporter: "Reporter is required." });
    return { reporterId };
  },
  security: (_site, _project, value) => {
    const id = readRef(value)?.id ?? null;
    if (value !== null && !SECURITY_LEVELS.some((level) => level.id === id))
      throw fieldErrors({ security: "The security level is invalid." });
    return { securityLevelId: id };
  },
  duedate: (_site, _project, value) => {
    if (value !== null && (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(value)))
      throw fieldErrors({ duedate: "Error parsing date string" });
    return { dueDate: value };
  },
  issuetype: (site, project, value) => {
    const issueTypeId = findIssueType(site, project, value);
    if (issueTypeId === null) throw fieldErrors({ issuetype: "Specify a valid issue type" });
    return { issueTypeId };
  },
};

/** The screen on which fields are set. */
export type Screen = "create" | "edit";

/** Whether a screen of the project lacks a field that it would have by itself. */
export function isOffScreen(site: Site, project: ProjectDef, screen: Screen, id: string): boolean {
  const { fieldsOffScreen, fieldsOffCreateScreen } = settingsOf(site, project);
  return fieldsOffScreen.includes(id) || (screen === "create" && fieldsOffCreateScreen.includes(id));
}

/** Where fields are set, and what the issue's own fields hold before. */
export interface Place {
  readonly project: ProjectDef;
  readonly screen: Screen;
}

/** Reads `fields` into a patch. Throws one 400 that names every wrong field (jira.md 3.3). */
export function parseFields(
  site: Site,
  { project, screen }: Place,
  fields: Readonly<Record<string, unknown>>,
  before: Readonly<Record<string, unknown>>,
): IssuePatch {
  let patch: IssuePatch = {};
  const errors: Record<string, string> = {};
  let customFields = before;
  for (const [name, value] of Object.entries(fields)) {
    try {
      const own = listScreenDefs(site, project).find((field) => field.id === name);
      const setter = Object.hasOwn(SETTERS, name) ? SETTERS[name] : undefined;
      const isGuarded = Object.hasOwn(GUARDS, name) && GUARDS[name]?.(site, project) === false;
      const isRequestType = name === REQUEST_TYPE_FIELD && hasServiceDesk(site);
      if (isOffScreen(site, project, screen, name) || isGuarded) errors[name] = `Field '${name}' ${NOT_ON_SCREEN}`;
      else if (isRequestType) customFields = { ...customFields, [name]: parseRequestType(site, project, value) };
      else if (own !== undefined) customFields = { ...customFields, [name]: parseCustom(site, own, value) };
      else if (setter !== undefined) patch = { ...patch, ...setter(site, project, value) };
      else errors[name] = `Field '${name}' ${NOT_ON_SCREEN}`;
    } catch (error) {
      Object.assign(errors, readErrors(error));
    }
  }
  if (Object.keys(errors).length > 0) throw fieldErrors(errors);
  return customFields === before ? patch : { ...patch, customFields };
}

function readErrors(error: unknown): Record<string, string> {
  if (error instanceof Error && "body" in error) {
    return (error.body as { errors?: Record<string, string> }).errors ?? {};
  }
  throw error;
}

/** Applies `update` operations (labels and `set` of any field). Throws 400 for what Jira does not know. */
export function applyUpdate(
  site: Site,
  place: Place,
  record: Pick<IssueRecord, "labels" | "customFields">,
  update: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>,
): IssuePatch {
  let patch: IssuePatch = {};
  for (const [name, operations] of Object.entries(update)) {
    if (isOffScreen(site, place.project, place.screen, name))
      throw fieldErrors({ [name]: `Field '${name}' ${NOT_ON_SCREEN}` });
    let labels = [...record.labels];
    for (const operation of operations) {
      const verbs = Object.keys(operation);
      const [verb] = verbs;
      if (verbs.length !== 1 || verb === undefined) throw fieldErrors({ [name]: "Specify exactly one operation" });
      if (name === "labels" && verb === "add") labels = [...new Set([...labels, requireLabel(operation.add)])];
      else if (name === "labels" && verb === "remove") labels = labels.filter((label) => label !== operation.remove);
      else if (verb === "set") {
        const set = parseFields(site, place, { [name]: operation.set }, patch.customFields ?? record.customFields);
        patch = { ...patch, ...set };
        if (set.labels !== undefined) labels = [...set.labels];
      } else throw fieldErrors({ [name]: `The operation '${verb}' is not supported for this field.` });
    }
    if (name === "labels") patch = { ...patch, labels };
  }
  return patch;
}
