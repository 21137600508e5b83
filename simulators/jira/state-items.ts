// What hangs on issues: comments, attachments, properties, links.

import { stableUuid } from "../base/random.ts";
import type { StateCore } from "./state-core.ts";
import {
  type AttachmentRecord,
  type CommentRecord,
  changeOf,
  type IssueLinkRecord,
  type IssueRecord,
  NOTHING,
} from "./types.ts";

/** An item and its issue as they are now. */
interface Owned<Item> {
  readonly issue: IssueRecord;
  readonly item: Item;
}

/** Makes the items of an empty site. */
export function makeItems(core: StateCore) {
  const comments = makeComments(core);
  const attachments = makeAttachments(core);
  const links = makeLinks(core);
  return {
    ...comments,
    ...attachments,
    ...links,
    /** Sets or (with undefined) removes a property. */
    setIssueProperty(id: string, key: string, value: unknown): void {
      core.versions.update(id, core.settings.propertyMovesUpdated, (record) => withProperty(record, key, value));
    },
    clear(): void {
      for (const part of [comments, attachments, links]) part.clear();
    },
  };
}

function withProperty<Holder extends { readonly properties: Readonly<Record<string, unknown>> }>(
  holder: Holder,
  key: string,
  value: unknown,
): Holder {
  const { [key]: _old, ...rest } = holder.properties;
  return { ...holder, properties: value === undefined ? rest : { ...rest, [key]: value } };
}

function makeComments({ now, settings, versions, nextId, emitNow }: StateCore) {
  const owners = new Map<string, string>();

  function findComment(commentId: string): Owned<CommentRecord> | null {
    const issue = versions.findIssue(owners.get(commentId) ?? "0");
    const item = issue?.comments.find(({ id }) => id === commentId);
    return issue === null || item === undefined ? null : { issue, item };
  }

  function getComment(commentId: string): Owned<CommentRecord> {
    const found = findComment(commentId);
    if (found === null) throw new Error(`comment ${commentId} does not exist`);
    return found;
  }

  function replace(commentId: string, movesUpdated: boolean, change: (comment: CommentRecord) => CommentRecord) {
    const { issue } = getComment(commentId);
    versions.update(issue.id, movesUpdated, (record) => ({
      ...record,
      comments: record.comments.map((comment) => (comment.id === commentId ? change(comment) : comment)),
    }));
    return getComment(commentId);
  }

  return {
    clear: (): void => owners.clear(),
    findComment,
    /** @throws when it is not there. */
    getComment,
    addComment(
      issueId: string,
      draft: Pick<CommentRecord, "body" | "visibility" | "properties" | "parentId">,
      actorId: string,
    ): CommentRecord {
      const at = now();
      const authors = { authorId: actorId, updateAuthorId: actorId };
      const comment: CommentRecord = { ...draft, ...authors, id: nextId("comment"), createdMs: at, updatedMs: at };
      owners.set(comment.id, issueId);
      const issue = versions.update(issueId, settings.commentAddMovesUpdated, (record) => ({
        ...record,
        comments: [...record.comments, comment],
      }));
      emitNow({ type: "comment_created", actorId, issue, comment });
      return comment;
    },
    editComment(
      commentId: string,
      patch: Partial<Pick<CommentRecord, "body" | "visibility" | "properties">>,
      actorId: string,
    ): CommentRecord {
      const { issue, item: comment } = replace(commentId, settings.commentEditMovesUpdated, (before) => ({
        ...before,
        ...patch,
        updateAuthorId: actorId,
        updatedMs: Math.max(now(), before.updatedMs),
      }));
      emitNow({ type: "comment_updated", actorId, issue, comment });
      return comment;
    },
    /** Sets or (with undefined) removes a comment property. The comment's own `updated` stays. Assumed. */
    setCommentProperty(commentId: string, key: string, value: unknown): void {
      replace(commentId, settings.propertyMovesUpdated, (before) => withProperty(before, key, value));
    },
    deleteComment(commentId: string, actorId: string): void {
      const { issue: before, item: comment } = getComment(commentId);
      owners.delete(commentId);
      const issue = versions.update(before.id, settings.commentDeleteMovesUpdated, (record) => ({
        ...record,
        comments: record.comments.filter(({ id }) => id !== commentId),
      }));
      emitNow({ type: "comment_deleted", actorId, issue, comment });
    },
  };
}

