/**
 * Who is who: recognising messages across readings, and recognising our own copies among them.
 *
 * The problem: only the case detail names `message_id`; lists and polls do not, and the call that adds a message answers no id
 * (osm/NOTES 9). The answer: every message has a fingerprint that all readings share; an ordinal tells equal ones apart; a mirror
 * keeps the fingerprint, and its source id is upgraded once when the id appears (RULES 1).
 */
import type { CaseMessage } from "../domain/case.ts";
import type { IssueComment } from "../domain/issue.ts";
import { givenUp, type Intent, type Mirror } from "../domain/link.ts";
import { type Mark, markIdentity, parseMarkAtStart } from "../domain/text/marks.ts";
import { normalizeForFingerprint } from "../domain/text/sanitize.ts";
import { hashParts } from "../lib/hash.ts";

/** Identity of a message without regard to ids: time to the second, author, files, first 200 normalised characters. */
export function messageFingerprint(message: CaseMessage): string {
  return hashParts([
    String(Math.floor(message.createdAt.getTime() / 1000)),
    message.authorKind === "customer" ? "customer" : "support",
    message.authorId ?? "",
    message.files
      .map((file) => file.fileId)
      .sort()
      .join(","),
    normalizeForFingerprint(message.content),
  ]).slice(0, 32);
}

/** Hash of everything of a message that a copy must show. */
export function messageHash(message: CaseMessage): string {
  return hashParts([message.content, ...message.files.map((file) => `${file.fileId}/${file.name}`)]).slice(0, 32);
}

/** Hash of what a comment says today: text and the files that it shows. */
export function commentHash(
  comment: Pick<IssueComment, "body">,
  adfToText: (doc: unknown) => string,
  mediaReferences: (doc: unknown) => readonly string[],
): string {
  return hashParts([adfToText(comment.body), ...mediaReferences(comment.body)]).slice(0, 32);
}

/** The mark at the start of a message, looking through rich-text tags that the service may have put around it. */
export function findMark(content: string): Mark | null {
  const stripped = content.slice(0, 2000).replace(/^(?:\s|<[^<>]{0,200}>)+/, "");
  return parseMarkAtStart(stripped)?.mark ?? null;
}

/** One message with the identity under which it is, or will be, mirrored. */
export type IdentifiedMessage = {
  readonly message: CaseMessage;
  readonly sourceId: string;
  readonly fingerprint: string;
  /** Set when a mirror knows the message under an identity without id. */
  readonly renameFrom: string | null;
};

/** What a reading of a case means to us. */
export type SortedMessages = {
  readonly first: IdentifiedMessage | null;
  /** People's messages, in order, mirrored already or not. */
  readonly people: readonly IdentifiedMessage[];
  /** Our copies that were confirmed before. */
  readonly copies: readonly { readonly message: CaseMessage; readonly fingerprint: string }[];
  /** Our copies whose intents are still open. */
  readonly confirmed: readonly {
    readonly intent: Intent;
    readonly message: CaseMessage;
    readonly fingerprint: string;
  }[];
  /** Messages that start with a mark nobody here remembers. */
  readonly unknownMarks: readonly (IdentifiedMessage & { readonly mark: Mark })[];
  /** Second copies of ours: same user, same mark, same text as a copy before them. */
  readonly duplicates: readonly (IdentifiedMessage & { readonly mark: Mark })[];
};

/**
 * Sorts the messages of one complete reading. `huaweiUserIds` are our own users as far as learned. A message is our copy only if a customer
 * wrote it, our user did, it starts with the mark of an open intent, and it is not older than the attempt (RULES 1). A new key may
 * belong to a user that was never seen: then the text of the intent proves that the message is ours.
 */
