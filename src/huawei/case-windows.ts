/** Listings of cases beyond the largest offset, in windows of creation time. */
import type { CaseSummary } from "../domain/case.ts";
import { formatLocalTime } from "../lib/time-zone.ts";
import type { CaseListQuery } from "../sync/ports.ts";
import { contractError } from "./answers.ts";
import type { DialectDeps } from "./dialect.ts";
import { offsetMax, type Page, walkPages } from "./paging.ts";
import { zoneSpreadMs } from "./service-zone.ts";

/** Before the service existed; where windows of creation time begin. */
const firstCaseAt = new Date("2010-01-01T00:00:00Z");

/**
 * Bounds of creation time, both widened to whole seconds as the service has them.
 * Assumed: they test the creation time (huawei.md 7); a live listing of an old case with a new status would prove it.
 */
export type Window = { readonly from: Date | null; readonly to: Date | null };

/** Gets each page of a walk as it comes. */
export type TakeCases = (page: readonly CaseSummary[]) => Promise<void>;

/** The distinct cases of a walk; of one that came more than once the last. Throws what the walk throws. */
export async function collectCases(walk: (take: TakeCases) => Promise<void>): Promise<readonly CaseSummary[]> {
  const distinct = new Map<string, CaseSummary>();
  await walk(async (page) => {
    for (const entry of page) distinct.set(entry.caseId, entry);
  });
  return [...distinct.values()];
}

/** All pages, each as it comes; a listing beyond the largest offset is split into windows of creation time. */
export async function walkCaseWindows(
  deps: DialectDeps,
  query: CaseListQuery,
  getPageOf: (window: Window, offset: number) => Promise<Page<CaseSummary>>,
  take: TakeCases,
): Promise<void> {
  await walkWindow({ from: query.createdFrom ?? null, to: query.createdTo ?? null });

  async function walkWindow(window: Window): Promise<void> {
    const first = await getPageOf(window, 0);
    if ((first.total ?? 0) > offsetMax) {
      for (const half of halve(deps, window)) await walkWindow(half);
      return;
    }
    let unusedFirst: Page<CaseSummary> | null = first;
    const getPage = async (offset: number) => {
      const page = offset === 0 ? unusedFirst : null;
      unusedFirst = offset === 0 ? null : unusedFirst;
      return page ?? getPageOf(window, offset);
    };
    const walk = await walkPages(getPage, (item) => item.caseId, take);
    if (!walk.steady) {
      const facts = { operation: "listCases", total: walk.total, count: walk.count };
      deps.log.warn(facts, "Huawei case list moved during every reading");
    }
  }
}

/**
 * The bounds as texts; `null` = open. They are wide enough for a service that reads them as UTC and for one that ignores the zone it is
 * told and reads them as GMT+8, which is eight hours earlier. Callers narrow what comes.
 */
export function windowTexts(window: Window): { from: string | null; to: string | null } {
  return {
    from: window.from === null ? null : formatLocalTime(window.from, 0),
    to: window.to === null ? null : formatLocalTime(roundUp(new Date(window.to.getTime() + zoneSpreadMs)), 0),
  };
}

function roundUp(instant: Date): Date {
  return new Date(Math.ceil(instant.getTime() / 1000) * 1000);
}

/** Two halves that share a second, since it is not documented whether the bounds belong to the window. */
function halve(deps: DialectDeps, window: Window): readonly [Window, Window] {
  const from = window.from ?? firstCaseAt;
  const to = window.to ?? new Date(deps.clock.now().getTime() + deps.serviceClock.aheadMs() + 24 * 3_600_000);
  const seconds = Math.floor((to.getTime() - from.getTime()) / 1000);
  if (seconds < 4) {
    throw contractError(
      { operation: "listCases", write: false },
      `total_count (more than ${offsetMax} cases in ${seconds} s)`,
    );
  }
  const middle = new Date(Math.floor(from.getTime() / 1000 + seconds / 2) * 1000);
  return [
    { from, to: new Date(middle.getTime() + 1000) },
    { from: middle, to },
  ];
}
