/**
 * HTML as ADF blocks.
 *
 * The HTML form of OSM messages is not described (huawei.md 9), and a person may paste anything. So the parser only
 * reports tags, and a small stack of containers decides what may stand where: what ADF does not allow in a place
 * (a heading in a list item, a table in a quote, the ninth list level) is rendered as the nearest thing that it does
 * allow. Text is never dropped, except inside `<style>`: what looks like HTML may be a plain text that quotes some, and the
 * script in it is then what the question is about.
 */

import { Parser } from "htmlparser2";
import { cutChars, toPlainText } from "../../domain/text/sanitize.ts";
import type {
  AdfBlock,
  AdfCellBlock,
  AdfInline,
  AdfList,
  AdfListItem,
  AdfMark,
  AdfSimpleBlock,
  AdfTableCell,
  AdfTableRow,
  AdfText,
} from "./nodes.ts";
import { codeBlock, linkifiedText, paragraph, safeHref, textNodes } from "./nodes.ts";

const LIST_DEPTH_MAX = 5;
const TABLE_COLUMNS_MAX = 50;
/** htmlparser2 keeps its open elements in an array that it shifts: 100,000 nested tags took 3.5 s. So depth ends here. */
const OPEN_ELEMENTS_MAX = 1000;

/** Presentation, which office programs paste by the page. All else that somebody wrote is shown, as text. */
const DROPPED = new Set(["style"]);
const BLOCKS = new Set(
  "address article aside body center dd details dialog div dl dt fieldset figcaption figure footer form header hgroup html legend main nav option p search section summary caption script template iframe object noframes title datalist svg math".split(
    " ",
  ),
);
const INLINES = new Set(
  "abbr acronym applet area audio base basefont bdi bdo big button canvas col colgroup data dfn dir embed font frame frameset head input label link map mark menu meta meter noscript optgroup output param picture progress q rp rt ruby select small source span sub sup tbody textarea tfoot thead time track var video wbr".split(
    " ",
  ),
);
const MARKS: ReadonlyMap<string, "strong" | "em" | "underline" | "strike" | "code"> = new Map([
  ["b", "strong"],
  ["strong", "strong"],
  ["i", "em"],
  ["em", "em"],
  ["cite", "em"],
  ["u", "underline"],
  ["ins", "underline"],
  ["s", "strike"],
  ["strike", "strike"],
  ["del", "strike"],
  ["code", "code"],
  ["tt", "code"],
  ["kbd", "code"],
  ["samp", "code"],
]);
const STRUCTURAL = new Set("a br hr img pre h1 h2 h3 h4 h5 h6 ul ol li blockquote table tr td th".split(" "));
const STRUCTURE = /<(?:p|br|div|li|tr|td|h[1-6]|pre|blockquote|table|ul|ol)\b/i;

/** Inline nodes while they are still being put together. */
type Draft =
  | { readonly kind: "text"; text: string; readonly marks: readonly AdfMark[]; readonly key: string }
  | { readonly kind: "break" };

/** A container of blocks. `implicit`: made for content that stood directly in a list or table. */
type Flow = {
  readonly kind: "doc" | "quote" | "item" | "cell";
  readonly implicit: boolean;
  readonly header: boolean;
  readonly blocks: AdfBlock[];
  drafts: Draft[];
};
type ListFrame = { readonly kind: "list"; readonly order: number | null; readonly items: AdfSimpleBlock[][] };
type TableFrame = { readonly kind: "table"; readonly rows: AdfTableCell[][] };
type RowFrame = { readonly kind: "row"; readonly implicit: boolean; readonly cells: AdfTableCell[] };
type Frame = Flow | ListFrame | TableFrame | RowFrame;

/**
 * The blocks of an HTML text. Unknown elements give their content; one that is never closed (`<your-id>`) stays as it
 * was written. Images become `[image: name]`. Never throws; nesting is bounded; the result fits the schema.
 */
