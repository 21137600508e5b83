/** Rate limits as sliding windows. */

/** At most `most` events in any `windowMs`. */
export interface Window {
  readonly windowMs: number;
  readonly most: number;
}

/** Counts of events by key. */
export type Windows = ReturnType<typeof makeWindows>;

/** Makes empty counts. */
export function makeWindows(now: () => number) {
  const counted = new Map<string, number[]>();
  return {
    /** Counts an event. Answers 0, or after how many ms it may be tried again; one that is refused does not count. */
    count(key: string, windows: readonly Window[]): number {
      const at = now();
      const longest = Math.max(...windows.map(({ windowMs }) => windowMs));
      const times = (counted.get(key) ?? []).filter((time) => time > at - longest);
      for (const { windowMs, most } of windows) {
        const inside = times.filter((time) => time > at - windowMs);
        const oldest = inside[inside.length - most];
        if (oldest !== undefined) return oldest + windowMs - at;
      }
      counted.set(key, [...times, at]);
      return 0;
    },
    clear: (): void => counted.clear(),
  };
}
