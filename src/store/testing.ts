/** For the tests of this folder: a database of its own per file, and the few rows that every test starts from. */
import { createTestDatabase } from "../../test/support/database.ts";
import type { CaseId, LinkId } from "../domain/ids.ts";
import { type NewIntent, newIntent } from "../domain/rows/intent.ts";
import type { Clock } from "../sync/ports.ts";
import type { SeenCase, StatePort } from "../sync/state.ts";
import { syncConnections } from "./connections.ts";
import { type Database, makePrisma } from "./database/client.ts";

/** A migrated database, its client, and the way to be rid of both. */
export type TestDatabase = Database & { readonly connectionString: string; drop(): Promise<void> };

/** Makes an empty migrated database (see `test/support/database.ts` for where). */
export async function makeTestDatabase(): Promise<TestDatabase> {
  const made = await createTestDatabase();
  const database = makePrisma({ connectionString: made.connectionString });
  return {
    ...database,
    connectionString: made.connectionString,
    async drop() {
      await database.close();
      await made.drop();
    },
  };
}

/** Empties all tables. */
export async function emptyDatabase(database: Database): Promise<void> {
  const { rows } = await database.pool.query<{ names: string }>(
    `SELECT string_agg(format('%I', tablename), ', ') AS names FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'`,
  );
  await database.pool.query(`TRUNCATE ${rows[0]?.names ?? ""} RESTART IDENTITY CASCADE`);
}

/** A clock that moves only when told; `now` starts at the real present, since leases live by the database's clock. */
export function makeTestClock(): Clock & { advance(ms: number): void } {
  let present = Date.now();
  return {
    now: () => new Date(present),
    advance: (ms) => {
      present += ms;
    },
  };
}

/** Stores connections of these names on one pair of sites. */
export async function addConnections(database: Database, ...names: string[]): Promise<void> {
  await syncConnections(
    database.prisma,
    names.map((name) => ({ name, huaweiSite: "intl", jiraSite: "acme.atlassian.net", projectKey: "OPS" })),
  );
}

/** A case as lists tell it. */
export function seenCase(caseId: string, facts: Partial<SeenCase> = {}): SeenCase {
  return {
    caseId: caseId as CaseId,
    status: 1,
    createdAt: new Date("2026-11-01T00:00:00Z"),
    labels: [],
    productName: null,
    ...facts,
  };
}

/** Inserts one link per case and answers their ids in the order given. */
export async function addLinks(state: StatePort, connectionName: string, ...caseIds: string[]): Promise<LinkId[]> {
  const facts = { now: new Date(), lane: "poll", labelChecked: new Set<string>() } as const;
  const ids: LinkId[] = [];
  for (const caseId of caseIds) ids.push(...(await state.insertCaseLinks(connectionName, [seenCase(caseId)], facts)));
  return ids;
}

/** The same for one link. */
export async function addLink(state: StatePort, connectionName: string, caseId: string): Promise<LinkId> {
  const [id] = await addLinks(state, connectionName, caseId);
  if (id === undefined) throw new Error(`case ${caseId} has a link already`);
  return id;
}

/** A notice that is to be written to Jira and says `text`. */
export function aNotice(cause: string, text: unknown = "", mark: string | null = null): NewIntent<"notice"> {
  const property = { v: 1, inst: "inst", caseId: "C1", srcHash: "h", files: [] };
  return newIntent({ kind: "notice", cause }, { payload: { bodyAdf: text, mark: property }, mark });
}
