/** The links of a rehearsal, as intake and repair ask for them: what the store lists, with what the rehearsal has changed and made. */
import { type CaseId, type IssueId, type IssueKey, type LinkId, toId } from "../../domain/ids.ts";
import type { Lane } from "../../domain/lane.ts";
import { findMirror, mirrorId } from "../../domain/rows/mirror.ts";
import type { IntakeLink, LinkSnapshot, SeenCase, StatePort } from "../state.ts";
import { type Memory, makeLink } from "./memory.ts";

/** Stamps in one request at most, as the store hands them out. */
const stampsMax = 100;
const adoptionsMax = 3;
const adoptionsSpanMs = 3_600_000;
const adoptionsCursor = "adoptions";

type NewIssueLink = { readonly issueId: IssueId; readonly issueKey: IssueKey };
type Unstamped = { readonly id: LinkId; readonly caseId: CaseId; readonly issueId: IssueId };

/** Methods keep the promises of `StatePort`. */
export class RehearsedLinks {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  get #base(): StatePort {
    return this.#memory.base;
  }

  get #all(): readonly LinkSnapshot[] {
    return [...this.#memory.links.values()];
  }

  async listIntakeLinks(name: string): Promise<readonly IntakeLink[]> {
    return this.#memory.asNow(await this.#base.listIntakeLinks(name), name, () => true);
  }

  async listWatchedLinks(name: string): Promise<readonly IntakeLink[]> {
    const watched = await this.#base.listWatchedLinks(name);
    const ids = new Set(watched.map(({ id }) => id));
    return this.#memory.asNow(
      watched,
      name,
      (link) => link.state === "active" && link.caseId !== null && (link.closedSeenAt === null || ids.has(link.id)),
    );
  }

  /** One page holds them all. */
  async listOpenLinks(name: string, after: LinkId | null): Promise<readonly IntakeLink[]> {
    if (after !== null) return [];
    return (await this.listWatchedLinks(name)).filter(({ closedSeenAt }) => closedSeenAt === null);
  }

  async findLinksByCase(name: string, caseIds: readonly CaseId[]): Promise<readonly IntakeLink[]> {
    const stored = await this.#base.findLinksByCase(name, caseIds);
    return this.#memory.asNow(stored, name, ({ caseId }) => caseId !== null && caseIds.includes(caseId));
  }

  async findLinksByIssue(name: string, issueIds: readonly IssueId[]): Promise<readonly IntakeLink[]> {
    const stored = await this.#base.findLinksByIssue(name, issueIds);
    return this.#memory.asNow(stored, name, ({ issueId }) => issueId !== null && issueIds.includes(issueId));
  }

  async hasPair(name: string): Promise<boolean> {
    const isPair = ({ link }: LinkSnapshot): boolean =>
      link.connectionName === name && link.caseId !== null && link.issueId !== null;
    return (await this.#base.hasPair(name)) || this.#all.some(isPair);
  }

  async listPairedIssues(name: string, issueIds: readonly IssueId[]): Promise<ReadonlySet<IssueId>> {
    const site = this.#memory.site(name).jira;
    const here = this.#all.flatMap(({ link: { issueId, connectionName } }) =>
      issueId !== null && issueIds.includes(issueId) && this.#memory.site(connectionName).jira === site
        ? [issueId]
        : [],
    );
    return new Set([...(await this.#base.listPairedIssues(name, issueIds)), ...here]);
  }

  async listCaseOwners(name: string, caseIds: readonly CaseId[]): Promise<ReadonlyMap<CaseId, string>> {
    const site = this.#memory.site(name).huawei;
    const owners = new Map(await this.#base.listCaseOwners(name, caseIds));
    for (const { caseId, connectionName } of this.#all.map(({ link }) => link)) {
      const isShared = connectionName !== name && this.#memory.site(connectionName).huawei === site;
      if (caseId !== null && isShared && caseIds.includes(caseId)) owners.set(caseId, connectionName);
    }
    return owners;
  }

  async findIssuesOfCases(name: string, ofCaseId: CaseId, caseIds: readonly CaseId[]) {
    const stored = await this.#base.findIssuesOfCases(name, ofCaseId, caseIds);
    const here = this.#all.filter(
      ({ link }) => link.connectionName === name && link.caseId !== null && caseIds.includes(link.caseId),
    );
    const changed = new Set(here.map(({ link }) => link.caseId));
    const found = here.flatMap(({ link: { caseId, issueId, state }, mirrors }) => {
      if (caseId === null || issueId === null || state !== "active") return [];
      const made = findMirror(mirrors, mirrorId.relation(ofCaseId))?.state === "live";
      return [{ caseId, issueId, made }];
    });
    return [...stored.filter(({ caseId }) => !changed.has(caseId)), ...found].sort((a, b) =>
      a.caseId < b.caseId ? -1 : 1,
    );
  }

  async insertCaseLinks(
    name: string,
    cases: readonly SeenCase[],
    facts: { readonly now: Date; readonly lane: Lane; readonly labelChecked: ReadonlySet<string> },
  ): Promise<readonly LinkId[]> {
    const { now, lane, labelChecked } = facts;
    const caseIds = cases.map(({ caseId }) => caseId);
    const known = new Set([
      ...(await this.findLinksByCase(name, caseIds)).map(({ caseId }) => caseId),
      ...(await this.listCaseOwners(name, caseIds)).keys(),
    ]);
    return cases
      .filter(({ caseId }) => !known.has(caseId))
      .toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.caseId < b.caseId ? -1 : 1))
      .map(({ caseId, status, labels, productName }) =>
        this.#memory.insert({
          ...makeLink(name, now, lane),
          id: toId<LinkId>(`new-${caseId}`),
          caseId,
          caseStatus: status,
          caseLabels: labels.toSorted(),
          productName,
          createCheckedAt: labelChecked.has(caseId) ? now : null,
        }),
      );
  }

  async insertIssueLinks(
    name: string,
    issues: readonly NewIssueLink[],
    facts: { readonly now: Date; readonly lane: Lane; readonly caseId?: CaseId },
  ): Promise<readonly LinkId[]> {
    const { now, lane, caseId = null } = facts;
    const issueIds = issues.map(({ issueId }) => issueId);
    const paired = await this.listPairedIssues(name, issueIds);
    return issues
      .filter(({ issueId }) => !paired.has(issueId))
      .map(({ issueId, issueKey }) =>
        this.#memory.insert({
          ...makeLink(name, now, lane),
          id: toId<LinkId>(`new-${issueId}`),
          origin: "jira",
          caseId,
          issueId,
          issueKey,
        }),
      );
  }

  async adoptIssue(linkId: LinkId, issueId: IssueId, issueKey: IssueKey): Promise<boolean> {
    const link = (await this.#memory.find(linkId))?.link;
    if (link === undefined || (link.issueId !== null && link.issueId !== issueId)) return false;
    if (link.issueId === issueId) return true;
    if ((await this.listPairedIssues(link.connectionName, [issueId])).has(issueId)) return false;
    this.#memory.patchLink(linkId, { issueId, issueKey });
    await this.countAdoptions(link.connectionName, 1);
    return true;
  }

  /** Counts items of ours that were adopted; the third within an hour stops the connection (rule 2). */
  async countAdoptions(connectionName: string, count: number): Promise<void> {
    const now = this.#memory.clock.now();
    const before = JSON.parse((await this.#memory.findCursor(connectionName, adoptionsCursor)) ?? "[]") as string[];
    const moments = [...Array.from({ length: count }, () => now.toISOString()), ...before].slice(0, adoptionsMax);
    await this.#memory.saveCursor(connectionName, adoptionsCursor, JSON.stringify(moments));
    const oldest = moments[adoptionsMax - 1];
    if (oldest !== undefined && now.getTime() - new Date(oldest).getTime() < adoptionsSpanMs)
      await this.#memory.stop(connectionName, "memory_lost");
  }

  async listUnstampedLinks(
    name: string,
    { madeAfter = null, skip = 0 }: { readonly madeAfter?: Date | null; readonly skip?: number } = {},
  ): Promise<readonly Unstamped[]> {
    const needsStamp = ({ link }: LinkSnapshot): boolean =>
      link.state === "active" &&
      link.caseId !== null &&
      link.issueId !== null &&
      link.markStampedAt === null &&
      (madeAfter === null || link.createdAt > madeAfter);
    const found = new Map<LinkId, Unstamped>();
    for (let from = 0; found.size < skip + stampsMax; from += stampsMax) {
      const stored = await this.#base.listUnstampedLinks(name, { madeAfter, skip: from });
      for (const row of stored) {
        const here = this.#memory.links.get(row.id);
        if (here === undefined || needsStamp(here)) found.set(row.id, row);
      }
      if (stored.length < stampsMax) break;
    }
    for (const here of this.#all) {
      const { id, caseId, issueId, connectionName } = here.link;
      if (connectionName === name && needsStamp(here) && caseId !== null && issueId !== null)
        found.set(id, { id, caseId, issueId });
    }
    return [...found.values()].slice(skip, skip + stampsMax);
  }

  async markStamped(linkIds: readonly LinkId[], at: Date): Promise<void> {
    for (const linkId of linkIds) {
      await this.#memory.find(linkId);
      this.#memory.patchLink(linkId, { markStampedAt: at });
    }
  }

  /** Who joins a cohort is read once, unless a run that reads the case is still to start. */
  async arrangeCohorts(name: string): Promise<void> {
    const homeless = (await this.#base.listWatchedLinks(name)).filter(({ cohortId }) => cohortId === null);
    for (const { id } of homeless) {
      const link = (await this.#memory.find(id))?.link;
      if (link !== undefined && link.huaweiRev <= link.doneRev)
        await this.#memory.wake([{ linkId: id, huawei: true, lane: "poll" }]);
    }
  }

  /** Forgets the issue of a link that is gone, as `recreateLink` of the store does; false where it is not gone. */
  async recreate(linkId: LinkId): Promise<boolean> {
    const found = await this.#memory.find(linkId);
    if (found?.link.state !== "gone" || found.link.reason !== "issue_gone") return false;
    const wantedRev = found.link.wantedRev + 1;
    this.#memory.links.set(linkId, {
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
        outgoingSince: this.#memory.clock.now(),
        wantedRev,
        huaweiRev: wantedRev,
        jiraRev: wantedRev,
        lane: "live",
        attempts: 0,
        recheckAt: null,
      },
      mirrors: found.mirrors.filter(({ origin }) => origin !== "huawei"),
      intents: found.intents.filter(({ side }) => side !== "jira"),
      failures: found.failures.filter(({ item, state }) => item !== "issue" || !["open", "retrying"].includes(state)),
    });
    return true;
  }
}
