/**
 * The lease of a link: who may change what belongs to it (rule 2).
 *
 * Leases are judged by the database's clock alone, so replicas whose clocks differ agree. Taking one raises the link's epoch;
 * whoever holds an older epoch is refused by every statement from then on, even if its process wakes up much later.
 */
import type { CaseId, IssueId, IssueKey, LinkId } from "../domain/ids.ts";
import type { LinkState } from "../domain/link.ts";
import type { Seal } from "../lib/seal.ts";
import { applyStep } from "../sync/apply-step.ts";
import type { Clock } from "../sync/ports.ts";
import { CaseAlreadyLinked, IssueAlreadyLinked, type LeasedLink, LeaseLost, type LinkSnapshot } from "../sync/state.ts";
import { isUniqueViolation } from "./database/errors.ts";
import type { DatabaseClock } from "./database-clock.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import { encodeStep } from "./intent-codec.ts";
import { readSnapshot } from "./link-snapshot.ts";
import { type Fence, holdsLease, storeStep } from "./link-step.ts";
import { sealStep } from "./sealed-payload.ts";
import { linkNumber, storable } from "./sql.ts";

/**
 * Takes the lease of a link for `leaseMs`; `null` when another run holds it or there is no such link. Two round trips: what belongs to
 * the link is read by a second statement, since the first one may have waited for the last holder's step and would not see it.
 */
export async function claimLink(
  deps: {
    readonly prisma: PrismaClient;
    readonly clock: Clock & Partial<Pick<DatabaseClock, "note">>;
    readonly seal?: Seal | null;
  },
  claim: { readonly linkId: LinkId; readonly owner: string; readonly leaseMs: number },
): Promise<LeasedLink | null> {
  const { prisma, clock, seal = null } = deps;
  const id = linkNumber(claim.linkId);
  const claimedAt = clock.now();
  const claimedMs = elapsedMs(clock);
  const rows = await prisma.$queryRaw<{ epoch: number; now: Date; installation: string | null }[]>(Prisma.sql`
    UPDATE links SET "leaseOwner" = ${claim.owner}, "leaseEpoch" = "leaseEpoch" + 1,
      "leaseUntil" = now() + ${claim.leaseMs} * interval '1 millisecond'
    WHERE id = ${id} AND ("leaseUntil" IS NULL OR "leaseUntil" <= now())
    RETURNING "leaseEpoch" AS epoch, clock_timestamp() AS now, (SELECT inst FROM installation WHERE id = 1) AS installation`);
  const [granted] = rows;
  if (granted === undefined) return null;
  clock.note?.(granted.now);
  const fence: Fence = { linkId: id, owner: claim.owner, epoch: granted.epoch };
  const snapshot = await readSnapshot(prisma, holdsLease(fence), seal);
  if (snapshot === null) return null;
  const { installation } = granted;
  const { leaseMs } = claim;
  return makeLeasedLink({ prisma, clock, seal }, fence, { snapshot, installation, claimedAt, claimedMs, leaseMs });
}

