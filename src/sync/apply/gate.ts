/**
 * The one gate for what leaves Jira (rule 5).
 *
 * The trap: between the reading that a plan was made from and the moment in which a request really goes out lie uploads, looks at other
 * items and, above all, the wait for the budget: half a minute was seen. What was restricted meanwhile had left by then, and what has
 * left cannot be taken back. So everything that carries something from Jira is handed to the Huawei port sealed, and the transport
 * opens the seal only once the request's turn has come, for each attempt anew. Opening judges readings of the issue and of the comment
 * that are at most two seconds old; older ones are made again first.
 *
 * The cost: readings are shared by all that one run sends, and the comments that a run is about to send are read together by their ids.
 * So twenty comments cost one reading of the issue in two seconds, not one each, and a single comment that leaves at once costs none
 * besides the comment itself.
 *
 * Readings are made in the lane of live work whatever the run's own: the permit that waits for them is already spent.
 */

import { commentHashes, type RememberedHashes, saysSame } from "../../domain/identity.ts";
import type { AttachmentId, CommentId, IssueId } from "../../domain/ids.ts";
import type { Issue, IssueComment } from "../../domain/issue.ts";
import { isIgnored } from "../../domain/labels.ts";
import { isServiceError, type ServiceError } from "../../domain/service-error.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import { Sealed } from "../../lib/sealed.ts";
import { isNamedIn, namesInRestricted } from "../plan/disclosure.ts";
import { commentBar, issueBar } from "../plan/restriction.ts";
import type { Clock, JiraPort, TextPort } from "../ports.ts";

/** A reading is judged by for so long; the way to the service takes the rest of the two seconds. */
const readingMaxMs = 1_900;
/** From the reading to the first byte that leaves (rule 5). */
const leavesWithinMs = 2_000;
/** A Jira that answers this slowly, so many times in a row, cannot be judged by now. */
const readingsMax = 3;
/** Comments read together; what a run sends in two seconds is far less. */
const commentsMax = 50;

/** What a write carries from Jira. */
export type Subject =
  /** Something that the issue itself says. `isStill`: whether the issue of that moment still says it. */
  | {
      readonly kind: "issue";
      readonly issueId: IssueId;
      readonly files?: readonly AttachmentId[];
      readonly isStill?: (issue: Issue) => boolean;
    }
  /** What a comment says. The hashes: the comment as it was rendered; an edited one stays. */
  | (RememberedHashes & {
      readonly kind: "comment";
      readonly issueId: IssueId;
      readonly commentId: CommentId;
      readonly files?: readonly AttachmentId[];
    })
  /**
   * A mark and words of casebridge's own, which say nothing that the case does not know: that a message is withdrawn, that the case is
   * closed. A restriction is no reason to keep them, often it is what they are about; a move to another project is.
   */
  | { readonly kind: "mark"; readonly issueId: IssueId };

/** The gate keeps something inside. `reason`: a hold of `plan/restriction.ts`, or `moved`, `gone`, `changed`, `file_restricted`, `file_gone`. */
export class Withheld extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(`kept in Jira: ${reason}`);
    this.name = "Withheld";
    this.reason = reason;
  }
}

/** Jira could not be read, so nothing can be judged, and nothing has left. */
export class Unjudged extends Error {
  override readonly cause: ServiceError | null;

  constructor(cause: ServiceError | null) {
    super(cause === null ? "Jira answers too slowly to judge by" : "Jira cannot be read to judge by");
    this.name = "Unjudged";
    this.cause = cause;
  }
}

/** The gate of one run. */
export type Gate = {
  /** Content that leaves only past the gate. Nothing is read before it is opened. */
  seal<Content>(subject: Subject, content: Content): Sealed<Content>;
  /** Judges now, before costly work. Answers the comment as it was read. Throws `Withheld` and `Unjudged`. */
  require(subject: Subject): Promise<IssueComment | null>;
  /** The issue with all its comments as they are now. Throws `Withheld` where it is gone, and `Unjudged`. */
  read(issueId: IssueId): Promise<{ readonly issue: Issue; readonly comments: readonly IssueComment[] }>;
  /** Comments that are about to be sent: they are read together. */
  expect(commentIds: readonly CommentId[]): void;
  /** A reading that began at `readAt`, by our clock, and was made anyway; `comments` is `null` where it showed none of them. */
  note(issue: Issue, comments: readonly IssueComment[] | null, readAt: Date): void;
};

