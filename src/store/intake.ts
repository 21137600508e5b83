/** Links as intake needs them: found by case or issue, inserted once, adopted, checked. */
import type { CaseId, IssueId, IssueKey, LinkId } from "../domain/ids.ts";
import type { StatusCategory } from "../domain/issue.ts";
import type { Lane } from "../domain/lane.ts";
import type { LinkState } from "../domain/link.ts";
import { storedStart } from "../domain/rows/mirror-name.ts";
import type { IntakeLink, SeenCase } from "../sync/state.ts";
import { adoptionCtes } from "./adoptions.ts";
import { isUniqueViolation } from "./database/errors.ts";
import { Prisma } from "./generated/client.ts";
import { inBatches, isWatched, linkNumber, type Queries, toJson } from "./sql.ts";

type IntakeRow = {
  readonly id: string;
  readonly caseId: string | null;
  readonly issueId: string | null;
  readonly agreedCategory: string | null;
  readonly state: string;
  readonly caseStatus: number | null;
  readonly caseLabels: string[];
  readonly productName: string | null;
  readonly jiraUpdatedRaw: string | null;
  readonly jiraWrittenAt: Date | null;
  readonly recheckAt: Date | null;
  readonly absentCheckedAt: Date | null;
  readonly closedSeenAt: Date | null;
  readonly cohortId: string | null;
  readonly createdAt: Date;
};

/** Rows per page of a listing: 10,000 links must not exist twice in memory, once as an answer and once as objects. */
const PAGE_SIZE = 1_000;

/** All links of a connection in every state, tombstones included, oldest first: for commands that repair, never for a round. */
export async function listIntakeLinks(queries: Queries, connectionName: string): Promise<IntakeLink[]> {
  return readPages(queries, Prisma.sql`"connectionName" = ${connectionName}`);
}

/** All links of a condition by id. `order`: what the index that serves it holds before the id, alike in all of them. */
async function readPages(queries: Queries, condition: Prisma.Sql, order = Prisma.empty): Promise<IntakeLink[]> {
  const links: IntakeLink[] = [];
  for (let after = 0n; ; ) {
    const page = await readIntakeLinks(
      queries,
      Prisma.sql`${condition} AND id > ${after} ORDER BY ${order}id LIMIT ${PAGE_SIZE}`,
    );
    links.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE_SIZE) return links;
    after = linkNumber(last.id);
  }
}

/** The watched links of a connection (rule 3), those of open cases first: their cost does not depend on how many links there were before. */
export async function listWatchedLinks(
  queries: Queries,
  connectionName: string,
  watchedSince: Date,
): Promise<IntakeLink[]> {
  const watched = Prisma.sql`"connectionName" = ${connectionName} AND state = 'active' AND "caseId" IS NOT NULL`;
  const open = await readPages(
    queries,
    Prisma.sql`${watched} AND "closedSeenAt" IS NULL`,
    Prisma.sql`"closedSeenAt", `,
  );
  const closed = await readIntakeLinks(
    queries,
    Prisma.sql`${watched} AND "closedSeenAt" >= ${watchedSince}::timestamptz ORDER BY "closedSeenAt", id`,
  );
  return [...open, ...closed];
}

/** Up to 1,000 active links of a connection whose cases are open, by id, behind the link `after`. */
export async function listOpenLinks(
  queries: Queries,
  connectionName: string,
  after: LinkId | null,
): Promise<IntakeLink[]> {
  return readIntakeLinks(
    queries,
    Prisma.sql`"connectionName" = ${connectionName} AND state = 'active' AND "caseId" IS NOT NULL AND "closedSeenAt" IS NULL
      AND id > ${after === null ? 0n : linkNumber(after)} ORDER BY "closedSeenAt", id LIMIT ${PAGE_SIZE}`,
  );
}

