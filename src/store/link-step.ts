/**
 * One atomic durable step of a run, as one SQL statement.
 *
 * The problem: a step touches up to six tables, must prove that its run still holds the lease, and happens several times per
 * remote write, so round trips are what it costs. The answer: the statement starts with a locking read of the link (the *fence*);
 * every other part selects from it and so does nothing when it is empty. A single statement is atomic by itself.
 *
 * Traps of such statements, and how each is met:
 * - All parts see the database as it was before the statement. What must see the effect of another part (an insert under an identity
 *   that the same step renames or frees) is prepared by a second statement in front, in one transaction.
 * - A row must not be changed twice. Doubled entries of a step are folded in JavaScript; the later one wins.
 * - Rows of a link are written by its lease holder alone, and taking a lease changes the link's row, so what the statement saw before
 *   it got the lock is either still true or the fence is empty.
 */
import type { LinkPatch } from "../sync/state.ts";
import { adoptionCtes } from "./adoptions.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import type { NewIntentRow, StepRows } from "./intent-codec.ts";
import type { MirrorRowPatch } from "./mirror-codec.ts";
import { toJson } from "./sql.ts";

/** Who holds which lease. The epoch is the proof; the owner is there for people who read the table. */
export type Fence = { readonly linkId: bigint; readonly owner: string; readonly epoch: number };

/** SQL condition on `links`: this holder's lease lives, by the database's clock. */
export function holdsLease(fence: Fence): Prisma.Sql {
  return Prisma.sql`links.id = ${fence.linkId} AND links."leaseOwner" = ${fence.owner}
    AND links."leaseEpoch" = ${fence.epoch} AND links."leaseUntil" > now()`;
}

/**
 * Applies a step if the lease is held, else nothing. Answers whether it was held. `at` is the flows' present moment.
 * `namedBefore` are the named messages that the run knows of: those that came later survive a patch. Not to be repeated blindly:
 * a new intent whose key exists is a unique violation, and failures count attempts.
 */
export async function storeStep(
  prisma: PrismaClient,
  fence: Fence,
  step: StepRows,
  facts: { readonly at: Date; readonly namedBefore: readonly string[] },
): Promise<boolean> {
  const main = prisma.$queryRaw<{ held: number }[]>(stepStatement(fence, fold(step), facts));
  const preparation = preparationStatement(fence, step, facts.at);
  const answers =
    preparation === null
      ? [await main]
      : await prisma.$transaction([prisma.$queryRaw<{ held: number }[]>(preparation), main]);
  return answers.at(-1)?.[0]?.held === 1;
}

type FreshIntent = NewIntentRow & {
  readonly attemptedAt?: Date;
  readonly looks?: number;
  readonly nextLookAt?: Date | null;
};
type FoldedStep = StepRows & { readonly newIntents: readonly FreshIntent[] };

/** Folds entries about the same row into one. */
function fold(step: StepRows): FoldedStep {
  const confirmed = new Set(step.confirmedIntents ?? []);
  const intents = new Map<string, FreshIntent>();
  for (const intent of step.intents ?? []) intents.set(intent.key, { ...intent });
  const patches = new Map<string, NonNullable<StepRows["intentPatches"]>[number]>();
  for (const patch of step.intentPatches ?? []) {
    const fresh = intents.get(patch.key);
    if (fresh !== undefined) {
      const { repeated, ...columns } = patch;
      const payload = repeated === true ? { ...fresh.payload, repeated } : fresh.payload;
      intents.set(patch.key, { ...fresh, ...columns, payload });
    } else if (!confirmed.has(patch.key)) patches.set(patch.key, { ...patches.get(patch.key), ...patch });
  }
  const mirrors = new Map<string, MirrorRowPatch>();
  for (const patch of step.mirrors ?? []) {
    const key = JSON.stringify([patch.kind, patch.origin, patch.sourceId]);
    mirrors.set(key, { ...mirrors.get(key), ...patch });
  }
  const failures = new Map(
    (step.failures ?? []).map((failure) => [JSON.stringify([failure.item, failure.reason]), failure]),
  );
  return {
    ...step,
    newIntents: [...intents.values()],
    intentPatches: [...patches.values()],
    mirrors: [...mirrors.values()],
    failures: [...failures.values()],
  };
}

function fenceCte(fence: Fence): Prisma.Sql {
  return Prisma.sql`fence AS MATERIALIZED (SELECT id, "connectionName" FROM links WHERE ${holdsLease(fence)} FOR UPDATE)`;
}

