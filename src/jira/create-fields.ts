/** Further fields of a create: from the names of the configuration to ids, and from a refusal to words that say what to mend. */
import { allowedText, fieldLabel, fieldProblem, findScreenField, type ScreenField } from "../domain/create-screen.ts";
import { isServiceError, ServiceError } from "../domain/service-error.ts";
import { refusedFields, refusedText } from "./errors.ts";

/** What Jira calls a field that an administrator made. */
const customId = /^customfield_\d+$/;
/** Without a screen to look at, what may be an id is taken for one. */
const anyId = /^[A-Za-z][A-Za-z0-9_]*$/;
const shownCharsMax = 200;

/**
 * Values by the ids of their fields. `problems`: what no field could be found for. A screen that is not told, or does not list a custom
 * field named by its id, leaves the judgement to Jira. Pure.
 */
export function toFieldValues(
  screen: readonly ScreenField[] | null,
  wanted: Readonly<Record<string, unknown>>,
): { readonly values: Readonly<Record<string, unknown>>; readonly problems: readonly string[] } {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [nameOrId, value] of Object.entries(wanted)) {
    const found = screen === null ? null : findScreenField(screen, nameOrId);
    if (found?.kind === "one") values[found.field.fieldId] = value;
    else if (customId.test(nameOrId) || (screen === null && anyId.test(nameOrId))) values[nameOrId] = value;
    else
      problems.push(
        screen === null
          ? `${nameOrId} cannot be found, since Jira does not tell the fields of the create screen`
          : (fieldProblem(screen, nameOrId) ?? nameOrId),
      );
  }
  return { values, problems };
}

/**
 * The refusal of a create in words that say which field, what was given and what it takes. Fields that were not given by the
 * configuration keep to their names: their values are contents.
 */
export function explainRefusal(
  error: unknown,
  screen: readonly ScreenField[] | null,
  given: Readonly<Record<string, unknown>>,
): unknown {
  if (!isServiceError(error)) return error;
  const lines = refusedFields(error).map((fieldId) => {
    const field = screen?.find((one) => one.fieldId === fieldId) ?? null;
    const allowed = field === null ? null : allowedText(field);
    const said = refusedText(error, fieldId);
    return [
      field === null ? fieldId : fieldLabel(field),
      ...(said === null || said === "" ? [] : [`: ${said}`]),
      Object.hasOwn(given, fieldId) ? `; given: ${cut(JSON.stringify(given[fieldId]))}` : "",
      allowed === null ? "" : `; takes: ${allowed}`,
    ].join("");
  });
  const detail = `refused fields: ${lines.join(" | ")}`;
  return new ServiceError({ ...error.facts, detail }, { cause: error.cause });
}

function cut(text: string): string {
  return text.length <= shownCharsMax ? text : `${text.slice(0, shownCharsMax - 1).toWellFormed()}…`;
}
