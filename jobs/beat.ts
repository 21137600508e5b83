/**
 * The short beat: enqueues the links that the database says are due, of the connections whose turn it is. Harmless when every replica
 * does it: enqueues of one link collapse, and a link is leased. A wiped queue is refilled by the next beat.
 */
import { makeQuietWarn } from "../src/lib/quiet-warn.ts";
import type { QueueBackend } from "../src/queue/contract.ts";
import type { Log } from "../src/sync/ports.ts";
import type { StatePort } from "../src/sync/state.ts";
import { reconcileLinkJob } from "./reconcile-link.ts";
import type { Turns } from "./turns.ts";

/** What a beat works with. */
export type BeatDeps = {
  readonly queue: Pick<QueueBackend, "enqueue">;
  readonly state: Pick<StatePort, "listDueLinks">;
  readonly turns: Pick<Turns, "shares">;
  readonly clock: { now(): Date };
  /** How many links one beat enqueues at most. */
  readonly dueMax: number;
  /** Hears of each beat that has reached the database, and how many links it is about to enqueue. */
  readonly onBeat?: (dueCount: number) => void;
};

/** A running beat. `poke`: something is due now, so it does not wait. `stop` ends it; one under way is waited for. */
export type Beat = { poke(): void; stop(): Promise<void> };

const beatMs = 500;
/** Pokes and moments that lie close together are served by one beat. */
const beatMinMs = 20;

/** Starts beating at once. A beat that fails is told to `log`; the next one finds everything where it was. */
export function startBeat(deps: BeatDeps & { readonly log: Log }): Beat {
  const warn = makeQuietWarn(deps.log);
  let stopped = false;
  let poked = false;
  let wake = (): void => {};

  async function run(): Promise<void> {
    while (!stopped) {
      poked = false;
      const startedAt = performance.now();
      const nextMs = await enqueueDue(deps).catch((error: unknown) => {
        warn({ error }, "Schedule could not enqueue");
        return beatMs;
      });
      await rest(Math.max(beatMinMs, nextMs - (performance.now() - startedAt)));
    }
  }

  async function rest(ms: number): Promise<void> {
    if (stopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, poked ? beatMinMs : ms);
      wake = () => {
        clearTimeout(timer);
        setTimeout(resolve, beatMinMs);
      };
    });
    wake = () => {};
  }

  const running = run();
  return {
    poke: () => {
      if (poked) return;
      poked = true;
      wake();
    },
    stop: async () => {
      stopped = true;
      wake();
      await running;
    },
  };
}

/**
 * Enqueues the links that are due, and answers in how many milliseconds the next beat should come: at the moment when a link falls due,
 * such as the end of a comment's hold, else after half a second. Throws what database or queue throw.
 */
export async function enqueueDue(deps: BeatDeps): Promise<number> {
  // Also where no connection has a place: whether the database can be reached is what a beat tells (`onBeat`).
  const shares = deps.turns.shares();
  const now = deps.clock.now().getTime();
  const links = await deps.state.listDueLinks(shares, new Date(now + beatMs), deps.dueMax);
  deps.onBeat?.(links.filter(({ dueAt }) => dueAt.getTime() <= now).length);
  let nextMs = beatMs;
  for (const { id, lane, connectionName, turn, dueAt } of links) {
    const waitMs = dueAt.getTime() - now;
    if (waitMs > 0) {
      nextMs = Math.min(nextMs, waitMs);
      continue;
    }
    await deps.queue.enqueue({
      queue: "links",
      name: reconcileLinkJob,
      key: id,
      payload: { linkId: id, connection: connectionName, lane },
      lane,
      turn,
    });
  }
  return nextMs;
}
