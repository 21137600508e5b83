// Rate limits, jira.md 3.6: 20 writes in 2 s and 100 in 30 s on one issue; burst limit per operation.

/** Counts requests against the limits. */
export type Limits = ReturnType<typeof makeLimits>;

const PER_ISSUE = [
  { windowMs: 2_000, most: 20 },
  { windowMs: 30_000, most: 100 },
] as const;

/** Makes the counters. */
export function makeLimits(now: () => number) {
  const writes = new Map<string, number[]>();
  const bursts = new Map<string, number[]>();

  /** Counts a write on an issue. Answers 0, or after how many ms it may be tried again. Refused ones do not count. */
  function countIssueWrite(issueId: string): number {
    const at = now();
    const times = (writes.get(issueId) ?? []).filter((time) => time > at - 30_000);
    for (const { windowMs, most } of PER_ISSUE) {
      const inside = times.filter((time) => time > at - windowMs);
      const oldest = inside[inside.length - most];
      if (oldest !== undefined) return oldest + windowMs - at;
    }
    times.push(at);
    writes.set(issueId, times);
    return 0;
  }

  /** Counts a request of an operation. Answers 0, or after how many ms it may be tried again. */
  function countBurst(operation: string, perSecond: number): number {
    if (perSecond <= 0) return 0;
    const at = now();
    const times = (bursts.get(operation) ?? []).filter((time) => time > at - 1_000);
    const oldest = times[times.length - perSecond];
    if (oldest !== undefined) return oldest + 1_000 - at;
    times.push(at);
    bursts.set(operation, times);
    return 0;
  }

  function reset(): void {
    writes.clear();
    bursts.clear();
  }

  return { countIssueWrite, countBurst, reset };
}
