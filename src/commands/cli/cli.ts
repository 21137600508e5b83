/**
 * The command line: names, options, help, exit codes (rule 12). What the commands do stands in their files, see `../index.ts`.
 *
 * Glossary: a *leaf* is a command that does something; each has `--json` and `--help`. A *group* (`links`, `failures`) only holds
 * leaves. Everything wrong with a command line ends as a `CommandFailure` of code 2 with a one-line remedy.
 */
import { Argument, Command as Commander, CommanderError, Option } from "commander";
import type { App } from "./app.ts";
import type {
  ArgumentSpec,
  Command,
  CommandContext,
  CommandEntry,
  CommandGroup,
  CommandTable,
  Parsed,
} from "./command.ts";
import { CommandFailure, ExitCode, toFailure } from "./exit-code.ts";
import { isSet, usage } from "./options.ts";
import { makeProgress, renderBlocks, renderJson, styleOf, writeOut } from "./output.ts";
import { type CliIo, makeConfirm, printFailure } from "./terminal.ts";

/** What a run of the command line is made of. `argv` without the names of node and script; `app` is asked for only by a command that runs. */
export type CliInput = {
  readonly commands: CommandTable;
  readonly app: () => Promise<App>;
  readonly io: CliIo;
  readonly argv: readonly string[];
  readonly version?: string;
};

/**
 * Runs one command line to its end: prints its result or its failure, sets and answers the exit code. Never rejects. With `--json`
 * stdout gets exactly one JSON document, also for a failure: `{ "error": { "code", "message", "remedy" } }`. Does not end the
 * process, so that output in a pipe is not cut off.
 */
export async function runCli({ argv, io, ...input }: CliInput): Promise<ExitCode> {
  let code: ExitCode = ExitCode.done;
  const remember: CliIo = {
    ...io,
    setExitCode: (next) => {
      code = next;
    },
  };
  try {
    const program = await makeProgram({ ...input, io: remember, argv });
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    const helpCode = shownHelpCode(error);
    if (helpCode !== null) code = helpCode;
    else {
      const failure = toFailure(error);
      code = failure.code;
      const json = argv.slice(0, argv.includes("--") ? argv.indexOf("--") : argv.length).includes("--json");
      await printFailure({ failure, error, io, json });
    }
  }
  io.setExitCode(code);
  return code;
}

const exitCodeHelp = `
Exit codes: 0 done; 1 unexpected failure; 2 wrong usage or configuration; 3 finished, but something is out of
sync or failed; 4 a service cannot be reached or refuses the credentials.`;

/**
 * The program with all commands of the table. Those that the command line names are loaded; of the others it knows what help lists.
 * Parsing it runs the command, prints its result and calls `io.setExitCode`; what goes wrong rejects as a `CommandFailure`, or as
 * whatever the command threw.
 */
async function makeProgram({ commands, app, io, argv, version }: CliInput): Promise<Commander> {
  const loaded = await loadNamed(commands, argv);
  const program = new Commander("casebridge")
    .description("Mirrors Huawei Cloud service tickets and Jira Cloud issues in both directions.")
    .addHelpText("after", exitCodeHelp);
  prepare(program, io);
  if (version !== undefined) program.version(version, "--version", "print the version");
  for (const entry of commands) {
    if (!isGroup(entry)) {
      addLeaf({ parent: program, io, app, commands, entry, command: loaded.get(entry) });
      continue;
    }
    const group = program.command(entry.name).description(entry.description);
    prepare(group, io);
    for (const leaf of entry.commands)
      addLeaf({ parent: group, io, app, commands, entry: leaf, command: loaded.get(leaf) });
  }
  return program;
}

function isGroup(entry: CommandEntry | CommandGroup): entry is CommandGroup {
  return "commands" in entry;
}

