/**
 * The command line: names, options, help, exit codes (rule 12). What the commands do is the integrator's, see `CliActions`.
 *
 * Glossary: a *leaf* is a command that does something; each has `--json` and `--help`. A *group* (`links`, `failures`) only holds
 * leaves. Everything wrong with a command line ends as a `CommandFailure` of code 2 with a one-line remedy.
 */
import { createInterface } from "node:readline/promises";
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { linkStates } from "../domain/link.ts";
import { describeError } from "../observability/scrub.ts";
import {
  type Action,
  type CliActions,
  type CommandContext,
  type FailureSelection,
  type LinkTarget,
  lookupKinds,
  type ResyncOptions,
} from "./actions.ts";
import { CommandFailure, ExitCode, type FailureFacts, toFailure } from "./exit-code.ts";
import {
  parseIdentifier,
  parseIssueKey,
  parsePath,
  parseSince,
  parseText,
  wholeNumberParser,
} from "./option-values.ts";
import { makeProgress, type OutputStream, renderBlocks, renderJson, styleOf, writeOut } from "./output.ts";

/** What a program may touch of its process. */
export type CliIo = {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Read for NO_COLOR, TERM and LOG_LEVEL. */
  readonly env: Readonly<Record<string, string | undefined>>;
  now(): Date;
  /** Asks a person and answers what was typed; `null` where nobody can be asked. */
  readonly ask: ((question: string) => Promise<string>) | null;
  setExitCode(code: ExitCode): void;
};

/** What a run of the command line is made of. `argv` without the names of node and script. */
export type CliInput = {
  readonly actions: CliActions;
  readonly io: CliIo;
  readonly argv: readonly string[];
  readonly version?: string;
};

/**
 * Runs one command line to its end: prints its result or its failure, sets and answers the exit code. Never rejects. With `--json`
 * stdout gets exactly one JSON document, also for a failure: `{ "error": { "code", "message", "remedy" } }`. Does not end the
 * process, so that output in a pipe is not cut off.
 */
