/**
 * What people were told, and who tells them: one row per standing alarm, and one that is leased, so that of all replicas one tells. By the
 * clock that all replicas share (see `database-clock.ts`).
 */
import type { Alarm, AlarmCode, AlarmItem, AlarmKey, StandingAlarm, Telling } from "../domain/alarm.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import { type Queries, toJson } from "./sql.ts";

/** How telling goes; shared by all replicas. */
export type NotifierState = {
  /** When a message was last taken; `null` = none was yet. */
  readonly sentAt: Date | null;
  /** Since when every attempt has failed; `null` while they work. */
  readonly failingSince: Date | null;
  /** Attempts that failed since then. */
  readonly attempts: number;
  /** A code of what the last one came to. */
  readonly problem: string | null;
};

/** The right to tell people for a while, and what they were told so far. */
export type TellingLease = { readonly attempts: number; readonly standing: readonly StandingAlarm[] };

/** What came of one look; `sent` null = there was nothing to send. */
export type TellingResult = {
  readonly telling: Telling;
  readonly sent: "taken" | { readonly problem: string } | null;
  /** Nobody looks or sends before this. */
  readonly nextAt: Date;
};

/** Makes this process's access. Methods throw what the database throws, and may be repeated. */
export function makeAlarmBook({ prisma, owner }: { readonly prisma: PrismaClient; readonly owner: string }) {
  return {
    /** Ends a pause that failed attempts have brought: a new start may have brought a new address. */
    async hasten(now: Date): Promise<void> {
      await prisma.$executeRaw`UPDATE notifier SET "nextAt" = ${now}::timestamptz WHERE attempts > 0 AND "nextAt" > ${now}::timestamptz`;
    },

    /** Takes the lease for so long; `null` while another replica has it, and before the next look is due. */
    async claim(now: Date, leaseMs: number): Promise<TellingLease | null> {
      const rows = await prisma.$queryRaw<{ attempts: number }[]>`
        INSERT INTO notifier (id, "leaseOwner", "leaseUntil", "nextAt")
        VALUES (1, ${owner}, ${now}::timestamptz + ${leaseMs} * interval '1 millisecond', ${now}::timestamptz)
        ON CONFLICT (id) DO UPDATE SET "leaseOwner" = EXCLUDED."leaseOwner", "leaseUntil" = EXCLUDED."leaseUntil"
        WHERE (notifier."leaseUntil" IS NULL OR notifier."leaseUntil" <= ${now}::timestamptz) AND notifier."nextAt" <= ${now}::timestamptz
        RETURNING attempts`;
      const [row] = rows;
      if (row === undefined) return null;
      const standing = await prisma.alarm.findMany();
      return {
        attempts: row.attempts,
        standing: standing.map((alarm) => ({ ...alarm, code: alarm.code as AlarmCode })),
      };
    },

    /** Stores what came of a look and gives the lease back, at once or not at all; false when another replica has taken it meanwhile. */
    async recordRound(now: Date, { telling, sent, nextAt }: TellingResult): Promise<boolean> {
      return prisma.$transaction(async (tx) => {
        const isAccepted = sent === "taken";
        const problem = sent !== null && sent !== "taken" ? sent.problem : null;
        const held = await tx.$executeRaw(Prisma.sql`
          UPDATE notifier SET "leaseOwner" = NULL, "leaseUntil" = NULL, "nextAt" = ${nextAt}::timestamptz
            ${isAccepted ? Prisma.sql`, "sentAt" = ${now}::timestamptz, "failedSince" = NULL, attempts = 0, problem = NULL` : Prisma.empty}
            ${problem === null ? Prisma.empty : Prisma.sql`, "failedSince" = COALESCE("failedSince", ${now}::timestamptz), attempts = attempts + 1, problem = ${problem}`}
          WHERE id = 1 AND "leaseOwner" = ${owner}`);
        if (held !== 1) return false;
        await mark(tx, telling.goneNow, now);
        await mark(tx, telling.back, null);
        if (isAccepted) await remember(tx, [...telling.fresh, ...telling.grown], now);
        await forget(tx, [...telling.dropped, ...(isAccepted ? telling.ended : [])]);
        return true;
      });
    },

    /** How telling goes at the moment. */
    read: (): Promise<NotifierState> => readNotifierState(prisma),
  };
}

