/** The texts of a line with what their marks say: raised, struck, linked. */

/** A text of a line, and what the marks of its node make of it. */
export type Span = {
  readonly href: string | null;
  readonly isStruck: boolean;
  /** Whether the last of what was joined is struck. */
  readonly endsStruck: boolean;
  readonly sign: string;
  readonly text: string;
};

/**
 * Neighbours of one mark are marked as one: an address is shown once, and a struck sentence has one beginning and one end. Never throws;
 * linear.
 */
export function showSpans(spans: readonly Span[]): string {
  const raised = joinSpans(spans, ["href", "isStruck", "sign"], ({ text, sign }, behind) =>
    raisedText(text, sign, behind),
  );
  const struck = joinSpans(raised, ["href", "isStruck"], (span) => (span.isStruck ? struckText(span.text) : span.text));
  const linked = joinSpans(struck, ["href"], ({ text, href }) => (href === null ? text : linkText(text, href)));
  return joinStruck(linked);
}

/** A struck sentence goes on through an address in it. */
function joinStruck(spans: readonly Span[]): string {
  const texts: string[] = [];
  for (const [index, { text, isStruck }] of spans.entries()) {
    const before = texts.at(-1) ?? "";
    const goesOn = isStruck && spans[index - 1]?.endsStruck === true;
    const end = goesOn ? /~~([^\S\n]*)$/.exec(before) : null;
    const begin = /^([^\S\n]*)~~/.exec(text);
    if (end !== null && begin !== null) {
      texts[texts.length - 1] = before.slice(0, end.index) + (end[1] ?? "");
      texts.push((begin[1] ?? "") + text.slice(begin[0].length));
    } else texts.push(text);
  }
  return texts.join("");
}

/** Joins neighbours that are alike in these respects, and shows each that came of it; `behind` is the text that follows it. */
function joinSpans(
  spans: readonly Span[],
  alike: readonly (keyof Span)[],
  show: (span: Span, behind: string) => string,
): Span[] {
  const joined: Span[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last !== undefined && alike.every((key) => last[key] === span[key]))
      joined[joined.length - 1] = { ...last, endsStruck: span.endsStruck, text: last.text + span.text };
    else joined.push(span);
  }
  return joined.map((span, index) => ({ ...span, text: show(span, joined[index + 1]?.text ?? "") }));
}

/** `10^6`, `H_2O`: a raised or lowered text is another one than its letters. Brackets show its end where the text behind would run on. */
function raisedText(text: string, sign: string, behind: string): string {
  const word = text.trim();
  if (sign === "" || word === "") return text;
  const runsOn = text.endsWith(word) && /^(?:\p{N}{2}|\p{L}{2})$/u.test(lastChar(word) + firstChar(behind));
  const shown = /^[\p{L}\p{N}+-]+$/u.test(word) && !runsOn ? word : `(${word})`;
  return text.replace(word, () => sign + shown);
}

function firstChar(text: string): string {
  return String.fromCodePoint(text.codePointAt(0) ?? 32);
}

function lastChar(text: string): string {
  return Array.from(text.slice(-2)).at(-1) ?? "";
}

/**
 * "do ~~not~~ restart": without the tildes the sentence would say the opposite of what its author left standing. They stand close to the
 * words and in each line, as Markdown wants them. Never throws.
 */
export function struckText(text: string): string {
  return text.replace(/\S(?:[^\n]*\S)?/g, (words) => `~~${words}~~`);
}

/** A linked text with its address behind it, unless it is the address. Never throws. */
export function linkText(text: string, href: string): string {
  const bare = (address: string): string =>
    decodeAddress(address.replaceAll("~~", ""))
      .trim()
      .replace(/^(?:mailto:|https?:\/\/)/i, "")
      .replace(/\/$/, "")
      .toLowerCase();
  if (text.trim() === "") return href;
  return bare(text) === bare(href) ? text : `${text} (${href})`;
}

/** Addresses write other scripts by percent signs, people do not. */
function decodeAddress(address: string): string {
  try {
    return decodeURI(address);
  } catch {
    return address;
  }
}
