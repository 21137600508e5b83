/**
 * The mapping as JSON lines: the backup of an embedded database, and the way to another one.
 *
 * The first line names format and version; every other line is one row, `{ "table": …, "row": … }`, made and read by PostgreSQL itself,
 * so numbers and moments keep their precision and ids are preserved. Budgets, rounds and webhooks are of the day and stay out; so does
 * the history (runs, audit), save who did what: acts come along, and those of the database that is filled stay beside them. The last line says how many rows there are, so that a file that was cut off is noticed. Open intents are part of the mapping, and with them the texts that they freeze: an export is as
 * confidential as the database.
 */
import { recordAct } from "./acts.ts";
import { isConnectionError } from "./database/errors.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import type { Queries } from "./sql.ts";

/** In the order in which rows may be inserted. */
const TABLES = [
  "installation",
  "connections",
  "cursors",
  "cohorts",
  "links",
  "mirrors",
  "intents",
  "failures",
  "audit",
] as const;
type TableName = (typeof TABLES)[number];
/** By what a table is read in order; unique. */
const ORDER: Record<TableName, string> = {
  installation: "id",
  connections: "name",
  cursors: '"connectionName", name',
  cohorts: "id",
  links: "id",
  mirrors: "id",
  intents: "id",
  failures: "id",
  audit: "id",
};
const NUMBERED = ["cohorts", "links", "mirrors", "intents", "failures"] as const;
/** Rows of a table that come along; of the audit only the acts. */
const WHICH: Partial<Record<TableName, string>> = { audit: "t.actor IS NOT NULL" };
const FORMAT = "casebridge-mapping";
const VERSION = 3;
/** Version 1 had no last line that counts, version 2 no acts. */
const READABLE: readonly unknown[] = [1, 2, 3];
const PAGE_SIZE = 1000;
const TRANSACTION = { maxWait: 30_000, timeout: 3_600_000 } as const;

/** The database holds a mapping already, and nobody said that it may be replaced. */
export class DatabaseNotEmpty extends Error {
  override readonly name = "DatabaseNotEmpty";
}

