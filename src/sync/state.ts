/**
 * What the flows remember. Implemented by `store/` on PostgreSQL.
 *
 * Every change made on behalf of a run goes through `LeasedLink`, whose statements are conditional on the lease's epoch:
 * a run that lost its lease gets `LeaseLost` and stops, so two runs can never both record a write (rule 2).
 */

import type { CaseSummary } from "../domain/case.ts";
import type { FailureDirection } from "../domain/direction.ts";
import type { FailureReason } from "../domain/failure.ts";
import type { CaseId, IssueId, IssueKey, LinkId } from "../domain/ids.ts";
import type { StatusCategory } from "../domain/issue.ts";
import type { Lane } from "../domain/lane.ts";
import type { Link, LinkState } from "../domain/link.ts";
import type { RoundFailure } from "../domain/round-failure.ts";
import type { Intent, NewFailure, NewIntent } from "../domain/rows/intent.ts";
import type { Mirror, MirrorPatch } from "../domain/rows/mirror.ts";
import type { Side } from "../domain/service-error.ts";

/** Thrown when another run holds the link by now. The run must stop without further remote calls. */
export class LeaseLost extends Error {
  constructor(linkId: string) {
    super(`the lease on link ${linkId} was lost`);
    this.name = "LeaseLost";
  }
}

/** Thrown when a link was to get a case that another one has: a case has one issue (rule 7). Nothing of the step was stored. */
export class CaseAlreadyLinked extends Error {
  readonly caseId: CaseId;
  /** Connection of the link that has it. */
  readonly connectionName: string;
  /** Its issue; `null` = it has none yet. */
  readonly issueKey: IssueKey | null;
  constructor(caseId: CaseId, holder: { readonly connectionName: string; readonly issueKey: IssueKey | null }) {
    super(`case ${caseId} belongs to another link`);
    this.name = "CaseAlreadyLinked";
    this.caseId = caseId;
    this.connectionName = holder.connectionName;
    this.issueKey = holder.issueKey;
  }
}

/** Thrown when a link was to get an issue that another one has: an issue has one case (rule 7). Nothing of the step was stored. */
export class IssueAlreadyLinked extends Error {
  readonly issueId: IssueId;
  /** Case of the link that has it; `null` = it has none. */
  readonly caseId: CaseId | null;
  constructor(issueId: IssueId, holder: { readonly caseId: CaseId | null }) {
    super(`issue ${issueId} belongs to another link`);
    this.name = "IssueAlreadyLinked";
    this.issueId = issueId;
    this.caseId = holder.caseId;
  }
}

/** Everything known about a link at the start of a run. */
export type LinkSnapshot = {
  readonly link: Link;
  readonly mirrors: readonly Mirror[];
  readonly intents: readonly Intent[];
  readonly failures: readonly OpenFailure[];
};

/** A failure of a link that is not resolved. `firstAt`: when its present run of attempts began. */
export type OpenFailure = {
  readonly item: string;
  readonly direction: FailureDirection;
  readonly firstAt: Date;
  readonly reason: string;
  readonly state: string;
  readonly attempts: number;
};

/** Fields of a link that a run sets. */
export type LinkPatch = Partial<{
  issueId: IssueId;
  issueKey: IssueKey;
  caseId: CaseId;
  state: LinkState;
  reason: string | null;
  caseStatus: number;
  agreedCaseStatus: number;
  agreedCategory: StatusCategory;
  jiraUpdatedRaw: string;
  /** When the run changed the issue in a way that leaves nothing with a time of its own, by Jira's clock. */
  jiraWrittenAt: Date;
  createCheckedAt: Date | null;
  markStampedAt: Date;
  mirroredLabels: readonly string[];
  burstSince: Date;
  burstWrites: number;
  factsHash: string;
  namedMessages: readonly string[];
  closedSeenAt: Date | null;
  checkedAt: Date;
  outgoingSince: Date;
  /** Whether a pause or a hold keeps back something that is due; the store remembers since when. */
  held: boolean;
}>;

