/**
 * The planner: from what is remembered and what was observed to a list of actions. Pure; all branches live here.
 *
 * Directions are independent: `to-jira` and `to-huawei` actions keep their own order, and an action that fails for a while holds
 * back only the later ones of its direction. `state` actions change only our memory.
 */

import { sortMessages } from "../../domain/identity.ts";
import { ignoredReason, isIgnored } from "../../domain/labels.ts";
import { intentsOf } from "../../domain/rows/intent.ts";
import { isItemOf } from "../../domain/rows/item-key.ts";
import { storedNameText } from "../../domain/rows/mirror-name.ts";
import { patchMirrors } from "../apply-step.ts";
import { type Recognised, recognise } from "../recognise/recognise.ts";
import type { StateStep } from "../state.ts";
import { type Action, type Plan, type PlanInput, Recheck } from "./action.ts";
import { planAnswers } from "./answers.ts";
import { planChanges } from "./changes.ts";
import { planCommands } from "./commands.ts";
import { planComments } from "./comments.ts";
import { planDuplicates } from "./duplicates.ts";
import { planAccessRequests, planFacts, planLabels } from "./facts.ts";
import { Kept, planGuardEnds } from "./guard-hold.ts";
import { planMessages, planOwed } from "./messages.ts";
import { planMissing } from "./missing.ts";
import { planRelations } from "./relations.ts";
import { remember } from "./remember.ts";
import { planRequest } from "./request.ts";
import { planStatus } from "./status.ts";

/** So long the stamp of a new issue is left to the rounds. */
const stampPatienceMs = 5 * 60_000;

/** Brings both sides of one link into agreement, as a list. Pure; the same input gives the same plan. */
export function planReconcile(input: PlanInput): Plan {
  const wasIgnored = input.link.reason === ignoredReason;
  const { issue } = input.observed;
  const ignored = issue === null ? wasIgnored : isIgnored(issue);
  const note: readonly Action[] =
    ignored === wasIgnored ? [] : [remember("note_ignored", { link: { reason: ignored ? ignoredReason : null } })];
  // Nothing is done and nothing is remembered, so that nothing is lost when the label is taken off.
  if (ignored) return { actions: note, recheckAt: null };
  const plan = planHeeded(input);
  return { ...plan, actions: [...note, ...plan.actions] };
}

function planHeeded(input: PlanInput): Plan {
  const found = recogniseOwn(input);
  if (found === null) return planRest(input);
  // What was recognised counts as remembered for the rest of the plan.
  const rest = planRest({
    ...input,
    mirrors: patchMirrors(input.mirrors, found.mirrors, input.now),
    intents: input.intents.filter((intent) => !found.confirmedIntents.includes(intent.key)),
  });
  return { ...rest, actions: [remember("adopt", adoptionStep(found)), ...rest.actions] };
}

/**
 * The rows of what was recognised, in one step that also counts it: three within an hour, and the connection stops as `memory_lost`
 * (rule 2). What is there twice is reported.
 */
function adoptionStep(found: Recognised): StateStep {
  return {
    mirrors: found.mirrors,
    confirmedIntents: found.confirmedIntents,
    adoptions: found.adopted,
    failures: found.duplicates.map(({ item, kept, other }) => ({
      direction: isItemOf("comment", item) ? "to-huawei" : "to-jira",
      item,
      reason: "duplicate",
      detail: `${other} is a second copy beside ${kept}`,
    })),
    ...(found.huaweiUserId === null ? {} : { huaweiUserId: found.huaweiUserId }),
    audit: found.mirrors
      .filter((mirror) => mirror.kind !== "file")
      .map((mirror) => ({
        side: mirror.origin === "huawei" ? "jira" : "huawei",
        action: "adopt",
        item: storedNameText(mirror),
        result: mirror.copyId ?? "adopted",
      })),
  };
}

/** Our marks without a row, `null` when there are none or one of the sides was not read (rule 2). */
function recogniseOwn(input: PlanInput): Recognised | null {
  const { link } = input;
  const { messages, comments, issue } = input.observed;
  if (link.issueId === null || messages === null || comments === null || issue === null) return null;
  const found = recognise({
    caseId: link.caseId,
    issueId: link.issueId,
    mirrors: input.mirrors,
    intents: input.intents,
    messages,
    comments,
    issue,
    settings: input.settings,
    huaweiUserIds: input.huaweiUserIds,
    ownAccountId: input.ownAccountId,
    accepts: (inst) => inst === input.installation,
    adfToText: input.adfToText,
    renderMessage: null,
    now: input.now,
    aheadMs: input.aheadMs,
  });
  return found.mirrors.length === 0 ? null : found;
}

/**
 * The rounds over the issues stamp new ones, many in one request; what they have left out for long is stamped by a full check. What
 * somebody wrote over is stamped anew.
 */
function isStampOwed({ link, observed, installation, now }: PlanInput): boolean {
  if (link.markStampedAt === null) return observed.full && now.getTime() - link.createdAt.getTime() > stampPatienceMs;
  const mark = observed.issue?.stamp ?? null;
  if (mark === null) return false;
  return mark.inst !== installation || mark.caseId !== link.caseId || mark.issueId !== link.issueId;
}

function renamesOf(action: Action): NonNullable<StateStep["renames"]> {
  return action.kind === "remember" ? (action.step.renames ?? []) : [];
}

function planRest(input: PlanInput): Plan {
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
  const until = { recheck, kept: new Kept() };
  const sorted =
    observed.messages === null
      ? null
      : sortMessages({
          messages: observed.messages,
          mirrors: input.mirrors,
          intents: input.intents,
          huaweiUserIds: input.huaweiUserIds,
        });
  const messages = sorted === null ? [] : planMessages(input, sorted, recheck);
  const statuses = planStatus(input, recheck);
  const ends = ({ kind }: Action): boolean => kind === "act_on_case";
  const actions: Action[] = [
    ...(isStampOwed(input) ? [{ kind: "stamp_issue", direction: "to-jira" } as const] : []),
    ...intentsOf(input.intents, "issue_fields").map(
      (intent) => ({ kind: "complete_issue", direction: "to-jira", intent }) as const,
    ),
    ...intentsOf(input.intents, "description_rest").map(
      (intent) => ({ kind: "post_rest", direction: "to-jira", intent }) as const,
    ),
    ...messages,
    ...(sorted === null ? [] : planMissing(input, sorted, recheck, messages.flatMap(renamesOf))),
    ...planDuplicates(input, sorted),
    ...planOwed(input),
    ...planLabels(input),
    ...planFacts(input),
    ...planAccessRequests(input),
    ...planRelations(input),
    ...statuses.filter((action) => !ends(action)),
    ...(observed.issue === null ? [] : planRequest(input, observed.issue)),
    ...(observed.issue === null || observed.comments === null
      ? []
      : [
          // Behind the comments of before, so that their order is kept.
          ...planComments(
            input,
            observed.issue,
            observed.comments,
            new Set(sorted?.confirmed.map((entry) => entry.intent.key)),
            until,
          ),
          ...planCommands(input, observed.issue, observed.comments, until),
          ...planChanges(input, observed.issue, until),
        ]),
    // Behind all that people wrote before they moved the issue: a closed case may take no message.
    ...statuses.filter(ends),
  ];
  if (observed.issue !== null && observed.comments !== null) actions.push(...planGuardEnds(input, until.kept));
  if (observed.comments !== null) actions.push(...planAnswers(input, observed.comments, actions));
  return { actions, recheckAt: recheck.at };
}
