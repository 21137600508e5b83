/**
 * Performing the actions of a plan. Every remote write goes through `writeOnce`: intent first, then the call, then the confirmation,
 * each conditional on the lease. What is written was frozen in the intent, so a repeat sends the same bytes.
 */
import type { CaseFile } from "../domain/case.ts";
import {
  type AttachmentId,
  type CaseFileId,
  type CaseId,
  type CommentId,
  type IssueId,
  type IssueKey,
  type MessageId,
  toId,
} from "../domain/ids.ts";
import type { CommentMark, IssueMark } from "../domain/issue.ts";
import type { Intent, Mirror } from "../domain/link.ts";
import { isServiceError, ServiceError } from "../domain/service-error.ts";
import { guardText } from "../domain/text/guard.ts";
import { formatMark, type Mark, markIdentity } from "../domain/text/marks.ts";
import { safeFileName } from "../domain/text/sanitize.ts";
import { renderParts, toAuthorLine } from "../domain/text/split.ts";
import { hashParts } from "../lib/hash.ts";
import { messageHash } from "./identity.ts";
import { type Action, caseLabel, commonLabel, descriptionRestKey, factsHash, labelsHash, toJiraLabel } from "./plan.ts";
import type {
  Clock,
  ConnectionSettings,
  HuaweiPort,
  JiraPort,
  Lane,
  Log,
  Spool,
  SpooledFile,
  TextPort,
} from "./ports.ts";
import { caseFacts, fileLine, issueSummary, messageHeader } from "./render.ts";
import type { LeasedLink, StateStep } from "./state.ts";

/** What a write needs around it. */
export type ApplyDeps = {
  readonly huawei: HuaweiPort;
  readonly jira: JiraPort;
  readonly text: TextPort;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ConnectionSettings;
  readonly installation: string;
  readonly lane: Lane;
  /** Told after each completed remote write, for metrics and progress. */
  readonly onWrite?: (write: { readonly side: "huawei" | "jira"; readonly action: string }) => void;
};

/** A write whose outcome is not known yet stands in the way; the direction waits for the next look. */
export class Unsettled extends Error {
  readonly key: string;

  constructor(key: string) {
    super(`the outcome of ${key} is not known yet`);
    this.name = "Unsettled";
    this.key = key;
  }
}

/** Longest time that one remote call may take; the lease must outlast it. */
const callTimeMaxMs = 32_000;

/** Moments after the attempt at which an unknown write is looked for: 2 s, 15 s and the settle time (RULES 2). */
export function lookTimes(attemptedAt: Date, settleSeconds: number): Date[] {
  const seconds = [2, 15].filter((value) => value < settleSeconds);
  return [...seconds, settleSeconds].map((value) => new Date(attemptedAt.getTime() + value * 1000));
}

/** Settle time of what an intent writes, in seconds. */
export function settleSecondsOf(intent: Pick<Intent, "kind" | "side">, settings: ConnectionSettings): number {
  if (intent.kind === "issue") return settings.settle.searchSeconds;
  if (intent.side === "jira") return settings.settle.listSeconds;
  return settings.settle.messageSeconds;
}

async function writeOnce<Result>(
  deps: ApplyDeps,
  leased: LeasedLink,
  write: {
    readonly kind: Intent["kind"];
    readonly key: string;
    readonly side: Intent["side"];
    readonly mark: string | null;
    readonly payload: Readonly<Record<string, unknown>>;
    readonly call: (payload: Readonly<Record<string, unknown>>) => Promise<Result>;
    /** `keep`: the intent stays as `sent` until a reading shows the copy. */
    readonly confirm: (result: Result) => StateStep & { readonly keep?: boolean };
  },
): Promise<Result> {
  const existing = leased.snapshot.intents.find((intent) => intent.key === write.key);
  if (existing !== undefined && existing.state !== "planned") throw new Unsettled(write.key);
  const payload = existing?.payload ?? write.payload;
  if (leased.remainingMs() < callTimeMaxMs) await leased.renew();
  const attemptedAt = deps.clock.now();
  const [firstLook] = lookTimes(attemptedAt, settleSecondsOf(write, deps.settings));
  await leased.apply({
    ...(existing === undefined
      ? {
          intents: [
            { kind: write.kind, key: write.key, side: write.side, state: "planned", payload, mark: write.mark },
          ],
        }
      : {}),
    intentPatches: [
      {
        key: write.key,
        state: "unknown",
        attemptedAt,
        looks: 0,
        nextLookAt: firstLook ?? null,
        attempts: (existing?.attempts ?? 0) + 1,
      },
    ],
  });
  let result: Result;
  try {
    result = await write.call(payload);
  } catch (error) {
    if (error instanceof ServiceError && !error.facts.outcomeUnknown) {
      if (error.kind === "rejected" || error.kind === "not_found" || error.kind === "forbidden") {
        await leased.apply({ confirmedIntents: [write.key] });
      } else {
        await leased.apply({ intentPatches: [{ key: write.key, state: "planned", nextLookAt: null }] });
      }
    } else {
      // It may have been executed only now, after waiting for its turn: the looks count from here.
      const failedAt = deps.clock.now();
      const [look] = lookTimes(failedAt, settleSecondsOf(write, deps.settings));
      await leased.apply({
        intentPatches: [{ key: write.key, attemptedAt: failedAt, looks: 0, nextLookAt: look ?? null }],
      });
    }
    throw error;
  }
  const { keep = false, ...step } = write.confirm(result);
  await leased.apply(
    keep
      ? { ...step, intentPatches: [...(step.intentPatches ?? []), { key: write.key, state: "sent" }] }
      : { ...step, confirmedIntents: [...(step.confirmedIntents ?? []), write.key] },
  );
  deps.onWrite?.({ side: write.side, action: write.kind });
  return result;
}

