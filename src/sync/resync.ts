/**
 * The admin re-sync: choose links, read both sides afresh, repair. Works beside a running worker, since leases keep them apart.
 */
import type { CaseId, LinkId } from "../domain/ids.ts";
import type { Mirror } from "../domain/link.ts";
import { intakeCases, intakeIssues } from "./intake.ts";
import type { IntakeDeps } from "./intake-deps.ts";
import { type ReconcileDeps, reconcileLink } from "./reconcile-link.ts";
import { linkTimeMaxMs } from "./run.ts";
import { stampIssues } from "./stamps.ts";
import type { IntakeLink } from "./state.ts";

/** Which links to repair. */
export type Selection =
  | { readonly kind: "case"; readonly caseId: CaseId }
  | { readonly kind: "links"; readonly linkIds: readonly LinkId[] }
  | { readonly kind: "all" }
  | { readonly kind: "since"; readonly since: Date };

export type ResyncDeps = {
  readonly intake: IntakeDeps;
  readonly reconcile: ReconcileDeps;
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
export async function listRepairable(deps: IntakeDeps, since: Date | null): Promise<readonly LinkId[]> {
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
    const queue = [...chosen];
    async function lane(): Promise<void> {
      for (let linkId = queue.shift(); linkId !== undefined; linkId = queue.shift()) {
        const result = await repair(deps, linkId);
        writes += result.writes;
        if (result.reason !== null) unfinished.push({ linkId, reason: result.reason });
        done(linkId, result.waits);
      }
    }
    await Promise.all(Array.from({ length: Math.max(1, deps.concurrency) }, lane));
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
    const outcome = await reconcileLink(deps.reconcile, linkId);
    if (outcome.kind === "done" || outcome.kind === "deferred") writes += outcome.actions;
    if (outcome.kind === "blocked") return { writes, reason: outcome.reason, waits: false };
    const snapshot = await state.findSnapshot(linkId);
    if (snapshot === null) return { writes, reason: null, waits: false };
    const { link } = snapshot;
    if (link.state !== "active") return { writes, reason: link.reason ?? link.state, waits: false };
    const settled = link.doneRev >= link.wantedRev && link.recheckAt === null && outcome.kind !== "ignored";
    const waits = snapshot.mirrors.some(isNotedMove);
    if (settled) return { writes, reason: null, waits };
    const now = clock.now().getTime();
    if (now >= deadline) return { writes, reason: outcome.kind === "deferred" ? outcome.reason : "busy", waits };
    await deps.sleep(Math.min(5_000, Math.max(200, (link.recheckAt?.getTime() ?? now + 500) - now)));
  }
}

function isNotedMove(mirror: Mirror): boolean {
  return (
    mirror.kind === "notice" &&
    mirror.origin === "jira" &&
    mirror.state === "held" &&
    mirror.sourceId.startsWith("move-")
  );
}
