// A small JQL: enough for a mirror, strict about the rest. Sources: jira.md 3.2 (bounded queries, at most 7 ORDER BY
// fields), jira.md 4 (date literals in the account's time zone, minute precision), Atlassian's JQL reference for the
// meaning of operators (`!=` and `not in` leave out issues whose field is empty).

import { adfToText } from "./adf.ts";
import type { Account, ProjectDef } from "./catalog.ts";
import { ISSUE_TYPES, PRIORITIES, RESOLUTIONS, SECURITY_LEVELS, STATUS_CATEGORIES, STATUSES } from "./catalog.ts";
import type { IssueRecord } from "./types.ts";

/** One operand: a literal (quoted or not), a function call, or EMPTY. */
export type JqlOperand =
  | { readonly kind: "value"; readonly text: string; readonly quoted: boolean }
  | { readonly kind: "function"; readonly name: string; readonly args: readonly string[] }
  | { readonly kind: "empty" };

/** A parsed condition. */
export type JqlClause =
  | { readonly kind: "and" | "or"; readonly clauses: readonly JqlClause[] }
  | { readonly kind: "not"; readonly clause: JqlClause }
  | {
      readonly kind: "field";
      readonly field: string;
      readonly operator: string;
      readonly operands: readonly JqlOperand[];
      readonly list: boolean;
    };

/** A parsed query. */
export interface JqlQuery {
  readonly where: JqlClause | null;
  readonly orderBy: readonly { readonly field: string; readonly descending: boolean }[];
}

/** A query that is wrong; the messages are what Jira puts into `errorMessages`. */
export class JqlError extends Error {
  readonly messages: readonly string[];
  constructor(...messages: string[]) {
    super(messages.join(" "));
    this.messages = messages;
  }
}

interface Token {
  readonly kind: "word" | "string" | "symbol" | "end";
  readonly text: string;
  readonly at: number;
}

