/** Builds ADF blocks from the tags and texts of HTML, in the order in which a parser reports them. */

import { toSpan } from "../grid.ts";
import { type AdfBlock, type AdfMark, codeBlock, safeHref } from "../nodes.ts";
import { struckText } from "../spans.ts";
import {
  type Attributes,
  BLOCKS,
  DROPPED,
  embeddedText,
  imageName,
  inputText,
  isKnownElement,
  MARKS,
  readStyle,
  type StyleMeaning,
  selectorsOf,
  struckSelectors,
} from "./elements.ts";
import { Frames, makeFlow } from "./frames.ts";
import { appendText, breakLine, type Draft } from "./inline.ts";
import { isCounted, type Numbering, toNumber, toNumbering } from "./lists.ts";

const LIST_DEPTH_MAX = 5;
/** What a person types into a field is shown as it stands. */
const TYPED: StyleMeaning = { marks: [], keepsLines: true, keepsBlanks: true };

/** What an element does when it ends; `implied`: no tag of its own ended it. */
type Leave = (implied: boolean) => void;

/** Takes tags and texts in document order, each `open` with its `close`; `end` gives the blocks. Never throws. */
export class HtmlBuilder {
  private readonly frames = new Frames();
  private readonly undo: Leave[] = [];
  private readonly counts = { strong: 0, em: 0, underline: 0, strike: 0, code: 0, sub: 0, sup: 0 };
  private readonly hrefs: (string | null)[] = [];
  private readonly collapse: boolean;
  /** Selectors that a style sheet of the text strikes through. */
  private readonly struck = new Set<string>();
  private dropped = 0;
  private droppedText = "";
  private pre: Draft[] | null = null;
  private keepsLines = 0;
  private keepsBlanks = 0;
  private listDepth = 0;
  private tableDepth = 0;

  /** `collapse`: newlines are blanks, as in real HTML; otherwise the text has no structure but them, and they stay. */
  constructor(collapse: boolean) {
    this.collapse = collapse;
  }

  /** An element begins; `literal` is its tag as it was written. */
  open(name: string, attributes: Attributes, literal: string): void {
    const style = this.styleOf(name, attributes);
    this.count(style, 1);
    const leave = this.enter(name, attributes, literal);
    this.undo.push((implied) => {
      leave(implied);
      this.count(style, -1);
    });
  }

  /** The innermost element ends; `implied`: no tag of its own ended it. */
  close(implied: boolean): void {
    this.undo.pop()?.(implied);
  }

  /** Text with its entities decoded. */
  text(text: string): void {
    if (this.dropped > 0) {
      this.droppedText += text;
      return;
    }
    if (this.pre !== null) {
      // A code block takes no marks.
      appendText(this.pre, this.counts.strike > 0 ? struckText(text) : text, []);
      return;
    }
    if (["list", "table", "row"].includes(this.frames.top.kind) && text.trim() === "") return;
    const lines = this.collapse && this.keepsLines === 0 ? [text] : text.split("\n");
    for (const [index, line] of lines.entries()) {
      if (index > 0) this.frames.flow().drafts.push({ kind: "break" });
      if (this.keepsBlanks > 0) appendText(this.frames.flow().drafts, line, this.marks(), true);
      else this.say(line.replace(/[ \t\n\f]+/g, " "));
    }
  }

  /** Ends what is open and gives the blocks. */
  end(): AdfBlock[] {
    while (this.undo.length > 0) this.close(true);
    return this.frames.end();
  }

  private enter(name: string, attributes: Attributes, literal: string): Leave {
    if (DROPPED.has(name) || this.dropped > 0) return this.enterDropped();
    const mark = MARKS.get(name);
    if (mark !== undefined) {
      this.counts[mark] += 1;
      return () => {
        this.counts[mark] -= 1;
      };
    }
    if (this.pre !== null) return this.enterInsidePre(this.pre, name, literal);
    return (
      this.enterInline(name, attributes) ??
      this.enterStructure(name, attributes) ??
      (isKnownElement(name) ? nothing : this.enterUnknown(this.frames.flow().drafts, literal))
    );
  }

