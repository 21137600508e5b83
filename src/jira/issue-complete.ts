/**
 * Sets by an edit what the create screen of an issue lacks. Nothing that anybody has changed since is touched, so that it may be repeated: a
 * worker may have died between the edit and the note of it.
 */
import { isDeepStrictEqual } from "node:util";
import { fieldLabel, type ScreenField } from "../domain/create-screen.ts";
import type { IssueId } from "../domain/ids.ts";
import type { Lane } from "../domain/lane.ts";
import { findByNameOrId } from "../domain/named-id.ts";
import { isServiceError } from "../domain/service-error.ts";
import { unlessRefused } from "../domain/steps.ts";
import type { NamedId, NewIssue, StampedIssue, UnsetField } from "../sync/ports.ts";
import { toAdfDocument } from "./adf-document.ts";
import { toScreenField } from "./directory.ts";
import { refusedFields, refusedText } from "./errors.ts";
import { findAssignee, findIssueType, withLabels } from "./issue-create.ts";
import type { IssueDeps } from "./issue-deps.ts";
import { absentFields, readForm, toFieldValues } from "./issue-form.ts";
import { listChanges } from "./issue-moves.ts";
import { searchStamps } from "./issue-search.ts";
import { newIssuesJql } from "./jql.ts";
import { inOrder } from "./mapping.ts";
import { type CallContext, checkedSegment } from "./transport.ts";
import { editableIssueSchema } from "./wire.ts";

/** `JiraPort.completeIssue`. */
export async function completeIssue(
  deps: IssueDeps,
  issueId: IssueId,
  input: NewIssue,
  left: readonly string[] | null,
  lane: Lane,
): Promise<{ readonly edited: boolean; readonly unset: readonly UnsetField[] }> {
  const call: CallContext = { operation: "completeIssue", effect: "write", lane, issueId };
  const read: CallContext = { ...call, effect: "read" };
  const wire = await deps.transport.client(read).sendRequest({
    url: `/rest/api/3/issue/${checkedSegment(read, issueId)}`,
    searchParams: { fields: "*all,-comment", expand: "editmeta,changelog" },
    schema: editableIssueSchema,
  });
  const { changelog } = wire;
  const isWhole = changelog != null && changelog.histories.length >= changelog.total;
  const changes = isWhole ? inOrder(changelog.histories) : await listChanges(deps, issueId, lane);
  const touched = new Set(changes.map(({ field }) => field));
  const screen = Object.entries(wire.editmeta.fields).map(([fieldId, field]) => toScreenField(fieldId, field));
  const known = (await unlessRefused(deps.log, "fields", () => deps.directory.siteFields(read))) ?? [];
  const wanted = await valuesOf(deps, read, input, { screen, known });
  const shown = toTexts(wire.fields.labels);
  const missing = Object.entries(wanted).filter(
    ([fieldId, value]) =>
      (left === null || left.includes(fieldId)) &&
      (fieldId === "labels"
        ? toTexts(value).some((label) => !shown.includes(label))
        : !touched.has(fieldId) && isLacking(wire.fields[fieldId], value, left === null && fieldId !== "priority")),
  );
  const unset: UnsetField[] = [];
  const labelOf = (fieldId: string): string =>
    fieldLabel({ fieldId, name: known.find(({ id }) => id === fieldId)?.name ?? fieldId });
  const settable = new Map(missing.filter(([fieldId]) => screen.some((field) => field.fieldId === fieldId)));
  for (const [fieldId] of missing)
    if (!settable.has(fieldId)) unset.push({ fieldId, label: labelOf(fieldId), reason: null });
  for (;;) {
    if (settable.size === 0) return { edited: false, unset };
    try {
      await edit(deps, call, issueId, settable);
      return { edited: true, unset };
    } catch (error) {
      if (!isServiceError(error, "rejected", "forbidden") || error.facts.outcomeUnknown) throw error;
      const named = refusedFields(error).filter((fieldId) => settable.has(fieldId));
      for (const fieldId of named.length === 0 ? [...settable.keys()] : named) {
        const reason = refusedText(error, fieldId) ?? error.facts.detail;
        unset.push({ fieldId, label: labelOf(fieldId), reason });
        settable.delete(fieldId);
      }
    }
  }
}

