/** What both services show of our marks, before anything is written: the pairs of a connection, and what speaks against them. */

import type { CaseSummary } from "../../domain/case.ts";
import { findMark } from "../../domain/identity.ts";
import { type CaseId, compareIds, type IssueId, type IssueKey, toId } from "../../domain/ids.ts";
import type { IssueStamp } from "../../domain/issue.ts";
import { caseLabel } from "../../domain/labels.ts";
import type { Lane } from "../../domain/lane.ts";
import { isServiceError } from "../../domain/service-error.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import { isByUs, isIssueOf, namesItself } from "../ownership.ts";
import type { Clock, HuaweiPort, JiraPort, Log, StampedIssue, TextPort } from "../ports.ts";
import { requestOf } from "../request/request.ts";
import type { RebuildState, StatePort } from "../state.ts";

/** What a rebuild works with. */
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

/** A rebuild waits behind everything else. */
export const lane: Lane = "import";

/** Reads all marked issues of the connection and all its cases. Writes nothing. Throws `ServiceError`. */
export async function survey(deps: RebuildDeps): Promise<Survey> {
  const hits = await listHits(deps);
  const cases = new Map((await deps.huawei.listCases({}, lane)).map((entry) => [entry.caseId, entry]));
  const valid = new Map<CaseId, FoundIssue[]>();
  const clones: IssueKey[] = [];
  const labelled: { caseId: CaseId; issueKey: IssueKey }[] = [];
  const counts = new Map<string, number>();
  for (const hit of hits) {
    const { stamp } = hit;
    if (stamp !== null && (await isProved(deps, hit, stamp, cases))) {
      counts.set(stamp.inst, (counts.get(stamp.inst) ?? 0) + 1);
      const caseId = toId<CaseId>(stamp.caseId);
      const found = { ...hit, caseId, inst: stamp.inst, stamped: stamp.issueId === hit.issueId };
      valid.set(caseId, [...(valid.get(caseId) ?? []), found]);
    } else if (stamp !== null) {
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

type Hit = StampedIssue & { readonly moved: boolean };

/** Whether an issue is that of the case which its property names; a case that was made for the issue says so, too. */
async function isProved(
  deps: RebuildDeps,
  hit: Hit,
  mark: IssueStamp,
  cases: ReadonlyMap<CaseId, CaseSummary>,
): Promise<boolean> {
  const made = cases.get(toId<CaseId>(mark.caseId));
  if (namesItself(hit) && made !== undefined && requestOf(made.description) === hit.issueId) return true;
  return isIssueOf(deps, hit, mark.caseId, lane);
}

/** Marked issues of the project, whatever was done to their labels, and those that were moved out of it. */
async function listHits(deps: RebuildDeps): Promise<readonly Hit[]> {
  const inside = await deps.jira.listStampedIssues("project", lane).catch((error: unknown) => {
    // More pages than a search may have: in such a project the labels must do.
    if (!isServiceError(error, "contract")) throw error;
    deps.log.warn(
      { connection: deps.settings.name },
      "The project is too large to be read whole; only labelled issues are found",
    );
    return deps.jira.listStampedIssues("labelled", lane);
  });
  const elsewhere = await deps.jira.listStampedIssues("elsewhere", lane);
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
    if (issue === null || issue.stamp !== null) continue;
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
