/**
 * Writes on one issue, one after the other and never faster than Jira takes them: 20 in 2 s and 100 in 30 s (jira.md 3.6).
 *
 * Jira counts a write somewhere between its sending and its answer. So the time that counts here is the one of the
 * answer: a write that starts a whole window after the answer to the n-th before it cannot be the n+1-th of any window.
 */

/** Serialises and paces the writes of each issue. */
export type IssuePacer = {
  /** Runs `action` when the issue's turn has come; `count` is to be called at the end of every attempt on Jira. */
  run<Result>(issueId: string, action: (count: () => void) => Promise<Result>): Promise<Result>;
};

/** Less than Jira allows, since an attempt that is repeated inside a turn does not wait for the window. */
const windows = [
  { countMax: 18, spanMs: 2_000 },
  { countMax: 95, spanMs: 30_000 },
] as const;
const longestSpanMs = 30_000;
const countsKept = 100;
/** So many idle issues are remembered before the old ones are forgotten. */
const idleIssuesMax = 200;

type Turns = { tail: Promise<void>; waiting: number; readonly countedAt: number[] };

/** Makes a pacer. One per connection is right: one replica at a time works on an issue (rule 2). */
export function makeIssuePacer(deps: {
  readonly nowMs: () => number;
  readonly sleep: (pauseMs: number) => Promise<unknown>;
}): IssuePacer {
  const issues = new Map<string, Turns>();

  async function run<Result>(issueId: string, action: (count: () => void) => Promise<Result>): Promise<Result> {
    const turns: Turns = issues.get(issueId) ?? { tail: Promise.resolve(), waiting: 0, countedAt: [] };
    issues.set(issueId, turns);
    const before = turns.tail;
    const own = Promise.withResolvers<void>();
    turns.tail = own.promise;
    turns.waiting += 1;
    await before;
    try {
      const pauseMs = pauseMsFor(turns.countedAt, deps.nowMs());
      if (pauseMs > 0) await deps.sleep(pauseMs);
      return await action(() => {
        turns.countedAt.push(deps.nowMs());
        if (turns.countedAt.length > countsKept) turns.countedAt.shift();
      });
    } finally {
      turns.waiting -= 1;
      own.resolve();
      if (issues.size > idleIssuesMax) forgetIdle();
    }
  }

  function forgetIdle(): void {
    const oldMs = deps.nowMs() - longestSpanMs;
    for (const [issueId, turns] of issues) {
      if (turns.waiting === 0 && (turns.countedAt.at(-1) ?? 0) <= oldMs) issues.delete(issueId);
    }
  }

  return { run };
}

function pauseMsFor(countedAt: readonly number[], nowMs: number): number {
  let pauseMs = 0;
  for (const { countMax, spanMs } of windows) {
    const nth = countedAt.at(-countMax);
    // A clock that was set back must not make an issue wait for longer than its window.
    if (nth !== undefined && countedAt.length >= countMax)
      pauseMs = Math.max(pauseMs, Math.min(spanMs, nth + spanMs - nowMs));
  }
  return pauseMs;
}
