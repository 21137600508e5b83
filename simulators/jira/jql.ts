// What a query finds. Sources: jira.md 3.2 (bounded queries, at most 7 ORDER BY fields), jira.md 4 (date literals in the account's time zone,
// minute precision), Atlassian's JQL reference for the meaning of operators (`!=` and `not in` leave out issues whose field is empty).

import { type FieldDef, getField } from "./jql-fields.ts";
import { type JqlClause, type JqlCondition, JqlError, type JqlOperand, type JqlQuery } from "./jql-syntax.ts";
import type { Site } from "./site.ts";
import type { IssueRecord } from "./types.ts";

/** A query made ready: a test for issues and an order. */
export interface JqlPlan {
  matches(issue: IssueRecord): boolean;
  compare(left: SortKey, right: SortKey): number;
  sortKey(issue: IssueRecord): SortKey;
}

/** Values an issue is sorted by, its numeric id last, so that the order is total. */
export type SortKey = readonly (string | number)[];

type Test = (issue: IssueRecord) => boolean;

/** Makes a query ready to run. @throws JqlError for unknown fields, values, functions, and unbounded queries. */
export function planJql({ where, orderBy }: JqlQuery, site: Site): JqlPlan {
  if (where === null)
    throw new JqlError("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.");
  if (orderBy.length > 7) throw new JqlError("The maximum number of ORDER BY fields is 7.");
  const matches = planClause(where, site);
  const order = orderBy.map(({ field, descending }) => ({ field: getField(field), sign: descending ? -1 : 1 }));
  return {
    matches,
    sortKey: (issue) => [...order.map(({ field }) => sortValue(field, issue)), Number(issue.id)],
    compare(left, right) {
      for (const [index, { sign }] of order.entries()) {
        const difference = sign * compareValues(left[index], right[index]);
        if (difference !== 0) return difference;
      }
      // Assumed: without ORDER BY the newest issue comes first.
      return compareValues(right[order.length], left[order.length]);
    },
  };
}

function sortValue(field: FieldDef, issue: IssueRecord): string | number {
  const value = field.sort?.(issue) ?? field.read(issue);
  return typeof value === "number" ? value : String(value ?? "");
}

function compareValues(left: string | number | undefined, right: string | number | undefined): number {
  if (left === right || left === undefined || right === undefined) return 0;
  return left < right ? -1 : 1;
}

function planClause(clause: JqlClause, site: Site): Test {
  switch (clause.kind) {
    case "not": {
      const inner = planClause(clause.clause, site);
      return (issue) => !inner(issue);
    }
    case "field":
      return planCondition(clause, site);
    default: {
      const tests = clause.clauses.map((inner) => planClause(inner, site));
      return clause.kind === "and"
        ? (issue) => tests.every((test) => test(issue))
        : (issue) => tests.some((test) => test(issue));
    }
  }
}

/** Operators by what they are about; a negative one is the opposite of the positive one on a field that is not empty. */
const NEGATIVE: readonly string[] = ["!=", "not in", "is not", "!~"];
const ORDERED: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  ">": (value, bound) => value > bound,
  ">=": (value, bound) => value >= bound,
  "<": (value, bound) => value < bound,
  "<=": (value, bound) => value <= bound,
};
const same = (value: number, bound: number): boolean => value === bound;

function planCondition(condition: JqlCondition, site: Site): Test {
  const { operator } = condition;
  const field = getField(condition.field);
  const isWanted = !NEGATIVE.includes(operator);
  if (operator.startsWith("is")) return (issue) => (listValues(field, issue).length === 0) === isWanted;
  const test = planPositive(condition, field, site);
  // An empty field matches neither `=` nor `!=` (JQL reference, "!=").
  return (issue) => (isWanted ? test(issue) : listValues(field, issue).length > 0 && !test(issue));
}

function listValues(field: FieldDef, issue: IssueRecord): readonly (string | number)[] {
  const value = field.read(issue);
  return value === null ? [] : typeof value === "object" ? value : [value];
}

