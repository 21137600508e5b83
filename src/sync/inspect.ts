/**
 * Looking without touching: what a full pass would write (`resync --dry-run`), and whether both sides agree (`verify`, rule 8).
 */

import type { CaseDetail, CaseMessage } from "../domain/case.ts";
import { type CaseId, type IssueId, type IssueKey, type LinkId, toId } from "../domain/ids.ts";
import type { Link } from "../domain/link.ts";
import { isServiceError } from "../domain/service-error.ts";
import { sortMessages } from "./identity.ts";
import { findSeenTwice } from "./inspect-copies.ts";
import { type Difference, type InspectDeps, listWrites, type Write } from "./inspect-writes.ts";
import { IssueMissing, observe, withRelations } from "./observe.ts";
import type { Action, Observed, Plan, PlanInput } from "./plan/action.ts";
import { wantsChangelog } from "./plan/changes.ts";
import { factsHash } from "./plan/facts.ts";
import { caseLabel, commonLabel, toJiraLabel } from "./plan/labels.ts";
import { planReconcile } from "./plan/plan.ts";
import { statusTarget } from "./plan/status.ts";
import { caseFacts } from "./render.ts";
import { linkTimeMaxMs, moments } from "./run.ts";
import type { LinkSnapshot } from "./state.ts";

/** What was found about one link. */
export type Inspection = {
  readonly linkId: LinkId;
  readonly caseId: string | null;
  readonly issueKey: string | null;
  readonly state: string;
  readonly differences: readonly Difference[];
  /** What a re-sync would write, one entry per write, in order. */
  readonly writes: readonly Write[];
  /** Set when the link could not be read: the kind of the error. */
  readonly unreadable: string | null;
  /** Items that agree, for the summary. */
  readonly counts: { readonly messages: number; readonly comments: number; readonly files: number };
};

/** Reads both sides of one link and lists what differs. Makes no write anywhere. `null` when there is no such link. */
export async function inspectLink(deps: InspectDeps, linkId: LinkId): Promise<Inspection | null> {
  const snapshot = await deps.state.findSnapshot(linkId);
  if (snapshot === null) return null;
  const { link } = snapshot;
  const base = { linkId, caseId: link.caseId, issueKey: link.issueKey, state: link.state, writes: [] };
  const counts = countMirrors(snapshot);
  if (link.state === "unlinked") return { ...base, differences: [], unreadable: null, counts };
  let observed: Observed;
  try {
    observed = await observe(
      deps,
      link,
      { huawei: true, jira: link.issueId !== null, full: true },
      {
        wantsChangelog: (issue) =>
          wantsChangelog(
            { ...snapshot, settings: deps.settings, adfToText: deps.text.adfToText, ...moments(deps) },
            issue,
          ),
      },
    );
    observed = await withRelations(deps, snapshot, observed);
  } catch (error) {
    if (error instanceof IssueMissing) return { ...base, differences: [], unreadable: "issue_missing", counts };
    if (!isServiceError(error) || error.kind === "unauthorized" || error.kind === "unavailable") throw error;
    return { ...base, differences: [], unreadable: error.kind, counts };
  }
  const connection = await deps.state.getConnection(link.connectionName);
  const open: Difference[] = snapshot.intents.map((intent) => ({
    item: intent.key,
    what: `the outcome of a write is not confirmed yet (${intent.state})`,
    direction: intent.side === "huawei" ? "to-huawei" : "to-jira",
    pending: true,
  }));
  if (link.issueId === null && observed.case !== null) {
    const writes = await listCreation(deps, link, { case: observed.case, messages: observed.messages ?? [] });
    return { ...base, differences: [...writes.map(withoutText), ...open], writes, unreadable: null, counts };
  }
  const input: PlanInput = {
    link,
    mirrors: snapshot.mirrors,
    intents: snapshot.intents,
    failures: snapshot.failures,
    observed,
    settings: deps.settings,
    huaweiUserIds: connection.huaweiUserIds,
    ownAccountId: await deps.jira.getOwnAccountId(),
    installation: await deps.state.getInstallation(),
    adfToText: deps.text.adfToText,
    mediaReferences: deps.text.mediaReferences,
    ...moments(deps),
  };
  const plan = planReconcile(input);
  const planned = plan.actions.filter((action) => !isBookkeeping(action)).map((action) => toDifference(deps, action));
  const waiting: Difference[] =
    plan.recheckAt === null
      ? []
      : [{ item: "comment", what: "waits for its hold time", direction: "to-huawei", pending: true }];
  return {
    ...base,
    differences: [
      ...planned,
      ...waiting,
      ...open,
      ...missingCopies(deps, snapshot, observed, connection.huaweiUserIds),
      ...(await copiesTwice(deps, snapshot, observed, connection.huaweiUserIds)),
    ],
    writes: link.state === "active" || link.state === "blocked" ? await listPlanned(deps, snapshot, input, plan) : [],
    unreadable: null,
    counts,
  };
}

