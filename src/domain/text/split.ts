/**
 * Renders a text as the messages that carry it to Huawei.
 *
 * OSM takes 1,200 to 10,000 characters per message depending on its edition (huawei.md 9) and cannot edit one, so a
 * long text becomes numbered parts, and a very long one becomes its head plus a file: nothing is cut off in silence.
 * The whole text is sanitised here; masking must happen before (rule 1: guard first, then split), or a cut could run
 * through a secret and hide it from the guard.
 */

import { type GuardedText, ownWords } from "./guarded.ts";
import type { Mark, MarkPart } from "./marks.ts";
import { formatMark } from "./marks.ts";
import { cutChars, toPlainText } from "./sanitize.ts";

/** What `renderParts` needs. All lengths are UTF-16 units. */
export type RenderPartsInput = {
  /** Mark of the whole text; its `part` is ignored, since the parts are numbered here. */
  readonly mark: Mark;
  /** What follows the mark on the first line, such as `Li Lei:` (see `guardAuthorLine`). May be empty. */
  readonly authorLine: GuardedText;
  readonly text: GuardedText;
  /** Longest message, mark and author line included. */
  readonly charsMax: number;
  /** Longest first message when it differs: a case description has its own limit (huawei.md 6). */
  readonly firstCharsMax?: number;
  /** More parts than this become head and file. */
  readonly partsMax?: number;
  /** Name of the file with the full text; made from the mark when left out. */
  readonly fileName?: GuardedText;
};

/** Messages in order, or the first message together with a file that holds the whole text. */
export type RenderedText =
  | { readonly kind: "parts"; readonly parts: readonly GuardedText[] }
  | {
      readonly kind: "head_and_file";
      readonly head: GuardedText;
      readonly fileName: GuardedText;
      readonly fileText: GuardedText;
    };

const AUTHOR_LINE_CHARS_MAX = 80;
const BODY_CHARS_MIN = 16;

/**
 * Renders `text` as messages of at most `charsMax` units. Each starts with the mark and the author line on one line;
 * with more than one, the mark is numbered `1/3` (the first part of a case keeps the plain `[KEY @id]`, which is what
 * a search for the case looks for). Cuts fall between paragraphs, else lines, else words, else graphemes; only
 * whitespace at a cut is dropped. Over `partsMax` parts, or for marks that know no parts, the answer is head and file.
 *
 * Throws `RangeError` when `charsMax` leaves no room for a text, and what `formatMark` throws. May be repeated: the
 * same input gives the same messages.
 */
export function renderParts(input: RenderPartsInput): RenderedText {
  const { mark, charsMax, partsMax = 5, firstCharsMax = charsMax } = input;
  // What is cut from a guarded text is guarded.
  const text = trimBlankEnds(toPlainText(input.text)) as GuardedText;
  const authorLine = cutAuthorLine(input.authorLine);
  const header = (part: MarkPart | null): GuardedText => joinHeader(formatMark(withPart(mark, part)), authorLine);

  const single = joinBody(header(null), text);
  if (single.length <= firstCharsMax) return { kind: "parts", parts: [single] };

  const countMax = knowsParts(mark) ? partsMax : 1;
  if (countMax > 1) {
    // The widest header is assumed for each part, so that numbering never pushes a part over the limit.
    const headerChars = header({ index: countMax, count: countMax }).length + 1;
    const bodies = cutBodies(text, (index) => (index === 0 ? firstCharsMax : charsMax) - headerChars, countMax);
    if (bodies !== null) {
      const count = bodies.length;
      const plainFirst = mark.kind === "case" || count === 1;
      const parts = bodies.map((body, index) =>
        joinBody(header(index === 0 && plainFirst ? null : { index: index + 1, count }), body),
      );
      return { kind: "parts", parts };
    }
  }

  const fileName = input.fileName ?? defaultFileName(mark);
  const closing = ownWords`[…] The full text is attached as ${fileName} / 全文见附件 ${fileName}`;
  const room = firstCharsMax - header(null).length - 1 - closing.length - 2;
  assertRoom(room);
  const body = text.slice(0, findCut(text, 0, room)).trimEnd() as GuardedText;
  return { kind: "head_and_file", head: ownWords`${header(null)}\n${body}\n\n${closing}`, fileName, fileText: text };
}

function knowsParts(mark: Mark): boolean {
  return mark.kind === "case" || (mark.kind === "comment" && !mark.withdrawn);
}

function withPart(mark: Mark, part: MarkPart | null): Mark {
  return mark.kind === "case" || mark.kind === "comment" ? { ...mark, part } : mark;
}

