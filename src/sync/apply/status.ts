/**
 * Moving the issue after its case.
 */

import type { Transition } from "../../domain/issue.ts";
import { itemKey, singleItems } from "../../domain/rows/item-key.ts";
import { type MirrorPatch, mirrorId } from "../../domain/rows/mirror.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import type { StatusTarget } from "../../domain/settings.ts";
import { chooseStatus, type NamedStatus, type StatusChoice } from "../../domain/status-choice.ts";
import { fillTransition } from "../../domain/transition-fields.ts";
import type { Action } from "../plan/action.ts";
import { endOfEntry, endOfWishes, fits } from "../plan/status.ts";
import type { LeasedLink } from "../state.ts";
import { owedNotices, writeOwedNotices } from "./notices.ts";
import { type ApplyDeps, needIssue, Unsettled } from "./write-once.ts";

/** The transition that leads to the target: to the status itself, or to the one of the category that means what the case does. Pure. */
export function chooseTransition(
  usable: readonly Transition[],
  target: StatusTarget,
  caseStatus: number,
): StatusChoice<NamedStatus & { readonly transition: Transition }> {
  const leading = leadingTo(usable, target).map((transition) => ({
    id: transition.toStatusId,
    name: transition.toStatusName,
    transition,
  }));
  // The later of equal ones is kept: the order that `byTransition` gives is turned round.
  return chooseStatus(leading.toReversed(), caseStatus);
}

function leadingTo(transitions: readonly Transition[], target: StatusTarget): readonly Transition[] {
  return transitions.filter((transition) =>
    "statusId" in target ? transition.toStatusId === target.statusId : transition.toCategory === target.category,
  );
}

/** Of several transitions to one status the one that is named like it, then the one with the lowest id; never the first in a list. */
export function byTransition(left: Transition, right: Transition): number {
  const named = (one: Transition): number =>
    one.name.trim().toLowerCase() === one.toStatusName.trim().toLowerCase() ? 0 : 1;
  return (
    named(left) - named(right) ||
    left.transitionId.length - right.transitionId.length ||
    (left.transitionId < right.transitionId ? -1 : 1)
  );
}

/**
 * Moves the issue by a direct transition or along the configured `via` list; no wandering (rule 6). Where no way leads on, and nobody has
 * put the issue there meanwhile, that is told once. Answers the number of writes. Throws `ServiceError`, `LeaseLost` and, for an issue that
 * is gone, `Unsettled`. May be repeated.
 */
export async function moveIssue(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "move_issue" }>,
): Promise<number> {
  const issueId = needIssue(leased);
  const { target } = action;
  const name = "statusId" in target ? target.statusId : target.category;
  const steps = deps.settings.status.via[name] ?? [];
  const mirrors: readonly MirrorPatch[] = [
    ...endOfEntry(action.entered),
    ...endOfWishes(leased.snapshot),
    ...(action.backFrom === null ? [] : [{ ...mirrorId.movedBack(action.backFrom), state: "live" } as const]),
  ];
  let writes = 0;
  /** Fields that transitions to the target demand and nothing fills. */
  let demanded: readonly string[] = [];
  /** Statuses among which no name decides. */
  let alike: string | null = null;
  for (let step = 0; step <= steps.length; step += 1) {
    const transitions = await deps.jira.listTransitions(issueId, deps.lane);
    const filled = (transition: Transition) => fillTransition(transition, deps.settings.status.fields);
    const usable = transitions.filter((transition) => filled(transition).missing.length === 0).sort(byTransition);
    demanded = leadingTo(transitions, target).flatMap((transition) => filled(transition).missing);
    const choice = chooseTransition(usable, target, action.caseStatus);
    if (choice.kind === "ambiguous") {
      alike = choice.statuses.map(({ name: status, id }) => `${status} (${id})`).join(", ");
      break;
    }
    const direct = choice.kind === "one" ? choice.status.transition : undefined;
    const next =
      direct ??
      usable.find(
        (transition) => steps.includes(transition.toStatusId) && !visitedBefore(steps, step, transition.toStatusId),
      );
    if (next === undefined) break;
    await deps.jira.transitionIssue(issueId, next.transitionId, filled(next).fields, deps.lane);
    writes += 1;
    deps.onWrite?.({ side: "jira", action: "transition" });
    if (next === direct) {
      await leased.apply({
        link: {
          caseStatus: action.caseStatus,
          agreedCaseStatus: action.caseStatus,
          agreedCategory: next.toCategory,
        },
        mirrors,
        audit: [
          {
            side: "jira",
            action: "transition",
            item: itemKey("status", String(action.caseStatus)),
            result: next.toStatusId,
          },
        ],
        resolvedFailures: [{ item: singleItems.status }],
      });
      return writes;
    }
  }
  // Whatever a person did meanwhile counts: where the issue stands now, and not where it was seen, nothing leads on.
  const issue = await deps.jira.findIssue(issueId, deps.lane);
  // The next reading says what that means.
  if (issue === null) throw new Unsettled(singleItems.status);
  const link = {
    caseStatus: action.caseStatus,
    agreedCaseStatus: action.caseStatus,
    agreedCategory: issue.category,
  };
  if (fits(issue, target)) {
    await leased.apply({ link, mirrors, resolvedFailures: [{ item: singleItems.status }] });
    return writes;
  }
  const notices = [
    {
      cause: noticeCause.noTransition(action.caseStatus, name),
      text:
        alike === null
          ? `The service ticket changed its status, but the workflow offers no way to "${name}" from here. ` +
            "Move the issue by hand, or let an administrator configure status.via for casebridge."
          : `The service ticket changed its status, and several statuses of this workflow fit: ${alike}. ` +
            "Move the issue by hand, or let an administrator name one in status.toJira for casebridge.",
    },
  ];
  await leased.apply({
    link,
    mirrors,
    intents: owedNotices(deps, leased, notices),
    failures: [
      {
        direction: "to-jira",
        item: singleItems.status,
        reason: "no_transition",
        detail:
          alike === null
            ? demanded.length === 0
              ? `no transition leads to ${name}; configure status.via`
              : `the transition to ${name} demands ${[...new Set(demanded)].join(", ")}; configure status.fields`
            : `several statuses fit: ${alike}; name one in status.toJira`,
      },
    ],
  });
  return writes + (await writeOwedNotices(deps, leased, notices));
}

function visitedBefore(steps: readonly string[], step: number, statusId: string): boolean {
  return steps.indexOf(statusId) < step - 1;
}
