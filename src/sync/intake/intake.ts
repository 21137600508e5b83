/**
 * Noticing news: which links have to be looked at. Intake never mirrors anything itself; it raises revisions and moves cursors last.
 *
 * Huawei offers neither an updated-since filter nor events (huawei.md 7), so a round lists the open cases (status changes, new ones),
 * asks what was created since the last round in any status, and polls messages in cohorts of at most 100 cases. Jira is asked for
 * what was updated within a relative span, so that no time zone can open a gap (rule 3 and rule 4).
 */

import { type CaseMessage, type CaseSummary, isOpenStatus, openStatuses } from "../../domain/case.ts";
import type { FailureReason } from "../../domain/failure.ts";
import { accessRequestPrefix } from "../../domain/identity.ts";
import type { CaseId, IssueId, LinkId } from "../../domain/ids.ts";
import type { StatusCategory } from "../../domain/issue.ts";
import { caseLabel } from "../../domain/labels.ts";
import type { Lane } from "../../domain/lane.ts";
import { renewEveryMs, roundLeaseMs } from "../../domain/lease.ts";
import { watchedAfterCloseMs } from "../../domain/link.ts";
import { knownFingerprints, messageFingerprint } from "../../domain/message-views.ts";
import { isServiceError } from "../../domain/service-error.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import { makeSteps, type Steps, unlessRefused } from "../../domain/steps.ts";
import { markIdentity, parseMarkAtStart } from "../../domain/text/marks.ts";
import { hashParts } from "../../lib/hash.ts";
import { withHeartbeat } from "../../lib/heartbeat.ts";
import { countingRequests, type RequestCount } from "../../lib/http.ts";
import { toServiceTime } from "../../lib/service-clock.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import { projectUnreadable } from "../outcome.ts";
import { isInProject, isIssueOf } from "../ownership.ts";
import { endingAction, isByPerson } from "../plan/status.ts";
import type { InstantGroup, MarkedIssue, UpdatedIssue } from "../ports.ts";
import { notRequested, takeClones, takeRequests, withoutRequested } from "../request/intake-requests.ts";
import type { Breaker, CohortState, ConnectionState, IntakeLink, SeenCase, WakeUp } from "../state.ts";
import { removeSecondIssues } from "./second-issues.ts";
import { stampIssues } from "./stamps.ts";

/** What a round came to. `skipped`: the last one still runs. */
export type RoundResult = { readonly skipped: boolean; readonly newLinks: number; readonly woken: number };

const overlapMs = 10 * 60_000;
const absentPauseMs = 10 * 60_000;
const newCasesMax = 50;
/** Reason of the breaker against a wrong filter or group (rule 2). */
const manyNewCases = "many_new_cases" satisfies FailureReason;
/** Reason of a failure that lasts as long as cases have issues of another installation (rule 7). */
const foreignInstallation = "foreign_installation" satisfies FailureReason;
const labelsPerQuery = 50;
/** What new issues were made of in the last round. */
const issueSettingsCursor = "issue_settings";
/** More issues than this moved to done in one round hold the lane of closes (rule 2). */
const endingMax = 10;

/** One round over the cases of a connection. `asImport`: all new cases are welcome (`resync`). May be repeated at any time. */
export async function intakeCases(
  deps: IntakeDeps,
  options: { readonly asImport?: boolean; readonly createdFrom?: Date } = {},
): Promise<RoundResult> {
  const { name } = deps.settings;
  return inRound(deps, "cases", async (end) => {
    const connection = await deps.state.getConnection(name);
    if (connection.state === "stopped") {
      end("stopped");
      return { skipped: true, newLinks: 0, woken: 0 };
    }
    const startedAt = deps.clock.now();
    const breakers = await deps.state.listBreakers(name);
    const steps = makeSteps();
    const listed = await steps.run(async () => {
      const seen = await listSeenCases(deps, connection, startedAt, options.createdFrom ?? null);
      const links = await listLiveLinks(deps, seen);
      return { seen, links, woken: await wakeChanged(deps, links, seen, startedAt) };
    });
    const taken =
      listed === null
        ? null
        : await steps.run(() =>
            takeNewCases(deps, connection, breakers, listed.links, listed.seen, startedAt, { ...options, steps }),
          );
    if (taken?.lost === true) {
      end("stopped");
      return { skipped: true, newLinks: 0, woken: listed?.woken ?? 0 };
    }
    const polled = await steps.run(() => pollCohorts(deps, startedAt));
    await steps.run(() => wakeUnmade(deps));
    await unlessRefused(deps.log, "access requests", () => noticeAccessRequests(deps));
    steps.end();
    if (listed === null || taken === null || polled === null) throw new Error("a failed step was not told");
    const { newLinks, waiting, owners, held } = taken;
    // A good round proves that these are over.
    for (const { reason, state } of breakers) {
      if (reason === "job_failed" || (reason === "access_changed" && state === "retrying"))
        await deps.state.resolveConnectionFailure(name, reason);
    }
    // Cases that wait for release must still be listed when they are released.
    const begunAt = toServiceTime(startedAt, deps.huawei.serviceClock.aheadMs());
    if (!held) await deps.state.saveCursor(name, "cases_created", begunAt.toISOString());
    // Cases that an earlier connection has yet to look at are still part of this one's first round.
    if (connection.firstRoundAt === null && waiting === 0)
      await deps.state.patchConnection(name, { firstRoundAt: begunAt });
    end("done");
    const result = { skipped: false, newLinks, woken: listed.woken + polled };
    const ownedBy = owners.size === 0 ? {} : { owned_by: Object.fromEntries(owners) };
    deps.log.info({ connection: name, ...result, ...ownedBy }, "Round over the cases finished");
    return result;
  });
}

