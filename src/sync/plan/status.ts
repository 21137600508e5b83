/**
 * Statuses of both sides (RULES 6).
 */
import { deletedStatus, isOpenStatus, statusName, waitingStatuses } from "../../domain/case.ts";
import type { Issue, StatusCategory } from "../../domain/issue.ts";
import type { ConnectionSettings, StatusTarget } from "../ports.ts";
import { type Action, hasNotice, type PlanInput } from "./action.ts";

/** Where a case status leads; an unknown number counts as open and in progress. */
export function statusTarget(settings: ConnectionSettings, status: number): StatusTarget {
  return settings.status.toJira[status] ?? { category: "indeterminate" };
}

/** Whether an issue in `category` may stand beside a case in `status` (RULES 6). */
export function isCompatible(status: number, category: StatusCategory): boolean {
  return isOpenStatus(status) === (category !== "done");
}

function fits(issue: Issue, target: StatusTarget): boolean {
  return "statusId" in target ? issue.statusId === target.statusId : issue.category === target.category;
}

/** Statuses in both directions, by the agreed pair (RULES 6). */
export function planStatus(input: PlanInput): Action[] {
  const { link, observed, settings } = input;
  const { issue } = observed;
  const status = observed.case?.status ?? link.caseStatus;
  if (status === null || issue === null) return [];
  const target = statusTarget(settings, status);
  const caseChanged = observed.case !== null && status !== link.agreedCaseStatus;
  const jiraChanged = link.agreedCategory !== null && issue.category !== link.agreedCategory;
  const actions: Action[] = [];

  if (caseChanged) {
    if (waitingStatuses.has(status) && link.agreedCaseStatus !== status) {
      // Once per entering; the number of the entry makes the cause unique.
      const entries = input.mirrors.filter(
        (mirror) => mirror.kind === "notice" && mirror.sourceId.startsWith("waits-"),
      ).length;
      actions.push({ kind: "notice", direction: "to-jira", cause: `waits-${entries + 1}`, text: waitsText(status) });
    }
    if (status === deletedStatus) {
      actions.push({
        kind: "notice",
        direction: "to-jira",
        cause: "deleted",
        text: "The service ticket was deleted in Huawei Cloud.",
      });
    }
    if (fits(issue, target)) {
      actions.push({ kind: "agree_status", direction: "state", caseStatus: status, category: issue.category });
    } else {
      if (jiraChanged && !isCompatible(status, issue.category)) {
        actions.push({
          kind: "notice",
          direction: "to-jira",
          cause: `both-${status}-${issue.category}`,
          text: `Both sides changed: the service ticket is "${statusName(status)}" now, so this issue follows it.`,
        });
      }
      actions.push({ kind: "move_issue", direction: "to-jira", target, caseStatus: status });
    }
    return actions;
  }
  if (!jiraChanged || observed.case === null) return actions;
  if (isCompatible(status, issue.category)) {
    return [{ kind: "agree_status", direction: "state", caseStatus: status, category: issue.category }];
  }
  return planPersonsMove(input, issue, status);
}

/** Only Jira changed, and the pair no longer fits: what a person's move does to the case (RULES 6). */
function planPersonsMove(input: PlanInput, issue: Issue, status: number): Action[] {
  const { settings, observed } = input;
  if (observed.statusChanges === null) return [];
  const last = observed.statusChanges.filter((change) => change.toStatusId === issue.statusId).at(-1);
  const agreed: Action = { kind: "agree_status", direction: "state", caseStatus: status, category: issue.category };
  // Moves by apps, and our own, never act on the case.
  if (last === undefined || last.authorId === input.ownAccountId) return [agreed];
  if (last.authorType === "app" && !settings.comments.allowAppAccounts.includes(last.authorId ?? "")) return [agreed];
  const cause = `move-${last.at.getTime()}`;

  if (issue.category !== "done") {
    return [{ kind: "ask_reopen", direction: "to-huawei", cause, category: issue.category }];
  }
  const mode = settings.status.closeOnDone;
  if (mode === "never") return [agreed];
  if (status === 2 || (mode === "always" && (status === 1 || status === 17))) {
    return [{ kind: "act_on_case", direction: "to-huawei", action: "close", cause, category: "done" }];
  }
  if (mode === "always" && status === 0) {
    return [{ kind: "act_on_case", direction: "to-huawei", action: "cancel", cause, category: "done" }];
  }
  const closeCause = `close-${last.at.getTime()}`;
  if (hasNotice(input, closeCause)) return [agreed];
  return [
    {
      kind: "notice",
      direction: "to-jira",
      cause: closeCause,
      text:
        `This issue was moved to done, but the service ticket is still "${statusName(status)}". ` +
        "Close or withdraw it in the Huawei Cloud console, or move this issue back.",
    },
  ];
}

function waitsText(status: number): string {
  return status === 2
    ? "Huawei Cloud waits for us: it proposes a solution and asks to confirm the result."
    : "Huawei Cloud waits for us: it asks for feedback on the service ticket.";
}
