/** Where in the file's text something stands. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
  type ParsedNode,
} from "yaml";
import type { FilePath } from "./file-path.ts";

/** Where something stands in the file; both count from 1. */
export type FilePosition = { readonly line: number; readonly column: number };

/** The place of an offset. */
export function toPosition(lineCounter: LineCounter, offset: number): FilePosition {
  const { line, col } = lineCounter.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** Where in the text a path stands. A part that the file does not hold (left out, or merged in) gives its surroundings. */
export function findOffset(document: Document.Parsed<ParsedNode>, path: FilePath, at: "key" | "value"): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, segment] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isSeq(node) && typeof segment === "number") {
      node = node.items[segment];
      offset = startOf(node) ?? offset;
      continue;
    }
    if (!isMap(node)) return offset;
    const pair: Pair | undefined = node.items.find(
      (item) => isScalar(item.key) && String(item.key.value) === String(segment),
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
