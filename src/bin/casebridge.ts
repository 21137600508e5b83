#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { makeProcessIo, runCli } from "../admin/cli.ts";
import { actions } from "./actions.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

await runCli({ actions, io: makeProcessIo(process), argv: process.argv.slice(2), version });
