/**
 * Jira → Huawei: comments, their versions, and taking them back.
 */
import { type MessageId, toId } from "../../domain/ids.ts";
import type { Intent, Mirror } from "../../domain/link.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { guardText } from "../../domain/text/guard.ts";
import { formatMark, type Mark, markIdentity } from "../../domain/text/marks.ts";
import { renderParts, toAuthorLine } from "../../domain/text/split.ts";
import { sentAgain } from "../identity.ts";
import type { Action } from "../plan/action.ts";
import type { LeasedLink } from "../state.ts";
import { uploadFiles } from "./issue-files.ts";
import { postNotice } from "./notices.ts";
import { sendOwed, sendPart } from "./parts.ts";
import { type ApplyDeps, needCase, needIssue, permanentReason, Unsettled } from "./write-once.ts";

/** Our own message showed in a reading: the intent is done, its mirror learns the copy. May be repeated. */
export async function confirmMessage(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "confirm_message" }>,
): Promise<void> {
  const { intent, message, fingerprint } = action;
  const owner = intent.payload.owner as { readonly kind: Mirror["kind"]; readonly sourceId: string } | undefined;
  const mirror = leased.snapshot.mirrors.find(
    (entry) =>
      owner !== undefined && entry.kind === owner.kind && entry.origin === "jira" && entry.sourceId === owner.sourceId,
  );
  const others = leased.snapshot.intents.filter(
    (other) =>
      other.key !== intent.key &&
      (other.payload.owner as { sourceId?: string } | undefined)?.sourceId === owner?.sourceId,
  );
  const fresh = mirror?.state === "sending" && intent.payload.version !== undefined;
  await leased.apply({
    confirmedIntents: [intent.key],
    ...(owner === undefined
      ? {}
      : {
          mirrors: [
            {
              kind: owner.kind,
              origin: "jira",
              sourceId: owner.sourceId,
              ...(message.messageId !== null && (fresh || mirror?.copyId == null) ? { copyId: message.messageId } : {}),
              copyFingerprints: [...(mirror?.copyFingerprints ?? []), fingerprint],
              ...(intent.payload.repeated === true ? { reason: sentAgain } : {}),
              state: confirmedState(mirror?.state, others.length === 0),
            },
          ],
        }),
    ...(message.authorId === null ? {} : { huaweiUserId: message.authorId }),
    audit: [{ side: "huawei", action: "confirm", item: intent.key, result: message.messageId ?? "seen" }],
  });
  // Several parts of one comment are confirmed one after another, each building on the last.
  await leased.reload();
  deps.log.debug({ intent: intent.key }, "Own message confirmed");
}

/** A comment that was withdrawn or refused meanwhile stays so, whatever of it shows now. */
function confirmedState(before: Mirror["state"] | undefined, complete: boolean): Mirror["state"] {
  if (before === "withdrawn" || before === "refused" || before === "held") return before;
  return complete ? "live" : (before ?? "sending");
}

/** Sends a comment's parts and files that have not left yet. A permanent refusal is told on the issue. Throws as `writeOnce`. */
export async function sendComment(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "send_comment" }>,
): Promise<number> {
  const { comment } = action;
  const { link } = leased.snapshot;
  const owned = leased.snapshot.intents
    .filter(
      (intent) =>
        intent.side === "huawei" &&
        (intent.payload.owner as { sourceId?: string } | undefined)?.sourceId === comment.commentId,
    )
    .sort((a, b) => Number(a.payload.index) - Number(b.payload.index));
  let writes = 0;
  let intents: Pick<Intent, "key" | "mark" | "payload" | "state">[] = owned;
  if (owned.length === 0) {
    const prepared = await prepareComment(deps, leased, action);
    if (prepared === null) return 0;
    writes += prepared.writes;
    intents = prepared.intents;
  }
  if (owned.length > 0 && (await isOutdated(deps, leased, action, owned)))
    throw new Unsettled(`comment:${comment.commentId}`);
  for (const intent of intents) {
    if (intent.state === "sent") continue;
    if (intent.state === "unknown") throw new Unsettled(intent.key);
    try {
      await sendPart(deps, leased, intent);
    } catch (error) {
      // Without permission the direction waits for a person; nothing is given up.
      const reason = isServiceError(error, "forbidden") ? null : permanentReason(error);
      if (reason === null) throw error;
      await leased.apply({
        mirrors: [{ kind: "comment", origin: "jira", sourceId: comment.commentId, state: "refused", reason }],
        confirmedIntents: intents.map((entry) => entry.key),
        failures: [
          { direction: "to-huawei", item: `comment:${comment.commentId}`, reason: "message_refused", detail: reason },
        ],
      });
      return (
        writes +
        (await postNotice(
          deps,
          leased,
          `refused-${comment.commentId}`,
          `A comment could not be sent to the service ticket: ${reason}`,
        ))
      );
    }
    writes += 1;
  }
  deps.log.debug({ commentId: comment.commentId, issueKey: link.issueKey }, "Comment sent");
  return writes;
}

