/** The flows' memory on PostgreSQL: `StatePort`, put together from one file per concern. */
import { watchedAfterCloseMs } from "../domain/link.ts";
import type { Seal } from "../lib/seal.ts";
import type { Clock } from "../sync/ports.ts";
import type { ClosesBreaker, StatePort } from "../sync/state.ts";
import { admitClose, countCloseWishes, holdSeenTogether, releaseCloses, wakeCountedWishes } from "./closes-breaker.ts";
import { arrangeCohorts, commitCohort, listCohorts } from "./cohorts.ts";
import * as connections from "./connections.ts";
import type { DatabaseClock } from "./database-clock.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import * as intake from "./intake.ts";
import * as knownMessages from "./known-messages.ts";
import { claimLink } from "./lease.ts";
import { readSnapshot } from "./link-snapshot.ts";
import { linkNumber } from "./sql.ts";
import { listDueLinks, wakeLinks } from "./wake.ts";

type StateDeps = {
  readonly prisma: PrismaClient;
  readonly clock: Clock & Partial<Pick<DatabaseClock, "note">>;
  /** Seals texts of unconfirmed writes; without it they are stored as they are. */
  readonly seal?: Seal | null;
};

/**
 * Makes the memory of the flows. Moments that the flows compare come from `clock`, which is told the database's time with each lease;
 * leases are judged by the database's own clock.
 * Methods keep the promises of `StatePort`; besides what is written there they throw what the database throws (`isConnectionError`
 * tells an unreachable one), and nothing of a failed call is stored.
 */