/** One atomic durable step of a run; everything in it happens or nothing does. */
export type StateStep = {
  readonly link?: LinkPatch;
  readonly mirrors?: readonly MirrorPatch[];
  /** Renames a message once its id appears; its further parts and its files follow it. */
  readonly renames?: readonly {
    readonly kind: "message";
    readonly origin: "huawei";
    readonly from: string;
    readonly to: string;
  }[];
  readonly intents?: readonly NewIntent[];
  readonly intentPatches?: readonly {
    readonly key: string;
    readonly state?: Intent["state"];
    readonly attemptedAt?: Date;
    readonly looks?: number;
    readonly nextLookAt?: Date | null;
    readonly attempts?: number;
    /** It is written again, since every look for an earlier attempt came back empty. */
    readonly repeated?: true;
  }[];
  readonly confirmedIntents?: readonly string[];
  readonly failures?: readonly NewFailure[];
  readonly resolvedFailures?: readonly { readonly item: string }[];
  readonly audit?: readonly {
    readonly side: Side;
    readonly action: string;
    readonly item: string;
    readonly result: string;
    /** The person whose act it was; left out: casebridge's own. */
    readonly actor?: string;
  }[];
  /** Learned: one of Huawei's ids of our own user. */
  readonly huaweiUserId?: string;
  /**
   * How many of our own items without a row this step adopts. The third within an hour stops the connection as `memory_lost`, in
   * the same step.
   */
  readonly adoptions?: number;
};

/** The link while this run holds its lease. */
export interface LeasedLink {
  /** What is known of the link: as it was read when the lease was taken, and every step since applied to it. */
  readonly snapshot: LinkSnapshot;
  /** Id of this installation when the lease was taken; `null` before it was made. */
  readonly installation: string | null;
  /** Milliseconds until the lease ends, by our clock. */
  remainingMs(): number;
  /** Extends the lease. Throws `LeaseLost`. */
  renew(): Promise<void>;
  /** Applies one atomic step. Throws `LeaseLost`; `CaseAlreadyLinked` where the step gives the link a case, `IssueAlreadyLinked` where an issue. */
  apply(step: StateStep): Promise<void>;
  /**
   * Ends the run: stores `doneRev` (when given), the moment to look again and the number of failed attempts, and gives the lease
   * back. A lost lease is ignored here.
   */
  finish(end: {
    readonly doneRev: number | null;
    readonly recheckAt: Date | null;
    readonly attempts: number;
  }): Promise<void>;
}

/** What one connection remembers. */
export type ConnectionState = {
  readonly name: string;
  readonly state: "active" | "stopped";
  readonly stateReason: string | null;
  readonly pausedToJira: boolean;
  readonly pausedToHuawei: boolean;
  readonly firstRoundAt: Date | null;
  readonly importDoneAt: Date | null;
  /** Huawei's ids of our own user, as far as they were learned. */
  readonly huaweiUserIds: readonly string[];
  readonly outgoingSince: Date | null;
};

/** A breaker of a connection, kept as a failure that belongs to no link: `open` waits for a person, `retrying` was released by one. */
export type Breaker = { readonly reason: FailureReason; readonly state: "open" | "retrying" };

/** One case as intake stores it. */
export type SeenCase = {
  readonly caseId: CaseId;
  readonly status: number;
  readonly createdAt: Date;
  readonly labels: readonly string[];
  readonly productName: string | null;
};

/** A link as intake needs it. */
export type IntakeLink = {
  readonly id: LinkId;
  readonly caseId: CaseId | null;
  readonly issueId: IssueId | null;
  readonly state: LinkState;
  readonly caseStatus: number | null;
  readonly agreedCategory: StatusCategory | null;
  readonly caseLabels: readonly string[];
  readonly productName: string | null;
  readonly jiraUpdatedRaw: string | null;
  readonly jiraWrittenAt: Date | null;
  readonly recheckAt: Date | null;
  readonly absentCheckedAt: Date | null;
  readonly closedSeenAt: Date | null;
  readonly cohortId: string | null;
  readonly createdAt: Date;
};

