/** Our comments in Jira, and the files of them: copies of messages, and notices. */

import type { CaseMessage } from "../../domain/case.ts";
import { findMark } from "../../domain/identity.ts";
import type { IssueComment } from "../../domain/issue.ts";
import { nameMessages } from "../../domain/message-views.ts";
import { intentsOf } from "../../domain/rows/intent.ts";
import { intentKey } from "../../domain/rows/intent-key.ts";
import { itemKey, parsePartName, partName } from "../../domain/rows/item-key.ts";
import { answeredCommand, findMirror, mirrorId } from "../../domain/rows/mirror.ts";
import { noticeId } from "../../domain/rows/mirror-name.ts";
import { parseCause, parseCopyName } from "../../domain/rows/notice-cause.ts";
import { safeFileName } from "../../domain/text/sanitize.ts";
import { type Book, type Identity, identify, type RecogniseInput, squeeze } from "./book.ts";

/** Source hash in the property of a comment whose message was withdrawn in Huawei. */
export const withdrawnHash = "withdrawn";

/** Our comments: copies of messages with their files, and notices. */
export function recogniseComments(input: RecogniseInput, book: Book): void {
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
    const { stamp } = comment;
    const name = stamp?.messageId ?? stamp?.fingerprint;
    if (stamp == null || name === undefined || !input.accepts(stamp.inst) || isOfAnotherCase(input, stamp.caseId)) {
      unreadable.push(comment);
    } else {
      const read = parseCopyName(name);
      if (read.kind === "notice") takeNotice(book, comment, read.cause, present);
      else takeCopy(input, book, { comment, name, identity: names.get(parsePartName(name).message) }, present);
    }
  }
  for (const comment of unreadable) takeUnreadable(input, book, comment, names);
  completeCopies(input, book, names);
}

function isOfAnotherCase(input: RecogniseInput, caseId: string): boolean {
  return caseId !== "" && input.caseId !== null && caseId !== input.caseId;
}

function takeNotice(book: Book, comment: IssueComment, cause: string, present: ReadonlySet<string>): void {
  const row = noticeId(cause);
  const known = book.find<"notice" | "waits">(row);
  if (known?.copyId != null && present.has(known.copyId)) {
    book.duplicates.push({ item: itemKey("notice", cause), kept: known.copyId, other: comment.commentId });
    return;
  }
  book.add({ ...row, copyId: comment.commentId, state: "live" }, [
    intentKey({ kind: "notice", cause }),
    // As older releases called it.
    intentKey({ kind: "comment", sourceId: cause }),
  ]);
  const meaning = parseCause(cause);
  // The answer to a command proves that it was carried out or refused: it never runs again (rule 6).
  if (meaning.kind === "reply" && book.find(mirrorId.command(meaning.commentId)) === undefined)
    book.add({ ...mirrorId.command(meaning.commentId), state: "live", reason: answeredCommand });
  // A notice in the place of a message that Jira refused (rule 8).
  if (meaning.kind === "message_refused" && book.find(mirrorId.message(meaning.sourceId)) === undefined) {
    const reason = "refused before the database was rebuilt";
    book.add({ ...mirrorId.message(meaning.sourceId), state: "placeholder", reason });
  }
}

function takeCopy(
  input: RecogniseInput,
  book: Book,
  copy: { readonly comment: IssueComment; readonly name: string; readonly identity: Identity | undefined },
  present: ReadonlySet<string>,
): void {
  const { comment, name, identity } = copy;
  const { message, part } = parsePartName(name);
  const base = identity?.sourceId ?? message;
  const sourceId = partName(base, part);
  const row = mirrorId.message(sourceId);
  const known = book.find(row);
  if (known?.copyId != null && present.has(known.copyId)) {
    book.duplicates.push({ item: itemKey("message", sourceId), kept: known.copyId, other: comment.commentId });
    return;
  }
  const keys = [sourceId, name].map((id) => intentKey({ kind: "comment", sourceId: id }));
  const onItsWay = input.intents.some((intent) => keys.includes(intent.key));
  book.add(
    {
      ...row,
      fingerprint: part === 1 ? (identity?.fingerprint ?? null) : null,
      sourceHash: comment.stamp?.srcHash ?? null,
      ...(identity === undefined ? {} : { sourceAt: identity.message.createdAt }),
      copyId: comment.commentId,
      // What a copy says about its message: marked as withdrawn, it is not marked again. Whoever wrote it may have died before its
      // further parts: while its intent stands, the planner looks at the message once more.
      state: comment.stamp?.srcHash === withdrawnHash ? "withdrawn" : part === 1 && onItsWay ? "sending" : "live",
    },
    keys,
  );
  for (const [fileId, attachmentId] of comment.stamp?.files ?? []) {
    if (book.find(mirrorId.caseFile(fileId)) !== undefined) continue;
    book.add(
      {
        ...mirrorId.caseFile(fileId),
        copyId: attachmentId,
        state: "live",
        sizeBytes: input.issue.files.find((file) => file.attachmentId === attachmentId)?.sizeBytes ?? null,
        parentId: base,
      },
      [intentKey({ kind: "file", fileId })],
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
    if (message.isFirst || book.find(mirrorId.message(sourceId)) !== undefined) continue;
    const starts = renderMessage(message).map(([first = ""]) => squeeze(first));
    if (!starts.some((start) => start !== "" && text.startsWith(start))) continue;
    book.add({
      ...mirrorId.message(sourceId),
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
    const row = mirrorId.message(sourceId);
    const first = book.find(row);
    if (first === undefined || first.state !== "live" || message.content.length < 5_000) continue;
    if (findMirror(input.mirrors, row) !== undefined) continue;
    const owed = input
      .renderMessage(message)
      .every((parts) =>
        parts.some((_text, at) => at > 0 && book.find(mirrorId.message(partName(sourceId, at + 1))) === undefined),
      );
    if (owed) book.add({ ...row, state: "sending" });
  }
}

/** Files of the description, and files whose comment was not written yet, carry no mark: paired by name, in their order. */
export function recogniseDescriptionFiles(input: RecogniseInput, book: Book): void {
  const free = input.issue.files.filter((file) => file.authorId === input.ownAccountId);
  const claimed = new Set(book.mirrors().flatMap((mirror) => (mirror.kind === "file" ? [mirror.copyId] : [])));
  const left = free.filter((file) => !claimed.has(file.attachmentId));
  const intended = new Set(intentsOf(input.intents, "file").map(({ fileId }) => fileId));
  const named = nameMessages(input.messages, input.mirrors);
  const firstAhead = [...named].sort((a, b) => Number(b.message.isFirst) - Number(a.message.isFirst));
  for (const { message, withoutId } of firstAhead) {
    for (const file of message.files) {
      if (book.find(mirrorId.caseFile(file.fileId)) !== undefined || intended.has(file.fileId)) continue;
      if (isOwnText(message)) continue;
      const name = safeFileName(file.name);
      const index = left.findIndex((candidate) => candidate.name === name);
      const [found] = index < 0 ? [] : left.splice(index, 1);
      if (found === undefined) continue;
      book.add({
        ...mirrorId.caseFile(file.fileId),
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
