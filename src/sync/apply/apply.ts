/**
 * Performing the actions of a plan. Every remote write goes through `writeOnce`: intent first, then the call, then the confirmation,
 * each conditional on the lease. What is written was frozen in the intent, so a repeat sends the same bytes.
 */

import { ignoredReason } from "../../domain/labels.ts";
import type { Action } from "../plan/action.ts";
import { restrictedFilePatch } from "../plan/disclosure.ts";
import { relatedRow, relationsRow } from "../plan/relations.ts";
import type { Recognised } from "../recognise.ts";
import type { LeasedLink } from "../state.ts";
import { actOnCase, askReopen, wantClose } from "./actions.ts";
import { carryFiles, carryLateFile } from "./case-files.ts";
import { dropChange, rememberChange, tellChange } from "./changes.ts";
import { decidedCommand, runCommand } from "./commands.ts";
import { confirmMessage, sendComment, withdrawComment } from "./comments.ts";
import { removeDuplicate, reportDuplicate } from "./duplicates.ts";
import { changeLabels, createIssue, stampIssue } from "./issue.ts";
import { sendOwnFile } from "./issue-files.ts";
import { markWithdrawn, noteMissing, postMessage, postRest, reportShrink } from "./messages.ts";
import { postNotice, resumeNotice } from "./notices.ts";
import { dropParts, sendPart } from "./parts.ts";
import { linkIssues } from "./relations.ts";
import { endOfEntry, moveIssue } from "./status.ts";
import { type ApplyDeps, needIssue, Unsettled } from "./write-once.ts";

