/**
 * New issues learn their own ids, many in one request, so that a clone can be told from the original (rule 7). A stamp only adds:
 * whatever Jira makes of it, nothing else waits for it or ends with it.
 */
import type { FailureReason } from "../../domain/failure.ts";
import type { IssueId } from "../../domain/ids.ts";
import { isServiceError } from "../../domain/service-error.ts";
import { unlessRefused } from "../../domain/steps.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import type { JiraPort } from "../ports.ts";

type Stamps = Parameters<JiraPort["setIssueStamps"]>[0];

/** Batches of 100 stamps in one round; the next round does the rest. */
const batchesMax = 10;
/** Reason of the failure that tells people, once, that stamps are refused. */
const stampsRefused = "stamps_refused" satisfies FailureReason;
/** When a stamp was refused last: what was there by then is tried again after this pause, what is newer at once. */
const refusedCursor = "stamps_refused";
const refusedPauseMs = 3_600_000;
/** So many refusals in a row are no matter of a single issue. */
const refusalsMax = 3;

/**
 * Stamps the issues of a connection that lack it. Those that a request for many did not reach are written one by one. Never throws for a
 * failing or refusing Jira. May be repeated.
 */
export async function stampIssues(deps: IntakeDeps): Promise<void> {
  const { name } = deps.settings;
  const connection = await deps.state.getConnection(name);
  if (connection.state === "stopped" || connection.pausedToJira) return;
  const installation = await deps.state.getInstallation();
  const refusedAt = await readRefusal(deps);
  for (let batch = 0; batch < batchesMax; batch += 1) {
    const links = await deps.state.listUnstampedLinks(name, { madeAfter: refusedAt });
    if (links.length === 0) return;
    const stamps = links.map(({ issueId, caseId }) => ({
      issueId,
      stamp: { v: 1, inst: installation, caseId, issueId } as const,
    }));
    const together =
      links.length === 1
        ? []
        : ((await unlessRefused(deps.log, "stamps", () => deps.jira.setIssueStamps(stamps, "poll"))) ?? []);
    const missed = stamps.filter(({ issueId }) => !together.includes(issueId));
    const single = await stampSingly(deps, missed);
    const stamped = new Set([...together, ...single.stamped]);
    await deps.state.markStamped(
      links.filter((link) => stamped.has(link.issueId)).map((link) => link.id),
      deps.clock.now(),
    );
    if (single.refusal !== null) {
      await deps.state.recordConnectionFailure(name, stampsRefused, single.refusal);
      await deps.state.saveCursor(name, refusedCursor, deps.clock.now().toISOString());
    } else if (stamped.size > 0) await deps.state.resolveConnectionFailure(name, stampsRefused);
    if (stamped.size < links.length) return;
  }
}

/** The last refusal, while its pause lasts. */
async function readRefusal(deps: IntakeDeps): Promise<Date | null> {
  const stored = await deps.state.findCursor(deps.settings.name, refusedCursor);
  const at = stored === null ? null : new Date(stored);
  return at !== null && deps.clock.now().getTime() - at.getTime() < refusedPauseMs ? at : null;
}

/** Writes stamps one by one, until Jira fails or refuses several in a row. `refusal`: what an operator has to mend. */
async function stampSingly(
  deps: IntakeDeps,
  stamps: Stamps,
): Promise<{ readonly stamped: readonly IssueId[]; readonly refusal: string | null }> {
  const stamped: IssueId[] = [];
  let refusal: string | null = null;
  let inRow = 0;
  for (const { issueId, stamp } of stamps) {
    try {
      await deps.jira.setIssueStamp(issueId, stamp, "poll");
      stamped.push(issueId);
      inRow = 0;
    } catch (error) {
      if (!isServiceError(error)) throw error;
      // An issue that is gone says so when its link is read.
      if (error.kind === "not_found") continue;
      if (error.kind !== "forbidden" && error.kind !== "rejected") break;
      refusal = error.message;
      inRow += 1;
      if (inRow >= refusalsMax) break;
    }
  }
  return { stamped, refusal };
}
