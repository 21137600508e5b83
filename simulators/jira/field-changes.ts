// What an edit changes, as the changelog tells it.

import { adfToText } from "./adf.ts";
import { ISSUE_TYPES, type LocalName, PRIORITIES } from "./catalog.ts";
import { localName, type Site } from "./site.ts";
import type { IssuePatch } from "./state-core.ts";
import { type Adf, type ChangeItem, type ChangeSide, changeOf, type IssueRecord } from "./types.ts";

type NamedItem = { readonly id: string; readonly name: LocalName };

/** The changelog items of a patch: only what really differs. */
export function diffPatch(site: Site, before: IssueRecord, patch: IssuePatch): ChangeItem[] {
  const named =
    (items: readonly NamedItem[]) =>
    (id: string | null): ChangeSide => {
      const found = items.find((item) => item.id === id);
      return [id, found === undefined ? id : localName(site, found.name)];
    };
  const user = (id: string | null): ChangeSide => [
    id,
    site.state.accounts.find(({ accountId }) => accountId === id)?.displayName ?? id,
  ];
  const plain = (text: string | null): ChangeSide => [text, text];
  const compare = <Name extends keyof IssuePatch>(
    field: string,
    name: Name,
    side: (value: NonNullable<IssuePatch[Name]> | IssueRecord[Name]) => ChangeSide,
  ): ChangeItem[] => {
    const value = patch[name];
    return value === undefined ? [] : [changeOf(field, side(before[name]), side(value as IssueRecord[Name]))];
  };
  const items = [
    ...compare("summary", "summary", (text) => [null, text ?? null]),
    ...diffDescription(before.description, patch.description),
    ...compare("labels", "labels", (labels) => ["", (labels ?? []).join(" ")]),
    ...compare("priority", "priorityId", named(PRIORITIES)),
    ...compare("issuetype", "issueTypeId", named(ISSUE_TYPES)),
    ...compare("assignee", "assigneeId", user),
    ...compare("reporter", "reporterId", user),
    ...compare("security", "securityLevelId", plain),
    ...compare("duedate", "dueDate", plain),
    ...Object.entries(patch.customFields ?? {}).map(([name, value]) =>
      changeOf(name, [null, JSON.stringify(before.customFields[name] ?? null)], [null, JSON.stringify(value)]),
    ),
  ];
  return items.filter((item) => item.from !== item.to || item.fromString !== item.toString);
}

/** A description is told as text; a change of its form alone shows as a blank at the end. */
function diffDescription(before: Adf | null, after: Adf | null | undefined): ChangeItem[] {
  if (after === undefined || JSON.stringify(before) === JSON.stringify(after)) return [];
  const [from, to] = [adfToText(before), adfToText(after)];
  return [changeOf("description", [null, from], [null, from === to ? `${to} ` : to])];
}
