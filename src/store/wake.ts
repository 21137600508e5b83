/** Wake-ups and what is due: the durable half of the queue (rule 2). */
import type { LinkId } from "../domain/ids.ts";
import type { Lane } from "../domain/lane.ts";
import { lanes } from "../domain/lane.ts";
import type { DueShare, SeenCase, WakeUp } from "../sync/state.ts";
import { dueChannel } from "./due-signal.ts";
import { Prisma } from "./generated/client.ts";
import { inBatches, laneArray, laneRank, linkNumber, type Queries, toJson } from "./sql.ts";

/** How many named messages a link remembers; a case with more is read in full anyway. */
const NAMED_MAX = 200;

type WakeRow = {
  readonly id: string;
  bump: boolean;
  huawei: boolean;
  jira: boolean;
  lane: Lane;
  named: string[];
  seen: SeenCase | null;
};

/**
 * Raises the revisions of the links, and stores what lists told of cases (`seen`), also of links that are not woken. May be
 * repeated: a link is then looked at once more. Unknown links are passed over. Batches of 1,000 links, each atomic.
 */
export async function wakeLinks(
  queries: Queries,
  wakeUps: readonly WakeUp[],
  facts: { readonly at: Date; readonly seen?: readonly { readonly linkId: LinkId; readonly case: SeenCase }[] },
): Promise<void> {
  for (const batch of inBatches(toRows(wakeUps, facts.seen ?? [])))
    await queries.$executeRaw(wakeStatement(batch, facts.at));
}

/** One statement for at most 1,000 distinct links, for use inside a transaction; `null` when there is nothing to do. */
export function wakeStatementOf(wakeUps: readonly WakeUp[], at: Date): Prisma.Sql | null {
  const rows = toRows(wakeUps, []);
  return rows.length === 0 ? null : wakeStatement(rows, at);
}

function toRows(
  wakeUps: readonly WakeUp[],
  seen: readonly { readonly linkId: LinkId; readonly case: SeenCase }[],
): WakeRow[] {
  const rows = new Map<string, WakeRow>();
  const rowOf = (linkId: LinkId): WakeRow => {
    const id = String(linkNumber(linkId));
    const row = rows.get(id) ?? { id, bump: false, huawei: false, jira: false, lane: "import", named: [], seen: null };
    rows.set(id, row);
    return row;
  };
  for (const wakeUp of wakeUps) {
    const row = rowOf(wakeUp.linkId);
    row.bump = true;
    row.huawei ||= wakeUp.huawei ?? false;
    row.jira ||= wakeUp.jira ?? false;
    if (lanes.indexOf(wakeUp.lane) < lanes.indexOf(row.lane)) row.lane = wakeUp.lane;
    row.named.push(...(wakeUp.namedMessages ?? []));
  }
  for (const entry of seen) rowOf(entry.linkId).seen = entry.case;
  return [...rows.values()];
}

function wakeStatement(rows: readonly WakeRow[], at: Date): Prisma.Sql {
  const json = toJson(
    rows.map(({ seen, ...row }) => ({
      ...row,
      named: [...new Set(row.named)].slice(-NAMED_MAX),
      seen: seen !== null,
      status: seen?.status,
      created: seen?.createdAt,
      labels: [...(seen?.labels ?? [])].sort(),
      product: seen?.productName,
    })),
  );
  // A poll or a check of cases whose import has not come to them yet is answered by that import: it must neither turn a backlog of
  // thousands into news, nor have each of them read twice. Imports wait for the beat: they come by the thousand. Locked in the order of ids, so that two callers with the same links wait for each other instead of deadlocking.
  const isImported = Prisma.sql`input.lane IN ('poll', 'check') AND links.lane = 'import' AND links."doneRev" = 0`;
  // A run that goes on may have read already what is news now.
  const isAwaited = Prisma.sql`${isImported} AND links."wantedRev" > 0 AND (links."leaseUntil" IS NULL OR links."leaseUntil" <= now())`;
  const wanted = Prisma.sql`links."wantedRev" + (input.bump AND NOT (${isAwaited}))::integer`;
  return Prisma.sql`WITH input AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${json}::jsonb) AS r(id bigint, bump boolean, huawei boolean, jira boolean, lane text, named text[],
        seen boolean, status integer, created timestamptz, labels text[], product text)),
    locked AS MATERIALIZED (SELECT links.id FROM links WHERE links.id IN (SELECT id FROM input) ORDER BY links.id FOR NO KEY UPDATE),
    woken AS (UPDATE links SET
      "wantedRev" = ${wanted},
      "huaweiRev" = CASE WHEN input.bump AND input.huawei THEN ${wanted} ELSE links."huaweiRev" END,
      "jiraRev" = CASE WHEN input.bump AND input.jira THEN ${wanted} ELSE links."jiraRev" END,
      lane = CASE WHEN NOT input.bump OR (${isImported}) THEN links.lane
        WHEN links."wantedRev" > links."doneRev" AND ${laneRank("links.lane")} < ${laneRank("input.lane")} THEN links.lane
        ELSE input.lane END,
      "wantedAt" = CASE WHEN NOT input.bump THEN links."wantedAt"
        WHEN links."wantedRev" > links."doneRev" THEN COALESCE(links."wantedAt", ${at}::timestamptz) ELSE ${at}::timestamptz END,
      "namedMessages" = CASE WHEN input.named = '{}' THEN links."namedMessages" ELSE ARRAY(
        SELECT name FROM (
          SELECT name, min(place) AS place FROM unnest(links."namedMessages" || input.named) WITH ORDINALITY AS u(name, place)
          GROUP BY name ORDER BY min(place) DESC LIMIT ${NAMED_MAX}) AS newest
        ORDER BY place) END,
      "caseStatus" = CASE WHEN input.seen THEN input.status ELSE links."caseStatus" END,
      "caseCreatedAt" = CASE WHEN input.seen THEN input.created ELSE links."caseCreatedAt" END,
      "caseLabels" = CASE WHEN input.seen THEN input.labels ELSE links."caseLabels" END,
      "productName" = CASE WHEN input.seen THEN input.product ELSE links."productName" END,
      "updatedAt" = ${at}::timestamptz
    FROM locked JOIN input ON input.id = locked.id
    WHERE links.id = locked.id RETURNING input.bump AND input.lane <> 'import' AS told)
    SELECT pg_notify(${dueChannel}, '') FROM woken WHERE told LIMIT 1`;
}

