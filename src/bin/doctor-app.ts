/** What `doctor` opens by itself, so that it can tell what is wrong with it: the database, and clients with budgets of their own. */
import type { App } from "../commands/cli/app.ts";
import { makeHuaweiClient } from "../huawei/huawei-client.ts";
import { makeJiraClient } from "../jira/jira-client.ts";
import { makeAdminStore } from "../store/admin.ts";
import { makeLocalBudget } from "../store/local-budget.ts";
import { makeState } from "../store/state.ts";
import { openDatabase } from "./database.ts";

/** Makes it for whom the audit names `actor`. Opens nothing yet. */
export function makeDoctorApp(actor: string): Pick<App, "openDatabase" | "makeHuawei" | "makeJira"> {
  return {
    openDatabase: async (config, log, options) => {
      const database = await openDatabase(config, log, options);
      const { prisma } = database;
      const state = makeState({ prisma, clock: { now: () => new Date() } });
      return { ...database, admin: makeAdminStore({ prisma, actor }), state };
    },
    makeHuawei: (options, log) =>
      makeHuaweiClient({ options, budget: makeLocalBudget(options.requestsPerSecond), log }),
    makeJira: (options, log) => makeJiraClient({ options, budget: makeLocalBudget(options.requestsPerSecond), log }),
  };
}
