/**
 * One message in several views: the case detail, the message list, the poll.
 *
 * The problem: the views show different amounts of one message. Only the detail names `message_id` (huawei.md 9); lists show up to five
 * files (8) and texts of up to 400 characters (14). An identity made of anything that a view may cut makes two messages of one. The
 * answer: the fingerprint holds only what every view shows whole, and what tells equal fingerprints apart are the files that two
 * views have in common (ADR 0010).
 */

import { hashTexts } from "../lib/hash.ts";
import type { CaseFile, CaseMessage } from "./case.ts";
import { isNamedByFingerprint, nameWithoutId } from "./rows/item-key.ts";
import type { Mirror } from "./rows/mirror.ts";
import { cutChars, FINGERPRINT_CHARS_MAX, normalizeForFingerprint } from "./text/sanitize.ts";

/**
 * So much of a text does every view show. Lists are declared to hold 400 characters; the margin leaves room for dots that a service
 * may end a cut text with. UTF-16 units, before normalising.
 */
const shownEverywhereChars = 380;

/** Identity of a message without regard to ids and files: time to the second, author, start of the text. The same in every view. */
export function messageFingerprint(message: CaseMessage): string {
  return makeFingerprint(message, "", cutChars(message.content, shownEverywhereChars));
}

/**
 * The fingerprint, and where it differs the one that releases before ADR 0010 stored, which took in the files of the view. Rows made by
 * them are still known by it.
 */
export function knownFingerprints(message: CaseMessage): readonly string[] {
  const head = normalizeForFingerprint(cutChars(message.content, shownEverywhereChars));
  // Without files, and with as much text as either takes in, both are the same.
  const isSame = message.content.length <= shownEverywhereChars || head.length >= FINGERPRINT_CHARS_MAX - 2;
  if (message.files.length === 0 && isSame) return [messageFingerprint(message)];
  const files = message.files
    .map((file) => file.fileId)
    .sort()
    .join(",");
  return [...new Set([messageFingerprint(message), makeFingerprint(message, files, message.content)])];
}

function makeFingerprint(message: CaseMessage, files: string, text: string): string {
  return hashTexts([
    String(Math.floor(message.createdAt.getTime() / 1000)),
    message.authorKind === "customer" ? "customer" : "support",
    message.authorId ?? "",
    files,
    normalizeForFingerprint(text),
  ]).slice(0, 32);
}

/** One message of a reading, and the identity that it has where no id is told. */
export type NamedMessage = {
  readonly message: CaseMessage;
  readonly fingerprint: string;
  /** The fingerprint under which rows may know it: this release's or an older one's. */
  readonly fingerprints: readonly string[];
  readonly withoutId: string;
  /** The identity under which one of its files was mirrored; `null` when none was. */
  readonly holder: string | null;
};

/**
 * Names each message of a reading: fingerprint and ordinal. Among equal fingerprints a message keeps the name under which a file of its
 * was mirrored; the others take what is left, in their order. `isKnown` says whether a name is in use. Pure.
 */
export function nameMessages(
  messages: readonly CaseMessage[],
  mirrors: readonly Mirror[] = [],
  isKnown: (name: string) => boolean = () => false,
): readonly NamedMessage[] {
  const holders = new Map(
    mirrors.flatMap((mirror) =>
      mirror.kind === "file" && mirror.origin === "huawei" && mirror.parentId !== null
        ? [[mirror.sourceId, mirror.parentId] as const]
        : [],
    ),
  );
  const read = messages.map((message) => ({
    message,
    fingerprint: messageFingerprint(message),
    fingerprints: knownFingerprints(message),
    holder: message.files.flatMap((file) => holders.get(file.fileId) ?? [])[0] ?? null,
  }));
  const claimed = new Set(
    read.flatMap(({ holder, fingerprints }) =>
      holder !== null && fingerprints.some((fingerprint) => isNamedByFingerprint(holder, fingerprint)) ? [holder] : [],
    ),
  );
  const assigned = new Set<string>();
  const nextName = (fingerprint: string): string => {
    for (let ordinal = 1; ; ordinal += 1) {
      const name = nameWithoutId(fingerprint, ordinal);
      if (!claimed.has(name) && !assigned.has(name)) return name;
    }
  };
  return read.map((entry) => {
    const { holder, fingerprints } = entry;
    const own = holder !== null && claimed.has(holder) && !assigned.has(holder) ? holder : null;
    const names = fingerprints.map(nextName);
    const withoutId = own ?? names.find(isKnown) ?? names[0] ?? nextName(entry.fingerprint);
    // The ordinals of both spellings count on together.
    for (const name of own === null ? names : [own]) assigned.add(name);
    return { ...entry, withoutId };
  });
}

