/** `casebridge export`: the mapping as JSON lines, to a file or a pipe. */
import { randomBytes } from "node:crypto";
import { once as onceEvent } from "node:events";
import { createWriteStream } from "node:fs";
import { realpath, rename, rm, stat } from "node:fs/promises";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { Option } from "commander";
import { type CommandResult, defineCommand } from "./cli/command.ts";
import { CommandFailure, ExitCode } from "./cli/exit-code.ts";
import { parsePath } from "./cli/option-values.ts";
import { isSet, once, textOf, usage } from "./cli/options.ts";

/** `casebridge export`. `output` null = stdout; then nothing else is printed there. */
export const command = defineCommand({
  options: () => [new Option("--output <file>", "file to write (default: stdout)").argParser(once(parsePath))],
  read: (parsed) => {
    const output = textOf(parsed, "output");
    if (output === null && isSet(parsed, "json"))
      throw usage("stdout cannot hold both the export and --json", "Give --output FILE.");
    return { output: output === "-" ? null : output };
  },
  run: ({ output }, { app }) => app.withDatabase("read", (admin) => exportTo(admin, output)),
});

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
      if (!stream.write(`${line}\n`)) await Promise.race([onceEvent(stream, "drain"), onceEvent(stream, "close")]);
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
