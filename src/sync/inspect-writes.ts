/** The writes that one action comes to, in their order: a dry run names each of them. */
import type { CaseFile } from "../domain/case.ts";
import type { IssueFile } from "../domain/issue.ts";
import { safeFileName } from "../domain/text/sanitize.ts";
import { knownFile } from "./apply/case-files.ts";
import { previewComment } from "./apply/comments.ts";
import { refusedStep } from "./apply/issue-files.ts";
import type { Notice } from "./apply/notices.ts";
import { limitRefusal, toReason } from "./file-refusal.ts";
import type { Action } from "./plan/action.ts";
import type { Clock, ConnectionSettings, HuaweiPort, JiraPort, Lane, Log, TextPort } from "./ports.ts";
import { fileLine, messageHeader } from "./render.ts";
import type { LinkSnapshot, StatePort } from "./state.ts";

/** What looking at a link needs. */
export type InspectDeps = {
  readonly huawei: HuaweiPort;
  readonly jira: JiraPort;
  readonly text: TextPort;
  readonly state: StatePort;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ConnectionSettings;
  readonly lane: Lane;
  /** Changes younger than this are pending, not drift: two rounds. */
  readonly pendingMs: number;
};

/** One difference. `pending`: too young to count, or waiting for its moment. */
export type Difference = {
  readonly item: string;
  readonly what: string;
  readonly direction: "to-jira" | "to-huawei" | "state";
  readonly pending: boolean;
};

/** One write that would be made. `text`: what it says, after the guard, where it says something. */
export type Write = Difference & { readonly text: string | null };

type Snapshot = LinkSnapshot;

/**
 * The writes of an action, which mends `difference`, as things stand: what a service refuses meanwhile cannot be known. Reads the limits of files at most; makes no
 * write. Throws `ServiceError`.
 */
export async function listWrites(
  deps: InspectDeps,
  snapshot: Snapshot,
  action: Action,
  difference: Difference,
): Promise<readonly Write[]> {
  const single: Write = { ...difference, text: textOf(action) };
  switch (action.kind) {
    case "carry_issue_files":
      return action.files.map((file) => attach(single, file));
    case "post_message":
      return listComments(deps, snapshot, action, single);
    case "send_comment":
      return listMessages(deps, snapshot, action, single);
    case "send_file":
      return listOwnFile(deps, action.file, single);
    case "mark_withdrawn":
      return action.mirrors.map(() => ({ ...single, what: "mark a withdrawn message" }));
    default:
      return [single];
  }
}

function textOf(action: Action): string | null {
  return action.kind === "notice" || action.kind === "tell_change" ? action.text : null;
}

function attach(like: Write, file: CaseFile): Write {
  return { ...like, item: `file ${file.fileId}`, what: "attach the file", text: null };
}

function listComments(
  deps: InspectDeps,
  snapshot: Snapshot,
  action: Extract<Action, { kind: "post_message" }>,
  single: Write,
): Write[] {
  const { message } = action.message;
  const lines = message.files.map(
    (file) => knownFile({ snapshot }, file)?.line ?? fileLine(file.name, { attachmentId: "0" }),
  );
  const parts = deps.text.messageToAdf({
    header: messageHeader(message, deps.settings.huawei.timeZone),
    text: message.content,
    footer: lines,
  });
  return [
    ...message.files.filter((file) => knownFile({ snapshot }, file) === null).map((file) => attach(single, file)),
    ...parts.map((part, index) => ({
      ...single,
      what: parts.length === 1 ? single.what : `${single.what}, part ${index + 1} of ${parts.length}`,
      text: deps.text.adfToText(part),
    })),
  ];
}

async function listMessages(
  deps: InspectDeps,
  snapshot: Snapshot,
  action: Extract<Action, { kind: "send_comment" }>,
  single: Write,
): Promise<Write[]> {
  const { sent, refused, countMax } = await sortFiles(deps, action.files);
  const lines = refused.map(({ file, reason }) =>
    fileLine(file.name, { reason, sizeBytes: file.sizeBytes, from: "jira" }),
  );
  const preview = previewComment(deps, { snapshot }, action, lines);
  const fullText: Write[] =
    preview.fullTextName === null ? [] : [{ ...single, what: "upload the full text as a file", text: null }];
  const uploads = [...fullText, ...sent.map((file) => upload(single, file))];
  const notices = [...refusedStep(refused, action.comment.commentId).notices, ...preview.notices];
  const count = preview.parts.length;
  return [
    ...uploads,
    ...notices.map((notice) => writeNotice(single, notice)),
    ...preview.parts.map((text, index) => ({
      ...single,
      what: count === 1 ? single.what : `${single.what}, part ${index + 1} of ${count}`,
      text,
    })),
    ...uploads.slice(countMax).map((file) => ({ ...file, what: "send the file in a message of its own" })),
  ];
}

async function listOwnFile(deps: InspectDeps, file: IssueFile, single: Write): Promise<Write[]> {
  const { refused } = await sortFiles(deps, [file]);
  const notices = refusedStep(refused, "issue").notices;
  return refused.length > 0 ? notices.map((notice) => writeNotice(single, notice)) : [upload(single, file), single];
}

type SortedFiles = {
  readonly sent: readonly IssueFile[];
  readonly refused: readonly { readonly file: IssueFile; readonly reason: string }[];
  readonly countMax: number;
};

async function sortFiles(deps: InspectDeps, files: readonly IssueFile[]): Promise<SortedFiles> {
  if (files.length === 0) return { sent: [], refused: [], countMax: Number.POSITIVE_INFINITY };
  const limits = await deps.huawei.getFileLimits(deps.lane);
  const sent: IssueFile[] = [];
  const refused: { file: IssueFile; reason: string }[] = [];
  for (const file of files) {
    const refusal = limitRefusal({ name: safeFileName(file.name), sizeBytes: file.sizeBytes }, limits);
    if (refusal === null) sent.push(file);
    else refused.push({ file, reason: toReason(refusal) });
  }
  return { sent, refused, countMax: Math.max(1, limits.countMax) };
}

function upload(like: Write, file: IssueFile): Write {
  return { ...like, item: `file ${file.attachmentId}`, what: "upload the file", text: null };
}

function writeNotice(like: Write, notice: Notice): Write {
  return { ...like, item: "notice", what: "write a notice", direction: "to-jira", text: notice.text };
}