function makeLeasedLink(
  deps: { readonly prisma: PrismaClient; readonly clock: Clock; readonly seal: Seal | null },
  fence: Fence,
  start: {
    readonly snapshot: LinkSnapshot;
    readonly installation: string | null;
    readonly claimedAt: Date;
    readonly claimedMs: number;
    readonly leaseMs: number;
  },
): LeasedLink {
  const { prisma, clock, seal } = deps;
  const linkId = start.snapshot.link.id;
  const triedRev = start.snapshot.link.wantedRev;
  let snapshot = start.snapshot;
  // Counted from before the request, so never longer than what the database granted.
  let endsAt = start.claimedMs + start.leaseMs;

  return {
    get snapshot() {
      return snapshot;
    },
    installation: start.installation,
    remainingMs: () => endsAt - elapsedMs(clock),
    async renew() {
      const from = elapsedMs(clock);
      const renewed = await prisma.$executeRaw(Prisma.sql`
        UPDATE links SET "leaseUntil" = now() + ${start.leaseMs} * interval '1 millisecond' WHERE ${holdsLease(fence)}`);
      if (renewed === 0) throw new LeaseLost(linkId);
      endsAt = from + start.leaseMs;
    },
    async apply(change) {
      const clear = storable(change);
      const step = sealStep(seal, linkId, encodeStep(clear));
      const facts = { at: clock.now(), namedBefore: snapshot.link.namedMessages };
      let held: boolean;
      try {
        held = await storeStep(prisma, fence, step, facts);
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        const { caseId, issueId } = step.link ?? {};
        const issueHolder = issueId === undefined ? null : await findIssueHolder(prisma, fence.linkId, issueId);
        if (issueId !== undefined && issueHolder !== null) throw new IssueAlreadyLinked(issueId, issueHolder);
        const holder = caseId === undefined ? null : await findOtherHolder(prisma, fence.linkId, caseId);
        if (caseId === undefined || holder === null) throw error;
        if (holder.state !== "unlinked") throw new CaseAlreadyLinked(caseId, holder);
        // The pairing that was ended must not bring the case back; a link that has it serves as well.
        await prisma.$executeRaw(Prisma.sql`
          UPDATE links SET "caseId" = NULL, "updatedAt" = ${facts.at}::timestamptz WHERE id = ${holder.id} AND state = 'unlinked'`);
        held = await storeStep(prisma, fence, step, facts);
      }
      if (!held) throw new LeaseLost(linkId);
      snapshot = applyStep(snapshot, clear, facts.at);
    },
    async finish(end) {
      // A wake-up that came during the run leaves wantedRev ahead: its lane stays, and it waits at most since the run began.
      const done = Prisma.sql`LEAST(GREATEST("doneRev", ${end.doneRev ?? 0}::integer), "wantedRev")`;
      await prisma.$executeRaw(Prisma.sql`
        UPDATE links SET "doneRev" = ${done}, "triedRev" = GREATEST("triedRev", ${triedRev}::integer),
          "recheckAt" = ${end.recheckAt}::timestamptz, attempts = ${end.attempts},
          lane = CASE WHEN "wantedRev" > ${done} THEN lane ELSE 'poll' END,
          "wantedAt" = CASE WHEN "wantedRev" <= ${done} THEN NULL
            WHEN ${done} > "doneRev" THEN GREATEST("wantedAt", ${start.claimedAt}::timestamptz) ELSE "wantedAt" END,
          "leaseOwner" = NULL, "leaseUntil" = NULL, "updatedAt" = ${clock.now()}::timestamptz
        WHERE ${holdsLease(fence)}`);
    },
  };
}

/** The other link on the same Huawei site that has the case. */
async function findOtherHolder(
  prisma: PrismaClient,
  linkId: bigint,
  caseId: CaseId,
): Promise<{ id: bigint; state: LinkState; connectionName: string; issueKey: IssueKey | null } | null> {
  const [row] = await prisma.$queryRaw<
    { id: bigint; state: LinkState; connectionName: string; issueKey: IssueKey | null }[]
  >(Prisma.sql`
    SELECT other.id, other.state, other."connectionName", other."issueKey" FROM links own
    JOIN links other ON other."huaweiSite" = own."huaweiSite" AND other.id <> own.id
    WHERE own.id = ${linkId} AND other."caseId" = ${caseId}`);
  return row ?? null;
}

/** The other link on the same Jira site that has the issue. */
async function findIssueHolder(
  prisma: PrismaClient,
  linkId: bigint,
  issueId: IssueId,
): Promise<{ caseId: CaseId | null } | null> {
  const [row] = await prisma.$queryRaw<{ caseId: CaseId | null }[]>(Prisma.sql`
    SELECT other."caseId" FROM links own JOIN links other ON other."jiraSite" = own."jiraSite" AND other.id <> own.id
    WHERE own.id = ${linkId} AND other."issueId" = ${issueId}`);
  return row ?? null;
}

/** A clock that is set must neither lengthen nor shorten a lease. */
function elapsedMs(clock: Clock): number {
  return clock.elapsedMs?.() ?? clock.now().getTime();
}