/** The links of a connection that hold one of the cases, in every state. */
export async function findLinksByCase(
  queries: Queries,
  connectionName: string,
  caseIds: readonly CaseId[],
): Promise<IntakeLink[]> {
  const links: IntakeLink[] = [];
  for (const batch of inBatches(caseIds)) {
    links.push(
      ...(await readIntakeLinks(
        queries,
        Prisma.sql`"connectionName" = ${connectionName} AND "caseId" = ANY(${batch}::text[])
          AND "huaweiSite" = (SELECT "huaweiSite" FROM connections WHERE name = ${connectionName}) ORDER BY id`,
      )),
    );
  }
  return links;
}

/** Whether any link of a connection pairs a case with an issue, in whatever state. */
export async function hasPair(queries: Queries, connectionName: string): Promise<boolean> {
  const rows = await queries.$queryRaw<unknown[]>(Prisma.sql`
    SELECT 1 FROM links WHERE "connectionName" = ${connectionName} AND "issueId" IS NOT NULL AND "caseId" IS NOT NULL LIMIT 1`);
  return rows.length > 0;
}

/** The links of a connection that hold one of the issues, in every state. */
export async function findLinksByIssue(
  queries: Queries,
  connectionName: string,
  issueIds: readonly IssueId[],
): Promise<IntakeLink[]> {
  const links: IntakeLink[] = [];
  for (const batch of inBatches(issueIds)) {
    links.push(
      ...(await readIntakeLinks(
        queries,
        Prisma.sql`"connectionName" = ${connectionName} AND "issueId" = ANY(${batch}::text[])
          AND "jiraSite" = (SELECT "jiraSite" FROM connections WHERE name = ${connectionName}) ORDER BY id`,
      )),
    );
  }
  return links;
}

async function readIntakeLinks(queries: Queries, condition: Prisma.Sql): Promise<IntakeLink[]> {
  const rows = await queries.$queryRaw<IntakeRow[]>(Prisma.sql`
    SELECT id::text AS id, "caseId", "issueId", state, "caseStatus", "agreedCategory", "caseLabels", "productName", "jiraUpdatedRaw", "jiraWrittenAt", "recheckAt", "absentCheckedAt",
      "closedSeenAt", "cohortId"::text AS "cohortId", "createdAt"
    FROM links WHERE ${condition}`);
  return rows.map((row) => ({
    ...row,
    id: row.id as LinkId,
    caseId: row.caseId as CaseId | null,
    issueId: row.issueId as IssueId | null,
    state: row.state as LinkState,
    agreedCategory: row.agreedCategory as StatusCategory | null,
  }));
}

/**
 * Inserts links for cases that their Huawei site does not have yet, whoever tries, and answers the new ids. They are due at once:
 * a link starts with one wake-up. May be repeated; batches of 1,000, each atomic. Throws when the connection is unknown.
 */
export async function insertCaseLinks(
  queries: Queries,
  connectionName: string,
  cases: readonly SeenCase[],
  facts: { readonly now: Date; readonly lane: Lane; readonly labelChecked: ReadonlySet<string> },
): Promise<LinkId[]> {
  const distinct = [...new Map(cases.map((seen) => [seen.caseId, seen])).values()];
  const ids: LinkId[] = [];
  for (const batch of inBatches(distinct)) {
    const json = toJson(
      batch.map((seen) => ({
        caseId: seen.caseId,
        status: seen.status,
        created: seen.createdAt,
        labels: [...seen.labels].sort(),
        product: seen.productName,
        checked: facts.labelChecked.has(seen.caseId),
      })),
    );
    const rows = await queries.$queryRaw<{ id: string }[]>(Prisma.sql`
      INSERT INTO links ("connectionName", "huaweiSite", "jiraSite", "caseId", origin, lane, "caseStatus", "caseLabels", "productName",
        "caseCreatedAt", "createCheckedAt", "outgoingSince", "wantedAt", "createdAt", "updatedAt")
      SELECT c.name, c."huaweiSite", c."jiraSite", r."caseId", 'huawei', ${facts.lane}, r.status, r.labels, r.product, r.created,
        CASE WHEN r.checked THEN ${facts.now}::timestamptz END, ${facts.now}::timestamptz, ${facts.now}::timestamptz,
        ${facts.now}::timestamptz, ${facts.now}::timestamptz
      FROM connections c, jsonb_to_recordset(${json}::jsonb) AS r("caseId" text, status integer, created timestamptz, labels text[], product text, checked boolean)
      WHERE c.name = ${connectionName}
      ORDER BY r.created, r."caseId"
      ON CONFLICT ("huaweiSite", "caseId") DO NOTHING
      RETURNING id::text AS id`);
    ids.push(...rows.map((row) => row.id as LinkId));
  }
  if (ids.length === 0 && distinct.length > 0) await requireConnection(queries, connectionName);
  return ids;
}

