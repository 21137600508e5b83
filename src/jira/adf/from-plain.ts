/** Plain text as ADF blocks: paragraphs with line breaks and links, fenced and log-like runs as code blocks. */

import { toPlainText } from "../../domain/text/sanitize.ts";
import { markdownLines } from "./markdown.ts";
import type { AdfCodeBlock, AdfParagraph } from "./nodes.ts";
import { codeBlock, paragraph } from "./nodes.ts";

const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([\w+#.-]{0,20})[ \t]*$/;
const FENCE_CHARS_CAP = 12;
const INDENTED = /^(?: {4}|\t)[ \t]*(?![-*•+] |\d{1,3}[.)] )\S/;
const LOG_LINE =
  /^\s{0,3}(?:\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |\[?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\]?[ :\t]|at [\w$.<>]+\(|Caused by: |(?:[a-z]\w{0,40}\.){1,10}[A-Z]\w{0,60}(?:Exception|Error)(?:: |\s*$)|Traceback \(most )/;

type Fence = { readonly char: string; readonly length: number; readonly bare: boolean; readonly language: string };

/**
 * The blocks of a plain text. Every visible character is in them (blank lines only separate); a fence that is never
 * closed is text. Two or more lines in a row that are indented by four or look like a log become one code block.
 * Never throws; linear in the length of the text.
 */
export function plainToBlocks(input: string): (AdfParagraph | AdfCodeBlock)[] {
  const lines = toPlainText(input).split("\n");
  const fences = lines.map(parseFence);
  const closingLineOf = indexClosingFences(fences);
  const blocks: (AdfParagraph | AdfCodeBlock)[] = [];
  let open: string[] = [];
  const flush = (): void => {
    if (open.length > 0) blocks.push(paragraph(markdownLines(open)));
    open = [];
  };

  let index = 0;
  while (index < lines.length) {
    const line = lines[index] ?? "";
    const fence = fences[index] ?? null;
    const closing = fence === null ? null : closingLineOf(index, fence);
    if (fence !== null && closing !== null) {
      flush();
      blocks.push(codeBlock(lines.slice(index + 1, closing).join("\n"), fence.language));
      index = closing + 1;
      continue;
    }
    const logEnd = isLogLike(line) ? findLogEnd(lines, index) : index;
    if (logEnd - index >= 2) {
      flush();
      blocks.push(codeBlock(lines.slice(index, logEnd).join("\n")));
      index = logEnd;
      continue;
    }
    if (line.trim() === "") flush();
    else open.push(line.trimEnd());
    index += 1;
  }
  flush();
  return blocks;
}

function parseFence(line: string): Fence | null {
  const match = line.length <= 80 ? FENCE.exec(line) : null;
  const run = match?.[1];
  if (run === undefined) return null;
  const language = match?.[2] ?? "";
  return { char: run.charAt(0), length: Math.min(run.length, FENCE_CHARS_CAP), bare: language === "", language };
}

/** For each fence the line that closes it, found from the back in one pass: many unclosed fences stay cheap. */
function indexClosingFences(fences: readonly (Fence | null)[]): (index: number, fence: Fence) => number | null {
  const closing = new Map<number, number>();
  const next = new Map<string, number>();
  for (let index = fences.length - 1; index >= 0; index -= 1) {
    const fence = fences[index] ?? null;
    if (fence === null) continue;
    const line = next.get(`${fence.char}${fence.length}`);
    if (line !== undefined) closing.set(index, line);
    if (!fence.bare) continue;
    for (let length = 3; length <= fence.length; length += 1) next.set(`${fence.char}${length}`, index);
  }
  return (index) => closing.get(index) ?? null;
}

function isLogLike(line: string): boolean {
  const start = line.slice(0, 120);
  return INDENTED.test(start) || LOG_LINE.test(start);
}

function findLogEnd(lines: readonly string[], from: number): number {
  let end = from;
  while (end < lines.length && isLogLike(lines[end] ?? "")) end += 1;
  return end;
}
