import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { StoredBytes } from "../base/files.ts";
import { type Operation, readText } from "../base/openapi.ts";
import { jiraDocument } from "./document.ts";

/** What goes back to the client. `file` streams stored bytes, `raw` sends text as it is. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly file?: FileReply;
}

/** A success with a body. */
export function ok(body: unknown, status = 200): Reply {
  return { status, body };
}

/** Bytes of an attachment, or a range of them. */
export interface FileReply {
  readonly bytes: StoredBytes;
  readonly start: number;
  readonly length: number;
}

/**
 * A write that is checked and only waits to be done: the server runs the `before` hook, then `commit`, then the
 * `after` hook, then answers. So a test can stop the client exactly there.
 */
export interface PreparedWrite {
  /** Issue whose write limit it counts against (jira.md 3.6), or null. */
  readonly issueId: string | null;
  readonly commit: () => Reply;
}

/** An answer that is an error. `refusal` marks requests a correct client never sends; they are recorded. */
export class HttpFailure extends Error {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly refusal: string | null;

  constructor(init: {
    status: number;
    body: unknown;
    headers?: Record<string, string>;
    refusal?: string | null;
  }) {
    super(`HTTP ${init.status}`);
    this.status = init.status;
    this.body = init.body;
    this.headers = init.headers ?? {};
    this.refusal = init.refusal ?? null;
  }
}

/** Jira's usual error body (jira.md 3.3). */
export function failure(status: number, messages: readonly string[], errors: Record<string, string> = {}): HttpFailure {
  return new HttpFailure({ status, body: { errorMessages: messages, errors } });
}

/** 400 with field errors. */
export function fieldErrors(errors: Record<string, string>): HttpFailure {
  return failure(400, [], errors);
}

/** 400 that is also recorded: the request has a form that Jira does not know. */
export function refused(reason: string, messages?: readonly string[]): HttpFailure {
  return new HttpFailure({
    status: 400,
    body: {
      errorMessages: messages ?? ["Invalid request payload. Refer to the REST API documentation and try again."],
      errors: {},
    },
    refusal: reason,
  });
}

/** What the gateway answers a token that lacks the scope of a call (jira.md 6). */
export function scopeMismatch(): HttpFailure {
  return new HttpFailure({ status: 401, body: { code: 401, message: "Unauthorized; scope does not match" } });
}

/** The 404 of an issue that is not there or may not be seen (jira.md 3.3). */
export function issueNotFound(): HttpFailure {
  return failure(404, ["Issue does not exist or you do not have permission to see it."]);
}

/** Query parameters, checked against the operation's list before any handler sees them. */
export interface Query {
  text(name: string): string | null;
  list(name: string): readonly string[];
  flag(name: string, fallback: boolean): boolean;
  int(name: string, fallback: number): number;
}

/** Reads the query strictly: unknown names and wrong values are refused (real Jira ignores unknown ones). */
export function parseQuery(operation: Operation, params: URLSearchParams): Query {
  const values: Record<string, unknown> = {};
  for (const name of new Set(params.keys())) {
    const schema = operation.parameters.query[name];
    const texts = params.getAll(name);
    const [first = ""] = texts;
    if (texts.length > 1 && schema?.type !== "array" && name !== "expand")
      throw refused(`query parameter "${name}" given twice`);
    values[name] = readText(schema, schema?.type === "array" ? texts.join() : first);
  }
  const problem = jiraDocument().findParameterProblem(operation, "query", values);
  if (problem !== null) throw refused(problem);
  const text = (name: string): string | null => params.get(name);
  return {
    text,
    list: (name) =>
      params
        .getAll(name)
        .flatMap((value) => value.split(","))
        .map((value) => value.trim())
        .filter((value) => value.length > 0),
    flag: (name, fallback) => (params.has(name) ? params.get(name) === "true" : fallback),
    int: (name, fallback) => (params.has(name) ? Number(params.get(name)) : fallback),
  };
}

/** One request as a handler sees it. */
export interface RequestContext {
  readonly operation: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
  readonly request: IncomingMessage;
}

/** Start and length of a page, within bounds. */
export interface Page {
  readonly startAt: number;
  readonly maxResults: number;
}

/** Reads `startAt` and `maxResults`; more than `max` is cut to it, as Jira does. */
export function parsePage(query: Query, fallback: number, max: number): Page {
  const startAt = query.int("startAt", 0);
  const maxResults = query.int("maxResults", fallback);
  if (startAt < 0 || maxResults < 0) throw failure(400, ["startAt and maxResults must not be negative."]);
  return { startAt, maxResults: Math.min(maxResults, max) };
}

/** Jira's page bean around a slice of a list. */
export function pageBean<T>(items: readonly T[], page: Page, self: string): Record<string, unknown> {
  const values = items.slice(page.startAt, page.startAt + page.maxResults);
  const next = page.startAt + values.length;
  const isLast = next >= items.length;
  return {
    self,
    maxResults: page.maxResults,
    startAt: page.startAt,
    total: items.length,
    isLast,
    ...(isLast ? {} : { nextPage: `${self}?startAt=${next}&maxResults=${page.maxResults}` }),
    values,
  };
}

/** A time as Jira writes it: `2026-11-24T20:30:00.123+0000`. */
export function toJiraTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "+0000");
}
