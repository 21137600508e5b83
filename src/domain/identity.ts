/**
 * Who is who: recognising messages across readings, and recognising our own copies among them.
 *
 * The problem: only the case detail names `message_id`; lists and polls do not, and the call that adds a message answers no id
 * (huawei.md 9). The answer: every message has a fingerprint that all readings share; an ordinal tells equal ones apart; a mirror
 * keeps the fingerprint, and its source id is upgraded once when the id appears (rule 1).
 */

import { hashTexts } from "../lib/hash.ts";
import { toOurTime } from "../lib/service-clock.ts";
import type { CaseMessage } from "./case.ts";
import type { IssueComment } from "./issue.ts";
import { type NamedMessage, nameMessages } from "./message-views.ts";
import { type Intent, intentsOf, isMessageIntent, ownerOf } from "./rows/intent.ts";
import { isFurtherPart, isNameWithoutId, itemKey, parsePartName } from "./rows/item-key.ts";
import {
  findMirror,
  givenUpMarks,
  type KnownMirrorKind,
  type Mirror,
  type MirrorId,
  type MirrorKind,
} from "./rows/mirror.ts";
import { markMirror, storedNameText } from "./rows/mirror-name.ts";
import { documentDigest, shownMedia } from "./text/document-digest.ts";
import { type Mark, markIdentity, parseMarkAtStart } from "./text/marks.ts";
import { normalizeForFingerprint } from "./text/sanitize.ts";

/** Hash of everything of a message that a copy must show. */
export function messageHash(message: CaseMessage): string {
  return hashTexts([message.content, ...message.files.map((file) => `${file.fileId}/${file.name}`)]).slice(0, 32);
}

/** What a comment said when it was sent, as its row remembers it. */
export type RememberedHashes = Pick<Mirror, "sourceHash" | "sourceDigest">;

/** What a comment says, in the names of its row. */
export type CommentHashes = { readonly sourceHash: string; readonly sourceDigest: string };

/**
 * What a comment says today: `sourceHash` by its rendered text and the files that it shows, which the previous release compares beside
 * this one or after it; `sourceDigest` by its words and structure, however they are rendered.
 */
export function commentHashes(comment: Pick<IssueComment, "body">, adfToText: (doc: unknown) => string): CommentHashes {
  const sourceHash = hashTexts([adfToText(comment.body), ...shownMedia(comment.body)]).slice(0, 32);
  return { sourceHash, sourceDigest: `${sourceHash}:${hashTexts([documentDigest(comment.body)]).slice(0, 32)}` };
}

/** The digest of a row; `null` where it has none, or a release that knows no digests has written another hash beside it. */
function digestOf({ sourceHash, sourceDigest }: RememberedHashes): string | null {
  return sourceHash !== null && sourceDigest?.startsWith(`${sourceHash}:`) === true
    ? sourceDigest.slice(sourceHash.length + 1)
    : null;
}

/**
 * Whether a comment surely says what is remembered: by the digest where there is one, else by the rendered text. That may come out otherwise
 * in this release, but one that was never edited has said nothing else.
 */
export function saysSame(
  known: RememberedHashes,
  comment: Pick<IssueComment, "createdAt" | "updatedAt">,
  now: CommentHashes,
): boolean {
  const digest = digestOf(known);
  if (digest !== null) return digest === digestOf(now);
  const isUnedited = comment.updatedAt.getTime() === comment.createdAt.getTime();
  return known.sourceHash !== null && (known.sourceHash === now.sourceHash || isUnedited);
}

/**
 * Whether a comment says something else than its row remembers. A row of an older release knows only the rendered text: the same text is no
 * edit, whenever it was saved. Another one may come of this release's rendering: then its time tells whether it was edited since.
 */
