/**
 * Everything about each kind of action has one place here: who performs it, what it is filed under, how people read it, when what it
 * mirrors arose, whether its copy may be there already, and how its failure is taken. A kind without an entry does not compile.
 */

import type { CommentId } from "../../domain/ids.ts";
import { itemKey, singleItems } from "../../domain/rows/item-key.ts";
import type { Side } from "../../domain/service-error.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import type { Action } from "../plan/action.ts";
import type { Remember } from "../plan/remember.ts";
import { statusTarget } from "../plan/status.ts";
import type { HuaweiPort } from "../ports.ts";
import type { LeasedLink } from "../state.ts";
import { actOnCase, askReopen } from "./actions.ts";
import { carryFiles, carryLateFile } from "./case-files.ts";
import { tellChange } from "./changes.ts";
import { runCommand } from "./commands.ts";
import { sendComment } from "./comments.ts";
import { releaseGuarded } from "./guarded.ts";
import { changeLabels, completeIssue, createIssue, dropRequestLabels, stampIssue } from "./issue.ts";
import { sendOwnFile } from "./issue-files.ts";
import { markWithdrawn, postMessage, postRest } from "./messages.ts";
import { postNotice, resumeNotice } from "./notices.ts";
import { resumeMessage } from "./parts.ts";
import { linkIssues } from "./relations.ts";
import { moveIssue } from "./status.ts";
import { removeDuplicate, withdrawComment } from "./take-back.ts";
import type { ApplyDeps } from "./write-once.ts";

/**
 * When what an action mirrors arose: at a moment by the clock of `by`; `now`, with this run; or `before`, it waited for us or only
 * restores what was there.
 */
export type Arose = { readonly at: Date; readonly by: Side } | "now" | "before";

/**
 * What a failure stops. `direction`: all that follows in its direction. `nothing`: the action only adds to the mirror, so it is left out
 * (rule 9). `until_form_fits`: a case whose issue Jira refuses waits until the configuration or the project is mended.
 */
export type Stops = "direction" | "nothing" | "until_form_fits";

/** What the words of an action depend on. */
export type WordsContext = {
  readonly settings: ConnectionSettings;
  readonly huawei: Pick<HuaweiPort, "capabilities">;
};

type Entry<A> = {
  /** Answers how many remote writes it made. Throws `ServiceError`, `Unsettled`, `LeaseLost`, and what the gate throws. */
  readonly perform: (deps: ApplyDeps, leased: LeasedLink, action: A) => Promise<number>;
  /** What its failure is filed under. */
  readonly item: (action: A) => string;
  /** The write in one line, for people and without contents. */
  readonly words: (action: A, context: WordsContext) => string;
  readonly arose: (action: A) => Arose;
  /** A copy may be there that we do not remember: the marks of both sides are read before (rule 2). */
  readonly mayExist: boolean;
  /** The issue's `updated` moves by it, and nothing with a time of its own shows why. */
  readonly changesIssue: boolean;
  readonly stops: Stops;
};

/** One entry for each kind of the actions `A`. */
export type ActionTable<A extends { readonly kind: string }> = {
  readonly [K in A["kind"]]: Entry<Extract<A, { readonly kind: K }>>;
};

/** Most kinds mirror what is new, create something in Jira, and hold back what follows. */
const usual = {
  arose: (): Arose => "now",
  mayExist: false,
  changesIssue: false,
  stops: "direction",
} as const;