/** Which of these cases another connection on the same Huawei site holds, in every state, with its name. */
export async function listCaseOwners(
  queries: Queries,
  connectionName: string,
  caseIds: readonly CaseId[],
): Promise<Map<CaseId, string>> {
  const owners = new Map<CaseId, string>();
  for (const batch of inBatches(caseIds)) {
    const rows = await queries.$queryRaw<{ caseId: string; owner: string }[]>(Prisma.sql`
      SELECT links."caseId", links."connectionName" AS owner FROM links
      JOIN connections own ON own.name = ${connectionName} AND own."huaweiSite" = links."huaweiSite"
      WHERE links."caseId" = ANY(${batch}::text[]) AND links."connectionName" <> ${connectionName}`);
    for (const row of rows) owners.set(row.caseId as CaseId, row.owner);
  }
  return owners;
}

/** Which of these issues a link on the Jira site of this connection holds, in every state. */
export async function listPairedIssues(
  queries: Queries,
  connectionName: string,
  issueIds: readonly IssueId[],
): Promise<Set<IssueId>> {
  const paired = new Set<IssueId>();
  for (const batch of inBatches(issueIds)) {
    const rows = await queries.$queryRaw<{ issueId: IssueId }[]>(Prisma.sql`
      SELECT links."issueId" FROM links JOIN connections own ON own.name = ${connectionName} AND own."jiraSite" = links."jiraSite"
      WHERE links."issueId" = ANY(${batch}::text[])`);
    for (const { issueId } of rows) paired.add(issueId);
  }
  return paired;
}

/** Issues that active links on the sites of this connection pair with these cases, and whether they were linked with one of `ofCaseId`. */
export async function findIssuesOfCases(
  queries: Queries,
  connectionName: string,
  cases: { readonly ofCaseId: CaseId; readonly caseIds: readonly CaseId[] },
): Promise<{ caseId: CaseId; issueId: IssueId; made: boolean }[]> {
  const found: { caseId: CaseId; issueId: IssueId; made: boolean }[] = [];
  for (const batch of inBatches(cases.caseIds)) {
    const rows = await queries.$queryRaw<{ caseId: CaseId; issueId: IssueId; made: boolean }[]>(Prisma.sql`
      SELECT links."caseId", links."issueId", EXISTS (
        SELECT 1 FROM mirrors WHERE mirrors."linkId" = links.id AND mirrors.kind = 'facts' AND mirrors.origin = 'huawei'
          AND mirrors."sourceId" = ${`${storedStart("relation")}${cases.ofCaseId}`} AND mirrors.state = 'live') AS made
      FROM links
      JOIN connections own ON own.name = ${connectionName} AND own."huaweiSite" = links."huaweiSite" AND own."jiraSite" = links."jiraSite"
      WHERE links."caseId" = ANY(${batch}::text[]) AND links."issueId" IS NOT NULL AND links.state = 'active'
      ORDER BY links."caseId"`);
    found.push(...rows);
  }
  return found;
}

