/**
 * The durable pairing of one case with one issue, as the flows see it.
 *
 * Glossary: *revision* counts wake-ups (`wantedRev`), a run stores the value it read at its start as `doneRev`; *epoch* counts
 * lease holders, every durable change of a run is conditional on it; *mirror* pairs one item with its copy; *intent* is a write
 * that was decided and is not yet confirmed.
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

/** What kind of item a mirror pairs. `facts` and `notice` have no copy id on the other side but a comment. */
export type MirrorKind = "message" | "comment" | "file" | "notice" | "facts";

/**
 * `sending`: intents of it are open; `live`: the copy is confirmed; `placeholder`: it cannot be carried, and the other side says so;
 * `withdrawn`; `held`: a rule keeps it from leaving; `refused`: the other side refused it for good.
 */
export type MirrorState = "sending" | "live" | "placeholder" | "withdrawn" | "held" | "refused";

/** Pairs one item with its copy. Holds ids, hashes, sizes and states; never texts. */
export type Mirror = {
  readonly kind: MirrorKind;
  /** The side where a human wrote the item. */
  readonly origin: Side;
  readonly sourceId: string;
  readonly fingerprint: string | null;
  readonly sourceHash: string | null;
  /** Of comments: what `sourceHash` stands for, however it is rendered; the hash beside which it was written precedes it. */
  readonly sourceDigest: string | null;
  readonly copyId: string | null;
  readonly copyFingerprints: readonly string[];
  readonly version: number;
  readonly state: MirrorState;
  readonly reason: string | null;
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  readonly parentId: string | null;
  readonly missingSince: Date | null;
  /** When the item was written, by its own service; `null` where that was not stored. */
  readonly sourceAt: Date | null;
  readonly updatedAt: Date;
};

/** `planned`: certainly not executed; `sent`: executed, its id not yet known; `unknown`: may have been executed. */
export type IntentState = "planned" | "sent" | "unknown";

/** A write that was decided and is not yet confirmed. */
export type Intent = {
  readonly kind: "issue" | "case" | "comment" | "message" | "file" | "action";
  /** One write per key and link. */
  readonly key: string;
  /** The service that is written to. */
  readonly side: Side;
  readonly state: IntentState;
  /** Frozen content, in the shape of its kind. */
  readonly payload: Readonly<Record<string, unknown>>;
  /** Identity of the mark that the copy carries, or `null`. */
  readonly mark: string | null;
  readonly createdAt: Date;
  readonly attemptedAt: Date | null;
  readonly looks: number;
  readonly nextLookAt: Date | null;
  readonly attempts: number;
};

/** Reason on a mirror with messages that never showed and that a person gave up; their marks follow it, with blanks between them. */
export const givenUp = "given_up";