export function saysElse(
  mirror: RememberedHashes & Pick<Mirror, "updatedAt">,
  comment: Pick<IssueComment, "createdAt" | "updatedAt">,
  now: { readonly hashes: CommentHashes; readonly jiraAheadMs: number },
): boolean {
  if (saysSame(mirror, comment, now.hashes)) return false;
  if (mirror.sourceHash === null || digestOf(mirror) !== null) return true;
  return toOurTime(comment.updatedAt, now.jiraAheadMs) > mirror.updatedAt;
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

/** What is remembered, and one complete reading. */
type SortInput = {
  readonly messages: readonly CaseMessage[];
  readonly mirrors: readonly Mirror[];
  readonly intents: readonly Intent[];
  /** Our own users as far as learned. */
  readonly huaweiUserIds: readonly string[];
  /** Also newer versions, withdrawals and planned writes count as marks that nobody remembers: the database may be an old one. */
  readonly adopting?: boolean;
};

/**
 * Sorts the messages of one complete reading. A message is our copy only if a customer wrote it, our user did, it starts with the mark of an
 * open intent, and it is not older than the attempt (rule 1). A new key may belong to a user that was never seen: then the text of the intent
 * proves that the message is ours.
 */
export function sortMessages(input: SortInput): SortedMessages {
  const memory = recall(input);
  const onTheirWay = sourcesOnTheirWay(input.intents);
  const isOnItsWay = new Set([...onTheirWay.values()].flat());
  const isKnown = (name: string): boolean => memory.bySource.has(name) || isOnItsWay.has(name);
  const named = nameMessages(input.messages, input.mirrors, isKnown);
  const identities = assignIdentities(named, memory.bySource, onTheirWay);
  const sorting = new Sorting(input, memory);
  for (const entry of named) sorting.take(entry, identities.get(entry));
  return sorting;
}

/** What rows and intents tell of messages; what a message is recognised by is taken out, since it proves one message only. */
type Memory = {
  readonly bySource: ReadonlyMap<string, Mirror>;
  readonly copyIds: ReadonlySet<string>;
  readonly copyFingerprints: Map<string, number>;
  readonly knownMarks: ReadonlySet<string>;
  /** What was sent again after every look had come back empty: only of that a second copy can be ours. */
  readonly repeated: ReadonlySet<string>;
  /** Marks of messages that never showed and that a person gave up: one that shows now is no news. */
  readonly givenUp: Set<string>;
  readonly openByMark: Map<string, Intent>;
};

function recall({ mirrors, intents }: Pick<SortInput, "mirrors" | "intents">): Memory {
  const ours = mirrors.filter(({ origin }) => origin === "jira");
  const copyFingerprints = new Map<string, number>();
  for (const fingerprint of ours.flatMap((mirror) => mirror.copyFingerprints))
    copyFingerprints.set(fingerprint, (copyFingerprints.get(fingerprint) ?? 0) + 1);
  const mayHaveLeft = intents.filter(
    ({ side, state, attemptedAt }) => side === "huawei" && (state !== "planned" || attemptedAt !== null),
  );
  const repeatedOwners = intents.flatMap((intent) => (intent.repeated ? (ownerOf(intent) ?? []) : []));
  return {
    bySource: new Map(mirrors.flatMap((mirror) => (mirror.kind === "message" ? [[mirror.sourceId, mirror]] : []))),
    copyIds: new Set(ours.flatMap(({ kind, copyId }) => (copyId !== null && kind !== "file" ? [copyId] : []))),
    copyFingerprints,
    knownMarks: new Set(ours.map(ownerName)),
    repeated: new Set([...ours.filter(({ reason }) => reason === sentAgain), ...repeatedOwners].map(ownerName)),
    givenUp: new Set(ours.flatMap(givenUpMarks)),
    openByMark: new Map(mayHaveLeft.flatMap((intent) => (intent.mark === null ? [] : [[intent.mark, intent]]))),
  };
}

type Mutable<List> = {
  -readonly [Name in keyof List]: List[Name] extends readonly (infer Entry)[] ? Entry[] : List[Name];
};

/** Puts each message of a reading where it belongs, in their order. */
class Sorting implements Mutable<SortedMessages> {
  first: SortedMessages["first"] = null;
  readonly people: Mutable<SortedMessages>["people"] = [];
  readonly copies: Mutable<SortedMessages>["copies"] = [];
  readonly confirmed: Mutable<SortedMessages>["confirmed"] = [];
  readonly unknownMarks: Mutable<SortedMessages>["unknownMarks"] = [];
  readonly duplicates: Mutable<SortedMessages>["duplicates"] = [];
  readonly #input: SortInput;
  readonly #memory: Memory;
  /** What our copies so far say. */
  readonly #copyTexts = new Set<string>();
  readonly #adoptedMarks = new Set<string>();

  constructor(input: SortInput, memory: Memory) {
    this.#input = input;
    this.#memory = memory;
  }

  /** `known`: the identity under which the message is known, if it is. */
  take(entry: NamedMessage, known: string | undefined): void {
    const identified = identify(entry, known, this.#memory.bySource);
    const { message } = entry;
    if (message.isFirst) this.first ??= identified;
    else if (known !== undefined) this.people.push(identified);
    else if (!this.#takeCopy(entry) && !this.#takeMarked(identified)) this.people.push(identified);
  }

  /** One of our copies that were confirmed before. */
  #takeCopy({ message, fingerprint, fingerprints }: NamedMessage): boolean {
    const { copyIds, copyFingerprints } = this.#memory;
    const copied = fingerprints.find((name) => (copyFingerprints.get(name) ?? 0) > 0);
    if (copied === undefined && !(message.messageId !== null && copyIds.has(message.messageId))) return false;
    if (copied !== undefined) copyFingerprints.set(copied, (copyFingerprints.get(copied) ?? 0) - 1);
    this.#addCopy(message, copied ?? fingerprint);
    return true;
  }

  #addCopy(message: CaseMessage, fingerprint: string): void {
    this.copies.push({ message, fingerprint });
    this.#copyTexts.add(onOneLine(message.content));
  }

  /** A message that starts with a mark of ours, unless a person has quoted it. */
  #takeMarked(identified: IdentifiedMessage): boolean {
    const { message, fingerprint } = identified;
    const mark = message.authorKind === "customer" ? findMark(message.content) : null;
    if (mark === null) return false;
    const identity = markIdentity(mark);
    const intent = this.#memory.openByMark.get(identity);
    if (!this.#isOurUser(message) && !(intent !== undefined && saysTheSame(intent, message))) return false;
    if (intent !== undefined) {
      this.#memory.openByMark.delete(identity);
      this.confirmed.push({ intent, message, fingerprint });
      this.#copyTexts.add(onOneLine(message.content));
    } else if (this.#memory.givenUp.delete(identity)) {
      this.#addCopy(message, fingerprint);
    } else if (this.#memory.repeated.has(markOwner(mark)) && this.#copyTexts.has(onOneLine(message.content))) {
      this.duplicates.push({ ...identified, mark });
    } else if (this.#isUnknown(mark, identity)) {
      this.#adoptedMarks.add(identity);
      this.unknownMarks.push({ ...identified, mark });
    } else return false;
    return true;
  }

  #isOurUser({ authorId }: CaseMessage): boolean {
    const { huaweiUserIds } = this.#input;
    return huaweiUserIds.length === 0 || authorId === null || huaweiUserIds.includes(authorId);
  }

  #isUnknown(mark: Mark, identity: string): boolean {
    return this.#input.adopting === true
      ? isNewToMemory(mark, this.#input) && !this.#adoptedMarks.has(identity)
      : mark.kind !== "case" && !this.#memory.knownMarks.has(markOwner(mark));
  }
}

