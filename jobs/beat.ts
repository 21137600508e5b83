/**
 * The short beat: enqueues the links that the database says are due, of the connections whose turn it is. Harmless when every replica
 * does it: enqueues of one link collapse, and a link is leased. A wiped queue is refilled by the next beat.
 */

import type { Lane } from "../src/domain/lane.ts";
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

type DueLink = Awaited<ReturnType<StatePort["listDueLinks"]>>[number];

/** A running beat. `poke`: something is due now, so it does not wait. `stop` ends it; one under way is waited for. */
export type Beat = { poke(): void; stop(): Promise<void> };

const beatMs = 500;
/** Pokes and moments that lie close together are served by one beat. */
const beatMinMs = 20;
/** What a queue has lost, or a worker has given back, is enqueued again after so long at the latest. */
const enqueueAgainMs = 2_000;

/** Starts beating at once. A beat that fails is told to `log`; the next one finds everything where it was. */
export function startBeat(deps: BeatDeps & { readonly log: Log }): Beat {
  const warn = makeQuietWarn(deps.log);
  let stopped = false;
  let poked = false;
  let wake = (): void => {};

  const queued = makeQueued();

  async function run(): Promise<void> {
    while (!stopped) {
      poked = false;
      const startedAt = performance.now();
      const nextMs = await enqueueDue(deps, queued).catch((error: unknown) => {
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
export async function enqueueDue(deps: BeatDeps, queued: Queued = makeQueued()): Promise<number> {
  // Also where no connection has a place: whether the database can be reached is what a beat tells (`onBeat`).
  const shares = deps.turns.shares();
  const now = deps.clock.now().getTime();
  const links = await deps.state.listDueLinks(shares, new Date(now + beatMs), deps.dueMax);
  deps.onBeat?.(links.filter(({ dueAt }) => dueAt.getTime() <= now).length);
  let nextMs = beatMs;
  for (const link of links) {
    const { id, lane, connectionName, dueAt } = link;
    const waitMs = dueAt.getTime() - now;
    if (waitMs > 0) {
      nextMs = Math.min(nextMs, waitMs);
      continue;
    }
    const turn = bandOf(link.turn);
    if (queued.has({ ...link, turn })) continue;
    await deps.queue.enqueue({
      queue: "links",
      name: reconcileLinkJob,
      key: id,
      payload: { linkId: id, connection: connectionName, lane },
      lane,
      turn,
    });
    queued.note({ ...link, turn });
  }
  return nextMs;
}

/** What a beat has enqueued a moment ago and need not enqueue again. */
export type Queued = { has(link: DueLink): boolean; note(link: DueLink): void };

/** The memory of one beat. It may forget or be wrong: then a link is enqueued once more, or a moment later. */
export function makeQueued(elapsedMs: () => number = () => performance.now()): Queued {
  type Entry = { readonly dueAtMs: number; readonly lane: Lane; readonly turn: number; readonly atMs: number };
  const entries = new Map<string, Entry>();
  return {
    has({ id, lane, turn, dueAt }) {
      const entry = entries.get(id);
      // A new moment is news that came after the job may have run, and a better place lifts the job.
      return (
        entry !== undefined &&
        entry.atMs > elapsedMs() - enqueueAgainMs &&
        entry.dueAtMs === dueAt.getTime() &&
        entry.lane === lane &&
        entry.turn <= turn
      );
    },
    note({ id, lane, turn, dueAt }) {
      const atMs = elapsedMs();
      // In the order of their times, so that the old ones come first.
      entries.delete(id);
      entries.set(id, { dueAtMs: dueAt.getTime(), lane, turn, atMs });
      for (const [oldest, entry] of entries) {
        if (entry.atMs > atMs - enqueueAgainMs) break;
        entries.delete(oldest);
      }
    },
  };
}

/**
 * The turn, rounded down to a power of eight: a job's place among its connection's is near enough, and it is lifted twice at most instead
 * of at each beat.
 */
function bandOf(turn: number): number {
  return turn < 2 ? turn : 8 ** Math.floor(Math.log2(turn) / 3);
}
