/** How much of an issue may leave Jira (rule 5), as it is remembered between two starts. */
import type { AttachmentsToHuawei, CommentsToHuawei } from "./settings.ts";

/** What decides how much may leave Jira; ids only, so that it can be stored. */
export type DisclosurePolicy = {
  readonly comments: CommentsToHuawei;
  readonly attachments: AttachmentsToHuawei;
  readonly appAccounts: readonly string[];
  readonly securityLevels: readonly string[];
};

const commentRank = { none: 0, command: 1, all: 2 } as const;
const fileRank = { none: 0, referenced: 1, all: 2 } as const;

/** Whether `after` lets out anything that `before` did not; then what was written earlier is history (rule 5). Pure. */
export function isWiderPolicy(before: DisclosurePolicy, after: DisclosurePolicy): boolean {
  return (
    commentRank[after.comments] > commentRank[before.comments] ||
    fileRank[after.attachments] > fileRank[before.attachments] ||
    after.appAccounts.some((account) => !before.appAccounts.includes(account)) ||
    after.securityLevels.some((level) => !before.securityLevels.includes(level))
  );
}