/** When what new issues are made of changed, the cases whose issue is still to be made are looked at again. May be repeated. */
async function wakeUnmade({ state, settings: { name, issue, priority } }: IntakeDeps): Promise<void> {
  const { type, assignee, fields } = issue;
  const hash = hashParts([JSON.stringify([type, assignee, fields, priority])]).slice(0, 32);
  const before = await state.findCursor(name, issueSettingsCursor);
  if (before === hash) return;
  const links = before === null ? [] : await state.listWatchedLinks(name);
  const unmade = links.filter((link) => link.caseId !== null && link.issueId === null && link.state === "active");
  if (unmade.length > 0)
    await state.wake(unmade.map((link) => ({ linkId: link.id, huawei: true, lane: "poll" }) as const));
  await state.saveCursor(name, issueSettingsCursor, hash);
}

/** Runs `work` while it alone holds the round of that name; `end` tells the outcome, which is `failed` otherwise. */
async function inRound(
  deps: IntakeDeps,
  round: "cases" | "issues",
  work: (end: (outcome: string) => void) => Promise<RoundResult>,
): Promise<RoundResult> {
  const { name } = deps.settings;
  if (!(await deps.state.beginRound(name, round, deps.owner, roundLeaseMs)))
    return { skipped: true, newLinks: 0, woken: 0 };
  let outcome = "failed";
  const requests: RequestCount = { sent: 0 };
  try {
    return await countingRequests(requests, () =>
      withHeartbeat(
        () =>
          work((told) => {
            outcome = told;
          }),
        () => deps.state.renewRound(name, round, deps.owner, roundLeaseMs),
        renewEveryMs,
      ),
    );
  } finally {
    await deps.state.endRound(name, round, deps.owner, outcome, requests.sent);
  }
}

/** All open cases, and those created since the last round in any status. */
async function listSeenCases(
  deps: IntakeDeps,
  connection: ConnectionState,
  now: Date,
  createdFrom: Date | null,
): Promise<ReadonlyMap<string, CaseSummary>> {
  const seen = new Map<string, CaseSummary>();
  const lane: Lane = connection.firstRoundAt === null ? "import" : "poll";
  for (const status of openStatuses) {
    for (const entry of await deps.huawei.listCases({ status }, lane)) seen.set(entry.caseId, entry);
  }
  const stored = await deps.state.findCursor(deps.settings.name, "cases_created");
  const lastRound = stored === null ? null : new Date(stored);
  const since =
    createdFrom ?? (lastRound === null ? deps.settings.cases.createdAfter : new Date(lastRound.getTime() - overlapMs));
  // Without a bound the first round takes only what is open; the span since its start is asked for by the next one.
  const today = toServiceTime(now, deps.huawei.serviceClock.aheadMs());
  const from = since ?? new Date(today.getTime() - overlapMs);
  for (const entry of await deps.huawei.listCases({ createdFrom: from }, lane)) seen.set(entry.caseId, entry);
  return seen;
}

/** The watched links, and those of all seen cases: one that was closed for years may be open again. Links of no interest cost nothing. */
async function listLiveLinks(deps: IntakeDeps, seen: ReadonlyMap<string, CaseSummary>): Promise<readonly IntakeLink[]> {
  const { name } = deps.settings;
  const watched = await deps.state.listWatchedLinks(name);
  const known = new Set(watched.map((link) => link.caseId));
  const others = [...seen.values()].map((entry) => entry.caseId).filter((caseId) => !known.has(caseId));
  return others.length === 0 ? watched : [...watched, ...(await deps.state.findLinksByCase(name, others))];
}

