/** Issues: search, reading, writing, transitions, changelog. */

import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { ScreenField } from "../domain/create-screen.ts";
import { type IssueId, type IssueKey, toId } from "../domain/ids.ts";
import type { Issue, IssueChange } from "../domain/issue.ts";
import { caseLabelPrefix } from "../domain/labels.ts";
import type { Lane } from "../domain/lane.ts";
import { isServiceError } from "../domain/service-error.ts";
import { unlessRefused } from "../domain/steps.ts";
import { cutChars, toPlainText } from "../domain/text/sanitize.ts";
import { type ObservedServiceClock, toServiceTime } from "../lib/service-clock.ts";
import type { Clock, JiraPort, Log, MarkedIssue } from "../sync/ports.ts";
import { explainRefusal, toFieldValues } from "./create-fields.ts";
import { type Directory, findByNameOrId } from "./directory.ts";
import { readAnswer, refusedFields, refusedLocally } from "./errors.ts";
import { labelsJql, markedJql, updatedWithinJql, withinProjectJql } from "./jql.ts";
import {
  lacksLevel,
  propertyKey,
  toCategory,
  toFieldText,
  toIssue,
  toIssueChanges,
  toIssueMark,
  toTransitions,
  type WireComment,
} from "./mapping.ts";
import type { MediaNames } from "./media-names.ts";
import type { JiraOptions } from "./options.ts";
import { readPages, readTokenPages } from "./paging.ts";
import { type CallContext, checkedSegment, readWhole, type Transport } from "./transport.ts";
import {
  anyFieldsSchema,
  changelogPageSchema,
  changelogsPageSchema,
  createdIssueSchema,
  issueFields,
  issuePageSchema,
  issueShowingSchema,
  issuesSchema,
  labelPageSchema,
  taskSchema,
  transitionsSchema,
  updatedPageSchema,
} from "./wire.ts";

/** The part of the port that is about issues themselves. */
export type IssueCalls = Pick<
  JiraPort,
  | "listUpdatedIssues"
  | "findIssuesByLabels"
  | "listMarkedIssues"
  | "listIssuesByJql"
  | "findIssueByJql"
  | "getFieldTexts"
  | "findIssue"
  | "listIssues"
  | "createIssue"
  | "changeLabels"
  | "setIssueMark"
  | "setIssueMarks"
  | "listTransitions"
  | "transitionIssue"
  | "listChanges"
  | "findLastMoves"
  | "linkIssues"
  | "deleteIssue"
>;

const pageSize = 100;
const bulkMax = 100;
const labelsMax = 50;
/** Issues of one bulk reading of changelogs (jira.md 3.3). */
const changelogsMax = 1_000;
/** Pauses before each look at a task: a hundred properties are a matter of moments. */
const taskPausesMs = [0, 250, 500, 1_000, 2_000, 4_000] as const;
const summaryCharsMax = 255;
const searchUrl = "/rest/api/3/search/jql";

/** An issue with as many of its comments as its own reading shows; `null` where it is gone. */
export type FindShowing = (
  issueId: IssueId,
  lane: Lane,
) => Promise<{
  readonly issue: Issue;
  readonly shown: { readonly total: number; readonly comments: readonly WireComment[] } | null;
} | null>;

