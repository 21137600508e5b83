/** Reading a link with all that belongs to it, in one round trip, and turning rows into the domain's shapes. */
import type { CaseId, IssueId, IssueKey, LinkId } from "../domain/ids.ts";
import type { StatusCategory } from "../domain/issue.ts";
import type { Lane } from "../domain/lane.ts";
import type { Link, LinkState } from "../domain/link.ts";
import type { Side } from "../domain/service-error.ts";
import type { Seal } from "../lib/seal.ts";
import type { LinkSnapshot, OpenFailure } from "../sync/state.ts";
import { Prisma } from "./generated/client.ts";
import { decodeIntent, type IntentRow } from "./intent-codec.ts";
import { decodeMirror, type MirrorRow } from "./mirror-codec.ts";
import { intentPlace, openPayload } from "./sealed-payload.ts";
import type { Queries } from "./sql.ts";

type LinkRow = {
  readonly id: string;
  readonly connectionName: string;
  readonly caseId: string | null;
  readonly issueId: string | null;
  readonly issueKey: string | null;
  readonly origin: string;
  readonly state: string;
  readonly reason: string | null;
  readonly wantedRev: number;
  readonly doneRev: number;
  readonly huaweiRev: number;
  readonly jiraRev: number;
  readonly lane: string;
  readonly attempts: number;
  readonly recheckAt: Date | null;
  readonly leaseEpoch: number;
  readonly caseStatus: number | null;
  readonly agreedCaseStatus: number | null;
  readonly agreedCategory: string | null;
  readonly jiraUpdatedRaw: string | null;
  readonly outgoingSince: Date;
  readonly createCheckedAt: Date | null;
  readonly markStampedAt: Date | null;
  readonly caseLabels: string[];
  readonly mirroredLabels: string[];
  readonly burstSince: Date | null;
  readonly burstWrites: number;
  readonly factsHash: string | null;
  readonly productName: string | null;
  readonly namedMessages: string[];
  readonly closedSeenAt: Date | null;
  readonly checkedAt: Date | null;
  readonly createdAt: Date;
};

type SnapshotRow = LinkRow & {
  readonly mirrors: MirrorRow[];
  readonly intents: IntentRow[];
  readonly failures: readonly (Omit<OpenFailure, "firstAt"> & { readonly firstAt: string })[];
};

/**
 * A policy that was widened makes everything before it history, on every link of its connection (rule 5): the later moment counts.
 *
 * The link that meets `condition` (SQL on `links`), with its mirrors and intents in the order in which they came about and the
 * failures that are not resolved; `null` when there is none. One statement, so all of it is of one moment.
 */
export async function readSnapshot(
  queries: Queries,
  condition: Prisma.Sql,
  seal: Seal | null = null,
): Promise<LinkSnapshot | null> {
  const rows = await queries.$queryRaw<SnapshotRow[]>(Prisma.sql`
    SELECT links.id::text AS id, "connectionName", "caseId", "issueId", "issueKey", origin, state, reason, "wantedRev", "doneRev", "huaweiRev",
      "jiraRev", lane, attempts, "recheckAt", "leaseEpoch", "caseStatus", "agreedCaseStatus", "agreedCategory", "jiraUpdatedRaw",
      GREATEST("outgoingSince", (SELECT c."outgoingSince" FROM connections c WHERE c.name = links."connectionName")) AS "outgoingSince",
      "createCheckedAt", "markStampedAt", "caseLabels", "mirroredLabels", "burstSince", "burstWrites", "factsHash", "productName", "namedMessages", "closedSeenAt",
      "checkedAt", "createdAt",
      (SELECT COALESCE(json_agg(m ORDER BY m.id), '[]') FROM mirrors m WHERE m."linkId" = links.id) AS mirrors,
      (SELECT COALESCE(json_agg(i ORDER BY i.id), '[]') FROM intents i WHERE i."linkId" = links.id) AS intents,
      (SELECT COALESCE(json_agg(json_build_object('item', f.item, 'direction', f.direction, 'reason', f.reason, 'state', f.state, 'attempts', f.attempts, 'firstAt', f."firstAt") ORDER BY f.id), '[]')
        FROM failures f WHERE f."linkId" = links.id AND f.state <> 'resolved') AS failures
    FROM links WHERE ${condition}`);
  const row = rows[0];
  if (row === undefined) return null;
  return {
    link: toLink(row),
    mirrors: row.mirrors.map(decodeMirror),
    intents: row.intents.map((intent) =>
      decodeIntent({ ...intent, payload: openPayload(seal, intentPlace(row.id, intent.key), intent.payload) }),
    ),
    failures: row.failures.map((failure) => ({ ...failure, firstAt: new Date(failure.firstAt) })),
  };
}

function toLink(row: LinkRow): Link {
  return {
    id: row.id as LinkId,
    connectionName: row.connectionName,
    caseId: row.caseId as CaseId | null,
    issueId: row.issueId as IssueId | null,
    issueKey: row.issueKey as IssueKey | null,
    origin: row.origin as Side,
    state: row.state as LinkState,
    reason: row.reason,
    wantedRev: row.wantedRev,
    doneRev: row.doneRev,
    huaweiRev: row.huaweiRev,
    jiraRev: row.jiraRev,
    lane: row.lane as Lane,
    attempts: row.attempts,
    recheckAt: row.recheckAt,
    leaseEpoch: row.leaseEpoch,
    caseStatus: row.caseStatus,
    agreedCaseStatus: row.agreedCaseStatus,
    agreedCategory: row.agreedCategory as StatusCategory | null,
    jiraUpdatedRaw: row.jiraUpdatedRaw,
    outgoingSince: row.outgoingSince,
    createCheckedAt: row.createCheckedAt,
    markStampedAt: row.markStampedAt,
    caseLabels: row.caseLabels,
    mirroredLabels: row.mirroredLabels,
    burstSince: row.burstSince,
    burstWrites: row.burstWrites,
    factsHash: row.factsHash,
    productName: row.productName,
    namedMessages: row.namedMessages,
    closedSeenAt: row.closedSeenAt,
    checkedAt: row.checkedAt,
    createdAt: row.createdAt,
  };
}