/** Performs one action. Returns how many remote writes it made. Throws `ServiceError`, `Unsettled`, `LeaseLost`. */
export async function applyAction(deps: ApplyDeps, leased: LeasedLink, action: Action): Promise<number> {
  switch (action.kind) {
    case "create_issue":
      return createIssue(deps, leased, action);
    case "rename_message":
      await leased.apply({ renames: [{ kind: "message", origin: "huawei", from: action.from, to: action.to }] });
      return 0;
    case "confirm_message":
      await confirmMessage(deps, leased, action);
      return 0;
    case "adopt_message": {
      const adoptedBefore = leased.snapshot.mirrors.find(
        (mirror) => mirror.kind === "comment" && mirror.origin === "jira" && mirror.sourceId === action.commentId,
      );
      await leased.apply({
        mirrors: [
          {
            kind: "comment",
            origin: "jira",
            sourceId: action.commentId,
            sourceHash: action.sourceHash,
            copyId: action.message.message.messageId,
            copyFingerprints: [...(adoptedBefore?.copyFingerprints ?? []), action.message.fingerprint],
            version: Math.max(adoptedBefore?.version ?? 1, action.version),
            state: "live",
          },
        ],
        audit: [{ side: "huawei", action: "adopt", item: `comment:${action.commentId}`, result: "adopted" }],
      });
      await leased.reload();
      return 0;
    }
    case "adopt_comment":
      await adoptComment(leased, action);
      return 0;
    case "report_unknown_mark":
      await leased.apply({
        failures: [
          {
            direction: "to-jira",
            item: `message:${action.message.sourceId}`,
            reason: "unknown_mark",
            detail: "a message starts with a mark that nobody here remembers",
          },
        ],
      });
      return 0;
    case "carry_issue_files":
      return carryFiles(deps, leased, action.files, action.parentId).then((carried) => carried.writes);
    case "post_message":
      return postMessage(deps, leased, action);
    case "post_rest":
      return postRest(deps, leased, action.intent);
    case "change_labels":
      return changeLabels(deps, leased, action);
    case "move_issue":
      return moveIssue(deps, leased, action);
    case "resume_notice":
      return resumeNotice(deps, leased, action.intent);
    case "resume_message":
      if (action.intent.state === "unknown") throw new Unsettled(action.intent.key);
      await sendPart(deps, leased, action.intent);
      return 1;
    case "notice":
      return postNotice(deps, leased, action.cause, action.text);
    case "remember_facts":
      await leased.apply({ link: { factsHash: action.hash } });
      return 0;
    case "stamp_issue":
      return stampIssue(deps, leased);
    case "agree_status":
      await leased.apply({
        link: {
          caseStatus: action.caseStatus,
          agreedCaseStatus: action.caseStatus,
          ...(action.category === null ? {} : { agreedCategory: action.category }),
        },
      });
      return 0;
    case "hold_comment":
      await leased.apply({
        mirrors: [
          {
            kind: "comment",
            origin: "jira",
            sourceId: action.comment.commentId,
            state: "held",
            reason: action.reason,
            sourceAt: action.comment.createdAt,
          },
        ],
      });
      return 0;
    case "complete_comment":
      await leased.apply({ mirrors: [{ kind: "comment", origin: "jira", sourceId: action.commentId, state: "live" }] });
      return 0;
    case "cancel_parts":
      await leased.apply({
        confirmedIntents: action.keys,
        ...(action.state === null
          ? {}
          : {
              mirrors: [
                {
                  kind: "comment",
                  origin: "jira",
                  sourceId: action.commentId,
                  state: action.state,
                  reason: action.reason,
                },
              ],
            }),
      });
      return 0;
    case "send_comment":
      return sendComment(deps, leased, action);
    case "withdraw_comment":
      return withdrawComment(deps, leased, action.mirror);
    case "send_file":
      return sendOwnFile(deps, leased, action.file);
    case "act_on_case":
      return actOnCase(deps, leased, action);
    case "ask_reopen":
      return askReopen(deps, leased, action);
  }
}

function needCase(leased: LeasedLink): CaseId {
  const { caseId } = leased.snapshot.link;
  if (caseId === null) throw new Error("the link has no case yet");
  return caseId;
}

function needIssue(leased: LeasedLink): IssueId {
  const { issueId } = leased.snapshot.link;
  if (issueId === null) throw new Error("the link has no issue yet");
  return issueId;
}

async function createIssue(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "create_issue" }>,
): Promise<number> {
  const { detail } = action;
  const { link } = leased.snapshot;
  const { settings } = deps;
  const description = deps.text.caseDescription({
    text: detail.description,
    facts: caseFacts(detail, link.productName, settings.huawei.timeZone),
    consoleUrl: settings.huawei.consoleCaseUrl?.replaceAll("{caseId}", encodeURIComponent(detail.caseId)) ?? null,
  });
  const labels = [...new Set(link.caseLabels.map(toJiraLabel))];
  const mark: IssueMark = { v: 1, inst: deps.installation, caseId: detail.caseId };
  const payload = {
    summary: issueSummary(detail.caseId, detail.description),
    descriptionAdf: description.doc,
    labels: [caseLabel(detail.caseId), commonLabel, ...labels],
    priority: detail.severityName === null ? null : (settings.priority[detail.severityName] ?? null),
    mark,
    rest: description.rest,
  };
  await writeOnce(deps, leased, {
    kind: "issue",
    key: "issue",
    side: "jira",
    mark: null,
    payload,
    call: (frozen) => deps.jira.createIssue(frozen as unknown as typeof payload, deps.lane),
    confirm: (created) => {
      const step = issueCreatedStep(leased, created, payload.rest, labelsHash(labels));
      return { ...step, link: { ...step.link, factsHash: factsHash(detail) } };
    },
  });
  return 1;
}

