/**
 * `rebuild`: the mapping out of the marks on both sides, after the database was lost or while it is older than what it wrote.
 *
 * The problem: without the mapping every case looks new and every comment unsent. What casebridge wrote tells what it belongs to, so
 * both sides are surveyed first (reads only), then one link after another is stored with all its items, and only at the end the
 * connection may write again.
 *
 * Traps, and how each is met:
 * - A worker may be running. The connection is stopped, its rounds are held, and each link is changed under its lease.
 * - It may be killed anywhere. Every link is stored by one step, stamped after that, and found again in its place by the next try; the
 *   connection stays stopped until some try reaches the end.
 * - Clones carry labels and sometimes properties, and people write both: only what `ownership.ts` proves counts.
 * - A case may be gone, an issue moved or there twice: none is dropped, each gets a state or a failure that says so.
 */
import {
  type CaseDetail,
  type CaseMessage,
  type CaseSummary,
  isOpenStatus,
  waitingStatuses,
} from "../../domain/case.ts";
import { findMark } from "../../domain/identity.ts";
import { type CaseId, compareIds, type IssueId, type IssueKey, toId } from "../../domain/ids.ts";
import type { Issue, IssueComment, IssueMark } from "../../domain/issue.ts";
import { caseLabel, toJiraLabel } from "../../domain/labels.ts";
import type { Lane } from "../../domain/lane.ts";
import { linkLeaseMs, renewEveryMs, roundLeaseMs } from "../../domain/lease.ts";
import type { Mirror } from "../../domain/link.ts";
import { isServiceError } from "../../domain/service-error.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import { withHeartbeat } from "../../lib/heartbeat.ts";
import { toServiceTime } from "../../lib/service-clock.ts";
import { patchMirrors } from "../apply-step.ts";
import { isWantedCase } from "../intake/intake.ts";
import { observe } from "../link/observe.ts";
import { isByUs, isIssueOf, namesItself } from "../ownership.ts";
import { restoredState } from "../plan/changes.ts";
import { isWanted } from "../plan/disclosure.ts";
import { factsHash } from "../plan/facts.ts";
import { moments } from "../plan/moments.ts";
import { heldReason } from "../plan/restriction.ts";
import { isCompatible } from "../plan/status.ts";
import type { Clock, HuaweiPort, JiraPort, Log, MarkedIssue, TextPort } from "../ports.ts";
import { type Recognised, recognise } from "../recognise.ts";
import { messageHeader } from "../render.ts";
import { requestOf } from "../request/request.ts";
import type { LeasedLink, LinkPatch, LinkSnapshot, RebuildState, StatePort, StateStep } from "../state.ts";

export type RebuildDeps = {
  readonly huawei: HuaweiPort;
  readonly jira: JiraPort;
  readonly text: TextPort;
  readonly state: StatePort;
  readonly store: RebuildState;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ConnectionSettings;
  readonly owner: string;
  readonly sleep: (ms: number) => Promise<void>;
  readonly concurrency: number;
  /** Keys of the projects of other connections on the same Jira site: their issues are theirs. */
  readonly otherProjects: ReadonlySet<string>;
  readonly onProgress?: (done: number, total: number) => void;
};

/** One issue that is the copy, or the origin, of a case. */
export type FoundIssue = {
  readonly caseId: CaseId;
  readonly issueId: IssueId;
  readonly issueKey: IssueKey;
  /** Installation that marked it; `null` where only the case names the issue. */
  readonly inst: string | null;
  /** The property names its own issue, as it should. */
  readonly stamped: boolean;
  readonly moved: boolean;
};

/** What both services show of our marks. */
export type Survey = {
  readonly found: readonly FoundIssue[];
  /** Issues beside the one that counts, by their keys. */
  readonly duplicates: readonly { readonly caseId: CaseId; readonly kept: FoundIssue; readonly other: IssueKey }[];
  /** Issues with the label of a case and without a readable property, where no other issue has one. */
  readonly unmarked: readonly { readonly caseId: CaseId; readonly issueKey: IssueKey }[];
  /** Clones: a label, or the property of another issue. */
  readonly clones: readonly IssueKey[];
  /** How many issues each installation marked. */
  readonly installations: readonly { readonly inst: string; readonly issues: number }[];
  readonly cases: ReadonlyMap<CaseId, CaseSummary>;
};

