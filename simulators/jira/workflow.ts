import { type LocalName, RESOLUTIONS, STATUSES } from "./catalog.ts";
import { localName, type Site } from "./site.ts";
import { categoryOf } from "./state.ts";
import type { IssuePatch } from "./state-core.ts";
import { type ChangeItem, type ChangeSide, changeOf, type IssueRecord } from "./types.ts";

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
  const status = (id: string): ChangeSide => [id, nameIn(STATUSES, id, site)];
  const resolution = (id: string | null): ChangeSide => [id, id === null ? null : nameIn(RESOLUTIONS, id, site)];
  const moved = changeOf("status", status(issue.statusId), status(statusId));
  const resolved = changeOf("resolution", resolution(issue.resolutionId), resolution(after));
  return {
    patch: { statusId, resolutionId: after },
    items: after === issue.resolutionId ? [moved] : [resolved, moved],
  };
}

function nameIn(items: readonly { readonly id: string; readonly name: LocalName }[], id: string, site: Site): string {
  const found = items.find((item) => item.id === id);
  return found === undefined ? id : localName(site, found.name);
}
