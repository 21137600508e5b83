/** What one run over a link needs, what it gathers on its way, and its moments. */
import type { Issue } from "../../domain/issue.ts";
import type { Link } from "../../domain/link.ts";
import { toOurTime } from "../../lib/service-clock.ts";
import type { Arose } from "../apply/action-table.ts";
import { makeGate } from "../apply/gate.ts";
import type { ApplyDeps } from "../apply/write-once.ts";
import type { ActionDirection, PlanInput } from "../plan/action.ts";
import type { Clock } from "../ports.ts";
import type { RequestDeps } from "../request/request-deps.ts";
import type { LeasedLink, StatePort } from "../state.ts";

/** More fresh writes than this on one link within the span look like a loop (rule 2). */
export const burstMax = 30;
const burstSpanMs = 10 * 60_000;

/** What a run needs; `owner` names its process, `random` in [0, 1) jitters pauses. */
export type LinkDeps = Omit<RequestDeps, "lane" | "installation" | "closes" | "gate"> & {
  readonly state: StatePort;
  readonly owner: string;
  readonly random: () => number;
  /** What a new issue of this connection looks like, once one was seen untouched. */
  readonly newIssues: { pattern: Issue | null; reading?: Promise<unknown> };
  /** Links whose marks this process has read, or whose issue it made. */
  readonly marksRead: Set<string>;
};

/** What a run and its writes need. */
export type RunDeps = LinkDeps & ApplyDeps;

/** The dependencies of one run of `link`: its lane, and a gate of its own. */
export async function toRunDeps(
  deps: LinkDeps,
  leased: Pick<LeasedLink, "installation">,
  link: Pick<Link, "lane">,
): Promise<RunDeps> {
  const installation = leased.installation ?? (await deps.state.getInstallation());
  return { ...deps, closes: deps.state, lane: link.lane, installation, gate: makeGate(deps) };
}

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

  recheck(at: Date | null): void {
    if (at !== null && (this.recheckAt === null || at < this.recheckAt)) this.recheckAt = at;
  }
}

/** Whether an action mirrors something that has just happened; what waited for us for longer is backlog and proves no loop. */
export function isFresh(
  action: { readonly direction: ActionDirection; readonly arose: Arose },
  link: Link,
  { now, aheadMs }: Pick<PlanInput, "now" | "aheadMs">,
): boolean {
  const { arose, direction } = action;
  if (link.lane === "import" || direction === "state" || arose === "before") return false;
  const since = Math.max(now.getTime() - burstSpanMs, link.createdAt.getTime());
  return arose === "now" || toOurTime(arose.at, aheadMs[arose.by]).getTime() >= since;
}

/** The moment so many milliseconds from now. */
export function later(deps: { readonly clock: Clock }, ms: number): Date {
  return new Date(deps.clock.now().getTime() + ms);
}

/** Longest time that a re-sync works on one link, waiting included, before it is handed back to the worker. */
export const linkTimeMaxMs = 15 * 60_000;
