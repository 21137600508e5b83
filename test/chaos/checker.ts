/**
 * The judge: looks at the true states of both services, knows nothing of the product's memory, and says what is there twice, lost,
 * echoed, out of order or disclosed.
 *
 * Every text that a person of a test writes carries a token that occurs nowhere else: `<m7>` in a message of a case, `<c7>` in a
 * comment, followed by `.e2` in its second version and `.p3` in its third stretch. So copies are counted without looking at marks.
 */
import type { Restrictions } from "./restrictions.ts";
import type { World } from "./world.ts";

/** What can be wrong. */
export type ProblemKind = "duplicate" | "loss" | "echo" | "disorder" | "leak" | "disclosed" | "status";
/** One thing that is wrong. */
export type Problem = { readonly kind: ProblemKind; readonly what: string };

type CaseView = ReturnType<World["huawei"]["getState"]>["cases"][number];
type Site = ReturnType<World["jira"]["getState"]>;
type IssueView = Site["issues"][number];
type CommentView = IssueView["comments"][number];

const messageToken = /<m\d+>/g;
const commentToken = /<c\d+>/g;
const ownMark = /^\[[A-Z][A-Z0-9_]*-\d+[#^@ !][^\]\n]{0,80}\]/;
const closedStatuses = [3, 4, 12, 13];

/** What the settings of the connection let stand. */
export type JudgeOptions = {
  /** Also what only a full comparison can find: edits, deletions, restrictions. */
  readonly edits: boolean;
  /** People's files travel without being named. */
  readonly ownFiles?: boolean;
  /** A person's move to done is left alone (`CLOSE_ON_DONE=never`). */
  readonly doneStays?: boolean;
  /** What people restricted. */
  readonly restrictions: Restrictions;
};

/** Judges both services. */
export function judge(world: World, options: JudgeOptions): Problem[] {
  const site = world.jira.getState();
  const firstShown = world.huawei.getSettings().firstMessageListed;
  const problems: Problem[] = [];
  const add = (kind: ProblemKind, what: string): void => void problems.push({ kind, what });
  for (const entry of world.huawei.getState().cases) {
    const issues = site.issues.filter(
      (issue) =>
        // A person's copy of an issue is none of the product's making.
        !issue.summary.startsWith("CLONE - ") &&
        (issue.labels.includes(`hwcase-${entry.caseId}`) ||
          propertyOf(issue.properties.casebridge).caseId === entry.caseId),
    );
    if (issues.length > 1) add("duplicate", `case ${entry.caseId} has ${issues.length} issues`);
    const [issue] = issues;
    // A deleted case may have been gone before anybody could see it.
    if (issue === undefined) {
      if (entry.status !== 13) add("loss", `case ${entry.caseId} has no issue`);
      continue;
    }
    const { edits, ownFiles = false, doneStays = false, restrictions } = options;
    const jiraAheadMs = world.aheadMs().jira;
    judgePair({ site, entry, issue, add, edits, ownFiles, doneStays, firstShown, restrictions, jiraAheadMs });
  }
  judgeRequests(world, add);
  const lateMs = world.jira.getSettings().listLagMs;
  problems.push(...options.restrictions.disclosed(world.aheadMs().huawei, lateMs));
  return problems;
}

/** An issue that asks for a case has one, or is told what is wrong, a restriction as well; never two. */
function judgeRequests(world: World, add: Pair["add"]): void {
  const { cases } = world.huawei.getState();
  const { issues } = world.jira.getState();
  for (const issue of issues.filter((candidate) => !candidate.summary.startsWith("CLONE - "))) {
    const [token] = tokens(issue.descriptionText, /<r\d+>/g);
    if (token === undefined) continue;
    const opened = cases.filter((entry) =>
      entry.messages.some((message) => message.isFirst && message.via === "api" && message.content.includes(token)),
    );
    if (opened.length > 1) add("duplicate", `${issue.key}: ${opened.length} cases for the request ${token}`);
    const refused = issue.comments.some((comment) => noticeOf(comment)?.startsWith("notice:request") === true);
    if (opened.length === 0 && !refused) add("loss", `${issue.key}: no case for the request ${token}`);
  }
}

type Pair = {
  readonly site: Site;
  readonly entry: CaseView;
  readonly issue: IssueView;
  readonly add: (kind: ProblemKind, what: string) => void;
  readonly edits: boolean;
  readonly ownFiles: boolean;
  readonly doneStays: boolean;
  readonly firstShown: boolean;
  readonly restrictions: Restrictions;
  readonly jiraAheadMs: number;
};

function propertyOf(value: unknown): { caseId?: string; messageId?: string; fingerprint?: string } {
  return typeof value === "object" && value !== null ? value : {};
}

function tokens(text: string, pattern: RegExp): string[] {
  return text.match(pattern) ?? [];
}

function judgePair(pair: Pair): void {
  judgeToJira(pair);
  judgeToHuawei(pair);
  judgeFiles(pair);
  judgeCommands(pair);
  const { entry, issue, add } = pair;
  const closed = closedStatuses.includes(entry.status);
  const done = issue.status.category === "done";
  // A person's early move to done is left alone, with a notice where one could end the case (rule 6).
  const told =
    pair.doneStays || issue.comments.some((comment) => noticeOf(comment)?.startsWith("notice:close-") === true);
  // Huawei has no reopen: the case is asked for by a message, and stays closed until somebody takes it up.
  const asked = entry.messages.some((message) => message.via === "api" && / !reopen-\d+\]/.test(message.content));
  // Nor may it be asked while nothing of the issue leaves: then the issue says so.
  const unasked =
    pair.restrictions.isIssueHeld(issue.id) &&
    issue.comments.some((comment) => noticeOf(comment)?.startsWith("notice:unasked-") === true);
  const left = entry.status === 13 && wasLeft(issue, pair.site.botAccountId);
  if (pair.edits && closed !== done && !(done && told) && !(closed && (asked || unasked)) && !left)
    add("status", `${issue.key} is ${issue.status.name} while case ${entry.caseId} is ${entry.status}`);
}

/** A deleted case triggers nothing more (rule 6): where a person moves its issue after the notice of it, there it stays. */
function wasLeft(issue: IssueView, botAccountId: string): boolean {
  const notice = issue.comments.find((comment) => noticeOf(comment) === "notice:deleted");
  const move = issue.changelog.filter((change) => change.items.some((item) => item.field === "status")).at(-1);
  if (notice === undefined || move === undefined || move.authorAccountId === botAccountId) return false;
  return Date.parse(move.createdAt) >= Date.parse(notice.createdAt);
}

function noticeOf(comment: CommentView): string | null {
  const { fingerprint } = propertyOf(comment.properties.casebridge);
  return fingerprint?.startsWith("notice:") === true ? fingerprint : null;
}

function judgeToJira({ site, entry, issue, add }: Pair): void {
  const bot = issue.comments.filter((comment) => comment.authorAccountId === site.botAccountId);
  const copies = bot.filter((comment) => noticeOf(comment) === null);
  const notices = bot.flatMap((comment) => noticeOf(comment) ?? []);
  for (const notice of new Set(notices)) {
    const count = notices.filter((other) => other === notice).length;
    if (count > 1) add("duplicate", `${issue.key} has ${count} times ${notice}`);
  }
  const sources = entry.messages.filter((message) => message.via === "control" && !message.isFirst);
  const order: number[] = [];
  for (const token of new Set(sources.flatMap((message) => tokens(message.content, messageToken)))) {
    const of = sources.filter((message) => message.content.includes(token));
    const found = copies.filter((comment) => comment.bodyText.includes(token)).length;
    const least = of.filter((message) => !message.withdrawn).length;
    if (found > of.length) add("duplicate", `${issue.key}: ${found} comments for ${of.length} messages ${token}`);
    // Nothing more can be read of a case that was deleted.
    if (found < least && entry.status !== 13)
      add("loss", `${issue.key}: ${found} comments for ${least} messages ${token}`);
  }
  for (const comment of copies) {
    const [echoed] = tokens(comment.bodyText, commentToken);
    const fromPerson = sources.some((message) => echoed !== undefined && message.content.includes(echoed));
    if ((echoed !== undefined && !fromPerson) || /casebridge/.test(comment.bodyText.slice(0, 60)))
      add("echo", `${issue.key}: comment ${comment.id} repeats what casebridge wrote`);
    const [token] = tokens(comment.bodyText, messageToken);
    // A service that tells seconds tells no order within one.
    const source = sources.find((message) => token !== undefined && message.content.includes(token));
    if (source !== undefined) order.push(Math.floor(source.createdAt / 1000));
  }
  if (order.some((place, index) => index > 0 && place < (order[index - 1] ?? 0)))
    add("disorder", `${issue.key}: comments stand in the order of messages written at ${order.join(", ")}`);
}

function judgeToHuawei({ site, entry, issue, add, edits, restrictions, jiraAheadMs }: Pair): void {
  const sent = entry.messages.filter((message) => message.via === "api" && !message.isFirst);
  const live = sent.filter((message) => !message.withdrawn);
  const marks = live.map((message) => ownMark.exec(message.content)?.[0] ?? `no mark: ${message.content.slice(0, 30)}`);
  for (const mark of new Set(marks)) {
    const count = marks.filter((other) => other === mark).length;
    if (count > 1) add("duplicate", `${entry.caseId}: ${count} messages ${mark}`);
  }
  const echo = sent.find((message) => tokens(message.content, messageToken).length > 0);
  if (echo !== undefined) add("echo", `${entry.caseId}: message ${echo.messageId} repeats a message of the case`);
  const closed = closedStatuses.includes(entry.status);
  const order: number[] = [];
  for (const comment of issue.comments) {
    if (comment.authorAccountId === site.botAccountId) continue;
    const [token] = tokens(comment.bodyText, commentToken);
    if (token === undefined) continue;
    const held = restrictions.isHeld(issue, comment.id);
    // Whether the comment above was restricted nobody can tell any more, so a reply neither leaves nor is taken back.
    if (held === "unknown") continue;
    const of = sent.filter((message) => message.content.includes(`#${comment.id}`));
    // One that somebody freed may have left since; when it left is judged by the book.
    if (comment.bodyText.includes("born restricted") && held && of.length > 0)
      add("leak", `${entry.caseId}: the restricted comment ${token} was sent`);
    if (held) {
      if (edits && !closed) judgeTaken(entry, comment.id, add);
      continue;
    }
    const refused = issue.comments.some(
      (other) => noticeOf(other)?.startsWith(`notice:refused-${comment.id}-`) === true,
    );
    const stretches = tokens(comment.bodyText, /<c\d+>(?:\.e\d+)?(?:\.p\d+)?/g);
    const isEdited = stretches.some((stretch) => stretch.includes(".e"));
    if (isEdited && !edits) continue;
    for (const stretch of new Set(stretches)) {
      // What a later message calls withdrawn is said anew once the comment may leave again.
      const isUnsaid = ({ createdAt }: (typeof live)[number]): boolean =>
        of.some((other) => other.createdAt > createdAt && / withdrawn\]/.test(other.content.slice(0, 60)));
      const found = live.filter((message) => occurs(message.content, stretch) && !isUnsaid(message)).length;
      if (found > 1) add("duplicate", `${entry.caseId}: ${found} messages show ${stretch}`);
      if (found < 1 && !refused && !closed) add("loss", `${entry.caseId}: no message shows ${stretch}`);
      if (found < 1 && closed && !refused && of.length === 0)
        add("loss", `${entry.caseId}: nothing tells of ${stretch}`);
    }
    // What was held leaves late.
    const late = restrictions.wasHeld(issue.id, comment.id, Date.parse(comment.createdAt) - jiraAheadMs);
    const first = sent.findIndex((message) => message.content.includes(token));
    if (first >= 0 && !late) order.push(first);
  }
  if (order.some((place, index) => index > 0 && place < (order[index - 1] ?? 0)))
    add("disorder", `${entry.caseId}: comments were sent in the order ${order.join(", ")}`);
  if (!edits || closed) return;
  // Deleted comments: what was sent of them is withdrawn, or said to be.
  const present = new Set(issue.comments.map((comment) => comment.id));
  for (const message of live) {
    const id = /^\[[A-Z0-9_-]+#(\d+)/.exec(message.content)?.[1];
    if (id !== undefined && !present.has(id)) judgeTaken(entry, id, add);
  }
}

/** A comment that must not be seen any more: nothing of it is live, or one message says that it is withdrawn. */
function judgeTaken(entry: CaseView, commentId: string, add: Pair["add"]): void {
  const of = entry.messages.filter(
    (message) => message.via === "api" && !message.withdrawn && message.content.includes(`#${commentId}`),
  );
  const told = of.filter(
    (message) => message.content.startsWith("[") && / withdrawn\]/.test(message.content.slice(0, 60)),
  );
  if (of.length > 0 && told.length !== 1)
    add("loss", `${entry.caseId}: comment ${commentId} is gone, and ${told.length} messages say so`);
}

