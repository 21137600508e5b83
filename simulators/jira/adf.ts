// Rich text. Jira v3 takes and returns Atlassian Document Format. The rules below are written by hand after
// adf-schema-v1.json (@atlaskit/adf-schema 57.7.22); a test lets ajv judge the same samples with the schema itself.
// How the schema says it: each parent lists its children, and for some children several variants of allowed marks.
// A child is right when its marks fit one of the variants its parent allows.

import { z } from "zod";
import type { Adf, AdfNode } from "./types.ts";

/** Marks a child may carry: any one of the lists; absent means that the node knows no `marks` at all. */
type MarkVariants = readonly (readonly string[])[];
type Children = Readonly<Record<string, MarkVariants | null>>;

interface NodeRule {
  readonly attrs?: z.ZodType;
  readonly attrsRequired?: boolean;
  readonly children?: Children;
  readonly contentRequired?: boolean;
  readonly min?: number;
  readonly max?: number;
  /** Allowed children by position, for the few nodes with a fixed order. */
  readonly ordered?: readonly Children[];
}

const localId = { localId: z.string().optional() };
const onlyLocalId = z.strictObject(localId);
const color6 = z.string().regex(/^#[0-9a-fA-F]{6}$/);
const layouts = z.enum(["wide", "full-width", "center", "wrap-right", "wrap-left", "align-end", "align-start"]);
const extensionAttrs = {
  extensionKey: z.string().min(1),
  extensionType: z.string().min(1),
  parameters: z.unknown().optional(),
  text: z.string().optional(),
  localId: z.string().min(1).optional(),
};
const extensionLayout = { layout: z.enum(["wide", "full-width", "default"]).optional() };
const breakout: MarkVariants = [["breakout"]];

/** A value that must be there, whatever it is. */
const present = z.unknown().refine((value) => value !== undefined);

const MARKS: Readonly<Record<string, z.ZodType | null>> = {
  strong: null,
  em: null,
  strike: null,
  underline: null,
  code: null,
  link: z.strictObject({
    href: z.string(),
    title: z.string().optional(),
    id: z.string().optional(),
    collection: z.string().optional(),
    occurrenceKey: z.string().optional(),
  }),
  subsup: z.strictObject({ type: z.enum(["sub", "sup"]) }),
  textColor: z.strictObject({ color: color6 }),
  backgroundColor: z.strictObject({ color: color6 }),
  annotation: z.strictObject({ id: z.string(), annotationType: z.literal("inlineComment") }),
  alignment: z.strictObject({ align: z.enum(["center", "end"]) }),
  indentation: z.strictObject({ level: z.number().min(1).max(6) }),
  fontSize: z.strictObject({ fontSize: z.literal("small") }),
  breakout: z.strictObject({ mode: z.enum(["wide", "full-width"]), width: z.number().optional() }),
  border: z.strictObject({
    size: z.number().min(1).max(3),
    color: z.string().regex(/^#[0-9a-fA-F]{8}$|^#[0-9a-fA-F]{6}$/),
  }),
  dataConsumer: z.strictObject({ sources: z.array(z.string()).min(1) }),
  fragment: z.strictObject({ localId: z.string().min(1), name: z.string().optional() }),
};

const FORMATTED = [
  "link",
  "em",
  "strong",
  "strike",
  "subsup",
  "underline",
  "textColor",
  "annotation",
  "backgroundColor",
] as const;
const TEXT: MarkVariants = [[...FORMATTED], ["code", "link", "annotation"]];
const MEDIA_MARKS: MarkVariants = [["dataConsumer", "link", "annotation", "border"]];
const EXTENSION_MARKS: MarkVariants = [["dataConsumer", "fragment"]];
const NONE: MarkVariants = [[]];
const SMALL: MarkVariants = [["fontSize"]];
const PARAGRAPH_ANY: MarkVariants = [
  ["fontSize", "alignment"],
  ["fontSize", "indentation"],
];
const HEADING_ANY: MarkVariants = [["alignment"], ["indentation"]];

const INLINE: Children = {
  text: TEXT,
  date: null,
  emoji: null,
  hardBreak: null,
  inlineCard: null,
  mention: null,
  placeholder: null,
  status: null,
  inlineExtension: EXTENSION_MARKS,
  mediaInline: MEDIA_MARKS,
};

const LISTS: Children = { bulletList: null, orderedList: null };
const MEDIA_BLOCKS: Children = { mediaSingle: [["link"]], mediaGroup: null };
const PANEL_BLOCKS: Children = {
  ...LISTS,
  ...MEDIA_BLOCKS,
  paragraph: SMALL,
  heading: NONE,
  blockCard: null,
  codeBlock: NONE,
  taskList: null,
  rule: null,
  decisionList: null,
  extension: EXTENSION_MARKS,
};
const NON_NESTABLE: Children = {
  ...PANEL_BLOCKS,
  panel: null,
  blockquote: null,
  table: [["fragment"]],
  embedCard: null,
};
const BLOCK_CONTENT: Children = {
  ...NON_NESTABLE,
  paragraph: PARAGRAPH_ANY,
  heading: HEADING_ANY,
  expand: NONE,
  bodiedExtension: EXTENSION_MARKS,
};
const CELL: Children = {
  ...PANEL_BLOCKS,
  paragraph: PARAGRAPH_ANY.slice(0, 1),
  heading: HEADING_ANY,
  panel: null,
  blockquote: null,
  nestedExpand: NONE,
};
const DOC: Children = {
  ...BLOCK_CONTENT,
  codeBlock: breakout,
  expand: breakout,
  layoutSection: breakout,
  syncBlock: breakout,
  bodiedSyncBlock: breakout,
};
const cellAttrs = z.strictObject({
  colspan: z.number().optional(),
  rowspan: z.number().optional(),
  colwidth: z.array(z.number()).optional(),
  background: z.string().optional(),
  valign: z.enum(["top", "middle", "bottom"]).optional(),
  ...localId,
});
const mediaFile = {
  ...localId,
  id: z.string().min(1),
  alt: z.string().optional(),
  collection: z.string(),
  height: z.number().optional(),
  width: z.number().optional(),
  occurrenceKey: z.string().min(1).optional(),
};

const NODES: Readonly<Record<string, NodeRule>> = {
  paragraph: { attrs: onlyLocalId, children: INLINE },
  heading: {
    attrs: z.strictObject({ level: z.number().min(1).max(6), ...localId }),
    attrsRequired: true,
    children: INLINE,
  },
  hardBreak: { attrs: z.strictObject({ text: z.literal("\n").optional(), ...localId }) },
  rule: { attrs: onlyLocalId },
  mention: {
    attrs: z.strictObject({
      id: z.string(),
      text: z.string().optional(),
      accessLevel: z.string().optional(),
      userType: z.enum(["DEFAULT", "SPECIAL", "APP"]).optional(),
      ...localId,
    }),
    attrsRequired: true,
  },
  emoji: {
    attrs: z.strictObject({
      shortName: z.string(),
      id: z.string().optional(),
      text: z.string().optional(),
      ...localId,
    }),
    attrsRequired: true,
  },
  date: { attrs: z.strictObject({ timestamp: z.string().min(1), ...localId }), attrsRequired: true },
  placeholder: { attrs: z.strictObject({ text: z.string(), ...localId }), attrsRequired: true },
  status: {
    attrs: z.strictObject({
      text: z.string().min(1),
      color: z.string().regex(/^(neutral|purple|blue|red|yellow|green|#[0-9a-fA-F]{6})$/),
      style: z.string().optional(),
      ...localId,
    }),
    attrsRequired: true,
  },
  inlineCard: {
    attrs: z.union([z.strictObject({ url: z.string(), ...localId }), z.strictObject({ data: present, ...localId })]),
    attrsRequired: true,
  },
  blockCard: {
    attrs: z.union([
      z.strictObject({
        url: z.string().optional(),
        datasource: z.strictObject({
          id: z.string(),
          parameters: present,
          views: z.array(z.strictObject({ type: z.string(), properties: z.unknown().optional() })).min(1),
        }),
        width: z.number().optional(),
        layout: layouts.optional(),
        ...localId,
      }),
      z.strictObject({ url: z.string(), ...localId }),
      z.strictObject({ data: present, ...localId }),
    ]),
    attrsRequired: true,
  },
  embedCard: {
    attrs: z.strictObject({
      url: z.string(),
      layout: layouts,
      width: z.number().min(0).max(100).optional(),
      originalHeight: z.number().optional(),
      originalWidth: z.number().optional(),
      ...localId,
    }),
    attrsRequired: true,
  },
  inlineExtension: { attrs: z.strictObject(extensionAttrs), attrsRequired: true },
  extension: { attrs: z.strictObject({ ...extensionAttrs, ...extensionLayout }), attrsRequired: true },
  bodiedExtension: {
    attrs: z.strictObject({ ...extensionAttrs, ...extensionLayout }),
    attrsRequired: true,
    children: NON_NESTABLE,
    contentRequired: true,
    min: 1,
  },
  syncBlock: { attrs: z.strictObject({ resourceId: z.string(), localId: z.string() }), attrsRequired: true },
  bodiedSyncBlock: {
    attrs: z.strictObject({ resourceId: z.string(), localId: z.string() }),
    attrsRequired: true,
    children: { ...BLOCK_CONTENT, layoutSection: breakout },
    contentRequired: true,
    min: 1,
  },
  media: {
    attrs: z.union([
      z.strictObject({ type: z.enum(["link", "file"]), ...mediaFile }),
      z.strictObject({
        type: z.literal("external"),
        url: z.string(),
        alt: z.string().optional(),
        height: z.number().optional(),
        width: z.number().optional(),
        ...localId,
      }),
    ]),
    attrsRequired: true,
  },
  mediaInline: {
    attrs: z.strictObject({
      type: z.enum(["link", "file", "image"]).optional(),
      data: z.unknown().optional(),
      ...mediaFile,
    }),
    attrsRequired: true,
  },
  mediaGroup: { children: { media: MEDIA_MARKS }, contentRequired: true, min: 1 },
  mediaSingle: {
    attrs: z.union([
      z.strictObject({
        layout: layouts,
        width: z.number().min(0).max(100).optional(),
        widthType: z.literal("percentage").optional(),
        ...localId,
      }),
      z.strictObject({ layout: layouts, width: z.number().min(0), widthType: z.literal("pixel"), ...localId }),
    ]),
    ordered: [{ media: MEDIA_MARKS }, { caption: null }],
    contentRequired: true,
    min: 1,
    max: 2,
  },
  caption: {
    attrs: onlyLocalId,
    children: {
      hardBreak: null,
      mention: null,
      emoji: null,
      date: null,
      placeholder: null,
      inlineCard: null,
      status: null,
      text: TEXT,
    },
  },
  codeBlock: {
    attrs: z.strictObject({
      language: z.string().optional(),
      uniqueId: z.string().optional(),
      wrap: z.boolean().optional(),
      hideLineNumbers: z.boolean().optional(),
      ...localId,
    }),
    children: { text: NONE },
  },
  bulletList: { attrs: onlyLocalId, children: { listItem: null }, contentRequired: true, min: 1 },
  orderedList: {
    attrs: z.strictObject({ order: z.number().min(0).optional(), ...localId }),
    children: { listItem: null },
    contentRequired: true,
    min: 1,
  },
  listItem: {
    attrs: onlyLocalId,
    children: {
      ...LISTS,
      paragraph: SMALL,
      taskList: null,
      mediaSingle: [["link"]],
      codeBlock: NONE,
      extension: EXTENSION_MARKS,
    },
    contentRequired: true,
    min: 1,
  },
  taskList: {
    attrs: z.strictObject({ localId: z.string() }),
    attrsRequired: true,
    children: { taskItem: null, taskList: null, blockTaskItem: null },
    contentRequired: true,
    min: 1,
  },
  taskItem: {
    attrs: z.strictObject({ localId: z.string(), state: z.enum(["TODO", "DONE"]) }),
    attrsRequired: true,
    children: INLINE,
  },
  blockTaskItem: {
    attrs: z.strictObject({ localId: z.string(), state: z.enum(["TODO", "DONE"]) }),
    attrsRequired: true,
    children: { paragraph: SMALL, extension: EXTENSION_MARKS },
    contentRequired: true,
    min: 1,
  },
  decisionList: {
    attrs: z.strictObject({ localId: z.string() }),
    attrsRequired: true,
    children: { decisionItem: null },
    contentRequired: true,
    min: 1,
  },
  decisionItem: {
    attrs: z.strictObject({ localId: z.string(), state: z.string() }),
    attrsRequired: true,
    children: INLINE,
  },
  blockquote: {
    attrs: onlyLocalId,
    children: { ...LISTS, ...MEDIA_BLOCKS, paragraph: NONE, codeBlock: NONE, extension: EXTENSION_MARKS },
    contentRequired: true,
    min: 1,
  },
  panel: {
    attrs: z.strictObject({
      panelType: z.enum(["info", "note", "tip", "warning", "error", "success", "custom"]),
      panelIcon: z.string().optional(),
      panelIconId: z.string().optional(),
      panelIconText: z.string().optional(),
      panelColor: z.string().optional(),
      ...localId,
    }),
    attrsRequired: true,
    children: PANEL_BLOCKS,
    contentRequired: true,
    min: 1,
  },
  expand: {
    attrs: z.strictObject({ title: z.string().optional(), ...localId }),
    children: { ...NON_NESTABLE, nestedExpand: NONE },
    contentRequired: true,
    min: 1,
  },
  nestedExpand: {
    attrs: z.strictObject({ title: z.string().optional(), ...localId }),
    attrsRequired: true,
    children: {
      ...LISTS,
      ...MEDIA_BLOCKS,
      paragraph: SMALL,
      heading: NONE,
      codeBlock: NONE,
      taskList: null,
      decisionList: null,
      rule: null,
      panel: null,
      blockquote: null,
      extension: EXTENSION_MARKS,
    },
    contentRequired: true,
    min: 1,
  },
  table: {
    attrs: z.strictObject({
      displayMode: z.enum(["default", "fixed"]).optional(),
      isNumberColumnEnabled: z.boolean().optional(),
      layout: z.enum(["wide", "full-width", "center", "align-end", "align-start", "default"]).optional(),
      localId: z.string().min(1).optional(),
      width: z.number().optional(),
    }),
    children: { tableRow: null },
    contentRequired: true,
    min: 1,
  },
  tableRow: { attrs: onlyLocalId, children: { tableCell: null, tableHeader: null }, contentRequired: true },
  tableCell: { attrs: cellAttrs, children: CELL, contentRequired: true, min: 1 },
  tableHeader: { attrs: cellAttrs, children: CELL, contentRequired: true, min: 1 },
  layoutSection: {
    attrs: onlyLocalId,
    children: { layoutColumn: null },
    contentRequired: true,
    min: 2,
    max: 3,
  },
  layoutColumn: {
    attrs: z.strictObject({
      width: z.number().min(0).max(100),
      valign: z.enum(["top", "middle", "bottom"]).optional(),
      ...localId,
    }),
    attrsRequired: true,
    children: BLOCK_CONTENT,
    contentRequired: true,
    min: 1,
  },
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkKeys(node: Record<string, unknown>, allowed: readonly string[], path: string): string | null {
  for (const key of Object.keys(node)) {
    if (!allowed.includes(key)) return `${path}: unknown member "${key}"`;
  }
  return null;
}

function checkMarks(marks: unknown, variants: MarkVariants | null, path: string): string | null {
  if (marks === undefined) return null;
  if (variants === null) return `${path}: marks are not allowed here`;
  if (!Array.isArray(marks)) return `${path}: marks must be a list`;
  for (const mark of marks) {
    if (!isObject(mark) || typeof mark.type !== "string") return `${path}: a mark needs a type`;
    const attrs = MARKS[mark.type];
    if (attrs === undefined) return `${path}: unknown mark "${mark.type}"`;
    const bad = checkKeys(mark, attrs === null ? ["type"] : ["type", "attrs"], path);
    if (bad !== null) return bad;
    if (attrs !== null && !attrs.safeParse(mark.attrs).success) return `${path}: wrong attrs of mark "${mark.type}"`;
  }
  const types = marks.map((mark) => String(mark.type));
  if (variants.some((variant) => types.every((type) => variant.includes(type)))) return null;
  return `${path}: marks ${types.join("+")} do not fit here`;
}

function checkChildren(node: Record<string, unknown>, rule: NodeRule, path: string): string | null {
  const content = node.content;
  if (content === undefined) return rule.contentRequired === true ? `${path}: content is missing` : null;
  if (!Array.isArray(content)) return `${path}: content must be a list`;
  if (content.length < (rule.min ?? 0)) return `${path}: content is too short`;
  if (content.length > (rule.max ?? Number.POSITIVE_INFINITY)) return `${path}: content is too long`;
  for (const [index, child] of content.entries()) {
    const allowed = rule.ordered === undefined ? rule.children : rule.ordered[index];
    const problem = checkNode(child, allowed ?? {}, `${path}.content[${index}]`);
    if (problem !== null) return problem;
  }
  return null;
}

function checkNode(node: unknown, allowed: Children, path: string): string | null {
  if (!isObject(node) || typeof node.type !== "string") return `${path}: a node needs a type`;
  if (!Object.hasOwn(allowed, node.type)) return `${path}: "${node.type}" is not allowed here`;
  const variants = allowed[node.type] ?? null;
  const marks = checkMarks(node.marks, variants, path);
  if (marks !== null) return marks;
  if (node.type === "text") {
    if (typeof node.text !== "string" || node.text.length === 0) return `${path}: text must not be empty`;
    return checkKeys(node, ["type", "text", "marks"], path);
  }
  const rule = NODES[node.type];
  if (rule === undefined) return `${path}: unknown node "${node.type}"`;
  const known = ["type"];
  if (rule.attrs !== undefined) known.push("attrs");
  if (rule.children !== undefined || rule.ordered !== undefined) known.push("content");
  if (variants !== null) known.push("marks");
  const bad = checkKeys(node, known, path);
  if (bad !== null) return bad;
  if (node.attrs === undefined && rule.attrsRequired === true) return `${path}: attrs are missing`;
  if (node.attrs !== undefined && rule.attrs?.safeParse(node.attrs).success !== true) return `${path}: wrong attrs`;
  return checkChildren(node, rule, path);
}

/** Says what is wrong with a document, or null when it follows the schema. Never throws, whatever it is given. */
export function findAdfProblem(value: unknown): string | null {
  if (!isObject(value)) return "doc: must be an object";
  if (value.type !== "doc") return "doc: the root must be of type doc";
  if (value.version !== 1) return "doc: version must be 1";
  const bad = checkKeys(value, ["type", "version", "content"], "doc");
  if (bad !== null) return bad;
  return checkChildren(value, { children: DOC, contentRequired: true }, "doc");
}

/** Narrows a value that has no problem. */
export function isAdf(value: unknown): value is Adf {
  return findAdfProblem(value) === null;
}

const BLOCKS = new Set(
  Object.keys({
    ...DOC,
    listItem: 1,
    taskItem: 1,
    decisionItem: 1,
    tableRow: 1,
    caption: 1,
    media: 1,
    nestedExpand: 1,
  }),
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
