/**
 * What a command is: its options, what may be asked first, and its work. Name, description and the names of its arguments stand in the
 * table of `../index.ts`, so that help can list a command without loading it.
 */
import type { Option } from "commander";
import type { App } from "./app.ts";
import type { ExitCode } from "./exit-code.ts";
import type { Progress, Renderable } from "./output.ts";

/** The end of a command that finished. `json` is printed with `--json`, `human` without. */
export type CommandResult = { readonly exitCode: ExitCode; readonly human: Renderable; readonly json: unknown };

/** What a running command may use besides its options. */
export type CommandContext = {
  /** What knows the adapters. */
  readonly app: App;
  /** All commands of the program. */
  readonly commands: CommandTable;
  /** With `--json` stdout belongs to the result: log to stderr, print nothing. */
  readonly json: boolean;
  readonly progress: Progress;
  /**
   * Asks a person a yes-or-no question on the terminal. Where nobody can answer (no terminal, or `--json`) it throws a
   * `CommandFailure` of code 2 that names `--yes`; with `--yes` it answers true without asking.
   */
  confirm(question: string): Promise<boolean>;
};

/** Values of one parsed command line: options by camel-case name, arguments by position. */
export type Parsed = { readonly options: Readonly<Record<string, unknown>>; readonly args: readonly unknown[] };

/** One argument, in the order of the names in the table. `choices` are the only values where they are given. */
export type ArgumentSpec = {
  readonly description: string;
  readonly choices?: readonly string[];
  /** `previous` is what was read before, for an argument that takes several words. */
  readonly parse?: (text: string, previous: unknown) => unknown;
};

/** What a command's file says of it. */
export type CommandSpec<Options> = {
  readonly arguments?: readonly ArgumentSpec[];
  /** `--json` and `--help` come by themselves. `now` is the moment from which spans such as `7d` count. */
  readonly options?: (now: () => Date) => readonly Option[];
  /** Printed below the help. */
  readonly help?: string;
  /** Makes typed options; throws `CommandFailure` (see `usage`) where values do not agree. */
  readonly read: (parsed: Parsed) => Options;
  /** Asked before the work where it cannot be undone; `null` where these options change nothing for good. */
  readonly question?: (options: Options) => string | null;
  /** The work. Errors are thrown: see `toFailure` for their codes. */
  readonly run: (options: Options, context: CommandContext) => Promise<CommandResult>;
};

/** One run of a command whose options are read: what to ask first, and the work. */
export type PreparedRun = {
  readonly options: unknown;
  readonly question: string | null;
  run(context: CommandContext): Promise<CommandResult>;
};

/** A command whose options are its own affair. */
export type Command = Pick<CommandSpec<unknown>, "arguments" | "options" | "help"> & {
  /** Reads the options of one run. Throws `CommandFailure`. */
  prepare(parsed: Parsed): PreparedRun;
};

/** Makes a command of what its file says. Pure. */
export function defineCommand<Options>({ read, question, run, ...shown }: CommandSpec<Options>): Command {
  return {
    ...shown,
    prepare(parsed) {
      const options = read(parsed);
      return { options, question: question?.(options) ?? null, run: (context) => run(options, context) };
    },
  };
}

/** A line of the table. */
export type CommandEntry = {
  readonly name: string;
  readonly description: string;
  /** Names of the arguments as help shows them: `<case> [kind]`. */
  readonly arguments?: string;
  /** Loads the command's file, and what that needs. */
  readonly load: () => Promise<{ readonly command: Command }>;
};

/** Several commands under one name: `links list`, `links show`. */
export type CommandGroup = {
  readonly name: string;
  readonly description: string;
  readonly commands: readonly CommandEntry[];
};

/** All commands of a program, in the order of its help. */
export type CommandTable = readonly (CommandEntry | CommandGroup)[];
