/** `casebridge doctor`: looks at everything, and says what to mend. The checks stand in `doctor/`. */
import { trustAlso } from "../lib/trust.ts";
import { silentLogger } from "../observability/logger.ts";
import { defineCommand } from "./cli/command.ts";
import { connectionOption, readConnection } from "./cli/options.ts";
import { commandLog } from "./cli/work.ts";
import { diagnose } from "./doctor/diagnose.ts";
import { doctorResult } from "./doctor/doctor.ts";
import { isNamed, noConnection } from "./targets.ts";

/** `casebridge doctor`. */
export const command = defineCommand({
  options: () => [connectionOption()],
  read: readConnection,
  run: async ({ connection }, { app }) => {
    const loaded = app.loadConfig({ purpose: "command" });
    if (loaded.ok && connection !== null && !loaded.config.connections.some(isNamed(connection)))
      throw noConnection(connection);
    if (loaded.ok) trustAlso(loaded.config.authorities);
    const log = loaded.ok ? commandLog(loaded.config) : silentLogger;
    return doctorResult(await diagnose({ app, loaded, connection, log }));
  },
});
