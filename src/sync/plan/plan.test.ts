import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anIntent } from "../../../test/support/rows.ts";
import type { AccessRequest, CaseDetail, CaseMessage } from "../../domain/case.ts";
import { commentHashes, messageHash } from "../../domain/identity.ts";
import { type CaseFileId, type CommentId, toId } from "../../domain/ids.ts";
import type { Issue, IssueComment, IssueFile, StatusCategory, StatusChange } from "../../domain/issue.ts";
import { toJiraLabel } from "../../domain/labels.ts";
import type { Link } from "../../domain/link.ts";
import { messageFingerprint } from "../../domain/message-views.ts";
import type { Intent } from "../../domain/rows/intent.ts";
import { type Mirror, mirrorId } from "../../domain/rows/mirror.ts";
import { noticeId } from "../../domain/rows/mirror-name.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import { applyStep } from "../apply-step.ts";
import type { StateStep } from "../state.ts";
import type { Action, Observed, PlanInput } from "./action.ts";
import { issueState, rememberedState } from "./changes.ts";
import { factsHash } from "./facts.ts";
import { planReconcile } from "./plan.ts";
import { remember } from "./remember.ts";
import { commentBar } from "./restriction.ts";
import { isCompatible, statusTarget } from "./status.ts";

const now = new Date("2026-05-04T12:00:00Z");
const ago = (minutes: number): Date => new Date(now.getTime() - minutes * 60_000);

/** Stands for an ADF document: what it says and which files it shows. */
type Body = { readonly text: string; readonly media: readonly string[] };
const body = (text: string, ...media: string[]): Body => ({ text, media });
const adfToText = (doc: unknown): string => (doc as Body | null)?.text ?? "";
const mediaReferences = (doc: unknown): readonly string[] => (doc as Body).media;
const hashesOf = (doc: Body) => commentHashes({ body: doc }, adfToText);

type SettingsOverrides = {
  readonly status?: Partial<ConnectionSettings["status"]>;
  readonly comments?: Partial<ConnectionSettings["comments"]>;
  readonly attachments?: ConnectionSettings["attachments"];
};

const noInputs = {
  subTypeId: null,
  productId: null,
  problemTypeId: null,
  regionId: null,
  severityId: null,
  extends: {},
};

function makeSettings(more: SettingsOverrides = {}): ConnectionSettings {
  return {
    name: "main",
    languages: ["en"],
    huawei: { endpoint: "https://osm", consoleCaseUrl: null, timeZone: "UTC", messageCharsMax: 1200, groupIds: [] },
    jira: { host: "jira", projectKey: "OPS" },
    issue: { type: { value: "Task" }, requestType: null, assignee: null, fields: {} },
    cases: { createdAfter: null, statuses: null, labels: [], excludeLabels: [], submitters: [] },
    status: {
      toJira: {
        0: { category: "new" },
        1: { category: "indeterminate" },
        2: { category: "indeterminate" },
        3: { category: "done" },
        4: { category: "done" },
        5: { category: "indeterminate" },
        12: { category: "done" },
        13: { category: "done" },
        17: { category: "indeterminate" },
      },
      via: {},
      closeOnDone: "confirm",
      ...more.status,
    },
    priority: {},
    comments: {
      toHuawei: "all",
      holdSeconds: 60,
      authorName: "name",
      allowSecurityLevels: [],
      allowAppAccounts: [],
      ...more.comments,
    },
    attachments: more.attachments ?? { toHuawei: "referenced" },
    create: { jql: "labels = x", defaults: noInputs, fields: noInputs, template: null, templateField: null },
    commands: { role: null },
    guard: { mode: "mask", patterns: [], kinds: [] },
    settle: { caseSeconds: 60, messageSeconds: 60, searchSeconds: 60, listSeconds: 60 },
  };
}

function makeCase(more: Partial<CaseDetail> = {}): CaseDetail {
  return {
    caseId: toId("TT1"),
    status: 1,
    createdAt: ago(300),
    description: "The server is down",
    typeName: "Fault",
    problemTypeName: null,
    regionName: "eu-west",
    severityName: null,
    sourceName: null,
    submitterName: null,
    messages: [],
    ...more,
  };
}

function makeMessage(more: Partial<CaseMessage> = {}): CaseMessage {
  return {
    messageId: toId("m1"),
    authorKind: "engineer",
    authorId: "hw-9",
    authorName: "Li Lei",
    content: "Please send the logs",
    createdAt: ago(30),
    isFirst: false,
    files: [],
    ...more,
  };
}

const makeCopy = (content: string, more: Partial<CaseMessage> = {}): CaseMessage =>
  makeMessage({ authorKind: "customer", authorId: "hw-us", content, ...more });

function makeIssue(more: Partial<Issue> = {}): Issue {
  return {
    issueId: toId("10001"),
    issueKey: toId("OPS-7"),
    projectKey: "OPS",
    projectTypeKey: "software",
    summary: "[TT1] The server is down",
    description: null,
    statusId: "st-indeterminate",
    statusName: "In Progress",
    category: "indeterminate",
    labels: ["hwcase-TT1", "huawei-cloud"],
    priorityId: null,
    createdAt: ago(290),
    updatedRaw: "2026-05-04T11:00:00.000+0000",
    securityLevelId: null,
    restriction: "none",
    reporterId: null,
    creatorId: "bot",
    files: [],
    stamp: null,
    ...more,
  };
}

function makeComment(more: Partial<IssueComment> = {}): IssueComment {
  const createdAt = more.createdAt ?? ago(20);
  return {
    commentId: toId("501"),
    authorId: "person",
    authorName: "Ann",
    authorType: "atlassian",
    parentId: null,
    body: body("Here are the logs"),
    createdAt,
    updatedAt: createdAt,
    restricted: false,
    jsdPublic: null,
    stamp: null,
    ...more,
  };
}

function makeFile(name: string, more: Partial<IssueFile> = {}): IssueFile {
  return { attachmentId: toId("900"), name, sizeBytes: 3, authorId: "person", createdAt: ago(25), ...more };
}

function makeMirror(more: Partial<Mirror> = {}): Mirror {
  return {
    kind: "message",
    origin: "huawei",
    sourceId: "m1",
    fingerprint: null,
    sourceHash: null,
    sourceDigest: null,
    copyId: null,
    copyFingerprints: [],
    version: 1,
    state: "live",
    reason: null,
    sizeBytes: null,
    sha256: null,
    parentId: null,
    missingSince: null,
    sourceAt: null,
    updatedAt: ago(60),
    ...more,
  } as Mirror;
}

type CommentRow = Partial<Omit<Mirror<"comment">, "kind" | "origin">>;
const commentMirror = (more: CommentRow = {}): Mirror =>
  makeMirror({ ...mirrorId.comment("501"), ...hashesOf(body("Here are the logs")), ...more });

const aNotice = (cause: string): Mirror => makeMirror(noticeId(cause));

/** Of comment 501, unless the key says otherwise. */
function makeIntent({
  key = "message:501:v1:1/1",
  ...more
}: Partial<Omit<Intent, "kind">> & { readonly payload?: object } = {}): Intent {
  const times = { createdAt: ago(19), attemptedAt: ago(19) };
  const payload = { content: "as it was frozen", owner: mirrorId.comment("501"), index: 1 };
  return anIntent(key, { state: "sent", payload, mark: "comment:501:v1", ...times, ...more });
}

function makeLink(more: Partial<Link> = {}): Link {
  return {
    id: toId("link-1"),
    connectionName: "main",
    caseId: toId("TT1"),
    issueId: toId("10001"),
    issueKey: toId("OPS-7"),
    origin: "huawei",
    state: "active",
    reason: null,
    wantedRev: 1,
    doneRev: 0,
    huaweiRev: 1,
    jiraRev: 1,
    lane: "poll",
    attempts: 0,
    recheckAt: null,
    leaseEpoch: 1,
    caseStatus: 1,
    agreedCaseStatus: 1,
    agreedCategory: "indeterminate",
    jiraUpdatedRaw: null,
    outgoingSince: ago(290),
    createCheckedAt: null,
    markStampedAt: ago(290),
    caseLabels: [],
    mirroredLabels: [],
    burstSince: null,
    burstWrites: 0,
    factsHash: factsHash(makeCase()),
    productName: null,
    namedMessages: [],
    closedSeenAt: null,
    checkedAt: null,
    createdAt: ago(300),
    ...more,
  };
}

type Overrides = {
  readonly link?: Partial<Link>;
  readonly observed?: Partial<Observed>;
  readonly settings?: SettingsOverrides;
  readonly mirrors?: readonly Mirror[];
  readonly intents?: readonly Intent[];
  readonly failures?: PlanInput["failures"];
  readonly huaweiUserId?: string | null;
};

/** The state of the issue is known to the case, whatever the test makes of it. */
function toldRow(more: Overrides): Mirror[] {
  const issue = more.observed?.issue ?? makeIssue();
  if (more.mirrors?.some((mirror) => mirror.kind === "change") === true) return [];
  const state = issueState(issue, more.link?.origin ?? "huawei", { settings: makeSettings(more.settings), adfToText });
  return [makeMirror({ ...rememberedState(0, issue, state), state: "live" })];
}

/** A link in full agreement, both sides read, nothing to do. */
function makeInput(more: Overrides = {}): PlanInput {
  return {
    link: makeLink(more.link),
    mirrors: [...(more.mirrors ?? []), ...toldRow(more)],
    intents: more.intents ?? [],
    failures: more.failures ?? [],
    observed: {
      case: makeCase(),
      caseReadAt: now,
      messages: [],
      issue: makeIssue(),
      issueReadAt: now,
      comments: [],
      statusChanges: null,
      changes: null,
      relations: null,
      accessRequests: [],
      full: false,
      ...more.observed,
    },
    settings: makeSettings(more.settings),
    huaweiUserIds: more.huaweiUserId === undefined ? ["hw-us"] : more.huaweiUserId === null ? [] : [more.huaweiUserId],
    paused: { toJira: false, toHuawei: false },
    ownAccountId: "casebridge",
    installation: "inst-1",
    adfToText,
    mediaReferences,
    now,
    aheadMs: { huawei: 0, jira: 0 },
  };
}