/** A cohort with its members. */
export type CohortState = {
  readonly id: string;
  /** What is asked from: the newest answer's cursor once that is `settle.messageSeconds` old. */
  readonly cursor: string | null;
  readonly nextCursor: string | null;
  readonly nextCursorAt: Date | null;
  readonly caseIds: readonly CaseId[];
};

/** One wake-up: which link, which sides have news, how urgent, and what a message poll named. */
export type WakeUp = {
  readonly linkId: LinkId;
  readonly huawei?: boolean;
  readonly jira?: boolean;
  readonly lane: Lane;
  readonly namedMessages?: readonly string[];
};

/** How many due links of a connection may be taken now, and of lanes how slow at most. */
export type DueShare = { readonly connectionName: string; readonly slowest: Lane; readonly places: number };

/** The breaker of closes and cancels of a connection, which trips when there are too many at once (rule 2, `many_closes`). */
export interface ClosesBreaker {
  /**
   * Whether a close or cancel may happen now; `held`: the breaker waits for release, since more than 10 were wished within 10
   * minutes. `later`: the wish, noted at `notedAt`, was not counted by a round over the issues yet, so nobody knows how many there are;
   * `wakeCountedWishes` wakes its link. `null`: a wish that needs no counting. May be repeated.
   */
  admitClose(connectionName: string, notedAt: Date | null): Promise<"now" | "held" | "later">;
  /** How many closes and cancels were wished since then. */
  countCloseWishes(connectionName: string, since: Date): Promise<number>;
  /**
   * Wakes the links whose moves wish to end their case, as noted before `until`, the start of a round that has counted them. Does
   * nothing while the breaker has tripped. May be repeated.
   */
  wakeCountedWishes(connectionName: string, span: { readonly since: Date | null; readonly until: Date }): Promise<void>;
  /** Lets the lane go on and wakes what waited. Does nothing when it is not held. */
  releaseCloses(connectionName: string): Promise<void>;
  /** Holds the lane for `count` wishes that were seen together, unless it was released within the last 10 minutes. May be repeated. */
  holdCloses(connectionName: string, count: number): Promise<void>;
}

/** Durable memory of all flows. */
export interface StatePort extends ClosesBreaker {
  /** Id of this installation; made once. */
  getInstallation(): Promise<string>;
  getConnection(name: string): Promise<ConnectionState>;
  /** What holds a lane of the whole connection. */
  listBreakers(connectionName: string): Promise<readonly Breaker[]>;
  patchConnection(
    name: string,
    patch: Partial<{
      state: "active" | "stopped";
      stateReason: string | null;
      pausedToJira: boolean;
      pausedToHuawei: boolean;
      firstRoundAt: Date;
      importDoneAt: Date;
      outgoingSince: Date;
    }>,
  ): Promise<void>;

  /** Takes the lease of a link, or `null` when another run holds it. A lease ends by itself after `leaseMs`. */
  claimLink(linkId: LinkId, owner: string, leaseMs: number): Promise<LeasedLink | null>;
  /** The same without a lease, for reading (verify, dry run). `null` when there is no such link. */
  findSnapshot(linkId: LinkId): Promise<LinkSnapshot | null>;