/** What is stored once the issue is known to exist; also used when a lost create is found again. */
export function issueCreatedStep(
  leased: LeasedLink,
  created: { readonly issueId: IssueId; readonly issueKey: IssueKey },
  rest: string | null,
  hash: string,
): StateStep {
  return {
    link: {
      issueId: created.issueId,
      issueKey: created.issueKey,
      labelsHash: hash,
      outgoingSince: leased.snapshot.link.createdAt,
    },
    ...(rest === null
      ? {}
      : {
          intents: [
            {
              kind: "comment",
              key: descriptionRestKey,
              side: "jira",
              state: "planned",
              payload: { rest },
              mark: null,
            } as const,
          ],
        }),
    audit: [{ side: "jira", action: "create_issue", item: `issue:${created.issueId}`, result: "created" }],
  };
}

/** Our own comment without a row: the row is made again, with the files that its mark names. */
async function adoptComment(leased: LeasedLink, action: Extract<Action, { kind: "adopt_comment" }>): Promise<void> {
  const { message, comment } = action;
  await leased.apply({
    mirrors: [
      {
        kind: "message",
        origin: "huawei",
        sourceId: message.sourceId,
        fingerprint: message.fingerprint,
        sourceHash: comment.mark?.srcHash ?? null,
        sourceAt: message.message.createdAt,
        copyId: comment.commentId,
        state: "live",
      },
      ...(comment.mark?.files ?? []).map(
        ([fileId, attachmentId]) =>
          ({
            kind: "file",
            origin: "huawei",
            sourceId: fileId,
            copyId: attachmentId,
            state: "live",
            parentId: message.sourceId,
          }) as const,
      ),
    ],
    audit: [{ side: "jira", action: "adopt", item: `message:${message.sourceId}`, result: comment.commentId }],
  });
}

async function stampIssue(deps: ApplyDeps, leased: LeasedLink): Promise<number> {
  const issueId = needIssue(leased);
  const caseId = needCase(leased);
  // Idempotent by nature: the same value under the same key, so no intent is needed.
  await deps.jira.setIssueMark(issueId, { v: 1, inst: deps.installation, caseId, issueId }, deps.lane);
  await leased.apply({ link: { markStampedAt: deps.clock.now() } });
  return 1;
}

type CarriedFile = { readonly file: CaseFile; readonly attachmentId: string | null; readonly line: string };

/** Huawei → Jira: each file once; what cannot be carried becomes a placeholder line with the reason. */
async function carryFiles(
  deps: ApplyDeps,
  leased: LeasedLink,
  files: readonly CaseFile[],
  parentId: string,
): Promise<{ carried: readonly CarriedFile[]; writes: number }> {
  const issueId = needIssue(leased);
  const carried: CarriedFile[] = [];
  let writes = 0;
  for (const file of files) {
    const known = leased.snapshot.mirrors.find(
      (mirror) => mirror.kind === "file" && mirror.origin === "huawei" && mirror.sourceId === file.fileId,
    );
    if (known !== undefined) {
      carried.push({
        file,
        attachmentId: known.copyId,
        line: fileLine(
          file.name,
          known.copyId === null
            ? { reason: known.reason ?? "refused", sizeBytes: known.sizeBytes }
            : { attachmentId: known.copyId },
        ),
      });
      continue;
    }
    const result = await carryFile(deps, leased, issueId, file, parentId);
    writes += result.writes;
    carried.push(result.carried);
  }
  return { carried, writes };
}

async function carryFile(
  deps: ApplyDeps,
  leased: LeasedLink,
  issueId: IssueId,
  file: CaseFile,
  parentId: string,
): Promise<{ carried: CarriedFile; writes: number }> {
  const key = `file:${file.fileId}`;
  const open = leased.snapshot.intents.find((intent) => intent.key === key);
  if (open !== undefined && open.state !== "planned") throw new Unsettled(key);
  let spooled: SpooledFile | null = null;
  let sizeBytes: number | null = null;
  try {
    const sizeMaxBytes = await deps.jira.getFileSizeMax(deps.lane);
    if (sizeMaxBytes === 0) throw refused("uploadFile", "attachments are switched off in Jira");
    const source = await deps.huawei.downloadFile(file.fileId, deps.spool, sizeMaxBytes, deps.lane);
    spooled = source;
    sizeBytes = source.sizeBytes;
    const name = safeFileName(file.name);
    const uploaded = await writeOnce(deps, leased, {
      kind: "file",
      key,
      side: "jira",
      mark: null,
      payload: { name, sizeBytes: source.sizeBytes, sha256: source.sha256, fileId: file.fileId, parentId },
      call: () => deps.jira.uploadFile(issueId, { file: source, name }, deps.lane),
      confirm: (result) => ({
        mirrors: [
          {
            kind: "file",
            origin: "huawei",
            sourceId: file.fileId,
            copyId: result.attachmentId,
            state: "live",
            sizeBytes: source.sizeBytes,
            sha256: source.sha256,
            parentId,
          },
        ],
        audit: [{ side: "jira", action: "upload", item: `file:${file.fileId}`, result: result.attachmentId }],
      }),
    });
    return {
      carried: {
        file,
        attachmentId: uploaded.attachmentId,
        line: fileLine(file.name, { attachmentId: uploaded.attachmentId }),
      },
      writes: 1,
    };
  } catch (error) {
    const reason = permanentReason(error);
    if (reason === null) throw error;
    await leased.apply({
      mirrors: [
        { kind: "file", origin: "huawei", sourceId: file.fileId, state: "placeholder", reason, sizeBytes, parentId },
      ],
      failures: [{ direction: "to-jira", item: key, reason: "file_refused", detail: reason }],
    });
    return { carried: { file, attachmentId: null, line: fileLine(file.name, { reason, sizeBytes }) }, writes: 0 };
  } finally {
    if (spooled !== null) await deps.spool.remove(spooled);
  }
}

