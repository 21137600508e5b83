/** `casebridge migrate`: brings the database's schema up to date. */
import { defineCommand } from "./cli/command.ts";
import { ExitCode } from "./cli/exit-code.ts";
import { commandLog } from "./cli/work.ts";

/** `casebridge migrate`. */
export const command = defineCommand({
  read: () => ({}),
  run: async (_options, { app }) => {
    const config = app.readConfig("database");
    const database = await app.openDatabase(config, commandLog(config), { access: "write" });
    const { applied } = database;
    if (applied.length > 0)
      await database.admin.recordAct({ action: "migrate", target: "the database", outcome: applied.join(", ") });
    await database.close();
    const text = applied.length === 0 ? "The database is up to date." : `Applied: ${applied.join(", ")}`;
    return { exitCode: ExitCode.done, human: [{ kind: "text", text }], json: { applied } };
  },
});
