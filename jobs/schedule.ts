/**
 * From clock to queue: cron ticks enqueue rounds, and a short beat (`beat.ts`) the links that are due. Harmless when every replica fires:
 * enqueues of one key collapse, rounds hold a lease, and links do too.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { makeQuietWarn, type Warn } from "../src/lib/quiet-warn.ts";
import { eightDaysMs, longestGapMs, startTicks, type Ticks } from "../src/lib/ticks.ts";
import type { QueueBackend } from "../src/queue/contract.ts";
import type { Log } from "../src/sync/ports.ts";
import { type BeatDeps, startBeat } from "./beat.ts";
import { intakeCasesJob } from "./intake-cases.ts";
import { intakeIssuesJob } from "./intake-issues.ts";
import { keepHouseJob } from "./keep-house.ts";
import { refreshLookupsJob } from "./refresh-lookups.ts";
import { sweepLinksJob } from "./sweep-links.ts";

/** What the schedule works with. */
export type ScheduleDeps = BeatDeps & {
  readonly queue: Pick<QueueBackend, "enqueue">;
  readonly log: Log;
  readonly connections: readonly string[];
  readonly crons: { readonly cases: string; readonly issues: string; readonly check: string };
  readonly checkMaxAgeMs: number;
};

/** The running schedule. `poke`: a link is due now. `stop` ends ticks and beat; one under way is waited for, for 2 s at most. */
export type Schedule = { poke(): void; stop(): Promise<void> };

/** Rounds of a connection that may run beside each other: cases, issues, check, look-ups. */
export const roundKinds = 4;

const stopMs = 2_000;
/** How late an own check may be: the tick that is due at the same moment comes first. */
const ownCheckPollMs = 60_000;
/** How often links are checked in the time in which each must be, where CHECK_CRON alone comes too seldom. */
const ownChecksPerAge = 24;

/** Starts ticks and beat, and fires each round once at once, so that a restart does not wait for the next minute. */
export function startSchedule(options: ScheduleDeps): Schedule {
  const deps = { ...options, warn: makeQuietWarn(options.log) };
  const ticks: Ticks[] = [];

  function tick(expression: string, fire: () => Promise<void>): void {
    ticks.push(startTicks({ expression, clock: deps.clock, fire: () => guard(deps, fire) }));
  }
  const rounds =
    (name: string, extra: Record<string, unknown> = {}) =>
    async (): Promise<void> => {
      for (const connection of deps.connections) {
        await deps.queue.enqueue({
          queue: "rounds",
          name,
          key: connection,
          payload: { connection, ...extra },
          lane: "poll",
        });
      }
    };
  const maxAgeMs = deps.checkMaxAgeMs;
  const cronGapMs = longestGapMs(deps.crons.check, deps.clock.now(), eightDaysMs);
  const wantedMs = Math.min(cronGapMs, maxAgeMs / (cronGapMs > maxAgeMs ? ownChecksPerAge : 1));
  const pollMs = Math.min(ownCheckPollMs, wantedMs);
  const enqueueChecks = rounds(sweepLinksJob, { maxAgeMs, tickMs: Math.min(maxAgeMs, wantedMs + 2 * pollMs) });
  let checkedAt = performance.now();
  const check = async (): Promise<void> => {
    await enqueueChecks();
    checkedAt = performance.now();
  };
  tick(deps.crons.cases, rounds(intakeCasesJob));
  tick(deps.crons.issues, rounds(intakeIssuesJob));
  tick(deps.crons.check, check);
  if (cronGapMs > maxAgeMs) {
    deps.log.warn(
      { longestGapHours: cronGapMs / 3_600_000, maxAgeHours: maxAgeMs / 3_600_000 },
      "CHECK_CRON comes more rarely than CHECK_MAX_AGE_HOURS asks for: links are also checked between its ticks",
    );
  }
  // By the time since the last one, since no sample of an expression tells the whole of it.
  const ownChecks = setInterval(() => {
    if (performance.now() - checkedAt > wantedMs + pollMs) void guard(deps, check);
  }, pollMs);
  // Values of look-ups hardly ever change; a request that misses one asks again at once.
  tick("43 2 * * *", rounds(refreshLookupsJob));
  tick("17 3 * * *", () =>
    deps.queue.enqueue({ queue: "rounds", name: keepHouseJob, key: "all", payload: {}, lane: "check" }),
  );

  const beat = startBeat(deps);
  const first = guard(deps, rounds(intakeCasesJob)).then(() => guard(deps, rounds(intakeIssuesJob)));

  return {
    poke: beat.poke,
    async stop(): Promise<void> {
      for (const entry of ticks) entry.stop();
      clearInterval(ownChecks);
      await Promise.race([Promise.all([first, beat.stop()]), sleep(stopMs, undefined, { ref: false })]);
    },
  };
}

async function guard(deps: { readonly warn: Warn }, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    // Database or queue are away: the next tick finds everything where it was.
    deps.warn({ error }, "Schedule could not enqueue");
  }
}
