/**
 * Started by the watchdog of `embedded.ts` when a user of an embedded server died without leaving. Stops the server unless somebody
 * else uses it. A worker that is restarted at once finds the server still there, hence the pause.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { stopEmbeddedPostgresIfUnused } from "./embedded-postgres.ts";

const dataDir = process.argv[2];
if (dataDir !== undefined) {
  for (let attempt = 0; attempt < 20; attempt++) {
    await sleep(500);
    // False also means that others use it; whoever of them is last stops it. A server that is still starting is tried again.
    if (await stopEmbeddedPostgresIfUnused(dataDir).catch(() => false)) break;
  }
}