/** A re-sync waits as long as its patience lasts for what becomes due by time alone, such as a comment that is held. */
async function listPlanned(
  deps: InspectDeps,
  snapshot: LinkSnapshot,
  input: PlanInput,
  plan: Plan,
): Promise<readonly Write[]> {
  const { recheckAt } = plan;
  const waits = recheckAt !== null && recheckAt.getTime() - input.now.getTime() < linkTimeMaxMs;
  const { actions } = waits
    ? planReconcile({ ...input, now: new Date(Math.max(recheckAt.getTime(), input.now.getTime()) + 1) })
    : plan;
  const writes: Write[] = [];
  for (const action of actions)
    if (!isBookkeeping(action)) writes.push(...(await listWrites(deps, snapshot, action, toDifference(deps, action))));
  return writes;
}

function withoutText({ text: _text, ...difference }: Write): Difference {
  return difference;
}

/**
 * The writes that mirroring a case without link comes to, in their order. Reads the case; makes no write anywhere. A case that cannot be
 * read is `unreadable`.
 */
export async function inspectNewCase(
  deps: InspectDeps,
  entry: { readonly caseId: CaseId; readonly labels: readonly string[]; readonly productName: string | null },
): Promise<Inspection> {
  const link = makeUnsavedLink(deps, entry);
  const base = {
    linkId: link.id,
    caseId: entry.caseId,
    issueKey: null,
    state: "new",
    differences: [],
    writes: [],
    counts: { messages: 0, comments: 0, files: 0 },
  };
  try {
    const observed = await observe(deps, link, { huawei: true, jira: false, full: false });
    if (observed.case === null) return { ...base, unreadable: "not_found" };
    const writes = await listCreation(deps, link, { case: observed.case, messages: observed.messages ?? [] });
    return { ...base, differences: writes.map(withoutText), writes, unreadable: null };
  } catch (error) {
    if (!isServiceError(error) || error.kind === "unauthorized" || error.kind === "unavailable") throw error;
    return { ...base, unreadable: error.kind };
  }
}

/** A link as intake would insert it, for the planner alone. */
function makeUnsavedLink(
  deps: InspectDeps,
  entry: { readonly caseId: CaseId; readonly labels: readonly string[]; readonly productName: string | null },
): Link {
  const now = deps.clock.now();
  return {
    id: toId<LinkId>(`new-${entry.caseId}`),
    connectionName: deps.settings.name,
    caseId: entry.caseId,
    issueId: null,
    issueKey: null,
    origin: "huawei",
    state: "active",
    reason: null,
    wantedRev: 1,
    doneRev: 0,
    huaweiRev: 1,
    jiraRev: 0,
    lane: "import",
    attempts: 0,
    recheckAt: null,
    leaseEpoch: 0,
    caseStatus: null,
    agreedCaseStatus: null,
    agreedCategory: null,
    jiraUpdatedRaw: null,
    outgoingSince: now,
    createCheckedAt: null,
    markStampedAt: null,
    caseLabels: entry.labels,
    mirroredLabels: [],
    burstSince: null,
    burstWrites: 0,
    factsHash: null,
    productName: entry.productName,
    namedMessages: [],
    closedSeenAt: null,
    checkedAt: null,
    createdAt: now,
  };
}

/**
 * The issue that is not there yet, and then the planner's own list for the moment after it was made. A new issue is taken to stand in
 * category `new`; where the workflow begins elsewhere, the move differs.
 */