/** Wakes links whose listed status or labels differ from what is remembered, and open ones that no list shows. */
async function wakeChanged(
  deps: IntakeDeps,
  links: readonly IntakeLink[],
  seen: ReadonlyMap<string, CaseSummary>,
  now: Date,
): Promise<number> {
  const wakeUps: WakeUp[] = [];
  const updates: { linkId: LinkId; case: SeenCase }[] = [];
  const absent: LinkId[] = [];
  for (const link of links) {
    if (link.caseId === null || link.state !== "active") continue;
    const entry = seen.get(link.caseId);
    if (entry === undefined) {
      const watched = link.caseStatus !== null && isOpenStatus(link.caseStatus);
      if (
        watched &&
        (link.absentCheckedAt === null || now.getTime() - link.absentCheckedAt.getTime() > absentPauseMs)
      ) {
        absent.push(link.id);
        wakeUps.push({ linkId: link.id, huawei: true, lane: "poll" });
      }
      continue;
    }
    const labels = [...entry.labels].sort();
    const labelsChanged = labels.join("\n") !== [...link.caseLabels].sort().join("\n");
    const statusChanged = link.caseStatus !== null && link.caseStatus !== entry.status;
    if (labelsChanged || entry.productName !== link.productName)
      updates.push({ linkId: link.id, case: toSeenCase(entry) });
    if (labelsChanged || statusChanged)
      wakeUps.push({ linkId: link.id, huawei: true, jira: labelsChanged, lane: "poll" });
  }
  if (wakeUps.length > 0 || updates.length > 0) await deps.state.wake(wakeUps, updates);
  if (absent.length > 0) await deps.state.markAbsentChecked(absent, now);
  return wakeUps.length;
}

function toSeenCase(entry: CaseSummary): SeenCase {
  return {
    caseId: entry.caseId,
    status: entry.status,
    createdAt: entry.createdAt,
    labels: [...entry.labels].sort(),
    productName: entry.productName,
  };
}

/** Whether a case that has no link gets an issue; decides creation only (docs/configuration.md `cases`). Pure. */
export function isWantedCase(
  entry: Pick<CaseSummary, "createdAt" | "status" | "labels" | "submitterName">,
  settings: ConnectionSettings,
  firstRoundAt: Date | null,
): boolean {
  const { createdAfter, statuses, labels, excludeLabels, submitters } = settings.cases;
  if (createdAfter !== null) {
    if (entry.createdAt < createdAfter) return false;
  } else if (firstRoundAt === null) {
    if (!isOpenStatus(entry.status)) return false;
  } else if (entry.createdAt.getTime() < firstRoundAt.getTime() - overlapMs) {
    return false;
  }
  if (statuses !== null && !statuses.includes(entry.status)) return false;
  if (entry.labels.some((label) => excludeLabels.includes(label))) return false;
  if (submitters.length > 0 && !submitters.includes(entry.submitterName ?? "")) return false;
  return labels.length === 0 || entry.labels.some((label) => labels.includes(label));
}

/** The cases without a link that a round would take now. Reads only. */
export async function listNewCases(
  deps: IntakeDeps,
  options: { readonly createdFrom?: Date } = {},
): Promise<readonly CaseSummary[]> {
  const { name } = deps.settings;
  const connection = await deps.state.getConnection(name);
  const seen = await listSeenCases(deps, connection, deps.clock.now(), options.createdFrom ?? null);
  const links = await deps.state.findLinksByCase(
    name,
    [...seen.values()].map((entry) => entry.caseId),
  );
  const wanted = await notRequested(deps, wantedCases(deps, connection, links, seen, options));
  return (await leaveToOwners(deps, wanted, { asImport: true })).free;
}

/** Breakers behind which a connection has cases that it has not taken yet. */
const casesHeldBy: readonly FailureReason[] = [manyNewCases, foreignInstallation];

/**
 * The first connection in file order owns a case (rule 7): those that others have are left to them, and so are those that an earlier
 * connection on the same account wants, whether it runs, is paused, held or stopped. Where that one looks through another user group,
 * it may not see the case at all: then it has its turn, which it has not had while it is stopped or holds cases. An import does not wait
 * for that turn to come, but it takes nothing from one that cannot have it.
 */
async function leaveToOwners(
  deps: IntakeDeps,
  wanted: readonly CaseSummary[],
  options: { readonly asImport?: boolean },
): Promise<{
  readonly free: readonly CaseSummary[];
  readonly waiting: number;
  readonly owners: ReadonlyMap<string, number>;
}> {
  const owners = new Map<string, number>();
  if (wanted.length === 0) return { free: [], waiting: 0, owners };
  const held = await deps.state.listCaseOwners(
    deps.settings.name,
    wanted.map((entry) => entry.caseId),
  );
  const note = (owner: string): void => void owners.set(owner, (owners.get(owner) ?? 0) + 1);
  for (const owner of held.values()) note(owner);
  const turns = await Promise.all((deps.earlier ?? []).map((earlier) => findTurn(deps, earlier)));
  const free: CaseSummary[] = [];
  let waiting = 0;
  for (const entry of wanted) {
    if (held.has(entry.caseId)) continue;
    const claims = turns.filter((turn) => isWantedCase(entry, turn.settings, turn.firstRoundAt));
    const owner = claims.find((turn) => turn.seesTheSame);
    if (owner !== undefined) note(owner.settings.name);
    else if (claims.some(({ at }) => at === null || (options.asImport !== true && at <= entry.createdAt))) waiting += 1;
    else free.push(entry);
  }
  return { free, waiting, owners };
}

