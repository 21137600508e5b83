// The fields that JQL knows.

import { adfToText } from "./adf.ts";
import {
  ISSUE_TYPES,
  type LocalName,
  PRIORITIES,
  RESOLUTIONS,
  SECURITY_LEVELS,
  STATUS_CATEGORIES,
  STATUSES,
} from "./catalog.ts";
import { JqlError } from "./jql-syntax.ts";
import { canSeeIssue, type Site } from "./site.ts";
import { categoryOf } from "./state.ts";
import type { IssueRecord } from "./types.ts";

/** A field: what an issue has in it, and the order of issues by it. */
export interface FieldDef {
  readonly kind: "id" | "date" | "text";
  /** Nothing or null = EMPTY. */
  read(issue: IssueRecord): number | string | null | readonly string[];
  /** Turns a literal into the ids that it may mean; the empty one = EMPTY. @throws JqlError when it means nothing. */
  resolve?(text: string, site: Site): readonly string[];
  /** What is sorted by, where it is not what is read. */
  sort?(issue: IssueRecord): string | number;
}

interface Named {
  readonly id: string;
  readonly names: readonly string[];
}

function unknownValue(value: string, field: string): JqlError {
  return new JqlError(`The value '${value}' does not exist for the field '${field}'.`);
}

function findNamed(items: readonly Named[], text: string, field: string): readonly string[] {
  const wanted = text.toLowerCase();
  const found = items.filter(({ id, names }) => id === text || names.some((name) => name.toLowerCase() === wanted));
  if (found.length === 0) throw unknownValue(text, field);
  return found.map(({ id }) => id);
}

function named(field: string, items: readonly Named[], read: (issue: IssueRecord) => string | null): FieldDef {
  return { kind: "id", read, resolve: (text) => findNamed(items, text, field) };
}

function localNames(items: readonly { readonly id: string; readonly name: LocalName }[]): readonly Named[] {
  return items.map(({ id, name }) => ({ id, names: [name.en, name.zh] }));
}

function text(read: (issue: IssueRecord) => string): FieldDef {
  return { kind: "text", read: (issue) => read(issue) || null, sort: (issue) => read(issue).toLowerCase() };
}

/** Jira takes unknown users in JQL and finds nothing. Assumed. */
function resolveUser(text: string, { state }: Site): readonly string[] {
  const found = state.accounts.find((one) => [one.accountId, one.displayName, one.email].includes(text));
  return [found?.accountId ?? text];
}

function user(read: (issue: IssueRecord) => string | null): FieldDef {
  return { kind: "id", read, resolve: resolveUser };
}

function resolveIssue(text: string, site: Site): readonly string[] {
  const issue = site.state.findIssue(text);
  if (issue !== null && canSeeIssue(site, issue)) return [issue.id];
  if (!site.settings.jqlUnknownIssueIs400) return [];
  throw new JqlError(
    /^\d+$/.test(text)
      ? `A value with ID '${text}' does not exist for the field 'id'.`
      : `An issue with key '${text}' does not exist for field 'key'.`,
  );
}

const commentText = ({ comments }: IssueRecord): string => comments.map(({ body }) => adfToText(body)).join("\n");
const resolution = named("resolution", localNames(RESOLUTIONS), (issue) => issue.resolutionId);

const FIELDS: Readonly<Record<string, FieldDef>> = {
  project: {
    kind: "id",
    read: (issue) => issue.projectId,
    resolve(text, { state }) {
      const items = state
        .listProjects()
        .map(({ id, key, name, formerKeys }) => ({ id, names: [key, name, ...formerKeys] }));
      return findNamed(items, text, "project");
    },
    sort: (issue) => issue.key.replace(/-\d+$/, ""),
  },
  key: {
    kind: "id",
    read: (issue) => issue.id,
    resolve: resolveIssue,
    sort: (issue) => issue.key.replace(/\d+$/, (digits) => digits.padStart(10, "0")),
  },
  id: { kind: "id", read: (issue) => issue.id, resolve: resolveIssue, sort: (issue) => Number(issue.id) },
  labels: { kind: "id", read: (issue) => issue.labels, sort: (issue) => [...issue.labels].sort().join(" ") },
  status: named("status", localNames(STATUSES), (issue) => issue.statusId),
  statuscategory: named(
    "statusCategory",
    STATUS_CATEGORIES.map(({ id, key, name }) => ({ id: key, names: [String(id), name.en, name.zh] })),
    (issue) => categoryOf(issue.statusId),
  ),
  issuetype: named("issuetype", localNames(ISSUE_TYPES), (issue) => issue.issueTypeId),
  priority: {
    ...named("priority", localNames(PRIORITIES), (issue) => issue.priorityId),
    sort: (issue) => -Number(issue.priorityId ?? 99),
  },
  resolution: {
    ...resolution,
    resolve: (text, site) => (text.toLowerCase() === "unresolved" ? [""] : (resolution.resolve?.(text, site) ?? [])),
  },
  level: named(
    "level",
    SECURITY_LEVELS.map(({ id, name }) => ({ id, names: [name] })),
    (issue) => issue.securityLevelId,
  ),
  reporter: user((issue) => issue.reporterId),
  assignee: user((issue) => issue.assigneeId),
  creator: user((issue) => issue.creatorId),
  created: { kind: "date", read: (issue) => issue.createdMs },
  updated: { kind: "date", read: (issue) => issue.updatedMs },
  resolved: { kind: "date", read: (issue) => issue.resolutionMs, sort: (issue) => issue.resolutionMs ?? 0 },
  statuscategorychangeddate: { kind: "date", read: (issue) => issue.statusChangedMs },
  summary: text((issue) => issue.summary),
  description: text((issue) => adfToText(issue.description)),
  comment: text(commentText),
  text: text((issue) => [issue.summary, adfToText(issue.description), commentText(issue)].join("\n")),
};

const ALIASES: Readonly<Record<string, string>> = {
  issue: "key",
  issuekey: "key",
  type: "issuetype",
  label: "labels",
  createddate: "created",
  updateddate: "updated",
  resolutiondate: "resolved",
};

/** The field behind a name in a query. @throws JqlError what Jira says of an unknown one. */
export function getField(name: string): FieldDef {
  const lower = name.toLowerCase();
  const key = ALIASES[lower] ?? lower;
  const field = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined;
  if (field === undefined)
    throw new JqlError(`Field '${name}' does not exist or you do not have permission to view it.`);
  return field;
}