/** The lines are no export, or one of another version; `line` counts from 1. */
export class InvalidExport extends Error {
  override readonly name = "InvalidExport";
  readonly line: number;
  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`);
    this.line = line;
  }
}

/**
 * Writes the whole mapping, of one moment, line by line without line ends; waits for each `write`. Answers the number of rows per table.
 */
export async function exportMapping(
  prisma: PrismaClient,
  write: (line: string) => Promise<void> | void,
): Promise<Record<TableName, number>> {
  return prisma.$transaction(
    async (tx) => {
      const counts = emptyCounts();
      await write(JSON.stringify({ format: FORMAT, version: VERSION }));
      for (const table of TABLES) {
        // A cursor of PostgreSQL: pages by offset would read everything again and again.
        const [name, source, order] = [Prisma.raw(`export_${table}`), Prisma.raw(table), Prisma.raw(ORDER[table])];
        await tx.$executeRaw(Prisma.sql`DECLARE ${name} NO SCROLL CURSOR FOR
          SELECT json_build_object('table', ${Prisma.raw(`'${table}'`)}::text, 'row', to_jsonb(t))::text AS line FROM ${source} t WHERE ${Prisma.raw(WHICH[table] ?? "true")} ORDER BY ${order}`);
        for (;;) {
          const rows = await tx.$queryRaw<{ line: string }[]>(
            Prisma.sql`FETCH ${Prisma.raw(String(PAGE_SIZE))} FROM ${name}`,
          );
          for (const row of rows) await write(row.line);
          counts[table] += rows.length;
          if (rows.length < PAGE_SIZE) break;
        }
        await tx.$executeRaw(Prisma.sql`CLOSE ${name}`);
      }
      await write(JSON.stringify({ end: true, rows: sum(counts) }));
      return counts;
    },
    { ...TRANSACTION, isolationLevel: "RepeatableRead" },
  );
}

/**
 * Reads what `exportMapping` wrote, in one transaction: all of it or nothing. A database without links and failures is filled (its own
 * installation id and connections give way); one with some is refused unless `replace` is set, which first deletes mapping and history.
 * Empty lines are passed over, and so is what npm says before the first line. `dryRun` checks all of it and keeps nothing. Leases of the time of the export lapse by themselves. Answers the number of rows per table.
 * Throws `DatabaseNotEmpty`, `InvalidExport`.
 */
export async function importMapping(
  prisma: PrismaClient,
  lines: AsyncIterable<string> | Iterable<string>,
  options: {
    readonly replace?: boolean;
    readonly dryRun?: boolean;
    /** Whose act the import is, by our clock; left out: it is not audited. */
    readonly act?: { readonly at: Date; readonly actor: string };
  } = {},
): Promise<Record<TableName, number>> {
  try {
    return await prisma.$transaction(async (tx) => {
      await tx.$executeRaw(Prisma.sql`LOCK TABLE connections, links, failures IN ACCESS EXCLUSIVE MODE`);
      await makeRoom(tx, options.replace ?? false);
      const counts = await readAll(tx, lines);
      // Before the numbering: a sequence does not go back with its transaction.
      if (options.act !== undefined)
        await recordAct(tx, {
          ...options.act,
          action: "import",
          target: "the mapping",
          outcome: `${sum(counts)} rows`,
        });
      if (options.dryRun === true) throw new Rehearsed(counts);
      for (const table of NUMBERED) {
        await tx.$queryRaw(Prisma.sql`
          SELECT setval(pg_get_serial_sequence(${table}, 'id'), (SELECT COALESCE(max(id), 0) + 1 FROM ${Prisma.raw(table)}), false)::text AS next`);
      }
      return counts;
    }, TRANSACTION);
  } catch (error) {
    if (error instanceof Rehearsed) return error.counts;
    throw error;
  }
}

/** Undoes a transaction that was only a rehearsal. */
class Rehearsed extends Error {
  readonly counts: Record<TableName, number>;
  constructor(counts: Record<TableName, number>) {
    super("rehearsed");
    this.counts = counts;
  }
}

async function readAll(
  tx: Queries,
  lines: AsyncIterable<string> | Iterable<string>,
): Promise<Record<TableName, number>> {
  const counts = emptyCounts();
  let number = 0;
  let begun = false;
  let version: unknown = null;
  let ended = false;
  let batch: Batch = { table: "installation", rows: [], firstLine: 2, lastLine: 2 };
  const flush = async (next: Batch) => {
    if (batch.rows.length > 0) await insertRows(tx, batch);
    counts[batch.table] += batch.rows.length;
    batch = next;
  };
  for await (const line of lines) {
    number++;
    // `npm run` without -s writes which script it runs, in lines that begin so, before what the script writes.
    if (line.trim() === "" || (!begun && line.startsWith("> "))) continue;
    const read = readLine(line, number, !begun);
    begun = true;
    if (ended) throw new InvalidExport(number, "there is something after the last line of the export");
    if (read.kind === "heading") version = read.version;
    else if (read.kind === "end") {
      await flush({ table: batch.table, rows: [], firstLine: number, lastLine: number });
      if (read.rows !== sum(counts))
        throw new InvalidExport(number, `${String(read.rows)} rows were exported, ${sum(counts)} stand here`);
      ended = true;
    } else {
      if (batch.table !== read.table || batch.rows.length >= PAGE_SIZE)
        await flush({ table: read.table, rows: [], firstLine: number, lastLine: number });
      batch.rows.push(line);
      batch.lastLine = number;
    }
  }
  if (!begun) throw new InvalidExport(1, "there is nothing to import");
  if (version !== 1 && !ended)
    throw new InvalidExport(number + 1, "the export ends too early: its last line is missing");
  await flush(batch);
  return counts;
}

function sum(counts: Record<TableName, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

/** Consecutive rows of one table, and where they stand. */
type Batch = { readonly table: TableName; readonly rows: string[]; readonly firstLine: number; lastLine: number };

type ReadLine =
  | { readonly kind: "heading"; readonly version: unknown }
  | { readonly kind: "row"; readonly table: TableName }
  | { readonly kind: "end"; readonly rows: unknown };

async function makeRoom(tx: Queries, replace: boolean): Promise<void> {
  const [found] = await tx.$queryRaw<{ full: boolean }[]>(Prisma.sql`
    SELECT EXISTS (SELECT 1 FROM links) OR EXISTS (SELECT 1 FROM failures) AS full`);
  if (found?.full === true && !replace) {
    throw new DatabaseNotEmpty(
      "The database holds links or failures already. Import into an empty one, or say that they may be replaced.",
    );
  }
  const mapping = TABLES.filter((table) => table !== "audit");
  await tx.$executeRaw(Prisma.sql`TRUNCATE ${Prisma.raw(mapping.join(", "))}, runs`);
  // The acts of this database stay; the numbers of its links mean others from now on.
  await tx.$executeRaw(Prisma.sql`DELETE FROM audit WHERE actor IS NULL`);
  await tx.$executeRaw(Prisma.sql`UPDATE audit SET "linkId" = NULL`);
}

/** What a line is; the first one must be the heading. */
function readLine(line: string, number: number, isFirst: boolean): ReadLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new InvalidExport(number, "not JSON");
  }
  const entry: { format?: unknown; version?: unknown; table?: unknown; row?: unknown; end?: unknown; rows?: unknown } =
    typeof value === "object" && value !== null ? value : {};
  if (isFirst) {
    if (entry.format !== FORMAT) throw new InvalidExport(number, "not an export of casebridge");
    if (!READABLE.includes(entry.version))
      throw new InvalidExport(
        number,
        `written in version ${String(entry.version)}, this release reads up to version ${VERSION}`,
      );
    return { kind: "heading", version: entry.version };
  }
  if (entry.end === true) return { kind: "end", rows: entry.rows };
  const table = TABLES.find((name) => name === entry.table);
  if (table === undefined || typeof entry.row !== "object" || entry.row === null)
    throw new InvalidExport(number, "not a row of a known table");
  return { kind: "row", table };
}

/** Columns that an older export lacks get their defaults; a column that this release does not know is an error, not a loss. */
async function insertRows(tx: Queries, batch: Batch): Promise<void> {
  const table = Prisma.raw(batch.table);
  const columns = await tx.$queryRaw<{ name: string; known: boolean }[]>(Prisma.sql`
    SELECT DISTINCT name, EXISTS (SELECT 1 FROM information_schema.columns
      WHERE table_schema = current_schema() AND table_name = ${batch.table} AND column_name = name) AS known
    FROM unnest(${[...batch.rows]}::text[]) AS line, jsonb_object_keys(line::jsonb->'row') AS name`);
  const unknown = columns.filter((column) => !column.known).map((column) => column.name);
  if (unknown.length > 0)
    throw new InvalidExport(batch.firstLine, `${batch.table} has no ${unknown.join(", ")} in this release`);
  // Acts of the file get numbers of their own beside those that are here, and a second import does not double them.
  const isAct = batch.table === "audit";
  const names = Prisma.raw(
    columns
      .filter((column) => !isAct || column.name !== "id")
      .map((column) => `"${column.name}"`)
      .join(", "),
  );
  if (isAct) {
    await tx.$executeRaw(Prisma.sql`
      DELETE FROM audit a USING unnest(${[...batch.rows]}::text[]) AS line, jsonb_populate_record(NULL::audit, line::jsonb->'row') AS row
      WHERE (a.at, a.actor, a.action, a.item, a.result) = (row.at, row.actor, row.action, row.item, row.result)`);
  }
  const inserted = tx.$executeRaw(Prisma.sql`
    INSERT INTO ${table} (${names}) SELECT ${names} FROM unnest(${[...batch.rows]}::text[]) AS line, jsonb_populate_record(NULL::${table}, line::jsonb->'row')`);
  await inserted.catch((error: unknown) => {
    if (isConnectionError(error)) throw error;
    const where = batch.lastLine > batch.firstLine ? `one of the lines up to ${batch.lastLine}` : "this line";
    throw new InvalidExport(
      batch.firstLine,
      `${where} does not fit into ${batch.table}: doubled, incomplete or of a wrong type`,
    );
  });
}

function emptyCounts(): Record<TableName, number> {
  return {
    installation: 0,
    connections: 0,
    cursors: 0,
    cohorts: 0,
    links: 0,
    mirrors: 0,
    intents: 0,
    failures: 0,
    audit: 0,
  };
}
