/**
 * The Markdown that newer tickets hold in their lines (huawei.md 14): pictures, links and struck text. Whatever else looks like Markdown
 * reads well as it was typed, and a plain text must never lose a character to it: an asterisk is more often a wildcard than bold.
 */
import { type AdfInline, type AdfMark, linkifiedText, safeHref, textNodes } from "./nodes.ts";

// Bounded pieces, so that no line of brackets takes long. A label holds no brackets, an address neither blanks nor brackets. Struck text
// does not begin within a word: "好的~~谢谢~~" is cheerful, and nothing in it is taken back.
const MARKDOWN =
  /(!?)\[([^[\]\n]{0,300})\]\(\s{0,3}([^\s()<>]{1,2048})(?:\s{1,3}"[^"\n]{0,200}")?\s{0,3}\)|(?<![\p{L}\p{N}~])~~(?=\S)([^~\n]{1,2000})(?<=\S)~~(?!~)/gu;

/** Lines as inline nodes, `hardBreak` between them: addresses and Markdown links as links, `~~struck~~` struck. Never throws. */
export function markdownLines(lines: readonly string[]): AdfInline[] {
  return lines.flatMap((line, index): AdfInline[] => {
    const nodes = markdownLine(line, []);
    return index === 0 ? nodes : [{ type: "hardBreak" }, ...nodes];
  });
}

function markdownLine(line: string, marks: readonly AdfMark[]): AdfInline[] {
  const nodes: AdfInline[] = [];
  let done = 0;
  for (const match of line.matchAll(MARKDOWN)) {
    const shown = shownAs(match, marks);
    if (shown === null) continue;
    nodes.push(...linkifiedText(line.slice(done, match.index), marks), ...shown);
    done = match.index + match[0].length;
  }
  nodes.push(...linkifiedText(line.slice(done), marks));
  return nodes;
}

/** `null` where it is text after all: a link to nowhere. */
function shownAs(match: RegExpExecArray, marks: readonly AdfMark[]): AdfInline[] | null {
  const [, picture, label = "", address = "", struck] = match;
  if (struck !== undefined) return markdownLine(struck, [...marks, { type: "strike" }]);
  const href = safeHref(address);
  if (href === null) return null;
  const text = picture === "!" ? `[image: ${label.trim() === "" ? "image" : label.trim()}]` : label.trim();
  return textNodes(text === "" ? href : text, [{ type: "link", attrs: { href } }, ...marks]);
}
