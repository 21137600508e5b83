/**
 * Who is who: recognising messages across readings, and recognising our own copies among them.
 *
 * The problem: only the case detail names `message_id`; lists and polls do not, and the call that adds a message answers no id
 * (huawei.md 9). The answer: every message has a fingerprint that all readings share; an ordinal tells equal ones apart; a mirror
 * keeps the fingerprint, and its source id is upgraded once when the id appears (rule 1).
 */

import { hashParts } from "../lib/hash.ts";
import { toOurTime } from "../lib/service-clock.ts";
import type { CaseMessage } from "./case.ts";
import type { IssueComment } from "./issue.ts";
import { givenUp, type Intent, type Mirror } from "./link.ts";
import { knownFingerprints, type NamedMessage, nameMessages } from "./message-views.ts";
import { documentDigest, shownMedia } from "./text/document-digest.ts";
import { type Mark, markIdentity, parseMarkAtStart } from "./text/marks.ts";
import { normalizeForFingerprint } from "./text/sanitize.ts";

/** Hash of everything of a message that a copy must show. */
export function messageHash(message: CaseMessage): string {
  return hashParts([message.content, ...message.files.map((file) => `${file.fileId}/${file.name}`)]).slice(0, 32);
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
  const sourceHash = hashParts([adfToText(comment.body), ...shownMedia(comment.body)]).slice(0, 32);
  return { sourceHash, sourceDigest: `${sourceHash}:${hashParts([documentDigest(comment.body)]).slice(0, 32)}` };
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

/**
 * Sorts the messages of one complete reading. `huaweiUserIds` are our own users as far as learned. A message is our copy only if a customer
 * wrote it, our user did, it starts with the mark of an open intent, and it is not older than the attempt (rule 1). A new key may
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
  const isOnItsWay = new Set([...onTheirWay.values()].flat());
  const named = nameMessages(input.messages, input.mirrors, (name) => bySource.has(name) || isOnItsWay.has(name));
  const identities = assignIdentities(named, bySource, onTheirWay);
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

  for (const entry of named) {
    const { message, fingerprint, withoutId } = entry;
    const known = identities.get(entry);
    const isRenamed = known !== undefined && message.messageId !== null && message.messageId !== known;
    const identified: IdentifiedMessage = {
      message,
      // A comment that is on its way keeps its name; once it is confirmed the row is renamed.
      sourceId: known !== undefined && !(isRenamed && bySource.has(known)) ? known : (message.messageId ?? withoutId),
      fingerprint,
      renameFrom: isRenamed && bySource.has(known) ? known : null,
    };
    if (message.isFirst) {
      result.first ??= identified;
      continue;
    }
    if (known !== undefined) {
      result.people.push(identified);
      continue;
    }
    const copied = entry.fingerprints.find((name) => (copyFingerprints.get(name) ?? 0) > 0);
    if ((message.messageId !== null && copyIds.has(message.messageId)) || copied !== undefined) {
      if (copied !== undefined) copyFingerprints.set(copied, (copyFingerprints.get(copied) ?? 0) - 1);
      result.copies.push({ message, fingerprint: copied ?? fingerprint });
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
    if (fingerprint !== null && !sourceId.includes("#")) add(fingerprint, sourceId);
  for (const [fingerprint, ids] of onTheirWay) for (const id of ids) if (!bySource.has(id)) add(fingerprint, id);
  const knownOf = ({ fingerprints }: NamedMessage): string[] => fingerprints.flatMap((name) => known.get(name) ?? []);
  const held = new Set(named.map((entry) => entry.holder));
  const given = new Map<NamedMessage, string>();
  const taken = new Set<string>();
  const rules: ((entry: NamedMessage) => string | null | undefined)[] = [
    ({ message }) => (message.messageId !== null && bySource.has(message.messageId) ? message.messageId : null),
    (entry) => knownOf(entry).find((id) => id === entry.message.messageId),
    (entry) => knownOf(entry).find((id) => id === entry.holder),
    (entry) => (bySource.has(entry.withoutId) ? entry.withoutId : knownOf(entry).find((id) => id === entry.withoutId)),
    (entry) => knownOf(entry).find((id) => !taken.has(id) && !held.has(id) && mayBe(entry, id)),
  ];
  for (const rule of rules) {
    for (const entry of named) {
      const id = given.has(entry) ? null : rule(entry);
      if (id == null || taken.has(id) || !mayBe(entry, id)) continue;
      given.set(entry, id);
      taken.add(id);
    }
  }
  return given;
}

/** A message whose id is told is not the one of another id. */
function mayBe({ message }: NamedMessage, id: string): boolean {
  return message.messageId === null || message.messageId === id || id.startsWith("fp:");
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
 * A message may show in the poll before it shows in the case (rule 2, settle time).
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
  const present = new Set(messages.flatMap(knownFingerprints));
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