export function htmlToBlocks(html: string): AdfBlock[] {
  const source = toPlainText(html);
  const builder = new HtmlBuilder(STRUCTURE.test(source));
  let depth = 0;
  let stoppedAt: number | null = null;
  let ending = false;
  // How far the parser came. What begins like a tag or comment and never ends is text, not nothing.
  let readTo = 0;
  const advance = (): string => {
    const piece = source.slice(parser.startIndex, parser.endIndex + 1);
    readTo = Math.max(readTo, parser.endIndex + 1);
    return piece;
  };
  const parser = new Parser(
    {
      onopentag: (name, attributes) => {
        depth += 1;
        if (stoppedAt !== null) return;
        builder.open(name, attributes, advance());
        if (depth < OPEN_ELEMENTS_MAX) return;
        stoppedAt = parser.endIndex + 1;
        parser.pause();
      },
      ontext: (text) => {
        advance();
        if (stoppedAt === null) builder.text(text);
      },
      oncomment: (text) => {
        const piece = advance();
        if (stoppedAt !== null) return;
        if (text.startsWith("[CDATA[")) builder.text(text.slice(7, -2));
        else if (!piece.startsWith("<!--") || !piece.endsWith(">")) builder.text(piece);
      },
      onprocessinginstruction: (name) => {
        const piece = advance();
        if (stoppedAt === null && !/^!doctype$/i.test(name)) builder.text(piece);
      },
      onclosetag: (_name, implied) => {
        depth -= 1;
        // At the end the builder closes what is open, after the last text.
        if (ending || stoppedAt !== null) return;
        advance();
        builder.close(implied);
      },
    },
    { decodeEntities: true, lowerCaseTags: true },
  );
  parser.write(source);
  if (stoppedAt === null) {
    ending = true;
    parser.end();
    builder.text(source.slice(readTo));
  } else {
    builder.text(source.slice(stoppedAt).replace(/<\/?[a-zA-Z][^<>]*>/g, " "));
  }
  return builder.end();
}

class HtmlBuilder {
  private readonly root: Flow = makeFlow("doc", false);
  private readonly frames: Frame[] = [this.root];
  private readonly undo: ((implied: boolean) => void)[] = [];
  private readonly counts = { strong: 0, em: 0, underline: 0, strike: 0, code: 0 };
  private readonly hrefs: (string | null)[] = [];
  private readonly collapse: boolean;
  private dropped = 0;
  private droppedText = "";
  private pre: Draft[] | null = null;
  private heading = 0;
  private listDepth = 0;
  private tableDepth = 0;

  /** `collapse`: newlines are blanks, as in real HTML; otherwise the text has no structure but them, and they stay. */
  constructor(collapse: boolean) {
    this.collapse = collapse;
  }

  open(name: string, attributes: Readonly<Record<string, string>>, literal: string): void {
    this.undo.push(this.enter(name, attributes, literal));
  }

  close(implied: boolean): void {
    this.undo.pop()?.(implied);
  }

  text(text: string): void {
    if (this.dropped > 0) {
      this.droppedText += text;
      return;
    }
    if (this.pre !== null) {
      this.append(this.pre, text, []);
      return;
    }
    const top = this.frames.at(-1);
    if ((top === undefined || !isFlow(top)) && text.trim() === "") return;
    const lines = this.collapse ? [text] : text.split("\n");
    for (const [index, line] of lines.entries()) {
      if (index > 0) this.flow().drafts.push({ kind: "break" });
      this.append(this.flow().drafts, line.replace(/[ \t\n\f]+/g, " "), this.marks());
    }
  }

  end(): AdfBlock[] {
    while (this.undo.length > 0) this.close(true);
    this.finishUntil(this.root);
    this.flush(this.root);
    return this.root.blocks;
  }

  private enter(
    name: string,
    attributes: Readonly<Record<string, string>>,
    literal: string,
  ): (implied: boolean) => void {
    if (DROPPED.has(name) || this.dropped > 0) {
      this.dropped += 1;
      const from = this.droppedText.length;
      return (implied) => {
        this.dropped -= 1;
        const text = this.droppedText.slice(from);
        if (this.dropped === 0) this.droppedText = "";
        // A style sheet that never ends has swallowed the rest of the message.
        if (implied && this.dropped === 0) this.text(text);
      };
    }
    if (this.pre !== null) return this.enterInsidePre(name, literal);
    const mark = MARKS.get(name);
    if (mark !== undefined) {
      this.counts[mark] += 1;
      return () => {
        this.counts[mark] -= 1;
      };
    }
    switch (name) {
      case "a":
        this.hrefs.push(safeHref(attributes.href ?? ""));
        return () => void this.hrefs.pop();
      case "br":
        this.flow().drafts.push({ kind: "break" });
        return nothing;
      case "hr":
        this.block();
        this.flow().blocks.push({ type: "rule" });
        return nothing;
      case "img":
        this.append(this.flow().drafts, `[image: ${imageName(attributes)}]`, this.marks());
        return nothing;
      case "pre":
        return this.enterPre();
      case "h1":
      case "h2":
      case "h3":
      case "h4":
      case "h5":
      case "h6":
        return this.enterHeading(Number(name.slice(1)));
      case "ul":
      case "ol":
        return this.enterList(name === "ol" ? toOrder(attributes.start) : null);
      case "li":
        return this.enterItem();
      case "blockquote":
        return this.enterQuote();
      case "table":
        return this.enterTable();
      case "tr":
        return this.enterRow();
      case "td":
      case "th":
        return this.enterCell(name === "th");
      default:
        if (BLOCKS.has(name)) return this.enterBlock();
        return INLINES.has(name) || name.includes(":") ? nothing : this.enterUnknown(this.flow().drafts, literal);
    }
  }

