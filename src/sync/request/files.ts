/**
 * Files of an issue that go along with its new case. An upload that is not used is invisible, so a lost one is simply made again; what
 * an upload is known as is stored only together with the case that uses it.
 */

import type { CaseFileId } from "../../domain/ids.ts";
import type { Issue, IssueFile } from "../../domain/issue.ts";
import type { NewIntent } from "../../domain/rows/intent.ts";
import { type MirrorPatch, mirrorId } from "../../domain/rows/mirror.ts";
import { addMasked, type GuardSettings, type MaskedKind } from "../../domain/text/guard.ts";
import type { Subject } from "../apply/gate.ts";
import {
  type FullText,
  fileMessage,
  liveMirror,
  type RefusedFile,
  readFileLimits,
  refusedStep,
  uploadOne,
  uploadText,
} from "../apply/issue-files.ts";
import { type ApplyDeps, markKey } from "../apply/write-once.ts";
import { isNamedByText, isNamedIn } from "../plan/disclosure.ts";
import type { LeasedLink, StateStep } from "../state.ts";

/** What goes with the case, what goes in messages after it, and what is remembered of both. */
export type CaseFiles = {
  readonly fileIds: readonly CaseFileId[];
  readonly intents: readonly NewIntent[];
  readonly mirrors: readonly MirrorPatch[];
  /** Files that cannot go. */
  readonly failures: NonNullable<StateStep["failures"]>;
  /** What was masked in the names of those that go. */
  readonly masked: readonly MaskedKind[];
};

/** Files of people that the policy lets go: those named by the description, or all (rule 5). `held` names what never leaves. Pure. */
export function filesOfRequest(input: {
  readonly issue: Issue;
  readonly policy: "referenced" | "all" | "none";
  readonly ownAccountId: string;
  readonly text: string;
  readonly media: readonly string[];
  readonly barredNames: readonly string[];
}): readonly IssueFile[] {
  const { issue, policy, text, media } = input;
  if (policy === "none") return [];
  return issue.files.filter((file) => {
    if (file.authorId === input.ownAccountId || isNamedIn(input.barredNames, file)) return false;
    if (policy === "all" && issue.projectTypeKey !== "service_desk") return true;
    return isNamedByText({ text, references: media, files: issue.files }, file);
  });
}

/** Uploads the files; those beyond what a new case may carry are sent in messages of their own. Throws `ServiceError`, and what the gate throws. */
export async function uploadForCase(
  deps: ApplyDeps,
  leased: LeasedLink,
  files: readonly IssueFile[],
  use: { readonly fullText: FullText | null; readonly subject: Subject; readonly guard: GuardSettings },
): Promise<CaseFiles> {
  const { fullText, subject, guard } = use;
  if (files.length === 0 && fullText === null)
    return { fileIds: [], intents: [], mirrors: [], failures: [], masked: [] };
  const limits = await readFileLimits(deps);
  const countMax = limits.newCaseCountMax ?? limits.countMax;
  const fileIds: CaseFileId[] = [];
  const intents: NewIntent[] = [];
  const mirrors: MirrorPatch[] = [];
  const refused: RefusedFile[] = [];
  const masked: (readonly MaskedKind[])[] = [];
  if (fullText !== null) {
    fileIds.push(await uploadText(deps, fullText, { purpose: "incident", subject }));
  }
  for (const file of files) {
    const purpose = fileIds.length < countMax ? "incident" : "message";
    const uploaded = await uploadOne(deps, leased, file, { limits, purpose, subject, guard });
    if ("refusal" in uploaded) {
      refused.push({ file, reason: uploaded.refusal });
      continue;
    }
    masked.push(uploaded.masked);
    mirrors.push(liveMirror(file, { ...uploaded, parentId: "case" }));
    if (purpose === "incident") {
      fileIds.push(uploaded.fileId);
      continue;
    }
    intents.push(
      fileMessage(
        markKey(leased),
        { attachmentId: file.attachmentId, fileId: uploaded.fileId, name: uploaded.name },
        { owner: mirrorId.caseText, index: 100 + intents.length },
      ),
    );
  }
  // The notices of these are written by the plan, which finds files that are told nowhere.
  const step = refusedStep(deps.settings, refused, "case");
  return {
    fileIds,
    intents,
    mirrors: [...mirrors, ...step.mirrors],
    failures: step.failures,
    masked: addMasked(...masked),
  };
}