function tokenize(jql: string): Token[] {
  const tokens: Token[] = [];
  const pattern =
    /\s+|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(!=|!~|>=|<=|[=<>~(),!]|&&|\|\||&|\|)|([^\s"'=<>~(),!&|]+)/gy;
  while (pattern.lastIndex < jql.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(jql);
    if (match === null) {
      const quote = jql.charAt(at);
      if (quote === '"' || quote === "'") {
        throw new JqlError(
          `Error in the JQL Query: The quoted string '${jql.slice(at + 1)}' has not been completed. (line 1, character ${at + 1})`,
        );
      }
      throw new JqlError(
        `Error in the JQL Query: The character '${quote}' is a reserved JQL character. (line 1, character ${at + 1})`,
      );
    }
    const quoted = match[1] ?? match[2];
    if (quoted !== undefined) {
      tokens.push({
        kind: "string",
        text: quoted.replaceAll(/\\(.)/g, (_all, char: string) => unescapeChar(char)),
        at,
      });
    } else if (match[3] !== undefined) tokens.push({ kind: "symbol", text: match[3], at });
    else if (match[4] !== undefined) tokens.push({ kind: "word", text: match[4], at });
  }
  tokens.push({ kind: "end", text: "", at: jql.length });
  return tokens;
}

function unescapeChar(char: string): string {
  return { n: "\n", t: "\t", r: "\r" }[char] ?? char;
}

/** Parses a query. Throws `JqlError` on a syntax error. Field names are not looked at yet. */
export function parseJql(jql: string): JqlQuery {
  const tokens = tokenize(jql);
  let position = 0;
  const peek = (offset = 0): Token =>
    tokens[Math.min(position + offset, tokens.length - 1)] ?? { kind: "end", text: "", at: 0 };
  const isWord = (word: string, offset = 0): boolean =>
    peek(offset).kind === "word" && peek(offset).text.toLowerCase() === word;
  const isSymbol = (...symbols: string[]): boolean => peek().kind === "symbol" && symbols.includes(peek().text);
  const next = (): Token => {
    const token = peek();
    position += 1;
    return token;
  };
  const fail = (expected: string): JqlError => {
    const token = peek();
    const got = token.kind === "end" ? "the end of the query" : `'${token.text}'`;
    return new JqlError(
      `Error in the JQL Query: Expecting ${expected} but got ${got}. (line 1, character ${token.at + 1})`,
    );
  };
  const expectSymbol = (symbol: string): void => {
    if (!isSymbol(symbol)) throw fail(`'${symbol}'`);
    next();
  };

  function parseOperand(): JqlOperand {
    const token = next();
    if (token.kind === "string") return { kind: "value", text: token.text, quoted: true };
    if (token.kind !== "word") {
      position -= 1;
      throw fail("either a value, list or function");
    }
    if (["empty", "null"].includes(token.text.toLowerCase())) return { kind: "empty" };
    if (!isSymbol("(")) return { kind: "value", text: token.text, quoted: false };
    next();
    const args: string[] = [];
    while (!isSymbol(")")) {
      if (args.length > 0) expectSymbol(",");
      const arg = next();
      if (arg.kind !== "word" && arg.kind !== "string") throw fail("a function argument");
      args.push(arg.text);
    }
    next();
    return { kind: "function", name: token.text, args };
  }

  function parseList(): JqlOperand[] {
    expectSymbol("(");
    const operands = [parseOperand()];
    while (isSymbol(",")) {
      next();
      operands.push(parseOperand());
    }
    expectSymbol(")");
    return operands;
  }

  function parseTerminal(): JqlClause {
    if (peek().kind !== "word" && peek().kind !== "string") throw fail("either a field name or '('");
    const field = next().text;
    if (isWord("in") || (isWord("not") && isWord("in", 1))) {
      const operator = isWord("not") ? "not in" : "in";
      position += operator === "in" ? 1 : 2;
      if (!isSymbol("(")) return { kind: "field", field, operator, operands: [parseOperand()], list: true };
      return { kind: "field", field, operator, operands: parseList(), list: true };
    }
    if (isWord("is")) {
      next();
      const operator = isWord("not") ? "is not" : "is";
      if (operator === "is not") next();
      const operand = parseOperand();
      if (operand.kind !== "empty")
        throw new JqlError(`The operator '${operator.toUpperCase()}' only supports EMPTY or NULL.`);
      return { kind: "field", field, operator, operands: [operand], list: false };
    }
    if (isWord("was") || isWord("changed")) {
      throw new JqlError(`The simulator does not know the operator '${peek().text.toUpperCase()}'.`);
    }
    if (!isSymbol("=", "!=", ">", ">=", "<", "<=", "~", "!~")) {
      throw fail("operator");
    }
    const operator = next().text;
    return { kind: "field", field, operator, operands: [parseOperand()], list: false };
  }

  function parseNot(): JqlClause {
    if (isWord("not") || isSymbol("!")) {
      next();
      return { kind: "not", clause: parseNot() };
    }
    if (isSymbol("(")) {
      next();
      const clause = parseOr();
      expectSymbol(")");
      return clause;
    }
    return parseTerminal();
  }

  function parseChain(kind: "and" | "or", symbols: string[], inner: () => JqlClause): JqlClause {
    const clauses = [inner()];
    while (isWord(kind) || isSymbol(...symbols)) {
      next();
      clauses.push(inner());
    }
    const [only] = clauses;
    return clauses.length === 1 && only !== undefined ? only : { kind, clauses };
  }

  const parseAnd = (): JqlClause => parseChain("and", ["&&", "&"], parseNot);
  function parseOr(): JqlClause {
    return parseChain("or", ["||", "|"], parseAnd);
  }

  const startsWithOrder = isWord("order") && isWord("by", 1);
  const where = peek().kind === "end" || startsWithOrder ? null : parseOr();
  const orderBy: { field: string; descending: boolean }[] = [];
  if (isWord("order")) {
    next();
    if (!isWord("by")) throw fail("'by'");
    next();
    do {
      if (orderBy.length > 0) next();
      if (peek().kind !== "word" && peek().kind !== "string") throw fail("a field name");
      const field = next().text;
      const descending = isWord("desc");
      if (descending || isWord("asc")) next();
      orderBy.push({ field, descending });
    } while (isSymbol(","));
  }
  if (peek().kind !== "end") throw fail("either 'OR' or 'AND'");
  return { where, orderBy };
}

/** What evaluation needs to know of the site. */
export interface JqlSite {
  readonly nowMs: number;
  readonly timeZone: string;
  readonly epochMillis: boolean;
  readonly unknownIssueFails: boolean;
  readonly currentUserId: string;
  readonly projects: readonly ProjectDef[];
  readonly accounts: readonly Account[];
  findIssueId(idOrKey: string): string | null;
}

/** A query made ready: a test for issues and an order. */
export interface JqlPlan {
  matches(issue: IssueRecord): boolean;
  compare(left: SortKey, right: SortKey): number;
  sortKey(issue: IssueRecord): SortKey;
}

/** Values an issue is sorted by, its numeric id last, so that the order is total. */
export type SortKey = readonly (string | number)[];

/** UTC milliseconds of a wall-clock time in a zone. */
export function zonedToEpoch(wall: readonly [number, number, number, number, number], timeZone: string): number {
  const [year, month, day, hour, minute] = wall;
  const guess = Date.UTC(year, month - 1, day, hour, minute);
  const offsetAt = (at: number): number => {
    const parts = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    }).formatToParts(at);
    const part = (type: string): number => Number(parts.find((candidate) => candidate.type === type)?.value);
    return (
      Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute")) -
      Math.floor(at / 60_000) * 60_000
    );
  };
  return guess - offsetAt(guess - offsetAt(guess));
}

