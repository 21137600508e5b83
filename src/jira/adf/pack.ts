/**
 * Fits blocks into documents of a bounded size.
 *
 * Jira's text limit is 32,767 characters, and whether plain text or JSON is counted is disputed (jira.md 4), so
 * the length of the JSON is what is bounded here, at about 30,000. A block that is too long for a document of its own
 * is taken apart along its structure; nothing is lost but the newline at a cut inside a code block.
 */

import { cutChars } from "../../domain/text/sanitize.ts";
import type {
  AdfBlock,
  AdfInline,
  AdfList,
  AdfListItem,
  AdfSimpleBlock,
  AdfTable,
  AdfTableRow,
  AdfText,
} from "./nodes.ts";

/** Smallest budget of `packBlocks`, in units of JSON: room for nested shells and the longest link. */
export const PACK_CHARS_MIN = 3500;

/**
 * The blocks in groups, in order, each at most `jsonCharsMax` units of JSON with its commas (without the document
 * around it). `firstMax` bounds the first group when it is to be smaller. Throws `RangeError` below `PACK_CHARS_MIN`.
 * May be repeated.
 */
export function packBlocks(blocks: readonly AdfBlock[], jsonCharsMax: number, firstMax = jsonCharsMax): AdfBlock[][] {
  const pieceMax = Math.min(jsonCharsMax, firstMax);
  if (!(pieceMax >= PACK_CHARS_MIN)) throw new RangeError(`A document needs room for ${PACK_CHARS_MIN} characters`);
  const groups: AdfBlock[][] = [];
  let group: AdfBlock[] = [];
  let used = 0;
  for (const piece of blocks.flatMap((block) => blockPieces(block, pieceMax))) {
    const chars = jsonChars(piece);
    if (group.length > 0 && used + chars > (groups.length === 0 ? firstMax : jsonCharsMax)) {
      groups.push(group);
      group = [];
      used = 0;
    }
    group.push(piece);
    used += chars;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

/** Length of the node's JSON and one comma. Never throws. */
export function jsonChars(node: object): number {
  return JSON.stringify(node).length + 1;
}

function blockPieces(block: AdfBlock, max: number): AdfBlock[] {
  if (jsonChars(block) <= max) return [block];
  switch (block.type) {
    case "blockquote": {
      const room = max - jsonChars({ ...block, content: [] });
      return group(
        block.content.flatMap((child) => simplePieces(child, room)),
        room,
      ).map((content) => ({ ...block, content }));
    }
    case "table":
      return tablePieces(block, max);
    case "heading":
      return inlinePieces(block.content, max - jsonChars({ ...block, content: [] })).map((content) => ({
        ...block,
        content,
      }));
    case "rule":
      return [block];
    default:
      return simplePieces(block, max);
  }
}

function simplePieces(block: AdfSimpleBlock, max: number): AdfSimpleBlock[] {
  if (jsonChars(block) <= max) return [block];
  const room = max - jsonChars({ ...block, content: [] });
  switch (block.type) {
    case "paragraph":
      return inlinePieces(block.content, room).map((content) => ({ ...block, content }));
    case "codeBlock":
      return block.content
        .flatMap((node) => textPieces(node, room, "line"))
        .map((node) => ({ ...block, content: [node] }));
    default:
      return listPieces(block, max);
  }
}

/** Pieces of a numbered list go on with the right number. */
function listPieces(list: AdfList, max: number): AdfList[] {
  const shell = { type: list.type, attrs: { order: 999_999 }, content: [] };
  const room = max - jsonChars(shell);
  const first = list.type === "orderedList" ? (list.attrs?.order ?? 1) : 1;
  const numbered = list.content.flatMap((item, index) =>
    itemPieces(item, room).map((piece) => ({ piece, number: first + index })),
  );
  return group(numbered, room, ({ piece }) => jsonChars(piece)).map((entries): AdfList => {
    const content = entries.map(({ piece }) => piece);
    const order = entries[0]?.number ?? first;
    if (list.type === "bulletList") return { type: "bulletList", content };
    return order === 1 ? { type: "orderedList", content } : { type: "orderedList", attrs: { order }, content };
  });
}

function itemPieces(item: AdfListItem, max: number): AdfListItem[] {
  if (jsonChars(item) <= max) return [item];
  const room = max - jsonChars({ ...item, content: [] });
  return group(
    item.content.flatMap((child) => simplePieces(child, room)),
    room,
  ).map((content) => ({ ...item, content }));
}

/** A row that is longer than a document leaves the table: its cells go on as ordinary blocks. */
function tablePieces(table: AdfTable, max: number): AdfBlock[] {
  const room = max - jsonChars({ ...table, content: [] });
  const pieces: AdfBlock[] = [];
  let rows: AdfTableRow[] = [];
  const flush = (): void => {
    for (const content of group(rows, room)) pieces.push({ ...table, content });
    rows = [];
  };
  for (const row of table.content) {
    if (jsonChars(row) <= room) {
      rows.push(row);
      continue;
    }
    flush();
    for (const cell of row.content) {
      for (const block of cell.content) for (const piece of blockPieces(block, max)) pieces.push(piece);
    }
  }
  flush();
  return pieces;
}

function inlinePieces(nodes: readonly AdfInline[], max: number): AdfInline[][] {
  const pieces = nodes.flatMap((node): AdfInline[] => (node.type === "text" ? textPieces(node, max, "word") : [node]));
  return group(pieces, max);
}

function textPieces(node: AdfText, max: number, boundary: "word" | "line"): AdfText[] {
  if (jsonChars(node) <= max) return [node];
  const room = max - jsonChars({ ...node, text: "" });
  const pieces: AdfText[] = [];
  let start = 0;
  while (start < node.text.length) {
    const text = cutToJson(node.text, start, room, boundary);
    start += text.length;
    const shown = boundary === "line" && text.endsWith("\n") ? text.slice(0, -1) : text;
    if (shown !== "") pieces.push({ ...node, text: shown });
  }
  return pieces;
}

/** The longest prefix whose JSON fits, ended at a word or line where one ends in its second half. Never empty. */
function cutToJson(text: string, start: number, room: number, boundary: "word" | "line"): string {
  let fits = cutChars(text.slice(start, start + room + 1), room);
  while (JSON.stringify(fits).length - 2 > room) fits = cutChars(fits, Math.floor(fits.length * 0.9));
  if (start + fits.length === text.length) return fits;
  const at = fits.lastIndexOf(boundary === "line" ? "\n" : " ");
  return at > fits.length / 2 ? fits.slice(0, at + 1) : fits;
}

function group<T extends object>(items: readonly T[], max: number, charsOf: (item: T) => number = jsonChars): T[][] {
  const groups: T[][] = [];
  let current: T[] = [];
  let used = 0;
  for (const item of items) {
    const chars = charsOf(item);
    if (current.length > 0 && used + chars > max) {
      groups.push(current);
      current = [];
      used = 0;
    }
    current.push(item);
    used += chars;
  }
  if (current.length > 0) groups.push(current);
  return groups;
}
