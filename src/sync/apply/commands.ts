/**
 * Carrying out a command that a person wrote as a comment, once per comment.
 */

import type { Stars } from "../../domain/command-text.ts";
import { type CommentHashes, commentHashes, type RememberedHashes } from "../../domain/identity.ts";
import { type ActionPayload, findIntent, newIntent } from "../../domain/rows/intent.ts";
import { intentKey } from "../../domain/rows/intent-key.ts";
import { mirrorId } from "../../domain/rows/mirror.ts";
import { toStoredName } from "../../domain/rows/mirror-name.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import { guardText } from "../../domain/text/guard.ts";
import { cutGuarded, type GuardedText, ownWords } from "../../domain/text/guarded.ts";
import { formatMark } from "../../domain/text/marks.ts";
import { toPlainText } from "../../domain/text/sanitize.ts";
import type { Action } from "../plan/action.ts";
import { decidedCommand, findCommand } from "../plan/commands.ts";
import type { LeasedLink } from "../state.ts";
import { say } from "../texts/say.ts";
import { type Subject, Withheld } from "./gate.ts";
import { type Notice, owedNotices, writeOwedNotices } from "./notices.ts";
import { type ApplyDeps, guardFor, markKey, needCase, needIssue, refusalText, writeOnce } from "./write-once.ts";

/** UTF-16 units of a rating's text (huawei.md 5). */
const ratingCharsMax = 400;

/** Checks who asks, then acts. Answers how many requests were made. Throws as `writeOnce`, and what the gate throws. */
export async function runCommand(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "run_command" }>,
): Promise<number> {
  const { comment, command } = action;
  const { commentId } = comment;
  const { name } = command;
  const row = mirrorId.command(commentId);
  const known = findCommand(leased.snapshot.mirrors, commentId);
  if (known?.state === "live" || known?.state === "refused") return 0;
  const id = { kind: "command", commentId } as const;
  const running = findIntent(leased.snapshot.intents, id) !== undefined;
  const hashes = commentHashes(comment, deps.text.adfToText);
  const subject = { kind: "comment", issueId: needIssue(leased), commentId, ...hashes } as const;
  if (!running) {
    await deps.gate.require(subject);
    const refusal = await permissionRefusal(deps, comment);
    if (refusal !== null) {
      await leased.apply(decidedCommand(commentId, "refused", { name, result: refusal }, comment.authorId));
      // The reply is planned from what was just stored.
      return 1;
    }
    if (command.name === "close" || command.name === "cancel") {
      if (known === undefined) {
        await leased.apply({
          mirrors: [{ ...row, state: "held", reason: null }],
          audit: [{ side: "jira", action: "wants_close", item: toStoredName(row).sourceId, result: "noted" }],
        });
      }
      if ((await deps.closes.admitClose(leased.snapshot.link.connectionName, null)) === "held") {
        if (known?.reason == null)
          await leased.apply(decidedCommand(commentId, "held", { name, result: "held" }, comment.authorId));
        return known?.reason == null ? 1 : 0;
      }
    }
  }
  const { notices: owedTexts, masked, ...described } = describe(deps, leased, action);
  if (!running && owedTexts.length > 0) await leased.apply({ intents: owedNotices(deps, leased, owedTexts) });
  if (!running && masked) deps.onDisclosure?.({ kind: "masked", item: "rating" });
  try {
    await writeOnce(deps, leased, {
      intent: newIntent(id, {
        payload: {
          // The previous release reads the name; it is no longer needed once that one is gone.
          name,
          action: name === "urge" ? "press" : name,
          authorId: comment.authorId,
          ...described,
          ...hashes,
        },
      }),
      call: (frozen) => call(deps, leased, { ...subject, ...frozenHashes(frozen, hashes) }, frozen),
      confirm: () => decidedCommand(commentId, "live", { name, result: "done" }, comment.authorId),
    });
  } catch (error) {
    // Nothing was asked for: what the comment says by now, and to whom, is decided anew.
    if (error instanceof Withheld) await leased.apply({ confirmedIntents: [intentKey(id)] });
    const reason = refusalText(error);
    if (reason === null) throw error;
    await leased.apply(decidedCommand(commentId, "refused", { name, result: reason }, comment.authorId));
  }
  return 1 + (await writeOwedNotices(deps, leased, owedTexts));
}

