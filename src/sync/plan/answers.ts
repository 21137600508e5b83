/**
 * Questions that people ask in a comment and that are answered on the issue: `/status` tells how the pair stands, `/resync` has it compared
 * afresh. Neither writes anything to Huawei, so both are for everybody who may comment, restricted comments included, and the answer
 * names no text of anybody.
 */
import { parseCommand } from "../../domain/command-text.ts";
import type { IssueComment } from "../../domain/issue.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import { formatMoment } from "../render.ts";
import type { IssueTexts } from "../texts/issue-texts.ts";
import { say } from "../texts/say.ts";
import { type Action, isOwed, type PlanInput } from "./action.ts";
import { decidedCommand, findCommand } from "./commands.ts";
import { remember } from "./remember.ts";
import { authorBar } from "./restriction.ts";

/** How many failures an answer names. */
const failuresMax = 5;

/** What is asked and not answered yet. `planned`: what the same plan holds besides. Pure. */
export function planAnswers(
  input: PlanInput,
  comments: readonly IssueComment[],
  planned: readonly Action[],
): readonly Action[] {
  return comments.flatMap((comment): readonly Action[] => {
    const { commentId, authorId } = comment;
    if (authorId === input.ownAccountId || comment.stamp != null || authorBar(comment, input.settings) !== null)
      return [];
    if (comment.createdAt < input.link.outgoingSince) return [];
    const command = parseCommand(input.adfToText(comment.body));
    if (command?.name === "resync" && findCommand(input.mirrors, commentId) === undefined)
      return [
        remember("resync", decidedCommand(commentId, "live", { name: "resync", result: "done" }, authorId), {
          wakes: true,
        }),
      ];
    const cause = noticeCause.reply(commentId);
    if (command?.name !== "status" || isOwed(input, cause)) return [];
    return [{ kind: "notice", direction: "to-jira", cause, text: stateText(input, planned) }];
  });
}

/** How the pair stands, for people: state, what waits and since when, failures with their remedies. */
function stateText(input: PlanInput, planned: readonly Action[]): string {
  return say(input.settings, (t) => stateIn(t, input, planned));
}

function stateIn(t: IssueTexts, input: PlanInput, planned: readonly Action[]): string {
  const { link, failures, observed, paused } = input;
  const when = (at: Date): string => formatMoment(at, input.settings.huawei.timeZone);
  const status = observed.case?.status ?? link.caseStatus;
  const lines = [t.state.pair(link.caseId ?? "", status, link.state)];
  if (paused.toJira) lines.push(t.state.pausedToJira);
  if (paused.toHuawei) lines.push(t.state.pausedToHuawei);
  for (const [side, direction, where] of [
    ["huawei", "to-huawei", t.state.toHuawei],
    ["jira", "to-jira", t.state.toJira],
  ] as const) {
    const open = input.intents.filter((intent) => intent.side === side);
    const fresh = planned.filter((action) => action.direction === direction).length;
    if (open.length === 0 && fresh === 0) continue;
    const oldest = open.map(({ createdAt }) => createdAt).sort((a, b) => a.getTime() - b.getTime())[0];
    const since = oldest === undefined ? "" : t.state.oldest(when(oldest));
    lines.push(t.state.onTheWay(where, Math.max(open.length, fresh), since));
  }
  if (lines.length === 1) lines.push(t.state.nothing);
  for (const { item, reason, firstAt } of failures.slice(0, failuresMax))
    lines.push(t.state.failure(item, reason, when(firstAt), t.remedy(reason)));
  if (failures.length > failuresMax) lines.push(t.state.more(failures.length - failuresMax));
  return lines.join("\n");
}
