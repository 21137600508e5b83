/** When a write whose outcome is not known is looked for, and what an empty look means (rule 2). */
import type { Intent, IntentKind } from "../../domain/rows/intent.ts";
import type { Side } from "../../domain/service-error.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import type { Clock } from "../ports.ts";
import type { LeasedLink } from "../state.ts";

type LookDeps = { readonly clock: Clock; readonly settings: ConnectionSettings };

/** Moments after the attempt at which an unknown write is looked for: 2 s, 15 s and the settle time (rule 2). */
export function lookTimes(attemptedAt: Date, settleSeconds: number): Date[] {
  const seconds = [2, 15].filter((value) => value < settleSeconds);
  return [...seconds, settleSeconds].map((value) => new Date(attemptedAt.getTime() + value * 1000));
}

/** Settle time of what an intent writes, in seconds. */
export function settleSecondsOf(
  intent: { readonly kind: IntentKind; readonly side: Side },
  settings: ConnectionSettings,
): number {
  if (intent.kind === "issue") return settings.settle.searchSeconds;
  if (intent.kind === "case") return settings.settle.caseSeconds;
  if (intent.side === "jira") return settings.settle.listSeconds;
  return settings.settle.messageSeconds;
}

/**
 * An attempt whose process cannot tell its outcome has ended by now: it may have left only a moment ago, after long waits for its turn or
 * at the end of a long upload, so its looks count from here.
 */
export function endedAttempt(
  { clock, settings }: LookDeps,
  intent: Parameters<typeof settleSecondsOf>[0] & { readonly key: string },
) {
  const attemptedAt = clock.now();
  const [look] = lookTimes(attemptedAt, settleSecondsOf(intent, settings));
  return { key: intent.key, attemptedAt, looks: 0, nextLookAt: look ?? null };
}

/**
 * Ends the attempts that an earlier run left under way: it died, or could not store how they ended. They are looked for at once, and given
 * up only by looks that count from here.
 */
export async function endLeftAttempts(deps: LookDeps, leased: LeasedLink): Promise<void> {
  const left = leased.snapshot.intents.filter(
    ({ kind, state, nextLookAt }) => kind !== "unknown" && state === "unknown" && nextLookAt === null,
  );
  if (left.length === 0) return;
  const patches = left.map((intent) => ({ ...endedAttempt(deps, intent), nextLookAt: deps.clock.now() }));
  await leased.apply({ intentPatches: patches });
}

/**
 * Records an empty look at an unknown or sent write, by a reading that began at `readAt`. An unknown one is released for repeating after the last look; a sent one is
 * never repeated, and is reported once when it stays invisible. Answers the moment of the next look, `null` when there is none.
 */
export async function noteEmptyLook(
  deps: LookDeps,
  leased: LeasedLink,
  intent: Intent,
  readAt: Date,
): Promise<Date | null> {
  const looks = lookTimes(intent.attemptedAt ?? intent.createdAt, settleSecondsOf(intent, deps.settings));
  const now = deps.clock.now();
  const next = looks.find((look) => look > readAt) ?? null;
  if (next !== null) {
    await leased.apply({ intentPatches: [{ key: intent.key, looks: intent.looks + 1, nextLookAt: next }] });
    return next;
  }
  if (intent.state === "unknown") {
    const { key } = intent;
    await leased.apply({ intentPatches: [{ key, state: "planned", looks: 0, nextLookAt: null, repeated: true }] });
    return now;
  }
  const later = new Date(now.getTime() + 5 * 60_000);
  await leased.apply({
    intentPatches: [{ key: intent.key, looks: intent.looks + 1, nextLookAt: later }],
    failures: [
      {
        direction: "to-huawei",
        item: intent.key,
        reason: "copy_missing",
        detail: "Huawei answered success, but the message does not show",
      },
    ],
  });
  return later;
}

/** The next look that is owed for an intent. */
export function dueLook(intent: Intent, deps: Pick<LookDeps, "settings">): { readonly at: Date } {
  if (intent.nextLookAt !== null) return { at: intent.nextLookAt };
  const attemptedAt = intent.attemptedAt ?? intent.createdAt;
  const [first] = lookTimes(attemptedAt, settleSecondsOf(intent, deps.settings));
  return { at: first ?? attemptedAt };
}
