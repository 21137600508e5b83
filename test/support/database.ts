/**
 * A PostgreSQL database of its own for each test file, cloned from a migrated template.
 *
 * The server is `TEST_DATABASE_URL` when that is set (a superuser's, or one who may create databases), else an embedded one in a
 * temporary folder, shared by all files of a vitest run (`global-setup.ts` names the folder) and started by whoever needs it
 * first; a run of unit tests starts none. Without the global setup each test process has a server to itself.
 */

import { createHash, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/embedded-postgres/embedded-postgres.ts";
import { migrateDatabase } from "../../src/store/database/migrate.ts";
import { MIGRATIONS_DIR, readMigrations } from "../../src/store/database/migrations-folder.ts";
import { TEST_DATA_DIR } from "./global-setup.ts";

/** Where a test finds its database; `drop` removes it, cutting connections that are still open. May be repeated. */
export type TestDatabase = { readonly connectionString: string; drop(): Promise<void> };

const TEMPLATE_LOCK = 7_221_409_320;

/** Makes a database with all migrations applied (`migrated: false`: an empty one). Takes about 50 ms; the first of a run 1 to 2 s. */
export async function createTestDatabase(options: { readonly migrated?: boolean } = {}): Promise<TestDatabase> {
  const server = await openServer();
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  let dropped: Promise<void> | null = null;
  try {
    const template = options.migrated === false ? "template0" : await ensureTemplate(server.url);
    await onServer(server.url, (client) => cloneDatabase(client, name, template));
  } catch (error) {
    await server.release();
    throw error;
  }
  return {
    connectionString: withDatabase(server.url, name),
    drop: () => {
      dropped ??= onServer(server.url, async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      }).finally(server.release);
      return dropped;
    },
  };
}

/** The template's name carries the migrations, so that a server that outlives a run never offers an old one. */
async function ensureTemplate(serverUrl: string): Promise<string> {
  const { migrations } = await readMigrations(MIGRATIONS_DIR);
  const hash = createHash("sha256").update(JSON.stringify(migrations)).digest("hex").slice(0, 16);
  const template = `casebridge_template_${hash}`;
  await onServer(serverUrl, async (client) => {
    await client.query("SELECT pg_advisory_lock($1)", [TEMPLATE_LOCK]);
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [template]);
    if (found.rowCount !== 0) return;
    const draft = `${template}_new`;
    await client.query(`DROP DATABASE IF EXISTS ${draft} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${draft} TEMPLATE template0`);
    await migrateDatabase({ connectionString: withDatabase(serverUrl, draft) });
    await client.query(`ALTER DATABASE ${draft} RENAME TO ${template}`);
  });
  return template;
}

/** A template cannot be copied while anybody is connected to it; a connection of the migration may linger for a moment. */
async function cloneDatabase(client: pg.Client, name: string, template: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await client.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`);
      return;
    } catch (error) {
      const busy = error instanceof pg.DatabaseError && error.code === "55006";
      if (!busy || attempt === 50) throw error;
      await client.query("SELECT pg_sleep(0.05)");
    }
  }
}

async function onServer(url: string, use: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}

function withDatabase(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

type Server = { readonly url: string; release(): Promise<void> };

let shared: Promise<{ server: EmbeddedPostgres; dir: string; ours: boolean }> | null = null;
let users = 0;

async function openServer(): Promise<Server> {
  const given = process.env.TEST_DATABASE_URL;
  if (given !== undefined && given !== "") return { url: given, release: async () => {} };
  users++;
  shared ??= (async () => {
    const dir = process.env[TEST_DATA_DIR];
    const dataDir = dir ?? (await mkdtemp(join(tmpdir(), "casebridge-test-")));
    return { server: await startEmbeddedPostgres({ dataDir, fast: true }), dir: dataDir, ours: dir === undefined };
  })();
  const opened = shared;
  try {
    const { server, dir, ours } = await opened;
    return {
      url: server.connectionString,
      release: async () => {
        users--;
        if (users > 0) return;
        if (shared === opened) shared = null;
        await server.stop();
        if (ours) await rm(dir, { recursive: true, force: true });
      },
    };
  } catch (error) {
    users--;
    if (shared === opened) shared = null;
    throw error;
  }
}
