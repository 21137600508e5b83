import { describe, expect, test } from "vitest";
import { commentHashes, type RememberedHashes } from "../../domain/identity.ts";
import { type AttachmentId, type CommentId, type IssueId, type IssueKey, toId } from "../../domain/ids.ts";
import type { Issue, IssueComment } from "../../domain/issue.ts";
import { ServiceError } from "../../domain/service-error.ts";
import { type GateDeps, makeGate, type Subject, Unjudged, Withheld } from "./gate.ts";

const issueId = toId<IssueId>("10001");
const text = { adfToText: (doc: unknown) => String(doc), mediaReferences: () => [] };

function makeIssue(more: Partial<Issue> = {}): Issue {
  return {
    issueId,
    issueKey: toId<IssueKey>("OPS-1"),
    projectKey: "OPS",
    projectTypeKey: "software",
    summary: "",
    description: null,
    statusId: "1",
    statusName: "",
    category: "new",
    labels: [],
    priorityId: null,
    createdAt: new Date(0),
    updatedRaw: "",
    securityLevelId: null,
    restriction: "none",
    reporterId: null,
    creatorId: null,
    files: [],
    stamp: null,
    ...more,
  };
}

function makeComment(id: string, more: Partial<IssueComment> = {}): IssueComment {
  return {
    commentId: toId<CommentId>(id),
    authorId: "ann",
    authorName: "Ann",
    authorType: "atlassian",
    parentId: null,
    body: `text ${id}`,
    createdAt: new Date(0),
    updatedAt: new Date(0),
    restricted: false,
    jsdPublic: null,
    stamp: null,
    ...more,
  };
}

const settings = {
  comments: { toHuawei: "all", holdSeconds: 10, authorName: "name", allowSecurityLevels: [], allowAppAccounts: [] },
  jira: { host: "", projectKey: "OPS" },
} as const;

/** A Jira that answers from `world` and takes `tookMs` for each answer. */
function stand(world: {
  issue?: Issue | null;
  comments?: IssueComment[];
  /** What a list of comments shows, where that is not what each shows by itself. */
  listed?: IssueComment[];
  tookMs?: number;
  refusesLists?: boolean;
}) {
  const calls: string[] = [];
  const at = { nowMs: 1_000_000 };
  const answer = <Value>(name: string, make: () => Value) => {
    calls.push(name);
    at.nowMs += world.tookMs ?? 0;
    return Promise.resolve(make());
  };
  const found = (ids: readonly string[]) => (world.comments ?? []).filter((entry) => ids.includes(entry.commentId));
  const listed = (ids: readonly string[]) =>
    world.listed?.filter((entry) => ids.includes(entry.commentId)) ?? found(ids);
  const jira: GateDeps["jira"] = {
    getOwnAccountId: async () => "bot",
    findIssue: () => answer("issue", () => (world.issue === undefined ? makeIssue() : world.issue)),
    findComment: (_issue, id) => answer(`comment ${id}`, () => found([id])[0] ?? null),
    listComments: () => answer("list", () => world.comments ?? []),
    listCommentsByIds: (_issue, ids) => {
      if (world.refusesLists === true) return Promise.reject(refusal("forbidden"));
      return answer(`comments ${ids.join(",")}`, () => listed(ids));
    },
  };
  const clock = { now: () => new Date(at.nowMs) };
  return { world, calls, at, gate: makeGate({ jira, text, clock, settings }) };
}

function refusal(kind: "forbidden" | "unavailable"): ServiceError {
  return new ServiceError({
    side: "jira",
    kind,
    operation: "x",
    status: 403,
    code: null,
    requestId: null,
    retryAfterMs: null,
    outcomeUnknown: false,
    detail: "",
  });
}

function commentSubject(comment: IssueComment, more: Partial<RememberedHashes> = {}): Subject {
  return { kind: "comment", issueId, commentId: comment.commentId, ...commentHashes(comment, text.adfToText), ...more };
}

const reasonOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "let out",
    (error: unknown) => (error instanceof Withheld ? error.reason : Promise.reject(error)),
  );

