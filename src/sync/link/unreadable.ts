/**
 * Writes whose frozen texts cannot be opened any more, since `DATA_KEY` is another one than that which sealed them. One that may have
 * happened is looked for as ever: what tells its copy is not sealed. One that certainly has not happened is given up here, so that the
 * planner renders it anew; what nothing but its intent remembered is told.
 */

import { type Intent, ownerOf } from "../../domain/rows/intent.ts";
import type { KnownIntentKind } from "../../domain/rows/intent-key.ts";
import { idOf, isSameMirror, type Mirror, type MirrorPatch } from "../../domain/rows/mirror.ts";
import { releasedReason } from "../plan/disclosure.ts";
import { droppedParts } from "../plan/remember.ts";
import type { LeasedLink } from "../state.ts";

/** Gives up planned writes without a readable text. Does nothing where there are none; may be repeated. Throws `LeaseLost`. */
export async function dropUnreadable(leased: LeasedLink): Promise<void> {
  const { intents, mirrors } = leased.snapshot;
  const lost = intents.filter(
    (intent): intent is Intent<KnownIntentKind> =>
      intent.kind !== "unknown" && intent.unreadable && intent.state === "planned",
  );
  if (lost.length === 0) return;
  const keys = lost.map((intent) => intent.key);
  const left = intents.filter((intent) => !keys.includes(intent.key));
  const commentIds = new Set(
    lost.flatMap((intent) => {
      const owner = ownerOf(intent);
      return owner?.kind === "comment" ? [owner.sourceId] : [];
    }),
  );
  const dropped = droppedParts(leased.snapshot, keys);
  await leased.apply({
    ...dropped,
    mirrors: [
      ...(dropped.mirrors ?? []),
      ...mirrors
        .filter((mirror) => mirror.kind === "comment")
        .filter(({ sourceId }) => commentIds.has(sourceId))
        .map((mirror) => renewed(mirror, left)),
    ],
    failures: lost
      .filter((intent) => !isRemade(intent))
      .map((intent) => ({
        direction: intent.side === "huawei" ? ("to-huawei" as const) : ("to-jira" as const),
        item: intent.key,
        reason: "text_unreadable" as const,
        detail: "a text of casebridge was sealed with another DATA_KEY and was not written",
      })),
    audit: lost.map(({ side, key }) => ({ side, action: "drop_unreadable", item: key, result: "dropped" })),
  });
}

/** A comment of which nothing has left begins anew; else its whole text leaves as the next version. */
function renewed(mirror: Mirror<"comment">, left: readonly Intent[]): MirrorPatch {
  const isLeft = left.map(ownerOf).some((owner) => owner !== null && isSameMirror(owner, mirror));
  // It was let go before, so it is let go again, history or not, in the same words.
  if (mirror.copyFingerprints.length === 0 && !isLeft)
    return { ...idOf(mirror), state: "held", reason: releasedReason };
  return { ...idOf(mirror), state: "live", sourceHash: null };
}

/** Whether the planner decides on the write again from what both sides show. */
function isRemade(intent: Intent<KnownIntentKind>): boolean {
  switch (intent.kind) {
    case "notice":
    case "issue_fields":
    case "description_rest":
      return false;
    case "comment_part":
    case "withdrawal":
    case "own_file":
    case "case_part":
    case "change":
    case "reopen":
      return intent.payload.owner?.kind === "comment" || intent.payload.owner?.kind === "file";
    default:
      return true;
  }
}
