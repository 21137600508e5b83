/** What waits in each connection, in one query: the report is made of it every few seconds, and must not crowd out the flows. */
import { holdingReasons } from "../domain/failure.ts";
import { guardHeld } from "../domain/guard-word.ts";
import type { Lane } from "../domain/lane.ts";
import { watchedAfterCloseMs } from "../domain/link.ts";
import { Prisma } from "./generated/client.ts";
import { isWatched, type Queries } from "./sql.ts";

/** What waits in one connection. */
export type Backlog = {
  readonly connectionName: string;
  /** Links that rounds ask about. */
  readonly watched: number;
  /** Since when the oldest change that is due has waited; `null` = nothing is due. */
  readonly dueSince: Date | null;
  /** Since when something is held back, by a pause or a hold of its link, by what stops or holds the whole connection, or by the text guard; `null` = nothing is. */
  readonly heldSince: Date | null;
};

/** One per connection that the database knows. Its cost follows the links that are watched, due or held. Throws what the database throws. */
export async function listBacklogs(queries: Queries, now: Date): Promise<Backlog[]> {
  const watchedSince = new Date(now.getTime() - watchedAfterCloseMs);
  const ofConnection = Prisma.sql`links."connectionName" = connections.name`;
  // A join of its own for each, so that each goes by its partial index; one scan for all would read the closed links as well.
  return queries.$queryRaw<Backlog[]>(Prisma.sql`
    SELECT connections.name AS "connectionName", watched.count AS watched, due.since AS "dueSince", LEAST(held.since, holding.since) AS "heldSince"
    FROM connections
      CROSS JOIN LATERAL (SELECT count(*)::int AS count FROM links WHERE ${ofConnection} AND ${isWatched("links", watchedSince)}) AS watched
      CROSS JOIN LATERAL (SELECT min(COALESCE("wantedAt", links."createdAt")) AS since FROM links
        WHERE ${ofConnection} AND state = 'active' AND "wantedRev" > "doneRev") AS due
      CROSS JOIN LATERAL (SELECT min("heldSince") AS since FROM links
        WHERE ${ofConnection} AND "heldSince" IS NOT NULL AND state = 'active') AS held
      CROSS JOIN LATERAL (SELECT min("firstAt") AS since FROM failures
        WHERE failures."connectionName" = connections.name AND failures.state IN ('open', 'retrying')
          AND (failures."linkId" IS NULL AND failures.reason = ANY(${[...holdingReasons]}::text[]) OR failures.reason = ${guardHeld}::text)) AS holding
    ORDER BY connections.name`);
}

/** What is due in one lane of one connection. */
export type DueLane = {
  readonly connectionName: string;
  readonly lane: Lane;
  /** Links with changes that wait, those in back-off included. */
  readonly links: number;
  /** Since when the oldest of these changes has waited. */
  readonly since: Date;
};

/** One per connection and lane in which something is due. Its cost follows the links that are due. Throws what the database throws. */
async function listDueLanes(queries: Queries): Promise<DueLane[]> {
  return queries.$queryRaw<DueLane[]>(Prisma.sql`
    SELECT "connectionName", lane, count(*)::int AS links, min(COALESCE("wantedAt", "createdAt")) AS since FROM links
    WHERE state = 'active' AND "wantedRev" > "doneRev" GROUP BY "connectionName", lane ORDER BY 1, 2`);
}

/** Both questions on one database. */
export function makeBacklogs(queries: Queries, now: () => Date) {
  return {
    /** See the function of this name. */
    listBacklogs: (): Promise<Backlog[]> => listBacklogs(queries, now()),
    /** See the function of this name. */
    listDueLanes: (): Promise<DueLane[]> => listDueLanes(queries),
  };
}