/** How telling goes; of an installation that never told anybody as well. */
export async function readNotifierState(queries: Queries): Promise<NotifierState> {
  const [row] = await queries.$queryRaw<NotifierState[]>`
    SELECT "sentAt", "failedSince" AS "failingSince", attempts, problem FROM notifier WHERE id = 1`;
  return row ?? { sentAt: null, failingSince: null, attempts: 0, problem: null };
}

/** The endpoint has just taken a message that no alarm caused: failed attempts count no more, and what waits is told at once. */
export async function noteEndpointWorks(queries: Queries, now: Date): Promise<void> {
  await queries.$executeRaw`
    UPDATE notifier SET "failedSince" = NULL, attempts = 0, problem = NULL, "nextAt" = LEAST("nextAt", ${now}::timestamptz) WHERE attempts > 0`;
}

/** Open failures of one connection and reason, with the newest of them. */
export type FailureGroup = {
  readonly connectionName: string;
  readonly reason: string;
  readonly count: number;
  readonly since: Date;
  readonly newestAt: Date;
  readonly items: readonly AlarmItem[];
  /** What they all say; `null` = not all say the same. */
  readonly detail: string | null;
};

/** All open failures in groups, with at most `itemsMax` items each, the newest first. */
export async function listFailureGroups(queries: Queries, itemsMax: number): Promise<FailureGroup[]> {
  return queries.$queryRaw<FailureGroup[]>(Prisma.sql`
    SELECT "connectionName", reason, max(total)::int AS count, min(since) AS since, max(newest) AS "newestAt",
      jsonb_agg(jsonb_build_object('failureId', id::text, 'caseId', "caseId", 'issueKey', "issueKey") ORDER BY place) AS items,
      CASE WHEN max(first) = max(last) THEN max(first) END AS detail
    FROM (
      SELECT failures.id, failures."connectionName", failures.reason, links."caseId", links."issueKey",
        count(*) OVER whole AS total, min(failures."firstAt") OVER whole AS since, max(failures."firstAt") OVER whole AS newest,
        min(failures.detail COLLATE "C") OVER whole AS first, max(failures.detail COLLATE "C") OVER whole AS last,
        row_number() OVER (PARTITION BY failures."connectionName", failures.reason ORDER BY failures."firstAt" DESC, failures.id DESC) AS place
      FROM failures LEFT JOIN links ON links.id = failures."linkId"
      WHERE failures.state IN ('open', 'retrying')
      WINDOW whole AS (PARTITION BY failures."connectionName", failures.reason)) AS ranked
    WHERE place <= ${itemsMax} GROUP BY "connectionName", reason ORDER BY "connectionName", reason`);
}

async function mark(queries: Queries, keys: readonly AlarmKey[], goneAt: Date | null): Promise<void> {
  if (keys.length === 0) return;
  await queries.$executeRaw(Prisma.sql`
    UPDATE alarms SET "goneAt" = ${goneAt}::timestamptz FROM ${keyTable(keys)}
    WHERE ${isGiven}`);
}

async function forget(queries: Queries, keys: readonly AlarmKey[]): Promise<void> {
  if (keys.length === 0) return;
  await queries.$executeRaw(Prisma.sql`DELETE FROM alarms USING ${keyTable(keys)} WHERE ${isGiven}`);
}

async function remember(queries: Queries, alarms: readonly Alarm[], toldAt: Date): Promise<void> {
  if (alarms.length === 0) return;
  const rows = toJson(
    alarms.map(({ connectionName, code, about, since, newestAt }) => ({
      connectionName,
      code,
      about,
      since,
      newestAt,
    })),
  );
  await queries.$executeRaw(Prisma.sql`
    INSERT INTO alarms ("connectionName", code, about, since, "toldAt", "toldThrough")
    SELECT "connectionName", code, about, since, ${toldAt}::timestamptz, "newestAt"
    FROM jsonb_to_recordset(${rows}::jsonb) AS r("connectionName" text, code text, about text, since timestamptz, "newestAt" timestamptz)
    ON CONFLICT ("connectionName", code, about) DO UPDATE SET "toldThrough" = EXCLUDED."toldThrough", "goneAt" = NULL`);
}

function keyTable(keys: readonly AlarmKey[]): Prisma.Sql {
  const rows = toJson(keys.map(({ connectionName, code, about }) => ({ connectionName, code, about })));
  return Prisma.sql`jsonb_to_recordset(${rows}::jsonb) AS given("connectionName" text, code text, about text)`;
}

const isGiven = Prisma.sql`alarms."connectionName" = given."connectionName" AND alarms.code = given.code AND alarms.about = given.about`;
