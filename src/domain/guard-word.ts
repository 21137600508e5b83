/** What a person says of an item that the text guard keeps, and where that is remembered (guard mode `hold`). */

/** Reason of the failure, and of a comment that waits. */
export const guardHeld = "guard_held";

/** How an item may leave: with what was found masked, or as it stands. */
export type GuardWord = "masked" | "as_is";
