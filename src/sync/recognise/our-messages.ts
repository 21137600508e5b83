/** Our messages in Huawei, known by the marks at their starts. */

import type { CaseMessage } from "../../domain/case.ts";
import { withoutCase } from "../../domain/command-text.ts";
import { commentHashes, findMark, type IdentifiedMessage, sortMessages } from "../../domain/identity.ts";
import type { IssueComment, IssueFile } from "../../domain/issue.ts";
import { messageKeysOf } from "../../domain/rows/intent-key.ts";
import { itemKey } from "../../domain/rows/item-key.ts";
import { mirrorId } from "../../domain/rows/mirror.ts";
import { markMirror } from "../../domain/rows/mirror-name.ts";
import { guardText } from "../../domain/text/guard.ts";
import { guardFileName } from "../../domain/text/guarded-names.ts";
import { type Mark, markIdentity, parseMarkAtStart } from "../../domain/text/marks.ts";
import { withoutMarkup } from "../../domain/text/markup.ts";
import { safeFileName, toPlainText } from "../../domain/text/sanitize.ts";
import { toOurTime } from "../../lib/service-clock.ts";
import { isSentFileLine } from "../render.ts";
import type { Book, RecogniseInput } from "./book.ts";
import { squeeze } from "./book.ts";

/** Clocks of the two services differ by at most so much (rule 1). */
const clockToleranceMs = 5 * 60_000;

/** Our messages in Huawei, by the marks at their starts. */
export function recogniseMessages(input: RecogniseInput, book: Book): void {
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
  const base = { state: "live", copyFingerprints: [marked.fingerprint] } as const;
  const copyId = marked.message.messageId;
  const row = markMirror(mark);
  if (mark.kind === "notice") {
    book.add({ ...row, ...base, copyId }, messageKeysOf(row));
  } else if (mark.kind === "case") {
    // The first part is the case itself; a case of another issue is no business of this one.
    if (mark.part === null || mark.issueId !== input.issueId) return void book.unknownMarks.push(marked);
    const known = book.find(mirrorId.caseText)?.copyFingerprints ?? [];
    const copyFingerprints = [...known, marked.fingerprint];
    book.add({ ...mirrorId.caseText, ...base, copyFingerprints }, plannedKeys(input, mark));
  } else {
    const file = input.issue.files.find((entry) => entry.attachmentId === mark.attachmentId);
    const [sent] = marked.message.files;
    if (file === undefined && sent === undefined) return void book.unknownMarks.push(marked);
    book.add(
      {
        ...mirrorId.issueFile(mark.attachmentId),
        ...base,
        copyId: sent?.fileId ?? null,
        sizeBytes: file?.sizeBytes ?? null,
        parentId: mark.attachmentId,
      },
      messageKeysOf(row),
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
  const row = mirrorId.comment(commentId);
  const known = book.find(row);
  const isWithdrawn =
    known?.state === "withdrawn" || group.some(({ mark }) => mark.kind === "comment" && mark.withdrawn);
  const isPersons = comment !== undefined && comment.authorId !== input.ownAccountId && comment.stamp == null;
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
    (intent) =>
      (intent.kind === "comment_part" || intent.kind === "withdrawal") &&
      intent.commentId === commentId &&
      !keys.includes(intent.key),
  );
  const isComplete = newest.length === (newest[0]?.mark.part?.count ?? 1);
  const same = comment !== undefined && isComplete && saysTheSame(input, comment, newest);
  book.add(
    {
      ...row,
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
    .filter((line) => !isSentFileLine(line))
    .join("\n");
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
      ...mirrorId.issueFile(found.attachmentId),
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
    if (book.find(mirrorId.message(sourceId)) !== undefined) continue;
    const row = mirrorId.comment(mark.commentId);
    const owner = book.find(row);
    if (owner === undefined) continue;
    book.duplicates.push({ item: itemKey("comment", mark.commentId), kept: first.sourceId, other: sourceId });
    book.add({
      ...row,
      copyFingerprints: [...owner.copyFingerprints, fingerprint],
    });
  }
}