/**
 * Inserts links for issues that their Jira site does not have yet, whoever tries, and answers the new ids; they are due at once. What
 * was written before `now` is history. May be repeated. Throws when the connection is unknown.
 */
export async function insertIssueLinks(
  queries: Queries,
  connectionName: string,
  issues: readonly { readonly issueId: IssueId; readonly issueKey: IssueKey }[],
  facts: { readonly now: Date; readonly lane: Lane; readonly caseId?: CaseId },
): Promise<LinkId[]> {
  const ids: LinkId[] = [];
  for (const batch of inBatches(issues)) {
    const json = toJson(batch.map(({ issueId, issueKey }) => ({ issueId, issueKey, caseId: facts.caseId ?? null })));
    const rows = await queries.$queryRaw<{ id: string }[]>(Prisma.sql`
      INSERT INTO links ("connectionName", "huaweiSite", "jiraSite", "caseId", "issueId", "issueKey", origin, lane, "outgoingSince",
        "wantedAt", "createdAt", "updatedAt")
      SELECT c.name, c."huaweiSite", c."jiraSite", r."caseId", r."issueId", r."issueKey", 'jira', ${facts.lane},
        ${facts.now}::timestamptz, ${facts.now}::timestamptz, ${facts.now}::timestamptz, ${facts.now}::timestamptz
      FROM connections c, jsonb_to_recordset(${json}::jsonb) AS r("issueId" text, "issueKey" text, "caseId" text)
      WHERE c.name = ${connectionName}
      ON CONFLICT DO NOTHING
      RETURNING id::text AS id`);
    ids.push(...rows.map((row) => row.id as LinkId));
  }
  if (ids.length === 0 && issues.length > 0) await requireConnection(queries, connectionName);
  return ids;
}

async function requireConnection(queries: Queries, name: string): Promise<void> {
  const rows = await queries.$queryRaw<unknown[]>(Prisma.sql`SELECT 1 FROM connections WHERE name = ${name}`);
  if (rows.length === 0) throw new Error(`connection ${name} is not in the database`);
}

/**
 * Records that a link's issue exists already, and counts the adoption. False when the link has another issue or the issue has another link; true also
 * when this was recorded before, so it may be repeated.
 */
export async function adoptIssue(
  queries: Queries,
  adoption: { readonly linkId: LinkId; readonly issueId: IssueId; readonly issueKey: IssueKey; readonly at: Date },
): Promise<boolean> {
  try {
    const id = linkNumber(adoption.linkId);
    const rows = await queries.$queryRaw<{ held: number }[]>(Prisma.sql`
      WITH before AS MATERIALIZED (
        SELECT id, "issueId", "connectionName" FROM links WHERE id = ${id} AND ("issueId" IS NULL OR "issueId" = ${adoption.issueId}) FOR UPDATE),
      adopted AS (UPDATE links SET "issueId" = ${adoption.issueId}, "issueKey" = ${adoption.issueKey}, "updatedAt" = ${adoption.at}::timestamptz
        FROM before WHERE links.id = before.id),
      fresh AS MATERIALIZED (SELECT "connectionName" FROM before WHERE "issueId" IS NULL),
      ${Prisma.join(adoptionCtes("fresh", { count: 1, at: adoption.at }), ", ")}
      SELECT count(*)::int AS held FROM before`);
    return rows[0]?.held === 1;
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    throw error;
  }
}

/** Stamps in one request at most (bulkSetIssuePropertiesByIssue). */
const STAMPS_MAX = 100;

