/** Keeps the past that the plots show: each full minute once, each full hour once. */
import type { Side } from "../domain/service-error.ts";
import type { Database } from "../store/database/client.ts";
import { recordMinute, rollUpHistory } from "../store/history.ts";
import type { Clock, Log } from "../sync/ports.ts";

/** Counts the requests that the budgets let go. */
export type RequestCounter = {
  count(request: { readonly connection: string; readonly side: Side }): void;
  /** What was counted since the last time. */
  take(): Map<string, Record<Side, number>>;
};

/** Makes a counter at nought. */
export function makeRequestCounter(): RequestCounter {
  let counts = new Map<string, Record<Side, number>>();
  return {
    count: ({ connection, side }) => {
      const of = counts.get(connection) ?? { huawei: 0, jira: 0 };
      of[side] += 1;
      counts.set(connection, of);
    },
    take: () => {
      const snapshot = counts;
      counts = new Map();
      return snapshot;
    },
  };
}

const minuteMs = 60_000;
/** What a transaction of that minute stores at its very end is seen by then. */
const lateMs = 2_000;

/**
 * Records each minute once it is over, for as long as the process works. It only adds to the mirror: a minute that cannot be stored is left
 * out, and its requests go with the next one. `idle` waits for a recording under way, and `stop` ends all.
 */
export function startHistory(
  {
    prisma,
    clock,
    log,
    connections,
  }: {
    readonly prisma: Database["prisma"];
    readonly clock: Clock;
    readonly log: Log;
    readonly connections: readonly { readonly name: string }[];
  },
  requests: Pick<RequestCounter, "take">,
): { stop(): Promise<void>; idle(): Promise<void> } {
  const names = connections.map(({ name }) => name);
  let underWay: Promise<void> = Promise.resolve();
  let rolledHour: number | null = null;
  let timer: NodeJS.Timeout;
  let left = new Map<string, Record<Side, number>>();

  async function record(): Promise<void> {
    const now = clock.now();
    left = added(left, requests.take());
    try {
      await recordMinute({ prisma }, { connections: names, requests: left, now });
      left = new Map();
      const hour = Math.floor(now.getTime() / (60 * minuteMs));
      if (hour === rolledHour) return;
      await rollUpHistory({ prisma }, now);
      rolledHour = hour;
    } catch (error) {
      log.debug({ error }, "A minute of the history could not be kept");
    }
  }

  const wait = (): void => {
    const now = clock.now().getTime();
    const nextAt = (Math.floor((now - lateMs) / minuteMs) + 1) * minuteMs + lateMs;
    timer = setTimeout(() => {
      // One after the other: two at once would take the same requests.
      underWay = underWay.then(record);
      wait();
    }, nextAt - now);
    timer.unref();
  };
  wait();
  return {
    idle: () => underWay,
    stop: async () => {
      clearTimeout(timer);
      await underWay;
    },
  };
}

function added(
  one: ReadonlyMap<string, Readonly<Record<Side, number>>>,
  other: ReadonlyMap<string, Readonly<Record<Side, number>>>,
): Map<string, Record<Side, number>> {
  const sum = new Map([...one].map(([name, counts]) => [name, { ...counts }]));
  for (const [name, { huawei, jira }] of other) {
    const of = sum.get(name) ?? { huawei: 0, jira: 0 };
    sum.set(name, { huawei: of.huawei + huawei, jira: of.jira + jira });
  }
  return sum;
}
