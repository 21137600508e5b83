import { expect, test } from "vitest";
import { type ErrorKind, ServiceError } from "../../domain/service-error.ts";
import { commands } from "../index.ts";
import type { App } from "./app.ts";
import { runCli } from "./cli.ts";
import type { CommandContext, CommandEntry, CommandResult, CommandTable } from "./command.ts";
import { CommandFailure, ExitCode } from "./exit-code.ts";
import { parseSince } from "./option-values.ts";
import type { CliIo } from "./terminal.ts";

const now = new Date("2026-03-10T12:00:00Z");
const done: CommandResult = { exitCode: 0, human: [{ kind: "text", text: "fine" }], json: { fine: true } };

type Setup = {
  result?: CommandResult;
  act?: (options: unknown, context: CommandContext) => Promise<CommandResult>;
  env?: Record<string, string>;
  ask?: CliIo["ask"];
  table?: CommandTable;
};

async function run(
  line: string | string[],
  { result = done, act, env = {}, ask = null, table = commands }: Setup = {},
) {
  const out = { stdout: "", stderr: "", calls: [] as { name: string; options: unknown }[], set: -1 };
  const write = (name: "stdout" | "stderr") => ({
    write(text: string, finished?: () => void) {
      out[name] += text;
      finished?.();
    },
  });
  const record = (name: string, entry: CommandEntry): CommandEntry => ({
    ...entry,
    load: async () => {
      const { command } = await entry.load();
      return {
        command: {
          ...command,
          prepare: (parsed) => {
            const prepared = command.prepare(parsed);
            const { options } = prepared;
            const work = async (context: CommandContext): Promise<CommandResult> => {
              out.calls.push({ name, options });
              return act === undefined ? result : act(options, context);
            };
            return { ...prepared, run: work };
          },
        },
      };
    },
  });
  const io: CliIo = {
    stdout: write("stdout"),
    stderr: write("stderr"),
    env,
    now: () => now,
    ask,
    setExitCode: (code) => {
      out.set = code;
    },
  };
  const argv = Array.isArray(line) ? line : line.split(" ").filter((word) => word !== "");
  const code = await runCli({
    commands: table.map((entry) =>
      "commands" in entry
        ? { ...entry, commands: entry.commands.map((leaf) => record(`${entry.name} ${leaf.name}`, leaf)) }
        : record(entry.name, entry),
    ),
    app: async () => noApp,
    io,
    argv,
    version: "9.8.7",
  });
  expect(out.set).toBe(code);
  return { code, ...out };
}

/** Commands get nothing: their work is recorded in place of being done. */
const noApp: App = Object.create(null);

const leaves = commands.flatMap((entry) =>
  "commands" in entry ? entry.commands.map((leaf) => `${entry.name} ${leaf.name}`) : [entry.name],
);

const connection = null;
const flags = {
  dryRun: false,
  config: null,
  texts: false,
  wait: false,
  includeHistory: false,
  recreate: false,
  rerender: false,
  connection,
};

