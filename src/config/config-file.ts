/**
 * The configuration file `casebridge.yaml`: a reader that turns every wrong key and value into an error with file, line and column.
 *
 * Traps and their answers:
 * - The YAML library quotes the source in its messages, and the source may hold a secret in the wrong place. So its
 *   messages are never shown; a table by error code replaces them.
 * - One wrong key must not hide what is wrong elsewhere. So the wrong parts are cut out and the rest goes on, together
 *   with the list of what was cut (`broken`), which keeps a wrong value from being reported as missing too.
 * - An empty value (`huawei:` with all its keys commented out) is as if left out. `""` is a value: it means "none", also
 *   where the environment has one.
 */

import { type Document, LineCounter, type ParsedNode, parseDocument } from "yaml";
import type { z } from "zod";
import { type ConfigError, makeConfigError } from "./config-error.ts";
import { type FilePath, formatPath, toFilePath, valueAt, withoutPath } from "./file-path.ts";
import { type FilePosition, findOffset, toPosition } from "./file-position.ts";
import { type ConfigFile, configFileSchema } from "./file-schema.ts";
import { knownKeys, withoutEmpty } from "./known-keys.ts";
import { findNearest } from "./nearest.ts";

const charsMax = 1_000_000;

/** The file after reading: data that fits the schema, and the way back to where each part stands. */
export type ParsedConfigFile = {
  readonly fileName: string;
  readonly data: ConfigFile;
  /** Place of a value, or of the nearest thing around it that the file holds. */
  locate(path: FilePath): FilePosition;
  /** Whether this path was given but wrong, and already reported. */
  isBroken(path: FilePath): boolean;
};

/**
 * Reads the text of the file; `fileName` is shown in errors as it is. `file` is `null` when the text is no YAML mapping
 * at all; otherwise it holds what is usable, also when there are errors. Never throws, never shows a value of the file
 * other than keys.
 */
export function parseConfigFile(
  text: string,
  fileName: string,
): { readonly file: ParsedConfigFile | null; readonly errors: readonly ConfigError[] } {
  if (text.length > charsMax) {
    const message = `is larger than ${charsMax} characters`;
    return {
      file: null,
      errors: [
        makeConfigError({ kind: "syntax", file: fileName, message, remedy: "Check that this is the right file." }),
      ],
    };
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, merge: true });
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    return {
      file: null,
      errors: problems.map((problem) => {
        const { line, col } = lineCounter.linePos(problem.pos[0]);
        return makeConfigError({
          kind: problem.code === "DUPLICATE_KEY" ? "duplicate" : "syntax",
          file: fileName,
          line,
          column: col,
          ...describeSyntax(problem.code),
        });
      }),
    };
  }

  let raw: unknown;
  try {
    raw = withoutEmpty(document.toJS({ maxAliasCount: 100 }));
  } catch {
    const message = "refers to an anchor that does not exist, or expands anchors too often";
    return {
      file: null,
      errors: [
        makeConfigError({
          kind: "syntax",
          file: fileName,
          line: 1,
          column: 1,
          message,
          remedy: "Write the values out.",
        }),
      ],
    };
  }
  return checkFile({ raw: raw ?? {}, document, lineCounter, fileName });
}

type CheckInput = {
  readonly raw: unknown;
  readonly document: Document.Parsed<ParsedNode>;
  readonly lineCounter: LineCounter;
  readonly fileName: string;
};

