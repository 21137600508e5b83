/**
 * The flows' memory for a rehearsal: it reads the store, and what a flow stores stays here. So a flow goes on from what it has "written",
 * as it would from the store. Leases of others do not count: a rehearsal disturbs nobody.
 */
import { admitWish, closesCursor, heldLane, parseLane, releasedLane, wishesSpanMs } from "../../domain/closes-lane.ts";
import type { FailureReason } from "../../domain/failure.ts";
import { type CaseId, type IssueId, type LinkId, toId } from "../../domain/ids.ts";
import { type Lane, lanes } from "../../domain/lane.ts";
import type { Link } from "../../domain/link.ts";
import { findMirror, mirrorId } from "../../domain/rows/mirror.ts";
import { applyStep } from "../apply-step.ts";
import type { Clock } from "../ports.ts";
import {
  type Breaker,
  CaseTaken,
  type ConnectionState,
  type IntakeLink,
  IssueTaken,
  type LeasedLink,
  type LinkSnapshot,
  type SeenCase,
  type StatePort,
  type StateStep,
  type WakeUp,
} from "../state.ts";

/** The sites of a connection: two connections may share them. */
export type ConnectionSites = { readonly huawei: string; readonly jira: string };

/** The memory, and what a rehearsal asks of it besides. */
export type RehearsedState = StatePort & {
  /** The link whose run is going on. */
  readonly runningLink: () => LinkId | null;
  /** Forgets the issue of a link that is gone, as `recreateLink` of the store does; false where it is not gone. */
  readonly recreate: (linkId: LinkId) => Promise<boolean>;
};

/** Stamps in one request at most, as the store hands them out. */
const stampsMax = 100;
const adoptionsMax = 3;
const adoptionsSpanMs = 3_600_000;
const adoptionsCursor = "adoptions";

