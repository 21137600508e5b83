/** What the links know of messages that a poll tells of: whether one is news costs no reading of its case. */
import type { LinkId } from "../domain/ids.ts";
import { Prisma } from "./generated/client.ts";
import { inBatches, linkNumber, type Queries } from "./sql.ts";

/**
 * How many messages of each fingerprint the links know: mirrored ones of people and the messages that are our copies. Key:
 * `linkId|fingerprint`.
 */
export async function countFingerprints(queries: Queries, linkIds: readonly LinkId[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const batch of inBatches(linkIds)) {
    const rows = await queries.$queryRaw<{ key: string; count: number }[]>(Prisma.sql`
      SELECT "linkId" || '|' || fingerprint AS key, count(*)::int AS count FROM (
        SELECT "linkId", fingerprint FROM mirrors
        WHERE "linkId" = ANY(${batch.map(linkNumber)}::bigint[]) AND kind = 'message' AND origin = 'huawei' AND fingerprint IS NOT NULL
        UNION ALL
        SELECT "linkId", unnest("copyFingerprints") FROM mirrors
        WHERE "linkId" = ANY(${batch.map(linkNumber)}::bigint[]) AND origin = 'jira') AS known
      GROUP BY 1`);
    for (const row of rows) counts.set(row.key, row.count);
  }
  return counts;
}

/** Marks of messages that a run has sent and is about to see: `<link>|<mark>`. Of a run that died none is told: its messages are news. */
export async function listMarksUnderWay(queries: Queries, linkIds: readonly LinkId[]): Promise<Set<string>> {
  const marks = new Set<string>();
  for (const batch of inBatches(linkIds)) {
    const rows = await queries.$queryRaw<{ key: string }[]>(Prisma.sql`
      SELECT links.id || '|' || intents.mark AS key FROM links JOIN intents ON intents."linkId" = links.id
      WHERE links.id = ANY(${batch.map(linkNumber)}::bigint[]) AND links."leaseUntil" > now()
        AND intents.side = 'huawei' AND intents.state IN ('sent', 'unknown') AND intents.mark IS NOT NULL`);
    for (const { key } of rows) marks.add(key);
  }
  return marks;
}