/** What became of one pair. */
export type PairResult = {
  readonly caseId: CaseId;
  readonly issueKey: IssueKey | null;
  readonly outcome: "new" | "completed" | "gone" | "moved" | "blocked" | "taken" | "unlinked" | "vanished";
  readonly items: Items;
  /** Comments of people without a copy, which count as history from now on. */
  readonly history: number;
  readonly duplicates: readonly string[];
  readonly unknownMarks: number;
};

/** How many rows were made again, by kind. */
export type Items = {
  readonly messages: number;
  readonly comments: number;
  readonly files: number;
  readonly notices: number;
};

const lane: Lane = "import";
/** A round or a run of a worker ends, or loses its lease, within this time. */
const patienceMs = 120_000;
const noItems: Items = { messages: 0, comments: 0, files: 0, notices: 0 };

/** Reads all marked issues of the connection and all its cases. Writes nothing. Throws `ServiceError`. */
export async function survey(deps: RebuildDeps): Promise<Survey> {
  const hits = await listHits(deps);
  const cases = new Map((await deps.huawei.listCases({}, lane)).map((entry) => [entry.caseId, entry]));
  const valid = new Map<CaseId, FoundIssue[]>();
  const clones: IssueKey[] = [];
  const labelled: { caseId: CaseId; issueKey: IssueKey }[] = [];
  const counts = new Map<string, number>();
  for (const hit of hits) {
    const { mark } = hit;
    if (mark !== null && (await isProved(deps, hit, mark, cases))) {
      counts.set(mark.inst, (counts.get(mark.inst) ?? 0) + 1);
      const caseId = toId<CaseId>(mark.caseId);
      const found = { ...hit, caseId, inst: mark.inst, stamped: mark.issueId === hit.issueId };
      valid.set(caseId, [...(valid.get(caseId) ?? []), found]);
    } else if (mark !== null) {
      clones.push(hit.issueKey);
    } else {
      for (const label of hit.labels.filter((entry) => entry.startsWith(caseLabel("")))) {
        const caseId = toId<CaseId>(label.slice(caseLabel("").length));
        if (await isByUs(deps, hit, caseId, lane)) labelled.push({ caseId, issueKey: hit.issueKey });
        else clones.push(hit.issueKey);
      }
    }
  }
  const found: FoundIssue[] = [];
  const duplicates: { caseId: CaseId; kept: FoundIssue; other: IssueKey }[] = [];
  for (const [caseId, candidates] of valid) {
    const [kept, ...others] = candidates.sort(
      (a, b) => Number(b.stamped) - Number(a.stamped) || compareIds(a.issueId, b.issueId),
    );
    if (kept === undefined) continue;
    found.push(kept);
    for (const other of others) duplicates.push({ caseId, kept, other: other.issueKey });
  }
  found.push(...(await findJiraBorn(deps, cases, new Set(found.flatMap((entry) => [entry.caseId, entry.issueId])))));
  const paired = new Set<string>(found.map((entry) => entry.caseId));
  const unmarked = labelled.filter(({ caseId }) => !paired.has(caseId));
  clones.push(...labelled.filter(({ caseId }) => paired.has(caseId)).map(({ issueKey }) => issueKey));
  const installations = [...counts].map(([inst, issues]) => ({ inst, issues })).sort((a, b) => b.issues - a.issues);
  return { found, duplicates, unmarked, clones, installations, cases };
}

type Hit = MarkedIssue & { readonly moved: boolean };

/** Whether an issue is that of the case which its property names; a case that was made for the issue says so, too. */
async function isProved(
  deps: RebuildDeps,
  hit: Hit,
  mark: IssueMark,
  cases: ReadonlyMap<CaseId, CaseSummary>,
): Promise<boolean> {
  const made = cases.get(toId<CaseId>(mark.caseId));
  if (namesItself(hit) && made !== undefined && requestOf(made.description) === hit.issueId) return true;
  return isIssueOf(deps, hit, mark.caseId, lane);
}

