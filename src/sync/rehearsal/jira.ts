/**
 * A Jira that is read but not written. What is written to it is noted, and shows in what is read afterwards, so that a flow goes on as if
 * it had been written.
 *
 * What only the service could tell is assumed, for the better: every write is taken. `Assumed:` a new issue stands in the first status of
 * category `new`, and each other status can be reached from there; only an issue that exists tells its transitions (`doctor` reads them).
 */
import { type AttachmentId, type CommentId, type IssueId, type IssueKey, toId } from "../../domain/ids.ts";
import type { Issue, IssueComment, Transition } from "../../domain/issue.ts";
import { parseCause, parseCopyName } from "../../domain/rows/notice-cause.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import type { Clock, JiraPort, NewIssue, TextPort } from "../ports.ts";
import { withdrawnHash } from "../recognise/recognise.ts";
import { type JiraMemory, makeJiraMemory, type NewIssueStatus } from "./jira-memory.ts";
import { makeId, type NoteWrite, passOn, type Write } from "./write.ts";

/** What the rehearsal of a Jira needs besides the Jira itself. */
export type JiraRehearsal = {
  readonly clock: Clock;
  readonly settings: Pick<ConnectionSettings, "jira">;
  readonly text: Pick<TextPort, "adfToText">;
  readonly note: NoteWrite;
  /** Statuses of the configured issue type; read only where an issue is made. Throws `ServiceError`. */
  readonly listStatuses: () => Promise<readonly NewIssueStatus[]>;
};

/** Keys of issues that a rehearsal makes, which have none yet. */
const firstNumber = 900_000_000;

/** What writing works with. */
type Writing = JiraRehearsal & {
  readonly base: JiraPort;
  readonly memory: JiraMemory;
  readonly transitions: ReadonlyMap<string, Transition>;
  /** A number that no item had before. */
  readonly nextNumber: () => number;
  readonly write: (written: Pick<Write, "operation" | "target" | "item" | "what"> & { readonly text?: string }) => void;
};

/** Makes the rehearsal of one Jira. Reads go to `base`; nothing is written there. */
export function rehearseJira(base: JiraPort, deps: JiraRehearsal): JiraPort {
  const memory = makeJiraMemory(base, deps.clock);
  const transitions = new Map<string, Transition>();
  let sequence = 0;
  const writing: Writing = {
    ...deps,
    base,
    memory,
    transitions,
    nextNumber() {
      sequence += 1;
      return sequence;
    },
    write: (written) => deps.note({ text: null, ...written, direction: "to-jira" }),
  };
  return {
    ...passOn(base, [
      "serviceClock",
      "getOwnAccountId",
      "isProjectReadable",
      "getFieldTexts",
      "listLeftFields",
      "listUnlabelled",
      "findLastMoves",
      "getFileSizeMax",
      "downloadFile",
      "findRoleMembers",
    ]),
    ...readIssues(base, memory, transitions),
    ...writeIssues(writing),
    ...writeComments(writing),
  };
}

type Readings = Pick<
  JiraPort,
  | "listUpdatedIssues"
  | "findIssuesByLabels"
  | "listStampedIssues"
  | "listIssuesByJql"
  | "listIssues"
  | "findIssue"
  | "findIssueByJql"
  | "findIssueWithComments"
  | "listComments"
  | "listCommentsByIds"
  | "findComment"
  | "listChanges"
  | "listTransitions"
>;

function readIssues(base: JiraPort, memory: JiraMemory, transitions: Map<string, Transition>): Readings {
  const { changesOf, shown, isThere, showAll, madeIssue, findIssue, commentsNow, listComments } = memory;
  return {
    listUpdatedIssues: async (minutes, lane) => showAll(await base.listUpdatedIssues(minutes, lane)),
    findIssuesByLabels: async (labels, lane) => showAll(await base.findIssuesByLabels(labels, lane)),
    listStampedIssues: async (scope, lane) => showAll(await base.listStampedIssues(scope, lane)),
    listIssuesByJql: async (jql, lane) => showAll(await base.listIssuesByJql(jql, lane)),
    listIssues: async (issueIds, lane) => {
      const made = issueIds.flatMap((issueId) => madeIssue(issueId) ?? []);
      const others = issueIds.filter((issueId) => madeIssue(issueId) === null);
      return showAll([...made, ...(others.length === 0 ? [] : await base.listIssues(others, lane))]);
    },
    findIssue,
    // Whether an issue that was changed here still matches, nobody can say; what was made here matches nothing.
    findIssueByJql: async (issueId, jql, lane) => {
      const issue = madeIssue(issueId) === null ? await base.findIssueByJql(issueId, jql, lane) : null;
      return issue === null || !isThere(issue) ? null : shown(issue);
    },
    findIssueWithComments: async (issueId, known, lane) => {
      const made = madeIssue(issueId);
      const read =
        made === null
          ? await base.findIssueWithComments(issueId, known, lane)
          : { issue: made, comments: [], changes: [] };
      if (read === null || !isThere(read.issue)) return null;
      return { ...read, issue: shown(read.issue), comments: commentsNow(issueId, read.comments) };
    },
    listComments,
    listCommentsByIds: async (issueId, commentIds, lane) => {
      if (!memory.isChanged(issueId)) return base.listCommentsByIds(issueId, commentIds, lane);
      return (await listComments(issueId, lane)).filter(({ commentId }) => commentIds.includes(commentId));
    },
    findComment: async (issueId, commentId, lane) => {
      if (!memory.isChanged(issueId)) return base.findComment(issueId, commentId, lane);
      const read = madeIssue(issueId) === null ? await base.findComment(issueId, commentId, lane) : null;
      const now = commentsNow(issueId, read === null ? [] : [read]);
      return now.find((comment) => comment.commentId === commentId) ?? null;
    },
    listChanges: async (issueId, lane) => (madeIssue(issueId) === null ? base.listChanges(issueId, lane) : []),
    listTransitions: async (issueId, lane) => {
      const { category, statusId } = (await findIssue(issueId, lane)) ?? { category: null, statusId: null };
      const listed =
        madeIssue(issueId) === null
          ? await base.listTransitions(issueId, lane)
          : changesOf(issueId)
              .statuses.filter(({ id }) => category !== null && id !== statusId)
              .map(toTransition);
      for (const transition of listed) transitions.set(`${issueId} ${transition.transitionId}`, transition);
      return listed;
    },
  };
}

