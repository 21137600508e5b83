/** What one run over a link gathers on its way, and its moments. */
import type { Link } from "../domain/link.ts";
import type { Action } from "./plan/action.ts";
import type { Clock } from "./ports.ts";

/** More fresh writes than this on one link within the span look like a loop (RULES 2). */
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

/** Whether an action mirrors something that has just happened; what waited for us for longer is backlog and proves no loop. */
export function isFresh(action: Action, link: Link, now: Date): boolean {
  if (link.lane === "import" || action.direction === "state") return false;
  const since = Math.max(now.getTime() - burstSpanMs, link.createdAt.getTime());
  switch (action.kind) {
    case "post_message":
      return action.message.message.createdAt.getTime() >= since;
    case "send_comment":
      return action.comment.updatedAt.getTime() >= since;
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
