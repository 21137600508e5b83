/**
 * Cohorts: at most 100 watched links that are polled for news together (rule 3).
 *
 * The number of cohorts is what a round costs, so it is kept at ⌈N/100⌉ for N watched links. Moves are rare all the same: new
 * members fill the fullest cohorts with free places, and only when one cohort could be spared is the smallest one emptied into the
 * others. Whoever joins a cohort may have had news that neither its old cursor nor its new one will tell, so it is read once *after*
 * joining; that is a wake-up, unless a run that certainly reads the case is still to start.
 */
import type { CaseId, LinkId } from "../domain/ids.ts";
import type { CohortState, WakeUp } from "../sync/state.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import { isWatched, type Queries, toJson } from "./sql.ts";
import { wakeLinks, wakeStatementOf } from "./wake.ts";

/** The service answers for at most 100 cases per call. */
const COHORT_SIZE_MAX = 100;

/** Cohorts per page of a listing: a round holds a thousand of its cases at a time. */
const COHORTS_PER_PAGE = 10;

/** Arranges the cohorts of a connection in one transaction. May be repeated: then nothing moves. */
export async function arrangeCohorts(
  prisma: PrismaClient,
  input: { readonly connectionName: string; readonly watchedSince: Date; readonly at: Date },
): Promise<void> {
  const { connectionName } = input;
  await prisma.$transaction(async (tx) => {
    // Two rounds of one connection never arrange at once.
    await tx.$queryRaw(Prisma.sql`SELECT 1 FROM connections WHERE name = ${connectionName} FOR NO KEY UPDATE`);
    await tx.$executeRaw(Prisma.sql`
      UPDATE links SET "cohortId" = NULL WHERE "cohortId" IN (SELECT id FROM cohorts WHERE "connectionName" = ${connectionName})
        AND NOT ${isWatched("links", input.watchedSince)}`);
    const homeless = await tx.$queryRaw<{ id: bigint }[]>(Prisma.sql`
      SELECT id FROM links WHERE "connectionName" = ${connectionName} AND "cohortId" IS NULL AND ${isWatched("links", input.watchedSince)}
      ORDER BY id`);
    const cohorts = await tx.$queryRaw<{ id: bigint; size: number }[]>(Prisma.sql`
      SELECT cohorts.id, count(links.id)::int AS size FROM cohorts LEFT JOIN links ON links."cohortId" = cohorts.id
      WHERE cohorts."connectionName" = ${connectionName} GROUP BY cohorts.id ORDER BY cohorts.id`);

    const plan = planCohorts(homeless.length, cohorts);

    const moved = await listMembers(tx, plan.emptied);
    const created = await createCohorts(tx, connectionName, plan.newCohorts);
    const joins = [...homeless.map((link) => link.id), ...moved].flatMap((linkId, index) => {
      const target = plan.free[index];
      return target === undefined ? [] : [{ id: linkId, cohort: target.id ?? created[target.place] ?? null }];
    });
    await join(tx, joins, input.at);
    await tx.$executeRaw(Prisma.sql`DELETE FROM cohorts WHERE id = ANY(${plan.emptied}::bigint[])`);
  });
}

async function listMembers(tx: Queries, cohorts: readonly bigint[]): Promise<bigint[]> {
  if (cohorts.length === 0) return [];
  const rows = await tx.$queryRaw<{ id: bigint }[]>(Prisma.sql`
    SELECT id FROM links WHERE "cohortId" = ANY(${cohorts}::bigint[]) ORDER BY id`);
  return rows.map(({ id }) => id);
}

type Target = { readonly id: bigint; readonly place?: never } | { readonly id?: never; readonly place: number };
type CohortPlan = {
  readonly newCohorts: number;
  /** A place for each link that waits for one, and for each member of an emptied cohort. */
  readonly free: readonly Target[];
  readonly emptied: readonly bigint[];
};