/** Makes the calls about issues, and the reading that shows comments. */
export function makeIssueCalls(deps: {
  readonly options: JiraOptions;
  readonly transport: Transport;
  readonly directory: Directory;
  readonly mediaNames: MediaNames;
  readonly log: Log;
  readonly clock: Clock;
  readonly serviceClock: ObservedServiceClock;
  readonly extraFields: readonly string[];
  readonly sleep: (pauseMs: number) => Promise<unknown>;
}): { readonly calls: IssueCalls; readonly findShowing: FindShowing } {
  const { transport, directory, mediaNames } = deps;
  const { projectKey } = deps.options;
  const wholeFields = [...issueFields, ...deps.extraFields];

  async function readIssues(call: CallContext, wires: readonly Parameters<typeof toIssue>[0][]) {
    const hasNoLevels = wires.some(lacksLevel) && (await directory.levels(call)) === "none";
    return wires.map((wire) => {
      const own = wire.fields.project.key === projectKey;
      const issue = toIssue(wire, deps.extraFields, own && hasNoLevels);
      deps.serviceClock.noteMoment(new Date(issue.updatedRaw));
      transport.noteIssue(issue.issueId, issue.createdAt);
      return issue;
    });
  }

  async function listUpdatedIssues(minutes: number, lane: Lane) {
    const call: CallContext = { operation: "listUpdatedIssues", effect: "read", lane };
    const jql = updatedWithinJql(projectKey, minutes);
    const found = await readTokenPages(call, async (token) => {
      const body = toSearch(
        { jql, fields: ["updated", "status", "labels", "creator"], properties: [propertyKey] },
        token,
      );
      const request = { url: searchUrl, method: "POST", body, schema: updatedPageSchema } as const;
      const page = await transport.client(call).sendRequest(request);
      return { items: page.issues, nextPageToken: page.nextPageToken };
    });
    // An issue that changes while the pages are read stands on two of them; the later one is the newer.
    return lastById(found).map((issue) => ({
      issueId: toId<IssueId>(issue.id),
      issueKey: toId<IssueKey>(issue.key),
      updatedRaw: issue.fields.updated,
      category: toCategory(issue.fields.status.statusCategory.key),
      labels: issue.fields.labels ?? [],
      creatorId: issue.fields.creator?.accountId ?? null,
      mark: toIssueMark(issue.properties?.[propertyKey]),
    }));
  }

  async function findIssuesByLabels(labels: readonly string[], lane: Lane) {
    const call: CallContext = { operation: "findIssuesByLabels", effect: "read", lane };
    if (labels.length === 0) return [];
    if (labels.length > labelsMax) throw refusedLocally(call, `more than ${labelsMax} labels`);
    return searchMarks(call, labelsJql(labels), () => true);
  }

  async function listMarkedIssues(scope: "project" | "labelled" | "elsewhere", lane: Lane) {
    const call: CallContext = { operation: "listMarkedIssues", effect: "read", lane };
    return searchMarks(
      call,
      markedJql(projectKey, scope),
      ({ labels, mark }) => mark !== null || labels.some((label) => label.startsWith(caseLabelPrefix)),
    );
  }

  /** Labels and property of what a search finds; what is not wanted is forgotten page by page. */
  async function searchMarks(call: CallContext, jql: string, wants: (issue: MarkedIssue) => boolean) {
    const found = await readTokenPages(call, async (token) => {
      const body = toSearch({ jql, fields: ["labels", "creator"], properties: [propertyKey] }, token);
      const request = { url: searchUrl, method: "POST", body, schema: labelPageSchema } as const;
      const page = await transport.client(call).sendRequest(request);
      const items = page.issues.map((issue) => ({
        id: issue.id,
        issueId: toId<IssueId>(issue.id),
        issueKey: toId<IssueKey>(issue.key),
        labels: issue.fields.labels ?? [],
        creatorId: issue.fields.creator?.accountId ?? null,
        mark: toIssueMark(issue.properties?.[propertyKey]),
      }));
      return { items: items.filter(wants), nextPageToken: page.nextPageToken };
    });
    return lastById(found).map(({ id: _id, ...issue }) => issue);
  }

  async function listIssuesByJql(query: string, lane: Lane) {
    const call: CallContext = { operation: "listIssuesByJql", effect: "read", lane };
    const jql = withinProjectJql(call, projectKey, query);
    const found = await readTokenPages(call, async (token) => {
      const body = toSearch({ jql, fields: wholeFields, properties: [propertyKey] }, token);
      const request = { url: searchUrl, method: "POST", body, schema: issuePageSchema } as const;
      const page = await transport.client(call).sendRequest(request);
      return { items: page.issues, nextPageToken: page.nextPageToken };
    });
    return readIssues(call, lastById(found));
  }

  async function findIssueByJql(issueId: IssueId, query: string, lane: Lane) {
    const call: CallContext = { operation: "findIssueByJql", effect: "read", lane };
    const id = Number(issueId);
    const jql = `id = ${id} AND ${withinProjectJql(call, projectKey, query)}`;
    const page = await transport.client(call).sendRequest({
      url: searchUrl,
      method: "POST",
      // The search lags; the issues that it is told to reconcile are shown as they are (jira.md 3.2).
      body: toSearch({ jql, fields: wholeFields, properties: [propertyKey], reconcileIssues: [id] }, null),
      schema: issuePageSchema,
    });
    const found = await readIssues(call, page.issues);
    return found.find((issue) => issue.issueId === issueId) ?? null;
  }

  async function getFieldTexts(issueId: IssueId, fieldIds: readonly string[], lane: Lane) {
    const call: CallContext = { operation: "getFieldTexts", effect: "read", lane, issueId };
    const wire = await transport.client(call).sendRequest({
      url: `/rest/api/3/issue/${checkedSegment(call, issueId)}`,
      searchParams: { fields: fieldIds.join(",") },
      schema: anyFieldsSchema,
    });
    return Object.fromEntries(fieldIds.map((fieldId) => [fieldId, toFieldText(wire.fields[fieldId])]));
  }

  async function findIssue(issueIdOrKey: IssueId | IssueKey, lane: Lane) {
    return (await findWhole(issueIdOrKey, wholeFields, lane))?.issue ?? null;
  }

  async function findShowing(issueId: IssueId, lane: Lane) {
    return findWhole(issueId, [...wholeFields, "comment"], lane);
  }

  async function findWhole(issueIdOrKey: IssueId | IssueKey, fields: readonly string[], lane: Lane) {
    const call: CallContext = { operation: "findIssue", effect: "read", lane, issueId: issueIdOrKey };
    try {
      const wire = await transport.client(call).sendRequest({
        url: `/rest/api/3/issue/${checkedSegment(call, issueIdOrKey)}`,
        searchParams: { fields: fields.join(","), properties: propertyKey },
        schema: issueShowingSchema,
      });
      const [issue] = await readIssues(call, [wire]);
      if (issue === undefined) return null;
      mediaNames.remember(issue);
      await mediaNames.name(call, issue.issueId, [issue.description]);
      return { issue, shown: wire.fields.comment ?? null };
    } catch (error) {
      if (isServiceError(error, "not_found")) return null;
      throw error;
    }
  }

  async function listIssues(issueIds: readonly IssueId[], lane: Lane) {
    const call: CallContext = { operation: "listIssues", effect: "read", lane };
    if (issueIds.length === 0) return [];
    if (issueIds.length > bulkMax) throw refusedLocally(call, `more than ${bulkMax} issues`);
    const { issues } = await transport.client(call).sendRequest({
      url: "/rest/api/3/issue/bulkfetch",
      method: "POST",
      body: { issueIdsOrKeys: [...new Set(issueIds)], fields: wholeFields, properties: [propertyKey] },
      schema: issuesSchema,
    });
    const found = await readIssues(call, issues);
    for (const issue of found) mediaNames.remember(issue);
    return found;
  }

  /** How a create names the priority: by its id, or as it was given where Jira does not tell which ones there are. */
  function findPriority(nameOrId: string | null, screen: readonly ScreenField[] | null) {
    if (nameOrId === null) return null;
    if (screen === null) return asGiven(nameOrId);
    const allowed = screen.find(({ fieldId }) => fieldId === "priority")?.allowed ?? [];
    const found = findByNameOrId(allowed, nameOrId);
    if (found === null) deps.log.warn({ priority: nameOrId }, "Jira priority not found");
    return found === null ? null : { id: found.id };
  }

  /** How a create names the assignee; `null` where none is wanted, or Jira does not let us look for people. */
  async function findAssignee(call: CallContext, idOrEmail: string | null) {
    if (idOrEmail === null) return null;
    if (!idOrEmail.includes("@")) return { id: idOrEmail.trim() };
    try {
      const id = await directory.assignable(call, idOrEmail);
      if (id !== null) return { id };
    } catch (error) {
      if (!isServiceError(error, "forbidden", "not_found", "rejected")) throw error;
      deps.log.warn({ kind: error.kind }, "People cannot be looked for; creating without assignee");
      return null;
    }
    directory.forget();
    throw refusedLocally(call, `issue.assignee: nobody who can be assigned here has the address ${idOrEmail}`);
  }

  async function createIssue(input: Parameters<JiraPort["createIssue"]>[0], lane: Lane) {
    const call: CallContext = { operation: "createIssue", effect: "write", lane };
    const description = toAdfDocument(call, input.descriptionAdf);
    const typeName = input.issueType ?? deps.options.issueType;
    const wanted = input.fields ?? {};
    // Ids are certain whatever the account's language; where a look-up is refused, the names are all there is.
    const [project, issueTypes] = await Promise.all([
      unlessRefused(deps.log, "project", () => directory.project(call)),
      unlessRefused(deps.log, "issue types", () => directory.issueTypes(call)),
    ]);
    const issueType = issueTypes === null ? null : findByNameOrId(issueTypes, typeName);
    if (issueTypes !== null && issueType === null) {
      directory.forget();
      throw refusedLocally(
        call,
        `the project has no issue type ${typeName}; it has ${issueTypes.map(({ name }) => name).join(", ")}`,
      );
    }
    const asksScreen = issueType !== null && (input.priority !== null || Object.keys(wanted).length > 0);
    const screen = asksScreen
      ? await unlessRefused(deps.log, "create screen", () => directory.createFields(call, issueType.id))
      : null;
    const { values, problems } = toFieldValues(screen, wanted);
    if (problems.length > 0) {
      // Somebody may mend the screen meanwhile.
      directory.forget();
      throw refusedLocally(call, problems.join("; "));
    }
    const assignee = await findAssignee(call, input.assignee ?? null);
    const chosen = assignee === null ? values : { ...values, assignee };
    const { labels: furtherLabels, ...given } = chosen;
    const priorityAsked = "priority" in given ? null : findPriority(input.priority, screen);
    const create = async (priority: typeof priorityAsked) => {
      const fields = {
        ...given,
        project: project === null ? { key: projectKey } : { id: project.id },
        issuetype: issueType === null ? asGiven(typeName) : { id: issueType.id },
        summary: toSummary(input.summary),
        description,
        labels: [...new Set([...input.labels, ...(Array.isArray(furtherLabels) ? furtherLabels : [])])],
        ...(priority === null ? {} : { priority }),
      };
      const body = { fields, properties: [{ key: propertyKey, value: input.mark }] };
      const request = { url: "/rest/api/3/issue", method: "POST", body, schema: createdIssueSchema } as const;
      return transport.client(call).sendRequest(request);
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
        directory.forget();
        const now =
          issueType === null
            ? null
            : await unlessRefused(deps.log, "create screen", () => directory.createFields(call, issueType.id));
        throw explainRefusal(error, now, chosen);
      });
    transport.noteIssue(created.id, toServiceTime(deps.clock.now(), deps.serviceClock.aheadMs()));
    return { issueId: toId<IssueId>(created.id), issueKey: toId<IssueKey>(created.key) };
  }

  async function changeLabels(
    issueId: IssueId,
    change: { readonly add: readonly string[]; readonly remove: readonly string[] },
    lane: Lane,
  ) {
    const call: CallContext = { operation: "changeLabels", effect: "write", lane, issueId };
    const labels = [...change.add.map((add) => ({ add })), ...change.remove.map((remove) => ({ remove }))];
    if (labels.length === 0) return;
    const url = `/rest/api/3/issue/${checkedSegment(call, issueId)}`;
    await transport.client(call).sendRequest({ url, method: "PUT", body: { update: { labels } } });
  }

  async function setIssueMark(issueId: IssueId, mark: Parameters<JiraPort["setIssueMark"]>[1], lane: Lane) {
    const call: CallContext = { operation: "setIssueMark", effect: "write", lane, issueId };
    const url = `/rest/api/3/issue/${checkedSegment(call, issueId)}/properties/${propertyKey}`;
    await transport.client(call).sendRequest({ url, method: "PUT", body: mark });
  }

  async function setIssueMarks(marks: Parameters<JiraPort["setIssueMarks"]>[0], lane: Lane) {
    const call: CallContext = { operation: "setIssueMarks", effect: "write", lane };
    if (marks.length === 0) return [];
    if (marks.length > bulkMax) throw refusedLocally(call, `more than ${bulkMax} issues`);
    const json = {
      issues: marks.map(({ issueId, mark }) => ({ issueID: Number(issueId), properties: { [propertyKey]: mark } })),
    };
    const url = transport.toUrl("/rest/api/3/issue/properties/multi");
    // Answered by 303 with the address of a task that does it (bulkSetIssuePropertiesByIssue).
    const location = await transport.attempt(call, "POST", async (send) => {
      const answer = await readWhole(call, await send({ method: "POST", url, json }));
      if (answer.status !== 303) readAnswer(call, answer, deps.clock.now());
      return answer.headers.location ?? "";
    });
    const taskId = /\/task\/([A-Za-z0-9-]+)\/?$/.exec(location)?.[1];
    if (taskId !== undefined) await waitForTask(taskId, lane);
    return listCarrying(marks, lane);
  }

  /** Waits until a task ends, or as long as a round may wait for it. What it says of itself is not asked: the issues tell. */
  async function waitForTask(taskId: string, lane: Lane): Promise<void> {
    const call: CallContext = { operation: "getTask", effect: "read", lane };
    const request = { url: `/rest/api/3/task/${checkedSegment(call, taskId)}`, schema: taskSchema } as const;
    try {
      for (const pauseMs of taskPausesMs) {
        await deps.sleep(pauseMs);
        const { status } = await transport.client(call).sendRequest(request);
        if (status !== "ENQUEUED" && status !== "RUNNING") return;
      }
    } catch (error) {
      if (!isServiceError(error)) throw error;
    }
  }

  /** The issues among these that carry their mark now. */
  async function listCarrying(marks: Parameters<JiraPort["setIssueMarks"]>[0], lane: Lane) {
    const call: CallContext = { operation: "setIssueMarks", effect: "read", lane };
    const { issues } = await transport.client(call).sendRequest({
      url: "/rest/api/3/issue/bulkfetch",
      method: "POST",
      body: { issueIdsOrKeys: marks.map(({ issueId }) => issueId), fields: ["labels"], properties: [propertyKey] },
      schema: z.object({ issues: labelPageSchema.shape.issues }),
    });
    const found = new Map(issues.map((issue) => [issue.id, toIssueMark(issue.properties?.[propertyKey])]));
    return marks.flatMap(({ issueId, mark }) => (isDeepStrictEqual(found.get(issueId), mark) ? [issueId] : []));
  }

  async function listTransitions(issueId: IssueId, lane: Lane) {
    const call: CallContext = { operation: "listTransitions", effect: "read", lane, issueId };
    const wire = await transport.client(call).sendRequest({
      url: `/rest/api/3/issue/${checkedSegment(call, issueId)}/transitions`,
      searchParams: { expand: "transitions.fields" },
      schema: transitionsSchema,
    });
    return toTransitions(wire);
  }

  async function transitionIssue(
    issueId: IssueId,
    transitionId: string,
    fields: Readonly<Record<string, unknown>>,
    lane: Lane,
  ) {
    const call: CallContext = { operation: "transitionIssue", effect: "write", lane, issueId };
    const url = `/rest/api/3/issue/${checkedSegment(call, issueId)}/transitions`;
    const body = { transition: { id: transitionId }, ...(Object.keys(fields).length === 0 ? {} : { fields }) };
    await transport.client(call).sendRequest({ url, method: "POST", body });
  }

  async function listChanges(issueId: IssueId, lane: Lane) {
    const call: CallContext = { operation: "listChanges", effect: "read", lane, issueId };
    const url = `/rest/api/3/issue/${checkedSegment(call, issueId)}/changelog`;
    const entries = await readPages(call, async (startAt) => {
      const searchParams = { startAt, maxResults: pageSize };
      const page = await transport.client(call).sendRequest({ url, searchParams, schema: changelogPageSchema });
      return { items: page.values, total: page.total };
    });
    return toIssueChanges(entries).sort((left, right) => left.at.getTime() - right.at.getTime());
  }

  async function findLastMoves(issueIds: readonly IssueId[], lane: Lane) {
    const call: CallContext = { operation: "findLastMoves", effect: "read", lane };
    const last = new Map<IssueId, IssueChange>();
    for (let start = 0; start < issueIds.length; start += changelogsMax) {
      const ids = issueIds.slice(start, start + changelogsMax);
      const logs = await readTokenPages(call, async (token) => {
        const body = {
          issueIdsOrKeys: ids,
          fieldIds: ["status"],
          maxResults: changelogsMax,
          ...(token === null ? {} : { nextPageToken: token }),
        };
        const request = {
          url: "/rest/api/3/changelog/bulkfetch",
          method: "POST",
          body,
          schema: changelogsPageSchema,
        } as const;
        const page = await transport.client(call).sendRequest(request);
        return { items: page.issueChangeLogs, nextPageToken: page.nextPageToken };
      });
      for (const { issueId, changeHistories } of logs) {
        for (const change of toIssueChanges(changeHistories)) {
          const before = last.get(toId<IssueId>(issueId));
          if (change.field === "status" && (before === undefined || change.at >= before.at))
            last.set(toId<IssueId>(issueId), change);
        }
      }
    }
    return last;
  }

  async function linkIssues(issueId: IssueId, otherId: IssueId, lane: Lane) {
    const call: CallContext = { operation: "linkIssues", effect: "write", lane, issueId };
    const type = await directory.relatesType(call);
    if (type === null) return "no_link_type" as const;
    // One direction whoever asks, so that the second request is the same link again, which Jira answers as if it had been made
    // (description of linkIssues).
    const [inward, outward] = [issueId, otherId].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
    const body = { type: { id: type.id }, inwardIssue: { id: inward }, outwardIssue: { id: outward } };
    await transport.client(call).sendRequest({ url: "/rest/api/3/issueLink", method: "POST", body });
    return "linked" as const;
  }

  async function deleteIssue(issueId: IssueId, lane: Lane) {
    const call: CallContext = { operation: "deleteIssue", effect: "write", lane, issueId };
    const url = `/rest/api/3/issue/${checkedSegment(call, issueId)}`;
    try {
      await transport.client(call).sendRequest({ url, method: "DELETE", searchParams: { deleteSubtasks: "false" } });
    } catch (error) {
      if (!isServiceError(error, "not_found")) throw error;
    }
    transport.forgetIssue(issueId);
  }

  const calls = {
    listUpdatedIssues,
    findIssuesByLabels,
    listMarkedIssues,
    listIssuesByJql,
    findIssueByJql,
    getFieldTexts,
    findIssue,
    listIssues,
    createIssue,
    changeLabels,
    setIssueMark,
    setIssueMarks,
    listTransitions,
    transitionIssue,
    listChanges,
    findLastMoves,
    linkIssues,
    deleteIssue,
  };
  return { calls, findShowing };
}

