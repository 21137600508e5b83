/**
 * What of a new issue is set when it is made, and what by an edit afterwards: many create screens lack a field that the edit screens have,
 * and a create that names such a field is refused as a whole (jira.md 3.3).
 */
import { fieldProblem, findScreenField, type ScreenField, toNamedValue } from "../domain/create-screen.ts";
import { unlessRefused } from "../domain/steps.ts";
import type { NamedId } from "../sync/ports.ts";
import { plainToBlocks } from "./adf/from-plain.ts";
import { doc } from "./adf/nodes.ts";
import type { IssueDeps } from "./issue-deps.ts";
import type { CallContext } from "./transport.ts";

/** Fields that casebridge fills where a screen has them. */
const softFields = ["description", "labels", "priority", "assignee"] as const;
/** What Jira calls a field that an administrator made. */
const customId = /^customfield_\d+$/;
/** Without a screen to look at, what may be an id is taken for one. */
const anyId = /^[A-Za-z][A-Za-z0-9_]*$/;

/** Values by the ids of their fields: `now` at the create, `later` by an edit. `problems`: names that mean no field. */
export type FieldValues = {
  readonly now: Readonly<Record<string, unknown>>;
  readonly later: Readonly<Record<string, unknown>>;
  readonly problems: readonly string[];
};

/**
 * Sorts the fields of the configuration. `known`: all fields of the site, `null` = not told or not looked at. A screen that is not told
 * leaves the judgement of ids to Jira, as does a custom field that the site does not list. Pure.
 */
export function toFieldValues(
  screen: readonly ScreenField[] | null,
  wanted: Readonly<Record<string, unknown>>,
  known: readonly NamedId[] | null,
): FieldValues {
  const now: Record<string, unknown> = {};
  const later: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [nameOrId, value] of Object.entries(wanted)) {
    const found = screen === null ? null : findScreenField(screen, nameOrId);
    const elsewhere = found?.kind === "none" ? findSiteField(known ?? [], nameOrId) : null;
    if (found?.kind === "one") now[found.field.fieldId] = toWireValue(found.field, value);
    else if (elsewhere !== null) later[elsewhere.id] = value;
    else if (customId.test(nameOrId) || (screen === null && anyId.test(nameOrId))) now[nameOrId] = value;
    else
      problems.push(
        screen === null
          ? `${nameOrId} cannot be found, since Jira does not tell the fields of the create screen`
          : (fieldProblem(screen, nameOrId) ?? nameOrId),
      );
  }
  return { now, later, problems };
}

function toWireValue(field: ScreenField, value: unknown): unknown {
  if (field.isRichText === true && typeof value === "string") return doc(plainToBlocks(value));
  return toNamedValue(field, value);
}

/** The field of the site with this id, else the only one with this name, capitals aside; `null` where it is none, or not certain. Pure. */
export function findSiteField(known: readonly NamedId[], nameOrId: string): NamedId | null {
  const wanted = nameOrId.trim();
  const byId = known.find(({ id }) => id === wanted);
  if (byId !== undefined) return byId;
  const [only, ...others] = known.filter(({ name }) => name.trim().toLowerCase() === wanted.toLowerCase());
  return only !== undefined && others.length === 0 ? only : null;
}

/** Fields of casebridge's own that the screen lacks; none where the screen is not told. Pure. */
export function absentFields(screen: readonly ScreenField[] | null): readonly (typeof softFields)[number][] {
  if (screen === null) return [];
  return softFields.filter((id) => screen.every(({ fieldId }) => fieldId !== id));
}

/** The create screen of a type, `null` where Jira does not tell it; and, where it lacks a field of the configuration, all fields of the site. */
export async function readForm(
  deps: IssueDeps,
  call: CallContext,
  issueTypeId: string | null,
  wanted: Readonly<Record<string, unknown>>,
): Promise<{ readonly screen: readonly ScreenField[] | null; readonly values: FieldValues }> {
  const { directory, log } = deps;
  const screen =
    issueTypeId === null
      ? null
      : await unlessRefused(log, "create screen", () => directory.createFields(call, issueTypeId));
  const lacks = screen !== null && Object.keys(wanted).some((name) => findScreenField(screen, name).kind === "none");
  const known = lacks ? await unlessRefused(log, "fields", () => directory.siteFields(call)) : null;
  return { screen, values: toFieldValues(screen, wanted, known) };
}
