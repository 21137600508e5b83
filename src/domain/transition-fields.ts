/** What a transition's screen asks for, filled from the configuration: by the flow, and by `doctor` when it foretells it. */
import type { Transition } from "./issue.ts";

/** By name or id of the status that is led to: values by name or id of a field. */
export type StatusFields = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * The values to send with a transition, by the ids of its fields, and the names of those that it demands and nothing fills: with any
 * of them it cannot be used. Fields that its screen does not show are left out, since Jira refuses them. Pure.
 */
export function fillTransition(
  transition: Transition,
  fields: StatusFields | undefined,
): { readonly fields: Readonly<Record<string, unknown>>; readonly missing: readonly string[] } {
  const { screen = [], requiredFields } = transition;
  const wanted = Object.entries(fields ?? {})
    .filter(([status]) => isStatus(transition, status))
    .flatMap(([, values]) => Object.entries(values));
  const filled = wanted.flatMap(([nameOrId, value]) => {
    const field =
      screen.find(({ fieldId }) => fieldId === nameOrId.trim()) ??
      screen.find(({ name }) => fold(name) === fold(nameOrId));
    return field === undefined ? [] : [{ ...field, value }];
  });
  return {
    fields: Object.fromEntries(filled.map(({ fieldId, value }) => [fieldId, value])),
    missing: requiredFields.filter((name) => filled.every((field) => field.name !== name)),
  };
}

function isStatus({ toStatusId, toStatusName }: Transition, nameOrId: string): boolean {
  return toStatusId === nameOrId.trim() || fold(toStatusName) === fold(nameOrId);
}

function fold(text: string): string {
  return text.trim().toLowerCase();
}
