/** `casebridge links list`. */
import { Option } from "commander";
import { type LinkState, linkStates } from "../../domain/link.ts";
import type { Composition } from "../cli/app.ts";
import { type CommandResult, defineCommand } from "../cli/command.ts";
import { ExitCode } from "../cli/exit-code.ts";
import { parseText } from "../cli/option-values.ts";
import {
  type ConnectionOption,
  choice,
  connectionOption,
  limitOption,
  once,
  readConnection,
  readLimit,
  textOf,
} from "../cli/options.ts";
import type { Cell } from "../cli/output.ts";
import { chosen } from "../targets.ts";

type ListOptions = ConnectionOption & {
  readonly state: LinkState | null;
  readonly search: string | null;
  readonly limit: number;
};

/** `casebridge links list`. */
export const command = defineCommand<ListOptions>({
  options: () => [
    connectionOption(),
    choice("--state <state>", "only those in this state", linkStates),
    new Option("--search <text>", "part of a case id or issue key").argParser(once(parseText)),
    limitOption(),
  ],
  read: (parsed) => {
    const state = textOf(parsed, "state");
    return {
      ...readConnection(parsed),
      state: linkStates.find((one) => one === state) ?? null,
      search: textOf(parsed, "search"),
      limit: readLimit(parsed),
    };
  },
  run: (options, { app }) => app.withComposition("read", (composition) => listLinks(composition, options)),
});

async function listLinks(
  composition: Composition,
  { connection, state, search, limit }: ListOptions,
): Promise<CommandResult> {
  chosen(composition, connection);
  const page = await composition.admin.listLinks({
    ...(connection === null ? {} : { connection }),
    ...(state === null ? {} : { state }),
    ...(search === null ? {} : { query: search }),
    limit,
  });
  return {
    exitCode: ExitCode.done,
    json: page.items,
    human: [
      {
        kind: "table",
        head: ["Case", "Issue", "State", "Reason", "Case status", "Failures", "Since"],
        rows: page.items.map((link): Cell[] => [
          link.caseId,
          link.issueKey,
          link.state,
          link.reason,
          link.caseStatus,
          link.openFailures,
          link.createdAt,
        ]),
        empty: "No links.",
      },
    ],
  };
}
