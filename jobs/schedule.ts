/**
 * From clock to queue: cron ticks enqueue rounds, and a short beat (`beat.ts`) the links that are due. Harmless when every replica fires:
 * enqueues of one key collapse, rounds hold a lease, and links do too.
 */
import cron, { type ScheduledTask } from "node-cron";
import type { QueueBackend } from "../src/queue/queue-backend.ts";
import type { Log } from "../src/sync/ports.ts";
import { type BeatDeps, startBeat } from "./beat.ts";
import { intakeCasesJob } from "./intake-cases.ts";
import { intakeIssuesJob } from "./intake-issues.ts";
import { keepHouseJob } from "./keep-house.ts";
import { refreshLookupsJob } from "./refresh-lookups.ts";
import { sweepLinksJob } from "./sweep-links.ts";

export type ScheduleDeps = BeatDeps & {
  readonly queue: Pick<QueueBackend, "enqueue">;
  readonly log: Log;
  readonly connections: readonly string[];
  readonly crons: { readonly cases: string; readonly issues: string; readonly check: string };
  readonly checkMaxAgeMs: number;
};

/** The running schedule. `poke`: a link is due now. `stop` ends ticks and beat; one under way is waited for. */
export type Schedule = { poke(): void; stop(): Promise<void> };

/** Rounds of a connection that may run beside each other: cases, issues, check, look-ups. */
export const roundKinds = 4;

/** Starts ticks and beat, and fires each round once at once, so that a restart does not wait for the next minute. */
export function startSchedule(deps: ScheduleDeps): Schedule {
  const tasks: ScheduledTask[] = [];

  function tick(expression: string, fire: () => Promise<void>): void {
    tasks.push(cron.schedule(expression, () => guard(deps, fire), { timezone: "Etc/UTC" }));
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
  const check = rounds(sweepLinksJob, { maxAgeMs: deps.checkMaxAgeMs, tickMs: tickLengthMs(deps.crons.check) });
  tick(deps.crons.cases, rounds(intakeCasesJob));
  tick(deps.crons.issues, rounds(intakeIssuesJob));
  tick(deps.crons.check, check);
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
      for (const task of tasks) await task.destroy();
      await first;
      await beat.stop();
    },
  };
}

/** Milliseconds between two firings of a cron expression, read off its seconds and minutes fields; 5 min where that cannot be told. Pure. */
export function tickLengthMs(expression: string): number {
  const fields = expression.trim().split(/\s+/);
  const [second, minute] = fields.length === 6 ? [fields[0] ?? "0", fields[1] ?? "*"] : ["0", fields[0] ?? "*"];
  const everySeconds = /^\*(?:\/(\d+))?$/.exec(second);
  if (fields.length === 6 && everySeconds !== null) return Number(everySeconds[1] ?? 1) * 1000;
  const everyMinutes = /^\*(?:\/(\d+))?$/.exec(minute);
  return everyMinutes === null ? 5 * 60_000 : Number(everyMinutes[1] ?? 1) * 60_000;
}

async function guard(deps: Pick<ScheduleDeps, "log">, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    // Database or queue are away: the next tick finds everything where it was.
    deps.log.warn({ error: error instanceof Error ? error.message : "unknown" }, "Schedule could not enqueue");
  }
}