const UNIT_MS = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000 } as const;

function parsePeriod(text: string): number | null {
  const match = /^([+-]?)((?:\d+\s*[wdhm]\s*)+)$/.exec(text.trim());
  if (match === null) return null;
  let total = 0;
  for (const [, count, unit] of (match[2] ?? "").matchAll(/(\d+)\s*([wdhm])/g)) {
    total += Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  return match[1] === "-" ? -total : total;
}

function parseDate(operand: JqlOperand, field: string, site: JqlSite): number {
  if (operand.kind === "function" && operand.name.toLowerCase() === "now") return site.nowMs;
  const text = operand.kind === "value" ? operand.text : operand.kind === "function" ? `${operand.name}()` : "EMPTY";
  if (operand.kind === "value") {
    const period = parsePeriod(text);
    if (period !== null) return site.nowMs + period;
    const match = /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?:\s+(\d{1,2}):(\d{2}))?$/.exec(text);
    if (match !== null) {
      const [, year, , month, day, hour, minute] = match;
      return zonedToEpoch(
        [Number(year), Number(month), Number(day), Number(hour ?? 0), Number(minute ?? 0)],
        site.timeZone,
      );
    }
    if (site.epochMillis && !operand.quoted && /^\d{9,}$/.test(text)) return Number(text);
  }
  throw new JqlError(
    `Date value '${text}' for field '${field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.`,
  );
}

function unknownValue(value: string, field: string): JqlError {
  return new JqlError(`The value '${value}' does not exist for the field '${field}'.`);
}

interface FieldDef {
  readonly kind: "id" | "date" | "text" | "label";
  /** Ids or strings the issue has; empty means EMPTY. */
  values(issue: IssueRecord): readonly string[];
  /** Turns a literal into the ids it may mean. Throws when it means nothing. */
  resolve(text: string, site: JqlSite): readonly string[];
  date?(issue: IssueRecord): number | null;
  text?(issue: IssueRecord): string;
  sort(issue: IssueRecord): string | number;
}

