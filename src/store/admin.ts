/** Reads and decisions of operators: what commands, page and API need. Flows use `StatePort` instead. */

import type { Direction } from "../domain/direction.ts";
import type { GuardWord } from "../domain/guard-word.ts";
import type { CaseId, IssueId, IssueKey, LinkId } from "../domain/ids.ts";
import type { LinkState } from "../domain/link.ts";
import type { Side } from "../domain/service-error.ts";
import type { LinkView } from "../domain/timeline.ts";
import type { Clock } from "../sync/ports.ts";
import type { ConnectionState } from "../sync/state.ts";
import { type Act, type ActEntry, listActPage, listActs, recordAct } from "./acts.ts";
import {
  type FailureGroup,
  listFailureGroups,
  type NotifierState,
  noteEndpointWorks,
  readNotifierState,
} from "./alarms.ts";
import { makeBacklogs } from "./backlogs.ts";
import { listConnections } from "./connections.ts";
import { discardFailure, type FailureEntry, findFailure, listFailures, retryFailure } from "./failures.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import { type LinkByHandResult, linkByHand, moveLink, unlink } from "./hand-links.ts";
import { findLink, type LinkDetails, type LinkSummary, listLinks } from "./link-list.ts";
import { clamp, type Page } from "./pages.ts";
import { recreateLink } from "./recreate.ts";
import { readLinkView } from "./timeline.ts";
import { exportMapping, importMapping } from "./transfer.ts";

/** The last round of one kind; `running` while its lease lives. */
export type RoundEntry = {
  readonly connectionName: string;
  readonly name: string;
  readonly running: boolean;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly outcome: string | null;
  /** When one last ended well. */
  readonly doneAt: Date | null;
  readonly durationMs: number | null;
  /** From the start of the round before to that of this one; `null` where there was none. */
  readonly intervalMs: number | null;
  readonly requests: number | null;
  /** Of a last round that failed: which service was asked, and why it failed. */
  readonly failedSide: Side | null;
  readonly failedAs: string | null;
};

/** One request budget; `refusedAt` is set while its credential is refused. */
export type BudgetEntry = {
  readonly key: string;
  readonly pausedUntil: Date | null;
  readonly refusedAt: Date | null;
  readonly updatedAt: Date;
};

/**
 * Makes the operators' view. Lists are newest first and pages hold at most 1,000 entries. Methods throw what the database throws;
 * ids that are no numbers find nothing. What changes something is audited as `actor`'s act, in the same transaction.
 */
