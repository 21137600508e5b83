import { RESOLUTIONS, STATUSES } from "./catalog.ts";
import { localName, type Site } from "./site.ts";
import { categoryOf, type IssuePatch } from "./state.ts";
import type { ChangeItem, IssueRecord } from "./types.ts";

/**
 * What a move to a status changes. Entering `done` sets a resolution, leaving it clears it. Assumed: the usual post
 * functions of Jira's own workflows.
 */
export function planStatusMove(
  site: Site,
  issue: IssueRecord,
  statusId: string,
  resolutionId: string | null,
): { patch: IssuePatch; items: ChangeItem[] } {
  const isDone = categoryOf(statusId) === "done";
  const after = isDone ? (resolutionId ?? issue.resolutionId ?? RESOLUTIONS[0].id) : null;
  const statusName = (id: string): string => {
    const status = STATUSES.find((candidate) => candidate.id === id);
    return status === undefined ? id : localName(site, status.name);
  };
  const resolutionName = (id: string | null): string | null =>
    RESOLUTIONS.find((candidate) => candidate.id === id)?.name[site.settings.language] ?? null;
  const items: ChangeItem[] = [];
  if (after !== issue.resolutionId) {
    items.push({
      field: "resolution",
      fieldId: "resolution",
      fieldtype: "jira",
      from: issue.resolutionId,
      fromString: resolutionName(issue.resolutionId),
      to: after,
      toString: resolutionName(after),
    });
  }
  items.push({
    field: "status",
    fieldId: "status",
    fieldtype: "jira",
    from: issue.statusId,
    fromString: statusName(issue.statusId),
    to: statusId,
    toString: statusName(statusId),
  });
  return { patch: { statusId, resolutionId: after }, items };
}
