/**
 * The past that the plots show, so that last night can be seen without a Prometheus. One row per connection and minute, rolled up to hours.
 *
 * Trap: several replicas keep it at once, and any may die. What the database knows (news, failures, ages) is read for a whole minute and
 * written as it is, so that whoever writes last writes the same. Requests are known to their process alone, so they are added up.
 */
import { type HistoryPoint, type HistorySpan, historySpans } from "../domain/history.ts";
import type { Side } from "../domain/service-error.ts";
import { newsActions } from "../domain/silence.ts";
import { listBacklogs } from "./backlogs.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import { toJson } from "./sql.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Minutes are kept for the plots of an hour and a day. */
const minutesKeptMs = 25 * hourMs;
const hoursKeptMs = 35 * 24 * hourMs;

/** Requests of this process since it last told, by connection. */
export type RequestCounts = ReadonlyMap<string, Readonly<Record<Side, number>>>;

/**
 * Writes the minute before `now` for each of the connections. May be repeated, by several replicas: only `requests` are added to what stands
 * there, so they must be new each time. Throws what the database throws, and nothing is stored then.
 */
export async function recordMinute(
  { prisma }: { readonly prisma: PrismaClient },
  input: { readonly connections: readonly string[]; readonly requests: RequestCounts; readonly now: Date },
): Promise<void> {
  const end = new Date(Math.floor(input.now.getTime() / minuteMs) * minuteMs);
  const at = new Date(end.getTime() - minuteMs);
  const names = [...input.connections];
  const [news, failures, backlogs] = await Promise.all([
    prisma.$queryRaw<{ connectionName: string; side: Side; count: number }[]>(Prisma.sql`
      SELECT "connectionName", side, count(*)::int AS count FROM audit
      WHERE at >= ${at}::timestamptz AND at < ${end}::timestamptz AND actor IS NULL AND action = ANY(${[...newsActions]}::text[])
        AND "connectionName" = ANY(${names}::text[]) GROUP BY "connectionName", side`),
    prisma.$queryRaw<{ connectionName: string; count: number }[]>(Prisma.sql`
      SELECT "connectionName", count(*)::int AS count FROM failures
      WHERE state IN ('open', 'retrying') AND "connectionName" = ANY(${names}::text[]) GROUP BY "connectionName"`),
    listBacklogs(prisma, input.now),
  ]);
  const newsOf = (name: string, side: Side): number =>
    news.find((row) => row.connectionName === name && row.side === side)?.count ?? 0;
  const rows = names.map((connectionName) => {
    const backlog = backlogs.find((one) => one.connectionName === connectionName);
    const since = [backlog?.dueSince, backlog?.heldSince].flatMap((moment) => moment?.getTime() ?? []);
    const ageMs = since.length === 0 ? 0 : input.now.getTime() - Math.min(...since);
    return {
      connectionName,
      toJira: newsOf(connectionName, "jira"),
      toHuawei: newsOf(connectionName, "huawei"),
      requestsHuawei: input.requests.get(connectionName)?.huawei ?? 0,
      requestsJira: input.requests.get(connectionName)?.jira ?? 0,
      failures: failures.find((row) => row.connectionName === connectionName)?.count ?? 0,
      oldest: Math.max(0, Math.round(ageMs / 1000)),
    };
  });
  await prisma.$executeRaw(Prisma.sql`
    INSERT INTO history AS old ("connectionName", span, at, "toJira", "toHuawei", "requestsHuawei", "requestsJira", failures, "oldestP50", "oldestP95", "oldestMax")
    SELECT "connectionName", 'minute', ${at}::timestamptz, "toJira", "toHuawei", "requestsHuawei", "requestsJira", failures, oldest, oldest, oldest
    FROM jsonb_to_recordset(${toJson(rows)}::jsonb) AS given("connectionName" text, "toJira" int, "toHuawei" int, "requestsHuawei" int, "requestsJira" int, failures int, oldest int)
    ORDER BY "connectionName"
    ON CONFLICT ("connectionName", span, at) DO UPDATE SET
      "toJira" = EXCLUDED."toJira", "toHuawei" = EXCLUDED."toHuawei", failures = EXCLUDED.failures,
      "requestsHuawei" = old."requestsHuawei" + EXCLUDED."requestsHuawei", "requestsJira" = old."requestsJira" + EXCLUDED."requestsJira",
      "oldestP50" = EXCLUDED."oldestP50", "oldestP95" = EXCLUDED."oldestP95", "oldestMax" = EXCLUDED."oldestMax"`);
}

