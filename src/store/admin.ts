/** Reads and decisions of operators: what commands, page and API need. Flows use `StatePort` instead. */

import { type GuardWord, guardHeld, guardRowId } from "../domain/guard-word.ts";
import type { CaseId, IssueId, IssueKey, LinkId } from "../domain/ids.ts";
import type { Lane } from "../domain/lane.ts";
import { givenUp, type LinkState } from "../domain/link.ts";
import type { Side } from "../domain/service-error.ts";
import type { Clock } from "../sync/ports.ts";
import type { ConnectionState, LinkSnapshot } from "../sync/state.ts";
import { type Act, type ActEntry, listActPage, listActs, recordAct } from "./acts.ts";
import { type FailureGroup, listFailureGroups, type NotifierState, readNotifierState } from "./alarms.ts";
import { type Backlog, listBacklogs } from "./backlogs.ts";
import { listConnections } from "./connections.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import { type LinkByHandResult, linkByHand, moveLink, unlink } from "./hand-links.ts";
import { readSnapshot } from "./link-snapshot.ts";
import { recreateLink } from "./recreate.ts";
import { linkNumber } from "./sql.ts";
import { exportMapping, importMapping } from "./transfer.ts";

/** One line of a list of links. `pendingSince` is null when nothing waits; `openFailures` counts open and retried ones. */
export type LinkSummary = {
  readonly id: LinkId;
  readonly connectionName: string;
  readonly caseId: CaseId | null;
  readonly issueId: IssueId | null;
  readonly issueKey: IssueKey | null;
  readonly origin: Side;
  readonly state: LinkState;
  readonly reason: string | null;
  readonly reasonAt: Date | null;
  readonly caseStatus: number | null;
  readonly lane: Lane;
  readonly pendingSince: Date | null;
  readonly recheckAt: Date | null;
  readonly attempts: number;
  readonly checkedAt: Date | null;
  readonly createdAt: Date;
  readonly openFailures: number;
};

/** A failure as operators see it. `id` is for retry and discard. */
export type FailureEntry = {
  readonly id: string;
  readonly connectionName: string;
  readonly linkId: LinkId | null;
  readonly caseId: CaseId | null;
  readonly issueKey: IssueKey | null;
  readonly direction: string;
  readonly item: string;
  readonly reason: string;
  readonly detail: string;
  readonly state: FailureState;
  readonly attempts: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
};
/** State of a failure: `retrying` was released by a person and is being tried. */
export type FailureState = "open" | "retrying" | "resolved" | "discarded";

/** One remote write or decision. */
export type AuditEntry = {
  readonly at: Date;
  readonly side: Side;
  readonly action: string;
  readonly item: string;
  readonly result: string;
};

/** Everything about one link: its snapshot, all failures in every state, and the newest 200 audit lines, newest first. */
export type LinkDetails = {
  readonly summary: LinkSummary;
  readonly snapshot: LinkSnapshot;
  readonly failures: readonly FailureEntry[];
  readonly audit: readonly AuditEntry[];
};

/** One run, newest first in lists. */
export type RunEntry = {
  readonly id: string;
  readonly connectionName: string | null;
  readonly linkId: LinkId | null;
  readonly job: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly outcome: string;
  readonly reason: string | null;
  readonly reads: number;
  readonly writes: number;
};

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
};

/** One request budget; `refusedAt` is set while its credential is refused. */
export type BudgetEntry = {
  readonly key: string;
  readonly pausedUntil: Date | null;
  readonly refusedAt: Date | null;
  readonly updatedAt: Date;
};

/** A page of a list; `nextCursor` is null on the last one. */
export type Page<Item> = { readonly items: readonly Item[]; readonly nextCursor: string | null };

