/**
 * Runs `work` while calling `beat` every `everyMs`. A beat that fails does not stop the work, which notices by itself at
 * its next fenced step; the next beat is tried all the same. Throws what `work` throws.
 */
export async function withHeartbeat<Result>(
  work: () => Promise<Result>,
  beat: () => Promise<void>,
  everyMs: number,
): Promise<Result> {
  let beating: Promise<void> | null = null;
  const timer = setInterval(() => {
    beating ??= beat()
      .then(() => {
        beating = null;
      })
      .catch(() => {
        // One missed beat (a database that is away for a moment) must not end the others.
        beating = null;
      });
  }, everyMs);
  timer.unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await beating;
  }
}
