/** Second copies of our own: removed where that is possible, else reported (rule 2). */

import { type IdentifiedMessage, markMirror } from "../../domain/identity.ts";
import { isServiceError } from "../../domain/service-error.ts";
import type { Mark } from "../../domain/text/marks.ts";
import type { Action } from "../plan/action.ts";
import type { LeasedLink } from "../state.ts";
import type { ApplyDeps } from "./write-once.ts";

/** Reports a second copy in Huawei, once: from then on it counts as a copy. Writes nothing remote. */
export async function reportDuplicate(
  leased: LeasedLink,
  message: IdentifiedMessage & { readonly mark: Mark },
): Promise<void> {
  const owner = markMirror(message.mark);
  const mirror = leased.snapshot.mirrors.find(
    (entry) => entry.kind === owner.kind && entry.origin === owner.origin && entry.sourceId === owner.sourceId,
  );
  await leased.apply({
    failures: [
      {
        direction: "to-huawei",
        item: `message:${message.sourceId}`,
        reason: "duplicate",
        detail: "a message of ours stands there twice; Huawei Cloud showed the first one only after it was given up",
      },
    ],
    mirrors: [{ ...owner, copyFingerprints: [...(mirror?.copyFingerprints ?? []), message.fingerprint] }],
    audit: [{ side: "huawei", action: "duplicate", item: `message:${message.sourceId}`, result: "reported" }],
  });
}

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
