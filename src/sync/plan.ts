/**
 * The planner: from what is remembered and what was observed to a list of actions. Pure; all branches live here.
 *
 * Directions are independent: `to-jira` and `to-huawei` actions keep their own order, and an action that fails for a while holds
 * back only the later ones of its direction. `state` actions change only our memory.
 */
import {
  type AccessRequest,
  type CaseDetail,
  type CaseFile,
  type CaseMessage,
  deletedStatus,
  isOpenStatus,
  statusName,
  waitingStatuses,
} from "../domain/case.ts";
import type { Issue, IssueComment, IssueFile, StatusCategory, StatusChange } from "../domain/issue.ts";
import type { Intent, Link, Mirror } from "../domain/link.ts";
import { hashParts } from "../lib/hash.ts";
import { type IdentifiedMessage, type SortedMessages, sortMessages } from "./identity.ts";
import type { ConnectionSettings, StatusTarget } from "./ports.ts";

export type Direction = "to-jira" | "to-huawei" | "state";

/** What one run saw. `null` = that side was not read in this run. */
export type Observed = {
  readonly case: CaseDetail | null;
  /** All messages of the case, merged from every page that was read. */
  readonly messages: readonly CaseMessage[] | null;
  readonly issue: Issue | null;
  readonly comments: readonly IssueComment[] | null;
  readonly statusChanges: readonly StatusChange[] | null;
  /** Requests of engineers for access, read when a wake-up named one. */
  readonly accessRequests: readonly AccessRequest[];
  /** Both sides were read completely: copies that are gone can be told. */
  readonly full: boolean;
};

/** Everything the planner looks at. */
export type PlanInput = {
  readonly link: Link;
  readonly mirrors: readonly Mirror[];
  readonly intents: readonly Intent[];
  readonly observed: Observed;
  readonly settings: ConnectionSettings;
  readonly huaweiUserId: string | null;
  readonly ownAccountId: string;
  readonly installation: string;
  readonly adfToText: (doc: unknown) => string;
  readonly mediaReferences: (doc: unknown) => readonly string[];
  readonly now: Date;
};

/** One unit of a plan. */
export type Action =
  | { readonly kind: "create_issue"; readonly direction: "to-jira"; readonly detail: CaseDetail }
  | { readonly kind: "rename_message"; readonly direction: "state"; readonly from: string; readonly to: string }
  | {
      readonly kind: "confirm_message";
      readonly direction: "state";
      readonly intent: Intent;
      readonly message: CaseMessage;
      readonly fingerprint: string;
    }
  | {
      readonly kind: "adopt_message";
      readonly direction: "state";
      readonly commentId: string;
      readonly version: number;
      readonly sourceHash: string | null;
      readonly message: IdentifiedMessage;
    }
  | {
      readonly kind: "adopt_comment";
      readonly direction: "state";
      readonly message: IdentifiedMessage;
      readonly comment: IssueComment;
    }
  | { readonly kind: "report_unknown_mark"; readonly direction: "state"; readonly message: IdentifiedMessage }
  | {
      readonly kind: "carry_issue_files";
      readonly direction: "to-jira";
      readonly parentId: string;
      readonly files: readonly CaseFile[];
    }
  | { readonly kind: "post_rest"; readonly direction: "to-jira"; readonly intent: Intent }
  | {
      readonly kind: "post_message";
      readonly direction: "to-jira";
      readonly message: IdentifiedMessage;
      readonly again: boolean;
    }
  | {
      readonly kind: "change_labels";
      readonly direction: "to-jira";
      readonly add: readonly string[];
      readonly remove: readonly string[];
      readonly hash: string;
    }
  | {
      readonly kind: "move_issue";
      readonly direction: "to-jira";
      readonly target: StatusTarget;
      readonly caseStatus: number;
    }
  | { readonly kind: "resume_notice"; readonly direction: "to-jira"; readonly intent: Intent }
  | { readonly kind: "resume_message"; readonly direction: "to-huawei"; readonly intent: Intent }
  | { readonly kind: "notice"; readonly direction: "to-jira"; readonly cause: string; readonly text: string }
  | { readonly kind: "remember_facts"; readonly direction: "state"; readonly hash: string }
  | { readonly kind: "stamp_issue"; readonly direction: "to-jira" }
  | {
      readonly kind: "agree_status";
      readonly direction: "state";
      readonly caseStatus: number;
      readonly category: StatusCategory | null;
    }
  | {
      readonly kind: "send_comment";
      readonly direction: "to-huawei";
      readonly comment: IssueComment;
      readonly version: number;
      readonly text: string;
      readonly sourceHash: string;
      readonly files: readonly IssueFile[];
    }
  | { readonly kind: "complete_comment"; readonly direction: "state"; readonly commentId: string }
  | {
      /** Parts that were not sent yet must not be sent any more. */
      readonly kind: "cancel_parts";
      readonly direction: "state";
      readonly commentId: string;
      readonly keys: readonly string[];
      /** State of the comment when none of its parts had left; else its other parts are confirmed first. */
      readonly state: "held" | "withdrawn" | null;
      readonly reason: string;
    }
  | { readonly kind: "withdraw_comment"; readonly direction: "to-huawei"; readonly mirror: Mirror }
  | {
      readonly kind: "hold_comment";
      readonly direction: "state";
      readonly comment: IssueComment;
      readonly reason: string;
    }
  | { readonly kind: "send_file"; readonly direction: "to-huawei"; readonly file: IssueFile }
  | {
      readonly kind: "act_on_case";
      readonly direction: "to-huawei";
      readonly action: "press" | "close" | "cancel";
      readonly cause: string;
      readonly category: StatusCategory | null;
    }
  | {
      readonly kind: "ask_reopen";
      readonly direction: "to-huawei";
      readonly cause: string;
      readonly category: StatusCategory;
    };

