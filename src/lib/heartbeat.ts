/**
 * Runs `work` while calling `beat` every `everyMs`. A beat that fails is remembered and ends further beats; it does not stop the
 * work, which notices by itself at its next fenced step. Throws what `work` throws.
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
      .catch(() => clearInterval(timer));
  }, everyMs);
  timer.unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await beating;
  }
}
