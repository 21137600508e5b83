/** Lists of HTML as lists of ADF. */

import type { AdfList, AdfListItem, AdfSimpleBlock } from "../nodes.ts";
import { paragraph, textNodes } from "../nodes.ts";
import type { Attributes } from "./elements.ts";

/** How the items of an ordered list are counted; ADF knows decimal numbers that go up. `first` is `null` where the list does not say. */
export type Numbering = {
  readonly first: number | null;
  readonly step: 1 | -1;
  readonly kind: "decimal" | "letter" | "roman";
  readonly upper: boolean;
};

/** An item; `value` is the number that it gives itself. */
export type ListItem = { readonly value: number | null; readonly blocks: AdfSimpleBlock[] };

/** How an `<ol>` counts by its attributes and style. Never throws. */
export function toNumbering(attributes: Attributes): Numbering {
  const type = attributes.type?.trim() ?? "";
  const [, styleCase = "", alphabet = ""] =
    /list-style(?:-type)?\s*:[^;]*?\b(lower|upper)-(alpha|latin|roman)/i.exec(attributes.style ?? "") ?? [];
  const isRoman = /^i$/i.test(type) || /roman/i.test(alphabet);
  const isLetter = /^a$/i.test(type) || alphabet !== "";
  return {
    first: toNumber(attributes.start),
    step: "reversed" in attributes ? -1 : 1,
    kind: isRoman ? "roman" : isLetter ? "letter" : "decimal",
    upper: /^[AI]$/.test(type) || /upper/i.test(styleCase),
  };
}

/** Whether the style of a list counts its items, whatever its element. Never throws. */
export function isCounted(attributes: Attributes): boolean {
  return /list-style(?:-type)?\s*:[^;]*?\b(?:decimal|(?:lower|upper)-(?:alpha|latin|roman))/i.test(
    attributes.style ?? "",
  );
}

/** A number as an attribute gives it, `null` for none or one that no list of ADF begins with. Never throws. */
export function toNumber(value: string | undefined): number | null {
  return value !== undefined && /^\s*\d{1,9}\s*$/.test(value) ? Number(value) : null;
}

/**
 * The lists of ADF for the items of a list, bulleted when `numbering` is `null`. Those of ADF count up in decimals from any number: a jump
 * begins a further list, and other numerals stand as text before their items. No items, no list. Never throws.
 */
export function toLists(numbering: Numbering | null, items: readonly ListItem[]): AdfList[] {
  if (items.length === 0) return [];
  if (numbering === null) return [{ type: "bulletList", content: items.map(({ blocks }) => toItem(blocks)) }];
  const lists: { readonly order: number; readonly content: AdfListItem[] }[] = [];
  const lettered: AdfListItem[] = [];
  let number = numbering.first ?? (numbering.step < 0 ? items.length : 1);
  for (const { value, blocks } of items) {
    number = value ?? number;
    const last = lists.at(-1);
    if (numbering.kind !== "decimal") lettered.push(toItem(withPrefix(`${numeral(number, numbering)}. `, blocks)));
    else if (last !== undefined && last.order + last.content.length === number) last.content.push(toItem(blocks));
    else lists.push({ order: Math.max(0, number), content: [toItem(blocks)] });
    number += numbering.step;
  }
  if (lettered.length > 0) return [{ type: "bulletList", content: lettered }];
  return lists.map(({ order, content }) =>
    order === 1 ? { type: "orderedList", content } : { type: "orderedList", attrs: { order }, content },
  );
}

function toItem(content: readonly AdfSimpleBlock[]): AdfListItem {
  return { type: "listItem", content };
}

function withPrefix(prefix: string, blocks: readonly AdfSimpleBlock[]): readonly AdfSimpleBlock[] {
  const [first, ...others] = blocks;
  if (first?.type !== "paragraph") return [paragraph(textNodes(prefix.trim())), ...blocks];
  return [paragraph([...textNodes(prefix), ...first.content]), ...others];
}

const ROMAN = [
  [1000, "m"],
  [900, "cm"],
  [500, "d"],
  [400, "cd"],
  [100, "c"],
  [90, "xc"],
  [50, "l"],
  [40, "xl"],
  [10, "x"],
  [9, "ix"],
  [5, "v"],
  [4, "iv"],
  [1, "i"],
] as const;

function numeral(number: number, { kind, upper }: Numbering): string {
  if (number < 1 || number > 3999) return String(number);
  let text = "";
  let left = number;
  if (kind === "roman") {
    for (const [value, letters] of ROMAN) {
      for (; left >= value; left -= value) text += letters;
    }
  } else {
    for (; left > 0; left = Math.floor((left - 1) / 26)) text = String.fromCharCode(97 + ((left - 1) % 26)) + text;
  }
  return upper ? text.toUpperCase() : text;
}
