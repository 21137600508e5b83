/** What a simulator remembers about the requests that it got. */

/** One request. `n` counts from 1; `status` is the HTTP status sent, 0 when none was (reset, hang, outage); `atMs` is the simulator's time. */
export interface RequestEntry {
  readonly n: number;
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly atMs: number;
  readonly write: boolean;
  status: number;
}

/** Counts and log since the start or the last `reset`. The log keeps at least the newest 50,000; the counts are whole. */
export interface RequestSummary {
  readonly total: number;
  readonly reads: number;
  readonly writes: number;
  /** Most requests that were served at one time. */
  readonly inFlightMax: number;
  readonly byOperation: Readonly<Record<string, number>>;
  readonly log: readonly RequestEntry[];
}

/** A request that no document describes and a correct client never sends, with the reason. */
export interface Refusal extends Omit<RequestEntry, "n" | "write"> {
  readonly reason: string;
}

const LOG_MAX = 100_000;

/** The book of requests and refusals. */
export type RequestLog = ReturnType<typeof makeRequestLog>;

/** Makes an empty book. */
export function makeRequestLog(now: () => number) {
  let log: RequestEntry[] = [];
  let refusals: Refusal[] = [];
  let inFlight = 0;
  let counts = { total: 0, reads: 0, writes: 0, inFlightMax: 0 };
  const byOperation = new Map<string, number>();

  function resetRequests(): void {
    log = [];
    counts = { total: 0, reads: 0, writes: 0, inFlightMax: inFlight };
    byOperation.clear();
  }

  return {
    /** Counts a request, which is in flight until `end`. */
    begin(request: Pick<RequestEntry, "operation" | "method" | "path" | "write">): RequestEntry {
      counts.total += 1;
      counts[request.write ? "writes" : "reads"] += 1;
      byOperation.set(request.operation, (byOperation.get(request.operation) ?? 0) + 1);
      inFlight += 1;
      counts.inFlightMax = Math.max(counts.inFlightMax, inFlight);
      const entry = { n: counts.total, ...request, atMs: now(), status: 0 };
      log.push(entry);
      if (log.length > LOG_MAX) log = log.slice(-LOG_MAX / 2);
      return entry;
    },
    end(): void {
      inFlight -= 1;
    },
    refuse({ operation, method, path, atMs, status }: Omit<RequestEntry, "n" | "write">, reason: string): void {
      refusals.push({ operation, method, path, atMs, status, reason });
    },
    summary: (): RequestSummary => ({
      ...counts,
      byOperation: Object.fromEntries(byOperation),
      log: log.map((entry) => ({ ...entry })),
    }),
    refusals: (): readonly Refusal[] => [...refusals],
    /** Empties counts and log, keeps the refusals. */
    resetRequests,
    /** Empties everything. */
    clear(): void {
      resetRequests();
      refusals = [];
    },
  };
}
