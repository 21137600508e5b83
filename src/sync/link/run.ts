/** What one run over a link gathers on its way, and its moments. */
import type { Link } from "../../domain/link.ts";
import { toOurTime } from "../../lib/service-clock.ts";
import type { Action, PlanInput } from "../plan/action.ts";
import type { Clock } from "../ports.ts";

/** A lease outlasts a call's time-out and is renewed while the run works; a killed worker's links are free again after it. */
export const leaseMs = 45_000;
/** How often a run renews its lease. */
export const renewEveryMs = 10_000;
/** More fresh writes than this on one link within the span look like a loop (rule 2). */
export const burstMax = 30;
const burstSpanMs = 10 * 60_000;

/** What one run gathers on its way. */
export class Run {
  writes = 0;
  failed = false;
  /** 0 where a failure costs no attempt. */
  attempt = 1;
  recheckAt: Date | null = null;
  reason: string | null = null;
  /** When this run last changed the issue in a way that leaves nothing with a time of its own, as a comment or a file has. */
  changedIssueAt: Date | null = null;
  readonly link: Link;
  /** Fresh writes of this link within the span of the loop breaker. */
  burst: { since: Date; writes: number };

  constructor(link: Link, now: Date) {
    this.link = link;
    const isRecent = link.burstSince !== null && Math.abs(now.getTime() - link.burstSince.getTime()) < burstSpanMs;
    this.burst =
      isRecent && link.burstSince !== null
        ? { since: link.burstSince, writes: link.burstWrites }
        : { since: now, writes: 0 };
  }

  lookAgain(at: Date | null): void {
    if (at !== null && (this.recheckAt === null || at < this.recheckAt)) this.recheckAt = at;
  }
}

/** Whether an action changes the issue itself: its `updated` moves, and nothing with a time of its own shows why. */
export function changesIssue({ kind }: Action): boolean {
  return kind === "move_issue" || kind === "change_labels" || kind === "drop_request_labels" || kind === "link_issues";
}

/** Whether an action mirrors something that has just happened; what waited for us for longer is backlog and proves no loop. */
export function isFresh(action: Action, link: Link, at: Pick<PlanInput, "now" | "aheadMs">): boolean {
  const { now, aheadMs } = at;
  if (link.lane === "import" || action.direction === "state") return false;
  const since = Math.max(now.getTime() - burstSpanMs, link.createdAt.getTime());
  switch (action.kind) {
    case "post_message":
      return toOurTime(action.message.message.createdAt, aheadMs.huawei).getTime() >= since;
    case "send_comment":
      return toOurTime(action.comment.updatedAt, aheadMs.jira).getTime() >= since;
    case "create_issue":
    case "stamp_issue":
    case "post_rest":
    case "carry_issue_files":
      return false;
    default:
      return true;
  }
}

/** The moment so many milliseconds from now. */
export function later(deps: { readonly clock: Clock }, ms: number): Date {
  return new Date(deps.clock.now().getTime() + ms);
}

/** Longest time that a re-sync works on one link, waiting included, before it is handed back to the worker. */
export const linkTimeMaxMs = 15 * 60_000;
