/**
 * The configuration file `casebridge.yaml`: its schema, and a reader that turns every wrong key and value into an error
 * with file, line and column.
 *
 * Traps and their answers:
 * - The YAML library quotes the source in its messages, and the source may hold a secret in the wrong place. So its
 *   messages are never shown; a table by error code replaces them.
 * - One wrong key must not hide what is wrong elsewhere. So the wrong parts are cut out and the rest goes on, together
 *   with the list of what was cut (`broken`), which keeps a wrong value from being reported as missing too.
 * - An empty value (`huawei:` with all its keys commented out) is as if left out. `""` is a value: it means "none", also
 *   where the environment has one.
 */

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  type ParsedNode,
  parseDocument,
} from "yaml";
import { z } from "zod";
import { apiVersions, huaweiSites } from "../domain/access.ts";
import { statusCategories } from "../domain/issue.ts";
import { requestLabel } from "../domain/labels.ts";
import {
  attachmentsToHuaweiChoices,
  authorNameChoices,
  closeOnDoneChoices,
  commentsToHuaweiChoices,
  serviceProjectChoices,
} from "../domain/settings.ts";
import { caseFactNames } from "../domain/value-rule.ts";
import { parseProxy } from "../lib/tunnel.ts";
import { type ConfigError, makeConfigError } from "./config-error.ts";
import { compileLinear } from "./linear-regex.ts";
import { findNearest } from "./nearest.ts";
import * as values from "./values.ts";

const charsMax = 1_000_000;

/** Path of keys and positions inside the file. */
export type FilePath = readonly (string | number)[];

/** Where something stands in the file; both count from 1. */
type FilePosition = { readonly line: number; readonly column: number };

/** The file after reading: data that fits the schema, and the way back to where each part stands. */
export type ParsedConfigFile = {
  readonly fileName: string;
  readonly data: ConfigFile;
  /** Place of a value, or of the nearest thing around it that the file holds. */
  locate(path: FilePath): FilePosition;
  /** Whether this path was given but wrong, and already reported. */
  isBroken(path: FilePath): boolean;
};

/** Secrets are only ever named. The shape of the name keeps a pasted token from passing for one. */
const secretName = z.strictObject(
  {
    env: values
      .shaped(/^[A-Z][A-Z0-9_]{0,63}$/, "the NAME of an environment variable (capitals, digits and _)")
      .describe("Name of the environment variable, or of NAME_FILE without the _FILE"),
  },
  { error: "{ env: NAME }, which names the environment variable; the secret itself does not belong in this file" },
);

const proxy = z.union(
  [z.literal("none"), values.proxyUrl().refine((text) => parseProxy(text)?.password === ""), secretName],
  {
    error:
      'the address of an HTTP proxy such as http://proxy.example.com:3128, { env: NAME } for one with a password, or "none" = direct',
  },
);

const positionInJira = z.union([z.string().regex(/^\d{1,20}$/), z.int().min(0)], {
  error: 'the number of a Jira status, such as "10012"',
});
const category = values.oneOf(...statusCategories);

const statusTarget = z
  .union([z.strictObject({ category }), z.strictObject({ statusId: positionInJira })], {
    error: '{ category: new }, { category: indeterminate }, { category: done } or { statusId: "10012" }',
  })
  .describe("Any status of a category, or one status by its id");

const seconds = values.decimal(0, 86_400);
const mapping = { error: "a mapping of keys to values" };
const list = { error: "a list" };

function section<T extends z.core.$ZodLooseShape>(shape: T, description: string) {
  return z.strictObject(shape, mapping).partial().optional().describe(description);
}

function textByKey(key: z.ZodString, text: z.ZodString, description: string) {
  return z.record(key, text, mapping).optional().describe(description);
}

const createInputs = {
  subTypeId: values.line("an id", 255).describe("incident_sub_type_id"),
  productId: values.line("an id", 255).describe("incident_product_category_id"),
  problemTypeId: values.line("an id", 255).describe("business_type_id"),
  regionId: values.line("an id", 255).describe("region_id"),
  severityId: values.line("an id", 255).describe("severity_id"),
};
const fieldId = values.shaped(/^[A-Za-z][A-Za-z0-9_]{0,99}$/, "the id of a Jira field, such as customfield_10050");
const parameterKey = values.line("a parameter key", 255);

const regex = z
  .string({ error: "a regular expression in quotes" })
  .min(1, { error: "a regular expression in quotes" })
  .max(500, { error: "a regular expression of at most 500 characters" })
  .superRefine((text, context) => {
    const problem = regexProblem(text);
    if (problem !== null) context.addIssue(problem);
  });