/**
 * Rich text as Jira's API takes it. A string is refused here: it would be a plain value to the API and, through jira.js,
 * even be sent to the old API, where the marks are lost (jira.md 2.3). Throws `ServiceError` (`rejected`).
 */
export function toAdfDocument(call: CallContext, value: unknown): object {
  if (typeof value === "object" && value !== null && "type" in value && value.type === "doc") return value;
  throw refusedLocally(call, "a rich text that is no ADF document");
}

/** A thing of Jira by what the configuration calls it. */
function asGiven(nameOrId: string): { readonly id: string } | { readonly name: string } {
  return /^\d+$/.test(nameOrId.trim()) ? { id: nameOrId.trim() } : { name: nameOrId.trim() };
}

function toSearch(query: object, token: string | null): object {
  return { ...query, maxResults: pageSize, ...(token === null ? {} : { nextPageToken: token }) };
}

/** Jira takes one line of at most 255 characters, and none that is empty (jira.md 4). */
function toSummary(text: string): string {
  const line = toPlainText(text).replace(/\s+/g, " ").trim();
  if (line === "") return "…";
  return line.length <= summaryCharsMax ? line : `${cutChars(line, summaryCharsMax - 1)}…`;
}

function lastById<Item extends { readonly id: string }>(items: readonly Item[]): Item[] {
  return [...new Map(items.map((item) => [item.id, item])).values()];
}