/** Whether a stretch occurs as such, and not as the beginning of a longer one. */
function occurs(text: string, stretch: string): boolean {
  for (let at = text.indexOf(stretch); at >= 0; at = text.indexOf(stretch, at + 1)) {
    if (!/^(?:\.[ep])?\d/.test(text.slice(at + stretch.length, at + stretch.length + 3))) return true;
  }
  return false;
}

const commandText = /^\/(?:urge|close|cancel|rate)\b/;
/** Types of the operation log by command (docs/vendors/huawei.md). */
const commandLogs = { urge: 2, cancel: 4, rate: 5 } as const;

/** Each command of a person is answered, and acts at most once. */
function judgeCommands({ site, entry, issue, add, edits }: Pair): void {
  const commands = issue.comments.filter(
    (comment) => comment.authorAccountId !== site.botAccountId && commandText.test(comment.bodyText),
  );
  for (const [name, type] of Object.entries(commandLogs)) {
    const asked = commands.filter((comment) => comment.bodyText.startsWith(`/${name}`)).length;
    const done = entry.operateLogs.filter((log) => log.type === type && log.operatorName !== "engineer").length;
    // Done cancels a new case as well, once per move (CLOSE_ON_DONE=always).
    if (name !== "cancel" && done > asked)
      add("duplicate", `${entry.caseId}: ${done} times ${name} for ${asked} commands`);
  }
  if (!edits || entry.status === 13) return;
  for (const comment of commands) {
    const answered = issue.comments.some((other) => noticeOf(other)?.includes(comment.id) === true);
    if (!answered) add("loss", `${issue.key}: ${comment.bodyText} (${comment.id}) is not answered`);
  }
}

