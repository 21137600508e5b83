/**
 * One link for people: its standing, a page of what was written on either side, and what is open. Reads alone, and never what an intent
 * carries: payloads hold texts.
 */
import type { FailureDirection } from "../domain/direction.ts";
import type { IntentState } from "../domain/rows/intent.ts";
import type { MirrorState } from "../domain/rows/mirror.ts";
import { fromStoredName, storedStart } from "../domain/rows/mirror-name.ts";
import type { Side } from "../domain/service-error.ts";
import type {
  LinkFailure,
  LinkStanding,
  LinkView,
  OpenWrite,
  TimelineAct,
  TimelineEntry,
  TimelineItem,
} from "../domain/timeline.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import { toNumber } from "./pages.ts";

/** Lines of one page of a timeline. */
const entriesMax = 100;
/** Audit lines that one page looks at: three per item, and what carries none. */
const auditMax = 1_000;
const openMax = 200;

type ItemRow = {
  readonly id: string;
  readonly kind: string;
  readonly origin: string;
  readonly sourceId: string;
  readonly copyId: string | null;
  readonly version: number;
  readonly state: string;
  readonly reason: string | null;
  readonly sizeBytes: bigint | null;
  readonly parentId: string | null;
  readonly aroseAt: Date | null;
  readonly noticedAt: Date;
  readonly changedAt: Date;
  readonly orderAt: Date;
};

type AuditRow = {
  readonly id: string;
  readonly at: Date;
  readonly side: string;
  readonly action: string;
  readonly item: string;
  readonly result: string;
};

type WriteRow = Omit<OpenWrite, "side" | "state"> & { readonly side: string; readonly state: string };

/** The link of that number with the page of its timeline that ends before `cursor` (left out: the latest); `null` when there is none. */
export async function readLinkView(
  prisma: PrismaClient,
  { id, cursor, now }: { readonly id: string; readonly cursor?: string | undefined; readonly now: Date },
): Promise<LinkView | null> {
  const linkId = toNumber(id);
  if (linkId === null) return null;
  const [head] = await prisma.$queryRaw<(LinkStanding & ConnectionColumns)[]>(Prisma.sql`
    SELECT links.id::text AS id, "connectionName", "caseId", "issueId", "issueKey", origin, links.state, reason, "reasonAt", "caseStatus",
      "agreedCaseStatus", "agreedCategory", lane, CASE WHEN "wantedRev" > "doneRev" THEN COALESCE("wantedAt", links."createdAt") END AS "pendingSince",
      "heldSince", "recheckAt", attempts, CASE WHEN "leaseUntil" > ${now}::timestamptz THEN "leaseUntil" END AS "workingUntil", "checkedAt",
      links."createdAt", c.state AS "connectionState", c."stateReason", c."pausedToJira", c."pausedToHuawei"
    FROM links JOIN connections c ON c.name = links."connectionName" WHERE links.id = ${linkId}`);
  if (head === undefined) return null;
  const { connectionState, stateReason, pausedToJira, pausedToHuawei, ...link } = head;
  const [items, openWrites, failures] = await Promise.all([
    readItems(prisma, linkId, cursor),
    readOpenWrites(prisma, linkId),
    readFailures(prisma, linkId),
  ]);
  const shown = items.slice(0, entriesMax);
  const oldest = items.length > entriesMax ? shown.at(-1) : undefined;
  const span = { from: oldest?.orderAt ?? new Date(0), to: cursorOf(cursor)?.at ?? null };
  const audit = await readAudit(prisma, linkId, span);
  return {
    link,
    connection: { state: connectionState, stateReason, pausedToJira, pausedToHuawei },
    entries: toEntries(shown, audit, span),
    earlier: oldest === undefined ? null : `${oldest.orderAt.getTime()}-${oldest.id}`,
    openWrites,
    failures,
  };
}

type ConnectionColumns = {
  readonly connectionState: "active" | "stopped";
  readonly stateReason: string | null;
  readonly pausedToJira: boolean;
  readonly pausedToHuawei: boolean;
};

function cursorOf(cursor: string | undefined): { readonly at: Date; readonly id: bigint } | null {
  const [, atMs, id] = /^(\d{1,15})-(\d{1,18})$/.exec(cursor ?? "") ?? [];
  return atMs === undefined || id === undefined ? null : { at: new Date(Number(atMs)), id: BigInt(id) };
}

/** The newest items first. A fact of a case that has no copy is casebridge's own note. */
async function readItems(prisma: PrismaClient, linkId: bigint, cursor: string | undefined): Promise<ItemRow[]> {
  const before = cursorOf(cursor);
  const older =
    before === null ? Prisma.empty : Prisma.sql`AND ("orderAt", id) < (${before.at}::timestamptz, ${before.id})`;
  return prisma.$queryRaw<ItemRow[]>(Prisma.sql`
    SELECT id::text AS id, kind, origin, "sourceId", "copyId", version, state, reason, "sizeBytes", "parentId", "sourceAt" AS "aroseAt",
      "createdAt" AS "noticedAt", "updatedAt" AS "changedAt", "orderAt"
    FROM (SELECT *, LEAST("sourceAt", "createdAt") AS "orderAt" FROM mirrors WHERE "linkId" = ${linkId} AND (kind <> 'facts' OR "copyId" IS NOT NULL)
      AND (kind <> 'notice' OR "copyId" IS NOT NULL OR state <> 'live' OR starts_with("sourceId", ${storedStart("command")}))) AS ordered
    WHERE true ${older} ORDER BY "orderAt" DESC, id DESC LIMIT ${entriesMax + 1}`);
}

