/**
 * Who may run now (rule 9): the one place that keeps the connections of a worker from feeling each other.
 *
 * The trap: a worker has a few slots, and a run holds its slot while it waits, for an endpoint that never answers or for its turn in a
 * small budget. A few connections in trouble then hold every slot, and the healthy ones wait for time-outs that are not theirs.
 *
 * - *A slot belongs to a run that gets on.* A run that is not over after two seconds gives its slot back and goes on beside it; its lease
 *   guards it as before. So slots are lent for moments, however long a service takes.
 * - *Places bound what goes on beside.* A connection has as many runs under way as the worker has slots, and two while many of the
 *   whole worker are under way. Runs of slower lanes do not count, so that live work overtakes the same connection's import.
 * - *A silent endpoint is left alone* for spans that grow from 2 to 45 s; then one run at a time, which holds no slot, or a round asks
 *   whether it answers again. The first answer ends the silence.
 * - *Rounds* have a slot per connection and kind in their own queue (`startWorkers`), so a round waits for no other one. A connection has one round
 *   of each kind at a time (its lease, sync/intake.ts), and it ends after an hour.
 */
import { type Lane, lanes } from "../src/domain/lane.ts";
import type { Side } from "../src/domain/service-error.ts";
import { type Growth, growingMs } from "../src/lib/retry.ts";
import { withTimeLimit } from "../src/lib/time-limit.ts";
import { NotNow } from "../src/queue/job-decision.ts";
import { ignored, type Outcome } from "../src/sync/outcome.ts";
import type { Log } from "../src/sync/ports.ts";
import type { DueShare } from "../src/sync/state.ts";

/** From the most to the least urgent. */
const slowDefaultMs = 2_000;
/** What every connection may have under way, however much the others have. */
const placesMin = 2;
/**
 * Spans for which an endpoint that does not answer is left alone. Work goes on within 60 s of its being possible again: the longest
 * span, and the time-out of a call that was sent just before.
 */
const silenceGrowth: Growth = { firstMs: 2_000, factor: 2, maxMs: 45_000, jitter: [1, 1] };
/** A round that waits for the end of a silence asks so often whether an answer has ended it before. */
const roundAgainMs = 5_000;
/** A round that takes longer ends at its next call. One over 100,000 open cases at a request per second takes 34 min. */
const roundMaxMs = 3_600_000;

/** One worker's turns. */
export type Turns = {
  /** The connections that may have links enqueued now. */
  shares(): readonly DueShare[];
  /**
   * Runs `work` for one link. Answers its outcome; `ignored("goes_on")` once it has given its slot back, and then whatever it throws is
   * logged; `ignored("not_its_turn")` where it may not start: the link is still due. Throws what `work` throws before that.
   */
  runLink(job: { readonly connection: string; readonly lane: Lane }, work: () => Promise<Outcome>): Promise<Outcome>;
  /** Runs `work`, a round that asks `side`. Throws `NotNow` while that side of the connection is left alone, else what `work` throws. */
  runRound<Result>(
    job: { readonly connection: string; readonly side: Side },
    work: () => Promise<Result>,
  ): Promise<Result>;
  /** Hears of every call whether an endpoint has answered at all. */
  noteAnswer(call: { readonly connection: string; readonly side: Side; readonly answered: boolean }): void;
  /** Starts no more runs, and waits until those that go on are over, at most `timeoutMs`: their leases end by themselves. */
  close(timeoutMs: number): Promise<void>;
};

type Running = {
  readonly connection: string;
  readonly lane: Lane;
  beside: boolean;
  readonly over: Promise<unknown>;
};
type Silence = { spans: number; until: number };