export async function runCli({ actions, io, argv, version }: CliInput): Promise<ExitCode> {
  let code: ExitCode = ExitCode.done;
  const remember: CliIo = {
    ...io,
    setExitCode: (given) => {
      code = given;
    },
  };
  try {
    await makeProgram(actions, remember, version).parseAsync([...argv], { from: "user" });
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

/** The streams, terminal and exit code of a process. A reader that goes away early (`| head`) is no failure. */
export function makeProcessIo(own: NodeJS.Process): CliIo {
  const { stdin, stdout, stderr } = own;
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
  async function ask(question: string): Promise<string> {
    const lines = createInterface({ input: stdin, output: stderr });
    try {
      return await lines.question(question);
    } finally {
      lines.close();
    }
  }
  return {
    stdout,
    stderr,
    env: own.env,
    now: () => new Date(),
    ask: stdin.isTTY === true && stderr.isTTY === true ? ask : null,
    setExitCode: (code) => {
      own.exitCode = code;
    },
  };
}

/**
 * The program with one command per action given. Parsing it runs the command, prints its result and calls `io.setExitCode`; what goes
 * wrong rejects as a `CommandFailure`, or as whatever the action threw. `runCli` does the rest.
 */
export function makeProgram(actions: CliActions, io: CliIo, version?: string): Command {
  const program = new Command("casebridge")
    .description("Mirrors Huawei Cloud service tickets and Jira Cloud issues in both directions.")
    .addHelpText("after", exitCodeHelp);
  prepare(program, io);
  if (version !== undefined) program.version(version, "--version", "print the version");
  const add: AddLeaf = (leaf) => addLeaf({ parent: program, io }, leaf);
  const addGroup = (name: string, description: string, isUsed: boolean): AddLeaf => {
    if (!isUsed) return () => {};
    const group = program.command(name).description(description);
    prepare(group, io);
    return (leaf) => addLeaf({ parent: group, io }, leaf);
  };

  addServiceCommands(add, actions);
  addRepairCommands(add, actions, io);
  const { linksList, linksShow, linksLink, linksUnlink, linksMove } = actions;
  const hasLinks = [linksList, linksShow, linksLink, linksUnlink, linksMove].some((action) => action !== undefined);
  addLinkCommands(addGroup("links", "look at, adopt, end or re-home a pairing by hand", hasLinks), actions);
  const { failuresList, failuresShow, failuresRetry, failuresDiscard } = actions;
  const hasFailures = [failuresList, failuresShow, failuresRetry, failuresDiscard].some(
    (action) => action !== undefined,
  );
  addFailureCommands(addGroup("failures", "blocked links and dead jobs, with reason and remedy", hasFailures), actions);
  addUpkeepCommands(add, actions);
  addAuditCommand(add, actions, io);
  addStandInCommands(add, actions);
  return program;
}

const exitCodeHelp = `
Exit codes: 0 done; 1 unexpected failure; 2 wrong usage or configuration; 3 finished, but something is out of
sync or failed; 4 a service cannot be reached or refuses the credentials.`;

/** Values of one parsed leaf: options by camel-case name, arguments by position. */
type Parsed = { readonly options: Readonly<Record<string, unknown>>; readonly args: readonly unknown[] };

type Leaf<Options> = {
  readonly name: string;
  readonly description: string;
  readonly help?: string;
  readonly arguments?: readonly Argument[];
  readonly options?: readonly Option[];
  readonly action: Action<Options> | undefined;
  /** Makes typed options; throws `CommandFailure` (see `usage`) where values do not agree. */
  readonly read: (parsed: Parsed) => Options;
  /** Asked before the work where it cannot be undone; `null` where these options change nothing for good. */
  readonly question?: (options: Options) => string | null;
};
type AddLeaf = <Options>(leaf: Leaf<Options>) => void;

function addServiceCommands(add: AddLeaf, actions: CliActions): void {
  const none = () => ({});
  add({ name: "worker", description: "run the service until it is told to stop", action: actions.worker, read: none });
  add({ name: "migrate", description: "bring the database schema up to date", action: actions.migrate, read: none });
  add({
    name: "doctor",
    description: "check credentials, permissions, mapping, limits and clocks, and say what to mend",
    options: [connectionOption()],
    action: actions.doctor,
    read: readConnection,
  });
  add({
    name: "status",
    description: "connections, links by state, queues, lag, budgets and last runs",
    options: [connectionOption()],
    action: actions.status,
    read: readConnection,
  });
  const directions = {
    options: [
      connectionOption(),
      choice("--direction <direction>", "one direction (default: both)", ["to-jira", "to-huawei"]),
    ],
  };
  const readPause = (parsed: Parsed) => ({
    ...readConnection(parsed),
    direction: textOf(parsed, "direction") as "to-jira" | "to-huawei" | null,
  });
  add({
    name: "pause",
    description: "stop mirroring without losing anything",
    ...directions,
    action: actions.pause,
    read: readPause,
  });
  add({ name: "resume", description: "start mirroring again", ...directions, action: actions.resume, read: readPause });
}

function addRepairCommands(add: AddLeaf, actions: CliActions, io: CliIo): void {
  const since = new Option("--since <when>", "what changed since: 7d, 12h, 30m, a date, or a time with zone");
  const targets = (others: readonly string[]) => [
    caseOption().conflicts(["issue", ...others]),
    new Option("--issue <key>", "one issue, by its key").argParser(once(parseIssueKey)).conflicts(others.slice()),
  ];
  add({
    name: "resync",
    description: "read both sides afresh and repair what differs",
    help: "\nExamples:\n  casebridge resync --issue OPS-7 --dry-run\n  casebridge resync --since 7d --wait",
    options: [
      ...targets(["since", "all"]),
      since.argParser(once((text) => parseSince(text, io.now()))).conflicts("all"),
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
    action: actions.resync,
    read: readResync,
  });
  add({
    name: "verify",
    description: "compare both sides item by item and print the drift; write nothing",
    options: [
      ...targets(["all"]),
      new Option("--all", "every link (default)"),
      new Option("--deep", "read the bytes of files back, too"),
      connectionOption(),
    ],
    action: actions.verify,
    read: (parsed) => ({
      ...readConnection(parsed),
      target: findTarget(parsed) ?? { kind: "all" },
      deep: isSet(parsed, "deep"),
    }),
  });
  add({
    name: "rebuild",
    description: "rebuild the mapping from the marks on both sides after the database was lost",
    help: "\nExamples:\n  casebridge rebuild --dry-run\n  casebridge rebuild --take-over",
    options: [
      connectionOption(),
      new Option("--dry-run", "print what it would adopt, write nothing"),
      new Option("--take-over [installation]", "take over the marks of another installation (default: of any)"),
      yesOption(),
    ],
    action: actions.rebuild,
    read: (parsed) => ({
      ...readConnection(parsed),
      dryRun: isSet(parsed, "dryRun"),
      takeOver: textOf(parsed, "takeOver") ?? isSet(parsed, "takeOver"),
    }),
    question: ({ dryRun, takeOver }) =>
      dryRun || takeOver === false
        ? null
        : `Take over the marks of ${takeOver === true ? "other installations" : `installation ${takeOver}`} of casebridge? ` +
          "If it still runs, stop it first: two installations on one project write everything twice.",
  });
}

function readResync(parsed: Parsed): ResyncOptions {
  const sinceAt = parsed.options.since;
  const target: ResyncOptions["target"] | null =
    findTarget(parsed) ??
    (sinceAt instanceof Date ? { kind: "since", since: sinceAt } : null) ??
    (isSet(parsed, "all") ? { kind: "all" } : null);
  if (target === null)
    throw usage("resync needs to know what", "Give one of --case ID, --issue KEY, --since 7d or --all.");
  const includeHistory = isSet(parsed, "includeHistory");
  const recreate = isSet(parsed, "recreate");
  const texts = isSet(parsed, "texts");
  const config = textOf(parsed, "config");
  for (const [name, given] of [
    ["--texts", texts],
    ["--config", config !== null],
  ] as const)
    if (given && !isSet(parsed, "dryRun")) throw usage(`${name} is for a dry run`, "Add --dry-run.");
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

function addLinkCommands(add: AddLeaf, actions: CliActions): void {
  const oneCase = { arguments: [new Argument("<case>", "id of the case").argParser(parseIdentifier)] };
  const issue = new Argument("<issue>", "key of the issue").argParser(parseIssueKey);
  const readCase = (parsed: Parsed) => ({ ...readConnection(parsed), caseId: String(parsed.args[0]) });
  add({
    name: "list",
    description: "list pairings",
    options: [
      connectionOption(),
      choice("--state <state>", "only those in this state", linkStates),
      new Option("--search <text>", "part of a case id or issue key").argParser(once(parseText)),
      limitOption(),
    ],
    action: actions.linksList,
    read: (parsed) => ({
      ...readConnection(parsed),
      state: textOf(parsed, "state"),
      search: textOf(parsed, "search"),
      limit: numberOf(parsed, "limit") ?? limitDefault,
    }),
  });
  add({
    name: "show",
    description: "show one pairing with its items",
    ...oneCase,
    options: [connectionOption()],
    action: actions.linksShow,
    read: readCase,
  });
  add({
    name: "link",
    description: "pair a case with an issue that exists",
    arguments: [...oneCase.arguments, issue],
    options: [
      connectionOption(),
      new Option("--take-over", "even if another installation of casebridge has marked it"),
      yesOption(),
    ],
    action: actions.linksLink,
    read: (parsed) => ({ ...readCase(parsed), issueKey: String(parsed.args[1]), takeOver: isSet(parsed, "takeOver") }),
    question: ({ caseId, issueKey, takeOver }) =>
      takeOver ? `Pair case ${caseId} with ${issueKey}, whatever marks of casebridge that issue carries?` : null,
  });
  add({
    name: "unlink",
    description: "end a pairing; both sides stay as they are and are never paired again by themselves",
    ...oneCase,
    options: [connectionOption(), yesOption()],
    action: actions.linksUnlink,
    read: readCase,
    question: ({ caseId }) =>
      `End the pairing of case ${caseId}? Both sides stay as they are and are never paired again by themselves.`,
  });
  add({
    name: "move",
    description: "go on with a pairing whose issue was moved to another project",
    ...oneCase,
    options: [
      connectionOption(),
      new Option("--issue <key>", "go on with this issue (default: where it lives now)").argParser(once(parseIssueKey)),
    ],
    action: actions.linksMove,
    read: (parsed) => ({ ...readCase(parsed), issueKey: textOf(parsed, "issue") }),
  });
}

function addFailureCommands(add: AddLeaf, actions: CliActions): void {
  const selection = {
    arguments: [
      new Argument("[ids...]", "ids of failures").argParser((text: string, ids: unknown) => [
        ...(Array.isArray(ids) ? ids : []),
        parseIdentifier(text),
      ]),
    ],
    options: [
      new Option("--reason <code>", "all failures of this reason").argParser(once(parseIdentifier)).conflicts("all"),
      new Option("--all", "all open failures"),
      connectionOption(),
    ],
  };
  add({
    name: "list",
    description: "list what cannot be mirrored, with reason and remedy",
    options: [
      connectionOption(),
      new Option("--reason <code>", "only this reason").argParser(once(parseIdentifier)),
      limitOption(),
    ],
    action: actions.failuresList,
    read: (parsed) => ({
      ...readConnection(parsed),
      reason: textOf(parsed, "reason"),
      limit: numberOf(parsed, "limit") ?? limitDefault,
    }),
  });
  add({
    name: "show",
    description: "show one failure",
    arguments: [new Argument("<id>", "id of the failure").argParser(parseIdentifier)],
    action: actions.failuresShow,
    read: (parsed) => ({ id: String(parsed.args[0]) }),
  });
  add({ name: "retry", description: "try again", ...selection, action: actions.failuresRetry, read: readSelection });
  add({
    name: "discard",
    description: "give up on items for good; they are never mirrored",
    ...selection,
    options: [...selection.options, yesOption()],
    action: actions.failuresDiscard,
    read: readSelection,
    question: ({ selection }) => `Give up ${nameFailures(selection)} for good? What they stand for is never mirrored.`,
  });
}

function nameFailures(selection: FailureSelection["selection"]): string {
  switch (selection.kind) {
    case "ids":
      return `the failures ${selection.ids.join(", ")}`;
    case "reason":
      return `all failures of reason ${selection.reason}`;
    case "all":
      return "all failures";
  }
}

function readSelection(parsed: Parsed): FailureSelection {
  const ids = Array.isArray(parsed.args[0]) ? parsed.args[0].map(String) : [];
  const reason = textOf(parsed, "reason");
  const connection = readConnection(parsed);
  const all = isSet(parsed, "all");
  if (ids.length > 0) {
    if (reason !== null || all)
      throw usage("ids cannot be used with --reason or --all", "Give ids, or one of the options.");
    return { ...connection, selection: { kind: "ids", ids } };
  }
  if (reason !== null) return { ...connection, selection: { kind: "reason", reason } };
  if (all) return { ...connection, selection: { kind: "all" } };
  throw usage("no failure is named", "Give ids, --reason CODE or --all.");
}

function addAuditCommand(add: AddLeaf, actions: CliActions, io: CliIo): void {
  add({
    name: "audit",
    description: "who did what: every act of a person, newest first",
    help: "\nExamples:\n  casebridge audit --since 7d\n  casebridge audit --link OPS-7 --json",
    options: [
      new Option("--since <when>", "only since: 7d, 12h, 30m, a date, or a time with zone").argParser(
        once((text) => parseSince(text, io.now())),
      ),
      new Option("--link <id>", "only of one link: its case id or issue key").argParser(once(parseIdentifier)),
      limitOption(),
    ],
    action: actions.audit,
    read: (parsed) => ({
      since: parsed.options.since instanceof Date ? parsed.options.since : null,
      link: textOf(parsed, "link"),
      limit: numberOf(parsed, "limit") ?? limitDefault,
    }),
  });
}

function addUpkeepCommands(add: AddLeaf, actions: CliActions): void {
  add({
    name: "export",
    description: "write the mapping as JSON lines: a backup of an embedded database",
    options: [new Option("--output <file>", "file to write (default: stdout)").argParser(once(parsePath))],
    action: actions.export,
    read: (parsed) => {
      const output = textOf(parsed, "output");
      if (output === null && isSet(parsed, "json"))
        throw usage("stdout cannot hold both the export and --json", "Give --output FILE.");
      return { output: output === "-" ? null : output };
    },
  });
  add({
    name: "import",
    description: "read a mapping that was exported",
    arguments: [new Argument("<file>", "file to read; - for stdin").argParser(parsePath)],
    options: [new Option("--dry-run", "check the file, change nothing"), yesOption()],
    action: actions.import,
    read: (parsed) => ({ input: String(parsed.args[0]), dryRun: isSet(parsed, "dryRun") }),
    question: ({ input, dryRun }) =>
      dryRun
        ? null
        : `Fill the database from ${input === "-" ? "stdin" : input}? It takes the place of what the database holds.`,
  });
  add({
    name: "lookups",
    description: "list what the Huawei Cloud account knows: regions, products, problem types and so on",
    arguments: [
      new Argument("[kind]", "what to list (default: all that the given ids suffice for)").choices(lookupKinds),
    ],
    options: [
      connectionOption(),
      new Option("--sub-type <id>", "narrow to a case sub-type").argParser(once(parseIdentifier)),
      new Option("--product <id>", "narrow to a product").argParser(once(parseIdentifier)),
      new Option("--problem-type <id>", "narrow to a problem type").argParser(once(parseIdentifier)),
    ],
    action: actions.lookups,
    read: (parsed) => ({
      ...readConnection(parsed),
      kind: lookupKinds.find((kind) => kind === parsed.args[0]) ?? null,
      subTypeId: textOf(parsed, "subType"),
      productId: textOf(parsed, "product"),
      problemTypeId: textOf(parsed, "problemType"),
    }),
  });
}

function addStandInCommands(add: AddLeaf, actions: CliActions): void {
  const port = (description: string) =>
    new Option("--port <number>", description).argParser(once(wholeNumberParser(1, 65_535)));
  add({
    name: "demo",
    description: "run everything on this machine against simulators, with people's traffic",
    options: [
      new Option("--once", "run a fixed script of traffic to its end, verify it and exit"),
      port("port of the page"),
    ],
    action: actions.demo,
    read: (parsed) => ({ once: isSet(parsed, "once"), port: numberOf(parsed, "port") }),
  });
  add({
    name: "simulate",
    description: "run one simulator alone",
    arguments: [new Argument("<side>", "the service to stand in for").choices(["huawei", "jira"])],
    options: [port("port to listen on (default: 9081 for huawei, 9082 for jira)")],
    action: actions.simulate,
    read: (parsed) => {
      const side: "huawei" | "jira" = parsed.args[0] === "jira" ? "jira" : "huawei";
      return { side, port: numberOf(parsed, "port") };
    },
  });
}

function addLeaf<Options>({ parent, io }: { readonly parent: Command; readonly io: CliIo }, leaf: Leaf<Options>): void {
  const { action } = leaf;
  if (action === undefined) return;
  const command = parent.command(leaf.name).description(leaf.description);
  prepare(command, io);
  for (const argument of leaf.arguments ?? []) command.addArgument(argument);
  for (const option of leaf.options ?? []) command.addOption(option);
  command.addOption(new Option("--json", "print the result as one JSON document"));
  if (leaf.help !== undefined) command.addHelpText("after", leaf.help);
  command.action(async () => {
    const parsed: Parsed = { options: command.opts(), args: command.processedArgs };
    const json = isSet(parsed, "json");
    const options = withHelpRemedy(command, () => leaf.read(parsed));
    const progress = makeProgress(io.stderr, !json);
    const context: CommandContext = { json, progress, confirm: makeConfirm({ io, json, yes: isSet(parsed, "yes") }) };
    const question = leaf.question?.(options) ?? null;
    if (question !== null && !(await context.confirm(question)))
      throw usage("Nothing was changed.", "Run it again and answer y, if that is what you want.");
    try {
      const { exitCode, human, json: document } = await action(options, context);
      progress.stop();
      await writeOut(io.stdout, json ? renderJson(document) : renderBlocks(human, styleOf(io.stdout, io.env)));
      io.setExitCode(exitCode);
    } finally {
      progress.stop();
    }
  });
}

/** Streams, and errors as `CommandFailure` with a remedy that names this command. */
function prepare(command: Command, io: CliIo): void {
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

function withHelpRemedy<T>(command: Command, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    throw usage(error.message, `${error.remedy ?? ""} ${seeHelp(command)}`.trim());
  }
}

function seeHelp(command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name());
  return `See: ${names.join(" ")} --help`;
}

function usage(message: string, remedy: string): CommandFailure {
  return new CommandFailure({ code: ExitCode.usage, message, remedy });
}

/** Commander ends help and version by an error, too: done where they were asked for, usage where a command is missing; else `null`. */
function shownHelpCode(error: unknown): ExitCode | null {
  if (!(error instanceof CommanderError)) return null;
  if (!["commander.help", "commander.helpDisplayed", "commander.version"].includes(error.code)) return null;
  return error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
}

function makeConfirm({ io, json, yes }: { readonly io: CliIo; readonly json: boolean; readonly yes: boolean }) {
  return async (question: string): Promise<boolean> => {
    if (yes) return true;
    if (json || io.ask === null)
      throw usage(`${question} Nobody can be asked here.`, "Add --yes if that is what you want.");
    return /^\s*y(es)?\s*$/i.test(await io.ask(`${question} [y/N] `));
  };
}

type FailureOutput = {
  readonly failure: FailureFacts;
  readonly error: unknown;
  readonly io: CliIo;
  readonly json: boolean;
};

async function printFailure({ failure, error, io, json }: FailureOutput): Promise<void> {
  const { code, message, remedy } = failure;
  if (json) await writeOut(io.stdout, renderJson({ error: { code, message, remedy } }));
  const wantsFrames = ["debug", "trace"].includes(io.env.LOG_LEVEL ?? "") && code === ExitCode.failed;
  const lines = [
    `casebridge: ${message}`,
    ...(remedy === null ? [] : [`→ ${remedy}`]),
    ...(wantsFrames ? [renderJson(describeError(error)).trimEnd()] : []),
  ];
  const style = styleOf(io.stderr, io.env);
  await writeOut(io.stderr, renderBlocks([{ kind: "text", text: lines.join("\n") }], style));
}

const limitDefault = 50;

function connectionOption(): Option {
  return new Option("--connection <name>", "one connection (default: all)").argParser(once(parseIdentifier));
}
function caseOption(): Option {
  return new Option("--case <id>", "one case, by its id").argParser(once(parseIdentifier));
}
function yesOption(): Option {
  return new Option("--yes", "do not ask before doing it");
}
function limitOption(): Option {
  return new Option("--limit <number>", `at most so many (default: ${limitDefault})`).argParser(
    once(wholeNumberParser(1, 10_000)),
  );
}
function choice(flags: string, description: string, words: readonly string[]): Option {
  const option = new Option(flags, description).choices(words);
  const { parseArg } = option;
  return option.argParser(once((text) => (parseArg === undefined ? text : parseArg(text, undefined))));
}

/** Refuses an option that is given twice: commander would quietly take the last one. */
function once<T>(parse: (text: string) => T): (text: string, previous: unknown) => T {
  return (text, previous) => {
    if (previous !== undefined) throw new InvalidArgumentError("It is given twice.");
    return parse(text);
  };
}

function readConnection(parsed: Parsed): { readonly connection: string | null } {
  return { connection: textOf(parsed, "connection") };
}
function findTarget(parsed: Parsed): LinkTarget | null {
  const caseId = textOf(parsed, "case");
  const issueKey = textOf(parsed, "issue");
  if (caseId !== null) return { kind: "case", caseId };
  return issueKey === null ? null : { kind: "issue", issueKey };
}
function textOf(parsed: Parsed, name: string): string | null {
  const value = parsed.options[name];
  return typeof value === "string" ? value : null;
}
function numberOf(parsed: Parsed, name: string): number | null {
  const value = parsed.options[name];
  return typeof value === "number" ? value : null;
}
function isSet(parsed: Parsed, name: string): boolean {
  return parsed.options[name] === true;
}
