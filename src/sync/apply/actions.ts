/**
 * Actions on the case that a person asked for by moving the issue.
 *
 * An action has no idempotency key and may have happened although its answer was lost. It carries a mark in `operate_desc`, and is
 * looked for by the case's status and in the operation log before it is repeated (rule 6).
 */

import { type Intent, intentsOf, newIntent } from "../../domain/rows/intent.ts";
import { intentKey } from "../../domain/rows/intent-key.ts";
import { findMirror, mirrorId } from "../../domain/rows/mirror.ts";
import { toStoredName } from "../../domain/rows/mirror-name.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { ownWords } from "../../domain/text/guarded.ts";
import { formatMark, type Mark } from "../../domain/text/marks.ts";
import { toServiceTime } from "../../lib/service-clock.ts";
import type { Action, Observed } from "../plan/action.ts";
import { decidedCommand } from "../plan/commands.ts";
import type { LeasedLink, StateStep } from "../state.ts";
import { say } from "../texts/say.ts";
import { noteEmptyLook } from "./looks.ts";
import { postNotice } from "./notices.ts";
import { owedMessage, sendOwed } from "./parts.ts";
import { type ApplyDeps, markKey, needCase, needIssue, refusalText, writeOnce } from "./write-once.ts";

/** Closes or cancels the case, once per cause; a refusal is remembered, and the planner tells it. Throws as `writeOnce`. */
export async function actOnCase(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "act_on_case" }>,
): Promise<number> {
  const caseId = needCase(leased);
  const { link, mirrors } = leased.snapshot;
  const issueKey = markKey(leased);
  const move = mirrorId.move(action.movedMs);
  const item = toStoredName(move).sourceId;
  const known = findMirror(mirrors, move);
  if (known?.state === "live" || known?.state === "refused") return 0;
  const admitted = await deps.closes.admitClose(link.connectionName, known?.updatedAt ?? null);
  if (admitted === "later") return 0;
  if (admitted === "held") {
    return postNotice(
      deps,
      leased,
      noticeCause.moveWaits(action.movedMs),
      say(deps.settings, (t) => t.statuses.held),
    );
  }
  const n = mirrors.filter(({ kind }) => kind === "move").length;
  const description = formatMark({ kind: "notice", issueKey, noticeKind: action.action, n: Math.max(1, n) });
  try {
    await writeOnce(deps, leased, {
      intent: newIntent(
        { kind: "move", movedMs: action.movedMs },
        { payload: { action: action.action, description, trace: description } },
      ),
      call: (frozen) =>
        deps.huawei.performAction(
          caseId,
          action.action,
          deps.gate.seal({ kind: "mark", issueId: needIssue(leased) }, frozen.description),
          deps.lane,
        ),
      confirm: () => ({
        mirrors: [{ ...move, state: "live" }],
        link: { ...(action.category === null ? {} : { agreedCategory: action.category }) },
        audit: [{ side: "huawei", action: action.action, item, result: "done" }],
      }),
    });
  } catch (error) {
    const reason = refusalText(error);
    if (reason === null) throw error;
    await leased.apply({
      mirrors: [{ ...move, state: "refused", reason }],
      audit: [{ side: "huawei", action: action.action, item, result: "refused" }],
    });
  }
  return 1;
}

/** Asks in a message to take a closed case up again, since OSM has no reopen. Throws as `writeOnce`. */
export async function askReopen(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "ask_reopen" }>,
): Promise<number> {
  const { mirrors, intents } = leased.snapshot;
  const issueKey = markKey(leased);
  const open = intentsOf(intents, "reopen").find((intent) => intent.state === "planned");
  const n = open?.n ?? mirrors.filter(({ kind }) => kind === "reopen").length + 1;
  const mark: Mark = { kind: "notice", issueKey, noticeKind: "reopen", n };
  const id = { kind: "reopen", n } as const;
  const [asked, move] = [mirrorId.reopen(n), mirrorId.move(action.movedMs)];
  // What was decided before, by a worker that did not come to send it, is sent as it stands.
  if (open === undefined) {
    await leased.apply({
      intents: [
        owedMessage(id, {
          mark,
          text: ownWords`The issue was taken up again on our side; please take up this service ticket again. 我方已重新打开该问题，请继续处理此工单。`,
          owner: asked,
        }),
      ],
      mirrors: [
        { ...asked, state: "sending" },
        { ...move, state: "sending" },
      ],
    });
  }
  try {
    const writes = await sendOwed(deps, leased, id, { keepsRefused: true });
    await leased.apply({
      mirrors: [{ ...move, state: "live" }],
      link: { agreedCategory: action.category },
    });
    return writes;
  } catch (error) {
    const reason = refusalText(error);
    if (reason === null) throw error;
    await leased.apply({
      confirmedIntents: [intentKey(id)],
      mirrors: [
        { ...asked, state: "refused", reason },
        { ...move, state: "refused", reason },
      ],
    });
    return 1;
  }
}

/**
 * Looks for an action whose outcome is not known: the status tells, else the operation log does, by the mark or, for a rating, by
 * its kind. Answers when to look again. Throws `LeaseLost`.
 */
export async function settleAction(
  deps: ApplyDeps,
  leased: LeasedLink,
  intent: Intent<"move" | "command">,
  observed: Observed,
): Promise<Date | null> {
  const { action, authorId = null, trace } = intent.payload;
  const now = deps.clock.now();
  let happened = isVisible(intent, observed.case?.status);
  let result: "done" | "perhaps" = "done";
  if (!happened) {
    try {
      const createdAt = toServiceTime(intent.createdAt, deps.huawei.serviceClock.aheadMs());
      const since = createdAt.getTime() - 5 * 60_000;
      const log = await deps.huawei.listOperations(needCase(leased), deps.lane);
      happened = log.some(
        (entry) =>
          entry.description.startsWith(trace) ||
          (action === "rate" && entry.kind === "rate" && entry.at.getTime() >= since),
      );
    } catch (error) {
      if (!isServiceError(error)) throw error;
      if (error.kind !== "rejected") return new Date(now.getTime() + 5_000);
      // This API version has no log: what leaves no other trace is not repeated, since once too few is better than twice.
      happened = action === "press" || action === "rate";
      result = "perhaps";
    }
  }
  if (!happened) return noteEmptyLook(deps, leased, intent, now);
  const name = action === "press" ? "urge" : action;
  const step: StateStep =
    intent.kind === "command"
      ? decidedCommand(intent.commentId, "live", { name, result }, authorId)
      : { mirrors: [{ ...mirrorId.move(intent.movedMs), state: "live" }] };
  await leased.apply({ ...step, confirmedIntents: [intent.key] });
  // A reply may be owed, and the case has a new status.
  return now;
}

function isVisible({ payload: { action } }: Intent<"move" | "command">, status: number | undefined): boolean {
  return (action === "close" && status === 3) || (action === "cancel" && status === 4);
}
