/** `casebridge export` and `casebridge import`: the mapping as JSON lines, to a file or a pipe and back. */

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { realpath, rename, rm, stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { AdminStore } from "../store/admin.ts";
import { DatabaseNotEmpty, InvalidExport } from "../store/transfer.ts";
import type { CommandResult } from "./actions.ts";
import { CommandFailure, ExitCode } from "./exit-code.ts";

/** Gives the mapping line by line, and counts what it gave. */
type Exporting = {
  exportMapping(write: (line: string) => Promise<void>): Promise<Readonly<Record<string, number>>>;
};

/**
 * Writes the mapping; `output` null = stdout. A file is its owner's alone, whatever was there before: it is written beside and takes the
 * place of the old one when it is whole, so nobody who had that one open reads along. A pipe or device is written to as it is. Throws
 * `CommandFailure`; the old file stays then.
 */
export async function exportTo(admin: Exporting, output: string | null): Promise<CommandResult> {
  const fail = (error: Error): never => {
    throw new CommandFailure({
      code: ExitCode.usage,
      message: `${output ?? "The output"} cannot be written: ${error.message}`,
      remedy: "Name a file in a folder that exists, with room left.",
    });
  };
  const place = output === null ? null : await findPlace(output).catch(fail);
  const stream: Writable =
    place === null ? process.stdout : createWriteStream(place.written, { mode: 0o600, flags: place.flags });
  let broken: Error | null = null;
  stream.on("error", (error) => {
    broken ??= error;
  });
  const write = async () => {
    const counts = await admin.exportMapping(async (line) => {
      if (broken !== null) fail(broken);
      if (!stream.write(`${line}\n`)) await Promise.race([once(stream, "drain"), once(stream, "close")]);
    });
    if (place === null) return counts;
    stream.end();
    await finished(stream).catch(fail);
    if (place.written !== place.final) await rename(place.written, place.final).catch(fail);
    return counts;
  };
  const counts = await write().catch(async (error: unknown) => {
    if (place !== null) stream.destroy();
    if (place !== null && place.written !== place.final) {
      // The file may still be about to be made: it can be removed only once the stream has let go of it.
      await finished(stream).catch(() => {});
      await rm(place.written, { force: true });
    }
    throw error;
  });
  return {
    exitCode: ExitCode.done,
    human: output === null ? [] : [{ kind: "text", text: `Written to ${output}.` }],
    json: counts,
  };
}

type Place = { readonly written: string; readonly final: string; readonly flags: "w" | "wx" };

/** Where an export is written, and where it belongs: what a link names, never the link itself. */
async function findPlace(output: string): Promise<Place> {
  const final = await realpath(output).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return output;
  });
  const there = await stat(final).catch(() => null);
  if (there !== null && !there.isFile()) return { written: final, final, flags: "w" };
  return { written: `${final}.${randomBytes(6).toString("hex")}`, final, flags: "wx" };
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