async function listCreation(
  deps: InspectDeps,
  link: Link,
  seen: { readonly case: CaseDetail; readonly messages: readonly CaseMessage[] },
): Promise<Write[]> {
  const { settings } = deps;
  const detail = seen.case;
  const caseLabels = [...new Set(link.caseLabels.map(toJiraLabel))];
  const labels = [caseLabel(detail.caseId), commonLabel, ...caseLabels];
  const { rest } = deps.text.caseDescription({
    text: detail.description,
    facts: caseFacts(detail, link.productName, settings.huawei.timeZone),
    consoleUrl: settings.huawei.consoleCaseUrl?.replaceAll("{caseId}", encodeURIComponent(detail.caseId)) ?? null,
  });
  const restParts =
    rest === null ? 0 : deps.text.messageToAdf({ header: "Description, continued", text: rest, footer: [] }).length;
  const installation = await deps.state.getInstallation();
  const issueId = toId<IssueId>("0");
  const issueKey = toId<IssueKey>(`${settings.jira.projectKey}-0`);
  const plan = planReconcile({
    link: {
      ...link,
      issueId,
      issueKey,
      mirroredLabels: caseLabels,
      factsHash: factsHash(detail),
    },
    mirrors: [],
    intents: [],
    failures: [],
    observed: {
      case: detail,
      caseReadAt: null,
      messages: seen.messages,
      issue: {
        issueId,
        issueKey,
        projectKey: settings.jira.projectKey,
        projectTypeKey: null,
        summary: "",
        description: null,
        statusId: "",
        statusName: "",
        category: "new",
        labels,
        priorityId: null,
        createdAt: deps.clock.now(),
        updatedRaw: "",
        securityLevelId: null,
        restriction: "none",
        reporterId: null,
        creatorId: await deps.jira.getOwnAccountId(),
        files: [],
        mark: { v: 1, inst: installation, caseId: detail.caseId },
      },
      issueReadAt: null,
      comments: [],
      statusChanges: null,
      changes: null,
      relations: null,
      accessRequests: [],
      full: false,
    },
    settings,
    huaweiUserIds: (await deps.state.getConnection(settings.name)).huaweiUserIds,
    ownAccountId: await deps.jira.getOwnAccountId(),
    installation,
    adfToText: deps.text.adfToText,
    mediaReferences: deps.text.mediaReferences,
    ...moments(deps),
  });
  const write = (item: string, what: string): Write => ({
    item,
    what,
    direction: "to-jira",
    pending: false,
    text: null,
  });
  const nothingYet = { link: { ...link, issueKey }, mirrors: [], intents: [], failures: [] };
  const planned: Write[] = [];
  for (const action of plan.actions)
    if (!isBookkeeping(action))
      planned.push(...(await listWrites(deps, nothingYet, action, toDifference(deps, action))));
  return [
    write(`case ${detail.caseId}`, `create an issue in ${settings.jira.projectKey} with labels ${labels.join(", ")}`),
    ...Array.from({ length: restParts }, (_unused, index) =>
      write(`case ${detail.caseId}`, `write part ${index + 2} of the description as a comment`),
    ),
    ...planned,
  ];
}

function countMirrors(snapshot: LinkSnapshot): Inspection["counts"] {
  const live = snapshot.mirrors.filter((mirror) => mirror.state === "live" && !mirror.sourceId.includes("#"));
  return {
    messages: live.filter((mirror) => mirror.kind === "message").length,
    comments: live.filter((mirror) => mirror.kind === "comment").length,
    files: live.filter((mirror) => mirror.kind === "file").length,
  };
}

/** Changes of our own memory that need no write and are no disagreement. */
function isBookkeeping(action: Action): boolean {
  // Refused before and told; whether it goes now, only trying can tell.
  if (
    (action.kind === "carry_late_file" && action.cause === "refused") ||
    (action.kind === "send_file" && action.late === true)
  )
    return true;
  // A copy that stands there twice is a disagreement, although all we can do is tell.
  if (action.direction === "state") return action.kind !== "report_duplicate";
  return action.kind === "agree_status" || action.kind === "remember_relations";
}

function toDifference(deps: InspectDeps, action: Action): Difference {
  return {
    item: actionItem(action),
    what: describeAction(deps, action),
    direction: action.direction,
    pending: isYoung(deps, action),
  };
}

function isYoung(deps: InspectDeps, action: Action): boolean {
  const at = happenedAt(action);
  return at !== null && deps.clock.now().getTime() - at.getTime() < deps.pendingMs;
}

/** When what an action mirrors was written; `null` where that does not matter. */
function happenedAt(action: Action): Date | null {
  switch (action.kind) {
    case "post_message":
      return action.again ? null : action.message.message.createdAt;
    case "send_comment":
      return action.comment.updatedAt;
    case "tell_change":
      return new Date(action.issue.updatedRaw);
    case "act_on_case":
      // A cause is the moment of the move; it waits for a round that counts such moves.
      return new Date(Number(action.cause.slice("move-".length)));
    default:
      return null;
  }
}

function actionItem(action: Action): string {
  switch (action.kind) {
    case "post_message":
      return `message ${action.message.sourceId}`;
    case "send_comment":
      return `comment ${action.comment.commentId}`;
    case "withdraw_comment":
      return `comment ${action.mirror.sourceId}`;
    case "run_command":
      return `comment ${action.comment.commentId}`;
    case "send_file":
      return `file ${action.file.attachmentId}`;
    case "carry_issue_files":
      return `files ${action.files.map((file) => file.fileId).join(", ")}`;
    case "notice":
      return "notice";
    case "create_issue":
      return `case ${action.detail.caseId}`;
    default:
      return action.kind.replaceAll("_", " ");
  }
}

