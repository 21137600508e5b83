/** Failures as operators see them, and what they decide about them. */
import { type GuardWord, guardHeld } from "../domain/guard-word.ts";
import type { CaseId, IssueKey, LinkId } from "../domain/ids.ts";
import { storedStart } from "../domain/rows/mirror-name.ts";
import type { Act } from "./acts.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import { givenUpWord } from "./mirror-codec.ts";
import { type Page, page, toNumber } from "./pages.ts";

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
/** What became of a failure. */
export type FailureState = "open" | "retrying" | "resolved" | "discarded";

/** Failures; without `state` those that wait for somebody (open or retried). */
export async function listFailures(
  prisma: PrismaClient,
  filter: {
    readonly connection?: string | undefined;
    readonly state?: FailureState | undefined;
    readonly reason?: string | undefined;
    readonly limit: number;
    readonly cursor?: string | null | undefined;
  },
): Promise<Page<FailureEntry>> {
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
}

/** One failure in whatever state, or `null`. */
export async function findFailure(prisma: PrismaClient, id: string): Promise<FailureEntry | null> {
  const number = toNumber(id);
  if (number === null) return null;
  const row = await prisma.failure.findUnique({ where: { id: number }, include: FAILURE_LINK });
  return row === null ? null : toFailure(row);
}

/**
 * Tries again what failed: the failure is `retrying`, its link is woken for both sides at once and out of its back-off, and a link
 * that was blocked, gone or moved, or a connection that was stopped for this reason, is let go. False when there is no such failure or it
 * is resolved. With a `word`, what the text guard keeps leaves as the word says, in exactly the words that were judged. May be repeated.
 */
export async function retryFailure(
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
        AND mirrors.kind = 'notice' AND mirrors.origin = 'jira' AND mirrors."sourceId" = ${storedStart("guard")}::text || failure.item
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

/**
 * Puts a failure aside for good: it is neither shown as open nor reopened, and a connection that `memory_lost` had stopped goes on. A message
 * that never showed (`copy_missing`) is not waited for any more; should it show all the same, it is still known as ours. False when there is no such failure or it is resolved.
 */
export async function discardFailure(
  prisma: PrismaClient,
  id: string,
  { at, actor }: { readonly at: Date; readonly actor: string },
): Promise<boolean> {
  const number = toNumber(id);
  if (number === null) return false;
  const rows = await prisma.$queryRaw<unknown[]>(Prisma.sql`
    WITH failure AS (
      UPDATE failures SET state = 'discarded' WHERE id = ${number} AND state NOT IN ('resolved', 'discarded') RETURNING id, "linkId", "connectionName", item, reason),
    audited AS (${auditFailure({ at, actor, action: "discard", outcome: "discarded" })}),
    lost AS (DELETE FROM intents USING failure
      WHERE intents."linkId" = failure."linkId" AND intents.key = failure.item AND failure.reason = 'copy_missing'
      RETURNING intents."linkId", intents.mark, intents.payload->'owner' AS owner),
    remembered AS (
      UPDATE mirrors SET reason = CASE WHEN starts_with(mirrors.reason, ${givenUpWord}::text) THEN mirrors.reason ELSE ${givenUpWord}::text END || ' ' || lost.mark
      FROM lost WHERE mirrors."linkId" = lost."linkId" AND mirrors.origin = 'jira' AND lost.mark IS NOT NULL
        AND mirrors.kind = lost.owner->>'kind' AND mirrors."sourceId" = lost.owner->>'sourceId'),
    connection AS (
      UPDATE connections SET state = 'active', "stateReason" = NULL, "updatedAt" = ${at}::timestamptz FROM failure
      WHERE failure."linkId" IS NULL AND connections.name = failure."connectionName" AND connections.state = 'stopped'
        AND connections."stateReason" = failure.reason AND failure.reason = 'memory_lost')
    SELECT id FROM failure`);
  return rows.length === 1;
}

/** SQL: the line of an act on what `failure` holds. */
function auditFailure(act: Pick<Act, "actor" | "action" | "outcome"> & { readonly at: Date }): Prisma.Sql {
  return Prisma.sql`INSERT INTO audit (at, "connectionName", "linkId", side, action, item, result, actor)
    SELECT ${act.at}::timestamptz, failure."connectionName", failure."linkId", 'both', ${act.action},
      'failure ' || failure.id || ': ' || failure.reason || ' of ' || failure.item, ${act.outcome}, ${act.actor} FROM failure`;
}

/** What is read with a failure. */
export const FAILURE_LINK = { link: { select: { caseId: true, issueKey: true } } } satisfies Prisma.FailureInclude;

/** A failure out of its row. */
export function toFailure(row: Prisma.FailureGetPayload<{ include: typeof FAILURE_LINK }>): FailureEntry {
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
