/**
 * Reads single variables from the environment: process environment first, then `.env`; for secrets also `NAME_FILE`.
 * Every mistake is reported once and the variable counts as broken from then on, so that it is not also called missing.
 */
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { type ConfigError, makeConfigError } from "./config-error.ts";
import {
  environmentVariables,
  type Variable,
  type VariableName,
  type VariableValue,
  variableNames,
} from "./environment.ts";
import { editDistance, findNearest } from "./nearest.ts";

/** Variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the text of a file; throws as `node:fs` does. */
export type ReadFile = (path: string) => string;

/** What a look-up found: a value, nothing, or something wrong that is already reported. */
type Found<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "absent" }
  | { readonly kind: "broken" };

/** Look-ups in the environment; see the top of the file. */
export type Variables = {
  /** The checked value of a variable of the table, its default when unset. */
  find<N extends VariableName>(name: N): Found<VariableValue<N>>;
  /** A secret by any name, `NAME` or `NAME_FILE`; a known name is checked as in the table. */
  findSecret(name: string): Found<string>;
  /** Whether the environment gives it, rightly or wrongly; else its default stands, where it has one. */
  isGiven(name: VariableName): boolean;
  /** A variable that is set, is not known, and reads almost like `name`. */
  findMisspelt(name: VariableName): string | null;
  /** Files that secrets were read from. */
  listSecretFiles(): readonly string[];
  /** Names in `.env` that are nearly ours, with what was probably meant; those in `ownNames` are somebody's purpose. */
  listMisspelt(ownNames: ReadonlySet<string>): readonly { readonly name: string; readonly meant: string }[];
};

type VariablesInput = {
  readonly env: Environment;
  /** Text of `.env`, or `null`. */
  readonly envFile: string | null;
  readonly cwd: string;
  readonly readFile: ReadFile;
  /** Called once per mistake. */
  readonly report: (error: ConfigError) => void;
};

const secretFileCharsMax = 20_000;
const shownCharsMax = 40;
const unusable = "has a value that cannot be used";

/** Binds the look-ups to an environment. Reads nothing yet but the text of `.env`. */
export function makeVariables({ env, envFile, cwd, readFile, report }: VariablesInput): Variables {
  const merged = mergeEnvironment(env, envFile);
  const known = new Map<string, Found<string>>();
  const secretFiles = new Set<string>();

  function findText(name: string): Found<string> {
    const earlier = known.get(name);
    if (earlier !== undefined) return earlier;
    const found = readText(name);
    known.set(name, found);
    return found;
  }

  function readText(name: string): Found<string> {
    const row = rowOf(name);
    const isSecret = row?.secret ?? true;
    const text = isSecret ? (merged[name] ?? "") : (merged[name] ?? "").trim();
    const file = isSecret ? (merged[`${name}_FILE`] ?? "").trim() : "";
    if (text !== "" && file !== "") {
      const message = `and ${name}_FILE are both set`;
      return fail({
        kind: "conflict",
        variable: name,
        message,
        remedy: `Keep one of them; ${name}_FILE is the safer one.`,
      });
    }
    if (file !== "") {
      const content = readSecretFile(name, resolve(cwd, file));
      return content.kind === "value" ? check(name, content.value, row) : content;
    }
    const standIn = row?.default ?? null;
    if (text === "") return standIn === null ? { kind: "absent" } : { kind: "value", value: standIn };
    return check(name, text, row);
  }

  function readSecretFile(name: string, path: string): Found<string> {
    const variable = `${name}_FILE`;
    let content: string;
    try {
      content = readFile(path);
      secretFiles.add(path);
    } catch (error) {
      const message = `names ${path}, which cannot be read (${errorCode(error)})`;
      return fail({
        kind: "unreadable",
        variable,
        message,
        remedy: "Check the path, and that this user may read the file.",
      });
    }
    const text = content.replace(/^\uFEFF/, "").replace(/(?:\r?\n)+$/, "");
    if (text !== "" && text.length <= secretFileCharsMax) return { kind: "value", value: text };
    const message = `names ${path}, which ${text === "" ? "is empty" : "is too large for a secret"}`;
    return fail({ kind: "invalid", variable, message, remedy: "Put the secret, and nothing else, into that file." });
  }

  function check(name: string, text: string, row: Variable | null): Found<string> {
    const schema: Variable["schema"] = row?.schema ?? environmentVariables.JIRA_API_TOKEN.schema;
    const problem = schema.safeParse(text).error?.issues[0]?.message;
    if (problem === undefined) return { kind: "value", value: text };
    const message = row === null || row.secret ? unusable : describeWrong(text, merged);
    return fail({
      kind: "invalid",
      variable: name,
      message,
      remedy: `It must be ${problem}.${row === null || row.secret ? "" : ` Example: ${name}=${row.example}`}`,
    });
  }

  function fail(error: Parameters<typeof makeConfigError>[0]): { readonly kind: "broken" } {
    report(makeConfigError(error));
    return { kind: "broken" };
  }

  return {
    find(name) {
      const found = findText(name);
      if (found.kind !== "value") return found;
      // The text passed this very schema in findText, or is the table's own default.
      const row: Variable = environmentVariables[name];
      return { kind: "value", value: row.schema.parse(found.value) as VariableValue<typeof name> };
    },
    findSecret: findText,
    isGiven: (name) =>
      (merged[name] ?? "").trim() !== "" ||
      (rowOf(name)?.secret === true && (merged[`${name}_FILE`] ?? "").trim() !== ""),
    listSecretFiles: () => [...secretFiles],
    listMisspelt(ownNames) {
      const names = Object.keys(envFile === null ? {} : parseEnv(envFile.replace(/^\uFEFF/, "")));
      const ours = variableNames().flatMap((name) =>
        environmentVariables[name].secret ? [name, `${name}_FILE`] : [name],
      );
      return names.flatMap((name) => {
        if (ours.includes(name) || ownNames.has(name) || ofOtherTools.includes(name)) return [];
        const meant = ours.find((other) => isSlip(name, other));
        return meant === undefined ? [] : [{ name, meant }];
      });
    },
    findMisspelt(name) {
      const tableNames: readonly string[] = variableNames();
      const others = Object.keys(merged).filter((other) => !tableNames.includes(other.replace(/_FILE$/, "")));
      const nearest = findNearest(name, others);
      // Half of the names differ in few letters, so only a near miss is worth mentioning.
      return nearest !== null && findNearest(nearest, tableNames) === name ? nearest : null;
    },
  };
}