test.each<[string, string, unknown]>([
  ["worker", "worker", {}],
  ["completion zsh", "completion", { shell: "zsh" }],
  ["migrate --json", "migrate", {}],
  ["doctor --connection ops", "doctor", { connection: "ops", report: null }],
  ["doctor --report answers.json", "doctor", { connection: null, report: "answers.json" }],
  ["resync --case TT1 --dry-run", "resync", { ...flags, target: { kind: "case", caseId: "TT1" }, dryRun: true }],
  [
    "resync --issue ops-7 --include-history --recreate --yes",
    "resync",
    { ...flags, target: { kind: "issue", issueKey: "OPS-7" }, includeHistory: true, recreate: true },
  ],
  [
    "resync --since 7d --wait --connection ops",
    "resync",
    { ...flags, target: { kind: "since", since: new Date("2026-03-03T12:00:00Z") }, wait: true, connection: "ops" },
  ],
  [
    "resync --all --dry-run --config draft.yaml",
    "resync",
    { ...flags, target: { kind: "all" }, dryRun: true, config: "draft.yaml" },
  ],
  ["resync --all --dry-run --texts", "resync", { ...flags, target: { kind: "all" }, dryRun: true, texts: true }],
  ["resync --all --rerender", "resync", { ...flags, target: { kind: "all" }, rerender: true }],
  ["verify", "verify", { target: { kind: "all" }, deep: false, connection }],
  ["verify --all --deep", "verify", { target: { kind: "all" }, deep: true, connection }],
  ["verify --case TT1", "verify", { target: { kind: "case", caseId: "TT1" }, deep: false, connection }],
  ["status", "status", { connection }],
  [
    "links list --state blocked --search OPS --limit 5",
    "links list",
    { connection, state: "blocked", search: "OPS", limit: 5 },
  ],
  ["links list", "links list", { connection, state: null, search: null, limit: 50 }],
  ["links show TT1", "links show", { connection, caseId: "TT1" }],
  [
    "links link TT1 OPS-7 --take-over --yes",
    "links link",
    { connection, caseId: "TT1", issueKey: "OPS-7", takeOver: true },
  ],
  ["links unlink TT1 --yes", "links unlink", { connection, caseId: "TT1" }],
  ["links move TT1 --issue NEW-1", "links move", { connection, caseId: "TT1", issueKey: "NEW-1" }],
  ["failures list --reason unknown_mark", "failures list", { connection, reason: "unknown_mark", limit: 50 }],
  ["failures show 12", "failures show", { id: "12" }],
  ["failures retry 12 13", "failures retry", { connection, selection: { kind: "ids", ids: ["12", "13"] }, word: null }],
  ["failures retry --all", "failures retry", { connection, selection: { kind: "all" }, word: null }],
  [
    "failures retry 12 --as-is",
    "failures retry",
    { connection, selection: { kind: "ids", ids: ["12"] }, word: "as_is" },
  ],
  [
    "failures retry --reason guard_held --masked",
    "failures retry",
    { connection, selection: { kind: "reason", reason: "guard_held" }, word: "masked" },
  ],
  [
    "failures discard --reason forbidden --yes",
    "failures discard",
    { connection, selection: { kind: "reason", reason: "forbidden" } },
  ],
  ["pause --direction to-jira", "pause", { connection, direction: "to-jira" }],
  ["resume", "resume", { connection, direction: null }],
  ["rebuild --dry-run", "rebuild", { connection, dryRun: true, takeOver: false }],
  ["rebuild --take-over --yes", "rebuild", { connection, dryRun: false, takeOver: true }],
  ["rebuild --take-over 1a2b-3c --yes", "rebuild", { connection, dryRun: false, takeOver: "1a2b-3c" }],
  ["export --output backup.jsonl --json", "export", { output: "backup.jsonl" }],
  ["export", "export", { output: null }],
  ["import - --dry-run", "import", { input: "-", dryRun: true }],
  [
    "lookups problem-types --product p1",
    "lookups",
    { connection, kind: "problem-types", subTypeId: null, productId: "p1", problemTypeId: null },
  ],
  ["lookups", "lookups", { connection, kind: null, subTypeId: null, productId: null, problemTypeId: null }],
  ["demo --once", "demo", { once: true, port: null }],
  ["simulate jira --port 8081", "simulate", { side: "jira", port: 8081 }],
])("%s calls %s with typed options", async (line, name, options) => {
  const { code, calls, stderr } = await run(line);

  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(calls).toEqual([{ name, options }]);
});

test.each<[string, RegExp]>([
  ["resync", /needs to know what/],
  ["resync --dry-run", /--since 7d or --all/],
  ["resync --case", /argument missing/],
  ["resync --case --all", /value is missing/],
  ["resync --case= --dry-run", /value is missing/],
  ["resync --case TT1 --issue OPS-1", /cannot be used with/],
  ["resync --case TT1 --all", /cannot be used with/],
  ["resync --issue OPS-1 --since 7d", /cannot be used with/],
  ["resync --since 7d --all", /cannot be used with/],
  ["resync --case A --case B", /given twice/],
  ["resync --since yesterday", /Expected 30m/],
  ["resync --since 2999-01-01", /in the past/],
  ["resync --issue seven", /such as OPS-7/],
  ["resync --all --include-history", /--include-history is for one issue/],
  ["resync --all --recreate", /--recreate is for one case or issue/],
  ["resync --all --everything", /unknown option '--everything'/],
  ["resync --al", /Did you mean --all\?/],
  ["resync --all extra", /too many arguments/],
  ["verify --case TT1 --all", /cannot be used with/],
  ["statsu", /Did you mean status\?/],
  ["links lst", /unknown command/],
  ["links link TT1", /missing required argument 'issue'/],
  ["links list --state odd", /Allowed choices are/],
  ["links list --limit 0", /from 1 to 10000/],
  ["failures retry", /no failure is named/],
  ["failures retry 1 --all", /cannot be used/],
  ["failures retry --all --as-is", /needs the ids of failures/],
  ["failures retry 1 --masked --as-is", /cannot be used with/],
  ["failures discard --reason a --all", /cannot be used with/],
  ["pause --direction up", /Allowed choices are/],
  ["export --json", /--output FILE/],
  ["import", /missing required argument/],
  ["lookups everything", /Allowed choices are/],
  ["simulate", /missing required argument/],
  ["simulate mars", /Allowed choices are/],
  ["simulate jira --port 70000", /from 1 to 65535/],
])("`%s` is wrong usage: code 2, a message and a one-line remedy", async (line, expected) => {
  const { code, calls, stdout, stderr } = await run(line);

  expect(code).toBe(ExitCode.usage);
  expect(calls).toEqual([]);
  expect(stderr).toMatch(expected);
  expect(stderr).toMatch(/^casebridge: .+\n→ .*See: casebridge.* --help\n$/);
  if (!line.includes("--json")) expect(stdout).toBe("");
});