type IssueWrites = Pick<
  JiraPort,
  | "createIssue"
  | "completeIssue"
  | "changeLabels"
  | "setIssueStamp"
  | "setIssueStamps"
  | "transitionIssue"
  | "linkIssues"
  | "deleteIssue"
>;

function writeIssues(writing: Writing): IssueWrites {
  const { base, text, memory, transitions, nextNumber, write } = writing;
  const { now, changesOf, changeIssue } = memory;
  return {
    createIssue: async (input, lane) => {
      const left = await base.listLeftFields(input, lane);
      const number = nextNumber();
      const issueId = toId<IssueId>(makeId(number));
      const issueKey = toId<IssueKey>(`${writing.settings.jira.projectKey}-${firstNumber + number}`);
      const statuses = await writing.listStatuses();
      const first = statuses.find(({ category }) => category === "new") ?? statuses[0];
      const made: Issue = {
        issueId,
        issueKey,
        projectKey: writing.settings.jira.projectKey,
        projectTypeKey: null,
        summary: input.summary,
        description: left.includes("description") ? null : input.descriptionAdf,
        statusId: first?.id ?? "",
        statusName: first?.name ?? "",
        category: first?.category ?? "new",
        labels: left.includes("labels") ? [] : input.labels,
        priorityId: null,
        createdAt: now(),
        updatedRaw: now().toISOString(),
        securityLevelId: null,
        restriction: "none",
        reporterId: null,
        creatorId: await base.getOwnAccountId(),
        files: [],
        stamp: input.stamp,
      };
      memory.addIssue(made, statuses);
      write({
        operation: "createIssue",
        target: null,
        item: `case ${input.stamp.caseId}`,
        what: `create an issue in ${writing.settings.jira.projectKey} with labels ${input.labels.join(", ")}${formWords(input)}`,
        text: `${input.summary}\n${text.adfToText(input.descriptionAdf)}`,
      });
      return { issueId, issueKey, left };
    },
    // A rehearsal makes whole issues; what one that died in between left over, only the service can tell.
    completeIssue: async (issueId, input, left) => {
      const isLeft = (id: string): boolean => left?.includes(id) === true;
      if (left === null || left.length === 0) return { edited: false, unset: [] };
      changeIssue(issueId, (issue) => ({
        ...issue,
        description: isLeft("description") ? input.descriptionAdf : issue.description,
        labels: isLeft("labels") ? [...new Set([...issue.labels, ...input.labels])] : issue.labels,
      }));
      const what = `set by an edit what the create screen lacks: ${left.join(", ")}`;
      write({ operation: "completeIssue", target: issueId, item: "fields", what });
      return { edited: true, unset: [] };
    },
    changeLabels: async (issueId, { add, remove }) => {
      changeIssue(issueId, (issue) => ({
        ...issue,
        labels: [...new Set([...issue.labels.filter((label) => !remove.includes(label)), ...add])],
      }));
      write({
        operation: "changeLabels",
        target: issueId,
        item: "labels",
        what: `labels: add ${add.join(", ") || "none"}; remove ${remove.join(", ") || "none"}`,
      });
    },
    setIssueStamp: async (issueId, stamp) => {
      changeIssue(issueId, (issue) => ({ ...issue, stamp }));
      write({ operation: "setIssueStamp", target: issueId, item: "property", what: "complete the issue property" });
    },
    setIssueStamps: async (marks) => {
      for (const { issueId, stamp } of marks) changeIssue(issueId, (issue) => ({ ...issue, stamp }));
      const what = `complete the issue property of ${marks.length} issues`;
      write({ operation: "setIssueStamps", target: null, item: "properties", what });
      return marks.map(({ issueId }) => issueId);
    },
    transitionIssue: async (issueId, transitionId, fields) => {
      const to = transitions.get(`${issueId} ${transitionId}`);
      if (to !== undefined)
        changeIssue(issueId, (issue) => ({
          ...issue,
          statusId: to.toStatusId,
          statusName: to.toStatusName,
          category: to.toCategory,
        }));
      const name = to?.toStatusName ?? transitionId;
      const what = `move the issue to ${name}${formWords({ fields })}`;
      write({ operation: "transitionIssue", target: issueId, item: "status", what });
    },
    linkIssues: async (issueId, otherId) => {
      changeIssue(issueId, (issue) => ({ ...issue, linkedIssueIds: [...(issue.linkedIssueIds ?? []), otherId] }));
      write({
        operation: "linkIssues",
        target: issueId,
        item: `issue ${otherId}`,
        what: "link the issue of a related case",
      });
      return "linked";
    },
    deleteIssue: async (issueId) => {
      changesOf(issueId).deleted = true;
      write({ operation: "deleteIssue", target: issueId, item: "issue", what: "delete a second issue of ours" });
    },
  };
}