/**
 * Links that are due at `now`, most urgent lane first, connections in turns within a lane (`turn` counts from 0). A link is due when a
 * wake-up waits that the last run had not seen, or when its moment to look again has come; one in back-off waits for that moment
 * whatever wakes it. Links under a live lease, links that are not active and links of stopped connections are left out. `dueAt`: since when it is due.
 *
 * Each lane of each connection is asked through the two partial indices of what is due, as far as its places reach, so that the cost
 * follows neither the number of links nor the number of due ones.
 */
export async function listDueLinks(
  queries: Queries,
  input: { readonly shares: readonly DueShare[]; readonly now: Date; readonly limit: number },
): Promise<DueLink[]> {
  const { limit } = input;
  // Where many have much to do a few of each fill the answer; only where few have is more of them read.
  const few = Math.max(4, Math.ceil(limit / Math.max(1, input.shares.length)));
  const due = await askDue(queries, { ...input, placesMax: few });
  const isCut = due.length < limit && due.some((link) => link.turn === few - 1);
  return isCut ? askDue(queries, { ...input, placesMax: limit }) : due;
}

type DueLink = {
  readonly id: LinkId;
  readonly lane: Lane;
  readonly connectionName: string;
  readonly turn: number;
  readonly dueAt: Date;
};

async function askDue(
  queries: Queries,
  input: {
    readonly shares: readonly DueShare[];
    readonly now: Date;
    readonly limit: number;
    readonly placesMax: number;
  },
): Promise<DueLink[]> {
  // The inner limits are constants, not each share's own: the planner would take those for a tenth of all that is due.
  const { now, limit } = input;
  const shares = toJson(
    input.shares.map(({ connectionName, slowest, places }) => ({
      name: connectionName,
      slowest: lanes.indexOf(slowest) + 1,
      places: Math.min(places, input.placesMax),
    })),
  );
  const isFree = Prisma.sql`links."connectionName" = shares.name AND links.lane = lanes.lane AND links.state = 'active'
    AND (links."leaseUntil" IS NULL OR links."leaseUntil" <= now())`;
  const rows = await queries.$queryRaw<
    { id: string; lane: string; connectionName: string; turn: number; dueAt: Date }[]
  >(Prisma.sql`
    SELECT id::text AS id, lane, "connectionName", turn, "dueAt" FROM (
      SELECT due.id, due.since AS "dueAt", lanes.lane, lanes.urgency, shares.name AS "connectionName", shares.places,
        row_number() OVER (PARTITION BY shares.name, lanes.lane ORDER BY due.since, due.id)::int - 1 AS turn
      FROM jsonb_to_recordset(${shares}::jsonb) AS shares(name text, slowest integer, places integer)
      JOIN connections ON connections.name = shares.name AND connections.state <> 'stopped'
      JOIN unnest(${laneArray}) WITH ORDINALITY AS lanes(lane, urgency) ON lanes.urgency <= shares.slowest
      CROSS JOIN LATERAL (
        SELECT id, min(since) AS since FROM (
          (SELECT links.id, links."wantedAt" AS since FROM links
            WHERE ${isFree} AND links."wantedRev" > links."doneRev"
              AND (links."recheckAt" IS NULL OR (links.attempts = 0 AND links."wantedRev" > links."triedRev"))
            ORDER BY links."wantedAt", links.id LIMIT ${input.placesMax})
          UNION ALL
          (SELECT links.id, links."recheckAt" AS since FROM links
            WHERE ${isFree} AND links."recheckAt" <= ${now}::timestamptz
            ORDER BY links."recheckAt", links.id LIMIT ${input.placesMax})
        ) AS either GROUP BY id) AS due
    ) AS ranked
    WHERE turn < places ORDER BY urgency, turn, "connectionName" LIMIT ${limit}`);
  return rows.map((row) => ({ ...row, id: row.id as LinkId, lane: row.lane as Lane }));
}
