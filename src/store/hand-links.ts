/** Pairings that people begin and end (rule 7). */
import { type DisclosurePolicy, isWiderPolicy } from "../domain/disclosure-policy.ts";
import type { CaseId, IssueId, IssueKey, LinkId } from "../domain/ids.ts";
import { recordAct } from "./acts.ts";
import { isUniqueViolation } from "./database/errors.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import { linkNumber } from "./sql.ts";

/**
 * Ends a pairing. The row stays as a tombstone, so intake never mirrors the case or issue again by itself. Whatever run holds the
 * lease loses it at once; texts of open intents are deleted and open failures put aside. False when there is no such link or it
 * is unlinked already.
 */
export async function unlink(
  prisma: Pick<PrismaClient, "$queryRaw">,
  linkId: LinkId,
  act: { readonly at: Date; readonly actor: string },
): Promise<boolean> {
  const { at, actor } = act;
  const rows = await prisma.$queryRaw<{ id: bigint }[]>(Prisma.sql`
    WITH link AS (
      UPDATE links SET state = 'unlinked', reason = NULL, "reasonAt" = ${at}::timestamptz, "cohortId" = NULL, "recheckAt" = NULL, attempts = 0,
        "leaseOwner" = NULL, "leaseUntil" = NULL, "leaseEpoch" = "leaseEpoch" + 1, "updatedAt" = ${at}::timestamptz
      WHERE id = ${linkNumber(linkId)} AND state <> 'unlinked' RETURNING id, "connectionName", "caseId", "issueKey"),
    texts AS (DELETE FROM intents USING link WHERE intents."linkId" = link.id),
    aside AS (UPDATE failures SET state = 'discarded' FROM link WHERE failures."linkId" = link.id AND failures.state IN ('open', 'retrying')),
    audited AS (INSERT INTO audit (at, "connectionName", "linkId", side, action, item, result, actor)
      SELECT ${at}::timestamptz, link."connectionName", link.id, 'both', 'unlink', concat_ws(' ', link."caseId", link."issueKey"), 'unlinked', ${actor}
      FROM link)
    SELECT id FROM link`);
  return rows.length === 1;
}

/** The new or renewed link, or who has the case or issue already. */
export type LinkByHandResult =
  | { readonly linkId: LinkId; readonly takenBy: null }
  | { readonly linkId: null; readonly takenBy: { readonly linkId: LinkId; readonly what: "case" | "issue" } };

type Holder = {
  readonly id: bigint;
  readonly caseId: string | null;
  readonly issueId: string | null;
  readonly state: string;
  /** A case is being opened for the issue. */
  readonly asking: boolean;
};

/**
 * Pairs a case with an issue. The link is paused as `rebuilding` until what both sides show of it is stored; whatever run holds its
 * lease loses it. What is older than `at` is history in Jira and does not leave by itself. A tombstone
 * of the case is renewed (its mirrors stay if the issue is the same one), a tombstone of the issue, or a row of it without a case, gives way; a link of the case
 * that has no issue yet gets this one. Anything else that holds case or issue is answered as `takenBy`. The same pair again begins
 * anew with what is stored. `instead`: a pairing that ends for this one, and stays where this one is refused. Throws when the
 * connection is unknown.
 */
export async function linkByHand(
  prisma: PrismaClient,
  pair: {
    readonly connectionName: string;
    readonly caseId: CaseId;
    readonly issueId: IssueId;
    readonly issueKey: IssueKey;
    readonly instead?: LinkId;
    readonly at: Date;
    readonly actor: string;
  },
): Promise<LinkByHandResult> {
  const record = (on: Parameters<typeof recordAct>[0], { linkId, takenBy }: LinkByHandResult): Promise<void> =>
    recordAct(on, {
      at: pair.at,
      actor: pair.actor,
      action: "link",
      target: `${pair.caseId} ${pair.issueKey}`,
      outcome: takenBy === null ? "linked" : `refused: the ${takenBy.what} has another link`,
      connectionName: pair.connectionName,
      linkId: linkId ?? undefined,
    });
  try {
    return await prisma.$transaction(async (tx) => {
      if (pair.instead !== undefined) await unlink(tx, pair.instead, pair);
      const result = await pairByHand(tx, pair);
      if (result.takenBy !== null) throw new AlreadyLinked(result);
      await record(tx, result);
      return result;
    });
  } catch (error) {
    if (!(error instanceof AlreadyLinked)) throw error;
    await record(prisma, error.result);
    return error.result;
  }
}

/** Undoes what was begun for a pairing that cannot be. */
class AlreadyLinked extends Error {
  readonly result: LinkByHandResult;

  constructor(result: LinkByHandResult) {
    super("taken");
    this.result = result;
  }
}

