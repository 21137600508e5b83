/**
 * The admin re-sync: choose links, read both sides afresh, repair. Works beside a running worker, since leases keep them apart.
 */

import type { CaseId, LinkId } from "../../domain/ids.ts";
import type { Mirror } from "../../domain/rows/mirror.ts";
import { inLanes } from "../../lib/in-lanes.ts";
import { intakeCases, intakeIssues } from "../intake/intake.ts";
import { stampIssues } from "../intake/stamps.ts";
import type { IntakeDeps } from "../intake-deps.ts";
import { linkTimeMaxMs } from "../link/run.ts";
import { type LinkDeps, runLink } from "../link/run-link.ts";
import type { IntakeLink } from "../state.ts";
import { type HistoryComment, listHistory, releaseHistory } from "./history.ts";
import { rerenderLink } from "./rerender.ts";

/** Which links to repair. */
export type Selection =
  | { readonly kind: "case"; readonly caseId: CaseId }
  | { readonly kind: "links"; readonly linkIds: readonly LinkId[] }
  | { readonly kind: "all" }
  | { readonly kind: "since"; readonly since: Date };

/** What is to be done on one connection. */
export type ResyncOrder = {
  readonly selection: Selection;
  /** Links whose older comments may leave, too. */
  readonly withHistory: readonly LinkId[];
  /** Links whose copies are written anew as today's rendering makes them. */
  readonly rerender: readonly LinkId[];
};

/** How a re-sync works on one connection; `works`: here and now, else it is handed to the worker. */
export type ResyncRunner = Pick<ResyncDeps, "sleep" | "concurrency"> & {
  readonly works: boolean;
  /** Who lets older comments go, for the audit. */
  readonly actor: string;
  /** Whether exactly these older comments may leave. */
  readonly release: (comments: readonly HistoryComment[]) => Promise<boolean>;
  readonly onStart: (links: number) => void;
  readonly onProgress: (done: number, total: number) => void;
};

/** What rendering anew came to, in comments and links. */
type Rerendered = {
  readonly changed: number;
  readonly uneven: number;
  readonly busy: number;
  readonly paused: number;
};

/** What came of one connection. `stopped`: why nothing was done. */
export type ResyncOutcome = ResyncResult & {
  readonly connection: string;
  readonly stopped: string | null;
  readonly history: readonly HistoryComment[];
  readonly rerendered: Rerendered;
};

/** Nothing was rendered anew. */
export const notRerendered: Rerendered = { changed: 0, uneven: 0, busy: 0, paused: 0 };