/** Makes the turns of one worker. `onFree` hears when a run that went on beside is over, or a silence has ended. */
export function makeTurns(deps: {
  readonly connections: readonly string[];
  /** Links at once (`WORKER_CONCURRENCY`). */
  readonly capacity: number;
  readonly log: Log;
  readonly onFree: () => void;
  /** For tests: a clock that nobody sets, in milliseconds, and after how long a run gives its slot back. */
  readonly elapsedMs?: () => number;
  readonly slowMs?: number;
}): Turns {
  const { connections, capacity, log, onFree, slowMs = slowDefaultMs } = deps;
  const now = deps.elapsedMs ?? (() => performance.now());
  const running = new Set<Running>();
  const silences = new Map<string, Silence>();
  let closed = false;

  /** Longest silence of the connection's sides; `null` while both answer. */
  function silenceOf(connection: string): Silence | null {
    const found = (["huawei", "jira"] as const).flatMap((side) => silences.get(`${side} ${connection}`) ?? []);
    return found.sort((a, b) => b.until - a.until)[0] ?? null;
  }

  /** Runs of a connection that count against one of this lane. */
  function countRuns(connection: string, lane: Lane, besideOnly: boolean): number {
    const counted = [...running].filter(
      (run) =>
        run.connection === connection && lanes.indexOf(run.lane) <= lanes.indexOf(lane) && (run.beside || !besideOnly),
    );
    return counted.length;
  }

  function placesLeft(connection: string, lane: Lane, besideOnly: boolean): number {
    const silence = silenceOf(connection);
    if (silence !== null) return silence.until <= now() && countRuns(connection, "import", false) === 0 ? 1 : 0;
    const most = running.size < 2 * capacity ? capacity : Math.min(capacity, placesMin);
    return Math.max(0, most - countRuns(connection, lane, besideOnly));
  }

  function shares(): DueShare[] {
    if (closed) return [];
    return connections.flatMap((connectionName) => {
      const slowest = lanes.findLast((lane) => placesLeft(connectionName, lane, true) > 0);
      if (slowest === undefined) return [];
      const places = placesLeft(connectionName, slowest, true);
      // A connection without trouble may have a queue, so that no slot waits for the next beat.
      return [{ connectionName, slowest, places: places === capacity ? capacity * 8 : places }];
    });
  }

  async function runLink(job: Parameters<Turns["runLink"]>[0], work: () => Promise<Outcome>): Promise<Outcome> {
    const { connection, lane } = job;
    if (closed || placesLeft(connection, lane, false) === 0) return ignored("not_its_turn");
    const patienceMs = silenceOf(connection) === null ? slowMs : 0;
    const over = work();
    const run: Running = { connection, lane, beside: false, over };
    running.add(run);
    const ended = over.finally(() => {
      running.delete(run);
      if (run.beside) onFree();
    });
    let timer: NodeJS.Timeout | undefined;
    const slow = new Promise<"slow">((resolve) => {
      timer = setTimeout(() => resolve("slow"), patienceMs);
    });
    const first = await Promise.race([ended, slow]).finally(() => clearTimeout(timer));
    if (first !== "slow") return first;
    run.beside = true;
    ended.catch((error: unknown) => log.error({ connection, error }, "A slow run failed"));
    return ignored("goes_on");
  }

  async function runRound<Result>(
    job: { readonly connection: string; readonly side: Side },
    work: () => Promise<Result>,
  ): Promise<Result> {
    const silence = silences.get(`${job.side} ${job.connection}`);
    const leftMs = (silence?.until ?? 0) - now();
    if (leftMs > 0) throw new NotNow(Math.min(leftMs, roundAgainMs));
    return withTimeLimit(roundMaxMs, work);
  }

  function noteAnswer(call: Parameters<Turns["noteAnswer"]>[0]): void {
    const key = `${call.side} ${call.connection}`;
    const silence = silences.get(key);
    if (call.answered) {
      if (silence === undefined) return;
      silences.delete(key);
      log.info({ connection: call.connection, side: call.side }, "The service answers again");
      onFree();
      return;
    }
    // Calls that were sent together fail together; they are one silence.
    if (silence !== undefined && silence.until > now()) return;
    const spans = (silence?.spans ?? 0) + 1;
    const leftAloneMs = growingMs(silenceGrowth, spans, 0);
    silences.set(key, { spans, until: now() + leftAloneMs });
    log.warn({ connection: call.connection, side: call.side, leftAloneMs }, "The service does not answer");
  }

  return {
    shares,
    runLink,
    runRound,
    noteAnswer,
    close: async (timeoutMs) => {
      closed = true;
      const all = Promise.allSettled([...running].map((run) => run.over));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs);
      });
      await Promise.race([all, late]).finally(() => clearTimeout(timer));
    },
  };
}
