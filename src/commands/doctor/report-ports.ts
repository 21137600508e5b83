import type { HuaweiPort, JiraPort } from "../../sync/ports.ts";

/** What the reading for a report asks beyond the checks. */
export type ReportPorts = {
  readonly huawei: Pick<
    HuaweiPort,
    "listCases" | "getCase" | "listMessages" | "listInstantMessages" | "listOperations"
  >;
  readonly jira: Pick<JiraPort, "listUpdatedIssues" | "findIssue" | "listComments" | "listChanges" | "findLastMoves">;
};
