/**
 * Comparing names of files as people mean them.
 *
 * One name is spelled in many ways: macOS decomposes letters, addresses encode them by percent signs and write blanks as `+`, input
 * methods type full-width forms, people type other capitals. A rule that depends on a name compares what all spellings have in common.
 */
import { toPlainText } from "./sanitize.ts";

/**
 * A name, or a text that may hold one, in one spelling: percent signs decoded, compatibility forms composed (NFKC), capitals folded,
 * invisible characters gone, blanks as one space. For comparing only. Never throws; linear.
 */
export function comparableName(text: string): string {
  return foldCase(decodePercent(toPlainText(text)).normalize("NFKC"))
    .replace(/\p{Cf}/gu, "")
    .replace(/\s+/g, " ")
    .trim();
}

/** Shorter names would be found in any text once their marks are gone. */
const lettersMin = 4;

/**
 * Whether a text may name a file, in any spelling: as it stands, in one spelling, or in its letters and digits alone, since dashes,
 * quotes, marks of emphasis and escapes are typed, replaced and lost on the way. Wide on purpose: for what must not leave.
 */
export function mayName(text: string, name: string): boolean {
  if (name !== "" && text.includes(name)) return true;
  const wanted = comparableName(name);
  if (wanted === "") return false;
  const said = comparableName(text);
  if (said.includes(wanted) || said.replaceAll("+", " ").includes(wanted)) return true;
  const letters = lettersOf(wanted);
  return letters.length >= lettersMin && lettersOf(said).includes(letters);
}

function lettersOf(text: string): string {
  return text.replace(/[^\p{L}\p{N}]/gu, "");
}

/** What an address says of a file of Jira: the ids in its path, and its name. */
export type AddressedFile = { readonly ids: readonly string[]; readonly name: string | null };

const ID_IN_PATH =
  /\/(?:attachment|thumbnail|attachments)\/(?:content\/|thumbnail\/)?(\d{1,20})(?=[/?#]|$)|\/file\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=[/?#]|$)/gi;

/**
 * The file of Jira that an address leads to: `/secure/attachment/<id>/<name>`, `/secure/thumbnail/<id>/…`,
 * `/rest/api/3/attachment/content/<id>` and its siblings, and the media service's `/file/<media id>` (jira.md 3.5 and 4). `null` for any
 * other address. Relative addresses count too. Never throws.
 */
export function parseFileAddress(address: string): AddressedFile | null {
  const ids = [...address.matchAll(ID_IN_PATH)].flatMap((match) => match[1] ?? match[2]?.toLowerCase() ?? []);
  if (ids.length === 0) return null;
  const [path = ""] = address.split(/[?#]/);
  const last = path.split("/").at(-1) ?? "";
  const isName = last !== "" && !ids.includes(last.toLowerCase());
  return { ids, name: isName ? decodePercent(last.replaceAll("+", " ")) : null };
}

/** Percent-encoded UTF-8 as the characters that it stands for; a sequence that stands for none stays as it is. */
function decodePercent(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (sequence) => {
    try {
      return toPlainText(decodeURIComponent(sequence));
    } catch {
      return sequence;
    }
  });
}

/** `ß` and `ẞ`, final and other sigmas come out alike. */
function foldCase(text: string): string {
  return text.toUpperCase().toLowerCase().normalize("NFC");
}
