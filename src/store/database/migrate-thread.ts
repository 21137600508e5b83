/** Body of the thread that `migrate.ts` starts: a thread, so that the 30 MB of engine and adapter are given back at its end. */

import { parentPort, workerData } from "node:worker_threads";
import { trustAlso } from "../../lib/trust.ts";
import type { MigrateThreadAnswer, MigrateThreadInput } from "./migrate.ts";
import { NO_FILTER, toMigrationList, withSchemaEngine } from "./schema-engine.ts";

const { connectionString, folder, authorities }: MigrateThreadInput = workerData;

trustAlso(authorities);

let answer: MigrateThreadAnswer = { error: null };
try {
  await withSchemaEngine({ connectionString }, (engine) =>
    engine.applyMigrations({ migrationsList: toMigrationList(folder), filters: NO_FILTER }),
  );
} catch (error) {
  answer = { error: error instanceof Error ? error.message : String(error) };
}
// The engine leaves a timer of 10 s behind, so the thread is ended from outside once it has answered.
parentPort?.postMessage(answer);
