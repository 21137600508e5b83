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
  async function look(): Promise<Readiness> {
    const names = Object.keys(checks);
    const answers = await Promise.all(Object.values(checks).map((check) => isReady(check, timeoutMs)));
    const notReady = names.filter((_name, index) => answers[index] !== true);
    return { ready: notReady.length === 0, notReady };
  }
  return () => {
    const now = performance.now();
    if (last === null || now - last.at > maxAgeMs) last = { at: now, answer: look() };
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
