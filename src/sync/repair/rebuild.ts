/**
 * `rebuild`: the mapping out of the marks on both sides, after the database was lost or while it is older than what it wrote.
 *
 * The problem: without the mapping every case looks new and every comment unsent. What casebridge wrote tells what it belongs to, so
 * both sides are surveyed first (reads only), then one link after another is stored with all its items, and only at the end the
 * connection may write again.
 *
 * Traps, and how each is met:
 * - A worker may be running. The connection is stopped, its rounds are held, and each link is changed under its lease.
 * - It may be killed anywhere. Every link is stored by one step, stamped after that, and found again in its place by the next try; the
 *   connection stays stopped until some try reaches the end.
 * - Clones carry labels and sometimes properties, and people write both: only what `ownership.ts` proves counts.
 * - A case may be gone, an issue moved or there twice: none is dropped, each gets a state or a failure that says so.
 */
import { isOpenStatus } from "../../domain/case.ts";
import { renewEveryMs, roundLeaseMs } from "../../domain/lease.ts";
import { withHeartbeat } from "../../lib/heartbeat.ts";
import { inLanes } from "../../lib/in-lanes.ts";
import { isWantedCase } from "../intake/intake.ts";
import { outcomeOf, type PairResult, resultOf, summarise } from "./pair-result.ts";
import { blockUnmarked, readPair, rebuildPair, recognisePair, until } from "./rebuild-pair.ts";
import { type FoundIssue, lane, type RebuildDeps, type Survey } from "./survey.ts";

/** What a rebuild would do, pair by pair. Writes nothing, locks nothing. Throws `ServiceError`. */
export async function previewRebuild(
  deps: RebuildDeps,
  seen: Survey,
  accepts: (inst: string) => boolean,
): Promise<readonly PairResult[]> {
  const links = await deps.state.listIntakeLinks(deps.settings.name);
  const byIssue = new Map(links.map((link) => [link.issueId, link]));
  const report = (done: number): void => deps.onProgress?.(done, seen.found.length);
  const preview = async (pair: FoundIssue): Promise<PairResult> => {
    const link = byIssue.get(pair.issueId);
    if (link?.state === "unlinked") return resultOf(pair, "unlinked");
    const reading = await readPair(deps, pair);
    if (reading === null) return resultOf(pair, "vanished");
    const snapshot = link === undefined ? null : await deps.state.findSnapshot(link.id);
    const memory = snapshot ?? { mirrors: [], intents: [] };
    const found = await recognisePair(deps, pair, reading, memory, accepts);
    return { ...summarise(deps, pair, reading, memory, found), outcome: outcomeOf(pair, reading, link === undefined) };
  };
  return inLanes(seen.found, deps.concurrency, preview, report);
}

/**
 * Stores every pair that the survey found, stamps the issues anew and lets the connection go. `accepts`: whose marks are taken over.
 * Safe to repeat, safe to stop anywhere. Throws `ServiceError`, and an `Error` when a worker's round or run does not end.
 */
export async function rebuildConnection(
  deps: RebuildDeps,
  seen: Survey,
  accepts: (inst: string) => boolean,
): Promise<readonly PairResult[]> {
  const { name } = deps.settings;
  await deps.store.beginRebuild(name);
  const results = await holdingRounds(deps, ["cases", "issues"], async () => {
    const installation = await deps.state.getInstallation();
    const pairs = await inLanes(
      seen.found,
      deps.concurrency,
      (pair) => rebuildPair(deps, pair, { seen, accepts, installation }),
      (done) => deps.onProgress?.(done, seen.found.length),
    );
    for (const entry of seen.unmarked) pairs.push(await blockUnmarked(deps, entry, seen));
    await takeMissedCases(deps, seen);
    return pairs;
  });
  await deps.store.endRebuild(name);
  const links = await deps.state.listIntakeLinks(name);
  await deps.state.wake(
    links
      .filter((link) => link.state === "active")
      .map((link) => ({ linkId: link.id, huawei: true, jira: true, lane: "import" }) as const),
  );
  return results;
}

/** Rounds of a worker insert links and move cursors; while they are held none does. */
async function holdingRounds<Result>(
  deps: RebuildDeps,
  names: readonly string[],
  work: () => Promise<Result>,
): Promise<Result> {
  const [name, ...rest] = names;
  if (name === undefined) return work();
  const { state, owner, settings } = deps;
  await until(deps, `a round over the ${name} of ${settings.name}`, () =>
    state.beginRound(settings.name, name, owner, roundLeaseMs).then((begun) => (begun ? true : null)),
  );
  try {
    return await withHeartbeat(
      () => holdingRounds(deps, rest, work),
      () => state.renewRound(settings.name, name, owner, roundLeaseMs),
      renewEveryMs,
    );
  } finally {
    await state.endRound(settings.name, name, owner, { outcome: "rebuild", requests: 0, failure: null });
  }
}

/**
 * Cases that were opened and closed after the newest one that we know: the first round of an empty database takes only open ones, and
 * nobody would ever look for these again.
 */
async function takeMissedCases(deps: RebuildDeps, seen: Survey): Promise<void> {
  const { state, settings } = deps;
  const connection = await state.getConnection(settings.name);
  if (connection.firstRoundAt !== null) return;
  const times = seen.found.flatMap(({ caseId }) => seen.cases.get(caseId)?.createdAt.getTime() ?? []);
  if (times.length === 0) return;
  const newest = new Date(Math.max(...times));
  const known = new Set<string | null>((await state.listIntakeLinks(settings.name)).map((link) => link.caseId));
  const missed = [...seen.cases.values()].filter(
    (entry) =>
      !known.has(entry.caseId) &&
      !isOpenStatus(entry.status) &&
      entry.createdAt > newest &&
      isWantedCase(entry, settings, newest),
  );
  await state.insertCaseLinks(settings.name, missed, { now: deps.clock.now(), lane, labelChecked: new Set() });
}
