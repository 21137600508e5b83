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
import { toPlainText } from "../../domain/text/sanitize.ts";
import { HtmlBuilder } from "./html/builder.ts";
import type { AdfBlock } from "./nodes.ts";

/** htmlparser2 keeps its open elements in an array that it shifts: 100,000 nested tags took 3.5 s. So depth ends here. */
const OPEN_ELEMENTS_MAX = 1000;
const STRUCTURE = /<(?:dl|dt|p|br|div|li|tr|td|h[1-6]|pre|blockquote|table|ul|ol)\b/i;

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
        if (isOfficeCondition(piece)) return;
        if (text.startsWith("[CDATA[")) builder.text(text.slice(7, -2));
        else if (!piece.startsWith("<!--") || !piece.endsWith(">")) builder.text(piece);
      },
      onprocessinginstruction: (name) => {
        const piece = advance();
        if (stoppedAt === null && !/^!doctype$/i.test(name) && !isOfficeCondition(piece)) builder.text(piece);
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

/** What Office writes around text that only its own programs show, or as names of its own: `<![if …]>`, `<![endif]>`, `<?xml:namespace …>`. */
function isOfficeCondition(piece: string): boolean {
  return /^<!(?:--)?\[(?:if\b|endif\])|^<\?xml:namespace\b/i.test(piece);
}
