/**
 * Statuses of both sides (rule 6).
 *
 * Each link stores the pair on which both sides last agreed. Only the case changed: the issue follows. Only the issue changed, by a
 * person: the case follows, as far as OSM has an action for it. Both changed: the case wins, with one note. Traps: what a person did
 * is known by the moment of the transition alone, so everything about it is remembered under that moment: the wish, the refusal, the
 * move back. A refusal leaves the agreed pair as it is, or the next look would take it for news.
 */
import { deletedStatus, isOpenStatus, waitingStatuses } from "../../domain/case.ts";
import type { Issue, StatusCategory, StatusChange } from "../../domain/issue.ts";
import { findIntent, intentsOf } from "../../domain/rows/intent.ts";
import { findMirror, idOf, type MirrorPatch, mirrorId } from "../../domain/rows/mirror.ts";
import { toStoredName } from "../../domain/rows/mirror-name.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import type { ConnectionSettings, StatusTarget } from "../../domain/settings.ts";
import type { StateStep } from "../state.ts";
import { type Speaking, say } from "../texts/say.ts";
import { type Action, hasNotice, isOwed, isReleased, type PlanInput, type Recheck } from "./action.ts";
import { remember } from "./remember.ts";
import { type IssueBar, issueBar } from "./restriction.ts";

/** Where a case status leads; an unknown number counts as open and in progress. */
export function statusTarget(settings: ConnectionSettings, status: number): StatusTarget {
  return settings.status.toJira[status] ?? { category: "indeterminate" };
}

/** Whether an issue in `category` may stand beside a case in `status` (rule 6). */
export function isCompatible(status: number, category: StatusCategory): boolean {
  return isOpenStatus(status) === (category !== "done");
}

/** Whether the issue stands where a case status leads. Pure. */
export function fits(issue: Pick<Issue, "statusId" | "category">, target: StatusTarget): boolean {
  return "statusId" in target ? issue.statusId === target.statusId : issue.category === target.category;
}

/** Statuses in both directions, by the agreed pair (rule 6). */
export function planStatus(input: PlanInput, recheck: Recheck): Action[] {
  const actions = planPair(input, recheck);
  const keys = unwanted(input, actions);
  const isTakenBack = input.observed.issue !== null && input.observed.issue.category !== "done";
  const ended = isTakenBack ? endOfWishes(input) : [];
  return [
    ...(keys.length === 0 ? [] : [remember("drop_wishes", { confirmedIntents: keys })]),
    ...(ended.length === 0 ? [] : [remember("forget_moves", { mirrors: ended })]),
    ...actions,
  ];
}

/** Moves of people that wait to be acted on are over once both sides agree otherwise: rounds look at them no more. Pure. */
export function endOfWishes({ mirrors }: Pick<PlanInput, "mirrors">): readonly MirrorPatch[] {
  return mirrors.flatMap((mirror) =>
    mirror.kind === "move" && mirror.state === "held" ? [{ ...idOf(mirror), state: "withdrawn" } as const] : [],
  );
}

/** Actions that were certainly not carried out, on a case that has gone on without them or that a person took back. */
function unwanted(input: PlanInput, actions: readonly Action[]): string[] {
  const { case: detail, issue, statusChanges } = input.observed;
  if (detail === null || issue === null) return [];
  // While the two do not fit, only the changelog tells what a person wants.
  if (!isCompatible(detail.status, issue.category) && statusChanges === null) return [];
  const wanted = actions.flatMap((action) => (action.kind === "act_on_case" ? [action.movedMs] : []));
  const asks = actions.some((action) => action.kind === "ask_reopen");
  return input.intents
    .filter((intent) => intent.state === "planned")
    .filter(
      (intent) => (intent.kind === "move" && !wanted.includes(intent.movedMs)) || (intent.kind === "reopen" && !asks),
    )
    .map((intent) => intent.key);
}