  /** Elements that put words of their own into the line, or change what the words mean; `null` for all others. */
  private enterInline(name: string, attributes: Attributes): Leave | null {
    switch (name) {
      case "a":
        this.hrefs.push(safeHref((attributes.href ?? "").replace(/^\s*\/\//, "https://")));
        return () => void this.hrefs.pop();
      case "br":
        this.frames.flow().drafts.push({ kind: "break" });
        return nothing;
      case "input":
        this.say(inputText(attributes));
        return nothing;
      case "source":
        this.say(embeddedText(name, attributes));
        return nothing;
      case "q":
        this.say('"');
        return () => this.say('"');
      case "rt":
        this.say(" (");
        return () => this.say(")");
      case "img":
        this.say(`[image: ${imageName(attributes)}]`);
        return nothing;
      default:
        return null;
    }
  }

  /** Elements that begin a block; `null` for all others. */
  private enterStructure(name: string, attributes: Attributes): Leave | null {
    switch (name) {
      case "hr":
        this.frames.block();
        this.frames.flow().blocks.push({ type: "rule" });
        return nothing;
      case "video":
      case "audio":
      case "iframe":
      case "embed":
      case "object":
      case "canvas":
      case "svg":
        return this.enterEmbedded(name, attributes);
      case "option":
        this.frames.block();
        this.say("selected" in attributes ? "(x) " : "( ) ");
        return () => this.frames.block();
      case "pre":
      case "xmp":
      case "listing":
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
        return this.enterList(name === "ol" || isCounted(attributes) ? toNumbering(attributes) : null);
      case "li":
        return this.enterItem(attributes.value);
      case "blockquote":
        return this.enterQuote();
      case "table":
        return this.enterTable();
      case "tr":
        return this.enterRow();
      case "td":
      case "th":
        return this.enterCell(name === "th", attributes);
      default:
        return BLOCKS.has(name) ? this.enterBlock() : null;
    }
  }

  private enterDropped(): Leave {
    this.dropped += 1;
    const from = this.droppedText.length;
    return (implied) => {
      this.dropped -= 1;
      const text = this.droppedText.slice(from);
      if (this.dropped === 0) this.droppedText = "";
      if (!implied) for (const selector of struckSelectors(text)) this.struck.add(selector);
      // A style sheet that never ends has swallowed the rest of the message.
      if (implied && this.dropped === 0) this.text(text);
    };
  }

  /** Nobody closes a placeholder such as `<region>`: its tag is text. A closed unknown element is only a wrapper. */
  private enterUnknown(drafts: Draft[], literal: string): Leave {
    const draft: Draft = { kind: "text", text: literal, marks: this.marks(), kept: false, key: "literal" };
    drafts.push(draft);
    return (implied) => {
      if (!implied) draft.text = "";
    };
  }

  private enterEmbedded(name: string, attributes: Attributes): Leave {
    this.frames.block();
    const shown = embeddedText(name, attributes);
    if (shown !== "") this.say(shown);
    return () => {
      if (shown === "" && this.frames.flow().drafts.length === 0) this.say(`[${name}: not shown]`);
      this.frames.block();
    };
  }

  private enterBlock(): Leave {
    this.frames.block();
    return () => this.frames.block();
  }

  private enterHeading(level: number): Leave {
    this.frames.block();
    const outer = this.frames.heading;
    this.frames.heading = level;
    return () => {
      this.frames.block();
      this.frames.heading = outer;
    };
  }

  private enterPre(): Leave {
    this.frames.block();
    const drafts: Draft[] = [];
    this.pre = drafts;
    return () => {
      this.pre = null;
      const text = drafts.map((draft) => (draft.kind === "text" ? draft.text : "\n")).join("");
      const trimmed = text.trimEnd().replace(/^\n/, "");
      if (trimmed !== "") this.frames.flow().blocks.push(codeBlock(trimmed));
    };
  }

  private enterInsidePre(drafts: Draft[], name: string, literal: string): Leave {
    if (name === "br") drafts.push({ kind: "break" });
    if (BLOCKS.has(name) || name === "pre" || name === "li" || name === "tr") {
      breakLine(drafts);
      return () => breakLine(drafts);
    }
    return isKnownElement(name) ? nothing : this.enterUnknown(drafts, literal);
  }

  private enterList(numbering: Numbering | null): Leave {
    this.frames.block();
    if (this.listDepth >= LIST_DEPTH_MAX) return () => this.frames.block();
    this.listDepth += 1;
    const leave = this.frames.enter({ kind: "list", numbering, items: [] });
    return () => {
      leave();
      this.listDepth -= 1;
    };
  }

  private enterItem(value: string | undefined): Leave {
    this.frames.finishImplicit(["item"]);
    if (this.frames.top.kind === "list") return this.frames.enter(makeFlow("item", { value: toNumber(value) }));
    this.frames.block();
    this.say("• ");
    return () => this.frames.block();
  }

  private enterQuote(): Leave {
    this.frames.block();
    return this.frames.has("quote") ? () => this.frames.block() : this.frames.enter(makeFlow("quote"));
  }

  private enterTable(): Leave {
    this.frames.block();
    this.tableDepth += 1;
    const leave = this.tableDepth === 1 ? this.frames.enter({ kind: "table", rows: [] }) : () => this.frames.block();
    return () => {
      leave();
      this.tableDepth -= 1;
    };
  }

  private enterRow(): Leave {
    if (this.tableDepth === 1) {
      this.frames.finishImplicit(["cell", "row"]);
      if (this.frames.top.kind === "table") return this.frames.enter({ kind: "row", implicit: false, cells: [] });
    }
    return this.enterBlock();
  }

  private enterCell(header: boolean, attributes: Attributes): Leave {
    if (this.tableDepth === 1) {
      this.frames.finishImplicit(["cell"]);
      if (this.frames.top.kind === "table") this.frames.enter({ kind: "row", implicit: true, cells: [] });
      if (this.frames.top.kind === "row") {
        const spans = { colspan: toSpan(attributes.colspan), rowspan: toSpan(attributes.rowspan) };
        return this.frames.enter(makeFlow("cell", { header, ...spans }));
      }
    }
    if (this.frames.flow().drafts.length > 0) appendText(this.frames.flow().drafts, " | ", []);
    return nothing;
  }

  private styleOf(name: string, attributes: Attributes): StyleMeaning {
    if (name === "textarea") return TYPED;
    const own = readStyle(attributes.style ?? "");
    if (this.struck.size === 0 || !selectorsOf(name, attributes).some((one) => this.struck.has(one))) return own;
    return { ...own, marks: [...own.marks, "strike"] };
  }

  private count(style: StyleMeaning, step: 1 | -1): void {
    for (const mark of style.marks) this.counts[mark] += step;
    if (style.keepsLines) this.keepsLines += step;
    if (style.keepsBlanks) this.keepsBlanks += step;
  }

  /** Adds words to the current line, marked as everything here is. */
  private say(text: string): void {
    appendText(this.frames.flow().drafts, text, this.marks());
  }

  private marks(): AdfMark[] {
    const href = this.hrefs.at(-1) ?? null;
    const link: AdfMark[] = href === null ? [] : [{ type: "link", attrs: { href } }];
    // Jira takes no other mark beside code, and struck code would say the opposite.
    if (this.counts.code > 0 && this.counts.strike === 0) return [...link, { type: "code" }];
    const styles = (["strong", "em", "underline", "strike"] as const).filter((type) => this.counts[type] > 0);
    const raised = (["sub", "sup"] as const).find((type) => this.counts[type] > 0);
    return [
      ...link,
      ...styles.map((type): AdfMark => ({ type })),
      ...(raised === undefined ? [] : [{ type: "subsup", attrs: { type: raised } } as const]),
    ];
  }
}

function nothing(): void {
  // An element without an effect of its own: its text simply flows on.
}
