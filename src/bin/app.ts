/** What the commands get from here (`../commands/cli/app.ts`): the composition, with the audit's name of who runs the command. */
import { flushCompileCache } from "node:module";
import type { App } from "../commands/cli/app.ts";
import { commandLog } from "../commands/cli/work.ts";
import { loadConfig } from "../config/load-config.ts";
import { makeHuaweiClient } from "../huawei/huawei-client.ts";
import { makeJiraClient } from "../jira/jira-client.ts";
import { trustAlso } from "../lib/trust.ts";
import { makeAdminStore } from "../store/admin.ts";
import { makeLocalBudget } from "../store/local-budget.ts";
import { makeState } from "../store/state.ts";
import { commandActor } from "./actor.ts";
import { compose } from "./compose.ts";
import { onFoundSchema, openDatabase } from "./database.ts";

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
    openDatabase: async (config, log, options) => {
      const database = await openDatabase(config, log, options);
      const { prisma } = database;
      const state = makeState({ prisma, clock: { now: () => new Date() } });
      return { ...database, admin: makeAdminStore({ prisma, actor }), state };
    },
    withDatabase: async (access, work) => {
      const config = readConfig("database");
      const database = await openDatabase(config, commandLog(config), { access });
      try {
        return await onFoundSchema(database, () => work(makeAdminStore({ prisma: database.prisma, actor })));
      } finally {
        await database.close();
      }
    },
    withParts: async (access, work) => {
      const config = readConfig("command");
      const parts = await compose(config, commandLog(config), { access, actor });
      try {
        return await onFoundSchema(parts.database, () => work(parts));
      } finally {
        await parts.close();
      }
    },
    makeHuawei: (options, log) =>
      makeHuaweiClient({ options, budget: makeLocalBudget(options.requestsPerSecond), log }),
    makeJira: (options, log) => makeJiraClient({ options, budget: makeLocalBudget(options.requestsPerSecond), log }),
    startWorker: async (config, log, hooks) => {
      const { startWorker } = await import("./worker.ts");
      // A worker may be killed, and would leave no cache behind.
      flushCompileCache();
      return startWorker(config, log, hooks);
    },
  };
}
