/**
 * Writes whose outcome is not known: looked for, then either adopted or, once every look came back empty, released to be repeated.
 *
 * The trap is reading too early: search and lists lag behind writes, so an empty look proves nothing before the settle time has
 * passed. Messages of the Huawei side are not looked for here: the planner recognises them in the case's own reading.
 */
import { compareIds } from "../../domain/ids.ts";
import type { Issue, IssueComment } from "../../domain/issue.ts";
import { caseLabel, toJiraLabel } from "../../domain/labels.ts";
import type { Intent } from "../../domain/rows/intent.ts";
import { isFurtherPart } from "../../domain/rows/item-key.ts";
import { mirrorId } from "../../domain/rows/mirror.ts";
import { noticeId } from "../../domain/rows/mirror-name.ts";
import { issueCreatedStep } from "../apply/issue.ts";
import { dueLook, noteEmptyLook } from "../apply/looks.ts";
import type { ApplyDeps } from "../apply/write-once.ts";
import { namesItself } from "../ownership.ts";
import type { StampedIssue } from "../ports.ts";
import { IssueAlreadyLinked, type LeasedLink, type StateStep } from "../state.ts";

/** What settling came to: the directions that have to wait, and until when. */
export type Settled = { readonly nextLookAt: Date | null; readonly found: number };

/** Looks for every unknown write to Jira whose next look is due. Throws `ServiceError` and `LeaseLost`. May be repeated. */
export async function settleJiraIntents(deps: ApplyDeps, leased: LeasedLink): Promise<Settled> {
  let nextLookAt: Date | null = null;
  let found = 0;
  let comments: readonly IssueComment[] | null = null;
  let issue: Issue | null = null;
  // A reading shows what was there when it began, however long its answer or our turn took.
  let commentsReadAt = deps.clock.now();
  let issueReadAt = commentsReadAt;
  for (const intent of leased.snapshot.intents) {
    if (intent.side !== "jira" || intent.state !== "unknown" || intent.kind === "unknown") continue;
    const due = dueLook(intent, deps);
    if (due.at > deps.clock.now()) {
      nextLookAt = earlier(nextLookAt, due.at);
      continue;
    }
    let step: StateStep | null = null;
    let readAt = deps.clock.now();
    const { issueId } = leased.snapshot.link;
    if (intent.kind === "issue") step = await lookForIssue(deps, leased, intent);
    else if (issueId !== null && (intent.kind === "comment" || intent.kind === "notice")) {
      if (comments === null) {
        commentsReadAt = readAt;
        comments = await deps.jira.listComments(issueId, deps.lane);
      }
      readAt = commentsReadAt;
      step = lookForComment(deps, leased, intent, comments);
    } else if (issueId !== null && intent.kind === "file") {
      if (issue === null) {
        issueReadAt = readAt;
        issue = await deps.jira.findIssue(issueId, deps.lane);
      }
      readAt = issueReadAt;
      const ownAccountId = await deps.jira.getOwnAccountId();
      step = issue === null ? null : lookForFile(leased, intent, issue, ownAccountId);
    }
    if (step !== null && (await isStored(leased, { ...step, confirmedIntents: [intent.key] }))) found += 1;
    else {
      nextLookAt = earlier(nextLookAt, await noteEmptyLook(deps, leased, intent, readAt));
    }
  }
  return { nextLookAt, found };
}

function earlier(a: Date | null, b: Date | null): Date | null {
  if (a === null) return b;
  if (b === null) return a;
  return a < b ? a : b;
}

/** False where the step would take an issue that another link holds: then it is not the one that was made here. */
async function isStored(leased: LeasedLink, step: StateStep): Promise<boolean> {
  try {
    await leased.apply(step);
    return true;
  } catch (error) {
    if (!(error instanceof IssueAlreadyLinked)) throw error;
    return false;
  }
}

