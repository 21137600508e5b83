/**
 * What the planner looks at, and the actions that it may answer.
 */

import type { AccessRequest, CaseDetail, CaseFile, CaseMessage } from "../../domain/case.ts";
import type { Command } from "../../domain/command-text.ts";
import type { Direction } from "../../domain/direction.ts";
import type { GuardWord } from "../../domain/guard-word.ts";
import type { IdentifiedMessage } from "../../domain/identity.ts";
import type { AttachmentId, CaseId, CommentId, IssueId } from "../../domain/ids.ts";
import type { Issue, IssueChange, IssueComment, IssueFile, StatusCategory, StatusChange } from "../../domain/issue.ts";
import type { Link } from "../../domain/link.ts";
import { findIntent, type Intent, type MessageIntentKind } from "../../domain/rows/intent.ts";
import { findMirror, type Mirror } from "../../domain/rows/mirror.ts";
import { noticeId } from "../../domain/rows/mirror-name.ts";
import type { ConnectionSettings, StatusTarget } from "../../domain/settings.ts";
import type { Moments } from "../moments.ts";
import type { OpenFailure, StateStep } from "../state.ts";

/** Which way an action works. `state`: it changes only what we remember. */
export type ActionDirection = Direction | "state";

/** A related case that is mirrored. `made`: the pair of that case has linked the two issues already. */
export type RelatedIssue = { readonly caseId: CaseId; readonly issueId: IssueId; readonly made: boolean };

/** What one reading of the relations came to. */
export type Relations = {
  /** Hash of what the case showed then. */
  readonly hash: string;
  readonly related: readonly RelatedIssue[];
};

/** What one run saw. `null` = that side was not read in this run. */
export type Observed = {
  readonly case: CaseDetail | null;
  /** When the case was read, by our clock. */
  readonly caseReadAt: Date | null;
  /** All messages of the case, merged from every page that was read. */
  readonly messages: readonly CaseMessage[] | null;
  readonly issue: Issue | null;
  /** When the issue was read, with its comments if they were, by our clock. */
  readonly issueReadAt: Date | null;
  readonly comments: readonly IssueComment[] | null;
  readonly statusChanges: readonly StatusChange[] | null;
  /** The changelog, read when a change of the issue is due to be told. */
  readonly changes: readonly IssueChange[] | null;
  /** Related cases, read in a full check of a case that shows something new. */
  readonly relations: Relations | null;
  /** Requests of engineers for access, read when a wake-up named one; `null` = they were to be read, and could not be. */
  readonly accessRequests: readonly AccessRequest[] | null;
  /** Both sides were read completely: copies that are gone can be told. */
  readonly full: boolean;
};

/** Everything the planner looks at. */
export type PlanInput = Moments & {
  readonly link: Link;
  readonly mirrors: readonly Mirror[];
  readonly intents: readonly Intent[];
  /** Failures of the link that are not resolved. */
  readonly failures: readonly OpenFailure[];
  readonly observed: Observed;
  readonly settings: ConnectionSettings;
  readonly huaweiUserIds: readonly string[];
  /** Directions that an administrator has paused for the whole connection. */
  readonly paused: { readonly toJira: boolean; readonly toHuawei: boolean };
  readonly ownAccountId: string;
  readonly installation: string;
  readonly adfToText: (doc: unknown) => string;
  readonly mediaReferences: (doc: unknown) => readonly string[];
};