async function pairByHand(tx: Tx, pair: HandPair): Promise<LinkByHandResult> {
  const [connection] = await tx.$queryRaw<{ huaweiSite: string; jiraSite: string }[]>(Prisma.sql`
      SELECT "huaweiSite", "jiraSite" FROM connections WHERE name = ${pair.connectionName}`);
  if (connection === undefined) throw new Error(`connection ${pair.connectionName} is not in the database`);
  const holders = await tx.$queryRaw<Holder[]>(Prisma.sql`
      SELECT id, "caseId", "issueId", state,
        EXISTS (SELECT 1 FROM intents WHERE intents."linkId" = links.id AND intents.kind = 'case') AS asking FROM links
      WHERE ("huaweiSite" = ${connection.huaweiSite} AND "caseId" = ${pair.caseId})
        OR ("jiraSite" = ${connection.jiraSite} AND "issueId" = ${pair.issueId})
      ORDER BY id FOR UPDATE`);
  const ofCase = holders.find((holder) => holder.caseId === pair.caseId);
  const ofIssue = holders.find((holder) => holder.issueId === pair.issueId);
  // A row without a case (a request that waits, an issue that looks like a copy) gives way to the person's word.
  const isAlone = ofIssue !== undefined && ofIssue.caseId === null && !ofIssue.asking;
  if (ofIssue !== undefined && ofIssue.id !== ofCase?.id && ofIssue.state !== "unlinked" && !isAlone)
    return refuse(ofIssue, "issue");
  if (
    ofCase !== undefined &&
    ofCase.state !== "unlinked" &&
    ofCase.issueId !== null &&
    ofCase.issueId !== pair.issueId
  ) {
    return refuse(ofCase, "case");
  }
  if (isAlone) {
    await tx.$executeRaw(Prisma.sql`DELETE FROM links WHERE id = ${ofIssue.id}`);
  } else if (ofIssue !== undefined && ofIssue.id !== ofCase?.id) {
    await tx.$executeRaw(Prisma.sql`UPDATE links SET "issueId" = NULL, "issueKey" = NULL WHERE id = ${ofIssue.id}`);
  }
  if (ofCase === undefined) return { linkId: await insertLink(tx, pair), takenBy: null };
  await renewLink(tx, ofCase, pair);
  return { linkId: String(ofCase.id) as LinkId, takenBy: null };
}

function refuse(holder: Holder, what: "case" | "issue"): LinkByHandResult {
  return { linkId: null, takenBy: { linkId: String(holder.id) as LinkId, what } };
}

type Tx = Prisma.TransactionClient;
type HandPair = Parameters<typeof linkByHand>[1];

/** The origin is Jira's, so that nothing of the person's text is overwritten (rule 7). */
async function insertLink(tx: Tx, pair: HandPair): Promise<LinkId> {
  const [row] = await tx.$queryRaw<{ id: string }[]>(Prisma.sql`
    INSERT INTO links ("connectionName", "huaweiSite", "jiraSite", "caseId", "issueId", "issueKey", origin, state, reason, "reasonAt", lane, "outgoingSince", "wantedAt", "createdAt", "updatedAt")
    SELECT name, "huaweiSite", "jiraSite", ${pair.caseId}, ${pair.issueId}, ${pair.issueKey}, 'jira', 'paused', 'rebuilding',
      ${pair.at}::timestamptz, 'live', ${pair.at}::timestamptz, ${pair.at}::timestamptz, ${pair.at}::timestamptz, ${pair.at}::timestamptz
    FROM connections WHERE name = ${pair.connectionName} RETURNING id::text AS id`);
  if (row === undefined) throw new Error(`connection ${pair.connectionName} is not in the database`);
  return row.id as LinkId;
}

