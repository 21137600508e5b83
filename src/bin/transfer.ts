/** `casebridge export` and `casebridge import`: the mapping as JSON lines, to a file or a pipe and back. */

import { once } from "node:events";
import { createReadStream, createWriteStream, fchmodSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { CommandResult } from "../admin/actions.ts";
import { CommandFailure, ExitCode } from "../admin/exit-code.ts";
import type { AdminStore } from "../store/admin.ts";
import { DatabaseNotEmpty, InvalidExport } from "../store/transfer.ts";

/** Writes the mapping; `output` null = stdout. A file is readable by its owner alone. Throws `CommandFailure`. */
export async function exportTo(admin: AdminStore, output: string | null): Promise<CommandResult> {
  const stream: Writable = output === null ? process.stdout : createWriteStream(output, { mode: 0o600 });
  // The mode above holds for a new file only; one that was there may be open to others.
  if (output !== null) stream.once("open", (fd: number) => fchmodSync(fd, 0o600));
  let broken: Error | null = null;
  stream.on("error", (error) => {
    broken ??= error;
  });
  const fail = (error: Error): never => {
    throw new CommandFailure({
      code: ExitCode.usage,
      message: `${output ?? "The output"} cannot be written: ${error.message}`,
      remedy: "Name a file in a folder that exists, with room left.",
    });
  };
  const counts = await admin.exportMapping(async (line) => {
    if (broken !== null) fail(broken);
    if (!stream.write(`${line}\n`)) await Promise.race([once(stream, "drain"), once(stream, "close")]);
  });
  if (output !== null) {
    stream.end();
    await finished(stream).catch(fail);
  }
  return {
    exitCode: ExitCode.done,
    human: output === null ? [] : [{ kind: "text", text: `Written to ${output}.` }],
    json: counts,
  };
}

/** Reads a mapping; `input` `-` = stdin. With `dryRun` everything is checked and nothing kept. Throws `CommandFailure`. */
export async function importFrom(
  admin: AdminStore,
  options: { readonly input: string; readonly dryRun: boolean },
): Promise<CommandResult> {
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
    if (error instanceof InvalidExport)
      throw new CommandFailure({
        code: ExitCode.usage,
        message: `${name}, ${error.message}.`,
        remedy: "Nothing was imported. Take a complete file of `casebridge export`.",
      });
    if (error instanceof DatabaseNotEmpty)
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
