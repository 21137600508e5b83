/** `casebridge failures retry`: tries again. */
import { defineCommand } from "../cli/command.ts";
import { actOnFailures, idsArgument, readSelection, selectionOptions } from "./failures.ts";

/** `casebridge failures retry`. */
export const command = defineCommand({
  arguments: [idsArgument],
  options: selectionOptions,
  read: readSelection,
  run: (options, { app }) => app.withParts("write", (parts) => actOnFailures(parts, options, "retry")),
});
