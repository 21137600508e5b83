/**
 * The part of ADF (Atlassian Document Format, version 1) that casebridge writes, as types, with small builders.
 *
 * The types are narrower than the schema on purpose: what type-checks here is what the schema allows
 * (jira.md 2.6: no empty text, no list directly in a list, no heading or quote in a list item, no marks in a code
 * block, `code` only beside `link`, tables only at the top).
 */

import { toPlainText } from "../../domain/text/sanitize.ts";

/** A mark on a text node. `href` is http, https or mailto (see `safeHref`). */
export type AdfMark =
  | { readonly type: "strong" | "em" | "underline" | "strike" | "code" }
  | { readonly type: "subsup"; readonly attrs: { readonly type: "sub" | "sup" } }
  | { readonly type: "link"; readonly attrs: { readonly href: string } };

/** Text, never empty. */
export type AdfText = { readonly type: "text"; readonly text: string; readonly marks?: readonly AdfMark[] };
/** A line break inside a block. */
export type AdfHardBreak = { readonly type: "hardBreak" };
/** What paragraphs and headings hold. */
export type AdfInline = AdfText | AdfHardBreak;

/** A paragraph; may be empty. */
export type AdfParagraph = { readonly type: "paragraph"; readonly content: readonly AdfInline[] };
/** A heading of level 1 to 6. */
export type AdfHeading = {
  readonly type: "heading";
  readonly attrs: { readonly level: number };
  readonly content: readonly AdfInline[];
};
/** Preformatted text, unmarked; newlines stand in the text. */
export type AdfCodeBlock = {
  readonly type: "codeBlock";
  readonly attrs?: { readonly language: string };
  readonly content: readonly AdfText[];
};
/** A horizontal line. */
export type AdfRule = { readonly type: "rule" };
/** What list items and quotes may hold. */
export type AdfSimpleBlock = AdfParagraph | AdfCodeBlock | AdfList;
/** One item; never empty. */
export type AdfListItem = { readonly type: "listItem"; readonly content: readonly AdfSimpleBlock[] };
/** A list with at least one item; `order` is the first number. */
export type AdfList =
  | { readonly type: "bulletList"; readonly content: readonly AdfListItem[] }
  | {
      readonly type: "orderedList";
      readonly attrs?: { readonly order: number };
      readonly content: readonly AdfListItem[];
    };
/** A quotation; never empty. */
export type AdfBlockquote = { readonly type: "blockquote"; readonly content: readonly AdfSimpleBlock[] };
/** What table cells may hold. */
export type AdfCellBlock = AdfSimpleBlock | AdfHeading | AdfRule | AdfBlockquote;
/** A cell; never empty. */
export type AdfTableCell = { readonly type: "tableCell" | "tableHeader"; readonly content: readonly AdfCellBlock[] };
/** A row; never empty. */
export type AdfTableRow = { readonly type: "tableRow"; readonly content: readonly AdfTableCell[] };
/** A table; never empty, only at the top of a document. */
export type AdfTable = { readonly type: "table"; readonly content: readonly AdfTableRow[] };
/** What a document holds. */
export type AdfBlock = AdfCellBlock | AdfTable;
/** A whole document, fit for a description or comment body. */
export type AdfDoc = { readonly version: 1; readonly type: "doc"; readonly content: readonly AdfBlock[] };

/** Longest link target in UTF-16 units; a longer one stays text, so that one link cannot fill a comment. */
export const HREF_CHARS_MAX = 2048;