/** The plan of one pass. `recheckAt`: when time alone will make something due. */
export type Plan = { readonly actions: readonly Action[]; readonly recheckAt: Date | null };

/** Key of the intent that holds what of a description did not fit into the issue. */
export const descriptionRestKey = "comment:description-rest";

/** Labels of every issue made from a case. */
export function caseLabel(caseId: string): string {
  return `hwcase-${caseId}`;
}
export const commonLabel = "huawei-cloud";

/** A case label as a Jira label: `hw:<name>`, whitespace as `-`, at most 255 characters (jira/NOTES 3.3). */
export function toJiraLabel(name: string): string {
  return `hw:${name.trim().replace(/\s+/g, "-")}`.slice(0, 255);
}

/** Where a case status leads; an unknown number counts as open and in progress. */
export function statusTarget(settings: ConnectionSettings, status: number): StatusTarget {
  return settings.status.toJira[status] ?? { category: "indeterminate" };
}

/** Hash under which the wanted labels of an issue are remembered. */
export function labelsHash(labels: readonly string[]): string {
  return hashParts([...labels].sort()).slice(0, 32);
}

/** Brings both sides of one link into agreement, as a list. Pure; the same input gives the same plan. */
export function planReconcile(input: PlanInput): Plan {
  const { link, observed } = input;
  if (link.issueId === null) {
    return {
      actions: observed.case === null ? [] : [{ kind: "create_issue", direction: "to-jira", detail: observed.case }],
      recheckAt: null,
    };
  }
  const recheck = new Recheck();
  const sorted =
    observed.messages === null
      ? null
      : sortMessages({
          messages: observed.messages,
          mirrors: input.mirrors,
          intents: input.intents,
          huaweiUserId: input.huaweiUserId,
        });
  const actions: Action[] = [
    ...(link.markStampedAt === null ? [{ kind: "stamp_issue", direction: "to-jira" } as const] : []),
    ...input.intents
      .filter((intent) => intent.key === descriptionRestKey)
      .map((intent) => ({ kind: "post_rest", direction: "to-jira", intent }) as const),
    ...(sorted === null ? [] : planMessages(input, sorted)),
    ...planOwed(input),
    ...planLabels(input),
    ...planFacts(input),
    ...planAccessRequests(input),
    ...planStatus(input),
    ...(observed.issue === null || observed.comments === null
      ? []
      : planComments(
          input,
          observed.issue,
          observed.comments,
          {
            confirmed: new Set(sorted?.confirmed.map((entry) => entry.intent.key)),
            // Comments whose messages are just being recognised are not sent.
            adopted: new Set(
              sorted?.unknownMarks.flatMap(({ mark }) => (mark.kind === "comment" ? [mark.commentId] : [])),
            ),
          },
          recheck,
        )),
  ];
  return { actions, recheckAt: recheck.at };
}

