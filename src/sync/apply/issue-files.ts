/**
 * Jira → Huawei: files.
 *
 * An upload is invisible until a message names it, so it needs no intent: one that got lost is simply made again. What is remembered
 * of a file is stored in the one step that also stores the message, or the notice, that tells of it.
 */
import type { AttachmentId, CaseFileId } from "../../domain/ids.ts";
import type { IssueFile } from "../../domain/issue.ts";
import { findIntent, type NewIntent, newIntent } from "../../domain/rows/intent.ts";
import { itemKey } from "../../domain/rows/item-key.ts";
import {
  type FileRefusal,
  findMirror,
  type MirrorId,
  type MirrorPatch,
  mirrorId,
  type OwnerKind,
} from "../../domain/rows/mirror.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import { ServiceError } from "../../domain/service-error.ts";
import { unlessRefused } from "../../domain/steps.ts";
import type { GuardSettings, MaskedKind } from "../../domain/text/guard.ts";
import { type GuardedText, ownWords, writtenByOperator } from "../../domain/text/guarded.ts";
import { guardFileName } from "../../domain/text/guarded-names.ts";
import { formatMark, type Mark, markIdentity } from "../../domain/text/marks.ts";
import { safeFileName } from "../../domain/text/sanitize.ts";
import { describeReason, limitRefusal, refusalDetail, refusalOf } from "../file-refusal.ts";
import type { Action } from "../plan/action.ts";
import { type CaseFileLimits, type SpooledFile, untoldFileLimits } from "../ports.ts";
import { fileLine, formatMoment, inTicket } from "../render.ts";
import type { LeasedLink, StateStep } from "../state.ts";
import { type Speaking, say } from "../texts/say.ts";
import type { Subject } from "./gate.ts";
import { type Notice, owedNotices, writeOwedNotices } from "./notices.ts";
import { sendPart } from "./parts.ts";
import { type ApplyDeps, guardFor, markKey, needIssue, tellWrite, Unsettled } from "./write-once.ts";

/** One file that lies in Huawei and waits for its message. `attachmentId` null: the full text of a long comment. */
type UploadedFile = { readonly attachmentId: AttachmentId | null; readonly fileId: string; readonly name: GuardedText };

/** A text that is too long for messages and goes as a file. */
export type FullText = { readonly name: GuardedText; readonly text: GuardedText };

/** What uploading came to. `step` must be applied together with the messages; `lines` stand in the message for what was refused. */
export type UploadedFiles = {
  readonly inMessage: readonly UploadedFile[];
  /** Beyond what one message takes: each goes in a message of its own. */
  readonly extra: readonly UploadedFile[];
  readonly lines: readonly string[];
  readonly step: StateStep;
  readonly notices: readonly Notice[];
  readonly writes: number;
};

const nothing: UploadedFiles = { inMessage: [], extra: [], lines: [], step: {}, notices: [], writes: 0 };

/**
 * Uploads the files of a comment. Stores nothing. Throws `ServiceError` where a file is to be tried again, and what the gate throws.
 * May be repeated.
 */
export async function uploadFiles(
  deps: ApplyDeps,
  leased: LeasedLink,
  input: {
    readonly files: readonly IssueFile[];
    readonly parentId: string;
    readonly fullText: FullText | null;
    /** What the files come with. */
    readonly subject: Subject;
    /** For their names. */
    readonly guard: GuardSettings;
  },
): Promise<UploadedFiles> {
  const { files, fullText, parentId, subject, guard } = input;
  if (files.length === 0 && fullText === null) return nothing;
  const limits = await readFileLimits(deps);
  const uploaded: UploadedFile[] = [];
  const mirrors: MirrorPatch[] = [];
  const refused: RefusedFile[] = [];
  const notices: Notice[] = [];
  const audit: NonNullable<StateStep["audit"]>[number][] = [];
  if (fullText !== null) {
    const fileId = await uploadText(deps, fullText, { purpose: "message", subject });
    uploaded.push({ attachmentId: null, fileId, name: fullText.name });
  }
  for (const file of files) {
    const result = await uploadOne(deps, leased, file, { limits, purpose: "message", subject, guard });
    if ("refusal" in result) {
      refused.push({ file, reason: result.refusal });
      continue;
    }
    uploaded.push({ attachmentId: file.attachmentId, fileId: result.fileId, name: result.name });
    notices.push(...maskedNameNotices(deps.settings, file, result.masked));
    mirrors.push(liveMirror(file, { ...result, parentId }));
    audit.push({ side: "huawei", action: "upload", item: itemKey("file", file.attachmentId), result: result.fileId });
  }
  const refusals = refusedStep(deps.settings, refused, parentId);
  return {
    inMessage: uploaded.slice(0, Math.max(1, limits.countMax)),
    extra: uploaded.slice(Math.max(1, limits.countMax)),
    lines: refused.map(({ file, reason }) =>
      fileLine(file.name, { reason, sizeBytes: file.sizeBytes, from: "jira" }, inTicket),
    ),
    step: { mirrors: [...mirrors, ...refusals.mirrors], failures: refusals.failures, audit },
    notices: [...refusals.notices, ...notices],
    writes: uploaded.length,
  };
}

