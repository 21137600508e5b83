/**
 * The flow of one link: read what is true now, plan what is missing, perform it, look at what that showed.
 *
 * It is level-based: it trusts no event, only what it reads, so lost, doubled or late wake-ups cannot harm. It may be stopped anywhere:
 * every remote write has an intent, and the next holder of the lease starts from there. A further pass is needed exactly when the last
 * one made the issue, sent something to Huawei, or changed our memory: each may make something else due.
 */

import { ignoredReason } from "../../domain/labels.ts";
import type { Mirror } from "../../domain/rows/mirror.ts";
import { moments } from "../moments.ts";
import { deferred, done, type Outcome } from "../outcome.ts";
import type { Action, ActionDirection, Observed, Plan } from "../plan/action.ts";
import { wantsChangelog } from "../plan/changes.ts";
import { planReconcile } from "../plan/plan.ts";
import { findWaitingMove } from "../plan/status.ts";
import type { ConnectionState, LeasedLink, LinkSnapshot } from "../state.ts";
import { conclude } from "./conclude.ts";
import { endByFailure } from "./failures.ts";
import { findIssueMadeBefore, leaveElsewhere, readMarksOnce } from "./first-write.ts";
import { observe, type Sides, withRelations } from "./observe.ts";
import { isStopped, perform } from "./perform.ts";
import { issueAfterEdit, issueJustMade, readCaseSoftly } from "./read-back.ts";
import type { Run, RunDeps } from "./run.ts";
import { settleJiraIntents } from "./settle.ts";
import { suspendedDirections } from "./suspensions.ts";
import { dropUnreadable } from "./unreadable.ts";

/** Passes of one run: create, mirror, confirm, and one to spare. */
const passesMax = 5;

/** Brings one link into agreement. Safe to repeat, safe to stop anywhere. Never throws for a failing service. */
export async function reconcileLink(
  deps: RunDeps,
  leased: LeasedLink,
  run: Run,
  connection: ConnectionState,
): Promise<Outcome> {
  const { link } = leased.snapshot;
  const startedAt = deps.clock.now();
  const sides = sidesOf(leased.snapshot, startedAt);
  // A moment of the past is what this run is for: kept, it would make the link due again at once, without an end.
  if (!sides.jira && link.recheckAt !== null && link.recheckAt > startedAt) run.recheck(link.recheckAt);
  let observed: Observed | Outcome;
  try {
    observed = await readSides(deps, leased, run, sides);
  } catch (error) {
    return await endByFailure(deps, leased, run, { error, phase: { kind: "reading" } });
  }
  if ("kind" in observed) return observed;
  const elsewhere = await leaveElsewhere(deps, leased, run, observed.issue);
  if (elsewhere !== null) return elsewhere;
  if (observed.issue !== null && observed.issueReadAt !== null)
    deps.gate.note(observed.issue, observed.comments, observed.issueReadAt);
  const passed = await mirror(deps, leased, run, connection, observed);
  if ("kind" in passed) return passed;
  await conclude(deps, leased, run, {
    ...passed,
    pausedToHuawei: connection.pausedToHuawei || suspendedDirections(leased.snapshot).has("to-huawei"),
    pausedToJira: connection.pausedToJira || suspendedDirections(leased.snapshot).has("to-jira"),
  });
  if (run.failed || run.recheckAt !== null) return deferred(run.reason ?? "look_again", run.writes);
  return done(run.writes);
}

/** Reads what is true now, writes of unknown outcome first; or how the run ends where nothing may be mirrored. Throws `ServiceError`. */
async function readSides(deps: RunDeps, leased: LeasedLink, run: Run, sides: Sides): Promise<Observed | Outcome> {
  // Asked for by the planner; here its failure is one of reading.
  const ownAccountId = await deps.jira.getOwnAccountId();
  const settled = await settleJiraIntents(deps, leased);
  run.recheck(settled.nextLookAt);
  // What a find owes may be unreadable as well.
  if (settled.found > 0) await dropUnreadable(leased);
  const found = await findIssueMadeBefore(deps, leased);
  if (typeof found !== "string") return found;
  if (found === "adopted" && (await isStopped(deps, run))) return deferred(run.reason ?? "stopped", 0);
  const memory = { ...leased.snapshot, settings: deps.settings, ownAccountId };
  const observed = await observe(
    deps,
    leased.snapshot.link,
    found === "adopted" ? { huawei: true, jira: true, full: true } : sides,
    {
      wantsChangelog: (issue) => wantsChangelog({ ...memory, adfToText: deps.text.adfToText, ...moments(deps) }, issue),
      waits: (issue, statusChanges) => findWaitingMove({ ...memory, ...moments(deps) }, issue, statusChanges) !== null,
      knownCopies: copiesInJira(leased.snapshot.mirrors),
    },
  );
  // Live news does not wait for what only a check needs. Other lanes tell how a run was woken first, not what it is for.
  return leased.snapshot.link.lane === "live" ? observed : withRelations(deps, leased.snapshot, observed);
}

/** What the passes came to: the last reading, and whether something that is due is kept back; left out where this run cannot tell. */
type Passed = { readonly observed: Observed; readonly keepsBack?: boolean };

