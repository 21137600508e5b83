import type { Issue } from "../../domain/issue.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import { unlessRefused } from "../../domain/steps.ts";
import { permissionRefusal } from "../apply/commands.ts";
import { isIssueOf } from "../ownership.ts";
import { requestLabels } from "../plan/request.ts";
import { type IssueHold, issueHold } from "../plan/restriction.ts";
import { cloneText } from "./clones.ts";
import type { ResolvedInputs } from "./inputs.ts";
import type { RequestDeps } from "./request-deps.ts";

/** What keeps an issue from becoming a case, whatever its inputs are. Throws `ServiceError`. */
export async function obstacleOf(deps: RequestDeps, issue: Issue): Promise<string | null> {
  const { mark, issueKey } = issue;
  if (mark !== null && mark.caseId !== "" && (await isIssueOf(deps, issue, mark.caseId, deps.lane))) {
    return (
      `This issue belongs to the service ticket ${mark.caseId} already, but casebridge does not remember the pair. ` +
      `An administrator can restore it: casebridge links link ${mark.caseId} ${issueKey}`
    );
  }
  const copied = cloneText(issue);
  if (copied !== null) return copied;
  const hold = issueHold(issue, deps.settings);
  if (hold !== null) return holdTexts[hold];
  if (issue.category === "done") return "This issue is done. Move it back to an open status first.";
  return null;
}

/**
 * Why the person who asked may not, where commands need a role (rule 6): a new case is more than any command. Who asked is who put the
 * label of the request there, else who made the issue; a reporter can be anybody. `null`: may, or no role is set. Throws `ServiceError`.
 */
export async function askerRefusal(
  deps: RequestDeps,
  issue: Issue,
): Promise<{ readonly cause: string; readonly text: string } | null> {
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
        text: "The project role named by commands.role cannot be read. An administrator finds the cause with `casebridge doctor`.",
      };
    default:
      return {
        cause: noticeCause.askerRefused(askerId),
        text: `Only people in the project role "${role}" may ask for a service ticket. One of them may take the label off this issue and put it on again.`,
      };
  }
}

const holdTexts: Readonly<Record<IssueHold, string>> = {
  security_level:
    "This issue has a security level, so nothing of it leaves Jira. Remove the level, or write a new issue without one.",
  issue_restricted:
    "This issue is restricted to some roles, so nothing of it leaves Jira. Remove the restriction, or write a new issue without one.",
  issue_restriction_unknown:
    "Jira does not say whether this issue is restricted, so nothing of it leaves Jira. An administrator finds the cause with `casebridge doctor`.",
};

/** What the account lacks to open a case: it comes back by itself once that is mended. */
export async function accountObstacle(
  deps: RequestDeps,
  inputs: ResolvedInputs,
): Promise<{ readonly code: string; readonly text: string } | null> {
  if (!deps.huawei.capabilities.has("account_checks")) return null;
  // A question that Huawei does not answer is left out: the creation itself tells what is lacking.
  const privileges = await unlessRefused(deps.log, "privileges", () => deps.account.listPrivileges(deps.lane));
  if (privileges?.createCase === false) {
    const text =
      "the Huawei Cloud account of casebridge may not submit service tickets. Give its IAM user the role Ticket Administrator.";
    return { code: "no_permission", text };
  }
  const isSigned = await unlessRefused(deps.log, "agreement", () => deps.account.getAgreementSigned(deps.lane));
  if (isSigned === false) {
    const text =
      "the service ticket agreement is not signed. Sign it in the Huawei Cloud console when it opens under Service Tickets > Create Service Ticket.";
    return { code: "agreement_unsigned", text };
  }
  const quota = await unlessRefused(deps.log, "quota", () =>
    deps.account.listQuotas({ problemTypeId: inputs.problemTypeId, productId: inputs.productId }, deps.lane),
  );
  if (quota?.unused === 0) {
    const text = `the quota of ${quota.total ?? "open"} service tickets is used up. Close one; casebridge tries again every hour.`;
    return { code: "quota_used_up", text };
  }
  return null;
}
