/**
 * Counting adoptions: our own copies that no row remembered (rule 2).
 *
 * One may be the trace of a crash. Three within an hour mean that the database is older than what it wrote, and that much more may
 * be missing. So the moments of the last three are kept per connection, and the step that stores the third one also stops it. The
 * row lock of the counter makes it exact, however many runs adopt at once.
 */
import { Prisma } from "./generated/client.ts";

/** Name of the cursor that holds the moments of the last adoptions. */
export const adoptionsCursor = "adoptions";
const limit = 3;

const detail = `our own copies that this database does not know: it is older than what it wrote; run casebridge rebuild`;

/**
 * Common table expressions that count `count` adoptions for the one connection that `source`, an earlier one with a column
 * "connectionName", names; when it is empty nothing is counted.
 */
export function adoptionCtes(source: string, adoption: { readonly count: number; readonly at: Date }): Prisma.Sql[] {
  const { at } = adoption;
  const moments = JSON.stringify(Array.from({ length: Math.min(adoption.count, limit) }, () => at.toISOString()));
  return [
    Prisma.sql`counted AS (
      INSERT INTO cursors ("connectionName", name, value, "updatedAt")
      SELECT "connectionName", ${adoptionsCursor}, ${moments}, ${at}::timestamptz FROM ${Prisma.raw(source)} LIMIT 1
      ON CONFLICT ("connectionName", name) DO UPDATE SET "updatedAt" = EXCLUDED."updatedAt",
        value = (SELECT jsonb_agg(moment)::text FROM (
          SELECT moment FROM jsonb_array_elements_text(EXCLUDED.value::jsonb || cursors.value::jsonb) AS moment
          ORDER BY moment DESC LIMIT ${limit}::int) AS newest)
      RETURNING "connectionName", value)`,
    Prisma.sql`lost AS (
      UPDATE connections SET state = 'stopped', "stateReason" = 'memory_lost', "updatedAt" = ${at}::timestamptz FROM counted
      WHERE connections.name = counted."connectionName" AND connections.state = 'active'
        AND (counted.value::jsonb->>2)::timestamptz > ${at}::timestamptz - interval '1 hour'
      RETURNING connections.name)`,
    Prisma.sql`told AS (
      INSERT INTO failures ("connectionName", direction, item, reason, detail, "firstAt", "lastAt")
      SELECT name, 'both', 'connection', 'memory_lost', ${detail}, ${at}::timestamptz, ${at}::timestamptz FROM lost
      ON CONFLICT ("connectionName", item, reason) WHERE "linkId" IS NULL DO UPDATE SET attempts = failures.attempts + 1,
        "lastAt" = EXCLUDED."lastAt", detail = EXCLUDED.detail, state = 'open')`,
  ];
}
