/** From the refusal of a create to words that say what to mend. */
import { allowedText, fieldLabel, type ScreenField } from "../domain/create-screen.ts";
import { isServiceError, ServiceError } from "../domain/service-error.ts";
import { refusedFields, refusedText } from "./errors.ts";

const shownCharsMax = 200;

/**
 * The refusal of a create in words that say which field, what was given and what it takes. Fields that were not given by the
 * configuration keep to their names: their values are contents.
 */
export function explainRefusal(
  error: unknown,
  screen: readonly ScreenField[] | null,
  fieldValues: Readonly<Record<string, unknown>>,
): unknown {
  if (!isServiceError(error)) return error;
  const lines = refusedFields(error).map((fieldId) => {
    const field = screen?.find((one) => one.fieldId === fieldId) ?? null;
    const allowed = field === null ? null : allowedText(field);
    const said = refusedText(error, fieldId);
    return [
      field === null ? fieldId : fieldLabel(field),
      ...(said === null || said === "" ? [] : [`: ${said}`]),
      Object.hasOwn(fieldValues, fieldId) ? `; given: ${cut(JSON.stringify(fieldValues[fieldId]))}` : "",
      allowed === null ? "" : `; takes: ${allowed}`,
    ].join("");
  });
  const detail = `refused fields: ${lines.join(" | ")}`;
  return new ServiceError({ ...error.facts, detail }, { cause: error.cause });
}

function cut(text: string): string {
  return text.length <= shownCharsMax ? text : `${text.slice(0, shownCharsMax - 1).toWellFormed()}…`;
}
