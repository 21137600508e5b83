/**
 * Reading what is true now: only the side that woke the link, or both in a check. All reads of a run happen here, except the one
 * read of a comment just before it is sent (rule 5).
 */
import type { CaseDetail, CaseMessage } from "../../domain/case.ts";
import type { IssueId } from "../../domain/ids.ts";
import type { Issue, IssueChange, IssueComment, StatusChange } from "../../domain/issue.ts";
import type { Lane } from "../../domain/lane.ts";
import type { Link } from "../../domain/link.ts";
import { knownFingerprints, mergeMessages } from "../../domain/message-views.ts";
import { isAccessName, parseMessageName } from "../../domain/rows/named-news.ts";
import { unlessRefused } from "../../domain/steps.ts";
import type { Observed } from "../plan/action.ts";
import { relationsHash, wantsRelations } from "../plan/relations.ts";
import { isCompatible } from "../plan/status.ts";
import type { Clock, HuaweiPort, JiraPort, Log } from "../ports.ts";
import type { LinkSnapshot, StatePort } from "../state.ts";

/** From so many messages on, a detail is compared with the complete list: whether it holds all is not documented (huawei.md 9). */
const detailSuspectCount = 50;

/** What reading works with. */
export type ObserveDeps = {
  readonly huawei: HuaweiPort;
  readonly jira: JiraPort;
  readonly clock: Clock;
  readonly log: Log;
  readonly lane: Lane;
};

/** What of a link decides about its reading. */
type ObservedLink = Pick<
  Link,
  "caseId" | "issueId" | "caseStatus" | "agreedCaseStatus" | "agreedCategory" | "namedMessages"
>;

/** Which sides a run reads. */
export type Sides = { readonly huawei: boolean; readonly jira: boolean; readonly full: boolean };

/** The issue is gone or cannot be seen. */
export class IssueMissing extends Error {
  constructor(issueId: string) {
    super(`issue ${issueId} cannot be read`);
    this.name = "IssueMissing";
  }
}

/**
 * Reads the wanted sides of one link. `wantsChangelog` says of the issue whether what it shows needs its changelog, `waits` whether a
 * person's move of it is not acted on yet, so that nothing need be known of the case; the marks of the
 * comments in `knownCopies` are asked for in full readings alone; with `hasIssue` the caller has a reading of the issue, so that a status
 * of the case that moved is no reason to read it. Throws `ServiceError` and `IssueMissing`; makes no write.
 */
export async function observe(
  deps: ObserveDeps,
  link: ObservedLink,
  sides: Sides,
  {
    wantsChangelog = () => false,
    waits = () => false,
    knownCopies = new Set(),
    hasIssue = false,
  }: {
    readonly wantsChangelog?: (issue: Issue) => boolean;
    readonly waits?: (issue: Issue, statusChanges: readonly StatusChange[]) => boolean;
    readonly knownCopies?: ReadonlySet<string>;
    readonly hasIssue?: boolean;
  } = {},
): Promise<Observed> {
  const wantsCase = sides.huawei || link.issueId === null;
  let seen = wantsCase ? await readCase(deps, link) : noCase;
  let issue: Issue | null = null;
  let comments: readonly IssueComment[] | null = null;
  let issueReadAt: Date | null = null;
  let statusChanges: readonly StatusChange[] | null = null;
  let changes: readonly IssueChange[] | null = null;
  const statusMoved = !hasIssue && seen.case !== null && seen.case.status !== link.agreedCaseStatus;
  if (link.issueId !== null && (sides.jira || statusMoved)) {
    issueReadAt = deps.clock.now();
    ({ issue, comments, changes } = await readIssue(deps, link.issueId, sides, knownCopies));
    if (comments !== null && wantsChangelog(issue)) changes ??= await deps.jira.listChanges(link.issueId, deps.lane);
    const categoryMoved = link.agreedCategory !== null && issue.category !== link.agreedCategory;
    if (categoryMoved && link.caseId !== null) {
      const status = seen.case?.status ?? link.caseStatus;
      if (status !== null && !isCompatible(status, issue.category)) {
        changes ??= await deps.jira.listChanges(link.issueId, deps.lane);
        statusChanges = toStatusChanges(changes);
      }
      // What a person's move means depends on the case's status of the moment in which something is done about it.
      if (seen.case === null && (statusChanges === null || !waits(issue, statusChanges))) {
        seen = await readCase(deps, link);
        if (seen.case === null || isCompatible(seen.case.status, issue.category)) statusChanges = null;
        else statusChanges ??= toStatusChanges(changes ?? (await deps.jira.listChanges(link.issueId, deps.lane)));
      }
    }
  }
  return {
    ...seen,
    issue,
    issueReadAt,
    comments,
    statusChanges,
    changes,
    relations: null,
    accessRequests: await readAccessRequests(deps, link, seen.case),
    full: sides.full,
  };
}

