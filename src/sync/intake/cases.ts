/** The round over the cases: status changes, new cases, messages, access requests, in this order. */
import type { CaseId } from "../../domain/ids.ts";
import { makeSteps, unlessRefused } from "../../domain/steps.ts";
import { hashTexts } from "../../lib/hash.ts";
import { toServiceTime } from "../../lib/service-clock.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import { noticeAccessRequests } from "./access-requests.ts";
import { pollCohorts } from "./cohorts.ts";
import { takeNewCases, wantedBy } from "./new-cases.ts";
import { beginRound, inRound, type RoundOptions, type RoundResult } from "./round.ts";
import { wakeAbsent, wakeChanged, walkSeenCases } from "./seen-cases.ts";

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
      const seen = new Set<string>();
      const news = new Map<CaseId, string>();
      let woken = 0;
      const unlinked = await walkSeenCases(deps, {
        connection,
        now: startedAt,
        createdFrom: options.createdFrom ?? null,
        wants: wantedBy(deps, connection, options),
        take: async (page, links) => {
          for (const { caseId } of page) seen.add(caseId);
          woken += await wakeChanged(deps, page, links, news);
        },
      });
      return { unlinked, woken: woken + (await wakeAbsent(deps, seen, startedAt)) };
    });
    const newCases = listed === null ? null : await steps.run(() => takeNewCases(deps, round, listed.unlinked, steps));
    if (newCases?.lost === true) {
      end("stopped");
      return { skipped: true, newLinks: 0, woken: listed?.woken ?? 0 };
    }
    const polled = await steps.run(() => pollCohorts(deps, startedAt));
    await steps.run(() => wakeUnmade(deps));
    await unlessRefused(deps.log, "access requests", () => noticeAccessRequests(deps));
    steps.end();
    if (listed === null || newCases === null || polled === null) throw new Error("a failed step was not told");
    const { newLinks, waiting, owners, tooMany: held } = newCases;
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
  const { type, requestType, assignee, fields } = issue;
  const hash = hashTexts([
    JSON.stringify([type, ...(requestType === null ? [] : [requestType]), assignee, fields, priority]),
  ]).slice(0, 32);
  const before = await state.findCursor(name, issueSettingsCursor);
  if (before === hash) return;
  const links = before === null ? [] : await state.listWatchedLinks(name);
  const unmade = links.filter((link) => link.caseId !== null && link.issueId === null && link.state === "active");
  if (unmade.length > 0)
    await state.wake(unmade.map((link) => ({ linkId: link.id, huawei: true, lane: "poll" }) as const));
  await state.saveCursor(name, issueSettingsCursor, hash);
}
