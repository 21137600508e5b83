/**
 * The breaker of closes and cancels of one connection (rule 2): more than 10 wishes within 10 minutes trip it until a person releases it.
 * Wishes are counted, not actions, so that of many at once nothing more leaves while they are still coming in. Its state is a cursor:
 * `held <moment>` or `released <moment>`; wishes of before a release do not count again.
 */

/** Name of the cursor that holds the breaker's state. */
export const closesCursor = "closes_lane";
/** Start of the last round over the issues, which counts the moves that it sees. */
export const countingRoundCursor = "issues_updated";
/** Wishes within this span trip the breaker when they are too many. */
export const wishesSpanMs = 10 * 60_000;
const wishesMax = 10;

/** What the breaker remembers. */
export type ClosesMemory = {
  readonly findCursor: (name: string) => Promise<string | null>;
  /** How many closes and cancels were wished since then. */
  readonly countWishes: (since: Date) => Promise<number>;
  /** Trips the breaker for so many wishes. */
  readonly trip: (count: number) => Promise<void>;
};

/** The breaker as its cursor says; `releasedMs` is 0 where it was never released. Pure. */
export function parseCloses(value: string | null): { readonly isTripped: boolean; readonly releasedMs: number } {
  const [state, moment] = (value ?? "").split(" ");
  return {
    isTripped: state === "held",
    releasedMs: state === "released" && moment !== undefined ? new Date(moment).getTime() : 0,
  };
}

/** The value of the cursor for a breaker that tripped at `at`. Pure. */
export function trippedCloses(at: Date): string {
  return `held ${at.toISOString()}`;
}

/** The value of the cursor for a breaker that was released at `at`. Pure. */
export function releasedCloses(at: Date): string {
  return `released ${at.toISOString()}`;
}

/**
 * Whether a close or cancel may happen now; trips the breaker when there are too many wishes. A wish with `notedAt` waits for a round over
 * the issues that began after it: else a few of many moves would be acted on before anybody has seen the others. May be repeated.
 */
export async function admitWish(
  memory: ClosesMemory,
  wish: { readonly notedAt: Date | null; readonly at: Date },
): Promise<"now" | "held" | "later"> {
  const { notedAt, at } = wish;
  const { isTripped: isHeld, releasedMs } = parseCloses(await memory.findCursor(closesCursor));
  if (isHeld) return "held";
  if (notedAt !== null) {
    const counted = await memory.findCursor(countingRoundCursor);
    if (counted === null || new Date(counted) <= notedAt) return "later";
  }
  const count = await memory.countWishes(new Date(Math.max(at.getTime() - wishesSpanMs, releasedMs)));
  if (count <= wishesMax) return "now";
  await memory.trip(count);
  return "held";
}