function checkFile({ raw, document, lineCounter, fileName }: CheckInput): ReturnType<typeof parseConfigFile> {
  const broken: FilePath[] = [];
  const errors: ConfigError[] = [];
  const locate = (path: FilePath, at: "key" | "value" = "value") =>
    toPosition(lineCounter, findOffset(document, path, at));

  let result = configFileSchema.safeParse(raw);
  for (const issue of result.error?.issues ?? []) {
    const path = toFilePath(issue.path);
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        const known = knownKeys(path);
        const nearest = findNearest(key, known);
        if (nearest !== null) broken.push([...path, nearest]);
        errors.push(
          makeConfigError({
            kind: "unknown_key",
            file: fileName,
            ...locate([...path, key], "key"),
            // Longer than any key there is: perhaps a secret that lost its key.
            path: formatPath(key.length > 30 ? path : [...path, key]),
            message:
              key.length > 30 ? "holds a key that casebridge does not know" : "is not a key that casebridge knows",
            remedy: `${nearest === null ? "Remove it." : `Did you mean ${nearest}?`} Known here: ${known.join(", ")}.`,
          }),
        );
      }
      continue;
    }
    // What lacks a key that was only misspelt is told by that key.
    if (issue.code === "custom" && broken.some((known) => path.every((segment, index) => known[index] === segment)))
      continue;
    const isKey = issue.code === "invalid_key";
    const expected = isKey ? (issue.issues[0]?.message ?? "a known key") : issue.message;
    broken.push(path);
    errors.push(
      makeConfigError({
        kind: "invalid",
        file: fileName,
        ...locate(path, isKey ? "key" : "value"),
        path: formatPath(path),
        message: isKey ? "has a key that cannot be used" : "has a value that cannot be used",
        remedy: `It must be ${expected}.`,
      }),
    );
  }

  let rest = raw;
  // Each round removes at least one key, so it ends; the bound is for the case that this reasoning is wrong.
  for (let round = 0; !result.success && round < 1000; round++) {
    rest = result.error.issues.reduce((data, issue) => withoutIssue(data, issue), rest);
    result = configFileSchema.safeParse(rest);
  }
  if (!result.success) return { file: null, errors };

  const file: ParsedConfigFile = {
    fileName,
    data: result.data,
    locate: (path) => locate(path),
    isBroken: (path) => broken.some((start) => start.every((segment, index) => path[index] === segment)),
  };
  return { file, errors };
}

function describeSyntax(code: string): { readonly message: string; readonly remedy: string } {
  switch (code) {
    case "DUPLICATE_KEY":
      return { message: "has the same key twice", remedy: "Keep one of the two." };
    case "TAB_AS_INDENT":
      return { message: "is indented with a tab", remedy: "Indent with spaces." };
    case "BAD_INDENT":
      return { message: "is indented wrongly", remedy: "Align the keys of one level." };
    case "TAG_RESOLVE_FAILED":
      return {
        message: "uses a tag (!…) that is not known",
        remedy: "Quote the text if it starts with an exclamation mark.",
      };
    case "BAD_ALIAS":
    case "ALIAS_PROPS":
      return { message: "uses an alias (*…) wrongly", remedy: "Quote the text if it starts with an asterisk." };
    case "MISSING_CHAR":
      return { message: "misses a closing quote, bracket, brace or comma", remedy: "Close it, or quote the text." };
    case "MULTIPLE_DOCS":
      return { message: "starts a second document", remedy: "Remove the line ---." };
    case "MULTILINE_IMPLICIT_KEY":
    case "BLOCK_AS_IMPLICIT_KEY":
      return {
        message: "has a key or colon that does not fit here",
        remedy: "Check the indentation, and quote texts that hold a colon and a space.",
      };
    default:
      return { message: "is no correct YAML here", remedy: "Check indentation, quotes and brackets near this place." };
  }
}

function withoutIssue(data: unknown, issue: z.core.$ZodIssue): unknown {
  const path = toFilePath(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.reduce((rest, key) => withoutPath(rest, [...path, key]), data);
  }
  // A list has no holes, so an element goes with its list. A missing part goes with what it is missing from.
  let wrong = path;
  while (wrong.length > 0 && (typeof wrong.at(-1) === "number" || valueAt(data, wrong) === undefined)) {
    wrong = wrong.slice(0, -1);
  }
  return wrong.length === 0 ? {} : withoutPath(data, wrong);
}