type ResyncDeps = {
  readonly intake: IntakeDeps;
  readonly reconcile: LinkDeps;
  /** Pause in milliseconds; injected, so that tests need not wait. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly concurrency: number;
  readonly onProgress?: (done: number, total: number) => void;
};

/** What became of each link. */
export type ResyncResult = {
  readonly links: number;
  readonly writes: number;
  readonly unfinished: readonly { readonly linkId: LinkId; readonly reason: string }[];
};

/**
 * The re-sync of one connection. A stopped one is left alone: nothing starts it but a person. Throws `ServiceError`, and `LinkBusy` where
 * older comments were to leave and another run works on their issue.
 */
export async function resyncConnection(
  connection: { readonly name: string; readonly intake: IntakeDeps; readonly reconcile: LinkDeps },
  order: ResyncOrder,
  runner: ResyncRunner,
): Promise<ResyncOutcome> {
  const { name, intake, reconcile } = connection;
  const { selection } = order;
  const { state, stateReason } = await intake.state.getConnection(name);
  const stopped = state === "stopped" ? (stateReason ?? "stopped") : null;
  const nothing = { connection: name, links: 0, writes: 0, unfinished: [], history: [], rerendered: notRerendered };
  if (stopped !== null && runner.works) return { ...nothing, stopped };
  const history = await includeHistory(reconcile, order.withHistory, runner);
  const rerendered = await rerenderAll(reconcile, order.rerender);
  // Issues that ask for a case are links by then.
  if (runner.works && (selection.kind === "all" || selection.kind === "since")) await intakeIssues(intake);
  const linkIds = await selectLinks(intake, selection);
  if (!runner.works) {
    await handOver(intake, linkIds);
    return { ...nothing, links: linkIds.length, stopped, history, rerendered };
  }
  runner.onStart(linkIds.length);
  const result = await resyncLinks({ ...runner, intake, reconcile }, linkIds);
  return { connection: name, ...result, stopped: null, history, rerendered };
}

/** The issue is worked on by another run, so that its older comments could not be let go. */
export class LinkBusy extends Error {
  override readonly name = "LinkBusy";
}

/** Shows the older comments, asks, and lets exactly those go. */
async function includeHistory(
  deps: LinkDeps,
  linkIds: readonly LinkId[],
  { actor, release }: Pick<ResyncRunner, "actor" | "release">,
): Promise<readonly HistoryComment[]> {
  const shown: HistoryComment[] = [];
  for (const linkId of linkIds) {
    const comments = await listHistory(deps, linkId);
    if (comments.length === 0) continue;
    shown.push(...comments);
    if (!(await release(comments))) return [];
    if (!(await releaseHistory(deps, linkId, comments, actor))) throw new LinkBusy("The issue is being worked on.");
  }
  return shown;
}

async function rerenderAll(deps: LinkDeps, linkIds: readonly LinkId[]): Promise<Rerendered> {
  const total = { ...notRerendered };
  for (const linkId of linkIds) {
    const { changed, uneven, left } = await rerenderLink(deps, linkId);
    total.changed += changed;
    total.uneven += uneven;
    if (left === "busy") total.busy += 1;
    else if (left !== null) total.paused += 1;
  }
  return total;
}

/**
 * Takes cases that are not linked yet where the selection covers them, and answers the links to repair. New cases count as import.
 * Throws `ServiceError`.
 */
export async function selectLinks(deps: IntakeDeps, selection: Selection): Promise<readonly LinkId[]> {
  const { state, settings } = deps;
  if (selection.kind === "links") return selection.linkIds;
  if (selection.kind === "case") {
    const before = await state.listIntakeLinks(settings.name);
    const known = before.find((link) => link.caseId === selection.caseId);
    if (known !== undefined) return [known.id];
    const detail = await deps.huawei.getCase(selection.caseId, "live");
    return state.insertCaseLinks(
      settings.name,
      [{ caseId: detail.caseId, status: detail.status, createdAt: detail.createdAt, labels: [], productName: null }],
      { now: deps.clock.now(), lane: "live", labelChecked: new Set() },
    );
  }
  if (selection.kind === "all") {
    await intakeCases(deps, { asImport: true });
    return listRepairable(deps, null);
  }
  await intakeCases(deps, { asImport: true, createdFrom: selection.since });
  return listLinksSince(deps, selection.since);
}

/** The links that exist and that a re-sync of everything, or of what is newer than `since`, repairs. Reads only. Throws `ServiceError`. */
async function listRepairable(deps: IntakeDeps, since: Date | null): Promise<readonly LinkId[]> {
  if (since !== null) return listLinksSince(deps, since);
  return (await deps.state.listIntakeLinks(deps.settings.name)).filter(isRepairable).map((link) => link.id);
}

async function listLinksSince({ state, settings, clock, jira }: IntakeDeps, since: Date): Promise<readonly LinkId[]> {
  const minutes = Math.ceil((clock.now().getTime() - since.getTime()) / 60_000) + 10;
  const updated = await jira.listUpdatedIssues(minutes, "import");
  const byIssue = await state.findLinksByIssue(
    settings.name,
    updated.map((issue) => issue.issueId),
  );
  const recent = (await state.listIntakeLinks(settings.name)).filter((link) => link.createdAt >= since);
  return [...new Set([...byIssue, ...recent].filter(isRepairable).map((link) => link.id))];
}

function isRepairable(link: IntakeLink): boolean {
  return link.state === "active" || link.state === "blocked";
}

/** Wakes both sides of the links for a full comparison; the worker does the rest. */
export async function handOver(deps: IntakeDeps, linkIds: readonly LinkId[]): Promise<void> {
  await deps.state.wake(linkIds.map((linkId) => ({ linkId, huawei: true, jira: true, lane: "import" }) as const));
}

/** Repairs the links here and now, and returns when all of them are done or their time is up. */
export async function resyncLinks(deps: ResyncDeps, linkIds: readonly LinkId[]): Promise<ResyncResult> {
  await handOver(deps.intake, linkIds);
  const unfinished: { linkId: LinkId; reason: string }[] = [];
  const waiting: LinkId[] = [];
  let writes = 0;
  let finished = 0;
  async function repairAll(chosen: readonly LinkId[], done: (linkId: LinkId, waits: boolean) => void): Promise<void> {
    await inLanes(chosen, deps.concurrency, async (linkId) => {
      const result = await repair(deps, linkId);
      writes += result.writes;
      if (result.reason !== null) unfinished.push({ linkId, reason: result.reason });
      done(linkId, result.waits);
    });
  }
  await repairAll(linkIds, (linkId, waits) => {
    if (waits) waiting.push(linkId);
    finished += 1;
    deps.onProgress?.(finished, linkIds.length);
  });
  if (waiting.length > 0) {
    // Moves to done act only once a round has counted them, so that many at once are held.
    await intakeIssues(deps.intake);
    await repairAll(waiting, () => {});
  }
  // What was made here is stamped here: a further pass must find nothing to write.
  await stampIssues(deps.intake);
  return { links: linkIds.length, writes, unfinished };
}

/** `waits`: a person's move to done was noted, and acts only after a round over the issues. */
async function repair(
  deps: ResyncDeps,
  linkId: LinkId,
): Promise<{ writes: number; reason: string | null; waits: boolean }> {
  const { state, clock } = deps.intake;
  const deadline = clock.now().getTime() + linkTimeMaxMs;
  let writes = 0;
  for (;;) {
    // Nothing starts a stopped connection but a person, so nothing is waited for.
    const connection = await state.getConnection(deps.intake.settings.name);
    if (connection.state === "stopped") return { writes, reason: connection.stateReason ?? "stopped", waits: false };
    const outcome = await runLink(deps.reconcile, linkId);
    if (outcome.kind === "done" || outcome.kind === "deferred") writes += outcome.actions;
    if (outcome.kind === "blocked") return { writes, reason: outcome.reason, waits: false };
    const snapshot = await state.findSnapshot(linkId);
    if (snapshot === null) return { writes, reason: null, waits: false };
    const { link } = snapshot;
    if (link.state !== "active") return { writes, reason: link.reason ?? link.state, waits: false };
    const isDone = link.doneRev >= link.wantedRev && link.recheckAt === null && outcome.kind !== "ignored";
    const waits = snapshot.mirrors.some(isNotedMove);
    if (isDone) return { writes, reason: null, waits };
    const now = clock.now().getTime();
    if (now >= deadline) return { writes, reason: outcome.kind === "deferred" ? outcome.reason : "busy", waits };
    await deps.sleep(Math.min(5_000, Math.max(200, (link.recheckAt?.getTime() ?? now + 500) - now)));
  }
}

function isNotedMove({ kind, state }: Mirror): boolean {
  return kind === "move" && state === "held";
}