/** `JiraPort.listUnlabelled`. */
export async function listUnlabelled(
  deps: IssueDeps,
  { minutes, issueType }: { readonly minutes: number; readonly issueType: string | null },
  lane: Lane,
): Promise<readonly StampedIssue[]> {
  const call: CallContext = { operation: "listUnlabelled", effect: "read", lane };
  const type = await findIssueType(deps, call, issueType ?? deps.options.issueType);
  const { screen } = await readForm(deps, call, type?.id ?? null, {});
  if (!absentFields(screen).includes("labels")) return [];
  const { accountId } = await deps.directory.myself(call);
  return searchStamps(
    deps,
    call,
    newIssuesJql(deps.options.projectKey, accountId, minutes),
    ({ stamp }) => stamp !== null,
  );
}

/** All that the issue should have, by the ids of the fields. */
async function valuesOf(
  deps: IssueDeps,
  call: CallContext,
  input: NewIssue,
  { screen, known }: { readonly screen: readonly ScreenField[]; readonly known: readonly NamedId[] },
) {
  const { now, later } = toFieldValues(screen, input.fields ?? {}, known);
  const { labels, ...fieldValues }: Readonly<Record<string, unknown>> = { ...later, ...now };
  const assignee = await findAssignee(deps, call, input.assignee ?? null);
  const allowed = screen.find(({ fieldId }) => fieldId === "priority")?.allowed ?? [];
  const found = input.priority === null ? null : findByNameOrId(allowed, input.priority);
  const isShown = screen.some(({ fieldId }) => fieldId === "priority");
  return {
    description: toAdfDocument(call, input.descriptionAdf),
    labels: withLabels(input.labels, labels),
    ...(found === null ? {} : { priority: { id: found.id } }),
    // Told as one that cannot be set.
    ...(isShown || input.priority === null ? {} : { priority: { name: input.priority } }),
    ...(assignee === null ? {} : { assignee }),
    ...fieldValues,
  } as Readonly<Record<string, unknown>>;
}

async function edit(deps: IssueDeps, call: CallContext, issueId: IssueId, values: ReadonlyMap<string, unknown>) {
  const { labels, ...fields } = Object.fromEntries(values) as Readonly<Record<string, unknown>>;
  const add = toTexts(labels).map((label) => ({ add: label }));
  const body = {
    ...(Object.keys(fields).length === 0 ? {} : { fields }),
    ...(add.length === 0 ? {} : { update: { labels: add } }),
  };
  const url = `/rest/api/3/issue/${checkedSegment(call, issueId)}`;
  await deps.transport.client(call).sendRequest({ url, method: "PUT", body });
}

/** Whether the value is still to be set. `whenEmpty`: only where nothing stands, since it may have been set at the create. */
function isLacking(shown: unknown, value: unknown, whenEmpty: boolean): boolean {
  if (!whenEmpty) return !isSame(shown, value);
  return shown == null || shown === "" || (Array.isArray(shown) && shown.length === 0);
}

/** Whether a field shows a value already: the same, or all that the value names, since Jira shows more of it than it takes. */
function isSame(shown: unknown, value: unknown): boolean {
  if (Array.isArray(value))
    return Array.isArray(shown) && shown.length === value.length && value.every((one, at) => isSame(shown[at], one));
  if (typeof value !== "object" || value === null || typeof shown !== "object" || shown === null)
    return isDeepStrictEqual(shown ?? null, value);
  return Object.entries(value).every(([name, member]) => isSame((shown as Record<string, unknown>)[name], member));
}

function toTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