const LIMIT_MAX = 1000;
const AUDIT_MAX = 200;

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

    /** Links, filtered; `query` is part of a case id or issue key in any case, or a whole issue id. */
    async listLinks(filter: {
      readonly connection?: string | undefined;
      readonly state?: LinkState | undefined;
      readonly query?: string | undefined;
      readonly limit: number;
      readonly cursor?: string | null | undefined;
    }): Promise<Page<LinkSummary>> {
      const after = toNumber(filter.cursor);
      const text = filter.query?.trim() ?? "";
      const pattern = escapeLike(text);
      return page(filter.limit, (take) =>
        prisma.link
          .findMany({
            where: {
              ...(filter.connection === undefined ? {} : { connectionName: filter.connection }),
              ...(filter.state === undefined ? {} : { state: filter.state }),
              ...(after === null ? {} : { id: { lt: after } }),
              ...(text === ""
                ? {}
                : {
                    OR: [
                      { caseId: { contains: pattern, mode: "insensitive" as const } },
                      { issueKey: { contains: pattern, mode: "insensitive" as const } },
                      { issueId: text },
                    ],
                  }),
            },
            select: SUMMARY_FIELDS,
            orderBy: { id: "desc" },
            take,
          })
          .then((rows) => rows.map(toSummary)),
      );
    },

    /** In `connection`, or in whichever: the link of a case id, issue key, issue id or `link:<id>`; the newest one if several match, `null` if none does. */
    async findLink(name: string, connection: string | null = null): Promise<LinkDetails | null> {
      const id = name.startsWith("link:") ? toNumber(name.slice("link:".length)) : null;
      const row = await prisma.link.findFirst({
        where: {
          ...(id === null ? { OR: [{ caseId: name }, { issueKey: name.toUpperCase() }, { issueId: name }] } : { id }),
          ...(connection === null ? {} : { connectionName: connection }),
        },
        select: SUMMARY_FIELDS,
        orderBy: { id: "desc" },
      });
      if (row === null) return null;
      const [snapshot, failures, audit] = await Promise.all([
        readSnapshot(prisma, Prisma.sql`links.id = ${row.id}`),
        prisma.failure.findMany({ where: { linkId: row.id }, include: FAILURE_LINK, orderBy: { id: "desc" } }),
        prisma.audit.findMany({
          where: { linkId: row.id },
          orderBy: [{ at: "desc" }, { id: "desc" }],
          take: AUDIT_MAX,
        }),
      ]);
      if (snapshot === null) return null;
      return {
        summary: toSummary(row),
        snapshot,
        failures: failures.map(toFailure),
        audit: audit.map(({ at, side, action, item, result }) => ({ at, side: side as Side, action, item, result })),
      };
    },

    /** Failures; without `state` those that wait for somebody (open or retried). */
    async listFailures(filter: {
      readonly connection?: string | undefined;
      readonly state?: FailureState | undefined;
      readonly reason?: string | undefined;
      readonly limit: number;
      readonly cursor?: string | null | undefined;
    }): Promise<Page<FailureEntry>> {
      const after = toNumber(filter.cursor);
      return page(filter.limit, (take) =>
        prisma.failure
          .findMany({
            where: {
              ...(filter.connection === undefined ? {} : { connectionName: filter.connection }),
              ...(filter.reason === undefined ? {} : { reason: filter.reason }),
              state: filter.state ?? { in: ["open", "retrying"] },
              ...(after === null ? {} : { id: { lt: after } }),
            },
            include: FAILURE_LINK,
            orderBy: { id: "desc" },
            take,
          })
          .then((rows) => rows.map(toFailure)),
      );
    },

    /** One failure in whatever state, or `null`. */
    async findFailure(id: string): Promise<FailureEntry | null> {
      const number = toNumber(id);
      if (number === null) return null;
      const row = await prisma.failure.findUnique({ where: { id: number }, include: FAILURE_LINK });
      return row === null ? null : toFailure(row);
    },

    /**
     * Tries again what failed: the failure is `retrying`, its link is woken for both sides at once and out of its back-off, and a link
     * that was blocked, gone or moved, or a connection that was stopped for this reason, is let go. False when there is no such failure or it
     * is resolved. With a `word`, what the text guard keeps leaves as the word says, in exactly the words that were judged. May be repeated.
     */
    retryFailure: (id: string, word: GuardWord | null = null): Promise<boolean> =>
      retryFailure(prisma, id, { at: now(), actor, word }),

    /**
     * Puts a failure aside for good: it is neither shown as open nor reopened, and a connection that `memory_lost` had stopped goes on. A message
     * that never showed (`copy_missing`) is not waited for any more; should it show all the same, it is still known as ours. False when there is no such failure or it is resolved.
     */
    async discardFailure(id: string): Promise<boolean> {
      const number = toNumber(id);
      if (number === null) return false;
      const rows = await prisma.$queryRaw<unknown[]>(Prisma.sql`
        WITH failure AS (
          UPDATE failures SET state = 'discarded' WHERE id = ${number} AND state <> 'resolved' RETURNING id, "linkId", "connectionName", item, reason),
        audited AS (${auditFailure({ at: now(), actor, action: "discard", outcome: "discarded" })}),
        lost AS (DELETE FROM intents USING failure
          WHERE intents."linkId" = failure."linkId" AND intents.key = failure.item AND failure.reason = 'copy_missing'
          RETURNING intents."linkId", intents.mark, intents.payload->'owner' AS owner),
        remembered AS (
          UPDATE mirrors SET reason = CASE WHEN starts_with(mirrors.reason, ${givenUp}::text) THEN mirrors.reason ELSE ${givenUp}::text END || ' ' || lost.mark
          FROM lost WHERE mirrors."linkId" = lost."linkId" AND mirrors.origin = 'jira' AND lost.mark IS NOT NULL
            AND mirrors.kind = lost.owner->>'kind' AND mirrors."sourceId" = lost.owner->>'sourceId'),
        connection AS (
          UPDATE connections SET state = 'active', "stateReason" = NULL, "updatedAt" = ${now()}::timestamptz FROM failure
          WHERE failure."linkId" IS NULL AND connections.name = failure."connectionName" AND connections.state = 'stopped'
            AND connections."stateReason" = failure.reason AND failure.reason = 'memory_lost')
        SELECT id FROM failure`);
      return rows.length === 1;
    },

    /** Pauses or resumes directions (default: both) of one connection or of all. Answers how many connections there were. */
    async setPaused(change: {
      readonly connection?: string;
      readonly direction?: "to-jira" | "to-huawei";
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
          GREATEST("doneAt", CASE WHEN outcome = 'done' THEN "finishedAt" END) AS "doneAt", "durationMs", "intervalMs", requests
        FROM rounds ORDER BY "connectionName", name`);
    },

    /** The newest runs, of one link or job if asked. */
    async listRuns(filter: {
      readonly linkId?: LinkId;
      readonly job?: string;
      readonly limit: number;
    }): Promise<RunEntry[]> {
      const rows = await prisma.run.findMany({
        where: {
          ...(filter.linkId === undefined ? {} : { linkId: linkNumber(filter.linkId) }),
          ...(filter.job === undefined ? {} : { job: filter.job }),
        },
        orderBy: [{ startedAt: "desc" }, { id: "desc" }],
        take: clamp(filter.limit),
      });
      return rows.map((row) => ({
        ...row,
        id: String(row.id),
        linkId: row.linkId === null ? null : (String(row.linkId) as LinkId),
      }));
    },

    /** See `listBacklogs`. */
    listBacklogs: (): Promise<Backlog[]> => listBacklogs(prisma, now()),

    /** All request budgets by key. */
    async listBudgets(): Promise<BudgetEntry[]> {
      return prisma.budget.findMany({
        select: { key: true, pausedUntil: true, refusedAt: true, updatedAt: true },
        orderBy: { key: "asc" },
      });
    },

    /** How notifications go; see `readNotifierState`. */
    readNotifier: (): Promise<NotifierState> => readNotifierState(prisma),
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

/** SQL: the line of an act on what `failure` holds. */
function auditFailure(act: Pick<Act, "actor" | "action" | "outcome"> & { readonly at: Date }): Prisma.Sql {
  return Prisma.sql`INSERT INTO audit (at, "connectionName", "linkId", side, action, item, result, actor)
    SELECT ${act.at}::timestamptz, failure."connectionName", failure."linkId", 'both', ${act.action},
      'failure ' || failure.id || ': ' || failure.reason || ' of ' || failure.item, ${act.outcome}, ${act.actor} FROM failure`;
}

async function retryFailure(
  prisma: PrismaClient,
  id: string,
  { at, actor, word }: { readonly at: Date; readonly actor: string; readonly word: GuardWord | null },
): Promise<boolean> {
  const number = toNumber(id);
  if (number === null) return false;
  const outcome = word === null ? "retried" : `released ${word === "as_is" ? "as it stands" : word}`;
  // Where an issue is now is read anew: still outside its project, the link is `moved` again.
  const isFreed = Prisma.sql`(links.state IN ('blocked', 'gone') OR (links.state = 'moved' AND failure.reason = 'moved'))`;
  // One statement: the failure, then what it holds back. Lane and revisions rise as with any wake-up.
  const rows = await prisma.$queryRaw<{ id: bigint }[]>(Prisma.sql`
    WITH failure AS (
      UPDATE failures SET state = 'retrying' WHERE id = ${number} AND state <> 'resolved' RETURNING id, "linkId", "connectionName", item, reason),
    audited AS (${auditFailure({ at, actor, action: "retry", outcome })}),
    said AS (
      UPDATE mirrors SET state = 'live', reason = ${word}::text, "updatedAt" = ${at}::timestamptz FROM failure
      WHERE ${word}::text IS NOT NULL AND failure.reason = ${guardHeld}::text AND mirrors."linkId" = failure."linkId"
        AND mirrors.kind = 'notice' AND mirrors.origin = 'jira' AND mirrors."sourceId" = ${guardRowId("")}::text || failure.item
        AND mirrors.state = 'held'),
    link AS (
      UPDATE links SET state = CASE WHEN ${isFreed} THEN 'active' ELSE links.state END,
        reason = CASE WHEN links.state = 'active' OR ${isFreed} THEN NULL ELSE links.reason END,
        "reasonAt" = CASE WHEN links.state = 'active' OR ${isFreed} THEN NULL ELSE links."reasonAt" END,
        "wantedRev" = "wantedRev" + 1, "huaweiRev" = "wantedRev" + 1, "jiraRev" = "wantedRev" + 1, lane = 'live',
        "wantedAt" = CASE WHEN "wantedRev" > "doneRev" THEN COALESCE("wantedAt", ${at}::timestamptz) ELSE ${at}::timestamptz END,
        attempts = 0, "recheckAt" = NULL, "updatedAt" = ${at}::timestamptz
      FROM failure WHERE links.id = failure."linkId"),
    connection AS (
      UPDATE connections SET state = 'active', "stateReason" = NULL, "updatedAt" = ${at}::timestamptz FROM failure
      WHERE failure."linkId" IS NULL AND connections.name = failure."connectionName" AND connections.state = 'stopped'
        AND connections."stateReason" = failure.reason)
    SELECT id FROM failure`);
  return rows.length === 1;
}

const SUMMARY_FIELDS = {
  id: true,
  connectionName: true,
  caseId: true,
  issueId: true,
  issueKey: true,
  origin: true,
  state: true,
  reason: true,
  reasonAt: true,
  caseStatus: true,
  lane: true,
  wantedAt: true,
  wantedRev: true,
  doneRev: true,
  recheckAt: true,
  attempts: true,
  checkedAt: true,
  createdAt: true,
  _count: { select: { failures: { where: { state: { in: ["open", "retrying"] } } } } },
} satisfies Prisma.LinkSelect;

function toSummary(row: Prisma.LinkGetPayload<{ select: typeof SUMMARY_FIELDS }>): LinkSummary {
  return {
    id: String(row.id) as LinkId,
    connectionName: row.connectionName,
    caseId: row.caseId as CaseId | null,
    issueId: row.issueId as IssueId | null,
    issueKey: row.issueKey as IssueKey | null,
    origin: row.origin as Side,
    state: row.state as LinkState,
    reason: row.reason,
    reasonAt: row.reasonAt,
    caseStatus: row.caseStatus,
    lane: row.lane as Lane,
    pendingSince: row.wantedRev > row.doneRev ? (row.wantedAt ?? row.createdAt) : null,
    recheckAt: row.recheckAt,
    attempts: row.attempts,
    checkedAt: row.checkedAt,
    createdAt: row.createdAt,
    openFailures: row._count.failures,
  };
}

const FAILURE_LINK = { link: { select: { caseId: true, issueKey: true } } } satisfies Prisma.FailureInclude;

function toFailure(row: Prisma.FailureGetPayload<{ include: typeof FAILURE_LINK }>): FailureEntry {
  const { link, ...rest } = row;
  return {
    ...rest,
    id: String(row.id),
    linkId: row.linkId === null ? null : (String(row.linkId) as LinkId),
    caseId: (link?.caseId ?? null) as CaseId | null,
    issueKey: (link?.issueKey ?? null) as IssueKey | null,
    state: row.state as FailureState,
  };
}

async function page<Item extends { readonly id: string }>(
  limit: number,
  read: (take: number) => Promise<Item[]>,
): Promise<Page<Item>> {
  const size = clamp(limit);
  const rows = await read(size + 1);
  const items = rows.slice(0, size);
  return { items, nextCursor: rows.length > size ? (items.at(-1)?.id ?? null) : null };
}

function clamp(limit: number): number {
  return Math.max(1, Math.min(LIMIT_MAX, Math.floor(limit)));
}

/** At most 18 digits, so that it fits into PostgreSQL's bigint. */
function toNumber(text: string | null | undefined): bigint | null {
  return text != null && /^\d{1,18}$/.test(text) ? BigInt(text) : null;
}

/** Prisma's `contains` hands `%` and `_` to LIKE as they are. */
function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}