class Recheck {
  at: Date | null = null;
  note(at: Date): void {
    if (this.at === null || at < this.at) this.at = at;
  }
}

/** Huawei → Jira: messages, our copies among them, and the files of the description. */
function planMessages(input: PlanInput, sorted: SortedMessages): Action[] {
  const actions: Action[] = [];
  const mirrors = new Map(
    input.mirrors.filter((mirror) => mirror.kind === "message").map((mirror) => [mirror.sourceId, mirror]),
  );
  const files = new Set(input.mirrors.filter((mirror) => mirror.kind === "file").map((mirror) => mirror.sourceId));
  const commentIds =
    input.observed.full && input.observed.comments !== null
      ? new Set<string>(input.observed.comments.map((comment) => comment.commentId))
      : null;

  const adopted = new Set<string>(input.mirrors.flatMap((mirror) => (mirror.copyId === null ? [] : [mirror.copyId])));
  for (const { intent, message, fingerprint } of sorted.confirmed) {
    actions.push({ kind: "confirm_message", direction: "state", intent, message, fingerprint });
  }
  if (sorted.first !== null) {
    const missing = sorted.first.message.files.filter((file) => !files.has(file.fileId));
    if (missing.length > 0) {
      actions.push({
        kind: "carry_issue_files",
        direction: "to-jira",
        parentId: sorted.first.sourceId,
        files: missing,
      });
    }
  }
  for (const identified of sorted.unknownMarks) {
    const commentId = identified.mark.kind === "comment" ? identified.mark.commentId : null;
    const comment =
      commentId === null ? undefined : input.observed.comments?.find((entry) => entry.commentId === commentId);
    if (comment !== undefined && commentId !== null) {
      actions.push({
        kind: "adopt_message",
        direction: "state",
        commentId,
        version: identified.mark.kind === "comment" ? identified.mark.version : 1,
        sourceHash: commentHash(comment, input.adfToText, input.mediaReferences),
        message: identified,
      });
    } else if (input.observed.comments !== null) {
      actions.push({ kind: "report_unknown_mark", direction: "state", message: identified });
    }
  }
  for (const identified of sorted.people) {
    if (identified.renameFrom !== null) {
      actions.push({
        kind: "rename_message",
        direction: "state",
        from: identified.renameFrom,
        to: identified.sourceId,
      });
    }
    const mirror = mirrors.get(identified.renameFrom ?? identified.sourceId);
    const copy = mirror === undefined ? findOwnCopy(input, identified, adopted) : undefined;
    if (copy !== undefined) {
      adopted.add(copy.commentId);
      actions.push({ kind: "adopt_comment", direction: "state", message: identified, comment: copy });
    } else if (mirror === undefined || mirror.state === "sending") {
      actions.push({ kind: "post_message", direction: "to-jira", message: identified, again: false });
    } else if (
      mirror.state === "live" &&
      mirror.copyId !== null &&
      commentIds !== null &&
      !commentIds.has(mirror.copyId)
    ) {
      // Somebody removed the copy. Lists lag, so a copy younger than the settle time is not missed yet.
      if (input.now.getTime() - mirror.updatedAt.getTime() > input.settings.settle.listSeconds * 1000) {
        actions.push({ kind: "post_message", direction: "to-jira", message: identified, again: true });
      }
    }
  }
  return actions;
}

