/**
 * Broken rules: wrappers around what a worker is given, each of which breaks one rule that the guarantees rest on. With any of them the
 * judge must find something; else the rule, or the judge, is worth nothing.
 */
import type { IssueId } from "../../src/domain/ids.ts";
import type { Issue, IssueComment } from "../../src/domain/issue.ts";
import type { Lane } from "../../src/domain/lane.ts";
import { applyStep } from "../../src/sync/apply-step.ts";
import type { HuaweiCapability } from "../../src/sync/ports.ts";
import type { LeasedLink, LinkSnapshot, StatePort, StateStep } from "../../src/sync/state.ts";
import { LeaseLost } from "../../src/sync/state.ts";
import type { ProblemKind } from "./checker.ts";
import { type PlayOptions, play } from "./matrix.ts";
import { playRestriction } from "./restricted-run.ts";
import { scenarios } from "./scenarios.ts";
import { playStall, type Stall } from "./stall.ts";
import type { Tweaks, World } from "./world.ts";

/** One broken rule, what the judge must report for it, and the trouble in which it shows. */
export type BrokenRule = {
  readonly name: string;
  readonly shows: ProblemKind;
  /** A place to die in the story of messages (`null`: nobody dies), or a machine that stands still. */
  readonly trouble: string | null | Omit<Stall, "tweaks"> | "restriction";
  readonly huawei?: PlayOptions["huawei"];
  readonly jira?: PlayOptions["jira"];
  /** Without it there is nothing that the rule is about. */
  readonly needs?: HuaweiCapability;
  readonly make: () => Tweaks;
};

/** Plays the trouble with the rule broken, or kept. Answers what the judge reports, one line each. */
export async function playRule(world: World, rule: BrokenRule, broken: boolean): Promise<readonly string[]> {
  const tweaks = broken ? { tweaks: rule.make() } : {};
  if (rule.trouble === "restriction")
    return (await playRestriction(world, tweaks)).map(({ kind, what }) => `${kind}: ${what}`);
  if (typeof rule.trouble === "object" && rule.trouble !== null) {
    return (await playStall(world, { ...rule.trouble, ...tweaks })).map(({ kind, what }) => `${kind}: ${what}`);
  }
  const story = scenarios.find((scenario) => scenario.name === "messages with files become comments");
  if (story === undefined) throw new Error("the story is gone");
  // With lag the settle times must be longer than it; `settle` is what the rule about them breaks.
  const played = await play(world, story, rule.trouble, {
    ...tweaks,
    ...(rule.huawei === undefined ? {} : { huawei: rule.huawei }),
    ...(rule.jira === undefined ? {} : { jira: rule.jira }),
  });
  return played.problems;
}

function withSnapshot(
  leased: LeasedLink,
  change: (snapshot: LinkSnapshot) => LinkSnapshot,
  more: Partial<LeasedLink> = {},
): LeasedLink {
  return {
    get snapshot() {
      return change(leased.snapshot);
    },
    installation: leased.installation,
    remainingMs: () => leased.remainingMs(),
    renew: () => leased.renew(),
    apply: (step) => leased.apply(step),
    finish: (end) => leased.finish(end),
    ...more,
  };
}

const same = (snapshot: LinkSnapshot): LinkSnapshot => snapshot;

const noMark = <Comment extends IssueComment>(comment: Comment): Comment => ({ ...comment, stamp: null });
const withoutMarks = <Reading extends { readonly comments: readonly IssueComment[] }>(found: Reading | null) =>
  found === null ? null : { ...found, comments: found.comments.map(noMark) };