function planPositive({ field: name, operator, operands }: JqlCondition, field: FieldDef, site: Site): Test {
  const unsupported = new JqlError(`The operator '${operator}' is not supported by the '${name}' field.`);
  const isSearch = operator.endsWith("~");
  if (isSearch !== (field.kind === "text")) throw unsupported;
  if (field.kind === "text") {
    const [operand] = operands;
    if (operand?.kind !== "value") throw unsupported;
    if (words(operand.text).length === 0) throw new JqlError(`The field '${name}' needs a word to search for.`);
    return (issue) => textMatches(String(field.read(issue) ?? ""), operand.text);
  }
  if (field.kind === "date") {
    const bounds = operands.map((operand) => parseDate(operand, name, site));
    const compare = ORDERED[operator] ?? same;
    return (issue) => listValues(field, issue).some((value) => bounds.some((bound) => compare(Number(value), bound)));
  }
  if (operator in ORDERED) throw unsupported;
  const wanted = new Set(operands.flatMap((operand) => resolveOperand(operand, field, site)));
  return (issue) => {
    const values = listValues(field, issue);
    return values.length === 0 ? wanted.has("") : values.some((value) => wanted.has(String(value)));
  };
}

function resolveOperand(operand: JqlOperand, field: FieldDef, site: Site): readonly string[] {
  if (operand.kind === "empty") return [""];
  if (operand.kind === "value") return field.resolve?.(operand.text, site) ?? [operand.text];
  if (operand.name.toLowerCase() === "currentuser") return [site.bot.accountId];
  throw new JqlError(`Unable to find JQL function '${operand.name}(${operand.args.join(", ")})'.`);
}

/** UTC milliseconds of a wall-clock time in a zone. */
export function zonedToEpoch(wall: readonly [number, number, number, number, number], timeZone: string): number {
  const [year, month, day, hour, minute] = wall;
  const guess = Date.UTC(year, month - 1, day, hour, minute);
  // Swedes write a time as ISO does.
  const offsetAt = (at: number): number =>
    Date.parse(`${new Date(at).toLocaleString("sv-SE", { timeZone }).replace(" ", "T")}Z`) - at;
  return guess - offsetAt(guess - offsetAt(guess));
}

const UNIT_MS: Readonly<Record<string, number>> = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000 };

function parsePeriod(text: string): number | null {
  const [, sign, periods] = /^([+-]?)((?:\d+\s*[wdhm]\s*)+)$/.exec(text.trim()) ?? [];
  if (periods === undefined) return null;
  const parts = [...periods.matchAll(/(\d+)\s*([wdhm])/g)];
  const total = parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (UNIT_MS[unit] ?? 0), 0);
  return sign === "-" ? -total : total;
}

function parseDate(operand: JqlOperand, field: string, site: Site): number {
  if (operand.kind === "function" && operand.name.toLowerCase() === "now") return site.now();
  const text = operand.kind === "value" ? operand.text : operand.kind === "function" ? `${operand.name}()` : "EMPTY";
  if (operand.kind === "value") {
    const period = parsePeriod(text);
    if (period !== null) return site.now() + period;
    const match = /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?:\s+(\d{1,2}):(\d{2}))?$/.exec(text);
    if (match !== null) {
      const [, year, , month, day, hour = 0, minute = 0] = match;
      const wall = [Number(year), Number(month), Number(day), Number(hour), Number(minute)] as const;
      return zonedToEpoch(wall, site.settings.botTimeZone);
    }
    if (site.settings.jqlEpochMillis && !operand.quoted && /^\d{9,}$/.test(text)) return Number(text);
  }
  throw new JqlError(
    `Date value '${text}' for field '${field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.`,
  );
}

function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Jira's text search, roughly: every word must occur; `word*` is a prefix; `"\"a b\""` is a phrase. */
function textMatches(text: string, query: string): boolean {
  const phrase = /^"(.*)"$/s.exec(query.trim())?.[1];
  if (phrase !== undefined) return words(text).join(" ").includes(words(phrase).join(" "));
  const found = words(text);
  const lower = text.toLowerCase();
  const terms = query.toLowerCase().match(/[\p{L}\p{N}*]+/gu) ?? [];
  return terms.every((term) => {
    const bare = term.replaceAll("*", "");
    if (/[\u3040-\u9fff\uac00-\ud7af]/.test(bare)) return lower.includes(bare);
    return found.some((word) => (term.endsWith("*") ? word.startsWith(bare) : word === bare));
  });
}
