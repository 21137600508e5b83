/**
 * The flows' memory for a rehearsal: it reads the store, and what a flow stores stays here. So a flow goes on from what it has "written",
 * as it would from the store. Leases of others do not count: a rehearsal disturbs nobody. What it remembers stands in `memory.ts`, how links
 * are asked for in `links.ts`, the lane of closes in `closes.ts`; here are runs and rounds.
 */
import type { CaseId, LinkId } from "../../domain/ids.ts";
import type { Link } from "../../domain/link.ts";
import { applyStep } from "../apply-step.ts";
import {
  CaseAlreadyLinked,
  IssueAlreadyLinked,
  type LeasedLink,
  type LinkSnapshot,
  type StatePort,
  type StateStep,
} from "../state.ts";
import { RehearsedCloses } from "./closes.ts";
import { RehearsedLinks } from "./links.ts";
import { Memory, type MemoryDeps } from "./memory.ts";

export type { ConnectionSites } from "./memory.ts";

/** The memory, and what a rehearsal asks of it besides. */
export type RehearsedState = StatePort & {
  /** The link whose run is going on. */
  readonly runningLink: () => LinkId | null;
  /** Forgets the issue of a link that is gone, as `recreateLink` of the store does; false where it is not gone. */
  readonly recreate: (linkId: LinkId) => Promise<boolean>;
};

/** Makes the memory of one rehearsal. `sites` by the connection's name. Throws what `base` throws. */
export function makeRehearsedState(base: StatePort, deps: MemoryDeps): RehearsedState {
  const memory = new Memory(base, deps);
  const links = new RehearsedLinks(memory);
  const closes = new RehearsedCloses(memory);
  const runs = new Runs(memory, links, closes);
  return {
    ...base,
    ...boundTo(memory, [
      "getConnection",
      "patchConnection",
      "listBreakers",
      "wake",
      "findCursor",
      "saveCursor",
      "recordConnectionFailure",
    ]),
    ...boundTo(links, [
      "listIntakeLinks",
      "listWatchedLinks",
      "listOpenLinks",
      "findLinksByCase",
      "findLinksByIssue",
      "hasPair",
      "listPairedIssues",
      "listCaseOwners",
      "findIssuesOfCases",
      "insertCaseLinks",
      "insertIssueLinks",
      "adoptIssue",
      "listUnstampedLinks",
      "markStamped",
      "arrangeCohorts",
      "recreate",
    ]),
    ...boundTo(closes, ["admitClose", "countCloseWishes", "wakeCountedWishes", "releaseCloses", "holdCloses"]),
    ...boundTo(runs, ["runningLink", "claimLink", "beginRound", "findRoundStart"]),
    findSnapshot: (linkId) => memory.find(linkId),
    commitCohort: async (_cohortId, _cursors, wakeUps) => memory.wake(wakeUps),
    stopConnection: async (name, reason) => {
      if (await base.isDiscarded(name, reason)) return false;
      await memory.stop(name, reason);
      return true;
    },
    resolveConnectionFailure: async (name, reason) => memory.setBreaker(name, reason, null),
    markAbsentChecked: nothing,
    renewRound: nothing,
    endRound: nothing,
    recordRun: nothing,
  };
}

async function nothing(): Promise<void> {}

/** Methods that may be handed on without their object. */
function boundTo<Owner extends object, const Names extends readonly (keyof Owner & string)[]>(
  owner: Owner,
  names: Names,
): Pick<Owner, Names[number]> {
  const methods = names.map((name) => {
    const method: unknown = owner[name];
    if (typeof method !== "function") throw new TypeError(`${name} is no method`);
    return [name, method.bind(owner)] as const;
  });
  return Object.fromEntries(methods) as Pick<Owner, Names[number]>;
}

/** Runs over links, one after the other, and the rounds that woke them. */
class Runs {
  readonly #memory: Memory;
  readonly #links: RehearsedLinks;
  readonly #closes: RehearsedCloses;
  readonly #roundStarts = new Map<string, Date>();
  #running: LinkId | null = null;

