/** English words of what casebridge itself writes on issues. What it writes into service tickets is in both languages wherever it stands. */
import { isOpenStatus, statusName } from "../../domain/case.ts";
import { remedyFor } from "../../domain/failure.ts";
import { type MaskedKind, maskedInWords } from "../../domain/text/guard.ts";

/** The English catalogue. */
export const en = {
  status: (status: number) => statusName(status),
  remedy: (reason: string) => remedyFor(reason),
  masked: (found: readonly MaskedKind[]) => maskedInWords(found),
  inputs: {
    subTypeId: "type",
    productId: "product",
    problemTypeId: "problem type",
    regionId: "region",
    severityId: "severity",
  },
  authors: {
    customer: "customer",
    engineer: "Huawei engineer",
    partner: "partner",
    unknown: "unknown kind of author",
  },
  nobody: "unknown",
  facts: {
    caseId: "Service ticket",
    status: "Status when mirrored",
    type: "Type",
    problemType: "Problem type",
    product: "Product",
    region: "Region",
    severity: "Severity",
    source: "Source",
    submitter: "Submitted by",
    created: "Created",
  },
  description: {
    none: "(no description)",
    console: "Open the case in the Huawei Cloud console",
    goesOn: "The text goes on in the comments.",
    continued: "Description, continued",
  },
  files: {
    there: (name: string) => `Attachment: ${name}`,
    notSent: (name: string, size: string, why: string) => `Attachment not sent: ${name} (${size}): ${why}.`,
    notMirrored: (name: string, size: string, why: string, remedy: string) =>
      `Attachment not mirrored: ${name} (${size}): ${why}. It can be read in the Huawei Cloud console. ${remedy}`,
    refused: (name: string, bytes: number, why: string, remedy: string) =>
      `The file ${name} (${bytes} bytes) was not sent to Huawei Cloud: ${why}. ${remedy}`,
    size: (bytes: number) => `${bytes} bytes`,
    sizeUnknown: "size unknown",
    /** `words` tell it already. */
    why: (_code: string, words: string) => words,
    remedies: {
      too_large: "Make it smaller or share it another way; it is tried again when the limit changes.",
      type: "Pack it into an archive of an accepted type; it is tried again when the limits change.",
      off: "It is tried again once attachments are switched on.",
      quota: "It is tried again tomorrow.",
      unreadable: "See whether it can still be opened, then use `casebridge failures retry`.",
      refused: "Mend what is named, then use `casebridge failures retry`.",
    },
    lateRefused: (name: string) =>
      `The attachment ${name} of the service ticket, refused before, is on this issue now.`,
    lateUnseen: (name: string) =>
      `The attachment ${name} of the service ticket, which Huawei Cloud did not show at first, is on this issue now.`,
  },
  state: {
    pair: (caseId: string, status: number | null, state: string) => {
      const known = status === null ? "" : ` (${statusName(status)}${isOpenStatus(status) ? "" : ", closed"})`;
      return `Service ticket ${caseId}${known} and this issue: ${state}.`;
    },
    pausedToJira: "Mirroring to this issue is paused by an administrator.",
    pausedToHuawei: "Mirroring to Huawei Cloud is paused by an administrator.",
    toHuawei: "to Huawei Cloud",
    toJira: "to this issue",
    oldest: (when: string) => `, the oldest since ${when}`,
    onTheWay: (where: string, count: number, since: string) => `On the way ${where}: ${count}${since}.`,
    nothing: "Nothing waits.",
    failure: (item: string, reason: string, when: string, remedy: string) =>
      `${item}: ${reason} since ${when}. ${remedy}`,
    more: (count: number) => `And ${count} more failures.`,
  },
  done: {
    urge: "Done: Huawei Cloud was urged to go on with the service ticket.",
    close: "Done: the service ticket was closed in Huawei Cloud.",
    cancel: "Done: the service ticket was withdrawn in Huawei Cloud.",
    rate: "Done: the rating was handed to Huawei Cloud.",
    case: "Done: the text was sent to Huawei Cloud.",
    resync: "Done: the service ticket and this issue are compared afresh, and what differs is mended.",
  },
  doneOtherwise: "Done.",
  unknownCommand:
    "casebridge knows /case, /urge, /close, /cancel, /rate, /release, /status and /resync. To send the comment as it is, write /case in front of it.",
  usage: {
    case: "Write /case followed by the text that Huawei Cloud shall read.",
    urge: "Write /urge alone.",
    close: "Write /close alone; what you want to say goes into a comment of its own.",
    cancel: "Write /cancel alone; what you want to say goes into a comment of its own.",
    status: "Write /status alone.",
    resync: "Write /resync alone.",
    release: "Write /release masked or /release as-is, and the number from the note behind it: /release as-is 10042",
    rate: "Write /rate, a number from 1 to 5, and, if you like, a text: /rate 5 quick help",
  },
  replies: {
    masked: (_name: string) => "Done: what waited is sent, with what was found in it masked.",
    as_is: (_name: string) => "Done: what waited is sent as it stands.",
    nothing: (name: string) => `Not done: nothing waits here for /${name}.`,
    which: (_name: string) =>
      "Not done: several texts wait here. Name the one that you mean by the number in its note: /release as-is 10042",
    changed: (_name: string) =>
      "Not done: what waits was written or changed after /release was. Look at it, and write /release again.",
    perhaps: (name: string) =>
      `Perhaps done: the answer to /${name} was lost, and the API in use keeps no log that tells. It is not repeated by itself: if the console does not show it, write /${name} again.`,
    restricted: (name: string) =>
      `Not done: /${name} stands in a comment that is restricted or internal, and nothing of such comments acts on the service ticket. Write it as an ordinary comment.`,
    nothing_leaves: (name: string) =>
      `Not done: /${name}. Comments do not leave Jira here (COMMENTS_TO_HUAWEI is none).`,
    nobody: (name: string) =>
      `Not permitted: /${name}. Comments do not leave Jira here; an administrator may name who may use commands (commands.role).`,
    not_permitted: (name: string) =>
      `Not permitted: /${name}. Only people in the project role that the administrator named (commands.role) may use it.`,
    role_missing: (name: string) =>
      `Not done: /${name}. The project has no role of the name in commands.role; an administrator mends it with the help of "casebridge doctor".`,
    role_unreadable: (name: string) =>
      `Not done: /${name}. Jira does not tell casebridge who is in the role named by commands.role: its account needs Administer Projects, and Browse users and groups where the role holds groups.`,
    held: (name: string) =>
      `/${name} waits: more than 10 service tickets were to be closed or withdrawn within 10 minutes. An administrator releases them with "casebridge resume".`,
  },
  notUnderstood: (name: string, usage: string) => `Not understood: /${name}. ${usage}`,
  notDone: (name: string, why: string) => `Not done: /${name}. ${why}`,
  refusedCommand: (name: string, why: string) => `Not done: Huawei Cloud refused /${name}: ${why}`,
  issueHolds: {
    security_level: "This issue has a security level, so nothing of it reaches Huawei Cloud.",
    issue_restricted: "This issue is restricted to some roles, so nothing of it reaches Huawei Cloud.",
    issue_restriction_unknown:
      "Jira does not say whether this issue is restricted, so nothing of it reaches Huawei Cloud.",
  },
  guard: {
    rating: (written: string, id: string) => `The /rate of ${written} (number ${id})`,
    comment: (written: string, id: string) => `The comment of ${written} (number ${id})`,
    file: (name: string, id: string) => `The file ${name} (number ${id})`,
    changes: "What was changed on this issue",
    request: "What this issue asks for",
    renameFile: "Attach it anew under another name and delete this one",
    takeOut: "Take it out, and it is sent by itself",
    waits: (what: string, kinds: string) =>
      `${what} waits in Jira, since something in it should perhaps not reach Huawei Cloud: ${kinds}.`,
    ways: (mend: string, masked: string, asIs: string) =>
      `${mend}. Or write ${masked} to send it with that masked, or ${asIs} to send it as it stands. ` +
      'An administrator can do the same with "casebridge failures retry".',
    maskedChange: (kinds: string) =>
      `Before a change of this issue was told to Huawei Cloud, something in it was masked: ${kinds}.`,
    maskedComment: (kinds: string) =>
      `Before a comment was sent to Huawei Cloud, something in it was masked: ${kinds}.`,
    maskedFileName: (kinds: string) =>
      `Before a file was sent to Huawei Cloud, something in its name was masked: ${kinds}.`,
    maskedRequest: (kinds: string) => `Something in what was sent was masked: ${kinds}.`,
    maskedPart: (kinds: string) => `something in it was masked: ${kinds}`,
    cut: (charsMax: number) => `it was cut, since Huawei Cloud takes ${charsMax} characters`,
    changedRating: (changes: readonly string[]) =>
      `Before the text of a rating was sent to Huawei Cloud, ${changes.join("; ")}.`,
  },
  statuses: {
    deleted: "The service ticket was deleted in Huawei Cloud.",
    both: (status: string) => `Both sides changed: the service ticket is "${status}" now, so this issue follows it.`,
    confirms:
      "Huawei Cloud waits for us: it proposes a solution and asks to confirm the result. " +
      "Move this issue to done or write /close to confirm, or answer in a comment.",
    waits: "Huawei Cloud waits for us: it asks for feedback on the service ticket.",
    toCancel: "write /cancel as a comment here to withdraw the service ticket",
    toClose: "write /close as a comment here if the problem is solved",
    toWait: "wait until Huawei Cloud goes on with it (/close and /cancel are not taken in this status)",
    ask: (status: string, way: string) =>
      `This issue was moved to done, but the service ticket is still "${status}" and stays as it is. ` +
      `To end it as well, ${way}, or move this issue back.`,
    refused: (reason: string | null, status: string) =>
      `Huawei Cloud refused what moving this issue asked for: ${reason ?? "no reason given"}. ` +
      `The service ticket is still "${status}", so this issue is moved back.`,
    unasked: (why: string) =>
      `Huawei Cloud was not asked to take the service ticket up again. ${why} It is asked once that is over.`,
    held:
      "More than 10 service tickets were to be closed or withdrawn within 10 minutes, so this one waits. " +
      'An administrator releases them with "casebridge resume".',
    noWay: (name: string) =>
      `The service ticket changed its status, but the workflow offers no way to "${name}" from here. ` +
      "Move the issue by hand, or let an administrator configure status.via for casebridge.",
    alike: (names: string) =>
      `The service ticket changed its status, and several statuses of this workflow fit: ${names}. ` +
      "Move the issue by hand, or let an administrator name one in status.toJira for casebridge.",
  },
  refusals: {
    change: (reason: string) =>
      `What was changed on this issue could not be told to Huawei Cloud: ${reason}. Write it in a comment, or use \`casebridge failures retry\`.`,
    comment: (reason: string) =>
      `A comment could not be sent to the service ticket: ${reason}. Edit it, or use \`casebridge failures retry\`.`,
    message: (header: string, reason: string) =>
      `A message could not be mirrored (${header}): ${reason}. It can be read in the Huawei Cloud console.`,
  },
  messages: {
    withdrawn: (seen: string) => `Withdrawn in Huawei Cloud (noticed ${seen})`,
    takenBack:
      "A message with a comment of this issue was withdrawn in Huawei Cloud. Edit the comment to send it again.",
    cut: "Huawei Cloud shows only the beginning of this message to casebridge. The whole text can be read in the Huawei Cloud console.",
  },
  unset: {
    labels: "Jira does not let casebridge set the labels of this issue, by which it is found again.",
    fields: (names: string) => `Jira does not let casebridge set: ${names}.`,
    field: (name: string, reason: string) => `${name} (${reason})`,
    remedy: "An administrator of the project can put it on the edit screen of this issue type.",
    descriptionBelow: "The description stands in a comment.",
  },
  factsChanged: "Facts of the service ticket changed:",
  factLine: (name: string, value: string) => `${name}: ${value}`,
  access: {
    asked: (summary: string) => `A Huawei engineer asks for access: ${summary}`,
    until: (when: string) => `Until: ${when} UTC`,
    answer:
      "Answer it in the Huawei Cloud console under Service Tickets > My Authorizations (我的授权). casebridge never answers it.",
  },
  holds: {
    moved: (project: string) =>
      `This issue was moved out of project ${project}, so it is not mirrored at the moment. ` +
      'Move it back, or let an administrator run "casebridge links move" for it.',
    caseGone: "The service ticket does not exist in Huawei Cloud any more. Nothing further is mirrored.",
    caseForbidden:
      "Huawei Cloud does not let casebridge read this service ticket any more. Nothing further is mirrored.",
    toHuawei: "Comments of this issue do not reach the service ticket",
    toJira: "News of the service ticket does not reach this issue",
    both: "This issue and its service ticket are not mirrored",
    suspended: (what: string, reason: string) =>
      `${what} at the moment (${reason}). Nothing is lost: an administrator finds the reason and the remedy with "casebridge failures list".`,
  },
  request: {
    opened: (caseId: string) =>
      `The service ticket ${caseId} was opened in Huawei Cloud. Its messages appear here as comments.`,
    afterwards: {
      all: "Comments written from now on are sent to it; commands: /urge, /close, /cancel, /rate 1-5 text.",
      command: "Comments that start with /case are sent to it; commands: /urge, /close, /cancel, /rate 1-5 text.",
      none: "Comments stay in Jira.",
    },
    notOpened: (why: string) => `No service ticket was opened: ${why}`,
    triedAgain: "casebridge tries again when the issue is changed.",
    refused: (reason: string, why: string) => `Huawei Cloud refused it: ${reason}\n${why}`,
    askedWith: (inputs: string) => `It was asked for with ${inputs}.`,
    lost: (caseId: string, issueKey: string) =>
      `This issue belongs to the service ticket ${caseId} already, but casebridge does not remember the pair. ` +
      `An administrator can restore it: casebridge links link ${caseId} ${issueKey}`,
    isDone: "This issue is done. Move it back to an open status first.",
    roleUnread:
      "The project role named by commands.role cannot be read. An administrator finds the cause with `casebridge doctor`.",
    notPermitted: (role: string) =>
      `Only people in the project role "${role}" may ask for a service ticket. One of them may take the label off this issue and put it on again.`,
    holds: {
      security_level:
        "This issue has a security level, so nothing of it leaves Jira. Remove the level, or write a new issue without one.",
      issue_restricted:
        "This issue is restricted to some roles, so nothing of it leaves Jira. Remove the restriction, or write a new issue without one.",
      issue_restriction_unknown:
        "Jira does not say whether this issue is restricted, so nothing of it leaves Jira. An administrator finds the cause with `casebridge doctor`.",
    },
    noPermission:
      "the Huawei Cloud account of casebridge may not submit service tickets. Give its IAM user the role Ticket Administrator.",
    notSigned:
      "the service ticket agreement is not signed. Sign it in the Huawei Cloud console when it opens under Service Tickets > Create Service Ticket.",
    quota: (total: number | null) =>
      `the quota of ${total ?? "open"} service tickets is used up. Close one; casebridge tries again every hour.`,
    copyByLabel: (labels: string) =>
      `This issue looks like a copy of another one: it carries the label ${labels}. ` +
      "To make it a request of its own, remove the labels that start with hwcase- and hw:, and huawei-cloud.",
    copyByMark:
      "This issue is a copy of another one and carries its hidden mark. To make a request of it, create a new issue with the same text.",
    foreignMark:
      "This issue carries a hidden mark that casebridge did not write. To make a request of it, create a new issue with the same text.",
    copyUnmirrored: (why: string) =>
      `Nothing of this issue is mirrored. ${why} Then give it the label that asks for a service ticket.`,
  },
  values: {
    extraNotAsked: (key: string, asked: string | null) =>
      `The extra parameter "${key}" is not asked for by this problem type. It asks for: ${asked ?? "none"}.`,
    extraTooLong: (name: string, charsMax: number, chars: number) =>
      `The extra parameter "${name}" may have at most ${charsMax} characters; it has ${chars}.`,
    extraMissing: (name: string, label: string) =>
      `This problem type needs the extra parameter "${name}". Add the label ${label}:<value>.`,
    plainSeverity: (value: string) => `The severity "${value}" cannot be set through the historical API. Remove it.`,
    plainExtra: (key: string) => `The extra parameter "${key}" cannot be set through the historical API. Remove it.`,
    severityWithoutProduct: (value: string, label: string) =>
      `A severity was named (${value}) but no product, and severities depend on it. Add the label ${label}<id or name>.`,
    severityNotCovered: (value: string, problemType: string) =>
      `The severity "${value}" cannot be set: the support plan of this account does not cover severities for "${problemType}". Remove it.`,
    foreignTemplate: (value: string, problemType: string, allowed: string, label: string) =>
      `The template "${value}" does not belong to the problem type "${problemType}". ${allowed} ` +
      `Mend the label ${label}… or the field.`,
    atIssue: (label: string) => `the label ${label}… or the field`,
    atDefaults: (name: string) => `create.defaults.${name} (an administrator)`,
    unknown: (input: string, value: string, allowed: string, place: string) =>
      `The ${input} "${value}" is not known to Huawei Cloud here. ${allowed} Mend ${place}.`,
    missing: (input: string, allowed: string, label: string) =>
      `No ${input} is given. ${allowed} Add the label ${label}<id or name>, with a dash for each space.`,
    ambiguous: (ids: string, productLabel: string, problemLabel: string) =>
      `Several problem types have this name: ${ids}. Name the product too, by the label ${productLabel}<id or name>, ` +
      `or the problem type by its id: ${problemLabel}<id>.`,
    untold: "Huawei Cloud does not tell which ones there are.",
    none: "Huawei Cloud offers none for what was chosen so far.",
    allowed: (names: string, more: number) =>
      `Allowed: ${names}${more > 0 ? `, and ${more} more, which "casebridge lookups" lists` : ""}.`,
  },
} as const;
