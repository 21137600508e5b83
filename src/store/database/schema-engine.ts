/**
 * Prisma's schema engine as WebAssembly, with two faults of its PostgreSQL adapter (7.10.0) mended, and without its lock.
 *
 * 1. `executeScript` of @prisma/adapter-pg splits a migration at every `;` and sends the pieces one by one through a pool. A
 *    function body or a string with `;` breaks, and a migration that fails midway stays half applied. PostgreSQL runs a
 *    whole script sent as one simple query in one implicit transaction, which is what `prisma migrate deploy` does.
 * 2. It refuses columns of type "char", which the engine reads from the catalogue whenever it looks at an existing schema.
 *
 * The engine also takes an advisory lock of the session. Behind PgBouncer that lock outlives the session and stops the next migration, and
 * `migrate.ts` holds one of its own meanwhile; so the request for it is answered without asking.
 *
 * Shadow databases are left out: the engine's WebAssembly build refuses them for PostgreSQL, and the adapter opens them with
 * `{ connectionString, database }`, where pg lets the connection string win, so that the shadow would be the database itself.
 */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { PrismaPg } from "@prisma/adapter-pg";
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  DriverAdapterError,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlQuery,
  type SqlResultSet,
} from "@prisma/driver-adapter-utils";
import type { MigrationList, SchemaEngine, SchemaFilter } from "@prisma/schema-engine-wasm";
import type pg from "pg";
import { parsePostgresAddress } from "../../lib/postgres/address.ts";
import { makePostgresPool } from "../../lib/postgres/pool.ts";
import { schemaOf } from "./client.ts";
import type { MigrationFolder } from "./migrations-folder.ts";

/** The schema engine's only filter here: everything in the schema is ours. */
export const NO_FILTER: SchemaFilter = { externalTables: [], externalEnums: [] };

/** How long the script of one migration may run. */
const SCRIPT_MAX_MS = 3_600_000;

/**
 * Opens the engine on one database, hands it to `use`, and closes engine and connections whatever happens. `schema` is the
 * text of schema.prisma, needed only where the engine compares. Costs about 15 MB of memory that the process keeps.
 */
export async function withSchemaEngine<T>(
  options: { readonly connectionString: string; readonly schema?: { path: string; content: string } },
  use: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  const { SchemaEngine } = await loadWasm();
  const address = parsePostgresAddress(options.connectionString);
  const schema = schemaOf(address);
  const pool = makePostgresPool({
    address: { ...address, answerTimeoutMs: SCRIPT_MAX_MS },
    connectionsMax: 4,
    applicationName: "casebridge migrate",
    searchPath: schema,
    onError: () => {},
    onHang: () => {},
  });
  const datamodels: [string, string][] | undefined =
    options.schema === undefined ? undefined : [[options.schema.path, options.schema.content]];
  try {
    if (address.schema !== null) await pool.query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
    const factory = bindMigrationAwareSqlAdapterFactory(makeFactory(pool, schema));
    const engine = await SchemaEngine.new({ datamodels }, () => {}, factory);
    try {
      return await use(engine);
    } finally {
      engine.free();
    }
  } finally {
    await pool.end();
  }
}

/** The migrations of a folder in the form that the engine takes. */
export function toMigrationList(folder: MigrationFolder): MigrationList {
  return {
    baseDir: folder.dir,
    lockfile: { path: "migration_lock.toml", content: folder.lockfile },
    shadowDbInitScript: "",
    migrationDirectories: folder.migrations.map((migration) => ({
      path: migration.name,
      migrationFile: { path: "migration.sql", content: { tag: "ok", value: migration.sql } },
    })),
  };
}

function makeFactory(pool: pg.Pool, schema: string): SqlMigrationAwareDriverAdapterFactory {
  const factory = new PrismaPg(disguiseChar(pool), { schema });
  return {
    provider: "postgres",
    adapterName: factory.adapterName,
    connect: async () => mend(await factory.connect(), pool),
    connectToShadowDb: () => Promise.reject(new Error("No shadow database here")),
  };
}

/** Type numbers of PostgreSQL: "char", and an array of it, the only one that the adapter reads as characters. */
const CHAR = 18;
const CHAR_ARRAY = 1002;

/** The adapter learns the types of columns from the pool's answers. */
function disguiseChar(pool: pg.Pool): pg.Pool {
  return new Proxy(pool, {
    get(target, key) {
      if (key !== "query") return Reflect.get(target, key, target);
      return async (config: pg.QueryArrayConfig) => {
        const result = await target.query(isLock(config.text) ? { ...config, text: "SELECT 1", values: [] } : config);
        for (const field of result.fields) if (field.dataTypeID === CHAR) field.dataTypeID = CHAR_ARRAY;
        return result;
      };
    },
  });
}

/** The engine's request for its lock, and nothing in a script of ours, which is longer. */
function isLock(sql: string): boolean {
  return /^\s*SELECT pg_advisory_lock\(\d+\);?\s*$/i.test(sql);
}

function mend(adapter: Awaited<ReturnType<PrismaPg["connect"]>>, pool: pg.Pool): SqlDriverAdapter {
  const queryRaw = adapter.queryRaw.bind(adapter);
  return Object.assign(adapter, {
    queryRaw: async (query: SqlQuery): Promise<SqlResultSet> => {
      const result = await queryRaw(query);
      const columnTypes = result.columnTypes.map((type) =>
        type === ColumnTypeEnum.CharacterArray ? ColumnTypeEnum.Character : type,
      );
      return { ...result, columnTypes };
    },
    executeScript: async (script: string): Promise<void> => {
      if (isLock(script)) return;
      try {
        await pool.query(script);
      } catch (error) {
        throw toAdapterError(error);
      }
    },
    dispose: async () => {},
  });
}

/** The engine reads the facts of a failure from this class only; any other error would reach it as "unknown". */
function toAdapterError(error: unknown): DriverAdapterError {
  const e: { code?: unknown; severity?: unknown; detail?: unknown; hint?: unknown } =
    typeof error === "object" && error !== null ? error : {};
  return new DriverAdapterError({
    kind: "postgres",
    code: typeof e.code === "string" ? e.code : "N/A",
    severity: typeof e.severity === "string" ? e.severity : "N/A",
    message: error instanceof Error ? error.message : String(error),
    detail: typeof e.detail === "string" ? e.detail : undefined,
    column: undefined,
    hint: typeof e.hint === "string" ? e.hint : undefined,
  });
}

/** TypeScript knows WebAssembly only with the DOM's types, which a service should not see. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: Record<string, object>,
  ): Promise<{ readonly instance: { readonly exports: Record<string, unknown> } }>;
};

type Wasm = { readonly SchemaEngine: typeof SchemaEngine };

/** The package's own entry imports its .wasm as a module, which Node 24 flags as experimental; loading it by hand does not. */
async function loadWasm(): Promise<Wasm> {
  const glue = createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm/schema_engine_bg");
  const bindings: Wasm & { __wbg_set_wasm: (exports: object) => void } = await import(pathToFileURL(glue).href);
  const bytes = await readFile(glue.replace(/\.js$/, ".wasm"));
  const { instance } = await WebAssembly.instantiate(bytes, { "./schema_engine_bg.js": { ...bindings } });
  bindings.__wbg_set_wasm(instance.exports);
  const start = instance.exports.__wbindgen_start;
  if (typeof start === "function") start();
  return bindings;
}
