// What people do with comments and files in the browser.

import type { DescribedFile } from "../base/files.ts";
import { textToAdf } from "./adf.ts";
import { toMimeType } from "./mime-types.ts";
import { findActor, type OnIssue, toAdf } from "./people.ts";
import type { Site } from "./site.ts";
import type { Adf, Visibility } from "./types.ts";

type AskedVisibility = Partial<Visibility> & { readonly value: string };

/** Arguments of `addComment`. `internal` writes `sd.public.comment`, as the portal's "internal note" does. */
export interface AddCommentArgs extends OnIssue {
  readonly text?: string;
  readonly adf?: Adf;
  readonly visibility?: AskedVisibility;
  readonly internal?: boolean;
  readonly jsdPublic?: boolean;
  /** The comment that is answered. */
  readonly replyTo?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** Names a comment, and who acts on it: its own author without it. */
interface OnComment extends Partial<OnIssue> {
  readonly commentId: string;
}

function toVisibility({ type = "role", value, identifier = value }: AskedVisibility): Visibility {
  return { type, value, identifier };
}

/** Makes the acts on comments and files. */
export function makeCommentators(site: Site) {
  const { state } = site;
  const actorOf = (author: string | undefined): string => findActor(site, author).accountId;
  const authorOf = ({ commentId, author }: OnComment): string =>
    author === undefined ? state.getComment(commentId).item.authorId : actorOf(author);

  return {
    addComment(args: AddCommentArgs): { commentId: string } {
      const internal = args.internal ?? (args.jsdPublic === undefined ? null : !args.jsdPublic);
      const draft = {
        body: args.adf === undefined ? textToAdf(args.text ?? "") : toAdf(args.adf),
        visibility: args.visibility === undefined ? null : toVisibility(args.visibility),
        ...(args.replyTo === undefined ? {} : { parentId: args.replyTo }),
        properties: { ...args.properties, ...(internal === null ? {} : { "sd.public.comment": { internal } }) },
      };
      return { commentId: state.addComment(state.getIssue(args.issue).id, draft, actorOf(args.author)).id };
    },
    editComment(args: OnComment & { text?: string; adf?: Adf }): void {
      const body = args.adf === undefined ? textToAdf(args.text ?? "") : toAdf(args.adf);
      state.editComment(args.commentId, { body }, authorOf(args));
    },
    /** Restricts a comment to a role (or frees it with `visibility: null`), or makes it internal or public. */
    restrictComment(args: OnComment & { visibility?: AskedVisibility | null; internal?: boolean }): void {
      const { internal, visibility: asked } = args;
      const { properties } = state.getComment(args.commentId).item;
      const visibility = asked === null ? null : toVisibility(asked ?? { value: "Administrators" });
      const patch = {
        ...(internal === undefined || asked !== undefined ? { visibility } : {}),
        ...(internal === undefined ? {} : { properties: { ...properties, "sd.public.comment": { internal } } }),
      };
      state.editComment(args.commentId, patch, authorOf(args));
    },
    deleteComment: (args: OnComment): void => state.deleteComment(args.commentId, authorOf(args)),
    setCommentProperty: (args: { commentId: string; key: string; value?: unknown }): void =>
      state.setCommentProperty(args.commentId, args.key, args.value),
    addAttachment(args: OnIssue & DescribedFile): { attachmentId: string; sha256: string; sizeBytes: number } {
      const issue = state.getIssue(args.issue);
      const actor = actorOf(args.author);
      const bytes = site.files.make(args);
      const file = { name: args.name, mimeType: toMimeType(args.name, null), bytes };
      const { id } = state.addAttachment(issue.id, file, actor);
      return { attachmentId: id, sha256: bytes.sha256, sizeBytes: bytes.sizeBytes };
    },
    deleteAttachment(args: Partial<OnIssue> & { attachmentId: string }): void {
      site.files.remove(state.deleteAttachment(args.attachmentId, actorOf(args.author)).bytes);
    },
  };
}
