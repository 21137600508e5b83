/**
 * Jira documents as plain text, for Huawei's messages and for comparing.
 *
 * A document may hold any node that Atlassian has or will invent, and webhooks and old data hold worse. So every node
 * that is not known gives its content, else the text among its attributes; nothing throws. Ready-made converters
 * throw on, or lose, mentions, statuses, media and unknown nodes (jira.md 2.6).
 */

import { toPlainText } from "../../domain/text/sanitize.ts";

/** A file that a media node names. External media have a `url` and no `id`; `attachmentId` is known once `nameMedia` found it. */
export type AdfMediaReference = {
  readonly id: string | null;
  readonly name: string | null;
  readonly url: string | null;
  readonly attachmentId: string | null;
};

type Node = Readonly<Record<string, unknown>>;

/** Deeper than any document of the editor. What lies below is gathered as bare text without recursion. */
const DEPTH_MAX = 60;

const INLINE = new Set([
  "text",
  "hardBreak",
  "mention",
  "emoji",
  "date",
  "status",
  "inlineCard",
  "mediaInline",
  "placeholder",
  "inlineExtension",
]);
const MEDIA = new Set(["media", "mediaInline"]);
const PANEL_KINDS = new Set(["info", "note", "tip", "warning", "error", "success"]);
/** A date in JavaScript reaches ± 8.64e15 ms. */
const TIMESTAMP_MAX = 8.64e15;

/**
 * The visible text of an ADF document (or node, or list of nodes), sanitised, without blank lines around it. Headings
 * start with `#`, items with `- `, `1. ` or `[x] `, quotes with `> `, panels with `[warning] `; code is fenced, struck
 * text stands in `~~`, table rows are `a | b`, files are `[file: name]`, links show their address when the text does not. A string is taken as text, anything else that
 * is no node gives `""`. Never throws on JSON of any shape or depth. May be repeated.
 */
export function adfToText(document: unknown): string {
  if (typeof document === "string") return toPlainText(document).trim();
  const nodes = Array.isArray(document) ? toNodes(document) : toNodes([document]);
  return toPlainText(renderBlocks(nodes, 0)).trim();
}

/** The files that media nodes anywhere in the document name, in order, repeats included. Never throws on JSON. */
export function adfMediaReferences(document: unknown): AdfMediaReference[] {
  const found: AdfMediaReference[] = [];
  walk(Array.isArray(document) ? document : [document], (node) => {
    if (!MEDIA.has(typeOf(node))) return;
    const attrs = attrsOf(node);
    const reference = {
      id: nonEmpty(attrs.id),
      name: nonEmpty(attrs.__fileName) ?? nonEmpty(attrs.alt),
      url: nonEmpty(attrs.url),
      attachmentId: nonEmpty(attrs.__attachmentId),
    };
    if (reference.id !== null || reference.name !== null || reference.url !== null) found.push(reference);
  });
  return found;
}

/**
 * The addresses that stand anywhere in the document: targets of links on texts and pictures, cards, embedded pages, external media, and
 * those typed as text. In order, repeats included. Never throws on JSON.
 */
