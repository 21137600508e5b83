import { isServiceError } from "../../domain/service-error.ts";
import type { Action } from "../plan/action.ts";
import type { LeasedLink } from "../state.ts";
import type { ApplyDeps } from "./write-once.ts";

/** Removes a second copy of ours from Jira. Answers how many writes that took. May be repeated: a copy that is gone is fine. Throws `ServiceError`. */
export async function removeDuplicate(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "remove_duplicate" }>,
): Promise<number> {
  const { issueId } = leased.snapshot.link;
  if (issueId === null) return 0;
  try {
    if (action.copy.kind === "file") await deps.jira.deleteFile(action.copy.attachmentId, deps.lane);
    else await deps.jira.deleteComment(issueId, action.copy.commentId, deps.lane);
  } catch (error) {
    // An earlier pass over the same reading removed it, or a person did.
    if (!isServiceError(error, "not_found")) throw error;
    return 0;
  }
  await leased.apply({
    audit: [{ side: "jira", action: "duplicate", item: action.item, result: "removed" }],
  });
  deps.log.warn({ item: action.item, issueKey: leased.snapshot.link.issueKey }, "A second copy of ours was removed");
  return 1;
}
