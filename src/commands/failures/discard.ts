/** `casebridge failures discard`: gives up on items for good. */
import { defineCommand } from "../cli/command.ts";
import { yesOption } from "../cli/options.ts";
import { actOnFailures, type FailureSelection, idsArgument, readSelection, selectionOptions } from "./failures.ts";

/** `casebridge failures discard`. */
export const command = defineCommand({
  arguments: [idsArgument],
  options: () => [...selectionOptions(), yesOption()],
  read: readSelection,
  question: ({ selection }) => `Give up ${nameFailures(selection)} for good? What they stand for is never mirrored.`,
  run: (options, { app }) =>
    app.withComposition("write", (composition) => actOnFailures(composition, options, { act: "discard", word: null })),
});

function nameFailures(selection: FailureSelection["selection"]): string {
  switch (selection.kind) {
    case "ids":
      return `the failures ${selection.ids.join(", ")}`;
    case "reason":
      return `all failures of reason ${selection.reason}`;
    case "all":
      return "all failures";
  }
}