/** Who stands behind a comment: its author, and who edited it last. */
type Writer = { readonly authorId: string | null; readonly editorId?: string };

/**
 * Why this person may not use commands (`role_missing`, `role_unreadable`, `not_permitted`, `nobody`), or `null`. Without a role everybody may
 * whose comments would be sent (rule 6); where no comment is sent, that is nobody. Both author and editor must be in the role: who may edit comments of others gains no
 * right by it. Throws `ServiceError`.
 */
export async function permissionRefusal(deps: ApplyDeps, { authorId, editorId }: Writer): Promise<string | null> {
  const { commands, comments } = deps.settings;
  const { role } = commands;
  if (role === null) return comments.toHuawei === "none" ? "nobody" : null;
  const members = await deps.jira.findRoleMembers(role, deps.lane);
  if (typeof members === "string") return members;
  const isMember = (accountId: string | null): boolean => accountId !== null && members.includes(accountId);
  return isMember(authorId) && isMember(editorId ?? authorId) ? null : "not_permitted";
}

/** The mark that tells this command's trace from others', and what a rating says. Only ratings carry a text of the person. */
function describe(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "run_command" }>,
): {
  readonly description: GuardedText;
  readonly trace: GuardedText;
  readonly stars?: Stars;
  readonly notices: readonly Notice[];
  readonly masked: boolean;
} {
  const mark = formatMark({
    kind: "comment",
    issueKey: markKey(leased),
    commentId: action.comment.commentId,
    version: 1,
    part: null,
    withdrawn: false,
  });
  if (action.command.name !== "rate") return { description: mark, trace: mark, notices: [], masked: false };
  // With comments.toHuawei none no text of a comment leaves, and a rating's is one.
  const text = deps.settings.comments.toHuawei === "none" ? "" : action.command.text;
  const guarded = guardText(toPlainText(text).trim(), guardFor(deps.settings, action));
  const whole = guarded.text === "" ? mark : ownWords`${mark} ${guarded.text}`;
  const description = cutGuarded(whole, ratingCharsMax);
  const isMasked = guarded.masked.length > 0;
  const notices =
    !isMasked && description === whole
      ? []
      : [
          {
            cause: noticeCause.ratingChanged(action.comment.commentId),
            text: say(deps.settings, (t) =>
              t.guard.changedRating([
                ...(isMasked ? [t.guard.maskedPart(t.masked(guarded.masked))] : []),
                ...(description === whole ? [] : [t.guard.cut(ratingCharsMax)]),
              ]),
            ),
          },
        ];
  return { description, trace: mark, stars: action.command.stars, notices, masked: isMasked };
}

/** What the comment said when its command was frozen; an older release froze no digest. */
function frozenHashes({ sourceHash, sourceDigest }: ActionPayload, now: CommentHashes): RememberedHashes {
  return typeof sourceHash === "string" ? { sourceHash, sourceDigest: sourceDigest ?? null } : now;
}

async function call(
  deps: ApplyDeps,
  leased: LeasedLink,
  subject: Subject,
  { action, description, stars }: ActionPayload,
): Promise<void> {
  const caseId = needCase(leased);
  if (action === "rate") {
    if (stars === undefined) throw new Error("a rating was frozen without its stars");
    return deps.huawei.rateCase(caseId, deps.gate.seal(subject, { stars, text: description }), deps.lane);
  }
  await deps.huawei.performAction(caseId, action, deps.gate.seal(subject, description), deps.lane);
}