/** Makes the memory of one rehearsal. `sites` by the connection's name. Throws what `base` throws. */
export function makeRehearsedState(
  base: StatePort,
  { clock, sites }: { readonly clock: Clock; readonly sites: ReadonlyMap<string, ConnectionSites> },
): RehearsedState {
  const links = new Map<LinkId, LinkSnapshot>();
  const connections = new Map<string, ConnectionState>();
  /** When a run last wrote to the issue of a link. */
  const writtenAt = new Map<LinkId, Date>();
  const cursors = new Map<string, string>();
  /** `null`: resolved here. */
  const breakers = new Map<string, Map<FailureReason, Breaker | null>>();
  const roundStarts = new Map<string, Date>();
  const wishes: { readonly connectionName: string; readonly at: Date }[] = [];
  let running: LinkId | null = null;

  async function getConnection(name: string): Promise<ConnectionState> {
    return connections.get(name) ?? base.getConnection(name);
  }
  async function patchConnection(name: string, patch: Partial<ConnectionState>): Promise<void> {
    const before = await getConnection(name);
    connections.set(name, { ...before, ...patch });
  }
  async function find(linkId: LinkId): Promise<LinkSnapshot | null> {
    const known = links.get(linkId);
    if (known !== undefined) return known;
    const read = await base.findSnapshot(linkId);
    if (read === null) return null;
    const kept = await withSince(read);
    links.set(linkId, kept);
    return kept;
  }
  /** A policy that was widened makes everything before it history on every link (rule 5). */
  async function withSince(snapshot: LinkSnapshot): Promise<LinkSnapshot> {
    const { outgoingSince } = await getConnection(snapshot.link.connectionName);
    if (outgoingSince === null || outgoingSince <= snapshot.link.outgoingSince) return snapshot;
    return { ...snapshot, link: { ...snapshot.link, outgoingSince } };
  }
  function patchLink(linkId: LinkId, patch: Partial<Link>): void {
    const before = links.get(linkId);
    if (before !== undefined) links.set(linkId, { ...before, link: { ...before.link, ...patch } });
  }
  const site = (connectionName: string): ConnectionSites =>
    sites.get(connectionName) ?? { huawei: connectionName, jira: connectionName };
  /** What the store lists, as it stands here, with the links of this connection that fit since. */
  function asNow(
    listed: readonly IntakeLink[],
    connectionName: string,
    fits: (link: Link) => boolean,
  ): readonly IntakeLink[] {
    const ids = new Set(listed.map(({ id }) => id));
    const before = listed.flatMap((row) => {
      const link = links.get(row.id)?.link;
      if (link === undefined) return [row];
      const { absentCheckedAt, cohortId } = row;
      const jiraWrittenAt = writtenAt.get(row.id) ?? row.jiraWrittenAt;
      return fits(link) ? [{ ...toIntakeLink(link), absentCheckedAt, cohortId, jiraWrittenAt }] : [];
    });
    const others = [...links.values()].flatMap(({ link }) =>
      link.connectionName === connectionName && !ids.has(link.id) && fits(link)
        ? [{ ...toIntakeLink(link), jiraWrittenAt: writtenAt.get(link.id) ?? null }]
        : [],
    );
    return [...before, ...others];
  }

  async function findCursor(connectionName: string, name: string): Promise<string | null> {
    return cursors.get(`${connectionName} ${name}`) ?? base.findCursor(connectionName, name);
  }
  async function saveCursor(connectionName: string, name: string, value: string): Promise<void> {
    cursors.set(`${connectionName} ${name}`, value);
  }
  function setBreaker(connectionName: string, reason: FailureReason, breaker: Breaker | null): void {
    const known = breakers.get(connectionName) ?? new Map<FailureReason, Breaker | null>();
    breakers.set(connectionName, known.set(reason, breaker));
  }
  async function listBreakers(connectionName: string): Promise<readonly Breaker[]> {
    const changed = breakers.get(connectionName) ?? new Map<FailureReason, Breaker | null>();
    const stored = (await base.listBreakers(connectionName)).filter(({ reason }) => !changed.has(reason));
    return [...stored, ...[...changed.values()].filter((breaker) => breaker !== null)];
  }
  async function recordConnectionFailure(connectionName: string, reason: FailureReason): Promise<void> {
    setBreaker(connectionName, reason, { reason, state: "open" });
  }
  async function stop(connectionName: string, reason: FailureReason): Promise<void> {
    const { state } = await getConnection(connectionName);
    await recordConnectionFailure(connectionName, reason);
    if (state !== "stopped") await patchConnection(connectionName, { state: "stopped", stateReason: reason });
  }
  async function holdCloses(connectionName: string): Promise<void> {
    if (parseLane(await findCursor(connectionName, closesCursor)).isHeld) return;
    await saveCursor(connectionName, closesCursor, heldLane(clock.now()));
    await recordConnectionFailure(connectionName, "many_closes");
  }
  async function countWishes(connectionName: string, since: Date): Promise<number> {
    const here = wishes.filter((wish) => wish.connectionName === connectionName && wish.at > since);
    return here.length + (await base.countCloseWishes(connectionName, since));
  }
  async function countAdoptions(connectionName: string, count: number): Promise<void> {
    const now = clock.now();
    const before = JSON.parse((await findCursor(connectionName, adoptionsCursor)) ?? "[]") as string[];
    const moments = [...Array.from({ length: count }, () => now.toISOString()), ...before].slice(0, adoptionsMax);
    await saveCursor(connectionName, adoptionsCursor, JSON.stringify(moments));
    const oldest = moments[adoptionsMax - 1];
    if (oldest !== undefined && now.getTime() - new Date(oldest).getTime() < adoptionsSpanMs)
      await stop(connectionName, "memory_lost");
  }

  async function isCaseOfAnother(link: Link, caseId: CaseId): Promise<string | null> {
    const own = await state.findLinksByCase(link.connectionName, [caseId]);
    if (own.some((other) => other.id !== link.id && other.state !== "unlinked")) return link.connectionName;
    return (await state.listCaseOwners(link.connectionName, [caseId])).get(caseId) ?? null;
  }
  async function apply(linkId: LinkId, step: StateStep): Promise<void> {
    const before = await find(linkId);
    if (before === null) throw new Error(`link ${linkId} is not there`);
    const { link } = before;
    const { caseId, issueId, jiraWrittenAt } = step.link ?? {};
    if (caseId !== undefined && caseId !== link.caseId) {
      const connectionName = await isCaseOfAnother(link, caseId);
      if (connectionName !== null) throw new CaseTaken(caseId, { connectionName, issueKey: null });
    }
    if (issueId !== undefined && issueId !== link.issueId) {
      const paired = await state.listPairedIssues(link.connectionName, [issueId]);
      if (paired.has(issueId)) throw new IssueTaken(issueId, { caseId: null });
    }
    const at = clock.now();
    links.set(linkId, await withSince(applyStep(before, step, at)));
    if (jiraWrittenAt !== undefined) writtenAt.set(linkId, jiraWrittenAt);
    const { connectionName } = link;
    for (const { action } of step.audit ?? []) if (action === "wants_close") wishes.push({ connectionName, at });
    if (step.huaweiUserId !== undefined) {
      const { huaweiUserIds } = await getConnection(connectionName);
      await patchConnection(connectionName, { huaweiUserIds: [...new Set([...huaweiUserIds, step.huaweiUserId])] });
    }
    if (step.adoptions !== undefined && step.adoptions > 0) await countAdoptions(connectionName, step.adoptions);
  }

  async function wake(
    wakeUps: readonly WakeUp[],
    seen: readonly { readonly linkId: LinkId; readonly case: SeenCase }[] = [],
  ): Promise<void> {
    for (const { linkId, case: entry } of seen) {
      await find(linkId);
      const { status: caseStatus, labels: caseLabels, productName } = entry;
      patchLink(linkId, { caseStatus, caseLabels, productName });
    }
    for (const { linkId, huawei = false, jira = false, lane, namedMessages = [] } of wakeUps) {
      const link = (await find(linkId))?.link;
      if (link === undefined) continue;
      const wantedRev = link.wantedRev + 1;
      const keepsLane = link.wantedRev > link.doneRev && lanes.indexOf(link.lane) < lanes.indexOf(lane);
      patchLink(linkId, {
        wantedRev,
        ...(huawei ? { huaweiRev: wantedRev } : {}),
        ...(jira ? { jiraRev: wantedRev } : {}),
        lane: keepsLane ? link.lane : lane,
        namedMessages: [...new Set([...link.namedMessages, ...namedMessages])],
      });
    }
  }

  function insert(link: Link): LinkId {
    links.set(link.id, { link, mirrors: [], intents: [], failures: [] });
    return link.id;
  }

  const state: RehearsedState = {
    ...base,
    runningLink: () => running,
    getConnection,
    patchConnection,
    listBreakers,
    claimLink: async (linkId) => {
      if ((await find(linkId)) === null) return null;
      running = linkId;
      return leased(linkId);
    },
    findSnapshot: find,

    listIntakeLinks: async (name) => asNow(await base.listIntakeLinks(name), name, () => true),
    listWatchedLinks: async (name) => {
      const watched = await base.listWatchedLinks(name);
      const ids = new Set(watched.map(({ id }) => id));
      return asNow(
        watched,
        name,
        (link) => link.state === "active" && link.caseId !== null && (link.closedSeenAt === null || ids.has(link.id)),
      );
    },
    // One page holds them all.
    listOpenLinks: async (name, after) =>
      after === null ? (await state.listWatchedLinks(name)).filter(({ closedSeenAt }) => closedSeenAt === null) : [],
    findLinksByCase: async (name, caseIds) =>
      asNow(
        await base.findLinksByCase(name, caseIds),
        name,
        ({ caseId }) => caseId !== null && caseIds.includes(caseId),
      ),
    findLinksByIssue: async (name, issueIds) =>
      asNow(
        await base.findLinksByIssue(name, issueIds),
        name,
        ({ issueId }) => issueId !== null && issueIds.includes(issueId),
      ),
    hasPair: async (name) =>
      (await base.hasPair(name)) ||
      [...links.values()].some(
        ({ link }) => link.connectionName === name && link.caseId !== null && link.issueId !== null,
      ),
    listPairedIssues: async (name, issueIds) => {
      const here = [...links.values()].flatMap(({ link }) =>
        link.issueId !== null && issueIds.includes(link.issueId) && site(link.connectionName).jira === site(name).jira
          ? [link.issueId]
          : [],
      );
      return new Set([...(await base.listPairedIssues(name, issueIds)), ...here]);
    },
    listCaseOwners: async (name, caseIds) => {
      const owners = new Map(await base.listCaseOwners(name, caseIds));
      for (const { link } of links.values()) {
        const { caseId, connectionName } = link;
        const isShared = connectionName !== name && site(connectionName).huawei === site(name).huawei;
        if (caseId !== null && isShared && caseIds.includes(caseId)) owners.set(caseId, connectionName);
      }
      return owners;
    },
    findIssuesOfCases: async (name, ofCaseId, caseIds) => {
      const stored = await base.findIssuesOfCases(name, ofCaseId, caseIds);
      const here = [...links.values()].filter(
        ({ link }) => link.connectionName === name && link.caseId !== null && caseIds.includes(link.caseId),
      );
      const changed = new Set(here.map(({ link }) => link.caseId));
      const found = here.flatMap(({ link: { caseId, issueId, state: linkState }, mirrors }) => {
        if (caseId === null || issueId === null || linkState !== "active") return [];
        const made = findMirror(mirrors, mirrorId.relation(ofCaseId))?.state === "live";
        return [{ caseId, issueId, made }];
      });
      return [...stored.filter(({ caseId }) => !changed.has(caseId)), ...found].sort((a, b) =>
        a.caseId < b.caseId ? -1 : 1,
      );
    },
    insertCaseLinks: async (name, cases, { now, lane, labelChecked }) => {
      const caseIds = cases.map(({ caseId }) => caseId);
      const known = new Set([
        ...(await state.findLinksByCase(name, caseIds)).map(({ caseId }) => caseId),
        ...(await state.listCaseOwners(name, caseIds)).keys(),
      ]);
      return cases
        .filter(({ caseId }) => !known.has(caseId))
        .toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.caseId < b.caseId ? -1 : 1))
        .map(({ caseId, status, labels, productName }) =>
          insert({
            ...makeLink(name, now, lane),
            id: toId<LinkId>(`new-${caseId}`),
            caseId,
            caseStatus: status,
            caseLabels: labels.toSorted(),
            productName,
            createCheckedAt: labelChecked.has(caseId) ? now : null,
          }),
        );
    },
    insertIssueLinks: async (name, issues, { now, lane, caseId = null }) => {
      const paired = await state.listPairedIssues(
        name,
        issues.map(({ issueId }) => issueId),
      );
      return issues
        .filter(({ issueId }) => !paired.has(issueId))
        .map(({ issueId, issueKey }) =>
          insert({
            ...makeLink(name, now, lane),
            id: toId<LinkId>(`new-${issueId}`),
            origin: "jira",
            caseId,
            issueId,
            issueKey,
          }),
        );
    },
    adoptIssue: async (linkId, issueId, issueKey) => {
      const link = (await find(linkId))?.link;
      if (link === undefined || (link.issueId !== null && link.issueId !== issueId)) return false;
      if (link.issueId === issueId) return true;
      if ((await state.listPairedIssues(link.connectionName, [issueId])).has(issueId)) return false;
      patchLink(linkId, { issueId, issueKey });
      await countAdoptions(link.connectionName, 1);
      return true;
    },
    wake,
    listUnstampedLinks: async (name, { madeAfter = null, skip = 0 } = {}) => {
      const needsStamp = ({ link }: LinkSnapshot): boolean =>
        link.state === "active" &&
        link.caseId !== null &&
        link.issueId !== null &&
        link.markStampedAt === null &&
        (madeAfter === null || link.createdAt > madeAfter);
      const found = new Map<LinkId, { readonly id: LinkId; readonly caseId: CaseId; readonly issueId: IssueId }>();
      for (let from = 0; found.size < skip + stampsMax; from += stampsMax) {
        const stored = await base.listUnstampedLinks(name, { madeAfter, skip: from });
        for (const row of stored) {
          const here = links.get(row.id);
          if (here === undefined || needsStamp(here)) found.set(row.id, row);
        }
        if (stored.length < stampsMax) break;
      }
      for (const here of links.values()) {
        const { id, caseId, issueId, connectionName } = here.link;
        if (connectionName === name && needsStamp(here) && caseId !== null && issueId !== null)
          found.set(id, { id, caseId, issueId });
      }
      return [...found.values()].slice(skip, skip + stampsMax);
    },
    markStamped: async (linkIds, at) => {
      for (const linkId of linkIds) {
        await find(linkId);
        patchLink(linkId, { markStampedAt: at });
      }
    },
    markAbsentChecked: async () => {},

    admitClose: (name, notedAt) =>
      admitWish(
        {
          findCursor: (cursor) => findCursor(name, cursor),
          countWishes: (since) => countWishes(name, since),
          hold: () => holdCloses(name),
        },
        { notedAt, at: clock.now() },
      ),
    countCloseWishes: countWishes,
    wakeCountedWishes: async (name, { since, until }) => {
      if (parseLane(await findCursor(name, closesCursor)).isHeld) return;
      const from = new Date((since ?? until).getTime() - wishesSpanMs);
      const waiting = [...links.values()].filter(
        ({ link, mirrors }) =>
          link.connectionName === name &&
          mirrors.some(
            ({ kind, state: rowState, updatedAt }) =>
              kind === "move" && rowState === "held" && updatedAt >= from && updatedAt < until,
          ),
      );
      await wake(waiting.map(({ link }) => ({ linkId: link.id, huawei: true, jira: true, lane: "live" }) as const));
    },
    releaseCloses: async (name) => {
      if (!parseLane(await findCursor(name, closesCursor)).isHeld) return;
      await saveCursor(name, closesCursor, releasedLane(clock.now()));
      setBreaker(name, "many_closes", null);
    },
    holdCloses: async (name) => {
      const { releasedMs } = parseLane(await findCursor(name, closesCursor));
      if (clock.now().getTime() - releasedMs > wishesSpanMs) await holdCloses(name);
    },

    arrangeCohorts: async (name) => {
      // Who joins a cohort is read once, unless a run that reads the case is still to start.
      const homeless = (await base.listWatchedLinks(name)).filter(({ cohortId }) => cohortId === null);
      for (const { id } of homeless) {
        const link = (await find(id))?.link;
        if (link !== undefined && link.huaweiRev <= link.doneRev)
          await wake([{ linkId: id, huawei: true, lane: "poll" }]);
      }
    },
    commitCohort: async (_cohortId, _cursors, wakeUps) => wake(wakeUps),
    findCursor,
    saveCursor,
    beginRound: async (name, round) => {
      roundStarts.set(`${name} ${round}`, clock.now());
      return true;
    },
    renewRound: async () => {},
    endRound: async () => {},
    findRoundStart: async (name, round) => roundStarts.get(`${name} ${round}`) ?? base.findRoundStart(name, round),
    recordRun: async () => {},
    stopConnection: async (name, reason) => {
      if (await base.isDiscarded(name, reason)) return false;
      await stop(name, reason);
      return true;
    },
    recordConnectionFailure,
    resolveConnectionFailure: async (name, reason) => setBreaker(name, reason, null),

    recreate: async (linkId) => {
      const found = await find(linkId);
      if (found?.link.state !== "gone" || found.link.reason !== "issue_gone") return false;
      const wantedRev = found.link.wantedRev + 1;
      links.set(linkId, {
        link: {
          ...found.link,
          issueId: null,
          issueKey: null,
          state: "active",
          reason: null,
          origin: "huawei",
          createCheckedAt: null,
          markStampedAt: null,
          mirroredLabels: [],
          factsHash: null,
          jiraUpdatedRaw: null,
          agreedCaseStatus: null,
          agreedCategory: null,
          outgoingSince: clock.now(),
          wantedRev,
          huaweiRev: wantedRev,
          jiraRev: wantedRev,
          lane: "live",
          attempts: 0,
          recheckAt: null,
        },
        mirrors: found.mirrors.filter(({ origin }) => origin !== "huawei"),
        intents: found.intents.filter(({ side }) => side !== "jira"),
        failures: found.failures.filter(
          ({ item, state: failureState }) => item !== "issue" || !["open", "retrying"].includes(failureState),
        ),
      });
      return true;
    },
  };

  function leased(linkId: LinkId): LeasedLink {
    const read = (): LinkSnapshot => {
      const found = links.get(linkId);
      if (found === undefined) throw new Error(`link ${linkId} is not there`);
      return found;
    };
    return {
      get snapshot() {
        return read();
      },
      remainingMs: () => Number.POSITIVE_INFINITY,
      renew: async () => {},
      apply: (step) => apply(linkId, step),
      finish: async ({ doneRev, recheckAt, attempts }) => {
        const { link } = read();
        const done = Math.min(Math.max(link.doneRev, doneRev ?? 0), link.wantedRev);
        patchLink(linkId, {
          doneRev: done,
          recheckAt,
          attempts,
          lane: link.wantedRev > done ? link.lane : "poll",
        });
        running = null;
      },
    };
  }
  return state;
}

