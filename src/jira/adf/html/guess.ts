/**
 * Whether a text is HTML, or a plain text that mentions some. OSM does not say which it sends (huawei.md 9).
 *
 * The traps: a log line with `<br>`, a quoted error page with lines below it, XML, `Map<String, List>`. Taken for markup, their lines run
 * together and their tags vanish. The answer: in HTML, lines are made by elements; in a plain text, by line ends. A line end between two
 * words that stand in no element is a line that somebody typed.
 */

import { isKnownElement, MARKS } from "./elements.ts";

const VOID = new Set("area base br col embed hr img input link meta param source track wbr".split(" "));
/** Elements that tell HTML; the other known ones (`data`, `time`, `title` in a list of books) are as likely those of another language. */
const TELLING = new Set(
  (
    "a abbr address article aside audio b blockquote body br caption center cite code col colgroup dd del details div dl dt em embed " +
    "fieldset figure font footer form h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label legend li link listing main " +
    "mark meta nav object ol optgroup option p picture pre q rp rt ruby s samp section select small source span strike strong style sub " +
    "summary sup table tbody td textarea tfoot th thead title tr tt u ul video xmp"
  ).split(" "),
);
const INLINE = new Set([...MARKS.keys(), ..."a abbr font label mark q small span".split(" ")]);
const OFFICE_CONDITION = /<!\[(?:if|endif)[^\]<>]{0,200}\]>/gi;
/** So many tags tell; what follows is of the same kind. */
const TAGS_MAX = 20_000;
const TAG = /<(\/?)([a-z][a-z0-9:._-]{0,99})(?:\s[^<>]{0,4000})?\/?>/gi;
/** Elements that office programs and drawings add to those of HTML. */
const ADDED = /^(?:(?:o|v|w|m|x|st1):.*|xml|g|defs|use|path|rect|circle|ellipse|line|poly(?:line|gon)|tspan)$/;
/** Elements of a page. Beside text, a page is quoted. */
const PAGE = new Set(["html", "head", "body", "title", "meta"]);
/** Lines of programs: a tag in them is what they say. */
const LOG_LINE =
  /^\s*(?:\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d|\[?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\]?[ :\t])/;

type Tag = {
  readonly name: string;
  readonly closing: boolean;
  readonly selfClosing: boolean;
  readonly from: number;
  readonly to: number;
};

/** Whether a text is HTML rather than a text that mentions a tag. Never throws; linear. */
export function looksLikeHtml(text: string): boolean {
  if (!text.includes("<") || text.includes("```") || LOG_LINE.test(text.slice(0, 200))) return false;
  const source = withoutComments(text.replace(OFFICE_CONDITION, "")).replace(/^\s*(?:<!doctype[^<>]{0,300}>\s*)?/i, "");
  const tags = findTags(source.replace(/`[^`\n]*`/g, (code) => "_".repeat(code.length)));
  const known = tags.filter((tag) => TELLING.has(tag.name));
  const [first] = known;
  if (first === undefined) return false;
  if (isXml(tags)) return false;
  const shape = readShape(source, known);
  if (shape.typedLines || (shape.textOutside && known.some((tag) => PAGE.has(tag.name)))) return false;
  if (shape.closedBlocks === 1 && shape.breaks === 0 && shape.textAround) return false;
  if (first.from === 0 && !first.closing) return shape.closed > 0 || VOID.has(first.name);
  // Text before the first tag: rich text that an editor left without an element around it.
  return shape.closedBlocks > 0 || (shape.breaks > 0 && shape.stray === 0);
}

/** By index: an expression would look for the end of each comment that never ends. */
function withoutComments(text: string): string {
  let kept = "";
  let from = 0;
  for (let at = text.indexOf("<!--"); at >= 0; at = text.indexOf("<!--", from)) {
    const end = text.indexOf("-->", at);
    if (end < 0) break;
    kept += text.slice(from, at);
    from = end + 3;
  }
  return kept + text.slice(from);
}

/** Whether elements of another language are the frame of the text, or too many for HTML; only others close a tag in itself. */
function isXml(tags: readonly Tag[]): boolean {
  const foreign = tags.filter(({ name }) => !ADDED.test(name) && (name.includes(":") || !isKnownElement(name)));
  const [root] = foreign;
  if (root?.from === 0 && foreign.some((tag) => tag.closing && tag.name === root.name)) return true;
  const weight = foreign.reduce((sum, tag) => sum + (tag.selfClosing ? 3 : tag.closing ? 1 : 0), 0);
  return weight * 2 > tags.length - foreign.length;
}

function findTags(source: string): Tag[] {
  const tags: Tag[] = [];
  for (const match of source.matchAll(TAG)) {
    const name = (match[2] ?? "").toLowerCase();
    const to = match.index + match[0].length;
    tags.push({ name, closing: match[1] === "/", selfClosing: source[to - 2] === "/", from: match.index, to });
    if (tags.length >= TAGS_MAX) break;
  }
  return tags;
}

/** How the known tags of a text fit together, and what stands outside of all elements. */
function readShape(source: string, tags: readonly Tag[]) {
  const open = new Map<string, number>();
  const outside: Outside[] = [];
  let from: { readonly at: number; readonly afterBreak: boolean } | null = { at: 0, afterBreak: true };
  let depth = 0;
  let closed = 0;
  let closedBlocks = 0;
  let breaks = 0;
  let stray = 0;
  for (const tag of tags) {
    const { name, closing } = tag;
    if (from !== null) {
      const text = source.slice(from.at, tag.from);
      outside.push({ text, afterBreak: from.afterBreak, beforeBreak: name === "br" || closing });
    }
    if (VOID.has(name)) {
      if ((name === "br" || name === "hr") && !isMentioned(source, tag)) breaks += 1;
    } else if (!closing) {
      open.set(name, (open.get(name) ?? 0) + 1);
      if (!INLINE.has(name)) depth += 1;
    } else if ((open.get(name) ?? 0) > 0) {
      open.set(name, (open.get(name) ?? 0) - 1);
      closed += 1;
      if (!INLINE.has(name)) {
        closedBlocks += 1;
        depth -= 1;
      }
    } else {
      stray += 1;
    }
    const afterBreak = VOID.has(name) || (closing && !INLINE.has(name));
    from = depth === 0 ? { at: tag.to, afterBreak } : null;
  }
  if (from !== null) outside.push({ text: source.slice(from.at), afterBreak: from.afterBreak, beforeBreak: true });
  const isText = (piece: Outside | undefined): boolean => piece !== undefined && piece.text.trim() !== "";
  const textOutside = outside.some(isText);
  const textAround = isText(outside[0]) && from !== null && isText(outside.at(-1));
  return { closed, closedBlocks, breaks, stray, textOutside, textAround, typedLines: outside.some(isTypedLine) };
}

/** Text outside of all elements, and whether tags that make lines of their own stand before and behind it. */
type Outside = { readonly text: string; readonly afterBreak: boolean; readonly beforeBreak: boolean };

/** Whether it holds a line end that no tag accounts for. */
function isTypedLine({ text, afterBreak, beforeBreak }: Outside): boolean {
  const inner = afterBreak ? text.trimStart() : text;
  return (beforeBreak ? inner.trimEnd() : inner).includes("\n");
}

/** "Found <br> in the template", "a '<br>' too many": a tag with blanks or quotes on both sides is spoken of. */
function isMentioned(source: string, { from, to }: Tag): boolean {
  return /^[ "'“‘([]{2}$|^“”$|^‘’$|^\(\)$|^\[\]$/.test(`${source[from - 1] ?? ""}${source[to] ?? ""}`);
}
