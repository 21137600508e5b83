/**
 * Looking without touching: whether both sides agree (`verify`, rule 8).
 */

import { sortMessages } from "../../domain/identity.ts";
import type { LinkId } from "../../domain/ids.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { IssueMissing, observe, withRelations } from "../link/observe.ts";
import type { Action, Observed, PlanInput } from "../plan/action.ts";
import { wantsChangelog } from "../plan/changes.ts";
import { moments } from "../plan/moments.ts";
import { planReconcile } from "../plan/plan.ts";
import { statusTarget } from "../plan/status.ts";
import type { Clock, ConnectionSettings, HuaweiPort, JiraPort, Lane, Log, TextPort } from "../ports.ts";
import type { LinkSnapshot, StatePort } from "../state.ts";
import { findSeenTwice } from "./inspect-copies.ts";

/** What looking at a link needs. */
export type InspectDeps = {
  readonly huawei: HuaweiPort;
  readonly jira: JiraPort;
  readonly text: TextPort;
  readonly state: StatePort;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ConnectionSettings;
  readonly lane: Lane;
  /** Changes younger than this are pending, not drift: two rounds. */
  readonly pendingMs: number;
};

/** One difference. `pending`: too young to count, or waiting for its moment. */
export type Difference = {
  readonly item: string;
  readonly what: string;
  readonly direction: "to-jira" | "to-huawei" | "state";
  readonly pending: boolean;
};

/** What was found about one link. */
export type Inspection = {
  readonly linkId: LinkId;
  readonly caseId: string | null;
  readonly issueKey: string | null;
  readonly state: string;
  readonly differences: readonly Difference[];
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
  const base = { linkId, caseId: link.caseId, issueKey: link.issueKey, state: link.state };
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
  const input: PlanInput = {
    link,
    mirrors: snapshot.mirrors,
    intents: snapshot.intents,
    failures: snapshot.failures,
    observed,
    settings: deps.settings,
    huaweiUserIds: connection.huaweiUserIds,
    paused: { toJira: connection.pausedToJira, toHuawei: connection.pausedToHuawei },
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
    unreadable: null,
    counts,
  };
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