/** What was written for a page's items, and what carries none: from the moment of its oldest item on. */
async function readAudit(prisma: PrismaClient, linkId: bigint, { from }: { readonly from: Date }): Promise<AuditRow[]> {
  return prisma.$queryRaw<AuditRow[]>(Prisma.sql`
    SELECT id::text AS id, at, side, action, item, result FROM audit
    WHERE "linkId" = ${linkId} AND actor IS NULL AND at >= ${from}::timestamptz ORDER BY at, id LIMIT ${auditMax}`);
}

async function readOpenWrites(prisma: PrismaClient, linkId: bigint): Promise<OpenWrite[]> {
  const rows = await prisma.$queryRaw<WriteRow[]>(Prisma.sql`
    SELECT kind, key, side, state, "createdAt" AS "begunAt", "attemptedAt", looks, "nextLookAt", attempts
    FROM intents WHERE "linkId" = ${linkId} ORDER BY id LIMIT ${openMax}`);
  return rows.map(toOpenWrite);
}

async function readFailures(prisma: PrismaClient, linkId: bigint): Promise<LinkFailure[]> {
  const rows = await prisma.failure.findMany({
    where: { linkId, state: { in: ["open", "retrying"] } },
    orderBy: { id: "desc" },
    take: openMax,
  });
  return rows.map(({ id, item, direction, reason, detail, state, attempts, firstAt }) => ({
    id: String(id),
    item,
    direction: direction as FailureDirection,
    reason,
    detail,
    state,
    attempts,
    firstAt,
  }));
}

/** One row of `intents`, without what it carries. */
function toOpenWrite(row: WriteRow): OpenWrite {
  return { ...row, side: row.side as Side, state: row.state as IntentState };
}

/** One row of `mirrors`, with what the audit tells of it. */
function toItem(row: ItemRow, written: readonly AuditRow[]): TimelineItem {
  const [first] = written;
  // Older than the audit: a copy that was never changed was confirmed when its row last was.
  const unchanged = row.state === "live" && row.version === 1 && row.copyId !== null ? row.changedAt : null;
  return {
    what: "item",
    id: row.id,
    ...fromStoredName(row),
    copyId: row.copyId,
    version: row.version,
    state: row.state as MirrorState,
    reason: row.reason,
    sizeBytes: row.sizeBytes === null ? null : Number(row.sizeBytes),
    parentId: row.parentId,
    aroseAt: row.aroseAt,
    noticedAt: row.noticedAt,
    mirroredAt: first?.at ?? unchanged,
    writes: written.length,
  };
}

/** What a line of the audit was about: `message:<id>`, `message:<comment>:v2:1/3`, `file:<id>`; the cause of a notice stands alone. */
function subjectOf({ action, item }: Pick<AuditRow, "action" | "item">): string {
  if (action === "notice") return `notice ${item}`;
  const [kind = "", id = ""] = item.split(":");
  return `${kind === "comment" ? "message" : kind} ${id}`;
}

/** Acts whose item has a line of its own. `confirm` follows a message whose copy was not known at once. */
function toEntries(
  items: readonly ItemRow[],
  audit: readonly AuditRow[],
  { to }: { readonly from: Date; readonly to: Date | null },
): readonly TimelineEntry[] {
  const bySubject = Map.groupBy(audit, subjectOf);
  const known = new Set<string>();
  const lines = items.map((row): readonly [Date, TimelineEntry] => {
    const id = row.sourceId.replace(/#\d+$/, "");
    const subject = `${row.kind === "comment" ? "message" : row.kind} ${id}`;
    known.add(subject);
    const written = bySubject.get(subject) ?? [];
    const confirms = written.filter(({ action }) => action === "confirm");
    return [row.orderAt, toItem(row, confirms.length > 0 ? confirms : written)];
  });
  const carriers = ["message", "file", "notice", "facts"];
  const acts = audit.flatMap((row): (readonly [Date, TimelineAct])[] => {
    const subject = subjectOf(row);
    if (known.has(subject) || carriers.includes(subject.split(" ")[0] ?? "") || (to !== null && row.at >= to))
      return [];
    const { at, action, item, result } = row;
    return [[at, { what: "act", id: `audit-${row.id}`, at, side: row.side as Side, action, item, result }]];
  });
  return [...lines, ...acts].sort(([a], [b]) => a.getTime() - b.getTime()).map(([, entry]) => entry);
}
