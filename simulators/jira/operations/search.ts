// Search, jira.md 3.2: bounded queries, 1-5000 per page, no total, opaque token, an index that lags.

import { createHash } from "node:crypto";
import { z } from "zod";
import { failure, ok, type Reply, type RequestContext, refused } from "../http.ts";
import { type JqlPlan, planJql, type SortKey } from "../jql.ts";
import { JqlError, parseJql } from "../jql-syntax.ts";
import { canSeeIssue, type Site } from "../site.ts";
import type { IssueRecord } from "../types.ts";
import { viewIssue } from "../views.ts";
import { bodyOf, type Handlers } from "./handler.ts";

interface SearchRequest {
  readonly jql: string;
  readonly nextPageToken: string | null;
  readonly maxResults: number;
  readonly fields: readonly string[];
  readonly properties: readonly string[];
  readonly reconcileIssues: readonly string[];
}

const TOKEN_LIFE_MS = 7 * 86_400_000;
const tokenSchema = z.strictObject({ q: z.string(), k: z.array(z.union([z.string(), z.number()])), t: z.number() });

function toPlan(site: Site, jql: string): JqlPlan {
  try {
    return planJql(parseJql(jql), site);
  } catch (error) {
    if (error instanceof JqlError) throw failure(400, [error.message]);
    throw error;
  }
}

/** A token is only good for the query it came from: same JQL, fields and reconciled issues. */
function hashOf(request: SearchRequest): string {
  const parts = [request.jql, [...request.reconcileIssues].sort()];
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 16);
}

function parseToken(site: Site, request: SearchRequest): SortKey | null {
  if (request.nextPageToken === null) return null;
  const invalid = failure(400, ["The provided next page token is invalid or expired."]);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(request.nextPageToken, "base64url").toString());
  } catch {
    throw invalid;
  }
  const token = tokenSchema.safeParse(value);
  if (!token.success || token.data.q !== hashOf(request) || token.data.t < site.now() - TOKEN_LIFE_MS) throw invalid;
  return token.data.k;
}

function findMatches(site: Site, plan: JqlPlan, fresh: ReadonlySet<string>): { issue: IssueRecord; key: SortKey }[] {
  const hits: { issue: IssueRecord; key: SortKey }[] = [];
  for (const issue of site.state.issuesAt(site.settings.searchLagMs, fresh)) {
    if (canSeeIssue(site, issue) && plan.matches(issue)) hits.push({ issue, key: plan.sortKey(issue) });
  }
  return hits.sort((left, right) => plan.compare(left.key, right.key));
}

function search(site: Site, request: SearchRequest): Reply {
  if (request.maxResults < 1 || request.maxResults > 5_000) throw refused("maxResults must be 1 to 5000");
  if (request.properties.length > 5) throw refused("more than 5 properties in one search");
  if (request.reconcileIssues.length > 50) throw refused("more than 50 issues to reconcile");
  if (request.reconcileIssues.some((id) => !/^\d+$/.test(id))) throw refused("reconcileIssues takes numeric ids");
  const plan = toPlan(site, request.jql);
  const after = parseToken(site, request);
  const hits = findMatches(site, plan, new Set(request.reconcileIssues));
  const remaining = after === null ? hits : hits.filter((hit) => plan.compare(hit.key, after) > 0);
  const bare = request.fields.every((field) => field === "id" || field === "key");
  const size = bare ? request.maxResults : Math.min(request.maxResults, site.settings.searchMaxWithFields);
  const page = remaining.slice(0, size);
  const last = page.at(-1);
  const more = remaining.length > page.length && last !== undefined;
  const token = more ? { q: hashOf(request), k: last.key, t: site.now() } : null;
  return ok({
    issues: page.map((hit) => viewHit(site, hit.issue, request)),
    ...(token === null ? {} : { nextPageToken: Buffer.from(JSON.stringify(token)).toString("base64url") }),
    isLast: !more,
  });
}

/** jira.md 3.2: only the id without `fields`. */
function viewHit(site: Site, issue: IssueRecord, request: SearchRequest): Record<string, unknown> {
  if (request.fields.length === 0 && request.properties.length === 0) return { id: issue.id };
  if (request.fields.length > 0 && request.fields.every((field) => field === "id")) return { id: issue.id };
  const view = { fields: request.fields, inSearch: true, properties: request.properties };
  return viewIssue(site, issue, view);
}

interface SearchBody {
  readonly jql?: string;
  readonly nextPageToken?: string;
  readonly maxResults?: number;
  readonly fields?: readonly string[];
  readonly properties?: readonly string[];
  readonly reconcileIssues?: readonly number[];
  /** One text with commas (jira.md 2.3). */
  readonly expand?: string;
}

function searchPost(site: Site, context: RequestContext): Reply {
  const body = bodyOf<SearchBody>(context);
  if ((body.expand ?? "") !== "") throw refused("expand in a search");
  return search(site, {
    jql: body.jql ?? "",
    nextPageToken: body.nextPageToken ?? null,
    maxResults: body.maxResults ?? 50,
    fields: body.fields ?? [],
    properties: body.properties ?? [],
    reconcileIssues: (body.reconcileIssues ?? []).map(String),
  });
}

function countIssues(site: Site, context: RequestContext): Reply {
  const { jql = "" } = bodyOf<SearchBody>(context);
  return ok({ count: findMatches(site, toPlan(site, jql), new Set()).length });
}

/** Search and JQL. */
export const searchHandlers: Handlers = {
  searchAndReconsileIssuesUsingJqlPost: searchPost,
  countIssues,
};
