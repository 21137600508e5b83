/** Makes an issue: names become ids, the create screen tells what may be sent. */
import type { ScreenField } from "../domain/create-screen.ts";
import { type IssueId, type IssueKey, toId } from "../domain/ids.ts";
import type { Lane } from "../domain/lane.ts";
import { findByNameOrId } from "../domain/named-id.ts";
import { isServiceError } from "../domain/service-error.ts";
import { unlessRefused } from "../domain/steps.ts";
import { cutChars, toPlainText } from "../domain/text/sanitize.ts";
import { toServiceTime } from "../lib/service-clock.ts";
import type { JiraPort } from "../sync/ports.ts";
import { toAdfDocument } from "./adf-document.ts";
import { explainRefusal, toFieldValues } from "./create-fields.ts";
import { refusedFields, refusedLocally } from "./errors.ts";
import type { IssueDeps } from "./issue-deps.ts";
import { propertyKey } from "./mapping.ts";
import { findRequestType } from "./request-types.ts";
import type { CallContext } from "./transport.ts";
import { createdIssueSchema } from "./wire.ts";

const summaryCharsMax = 255;

/** `JiraPort.createIssue`. */
export async function createIssue(deps: IssueDeps, input: Parameters<JiraPort["createIssue"]>[0], lane: Lane) {
  const call: CallContext = { operation: "createIssue", effect: "write", lane };
  const description = toAdfDocument(call, input.descriptionAdf);
  const typeName = input.issueType ?? deps.options.issueType;
  const wanted = input.fields ?? {};
  // Ids are certain whatever the account's language; where a look-up is refused, the names are all there is.
  const [project, issueType] = await Promise.all([
    unlessRefused(deps.log, "project", () => deps.directory.project(call)),
    findIssueType(deps, call, typeName),
  ]);
  const requestTypeName = input.requestType ?? null;
  const asksScreen =
    issueType !== null && (input.priority !== null || requestTypeName !== null || Object.keys(wanted).length > 0);
  const screen = asksScreen
    ? await unlessRefused(deps.log, "create screen", () => deps.directory.createFields(call, issueType.id))
    : null;
  const { values: named, problems: unnamed } = toFieldValues(screen, wanted);
  const requestType =
    requestTypeName === null
      ? null
      : await findRequestType(deps.directory.requestTypes, call, { nameOrId: requestTypeName, screen });
  const problems = requestType !== null && "problem" in requestType ? [...unnamed, requestType.problem] : unnamed;
  if (problems.length > 0) {
    // Somebody may mend the screen meanwhile.
    deps.directory.forget();
    throw refusedLocally(call, problems.join("; "));
  }
  const assignee = await findAssignee(deps, call, input.assignee ?? null);
  const values =
    requestType !== null && "id" in requestType ? { ...named, [requestType.fieldId]: requestType.id } : named;
  const chosen = assignee === null ? values : { ...values, assignee };
  const { labels: furtherLabels, ...given } = chosen;
  const priorityAsked = "priority" in given ? null : findPriority(deps, input.priority, screen);
  const create = async (priority: typeof priorityAsked) => {
    const fields = {
      ...given,
      project: project === null ? { key: deps.options.projectKey } : { id: project.id },
      issuetype: issueType === null ? asGiven(typeName) : { id: issueType.id },
      summary: toSummary(input.summary),
      description,
      labels: [...new Set([...input.labels, ...(Array.isArray(furtherLabels) ? furtherLabels : [])])],
      ...(priority === null ? {} : { priority }),
    };
    const body = { fields, properties: [{ key: propertyKey, value: input.mark }] };
    const request = { url: "/rest/api/3/issue", method: "POST", body, schema: createdIssueSchema } as const;
    return deps.transport.client(call).sendRequest(request);
  };
  const created = await create(priorityAsked)
    .catch((error: unknown) => {
      if (priorityAsked === null || !refusedFields(error).includes("priority")) throw error;
      // The field is not on the screen, or the scheme lacks the value. A refused create made nothing (jira.md 3.3).
      deps.log.info({ priority: input.priority }, "Jira refused the priority; creating without it");
      return create(null);
    })
    .catch(async (error: unknown) => {
      if (refusedFields(error).length === 0) throw error;
      // What is known of the project and its screens may be out of date.
      deps.directory.forget();
      const now =
        issueType === null
          ? null
          : await unlessRefused(deps.log, "create screen", () => deps.directory.createFields(call, issueType.id));
      throw explainRefusal(error, now, chosen);
    });
  deps.transport.noteIssue(created.id, toServiceTime(deps.clock.now(), deps.serviceClock.aheadMs()));
  return { issueId: toId<IssueId>(created.id), issueKey: toId<IssueKey>(created.key) };
}

/** `null` where Jira does not tell its types. Throws `rejected` for one that the project lacks. */
async function findIssueType({ directory, log }: IssueDeps, call: CallContext, nameOrId: string) {
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
  if (screen === null) return asGiven(nameOrId);
  const allowed = screen.find(({ fieldId }) => fieldId === "priority")?.allowed ?? [];
  const found = findByNameOrId(allowed, nameOrId);
  if (found === null) deps.log.warn({ priority: nameOrId }, "Jira priority not found");
  return found === null ? null : { id: found.id };
}

/** How a create names the assignee; `null` where none is wanted, or Jira does not let us look for people. */
async function findAssignee(deps: IssueDeps, call: CallContext, idOrEmail: string | null) {
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
function asGiven(nameOrId: string): { readonly id: string } | { readonly name: string } {
  return /^\d+$/.test(nameOrId.trim()) ? { id: nameOrId.trim() } : { name: nameOrId.trim() };
}

/** Jira takes one line of at most 255 characters, and none that is empty (jira.md 4). */
function toSummary(text: string): string {
  const line = toPlainText(text).replace(/\s+/g, " ").trim();
  if (line === "") return "…";
  return line.length <= summaryCharsMax ? line : `${cutChars(line, summaryCharsMax - 1)}…`;
}