const noCase = { case: null, caseReadAt: null, messages: null } as const;

/** The case with all its messages, and when it was read; `noCase` where the link has none. */
async function readCase(
  deps: ObserveDeps,
  link: ObservedLink,
): Promise<Pick<Observed, "case" | "caseReadAt" | "messages">> {
  if (link.caseId === null) return noCase;
  const caseReadAt = deps.clock.now();
  const detail = await deps.huawei.getCase(link.caseId, deps.lane);
  return { case: detail, caseReadAt, messages: await completeMessages(deps, link, detail) };
}

/** The requests for access to the case; `null`: not asked. A name that comes while the run goes on must not count as answered. */
async function readAccessRequests(
  deps: ObserveDeps,
  link: ObservedLink,
  detail: CaseDetail | null,
): Promise<Observed["accessRequests"]> {
  if (detail === null || !link.namedMessages.some(isAccessName)) return null;
  return unlessRefused(deps.log, "access requests", async () =>
    (await deps.huawei.listAccessRequests(deps.lane)).filter((request) => request.caseId === link.caseId),
  );
}

/**
 * The same observation with the related cases that are mirrored, where a full check has read a case that shows something new. Huawei
 * refusing to tell, or being away, is no failure: the next check asks again. Makes no write.
 */
export async function withRelations(
  deps: ObserveDeps & { readonly state: Pick<StatePort, "findIssuesOfCases"> },
  snapshot: Pick<LinkSnapshot, "link" | "mirrors">,
  observed: Observed,
): Promise<Observed> {
  const { case: detail, messages, issue } = observed;
  if (!observed.full || detail === null || messages === null || issue === null) return observed;
  if (!deps.huawei.capabilities.has("related_cases")) return observed;
  const hash = relationsHash(detail, messages);
  if (!wantsRelations(snapshot.mirrors, hash)) return observed;
  const relations = await unlessRefused(deps.log, "related cases", async () => {
    const listed = await deps.huawei.listRelatedCases(detail.caseId, deps.lane);
    const related = await deps.state.findIssuesOfCases(
      snapshot.link.connectionName,
      detail.caseId,
      listed.map((entry) => entry.caseId),
    );
    return { hash, related };
  });
  return relations === null ? observed : { ...observed, relations };
}

/** The issue, with its comments where that side is wanted: in a full reading from their own list, which tells every mark. */
async function readIssue(
  { jira, lane }: ObserveDeps,
  issueId: IssueId,
  sides: Sides,
  knownCopies: ReadonlySet<string>,
): Promise<Pick<Observed, "comments" | "changes"> & { readonly issue: Issue }> {
  const found =
    sides.jira && !sides.full
      ? await jira.findIssueWithComments(issueId, knownCopies, lane)
      : { issue: await jira.findIssue(issueId, lane), comments: null, changes: null };
  const issue = found?.issue ?? null;
  if (issue === null) throw new IssueMissing(issueId);
  const comments = sides.full ? await jira.listComments(issueId, lane) : (found?.comments ?? null);
  return { issue, comments, changes: found?.changes ?? null };
}

function toStatusChanges(changes: readonly IssueChange[]): StatusChange[] {
  return changes.flatMap(({ at, authorId, authorType, field, toId }) =>
    field === "status" && toId !== null ? [{ at, authorId, authorType, toStatusId: toId }] : [],
  );
}

/** The detail's messages, completed from all pages of `/messages` where the detail may lack some (rule 3). */
async function completeMessages(
  deps: ObserveDeps,
  link: ObservedLink,
  detail: CaseDetail,
): Promise<readonly CaseMessage[]> {
  const present = new Set(detail.messages.flatMap(knownFingerprints));
  const lacksNamed = link.namedMessages
    .map(parseMessageName)
    .some((named) => named !== null && !present.has(named.fingerprint));
  const lacksFirst = detail.messages.length > 0 && !detail.messages.some((message) => message.isFirst);
  if (!lacksNamed && !lacksFirst && detail.messages.length < detailSuspectCount) return detail.messages;
  const listed = await deps.huawei.listMessages(detail.caseId, deps.lane);
  return mergeMessages(detail.messages, listed);
}