function planPair(input: PlanInput, recheck: Recheck): Action[] {
  const { link, observed, settings } = input;
  const { issue } = observed;
  const status = observed.case?.status ?? link.caseStatus;
  if (status === null || issue === null) return [];
  const jiraChanged = link.agreedCategory !== null && issue.category !== link.agreedCategory;
  if (observed.case !== null && status !== link.agreedCaseStatus) {
    return planCaseChange(input, { issue, status, target: statusTarget(settings, status), jiraChanged });
  }
  if (observed.case === null) return planWaitingMove(input, issue, recheck);
  // A move that the workflow did not offer is tried once more when a person asks (`failures retry`).
  if (isReleased(input, "status")) {
    const target = statusTarget(settings, status);
    return fits(issue, target)
      ? [agree(input, { caseStatus: status, category: issue.category })]
      : [{ kind: "move_issue", direction: "to-jira", target, caseStatus: status, entered: null, backFrom: null }];
  }
  if (issue.category === link.agreedCategory) return [];
  if (isCompatible(status, issue.category)) {
    return [agree(input, { caseStatus: status, category: issue.category })];
  }
  return planPersonsMove(input, issue, status, recheck);
}

/** The two fit now, by whosever hand. `entered`: number of the entry into a waiting status that is over by it. */
function agree(
  input: Pick<PlanInput, "mirrors">,
  pair: { readonly caseStatus: number; readonly category: StatusCategory; readonly entered?: number | null },
): Extract<Action, { kind: "remember" }> {
  const { caseStatus, category, entered = null } = pair;
  const step: StateStep = {
    link: { caseStatus, agreedCaseStatus: caseStatus, agreedCategory: category },
    mirrors: [...endOfEntry(entered), ...endOfWishes(input)],
    resolvedFailures: [{ item: "status" }],
  };
  // Behind its notice: where nothing may go to Jira the entry stays news.
  return remember("agree_status", step, { direction: entered === null ? "state" : "to-jira" });
}

/** The `n`-th entry into a waiting status is over: its notice gets version 2, and the next entry is told anew. Pure. */
export function endOfEntry(n: number | null): readonly MirrorPatch[] {
  return n === null ? [] : [{ ...mirrorId.waits(n), version: 2, state: "live" }];
}

/** A person's move that would end the case is written down before anything is done about it. */
function wantedClose(movedMs: number): StateStep {
  const move = mirrorId.move(movedMs);
  return {
    mirrors: [{ ...move, state: "held" }],
    audit: [{ side: "jira", action: "wants_close", item: toStoredName(move).sourceId, result: "noted" }],
  };
}

/** The case has a status that the issue was not told of yet. */
function planCaseChange(
  input: PlanInput,
  now: {
    readonly issue: Issue;
    readonly status: number;
    readonly target: StatusTarget;
    readonly jiraChanged: boolean;
  },
): Action[] {
  const { issue, status, target } = now;
  const actions: Action[] = [];
  const waits = planWaits(input, status);
  actions.push(...waits.actions);
  if (status === deletedStatus && !isOwed(input, noticeCause.deleted)) {
    actions.push({
      kind: "notice",
      direction: "to-jira",
      cause: noticeCause.deleted,
      text: say(input.settings, (t) => t.statuses.deleted),
    });
  }
  // An issue that was there before its case stays where its person put it, as long as the two fit (rule 7).
  const first = input.link.agreedCaseStatus === null && input.link.origin === "jira";
  if (fits(issue, target) || (first && isCompatible(status, issue.category))) {
    actions.push(agree(input, { caseStatus: status, category: issue.category, entered: waits.n }));
    return actions;
  }
  const both = noticeCause.bothChanged(status, issue.category);
  if (now.jiraChanged && !isCompatible(status, issue.category) && !isOwnMove(input, issue) && !isOwed(input, both)) {
    actions.push({
      kind: "notice",
      direction: "to-jira",
      cause: both,
      text: say(input.settings, (t) => t.statuses.both(t.status(status))),
    });
  }
  actions.push({
    kind: "move_issue",
    direction: "to-jira",
    target,
    caseStatus: status,
    entered: waits.n,
    backFrom: null,
  });
  return actions;
}

/** Whether casebridge itself put the issue where it is: half of a way through several statuses, say, before it was stopped. */
function isOwnMove(input: PlanInput, issue: Issue): boolean {
  const last = input.observed.statusChanges?.filter((change) => change.toStatusId === issue.statusId).at(-1);
  return last?.authorId === input.ownAccountId;
}

/**
 * "Huawei waits for us", once per entering 2 or 17. An entry ends when its status is agreed; until then its notice stands with
 * version 1, so that a move that fails for a while does not tell it twice.
 */