/** One line for people: the write that an action makes, without contents. Pure. */
export function describeAction({ settings, huawei }: Pick<InspectDeps, "settings" | "huawei">, action: Action): string {
  switch (action.kind) {
    case "create_issue":
      return `create an issue in ${settings.jira.projectKey}`;
    case "post_message":
      return action.again ? "write the comment again, its copy was removed" : "write a comment";
    case "post_rest":
      return "write the rest of the description as comments";
    case "carry_issue_files":
      return `attach ${action.files.length} file(s) of the description`;
    case "change_labels":
      return `labels: add ${action.add.join(", ") || "none"}; remove ${action.remove.join(", ") || "none"}`;
    case "move_issue": {
      const target = statusTarget(settings, action.caseStatus);
      return `move the issue to ${"statusId" in target ? `status ${target.statusId}` : target.category}`;
    }
    case "notice":
      return "write a notice";
    case "stamp_issue":
      return "complete the issue property";
    case "send_comment":
      return action.version === 1 ? "send a message" : `send version ${action.version} of a message`;
    case "withdraw_comment":
      return huawei.capabilities.has("withdraw") ? "withdraw the message" : "send a message marked as withdrawn";
    case "send_file":
      return "send the file in a message of its own";
    case "mark_withdrawn":
      return `mark ${action.mirrors.length} withdrawn message(s)`;
    case "act_on_case":
      return `${action.action} the case`;
    case "run_command":
      return `carry out /${action.command.name}`;
    case "link_issues":
      return `link the issue of the related case ${action.caseId}`;
    case "tell_change":
      return "tell the case what was changed on the issue";
    case "ask_reopen":
      return "ask to take the case up again";
    default:
      return action.kind.replaceAll("_", " ");
  }
}

/** What people see more often in Jira than the case holds it. */
async function copiesTwice(
  deps: InspectDeps,
  snapshot: LinkSnapshot,
  observed: Observed,
  huaweiUserIds: readonly string[],
): Promise<Difference[]> {
  const { messages, comments, issue } = observed;
  if (messages === null || comments === null || issue === null) return [];
  const { mirrors, intents } = snapshot;
  const twice = findSeenTwice({
    sorted: sortMessages({ messages, mirrors, intents, huaweiUserIds }),
    mirrors,
    comments,
    issue,
    ownAccountId: await deps.jira.getOwnAccountId(),
    adfToText: deps.text.adfToText,
  });
  return twice.map(({ item, count, wanted }) => ({
    item,
    what: `people see it ${count} times; the service ticket has it ${wanted === 1 ? "once" : `${wanted} times`}`,
    direction: "to-jira",
    // A copy whose write is not confirmed yet has no row.
    pending: intents.some((intent) => intent.side === "jira"),
  }));
}

/** Copies that were confirmed once and do not show now. */
function missingCopies(
  deps: InspectDeps,
  snapshot: LinkSnapshot,
  observed: Observed,
  huaweiUserIds: readonly string[],
): Difference[] {
  const differences: Difference[] = [];
  const young = (at: Date): boolean =>
    deps.clock.now().getTime() - at.getTime() < deps.settings.settle.messageSeconds * 1000;
  if (observed.messages !== null) {
    const sorted = sortMessages({
      messages: observed.messages,
      mirrors: snapshot.mirrors,
      intents: snapshot.intents,
      huaweiUserIds,
    });
    const shown = new Set<string>(
      sorted.copies.flatMap((copy) =>
        copy.message.messageId === null ? [copy.fingerprint] : [copy.message.messageId, copy.fingerprint],
      ),
    );
    for (const mirror of snapshot.mirrors) {
      if (mirror.origin !== "jira" || mirror.kind !== "comment" || mirror.state !== "live") continue;
      const gone =
        mirror.copyFingerprints.length > 0 &&
        !mirror.copyFingerprints.every((fingerprint) => shown.has(fingerprint)) &&
        !(mirror.copyId !== null && shown.has(mirror.copyId));
      if (gone)
        differences.push({
          item: `comment ${mirror.sourceId}`,
          what: "its message does not show in the case",
          direction: "to-huawei",
          pending: young(mirror.updatedAt),
        });
    }
  }
  if (observed.issue !== null) {
    const files = new Set<string>(observed.issue.files.map((file) => file.attachmentId));
    for (const mirror of snapshot.mirrors) {
      if (mirror.kind !== "file" || mirror.origin !== "huawei" || mirror.state !== "live" || mirror.copyId === null)
        continue;
      if (!files.has(mirror.copyId)) {
        differences.push({
          item: `file ${mirror.sourceId}`,
          what: "its attachment does not show on the issue",
          direction: "to-jira",
          pending: young(mirror.updatedAt),
        });
      }
    }
  }
  return differences;
}
