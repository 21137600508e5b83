/** Connections, their cursors and rounds, and the installation itself. */

import { randomUUID } from "node:crypto";
import { type DisclosurePolicy, isWiderPolicy } from "../domain/disclosure-policy.ts";
import type { LinkId } from "../domain/ids.ts";
import type { RoundFailure } from "../domain/round-failure.ts";
import type { Breaker, ConnectionState } from "../sync/state.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import { isWatched, type Queries } from "./sql.ts";

/** A connection as the configuration names it; sites are identities of the two services, such as `intl:account` and `acme.atlassian.net`. */
export type ConnectionRow = {
  readonly name: string;
  readonly huaweiSite: string;
  readonly jiraSite: string;
  readonly projectKey: string;
};

/**
 * A connection that has links was given another Huawei or Jira site. Going on would mirror everything a second time, so the start
 * stops; another site is another connection, under another name.
 */
export class ConnectionSiteChanged extends Error {
  override readonly name = "ConnectionSiteChanged";
}

/**
 * Stores the configured connections in file order. A row keeps all that was learned about it; rows that the configuration no longer
 * names stay. May be repeated, by many replicas at once. Throws `ConnectionSiteChanged`.
 */
export async function syncConnections(prisma: PrismaClient, settings: readonly ConnectionRow[]): Promise<void> {
  await prisma.$transaction(async (tx) => {
    for (const [position, row] of settings.entries()) {
      const changed = await tx.$executeRaw(Prisma.sql`
        INSERT INTO connections (name, position, "huaweiSite", "jiraSite", "projectKey", "updatedAt")
        VALUES (${row.name}, ${position}, ${row.huaweiSite}, ${row.jiraSite}, ${row.projectKey}, now())
        ON CONFLICT (name) DO UPDATE SET position = EXCLUDED.position, "huaweiSite" = EXCLUDED."huaweiSite",
          "jiraSite" = EXCLUDED."jiraSite", "projectKey" = EXCLUDED."projectKey", "updatedAt" = EXCLUDED."updatedAt"
        WHERE (connections."huaweiSite" = EXCLUDED."huaweiSite" AND connections."jiraSite" = EXCLUDED."jiraSite")
          OR NOT EXISTS (SELECT 1 FROM links WHERE links."connectionName" = connections.name)`);
      if (changed === 0) throw new ConnectionSiteChanged(siteChanged(row.name));
    }
  });
}

function siteChanged(name: string): string {
  return (
    `Connection ${name} has links and was configured for another Huawei or Jira site before. ` +
    "Restore its settings, or give the connection to the other site a name of its own."
  );
}

/** What `syncConnections` refuses, without storing anything. Throws `ConnectionSiteChanged`. */
export async function checkSites(prisma: PrismaClient, settings: readonly ConnectionRow[]): Promise<void> {
  for (const { name, huaweiSite, jiraSite } of settings) {
    const row = await prisma.connection.findUnique({
      where: { name },
      select: { huaweiSite: true, jiraSite: true, links: { select: { id: true }, take: 1 } },
    });
    if (row === null || row.links.length === 0) continue;
    if (row.huaweiSite !== huaweiSite || row.jiraSite !== jiraSite) throw new ConnectionSiteChanged(siteChanged(name));
  }
}

/**
 * Remembers what may leave Jira. Where that is more than before, everything written until `at` is history from here on (rule 5); less
 * changes no moment, and the first policy of a connection neither. Answers whether it was widened. May be repeated.
 */
export async function recordPolicy(
  prisma: PrismaClient,
  change: { readonly name: string; readonly policy: DisclosurePolicy; readonly at: Date },
): Promise<boolean> {
  const after = JSON.stringify(change.policy);
  return prisma.$transaction(async (tx) => {
    const [row] = await tx.$queryRaw<{ policyHash: string | null }[]>(
      Prisma.sql`SELECT "policyHash" FROM connections WHERE name = ${change.name} FOR UPDATE`,
    );
    if (row === undefined) throw new Error(`connection ${change.name} is not in the database`);
    if (row.policyHash === after) return false;
    const widened = isWidened(row.policyHash, change.policy);
    await tx.connection.update({
      where: { name: change.name },
      data: { policyHash: after, ...(widened ? { outgoingSince: change.at } : {}) },
      select: { name: true },
    });
    return widened;
  });
}

