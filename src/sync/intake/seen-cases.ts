/**
 * What the lists of cases tell: their links are woken page by page, and what has no link is noted. A round holds one page of cases at a
 * time, and the ids of those that it has seen, however many there are.
 */
import { type CaseSummary, isOpenStatus, openStatuses } from "../../domain/case.ts";
import type { CaseId, LinkId } from "../../domain/ids.ts";
import type { Lane } from "../../domain/lane.ts";
import { toServiceTime } from "../../lib/service-clock.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import type { CaseListQuery } from "../ports.ts";
import type { ConnectionState, IntakeLink, SeenCase, WakeUp } from "../state.ts";
import { findByCase } from "./cohorts.ts";

/** Each round asks again for so much of the time before it (rule 4). */
export const overlapMs = 10 * 60_000;
/** A case that no list shows is looked up by itself once in so long. */
const absentPauseMs = 10 * 60_000;

type Links = ReadonlyMap<CaseId | null, IntakeLink>;

/**
 * Walks all open cases, and those created since the last round, or since `createdFrom`, in any status: `take` gets each page with the
 * links that its cases have. Answers the cases without a link that `wants` them to have one, the oldest first, each as it was told last.
 * Throws `ServiceError`, and what `take` throws.
 */
export async function walkSeenCases(
  deps: IntakeDeps,
  walk: {
    readonly connection: ConnectionState;
    readonly now: Date;
    readonly createdFrom: Date | null;
    readonly wants: (entry: CaseSummary) => boolean;
    readonly take: (page: readonly CaseSummary[], links: Links) => Promise<void>;
  },
): Promise<readonly CaseSummary[]> {
  const fresh = new Map<CaseId, CaseSummary>();
  const lane: Lane = walk.connection.firstRoundAt === null ? "import" : "poll";
  const read = (query: CaseListQuery): Promise<void> =>
    deps.huawei.walkCases(query, lane, async (page) => {
      const links = await findByCase(
        deps,
        page.map((entry) => entry.caseId),
      );
      for (const entry of page) {
        if (!links.has(entry.caseId) && walk.wants(entry)) fresh.set(entry.caseId, entry);
        else fresh.delete(entry.caseId);
      }
      await walk.take(page, links);
    });
  for (const status of openStatuses) await read({ status });
  const stored = await deps.state.findCursor(deps.settings.name, "cases_created");
  const lastRound = stored === null ? null : new Date(stored);
  const since =
    walk.createdFrom ??
    (lastRound === null ? deps.settings.cases.createdAfter : new Date(lastRound.getTime() - overlapMs));
  // Without a bound the first round takes only what is open; the span since its start is asked for by the next one.
  const today = toServiceTime(walk.now, deps.huawei.serviceClock.aheadMs());
  await read({ createdFrom: since ?? new Date(today.getTime() - overlapMs) });
  return [...fresh.values()].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

/**
 * Wakes the links of a page whose listed status or labels differ from what is remembered; answers how many. `woken`: the news that this
 * round has woken links for, by case: a new case stands on two lists, and what both tell is one piece of news. May be repeated.
 */
export async function wakeChanged(
  deps: IntakeDeps,
  page: readonly CaseSummary[],
  links: Links,
  woken: Map<CaseId, string>,
): Promise<number> {
  const wakeUps: WakeUp[] = [];
  const updates: { linkId: LinkId; case: SeenCase }[] = [];
  for (const entry of page) {
    const link = links.get(entry.caseId);
    if (link === undefined || link.state !== "active") continue;
    const labels = [...entry.labels].sort();
    const labelsChanged = labels.join("\n") !== [...link.caseLabels].sort().join("\n");
    const statusChanged = link.caseStatus !== null && link.caseStatus !== entry.status;
    const productChanged = entry.productName !== link.productName;
    if (!labelsChanged && !statusChanged && !productChanged) continue;
    const news = JSON.stringify([entry.status, labels, entry.productName]);
    if (woken.get(entry.caseId) === news) continue;
    woken.set(entry.caseId, news);
    if (labelsChanged || productChanged) updates.push({ linkId: link.id, case: toSeenCase(entry) });
    if (labelsChanged || statusChanged)
      wakeUps.push({ linkId: link.id, huawei: true, jira: labelsChanged, lane: "poll" });
  }
  if (wakeUps.length > 0 || updates.length > 0) await deps.state.wake(wakeUps, updates);
  return wakeUps.length;
}

/** Wakes the links of open cases that no list shows, each once in a while; answers how many. */
export async function wakeAbsent(deps: IntakeDeps, seen: ReadonlySet<string>, now: Date): Promise<number> {
  let woken = 0;
  for (let after: LinkId | null = null; ; ) {
    const page: readonly IntakeLink[] = await deps.state.listOpenLinks(deps.settings.name, after);
    const absent = page
      .filter(({ caseId, caseStatus, absentCheckedAt }) => {
        if (caseId === null || seen.has(caseId) || caseStatus === null || !isOpenStatus(caseStatus)) return false;
        return absentCheckedAt === null || now.getTime() - absentCheckedAt.getTime() > absentPauseMs;
      })
      .map(({ id }) => id);
    if (absent.length > 0) {
      await deps.state.wake(absent.map((linkId) => ({ linkId, huawei: true, lane: "poll" }) as const));
      await deps.state.markAbsentChecked(absent, now);
      woken += absent.length;
    }
    const last = page.at(-1);
    if (last === undefined) return woken;
    after = last.id;
  }
}

/** What is remembered of a listed case. Pure. */
export function toSeenCase(entry: CaseSummary): SeenCase {
  return {
    caseId: entry.caseId,
    status: entry.status,
    createdAt: entry.createdAt,
    labels: [...entry.labels].sort(),
    productName: entry.productName,
  };
}