/** Why a guard pattern cannot be used, as a phrase that follows "must be". */
function regexProblem(text: string): string | null {
  try {
    return compileLinear(text).test("") ? "a regular expression that does not match the empty text" : null;
  } catch {
    return "a valid regular expression of RE2, which has no look-arounds and no back-references, so that no text can stall it";
  }
}

/** A rule for a value: `{ value }` for every case, or `{ from, map, else }`, where a fact of the case chooses it. */
function valueRule<T extends z.ZodType>(value: T) {
  const shape = {
    value: value.describe("The value for every case"),
    from: values.oneOf(...caseFactNames).describe("The fact of the case that chooses the value"),
    map: z
      .record(z.string(), value, mapping)
      .describe('Value of the fact → the value; "*" = any other one, which {value} stands for'),
    else: value.describe(
      "Where nothing of the map fits, or the case does not tell the fact; without it there is no value",
    ),
  };
  const error = "{ value: … }, or { from: …, map: { … }, else: … }";
  return z
    .strictObject(shape, { error })
    .partial()
    .superRefine((rule, context) => {
      const chooses = rule.from !== undefined && (rule.map !== undefined || rule.else !== undefined);
      const isOneOfBoth =
        rule.value === undefined
          ? chooses
          : rule.from === undefined && rule.map === undefined && rule.else === undefined;
      if (!isOneOfBoth) context.addIssue(error);
    });
}

const jsonValue = values.json();
const fieldName = values.line("the id or the name of a Jira field", 255);
const nameRule = (what: string) =>
  z.union([values.line(what, 255), valueRule(values.line(what, 255))], {
    error: `${what}, or { from: …, map: { … }, else: … }`,
  });

