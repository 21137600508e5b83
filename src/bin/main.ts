import { runCli } from "../commands/cli/cli.ts";
import { makeProcessIo } from "../commands/cli/terminal.ts";
import { commands } from "../commands/index.ts";
import { readVersion } from "../lib/version.ts";

/** Runs the command that the process was started with, and sets its exit code. Adapters are loaded only by a command that runs. */
export async function main(): Promise<void> {
  await runCli({
    commands,
    app: async () => (await import("./app.ts")).makeApp(),
    io: makeProcessIo(process),
    argv: process.argv.slice(2),
    version: readVersion(),
  });
}