/** All broken rules. */
export const brokenRules: readonly BrokenRule[] = [
  {
    name: "no intent before a write to Jira",
    shows: "duplicate",
    trouble: "jira after addComment",
    // The copy's mark would tell, if it showed at once.
    jira: { listLagMs: 5_000 },
    make: () => ({
      leased: (leased) =>
        withSnapshot(leased, same, {
          apply: ({ intents = [], ...step }: StateStep) =>
            leased.apply({ ...step, intents: intents.filter((intent) => intent.side !== "jira") }),
        }),
    }),
  },
  {
    name: "an unknown outcome is repeated at once",
    shows: "duplicate",
    trouble: "jira after addComment",
    jira: { listLagMs: 500 },
    make: () => ({
      leased: (leased) =>
        withSnapshot(leased, (snapshot) => ({
          ...snapshot,
          intents: snapshot.intents.map((intent) =>
            intent.state === "unknown" ? { ...intent, state: "planned" as const } : intent,
          ),
        })),
    }),
  },
  {
    name: "the lease of another run is ignored",
    shows: "duplicate",
    trouble: { before: "lease.apply", pastLease: false },
    make: () => {
      const held = new Map<string, LeasedLink>();
      return {
        state: (state) => ({
          ...state,
          async claimLink(linkId, owner, leaseMs) {
            const own = await state.claimLink(linkId, owner, leaseMs);
            if (own !== null) {
              held.set(linkId, own);
              return withSnapshot(own, same, { remainingMs: () => Number.POSITIVE_INFINITY });
            }
            const others = held.get(linkId);
            const snapshot = await state.findSnapshot(linkId);
            return others === undefined || snapshot === null
              ? null
              : withOwnSnapshot(others, snapshot, (step) => others.apply(step), { finish: async () => {} });
          },
        }),
      };
    },
  },
  {
    name: "the epoch is not checked",
    shows: "duplicate",
    trouble: { before: "jira.createComment", pastLease: true },
    make: () => ({
      leased: (leased) =>
        withOwnSnapshot(leased, leased.snapshot, (step) => leased.apply(step).catch(ignoreLoss), {
          renew: async () => {},
        }),
    }),
  },
  {
    name: "the cursor moves on at once and before the wake-ups",
    shows: "loss",
    trouble: "database after commitCohort",
    needs: "instant_messages",
    // A cursor that tells its own message again would make up for the rule.
    huawei: { cursorInclusive: false },
    make: () => ({
      state: (state) => {
        let owed: Parameters<StatePort["wake"]>[0] = [];
        return {
          ...state,
          async commitCohort(cohortId, cursors, wakeUps, at) {
            owed = wakeUps;
            const cursor = cursors.nextCursor ?? cursors.cursor;
            await state.commitCohort(cohortId, { cursor, nextCursor: null, nextCursorAt: null }, [], at);
          },
          async saveCursor(connectionName, name, value) {
            await state.wake(owed);
            owed = [];
            await state.saveCursor(connectionName, name, value);
          },
        };
      },
    }),
  },
  {
    name: "the own author is not recognised",
    shows: "echo",
    trouble: null,
    make: () => ({
      jira: (port) => ({
        ...port,
        getOwnAccountId: async () => "nobody",
        findIssueWithComments: async (...given) => withoutMarks(await port.findIssueWithComments(...given)),
        listComments: async (issueId, lane) => (await port.listComments(issueId, lane)).map(noMark),
        findComment: async (issueId, commentId, lane) => {
          const comment = await port.findComment(issueId, commentId, lane);
          return comment === null ? null : noMark(comment);
        },
      }),
    }),
  },
  {
    name: "marks are not matched",
    shows: "duplicate",
    trouble: "jira after addComment",
    make: () => ({
      jira: (port) => ({
        ...port,
        findIssueWithComments: async (...given) => withoutMarks(await port.findIssueWithComments(...given)),
        listComments: async (issueId, lane) => (await port.listComments(issueId, lane)).map(noMark),
        findIssuesByLabels: async (labels, lane) =>
          (await port.findIssuesByLabels(labels, lane)).map((hit) => ({ ...hit, stamp: null })),
      }),
    }),
  },
  {
    name: "the settle time is 0 although reading lags",
    shows: "duplicate",
    trouble: "jira after addComment",
    jira: { listLagMs: 500 },
    make: () => ({
      settings: (settings) => ({
        ...settings,
        settle: { caseSeconds: 0, messageSeconds: 0, searchSeconds: 0, listSeconds: 0 },
      }),
    }),
  },
  {
    name: "a run judges by what it read at its start",
    shows: "disclosed",
    trouble: "restriction",
    make: () => {
      const issues = new Map<string, Promise<Issue | null>>();
      const comments = new Map<string, Promise<readonly IssueComment[]>>();
      const remembered = <Value>(known: Map<string, Promise<Value>>, id: string, read: () => Promise<Value>) => {
        const before = known.get(id) ?? read();
        known.set(id, before);
        before.catch(() => known.delete(id));
        return before;
      };
      return {
        leased: (leased) => {
          const { issueId } = leased.snapshot.link;
          for (const known of [issues, comments]) known.delete(issueId ?? "");
          return leased;
        },
        jira: (port) => {
          const list = (issueId: IssueId, lane: Lane) =>
            remembered(comments, issueId, () => port.listComments(issueId, lane));
          return {
            ...port,
            findIssue: (issueId, lane) => remembered(issues, issueId, () => port.findIssue(issueId, lane)),
            findIssueWithComments: async (issueId, known, lane) => {
              const found = await port.findIssueWithComments(issueId, known, lane);
              return found === null
                ? null
                : {
                    ...found,
                    issue: (await remembered(issues, issueId, async () => found.issue)) ?? found.issue,
                    comments: await remembered(comments, issueId, async () => found.comments),
                  };
            },
            listComments: list,
            listCommentsByIds: async (issueId, ids, lane) =>
              (await list(issueId, lane)).filter(({ commentId }) => ids.includes(commentId)),
            findComment: async (issueId, id, lane) =>
              (await list(issueId, lane)).find(({ commentId }) => commentId === id) ?? null,
          };
        },
      };
    },
  },
];

function ignoreLoss(error: unknown): void {
  if (!(error instanceof LeaseLost)) throw error;
}

/** A run whose picture of the link goes on by its own steps, whatever becomes of them in the database. */
function withOwnSnapshot(
  leased: LeasedLink,
  start: LinkSnapshot,
  store: (step: StateStep) => Promise<void>,
  more: Partial<LeasedLink>,
): LeasedLink {
  let snapshot = start;
  return {
    get snapshot() {
      return snapshot;
    },
    installation: leased.installation,
    remainingMs: () => Number.POSITIVE_INFINITY,
    renew: () => leased.renew(),
    apply: async (step) => {
      await store(step);
      snapshot = applyStep(snapshot, step, new Date());
    },
    finish: (end) => leased.finish(end),
    ...more,
  };
}
