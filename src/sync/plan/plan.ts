/**
 * The planner: from what is remembered and what was observed to a list of actions. Pure; all branches live here.
 *
 * Directions are independent: `to-jira` and `to-huawei` actions keep their own order, and an action that fails for a while holds
 * back only the later ones of its direction. `state` actions change only our memory.
 */
import { sortMessages } from "../identity.ts";
import { type Action, descriptionRestKey, type Plan, type PlanInput, Recheck } from "./action.ts";
import { planCommands } from "./commands.ts";
import { planComments } from "./comments.ts";
import { planDuplicates } from "./duplicates.ts";
import { planAccessRequests, planFacts } from "./facts.ts";
import { planLabels } from "./labels.ts";
import { planMessages, planOwed } from "./messages.ts";
import { planMissing } from "./missing.ts";
import { planRequest } from "./request.ts";
import { planStatus } from "./status.ts";

/** So long the stamp of a new issue is left to the rounds. */
const stampPatienceMs = 5 * 60_000;

/** Brings both sides of one link into agreement, as a list. Pure; the same input gives the same plan. */
export function planReconcile(input: PlanInput): Plan {
  const { link, observed } = input;
  if (link.issueId === null) {
    return {
      actions: observed.case === null ? [] : [{ kind: "create_issue", direction: "to-jira", detail: observed.case }],
      recheckAt: null,
    };
  }
  // A request has nothing to mirror until its case is there.
  if (link.caseId === null) return { actions: [], recheckAt: null };
  const recheck = new Recheck();
  const sorted =
    observed.messages === null
      ? null
      : sortMessages({
          messages: observed.messages,
          mirrors: input.mirrors,
          intents: input.intents,
          huaweiUserIds: input.huaweiUserIds,
        });
  const actions: Action[] = [
    // The round over the issues stamps new ones, many in one request; what it has left out for long is stamped here.
    ...(link.markStampedAt === null && input.now.getTime() - link.createdAt.getTime() > stampPatienceMs
      ? [{ kind: "stamp_issue", direction: "to-jira" } as const]
      : []),
    ...input.intents
      .filter((intent) => intent.key === descriptionRestKey)
      .map((intent) => ({ kind: "post_rest", direction: "to-jira", intent }) as const),
    ...(sorted === null ? [] : [...planMessages(input, sorted), ...planMissing(input, sorted, recheck)]),
    ...planDuplicates(input, sorted),
    ...planOwed(input),
    ...planLabels(input),
    ...planFacts(input),
    ...planAccessRequests(input),
    ...planStatus(input, recheck),
    ...(observed.issue === null ? [] : planRequest(input, observed.issue)),
    ...(observed.issue === null || observed.comments === null
      ? []
      : [
          // Behind the comments of before, so that their order is kept.
          ...planComments(
            input,
            observed.issue,
            observed.comments,
            {
              confirmed: new Set(sorted?.confirmed.map((entry) => entry.intent.key)),
              // Comments whose messages are just being recognised are not sent.
              adopted: new Set(
                sorted?.unknownMarks.flatMap(({ mark }) => (mark.kind === "comment" ? [mark.commentId] : [])),
              ),
            },
            recheck,
          ),
          ...planCommands(input, observed.issue, observed.comments, recheck),
        ]),
  ];
  return { actions, recheckAt: recheck.at };
}
