/** Options that several commands have, how their values are read, and wrong usage. */
import { InvalidArgumentError, Option } from "commander";
import type { Parsed } from "./command.ts";
import { CommandFailure, ExitCode } from "./exit-code.ts";
import { parseIdentifier, parseIssueKey, parseSince, wholeNumberParser } from "./option-values.ts";

/** One connection by name, or all of them. */
export type ConnectionOption = { readonly connection: string | null };

/** Which links a command is about. */
export type LinkTarget =
  | { readonly kind: "case"; readonly caseId: string }
  | { readonly kind: "issue"; readonly issueKey: string };

/** One case that is linked. */
export type CaseOption = ConnectionOption & { readonly caseId: string };

/** Entries of a list, unless `--limit` says otherwise. */
export const limitDefault = 50;

/** `--connection <name>`; `readConnection` reads it. */
export function connectionOption(): Option {
  return new Option("--connection <name>", "one connection (default: all)").argParser(once(parseIdentifier));
}

/** `--case` and `--issue`, which exclude each other and the options named; `findTarget` reads them. */
export function targetOptions(others: readonly string[]): readonly Option[] {
  return [
    new Option("--case <id>", "one case, by its id").argParser(once(parseIdentifier)).conflicts(["issue", ...others]),
    new Option("--issue <key>", "one issue, by its key").argParser(once(parseIssueKey)).conflicts(others.slice()),
  ];
}

/** `--since <when>`: a moment in the past, as `parseSince` reads it. */
export function sinceOption(description: string, now: () => Date): Option {
  return new Option("--since <when>", description).argParser(once((text) => parseSince(text, now())));
}

/** `--yes`, which the program itself reads. */
export function yesOption(): Option {
  return new Option("--yes", "do not ask before doing it");
}

/** `--limit <number>`; `readLimit` reads it. */
export function limitOption(): Option {
  return new Option("--limit <number>", `at most so many (default: ${limitDefault})`).argParser(
    once(wholeNumberParser(1, 10_000)),
  );
}

/** `--port <number>`. */
export function portOption(description: string): Option {
  return new Option("--port <number>", description).argParser(once(wholeNumberParser(1, 65_535)));
}

/** An option with few possible words. */
export function choice(flags: string, description: string, words: readonly string[]): Option {
  const option = new Option(flags, description).choices(words);
  const { parseArg } = option;
  return option.argParser(once((text) => (parseArg === undefined ? text : parseArg(text, undefined))));
}

/** Refuses an option that is given twice: commander would quietly take the last one. */
export function once<T>(parse: (text: string) => T): (text: string, previous: unknown) => T {
  return (text, previous) => {
    if (previous !== undefined) throw new InvalidArgumentError("It is given twice.");
    return parse(text);
  };
}

/** Where `--connection` narrows a command to. */
export function readConnection(parsed: Parsed): ConnectionOption {
  return { connection: textOf(parsed, "connection") };
}

/** The case that a command's first argument names. */
export function readCase(parsed: Parsed): CaseOption {
  return { ...readConnection(parsed), caseId: String(parsed.args[0]) };
}

/** The limit of a list. */
export function readLimit(parsed: Parsed): number {
  return numberOf(parsed, "limit") ?? limitDefault;
}

/** What `--case` or `--issue` names; `null` where neither is given. */
export function findTarget(parsed: Parsed): LinkTarget | null {
  const caseId = textOf(parsed, "case");
  const issueKey = textOf(parsed, "issue");
  if (caseId !== null) return { kind: "case", caseId };
  return issueKey === null ? null : { kind: "issue", issueKey };
}

/** A word that an option was given; `null` where it was not. */
export function textOf(parsed: Parsed, name: string): string | null {
  const value = parsed.options[name];
  return typeof value === "string" ? value : null;
}

/** A number that an option was given; `null` where it was not. */
export function numberOf(parsed: Parsed, name: string): number | null {
  const value = parsed.options[name];
  return typeof value === "number" ? value : null;
}

/** The moment of `--since`; `null` where it is not given. */
export function sinceOf(parsed: Parsed): Date | null {
  const { since } = parsed.options;
  return since instanceof Date ? since : null;
}

/** Whether an option without a value is given. */
export function isSet(parsed: Parsed, name: string): boolean {
  return parsed.options[name] === true;
}

/** Wrong usage: exit code 2. */
export function usage(message: string, remedy: string): CommandFailure {
  return new CommandFailure({ code: ExitCode.usage, message, remedy });
}