const connection = z
  .strictObject(
    {
      name: values
        .shaped(/^[A-Za-z0-9_-]{1,64}$/, "a name of letters, digits, _ and -")
        .describe("Unique; part of the webhook's address. `default` when left out"),
      huawei: section(
        {
          endpoint: values.serviceUrl("https://osm.cn-south-1.myhuaweicloud.com").meta({ format: "uri" }),
          iamEndpoint: values.serviceUrl("https://iam.cn-north-4.myhuaweicloud.com").meta({ format: "uri" }),
          apiVersion: values.oneOf(...apiVersions),
          language: values.language(),
          timeZone: values.timeZone(),
          site: values.oneOf(...huaweiSites),
          groupId: values.lineOrEmpty("a user group id", 64).describe('User group whose cases are mirrored; "" = none'),
          consoleCaseUrl: values
            .caseUrlTemplate(true)
            .describe('Template with {caseId} for a link to the case; "" = no link'),
          requestsPerSecond: values.decimal(0.01, 1000).describe("Budget of this account, shared by all replicas"),
          messageCharsMax: values
            .whole(200, 10_000)
            .describe("Characters that one message or description may hold; longer texts are split. Default 1200"),
          ak: secretName,
          sk: secretName,
          securityToken: secretName,
          domainId: values.lineOrEmpty("an account id", 64),
          username: values.line("an IAM user name", 200),
          password: secretName,
          domainName: values.line("an account name", 200),
          projectId: values.lineOrEmpty("a project id", 64),
          proxy: proxy.describe('HTTP proxy for this service instead of HTTPS_PROXY; "none" = direct'),
        },
        "The Huawei Cloud account",
      ),
      jira: section(
        {
          host: values.serviceUrl("https://example.atlassian.net").meta({ format: "uri" }),
          email: values.email(),
          apiToken: secretName,
          webhookSecret: secretName,
          projectKey: values.projectKey(),
          issueType: values.line("an issue type", 255),
          requestsPerSecond: values.decimal(0.01, 1000).describe("Budget of this site, shared by all replicas"),
          proxy: proxy.describe('HTTP proxy for this service instead of HTTPS_PROXY; "none" = direct'),
        },
        "The Jira Cloud site and project",
      ),
      issue: section(
        {
          type: nameRule("an issue type").describe(
            "Name or id of the issue type of a new issue; goes before jira.issueType",
          ),
          assignee: nameRule("an account id, or the e-mail address of one who can be assigned").describe(
            "Who a new issue is assigned to: account id or e-mail address; as Jira does it when left out",
          ),
          fields: z
            .record(fieldName, valueRule(jsonValue), mapping)
            .describe(
              "Field of the create screen, by its id or by a name that no other field there has → its value, as Jira's API takes it",
            ),
        },
        "What a new issue is made of besides the case's texts",
      ),
      cases: section(
        {
          createdAfter: values.date(),
          statuses: z.array(values.whole(0, 99), list).describe("Only cases with one of these statuses; [] = any"),
          labels: z.array(values.line("a label", 255), list).describe("Only cases with one of these labels; [] = any"),
          excludeLabels: z
            .array(values.line("a label", 255), list)
            .describe("No case with one of these labels; decides creation only, as all of `cases`"),
          submitters: z
            .array(values.line("the name of a submitter", 255), list)
            .describe("Only cases that one of these users has submitted, by name; [] = any"),
        },
        "Which cases get an issue; decides creation only",
      ),
      status: section(
        {
          toJira: z
            .record(
              values.shaped(/^(?:0|[1-9]\d?)$/, "the number of a case status, such as 0, 1, 2, 3, 4, 5, 12, 13 or 17"),
              statusTarget,
              mapping,
            )
            .describe("Case status → where it leads in Jira; merged with the defaults"),
          via: z
            .record(
              values.shaped(
                /^(?:new|indeterminate|done|\d{1,20})$/,
                "new, indeterminate, done or the number of a Jira status",
              ),
              z.array(positionInJira, list).max(10, { error: "a list of at most 10 status ids" }),
              mapping,
            )
            .describe("Target (status id or category) → status ids to pass through on the way"),
          closeOnDone: values.oneOf(...closeOnDoneChoices),
          fields: z
            .record(
              values.line("the id or the name of a Jira status", 255),
              z.record(fieldName, z.strictObject({ value: jsonValue }, { error: "{ value: … }" }), mapping),
              mapping,
            )
            .describe(
              "Status that is led to, by id or name → what its transition's screen asks for: field → { value: … }",
            ),
        },
        "How statuses map",
      ),
      priority: textByKey(
        values.line("a severity", 255),
        values.line("a priority", 255),
        "Severity id or name → Jira priority",
      ),
      comments: section(
        {
          toHuawei: values.oneOf(...commentsToHuaweiChoices),
          holdSeconds: seconds.describe("A comment leaves after so long without an edit"),
          authorName: values.oneOf(...authorNameChoices),
          allowSecurityLevels: z
            .array(positionInJira, list)
            .describe("Ids of issue security levels whose comments may leave Jira all the same"),
          allowAppAccounts: z
            .array(values.line("an account id", 255), list)
            .describe("Account ids of type app whose comments count as a person's"),
          inServiceProject: values
            .oneOf(...serviceProjectChoices)
            .describe("Whether the customers of a service project see what casebridge writes there. Default: internal"),
        },
        "Which comments leave Jira, and how",
      ),
      attachments: section({ toHuawei: values.oneOf(...attachmentsToHuaweiChoices) }, "Which files leave Jira"),
      create: section(
        {
          jql: values
            .line("a JQL query", 2000)
            .describe(`Issues that become cases. Default: labels = "${requestLabel}"`),
          defaults: section(
            {
              ...createInputs,
              extends: z
                .record(parameterKey, values.line("a value", 2000), mapping)
                .describe("Extra parameters by key"),
            },
            "Huawei ids used where the issue names none",
          ),
          fields: section(
            {
              subTypeId: fieldId,
              productId: fieldId,
              problemTypeId: fieldId,
              regionId: fieldId,
              severityId: fieldId,
              template: fieldId,
              extends: z.record(parameterKey, fieldId, mapping).describe("Extra parameters by key"),
            },
            "Jira fields that hold the respective Huawei id",
          ),
          template: values
            .lineOrEmpty("the id of a template", 255)
            .describe('Template of the problem type put into the description of a new case; "" = none'),
        },
        "How an issue becomes a case",
      ),
      guard: section(
        {
          mode: values.oneOf("mask", "hold", "off"),
          patterns: z
            .array(z.strictObject({ name: values.line("a name", 100), regex }, mapping), list)
            .max(100, { error: "a list of at most 100 patterns" })
            .describe("Masked in addition to the built-in ones"),
          kinds: z
            .array(values.oneOf("email", "bankCard", "iban"), list)
            .describe("Personal data that is masked only where it is named here"),
        },
        "Masking, or holding, of what leaves Jira",
      ),
      commands: section(
        { role: values.lineOrEmpty("a project role", 255) },
        'Who may use /case, /close …: people in this project role; "" = whoever\'s comments would be sent',
      ),
      settle: section(
        { caseSeconds: seconds, messageSeconds: seconds, searchSeconds: seconds, listSeconds: seconds },
        "After this long a completed write is visible to reads",
      ),
    },
    mapping,
  )
  .partial()
  .describe("One Huawei account (or user group) paired with one Jira project");

const configFileSchema = z
  .strictObject(
    {
      connections: z
        .array(connection, list)
        .min(1, { error: "a list of at least one connection" })
        .max(200, { error: "a list of at most 200 connections" })
        .optional(),
    },
    mapping,
  )
  .describe("casebridge.yaml. Every key may be left out: the environment's value, then the default, stands in.");

/** The file's data: every key optional. */
type ConfigFile = z.output<typeof configFileSchema>;