/** Notices and messages of our own that were decided and not written: nothing but their intents remembers them. */
function planOwed(input: PlanInput): Action[] {
  return input.intents.flatMap((intent): Action[] => {
    if (intent.state !== "planned") return [];
    if (intent.side === "jira") {
      return intent.key.startsWith("notice:") ? [{ kind: "resume_notice", direction: "to-jira", intent }] : [];
    }
    const owner = intent.payload.owner as { readonly kind?: string } | undefined;
    const ours = owner?.kind === "notice" || intent.key.endsWith(":withdrawn");
    return ours ? [{ kind: "resume_message", direction: "to-huawei", intent }] : [];
  });
}

/** A comment of ours that mirrors this message although no row remembers it: after a restored or lost database. */
function findOwnCopy(
  input: PlanInput,
  identified: IdentifiedMessage,
  taken: ReadonlySet<string>,
): IssueComment | undefined {
  return input.observed.comments?.find(
    (comment) =>
      comment.mark != null &&
      comment.mark.inst === input.installation &&
      !taken.has(comment.commentId) &&
      (identified.message.messageId !== null && comment.mark.messageId !== undefined
        ? comment.mark.messageId === identified.message.messageId
        : comment.mark.fingerprint === `fp:${identified.fingerprint}:1` ||
          comment.mark.fingerprint === identified.sourceId),
  );
}

/** Case labels → `hw:` labels; our own marks are put back when somebody removed them. People's labels are never touched. */
function planLabels(input: PlanInput): Action[] {
  const { link, observed } = input;
  const wanted = [...new Set(input.link.caseLabels.map(toJiraLabel))];
  const hash = labelsHash(wanted);
  const issue = observed.issue;
  if (issue === null) {
    // Only the remembered state is at hand: act when the case's labels changed.
    if (link.labelsHash === null ? wanted.length === 0 : link.labelsHash === hash) return [];
    return [{ kind: "change_labels", direction: "to-jira", add: wanted, remove: [], hash }];
  }
  const own = link.caseId === null ? [] : [caseLabel(link.caseId), commonLabel];
  const present = new Set(issue.labels);
  const add = [...wanted, ...own].filter((label) => !present.has(label));
  const remove = issue.labels.filter((label) => label.startsWith("hw:") && !wanted.includes(label));
  // A person may use hw: labels of their own; only those that the case once had are ours to remove.
  const removable = link.labelsHash === null || link.labelsHash === hash ? [] : remove;
  if (add.length === 0 && removable.length === 0) return [];
  return [{ kind: "change_labels", direction: "to-jira", add, remove: removable, hash }];
}

/** Hash of the facts that a person would want to hear of when they change. */
export function factsHash(detail: CaseDetail): string {
  return hashParts([
    detail.typeName ?? "",
    detail.problemTypeName ?? "",
    detail.regionName ?? "",
    detail.severityName ?? "",
  ]).slice(0, 32);
}

