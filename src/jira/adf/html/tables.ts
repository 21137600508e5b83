/** Tables of HTML as tables of ADF, and as text where no table may stand. */

import { GRID_COLUMNS_MAX, type SpannedCell, setOut } from "../grid.ts";
import type {
  AdfBlock,
  AdfCellBlock,
  AdfInline,
  AdfParagraph,
  AdfSimpleBlock,
  AdfTableCell,
  AdfTableRow,
  AdfText,
} from "../nodes.ts";
import { paragraph, textNodes } from "../nodes.ts";
import { adfToText } from "../to-text.ts";

const BLANK: AdfText = { type: "text", text: " " };

/** Rows of one length, each cell in its own column: what a cell above or to the left takes is left empty. */
export function squareRows(rows: readonly (readonly SpannedCell<AdfTableCell>[])[]): AdfTableRow[] {
  const placed = setOut(rows, emptyCell);
  const columns = Math.min(
    GRID_COLUMNS_MAX,
    placed.reduce((most, row) => Math.max(most, row.length), 0),
  );
  return placed.map((cells) => {
    const missing = Math.max(0, columns - cells.length);
    return { type: "tableRow", content: [...cells, ...Array.from({ length: missing }, emptyCell)] };
  });
}

function emptyCell(): AdfTableCell {
  return { type: "tableCell", content: [paragraph([])] };
}

/** What a list item or quote may hold, made of anything (jira.md 2.6). */
export function simpleBlocks(blocks: readonly AdfBlock[]): AdfSimpleBlock[] {
  return blocks.flatMap((block): readonly AdfSimpleBlock[] => {
    switch (block.type) {
      case "heading":
        return [paragraph(block.content)];
      case "rule":
        return [];
      case "blockquote":
        return block.content;
      case "table":
        return block.content.map(rowParagraph);
      default:
        return [block];
    }
  });
}

/** What a table cell may hold. A table in a cell cannot reach this point: only the outermost one becomes a table. */
export function cellBlocks(blocks: readonly AdfBlock[]): AdfCellBlock[] {
  return blocks.flatMap((block): readonly AdfCellBlock[] => (block.type === "table" ? simpleBlocks([block]) : [block]));
}

/** A row where no table may stand: its cells in one line, as tables are in plain text. */
function rowParagraph(row: AdfTableRow): AdfParagraph {
  const content = row.content.flatMap((cell, index): AdfInline[] => {
    const blocks = cell.content.flatMap((block, at): AdfInline[] => {
      const shown: readonly AdfInline[] =
        block.type === "paragraph" || block.type === "heading"
          ? block.content.map((node) => (node.type === "hardBreak" ? BLANK : { ...node, text: escapeBars(node.text) }))
          : textNodes(escapeBars(lineOf(block)));
      return at === 0 ? [...shown] : [BLANK, ...shown];
    });
    return index === 0 ? blocks : [...textNodes(" | "), ...blocks];
  });
  return paragraph(content);
}

function lineOf(block: AdfCellBlock): string {
  const text = block.type === "codeBlock" ? block.content.map((node) => node.text).join("") : adfToText(block);
  return text.replace(/\s+/g, " ").trim();
}

function escapeBars(text: string): string {
  return text.replaceAll("|", "\\|");
}
