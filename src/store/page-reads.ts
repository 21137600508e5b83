/** What only the page asks the database: what stays on its side, imports under way, and whether there may be something new to see. */
import { Prisma, type PrismaClient } from "./generated/client.ts";

const heldLinksMax = 10;

/** Items of people that a rule keeps on their side. */
export type HeldItems = {
  readonly count: number;
  /** The links with such items, those with the newest first. */
  readonly links: readonly {
    readonly id: string;
    readonly name: string;
    readonly reason: string | null;
    readonly count: number;
  }[];
};

/** What stays on its side, of links that are mirrored. Reads an index of such items alone (mirrors_held_idx). */
export async function readHeldItems(prisma: PrismaClient): Promise<HeldItems> {
  const rows = await prisma.$queryRaw<(HeldItems["links"][number] & { readonly total: number })[]>(Prisma.sql`
    SELECT links.id::text AS id, COALESCE(links."caseId", links."issueKey", links.id::text) AS name, held.reason, held.count, held.total
    FROM (SELECT "linkId", min(reason) AS reason, count(*)::int AS count, sum(count(*)) OVER ()::int AS total, max(mirrors.id) AS newest
      FROM mirrors WHERE mirrors.state = 'held' AND kind IN ('comment', 'file') GROUP BY "linkId" ORDER BY newest DESC LIMIT ${heldLinksMax}) AS held
    JOIN links ON links.id = held."linkId" ORDER BY held.newest DESC`);
  return {
    count: rows[0]?.total ?? 0,
    links: rows.map(({ id, name, reason, count }) => ({ id, name, reason, count })),
  };
}

/** Connections with links that an import has still to bring over, and how many links they have at all. */
export async function readImports(
  prisma: PrismaClient,
): Promise<readonly { readonly connectionName: string; readonly left: number; readonly total: number }[]> {
  return prisma.$queryRaw(Prisma.sql`
    SELECT due."connectionName", due.count AS left, (SELECT count(*)::int FROM links l WHERE l."connectionName" = due."connectionName" AND l.state <> 'unlinked') AS total
    FROM (SELECT "connectionName", count(*)::int AS count FROM links
      WHERE state = 'active' AND "wantedRev" > "doneRev" AND lane = 'import' GROUP BY "connectionName") AS due
    ORDER BY due."connectionName"`);
}

/**
 * Whether the database takes no writes, be it a standby or told so. `isOwnChoice`: this session only reads by its own wish, so that its
 * settings tell nothing.
 */
export async function isReadOnly(prisma: PrismaClient, isOwnChoice: boolean): Promise<boolean> {
  const [row] = await prisma.$queryRaw<{ refused: boolean }[]>(Prisma.sql`
    SELECT pg_is_in_recovery() OR (NOT ${isOwnChoice}::boolean AND current_setting('transaction_read_only') = 'on') AS refused`);
  return row?.refused === true;
}

/** A text that is another one when something was written, decided, failed or read since. Cheap: every part of it is the end of an index. */
export async function readVersion(prisma: PrismaClient): Promise<string> {
  const [row] = await prisma.$queryRaw<{ version: string }[]>(Prisma.sql`
    SELECT concat_ws(' ', (SELECT max(id) FROM audit), (SELECT max(id) FROM mirrors), (SELECT max("finishedAt") FROM rounds),
      (SELECT max("updatedAt") FROM connections), (SELECT count(*) FROM failures WHERE state IN ('open', 'retrying')),
      (SELECT max("refusedAt") FROM budgets), (SELECT count(*) FROM intents)) AS version`);
  return row?.version ?? "";
}