/** Messages for files that travel alone: each its mark and its name. */
export function fileMessage(
  issueKey: string,
  file: { readonly attachmentId: string; readonly fileId: string; readonly name: GuardedText },
  more: {
    readonly owner: MirrorId<OwnerKind>;
    readonly index: number;
    readonly note?: GuardedText;
  },
): NewIntent<"own_file"> {
  const { attachmentId, fileId, name } = file;
  const { owner, index, note } = more;
  const mark: Mark = { kind: "attachment", issueKey, attachmentId };
  const content =
    note === undefined ? ownWords`${formatMark(mark)} ${name}` : ownWords`${formatMark(mark)} ${name} ${note}`;
  return newIntent(
    { kind: "own_file", attachmentId },
    { mark: markIdentity(mark), payload: { content, fileIds: [fileId], owner, index } },
  );
}

/** What the issue is told of a name in which something was masked: nothing where nothing was. Pure. */
export function maskedNameNotices(
  settings: Speaking,
  file: Pick<IssueFile, "attachmentId">,
  masked: readonly MaskedKind[],
): Notice[] {
  if (masked.length === 0) return [];
  return [
    {
      cause: noticeCause.fileMasked(file.attachmentId),
      text: say(settings, (t) => t.guard.maskedFileName(t.masked(masked))),
    },
  ];
}

/** What is remembered of a file that goes. Pure. */
export function liveMirror(
  file: IssueFile,
  result: { readonly fileId: string; readonly sizeBytes: number; readonly sha256: string; readonly parentId: string },
): MirrorPatch {
  return {
    ...mirrorId.issueFile(file.attachmentId),
    sourceAt: file.createdAt,
    copyId: result.fileId,
    state: "live",
    reason: null,
    sizeBytes: result.sizeBytes,
    sha256: result.sha256,
    parentId: result.parentId,
  };
}

/** A file that Huawei does not take. */
export type RefusedFile = { readonly file: IssueFile; readonly reason: FileRefusal };

/** What is stored, and told on the issue, of files that Huawei does not take. Pure. */
export function refusedStep(
  settings: Speaking,
  refused: readonly RefusedFile[],
  parentId: string,
): { mirrors: MirrorPatch[]; failures: NonNullable<StateStep["failures"]>[number][]; notices: Notice[] } {
  return {
    mirrors: refused.map(({ file, reason }) => ({
      ...mirrorId.issueFile(file.attachmentId),
      sourceAt: file.createdAt,
      state: "placeholder",
      reason,
      sizeBytes: file.sizeBytes,
      parentId,
    })),
    failures: refused.map(({ file, reason }) => ({
      direction: "to-huawei",
      item: itemKey("file", file.attachmentId),
      reason: "file_refused",
      detail: refusalDetail(reason),
    })),
    notices: refused.map(({ file, reason }) => ({
      cause: noticeCause.fileRefused(file.attachmentId),
      text: say(settings, (t) => {
        const { words, remedy } = describeReason(t, reason);
        return t.files.refused(safeFileName(file.name), file.sizeBytes, words, remedy);
      }),
    })),
  };
}

type Uploaded = {
  readonly fileId: CaseFileId;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** The name that it has in Huawei Cloud, and what of it was masked. */
  readonly name: GuardedText;
  readonly masked: readonly MaskedKind[];
};

/** What an upload is for, and what it comes with. */
type UploadUse = { readonly purpose: "incident" | "message"; readonly subject: Subject };

/** Uploads a text as a file. Throws `ServiceError`, and what the gate throws. */
export async function uploadText(
  deps: ApplyDeps,
  text: FullText,
  { purpose, subject }: UploadUse,
): Promise<CaseFileId> {
  const file = await deps.spool.storeText(text.text);
  try {
    return await deps.huawei.uploadFile(deps.gate.seal(subject, { file, name: text.name, purpose }), deps.lane);
  } finally {
    await deps.spool.remove(file);
  }
}

/**
 * Jira → disk → Huawei: one file, or why Huawei does not get it. Stores nothing. Throws `ServiceError` where it is to be tried again,
 * and what the gate throws.
 */
