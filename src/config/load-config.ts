/**
 * Turns environment, `.env` and `casebridge.yaml` into one frozen `Config`, or into all their errors at once.
 *
 * Each setting of a connection is looked up in the file, then in the environment, then in the table of defaults. What
 * was given but wrong is reported where it is read; from there on it counts as given, so that one mistake makes one error.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Secret } from "../lib/secret.ts";
import { parseAuthorities } from "../lib/trust.ts";
import type { Config, ConfigPurpose, ConnectionConfig } from "./config.ts";
import { type ConfigError, makeConfigError } from "./config-error.ts";
import { type ParsedConfigFile, parseConfigFile } from "./config-file.ts";
import { buildConnections } from "./connections.ts";
import { listEffectiveSettings } from "./effective-settings.ts";
import { environmentVariables, type VariableName, type VariableValue, variableNames } from "./environment.ts";
import { loadHttp } from "./http-settings.ts";
import { loadNotify } from "./notify-settings.ts";
import { type Environment, makeVariables, type ReadFile, type Variables } from "./variables.ts";

export { type ConfigError, formatConfigErrors } from "./config-error.ts";

/** What `loadConfig` reads from, and for what. */
export type LoadConfigInput = {
  /** Defaults to `process.env`. */
  readonly env?: Environment;
  /** Folder of `.env` and `casebridge.yaml`, and what relative paths start from. Defaults to the working folder. */
  readonly cwd?: string;
  /**
   * - `worker` demands everything, the choice of COMMENTS_TO_HUAWEI included;
   * - `command` demands the credentials of both sides;
   * - `database` demands nothing and reads only what belongs to the process: `connections` is empty;
   * - `demo` demands nothing and touches nothing real: neither `.env` nor the file is read, `databaseUrl` and `redisUrl`
   *   are `null`, `connections` is empty; the demo keeps its data in a temporary folder, so `dataDir` is not used.
   */
  readonly purpose: ConfigPurpose;
  /** Reads neither `.env` nor `casebridge.yaml` of its own accord: for a worker that runs on simulators or in a test. */
  readonly isolated?: boolean;
  /** Returns the text of a file or throws as `node:fs` does, which is the default. */
  readonly readFile?: ReadFile;
};

/** A configuration, or everything that is wrong with it (at least one error). */
export type LoadConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

/**
 * Reads and checks the whole configuration. Never throws for what an operator wrote, reads no network, changes nothing,
 * may be repeated. Errors hold no secret; print them with `formatConfigErrors` and exit with 2.
 */
export function loadConfig(input: LoadConfigInput): LoadConfigResult {
  const { env = process.env, cwd = process.cwd(), purpose, readFile = (path) => readFileSync(path, "utf8") } = input;
  const isolated = input.isolated === true || purpose === "demo";
  const errors: ConfigError[] = [];
  const report = (error: ConfigError) => void errors.push(error);

  const envFile = isolated ? null : readOptional({ path: resolve(cwd, ".env"), name: ".env", readFile, report });
  const variables = makeVariables({ env, envFile: envFile ?? null, cwd, readFile, report });
  const needsConnections = purpose === "worker" || purpose === "command";
  const names = variableNames().filter((name) => needsConnections || environmentVariables[name].path === null);
  // Looked at in the order of the table first, so that errors come in the order in which people read `.env`.
  for (const name of names) findTyped(variables, name);

  const { connections, file } = needsConnections
    ? loadConnections({ variables, cwd, readFile, isolated, purpose, report })
    : { connections: [], file: null };
  const isDemo = purpose === "demo";
  const config: Config = {
    databaseUrl: isDemo ? null : toSecret(variables, "DATABASE_URL"),
    redisUrl: isDemo ? null : toSecret(variables, "REDIS_URL"),
    dataDir: resolve(cwd, getOr(variables, "DATA_DIR", ".data")),
    http: loadHttp({
      variables,
      listens: purpose === "worker" || isDemo,
      takesWebhooks: connections.some(({ jira }) => jira.webhookSecret !== null),
      report,
    }),
    notify: isDemo ? null : loadNotify(variables, report),
    workerConcurrency: getOr(variables, "WORKER_CONCURRENCY", 1),
    logLevel: getOr(variables, "LOG_LEVEL", "info"),
    crons: {
      cases: getOr(variables, "CASES_CRON", ""),
      issues: getOr(variables, "ISSUES_CRON", ""),
      check: getOr(variables, "CHECK_CRON", ""),
    },
    checkMaxAgeHours: getOr(variables, "CHECK_MAX_AGE_HOURS", 24),
    connections,
    settings: () => listEffectiveSettings({ variables, file, connections: connections.map(({ name }) => name) }),
    reread: () => {
      const again = loadConfig({ ...input, purpose: purpose === "worker" ? "command" : purpose });
      return again.ok ? again.config : null;
    },
    dataKey: isDemo ? null : toSecret(variables, "DATA_KEY"),
    authorities: loadAuthorities({ variables, cwd, readFile, report }),
    secretFiles: [...(envFile == null ? [] : [resolve(cwd, ".env")]), ...variables.listSecretFiles()],
  };
  return errors.length === 0 ? { ok: true, config: deepFreeze(config) } : { ok: false, errors };
}