const LINK_PROTOCOLS: ReadonlySet<string> = new Set(["http:", "https:", "mailto:"]);
// Chinese prose often follows an address without a blank, so other scripts belong to it only where it goes on behind them. The
// backslash, quote and angle brackets end one.
const BARE_URL =
  /(?<![A-Za-z0-9_])(?:https?:\/\/|mailto:)[!#-;=?-[\]_a-z~]+(?:(?<=[/=_.-])[^\p{ASCII}\p{P}\p{Z}]{1,100}(?=[/.?=&#_-][a-z0-9%/])[!#-;=?-[\]_a-z~]+)*/giu;
const TRAILING = new Set([".", ",", ";", ":", "!", "?", "'", "*", "_", "~", ")", "]"]);

/** A document of these blocks. Never throws. */
export function doc(content: readonly AdfBlock[]): AdfDoc {
  return { version: 1, type: "doc", content };
}

/** A paragraph of these inline nodes. Never throws. */
export function paragraph(content: readonly AdfInline[]): AdfParagraph {
  return { type: "paragraph", content };
}

/** A text node with marks, sanitised; no node for a text that sanitises to nothing. Never throws. */
export function textNodes(text: string, marks: readonly AdfMark[] = []): AdfText[] {
  const plain = toPlainText(text);
  if (plain === "") return [];
  return [marks.length === 0 ? { type: "text", text: plain } : { type: "text", text: plain, marks }];
}

/** A code block of the sanitised text. Never throws. */
export function codeBlock(text: string, language = ""): AdfCodeBlock {
  const content = textNodes(text);
  return language === "" ? { type: "codeBlock", content } : { type: "codeBlock", attrs: { language }, content };
}

/**
 * The address as it may stand in a link, or `null` when it is not an absolute http, https or mailto address of at
 * most 2,048 units. The schema accepts any text there, `javascript:` too (jira.md 2.6). Never throws.
 */
export function safeHref(href: string): string | null {
  const trimmed = toPlainText(href).trim();
  if (trimmed.length > HREF_CHARS_MAX || !URL.canParse(trimmed)) return null;
  const url = new URL(trimmed); // drops tabs and newlines inside, as browsers do: "java\nscript:" is found out
  return LINK_PROTOCOLS.has(url.protocol) && url.href.length <= HREF_CHARS_MAX ? url.href : null;
}

/** Text nodes for one line of text with its bare http, https and mailto addresses as links. Never throws; linear. */
export function linkifiedText(text: string, marks: readonly AdfMark[] = []): AdfText[] {
  const plain = toPlainText(text);
  const nodes: AdfText[] = [];
  let done = 0;
  for (const match of plain.matchAll(BARE_URL)) {
    const shown = trimAddress(match[0]);
    const encoded = shown.length > HREF_CHARS_MAX ? null : safeHref(shown);
    if (encoded === null) continue;
    const href = /^\p{ASCII}*$/u.test(shown) ? shown : encoded;
    nodes.push(...textNodes(plain.slice(done, match.index), marks));
    nodes.push(...textNodes(shown, [{ type: "link", attrs: { href } }, ...marks]));
    done = match.index + shown.length;
  }
  nodes.push(...textNodes(plain.slice(done), marks));
  return nodes;
}

/** Lines of text as inline nodes: addresses as links, `hardBreak` between lines. Never throws. */
export function inlineLines(lines: readonly string[], marks: readonly AdfMark[] = []): AdfInline[] {
  return lines.flatMap((line, index): AdfInline[] => {
    const nodes = linkifiedText(line, marks);
    return index === 0 ? nodes : [{ type: "hardBreak" }, ...nodes];
  });
}

/** Punctuation after an address belongs to the sentence, a closing bracket only when none was opened inside. */
function trimAddress(address: string): string {
  let end = address.length;
  let openRound = 0;
  let openSquare = 0;
  for (const char of address) {
    if (char === "(") openRound += 1;
    else if (char === ")") openRound -= 1;
    else if (char === "[") openSquare += 1;
    else if (char === "]") openSquare -= 1;
  }
  while (end > 0) {
    const last = address[end - 1] ?? "";
    if (!TRAILING.has(last)) break;
    if (last === ")") {
      if (openRound >= 0) break;
      openRound += 1;
    }
    if (last === "]") {
      if (openSquare >= 0) break;
      openSquare += 1;
    }
    end -= 1;
  }
  return address.slice(0, end);
}
