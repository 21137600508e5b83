/**
 * Huawei → Jira: files, each once; what cannot be carried leaves a placeholder line.
 */
import type { CaseFile } from "../../domain/case.ts";
import type { IssueId } from "../../domain/ids.ts";
import { safeFileName } from "../../domain/text/sanitize.ts";
import type { SpooledFile } from "../ports.ts";
import { fileLine } from "../render.ts";
import type { LeasedLink } from "../state.ts";
import { type ApplyDeps, needIssue, permanentReason, refused, Unsettled, writeOnce } from "./write-once.ts";

type CarriedFile = { readonly file: CaseFile; readonly attachmentId: string | null; readonly line: string };

/** Huawei → Jira: each file once; what cannot be carried becomes a placeholder line with the reason. */
export async function carryFiles(
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