test("every command has help with --json in it, and help of help is code 0", async () => {
  const overview = await run("--help");
  const listed = [...overview.stdout.matchAll(/^ {2}([a-z]+)[ [<|]/gm)].map(([, name = ""]) => name);

  expect(overview.code).toBe(0);
  expect(overview.stdout).toContain("Exit codes: 0 done");
  expect(listed).toEqual([...commands.map(({ name }) => name), "help"]);
  for (const leaf of leaves) {
    const help = await run(`${leaf} --help`);
    expect(help.code, leaf).toBe(0);
    expect(help.stdout, leaf).toContain("--json");
    expect(help.stdout, leaf).toContain(`Usage: casebridge ${leaf}`);
    expect(help.calls, leaf).toEqual([]);
  }
  expect((await run("help resync")).stdout).toContain("--include-history");
  expect((await run("--version")).stdout).toBe("9.8.7\n");
});

test("every argument in the table has its description and its parser in the command's file", async () => {
  for (const entry of commands.flatMap((one) => ("commands" in one ? one.commands : [one]))) {
    const { command } = await entry.load();
    const names = entry.arguments?.split(" ") ?? [];
    expect(command.arguments?.length ?? 0, entry.name).toBe(names.length);
  }
});

test("only the command that a command line names is loaded", async () => {
  const loads: string[] = [];
  const watch = (entry: CommandEntry): CommandEntry => ({
    ...entry,
    load: () => {
      loads.push(entry.name);
      return entry.load();
    },
  });
  const table = commands.map((entry) =>
    "commands" in entry ? { ...entry, commands: entry.commands.map(watch) } : watch(entry),
  );

  for (const line of ["--help", "links --help", "--version", "statsu"]) await run(line, { table });
  expect(loads).toEqual([]);

  for (const line of ["links show TT1", "help resync", "status --json"]) await run(line, { table });
  expect(loads).toEqual(["show", "resync", "status"]);
});

test("no command, or a group without one, shows help on stderr and is code 2", async () => {
  for (const line of ["", "links"]) {
    const { code, stdout, stderr } = await run(line);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Usage: casebridge");
  }
});

test("a command that the table lacks is not listed and not known", async () => {
  const table = commands.filter(({ name }) => name === "status");

  const help = await run("--help", { table });
  const unknown = await run("links list", { table });

  expect(help.stdout).toContain("status");
  expect(help.stdout).not.toMatch(/^ {2}(links|failures|worker)\b/m);
  expect(unknown.code).toBe(2);
});

test("the result is printed for people, or as exactly one JSON document", async () => {
  const human = await run("status");
  const json = await run("status --json");

  expect(human.stdout).toBe("fine\n");
  expect(JSON.parse(json.stdout)).toEqual({ fine: true });
  expect(json.stderr).toBe("");
});

test("the exit code is the action's, and its result is printed all the same", async () => {
  const { code, stdout } = await run("verify", { result: { ...done, exitCode: ExitCode.outOfSync } });

  expect(code).toBe(3);
  expect(stdout).toBe("fine\n");
});

function serviceError(kind: ErrorKind): ServiceError {
  return new ServiceError({
    side: "jira",
    kind,
    operation: "getMyself",
    status: 401,
    code: null,
    requestId: null,
    retryAfterMs: null,
    outcomeUnknown: false,
    detail: "no",
  });
}

test.each<[string, unknown, number, RegExp]>([
  ["a service that cannot be reached", serviceError("unavailable"), 4, /Check the network/],
  ["refused credentials", serviceError("unauthorized"), 4, /JIRA_API_TOKEN/],
  ["another refusal of a service", serviceError("forbidden"), 1, /permission/],
  [
    "a failure with its own code",
    new CommandFailure({ code: 3, message: "drift", remedy: "Resync." }),
    3,
    /drift\n→ Resync\./,
  ],
  [
    "one mistake in the configuration",
    { variable: "JIRA_HOST", path: null, message: "is not set", remedy: "Set it." },
    2,
    /JIRA_HOST is not set\n→ Set it\./,
  ],
  [
    "all mistakes in the configuration",
    [
      { variable: "A", path: null, message: "is bad", remedy: "Mend." },
      { variable: null, path: "b", message: "is bad", remedy: "Mend." },
    ],
    2,
    /A is bad.*\nb is bad/,
  ],
  ["a ConfigError", Object.assign(new Error("bad"), { name: "ConfigError" }), 2, /bad/],
  [
    "anything else",
    new TypeError("x is not a function"),
    1,
    /^casebridge: x is not a function\n→ .*LOG_LEVEL=debug.*\n$/,
  ],
  ["what is no error", "hunter2", 1, /^casebridge: something that is no error/],
])("%s ends a command with its code", async (_what, error, expected, text) => {
  const fail = { act: () => Promise.reject(error) };

  const human = await run("doctor", fail);
  const json = await run("doctor --json", fail);

  expect(human.code).toBe(expected);
  expect(human.stderr).toMatch(text);
  expect(human.stdout).toBe("");
  expect(human.stderr).not.toContain("hunter2");
  expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: expected } });
});

