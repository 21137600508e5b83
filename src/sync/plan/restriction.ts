/**
 * What keeps an issue or a comment inside Jira (rule 5). Every rule fails closed: what cannot be told, stays. The planner asks here
 * with what it has read, the gate with what it reads just before a write.
 */
import type { Issue, IssueComment } from "../../domain/issue.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";

const issueBars = ["security_level", "issue_restricted", "issue_restriction_unknown"] as const;
/** Why nothing of an issue leaves. */
export type IssueBar = (typeof issueBars)[number];

/** Why a comment does not leave; those that end in `_unknown` say that it cannot be told whether it may. */
export const commentBars = [
  ...issueBars,
  "restricted",
  "internal",
  "internal_unknown",
  "parent_restricted",
  "parent_held",
  "parent_unknown",
  "app_author",
  "author_unknown",
] as const;
/** One of `commentBars`. */
export type CommentBar = (typeof commentBars)[number];

/** Not knowing keeps what has not left; it takes back nothing that has. An author who may not write any more unsays nothing either. */
const takesNothingBack: ReadonlySet<CommentBar> = new Set([
  "issue_restriction_unknown",
  "internal_unknown",
  "parent_held",
  "parent_unknown",
  "app_author",
  "author_unknown",
]);

/** Whether what stands in Huawei already has to be withdrawn for this reason. Pure. */
export function takesBack(bar: CommentBar): boolean {
  return !takesNothingBack.has(bar);
}

/** Why nothing of the issue may leave, or `null`. Pure. */
export function issueBar(
  issue: Pick<Issue, "securityLevelId" | "restriction">,
  settings: Pick<ConnectionSettings, "comments">,
): IssueBar | null {
  if (issue.restriction === "set") return "issue_restricted";
  if (issue.securityLevelId !== null)
    return settings.comments.allowSecurityLevels.includes(issue.securityLevelId) ? null : "security_level";
  return issue.restriction === "unknown" ? "issue_restriction_unknown" : null;
}

/** Why a comment must not leave Jira, or `null` when it may. `comments`: where its parents are found. Pure. */
export function commentBar(input: {
  readonly comment: IssueComment;
  readonly comments: readonly IssueComment[];
  readonly issue: Pick<Issue, "securityLevelId" | "restriction" | "projectTypeKey">;
  readonly settings: Pick<ConnectionSettings, "comments">;
  /** Our own account, which is no author to be held: what people answer to a mirrored message leaves. */
  readonly ownAccountId: string;
}): CommentBar | null {
  const { comment, issue, settings } = input;
  const own = ownBar(issue, comment);
  if (own !== null) return own;
  const ofIssue = issueBar(issue, settings);
  if (ofIssue !== null) return ofIssue;
  const parents = parentsOf(comment, input.comments);
  const upwards = parents ?? [];
  const bars = new Set(upwards.map((parent) => ownBar(issue, parent)));
  if (bars.has("restricted") || bars.has("internal")) return "parent_restricted";
  if (parents === null || bars.has("internal_unknown")) return "parent_unknown";
  const isParentBarred = upwards.some(
    (parent) => parent.authorId !== input.ownAccountId && authorBar(parent, settings) !== null,
  );
  return isParentBarred ? "parent_held" : authorBar(comment, settings);
}

/** Whether people may write this way: an account of a person, or one that the configuration allows. Pure. */
export function authorBar(
  comment: Pick<IssueComment, "authorId" | "authorType">,
  settings: Pick<ConnectionSettings, "comments">,
): "app_author" | "author_unknown" | null {
  if (comment.authorType === "atlassian" || comment.authorType === "customer") return null;
  if (settings.comments.allowAppAccounts.includes(comment.authorId ?? "")) return null;
  return comment.authorType === "app" ? "app_author" : "author_unknown";
}

/** Whether a comment, or one that it replies to, is not for everybody who sees the issue, or may not be. Pure. */
export function isRestricted(
  issue: Pick<Issue, "projectTypeKey">,
  comment: IssueComment,
  comments: readonly IssueComment[],
): boolean {
  const parents = parentsOf(comment, comments);
  return parents === null || [comment, ...parents].some((entry) => ownBar(issue, entry) !== null);
}

/** What the comment itself says of who may read it. */
function ownBar(
  issue: Pick<Issue, "projectTypeKey">,
  comment: IssueComment,
): "restricted" | "internal" | "internal_unknown" | null {
  if (comment.restricted) return "restricted";
  if (comment.jsdPublic === false) return "internal";
  return comment.jsdPublic === null && issue.projectTypeKey === "service_desk" ? "internal_unknown" : null;
}

/** The comments above this one; `null` where one of them cannot be read. */
function parentsOf(comment: IssueComment, comments: readonly IssueComment[]): readonly IssueComment[] | null {
  const above: IssueComment[] = [];
  const seen = new Set<string>([comment.commentId]);
  for (let at = comment; at.parentId !== null; ) {
    const { parentId } = at;
    const parent = comments.find((entry) => entry.commentId === parentId);
    // A ring cannot be, so what shows one is not understood.
    if (parent === undefined || seen.has(parentId)) return null;
    seen.add(parentId);
    above.push(parent);
    at = parent;
  }
  return above;
}