/**
 * Whether a comment none of whose parts ever left has changed since it was frozen, or may not leave any more; then its parts are
 * dropped, and the next run decides anew (RULES 5: one read just before sending).
 */
async function isOutdated(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "send_comment" }>,
  owned: readonly Intent[],
): Promise<boolean> {
  const mirror = leased.snapshot.mirrors.find(
    (entry) => entry.kind === "comment" && entry.origin === "jira" && entry.sourceId === action.comment.commentId,
  );
  if (owned.some((intent) => intent.state !== "planned") || (mirror?.copyFingerprints.length ?? 0) > 0) return false;
  const fresh = await deps.jira.findComment(needIssue(leased), action.comment.commentId, deps.lane);
  const same =
    fresh !== null &&
    fresh.restricted === action.comment.restricted &&
    fresh.jsdPublic === action.comment.jsdPublic &&
    deps.text.adfToText(fresh.body) === action.text &&
    mirror?.sourceHash === action.sourceHash;
  if (same) return false;
  await leased.apply({
    confirmedIntents: owned.map((intent) => intent.key),
    mirrors: [
      {
        kind: "comment",
        origin: "jira",
        sourceId: action.comment.commentId,
        state: "held",
        reason: "changed_before_sending",
      },
    ],
  });
  return true;
}

/** Reads the comment once more, guards, splits and freezes it, and uploads its files. `null` when it may not leave after all. */
async function prepareComment(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "send_comment" }>,
): Promise<{ intents: Pick<Intent, "key" | "mark" | "payload" | "state">[]; writes: number } | null> {
  const { link } = leased.snapshot;
  const issueId = needIssue(leased);
  const known = leased.snapshot.mirrors.find(
    (mirror) => mirror.kind === "comment" && mirror.origin === "jira" && mirror.sourceId === action.comment.commentId,
  );
  // This version is on its way or has arrived; only its intents may be sent, never a second rendering.
  if (known !== undefined && (known.state === "sending" || known.state === "live") && known.version >= action.version)
    return null;
  const fresh = await deps.jira.findComment(issueId, action.comment.commentId, deps.lane);
  if (
    fresh === null ||
    fresh.restricted !== action.comment.restricted ||
    fresh.jsdPublic !== action.comment.jsdPublic ||
    fresh.updatedAt.getTime() !== action.comment.updatedAt.getTime() ||
    deps.text.adfToText(fresh.body) !== action.text
  ) {
    // Changed under our hands: the next run reads it again and decides anew.
    throw new Unsettled(`comment:${action.comment.commentId}`);
  }
  const issueKey = link.issueKey ?? "ISSUE-1";
  const owner = { kind: "comment", sourceId: action.comment.commentId } as const;
  const guarded = guardText(commandText(action.text), {
    mode: deps.settings.guard.mode,
    patterns: deps.settings.guard.patterns,
  });
  const mark: Mark = {
    kind: "comment",
    issueKey,
    commentId: action.comment.commentId,
    version: action.version,
    part: null,
    withdrawn: false,
  };
  const rendered = renderParts({
    mark,
    authorLine: deps.settings.comments.authorName === "name" ? toAuthorLine(action.comment.authorName) : "",
    text: guarded.text,
    charsMax: deps.settings.huawei.messageCharsMax,
  });
  let writes = 0;
  const upload = await uploadFiles(
    deps,
    leased,
    action,
    rendered.kind === "head_and_file" ? { name: rendered.fileName, text: rendered.fileText } : null,
  );
  writes += upload.writes;
  const contents = rendered.kind === "parts" ? rendered.parts : [rendered.head];
  const parts = contents.map((content, index) => ({
    kind: "message" as const,
    key: `message:${action.comment.commentId}:v${action.version}:${index + 1}/${contents.length}`,
    side: "huawei" as const,
    state: "planned" as const,
    mark: markIdentity({ ...mark, part: contents.length === 1 ? null : { index: index + 1, count: contents.length } }),
    payload: {
      content,
      fileIds: index === contents.length - 1 ? upload.fileIds.slice(0, upload.countMax) : [],
      owner,
      index: index + 1,
      version: action.version,
    },
  }));
  const extras = upload.extra.map((file, index) => {
    const fileMark: Mark = { kind: "attachment", issueKey, attachmentId: file.attachmentId };
    return {
      kind: "message" as const,
      key: `message:file:${file.attachmentId}`,
      side: "huawei" as const,
      state: "planned" as const,
      mark: markIdentity(fileMark),
      payload: {
        content: `${formatMark(fileMark)} ${file.name}`,
        fileIds: [file.fileId],
        owner,
        index: contents.length + index + 1,
      },
    };
  });
  const intents = [...parts, ...extras];
  await leased.apply({
    mirrors: [
      {
        kind: "comment",
        origin: "jira",
        sourceId: action.comment.commentId,
        sourceHash: action.sourceHash,
        sourceAt: action.comment.createdAt,
        version: action.version,
        state: "sending",
        reason: null,
      },
    ],
    intents,
  });
  // The new intents must be seen by the writes that follow.
  await leased.reload();
  if (guarded.masked.length > 0) {
    writes += await postNotice(
      deps,
      leased,
      `masked-${action.comment.commentId}-v${action.version}`,
      `Before a comment was sent to Huawei Cloud, something in it was masked: ${guarded.masked.map((entry) => `${entry.name} (${entry.count})`).join(", ")}.`,
    );
  }
  return { intents, writes };
}