function refused(operation: string, detail: string): ServiceError {
  return new ServiceError({
    side: "jira",
    kind: "rejected",
    operation,
    status: null,
    code: null,
    requestId: null,
    retryAfterMs: null,
    outcomeUnknown: false,
    detail,
  });
}

/** One line for people when an error can never pass, else `null`. */
function permanentReason(error: unknown): string | null {
  if (error instanceof Error && error.name === "FileTooLarge") return "larger than the other side takes";
  if (!isServiceError(error, "rejected", "not_found", "forbidden") || error.facts.outcomeUnknown) return null;
  return `${error.kind === "rejected" ? "refused" : error.kind.replace("_", " ")}${error.facts.code === null ? "" : ` (${error.facts.code})`}: ${error.facts.detail}`;
}

/** One message as comments; one that Jira refuses for good leaves a placeholder, and the rest goes on (RULES 8). */
async function postMessage(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "post_message" }>,
): Promise<number> {
  try {
    return await writeMessage(deps, leased, action);
  } catch (error) {
    const reason = isServiceError(error, "rejected") ? permanentReason(error) : null;
    if (reason === null) throw error;
    const { message, sourceId, fingerprint } = action.message;
    await leased.apply({
      mirrors: [{ kind: "message", origin: "huawei", sourceId, fingerprint, state: "placeholder", reason }],
      failures: [{ direction: "to-jira", item: `message:${sourceId}`, reason: "comment_refused", detail: reason }],
    });
    const header = messageHeader(message, deps.settings.huawei.timeZone);
    return postNotice(
      deps,
      leased,
      `message-${sourceId}`,
      `A message could not be mirrored (${header}): ${reason}. It can be read in the Huawei Cloud console.`,
    );
  }
}

async function writeMessage(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "post_message" }>,
): Promise<number> {
  const { message, sourceId, fingerprint } = action.message;
  const issueId = needIssue(leased);
  const caseId = needCase(leased);
  const { carried, writes: fileWrites } = await carryFiles(deps, leased, message.files, sourceId);
  const docs = deps.text.messageToAdf({
    header: messageHeader(message, deps.settings.huawei.timeZone),
    text: message.content,
    footer: carried.map((entry) => entry.line),
  });
  const srcHash = messageHash(message);
  const files = carried.flatMap((entry) =>
    entry.attachmentId === null ? [] : [[entry.file.fileId, entry.attachmentId] as const],
  );
  let writes = fileWrites;
  for (const [index, doc] of docs.entries()) {
    const partId = index === 0 ? sourceId : `${sourceId}#${index + 1}`;
    const known = leased.snapshot.mirrors.find((mirror) => mirror.kind === "message" && mirror.sourceId === partId);
    // A part that was written is not written again; of a copy that was removed only the first part is known to be missing.
    if (known != null && known.copyId !== null && !(action.again && index === 0)) continue;
    const mark: CommentMark = {
      v: 1,
      inst: deps.installation,
      caseId,
      ...(message.messageId !== null && index === 0 ? { messageId: message.messageId } : { fingerprint: partId }),
      srcHash,
      files: index === 0 ? files : [],
    };
    const last = index === docs.length - 1;
    await writeComment(
      deps,
      leased,
      issueId,
      `comment:${partId}`,
      { bodyAdf: doc, mark, sourceFingerprint: fingerprint },
      (commentId) => ({
        mirrors: [
          {
            kind: "message",
            origin: "huawei",
            sourceId: partId,
            fingerprint: index === 0 ? fingerprint : null,
            sourceHash: srcHash,
            sourceAt: message.createdAt,
            copyId: commentId,
            // The first part is complete only when the last one is written.
            state: index === 0 && !last ? "sending" : "live",
          },
        ],
        audit: [
          { side: "jira", action: last ? "comment" : "comment_part", item: `message:${partId}`, result: commentId },
        ],
      }),
    );
    writes += 1;
  }
  if (
    docs.length > 1 ||
    leased.snapshot.mirrors.some((mirror) => mirror.kind === "message" && mirror.sourceId === sourceId)
  ) {
    await leased.apply({ mirrors: [{ kind: "message", origin: "huawei", sourceId, state: "live" }] });
  }
  return writes;
}

/** The part of a description that did not fit into the issue: comments of our own. */
async function postRest(deps: ApplyDeps, leased: LeasedLink, intent: Intent): Promise<number> {
  const issueId = needIssue(leased);
  const docs = deps.text.messageToAdf({
    header: "Description, continued",
    text: String(intent.payload.rest),
    footer: [],
  });
  let writes = 0;
  for (const [index, bodyAdf] of docs.entries()) {
    const cause = `description-${index + 2}`;
    const key = `notice:${cause}`;
    if (leased.snapshot.mirrors.some((mirror) => mirror.kind === "notice" && mirror.sourceId === cause)) continue;
    const mark: CommentMark = {
      v: 1,
      inst: deps.installation,
      caseId: needCase(leased),
      fingerprint: key,
      srcHash: hashParts([JSON.stringify(bodyAdf)]).slice(0, 32),
      files: [],
    };
    await writeComment(deps, leased, issueId, key, { bodyAdf, mark }, (commentId) => ({
      mirrors: [{ kind: "notice", origin: "huawei", sourceId: cause, copyId: commentId, state: "live" }],
    }));
    writes += 1;
  }
  await leased.apply({ confirmedIntents: [intent.key] });
  return writes;
}