/** What must have happened before the rest of the step looks, or `null`. */
function preparationStatement(fence: Fence, step: StepRows, at: Date): Prisma.Sql | null {
  const fresh = new Set((step.intents ?? []).map((intent) => intent.key));
  const freed = (step.confirmedIntents ?? []).filter((key) => fresh.has(key));
  const renames = step.renames ?? [];
  if (freed.length === 0 && renames.length === 0) return null;
  // Continuations of a message ("id#2") and the files that name it as their parent follow it. An identity that is taken stays with its row.
  return Prisma.sql`WITH ${fenceCte(fence)},
    rename AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(${toJson(renames)}::jsonb) AS r(kind text, origin text, "from" text, "to" text)),
    renamed AS (
      UPDATE mirrors SET "sourceId" = rename."to" || substr(mirrors."sourceId", length(rename."from") + 1), "updatedAt" = ${at}::timestamptz
      FROM fence, rename
      WHERE mirrors."linkId" = fence.id AND mirrors.kind = rename.kind AND mirrors.origin = rename.origin
        AND (mirrors."sourceId" = rename."from" OR starts_with(mirrors."sourceId", rename."from" || '#'))
        AND NOT EXISTS (SELECT 1 FROM mirrors taken WHERE taken."linkId" = fence.id AND taken.kind = rename.kind
          AND taken.origin = rename.origin
          AND taken."sourceId" = rename."to" || substr(mirrors."sourceId", length(rename."from") + 1))
    ),
    moved AS (
      UPDATE mirrors SET "parentId" = rename."to", "updatedAt" = ${at}::timestamptz FROM fence, rename
      WHERE mirrors."linkId" = fence.id AND mirrors.kind = 'file' AND mirrors.origin = rename.origin AND mirrors."parentId" = rename."from"
    ),
    freed AS (DELETE FROM intents USING fence WHERE intents."linkId" = fence.id AND intents.key = ANY(${freed}::text[]))
    SELECT count(*)::int AS held FROM fence`;
}

function stepStatement(
  fence: Fence,
  step: FoldedStep,
  facts: { readonly at: Date; readonly namedBefore: readonly string[] },
): Prisma.Sql {
  const { at } = facts;
  const ctes: Prisma.Sql[] = [fenceCte(fence)];
  if (step.link !== undefined) {
    ctes.push(
      Prisma.sql`link AS (UPDATE links SET ${linkAssignments(step.link, facts)} FROM fence WHERE links.id = fence.id)`,
    );
  }
  if (step.mirrors !== undefined && step.mirrors.length > 0) ctes.push(mirrorCte(step.mirrors, at));
  if (step.newIntents.length > 0) ctes.push(intentCte(step.newIntents, fence.epoch, at));
  if (step.intentPatches !== undefined && step.intentPatches.length > 0)
    ctes.push(intentPatchCte(step.intentPatches, fence.epoch, at));
  const gone = (step.confirmedIntents ?? []).filter((key) => !step.newIntents.some((intent) => intent.key === key));
  if (gone.length > 0) {
    ctes.push(
      Prisma.sql`confirmed AS (DELETE FROM intents USING fence WHERE intents."linkId" = fence.id AND intents.key = ANY(${gone}::text[]))`,
    );
  }
  if (step.failures !== undefined && step.failures.length > 0) ctes.push(failureCte(step.failures, at));
  if (step.resolvedFailures !== undefined && step.resolvedFailures.length > 0) {
    const items = step.resolvedFailures.map((entry) => entry.item);
    // A failure that the same step reports is not resolved by it.
    ctes.push(Prisma.sql`resolved AS (UPDATE failures SET state = 'resolved' FROM fence
      WHERE failures."linkId" = fence.id AND failures.item = ANY(${items}::text[]) AND failures.state IN ('open', 'retrying')
        AND NOT EXISTS (SELECT 1 FROM jsonb_array_elements(${toJson(step.failures ?? [])}::jsonb) AS f
          WHERE f->>'item' = failures.item AND f->>'reason' = failures.reason))`);
  }
  if (step.audit !== undefined && step.audit.length > 0) {
    ctes.push(Prisma.sql`audited AS (INSERT INTO audit (at, "connectionName", "linkId", side, action, item, result, actor)
      SELECT ${at}::timestamptz, fence."connectionName", fence.id, a->>'side', a->>'action', a->>'item', a->>'result', a->>'actor'
      FROM fence, jsonb_array_elements(${toJson(step.audit)}::jsonb) AS a)`);
  }
  if (step.huaweiUserId !== undefined) {
    ctes.push(Prisma.sql`learned AS (UPDATE connections SET "huaweiUserIds" = "huaweiUserIds" || ${step.huaweiUserId}::text, "updatedAt" = ${at}::timestamptz
      FROM fence WHERE connections.name = fence."connectionName" AND ${step.huaweiUserId}::text <> ALL(connections."huaweiUserIds"))`);
  }
  if (step.adoptions !== undefined && step.adoptions > 0)
    ctes.push(...adoptionCtes("fence", { count: step.adoptions, at }));
  return Prisma.sql`WITH ${Prisma.join(ctes, ", ")} SELECT count(*)::int AS held FROM fence`;
}

