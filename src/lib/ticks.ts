/**
 * Cron expressions of 5 or 6 fields in UTC, on a clock that is handed in.
 *
 * Only the next moment is asked of the library, and asked in UTC arithmetic. node-cron 4.6 walks through the host's local time to find
 * it, and stands still for the repeated hour of autumn in every zone that has one. The timers are ours, so that a clock that is set or
 * a machine that slept is noticed within a minute.
 */
import { Cron } from "croner";

/** Fires until `stop`. */
export type Ticks = { stop(): void };

/** `fire` must not reject; while it runs, further ticks are passed over. */
export type TicksInput = {
  readonly expression: string;
  readonly clock: { now(): Date };
  readonly fire: () => Promise<void>;
};

const waitMaxMs = 60_000;
const gapSteps = 400;
const hourMs = 3_600_000;

/** A week of ticks, and a day: what an expression leaves out of each week is seen. */
export const eightDaysMs = 8 * 86_400_000;

/** Starts the ticks of an expression. Throws on one that is none. */
export function startTicks({ expression, clock, fire }: TicksInput): Ticks {
  const pattern = parse(expression);
  let busy = false;
  let timer: NodeJS.Timeout | undefined;
  let due = pattern.nextRun(clock.now());
  function wait(): void {
    if (due === null) return;
    timer = setTimeout(tick, Math.min(waitMaxMs, Math.max(1, due.getTime() - clock.now().getTime())));
  }
  function tick(): void {
    const now = clock.now();
    if (due !== null && due <= now) {
      if (!busy) {
        busy = true;
        void fire().finally(() => {
          busy = false;
        });
      }
      due = pattern.nextRun(now);
    } else if (due !== null) {
      // The clock may have been set back; then an earlier moment is the next one.
      const next = pattern.nextRun(now);
      if (next !== null && next < due) due = next;
    }
    wait();
  }
  wait();
  return { stop: () => clearTimeout(timer) };
}

/** The next `count` ticks after `from`; fewer where the expression ends. Throws on an expression that is none. */
export function listTicks(expression: string, from: Date, count: number): Date[] {
  return parse(expression).nextRuns(count, from);
}

/**
 * The longest time between two of the next 400 ticks; with `spanMs` also the longest over an hour within so long from `from`, however
 * many ticks that are. Infinite for an expression of fewer than two.
 */
export function longestGapMs(expression: string, from: Date, spanMs = 0): number {
  const pattern = parse(expression);
  const ticks = pattern.nextRuns(gapSteps, from);
  const gaps = ticks.slice(1).map((tick, index) => tick.getTime() - (ticks[index]?.getTime() ?? 0));
  if (gaps.length === 0) return Number.POSITIVE_INFINITY;
  // A gap of more than an hour holds a full hour of this walk: counting every tick of a week would take seconds.
  const until = from.getTime() + spanMs;
  for (let at = ticks.at(-1)?.getTime() ?? until; at < until; at += hourMs) {
    const next = pattern.nextRun(new Date(at));
    const before = next === null ? undefined : pattern.previousRuns(1, next)[0];
    if (next !== null && before !== undefined) gaps.push(next.getTime() - before.getTime());
  }
  return Math.max(...gaps);
}

/** Day of month and day of week must both fit, as they have to from the first release on. */
function parse(expression: string): Cron {
  return new Cron(expression.trim(), { utcOffset: 0, domAndDow: true });
}