function makeLink(connectionName: string, now: Date, lane: Lane): Link {
  return {
    id: toId<LinkId>("new"),
    connectionName,
    caseId: null,
    issueId: null,
    issueKey: null,
    origin: "huawei",
    state: "active",
    reason: null,
    wantedRev: 1,
    doneRev: 0,
    huaweiRev: 1,
    jiraRev: 1,
    lane,
    attempts: 0,
    recheckAt: null,
    leaseEpoch: 0,
    caseStatus: null,
    agreedCaseStatus: null,
    agreedCategory: null,
    jiraUpdatedRaw: null,
    outgoingSince: now,
    createCheckedAt: null,
    markStampedAt: null,
    caseLabels: [],
    mirroredLabels: [],
    burstSince: null,
    burstWrites: 0,
    factsHash: null,
    productName: null,
    namedMessages: [],
    closedSeenAt: null,
    checkedAt: null,
    createdAt: now,
  };
}

function toIntakeLink(link: Link): IntakeLink {
  const { id, caseId, issueId, state, caseStatus, agreedCategory, caseLabels, productName } = link;
  const { jiraUpdatedRaw, recheckAt, closedSeenAt, createdAt } = link;
  return {
    id,
    caseId,
    issueId,
    state,
    caseStatus,
    agreedCategory,
    caseLabels,
    productName,
    jiraUpdatedRaw,
    jiraWrittenAt: null,
    recheckAt,
    closedSeenAt,
    createdAt,
    absentCheckedAt: null,
    cohortId: null,
  };
}
