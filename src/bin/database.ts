/** Opens the configured database, and works on one whose schema is of another release. */
import { setTimeout as sleepFor } from "node:timers/promises";
import type * as Commands from "../commands/cli/app.ts";
import { CommandFailure, ExitCode } from "../commands/cli/exit-code.ts";
import type { Config } from "../config/config.ts";
import {
  type EmbeddedPostgres,
  hasEmbeddedPostgres,
  startEmbeddedPostgres,
} from "../embedded-postgres/embedded-postgres.ts";
import { makeFolder } from "../lib/make-folder.ts";
import { makeQuietWarn } from "../lib/quiet-warn.ts";
import { errorMessage } from "../observability/scrub.ts";
import { type Database, makePrisma } from "../store/database/client.ts";
import { DatabaseNotReady, isSchemaError } from "../store/database/errors.ts";
import { migrateDatabase, readSchemaState, refuseIncompatible } from "../store/database/migrate.ts";
import type { Log } from "../sync/ports.ts";

/** A database that is reachable, with its client. */
export type OpenDatabase = Database &
  Commands.OpenDatabase & { readonly embedded: EmbeddedPostgres | null; close(): Promise<void> };

/** How long running queries are waited for at the end. */
const closeMaxMs = 3_000;

/**
 * Opens the configured database, the embedded one without `DATABASE_URL`. `inAnyState` is for the doctor: it also opens
 * one that is not ready. `onHang` hears of connections that did not answer. Throws the store's typed
 * errors: `DatabaseNotReady` where there is nothing to read, `DatabaseNewerThanCode`; `CommandFailure` where the data folder cannot be made.
 */
export async function openDatabase(
  config: Config,
  log: Log,
  options: {
    readonly access: Commands.DatabaseAccess;
    readonly inAnyState?: boolean;
    readonly poolMax?: number;
    readonly onHang?: () => void;
  },
): Promise<OpenDatabase> {
  const { access } = options;
  if (access === "write") await makeDataFolder(config.dataDir);
  if (config.databaseUrl === null && access !== "write" && !(await hasEmbeddedPostgres(config.dataDir)))
    throw new DatabaseNotReady(`There is no database in ${config.dataDir} yet.`, makeItReady);
  const embedded =
    config.databaseUrl === null
      ? await startEmbeddedPostgres({ dataDir: config.dataDir, logger: quietLog(log) })
      : null;
  try {
    const connectionString = embedded?.connectionString ?? config.databaseUrl?.reveal() ?? "";
    const { applied } = access === "write" ? await migrateDatabase({ connectionString }) : { applied: [] };
    const found = access === "write" ? null : await readSchemaState({ connectionString });
    if (found !== null && options.inAnyState !== true) {
      if (found.empty) throw new DatabaseNotReady("The database holds no tables of casebridge yet.", makeItReady);
      refuseIncompatible(found.incompatible);
    }
    const warn = makeQuietWarn(log);
    const database = makePrisma({
      connectionString,
      readOnly: access === "read",
      poolMax: options.poolMax ?? Math.max(6, config.workerConcurrency + 4),
      onError: (error) => warn({ error: errorMessage(error) }, "A database connection broke"),
      onHang: (hang) => {
        // Each query that waited says so; the first of them closes the rest.
        warn({ ...hang }, "PostgreSQL did not answer; its silent connections were closed");
        options.onHang?.();
      },
    });
    return {
      ...database,
      connectionString,
      embedded,
      applied,
      missing: found?.missing ?? [],
      close: async () => {
        await Promise.race([database.close(), sleepFor(closeMaxMs, undefined, { ref: false })]);
        await embedded?.stop();
      },
    };
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
}

const makeItReady = "Run `casebridge migrate`, or start the worker; both make it ready.";

async function makeDataFolder(dataDir: string): Promise<void> {
  await makeFolder(dataDir, 0o755).catch((error: NodeJS.ErrnoException) => {
    throw new CommandFailure({
      code: ExitCode.usage,
      message: `The data folder ${dataDir} cannot be made: ${error.message}.`,
      remedy: "Set DATA_DIR to a folder that this user may write to.",
    });
  });
}

/**
 * Works on a database that was opened as it is, whose schema may be older or newer than this release's. Throws `DatabaseNotReady` where
 * it lacks what the work needs, and what the work throws.
 */
export async function onFoundSchema<T>({ missing }: Pick<OpenDatabase, "missing">, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (missing.length === 0 || !isSchemaError(cause)) throw cause;
    throw new DatabaseNotReady(
      `The database is of an older release: it lacks ${missing.join(", ")}. This command changes nothing, so it cannot go on.`,
      "Run it from the release that the worker runs; or upgrade the database with `casebridge migrate`, on which that release runs, too.",
      { cause },
    );
  }
}

function quietLog(log: Log): {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
} {
  return {
    info: (facts, message) => log.debug({ ...facts }, message),
    warn: (facts, message) => log.warn({ ...facts }, message),
  };
}