function planWaits(
  input: PlanInput,
  status: number,
): { readonly actions: readonly Action[]; readonly n: number | null } {
  if (!waitingStatuses.has(status)) return { actions: [], n: null };
  const n = input.mirrors.filter(({ kind, version }) => kind === "waits" && version > 1).length + 1;
  const cause = noticeCause.waits(n);
  if (isOwed(input, cause)) return { actions: [], n };
  return { actions: [{ kind: "notice", direction: "to-jira", cause, text: waitsText(input.settings, status) }], n };
}

/** When a person's move of `moment`, in Jira's time, is acted on: comments that were written before it go first, after their hold. */
function actsAt(moment: Date, input: Pick<PlanInput, "settings" | "aheadMs">): Date {
  return new Date(moment.getTime() - input.aheadMs.jira + input.settings.comments.holdSeconds * 1000);
}

/**
 * When the last move of an issue is acted on, as far as that can be told without a reading of the case; `null` where nothing is
 * waited for. What is done then depends on the case of that moment. Pure.
 */
export function findWaitingMove(
  input: Pick<PlanInput, "link" | "mirrors" | "failures" | "settings" | "ownAccountId" | "now" | "aheadMs">,
  issue: Issue,
  statusChanges: readonly StatusChange[],
): { readonly movedMs: number; readonly actsAt: Date; readonly ends: boolean } | null {
  const { link, settings } = input;
  const { caseStatus } = link;
  if (caseStatus === null || caseStatus !== link.agreedCaseStatus || caseStatus === deletedStatus) return null;
  if (issue.category === link.agreedCategory || isCompatible(caseStatus, issue.category)) return null;
  if (isReleased(input, "status")) return null;
  const last = statusChanges.filter((change) => change.toStatusId === issue.statusId).at(-1);
  if (last === undefined || !isByPerson(last, input)) return null;
  const ends = issue.category === "done";
  if (ends && !["close", "cancel"].includes(endingAction(settings.status.closeOnDone, caseStatus))) return null;
  const movedMs = last.at.getTime();
  const wish = findMirror(input.mirrors, mirrorId.move(movedMs));
  if (wish !== undefined && wish.state !== "held") return null;
  const at = actsAt(last.at, input);
  return at > input.now ? { movedMs, actsAt: at, ends } : null;
}

/** A person's move of which only the issue was read: the wish is written down, and looked at again in its time. */
function planWaitingMove(input: PlanInput, issue: Issue, recheck: Recheck): Action[] {
  const move = findWaitingMove(input, issue, input.observed.statusChanges ?? []);
  if (move === null) return [];
  if (move.ends && findMirror(input.mirrors, mirrorId.move(move.movedMs)) === undefined)
    return [remember("want_close", wantedClose(move.movedMs))];
  recheck.note(move.actsAt);
  return [];
}

/** Only Jira changed, and the pair no longer fits: what a person's move does to the case (rule 6). */
function planPersonsMove(input: PlanInput, issue: Issue, status: number, recheck: Recheck): Action[] {
  const { settings, observed } = input;
  if (observed.statusChanges === null) return [];
  const last = observed.statusChanges.filter((change) => change.toStatusId === issue.statusId).at(-1);
  const agreed = agree(input, { caseStatus: status, category: issue.category });
  // Deleted cases trigger nothing.
  if (last === undefined || !isByPerson(last, input) || status === deletedStatus) return [agreed];
  const movedMs = last.at.getTime();
  const wish = findMirror(input.mirrors, mirrorId.move(movedMs));
  if (wish?.state === "refused") return planAfterRefusal(input, { movedMs, status, reason: wish.reason, agreed });
  if (wish?.state === "live") return [agreed];

  const leavesAt = actsAt(last.at, input);
  const waits = leavesAt > input.now;
  if (issue.category !== "done") {
    if (waits) {
      recheck.note(leavesAt);
      return [];
    }
    const bar = issueBar(issue, settings);
    if (bar !== null) return planUnasked(input, noticeCause.unasked(movedMs), bar);
    if (wish?.state === "sending") {
      // The message that asks was decided; once it has left, the wish is done with.
      const open = intentsOf(input.intents, "reopen").find((intent) => intent.state !== "sent");
      if (open === undefined && !isDropped(input)) return [agreed];
      // Its outcome shows by itself; what was not sent is sent by whoever knows what a refusal of it means.
      if (open !== undefined && open.state !== "planned") return [];
    }
    return [{ kind: "ask_reopen", direction: "to-huawei", movedMs, category: issue.category }];
  }
  const action = endingAction(settings.status.closeOnDone, status);
  if (action === "none") return [agreed];
  if (action !== "ask") {
    // The wish is written down first: many of them at once are held (`many_closes`).
    if (wish === undefined) return [remember("want_close", wantedClose(movedMs))];
    if (waits) {
      recheck.note(leavesAt);
      return [];
    }
    return [{ kind: "act_on_case", direction: "to-huawei", action, movedMs, category: "done" }];
  }
  const closeCause = noticeCause.closeAsked(movedMs);
  if (hasNotice(input, closeCause)) return [agreed];
  if (isOwed(input, closeCause)) return [];
  return [
    { kind: "notice", direction: "to-jira", cause: closeCause, text: askText(input.settings, status) },
    // Behind its notice: where nothing may go to Jira the move stays news.
    { ...agreed, direction: "to-jira" },
  ];
}

