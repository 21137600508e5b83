/** Every setting as it holds, with where it comes from: for people who wonder. Secrets are told as set or not, never with a value. */
import type { ParsedConfigFile } from "./config-file.ts";
import { environmentVariables, type Variable, variableNames } from "./environment.ts";
import { type FilePath, valueAt } from "./file-path.ts";
import type { Variables } from "./variables.ts";

/** One setting. */
export type EffectiveSetting = {
  /** `null` = of the whole process. */
  readonly connection: string | null;
  /** The variable, or the key of the file where only the file knows it. */
  readonly name: string;
  /** `null` = a secret, or nothing is set. */
  readonly value: string | null;
  readonly isSet: boolean;
  readonly isSecret: boolean;
  /** `casebridge.yaml:12:9` for the file. */
  readonly origin: { readonly kind: "default" | "environment" } | { readonly kind: "file"; readonly place: string };
};

const valueCharsMax = 300;

/** All settings: those of the process, then those of each connection by its name. Pure. */
export function listEffectiveSettings(input: {
  readonly variables: Pick<Variables, "find" | "findSecret" | "isGiven">;
  readonly file: ParsedConfigFile | null;
  /** Names of the connections, in file order. */
  readonly connections: readonly string[];
}): readonly EffectiveSetting[] {
  const { variables, file, connections } = input;
  const ofProcess = variableNames()
    .filter((name) => environmentVariables[name].path === null)
    .map((name) => fromVariable(variables, name, null));
  const ofConnections = connections.flatMap((connection, index) => [
    ...variableNames()
      .filter((name) => environmentVariables[name].path !== null)
      .map((name) => fromFile(file, index, name, connection) ?? fromVariable(variables, name, connection)),
    ...onlyInFile(file, index, connection),
  ]);
  return [...ofProcess, ...ofConnections];
}

type Name = ReturnType<typeof variableNames>[number];

function fromVariable(
  variables: Pick<Variables, "find" | "findSecret" | "isGiven">,
  name: Name,
  connection: string | null,
): EffectiveSetting {
  const row: Variable = environmentVariables[name];
  const found = row.secret ? variables.findSecret(name) : variables.find(name);
  const isSet = found.kind === "value";
  const value = isSet && !row.secret ? String(found.value) : null;
  const origin = { kind: variables.isGiven(name) ? "environment" : "default" } as const;
  return { connection, name, value, isSet, isSecret: row.secret, origin };
}

/** The file's own value; `null` = it gives none. */
function fromFile(
  file: ParsedConfigFile | null,
  index: number,
  name: Name,
  connection: string,
): EffectiveSetting | null {
  const row: Variable = environmentVariables[name];
  if (file === null || row.path === null) return null;
  const path: FilePath = ["connections", index, ...row.path.split(".")];
  const content: unknown = valueAt(file.data, path);
  if (content === undefined) return null;
  const value = row.secret ? null : shown(content);
  return {
    connection,
    name,
    value,
    isSet: true,
    isSecret: row.secret,
    origin: { kind: "file", place: placeOf(file, path) },
  };
}

/** Keys that no variable stands for, such as maps of statuses. */
function onlyInFile(file: ParsedConfigFile | null, index: number, connection: string): readonly EffectiveSetting[] {
  if (file === null) return [];
  const own = valueAt(file.data, ["connections", index]);
  const known = new Set<string>(variableNames().flatMap((name) => environmentVariables[name].path ?? []));
  return Object.entries(typeof own === "object" && own !== null ? own : {}).flatMap(([section, content]) => {
    if (section === "name" || section === "huawei" || section === "jira") return [];
    const keys = typeof content === "object" && content !== null ? Object.entries(content) : [];
    return keys.flatMap(([key, content]): EffectiveSetting[] => {
      const name = `${section}.${key}`;
      if (known.has(name) || content === undefined) return [];
      const place = placeOf(file, ["connections", index, section, key]);
      return [
        { connection, name, value: shown(content), isSet: true, isSecret: false, origin: { kind: "file", place } },
      ];
    });
  });
}

function placeOf(file: ParsedConfigFile, path: FilePath): string {
  const { line, column } = file.locate(path);
  return `${file.fileName}:${line}:${column}`;
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= valueCharsMax ? text : `${text.slice(0, valueCharsMax)}…`;
}