export function sortMessages(input: {
  readonly messages: readonly CaseMessage[];
  readonly mirrors: readonly Mirror[];
  readonly intents: readonly Intent[];
  readonly huaweiUserIds: readonly string[];
  /** Also newer versions, withdrawals and planned writes count as marks that nobody remembers: the database may be an old one. */
  readonly adopting?: boolean;
}): SortedMessages {
  const bySource = new Map<string, Mirror>();
  const copyIds = new Set<string>();
  const copyFingerprints = new Map<string, number>();
  const knownMarks = new Set<string>();
  /** What was sent again after every look had come back empty: only of that a second copy can be ours. */
  const repeated = new Set<string>();
  /** Marks of messages that never showed and that a person gave up: one that shows now is no news. */
  const late = new Set<string>();
  for (const mirror of input.mirrors) {
    if (mirror.kind === "message") bySource.set(mirror.sourceId, mirror);
    if (mirror.origin !== "jira") continue;
    if (mirror.copyId !== null && mirror.kind !== "file") copyIds.add(mirror.copyId);
    for (const fingerprint of mirror.copyFingerprints) {
      copyFingerprints.set(fingerprint, (copyFingerprints.get(fingerprint) ?? 0) + 1);
    }
    knownMarks.add(ownerName(mirror));
    if (mirror.reason === sentAgain) repeated.add(ownerName(mirror));
    for (const mark of mirror.reason?.startsWith(`${givenUp} `) ? mirror.reason.split(" ").slice(1) : [])
      late.add(mark);
  }
  const openByMark = new Map<string, Intent>();
  for (const intent of input.intents) {
    const owner = intent.payload.owner as Pick<Mirror, "kind" | "sourceId"> | undefined;
    if (owner !== undefined && intent.payload.repeated === true) repeated.add(ownerName(owner));
    if (intent.side === "huawei" && intent.mark !== null && (intent.state !== "planned" || intent.attemptedAt !== null))
      openByMark.set(intent.mark, intent);
  }

  const onTheirWay = sourcesOnTheirWay(input.intents);
  const named = nameMessages(input.messages);
  const claimed = claimedIn(named, bySource, onTheirWay);
  /** Of each fingerprint, the identities known of it that no message of this reading names itself. */
  const unclaimed = new Map<string, string[]>();
  const adoptedMarks = new Set<string>();
  const result = {
    first: null as IdentifiedMessage | null,
    people: [] as IdentifiedMessage[],
    copies: [] as { message: CaseMessage; fingerprint: string }[],
    confirmed: [] as { intent: Intent; message: CaseMessage; fingerprint: string }[],
    unknownMarks: [] as (IdentifiedMessage & { mark: Mark })[],
    duplicates: [] as (IdentifiedMessage & { mark: Mark })[],
  };
  const copyTexts = new Set<string>();

  for (const { message, fingerprint, withoutId } of named) {
    const sourceId = message.messageId ?? withoutId;
    const known = bySource.get(sourceId);
    const renameFrom = known === undefined && message.messageId !== null && bySource.has(withoutId) ? withoutId : null;
    // A reading without id of a message known by id: found again by its fingerprint.
    let knownByFingerprint: string | undefined;
    if (message.messageId === null && known === undefined) {
      const left = unclaimed.get(fingerprint) ?? [
        ...input.mirrors
          .filter(
            (mirror) =>
              mirror.kind === "message" && mirror.fingerprint === fingerprint && !mirror.sourceId.includes("#"),
          )
          .map((mirror) => mirror.sourceId)
          .filter((id) => !claimed.has(id)),
        ...(onTheirWay.get(fingerprint) ?? []).filter((id) => !bySource.has(id) && !claimed.has(id)),
      ];
      knownByFingerprint = left.shift();
      unclaimed.set(fingerprint, left);
    }
    const isOnItsWay = isUnderWayWithoutId({ message, fingerprint, withoutId }, bySource, onTheirWay);
    const identified: IdentifiedMessage = {
      message,
      sourceId: isOnItsWay ? withoutId : (knownByFingerprint ?? sourceId),
      fingerprint,
      renameFrom,
    };
    if (message.isFirst) {
      result.first ??= identified;
      continue;
    }
    if (known !== undefined || renameFrom !== null || knownByFingerprint !== undefined) {
      result.people.push(identified);
      continue;
    }
    const copiesLeft = copyFingerprints.get(fingerprint) ?? 0;
    if ((message.messageId !== null && copyIds.has(message.messageId)) || copiesLeft > 0) {
      if (copiesLeft > 0) copyFingerprints.set(fingerprint, copiesLeft - 1);
      result.copies.push({ message, fingerprint });
      copyTexts.add(onOneLine(message.content));
      continue;
    }
    const mark = message.authorKind === "customer" ? findMark(message.content) : null;
    if (mark !== null) {
      const identity = markIdentity(mark);
      const intent = openByMark.get(identity);
      const isOurUser =
        input.huaweiUserIds.length === 0 || message.authorId === null || input.huaweiUserIds.includes(message.authorId);
      if (!isOurUser && !(intent !== undefined && saysTheSame(intent, message))) {
        result.people.push(identified);
        continue;
      }
      if (intent !== undefined) {
        openByMark.delete(identity);
        result.confirmed.push({ intent, message, fingerprint });
        copyTexts.add(onOneLine(message.content));
        continue;
      }
      if (late.delete(identity)) {
        result.copies.push({ message, fingerprint });
        copyTexts.add(onOneLine(message.content));
        continue;
      }
      if (repeated.has(markOwner(mark)) && copyTexts.has(onOneLine(message.content))) {
        result.duplicates.push({ ...identified, mark });
        continue;
      }
      const isUnknown =
        input.adopting === true
          ? isNewToMemory(mark, input) && !adoptedMarks.has(identity)
          : mark.kind !== "case" && !knownMarks.has(markOwner(mark));
      if (isUnknown) {
        adoptedMarks.add(identity);
        result.unknownMarks.push({ ...identified, mark });
        continue;
      }
    }
    result.people.push(identified);
  }
  return result;
}

