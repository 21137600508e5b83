/**
 * Recognising what we wrote and do not remember: copies, files and notices that carry our marks but have no row (rule 1 and rule 2).
 *
 * The problem: a lost or restored database knows less than the two services show, and whatever it does not know it would write
 * again. The answer: both sides are read, every mark without a row is turned back into the row that it came from, and only then is
 * anything planned. `rebuild` begins with no rows at all; an ordinary run finds the few that a restored database lacks.
 *
 * Traps, and how each is met:
 * - A message that one of our comments names is a person's, even if it starts with a mark: comments are looked at first.
 * - A mark tells no hash. Whether the text that was sent is still the comment's text is told by its content, and by its time.
 * - Files carry no marks. A comment's property pairs the files of a message; the others are paired by name, in their order.
 * - Two copies of one item are never merged and never dropped: one is taken, the other is reported.
 */

import type { CaseMessage } from "../domain/case.ts";
import { withoutCase } from "../domain/command-text.ts";
import { commentHashes, findMark, type IdentifiedMessage, sortMessages } from "../domain/identity.ts";
import type { Issue, IssueComment, IssueFile } from "../domain/issue.ts";
import type { Intent, Mirror } from "../domain/link.ts";
import { nameMessages } from "../domain/message-views.ts";
import type { ConnectionSettings } from "../domain/settings.ts";
import { guardText } from "../domain/text/guard.ts";
import { guardFileName } from "../domain/text/guarded-names.ts";
import { type Mark, markIdentity, parseMarkAtStart } from "../domain/text/marks.ts";
import { withoutMarkup } from "../domain/text/markup.ts";
import { safeFileName, toPlainText } from "../domain/text/sanitize.ts";
import { toOurTime } from "../lib/service-clock.ts";
import { patchMirrors } from "./apply-step.ts";
import { isFileLine } from "./render.ts";
import type { MirrorPatch } from "./state.ts";

/** What is remembered, and what both sides show. */
export type RecogniseInput = {
  readonly caseId: string | null;
  readonly issueId: string;
  readonly mirrors: readonly Mirror[];
  readonly intents: readonly Intent[];
  readonly messages: readonly CaseMessage[];
  readonly comments: readonly IssueComment[];
  readonly issue: Pick<Issue, "files">;
  readonly settings: Pick<ConnectionSettings, "guard">;
  readonly huaweiUserIds: readonly string[];
  readonly ownAccountId: string;
  /** Whether a mark of this installation is ours. */
  readonly accepts: (inst: string) => boolean;
  readonly adfToText: (doc: unknown) => string;
  /** The comments that a message becomes, as text; lets a copy without a readable property be known again. `null` = not wanted. */
  readonly renderMessage: ((message: CaseMessage) => readonly string[]) | null;
  readonly now: Date;
  readonly aheadMs: { readonly huawei: number; readonly jira: number };
};

/** Two copies of one item: `kept` is the one that counts. */
export type Duplicate = { readonly item: string; readonly kept: string; readonly other: string };

/** What was recognised. Nothing in it is stored yet. */
export type Recognised = {
  readonly mirrors: readonly MirrorPatch[];
  /** Intents whose writes turned out to have happened. */
  readonly confirmedIntents: readonly string[];
  /** Items that neither a row nor an intent remembered. */
  readonly adopted: number;
  readonly duplicates: readonly Duplicate[];
  /** Messages that start with a mark which names nothing here. */
  readonly unknownMarks: readonly IdentifiedMessage[];
  /** Huawei's id of our own user, as the author of what we wrote; `null` when nothing tells it. */
  readonly huaweiUserId: string | null;
};

/** Source hash in the property of a comment whose message was withdrawn in Huawei. */
export const withdrawnHash = "withdrawn";

/** Clocks of the two services differ by at most so much (rule 1). */
const clockToleranceMs = 5 * 60_000;

/** Finds the rows that marks tell of and `mirrors` lacks. Pure; with its result stored it finds nothing any more. */
export function recognise(input: RecogniseInput): Recognised {
  const book = new Book(input);
  recogniseComments(input, book);
  recogniseDescriptionFiles(input, book);
  recogniseMessages(input, book);
  return book.result();
}