/** Marked issues of the project, whatever was done to their labels, and those that were moved out of it. */
async function listHits(deps: RebuildDeps): Promise<readonly Hit[]> {
  const inside = await deps.jira.listMarkedIssues("project", lane).catch((error: unknown) => {
    // More pages than a search may have: in such a project the labels must do.
    if (!isServiceError(error, "contract")) throw error;
    deps.log.warn(
      { connection: deps.settings.name },
      "The project is too large to be read whole; only labelled issues are found",
    );
    return deps.jira.listMarkedIssues("labelled", lane);
  });
  const elsewhere = await deps.jira.listMarkedIssues("elsewhere", lane);
  return [
    ...inside.map((hit) => ({ ...hit, moved: false })),
    ...elsewhere
      .filter((hit) => !deps.otherProjects.has(hit.issueKey.slice(0, hit.issueKey.lastIndexOf("-"))))
      .map((hit) => ({ ...hit, moved: true })),
  ];
}

/** Cases that were made for an issue which never got its property: their descriptions name it. */
async function findJiraBorn(
  deps: RebuildDeps,
  cases: ReadonlyMap<CaseId, CaseSummary>,
  known: ReadonlySet<string>,
): Promise<readonly FoundIssue[]> {
  const found: FoundIssue[] = [];
  for (const entry of cases.values()) {
    const mark = known.has(entry.caseId) ? null : findMark(entry.description);
    if (mark?.kind !== "case" || known.has(mark.issueId)) continue;
    const issue = await deps.jira.findIssue(toId<IssueId>(mark.issueId), lane);
    if (issue === null || issue.mark !== null) continue;
    // Ids of different sites may be equal: the texts must be, too.
    if (!entry.description.includes(issue.summary.slice(0, 40))) continue;
    const moved = issue.projectKey !== deps.settings.jira.projectKey;
    found.push({
      caseId: entry.caseId,
      issueId: issue.issueId,
      issueKey: issue.issueKey,
      inst: null,
      stamped: false,
      moved,
    });
  }
  return found;
}

/** What both sides show of one pair. */
type Reading = {
  readonly detail: CaseDetail | null;
  readonly messages: readonly CaseMessage[];
  readonly issue: Issue;
  readonly comments: readonly IssueComment[];
  readonly ownAccountId: string;
  /** Why the case cannot be read for good. */
  readonly gone: "case_gone" | "forbidden" | null;
};

/** `null` when the issue went away meanwhile. Throws `ServiceError`. */
async function readPair(deps: RebuildDeps, pair: Pick<FoundIssue, "caseId" | "issueId">): Promise<Reading | null> {
  const issue = await deps.jira.findIssue(pair.issueId, lane);
  if (issue === null) return null;
  const comments = await deps.jira.listComments(pair.issueId, lane);
  const jiraSide = { issue, comments, ownAccountId: await deps.jira.getOwnAccountId() };
  try {
    const seen = await observe(
      { ...deps, lane },
      { caseId: pair.caseId, issueId: null, agreedCaseStatus: null, agreedCategory: null, namedMessages: [] },
      { huawei: true, jira: false, full: false },
    );
    return { detail: seen.case, messages: seen.messages ?? [], ...jiraSide, gone: null };
  } catch (error) {
    if (!isServiceError(error, "not_found", "forbidden")) throw error;
    const gone = error.kind === "forbidden" ? "forbidden" : "case_gone";
    return { detail: null, messages: [], ...jiraSide, gone };
  }
}

type Memory = Pick<LinkSnapshot, "mirrors" | "intents">;

async function recognisePair(
  deps: RebuildDeps,
  pair: Pick<FoundIssue, "caseId" | "issueId">,
  reading: Reading,
  memory: Memory,
  accepts: (inst: string) => boolean,
): Promise<Recognised> {
  const { text, settings } = deps;
  const connection = await deps.state.getConnection(settings.name);
  return recognise({
    ...pair,
    mirrors: memory.mirrors,
    intents: memory.intents,
    messages: reading.messages,
    comments: reading.comments,
    issue: reading.issue,
    settings,
    huaweiUserIds: connection.huaweiUserIds,
    ownAccountId: reading.ownAccountId,
    accepts,
    adfToText: text.adfToText,
    renderMessage: (message) =>
      text
        .messageToAdf({
          header: messageHeader(message, settings.huawei.timeZone),
          text: message.content,
          footer: [],
        })
        .map(text.adfToText),
    ...moments(deps),
  });
}

