/** `casebridge resume`: starts mirroring again. */
import { handOver } from "../sync/repair/resync.ts";
import { defineCommand } from "./cli/command.ts";
import { pauseOptions, readPause, setPaused } from "./pausing.ts";
import { chosen } from "./targets.ts";

/** `casebridge resume`. */
export const command = defineCommand({
  options: pauseOptions,
  read: readPause,
  run: (options, { app }) =>
    app.withComposition("write", async (composition) => {
      const result = await setPaused(composition, options, false);
      // Whatever was skipped meanwhile is looked at again.
      for (const connection of chosen(composition, options.connection)) {
        const links = await composition.state.listIntakeLinks(connection.name);
        await handOver(
          connection.intake,
          links.filter((link) => link.state === "active").map((link) => link.id),
        );
      }
      return result;
    }),
});
