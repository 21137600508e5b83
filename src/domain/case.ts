/**
 * The Huawei side as casebridge sees it: cases and their conversation, freed from the wire's spellings.
 * Facts: status numbers and author kinds from the vendor's public API guide (shared huawei.md 5 and 9).
 */
import type { CaseFileId, CaseId, MessageId } from "./ids.ts";

/** Status numbers of cases that are over; every other number is open, an unknown one too ("open, unknown"). */
const closedStatuses: ReadonlySet<number> = new Set([3, 4, 12, 13]);

/** The statuses that a round lists, one call each: the open ones that the vendor documents. */
export const openStatuses = [0, 1, 2, 5, 17] as const;

/** The status numbers on whose entry Huawei waits for the customer: to be confirmed, pending feedback. */
export const waitingStatuses: ReadonlySet<number> = new Set([2, 17]);

/** Status of a deleted case. */
export const deletedStatus = 13;

const statusNames: Readonly<Record<number, string>> = {
  0: "to be processed",
  1: "processing",
  2: "to be confirmed",
  3: "completed",
  4: "canceled",
  5: "paused",
  12: "invalid",
  13: "deleted",
  17: "pending feedback",
};

/** The status numbers that the vendor documents. */
export const knownStatuses: readonly number[] = Object.keys(statusNames).map(Number);

/** Whether a case in this status may still change; unknown numbers are open. */
export function isOpenStatus(status: number): boolean {
  return !closedStatuses.has(status);
}

/** English name of a status number; an unknown one is shown with its number. */
export function statusName(status: number): string {
  return statusNames[status] ?? `open, unknown (${status})`;
}

/** Who wrote a message. `unknown` stands for author numbers that the vendor has not documented. */
export type AuthorKind = "customer" | "engineer" | "partner" | "unknown";

/** One file named by a message; the API tells neither size nor type. */
export type CaseFile = { readonly fileId: CaseFileId; readonly name: string };

/** One entry of a case's conversation. Times are UTC with whatever precision the service gave. */
export type CaseMessage = {
  /** `null` in readings that carry no id (lists, instant messages). */
  readonly messageId: MessageId | null;
  readonly authorKind: AuthorKind;
  /** The service's id of the author; `null` when the reading lacks it. */
  readonly authorId: string | null;
  readonly authorName: string;
  /** Raw text, plain or rich, not sanitised. */
  readonly content: string;
  readonly createdAt: Date;
  /** True for the message that repeats the description; never a comment. */
  readonly isFirst: boolean;
  readonly files: readonly CaseFile[];
  /** Only a list shows the message, and its text may go on where the list cuts (huawei.md 14): it is never posted. */
  readonly textCut?: true;
};

/** What a case list tells. */
export type CaseSummary = {
  readonly caseId: CaseId;
  readonly status: number;
  readonly createdAt: Date;
  readonly description: string;
  readonly typeName: string | null;
  readonly problemTypeName: string | null;
  readonly productName: string | null;
  readonly regionName: string | null;
  readonly submitterName: string | null;
  readonly confirmedAt: Date | null;
  readonly labels: readonly string[];
};

/** What a case detail tells; `labels`, product and confirmed time exist only in lists. */
export type CaseDetail = {
  readonly caseId: CaseId;
  readonly status: number;
  readonly createdAt: Date;
  readonly description: string;
  readonly typeName: string | null;
  readonly problemTypeName: string | null;
  readonly regionName: string | null;
  readonly severityName: string | null;
  readonly sourceName: string | null;
  readonly submitterName: string | null;
  /** In the order of time, ties in the order received. */
  readonly messages: readonly CaseMessage[];
};

/** A Huawei engineer's request for access to the customer's resources (我的授权). */
export type AccessRequest = {
  readonly authorizationId: string;
  readonly caseId: CaseId | null;
  readonly status: string;
  readonly summary: string;
  readonly expiresAt: Date | null;
};

/** One entry of a case's operation log. `description` is what the actor said, our mark among it. */
export type CaseOperation = { readonly kind: "rate" | "other"; readonly description: string; readonly at: Date };