/** How an earlier connection stands to the cases that both may see; `at`: when it last looked for them, by the service's clock. */
async function findTurn(
  deps: IntakeDeps,
  settings: ConnectionSettings,
): Promise<{
  readonly settings: ConnectionSettings;
  readonly firstRoundAt: Date | null;
  readonly seesTheSame: boolean;
  readonly at: Date | null;
}> {
  const { state, firstRoundAt } = await deps.state.getConnection(settings.name);
  const breakers = await deps.state.listBreakers(settings.name);
  const holds = state === "stopped" || breakers.some(({ reason }) => casesHeldBy.includes(reason));
  const start = holds ? null : await deps.state.findRoundStart(settings.name, "cases");
  return {
    settings,
    firstRoundAt,
    seesTheSame: settings.huawei.groupId === deps.settings.huawei.groupId,
    at: start === null ? null : toServiceTime(start, deps.huawei.serviceClock.aheadMs()),
  };
}

function wantedCases(
  deps: IntakeDeps,
  connection: ConnectionState,
  links: readonly IntakeLink[],
  seen: ReadonlyMap<string, CaseSummary>,
  options: { readonly createdFrom?: Date },
): readonly CaseSummary[] {
  const { settings } = deps;
  const known = new Set(links.map((link) => link.caseId));
  // An operator who names a span wants the cases created in it, whatever the standing bound says.
  const filter =
    options.createdFrom === undefined
      ? settings
      : { ...settings, cases: { ...settings.cases, createdAfter: options.createdFrom } };
  return [...seen.values()]
    .filter((entry) => !known.has(entry.caseId) && isWantedCase(entry, filter, connection.firstRoundAt))
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

async function takeNewCases(
  deps: IntakeDeps,
  connection: ConnectionState,
  breakers: readonly Breaker[],
  links: readonly IntakeLink[],
  seen: ReadonlyMap<string, CaseSummary>,
  now: Date,
  options: { readonly asImport?: boolean; readonly createdFrom?: Date; readonly steps: Steps },
): Promise<{
  readonly newLinks: number;
  readonly waiting: number;
  readonly owners: ReadonlyMap<string, number>;
  /** They are too many and wait for a person's release. */
  readonly held: boolean;
  /** The connection was just stopped: its database is a new one in the place of a lost one. */
  readonly lost: boolean;
}> {
  const { name } = deps.settings;
  const breaker = breakers.find((entry) => entry.reason === manyNewCases);
  const isImport = options.asImport === true || connection.firstRoundAt === null || breaker?.state === "retrying";
  const unrequested = await withoutRequested(deps, wantedCases(deps, connection, links, seen, options), options.steps);
  const left = await leaveToOwners(deps, unrequested, options);
  const { free: wanted, waiting, owners } = left;
  if (!isImport && wanted.length > newCasesMax) {
    const detail = `${wanted.length} new cases in one round; failures retry, or resync --all, releases them`;
    await deps.state.recordConnectionFailure(name, manyNewCases, detail);
    return { newLinks: 0, waiting, owners, held: true, lost: false };
  }
  if (breaker !== undefined) await deps.state.resolveConnectionFailure(name, manyNewCases);
  /** No case is left whose issue another installation made: somebody took them over, or gave them up. */
  const endForeign = async (): Promise<void> => {
    if (breakers.some((entry) => entry.reason === foreignInstallation))
      await deps.state.resolveConnectionFailure(name, foreignInstallation);
  };
  if (wanted.length === 0) {
    await endForeign();
    return { newLinks: 0, waiting, owners, held: false, lost: false };
  }
  const lane: Lane = isImport ? "import" : "poll";
  const taken: CaseSummary[] = [];
  const adopted = new Map<CaseId, MarkedIssue>();
  const foreign = new Set<CaseId>();
  for (let start = 0; start < wanted.length; start += labelsPerQuery) {
    const chunk = wanted.slice(start, start + labelsPerQuery);
    taken.push(...(await checkLabels(deps, chunk, { adopted, foreign }, lane)));
  }
  if (foreign.size > 0 && (await isMemoryLost(deps, foreign.size)))
    return { newLinks: 0, waiting, owners, held: true, lost: true };
  if (foreign.size > 0) await deps.state.recordConnectionFailure(name, foreignInstallation, foreignDetail(foreign));
  else await endForeign();
  // Links become due as soon as they stand there, so they are made last, all at once, just before they join their cohorts.
  const labelChecked = new Set<string>(
    taken.filter((entry) => !adopted.has(entry.caseId)).map((entry) => entry.caseId),
  );
  const ids = await deps.state.insertCaseLinks(deps.settings.name, taken.map(toSeenCase), { now, lane, labelChecked });
  if (adopted.size > 0) await adoptIssues(deps, adopted, lane);
  return { newLinks: ids.length, waiting, owners, held: false, lost: false };
}

const foreignNamedMax = 20;

/** Names the cases, as many as an operator reads. Pure. */
function foreignDetail(foreign: ReadonlySet<CaseId>): string {
  const named = [...foreign].sort().slice(0, foreignNamedMax).join(", ");
  const more = foreign.size > foreignNamedMax ? ` and ${foreign.size - foreignNamedMax} more` : "";
  return `issues made by another installation stand for ${foreign.size === 1 ? "case" : "cases"} ${named}${more}`;
}

/**
 * A database without a single issue of its own, beside issues that carry the marks of another installation, is a new one in the place
 * of a lost one: nothing is created until `rebuild`, or until somebody discards the failure because the other one lives (rule 7).
 */
async function isMemoryLost(deps: IntakeDeps, foreign: number): Promise<boolean> {
  const { name } = deps.settings;
  // Issues that only ask for a case, and copies of others, prove no memory.
  if (await deps.state.hasPair(name)) return false;
  const stopped = await deps.state.stopConnection(
    name,
    "memory_lost",
    `${foreign} cases have issues with marks that this database does not know; run casebridge rebuild`,
  );
  if (stopped)
    deps.log.error(
      { connection: name, cases: foreign },
      "Issues carry the marks of another installation and this database is empty: run casebridge rebuild",
    );
  return stopped;
}

/**
 * One label query for up to 50 new cases, so that yesterday's database does not create yesterday's issues again (rule 2). Answers the
 * cases that may be linked; those whose issue is ours already are noted in `adopted`, those whose issue another installation made in
 * `foreign`. An issue that only says so, and one that is paired already, is in nobody's way.
 */
async function checkLabels(
  deps: IntakeDeps,
  chunk: readonly CaseSummary[],
  noted: { readonly adopted: Map<CaseId, MarkedIssue>; readonly foreign: Set<CaseId> },
  lane: Lane,
): Promise<readonly CaseSummary[]> {
  const installation = await deps.state.getInstallation();
  const hits = await deps.jira.findIssuesByLabels(
    chunk.map((entry) => caseLabel(entry.caseId)),
    lane,
  );
  const { adopted, foreign } = noted;
  const paired = await deps.state.listPairedIssues(
    deps.settings.name,
    hits.map((hit) => hit.issueId),
  );
  for (const hit of hits) {
    const entry = chunk.find((candidate) => candidate.caseId === hit.mark?.caseId);
    if (entry === undefined || paired.has(hit.issueId) || !(await isIssueOf(deps, hit, entry.caseId, lane))) continue;
    if (hit.mark?.inst === installation) adopted.set(entry.caseId, hit);
    else if (isInProject(deps.settings, hit)) foreign.add(entry.caseId);
  }
  for (const caseId of adopted.keys()) foreign.delete(caseId);
  return chunk.filter((entry) => adopted.has(entry.caseId) || !foreign.has(entry.caseId));
}

/** A run that comes first finds the issue by its label and adopts it in the same way. */
async function adoptIssues(deps: IntakeDeps, adopted: ReadonlyMap<CaseId, MarkedIssue>, lane: Lane): Promise<void> {
  const links = await deps.state.findLinksByCase(deps.settings.name, [...adopted.keys()]);
  for (const [caseId, hit] of adopted) {
    const link = links.find((candidate) => candidate.caseId === caseId);
    if (link === undefined || link.issueId !== null) continue;
    await deps.state.adoptIssue(link.id, hit.issueId, hit.issueKey);
    await deps.state.wake([{ linkId: link.id, huawei: true, jira: true, lane }]);
  }
}

/** One call a round: access requests of engineers that were not seen before wake their links (rule 11). */
async function noticeAccessRequests(deps: IntakeDeps): Promise<void> {
  const { name } = deps.settings;
  const requests = await deps.huawei.listAccessRequests("poll");
  if (requests.length === 0) return;
  const known = new Set<string>(JSON.parse((await deps.state.findCursor(name, "access_requests")) ?? "[]") as string[]);
  const unknown = requests.filter((request) => !known.has(request.authorizationId));
  const links = await findByCase(
    deps,
    unknown.flatMap((request) => request.caseId ?? []),
  );
  const fresh = unknown.flatMap((request) => {
    const link = request.caseId === null ? undefined : links.get(request.caseId);
    return link === undefined ? [] : [{ request, link }];
  });
  if (fresh.length === 0) return;
  await deps.state.wake(
    fresh.map(({ request, link }) => ({
      linkId: link.id,
      huawei: true,
      lane: "poll" as const,
      namedMessages: [`${accessRequestPrefix}${request.authorizationId}`],
    })),
  );
  const remembered = [...known, ...fresh.map(({ request }) => request.authorizationId)].slice(-5_000);
  await deps.state.saveCursor(name, "access_requests", JSON.stringify(remembered));
}

async function findByCase(
  deps: IntakeDeps,
  caseIds: readonly CaseId[],
): Promise<ReadonlyMap<CaseId | null, IntakeLink>> {
  if (caseIds.length === 0) return new Map();
  const links = await deps.state.findLinksByCase(deps.settings.name, [...new Set(caseIds)]);
  return new Map(links.map((link) => [link.caseId, link]));
}

/** Polls messages of all watched cases; wakes those with messages that are not known yet. */
async function pollCohorts(deps: IntakeDeps, now: Date): Promise<number> {
  const cohorts = await deps.state.arrangeCohorts(deps.settings.name, new Date(now.getTime() - watchedAfterCloseMs));
  let woken = 0;
  for (const cohort of cohorts) {
    if (cohort.caseIds.length === 0) continue;
    const answer = await askCohort(deps, cohort, cohort.caseIds);
    const wakeUps = await toWakeUps(deps, cohort, answer);
    const cursors = advanceCursor(cohort, answer, now, deps.settings.settle.messageSeconds * 1000);
    await deps.state.commitCohort(cohort.id, cursors, wakeUps, now);
    woken += wakeUps.length;
  }
  return woken;
}

/**
 * What the next poll asks from. The cursor trails behind the newest answer by the settle time of messages, so that one which shows
 * late in the poll is still asked for; what was told twice is known by its fingerprint. Pure.
 */
export function advanceCursor(
  cohort: Pick<CohortState, "cursor" | "nextCursor" | "nextCursorAt">,
  answer: Pick<CohortAnswer, "cursor" | "groups">,
  now: Date,
  settleMs: number,
): Pick<CohortState, "cursor" | "nextCursor" | "nextCursorAt"> {
  const { cursor, nextCursor, nextCursorAt } = cohort;
  if (answer.cursor === null) return { cursor, nextCursor, nextCursorAt };
  // The first answer is the ground; after a cut one every case of the cohort is read anyway.
  if (cursor === null || isCut(answer)) return { cursor: answer.cursor, nextCursor: null, nextCursorAt: null };
  const isDue = nextCursorAt !== null && Math.abs(now.getTime() - nextCursorAt.getTime()) >= settleMs;
  if (nextCursor !== null && !isDue) return { cursor, nextCursor, nextCursorAt };
  return { cursor: nextCursor ?? cursor, nextCursor: answer.cursor, nextCursorAt: now };
}

/** Whether the service may have left something out of an answer (rule 3). */
function isCut(answer: Pick<CohortAnswer, "groups">): boolean {
  return (
    answer.groups.filter((group) => group.messages.length > 0).length >= 100 ||
    answer.groups.some((group) => group.messages.length >= 50)
  );
}

type CohortAnswer = {
  readonly groups: readonly InstantGroup[];
  readonly cursor: string | null;
  readonly bad: readonly CaseId[];
};

/**
 * Asks for one cohort. A refused call is bisected until the bad cases stand alone; they are read by themselves, and the rest is asked
 * once more together, so that one bad case does not keep the cursor of the others.
 */
async function askCohort(deps: IntakeDeps, cohort: CohortState, caseIds: readonly CaseId[]): Promise<CohortAnswer> {
  const answer = await bisectCohort(deps, cohort, caseIds);
  const good = caseIds.filter((caseId) => !answer.bad.includes(caseId));
  if (answer.bad.length === 0 || good.length === 0) return answer;
  const rest = await bisectCohort(deps, cohort, good);
  return { ...rest, bad: [...answer.bad, ...rest.bad] };
}

async function bisectCohort(deps: IntakeDeps, cohort: CohortState, caseIds: readonly CaseId[]): Promise<CohortAnswer> {
  try {
    const answer = await deps.huawei.listInstantMessages(caseIds, cohort.cursor, "poll");
    return { ...answer, bad: [] };
  } catch (error) {
    if (!isServiceError(error, "not_found", "forbidden", "rejected", "contract")) throw error;
    const [only] = caseIds;
    if (caseIds.length === 1 && only !== undefined) return { groups: [], cursor: null, bad: [only] };
    const middle = Math.ceil(caseIds.length / 2);
    const left = await bisectCohort(deps, cohort, caseIds.slice(0, middle));
    const right = await bisectCohort(deps, cohort, caseIds.slice(middle));
    return { groups: [...left.groups, ...right.groups], cursor: null, bad: [...left.bad, ...right.bad] };
  }
}

async function toWakeUps(deps: IntakeDeps, cohort: CohortState, answer: CohortAnswer): Promise<readonly WakeUp[]> {
  const named = isCut(answer) ? cohort.caseIds : [...answer.groups.map((group) => group.caseId), ...answer.bad];
  const links = await findByCase(deps, named);
  if (isCut(answer)) {
    return cohort.caseIds.flatMap((caseId) => {
      const link = links.get(caseId);
      return link === undefined ? [] : [{ linkId: link.id, huawei: true, lane: "poll" as const }];
    });
  }
  const involved = answer.groups.flatMap((group) => links.get(group.caseId)?.id ?? []);
  const underWay = await deps.state.listMarksUnderWay(involved);
  const known = await deps.state.countFingerprints(involved);
  const isUnderWay = (linkId: LinkId, { authorKind, content }: CaseMessage): boolean => {
    const own = authorKind === "customer" ? parseMarkAtStart(content) : null;
    return own !== null && underWay.has(`${linkId}|${markIdentity(own.mark)}`);
  };
  const wakeUps: WakeUp[] = [];
  for (const group of answer.groups) {
    const link = links.get(group.caseId);
    if (link === undefined) continue;
    const counts = new Map<string, { told: number; readonly names: Set<string> }>();
    for (const message of group.messages) {
      // A message that a run has just sent is seen by that run itself.
      if (message.isFirst || isUnderWay(link.id, message)) continue;
      const fingerprint = messageFingerprint(message);
      const count = counts.get(fingerprint) ?? { told: 0, names: new Set() };
      count.told += 1;
      for (const name of knownFingerprints(message)) count.names.add(name);
      counts.set(fingerprint, count);
    }
    const countKnown = (names: ReadonlySet<string>): number =>
      [...names].reduce((sum, name) => sum + (known.get(`${link.id}|${name}`) ?? 0), 0);
    const namedMessages = [...counts].flatMap(([fingerprint, { told, names }]) =>
      countKnown(names) < told ? [fingerprint] : [],
    );
    if (namedMessages.length > 0) wakeUps.push({ linkId: link.id, huawei: true, lane: "poll", namedMessages });
  }
  for (const caseId of answer.bad) {
    const link = links.get(caseId);
    if (link !== undefined) wakeUps.push({ linkId: link.id, huawei: true, lane: "poll" });
  }
  return wakeUps;
}

/** One round over the issues: wakes links whose issue was updated since it was last handled. May be repeated at any time. */
export async function intakeIssues(deps: IntakeDeps): Promise<RoundResult> {
  const { name } = deps.settings;
  return inRound(deps, "issues", async (end) => {
    const startedAt = deps.clock.now();
    const stored = await deps.state.findCursor(name, "issues_updated");
    const sinceMs = stored === null ? 0 : Math.max(0, startedAt.getTime() - new Date(stored).getTime());
    const minutes = Math.ceil(sinceMs / 60_000) + 10;
    const steps = makeSteps();
    const updated = await steps.run(() => deps.jira.listUpdatedIssues(minutes, "poll"));
    const breakers = await deps.state.listBreakers(name);
    await steps.run(async () => {
      const unreadable = breakers.some((breaker) => breaker.reason === projectUnreadable);
      if (unreadable && (await deps.jira.isProjectReadable("poll")))
        await deps.state.resolveConnectionFailure(name, projectUnreadable);
    });
    if (breakers.some((entry) => entry.reason === "many_closes" && entry.state === "retrying"))
      await deps.state.releaseCloses(name);
    const woken = updated === null ? 0 : await wakeUpdated(deps, updated);
    await stampIssues(deps);
    let newLinks = 0;
    if (updated !== null) {
      const byIssue = await linksOf(deps, updated);
      await unlessRefused(deps.log, "second issues", () => removeSecondIssues(deps, updated, byIssue));
      newLinks += (await steps.run(() => takeRequests(deps, updated.length))) ?? 0;
      newLinks += await takeClones(deps, updated);
      await deps.state.saveCursor(name, "issues_updated", startedAt.toISOString());
      // A wish whose hold is not over is looked at when it is.
      const until = new Date(startedAt.getTime() - deps.settings.comments.holdSeconds * 1000);
      await deps.state.wakeCountedWishes(name, { since: stored === null ? null : new Date(stored), until });
    }
    steps.end();
    end("done");
    if (woken > 0 || newLinks > 0)
      deps.log.info({ connection: name, newLinks, woken }, "Round over the issues finished");
    return { skipped: false, newLinks, woken };
  });
}

async function linksOf(
  deps: IntakeDeps,
  updated: readonly { readonly issueId: IssueId }[],
): Promise<ReadonlyMap<IssueId | null, IntakeLink>> {
  const links = await deps.state.findLinksByIssue(
    deps.settings.name,
    updated.map((issue) => issue.issueId),
  );
  return new Map(links.map((link) => [link.issueId, link]));
}

/** How far an issue's `updated` may lie before and after the moment at which we knew that our own change of it was made. */
const ownUpdateSpanMs = { before: 2_000, after: 1_000 } as const;

/**
 * Whether an update is our own change of the issue, whose look is set for when the lists have settled. What a person did within those
 * seconds is seen by that look.
 */
function isOwnUpdate({ jiraWrittenAt, recheckAt }: IntakeLink, updatedRaw: string): boolean {
  if (jiraWrittenAt === null || recheckAt === null) return false;
  const sinceMs = new Date(updatedRaw).getTime() - jiraWrittenAt.getTime();
  return sinceMs >= -ownUpdateSpanMs.before && sinceMs <= ownUpdateSpanMs.after;
}

/** Wakes the links whose issue was updated since it was last handled; answers how many. */
async function wakeUpdated(deps: IntakeDeps, updated: readonly UpdatedIssue[]): Promise<number> {
  const byIssue = await linksOf(deps, updated);
  const wakeUps: WakeUp[] = [];
  for (const issue of updated) {
    const link = byIssue.get(issue.issueId);
    if (link !== undefined && link.jiraUpdatedRaw !== issue.updatedRaw && !isOwnUpdate(link, issue.updatedRaw))
      wakeUps.push({ linkId: link.id, jira: true, lane: "poll" });
  }
  // Seen together, they are held together: counting them one by one would let the first ones through.
  const ending = await countEnding(deps, updated, byIssue);
  if (ending > endingMax) await deps.state.holdCloses(deps.settings.name, ending);
  if (wakeUps.length > 0) await deps.state.wake(wakeUps);
  return wakeUps.length;
}

/**
 * How many issues people moved to done whose cases would be closed or cancelled for it. Who moved them is asked only where there are
 * too many, in one request; while Jira does not tell, every move counts as a person's.
 */
async function countEnding(
  deps: IntakeDeps,
  updated: readonly { readonly issueId: IssueId; readonly category: StatusCategory }[],
  links: ReadonlyMap<IssueId | null, IntakeLink>,
): Promise<number> {
  const { settings } = deps;
  const ending = updated.flatMap(({ issueId, category }) => {
    const link = links.get(issueId);
    if (link === undefined || category !== "done" || link.caseStatus === null) return [];
    const moved = link.agreedCategory !== null && link.agreedCategory !== "done";
    return moved && ["close", "cancel"].includes(endingAction(settings.status.closeOnDone, link.caseStatus))
      ? [issueId]
      : [];
  });
  if (ending.length <= endingMax) return ending.length;
  try {
    const who = { ownAccountId: await deps.jira.getOwnAccountId(), settings };
    const moves = await deps.jira.findLastMoves(ending, "poll");
    return ending.filter((issueId) => {
      const move = moves.get(issueId);
      return move === undefined || isByPerson(move, who);
    }).length;
  } catch (error) {
    if (!isServiceError(error)) throw error;
    return ending.length;
  }
}

/**
 * Wakes the links whose full comparison is owed, so that none is older than `maxAgeMs` as long as sweeps come at least every `tickMs`.
 * Each link has a moment of its own in each period, so that checks are spread evenly however the links came to be. Where only one or
 * two sweeps fit into that time, each takes all that would be too old by the next one.
 */
export async function sweep(
  deps: IntakeDeps,
  options: { readonly maxAgeMs: number; readonly tickMs: number },
): Promise<number> {
  const { name } = deps.settings;
  const now = deps.clock.now().getTime();
  const { maxAgeMs } = options;
  const tickMs = Math.min(options.tickMs, maxAgeMs);
  const period =
    tickMs * 2 < maxAgeMs
      ? { before: now, periodMs: maxAgeMs - tickMs }
      : { before: now - maxAgeMs + tickMs, periodMs: 1 };
  const due = await deps.state.listUncheckedLinks(name, new Date(period.before), period.periodMs);
  if (due.length > 0)
    await deps.state.wake(due.map((linkId) => ({ linkId, huawei: true, jira: true, lane: "check" }) as const));
  return due.length;
}
