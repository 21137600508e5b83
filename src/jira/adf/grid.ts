/** Cells that span rows and columns, set out in a grid: what lies below and beside a cell is its own column, and empty. */

/** A cell that takes `colspan` columns and `rowspan` rows, both at least 1. */
export type SpannedCell<T> = { readonly cell: T; readonly colspan: number; readonly rowspan: number };

/** So many columns are filled up. Real tables have fewer, and a span is a number that anybody can write. */
export const GRID_COLUMNS_MAX = 50;
const GRID_ROWS_MAX = 1000;

/**
 * Rows of cells with each in its own column; `empty` makes what stands where a cell spans. No cell is lost; only the first 50 columns are
 * filled up. Never throws; may be repeated.
 */
export function setOut<T>(rows: readonly (readonly SpannedCell<T>[])[], empty: () => T): T[][] {
  /** How many further rows each column is taken by a cell above. */
  let occupied: number[] = [];
  return rows.map((row) => {
    const cells: T[] = [];
    const next: number[] = [];
    const place = (cell: T, rowspan: number): void => {
      next[cells.length] = rowspan - 1;
      cells.push(cell);
    };
    const occupy = (): void => {
      for (let left = occupied[cells.length] ?? 0; left > 0; left = occupied[cells.length] ?? 0) place(empty(), left);
    };
    for (const { cell, colspan, rowspan } of row) {
      occupy();
      place(cell, rowspan);
      for (let column = 1; column < colspan && cells.length < GRID_COLUMNS_MAX; column += 1) place(empty(), rowspan);
    }
    occupy();
    occupied = next;
    return cells;
  });
}

/** A span as it may stand in a document: a whole number from 1 to 1,000, and 1 for anything else. Never throws. */
export function toSpan(span: unknown): number {
  const value = typeof span === "string" ? Number(span) : span;
  return typeof value === "number" && Number.isSafeInteger(value) ? Math.min(Math.max(value, 1), GRID_ROWS_MAX) : 1;
}