const plan = (more: Overrides = {}): readonly Action[] => planReconcile(makeInput(more)).actions;
const kinds = (actions: readonly Action[]): string[] =>
  actions.map((action) => (action.kind === "remember" ? action.what : action.kind));

/** The steps of our memory of one name. */
const steps = (actions: readonly Action[], what: string): StateStep[] =>
  actions.flatMap((action) => (action.kind === "remember" && action.what === what ? [action.step] : []));

function pick<K extends Action["kind"]>(actions: readonly Action[], kind: K): Extract<Action, { kind: K }>[] {
  return actions.filter((action): action is Extract<Action, { kind: K }> => action.kind === kind);
}

describe("creating an issue", () => {
  it("plans nothing for a link in agreement", () => {
    const result = planReconcile(makeInput());

    expect(result).toEqual({ actions: [], recheckAt: null });
  });

  it("creates the issue of a case that has none, and does nothing else yet", () => {
    const actions = plan({ link: { issueId: null, markStampedAt: null }, observed: { messages: [makeMessage()] } });

    expect(actions).toEqual([{ kind: "create_issue", direction: "to-jira", detail: makeCase() }]);
  });

  it("creates nothing while the case was not read", () => {
    const actions = plan({ link: { issueId: null }, observed: { case: null } });

    expect(actions).toEqual([]);
  });

  it("stamps an issue whose mark was never written in a full check, before everything else", () => {
    const observed = { messages: [makeMessage()] };
    const actions = plan({ link: { markStampedAt: null }, observed: { ...observed, full: true } });
    const live = plan({ link: { markStampedAt: null }, observed });

    expect(kinds(actions)).toEqual(["stamp_issue", "post_message"]);
    expect(kinds(live)).toEqual(["post_message"]);
  });

  it("leaves the stamp of a new issue to the round over the issues, which takes many in one request", () => {
    const actions = plan({
      link: { markStampedAt: null, createdAt: ago(1) },
      observed: { messages: [makeMessage()] },
    });

    expect(kinds(actions)).toEqual(["post_message"]);
  });

  it("posts what of the description did not fit into the issue, before the messages", () => {
    const rest = makeIntent({ key: "comment:description-rest", mark: null });

    const actions = plan({ intents: [rest], observed: { messages: [makeMessage()] } });

    expect(kinds(actions)).toEqual(["post_rest", "post_message"]);
  });
});

describe("messages to Jira", () => {
  it("posts a new message once", () => {
    const actions = plan({ observed: { messages: [makeMessage()] } });

    expect(actions).toEqual([
      expect.objectContaining({
        kind: "post_message",
        direction: "to-jira",
        again: false,
        message: expect.objectContaining({ sourceId: "m1" }),
      }),
    ]);
  });

  it.each(["live", "placeholder", "withdrawn", "refused"] as const)("leaves a message alone that is %s", (state) => {
    const actions = plan({ mirrors: [makeMirror({ state, copyId: "801" })], observed: { messages: [makeMessage()] } });

    expect(actions).toEqual([]);
  });

  it("goes on with a message whose copy is on its way", () => {
    const actions = plan({ mirrors: [makeMirror({ state: "sending" })], observed: { messages: [makeMessage()] } });

    expect(kinds(actions)).toEqual(["post_message"]);
  });

  it("posts in the order of the conversation", () => {
    const messages = ["m1", "m2", "m3"].map((id, at) =>
      makeMessage({ messageId: toId(id), content: id, createdAt: ago(30 - at) }),
    );

    const posted = pick(plan({ observed: { messages } }), "post_message").map((action) => action.message.sourceId);

    expect(posted).toEqual(["m1", "m2", "m3"]);
  });

  it("never posts the message that repeats the description", () => {
    const actions = plan({ observed: { messages: [makeMessage({ isFirst: true })] } });

    expect(actions).toEqual([]);
  });

  it("carries the files of the description to the issue, each once", () => {
    const files = ["f1", "f2"].map((id) => ({ fileId: toId<CaseFileId>(id), name: "log.txt" }));

    const actions = plan({
      mirrors: [makeMirror({ kind: "file", sourceId: "f1" })],
      observed: { messages: [makeMessage({ isFirst: true, files })] },
    });

    expect(actions).toEqual([{ kind: "carry_issue_files", direction: "to-jira", parentId: "m1", files: [files[1]] }]);
  });

  it("renames a message when its id appears, and does not post it again", () => {
    const from = `fp:${messageFingerprint(makeMessage())}:1`;

    const actions = plan({ mirrors: [makeMirror({ sourceId: from })], observed: { messages: [makeMessage()] } });

    expect(actions).toEqual([
      remember("rename_message", { renames: [{ kind: "message", origin: "huawei", from, to: "m1" }] }),
    ]);
  });

  it.each([
    { name: "in a full check", full: true, updatedAt: ago(60), expected: ["post_message"] },
    { name: "not while lists may lag", full: true, updatedAt: ago(0.5), expected: [] },
    { name: "not outside a full check", full: false, updatedAt: ago(60), expected: [] },
    { name: "not by a reading from before it", full: true, updatedAt: ago(3), issueReadAt: ago(4), expected: [] },
  ])("restores a copy that somebody removed: $name", ({ full, updatedAt, issueReadAt = now, expected }) => {
    const actions = plan({
      mirrors: [makeMirror({ copyId: "801", updatedAt })],
      observed: { messages: [makeMessage()], full, issueReadAt },
    });

    expect(kinds(actions)).toEqual(expected);
    expect(pick(actions, "post_message").every((action) => action.again)).toBe(true);
  });

  it.each([
    { name: "by message id", inst: "inst-1", messageId: "m1", expected: ["adopt"] },
    {
      name: "not when it names another message",
      inst: "inst-1",
      messageId: "m2",
      expected: ["adopt", "post_message", "note_missing"],
    },
    { name: "not when another installation wrote it", inst: "inst-2", messageId: "m1", expected: ["post_message"] },
  ])("adopts our own comment that no row remembers: $name", ({ inst, messageId, expected }) => {
    const mark = { v: 1, inst, caseId: "TT1", messageId, srcHash: "h", files: [] };

    const actions = plan({
      observed: { messages: [makeMessage()], comments: [makeComment({ authorId: "casebridge", stamp: mark })] },
    });

    expect(kinds(actions)).toEqual(expected);
  });

  it.each<{ name: string; state: Intent["state"]; expected: string[] }>([
    { name: "though an earlier run had planned it", state: "planned", expected: ["carry_late_file"] },
    { name: "unless its upload may have happened", state: "unknown", expected: [] },
  ])("a file that its message shows later is carried, $name", ({ state, expected }) => {
    const file = { fileId: toId<CaseFileId>("f1"), name: "a.log", sizeBytes: 3 };
    const bare = makeMessage();

    const actions = plan({
      mirrors: [makeMirror({ sourceId: "m1", sourceHash: messageHash(bare) })],
      intents: [makeIntent({ key: "file:f1", mark: null, payload: {}, state })],
      observed: { messages: [{ ...bare, files: [file] }] },
    });

    expect(kinds(actions)).toEqual(expected);
  });
});

describe("our own messages", () => {
  const sending = commentMirror({ state: "sending" });
  const copy = makeCopy("[OPS-7#501] Ann:\nHere are the logs", { createdAt: ago(18) });

  it("confirms a message of ours, and with it the comment", () => {
    const actions = plan({
      mirrors: [sending],
      intents: [makeIntent()],
      observed: { messages: [copy], comments: [makeComment()] },
    });

    expect(kinds(actions)).toEqual(["confirm_message", "complete_comment"]);
  });

  it.each<{ name: string; message: CaseMessage; intent?: Partial<Intent>; user?: string | null; ours: boolean }>([
    { name: "our user, mark at the start, intent open", message: copy, ours: true },
    {
      name: "rich-text tags before the mark",
      message: { ...copy, content: `<p><b>${copy.content}</b></p>` },
      ours: true,
    },
    { name: "our user not learned yet", message: { ...copy, authorId: "hw-other" }, user: null, ours: true },
    { name: "a clock that is an hour slow", message: { ...copy, createdAt: ago(80) }, ours: true },
    { name: "a clock that is an hour fast", message: { ...copy, createdAt: ago(-40) }, ours: true },
    { name: "an outcome unknown so far", message: copy, intent: { state: "unknown" }, ours: true },
    { name: "written by an engineer", message: { ...copy, authorKind: "engineer" }, ours: false },
    { name: "written by an unknown kind", message: { ...copy, authorKind: "unknown" }, ours: false },
    { name: "written by a colleague", message: { ...copy, authorId: "hw-other" }, ours: false },
    { name: "the mark not at the start", message: { ...copy, content: `> ${copy.content}` }, ours: false },
    { name: "another version's mark", message: { ...copy, content: "[OPS-7#501 v2] Ann:\nx" }, ours: false },
    {
      name: "a write that was only planned",
      message: copy,
      intent: { state: "planned", attemptedAt: null },
      ours: false,
    },
  ])("tells whether a message is ours: $name", ({ message, intent, user, ours }) => {
    const actions = plan({
      mirrors: [sending],
      intents: [makeIntent(intent)],
      huaweiUserId: user === undefined ? "hw-us" : user,
      observed: { messages: [message], comments: null },
    });

    expect(kinds(actions)).toEqual([ours ? "confirm_message" : "post_message"]);
  });

  it("takes a second message with the same mark for news", () => {
    const quote = { ...copy, messageId: toId("m2"), createdAt: ago(10) } as CaseMessage;

    const actions = plan({
      mirrors: [sending],
      intents: [makeIntent()],
      observed: { messages: [copy, quote], comments: null },
    });

    expect(kinds(actions)).toEqual(["confirm_message", "post_message"]);
    expect(pick(actions, "post_message")[0]?.message.sourceId).toBe("m2");
  });

  it.each([
    { name: "by id", mirror: { copyId: "m1" } },
    { name: "by fingerprint", mirror: { copyFingerprints: [messageFingerprint(copy)] } },
  ])("knows a copy that was confirmed before: $name", ({ mirror }) => {
    const actions = plan({
      mirrors: [commentMirror(mirror)],
      observed: { messages: [copy], comments: [makeComment()] },
    });

    expect(actions).toEqual([]);
  });

  it("adopts a message with an unknown mark that names a comment of this issue, instead of sending it again", () => {
    const actions = plan({ observed: { messages: [copy], comments: [makeComment()] } });

    expect(kinds(actions)).toEqual(["adopt"]);
    expect(steps(actions, "adopt")[0]?.mirrors).toEqual([
      expect.objectContaining({ kind: "comment", sourceId: "501", ...hashesOf(body("Here are the logs")) }),
    ]);
  });

  it("reports a message with a mark that names no comment of this issue", () => {
    const actions = plan({ observed: { messages: [copy], comments: [] } });

    expect(kinds(actions)).toEqual(["report_unknown_mark"]);
  });

  it("does not judge an unknown mark while the comments were not read", () => {
    const actions = plan({ observed: { messages: [copy], comments: null, issue: null } });

    expect(actions).toEqual([]);
  });
});

