/** Input for the tests of src/sync/recognise: messages, comments and files, and a run over them. */
import type { CaseMessage } from "../../src/domain/case.ts";
import { type AttachmentId, type CaseFileId, type CommentId, toId } from "../../src/domain/ids.ts";
import type { CommentStamp, IssueComment, IssueFile } from "../../src/domain/issue.ts";
import type { Intent } from "../../src/domain/rows/intent.ts";
import type { Mirror, MirrorPatch } from "../../src/domain/rows/mirror.ts";
import { patchMirrors } from "../../src/sync/apply-step.ts";
import { type RecogniseInput, recognise } from "../../src/sync/recognise/recognise.ts";
import { anIntent } from "./rows.ts";

/** The moment of every run. */
export const now = new Date("2026-11-25T12:00:00Z");
/** So many minutes before it. */
export const ago = (minutes: number): Date => new Date(now.getTime() - minutes * 60_000);

/** A message of an engineer. */
export const message = (id: string, more: Partial<CaseMessage> = {}): CaseMessage => ({
  messageId: toId(id),
  authorKind: "engineer",
  authorId: "hw-9",
  authorName: "Wang",
  content: `text of ${id}`,
  createdAt: ago(60),
  isFirst: false,
  files: [],
  ...more,
});
/** A message that our user wrote. */
export const copyMessage = (id: string, content: string, more: Partial<CaseMessage> = {}): CaseMessage =>
  message(id, { authorKind: "customer", authorId: "hw-us", content, createdAt: ago(30), ...more });
/** A comment of a person, Ann. */
export const comment = (id: string, text: string, more: Partial<IssueComment> = {}): IssueComment => ({
  commentId: toId<CommentId>(id),
  authorId: "ann",
  authorName: "Ann",
  authorType: "atlassian",
  parentId: null,
  body: text,
  createdAt: ago(40),
  updatedAt: ago(40),
  restricted: false,
  jsdPublic: null,
  stamp: null,
  ...more,
});
const mark = (more: Partial<CommentStamp>): CommentStamp => ({
  v: 1,
  inst: "inst-1",
  caseId: "TT1",
  srcHash: "h",
  files: [],
  ...more,
});
/** A comment of ours that carries a property. */
export const own = (id: string, more: Partial<CommentStamp>, at = 50): IssueComment =>
  comment(id, `copy ${id}`, { authorId: "casebridge", createdAt: ago(at), stamp: mark(more) });
/** A file of the issue. */
export const file = (id: string, name: string, authorId = "casebridge"): IssueFile => ({
  attachmentId: toId<AttachmentId>(id),
  name,
  sizeBytes: 3,
  authorId,
  createdAt: ago(50),
});
/** A file of a message. */
export const accessory = (id: string, name: string) => ({ fileId: toId<CaseFileId>(id), name });

/** An intent of a while ago. */
export const makeIntent = ({
  key,
  ...more
}: { readonly key: string } & Partial<Omit<Intent, "kind" | "key">>): Intent =>
  anIntent(key, { createdAt: ago(35), ...more });

/** Recognises, and once more with what was found remembered. */
export function run(more: Partial<RecogniseInput>) {
  const input: RecogniseInput = {
    caseId: "TT1",
    issueId: "10001",
    mirrors: [],
    intents: [],
    messages: [],
    comments: [],
    issue: { files: [] },
    settings: { guard: { mode: "mask", patterns: [], kinds: [] } },
    huaweiUserIds: ["hw-us"],
    ownAccountId: "casebridge",
    accepts: () => true,
    adfToText: (doc) => String(doc),
    renderMessage: null,
    now,
    aheadMs: { huawei: 0, jira: 0 },
    ...more,
  };
  const found = recognise(input);
  const again = recognise({ ...input, mirrors: patchMirrors(input.mirrors, found.mirrors, now) });
  return { found, again };
}

/** Rows as they are remembered. */
export function remembered(...patches: readonly MirrorPatch[]): readonly Mirror[] {
  return patchMirrors([], patches, now);
}
