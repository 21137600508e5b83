// What an edit changes, as the changelog tells it.

import { adfToText } from "./adf.ts";
import { ISSUE_TYPES, type LocalName, PRIORITIES } from "./catalog.ts";
import { localName, type Site } from "./site.ts";
import type { IssuePatch } from "./state.ts";
import type { ChangeItem, IssueRecord } from "./types.ts";

type NamedItem = { readonly id: string; readonly name: LocalName };

/** The changelog items of a patch: only what really differs. */
export function diffPatch(site: Site, before: IssueRecord, patch: IssuePatch): ChangeItem[] {
  const items: ChangeItem[] = [];
  const push = (field: string, from: [string | null, string | null], to: [string | null, string | null]): void => {
    if (from[0] === to[0] && from[1] === to[1]) return;
    items.push({
      field,
      fieldId: field,
      fieldtype: field.startsWith("customfield_") ? "custom" : "jira",
      from: from[0],
      fromString: from[1],
      to: to[0],
      toString: to[1],
    });
  };
  const nameOf = (list: readonly NamedItem[], id: string | null): string | null => {
    const found = list.find((item) => item.id === id);
    return found === undefined ? id : localName(site, found.name);
  };
  const userName = (id: string | null): string | null =>
    site.state.accounts.find((account) => account.accountId === id)?.displayName ?? id;
  if (patch.summary !== undefined) push("summary", [null, before.summary], [null, patch.summary]);
  if (patch.description !== undefined) {
    const from = adfToText(before.description);
    const to = adfToText(patch.description);
    if (from !== to) push("description", [null, from], [null, to]);
    else if (JSON.stringify(before.description) !== JSON.stringify(patch.description)) {
      push("description", [null, from], [null, `${to} `]);
    }
  }
  if (patch.labels !== undefined) push("labels", ["", before.labels.join(" ")], ["", patch.labels.join(" ")]);
  if (patch.priorityId !== undefined) {
    push(
      "priority",
      [before.priorityId, nameOf(PRIORITIES, before.priorityId)],
      [patch.priorityId, nameOf(PRIORITIES, patch.priorityId)],
    );
  }
  if (patch.issueTypeId !== undefined) {
    push(
      "issuetype",
      [before.issueTypeId, nameOf(ISSUE_TYPES, before.issueTypeId)],
      [patch.issueTypeId, nameOf(ISSUE_TYPES, patch.issueTypeId)],
    );
  }
  if (patch.assigneeId !== undefined) {
    push("assignee", [before.assigneeId, userName(before.assigneeId)], [patch.assigneeId, userName(patch.assigneeId)]);
  }
  if (patch.reporterId !== undefined) {
    push("reporter", [before.reporterId, userName(before.reporterId)], [patch.reporterId, userName(patch.reporterId)]);
  }
  if (patch.securityLevelId !== undefined) {
    push("security", [before.securityLevelId, before.securityLevelId], [patch.securityLevelId, patch.securityLevelId]);
  }
  if (patch.dueDate !== undefined) push("duedate", [before.dueDate, before.dueDate], [patch.dueDate, patch.dueDate]);
  for (const [name, value] of Object.entries(patch.customFields ?? {})) {
    const old = before.customFields[name] ?? null;
    push(name, [null, JSON.stringify(old)], [null, JSON.stringify(value)]);
  }
  return items;
}