/** One connection of the file. */
export type ConnectionInput = z.output<typeof connection>;

/** JSON Schema (draft 2020-12) of the file, for editors; `casebridge.schema.json` is its text. */
export function configFileJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(configFileSchema, { io: "input" });
  return { $schema, title: "casebridge configuration", ...schema };
}

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
    raw = withoutNulls(document.toJS({ maxAliasCount: 100 }), [configFileJsonSchema()]);
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
    if (issue.code === "custom" && broken.some((known) => path.every((part, index) => known[index] === part))) continue;
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
    isBroken: (path) => broken.some((start) => start.every((part, index) => path[index] === part)),
  };
  return { file, errors };
}

/** `connections[0].jira.projectKey`; the empty path is the file itself. */
export function formatPath(path: FilePath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[\w-]{1,60}$/.test(part)) text += text === "" ? part : `.${part}`;
    else text += `[${JSON.stringify(part.slice(0, 60))}]`;
  }
  return text === "" ? "(whole file)" : text;
}

function toFilePath(path: readonly PropertyKey[]): FilePath {
  return path.map((part) => (typeof part === "symbol" ? String(part) : part));
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

/** Copies data without the keys whose value is empty, save keys that nobody knows; see the top of the file. */
function withoutNulls(data: unknown, schemas: readonly unknown[]): unknown {
  if (Array.isArray(data)) return data.map((item, index) => withoutNulls(item, schemasBelow(schemas, index)));
  if (!isRecord(data)) return data;
  const known = keysOf(schemas);
  const kept = Object.entries(data).filter(
    ([key, value]) => value !== null || (known.length > 0 && !known.includes(key)),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutNulls(value, schemasBelow(schemas, key))]));
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

function withoutPath(data: unknown, path: FilePath): unknown {
  const [first, ...others] = path;
  if (first === undefined) return undefined;
  if (Array.isArray(data)) return data.map((item, index) => (index === first ? withoutPath(item, others) : item));
  if (!isRecord(data)) return data;
  const entries = Object.entries(data).filter(([key]) => others.length > 0 || key !== first);
  return Object.fromEntries(entries.map(([key, value]) => [key, key === first ? withoutPath(value, others) : value]));
}

function valueAt(data: unknown, path: FilePath): unknown {
  let value = data;
  for (const part of path) {
    if (Array.isArray(value) && typeof part === "number") value = value[part];
    else if (isRecord(value) && Object.hasOwn(value, part)) value = value[part];
    else return undefined;
  }
  return value;
}

function isRecord(data: unknown): data is Record<string, unknown> {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}

/** Keys that the schema knows at a path, read from the JSON Schema so that they need no second list. */
function knownKeys(path: FilePath): readonly string[] {
  return keysOf(path.reduce(schemasBelow, [configFileJsonSchema()] as readonly unknown[]));
}

/** The JSON Schemas, one or several alternatives, of what stands below a key or position. */
function schemasBelow(schemas: readonly unknown[], part: string | number): readonly unknown[] {
  const next = schemas.flatMap((schema) => {
    if (!isRecord(schema)) return [];
    if (typeof part === "number") return [schema.items];
    const { properties } = schema;
    return [isRecord(properties) && Object.hasOwn(properties, part) ? properties[part] : schema.additionalProperties];
  });
  return next.flatMap((schema) => (isRecord(schema) && Array.isArray(schema.anyOf) ? schema.anyOf : [schema]));
}

function keysOf(schemas: readonly unknown[]): readonly string[] {
  return schemas.flatMap((schema) =>
    isRecord(schema) && isRecord(schema.properties) ? Object.keys(schema.properties) : [],
  );
}

function toPosition(lineCounter: LineCounter, offset: number): FilePosition {
  const { line, col } = lineCounter.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** Where in the text a path stands. A part that the file does not hold (left out, or merged in) gives its surroundings. */
function findOffset(document: Document.Parsed<ParsedNode>, path: FilePath, at: "key" | "value"): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isSeq(node) && typeof part === "number") {
      node = node.items[part];
      offset = startOf(node) ?? offset;
      continue;
    }
    if (!isMap(node)) return offset;
    const pair: Pair | undefined = node.items.find(
      (item) => isScalar(item.key) && String(item.key.value) === String(part),
    );
    if (pair === undefined) return offset;
    node = pair.value;
    const keyOffset = startOf(pair.key) ?? offset;
    const isLast = index === path.length - 1;
    // A section is found by its key, a single value by itself.
    const byKey = !isScalar(node) || (isLast && at === "key");
    offset = byKey ? keyOffset : (startOf(node) ?? keyOffset);
  }
  return offset;
}

function startOf(node: unknown): number | null {
  const range = (node as Node | null | undefined)?.range;
  return range?.[0] ?? null;
}
