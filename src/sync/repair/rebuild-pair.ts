import { isOpenStatus, waitingStatuses } from "../../domain/case.ts";
import { findMark } from "../../domain/identity.ts";
import type { IssueKey } from "../../domain/ids.ts";
import type { Issue } from "../../domain/issue.ts";
import { toJiraLabel } from "../../domain/labels.ts";
import { linkLeaseMs, renewEveryMs } from "../../domain/lease.ts";
import { intentKey } from "../../domain/rows/intent-key.ts";
import { isItemOf, itemKey } from "../../domain/rows/item-key.ts";
import { parseCause } from "../../domain/rows/notice-cause.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { withHeartbeat } from "../../lib/heartbeat.ts";
import { toServiceTime } from "../../lib/service-clock.ts";
import { patchMirrors } from "../apply-step.ts";
import { observe } from "../link/observe.ts";
import { moments } from "../moments.ts";
import { restoredState } from "../plan/changes.ts";
import { factsHash } from "../plan/facts.ts";
import { isCompatible } from "../plan/status.ts";
import { type Recognised, recognise } from "../recognise/recognise.ts";
import { messageHeader } from "../render.ts";
import type { LeasedLink, LinkPatch, LinkSnapshot, StateStep } from "../state.ts";
import { allLanguages } from "../texts/say.ts";
import { type Memory, outcomeOf, type PairResult, type Reading, resultOf, summarise } from "./pair-result.ts";
import { type FoundIssue, lane, type RebuildDeps, type Survey } from "./survey.ts";

/** A round or a run of a worker ends, or loses its lease, within this time. */
const patienceMs = 120_000;

/** `null` when the issue went away meanwhile. Throws `ServiceError`. */
export async function readPair(
  deps: RebuildDeps,
  pair: Pick<FoundIssue, "caseId" | "issueId">,
): Promise<Reading | null> {
  const issue = await deps.jira.findIssue(pair.issueId, lane);
  if (issue === null) return null;
  const comments = await deps.jira.listComments(pair.issueId, lane);
  const jiraSide = { issue, comments, ownAccountId: await deps.jira.getOwnAccountId() };
  try {
    const seen = await observe(
      { ...deps, lane },
      {
        caseId: pair.caseId,
        issueId: null,
        caseStatus: null,
        agreedCaseStatus: null,
        agreedCategory: null,
        namedMessages: [],
      },
      { huawei: true, jira: false, full: false },
    );
    return { detail: seen.case, messages: seen.messages ?? [], ...jiraSide, gone: null };
  } catch (error) {
    if (!isServiceError(error, "not_found", "forbidden")) throw error;
    const gone = error.kind === "forbidden" ? "forbidden" : "case_gone";
    return { detail: null, messages: [], ...jiraSide, gone };
  }
}

/** What of both sides proves rows that the memory lacks. Throws `ServiceError`. */
export async function recognisePair(
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
    // What was written before may be in another language.
    renderMessage: (message) =>
      allLanguages.map((languages) =>
        text
          .messageToAdf({
            header: messageHeader(message, settings.huawei.timeZone, { languages }),
            text: message.content,
            footer: [],
          })
          .map(text.adfToText),
      ),
    ...moments(deps),
  });
}

/** Asks until an answer comes, for `patienceMs` at most. Throws what a person must wait for. */
export async function until<Result>(
  deps: RebuildDeps,
  what: string,
  ask: () => Promise<Result | null>,
): Promise<Result> {
  const deadline = deps.clock.now().getTime() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (deps.clock.now().getTime() > deadline)
      throw new Error(`${what} does not end; stop the workers and run rebuild again`);
    await deps.sleep(500);
  }
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
      await deps.jira.setIssueStamp(issueId, { v: 1, inst: facts.installation, caseId, issueId }, lane);
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
    duplicates: [...others.map((key) => itemKey("issue", key)), ...summary.duplicates],
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
        agreed.agreedCaseStatus !== undefined && mirror.kind === "waits" ? { ...mirror, version: 2 } : mirror,
      ),
      ...(known === null ? [] : [known]),
    ],
    confirmedIntents: [...found.confirmedIntents, ...(link.issueId === null ? [intentKey({ kind: "issue" })] : [])],
    failures: [
      ...found.duplicates.map(({ item, kept, other }) => ({
        direction: isItemOf("comment", item) ? ("to-huawei" as const) : ("to-jira" as const),
        item,
        reason: "duplicate" as const,
        detail: `${other} is a second copy beside ${kept}`,
      })),
      ...others.map((key) => ({
        direction: "to-jira" as const,
        item: itemKey("issue", key),
        reason: "duplicate" as const,
        detail: `${key} is a second issue of the case beside ${pair.issueKey}`,
      })),
      ...found.unknownMarks.map(({ sourceId }) => ({
        direction: "to-jira" as const,
        item: itemKey("message", sourceId),
        reason: "unknown_mark" as const,
        detail: "a message starts with a mark that names nothing on this issue",
      })),
    ],
    ...(found.huaweiUserId === null ? {} : { huaweiUserId: found.huaweiUserId }),
    audit: [
      { side: "jira", action: "rebuild", item: itemKey("issue", pair.issueId), result: `${found.mirrors.length} rows` },
    ],
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
  const mirrors = patchMirrors(memory.mirrors, found.mirrors, now);
  const kinds = new Set(mirrors.map(({ kind }) => kind));
  const causes = mirrors.flatMap(({ kind, sourceId }) => (kind === "notice" ? [parseCause(sourceId)] : []));
  const fits = isCompatible(detail.status, issue.category)
    ? !waitingStatuses.has(detail.status) || kinds.has("waits")
    : causes.some((cause) => cause.kind === "no_transition" && cause.caseStatus === detail.status) ||
      (isOpenStatus(detail.status) ? causes.some((cause) => cause.kind === "close_asked") : kinds.has("reopen"));
  return fits ? { ...seen, agreedCaseStatus: detail.status, agreedCategory: issue.category } : seen;
}

/** Labels of the case that stand on the issue were put there by us, so they are ours to remove later. */
function labelsKnown(memory: LinkSnapshot, issue: Issue): LinkPatch {
  if (memory.link.mirroredLabels.length > 0) return {};
  const wanted = [...new Set(memory.link.caseLabels.map(toJiraLabel))];
  return { mirroredLabels: wanted.filter((label) => issue.labels.includes(label)) };
}

/** A case whose only issue lost its property: nothing may be created for it before somebody says what the issue is. */
export async function blockUnmarked(
  deps: RebuildDeps,
  entry: Survey["unmarked"][number],
  seen: Survey,
): Promise<PairResult> {
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
          item: itemKey("issue", entry.issueKey),
          reason: "unmarked_issue",
          detail: `${entry.issueKey} has the label of the case but no property; casebridge links link ${entry.caseId} ${entry.issueKey} pairs them`,
        },
      ],
    });
  await leased.finish({ doneRev: null, recheckAt: null, attempts: 0 });
  return resultOf(entry, "blocked");
}