/** What the gate judges with. */
export type GateDeps = {
  readonly jira: Pick<JiraPort, "findIssue" | "findComment" | "listComments" | "listCommentsByIds" | "getOwnAccountId">;
  readonly text: Pick<TextPort, "adfToText" | "mediaReferences">;
  readonly clock: Clock;
  readonly settings: Pick<ConnectionSettings, "comments" | "jira">;
};

/** Seals what carries nothing from Jira, nor of an issue: it passes without a look. */
export function sealOwn<Content>(content: Content): Sealed<Content> {
  return new Sealed(content, { judge: async () => {}, holds: () => true });
}

/** Whether the issue is of a service desk, where a comment has to tell whether it is public. */
type IsDesk = () => Promise<boolean>;

type Reading<Value> = { readonly value: Value; readonly atMs: number };

/** Makes the gate of one run. */
export function makeGate(deps: GateDeps): Gate {
  const { jira, clock, settings } = deps;
  const issues = new Map<IssueId, Reading<Issue | null>>();
  const lists = new Map<IssueId, Reading<readonly IssueComment[]>>();
  const comments = new Map<CommentId, Reading<IssueComment | null>>();
  let expected: readonly CommentId[] = [];

  const ageMs = (atMs: number): number => Math.abs(clock.now().getTime() - atMs);
  const isFresh = (reading: { readonly atMs: number } | undefined): boolean =>
    reading !== undefined && ageMs(reading.atMs) <= readingMaxMs;

  async function read<Key, Value>(
    known: Map<Key, Reading<Value>>,
    key: Key,
    call: () => Promise<Value>,
  ): Promise<Reading<Value>> {
    const before = known.get(key);
    if (before !== undefined && isFresh(before)) return before;
    const atMs = clock.now().getTime();
    const reading = { value: await asked(call), atMs };
    known.set(key, reading);
    return reading;
  }

  /** Makes sure that these comments were read lately; with them those that come next. */
  async function readComments(issueId: IssueId, wanted: readonly CommentId[], isDesk: IsDesk): Promise<void> {
    if (wanted.every((id) => isFresh(comments.get(id)))) return;
    const ids = [...new Set([...wanted, ...expected])].slice(0, Math.max(commentsMax, wanted.length));
    const atMs = clock.now().getTime();
    const found = await asked(() => commentsOf(issueId, ids, isDesk));
    for (const id of ids) {
      comments.set(id, { value: found.find((comment) => comment.commentId === id) ?? null, atMs });
    }
  }

  /** Read together; one that the list leaves out, or shows without what it is judged by, is read by itself before that counts. */
  async function commentsOf(
    issueId: IssueId,
    ids: readonly CommentId[],
    isDesk: IsDesk,
  ): Promise<readonly IssueComment[]> {
    const listed = ids.length > 1 ? await listTogether(issueId, ids) : [];
    const read: IssueComment[] = [];
    for (const id of ids) {
      const entry = listed.find(({ commentId }) => commentId === id);
      const tells =
        entry !== undefined && entry.authorType !== "unknown" && (entry.jsdPublic !== null || !(await isDesk()));
      const comment = tells ? entry : await jira.findComment(issueId, id, "live");
      if (comment !== null) read.push(comment);
    }
    return read;
  }

  async function listTogether(issueId: IssueId, ids: readonly CommentId[]): Promise<readonly IssueComment[]> {
    try {
      return await jira.listCommentsByIds(issueId, ids, "live");
    } catch (error) {
      // What only saves requests must not stop anything (rule 9).
      if (!isServiceError(error, "rejected", "forbidden", "not_found", "contract")) throw error;
      return [];
    }
  }

  /** The comment with those above it, each read by its id; `null` where the comment itself is gone. */
  async function thread(
    issueId: IssueId,
    commentId: CommentId,
    isDesk: IsDesk,
  ): Promise<readonly IssueComment[] | null> {
    const found: IssueComment[] = [];
    for (let id: CommentId | null = commentId; id !== null; ) {
      await readComments(issueId, [id], isDesk);
      const comment: IssueComment | null = comments.get(id)?.value ?? null;
      if (comment === null) return found.length === 0 ? null : found;
      if (found.includes(comment)) return found;
      found.push(comment);
      id = comment.parentId;
    }
    return found;
  }

  /** Judges once. Answers when the oldest reading was made, and the comment. */
  async function judgeOnce(
    subject: Subject,
  ): Promise<{ readonly atMs: number; readonly comment: IssueComment | null }> {
    const { issueId } = subject;
    // Together, so that the older one of the two is as young as can be.
    const reading = read(issues, issueId, () => jira.findIssue(issueId, "live"));
    const isDesk: IsDesk = async () => (await reading).value?.projectTypeKey === "service_desk";
    const [{ value: issue, atMs }, found] = await Promise.all([
      reading,
      subject.kind === "comment" ? thread(issueId, subject.commentId, isDesk) : null,
    ]);
    if (issue === null) throw new Withheld("gone");
    if (issue.projectKey !== settings.jira.projectKey) throw new Withheld("moved");
    if (isIgnored(issue)) throw new Withheld("ignored");
    if (subject.kind === "mark") return { atMs, comment: null };
    const bar = issueBar(issue, settings);
    if (bar !== null) throw new Withheld(bar);
    if (subject.kind === "issue") {
      if (subject.isStill?.(issue) === false) throw new Withheld("changed");
      return { atMs: Math.min(atMs, await judgeFiles(issue, subject.files ?? [])), comment: null };
    }
    const comment = found?.[0];
    if (found === null || comment === undefined) throw new Withheld("gone");
    const ownAccountId = await asked(() => jira.getOwnAccountId());
    const reason = commentBar({ comment, comments: found, issue, settings, ownAccountId });
    if (reason !== null) throw new Withheld(reason);
    if (!saysSame(subject, comment, commentHashes(comment, deps.text.adfToText))) throw new Withheld("changed");
    const readAtMs = found.map((entry) => comments.get(entry.commentId)?.atMs ?? 0);
    return { atMs: Math.min(atMs, ...readAtMs, await judgeFiles(issue, subject.files ?? [])), comment };
  }

  /** A file shows no visibility of its own: it stays when a restricted comment names it, or when it was deleted. */
  async function judgeFiles(issue: Issue, fileIds: readonly AttachmentId[]): Promise<number> {
    if (fileIds.length === 0) return Number.POSITIVE_INFINITY;
    const { value: all, atMs } = await read(lists, issue.issueId, () => jira.listComments(issue.issueId, "live"));
    const names = namesInRestricted(deps.text, issue, all);
    const files = issue.files.filter((file) => fileIds.includes(file.attachmentId));
    if (files.length < new Set(fileIds).size) throw new Withheld("file_gone");
    if (files.some((file) => isNamedIn(names, file))) throw new Withheld("file_restricted");
    return atMs;
  }

  async function judge(subject: Subject): Promise<{ readonly atMs: number; readonly comment: IssueComment | null }> {
    for (let count = 0; count < readingsMax; count += 1) {
      const result = await judgeOnce(subject);
      if (ageMs(result.atMs) <= readingMaxMs) return result;
    }
    throw new Unjudged(null);
  }

  return {
    seal(subject, content) {
      let judgedMs = Number.NEGATIVE_INFINITY;
      return new Sealed(content, {
        judge: async () => {
          judgedMs = (await judge(subject)).atMs;
        },
        holds: () => ageMs(judgedMs) <= leavesWithinMs,
      });
    },
    require: async (subject) => (await judge(subject)).comment,
    read: async (issueId) => {
      const { value: issue } = await read(issues, issueId, () => jira.findIssue(issueId, "live"));
      if (issue === null) throw new Withheld("gone");
      const { value: all } = await read(lists, issueId, () => jira.listComments(issueId, "live"));
      return { issue, comments: all };
    },
    expect: (commentIds) => {
      expected = commentIds;
    },
    note: (issue, listed, readAt) => {
      const atMs = readAt.getTime();
      issues.set(issue.issueId, { value: issue, atMs });
      if (listed !== null) lists.set(issue.issueId, { value: listed, atMs });
    },
  };
}

async function asked<Value>(call: () => Promise<Value>): Promise<Value> {
  try {
    return await call();
  } catch (error) {
    throw isServiceError(error) ? new Unjudged(error) : error;
  }
}