async function renewLink(tx: Tx, holder: Holder, pair: HandPair): Promise<void> {
  const samePair = holder.issueId === pair.issueId;
  if (!samePair) {
    // What was about to be written belongs to the issue that it had, or was to have.
    await tx.$executeRaw(Prisma.sql`DELETE FROM intents WHERE "linkId" = ${holder.id}`);
    await tx.$executeRaw(Prisma.sql`DELETE FROM mirrors WHERE "linkId" = ${holder.id} AND ${holder.issueId !== null}`);
  }
  // What kept the case or the old issue away ends with the person's word; what failed inside the pair stays.
  await tx.$executeRaw(Prisma.sql`
    UPDATE failures SET state = 'resolved' WHERE "linkId" = ${holder.id} AND state <> 'resolved'
      AND (item IN ('link', 'issue', 'case') OR reason = 'unmarked_issue')`);
  const fresh = !samePair || holder.state === "unlinked";
  await tx.$executeRaw(Prisma.sql`
    UPDATE links SET "issueId" = ${pair.issueId}, "issueKey" = ${pair.issueKey}, "connectionName" = ${pair.connectionName},
      "huaweiSite" = (SELECT c."huaweiSite" FROM connections c WHERE c.name = ${pair.connectionName}),
      "jiraSite" = (SELECT c."jiraSite" FROM connections c WHERE c.name = ${pair.connectionName}),
      origin = CASE WHEN ${samePair} THEN origin ELSE 'jira' END,
      "outgoingSince" = CASE WHEN ${fresh} THEN ${pair.at}::timestamptz ELSE "outgoingSince" END,
      "jiraUpdatedRaw" = CASE WHEN ${samePair} THEN "jiraUpdatedRaw" END,
      "jiraWrittenAt" = CASE WHEN ${samePair} THEN "jiraWrittenAt" END,
      "mirroredLabels" = CASE WHEN ${samePair} THEN "mirroredLabels" ELSE '{}' END,
      "factsHash" = CASE WHEN ${samePair} THEN "factsHash" END,
      "markStampedAt" = CASE WHEN ${samePair} THEN "markStampedAt" END,
      "agreedCaseStatus" = CASE WHEN ${samePair} THEN "agreedCaseStatus" END,
      "agreedCategory" = CASE WHEN ${samePair} THEN "agreedCategory" END,
      state = 'paused', reason = 'rebuilding', "reasonAt" = ${pair.at}::timestamptz,
      "leaseOwner" = NULL, "leaseUntil" = NULL, "leaseEpoch" = "leaseEpoch" + 1,
      "wantedRev" = "wantedRev" + 1, "huaweiRev" = "wantedRev" + 1, "jiraRev" = "wantedRev" + 1, lane = 'live', "wantedAt" = ${pair.at}::timestamptz,
      attempts = 0, "recheckAt" = NULL, "updatedAt" = ${pair.at}::timestamptz
    WHERE id = ${holder.id}`);
}

/**
 * Re-homes a pairing: the connection that owns the issue's project goes on with it, under the issue's key of today. Whatever run holds
 * the lease loses it. Where the new connection lets more leave than the old one, what was written before is history (rule 5). False when
 * that connection's sites have the case or issue already, or there is no such link. May be repeated.
 */
export async function moveLink(
  queries: Pick<PrismaClient, "$queryRaw">,
  move: {
    readonly linkId: LinkId;
    readonly connectionName: string;
    readonly issueKey: IssueKey;
    readonly at: Date;
    readonly actor: string;
  },
): Promise<boolean> {
  const [policies] = await queries.$queryRaw<
    { before: string | null; after: string | null; same: boolean }[]
  >(Prisma.sql`
    SELECT old."policyHash" AS before, new."policyHash" AS after, old.name = new.name AS same
    FROM links JOIN connections old ON old.name = links."connectionName", connections new
    WHERE links.id = ${linkNumber(move.linkId)} AND new.name = ${move.connectionName}`);
  // A policy that is not known counts as wider.
  const widened =
    policies !== undefined &&
    !policies.same &&
    (policies.before === null ||
      policies.after === null ||
      isWiderPolicy(JSON.parse(policies.before) as DisclosurePolicy, JSON.parse(policies.after) as DisclosurePolicy));
  try {
    const rows = await queries.$queryRaw<unknown[]>(Prisma.sql`
      WITH link AS (
        UPDATE links SET "outgoingSince" = CASE WHEN ${widened}::boolean THEN ${move.at}::timestamptz ELSE links."outgoingSince" END,
          "connectionName" = c.name, "huaweiSite" = c."huaweiSite", "jiraSite" = c."jiraSite", "issueKey" = ${move.issueKey},
          state = 'active', reason = NULL, "reasonAt" = ${move.at}::timestamptz, "cohortId" = NULL, "recheckAt" = NULL, attempts = 0,
          "leaseOwner" = NULL, "leaseUntil" = NULL, "leaseEpoch" = "leaseEpoch" + 1, "updatedAt" = ${move.at}::timestamptz
        FROM connections c WHERE links.id = ${linkNumber(move.linkId)} AND c.name = ${move.connectionName} AND links.state <> 'unlinked'
        RETURNING links.id, c.name, links."caseId"),
      resolved AS (UPDATE failures SET state = 'resolved' FROM link
        WHERE failures."linkId" = link.id AND failures.item = 'link' AND failures.state IN ('open', 'retrying')),
      audited AS (INSERT INTO audit (at, "connectionName", "linkId", side, action, item, result, actor)
        SELECT ${move.at}::timestamptz, link.name, link.id, 'both', 'move', concat_ws(' ', link."caseId", ${move.issueKey}::text), 'moved', ${move.actor} FROM link)
      SELECT id FROM link`);
    return rows.length === 1;
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    throw error;
  }
}
