/**
 * From clock to queue: cron ticks enqueue rounds, and a short beat enqueues the links that the database says are due. Harmless when
 * every replica fires: enqueues of one key collapse, rounds hold a lease, and links do too.
 */
import cron, { type ScheduledTask } from "node-cron";
import type { QueueBackend } from "../src/queue/queue-backend.ts";
import type { Log } from "../src/sync/ports.ts";
import type { StatePort } from "../src/sync/state.ts";
import { intakeCasesJob } from "./intake-cases.ts";
import { intakeIssuesJob } from "./intake-issues.ts";
import { keepHouseJob } from "./keep-house.ts";
import { reconcileLinkJob } from "./reconcile-link.ts";
import { refreshLookupsJob } from "./refresh-lookups.ts";
import { sweepLinksJob } from "./sweep-links.ts";

export type ScheduleDeps = {
  readonly queue: Pick<QueueBackend, "enqueue">;
  readonly state: Pick<StatePort, "listDueLinks">;
  readonly clock: { now(): Date };
  readonly log: Log;
  readonly connections: readonly string[];
  readonly crons: { readonly cases: string; readonly issues: string; readonly check: string };
  readonly checkMaxAgeMs: number;
  /** How many links one beat enqueues at most. */
  readonly dueMax: number;
};

/** The running schedule. `stop` ends ticks and beat; a tick under way is waited for. */
export type Schedule = { stop(): Promise<void> };

const beatMs = 500;

/** Starts ticks and beat, and fires each round once at once, so that a restart does not wait for the next minute. */
export function startSchedule(deps: ScheduleDeps): Schedule {
  const tasks: ScheduledTask[] = [];
  let stopped = false;
  let running: Promise<void> = Promise.resolve();

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

  async function beat(): Promise<void> {
    const started = deps.clock.now().getTime();
    await guard(deps, () => enqueueDue(deps));
    if (stopped) return;
    const pause = Math.max(50, beatMs - (deps.clock.now().getTime() - started));
    timer = setTimeout(() => {
      running = beat();
    }, pause);
  }
  let timer: NodeJS.Timeout | undefined;
  running = guard(deps, rounds(intakeCasesJob))
    .then(() => guard(deps, rounds(intakeIssuesJob)))
    .then(beat);

  return {
    async stop(): Promise<void> {
      stopped = true;
      for (const task of tasks) await task.destroy();
      await running;
      clearTimeout(timer);
    },
  };
}

/** Enqueues the links that are due. A wiped queue is refilled by the next beat. */
export async function enqueueDue(
  deps: Pick<ScheduleDeps, "queue" | "state" | "clock" | "connections" | "dueMax">,
): Promise<void> {
  const due = await deps.state.listDueLinks(deps.connections, deps.clock.now(), deps.dueMax);
  for (const link of due) {
    await deps.queue.enqueue({
      queue: "links",
      name: reconcileLinkJob,
      key: link.id,
      payload: { linkId: link.id, connection: link.connectionName },
      lane: link.lane,
    });
  }
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