describe("what may leave Jira", () => {
  it.each<{
    name: string;
    comment?: Partial<IssueComment>;
    issue?: Partial<Issue>;
    comments?: SettingsOverrides["comments"];
    expected: string | null;
  }>([
    { name: "a plain comment", expected: null },
    { name: "a role or group restriction", comment: { restricted: true }, expected: "restricted" },
    { name: "an internal note", comment: { jsdPublic: false }, expected: "internal" },
    {
      name: "a public answer in a service desk",
      comment: { jsdPublic: true },
      issue: { projectTypeKey: "service_desk" },
      expected: null,
    },
    {
      name: "a service desk that does not say",
      issue: { projectTypeKey: "service_desk" },
      expected: "internal_unknown",
    },
    { name: "a security level", issue: { securityLevelId: "7" }, expected: "security_level" },
    {
      name: "an allowed security level",
      issue: { securityLevelId: "7" },
      comments: { allowSecurityLevels: ["7"] },
      expected: null,
    },
    { name: "an app", comment: { authorType: "app", authorId: "bot" }, expected: "app_author" },
    {
      name: "an allowed app",
      comment: { authorType: "app", authorId: "bot" },
      comments: { allowAppAccounts: ["bot"] },
      expected: null,
    },
    { name: "an app without id", comment: { authorType: "app", authorId: null }, expected: "app_author" },
  ])("holds or lets go: $name", ({ comment, issue, comments, expected }) => {
    const subject = makeComment(comment);

    const reason = commentBar({
      comment: subject,
      comments: [subject],
      issue: makeIssue(issue),
      settings: makeSettings({ comments: comments ?? {} }),
      ownAccountId: "bot-account",
    });
    const actions = plan({
      observed: { comments: [subject], issue: makeIssue(issue) },
      settings: { comments: comments ?? {} },
    });

    expect(reason).toBe(expected);
    expect(kinds(actions)).toEqual([expected === null ? "send_comment" : "hold_comment"]);
  });

  it.each<{ name: string; mirror: CommentRow; expected: string[] }>([
    { name: "noted once", mirror: { state: "held", reason: "restricted" }, expected: [] },
    {
      name: "noted anew for another reason",
      mirror: { state: "held", reason: "internal" },
      expected: ["hold_comment"],
    },
    { name: "withdrawn when it had left", mirror: { state: "live" }, expected: ["withdraw_comment"] },
    { name: "withdrawn only once", mirror: { state: "withdrawn" }, expected: [] },
    { name: "completed first when all of it had left", mirror: { state: "sending" }, expected: ["complete_comment"] },
  ])("treats a comment that became restricted: $name", ({ mirror, expected }) => {
    const actions = plan({
      mirrors: [commentMirror(mirror)],
      observed: { comments: [makeComment({ restricted: true })] },
    });

    expect(kinds(actions)).toEqual(expected);
  });

  it.each<{ name: string; above: Partial<IssueComment>; expected: string[] }>([
    { name: "itself", above: { jsdPublic: true }, expected: [] },
    { name: "nor of what it replies to", above: { jsdPublic: null }, expected: [] },
    { name: "but that it replies to an internal note", above: { jsdPublic: false }, expected: ["withdraw_comment"] },
  ])("takes nothing back where the desk does not tell whether it is public: $name", ({ above, expected }) => {
    const parentId = toId<CommentId>("400");
    const parent = makeComment({ commentId: parentId, authorId: "casebridge", ...above });
    const actions = plan({
      mirrors: [commentMirror({ state: "live" })],
      observed: {
        issue: makeIssue({ projectTypeKey: "service_desk" }),
        comments: [parent, makeComment({ parentId, jsdPublic: above.jsdPublic === true ? null : true })],
      },
    });

    expect(kinds(actions)).toEqual(expected);
  });

  it.each<{ state: Intent["state"]; copies: string[]; expected: unknown[] }>([
    { state: "planned", copies: [], expected: [["held"]] },
    { state: "planned", copies: ["fp"], expected: [[]] },
    { state: "sent", copies: [], expected: [] },
    { state: "unknown", copies: [], expected: [] },
  ])("stops a restricted comment on its way: a part $state, copies $copies", ({ state, copies, expected }) => {
    const actions = plan({
      mirrors: [commentMirror({ state: "sending", copyFingerprints: copies })],
      intents: [makeIntent({ state })],
      observed: { comments: [makeComment({ restricted: true })] },
    });

    expect(kinds(actions)).toEqual(expected.map(() => "cancel_parts"));
    expect(steps(actions, "cancel_parts").map((step) => step.mirrors?.map((mirror) => mirror.state))).toEqual(expected);
  });

  it("sends a held comment as its first version once nothing holds it", () => {
    const actions = plan({
      mirrors: [commentMirror({ state: "held", reason: "restricted", sourceHash: null })],
      observed: { comments: [makeComment()] },
    });

    expect(actions).toEqual([expect.objectContaining({ kind: "send_comment", version: 1 })]);
  });

  it.each([
    { toHuawei: "all", text: "hello", expected: true },
    { toHuawei: "command", text: "hello", expected: false },
    { toHuawei: "command", text: "/case hello", expected: true },
    { toHuawei: "command", text: "  /case hello", expected: true },
    { toHuawei: "command", text: "/caseless", expected: false },
    { toHuawei: "none", text: "/case hello", expected: false },
  ] as const)("follows the policy $toHuawei for $text", ({ toHuawei, text, expected }) => {
    const actions = plan({
      observed: { comments: [makeComment({ body: body(text) })] },
      settings: { comments: { toHuawei } },
    });

    expect(pick(actions, "send_comment")).toHaveLength(expected ? 1 : 0);
  });

  it.each(["/urge", "/close", "/cancel", " /rate 5 fine"])("never sends the command %s as text", (text) => {
    const actions = plan({ observed: { comments: [makeComment({ body: body(text) })] } });

    expect(pick(actions, "send_comment")).toEqual([]);
  });

  it.each<{ name: string; comment: Partial<IssueComment> }>([
    { name: "what our own account wrote", comment: { authorId: "casebridge" } },
    {
      name: "what carries our stamp",
      comment: { stamp: { v: 1, inst: "other", caseId: "TT1", srcHash: "", files: [] } },
    },
    { name: "what is older than outgoingSince", comment: { createdAt: ago(291) } },
    { name: "what is older than outgoingSince but edited today", comment: { createdAt: ago(291), updatedAt: ago(5) } },
  ])("never sends $name", ({ comment }) => {
    const actions = plan({ observed: { comments: [makeComment(comment)], full: true } });

    expect(actions).toEqual([]);
  });

  it("sends nothing while there is no case", () => {
    const actions = plan({
      link: { caseId: null },
      observed: { case: null, messages: null, comments: [makeComment()] },
    });

    expect(actions).toEqual([]);
  });
});

