/** `casebridge resync`: reads both sides afresh and repairs what differs. */
import { Option } from "commander";
import { type Command, defineCommand, type Parsed } from "./cli/command.ts";
import { parsePath } from "./cli/option-values.ts";
import {
  connectionOption,
  findTarget,
  isSet,
  once,
  readConnection,
  sinceOf,
  sinceOption,
  targetOptions,
  textOf,
  usage,
  yesOption,
} from "./cli/options.ts";
import { noted } from "./cli/work.ts";
import { type ResyncOptions, targetWords } from "./resync/options.ts";
import { rehearse } from "./resync/rehearse.ts";
import { resync } from "./resync/resync.ts";
import type { Target } from "./targets.ts";

/** `casebridge resync`. */
export const command: Command = defineCommand<ResyncOptions>({
  help: "\nExamples:\n  casebridge resync --issue OPS-7 --dry-run\n  casebridge resync --since 7d --wait",
  options: (now) => [
    ...targetOptions(["since", "all"]),
    sinceOption("what changed since: 7d, 12h, 30m, a date, or a time with zone", now).conflicts("all"),
    new Option("--all", "every link"),
    new Option("--dry-run", "print the writes it would make, make none"),
    new Option("--texts", "with --dry-run: also what each of them says, after the guard"),
    new Option("--config <file>", "with --dry-run: what a draft of the configuration file would change").argParser(
      once(parsePath),
    ),
    new Option("--wait", "do the work here and return when it is done; otherwise the worker does it"),
    connectionOption(),
    new Option("--include-history", "with --issue: also comments from before it was linked, after asking"),
    new Option("--recreate", "with --case or --issue: make a deleted issue again"),
    new Option("--rerender", "rewrite copies that differ only in rendering"),
    yesOption(),
  ],
  read: readResync,
  run: (options, context) => {
    const { app } = context;
    if (options.dryRun) return app.withComposition("read", (composition) => rehearse(composition, options, context));
    const act = { action: "resync", target: targetWords(options) };
    return app.withComposition("write", (composition) =>
      noted(composition, act, () => resync(composition, options, context)),
    );
  },
});

function readResync(parsed: Parsed): ResyncOptions {
  const since = sinceOf(parsed);
  const target: Target | null =
    findTarget(parsed) ??
    (since === null ? null : { kind: "since", since }) ??
    (isSet(parsed, "all") ? { kind: "all" } : null);
  if (target === null)
    throw usage("resync needs to know what", "Give one of --case ID, --issue KEY, --since 7d or --all.");
  const includeHistory = isSet(parsed, "includeHistory");
  const recreate = isSet(parsed, "recreate");
  const texts = isSet(parsed, "texts");
  const config = textOf(parsed, "config");
  for (const [name, content] of [
    ["--texts", texts],
    ["--config", config !== null],
  ] as const)
    if (content && !isSet(parsed, "dryRun")) throw usage(`${name} is for a dry run`, "Add --dry-run.");
  if (includeHistory && target.kind !== "issue") throw usage("--include-history is for one issue", "Give --issue KEY.");
  if (recreate && target.kind !== "issue" && target.kind !== "case") {
    throw usage("--recreate is for one case or issue", "Give --case ID or --issue KEY.");
  }
  return {
    ...readConnection(parsed),
    target,
    dryRun: isSet(parsed, "dryRun"),
    texts,
    config,
    wait: isSet(parsed, "wait"),
    includeHistory,
    recreate,
    rerender: isSet(parsed, "rerender"),
  };
}