/** Facts are written once, at creation; a later change becomes one comment (SPEC 4). */
function planFacts(input: PlanInput): Action[] {
  const { case: detail } = input.observed;
  if (detail === null) return [];
  const hash = factsHash(detail);
  if (input.link.factsHash === hash) return [];
  const remember: Action = { kind: "remember_facts", direction: "state", hash };
  if (input.link.factsHash === null) return [remember];
  const rows: [string, string | null][] = [
    ["type", detail.typeName],
    ["problem type", detail.problemTypeName],
    ["region", detail.regionName],
    ["severity", detail.severityName],
  ];
  const text = rows.flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`])).join("\n");
  const cause = `facts-${hash}`;
  // The hash is remembered once the comment stands there, so that a failed write is not the end of it.
  if (hasNotice(input, cause)) return [remember];
  return [{ kind: "notice", direction: "to-jira", cause, text: `Facts of the service ticket changed:\n${text}` }];
}

function hasNotice(input: PlanInput, cause: string): boolean {
  return input.mirrors.some((mirror) => mirror.kind === "notice" && mirror.sourceId === cause);
}

/** Access is never answered by casebridge; the issue says what is asked, until when, and where to answer it. */
function planAccessRequests(input: PlanInput): Action[] {
  return input.observed.accessRequests
    .filter(
      (request) =>
        !input.mirrors.some(
          (mirror) => mirror.kind === "notice" && mirror.sourceId === `access-${request.authorizationId}`,
        ),
    )
    .map(
      (request) =>
        ({
          kind: "notice",
          direction: "to-jira",
          cause: `access-${request.authorizationId}`,
          text:
            `A Huawei engineer asks for access: ${request.summary}` +
            `${request.expiresAt === null ? "" : `\nUntil: ${request.expiresAt.toISOString().slice(0, 16).replace("T", " ")} UTC`}` +
            "\nAnswer it in the Huawei Cloud console under Service Tickets > My Authorizations (我的授权). casebridge never answers it.",
        }) as const,
    );
}

/** Whether an issue in `category` may stand beside a case in `status` (RULES 6). */
export function isCompatible(status: number, category: StatusCategory): boolean {
  return isOpenStatus(status) === (category !== "done");
}

function fits(issue: Issue, target: StatusTarget): boolean {
  return "statusId" in target ? issue.statusId === target.statusId : issue.category === target.category;
}

/** Statuses in both directions, by the agreed pair (RULES 6). */
function planStatus(input: PlanInput): Action[] {
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

/** Hash of what a comment says today: text and the files that it shows. */
export function commentHash(
  comment: Pick<IssueComment, "body">,
  adfToText: (doc: unknown) => string,
  mediaReferences: (doc: unknown) => readonly string[],
): string {
  return hashParts([adfToText(comment.body), ...mediaReferences(comment.body)]).slice(0, 32);
}

/** Why a comment must not leave Jira, or `null` when it may (RULES 5). Fails closed. */
export function heldReason(input: {
  readonly comment: IssueComment;
  readonly issue: Issue;
  readonly settings: ConnectionSettings;
}): string | null {
  const { comment, issue, settings } = input;
  if (comment.restricted) return "restricted";
  if (comment.jsdPublic === false) return "internal";
  if (comment.jsdPublic === null && issue.projectTypeKey === "service_desk") return "internal_unknown";
  if (hasHeldLevel(issue, settings)) return "security_level";
  if (comment.authorType === "app" && !settings.comments.allowAppAccounts.includes(comment.authorId ?? ""))
    return "app_author";
  return null;
}

/** Whether the issue has a security level that lets nothing leave. */
function hasHeldLevel(issue: Issue, settings: ConnectionSettings): boolean {
  return issue.securityLevelId !== null && !settings.comments.allowSecurityLevels.includes(issue.securityLevelId);
}

/** Jira → Huawei: comments in their order, then files of their own. */
function planComments(
  input: PlanInput,
  issue: Issue,
  comments: readonly IssueComment[],
  known: { readonly confirmed: ReadonlySet<string>; readonly adopted: ReadonlySet<string> },
  recheck: Recheck,
): Action[] {
  const { confirmed } = known;
  const { link, settings } = input;
  if (link.caseId === null) return [];
  const actions: Action[] = [];
  const mirrors = new Map(
    input.mirrors
      .filter((mirror) => mirror.kind === "comment" && mirror.origin === "jira")
      .map((mirror) => [mirror.sourceId, mirror]),
  );
  const candidates = comments
    .filter((comment) => comment.authorId !== input.ownAccountId && comment.mark == null)
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || compareIds(a.commentId, b.commentId));

  /** Files that go along with the comments of this plan; each goes once. */
  const leaving = new Set<string>();
  for (const comment of candidates) {
    if (known.adopted.has(comment.commentId)) continue;
    const mirror = mirrors.get(comment.commentId);
    if (mirror === undefined && comment.createdAt < link.outgoingSince) continue;
    const text = input.adfToText(comment.body);
    if (mirror === undefined && !isWanted(settings, text)) continue;
    const reason = heldReason({ comment, issue, settings });
    if (reason !== null) {
      if (mirror === undefined || mirror.state === "held") {
        if (mirror?.reason !== reason) actions.push({ kind: "hold_comment", direction: "state", comment, reason });
      } else if (mirror.state === "live") {
        actions.push({ kind: "withdraw_comment", direction: "to-huawei", mirror });
      } else if (mirror.state === "sending") {
        actions.push(...planStop(input, comment.commentId, "held", reason, confirmed));
      }
      continue;
    }
    const sourceHash = commentHash(comment, input.adfToText, input.mediaReferences);
    if (mirror?.state === "sending") {
      const open = input.intents.filter(
        (intent) => ownerOf(intent) === comment.commentId && !confirmed.has(intent.key),
      );
      // Rows and intents of a sending comment were made together, so without intents every part is confirmed.
      if (open.length === 0)
        actions.push({ kind: "complete_comment", direction: "state", commentId: comment.commentId });
      // Parts that were sent wait for the reading that shows them; only planned ones, or lost ones, need the sender.
      if (open.every((intent) => intent.state === "sent")) continue;
    }
    const settled =
      mirror !== undefined && mirror.sourceHash === sourceHash && mirror.state !== "held" && mirror.state !== "sending";
    if (settled || mirror?.state === "withdrawn" || mirror?.state === "refused") continue;
    if (mirror?.state !== "sending") {
      const leavesAt = new Date(comment.updatedAt.getTime() + settings.comments.holdSeconds * 1000);
      if (leavesAt > input.now) {
        // Order is kept: whatever was written later waits as well.
        recheck.note(leavesAt);
        return actions;
      }
    }
    const files =
      settings.attachments.toHuawei === "none"
        ? []
        : filesNamedBy(input, issue, comment, text).filter((file) => !leaving.has(file.attachmentId));
    for (const file of files) leaving.add(file.attachmentId);
    actions.push({
      kind: "send_comment",
      direction: "to-huawei",
      comment,
      version:
        mirror === undefined || mirror.state === "held"
          ? 1
          : mirror.state === "sending"
            ? mirror.version
            : mirror.version + 1,
      text,
      sourceHash,
      files,
    });
  }
  actions.push(...planDeletedParts(input, comments, confirmed));
  if (input.observed.full) actions.push(...planDeletedComments(input, comments));
  if (settings.attachments.toHuawei === "all" && issue.projectTypeKey !== "service_desk") {
    actions.push(...planOwnFiles(input, issue, comments, leaving, recheck));
  }
  return actions;
}

/** The comment, file or notice whose copy an intent writes. */
export function ownerOf(intent: Pick<Intent, "payload">): string | null {
  const owner = intent.payload.owner as { readonly sourceId?: string } | undefined;
  return owner?.sourceId ?? null;
}

/** A comment that must not go on leaving: what was not sent is dropped; what was sent is confirmed, and withdrawn after that. */
function planStop(
  input: PlanInput,
  commentId: string,
  state: "held" | "withdrawn",
  reason: string,
  confirmed: ReadonlySet<string>,
): Action[] {
  const open = input.intents.filter((intent) => ownerOf(intent) === commentId && !confirmed.has(intent.key));
  const planned = open.filter((intent) => intent.state === "planned");
  const mirror = input.mirrors.find((entry) => entry.kind === "comment" && entry.sourceId === commentId);
  const nothingLeft =
    open.length === planned.length && confirmed.size === 0 && (mirror?.copyFingerprints.length ?? 0) === 0;
  if (planned.length > 0) {
    const keys = planned.map((intent) => intent.key);
    return [{ kind: "cancel_parts", direction: "state", commentId, keys, state: nothingLeft ? state : null, reason }];
  }
  return open.length === 0 ? [{ kind: "complete_comment", direction: "state", commentId }] : [];
}

/** Comments that were deleted while parts of them waited to be sent. */
function planDeletedParts(
  input: PlanInput,
  comments: readonly IssueComment[],
  confirmed: ReadonlySet<string>,
): Action[] {
  const present = new Set<string>(comments.map((comment) => comment.commentId));
  return input.mirrors
    .filter(
      (mirror) =>
        mirror.kind === "comment" &&
        mirror.origin === "jira" &&
        mirror.state === "sending" &&
        !present.has(mirror.sourceId),
    )
    .flatMap((mirror) => planStop(input, mirror.sourceId, "withdrawn", "deleted", confirmed));
}

function planDeletedComments(input: PlanInput, comments: readonly IssueComment[]): Action[] {
  const present = new Set<string>(comments.map((comment) => comment.commentId));
  return input.mirrors
    .filter(
      (mirror) =>
        mirror.kind === "comment" &&
        mirror.origin === "jira" &&
        mirror.state === "live" &&
        !present.has(mirror.sourceId),
    )
    .map((mirror) => ({ kind: "withdraw_comment", direction: "to-huawei", mirror }) as const);
}

/** Policy `all`: files of people that no comment carried, nor carries in this plan (`leaving`). */
function planOwnFiles(
  input: PlanInput,
  issue: Issue,
  comments: readonly IssueComment[],
  leaving: ReadonlySet<string>,
  recheck: Recheck,
): Action[] {
  if (hasHeldLevel(issue, input.settings)) return [];
  const known = new Set(
    input.mirrors.flatMap((mirror) =>
      mirror.kind !== "file"
        ? []
        : mirror.origin === "jira"
          ? [mirror.sourceId]
          : mirror.copyId === null
            ? []
            : [mirror.copyId],
    ),
  );
  const heldNames = namesInRestricted(input, comments);
  const actions: Action[] = [];
  for (const file of issue.files) {
    if (
      known.has(file.attachmentId) ||
      leaving.has(file.attachmentId) ||
      file.authorId === input.ownAccountId ||
      file.createdAt < input.link.outgoingSince
    )
      continue;
    if (isNamedIn(heldNames, file)) continue;
    const leavesAt = new Date(file.createdAt.getTime() + input.settings.comments.holdSeconds * 1000);
    if (leavesAt > input.now) {
      recheck.note(leavesAt);
      break;
    }
    actions.push({ kind: "send_file", direction: "to-huawei", file });
  }
  return actions;
}

/** Whether the policy wants a comment at all. */
function isWanted(settings: ConnectionSettings, text: string): boolean {
  // Comment commands are not text; what they ask for is not carried out in this version.
  if (/^\/(?:urge|close|cancel|rate)\b/.test(text.trimStart())) return false;
  if (settings.comments.toHuawei === "all") return true;
  return settings.comments.toHuawei === "command" && /^\/case\s/.test(text.trimStart());
}

/** Texts and media of comments that must not leave: a file that they name never leaves either (RULES 5). */
function namesInRestricted(input: PlanInput, comments: readonly IssueComment[]): string[] {
  const isDesk = input.observed.issue?.projectTypeKey === "service_desk";
  return comments
    .filter((comment) => comment.restricted || comment.jsdPublic === false || (isDesk && comment.jsdPublic === null))
    .flatMap((comment) => [input.adfToText(comment.body), ...input.mediaReferences(comment.body)]);
}

/** Whether one of these texts and media references names the file. */
function isNamedIn(names: readonly string[], file: IssueFile): boolean {
  return names.some((name) => name === file.attachmentId || name.includes(file.name));
}

/** Files of people that a comment names, by media node or by file name; never one that a restricted comment names too. */
function filesNamedBy(input: PlanInput, issue: Issue, comment: IssueComment, text: string): IssueFile[] {
  const references = new Set(input.mediaReferences(comment.body));
  // The files of an earlier version stand in its message; only what is new goes along with the next one.
  const isNewVersion = input.mirrors.some(
    (mirror) => mirror.kind === "comment" && mirror.sourceId === comment.commentId && mirror.state === "live",
  );
  const restricted = namesInRestricted(input, input.observed.comments ?? []);
  const carried = new Set(
    input.mirrors
      .filter(
        (mirror) =>
          mirror.kind === "file" && mirror.origin === "jira" && (isNewVersion || mirror.parentId !== comment.commentId),
      )
      .map((mirror) => mirror.sourceId),
  );
  return issue.files.filter((file) => {
    if (file.authorId === input.ownAccountId || carried.has(file.attachmentId)) return false;
    const named =
      references.has(file.attachmentId) || references.has(file.name) || (file.name !== "" && text.includes(file.name));
    return named && !isNamedIn(restricted, file);
  });
}

function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
