/**
 * Jira → Huawei: comments and their versions.
 */
import { isCaseText, withoutCase } from "../../domain/command-text.ts";
import type { RememberedHashes } from "../../domain/identity.ts";
import type { CommentId } from "../../domain/ids.ts";
import { type NewIntent, newIntent } from "../../domain/rows/intent.ts";
import { itemKey } from "../../domain/rows/item-key.ts";
import { findMirror, type Mirror, mirrorId } from "../../domain/rows/mirror.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { addMasked, guardText, type MaskedKind } from "../../domain/text/guard.ts";
import { type GuardedText, ownWords, writtenByOperator } from "../../domain/text/guarded.ts";
import { guardAuthorLine } from "../../domain/text/guarded-names.ts";
import { type Mark, markIdentity } from "../../domain/text/marks.ts";
import { renderParts } from "../../domain/text/split.ts";
import type { Action } from "../plan/action.ts";
import { decidedCommand } from "../plan/commands.ts";
import { filesOf, restrictedFilePatch, restrictedFiles } from "../plan/disclosure.ts";
import { droppedParts } from "../plan/remember.ts";
import { formatMoment, stayingLine } from "../render.ts";
import type { LeasedLink } from "../state.ts";
import { type Speaking, say } from "../texts/say.ts";
import { permissionRefusal } from "./commands.ts";
import { type Subject, Withheld } from "./gate.ts";
import { type FullText, fileMessage, type UploadedFiles, uploadFiles } from "./issue-files.ts";
import { type Notice, owedNotices, writeOwedNotices } from "./notices.ts";
import { partsOf, sendPart } from "./parts.ts";
import { type ApplyDeps, guardFor, markKey, needIssue, permanentReason, Unsettled } from "./write-once.ts";

type SendComment = Extract<Action, { kind: "send_comment" }>;

/**
 * Sends a comment's parts and files that have not left yet, each past the gate: a comment that was restricted, edited or deleted
 * meanwhile does not go on leaving. A permanent refusal is told on the issue. Throws as `writeOnce`, and what the gate throws.
 */
export async function sendComment(deps: ApplyDeps, leased: LeasedLink, action: SendComment): Promise<number> {
  const { comment } = action;
  let writes = 0;
  if (partsOf(leased, comment.commentId).length === 0) {
    const refusal = action.version === 1 && isCaseText(action.text) ? await permissionRefusal(deps, comment) : null;
    if (refusal !== null) {
      await leased.apply(
        decidedCommand(comment.commentId, "refused", { name: "case", result: refusal }, comment.authorId),
      );
      // The reply is planned from what was just stored.
      return 1;
    }
    const prepared = await prepareComment(deps, leased, action);
    if (prepared === null) return 0;
    writes += prepared.writes;
  }
  for (const { key } of partsOf(leased, comment.commentId)) {
    const intent = partsOf(leased, comment.commentId).find((part) => part.key === key);
    if (intent === undefined || intent.state === "sent") continue;
    if (intent.state === "unknown") throw new Unsettled(intent.key);
    try {
      await sendPart(deps, leased, intent, { keepsRefused: true });
    } catch (error) {
      if (error instanceof Withheld) {
        await stopSending(leased, comment.commentId);
        throw error;
      }
      return writes + (await giveUp(deps, leased, comment.commentId, error));
    }
    writes += 1;
  }
  deps.log.debug({ commentId: comment.commentId, issueKey: leased.snapshot.link.issueKey }, "Comment sent");
  return writes;
}

function rowOf(leased: Pick<LeasedLink, "snapshot">, commentId: string): Mirror<"comment"> | undefined {
  return findMirror(leased.snapshot.mirrors, mirrorId.comment(commentId));
}

/** Drops the parts that have not left; the next run decides anew. What has left is confirmed first. */
async function stopSending(leased: LeasedLink, commentId: CommentId): Promise<void> {
  const parts = partsOf(leased, commentId);
  const left = parts.filter((part) => part.state !== "planned");
  const hasCopies = (rowOf(leased, commentId)?.copyFingerprints.length ?? 0) > 0;
  const step = droppedParts(
    leased.snapshot,
    parts.filter((part) => part.state === "planned").map((part) => part.key),
  );
  const base = { ...mirrorId.comment(commentId), sourceHash: null, sourceDigest: null } as const;
  const mirror =
    left.length > 0
      ? base
      : hasCopies
        ? { ...base, state: "live" as const }
        : { ...base, state: "held" as const, reason: "changed_before_sending" };
  await leased.apply({ ...step, mirrors: [...(step.mirrors ?? []), mirror] });
}

