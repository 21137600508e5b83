/**
 * Messages that were withdrawn in Huawei: nothing says so, they only vanish (huawei.md 9).
 *
 * The trap is to take a short reading for a withdrawal. So a message counts as withdrawn only when two readings at least 60 s apart
 * lack it, and all pages of `/messages` lack it too (asked by the write). One that is newer than everything else in the reading may
 * simply be behind a lagging read, and waits for the settle time of messages. Many at once are a fault of the reading, not people's
 * doing: then nothing is marked (rule 3).
 */

import { messageHash, type SortedMessages } from "../../domain/identity.ts";
import { isFurtherPart, singleItems } from "../../domain/rows/item-key.ts";
import { idOf, type Mirror } from "../../domain/rows/mirror.ts";
import type { StateStep } from "../state.ts";
import { type Action, isReleased, type PlanInput, type Recheck } from "./action.ts";
import { remember } from "./remember.ts";

/** Time between the two readings that must lack a message. */
const secondReadingMs = 60_000;
/** So many may vanish at once whatever their share. */
const missingAllowed = 3;
const missingShareAllowed = 0.1;

type Tracked = Mirror<"message" | "comment">;
type Renames = NonNullable<StateStep["renames"]>;

/**
 * What to remember, report and mark of messages that this reading of the case lacks. `renames`: what the plan renames before. Pure.
 */
export function planMissing(input: PlanInput, sorted: SortedMessages, recheck: Recheck, renames: Renames): Action[] {
  const { messages, caseReadAt } = input.observed;
  if (messages === null || messages.length === 0 || caseReadAt === null) return [];
  const times = messages.map((message) => message.createdAt.getTime());
  const [oldest, newest] = [Math.min(...times), Math.max(...times)];
  const tracked = input.mirrors.filter(isTracked);
  const isShown = shownBy(sorted, tracked);
  const missing = tracked.filter((mirror) => !isShown(mirror) && (mirror.sourceAt?.getTime() ?? newest) >= oldest);
  const back = tracked.filter((mirror) => mirror.missingSince !== null && isShown(mirror));
  const actions: Action[] = [];
  if (back.length > 0) actions.push(note(back, null, renames));
  // A person has looked, and found it right.
  const released = isReleased(input, singleItems.conversation);
  if (!released && missing.length > Math.max(missingAllowed, tracked.length * missingShareAllowed)) {
    const hasFailure = input.failures.some((failure) => failure.reason === "suspicious_shrink");
    return hasFailure ? actions : [...actions, remember("report_shrink", shrinkStep(missing.length))];
  }
  const fresh = missing.filter((mirror) => mirror.missingSince === null);
  if (fresh.length > 0) actions.push(note(fresh, input.now, renames));
  const due: Tracked[] = [];
  for (const mirror of missing) {
    if (mirror.missingSince === null) continue;
    const isNewest = (mirror.sourceAt?.getTime() ?? newest) >= newest;
    const waitMs = isNewest ? Math.max(secondReadingMs, input.settings.settle.messageSeconds * 1000) : secondReadingMs;
    const at = new Date(mirror.missingSince.getTime() + waitMs);
    // A run may last longer than that: it is the reading that must be so much later.
    if (at <= caseReadAt) due.push(mirror);
    else recheck.note(at);
  }
  if (due.length > 0) actions.push({ kind: "mark_withdrawn", direction: "to-jira", mirrors: due, reading: messages });
  return actions;
}

/** People's messages with a copy, one that may lack parts as well, and our own messages that were confirmed. */
function isTracked(mirror: Mirror): mirror is Tracked {
  const { kind, state, sourceId, copyId, copyFingerprints } = mirror;
  if (kind === "message")
    return (state === "live" || state === "sending") && !isFurtherPart(sourceId) && copyId !== null;
  return kind === "comment" && state === "live" && copyFingerprints.length > 0;
}

/** Since when readings lack these messages; `null` = they show again. */
function note(mirrors: readonly Tracked[], missingSince: Date | null, renames: Renames): Action {
  const named = (from: string): string => renames.find((rename) => rename.from === from)?.to ?? from;
  return remember("note_missing", {
    mirrors: mirrors.map((mirror) => ({ ...idOf(mirror), sourceId: named(mirror.sourceId), missingSince })),
  });
}

/** So many messages vanished at once that the reading is not believed. */
function shrinkStep(missing: number): StateStep {
  return {
    failures: [
      {
        direction: "to-jira",
        item: singleItems.conversation,
        reason: "suspicious_shrink",
        detail: `${missing} messages do not show any more; none of their copies was marked`,
      },
    ],
  };
}

function shownBy(sorted: SortedMessages, tracked: readonly Tracked[]): (mirror: Tracked) => boolean {
  const hashes = new Map(tracked.map((mirror) => [mirror.sourceId, mirror.sourceHash]));
  const people = new Set<string>();
  for (const { message, sourceId, renameFrom } of sorted.people) {
    const id = renameFrom ?? sourceId;
    // Emptied: some sites leave a blank message behind. An empty one that was always empty is as it was.
    const isBlank = message.content.trim() === "" && message.files.length === 0;
    if (!isBlank || hashes.get(id) === messageHash(message)) people.add(id);
  }
  const copies = new Set<string>(
    sorted.copies.flatMap(({ message, fingerprint }) => [fingerprint, message.messageId ?? fingerprint]),
  );
  return (mirror) =>
    mirror.kind === "message"
      ? people.has(mirror.sourceId)
      : copies.has(mirror.copyId ?? "") || mirror.copyFingerprints.some((fingerprint) => copies.has(fingerprint));
}
