/** What a rehearsal remembers: links as its runs have changed them, and what its flows have learned of connections. */
import type { FailureReason } from "../../domain/failure.ts";
import type { LinkId } from "../../domain/ids.ts";
import { type Lane, lanes } from "../../domain/lane.ts";
import type { Link } from "../../domain/link.ts";
import type { Clock } from "../ports.ts";
import type { Breaker, ConnectionState, IntakeLink, LinkSnapshot, SeenCase, StatePort, WakeUp } from "../state.ts";

/** The sites of a connection: two connections may share them. */
export type ConnectionSites = { readonly huawei: string; readonly jira: string };

/** What the rehearsal works on. */
export type MemoryDeps = { readonly clock: Clock; readonly sites: ReadonlyMap<string, ConnectionSites> };

/** The memory of one rehearsal; it reads `base` where it has nothing of its own, and never writes there. Throws what `base` throws. */
export class Memory {
  readonly base: StatePort;
  readonly clock: Clock;
  readonly links = new Map<LinkId, LinkSnapshot>();
  /** When a run last wrote to the issue of a link. */
  readonly writtenAt = new Map<LinkId, Date>();
  readonly #sites: MemoryDeps["sites"];
  readonly #connections = new Map<string, ConnectionState>();
  readonly #cursors = new Map<string, string>();
  /** `null`: resolved here. */
  readonly #breakers = new Map<string, Map<FailureReason, Breaker | null>>();

  constructor(base: StatePort, { clock, sites }: MemoryDeps) {
    this.base = base;
    this.clock = clock;
    this.#sites = sites;
  }

  site(connectionName: string): ConnectionSites {
    return this.#sites.get(connectionName) ?? { huawei: connectionName, jira: connectionName };
  }

  async getConnection(name: string): Promise<ConnectionState> {
    return this.#connections.get(name) ?? this.base.getConnection(name);
  }

  async patchConnection(name: string, patch: Partial<ConnectionState>): Promise<void> {
    const before = await this.getConnection(name);
    this.#connections.set(name, { ...before, ...patch });
  }

  async find(linkId: LinkId): Promise<LinkSnapshot | null> {
    const known = this.links.get(linkId);
    if (known !== undefined) return known;
    const read = await this.base.findSnapshot(linkId);
    if (read === null) return null;
    const kept = await this.withSince(read);
    this.links.set(linkId, kept);
    return kept;
  }

  /** A policy that was widened makes everything before it history on every link (rule 5). */
  async withSince(snapshot: LinkSnapshot): Promise<LinkSnapshot> {
    const { outgoingSince } = await this.getConnection(snapshot.link.connectionName);
    if (outgoingSince === null || outgoingSince <= snapshot.link.outgoingSince) return snapshot;
    return { ...snapshot, link: { ...snapshot.link, outgoingSince } };
  }

  patchLink(linkId: LinkId, patch: Partial<Link>): void {
    const before = this.links.get(linkId);
    if (before !== undefined) this.links.set(linkId, { ...before, link: { ...before.link, ...patch } });
  }

  insert(link: Link): LinkId {
    this.links.set(link.id, { link, mirrors: [], intents: [], failures: [] });
    return link.id;
  }

  /** What the store lists, as it stands here, with the links of this connection that fit since. */
  asNow(listed: readonly IntakeLink[], connectionName: string, fits: (link: Link) => boolean): readonly IntakeLink[] {
    const ids = new Set(listed.map(({ id }) => id));
    const before = listed.flatMap((row) => {
      const link = this.links.get(row.id)?.link;
      if (link === undefined) return [row];
      const { absentCheckedAt, cohortId } = row;
      const jiraWrittenAt = this.writtenAt.get(row.id) ?? row.jiraWrittenAt;
      return fits(link) ? [{ ...toIntakeLink(link), absentCheckedAt, cohortId, jiraWrittenAt }] : [];
    });
    const others = [...this.links.values()].flatMap(({ link }) =>
      link.connectionName === connectionName && !ids.has(link.id) && fits(link)
        ? [{ ...toIntakeLink(link), jiraWrittenAt: this.writtenAt.get(link.id) ?? null }]
        : [],
    );
    return [...before, ...others];
  }

  async wake(
    wakeUps: readonly WakeUp[],
    seen: readonly { readonly linkId: LinkId; readonly case: SeenCase }[] = [],
  ): Promise<void> {
    for (const { linkId, case: entry } of seen) {
      await this.find(linkId);
      const { status: caseStatus, labels: caseLabels, productName } = entry;
      this.patchLink(linkId, { caseStatus, caseLabels, productName });
    }
    for (const { linkId, huawei = false, jira = false, lane, namedMessages = [] } of wakeUps) {
      const link = (await this.find(linkId))?.link;
      if (link === undefined) continue;
      const wantedRev = link.wantedRev + 1;
      const keepsLane = link.wantedRev > link.doneRev && lanes.indexOf(link.lane) < lanes.indexOf(lane);
      this.patchLink(linkId, {
        wantedRev,
        ...(huawei ? { huaweiRev: wantedRev } : {}),
        ...(jira ? { jiraRev: wantedRev } : {}),
        lane: keepsLane ? link.lane : lane,
        namedMessages: [...new Set([...link.namedMessages, ...namedMessages])],
      });
    }
  }

  async findCursor(connectionName: string, name: string): Promise<string | null> {
    return this.#cursors.get(`${connectionName} ${name}`) ?? this.base.findCursor(connectionName, name);
  }

  async saveCursor(connectionName: string, name: string, value: string): Promise<void> {
    this.#cursors.set(`${connectionName} ${name}`, value);
  }

  setBreaker(connectionName: string, reason: FailureReason, breaker: Breaker | null): void {
    const known = this.#breakers.get(connectionName) ?? new Map<FailureReason, Breaker | null>();
    this.#breakers.set(connectionName, known.set(reason, breaker));
  }

  async listBreakers(connectionName: string): Promise<readonly Breaker[]> {
    const changed = this.#breakers.get(connectionName) ?? new Map<FailureReason, Breaker | null>();
    const stored = (await this.base.listBreakers(connectionName)).filter(({ reason }) => !changed.has(reason));
    return [...stored, ...[...changed.values()].filter((breaker) => breaker !== null)];
  }

  async recordConnectionFailure(connectionName: string, reason: FailureReason): Promise<void> {
    this.setBreaker(connectionName, reason, { reason, state: "open" });
  }

  /** Stops a connection; one that is stopped already keeps its reason. */
  async stop(connectionName: string, reason: FailureReason): Promise<void> {
    const { state } = await this.getConnection(connectionName);
    await this.recordConnectionFailure(connectionName, reason);
    if (state !== "stopped") await this.patchConnection(connectionName, { state: "stopped", stateReason: reason });
  }
}

/** A link that was not there before. Pure. */
export function makeLink(connectionName: string, now: Date, lane: Lane): Omit<Link, "id"> {
  return {
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
