/**
 * Texts from Huawei as Jira documents.
 *
 * Everything that reaches Jira as rich text is built here and never passed as a string: jira.js sends a string to the
 * old API, where wiki markup in it is interpreted and the comment's properties are lost (jira.md 2.3).
 */

import { cutChars, toPlainText } from "../../domain/text/sanitize.ts";
import { htmlToBlocks } from "./from-html.ts";
import { plainToBlocks } from "./from-plain.ts";
import { looksLikeHtml } from "./html/guess.ts";
import type { AdfBlock, AdfDoc, AdfTable, AdfTableRow } from "./nodes.ts";
import { doc, inlineLines, paragraph, safeHref, textNodes } from "./nodes.ts";
import { jsonChars, PACK_CHARS_MIN, packBlocks } from "./pack.ts";
import { adfToText } from "./to-text.ts";

export { looksLikeHtml } from "./html/guess.ts";
export type * from "./nodes.ts";

/** How a text is to be read. */
export type TextFormat = "plain" | "html";

/** Default bound of one document's JSON, in UTF-16 units (jira.md 4: Jira refuses 32,767). */
export const ADF_JSON_CHARS_MAX = 30_000;
/** Smallest bound that the builders accept. */
export const ADF_JSON_CHARS_MIN = 8_000;

const HEADER_CHARS_MAX = 300;
const FACT_CHARS_MAX = 300;

/**
 * A message as one or more comment bodies, each at most `maxJsonChars` units of JSON (default 30,000), in order. The
 * header stands in bold at the top of each, with `(2/3)` when there are several; the footer's lines end the last one.
 * `format` is guessed when left out. Nothing of the text is lost; the header is cut at 300 units. Every document fits
 * the ADF schema, whatever the text holds.
 *
 * Throws `RangeError` when `maxJsonChars` is below 8,000. May be repeated: the same input gives the same documents.
 */
export function messageToAdf(input: {
  readonly header: string;
  readonly text: string;
  readonly format?: TextFormat;
  readonly footer?: readonly string[];
  readonly maxJsonChars?: number;
}): { readonly docs: readonly AdfDoc[] } {
  const max = checkedMax(input.maxJsonChars);
  const header = cutChars(toPlainText(input.header).replace(/\s+/g, " ").trim(), HEADER_CHARS_MAX);
  const headerBlock = (numbering: string): AdfBlock[] => {
    const content = textNodes(`${header}${numbering}`.trim(), [{ type: "strong" }]);
    return content.length === 0 ? [] : [paragraph(content)];
  };
  const room = max - jsonChars(doc(headerBlock(" (99999/99999)")));

  const groups = packBlocks([...toBlocks(input.text, input.format), ...footerBlocks(input.footer)], room);
  if (groups.length <= 1) return { docs: [doc([...headerBlock(""), ...(groups[0] ?? [])])] };
  const docs = groups.map((blocks, index) => doc([...headerBlock(` (${index + 1}/${groups.length})`), ...blocks]));
  return { docs };
}

/**
 * A two-column table of labels and values, or `null` when there is nothing to show: rows without a value are left
 * out. Labels and values are cut at 300 units with `…`. Never throws.
 */
export function factsTable(rows: readonly (readonly [label: string, value: string])[]): AdfTable | null {
  const content = rows.flatMap(([label, value]): AdfTableRow[] => {
    const name = textNodes(toFact(label), [{ type: "strong" }]);
    const shown = inlineLines([toFact(value)]);
    if (shown.length === 0) return [];
    return [
      {
        type: "tableRow",
        content: [
          { type: "tableHeader", content: [paragraph(name)] },
          { type: "tableCell", content: [paragraph(shown)] },
        ],
      },
    ];
  });
  return content.length === 0 ? null : { type: "table", content };
}

/**
 * The description of a case's issue: the text, the facts, and a link to the case in the console (left out when
 * `consoleUrl` is not http or https). What does not fit into `maxJsonChars` comes back as `rest`, a plain text that
 * goes on in comments (`messageToAdf` with format `plain`); the description then says so. Facts that would fill more
 * than half of it go to `rest` too.
 *
 * Throws `RangeError` when `maxJsonChars` is below 8,000. May be repeated: the same input gives the same result.
 */
