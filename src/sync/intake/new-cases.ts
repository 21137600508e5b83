/** Cases that have no link yet: which of them get one, and what holds them back (rules 2 and 7). */

import type { CaseSummary } from "../../domain/case.ts";
import type { CaseId } from "../../domain/ids.ts";
import { caseLabel } from "../../domain/labels.ts";
import type { Lane } from "../../domain/lane.ts";
import type { Steps } from "../../domain/steps.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import { isInProject, isIssueOf } from "../ownership.ts";
import type { StampedIssue } from "../ports.ts";
import { notRequested, withoutRequested } from "../request/intake-requests.ts";
import type { ConnectionState } from "../state.ts";
import { foreignInstallation, isWantedCase, leaveToOwners, manyNewCases } from "./owners.ts";
import type { Round, RoundOptions } from "./round.ts";
import { toSeenCase, walkSeenCases } from "./seen-cases.ts";

const newCasesMax = 50;

const labelsPerQuery = 50;

/** The cases without a link that a round would take now. Reads only. */
export async function listNewCases(
  deps: IntakeDeps,
  options: { readonly createdFrom?: Date } = {},
): Promise<readonly CaseSummary[]> {
  const connection = await deps.state.getConnection(deps.settings.name);
  const unlinked = await walkSeenCases(deps, {
    connection,
    now: deps.clock.now(),
    createdFrom: options.createdFrom ?? null,
    wants: wantedBy(deps, connection, options),
    take: async () => {},
  });
  const wanted = await notRequested(deps, unlinked);
  return (await leaveToOwners(deps, wanted, { asImport: true })).free;
}

/** Whether a case without a link is wanted. An operator who names a span wants the cases created in it, whatever the standing bound says. */
export function wantedBy(
  { settings }: Pick<IntakeDeps, "settings">,
  { firstRoundAt }: Pick<ConnectionState, "firstRoundAt">,
  { createdFrom }: Pick<RoundOptions, "createdFrom">,
): (entry: CaseSummary) => boolean {
  const filter =
    createdFrom === undefined ? settings : { ...settings, cases: { ...settings.cases, createdAfter: createdFrom } };
  return (entry) => isWantedCase(entry, filter, firstRoundAt);
}

/** What became of the cases that have no link. */
export type NewCasesResult = {
  readonly newLinks: number;
  readonly waiting: number;
  readonly owners: ReadonlyMap<string, number>;
  /** They are too many and wait for a person's release. */
  readonly tooMany: boolean;
  /** The connection was just stopped: its database is a new one in the place of a lost one. */
  readonly lost: boolean;
};

/** Makes links for those of the wanted cases without one that are ours and not held back. May be repeated. Throws `ServiceError`. */
export async function takeNewCases(
  deps: IntakeDeps,
  round: Round,
  unlinked: readonly CaseSummary[],
  steps: Steps,
): Promise<NewCasesResult> {
  const { startedAt: now, connection, breakers, options } = round;
  const { name } = deps.settings;
  const breaker = breakers.find((entry) => entry.reason === manyNewCases);
  const isImport = options.asImport === true || connection.firstRoundAt === null || breaker?.state === "retrying";
  const unrequested = await withoutRequested(deps, unlinked, steps);
  const left = await leaveToOwners(deps, unrequested, options);
  const { free: wanted, waiting, owners } = left;
  if (!isImport && wanted.length > newCasesMax) {
    const detail = `${wanted.length} new cases in one round; failures retry, or resync --all, releases them`;
    await deps.state.recordConnectionFailure(name, manyNewCases, detail);
    return { newLinks: 0, waiting, owners, tooMany: true, lost: false };
  }
  if (breaker !== undefined) await deps.state.resolveConnectionFailure(name, manyNewCases);
  /** No case is left whose issue another installation made: somebody took them over, or gave them up. */
  const endForeign = async (): Promise<void> => {
    if (breakers.some((entry) => entry.reason === foreignInstallation))
      await deps.state.resolveConnectionFailure(name, foreignInstallation);
  };
  if (wanted.length === 0) {
    await endForeign();
    return { newLinks: 0, waiting, owners, tooMany: false, lost: false };
  }
  const lane: Lane = isImport ? "import" : "poll";
  const ours: CaseSummary[] = [];
  const adopted = new Map<CaseId, StampedIssue>();
  const foreign = new Set<CaseId>();
  for (let start = 0; start < wanted.length; start += labelsPerQuery) {
    const chunk = wanted.slice(start, start + labelsPerQuery);
    ours.push(...(await checkLabels(deps, chunk, { adopted, foreign }, lane)));
  }
  if (foreign.size > 0 && (await isMemoryLost(deps, foreign.size)))
    return { newLinks: 0, waiting, owners, tooMany: true, lost: true };
  if (foreign.size > 0) await deps.state.recordConnectionFailure(name, foreignInstallation, foreignDetail(foreign));
  else await endForeign();
  // Links become due as soon as they stand there, so they are made last, all at once, just before they join their cohorts.
  const labelChecked = new Set<string>(ours.filter((entry) => !adopted.has(entry.caseId)).map((entry) => entry.caseId));
  const ids = await deps.state.insertCaseLinks(deps.settings.name, ours.map(toSeenCase), { now, lane, labelChecked });
  if (adopted.size > 0) await adoptIssues(deps, adopted, lane);
  return { newLinks: ids.length, waiting, owners, tooMany: false, lost: false };
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
  noted: { readonly adopted: Map<CaseId, StampedIssue>; readonly foreign: Set<CaseId> },
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
    const entry = chunk.find((candidate) => candidate.caseId === hit.stamp?.caseId);
    if (entry === undefined || paired.has(hit.issueId) || !(await isIssueOf(deps, hit, entry.caseId, lane))) continue;
    if (hit.stamp?.inst === installation) adopted.set(entry.caseId, hit);
    else if (isInProject(deps.settings, hit)) foreign.add(entry.caseId);
  }
  for (const caseId of adopted.keys()) foreign.delete(caseId);
  return chunk.filter((entry) => adopted.has(entry.caseId) || !foreign.has(entry.caseId));
}

/** A run that comes first finds the issue by its label and adopts it in the same way. */
async function adoptIssues(deps: IntakeDeps, adopted: ReadonlyMap<CaseId, StampedIssue>, lane: Lane): Promise<void> {
  const links = await deps.state.findLinksByCase(deps.settings.name, [...adopted.keys()]);
  for (const [caseId, hit] of adopted) {
    const link = links.find((candidate) => candidate.caseId === caseId);
    if (link === undefined || link.issueId !== null) continue;
    await deps.state.adoptIssue(link.id, hit.issueId, hit.issueKey);
    await deps.state.wake([{ linkId: link.id, huawei: true, jira: true, lane }]);
  }
}