/** Whether `recordPolicy` would find that more may leave Jira than before. Stores nothing. */
export async function isPolicyWider(
  queries: Queries,
  connection: { readonly name: string; readonly policy: DisclosurePolicy },
): Promise<boolean> {
  const [row] = await queries.$queryRaw<{ policyHash: string | null }[]>(
    Prisma.sql`SELECT "policyHash" FROM connections WHERE name = ${connection.name}`,
  );
  return isWidened(row?.policyHash ?? null, connection.policy);
}

function isWidened(before: string | null, after: DisclosurePolicy): boolean {
  return before !== null && isWiderPolicy(JSON.parse(before) as DisclosurePolicy, after);
}

/** Id of this installation, made at the first call and never again, whoever asks at the same time. */
export async function getInstallation(
  queries: Queries,
  makeId: () => string = () => randomUUID().slice(0, 13),
): Promise<string> {
  const known = await findInstallation(queries);
  if (known !== null) return known;
  await queries.$executeRaw(
    Prisma.sql`INSERT INTO installation (id, inst) VALUES (1, ${makeId()}) ON CONFLICT (id) DO NOTHING`,
  );
  const made = await findInstallation(queries);
  if (made === null) throw new Error("the installation's row vanished while it was made");
  return made;
}

/** Id of this installation, `null` before it was made. */
export async function findInstallation(queries: Queries): Promise<string | null> {
  const [row] = await queries.$queryRaw<{ inst: string }[]>(Prisma.sql`SELECT inst FROM installation WHERE id = 1`);
  return row?.inst ?? null;
}

const CONNECTION_FIELDS = {
  name: true,
  state: true,
  stateReason: true,
  pausedToJira: true,
  pausedToHuawei: true,
  firstRoundAt: true,
  importDoneAt: true,
  huaweiUserIds: true,
  outgoingSince: true,
} as const;

/** What a connection remembers. Throws when it is unknown. */
export async function getConnection(prisma: PrismaClient, name: string): Promise<ConnectionState> {
  const found = await findConnection(prisma, name);
  if (found === null) throw new Error(`connection ${name} is not in the database`);
  return found;
}

/** What a connection remembers, `null` when it is unknown. */
export async function findConnection(prisma: PrismaClient, name: string): Promise<ConnectionState | null> {
  const row = await prisma.connection.findUnique({ where: { name }, select: CONNECTION_FIELDS });
  return row === null ? null : { ...row, state: row.state as ConnectionState["state"] };
}

/** Failures of a connection that belong to no link and are neither resolved nor put aside. */
export async function listBreakers(prisma: PrismaClient, connectionName: string): Promise<Breaker[]> {
  const rows = await prisma.failure.findMany({
    where: { connectionName, linkId: null, item: "connection", state: { in: ["open", "retrying"] } },
    select: { reason: true, state: true },
  });
  return rows as Breaker[];
}

/** All connections in the order of the configuration. */
export async function listConnections(prisma: PrismaClient): Promise<ConnectionState[]> {
  const rows = await prisma.connection.findMany({
    select: CONNECTION_FIELDS,
    orderBy: [{ position: "asc" }, { name: "asc" }],
  });
  return rows.map((row) => ({ ...row, state: row.state as ConnectionState["state"] }));
}

/** Sets fields of a connection; those left out stay. May be repeated. Throws when it is unknown. */
export async function patchConnection(
  prisma: PrismaClient,
  name: string,
  patch: Partial<Omit<ConnectionState, "name" | "huaweiUserIds">>,
): Promise<void> {
  await prisma.connection.update({ where: { name }, data: patch, select: { name: true } });
}

/** A stored cursor, or `null` at the first time. */
export async function findCursor(prisma: PrismaClient, connectionName: string, name: string): Promise<string | null> {
  const row = await prisma.cursor.findUnique({
    where: { connectionName_name: { connectionName, name } },
    select: { value: true },
  });
  return row?.value ?? null;
}

