import type { Issue } from "../../domain/issue.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import { unlessRefused } from "../../domain/steps.ts";
import { permissionRefusal } from "../apply/commands.ts";
import { isIssueOf } from "../ownership.ts";
import { requestLabels } from "../plan/request.ts";
import { issueBar } from "../plan/restriction.ts";
import type { Words } from "../texts/say.ts";
import { cloneText } from "./clones.ts";
import type { ResolvedInputs } from "./inputs.ts";
import type { RequestDeps } from "./request-deps.ts";

/** What keeps an issue from becoming a case, whatever its inputs are. Throws `ServiceError`. */
export async function obstacleOf(deps: RequestDeps, issue: Issue): Promise<Words | null> {
  const { stamp, issueKey } = issue;
  if (stamp !== null && stamp.caseId !== "" && (await isIssueOf(deps, issue, stamp.caseId, deps.lane))) {
    return (t) => t.request.lost(stamp.caseId, issueKey);
  }
  const copied = cloneText(issue);
  if (copied !== null) return copied;
  const bar = issueBar(issue, deps.settings);
  if (bar !== null) return (t) => t.request.holds[bar];
  if (issue.category === "done") return (t) => t.request.isDone;
  return null;
}

/**
 * Why the person who asked may not, where commands need a role (rule 6): a new case is more than any command. Who asked is who put the
 * label of the request there, else who made the issue; a reporter can be anybody. `null`: may, or no role is set. Throws `ServiceError`.
 */
export async function askerRefusal(
  deps: RequestDeps,
  issue: Issue,
): Promise<{ readonly cause: string; readonly text: Words } | null> {
  const { role } = deps.settings.commands;
  if (role === null) return null;
  const asking = requestLabels(deps.settings.create.jql, issue.labels);
  const wordsOf = (text: string | null): readonly string[] => (text ?? "").split(" ");
  const added = (await deps.jira.listChanges(issue.issueId, deps.lane)).findLast(
    ({ field, fromText, toText }) =>
      field === "labels" &&
      asking.some((label) => wordsOf(toText).includes(label) && !wordsOf(fromText).includes(label)),
  );
  const askerId = added === undefined ? (issue.creatorId ?? null) : added.authorId;
  switch (await permissionRefusal(deps, { authorId: askerId })) {
    case null:
      return null;
    case "role_missing":
      return {
        cause: noticeCause.roleUnread,
        text: (t) => t.request.roleUnread,
      };
    default:
      return {
        cause: noticeCause.askerRefused(askerId),
        text: (t) => t.request.notPermitted(role),
      };
  }
}

/** What the account lacks to open a case: it comes back by itself once that is mended. */
export async function accountObstacle(
  deps: RequestDeps,
  inputs: ResolvedInputs,
): Promise<{ readonly code: string; readonly text: Words } | null> {
  if (!deps.huawei.capabilities.has("account_checks")) return null;
  // A question that Huawei does not answer is left out: the creation itself tells what is lacking.
  const privileges = await unlessRefused(deps.log, "privileges", () => deps.account.listPrivileges(deps.lane));
  if (privileges?.createCase === false) {
    return { code: "no_permission", text: (t) => t.request.noPermission };
  }
  const isSigned = await unlessRefused(deps.log, "agreement", () => deps.account.getAgreementSigned(deps.lane));
  if (isSigned === false) {
    return { code: "agreement_unsigned", text: (t) => t.request.notSigned };
  }
  const quota = await unlessRefused(deps.log, "quota", () =>
    deps.account.listQuotas({ problemTypeId: inputs.problemTypeId, productId: inputs.productId }, deps.lane),
  );
  if (quota?.unused === 0) {
    return { code: "quota_used_up", text: (t) => t.request.quota(quota.total) };
  }
  return null;
}
