/** `casebridge failures retry`: tries again, or lets go what the text guard keeps. */
import { Option } from "commander";
import type { GuardWord } from "../../domain/guard-word.ts";
import { defineCommand, type Parsed } from "../cli/command.ts";
import { isSet, usage } from "../cli/options.ts";
import { actOnFailures, type FailureSelection, idsArgument, readSelection, selectionOptions } from "./failures.ts";

/** `word`: how what the text guard keeps is to leave; `null` = whatever failed is tried again. */
type RetryOptions = FailureSelection & { readonly word: GuardWord | null };

/** `casebridge failures retry`. */
export const command = defineCommand<RetryOptions>({
  arguments: [idsArgument],
  options: () => [
    ...selectionOptions(),
    new Option("--masked", "send what the text guard keeps (guard_held) with what it found masked").conflicts("asIs"),
    new Option("--as-is", "send what the text guard keeps as it stands; with ids alone"),
  ],
  read: readRetry,
  run: (options, { app }) =>
    app.withComposition("write", (composition) =>
      actOnFailures(composition, options, { act: "retry", word: options.word }),
    ),
});

function readRetry(parsed: Parsed): RetryOptions {
  const chosen = readSelection(parsed);
  const word = isSet(parsed, "asIs") ? "as_is" : isSet(parsed, "masked") ? "masked" : null;
  if (word === "as_is" && chosen.selection.kind !== "ids")
    throw usage("--as-is needs the ids of failures", "Look at each text on its issue, then name its failure.");
  return { ...chosen, word };
}
