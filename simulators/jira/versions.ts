// The versions of the issues. The problem: search answers from an index that lags behind (jira.md 3.2), and lists may lag too (jira.md 5),
// while reads by id are fresh. The answer: issue records are immutable, each change appends a new version with its time, and whoever looks
// with a lag gets the newest version that is old enough. Versions that nobody can see any more are dropped.

import type { JiraSettings } from "./settings.ts";
import type { IssueRecord } from "./types.ts";

interface Slot {
  readonly insertedAt: number;
  readonly versions: { readonly at: number; readonly record: IssueRecord | null }[];
}

const VERSIONS_KEPT = 4;

/** All issues in all versions that somebody may still see. */
export type Versions = ReturnType<typeof makeVersions>;

/** Makes an empty store. */
export function makeVersions(now: () => number, settings: JiraSettings) {
  const slots = new Map<string, Slot>();
  const ids = new Map<string, string>();

  /** By id, by key, or by a key that it had before. */
  function findIssue(idOrKey: string): IssueRecord | null {
    const id = /^\d+$/.test(idOrKey) ? idOrKey : ids.get(idOrKey.toUpperCase());
    return id === undefined ? null : (slots.get(id)?.versions.at(-1)?.record ?? null);
  }

  /** @throws when it is not there. */
  function getIssue(idOrKey: string): IssueRecord {
    const record = findIssue(idOrKey);
    if (record === null) throw new Error(`issue ${idOrKey} does not exist`);
    return record;
  }

  /** The issue as it was `lagMs` ago; null when it was not there yet. */
  function findIssueAt(id: string, lagMs: number): IssueRecord | null {
    if (lagMs <= 0) return findIssue(id);
    const slot = slots.get(id);
    const cutoff = now() - lagMs;
    if (slot === undefined || slot.insertedAt > cutoff) return null;
    const { versions } = slot;
    return (versions.findLast(({ at }) => at <= cutoff) ?? versions[0])?.record ?? null;
  }

  /** Appends a version; null = the issue is gone. Its key leads to it from now on. */
  function push(id: string, record: IssueRecord | null): void {
    const at = now();
    const slot = slots.get(id) ?? { insertedAt: at, versions: [] };
    const { versions } = slot;
    versions.push({ at, record });
    const horizon = at - Math.max(settings.searchLagMs, settings.listLagMs);
    while (versions.length > VERSIONS_KEPT && (versions[1]?.at ?? horizon) < horizon) versions.shift();
    slots.set(id, slot);
    if (record !== null) ids.set(record.key, id);
    else for (const [key, owner] of ids) if (owner === id) ids.delete(key);
  }

  return {
    findIssue,
    getIssue,
    findIssueAt,
    push,
    /** Changes an issue, and its time of update where that moves. */
    update(id: string, movesUpdated: boolean, change: (record: IssueRecord) => IssueRecord): IssueRecord {
      const before = getIssue(id);
      const changed = change(before);
      const after = movesUpdated ? { ...changed, updatedMs: Math.max(now(), before.updatedMs) } : changed;
      push(id, after);
      return after;
    },
    /** Every issue as it was `lagMs` ago, and those of `fresh` as they are. */
    *issuesAt(lagMs: number, fresh: ReadonlySet<string> = new Set()): Generator<IssueRecord> {
      for (const id of slots.keys()) {
        const record = findIssueAt(id, fresh.has(id) ? 0 : lagMs);
        if (record !== null) yield record;
      }
    },
    clear(): void {
      slots.clear();
      ids.clear();
    },
  };
}