  /** Nobody closes a placeholder such as `<region>`: its tag is text. A closed unknown element is only a wrapper. */
  private enterUnknown(drafts: Draft[], literal: string): (implied: boolean) => void {
    const draft: Draft = { kind: "text", text: literal, marks: this.marks(), key: "literal" };
    drafts.push(draft);
    return (implied) => {
      if (!implied) draft.text = "";
    };
  }

  private enterBlock(): () => void {
    this.block();
    return () => this.block();
  }

  private enterHeading(level: number): () => void {
    this.block();
    const outer = this.heading;
    this.heading = level;
    return () => {
      this.block();
      this.heading = outer;
    };
  }

  private enterPre(): () => void {
    this.block();
    const drafts: Draft[] = [];
    this.pre = drafts;
    return () => {
      this.pre = null;
      const text = drafts.map((draft) => (draft.kind === "text" ? draft.text : "\n")).join("");
      const trimmed = trimNewlines(text);
      if (trimmed.trim() !== "") this.flow().blocks.push(codeBlock(trimmed));
    };
  }

  private enterInsidePre(name: string, literal: string): (implied: boolean) => void {
    const drafts = this.pre ?? [];
    if (name === "br") drafts.push({ kind: "break" });
    const isBlock = BLOCKS.has(name) || name === "pre" || name === "li" || name === "tr";
    if (isBlock) breakLine(drafts);
    if (isBlock || this.isKnown(name)) return isBlock ? () => breakLine(drafts) : nothing;
    return this.enterUnknown(drafts, literal);
  }

  private isKnown(name: string): boolean {
    return INLINES.has(name) || MARKS.has(name) || STRUCTURAL.has(name) || name.includes(":");
  }

  private enterList(order: number | null): () => void {
    this.block();
    if (this.listDepth >= LIST_DEPTH_MAX) return () => this.block();
    const frame: ListFrame = { kind: "list", order, items: [] };
    this.listDepth += 1;
    this.frames.push(frame);
    return () => {
      this.finishUntil(frame);
      this.finish();
      this.listDepth -= 1;
    };
  }

  private enterItem(): () => void {
    this.finishImplicit(["item"]);
    if (this.frames.at(-1)?.kind === "list") return this.enterFrame(makeFlow("item", false));
    this.block();
    this.append(this.flow().drafts, "• ", []);
    return () => this.block();
  }

  private enterQuote(): () => void {
    this.block();
    if (this.frames.some((frame) => frame.kind === "quote")) return () => this.block();
    return this.enterFrame(makeFlow("quote", false));
  }

  private enterTable(): () => void {
    this.block();
    this.tableDepth += 1;
    const frame: TableFrame = { kind: "table", rows: [] };
    if (this.tableDepth === 1) this.frames.push(frame);
    return () => {
      if (this.tableDepth === 1) {
        this.finishUntil(frame);
        this.finish();
      } else {
        this.block();
      }
      this.tableDepth -= 1;
    };
  }

  private enterRow(): () => void {
    if (this.tableDepth === 1) {
      this.finishImplicit(["cell", "row"]);
      if (this.frames.at(-1)?.kind === "table") return this.enterFrame({ kind: "row", implicit: false, cells: [] });
    }
    return this.enterBlock();
  }

  private enterCell(header: boolean): () => void {
    if (this.tableDepth === 1) {
      this.finishImplicit(["cell"]);
      if (this.frames.at(-1)?.kind === "table") this.frames.push({ kind: "row", implicit: true, cells: [] });
      if (this.frames.at(-1)?.kind === "row") return this.enterFrame(makeFlow("cell", header));
    }
    const { drafts } = this.flow();
    if (drafts.length > 0) this.append(drafts, " | ", []);
    return nothing;
  }