describe("hold time, order and versions", () => {
  it("sends comments in the order of their creation, ties by their numbers", () => {
    const comments = [
      makeComment({ commentId: toId("1000"), createdAt: ago(10) }),
      makeComment({ commentId: toId("999"), createdAt: ago(10) }),
      makeComment({ commentId: toId("1001"), createdAt: ago(11) }),
    ];

    const sent = pick(plan({ observed: { comments } }), "send_comment").map((action) => action.comment.commentId);

    expect(sent).toEqual(["1001", "999", "1000"]);
  });

  it("holds a fresh comment and everything written after it, and says when to look again", () => {
    const comments = [
      makeComment({ commentId: toId("501"), createdAt: ago(10) }),
      makeComment({ commentId: toId("502"), createdAt: ago(9), updatedAt: ago(0.5) }),
      makeComment({ commentId: toId("503"), createdAt: ago(8) }),
    ];

    const result = planReconcile(makeInput({ observed: { comments } }));

    expect(pick(result.actions, "send_comment").map((action) => action.comment.commentId)).toEqual(["501"]);
    expect(result.recheckAt).toEqual(new Date(now.getTime() + 30_000));
  });

  it("lets a comment go at the very moment its hold time ends", () => {
    const actions = plan({ observed: { comments: [makeComment({ createdAt: ago(1) })] } });

    expect(kinds(actions)).toEqual(["send_comment"]);
  });

  it("does not let a restricted comment hold back later ones", () => {
    const comments = [
      makeComment({ commentId: toId("501"), createdAt: ago(0.5), restricted: true }),
      makeComment({ commentId: toId("502"), createdAt: ago(5) }),
    ];

    const actions = plan({ observed: { comments } });

    expect(kinds(actions).sort()).toEqual(["hold_comment", "send_comment"]);
  });

  it.each<{ name: string; mirror: CommentRow; text: string; version: number | null }>([
    { name: "unchanged", mirror: {}, text: "Here are the logs", version: null },
    { name: "edited", mirror: {}, text: "Here are more logs", version: 2 },
    { name: "edited a second time", mirror: { version: 2 }, text: "Here are more logs", version: 3 },
    { name: "edited after a placeholder", mirror: { state: "placeholder" }, text: "Here are more logs", version: 2 },
    { name: "edited after the withdrawal", mirror: { state: "withdrawn" }, text: "Here are more logs", version: 2 },
    { name: "edited after a refusal", mirror: { state: "refused" }, text: "Here are more logs", version: 2 },
  ])("sends the next version of a comment that was $name", ({ mirror, text, version }) => {
    const actions = plan({
      mirrors: [commentMirror(mirror)],
      observed: { comments: [makeComment({ body: body(text) })] },
    });

    expect(pick(actions, "send_comment").map((action) => [action.version, action.text])).toEqual(
      version === null ? [] : [[version, text]],
    );
  });

  it.each<{ name: string; states: Intent["state"][]; expected: string[] }>([
    { name: "parts still planned", states: ["planned"], expected: ["send_comment"] },
    { name: "parts with unknown outcome", states: ["unknown"], expected: ["send_comment"] },
    { name: "one part sent, one planned", states: ["sent", "planned"], expected: ["send_comment"] },
    { name: "all parts sent and not yet seen", states: ["sent", "sent"], expected: [] },
    { name: "no part open", states: [], expected: ["complete_comment"] },
  ])("goes on with a comment on its way: $name", ({ states, expected }) => {
    const actions = plan({
      mirrors: [commentMirror({ state: "sending", version: 3 })],
      intents: states.map((state, at) =>
        makeIntent({ state, key: `message:501:v3:${at}/${states.length}`, mark: `comment:501:v3:${at}` }),
      ),
      observed: { comments: [makeComment()] },
    });

    expect(kinds(actions)).toEqual(expected);
    expect(pick(actions, "send_comment").every((action) => action.version === 3)).toBe(true);
  });

  it("goes on with a comment on its way whatever its hold time says", () => {
    const actions = plan({
      mirrors: [commentMirror({ state: "sending" })],
      intents: [makeIntent({ state: "planned" })],
      observed: { comments: [makeComment({ updatedAt: now })] },
    });

    expect(kinds(actions)).toEqual(["send_comment"]);
  });

  it.each<{ full: boolean; state: Mirror["state"]; expected: string[] }>([
    { full: true, state: "live", expected: ["withdraw_comment"] },
    { full: false, state: "live", expected: ["withdraw_comment"] },
    { full: true, state: "withdrawn", expected: [] },
    { full: true, state: "held", expected: [] },
  ])("withdraws a deleted comment that was sent: full $full, $state", ({ full, state, expected }) => {
    const actions = plan({ mirrors: [commentMirror({ state })], observed: { comments: [], full } });

    expect(kinds(actions)).toEqual(expected);
  });

  it("takes back what must not be outside although a fresh comment is on hold", () => {
    const comments = [
      makeComment({ commentId: toId("500"), createdAt: ago(1), updatedAt: now }),
      makeComment({ commentId: toId("501"), createdAt: ago(1), restricted: true }),
    ];

    const actions = plan({
      mirrors: [commentMirror(), commentMirror({ sourceId: "502" })],
      observed: { comments },
    });

    expect(pick(actions, "withdraw_comment").map((action) => [action.mirror.sourceId, action.reason])).toEqual([
      ["501", "restricted"],
      ["502", "deleted"],
    ]);
    expect(pick(actions, "send_comment")).toEqual([]);
  });

  it("lets a newer version on hold delay nobody", () => {
    const comments = [
      makeComment({ commentId: toId("501"), body: body("edited"), updatedAt: now }),
      makeComment({ commentId: toId("502"), body: body("new") }),
    ];

    const actions = plan({ mirrors: [commentMirror()], observed: { comments } });

    expect(pick(actions, "send_comment").map((action) => action.comment.commentId)).toEqual(["502"]);
  });

  it.each<{ name: string; mirror: CommentRow; createdAt?: Date; expected: string[] }>([
    {
      name: "released, as it was shown",
      mirror: { state: "held", reason: "history_released" },
      expected: ["send_comment"],
    },
    {
      name: "released, but edited since",
      mirror: { state: "held", reason: "history_released", sourceHash: "other" },
      expected: [],
    },
    { name: "held before the policy was widened", mirror: { state: "held", reason: "app_author" }, expected: [] },
  ])("decides about a comment older than outgoingSince: $name", ({ mirror, expected }) => {
    const actions = plan({
      mirrors: [commentMirror(mirror)],
      observed: { comments: [makeComment({ createdAt: ago(291), updatedAt: ago(280) })] },
    });

    expect(kinds(actions)).toEqual(expected);
  });

  it("sends no newer version that the policy does not want any more", () => {
    const actions = plan({
      mirrors: [commentMirror()],
      observed: { comments: [makeComment({ body: body("edited") })] },
      settings: { comments: { toHuawei: "none" } },
    });

    expect(actions).toEqual([]);
  });

  it("waits for the word of a withdrawal before the comment is sent again", () => {
    const withdrawn = commentMirror({ state: "withdrawn", reason: "already_disclosed" });
    const owed = makeIntent({ key: "message:501:v1:withdrawn", mark: "comment:501:withdrawn" });
    const observed = { comments: [makeComment()] };

    const before = plan({ mirrors: [withdrawn], intents: [owed], observed });
    const after = plan({ mirrors: [withdrawn], observed });

    expect(pick(before, "send_comment")).toEqual([]);
    expect(pick(after, "send_comment").map((action) => action.version)).toEqual([2]);
  });

  it.each<{ second: Intent["state"]; expected: number[] }>([
    { second: "unknown", expected: [] },
    { second: "sent", expected: [3, 4] },
    { second: "planned", expected: [2, 3, 4] },
  ])("sends the parts of a request's text in their order: second $second", ({ second, expected }) => {
    const part = (index: number, state: Intent["state"]): Intent =>
      makeIntent({
        key: `message:case:${index}/4`,
        mark: `case:10001:${index}/4`,
        payload: { owner: mirrorId.caseText, index },
        state,
      });

    const actions = plan({ intents: [part(2, second), part(3, "planned"), part(4, "planned")] });

    expect(pick(actions, "resume_message").map((action) => action.intent.payload.index)).toEqual(expected);
  });

  it("drops the planned parts of a comment that was deleted before it left", () => {
    const actions = plan({
      mirrors: [commentMirror({ state: "sending" })],
      intents: [makeIntent({ state: "planned" })],
      observed: { comments: [] },
    });

    expect(kinds(actions)).toEqual(["cancel_parts"]);
    expect(steps(actions, "cancel_parts")).toEqual([
      {
        confirmedIntents: ["message:501:v1:1/1"],
        mirrors: [{ kind: "comment", origin: "jira", sourceId: "501", state: "withdrawn", reason: "deleted" }],
      },
    ]);
  });
});

describe("messages that vanish", () => {
  const old = makeMessage({ messageId: toId("m0"), createdAt: ago(120) });
  const last = makeMessage({ messageId: toId("m9"), createdAt: ago(10) });
  const live = (sourceId: string, more: Partial<Mirror> = {}): Mirror =>
    makeMirror({ sourceId, copyId: `c-${sourceId}`, fingerprint: `f-${sourceId}`, sourceAt: ago(60), ...more });
  const known = [live("m0", { sourceAt: ago(120) }), live("m9", { sourceAt: ago(10) })];
  const look = (mirrors: readonly Mirror[], more: Overrides = {}) =>
    planReconcile(makeInput({ mirrors: [...known, ...mirrors], observed: { messages: [old, last] }, ...more }));

  it.each<{ name: string; mirror: Mirror; expected: string[]; recheckIn: number | null }>([
    { name: "noted at first", mirror: live("m1"), expected: ["note_missing"], recheckIn: null },
    { name: "waits a minute", mirror: live("m1", { missingSince: ago(0.5) }), expected: [], recheckIn: 30_000 },
    {
      name: "marked then",
      mirror: live("m1", { missingSince: ago(1) }),
      expected: ["mark_withdrawn"],
      recheckIn: null,
    },
    {
      name: "marked, though a worker died before it knew its copy to be whole",
      mirror: live("m1", { state: "sending", sourceAt: null, missingSince: ago(1) }),
      expected: ["mark_withdrawn"],
      recheckIn: null,
    },
    { name: "older than the reading", mirror: live("m1", { sourceAt: ago(121) }), expected: [], recheckIn: null },
  ])("$name", ({ mirror, expected, recheckIn }) => {
    const planned = look([mirror]);

    expect(kinds(planned.actions)).toEqual(expected);
    expect(planned.recheckAt === null ? null : planned.recheckAt.getTime() - now.getTime()).toBe(recheckIn);
  });

  it.each([
    { missingSince: ago(1), expected: [], recheckIn: 60_000 },
    { missingSince: ago(2), expected: ["mark_withdrawn"], recheckIn: null },
  ])(
    "waits for the settle time when nothing younger shows (away since $missingSince)",
    ({ missingSince, expected, recheckIn }) => {
      const input = makeInput({
        mirrors: [...known, live("m1", { sourceAt: ago(5), missingSince })],
        observed: { messages: [old, last] },
      });
      const settle = { ...input.settings.settle, messageSeconds: 120 };

      const planned = planReconcile({ ...input, settings: { ...input.settings, settle } });

      expect(kinds(planned.actions)).toEqual(expected);
      expect(planned.recheckAt === null ? null : planned.recheckAt.getTime() - now.getTime()).toBe(recheckIn);
    },
  );

  it("is not marked by the reading that noted it, however long the run lasts", () => {
    const observed = { messages: [old, last], caseReadAt: ago(3) };

    expect(look([live("m1", { missingSince: ago(2) })], { observed }).actions).toEqual([]);
  });

  it("forgets the absence of one that shows again", () => {
    const planned = look([], {
      mirrors: [live("m0", { missingSince: ago(1) }), live("m9")],
    });

    expect(planned.actions).toEqual([
      remember("note_missing", {
        mirrors: [{ kind: "message", origin: "huawei", sourceId: "m0", missingSince: null }],
      }),
    ]);
  });

  it("marks nothing when many vanish at once, and says so once", () => {
    const gone = ["a", "b", "c", "d"].map((id) => live(id, { missingSince: ago(5) }));
    const failure = { item: "conversation", reason: "suspicious_shrink", state: "open", attempts: 1 };
    const failures = [{ ...failure, direction: "to-jira" as const, firstAt: ago(5) }];

    expect(steps(look(gone).actions, "report_shrink")).toEqual([
      {
        failures: [
          expect.objectContaining({ reason: "suspicious_shrink", detail: expect.stringMatching(/^4 messages/) }),
        ],
      },
    ]);
    expect(look(gone, { failures }).actions).toEqual([]);
  });
});

