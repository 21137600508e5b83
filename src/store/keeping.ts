/** What is kept for how long (rule 10). Mirrors stay for ever. */
import type { IssueId, IssueKey, LinkId } from "../domain/ids.ts";
import type { Clock } from "../sync/ports.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import { toJson } from "./sql.ts";

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

/** A delivery of Jira. `id`: its own name, 200 characters at most; `issue`: what it is about. Either may be missing. */
export type WebhookFacts = {
  readonly connectionName: string;
  readonly id: string | null;
  readonly issue: IssueId | IssueKey | null;
};

/** Two connections on one Jira site may be told of one delivery each. */
function webhookKey({ connectionName, id }: WebhookFacts): string | null {
  return id === null ? null : `${connectionName}/${id}`;
}

/** Which of these deliveries were not handled in the last 7 days; a name that comes twice counts once. */
export async function freshWebhooks<Facts extends WebhookFacts>(
  deps: { readonly prisma: PrismaClient },
  deliveries: readonly Facts[],
): Promise<Facts[]> {
  const keys = deliveries.flatMap((delivery) => webhookKey(delivery) ?? []);
  const rows = keys.length === 0 ? [] : await deps.prisma.webhook.findMany({ where: { id: { in: keys } } });
  const known = new Set(rows.map((row) => row.id));
  return deliveries.filter((delivery) => {
    const key = webhookKey(delivery);
    if (key === null) return true;
    const isFresh = !known.has(key);
    known.add(key);
    return isFresh;
  });
}

/** The links that these deliveries are to wake, by delivery; in every state. */
export async function listLinksOfIssues<Facts extends WebhookFacts>(
  deps: { readonly prisma: PrismaClient },
  deliveries: readonly Facts[],
): Promise<Map<Facts, LinkId[]>> {
  const rowsJson = toJson(
    deliveries.flatMap(({ connectionName, issue }, place) =>
      issue === null ? [] : [{ connectionName, issue, place }],
    ),
  );
  // Ids are unique on a site, which has an index; each half has its own, so that the cost does not follow the number of links.
  const rows = await deps.prisma.$queryRaw<{ id: LinkId; place: number }[]>(Prisma.sql`
    WITH given AS (SELECT * FROM jsonb_to_recordset(${rowsJson}::jsonb) AS r("connectionName" text, issue text, place integer))
    SELECT links.id::text AS id, given.place FROM given JOIN connections ON connections.name = given."connectionName"
      JOIN links ON links."jiraSite" = connections."jiraSite" AND links."issueId" = given.issue AND links."connectionName" = connections.name
    UNION
    SELECT links.id::text AS id, given.place FROM given
      JOIN links ON links."connectionName" = given."connectionName" AND links."issueKey" = given.issue`);
  const found = new Map<Facts, LinkId[]>();
  for (const { id, place } of rows) {
    const delivery = deliveries[place];
    if (delivery !== undefined) found.set(delivery, [...(found.get(delivery) ?? []), id]);
  }
  return found;
}

/**
 * Remembers deliveries for 7 days; answers how many were not known before. Record them *after* their wake-ups are stored: a crash in
 * between then costs one wake-up too many instead of one too few.
 */
export async function recordWebhooks(
  deps: { readonly prisma: PrismaClient },
  deliveries: readonly WebhookFacts[],
): Promise<number> {
  const data = deliveries.flatMap((delivery) => {
    const id = webhookKey(delivery);
    return id === null ? [] : [{ id, connectionName: delivery.connectionName }];
  });
  // In one order, so that two replicas with the same deliveries wait for each other instead of deadlocking.
  data.sort((a, b) => (a.id < b.id ? -1 : 1));
  const { count } = await deps.prisma.webhook.createMany({ data, skipDuplicates: true });
  return count;
}