/**
 * Makes an hour's row of the minutes of each hour that is over, and deletes what is past its age: minutes after 25 hours, hours after 35 days.
 * An hour that stands is made anew while its minutes are there, since a replica may tell late. May be repeated. Throws what the database throws.
 */
export async function rollUpHistory({ prisma }: { readonly prisma: PrismaClient }, now: Date): Promise<void> {
  const thisHour = new Date(Math.floor(now.getTime() / hourMs) * hourMs);
  // Of an older hour some minutes are deleted already: what stands is whole, and stays.
  const from = new Date(thisHour.getTime() - 24 * hourMs);
  await prisma.$executeRaw(Prisma.sql`
    INSERT INTO history AS old ("connectionName", span, at, "toJira", "toHuawei", "requestsHuawei", "requestsJira", failures, "oldestP50", "oldestP95", "oldestMax")
    SELECT "connectionName", 'hour', date_trunc('hour', at, 'UTC'), sum("toJira"), sum("toHuawei"), sum("requestsHuawei"), sum("requestsJira"), max(failures),
      round(percentile_cont(0.5) WITHIN GROUP (ORDER BY "oldestMax")), round(percentile_cont(0.95) WITHIN GROUP (ORDER BY "oldestMax")), max("oldestMax")
    FROM history WHERE span = 'minute' AND at < ${thisHour}::timestamptz
    GROUP BY 1, 3 ORDER BY 1, 3
    ON CONFLICT ("connectionName", span, at) DO UPDATE SET
      "toJira" = EXCLUDED."toJira", "toHuawei" = EXCLUDED."toHuawei", "requestsHuawei" = EXCLUDED."requestsHuawei", "requestsJira" = EXCLUDED."requestsJira",
      failures = EXCLUDED.failures, "oldestP50" = EXCLUDED."oldestP50", "oldestP95" = EXCLUDED."oldestP95", "oldestMax" = EXCLUDED."oldestMax"
    WHERE old.at >= ${from}::timestamptz`);
  await prisma.$executeRaw(Prisma.sql`
    DELETE FROM history WHERE span = 'minute' AND at < ${new Date(now.getTime() - minutesKeptMs)}::timestamptz
      OR span = 'hour' AND at < ${new Date(now.getTime() - hoursKeptMs)}::timestamptz`);
}

/**
 * The past of one connection, or of all together, oldest first; a span without a row is not listed. News, requests and failures are added
 * up, ages of several connections are those of the worst. Throws what the database throws.
 */
export async function readHistory(
  { prisma }: { readonly prisma: PrismaClient },
  input: { readonly connectionName: string | null; readonly span: HistorySpan; readonly now: Date },
): Promise<readonly HistoryPoint[]> {
  const { lengthMs, stepMs, of } = historySpans[input.span];
  const from = new Date(Math.floor((input.now.getTime() - lengthMs) / stepMs) * stepMs);
  const ofConnection =
    input.connectionName === null ? Prisma.sql`` : Prisma.sql`AND "connectionName" = ${input.connectionName}::text`;
  const step = Prisma.sql`make_interval(secs => ${stepMs / 1000})`;
  return prisma.$queryRaw<HistoryPoint[]>(Prisma.sql`
    SELECT at, sum("toJira")::int AS "toJira", sum("toHuawei")::int AS "toHuawei", sum("requestsHuawei")::int AS "requestsHuawei",
      sum("requestsJira")::int AS "requestsJira", sum(failures)::int AS failures,
      max("oldestP50")::int AS "oldestP50", max("oldestP95")::int AS "oldestP95", max("oldestMax")::int AS "oldestMax"
    FROM (
      SELECT "connectionName", date_bin(${step}, at, ${from}::timestamptz) AS at, sum("toJira") AS "toJira", sum("toHuawei") AS "toHuawei",
        sum("requestsHuawei") AS "requestsHuawei", sum("requestsJira") AS "requestsJira", max(failures) AS failures,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY "oldestP50") AS "oldestP50",
        percentile_cont(0.95) WITHIN GROUP (ORDER BY "oldestP95") AS "oldestP95", max("oldestMax") AS "oldestMax"
      FROM history WHERE span = ${of}::text AND at >= ${from}::timestamptz ${ofConnection}
      GROUP BY 1, 2) AS each
    GROUP BY 1 ORDER BY 1`);
}
