/** What is kept for how long (rule 10). Mirrors stay for ever. */
import type { IssueId, IssueKey, LinkId } from "../domain/ids.ts";
import type { Clock } from "../sync/ports.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";

const DAY_MS = 24 * 60 * 60_000;
const RUN_DAYS = 90;
const WEBHOOK_DAYS = 7;
/** Rows per statement: short locks, and vacuum keeps up. */
const BATCH_SIZE = 5000;

/** How many rows went, by table. `complete` is false when `batchesMax` ended the work early. */
export type PurgeResult = {
  readonly runs: number;
  readonly audit: number;
  readonly webhooks: number;
  /** Sessions past their age, and refused sign-ins that count no more. */
  readonly sessions: number;
  readonly complete: boolean;
};

/**
 * Deletes runs and audit lines older than 90 days and webhook deliveries older than 7, and sessions past their age, in statements of at most 5,000 rows and at
 * most `batchesMax` of them per table (default 100). May be repeated and run by several replicas at once.
 */
export async function purgeOld(
  deps: { readonly prisma: PrismaClient; readonly clock: Clock },
  options: { readonly batchesMax?: number; readonly batchSize?: number } = {},
): Promise<PurgeResult> {
  const now = deps.clock.now().getTime();
  const batchesMax = options.batchesMax ?? 100;
  const batchSize = options.batchSize ?? BATCH_SIZE;
  const purge = async (table: string, column: string, days: number): Promise<{ count: number; complete: boolean }> => {
    const before = new Date(now - days * DAY_MS);
    const [tableSql, columnSql] = [Prisma.raw(`"${table}"`), Prisma.raw(`"${column}"`)];
    let count = 0;
    for (let batch = 0; batch < batchesMax; batch++) {
      const deleted = await deps.prisma.$executeRaw(Prisma.sql`
        DELETE FROM ${tableSql} WHERE id IN (
          SELECT id FROM ${tableSql} WHERE ${columnSql} < ${before}::timestamptz ORDER BY ${columnSql} LIMIT ${batchSize} FOR UPDATE SKIP LOCKED)`);
      count += deleted;
      if (deleted < batchSize) return { count, complete: true };
    }
    return { count, complete: false };
  };
  const runs = await purge("runs", "startedAt", RUN_DAYS);
  const audit = await purge("audit", "at", RUN_DAYS);
  const webhooks = await purge("webhooks", "receivedAt", WEBHOOK_DAYS);
  const sessions = await purge("sessions", "expiresAt", 0);
  const refused = await purge("refused_sign_ins", "at", 1);
  return {
    runs: runs.count,
    audit: audit.count,
    webhooks: webhooks.count,
    sessions: sessions.count + refused.count,
    complete: [runs, audit, webhooks, sessions, refused].every((table) => table.complete),
  };
}

/** Two connections on one Jira site may be told of one delivery each. */
function webhookKey(id: string, connectionName: string): string {
  return `${connectionName}/${id}`;
}

/** The links of a connection that a delivery about this issue is to wake; in every state. */
export async function listLinksOfIssue(
  deps: { readonly prisma: PrismaClient },
  connectionName: string,
  issue: IssueId | IssueKey,
): Promise<readonly LinkId[]> {
  const rows = await deps.prisma.$queryRaw<{ id: LinkId }[]>(Prisma.sql`
    SELECT id::text AS id FROM links
    WHERE "connectionName" = ${connectionName} AND ("issueId" = ${issue} OR "issueKey" = ${issue}) ORDER BY id`);
  return rows.map((row) => row.id);
}

/** Whether this delivery of a connection was handled in the last 7 days. */
export async function hasWebhook(
  deps: { readonly prisma: PrismaClient },
  id: string,
  connectionName: string,
): Promise<boolean> {
  const row = await deps.prisma.webhook.findUnique({
    where: { id: webhookKey(id, connectionName) },
    select: { id: true },
  });
  return row !== null;
}

/**
 * Remembers a webhook delivery of a connection for 7 days; false when it was seen before. Record it *after* its wake-up is stored: a
 * crash in between then costs one wake-up too many instead of one too few.
 */
export async function recordWebhook(
  deps: { readonly prisma: PrismaClient },
  id: string,
  connectionName: string,
): Promise<boolean> {
  const key = webhookKey(id, connectionName);
  const inserted = await deps.prisma.$executeRaw(Prisma.sql`
    INSERT INTO webhooks (id, "connectionName") VALUES (${key}, ${connectionName}) ON CONFLICT (id) DO NOTHING`);
  return inserted === 1;
}