/**
 * A part that failed. One that Huawei never takes ends the comment, and the issue says so; one that it does not take from us now is
 * dropped with the rest, so that the comment is sent anew once it may be. Throws what is not a refusal for good.
 */
async function giveUp(deps: ApplyDeps, leased: LeasedLink, commentId: CommentId, error: unknown): Promise<number> {
  if (isServiceError(error, "forbidden", "not_found") && !error.facts.outcomeUnknown) {
    await stopSending(leased, commentId);
    throw error;
  }
  const reason = isServiceError(error, "rejected") ? permanentReason(error) : null;
  if (reason === null) throw error;
  const mirror = rowOf(leased, commentId);
  const hashes = { sourceHash: mirror?.sourceHash ?? null, sourceDigest: mirror?.sourceDigest ?? null };
  return refuse(deps, leased, { commentId, reason, ...hashes });
}

async function refuse(
  deps: ApplyDeps,
  leased: LeasedLink,
  refusal: RememberedHashes & { readonly commentId: CommentId; readonly reason: string },
): Promise<number> {
  const { commentId, reason, sourceHash, sourceDigest } = refusal;
  const notices: Notice[] = [
    {
      cause: noticeCause.commentRefused(commentId, sourceHash?.slice(0, 8) ?? "0"),
      text: say(deps.settings, (t) => t.refusals.comment(reason)),
    },
  ];
  const planned = partsOf(leased, commentId).filter((part) => part.state === "planned");
  const step = droppedParts(
    leased.snapshot,
    planned.map((part) => part.key),
  );
  await leased.apply({
    ...step,
    mirrors: [
      ...(step.mirrors ?? []),
      { ...mirrorId.comment(commentId), state: "refused", reason, sourceHash, sourceDigest },
    ],
    intents: owedNotices(deps, leased, notices),
    failures: [
      { direction: "to-huawei", item: itemKey("comment", commentId), reason: "message_refused", detail: reason },
    ],
  });
  return writeOwedNotices(deps, leased, notices);
}

/**
 * Reads the comment once more, uploads its files, guards, splits and freezes it; files, messages and what the issue must be told are
 * stored in one step. `null` when this version is on its way already, or was refused.
 */
async function prepareComment(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: SendComment,
): Promise<{ readonly writes: number } | null> {
  const { commentId } = action.comment;
  const { sourceHash, sourceDigest } = action;
  const subject = { kind: "comment", issueId: needIssue(leased), commentId, sourceHash, sourceDigest } as const;
  const known = rowOf(leased, commentId);
  // This version is on its way or has arrived; only its intents may be sent, never a second rendering.
  if (known !== undefined && (known.state === "sending" || known.state === "live") && known.version >= action.version)
    return null;
  await requireUnchanged(deps, subject, action);
  const rendering = render(deps, leased, action, known);
  let upload: UploadedFiles;
  try {
    upload = await uploadFiles(deps, leased, {
      files: action.files.length === 0 ? [] : await filesNow(deps, leased, action),
      parentId: commentId,
      fullText: rendering.fullText,
      subject,
      guard: guardFor(deps.settings, action),
    });
  } catch (error) {
    // Only the full text is a part of the comment itself; whatever becomes of its files, the comment goes.
    const reason = isServiceError(error, "rejected") ? permanentReason(error) : null;
    if (reason === null) throw error;
    await refuse(deps, leased, { commentId, reason, sourceHash, sourceDigest });
    return null;
  }
  const lines = upload.lines.length === 0 ? null : upload.lines;
  const final = lines === null ? rendering : render(deps, leased, action, known, lines);
  if (upload.writes > 0 || upload.notices.length > 0) {
    // Bytes take their time; what was read too long before them counts no more.
    await requireUnchanged(deps, subject, action);
  }
  if (final.masked.length > 0) deps.onDisclosure?.({ kind: "masked", item: "comment" });
  const notices = [...upload.notices, ...maskedNotices(deps.settings, action, final.masked)];
  await leased.apply({
    ...upload.step,
    mirrors: [
      ...(upload.step.mirrors ?? []),
      {
        ...mirrorId.comment(commentId),
        sourceHash,
        sourceDigest,
        sourceAt: action.comment.createdAt,
        version: action.version,
        state: "sending",
        reason: null,
      },
    ],
    intents: [...toIntents(deps, leased, action, { rendering: final, upload }), ...owedNotices(deps, leased, notices)],
    // That it was disclosed once is not mended by sending it again.
    ...(known?.state === "refused" ? { resolvedFailures: [{ item: itemKey("comment", commentId) }] } : {}),
  });
  return { writes: upload.writes + (await writeOwedNotices(deps, leased, notices)) };
}

