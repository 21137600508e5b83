// Fields as lists, screens and transitions show them. Shapes: components.schemas of openapi-v3-subset.json.

import {
  FIELD_SCHEMAS,
  PRIORITIES,
  type ProjectDef,
  REQUEST_TYPE_FIELD,
  RESOLUTIONS,
  type ScreenFieldDef,
  SYSTEM_FIELDS,
  type TransitionDef,
} from "./catalog.ts";
import { isOffScreen, isPriorityOnScreen, type Screen } from "./fields.ts";
import {
  hasPermission,
  hasServiceDesk,
  listScreenDefs,
  listSiteDefs,
  localName,
  type Site,
  settingsOf,
} from "./site.ts";
import { categoryOf } from "./state.ts";
import type { IssueRecord } from "./types.ts";
import { viewIssueType, viewPriority, viewResolution, viewStatus } from "./views.ts";

type Json = Record<string, unknown>;

/** What every place says of a field. */
export interface FieldDetails {
  readonly id: string;
  readonly name: string;
  readonly schema: Json;
  readonly navigable: boolean;
}

/** All fields of the site. */
export function listFieldDetails(site: Site): FieldDetails[] {
  const system = SYSTEM_FIELDS.map(({ id, name, type, navigable }) => {
    const items = type === "array" ? { items: id === "labels" ? "string" : id } : {};
    return { id, name, navigable, schema: { type, system: id, ...items } };
  });
  const own = listSiteDefs(site).map((field) => {
    const { id, name } = field;
    return { id, name, navigable: true, schema: viewSchema(field) };
  });
  const type = { type: "sd-customerrequesttype", custom: "com.atlassian.servicedesk:vp-origin" };
  const schema = { ...type, customId: customIdOf(REQUEST_TYPE_FIELD) };
  const desk = { id: REQUEST_TYPE_FIELD, name: "Request Type", navigable: true, schema };
  return [...system, ...own, ...(hasServiceDesk(site) ? [desk] : [])];
}

function customIdOf(id: string): number {
  return Number(id.slice("customfield_".length));
}

function viewSchema({ id, kind }: ScreenFieldDef): Json {
  const { custom, ...type }: { type: string; items?: string; custom: string } = FIELD_SCHEMAS[kind];
  if (!id.startsWith("customfield_"))
    return { ...type, items: id === "components" ? "component" : type.items, system: id };
  return { ...type, custom: `com.atlassian.jira.plugin.system.customfieldtypes:${custom}`, customId: customIdOf(id) };
}

/** The values that a field takes, where it takes only some. */
function viewAllowed({ kind, options }: ScreenFieldDef): Json {
  if (options.length === 0) return {};
  return {
    allowedValues: options.map(({ id, value, children }) => ({
      id,
      ...(kind === "named" ? { name: value } : { value }),
      ...(children === undefined ? {} : { children }),
    })),
  };
}

/** A field of a screen; `more` says what is not as in most. */
function viewScreenField({ id, name, schema }: Omit<FieldDetails, "navigable">, more: Json): Json & { key: string } {
  return { required: false, schema, name, key: id, hasDefaultValue: false, operations: ["set"], ...more };
}

/** The fields of a create or edit screen. */
export function listScreenFields(
  site: Site,
  project: ProjectDef,
  screen: Screen,
): ReturnType<typeof viewScreenField>[] {
  const details = new Map(listFieldDetails(site).map((field) => [field.id, field]));
  const defs = listScreenDefs(site, project);
  const isCreate = screen === "create";
  const required = ["summary", "project", "issuetype", ...(isCreate ? settingsOf(site, project).requiredFields : [])];
  const ids = [
    ...["summary", "description", "labels", "assignee", "duedate", ...defs.map(({ id }) => id)],
    ...(isPriorityOnScreen(site, project) ? ["priority"] : []),
    ...(hasPermission(site, "MODIFY_REPORTER") ? ["reporter"] : []),
    ...(hasPermission(site, "SET_ISSUE_SECURITY") ? ["security"] : []),
    ...(isCreate ? ["project", "issuetype"] : []),
  ];
  const special: Readonly<Record<string, () => Json>> = {
    priority: () => ({ hasDefaultValue: true, allowedValues: PRIORITIES.map(({ id }) => viewPriority(site, id)) }),
    issuetype: () => ({ allowedValues: project.issueTypeIds.map((type) => viewIssueType(site, type)) }),
    labels: () => ({ operations: ["add", "set", "remove"] }),
  };
  return ids
    .filter((id) => !isOffScreen(site, project, screen, id))
    .map((id) => {
      const own = defs.find((field) => field.id === id);
      return viewScreenField(details.get(id) ?? { id, name: id, schema: { type: "any" } }, {
        required: required.includes(id),
        ...(isCreate ? { fieldId: id } : {}),
        ...special[id]?.(),
        ...(own === undefined ? {} : viewAllowed(own)),
      });
    });
}

/** Transitions that lead away from an issue's status now (jira.md 3.3). */
export function listTransitions(site: Site, issue: IssueRecord): readonly TransitionDef[] {
  if (!hasPermission(site, "TRANSITION_ISSUES")) return [];
  const all: readonly TransitionDef[] = site.state.projectOf(issue).workflow.transitions;
  return all.filter(({ id, from, to }) => {
    if (site.settings.hiddenTransitions.includes(id)) return false;
    return from === null ? to !== issue.statusId : from.includes(issue.statusId);
  });
}

/** Whether a transition demands a resolution. */
export function needsResolution(site: Site, project: ProjectDef, { to }: TransitionDef): boolean {
  return settingsOf(site, project).doneRequiresResolution && categoryOf(to) === "done";
}

/** The fields of a transition's screen that it demands besides the resolution. */
export function neededFields(site: Site, project: ProjectDef, { to }: TransitionDef): readonly ScreenFieldDef[] {
  if (categoryOf(to) !== "done") return [];
  const { doneRequiresFields } = settingsOf(site, project);
  return listScreenDefs(site, project).filter(({ id }) => doneRequiresFields.includes(id));
}

/** A transition, with its screen's fields when asked. */
export function viewTransition(site: Site, project: ProjectDef, transition: TransitionDef, withFields: boolean): Json {
  const toDone = categoryOf(transition.to) === "done";
  const schema = { type: "resolution", system: "resolution" };
  const resolution = viewScreenField(
    { id: "resolution", name: "Resolution", schema },
    {
      required: needsResolution(site, project, transition),
      allowedValues: RESOLUTIONS.map(({ id }) => viewResolution(site, id)),
    },
  );
  const needed = neededFields(site, project, transition).map((field) =>
    viewScreenField({ ...field, schema: viewSchema(field) }, { required: true, ...viewAllowed(field) }),
  );
  const shown = toDone ? [resolution, ...needed] : [];
  return {
    id: transition.id,
    name: localName(site, transition.name),
    to: viewStatus(site, transition.to),
    hasScreen: toDone,
    isGlobal: transition.from === null,
    isInitial: false,
    isAvailable: true,
    isConditional: false,
    isLooped: false,
    ...(withFields ? { fields: Object.fromEntries(shown.map((field) => [field.key, field])) } : {}),
  };
}
