/**
 * Jira documents as plain text, for Huawei's messages and for comparing.
 *
 * A document may hold any node that Atlassian has or will invent, and webhooks and old data hold worse. So every node
 * that is not known gives its content, else the text among its attributes; nothing throws. Ready-made converters
 * throw on, or lose, mentions, statuses, media and unknown nodes (jira.md 2.6).
 */

import { toPlainText } from "../../domain/text/sanitize.ts";
import { setOut, toSpan } from "./grid.ts";
import { linkText, type Span, showSpans, struckText } from "./spans.ts";
import { attrsOf, childrenOf, marksOf, type Node, nonEmpty, toNode, toNodes, typeOf, walk } from "./tree.ts";

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
const PANEL_KINDS = new Set(["info", "note", "tip", "warning", "error", "success"]);
/** A date in JavaScript reaches ± 8.64e15 ms. */
const TIMESTAMP_MAX = 8.64e15;

/**
 * The visible text of an ADF document (or node, or list of nodes), sanitised, without blank lines around it. Headings
 * start with `#`, items with `- `, `1. ` or `[x] `, quotes with `> `, panels with `[warning] `; code is fenced, struck
 * text stands in `~~`, superscripts follow `^` and subscripts `_`, table rows are `a | b` (a bar inside a cell is `\\|`, a cell that spans
 * rows or columns is followed by empty ones), files are `[file: name]`, links show their address when the text does not. A string is taken as text, anything else that
 * is no node gives `""`. Never throws on JSON of any shape or depth. May be repeated.
 */
export function adfToText(document: unknown): string {
  if (typeof document === "string") return toPlainText(document).trim();
  const nodes = Array.isArray(document) ? toNodes(document) : toNodes([document]);
  return toPlainText(renderBlocks(nodes, 0)).trim();
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
      return renderTable(node, below);
    case "tableRow":
      return renderRow(children.map((cell) => renderCell(cell, below)));
    case "rule":
      return "---";
    case "media": {
      const href = hrefOf(node);
      return href === null ? renderMedia(node) : linkText(renderMedia(node), href);
    }
    case "mediaGroup":
      return children.map((child) => renderBlock(child, below)).join("\n");
    case "mediaSingle": {
      const href = hrefOf(node);
      const shown = renderBlocks(children, below, "\n");
      return href === null || shown.includes(href) ? shown : linkText(shown, href);
    }
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

function raisingSign(node: Node): string {
  const mark = marksOf(node).find((entry) => typeOf(entry) === "subsup");
  if (mark === undefined) return "";
  return attrsOf(mark).type === "sub" ? "_" : "^";
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

/** Rows below one another: each cell in its own column, also where others span rows or columns. */
function renderTable(table: Node, depth: number): string {
  const isNumbered = attrsOf(table).isNumberColumnEnabled === true;
  const rows = childrenOf(table).map(childrenOf);
  const texts = setOut(
    rows.map((cells) =>
      cells.map((cell) => {
        const { rowspan, colspan } = attrsOf(cell);
        return { cell: renderCell(cell, depth), rowspan: toSpan(rowspan), colspan: toSpan(colspan) };
      }),
    ),
    () => "",
  );
  if (isNumbered) numberRows(texts, rows);
  const lines = texts.map(renderRow);
  // Blanks at the beginning of a text do not last, and with them an empty first cell would go.
  return (texts[0]?.[0] === "" ? lines.map((line) => `| ${line} |`) : lines).join("\n");
}

/** The numbers that the editor shows before the rows stand in no cell of the document; a head has none. */
function numberRows(texts: readonly string[][], rows: readonly (readonly Node[])[]): void {
  let number = 0;
  for (const [index, cells] of texts.entries()) {
    const isHeader = rows[index]?.every((cell) => typeOf(cell) === "tableHeader") === true;
    if (!isHeader) number += 1;
    cells.unshift(isHeader ? "#" : String(number));
  }
}

function renderRow(cells: readonly string[]): string {
  return cells.map((text) => text.replaceAll("|", "\\|")).join(" | ");
}

/** A cell stands in one line; a code block in it is its code alone. */
function renderCell(cell: Node, depth: number): string {
  const blocks = childrenOf(cell).map((block) =>
    typeOf(block) === "codeBlock" ? gatherText(block) : renderBlocks([block], depth, "\n"),
  );
  const lines = (blocks.join("\n") || fallbackText(cell)).split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "").join(" ");
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

/** Neighbours of one mark are marked as one: an address is shown once, and a struck sentence has one beginning and one end. */
function renderInline(nodes: readonly Node[], depth: number): string {
  const spans = nodes.map(
    (node): Span => ({
      href: hrefOf(node),
      isStruck: isStruck(node),
      endsStruck: isStruck(node),
      sign: raisingSign(node),
      text: renderInlineNode(node, depth),
    }),
  );
  return showSpans(spans);
}

function renderInlineNode(node: Node, depth: number): string {
  const attrs = attrsOf(node);
  switch (typeOf(node)) {
    case "text":
      return typeof node.text === "string" ? node.text : "";
    case "inlineExtension":
      return fallbackText(node) || extensionName(attrs);
    case "hardBreak":
      return "\n";
    case "mention":
      return mentionText(attrs);
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

/** Names are often left out of stored mentions; an account's id would say nothing to a reader, and is nobody's business elsewhere. */
function mentionText(attrs: Node): string {
  const name = (nonEmpty(attrs.text) ?? "").replace(/^@/, "").trim();
  if (name !== "") return `@${name}`;
  return attrs.id === "all" || attrs.id === "here" ? `@${attrs.id}` : "@user";
}

function isStruck(node: Node): boolean {
  return marksOf(node).some((mark) => typeOf(mark) === "strike");
}

function hrefOf(node: Node): string | null {
  const link = marksOf(node).find((mark) => typeOf(mark) === "link");
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
  const url = nonEmpty(attrs.url) ?? nonEmpty(data?.url) ?? nonEmpty(data?.["@id"]);
  const name = nonEmpty(data?.name);
  if (url !== null) return name === null ? url : linkText(name, url);
  const query = nonEmpty(toNode(toNode(attrs.datasource)?.parameters)?.jql);
  if (query !== null) return `[list of issues: ${query}]`;
  if (toNode(attrs.datasource) !== null) return "[list: see the issue]";
  return name ?? "[card: see the issue]";
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
    else if (typeof found.text === "string") texts.push(isStruck(found) ? struckText(found.text) : found.text);
    else if (childrenOf(found).length === 0)
      texts.push(INLINE.has(typeOf(found)) ? renderInlineNode(found, DEPTH_MAX - 1) : fallbackText(found));
  });
  return texts.join("");
}