/** The names of a message: a comment that is on its way keeps its name; once it is confirmed the row is renamed. */
function identify(
  { message, fingerprint, withoutId }: NamedMessage,
  known: string | undefined,
  bySource: ReadonlyMap<string, Mirror>,
): IdentifiedMessage {
  const isRenamed =
    known !== undefined && message.messageId !== null && message.messageId !== known && bySource.has(known);
  return {
    message,
    sourceId: known === undefined || isRenamed ? (message.messageId ?? withoutId) : known,
    fingerprint,
    renameFrom: isRenamed ? known : null,
  };
}

/**
 * The identity under which each message of a reading is known: a row's, or that of a comment on its way. Every identity is given once.
 * The id decides; then the files that were mirrored with it; then the name that it has without id; and what is left of equal
 * fingerprints is given in order, since a view may tell the id of one of two equal messages and not of the other.
 */
function assignIdentities(
  named: readonly NamedMessage[],
  bySource: ReadonlyMap<string, Mirror>,
  onTheirWay: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<NamedMessage, string> {
  const known = new Map<string, string[]>();
  const add = (fingerprint: string, id: string): void => {
    known.set(fingerprint, [...(known.get(fingerprint) ?? []), id]);
  };
  for (const { sourceId, fingerprint } of bySource.values())
    if (fingerprint !== null && !isFurtherPart(sourceId)) add(fingerprint, sourceId);
  for (const [fingerprint, ids] of onTheirWay) for (const id of ids) if (!bySource.has(id)) add(fingerprint, id);
  const knownOf = ({ fingerprints }: NamedMessage): string[] => fingerprints.flatMap((name) => known.get(name) ?? []);
  const holders = new Set(named.map((entry) => entry.holder));
  const assigned = new Map<NamedMessage, string>();
  const claimed = new Set<string>();
  const rules: ((entry: NamedMessage) => string | null | undefined)[] = [
    ({ message }) => (message.messageId !== null && bySource.has(message.messageId) ? message.messageId : null),
    (entry) => knownOf(entry).find((id) => id === entry.message.messageId),
    (entry) => knownOf(entry).find((id) => id === entry.holder),
    (entry) => (bySource.has(entry.withoutId) ? entry.withoutId : knownOf(entry).find((id) => id === entry.withoutId)),
    (entry) => knownOf(entry).find((id) => !claimed.has(id) && !holders.has(id) && mayBe(entry, id)),
  ];
  for (const rule of rules) {
    for (const entry of named) {
      const id = assigned.has(entry) ? null : rule(entry);
      if (id == null || claimed.has(id) || !mayBe(entry, id)) continue;
      assigned.set(entry, id);
      claimed.add(id);
    }
  }
  return assigned;
}

/** A message whose id is told is not the one of another id. */
function mayBe({ message }: NamedMessage, id: string): boolean {
  return message.messageId === null || message.messageId === id || isNameWithoutId(id);
}

/** Identities under which comments of messages are being written, by fingerprint; they have no row yet. */
function sourcesOnTheirWay(intents: readonly Intent[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { sourceId, payload } of intentsOf(intents, "comment")) {
    const fingerprint = payload.sourceFingerprint;
    if (fingerprint === undefined) continue;
    const { message } = parsePartName(sourceId);
    const ids = found.get(fingerprint) ?? [];
    if (!ids.includes(message)) found.set(fingerprint, [...ids, message]);
  }
  return found;
}

/** Reason on a live mirror whose message was sent a second time, since the first one did not show. */
export const sentAgain = "sent_again";

function ownerName(id: MirrorId<MirrorKind>): string {
  if (id.kind === "unknown") return id.sourceId;
  return id.kind === "file" ? itemKey("attachment", id.sourceId) : storedNameText(id);
}

/** The item that a mark belongs to, in the spelling of a mark: `comment:<id>`, `attachment:<id>`, `notice:<kind>-<n>`, `case:<id>`. */
export function markOwner(mark: Mark): string {
  return mark.kind === "case" ? itemKey("case", mark.issueId) : ownerName(markMirror(mark));
}

function onOneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Whether a message begins as the frozen text of an intent does. */
function saysTheSame(intent: Intent, message: CaseMessage): boolean {
  const frozen = isMessageIntent(intent) && !intent.unreadable ? intent.payload.content : null;
  return frozen !== null && normalizeForFingerprint(frozen) === normalizeForFingerprint(message.content);
}

/** Whether our own mark tells more than the rows do: an item, a version, a withdrawal or a planned write that they do not know of. */
function isNewToMemory(
  mark: Mark,
  memory: { readonly mirrors: readonly Mirror[]; readonly intents: readonly Intent[] },
): boolean {
  const identity = markIdentity(mark);
  const planned = memory.intents.some((intent) => intent.mark === identity && intent.attemptedAt === null);
  const owner = findMirror<KnownMirrorKind>(memory.mirrors, markMirror(mark));
  if (owner === undefined || planned) return true;
  if (mark.kind !== "comment") return owner.copyFingerprints.length === 0 && owner.state === "sending";
  return mark.withdrawn ? owner.state !== "withdrawn" : mark.version > owner.version;
}