/** What a rebuild would do, pair by pair. Writes nothing, locks nothing. Throws `ServiceError`. */
export async function previewRebuild(
  deps: RebuildDeps,
  seen: Survey,
  accepts: (inst: string) => boolean,
): Promise<readonly PairResult[]> {
  const links = await deps.state.listIntakeLinks(deps.settings.name);
  const byIssue = new Map(links.map((link) => [link.issueId, link]));
  return inLanes(deps, seen.found, async (pair) => {
    const link = byIssue.get(pair.issueId);
    if (link?.state === "unlinked") return resultOf(pair, "unlinked");
    const reading = await readPair(deps, pair);
    if (reading === null) return resultOf(pair, "vanished");
    const snapshot = link === undefined ? null : await deps.state.findSnapshot(link.id);
    const memory = snapshot ?? { mirrors: [], intents: [] };
    const found = await recognisePair(deps, pair, reading, memory, accepts);
    return { ...summarise(deps, pair, reading, memory, found), outcome: outcomeOf(pair, reading, link === undefined) };
  });
}

/**
 * Stores every pair that the survey found, stamps the issues anew and lets the connection go. `accepts`: whose marks are taken over.
 * Safe to repeat, safe to stop anywhere. Throws `ServiceError`, and an `Error` when a worker's round or run does not end.
 */
export async function rebuildConnection(
  deps: RebuildDeps,
  seen: Survey,
  accepts: (inst: string) => boolean,
): Promise<readonly PairResult[]> {
  const { name } = deps.settings;
  await deps.store.beginRebuild(name);
  const results = await holdingRounds(deps, ["cases", "issues"], async () => {
    const installation = await deps.state.getInstallation();
    const pairs = await inLanes(deps, seen.found, (pair) => rebuildPair(deps, pair, { seen, accepts, installation }));
    for (const entry of seen.unmarked) pairs.push(await blockUnmarked(deps, entry, seen));
    await takeMissedCases(deps, seen);
    return pairs;
  });
  await deps.store.endRebuild(name);
  const links = await deps.state.listIntakeLinks(name);
  await deps.state.wake(
    links
      .filter((link) => link.state === "active")
      .map((link) => ({ linkId: link.id, huawei: true, jira: true, lane: "import" }) as const),
  );
  return results;
}

/** Rounds of a worker insert links and move cursors; while they are held none does. */
async function holdingRounds<Result>(
  deps: RebuildDeps,
  names: readonly string[],
  work: () => Promise<Result>,
): Promise<Result> {
  const [name, ...rest] = names;
  if (name === undefined) return work();
  const { state, owner, settings } = deps;
  await until(deps, `a round over the ${name} of ${settings.name}`, () =>
    state.beginRound(settings.name, name, owner, roundLeaseMs).then((begun) => (begun ? true : null)),
  );
  try {
    return await withHeartbeat(
      () => holdingRounds(deps, rest, work),
      () => state.renewRound(settings.name, name, owner, roundLeaseMs),
      renewEveryMs,
    );
  } finally {
    await state.endRound(settings.name, name, owner, "rebuild", 0);
  }
}

async function until<Result>(deps: RebuildDeps, what: string, ask: () => Promise<Result | null>): Promise<Result> {
  const deadline = deps.clock.now().getTime() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (deps.clock.now().getTime() > deadline)
      throw new Error(`${what} does not end; stop the workers and run rebuild again`);
    await deps.sleep(500);
  }
}

async function inLanes<Item, Result>(
  deps: RebuildDeps,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  let done = 0;
  const one = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item === undefined) return;
      results[index] = await work(item);
      done += 1;
      deps.onProgress?.(done, items.length);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(deps.concurrency, items.length)) }, one));
  return results;
}

type RebuildFacts = {
  readonly seen: Survey;
  readonly accepts: (inst: string) => boolean;
  readonly installation: string;
};

