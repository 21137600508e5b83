/** `casebridge audit`: every act of a person. */
import { Option } from "commander";
import type { Composition } from "./cli/app.ts";
import { type CommandResult, defineCommand } from "./cli/command.ts";
import { ExitCode } from "./cli/exit-code.ts";
import { parseIdentifier } from "./cli/option-values.ts";
import { limitOption, once, readLimit, sinceOf, sinceOption, textOf } from "./cli/options.ts";
import type { Cell } from "./cli/output.ts";
import { findLink } from "./targets.ts";

/** `link`: a case id, an issue key or `link:<id>`; `since` null = all that is kept. */
type AuditOptions = { readonly since: Date | null; readonly link: string | null; readonly limit: number };

/** `casebridge audit`. */
export const command = defineCommand<AuditOptions>({
  help: "\nExamples:\n  casebridge audit --since 7d\n  casebridge audit --link OPS-7 --json",
  options: (now) => [
    sinceOption("only since: 7d, 12h, 30m, a date, or a time with zone", now),
    new Option("--link <id>", "only of one link: its case id or issue key").argParser(once(parseIdentifier)),
    limitOption(),
  ],
  read: (parsed) => ({ since: sinceOf(parsed), link: textOf(parsed, "link"), limit: readLimit(parsed) }),
  run: (options, { app }) => app.withComposition("read", (composition) => showActs(composition, options)),
});

async function showActs(composition: Composition, options: AuditOptions): Promise<CommandResult> {
  const link = options.link === null ? null : await findLink(composition, options.link, null);
  const { since, limit } = options;
  const acts = await composition.admin.listActs({ since, limit, linkId: link?.summary.id ?? null });
  return {
    exitCode: ExitCode.done,
    json: acts,
    human: [
      {
        kind: "table",
        head: ["When", "Who", "Act", "Target", "Outcome", "Connection"],
        rows: acts.map((act): Cell[] => [
          act.at,
          act.actor,
          act.action,
          act.target,
          act.outcome,
          act.connectionName ?? "every one",
        ]),
        empty: "Nobody did anything.",
      },
    ],
  };
}
