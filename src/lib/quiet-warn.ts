/** A logger's `warn`, narrowed. */
export type Warn = (facts: Record<string, unknown>, message: string) => void;

const quietMs = 10_000;

/** Says each message once per 10 s at most: what is away fails many times a second. */
export function makeQuietWarn(log: { warn: Warn }): Warn {
  const saidAt = new Map<string, number>();
  return (facts, message) => {
    const now = performance.now();
    if (now - (saidAt.get(message) ?? Number.NEGATIVE_INFINITY) < quietMs) return;
    saidAt.set(message, now);
    log.warn(facts, message);
  };
}
