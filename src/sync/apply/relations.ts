/**
 * Linking the issues of related cases.
 */
import { itemKey } from "../../domain/rows/item-key.ts";
import { mirrorId } from "../../domain/rows/mirror.ts";
import { isServiceError } from "../../domain/service-error.ts";
import type { Action } from "../plan/action.ts";
import type { LeasedLink } from "../state.ts";
import { type ApplyDeps, needIssue, tellWrite } from "./write-once.ts";

/**
 * Links two issues. Jira answers a link that is there already as if it had been made, and both pairs ask for the same direction, so it
 * needs no intent and may be repeated. Where Jira has no fitting type of link, or does not let us, that is remembered and is no failure.
 */
export async function linkIssues(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "link_issues" }>,
): Promise<number> {
  const { caseId, issueId } = action;
  const row = mirrorId.relation(caseId);
  const result = await deps.jira.linkIssues(needIssue(leased), issueId, deps.lane).catch((error: unknown) => {
    if (!isServiceError(error, "rejected", "not_found", "forbidden") || error.facts.outcomeUnknown) throw error;
    return error.kind;
  });
  await leased.apply({
    mirrors: [
      result === "linked"
        ? { ...row, copyId: issueId, state: "live" }
        : { ...row, state: "placeholder", reason: result },
    ],
    audit: [{ side: "jira", action: "link_issues", item: itemKey("case", caseId), result }],
  });
  if (result !== "linked") {
    deps.log.info({ caseId, reason: result }, "The issue of a related case cannot be linked");
    return 0;
  }
  tellWrite(deps, leased, { side: "jira", action: "link" });
  return 1;
}