/** One unit of a plan. */
export type Action =
  | { readonly kind: "create_issue"; readonly direction: "to-jira"; readonly detail: CaseDetail }
  | {
      /** Changes only what we remember. In direction `to-jira` it waits behind the writes that it remembers. */
      readonly kind: "remember";
      readonly direction: "state" | "to-jira";
      /** Names it in logs and tests. */
      readonly what: string;
      readonly step: StateStep;
      /** The next run reads both sides afresh. */
      readonly wakes?: true;
    }
  | {
      /** A second copy of our own that showed up late. */
      readonly kind: "remove_duplicate";
      readonly direction: "to-jira";
      readonly item: string;
      readonly copy:
        | { readonly kind: "comment"; readonly commentId: CommentId }
        | { readonly kind: "file"; readonly attachmentId: AttachmentId };
    }
  | {
      readonly kind: "carry_issue_files";
      readonly direction: "to-jira";
      readonly parentId: string;
      readonly files: readonly CaseFile[];
    }
  | { readonly kind: "complete_issue"; readonly direction: "to-jira"; readonly intent: Intent<"issue_fields"> }
  | { readonly kind: "post_rest"; readonly direction: "to-jira"; readonly intent: Intent<"description_rest"> }
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
      /** The labels that the issue has for its case afterwards. */
      readonly labels: readonly string[];
    }
  | {
      readonly kind: "move_issue";
      readonly direction: "to-jira";
      readonly target: StatusTarget;
      readonly caseStatus: number;
      /** Number of the entry into a waiting status that this move completes. */
      readonly entered: number | null;
      /** Moment of the refused move that this one takes back, remembered so that it is taken back once. */
      readonly backFrom: number | null;
    }
  | { readonly kind: "resume_notice"; readonly direction: "to-jira"; readonly intent: Intent<"notice"> }
  | { readonly kind: "resume_message"; readonly direction: "to-huawei"; readonly intent: Intent<MessageIntentKind> }
  | { readonly kind: "notice"; readonly direction: "to-jira"; readonly cause: string; readonly text: string }
  | { readonly kind: "stamp_issue"; readonly direction: "to-jira" }
  | {
      readonly kind: "run_command";
      readonly direction: "to-huawei";
      readonly comment: IssueComment;
      readonly command: Extract<Command, { readonly name: "urge" | "close" | "cancel" | "rate" }>;
      /** Its text leaves unmasked, by a person's word. */
      readonly asIs: boolean;
    }
  | {
      /** The labels that asked for the case are taken away once it is there. */
      readonly kind: "drop_request_labels";
      readonly direction: "to-jira";
      readonly labels: readonly string[];
    }
  | {
      readonly kind: "send_comment";
      readonly direction: "to-huawei";
      readonly comment: IssueComment;
      readonly version: number;
      readonly text: string;
      readonly sourceHash: string;
      readonly sourceDigest: string;
      readonly files: readonly IssueFile[];
      /** Files that it names and that stay in Jira: its message says so. */
      readonly staying: readonly IssueFile[];
      /** Nothing of it is masked, by a person's word. */
      readonly asIs: boolean;
    }
  | {
      /** A person lets out what the guard keeps. */
      readonly kind: "release_guarded";
      readonly direction: "to-huawei";
      readonly comment: IssueComment;
      readonly word: GuardWord;
      readonly items: readonly { readonly item: string; readonly hash: string }[];
    }
  | {
      readonly kind: "withdraw_comment";
      readonly direction: "to-huawei";
      readonly mirror: Mirror<"comment">;
      /** `deleted`, or why the comment may not be read outside any more. */
      readonly reason: string;
    }
  | {
      /** Messages that two readings lacked. `reading`: what the second one shows. */
      readonly kind: "mark_withdrawn";
      readonly direction: "to-jira";
      readonly mirrors: readonly Mirror<"message" | "comment">[];
      readonly reading: readonly CaseMessage[];
    }
  | {
      readonly kind: "carry_late_file";
      readonly direction: "to-jira";
      readonly file: CaseFile;
      readonly parentId: string;
      /** `refused`: what stood in its way may have passed. `unseen`: the view that its message was mirrored from did not show it. */
      readonly cause: "refused" | "unseen";
    }
  | {
      readonly kind: "send_file";
      readonly direction: "to-huawei";
      readonly file: IssueFile;
      /** It was refused before; what stood in its way may have passed. */
      readonly late?: true;
      /** Its name leaves unmasked, by a person's word. */
      readonly asIs: boolean;
    }
  | {
      readonly kind: "act_on_case";
      readonly direction: "to-huawei";
      readonly action: "close" | "cancel";
      /** Moment of the person's move that asks for it. */
      readonly movedMs: number;
      readonly category: StatusCategory | null;
    }
  | {
      readonly kind: "link_issues";
      readonly direction: "to-jira";
      readonly caseId: CaseId;
      readonly issueId: IssueId;
    }
  | {
      /** The case hears what a person changed on the issue; of a message that was decided before only the number counts. */
      readonly kind: "tell_change";
      readonly direction: "to-huawei";
      readonly issue: Issue;
      readonly n: number;
      readonly state: string;
      readonly text: string;
      /** Nothing of it is masked, by a person's word. */
      readonly asIs: boolean;
    }
  | {
      readonly kind: "ask_reopen";
      readonly direction: "to-huawei";
      /** Moment of the person's move that asks for it. */
      readonly movedMs: number;
      readonly category: StatusCategory;
    };

/** The plan of one pass. `recheckAt`: when time alone will make something due. */
export type Plan = { readonly actions: readonly Action[]; readonly recheckAt: Date | null };

/** Gathers the earliest moment at which time alone makes something due. */
export class Recheck {
  at: Date | null = null;
  note(at: Date): void {
    if (this.at === null || at < this.at) this.at = at;
  }
}

/** Whether a person released the failure of an item with `failures retry`. Pure. */
export function isReleased(input: Pick<PlanInput, "failures">, item: string): boolean {
  return input.failures.some((failure) => failure.item === item && failure.state === "retrying");
}

/** Whether a notice with this cause stands, or stood, on the issue. Pure. */
export function hasNotice(input: Pick<PlanInput, "mirrors">, cause: string): boolean {
  return findMirror(input.mirrors, noticeId(cause)) !== undefined;
}

/** Whether a notice with this cause stands, or its write is under way: planning it again would write it twice. Pure. */
export function isOwed(input: Pick<PlanInput, "mirrors" | "intents">, cause: string): boolean {
  return hasNotice(input, cause) || findIntent(input.intents, { kind: "notice", cause }) !== undefined;
}