/** The gate lets the comment out, and it is the very one that the plan was made for; else the next run decides anew. */
async function requireUnchanged(deps: ApplyDeps, subject: Subject, { comment }: SendComment): Promise<void> {
  const fresh = await deps.gate.require(subject);
  if (fresh?.updatedAt.getTime() !== comment.updatedAt.getTime())
    throw new Unsettled(itemKey("comment", comment.commentId));
}

/** The files that may go along by a reading of this moment: a restricted comment may name one of them since the plan was made. */
async function filesNow(deps: ApplyDeps, leased: LeasedLink, action: SendComment): Promise<SendComment["files"]> {
  const { issue, comments } = await deps.gate.read(needIssue(leased));
  const ownAccountId = await deps.jira.getOwnAccountId();
  const { mirrors } = leased.snapshot;
  const restricted = restrictedFiles(deps.text, issue, comments, { mirrors, ownAccountId });
  if (restricted.length > 0) await leased.apply({ mirrors: restricted.map(restrictedFilePatch) });
  const allowed = filesOf({
    reading: deps.text,
    issue,
    comments,
    comment: action.comment,
    mirrors,
    ownAccountId,
    settings: deps.settings,
  });
  const planned = new Set(action.files.map((file) => file.attachmentId));
  return allowed.filter((file) => planned.has(file.attachmentId));
}

type Rendering = {
  readonly mark: Extract<Mark, { kind: "comment" }>;
  readonly contents: readonly GuardedText[];
  readonly fullText: FullText | null;
  readonly masked: readonly MaskedKind[];
};

function render(
  deps: Pick<ApplyDeps, "settings">,
  leased: Pick<LeasedLink, "snapshot">,
  action: SendComment,
  known: Mirror<"comment"> | undefined,
  lines: readonly string[] = [],
): Rendering {
  const { comment } = action;
  const { settings } = deps;
  const guard = guardFor(settings, action);
  const mark = {
    kind: "comment",
    issueKey: markKey(leased),
    commentId: comment.commentId,
    version: action.version,
    part: null,
    withdrawn: false,
  } as const;
  const guarded = guardText([withoutCase(action.text), ...action.staying.map(stayingLine), ...lines].join("\n"), guard);
  const author = guardAuthorLine(comment.authorName, settings.comments.authorName, guard);
  const written = writtenByOperator(formatMoment(comment.createdAt, settings.huawei.timeZone));
  const rendered = renderParts({
    mark,
    authorLine: author.text,
    text: isLate(known) ? ownWords`(sent late, written ${written} / 补发)\n${guarded.text}` : guarded.text,
    charsMax: settings.huawei.messageCharsMax,
  });
  const masked = addMasked(guarded.masked, author.masked);
  return rendered.kind === "parts"
    ? { mark, contents: rendered.parts, fullText: null, masked }
    : { mark, contents: [rendered.head], fullText: { name: rendered.fileName, text: rendered.fileText }, masked };
}

/** Released after having been held or refused: it does not stand where it was written, and says so (rule 8). */
function isLate(known: Mirror<"comment"> | undefined): boolean {
  if (known === undefined) return false;
  return known.state === "refused" || (known.state === "held" && known.reason !== "changed_before_sending");
}

function toIntents(
  { settings }: Pick<ApplyDeps, "settings">,
  leased: LeasedLink,
  action: SendComment,
  made: { readonly rendering: Rendering; readonly upload: UploadedFiles },
): NewIntent[] {
  const { upload } = made;
  const { mark, contents } = made.rendering;
  const { commentId } = action.comment;
  const owner = mirrorId.comment(commentId);
  const count = contents.length;
  const parts = contents.map((content, index): NewIntent => {
    const part = count === 1 ? null : { index: index + 1, count };
    return newIntent(
      { kind: "comment_part", commentId, version: action.version, index: index + 1, count },
      {
        mark: markIdentity({ ...mark, part }),
        payload: {
          content,
          fileIds: index === count - 1 ? upload.inMessage.map((file) => file.fileId) : [],
          owner,
          index: index + 1,
          version: action.version,
          guard: settings.guard.mode,
        },
      },
    );
  });
  const extras = upload.extra.flatMap((file, index) =>
    file.attachmentId === null
      ? []
      : [
          fileMessage(
            markKey(leased),
            { ...file, attachmentId: file.attachmentId },
            { owner, index: count + index + 1 },
          ),
        ],
  );
  return [...parts, ...extras];
}

function maskedNotices(settings: Speaking, action: SendComment, masked: Rendering["masked"]): Notice[] {
  if (masked.length === 0) return [];
  return [
    {
      cause: noticeCause.commentMasked(action.comment.commentId, action.version),
      text: say(settings, (t) => t.guard.maskedComment(t.masked(masked))),
    },
  ];
}
