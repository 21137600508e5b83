/** Makes an issue: names become ids, the create screen tells what may be sent. */

import { isDeepStrictEqual } from "node:util";
import type { ScreenField } from "../domain/create-screen.ts";
import { type IssueId, type IssueKey, toId } from "../domain/ids.ts";
import type { Lane } from "../domain/lane.ts";
import { findByNameOrId } from "../domain/named-id.ts";
import { isServiceError } from "../domain/service-error.ts";
import { unlessRefused } from "../domain/steps.ts";
import { cutChars, toPlainText } from "../domain/text/sanitize.ts";
import { toServiceTime } from "../lib/service-clock.ts";
import type { NewIssue } from "../sync/ports.ts";
import { toAdfDocument } from "./adf-document.ts";
import { explainRefusal } from "./create-refusal.ts";
import { refusedFields, refusedLocally } from "./errors.ts";
import type { IssueDeps } from "./issue-deps.ts";
import { absentFields, type FieldValues, readForm } from "./issue-form.ts";
import { propertyKey } from "./mapping.ts";
import { findRequestType } from "./request-types.ts";
import type { CallContext } from "./transport.ts";
import { createdIssueSchema } from "./wire.ts";

const summaryCharsMax = 255;

/** What a create sends, and what is left for an edit. */
type Form = {
  /** All fields but the priority, which Jira may refuse on its own. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly priority: { readonly id: string } | { readonly name: string } | null;
  /** Values that the configuration gives, by the ids of their fields. */
  readonly fieldValues: Readonly<Record<string, unknown>>;
  readonly screen: readonly ScreenField[] | null;
  /** Ids of fields that the create screen lacks. */
  readonly left: readonly string[];
};

/** `JiraPort.createIssue`. */
export async function createIssue(deps: IssueDeps, input: NewIssue, lane: Lane) {
  const call: CallContext = { operation: "createIssue", effect: "write", lane };
  const form = await makeForm(deps, call, input);
  const { created, left } = await sendForm(deps, call, input, form).catch(async (error: unknown) => {
    if (refusedFields(error).length === 0) throw error;
    // What is known of the project and its screens may be out of date. A refused create made nothing (jira.md 3.3).
    deps.directory.forget();
    const now = await makeForm(deps, call, input);
    if (isDeepStrictEqual(now.fields, form.fields)) throw explainRefusal(error, now.screen, now.fieldValues);
    return sendForm(deps, call, input, now).catch((again: unknown) => {
      throw refusedFields(again).length === 0 ? again : explainRefusal(again, now.screen, now.fieldValues);
    });
  });
  deps.transport.noteIssue(created.id, toServiceTime(deps.clock.now(), deps.serviceClock.aheadMs()));
  return { issueId: toId<IssueId>(created.id), issueKey: toId<IssueKey>(created.key), left };
}

/** `JiraPort.listLeftFields`. */
export async function listLeftFields(deps: IssueDeps, input: NewIssue, lane: Lane): Promise<readonly string[]> {
  const call: CallContext = { operation: "listLeftFields", effect: "read", lane };
  const issueType = await findIssueType(deps, call, input.issueType ?? deps.options.issueType);
  const { screen, values } = await readForm(deps, call, issueType?.id ?? null, input.fields ?? {});
  return leftOf(input, screen, values);
}

/** Names become ids, the create screen tells what may be sent. Throws `rejected` for a name that means nothing. */
async function makeForm(deps: IssueDeps, call: CallContext, input: NewIssue): Promise<Form> {
  const typeName = input.issueType ?? deps.options.issueType;
  // Ids are certain whatever the account's language; where a look-up is refused, the names are all there is.
  const [project, issueType] = await Promise.all([
    unlessRefused(deps.log, "project", () => deps.directory.project(call)),
    findIssueType(deps, call, typeName),
  ]);
  const { screen, values } = await readForm(deps, call, issueType?.id ?? null, input.fields ?? {});
  const requestType =
    (input.requestType ?? null) === null
      ? null
      : await findRequestType(deps.directory.requestTypes, call, { nameOrId: input.requestType ?? "", screen });
  const wrongType = requestType !== null && "problem" in requestType ? [requestType.problem] : [];
  const problems = [...values.problems, ...wrongType];
  if (problems.length > 0) {
    // Somebody may mend the screen meanwhile.
    deps.directory.forget();
    throw refusedLocally(call, problems.join("; "));
  }
  const left = leftOf(input, screen, values);
  const isLeft = (id: string): boolean => left.includes(id);
  const assignee = await findAssignee(deps, call, input.assignee ?? null);
  const fieldValues: Readonly<Record<string, unknown>> = {
    ...values.now,
    ...(requestType !== null && "id" in requestType ? { [requestType.fieldId]: requestType.id } : {}),
    ...(assignee === null || isLeft("assignee") ? {} : { assignee }),
  };
  const { labels: furtherLabels, ...further } = fieldValues;
  const ownPriority = "priority" in values.now || "priority" in values.later || isLeft("priority");
  return {
    fields: {
      ...further,
      project: project === null ? { key: deps.options.projectKey } : { id: project.id },
      issuetype: issueType === null ? toReference(typeName) : { id: issueType.id },
      summary: toSummary(input.summary),
      ...(isLeft("description") ? {} : { description: toAdfDocument(call, input.descriptionAdf) }),
      ...(isLeft("labels") ? {} : { labels: withLabels(input.labels, furtherLabels) }),
    },
    priority: ownPriority ? null : findPriority(deps, input.priority, screen),
    fieldValues: fieldValues,
    screen,
    left,
  };
}

