/**
 * Whether a text is HTML, or a plain text that mentions some. OSM does not say which it sends (huawei.md 9).
 *
 * The traps: a log line with `<br>`, a quoted error page with lines below it, XML, `Map<String, List>`. Taken for markup, their lines run
 * together and their tags vanish. The answer: in HTML, lines are made by elements; in a plain text, by line ends. A line end between two
 * words that stand in no element is a line that somebody typed.
 */

const VOID = new Set("area base br col embed hr img input link meta param source track wbr".split(" "));
const KNOWN = new Set(
  (
    "a abbr address article aside audio b blockquote body caption center cite code col colgroup dd del details div dl dt em embed " +
    "fieldset figure font footer form h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label legend li link listing main mark meta " +
    "nav object ol optgroup option p pre q rp rt ruby s samp section select small source span strike strong style sub summary sup table tbody td " +
    "textarea tfoot th thead title tr tt u ul video xmp br"
  ).split(" "),
);
const INLINE = new Set(
  "a abbr b cite code del em font i ins kbd label mark q s samp small span strike strong sub sup tt u".split(" "),
);
/** So many tags tell; what follows is of the same kind. */
const TAGS_MAX = 20_000;
const TAG = /<(\/?)([a-z][a-z0-9]*)((?:\s[^<>]{0,4000})?)(\/?)>/gi;
/** Lines of programs: a tag in them is what they say. */
const LOG_LINE =
  /^\s*(?:\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d|\[?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\]?[ :\t])/;

type Tag = { readonly name: string; readonly closing: boolean; readonly from: number; readonly to: number };

/** Whether a text is HTML rather than a text that mentions a tag. Never throws; linear. */
export function looksLikeHtml(text: string): boolean {
  if (!text.includes("<") || text.includes("```") || LOG_LINE.test(text.slice(0, 200))) return false;
  const source = withoutComments(text).replace(/^\s*(?:<!doctype[^<>]{0,300}>\s*)?/i, "");
  const tags = findTags(source.replace(/`[^`\n]*`/g, (code) => "_".repeat(code.length)));
  const known = tags.filter((tag) => KNOWN.has(tag.name));
  const [first] = known;
  if (first === undefined) return false;
  const unknown = tags.filter((tag) => tag.closing && !KNOWN.has(tag.name)).length;
  if (unknown * 2 > known.length) return false;
  const shape = readShape(source, known);
  if (shape.typedLines) return false;
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

function findTags(source: string): Tag[] {
  const tags: Tag[] = [];
  for (const match of source.matchAll(TAG)) {
    const name = (match[2] ?? "").toLowerCase();
    tags.push({ name, closing: match[1] === "/", from: match.index, to: match.index + match[0].length });
    if (tags.length >= TAGS_MAX) break;
  }
  return tags;
}

/** How the known tags of a text fit together, and what stands outside of all elements. */
function readShape(source: string, tags: readonly Tag[]) {
  const open = new Map<string, number>();
  let depth = 0;
  let closed = 0;
  let closedBlocks = 0;
  let breaks = 0;
  let stray = 0;
  let typedLines = false;
  let outsideFrom: { readonly at: number; readonly after: "start" | "break" | "end" } | null = {
    at: 0,
    after: "start",
  };
  const leaveOutside = (to: number, isBreak: boolean): void => {
    if (outsideFrom !== null && isTypedLine(source.slice(outsideFrom.at, to), outsideFrom.after, isBreak))
      typedLines = true;
    outsideFrom = null;
  };
  for (const { name, closing, from, to } of tags) {
    if (depth === 0) leaveOutside(from, name === "br" || closing);
    if (VOID.has(name)) {
      if (name === "br" || name === "hr") breaks += 1;
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
    if (depth === 0)
      outsideFrom = { at: to, after: VOID.has(name) || (closing && !INLINE.has(name)) ? "break" : "end" };
  }
  if (depth === 0) leaveOutside(source.length, true);
  return { closed, closedBlocks, breaks, stray, typedLines };
}

/** Whether a piece of text outside of all elements holds a line end that no tag accounts for. */
function isTypedLine(piece: string, after: "start" | "break" | "end", beforeBreak: boolean): boolean {
  const inner = after === "break" || after === "start" ? piece.trimStart() : piece;
  return (beforeBreak ? inner.trimEnd() : inner).includes("\n");
}
