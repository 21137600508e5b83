/** The breaker of closes and cancels on PostgreSQL: what `domain/closes-breaker.ts` decides by. */
import {
  admitWish,
  closesCursor,
  parseCloses,
  releasedCloses,
  trippedCloses,
  wishesSpanMs,
} from "../domain/closes-breaker.ts";
import type { LinkId } from "../domain/ids.ts";
import { storedStart } from "../domain/rows/mirror-name.ts";
import { findCursor, recordConnectionFailure, saveCursor } from "./connections.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import type { Queries } from "./sql.ts";
import { wakeLinks } from "./wake.ts";

/** See `admitWish`. */
export function admitClose(
  prisma: PrismaClient,
  connectionName: string,
  wish: { readonly notedAt: Date | null; readonly at: Date },
): Promise<"now" | "held" | "later"> {
  return admitWish(
    {
      findCursor: (name) => findCursor(prisma, connectionName, name),
      countWishes: (since) => countCloseWishes(prisma, connectionName, since),
      trip: (count) => holdCloses(prisma, { connectionName, count, at: wish.at }),
    },
    wish,
  );
}

/** How many closes and cancels of a connection were wished since then. */
export async function countCloseWishes(queries: Queries, connectionName: string, since: Date): Promise<number> {
  const [row] = await queries.$queryRaw<{ count: number }[]>(Prisma.sql`
    SELECT count(*)::int AS count FROM audit
    WHERE "connectionName" = ${connectionName} AND action = 'wants_close' AND at > ${since}::timestamptz`);
  return row?.count ?? 0;
}

/** Wakes the links with moves that were noted within the span and wait; nothing while the breaker has tripped. May be repeated. */
export async function wakeCountedWishes(
  prisma: PrismaClient,
  span: { readonly connectionName: string; readonly since: Date | null; readonly until: Date; readonly at: Date },
): Promise<void> {
  const { connectionName, until, at } = span;
  if (parseCloses(await findCursor(prisma, connectionName, closesCursor)).isTripped) return;
  // A round that died before it woke them is made good by the next one.
  const since = new Date((span.since ?? until).getTime() - wishesSpanMs);
  const waiting = await prisma.$queryRaw<{ id: string }[]>(Prisma.sql`
    SELECT DISTINCT links.id::text AS id FROM links JOIN mirrors ON mirrors."linkId" = links.id
    WHERE links."connectionName" = ${connectionName} AND mirrors.kind = 'notice' AND mirrors.origin = 'jira' AND mirrors.state = 'held'
      AND mirrors."sourceId" LIKE ${`${storedStart("move")}%`} AND mirrors."updatedAt" >= ${since}::timestamptz AND mirrors."updatedAt" < ${until}::timestamptz`);
  await wakeLinks(
    prisma,
    waiting.map((link) => ({ linkId: link.id as LinkId, huawei: true, jira: true, lane: "live" as const })),
    { at },
  );
}

/** Trips the breaker and records `many_closes`. May be repeated; one that has tripped keeps its first moment. */
async function holdCloses(
  prisma: PrismaClient,
  hold: { readonly connectionName: string; readonly count: number; readonly at: Date },
): Promise<void> {
  const { connectionName, count, at } = hold;
  if (parseCloses(await findCursor(prisma, connectionName, closesCursor)).isTripped) return;
  await saveCursor(prisma, { connectionName, name: closesCursor, value: trippedCloses(at) });
  await recordConnectionFailure(prisma, {
    connectionName,
    reason: "many_closes",
    detail: `${count} service tickets were to be closed or withdrawn within 10 minutes; casebridge resume releases them`,
    at,
  });
}

/**
 * Trips the breaker for wishes that one look saw together. Within ten minutes after a release that look still sees the released ones,
 * so it holds nothing then; new wishes are counted one by one all the same. May be repeated.
 */
export async function holdSeenTogether(
  prisma: PrismaClient,
  hold: { readonly connectionName: string; readonly count: number; readonly at: Date },
): Promise<void> {
  const { releasedMs } = parseCloses(await findCursor(prisma, hold.connectionName, closesCursor));
  if (hold.at.getTime() - releasedMs > wishesSpanMs) await holdCloses(prisma, hold);
}

/** Releases the tripped breakers of one connection or of all (`null`), and wakes the links that waited. Answers how many had tripped. */
export async function releaseCloses(prisma: PrismaClient, connectionName: string | null, at: Date): Promise<number> {
  const breakers = await prisma.cursor.findMany({
    where: { name: closesCursor, ...(connectionName === null ? {} : { connectionName }) },
    select: { connectionName: true, value: true },
  });
  const tripped = breakers.filter(({ value }) => parseCloses(value).isTripped);
  for (const breaker of tripped) {
    await saveCursor(prisma, {
      connectionName: breaker.connectionName,
      name: closesCursor,
      value: releasedCloses(at),
    });
    await prisma.failure.updateMany({
      where: { connectionName: breaker.connectionName, linkId: null, reason: "many_closes" },
      data: { state: "resolved" },
    });
    const waiting = await prisma.$queryRaw<{ id: string }[]>(Prisma.sql`
      SELECT DISTINCT links.id::text AS id FROM links JOIN mirrors ON mirrors."linkId" = links.id
      WHERE links."connectionName" = ${breaker.connectionName} AND mirrors.kind = 'notice' AND mirrors.origin = 'jira'
        AND mirrors.state = 'held' AND (mirrors."sourceId" LIKE ${`${storedStart("move")}%`} OR mirrors."sourceId" LIKE ${`${storedStart("command")}%`})`);
    await wakeLinks(
      prisma,
      waiting.map((link) => ({ linkId: link.id as LinkId, huawei: true, jira: true, lane: "live" as const })),
      { at },
    );
  }
  return tripped.length;
}
