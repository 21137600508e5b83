/** Names that go out: of authors and of files. They pass the guard as texts do, and stay names. */
import { type GuardOptions, guardText, type MaskedKind } from "./guard.ts";
import { type GuardedText, ownWords } from "./guarded.ts";
import { displayName, safeFileName } from "./sanitize.ts";

/** What the guard made of a name. */
export type GuardedName = { readonly text: GuardedText; readonly masked: readonly MaskedKind[] };

const masks = /\[masked: ([^[\]\n]{1,60})\]/g;

/** Endings that tell what a file is and no secret ends in by chance. */
const endings = new Set(
  (
    "7z avi bin bmp bz2 cfg cnf conf crt csr csv dmp doc docx eml env gif gz har htm html ini java jpeg jpg js json key log md mov " +
    "mp4 msg ndjson out p12 pcap pdf pem pfx png ppt pptx properties ps1 py rar sh sql svg tar tgz toml trace tsv txt vsdx webp " +
    "xls xlsx xml yaml yml zip"
  ).split(" "),
);

/**
 * The line that follows a mark: the author's display name and a colon, or what the author is to Huawei (`role`: the customer, in both
 * languages), or nothing. Brackets would look like a mark, so a masked piece stands there without them. Never throws.
 */
export function guardAuthorLine(name: string, mode: "name" | "role" | "none", options: GuardOptions): GuardedName {
  if (mode === "none") return { text: ownWords``, masked: [] };
  if (mode === "role") return { text: ownWords`Customer / 客户:`, masked: [] };
  const { text, masked } = guardText(displayName(name), options);
  return { text: ownWords`${displayName(text) as GuardedText}:`, masked };
}

/**
 * A safe file name (`safeFileName`) as the guard lets it out. A masked piece stands in round brackets, since not every system takes a
 * colon in a name, and the ending stays: Huawei Cloud tells by it which files it takes. Never throws; repeating it changes nothing.
 */
export function guardFileName(name: string, options: GuardOptions): GuardedName {
  const safe = safeFileName(name);
  const whole = guardText(safe, options);
  if (whole.masked.length > 0) return withEnding(safe, whole, options);
  // In names a low line stands for a blank, where texts take it for a letter.
  const spaced = safe.replaceAll("_", " ");
  const read = guardText(spaced, options);
  return read.masked.length > 0 ? withEnding(spaced, read, options) : whole;
}

function withEnding(safe: string, whole: GuardedName, options: GuardOptions): GuardedName {
  const ending = endingOf(safe);
  const stem = guardText(safe.slice(0, safe.length - ending.length), options);
  const shown = stem.masked.length > 0 ? stem.text : whole.text;
  const named = shown.replace(masks, "(masked $1)");
  return {
    text: safeFileName(named.endsWith(ending) ? named : `${named}${ending}`) as GuardedText,
    masked: whole.masked,
  };
}

/** With its dot; empty where the name ends in nothing known. */
function endingOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 && endings.has(name.slice(dot + 1).toLowerCase()) ? name.slice(dot) : "";
}
