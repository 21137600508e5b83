/**
 * Notices of casebridge itself on the issue, once per cause.
 */
import type { CommentId, IssueId } from "../../domain/ids.ts";
import type { CommentMark } from "../../domain/issue.ts";
import type { Intent } from "../../domain/link.ts";
import { hashParts } from "../../lib/hash.ts";
import type { LeasedLink, NewIntent, StateStep } from "../state.ts";
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

/** What a notice says, and why: one notice per cause. */
export type Notice = { readonly cause: string; readonly text: string };

/**
 * The notices as writes that are owed, for the very step that stores what they tell of: a crash in between must not lose them. Those
 * that stand there, or are owed already, are left out.
 */
export function owedNotices(deps: ApplyDeps, leased: LeasedLink, notices: readonly Notice[]): NewIntent[] {
  const { link, mirrors, intents } = leased.snapshot;
  if (link.issueId === null) return [];
  return notices
    .filter(
      ({ cause }) =>
        !mirrors.some((mirror) => mirror.kind === "notice" && mirror.sourceId === cause) &&
        !intents.some((intent) => intent.key === `notice:${cause}`),
    )
    .map(({ cause, text }) => ({
      kind: "comment",
      key: `notice:${cause}`,
      side: "jira",
      state: "planned",
      mark: null,
      payload: noticeContent(deps, leased, { cause, text }),
    }));
}

/** Writes notices that are owed. A cause that is not owed is passed over. Throws as `writeOnce`. */
export async function writeOwedNotices(
  deps: ApplyDeps,
  leased: LeasedLink,
  notices: readonly Notice[],
): Promise<number> {
  if (notices.length === 0) return 0;
  let writes = 0;
  for (const { cause } of notices) {
    const intent = leased.snapshot.intents.find((entry) => entry.key === `notice:${cause}`);
    if (intent !== undefined) writes += await resumeNotice(deps, leased, intent);
  }
  return writes;
}

/** Writes a notice that is owed, unless an action before this one did. Throws as `writeOnce`. */
export async function resumeNotice(deps: ApplyDeps, leased: LeasedLink, intent: Intent): Promise<number> {
  if (!leased.snapshot.intents.some((open) => open.key === intent.key)) return 0;
  const cause = intent.key.slice("notice:".length);
  const content = intent.payload as { readonly bodyAdf: unknown; readonly mark: CommentMark };
  await writeNotice(deps, leased, cause, content);
  return 1;
}

/** Writes a notice of casebridge itself on the issue, once per cause. Throws as `writeOnce`. */
export async function postNotice(deps: ApplyDeps, leased: LeasedLink, cause: string, text: string): Promise<number> {
  const known = leased.snapshot.mirrors.some((mirror) => mirror.kind === "notice" && mirror.sourceId === cause);
  if (known || leased.snapshot.link.issueId === null) return 0;
  await writeNotice(deps, leased, cause, noticeContent(deps, leased, { cause, text }));
  return 1;
}

async function writeNotice(
  deps: ApplyDeps,
  leased: LeasedLink,
  cause: string,
  content: { readonly bodyAdf: unknown; readonly mark: CommentMark },
): Promise<void> {
  await writeComment(deps, leased, needIssue(leased), `notice:${cause}`, content, (commentId) => ({
    mirrors: [{ kind: "notice", origin: "huawei", sourceId: cause, copyId: commentId, state: "live" }],
    audit: [{ side: "jira", action: "notice", item: cause, result: commentId }],
  }));
}

function noticeContent(
  deps: ApplyDeps,
  leased: LeasedLink,
  { cause, text }: Notice,
): { readonly bodyAdf: unknown; readonly mark: CommentMark } {
  const [bodyAdf] = deps.text.messageToAdf({ header: "casebridge", text, footer: [], format: "plain" });
  const mark: CommentMark = {
    v: 1,
    inst: deps.installation,
    caseId: leased.snapshot.link.caseId ?? "",
    fingerprint: `notice:${cause}`,
    srcHash: hashParts([text]).slice(0, 32),
    files: [],
  };
  return { bodyAdf, mark };
}