async function writeComment(
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
async function resumeNotice(deps: ApplyDeps, leased: LeasedLink, intent: Intent): Promise<number> {
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
  const [doc] = deps.text.messageToAdf({ header: "casebridge", text, footer: [] });
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

async function changeLabels(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "change_labels" }>,
): Promise<number> {
  // Adding a label that is there, or removing one that is not, changes nothing: safe to repeat without an intent.
  await deps.jira.changeLabels(needIssue(leased), { add: action.add, remove: action.remove }, deps.lane);
  await leased.apply({ link: { labelsHash: action.hash } });
  return 1;
}

/** Moves the issue by a direct transition or along the configured `via` list; no wandering (RULES 6). */
async function moveIssue(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "move_issue" }>,
): Promise<number> {
  const issueId = needIssue(leased);
  const { target } = action;
  const name = "statusId" in target ? target.statusId : target.category;
  const steps = deps.settings.status.via[name] ?? [];
  let writes = 0;
  for (let step = 0; step <= steps.length; step += 1) {
    const transitions = await deps.jira.listTransitions(issueId, deps.lane);
    const usable = transitions.filter((transition) => transition.requiredFields.length === 0);
    const direct = usable.find((transition) =>
      "statusId" in target ? transition.toStatusId === target.statusId : transition.toCategory === target.category,
    );
    const next =
      direct ??
      usable.find(
        (transition) => steps.includes(transition.toStatusId) && !visitedBefore(steps, step, transition.toStatusId),
      );
    if (next === undefined) break;
    await deps.jira.transitionIssue(issueId, next.transitionId, deps.lane);
    writes += 1;
    deps.onWrite?.({ side: "jira", action: "transition" });
    if (next === direct) {
      await leased.apply({
        link: {
          caseStatus: action.caseStatus,
          agreedCaseStatus: action.caseStatus,
          agreedCategory: next.toCategory,
        },
        audit: [{ side: "jira", action: "transition", item: `status:${action.caseStatus}`, result: next.toStatusId }],
        resolvedFailures: [{ item: "status" }],
      });
      return writes;
    }
  }
  await leased.apply({
    link: { caseStatus: action.caseStatus, agreedCaseStatus: action.caseStatus },
    failures: [
      {
        direction: "to-jira",
        item: "status",
        reason: "no_transition",
        detail: `no transition leads to ${name}; configure status.via`,
      },
    ],
  });
  const noticed = await postNotice(
    deps,
    leased,
    `no-transition-${action.caseStatus}-${name}`,
    `The service ticket changed its status, but the workflow offers no way to "${name}" from here. ` +
      "Move the issue by hand, or let an administrator configure status.via for casebridge.",
  );
  return writes + noticed;
}

function visitedBefore(steps: readonly string[], step: number, statusId: string): boolean {
  return steps.indexOf(statusId) < step - 1;
}

async function confirmMessage(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "confirm_message" }>,
): Promise<void> {
  const { intent, message, fingerprint } = action;
  const owner = intent.payload.owner as { readonly kind: Mirror["kind"]; readonly sourceId: string } | undefined;
  const mirror = leased.snapshot.mirrors.find(
    (entry) =>
      owner !== undefined && entry.kind === owner.kind && entry.origin === "jira" && entry.sourceId === owner.sourceId,
  );
  const others = leased.snapshot.intents.filter(
    (other) =>
      other.key !== intent.key &&
      (other.payload.owner as { sourceId?: string } | undefined)?.sourceId === owner?.sourceId,
  );
  const fresh = mirror?.state === "sending" && intent.payload.version !== undefined;
  await leased.apply({
    confirmedIntents: [intent.key],
    ...(owner === undefined
      ? {}
      : {
          mirrors: [
            {
              kind: owner.kind,
              origin: "jira",
              sourceId: owner.sourceId,
              ...(message.messageId !== null && (fresh || mirror?.copyId == null) ? { copyId: message.messageId } : {}),
              copyFingerprints: [...(mirror?.copyFingerprints ?? []), fingerprint],
              state: confirmedState(mirror?.state, others.length === 0),
            },
          ],
        }),
    ...(message.authorId === null ? {} : { huaweiUserId: message.authorId }),
    audit: [{ side: "huawei", action: "confirm", item: intent.key, result: message.messageId ?? "seen" }],
  });
  // Several parts of one comment are confirmed one after another, each building on the last.
  await leased.reload();
  deps.log.debug({ intent: intent.key }, "Own message confirmed");
}

/** A comment that was withdrawn or refused meanwhile stays so, whatever of it shows now. */
function confirmedState(before: Mirror["state"] | undefined, complete: boolean): Mirror["state"] {
  if (before === "withdrawn" || before === "refused" || before === "held") return before;
  return complete ? "live" : (before ?? "sending");
}

/** Sends one frozen part; the service answers no id, so the intent stays until a reading shows the copy. */
async function sendPart(
  deps: ApplyDeps,
  leased: LeasedLink,
  intent: Pick<Intent, "key" | "mark" | "payload">,
): Promise<void> {
  const caseId = needCase(leased);
  await writeOnce(deps, leased, {
    kind: "message",
    key: intent.key,
    side: "huawei",
    mark: intent.mark,
    payload: intent.payload,
    call: (frozen) =>
      deps.huawei.createMessage(
        {
          caseId,
          content: String(frozen.content),
          fileIds: ((frozen.fileIds as string[] | undefined) ?? []).map((id) => toId<CaseFileId>(id)),
        },
        deps.lane,
      ),
    confirm: () => ({ keep: true, audit: [{ side: "huawei", action: "message", item: intent.key, result: "sent" }] }),
  });
}