function makeAttachments({ now, settings, seed, versions, nextId, emitNow, logChange }: StateCore) {
  const owners = new Map<string, string>();
  const mediaIdOf = (attachmentId: string): string => stableUuid(`${seed}/media/${attachmentId}`);

  function findAttachment(attachmentId: string): Owned<AttachmentRecord> | null {
    const issue = versions.findIssue(owners.get(attachmentId) ?? "0");
    const item = issue?.attachments.find(({ id }) => id === attachmentId);
    return issue === null || item === undefined ? null : { issue, item };
  }

  return {
    clear: (): void => owners.clear(),
    findAttachment,
    /** Whether some attachment of the site has this media id. */
    hasMedia: (mediaId: string): boolean =>
      [...owners.keys()].some((id) => mediaIdOf(id) === mediaId && findAttachment(id) !== null),
    addAttachment(
      issueId: string,
      file: Pick<AttachmentRecord, "name" | "mimeType" | "bytes">,
      actorId: string,
    ): AttachmentRecord {
      const id = nextId("attachment");
      const attachment = { ...file, id, mediaId: mediaIdOf(id), authorId: actorId, createdMs: now() };
      owners.set(id, issueId);
      const item = changeOf("Attachment", NOTHING, [id, file.name], "attachment");
      const issue = versions.update(issueId, settings.attachmentMovesUpdated, (record) =>
        logChange({ ...record, attachments: [...record.attachments, attachment] }, actorId, [item]),
      );
      emitNow({ type: "attachment_created", actorId, issue, attachment });
      return attachment;
    },
    /** @throws when it is not there. */
    deleteAttachment(attachmentId: string, actorId: string): AttachmentRecord {
      const found = findAttachment(attachmentId);
      if (found === null) throw new Error(`attachment ${attachmentId} does not exist`);
      const { item: attachment } = found;
      owners.delete(attachmentId);
      const item = changeOf("Attachment", [attachmentId, attachment.name], NOTHING, "attachment");
      const issue = versions.update(found.issue.id, settings.attachmentMovesUpdated, (record) => {
        const attachments = record.attachments.filter(({ id }) => id !== attachmentId);
        return logChange({ ...record, attachments }, actorId, [item]);
      });
      emitNow({ type: "attachment_deleted", actorId, issue, attachment });
      return attachment;
    },
  };
}

type Ends = Pick<IssueLinkRecord, "type" | "inwardId" | "outwardId">;

function makeLinks({ versions, nextId, editIssue }: StateCore) {
  const all: IssueLinkRecord[] = [];

  function logLink({ type, inwardId, outwardId }: Ends, actorId: string, isNew: boolean): void {
    for (const [id, otherId, words] of [
      [inwardId, outwardId, type.outward],
      [outwardId, inwardId, type.inward],
    ] as const) {
      if (versions.findIssue(id) === null) continue;
      const other = versions.findIssue(otherId)?.key ?? otherId;
      const side = [other, `This issue ${words} ${other}`] as const;
      const item = isNew ? changeOf("Link", NOTHING, side, "") : changeOf("Link", side, NOTHING, "");
      editIssue(id, {}, [item], actorId);
    }
  }

  return {
    clear(): void {
      all.length = 0;
    },
    linksOf: (id: string): IssueLinkRecord[] => all.filter((link) => link.inwardId === id || link.outwardId === id),
    /** Links two issues, once per type and direction; both issues count as updated. */
    linkIssues(ends: Ends, actorId: string): void {
      const { type, inwardId, outwardId } = ends;
      if (all.some((l) => l.type.id === type.id && l.inwardId === inwardId && l.outwardId === outwardId)) return;
      all.push({ ...ends, id: nextId("link"), authorId: actorId });
      logLink(ends, actorId, true);
    },
    /** @throws when it is not there. */
    unlinkIssues(linkId: string, actorId: string): void {
      const at = all.findIndex((link) => link.id === linkId);
      const [link] = at < 0 ? [] : all.splice(at, 1);
      if (link === undefined) throw new Error(`issue link ${linkId} does not exist`);
      logLink(link, actorId, false);
    },
  };
}