/** Stores a cursor. May be repeated. */
export async function saveCursor(
  queries: Queries,
  cursor: { connectionName: string; name: string; value: string },
): Promise<void> {
  await queries.$executeRaw(Prisma.sql`
    INSERT INTO cursors ("connectionName", name, value, "updatedAt") VALUES (${cursor.connectionName}, ${cursor.name}, ${cursor.value}, now())
    ON CONFLICT ("connectionName", name) DO UPDATE SET value = EXCLUDED.value, "updatedAt" = EXCLUDED."updatedAt"`);
}

/** Takes a round for `leaseMs` by the database's clock; false while it is held, by whomever. */
export async function beginRound(
  queries: Queries,
  round: { readonly connectionName: string; readonly name: string; readonly owner: string; readonly leaseMs: number },
): Promise<boolean> {
  const rowCount = await queries.$executeRaw(Prisma.sql`
    INSERT INTO rounds ("connectionName", name, "leaseOwner", "leaseUntil", "startedAt")
    VALUES (${round.connectionName}, ${round.name}, ${round.owner}, now() + ${round.leaseMs} * interval '1 millisecond', clock_timestamp())
    ON CONFLICT ("connectionName", name) DO UPDATE SET "leaseOwner" = EXCLUDED."leaseOwner", "leaseUntil" = EXCLUDED."leaseUntil",
      "startedAt" = EXCLUDED."startedAt",
      "intervalMs" = LEAST(2147483647, extract(epoch FROM EXCLUDED."startedAt" - rounds."startedAt") * 1000)::integer
    WHERE rounds."leaseUntil" IS NULL OR rounds."leaseUntil" <= now()`);
  return rowCount === 1;
}

/** When the last round of that name began, if it has ended; `null` while one runs, or where none ever ran. */
export async function findRoundStart(queries: Queries, connectionName: string, name: string): Promise<Date | null> {
  const rows = await queries.$queryRaw<{ startedAt: Date }[]>(Prisma.sql`
    SELECT "startedAt" FROM rounds WHERE "connectionName" = ${connectionName} AND name = ${name}
      AND "finishedAt" >= "startedAt" AND ("leaseUntil" IS NULL OR "leaseUntil" <= now())`);
  return rows[0]?.startedAt ?? null;
}

/** Lengthens the lease of a round that runs on. Does nothing when another owner has taken it meanwhile. */
export async function renewRound(
  queries: Queries,
  round: { readonly connectionName: string; readonly name: string; readonly owner: string; readonly leaseMs: number },
): Promise<void> {
  await queries.$executeRaw(Prisma.sql`
    UPDATE rounds SET "leaseUntil" = now() + ${round.leaseMs} * interval '1 millisecond'
    WHERE "connectionName" = ${round.connectionName} AND name = ${round.name} AND "leaseOwner" = ${round.owner}`);
}

/** Gives a round back with its result. Does nothing when another owner has taken it meanwhile. */
export async function endRound(
  queries: Queries,
  round: {
    readonly connectionName: string;
    readonly name: string;
    readonly owner: string;
    readonly outcome: string;
    readonly requests: number;
    readonly failure: RoundFailure | null;
  },
): Promise<void> {
  await queries.$executeRaw(Prisma.sql`
    UPDATE rounds SET "leaseOwner" = NULL, "leaseUntil" = NULL, "finishedAt" = clock_timestamp(), outcome = ${round.outcome},
      "failedSide" = ${round.failure?.side ?? null}::text, "failedAs" = ${round.failure?.as ?? null}::text,
      "doneAt" = CASE WHEN ${round.outcome} = 'done' THEN clock_timestamp() ELSE "doneAt" END, requests = ${round.requests},
      "durationMs" = LEAST(2147483647, extract(epoch FROM clock_timestamp() - "startedAt") * 1000)::integer
    WHERE "connectionName" = ${round.connectionName} AND name = ${round.name} AND "leaseOwner" = ${round.owner}`);
}

