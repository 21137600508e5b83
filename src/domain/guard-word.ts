/** What a person says of an item that the text guard keeps, and where that is remembered (guard mode `hold`). */

/** Reason of the failure, and of a comment that waits. */
export const guardHeld = "guard_held";

/** How an item may leave: with what was found masked, or as it stands. */
export type GuardWord = "masked" | "as_is";

const prefix = "guard-";

/** `sourceId` of the row that remembers an item; `item` as in its failure: `comment:10042`, `file:10007`, `changes`, `case`. Pure. */
export function guardRowId(item: string): string {
  return `${prefix}${item}`;
}

/** The item that such a row remembers; `null` for any other row. Pure. */
export function guardedItem(sourceId: string): string | null {
  return sourceId.startsWith(prefix) ? sourceId.slice(prefix.length) : null;
}
