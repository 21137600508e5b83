import { failure, type PreparedWrite, type Reply, type RequestContext, refused } from "../http.ts";
import { type Site, visibleIssue } from "../site.ts";
import type { IssueRecord } from "../types.ts";

/** Carries out one operation: reads answer at once, writes come back prepared. */
export type Handler = (site: Site, context: RequestContext) => Reply | PreparedWrite | Promise<Reply | PreparedWrite>;

/** Handlers by operationId. */
export type Handlers = Readonly<Record<string, Handler>>;

/** The second half of a write, on the issue as it is by then. */
export type Commit = (now: IssueRecord) => Reply;

/** An operation that reads the issue of its path. */
export function readIssue(work: (site: Site, issue: IssueRecord, context: RequestContext) => Reply): Handler {
  return (site, context) => work(site, visibleIssue(site, param(context, "issueIdOrKey")), context);
}

/** A write on the issue of its path: everything is checked before the hook, and done after it. */
export function writeIssue(check: (site: Site, issue: IssueRecord, context: RequestContext) => Commit): Handler {
  return (site, context) => {
    const issue = visibleIssue(site, param(context, "issueIdOrKey"));
    const commit = check(site, issue, context);
    return { issueId: issue.id, commit: () => commit(visibleIssue(site, issue.id)) };
  };
}

/** The body, which has passed the check of the document; `T` names the members that the caller uses. */
export function bodyOf<T>(context: RequestContext): T {
  return context.body as T;
}

/** Checks `expand`: a comma separated list of what the operation documents. Real Jira ignores others; we refuse. */
export function parseExpand(context: RequestContext, allowed: readonly string[]): ReadonlySet<string> {
  const values = context.query.list("expand");
  requireExpands(values, allowed);
  return new Set(values);
}

/** Refuses a value of `expand` that the operation does not document. */
export function requireExpands(values: readonly string[], allowed: readonly string[]): void {
  for (const value of values) if (!allowed.includes(value)) throw refused(`unknown expand "${value}"`);
}

/** A path parameter. */
export function param(context: RequestContext, name: string): string {
  const value = context.params[name];
  if (value === undefined) throw new Error(`path parameter ${name} is not in the path of ${context.operation}`);
  return value;
}

/** A property as sent with a create. */
export interface EntityProperty {
  readonly key: string;
  readonly value?: unknown;
}

/** Checks key and value of a property: key ≤ 255, value non-empty JSON ≤ 32,768 characters (jira.md 3.3). */
export function requireProperty(key: string, value: unknown): void {
  if (key.length === 0 || key.length > 255) throw failure(400, ["The property key must have 1 to 255 characters."]);
  if (value === undefined) throw failure(400, ["The property value must be a valid, non-empty JSON value."]);
  if (JSON.stringify(value).length > 32_768) {
    throw failure(400, ["The property value is too long: its limit is 32768 characters."]);
  }
}

/** Checks a list of properties and turns it into a map. */
export function toPropertyMap(list: readonly EntityProperty[]): Record<string, unknown> {
  const map: Record<string, unknown> = {};
  for (const { key, value } of list) {
    requireProperty(key, value);
    map[key] = value;
  }
  return map;
}