describe("files to Huawei", () => {
  const desk = { projectTypeKey: "service_desk" };
  const hidden = (said: Body, more: Partial<IssueComment> = {}): IssueComment =>
    makeComment({ commentId: toId("502"), restricted: true, body: said, ...more });

  it.each<{
    name: string;
    said: Body;
    file?: Partial<IssueFile>;
    others?: IssueComment[];
    mirrors?: Mirror[];
    policy?: "referenced" | "none";
    issue?: Partial<Issue>;
    sent: boolean;
  }>([
    { name: "named in the text", said: body("see app.log"), sent: true },
    { name: "shown by its attachment id", said: body("see", "900"), sent: true },
    { name: "shown by its name", said: body("see", "app.log"), sent: true },
    { name: "named between Chinese characters", said: body("请看app.log文件"), sent: true },
    { name: "part of a longer name", said: body("see my-app.log and app.log.1"), sent: false },
    { name: "not named", said: body("see above"), sent: false },
    { name: "policy none", said: body("see app.log"), policy: "none", sent: false },
    { name: "ours", said: body("see app.log"), file: { authorId: "casebridge" }, sent: false },
    {
      name: "a restricted comment names it too",
      said: body("see app.log"),
      others: [hidden(body("app.log is secret"))],
      sent: false,
    },
    {
      name: "a restricted comment shows it by id",
      said: body("see app.log"),
      others: [hidden(body("", "900"))],
      sent: false,
    },
    {
      name: "a restricted comment shows it by name",
      said: body("see", "900"),
      others: [hidden(body("", "app.log"))],
      sent: false,
    },
    {
      name: "an internal note names it too",
      said: body("see app.log"),
      others: [hidden(body("app.log"), { restricted: false, jsdPublic: false })],
      issue: desk,
      sent: false,
    },
    {
      name: "a note of unknown visibility names it too",
      said: body("see app.log"),
      others: [hidden(body("app.log"), { restricted: false, jsdPublic: null })],
      issue: desk,
      sent: false,
    },
    {
      name: "another comment carried it",
      said: body("see app.log"),
      mirrors: [makeMirror({ kind: "file", origin: "jira", sourceId: "900", parentId: "400" })],
      sent: false,
    },
  ])("sends a file with the comment that names it: $name", ({ said, file, others, mirrors, policy, issue, sent }) => {
    const comment = makeComment({ body: said, jsdPublic: issue === undefined ? null : true });

    const actions = plan({
      mirrors: mirrors ?? [],
      observed: {
        comments: [comment, ...(others ?? [])],
        issue: makeIssue({ files: [makeFile("app.log", file)], ...issue }),
      },
      settings: { attachments: { toHuawei: policy ?? "referenced" } },
    });

    const [send] = pick(actions, "send_comment");
    expect(send?.comment.commentId).toBe("501");
    expect(send?.files.map((entry) => entry.attachmentId)).toEqual(sent ? ["900"] : []);
  });

  it.each<{
    name: string;
    said?: unknown;
    others?: IssueComment[];
    mirrors?: Mirror[];
    policy?: "referenced";
    staying: string[];
  }>([
    { name: "no file is sent", staying: ["900"] },
    { name: "the comment shows it by its id", said: body("see it", "900"), staying: ["900"] },
    { name: "the comment does not name it", said: body("see above"), staying: [] },
    { name: "a restricted comment names it too", others: [hidden(body("app.log"))], staying: [] },
    { name: "a restricted comment spells it in its own way", others: [hidden(body("APP.LOG"))], staying: [] },
    {
      name: "it is there already",
      mirrors: [makeMirror({ kind: "file", origin: "jira", sourceId: "900", parentId: "400" })],
      staying: [],
    },
    { name: "files are sent", policy: "referenced", staying: [] },
  ])("says that a named file stays: $name", ({ said, others, mirrors, policy, staying }) => {
    const actions = plan({
      mirrors: mirrors ?? [],
      observed: {
        comments: [makeComment({ body: said ?? body("see app.log") }), ...(others ?? [])],
        issue: makeIssue({ files: [makeFile("app.log")] }),
      },
      settings: { attachments: { toHuawei: policy ?? "none" } },
    });

    expect(pick(actions, "send_comment").flatMap((send) => send.staying.map((file) => file.attachmentId))).toEqual(
      staying,
    );
  });

  it("sends a file that two comments name with the first of them", () => {
    const comments = ["501", "502"].map((id) => makeComment({ commentId: toId(id), body: body("see app.log") }));

    const actions = plan({ observed: { comments, issue: makeIssue({ files: [makeFile("app.log")] }) } });

    expect(pick(actions, "send_comment").map((action) => action.files.length)).toEqual([1, 0]);
  });

  it.each<{
    name: string;
    comment?: Partial<IssueComment>;
    mirrors?: Mirror[];
    others?: IssueComment[];
    file?: Partial<IssueFile>;
    sent: boolean;
  }>([
    { name: "it came later", sent: true },
    { name: "its name has other blanks and an override", file: { name: " app.\u202elog\n" }, sent: true },
    { name: "the comment does not name it", comment: { body: body("see above") }, sent: false },
    { name: "the comment is restricted by now", comment: { restricted: true }, sent: false },
    { name: "a restricted comment names it", others: [hidden(body("app.log"))], sent: false },
    { name: "the comment was never sent", mirrors: [], comment: { createdAt: ago(400) }, sent: false },
    { name: "it is older than outgoingSince", file: { createdAt: ago(291) }, sent: false },
  ])("sends a file that a comment named which was sent before: $name", ({ comment, mirrors, others, file, sent }) => {
    const said = makeComment({ body: body("see app.log"), ...comment });
    const hashes = commentHashes(said, adfToText);
    const live = makeMirror({ kind: "comment", origin: "jira", sourceId: "501", state: "live", ...hashes });

    const actions = plan({
      mirrors: mirrors ?? [live],
      observed: { comments: [said, ...(others ?? [])], issue: makeIssue({ files: [makeFile("app.log", file)] }) },
    });

    expect(pick(actions, "send_file").map((action) => action.file.attachmentId)).toEqual(sent ? ["900"] : []);
  });

  it.each<{
    name: string;
    file?: Partial<IssueFile>;
    comments?: IssueComment[];
    mirrors?: Mirror[];
    issue?: Partial<Issue>;
    readAt?: Date;
    policy?: "referenced" | "all";
    sent: boolean;
  }>([
    { name: "a person's file", sent: true },
    { name: "an empty file", file: { sizeBytes: 0 }, sent: true },
    { name: "policy referenced", policy: "referenced", sent: false },
    { name: "a service desk", issue: desk, sent: false },
    { name: "an issue with a security level", issue: { securityLevelId: "7" }, sent: false },
    { name: "our own file", file: { authorId: "casebridge" }, sent: false },
    { name: "older than outgoingSince", file: { createdAt: ago(291) }, sent: false },
    { name: "still held", file: { createdAt: ago(0.5) }, sent: false },
    { name: "younger than the settle time at the reading", readAt: ago(2), file: { createdAt: ago(2.5) }, sent: false },
    { name: "at rest at the reading", readAt: ago(2), file: { createdAt: ago(3) }, sent: true },
    { name: "sent before", mirrors: [makeMirror({ kind: "file", origin: "jira", sourceId: "900" })], sent: false },
    {
      name: "a copy of a case file",
      mirrors: [makeMirror({ kind: "file", sourceId: "f1", copyId: "900" })],
      sent: false,
    },
    { name: "a restricted comment names it", comments: [hidden(body("app.log"))], sent: false },
    { name: "a restricted comment shows it by id", comments: [hidden(body("", "900"))], sent: false },
    { name: "a comment that leaves now carries it", comments: [makeComment({ body: body("app.log") })], sent: false },
  ])(
    "sends a file of its own under the policy all: $name",
    ({ file, comments, mirrors, issue, readAt, policy, sent }) => {
      const actions = plan({
        mirrors: mirrors ?? [],
        observed: {
          comments: comments ?? [],
          issue: makeIssue({ files: [makeFile("app.log", file)], ...issue }),
          issueReadAt: readAt ?? now,
        },
        settings: { attachments: { toHuawei: policy ?? "all" } },
      });

      expect(pick(actions, "send_file").map((action) => action.file.attachmentId)).toEqual(sent ? ["900"] : []);
    },
  );
});