export function adfAddresses(document: unknown): string[] {
  const found: string[] = [];
  walk(Array.isArray(document) ? document : [document], (node) => {
    const attrs = attrsOf(node);
    const marks = Array.isArray(node.marks) ? toNodes(node.marks).map(attrsOf) : [];
    const data = toNode(attrs.data);
    for (const holder of [attrs, data ?? {}, ...marks])
      for (const value of [holder.href, holder.url, holder["@id"]]) if (typeof value === "string") found.push(value);
    if (typeof node.text === "string") found.push(...(node.text.match(/(?:https?:\/\/|\/)[^\s<>"]+/gi) ?? []));
  });
  return found;
}

/** A file by the id of its media. */
export type NamedFile = { readonly attachmentId: string; readonly name: string };

/**
 * Writes `__fileName` and `__attachmentId` on the media nodes whose id, in lower case, is known in `files`. Changes the document itself,
 * which must be the caller's own, since it may be too deep to copy. Never throws on JSON; may be repeated.
 */
export function nameMedia(document: unknown, files: ReadonlyMap<string, NamedFile>): void {
  walk([document], (node) => {
    const attrs = toNode(node.attrs);
    const file = MEDIA.has(typeOf(node)) ? files.get((nonEmpty(attrsOf(node).id) ?? "").toLowerCase()) : undefined;
    if (attrs !== null && file !== undefined)
      Object.assign(attrs, { __fileName: file.name, __attachmentId: file.attachmentId });
  });
}

function renderBlocks(nodes: readonly Node[], depth: number, separator = "\n\n"): string {
  const blocks: string[] = [];
  let inline: Node[] = [];
  const flush = (): void => {
    const text = renderInline(inline, depth);
    if (text.trim() !== "") blocks.push(text);
    inline = [];
  };
  for (const node of nodes) {
    if (INLINE.has(typeOf(node))) {
      inline.push(node);
      continue;
    }
    flush();
    const text = renderBlock(node, depth);
    if (text.trim() !== "") blocks.push(text);
  }
  flush();
  return blocks.join(separator);
}

function renderBlock(node: Node, depth: number): string {
  if (depth >= DEPTH_MAX) return gatherText(node);
  const children = childrenOf(node);
  const attrs = attrsOf(node);
  const below = depth + 1;
  switch (typeOf(node)) {
    case "paragraph":
    case "caption":
      return renderInline(children, below);
    case "heading":
      return `${"#".repeat(headingLevel(attrs.level))} ${renderInline(children, below)}`;
    case "bulletList":
    case "decisionList":
      return children.map((item) => renderItem(item, "- ", below)).join("\n");
    case "orderedList": {
      const first = startNumber(attrs.order);
      return children.map((item, index) => renderItem(item, `${first + index}. `, below)).join("\n");
    }
    case "taskList":
      return children.map((item) => renderTask(item, below)).join("\n");
    case "codeBlock":
      return renderCode(gatherText(node), nonEmpty(attrs.language) ?? "");
    case "blockquote":
      return prefixLines(renderBlocks(children, below), "> ");
    case "table":
      return children.map((row) => renderRow(row, below)).join("\n");
    case "tableRow":
      return renderRow(node, below);
    case "rule":
      return "---";
    case "media":
      return renderMedia(node);
    case "mediaGroup":
      return children.map((child) => renderBlock(child, below)).join("\n");
    case "mediaSingle":
      return renderBlocks(children, below, "\n");
    case "panel":
      return renderPanel(attrs.panelType, renderBlocks(children, below));
    case "syncBlock":
      return fallbackText(node) || "[synced block: see the issue]";
    case "extension":
      return fallbackText(node) || extensionName(attrs);
    case "expand":
    case "nestedExpand":
      return [nonEmpty(attrs.title) ?? "", renderBlocks(children, below)].filter((text) => text !== "").join("\n");
    case "blockCard":
    case "embedCard":
      return cardUrl(attrs);
    default:
      return renderUnknown(node, below);
  }
}

/** A warning that reads like any paragraph would be a loss, so the panel's kind stands before its text. */
function renderPanel(type: unknown, content: string): string {
  const kind = typeof type === "string" && PANEL_KINDS.has(type) ? type : "";
  return kind === "" || content.trim() === "" ? content : `[${kind}] ${content}`;
}

/** What an app shows in Jira is not in the document: its key at least says what stands there. */
function extensionName(attrs: Node): string {
  const key = nonEmpty(attrs.extensionKey);
  return key === null ? "" : `[extension: ${key}]`;
}

/** Layouts, extensions with a body, and whatever comes next. */
function renderUnknown(node: Node, depth: number): string {
  const content = renderBlocks(childrenOf(node), depth);
  return content !== "" ? content : fallbackText(node);
}

function renderItem(item: Node, marker: string, depth: number): string {
  const type = typeOf(item);
  const text =
    type === "listItem" || type === "decisionItem"
      ? renderBlocks(childrenOf(item), depth, "\n")
      : renderBlock(item, depth);
  return hang(text, marker);
}

function renderTask(item: Node, depth: number): string {
  const type = typeOf(item);
  if (type !== "taskItem" && type !== "blockTaskItem") return prefixLines(renderBlock(item, depth), "  ");
  const marker = attrsOf(item).state === "DONE" ? "[x] " : "[ ] ";
  return hang(renderBlocks(childrenOf(item), depth, "\n"), marker);
}

function renderRow(row: Node, depth: number): string {
  return childrenOf(row)
    .map((cell) => {
      const text = renderBlocks(childrenOf(cell), depth, "\n") || fallbackText(cell);
      const lines = text.split("\n").map((line) => line.trim());
      return lines.filter((line) => line !== "").join(" ");
    })
    .join(" | ");
}

/** The fence is longer than any in the code, so that the text can be read back. */
function renderCode(code: string, language: string): string {
  const longest = Math.max(
    2,
    ...Array.from(code.matchAll(/^ {0,3}(`{3,})/gm), (match) => match[1]?.length ?? 0).slice(0, 1000),
  );
  const fence = "`".repeat(Math.min(longest + 1, 20));
  const name = /^[\w+#.-]{1,20}$/.test(language) ? language : "";
  return `${fence}${name}\n${code}\n${fence}`;
}

/** Neighbouring nodes of one link are one link: its address is shown once. */
function renderInline(nodes: readonly Node[], depth: number): string {
  let text = "";
  let href: string | null = null;
  let linked = "";
  const closeLink = (): void => {
    if (href !== null) text += linkText(linked, href);
    href = null;
    linked = "";
  };
  for (const node of nodes) {
    const nodeHref = hrefOf(node);
    if (nodeHref !== href) closeLink();
    const shown = renderInlineNode(node, depth);
    if (nodeHref === null) {
      text += shown;
    } else {
      href = nodeHref;
      linked += shown;
    }
  }
  closeLink();
  return text;
}

function renderInlineNode(node: Node, depth: number): string {
  const attrs = attrsOf(node);
  switch (typeOf(node)) {
    case "text":
      return typeof node.text === "string" ? struckText(node, node.text) : "";
    case "inlineExtension":
      return fallbackText(node) || extensionName(attrs);
    case "hardBreak":
      return "\n";
    case "mention": {
      const name = nonEmpty(attrs.text) ?? "user";
      return name.startsWith("@") ? name : `@${name}`;
    }
    case "emoji":
      return nonEmpty(attrs.text) ?? nonEmpty(attrs.shortName) ?? "";
    case "date":
      return dateText(attrs.timestamp);
    case "inlineCard":
      return cardUrl(attrs);
    case "mediaInline":
      return renderMedia(node);
    default: {
      if (depth >= DEPTH_MAX) return gatherText(node);
      const children = childrenOf(node);
      if (children.length === 0) return fallbackText(node);
      return children.every((child) => INLINE.has(typeOf(child)))
        ? renderInline(children, depth + 1)
        : renderBlock(node, depth + 1);
    }
  }
}

/** "do ~~not~~ restart": without the tildes the sentence would say the opposite of what its author left standing. */
function struckText(node: Node, text: string): string {
  const isStruck = Array.isArray(node.marks) && toNodes(node.marks).some((mark) => typeOf(mark) === "strike");
  return isStruck && text.trim() !== "" ? `~~${text}~~` : text;
}

function linkText(text: string, href: string): string {
  const bare = (address: string): string =>
    address
      .trim()
      .replace(/^(?:mailto:|https?:\/\/)/i, "")
      .replace(/\/$/, "")
      .toLowerCase();
  if (text.trim() === "") return href;
  return bare(text) === bare(href) ? text : `${text} (${href})`;
}

function hrefOf(node: Node): string | null {
  const marks = node.marks;
  if (!Array.isArray(marks)) return null;
  const link = toNodes(marks).find((mark) => typeOf(mark) === "link");
  return link === undefined ? null : nonEmpty(attrsOf(link).href);
}

function renderMedia(node: Node): string {
  const attrs = attrsOf(node);
  const alt = nonEmpty(attrs.alt);
  const file = nonEmpty(attrs.__fileName);
  // The description that a person gave to a picture stands beside the name of its file.
  if (file !== null) return alt === null || alt === file ? `[file: ${file}]` : `[file: ${file} (${alt})]`;
  return `[file: ${alt ?? nonEmpty(attrs.id) ?? nonEmpty(attrs.url) ?? "unknown"}]`;
}

function cardUrl(attrs: Node): string {
  const data = toNode(attrs.data);
  return nonEmpty(attrs.url) ?? nonEmpty(data?.url) ?? nonEmpty(data?.name) ?? "";
}

function dateText(timestamp: unknown): string {
  const ms = typeof timestamp === "string" && timestamp.trim() !== "" ? Number(timestamp) : timestamp;
  if (typeof ms === "number" && Math.abs(ms) <= TIMESTAMP_MAX) return new Date(ms).toISOString().slice(0, 10);
  return nonEmpty(timestamp) ?? "";
}

function headingLevel(level: unknown): number {
  return typeof level === "number" && level >= 1 && level <= 6 ? Math.floor(level) : 1;
}

function startNumber(order: unknown): number {
  return typeof order === "number" && Number.isSafeInteger(order) && order >= 0 ? order : 1;
}

function hang(text: string, marker: string): string {
  const [first = "", ...others] = text.split("\n");
  const indent = " ".repeat(marker.length);
  return [marker + first, ...others.map((line) => (line === "" ? "" : indent + line))].join("\n");
}

function prefixLines(text: string, prefix: string): string {
  return text
    .split("\n")
    .map((line) => prefix + line)
    .join("\n");
}

function fallbackText(node: Node): string {
  const attrs = attrsOf(node);
  return nonEmpty(node.text) ?? nonEmpty(attrs.text) ?? nonEmpty(attrs.title) ?? nonEmpty(attrs.url) ?? "";
}

/** All text below a node, in order, with a stack of its own instead of recursion. */
function gatherText(node: Node): string {
  const texts: string[] = [];
  walk([node], (found) => {
    if (typeOf(found) === "hardBreak") texts.push("\n");
    else if (typeof found.text === "string") texts.push(found.text);
    else if (childrenOf(found).length === 0)
      texts.push(INLINE.has(typeOf(found)) ? renderInlineNode(found, DEPTH_MAX - 1) : fallbackText(found));
  });
  return texts.join("");
}

/** Visits nodes in document order; the depth costs memory, never stack. */
function walk(roots: readonly unknown[], visit: (node: Node) => void): void {
  const stack: unknown[] = roots.toReversed();
  while (stack.length > 0) {
    const node = toNode(stack.pop());
    if (node === null) continue;
    visit(node);
    const content = node.content;
    if (!Array.isArray(content)) continue;
    for (let index = content.length - 1; index >= 0; index -= 1) stack.push(content[index]);
  }
}

function childrenOf(node: Node): readonly Node[] {
  const content = node.content;
  return Array.isArray(content) ? toNodes(content) : [];
}

function toNodes(values: readonly unknown[]): Node[] {
  return values.map(toNode).filter((node) => node !== null);
}

function toNode(value: unknown): Node | null {
  return isRecord(value) ? value : null;
}

function isRecord(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeOf(node: Node): string {
  return typeof node.type === "string" ? node.type : "";
}

function attrsOf(node: Node): Node {
  return toNode(node.attrs) ?? {};
}

function nonEmpty(value: unknown): string | null {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : null;
}
