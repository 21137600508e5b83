/** What the simulator remembers about the requests it got. */

/** One request. `status` is the HTTP status sent, 0 when none was (reset, hang, outage). `path` includes the query. */
export interface RequestEntry {
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly atMs: number;
  readonly write: boolean;
  status: number;
}

/** Counts and log since the start or the last `resetRequests`. The log keeps at least the newest 50,000; the counts are whole. */
export interface RequestSummary {
  readonly total: number;
  readonly reads: number;
  readonly writes: number;
  readonly byOperation: Readonly<Record<string, number>>;
  readonly log: readonly RequestEntry[];
}

/** A request that no document describes, with the reason. */
export interface Refusal {
  readonly atMs: number;
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly reason: string;
}

const LOG_MAX = 100_000;

/** The book of requests and refusals. */
export interface RequestLog {
  add(entry: RequestEntry): void;
  refuse(refusal: Refusal): void;
  summary(): RequestSummary;
  refusals(): readonly Refusal[];
  /** Empties counts and log, keeps the refusals. */
  resetRequests(): void;
  /** Empties everything. */
  clear(): void;
}

/** Makes an empty book. */
export function makeRequestLog(): RequestLog {
  let log: RequestEntry[] = [];
  let counts = new Map<string, number>();
  let reads = 0;
  let writes = 0;
  let refusals: Refusal[] = [];
  function resetRequests(): void {
    log = [];
    counts = new Map();
    reads = 0;
    writes = 0;
  }
  return {
    add(entry) {
      log.push(entry);
      if (log.length > LOG_MAX) log = log.slice(-LOG_MAX / 2);
      counts.set(entry.operation, (counts.get(entry.operation) ?? 0) + 1);
      if (entry.write) writes += 1;
      else reads += 1;
    },
    refuse(refusal) {
      refusals.push(refusal);
    },
    summary() {
      return {
        total: reads + writes,
        reads,
        writes,
        byOperation: Object.fromEntries(counts),
        log: log.map((entry) => ({ ...entry })),
      };
    },
    refusals: () => [...refusals],
    resetRequests,
    clear() {
      resetRequests();
      refusals = [];
    },
  };
}