/** Ids of the fields that have to be set by an edit. Pure. */
function leftOf(input: NewIssue, screen: readonly ScreenField[] | null, { now, later }: FieldValues): string[] {
  const isWanted = {
    description: true,
    labels: true,
    priority: input.priority !== null,
    assignee: input.assignee != null,
  };
  return [
    ...absentFields(screen).filter((id) => isWanted[id] && !(id in now) && !(id in later)),
    ...Object.keys(later),
  ];
}

/** Labels of casebridge's own, and those that the configuration gives. Pure. */
export function withLabels(own: readonly string[], fieldValues: unknown): readonly string[] {
  return [...new Set([...own, ...(Array.isArray(fieldValues) ? fieldValues : [])])];
}

async function sendForm(deps: IssueDeps, call: CallContext, input: NewIssue, form: Form) {
  const send = (priority: Form["priority"]) => {
    const fields = { ...form.fields, ...(priority === null ? {} : { priority }) };
    const body = { fields, properties: [{ key: propertyKey, value: input.stamp }] };
    const request = { url: "/rest/api/3/issue", method: "POST", body, schema: createdIssueSchema } as const;
    return deps.transport.client(call).sendRequest(request);
  };
  const created = await send(form.priority).catch((error: unknown) => {
    if (form.priority === null || !refusedFields(error).includes("priority")) throw error;
    // The field is not on the screen, or the scheme lacks the value. A refused create made nothing (jira.md 3.3).
    deps.log.info({ priority: input.priority }, "Jira refused the priority; creating without it");
    return send(null);
  });
  return { created, left: form.left };
}

/** `null` where Jira does not tell its types. Throws `rejected` for one that the project lacks. */
export async function findIssueType({ directory, log }: IssueDeps, call: CallContext, nameOrId: string) {
  const issueTypes = await unlessRefused(log, "issue types", () => directory.issueTypes(call));
  if (issueTypes === null) return null;
  const found = findByNameOrId(issueTypes, nameOrId);
  if (found !== null) return found;
  directory.forget();
  const names = issueTypes.map(({ name }) => name).join(", ");
  throw refusedLocally(call, `the project has no issue type ${nameOrId}; it has ${names}`);
}

/** How a create names the priority: by its id, or as it was given where Jira does not tell which ones there are. */
function findPriority(deps: IssueDeps, nameOrId: string | null, screen: readonly ScreenField[] | null) {
  if (nameOrId === null) return null;
  if (screen === null) return toReference(nameOrId);
  const allowed = screen.find(({ fieldId }) => fieldId === "priority")?.allowed ?? [];
  const found = findByNameOrId(allowed, nameOrId);
  if (found === null) deps.log.warn({ priority: nameOrId }, "Jira priority not found");
  return found === null ? null : { id: found.id };
}

/** How a create names the assignee; `null` where none is wanted, or Jira does not let us look for people. */
export async function findAssignee(deps: IssueDeps, call: CallContext, idOrEmail: string | null) {
  if (idOrEmail === null) return null;
  if (!idOrEmail.includes("@")) return { id: idOrEmail.trim() };
  try {
    const id = await deps.directory.assignable(call, idOrEmail);
    if (id !== null) return { id };
  } catch (error) {
    if (!isServiceError(error, "forbidden", "not_found", "rejected")) throw error;
    deps.log.warn({ kind: error.kind }, "People cannot be looked for; creating without assignee");
    return null;
  }
  deps.directory.forget();
  throw refusedLocally(call, `issue.assignee: nobody who can be assigned here has the address ${idOrEmail}`);
}

/** A thing of Jira by what the configuration calls it. */
function toReference(nameOrId: string): { readonly id: string } | { readonly name: string } {
  return /^\d+$/.test(nameOrId.trim()) ? { id: nameOrId.trim() } : { name: nameOrId.trim() };
}

/** Jira takes one line of at most 255 characters, and none that is empty (jira.md 4). */
function toSummary(text: string): string {
  const line = toPlainText(text).replace(/\s+/g, " ").trim();
  if (line === "") return "…";
  return line.length <= summaryCharsMax ? line : `${cutChars(line, summaryCharsMax - 1)}…`;
}