/** SQL types of the link's columns that a run sets. */
const LINK_COLUMNS: {
  readonly [Key in Exclude<keyof LinkPatch, "namedMessages" | "mirroredLabels" | "held">]-?:
    | "text"
    | "integer"
    | "timestamptz";
} = {
  issueId: "text",
  issueKey: "text",
  caseId: "text",
  state: "text",
  reason: "text",
  caseStatus: "integer",
  agreedCaseStatus: "integer",
  agreedCategory: "text",
  jiraUpdatedRaw: "text",
  jiraWrittenAt: "timestamptz",
  createCheckedAt: "timestamptz",
  markStampedAt: "timestamptz",
  burstSince: "timestamptz",
  burstWrites: "integer",
  factsHash: "text",
  closedSeenAt: "timestamptz",
  checkedAt: "timestamptz",
  outgoingSince: "timestamptz",
};

function linkAssignments(
  patch: LinkPatch,
  facts: { readonly at: Date; readonly namedBefore: readonly string[] },
): Prisma.Sql {
  const json = toJson(patch);
  const assignments = [Prisma.sql`"updatedAt" = ${facts.at}::timestamptz`];
  for (const [name, type] of Object.entries(LINK_COLUMNS)) {
    if (!Object.hasOwn(patch, name) || patch[name as keyof LinkPatch] === undefined) continue;
    assignments.push(Prisma.sql`${Prisma.raw(`"${name}"`)} = (${json}::jsonb->>${name})::${Prisma.raw(type)}`);
  }
  if (patch.state !== undefined || patch.reason !== undefined) {
    assignments.push(Prisma.sql`"reasonAt" = ${facts.at}::timestamptz`);
  }
  if (patch.held !== undefined) {
    assignments.push(
      patch.held
        ? Prisma.sql`"heldSince" = COALESCE(links."heldSince", ${facts.at}::timestamptz)`
        : Prisma.sql`"heldSince" = NULL`,
    );
  }
  if (patch.mirroredLabels !== undefined) {
    assignments.push(Prisma.sql`"mirroredLabels" = ${[...patch.mirroredLabels]}::text[]`);
  }
  if (patch.namedMessages !== undefined) {
    // A wake-up may have named more since the run read the list: those stay.
    const known = [...new Set([...facts.namedBefore, ...patch.namedMessages])];
    assignments.push(Prisma.sql`"namedMessages" = ${[...patch.namedMessages]}::text[]
      || ARRAY(SELECT n FROM unnest(links."namedMessages") AS n WHERE n <> ALL(${known}::text[]))`);
  }
  return Prisma.join(assignments, ", ");
}

/** Columns of a mirror that a patch may leave out, with SQL type and default for a new row. */
const MIRROR_COLUMNS: readonly (readonly [name: string, type: string, initial: string])[] = [
  ["fingerprint", "text", "NULL"],
  ["sourceHash", "text", "NULL"],
  ["sourceDigest", "text", "NULL"],
  ["sourceAt", "timestamptz", "NULL"],
  ["copyId", "text", "NULL"],
  ["version", "integer", "1"],
  ["state", "text", "'sending'"],
  ["reason", "text", "NULL"],
  ["sizeBytes", "bigint", "NULL"],
  ["sha256", "text", "NULL"],
  ["parentId", "text", "NULL"],
  ["missingSince", "timestamptz", "NULL"],
];

const MIRROR_NAMES = MIRROR_COLUMNS.map(([name]) => `"${name}"`).join(", ");
const MIRROR_VALUES = MIRROR_COLUMNS.map(
  ([name, type, initial]) =>
    `CASE WHEN p ? '${name}' THEN (p->>'${name}')::${type} ELSE COALESCE(old."${name}", ${initial}) END`,
).join(", ");
const MIRROR_UPDATES = MIRROR_COLUMNS.map(([name]) => `"${name}" = EXCLUDED."${name}"`).join(", ");

