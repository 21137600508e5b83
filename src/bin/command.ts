/** What every command starts and ends with: the configuration, the wiring, the note of who did what. */
import type { CommandResult } from "../commands/actions.ts";
import { ExitCode } from "../commands/exit-code.ts";
import type { Config, ConfigPurpose } from "../config/config.ts";
import { loadConfig } from "../config/load-config.ts";
import { trustAlso } from "../lib/trust.ts";
import { makeLogger } from "../observability/logger.ts";
import { type AdminStore, makeAdminStore } from "../store/admin.ts";
import type { Log } from "../sync/ports.ts";
import { commandActor } from "./actor.ts";
import { compose, type DatabaseAccess, onFoundSchema, openDatabase, type Parts } from "./compose.ts";

/** The configuration; `configFile` stands for the one that is configured. Throws all its errors. */
export function readConfig(purpose: ConfigPurpose, configFile: string | null = null): Config {
  const env = configFile === null ? process.env : { ...process.env, CONFIG_FILE: configFile };
  const loaded = loadConfig({ purpose, env });
  if (!loaded.ok) throw loaded.errors;
  trustAlso(loaded.config.authorities);
  return loaded.config;
}

/** Commands answer on stdout, so what they log goes to stderr, and only when it matters. */
export function commandLog(config: Config): Log {
  const level = config.logLevel === "info" ? "warn" : config.logLevel;
  return makeLogger({ level, pretty: process.stderr.isTTY === true, output: "stderr" });
}

/** For commands that need the database alone: no service, no connection. */
export async function withDatabase(
  access: DatabaseAccess,
  work: (admin: AdminStore) => Promise<CommandResult>,
): Promise<CommandResult> {
  const config = readConfig("database");
  const database = await openDatabase(config, commandLog(config), { access });
  try {
    const admin = makeAdminStore({ prisma: database.prisma, actor: commandActor() });
    return await onFoundSchema(database, () => work(admin));
  } finally {
    await database.close();
  }
}

/** Works with everything wired. A command that only looks says `read`, and nothing that it does can change the database. */
export async function withParts(
  access: "write" | "read",
  work: (parts: Parts) => Promise<CommandResult>,
): Promise<CommandResult> {
  const config = readConfig("command");
  const parts = await compose(config, commandLog(config), { access });
  try {
    return await onFoundSchema(parts.database, () => work(parts));
  } finally {
    await parts.close();
  }
}

/** What commands and the page ask of the store, as this user. */
export function adminOf(parts: Parts): AdminStore {
  return makeAdminStore({ prisma: parts.database.prisma, clock: parts.clock, actor: commandActor() });
}

/** Notes an act of many transactions at its start and at its end, however it ends; `null` = it only looks. */
export async function noted(
  parts: Parts,
  act: { readonly action: string; readonly target: string } | null,
  work: () => Promise<CommandResult>,
): Promise<CommandResult> {
  if (act === null) return work();
  const admin = adminOf(parts);
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