async function sendComment(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "send_comment" }>,
): Promise<number> {
  const { comment } = action;
  const { link } = leased.snapshot;
  const owned = leased.snapshot.intents
    .filter(
      (intent) =>
        intent.side === "huawei" &&
        (intent.payload.owner as { sourceId?: string } | undefined)?.sourceId === comment.commentId,
    )
    .sort((a, b) => Number(a.payload.index) - Number(b.payload.index));
  let writes = 0;
  let intents: Pick<Intent, "key" | "mark" | "payload" | "state">[] = owned;
  if (owned.length === 0) {
    const prepared = await prepareComment(deps, leased, action);
    if (prepared === null) return 0;
    writes += prepared.writes;
    intents = prepared.intents;
  }
  if (owned.length > 0 && (await isOutdated(deps, leased, action, owned)))
    throw new Unsettled(`comment:${comment.commentId}`);
  for (const intent of intents) {
    if (intent.state === "sent") continue;
    if (intent.state === "unknown") throw new Unsettled(intent.key);
    try {
      await sendPart(deps, leased, intent);
    } catch (error) {
      const reason = permanentReason(error);
      if (reason === null) throw error;
      await leased.apply({
        mirrors: [{ kind: "comment", origin: "jira", sourceId: comment.commentId, state: "refused", reason }],
        confirmedIntents: intents.map((entry) => entry.key),
        failures: [
          { direction: "to-huawei", item: `comment:${comment.commentId}`, reason: "message_refused", detail: reason },
        ],
      });
      return (
        writes +
        (await postNotice(
          deps,
          leased,
          `refused-${comment.commentId}`,
          `A comment could not be sent to the service ticket: ${reason}`,
        ))
      );
    }
    writes += 1;
  }
  deps.log.debug({ commentId: comment.commentId, issueKey: link.issueKey }, "Comment sent");
  return writes;
}

/**
 * Whether a comment none of whose parts ever left has changed since it was frozen, or may not leave any more; then its parts are
 * dropped, and the next run decides anew (RULES 5: one read just before sending).
 */
async function isOutdated(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "send_comment" }>,
  owned: readonly Intent[],
): Promise<boolean> {
  const mirror = leased.snapshot.mirrors.find(
    (entry) => entry.kind === "comment" && entry.origin === "jira" && entry.sourceId === action.comment.commentId,
  );
  if (owned.some((intent) => intent.state !== "planned") || (mirror?.copyFingerprints.length ?? 0) > 0) return false;
  const fresh = await deps.jira.findComment(needIssue(leased), action.comment.commentId, deps.lane);
  const same =
    fresh !== null &&
    fresh.restricted === action.comment.restricted &&
    fresh.jsdPublic === action.comment.jsdPublic &&
    deps.text.adfToText(fresh.body) === action.text &&
    mirror?.sourceHash === action.sourceHash;
  if (same) return false;
  await leased.apply({
    confirmedIntents: owned.map((intent) => intent.key),
    mirrors: [
      {
        kind: "comment",
        origin: "jira",
        sourceId: action.comment.commentId,
        state: "held",
        reason: "changed_before_sending",
      },
    ],
  });
  return true;
}

/** Reads the comment once more, guards, splits and freezes it, and uploads its files. `null` when it may not leave after all. */
async function prepareComment(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "send_comment" }>,
): Promise<{ intents: Pick<Intent, "key" | "mark" | "payload" | "state">[]; writes: number } | null> {
  const { link } = leased.snapshot;
  const issueId = needIssue(leased);
  const known = leased.snapshot.mirrors.find(
    (mirror) => mirror.kind === "comment" && mirror.origin === "jira" && mirror.sourceId === action.comment.commentId,
  );
  // This version is on its way or has arrived; only its intents may be sent, never a second rendering.
  if (known !== undefined && (known.state === "sending" || known.state === "live") && known.version >= action.version)
    return null;
  const fresh = await deps.jira.findComment(issueId, action.comment.commentId, deps.lane);
  if (
    fresh === null ||
    fresh.restricted !== action.comment.restricted ||
    fresh.jsdPublic !== action.comment.jsdPublic ||
    fresh.updatedAt.getTime() !== action.comment.updatedAt.getTime() ||
    deps.text.adfToText(fresh.body) !== action.text
  ) {
    // Changed under our hands: the next run reads it again and decides anew.
    throw new Unsettled(`comment:${action.comment.commentId}`);
  }
  const issueKey = link.issueKey ?? "ISSUE-1";
  const owner = { kind: "comment", sourceId: action.comment.commentId } as const;
  const guarded = guardText(commandText(action.text), {
    mode: deps.settings.guard.mode,
    patterns: deps.settings.guard.patterns,
  });
  const mark: Mark = {
    kind: "comment",
    issueKey,
    commentId: action.comment.commentId,
    version: action.version,
    part: null,
    withdrawn: false,
  };
  const rendered = renderParts({
    mark,
    authorLine: deps.settings.comments.authorName === "name" ? toAuthorLine(action.comment.authorName) : "",
    text: guarded.text,
    charsMax: deps.settings.huawei.messageCharsMax,
  });
  let writes = 0;
  const upload = await uploadFiles(
    deps,
    leased,
    action,
    rendered.kind === "head_and_file" ? { name: rendered.fileName, text: rendered.fileText } : null,
  );
  writes += upload.writes;
  const contents = rendered.kind === "parts" ? rendered.parts : [rendered.head];
  const parts = contents.map((content, index) => ({
    kind: "message" as const,
    key: `message:${action.comment.commentId}:v${action.version}:${index + 1}/${contents.length}`,
    side: "huawei" as const,
    state: "planned" as const,
    mark: markIdentity({ ...mark, part: contents.length === 1 ? null : { index: index + 1, count: contents.length } }),
    payload: {
      content,
      fileIds: index === contents.length - 1 ? upload.fileIds.slice(0, upload.countMax) : [],
      owner,
      index: index + 1,
      version: action.version,
    },
  }));
  const extras = upload.extra.map((file, index) => {
    const fileMark: Mark = { kind: "attachment", issueKey, attachmentId: file.attachmentId };
    return {
      kind: "message" as const,
      key: `message:file:${file.attachmentId}`,
      side: "huawei" as const,
      state: "planned" as const,
      mark: markIdentity(fileMark),
      payload: {
        content: `${formatMark(fileMark)} ${file.name}`,
        fileIds: [file.fileId],
        owner,
        index: contents.length + index + 1,
      },
    };
  });
  const intents = [...parts, ...extras];
  await leased.apply({
    mirrors: [
      {
        kind: "comment",
        origin: "jira",
        sourceId: action.comment.commentId,
        sourceHash: action.sourceHash,
        sourceAt: action.comment.createdAt,
        version: action.version,
        state: "sending",
        reason: null,
      },
    ],
    intents,
  });
  // The new intents must be seen by the writes that follow.
  await leased.reload();
  if (guarded.masked.length > 0) {
    writes += await postNotice(
      deps,
      leased,
      `masked-${action.comment.commentId}-v${action.version}`,
      `Before a comment was sent to Huawei Cloud, something in it was masked: ${guarded.masked.map((entry) => `${entry.name} (${entry.count})`).join(", ")}.`,
    );
  }
  return { intents, writes };
}