interface Named {
  readonly id: string;
  readonly name: { readonly en: string; readonly zh: string };
}

function byName(items: readonly Named[], field: string) {
  return (text: string): readonly string[] => {
    const wanted = text.toLowerCase();
    const found = items.filter(
      (item) => item.id === text || item.name.en.toLowerCase() === wanted || item.name.zh.toLowerCase() === wanted,
    );
    if (found.length === 0) throw unknownValue(text, field);
    return found.map((item) => item.id);
  };
}

function one(value: string | null): readonly string[] {
  return value === null ? [] : [value];
}

function resolveUser(text: string, site: JqlSite): readonly string[] {
  const found = site.accounts.find(
    (account) => account.accountId === text || account.displayName === text || account.email === text,
  );
  // Jira accepts unknown users in JQL and finds nothing. Assumed.
  return [found?.accountId ?? text];
}

function resolveIssue(text: string, site: JqlSite): readonly string[] {
  const id = site.findIssueId(text);
  if (id !== null) return [id];
  if (!site.unknownIssueFails) return [];
  throw new JqlError(
    /^\d+$/.test(text)
      ? `A value with ID '${text}' does not exist for the field 'id'.`
      : `An issue with key '${text}' does not exist for field 'key'.`,
  );
}

function category(issue: IssueRecord): string {
  return STATUSES.find((status) => status.id === issue.statusId)?.category ?? "new";
}

const issueField: FieldDef = {
  kind: "id",
  values: (issue) => [issue.id],
  resolve: resolveIssue,
  sort: (issue) => Number(issue.id),
};

function dateField(name: "createdMs" | "updatedMs" | "resolutionMs" | "statusChangedMs"): FieldDef {
  return {
    kind: "date",
    values: (issue) => one(issue[name] === null ? null : String(issue[name])),
    resolve: () => [],
    date: (issue) => issue[name],
    sort: (issue) => issue[name] ?? 0,
  };
}

function textField(text: (issue: IssueRecord) => string): FieldDef {
  return {
    kind: "text",
    values: (issue) => one(text(issue) === "" ? null : text(issue)),
    resolve: () => [],
    text,
    sort: (issue) => text(issue).toLowerCase(),
  };
}

function userField(name: "reporterId" | "assigneeId" | "creatorId"): FieldDef {
  return { kind: "id", values: (issue) => one(issue[name]), resolve: resolveUser, sort: (issue) => issue[name] ?? "" };
}

