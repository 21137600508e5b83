/** `casebridge import`: reads a mapping that was exported. */
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { Option } from "commander";
import type { AdminStore } from "../store/admin.ts";
import { type CommandResult, defineCommand } from "./cli/command.ts";
import { CommandFailure, ExitCode } from "./cli/exit-code.ts";
import { parsePath } from "./cli/option-values.ts";
import { isSet, yesOption } from "./cli/options.ts";

/** `input` `-` = stdin. */
type ImportOptions = { readonly input: string; readonly dryRun: boolean };

/** `casebridge import`. */
export const command = defineCommand<ImportOptions>({
  arguments: [{ description: "file to read; - for stdin", parse: parsePath }],
  options: () => [new Option("--dry-run", "check the file, change nothing"), yesOption()],
  read: (parsed) => ({ input: String(parsed.args[0]), dryRun: isSet(parsed, "dryRun") }),
  question: ({ input, dryRun }) =>
    dryRun
      ? null
      : `Fill the database from ${input === "-" ? "stdin" : input}? It takes the place of what the database holds.`,
  run: (options, { app }) =>
    app.withDatabase(options.dryRun ? "rehearse" : "write", (admin) => importFrom(admin, options)),
});

/** Reads a mapping; `input` `-` = stdin. With `dryRun` everything is checked and nothing kept. Throws `CommandFailure`. */
async function importFrom(admin: AdminStore, options: ImportOptions): Promise<CommandResult> {
  const name = options.input === "-" ? "stdin" : options.input;
  try {
    const counts = await admin.importMapping(readLines(options.input), { dryRun: options.dryRun });
    return {
      exitCode: ExitCode.done,
      human: [
        { kind: "facts", title: options.dryRun ? "Would be imported" : "Imported", rows: Object.entries(counts) },
      ],
      json: { dryRun: options.dryRun, ...counts },
    };
  } catch (error) {
    if (error instanceof Error && error.name === "InvalidExport")
      throw new CommandFailure({
        code: ExitCode.usage,
        message: `${name}, ${error.message}.`,
        remedy: "Nothing was imported. Take a complete file of `casebridge export`.",
      });
    if (error instanceof Error && error.name === "DatabaseNotEmpty")
      throw new CommandFailure({
        code: ExitCode.usage,
        message: "The database holds links or failures already, so nothing was imported.",
        remedy: "Import into an empty database: name one in DATABASE_URL, or take another DATA_DIR.",
      });
    if (error instanceof Error && "code" in error && ["ENOENT", "EACCES", "EISDIR"].includes(String(error.code)))
      throw new CommandFailure({
        code: ExitCode.usage,
        message: `${name} cannot be read: ${error.message}`,
        remedy: "Check the name and the permissions of the file.",
      });
    throw error;
  }
}

/** Begins to read only when it is asked for a line: readline forgets lines, and its end, that come before somebody listens. */
async function* readLines(path: string): AsyncGenerator<string> {
  const input = path === "-" ? process.stdin : createReadStream(path);
  const failed = once(input, "error").then(([error]) => {
    throw error;
  });
  failed.catch(() => {});
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([lines.next(), failed]);
    if (next.done === true) break;
    yield next.value;
  }
  if (input.errored !== null && input.errored !== undefined) throw input.errored;
}