/** `/case text` sends the text alone; any other comment goes as it is. */
function commandText(text: string): string {
  return text.replace(/^\s*\/case\s+/, "");
}

type UploadedFiles = {
  readonly fileIds: readonly string[];
  readonly extra: readonly { readonly attachmentId: string; readonly fileId: string; readonly name: string }[];
  readonly countMax: number;
  readonly writes: number;
};

/** Uploads the files of a comment. An upload that is not used yet is invisible, so a lost one is simply made again. */
async function uploadFiles(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "send_comment" }>,
  fullText: { readonly name: string; readonly text: string } | null,
): Promise<UploadedFiles> {
  if (action.files.length === 0 && fullText === null) return { fileIds: [], extra: [], countMax: 0, writes: 0 };
  const limits = await deps.huawei.getFileLimits(deps.lane);
  const uploaded: { attachmentId: string; fileId: string; name: string }[] = [];
  let writes = 0;
  if (fullText !== null) {
    const file = await deps.spool.storeText(fullText.text);
    try {
      const fileId = await deps.huawei.uploadFile({ file, name: fullText.name, purpose: "message" }, deps.lane);
      uploaded.push({ attachmentId: "", fileId, name: fullText.name });
      writes += 1;
    } finally {
      await deps.spool.remove(file);
    }
  }
  for (const file of action.files) {
    const fileId = await uploadOne(deps, leased, { ...file, parentId: action.comment.commentId }, limits);
    if (fileId === null) continue;
    uploaded.push({ attachmentId: file.attachmentId, fileId, name: safeFileName(file.name) });
    writes += 1;
  }
  const inMessage = uploaded.slice(0, limits.countMax);
  return {
    fileIds: inMessage.map((file) => file.fileId),
    extra: uploaded.slice(limits.countMax),
    countMax: limits.countMax,
    writes,
  };
}

/** Jira → Huawei: one file. `null` when Huawei refuses it for good; then the issue says so. */
async function uploadOne(
  deps: ApplyDeps,
  leased: LeasedLink,
  file: {
    readonly attachmentId: AttachmentId;
    readonly name: string;
    readonly sizeBytes: number;
    readonly parentId: string;
  },
  limits: { readonly sizeMaxBytes: number; readonly extensions: readonly string[] },
): Promise<string | null> {
  const name = safeFileName(file.name);
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  let reason: string | null = null;
  if (file.sizeBytes > limits.sizeMaxBytes) reason = `larger than Huawei Cloud takes (${limits.sizeMaxBytes} bytes)`;
  else if (limits.extensions.length > 0 && !limits.extensions.includes(extension))
    reason = `files of type ".${extension}" are not taken by Huawei Cloud`;
  if (reason === null) {
    let spooled: SpooledFile | null = null;
    try {
      spooled = await deps.jira.downloadFile(file.attachmentId, deps.spool, limits.sizeMaxBytes, deps.lane);
      const fileId = await deps.huawei.uploadFile({ file: spooled, name, purpose: "message" }, deps.lane);
      await leased.apply({
        mirrors: [
          {
            kind: "file",
            origin: "jira",
            sourceId: file.attachmentId,
            copyId: fileId,
            state: "live",
            sizeBytes: spooled.sizeBytes,
            sha256: spooled.sha256,
            parentId: file.parentId,
          },
        ],
        audit: [{ side: "huawei", action: "upload", item: `file:${file.attachmentId}`, result: fileId }],
      });
      deps.onWrite?.({ side: "huawei", action: "file" });
      return fileId;
    } catch (error) {
      reason = permanentReason(error);
      if (reason === null) throw error;
    } finally {
      if (spooled !== null) await deps.spool.remove(spooled);
    }
  }
  await leased.apply({
    mirrors: [
      {
        kind: "file",
        origin: "jira",
        sourceId: file.attachmentId,
        state: "placeholder",
        reason,
        sizeBytes: file.sizeBytes,
        parentId: file.parentId,
      },
    ],
    failures: [{ direction: "to-huawei", item: `file:${file.attachmentId}`, reason: "file_refused", detail: reason }],
  });
  await postNotice(
    deps,
    leased,
    `file-${file.attachmentId}`,
    `The file ${name} (${file.sizeBytes} bytes) was not sent to Huawei Cloud: ${reason}.`,
  );
  return null;
}

