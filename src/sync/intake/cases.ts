/** The round over the cases: status changes, new cases, messages, access requests, in this order. */
import { type CaseSummary, isOpenStatus } from "../../domain/case.ts";
import type { LinkId } from "../../domain/ids.ts";
import { makeSteps, unlessRefused } from "../../domain/steps.ts";
import { hashParts } from "../../lib/hash.ts";
import { toServiceTime } from "../../lib/service-clock.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import type { IntakeLink, SeenCase, WakeUp } from "../state.ts";
import { noticeAccessRequests } from "./access-requests.ts";
import { pollCohorts } from "./cohorts.ts";
import { takeNewCases } from "./new-cases.ts";
import { beginRound, inRound, type RoundOptions, type RoundResult } from "./round.ts";
import { listSeenCases, toSeenCase } from "./seen-cases.ts";

const absentPauseMs = 10 * 60_000;

/** What new issues were made of in the last round. */
const issueSettingsCursor = "issue_settings";

/** One round over the cases of a connection. `asImport`: all new cases are welcome (`resync`). May be repeated at any time. */
export async function intakeCases(deps: IntakeDeps, options: RoundOptions = {}): Promise<RoundResult> {
  const { name } = deps.settings;
  return inRound(deps, "cases", async (end) => {
    const round = await beginRound(deps, options);
    const { connection, startedAt, breakers } = round;
    if (connection.state === "stopped") {
      end("stopped");
      return { skipped: true, newLinks: 0, woken: 0 };
    }
    const steps = makeSteps();
    const listed = await steps.run(async () => {
      const seen = await listSeenCases(deps, connection, startedAt, options.createdFrom ?? null);
      const links = await listLiveLinks(deps, seen);
      return { seen, links, woken: await wakeChanged(deps, links, seen, startedAt) };
    });
    const taken = listed === null ? null : await steps.run(() => takeNewCases(deps, round, listed, steps));
    if (taken?.lost === true) {
      end("stopped");
      return { skipped: true, newLinks: 0, woken: listed?.woken ?? 0 };
    }
    const polled = await steps.run(() => pollCohorts(deps, startedAt));
    await steps.run(() => wakeUnmade(deps));
    await unlessRefused(deps.log, "access requests", () => noticeAccessRequests(deps));
    steps.end();
    if (listed === null || taken === null || polled === null) throw new Error("a failed step was not told");
    const { newLinks, waiting, owners, held } = taken;
    // A good round proves that these are over.
    for (const { reason, state } of breakers) {
      if (reason === "job_failed" || (reason === "access_changed" && state === "retrying"))
        await deps.state.resolveConnectionFailure(name, reason);
    }
    // Cases that wait for release must still be listed when they are released.
    const begunAt = toServiceTime(startedAt, deps.huawei.serviceClock.aheadMs());
    if (!held) await deps.state.saveCursor(name, "cases_created", begunAt.toISOString());
    // Cases that an earlier connection has yet to look at are still part of this one's first round.
    if (connection.firstRoundAt === null && waiting === 0)
      await deps.state.patchConnection(name, { firstRoundAt: begunAt });
    end("done");
    const result = { skipped: false, newLinks, woken: listed.woken + polled };
    const ownedBy = owners.size === 0 ? {} : { owned_by: Object.fromEntries(owners) };
    deps.log.info({ connection: name, ...result, ...ownedBy }, "Round over the cases finished");
    return result;
  });
}

/** When what new issues are made of changed, the cases whose issue is still to be made are looked at again. May be repeated. */
async function wakeUnmade({ state, settings: { name, issue, priority } }: IntakeDeps): Promise<void> {
  const { type, assignee, fields } = issue;
  const hash = hashParts([JSON.stringify([type, assignee, fields, priority])]).slice(0, 32);
  const before = await state.findCursor(name, issueSettingsCursor);
  if (before === hash) return;
  const links = before === null ? [] : await state.listWatchedLinks(name);
  const unmade = links.filter((link) => link.caseId !== null && link.issueId === null && link.state === "active");
  if (unmade.length > 0)
    await state.wake(unmade.map((link) => ({ linkId: link.id, huawei: true, lane: "poll" }) as const));
  await state.saveCursor(name, issueSettingsCursor, hash);
}

/** The watched links, and those of all seen cases: one that was closed for years may be open again. Links of no interest cost nothing. */
async function listLiveLinks(deps: IntakeDeps, seen: ReadonlyMap<string, CaseSummary>): Promise<readonly IntakeLink[]> {
  const { name } = deps.settings;
  const watched = await deps.state.listWatchedLinks(name);
  const known = new Set(watched.map((link) => link.caseId));
  const others = [...seen.values()].map((entry) => entry.caseId).filter((caseId) => !known.has(caseId));
  return others.length === 0 ? watched : [...watched, ...(await deps.state.findLinksByCase(name, others))];
}

/** Wakes links whose listed status or labels differ from what is remembered, and open ones that no list shows. */
async function wakeChanged(
  deps: IntakeDeps,
  links: readonly IntakeLink[],
  seen: ReadonlyMap<string, CaseSummary>,
  now: Date,
): Promise<number> {
  const wakeUps: WakeUp[] = [];
  const updates: { linkId: LinkId; case: SeenCase }[] = [];
  const absent: LinkId[] = [];
  for (const link of links) {
    if (link.caseId === null || link.state !== "active") continue;
    const entry = seen.get(link.caseId);
    if (entry === undefined) {
      const watched = link.caseStatus !== null && isOpenStatus(link.caseStatus);
      if (
        watched &&
        (link.absentCheckedAt === null || now.getTime() - link.absentCheckedAt.getTime() > absentPauseMs)
      ) {
        absent.push(link.id);
        wakeUps.push({ linkId: link.id, huawei: true, lane: "poll" });
      }
      continue;
    }
    const labels = [...entry.labels].sort();
    const labelsChanged = labels.join("\n") !== [...link.caseLabels].sort().join("\n");
    const statusChanged = link.caseStatus !== null && link.caseStatus !== entry.status;
    if (labelsChanged || entry.productName !== link.productName)
      updates.push({ linkId: link.id, case: toSeenCase(entry) });
    if (labelsChanged || statusChanged)
      wakeUps.push({ linkId: link.id, huawei: true, jira: labelsChanged, lane: "poll" });
  }
  if (wakeUps.length > 0 || updates.length > 0) await deps.state.wake(wakeUps, updates);
  if (absent.length > 0) await deps.state.markAbsentChecked(absent, now);
  return wakeUps.length;
}