/** Loads the commands that the first words of a command line can mean: `resync`, `links show`, `help resync`. */
async function loadNamed(table: CommandTable, argv: readonly string[]): Promise<ReadonlyMap<CommandEntry, Command>> {
  const words = argv.filter((word) => !word.startsWith("-"));
  const [first, second] = words[0] === "help" ? words.slice(1) : words;
  const named = table
    .filter(({ name }) => name === first)
    .flatMap((entry) =>
      isGroup(entry) ? entry.commands.filter(({ name }) => name === second || second === "help") : [entry],
    );
  return new Map(await Promise.all(named.map(async (entry) => [entry, (await entry.load()).command] as const)));
}

type Leaf = {
  readonly parent: Commander;
  readonly io: CliIo;
  readonly app: () => Promise<App>;
  readonly commands: CommandTable;
  readonly entry: CommandEntry;
  /** Left out where the command line names another one. */
  readonly command: Command | undefined;
};

function addLeaf({ parent, io, app, commands, entry, command }: Leaf): void {
  const leaf = parent.command(entry.name).description(entry.description);
  prepare(leaf, io);
  const names = entry.arguments?.split(" ") ?? [];
  names.forEach((name, position) => {
    leaf.addArgument(toArgument(name, command?.arguments?.[position]));
  });
  for (const option of command?.options?.(io.now) ?? []) leaf.addOption(option);
  leaf.addOption(new Option("--json", "print the result as one JSON document"));
  leaf.addOption(new Option("--wide", "let tables be wider than the terminal"));
  if (command === undefined) return;
  if (command.help !== undefined) leaf.addHelpText("after", command.help);
  leaf.action(async () => {
    const parsed: Parsed = { options: leaf.opts(), args: leaf.processedArgs };
    const json = isSet(parsed, "json");
    const prepared = withHelpRemedy(leaf, () => command.prepare(parsed));
    const progress = makeProgress(io.stderr, !json);
    const confirm = makeConfirm({ io, json, yes: isSet(parsed, "yes") });
    if (prepared.question !== null && !(await confirm(prepared.question)))
      throw usage("Nothing was changed.", "Run it again and answer y, if that is what you want.");
    try {
      const context: CommandContext = { app: await app(), commands, json, progress, confirm };
      const style = styleOf(io.stdout, io.env, { wide: isSet(parsed, "wide") });
      const { exitCode, human, json: document } = await prepared.run(context);
      progress.stop();
      await writeOut(io.stdout, json ? renderJson(document) : renderBlocks(human, style));
      io.setExitCode(exitCode);
    } finally {
      progress.stop();
    }
  });
}

function toArgument(name: string, spec: ArgumentSpec | undefined): Argument {
  const argument = new Argument(name, spec?.description);
  if (spec?.choices !== undefined) argument.choices(spec.choices);
  if (spec?.parse !== undefined) argument.argParser(spec.parse);
  return argument;
}

/** Streams, and errors as `CommandFailure` with a remedy that names this command. */
function prepare(command: Commander, io: CliIo): void {
  command
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: () => {},
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride((error) => {
      if (shownHelpCode(error) !== null) throw error;
      const [first = "", ...hints] = error.message.replace(/^error: /, "").split("\n");
      const hint = hints.map((line) => line.replace(/^\((.*)\)$/, "$1 ")).join("");
      throw usage(first, `${hint}${seeHelp(command)}`);
    });
}

function withHelpRemedy<T>(command: Commander, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    throw usage(error.message, `${error.remedy ?? ""} ${seeHelp(command)}`.trim());
  }
}

function seeHelp(command: Commander): string {
  const names: string[] = [];
  for (let at: Commander | null = command; at !== null; at = at.parent) names.unshift(at.name());
  return `See: ${names.join(" ")} --help`;
}

/** Commander ends help and version by an error, too: done where they were asked for, usage where a command is missing; else `null`. */
function shownHelpCode(error: unknown): ExitCode | null {
  if (!(error instanceof CommanderError)) return null;
  if (!["commander.help", "commander.helpDisplayed", "commander.version"].includes(error.code)) return null;
  return error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
}
