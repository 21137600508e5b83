/** `casebridge pause`: stops mirroring without losing anything. */
import { defineCommand } from "./cli/command.ts";
import { pauseOptions, readPause, setPaused } from "./pausing.ts";

/** `casebridge pause`. */
export const command = defineCommand({
  options: pauseOptions,
  read: readPause,
  run: (options, { app }) => app.withComposition("write", (composition) => setPaused(composition, options, true)),
});
