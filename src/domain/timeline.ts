/**
 * One link as people look at it: what was written on either side, when it arose, was noticed and was mirrored, and what is still open. Ids,
 * times, sizes and codes; never texts.
 */
import type { FailureDirection } from "./direction.ts";
import type { Link } from "./link.ts";
import type { IntentState } from "./rows/intent.ts";
import type { MirrorKind, MirrorState } from "./rows/mirror.ts";
import type { Side } from "./service-error.ts";

/** One item that a person or casebridge wrote, with its copy. */
export type TimelineItem = {
  readonly what: "item";
  /** Place in the order of the page; unique in its link. */
  readonly id: string;
  readonly kind: MirrorKind;
  /** The side where it was written. */
  readonly origin: Side;
  readonly sourceId: string;
  readonly copyId: string | null;
  readonly version: number;
  readonly state: MirrorState;
  /** A code, perhaps with words of casebridge behind it; `null` = none. */
  readonly reason: string | null;
  readonly sizeBytes: number | null;
  /** Of files: the message or comment that they belong to. */
  readonly parentId: string | null;
  /** When it was written, by its own service; `null` where that was not stored. */
  readonly aroseAt: Date | null;
  /** When its row came about; earlier than `mirroredAt` only where the two are apart. */
  readonly noticedAt: Date;
  /** When its first copy was confirmed; `null` = it was not, or that is longer ago than the audit goes. */
  readonly mirroredAt: Date | null;
  /** Times that it was written to the other side, edits included, as far as the audit goes. */
  readonly writes: number;
};

/** One act on a service that carries no item: a move of the issue, a close, the issue that was made. */
export type TimelineAct = {
  readonly what: "act";
  readonly id: string;
  readonly at: Date;
  /** The service that was written to. */
  readonly side: Side;
  readonly action: string;
  readonly item: string;
  readonly result: string;
};

/** One line of the timeline. */
export type TimelineEntry = TimelineItem | TimelineAct;

/** A write that was decided and is not confirmed. */
export type OpenWrite = {
  readonly kind: string;
  readonly key: string;
  /** The service that is written to. */
  readonly side: Side;
  readonly state: IntentState;
  readonly begunAt: Date;
  readonly attemptedAt: Date | null;
  /** How often it was looked for, and when next. */
  readonly looks: number;
  readonly nextLookAt: Date | null;
  readonly attempts: number;
};

/** A failure of the link that is not resolved. */
export type LinkFailure = {
  readonly id: string;
  readonly item: string;
  readonly direction: FailureDirection;
  readonly reason: string;
  readonly detail: string;
  readonly state: string;
  readonly attempts: number;
  readonly firstAt: Date;
};

/** How a link stands. */
export type LinkStanding = Pick<
  Link,
  | "id"
  | "connectionName"
  | "caseId"
  | "issueId"
  | "issueKey"
  | "origin"
  | "state"
  | "reason"
  | "caseStatus"
  | "agreedCaseStatus"
  | "agreedCategory"
  | "lane"
  | "recheckAt"
  | "attempts"
  | "checkedAt"
  | "createdAt"
> & {
  readonly reasonAt: Date | null;
  /** Since when news waits for a run; `null` = none does. */
  readonly pendingSince: Date | null;
  readonly heldSince: Date | null;
  /** Until when a run holds it; `null` = none does. */
  readonly workingUntil: Date | null;
};

/** One link with a page of its timeline, the oldest line first. */
export type LinkView = {
  readonly link: LinkStanding;
  readonly connection: {
    readonly state: "active" | "stopped";
    readonly stateReason: string | null;
    readonly pausedToJira: boolean;
    readonly pausedToHuawei: boolean;
  };
  readonly entries: readonly TimelineEntry[];
  /** Cursor of the page before this one in time; `null` = this is the earliest. */
  readonly earlier: string | null;
  readonly openWrites: readonly OpenWrite[];
  readonly failures: readonly LinkFailure[];
};

/** The waiting link of a list; `waitingSince` null = nothing waits, be it for a run, a release or a person. */
export type WaitingLink = Pick<
  LinkStanding,
  | "reasonAt"
  | "lane"
  | "pendingSince"
  | "attempts"
  | "createdAt"
  | "id"
  | "connectionName"
  | "caseId"
  | "issueId"
  | "issueKey"
  | "origin"
  | "state"
  | "reason"
  | "caseStatus"
  | "recheckAt"
  | "checkedAt"
> & { readonly waitingSince: Date | null; readonly openFailures: number };
