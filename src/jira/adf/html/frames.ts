/** The containers that are open while HTML is read: documents, quotes, lists with their items, tables with their rows and cells. */

import type { SpannedCell } from "../grid.ts";
import type { AdfBlock, AdfTableCell } from "../nodes.ts";
import { paragraph } from "../nodes.ts";
import { type Draft, toInline } from "./inline.ts";
import { type ListItem, type Numbering, toLists } from "./lists.ts";
import { cellBlocks, simpleBlocks, squareRows } from "./tables.ts";

/** A container of blocks. `implicit`: made for content that stood directly in a list or table. */
export type Flow = {
  readonly kind: "doc" | "quote" | "item" | "cell";
  readonly implicit: boolean;
  readonly header: boolean;
  readonly colspan: number;
  readonly rowspan: number;
  /** The number that an item gives itself. */
  readonly value: number | null;
  readonly blocks: AdfBlock[];
  drafts: Draft[];
};
type ListFrame = { readonly kind: "list"; readonly numbering: Numbering | null; readonly items: ListItem[] };
type Row = SpannedCell<AdfTableCell>[];
type TableFrame = { readonly kind: "table"; readonly rows: Row[] };
type RowFrame = { readonly kind: "row"; readonly implicit: boolean; readonly cells: Row };
/** Anything that may be open. */
export type Frame = Flow | ListFrame | TableFrame | RowFrame;

/** An empty container of blocks. */
export function makeFlow(kind: Flow["kind"], more: Partial<Flow> = {}): Flow {
  return {
    kind,
    implicit: false,
    header: false,
    colspan: 1,
    rowspan: 1,
    value: null,
    blocks: [],
    drafts: [],
    ...more,
  };
}

/** The open containers, innermost last. What is taken off hands its content to the one around it, as ADF allows it there. */
export class Frames {
  /** Level of the heading that is open, 0 for none. */
  heading = 0;
  private readonly root: Flow = makeFlow("doc");
  private readonly open: Frame[] = [this.root];

  /** The innermost container. */
  get top(): Frame {
    return this.open.at(-1) ?? this.root;
  }

  /** Whether a container of this kind is open anywhere. */
  has(kind: Frame["kind"]): boolean {
    return this.open.some((frame) => frame.kind === kind);
  }

  /** Puts a container on top; the answer ends it and all that is open in it, once. */
  enter(frame: Frame): () => void {
    this.open.push(frame);
    return () => {
      if (!this.open.includes(frame)) return;
      this.finishUntil(frame);
      this.finish();
    };
  }

  /** The innermost container of blocks; content that stands directly in a list or table gets one made for it. */
  flow(): Flow {
    for (;;) {
      const top = this.top;
      if (isFlow(top)) return top;
      if (top.kind === "list") this.open.push(makeFlow("item", { implicit: true }));
      else if (top.kind === "row") this.open.push(makeFlow("cell", { implicit: true }));
      else this.open.push({ kind: "row", implicit: true, cells: [] });
    }
  }

  /** Ends the current paragraph or heading, if one is open. */
  block(): void {
    const top = this.top;
    if (isFlow(top)) this.flush(top);
  }

  /** Ends containers of these kinds that were made for content, as long as they are on top. */
  finishImplicit(kinds: readonly Frame["kind"][]): void {
    for (;;) {
      const top = this.top;
      if (!("implicit" in top) || !top.implicit || !kinds.includes(top.kind)) return;
      this.finish();
    }
  }

  /** Ends everything and gives the blocks of the document. */
  end(): AdfBlock[] {
    this.finishUntil(this.root);
    this.flush(this.root);
    return this.root.blocks;
  }

  private flush(flow: Flow): void {
    const content = toInline(flow.drafts);
    flow.drafts = [];
    if (content.length === 0) return;
    if (this.heading === 0) flow.blocks.push(paragraph(content));
    else flow.blocks.push({ type: "heading", attrs: { level: this.heading }, content });
  }

  private finishUntil(frame: Frame): void {
    while (this.open.length > 1 && this.top !== frame) this.finish();
  }

  /** Takes the innermost container off and hands what it holds to the one around it. */
  private finish(): void {
    const frame = this.open.length > 1 ? this.open.pop() : undefined;
    if (frame === undefined) return;
    if (isFlow(frame)) {
      this.flush(frame);
      this.handOver(frame);
    } else if (frame.kind === "row") {
      if (this.top.kind === "table" && frame.cells.length > 0) this.top.rows.push(frame.cells);
    } else if (frame.kind === "list") {
      for (const list of toLists(frame.numbering, frame.items)) this.flow().blocks.push(list);
    } else if (frame.rows.length > 0) {
      this.flow().blocks.push({ type: "table", content: squareRows(frame.rows) });
    }
  }

  private handOver(flow: Flow): void {
    const parent = this.top;
    if (parent.kind === "list") {
      const content = simpleBlocks(flow.blocks);
      const last = parent.items.at(-1);
      // `<ul><li>a</li><ul>…` is how editors write a nested list: it belongs to the item before it.
      if (flow.implicit && last !== undefined) for (const block of content) last.blocks.push(block);
      else parent.items.push({ value: flow.value, blocks: content.length > 0 ? content : [paragraph([])] });
    } else if (parent.kind === "row") {
      const content = cellBlocks(flow.blocks);
      const type = flow.header ? "tableHeader" : "tableCell";
      const cell: AdfTableCell = { type, content: content.length > 0 ? content : [paragraph([])] };
      parent.cells.push({ cell, colspan: flow.colspan, rowspan: flow.rowspan });
    } else if (flow.kind === "quote") {
      const content = simpleBlocks(flow.blocks);
      if (content.length > 0) this.flow().blocks.push({ type: "blockquote", content });
    }
  }
}

function isFlow(frame: Frame): frame is Flow {
  return frame.kind !== "list" && frame.kind !== "table" && frame.kind !== "row";
}