  /** All links of a connection, those of cases closed for years included: for commands that repair, never for a round. */
  listIntakeLinks(connectionName: string): Promise<readonly IntakeLink[]>;
  /** Its links whose cases are watched: open, or closed for less than 14 days. */
  listWatchedLinks(connectionName: string): Promise<readonly IntakeLink[]>;
  /** Its active links of open cases, by id, up to 1,000 behind the link `after`; `null` = from the first. None: there are no more. */
  listOpenLinks(connectionName: string, after: LinkId | null): Promise<readonly IntakeLink[]>;
  /** Its links of these cases, in every state and however old. */
  findLinksByCase(connectionName: string, caseIds: readonly CaseId[]): Promise<readonly IntakeLink[]>;
  /** Whether it has ever paired a case with an issue. */
  hasPair(connectionName: string): Promise<boolean>;
  findLinksByIssue(connectionName: string, issueIds: readonly IssueId[]): Promise<readonly IntakeLink[]>;
  /** Which of these issues a link of any connection on the same Jira site holds. */
  listPairedIssues(connectionName: string, issueIds: readonly IssueId[]): Promise<ReadonlySet<IssueId>>;
  /**
   * Inserts links for new cases, each once per Huawei site, whoever tries; a case that another connection owns is left alone.
   * Answers the ids of the links that are new.
   */
  insertCaseLinks(
    connectionName: string,
    cases: readonly SeenCase[],
    facts: { readonly now: Date; readonly lane: Lane; readonly labelChecked: ReadonlySet<string> },
  ): Promise<readonly LinkId[]>;
  /** Which of these cases a link of another connection on the same Huawei site holds, with that connection's name. */
  listCaseOwners(connectionName: string, caseIds: readonly CaseId[]): Promise<ReadonlyMap<CaseId, string>>;
  /**
   * The issues of these cases, as far as active links on the same two sites pair them; `made`: that link remembers that its issue was
   * linked with the one of `ofCaseId`.
   */
  findIssuesOfCases(
    connectionName: string,
    ofCaseId: CaseId,
    caseIds: readonly CaseId[],
  ): Promise<readonly { readonly caseId: CaseId; readonly issueId: IssueId; readonly made: boolean }[]>;
  /** When the last round of that name began, if it has ended, however; `null` while one runs, or none ever ran. */
  findRoundStart(connectionName: string, round: string): Promise<Date | null>;
  /**
   * Inserts links for issues that ask for a case, each once per Jira site, whoever tries; with `caseId` for one whose case is known by
   * its mark. Answers the ids of the links that are new.
   */
  insertIssueLinks(
    connectionName: string,
    issues: readonly { readonly issueId: IssueId; readonly issueKey: IssueKey }[],
    facts: { readonly now: Date; readonly lane: Lane; readonly caseId?: CaseId },
  ): Promise<readonly LinkId[]>;
  /** Records an existing pairing that was found by its label; counts as an adoption. False when case or issue is already linked. */
  adoptIssue(linkId: LinkId, issueId: IssueId, issueKey: IssueKey): Promise<boolean>;
  /** Raises revisions; repeated wake-ups add up harmlessly. `seen` updates what lists told. */
  wake(
    wakeUps: readonly WakeUp[],
    seen?: readonly { readonly linkId: LinkId; readonly case: SeenCase }[],
  ): Promise<void>;
  /** At most `limit` links whose wake-ups or moments to look again are due, most urgent lane first; a name alone means all that is due. */
  listDueLinks(
    shares: readonly (string | DueShare)[],
    now: Date,
    limit: number,
  ): Promise<readonly { id: LinkId; lane: Lane; connectionName: string; turn: number; dueAt: Date }[]>;
  /** Up to 100 active links whose issue's property does not name its own id yet, oldest first, without the first `skip` ones. */
  listUnstampedLinks(
    connectionName: string,
    range?: { readonly madeAfter?: Date | null; readonly skip?: number },
  ): Promise<readonly { readonly id: LinkId; readonly caseId: CaseId; readonly issueId: IssueId }[]>;
  /** Remembers that the issues of these links carry their stamps. May be repeated. */
  markStamped(linkIds: readonly LinkId[], at: Date): Promise<void>;
  markAbsentChecked(linkIds: readonly LinkId[], at: Date): Promise<void>;

  /** Puts watched links without cohort into cohorts of at most 100, and drops unwatched ones. */
  arrangeCohorts(connectionName: string, watchedSince: Date): Promise<void>;
  /** Up to ten cohorts as they are, each with its members, behind the cohort `after`; `null` = from the first. None: there are no more. */
  listCohorts(connectionName: string, after: string | null): Promise<readonly CohortState[]>;
  /** One transaction: wakes links and stores the cohort's cursor. */
  commitCohort(
    cohortId: string,
    cursors: Pick<CohortState, "cursor" | "nextCursor" | "nextCursorAt">,
    wakeUps: readonly WakeUp[],
    at: Date,
  ): Promise<void>;
  /** How many messages with each fingerprint a link knows, for the given links. Key: `linkId|fingerprint`. */
  countFingerprints(linkIds: readonly LinkId[]): Promise<ReadonlyMap<string, number>>;
  /** Marks of messages that the present run of one of these links has sent and not yet seen, as `<link>|<mark>`. */
  listMarksUnderWay(linkIds: readonly LinkId[]): Promise<ReadonlySet<string>>;