/** Performs one action. Returns how many remote writes it made. Throws `ServiceError`, `Unsettled`, `LeaseLost`. */
export async function applyAction(deps: ApplyDeps, leased: LeasedLink, action: Action): Promise<number> {
  switch (action.kind) {
    case "create_issue":
      return createIssue(deps, leased, action);
    case "rename_message":
      await leased.apply({ renames: [{ kind: "message", origin: "huawei", from: action.from, to: action.to }] });
      return 0;
    case "confirm_message":
      await confirmMessage(deps, leased, action);
      return 0;
    case "adopt":
      await adopt(leased, action.found);
      return 0;
    case "report_unknown_mark":
      await leased.apply({
        failures: [
          {
            direction: "to-jira",
            item: `message:${action.message.sourceId}`,
            reason: "unknown_mark",
            detail: "a message starts with a mark that nobody here remembers",
          },
        ],
      });
      return 0;
    case "report_duplicate":
      await reportDuplicate(leased, action.message);
      return 0;
    case "remove_duplicate":
      return removeDuplicate(deps, leased, action);
    case "carry_issue_files":
      return carryFiles(deps, leased, action.files, action.parentId).then((carried) => carried.writes);
    case "carry_late_file":
      return carryLateFile(deps, leased, action);
    case "note_missing":
      await noteMissing(deps, leased, action);
      return 0;
    case "report_shrink":
      await reportShrink(leased, action.missing);
      return 0;
    case "mark_withdrawn":
      return markWithdrawn(deps, leased, action);
    case "post_message":
      return postMessage(deps, leased, action);
    case "post_rest":
      return postRest(deps, leased, action.intent);
    case "change_labels":
      return changeLabels(deps, leased, action);
    case "move_issue":
      return moveIssue(deps, leased, action);
    case "resume_notice":
      return resumeNotice(deps, leased, action.intent);
    case "resume_message":
      if (action.intent.state === "unknown") throw new Unsettled(action.intent.key);
      await sendPart(deps, leased, action.intent);
      return 1;
    case "notice":
      return postNotice(deps, leased, action.cause, action.text);
    case "remember_labels":
      await leased.apply({ link: { mirroredLabels: action.labels } });
      return 0;
    case "remember_facts":
      await leased.apply({ link: { factsHash: action.hash } });
      return 0;
    case "stamp_issue":
      return stampIssue(deps, leased);
    case "agree_status":
      await leased.apply({
        link: {
          caseStatus: action.caseStatus,
          agreedCaseStatus: action.caseStatus,
          ...(action.category === null ? {} : { agreedCategory: action.category }),
        },
        mirrors: endOfEntry(action.entered),
        // The two fit now, by whosever hand.
        resolvedFailures: [{ item: "status" }],
      });
      return 0;
    case "want_close":
      await wantClose(leased, action.cause);
      return 0;
    case "drop_request_labels":
      // Removing a label that is not there changes nothing: safe to repeat without an intent.
      await deps.jira.changeLabels(needIssue(leased), { add: [], remove: action.labels }, deps.lane);
      return 1;
    case "decide_command":
      await leased.apply(decidedCommand(action.commentId, "refused", action.reason, action.authorId));
      return 0;
    case "run_command":
      return runCommand(deps, leased, action);
    case "hold_comment":
      await leased.apply({
        mirrors: [
          {
            kind: "comment",
            origin: "jira",
            sourceId: action.comment.commentId,
            state: "held",
            reason: action.reason,
            sourceAt: action.comment.createdAt,
          },
        ],
      });
      deps.onDisclosure?.({ kind: "held", reason: action.reason });
      return 0;
    case "hold_files":
      await leased.apply({ mirrors: action.files.map(restrictedFilePatch) });
      return 0;
    case "complete_comment":
      await leased.apply({ mirrors: [{ kind: "comment", origin: "jira", sourceId: action.commentId, state: "live" }] });
      return 0;
    case "cancel_parts": {
      const step = dropParts(leased, action.keys);
      const { commentId: sourceId, state, reason } = action;
      await leased.apply({
        ...step,
        mirrors: [
          ...(step.mirrors ?? []),
          ...(state === null ? [] : [{ kind: "comment", origin: "jira", sourceId, state, reason } as const]),
        ],
      });
      if (state === "held") deps.onDisclosure?.({ kind: "held", reason });
      return 0;
    }
    case "send_comment":
      return sendComment(deps, leased, action);
    case "withdraw_comment":
      return withdrawComment(deps, leased, action);
    case "send_file":
      return sendOwnFile(deps, leased, action);
    case "act_on_case":
      return actOnCase(deps, leased, action);
    case "link_issues":
      return linkIssues(deps, leased, action);
    case "remember_related":
      await leased.apply({ mirrors: [{ ...relatedRow(action.caseId), state: "live" }] });
      return 0;
    case "remember_relations":
      await leased.apply({ mirrors: [relationsRow(action.hash)] });
      return 0;
    case "remember_change":
      await rememberChange(leased, action);
      return 0;
    case "drop_change":
      await dropChange(leased, action);
      return 0;
    case "resync":
      await leased.apply(decidedCommand(action.commentId, "live", "resync:done", action.authorId));
      return 0;
    case "note_ignored":
      await leased.apply({ link: { reason: action.ignored ? ignoredReason : null } });
      return 0;
    case "drop_wishes":
      await leased.apply({ confirmedIntents: action.keys });
      return 0;
    case "tell_change":
      return tellChange(deps, leased, action);
    case "ask_reopen":
      return askReopen(deps, leased, action);
  }
}

/**
 * Makes the rows of what was recognised, in one step that also counts it: three within an hour, and the connection stops as
 * `memory_lost` (rule 2). What is there twice is reported.
 */
async function adopt(leased: LeasedLink, found: Recognised): Promise<void> {
  await leased.apply({
    mirrors: found.mirrors,
    confirmedIntents: found.confirmedIntents,
    adoptions: found.adopted,
    failures: found.duplicates.map(({ item, kept, other }) => ({
      direction: item.startsWith("comment:") ? "to-huawei" : "to-jira",
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
        item: `${mirror.kind}:${mirror.sourceId}`,
        result: mirror.copyId ?? "adopted",
      })),
  });
}
