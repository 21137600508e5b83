/**
 * The lane of closes and cancels of one connection (rule 2): more than 10 wishes within 10 minutes hold it until a person releases it.
 * Wishes are counted, not actions, so that of many at once nothing more leaves while they are still coming in. Its state is a cursor:
 * `held <moment>` or `released <moment>`; wishes of before a release do not count again.
 */

/** Name of the cursor that holds the lane's state. */
export const closesCursor = "closes_lane";
/** Start of the last round over the issues, which counts the moves that it sees. */
export const countingRoundCursor = "issues_updated";
/** Wishes within this span hold the lane when they are too many. */
export const wishesSpanMs = 10 * 60_000;
const wishesMax = 10;

/** What a lane remembers. */
export type LaneMemory = {
  readonly findCursor: (name: string) => Promise<string | null>;
  /** How many closes and cancels were wished since then. */
  readonly countWishes: (since: Date) => Promise<number>;
  /** Holds the lane for so many wishes. */
  readonly hold: (count: number) => Promise<void>;
};

/** The lane as its cursor says; `releasedMs` is 0 where it was never released. Pure. */
export function parseLane(value: string | null): { readonly isHeld: boolean; readonly releasedMs: number } {
  const [state, moment] = (value ?? "").split(" ");
  return {
    isHeld: state === "held",
    releasedMs: state === "released" && moment !== undefined ? new Date(moment).getTime() : 0,
  };
}

/** The value of the cursor for a lane that is held since `at`. Pure. */
export function heldLane(at: Date): string {
  return `held ${at.toISOString()}`;
}

/** The value of the cursor for a lane that was released at `at`. Pure. */
export function releasedLane(at: Date): string {
  return `released ${at.toISOString()}`;
}

/**
 * Whether a close or cancel may happen now; holds the lane when there are too many wishes. A wish with `notedAt` waits for a round over
 * the issues that began after it: else a few of many moves would be acted on before anybody has seen the others. May be repeated.
 */
export async function admitWish(
  memory: LaneMemory,
  wish: { readonly notedAt: Date | null; readonly at: Date },
): Promise<"now" | "held" | "later"> {
  const { notedAt, at } = wish;
  const { isHeld, releasedMs } = parseLane(await memory.findCursor(closesCursor));
  if (isHeld) return "held";
  if (notedAt !== null) {
    const counted = await memory.findCursor(countingRoundCursor);
    if (counted === null || new Date(counted) <= notedAt) return "later";
  }
  const count = await memory.countWishes(new Date(Math.max(at.getTime() - wishesSpanMs, releasedMs)));
  if (count <= wishesMax) return "now";
  await memory.hold(count);
  return "held";
}
