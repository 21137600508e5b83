/**
 * The durable pairing of one case with one issue, as the flows see it.
 *
 * Glossary: *revision* counts wake-ups (`wantedRev`), a run stores the value it read at its start as `doneRev`; *epoch* counts
 * lease holders, every durable change of a run is conditional on it; *mirror* pairs one item with its copy (`rows/mirror.ts`); *intent* is a
 * write that was decided and is not yet confirmed (`rows/intent.ts`).
 */
import type { CaseId, IssueId, IssueKey, LinkId } from "./ids.ts";
import type { StatusCategory } from "./issue.ts";
import type { Lane } from "./lane.ts";
import type { Side } from "./service-error.ts";

/** All states of a link, in the order in which lists name them. */
export const linkStates = ["active", "blocked", "paused", "moved", "gone", "unlinked"] as const;
export type LinkState = (typeof linkStates)[number];

/** A link whose case was closed is watched for so long (rule 3). */
export const watchedAfterCloseMs = 14 * 24 * 3_600_000;

/** One link. `null` means not known yet. */
export type Link = {
  readonly id: LinkId;
  readonly connectionName: string;
  readonly caseId: CaseId | null;
  readonly issueId: IssueId | null;
  readonly issueKey: IssueKey | null;
  readonly origin: Side;
  readonly state: LinkState;
  readonly reason: string | null;
  readonly wantedRev: number;
  readonly doneRev: number;
  readonly huaweiRev: number;
  readonly jiraRev: number;
  readonly lane: Lane;
  readonly attempts: number;
  /** Look again at this moment, whatever happens. */
  readonly recheckAt: Date | null;
  readonly leaseEpoch: number;
  readonly caseStatus: number | null;
  readonly agreedCaseStatus: number | null;
  readonly agreedCategory: StatusCategory | null;
  readonly jiraUpdatedRaw: string | null;
  readonly outgoingSince: Date;
  readonly createCheckedAt: Date | null;
  readonly markStampedAt: Date | null;
  readonly caseLabels: readonly string[];
  /** Labels that we have put on the issue for those of the case. */
  readonly mirroredLabels: readonly string[];
  /** Fresh writes within the span of the loop breaker. */
  readonly burstSince: Date | null;
  readonly burstWrites: number;
  readonly factsHash: string | null;
  readonly productName: string | null;
  readonly namedMessages: readonly string[];
  readonly closedSeenAt: Date | null;
  readonly checkedAt: Date | null;
  readonly createdAt: Date;
};