function keyOf(mirror: Pick<Mirror, "kind" | "origin" | "sourceId">): string {
  return `${mirror.kind} ${mirror.origin} ${mirror.sourceId}`;
}

/** Gathers patches, seeing the earlier ones. */
class Book {
  readonly #input: RecogniseInput;
  readonly #patches = new Map<string, MirrorPatch>();
  readonly #confirmed = new Set<string>();
  readonly #news = new Set<string>();
  readonly duplicates: Duplicate[] = [];
  readonly unknownMarks: IdentifiedMessage[] = [];
  huaweiUserId: string | null = null;

  constructor(input: RecogniseInput) {
    this.#input = input;
  }

  /** All rows, with what was recognised so far. */
  mirrors(): readonly Mirror[] {
    return patchMirrors(this.#input.mirrors, [...this.#patches.values()], this.#input.now);
  }

  find(kind: Mirror["kind"], origin: Mirror["origin"], sourceId: string): Mirror | undefined {
    return this.mirrors().find(
      (mirror) => mirror.kind === kind && mirror.origin === origin && mirror.sourceId === sourceId,
    );
  }

  add(patch: MirrorPatch, intentKeys: readonly string[] = []): void {
    const key = keyOf(patch);
    const intents = this.#input.intents.filter((intent) => intentKeys.includes(intent.key));
    for (const intent of intents) this.#confirmed.add(intent.key);
    const isItem = patch.kind !== "file" && !patch.sourceId.includes("#");
    if (isItem && intents.length === 0) this.#news.add(key);
    this.#patches.set(key, { ...this.#patches.get(key), ...patch });
  }

  result(): Recognised {
    return {
      mirrors: [...this.#patches.values()],
      confirmedIntents: [...this.#confirmed],
      adopted: this.#news.size,
      duplicates: this.duplicates,
      unknownMarks: this.unknownMarks,
      huaweiUserId: this.huaweiUserId,
    };
  }
}

type Identity = { readonly message: CaseMessage; readonly sourceId: string; readonly fingerprint: string };

/** Every message under all names that a property may use for it: its id, and its fingerprint with ordinal, this release's or an older one's. */
function identify({ messages, mirrors, comments }: RecogniseInput): ReadonlyMap<string, Identity> {
  const names = new Map<string, Identity>();
  const inProperties = new Set(comments.flatMap((comment) => comment.mark?.fingerprint?.split("#")[0] ?? []));
  for (const { message, fingerprint, withoutId } of nameMessages(messages, mirrors, (name) => inProperties.has(name))) {
    const identity = { message, sourceId: message.messageId ?? withoutId, fingerprint };
    names.set(identity.sourceId, identity);
    names.set(withoutId, identity);
  }
  return names;
}

/** Our comments: copies of messages with their files, and notices. */
function recogniseComments(input: RecogniseInput, book: Book): void {
  const present = new Set<string>(input.comments.map((comment) => comment.commentId));
  const own = input.comments
    .filter((comment) => comment.authorId === input.ownAccountId)
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  const claimed = new Set<string | null>(
    input.mirrors
      .filter((mirror) => mirror.origin === "huawei" && mirror.kind !== "file")
      .map((mirror) => mirror.copyId),
  );
  const names = identify(input);
  const unreadable: IssueComment[] = [];
  for (const comment of own) {
    if (claimed.has(comment.commentId)) continue;
    const { mark } = comment;
    const name = mark?.messageId ?? mark?.fingerprint;
    if (mark == null || name === undefined || !input.accepts(mark.inst) || isOfAnotherCase(input, mark.caseId)) {
      unreadable.push(comment);
    } else if (name.startsWith("notice:")) {
      takeNotice(book, comment, name.slice("notice:".length), present);
    } else {
      takeCopy(input, book, { comment, name, identity: names.get(name.split("#")[0] ?? name) }, present);
    }
  }
  for (const comment of unreadable) takeUnreadable(input, book, comment, names);
  completeCopies(input, book, names);
}

function isOfAnotherCase(input: RecogniseInput, caseId: string): boolean {
  return caseId !== "" && input.caseId !== null && caseId !== input.caseId;
}

function takeNotice(book: Book, comment: IssueComment, cause: string, present: ReadonlySet<string>): void {
  const known = book.find("notice", "huawei", cause);
  if (known?.copyId != null && present.has(known.copyId)) {
    book.duplicates.push({ item: `notice:${cause}`, kept: known.copyId, other: comment.commentId });
    return;
  }
  book.add({ kind: "notice", origin: "huawei", sourceId: cause, copyId: comment.commentId, state: "live" }, [
    `notice:${cause}`,
    `comment:${cause}`,
  ]);
  // The answer to a command proves that it was carried out or refused: it never runs again (rule 6).
  const answered = /^reply-(\d+)$/.exec(cause)?.[1];
  if (answered !== undefined && book.find("notice", "jira", `command-${answered}`) === undefined) {
    book.add({
      kind: "notice",
      origin: "jira",
      sourceId: `command-${answered}`,
      state: "live",
      reason: "command:done",
    });
  }
  // A notice in the place of a message that Jira refused (rule 8).
  const refused = /^message-(.+)$/.exec(cause)?.[1];
  if (refused !== undefined && book.find("message", "huawei", refused) === undefined) {
    book.add({
      kind: "message",
      origin: "huawei",
      sourceId: refused,
      state: "placeholder",
      reason: "refused before the database was rebuilt",
    });
  }
}

function takeCopy(
  input: RecogniseInput,
  book: Book,
  copy: { readonly comment: IssueComment; readonly name: string; readonly identity: Identity | undefined },
  present: ReadonlySet<string>,
): void {
  const { comment, name, identity } = copy;
  const part = name.includes("#") ? name.slice(name.indexOf("#")) : "";
  const base = identity?.sourceId ?? name.slice(0, name.length - part.length);
  const sourceId = `${base}${part}`;
  const known = book.find("message", "huawei", sourceId);
  if (known?.copyId != null && present.has(known.copyId)) {
    book.duplicates.push({ item: `message:${sourceId}`, kept: known.copyId, other: comment.commentId });
    return;
  }
  const keys = [`comment:${sourceId}`, `comment:${name}`];
  const onItsWay = input.intents.some((intent) => keys.includes(intent.key));
  book.add(
    {
      kind: "message",
      origin: "huawei",
      sourceId,
      fingerprint: part === "" ? (identity?.fingerprint ?? null) : null,
      sourceHash: comment.mark?.srcHash ?? null,
      ...(identity === undefined ? {} : { sourceAt: identity.message.createdAt }),
      copyId: comment.commentId,
      // What a copy says about its message: marked as withdrawn, it is not marked again. Whoever wrote it may have died before its
      // further parts: while its intent stands, the planner looks at the message once more.
      state: comment.mark?.srcHash === withdrawnHash ? "withdrawn" : part === "" && onItsWay ? "sending" : "live",
    },
    keys,
  );
  for (const [fileId, attachmentId] of comment.mark?.files ?? []) {
    if (book.find("file", "huawei", fileId) !== undefined) continue;
    book.add(
      {
        kind: "file",
        origin: "huawei",
        sourceId: fileId,
        copyId: attachmentId,
        state: "live",
        sizeBytes: input.issue.files.find((file) => file.attachmentId === attachmentId)?.sizeBytes ?? null,
        parentId: base,
      },
      [`file:${fileId}`],
    );
  }
}

/** A comment of ours whose property somebody removed or changed: known again by the text that the message becomes. */
function takeUnreadable(
  input: RecogniseInput,
  book: Book,
  comment: IssueComment,
  names: ReadonlyMap<string, Identity>,
): void {
  const { renderMessage } = input;
  if (renderMessage === null) return;
  const text = squeeze(input.adfToText(comment.body));
  for (const { message, sourceId, fingerprint } of new Set(names.values())) {
    if (message.isFirst || book.find("message", "huawei", sourceId) !== undefined) continue;
    const [rendered = ""] = renderMessage(message);
    if (rendered === "" || !text.startsWith(squeeze(rendered))) continue;
    book.add({
      kind: "message",
      origin: "huawei",
      sourceId,
      fingerprint,
      sourceAt: message.createdAt,
      copyId: comment.commentId,
      state: "live",
    });
    return;
  }
}

/** A copy in several comments is complete only when all of them stand there; else its last parts are still owed. */
function completeCopies(input: RecogniseInput, book: Book, names: ReadonlyMap<string, Identity>): void {
  if (input.renderMessage === null) return;
  for (const { message, sourceId } of new Set(names.values())) {
    const first = book.find("message", "huawei", sourceId);
    if (first === undefined || first.state !== "live" || message.content.length < 5_000) continue;
    if (input.mirrors.some((mirror) => mirror.kind === "message" && mirror.sourceId === sourceId)) continue;
    const owed = input
      .renderMessage(message)
      .some((_text, index) => index > 0 && book.find("message", "huawei", `${sourceId}#${index + 1}`) === undefined);
    if (owed) book.add({ kind: "message", origin: "huawei", sourceId, state: "sending" });
  }
}

/** Files of the description, and files whose comment was not written yet, carry no mark: paired by name, in their order. */
function recogniseDescriptionFiles(input: RecogniseInput, book: Book): void {
  const free = input.issue.files.filter((file) => file.authorId === input.ownAccountId);
  const claimed = new Set(book.mirrors().flatMap((mirror) => (mirror.kind === "file" ? [mirror.copyId] : [])));
  const left = free.filter((file) => !claimed.has(file.attachmentId));
  const intended = new Set(input.intents.filter((intent) => intent.kind === "file").map((intent) => intent.key));
  const named = nameMessages(input.messages, input.mirrors);
  const firstAhead = [...named].sort((a, b) => Number(b.message.isFirst) - Number(a.message.isFirst));
  for (const { message, withoutId } of firstAhead) {
    for (const file of message.files) {
      if (book.find("file", "huawei", file.fileId) !== undefined || intended.has(`file:${file.fileId}`)) continue;
      if (isOwnText(message)) continue;
      const name = safeFileName(file.name);
      const index = left.findIndex((candidate) => candidate.name === name);
      const [found] = index < 0 ? [] : left.splice(index, 1);
      if (found === undefined) continue;
      book.add({
        kind: "file",
        origin: "huawei",
        sourceId: file.fileId,
        copyId: found.attachmentId,
        state: "live",
        sizeBytes: found.sizeBytes,
        parentId: message.messageId ?? withoutId,
      });
    }
  }
}

function isOwnText(message: CaseMessage): boolean {
  return message.authorKind === "customer" && findMark(message.content) !== null;
}

/** Our messages in Huawei, by the marks at their starts. */
function recogniseMessages(input: RecogniseInput, book: Book): void {
  const sorted = sortMessages({
    messages: input.messages,
    mirrors: book.mirrors(),
    intents: input.intents,
    huaweiUserIds: input.huaweiUserIds,
    adopting: true,
  });
  const byComment = new Map<string, Marked[]>();
  const seen = new Map<string, Marked>();
  for (const marked of sorted.unknownMarks) {
    const { mark } = marked;
    seen.set(markIdentity(mark), marked);
    if (mark.kind === "comment") byComment.set(mark.commentId, [...(byComment.get(mark.commentId) ?? []), marked]);
    else takeOther(input, book, marked, mark);
  }
  for (const [commentId, group] of byComment) takeSentComment(input, book, commentId, group);
  reportSecondCopies(book, sorted.people, seen);
}

type Marked = IdentifiedMessage & { readonly mark: Mark };
type SentPart = IdentifiedMessage & { readonly mark: Extract<Mark, { kind: "comment" }> };

function learnUser(input: RecogniseInput, book: Book, message: CaseMessage): void {
  if (input.huaweiUserIds.length === 0) book.huaweiUserId ??= message.authorId;
}

/** A file that travelled alone, a notice of ours, a continued description. */
function takeOther(input: RecogniseInput, book: Book, marked: Marked, mark: Exclude<Mark, { kind: "comment" }>): void {
  const base = { origin: "jira", state: "live", copyFingerprints: [marked.fingerprint] } as const;
  const copyId = marked.message.messageId;
  if (mark.kind === "notice") {
    const sourceId = `${mark.noticeKind}-${mark.n}`;
    book.add({ ...base, kind: "notice", sourceId, copyId }, [`message:${sourceId}`]);
  } else if (mark.kind === "case") {
    // The first part is the case itself; a case of another issue is no business of this one.
    if (mark.part === null || mark.issueId !== input.issueId) return void book.unknownMarks.push(marked);
    const known = book.find("notice", "jira", "case-text")?.copyFingerprints ?? [];
    const copyFingerprints = [...known, marked.fingerprint];
    book.add({ ...base, kind: "notice", sourceId: "case-text", copyFingerprints }, plannedKeys(input, mark));
  } else {
    const file = input.issue.files.find((entry) => entry.attachmentId === mark.attachmentId);
    const [sent] = marked.message.files;
    if (file === undefined && sent === undefined) return void book.unknownMarks.push(marked);
    book.add(
      {
        ...base,
        kind: "file",
        sourceId: mark.attachmentId,
        copyId: sent?.fileId ?? null,
        sizeBytes: file?.sizeBytes ?? null,
        parentId: mark.attachmentId,
      },
      [`message:file:${mark.attachmentId}`],
    );
  }
  learnUser(input, book, marked.message);
}

function plannedKeys(input: RecogniseInput, mark: Mark): readonly string[] {
  const identity = markIdentity(mark);
  return input.intents.filter((intent) => intent.mark === identity).map((intent) => intent.key);
}

/** All messages that carry versions and parts of one comment. */
function takeSentComment(input: RecogniseInput, book: Book, commentId: string, group: readonly Marked[]): void {
  const comment = input.comments.find((entry) => entry.commentId === commentId);
  const known = book.find("comment", "jira", commentId);
  const isWithdrawn =
    known?.state === "withdrawn" || group.some(({ mark }) => mark.kind === "comment" && mark.withdrawn);
  const isPersons = comment !== undefined && comment.authorId !== input.ownAccountId && comment.mark == null;
  // Of a comment that is gone only its withdrawal proves that it was ours; else somebody may have quoted.
  if (!isPersons && !isWithdrawn && known === undefined) {
    book.unknownMarks.push(...group);
    return;
  }
  const sent = group.flatMap((marked) =>
    marked.mark.kind === "comment" && !marked.mark.withdrawn ? [{ ...marked, mark: marked.mark }] : [],
  );
  const version = Math.max(known?.version ?? 1, ...sent.map(({ mark }) => mark.version));
  const newest = sent.filter(({ mark }) => mark.version === version);
  const keys = group.flatMap(({ mark }) => plannedKeys(input, mark));
  const openParts = input.intents.filter(
    (intent) => intent.key.startsWith(`message:${commentId}:`) && !keys.includes(intent.key),
  );
  const isComplete = newest.length === (newest[0]?.mark.part?.count ?? 1);
  const same = comment !== undefined && isComplete && saysTheSame(input, comment, newest);
  book.add(
    {
      kind: "comment",
      origin: "jira",
      sourceId: commentId,
      ...(newest.length === 0 || openParts.length > 0
        ? {}
        : same
          ? commentHashes(comment, input.adfToText)
          : { sourceHash: null, sourceDigest: null }),
      ...(comment === undefined ? {} : { sourceAt: comment.createdAt }),
      copyId: newest.at(-1)?.message.messageId ?? known?.copyId ?? group[0]?.message.messageId ?? null,
      copyFingerprints: [...(known?.copyFingerprints ?? []), ...group.map(({ fingerprint }) => fingerprint)],
      version,
      state: isWithdrawn ? "withdrawn" : openParts.length > 0 ? "sending" : "live",
      reason: isWithdrawn ? "already_disclosed" : null,
    },
    keys,
  );
  takeSentFiles(input, book, commentId, sent);
  const [first] = group;
  if (first !== undefined) learnUser(input, book, first.message);
}

/** Whether the newest version in Huawei is what the comment says today: by its time, and where that cannot tell, by its text. */
function saysTheSame(input: RecogniseInput, comment: IssueComment, parts: readonly SentPart[]): boolean {
  // Never edited, it has said nothing else, however this release renders it.
  const isFirst = parts.every(({ mark }) => mark.version === 1);
  if (isFirst && comment.updatedAt.getTime() === comment.createdAt.getTime()) return true;
  const sentAt = Math.min(...parts.map(({ message }) => message.createdAt.getTime()));
  const updatedAt = toOurTime(comment.updatedAt, input.aheadMs.jira).getTime();
  if (updatedAt < toOurTime(new Date(sentAt), input.aheadMs.huawei).getTime() - clockToleranceMs) return true;
  const text = withoutCase(input.adfToText(comment.body));
  // A person may have let it out as it is, and what the guard finds is another release's by now.
  const wanted = new Set(
    [guardText(text, input.settings.guard).text, text].map((left) => squeeze(asSent(toPlainText(left)))),
  );
  // As it was sent, or wrapped in markup by the service: what looks like a tag in the first is a word of the text.
  return [asSent, (content: string) => asSent(withoutMarkup(content))].some((read) => {
    const bodies = parts.map(({ message }) => read(message.content));
    const whole = (drop: boolean) =>
      bodies.map((body) => squeeze(drop ? body.replace(/^[^\n]*:\s*(?:\n|$)/, "") : body)).join("");
    if (wanted.has(whole(true)) || wanted.has(whole(false))) return true;
    // A very long text went as its head and a file.
    const head = /^(.*)\[…\]Thefulltextisattachedas/s.exec(whole(true))?.[1];
    return head !== undefined && head !== "" && [...wanted].some((text) => text.startsWith(head));
  });
}

/** What a message says without its mark, and without the lines that we add about lateness and files. */
function asSent(content: string): string {
  const plain = content.trimStart();
  return (parseMarkAtStart(plain)?.rest ?? plain)
    .replace(/^[ \t]+/, "")
    .replace(/^\(sent late, written [^()\n]{0,60}\)$/m, "")
    .split("\n")
    .filter((line) => !isFileLine(line))
    .join("\n");
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, "");
}

/** Files that went with a comment: people's attachments of the same names, in their order. */
function takeSentFiles(input: RecogniseInput, book: Book, commentId: string, sent: readonly Marked[]): void {
  const known = new Set(
    book.mirrors().flatMap((mirror) => (mirror.kind === "file" && mirror.origin === "jira" ? [mirror.sourceId] : [])),
  );
  const copies = new Set(book.mirrors().flatMap((mirror) => (mirror.kind === "file" ? [mirror.copyId] : [])));
  const left: IssueFile[] = input.issue.files.filter(
    (file) => file.authorId !== input.ownAccountId && !known.has(file.attachmentId),
  );
  for (const file of sent.flatMap(({ message }) => message.files)) {
    if (copies.has(file.fileId)) continue;
    const name = safeFileName(file.name);
    const index = left.findIndex(
      (candidate) =>
        safeFileName(candidate.name) === name || guardFileName(candidate.name, input.settings.guard).text === name,
    );
    const [found] = index < 0 ? [] : left.splice(index, 1);
    if (found === undefined) continue;
    book.add({
      kind: "file",
      origin: "jira",
      sourceId: found.attachmentId,
      copyId: file.fileId,
      state: "live",
      sizeBytes: found.sizeBytes,
      parentId: commentId,
    });
  }
}

/** The same mark with the same text a second time is our own second copy, not somebody's quotation. */
function reportSecondCopies(book: Book, people: readonly IdentifiedMessage[], seen: ReadonlyMap<string, Marked>): void {
  for (const { message, sourceId, fingerprint } of people) {
    const mark = message.authorKind === "customer" ? findMark(message.content) : null;
    const first = mark === null ? undefined : seen.get(markIdentity(mark));
    if (mark === null || first === undefined || mark.kind !== "comment") continue;
    if (first.message.authorId !== message.authorId || squeeze(first.message.content) !== squeeze(message.content))
      continue;
    if (book.find("message", "huawei", sourceId) !== undefined) continue;
    const owner = book.find("comment", "jira", mark.commentId);
    if (owner === undefined) continue;
    book.duplicates.push({ item: `comment:${mark.commentId}`, kept: first.sourceId, other: sourceId });
    book.add({
      kind: "comment",
      origin: "jira",
      sourceId: mark.commentId,
      copyFingerprints: [...owner.copyFingerprints, fingerprint],
    });
  }
}
