/** What Huawei lists in a round: every open case, and those created since the last one (rule 3). */

import { type CaseSummary, openStatuses } from "../../domain/case.ts";
import type { Lane } from "../../domain/lane.ts";
import { toServiceTime } from "../../lib/service-clock.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import type { ConnectionState, SeenCase } from "../state.ts";

/** Each round asks again for so much of the time before it (rule 4). */
export const overlapMs = 10 * 60_000;

/** All open cases, and those created since the last round in any status. */
export async function listSeenCases(
  deps: IntakeDeps,
  connection: ConnectionState,
  now: Date,
  createdFrom: Date | null,
): Promise<ReadonlyMap<string, CaseSummary>> {
  const seen = new Map<string, CaseSummary>();
  const lane: Lane = connection.firstRoundAt === null ? "import" : "poll";
  for (const status of openStatuses) {
    for (const entry of await deps.huawei.listCases({ status }, lane)) seen.set(entry.caseId, entry);
  }
  const stored = await deps.state.findCursor(deps.settings.name, "cases_created");
  const lastRound = stored === null ? null : new Date(stored);
  const since =
    createdFrom ?? (lastRound === null ? deps.settings.cases.createdAfter : new Date(lastRound.getTime() - overlapMs));
  // Without a bound the first round takes only what is open; the span since its start is asked for by the next one.
  const today = toServiceTime(now, deps.huawei.serviceClock.aheadMs());
  const from = since ?? new Date(today.getTime() - overlapMs);
  for (const entry of await deps.huawei.listCases({ createdFrom: from }, lane)) seen.set(entry.caseId, entry);
  return seen;
}

/** What a link remembers of a listed case. Pure. */
export function toSeenCase(entry: CaseSummary): SeenCase {
  return {
    caseId: entry.caseId,
    status: entry.status,
    createdAt: entry.createdAt,
    labels: [...entry.labels].sort(),
    productName: entry.productName,
  };
}
