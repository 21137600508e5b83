/**
 * The lane of closes and cancels of one connection (RULES 2): more than 10 wishes within 10 minutes hold it until a person
 * releases it. Wishes are counted, not actions, so that of many at once nothing more leaves while they are still coming in.
 * Its state is a cursor: `held <moment>` or `released <moment>`; wishes of before a release do not count again.
 */

import type { LinkId } from "../domain/ids.ts";
import { findCursor, recordConnectionFailure, saveCursor } from "./connections.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import { wakeLinks } from "./wake.ts";

const cursorName = "closes_lane";
const wishesMax = 10;
const windowMs = 10 * 60_000;

/** Whether a close or cancel of the connection may happen now; holds the lane when there are too many wishes. May be repeated. */
export async function admitClose(prisma: PrismaClient, connectionName: string, at: Date): Promise<boolean> {
  const [state, moment] = ((await findCursor(prisma, connectionName, cursorName)) ?? "").split(" ");
  if (state === "held") return false;
  const released = state === "released" && moment !== undefined ? new Date(moment).getTime() : 0;
  const since = new Date(Math.max(at.getTime() - windowMs, released));
  const [row] = await prisma.$queryRaw<{ count: number }[]>(Prisma.sql`
    SELECT count(*)::int AS count FROM audit
    WHERE "connectionName" = ${connectionName} AND action = 'wants_close' AND at > ${since}::timestamptz`);
  const count = row?.count ?? 0;
  if (count <= wishesMax) return true;
  await holdCloses(prisma, { connectionName, count, at });
  return false;
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
