/**
 * What failures, lines of the audit and differences are about, and how messages are named that have no id. These texts stand in the
 * database, in exports and in the marks of comments, so their spelling never changes; it is written and read here alone.
 */

/** Kinds of items that have an id of their own. */
export type ItemKind =
  | "message"
  | "comment"
  | "file"
  | "attachment"
  | "issue"
  | "case"
  | "notice"
  | "withdrawal"
  | "status";

/** An item as it is stored, such as `comment:10042`. `id` is an id of its service, or the cause of a notice. Pure. */
export function itemKey(kind: ItemKind, id: string): string {
  return `${kind}:${id}`;
}

/** The parts of an item; one without an id (`changes`, `case`, `link`) is all kind. Pure. */
export function parseItem(item: string): { readonly kind: string; readonly id: string | null } {
  const colon = item.indexOf(":");
  return colon < 0 ? { kind: item, id: null } : { kind: item.slice(0, colon), id: item.slice(colon + 1) };
}

/** Whether an item is of that kind. Pure. */
export function isItemOf(kind: ItemKind, item: string): boolean {
  return parseItem(item).kind === kind && item !== kind;
}

/** An item as people read it: `message:12` as "message 12". Pure. */
export function itemInWords(item: string): string {
  return item.replace(":", " ").replaceAll("_", " ");
}

/** Items that have no id: one of each on a link. */
export const singleItems = {
  /** The state that both sides agree on. */
  status: "status",
  /** The pair as a whole. */
  link: "link",
  case: "case",
  issue: "issue",
  /** What a person changed on the issue itself. */
  changes: "changes",
  /** The messages of the case together. */
  conversation: "conversation",
} as const;

/**
 * The name of a message that a reading shows without an id: its fingerprint, and its place from 1 among messages with the same one (rule
 * 1). Pure.
 */
export function nameWithoutId(fingerprint: string, ordinal: number): string {
  return `fp:${fingerprint}:${ordinal}`;
}

/** Whether a message is named by its fingerprint, since it had no id. Pure. */
export function isNameWithoutId(name: string): boolean {
  return name.startsWith("fp:");
}

/** Whether a name is made of that fingerprint, whatever its place. Pure. */
export function isNamedByFingerprint(name: string, fingerprint: string): boolean {
  return name.startsWith(`fp:${fingerprint}:`);
}

/** The name of one comment of a message that fills several: the first has the message's own, the others its number behind it. Pure. */
export function partName(message: string, part: number): string {
  return part === 1 ? message : `${message}#${part}`;
}

/** The message that a comment belongs to, and which of its comments it is, from 1. Pure. */
export function parsePartName(name: string): { readonly message: string; readonly part: number } {
  const match = /^(.*)#(\d+)$/s.exec(name);
  return match === null ? { message: name, part: 1 } : { message: match[1] ?? name, part: Number(match[2]) };
}

/** Whether a name is that of a further comment of a message, and not of its first. Pure. */
export function isFurtherPart(name: string): boolean {
  return name.includes("#");
}

/** Whether a name is that of any comment of this message. Pure. */
export function isPartOf(name: string, message: string): boolean {
  return name === message || name.startsWith(`${message}#`);
}

/** The same comment of a message that is called otherwise by now. Pure. */
export function renamePart(name: string, from: string, to: string): string {
  return to + name.slice(from.length);
}