/** Active links whose issue does not carry its own id yet, oldest first; `madeAfter`: only those that are newer; `skip`: not the first so many. */
export async function listUnstampedLinks(
  queries: Queries,
  connectionName: string,
  { madeAfter, skip }: { readonly madeAfter: Date | null; readonly skip: number },
): Promise<{ id: LinkId; caseId: CaseId; issueId: IssueId }[]> {
  const rows = await queries.$queryRaw<{ id: string; caseId: string; issueId: string }[]>(Prisma.sql`
    SELECT id::text AS id, "caseId", "issueId" FROM links
    WHERE "connectionName" = ${connectionName} AND state = 'active'
      AND "issueId" IS NOT NULL AND "caseId" IS NOT NULL AND "markStampedAt" IS NULL
      AND "createdAt" > COALESCE(${madeAfter}::timestamptz, '-infinity')
    ORDER BY links.id LIMIT ${STAMPS_MAX} OFFSET ${skip}::int`);
  return rows.map((row) => ({
    id: row.id as LinkId,
    caseId: row.caseId as CaseId,
    issueId: row.issueId as IssueId,
  }));
}

/** Remembers that the issues of these links carry their own ids since `at`. May be repeated. */
export async function markStamped(queries: Queries, linkIds: readonly LinkId[], at: Date): Promise<void> {
  for (const batch of inBatches(linkIds)) {
    await queries.$executeRaw(Prisma.sql`
      UPDATE links SET "markStampedAt" = ${at}::timestamptz, "updatedAt" = ${at}::timestamptz
      WHERE id IN (SELECT id FROM links WHERE id = ANY(${batch.map(linkNumber)}::bigint[]) ORDER BY id FOR NO KEY UPDATE)`);
  }
}

/** Remembers that these links were missing from a list and looked up by themselves at `at`. May be repeated. */
export async function markAbsentChecked(queries: Queries, linkIds: readonly LinkId[], at: Date): Promise<void> {
  for (const batch of inBatches(linkIds)) {
    await queries.$executeRaw(Prisma.sql`
      UPDATE links SET "absentCheckedAt" = ${at}::timestamptz, "updatedAt" = ${at}::timestamptz
      WHERE id IN (SELECT id FROM links WHERE id = ANY(${batch.map(linkNumber)}::bigint[]) ORDER BY id FOR NO KEY UPDATE)`);
  }
}

/** Numbers in a row land far apart when they are multiplied by this and cut (Fibonacci hashing over 16 bits). */
const spread = { factor: 40_503, places: 65_536 } as const;

/** Watched links not compared in full since their own moment in the period that ends at `before`: never compared ones first, then the oldest. */
export async function listUncheckedLinks(
  queries: Queries,
  input: {
    readonly connectionName: string;
    readonly before: Date;
    readonly watchedSince: Date;
    readonly periodMs: number;
  },
): Promise<LinkId[]> {
  const beforeMs = Prisma.sql`${input.before.getTime()}::bigint`;
  const periodMs = Prisma.sql`${Math.max(1, Math.round(input.periodMs))}::bigint`;
  const phaseMs = Prisma.sql`mod(links.id * ${spread.factor}, ${spread.places}) * ${periodMs} / ${spread.places}`;
  const rows = await queries.$queryRaw<{ id: string }[]>(Prisma.sql`
    SELECT id::text AS id FROM links
    WHERE "connectionName" = ${input.connectionName} AND ${isWatched("links", input.watchedSince)}
      AND ("checkedAt" IS NULL
        OR extract(epoch FROM "checkedAt") * 1000 < ${beforeMs} - mod(${beforeMs} - ${phaseMs}, ${periodMs}))
    ORDER BY "checkedAt" NULLS FIRST, links.id`);
  return rows.map((row) => row.id as LinkId);
}

/** How many links of a connection are watched. */
export async function countWatchedLinks(queries: Queries, connectionName: string, watchedSince: Date): Promise<number> {
  const rows = await queries.$queryRaw<{ count: number }[]>(Prisma.sql`
    SELECT count(*)::int AS count FROM links WHERE "connectionName" = ${connectionName} AND ${isWatched("links", watchedSince)}`);
  return rows[0]?.count ?? 0;
}
