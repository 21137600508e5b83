/**
 * Everything that may keep something from being mirrored, by the name under which it is recorded, with what a person does about it.
 * docs/operations.md has a section for each; a test compares.
 */

/** Remedy for each reason, in one or two sentences for `failures` and the page. */
export const failureRemedies = {
  access_changed:
    "Give the account its permissions back, check user group and project, then `failures retry`: the connection goes on.",
  account_not_ready:
    "Do what the detail says (permission, agreement, quota); the case is opened within the hour, or at once by `failures retry`.",
  already_disclosed: "Ask your contact at Huawei Cloud to remove the message, then `failures discard`.",
  case_gone: "Nothing, if the ticket was removed. If it is back: `failures retry`.",
  comment_refused:
    "Read the message in the Huawei Cloud console; once what the detail names is mended, `failures retry` posts it.",
  contract: "Look for a proxy or log-in page between casebridge and the service, then `failures retry`.",
  copy_missing:
    "Look in the Huawei Cloud console. If the message is not there, write the comment again; then `failures discard`.",
  duplicate: "Leave out one of the two by hand, then `failures discard`.",
  file_refused: "Send the file another way, or mend what the detail names, then `failures retry`.",
  forbidden: "Give the account the permission that `casebridge doctor` names, then `failures retry`.",
  foreign_installation:
    "Stop one of the two installations, then `rebuild`, or `links link CASE KEY --take-over` for this case.",
  guard_held:
    "Read the item on the issue. Once the find is taken out, it leaves by itself; `/release masked` or `/release as-is` in a comment, or `failures retry ID --masked` or `--as-is`, sends it.",
  internal_error: "Report it with the worker's log, then `failures retry`.",
  issue_gone: "Restore the issue and `failures retry`, make it anew with `resync --recreate`, or `links unlink`.",
  issue_refused:
    "Set what the detail names in `issue.fields` or `issue.type` (`casebridge doctor` shows the lines), or change the project; a start with a changed configuration, or `failures retry`, tries again.",
  issue_taken:
    "`links show` both cases: `links unlink` the one that does not belong to the issue, then `failures retry`; or `links link CASE KEY` with another issue.",
  job_failed: "The next round tries again by itself; if it comes back, report it with the worker's log.",
  loop_suspected: "Look at who answers whom on the two sides, stop it, then `failures retry`.",
  many_closes:
    "Look whether these issues were meant to be closed; then `resume` or `failures retry` lets the actions go on.",
  many_new_cases: "Check user group and filters; when the cases are wanted, `failures retry` or `resync --all`.",
  memory_lost: "The database is empty, or older than what was written: `casebridge rebuild`.",
  message_refused:
    "The detail says why, often because the case is closed. Editing the comment, or `failures retry`, sends it again.",
  moved: "Move the issue back and `failures retry`, or `links move CASE`.",
  no_transition:
    "Move the issue by hand, or configure what the detail names (`status.via`, `status.fields`, `status.toJira`) and `failures retry`.",
  not_found: "Something was gone while it was written to. When `verify` finds no drift: `failures discard`.",
  owned_by:
    "Go on in the issue that has the case, and `failures discard`. To have it here: `links unlink CASE`, then `failures retry`.",
  project_unreadable: "Give casebridge's Jira account access to the project; mirroring goes on by itself.",
  rate_limited: "Nothing: the service asks for a pause, and work goes on by itself.",
  rejected: "Mend what the detail names, then `failures retry`.",
  request_refused:
    "The issue says what to mend; a change of its title, description, labels, mapped fields, status or security level, or `failures retry`, tries again.",
  stamps_refused:
    "Give casebridge's Jira account the permission Edit Issues (`casebridge doctor`); mirroring goes on without the stamps, which are tried again every hour.",
  suspicious_shrink:
    "Look at the case in the console: many messages vanished at once. When that is right: `failures retry`.",
  text_unreadable:
    "A text of casebridge's own is lost, since `DATA_KEY` was changed: read the item, say by hand what people should know, then `failures discard`.",
  unauthorized:
    "Renew the credentials that `casebridge doctor` names. A secret in a file (`NAME_FILE`) is read again by itself; any other needs a restart of the worker.",
  unavailable: "Nothing, unless it lasts: then look at the network and the service's status page.",
  unmarked_issue:
    "Look whether it is the case's issue: `links link CASE KEY` pairs them, `links unlink CASE` leaves the case alone.",
  unknown_mark: "`failures retry` mirrors the message as it stands.",
} as const;

/** Reasons of failures without a link behind which cases, issues or actions of a whole connection wait: what they hold is not mirrored. */
export const holdingReasons = [
  "access_changed",
  "foreign_installation",
  "many_closes",
  "many_new_cases",
  "memory_lost",
  "project_unreadable",
] as const satisfies readonly FailureReason[];

/** A name under which a failure is recorded. */
export type FailureReason = keyof typeof failureRemedies;

/** The remedy for a stored reason; those of other releases are answered too. */
export function remedyFor(reason: string): string {
  return Object.hasOwn(failureRemedies, reason)
    ? failureRemedies[reason as FailureReason]
    : "See docs/operations.md of the release that recorded it.";
}
