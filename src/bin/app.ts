/** What the commands get from here (`../commands/cli/app.ts`): the composition, with the audit's name of who runs the command. */
import { flushCompileCache } from "node:module";
import type { App } from "../commands/cli/app.ts";
import { commandLog } from "../commands/cli/work.ts";
import { loadConfig } from "../config/load-config.ts";
import { trustAlso } from "../lib/trust.ts";
import { makeAdminStore } from "../store/admin.ts";
import { commandActor } from "./actor.ts";
import { compose } from "./compose.ts";
import { onFoundSchema, openDatabase } from "./database.ts";
import { makeDoctorApp } from "./doctor-app.ts";

/** Makes what commands get. Opens nothing yet. */
export function makeApp(): App {
  const actor = commandActor();
  const readConfig: App["readConfig"] = (purpose, configFile) => {
    const env = configFile === undefined ? process.env : { ...process.env, CONFIG_FILE: configFile };
    const loaded = loadConfig({ purpose, env });
    if (!loaded.ok) throw loaded.errors;
    trustAlso(loaded.config.authorities);
    return loaded.config;
  };
  return {
    actor,
    loadConfig,
    readConfig,
    ...makeDoctorApp(actor),
    withDatabase: async (access, work) => {
      const config = readConfig("database");
      const database = await openDatabase(config, commandLog(config), { access });
      try {
        return await onFoundSchema(database, () => work(makeAdminStore({ prisma: database.prisma, actor })));
      } finally {
        await database.close();
      }
    },
    withComposition: async (access, work) => {
      const config = readConfig("command");
      const composition = await compose(config, commandLog(config), { access, actor });
      try {
        return await onFoundSchema(composition.database, () => work(composition));
      } finally {
        await composition.close();
      }
    },
    startWorker: async (config, log, hooks) => {
      const { startWorker } = await import("./worker.ts");
      // A worker may be killed, and would leave no cache behind.
      flushCompileCache();
      return startWorker(config, log, hooks);
    },
  };
}
