/**
 * Jira → Huawei: files.
 */
import type { AttachmentId } from "../../domain/ids.ts";
import { formatMark, type Mark, markIdentity } from "../../domain/text/marks.ts";
import { safeFileName } from "../../domain/text/sanitize.ts";
import type { Action } from "../plan/action.ts";
import type { SpooledFile } from "../ports.ts";
import type { LeasedLink } from "../state.ts";
import { postNotice } from "./notices.ts";
import { sendPart } from "./parts.ts";
import { type ApplyDeps, permanentReason } from "./write-once.ts";

type UploadedFiles = {
  readonly fileIds: readonly string[];
  readonly extra: readonly { readonly attachmentId: string; readonly fileId: string; readonly name: string }[];
  readonly countMax: number;
  readonly writes: number;
};

/** Uploads the files of a comment. An upload that is not used yet is invisible, so a lost one is simply made again. */
export async function uploadFiles(
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
export async function sendOwnFile(
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