/**
 * Stores one pair with everything that its marks tell. An issue of an installation that is not accepted is refused as `taken`.
 * Used by `rebuild` and by `links link`. Throws `ServiceError`.
 */
export async function rebuildPair(deps: RebuildDeps, pair: FoundIssue, facts: RebuildFacts): Promise<PairResult> {
  if (pair.inst !== null && !facts.accepts(pair.inst)) return resultOf(pair, "taken");
  const reading = await readPair(deps, pair);
  if (reading === null) return resultOf(pair, "vanished");
  const made = reading.detail === null ? null : findMark(reading.detail.description);
  const ensured = await deps.store.ensureLink(deps.settings.name, {
    caseId: pair.caseId,
    issueId: pair.issueId,
    issueKey: pair.issueKey,
    origin: made?.kind === "case" && made.issueId === pair.issueId ? "jira" : "huawei",
    summary: facts.seen.cases.get(pair.caseId) ?? null,
  });
  if (ensured.kind !== "link") {
    if (ensured.kind === "taken")
      await deps.state.recordConnectionFailure(
        deps.settings.name,
        "duplicate",
        `${pair.issueKey} is marked for case ${pair.caseId}, but link ${ensured.linkId} (${ensured.issueKey ?? "no issue"}) holds one of them`,
      );
    return resultOf(pair, ensured.kind);
  }
  const leased = await until(deps, `a run on ${pair.issueKey}`, () =>
    deps.state.claimLink(ensured.linkId, deps.owner, linkLeaseMs),
  );
  return withHeartbeat(
    () => storePair(deps, leased, { pair, reading, fresh: ensured.fresh }, facts),
    () => leased.renew(),
    renewEveryMs,
  );
}

async function storePair(
  deps: RebuildDeps,
  leased: LeasedLink,
  work: { readonly pair: FoundIssue; readonly reading: Reading; readonly fresh: boolean },
  facts: RebuildFacts,
): Promise<PairResult> {
  const { pair, reading, fresh } = work;
  const memory = leased.snapshot;
  const found = await recognisePair(deps, pair, reading, memory, facts.accepts);
  const isOurs = pair.inst === facts.installation && pair.stamped;
  const others = facts.seen.duplicates.filter((entry) => entry.caseId === pair.caseId).map((entry) => entry.other);
  await leased.apply(toStep(deps, leased, { ...work, found, others, isOurs }));
  if (!isOurs) {
    const { caseId, issueId } = pair;
    try {
      await deps.jira.setIssueMark(issueId, { v: 1, inst: facts.installation, caseId, issueId }, lane);
      await leased.apply({ link: { markStampedAt: deps.clock.now() } });
    } catch (error) {
      // Where the issue lives now we may have no say; its link is paused anyway.
      if (!pair.moved || !isServiceError(error, "forbidden", "not_found")) throw error;
    }
  }
  await leased.finish({ doneRev: null, recheckAt: null, attempts: 0 });
  const summary = summarise(deps, pair, reading, memory, found);
  return {
    ...summary,
    outcome: outcomeOf(pair, reading, fresh),
    duplicates: [...others.map((key) => `issue:${key}`), ...summary.duplicates],
  };
}