/** Every tool of a system reads these in small letters as well. */
const smallNames: readonly VariableName[] = ["HTTPS_PROXY", "NO_PROXY"];
/** Near to ours by spelling, and well known themselves. */
const ofOtherTools: readonly string[] = ["HTTP_PROXY", "http_proxy", ...smallNames.map((name) => name.toLowerCase())];

/**
 * The process environment wins. A secret's two spellings count as one variable: `NAME` in the process environment also
 * hides `NAME_FILE` in `.env`, else a fixed `.env` could not be overridden.
 */
function mergeEnvironment(env: Environment, envFile: string | null): Environment {
  const capitals = inCapitals(env);
  if (envFile === null) return capitals;
  const inFile = inCapitals(parseEnv(envFile.replace(/^\uFEFF/, "")));
  const fromFile = Object.entries(inFile).filter(([name]) => {
    const base = name.replace(/_FILE$/, "");
    return rowOf(base)?.secret !== true || (capitals[base] === undefined && capitals[`${base}_FILE`] === undefined);
  });
  const fromProcess = Object.entries(capitals).filter(([, value]) => value !== undefined);
  return Object.fromEntries([...fromFile, ...fromProcess]);
}

function inCapitals(env: Environment): Environment {
  const small = smallNames.filter((name) => env[name.toLowerCase()] !== undefined);
  if (small.length === 0) return env;
  return { ...Object.fromEntries(small.map((name) => [name, env[name.toLowerCase()]])), ...env };
}

/** Whether `name` is `ours` with a slip of the pen; a name of ours with something behind it is another variable of the operator's. */
function isSlip(name: string, ours: string): boolean {
  if (name.startsWith(`${ours}_`) || /^\d+$/.test(name.slice(ours.length))) return false;
  return editDistance(name.toUpperCase(), ours) <= (ours.length <= 8 ? 1 : 2);
}

function rowOf(name: string): Variable | null {
  const table: Readonly<Record<string, Variable>> = environmentVariables;
  return Object.hasOwn(table, name) ? (table[name] ?? null) : null;
}

/**
 * Names the value where it is harmless: short, no address, nothing that looks like a key put in the wrong line, and
 * nothing that holds the value of a secret.
 */
function describeWrong(text: string, env: Environment): string {
  const looksHarmless = text.length <= shownCharsMax && !/:\/\/|@|[\w+/=-]{16}/.test(text);
  const holdsSecret = Object.entries(env).some(
    ([name, value]) => isSecretName(name) && value !== undefined && value !== "" && text.includes(value),
  );
  return looksHarmless && !holdsSecret ? `cannot be ${JSON.stringify(text)}` : unusable;
}

function isSecretName(name: string): boolean {
  return rowOf(name)?.secret ?? /SECRET|TOKEN|PASSW|KEY/.test(name);
}

function errorCode(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" ? code : "unknown reason";
}
