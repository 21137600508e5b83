/**
 * Moving the issue after its case.
 */

import type { IssueId } from "../../domain/ids.ts";
import type { StatusCategory, Transition } from "../../domain/issue.ts";
import { itemKey, singleItems } from "../../domain/rows/item-key.ts";
import { type MirrorPatch, mirrorId } from "../../domain/rows/mirror.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import type { StatusTarget } from "../../domain/settings.ts";
import { chooseStatus, type NamedStatus, type StatusChoice } from "../../domain/status-choice.ts";
import { fillTransition } from "../../domain/transition-fields.ts";
import type { Action } from "../plan/action.ts";
import { endOfEntry, endOfWishes, fits } from "../plan/status.ts";
import type { LeasedLink, StateStep } from "../state.ts";
import { say } from "../texts/say.ts";
import { owedNotices, writeOwedNotices } from "./notices.ts";
import { type ApplyDeps, needIssue, tellWrite, Unsettled } from "./write-once.ts";

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

type MoveIssue = Extract<Action, { kind: "move_issue" }>;

/** How a way through the workflow ended. */
type Way = {
  readonly writes: number;
  /** The transition that reached the target. */
  readonly last: Transition | null;
  /** Fields that transitions to the target demand and nothing fills. */
  readonly demanded: readonly string[];
  /** Statuses among which no name decides. */
  readonly alike: string | null;
};

/**
 * Moves the issue by a direct transition or along the configured `via` list; no wandering (rule 6). Where no way leads on, and nobody has
 * put the issue there meanwhile, that is told once. Answers the number of writes. Throws `ServiceError`, `LeaseLost` and, for an issue that
 * is gone, `Unsettled`. May be repeated.
 */
export async function moveIssue(deps: ApplyDeps, leased: LeasedLink, action: MoveIssue): Promise<number> {
  const issueId = needIssue(leased);
  const { caseStatus, target } = action;
  const way = await walk(deps, leased, issueId, action);
  if (way.last !== null) {
    const audit = {
      side: "jira",
      action: "transition",
      item: itemKey("status", String(caseStatus)),
      result: way.last.toStatusId,
    } as const;
    await leased.apply({ ...agreedStep(leased, action, way.last.toCategory), audit: [audit] });
    return way.writes;
  }
  // Whatever a person did meanwhile counts: where the issue stands now, and not where it was seen, nothing leads on.
  const issue = await deps.jira.findIssue(issueId, deps.lane);
  // The next reading says what that means.
  if (issue === null) throw new Unsettled(singleItems.status);
  const step = agreedStep(leased, action, issue.category);
  if (fits(issue, target)) {
    await leased.apply(step);
    return way.writes;
  }
  const { resolvedFailures: _unresolved, ...agreed } = step;
  return way.writes + (await tellNoWay(deps, leased, action, { ...way, agreed }));
}

/** Moves the issue on until it reaches the target, or nothing leads on. */
async function walk(
  deps: ApplyDeps,
  leased: LeasedLink,
  issueId: IssueId,
  { target, caseStatus }: MoveIssue,
): Promise<Way> {
  const steps = deps.settings.status.via[nameOf(target)] ?? [];
  let writes = 0;
  let demanded: readonly string[] = [];
  for (let step = 0; step <= steps.length; step += 1) {
    const transitions = await deps.jira.listTransitions(issueId, deps.lane);
    const filled = (transition: Transition) => fillTransition(transition, deps.settings.status.fields);
    const usable = transitions.filter((transition) => filled(transition).missing.length === 0).sort(byTransition);
    demanded = leadingTo(transitions, target).flatMap((transition) => filled(transition).missing);
    const choice = chooseTransition(usable, target, caseStatus);
    if (choice.kind === "ambiguous") {
      const alike = choice.statuses.map(({ name, id }) => `${name} (${id})`).join(", ");
      return { writes, last: null, demanded, alike };
    }
    const direct = choice.kind === "one" ? choice.status.transition : undefined;
    const next =
      direct ?? usable.find(({ toStatusId }) => steps.includes(toStatusId) && !visitedBefore(steps, step, toStatusId));
    if (next === undefined) break;
    await deps.jira.transitionIssue(issueId, next.transitionId, filled(next).fields, deps.lane);
    writes += 1;
    tellWrite(deps, leased, { side: "jira", action: "transition" });
    if (next === direct) return { writes, last: next, demanded, alike: null };
  }
  return { writes, last: null, demanded, alike: null };
}

function nameOf(target: StatusTarget): string {
  return "statusId" in target ? target.statusId : target.category;
}

/** Both sides agree on where the issue stands now. */
function agreedStep(leased: LeasedLink, action: MoveIssue, agreedCategory: StatusCategory): StateStep {
  const { caseStatus, entered, backFrom } = action;
  const back: readonly MirrorPatch[] = backFrom === null ? [] : [{ ...mirrorId.movedBack(backFrom), state: "live" }];
  return {
    link: { caseStatus, agreedCaseStatus: caseStatus, agreedCategory },
    mirrors: [...endOfEntry(entered), ...endOfWishes(leased.snapshot), ...back],
    resolvedFailures: [{ item: singleItems.status }],
  };
}

/** Tells once that the issue cannot be moved after its case, and what would help. Answers the number of writes. */
async function tellNoWay(
  deps: ApplyDeps,
  leased: LeasedLink,
  { target, caseStatus }: MoveIssue,
  { alike, demanded, agreed }: Pick<Way, "alike" | "demanded"> & { readonly agreed: StateStep },
): Promise<number> {
  const name = nameOf(target);
  const demands = [...new Set(demanded)].join(", ");
  const text = say(deps.settings, (t) => (alike === null ? t.statuses.noWay(name) : t.statuses.alike(alike)));
  const untold =
    demands === ""
      ? `no transition leads to ${name}; configure status.via`
      : `the transition to ${name} demands ${demands}; configure status.fields`;
  const detail = alike === null ? untold : `several statuses fit: ${alike}; name one in status.toJira`;
  const notices = [{ cause: noticeCause.noTransition(caseStatus, name), text }];
  await leased.apply({
    ...agreed,
    intents: owedNotices(deps, leased, notices),
    failures: [{ direction: "to-jira", item: singleItems.status, reason: "no_transition", detail }],
  });
  return writeOwedNotices(deps, leased, notices);
}

function visitedBefore(steps: readonly string[], step: number, statusId: string): boolean {
  return steps.indexOf(statusId) < step - 1;
}