describe("statuses", () => {
  const issueIn = (category: StatusCategory): Issue => makeIssue({ category, statusId: `st-${category}` });
  const move = (category: StatusCategory, more: Partial<StatusChange> = {}): StatusChange => ({
    at: ago(3),
    authorId: "person",
    authorType: "atlassian",
    toStatusId: `st-${category}`,
    ...more,
  });
  const app = { authorId: "bot", authorType: "app" };
  const own = { authorId: "casebridge" };

  it.each<{
    status: number;
    agreed: readonly [number | null, StatusCategory | null];
    issue: StatusCategory;
    close?: "confirm" | "always" | "never";
    mover?: Partial<StatusChange> | null;
    allowApps?: string[];
    expected: string[];
  }>([
    // Nothing changed.
    { status: 1, agreed: [1, "indeterminate"], issue: "indeterminate", expected: [] },
    { status: 3, agreed: [3, "done"], issue: "done", expected: [] },
    // Only the case changed.
    { status: 1, agreed: [0, "new"], issue: "new", expected: ["move_issue indeterminate"] },
    { status: 0, agreed: [1, "indeterminate"], issue: "indeterminate", expected: ["move_issue new"] },
    { status: 3, agreed: [1, "indeterminate"], issue: "indeterminate", expected: ["move_issue done"] },
    { status: 4, agreed: [0, "new"], issue: "new", expected: ["move_issue done"] },
    { status: 12, agreed: [1, "indeterminate"], issue: "indeterminate", expected: ["move_issue done"] },
    {
      status: 13,
      agreed: [1, "indeterminate"],
      issue: "indeterminate",
      expected: ["notice deleted", "move_issue done"],
    },
    { status: 1, agreed: [3, "done"], issue: "done", expected: ["move_issue indeterminate"] },
    { status: 99, agreed: [0, "new"], issue: "new", expected: ["move_issue indeterminate"] },
    {
      status: 2,
      agreed: [1, "indeterminate"],
      issue: "indeterminate",
      expected: ["notice waits-1", "agree 2 indeterminate"],
    },
    { status: 17, agreed: [0, "new"], issue: "new", expected: ["notice waits-1", "move_issue indeterminate"] },
    { status: 5, agreed: [1, "indeterminate"], issue: "indeterminate", expected: ["agree 5 indeterminate"] },
    { status: 1, agreed: [null, null], issue: "new", expected: ["move_issue indeterminate"] },
    // A person's move between two open categories is left alone.
    { status: 1, agreed: [1, "indeterminate"], issue: "new", expected: ["agree 1 new"] },
    { status: 0, agreed: [0, "new"], issue: "indeterminate", expected: ["agree 0 indeterminate"] },
    // Both changed: the case wins, with one note where they do not fit.
    { status: 1, agreed: [0, "new"], issue: "done", expected: ["notice both-1-done", "move_issue indeterminate"] },
    { status: 3, agreed: [1, "indeterminate"], issue: "new", expected: ["notice both-3-new", "move_issue done"] },
    { status: 3, agreed: [1, "indeterminate"], issue: "done", expected: ["agree 3 done"] },
    // A person moved the issue to done.
    { status: 2, agreed: [2, "indeterminate"], issue: "done", expected: ["want_close"] },
    { status: 0, agreed: [0, "new"], issue: "done", expected: ["notice close", "agree 0 done"] },
    { status: 1, agreed: [1, "indeterminate"], issue: "done", expected: ["notice close", "agree 1 done"] },
    { status: 17, agreed: [17, "indeterminate"], issue: "done", expected: ["notice close", "agree 17 done"] },
    { status: 0, agreed: [0, "new"], issue: "done", close: "always", expected: ["want_close"] },
    { status: 1, agreed: [1, "indeterminate"], issue: "done", close: "always", expected: ["want_close"] },
    { status: 2, agreed: [2, "indeterminate"], issue: "done", close: "always", expected: ["want_close"] },
    { status: 17, agreed: [17, "indeterminate"], issue: "done", close: "always", expected: ["want_close"] },
    {
      status: 5,
      agreed: [5, "indeterminate"],
      issue: "done",
      close: "always",
      expected: ["notice close", "agree 5 done"],
    },
    { status: 2, agreed: [2, "indeterminate"], issue: "done", close: "never", expected: ["agree 2 done"] },
    { status: 0, agreed: [0, "new"], issue: "done", close: "never", expected: ["agree 0 done"] },
    // Apps, casebridge itself and moves that no changelog explains never act.
    { status: 2, agreed: [2, "indeterminate"], issue: "done", close: "always", mover: app, expected: ["agree 2 done"] },
    { status: 2, agreed: [2, "indeterminate"], issue: "done", mover: own, expected: ["agree 2 done"] },
    { status: 2, agreed: [2, "indeterminate"], issue: "done", mover: { toStatusId: "x" }, expected: ["agree 2 done"] },
    { status: 2, agreed: [2, "indeterminate"], issue: "done", mover: null, expected: [] },
    { status: 3, agreed: [3, "done"], issue: "new", mover: app, expected: ["agree 3 new"] },
    // A person took it up again.
    { status: 3, agreed: [3, "done"], issue: "indeterminate", expected: ["ask_reopen indeterminate"] },
    { status: 4, agreed: [4, "done"], issue: "new", expected: ["ask_reopen new"] },
  ])("case $status, agreed $agreed, issue $issue, closeOnDone $close, mover $mover", (row) => {
    const change = row.mover === null ? null : [move(row.issue, row.mover ?? {})];

    const actions = plan({
      link: { caseStatus: row.status, agreedCaseStatus: row.agreed[0], agreedCategory: row.agreed[1] },
      observed: { case: makeCase({ status: row.status }), issue: issueIn(row.issue), statusChanges: change },
      settings: { status: { closeOnDone: row.close ?? "confirm" } },
    });

    expect(actions.map(describeStatus)).toEqual(row.expected);
  });

  function describeStatus(action: Action): string {
    switch (action.kind) {
      case "move_issue":
        return `move_issue ${"category" in action.target ? action.target.category : action.target.statusId}`;
      case "notice":
        return `notice ${action.cause.replace(/^close-\d+$/, "close")}`;
      case "remember": {
        const { agreedCaseStatus, agreedCategory } = action.step.link ?? {};
        return action.what === "agree_status" ? `agree ${agreedCaseStatus} ${agreedCategory}` : action.what;
      }
      case "act_on_case":
        return action.action;
      case "ask_reopen":
        return `ask_reopen ${action.category}`;
      default:
        return action.kind;
    }
  }

  const makeWish = (more: Partial<Omit<Mirror<"move">, "kind" | "origin">>): Mirror =>
    makeMirror({ ...mirrorId.move(0), ...more });

  it.each([
    { mode: "confirm", status: 2, action: "close" },
    { mode: "always", status: 0, action: "cancel" },
    { mode: "always", status: 1, action: "close" },
    { mode: "always", status: 17, action: "close" },
  ] as const)("acts on a move to done that was written down: $mode in status $status", ({ mode, status, action }) => {
    const moved = {
      link: { agreedCaseStatus: status, caseStatus: status },
      observed: { case: makeCase({ status }), issue: issueIn("done"), statusChanges: [move("done")] },
      settings: { status: { closeOnDone: mode } },
    };

    const actions = plan({ ...moved, mirrors: [makeWish({ sourceId: String(ago(3).getTime()), state: "held" })] });

    expect(actions).toEqual([expect.objectContaining({ kind: "act_on_case", action })]);
  });

  it("lets a move rest for the hold time, and forgets it when it was taken back", () => {
    const at = new Date(now.getTime() - 20_000);
    const moved = {
      link: { agreedCaseStatus: 2, caseStatus: 2 },
      observed: { case: makeCase({ status: 2 }), issue: issueIn("done"), statusChanges: [move("done", { at })] },
      mirrors: [makeWish({ sourceId: String(at.getTime()), state: "held" })],
    };

    const resting = planReconcile(makeInput(moved));
    const back = plan({ ...moved, observed: { ...moved.observed, issue: issueIn("indeterminate") } });

    expect(resting.actions).toEqual([]);
    expect(resting.recheckAt).toEqual(new Date(at.getTime() + 60_000));
    expect(back.map(describeStatus)).toEqual(["forget_moves"]);
  });

  it.each([
    { name: "to done", agreed: [2, "indeterminate"], issue: "done", first: ["want_close"] },
    { name: "back from done", agreed: [3, "done"], issue: "indeterminate", first: [] },
  ] as const)("lets a move $name rest without knowing the case, and does nothing then either", (row) => {
    const at = new Date(now.getTime() - 20_000);
    const moment = String(at.getTime());
    const [caseStatus, agreedCategory] = row.agreed;
    const seen = {
      link: { caseStatus, agreedCaseStatus: caseStatus, agreedCategory },
      observed: { case: null, messages: null, issue: issueIn(row.issue), statusChanges: [move(row.issue, { at })] },
    };
    const noted = row.first.length === 0 ? [] : [makeWish({ sourceId: moment, state: "held" })];

    const first = planReconcile(makeInput(seen));
    const resting = planReconcile(makeInput({ ...seen, mirrors: noted }));
    const due = planReconcile({ ...makeInput({ ...seen, mirrors: noted }), now: new Date(at.getTime() + 60_000) });

    expect(first.actions.map(describeStatus)).toEqual(row.first);
    expect(resting).toEqual({ actions: [], recheckAt: new Date(at.getTime() + 60_000) });
    // Whoever acts has read the case.
    expect(due.actions).toEqual([]);
  });

  it.each([
    { name: "the case was closed meanwhile", status: 3, issue: "done", changes: null, dropped: true },
    { name: "the person took it back", status: 2, issue: "indeterminate", changes: null, dropped: true },
    {
      name: "a later move is the last one",
      status: 2,
      issue: "done",
      changes: [move("done", { at: ago(1) })],
      dropped: true,
    },
    { name: "the changelog was not read", status: 2, issue: "done", changes: null, dropped: false },
    { name: "it is wanted still", status: 2, issue: "done", changes: [move("done")], dropped: false },
  ] as const)("an action that was not carried out is dropped when nobody wants it: $name", (world) => {
    const moment = String(ago(3).getTime());
    const actions = plan({
      link: { agreedCaseStatus: world.status, caseStatus: world.status },
      observed: {
        case: makeCase({ status: world.status }),
        issue: issueIn(world.issue),
        statusChanges: world.changes,
      },
      mirrors: [makeWish({ sourceId: moment, state: "held" })],
      intents: [makeIntent({ key: `action:move-${moment}`, mark: null, state: "planned" })],
    });

    expect(steps(actions, "drop_wishes").map((step) => step.confirmedIntents)).toEqual(
      world.dropped ? [[`action:move-${moment}`]] : [],
    );
  });

  it.each<{ name: string; comments: IssueComment[]; dropped: boolean }>([
    { name: "its comment was deleted", comments: [], dropped: true },
    {
      name: "its comment was restricted",
      comments: [makeComment({ body: body("/urge"), restricted: true })],
      dropped: true,
    },
    { name: "its comment says something else", comments: [makeComment({ body: body("never mind") })], dropped: true },
    { name: "it is wanted still", comments: [makeComment({ body: body("/urge") })], dropped: false },
  ])("a command that was not carried out is dropped when it is not due: $name", ({ comments, dropped }) => {
    const command = makeIntent({ key: "command:501", mark: null, payload: {}, state: "planned" });

    const actions = plan({ observed: { comments }, intents: [command] });
    const tried = plan({ observed: { comments }, intents: [{ ...command, state: "unknown" } as Intent] });

    expect(steps(actions, "drop_wishes").map((step) => step.confirmedIntents)).toEqual(
      dropped ? [["command:501"]] : [],
    );
    expect(steps(tried, "drop_wishes")).toEqual([]);
  });

  it.each([
    { name: "was deleted", files: [], dropped: true },
    { name: "is there", files: [makeFile("app.log")], dropped: false },
  ])("the message of a file that has not left is dropped with its file: it $name", ({ files, dropped }) => {
    const key = "message:file:900";
    const payload = { owner: { kind: "file", sourceId: "900" }, fileIds: ["f1"] };

    const actions = plan({
      observed: { comments: [], issue: makeIssue({ files }) },
      intents: [makeIntent({ key, mark: "attachment:900", payload, state: "planned" })],
    });

    expect(steps(actions, "cancel_parts").map((step) => step.confirmedIntents)).toEqual(dropped ? [[key]] : []);
    expect(pick(actions, "send_file")).toHaveLength(dropped ? 0 : 1);
  });

  it("moves the issue back once after a refusal, with one comment, and without taking it for news", () => {
    const moment = String(ago(3).getTime());
    const refused = makeWish({ sourceId: moment, state: "refused", reason: "not now (OSM.1)" });
    const world = {
      link: { agreedCaseStatus: 2, caseStatus: 2 },
      observed: { case: makeCase({ status: 2 }), issue: issueIn("done"), statusChanges: [move("done")] },
    };

    const first = plan({ ...world, mirrors: [refused] });
    const told = aNotice(`action-move-${moment}`);
    const second = plan({ ...world, mirrors: [refused, told] });
    const moved = makeMirror({ ...mirrorId.movedBack(ago(3).getTime()), state: "live" });
    const third = plan({ ...world, mirrors: [refused, told, moved] });

    expect(first.map(describeStatus)).toEqual([`notice action-move-${moment}`, "move_issue indeterminate"]);
    expect(pick(first, "notice")[0]?.text).toContain("not now (OSM.1)");
    expect(second.map(describeStatus)).toEqual(["move_issue indeterminate"]);
    expect(third.map(describeStatus)).toEqual(["agree 2 done"]);
  });

  it.each([
    { name: "was dropped before it left", reopen: "sending", open: [], expected: ["ask_reopen new"] },
    { name: "left, and is not confirmed", reopen: "sending", open: ["sent"], expected: ["agree 3 new"] },
    { name: "left", reopen: "live", open: [], expected: ["agree 3 new"] },
  ] as const)("a message that asks to take the case up again: it $name", ({ reopen, open, expected }) => {
    const actions = plan({
      link: { caseStatus: 3, agreedCaseStatus: 3, agreedCategory: "done" },
      observed: { case: makeCase({ status: 3 }), issue: issueIn("new"), statusChanges: [move("new")] },
      mirrors: [
        makeWish({ sourceId: String(ago(3).getTime()), state: "sending" }),
        makeMirror({ ...mirrorId.reopen(1), state: reopen }),
      ],
      intents: open.map((state) => makeIntent({ key: "message:reopen-1", mark: "notice:reopen-1", state })),
    });

    expect(actions.map(describeStatus)).toEqual(expected);
  });

  it("leaves a deleted case alone", () => {
    const actions = plan({
      link: { agreedCaseStatus: 13, caseStatus: 13, agreedCategory: "done" },
      observed: { case: makeCase({ status: 13 }), issue: issueIn("new"), statusChanges: [move("new")] },
    });

    expect(actions.map(describeStatus)).toEqual(["agree 13 new"]);
  });

  it("leaves an issue that was there before its case where its person put it", () => {
    const actions = plan({
      link: { origin: "jira", agreedCaseStatus: null, agreedCategory: null, caseStatus: 0 },
      observed: { case: makeCase({ status: 0 }), issue: issueIn("indeterminate") },
    });

    expect(actions.map(describeStatus)).toEqual(["agree 0 indeterminate"]);
  });

  it("asks once what to do about a move that does not close the case, then lets it stand", () => {
    const moved = {
      link: { agreedCaseStatus: 1 },
      observed: { issue: issueIn("done"), statusChanges: [move("done")] },
    };

    const first = plan(moved);
    const told = plan({ ...moved, mirrors: [aNotice(`close-${ago(3).getTime()}`)] });

    expect(first.map(describeStatus)).toEqual(["notice close", "agree 1 done"]);
    expect(told.map(describeStatus)).toEqual(["agree 1 done"]);
  });

  it("reads the mover off the last change into the present status", () => {
    const changes = [move("done", app), move("new", { at: ago(2) }), move("done", { at: ago(1) })];

    const actions = plan({
      link: { agreedCaseStatus: 2, caseStatus: 2 },
      observed: { case: makeCase({ status: 2 }), issue: issueIn("done"), statusChanges: changes },
      mirrors: [makeWish({ sourceId: String(ago(1).getTime()), state: "held" })],
    });

    expect(actions).toEqual([
      expect.objectContaining({ kind: "act_on_case", action: "close", movedMs: ago(1).getTime() }),
    ]);
  });

  it("follows a target that names a status by its id", () => {
    const settings = { status: { toJira: { 2: { statusId: "st-review" } } } };
    const observed = { case: makeCase({ status: 2 }), issue: issueIn("indeterminate") };

    const actions = plan({ settings, observed });

    expect(pick(actions, "move_issue")[0]?.target).toEqual({ statusId: "st-review" });
    expect(statusTarget(makeSettings(settings), 77)).toEqual({ category: "indeterminate" });
  });

  it("says that Huawei waits for us once per entering", () => {
    const waiting = { case: makeCase({ status: 2 }) };
    const told = aNotice("waits-1");

    const entering = plan({ observed: waiting });
    const staying = plan({ link: { agreedCaseStatus: 2, caseStatus: 2 }, mirrors: [told], observed: waiting });
    const stillEntering = plan({ mirrors: [told], observed: waiting });
    const enteringAgain = plan({ mirrors: [{ ...told, version: 2 }], observed: waiting });

    expect(pick(entering, "notice").map((action) => action.cause)).toEqual(["waits-1"]);
    expect(staying).toEqual([]);
    expect(pick(stillEntering, "notice")).toEqual([]);
    expect(steps(stillEntering, "agree_status").flatMap((step) => step.mirrors)).toEqual([
      expect.objectContaining({ kind: "waits", sourceId: "1", version: 2 }),
    ]);
    expect(pick(enteringAgain, "notice").map((action) => action.cause)).toEqual(["waits-2"]);
  });

  it("does not take its own half of a way through several statuses for a person's move", () => {
    const change = { toStatusId: issueIn("indeterminate").statusId, authorId: own.authorId, authorType: "atlassian" };
    const observed = {
      case: makeCase({ status: 3 }),
      issue: issueIn("indeterminate"),
      statusChanges: [{ ...move("indeterminate"), ...change }],
    };

    const actions = plan({ link: { agreedCaseStatus: 0, agreedCategory: "new" }, observed });

    expect(pick(actions, "notice")).toEqual([]);
    expect(pick(actions, "move_issue")).toHaveLength(1);
  });

  it("judges nothing while one side was not read", () => {
    const noIssue = plan({ observed: { case: makeCase({ status: 3 }), issue: null, comments: null } });
    const noCase = plan({ observed: { case: null, messages: null, issue: issueIn("done") } });

    expect(noIssue).toEqual([]);
    expect(noCase).toEqual([]);
  });

  it.each([
    ...[0, 1, 2, 5, 17, 99].map((status) => ({ status, open: true })),
    ...[3, 4, 12, 13].map((status) => ({ status, open: false })),
  ])("lets case status $status stand beside fitting categories only", ({ status, open }) => {
    const fitting = (["new", "indeterminate", "done"] as const).filter((category) => isCompatible(status, category));

    expect(fitting).toEqual(open ? ["new", "indeterminate"] : ["done"]);
  });
});