export async function uploadOne(
  deps: ApplyDeps,
  leased: LeasedLink,
  file: IssueFile,
  use: UploadUse & { readonly limits: CaseFileLimits; readonly guard: GuardSettings },
): Promise<Uploaded | { readonly refusal: FileRefusal }> {
  const { purpose } = use;
  let { limits } = use;
  const subject = use.subject.kind === "mark" ? use.subject : { ...use.subject, files: [file.attachmentId] };
  const { text: name, masked } = guardFileName(file.name, use.guard);
  const judged = { name: safeFileName(file.name), sizeBytes: file.sizeBytes };
  if (limitRefusal(judged, limits) !== null) {
    // Before a file stays behind for what the account does not allow, the account is asked.
    limits = await readFileLimits(deps, 0);
    const refusal = limitRefusal(judged, limits);
    if (refusal !== null) return { refusal };
  }
  let spooled: SpooledFile | null = null;
  try {
    // A file on its way may take longer than a lease lasts from the last step.
    await leased.renew();
    spooled = await deps.jira.downloadFile(file.attachmentId, deps.spool, limits.sizeMaxBytes, deps.lane);
    if (spooled.sizeBytes !== file.sizeBytes) throw cutOff(file, spooled);
    const upload = deps.gate.seal(subject, { file: spooled, name, purpose });
    const fileId = await deps.huawei.uploadFile(upload, deps.lane);
    tellWrite(deps, leased, { side: "huawei", action: "file" });
    if (masked.length > 0) deps.onDisclosure?.({ kind: "masked", item: "file" });
    return { fileId, sizeBytes: spooled.sizeBytes, sha256: spooled.sha256, name, masked };
  } catch (error) {
    const refusedBy = refusalOf(error, "jira", limits.sizeMaxBytes);
    if (refusedBy === null) throw error;
    return { refusal: refusedBy };
  } finally {
    if (spooled !== null) await deps.spool.remove(spooled);
  }
}

/** A download may end early without an error: then what came is not the file (rule 8). Another attempt may bring all of it. */
function cutOff(file: IssueFile, spooled: SpooledFile): ServiceError {
  return new ServiceError({
    side: "jira",
    kind: "unavailable",
    operation: "downloadFile",
    status: null,
    code: null,
    requestId: null,
    retryAfterMs: null,
    outcomeUnknown: false,
    detail: `${spooled.sizeBytes} of ${file.sizeBytes} bytes came`,
  });
}

/** A file that no comment carries goes in a message of its own; one that was refused before says that it comes late. */
export async function sendOwnFile(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "send_file" }>,
): Promise<number> {
  const { file } = action;
  const item = itemKey("file", file.attachmentId);
  const id = { kind: "own_file", attachmentId: file.attachmentId } as const;
  const existing = findIntent(leased.snapshot.intents, id);
  if (existing !== undefined) {
    if (existing.state === "sent") return 0;
    if (existing.state === "unknown") throw new Unsettled(existing.key);
    await sendPart(deps, leased, existing);
    return 1;
  }
  const row = mirrorId.issueFile(file.attachmentId);
  // Its message was confirmed by an action of the same plan.
  if (findMirror(leased.snapshot.mirrors, row)?.state === "live") return 0;
  const limits = await readFileLimits(deps);
  const subject = { kind: "issue", issueId: needIssue(leased) } as const;
  const guard = guardFor(deps.settings, action);
  const result = await uploadOne(deps, leased, file, { limits, purpose: "message", subject, guard });
  if ("refusal" in result) {
    const { notices, ...step } = refusedStep(deps.settings, [{ file, reason: result.refusal }], file.attachmentId);
    await leased.apply({ ...step, intents: owedNotices(deps, leased, notices) });
    return writeOwedNotices(deps, leased, notices);
  }
  const attached = writtenByOperator(formatMoment(file.createdAt, deps.settings.huawei.timeZone));
  const note = ownWords`(sent late, attached ${attached} / 补发)`;
  const intent = fileMessage(
    markKey(leased),
    { attachmentId: file.attachmentId, fileId: result.fileId, name: result.name },
    {
      owner: row,
      index: 1,
      ...(action.late === true ? { note } : {}),
    },
  );
  const notices = maskedNameNotices(deps.settings, file, result.masked);
  await leased.apply({
    mirrors: [liveMirror(file, { ...result, parentId: file.attachmentId })],
    intents: [intent, ...owedNotices(deps, leased, notices)],
    resolvedFailures: [{ item }],
    audit: [{ side: "huawei", action: "upload", item, result: result.fileId }],
  });
  const owed = findIntent(leased.snapshot.intents, id);
  if (owed === undefined) return 1;
  await sendPart(deps, leased, owed);
  return 2 + (await writeOwedNotices(deps, leased, notices));
}

/** For so long the limits of an account serve further files. */
const limitsStandMs = 10 * 60_000;

/** What the account allows for files; where the service does not tell, it is left to it to refuse one. */
export async function readFileLimits(deps: ApplyDeps, ageMaxMs = limitsStandMs): Promise<CaseFileLimits> {
  const limits = await unlessRefused(deps.log, "file limits", () => deps.huawei.getFileLimits(deps.lane, ageMaxMs));
  return limits ?? untoldFileLimits;
}
