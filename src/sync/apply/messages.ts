/**
 * Huawei → Jira: messages as comments, and what of a description did not fit.
 */
import type { CaseMessage } from "../../domain/case.ts";
import { messageHash } from "../../domain/identity.ts";
import { type CommentId, toId } from "../../domain/ids.ts";
import type { CommentStamp } from "../../domain/issue.ts";
import { knownFingerprints, lackedBy } from "../../domain/message-views.ts";
import type { Intent } from "../../domain/rows/intent.ts";
import { isPartOf, itemKey, partName, singleItems } from "../../domain/rows/item-key.ts";
import { findMirror, idOf, type Mirror, mirrorId } from "../../domain/rows/mirror.ts";
import { noticeId } from "../../domain/rows/mirror-name.ts";
import { noticeCause, noticeName } from "../../domain/rows/notice-cause.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { hashTexts } from "../../lib/hash.ts";
import type { Action } from "../plan/action.ts";
import { withdrawnThereReason } from "../plan/comments.ts";
import { withdrawnHash } from "../recognise/recognise.ts";
import { formatMoment, messageHeader } from "../render.ts";
import type { LeasedLink } from "../state.ts";
import { say, sayShort } from "../texts/say.ts";
import { carryFiles } from "./case-files.ts";
import { owedNotices, writeComment, writeOwedNotices } from "./notices.ts";
import { type ApplyDeps, needCase, needIssue, permanentReason, tellWrite } from "./write-once.ts";

/** One message as comments; one that Jira refuses for good leaves a placeholder, and the rest goes on (rule 8). */
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
    const header = messageHeader(message, deps.settings.huawei.timeZone, deps.settings);
    const notices = [
      {
        cause: noticeCause.messageRefused(sourceId),
        text: say(deps.settings, (t) => t.refusals.message(header, reason)),
      },
    ];
    await leased.apply({
      mirrors: [{ ...mirrorId.message(sourceId), fingerprint, state: "placeholder", reason }],
      failures: [
        { direction: "to-jira", item: itemKey("message", sourceId), reason: "comment_refused", detail: reason },
      ],
      intents: owedNotices(deps, leased, notices),
    });
    return writeOwedNotices(deps, leased, notices);
  }
}

/**
 * Messages that two readings lacked: when all pages of `/messages` lack them too, their copies say so. An equal message that the reading
 * holds is not the missing one. What a person wrote here and took back there is told on the issue. Answers how many comments were
 * written. May be repeated.
 */
export async function markWithdrawn(
  deps: ApplyDeps,
  leased: LeasedLink,
  { mirrors, reading }: Extract<Action, { kind: "mark_withdrawn" }>,
): Promise<number> {
  const listed = await deps.huawei.listMessages(needCase(leased), deps.lane);
  const shown = new Set(
    lackedBy(reading, listed)
      .filter((message) => message.content.trim() !== "" || message.files.length > 0)
      .flatMap(knownFingerprints),
  );
  let writes = 0;
  for (const mirror of mirrors) {
    const { sourceId } = mirror;
    const fingerprints = mirror.kind === "message" ? [mirror.fingerprint ?? ""] : mirror.copyFingerprints;
    if (fingerprints.some((fingerprint) => fingerprint === "" || shown.has(fingerprint))) {
      await leased.apply({ mirrors: [{ ...idOf(mirror), missingSince: null }] });
      continue;
    }
    if (mirror.kind === "comment") {
      writes += await noteTakenBack(deps, leased, mirror);
      continue;
    }
    const parts = leased.snapshot.mirrors.filter(
      (part): part is Mirror<"message"> => part.kind === "message" && isPartOf(part.sourceId, sourceId),
    );
    for (const part of parts) writes += await markCopy(deps, leased, part);
    await leased.apply({
      mirrors: parts.map((part) => ({
        ...idOf(part),
        state: "withdrawn",
        missingSince: null,
      })),
      resolvedFailures: [{ item: singleItems.conversation }],
      audit: [
        { side: "jira", action: "mark_withdrawn", item: itemKey("message", sourceId), result: mirror.copyId ?? "" },
      ],
    });
  }
  return writes;
}

/** Says on one comment of ours that its message was withdrawn. A comment that says so already, or is gone, is left alone. */
async function markCopy(deps: ApplyDeps, leased: LeasedLink, part: Mirror<"message">): Promise<number> {
  if (part.copyId === null) return 0;
  const issueId = needIssue(leased);
  const copy = await deps.jira.findComment(issueId, toId<CommentId>(part.copyId), deps.lane);
  if (copy === null || copy.stamp?.srcHash === withdrawnHash) return 0;
  const seen = formatMoment(deps.clock.now(), deps.settings.huawei.timeZone);
  const mark: CommentStamp = {
    ...(copy.stamp ?? {
      v: 1,
      inst: deps.installation,
      caseId: needCase(leased),
      fingerprint: part.sourceId,
      files: [],
    }),
    srcHash: withdrawnHash,
  };
  const bodyAdf = deps.text.withNote(
    copy.body,
    sayShort(deps.settings, (t) => t.messages.withdrawn(seen)),
  );
  await deps.jira.updateComment(issueId, copy.commentId, { bodyAdf, stamp: mark }, deps.lane);
  tellWrite(deps, leased, { side: "jira", action: "comment" });
  return 1;
}