const FIELDS: Readonly<Record<string, FieldDef>> = {
  project: {
    kind: "id",
    values: (issue) => [issue.projectId],
    resolve: (text, site) => {
      const wanted = text.toLowerCase();
      const found = site.projects.find(
        (project) =>
          project.id === text ||
          [project.key, ...project.formerKeys, project.name].some((name) => name.toLowerCase() === wanted),
      );
      if (found === undefined) throw unknownValue(text, "project");
      return [found.id];
    },
    sort: (issue) => issue.key.replace(/-\d+$/, ""),
  },
  key: { ...issueField, sort: (issue) => issue.key.replace(/\d+$/, (digits) => digits.padStart(10, "0")) },
  id: issueField,
  labels: {
    kind: "label",
    values: (issue) => issue.labels,
    resolve: (text) => [text],
    sort: (issue) => [...issue.labels].sort().join(" "),
  },
  status: {
    kind: "id",
    values: (issue) => [issue.statusId],
    resolve: byName(STATUSES, "status"),
    sort: (issue) => issue.statusId,
  },
  statuscategory: {
    kind: "id",
    values: (issue) => [category(issue)],
    resolve: (text) => {
      const wanted = text.toLowerCase();
      const found = STATUS_CATEGORIES.find(
        (item) =>
          String(item.id) === text ||
          item.key === wanted ||
          item.name.en.toLowerCase() === wanted ||
          item.name.zh === text,
      );
      if (found === undefined) throw unknownValue(text, "statusCategory");
      return [found.key];
    },
    sort: category,
  },
  issuetype: {
    kind: "id",
    values: (issue) => [issue.issueTypeId],
    resolve: byName(ISSUE_TYPES, "issuetype"),
    sort: (issue) => issue.issueTypeId,
  },
  priority: {
    kind: "id",
    values: (issue) => one(issue.priorityId),
    resolve: byName(PRIORITIES, "priority"),
    sort: (issue) => -Number(issue.priorityId ?? 99),
  },
  resolution: {
    kind: "id",
    values: (issue) => one(issue.resolutionId),
    resolve: (text) => (text.toLowerCase() === "unresolved" ? [""] : byName(RESOLUTIONS, "resolution")(text)),
    sort: (issue) => issue.resolutionId ?? "",
  },
  level: {
    kind: "id",
    values: (issue) => one(issue.securityLevelId),
    resolve: byName(
      SECURITY_LEVELS.map(({ id, name }) => ({ id, name: { en: name, zh: name } })),
      "level",
    ),
    sort: (issue) => issue.securityLevelId ?? "",
  },
  reporter: userField("reporterId"),
  assignee: userField("assigneeId"),
  creator: userField("creatorId"),
  created: dateField("createdMs"),
  updated: dateField("updatedMs"),
  resolved: dateField("resolutionMs"),
  statuscategorychangeddate: dateField("statusChangedMs"),
  summary: textField((issue) => issue.summary),
  description: textField((issue) => adfToText(issue.description)),
  comment: textField((issue) => issue.comments.map((comment) => adfToText(comment.body)).join("\n")),
  text: textField((issue) =>
    [issue.summary, adfToText(issue.description), ...issue.comments.map((comment) => adfToText(comment.body))].join(
      "\n",
    ),
  ),
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

/** Finds the field behind a name in a query. Throws what Jira says of an unknown one. */
function getField(name: string): FieldDef {
  const lower = name.toLowerCase();
  const key = ALIASES[lower] ?? lower;
  const field = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined;
  if (field === undefined) {
    throw new JqlError(`Field '${name}' does not exist or you do not have permission to view it.`);
  }
  return field;
}

function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Jira's text search, roughly: every word must occur; `word*` is a prefix; `"\"a b\""` is a phrase. */
function textMatches(text: string, query: string): boolean {
  const phrase = /^"(.*)"$/s.exec(query.trim())?.[1];
  if (phrase !== undefined) return words(text).join(" ").includes(words(phrase).join(" "));
  const have = words(text);
  const lower = text.toLowerCase();
  const terms = query.toLowerCase().match(/[\p{L}\p{N}*]+/gu) ?? [];
  return terms.every((term) => {
    const bare = term.replaceAll("*", "");
    if (/[\u3040-\u9fff\uac00-\ud7af]/.test(bare)) return lower.includes(bare);
    return have.some((word) => (term.endsWith("*") ? word.startsWith(bare) : word === bare));
  });
}

type Test = (issue: IssueRecord) => boolean;

function planOrdered(clause: JqlClause & { kind: "field" }, field: FieldDef, site: JqlSite): Test {
  const [operand] = clause.operands;
  if (operand === undefined) return () => false;
  const read = field.date;
  if (read === undefined) {
    throw new JqlError(`The operator '${clause.operator}' is not supported by the '${clause.field}' field.`);
  }
  const bound = parseDate(operand, clause.field, site);
  return (issue) => {
    const value = read(issue);
    if (value === null) return false;
    switch (clause.operator) {
      case ">":
        return value > bound;
      case ">=":
        return value >= bound;
      case "<":
        return value < bound;
      case "<=":
        return value <= bound;
      case "!=":
        return value !== bound;
      default:
        return value === bound;
    }
  };
}

function planText(clause: JqlClause & { kind: "field" }, field: FieldDef): Test {
  const read = field.text;
  const [operand] = clause.operands;
  if (read === undefined || operand?.kind !== "value") {
    throw new JqlError(`The operator '${clause.operator}' is not supported by the '${clause.field}' field.`);
  }
  if (words(operand.text).length === 0) throw new JqlError(`The field '${clause.field}' needs a word to search for.`);
  const wanted = clause.operator === "~";
  return (issue) => textMatches(read(issue), operand.text) === wanted;
}

function planMembership(clause: JqlClause & { kind: "field" }, field: FieldDef, site: JqlSite): Test {
  if (field.kind === "text") {
    throw new JqlError(`The operator '${clause.operator}' is not supported by the '${clause.field}' field.`);
  }
  const wanted = new Set<string>();
  let orEmpty = false;
  for (const operand of clause.operands) {
    if (operand.kind === "empty") orEmpty = true;
    else if (operand.kind === "function") {
      if (operand.name.toLowerCase() !== "currentuser") {
        throw new JqlError(`Unable to find JQL function '${operand.name}(${operand.args.join(", ")})'.`);
      }
      wanted.add(site.currentUserId);
    } else {
      for (const id of field.resolve(operand.text, site)) {
        if (id === "") orEmpty = true;
        else wanted.add(id);
      }
    }
  }
  const negative = clause.operator === "!=" || clause.operator === "not in";
  return (issue) => {
    const values = field.values(issue);
    // An empty field matches neither `=` nor `!=` (JQL reference, "!=").
    if (values.length === 0) return negative ? false : orEmpty;
    const hit = values.some((value) => wanted.has(value));
    return negative ? !hit : hit;
  };
}

function planClause(clause: JqlClause, site: JqlSite): Test {
  if (clause.kind === "not") {
    const inner = planClause(clause.clause, site);
    return (issue) => !inner(issue);
  }
  if (clause.kind !== "field") {
    const tests = clause.clauses.map((inner) => planClause(inner, site));
    return clause.kind === "and"
      ? (issue) => tests.every((test) => test(issue))
      : (issue) => tests.some((test) => test(issue));
  }
  const field = getField(clause.field);
  if (clause.operator === "is" || clause.operator === "is not") {
    const wantEmpty = clause.operator === "is";
    return (issue) => (field.values(issue).length === 0) === wantEmpty;
  }
  if (clause.operator === "~" || clause.operator === "!~") return planText(clause, field);
  if (field.kind === "date" && clause.list) {
    const tests = clause.operands.map((operand) =>
      planOrdered({ ...clause, operator: "=", operands: [operand] }, field, site),
    );
    const wanted = clause.operator === "in";
    return (issue) => tests.some((test) => test(issue)) === wanted;
  }
  if (field.kind === "date" || [">", ">=", "<", "<="].includes(clause.operator))
    return planOrdered(clause, field, site);
  return planMembership(clause, field, site);
}

/** Makes a query ready to run. Throws `JqlError` for unknown fields, values, functions, and unbounded queries. */
export function planJql(query: JqlQuery, site: JqlSite): JqlPlan {
  if (query.where === null) {
    throw new JqlError("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.");
  }
  if (query.orderBy.length > 7) throw new JqlError("The maximum number of ORDER BY fields is 7.");
  const matches = planClause(query.where, site);
  const order = query.orderBy.map((entry) => ({ field: getField(entry.field), descending: entry.descending }));
  // Assumed: without ORDER BY the newest issue comes first.
  return {
    matches,
    sortKey: (issue) => [...order.map((entry) => entry.field.sort(issue)), Number(issue.id)],
    compare: (left, right) => {
      for (const [index, entry] of order.entries()) {
        const difference = compareValues(left[index], right[index]);
        if (difference !== 0) return entry.descending ? -difference : difference;
      }
      return compareValues(right[order.length], left[order.length]);
    },
  };
}

function compareValues(left: string | number | undefined, right: string | number | undefined): number {
  if (left === right || left === undefined || right === undefined) return 0;
  return left < right ? -1 : 1;
}
