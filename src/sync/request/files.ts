/**
 * Files of an issue that go along with its new case. An upload that is not used is invisible, so a lost one is simply made again; what
 * an upload is known as is stored only together with the case that uses it.
 */

import type { CaseFileId } from "../../domain/ids.ts";
import type { Issue, IssueFile } from "../../domain/issue.ts";
import { safeFileName } from "../../domain/text/sanitize.ts";
import { fileMessage } from "../apply/issue-files.ts";
import { type ApplyDeps, permanentReason } from "../apply/write-once.ts";
import { isNamedIn } from "../plan/disclosure.ts";
import type { MirrorPatch, NewIntent } from "../state.ts";

/** What goes with the case, what goes in messages after it, and what is remembered of both. */
export type CaseFiles = {
  readonly fileIds: readonly CaseFileId[];
  readonly intents: readonly NewIntent[];
  readonly mirrors: readonly MirrorPatch[];
  /** Lines for people about files that cannot go. */
  readonly refusals: readonly string[];
};

/** Files of people that the policy lets go: those named by the description, or all (RULES 5). `held` names what never leaves. Pure. */
export function filesOfRequest(input: {
  readonly issue: Issue;
  readonly policy: "referenced" | "all" | "none";
  readonly ownAccountId: string;
  readonly text: string;
  readonly media: readonly string[];
  readonly held: readonly string[];
}): readonly IssueFile[] {
  const { issue, policy, text, media } = input;
  if (policy === "none") return [];
  return issue.files.filter((file) => {
    if (file.authorId === input.ownAccountId || isNamedIn(input.held, file)) return false;
    if (policy === "all" && issue.projectTypeKey !== "service_desk") return true;
    return (
      media.includes(file.attachmentId) || media.includes(file.name) || (file.name !== "" && text.includes(file.name))
    );
  });
}

/** Uploads the files; those beyond what a new case may carry are sent in messages of their own. Throws `ServiceError`. */
export async function uploadForCase(
  deps: ApplyDeps,
  issueKey: string,
  files: readonly IssueFile[],
  fullText: { readonly name: string; readonly text: string } | null,
): Promise<CaseFiles> {
  if (files.length === 0 && fullText === null) return { fileIds: [], intents: [], mirrors: [], refusals: [] };
  const limits = await deps.huawei.getFileLimits(deps.lane);
  const countMax = limits.newCaseCountMax ?? limits.countMax;
  const fileIds: CaseFileId[] = [];
  const intents: NewIntent[] = [];
  const mirrors: MirrorPatch[] = [];
  const refusals: string[] = [];
  if (fullText !== null) {
    const file = await deps.spool.storeText(fullText.text);
    try {
      fileIds.push(await deps.huawei.uploadFile({ file, name: fullText.name, purpose: "incident" }, deps.lane));
    } finally {
      await deps.spool.remove(file);
    }
  }
  for (const file of files) {
    const base = {
      kind: "file",
      origin: "jira",
      sourceId: file.attachmentId,
      sizeBytes: file.sizeBytes,
      parentId: "case",
    } as const;
    const purpose = fileIds.length < countMax ? "incident" : "message";
    const uploaded = await uploadOne(deps, file, limits, purpose);
    if ("reason" in uploaded) {
      mirrors.push({ ...base, state: "placeholder", reason: uploaded.reason });
      refusals.push(`${safeFileName(file.name)} (${file.sizeBytes} bytes): ${uploaded.reason}`);
      continue;
    }
    mirrors.push({ ...base, state: "live", copyId: uploaded.fileId, sha256: uploaded.sha256 });
    if (purpose === "incident") {
      fileIds.push(uploaded.fileId);
      continue;
    }
    intents.push(
      fileMessage(
        issueKey,
        { attachmentId: file.attachmentId, fileId: uploaded.fileId, name: safeFileName(file.name) },
        { owner: { kind: "notice", sourceId: "case-text" }, index: 100 + intents.length },
      ),
    );
  }
  return { fileIds, intents, mirrors, refusals };
}

async function uploadOne(
  deps: ApplyDeps,
  file: IssueFile,
  limits: { readonly sizeMaxBytes: number; readonly extensions: readonly string[] },
  purpose: "incident" | "message",
): Promise<{ readonly fileId: CaseFileId; readonly sha256: string } | { readonly reason: string }> {
  const name = safeFileName(file.name);
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  if (file.sizeBytes > limits.sizeMaxBytes)
    return { reason: `larger than Huawei Cloud takes (${limits.sizeMaxBytes} bytes)` };
  if (limits.extensions.length > 0 && !limits.extensions.includes(extension)) {
    return { reason: `files of type ".${extension}" are not taken by Huawei Cloud` };
  }
  try {
    const spooled = await deps.jira.downloadFile(file.attachmentId, deps.spool, limits.sizeMaxBytes, deps.lane);
    try {
      const fileId = await deps.huawei.uploadFile({ file: spooled, name, purpose }, deps.lane);
      return { fileId, sha256: spooled.sha256 };
    } finally {
      await deps.spool.remove(spooled);
    }
  } catch (error) {
    const reason = permanentReason(error);
    if (reason === null) throw error;
    return { reason };
  }
}
