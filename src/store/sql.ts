/** Small tools for SQL that Prisma's models cannot say: conditional, many rows at once, one round trip. */
import type { LinkId } from "../domain/ids.ts";
import { lanes } from "../domain/lane.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";

/** What every repository needs of the database. A transaction's client serves as well. */
export type Queries = Pick<PrismaClient, "$queryRaw" | "$executeRaw">;

/** SQL for the list of all lanes, the most urgent first. */
export const laneArray = Prisma.raw(`ARRAY[${lanes.map((lane) => `'${lane}'`).join(",")}]`);

/** How many rows one statement carries at most; keeps statements and locks short. */
export const BATCH_MAX = 1000;

/** SQL for the rank of a lane: 1 is the most urgent. `expression` is ours, never a value from outside. */
export function laneRank(expression: string): Prisma.Sql {
  return Prisma.sql`array_position(${laneArray}, ${Prisma.raw(expression)})`;
}

/** The database's number of a link. Throws `SyntaxError` on a text that is no number. */
export function linkNumber(linkId: LinkId): bigint {
  return BigInt(linkId);
}

/**
 * A value as text for a `::jsonb` parameter. Dates become ISO texts, `undefined` disappears, texts are as of `storableText`.
 */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) => (typeof entry === "string" ? storableText(entry) : entry));
}

/** NUL characters and halves of surrogate pairs, which PostgreSQL refuses, are dropped or replaced: one odd text cannot block its link for ever. */
function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "");
}

/** A copy of plain objects, arrays and dates with every text as the database keeps it. */
export function storable<Value>(value: Value): Value {
  if (typeof value === "string") return storableText(value) as Value;
  if (Array.isArray(value)) return value.map(storable) as Value;
  if (value === null || typeof value !== "object" || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, storable(entry)])) as Value;
}

/** Splits rows into pieces of at most `BATCH_MAX`. */
export function inBatches<Row>(rows: readonly Row[], sizeMax = BATCH_MAX): Row[][] {
  const batches: Row[][] = [];
  for (let start = 0; start < rows.length; start += sizeMax) batches.push(rows.slice(start, start + sizeMax));
  return batches;
}

/**
 * SQL condition: the link is watched (rule 3): mirrored, and open or closed since `watchedSince`. `alias` is ours.
 */
export function isWatched(alias: string, watchedSince: Date): Prisma.Sql {
  const column = (name: string) => Prisma.raw(`${alias}."${name}"`);
  return Prisma.sql`(${column("state")} = 'active' AND ${column("caseId")} IS NOT NULL
    AND (${column("closedSeenAt")} IS NULL OR ${column("closedSeenAt")} >= ${watchedSince}::timestamptz))`;
}