/** Policy `all`: a file that no comment names goes in a message of its own. */
async function sendOwnFile(
  deps: ApplyDeps,
  leased: LeasedLink,
  file: Extract<Action, { kind: "send_file" }>["file"],
): Promise<number> {
  const issueKey = leased.snapshot.link.issueKey ?? "ISSUE-1";
  const mark: Mark = { kind: "attachment", issueKey, attachmentId: file.attachmentId };
  const key = `message:file:${file.attachmentId}`;
  const existing = leased.snapshot.intents.find((intent) => intent.key === key);
  if (existing !== undefined) {
    if (existing.state === "sent") return 0;
    await sendPart(deps, leased, existing);
    return 1;
  }
  const limits = await deps.huawei.getFileLimits(deps.lane);
  const fileId = await uploadOne(deps, leased, { ...file, parentId: file.attachmentId }, limits);
  if (fileId === null) return 0;
  await sendPart(deps, leased, {
    key,
    mark: markIdentity(mark),
    payload: {
      content: `${formatMark(mark)} ${safeFileName(file.name)}`,
      fileIds: [fileId],
      owner: { kind: "file", sourceId: file.attachmentId },
      index: 1,
    },
  });
  return 2;
}

/** A sent comment was deleted or restricted: withdrawn where OSM allows it, else a message marked `withdrawn` says so. */
async function withdrawComment(deps: ApplyDeps, leased: LeasedLink, mirror: Mirror): Promise<number> {
  const caseId = needCase(leased);
  const issueKey = leased.snapshot.link.issueKey ?? "ISSUE-1";
  const base = { kind: "comment", origin: "jira", sourceId: mirror.sourceId } as const;
  if (mirror.copyId !== null && mirror.copyFingerprints.length <= 1) {
    try {
      await deps.huawei.withdrawMessage(caseId, toId<MessageId>(mirror.copyId), deps.lane);
      await leased.apply({
        mirrors: [{ ...base, state: "withdrawn" }],
        audit: [{ side: "huawei", action: "withdraw", item: `comment:${mirror.sourceId}`, result: "withdrawn" }],
      });
      return 1;
    } catch (error) {
      if (permanentReason(error) === null) throw error;
    }
  }
  const mark: Mark = { kind: "comment", issueKey, commentId: mirror.sourceId, version: 1, part: null, withdrawn: true };
  const key = `message:${mirror.sourceId}:withdrawn`;
  // One step: the comment counts as withdrawn from here on, and the message that says so is owed.
  await leased.apply({
    intents: [
      {
        kind: "message",
        key,
        side: "huawei",
        state: "planned",
        mark: markIdentity(mark),
        payload: {
          content: `${formatMark(mark)} The author has withdrawn this message. 作者已撤回此消息。`,
          owner: { kind: "comment", sourceId: mirror.sourceId },
          index: 1,
        },
      },
    ],
    mirrors: [{ ...base, state: "withdrawn", reason: "already_disclosed" }],
    failures: [
      {
        direction: "to-huawei",
        item: `comment:${mirror.sourceId}`,
        reason: "already_disclosed",
        detail: "the comment had been sent before; Huawei Cloud does not take it back",
      },
    ],
  });
  return sendOwed(deps, leased, key);
}

/** Sends a message whose intent was stored a moment ago. */
async function sendOwed(deps: ApplyDeps, leased: LeasedLink, key: string): Promise<number> {
  await leased.reload();
  const intent = leased.snapshot.intents.find((entry) => entry.key === key);
  if (intent === undefined) return 0;
  if (intent.state !== "planned") throw new Unsettled(key);
  await sendPart(deps, leased, intent);
  return 1;
}

async function actOnCase(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "act_on_case" }>,
): Promise<number> {
  const caseId = needCase(leased);
  const issueKey = leased.snapshot.link.issueKey ?? "ISSUE-1";
  const key = `action:${action.cause}`;
  const known = leased.snapshot.mirrors.some((mirror) => mirror.kind === "notice" && mirror.sourceId === action.cause);
  if (known) return 0;
  try {
    await writeOnce(deps, leased, {
      kind: "action",
      key,
      side: "huawei",
      mark: null,
      payload: { action: action.action },
      call: () =>
        deps.huawei.performAction(
          { caseId, action: action.action, description: `[${issueKey} !${action.action}-1]` },
          deps.lane,
        ),
      confirm: () => ({
        mirrors: [{ kind: "notice", origin: "jira", sourceId: action.cause, state: "live" }],
        link: { ...(action.category === null ? {} : { agreedCategory: action.category }) },
        audit: [{ side: "huawei", action: action.action, item: action.cause, result: "done" }],
      }),
    });
    return 1;
  } catch (error) {
    const reason = permanentReason(error);
    if (reason === null) throw error;
    await leased.apply({
      mirrors: [{ kind: "notice", origin: "jira", sourceId: action.cause, state: "refused", reason }],
      // Forgetting the agreed status lets the case win: the issue is moved back once.
      link: { agreedCaseStatus: -1 },
    });
    return postNotice(
      deps,
      leased,
      `action-${action.cause}`,
      `Huawei Cloud refused to ${action.action} the service ticket: ${reason}`,
    );
  }
}

async function askReopen(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "ask_reopen" }>,
): Promise<number> {
  const { link, mirrors } = leased.snapshot;
  const issueKey = link.issueKey ?? "ISSUE-1";
  const n =
    mirrors.filter(
      (mirror) => mirror.kind === "notice" && mirror.origin === "jira" && mirror.sourceId.startsWith("reopen-"),
    ).length + 1;
  const mark: Mark = { kind: "notice", issueKey, noticeKind: "reopen", n };
  const key = `message:reopen-${n}`;
  await leased.apply({
    intents: [
      {
        kind: "message",
        key,
        side: "huawei",
        state: "planned",
        mark: markIdentity(mark),
        payload: {
          content: `${formatMark(mark)} The issue was taken up again on our side; please take up this service ticket again. 我方已重新打开该问题，请继续处理此工单。`,
          owner: { kind: "notice", sourceId: `reopen-${n}` },
          index: 1,
        },
      },
    ],
    mirrors: [{ kind: "notice", origin: "jira", sourceId: `reopen-${n}`, state: "sending" }],
    link: { agreedCategory: action.category },
  });
  return sendOwed(deps, leased, key);
}
