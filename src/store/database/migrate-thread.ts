/** Body of the thread that `migrate.ts` starts: a thread, so that the 30 MB of engine and adapter are given back at its end. */

import { parentPort, workerData } from "node:worker_threads";
import type { MigrateThreadInput } from "./migrate.ts";
import { NO_FILTER, toMigrationList, withSchemaEngine } from "./schema-engine.ts";

const { connectionString, folder }: MigrateThreadInput = workerData;

try {
  await withSchemaEngine({ connectionString }, (engine) =>
    engine.applyMigrations({ migrationsList: toMigrationList(folder), filters: NO_FILTER }),
  );
} catch (error) {
  parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) });
}