function cutAuthorLine(line: GuardedText): GuardedText {
  return cutChars(toPlainText(line).replace(/\s+/g, " ").trim(), AUTHOR_LINE_CHARS_MAX).trim() as GuardedText;
}

function joinHeader(mark: GuardedText, authorLine: GuardedText): GuardedText {
  return authorLine === "" ? mark : ownWords`${mark} ${authorLine}`;
}

function joinBody(header: GuardedText, body: GuardedText): GuardedText {
  return body === "" ? header : ownWords`${header}\n${body}`;
}

/** Ids are numbers and kinds are words of ours, or `formatMark` has thrown. */
function defaultFileName(mark: Mark): GuardedText {
  switch (mark.kind) {
    case "comment":
      return `comment-${mark.commentId}${mark.version === 1 ? "" : `-v${mark.version}`}.txt` as GuardedText;
    case "attachment":
      return `attachment-${mark.attachmentId}.txt` as GuardedText;
    case "notice":
      return `notice-${mark.noticeKind}-${mark.n}.txt` as GuardedText;
    case "case":
      return `description-${mark.issueId}.txt` as GuardedText;
  }
}

function assertRoom(room: number): void {
  if (!(room >= BODY_CHARS_MIN)) throw new RangeError(`charsMax leaves only ${room} characters for the text`);
}

/** Blank lines at the start and whitespace at the end carry nothing; the first line's indentation does. */
function trimBlankEnds(text: string): string {
  const trimmed = text.trimEnd();
  return trimmed.slice(skipCutWhitespace(trimmed, 0, false));
}

/** `null` when more than `countMax` bodies would be needed. */
function cutBodies(text: GuardedText, roomOf: (index: number) => number, countMax: number): GuardedText[] | null {
  const bodies: GuardedText[] = [];
  let start = 0;
  while (start < text.length) {
    if (bodies.length === countMax) return null;
    const room = roomOf(bodies.length);
    assertRoom(room);
    if (text.length - start <= room) {
      bodies.push(text.slice(start) as GuardedText);
      return bodies;
    }
    const end = findCut(text, start, room);
    const body = text.slice(start, end).trimEnd() as GuardedText;
    if (body !== "") bodies.push(body); // a window of nothing but blanks needs no message
    start = skipCutWhitespace(text, end, true);
  }
  return bodies;
}

/** End of the piece that starts at `start` and holds at most `room` units; always > `start`. */
function findCut(text: string, start: number, room: number): number {
  const limit = start + room;
  if (limit >= text.length) return text.length;
  // The unit after the window is looked at too: a break exactly there costs no room.
  const window = text.slice(start, limit + 1);
  // A paragraph or line that ends early would leave a nearly empty message, so the better the break, the earlier it may be.
  const paragraph = lastMatchEnd(window, /\n[^\S\n]*(?=\n)/g, room / 3);
  if (paragraph !== null) return start + paragraph;
  const line = window.lastIndexOf("\n");
  if (line >= room / 3) return start + line;
  const space = lastMatchEnd(window, /\S(?=\s)/g, room / 2);
  if (space !== null) return start + space;
  // Chinese has no spaces: end after a full stop or a comma.
  const stop = lastMatchEnd(window.slice(0, room), /[。！？；，、：）」』”]/g, room / 2);
  if (stop !== null) return start + stop;
  return graphemeCut(text, start, limit);
}

function lastMatchEnd(window: string, pattern: RegExp, endMin: number): number | null {
  let end: number | null = null;
  for (const match of window.matchAll(pattern)) {
    const matchEnd = match.index + match[0].length;
    if (matchEnd >= endMin) end = matchEnd;
  }
  return end;
}

/** The last grapheme boundary in the window's tail; a single monster grapheme is cut between code points. */
function graphemeCut(text: string, start: number, limit: number): number {
  const from = Math.max(start, limit - 256);
  const tail = cutChars(text.slice(from), limit - from + 2);
  let cut = from;
  for (const segment of new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(tail)) {
    if (from + segment.index > limit) break;
    cut = from + segment.index;
  }
  return cut > from ? cut : start + cutChars(text.slice(start, limit + 1), limit - start).length;
}

/** Where the next piece begins: after whole blank lines, or after the blanks of a cut between words. */
function skipCutWhitespace(text: string, from: number, betweenWords: boolean): number {
  let index = from;
  let lineStart = from;
  let sawNewline = false;
  while (index < text.length && /\s/.test(text[index] ?? "")) {
    if (text[index] === "\n") {
      sawNewline = true;
      lineStart = index + 1;
    }
    index += 1;
  }
  if (sawNewline) return lineStart;
  return betweenWords ? index : from;
}