async function lookForIssue(deps: ApplyDeps, leased: LeasedLink, intent: Intent<"issue">): Promise<StateStep | null> {
  const { caseId } = leased.snapshot.link;
  if (caseId === null) return null;
  const label = caseLabel(caseId);
  const ownAccountId = await deps.jira.getOwnAccountId();
  const findOwn = (hits: readonly StampedIssue[]): StampedIssue | undefined =>
    hits.find(
      (hit) =>
        hit.creatorId === ownAccountId &&
        hit.stamp?.inst === deps.installation &&
        hit.stamp.caseId === caseId &&
        namesItself(hit),
    );
  // Where the create screen has no labels it had none at first.
  const own =
    findOwn(await deps.jira.findIssuesByLabels([label], deps.lane)) ??
    findOwn(await deps.jira.listUnlabelled(madeLately(deps, intent), deps.lane));
  if (own === undefined) return null;
  const { issueId, issueKey } = own;
  const labels = leased.snapshot.link.caseLabels.map(toJiraLabel);
  return issueCreatedStep({ issueId, issueKey, left: null }, intent, labels);
}

/** Since when an issue that an intent was for may have been made, with ten minutes for clocks. */
function madeLately({ clock }: ApplyDeps, { createdAt, payload }: Intent<"issue">) {
  const spanMs = clock.now().getTime() - createdAt.getTime();
  return { minutes: spanMs / 60_000 + 10, issueType: payload.issueType ?? null };
}

/** Our property on the comment says which write it came from. */
function lookForComment(
  deps: ApplyDeps,
  leased: LeasedLink,
  intent: Intent<"comment" | "notice">,
  comments: readonly IssueComment[],
): StateStep | null {
  const wanted = intent.payload.mark;
  const claimed = new Set(
    leased.snapshot.mirrors.filter((mirror) => mirror.origin === "huawei").map((mirror) => mirror.copyId),
  );
  const hit = comments.find(
    (comment) =>
      comment.stamp != null &&
      comment.stamp.inst === deps.installation &&
      comment.stamp.messageId === wanted.messageId &&
      comment.stamp.fingerprint === wanted.fingerprint &&
      !claimed.has(comment.commentId),
  );
  if (hit === undefined) return null;
  const copyId = hit.commentId;
  return {
    mirrors: [
      intent.kind === "notice"
        ? { ...noticeId(intent.cause), copyId, state: "live" }
        : {
            ...mirrorId.message(intent.sourceId),
            sourceHash: wanted.srcHash,
            fingerprint: intent.payload.sourceFingerprint ?? null,
            copyId,
            // The planner looks at a message once more, since further parts of it may be missing.
            state: isFurtherPart(intent.sourceId) ? "live" : "sending",
          },
    ],
    audit: [{ side: "jira", action: "adopt", item: intent.key, result: hit.commentId }],
  };
}

/** A file of ours with the same name and size that no mirror claims, the newest first; clocks are not asked, since they may differ. */
function lookForFile(leased: LeasedLink, intent: Intent<"file">, issue: Issue, ownAccountId: string): StateStep | null {
  const { name, sizeBytes, fileId, sha256, parentId } = intent.payload;
  const claimed = new Set(
    leased.snapshot.mirrors.filter((mirror) => mirror.kind === "file").map((mirror) => mirror.copyId),
  );
  const [hit] = issue.files
    .filter(
      (file) =>
        file.authorId === ownAccountId &&
        file.name === name &&
        file.sizeBytes === sizeBytes &&
        !claimed.has(file.attachmentId),
    )
    .sort((a, b) => compareIds(b.attachmentId, a.attachmentId));
  if (hit === undefined) return null;
  return {
    mirrors: [
      {
        ...mirrorId.caseFile(fileId),
        copyId: hit.attachmentId,
        state: "live",
        sizeBytes: hit.sizeBytes,
        sha256,
        parentId,
      },
    ],
    audit: [{ side: "jira", action: "adopt", item: intent.key, result: hit.attachmentId }],
  };
}
