import { makeProcessIo, runCli } from "../commands/cli.ts";
import { readVersion } from "../lib/version.ts";
import { actions } from "./actions.ts";

/** Runs the command that the process was started with, and sets its exit code. */
export async function main(): Promise<void> {
  await runCli({ actions, io: makeProcessIo(process), argv: process.argv.slice(2), version: readVersion() });
}