type CommentWrites = Pick<JiraPort, "createComment" | "updateComment" | "deleteComment" | "uploadFile" | "deleteFile">;

function writeComments({ base, text, memory, nextNumber, write }: Writing): CommentWrites {
  const { now, changeIssue, changeComments } = memory;
  return {
    createComment: async (issueId, { bodyAdf, stamp }) => {
      const commentId = toId<CommentId>(makeId(nextNumber()));
      const comment: IssueComment = {
        commentId,
        authorId: await base.getOwnAccountId(),
        authorName: "casebridge",
        authorType: "atlassian",
        parentId: null,
        body: bodyAdf,
        createdAt: now(),
        updatedAt: now(),
        restricted: false,
        jsdPublic: null,
        stamp,
      };
      changeComments(issueId, (comments) => [...comments, comment]);
      const words = commentWords(stamp.fingerprint ?? "", stamp.messageId ?? null);
      write({ operation: "createComment", target: issueId, ...words, text: text.adfToText(bodyAdf) });
      return commentId;
    },
    updateComment: async (issueId, commentId, { bodyAdf, stamp }) => {
      const updatedAt = now();
      changeComments(issueId, (comments) =>
        comments.map((comment) =>
          comment.commentId === commentId ? { ...comment, body: bodyAdf, stamp, updatedAt } : comment,
        ),
      );
      write({
        operation: "updateComment",
        target: issueId,
        item: `comment ${commentId}`,
        what: stamp.srcHash === withdrawnHash ? "mark a withdrawn message" : "write a comment of ours anew",
        text: text.adfToText(bodyAdf),
      });
    },
    deleteComment: async (issueId, commentId) => {
      changeComments(issueId, (comments) => comments.filter((comment) => comment.commentId !== commentId));
      write({
        operation: "deleteComment",
        target: issueId,
        item: `comment ${commentId}`,
        what: "delete a second copy of ours",
      });
    },
    uploadFile: async (issueId, { file, name }) => {
      const uploaded = {
        attachmentId: toId<AttachmentId>(makeId(nextNumber())),
        name,
        sizeBytes: file.sizeBytes,
        authorId: await base.getOwnAccountId(),
        createdAt: now(),
      };
      changeIssue(issueId, (issue) => ({ ...issue, files: [...issue.files, uploaded] }));
      write({ operation: "uploadFile", target: issueId, item: `file ${name}`, what: "attach the file" });
      return uploaded;
    },
    deleteFile: async (attachmentId) => {
      memory.deleteFile(attachmentId);
      write({
        operation: "deleteFile",
        target: null,
        item: `file ${attachmentId}`,
        what: "delete a second copy of ours",
      });
    },
  };
}

function toTransition({ id, name, category }: NewIssueStatus): Transition {
  return {
    transitionId: id,
    name,
    toStatusId: id,
    toStatusName: name,
    toCategory: category,
    requiredFields: [],
  };
}

/** The fields that the configuration gives, with their values. */
function formWords({ requestType = null, fields = {} }: Pick<NewIssue, "requestType" | "fields">): string {
  const type = requestType === null ? [] : [`request type ${requestType}`];
  const values = Object.entries(fields).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  const words = [...type, ...values];
  return words.length === 0 ? "" : `; ${words.join(", ")}`;
}

function commentWords(fingerprint: string, messageId: string | null): Pick<Write, "item" | "what"> {
  const read = parseCopyName(fingerprint);
  if (read.kind === "notice") {
    const cause = parseCause(read.cause);
    return cause.kind === "description"
      ? { item: "description", what: `write part ${cause.n} of the description as a comment` }
      : { item: "notice", what: "write a notice" };
  }
  return { item: `message ${messageId ?? fingerprint}`, what: "write a comment" };
}