export function caseDescriptionAdf(input: {
  readonly text: string;
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly consoleUrl?: string | null;
  /** Our own words in it. */
  readonly words?: { readonly console: string; readonly goesOn: string };
  readonly format?: TextFormat;
  readonly maxJsonChars?: number;
}): { readonly doc: AdfDoc; readonly rest: string | null } {
  const max = checkedMax(input.maxJsonChars);
  const {
    words = { console: "Open the case in the Huawei Cloud console", goesOn: "The text goes on in the comments." },
  } = input;
  const link = consoleBlocks(input.consoleUrl ?? null, words.console);
  const factsShown = factsWithin(input.facts, (max - PACK_CHARS_MIN) / 2);
  const table = factsTable(factsShown);
  const more = paragraph(textNodes(words.goesOn, [{ type: "em" }]));
  const tail: AdfBlock[] = [...(table === null ? [] : [table]), ...link];
  const room = max - jsonChars(doc([more, ...tail]));

  const [first = [], ...others] = packBlocks(toBlocks(input.text, input.format), room);
  const factsLeft = input.facts.slice(factsShown.length).map(([label, value]) => `${label}: ${value}`);
  const rest = [adfToText(doc(others.flat())), factsLeft.join("\n")].filter((text) => text.trim() !== "").join("\n\n");
  if (rest === "") return { doc: doc([...first, ...tail]), rest: null };
  return { doc: doc([...first, more, ...tail]), rest: toPlainText(rest) };
}

/**
 * The first line of a text that says something: of a plain text as it was typed, of HTML as its first block reads, without tags and with
 * entities as characters. `""` when there is none. Never throws.
 */
export function firstLine(text: string): string {
  const lines = looksLikeHtml(text)
    ? htmlToBlocks(text).flatMap((block) => {
        const shown = adfToText(doc([block]));
        return (block.type === "heading" ? shown.replace(/^#{1,6} /, "") : shown).split("\n");
      })
    : toPlainText(text).split("\n");
  return lines.find((line) => /[\p{L}\p{N}]/u.test(line)) ?? lines.find((line) => line.trim() !== "") ?? "";
}

function checkedMax(maxJsonChars: number = ADF_JSON_CHARS_MAX): number {
  if (maxJsonChars >= ADF_JSON_CHARS_MIN) return maxJsonChars;
  throw new RangeError(`maxJsonChars must be at least ${ADF_JSON_CHARS_MIN}`);
}

function toBlocks(text: string, format: TextFormat = looksLikeHtml(text) ? "html" : "plain"): AdfBlock[] {
  return format === "html" ? htmlToBlocks(text) : plainToBlocks(text);
}

function footerBlocks(lines: readonly string[] = []): AdfBlock[] {
  const content = inlineLines(
    lines.flatMap((line) => toPlainText(line).split("\n")).filter((line) => line.trim() !== ""),
  );
  return content.length === 0 ? [] : [paragraph(content)];
}

function consoleBlocks(consoleUrl: string | null, label: string): AdfBlock[] {
  const href = consoleUrl === null ? null : safeHref(consoleUrl);
  if (href === null || href.startsWith("mailto:")) return [];
  return [paragraph(textNodes(label, [{ type: "link", attrs: { href } }]))];
}

function toFact(text: string): string {
  const line = toPlainText(text).replace(/\s+/g, " ").trim();
  return line.length <= FACT_CHARS_MAX ? line : `${cutChars(line, FACT_CHARS_MAX - 1)}…`;
}

function factsWithin<T extends readonly [string, string]>(facts: readonly T[], charsMax: number): readonly T[] {
  let used = 0;
  for (const [index, fact] of facts.entries()) {
    const table = factsTable([fact]);
    used += table === null ? 0 : jsonChars(table);
    if (used > charsMax) return facts.slice(0, index);
  }
  return facts;
}