  constructor(memory: Memory, links: RehearsedLinks, closes: RehearsedCloses) {
    this.#memory = memory;
    this.#links = links;
    this.#closes = closes;
  }

  runningLink(): LinkId | null {
    return this.#running;
  }

  async claimLink(linkId: LinkId): Promise<LeasedLink | null> {
    if ((await this.#memory.find(linkId)) === null) return null;
    this.#running = linkId;
    const read = (): LinkSnapshot => this.#read(linkId);
    return {
      get snapshot() {
        return read();
      },
      installation: null,
      remainingMs: () => Number.POSITIVE_INFINITY,
      renew: nothing,
      apply: (step) => this.#apply(linkId, step),
      finish: async ({ doneRev, recheckAt, attempts }) => {
        const { link } = read();
        const done = Math.min(Math.max(link.doneRev, doneRev ?? 0), link.wantedRev);
        const lane = link.wantedRev > done ? link.lane : "poll";
        this.#memory.patchLink(linkId, { doneRev: done, recheckAt, attempts, lane });
        this.#running = null;
      },
    };
  }

  async beginRound(name: string, round: string): Promise<boolean> {
    this.#roundStarts.set(`${name} ${round}`, this.#memory.clock.now());
    return true;
  }

  async findRoundStart(name: string, round: string): Promise<Date | null> {
    return this.#roundStarts.get(`${name} ${round}`) ?? this.#memory.base.findRoundStart(name, round);
  }

  #read(linkId: LinkId): LinkSnapshot {
    const found = this.#memory.links.get(linkId);
    if (found === undefined) throw new Error(`link ${linkId} is not there`);
    return found;
  }

  async #apply(linkId: LinkId, step: StateStep): Promise<void> {
    const before = this.#read(linkId);
    const { connectionName } = before.link;
    await this.#requireFree(before.link, step);
    const at = this.#memory.clock.now();
    this.#memory.links.set(linkId, await this.#memory.withSince(applyStep(before, step, at)));
    const jiraWrittenAt = step.link?.jiraWrittenAt;
    if (jiraWrittenAt !== undefined) this.#memory.writtenAt.set(linkId, jiraWrittenAt);
    for (const { action } of step.audit ?? []) if (action === "wants_close") this.#closes.note({ connectionName, at });
    if (step.huaweiUserId !== undefined) {
      const { huaweiUserIds } = await this.#memory.getConnection(connectionName);
      const learned = [...new Set([...huaweiUserIds, step.huaweiUserId])];
      await this.#memory.patchConnection(connectionName, { huaweiUserIds: learned });
    }
    if (step.adoptions !== undefined && step.adoptions > 0)
      await this.#links.countAdoptions(connectionName, step.adoptions);
  }

  /** Throws where the step gives the link a case or an issue that another link has. */
  async #requireFree(link: Link, { link: patch = {} }: StateStep): Promise<void> {
    const { caseId, issueId } = patch;
    if (caseId !== undefined && caseId !== link.caseId) {
      const connectionName = await this.#holderOf(link, caseId);
      if (connectionName !== null) throw new CaseAlreadyLinked(caseId, { connectionName, issueKey: null });
    }
    if (issueId !== undefined && issueId !== link.issueId) {
      const paired = await this.#links.listPairedIssues(link.connectionName, [issueId]);
      if (paired.has(issueId)) throw new IssueAlreadyLinked(issueId, { caseId: null });
    }
  }

  /** The connection of another link that has the case. */
  async #holderOf(link: Link, caseId: CaseId): Promise<string | null> {
    const own = await this.#links.findLinksByCase(link.connectionName, [caseId]);
    if (own.some((other) => other.id !== link.id && other.state !== "unlinked")) return link.connectionName;
    return (await this.#links.listCaseOwners(link.connectionName, [caseId])).get(caseId) ?? null;
  }
}
