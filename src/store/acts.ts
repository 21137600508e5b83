/**
 * Who did what (guarantee 11). An act is an audit line that has an actor; it is written in the transaction of what was done, so there is neither
 * an act without its line nor a line without its act. Work that takes many transactions is noted at its start and again at its end.
 */
import type { LinkId } from "../domain/ids.ts";
import { Prisma } from "./generated/client.ts";
import { escapeLike } from "./pages.ts";
import { linkNumber, type Queries } from "./sql.ts";

/** One act. `target` and `outcome` are one line each, without texts of people. */
export type Act = {
  readonly actor: string;
  /** A verb: `pause`, `unlink`, `retry` … */
  readonly action: string;
  /** What it was done to: a case, an issue, a failure, a selection. */
  readonly target: string;
  readonly outcome: string;
  /** Left out: it concerns every connection. */
  readonly connectionName?: string | undefined;
  readonly linkId?: LinkId | undefined;
};

/** One act as the audit shows it. `connectionName` is `null` where it concerned every connection. */
export type ActEntry = Omit<Act, "connectionName" | "linkId"> & {
  readonly at: Date;
  readonly connectionName: string | null;
  readonly linkId: LinkId | null;
};

/** Stands in the column that must hold a connection. */
const everyConnection = "*";

/** Writes the line of an act; call it in the transaction of the act. */
export async function recordAct(queries: Queries, { at, ...act }: Act & { readonly at: Date }): Promise<void> {
  await queries.$executeRaw(Prisma.sql`
    INSERT INTO audit (at, "connectionName", "linkId", side, action, item, result, actor)
    VALUES (${at}::timestamptz, ${act.connectionName ?? everyConnection},
      ${act.linkId === undefined ? null : linkNumber(act.linkId)}::bigint, 'both', ${act.action}, ${act.target}, ${act.outcome}, ${act.actor})`);
}

/** The newest acts first: since a moment, of one link, at most `limit`. */
export async function listActs(
  queries: Queries,
  filter: { readonly since: Date | null; readonly linkId: LinkId | null; readonly limit: number },
): Promise<readonly ActEntry[]> {
  const { items } = await listActPage(queries, { ...filter, since: filter.since ?? undefined });
  return items;
}

/** The same in pages: `cursor` is the `nextCursor` of the page before, which is `null` on the last one. A cursor that is none finds nothing older. */
export async function listActPage(
  queries: Queries,
  filter: {
    readonly since?: Date | undefined;
    readonly linkId?: LinkId | null | undefined;
    readonly connection?: string | undefined;
    /** Part of the actor's name, in any case. */
    readonly actor?: string | undefined;
    readonly action?: string | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  },
): Promise<{ readonly items: readonly ActEntry[]; readonly nextCursor: string | null }> {
  const since = filter.since === undefined ? Prisma.empty : Prisma.sql`AND at >= ${filter.since}::timestamptz`;
  const link = filter.linkId == null ? Prisma.empty : Prisma.sql`AND "linkId" = ${linkNumber(filter.linkId)}`;
  const connection =
    filter.connection === undefined
      ? Prisma.empty
      : Prisma.sql`AND "connectionName" IN (${filter.connection}, ${everyConnection})`;
  const actor =
    filter.actor === undefined ? Prisma.empty : Prisma.sql`AND actor ILIKE ${`%${escapeLike(filter.actor)}%`}`;
  const action = filter.action === undefined ? Prisma.empty : Prisma.sql`AND action = ${filter.action}`;
  const [, atMs, id] = /^(\d{1,15})-(\d{1,18})$/.exec(filter.cursor ?? "") ?? [];
  const older =
    atMs === undefined || id === undefined
      ? Prisma.empty
      : Prisma.sql`AND (at, id) < (${new Date(Number(atMs))}::timestamptz, ${BigInt(id)})`;
  const rows = await queries.$queryRaw<(ActEntry & { readonly id: string })[]>(Prisma.sql`
    SELECT id::text AS id, at, actor, action, item AS target, result AS outcome, NULLIF("connectionName", ${everyConnection}) AS "connectionName", "linkId"::text AS "linkId"
    FROM audit WHERE actor IS NOT NULL ${since} ${link} ${connection} ${actor} ${action} ${older} ORDER BY at DESC, id DESC LIMIT ${filter.limit + 1}`);
  const shown = rows.slice(0, filter.limit);
  const last = rows.length > filter.limit ? shown.at(-1) : undefined;
  return {
    items: shown.map(({ id: _id, ...act }) => act),
    nextCursor: last === undefined ? null : `${last.at.getTime()}-${last.id}`,
  };
}
