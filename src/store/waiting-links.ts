/**
 * Links for people, those that wait longest first: what waits stands in an index of its own (links_waiting_idx), in its order; what waits for
 * nothing follows, the newest link first. Both halves are read by keys, so that a page costs the same however many links there are.
 */
import type { LinkState } from "../domain/link.ts";
import type { WaitingLink } from "../domain/timeline.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import { clamp, escapeLike, type Page } from "./pages.ts";

/** What the list can be narrowed by; `search` is part of a case id or issue key in any case, or a whole issue id. */
export type WaitingFilter = {
  readonly connection?: string | undefined;
  readonly state?: LinkState | undefined;
  readonly reason?: string | undefined;
  readonly search?: string | undefined;
  /** Left out: both. */
  readonly waiting?: boolean | undefined;
  readonly limit: number;
  /** `nextCursor` of the page before. One that is none begins anew. */
  readonly cursor?: string | undefined;
};

/** SQL, word for word as the index has it: since when a link waits for a run, a release or a person. */
const since = Prisma.raw(
  `LEAST(CASE WHEN links."wantedRev" > links."doneRev" THEN COALESCE(links."wantedAt", links."createdAt") END, links."heldSince", CASE WHEN links.state = ANY (ARRAY['blocked', 'paused', 'moved', 'gone']) THEN COALESCE(links."reasonAt", links."createdAt") END)`,
);
const waits = Prisma.raw(
  `(links.state <> 'unlinked' AND (links."wantedRev" > links."doneRev" OR links."heldSince" IS NOT NULL OR links.state = ANY (ARRAY['blocked', 'paused', 'moved', 'gone'])))`,
);

/** One page. */
export async function listWaitingLinks(prisma: PrismaClient, filter: WaitingFilter): Promise<Page<WaitingLink>> {
  const limit = clamp(filter.limit);
  const place = placeOf(filter.cursor);
  const rows: WaitingLink[] = [];
  if ((filter.search?.trim() ?? "") !== "") {
    // No index serves a part of a name, so both halves come of one look at all links.
    rows.push(...(await readRows(prisma, { ...searched(filter, place), take: limit + 1 })));
    return toPage(rows, limit);
  }
  if (filter.waiting !== false && place.half === "waiting")
    rows.push(...(await readHalf(prisma, filter, { isWaiting: true, place, take: limit + 1 })));
  const left = limit + 1 - rows.length;
  if (filter.waiting !== true && left > 0) {
    const start = place.half === "still" ? place : { half: "still" as const, after: null };
    rows.push(...(await readHalf(prisma, filter, { isWaiting: false, place: start, take: left })));
  }
  return toPage(rows, limit);
}

function toPage(rows: readonly WaitingLink[], limit: number): Page<WaitingLink> {
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return { items, nextCursor: last === undefined ? null : cursorOf(last) };
}

type Place = { readonly half: "waiting" | "still"; readonly after: { readonly at: Date; readonly id: bigint } | null };

/** `w-<ms>-<id>` within those that wait, `s-0-<id>` among the others. */
function placeOf(cursor: string | undefined): Place {
  const [, half, atMs, id] = /^([ws])-(\d{1,15})-(\d{1,18})$/.exec(cursor ?? "") ?? [];
  if (half === undefined || atMs === undefined || id === undefined) return { half: "waiting", after: null };
  return { half: half === "w" ? "waiting" : "still", after: { at: new Date(Number(atMs)), id: BigInt(id) } };
}

function cursorOf({ id, waitingSince }: WaitingLink): string {
  return waitingSince === null ? `s-0-${id}` : `w-${waitingSince.getTime()}-${id}`;
}

async function readHalf(
  prisma: PrismaClient,
  filter: WaitingFilter,
  { isWaiting, place, take }: { readonly isWaiting: boolean; readonly place: Place; readonly take: number },
): Promise<WaitingLink[]> {
  const conditions = [isWaiting ? waits : Prisma.sql`NOT ${waits}`, ...narrowed(filter)];
  if (place.after !== null)
    conditions.push(isWaiting ? isLater(place.after) : Prisma.sql`links.id < ${place.after.id}`);
  const order = isWaiting ? Prisma.sql`${since}, links.id` : Prisma.sql`links.id DESC`;
  return readRows(prisma, { conditions, order, take });
}

/** Both halves as one list: what waits by its time, then the others. */
function searched(
  filter: WaitingFilter,
  { half, after }: Place,
): { readonly conditions: readonly Prisma.Sql[]; readonly order: Prisma.Sql } {
  const pattern = `%${escapeLike(filter.search?.trim() ?? "")}%`;
  const conditions = [
    ...narrowed(filter),
    Prisma.sql`(links."caseId" COLLATE "C" ILIKE ${pattern} OR links."issueKey" COLLATE "C" ILIKE ${pattern} OR links."issueId" = ${filter.search?.trim() ?? ""})`,
  ];
  if (filter.waiting !== undefined) conditions.push(filter.waiting ? waits : Prisma.sql`NOT ${waits}`);
  if (after !== null)
    conditions.push(
      half === "waiting"
        ? Prisma.sql`(NOT ${waits} OR ${isLater(after)})`
        : Prisma.sql`(NOT ${waits} AND links.id < ${after.id})`,
    );
  const order = Prisma.sql`${waits} DESC, CASE WHEN ${waits} THEN ${since} END, CASE WHEN ${waits} THEN links.id END, links.id DESC`;
  return { conditions, order };
}

function isLater({ at, id }: NonNullable<Place["after"]>): Prisma.Sql {
  return Prisma.sql`(${since}, links.id) > (${at}::timestamptz, ${id})`;
}

function narrowed({ connection, state, reason }: WaitingFilter): Prisma.Sql[] {
  return [
    ...(connection === undefined ? [] : [Prisma.sql`links."connectionName" = ${connection}`]),
    ...(state === undefined ? [] : [Prisma.sql`links.state = ${state}`]),
    ...(reason === undefined ? [] : [Prisma.sql`links.reason = ${reason}`]),
  ];
}

async function readRows(
  prisma: PrismaClient,
  {
    conditions,
    order,
    take,
  }: { readonly conditions: readonly Prisma.Sql[]; readonly order: Prisma.Sql; readonly take: number },
): Promise<WaitingLink[]> {
  const where = conditions.length === 0 ? Prisma.sql`true` : Prisma.join([...conditions], " AND ");
  return prisma.$queryRaw<WaitingLink[]>(Prisma.sql`
    SELECT links.id::text AS id, "connectionName", "caseId", "issueId", "issueKey", origin, state, reason, "reasonAt", "caseStatus", lane,
      CASE WHEN links."wantedRev" > links."doneRev" THEN COALESCE(links."wantedAt", links."createdAt") END AS "pendingSince",
      "recheckAt", attempts, "checkedAt", "createdAt",
      CASE WHEN ${waits} THEN ${since} END AS "waitingSince",
      (SELECT count(*)::int FROM failures f WHERE f."linkId" = links.id AND f.state IN ('open', 'retrying')) AS "openFailures"
    FROM links WHERE ${where} ORDER BY ${order} LIMIT ${take}`);
}