/** Plans and performs until a pass leaves nothing to do; or how the run ends where the issue turns out to be elsewhere. */
async function mirror(
  deps: RunDeps,
  leased: LeasedLink,
  run: Run,
  connection: ConnectionState,
  seen: Observed,
): Promise<Passed | Outcome> {
  let observed = seen;
  const suspended = new Set<ActionDirection>(suspendedDirections(leased.snapshot));
  if (connection.pausedToJira) suspended.add("to-jira");
  if (connection.pausedToHuawei) suspended.add("to-huawei");
  const suspendedBefore: ReadonlySet<ActionDirection> = new Set(suspended);
  let keepsBack = false;
  for (let pass = 0; pass < passesMax; pass += 1) {
    let plan = await planPass(deps, leased.snapshot, observed, connection);
    if (pass === 0) {
      const marks = await readMarksOnce(deps, leased, run, plan, observed);
      if (marks !== observed) {
        observed = marks;
        // A reading of both sides may be the first to show whose the issue is.
        const gone = await leaveElsewhere(deps, leased, run, observed.issue);
        if (gone !== null) return gone;
        plan = await planPass(deps, leased.snapshot, observed, connection);
      }
      keepsBack = plan.actions.some(({ direction }) => direction !== "state" && suspendedBefore.has(direction));
    }
    run.recheck(plan.recheckAt);
    const actions = plan.actions.filter((action) => !suspended.has(action.direction));
    if (actions.length === 0) break;
    const shown = await act(deps, leased, run, { actions, suspended, observed });
    if (shown === null) break;
    observed = shown;
  }
  // A reading of one side alone does not show that nothing of the other is held.
  return keepsBack || observed.full || suspendedBefore.size === 0 ? { observed, keepsBack } : { observed };
}

/** Performs the actions of one pass. Answers what is seen then; `null` where no further pass is needed. */
async function act(
  deps: RunDeps,
  leased: LeasedLink,
  run: Run,
  pass: {
    readonly actions: readonly Action[];
    /** Directions that wait; what fails adds its own. */
    readonly suspended: Set<ActionDirection>;
    readonly observed: Observed;
  },
): Promise<Observed | null> {
  const { actions, suspended: held, observed } = pass;
  const hadIssue = leased.snapshot.link.issueId !== null;
  const sent = await perform(deps, leased, run, actions, held);
  if (!hadIssue && leased.snapshot.link.issueId !== null)
    return { ...observed, issue: await issueJustMade(deps, leased, run) };
  // What was read before lacks the fields that are set now: they would be set once more.
  if (actions.some(({ kind }) => kind === "complete_issue"))
    return { ...observed, issue: await issueAfterEdit(deps, leased, run, observed) };
  if (sent) return { ...observed, ...(await readCaseSoftly(deps, leased, run, observed)) };
  return actions.some((action) => action.direction === "state") ? observed : null;
}

/** The comments of ours that are known by their mirrors. */
function copiesInJira(mirrors: readonly Mirror[]): ReadonlySet<string> {
  return new Set(
    mirrors.flatMap(({ origin, kind, copyId }) =>
      origin === "huawei" && kind !== "file" && copyId !== null ? [copyId] : [],
    ),
  );
}

/** Which sides have news; a moment to look again reads Jira, and Huawei too where writes to it are open. */
function sidesOf(snapshot: LinkSnapshot, now: Date): Sides {
  const { link, intents } = snapshot;
  const recheck = link.recheckAt !== null && link.recheckAt <= now;
  // What went by while the issue was ignored shows on both sides only.
  if (link.reason === ignoredReason) return { huawei: true, jira: true, full: true };
  const huaweiNews = link.huaweiRev > link.doneRev;
  const jiraNews = link.jiraRev > link.doneRev;
  return {
    // Open writes of either side go back to something the case says, or show in it.
    huawei:
      huaweiNews ||
      link.issueId === null ||
      intents.some(({ kind }) => kind !== "unknown") ||
      link.namedMessages.length > 0 ||
      // A message that a reading lacked is looked for once more.
      snapshot.mirrors.some((mirror) => mirror.missingSince !== null),
    jira: link.issueId !== null && (jiraNews || recheck),
    full: huaweiNews && jiraNews && link.issueId !== null,
  };
}

async function planPass(
  deps: RunDeps,
  snapshot: LinkSnapshot,
  observed: Observed,
  connection: Pick<ConnectionState, "huaweiUserIds" | "pausedToJira" | "pausedToHuawei">,
): Promise<Plan> {
  return planReconcile({
    link: snapshot.link,
    mirrors: snapshot.mirrors,
    intents: snapshot.intents,
    failures: snapshot.failures,
    observed,
    settings: deps.settings,
    huaweiUserIds: connection.huaweiUserIds,
    paused: { toJira: connection.pausedToJira, toHuawei: connection.pausedToHuawei },
    ownAccountId: await deps.jira.getOwnAccountId(),
    installation: deps.installation,
    adfToText: deps.text.adfToText,
    mediaReferences: deps.text.mediaReferences,
    ...moments(deps),
  });
}
