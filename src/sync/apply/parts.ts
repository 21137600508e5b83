/**
 * Messages to Huawei, from their intents.
 */
import { type AttachmentId, type CaseFileId, type CommentId, toId } from "../../domain/ids.ts";
import type { Issue } from "../../domain/issue.ts";
import {
  findIntent,
  type Intent,
  isMessageIntent,
  type MessageIntentKind,
  type MessagePayload,
  type NewIntent,
  newIntent,
} from "../../domain/rows/intent.ts";
import type { IntentId } from "../../domain/rows/intent-key.ts";
import { findMirror, isSameMirror, type MirrorId, mirrorId, type OwnerKind } from "../../domain/rows/mirror.ts";
import { type GuardedText, ownWords } from "../../domain/text/guarded.ts";
import { formatMark, type Mark, markIdentity } from "../../domain/text/marks.ts";
import type { LeasedLink } from "../state.ts";
import type { Subject } from "./gate.ts";
import { type ApplyDeps, needCase, needIssue, Unsettled, writeOnce } from "./write-once.ts";

/** How a message is sent. */
type SendOptions = {
  /** A refused one stays planned, so that a worker that dies before it recorded the refusal is refused once more. */
  readonly keepsRefused?: boolean;
  /** Whether an issue still says what the message tells of it. */
  readonly isStill?: (issue: Issue) => boolean;
};

/**
 * Sends one frozen part past the gate; the service answers no id, so the intent stays until a reading shows the copy. Throws as
 * `writeOnce`, and what the gate throws.
 */
export async function sendPart(
  deps: ApplyDeps,
  leased: LeasedLink,
  intent: Intent<MessageIntentKind>,
  { isStill, ...options }: SendOptions = {},
): Promise<void> {
  const caseId = needCase(leased);
  const subject = subjectOf(leased, intent);
  await writeOnce(deps, leased, {
    ...options,
    intent,
    call: (frozen) =>
      deps.huawei.createMessage(
        caseId,
        deps.gate.seal(subject.kind === "issue" && isStill !== undefined ? { ...subject, isStill } : subject, {
          content: frozen.content,
          fileIds: fileIdsOf(frozen),
        }),
        deps.lane,
      ),
    confirm: () => ({ keep: true, audit: [{ side: "huawei", action: "message", item: intent.key, result: "sent" }] }),
  });
}

function fileIdsOf({ fileIds = [] }: MessagePayload): CaseFileId[] {
  return fileIds.map((id) => toId<CaseFileId>(id));
}

/** What a message carries from Jira, by what its intent was made of. */
function subjectOf(leased: LeasedLink, intent: Intent<MessageIntentKind>): Subject {
  const issueId = needIssue(leased);
  if (intent.kind === "withdrawal") return { kind: "mark", issueId };
  const { mirrors } = leased.snapshot;
  const { owner } = intent.payload;
  const fileIds = new Set<string>(fileIdsOf(intent.payload));
  const files = mirrors.flatMap(({ kind, origin, sourceId, copyId }) =>
    kind === "file" && origin === "jira" && fileIds.has(copyId ?? "") ? [toId<AttachmentId>(sourceId)] : [],
  );
  if (owner?.kind !== "comment") return { kind: "issue", issueId, files };
  const { sourceHash = null, sourceDigest = null } = findMirror(mirrors, mirrorId.comment(owner.sourceId)) ?? {};
  const commentId = toId<CommentId>(owner.sourceId);
  return { kind: "comment", issueId, commentId, sourceHash, sourceDigest, files };
}

/** A message of casebridge's own that is owed to the case: its mark, then `text`. `owner` is the item whose mirror learns the copy. Pure. */
export function owedMessage(
  id: IntentId<"withdrawal" | "reopen">,
  { mark, text, owner }: { readonly mark: Mark; readonly text: GuardedText; readonly owner: MirrorId<OwnerKind> },
): NewIntent {
  const payload: MessagePayload = { content: ownWords`${formatMark(mark)} ${text}`, owner, index: 1 };
  return newIntent<"withdrawal" | "reopen">(id, { mark: markIdentity(mark), payload });
}

/** Sends a message whose intent was stored a moment ago; options and errors as of `sendPart`. */
export async function sendOwed(
  deps: ApplyDeps,
  leased: LeasedLink,
  id: IntentId<MessageIntentKind>,
  options: SendOptions = {},
): Promise<number> {
  const intent = findIntent<MessageIntentKind>(leased.snapshot.intents, id);
  if (intent === undefined) return 0;
  if (intent.state !== "planned") throw new Unsettled(intent.key);
  await sendPart(deps, leased, intent, options);
  return 1;
}

/** Sends a message of our own that was decided and has not left. Errors as of `sendPart`, and `Unsettled` while its outcome is unknown. */
export async function resumeMessage(
  deps: ApplyDeps,
  leased: LeasedLink,
  intent: Intent<MessageIntentKind>,
): Promise<number> {
  if (intent.state === "unknown") throw new Unsettled(intent.key);
  await sendPart(deps, leased, intent);
  return 1;
}

/** The messages of a comment that are not confirmed, in their order. */
export function partsOf(leased: LeasedLink, commentId: string): Intent<MessageIntentKind>[] {
  const row = mirrorId.comment(commentId);
  return leased.snapshot.intents
    .filter(isMessageIntent)
    .filter(({ payload: { owner } }) => owner !== null && isSameMirror(owner, row))
    .sort((a, b) => a.payload.index - b.payload.index);
}
