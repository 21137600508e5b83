/** What commands do around their work: their log, and the note of who did what. */
import type { Config } from "../../config/config.ts";
import { makeLogger } from "../../observability/logger.ts";
import type { Log } from "../../sync/ports.ts";
import type { Composition } from "./app.ts";
import type { CommandResult } from "./command.ts";
import { ExitCode } from "./exit-code.ts";

/** Commands answer on stdout, so what they log goes to stderr, and only when it matters. */
export function commandLog(config: Pick<Config, "logLevel">): Log {
  const level = config.logLevel === "info" ? "warn" : config.logLevel;
  return makeLogger({ level, pretty: process.stderr.isTTY === true, output: "stderr" });
}

/** Notes an act of many transactions at its start and at its end, however it ends; `null` = it only looks. */
export async function noted(
  { admin }: Pick<Composition, "admin">,
  act: { readonly action: string; readonly target: string } | null,
  work: () => Promise<CommandResult>,
): Promise<CommandResult> {
  if (act === null) return work();
  await admin.recordAct({ ...act, outcome: "started" });
  try {
    const result = await work();
    await admin.recordAct({ ...act, outcome: result.exitCode === ExitCode.done ? "done" : "done in part" });
    return result;
  } catch (error) {
    // What failed matters more than that it could not be noted.
    await admin.recordAct({ ...act, outcome: "failed" }).catch(() => {});
    throw error;
  }
}