/** `/case text` sends the text alone; any other comment goes as it is. */
function commandText(text: string): string {
  return text.replace(/^\s*\/case\s+/, "");
}

/** A sent comment was deleted or restricted: withdrawn where OSM allows it, else a message marked `withdrawn` says so. */
export async function withdrawComment(deps: ApplyDeps, leased: LeasedLink, mirror: Mirror): Promise<number> {
  const caseId = needCase(leased);
  const issueKey = leased.snapshot.link.issueKey ?? "ISSUE-1";
  const base = { kind: "comment", origin: "jira", sourceId: mirror.sourceId } as const;
  if (mirror.copyId !== null && mirror.copyFingerprints.length <= 1) {
    try {
      await deps.huawei.withdrawMessage(caseId, toId<MessageId>(mirror.copyId), deps.lane);
      await leased.apply({
        mirrors: [{ ...base, state: "withdrawn" }],
        audit: [{ side: "huawei", action: "withdraw", item: `comment:${mirror.sourceId}`, result: "withdrawn" }],
      });
      return 1;
    } catch (error) {
      if (permanentReason(error) === null) throw error;
    }
  }
  const mark: Mark = { kind: "comment", issueKey, commentId: mirror.sourceId, version: 1, part: null, withdrawn: true };
  const key = `message:${mirror.sourceId}:withdrawn`;
  // One step: the comment counts as withdrawn from here on, and the message that says so is owed.
  await leased.apply({
    intents: [
      {
        kind: "message",
        key,
        side: "huawei",
        state: "planned",
        mark: markIdentity(mark),
        payload: {
          content: `${formatMark(mark)} The author has withdrawn this message. 作者已撤回此消息。`,
          owner: { kind: "comment", sourceId: mirror.sourceId },
          index: 1,
        },
      },
    ],
    mirrors: [{ ...base, state: "withdrawn", reason: "already_disclosed" }],
    failures: [
      {
        direction: "to-huawei",
        item: `comment:${mirror.sourceId}`,
        reason: "already_disclosed",
        detail: "the comment had been sent before; Huawei Cloud does not take it back",
      },
    ],
  });
  return sendOwed(deps, leased, key);
}
