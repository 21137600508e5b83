/**
 * Prisma's schema engine as WebAssembly, with the two faults of its PostgreSQL adapter (7.10.0) mended.
 *
 * 1. `executeScript` of @prisma/adapter-pg splits a migration at every `;` and sends the pieces one by one through a pool. A
 *    function body or a string with `;` breaks, and a migration that fails midway stays half applied. PostgreSQL runs a
 *    whole script sent as one simple query in one implicit transaction, which is what `prisma migrate deploy` does.
 * 2. Its shadow database is opened with `{ connectionString, database }`, where pg lets the connection string win: the
 *    "shadow" would be the database itself. Here the URL is rewritten.
 */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { PrismaPg } from "@prisma/adapter-pg";
import {
  bindMigrationAwareSqlAdapterFactory,
  DriverAdapterError,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from "@prisma/driver-adapter-utils";
import type { MigrationList, SchemaEngine, SchemaFilter } from "@prisma/schema-engine-wasm";
import pg from "pg";
import type { MigrationFolder } from "./migrations-folder.ts";

/** The schema engine's only filter here: everything in the schema is ours. */
export const NO_FILTER: SchemaFilter = { externalTables: [], externalEnums: [] };

/**
 * Opens the engine on one database, hands it to `use`, and closes engine and connections whatever happens. `schema` is the
 * text of schema.prisma, needed only where the engine compares. Costs about 15 MB of memory that the process keeps.
 */
export async function withSchemaEngine<T>(
  options: { readonly connectionString: string; readonly schema?: { path: string; content: string } },
  use: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  const { SchemaEngine } = await loadWasm();
  const pool = new pg.Pool({ connectionString: options.connectionString, max: 4, connectionTimeoutMillis: 10_000 });
  pool.on("error", () => {});
  const datamodels: [string, string][] | undefined =
    options.schema === undefined ? undefined : [[options.schema.path, options.schema.content]];
  try {
    const factory = bindMigrationAwareSqlAdapterFactory(makeFactory(pool, options.connectionString));
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

function makeFactory(pool: pg.Pool, connectionString: string): SqlMigrationAwareDriverAdapterFactory {
  const factory = new PrismaPg(pool);
  return {
    provider: "postgres",
    adapterName: factory.adapterName,
    connect: async () => runScriptsWhole(await factory.connect(), pool, async () => {}),
    connectToShadowDb: async () => {
      const database = `prisma_migrate_shadow_db_${globalThis.crypto.randomUUID()}`;
      await pool.query(`CREATE DATABASE "${database}"`);
      const url = new URL(connectionString);
      url.pathname = `/${database}`;
      const shadowPool = new pg.Pool({ connectionString: url.href, max: 2 });
      shadowPool.on("error", () => {});
      return runScriptsWhole(await new PrismaPg(shadowPool).connect(), shadowPool, async () => {
        await shadowPool.end();
        await pool.query(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`);
      });
    },
  };
}

function runScriptsWhole(
  adapter: Awaited<ReturnType<PrismaPg["connect"]>>,
  pool: pg.Pool,
  close: () => Promise<void>,
): SqlDriverAdapter {
  return Object.assign(adapter, {
    executeScript: async (script: string): Promise<void> => {
      try {
        await pool.query(script);
      } catch (error) {
        throw toAdapterError(error);
      }
    },
    dispose: close,
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
