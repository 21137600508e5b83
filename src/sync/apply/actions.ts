/**
 * Actions on the case that a person asked for by moving the issue.
 *
 * An action has no idempotency key and may have happened although its answer was lost. It carries a mark in `operate_desc`, and is
 * looked for by the case's status and in the operation log before it is repeated (rule 6).
 */

import type { Intent } from "../../domain/link.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { ownWords, thawed } from "../../domain/text/guarded.ts";
import { formatMark, type Mark } from "../../domain/text/marks.ts";
import { toServiceTime } from "../../lib/service-clock.ts";
import { type Action, type Observed, reopenKeyPrefix } from "../plan/action.ts";
import { decidedCommand } from "../plan/commands.ts";
import type { LeasedLink } from "../state.ts";
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
  const key = `action:${action.cause}`;
  const known = mirrors.find(
    (mirror) => mirror.kind === "notice" && mirror.origin === "jira" && mirror.sourceId === action.cause,
  );
  if (known?.state === "live" || known?.state === "refused") return 0;
  const admitted = await deps.closes.admitClose(link.connectionName, known?.updatedAt ?? null);
  if (admitted === "later") return 0;
  if (admitted === "held") {
    return postNotice(
      deps,
      leased,
      `waits-for-release-${action.cause}`,
      "More than 10 service tickets were to be closed or withdrawn within 10 minutes, so this one waits. " +
        'An administrator releases them with "casebridge resume".',
    );
  }
  const n = mirrors.filter((mirror) => mirror.origin === "jira" && mirror.sourceId.startsWith("move-")).length;
  const description = formatMark({ kind: "notice", issueKey, noticeKind: action.action, n: Math.max(1, n) });
  try {
    await writeOnce(deps, leased, {
      kind: "action",
      key,
      side: "huawei",
      mark: null,
      payload: { action: action.action, description, trace: description },
      call: (frozen) =>
        deps.huawei.performAction(
          caseId,
          action.action,
          deps.gate.seal({ kind: "mark", issueId: needIssue(leased) }, thawed(frozen.description)),
          deps.lane,
        ),
      confirm: () => ({
        mirrors: [{ kind: "notice", origin: "jira", sourceId: action.cause, state: "live" }],
        link: { ...(action.category === null ? {} : { agreedCategory: action.category }) },
        audit: [{ side: "huawei", action: action.action, item: action.cause, result: "done" }],
      }),
    });
  } catch (error) {
    const reason = refusalText(error);
    if (reason === null) throw error;
    await leased.apply({
      mirrors: [{ kind: "notice", origin: "jira", sourceId: action.cause, state: "refused", reason }],
      audit: [{ side: "huawei", action: action.action, item: action.cause, result: "refused" }],
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
  const open = intents.find((intent) => intent.key.startsWith(reopenKeyPrefix) && intent.state === "planned");
  const n =
    open === undefined
      ? mirrors.filter(
          (mirror) => mirror.kind === "notice" && mirror.origin === "jira" && mirror.sourceId.startsWith("reopen-"),
        ).length + 1
      : Number(open.key.slice(reopenKeyPrefix.length));
  const mark: Mark = { kind: "notice", issueKey, noticeKind: "reopen", n };
  const key = `${reopenKeyPrefix}${n}`;
  // What was decided before, by a worker that did not come to send it, is sent as it stands.
  if (open === undefined) {
    await leased.apply({
      intents: [
        owedMessage({
          key,
          mark,
          text: ownWords`The issue was taken up again on our side; please take up this service ticket again. 我方已重新打开该问题，请继续处理此工单。`,
          owner: { kind: "notice", sourceId: `reopen-${n}` },
        }),
      ],
      mirrors: [
        { kind: "notice", origin: "jira", sourceId: `reopen-${n}`, state: "sending" },
        { kind: "notice", origin: "jira", sourceId: action.cause, state: "sending" },
      ],
    });
  }
  try {
    const writes = await sendOwed(deps, leased, key, { keepsRefused: true });
    await leased.apply({
      mirrors: [{ kind: "notice", origin: "jira", sourceId: action.cause, state: "live" }],
      link: { agreedCategory: action.category },
    });
    return writes;
  } catch (error) {
    const reason = refusalText(error);
    if (reason === null) throw error;
    await leased.apply({
      confirmedIntents: [key],
      mirrors: [
        { kind: "notice", origin: "jira", sourceId: `reopen-${n}`, state: "refused", reason },
        { kind: "notice", origin: "jira", sourceId: action.cause, state: "refused", reason },
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
  intent: Intent,
  observed: Observed,
): Promise<Date | null> {
  const now = deps.clock.now();
  let happened = isVisible(intent, observed.case?.status);
  let result: "done" | "perhaps" = "done";
  if (!happened) {
    try {
      const attemptedAt = toServiceTime(intent.attemptedAt ?? intent.createdAt, deps.huawei.serviceClock.aheadMs());
      const since = attemptedAt.getTime() - 5 * 60_000;
      const log = await deps.huawei.listOperations(needCase(leased), deps.lane);
      const mark = String(intent.payload.trace ?? intent.payload.description ?? "\0");
      happened = log.some(
        (entry) =>
          entry.description.startsWith(mark) ||
          (intent.payload.action === "rate" && entry.kind === "rate" && entry.at.getTime() >= since),
      );
    } catch (error) {
      if (!isServiceError(error)) throw error;
      if (error.kind !== "rejected") return new Date(now.getTime() + 5_000);
      // This API version has no log: what leaves no other trace is not repeated, since once too few is better than twice.
      happened = intent.payload.action === "press" || intent.payload.action === "rate";
      result = "perhaps";
    }
  }
  if (!happened) return noteEmptyLook(deps, leased, intent, now);
  const [prefix, cause] = [intent.key.slice(0, intent.key.indexOf(":")), intent.key.slice(intent.key.indexOf(":") + 1)];
  const step =
    prefix === "command"
      ? decidedCommand(
          cause,
          "live",
          `${intent.payload.action === "press" ? "urge" : String(intent.payload.action)}:${result}`,
          typeof intent.payload.authorId === "string" ? intent.payload.authorId : null,
        )
      : { mirrors: [{ kind: "notice", origin: "jira", sourceId: cause, state: "live" } as const] };
  await leased.apply({ ...step, confirmedIntents: [intent.key] });
  // A reply may be owed, and the case has a new status.
  return now;
}

function isVisible(intent: Intent, status: number | undefined): boolean {
  return (intent.payload.action === "close" && status === 3) || (intent.payload.action === "cancel" && status === 4);
}