type Named = { readonly message: CaseMessage; readonly fingerprint: string; readonly withoutId: string };

/** Each message with its fingerprint, and the identity that it has where no id is told. */
function nameMessages(messages: readonly CaseMessage[]): Named[] {
  const ordinals = new Map<string, number>();
  return messages.map((message) => {
    const fingerprint = messageFingerprint(message);
    const ordinal = (ordinals.get(fingerprint) ?? 0) + 1;
    ordinals.set(fingerprint, ordinal);
    return { message, fingerprint, withoutId: `fp:${fingerprint}:${ordinal}` };
  });
}

/** Its comment is on its way under the identity without id; once that is confirmed the row is renamed. */
function isUnderWayWithoutId(
  { message, fingerprint, withoutId }: Named,
  bySource: ReadonlyMap<string, Mirror>,
  onTheirWay: ReadonlyMap<string, readonly string[]>,
): boolean {
  const sourceId = message.messageId ?? withoutId;
  if (bySource.has(sourceId) || (message.messageId !== null && bySource.has(withoutId))) return false;
  const ids = onTheirWay.get(fingerprint) ?? [];
  return ids.includes(withoutId) && !ids.includes(sourceId);
}

/**
 * Identities that messages of this reading have by themselves. A reading may tell the id of one of two equal messages and not of the
 * other: the one without must not be taken for the one with.
 */
function claimedIn(
  named: readonly Named[],
  bySource: ReadonlyMap<string, Mirror>,
  onTheirWay: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const claimed = new Set<string>();
  for (const entry of named) {
    const { messageId } = entry.message;
    const hasOldName = bySource.has(entry.withoutId) || isUnderWayWithoutId(entry, bySource, onTheirWay);
    if (messageId !== null && (bySource.has(messageId) || !hasOldName)) claimed.add(messageId);
    else if (hasOldName) claimed.add(entry.withoutId);
  }
  return claimed;
}

