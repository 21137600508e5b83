/** Whether this process can do its work: asked by the platform that runs it, answered without hurting what is asked. */

/** Answers whether one thing is ready; false or a throw = not ready. Must be safe to call at any time. */
export type ReadinessCheck = () => Promise<boolean>;

/** Result of one look: names of what is not ready, in order. */
export type Readiness = { readonly ready: boolean; readonly notReady: readonly string[] };

/** When and how long to ask. */
export type ReadinessInput = {
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  /** A check that has not answered by then is not ready. Default 3,000. */
  readonly timeoutMs?: number;
  /** An answer serves everybody who asks within this time: the route is open to all, the database is not. Default 1,000. */
  readonly maxAgeMs?: number;
};

/** Makes a function that looks at everything side by side. It never rejects; whoever asks meanwhile shares the same look. */
export function makeReadiness({
  checks,
  timeoutMs = 3_000,
  maxAgeMs = 1_000,
}: ReadinessInput): () => Promise<Readiness> {
  let last: { readonly at: number; readonly answer: Promise<Readiness> } | null = null;
  async function askAll(): Promise<Readiness> {
    const names = Object.keys(checks);
    const answers = await Promise.all(Object.values(checks).map((check) => isReady(check, timeoutMs)));
    const notReady = names.filter((_name, index) => answers[index] !== true);
    return { ready: notReady.length === 0, notReady };
  }
  return () => {
    const now = performance.now();
    if (last === null || now - last.at > maxAgeMs) last = { at: now, answer: askAll() };
    return last.answer;
  };
}

async function isReady(check: ReadinessCheck, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return (await Promise.race([check(), late])) === true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/** What a process knows of its own progress (rule 13). All methods are cheap. */
export type Progress = {
  /** The beat has reached the database, and so many links are due and could be taken. */
  beat(dueCount: number): void;
  /** A due link was taken. */
  linkLeased(): void;
  /** Why this process makes no progress, in words; `null` while it does. */
  stalledBy(): string | null;
};

/** When a process counts as standing still. */
export type ProgressInput = {
  readonly elapsedMs: () => number;
  /** Whether as many links are worked on as may be: then no further one can be taken, and none need be. */
  readonly isBusy: () => boolean;
  /** Default 60,000. */
  readonly limitMs?: number;
};

/** Watches the beat and the links that are due. What a restart cannot mend (the two services are away) does not count. */
export function makeProgress({ elapsedMs, isBusy, limitMs = 60_000 }: ProgressInput): Progress {
  let reachedAt = elapsedMs();
  let dueSince: number | null = null;
  return {
    beat(dueCount) {
      reachedAt = elapsedMs();
      dueSince = dueCount === 0 || isBusy() ? null : (dueSince ?? reachedAt);
    },
    linkLeased() {
      dueSince = null;
    },
    stalledBy() {
      const now = elapsedMs();
      const seconds = (since: number): number => Math.round((now - since) / 1000);
      if (now - reachedAt > limitMs) return `the database has not been reached for ${seconds(reachedAt)} s`;
      if (dueSince !== null && now - dueSince > limitMs)
        return `links are due and none could be taken for ${seconds(dueSince)} s`;
      return null;
    },
  };
}
