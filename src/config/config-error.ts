/** What kind of mistake it is; tests and the page look at this, people read `message` and `remedy`. */
type ConfigErrorKind =
  | "missing"
  | "invalid"
  | "unknown_key"
  | "syntax"
  | "unreadable"
  | "conflict"
  | "duplicate"
  | "unsafe";

/**
 * One mistake in the configuration. No field ever holds the value of a secret, nor anything that may be one put in the
 * wrong place. `line` and `column` count from 1 and go with `file`.
 */
export type ConfigError = {
  readonly kind: ConfigErrorKind;
  /** Name of the environment variable concerned. */
  readonly variable: string | null;
  /** Path inside the configuration file, such as `connections[0].jira.projectKey`. */
  readonly path: string | null;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  /** What is wrong: a phrase that follows the place ("is not set"). */
  readonly message: string;
  /** What to do about it: a sentence. */
  readonly remedy: string;
};

/** Fills in what a `ConfigError` has no place for with `null`. */
export function makeConfigError(
  error: Pick<ConfigError, "kind" | "message" | "remedy"> & Partial<ConfigError>,
): ConfigError {
  return { variable: null, path: null, file: null, line: null, column: null, ...error };
}

/**
 * All errors as text for a terminal or a log: a heading, then per error the place, what is wrong, and the remedy. Ends
 * without a newline. Holds no secret, since the errors hold none.
 */
export function formatConfigErrors(errors: readonly ConfigError[]): string {
  const count = errors.length === 1 ? "1 error" : `${errors.length} errors`;
  const lines = [`The configuration has ${count}:`];
  for (const [index, error] of errors.entries()) {
    const number = `${index + 1}. `;
    lines.push(`${number}${describePlace(error)} ${error.message}`, `${" ".repeat(number.length)}→ ${error.remedy}`);
  }
  return lines.join("\n");
}

function describePlace(error: ConfigError): string {
  const position = error.line === null ? "" : `:${error.line}:${error.column ?? 1}`;
  const file = error.file === null ? null : `${error.file}${position}`;
  const names = [error.variable, error.path].filter((name) => name !== null);
  const name = names.length === 2 ? `${names[0]} (${names[1]} in the configuration file)` : (names[0] ?? null);
  return [file, name].filter((part) => part !== null).join(" ") || "configuration";
}
