/** Vitest's global setup: names the folder of the database server that the files of one run share, and removes it at the end. */

import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stopEmbeddedPostgresIfUnused } from "../../src/embedded-postgres/embedded-postgres.ts";

/** Name of the variable by which the test processes learn the folder. */
export const TEST_DATA_DIR = "CASEBRIDGE_TEST_DATA_DIR";

/** Makes the empty folder; starts nothing. The returned function stops a server that is left and deletes the folder. */
export default async function setup(): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), "casebridge-test-"));
  process.env[TEST_DATA_DIR] = dir;
  return async () => {
    await stopEmbeddedPostgresIfUnused(dir);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  };
}
