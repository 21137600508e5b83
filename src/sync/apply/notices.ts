/**
 * Notices of casebridge itself on the issue, once per cause.
 */
import type { CommentId, IssueId } from "../../domain/ids.ts";
import type { CommentMark } from "../../domain/issue.ts";
import type { Intent } from "../../domain/link.ts";
import { hashParts } from "../../lib/hash.ts";
import type { LeasedLink, StateStep } from "../state.ts";
import { type ApplyDeps, needIssue, writeOnce } from "./write-once.ts";

/** Writes one comment of ours with its property. Throws as `writeOnce`. */
export async function writeComment(
  deps: ApplyDeps,
  leased: LeasedLink,
  issueId: IssueId,
  key: string,
  content: { readonly bodyAdf: unknown; readonly mark: CommentMark; readonly sourceFingerprint?: string },
  confirm: (commentId: CommentId) => StateStep,
): Promise<CommentId> {
  return writeOnce(deps, leased, {
    kind: "comment",
    key,
    side: "jira",
    mark: null,
    payload: content,
    call: (frozen) => deps.jira.createComment(issueId, frozen as typeof content, deps.lane),
    confirm,
  });
}

/** A notice whose write failed before: the frozen one is written. */
export async function resumeNotice(deps: ApplyDeps, leased: LeasedLink, intent: Intent): Promise<number> {
  const cause = intent.key.slice("notice:".length);
  const content = intent.payload as { readonly bodyAdf: unknown; readonly mark: CommentMark };
  await writeComment(deps, leased, needIssue(leased), intent.key, content, (commentId) => ({
    mirrors: [{ kind: "notice", origin: "huawei", sourceId: cause, copyId: commentId, state: "live" }],
  }));
  return 1;
}

/** Writes a notice of casebridge itself on the issue, once per cause. */
export async function postNotice(deps: ApplyDeps, leased: LeasedLink, cause: string, text: string): Promise<number> {
  const known = leased.snapshot.mirrors.some((mirror) => mirror.kind === "notice" && mirror.sourceId === cause);
  if (known || leased.snapshot.link.issueId === null) return 0;
  const [doc] = deps.text.messageToAdf({ header: "casebridge", text, footer: [], format: "plain" });
  const mark: CommentMark = {
    v: 1,
    inst: deps.installation,
    caseId: leased.snapshot.link.caseId ?? "",
    fingerprint: `notice:${cause}`,
    srcHash: hashParts([text]).slice(0, 32),
    files: [],
  };
  await writeComment(
    deps,
    leased,
    leased.snapshot.link.issueId,
    `notice:${cause}`,
    { bodyAdf: doc, mark },
    (commentId) => ({
      mirrors: [{ kind: "notice", origin: "huawei", sourceId: cause, copyId: commentId, state: "live" }],
      audit: [{ side: "jira", action: "notice", item: cause, result: commentId }],
    }),
  );
  return 1;
}
