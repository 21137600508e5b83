/**
 * Writes whose frozen texts cannot be opened any more, since `DATA_KEY` is another one than that which sealed them. One that may have
 * happened is looked for as ever: what tells its copy is not sealed. One that certainly has not happened is given up here, so that the
 * planner renders it anew; what nothing but its intent remembered is told.
 */

import type { Intent, Mirror } from "../../domain/link.ts";
import { descriptionRestKey } from "../plan/action.ts";
import { releasedReason } from "../plan/disclosure.ts";
import { droppedParts } from "../plan/remember.ts";
import type { LeasedLink, MirrorPatch } from "../state.ts";

/** Gives up planned writes without a readable text. Does nothing where there are none; may be repeated. Throws `LeaseLost`. */
export async function dropUnreadable(leased: LeasedLink): Promise<void> {
  const { intents, mirrors } = leased.snapshot;
  const lost = intents.filter((intent) => intent.payload.unreadable === true && intent.state === "planned");
  if (lost.length === 0) return;
  const keys = lost.map((intent) => intent.key);
  const left = intents.filter((intent) => !keys.includes(intent.key));
  const commentIds = new Set(
    lost.flatMap((intent) => (ownerOf(intent)?.kind === "comment" ? ownerOf(intent)?.sourceId : [])),
  );
  const dropped = droppedParts(leased.snapshot, keys);
  await leased.apply({
    ...dropped,
    mirrors: [
      ...(dropped.mirrors ?? []),
      ...mirrors
        .filter((mirror) => mirror.kind === "comment" && mirror.origin === "jira" && commentIds.has(mirror.sourceId))
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
function renewed(mirror: Mirror, left: readonly Intent[]): MirrorPatch {
  const { kind, origin, sourceId } = mirror;
  const nothingLeft =
    mirror.copyFingerprints.length === 0 && !left.some((intent) => ownerOf(intent)?.sourceId === sourceId);
  // It was let go before, so it is let go again, history or not, in the same words.
  if (nothingLeft) return { kind, origin, sourceId, state: "held", reason: releasedReason };
  return { kind, origin, sourceId, state: "live", sourceHash: null };
}

/** Whether the planner decides on the write again from what both sides show. */
function isRemade(intent: Intent): boolean {
  const owner = ownerOf(intent);
  if (intent.side === "huawei")
    return ["case", "action"].includes(intent.kind) || owner?.kind === "comment" || owner?.kind === "file";
  if (intent.key === descriptionRestKey) return false;
  return intent.kind === "issue" || intent.kind === "file" || intent.key.startsWith("comment:");
}

function ownerOf(intent: Intent): Pick<Mirror, "kind" | "sourceId"> | undefined {
  return intent.payload.owner as Pick<Mirror, "kind" | "sourceId"> | undefined;
}
