/**
 * Messages to Huawei, from their intents.
 */
import { type AttachmentId, type CaseFileId, type CommentId, toId } from "../../domain/ids.ts";
import type { Issue } from "../../domain/issue.ts";
import type { Intent, Mirror } from "../../domain/link.ts";
import type { GuardSettings } from "../../domain/text/guard.ts";
import { type GuardedText, ownWords, thawed } from "../../domain/text/guarded.ts";
import { formatMark, type Mark, markIdentity } from "../../domain/text/marks.ts";
import type { LeasedLink, NewIntent } from "../state.ts";
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
  intent: Pick<Intent, "key" | "mark" | "payload">,
  { isStill, ...options }: SendOptions = {},
): Promise<void> {
  const caseId = needCase(leased);
  const subject = subjectOf(leased, intent);
  await writeOnce(deps, leased, {
    kind: "message",
    ...options,
    key: intent.key,
    side: "huawei",
    mark: intent.mark,
    payload: intent.payload,
    call: (frozen) =>
      deps.huawei.createMessage(
        caseId,
        deps.gate.seal(subject.kind === "issue" && isStill !== undefined ? { ...subject, isStill } : subject, {
          content: thawed(frozen.content),
          fileIds: fileIdsOf(frozen),
        }),
        deps.lane,
      ),
    confirm: () => ({ keep: true, audit: [{ side: "huawei", action: "message", item: intent.key, result: "sent" }] }),
  });
}

/** What a message is frozen as; each intent of one is made here, so that what is thawed was guarded. Pure. */
export function messagePayload(message: {
  readonly content: GuardedText;
  /** Left out: none. */
  readonly fileIds?: readonly string[];
  /** The item whose mirror learns the copy. */
  readonly owner: Pick<Mirror, "kind" | "sourceId">;
  /** Place among the messages of its owner, from 1. */
  readonly index: number;
  /** Of a comment's parts: the version that they carry. */
  readonly version?: number;
  /** How the guard was set; what it did not look at is rendered anew once it is switched on. */
  readonly guard?: GuardSettings["mode"];
}): NewIntent["payload"] {
  return message;
}

function fileIdsOf(payload: Intent["payload"]): CaseFileId[] {
  return ((payload.fileIds as string[] | undefined) ?? []).map((id) => toId<CaseFileId>(id));
}

/** What a message carries from Jira, by what its intent was made of. */
function subjectOf(leased: LeasedLink, intent: Pick<Intent, "key" | "payload">): Subject {
  const issueId = needIssue(leased);
  if (intent.key.endsWith(withdrawnSuffix)) return { kind: "mark", issueId };
  const { mirrors } = leased.snapshot;
  const fileIds = new Set<string>(fileIdsOf(intent.payload));
  const files = mirrors
    .filter((mirror) => mirror.kind === "file" && mirror.origin === "jira" && fileIds.has(mirror.copyId ?? ""))
    .map((mirror) => toId<AttachmentId>(mirror.sourceId));
  const owner = intent.payload.owner as { readonly kind?: Mirror["kind"]; readonly sourceId?: string } | undefined;
  if (owner?.kind !== "comment" || owner.sourceId === undefined) return { kind: "issue", issueId, files };
  const mirror = mirrors.find(
    (entry) => entry.kind === "comment" && entry.origin === "jira" && entry.sourceId === owner.sourceId,
  );
  return {
    kind: "comment",
    issueId,
    commentId: toId<CommentId>(owner.sourceId),
    sourceHash: mirror?.sourceHash ?? null,
    sourceDigest: mirror?.sourceDigest ?? null,
    files,
  };
}

/** How the key of a message ends that tells of a withdrawal. */
export const withdrawnSuffix = ":withdrawn";

/** A message of casebridge's own that is owed to the case: its mark, then `text`. `owner` is the item whose mirror learns the copy. */
export function owedMessage(input: {
  readonly key: string;
  readonly mark: Mark;
  readonly text: GuardedText;
  readonly owner: Pick<Mirror, "kind" | "sourceId">;
}): NewIntent {
  return {
    kind: "message",
    key: input.key,
    side: "huawei",
    state: "planned",
    mark: markIdentity(input.mark),
    payload: messagePayload({
      content: ownWords`${formatMark(input.mark)} ${input.text}`,
      owner: { kind: input.owner.kind, sourceId: input.owner.sourceId },
      index: 1,
    }),
  };
}

/** Sends a message whose intent was stored a moment ago; options and errors as of `sendPart`. */
export async function sendOwed(
  deps: ApplyDeps,
  leased: LeasedLink,
  key: string,
  options: SendOptions = {},
): Promise<number> {
  const intent = leased.snapshot.intents.find((entry) => entry.key === key);
  if (intent === undefined) return 0;
  if (intent.state !== "planned") throw new Unsettled(key);
  await sendPart(deps, leased, intent, options);
  return 1;
}

/** Sends a message of our own that was decided and has not left. Errors as of `sendPart`, and `Unsettled` while its outcome is unknown. */
export async function resumeMessage(deps: ApplyDeps, leased: LeasedLink, intent: Intent): Promise<number> {
  if (intent.state === "unknown") throw new Unsettled(intent.key);
  await sendPart(deps, leased, intent);
  return 1;
}

/** The messages of a comment that are not confirmed, in their order. */
export function partsOf(leased: LeasedLink, commentId: string): Intent[] {
  return leased.snapshot.intents
    .filter((intent) => intent.side === "huawei" && ownerIdOf(intent) === commentId)
    .sort((a, b) => Number(a.payload.index) - Number(b.payload.index));
}

function ownerIdOf(intent: Intent): string | undefined {
  return (intent.payload.owner as { readonly sourceId?: string } | undefined)?.sourceId;
}