/** One durable step: the link's header, its items, and what is there twice. */
function toStep(
  deps: RebuildDeps,
  leased: LeasedLink,
  work: {
    readonly pair: FoundIssue;
    readonly reading: Reading;
    readonly fresh: boolean;
    readonly found: Recognised;
    readonly others: readonly IssueKey[];
    readonly isOurs: boolean;
  },
): StateStep {
  const { pair, reading, found, others } = work;
  const { link } = leased.snapshot;
  const now = deps.clock.now();
  const agreed = agreement(leased.snapshot, reading, found, now);
  const state: LinkPatch =
    link.state !== "paused" && link.reason !== "foreign_installation" && link.issueId !== null
      ? {}
      : pair.moved
        ? { state: "moved", reason: "moved" }
        : reading.gone !== null
          ? { state: "gone", reason: reading.gone }
          : { state: "active", reason: null };
  const known = restoredState(patchMirrors(leased.snapshot.mirrors, found.mirrors, now), reading.issue, link.origin, {
    settings: deps.settings,
    adfToText: deps.text.adfToText,
  });
  return {
    link: {
      ...state,
      caseId: pair.caseId,
      issueId: pair.issueId,
      issueKey: reading.issue.issueKey,
      createCheckedAt: now,
      // Jira dates the comments that this moment divides.
      ...(link.outgoingSince.getTime() === link.createdAt.getTime()
        ? { outgoingSince: toServiceTime(link.outgoingSince, deps.jira.serviceClock.aheadMs()) }
        : {}),
      ...(work.isOurs ? { markStampedAt: now } : {}),
      ...agreed,
      ...labelsKnown(leased.snapshot, reading.issue),
    },
    // Where the status counts as agreed, the entry into a waiting status is over: the next one is told anew.
    mirrors: [
      ...found.mirrors.map((mirror) =>
        agreed.agreedCaseStatus !== undefined && mirror.kind === "notice" && mirror.sourceId.startsWith("waits-")
          ? { ...mirror, version: 2 }
          : mirror,
      ),
      ...(known === null ? [] : [known]),
    ],
    confirmedIntents: [...found.confirmedIntents, ...(link.issueId === null ? ["issue"] : [])],
    failures: [
      ...found.duplicates.map(({ item, kept, other }) => ({
        direction: item.startsWith("comment:") ? ("to-huawei" as const) : ("to-jira" as const),
        item,
        reason: "duplicate" as const,
        detail: `${other} is a second copy beside ${kept}`,
      })),
      ...others.map((key) => ({
        direction: "to-jira" as const,
        item: `issue:${key}`,
        reason: "duplicate" as const,
        detail: `${key} is a second issue of the case beside ${pair.issueKey}`,
      })),
      ...found.unknownMarks.map(({ sourceId }) => ({
        direction: "to-jira" as const,
        item: `message:${sourceId}`,
        reason: "unknown_mark" as const,
        detail: "a message starts with a mark that names nothing on this issue",
      })),
    ],
    ...(found.huaweiUserId === null ? {} : { huaweiUserId: found.huaweiUserId }),
    audit: [{ side: "jira", action: "rebuild", item: `issue:${pair.issueId}`, result: `${found.mirrors.length} rows` }],
  };
}

/** Statuses count as agreed where they fit, or where a notice shows that people were told why they do not (rule 6). */
function agreement(memory: LinkSnapshot, reading: Reading, found: Recognised, now: Date): LinkPatch {
  const { detail, issue } = reading;
  if (detail === null) return {};
  const seen = {
    caseStatus: detail.status,
    closedSeenAt: isOpenStatus(detail.status) ? null : (memory.link.closedSeenAt ?? now),
    ...(memory.link.factsHash === null ? { factsHash: factsHash(detail) } : {}),
  };
  if (memory.link.agreedCaseStatus !== null) return seen;
  const notices = patchMirrors(memory.mirrors, found.mirrors, now).filter((mirror) => mirror.kind === "notice");
  const told = (start: string): boolean => notices.some((notice: Mirror) => notice.sourceId.startsWith(start));
  const fits = isCompatible(detail.status, issue.category)
    ? !waitingStatuses.has(detail.status) || told("waits-")
    : told(`no-transition-${detail.status}-`) || (isOpenStatus(detail.status) ? told("close-") : told("reopen-"));
  return fits ? { ...seen, agreedCaseStatus: detail.status, agreedCategory: issue.category } : seen;
}

/** Labels of the case that stand on the issue were put there by us, so they are ours to remove later. */
function labelsKnown(memory: LinkSnapshot, issue: Issue): LinkPatch {
  if (memory.link.mirroredLabels.length > 0) return {};
  const wanted = [...new Set(memory.link.caseLabels.map(toJiraLabel))];
  return { mirroredLabels: wanted.filter((label) => issue.labels.includes(label)) };
}

function outcomeOf(pair: FoundIssue, reading: Reading, fresh: boolean): PairResult["outcome"] {
  if (!fresh) return "completed";
  if (pair.moved) return "moved";
  return reading.gone === null ? "new" : "gone";
}

