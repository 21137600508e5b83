/**
 * Rich text. Jira v3 takes and returns Atlassian Document Format; Atlassian's own schema judges it.
 *
 * The schema is one knot: every node may hold nearly every other. ajv would compile it whole, which stops the event loop for a second, and try
 * all thirty alternatives of each place. So each definition is compiled when a document first holds a node of its type, and a definition of
 * another type is passed over unread.
 */
import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import type { Adf, AdfNode } from "./types.ts";

type Schema = { readonly [key: string]: unknown };

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `#/definitions/x` becomes the keyword `definition: "x"`, which looks at the type before it compiles `x`. */
function withoutReferences(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutReferences);
  if (!isObject(schema)) return schema;
  const entries = Object.entries(schema).map(([key, inner]) =>
    key === "$ref" ? ["definition", String(inner).slice("#/definitions/".length)] : [key, withoutReferences(inner)],
  );
  return Object.fromEntries(entries);
}

/** Types of the nodes or marks that a definition describes; `null` = it describes several things. */
function typesOf(schema: Schema, definitions: Readonly<Record<string, Schema>>): readonly unknown[] | null {
  const { properties, allOf, definition } = schema as {
    readonly properties?: { readonly type?: { readonly enum?: readonly unknown[] } };
    readonly allOf?: readonly Schema[];
    readonly definition?: string;
  };
  if (properties?.type?.enum !== undefined) return properties.type.enum;
  const [base] = allOf ?? [];
  const next = definition === undefined ? base : definitions[definition];
  return next === undefined ? null : typesOf(next, definitions);
}

/** Makes a judge of definitions by name. */
function makeJudge(): (name: string, value: unknown) => boolean {
  const schema = JSON.parse(readFileSync(new URL("./adf-schema.json", import.meta.url), "utf8"));
  const definitions = withoutReferences(schema.definitions) as Readonly<Record<string, Schema>>;
  const ajv = new Ajv({ strict: false, meta: false, validateSchema: false });
  const checks = new Map<string, { readonly types: readonly unknown[] | null; validate: ValidateFunction | null }>();
  const judge = (name: string, value: unknown): boolean => {
    const definition = definitions[name] ?? {};
    const check = checks.get(name) ?? { types: typesOf(definition, definitions), validate: null };
    checks.set(name, check);
    if (check.types !== null && !(isObject(value) && check.types.includes(value.type))) return false;
    check.validate ??= ajv.compile(definition);
    return check.validate(value) === true;
  };
  ajv.addKeyword({ keyword: "definition", validate: judge, errors: false });
  return judge;
}

let judge: ReturnType<typeof makeJudge> | null = null;

/** Says what is wrong with a document, or null when it follows the schema. Never throws, whatever it is given. */
export function findAdfProblem(value: unknown): string | null {
  judge ??= makeJudge();
  if (judge("doc_node", value)) return null;
  if (!isObject(value) || value.type !== "doc") return "doc: the root must be of type doc";
  const content = Array.isArray(value.content) ? value.content : [];
  const at = content.findIndex((node) => judge?.("doc_node", { ...value, content: [node] }) === false);
  return at < 0 ? "doc: version or members are wrong" : `doc.content[${at}]: is not allowed here`;
}

/** Narrows a value that has no problem. */
export function isAdf(value: unknown): value is Adf {
  return findAdfProblem(value) === null;
}

/** Types that hold other nodes, or stand on a line of their own. */
const BLOCKS = new Set(
  (
    "paragraph heading rule bulletList orderedList listItem taskList taskItem blockTaskItem decisionList decisionItem blockquote " +
    "panel expand nestedExpand codeBlock table tableRow layoutSection mediaSingle mediaGroup media caption blockCard embedCard " +
    "extension bodiedExtension syncBlock bodiedSyncBlock"
  ).split(" "),
);

function inlineText(node: AdfNode): string {
  const attrs = node.attrs ?? {};
  switch (node.type) {
    case "text":
      return node.text ?? "";
    case "hardBreak":
      return "\n";
    case "mention":
    case "status":
    case "placeholder":
      return String(attrs.text ?? attrs.id ?? "");
    case "emoji":
      return String(attrs.text ?? attrs.shortName ?? "");
    case "date":
      return new Date(Number(attrs.timestamp)).toISOString().slice(0, 10);
    case "inlineCard":
    case "blockCard":
    case "embedCard":
      return String(attrs.url ?? "");
    case "media":
    case "mediaInline":
      return String(attrs.alt ?? attrs.id ?? attrs.url ?? "");
    default:
      return (node.content ?? []).map(inlineText).join("");
  }
}

function blockLines(node: AdfNode, lines: string[]): void {
  const children = node.content ?? [];
  if (node.type === "tableRow") {
    lines.push(children.map((cell) => adfToText({ type: "doc", version: 1, content: cell.content ?? [] })).join(" | "));
  } else if (children.some((child) => BLOCKS.has(child.type))) {
    for (const child of children) blockLines(child, lines);
  } else {
    lines.push(inlineText(node));
  }
}

/** Plain text of a document: one line per block, for `getState()`, text search and webhooks. */
export function adfToText(doc: Adf | null): string {
  if (doc === null) return "";
  const lines: string[] = [];
  for (const node of doc.content) blockLines(node, lines);
  return lines.join("\n");
}

/** A document of paragraphs, one per line, as Jira's editor makes when a person types plain text. */
export function textToAdf(text: string): Adf {
  const content = text
    .split("\n")
    .map(
      (line): AdfNode =>
        line.length === 0
          ? { type: "paragraph", content: [] }
          : { type: "paragraph", content: [{ type: "text", text: line }] },
    );
  return { type: "doc", version: 1, content };
}

/** All strings of a document (texts and attributes), to look for characters that Jira refuses. */
export function* adfStrings(node: unknown): Generator<string> {
  if (typeof node === "string") yield node;
  else if (Array.isArray(node)) for (const item of node) yield* adfStrings(item);
  else if (isObject(node)) for (const item of Object.values(node)) yield* adfStrings(item);
}
