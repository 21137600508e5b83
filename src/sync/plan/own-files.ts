/**
 * Jira → Huawei: files that go in messages of their own, since no comment carries them.
 */

import type { Issue, IssueComment, IssueFile } from "../../domain/issue.ts";
import type { Intent } from "../../domain/rows/intent.ts";
import { isItemOf, itemKey } from "../../domain/rows/item-key.ts";
import type { Mirror } from "../../domain/rows/mirror.ts";
import { guardFileName } from "../../domain/text/guarded-names.ts";
import { mayHavePassed } from "../file-refusal.ts";
import { type Action, isReleased, type PlanInput, type Recheck } from "./action.ts";
import { isNamedBy, isNamedIn, namesInRestricted, wasNamedInRestricted } from "./disclosure.ts";
import { guardRows, type Kept, planGuard, type Said } from "./guard-hold.ts";
import { canceled } from "./remember.ts";
import { commentBar, issueBar } from "./restriction.ts";

/** What a plan of comments and files gathers besides its actions: moments to look again, and what waits. */
export type Until = { readonly recheck: Recheck; readonly kept: Kept };

/**
 * Files that no comment carried, nor carries in this plan (`leaving`): under policy `all` those of people, save those of comments that
 * the guard keeps (`kept`), which go along with these; else those that a comment names that was sent itself, since a file can come after
 * it, and those that the description names where it was sent, which is so for a case made from an issue. Also files that were refused
 * before.
 */
export function planOwnFiles(
  input: PlanInput,
  { issue, comments }: { readonly issue: Issue; readonly comments: readonly IssueComment[] },
  going: { readonly leaving: ReadonlySet<string>; readonly kept: ReadonlySet<string> },
  { recheck, kept }: Until,
): Action[] {
  const { settings } = input;
  if (settings.attachments.toHuawei === "none" || issueBar(issue, settings) !== null) {
    return input.intents
      .filter((intent) => intent.state === "planned" && isFileMessage(intent))
      .map((intent) => canceled(input, [intent.key], null));
  }
  // `all` is refused for service projects: their files may belong to internal comments.
  const all = settings.attachments.toHuawei === "all" && issue.projectTypeKey !== "service_desk";
  const known = new Map(
    input.mirrors
      .filter((mirror) => mirror.kind === "file")
      .filter((mirror) => mirror.state !== "held")
      .map((mirror) => [mirror.origin === "jira" ? mirror.sourceId : (mirror.copyId ?? ""), mirror] as const),
  );
  const barredNames = namesInRestricted(input, issue, comments);
  const present = new Set<string>(issue.files.map((file) => file.attachmentId));
  const actions: Action[] = input.intents
    .filter((intent) => intent.state === "planned" && isFileMessage(intent) && !present.has(intent.attachmentId))
    .map((intent) => canceled(input, [intent.key], null));
  for (const file of issue.files) {
    if (going.leaving.has(file.attachmentId) || file.authorId === input.ownAccountId) continue;
    const open = openFileMessage(input, file.attachmentId);
    if (isNamedIn(barredNames, file) || wasNamedInRestricted(input.mirrors, issue, comments, file)) {
      if (open?.state === "planned") actions.push(canceled(input, [open.key], null));
      continue;
    }
    if (open !== undefined) {
      if (open.state !== "sent") actions.push({ kind: "send_file", direction: "to-huawei", file, asIs: false });
      continue;
    }
    const mirror = known.get(file.attachmentId);
    if (mirror !== undefined) {
      if (isRetriedFile(input, mirror)) actions.push(...planFile(input, file, kept, { late: true }));
      continue;
    }
    const isAlone = all && file.createdAt >= input.link.outgoingSince && !going.kept.has(file.attachmentId);
    if (!isAlone && !isNamedBySent(input, issue, comments, file)) continue;
    // Lists lag: a restricted comment that names the file may not show yet, so it is the reading that must be so much later.
    const restSeconds = Math.max(settings.comments.holdSeconds, settings.settle.listSeconds);
    const leavesAt = new Date(file.createdAt.getTime() - input.aheadMs.jira + restSeconds * 1000);
    if (leavesAt > (input.observed.issueReadAt ?? input.now)) {
      recheck.note(leavesAt);
      keepFiles(input, kept);
      break;
    }
    actions.push(...planFile(input, file, kept));
  }
  return actions;
}

/** This plan does not look at every file: what is known of their names stays. */
export function keepFiles({ mirrors }: Pick<PlanInput, "mirrors">, kept: Kept): void {
  for (const { item } of guardRows(mirrors)) if (isItemOf("file", item)) kept.keep(item);
}

/** A file that goes in a message of its own, unless its name waits for a person's word. */
function planFile(
  input: PlanInput,
  file: IssueFile,
  kept: Kept,
  late: { readonly late?: true } = {},
): readonly Action[] {
  const shown = guardFileName(file.name, { ...input.settings.guard, mode: "mask" }).text;
  const said: Said = {
    item: itemKey("file", file.attachmentId),
    texts: [],
    files: [file.name],
    at: file.createdAt,
    what: (t) => t.guard.file(shown, file.attachmentId),
  };
  const guarded = planGuard(input, said, kept);
  if ("actions" in guarded) return guarded.actions;
  return [{ kind: "send_file", direction: "to-huawei", file, ...late, asIs: guarded.asIs }];
}

/** The message of a file that travels alone, while it is not confirmed. */
function openFileMessage(input: PlanInput, attachmentId: string): Intent | undefined {
  return input.intents.find((intent) => isFileMessage(intent) && intent.attachmentId === attachmentId);
}

/** A message with a file alone that goes along with no comment. */
function isFileMessage(intent: Intent): intent is Intent<"own_file"> {
  return intent.kind === "own_file" && intent.payload.owner?.kind === "file";
}

/** Whether a text that was sent itself, and may still be seen there, names the file. */
function isNamedBySent(input: PlanInput, issue: Issue, comments: readonly IssueComment[], file: IssueFile): boolean {
  if (
    input.link.origin === "jira" &&
    issue.description !== null &&
    isNamedBy(input, issue.description, file, issue.files)
  )
    return true;
  if (file.createdAt < input.link.outgoingSince) return false;
  const live = new Set(
    input.mirrors.flatMap(({ kind, state, sourceId }) => (kind === "comment" && state === "live" ? [sourceId] : [])),
  );
  return comments.some(
    (comment) =>
      live.has(comment.commentId) &&
      commentBar({ ...input, comment, comments, issue }) === null &&
      isNamedBy(input, comment.body, file, issue.files),
  );
}

/** A refused file is tried again when somebody asks, or at a full check when what stood in its way may have passed. */
export function isRetriedFile(input: PlanInput, mirror: Mirror): boolean {
  if (mirror.kind !== "file" || mirror.state !== "placeholder") return false;
  if (isReleased(input, itemKey("file", mirror.sourceId))) return true;
  return input.observed.full && mayHavePassed(mirror, input.now, input.settings.huawei.timeZone);
}
