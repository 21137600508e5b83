/**
 * Actions on the case that a person asked for by moving the issue.
 */
import { formatMark, type Mark, markIdentity } from "../../domain/text/marks.ts";
import type { Action } from "../plan/action.ts";
import type { LeasedLink } from "../state.ts";
import { postNotice } from "./notices.ts";
import { sendOwed } from "./parts.ts";
import { type ApplyDeps, needCase, permanentReason, writeOnce } from "./write-once.ts";

/** Closes or cancels the case, once per cause; a refusal is told on the issue, which then follows the case. Throws as `writeOnce`. */
export async function actOnCase(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "act_on_case" }>,
): Promise<number> {
  const caseId = needCase(leased);
  const issueKey = leased.snapshot.link.issueKey ?? "ISSUE-1";
  const key = `action:${action.cause}`;
  const known = leased.snapshot.mirrors.some((mirror) => mirror.kind === "notice" && mirror.sourceId === action.cause);
  if (known) return 0;
  try {
    await writeOnce(deps, leased, {
      kind: "action",
      key,
      side: "huawei",
      mark: null,
      payload: { action: action.action },
      call: () =>
        deps.huawei.performAction(
          { caseId, action: action.action, description: `[${issueKey} !${action.action}-1]` },
          deps.lane,
        ),
      confirm: () => ({
        mirrors: [{ kind: "notice", origin: "jira", sourceId: action.cause, state: "live" }],
        link: { ...(action.category === null ? {} : { agreedCategory: action.category }) },
        audit: [{ side: "huawei", action: action.action, item: action.cause, result: "done" }],
      }),
    });
    return 1;
  } catch (error) {
    const reason = permanentReason(error);
    if (reason === null) throw error;
    await leased.apply({
      mirrors: [{ kind: "notice", origin: "jira", sourceId: action.cause, state: "refused", reason }],
      // Forgetting the agreed status lets the case win: the issue is moved back once.
      link: { agreedCaseStatus: -1 },
    });
    return postNotice(
      deps,
      leased,
      `action-${action.cause}`,
      `Huawei Cloud refused to ${action.action} the service ticket: ${reason}`,
    );
  }
}

/** Asks in a message to take a closed case up again, since OSM has no reopen. Throws as `writeOnce`. */
export async function askReopen(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "ask_reopen" }>,
): Promise<number> {
  const { link, mirrors } = leased.snapshot;
  const issueKey = link.issueKey ?? "ISSUE-1";
  const n =
    mirrors.filter(
      (mirror) => mirror.kind === "notice" && mirror.origin === "jira" && mirror.sourceId.startsWith("reopen-"),
    ).length + 1;
  const mark: Mark = { kind: "notice", issueKey, noticeKind: "reopen", n };
  const key = `message:reopen-${n}`;
  await leased.apply({
    intents: [
      {
        kind: "message",
        key,
        side: "huawei",
        state: "planned",
        mark: markIdentity(mark),
        payload: {
          content: `${formatMark(mark)} The issue was taken up again on our side; please take up this service ticket again. 我方已重新打开该问题，请继续处理此工单。`,
          owner: { kind: "notice", sourceId: `reopen-${n}` },
          index: 1,
        },
      },
    ],
    mirrors: [{ kind: "notice", origin: "jira", sourceId: `reopen-${n}`, state: "sending" }],
    link: { agreedCategory: action.category },
  });
  return sendOwed(deps, leased, key);
}
