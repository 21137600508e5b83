/**
 * Huawei → Jira: files, each once; what cannot be carried leaves a placeholder line.
 */
import type { CaseFile } from "../../domain/case.ts";
import { findIntent, newIntent } from "../../domain/rows/intent.ts";
import { itemKey } from "../../domain/rows/item-key.ts";
import { type FileRefusal, findMirror, mirrorId } from "../../domain/rows/mirror.ts";
import { noticeCause } from "../../domain/rows/notice-cause.ts";
import { unlessRefused } from "../../domain/steps.ts";
import { safeFileName } from "../../domain/text/sanitize.ts";
import { refusalDetail, refusalOf } from "../file-refusal.ts";
import type { Action } from "../plan/action.ts";
import type { SpooledFile } from "../ports.ts";
import { fileLine } from "../render.ts";
import type { LeasedLink } from "../state.ts";
import { say } from "../texts/say.ts";
import { type Notice, owedNotices, writeOwedNotices } from "./notices.ts";
import { type ApplyDeps, needIssue, Unsettled, writeOnce } from "./write-once.ts";

/** Where Jira does not tell its limit: the largest file that its default takes (jira.md 3.5). It refuses what is too large itself. */
const untoldSizeMaxBytes = 1024 ** 3;

type CarriedFile = { readonly file: CaseFile; readonly attachmentId: string | null; readonly line: string };

/** Huawei → Jira: each file once; what cannot be carried becomes a placeholder line with the reason. */
export async function carryFiles(
  deps: ApplyDeps,
  leased: LeasedLink,
  files: readonly CaseFile[],
  parentId: string,
): Promise<{ carried: readonly CarriedFile[]; writes: number }> {
  const carried: CarriedFile[] = [];
  let writes = 0;
  for (const file of files) {
    const known = knownFile(deps, leased, file);
    const entry = known ?? (await carryFile(deps, leased, file, { parentId, notices: [] }));
    if (known === null && entry.attachmentId !== null) writes += 1;
    carried.push(entry);
  }
  return { carried, writes };
}

/** What stands in a comment for a file that was handled before; `null` when it was not. */
export function knownFile(
  { settings }: Pick<ApplyDeps, "settings">,
  leased: Pick<LeasedLink, "snapshot">,
  file: CaseFile,
): CarriedFile | null {
  const known = findMirror(leased.snapshot.mirrors, mirrorId.caseFile(file.fileId));
  if (known === undefined) return null;
  const { copyId: attachmentId, sizeBytes } = known;
  const line =
    attachmentId === null
      ? fileLine(file.name, { reason: known.reason, sizeBytes, from: "huawei" }, settings)
      : fileLine(file.name, { attachmentId }, settings);
  return { file, attachmentId, line };
}

/** A file that comes after its message: refused before, or not shown before. The issue says that it came late, or why it does not come. */
export async function carryLateFile(
  deps: ApplyDeps,
  leased: LeasedLink,
  action: Extract<Action, { kind: "carry_late_file" }>,
): Promise<number> {
  const { file, parentId, cause } = action;
  const name = safeFileName(file.name);
  const text = say(deps.settings, (t) => (cause === "refused" ? t.files.lateRefused(name) : t.files.lateUnseen(name)));
  const notices = [{ cause: noticeCause.lateFile(file.fileId), text }];
  const { attachmentId, line } = await carryFile(deps, leased, file, { parentId, notices });
  if (attachmentId !== null) return 1 + (await writeOwedNotices(deps, leased, notices));
  if (cause === "refused") return 0;
  const refusals = [{ cause: noticeCause.lateFileRefused(file.fileId), text: line }];
  await leased.apply({ intents: owedNotices(deps, leased, refusals) });
  return writeOwedNotices(deps, leased, refusals);
}

/** One file, there now or refused; either is stored. Throws where it is to be tried again. */
async function carryFile(
  deps: ApplyDeps,
  leased: LeasedLink,
  file: CaseFile,
  more: { readonly parentId: string; readonly notices: readonly Notice[] },
): Promise<CarriedFile> {
  const issueId = needIssue(leased);
  const { parentId } = more;
  const item = itemKey("file", file.fileId);
  const row = mirrorId.caseFile(file.fileId);
  const open = findIntent(leased.snapshot.intents, { kind: "file", fileId: file.fileId });
  if (open !== undefined && open.state !== "planned") throw new Unsettled(open.key);
  let spooled: SpooledFile | null = null;
  let sizeMaxBytes = 0;
  let attachmentId: string | null = null;
  let refusal: FileRefusal | null = null;
  let sizeBytes: number | null = null;
  try {
    sizeMaxBytes =
      (await unlessRefused(deps.log, "file limit", () => deps.jira.getFileSizeMax(deps.lane))) ?? untoldSizeMaxBytes;
    if (sizeMaxBytes === 0) refusal = { code: "off", words: "attachments are switched off in Jira" };
    else {
      const source = await deps.huawei.downloadFile(file.fileId, deps.spool, sizeMaxBytes, deps.lane);
      spooled = source;
      sizeBytes = source.sizeBytes;
      const name = safeFileName(file.name);
      const uploaded = await writeOnce(deps, leased, {
        intent: newIntent(
          { kind: "file", fileId: file.fileId },
          { payload: { name, sizeBytes: source.sizeBytes, sha256: source.sha256, fileId: file.fileId, parentId } },
        ),
        call: () => deps.jira.uploadFile(issueId, { file: source, name }, deps.lane),
        confirm: (result) => ({
          mirrors: [
            {
              ...row,
              copyId: result.attachmentId,
              state: "live",
              reason: null,
              sizeBytes: source.sizeBytes,
              sha256: source.sha256,
              parentId,
            },
          ],
          intents: owedNotices(deps, leased, more.notices),
          resolvedFailures: [{ item }],
          audit: [{ side: "jira", action: "upload", item, result: result.attachmentId }],
        }),
      });
      attachmentId = uploaded.attachmentId;
    }
  } catch (error) {
    refusal = refusalOf(error, "huawei", sizeMaxBytes);
    if (refusal === null) throw error;
  } finally {
    if (spooled !== null) await deps.spool.remove(spooled);
  }
  if (attachmentId !== null) return { file, attachmentId, line: fileLine(file.name, { attachmentId }, deps.settings) };
  const reason: FileRefusal = refusal ?? { code: "refused", words: "Jira answered no attachment" };
  await leased.apply({
    mirrors: [{ ...row, state: "placeholder", reason, sizeBytes, parentId }],
    failures: [{ direction: "to-jira", item, reason: "file_refused", detail: refusalDetail(reason) }],
  });
  return { file, attachmentId: null, line: fileLine(file.name, { reason, sizeBytes, from: "huawei" }, deps.settings) };
}