/** Records a failure that belongs to no link; told again, it counts one attempt more, and one that was put aside opens anew. */
export async function recordConnectionFailure(
  queries: Queries,
  failure: { readonly connectionName: string; readonly reason: string; readonly detail: string; readonly at: Date },
): Promise<void> {
  await queries.$executeRaw(Prisma.sql`
    INSERT INTO failures ("connectionName", direction, item, reason, detail, "firstAt", "lastAt")
    VALUES (${failure.connectionName}, 'both', 'connection', ${failure.reason}, ${failure.detail}, ${failure.at}::timestamptz, ${failure.at}::timestamptz)
    ON CONFLICT ("connectionName", item, reason) WHERE "linkId" IS NULL DO UPDATE SET attempts = failures.attempts + 1,
      "firstAt" = CASE WHEN failures.state = 'open' THEN failures."firstAt" ELSE EXCLUDED."firstAt" END,
      "lastAt" = EXCLUDED."lastAt", detail = EXCLUDED.detail, state = 'open'`);
}

/** Closes a failure that belongs to no link. May be repeated; does nothing when there is none. */
export async function resolveConnectionFailure(
  queries: Queries,
  failure: { readonly connectionName: string; readonly reason: string },
): Promise<void> {
  await queries.$executeRaw(Prisma.sql`
    UPDATE failures SET state = 'resolved' WHERE "connectionName" = ${failure.connectionName} AND "linkId" IS NULL
      AND item = 'connection' AND reason = ${failure.reason} AND state IN ('open', 'retrying')`);
}

/**
 * How many pairs of a connection lack their case or issue at the moment, and how many watched links there are. What waits to become
 * a pair lacks nothing.
 */
export async function countMissing(
  queries: Queries,
  connectionName: string,
  watchedSince: Date,
): Promise<{ missing: number; watched: number }> {
  const rows = await queries.$queryRaw<{ missing: number; watched: number }[]>(Prisma.sql`
    SELECT (SELECT count(DISTINCT links.id)::int FROM failures f JOIN links ON links.id = f."linkId"
        WHERE f."connectionName" = ${connectionName} AND f.item IN ('case', 'issue') AND f.state = 'open'
          AND links.state = 'active' AND links."caseId" IS NOT NULL AND links."issueId" IS NOT NULL) AS missing,
      (SELECT count(*)::int FROM links WHERE "connectionName" = ${connectionName} AND ${isWatched("links", watchedSince)}) AS watched`);
  return rows[0] ?? { missing: 0, watched: 0 };
}

/**
 * Stops a connection, and records why as a failure that belongs to no link. False, and nothing stored, when that failure was
 * discarded: somebody has decided that it may go on. One that is stopped already keeps its reason. May be repeated.
 */
export async function stopConnection(
  queries: Queries,
  stop: { readonly connectionName: string; readonly reason: string; readonly detail: string; readonly at: Date },
): Promise<boolean> {
  if (await isDiscarded(queries, stop.connectionName, stop.reason)) return false;
  await recordConnectionFailure(queries, stop);
  await queries.$executeRaw(Prisma.sql`
    UPDATE connections SET state = 'stopped', "stateReason" = ${stop.reason}, "updatedAt" = ${stop.at}::timestamptz
    WHERE name = ${stop.connectionName} AND state <> 'stopped'`);
  return true;
}

/** Links with a failure of this reason that is not resolved. */
export async function listFailedLinks(queries: Queries, connectionName: string, reason: string): Promise<LinkId[]> {
  const rows = await queries.$queryRaw<{ id: LinkId }[]>(Prisma.sql`
    SELECT DISTINCT "linkId"::text AS id FROM failures
    WHERE "connectionName" = ${connectionName} AND "linkId" IS NOT NULL AND reason = ${reason} AND state <> 'resolved'`);
  return rows.map(({ id }) => id);
}

/** Whether somebody has discarded the failure of a connection that has this reason. */
export async function isDiscarded(queries: Queries, connectionName: string, reason: string): Promise<boolean> {
  const discarded = await queries.$queryRaw<unknown[]>(Prisma.sql`
    SELECT 1 FROM failures WHERE "connectionName" = ${connectionName} AND "linkId" IS NULL AND item = 'connection'
      AND reason = ${reason} AND state = 'discarded'`);
  return discarded.length > 0;
}
