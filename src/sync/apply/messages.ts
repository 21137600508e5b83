/**
 * Huawei → Jira: messages as comments, and what of a description did not fit.
 */
import type { CommentMark } from "../../domain/issue.ts";
import type { Intent } from "../../domain/link.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { hashParts } from "../../lib/hash.ts";
import { messageHash } from "../identity.ts";
import type { Action } from "../plan/action.ts";
import { messageHeader } from "../render.ts";
import type { LeasedLink } from "../state.ts";
import { carryFiles } from "./case-files.ts";
import { postNotice, writeComment } from "./notices.ts";
import { type ApplyDeps, needCase, needIssue, permanentReason } from "./write-once.ts";

/** One message as comments; one that Jira refuses for good leaves a placeholder, and the rest goes on (RULES 8). */
export async function postMessage(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "post_message" }>,
): Promise<number> {
  try {
    return await writeMessage(deps, leased, action);
  } catch (error) {
    const reason = isServiceError(error, "rejected") ? permanentReason(error) : null;
    if (reason === null) throw error;
    const { message, sourceId, fingerprint } = action.message;
    await leased.apply({
      mirrors: [{ kind: "message", origin: "huawei", sourceId, fingerprint, state: "placeholder", reason }],
      failures: [{ direction: "to-jira", item: `message:${sourceId}`, reason: "comment_refused", detail: reason }],
    });
    const header = messageHeader(message, deps.settings.huawei.timeZone);
    return postNotice(
      deps,
      leased,
      `message-${sourceId}`,
      `A message could not be mirrored (${header}): ${reason}. It can be read in the Huawei Cloud console.`,
    );
  }
}

async function writeMessage(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "post_message" }>,
): Promise<number> {
  const { message, sourceId, fingerprint } = action.message;
  const issueId = needIssue(leased);
  const caseId = needCase(leased);
  const { carried, writes: fileWrites } = await carryFiles(deps, leased, message.files, sourceId);
  const docs = deps.text.messageToAdf({
    header: messageHeader(message, deps.settings.huawei.timeZone),
    text: message.content,
    footer: carried.map((entry) => entry.line),
  });
  const srcHash = messageHash(message);
  const files = carried.flatMap((entry) =>
    entry.attachmentId === null ? [] : [[entry.file.fileId, entry.attachmentId] as const],
  );
  let writes = fileWrites;
  for (const [index, doc] of docs.entries()) {
    const partId = index === 0 ? sourceId : `${sourceId}#${index + 1}`;
    const known = leased.snapshot.mirrors.find((mirror) => mirror.kind === "message" && mirror.sourceId === partId);
    // A part that was written is not written again; of a copy that was removed only the first part is known to be missing.
    if (known != null && known.copyId !== null && !(action.again && index === 0)) continue;
    const mark: CommentMark = {
      v: 1,
      inst: deps.installation,
      caseId,
      ...(message.messageId !== null && index === 0 ? { messageId: message.messageId } : { fingerprint: partId }),
      srcHash,
      files: index === 0 ? files : [],
    };
    const last = index === docs.length - 1;
    await writeComment(
      deps,
      leased,
      issueId,
      `comment:${partId}`,
      { bodyAdf: doc, mark, sourceFingerprint: fingerprint },
      (commentId) => ({
        mirrors: [
          {
            kind: "message",
            origin: "huawei",
            sourceId: partId,
            fingerprint: index === 0 ? fingerprint : null,
            sourceHash: srcHash,
            sourceAt: message.createdAt,
            copyId: commentId,
            // The first part is complete only when the last one is written.
            state: index === 0 && !last ? "sending" : "live",
          },
        ],
        audit: [
          { side: "jira", action: last ? "comment" : "comment_part", item: `message:${partId}`, result: commentId },
        ],
      }),
    );
    writes += 1;
  }
  if (
    docs.length > 1 ||
    leased.snapshot.mirrors.some((mirror) => mirror.kind === "message" && mirror.sourceId === sourceId)
  ) {
    await leased.apply({ mirrors: [{ kind: "message", origin: "huawei", sourceId, state: "live" }] });
  }
  return writes;
}

/** The part of a description that did not fit into the issue: comments of our own. */
export async function postRest(deps: ApplyDeps, leased: LeasedLink, intent: Intent): Promise<number> {
  const issueId = needIssue(leased);
  const docs = deps.text.messageToAdf({
    header: "Description, continued",
    text: String(intent.payload.rest),
    footer: [],
    format: "plain",
  });
  let writes = 0;
  for (const [index, bodyAdf] of docs.entries()) {
    const cause = `description-${index + 2}`;
    const key = `notice:${cause}`;
    if (leased.snapshot.mirrors.some((mirror) => mirror.kind === "notice" && mirror.sourceId === cause)) continue;
    const mark: CommentMark = {
      v: 1,
      inst: deps.installation,
      caseId: needCase(leased),
      fingerprint: key,
      srcHash: hashParts([JSON.stringify(bodyAdf)]).slice(0, 32),
      files: [],
    };
    await writeComment(deps, leased, issueId, key, { bodyAdf, mark }, (commentId) => ({
      mirrors: [{ kind: "notice", origin: "huawei", sourceId: cause, copyId: commentId, state: "live" }],
    }));
    writes += 1;
  }
  await leased.apply({ confirmedIntents: [intent.key] });
  return writes;
}

/** Our own comment without a row: the row is made again, with the files that its mark names. */
export async function adoptComment(
  leased: LeasedLink,
  action: Extract<Action, { kind: "adopt_comment" }>,
): Promise<void> {
  const { message, comment } = action;
  await leased.apply({
    mirrors: [
      {
        kind: "message",
        origin: "huawei",
        sourceId: message.sourceId,
        fingerprint: message.fingerprint,
        sourceHash: comment.mark?.srcHash ?? null,
        sourceAt: message.message.createdAt,
        copyId: comment.commentId,
        state: "live",
      },
      ...(comment.mark?.files ?? []).map(
        ([fileId, attachmentId]) =>
          ({
            kind: "file",
            origin: "huawei",
            sourceId: fileId,
            copyId: attachmentId,
            state: "live",
            parentId: message.sourceId,
          }) as const,
      ),
    ],
    audit: [{ side: "jira", action: "adopt", item: `message:${message.sourceId}`, result: comment.commentId }],
  });
}
