/** Since when a connection has had no news, and whether that is unusual (see `domain/silence.ts`); read from the audit of its writes. */
import type { Direction } from "../domain/direction.ts";
import type { Side } from "../domain/service-error.ts";
import { hourOf, isUnusualSilence, newsActions, silenceMinMs } from "../domain/silence.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";

/** A direction in which nothing has come for an unusual time, although cases are open. */
export type Silence = {
  readonly connectionName: string;
  readonly direction: Direction;
  /** When the last news was mirrored. */
  readonly since: Date;
};

/** As long as the audit is kept (rule 10). */
const historyMs = 90 * 24 * 3_600_000;
const freshMs = 60_000;
const historyAgeMs = 15 * 60_000;

const isNews = Prisma.sql`actor IS NULL AND action = ANY(${[...newsActions]}::text[]) AND side IN ('huawei', 'jira')`;

type NewsHour = { readonly connectionName: string; readonly side: Side; readonly lastAt: Date };

/**
 * Makes a reader of the silences. An answer serves for a minute, the past for a quarter of an hour: what was usual does not change faster.
 * Throws what the database throws.
 */
export function makeSilenceReader(deps: {
  readonly prisma: PrismaClient;
  readonly clock: { now(): Date };
}): () => Promise<readonly Silence[]> {
  const { prisma, clock } = deps;
  let last: { readonly at: number; readonly silences: readonly Silence[] } | null = null;
  let past: { readonly at: number; readonly of: string; readonly rows: readonly NewsHour[] } | null = null;

  async function readPast(names: readonly string[], now: Date): Promise<readonly NewsHour[]> {
    const of = JSON.stringify(names);
    if (past !== null && past.of === of && now.getTime() - past.at < historyAgeMs) return past.rows;
    const rows = await prisma.$queryRaw<NewsHour[]>(Prisma.sql`
      SELECT "connectionName", side, max(at) AS "lastAt" FROM audit
      WHERE at >= ${new Date(now.getTime() - historyMs)}::timestamptz AND ${isNews} AND "connectionName" = ANY(${[...names]}::text[])
      GROUP BY "connectionName", side, date_trunc('hour', at)`);
    past = { at: now.getTime(), of, rows };
    return rows;
  }

  async function read(now: Date): Promise<readonly Silence[]> {
    const lively = await prisma.$queryRaw<{ connectionName: string; side: string }[]>(Prisma.sql`
      SELECT DISTINCT "connectionName", side FROM audit WHERE at > ${new Date(now.getTime() - silenceMinMs)}::timestamptz AND ${isNews}`);
    const heard = new Set(lively.map(({ connectionName, side }) => `${connectionName} ${side}`));
    const open = await prisma.$queryRaw<{ name: string }[]>(Prisma.sql`
      SELECT name FROM connections WHERE EXISTS (
        SELECT 1 FROM links WHERE links."connectionName" = connections.name AND state = 'active' AND "caseId" IS NOT NULL AND "closedSeenAt" IS NULL)
      ORDER BY name`);
    const quiet = open
      .map(({ name }) => name)
      .filter((name) => !heard.has(`${name} jira`) || !heard.has(`${name} huawei`));
    if (quiet.length === 0) return [];
    const rows = await readPast(quiet, now);
    return quiet.flatMap((connectionName) =>
      (["jira", "huawei"] as const).flatMap((side): Silence[] => {
        const times = rows.filter((row) => row.connectionName === connectionName && row.side === side);
        if (heard.has(`${connectionName} ${side}`) || times.length === 0) return [];
        const since = new Date(Math.max(...times.map(({ lastAt }) => lastAt.getTime())));
        const hours = new Set(times.map(({ lastAt }) => hourOf(lastAt)));
        if (!isUnusualSilence({ hours, lastAt: since }, now)) return [];
        return [{ connectionName, direction: side === "jira" ? "to-jira" : "to-huawei", since }];
      }),
    );
  }

  return async () => {
    const now = clock.now();
    if (last !== null && now.getTime() - last.at < freshMs && now.getTime() >= last.at) return last.silences;
    const silences = await read(now);
    last = { at: now.getTime(), silences };
    return silences;
  };
}
