/**
 * Moving the issue after its case.
 */
import type { Action } from "../plan/action.ts";
import type { LeasedLink, MirrorPatch } from "../state.ts";
import { postNotice } from "./notices.ts";
import { type ApplyDeps, needIssue } from "./write-once.ts";

/** The entry into a waiting status is over: its notice gets version 2, and the next entry is told anew. Pure. */
export function endOfEntry(cause: string | null): readonly MirrorPatch[] {
  return cause === null ? [] : [{ kind: "notice", origin: "huawei", sourceId: cause, version: 2, state: "live" }];
}

/** Moves the issue by a direct transition or along the configured `via` list; no wandering (RULES 6). */
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
    ...(action.backFrom === null
      ? []
      : [{ kind: "notice", origin: "jira", sourceId: action.backFrom, state: "live" } as const]),
  ];
  let writes = 0;
  for (let step = 0; step <= steps.length; step += 1) {
    const transitions = await deps.jira.listTransitions(issueId, deps.lane);
    const usable = transitions.filter((transition) => transition.requiredFields.length === 0);
    const direct = usable.find((transition) =>
      "statusId" in target ? transition.toStatusId === target.statusId : transition.toCategory === target.category,
    );
    const next =
      direct ??
      usable.find(
        (transition) => steps.includes(transition.toStatusId) && !visitedBefore(steps, step, transition.toStatusId),
      );
    if (next === undefined) break;
    await deps.jira.transitionIssue(issueId, next.transitionId, deps.lane);
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
        audit: [{ side: "jira", action: "transition", item: `status:${action.caseStatus}`, result: next.toStatusId }],
        resolvedFailures: [{ item: "status" }],
      });
      return writes;
    }
  }
  await leased.apply({
    link: { caseStatus: action.caseStatus, agreedCaseStatus: action.caseStatus },
    mirrors,
    failures: [
      {
        direction: "to-jira",
        item: "status",
        reason: "no_transition",
        detail: `no transition leads to ${name}; configure status.via`,
      },
    ],
  });
  const noticed = await postNotice(
    deps,
    leased,
    `no-transition-${action.caseStatus}-${name}`,
    `The service ticket changed its status, but the workflow offers no way to "${name}" from here. ` +
      "Move the issue by hand, or let an administrator configure status.via for casebridge.",
  );
  return writes + noticed;
}

function visitedBefore(steps: readonly string[], step: number, statusId: string): boolean {
  return steps.indexOf(statusId) < step - 1;
}
