/** JQL texts. Values are quoted, so that a label or key can never become part of the query. */
import { commonLabel } from "../domain/labels.ts";
import { type CallFacts, refusedLocally } from "./errors.ts";

/** A value in double quotes. */
export function quoteJql(value: string): string {
  return `"${value.replace(/[\\"]/g, "\\$&").replace(/[\r\n]+/g, " ")}"`;
}

/** Issues of the project changed within the last minutes: relative, so that no time zone matters (rule 4, jira.md 4). */
export function updatedWithinJql(projectKey: string, minutes: number): string {
  return `project = ${quoteJql(projectKey)} AND updated >= -${Math.max(1, Math.ceil(minutes))}m ORDER BY updated ASC`;
}

/** Issues of the project that an account made within the last minutes. */
export function newIssuesJql(projectKey: string, accountId: string, minutes: number): string {
  const since = `created >= -${Math.max(1, Math.ceil(minutes))}m`;
  return `project = ${quoteJql(projectKey)} AND creator = ${quoteJql(accountId)} AND ${since} ORDER BY created ASC`;
}

/** Issues of any project with any of the labels. */
export function labelsJql(labels: readonly string[]): string {
  return `labels in (${labels.map(quoteJql).join(", ")}) ORDER BY created ASC`;
}

/** Issues that may carry our stamps; see `JiraPort.listStampedIssues`. */
export function stampedJql(projectKey: string, scope: "project" | "labelled" | "elsewhere"): string {
  const project = quoteJql(projectKey);
  const label = `labels = ${quoteJql(commonLabel)}`;
  if (scope === "project") return `project = ${project} ORDER BY created ASC`;
  return `project ${scope === "labelled" ? "=" : "!="} ${project} AND ${label} ORDER BY created ASC`;
}

/**
 * A query of the operator, held inside the project and in order of creation; an own `ORDER BY` is dropped. Throws
 * `ServiceError` (`rejected`) when quotes or brackets do not match, since it could then reach beyond the project.
 */
export function withinProjectJql(call: CallFacts, projectKey: string, jql: string): string {
  let depth = 0;
  let orderAt: number | null = null;
  const tokens = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|["'()]|\border\s+by\b/gi;
  for (const { 0: token, index } of jql.matchAll(tokens)) {
    if (token === "(") depth += 1;
    else if (token === ")") depth -= 1;
    else if (token === '"' || token === "'") throw refusedLocally(call, "a quote in the JQL is not closed");
    else if (!/^["']/.test(token) && depth === 0) orderAt ??= index;
    if (depth < 0) break;
  }
  if (depth !== 0) throw refusedLocally(call, "brackets in the JQL do not match");
  const condition = jql.slice(0, orderAt ?? jql.length).trim();
  const project = `project = ${quoteJql(projectKey)}`;
  return `${project}${condition === "" ? "" : ` AND (${condition})`} ORDER BY created ASC`;
}
