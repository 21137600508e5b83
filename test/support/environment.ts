/** The one environment of everything in test/ and bench/ that runs casebridge, and the configuration that casebridge makes of it. */
import { join } from "node:path";
import { simulatedEnvironment } from "../../src/commands/demo/environment.ts";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { dialectEnv } from "./dialect.ts";

/** Variables of a process. One that is set to "" is taken away. */
export type Env = Readonly<Record<string, string>>;

/** Where simulators, database and files are. */
export type Places = {
  readonly huawei: string;
  readonly jira: string;
  readonly connectionString: string;
  /** Folder of everything else: data, `casebridge.yaml`. */
  readonly folder: string;
};

/** The variables of this run's API version and login on these simulators, with `changes`. Names a page on any free port. */
export function stageEnvironment(places: Places, changes: Env = {}): Env {
  const env = {
    ...simulatedEnvironment(places),
    ...dialectEnv(),
    DATABASE_URL: places.connectionString,
    DATA_DIR: join(places.folder, "data"),
    HTTP_PORT: "0",
    LOG_LEVEL: "warn",
    ...changes,
  };
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
}

/** What a worker makes of these variables. Throws where they are wrong. */
export function stageConfig(env: Env, folder: string): Config {
  const loaded = loadConfig({ purpose: "worker", isolated: true, env, cwd: folder });
  if (!loaded.ok) throw new Error(`the configuration is wrong: ${JSON.stringify(loaded.errors)}`);
  return loaded.config;
}
