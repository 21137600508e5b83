/**
 * What commands show. A command says what it has to say as blocks; this decides how: drawn tables and colours for a person at a
 * terminal, plain aligned text for a pipe, one JSON document with `--json`.
 *
 * Names and reasons come from people on both sides, and a terminal obeys escape sequences: every control character and bidi
 * override is taken out of cells, and escaped in JSON.
 */
import { Presets, SingleBar } from "cli-progress";
import Table from "cli-table3";

/** How a cell is meant; shown as a colour where there are colours. */
export type Tone = "good" | "bad" | "warn";
/** One value of a table. `null` is shown as `-`. */
export type Cell = string | number | boolean | Date | null | { readonly text: string; readonly tone: Tone };
/** One piece of output. */
export type Block =
  | { readonly kind: "text"; readonly text: string; readonly tone?: Tone }
  /** Pairs of a label and a value. */
  | { readonly kind: "facts"; readonly title?: string; readonly rows: readonly (readonly [string, Cell])[] }
  /** `empty` is shown instead of a table without rows. */
  | {
      readonly kind: "table";
      readonly title?: string;
      readonly head: readonly string[];
      readonly rows: readonly (readonly Cell[])[];
      readonly empty?: string;
    };
/** What a command shows to people; an empty list shows nothing. */
export type Renderable = readonly Block[];

