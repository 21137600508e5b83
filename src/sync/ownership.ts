/**
 * Whose an issue is (rule 1). Labels and issue properties prove nothing by themselves: whoever may edit an issue may write both, copy
 * them with a clone, or change those of an issue that is ours.
 *
 * What people cannot write is who created an issue, and who changed it according to its changelog. So an issue is ours when its
 * property names the case and no issue but itself, and either our account created it, or, where a person did (a request, a pairing by
 * hand), our account gave it the label of that case.
 */
import type { CaseId } from "../domain/ids.ts";
import { caseLabel } from "../domain/labels.ts";
import type { Lane } from "../domain/lane.ts";
import type { ConnectionSettings } from "../domain/settings.ts";
import type { JiraPort, StampedIssue } from "./ports.ts";

type OwnershipDeps = { readonly jira: Pick<JiraPort, "getOwnAccountId" | "listChanges"> };

/** Whether the property names no issue but this one; one without any issue id is that of an issue which is being made. Pure. */
export function namesItself({ stamp, issueId }: Pick<StampedIssue, "stamp" | "issueId">): boolean {
  return stamp !== null && (stamp.issueId === undefined || stamp.issueId === issueId);
}

/**
 * Whether the issue stands in the connection's project. What another installation made elsewhere is no business of this one; what this
 * one made is its own wherever a person moved it. Pure.
 */
export function isInProject(
  { jira }: { readonly jira: Pick<ConnectionSettings["jira"], "projectKey"> },
  { projectKey }: Pick<StampedIssue, "projectKey">,
): boolean {
  return projectKey === jira.projectKey;
}

/**
 * Whether the issue is the one that some casebridge on our account paired with the case. Asks for the changelog only where a person
 * created the issue. Throws `ServiceError`.
 */
export async function isIssueOf(
  deps: OwnershipDeps,
  issue: StampedIssue,
  caseId: CaseId | string,
  lane: Lane,
): Promise<boolean> {
  if (!namesItself(issue) || issue.stamp?.caseId !== caseId) return false;
  return isByUs(deps, issue, caseId, lane);
}

/**
 * Whether our account created the issue, or gave it the label of the case: so much is proved of an issue whose property somebody
 * removed. Throws `ServiceError`.
 */
export async function isByUs(
  deps: OwnershipDeps,
  issue: Pick<StampedIssue, "issueId" | "creatorId">,
  caseId: CaseId | string,
  lane: Lane,
): Promise<boolean> {
  const own = await deps.jira.getOwnAccountId();
  if (issue.creatorId === own) return true;
  const label = caseLabel(caseId);
  const changes = await deps.jira.listChanges(issue.issueId, lane);
  const has = (text: string | null): boolean => (text ?? "").split(" ").includes(label);
  return changes.some(
    ({ field, authorId, fromText, toText }) => field === "labels" && authorId === own && has(toText) && !has(fromText),
  );
}
