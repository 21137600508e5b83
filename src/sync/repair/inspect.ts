/**
 * Looking without touching: whether both sides agree (`verify`, rule 8).
 */

import { sortMessages } from "../../domain/identity.ts";
import type { LinkId } from "../../domain/ids.ts";
import type { Lane } from "../../domain/lane.ts";
import { isFurtherPart, itemInWords } from "../../domain/rows/item-key.ts";
import { isServiceError } from "../../domain/service-error.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import { toOurTime } from "../../lib/service-clock.ts";
import { describe } from "../apply/action-table.ts";
import { IssueMissing, observe, withRelations } from "../link/observe.ts";
import { moments } from "../moments.ts";
import type { Action, ActionDirection, Observed, PlanInput } from "../plan/action.ts";
import { wantsChangelog } from "../plan/changes.ts";
import { guardRows } from "../plan/guard-hold.ts";
import { planReconcile } from "../plan/plan.ts";
import type { Clock, HuaweiPort, JiraPort, Log, TextPort } from "../ports.ts";
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
  readonly direction: ActionDirection;
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
  const planned = plan.actions
    .filter((action) => !isBookkeeping(action))
    .map((action) => toDifference(deps, action, input.aheadMs));
  const waiting: Difference[] =
    plan.recheckAt === null
      ? []
      : [{ item: "comment", what: "waits for its hold time", direction: "to-huawei", pending: true }];
  const guarded = guardRows(snapshot.mirrors).flatMap(({ item, state }): Difference[] =>
    state === "held"
      ? [
          {
            item: itemInWords(item),
            what: "waits for a person's word (guard_held)",
            direction: "to-huawei",
            pending: true,
          },
        ]
      : [],
  );
  return {
    ...base,
    differences: [
      ...planned,
      ...unknownRows(snapshot),
      ...guarded,
      ...waiting,
      ...open,
      ...missingCopies(deps, snapshot, observed, connection.huaweiUserIds),
      ...(await copiesTwice(deps, snapshot, observed, connection.huaweiUserIds)),
    ],
    unreadable: null,
    counts,
  };
}

/** Rows that only a newer release understands. */
function unknownRows({ mirrors }: LinkSnapshot): Difference[] {
  return mirrors.flatMap(({ kind, origin, sourceId }): Difference[] => {
    const direction = origin === "huawei" ? "to-jira" : "to-huawei";
    const what = "a newer release wrote this row; this one leaves it alone";
    return kind === "unknown" ? [{ item: sourceId, what, direction, pending: true }] : [];
  });
}

function countMirrors(snapshot: LinkSnapshot): Inspection["counts"] {
  const live = snapshot.mirrors.filter((mirror) => mirror.state === "live" && !isFurtherPart(mirror.sourceId));
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
  return action.kind === "remember" && action.step.failures?.some(({ reason }) => reason === "duplicate") !== true;
}

function toDifference(deps: InspectDeps, action: Action, aheadMs: PlanInput["aheadMs"]): Difference {
  const { item, arose, words } = describe(action);
  const isYoung =
    typeof arose === "object" &&
    deps.clock.now().getTime() - toOurTime(arose.at, aheadMs[arose.by]).getTime() < deps.pendingMs;
  return { item: itemInWords(item), what: words(deps), direction: action.direction, pending: isYoung };
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
      if (mirror.kind !== "comment" || mirror.state !== "live") continue;
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
