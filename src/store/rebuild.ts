/** What `rebuild` stores besides the steps of a run: links that were found by their marks, and the connection's stop. */
import type { CaseId, IssueId, IssueKey, LinkId } from "../domain/ids.ts";
import type { Clock } from "../sync/ports.ts";
import type { RebuildState } from "../sync/state.ts";
import { adoptionsCursor } from "./adoptions.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import type { Queries } from "./sql.ts";

/** Reasons of a stop that a rebuild mends. */
const mended = ["rebuilding", "memory_lost"] as const;

/** Makes the store of `rebuild`. Methods keep the promises of `RebuildState`, and throw what the database throws. */
export function makeRebuildState(deps: { readonly prisma: PrismaClient; readonly clock: Clock }): RebuildState {
  const { prisma, clock } = deps;
  return {
    ensureLink: (connectionName, pair) => ensureLink(prisma, connectionName, pair, clock.now()),

    async beginRebuild(connectionName) {
      await prisma.$executeRaw(Prisma.sql`
        UPDATE connections SET state = 'stopped', "stateReason" = 'rebuilding', "updatedAt" = ${clock.now()}::timestamptz
        WHERE name = ${connectionName} AND (state = 'active' OR "stateReason" = ANY(${[...mended]}::text[]))`);
    },

    async endRebuild(connectionName) {
      await prisma.$queryRaw(Prisma.sql`
        WITH freed AS (
          UPDATE connections SET state = 'active', "stateReason" = NULL, "updatedAt" = ${clock.now()}::timestamptz
          WHERE name = ${connectionName} AND "stateReason" = ANY(${[...mended]}::text[])),
        resolved AS (
          UPDATE failures SET state = 'resolved' WHERE "connectionName" = ${connectionName} AND state <> 'resolved'
            AND (("linkId" IS NULL AND reason IN ('memory_lost', 'foreign_installation'))
              OR (reason = 'foreign_installation' AND "linkId" IN (SELECT id FROM links WHERE links."connectionName" = ${connectionName} AND state <> 'blocked')))),
        forgotten AS (DELETE FROM cursors WHERE "connectionName" = ${connectionName} AND name = ${adoptionsCursor})
        SELECT 1 AS done`);
    },
  };
}

type Pair = Parameters<RebuildState["ensureLink"]>[1];
type Ensured = Awaited<ReturnType<RebuildState["ensureLink"]>>;

async function ensureLink(queries: Queries, connectionName: string, pair: Pair, at: Date): Promise<Ensured> {
  const { summary } = pair;
  const made = await queries.$queryRaw<{ id: string }[]>(Prisma.sql`
    INSERT INTO links ("connectionName", "huaweiSite", "jiraSite", "caseId", "issueId", "issueKey", origin, state, reason, "reasonAt", lane,
      "caseStatus", "caseLabels", "productName", "caseCreatedAt", "outgoingSince", "wantedAt", "createdAt", "updatedAt")
    SELECT name, "huaweiSite", "jiraSite", ${pair.caseId}, ${pair.issueId}, ${pair.issueKey}, ${pair.origin}, 'paused', 'rebuilding',
      ${at}::timestamptz, 'import', ${summary?.status ?? null}::integer, ${[...(summary?.labels ?? [])].sort()}::text[],
      ${summary?.productName ?? null}, ${summary?.createdAt ?? null}::timestamptz, ${at}::timestamptz, ${at}::timestamptz,
      ${at}::timestamptz, ${at}::timestamptz
    FROM connections WHERE name = ${connectionName}
    ON CONFLICT DO NOTHING RETURNING id::text AS id`);
  const [fresh] = made;
  if (fresh !== undefined) return { kind: "link", linkId: fresh.id as LinkId, fresh: true };
  const holders = await queries.$queryRaw<Holder[]>(Prisma.sql`
    SELECT links.id::text AS id, links."caseId", links."issueId", links."issueKey", links.state, links.reason, links."connectionName" FROM links, connections
    WHERE connections.name = ${connectionName} AND ((links."huaweiSite" = connections."huaweiSite" AND links."caseId" = ${pair.caseId})
      OR (links."jiraSite" = connections."jiraSite" AND links."issueId" = ${pair.issueId}))
    ORDER BY links.id`);
  // A request whose case was not known yet is the link of that case.
  const ofCase =
    holders.find((holder) => holder.caseId === pair.caseId) ?? holders.find((holder) => holder.caseId === null);
  const [first] = holders;
  const stranger = holders.find((holder) => holder !== ofCase);
  if (first === undefined) throw new Error(`connection ${connectionName} is not in the database`);
  const isSame =
    ofCase !== undefined &&
    ofCase.connectionName === connectionName &&
    (ofCase.issueId === pair.issueId || ofCase.issueId === null || pair.issueId === null);
  if (isSame && ofCase.state === "unlinked") return answer("unlinked", ofCase);
  if (!isSame || stranger !== undefined) return answer("taken", stranger ?? first);
  return {
    kind: "link",
    linkId: ofCase.id as LinkId,
    fresh: ofCase.state === "paused" && ofCase.reason === "rebuilding",
  };
}

type Holder = {
  readonly id: string;
  readonly caseId: CaseId | null;
  readonly issueId: IssueId | null;
  readonly issueKey: IssueKey | null;
  readonly state: string;
  readonly reason: string | null;
  readonly connectionName: string;
};

function answer(kind: "taken" | "unlinked", holder: Holder): Ensured {
  return { kind, linkId: holder.id as LinkId, issueKey: holder.issueKey };
}
