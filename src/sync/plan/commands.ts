/**
 * Commands that people write as comments: `/urge`, `/close`, `/cancel`, `/rate 1-5 text`, `/release` (`/status` and `/resync`: answers.ts). `/case text` is a message, not an action, and
 * stands with the comments; what is answered to it is decided here.
 *
 * A command runs once per comment id, whatever is edited afterwards. What became of it stands in one mirror (`held` waits, `live` done,
 * `refused`) whose reason is the result; the reply is planned from that alone, so a process that dies between the action and the reply owes
 * nothing but the reply.
 */

import { type Command, isCaseText, isKnownCommand, parseCommand } from "../../domain/command-text.ts";
import type { Issue, IssueComment } from "../../domain/issue.ts";
import { findIntent, intentsOf } from "../../domain/rows/intent.ts";
import { itemKey } from "../../domain/rows/item-key.ts";
import { answeredCommand, type CommandResult, findMirror, type Mirror, mirrorId } from "../../domain/rows/mirror.ts";
import { toStoredName } from "../../domain/rows/mirror-name.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import { toPlainText } from "../../domain/text/sanitize.ts";
import { formatMoment } from "../render.ts";
import type { StateStep } from "../state.ts";
import type { IssueTexts } from "../texts/issue-texts.ts";
import { type Speaking, say } from "../texts/say.ts";
import { type Action, isOwed, type PlanInput, type Recheck } from "./action.ts";
import { findReleased, type Kept, planGuard, type Said } from "./guard-hold.ts";
import { remember } from "./remember.ts";
import { authorBar, commentBar, issueBar } from "./restriction.ts";

/** What became of the command in a comment; `undefined` when it was none, or is new. Pure. */
export function findCommand(mirrors: readonly Mirror[], commentId: string): Mirror<"command"> | undefined {
  return findMirror(mirrors, mirrorId.command(commentId));
}

/** Commands that are due, and replies that are owed. One that was not carried out and is not due any more is dropped. Pure. */
export function planCommands(
  input: PlanInput,
  issue: Issue,
  comments: readonly IssueComment[],
  { recheck, kept }: { readonly recheck: Recheck; readonly kept: Kept },
): Action[] {
  const actions: Action[] = [...planReplies(input), ...planCaseReplies(input, comments)];
  const sentAsText = new Set(
    input.mirrors
      .filter((mirror) => mirror.kind === "comment" && mirror.origin === "jira" && mirror.state !== "held")
      .map((mirror) => mirror.sourceId),
  );
  const people = comments.filter(
    (comment) => comment.authorId !== input.ownAccountId && comment.stamp == null && !sentAsText.has(comment.commentId),
  );
  for (const comment of people) {
    const known = findCommand(input.mirrors, comment.commentId);
    if (known?.state === "live" || known?.state === "refused") continue;
    // Older comments are history (rule 5).
    if (known === undefined && comment.createdAt < input.link.outgoingSince) continue;
    if (authorBar(comment, input.settings) !== null) continue;
    const text = input.adfToText(comment.body);
    const command = parseCommand(text);
    // Those are answered by planAnswers.
    if (command !== null && (command.name === "status" || command.name === "resync")) continue;
    // `/case text` is sent with the comments, or, where none leaves, answered here.
    if (command === null && !(isCaseText(text) && input.settings.comments.toHuawei === "none")) continue;
    const leavesAt = new Date(
      comment.updatedAt.getTime() - input.aheadMs.jira + input.settings.comments.holdSeconds * 1000,
    );
    if (leavesAt > input.now) {
      recheck.note(leavesAt);
      kept.keep(itemKey("comment", comment.commentId));
      continue;
    }
    // An answer everybody can read must not repeat a word that only some may.
    const isSlip = command?.name === "usage" && !isKnownCommand(command.of);
    if (isSlip && commentBar({ ...input, comment, comments, issue }) !== null) continue;
    const refusal = command === null ? "nothing_leaves" : refusalOf(input, { issue, comment, comments }, command);
    if (refusal !== null) {
      const name = command === null ? "case" : command.name === "usage" ? command.of : command.name;
      const { commentId, authorId } = comment;
      const result = { name, result: refusal };
      actions.push(remember("decide_command", decidedCommand(commentId, "refused", result, authorId)));
    } else if (command?.name === "release") {
      actions.push(...planRelease(input, { comment, comments }, command, kept));
    } else if (command !== null && command.name !== "usage") {
      actions.push(...planRun(input, comment, command, kept));
    }
  }
  const due = new Set<string>(
    actions.flatMap((action) => (action.kind === "run_command" ? [action.comment.commentId] : [])),
  );
  const keys = intentsOf(input.intents, "command")
    .filter(({ commentId, state }) => state === "planned" && !due.has(commentId))
    .map(({ key }) => key);
  return keys.length === 0 ? actions : [remember("drop_wishes", { confirmedIntents: keys }), ...actions];
}

/** What became of a command. The reply follows from it. `authorId`: who gave it, for the audit. Pure. */
export function decidedCommand(
  commentId: string,
  state: "live" | "refused" | "held",
  reason: CommandResult,
  authorId: string | null = null,
): StateStep {
  const command = mirrorId.command(commentId);
  return {
    mirrors: [{ ...command, state, reason }],
    audit: [
      {
        side: "huawei",
        action: `command ${reason.name}`,
        item: toStoredName(command).sourceId,
        result: `${state} ${reason.result}`.trim(),
        actor: authorId === null ? "a Jira account" : `Jira account ${authorId}`,
      },
    ],
  };
}