describe("labels, facts and access requests", () => {
  const ownLabels = ["hwcase-TT1", "huawei-cloud"];

  it.each<{
    name: string;
    labels: string[];
    remembered: string[] | null;
    present: string[];
    add: string[];
    remove: string[];
  }>([
    {
      name: "one was added",
      labels: ["Big customer"],
      remembered: [],
      present: ownLabels,
      add: ["hw:Big-customer"],
      remove: [],
    },
    {
      name: "one was removed",
      labels: [],
      remembered: ["hw:vip"],
      present: [...ownLabels, "hw:vip"],
      add: [],
      remove: ["hw:vip"],
    },
    {
      name: "one was exchanged",
      labels: ["b"],
      remembered: ["hw:a"],
      present: [...ownLabels, "hw:a"],
      add: ["hw:b"],
      remove: ["hw:a"],
    },
    {
      name: "people's labels stay",
      labels: ["b"],
      remembered: ["hw:a"],
      present: [...ownLabels, "vip", "a"],
      add: ["hw:b"],
      remove: [],
    },
    {
      name: "a person's own hw: label stays",
      labels: [],
      remembered: [],
      present: [...ownLabels, "hw:mine"],
      add: [],
      remove: [],
    },
    { name: "our own are put back", labels: [], remembered: [], present: ["vip"], add: ownLabels, remove: [] },
    {
      name: "a copy that was removed is put back",
      labels: ["a"],
      remembered: ["hw:a"],
      present: ownLabels,
      add: ["hw:a"],
      remove: [],
    },
  ])("mirrors the labels of the case: $name", ({ labels, remembered, present, add, remove }) => {
    const actions = plan({
      link: { caseLabels: labels, mirroredLabels: remembered ?? [] },
      observed: { issue: makeIssue({ labels: present }) },
    });

    const changes = add.length === 0 && remove.length === 0 ? [] : [{ add, remove }];
    expect(actions).toEqual(changes.map((change) => expect.objectContaining({ kind: "change_labels", ...change })));
  });

  it("writes a label without blanks, at most 255 characters long", () => {
    const short = toJiraLabel("  Big \t customer ");
    const long = toJiraLabel("x".repeat(300));

    expect(short).toBe("hw:Big-customer");
    expect(long).toHaveLength(255);
  });

  it.each(["😀", "👨‍👩‍👧", "𠮷"])("cuts a long label before %s, never within a character", (char) => {
    const cut = toJiraLabel("x".repeat(251) + char.repeat(3));

    expect(cut.isWellFormed()).toBe(true);
    expect(cut.length).toBeLessThanOrEqual(255);
  });

  it("remembers the facts at first, and tells a later change once", () => {
    const changed = makeCase({ severityName: "critical" });

    const first = plan({ link: { factsHash: null } });
    const later = plan({ observed: { case: changed } });
    const told = aNotice(`facts-${factsHash(changed)}`);
    const after = plan({ mirrors: [told], observed: { case: changed } });
    const settled = plan({ link: { factsHash: factsHash(changed) }, mirrors: [told], observed: { case: changed } });

    expect(kinds(first)).toEqual(["remember_facts"]);
    expect(kinds(later)).toEqual(["notice"]);
    expect(pick(later, "notice")[0]?.text).toBe(
      "Facts of the service ticket changed:\ntype: Fault\nregion: eu-west\nseverity: critical",
    );
    expect(kinds(after)).toEqual(["remember_facts"]);
    expect(settled).toEqual([]);
  });

  it("tells each request for access once, with what is asked, until when and where to answer", () => {
    const request: AccessRequest = {
      authorizationId: "auth-1",
      caseId: toId("TT1"),
      status: "pending",
      summary: "log in to the host",
      expiresAt: new Date("2026-05-05T08:30:00Z"),
    };

    const first = plan({ observed: { accessRequests: [request] } });
    const again = plan({
      mirrors: [aNotice("access-auth-1")],
      observed: { accessRequests: [request] },
    });

    expect(pick(first, "notice").map((action) => action.cause)).toEqual(["access-auth-1"]);
    expect(pick(first, "notice")[0]?.text).toMatch(/log in to the host\nUntil: 2026-05-05 08:30 UTC\n.*我的授权/);
    expect(again).toEqual([]);
  });
});