  private enterFrame(frame: Frame): () => void {
    this.frames.push(frame);
    return () => {
      if (!this.frames.includes(frame)) return;
      this.finishUntil(frame);
      this.finish();
    };
  }

  /** The innermost container of blocks; content that stands directly in a list or table gets one made for it. */
  private flow(): Flow {
    for (;;) {
      const top = this.frames.at(-1) ?? this.root;
      if (isFlow(top)) return top;
      if (top.kind === "list") this.frames.push(makeFlow("item", false, true));
      else if (top.kind === "row") this.frames.push(makeFlow("cell", false, true));
      else this.frames.push({ kind: "row", implicit: true, cells: [] });
    }
  }

  /** Ends the current paragraph or heading, if one is open. */
  private block(): void {
    const top = this.frames.at(-1);
    if (top !== undefined && isFlow(top)) this.flush(top);
  }

  private flush(flow: Flow): void {
    const content = toInline(flow.drafts);
    flow.drafts = [];
    if (content.length === 0) return;
    if (this.heading === 0) flow.blocks.push(paragraph(content));
    else flow.blocks.push({ type: "heading", attrs: { level: this.heading }, content });
  }

  private finishImplicit(kinds: readonly Frame["kind"][]): void {
    for (;;) {
      const top = this.frames.at(-1);
      if (top === undefined || !("implicit" in top) || !top.implicit || !kinds.includes(top.kind)) return;
      this.finish();
    }
  }

  private finishUntil(frame: Frame): void {
    while (this.frames.length > 1 && this.frames.at(-1) !== frame) this.finish();
  }

  /** Takes the innermost container off the stack and hands what it holds to the one around it. */
  private finish(): void {
    const frame = this.frames.length > 1 ? this.frames.pop() : undefined;
    if (frame === undefined) return;
    if (isFlow(frame)) {
      this.flush(frame);
      this.handOver(frame);
    } else if (frame.kind === "row") {
      const table = this.frames.at(-1);
      if (table?.kind === "table" && frame.cells.length > 0) table.rows.push(frame.cells);
    } else if (frame.kind === "list") {
      const content = frame.items.map((item): AdfListItem => ({ type: "listItem", content: item }));
      if (content.length > 0) this.flow().blocks.push(toList(frame.order, content));
    } else if (frame.rows.length > 0) {
      this.flow().blocks.push({ type: "table", content: padRows(frame.rows) });
    }
  }

  private handOver(flow: Flow): void {
    const parent = this.frames.at(-1);
    if (parent?.kind === "list") {
      const content = simpleBlocks(flow.blocks);
      const last = parent.items.at(-1);
      // `<ul><li>a</li><ul>…` is how editors write a nested list: it belongs to the item before it.
      if (flow.implicit && last !== undefined) for (const block of content) last.push(block);
      else parent.items.push(content.length > 0 ? content : [paragraph([])]);
    } else if (parent?.kind === "row") {
      const content = cellBlocks(flow.blocks);
      const type = flow.header ? "tableHeader" : "tableCell";
      parent.cells.push({ type, content: content.length > 0 ? content : [paragraph([])] });
    } else if (flow.kind === "quote") {
      const content = simpleBlocks(flow.blocks);
      if (content.length > 0) this.flow().blocks.push({ type: "blockquote", content });
    }
  }

  private append(drafts: Draft[], text: string, marks: readonly AdfMark[]): void {
    const key = JSON.stringify(marks);
    const last = drafts.at(-1);
    if (last?.kind === "text" && last.key === key) last.text += text;
    else drafts.push({ kind: "text", text, marks, key });
  }

  private marks(): AdfMark[] {
    const href = this.hrefs.at(-1) ?? null;
    const link: AdfMark[] = href === null ? [] : [{ type: "link", attrs: { href } }];
    if (this.counts.code > 0) return [...link, { type: "code" }];
    const styles = (["strong", "em", "underline", "strike"] as const).filter((type) => this.counts[type] > 0);
    return [...link, ...styles.map((type): AdfMark => ({ type }))];
  }
}

function nothing(): void {
  // An element without an effect of its own: its text simply flows on.
}