/** Decides who moves. The fullest cohorts survive; what does not fit into them goes to new ones. */
function planCohorts(homeless: number, cohorts: readonly { id: bigint; size: number }[]): CohortPlan {
  const total = homeless + cohorts.reduce((sum, cohort) => sum + cohort.size, 0);
  const wanted = Math.ceil(total / COHORT_SIZE_MAX);
  const bySize = [...cohorts].sort((a, b) => b.size - a.size || (a.id < b.id ? -1 : 1));
  const kept = bySize.slice(0, wanted);
  const spared = bySize.slice(wanted);
  const newCohorts = wanted - kept.length;
  const free: Target[] = [
    ...kept.flatMap((cohort) => Array.from({ length: COHORT_SIZE_MAX - cohort.size }, () => ({ id: cohort.id }))),
    ...Array.from({ length: newCohorts * COHORT_SIZE_MAX }, (_, place) => ({
      place: Math.floor(place / COHORT_SIZE_MAX),
    })),
  ];
  return { newCohorts, free, emptied: spared.map((cohort) => cohort.id) };
}

async function createCohorts(tx: Queries, connectionName: string, count: number): Promise<bigint[]> {
  if (count === 0) return [];
  const rows = await tx.$queryRaw<{ id: bigint }[]>(Prisma.sql`
    INSERT INTO cohorts ("connectionName") SELECT ${connectionName} FROM generate_series(1, ${count}) RETURNING id`);
  return rows.map((row) => row.id).sort((a, b) => (a < b ? -1 : 1));
}

async function join(tx: Queries, joins: readonly { id: bigint; cohort: bigint | null }[], at: Date): Promise<void> {
  if (joins.length === 0) return;
  const json = toJson(joins.map((entry) => ({ id: String(entry.id), cohort: String(entry.cohort) })));
  const joined = await tx.$queryRaw<{ id: string; read: boolean }[]>(Prisma.sql`
    WITH input AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(${json}::jsonb) AS r(id bigint, cohort bigint)),
    locked AS MATERIALIZED (SELECT links.id FROM links WHERE links.id IN (SELECT id FROM input) ORDER BY links.id FOR NO KEY UPDATE)
    UPDATE links SET "cohortId" = input.cohort FROM locked JOIN input ON input.id = locked.id WHERE links.id = locked.id
    RETURNING links.id::text AS id,
      (links."huaweiRev" > links."doneRev" AND (links."leaseUntil" IS NULL OR links."leaseUntil" <= now())) AS read`);
  // A run that is still to start for news from Huawei reads the case after this moment anyway.
  const wakeUps = joined
    .filter((row) => !row.read)
    .map((row): WakeUp => ({ linkId: row.id as LinkId, huawei: true, lane: "poll" }));
  await wakeLinks(tx, wakeUps, { at });
}

/** Up to ten cohorts of a connection with their members as they are, oldest first, behind the cohort `after`. */
export async function listCohorts(
  queries: Queries,
  connectionName: string,
  after: string | null,
): Promise<CohortState[]> {
  const rows = await queries.$queryRaw<(Omit<CohortState, "caseIds"> & { caseIds: string[] })[]>(Prisma.sql`
    WITH page AS MATERIALIZED (SELECT id, cursor, "nextCursor", "nextCursorAt" FROM cohorts
      WHERE "connectionName" = ${connectionName} AND id > ${BigInt(after ?? 0)} ORDER BY id LIMIT ${COHORTS_PER_PAGE})
    SELECT page.id::text AS id, page.cursor, page."nextCursor", page."nextCursorAt",
      ARRAY(SELECT links."caseId" FROM links WHERE links."cohortId" = page.id AND links."caseId" IS NOT NULL ORDER BY links.id) AS "caseIds"
    FROM page ORDER BY page.id`);
  return rows.map((row) => ({ ...row, caseIds: row.caseIds as CaseId[] }));
}

/** One transaction: wakes links (at most 1,000 distinct ones), then stores the cursor. May be repeated. */
export async function commitCohort(
  prisma: PrismaClient,
  input: {
    readonly cohortId: string;
    readonly cursors: Pick<CohortState, "cursor" | "nextCursor" | "nextCursorAt">;
    readonly wakeUps: readonly WakeUp[];
    readonly at: Date;
  },
): Promise<void> {
  const wake = wakeStatementOf(input.wakeUps, input.at);
  const store = prisma.$executeRaw(Prisma.sql`
    UPDATE cohorts SET cursor = ${input.cursors.cursor}, "nextCursor" = ${input.cursors.nextCursor},
      "nextCursorAt" = ${input.cursors.nextCursorAt}::timestamptz, "polledAt" = ${input.at}::timestamptz WHERE id = ${BigInt(input.cohortId)}`);
  await (wake === null ? store : prisma.$transaction([prisma.$executeRaw(wake), store]));
}
