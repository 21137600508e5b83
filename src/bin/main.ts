import { readFileSync } from "node:fs";
import { makeProcessIo, runCli } from "../admin/cli.ts";
import { actions } from "./actions.ts";

/** Runs the command that the process was started with, and sets its exit code. */
export async function main(): Promise<void> {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  await runCli({ actions, io: makeProcessIo(process), argv: process.argv.slice(2), version });
}
