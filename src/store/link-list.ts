/** Links as operators see them. */
import type { CaseId, IssueId, IssueKey, LinkId } from "../domain/ids.ts";
import type { Lane } from "../domain/lane.ts";
import type { LinkState } from "../domain/link.ts";
import type { Side } from "../domain/service-error.ts";
import type { LinkSnapshot } from "../sync/state.ts";
import { FAILURE_LINK, type FailureEntry, toFailure } from "./failures.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import { showIntent } from "./intent-codec.ts";
import { readSnapshot } from "./link-snapshot.ts";
import { showMirror } from "./mirror-codec.ts";
import { escapeLike, type Page, page, toNumber } from "./pages.ts";

const AUDIT_MAX = 200;

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
  readonly snapshot: Pick<LinkSnapshot, "link" | "failures"> & {
    /** As the tables hold them. */
    readonly mirrors: readonly ReturnType<typeof showMirror>[];
    readonly intents: readonly ReturnType<typeof showIntent>[];
  };
  readonly failures: readonly FailureEntry[];
  readonly audit: readonly AuditEntry[];
};

/** Links, filtered; `query` is part of a case id or issue key in any case, or a whole issue id. */
export async function listLinks(
  prisma: PrismaClient,
  filter: {
    readonly connection?: string | undefined;
    readonly state?: LinkState | undefined;
    readonly query?: string | undefined;
    readonly limit: number;
    readonly cursor?: string | null | undefined;
  },
): Promise<Page<LinkSummary>> {
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
}

/** In `connection`, or in whichever: the link of a case id, issue key, issue id or `link:<id>`; the newest one if several match, `null` if none does. */
export async function findLink(
  prisma: PrismaClient,
  name: string,
  connection: string | null,
): Promise<LinkDetails | null> {
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
    snapshot: {
      ...snapshot,
      mirrors: snapshot.mirrors.map(showMirror),
      intents: snapshot.intents.map(showIntent),
    },
    failures: failures.map(toFailure),
    audit: audit.map(({ at, side, action, item, result }) => ({ at, side: side as Side, action, item, result })),
  };
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
