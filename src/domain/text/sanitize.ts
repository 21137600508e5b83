/**
 * Makes text from either side harmless without changing what a reader sees.
 *
 * Both services hand us whatever people and programs typed. NUL makes PostgreSQL refuse a row, lone surrogates become
 * broken UTF-8 on the wire, control characters make Jira refuse a document, and bidi overrides let a text show
 * something other than what it says ("exe.gpj"). Everything else is content and stays.
 */

// C0 without \t and \n, DEL, and C1.
const CONTROLS = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g;
// Embeddings, overrides and isolates. The plain marks LRM, RLM and ALM stay in texts: right-to-left prose needs them.
const BIDI_OVERRIDES = /[\u202A-\u202E\u2066-\u2069]/g;
const BIDI_MARKS = /[\u200E\u200F\u061C]/g;
const INVISIBLE_ONLY = /^[\p{Cf}\p{Z}\p{M}\s\u115F\u1160\u3164\uFFA0]*$/u;

/** Longest display name in UTF-16 units (rule 1). */
export const DISPLAY_NAME_CHARS_MAX = 64;
/** Longest file name in UTF-8 bytes, the limit of common file systems. */
export const FILE_NAME_BYTES_MAX = 255;
/** How much of a message goes into its fingerprint, in UTF-16 units after normalising (rule 1). */
export const FINGERPRINT_CHARS_MAX = 200;

/**
 * The same visible text without NUL, control characters (other than `\n` and `\t`), lone surrogates (U+FFFD instead)
 * and bidi overrides; `\r\n` and `\r` become `\n`. Linear, never throws, applying it twice changes nothing more.
 */
export function toPlainText(input: string): string {
  // Surrogates first: removing a control character between two halves must not forge a pair that nobody wrote.
  return input.toWellFormed().replace(/\r\n?/g, "\n").replace(CONTROLS, "").replace(BIDI_OVERRIDES, "");
}

/**
 * The longest prefix of at most `charsMax` UTF-16 units that does not end inside a surrogate pair. `charsMax` ≤ 0
 * gives the empty text. Never throws.
 */
export function cutChars(text: string, charsMax: number): string {
  if (charsMax <= 0) return "";
  if (text.length <= charsMax) return text;
  const last = text.charCodeAt(charsMax - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? charsMax - 1 : charsMax);
}

/**
 * A person's name as it may stand after a mark: one line, at most 64 UTF-16 units, no square brackets (they would
 * look like a mark), no bidi controls, never empty (`unknown` instead). Never throws; repeating it changes nothing.
 */
export function displayName(name: string): string {
  const line = toPlainText(name)
    .replace(BIDI_MARKS, "")
    .replace(/[[\]]/g, " ")
    .replace(/[\s\u2028\u2029]+/g, " ")
    .trim();
  const cut = cutChars(line, DISPLAY_NAME_CHARS_MAX).trim();
  return INVISIBLE_ONLY.test(cut) ? "unknown" : cut;
}

/**
 * A file name that is only a name: no folders (`../a`, `C:\a`), no control or bidi characters, never dots alone (`..`; `.env` is a
 * name), no blanks around it, no trailing dots, at most 255 bytes of UTF-8 with the extension kept, other scripts
 * untouched, never empty (`file` instead). Never throws; repeating it changes nothing.
 */
export function safeFileName(name: string): string {
  const segments = toPlainText(name)
    .replace(BIDI_MARKS, "")
    .replace(/[\s\u2028\u2029]+/g, " ")
    .split(/[/\\]/)
    .map(trimEnds)
    .filter((segment) => !INVISIBLE_ONLY.test(segment));
  const base = (segments.at(-1) ?? "file").replace(/^[A-Za-z]:(?=.)/, "");
  return trimEnds(cutFileName(trimEnds(base))) || "file";
}

/**
 * What two readings of one message have in common: whitespace runs as one space, invisible format characters gone,
 * composed form, at most 200 UTF-16 units (rule 1). For comparing and hashing only, never for showing. Never throws.
 */
export function normalizeForFingerprint(text: string): string {
  const normal = toPlainText(text)
    .normalize("NFC")
    .replace(/\p{Cf}/gu, "")
    .replace(/\s+/g, " ")
    .trim();
  return cutChars(normal, FINGERPRINT_CHARS_MAX).trimEnd();
}

/** Blanks go from both ends, dots from the end alone. */
function trimEnds(name: string): string {
  // By index, not /[. ]+$/: that expression is quadratic on a name made of dots and spaces.
  let start = 0;
  let end = name.length;
  while (start < end && name[start] === " ") start += 1;
  while (end > start && (name[end - 1] === "." || name[end - 1] === " ")) end -= 1;
  return name.slice(start, end);
}

function cutFileName(name: string): string {
  const encoder = new TextEncoder();
  const sizeBytes = (text: string): number => encoder.encode(text).length;
  if (sizeBytes(name) <= FILE_NAME_BYTES_MAX) return name;

  const dot = name.lastIndexOf(".");
  const tail = dot > 0 ? name.slice(dot) : "";
  // A "." far from the end is punctuation, not the start of an extension.
  const extension = sizeBytes(tail) <= 32 ? tail : "";
  const stem = name.slice(0, name.length - extension.length);
  const room = FILE_NAME_BYTES_MAX - sizeBytes(extension);
  let used = 0;
  let end = 0;
  for (const char of stem) {
    used += sizeBytes(char);
    if (used > room) break;
    end += char.length;
  }
  return trimEnds(stem.slice(0, end)) + extension;
}