/** A word of a person about what waits. What waits only since this plan is looked at by the next one. */
function planRelease(
  input: PlanInput,
  { comment, comments }: { readonly comment: IssueComment; readonly comments: readonly IssueComment[] },
  command: Extract<Command, { readonly name: "release" }>,
  kept: Kept,
): Action[] {
  if (kept.hasNews) return [];
  const { commentId, authorId } = comment;
  const found = findReleased(input.mirrors, command, comment.updatedAt);
  const isEdited = ({ item }: { readonly item: string }): boolean =>
    comments.some((entry) => item === itemKey("comment", entry.commentId) && entry.updatedAt > comment.updatedAt);
  if ("refusal" in found || found.items.some(isEdited)) {
    const result = { name: "release", result: "refusal" in found ? found.refusal : "changed" };
    return [remember("decide_command", decidedCommand(commentId, "refused", result, authorId))];
  }
  return [{ kind: "release_guarded", direction: "to-huawei", comment, word: command.word, items: found.items }];
}

/** A command that is carried out; the text of a rating passes the guard first. */
function planRun(
  input: PlanInput,
  comment: IssueComment,
  command: Extract<Action, { readonly kind: "run_command" }>["command"],
  kept: Kept,
): readonly Action[] {
  const run = { kind: "run_command", direction: "to-huawei", comment, command } as const;
  const isRunning = findIntent(input.intents, { kind: "command", commentId: comment.commentId }) !== undefined;
  // With comments.toHuawei none no text of a comment leaves, and a rating's is one.
  if (command.name !== "rate" || isRunning || input.settings.comments.toHuawei === "none")
    return [{ ...run, asIs: false }];
  const written = formatMoment(comment.createdAt, input.settings.huawei.timeZone);
  const said: Said = {
    item: itemKey("comment", comment.commentId),
    texts: [toPlainText(command.text).trim()],
    at: comment.updatedAt,
    what: (t) => t.guard.rating(written, comment.commentId),
  };
  const guarded = planGuard(input, said, kept);
  return "actions" in guarded ? guarded.actions : [{ ...run, asIs: guarded.asIs }];
}

/** What can be refused without asking anybody. */
function refusalOf(
  input: PlanInput,
  about: { readonly issue: Issue; readonly comment: IssueComment; readonly comments: readonly IssueComment[] },
  command: Command,
): string | null {
  const bar = commentBar({ ...input, ...about });
  if (bar !== null) return issueBar(about.issue, input.settings) === null ? "restricted" : bar;
  if (command.name === "usage") return "usage";
  const nobody = input.settings.comments.toHuawei === "none" && input.settings.commands.role === null;
  return nobody ? "nobody" : null;
}

function planReplies(input: PlanInput): Action[] {
  return input.mirrors.flatMap((mirror): Action[] => {
    if (mirror.kind !== "command") return [];
    const { state, reason, sourceId: commentId } = mirror;
    const waitsForRelease = state === "held" && reason !== null;
    if (state !== "live" && state !== "refused" && !waitsForRelease) return [];
    const cause = waitsForRelease ? noticeCause.commandWaits(commentId) : noticeCause.reply(commentId);
    if (isOwed(input, cause)) return [];
    return [
      { kind: "notice", direction: "to-jira", cause, text: replyText(input.settings, reason ?? answeredCommand) },
    ];
  });
}

/** What `/case` sent is answered like any command, once its message stands there. */
function planCaseReplies(input: PlanInput, comments: readonly IssueComment[]): Action[] {
  return comments.flatMap((comment): Action[] => {
    if (comment.authorId === input.ownAccountId || !isCaseText(input.adfToText(comment.body))) return [];
    const mirror = findMirror(input.mirrors, mirrorId.comment(comment.commentId));
    const cause = noticeCause.reply(comment.commentId);
    if (mirror?.state !== "live" || isOwed(input, cause)) return [];
    return [
      {
        kind: "notice",
        direction: "to-jira",
        cause,
        text: replyText(input.settings, { name: "case", result: "done" }),
      },
    ];
  });
}

/** The reply to a command. Pure. */
export function replyText(settings: Speaking, reply: CommandResult): string {
  return say(settings, (t) => replyIn(t, reply));
}

function replyIn(t: IssueTexts, { name, result }: CommandResult): string {
  const of = <Entry>(entries: Readonly<Record<string, Entry>>, key: string): Entry | undefined =>
    Object.hasOwn(entries, key) ? entries[key] : undefined;
  if (result === "done") return of<string>(t.done, name) ?? t.doneOtherwise;
  if (result === "usage")
    return t.notUnderstood(name, isKnownCommand(name) ? (of<string>(t.usage, name) ?? "") : t.unknownCommand).trim();
  const hold = of<string>(t.issueHolds, result);
  if (hold !== undefined) return t.notDone(name, hold);
  return of<(name: string) => string>(t.replies, result)?.(name) ?? t.refusedCommand(name, result);
}
