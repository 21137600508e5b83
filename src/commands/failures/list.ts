/** `casebridge failures list`: what cannot be mirrored, with reason and remedy. */
import { remedyFor } from "../../domain/failure.ts";
import type { Composition } from "../cli/app.ts";
import { type CommandResult, defineCommand } from "../cli/command.ts";
import { ExitCode } from "../cli/exit-code.ts";
import {
  type ConnectionOption,
  connectionOption,
  limitOption,
  readConnection,
  readLimit,
  textOf,
} from "../cli/options.ts";
import type { Cell } from "../cli/output.ts";
import { openFailures, reasonOption } from "./failures.ts";

type ListOptions = ConnectionOption & { readonly reason: string | null; readonly limit: number };

/** `casebridge failures list`. Exit 3 where there are any. */
export const command = defineCommand<ListOptions>({
  options: () => [connectionOption(), reasonOption("only this reason"), limitOption()],
  read: (parsed) => ({ ...readConnection(parsed), reason: textOf(parsed, "reason"), limit: readLimit(parsed) }),
  run: (options, { app }) => app.withComposition("read", (composition) => listFailures(composition, options)),
});

async function listFailures(
  composition: Composition,
  { connection, reason, limit }: ListOptions,
): Promise<CommandResult> {
  const failures = (await openFailures(composition, connection))
    .filter((failure) => reason === null || failure.reason === reason)
    .slice(0, limit);
  return {
    exitCode: failures.length === 0 ? ExitCode.done : ExitCode.outOfSync,
    json: failures.map((failure) => ({ ...failure, remedy: remedyFor(failure.reason) })),
    human: [
      {
        kind: "table",
        head: ["Id", "Case", "Issue", "Direction", "Item", "Reason", "Detail", "Since", "Remedy"],
        rows: failures.map((failure): Cell[] => [
          failure.id,
          failure.caseId,
          failure.issueKey,
          failure.direction,
          failure.item,
          failure.reason,
          failure.detail,
          failure.firstAt,
          remedyFor(failure.reason),
        ]),
        empty: "Nothing failed.",
      },
      ...(failures.length === 0
        ? []
        : [
            {
              kind: "text",
              text: "docs/operations.md has a section for each reason; `casebridge failures retry ID` tries again.",
            } as const,
          ]),
    ],
  };
}