function judgeFiles({ site, entry, issue, add, ownFiles, firstShown, restrictions }: Pair): void {
  const attached = issue.attachments.filter((file) => file.authorAccountId === site.botAccountId);
  // Where the case's text is no message, nobody can read its files.
  const sources = entry.messages.filter((message) => message.via === "control" && (firstShown || !message.isFirst));
  for (const sha256 of new Set(sources.flatMap((message) => message.accessories.map((file) => file.sha256)))) {
    const has = (message: CaseView["messages"][number]): number =>
      message.accessories.filter((file) => file.sha256 === sha256).length;
    const most = sources.reduce((sum, message) => sum + has(message), 0);
    const least = sources.reduce((sum, message) => sum + (message.withdrawn ? 0 : has(message)), 0);
    const found = attached.filter((file) => file.sha256 === sha256).length;
    if (found > most) add("duplicate", `${issue.key}: ${found} attachments for ${most} files ${sha256.slice(0, 8)}`);
    if (found < least && entry.status !== 13)
      add("loss", `${issue.key}: ${found} attachments for ${least} files ${sha256.slice(0, 8)}`);
  }
  const sent = entry.messages.filter((message) => message.via === "api");
  const closed = closedStatuses.includes(entry.status);
  for (const file of issue.attachments) {
    if (file.authorAccountId === site.botAccountId) continue;
    const found = sent.flatMap((message) => message.accessories).filter((other) => other.sha256 === file.sha256).length;
    const naming = issue.comments.filter((comment) => comment.bodyText.includes(file.name));
    const hidden =
      restrictions.isIssueHeld(issue.id) ||
      restrictions.wasNamedInHidden(issue, file.name) ||
      naming.some((comment) => restrictions.isHeld(issue, comment.id) !== false);
    if (found > 1) add("duplicate", `${entry.caseId}: file ${file.name} was sent ${found} times`);
    if (found === 0 && !closed && !hidden && (naming.length > 0 || ownFiles))
      add("loss", `${entry.caseId}: file ${file.name} was not sent`);
    if (
      found > 0 &&
      naming.length > 0 &&
      naming.every(
        (comment) => comment.bodyText.includes("born restricted") && restrictions.isHeld(issue, comment.id) === true,
      )
    )
      add("leak", `${entry.caseId}: file ${file.name} of a restricted comment was sent`);
  }
}