/** A place to write to; `process.stdout` is one. */
export type OutputStream = {
  write(text: string, done?: () => void): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

/** How to draw. `columns`: how wide a table may be; `null` = as wide as it needs. */
export type OutputStyle = { readonly tables: boolean; readonly colours: boolean; readonly columns: number | null };

/** What a terminal is taken for that does not tell its width. */
const usualColumns = 80;

/**
 * Style for a stream: tables only on a terminal and no wider than it, unless `wide` ones are wanted; colours only there and without NO_COLOR
 * (any value but the empty one).
 */
export function styleOf(
  stream: OutputStream,
  env: Readonly<Record<string, string | undefined>>,
  { wide = false }: { readonly wide?: boolean } = {},
): OutputStyle {
  const isTerminal = stream.isTTY === true;
  return {
    tables: isTerminal,
    colours: isTerminal && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb",
    // Some terminals say 0.
    columns: isTerminal && !wide ? stream.columns || usualColumns : null,
  };
}

/** The blocks as text that ends with a newline; empty for no blocks. */
export function renderBlocks(blocks: Renderable, style: OutputStyle): string {
  const texts = blocks.map((block) => renderBlock(block, style)).filter((text) => text !== "");
  return texts.length === 0 ? "" : `${texts.join("\n\n")}\n`;
}

/** Exactly one JSON document with a newline. Dates are ISO texts, what has no JSON is `null`, big integers and maps are written too. */
export function renderJson(value: unknown): string {
  const json = JSON.stringify(
    value,
    (_key, item: unknown) => {
      if (typeof item === "bigint") return String(item);
      if (item instanceof Map) return Object.fromEntries(item);
      if (item instanceof Set) return [...item];
      return item;
    },
    2,
  );
  // JSON leaves C1 controls and bidi marks as they are; escaped they mean the same and a terminal does not obey them.
  return `${(json ?? "null").replace(dangerousInJson, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
}

/** Writes and waits until the stream took it, so that an exit right after loses nothing of a long output in a pipe. */
export function writeOut(stream: OutputStream, text: string): Promise<void> {
  if (text === "") return Promise.resolve();
  return new Promise((resolve) => void stream.write(text, resolve));
}

/** Shows how far a long command has come. All calls are safe in any order. */
export interface Progress {
  /** `total` null or 0: not known yet. */
  start(label: string, total: number | null): void;
  update(done: number, total?: number): void;
  stop(): void;
}

/** Only a real stream of this process is a terminal; whatever else has `isTTY` could not be drawn on. */
function isTerminal(stream: OutputStream): stream is OutputStream & NodeJS.WritableStream {
  return stream.isTTY === true && "on" in stream;
}

/** A bar on a terminal; silence elsewhere. Draw it on stderr: stdout belongs to the result. */
export function makeProgress(stream: OutputStream, enabled: boolean): Progress {
  if (!enabled || !isTerminal(stream)) return { start: () => {}, update: () => {}, stop: () => {} };
  const { barCompleteChar, barIncompleteChar } = Presets.rect;
  let bar: SingleBar | null = null;
  return {
    start(label, total) {
      bar?.stop();
      bar = new SingleBar({
        stream,
        format: `${cellText(label)} {bar} {value}/{total}`,
        barCompleteChar,
        barIncompleteChar,
        hideCursor: true,
        clearOnComplete: true,
        stopOnComplete: false,
        fps: 5,
      });
      bar.start(total ?? 0, 0);
    },
    update(done, total) {
      if (total !== undefined) bar?.setTotal(total);
      bar?.update(done);
    },
    stop() {
      bar?.stop();
      bar = null;
    },
  };
}

// All written as escapes: these characters are invisible in an editor.
const controls = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const controlsButNewline =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const dangerousInJson = /[\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

const toneCodes: Readonly<Record<Tone, string>> = { good: "32", bad: "31", warn: "33" };

function renderBlock(block: Block, style: OutputStyle): string {
  switch (block.kind) {
    case "text":
      return paint(block.text.toWellFormed().replace(controlsButNewline, " "), block.tone, style);
    case "facts":
      return withTitle(block.title, renderFacts(block.rows, style), style);
    case "table": {
      if (block.rows.length === 0) return withTitle(block.title, cellText(block.empty ?? "Nothing."), style);
      const drawn = style.tables ? drawTable(block.head, block.rows, style) : alignTable([block.head, ...block.rows]);
      return withTitle(block.title, drawn, style);
    }
  }
}

function withTitle(title: string | undefined, text: string, style: OutputStyle): string {
  if (title === undefined) return text;
  return `${style.colours ? `\u001b[1m${cellText(title)}\u001b[22m` : cellText(title)}\n${text}`;
}

function renderFacts(rows: readonly (readonly [string, Cell])[], style: OutputStyle): string {
  const width = Math.max(0, ...rows.map(([label]) => displayWidth(cellText(label))));
  return rows
    .map(([label, value]) => `${pad(cellText(label), width)}  ${paintCell(value, style)}`.trimEnd())
    .join("\n");
}

function drawTable(head: readonly string[], rows: readonly (readonly Cell[])[], style: OutputStyle): string {
  const widths = style.columns === null ? null : fitColumns([head, ...rows], style.columns);
  const table = new Table({
    head: head.map((title, at) => wrapText(cellText(title), widths?.[at])),
    style: { head: style.colours ? ["bold"] : [], border: [] },
    ...(widths === null ? {} : { colWidths: [...widths] }),
  });
  for (const row of rows) table.push(row.map((cell, at) => paintCell(cell, style, widths?.[at])));
  return table.toString();
}

/** The text in lines that fit a column with its padding, broken at a blank where one is near, else wherever the column ends. Pure. */
function wrapText(text: string, columnWidth: number | undefined): string {
  if (columnWidth === undefined) return text;
  const room = columnWidth - paddingColumns;
  const lines: string[] = [];
  let line = "";
  for (const character of text) {
    if (line !== "" && displayWidth(line + character) > room) {
      const blank = line.lastIndexOf(" ");
      const isNear = character !== " " && blank > line.length / 2;
      lines.push(isNear ? line.slice(0, blank) : line);
      line = isNear ? line.slice(blank + 1) : "";
      if (character === " ") continue;
    }
    line += character;
  }
  return [...lines, line].join("\n");
}

/** Blanks around a cell, and what stands between two: counted into no cell's own width. */
const paddingColumns = 2;
const narrowestColumns = 6;

/** Widths with padding that make the table fit, the widest column giving first; `null` where it fits as it is. Pure. */
function fitColumns(rows: readonly (readonly Cell[])[], columnsMax: number): readonly number[] | null {
  const widths: number[] = [];
  for (const row of rows)
    for (const [at, cell] of row.entries())
      widths[at] = Math.max(widths[at] ?? 0, displayWidth(cellText(cell)) + paddingColumns);
  let over = widths.reduce((sum, width) => sum + width, 0) + widths.length + 1 - columnsMax;
  if (over <= 0) return null;
  for (; over > 0; over -= 1) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= narrowestColumns) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function alignTable(rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => row.map(cellText));
  const columns = Math.max(...texts.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...texts.map((row) => displayWidth(row[column] ?? ""))),
  );
  return texts
    .map((row) =>
      row
        .map((text, column) => pad(text, widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function paintCell(cell: Cell, style: OutputStyle, columnWidth?: number): string {
  const tone = typeof cell === "object" && cell !== null && "tone" in cell ? cell.tone : undefined;
  const lines = wrapText(cellText(cell), columnWidth).split("\n");
  return lines.map((line) => paint(line, tone, style)).join("\n");
}

function paint(text: string, tone: Tone | undefined, style: OutputStyle): string {
  return tone === undefined || !style.colours ? text : `\u001b[${toneCodes[tone]}m${text}\u001b[39m`;
}

function cellText(cell: Cell): string {
  if (cell === null) return "-";
  if (cell instanceof Date) return Number.isNaN(cell.getTime()) ? "-" : `${cell.toISOString().slice(0, 19)}Z`;
  if (typeof cell === "boolean") return cell ? "yes" : "no";
  const text = typeof cell === "object" ? cell.text : String(cell);
  return text.toWellFormed().replace(controls, " ").trim();
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

/** Columns that a text takes on a terminal: East Asian wide characters take two, combining marks none. Good enough to align. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mn}|\p{Me}|\u200d|\ufe0f/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}