async function noteTakenBack(deps: ApplyDeps, leased: LeasedLink, mirror: Mirror<"comment">): Promise<number> {
  const notices = [
    {
      cause: noticeCause.takenBack(mirror.sourceId, mirror.version),
      text: say(deps.settings, (t) => t.messages.takenBack),
    },
  ];
  await leased.apply({
    mirrors: [
      {
        ...idOf(mirror),
        state: "withdrawn",
        reason: withdrawnThereReason,
        missingSince: null,
      },
    ],
    intents: owedNotices(deps, leased, notices),
  });
  return writeOwedNotices(deps, leased, notices);
}

/** The comments of one message: who wrote it and when, its text, a line per file. */
export function renderMessage(
  deps: Pick<ApplyDeps, "text" | "settings">,
  message: CaseMessage,
  lines: readonly string[],
): readonly unknown[] {
  const header = messageHeader(message, deps.settings.huawei.timeZone, deps.settings);
  // The beginning that a list shows is no text to post (rule 3).
  if (message.textCut === true)
    return deps.text.messageToAdf({
      ...{ header, footer: lines, format: "plain" },
      text: say(deps.settings, (t) => t.messages.cut),
    });
  return deps.text.messageToAdf({ header, text: message.content, footer: lines });
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
  const docs = renderMessage(
    deps,
    message,
    carried.map((entry) => entry.line),
  );
  const srcHash = messageHash(message);
  const files = carried.flatMap((entry) =>
    entry.attachmentId === null ? [] : [[entry.file.fileId, entry.attachmentId] as const],
  );
  let writes = fileWrites;
  for (const [index, doc] of docs.entries()) {
    const partId = partName(sourceId, index + 1);
    const known = findMirror(leased.snapshot.mirrors, mirrorId.message(partId));
    // A part that was written is not written again; of a copy that was removed only the first part is known to be missing.
    if (known !== undefined && known.copyId !== null && !(action.again && index === 0)) continue;
    const mark: CommentStamp = {
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
      { kind: "comment", sourceId: partId },
      { bodyAdf: doc, mark, sourceFingerprint: fingerprint },
      (commentId) => ({
        mirrors: [
          {
            ...mirrorId.message(partId),
            fingerprint: index === 0 ? fingerprint : null,
            sourceHash: srcHash,
            sourceAt: message.createdAt,
            copyId: commentId,
            // The first part is complete only when the last one is written.
            state: index === 0 && !last ? "sending" : "live",
          },
        ],
        audit: [
          {
            side: "jira",
            action: last ? "comment" : "comment_part",
            item: itemKey("message", partId),
            result: commentId,
          },
        ],
        // One that Jira had refused before stands there now.
        ...(last ? { resolvedFailures: [{ item: itemKey("message", sourceId) }] } : {}),
      }),
    );
    writes += 1;
  }
  const row = mirrorId.message(sourceId);
  if (findMirror(leased.snapshot.mirrors, row)?.state !== "live")
    await leased.apply({ mirrors: [{ ...row, state: "live" }] });
  return writes;
}

/** The part of a description that did not fit into the issue: comments of our own. */
export async function postRest(
  deps: ApplyDeps,
  leased: LeasedLink,
  intent: Intent<"description_rest">,
): Promise<number> {
  const issueId = needIssue(leased);
  const docs = deps.text.messageToAdf({
    header: sayShort(deps.settings, (t) => t.description.continued),
    text: intent.payload.rest,
    footer: [],
    format: "plain",
  });
  let writes = 0;
  for (const [index, bodyAdf] of docs.entries()) {
    const cause = noticeCause.description(index + 2);
    const row = noticeId(cause);
    if (findMirror(leased.snapshot.mirrors, row) !== undefined) continue;
    const mark: CommentStamp = {
      v: 1,
      inst: deps.installation,
      caseId: needCase(leased),
      fingerprint: noticeName(cause),
      srcHash: hashTexts([JSON.stringify(bodyAdf)]).slice(0, 32),
      files: [],
    };
    await writeComment(deps, leased, issueId, { kind: "notice", cause }, { bodyAdf, mark }, (commentId) => ({
      mirrors: [{ ...row, copyId: commentId, state: "live" }],
    }));
    writes += 1;
  }
  await leased.apply({ confirmedIntents: [intent.key] });
  return writes;
}
