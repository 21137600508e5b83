/** `casebridge links unlink`: ends a pairing. Both sides stay as they are, and a tombstone keeps intake away. */
import type { Composition } from "../cli/app.ts";
import { type CommandResult, defineCommand } from "../cli/command.ts";
import { ExitCode } from "../cli/exit-code.ts";
import { connectionOption, readCase, yesOption } from "../cli/options.ts";
import { type FoundLink, findLink } from "../targets.ts";
import { caseArgument } from "./pairing.ts";

/** `casebridge links unlink`. */
export const command = defineCommand({
  arguments: [caseArgument],
  options: () => [connectionOption(), yesOption()],
  read: readCase,
  question: ({ caseId }) =>
    `End the pairing of case ${caseId}? Both sides stay as they are and are never paired again by themselves.`,
  run: ({ caseId, connection }, { app }) =>
    app.withComposition("write", async (composition) =>
      unlinkPair(composition, await findLink(composition, caseId, connection)),
    ),
});

async function unlinkPair({ admin }: Pick<Composition, "admin">, { summary }: FoundLink): Promise<CommandResult> {
  const ended = await admin.unlink(summary.id);
  const name = summary.caseId ?? summary.issueKey ?? summary.id;
  const text = ended ? `Unlinked ${name}; both sides stay as they are.` : `${name} was unlinked before.`;
  return { exitCode: ExitCode.done, human: [{ kind: "text", text }], json: { unlinked: name, changed: ended } };
}
