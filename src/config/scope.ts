/** Look-ups for one connection: its file, the environment, the table of defaults, and where mistakes are told. */
import { Secret } from "../lib/secret.ts";
import type { ConfigPurpose } from "./config.ts";
import { type ConfigError, makeConfigError } from "./config-error.ts";
import type { ParsedConfigFile } from "./config-file.ts";
import { environmentVariables, type Variable, type VariableName, type VariableValue } from "./environment.ts";
import { type FilePath, formatPath } from "./file-path.ts";
import type { Variables } from "./variables.ts";

/** What connections are built of. */
export type BuildInput = {
  readonly variables: Variables;
  readonly file: ParsedConfigFile | null;
  readonly purpose: ConfigPurpose;
  readonly report: (error: ConfigError) => void;
};

type SettingError = Pick<ConfigError, "kind" | "message" | "remedy"> & { readonly variable?: string | null };

/** Look-ups for one connection. */
export type Scope = {
  readonly purpose: ConfigPurpose;
  /** The file's value, else the environment's or the table's default, else `null`. */
  pick<N extends VariableName>(name: N, fromFile: VariableValue<N> | undefined): VariableValue<N> | null;
  /** As `pick`; a missing one is an error. `null` = already reported. */
  need<N extends VariableName>(name: N, fromFile: VariableValue<N> | undefined, why?: string): VariableValue<N> | null;
  /** A secret by the variable that the file names, else by its own; `isNeeded` makes a missing one an error. */
  secret(name: VariableName, fromFile: SecretName | undefined, isNeeded: boolean, at?: FilePath): Secret | null;
  /** Whether the file names an address that is not the environment's, its default included: credentials of the environment stay away. */
  isElsewhere(name: VariableName, fromFile: string | undefined): boolean;
  /** Whether the environment or the file gives this setting, rightly or wrongly. */
  isGiven(name: VariableName, fromFile: unknown): boolean;
  isBroken(path: FilePath): boolean;
  /** Where the file gives a setting, for people: `casebridge.yaml:12:9`; `null` without a file. */
  placeOf(path: FilePath): string | null;
  fail(path: FilePath, error: SettingError): null;
};

/** A secret in the file, which names the variable that holds it. */
export type SecretName = { readonly env: string };

/** The look-ups of the connection at `index` in the file. */
export function makeScope({ variables, file, purpose, report }: BuildInput, index: number): Scope {
  const fullPath = (path: FilePath): FilePath => ["connections", index, ...path];
  const pathOf = (name: VariableName): FilePath => (environmentVariables[name].path ?? "").split(".");
  const isBroken = (path: FilePath) => file?.isBroken(fullPath(path)) === true;

  function fail(path: FilePath, error: SettingError): null {
    const place = file === null ? {} : { file: file.fileName, ...file.locate(fullPath(path)) };
    report(makeConfigError({ path: formatPath(fullPath(path)), ...place, ...error }));
    return null;
  }

  function pick<N extends VariableName>(name: N, fromFile: VariableValue<N> | undefined): VariableValue<N> | null {
    if (fromFile !== undefined) return fromFile;
    const found = variables.find(name);
    return found.kind === "value" ? found.value : null;
  }

  function failMissing(name: VariableName, why: string): null {
    const path = pathOf(name);
    if (isBroken(path)) return null;
    const row = environmentVariables[name];
    const misspelt = variables.findMisspelt(name);
    const hint = misspelt === null ? "" : ` (${misspelt} is set: is that a slip of the pen?)`;
    const inFile = row.secret ? `{ env: NAME }` : row.example;
    return fail(path, {
      kind: "missing",
      variable: name,
      message: `is not set${hint}`,
      remedy: `${why}Set ${name}${row.secret ? ` or ${name}_FILE` : ""}, or ${row.path} below the connection in the configuration file. Example: ${name}=${row.example}, or ${row.path}: ${inFile}.`,
    });
  }

  /** A secret under a name of the file's own must be what the variable that it stands for must be. */
  function checkSecret(
    name: VariableName,
    fromFile: SecretName | undefined,
    text: string,
    at: FilePath,
  ): Secret | null {
    const schema: Variable["schema"] = environmentVariables[name].schema;
    const problem = schema.safeParse(text).error?.issues[0]?.message;
    if (problem === undefined) return new Secret(text);
    return fail([...at, "env"], {
      kind: "invalid",
      variable: fromFile?.env ?? name,
      message: "has a value that cannot be used",
      remedy: `It must be ${problem}.`,
    });
  }

  return {
    purpose,
    pick,
    need(name, fromFile, why = "") {
      const value = pick(name, fromFile);
      if (value !== null || variables.find(name).kind === "broken") return value;
      return failMissing(name, why);
    },
    secret(name, fromFile, isNeeded, at = pathOf(name)) {
      const found = variables.findSecret(fromFile?.env ?? name);
      if (found.kind === "broken") return null;
      if (found.kind === "value") return checkSecret(name, fromFile, found.value, at);
      // Naming the variable that would be looked at anyway is no promise that it is set; naming another one is.
      if (fromFile !== undefined && (isNeeded || fromFile.env !== name)) {
        const path = [...at, "env"];
        // A key pasted in place of the name has no underscore, and must not be shown.
        const shown = fromFile.env.includes("_") ? fromFile.env : null;
        return fail(path, {
          kind: "missing",
          variable: shown,
          message: shown === null ? "names a variable that is not set" : "is not set",
          remedy: `Set ${shown === null ? "it" : `${shown} or ${shown}_FILE`}, or name another variable here.`,
        });
      }
      return isNeeded ? failMissing(name, "") : null;
    },
    isElsewhere(name, fromFile) {
      if (fromFile === undefined) return false;
      const found = variables.find(name);
      return found.kind !== "value" || new URL(fromFile).href !== new URL(String(found.value)).href;
    },
    isGiven(name, fromFile) {
      if (fromFile !== undefined || isBroken(pathOf(name))) return true;
      return variables.find(name).kind !== "absent";
    },
    isBroken,
    placeOf(path) {
      if (file === null) return null;
      const { line, column } = file.locate(fullPath(path));
      return `${file.fileName}:${line}:${column}`;
    },
    fail,
  };
}

/** The file says "none" by the empty text. */
export function textOrNull(text: string | null | undefined): string | null {
  return text === "" ? null : (text ?? null);
}

/** The settings, none of which misses. */
export type Complete<T> = { readonly [K in keyof T]: NonNullable<T[K]> };

/** Whether none of the settings misses. */
export function isComplete<T extends Record<string, unknown>>(settings: T): settings is T & Complete<T> {
  return Object.values(settings).every((value) => value !== null);
}