/** Identities under which comments of messages are being written, by fingerprint; they have no row yet. */
function sourcesOnTheirWay(intents: readonly Intent[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { side, kind, key, payload } of intents) {
    const fingerprint = payload.sourceFingerprint;
    if (side !== "jira" || kind !== "comment" || typeof fingerprint !== "string") continue;
    const sourceId = key.slice(key.indexOf(":") + 1).replace(/#\d+$/, "");
    const ids = found.get(fingerprint) ?? [];
    if (!ids.includes(sourceId)) found.set(fingerprint, [...ids, sourceId]);
  }
  return found;
}

/** Reason on a live mirror whose message was sent a second time, since the first one did not show. */
export const sentAgain = "sent_again";

function ownerName(mirror: Pick<Mirror, "kind" | "sourceId">): string {
  return `${mirror.kind === "file" ? "attachment" : mirror.kind}:${mirror.sourceId}`;
}

/** The item that a mark belongs to, in the spelling of a mark: `comment:<id>`, `attachment:<id>`, `notice:<kind>-<n>`, `case:<id>`. */
export function markOwner(mark: Mark): string {
  return mark.kind === "case" ? `case:${mark.issueId}` : ownerName(markMirror(mark));
}

function onOneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Whether a message begins as the frozen text of an intent does. */
function saysTheSame(intent: Intent, message: CaseMessage): boolean {
  const frozen = intent.payload.content;
  return typeof frozen === "string" && normalizeForFingerprint(frozen) === normalizeForFingerprint(message.content);
}

/** The mirror of what a mark stands for; continued descriptions are remembered under a notice of their own. */
export function markMirror(mark: Mark): Pick<Mirror, "kind" | "origin" | "sourceId"> {
  switch (mark.kind) {
    case "comment":
      return { kind: "comment", origin: "jira", sourceId: mark.commentId };
    case "attachment":
      return { kind: "file", origin: "jira", sourceId: mark.attachmentId };
    case "notice":
      return { kind: "notice", origin: "jira", sourceId: `${mark.noticeKind}-${mark.n}` };
    case "case":
      return continuationMirror;
  }
}

/** Prefix under which a wake-up names an access request instead of a message. */
export const accessRequestPrefix = "access:";

/**
 * Names of messages that a poll told of, as they wait on a link: the fingerprint, and after `~` how often a reading lacked it.
 * A message may show in the poll before it shows in the case (RULES 2, settle time).
 */
export function parseNamed(name: string): { readonly fingerprint: string; readonly looks: number } {
  const [fingerprint = "", looks] = name.split("~");
  return { fingerprint, looks: Number(looks ?? 0) };
}

/**
 * What of the named messages a complete reading still lacks, each with one look more, and after how many seconds to look again.
 * After three looks a name is given up: the message was withdrawn, or the next full check finds it. Pure.
 */
export function stillNamed(
  names: readonly string[],
  messages: readonly CaseMessage[],
  settleSeconds: number,
): { readonly names: readonly string[]; readonly againSeconds: number | null } {
  const present = new Set(messages.map(messageFingerprint));
  const looks = new Map<string, number>();
  for (const name of names) {
    if (name.startsWith(accessRequestPrefix)) continue;
    const parsed = parseNamed(name);
    if (!present.has(parsed.fingerprint))
      looks.set(parsed.fingerprint, Math.max(looks.get(parsed.fingerprint) ?? 0, parsed.looks));
  }
  const pauses = [2, 15, settleSeconds];
  const missing = [...looks].filter(([, count]) => count < pauses.length);
  const waits = missing.map(([, count]) => Math.min(pauses[count] ?? settleSeconds, settleSeconds));
  return {
    names: missing.map(([fingerprint, count]) => `${fingerprint}~${count + 1}`),
    againSeconds: waits.length === 0 ? null : Math.min(...waits),
  };
}

/** Whether our own mark tells more than the rows do: an item, a version, a withdrawal or a planned write that they do not know of. */
function isNewToMemory(
  mark: Mark,
  memory: { readonly mirrors: readonly Mirror[]; readonly intents: readonly Intent[] },
): boolean {
  const identity = markIdentity(mark);
  const planned = memory.intents.some((intent) => intent.mark === identity && intent.attemptedAt === null);
  const { kind, origin, sourceId } = markMirror(mark);
  const owner = memory.mirrors.find(
    (mirror) => mirror.origin === origin && mirror.kind === kind && mirror.sourceId === sourceId,
  );
  if (owner === undefined || planned) return true;
  if (mark.kind !== "comment") return owner.copyFingerprints.length === 0 && owner.state === "sending";
  return mark.withdrawn ? owner.state !== "withdrawn" : mark.version > owner.version;
}

/** The mirror under which continued descriptions are remembered. */
const continuationMirror = { kind: "notice", origin: "jira", sourceId: "case-text" } as const;