function resultOf(
  pair: { readonly caseId: CaseId; readonly issueKey: IssueKey | null },
  outcome: PairResult["outcome"],
): PairResult {
  const { caseId, issueKey } = pair;
  return { caseId, issueKey, outcome, items: noItems, history: 0, duplicates: [], unknownMarks: 0 };
}

function summarise(
  deps: RebuildDeps,
  pair: FoundIssue,
  reading: Reading,
  memory: Memory,
  found: Recognised,
): PairResult {
  const known = new Set(memory.mirrors.map(rowName));
  const fresh = found.mirrors.filter((mirror) => !known.has(rowName(mirror)) && !mirror.sourceId.includes("#"));
  const count = (kind: Mirror["kind"]): number => fresh.filter((mirror) => mirror.kind === kind).length;
  const sent = new Set(
    patchMirrors(memory.mirrors, found.mirrors, deps.clock.now())
      .filter((mirror) => mirror.kind === "comment")
      .map((mirror) => mirror.sourceId),
  );
  const history = reading.comments.filter(
    (comment) =>
      comment.mark === null &&
      !sent.has(comment.commentId) &&
      isWanted(deps.settings, deps.text.adfToText(comment.body)) &&
      heldReason({ ...reading, comment, settings: deps.settings }) === null,
  ).length;
  return {
    ...resultOf(pair, "new"),
    items: { messages: count("message"), comments: count("comment"), files: count("file"), notices: count("notice") },
    history,
    duplicates: found.duplicates.map((entry) => entry.item),
    unknownMarks: found.unknownMarks.length,
  };
}

function rowName(mirror: Pick<Mirror, "kind" | "origin" | "sourceId">): string {
  return `${mirror.kind} ${mirror.origin} ${mirror.sourceId}`;
}

/** A case whose only issue lost its property: nothing may be created for it before somebody says what the issue is. */
async function blockUnmarked(deps: RebuildDeps, entry: Survey["unmarked"][number], seen: Survey): Promise<PairResult> {
  const ensured = await deps.store.ensureLink(deps.settings.name, {
    caseId: entry.caseId,
    issueId: null,
    issueKey: null,
    origin: "huawei",
    summary: seen.cases.get(entry.caseId) ?? null,
  });
  if (ensured.kind !== "link") return resultOf(entry, ensured.kind);
  const leased = await until(deps, `a run on case ${entry.caseId}`, () =>
    deps.state.claimLink(ensured.linkId, deps.owner, linkLeaseMs),
  );
  if (leased.snapshot.link.issueId === null)
    await leased.apply({
      link: { state: "blocked", reason: "unmarked_issue" },
      failures: [
        {
          direction: "both",
          item: `issue:${entry.issueKey}`,
          reason: "unmarked_issue",
          detail: `${entry.issueKey} has the label of the case but no property; casebridge links link ${entry.caseId} ${entry.issueKey} pairs them`,
        },
      ],
    });
  await leased.finish({ doneRev: null, recheckAt: null, attempts: 0 });
  return resultOf(entry, "blocked");
}

/**
 * Cases that were opened and closed after the newest one that we know: the first round of an empty database takes only open ones, and
 * nobody would ever look for these again.
 */
async function takeMissedCases(deps: RebuildDeps, seen: Survey): Promise<void> {
  const { state, settings } = deps;
  const connection = await state.getConnection(settings.name);
  if (connection.firstRoundAt !== null) return;
  const times = seen.found.flatMap(({ caseId }) => seen.cases.get(caseId)?.createdAt.getTime() ?? []);
  if (times.length === 0) return;
  const newest = new Date(Math.max(...times));
  const known = new Set<string | null>((await state.listIntakeLinks(settings.name)).map((link) => link.caseId));
  const missed = [...seen.cases.values()].filter(
    (entry) =>
      !known.has(entry.caseId) &&
      !isOpenStatus(entry.status) &&
      entry.createdAt > newest &&
      isWantedCase(entry, settings, newest),
  );
  await state.insertCaseLinks(settings.name, missed, { now: deps.clock.now(), lane, labelChecked: new Set() });
}