describe("what the gate keeps", () => {
  const file = (name: string) => ({
    attachmentId: toId<AttachmentId>("900"),
    name,
    sizeBytes: 1,
    authorId: "ann",
    createdAt: new Date(0),
  });
  const ofIssue: Subject = { kind: "issue", issueId };
  const mark: Subject = { kind: "mark", issueId };
  const plain = makeComment("1");
  const reply = makeComment("2", { parentId: toId<CommentId>("1") });

  test.each<{ name: string; issue?: Partial<Issue> | null; comments?: IssueComment[]; subject: Subject; is: string }>([
    { name: "an issue without restriction", subject: ofIssue, is: "let out" },
    { name: "an issue with a level", issue: { securityLevelId: "7" }, subject: ofIssue, is: "security_level" },
    { name: "a restricted issue", issue: { restriction: "set" }, subject: ofIssue, is: "issue_restricted" },
    {
      name: "an issue that does not tell",
      issue: { restriction: "unknown" },
      subject: ofIssue,
      is: "issue_restriction_unknown",
    },
    { name: "a moved issue", issue: { projectKey: "DEV" }, subject: ofIssue, is: "moved" },
    { name: "an issue that is gone", issue: null, subject: ofIssue, is: "gone" },
    { name: "what the issue says no more", subject: { ...ofIssue, isStill: () => false }, is: "changed" },
    { name: "a comment", comments: [plain], subject: commentSubject(plain), is: "let out" },
    { name: "a comment that is gone", comments: [], subject: commentSubject(plain), is: "gone" },
    {
      name: "a comment that was edited",
      comments: [{ ...plain, body: "other" }],
      subject: commentSubject(plain),
      is: "changed",
    },
    {
      name: "what the previous release froze of a comment that is rendered otherwise today",
      comments: [plain],
      subject: commentSubject(plain, { sourceHash: "older", sourceDigest: null }),
      is: "let out",
    },
    {
      name: "the same of one that was edited",
      comments: [{ ...plain, updatedAt: new Date(plain.updatedAt.getTime() + 1) }],
      subject: commentSubject(plain, { sourceHash: "older", sourceDigest: null }),
      is: "changed",
    },
    {
      name: "a restricted comment",
      comments: [{ ...plain, restricted: true }],
      subject: commentSubject(plain),
      is: "restricted",
    },
    { name: "a reply to a public comment", comments: [plain, reply], subject: commentSubject(reply), is: "let out" },
    {
      name: "a reply to a restricted comment",
      comments: [{ ...plain, restricted: true }, reply],
      subject: commentSubject(reply),
      is: "parent_restricted",
    },
    {
      name: "a reply to an internal comment",
      comments: [{ ...plain, jsdPublic: false }, reply],
      subject: commentSubject(reply),
      is: "parent_restricted",
    },
    {
      name: "a reply to an app",
      comments: [{ ...plain, authorType: "app", authorId: "other" }, reply],
      subject: commentSubject(reply),
      is: "parent_held",
    },
    {
      name: "a reply to a mirrored message",
      comments: [{ ...plain, authorType: "app", authorId: "bot" }, reply],
      subject: commentSubject(reply),
      is: "let out",
    },
    {
      name: "a reply to what cannot be read",
      comments: [reply],
      subject: commentSubject(reply),
      is: "parent_unknown",
    },
    {
      name: "a comment by an unknown kind of account",
      comments: [{ ...plain, authorType: "unknown" }],
      subject: commentSubject(plain),
      is: "author_unknown",
    },
    {
      name: "a comment by a customer",
      comments: [{ ...plain, authorType: "customer" }],
      subject: commentSubject(plain),
      is: "let out",
    },
    {
      name: "a comment in an issue with a level",
      issue: { securityLevelId: "7" },
      comments: [plain],
      subject: commentSubject(plain),
      is: "security_level",
    },
    {
      name: "a file that a restricted comment names",
      issue: { files: [file("dump.txt")] },
      comments: [makeComment("3", { restricted: true, body: "only us: dump.txt" })],
      subject: { ...ofIssue, files: [toId<AttachmentId>("900")] },
      is: "file_restricted",
    },
    {
      name: "a file that a reply to a restricted comment names",
      issue: { files: [file("dump.txt")] },
      comments: [
        { ...plain, restricted: true },
        { ...reply, body: "dump.txt" },
      ],
      subject: { ...ofIssue, files: [toId<AttachmentId>("900")] },
      is: "file_restricted",
    },
    {
      name: "a file that nobody restricted",
      issue: { files: [file("dump.txt")] },
      comments: [makeComment("3", { restricted: true, body: "other.txt" })],
      subject: { ...ofIssue, files: [toId<AttachmentId>("900")] },
      is: "let out",
    },
    {
      name: "a file that was deleted, beside one that is there",
      issue: { files: [file("dump.txt")] },
      comments: [plain],
      subject: { ...commentSubject(plain), files: [toId<AttachmentId>("900"), toId<AttachmentId>("901")] } as Subject,
      is: "file_gone",
    },
    { name: "a mark in an issue with a level", issue: { securityLevelId: "7" }, subject: mark, is: "let out" },
    { name: "a mark in a moved issue", issue: { projectKey: "DEV" }, subject: mark, is: "moved" },
  ])("$name: $is", async ({ issue, comments, subject, is }) => {
    const at = stand({
      ...(issue === undefined ? {} : { issue: issue === null ? null : makeIssue(issue) }),
      comments: comments ?? [],
    });

    expect(await reasonOf(at.gate.require(subject))).toBe(is);
    expect(await reasonOf(at.gate.seal(subject, "content").open())).toBe(is);
  });
});

