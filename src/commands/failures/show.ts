/** `casebridge failures show`: one failure. */
import { remedyFor } from "../../domain/failure.ts";
import type { Composition } from "../cli/app.ts";
import { type CommandResult, defineCommand } from "../cli/command.ts";
import { ExitCode } from "../cli/exit-code.ts";
import { parseIdentifier } from "../cli/option-values.ts";
import { usage } from "../cli/options.ts";

/** `casebridge failures show`. */
export const command = defineCommand({
  arguments: [{ description: "id of the failure", parse: parseIdentifier }],
  read: ({ args }) => ({ id: String(args[0]) }),
  run: ({ id }, { app }) => app.withComposition("read", (composition) => showFailure(composition, id)),
});

async function showFailure({ admin }: Pick<Composition, "admin">, id: string): Promise<CommandResult> {
  const failure = await admin.findFailure(id);
  if (failure === null) throw usage(`There is no failure ${id}.`, "See `casebridge failures list`.");
  const shown = { ...failure, remedy: remedyFor(failure.reason) };
  return { exitCode: ExitCode.done, json: shown, human: [{ kind: "facts", rows: Object.entries(shown) }] };
}