describe("any history", () => {
  const messageArb = fc.record({
    withId: fc.boolean(),
    minute: fc.integer({ min: 1, max: 8 }),
    content: fc.constantFrom("hi", "Please", "[OPS-7#501] Ann:\nhi", "[OPS-7#2] x", "<p>[OPS-7#502] y</p>"),
    author: fc.constantFrom("hw-us", "hw-9", "hw-other"),
    isFirst: fc.boolean(),
    file: fc.boolean(),
  });
  const commentArb = fc.record({
    minute: fc.integer({ min: 5, max: 400 }),
    text: fc.constantFrom("hello", "see app.log", "/case x", ""),
    restricted: fc.boolean(),
    jsdPublic: fc.constantFrom(null, true, false),
    author: fc.constantFrom("person", "casebridge", "bot"),
  });
  const category = fc.constantFrom<StatusCategory>("new", "indeterminate", "done");
  const worldArb = fc.record({
    messages: fc.array(messageArb, { maxLength: 6 }),
    comments: fc.array(commentArb, { maxLength: 5 }),
    later: fc.array(commentArb, { maxLength: 5 }),
    status: fc.constantFrom(0, 1, 2, 3, 4, 5, 12, 13, 17, 99),
    agreedStatus: fc.constantFrom(null, 0, 1, 2, 3),
    category,
    agreedCategory: fc.option(category),
    mover: fc.constantFrom("person", "casebridge"),
    close: fc.constantFrom<ConnectionSettings["status"]["closeOnDone"]>("confirm", "always", "never"),
    labels: fc.subarray(["a", "b c", "d"]),
    present: fc.subarray(["hw:a", "hw:x", "vip", "huawei-cloud", "hwcase-TT1"]),
    policy: fc.constantFrom<ConnectionSettings["attachments"]["toHuawei"]>("referenced", "all", "none"),
    projectTypeKey: fc.constantFrom("software", "service_desk"),
    full: fc.boolean(),
  });
  type World = typeof worldArb extends fc.Arbitrary<infer T> ? T : never;

  function toInput(world: World): PlanInput {
    const messages = world.messages.map((entry, at) =>
      makeMessage({
        messageId: entry.withId ? toId(`m${at}`) : null,
        authorKind: entry.author === "hw-9" ? "engineer" : "customer",
        authorId: entry.author,
        content: entry.content,
        createdAt: ago(100 - entry.minute),
        isFirst: entry.isFirst && at === 0,
        files: entry.file ? [{ fileId: toId<CaseFileId>(`f${at}`), name: "a.txt" }] : [],
      }),
    );
    return makeInput({
      link: {
        markStampedAt: null,
        factsHash: null,
        mirroredLabels: [],
        caseLabels: world.labels,
        caseStatus: world.status,
        agreedCaseStatus: world.agreedStatus,
        agreedCategory: world.agreedCategory,
      },
      observed: {
        case: makeCase({ status: world.status }),
        messages,
        issue: makeIssue({
          category: world.category,
          statusId: `st-${world.category}`,
          labels: world.present,
          projectTypeKey: world.projectTypeKey,
          files: [makeFile("app.log"), makeFile("b.bin", { attachmentId: toId("901") })],
        }),
        comments: world.comments.map(toComment),
        statusChanges: [
          { at: ago(2), authorId: world.mover, authorType: "atlassian", toStatusId: `st-${world.category}` },
        ],
        full: world.full,
      },
      settings: { status: { closeOnDone: world.close }, attachments: { toHuawei: world.policy } },
    });
  }

  function toComment(entry: World["comments"][number], at: number): IssueComment {
    return makeComment({
      commentId: toId<CommentId>(String(500 + at)),
      authorId: entry.author,
      authorType: entry.author === "bot" ? "app" : "atlassian",
      body: body(entry.text),
      createdAt: ago(entry.minute),
      restricted: entry.restricted,
      jsdPublic: entry.jsdPublic,
    });
  }

  /** What the world and our memory look like when every action has succeeded and was seen. */
  function carryOut(input: PlanInput): PlanInput {
    const { actions } = planReconcile(input);
    const mirrors = new Map(input.mirrors.map((mirror) => [`${mirror.kind}|${mirror.sourceId}`, mirror]));
    let link = input.link;
    let issue = input.observed.issue;
    const put = (mirror: Mirror): void => {
      mirrors.set(`${mirror.kind}|${mirror.sourceId}`, mirror);
    };
    const mirrorOf = (commentId: string): Mirror =>
      mirrors.get(`comment|${commentId}`) ?? commentMirror({ sourceId: commentId });
    const fileMirror = (file: IssueFile, parentId: string | null): Mirror =>
      makeMirror({ kind: "file", origin: "jira", sourceId: file.attachmentId, parentId });
    for (const action of actions) {
      switch (action.kind) {
        case "stamp_issue":
          link = { ...link, markStampedAt: now };
          break;
        case "post_message":
          put(
            makeMirror({ sourceId: action.message.sourceId, fingerprint: action.message.fingerprint, updatedAt: now }),
          );
          break;
        case "carry_issue_files":
          for (const file of action.files) put(makeMirror({ kind: "file", sourceId: file.fileId }));
          break;
        case "remember": {
          const stored = applyStep({ ...input, link, mirrors: [...mirrors.values()] }, action.step, now);
          link = stored.link;
          for (const mirror of stored.mirrors) put(mirror);
          // Its message counts as looked at.
          for (const { item } of action.step.failures ?? [])
            put(makeMirror({ sourceId: item.slice("message:".length), state: "held" }));
          break;
        }
        case "notice":
          put(aNotice(action.cause));
          break;
        case "change_labels":
          if (issue !== null) {
            const left = issue.labels.filter((label) => !action.remove.includes(label));
            issue = { ...issue, labels: [...new Set([...left, ...action.add])] };
          }
          link = { ...link, mirroredLabels: action.labels };
          break;
        case "move_issue":
          if (issue !== null && "category" in action.target) {
            const { category } = action.target;
            issue = { ...issue, category, statusId: `st-${category}` };
            link = { ...link, agreedCaseStatus: action.caseStatus, agreedCategory: category };
          }
          break;
        case "act_on_case":
          link = { ...link, agreedCategory: action.category ?? link.agreedCategory };
          break;
        case "ask_reopen":
          link = { ...link, agreedCategory: action.category };
          break;
        case "send_comment":
          put({
            ...mirrorOf(action.comment.commentId),
            state: "live",
            version: action.version,
            sourceHash: action.sourceHash,
            sourceDigest: action.sourceDigest,
          });
          for (const file of action.files) put(fileMirror(file, action.comment.commentId));
          break;
        case "withdraw_comment":
          put({ ...action.mirror, state: "withdrawn" });
          break;
        case "send_file":
          put(fileMirror(action.file, null));
          break;
        default:
          throw new Error(`${action.kind} has no place in these histories`);
      }
    }
    return { ...input, link, mirrors: [...mirrors.values()], observed: { ...input.observed, issue } };
  }

  it("is planned the same way twice", () => {
    fc.assert(
      fc.property(worldArb, (world) => {
        const input = toInput(world);

        expect(planReconcile(input)).toEqual(planReconcile(structuredCloneOf(input)));
      }),
    );
  });

  /** Passes until nothing is left; one may follow upon another (a notice stands, then its cause is remembered). */
  function settle(input: PlanInput): { readonly settled: PlanInput; readonly written: readonly string[] } {
    let settled = input;
    const written: string[] = [];
    for (let pass = 0; pass < 3; pass += 1) {
      written.push(...planReconcile(settled).actions.flatMap(describeWrite));
      settled = carryOut(settled);
    }
    return { settled, written };
  }

  function describeWrite(action: Action): string[] {
    switch (action.kind) {
      case "post_message":
        return [`message ${action.message.sourceId}`];
      case "notice":
        return [`notice ${action.cause}`];
      case "send_comment":
        return [`comment ${action.comment.commentId}`, ...action.files.map((file) => `file ${file.attachmentId}`)];
      case "send_file":
        return [`file ${action.file.attachmentId}`];
      default:
        return action.direction === "state" ? [] : [action.kind];
    }
  }

  it("leaves nothing to do once everything planned has been done, and writes nothing twice", () => {
    fc.assert(
      fc.property(worldArb, (world) => {
        const { settled, written } = settle(toInput(world));

        expect(planReconcile(settled)).toEqual({ actions: [], recheckAt: null });
        expect(written.filter((item, at) => item !== "withdraw_comment" && written.indexOf(item) !== at)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("leaves nothing to do after edits, restrictions and deletions either", () => {
    fc.assert(
      fc.property(worldArb, (world) => {
        const { settled } = settle(toInput(world));
        const changed = { ...settled, observed: { ...settled.observed, comments: world.later.map(toComment) } };

        const again = settle(changed);

        expect(planReconcile(again.settled)).toEqual({ actions: [], recheckAt: null });
        expect(again.written.filter((item) => item.startsWith("message "))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  function structuredCloneOf(input: PlanInput): PlanInput {
    const { adfToText: toText, mediaReferences: references, ...data } = input;
    return { ...structuredClone(data), adfToText: toText, mediaReferences: references };
  }
});
