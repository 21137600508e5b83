import type { IntakeDeps } from "../intake-deps.ts";

/**
 * Wakes the links whose full comparison is owed, so that none is older than `maxAgeMs` as long as sweeps come at least every `tickMs`.
 * Each link has a moment of its own in each period, so that checks are spread evenly however the links came to be. Where only one or
 * two sweeps fit into that time, each takes all that would be too old by the next one.
 */
export async function sweep(
  deps: IntakeDeps,
  options: { readonly maxAgeMs: number; readonly tickMs: number },
): Promise<number> {
  const { name } = deps.settings;
  const now = deps.clock.now().getTime();
  const { maxAgeMs } = options;
  const tickMs = Math.min(options.tickMs, maxAgeMs);
  const period =
    tickMs * 2 < maxAgeMs
      ? { before: now, periodMs: maxAgeMs - tickMs }
      : { before: now - maxAgeMs + tickMs, periodMs: 1 };
  const due = await deps.state.listUncheckedLinks(name, new Date(period.before), period.periodMs);
  if (due.length > 0)
    await deps.state.wake(due.map((linkId) => ({ linkId, huawei: true, jira: true, lane: "check" }) as const));
  return due.length;
}