/** Nothing of the issue leaves: a person is told, and the case is asked once the issue may be spoken of again. */
function planUnasked(input: PlanInput, cause: string, bar: IssueBar): Action[] {
  if (isOwed(input, cause)) return [];
  const text = say(input.settings, (t) => t.statuses.unasked(t.issueHolds[bar]));
  return [{ kind: "notice", direction: "to-jira", cause, text }];
}

/** Whether the last message that asks to take the case up again was dropped before it left: a restriction came in between. */
function isDropped({ mirrors, intents }: PlanInput): boolean {
  const n = mirrors.filter(({ kind }) => kind === "reopen").length;
  const last = findMirror(mirrors, mirrorId.reopen(n));
  return last?.state === "sending" && findIntent(intents, { kind: "reopen", n }) === undefined;
}

/** Whether a person made a change: what apps and casebridge itself do never acts on the case (rule 6). Pure. */
export function isByPerson(
  change: Pick<StatusChange, "authorId" | "authorType">,
  who: { readonly ownAccountId: string; readonly settings: Pick<ConnectionSettings, "comments"> },
): boolean {
  if (change.authorId === who.ownAccountId) return false;
  return change.authorType !== "app" || who.settings.comments.allowAppAccounts.includes(change.authorId ?? "");
}

/** What `CLOSE_ON_DONE` does with a person's move to done while the case is in `status`. Pure. */
export function endingAction(
  mode: ConnectionSettings["status"]["closeOnDone"],
  status: number,
): "close" | "cancel" | "ask" | "none" {
  if (mode === "never") return "none";
  if (status === 2 || (mode === "always" && (status === 1 || status === 17))) return "close";
  return mode === "always" && status === 0 ? "cancel" : "ask";
}

/** The issue says why, and is moved back once for this transition; then it stays wherever a person puts it. */
function planAfterRefusal(
  input: PlanInput,
  refusal: {
    readonly movedMs: number;
    readonly status: number;
    readonly reason: string | null;
    readonly agreed: Action;
  },
): Action[] {
  const { movedMs, status, reason, agreed } = refusal;
  const cause = noticeCause.moveRefused(movedMs);
  const notice: Action[] = isOwed(input, cause)
    ? []
    : [
        {
          kind: "notice",
          direction: "to-jira",
          cause,
          text: say(input.settings, (t) => t.statuses.refused(reason, t.status(status))),
        },
      ];
  if (findMirror(input.mirrors, mirrorId.movedBack(movedMs)) !== undefined) return [...notice, agreed];
  return [
    ...notice,
    {
      kind: "move_issue",
      direction: "to-jira",
      target: statusTarget(input.settings, status),
      caseStatus: status,
      entered: null,
      backFrom: movedMs,
    },
  ];
}

function askText(settings: Speaking, status: number): string {
  return say(settings, (t) => {
    const { toCancel, toClose, toWait } = t.statuses;
    const way = status === 0 ? toCancel : status === 1 || status === 17 ? toClose : toWait;
    return t.statuses.ask(t.status(status), way);
  });
}

function waitsText(settings: Speaking, status: number): string {
  return say(settings, (t) => (status === 2 ? t.statuses.confirms : t.statuses.waits));
}