type Report = (error: ConfigError) => void;

/** The certificates of `CA_FILE`. */
function loadAuthorities({
  variables,
  cwd,
  readFile,
  report,
}: {
  readonly variables: Variables;
  readonly cwd: string;
  readonly readFile: ReadFile;
  readonly report: Report;
}): readonly string[] {
  const named = findTyped(variables, "CA_FILE");
  if (named.kind !== "value") return [];
  const path = resolve(cwd, named.value);
  try {
    return parseAuthorities(readFile(path));
  } catch (error) {
    const why = error instanceof Error && !("code" in error) ? error.message : "it cannot be read";
    report(
      makeConfigError({
        kind: "unreadable",
        variable: "CA_FILE",
        message: `names ${path}, but ${why}`,
        remedy: "Name a file of certificates in PEM form (-----BEGIN CERTIFICATE-----) that this user may read.",
      }),
    );
    return [];
  }
}

type ConnectionsInput = {
  readonly variables: Variables;
  readonly cwd: string;
  readonly readFile: ReadFile;
  readonly isolated: boolean;
  readonly purpose: ConfigPurpose;
  readonly report: Report;
};

function loadConnections(input: ConnectionsInput): {
  readonly connections: readonly ConnectionConfig[];
  readonly file: ParsedConfigFile | null;
} {
  const { variables, cwd, readFile, isolated, purpose, report } = input;
  const nothing = { connections: [], file: null };
  const withoutFile = () => ({ connections: buildConnections({ variables, file: null, purpose, report }), file: null });
  const named = findTyped(variables, "CONFIG_FILE");
  if (named.kind === "broken") return nothing;
  if (named.kind === "absent" && isolated) return withoutFile();

  const name = named.kind === "value" ? named.value : "casebridge.yaml";
  const path = resolve(cwd, name);
  const missing =
    named.kind === "absent"
      ? null
      : makeConfigError({
          kind: "unreadable",
          variable: "CONFIG_FILE",
          message: `names ${path}, which does not exist`,
          remedy: "Correct the path, or remove the variable to configure one connection by environment.",
        });
  const text = readOptional({ path, name, readFile, report });
  if (text === undefined) return nothing;
  if (text === null) {
    if (missing !== null) report(missing);
    reportMisspelt(variables, new Set(), report);
    return missing === null ? withoutFile() : nothing;
  }
  const { file, errors } = parseConfigFile(text, name);
  for (const error of errors) report(error);
  reportMisspelt(variables, new Set(listSecretNames(file?.data)), report);
  return file === null ? nothing : { connections: buildConnections({ variables, file, purpose, report }), file };
}

/** A name in `.env` that is nearly one of ours would be ignored without a word. */
function reportMisspelt(variables: Variables, ownNames: ReadonlySet<string>, report: Report): void {
  for (const { name, meant } of variables.listMisspelt(ownNames)) {
    report(
      makeConfigError({
        kind: "unknown_key",
        variable: name,
        message: `in .env is no variable of casebridge; did you mean ${meant}?`,
        remedy: `Write ${meant}, or give a variable of your own another name.`,
      }),
    );
  }
}

/** The variables that the file names for its secrets, with the spelling for a file of each. */
function listSecretNames(data: unknown): readonly string[] {
  if (typeof data !== "object" || data === null) return [];
  if ("env" in data && typeof data.env === "string") return [data.env, `${data.env}_FILE`];
  return Object.values(data).flatMap(listSecretNames);
}

type OptionalFile = {
  readonly path: string;
  readonly name: string;
  readonly readFile: ReadFile;
  readonly report: Report;
};

/** The file's text, or `null` when it does not exist. One that exists and cannot be read is reported and gives `undefined`. */
function readOptional({ path, name, readFile, report }: OptionalFile): string | null | undefined {
  try {
    return readFile(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    const remedy = "Check that it is a file and that this user may read it.";
    report(makeConfigError({ kind: "unreadable", file: name, message: `cannot be read (${code})`, remedy }));
    return undefined;
  }
}

function findTyped<N extends VariableName>(variables: Variables, name: N) {
  return variables.find(name);
}

/** The value; `placeholder` only where an error is already reported, so that the rest can still be looked at. */
function getOr<N extends VariableName>(variables: Variables, name: N, placeholder: VariableValue<N>): VariableValue<N> {
  const found = variables.find(name);
  return found.kind === "value" ? found.value : placeholder;
}

function toSecret(variables: Variables, name: VariableName): Secret | null {
  const found = variables.findSecret(name);
  return found.kind === "value" ? new Secret(found.value) : null;
}

/** Freezes plain data. Dates and regular expressions stay as they are: freezing breaks the latter and does not stop the former. */
function deepFreeze<T>(data: T): T {
  if (typeof data !== "object" || data === null) return data;
  const prototype: unknown = Object.getPrototypeOf(data);
  if (prototype !== Object.prototype && prototype !== Array.prototype) return data;
  for (const value of Object.values(data)) deepFreeze(value);
  return Object.freeze(data);
}