  findCursor(connectionName: string, name: string): Promise<string | null>;
  saveCursor(connectionName: string, name: string, value: string): Promise<void>;

  /**
   * Watched links not fully compared since their last moment up to `before`, oldest first. Each has one moment of its own in each period
   * of `periodMs`, spread evenly.
   */
  listUncheckedLinks(connectionName: string, before: Date, periodMs: number): Promise<readonly LinkId[]>;
  countWatchedLinks(connectionName: string): Promise<number>;

  /** Takes the round `name` of a connection, or false while another replica runs it. */
  beginRound(connectionName: string, name: string, owner: string, leaseMs: number): Promise<boolean>;
  /** Lengthens the lease of a round that runs on. */
  renewRound(connectionName: string, name: string, owner: string, leaseMs: number): Promise<void>;
  /** Gives it back with what it came to; `failure` null unless it failed. */
  endRound(
    connectionName: string,
    name: string,
    owner: string,
    result: { readonly outcome: string; readonly requests: number; readonly failure: RoundFailure | null },
  ): Promise<void>;
  /** One line per run that did something. */
  recordRun(run: {
    readonly connectionName: string | null;
    readonly linkId: LinkId | null;
    readonly job: string;
    readonly startedAt: Date;
    readonly outcome: string;
    readonly reason: string | null;
    readonly reads: number;
    readonly writes: number;
  }): Promise<void>;
  /**
   * Stops a connection with a failure that says why; false when somebody has discarded that failure, and so said that it may go on.
   * A connection that is stopped already keeps its reason.
   */
  stopConnection(connectionName: string, reason: FailureReason, detail: string): Promise<boolean>;
  /** Whether somebody has discarded the failure of the connection that has this reason. */
  isDiscarded(connectionName: string, reason: FailureReason): Promise<boolean>;
  /** A failure that belongs to no link. */
  recordConnectionFailure(connectionName: string, reason: FailureReason, detail: string): Promise<void>;
  /** Links with a failure of this reason that waits for somebody, was given up, or is tried again. */
  listFailedLinks(connectionName: string, reason: FailureReason): Promise<readonly LinkId[]>;
  /** Closes a failure that belongs to no link. Does nothing when there is none. */
  resolveConnectionFailure(connectionName: string, reason: FailureReason): Promise<void>;
  /** How many links of a connection lack their case or issue at the moment, and how many are watched at all. */
  countMissing(connectionName: string): Promise<{ readonly missing: number; readonly watched: number }>;
}

/** What `rebuild` needs of the store besides `StatePort`. */
export interface RebuildState {
  /**
   * The link of this case and issue: the one that exists, also one of the case that has no issue yet, or a new one that is paused as
   * `rebuilding`, so that no run touches it before it is complete. `taken`: case or issue belongs to another link; `unlinked`: a
   * tombstone. May be repeated.
   */
  ensureLink(
    connectionName: string,
    pair: {
      readonly caseId: CaseId;
      readonly issueId: IssueId | null;
      readonly issueKey: IssueKey | null;
      readonly origin: Side;
      readonly summary: CaseSummary | null;
    },
  ): Promise<
    | { readonly kind: "link"; readonly linkId: LinkId; readonly fresh: boolean }
    | { readonly kind: "taken" | "unlinked"; readonly linkId: LinkId; readonly issueKey: string | null }
  >;
  /** Stops the connection as `rebuilding`, unless it is stopped for a reason that a rebuild does not mend. */
  beginRebuild(connectionName: string): Promise<void>;
  /** Lets a connection go that was stopped as `rebuilding` or `memory_lost`, and resolves what told of the loss. */
  endRebuild(connectionName: string): Promise<void>;
}