export function makeState(deps: StateDeps): StatePort {
  const { prisma, clock, seal = null } = deps;
  const watchedSince = () => new Date(clock.now().getTime() - watchedAfterCloseMs);

  return {
    getInstallation: () => connections.getInstallation(prisma),
    getConnection: (name) => connections.getConnection(prisma, name),
    listBreakers: (connectionName) => connections.listBreakers(prisma, connectionName),
    patchConnection: (name, patch) => connections.patchConnection(prisma, name, patch),

    claimLink: (linkId, owner, leaseMs) => claimLink(deps, { linkId, owner, leaseMs }),
    findSnapshot: (linkId) => readSnapshot(prisma, Prisma.sql`links.id = ${linkNumber(linkId)}`, seal),

    listIntakeLinks: (connectionName) => intake.listIntakeLinks(prisma, connectionName),
    listWatchedLinks: (connectionName) => intake.listWatchedLinks(prisma, connectionName, watchedSince()),
    listOpenLinks: (connectionName, after) => intake.listOpenLinks(prisma, connectionName, after),
    findLinksByCase: (connectionName, caseIds) => intake.findLinksByCase(prisma, connectionName, caseIds),
    hasPair: (connectionName) => intake.hasPair(prisma, connectionName),
    findIssuesOfCases: (connectionName, ofCaseId, caseIds) =>
      intake.findIssuesOfCases(prisma, connectionName, { ofCaseId, caseIds }),
    findLinksByIssue: (connectionName, issueIds) => intake.findLinksByIssue(prisma, connectionName, issueIds),
    listPairedIssues: (connectionName, issueIds) => intake.listPairedIssues(prisma, connectionName, issueIds),
    insertCaseLinks: (connectionName, cases, facts) => intake.insertCaseLinks(prisma, connectionName, cases, facts),
    listCaseOwners: (connectionName, caseIds) => intake.listCaseOwners(prisma, connectionName, caseIds),
    findRoundStart: (connectionName, name) => connections.findRoundStart(prisma, connectionName, name),
    insertIssueLinks: (connectionName, issues, facts) => intake.insertIssueLinks(prisma, connectionName, issues, facts),
    adoptIssue: (linkId, issueId, issueKey) =>
      intake.adoptIssue(prisma, { linkId, issueId, issueKey, at: clock.now() }),
    wake: (wakeUps, seen) => wakeLinks(prisma, wakeUps, { at: clock.now(), ...(seen === undefined ? {} : { seen }) }),
    listDueLinks: (shares, now, limit) =>
      listDueLinks(prisma, {
        shares: shares.map((share) =>
          typeof share === "string" ? { connectionName: share, slowest: "import", places: limit } : share,
        ),
        now,
        limit,
      }),
    listUnstampedLinks: (name, { madeAfter = null, skip = 0 } = {}) =>
      intake.listUnstampedLinks(prisma, name, { madeAfter, skip }),
    markStamped: (linkIds, at) => intake.markStamped(prisma, linkIds, at),
    markAbsentChecked: (linkIds, at) => intake.markAbsentChecked(prisma, linkIds, at),

    ...closesMethods(deps),

    arrangeCohorts: (connectionName, since) =>
      arrangeCohorts(prisma, { connectionName, watchedSince: since, at: clock.now() }),
    listCohorts: (connectionName, after) => listCohorts(prisma, connectionName, after),
    commitCohort: (cohortId, cursors, wakeUps, at) => commitCohort(prisma, { cohortId, cursors, wakeUps, at }),
    countFingerprints: (linkIds) => knownMessages.countFingerprints(prisma, linkIds),
    listMarksUnderWay: (linkIds) => knownMessages.listMarksUnderWay(prisma, linkIds),

    findCursor: (connectionName, name) => connections.findCursor(prisma, connectionName, name),
    saveCursor: (connectionName, name, value) => connections.saveCursor(prisma, { connectionName, name, value }),

    listUncheckedLinks: (connectionName, before, periodMs) =>
      intake.listUncheckedLinks(prisma, { connectionName, before, periodMs, watchedSince: watchedSince() }),
    countWatchedLinks: (connectionName) => intake.countWatchedLinks(prisma, connectionName, watchedSince()),

    ...roundMethods(deps),
    async recordRun(run) {
      const { linkId, ...rest } = run;
      await prisma.run.create({
        data: { ...rest, linkId: linkId === null ? null : linkNumber(linkId), finishedAt: clock.now() },
        select: { id: true },
      });
    },
    stopConnection: (connectionName, reason, detail) =>
      connections.stopConnection(prisma, { connectionName, reason, detail, at: clock.now() }),
    isDiscarded: (connectionName, reason) => connections.isDiscarded(prisma, connectionName, reason),
    recordConnectionFailure: (connectionName, reason, detail) =>
      connections.recordConnectionFailure(prisma, { connectionName, reason, detail, at: clock.now() }),
    listFailedLinks: (connectionName, reason) => connections.listFailedLinks(prisma, connectionName, reason),
    resolveConnectionFailure: (connectionName, reason) =>
      connections.resolveConnectionFailure(prisma, { connectionName, reason }),
    countMissing: (connectionName) => connections.countMissing(prisma, connectionName, watchedSince()),
  };
}

function closesMethods({ prisma, clock }: StateDeps): ClosesBreaker & Pick<StatePort, "holdCloses"> {
  return {
    admitClose: (connectionName, notedAt) => admitClose(prisma, connectionName, { notedAt, at: clock.now() }),
    countCloseWishes: (connectionName, since) => countCloseWishes(prisma, connectionName, since),
    wakeCountedWishes: (connectionName, span) =>
      wakeCountedWishes(prisma, { ...span, connectionName, at: clock.now() }),
    releaseCloses: async (connectionName) => {
      await releaseCloses(prisma, connectionName, clock.now());
    },
    holdCloses: (connectionName, count) => holdSeenTogether(prisma, { connectionName, count, at: clock.now() }),
  };
}

function roundMethods({ prisma }: StateDeps): Pick<StatePort, "beginRound" | "renewRound" | "endRound"> {
  return {
    beginRound: (connectionName, name, owner, leaseMs) =>
      connections.beginRound(prisma, { connectionName, name, owner, leaseMs }),
    renewRound: (connectionName, name, owner, leaseMs) =>
      connections.renewRound(prisma, { connectionName, name, owner, leaseMs }),
    endRound: (connectionName, name, owner, result) =>
      connections.endRound(prisma, { connectionName, name, owner, ...result }),
  };
}