test("where an unexpected error happened is told at debug level only", async () => {
  const fail = { act: () => Promise.reject(new TypeError("x is not a function")) };

  expect((await run("doctor", fail)).stderr).not.toContain("cli.test.ts");
  expect((await run("doctor", { ...fail, env: { LOG_LEVEL: "debug" } })).stderr).toContain("cli.test.ts");
});

test.each([
  ["failures discard 4 7", "failures discard", "the failures 4, 7"],
  ["failures discard --all", "failures discard", "all failures"],
  ["links unlink TT1", "links unlink", "case TT1"],
  ["links link TT1 OPS-7 --take-over", "links link", "OPS-7"],
  ["import mapping.jsonl", "import", "mapping.jsonl"],
  ["rebuild --take-over", "rebuild", "other installations"],
  ["rebuild --take-over abc", "rebuild", "installation abc"],
])("%s cannot be undone: it asks on a terminal, and needs --yes elsewhere", async (line, name, named) => {
  let asked = "";
  const answer = (word: string) => async (question: string) => {
    asked = question;
    return word;
  };

  const alone = await run(line);
  const asJson = await run(`${line} --json`, { ask: answer("y") });
  const refused = await run(line, { ask: answer("n") });
  const agreed = await run(line, { ask: answer("y") });
  const told = await run(`${line} --yes`);

  for (const result of [alone, asJson, refused]) expect(result).toMatchObject({ code: 2, calls: [] });
  expect(alone.stderr).toContain("--yes");
  expect(refused.stderr).toContain("Nothing was changed");
  expect(asked).toContain(named);
  for (const result of [agreed, told]) expect(result).toMatchObject({ code: 0, calls: [{ name }] });
});

test.each([
  "links link TT1 OPS-7",
  "import a.jsonl --dry-run",
  "rebuild",
  "rebuild --take-over --dry-run",
  "failures retry --all",
])("%s can be undone or changes nothing, and asks nobody", async (line) => {
  expect((await run(line)).code).toBe(0);
});

test("a question is asked on a terminal, answered by --yes, and wrong usage where nobody can answer", async () => {
  const act = async (_options: unknown, context: CommandContext): Promise<CommandResult> => {
    const agreed = await context.confirm("Discard 3 failures?");
    return { exitCode: agreed ? 0 : 3, human: [], json: { agreed } };
  };

  expect((await run("resync --all", { act, ask: async () => "y" })).code).toBe(0);
  expect((await run("resync --all", { act, ask: async () => "" })).code).toBe(3);
  expect((await run("resync --all --yes", { act })).code).toBe(0);
  const alone = await run("resync --all", { act });
  expect(alone.code).toBe(2);
  expect(alone.stderr).toContain("--yes");
});

test.each<[string, string | null]>([
  ["30m", "2026-03-10T11:30:00.000Z"],
  ["12h", "2026-03-10T00:00:00.000Z"],
  ["7d", "2026-03-03T12:00:00.000Z"],
  ["2W", "2026-02-24T12:00:00.000Z"],
  ["2026-01-31", "2026-01-31T00:00:00.000Z"],
  ["2026-03-10T08:00:00+08:00", "2026-03-10T00:00:00.000Z"],
  ["2026-03-10T08:00:00+0800", "2026-03-10T00:00:00.000Z"],
  ["2026-03-10T08:00Z", "2026-03-10T08:00:00.000Z"],
  ["2026-02-30", null],
  ["2026-03-10T08:00:00", null],
  ["2026-13-01", null],
  ["2026-03-10T25:00Z", null],
  ["7", null],
  ["-7d", null],
  ["0d", null],
  ["7 days", null],
  ["999999w", null],
  ["", null],
])("--since %s means %s", (text, expected) => {
  const parse = () => parseSince(text, now).toISOString();

  if (expected === null) expect(parse).toThrow(/Expected/);
  else expect(parse()).toBe(expected);
});