/** The table of all kinds. */
export const actionTable: ActionTable<Action> = {
  remember: {
    ...usual,
    perform: performRemember,
    item: ({ what, step }) => step.failures?.[0]?.item ?? what,
    words: ({ what }) => what.replaceAll("_", " "),
  },
  create_issue: {
    ...usual,
    perform: createIssue,
    item: () => "create_issue",
    words: (_, { settings }) => `create an issue in ${settings.jira.projectKey}`,
    arose: () => "before",
    stops: "until_form_fits",
  },
  stamp_issue: {
    ...usual,
    perform: stampIssue,
    item: () => "stamp_issue",
    words: () => "complete the issue property",
    arose: () => "before",
    stops: "nothing",
  },
  carry_issue_files: {
    ...usual,
    perform: (deps, leased, { files, parentId }) =>
      carryFiles(deps, leased, files, parentId).then((carried) => carried.writes),
    item: () => "carry_issue_files",
    words: ({ files }) => `attach ${files.length} file(s) of the description`,
    arose: () => "before",
    mayExist: true,
  },
  carry_late_file: {
    ...usual,
    perform: carryLateFile,
    item: ({ file }) => itemKey("file", file.fileId),
    words: () => "attach a file that could not be carried before",
    mayExist: true,
  },
  complete_issue: {
    ...usual,
    perform: completeIssue,
    item: () => "complete_issue",
    words: ({ intent }) =>
      `set by an edit what the create screen lacks: ${intent.payload.left?.join(", ") ?? "if anything"}`,
    arose: () => "before",
    changesIssue: true,
  },
  post_rest: {
    ...usual,
    perform: (deps, leased, { intent }) => postRest(deps, leased, intent),
    item: () => "post_rest",
    words: () => "write the rest of the description as comments",
    arose: () => "before",
    mayExist: true,
  },
  post_message: {
    ...usual,
    perform: postMessage,
    item: ({ message }) => itemKey("message", message.sourceId),
    words: ({ again }) => (again ? "write the comment again, its copy was removed" : "write a comment"),
    arose: ({ again, message }) => (again ? "before" : { at: message.message.createdAt, by: "huawei" }),
    mayExist: true,
  },
  mark_withdrawn: {
    ...usual,
    perform: markWithdrawn,
    item: () => "mark_withdrawn",
    words: ({ mirrors }) => `mark ${mirrors.length} withdrawn message(s)`,
  },
  remove_duplicate: {
    ...usual,
    perform: removeDuplicate,
    item: ({ item }) => item,
    words: () => "remove a second copy of ours",
  },
  notice: {
    ...usual,
    perform: (deps, leased, { cause, text }) => postNotice(deps, leased, cause, text),
    item: ({ cause }) => itemKey("notice", cause),
    words: () => "write a notice",
    mayExist: true,
  },
  resume_notice: {
    ...usual,
    perform: (deps, leased, { intent }) => resumeNotice(deps, leased, intent),
    item: ({ intent }) => intent.key,
    words: () => "write a notice",
    mayExist: true,
  },
  change_labels: {
    ...usual,
    perform: changeLabels,
    item: () => "change_labels",
    words: ({ add, remove }) => `labels: add ${add.join(", ") || "none"}; remove ${remove.join(", ") || "none"}`,
    changesIssue: true,
    stops: "nothing",
  },
  drop_request_labels: {
    ...usual,
    perform: dropRequestLabels,
    item: () => "drop_request_labels",
    words: ({ labels }) => `labels: remove ${labels.join(", ")}`,
    changesIssue: true,
    stops: "nothing",
  },
  link_issues: {
    ...usual,
    perform: linkIssues,
    item: () => "link_issues",
    words: ({ caseId }) => `link the issue of the related case ${caseId}`,
    changesIssue: true,
    stops: "nothing",
  },
  move_issue: {
    ...usual,
    perform: moveIssue,
    item: () => singleItems.status,
    words: ({ caseStatus }, { settings }) => {
      const target = statusTarget(settings, caseStatus);
      return `move the issue to ${"statusId" in target ? `status ${target.statusId}` : target.category}`;
    },
    changesIssue: true,
  },
  send_comment: {
    ...usual,
    perform: sendComment,
    item: ({ comment }) => itemKey("comment", comment.commentId),
    words: ({ version }) => (version === 1 ? "send a message" : `send version ${version} of a message`),
    arose: ({ comment }) => ({ at: comment.updatedAt, by: "jira" }),
    mayExist: true,
  },
  withdraw_comment: {
    ...usual,
    perform: withdrawComment,
    item: ({ mirror }) => itemKey("comment", mirror.sourceId),
    words: (_, { huawei }) =>
      huawei.capabilities.has("withdraw") ? "withdraw the message" : "send a message marked as withdrawn",
    mayExist: true,
  },
  send_file: {
    ...usual,
    perform: sendOwnFile,
    item: ({ file }) => itemKey("file", file.attachmentId),
    words: () => "send the file in a message of its own",
    mayExist: true,
  },
  resume_message: {
    ...usual,
    perform: (deps, leased, { intent }) => resumeMessage(deps, leased, intent),
    item: ({ intent }) => intent.key,
    words: () => "send a message that was decided before",
    mayExist: true,
  },
  tell_change: {
    ...usual,
    perform: tellChange,
    item: () => "tell_change",
    words: () => "tell the case what was changed on the issue",
    arose: ({ issue }) => ({ at: new Date(issue.updatedRaw), by: "jira" }),
    mayExist: true,
  },
  run_command: {
    ...usual,
    perform: runCommand,
    item: ({ comment }) => itemKey("comment", comment.commentId),
    words: ({ command }) => `carry out /${command.name}`,
    mayExist: true,
  },
  release_guarded: {
    ...usual,
    perform: releaseGuarded,
    item: ({ comment }) => itemKey("comment", comment.commentId),
    words: () => "carry out /release",
    mayExist: true,
  },
  act_on_case: {
    ...usual,
    perform: actOnCase,
    item: () => "act_on_case",
    words: ({ action }) => `${action} the case`,
    arose: ({ movedMs }) => ({ at: new Date(movedMs), by: "jira" }),
    mayExist: true,
  },
  ask_reopen: {
    ...usual,
    perform: askReopen,
    item: () => "ask_reopen",
    words: () => "ask to take the case up again",
    mayExist: true,
  },
};

/** An action with what the table says of its kind. */
export type Described = {
  readonly item: string;
  readonly arose: Arose;
  readonly words: (context: WordsContext) => string;
  readonly perform: (deps: ApplyDeps, leased: LeasedLink) => Promise<number>;
} & Pick<Entry<Action>, "mayExist" | "changesIssue" | "stops">;

/** What the table says of an action. Pure; `perform` is not, and may be repeated. */
export function describe<K extends Action["kind"]>(
  action: Extract<Action, { readonly kind: K }> & { readonly kind: K },
): Described {
  const entry: ActionTable<Action>[K] = actionTable[action.kind];
  const { mayExist, changesIssue, stops } = entry;
  return {
    item: entry.item(action),
    arose: entry.arose(action),
    words: (context) => entry.words(action, context),
    perform: (deps, leased) => entry.perform(deps, leased, action),
    mayExist,
    changesIssue,
    stops,
  };
}

/** The comments that an action sends, with those that they reply to. Pure. */
export function commentsSentBy(action: Action): CommentId[] {
  if (action.kind !== "send_comment") return [];
  const { commentId, parentId } = action.comment;
  return parentId === null ? [commentId] : [commentId, parentId];
}

async function performRemember(deps: ApplyDeps, leased: LeasedLink, { step, what }: Remember): Promise<number> {
  await leased.apply(step);
  for (const { kind, state, reason } of step.mirrors ?? []) {
    if (kind === "comment" && state === "held" && typeof reason === "string")
      deps.onDisclosure?.({ kind: "held", reason });
  }
  deps.log.debug({ linkId: leased.snapshot.link.id, what }, "Remembered");
  return 0;
}