function makeFlow(kind: Flow["kind"], header: boolean, implicit = false): Flow {
  return { kind, implicit, header, blocks: [], drafts: [] };
}

function isFlow(frame: Frame): frame is Flow {
  return frame.kind !== "list" && frame.kind !== "table" && frame.kind !== "row";
}

function breakLine(drafts: Draft[]): void {
  const last = drafts.at(-1);
  if (last?.kind === "text" && last.text !== "" && !last.text.endsWith("\n")) drafts.push({ kind: "break" });
}

function toOrder(start: string | undefined): number {
  const order = Number(start ?? "1");
  return Number.isSafeInteger(order) && order >= 0 ? order : 1;
}

function toList(order: number | null, content: readonly AdfListItem[]): AdfList {
  if (order === null) return { type: "bulletList", content };
  return order === 1 ? { type: "orderedList", content } : { type: "orderedList", attrs: { order }, content };
}

function padRows(rows: readonly AdfTableCell[][]): AdfTableRow[] {
  const columns = Math.min(TABLE_COLUMNS_MAX, Math.max(...rows.slice(0, 10_000).map((row) => row.length)));
  return rows.map((cells) => {
    const missing = Math.max(0, columns - cells.length);
    const padding = Array.from(
      { length: missing },
      (): AdfTableCell => ({ type: "tableCell", content: [paragraph([])] }),
    );
    return { type: "tableRow", content: [...cells, ...padding] };
  });
}

function imageName(attributes: Readonly<Record<string, string>>): string {
  const source = attributes.src ?? "";
  const fromSource = /^(?:data|blob|cid):/i.test(source) ? "" : (source.split(/[?#]/)[0]?.split("/").at(-1) ?? "");
  const name = attributes.alt?.trim() || attributes.title?.trim() || fromSource || "image";
  return cutChars(name.replace(/\s+/g, " "), 100);
}

function trimNewlines(text: string): string {
  return text.trimEnd().replace(/^\n/, "");
}

/** Blanks at line ends go, neighbouring blanks collapse, addresses become links. */
function toInline(drafts: readonly Draft[]): AdfInline[] {
  const lines: AdfText[][] = [[]];
  let afterBlank: boolean = true;
  for (const draft of drafts) {
    if (draft.kind === "break") {
      lines.push([]);
      afterBlank = true;
      continue;
    }
    const text: string = afterBlank && draft.text.startsWith(" ") ? draft.text.slice(1) : draft.text;
    if (text === "") continue;
    afterBlank = text.endsWith(" ");
    const isPlain = draft.marks.every((mark) => mark.type !== "link" && mark.type !== "code");
    // One by one: a spread of 100,000 nodes would overflow the call stack.
    for (const node of isPlain ? linkifiedText(text, draft.marks) : textNodes(text, draft.marks))
      lines.at(-1)?.push(node);
  }
  const trimmed = lines.map(trimLineEnd);
  while (trimmed.length > 0 && trimmed.at(-1)?.length === 0) trimmed.pop();
  const first = trimmed.findIndex((line) => line.length > 0);
  return trimmed
    .slice(Math.max(0, first))
    .flatMap((line, index): AdfInline[] => (index === 0 ? line : [{ type: "hardBreak" }, ...line]));
}

function trimLineEnd(line: readonly AdfText[]): AdfText[] {
  const nodes = [...line];
  for (let last = nodes.pop(); last !== undefined; last = nodes.pop()) {
    const text = last.text.replace(/ $/, "");
    if (text !== "") return [...nodes, { ...last, text }];
  }
  return [];
}

/** What a list item or quote may hold, made of anything (jira.md 2.6). */
function simpleBlocks(blocks: readonly AdfBlock[]): AdfSimpleBlock[] {
  return blocks.flatMap((block): readonly AdfSimpleBlock[] => {
    switch (block.type) {
      case "heading":
        return [paragraph(block.content)];
      case "rule":
        return [];
      case "blockquote":
        return block.content;
      case "table":
        return block.content.flatMap((row) => row.content.flatMap((cell) => simpleBlocks(cell.content)));
      default:
        return [block];
    }
  });
}

/** What a table cell may hold. A table in a cell cannot reach this point: only the outermost one becomes a table. */
function cellBlocks(blocks: readonly AdfBlock[]): AdfCellBlock[] {
  return blocks.flatMap((block): readonly AdfCellBlock[] => (block.type === "table" ? simpleBlocks([block]) : [block]));
}