export function makeAdminStore(deps: {
  readonly prisma: PrismaClient;
  readonly clock?: Clock;
  readonly actor?: string;
}) {
  const { prisma, actor = "unnamed" } = deps;
  const now = () => deps.clock?.now() ?? new Date();

  return {
    /** All connections in the order of the configuration. */
    listConnections: (): Promise<ConnectionState[]> => listConnections(prisma),

    /** How many links each connection has in each state; states without links are left out. */
    async countLinks(): Promise<{ connectionName: string; state: LinkState; count: number }[]> {
      const rows = await prisma.link.groupBy({
        by: ["connectionName", "state"],
        _count: true,
        orderBy: [{ connectionName: "asc" }, { state: "asc" }],
      });
      return rows.map((row) => ({
        connectionName: row.connectionName,
        state: row.state as LinkState,
        count: row._count,
      }));
    },

    /** See `listLinks`. */
    listLinks: (filter: Parameters<typeof listLinks>[1]): Promise<Page<LinkSummary>> => listLinks(prisma, filter),
    /** How the link stands, with the latest lines of its story; `null` when there is none. */
    readLinkView: (id: string): Promise<LinkView | null> => readLinkView(prisma, { id, now: now() }),

    /** See `findLink`; `connection` left out: in whichever. */
    findLink: (name: string, connection: string | null = null): Promise<LinkDetails | null> =>
      findLink(prisma, name, connection),

    /** See `listFailures`. */
    listFailures: (filter: Parameters<typeof listFailures>[1]): Promise<Page<FailureEntry>> =>
      listFailures(prisma, filter),
    /** One failure in whatever state, or `null`. */
    findFailure: (id: string): Promise<FailureEntry | null> => findFailure(prisma, id),
    /** See `retryFailure`. */
    retryFailure: (id: string, word: GuardWord | null = null): Promise<boolean> =>
      retryFailure(prisma, id, { at: now(), actor, word }),
    /** See `discardFailure`. */
    discardFailure: (id: string): Promise<boolean> => discardFailure(prisma, id, { at: now(), actor }),

    /** Pauses or resumes directions (default: both) of one connection or of all. Answers how many connections there were. */
    async setPaused(change: {
      readonly connection?: string;
      readonly direction?: Direction;
      readonly paused: boolean;
    }): Promise<number> {
      return prisma.$transaction(async (tx) => {
        const { count } = await tx.connection.updateMany({
          where: change.connection === undefined ? {} : { name: change.connection },
          data: {
            ...(change.direction === "to-huawei" ? {} : { pausedToJira: change.paused }),
            ...(change.direction === "to-jira" ? {} : { pausedToHuawei: change.paused }),
          },
        });
        await recordAct(tx, {
          at: now(),
          actor,
          action: change.paused ? "pause" : "resume",
          target: change.direction ?? "both directions",
          outcome: count === 0 ? "no such connection" : "done",
          connectionName: change.connection,
        });
        return count;
      });
    },

    /** The last round of each kind and connection. */
    async listRounds(): Promise<RoundEntry[]> {
      return prisma.$queryRaw<RoundEntry[]>(Prisma.sql`
        SELECT "connectionName", name, COALESCE("leaseUntil" > now(), false) AS running, "startedAt", "finishedAt", outcome,
          GREATEST("doneAt", CASE WHEN outcome = 'done' THEN "finishedAt" END) AS "doneAt", "durationMs", "intervalMs", requests, "failedSide", "failedAs"
        FROM rounds ORDER BY "connectionName", name`);
    },

    ...makeBacklogs(prisma, now),

    /** All request budgets by key. */
    async listBudgets(): Promise<BudgetEntry[]> {
      return prisma.budget.findMany({
        select: { key: true, pausedUntil: true, refusedAt: true, updatedAt: true },
        orderBy: { key: "asc" },
      });
    },

    /** How notifications go; see `readNotifierState`. */
    readNotifier: (): Promise<NotifierState> => readNotifierState(prisma),
    /** A test notification was taken; see `noteEndpointWorks`. */
    async noteTestAccepted(): Promise<void> {
      await prisma.$transaction(async (tx) => {
        await noteEndpointWorks(tx, now());
        await recordAct(tx, { at: now(), actor, action: "notify", target: "test", outcome: "taken" });
      });
    },
    /** See `listFailureGroups`. */
    listFailureGroups: (itemsMax: number): Promise<FailureGroup[]> => listFailureGroups(prisma, itemsMax),

    /** Lets a deleted issue be made again; see `recreateLink`. */
    recreate: (linkId: LinkId): Promise<boolean> => recreateLink(prisma, linkId, { at: now(), actor }),
    /** Ends a pairing; see `unlink`. */
    unlink: (linkId: LinkId): Promise<boolean> => unlink(prisma, linkId, { at: now(), actor }),
    /** Pairs a case with an issue by hand; see `linkByHand`. */
    linkByHand: (pair: {
      readonly connectionName: string;
      readonly caseId: CaseId;
      readonly issueId: IssueId;
      readonly issueKey: IssueKey;
      readonly instead?: LinkId;
    }): Promise<LinkByHandResult> => linkByHand(prisma, { ...pair, at: now(), actor }),

    /** Re-homes a pairing; see `moveLink`. */
    moveLink: (move: {
      readonly linkId: LinkId;
      readonly connectionName: string;
      readonly issueKey: IssueKey;
    }): Promise<boolean> => moveLink(prisma, { ...move, at: now(), actor }),

    /** See `exportMapping`. */
    exportMapping: (write: (line: string) => Promise<void> | void) => exportMapping(prisma, write),
    /** See `importMapping`. */
    importMapping: (
      lines: AsyncIterable<string> | Iterable<string>,
      options?: { readonly replace?: boolean; readonly dryRun?: boolean },
    ) => importMapping(prisma, lines, { ...options, act: { at: now(), actor } }),

    /** Notes an act that is no single transaction, such as a re-sync: call it at its start and at its end. */
    recordAct: (act: Omit<Act, "actor">): Promise<void> => recordAct(prisma, { ...act, actor, at: now() }),
    /** Acts in pages, the newest first; `since` left out: all that are kept. */
    listActPage: (filter: Parameters<typeof listActPage>[1]): Promise<Page<ActEntry>> =>
      listActPage(prisma, { ...filter, limit: clamp(filter.limit) }),
    /** See `listActs`. */
    listActs: (filter: Parameters<typeof listActs>[1]): Promise<readonly ActEntry[]> => listActs(prisma, filter),
  };
}

/** The operators' view of the database. */
export type AdminStore = ReturnType<typeof makeAdminStore>;