function mirrorCte(patches: readonly MirrorRowPatch[], at: Date): Prisma.Sql {
  return Prisma.sql`mirror AS (
    INSERT INTO mirrors ("linkId", kind, origin, "sourceId", "copyFingerprints", "createdAt", "updatedAt", ${Prisma.raw(MIRROR_NAMES)})
    SELECT fence.id, p->>'kind', p->>'origin', p->>'sourceId',
      CASE WHEN p ? 'copyFingerprints' THEN ARRAY(SELECT jsonb_array_elements_text(p->'copyFingerprints'))
        ELSE COALESCE(old."copyFingerprints", '{}') END,
      ${at}::timestamptz, ${at}::timestamptz, ${Prisma.raw(MIRROR_VALUES)}
    FROM fence CROSS JOIN jsonb_array_elements(${toJson(patches)}::jsonb) AS p
    LEFT JOIN mirrors old ON old."linkId" = fence.id AND old.kind = p->>'kind' AND old.origin = p->>'origin' AND old."sourceId" = p->>'sourceId'
    ON CONFLICT ("linkId", kind, origin, "sourceId") DO UPDATE SET
      "copyFingerprints" = EXCLUDED."copyFingerprints", "updatedAt" = EXCLUDED."updatedAt", ${Prisma.raw(MIRROR_UPDATES)})`;
}

function intentCte(intents: readonly FreshIntent[], epoch: number, at: Date): Prisma.Sql {
  return Prisma.sql`intent AS (
    INSERT INTO intents ("linkId", kind, key, side, epoch, state, payload, mark, "createdAt", "attemptedAt", looks, "nextLookAt", attempts, "updatedAt")
    SELECT fence.id, p->>'kind', p->>'key', p->>'side', ${epoch}, p->>'state', p->'payload', p->>'mark', ${at}::timestamptz,
      (p->>'attemptedAt')::timestamptz, COALESCE((p->>'looks')::integer, 0), (p->>'nextLookAt')::timestamptz,
      COALESCE((p->>'attempts')::integer, 0), ${at}::timestamptz
    FROM fence, jsonb_array_elements(${toJson(intents)}::jsonb) WITH ORDINALITY AS e(p, place) ORDER BY place)`;
}

function intentPatchCte(patches: readonly object[], epoch: number, at: Date): Prisma.Sql {
  return Prisma.sql`patched AS (
    UPDATE intents SET epoch = ${epoch}, "updatedAt" = ${at}::timestamptz,
      state = COALESCE(p->>'state', intents.state),
      "attemptedAt" = COALESCE((p->>'attemptedAt')::timestamptz, intents."attemptedAt"),
      looks = COALESCE((p->>'looks')::integer, intents.looks),
      "nextLookAt" = CASE WHEN p ? 'nextLookAt' THEN (p->>'nextLookAt')::timestamptz ELSE intents."nextLookAt" END,
      attempts = COALESCE((p->>'attempts')::integer, intents.attempts),
      payload = intents.payload || CASE WHEN p ? 'repeated' THEN '{"repeated": true}'::jsonb ELSE '{}'::jsonb END
    FROM fence, jsonb_array_elements(${toJson(patches)}::jsonb) AS p
    WHERE intents."linkId" = fence.id AND intents.key = p->>'key')`;
}

function failureCte(failures: readonly object[], at: Date): Prisma.Sql {
  return Prisma.sql`failure AS (
    INSERT INTO failures ("connectionName", "linkId", direction, item, reason, detail, "firstAt", "lastAt")
    SELECT fence."connectionName", fence.id, f->>'direction', f->>'item', f->>'reason', f->>'detail', ${at}::timestamptz, ${at}::timestamptz
    FROM fence, jsonb_array_elements(${toJson(failures)}::jsonb) AS f
    ON CONFLICT ("connectionName", "linkId", item, reason) DO UPDATE SET
      attempts = CASE WHEN failures.state IN ('open', 'discarded') THEN failures.attempts + 1 ELSE 1 END,
      "firstAt" = CASE WHEN failures.state IN ('open', 'discarded') THEN failures."firstAt" ELSE EXCLUDED."firstAt" END, "lastAt" = EXCLUDED."lastAt", detail = EXCLUDED.detail, direction = EXCLUDED.direction,
      state = CASE WHEN failures.state = 'discarded' THEN 'discarded' ELSE 'open' END)`;
}