describe("readings", () => {
  const two = [makeComment("1"), makeComment("2"), makeComment("3")];

  test("count for two seconds, and are made together for all that is about to leave", async () => {
    const at = stand({ comments: two });
    at.gate.expect(two.map((comment) => comment.commentId));

    for (const comment of two) {
      await at.gate.seal(commentSubject(comment), "x").open();
      at.at.nowMs += 500;
    }
    at.at.nowMs += 600;
    await at.gate.seal(commentSubject(two[2] ?? makeComment("")), "x").open();

    expect(at.calls).toEqual(["issue", "comments 1,2,3", "issue", "comments 3,1,2"]);
  });

  test("of an issue that was read anyway are not made again", async () => {
    const at = stand({ comments: two });
    at.gate.note(makeIssue(), two, new Date(at.at.nowMs - 1_000));

    await at.gate.require(commentSubject(two[0] ?? makeComment("")));
    await at.gate.read(issueId);
    at.at.nowMs += 1_000;
    await at.gate.read(issueId);

    expect(at.calls).toEqual(["comment 1", "issue", "list"]);
  });

  test("are made one by one where Jira refuses to make them together", async () => {
    const at = stand({ comments: two, refusesLists: true });
    at.gate.expect(two.map((comment) => comment.commentId));

    await at.gate.require(commentSubject(two[0] ?? makeComment("")));

    expect(at.calls).toEqual(["issue", "comment 1", "comment 2", "comment 3"]);
  });

  const inDesk = two.map((comment) => ({ ...comment, jsdPublic: true }));
  const [first = makeComment("1")] = inDesk;

  test.each<{ name: string; list: IssueComment[] }>([
    { name: "leaves out", list: inDesk.slice(1) },
    { name: "shows without its visibility", list: [{ ...first, jsdPublic: null }, ...inDesk.slice(1)] },
    { name: "shows without the kind of its author", list: [{ ...first, authorType: "unknown" }, ...inDesk.slice(1)] },
  ])("of a comment that the list $name is made by itself", async ({ list }) => {
    const at = stand({ issue: makeIssue({ projectTypeKey: "service_desk" }), comments: inDesk, listed: list });
    at.gate.expect(inDesk.map((comment) => comment.commentId));

    expect(await reasonOf(at.gate.require(commentSubject(first)))).toBe("let out");
    expect(at.calls).toEqual(["issue", "comments 1,2,3", "comment 1"]);
  });

  test("a restriction shows once the reading before it is too old", async () => {
    const at = stand({ comments: two });
    const sealed = at.gate.seal(commentSubject(two[0] ?? makeComment("")), "x");
    await sealed.open();

    at.world.issue = makeIssue({ securityLevelId: "7" });
    at.at.nowMs += 1_000;
    const within = await reasonOf(sealed.open());
    at.at.nowMs += 1_000;
    const after = await reasonOf(sealed.open());

    expect([within, after]).toEqual(["let out", "security_level"]);
  });

  test("a judgement holds for two seconds from its reading, not from its answer", async () => {
    const at = stand({ tookMs: 800 });
    const sealed = at.gate.seal({ kind: "issue", issueId }, "x");

    const before = sealed.holds();
    await sealed.open();
    const now = sealed.holds();
    at.at.nowMs += 1_201;

    expect([before, now, sealed.holds()]).toEqual([false, true, false]);
  });

  test("a Jira that is too slow, or cannot be read, lets nothing out", async () => {
    const slow = stand({ tookMs: 2_500 });
    const failing = makeGate({
      jira: {
        getOwnAccountId: async () => "bot",
        findIssue: () => Promise.reject(refusal("unavailable")),
        findComment: async () => null,
        listComments: async () => [],
        listCommentsByIds: async () => [],
      },
      text,
      clock: { now: () => new Date(0) },
      settings,
    });

    await expect(slow.gate.require({ kind: "issue", issueId })).rejects.toBeInstanceOf(Unjudged);
    await expect(failing.require({ kind: "issue", issueId })).rejects.toMatchObject({ cause: { kind: "unavailable" } });
  });
});
