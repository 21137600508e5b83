/**
 * The lane of closes and cancels of one connection (rule 2): more than 10 wishes within 10 minutes hold it until a person
 * releases it. Wishes are counted, not actions, so that of many at once nothing more leaves while they are still coming in.
 * Its state is a cursor: `held <moment>` or `released <moment>`; wishes of before a release do not count again.
 */

import type { LinkId } from "../domain/ids.ts";
import { findCursor, recordConnectionFailure, saveCursor } from "./connections.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import { wakeLinks } from "./wake.ts";

const cursorName = "closes_lane";
/** Start of the last round over the issues, which counts the moves that it sees. */
const roundCursor = "issues_updated";
const wishesMax = 10;
const windowMs = 10 * 60_000;

/**
 * Whether a close or cancel of the connection may happen now; holds the lane when there are too many wishes. A wish with `notedAt` waits
 * for a round over the issues that began after it: else a few of many moves would be acted on before anybody has seen the others.
 * May be repeated.
 */
export async function admitClose(
  prisma: PrismaClient,
  connectionName: string,
  wish: { readonly notedAt: Date | null; readonly at: Date },
): Promise<"now" | "held" | "later"> {
  const { notedAt, at } = wish;
  const [state, moment] = ((await findCursor(prisma, connectionName, cursorName)) ?? "").split(" ");
  if (state === "held") return "held";
  if (notedAt !== null) {
    const counted = await findCursor(prisma, connectionName, roundCursor);
    if (counted === null || new Date(counted) <= notedAt) return "later";
  }
  const released = state === "released" && moment !== undefined ? new Date(moment).getTime() : 0;
  const since = new Date(Math.max(at.getTime() - windowMs, released));
  const [row] = await prisma.$queryRaw<{ count: number }[]>(Prisma.sql`
    SELECT count(*)::int AS count FROM audit
    WHERE "connectionName" = ${connectionName} AND action = 'wants_close' AND at > ${since}::timestamptz`);
  const count = row?.count ?? 0;
  if (count <= wishesMax) return "now";
  await holdCloses(prisma, { connectionName, count, at });
  return "held";
}

/** Wakes the links with moves that were noted within the span and wait; nothing while the lane is held. May be repeated. */
export async function wakeCountedWishes(
  prisma: PrismaClient,
  span: { readonly connectionName: string; readonly since: Date | null; readonly until: Date; readonly at: Date },
): Promise<void> {
  const { connectionName, until, at } = span;
  if ((await findCursor(prisma, connectionName, cursorName))?.startsWith("held")) return;
  // A round that died before it woke them is made good by the next one.
  const since = new Date((span.since ?? until).getTime() - windowMs);
  const waiting = await prisma.$queryRaw<{ id: string }[]>(Prisma.sql`
    SELECT DISTINCT links.id::text AS id FROM links JOIN mirrors ON mirrors."linkId" = links.id
    WHERE links."connectionName" = ${connectionName} AND mirrors.kind = 'notice' AND mirrors.origin = 'jira' AND mirrors.state = 'held'
      AND mirrors."sourceId" LIKE 'move-%' AND mirrors."updatedAt" >= ${since}::timestamptz AND mirrors."updatedAt" < ${until}::timestamptz`);
  await wakeLinks(
    prisma,
    waiting.map((link) => ({ linkId: link.id as LinkId, huawei: true, jira: true, lane: "live" as const })),
    { at },
  );
}

/** Holds the lane and records `many_closes`. May be repeated; a lane that is held stays held since its first moment. */
async function holdCloses(
  prisma: PrismaClient,
  hold: { readonly connectionName: string; readonly count: number; readonly at: Date },
): Promise<void> {
  const { connectionName, count, at } = hold;
  if ((await findCursor(prisma, connectionName, cursorName))?.startsWith("held")) return;
  await saveCursor(prisma, { connectionName, name: cursorName, value: `held ${at.toISOString()}` });
  await recordConnectionFailure(prisma, {
    connectionName,
    reason: "many_closes",
    detail: `${count} service tickets were to be closed or withdrawn within 10 minutes; casebridge resume releases them`,
    at,
  });
}

/**
 * Holds the lane for wishes that one look saw together. Within ten minutes after a release that look still sees the released ones,
 * so it holds nothing then; new wishes are counted one by one all the same. May be repeated.
 */
export async function holdSeenTogether(
  prisma: PrismaClient,
  hold: { readonly connectionName: string; readonly count: number; readonly at: Date },
): Promise<void> {
  const [state, moment] = ((await findCursor(prisma, hold.connectionName, cursorName)) ?? "").split(" ");
  const released = state === "released" && moment !== undefined ? new Date(moment).getTime() : 0;
  if (hold.at.getTime() - released > windowMs) await holdCloses(prisma, hold);
}

/** Releases the held lanes of one connection or of all (`null`), and wakes the links that waited. Answers how many lanes were held. */
export async function releaseCloses(prisma: PrismaClient, connectionName: string | null, at: Date): Promise<number> {
  const held = await prisma.cursor.findMany({
    where: {
      name: cursorName,
      value: { startsWith: "held" },
      ...(connectionName === null ? {} : { connectionName }),
    },
    select: { connectionName: true },
  });
  for (const lane of held) {
    await saveCursor(prisma, {
      connectionName: lane.connectionName,
      name: cursorName,
      value: `released ${at.toISOString()}`,
    });
    await prisma.failure.updateMany({
      where: { connectionName: lane.connectionName, linkId: null, reason: "many_closes" },
      data: { state: "resolved" },
    });
    const waiting = await prisma.$queryRaw<{ id: string }[]>(Prisma.sql`
      SELECT DISTINCT links.id::text AS id FROM links JOIN mirrors ON mirrors."linkId" = links.id
      WHERE links."connectionName" = ${lane.connectionName} AND mirrors.kind = 'notice' AND mirrors.origin = 'jira'
        AND mirrors.state = 'held' AND (mirrors."sourceId" LIKE 'move-%' OR mirrors."sourceId" LIKE 'command-%')`);
    await wakeLinks(
      prisma,
      waiting.map((link) => ({ linkId: link.id as LinkId, huawei: true, jira: true, lane: "live" as const })),
      { at },
    );
  }
  return held.length;
}