/**
 * Joins the detail with the list: every message once, in the order of time and, within one second, in the order in which the readings
 * agree. Text and id are the detail's; files are those that either shows. A message that only the list shows is `textCut` when its text
 * may go on. Equal fingerprints are told apart by their files, then by how often they occur. Pure.
 */
export function mergeMessages(detailed: readonly CaseMessage[], list: readonly CaseMessage[]): readonly CaseMessage[] {
  const listed = runsBackwards(pairViews(detailed, list)) ? [...list].reverse() : list;
  const partners = pairViews(detailed, listed);
  const merged: CaseMessage[] = detailed.map((message, index) => {
    const partner = listed[partners.indexOf(index)];
    return partner === undefined ? message : { ...message, files: joinFiles(message.files, partner.files) };
  });
  // Each message that the detail lacks stands before the next one of the list that it has.
  const before = new Map<number, CaseMessage[]>();
  let next = detailed.length;
  for (let index = listed.length - 1; index >= 0; index -= 1) {
    const message = listed[index];
    const partner = partners[index];
    if (message === undefined) continue;
    if (partner !== undefined && partner !== null) next = partner;
    else before.set(next, [toListed(message), ...(before.get(next) ?? [])]);
  }
  const ordered = [...merged, null].flatMap((message, index) => [
    ...(before.get(index) ?? []),
    ...(message === null ? [] : [message]),
  ]);
  // The list may tell whole seconds where the detail tells milliseconds; sorting is stable, so each second keeps its order.
  return ordered.sort((a, b) => secondOf(a) - secondOf(b));
}

/** The messages of a list that a reading lacks: equal ones count as often as either shows them. Pure. */
export function lackedBy(reading: readonly CaseMessage[], list: readonly CaseMessage[]): readonly CaseMessage[] {
  const partners = pairViews(reading, list);
  return list.filter((_message, index) => partners[index] === null);
}

/** The message of the detail that each one of the list is; `null` = the detail lacks it. */
function pairViews(detailed: readonly CaseMessage[], listed: readonly CaseMessage[]): readonly (number | null)[] {
  const free = new Map<string, number[]>();
  for (const [index, message] of detailed.entries()) {
    const fingerprint = messageFingerprint(message);
    free.set(fingerprint, [...(free.get(fingerprint) ?? []), index]);
  }
  const partners: (number | null)[] = listed.map(() => null);
  // Those that share a file first, then those of which neither or only one shows files, then whatever is left.
  const rules: ((a: CaseMessage, b: CaseMessage) => boolean)[] = [
    (a, b) => a.files.some((file) => b.files.some((other) => other.fileId === file.fileId)),
    (a, b) => a.files.length === 0 && b.files.length === 0,
    () => true,
  ];
  for (const isPair of rules) {
    for (const [at, message] of listed.entries()) {
      if (partners[at] !== null) continue;
      const left = free.get(messageFingerprint(message)) ?? [];
      const found = left.findIndex((index) => {
        const other = detailed[index];
        return other !== undefined && isPair(message, other);
      });
      if (found >= 0) partners[at] = left.splice(found, 1)[0] ?? null;
    }
  }
  return partners;
}

/** The list tells the messages of one second in the other order: all of a short conversation may stand in one. */
function runsBackwards(partners: readonly (number | null)[]): boolean {
  const found = partners.filter((partner) => partner !== null);
  const descents = found.filter((partner, at) => at > 0 && partner < (found[at - 1] ?? 0)).length;
  return descents * 2 > found.length - 1;
}

function joinFiles(files: readonly CaseFile[], others: readonly CaseFile[]): readonly CaseFile[] {
  const known = new Set(files.map((file) => file.fileId));
  return [...files, ...others.filter((file) => !known.has(file.fileId))];
}

function toListed(message: CaseMessage): CaseMessage {
  return message.content.length < shownEverywhereChars ? message : { ...message, textCut: true };
}

function secondOf(message: CaseMessage): number {
  return Math.floor(message.createdAt.getTime() / 1000);
}
