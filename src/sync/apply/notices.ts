/**
 * Notices of casebridge itself on the issue, once per cause.
 */
import type { CommentId, IssueId } from "../../domain/ids.ts";
import type { CommentStamp } from "../../domain/issue.ts";
import { type CommentPayload, findIntent, type Intent, type NewIntent, newIntent } from "../../domain/rows/intent.ts";
import type { IntentId } from "../../domain/rows/intent-key.ts";
import { findMirror } from "../../domain/rows/mirror.ts";
import { noticeId } from "../../domain/rows/mirror-name.ts";
import { noticeName } from "../../domain/rows/notice-cause.ts";
import { hashTexts } from "../../lib/hash.ts";
import type { LeasedLink, StateStep } from "../state.ts";
import { type ApplyDeps, needIssue, writeOnce } from "./write-once.ts";

/** Writes one comment of ours with its property. Throws as `writeOnce`. */
export async function writeComment(
  deps: ApplyDeps,
  leased: LeasedLink,
  issueId: IssueId,
  id: IntentId<"comment" | "notice">,
  content: CommentPayload,
  confirm: (commentId: CommentId) => StateStep,
): Promise<CommentId> {
  return writeOnce(deps, leased, {
    intent: newIntent<"comment" | "notice">(id, { payload: content }),
    call: (frozen) => deps.jira.createComment(issueId, { bodyAdf: frozen.bodyAdf, stamp: frozen.mark }, deps.lane),
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
        findMirror(mirrors, noticeId(cause)) === undefined &&
        findIntent(intents, { kind: "notice", cause }) === undefined,
    )
    .map(({ cause, text }) =>
      newIntent({ kind: "notice", cause }, { payload: noticeContent(deps, leased, { cause, text }) }),
    );
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
    const intent = findIntent(leased.snapshot.intents, { kind: "notice", cause });
    if (intent !== undefined) writes += await resumeNotice(deps, leased, intent);
  }
  return writes;
}

/** Writes a notice that is owed, unless an action before this one did. Throws as `writeOnce`. */
export async function resumeNotice(deps: ApplyDeps, leased: LeasedLink, intent: Intent<"notice">): Promise<number> {
  if (!leased.snapshot.intents.some((open) => open.key === intent.key)) return 0;
  await writeNotice(deps, leased, intent.cause, intent.payload);
  return 1;
}

/** Writes a notice of casebridge itself on the issue, once per cause. Throws as `writeOnce`. */
export async function postNotice(deps: ApplyDeps, leased: LeasedLink, cause: string, text: string): Promise<number> {
  const known = findMirror(leased.snapshot.mirrors, noticeId(cause)) !== undefined;
  if (known || leased.snapshot.link.issueId === null) return 0;
  await writeNotice(deps, leased, cause, noticeContent(deps, leased, { cause, text }));
  return 1;
}

async function writeNotice(deps: ApplyDeps, leased: LeasedLink, cause: string, content: CommentPayload): Promise<void> {
  await writeComment(deps, leased, needIssue(leased), { kind: "notice", cause }, content, (commentId) => ({
    mirrors: [{ ...noticeId(cause), copyId: commentId, state: "live" }],
    audit: [{ side: "jira", action: "notice", item: cause, result: commentId }],
  }));
}

function noticeContent(deps: ApplyDeps, leased: LeasedLink, { cause, text }: Notice): CommentPayload {
  const [bodyAdf] = deps.text.messageToAdf({ header: "casebridge", text, footer: [], format: "plain" });
  const mark: CommentStamp = {
    v: 1,
    inst: deps.installation,
    caseId: leased.snapshot.link.caseId ?? "",
    fingerprint: noticeName(cause),
    srcHash: hashTexts([text]).slice(0, 32),
    files: [],
  };
  return { bodyAdf, mark };
}
