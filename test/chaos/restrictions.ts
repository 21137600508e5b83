/**
 * What people restrict while a world runs, when, and until when; and what reached Huawei although it was restricted by then. Nothing
 * of it is taken from the product: acts are written down when they are done, arrivals are those of the simulator.
 */
import type { Problem } from "./checker.ts";
import type { World } from "./world.ts";

/** From a reading to the moment in which something leaves (rule 5). */
const leavesWithinMs = 2_000;
const otherProject = "STEP";

/** A stretch of time in which something must not leave. `untilMs` is endless until somebody takes the restriction back. */
type Span = {
  readonly of: string;
  readonly kind: "level" | "moved" | "hidden";
  readonly fromMs: number;
  untilMs: number;
};

/** Acts of people that restrict, and the book of them. */
export type Restrictions = ReturnType<typeof makeRestrictions>;

/** Makes the book of a world. Ids of issues and comments never meet. */
export function makeRestrictions(world: World) {
  const { jira } = world;
  const spans: Span[] = [];
  /** The comment that each reply answers. */
  const parents = new Map<string, string>();
  /** The comments that were written with a file in them. */
  const namers = new Map<string, string>();

  const key = (kind: Span["kind"], id: string): string => `${kind === "hidden" ? "comment" : "issue"} ${id}`;
  const isOpen = (span: Span): boolean => span.untilMs === Number.POSITIVE_INFINITY;
  const begin = (kind: Span["kind"], id: string): void =>
    void spans.push({ of: key(kind, id), kind, fromMs: world.now(), untilMs: Number.POSITIVE_INFINITY });
  function end(kind: Span["kind"], id: string): boolean {
    const open = spans.filter((span) => span.kind === kind && span.of === key(kind, id) && isOpen(span));
    for (const span of open) span.untilMs = world.now();
    return open.length > 0;
  }

  /** The comment and those above it. */
  function thread(commentId: string): string[] {
    const above = parents.get(commentId);
    return above === undefined ? [commentId] : [commentId, ...thread(above)];
  }

  return {
    /** Gives the issue a level, or roles in a team-managed project; takes either back when it has one. */
    toggleLevel(issueId: string): void {
      const on = !end("level", issueId);
      if (projectOf(world) === "TEAM") jira.restrictIssue({ issue: issueId, roles: on ? ["10002"] : [] });
      else jira.setSecurityLevel({ issue: issueId, ...(on ? {} : { level: null }) });
      if (on) begin("level", issueId);
    },

    /** Moves the issue out of the project, or back. */
    toggleProject(issueId: string): void {
      const away = !end("moved", issueId);
      jira.moveIssue({ issue: issueId, projectKey: away ? otherProject : projectOf(world) });
      if (away) begin("moved", issueId);
    },

    /** Restricts a comment to a role, or frees it. */
    toggleComment(commentId: string): void {
      const on = !end("hidden", commentId);
      jira.restrictComment({ commentId, visibility: on ? { type: "role", value: "Administrators" } : null });
      if (on) begin("hidden", commentId);
    },

    /** A comment that was restricted from its beginning. */
    bornHidden: (commentId: string): void => begin("hidden", commentId),

    /** A comment that was written with files in it. */
    namesFiles(commentId: string, fileNames: readonly string[]): void {
      for (const name of fileNames) namers.set(name, commentId);
    },

    /** Whether the file was named by a comment that was restricted for a time and is gone: nobody can tell what it is now. */
    wasNamedInHidden(issue: { readonly comments: readonly { readonly id: string }[] }, fileName: string): boolean {
      const commentId = namers.get(fileName);
      if (commentId === undefined || issue.comments.some(({ id }) => id === commentId)) return false;
      return thread(commentId).some((id) => spans.some((span) => span.of === key("hidden", id)));
    },

    /** A comment that answers another one. */
    answers: (commentId: string, parentId: string): void => void parents.set(commentId, parentId),

    /** Whoever moved an issue away moves it back: what stands elsewhere is not mirrored, so that nothing could be judged. */
    moveAllBack(): void {
      for (const span of spans.filter((entry) => entry.kind === "moved" && isOpen(entry)))
        this.toggleProject(span.of.slice("issue ".length));
    },

    /** Whether the comment was restricted at any time since it was written: it may have left late, or twice. */
    wasHeld: (issueId: string, commentId: string, createdMs: number): boolean =>
      spans.some(
        (span) =>
          span.untilMs >= createdMs &&
          (span.of === key("level", issueId) || thread(commentId).some((id) => span.of === key("hidden", id))),
      ),

    /** Whether the comment must not be seen in Huawei now; `unknown` where a comment above it is gone. */
    isHeld(issue: { readonly id: string; readonly comments: readonly { readonly id: string }[] }, commentId: string) {
      const held = spans.some(
        (span) =>
          isOpen(span) &&
          (span.of === key("level", issue.id) || thread(commentId).some((id) => span.of === key("hidden", id))),
      );
      if (held) return true;
      const present = new Set(issue.comments.map(({ id }) => id));
      return thread(commentId).every((id) => present.has(id)) ? false : "unknown";
    },

    isIssueHeld: (issueId: string): boolean =>
      spans.some((span) => isOpen(span) && span.kind !== "hidden" && span.of === key("level", issueId)),

    /** How many restrictions were set. */
    count: (): number => spans.length,

    /** What left later than two seconds after it was restricted. `listLagMs`: how old Jira's lists of comments may be. */
    disclosed(aheadMs: number, listLagMs: number): Problem[] {
      const { issues, botAccountId } = jira.getState();
      const { cases, unattachedAccessories } = world.huawei.getState();
      const problems: Problem[] = [];
      /** `at`: by Huawei's clock. */
      function check(what: string, at: number, of: readonly string[], kinds: readonly Span["kind"][], lagMs = 0): void {
        const atMs = at - aheadMs;
        const span = spans.find(
          ({ kind, of: restricted, fromMs, untilMs }) =>
            kinds.includes(kind) && of.includes(restricted) && atMs > fromMs + leavesWithinMs + lagMs && atMs < untilMs,
        );
        if (span === undefined) return;
        const lateMs = atMs - span.fromMs;
        problems.push({ kind: "disclosed", what: `${what} left ${lateMs} ms after ${span.of} (${span.kind})` });
      }
      for (const entry of cases) {
        const [token = " "] = /<r\d+>/.exec(entry.description) ?? [];
        const issue = issues.find(
          ({ labels, descriptionText, summary }) =>
            !summary.startsWith("CLONE - ") &&
            (labels.includes(`hwcase-${entry.caseId}`) || (entry.via === "api" && descriptionText.includes(token))),
        );
        if (issue === undefined) continue;
        const ofIssue = [key("level", issue.id)];
        for (const { messageId, content, createdAt } of entry.messages.filter(({ via }) => via === "api")) {
          const what = `${entry.caseId}: message ${messageId}`;
          const commentId = /^\[[A-Z0-9_-]+#(\d+)(?!\d| withdrawn)/.exec(content)?.[1];
          check(
            what,
            createdAt,
            ofIssue,
            carriesWords(content) || commentId !== undefined ? ["level", "moved"] : ["moved"],
          );
          if (commentId !== undefined)
            check(
              what,
              createdAt,
              thread(commentId).map((id) => key("hidden", id)),
              ["hidden"],
            );
        }
        for (const { type, operatorName, at } of entry.operateLogs) {
          if (operatorName === "engineer" || logsOfOthers.has(type)) continue;
          check(`${entry.caseId}: action ${type}`, at, ofIssue, type === ratingLog ? ["level", "moved"] : ["moved"]);
        }
      }
      const files = [
        ...unattachedAccessories,
        ...cases.flatMap((entry) => entry.messages.flatMap((m) => m.accessories)),
      ];
      for (const issue of issues) {
        for (const { name, sha256, authorAccountId } of issue.attachments) {
          if (authorAccountId === botAccountId) continue;
          const naming = issue.comments.filter(({ bodyText }) => bodyText.includes(name));
          const above = naming.flatMap(({ id }) => thread(id).map((entry) => key("hidden", entry)));
          for (const { createdAt } of files.filter((file) => file.sha256 === sha256)) {
            check(`${issue.key}: file ${name}`, createdAt, [key("level", issue.id)], ["level", "moved"]);
            check(`${issue.key}: file ${name}`, createdAt, above, ["hidden"], listLagMs);
          }
        }
      }
      return problems;
    },
  };
}

/**
 * A case is deleted in Huawei alone; what a customer answers there ends its wait for feedback, and messages of ours are judged as such;
 * support's own moves stand in the log where `supportMovesLogged` says so.
 */
const logsOfOthers: ReadonlySet<number> = new Set([13, 85, 1000]);
/** Type of a rating in the operation log (docs/vendors/huawei.md); its text is a person's. */
const ratingLog = 5;

/** Whether a message without a comment's mark says what people wrote: the text of a request, or a change of an issue. */
function carriesWords(content: string): boolean {
  return /<[cr]\d+>/.test(content) || /^\[[A-Z0-9_-]+(?:@|\^| @| !changed-)/.test(content);
}

/** The project that the connection of this world mirrors. */
function projectOf(world: World): string {
  return world.settings().jira.projectKey;
}
